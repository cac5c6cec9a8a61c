"""
The plan of coverage: every step that can be taken from a good request, one at a time or many at once.

A plan is a decision, not an act: it is the same for the same document and seed, whatever the provider answers.

What of the contract a run exercised: operations, statuses, media types, parameters, and keywords with their values.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.drafting.hostile import iter_hostile_steps
from mock_server.contract.model import Exchanged
from mock_server.document.model import MISSING, MediaType, Missing, Parameter, ParameterLocation
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import find_field
from mock_server.findings import Place
from mock_server.generate.edges.steps import EdgeStep, apply_step, iter_further_steps, iter_steps
from mock_server.generate.request import ParameterKey, RequestDraft
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue, Pointer
from mock_server.schema.dialect import Direction, Purpose

# Where hostile texts are put; a path with one would name something else on its way through proxies.
_WITH_HOSTILE = frozenset((ParameterLocation.QUERY,))
# Keywords whose edges leave a provider no room: what is listed or bounded is meant to be used.
EXPLICIT = frozenset(
    (
        "enum",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "properties",
        "presence",
    )
)


@dataclass(frozen=True, slots=True)
class Change:
    """One step from a good request."""

    key: ParameterKey | None  # of a parameter; None for the body
    pointer: Pointer  # in its value
    part: JsonValue | Missing
    keyword: str
    detail: str
    conforms: bool
    place: Place | None = None
    around: JsonValue | Missing = MISSING  # the whole value that holds the place, where the good request's does not

    @classmethod
    def make(cls, key: ParameterKey | None, step: EdgeStep, place: Place) -> "Change":
        """Make a change of a parameter, or of the body."""
        return cls(key, step.pointer, step.part, step.keyword, step.detail, step.conforms, place, step.around)

    @property
    def where(self) -> Pointer:
        """The place in the request: ("query", "limit"), ("body", "name")."""
        return (*(("body",) if self.key is None else (self.key[0].value, self.key[1])), *self.pointer)

    @property
    def what(self) -> str:
        """The step in words."""
        if self.key is None:
            return f"the body{' at /' + '/'.join(self.pointer) if self.pointer else ''}: {self.detail}"
        place = f" at /{'/'.join(self.pointer)}" if self.pointer else ""
        return f"the {self.key[0].value} parameter {self.key[1]!r}{place}: {self.detail}"

    def apply(self, draft: RequestDraft, whole: RequestDraft | None = None) -> RequestDraft:
        """Return the draft with the step taken; a parameter that it lacks is taken from the whole one before."""
        if (
            whole is not None
            and self.key is not None
            and self.key not in draft.parameters
            and self.key in whole.parameters
        ):
            draft = draft.with_parameter(self.key, whole.parameters[self.key])
        if self.key is None:
            if not self.pointer and isinstance(self.part, Missing):
                return draft.with_body(MISSING)
            return draft.with_body(self._apply(draft.body))
        if not self.pointer and isinstance(self.part, Missing):
            return draft.without(self.key)
        return draft.with_parameter(self.key, self._apply(draft.parameters.get(self.key)))

    def _apply(self, value: JsonValue | Missing) -> JsonValue:
        """Return the value with the step taken."""
        if not isinstance(self.around, Missing):
            return self.around
        return apply_step(None if isinstance(value, Missing) else value, self.pointer, self.part)


@dataclass(eq=False, repr=False)
class OperationPlan:
    """The steps of one operation."""

    subject: OperationUnderTest
    whole: RequestDraft  # with everything
    positive: list[Change] = field(default_factory=list)
    negative: list[Change] = field(default_factory=list)
    tick: Callable[[], None] = lambda: None  # is called now and then: it may raise, to end the planning
    values: list[tuple[ParameterKey | None, Node, JsonValue]] = field(default_factory=list)  # that have a schema

    def further(self, modes: Collection[str]) -> Iterator[Change]:
        """
        List the steps that take other values than those of the request: see `iter_further_steps`.

        Each is found when it is asked for, which may take long.
        """
        kinds = tuple(kind for mode, kind in (("negative", "invalid"), ("positive", "boundary")) if mode in modes)
        engine, operation = self.subject.api.kit, self.subject.operation
        for key, schema, value in self.values:
            taken = {
                (change.pointer, change.keyword, change.conforms)
                for change in (*self.positive, *self.negative)
                if change.key == key
            }
            producer = engine.producer(schema, operation, name=key[1] if key else "", direction=Direction.REQUEST)
            try:
                for step in iter_further_steps(producer, value, kinds, taken, self.tick):
                    if _has_form(self.subject, key, step):
                        yield Change.make(key, step, schema.place)
            except SchemaError:
                continue  # nothing can be made of it; what the request holds was tried


def make_plan(
    subject: OperationUnderTest, base: RequestDraft, tick: Callable[[], None] = lambda: None
) -> OperationPlan:
    """
    List the steps from a request that has everything.

    Of a large body that may take seconds, so `tick` is called for each.
    """
    plan = OperationPlan(subject, base, tick=tick)
    for parameter in subject.operation.parameters:
        key = (parameter.location, parameter.name)
        if key in base.parameters:
            _parameter(plan, subject, parameter, base.parameters[key])
    body = subject.operation.request_body
    if body is not None and base.media is not None and not isinstance(base.body, Missing):
        if body.required:
            plan.negative.append(
                Change(None, (), MISSING, "required", "it is missing", conforms=False, place=body.node.place)
            )
        else:
            plan.positive.append(
                Change(None, (), MISSING, "presence", "left out", conforms=True, place=body.node.place)
            )
        _body(plan, subject, base.media, base.body)
    return plan


def _parameter(plan: OperationPlan, subject: OperationUnderTest, parameter: Parameter, value: JsonValue) -> None:
    key, place = (parameter.location, parameter.name), parameter.node.place
    if parameter.location is not ParameterLocation.PATH:
        if parameter.required:
            plan.negative.append(Change(key, (), MISSING, "required", "it is missing", conforms=False, place=place))
        else:
            plan.positive.append(Change(key, (), MISSING, "presence", "left out", conforms=True, place=place))
    schema = parameter.content.schema if parameter.content is not None else parameter.schema
    if schema is not None:
        _vary(plan, subject, key, schema, value)


def _body(plan: OperationPlan, subject: OperationUnderTest, media: MediaType, value: JsonValue) -> None:
    if media.schema is not None:
        _vary(plan, subject, None, media.schema, value)


def _vary(
    plan: OperationPlan, subject: OperationUnderTest, key: ParameterKey | None, schema: Node, value: JsonValue
) -> None:
    reading = subject.api.reading(schema)
    if reading is None:
        return
    plan.values.append((key, schema, value))
    for step in iter_steps(reading.bundle, value, reading.judge, reading.make):
        plan.tick()
        change = Change.make(key, step, schema.place)
        if not _has_form(subject, key, step):
            continue
        (plan.positive if step.conforms else plan.negative).append(change)
    if key is None or key[0] in _WITH_HOSTILE:
        seed = derive_seed(subject.api.kit.settings.seed, "hostile", subject.entry.id)
        site = subject.api.kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
        for step in iter_hostile_steps(value, site, reading.make, seed, name=key[1] if key else ""):
            plan.positive.append(Change.make(key, step, schema.place))


def _has_form(subject: OperationUnderTest, key: ParameterKey | None, step: EdgeStep) -> bool:
    """
    Return whether what a step puts into a good request can be written there.

    Null can't in a parameter that is written by its style: it is undefined, so left out. RFC 6570, section 2.3.
    """
    if step.part is not None or not step.conforms:
        return True
    return not any((p.location, p.name) == key and p.content is None for p in subject.operation.parameters)


def in_rounds(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    """
    Gather steps at different places, so that one request tries many.

    Each round takes the next step of every place; of places inside each other only the outer one.
    """
    queues: dict[Pointer, list[Change]] = defaultdict(list)
    for change in changes:
        queues[change.where].append(change)
    while queues:
        taken: list[Change] = []
        for where in list(queues):
            if any(_overlap(where, other.where) for other in taken):
                continue
            taken.append(queues[where].pop(0))
            if not queues[where]:
                del queues[where]
        yield tuple(taken)


def _overlap(one: Pointer, other: Pointer) -> bool:
    size = min(len(one), len(other))
    return one[:size] == other[:size]


def ranked(changes: Sequence[Change]) -> list[Change]:
    """
    Order steps so that a budget cuts what tells least.

    Each place's first before its second, the outer places first.
    """
    seen: dict[Pointer, int] = defaultdict(int)
    keyed = []
    for index, change in enumerate(changes):
        keyed.append((seen[change.where], len(change.pointer), index, change))
        seen[change.where] += 1
    return [change for *_, change in sorted(keyed, key=lambda item: item[:3])]


def optional_sets(subject: OperationUnderTest, draft: RequestDraft, budget: int) -> Iterator[frozenset[ParameterKey]]:
    """
    Yield the sets of optional parameters to leave out, so that every pair is seen with both, either and none of it.

    The greedy way of pairwise testing: each set covers as many pairs as any of some candidates.
    """
    keys = [
        (p.location, p.name)
        for p in subject.operation.parameters
        if not p.required and (p.location, p.name) in draft.parameters
    ]
    if len(keys) < 2:  # noqa: PLR2004 - a pair
        return
    states = (True, False)
    missing = {(a, x, b, y) for a, b in itertools.combinations(range(len(keys)), 2) for x in states for y in states}
    candidates = [tuple((index >> bit) & 1 == 1 for bit in range(len(keys))) for index in _spread(len(keys))]
    for _ in range(budget):
        best = max(candidates, key=lambda row: sum(row[a] == x and row[b] == y for a, x, b, y in missing), default=None)
        if best is None:
            return
        covered = {(a, x, b, y) for a, x, b, y in missing if best[a] == x and best[b] == y}
        if not covered:
            return
        missing -= covered
        yield frozenset(key for key, here in zip(keys, best, strict=True) if not here)


def _spread(bits: int) -> Sequence[int]:
    """Numbers whose bits differ in many ways: all of them where they are few."""
    if bits <= 6:  # noqa: PLR2004 - 64 rows
        return range(1 << bits)
    rows = {0, (1 << bits) - 1}
    for step in range(bits):
        block = sum(1 << bit for bit in range(bits) if (bit >> (step % 6)) & 1)
        rows |= {1 << step, ((1 << bits) - 1) ^ (1 << step), block, block ^ ((1 << bits) - 1)}
    return sorted(rows)


def other_media(subject: OperationUnderTest, base: RequestDraft) -> Iterator[RequestDraft]:
    """Yield the request as each other media type that is documented for its body."""
    body = subject.operation.request_body
    for media in body.content if body is not None else ():
        if base.media is None or media.name == base.media.name:
            continue
        value = subject.drafter.body(media, 0, full=True)
        if not isinstance(value, Missing):
            yield base.with_body(value, media)


def has_json_body(draft: RequestDraft) -> bool:
    """Return whether the body is JSON."""
    return (
        draft.media is not None and not isinstance(draft.body, Missing) and is_json(parse_media_type(draft.media.name))
    )


KINDS: Final = ("operation", "status", "media type", "parameter", "keyword")


@dataclass(eq=False, repr=False)
class Exercised:
    """The items to exercise, and those that were: by kind, (operation, item)."""

    there: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))
    done: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))

    def expect(self, subject: OperationUnderTest) -> None:
        """Note what an operation has."""
        id_ = subject.entry.id
        self.there["operation"][id_, id_] = None
        for parameter in subject.operation.parameters:
            self.there["parameter"][id_, f"{parameter.location.value} {parameter.name}"] = None
        for response in subject.operation.responses:
            self.there["status"][id_, response.status] = None
            for content in response.content:
                self.there["media type"][id_, f"{response.status} {content.name}"] = None

    def plan(self, subject: OperationUnderTest, plan: OperationPlan) -> None:
        """Note the steps that could be taken."""
        for change in (*plan.positive, *plan.negative):
            self.expect_step(subject, change)

    def expect_step(self, subject: OperationUnderTest, change: Change) -> None:
        """Note a step that could be taken."""
        self.there["keyword"][subject.entry.id, _step(change)] = None

    def took(self, subject: OperationUnderTest, change: Change) -> None:
        """Note a step that was sent and answered."""
        self.done["keyword"][subject.entry.id, _step(change)] = None

    def answered(self, subject: OperationUnderTest, exchanged: Exchanged) -> None:
        """Note what an answer exercised."""
        id_, response, draft = subject.entry.id, exchanged.received.response, exchanged.probe.draft
        if response is None:
            return
        self.done["operation"][id_, id_] = None
        for location, name in draft.parameters if draft is not None else ():
            self.done["parameter"][id_, f"{location.value} {name}"] = None
        documented = subject.operation.find_response(response.status)
        if documented is None:
            return
        self.done["status"][id_, documented.status] = None
        written = find_field(response.fields, b"content-type")
        if written is not None:
            for content in documented.content:
                if parse_media_type(content.name).covers(parse_media_type(written)):
                    self.done["media type"][id_, f"{documented.status} {content.name}"] = None

    def add(self, other: "Exercised") -> None:
        """Take in what somebody else noted."""
        for kind in KINDS:
            self.there[kind].update(other.there[kind])
            self.done[kind].update(other.done[kind])

    def counts(self, kind: str, operation: str | None = None) -> tuple[int, int]:
        """Return how many were exercised, and how many there are; of one operation if it is named."""
        there = [key for key in self.there[kind] if operation is None or key[0] == operation]
        return sum(key in self.done[kind] for key in there), len(there)

    @property
    def percent(self) -> float:
        """The percentage that was exercised; 100 where there is nothing."""
        counted = [self.counts(kind) for kind in KINDS]
        there = sum(total for _, total in counted)
        return 100.0 * sum(done for done, _ in counted) / there if there else 100.0


def _step(change: Change) -> str:
    return f"{'/'.join(change.where)} {change.keyword} {change.detail}{'' if change.conforms else ' (broken)'}"
