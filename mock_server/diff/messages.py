"""
One part of a message that has a schema: is what the sender sends within what the receiver accepts?

The proof is tried first. Where it leaves gaps, values are made for each until one is found that two judges, who share
no code, find right by the sender's schema and wrong by the receiver's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NamedTuple

import orjson

from mock_server.diff.policy import MessagePolicy
from mock_server.diff.proof.containment import Containment
from mock_server.diff.proof.gaps import Gap
from mock_server.diff.proof.samples import NoSample, Samples
from mock_server.diff.proof.sides import SchemaSide
from mock_server.diff.proof.wire import Writing, as_written
from mock_server.document.model import MISSING, Missing
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UnsatisfiableSchema
from mock_server.generate.edges.steps import apply_step, iter_steps
from mock_server.generate.engine import Engine
from mock_server.json_values import JsonValue, Pointer
from mock_server.schema.assertions import SecondJudge
from mock_server.schema.bundle import Bundle
from mock_server.schema.canonical import IntegerView
from mock_server.schema.dialect import Direction
from mock_server.schema.validate import Validator, Violation

_MOST_TRIED: Final = 100  # values for one gap
_MOST_LEAF_VALUES: Final = 24  # values at its end
_MOST_WIDE_SEARCHES: Final = (
    30  # of one direction: what one search does not find at a shared schema, the next seldom does
)
_MOST_STEPS: Final = 60  # changes of one good value, where the gaps gave nothing
_MOST_LEAVES: Final = 12  # of one pair of schemas that are shown
_MOST_SORTED: Final = 400  # gaps of which the plain ones are looked at first
_MOST_INTEGERS: Final = 1_000  # of a schema whose values are all tried
_VARIANTS: Final = 4
_VAGUE: Final = frozenset(("", "$ref", "allOf", "anyOf", "not", "oneOf"))  # keywords that say little of a value


class RefusedValue(NamedTuple):
    """A value that the sender's schema allows and the receiver's refuses."""

    value: JsonValue
    violations: tuple[Violation, ...]  # of the receiver's schema


@dataclass(frozen=True, slots=True, eq=False)
class SchemaDifference:
    """One difference between two schemas that was not proven to be harmless."""

    gap: Gap
    refused: RefusedValue | None
    tried: int = 0
    reason: str = ""  # why nothing is known, where there is no value
    sent: Node | None = None  # the definition of the sender's that differs, where many places may lead to it
    received: Node | None = None  # that of the receiver's

    @property
    def inside(self) -> Pointer:
        """The properties and items on the way to the difference."""
        return tuple(step.token for step in self.gap.path)


class Judges:
    """Two judges of one side's schema."""

    def __init__(self, side: SchemaSide, bundle: Bundle) -> None:
        """
        Compile a schema as it is written, and as the side has it.

        Raises:
            SchemaError: it can't be compiled.
        """
        self.own = side.own_bundle(bundle)
        self.bundles = [bundle] if self.own is bundle else [bundle, self.own]
        self.first = [Validator(each) for each in self.bundles]
        self._second: list[SecondJudge] = []

    @property
    def second(self) -> list[SecondJudge]:
        """The judges of the `jsonschema` package, made when they are first needed."""
        if not self._second:
            self._second = [SecondJudge(each) for each in self.bundles]
        return self._second

    def accept(self, value: JsonValue) -> bool:
        """Return whether the first judge accepts a value."""
        return all(judge.is_valid(value) for judge in self.first)

    def confirm(self, value: JsonValue) -> bool:
        """Return whether the second judge accepts a value."""
        return all(judge.is_valid(value) for judge in self.second)


