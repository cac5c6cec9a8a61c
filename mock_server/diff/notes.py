"""
Notes about changes that break nobody by themselves: defaults, properties that are named no more, closed objects.

Two schemas are gone over side by side, as they are written: properties, items, members of `allOf`, and alternatives
that refer to the same definition. What is written the same on both sides is passed over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mock_server.diff.proof.gaps import ITEM, NAME
from mock_server.document.document import Document
from mock_server.document.lifetimes import find_sunset
from mock_server.document.references import Node
from mock_server.errors import ForbiddenReference, UnresolvableReference
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, Pointer, same_json
from mock_server.schema.dialect import Direction

_MOST_SCHEMAS: Final = 2_000  # pairs of schemas, for one part of a message
_MOST_INCLUDED: Final = 200  # schemas that one includes
_MOST_WRITTEN: Final = 60  # characters of a default
_OPENING: Final = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_ALTERNATIVES: Final = ("anyOf", "oneOf")
_PARTS: Final = (("items", ITEM), ("additionalProperties", NAME))
_HIDDEN: Final = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


def iter_endings(old: Node, new: Node, what: str) -> Iterator[tuple[str, str]]:
    """
    Yield what the new document says of the end of something that the old one did not, as rules and messages.

    Args:
        old: The operation, parameter, header or schema in the old document.
        new: The same in the new one.
        what: What it is, in words.
    """
    before, after = find_sunset(old), find_sunset(new)
    if _members(new).get("deprecated") is True and _members(old).get("deprecated") is not True:
        until = f", to end on {after}" if after is not None else ""
        yield "diff-deprecated", f"the {what} is deprecated{until}"
    if before is not None and after is not None and after < before:
        yield "diff-sunset-early", f"the end of the {what} was announced for {before}, and is {after} now"


class SchemaNote(NamedTuple):
    """Note the changes in the schema of a message's part that break nobody by themselves."""

    rule: str
    message: str
    inside: Pointer  # the properties and items on the way
    old: Node
    new: Node


class _Task(NamedTuple):
    """Two schemas that are still to be gone over."""

    old: Node
    new: Node
    inside: Pointer


class _Included:
    """A schema with what it includes: the target of its reference, the members of its `allOf`."""

    def __init__(self, node: Node, document: Document) -> None:
        """Collect the schemas that hold for the same value."""
        self.all = list(_iter_included(node, document))

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


def _iter_included(node: Node, document: Document) -> Iterator[Node]:
    """Yield a schema with what it includes, each once."""
    todo, seen = [node], set[object]()
    while todo and len(seen) < _MOST_INCLUDED:
        schema = todo.pop()
        if not isinstance(schema.value, dict) or schema.key in seen:
            continue
        seen.add(schema.key)
        yield schema
        if isinstance(schema.value.get("allOf"), list):
            todo += list(schema.child("allOf").items())[::-1]
        if schema.reference is not None:
            try:
                todo.append(document.references.resolve(schema.reference, schema))
            except (UnresolvableReference, ForbiddenReference):
                continue


@dataclass(eq=False, repr=False)
class SchemaNotes:
    """Compares the schemas of two documents in one direction. What was found out is kept."""

    old: Document
    new: Document
    direction: Direction
    receiver_is_new: bool
    is_open_world: bool
    is_unchanged: Callable[[Node, Node], bool]  # whether two places say the same: the old document's, the new one's
    _known: dict[object, tuple[SchemaNote, ...]] = field(default_factory=dict)
    _quiet: set[object] = field(default_factory=set)  # pairs of which nothing is to be said, with what is in them
    _todo: list[_Task] = field(default_factory=list)

    def of(self, old: Node, new: Node) -> tuple[SchemaNote, ...]:
        """Return the notes of two schemas, each place once."""
        key = (old.key, new.key)
        if key not in self._known:
            self._known[key] = tuple(self._iter_notes(old, new))
        return self._known[key]

    def _iter_notes(self, old: Node, new: Node) -> Iterator[SchemaNote]:
        self._todo = [_Task(old, new, ())]
        seen, found = set[object](), 0
        while self._todo and len(seen) < _MOST_SCHEMAS:
            task = self._todo.pop()
            key = (task.old.key, task.new.key)
            if key in seen or key in self._quiet or self.is_unchanged(task.old, task.new):
                continue
            seen.add(key)
            before, after = _Included(task.old, self.old), _Included(task.new, self.new)
            if before.is_hidden(self.direction) or after.is_hidden(self.direction):
                continue
            for notes in (self._endings, self._defaults, self._extensible, self._properties, self._closed):
                for note in notes(before, after, task):
                    found += 1
                    yield note
            self._step(before, after, task.inside)
        if not found and not self._todo:
            self._quiet |= seen

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

    @staticmethod
    def _endings(before: _Included, after: _Included, task: _Task) -> Iterator[SchemaNote]:
        """Yield notes of the end of a property; that of a whole body is its operation's."""
        if task.inside and before.all and after.all:
            name = task.inside[-1]
            what = "value" if name in {ITEM, NAME} else f"property {name!r}"
            for rule, message in iter_endings(before.all[0], after.all[0], what):
                yield SchemaNote(rule, message, task.inside, task.old, task.new)

    def _extensible(self, before: _Included, after: _Included, task: _Task) -> Iterator[SchemaNote]:
        """Yield a note where a value is gone from those that a receiver knew of an open list."""
        one, other = before.member("x-extensible-enum"), after.member("x-extensible-enum")
        if one is None or other is None or not self.receiver_is_new:
            return
        kept = [node.value for node in other.items()]
        gone = [node for node in one.items() if not any(same_json(node.value, value) for value in kept)]
        if gone:
            message = f"{', '.join(map(_write, gone))} is no known value any more (x-extensible-enum)"
            yield SchemaNote("diff-known-value-removed", message, task.inside, one, other)

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
