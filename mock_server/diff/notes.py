"""
What changes without breaking anybody by itself: defaults, properties that are named no more, objects that are closed.

Two schemas are gone over side by side, as they are written: properties, items, members of `allOf`, and alternatives
that refer to the same definition. What is written the same on both sides is passed over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mock_server.diff.context import OperationPair
from mock_server.diff.model import ComparedPlace, SchemaNote
from mock_server.diff.proof.gaps import ITEM, NAME
from mock_server.document.document import Document
from mock_server.document.references import Node
from mock_server.errors import ForbiddenReference, UnresolvableReference
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, Pointer, same_json
from mock_server.schema.dialect import Direction

_MOST_SCHEMAS: Final = 2_000  # pairs of schemas, for one part of a message
_MOST_INCLUDED: Final = 60  # references and members of `allOf`, one in the other
_MOST_WRITTEN: Final = 60  # characters of a default
_OPENING: Final = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_ALTERNATIVES: Final = ("anyOf", "oneOf")
_PARTS: Final = (("items", ITEM), ("additionalProperties", NAME))
_HIDDEN: Final = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


class _Task(NamedTuple):
    """Two schemas that are still to be gone over."""

    old: Node
    new: Node
    inside: Pointer


class _Included:
    """A schema with what it includes: the target of its reference, the members of its `allOf`."""

    def __init__(self, node: Node, document: Document) -> None:
        """Collect the schemas that hold for the same value."""
        self.all = list(_iter_included(node, document, 0))

    def member(self, keyword: str) -> Node | None:
        """Return the first value of a keyword; None where no schema has it."""
        return next((node.child(keyword) for node in self.all if keyword in _members(node)), None)

    def properties(self) -> dict[str, Node]:
        """Return the schemas of the properties that are named."""
        found: dict[str, Node] = {}
        for node in self.all:
            if "properties" in _members(node):
                for name, child in node.child("properties").members():
                    found.setdefault(name, child)
        return found

    def required(self) -> set[str]:
        """Return the names of the properties that have to be there."""
        listed = [_members(node).get("required") for node in self.all]
        return {name for names in listed if isinstance(names, list) for name in names if isinstance(name, str)}

    def has(self, *keywords: str) -> bool:
        """Return whether one of some keywords is used."""
        return any(keyword in _members(node) for node in self.all for keyword in keywords)

    def closing(self) -> Node | None:
        """Return the schema that lets no other property pass; None where there is none."""
        closed = ({_members(node).get(keyword, True) is False for keyword in _OPENING[:2]} for node in self.all)
        return next((node for node, each in zip(self.all, closed, strict=True) if True in each), None)

    def is_hidden(self, direction: Direction) -> bool:
        """Return whether the value is not sent in a direction."""
        return any(_members(node).get(_HIDDEN[direction]) is True for node in self.all)

    def alternatives(self) -> dict[str, Node]:
        """Return the alternatives that are references, by what they refer to."""
        listed = [node.child(keyword) for node in self.all for keyword in _ALTERNATIVES if keyword in _members(node)]
        return {each.reference: each for node in listed for each in node.items() if each.reference is not None}


def _members(node: Node) -> JsonObject:
    if isinstance(node.value, dict):
        return node.value
    return {}


def _iter_included(node: Node, document: Document, depth: int) -> Iterator[Node]:
    if not isinstance(node.value, dict) or depth > _MOST_INCLUDED:
        return
    yield node
    if node.reference is not None:
        try:
            target = document.references.resolve(node.reference, node)
        except (UnresolvableReference, ForbiddenReference):
            return
        yield from _iter_included(target, document, depth + 1)
    if isinstance(node.value.get("allOf"), list):
        for member in node.child("allOf").items():
            yield from _iter_included(member, document, depth + 1)


@dataclass(eq=False, repr=False)
class _SideBySide:
    """Two schemas of one part of a message."""

    old: Document
    new: Document
    direction: Direction
    receiver_is_new: bool
    is_open_world: bool
    is_unchanged: Callable[[Node, Node], bool]
    _todo: list[_Task] = field(default_factory=list)

    def notes(self, old: Node, new: Node) -> Iterator[SchemaNote]:
        """Yield the notes of two schemas, each place once."""
        self._todo = [_Task(old, new, ())]
        seen = set[object]()
        while self._todo and len(seen) < _MOST_SCHEMAS:
            task = self._todo.pop()
            key = (task.old.key, task.new.key)
            if key in seen or self.is_unchanged(task.old, task.new):
                continue
            seen.add(key)
            before, after = _Included(task.old, self.old), _Included(task.new, self.new)
            if before.is_hidden(self.direction) or after.is_hidden(self.direction):
                continue
            yield from self._defaults(before, after, task)
            yield from self._properties(before, after, task)
            yield from self._closed(before, after, task)
            self._step(before, after, task.inside)

    def _step(self, before: _Included, after: _Included, inside: Pointer) -> None:
        """Put the schemas of the parts, and of alternatives, to what is still to be gone over."""
        mine, yours = before.properties(), after.properties()
        self._todo += [_Task(mine[name], yours[name], (*inside, name)) for name in mine if name in yours]
        for keyword, token in _PARTS:
            one, other = before.member(keyword), after.member(keyword)
            if one is not None and other is not None:
                self._todo.append(_Task(one, other, (*inside, token)))
        branches, others = before.alternatives(), after.alternatives()
        self._todo += [_Task(branches[ref], others[ref], inside) for ref in branches if ref in others]

    def _defaults(self, before: _Included, after: _Included, task: _Task) -> Iterator[SchemaNote]:
        one, other = before.member("default"), after.member("default")
        if one is None and other is None:
            return
        if one is not None and other is not None and same_json(one.value, other.value):
            return
        message = f"the default {_write(one)} is {_write(other)} now"
        if one is None:
            message = f"the default is {_write(other)}; there was none"
        elif other is None:
            message = f"the default {_write(one)} is gone"
        yield SchemaNote("diff-default-changed", message, task.inside, one or task.old, other or task.new)

    def _properties(self, before: _Included, after: _Included, task: _Task) -> Iterator[SchemaNote]:
        """Yield a note for each property that is named no more, unless that breaks somebody."""
        if before.has(*_ALTERNATIVES) or after.has(*_ALTERNATIVES):
            return  # which may name it
        kept = after.properties()
        needed = set[str]() if self.receiver_is_new else before.required()
        if not after.all or (self.receiver_is_new and after.closing() is not None):
            return
        for name, node in before.properties().items():
            is_sent = not _Included(node, self.old).is_hidden(self.direction)
            if name not in kept and name not in needed and is_sent:
                message = f"the property {name!r} is named no more"
                yield SchemaNote("diff-property-dropped", message, (*task.inside, name), node, task.new)

    def _closed(self, before: _Included, after: _Included, task: _Task) -> Iterator[SchemaNote]:
        closing = after.closing()
        if closing is None or not self.receiver_is_new or self.is_open_world:
            return
        if before.properties() and not before.has(*_OPENING):
            message = "the object lets no property pass that it does not name; it did"
            yield SchemaNote("diff-object-closed", message, task.inside, task.old, closing)


def _write(node: Node | None) -> str:
    text = write_json(node.value if node is not None else None).decode("utf-8", "replace")
    return text if len(text) <= _MOST_WRITTEN else text[:_MOST_WRITTEN] + "…"


def note_schemas(
    pair: OperationPair, sent: Node | None, received: Node | None, direction: Direction, place: ComparedPlace
) -> None:
    """
    Note what changes without breaking anybody between the schemas of one part of a message.

    Args:
        pair: The operation.
        sent: The schema of the party that sends the part.
        received: The schema of the other one.
        direction: Of the message.
        place: The part.
    """
    if sent is None or received is None:
        return
    context = pair.context
    receiver_is_new = (direction is Direction.REQUEST) is not pair.is_sent
    old, new = (sent, received) if receiver_is_new else (received, sent)
    key = (old.key, new.key, direction, receiver_is_new)
    if key not in context.notes:
        sides = _SideBySide(
            context.old.document,
            context.new.document,
            direction,
            receiver_is_new,
            context.policy.open_world,
            context.unchanged.holds,
        )
        context.notes[key] = tuple(sides.notes(old, new))
    for note in context.notes[key]:
        pair.add(note.rule, note.message, place, old=note.old, new=note.new, inside=note.inside)
