"""
Why this answer: everything that a request met on its way, in words.

What is answered is found out by asking the responder itself, in a copy of the world and without those sources that
keep something: so nothing changes, no turn is taken. The steps say why, in the order in which the responder decides; a
property test holds that they name what it does.

What a request prefers, and what becomes of it.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from mock_server.document.model import Entry, Operation
from mock_server.errors import MalformedPreference, SchemaError, UsageError
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.negotiate import ChosenResponse, choose_failure, choose_status, choose_success
from mock_server.exchange.prefer import (
    EDGES,
    NONE,
    PREFERENCES,
    Preference,
    PreferenceKind,
    Preferences,
    find_preference,
    split_preferences,
)
from mock_server.exchange.router import Matched, Unmatched
from mock_server.findings import Finding, Level
from mock_server.respond.answer import PREFERENCE_APPLIED, Answer
from mock_server.respond.fixtures import Fixture
from mock_server.respond.journal import Journal
from mock_server.respond.representation import RequestContext
from mock_server.respond.responder import Responder
from mock_server.respond.source import AnswerSource
from mock_server.respond.worlds import World


@dataclass(frozen=True, slots=True)
class AppliedPreference:
    """A preference, and what became of it."""

    name: str
    value: str
    applied: bool | None  # None: it is obeyed when the answer is sent
    why: str


def iter_wishes(request: Request, preferences: Preferences, answer: Answer) -> Iterator[AppliedPreference]:
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
            yield AppliedPreference(name, value, applied=False, why="there is no such preference")
        elif row.kind is PreferenceKind.TRANSPORTS:
            yield AppliedPreference(name, value, applied=None, why="it is met when the answer is sent")
        elif name in applied:
            yield AppliedPreference(name, value, applied=True, why="")
        else:
            yield AppliedPreference(name, value, applied=False, why=_why_ignored(row, answer))
    for name, value in split_preferences(None, query) if header is not None else ():
        yield AppliedPreference(
            f"__{name}", value, applied=False, why="the query is not read for preferences where there is a Prefer field"
        )


def _why_ignored(row: Preference, answer: Answer) -> str:
    if answer.source.startswith("problem:"):
        return "the answer is a problem"
    if row.kind is PreferenceKind.SELECTS:
        return f"the answer comes from elsewhere: {answer.source}"
    if answer.source == "generated":
        return "it says what is so anyway"
    return f"it is about generated values, and the answer is {answer.source}"


_MOST: Final = 50  # fixtures or examples that are told of


@dataclass(frozen=True, slots=True)
class Consideration:
    """Somebody who may answer, and whether and why."""

    who: str  # as in `X-Mock-Source`, or a name of its own
    answers: bool | None  # None: it can't be told without changing something
    why: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a request is answered as it is."""

    answer: Answer  # of the document itself, where no other source answers
    matched: Matched[Entry] | Unmatched
    ask: RequestContext | None  # None where the request is for no operation, or can't be read
    steps: tuple[Consideration, ...]
    wished: tuple[AppliedPreference, ...]

    @property
    def decided(self) -> Consideration | None:
        """Who answers."""
        return next((step for step in self.steps if step.answers is not False), None)

    @property
    def is_certain(self) -> bool:
        """Whether it is known that `answer` is what will be sent."""
        step = self.decided
        return step is None or (step.answers is True and step.who == self.answer.source)


@runtime_checkable
class ExplainingSource(Protocol):
    """A source that can say what it would do without doing it."""

    def tell(self, operation: Operation | None, ask: RequestContext) -> tuple[bool | None, str]:
        """Return whether it would answer, and why."""


