"""
Envelopes: the places of a list or an item in a body.

A list is the body, or wrapped: in `data`, `items`, the resource's own name, or whatever is the only list there. So is a
thing. What a body may show of a thing is what its schema names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mock_server.json_values import JsonObject, JsonValue, as_list, as_object
from mock_server.names import joined, nouns_of
from mock_server.schema.sites import Site

_LISTS: Final = frozenset(
    ("data", "items", "results", "result", "content", "contents", "value", "values", "records", "entries", "rows",
     "list", "elements", "objects", "resources", "collection", "members", "nodes", "hits", "page", "payload",
     "response")
)  # fmt: skip
_THINGS: Final = frozenset(
    ("data", "item", "result", "record", "entity", "object", "resource", "value", "content", "payload", "response")
)
_HOLDERS: Final = frozenset(("data", "result", "results", "response", "payload", "body", "embedded", "page", "content"))
_DEEPEST = 12
_ANY: Final = "\0"  # a name that no schema has


class Shape(Enum):
    """The notation of a collection."""

    LIST = "list"  # of things
    MAP = "map"  # of things by their keys
    KEYS = "keys"  # a list of keys alone


@dataclass(frozen=True, slots=True)
class EnvelopePlace:
    """A place in a body."""

    pointer: tuple[str, ...]  # names of members, from the outside in
    outline: Site  # of the value there; of an item, where it is a list
    shape: Shape = Shape.LIST  # of a collection

    def spread(self, part: JsonValue) -> list[tuple[JsonValue, JsonObject]]:
        """
        Return the objects of a collection, each with its key there.

        The key is None where only the object has it.
        """
        if self.shape is Shape.MAP:
            if isinstance(part, dict):
                return [(key, thing) for key, thing in part.items() if isinstance(thing, dict)]
            return []
        items = as_list(part)
        if self.shape is Shape.KEYS:
            return [(item, {}) for item in items if isinstance(item, str | int | float)]
        return [(None, item) for item in items if isinstance(item, dict)]

    def gather(self, things: Sequence[tuple[JsonValue, JsonValue]]) -> JsonValue:
        """Return the collection of objects, each with its key."""
        if self.shape is Shape.MAP:
            return {str(key): thing for key, thing in things}
        if self.shape is Shape.KEYS:
            return [key for key, _ in things]
        return [thing for _, thing in things]


def is_array(outline: Site) -> bool:
    """Return True if an outline allows lists only."""
    return bool(outline.sources) and "array" in outline.types and outline.types <= {"array", "null"}


def is_object(outline: Site) -> bool:
    """Return True if an outline allows an object with documented properties."""
    return bool(outline.names) and "object" in outline.types


def find_list(outline: Site, nouns: frozenset[str], depth: int = 0) -> EnvelopePlace | None:
    """Find the main list of a body; None where it has none."""
    if is_array(outline):
        item = outline.item()
        if is_object(item):
            return EnvelopePlace((), item)
        return None
    if not is_object(outline):
        return None
    arrays = [
        name for name in shown(outline) if is_array(outline.member(name)) and is_object(outline.member(name).item())
    ]
    named = next((name for name in arrays if nouns_of(name) & nouns), None) or next(
        (n for n in arrays if joined(n) in _LISTS), None
    )
    if named is None and len(arrays) == 1 and not _has_key(outline, nouns):
        named = arrays[0]
    if named is not None:
        return EnvelopePlace((named,), outline.member(named).item())
    for name in shown(outline) if depth == 0 else ():
        found = None
        if joined(name) in _HOLDERS:
            found = find_list(outline.member(name), nouns, depth + 1)
        if found is not None:
            return EnvelopePlace((name, *found.pointer), found.outline)
    return None


def find_collection(outline: Site, nouns: frozenset[str]) -> EnvelopePlace | None:
    """Find the main collection of a body: a list of objects, else objects by key, else a list of keys."""
    found = find_list(outline, nouns)
    if found is not None:
        return found
    if is_object(outline):
        members = [(name, outline.member(name)) for name in shown(outline)]
    else:
        members = []
    named = [
        (name, member)
        for name, member in members
        if nouns_of(name) & nouns or joined(name) in _LISTS or len(members) == 1
    ]
    for pointer, site in [((), outline), *(((name,), member) for name, member in named)]:
        if _is_map(site):
            return EnvelopePlace(pointer, site.member(_ANY), Shape.MAP)
        if is_array(site) and site.item().sources and site.item().types <= {"string", "integer"}:
            return EnvelopePlace(pointer, site.item(), Shape.KEYS)
    return None


def _is_map(outline: Site) -> bool:
    """Return True if an object is a map: objects under keys that no schema names."""
    return (
        bool(outline.sources)
        and not outline.names
        and outline.types <= {"object", "null"}
        and is_object(outline.member(_ANY))
    )


def find_thing(outline: Site, nouns: frozenset[str], fits: Callable[[Site], bool]) -> EnvelopePlace | None:
    """
    Find the main object of a body.

    Args:
        outline: Of the body.
        nouns: What the thing is.
        fits: Whether an object can be it.
    """
    if not is_object(outline):
        return None
    if fits(outline):
        return EnvelopePlace((), outline)
    members = [(name, outline.member(name)) for name in shown(outline)]
    wrapped = [name for name, member in members if is_object(member) and not is_array(member) and fits(member)]
    named = next((n for n in wrapped if nouns_of(n) & nouns), None) or next(
        (n for n in wrapped if joined(n) in _THINGS), None
    )
    if named is None and len(wrapped) == 1 and len(members) == 1:
        named = wrapped[0]
    if named is not None:
        return EnvelopePlace((named,), outline.member(named))
    return None


def _has_key(outline: Site, nouns: frozenset[str]) -> bool:
    """Return True if an object has a key of its own: then a list in it is a part of it."""
    return any(
        joined(name) in {"id", "uuid", *(noun.replace(" ", "") + "id" for noun in nouns)} for name in outline.names
    )


def shown(outline: Site) -> tuple[str, ...]:
    """Return the documented properties that the direction does not hide."""
    hidden = {
        name
        for source in outline.sources
        if isinstance(properties := source.get("properties"), dict)
        for name, schema in properties.items()
        if schema is False
    }
    if hidden:
        return tuple(name for name in outline.names if name not in hidden)
    return outline.names


def project(value: JsonValue, outline: Site, depth: int = 0) -> JsonValue:
    """Leave out members that a schema does not name, unless it is open to more on purpose."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [project(item, outline.item(index), depth + 1) for index, item in enumerate(value)]
    if not isinstance(value, dict) or not outline.names:
        return value
    demanded = (str(name) for source in outline.sources if isinstance(r := source.get("required"), list) for name in r)
    names = frozenset((*shown(outline), *demanded))
    projected: JsonObject = {}
    for name, member in value.items():
        if name in names:
            projected[name] = project(member, outline.member(name), depth + 1)
        elif name not in outline.names and _welcomes_more(outline):
            projected[name] = member
    return projected


def _welcomes_more(outline: Site) -> bool:
    return any("patternProperties" in s or s.get("additionalProperties") not in (None, False) for s in outline.sources)


def take(value: JsonValue, pointer: tuple[str, ...]) -> JsonValue:
    """Return the value at a pointer; None where there is none."""
    for name in pointer:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def put(value: JsonValue, pointer: tuple[str, ...], part: JsonValue) -> JsonValue:
    """Return a copy with another value at a pointer."""
    if not pointer:
        return part
    base: JsonObject = as_object(value)
    return {**base, pointer[0]: put(base.get(pointer[0]), pointer[1:], part)}
