"""
The policy: the one place that decides which messages are compared.

Clients are taken to send what the old document names, servers to answer what the new one names. So an object of a
sender has no other properties than those that its schema names, unless the schema opens it in so many words:
`additionalProperties` or `unevaluatedProperties` that is no `false`, `patternProperties`, or no property named at all.
What a direction hides (`readOnly` in requests, `writeOnly` in answers) is not sent.

| | sender | receiver |
| --- | --- | --- |
| request | the old document, sealed | the new document as it is |
| answer | the new document, sealed | the old document as it is; sealed with `--closed` |

`--open-world` seals nothing: the schemas are compared as bare sets. docs/explanation/which-messages-are-compared.md
has the cases that differ.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.dialect import Direction
from mock_server.schema.discriminator import NAMED

DEFINITIONS: Final = "#/$defs/"
_MOST_HOPS: Final = 60  # references and members of `allOf`, one in the other
_OPENING: Final = ("additionalProperties", "unevaluatedProperties")
_ALL, _ALTERNATIVES, _NONE = 2, 1, 0  # what of a schema is closed: itself, only its alternatives, nothing
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_MAPS: Final = ("properties", "patternProperties")
_PARTS: Final = ("items", "unevaluatedItems", *_OPENING)
_CONDITIONS: Final = ("then", "else")
_OF_OBJECTS: Final = frozenset(("properties", "required", "minProperties", "maxProperties", "dependentRequired"))


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """The settings that say which messages are compared."""

    open_world: bool = False  # compare the schemas as bare sets
    closed: bool = False  # a client knows all properties of an answer: a new one breaks it

    def seals(self, direction: Direction, *, is_sender: bool) -> bool:
        """Return whether the objects of a party have only the properties that its document names."""
        if self.open_world:
            return False
        return is_sender or (self.closed and direction is Direction.RESPONSE)


class _Named(NamedTuple):
    """The properties that a schema names, with those of what it includes."""

    names: frozenset[str]
    patterns: frozenset[str]
    is_open: bool  # in so many words


_NOTHING: Final = _Named(frozenset(), frozenset(), is_open=False)


class Seal:
    """
    Writes schemas whose objects have no property that is not named.

    Definitions keep their names: a reference to one from a part of a value leads to its sealed form. What a schema
    includes (`allOf`, a reference beside other keywords) is sealed with what is around it, as a variant of its own.
    """

    def __init__(self, definition: Callable[[str], JsonValue]) -> None:
        """Take what a name stands for, not sealed."""
        self._definition = definition
        self._variants: dict[tuple[str, _Named, int], str] = {}
        self._keys: dict[str, tuple[str, _Named, int]] = {}

    def write(self, schema: JsonValue) -> JsonValue:
        """Write a schema of a whole value, sealed."""
        return self._write(schema, _NOTHING, frozenset(), closes=_ALL)

    def _write(self, schema: JsonValue, around: _Named, passed: frozenset[str], *, closes: int) -> JsonValue:
        """
        Write a schema.

        Args:
            schema: To be written.
            around: What schemas that hold for the same value name.
            passed: The definitions that it is in.
            closes: What to close: of a schema that another one includes, only the alternatives.
        """
        if not isinstance(schema, dict):
            return schema
        alone = _listed(schema.get("allOf")) if len(schema) == 1 else []
        if len(alone) == 1:  # `allOf: [{$ref}]` says the same as `$ref`
            return self._write(alone[0], around, passed, closes=closes)
        name = _reference(schema)
        if name is not None and len(schema) == 1:
            return self._refer(name, around, closes)
        if name is not None:
            rest: JsonObject = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            schema = {**rest, "allOf": [*_listed(rest.get("allOf")), {"$ref": DEFINITIONS + name}]}
        out = self._parts(schema, passed)
        direct = _join((around, self._direct(schema, passed)))
        lists = {keyword: _listed(schema[keyword]) for keyword in _LISTS if isinstance(schema.get(keyword), list)}
        named = {keyword: [self._named(each, passed) for each in listed] for keyword, listed in lists.items()}
        is_exclusive = NAMED in schema  # of which each bears a name of its own
        for keyword, listed in lists.items():
            if keyword == "allOf":
                closes_members = min(closes, _ALTERNATIVES)
            else:
                closes_members = _ALL if closes else _NONE
            others = [each for other, names in named.items() if other != keyword for each in names]
            out[keyword] = [
                self._write(
                    each,
                    _join(
                        (
                            direct,
                            *map(_without_opening, others),
                            *_siblings(keyword, named[keyword], index, is_exclusive=is_exclusive),
                        )
                    ),
                    passed,
                    closes=closes_members,
                )
                for index, each in enumerate(listed)
            ]
        own = _join((direct, *(each for names in named.values() for each in names)))
        is_closed = bool(own.names or own.patterns) and not own.is_open
        if closes == _ALL and is_closed and (not lists.keys() & {"anyOf", "oneOf"} or _speaks_of_objects(schema)):
            _close(out, own)
        return out

    def _refer(self, name: str, around: _Named, closes: int) -> JsonObject:
        """Refer to a definition, sealed for where it is referred to; a variant of it has a name of its own."""
        if closes == _ALL and around == _NOTHING:
            return {"$ref": DEFINITIONS + name}
        key = (name, around, closes)
        if key not in self._variants:
            self._variants[key] = f"{name}--{len(self._variants)}"
            self._keys[self._variants[key]] = key
        return {"$ref": DEFINITIONS + self._variants[key]}

    def write_definition(self, name: str) -> JsonValue:
        """Write a definition, or a variant of one that was referred to."""
        base, around, closes = self._keys.get(name, (name, _NOTHING, _ALL))
        return self._write(self._definition(base), around, frozenset((base,)), closes=closes)

    def base_name(self, name: str) -> str:
        """Return the name of the document's definition that a name stands for."""
        return self._keys[name][0] if name in self._keys else name

    def _parts(self, schema: JsonObject, passed: frozenset[str]) -> JsonObject:
        """Write the keywords of a schema with the schemas of the value's parts sealed."""
        return {keyword: self._part(keyword, value, passed) for keyword, value in schema.items()}

    def _part(self, keyword: str, value: JsonValue, passed: frozenset[str]) -> JsonValue:
        """Write one keyword of a schema."""
        if keyword in _MAPS and isinstance(value, dict):
            return {name: self.write(child) for name, child in value.items()}
        if keyword == "prefixItems" and isinstance(value, list):
            return [self.write(child) for child in value]
        if keyword in _PARTS:
            return self.write(value)
        if keyword in _CONDITIONS:
            return self._write(value, _NOTHING, passed, closes=_NONE)
        if keyword == "dependentSchemas" and isinstance(value, dict):
            return {name: self._write(child, _NOTHING, passed, closes=_NONE) for name, child in value.items()}
        return value

    def _direct(self, schema: JsonObject, passed: frozenset[str]) -> _Named:
        """Return what a schema names by itself, its conditions among it."""
        inside: list[JsonValue] = [schema.get(keyword) for keyword in _CONDITIONS]
        dependent = schema.get("dependentSchemas")
        inside += list(dependent.values()) if isinstance(dependent, dict) else []
        return _join((_own_names(schema), *(self._named(part, passed) for part in inside)))

    def _named(self, schema: JsonValue, passed: frozenset[str]) -> _Named:
        """Return what a schema names, with what it includes and its alternatives."""
        if not isinstance(schema, dict):
            return _NOTHING
        found = [self._direct(schema, passed)]
        name = _reference(schema)
        if name is not None and name not in passed and len(passed) <= _MOST_HOPS:
            found.append(self._named(self._definition(name), passed | {name}))
        found += [self._named(each, passed) for keyword in _LISTS for each in _listed(schema.get(keyword))]
        return _join(found)


