"""
Answers from the catalogue: each request the next edge case, or a chosen one.

So that a frontend can be tried with all of them by clicking. Which one it was is said in `X-Mock-Payload`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.generate.catalogue import KINDS, Catalogue, Edge, Subject
from mock_server.generate.seed import derive_seed
from mock_server.typing import JsonValue

_AT_HAND: Final = 2  # bodies whose edge cases are at hand: each of a large document takes a hundred megabytes

_at_hand: "BoundedCache[object, Edges]" = BoundedCache(_AT_HAND)  # of the whole process, by what they belong to


@dataclass(eq=False, repr=False)
class Edges:
    """The edge cases of one documented body; each is looked for when its turn comes."""

    subject: Subject
    _catalogues: dict[str, Catalogue] = field(default_factory=dict)

    def find(self, rule: str) -> Edge | None:
        """
        Find an edge by its rule.

        Raises:
            SchemaError: nothing conforms to the schema.
        """
        return self._catalogue("", KINDS).find(rule)

    def following(self, kind: str, turns: Counter[str], key: str) -> Edge | None:
        """
        The next edge of a kind; the first one after the last one, None where there are none.

        Args:
            kind: Of edge.
            turns: Of a world, so that each begins with the first one.
            key: What is counted there.

        Raises:
            SchemaError: nothing conforms to the schema.
        """
        catalogue = self._catalogue(kind, (kind,))
        edge = catalogue.at(turns[key])
        if edge is None:
            turns[key] = 0
            edge = catalogue.at(0)
        turns[key] += 1
        return edge

    def payload(self, edge: Edge, seed: int) -> JsonValue:
        """Make the payload of an edge."""
        return self.subject.payload(edge, self.subject.base(derive_seed(seed, "edge")), seed)

    def _catalogue(self, key: str, kinds: tuple[str, ...]) -> Catalogue:
        if key not in self._catalogues:
            self._catalogues[key] = Catalogue(self.subject, kinds)
        return self._catalogues[key]


def edges_of(owner: object, make: Callable[[], Subject]) -> Edges:
    """
    Find the edge cases of a body; those of bodies that were asked for long ago are forgotten, and found again.

    Args:
        owner: What stands for the body, compared by identity.
        make: Makes the schema whose edges they are.
    """
    edges = _at_hand.get(owner)
    if edges is None:
        edges = Edges(make())
    _at_hand[owner] = edges  # the newest again
    return edges
