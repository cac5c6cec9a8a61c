"""
Proofs that everything that a sender may send is accepted by a receiver, or the gaps that are left.

Schemas are compared by their canonical forms, keyword by keyword. A pair of definitions is taken for contained until
it turns out not to be, and everything that relied on it is looked at again: what is left at the end is the greatest
solution, which is right since JSON values are finite (coinduction). So recursion ends, and a definition that hundreds
of places share is compared once.

Every rule here errs on the side of a gap: nothing is called contained without a proof. A gap is no proof of the
contrary; `witness` looks for a message.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mock_server.diff.proof.alternatives import AlternativeComparer, find_nearest
from mock_server.diff.proof.apart import Apart
from mock_server.diff.proof.congruence import Congruence
from mock_server.diff.proof.forms import definition_name, has_references, names_of, of_type, types_of, widened
from mock_server.diff.proof.gaps import Gap, Side
from mock_server.diff.proof.parts import PartComparer
from mock_server.diff.proof.sameness import Sameness
from mock_server.diff.proof.scalars import find_number_gaps, find_string_gaps
from mock_server.diff.proof.sides import SchemaSide, name_of
from mock_server.diff.proof.values import ValueComparer
from mock_server.document.references import Node
from mock_server.json_values import JsonValue
from mock_server.schema.bundle import Bundle
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    Canonical,
    ConstView,
    EnumView,
    FalseView,
    IntegerView,
    MultiTypeView,
    NotView,
    NumberView,
    ObjectView,
    OneOfView,
    RawView,
    ReferenceView,
    StringView,
    TrueView,
    TypedGroupView,
    covers,
    is_same,
    is_unsatisfiable,
)

_MOST_WORK: Final = 3_000  # comparisons of forms, for one pair of schemas or definitions
_MOST_WORK_IN_ALL: Final = 60_000  # for all pairs of two documents, which share what they refer to
_LEAST_WORK: Final = 100  # for each pair in any case
_DEEPEST: Final = 60  # comparisons, one in the other
_MOST_GAPS: Final = 40  # of one pair of definitions
Pair = tuple[Side, Side]


def _never(old: Node, new: Node) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Compared:
    """The result for two forms, as long as none of some pairs turns out otherwise."""

    gaps: list[Gap]
    relied_on: frozenset[Pair]
    age: int


@dataclass(eq=False, repr=False)
class Containment:
    """Compares the schemas of a sender with those of a receiver. What was found out is kept."""

    sender: SchemaSide
    receiver: SchemaSide
    is_unchanged: Callable[[Node, Node], bool] = _never  # whether two places say the same, with all they refer to
    _gaps: dict[Pair, list[Gap]] = field(default_factory=dict)  # of pairs that were looked at
    _users: dict[Pair, dict[Pair, None]] = field(default_factory=dict)  # by pair: those that relied on it
    _todo: deque[Pair] = field(default_factory=deque)  # not yet looked at
    _again: dict[Pair, None] = field(default_factory=dict)  # to be looked at again, in order
    _known: set[Pair] = field(default_factory=set)
    _turned: dict[Pair, int] = field(default_factory=dict)  # by pair: the age at which it was found to have gaps
    _current: Pair | None = None
    _compared: dict[tuple[Canonical, Canonical], _Compared] = field(default_factory=dict)
    _relied_on: set[Pair] = field(default_factory=set)  # by what is compared now
    _followed: dict[Pair, int] = field(default_factory=dict)  # references that are being followed: parts around them
    _age: int = 0  # rises when a pair turns out not to be contained
    _deep: int = 0  # comparisons, one in the other
    _parts_around: int = 0  # of them, those of parts of values
    _work: int = 0  # comparisons for the pair that is compared now
    _most: int = _MOST_WORK  # of them
    _spent: int = 0  # comparisons for pairs before

    def __post_init__(self) -> None:
        """Prepare the comparisons of what has parts."""
        self._apart = Apart(self.sender, self.receiver)
        self._parts = PartComparer(self)
        self._alternatives = AlternativeComparer(self, self.sender, self._apart)
        self._values = ValueComparer(self.receiver)
        self._sameness = Sameness(self.sender, self.receiver, self.is_unchanged)
        self.accepts = self._values.accepts
        self._congruence = Congruence(
            self._compare_schemas,
            self._compare_schema_forms,
            self._rely_on_definitions,
            self._sameness.of_keyword,
            self._has_narrowed_schema,
            self._are_apart,
            self._differ_elsewhere,
            self.sender.base_name,
            self.sender.form,
        )

    def find_gaps(self, sent: Bundle, received: Bundle) -> list[Gap]:
        """
        Compare two schemas.

        Args:
            sent: As the sender's document has it.
            received: As the receiver's has it.
        """
        one, other = self.sender.root(sent), self.receiver.root(received)
        if self._sameness.of_schemas(one, other):
            return []
        while True:
            self._start_work()
            gaps = self._compare_schemas(self.sender.own(one), self.receiver.own(other))
            if not (self._todo or self._again):
                return gaps[:_MOST_GAPS]
            self._settle()

    def gaps_of(self, pair: Pair) -> list[Gap]:
        """Return the gaps of a pair of definitions that was compared."""
        return self._gaps.get(pair, [])

    def _start_work(self) -> None:
        """Bound the work on the next pair."""
        self._spent += self._work
        self._work, self._apart.left = 0, _MOST_WORK
        self._most = max(_LEAST_WORK, min(_MOST_WORK, _MOST_WORK_IN_ALL - self._spent))

    def _settle(self) -> None:
        """Look at pairs until none is left to be looked at: those that are new, then those whose ground is gone."""
        while self._todo or self._again:
            if self._todo:
                pair = self._todo.popleft()
            else:
                pair = next(iter(self._again))
                del self._again[pair]
            before = self._gaps.get(pair, [])
            self._start_work()
            self._current = pair
            found = self._compare_pair(pair)
            self._current = None
            self._gaps[pair] = _join_gaps(before, found)
            if found and not before:
                self._age += 1
                self._turned[pair] = self._age
                self._again.update(dict.fromkeys(user for user in self._users.get(pair, ()) if user in self._gaps))

    def _compare_pair(self, pair: Pair) -> list[Gap]:
        sent, received = pair
        if isinstance(sent, str) and isinstance(received, str):
            return self._compare_definitions(sent, received)
        return self._compare_all(self._forms(self.sender, sent), self._forms(self.receiver, received))

    @staticmethod
    def _forms(side: SchemaSide, name: Side) -> tuple[Canonical | None, ...]:
        if isinstance(name, str):
            return side.definition_forms(name)
        return (name,)

    def _compare_definitions(self, sent: str, received: str) -> list[Gap]:
        if self._sameness.of_definitions(sent, received):
            return []
        gaps = self._congruence.find_gaps(self.sender.definition(sent), self.receiver.definition(received))
        if gaps is not None:
            return gaps
        return self._compare_all(self.sender.definition_forms(sent), self.receiver.definition_forms(received))

    def _differ_elsewhere(self, value: JsonValue, sent: JsonValue, received: JsonValue) -> bool:
        """Return whether a sender's and a receiver's schema differ only in properties that values of another lack."""
        form = self.sender.form(self.sender.look_up(value))
        view = form.view() if form is not None else None
        names = names_of(view.property_names) if isinstance(view, ObjectView) else None
        if names is None or names.patterns:
            return False
        return self._sameness.of_objects(
            self.sender.unsealed().look_up(sent), self.receiver.unsealed().look_up(received), names.literals
        )

    def _compare_schemas(self, sent: JsonValue, received: JsonValue) -> list[Gap]:
        """Compare two schemas of whole values, as their sides have them."""
        gaps = self._congruence.find_gaps(sent, received)
        if gaps is not None:
            return gaps
        return self._compare_schema_forms(sent, received)

    def _compare_schema_forms(self, sent: JsonValue, received: JsonValue) -> list[Gap]:
        return self._compare_all(self.sender.forms(sent), self.receiver.forms(received))

    def _has_narrowed_schema(self, sent: JsonValue, received: JsonValue) -> bool:
        one, other = name_of(sent), name_of(received)
        if one and other:
            return self.has_narrowed(one, other)
        return self._sameness.of_schemas(sent, received)

    def _are_apart(self, sent: JsonValue, received: JsonValue) -> bool:
        one, other = self.sender.form(sent), self.receiver.form(received)
        return one is not None and other is not None and self._apart.are_disjoint(one, other)

    def _rely_on_definitions(self, sent: str, received: str) -> list[Gap]:
        return self._rely(sent, received, None, None)

    def _compare_all(self, sent: Iterable[Canonical | None], received: Iterable[Canonical | None]) -> list[Gap]:
        """Compare forms that hold together: each of the receiver's has to admit what one of the sender's does."""
        senders = [form for form in sent if form is not None]
        gaps: list[Gap] = []
        for form in received:
            if form is None:
                gaps.append(Gap("", next(iter(senders), None)))
            elif not senders:
                gaps.append(Gap("", None, form))
            else:
                tried = [self.compare(each, form) for each in senders]
                if all(tried):
                    gaps += find_nearest(tried)
        return gaps

    def compare_part(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare the forms of parts of values: below them, what was relied on may be relied on again."""
        self._parts_around += 1
        gaps = self.compare(sent, received)
        self._parts_around -= 1
        return gaps

    def compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare two forms; nothing where everything that is sent is proven to be accepted."""
        known = self._compared.get((sent, received))
        if known is not None and self._holds_still(known):
            self._note_reliance(known.relied_on)
            return known.gaps
        self._work += 1
        if self._work > self._most or self._deep > _DEEPEST:
            return [Gap("", sent, received)]
        outer, self._relied_on = self._relied_on, set()
        self._deep += 1
        gaps = self._compare(sent, received)
        self._deep -= 1
        relied_on = frozenset(self._relied_on)
        self._relied_on = outer | relied_on
        if self._work <= self._most:
            self._compared[sent, received] = _Compared(gaps, relied_on, self._age)
        return gaps

    def _holds_still(self, known: _Compared) -> bool:
        if known.age == self._age:
            return True
        return all(self._turned.get(pair, 0) <= known.age for pair in known.relied_on)

    def _note_reliance(self, pairs: frozenset[Pair]) -> None:
        self._relied_on |= pairs
        if self._current is not None:
            for pair in pairs:
                self._users.setdefault(pair, {})[self._current] = None

    def _compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        one, other = sent.view(), received.view()
        if isinstance(other, TrueView) or isinstance(one, FalseView) or is_unsatisfiable(sent):
            return []
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self._rely(definition_name(one), definition_name(other), sent, received)
        if isinstance(one, ReferenceView):
            return self._follow((definition_name(one), received), sent, received)
        if isinstance(other, ReferenceView):
            return self._follow((sent, definition_name(other)), sent, received)
        if not has_references(sent) and is_same(sent, received):
            return []
        return self._compare_views(sent, received)

    def _follow(self, pair: Pair, sent: Canonical, received: Canonical) -> list[Gap]:
        """
        Compare what a reference of one side leads to.

        One that leads to itself at once leads nowhere; where it does so in a part of the value, it may be relied on.
        """
        around = self._followed.get(pair)
        if around is not None and around < self._parts_around:
            return self._rely(*pair, sent, received)
        forms = self._forms(self.sender, pair[0])
        if around is not None or None in forms:
            return [Gap("$ref", sent, received)]
        self._followed[pair] = self._parts_around
        try:
            return self._compare_all(forms, self._forms(self.receiver, pair[1]))
        finally:
            del self._followed[pair]

    def _rely(self, sent: Side, received: Side, one: Canonical | None, other: Canonical | None) -> list[Gap]:
        """Take a pair for contained, until it turns out not to be."""
        pair = (sent, received)
        self._note_reliance(frozenset((pair,)))
        if pair not in self._known:
            self._known.add(pair)
            self._todo.append(pair)
        if self._gaps.get(pair):
            return [Gap("$ref", one, other, pair=pair)]
        return []

    def _compare_views(self, sent: Canonical, received: Canonical) -> list[Gap]:  # noqa: PLR0911 - a line for each kind
        one, other = sent.view(), received.view()
        if isinstance(one, ConstView | EnumView):
            return self._values.compare(sent, received)
        if isinstance(other, AllOfView):
            return [gap for branch in other.branches for gap in self.compare(sent, branch)]
        if isinstance(other, TypedGroupView):
            typed = of_type(other.type_name)
            return [*self.compare(sent, typed), *self.compare(sent, other.body)]
        if isinstance(one, MultiTypeView):
            parts = [of_type(type_) for type_ in one.types]
            if len(parts) > 1:
                return [gap for part in parts for gap in self.compare(part, received)]
        if isinstance(one, AnyOfView | OneOfView):
            return self._alternatives.compare_branches(sent, one.branches, received)
        if isinstance(one, AllOfView):
            return self._alternatives.compare_conjunction(sent, one.branches, received)
        if isinstance(one, TypedGroupView):
            return self._alternatives.compare_conjunction(sent, [of_type(one.type_name), one.body], received)
        if isinstance(other, AnyOfView):
            return self._alternatives.compare_with_any(sent, received, other.branches)
        if isinstance(other, OneOfView):
            return self._alternatives.compare_with_one(sent, received, other.branches)
        if isinstance(other, NotView):
            return [] if self._apart.are_disjoint(sent, other.schema) else self._undecided(sent, received, "not")
        if isinstance(one, TrueView | NotView | RawView) or isinstance(other, RawView):
            return self._undecided(sent, received, "type" if isinstance(one, TrueView) else "")
        return self._compare_typed(sent, received)

    def _undecided(self, sent: Canonical, received: Canonical, keyword: str) -> list[Gap]:
        """Ask jsonschema-rs, where no reference has to be followed."""
        answer = self.ask(sent, received)
        if answer is True:
            return []
        return [Gap(keyword, sent, received, is_certain=answer is False)]

    @staticmethod
    def ask(sent: Canonical, received: Canonical) -> bool | None:
        """Ask jsonschema-rs whether one form is within the other; None where it can't say."""
        if has_references(sent) or has_references(received):
            return None
        return covers(received, sent)

    def _compare_typed(self, sent: Canonical, received: Canonical) -> list[Gap]:
        one, other = sent.view(), received.view()
        types = types_of(sent)
        if isinstance(other, MultiTypeView):
            admitted = {*other.types, *(("integer",) if "number" in other.types else ())}
            if types is not None and types <= admitted:
                return []
            return [Gap("type", sent, received, is_certain=True)]
        if isinstance(other, ConstView | EnumView):
            if types in ({"boolean"}, {"null"}):
                return self._values.compare_finite(sent, received, types)
            return self._undecided(sent, received, "enum")
        accepted = types_of(received)
        if types is not None and accepted is not None and not types & widened(accepted):
            return [Gap("type", sent, received, is_certain=True)]
        if isinstance(other, StringView) and types == {"string"}:
            return find_string_gaps(sent, received, self.ask)
        if isinstance(other, IntegerView | NumberView) and types is not None and types <= {"integer", "number"}:
            return find_number_gaps(sent, received, self.ask)
        if isinstance(other, ArrayView) and types == {"array"}:
            return self._parts.compare_arrays(sent, one if isinstance(one, ArrayView) else None, received, other)
        if isinstance(other, ObjectView) and types == {"object"}:
            return self._parts.compare_objects(sent, one if isinstance(one, ObjectView) else None, received, other)
        return self._undecided(sent, received, "")

    @cached_property
    def _reverse(self) -> "Containment":
        """The same comparison the other way round, of the schemas as they are written."""
        made = Containment(
            self.receiver.unsealed(), self.sender.unsealed(), lambda one, other: self.is_unchanged(other, one)
        )
        back = self
        if self.sender.is_sealed or self.receiver.is_sealed:
            back = Containment(self.sender.unsealed(), self.receiver.unsealed(), self.is_unchanged)
            back._reverse = made
        made._reverse = back
        return made

    def has_narrowed(self, sent: str, received: str) -> bool:
        """Return whether a receiver's definition is proven to be within a sender's, both as they are written."""
        base = self.sender.base_name(sent)
        return self._sameness.of_definitions(base, received) or self._reverse.contains(received, base)

    def contains(self, sent: str, received: str) -> bool:
        """Return whether a definition of the sender's is proven to be within one of the receiver's."""
        if self._current is not None:
            return False  # it is asked for while others are compared
        pair = (sent, received)
        if pair not in self._known:
            self._known.add(pair)
            self._todo.append(pair)
        self._settle()
        return not self._gaps[pair]

    def is_alike(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether two forms say the same."""
        one, other = sent.view(), received.view()
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self._sameness.of_definitions(definition_name(one), definition_name(other))
        return not has_references(sent) and is_same(sent, received)


def _join_gaps(before: list[Gap], found: list[Gap]) -> list[Gap]:
    """Join gaps that were found at different times: what shows them may be among the first."""
    return list({gap.identity: gap for gap in (*found, *before)}.values())[:_MOST_GAPS]