def _reference(schema: JsonObject) -> str | None:
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return ref.removeprefix(DEFINITIONS)
    return None


def _listed(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    return []


def _own_names(schema: JsonObject) -> _Named:
    properties, required, patterns = (schema.get(key) for key in ("properties", "required", "patternProperties"))
    names = {*(properties if isinstance(properties, dict) else ()), *map(str, _listed(required))}
    found = frozenset(patterns) if isinstance(patterns, dict) else frozenset[str]()
    is_open = any(schema.get(keyword, False) is not False for keyword in _OPENING)
    return _Named(frozenset(names), found, is_open=is_open)


def _join(parts: Iterable[_Named]) -> _Named:
    listed = list(parts)
    return _Named(
        frozenset[str]().union(*(part.names for part in listed)),
        frozenset[str]().union(*(part.patterns for part in listed)),
        is_open=any(part.is_open for part in listed),
    )


def _without_opening(named: _Named) -> _Named:
    return named._replace(is_open=False)


def _siblings(keyword: str, named: list[_Named], index: int, *, is_exclusive: bool) -> list[_Named]:
    """
    Return what the other members of a list name that may hold for the same value.

    All of `allOf` do, and several of `anyOf` may, so that one has what the others name; of `oneOf` only one does.
    """
    others = [*named[:index], *named[index + 1 :]]
    if keyword == "oneOf" or (keyword == "anyOf" and is_exclusive):
        return []
    if keyword == "anyOf":
        return list(map(_without_opening, others))
    return others


def _speaks_of_objects(schema: JsonObject) -> bool:
    return bool(_OF_OBJECTS & schema.keys()) or "allOf" in schema


def _close(out: JsonObject, own: _Named) -> None:
    """Let a schema admit only what is named."""
    if "additionalProperties" in out or "unevaluatedProperties" in out:
        return
    for keyword, names in (("properties", own.names), ("patternProperties", own.patterns)):
        known = out.get(keyword)
        listed: Mapping[str, JsonValue] = known if isinstance(known, dict) else {}
        merged: JsonObject = {name: listed.get(name, True) for name in sorted(names | listed.keys())}
        if merged:
            out[keyword] = merged
    out["additionalProperties"] = False
