"""Detection of parts that two documents write the same, with all that they refer to: most of two versions is."""

import re
from dataclasses import dataclass, field
from typing import Final

import orjson

from mock_server.diff.pairwise import Pairwise
from mock_server.document.document import Document
from mock_server.document.references import Node
from mock_server.errors import ForbiddenReference, UnresolvableReference
from mock_server.json_values import Pointer

_REFERENCE: Final = re.compile(rb'"\$(?:ref|dynamicRef)":("(?:[^"\\]|\\.)*")')
_RENAMING: Final = re.compile(rb'"\$(?:id|self|anchor|dynamicAnchor|dynamicRef)":"')
_Key = tuple[tuple[str, Pointer], tuple[str, Pointer]]


@dataclass(eq=False, repr=False)
class Unchanged:
    """Compares two documents as texts; what was found out is kept."""

    old: Document
    new: Document
    _written: dict[tuple[int, Pointer], tuple[bytes, tuple[str, ...]] | None] = field(default_factory=dict)
    _nodes: dict[_Key, tuple[Node, Node]] = field(default_factory=dict)  # that are still to be looked at

    def __post_init__(self) -> None:
        """Prepare what is kept."""
        self._pairs = Pairwise(self._look)

    def holds(self, old: Node, new: Node) -> bool:
        """Return whether two nodes say the same; False where that can't be told, too."""
        return self._pairs.holds(self._keep(old, new))

    def _keep(self, old: Node, new: Node) -> _Key:
        key = (old.key, new.key)
        if key not in self._pairs.known:
            self._nodes[key] = (old, new)
        return key

    def _look(self, key: _Key) -> list[_Key] | None:
        targets = self._targets(*self._nodes.pop(key))
        if targets is None:
            return None
        return [self._keep(one, other) for one, other in targets]

    def _targets(self, old: Node, new: Node) -> list[tuple[Node, Node]] | None:
        """Return what two nodes that are written the same refer to; None for others."""
        one, other = self._read(old), self._read(new)
        if one is None or other is None or one != other:
            return None
        pairs = []
        for ref in one[1]:
            try:
                pairs.append((self.old.references.resolve(ref, old), self.new.references.resolve(ref, new)))
            except (UnresolvableReference, ForbiddenReference):
                return None
        return pairs

    def _read(self, node: Node) -> tuple[bytes, tuple[str, ...]] | None:
        key = (id(node.resource), node.pointer)
        if key not in self._written:
            self._written[key] = self._write(node)
        return self._written[key]

    @staticmethod
    def _write(node: Node) -> tuple[bytes, tuple[str, ...]] | None:
        try:
            text = orjson.dumps(node.value, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            return None
        if node.resource.has_ids and _RENAMING.search(text):
            return None  # references in it are resolved against what was renamed
        return text, tuple(dict.fromkeys(orjson.loads(found) for found in _REFERENCE.findall(text)))