def explain(responder: Responder, request: Request, world: World) -> Explained:
    """
    Find out why a request is answered as it is; nothing is changed.

    Args:
        responder: Who would answer.
        request: What is asked.
        world: Of who asks.
    """
    matched = responder.find(request)
    if isinstance(matched, Unmatched) and request.method == "HEAD" and "GET" in matched.allowed:
        return explain(responder, request._replace(method="GET"), world)
    own = _without_effects(responder)
    answer = own.respond(request, _copy_of(world))
    if isinstance(matched, Unmatched):
        return Explained(answer, matched, None, tuple(_strange_steps(responder, answer)), ())
    try:
        ask = responder.read(matched, request, _copy_of(world))
    except (SchemaError, MalformedPreference, UsageError) as error:
        return Explained(answer, matched, None, (_does(answer.source, str(error)),), ())
    operation = responder.document.operation(matched.route.target)
    steps = tuple(_steps(responder, operation, ask, answer))
    return Explained(answer, matched, ask, steps, tuple(iter_wishes(request, ask.preferences, answer)))


def _does(who: str, why: str) -> Consideration:
    return Consideration(who, answers=True, why=why)


def _does_not(who: str, why: str) -> Consideration:
    return Consideration(who, answers=False, why=why)


def _without_effects(responder: Responder) -> Responder:
    """Return the same responder without sources that keep something."""
    own = copy.copy(responder)
    own.sources = ()
    return own


def _copy_of(world: World) -> World:
    """Return a world like another one, for nobody."""
    return World(world.name, world.seed, Journal(0), Counter(world.turns), dict(world.scenarios))


def _strange_steps(responder: Responder, answer: Answer) -> Iterator[Consideration]:
    """Who may answer a request for nothing that is documented."""
    for source in responder.sources:
        if source.before_validation:
            yield _told_by(source, None, None)
    yield _does(answer.source, "no operation of the document has this method and path")


def _steps(responder: Responder, operation: Operation, ask: RequestContext, answer: Answer) -> Iterator[Consideration]:
    """Everybody who may answer, in the order in which they are asked; after who answers, there are no more."""
    settings, preferences, understood = responder.kit.settings, ask.preferences, ask.understood
    if preferences.code is not None:
        chosen = choose_status(operation, preferences.code)
        yield from _of_response(
            responder, operation, ask, answer, chosen, f"the preference code={preferences.code} goes before all else"
        )
        return
    yield from _sources(responder, operation, ask, before_validation=True)
    if understood.unmet and settings.security:
        why = f"no security requirement is met: missing is {'; or '.join(understood.unmet)}"
        yield from _of_response(responder, operation, ask, answer, choose_failure(operation, (401,)), why)
        return
    errors = [found for found in understood.findings if found.level is Level.ERROR]
    if errors and settings.validate_requests:
        statuses = (415,) if understood.unsupported else (422, 400)
        if any(found.rule == "request-coding-malformed" for found in errors):
            statuses = (400,)
        failure = choose_failure(operation, statuses)
        yield from _of_response(
            responder, operation, ask, answer, failure, f"the request breaks the document: {_first(errors)}"
        )
        return
    yield from _sources(responder, operation, ask, before_validation=False)
    success = choose_success(operation)
    if not errors:
        why = "the request is good"
    else:
        why = "the request breaks the document, which the server was told not to mind"
    if success is None:
        yield _does(answer.source, "the operation documents no response")
        return
    if responder.reply(operation.entry, success).is_refused(ask):
        why = responder.reply(operation.entry, success).unacceptable(ask).message
        yield from _of_response(responder, operation, ask, answer, choose_status(operation, answer.status), why)
        return
    yield from _of_response(
        responder, operation, ask, answer, success, f"{why}; {success.response.status} is the lowest success"
    )


def _first(errors: list[Finding]) -> str:
    rest = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{errors[0].message}{rest}"


def _sources(
    responder: Responder, operation: Operation, ask: RequestContext, *, before_validation: bool
) -> Iterator[Consideration]:
    for source in responder.sources:
        if source.before_validation is not before_validation or not source.touches(operation.entry):
            continue
        if ask.preferences.asks_for_something or ask.profile in EDGES:
            yield _does_not(source.name, "a preference or profile asks for another kind of answer")
        else:
            yield _told_by(source, operation, ask)


