"""
The proof of one edge case: a value of the schema that conforms, or breaks what it says, and nothing else.

A conforming payload is accepted by two judges that share no code. A violating one breaks, under the full error output
of both, exactly one keyword at one place; where that can't be, the unavoidable set is kept and said. What is not
exported is proven by the first judge alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

from mock_server.document.model import MISSING, Missing
from mock_server.errors import SchemaError
from mock_server.findings import Place
from mock_server.generate.edges.apply import Attempt, Edit, Editor, NotCarried
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue, Pointer
from mock_server.schema.assertions import BrokenAssertion, CostlyProof, Located, SecondJudge, find_broken
from mock_server.schema.locations import Location
from mock_server.schema.validate import Validator

_TRIES: Final = 48  # edits for one rule
_BASES: Final = 4  # draws before the judges are said to disagree
_UNIONS: Final = frozenset(("anyOf", "oneOf", "not", "contains", "unevaluatedProperties", "unevaluatedItems"))


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One edge case, proven."""

    rule: str  # stable: where, keyword, variant
    kind: str
    keyword: str
    variant: str
    place: Place  # of the keyword in the document
    location: Location
    edit: Edit
    detail: str = ""  # in words: "beyond the maximum 10"
    breaks: tuple[BrokenAssertion, ...] = ()  # nothing where it conforms
    is_exact: bool = True  # it breaks its own keyword at its own place, and no other
    parts: "tuple[Edge, ...]" = ()  # what a combination is made of; its own edit is that of the first

    @property
    def conforms(self) -> bool:
        """True if the payload is valid."""
        return not self.breaks

    @property
    def pointer(self) -> Pointer:
        """The instance location; a combination has the whole value's."""
        return self.location.pointer if not self.parts else ()


