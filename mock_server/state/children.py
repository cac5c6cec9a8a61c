"""
Children: things of another collection that a thing shows within itself, or counts.

`GET /boards/{boardId}` shows `cards`, which `/boards/{boardId}/cards` lists as well. The collection is what there is,
the board shows it, and `cardCount` counts it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mock_server.generate.envelope import find_list, is_array, is_object, shown, take
from mock_server.generate.realism.coherence import counted_list
from mock_server.json_values import JsonValue
from mock_server.names import nouns_of
from mock_server.schema.outline import Outline
from mock_server.state.inference import InferredResources, component_of
from mock_server.state.resources import Action, Binding, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """What a thing says of another collection."""

    resource: Resource  # of the children
    deed: Binding  # that lists them for one owner
    variable: str  # of the path: the owner's key
    pointer: tuple[str, ...] | None  # to the list of them in the owner; None where it only counts them
    counts: tuple[str, ...]  # properties of the owner that count them


def came_with(owner: JsonValue, child: Child) -> list[JsonValue] | None:
    """
    Return the children that are written into an owner.

    Where answers show them, or as a list where answers have one that is wrapped.
    """
    if child.pointer is None:
        return None
    inner, whole = take(owner, child.pointer), take(owner, child.pointer[:1])
    if isinstance(inner, list):
        return inner
    if isinstance(whole, list):
        return whole
    return None


def find_children(inferred: InferredResources) -> Mapping[str, tuple[Child, ...]]:
    """Find what the things of each resource say of other collections, by the resource's name."""
    found: dict[str, list[Child]] = {}
    by_name = {resource.name: resource for resource in inferred.resources}
    for resource, deed in inferred.by_entry.values():
        if deed.act is not Action.LIST:
            continue
        above = resource.owners[-1] if resource.owners and deed.link is None else None
        name, variable = (deed.link.resource, deed.link.variable) if deed.link is not None else ("", "")
        if above is not None:
            name, variable = above.resource, above.variable
        owner = by_name.get(name)
        if owner is None or owner is resource:
            continue
        pointer = _pointer(owner.outline, resource, deed)
        lists = [pointer[0] if pointer is not None else deed.operation.entry.template.rstrip("/").rpartition("/")[2]]
        counts = tuple(
            name
            for name in shown(owner.outline)
            if _is_number(owner.outline.member(name)) and counted_list(name, lists)
        )
        if pointer is not None or counts:
            found.setdefault(owner.name, []).append(Child(resource, deed, variable, pointer, counts))
    return {name: tuple(children) for name, children in found.items()}


def _pointer(owner: Outline, resource: Resource, deed: Binding) -> tuple[str, ...] | None:
    """Return where an owner shows the list of its children; None where it does not."""
    literal = deed.operation.entry.template.rstrip("/").rpartition("/")[2]
    spots = list(_lists(owner, resource.nouns))
    same = [
        pointer
        for pointer, item in spots
        if component_of(item) is not None and component_of(item) == component_of(resource.outline)
    ]
    named = [
        pointer
        for pointer, item in spots
        if nouns_of(pointer[0]) & nouns_of(literal) and _alike(item, resource.outline)
    ]
    both = [pointer for pointer in same if pointer in named]
    return next(iter(both or (same if len(same) == 1 else []) or named), None)


def _lists(owner: Outline, nouns: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Outline]]:
    """Yield the lists of objects in an owner, and those that are wrapped in a member."""
    for name in shown(owner):
        member = owner.member(name)
        if is_array(member) and is_object(member.item()):
            yield (name,), member.item()
        elif (
            is_object(member)
            and not is_array(member)
            and (spot := find_list(member, nouns)) is not None
            and spot.pointer
        ):
            yield (name, *spot.pointer), spot.outline


def _alike(one: Outline, other: Outline) -> bool:
    """Return whether two objects have most of their properties in common."""
    mine, theirs = set(shown(one)), set(shown(other))
    return 2 * len(mine & theirs) >= max(1, min(len(mine), len(theirs)))


def _is_number(outline: Outline) -> bool:
    return "integer" in outline.types and "string" not in outline.types
