"""
Why a request is answered as it is: what each source of answers has for it, and what became of each preference.

The responder decides as ever, but with a copy of the world, and with sources that only say what they would do: nothing
changes, no turn is taken.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mock_server.document.model import Entry, Operation
from mock_server.errors import MalformedPreference, SchemaError, UsageError
from mock_server.exchange import problem
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.negotiate import choose_success
from mock_server.exchange.prefer import (
    NONE,
    PREFERENCES,
    Preference,
    PreferenceKind,
    Preferences,
    find_preference,
    split_preferences,
)
from mock_server.exchange.router import Matched, Unmatched
from mock_server.respond.answer import PREFERENCE_APPLIED, UNFORESEEN, Answer, Candidate, Foreseen
from mock_server.respond.error_answers import Considered
from mock_server.respond.journal import Journal
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World

_MOST: Final = 50  # fixtures or examples of one explanation


@dataclass(frozen=True, slots=True)
class AppliedPreference:
    """A preference, and what became of it."""

    name: str
    value: str
    applied: bool | None  # None: it is obeyed when the answer is sent
    reason: str


def explain_preferences(request: Request, preferences: Preferences, answer: Answer) -> Iterator[AppliedPreference]:
    """
    Say of each preference whether it was obeyed, and if not, why.

    Args:
        request: That prefers.
        preferences: As they were read.
        answer: What it gets.
    """
    applied = {
        part.strip().partition("=")[0] for part in (find_field(answer.fields, PREFERENCE_APPLIED) or "").split(",")
    }
    header, query = find_field(request.fields, b"prefer"), request.query.decode("latin-1")
    seen: set[str] = set()
    for name, value in split_preferences(header, query):
        if not name or name in seen:
            continue  # RFC 7240, section 2: the first one counts
        seen.add(name)
        row = find_preference(name)
        if row is None or preferences is NONE or name not in preferences.given:
            yield AppliedPreference(name, value, applied=False, reason="there is no such preference")
        elif row.kind is PreferenceKind.TRANSPORTS:
            yield AppliedPreference(name, value, applied=None, reason="it is met when the answer is sent")
        elif name in applied:
            yield AppliedPreference(name, value, applied=True, reason="")
        else:
            yield AppliedPreference(name, value, applied=False, reason=_why_ignored(row, answer))
    for name, value in split_preferences(None, query) if header is not None else ():
        yield AppliedPreference(
            f"__{name}",
            value,
            applied=False,
            reason="the query is not read for preferences where there is a Prefer field",
        )


def _why_ignored(row: Preference, answer: Answer) -> str:
    if answer.source.startswith("problem:"):
        return "the answer is a problem"
    if row.kind is PreferenceKind.SELECTS:
        return f"the answer comes from elsewhere: {answer.source}"
    if answer.source == "generated":
        return "it says what is so anyway"
    return f"it is about generated values, and the answer is {answer.source}"


@dataclass(frozen=True, slots=True)
class Step:
    """A source of answers, and whether and why it answers."""

    source: str  # as in `X-Mock-Source`, or its name
    answers: bool | None  # None: that can't be known without changing something
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a request is answered as it is."""

    answer: Answer  # of the document itself, where no other source answers
    matched: Matched[Entry] | Unmatched
    ask: RequestContext | None  # None where the request is for no operation, or can't be read
    steps: tuple[Step, ...]
    preferences: tuple[AppliedPreference, ...]

    @property
    def decided(self) -> Step | None:
        """The source that answers."""
        return next((step for step in self.steps if step.answers is not False), None)

    @property
    def is_certain(self) -> bool:
        """True if `answer` is certain to be sent."""
        step = self.decided
        return step is None or (step.answers is True and step.source == self.answer.source)