def _told_by(source: AnswerSource, operation: Operation | None, ask: RequestContext | None) -> Consideration:
    if isinstance(source, ExplainingSource) and ask is not None:
        answers, why = source.tell(operation, ask)
        return Consideration(source.name, answers, why)
    return Consideration(
        source.name, None, "it may answer; that can't be told without asking it, which could change what it keeps"
    )


def _of_response(
    responder: Responder,
    operation: Operation,
    ask: RequestContext,
    answer: Answer,
    chosen: ChosenResponse | None,
    why: str,
) -> Iterator[Consideration]:
    """
    Who may make the answer with one documented response.

    Fixtures, examples, the generator; a problem where none can.
    """
    is_success = chosen is not None and chosen == choose_success(operation) and ask.preferences.code is None
    if chosen is not None:
        status = None if is_success else chosen.status
        yield from _fixtures(responder, operation, ask, answer, status)
        if answer.source.startswith("fixture:"):
            return
        yield from _examples(responder, operation, ask, answer, chosen)
    if answer.source.startswith("example:"):
        return
    if answer.source == "generated" and chosen is not None:
        yield _does("generated", f"{why}; {_generated(responder, ask)}")
    elif answer.source == "empty":
        yield _does("empty", f"{why}; the response {answer.status} has no content")
    else:
        yield _does(answer.source, f"{why}; the document has no response for that which could be made")


def _fixtures(
    responder: Responder, operation: Operation, ask: RequestContext, answer: Answer, status: int | None
) -> Iterator[Consideration]:
    """Yield the fixtures of an operation, the most specific first, until one answers."""
    named = ask.preferences.fixture
    for fixture in responder.fixtures.by_operation.get(operation.id, ())[:_MOST]:
        who = f"fixture:{fixture.name}"
        if answer.source == who:
            if named is not None and status is None:
                asked = f"the preference fixture={named}"
            else:
                asked = ""
            if fixture.conditions:
                met = f"the request says what it asks for: {', '.join(map(str, fixture.conditions))}"
            else:
                met = "it asks for nothing"
            yield _does(who, asked or met)
            return
        yield _does_not(who, _why_not(fixture, ask, status))


def _why_not(fixture: Fixture, ask: RequestContext, status: int | None) -> str:
    """Why a fixture does not answer; a status stands for an answer that is about that one."""
    preferences = ask.preferences
    if preferences.asks_for_generated:
        return "something is preferred that only a generated value can have"
    if status is None and preferences.fixture is not None:
        return f"the preference fixture={preferences.fixture} names another one"
    if status is None and (preferences.example is not None or ask.profile in EDGES):
        return "a preference or profile asks for another kind of answer"
    if "fixture" not in ask.sources:
        return "fixtures are not among the sources"
    if fixture.breaks:
        return f"it breaks the document on purpose: only the preference fixture={fixture.name} gets it"
    if status is not None and fixture.status != status:
        return f"its status is {fixture.status}, not {status}"
    unmet = fixture.unmet(ask.request, ask.understood)
    if unmet:
        return f"its 'when' asks for {', '.join(map(str, unmet))}"
    return "a more specific one goes before it"


def _examples(
    responder: Responder, operation: Operation, ask: RequestContext, answer: Answer, chosen: ChosenResponse
) -> Iterator[Consideration]:
    """Yield the examples of a response, until one answers."""
    considered = list(responder.reply(operation.entry, chosen).consider(ask))[:_MOST]
    for who, unfit in considered:
        if answer.source == who:
            if ask.preferences.example is not None:
                asked = f"the preference example={ask.preferences.example}"
            else:
                asked = ""
            yield _does(who, asked or "the request carries what it asks for, or it asks for nothing")
            return
        yield _does_not(who, unfit or "another one goes before it, or its words were changed to say what is wrong")


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
