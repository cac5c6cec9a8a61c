"""
Children: items of another collection that an item shows within itself, or counts.

`GET /boards/{boardId}` shows `cards`, which `/boards/{boardId}/cards` lists as well. The collection holds them, the
board shows them, and `cardCount` counts them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mock_server.generate.envelope import find_list, is_array, is_object, shown, take
from mock_server.generate.realism.coherence import counted_list
from mock_server.json_values import JsonValue
from mock_server.names import nouns_of
from mock_server.schema.sites import Site
from mock_server.state.inference import InferredResources, component_of
from mock_server.state.resources import Action, Binding, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A collection that an item shows or counts."""

    resource: Resource  # of the children
    binding: Binding  # that lists them for one owner
    variable: str  # of the path: the owner's key
    pointer: tuple[str, ...] | None  # to the list of them in the owner; None if it only counts them
    counts: tuple[str, ...]  # properties of the owner that count them


def sent_children(owner: JsonValue, child: Child) -> list[JsonValue] | None:
    """Return the children inside an owner: in their place in responses, or as an array without its envelope there."""
    if child.pointer is None:
        return None
    inner, whole = take(owner, child.pointer), take(owner, child.pointer[:1])
    if isinstance(inner, list):
        return inner
    if isinstance(whole, list):
        return whole
    return None


def find_children(inferred: InferredResources) -> Mapping[str, tuple[Child, ...]]:
    """Find the children of each resource, by its name."""
    found: dict[str, list[Child]] = {}
    by_name = {resource.name: resource for resource in inferred.resources}
    for resource, binding in inferred.by_entry.values():
        if binding.action is not Action.LIST:
            continue
        above = binding.link or (resource.owners[-1] if resource.owners else None)
        owner = by_name.get(above.resource) if above is not None else None
        if above is None or owner is None or owner is resource:
            continue
        pointer = _pointer(owner.outline, resource, binding)
        lists = [pointer[0] if pointer is not None else _last_segment(binding)]
        counts = tuple(
            name
            for name in shown(owner.outline)
            if _is_number(owner.outline.member(name)) and counted_list(name, lists)
        )
        if pointer is not None or counts:
            found.setdefault(owner.name, []).append(Child(resource, binding, above.variable, pointer, counts))
    return {name: tuple(children) for name, children in found.items()}


def _last_segment(binding: Binding) -> str:
    return binding.operation.entry.template.rstrip("/").rpartition("/")[2]


def _pointer(owner: Site, resource: Resource, binding: Binding) -> tuple[str, ...] | None:
    """Return the pointer to the list of children in an owner, or None."""
    literal = _last_segment(binding)
    places = list(_lists(owner, resource.nouns))
    same = [
        pointer
        for pointer, item in places
        if component_of(item) is not None and component_of(item) == component_of(resource.outline)
    ]
    named = [
        pointer
        for pointer, item in places
        if nouns_of(pointer[0]) & nouns_of(literal) and _alike(item, resource.outline)
    ]
    both = [pointer for pointer in same if pointer in named]
    return next(iter(both or (same if len(same) == 1 else []) or named), None)


def _lists(owner: Site, nouns: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Site]]:
    """Yield the arrays of objects in an owner, and those in an envelope."""
    for name in shown(owner):
        member = owner.member(name)
        if is_array(member) and is_object(member.item()):
            yield (name,), member.item()
        elif (
            is_object(member)
            and not is_array(member)
            and (place := find_list(member, nouns)) is not None
            and place.pointer
        ):
            yield (name, *place.pointer), place.outline


def _alike(one: Site, other: Site) -> bool:
    """Return True if two objects share at least half of their properties."""
    mine, theirs = set(shown(one)), set(shown(other))
    return 2 * len(mine & theirs) >= max(1, min(len(mine), len(theirs)))


def _is_number(outline: Site) -> bool:
    return "integer" in outline.types and "string" not in outline.types
