"""
Violations of large values, found one by one.

jsonschema-rs makes all errors before it gives the first, each with a copy of the value that it is about, and for each
alternative of a union all of its errors: two megabytes of wrong items take 14 seconds and 1.5 GB. So a large value is
gone into from here, keyword by keyword, and only its small parts are left to jsonschema-rs; who wants a hundred errors
gets a hundred, and no more is made. Whether a keyword is broken is always judged by jsonschema-rs, which makes nothing
for that.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

from mock_server.cache import BoundedCache
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.pausing import pause
from mock_server.schema.cost import iter_references
from mock_server.sizes import count_brackets

_WEIGHT: Final = 2_000  # values, or hundreds of characters; divided among the alternatives of a schema
_LEAST_WEIGHT: Final = 50
MOST_LEVELS: Final = 60  # that are gone into
_LEAST_LEVELS: Final = 3
_MOST_FOLLOWED: Final = 200  # definitions, to find out whether one leads back to itself
_CHARACTERS: Final = 100  # that weigh as much as one value
_COMPILED: Final = 20_000  # subschemas, with the definitions that each leads to
_UNIONS: Final = frozenset(("anyOf", "oneOf"))
_MEMBERS: Final = ("properties", "patternProperties", "additionalProperties")
# Gone into, or read together with another keyword.
_NOT_ALONE: Final = frozenset(
    (*_MEMBERS, *_UNIONS, "prefixItems", "items", "$ref", "$defs", "allOf", "if", "then", "else", "dependentSchemas",
     "minContains",
     "maxContains", "unevaluatedProperties", "unevaluatedItems")
)  # fmt: skip
_SAYING_NOTHING: Final = frozenset(
    (
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "xml",
        "readOnly",
        "writeOnly",
        "$schema",
        "$comment",
    )
)
_UNEVALUATED: Final = ("unevaluatedProperties", "unevaluatedItems")
_SHOWN: Final = 60  # characters of a keyword's value, and of names
_NAMES: Final = 5
_AT_ONCE: Final = 1_000  # items or members that are judged together first
_COUNTS: Final = ("minContains", "maxContains")


class CompiledSchema(Protocol):
    """A schema as jsonschema-rs compiles it."""

    def is_valid(self, instance: Any) -> bool:  # noqa: ANN401 - as jsonschema-rs has it
        """Return True if a value conforms."""

    def iter_errors(self, instance: Any) -> Iterator[Any]:  # noqa: ANN401 - as jsonschema-rs has it
        """List all errors of a value."""


class Broken(NamedTuple):
    """One assertion that a large value breaks."""

    keyword: str
    path: tuple[str | int, ...]  # in the whole schema, down to the keyword
    instance: tuple[str | int, ...]  # in the whole value
    message: str = ""
    error: Any = None  # of jsonschema-rs, about a small part; its message is better


class _At(NamedTuple):
    """A subschema and the value that it speaks of."""

    schema: JsonValue
    path: tuple[str | int, ...]
    value: JsonValue
    instance: tuple[str | int, ...]


@dataclass(eq=False, repr=False)
class LargeValues:
    """Lists the violations of large values of one schema."""

    schema: JsonObject
    whole: CompiledSchema
    compile: Callable[[JsonObject], CompiledSchema]
    _known: BoundedCache[tuple[str | int, ...], tuple[CompiledSchema, int]] = field(
        default_factory=lambda: BoundedCache(_COMPILED, _weigh)
    )
    _needs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by definition: those that it refers to
    _small: int = 0
    _levels: int = 0

    def is_small(self, value: JsonValue, text: bytes | None = None) -> bool:
        """
        Return True if listing all errors of a value costs little.

        `text` is what it was read from, where that is known.
        """
        if not self._small:
            self._small = max(_LEAST_WEIGHT, _WEIGHT // (1 + _count_alternatives(self.schema)))
            returns = _count_returns(self.schema)
            if returns > 1:
                self._levels = max(_LEAST_LEVELS, int(math.log(_WEIGHT, returns)))
            else:
                self._levels = MOST_LEVELS
        return (text is not None and is_short(self._small, text, self._levels)) or weighs_up_to(
            self._small, value, self._levels
        )

    def iter_broken(self, value: JsonValue) -> Iterator[Broken]:
        """Iterate over the violations of a value lazily."""
        return self._broken(_At(self.schema, (), value, ()))

    def _broken(self, at: _At, *, explained: bool = True) -> Iterator[Broken]:
        if not isinstance(at.schema, dict):
            if at.schema is False:
                yield Broken(
                    "falseSchema", at.path, at.instance, f"False schema does not allow {describe_value(at.value)}"
                )
            return
        compiled = self._compiled(at.path, at.schema)
        if compiled.is_valid(at.value):
            return
        if len(at.instance) > MOST_LEVELS:
            yield Broken(
                str(at.path[-1]), at.path, at.instance, f"{describe_value(at.value)}, so deep inside, does not conform"
            )
            return
        if self.is_small(at.value):
            for error in compiled.iter_errors(at.value):
                written = tuple(error.schema_path)
                if written[:1] == ("$defs",):
                    path = written
                else:
                    path = at.path + written
                yield Broken(error.kind.name, path, (*at.instance, *error.instance_path), error=error)
            return
        found = False
        for inner in self._inside(at):
            for broken in self._broken(inner, explained=explained):
                found = True
                yield broken
        for broken in self._own(at, explained=explained):
            found = True
            yield broken
        if not found:
            yield from self._unevaluated(at)

    def _inside(self, at: _At) -> Iterator[_At]:
        """Yield the subschemas that have to hold, with their values."""
        schema = as_object(at.schema)
        ref = schema.get("$ref")
        if isinstance(ref, str):
            name = ref.removeprefix("#/$defs/")
            yield _At(_object(self.schema, "$defs").get(name, True), ("$defs", name), at.value, at.instance)
        for index, member in enumerate(_list(schema, "allOf")):
            yield at._replace(schema=member, path=(*at.path, "allOf", index))
        if "if" in schema:
            if self._holds(at, "if", {"allOf": [schema["if"]]}):
                branch = "then"
            else:
                branch = "else"
            yield at._replace(schema=schema.get(branch, True), path=(*at.path, branch))
        if isinstance(at.value, dict):
            yield from self._members(at, schema, at.value)
        elif isinstance(at.value, list):
            yield from self._items(at, schema, at.value)

    def _members(self, at: _At, schema: JsonObject, value: JsonObject) -> Iterator[_At]:
        for name, dependent in _object(schema, "dependentSchemas").items():
            if name in value:
                yield at._replace(schema=dependent, path=(*at.path, "dependentSchemas", name))
        properties, patterns = _object(schema, "properties"), _object(schema, "patternProperties")
        additional = schema.get("additionalProperties")
        together: JsonObject = {keyword: schema[keyword] for keyword in _MEMBERS if keyword in schema}
        if additional is False:
            together["additionalProperties"] = True
        for name, member in self._wrong_members(at, together, value):
            instance = (*at.instance, name)
            if name in properties:
                yield _At(properties[name], (*at.path, "properties", name), member, instance)
            matching = [pattern for pattern in patterns if self._matches(pattern, name)]
            for pattern in matching:
                yield _At(patterns[pattern], (*at.path, "patternProperties", pattern), member, instance)
            if isinstance(additional, dict) and name not in properties and not matching:
                yield _At(additional, (*at.path, "additionalProperties"), member, instance)

    def _wrong_members(self, at: _At, together: JsonObject, value: JsonObject) -> Iterator[tuple[str, JsonValue]]:
        """Yield the members that break their schemas; conforming ones are skipped in blocks."""
        left = iter(value.items())
        while together and (some := dict(islice(left, _AT_ONCE))):
            if not self._holds(at, "members", together, some):
                yield from (pair for pair in some.items() if not self._holds(at, "members", together, dict((pair,))))

    def _items(self, at: _At, schema: JsonObject, value: list[JsonValue]) -> Iterator[_At]:
        prefix = _list(schema, "prefixItems")
        for index, item in enumerate(value[: len(prefix)]):
            yield _At(prefix[index], (*at.path, "prefixItems", index), item, (*at.instance, index))
        if "items" not in schema:
            return
        for start in range(len(prefix), len(value), _AT_ONCE):
            some = value[start : start + _AT_ONCE]
            if not self._holds(at, "items", {"items": schema["items"]}, some):
                for index, item in enumerate(some, start):
                    yield _At(schema["items"], (*at.path, "items"), item, (*at.instance, index))

    def _own(self, at: _At, *, explained: bool) -> Iterator[Broken]:
        """Yield the violations of the value itself, without those of its parts."""
        schema = as_object(at.schema)
        for keyword, wanted in schema.items():
            if keyword in _UNIONS:
                if not self._holds(at, keyword, {keyword: wanted}):
                    yield self._alternatives(at, keyword, _list(schema, keyword), explained=explained)
            elif keyword == "additionalProperties" and wanted is False:
                yield from self._additional(at, schema)
            elif keyword not in _NOT_ALONE and keyword not in _SAYING_NOTHING and not keyword.startswith("x-"):
                siblings: JsonObject = (
                    {name: schema[name] for name in _COUNTS if name in schema} if keyword == "contains" else {}
                )
                name = next(iter(siblings), keyword)
                if not self._holds(at, keyword, {keyword: wanted, **siblings}):
                    message = f"{describe_value(at.value)} breaks {name!r}: {_shortened(str(schema[name]))}"
                    yield Broken(keyword, (*at.path, name), at.instance, message)

    def _alternatives(self, at: _At, keyword: str, branches: list[JsonValue], *, explained: bool) -> Broken:
        """Say that none of the alternatives fits, or too many do; the one is named that fails deepest in the value."""
        path = (*at.path, keyword)
        if any(self._holds(at, f"{keyword} {index}", {"allOf": [branch]}) for index, branch in enumerate(branches)):
            several = f"is valid under more than one of the schemas listed in the '{keyword}' keyword"
            message = f"{describe_value(at.value)} {several}"
            return Broken(keyword, path, at.instance, message)
        message = f"{describe_value(at.value)} is not valid under any of the schemas listed in the '{keyword}' keyword"
        if explained:
            tried = (at._replace(schema=branch, path=(*path, index)) for index, branch in enumerate(branches))
            firsts = [first for inner in tried for first in islice(self._broken(inner, explained=False), 1)]
            nearest = max(firsts, key=lambda broken: len(broken.instance), default=None)
            if nearest is not None:
                said = nearest.message or _shortened(nearest.error.message)
                message = f"{message} (nearest alternative: {said})"
        return Broken(keyword, path, at.instance, message)

    def _additional(self, at: _At, schema: JsonObject) -> Iterator[Broken]:
        """Name the first undeclared property."""
        if not isinstance(at.value, dict):
            return
        alone: JsonObject = {keyword: dict.fromkeys(_object(schema, keyword), True) for keyword in _MEMBERS[:2]}
        alone["additionalProperties"] = False
        unexpected = (name for name in at.value if not self._holds(at, "additionalProperties", alone, {name: None}))
        names = ", ".join(f"'{_shortened(name)}'" for name in islice(unexpected, _NAMES))
        if names:
            message = f"Additional properties are not allowed ({names} were unexpected)"
            yield Broken("additionalProperties", (*at.path, "additionalProperties"), at.instance, message)

    def _unevaluated(self, at: _At) -> Iterator[Broken]:
        """Yield the unevaluated members, where all the rest holds."""
        schema = as_object(at.schema)
        for keyword in _UNEVALUATED:
            if keyword in schema:
                yield Broken(
                    keyword,
                    (*at.path, keyword),
                    at.instance,
                    f"{describe_value(at.value)} has parts that {keyword!r} does not allow",
                )

    def _holds(self, at: _At, label: str, alone: JsonObject, *values: JsonValue) -> bool:
        """Return True if a few keywords of a subschema hold, judged by themselves, of its value or of another one."""
        return self._compiled((*at.path, "", label), alone).is_valid(values[0] if values else at.value)

    def _matches(self, pattern: str, name: str) -> bool:
        return self._compiled(("", "pattern", pattern), {"pattern": pattern}).is_valid(name)

    def _compiled(self, key: tuple[str | int, ...], schema: JsonObject) -> CompiledSchema:
        """Compile a part of the schema, once per `key`."""
        if not key:
            return self.whole
        found = self._known.get(key)
        if found is None:
            pause()
            definitions = self._reached(schema)
            compiled = self.compile({**schema, "$defs": definitions} if definitions else schema)
            self._known[key] = found = compiled, 1 + len(definitions)
        return found[0]

    def _reached(self, schema: JsonObject) -> JsonObject:
        """
        Return the definitions that a part of the schema leads to.

        To compile all of them for each part takes long, and much memory.
        """
        definitions, found = _object(self.schema, "$defs"), dict[str, JsonValue]()
        todo = list(iter_references(schema))
        while todo:
            name = todo.pop()
            if name in definitions and name not in found:
                found[name] = definitions[name]
                if name not in self._needs:
                    self._needs[name] = tuple(dict.fromkeys(iter_references(definitions[name])))
                todo.extend(self._needs[name])
        return found


def _weigh(_: object, known: tuple[CompiledSchema, int]) -> int:
    return known[1]


def describe_value(value: JsonValue) -> str:
    """Describe a value that is too large to be shown."""
    if isinstance(value, dict):
        return f"an object of {len(value):,} properties"
    if isinstance(value, list):
        return f"a list of {len(value):,} items"
    if isinstance(value, str):
        return f"a text of {len(value):,} characters"
    return str(value)


def _object(schema: JsonObject, keyword: str) -> JsonObject:
    value = schema.get(keyword)
    if isinstance(value, dict):
        return value
    return {}


def _list(schema: JsonObject, keyword: str) -> list[JsonValue]:
    value = schema.get(keyword)
    if isinstance(value, list):
        return value
    return []


def _count_alternatives(schema: JsonValue) -> int:
    """Count the alternatives of all unions in a schema: for each of them an error may be made."""
    if isinstance(schema, list):
        return sum(map(_count_alternatives, schema))
    if not isinstance(schema, dict):
        return 0
    own = sum(len(_list(schema, keyword)) for keyword in _UNIONS)
    return own + sum(map(_count_alternatives, schema.values()))


def is_short(most: int, text: bytes, deepest: int) -> bool:
    """
    Return True if a JSON text is too short for a value with more parts or levels than that.

    Each part but the first of a list or an object follows a comma. Commas and brackets within strings are counted as
    well.
    """
    if len(text) // _CHARACTERS >= most:
        return False
    brackets = count_brackets(text, deepest + 1)
    return brackets <= deepest and brackets + text.count(b",") + len(text) // _CHARACTERS < most


def weighs_up_to(most: int, value: JsonValue, deepest: int = MOST_LEVELS) -> bool:
    """
    Return True if a value has no more parts and levels than that.

    Of a larger one, no more than that are looked at.
    """
    left = most
    todo: list[tuple[Any, int]] = [([value], -1)]
    while todo and left >= 0:
        part, depth = todo.pop()
        if depth >= deepest and part:
            return False
        room = max(left, 0) + 1
        if isinstance(part, dict):
            left -= sum(map(len, islice(part, room))) // _CHARACTERS
            members = islice(part.values(), room)
        else:
            members = islice(part, room)
        for member in members:
            left -= 1
            kind = type(member)  # what was read from JSON has these types and no others
            if kind is str:
                left -= len(member) // _CHARACTERS
            elif kind is dict or kind is list:
                todo.append((member, depth + 1))
    return left >= 0


def _count_returns(schema: JsonObject) -> int:
    """Count the ways in which a definition refers back to itself: the factor of cost per level of a value."""
    definitions = _object(schema, "$defs")
    needs = {name: set(iter_references(definition)) for name, definition in definitions.items()}
    reached: dict[str, set[str]] = {}
    for name, own in needs.items():
        found: set[str] = set()
        todo = list(own)
        while todo and len(found) < _MOST_FOLLOWED:
            other = todo.pop()
            if other not in found:
                found.add(other)
                todo.extend(needs.get(other, ()))
        reached[name] = found
    counts = (
        sum(1 for other in iter_references(definition) if name in reached.get(other, ()))
        for name, definition in definitions.items()
    )
    return max(counts, default=0)


def _shortened(text: str) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}…"
