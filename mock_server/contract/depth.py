"""
Depth: which operations a run reached, that is, which answered a good request with success; and why the others did not.

A refused request is no exercise of the contract, so a run that reached nothing is not green.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.api import Api
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.drafting.refusals import RefusedRequest, read_refusal
from mock_server.contract.model import Exchanged, Intent
from mock_server.contract.run import Run
from mock_server.contract.session import Session
from mock_server.document.document import template_names
from mock_server.findings import Finding, Place
from mock_server.json_values import format_pointer

KEPT_OUT: Final = frozenset((401, 403))
NOT_FOUND: Final = frozenset((404,))
_OF_REQUESTS: Final = frozenset((400, 406, 409, 411, 412, 413, 415, 422, 428))
_NUMBERS: Final = re.compile(r"\d+")
_MOST_NAMED = 3  # operations, or parts of a request


@dataclass(frozen=True, slots=True)
class Exercise:
    """The requests sent to one operation, and their outcome."""

    id: str
    title: str
    sent: int
    accepted: int  # good requests that were answered with success
    refusals: dict[int, int]  # of good requests, by status
    seconds: float = 0.0  # until the answers came, all together
    looked: frozenset[str] = frozenset()  # checks that had something to look at
    place: Place | None = None
    refusal: RefusedRequest | None = field(default=None, compare=False)  # the last one

    @property
    def reached(self) -> bool:
        """True where a good request was answered with success, or led elsewhere."""
        return bool(self.accepted) or any(0 < status < 400 for status in self.refusals)  # noqa: PLR2004

    def why_skipped(self, check: str) -> str:
        """Return why a check had nothing to look at; empty where it had, or is the user's own."""
        row = CHECKS.get(check)
        if row is None or check in self.looked:
            return ""
        if not self.sent:
            return "no request could be made"
        return row.needs


def measure(sessions: Sequence[Session]) -> Exercise:
    """Sum up the sessions of one operation."""
    entry = sessions[0].subject.entry
    refusals: Counter[int] = Counter()
    looked: set[str] = set()
    for session in sessions:
        refusals.update(session.refusals)
        looked |= session.looked.keys()
    own = [each for session in sessions for each in session.exchanges if each.probe.operation == entry.id]
    return Exercise(
        entry.id,
        entry.title,
        sum(len(session.exchanges) for session in sessions),
        sum(session.accepted for session in sessions),
        dict(sorted(refusals.items())),
        seconds=sum(each.received.seconds for each in own),
        looked=frozenset(looked),
        place=entry.node.place,
        refusal=_last_refusal(sessions[0], own),
    )


def _last_refusal(session: Session, exchanges: Sequence[Exchanged]) -> RefusedRequest | None:
    good = (each for each in reversed(exchanges) if each.probe.intent is Intent.CONFORMING and not each.accepted)
    last = next(good, None)
    if last is None:
        return None
    return read_refusal(session.subject, last)


def find_unreached_reason(tested: tuple[Exercise, ...], run: Run, allowed: frozenset[str] = frozenset()) -> str:
    """
    Find out why nothing was tested: no operation ever answered a good request with success.

    Args:
        tested: What was sent.
        run: The run.
        allowed: Operations that may stay unreached.

    Returns:
        The reason and what to do; empty where something was reached.
    """
    counted = [exercise for exercise in tested if exercise.id not in allowed]
    if any(exercise.reached for exercise in tested) or (tested and not counted):
        return ""
    statuses: Counter[int] = Counter()
    for exercise in counted:
        statuses.update(exercise.refusals)
    if not statuses:
        advice = ""
        if not run.options.mutating:
            advice = "; --mutating sends POST, PUT, PATCH and DELETE as well"
        return f"no good request was sent to any operation{advice}"
    if statuses.keys() <= KEPT_OUT:
        return f"every good request was answered with 401 or 403: {_advise_credentials(run)}"
    if statuses.keys() <= NOT_FOUND:
        path = _other_path(run.api)
        advice = "name the base that the paths of the document follow"
        if path:
            advice = f"the document's servers have the path {path}, which it lacks"
        return f"every good request was answered with 404: the URL is probably not the base of the API; {advice}"
    answers = ", ".join(f"{status or 'no answer'} ({count})" for status, count in sorted(statuses.items()))
    advice = "give known values with --values, or credentials with --auth"
    return f"no good request was answered with success, only {answers}: {advice}"


