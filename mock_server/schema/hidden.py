"""
What a direction hides: properties that are `readOnly` in requests, and those that are `writeOnly` in responses.

Whether one that is required is required even where it is hidden, OpenAPI 3.0 denies and 3.1 leaves to JSON Schema, to which
these words say nothing. So where there is an alternative, what is made hides nothing that it requires.

Source: OAS 3.0.4, "Schema Object", Fixed Fields; JSON Schema 2020-12 validation, section 9.4
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_server.schema.dialect import Direction
from mock_server.spec.references import Node

_DEEPEST = 8  # members of members of `allOf`: deeper than anybody writes


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """Finds what one direction hides."""

    direction: Direction
    follow: Callable[[Node], Node | None]  # to where something else than a reference stands

    def names(self, node: Node) -> frozenset[str]:
        """The hidden properties among a schema's own and those of its `allOf`."""
        found: set[str] = set()
        for part in self._parts(node):
            if isinstance(part.value, dict) and isinstance(part.value.get("properties"), dict):
                found |= {name for name, child in part.child("properties").members() if self._is_hidden(child)}
        return frozenset(found)

    def is_required(self, node: Node, around: frozenset[str]) -> bool:
        """Whether a schema requires a property that is hidden, by itself or by what is around it."""
        required: set[str] = set()
        for part in self._parts(node):
            listed = part.value.get("required") if isinstance(part.value, dict) else None
            required |= set(map(str, listed)) if isinstance(listed, list) else set()
        return bool(required & (around | self.names(node)))

    def _parts(self, node: Node, depth: int = 0) -> Iterator[Node]:
        """A schema, what it refers to, and the members of its `allOf`."""
        if depth > _DEEPEST or not isinstance(node.value, dict):
            return
        yield node
        target = self.follow(node) if node.reference is not None else None
        if target is not None:
            yield from self._parts(target, depth + 1)
        if isinstance(node.value.get("allOf"), list):
            for member in node.child("allOf").items():
                yield from self._parts(member, depth + 1)

    def _is_hidden(self, node: Node) -> bool:
        places = (node, self.follow(node) if node.reference is not None else None)
        word = self.direction.hidden_by
        return any(isinstance(place.value, dict) and place.value.get(word) is True for place in places if place is not None)