@dataclass(eq=False, repr=False)
class EdgeSubject:
    """A schema under search for edges: its values are made by a producer and judged by validators."""

    producer: Producer
    around: JsonValue | Missing = (
        MISSING  # a conforming value in which rules are proven; left out, the smallest is made
    )
    is_proven_twice: bool = True  # by the second judge, too: what is exported is

    @cached_property
    def shop(self) -> Editor:
        """Makes what conforms to the narrowest reading of the document."""
        return Editor(self.producer)

    @cached_property
    def judged(self) -> Editor:
        """Makes what conforms to its widest reading: only what breaks that is broken."""
        fallback = self.producer.fallback
        return Editor(fallback() if fallback is not None else self.producer)

    @cached_property
    def strict(self) -> Validator:
        """The narrowest reading."""
        return Validator(self.shop.bundle)

    @cached_property
    def judge(self) -> Validator:
        """The widest reading."""
        return Validator(self.judged.bundle)

    @cached_property
    def second(self) -> SecondJudge | None:
        """The widest reading, by other people's code; None where one judge is enough."""
        if self.is_proven_twice:
            return SecondJudge(self.judged.bundle)
        return None

    def is_confirmed(self, value: JsonValue, broken: Iterable[Located] = ()) -> bool:
        """Return True if the second judge, if there is one, finds the same violations as the first."""
        if self.second is None:
            return True
        expected = {found.assertion for found in broken}
        if not expected:
            return self.second.is_valid(value)
        return self.second.find_broken(value) == expected

    @cached_property
    def is_strict(self) -> bool:
        """True if values conform to the narrowest reading; some documents leave none that does."""
        return self.strict.is_valid(self.proof_base)

    @cached_property
    def proof_base(self) -> JsonValue:
        """
        The conforming value in which rules are proven: the smallest that is made, so that the second judge is quick.

        Raises:
            SchemaError: there is no value that both judges accept.
        """
        if not isinstance(self.around, Missing):
            return self.around
        for attempt in range(_BASES):
            value = self.producer.produce(SampleOptions(derive_seed("proof", attempt), static=False, minimal=True))
            if self.is_confirmed(value):
                return value
        broken = ", ".join(sorted({found.keyword for found in SecondJudge(self.judged.bundle).find_broken(value)}))
        raise SchemaError(self.shop.bundle.node.place, f"its two judges disagree on {broken}: nothing can be proven")

    def base(self, seed: int) -> JsonValue:
        """
        Return a conforming value to be changed: realistic, its outermost list of two items.

        Raises:
            SchemaError: there is none.
        """
        return self.producer.produce(SampleOptions(seed, static=False, size=2))

    def payload(self, edge: Edge, base: JsonValue | None = None, seed: int = 0) -> JsonValue:
        """
        Make the payload of an edge.

        Args:
            edge: Of this subject's catalogue.
            base: Around the edge; the one that it was proven with, if left out or if it does not take the edge.
            seed: For what the base lacks.
        """
        if base is not None:
            try:
                value = self._made(edge, base, seed, minimal=False)
            except NotCarried:
                value = None
            else:
                if self.holds(edge, value):
                    return value
        return self.proof(edge)

    def proof(self, edge: Edge) -> JsonValue:
        """Make the payload with which an edge was proven: the edge, and little around it."""
        return self._made(edge, self.proof_base, 0, minimal=True)

    def _made(self, edge: Edge, base: JsonValue, seed: int, *, minimal: bool) -> JsonValue:
        for part in edge.parts or (edge,):
            base = self._edited(edge.kind, part.location, part.edit, base, seed, minimal=minimal)
        return base

    def holds(self, edge: Edge, value: JsonValue) -> bool:
        """Return True if a payload is what its edge says, as jsonschema-rs judges it."""
        if edge.conforms:
            return (not self.is_strict or self.strict.is_valid(value)) and self.judge.is_valid(value)
        return {found.assertion for found in find_broken(self.judge, value)} == set(edge.breaks)

    def _edited(
        self, kind: str, location: Location, edit: Edit, base: JsonValue, seed: int, *, minimal: bool = False
    ) -> JsonValue:
        shop = self.judged if kind == "invalid" else self.shop
        carried = shop.carry(base, location, seed, minimal=minimal)
        carried.apply(edit)
        return carried.whole

    def _proof(self, kind: str, location: Location, edit: Edit) -> JsonValue:
        return self._edited(kind, location, edit, self.proof_base, 0, minimal=True)

    def prove(self, kind: str, attempt: Attempt) -> "tuple[Edit, tuple[Located, ...]] | str":
        """
        Find the edit that makes a rule's payload.

        Returns:
            The edit and what it breaks, or the reason why there is none.
        """
        if attempt.silent:
            return attempt.silent
        try:
            return self._prove_broken(attempt) if kind == "invalid" else self._prove_valid(kind, attempt)
        except CostlyProof as error:
            return error.reason

    def _prove_valid(self, kind: str, attempt: Attempt) -> "tuple[Edit, tuple[Located, ...]] | str":
        reason = "no value was found for it"
        for edit in islice(attempt.edits(), _TRIES):
            try:
                value = self._proof(kind, attempt.location, edit)
            except NotCarried as error:
                return str(error)
            try:
                broken = find_broken(self.judge if not self.is_strict else self.strict, value)
            except ValueError:
                reason = "the judges can't read such a value"
                continue
            if not broken and self.judge.is_valid(value):
                if self.is_confirmed(value):
                    return edit, ()
                reason = "the two judges disagree"
            else:
                words = sorted({found.assertion.keyword for found in broken})
                reason = f"it would break {', '.join(words)}"
        return reason

    def _prove_broken(self, attempt: Attempt) -> "tuple[Edit, tuple[Located, ...]] | str":
        nearest: tuple[Edit, tuple[Located, ...]] | None = None
        reason = "nothing that was tried breaks it"
        for edit in islice(attempt.edits(), _TRIES):
            try:
                value = self._proof("invalid", attempt.location, edit)
            except NotCarried as error:
                reason = str(error)
                continue
            broken = tuple(find_broken(self.judge, value))
            if not broken or (nearest is not None and len(broken) >= len(nearest[1])):
                continue
            if not self._is_meant(attempt, broken, value):
                reason = "whatever breaks it breaks other rules instead"
                continue
            if not self.is_confirmed(value, broken):
                reason = "the two judges disagree"
                continue
            nearest = (edit, broken)
            if len(broken) == 1:
                break
        return nearest if nearest is not None else reason

    def prove_combination(self, edge: Edge) -> str | None:
        """Explain why a combination does not conform; None where it does."""
        try:
            value = self.proof(edge)
        except NotCarried as error:
            return str(error)
        if not self.holds(edge, value):
            return "together they break " + ", ".join(
                sorted({found.assertion.keyword for found in find_broken(self.judge, value)})
            )
        try:
            return None if self.is_confirmed(value) else "the two judges disagree"
        except CostlyProof as error:
            return error.reason

    def _is_meant(self, attempt: Attempt, broken: tuple[Located, ...], value: JsonValue) -> bool:
        """Return True if a rule is among what is broken, or is why all alternatives around it are."""
        own = Located(BrokenAssertion(attempt.keyword, attempt.location.pointer), (*attempt.part.path, attempt.keyword))
        if own in broken:
            return True
        if not attempt.location.is_alternative:
            return False
        around = attempt.location.pointer
        if any(
            found.assertion.keyword not in _UNIONS
            or around[: len(found.assertion.instance)] != found.assertion.instance
            for found in broken
        ):
            return False
        here: JsonValue = value
        for step in attempt.location.instance:
            here = here[step]  # type: ignore[index]
        inside = find_broken(self.judged.validator(attempt.location), here)
        relative = BrokenAssertion(attempt.keyword, ())
        return any(found.assertion == relative for found in inside) and all(
            found.assertion == relative or found.assertion.keyword in _UNIONS for found in inside
        )
