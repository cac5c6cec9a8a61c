"""
Answers from the catalogue of edge cases: each request gets the next one, or a chosen one.

A frontend can so be tried with all of them by clicking. `X-Mock-Payload` names the one that was sent.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.generate.edges.catalogue import KINDS, Catalogue
from mock_server.generate.edges.proof import Edge, EdgeSubject
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.pausing import OutOfTime
from mock_server.respond.blocking import give_way

_PAUSE: Final = 0.01  # seconds between two looks whether a search has ended
_AT_HAND: Final = 2  # bodies whose edge cases are at hand: each of a large document takes a hundred megabytes

_at_hand: "BoundedCache[object, Edges]" = BoundedCache(_AT_HAND)  # of the whole process, by what they belong to


@dataclass(eq=False, repr=False)
class Edges:
    """The edge cases of one documented body; each is looked for when its turn comes."""

    subject: EdgeSubject
    _catalogues: dict[str, Catalogue] = field(default_factory=dict)
    _is_searched: bool = False  # by a decision that gave way to others

    def find(self, rule: str) -> Edge | None:
        """
        Find an edge by its rule.

        Raises:
            SchemaError: nothing conforms to the schema.
        """
        with self._turn():
            return self._catalogue("", KINDS).find(rule, give_way)

    def following(self, kind: str, turns: Counter[str], key: str) -> Edge | None:
        """
        Return the next edge of a kind; the first one after the last one, None where there are none.

        Args:
            kind: Of edge.
            turns: Of a world, so that each begins with the first one.
            key: What is counted there.

        Raises:
            SchemaError: nothing conforms to the schema.
            OutOfTime: there was no time for it; no turn is taken then.
        """
        index = turns[key]
        turns[key] += 1
        try:
            with self._turn():
                edge = self._catalogue(kind, (kind,)).at(index, give_way)
                if edge is None:
                    turns[key] = 1
                    edge = self._catalogue(kind, (kind,)).at(0)
                return edge
        except OutOfTime:
            turns[key] -= 1  # the same request is answered once more, without haste
            raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Search alone: a search gives way to other requests, and one of them may ask for an edge of the same body."""
        while self._is_searched and give_way(_PAUSE):
            pass
        if self._is_searched:  # by somebody who goes on only after this decision, which may not wait
            kept, self._catalogues = self._catalogues, {}
            try:
                yield
            finally:
                self._catalogues = kept
            return
        self._is_searched = True
        try:
            yield
        finally:
            self._is_searched = False

    def payload(self, edge: Edge, seed: int) -> JsonValue:
        """Make the payload of an edge."""
        with self._turn():
            return self.subject.payload(edge, self.subject.base(derive_seed(seed, "edge")), seed)

    def _catalogue(self, key: str, kinds: tuple[str, ...]) -> Catalogue:
        if key not in self._catalogues:
            self._catalogues[key] = Catalogue(self.subject, kinds)
        return self._catalogues[key]


def edges_of(owner: object, make: Callable[[], EdgeSubject]) -> Edges:
    """
    Find the edge cases of a body; the least recently used are dropped, and found again.

    Args:
        owner: The body, compared by identity.
        make: Makes the schema whose edges they are.
    """
    edges = _at_hand.get(owner)
    if edges is None:
        edges = Edges(make())
    _at_hand[owner] = edges  # the newest again
    return edges
