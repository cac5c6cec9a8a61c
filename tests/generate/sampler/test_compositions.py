"""
Schemas put together from those of the official test suite, so that a value is known to exist.

Nobody wrote these by hand and nothing in the engine knows them: `allOf` of two, `not` of one, one without the other, and so
on, by reference and in place. A value has to be found for nearly all of them, and the jsonschema package judges it.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from mock_server.errors import UnsatisfiableSchema
from mock_server.generate.producer import SampleOptions
from tests.support.suite import Group, groups, open_schema, suite_judge

COUNT = 300
SEED = 20_26
# Formats, `dependencies` and numbers beyond 64 bits are read otherwise by the judge, and Python's `re` can't read ECMA-262's patterns.
LEFT_OUT = (
    "format",
    "vocabulary",
    *(f"optional/{name}" for name in ("bignum", "cross", "dependencies", "ecmascript", "format", "unknown")),
)
SMALL = [None, True, 0, 1, -1, 2.5, "", "a", "foo", [], {}, [1], ["a"], {"a": 1}, {"foo": 1}, {"foo": "x"}]

Judge = Callable[[object], bool]


@dataclass(frozen=True)
class Part:
    """A schema of the suite as a file, and the jsonschema package's verdict on instances of it."""

    group: Group
    name: str
    accepts: Judge

    def written(self, random: Random) -> object:
        """A reference to it or, where it refers to nothing itself, the schema."""
        text = json.dumps(self.group.schema)
        refers = any(f'"${word}"' in text for word in ("ref", "id", "dynamicRef", "anchor", "dynamicAnchor"))
        return {"$ref": self.name} if refers or random.random() < 0.5 else self.group.schema


def without(schema: object) -> object:
    return {"not": schema}


def is_list_of(a: Judge, b: Judge) -> Judge:
    return lambda value: (
        isinstance(value, list)
        and len(value) >= 3
        and a(value[0])
        and all(map(b, value[1:]))
        and sum(map(a, value)) >= 2
    )


# How a schema is made of two, and what it then means.
KINDS: dict[str, tuple[Callable[[object, object], object], Callable[[Judge, Judge], Judge]]] = {
    "both": (lambda a, b: {"allOf": [a, b]}, lambda a, b: lambda value: a(value) and b(value)),
    "either": (lambda a, b: {"anyOf": [a, b]}, lambda a, b: lambda value: a(value) or b(value)),
    "one": (lambda a, b: {"oneOf": [a, b]}, lambda a, b: lambda value: a(value) != b(value)),
    "not": (lambda a, b: without(a), lambda a, b: lambda value: not a(value)),
    "without": (lambda a, b: {"allOf": [a, without(b)]}, lambda a, b: lambda value: a(value) and not b(value)),
    "if": (lambda a, b: {"if": a, "then": b, "else": without(b)}, lambda a, b: lambda value: a(value) == b(value)),
    "list": (lambda a, b: {"type": "array", "prefixItems": [a], "items": b, "contains": a, "minContains": 2, "minItems": 3}, is_list_of),
    "closed": (
        lambda a, b: {"type": "object", "allOf": [a, b], "unevaluatedProperties": False},
        lambda a, b: lambda value: isinstance(value, dict) and not value and a(value) and b(value),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compositions")


@pytest.fixture(scope="module")
def parts(folder: Path) -> list[Part]:
    used = [group for group in groups("draft2020-12") if not group.file.startswith(LEFT_OUT)]
    for index, group in enumerate(used):
        (folder / f"part-{index}.json").write_text(json.dumps(group.schema))
    return [Part(group, f"part-{index}.json", suite_judge(group).is_valid) for index, group in enumerate(used)]


def compose(parts: list[Part], random: Random) -> tuple[str, object, Judge]:
    """A schema that is known to have a value, since instances of the suite show it, and what it means."""
    while True:
        one = random.choice(parts)
        related = [part for part in parts if part.group.file == one.group.file]
        other = random.choice(related if random.random() < 0.6 else parts)
        kind = random.choice(list(KINDS))
        build, meaning = KINDS[kind]
        accepts = meaning(one.accepts, other.accepts)
        instances = [*(test["data"] for part in (one, other) for test in part.group.tests), *SMALL]
        if any(accepts(value) or accepts([value] * 3) for value in instances):
            return f"{kind}: {one.group} | {other.group}", build(one.written(random), other.written(random)), accepts


@pytest.mark.long
def test_a_value_is_found_for_nearly_every_composition(
    folder: Path, parts: list[Part], capsys: pytest.CaptureFixture[str]
) -> None:
    random, missed, denied = Random(SEED), [], []
    for _ in range(COUNT):
        label, schema, accepts = compose(parts, random)
        opened = open_schema(folder, schema, "3.1.0")
        producer = opened.kit.producer(opened.node, opened.document.operation(opened.document.entries[0]))
        try:
            value = producer.produce(SampleOptions(1))
        except UnsatisfiableSchema as error:
            (denied if error.proven else missed).append(label)
        else:
            assert label.startswith("closed") or accepts(value), (label, value)
    with capsys.disabled():
        sys.stdout.write(f"\ncompositions: a value is made for {COUNT - len(missed)} of {COUNT}\n")

    assert denied == []
    assert len(missed) <= COUNT / 100, missed