@dataclass(eq=False, repr=False)
class SchemaComparer:
    """Compares the schemas of two documents in one direction."""

    sender: SchemaSide
    receiver: SchemaSide
    is_unchanged: Callable[[Node, Node], bool]  # whether two places say the same: the sender's, the receiver's
    _known: dict[tuple[object, ...], list[SchemaDifference]] = field(default_factory=dict)
    _alike: dict[tuple[bytes, ...], list[SchemaDifference]] = field(default_factory=dict)
    _second: dict[object, SecondJudge | None] = field(default_factory=dict)
    _wide_searches: int = 0  # that were made, where no value that was made for a gap shows it

    def __post_init__(self) -> None:
        """Prepare what all comparisons share."""
        self._containment = Containment(self.sender, self.receiver, self.is_unchanged)
        self._samples = Samples(self.sender)

    def compare(self, sent: Node | None, received: Node, writing: Writing = Writing.JSON) -> list[SchemaDifference]:
        """
        Compare two schemas; nothing where everything that is sent is proven to be accepted.

        Args:
            sent: The sender's; None where it says nothing.
            received: The receiver's.
            writing: How the values are written.

        Raises:
            UnusableSchema: one of them can't be read.
        """
        key = (sent.key if sent is not None else None, received.key, writing)
        is_plain = sent is not None and writing is not Writing.ITEM and not self.receiver.is_sealed
        if key not in self._known and is_plain and sent is not None and self.is_unchanged(sent, received):
            self._known[key] = []
        if key not in self._known:
            wanted = as_written(self.receiver.bundle(received), writing)
            given = self.sender.bundle(sent) if sent is not None else Bundle({}, received, {})
            self._known[key] = self._compare_once(given, wanted)
        return self._known[key]

    def _compare_once(self, sent: Bundle, received: Bundle) -> list[SchemaDifference]:
        """Compare two schemas, once for all places that refer to the same definitions."""
        try:
            key = tuple(orjson.dumps(SchemaSide.root(bundle)) for bundle in (sent, received))
        except TypeError:  # a number beyond 64 bits
            return self._compare(sent, received)
        if key not in self._alike:
            self._alike[key] = self._compare(sent, received)
        return self._alike[key]

    @staticmethod
    def give_up(reason: str) -> SchemaDifference:
        """Return the difference of schemas that can't be compared."""
        return SchemaDifference(Gap(""), None, reason=reason)

    def iter_examples(self, sent: Node) -> Iterator[JsonValue]:
        """
        Yield values that the sender may send, the small ones first.

        Raises:
            UnusableSchema: the schema can't be read.
        """
        bundle = self.sender.bundle(sent)
        judge = Validator(bundle)
        own = self.sender.own(self.sender.root(bundle))
        for form in self.sender.forms(own):
            for size in (0, 1, 2, 3):
                for variant in range(6):
                    try:
                        value = self._samples.make_sized(form, size, variant) if form is not None else None
                    except NoSample:
                        continue
                    if judge.is_valid(value):
                        yield value

    def list_integers(self, sent: Node) -> range | None:
        """
        List all values of a sender's schema of few integers; None for others.

        Raises:
            UnusableSchema: the schema can't be read.
        """
        forms = self.sender.forms(self.sender.own(self.sender.root(self.sender.bundle(sent))))
        view = forms[0].view() if len(forms) == 1 and forms[0] is not None else None
        if not isinstance(view, IntegerView) or view.minimum is None or view.maximum is None:
            return None
        values = range(int(view.minimum), int(view.maximum) + 1)
        return values if len(values) <= _MOST_INTEGERS and not view.multiple_of else None

    def confirm(self, side: SchemaSide, node: Node, value: JsonValue) -> bool:
        """Return whether the second judge accepts a value by a schema of a side; True where it can't be asked."""
        key = (side.is_sender, node.key)
        if key not in self._second:
            try:
                self._second[key] = SecondJudge(side.bundle(node))
            except SchemaError:
                self._second[key] = None
        judge = self._second[key]
        return judge is None or judge.is_valid(value)

    def make_example(self, sent: Node) -> JsonValue:
        """
        Make a value that the sender may send.

        Raises:
            SchemaError: none was found.
        """
        found = next(self.iter_examples(sent), MISSING)
        if isinstance(found, Missing):
            raise UnsatisfiableSchema(sent.place, "no value was found that satisfies it", proven=False)
        return found

    def _compare(self, sent: Bundle, received: Bundle) -> list[SchemaDifference]:
        gaps = self._containment.find_gaps(sent, received)
        if not gaps:
            return []
        try:
            senders, receivers = Judges(self.sender, sent), Judges(self.receiver, received)
        except SchemaError as error:
            return [SchemaDifference(gaps[0], None, reason=str(error))]
        search = _Search(senders, receivers, self._samples, self.receiver)
        leaves = sorted(islice(self._leaves(gaps), _MOST_SORTED), key=_is_vague)
        found = [self._locate(search.look(gap)) for gap in leaves[:_MOST_LEAVES]]
        shown = [each for each in found if each.refused is not None]
        if shown:
            return shown
        self._wide_searches += 1
        if self._wide_searches <= _MOST_WIDE_SEARCHES:
            whole = search.look_around(found[0].gap)
            if whole is not None:
                return [whole]
        return [min(found, key=lambda each: each.tried)]

    def _locate(self, difference: SchemaDifference) -> SchemaDifference:
        """Add where the definitions that differ are written."""
        sent, received = difference.gap.home or ("", "")
        return replace(difference, sent=self.sender.find_origin(sent), received=self.receiver.find_origin(received))

    def _leaves(self, gaps: list[Gap]) -> Iterator[Gap]:
        """Yield the gaps behind pairs of definitions, the nearest first."""
        todo, seen = list(gaps), set[object]()
        given: set[tuple[object, ...]] = set()
        while todo:
            gap = todo.pop(0)
            if gap.pair is None:
                key = (gap.keyword, gap.absent, *(step.token for step in gap.path))
                if key not in given:
                    given.add(key)
                    yield gap
            elif gap.pair not in seen:
                seen.add(gap.pair)
                inner = self._containment.gaps_of(gap.pair)
                todo += [
                    replace(
                        each,
                        path=gap.path + each.path,
                        route=gap.route + each.route,
                        home=gap.pair if each.pair is None else None,
                    )
                    for each in inner
                ]


