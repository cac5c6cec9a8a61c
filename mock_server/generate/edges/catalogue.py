"""
The catalogue of one schema: every edge case, proven, and the rules without one, each with its reason.

    subject = EdgeSubject(kit.producer(schema, operation))
    for edge in Catalogue(subject, ("invalid",)).edges:
        payload = subject.payload(edge)      # edge.breaks says what is wrong with it
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mock_server.errors import SchemaError
from mock_server.exchange.prefer import EDGES
from mock_server.findings import Place
from mock_server.generate.edges.apply import Attempt, Drop, Editor, Put
from mock_server.generate.edges.boundary import iter_boundaries
from mock_server.generate.edges.extreme import iter_extremes
from mock_server.generate.edges.incoherent import iter_incoherences
from mock_server.generate.edges.invalid import iter_violations
from mock_server.generate.edges.pairwise import cover
from mock_server.generate.edges.proof import Edge, EdgeSubject
from mock_server.json_values import JsonValue, Pointer
from mock_server.schema.assertions import BrokenAssertion
from mock_server.schema.locations import Location, walk

PAIRWISE: Final = "pairwise"
KINDS: Final = (*EDGES, PAIRWISE)
BUDGET: Final = 100  # combinations of one schema
_PLACES: Final = 40  # that are combined, the nearest to the root
_VALUES: Final = 5  # of each
LOCATIONS: Final = 1_000  # of one schema; that there is more beyond is said
_List = Callable[[Editor, Location], Iterator[Attempt]]
_LISTS: Final[dict[str, _List]] = {
    "boundary": iter_boundaries,
    "extreme": iter_extremes,
    "invalid": iter_violations,
    "incoherent": iter_incoherences,
}


@dataclass(frozen=True, slots=True)
class Unreached:
    """A rule that has no payload."""

    rule: str
    kind: str
    keyword: str
    place: Place
    reason: str


@dataclass(eq=False, repr=False)
class Catalogue:
    """The edges of a subject, each searched for on demand; in the same order in every process."""

    subject: EdgeSubject
    kinds: tuple[str, ...] = KINDS
    most: int = LOCATIONS
    budget: int = BUDGET
    confirm: Callable[[Edge, JsonValue], str | None] | None = None  # says why an edge is none where its payload is used
    wanted: Callable[[str, Attempt], bool] = lambda kind, attempt: True  # others are not tried
    is_cut: bool = False  # there are more locations than were looked at: see `LOCATIONS`
    _edges: list[Edge] = field(default_factory=list)
    _unreached: list[Unreached] = field(default_factory=list)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """
        All edges.

        Raises:
            SchemaError: nothing conforms to the schema, so nothing can be an edge of it.
        """
        while self._go_on() is not None:
            pass
        return tuple(self._edges)

    @property
    def unreached(self) -> tuple[Unreached, ...]:
        """The rules that have no payload."""
        return tuple(self._unreached) if self.edges is not None else ()

    def __iter__(self) -> Iterator[Edge]:
        """Iterate over the edges, as they are found."""
        index = 0
        while True:
            edge = self.at(index)
            if edge is None:
                return
            yield edge
            index += 1

    def at(self, index: int, between: Callable[[], object] = lambda: None) -> Edge | None:
        """
        Return the edge of a number; None behind the last one.

        Each step of a search may take long: `between` is called after it.
        """
        while len(self._edges) <= index:
            if self._go_on() is None:
                return None
            between()
        return self._edges[index]

    def find(self, rule: str, between: Callable[[], object] = lambda: None) -> Edge | None:
        """
        Find an edge by its rule; no other one is proven for it. `between` is called after each step of the search.

        Raises:
            SchemaError: nothing conforms to the schema.
        """
        known = next((edge for edge in self._edges if edge.rule == rule), None)
        if known is not None:
            return known
        for kind in self.kinds:
            if kind == PAIRWISE:
                found = (
                    outcome for outcome in self._combinations() if isinstance(outcome, Edge) and outcome.rule == rule
                )
                return next(found, None) if rule.startswith(f"body:{PAIRWISE}:") else None
            taken: dict[str, int] = {}
            shop = self._shop(kind)
            for attempt in self._attempts(kind):
                between()
                if _name(attempt, taken) == rule:
                    outcome = self._outcome(kind, rule, attempt, shop)
                    if isinstance(outcome, Edge):
                        return outcome
        return None

    def _go_on(self) -> Edge | Unreached | None:
        """
        Search on; None at the end.

        A generator ends with the first exception, and a search may be broken off by one that says nothing of the
        schema: it ran out of time. It begins anew when it is asked for next.
        """
        try:
            return next(self._search, None)
        except BaseException:
            del self._search
            self._edges.clear()
            self._unreached.clear()
            raise

    @cached_property
    def _search(self) -> Iterator[Edge | Unreached]:
        return self._find_all()

    def _find_all(self) -> Iterator[Edge | Unreached]:
        _ = self.subject.proof_base
        for kind in self.kinds:
            for outcome in self._combinations() if kind == PAIRWISE else self._find_kind(kind):
                if isinstance(outcome, Edge):
                    self._edges.append(outcome)
                else:
                    self._unreached.append(outcome)
                yield outcome

    def _find_kind(self, kind: str) -> Iterator[Edge | Unreached]:
        taken: dict[str, int] = {}
        shop = self._shop(kind)
        for attempt in self._attempts(kind):
            rule = _name(attempt, taken)
            if self.wanted(kind, attempt):
                yield self._outcome(kind, rule, attempt, shop)

    def _combinations(self) -> Iterator[Edge | Unreached]:
        """Yield the boundaries of different places together."""
        single = Catalogue(self.subject, ("boundary",), self.most)
        places = [values[:_VALUES] for values in _by_place(single) if len(values) > 1][:_PLACES]
        if len(places) < 2:  # noqa: PLR2004 - there is nothing to combine
            return
        for number, chosen in enumerate(cover([len(values) for values in places], self.budget)):
            parts = tuple(values[index] for values, index in zip(places, chosen, strict=True))
            rule = f"body:{PAIRWISE}:{number:04}"
            first = parts[0]
            edge = Edge(rule, PAIRWISE, PAIRWISE, f"{number:04}", first.place, first.location, first.edit, parts=parts)
            reason = self.subject.prove_combination(edge)
            if reason is None and self.confirm is not None:
                reason = self.confirm(edge, self.subject.proof(edge))
            yield edge if reason is None else Unreached(rule, PAIRWISE, PAIRWISE, first.place, reason)

    def _shop(self, kind: str) -> Editor:
        return self.subject.judged if kind == "invalid" else self.subject.shop

    def _attempts(self, kind: str) -> Iterator[Attempt]:
        shop = self._shop(kind)
        for count, location in enumerate(walk(shop.bundle)):
            if count == self.most:
                self.is_cut = True
                return
            yield from _LISTS[kind](shop, location)

    def _outcome(self, kind: str, rule: str, attempt: Attempt, shop: Editor) -> Edge | Unreached:
        place = shop.bundle.locate((*attempt.part.path, attempt.keyword))
        try:
            proof = self.subject.prove(kind, attempt)
        except SchemaError as error:
            proof = str(error.reason)
        except RecursionError:
            proof = "it is nested too deeply"
        if isinstance(proof, str):
            return Unreached(rule, kind, attempt.keyword, place, proof)
        edit, broken = proof
        own = BrokenAssertion(attempt.keyword, attempt.location.pointer)
        breaks = tuple(dict.fromkeys(found.assertion for found in broken))
        exact = not breaks or breaks == (own,)
        edge = Edge(
            rule, kind, attempt.keyword, attempt.variant, place, attempt.location, edit, attempt.detail, breaks, exact
        )
        objection = self.confirm(edge, self.subject.proof(edge)) if self.confirm is not None else None
        return edge if objection is None else Unreached(rule, kind, attempt.keyword, place, objection)


def _by_place(catalogue: Catalogue) -> Iterator[list[Edge]]:
    """Yield the boundaries of each place that holds one value without parts: at it, or without it."""
    found: dict[Pointer, list[Edge]] = {}
    absent: dict[Pointer, Edge] = {}
    for edge in catalogue:
        if isinstance(edge.edit, Put) and not isinstance(edge.edit.value, list | dict) and edge.pointer:
            found.setdefault(edge.pointer, []).append(edge)
        elif isinstance(edge.edit, Drop) and len(edge.edit.names) == 1:
            absent[*edge.pointer, edge.edit.names[0]] = edge
    for pointer, edges in found.items():
        values = {repr(edge.edit): edge for edge in edges}  # two bounds may be the same value
        without = [edge for place, edge in absent.items() if place == pointer]
        yield [*without, *values.values()]


def _name(attempt: Attempt, taken: dict[str, int]) -> str:
    """Return the id of a rule: where, keyword, variant; numbered where two of a kind would be the same."""
    variant = re.sub(r"[^A-Za-z0-9._-]", "_", attempt.variant)
    rule = f"{attempt.part.label}:{attempt.keyword}:{variant}"
    taken[rule] = taken.get(rule, 0) + 1
    return rule if taken[rule] == 1 else f"{rule}~{taken[rule]}"


def count_reasons(unreached: Iterable[Unreached]) -> dict[str, int]:
    """Return how often each reason was given."""
    counts: dict[str, int] = {}
    for missed in unreached:
        counts[missed.reason] = counts.get(missed.reason, 0) + 1
    return counts
