"""
The checks: each compares what an API did with what its document says.

A check is a function and a row beside it: `exchange` has those that need one exchange only, `coherence` compares
values, `safe_methods` tests what safe methods promise, `acceptance` decides when a refusal is wrong. `table` joins
the rows, those that phases lead among them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.model import Exchanged, Intent, Probe, Verdict
from mock_server.errors import SchemaError
from mock_server.exchange.message import Response, find_field
from mock_server.findings import Finding, Place
from mock_server.json_values import Pointer


@dataclass(frozen=True, slots=True)
class Expectations:
    """Expectations of a run beyond the document."""

    max_response_time: float | None = None  # seconds
    real_credentials: bool = False  # they were given, so that made-up ones can be told from them


@dataclass(frozen=True)
class ExchangeUnderCheck:
    """One exchange, with what several checks ask of it."""

    subject: OperationUnderTest
    exchanged: Exchanged
    expected: Expectations = field(default_factory=Expectations)

    @property
    def probe(self) -> Probe:
        """The request that was sent."""
        return self.exchanged.probe

    @property
    def status(self) -> int:
        """The status; 0 where no answer came."""
        return self.exchanged.status

    @property
    def response(self) -> Response | None:
        """The answer; None where none came, or one that asks to come back later: nothing was tested then."""
        response = self.exchanged.received.response
        if response is None or is_limited(response):
            return None
        return response

    @cached_property
    def conformance(self) -> tuple[Finding, ...] | None:
        """The judgement of the response; None where the document says nothing about it."""
        response = self.response
        if response is None or self.exchanged.received.fault is not None:
            return None
        documented = any(known.status == str(self.status) for known in self.subject.operation.responses)
        if self.status >= 500 and not (self.status == 501 and documented):  # noqa: PLR2004 - a server error, which is said
            return None
        if self.probe.intent is Intent.FOREIGN_METHOD:
            return None
        try:
            return tuple(self.subject.responses.judge(response, self.probe.request.method))
        except SchemaError as error:
            self.subject.api.broken.setdefault(self.subject.entry.id, error)
            return None

    def finding(self, rule: str, message: str, place: Place | None = None, instance: Pointer | None = None) -> Finding:
        """Make a finding about the operation."""
        return Finding(
            rule=rule,
            message=message,
            place=place or self.subject.entry.node.place,
            instance=instance,
            operation=self.subject.entry.id,
        )


class Asking(Protocol):
    """The session of an operation, as far as a check that sends requests needs it."""

    subject: OperationUnderTest
    phase: str

    @property
    def is_alone(self) -> bool:
        """True where no other operation is tested at the same time."""

    def send(self, probe: Probe) -> Exchanged:
        """Send a probe and judge what comes."""

    def ask(self, probe: Probe) -> Exchanged:
        """Send a probe and leave the answer unjudged."""

    def look(self, check: str) -> None:
        """Note that a check had something to look at."""

    def note(self, verdict: Verdict, exchanged: Exchanged, related: tuple[Exchanged, ...] = ()) -> bool:
        """Note a verdict; gives whether it is new."""

    def finding(self, rule: str, message: str, place: Place | None = None, instance: Pointer | None = None) -> Finding:
        """Make a finding about the operation."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the command line names it."""

    name: str  # Schemathesis' where it has the check, else ours
    sentence: str  # what has to hold
    run: Callable[[ExchangeUnderCheck], Iterable[Verdict] | None] | None = None  # on one exchange; None: not concerned
    follow: Callable[[Asking, Exchanged, Exchanged], None] | None = None  # on a good GET and the same again
    rules: tuple[str, ...] = ()  # of the judge of responses, that it reports
    needs: str = ""  # why it may have had nothing to look at, in words
    needs_state: bool = False  # it is about what a provider remembers: a mock promises nothing of that
    replayable: bool = False  # it looks at one exchange alone, so that judging it again says whether anything changed


def is_limited(response: Response) -> bool:
    """Return whether the provider asks to come back later: 429, or 503 that says when."""
    return response.status == 429 or (  # noqa: PLR2004
        response.status == 503 and find_field(response.fields, b"retry-after") is not None  # noqa: PLR2004
    )


def check_exchange(
    checks: Mapping[str, Check], context: ExchangeUnderCheck, look: Callable[[str], None] = lambda name: None
) -> Iterable[Verdict]:
    """
    Run the checks that look at one exchange.

    Args:
        checks: By name.
        context: The exchange.
        look: Is called with the name of each check that had something to look at.
    """
    for check in checks.values():
        found = check.run(context) if check.run is not None else None
        if found is not None:
            look(check.name)
            yield from found
