"""
Single edits of real documents, each judged by `mock-server diff`, and the verdicts judged by others.

    python -m benchmarks.mutations [--each 12] [--seed 0] [NAME…]

Each edit narrows or widens one keyword of one schema, renames or requires a property, adds or removes a status, or
changes the writing and not the meaning. Then the verdict is looked at:

- an edit that keeps the meaning must break nobody;
- a narrowed schema must not break through an answer, nor a widened one through a request, unless the `jsonschema`
  package says so itself of the witness;
- where a document is called compatible, values of both schemas, their edge cases among them, are judged by the
  `jsonschema` package: one that was right and is refused shows a wrong verdict.
"""

import argparse
import json
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson

from mock_server.diff.compare import compare_documents
from mock_server.diff.messages import Judges, SchemaComparer, open_comparer
from mock_server.diff.model import DiffVerdict
from mock_server.diff.policy import MessagePolicy
from mock_server.diff.unchanged import Unchanged
from mock_server.document.document import Document
from mock_server.document.model import MediaType
from mock_server.document.read import read_document
from mock_server.errors import DocumentError, SchemaError
from mock_server.generate.edges.steps import apply_step, iter_steps
from mock_server.generate.engine import Engine
from mock_server.schema.dialect import Direction
from mock_server.settings import Settings

SPECS: Final = Path(__file__).resolve().parents[2] / "shared" / "specs"
KEEP, NARROW, WIDEN, OTHER = "keep", "narrow", "widen", "other"
_MOST_VALUES: Final = 40  # that a verdict of compatible is tried with, for one body
_MOST_BODIES: Final = 3

Edit = Callable[[dict[str, Any], random.Random], dict[str, Any] | None]


def _text(schema: dict[str, Any], **more: Any) -> dict[str, Any] | None:
    if schema.get("type") != "string" or {"enum", "format", "pattern", "const"} & schema.keys():
        return None
    return {**schema, **more}


def _number(schema: dict[str, Any], **more: Any) -> dict[str, Any] | None:
    if schema.get("type") not in ("integer", "number") or {"enum", "const"} & schema.keys():
        return None
    return {**schema, **more}


def _drop(schema: dict[str, Any], keyword: str) -> dict[str, Any] | None:
    if keyword not in schema:
        return None
    return {key: value for key, value in schema.items() if key != keyword}


def _members(schema: dict[str, Any]) -> list[str]:
    properties = schema.get("properties")
    return sorted(properties) if isinstance(properties, dict) and properties else []