def explain(responder: Responder, request: Request, world: World) -> Explained:
    """
    Find out why a request is answered as it is; nothing is changed.

    Args:
        responder: Of the document.
        request: The request.
        world: Of the client.
    """
    matched = responder.find(request)
    if isinstance(matched, Unmatched):
        if request.method == "HEAD" and "GET" in matched.allowed:
            return explain(responder, request._replace(method="GET"), world)
        answer = responder.refuse_path(request, matched)
        asked = (source.name for source in responder.sources if source.before_validation)
        last = Step(answer.source, answers=True, reason="no operation of the document has this method and path")
        steps = (*(Step(name, UNFORESEEN.answers, UNFORESEEN.reason) for name in asked), last)
        return Explained(answer, matched, None, steps, ())
    own = World(world.name, world.seed, Journal(0), Counter(world.turns), dict(world.scenarios), clock=world.clock)
    try:
        ask = responder.read(matched, request, own)._replace(explains=True)
    except (SchemaError, MalformedPreference, UsageError) as error:
        answer = responder.respond_to(matched, request, own)
        return Explained(answer, matched, None, (Step(answer.source, answers=True, reason=str(error)),), ())
    *others, last_considered = responder.explain(matched, ask)
    assert isinstance(last_considered.outcome, Answer)  # noqa: S101 - see there
    answer = last_considered.outcome
    operation = responder.document.operation(matched.route.target)
    own_steps = _steps_of_document(responder, operation, ask, answer, last_considered)
    steps = (*map(_step_of_source, others), *own_steps)
    return Explained(answer, matched, ask, steps, tuple(explain_preferences(request, ask.preferences, answer)))


def _step_of_source(considered: Considered) -> Step:
    outcome = considered.outcome
    if isinstance(outcome, Answer):
        return Step(considered.source, answers=True, reason="")
    return Step(considered.source, outcome.answers if isinstance(outcome, Foreseen) else False, outcome.reason)


def _steps_of_document(
    responder: Responder, operation: Operation, ask: RequestContext, answer: Answer, considered: Considered
) -> Iterator[Step]:
    """Yield the fixtures and the examples of the response that is chosen, until one answers, else how it is made."""
    chosen, reason = considered.chosen, considered.reason
    if chosen is not None:
        is_success = chosen == choose_success(operation) and ask.preferences.code is None
        status = None if is_success else chosen.status
        yield from _steps_until(answer, responder.fixtures.consider(operation.id, ask, status))
        if answer.source.startswith("fixture:"):
            return
        yield from _steps_until(answer, responder.reply(operation.entry, chosen).consider(ask))
    if answer.source.startswith("example:"):
        return
    if answer.source == f"problem:{problem.NO_RESPONSE.name}":
        yield Step(answer.source, answers=True, reason=reason)
        return
    if answer.source == "generated" and chosen is not None:
        how = _generated(responder, ask)
    elif answer.source == "empty":
        how = f"the response {answer.status} has no content"
    else:
        how = "the document has no response for that which could be made"
    yield Step(answer.source, answers=True, reason=f"{reason}; {how}")


def _steps_until(answer: Answer, candidates: Iterable[Candidate]) -> Iterator[Step]:
    for candidate in islice(candidates, _MOST):
        if answer.source == candidate.source:
            yield Step(candidate.source, answers=True, reason=candidate.answers_since)
            return
        yield Step(candidate.source, answers=False, reason=candidate.passes_since)


def _generated(responder: Responder, ask: RequestContext) -> str:
    """Return how a value is made."""
    effective = {
        "seed": repr(ask.seed_text),
        "locale": ask.preferences.locale or responder.kit.locale,
        "profile": ask.profile or "realistic",
    }
    parts = [f"{name} {value}" for name, value in effective.items()]
    parts += [
        row.description.format(name=row.name, value=getattr(ask.preferences, row.name, ask.preferences.given[row.name]))
        for row in PREFERENCES
        if row.kind is PreferenceKind.SHAPES
        and row.name in ask.preferences.given
        and row.name not in effective
        and row.description
    ]
    return f"made with {', '.join(parts)}"
