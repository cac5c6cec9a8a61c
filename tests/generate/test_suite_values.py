"""
For every schema of the official test suite that has a valid instance, a value is made; the jsonschema package judges it.

A schema that is to be read otherwise in OpenAPI than in its draft is listed with the reason, and counts as missed.
"""

import sys
from pathlib import Path

import pytest

from mock_server.errors import MockServerError
from mock_server.generate.producer import SampleOptions
from mock_server.schema.dialect import Purpose
from mock_server.schema.validate import Validator
from tests.support.suite import VERSIONS, Group, groups, open_schema, suite_judge

_ID = "OpenAPI 3.0 knows no `id`: the reference means another schema, or none"

MISSES = {
    ("draft2020-12", "optional/cross-draft", "refs to historic drafts are processed as historic drafts"): "`$schema` is not obeyed",
    ("draft2020-12", "optional/unknownKeyword", "$id inside an unknown keyword is not a real identifier"): "one `$id` stands at three places",
    ("draft4", "optional/id", "id inside an enum is not a real identifier"): _ID,
    ("draft4", "ref", "$ref prevents a sibling id from changing the base uri"): _ID,
    ("draft4", "ref", "Recursive references between schemas"): _ID,
    ("draft4", "ref", "Location-independent identifier"): _ID,
    ("draft4", "ref", "Location-independent identifier with base URI change in subschema"): _ID,
    ("draft4", "ref", "id must be resolved against nearest parent, not just immediate parent"): _ID,
    ("draft4", "refRemote", "base URI change"): _ID,
    ("draft4", "refRemote", "base URI change - change folder"): _ID,
    ("draft4", "refRemote", "base URI change - change folder in subschema"): _ID,
    ("draft4", "refRemote", "Location-independent identifier in remote ref"): _ID,
}  # fmt: skip
# Python's `re` can't read these patterns of ECMA-262: what is made for them is judged by our validator, which agrees with the suite.
UNREADABLE = {
    "ECMA 262 regex escapes control codes with \\c and upper letter",
    "ECMA 262 regex escapes control codes with \\c and lower letter",
    "patterns always use unicode semantics with pattern",
    "pattern with non-ASCII digits",
    "patterns always use unicode semantics with patternProperties",
    "patternProperties with non-ASCII digits",
}
WISHES = [
    SampleOptions(seed, **kind) for seed in range(3) for kind in ({}, {"minimal": True}, {"static": False}, {"size": 3})
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("values")


def satisfiable(draft: str) -> list[Group]:
    return [group for group in groups(draft) if group.valid]


def is_missed(folder: Path, group: Group) -> bool:
    """Whether a value of a schema can't be made, or is wrong."""
    opened = open_schema(folder, group.schema, VERSIONS[group.draft])
    judge = Validator(opened.bundle(Purpose.JUDGE)) if group.description in UNREADABLE else suite_judge(group)
    producer = opened.kit.producer(opened.node, opened.document.operation(opened.document.entries[0]))
    try:
        return not all(judge.is_valid(producer.produce(wish)) for wish in WISHES)
    except MockServerError:
        return True


def is_listed(group: Group) -> bool:
    return (group.draft, group.file, group.description) in MISSES


@pytest.mark.parametrize(
    "group", [group for draft in VERSIONS for group in satisfiable(draft) if not is_listed(group)], ids=str
)
def test_a_value_is_made_for_every_schema_that_has_one(folder: Path, group: Group) -> None:
    assert not is_missed(folder, group)


def test_the_misses_are_few_and_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert {
        key
        for draft in VERSIONS
        for group in satisfiable(draft)
        if is_listed(group) and (key := (draft, group.file, group.description))
    } == MISSES.keys()
    with capsys.disabled():
        for draft, version in VERSIONS.items():
            total, missed = len(satisfiable(draft)), sum(key[0] == draft for key in MISSES)
            sys.stdout.write(
                f"\n{draft} as OpenAPI {version}: a value is made for {total - missed} of {total} schemas ({(total - missed) / total:.1%})\n"
            )
    assert sum(key[0] == "draft2020-12" for key in MISSES) < len(satisfiable("draft2020-12")) / 100
