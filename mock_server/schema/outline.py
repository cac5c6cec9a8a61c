"""
The outline of a schema: its types, items and properties.

Text on the wire has no types. Whoever reads it needs to know whether a number, a list or an object is expected; the
outline says so without judging anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.bundle import Bundle
from mock_server.schema.dialect import TYPES, is_type

_MOST = 64
_EVERY_TYPE = frozenset(TYPES)


@dataclass(frozen=True)
class Outline:
    """What several subschemas say of one place."""

    sources: tuple[JsonObject, ...]
    definitions: Mapping[str, JsonValue]
    # Of all places in the same schema, by the identities of the subschemas that speak of them: each is gathered once.
    known: dict[tuple[int, ...], "Outline"] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def types(self) -> frozenset[str]:
        """The possible JSON types; all of them without a constraint."""
        found: set[str] = set()
        for source in self.sources:
            types = source.get("type")
            if isinstance(types, list):
                found.update(map(str, types))
            elif "properties" in source:
                found.add("object")
            elif "items" in source or "prefixItems" in source:
                found.add("array")
            else:
                found |= _types_of_values(source)
        return frozenset(found) or _EVERY_TYPE

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The documented properties."""
        names: dict[str, None] = {}
        for source in self.sources:
            properties = source.get("properties")
            if isinstance(properties, dict):
                names.update(dict.fromkeys(properties))
        return tuple(names)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The properties that one of the subschemas requires."""
        listed = (names for source in self.sources if isinstance(names := source.get("required"), list))
        return tuple(dict.fromkeys(name for names in listed for name in names if isinstance(name, str)))

    @cached_property
    def is_open(self) -> bool:
        """Whether there may be undocumented properties that are worth reading: a map, or nothing documented at all."""
        return not self.names or any(isinstance(source.get("additionalProperties"), dict) for source in self.sources)

    def names_value(self, value: JsonValue) -> bool:
        """Return whether a value is in an enumeration."""
        return any(value in values for source in self.sources if isinstance(values := source.get("enum"), list))

    def constants(self) -> list[JsonValue]:
        """Return the values that a subschema takes as its only one."""
        listed = (source.get("enum", [source["const"]] if "const" in source else None) for source in self.sources)
        return [values[0] for values in listed if isinstance(values, list) and len(values) == 1]

    def annotation(self, keyword: str) -> JsonValue:
        """Return the first value of an annotation."""
        return next((source[keyword] for source in self.sources if keyword in source), None)

    def member(self, name: str) -> "Outline":
        """Return the outline of a property."""
        found = [
            properties[name]
            for source in self.sources
            if isinstance(properties := source.get("properties"), dict) and name in properties
        ]
        if not found:
            found = [source["additionalProperties"] for source in self.sources if "additionalProperties" in source]
        return self._gathered(found)

    def listed(self) -> "Outline":
        """Return the outline of a list of such values."""
        return Outline(({"type": ["array"], "items": {"allOf": list(self.sources)}},), self.definitions)

    def item(self, index: int = 0) -> "Outline":
        """Return the outline of an item."""
        found: list[JsonValue] = []
        for source in self.sources:
            prefix = source.get("prefixItems")
            if isinstance(prefix, list) and index < len(prefix):
                found.append(prefix[index])
            elif "items" in source:
                found.append(source["items"])
        return self._gathered(found)

    def _gathered(self, schemas: list[JsonValue]) -> "Outline":
        """Return the outline of some of its own subschemas."""
        key = tuple(map(id, schemas))
        if key not in self.known:
            self.known[key] = _gather(schemas, self.definitions, self.known)
        return self.known[key]


def outline_of(bundle: Bundle | None) -> Outline:
    """Return the outline of a bundle, or of an unconstrained value."""
    if bundle is None:
        return Outline((), {})
    definitions = bundle.schema.get("$defs")
    return _gather([bundle.schema], definitions if isinstance(definitions, dict) else {}, {})


def _types_of_values(source: JsonObject) -> set[str]:
    values = source.get("enum")
    listed = [source["const"]] if "const" in source else []
    if isinstance(values, list):
        listed = values
    return {type_ for value in listed for type_ in TYPES if is_type(value, type_)}


def _gather(
    schemas: list[JsonValue], definitions: Mapping[str, JsonValue], known: dict[tuple[int, ...], Outline]
) -> Outline:
    sources: list[JsonObject] = []
    passed: set[str] = set()
    todo = list(reversed(schemas))
    while todo and len(sources) < _MOST:
        schema = todo.pop()
        if not isinstance(schema, dict):
            continue
        sources.append(schema)
        after: list[JsonValue] = []
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in passed:
            passed.add(ref)
            after.append(definitions.get(ref.removeprefix("#/$defs/")))
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(keyword)
            after += branches if isinstance(branches, list) else []
        todo.extend(reversed(after))
    return Outline(tuple(sources), definitions, known)