def _require(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    required = schema.get("required") if isinstance(schema.get("required"), list) else []
    free = [name for name in _members(schema) if name not in required]
    return {**schema, "required": [*required, chance.choice(free)]} if free else None


def _unrequire(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    required = schema.get("required")
    if not isinstance(required, list) or not required or not _members(schema):
        return None
    gone = chance.choice(required)
    left = [name for name in required if name != gone]
    return {**schema, "required": left} if left else _drop(schema, "required")


def _rename(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    names = _members(schema)
    if not names:
        return None
    chosen = chance.choice(names)
    renamed = {name + "Renamed" if name == chosen else name: value for name, value in schema["properties"].items()}
    return {**schema, "properties": renamed}


def _remove(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    names = _members(schema)
    if not names:
        return None
    chosen = chance.choice(names)
    return {**schema, "properties": {name: value for name, value in schema["properties"].items() if name != chosen}}


def _less_enum(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    values = schema.get("enum")
    if not isinstance(values, list) or len(values) < 2:
        return None
    gone = chance.randrange(len(values))
    return {**schema, "enum": [value for index, value in enumerate(values) if index != gone]}


def _more_enum(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    values = schema.get("enum")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        return None
    return {**schema, "enum": [*values, "entirely-new"]}


def _split(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    names = _members(schema)
    if len(names) < 2 or {"allOf", "oneOf", "anyOf", "additionalProperties", "discriminator"} & schema.keys():
        return None
    moved = set(chance.sample(names, len(names) // 2))
    own = {name: value for name, value in schema["properties"].items() if name not in moved}
    other = {name: value for name, value in schema["properties"].items() if name in moved}
    typed = {"type": schema["type"]} if "type" in schema else {}
    return {**schema, "properties": own, "allOf": [{**typed, "properties": other}]}


def _reverse(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    for keyword in ("enum", "required"):
        if isinstance(schema.get(keyword), list) and len(schema[keyword]) > 1:
            return {**schema, keyword: list(reversed(schema[keyword]))}
    names = _members(schema)
    return {**schema, "properties": {name: schema["properties"][name] for name in reversed(names)}} if names else None


def _wrap(keyword: str) -> Edit:
    def wrap(schema: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
        hidden = {"readOnly", "writeOnly", "discriminator", "nullable", "xml"}
        return None if hidden & schema.keys() or "$ref" in schema else {keyword: [schema]}

    return wrap


EDITS: Final[dict[str, tuple[str, Edit]]] = {
    "maxLength set": (NARROW, lambda s, r: _text(s, maxLength=2) if "maxLength" not in s else None),
    "minLength set": (NARROW, lambda s, r: _text(s, minLength=9) if "minLength" not in s else None),
    "pattern set": (NARROW, lambda s, r: _text(s, pattern="^[a-c]{2}")),
    "maximum set": (NARROW, lambda s, r: _number(s, maximum=3) if "maximum" not in s else None),
    "minimum set": (NARROW, lambda s, r: _number(s, minimum=7) if "minimum" not in s else None),
    "multipleOf set": (NARROW, lambda s, r: _number(s, multipleOf=3) if "multipleOf" not in s else None),
    "enum narrowed": (NARROW, _less_enum),
    "property required": (NARROW, _require),
    "maxItems set": (NARROW, lambda s, r: {**s, "maxItems": 1} if s.get("type") == "array" and "maxItems" not in s else None),
    "uniqueItems set": (NARROW, lambda s, r: {**s, "uniqueItems": True} if s.get("type") == "array" and not s.get("uniqueItems") else None),
    "number becomes integer": (NARROW, lambda s, r: _number(s, type="integer") if s.get("type") == "number" else None),
    "maxLength gone": (WIDEN, lambda s, r: _drop(s, "maxLength")),
    "pattern gone": (WIDEN, lambda s, r: _drop(s, "pattern")),
    "minimum gone": (WIDEN, lambda s, r: _drop(s, "minimum")),
    "enum widened": (WIDEN, _more_enum),
    "property optional": (WIDEN, _unrequire),
    "integer becomes number": (WIDEN, lambda s, r: _number(s, type="number") if s.get("type") == "integer" and "format" not in s else None),
    "property renamed": (OTHER, _rename),
    "property removed": (OTHER, _remove),
    "type changed": (OTHER, lambda s, r: {"type": "boolean"} if s.get("type") == "string" else None),
    "wrapped in allOf": (KEEP, _wrap("allOf")),
    "wrapped in oneOf": (KEEP, _wrap("oneOf")),
    "wrapped in anyOf": (KEEP, _wrap("anyOf")),
    "described": (KEEP, lambda s, r: {**s, "description": "Other words."} if "$ref" not in s else None),
    "order reversed": (KEEP, _reverse),
    "moved into allOf": (KEEP, _split),
}  # fmt: skip


@dataclass
class Tally:
    """What was counted."""

    edits: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong_breaking: list[str] = field(default_factory=list)
    wrong_compatible: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    tried: int = 0  # values that verdicts of compatible were tried with
    replayed: int = 0  # witnesses

    def add(self, other: "Tally") -> None:
        """Add what another run counted."""
        self.edits += other.edits
        self.verdicts += other.verdicts
        self.wrong_breaking += other.wrong_breaking
        self.wrong_compatible += other.wrong_compatible
        self.unknown += other.unknown
        self.tried += other.tried
        self.replayed += other.replayed


def iter_schemas(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where schemas are, by the keywords that hold them."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from iter_schemas(item, (*path, index))
    if not isinstance(value, dict):
        return
    last = path[-1] if path else None
    if (len(path) > 1 and path[-2] in {"properties", "schemas", "definitions"}) or last in {"schema", "items"}:
        yield path
    for key, child in value.items():
        if key not in {"example", "examples", "enum", "default", "const"} and not str(key).startswith("x-"):
            yield from iter_schemas(child, (*path, key))


def find(value: Any, path: tuple[Any, ...]) -> Any:
    """Follow a path."""
    for step in path:
        value = value[step]
    return value


def iter_edits(value: Any, count: int, chance: random.Random) -> Iterator[tuple[str, str, Any, tuple[Any, ...]]]:
    """Yield edits of a document: the name, the kind, the new document and where."""
    places = [path for path in iter_schemas(value) if isinstance(find(value, path), dict)]
    chance.shuffle(places)
    names = list(EDITS)
    for _ in range(count):
        chance.shuffle(names)
        found = next(
            (
                (n, p, e)
                for n in names
                for p in islice(places, 200)
                if (e := EDITS[n][1](find(value, p), chance)) is not None
            ),
            None,
        )
        if found is None:
            return
        name, path, edited = found
        places.remove(path)
        changed = orjson.loads(orjson.dumps(value))
        find(changed, path[:-1])[path[-1]] = edited
        yield name, EDITS[name][0], changed, path


def judge_edit(name: str, kind: str, old: Document, new: Document, where: str) -> Tally:
    """Compare two documents and judge the verdict."""
    tally = Tally(edits=1)
    compared = compare_documents(old, new, Settings())
    breaking, unknown = compared.of(DiffVerdict.BREAKING), compared.of(DiffVerdict.UNKNOWN)
    verdict = "breaking" if breaking else "unknown" if unknown else "compatible"
    tally.verdicts[verdict] += 1
    said = f"{where}: {name}"
    if unknown and not breaking:
        tally.unknown.append(f"{said}: {unknown[0].place.title} {unknown[0].place.part}: {unknown[0].reason}")
    tally.replayed += sum(change.witness is not None for change in breaking)
    if breaking and kind == KEEP:
        tally.wrong_breaking.append(f"{said}: {breaking[0].place.title} {breaking[0].message}")
    if not breaking and not unknown:
        wrong = find_counterexample(old, new, tally)
        if wrong is not None:
            tally.wrong_compatible.append(f"{said}: {wrong}")
    return tally


def find_counterexample(old: Document, new: Document, tally: Tally) -> str | None:
    """Look for a value that was right and is refused, by the `jsonschema` package alone."""
    kits = Engine(old, Settings()), Engine(new, Settings())
    never: Callable[[object, object], bool] = lambda one, other: False  # noqa: E731
    comparers = {
        Direction.REQUEST: open_comparer(kits[0], kits[1], Direction.REQUEST, MessagePolicy(), never),
        Direction.RESPONSE: open_comparer(kits[1], kits[0], Direction.RESPONSE, MessagePolicy(), never),
    }
    looked_at, unchanged = 0, Unchanged(old, new)
    for title, direction, before, after in iter_bodies(old, new):
        if before.schema is None or after.schema is None or unchanged.holds(before.schema, after.schema):
            continue
        if looked_at >= _MOST_BODIES:
            return None
        sent, received = (before, after) if direction is Direction.REQUEST else (after, before)
        found = _refuted(comparers[direction], sent, received, tally)
        looked_at += found is not None
        if found:
            return f"{title} {direction.value}: {found}"
    return None


def _refuted(comparer: SchemaComparer, sent: MediaType, received: MediaType, tally: Tally) -> str | None:
    """Return a value that shows a wrong verdict, "" where none was found; None where the schemas are the same."""
    if sent.schema is None or received.schema is None:
        return None
    try:
        one, other = comparer.sender.bundle(sent.schema), comparer.receiver.bundle(received.schema)
        if one.schema == other.schema:
            return None
        senders, receivers = Judges(comparer.sender, one), Judges(comparer.receiver, other)
        values = list(islice(comparer.iter_examples(sent.schema), 4))
        for base in list(values[:2]):
            for judges in (senders, receivers):
                steps = islice(iter_steps(judges.own, base, judges.first[-1]), _MOST_VALUES)
                values += [apply_step(base, step.pointer, step.part) for step in steps]
        for value in values:
            tally.tried += 1
            if senders.confirm(value) and not receivers.confirm(value):
                return json.dumps(value)[:200]
    except SchemaError:
        return None
    return ""


def iter_bodies(old: Document, new: Document) -> Iterator[tuple[str, Direction, MediaType, MediaType]]:
    """Yield the bodies of both documents in pairs."""
    others = {(entry.method, entry.template): entry for entry in new.entries}
    for entry in old.entries:
        one, two = old.operation(entry), new.operation(others[entry.method, entry.template])
        if one.request_body is not None and two.request_body is not None:
            for pair in zip(one.request_body.content, two.request_body.content, strict=False):
                yield entry.title, Direction.REQUEST, *pair
        for before, after in zip(one.responses, two.responses, strict=False):
            for pair in zip(before.content, after.content, strict=False):
                yield entry.title, Direction.RESPONSE, *pair


def find_documents(names: list[str]) -> list[Path]:
    """Find the documents to edit: the entry files of all that are there, or of those with a part of a name."""
    lines = (SPECS / "manifest.jsonl").read_text().splitlines()
    found = sorted(SPECS / json.loads(line)["spec"] for line in lines)
    return [path for path in found if not names or any(name in str(path) for name in names)]


def run(path: Path, count: int, seed: int) -> Tally:
    """Edit one document some times."""
    tally = Tally()
    try:
        old = read_document(str(path), Settings())
    except DocumentError:
        return tally  # a part of a document
    chance = random.Random(f"{seed} {path.name}")
    top = SPECS / path.relative_to(SPECS).parts[0]
    with TemporaryDirectory() as folder:
        copied = Path(folder) / top.name
        shutil.copytree(top, copied)  # with the parts that the document refers to
        target = copied / path.relative_to(top)
        for name, kind, value, _ in iter_edits(old.resource.value, count, chance):
            target.write_text(json.dumps(value))
            new = read_document(str(target), Settings())
            tally.add(judge_edit(name, kind, old, new, path.parent.name))
    return tally


def show(tally: Tally, seconds: float) -> None:
    """Print what was counted."""
    share = 100 * len(tally.unknown) / max(1, tally.edits)
    print(f"{tally.edits} edits: {dict(tally.verdicts)}, {seconds:.0f} s of CPU")
    print(
        f"wrong breaking {len(tally.wrong_breaking)}, wrong compatible {len(tally.wrong_compatible)}, unknown {share:.1f} %"
    )
    print(f"{tally.replayed} witnesses, {tally.tried} values tried against 'compatible'")
    for word in ("wrong_breaking", "wrong_compatible", "unknown"):
        for line in getattr(tally, word):
            print(f"  {word}: {line}")


def main(arguments: list[str]) -> int:
    """Edit documents and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="parts of the names of documents; all if left out")
    parser.add_argument("--each", type=int, default=12, help="edits of each document")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    whole, start = Tally(), time.process_time()
    for path in find_documents(options.names):
        before = time.process_time()
        tally = run(path, options.each, options.seed)
        whole.add(tally)
        if tally.edits:
            print(
                f"{path.parent.name}/{path.name}: {tally.edits} edits, {dict(tally.verdicts)}, {time.process_time() - before:.1f} s",
                flush=True,
            )
    show(whole, time.process_time() - start)
    return 1 if whole.wrong_breaking or whole.wrong_compatible else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