def _is_vague(gap: Gap) -> bool:
    return gap.keyword in _VAGUE


@dataclass(eq=False, repr=False)
class _Search:
    """Looks for values that the sender's schema allows and the receiver's refuses."""

    senders: Judges
    receivers: Judges
    samples: Samples
    receiver: SchemaSide
    tried: int = 0

    def look(self, gap: Gap) -> SchemaDifference:
        """Look for a value that shows a gap."""
        before = self.tried
        for value in islice(self._values(gap), _MOST_TRIED):
            refused = self._refused(value)
            if refused is not None:
                return SchemaDifference(gap, refused)
        return SchemaDifference(gap, None, self.tried - before, "no value was found that shows it")

    def _values(self, gap: Gap) -> Iterator[JsonValue]:
        leaves = list(islice(self.samples.leaves(gap, self.receiver), _MOST_LEAF_VALUES))
        for variant in range(_VARIANTS if gap.path else 1):
            for leaf in leaves:
                try:
                    yield self.samples.around(gap, leaf, variant, full=variant == _VARIANTS - 1)
                except NoSample:
                    continue

    def _refused(self, value: JsonValue) -> RefusedValue | None:
        self.tried += 1
        if not self.senders.accept(value) or self.receivers.accept(value):
            return None
        try:
            if not self.senders.confirm(value) or self.receivers.confirm(value):
                return None
        except SchemaError:
            return None
        violations = [each for judge in self.receivers.first for each in judge.check(value, limit=4)]
        return RefusedValue(value, tuple(violations))

    def look_around(self, gap: Gap) -> SchemaDifference | None:
        """Look among the edge cases of both schemas, from good values of the sender's."""
        bases: list[JsonValue] = []
        for form in self.samples.side.forms(self.samples.side.own(self.samples.side.root(self.senders.bundles[0]))):
            for variant in range(2):
                try:
                    bases.append(self.samples.make(form, variant, full=variant > 0) if form is not None else {})
                except NoSample:
                    continue
        for base in bases:
            if not self.senders.accept(base):
                continue
            for judges in (self.senders, self.receivers):
                for step in islice(iter_steps(judges.own, base, judges.first[-1]), _MOST_STEPS):
                    refused = self._refused(apply_step(base, step.pointer, step.part))
                    if refused is not None:
                        return SchemaDifference(gap, refused)
        return None


def open_comparer(
    sender: Engine,
    receiver: Engine,
    direction: Direction,
    policy: MessagePolicy,
    is_unchanged: Callable[[Node, Node], bool],
) -> SchemaComparer:
    """Prepare the comparison of what one document sends with what the other accepts."""
    return SchemaComparer(
        SchemaSide(sender, direction, is_sender=True, is_sealed=policy.seals(direction, is_sender=True)),
        SchemaSide(receiver, direction, is_sender=False, is_sealed=policy.seals(direction, is_sender=False)),
        is_unchanged,
    )
