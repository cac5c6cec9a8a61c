"""
Hidden properties: those that are `readOnly` in requests, and those that are `writeOnly` in responses.

Whether one that is required is required even where it is hidden, OpenAPI 3.0 denies and 3.1 leaves to JSON Schema, to
which these words say nothing. So where there is an alternative, what is made hides nothing that it requires.

Source: OAS 3.0.4, "Schema Object", Fixed Fields; JSON Schema 2020-12 validation, section 9.4
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_server.document.references import Node
from mock_server.json_values import as_list, as_object
from mock_server.schema.dialect import Direction

_DEEPEST = 8  # members of members of `allOf`: deeper than anybody writes


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """Finds the properties that one direction hides: `readOnly`, `writeOnly`."""

    direction: Direction
    follow: Callable[[Node], Node | None]  # to the end of a chain of references

    def names(self, node: Node) -> frozenset[str]:
        """Return the hidden properties among a schema's own and those of its `allOf`."""
        found: set[str] = set()
        for part in self._parts(node):
            if isinstance(part.value, dict) and isinstance(part.value.get("properties"), dict):
                found |= {name for name, child in part.child("properties").members() if self._is_hidden(child)}
        return frozenset(found)

    def is_required(self, node: Node, around: frozenset[str]) -> bool:
        """Return True if a schema requires a property that is hidden, by itself or by a schema around it."""
        required: set[str] = set()
        for part in self._parts(node):
            required.update(map(str, as_list(as_object(part.value).get("required"))))
        return bool(required & (around | self.names(node)))

    def _parts(self, node: Node, depth: int = 0) -> Iterator[Node]:
        """Yield a schema, its references, and the members of its `allOf`."""
        if depth > _DEEPEST or not isinstance(node.value, dict):
            return
        yield node
        target = self._target(node)
        if target is not None:
            yield from self._parts(target, depth + 1)
        if isinstance(node.value.get("allOf"), list):
            for member in node.child("allOf").items():
                yield from self._parts(member, depth + 1)

    def _is_hidden(self, node: Node) -> bool:
        word = self.direction.hidden_by
        places = [place for place in (node, self._target(node)) if place is not None]
        return any(as_object(place.value).get(word) is True for place in places)

    def _target(self, node: Node) -> Node | None:
        if node.reference is None:
            return None
        return self.follow(node)