def find_barred(tested: tuple[Exercise, ...], run: Run, allowed: frozenset[str] = frozenset()) -> str:
    """
    Find the operations that answered every good request with 401 or 403: they were not tested.

    Returns:
        Their names, and what to do; empty where there are none.
    """
    barred = [
        exercise.title
        for exercise in tested
        if exercise.refusals and exercise.refusals.keys() <= KEPT_OUT and not exercise.reached
        if exercise.id not in allowed
    ]
    if not barred:
        return ""
    more = f" and {len(barred) - _MOST_NAMED} more" if len(barred) > _MOST_NAMED else ""
    return (
        f"{', '.join(barred[:_MOST_NAMED])}{more} only answered 401 or 403: {_advise_credentials(run)}, "
        "or allow it with --allow-unreached"
    )


def _advise_credentials(run: Run) -> str:
    schemes = ", ".join(run.api.document.schemes) or "SCHEME"
    given = "credentials"
    if run.api.identity.is_known:
        given = "other credentials than these"
    return f"give {given} with --auth (of {schemes}) or --header"


@dataclass(frozen=True, slots=True)
class UnreachedOperation:
    """An operation that never answered a good request with success."""

    id: str
    title: str
    place: Place
    answers: str  # what came in place of success, or why nothing was sent
    advice: str
    cause: tuple[object, ...]  # what operations share that are not reached for one reason

    @property
    def finding(self) -> Finding:
        """The findings about it."""
        message = f"{self.title} {self.answers}{self.advice}"
        return Finding(rule="response-never-accepted", message=message, place=self.place, operation=self.id)


def group_unreached(unreached: Iterable[UnreachedOperation]) -> list[list[UnreachedOperation]]:
    """Put operations together that were not reached for one reason, in the order of the first of each."""
    found: dict[tuple[object, ...], list[UnreachedOperation]] = {}
    for each in unreached:
        found.setdefault(each.cause, []).append(each)
    return list(found.values())


def explain_unreached(exercise: Exercise, sessions: Sequence[Session]) -> UnreachedOperation:
    """Say why an operation was not reached: the last refusal, what it names, and what to do."""
    entry, run = sessions[0].subject.entry, sessions[0].run
    refusal, statuses = "", frozenset(exercise.refusals)
    if not exercise.sent and run.withheld.get(entry.id):
        name = ".".join((entry.id, *template_names(entry.template)[-1:]))
        answers = "was not tested: this run created nothing that it could change"
        advice = f"; name something that may be changed with --values, as {name}"
    elif not exercise.sent and run.is_elsewhere:
        answers, advice = "was not tested: the operations before it were not found, and the run ended", ""
    elif not exercise.sent:
        answers, advice = "was not tested: no request could be made", ""
        lacking = sessions[0].subject.drafter.draft().missing
        if lacking:
            advice = f", since nothing was found for {', '.join(lacking)}"
    else:
        counts = ", ".join(f"{status or 'no answer'} ({count})" for status, count in exercise.refusals.items())
        refusal = _describe(exercise.refusal)
        answers = f"only ever answered {counts or 'nothing to good requests'}{refusal}"
        advice = f": {_advise(exercise, run.api)}"
    # A refusal of what is there names what is wrong with the request; another one says the same of all operations.
    shape = _NUMBERS.sub("#", refusal) if statuses & _OF_REQUESTS else ""
    kind = (statuses, shape, advice) if exercise.sent else (answers,)
    return UnreachedOperation(entry.id, exercise.title, entry.node.place, answers, advice, kind)


def _describe(refusal: RefusedRequest | None) -> str:
    """Write what a refusal says and names."""
    if refusal is None or not refusal.summary:
        return ""
    named = ", ".join(format_pointer(part.where) for part in refusal.named[:_MOST_NAMED])
    return f", last {refusal.summary!r}" + (f", which names {named}" if named else "")


def _advise(exercise: Exercise, api: Api) -> str:
    advice = "give known values with --values, or credentials with --auth"
    if exercise.refusals and all(status >= 500 or not status for status in exercise.refusals):  # noqa: PLR2004
        return "nothing else could be tested"
    path = _other_path(api)
    if exercise.refusals.keys() == NOT_FOUND and path:
        return f"the document's servers have the path {path}, which the URL has not; else {advice}"
    return advice


def _other_path(api: Api) -> str:
    """Return the path of the document's servers, where the URL under test has none of theirs."""
    documented = [server.base_path for server in api.document.servers]
    if api.base_path in documented:
        return ""
    return next(filter(None, documented), "")
