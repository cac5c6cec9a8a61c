"""
Whether everything that a sender may send is accepted by a receiver: a proof, or the gaps that it leaves.

Schemas are compared by their canonical forms, keyword by keyword. A pair of definitions is taken for contained until
it turns out not to be, and everything that relied on it is looked at again: what is left at the end is the greatest
solution, which is right since JSON values are finite (coinduction). So recursion ends, and a definition that hundreds
of places share is compared once.

Every rule here errs on the side of a gap: nothing is called contained without a proof. A gap is no proof of the
contrary; `witness` looks for a message.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.diff.policy import DEFINITIONS
from mock_server.diff.proof.apart import Apart
from mock_server.diff.proof.congruence import Congruence
from mock_server.diff.proof.forms import (
    definition_name,
    has_references,
    of_type,
    types_of,
    values_of,
    widened,
)
from mock_server.diff.proof.gaps import Gap
from mock_server.diff.proof.parts import PartComparer
from mock_server.diff.proof.scalars import find_number_gaps, find_string_gaps
from mock_server.diff.proof.sides import SchemaSide
from mock_server.document.references import Node
from mock_server.json_values import JsonObject, JsonValue, same_json
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
    as_json,
    covers,
    find_intersection,
    is_same,
    is_unsatisfiable,
)
from mock_server.schema.types import is_type

_MOST_WORK: Final = 6_000  # comparisons of forms, for one pair of schemas
_MOST_WORK_IN_ALL: Final = 40_000  # for all pairs of two documents, which share what they refer to
_LEAST_WORK: Final = 300  # for each pair of schemas in any case
_DEEPEST: Final = 60  # comparisons, one in the other
_MOST_HOPS: Final = 20  # references, one to the other
_MOST_JUDGES: Final = 64  # that are kept: each has all that its form refers to
_MOST_GAPS: Final = 40  # of one pair of definitions
Pair = tuple[str, str]


def _may_be_of(form: Canonical, value: JsonValue) -> bool:
    """Return whether a value has a type that a form has values of."""
    types = types_of(form)
    return types is None or any(is_type(value, type_) for type_ in widened(types))


def _never(old: Node, new: Node) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Compared:
    """What was found out about two forms, as long as no pair of definitions turns out otherwise."""

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
    _users: dict[Pair, set[Pair]] = field(default_factory=dict)  # by pair: those that relied on it
    _todo: list[Pair] = field(default_factory=list)
    _known: set[Pair] = field(default_factory=set)
    _same: dict[Pair, bool] = field(default_factory=dict)
    _current: Pair | None = None
    _compared: dict[tuple[Canonical, Canonical], _Compared] = field(default_factory=dict)
    _relied_on: set[Pair] = field(default_factory=set)  # by what is compared now
    _followed: set[tuple[object, object]] = field(default_factory=set)  # references that are being followed
    _judges: "BoundedCache[Canonical, Callable[[JsonValue], bool] | None]" = field(
        default_factory=lambda: BoundedCache(_MOST_JUDGES)
    )
    _age: int = 0  # rises when a pair turns out not to be contained
    _deep: int = 0  # comparisons, one in the other
    _work: int = 0  # comparisons for the schemas that are compared now
    _most: int = _MOST_WORK  # of them
    _spent: int = 0  # comparisons for schemas before

    def __post_init__(self) -> None:
        """Prepare the comparisons of what has parts."""
        self._apart = Apart(self.sender, self.receiver)
        self._parts = PartComparer(self)
        self._congruence = Congruence(
            self._compare_written,
            self._rely_on_definitions,
            self._is_written_same,
            lambda sent, received: self._reverse.contains(sent, received),  # noqa: PLW0108 - made when it is needed
            lambda schema: self.sender.form(self.sender.own(schema)),
        )

    def find_gaps(self, sent: Bundle, received: Bundle) -> list[Gap]:
        """
        Compare two schemas.

        Args:
            sent: As the sender's document has it.
            received: As the receiver's has it.
        """
        one, other = self.sender.root(sent), self.receiver.root(received)
        if self._is_written_same(one, other):
            return []
        self._spent += self._work
        self._work, self._apart.left = 0, _MOST_WORK
        self._most = max(_LEAST_WORK, min(_MOST_WORK, _MOST_WORK_IN_ALL - self._spent))
        while True:
            gaps = self._compare_written(one, other)
            if not self._todo:
                return gaps[:_MOST_GAPS]
            self._settle()

    def gaps_of(self, pair: Pair) -> list[Gap]:
        """Return the gaps of a pair of definitions that was compared."""
        return self._gaps.get(pair, [])

    def _settle(self) -> None:
        """Look at pairs until none is left to be looked at."""
        while self._todo:
            pair = self._todo.pop()
            before = bool(self._gaps.get(pair))
            self._current = pair
            found = self._compare_definitions(pair)
            self._current = None
            self._gaps[pair] = found[:_MOST_GAPS]
            if found and not before:
                self._age += 1
                again = self._users.get(pair, set())
                self._todo.extend(user for user in again if user not in self._todo)

    def _compare_definitions(self, pair: Pair) -> list[Gap]:
        sent, received = pair
        if self._is_alike_definition(sent, received):
            return []
        if self._receives_plainly():
            one, other = self.sender.definitions.get(sent), self.receiver.definitions.get(received)
            gaps = self._congruence.find_gaps(one, other)
            if gaps is not None:
                return gaps
        return self._compare_all(self.sender.definition_forms(sent), self.receiver.definition_forms(received))

    def _compare_written(self, sent: JsonValue, received: JsonValue) -> list[Gap]:
        """Compare two schemas of whole values, as their documents have them."""
        gaps = self._congruence.find_gaps(sent, received) if self._receives_plainly() else None
        if gaps is not None:
            return gaps
        return self._compare_all(
            self.sender.forms(self.sender.own(sent)), self.receiver.forms(self.receiver.own(received))
        )

    def _rely_on_definitions(self, sent: str, received: str) -> list[Gap]:
        return self._rely(sent, received, None, None)

    def _compare_all(self, sent: Iterable[Canonical | None], received: Iterable[Canonical | None]) -> list[Gap]:
        """Compare forms that hold together: each of the receiver's has to admit what one of the sender's does."""
        senders = [form for form in sent if form is not None]
        gaps: list[Gap] = []
        for form in received:
            if form is None:
                gaps.append(Gap("", senders[0] if senders else None))
            elif not senders:
                gaps.append(Gap("", None, form))
            else:
                tried = [self.compare(each, form) for each in senders]
                if all(tried):
                    gaps += _nearest(tried)
        return gaps

    def _is_unchanged_definition(self, sent: str, received: str) -> bool:
        one, other = self.sender.origins.get(sent), self.receiver.origins.get(received)
        if one is None or other is None or not self._receives_plainly():
            return False
        return self.is_unchanged(one, other)

    def _is_same_definition(self, sent: str, received: str) -> bool:
        """Return whether two definitions are written the same, with all that they refer to."""
        todo, seen = [(sent, received)], set[Pair]()
        while todo:
            pair = todo.pop()
            if pair in seen or self._same.get(pair):
                continue
            if pair in self._same:
                break
            seen.add(pair)
            one, other = self.sender.definitions.get(pair[0]), self.receiver.definitions.get(pair[1])
            inside = list(iter_pairs(one, other))
            if None in inside or not self._receives_plainly():
                self._same[pair] = self._same[sent, received] = False
                return False
            todo.extend(pair for pair in inside if pair is not None)
        else:
            self._same.update(dict.fromkeys(seen, True))
            return True
        self._same[sent, received] = False
        return False

    def _is_written_same(self, one: JsonValue, other: JsonValue) -> bool:
        if not self._receives_plainly():
            return False
        return all(pair is not None and self._is_alike_definition(*pair) for pair in iter_pairs(one, other))

    def _is_alike_definition(self, sent: str, received: str) -> bool:
        base = self.sender.base_name(sent)
        return self._is_same_definition(base, received) or self._is_unchanged_definition(base, received)

    def _receives_plainly(self) -> bool:
        """Return whether the receiver's definition is not sealed, or the sender's is as well."""
        return not self.receiver.is_sealed or self.sender.is_sealed

    def compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare two forms; nothing where everything that is sent is proven to be accepted."""
        known = self._compared.get((sent, received))
        if known is not None and known.age == self._age:
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
        self._compared[sent, received] = _Compared(gaps, relied_on, self._age)
        return gaps

    def _note_reliance(self, pairs: frozenset[Pair]) -> None:
        self._relied_on |= pairs
        if self._current is not None:
            for pair in pairs:
                self._users.setdefault(pair, set()).add(self._current)

    def _compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        one, other = sent.view(), received.view()
        if isinstance(other, TrueView) or isinstance(one, FalseView) or is_unsatisfiable(sent):
            return []
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self._rely(definition_name(one), definition_name(other), sent, received)
        if isinstance(one, ReferenceView):
            return self._from_definition(definition_name(one), sent, received)
        if isinstance(other, ReferenceView):
            return self._to_definition(definition_name(other), sent, received)
        if not has_references(sent) and is_same(sent, received):
            return []
        return self._compare_views(sent, received)

    def _from_definition(self, name: str, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare what a reference of the sender leads to; one that leads to itself at once leads nowhere."""
        forms = self.sender.definition_forms(name)
        if None in forms or (name, received) in self._followed:
            return [Gap("$ref", sent, received)]
        self._followed.add((name, received))
        try:
            return self._compare_all(forms, (received,))
        finally:
            self._followed.discard((name, received))

    def _to_definition(self, name: str, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare with what a reference of the receiver leads to."""
        if (sent, name) in self._followed:
            return [Gap("$ref", sent, received)]
        self._followed.add((sent, name))
        try:
            return self._compare_all((sent,), self.receiver.definition_forms(name))
        finally:
            self._followed.discard((sent, name))

    def _rely(self, sent: str, received: str, one: Canonical | None, other: Canonical | None) -> list[Gap]:
        """Take a pair of definitions for contained, until it turns out not to be."""
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
            return self._compare_values(sent, received)
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
            return self._compare_branches(sent, one.branches, received)
        if isinstance(one, AllOfView):
            return self._compare_conjunction(sent, one.branches, received)
        if isinstance(one, TypedGroupView):
            return self._compare_conjunction(sent, [of_type(one.type_name), one.body], received)
        if isinstance(other, AnyOfView):
            return self._compare_with_any(sent, received, other.branches)
        if isinstance(other, OneOfView):
            return self._compare_with_one(sent, received, other.branches)
        if isinstance(other, NotView):
            return [] if self._apart.are_disjoint(sent, other.schema) else self._undecided(sent, received, "not")
        if isinstance(one, TrueView | NotView | RawView) or isinstance(other, RawView):
            return self._undecided(sent, received, "type" if isinstance(one, TrueView) else "")
        return self._compare_typed(sent, received)

    def _undecided(self, sent: Canonical, received: Canonical, keyword: str) -> list[Gap]:
        """Ask jsonschema-rs, where no reference has to be followed."""
        answer = self._ask(sent, received)
        if answer is True:
            return []
        return [Gap(keyword, sent, received, is_certain=answer is False)]

    @staticmethod
    def _ask(sent: Canonical, received: Canonical) -> bool | None:
        if has_references(sent) or has_references(received):
            return None
        return covers(received, sent)

    def _compare_values(self, sent: Canonical, received: Canonical) -> list[Gap]:
        refused = [value for value in values_of(sent) if not self.accepts(received, value)]
        if refused:
            return [Gap("enum", sent, received, candidates=tuple(refused), is_certain=True)]
        return []

    def accepts(self, received: Canonical, value: JsonValue, hops: int = 0) -> bool:
        """Return whether the receiver accepts a value; False where that can't be told, too."""
        view = received.view()
        if isinstance(view, ConstView | EnumView):
            return any(same_json(value, each) for each in values_of(received))
        if isinstance(view, MultiTypeView):
            return any(is_type(value, type_) for type_ in view.types)
        if not isinstance(value, dict | list):
            # Without compiling all that the form refers to: no part of the value is looked at.
            if not _may_be_of(received, value) or hops > _MOST_HOPS:
                return False
            if isinstance(view, AnyOfView):
                return any(self.accepts(branch, value, hops) for branch in view.branches)
            if isinstance(view, ReferenceView):
                forms = self.receiver.definition_forms(definition_name(view))
                return all(form is not None and self.accepts(form, value, hops + 1) for form in forms)
        judge = self._judge_of(received)
        return judge is not None and judge(value)

    def _judge_of(self, received: Canonical) -> Callable[[JsonValue], bool] | None:
        """Compile a form of the receiver's; those that were asked for lately are kept."""
        if received not in self._judges:
            written = as_json(received.to_json_schema())
            plain: JsonObject = {}
            if isinstance(written, dict):
                plain = {key: part for key, part in written.items() if key not in {"$defs", "$schema"}}
            self._judges[received] = self.receiver.judge(plain)
        return self._judges[received]

    def _compare_branches(self, sent: Canonical, branches: list[Canonical], received: Canonical) -> list[Gap]:
        other = received.view()
        if isinstance(sent.view(), OneOfView) and isinstance(other, OneOfView):
            gaps = self._compare_choices(branches, other.branches)
            if not gaps:
                return []
        found: list[Gap] = []
        for branch in branches:
            found += self.compare(branch, received)
        if found and self._ask(sent, received):
            return []
        return found

    def _compare_choices(self, sent: list[Canonical], received: list[Canonical]) -> list[Gap]:
        """
        Compare `oneOf` with `oneOf`: what one alternative admits, only one of the receiver's may.

        A value of the sender's is of one alternative only, so that it is of none that the receiver has like the
        sender's others.
        """
        counterparts = [self._find_counterpart(sent, rival, at) for at, rival in enumerate(received)]
        gaps: list[Gap] = []
        for index, branch in enumerate(sent):
            likely = [at for at, counterpart in enumerate(counterparts) if counterpart == index]
            tried: list[list[Gap]] = []
            for at in (*likely, *(at for at in range(len(received)) if at not in likely)):
                tried.append(self._compare_choice(branch, index, received, at, counterparts))
                if not tried[-1] or at in likely:
                    break
            gaps += _nearest(tried)
        return gaps

    def _find_counterpart(self, sent: list[Canonical], rival: Canonical, at: int) -> int | None:
        """Find the alternative of the sender's that has all that one of the receiver's has."""
        if at < len(sent) and self._has_narrowed(sent[at], rival):
            return at
        return next((index for index, each in enumerate(sent) if self.is_alike(each, rival)), None)

    def _compare_choice(
        self, branch: Canonical, index: int, received: list[Canonical], at: int, counterparts: list[int | None]
    ) -> list[Gap]:
        """Compare an alternative with one of the receiver's: its values have to be of that one, and of no other."""
        gaps = self.compare(branch, received[at])
        for other, rival in enumerate(received):
            if other == at or counterparts[other] not in {None, index}:
                continue
            if not self._apart.are_disjoint(branch, rival):
                gaps = [*gaps, Gap("oneOf", branch, rival)]
        return gaps

    def _has_narrowed(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether all that an alternative of the receiver's admits is admitted by one of the sender's."""
        one, other = sent.view(), received.view()
        if self.is_alike(sent, received):
            return True
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self._reverse.contains(definition_name(other), self.sender.base_name(definition_name(one)))
        return False

    @cached_property
    def _reverse(self) -> "Containment":
        """The same comparison the other way round, of the schemas as they are written."""
        return Containment(
            self.receiver.unsealed(), self.sender.unsealed(), lambda one, other: self.is_unchanged(other, one)
        )

    def contains(self, sent: str, received: str) -> bool:
        """Return whether a definition of the sender's is proven to be within one of the receiver's."""
        pair = (sent, received)
        if pair not in self._known:
            self._known.add(pair)
            self._todo.append(pair)
        self._settle()
        return not self._gaps[pair]

    def is_alike(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether two forms stand for the same schema, as it is written."""
        one, other = sent.view(), received.view()
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self._is_same_definition(self.sender.base_name(definition_name(one)), definition_name(other))
        return not has_references(sent) and is_same(sent, received)

    def _compare_conjunction(self, sent: Canonical, branches: list[Canonical], received: Canonical) -> list[Gap]:
        tried = [self.compare(branch, received) for branch in branches]
        if not all(tried):
            return []
        merged = self.merge(branches)
        if merged is not None:
            return self.compare(merged, received)
        if self._ask(sent, received):
            return []
        return _nearest(tried)

    def merge(self, branches: list[Canonical]) -> Canonical | None:
        """Return the intersection of a sender's forms, references followed; None where it can't be written."""
        forms: list[Canonical] = []
        for branch in branches:
            view = branch.view()
            if isinstance(view, ReferenceView):
                named = self.sender.definition_forms(definition_name(view))
                if len(named) != 1 or named[0] is None:
                    return None
                forms.append(named[0])
            else:
                forms.append(branch)
        whole: Canonical | None = forms[0]
        for form in forms[1:]:
            whole = find_intersection(whole, form) if whole is not None else None
        if whole is None or isinstance(whole.view(), AllOfView | TypedGroupView | RawView):
            return None
        return whole

    def _compare_with_any(self, sent: Canonical, received: Canonical, branches: list[Canonical]) -> list[Gap]:
        tried: list[list[Gap]] = []
        for branch in branches:
            gaps = self.compare(sent, branch)
            if not gaps:
                return []
            if not self._apart.are_disjoint(sent, branch):
                tried.append(gaps)
        if self._ask(sent, received):
            return []
        if len(tried) == 1:
            return tried[0]
        nearest = _nearest(tried)
        return [Gap("anyOf", sent, received, is_certain=not tried), *nearest]

    def _compare_with_one(self, sent: Canonical, received: Canonical, branches: list[Canonical]) -> list[Gap]:
        nearest: list[Gap] | None = None
        for index, branch in enumerate(branches):
            if self._apart.are_disjoint(sent, branch):
                continue
            gaps = self.compare(sent, branch)
            if not gaps:
                others = [each for at, each in enumerate(branches) if at != index]
                shared = [each for each in others if not self._apart.are_disjoint(sent, each)]
                if not shared:
                    return []
                gaps = [Gap("oneOf", sent, each) for each in shared]
            nearest = gaps if nearest is None or len(gaps) < len(nearest) else nearest
        if self._ask(sent, received):
            return []
        own = Gap("oneOf", sent, received, is_certain=nearest is None)
        return [own, *(nearest or [])]

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
                return self._compare_finite(sent, received, types)
            return self._undecided(sent, received, "enum")
        accepted = types_of(received)
        if types is not None and accepted is not None and not types & widened(accepted):
            return [Gap("type", sent, received, is_certain=True)]
        if isinstance(other, StringView) and types == {"string"}:
            return find_string_gaps(sent, received, self._ask)
        if isinstance(other, IntegerView | NumberView) and types is not None and types <= {"integer", "number"}:
            return find_number_gaps(sent, received, self._ask)
        if isinstance(other, ArrayView) and types == {"array"}:
            return self._parts.compare_arrays(sent, one if isinstance(one, ArrayView) else None, received, other)
        if isinstance(other, ObjectView) and types == {"object"}:
            return self._parts.compare_objects(sent, one if isinstance(one, ObjectView) else None, received, other)
        return self._undecided(sent, received, "")

    def _compare_finite(self, sent: Canonical, received: Canonical, types: set[str]) -> list[Gap]:
        values: tuple[JsonValue, ...] = (True, False) if types == {"boolean"} else (None,)
        refused = tuple(value for value in values if not self.accepts(received, value))
        if refused:
            return [Gap("enum", sent, received, candidates=refused, is_certain=True)]
        return []


def iter_pairs(one: JsonValue, other: JsonValue) -> Iterator[Pair | None]:
    """
    Compare two schemas as they are written.

    Returns:
        The pairs of definitions that they refer to at the same places; None where they differ.
    """
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for keyword, value in one.items():
            if keyword == "$ref":
                yield str(value).removeprefix(DEFINITIONS), str(other[keyword]).removeprefix(DEFINITIONS)
            else:
                yield from iter_pairs(value, other[keyword])
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for item, each in zip(one, other, strict=True):
            yield from iter_pairs(item, each)
    elif isinstance(one, dict | list) or isinstance(other, dict | list) or not same_json(one, other):
        yield None


def _nearest(tried: list[list[Gap]]) -> list[Gap]:
    """Return the fewest gaps; of as many, those deeper in the value, which say more."""
    return min(tried, key=lambda gaps: (len(gaps), -max((len(gap.path) for gap in gaps), default=0)), default=[])
