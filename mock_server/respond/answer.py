"""Answers, with the decisions that led to them."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

from mock_server.delay import Delay
from mock_server.document.model import Entry
from mock_server.exchange.body import write_json
from mock_server.exchange.prefer import NONE, Preferences, format_applied
from mock_server.exchange.problem import FIELD, MEDIA_TYPE, Problem, write_violations
from mock_server.faults import Fault
from mock_server.findings import Finding
from mock_server.json_values import JsonValue

RawField = tuple[bytes, bytes]

SOURCE: Final = b"x-mock-source"
UPSTREAM: Final = "upstream"  # the source of an answer that a real server gave
SEED: Final = b"x-mock-seed"
PAYLOAD: Final = b"x-mock-payload"
PREFERENCE_APPLIED: Final = b"preference-applied"
OWN_PAGE: Final = "issuer:page"  # the source of a page of the issuer, which no page of another origin may read
GENERATED: Final = "generated"  # the source of answers that are made
STATE: Final = "state:"  # before the name of the resource that an answer is made of


class Answer(NamedTuple):
    """A response and its explanation."""

    status: int
    fields: Sequence[RawField]  # without Content-Length
    body: bytes
    # `fixture:NAME`, `example:KEY`, `generated`, `state:NAME`, `problem:NAME`, `empty`, `scenario:NAME`, `mapping:NAME`
    source: str
    entry: Entry | None = None
    findings: tuple[Finding, ...] = ()  # what was found in the request, and in an answer that was not made here
    delay: Delay | None = None  # what the answer itself says that it meets
    fault: Fault | None = None
    later: "Later | None" = None  # makes the answer instead, where that takes more than deciding


class Passed(NamedTuple):
    """A source leaves a request to those after it."""

    reason: str


class Candidate(NamedTuple):
    """A fixture or an example of the response that is chosen, in an explanation."""

    source: str  # `fixture:NAME` or `example:KEY`
    answers_since: str  # why it answers, if it is the one that does
    passes_since: str  # why it does not, else


class Foreseen(NamedTuple):
    """The foreseen decision of a source on a request, for an explanation."""

    reason: str
    answers: bool | None = True  # None: that can't be known without asking it


UNFORESEEN: Final = Foreseen(
    "it may answer; that can't be told without asking it, which could change what it keeps", answers=None
)


Later = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[MutableMapping[str, Any]]]], Awaitable[Answer]
]  # of scope, receive


def with_violations(answer: Answer, errors: Sequence[Finding]) -> Answer:
    """Say in Prism's header field what is wrong with the request, or with the response."""
    if not errors:
        return answer
    return answer._replace(fields=[*answer.fields, (FIELD, write_violations(errors))])


def with_applied(answer: Answer, preferences: Preferences) -> Answer:
    """Say which preferences were obeyed. RFC 7240, section 3."""
    if preferences is NONE or answer.source.startswith("problem:"):
        return answer
    text = format_applied(preferences, answer.source)
    if text:
        return answer._replace(fields=[*answer.fields, (PREFERENCE_APPLIED, text.encode("latin-1", "replace"))])
    return answer


def problem_answer(
    problem: Problem,
    detail: str,
    *,
    entry: Entry | None = None,
    findings: tuple[Finding, ...] = (),
    fields: Sequence[RawField] = (),
    **members: JsonValue,
) -> Answer:
    """Answer with problem details, RFC 9457."""
    body = write_json(problem.details(detail, **members))
    source = f"problem:{problem.name}"
    head = [(b"content-type", MEDIA_TYPE.encode()), (SOURCE, source.encode()), *fields]
    return Answer(problem.status, head, body, source, entry, findings)
