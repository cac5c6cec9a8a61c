"""
Judging exchanges that pass the proxy, and counting findings.

It is the consumer's finding where a request breaks the document, the provider's where an answer does. Credentials that
are missing are no finding where the provider refused for that reason: that is how logging in begins.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mock_server.contract.summary import Summary
from mock_server.document.model import Entry
from mock_server.errors import SchemaError
from mock_server.exchange.message import Request, Response
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding, Level
from mock_server.judges.request import DecodedRequest
from mock_server.proxy.upstream import Unanswered
from mock_server.respond.responder import Responder

_log = logging.getLogger("mock_server.proxy")
_REFUSED = (401, 403)


class SeenExchange(NamedTuple):
    """An exchange, as far as it was kept."""

    request: Request
    response: Response | None = None  # its coding undone
    failure: Unanswered | None = None
    is_request_whole: bool = True
    unread: str = ""  # why the body of the response can't be judged; "" where it can


class JudgedExchange(NamedTuple):
    """The verdict on an exchange."""

    findings: tuple[Finding, ...]
    matched: Matched[Entry] | None = None
    understood: DecodedRequest | None = None


@dataclass(eq=False, repr=False)
class ProxyJudge:
    """Judges exchanges and counts findings. Used by one thread at a time."""

    security: bool = True
    describe: Callable[[Finding], str] = lambda finding: f"{finding.rule}: {finding.message}"  # for the log
    tally: Summary = field(default_factory=Summary)
    unread: Counter[str] = field(default_factory=Counter)  # bodies that were not judged, by why

    def judge(self, responder: Responder, seen: SeenExchange) -> JudgedExchange:
        """Judge an exchange; nothing is counted."""
        request = seen.request
        matched = find_operation(responder, request)
        if matched is None:
            return JudgedExchange(self._undocumented(responder, request))
        entry = matched.route.target
        if (
            request.method == "HEAD"
            and entry.method != "HEAD"
            and seen.response is not None
            and seen.response.status >= 400  # noqa: PLR2004
        ):
            return JudgedExchange((), matched)  # nobody documented HEAD
        try:
            understood = responder.judge_requests(entry).read(request, matched.variables, security=self.security)
            found = list(_of_request(entry, understood, seen))
            found += self._of_response(responder, entry, seen)
        except SchemaError as error:
            finding = Finding(
                rule="document-operation-unservable", message=error.reason, place=error.place, operation=entry.id
            )
            return JudgedExchange((finding,), matched)
        return JudgedExchange(tuple(found), matched, understood)

    def count(self, request: Request, findings: tuple[Finding, ...], mask: Mask) -> None:
        """Count the findings of an exchange and say them in the log, without secrets."""
        where = f"{request.method} {mask.path(request.path).decode('latin-1')}"
        for finding in findings:
            masked = finding._replace(message=mask.finding(finding.message, finding.instance))
            self.tally.add(masked, (where, 0))
            _log.warning("  %s", self.describe(masked))
        self.tally.wrong += any(finding.level is Level.ERROR for finding in findings)
        self.tally.records += 1

    @property
    def is_red(self) -> bool:
        """True if an error was found."""
        return any(counted.finding.level is Level.ERROR for counted in self.tally.counted.values())

    def _undocumented(self, responder: Responder, request: Request) -> tuple[Finding, ...]:
        if request.method == "OPTIONS":
            return ()
        path = request.path.decode("latin-1")
        return (
            Finding(rule="traffic-path-undocumented", message=f"the document has nothing for {request.method} {path}"),
        )

    def _of_response(self, responder: Responder, entry: Entry, seen: SeenExchange) -> list[Finding]:
        if seen.failure is not None:
            place = entry.node.place
            return [
                Finding(rule="response-transport-failed", message=str(seen.failure), place=place, operation=entry.id)
            ]
        if seen.response is None:
            return []
        found = responder.judge_of(entry).judge(seen.response, seen.request.method)
        if not seen.unread:
            return list(found)
        return [finding for finding in found if (finding.instance or ())[:1] != ("body",)]


def find_operation(responder: Responder, request: Request) -> Matched[Entry] | None:
    """Return the operation of a request; that of GET where HEAD is not documented."""
    methods = ("HEAD", "GET") if request.method == "HEAD" else (request.method,)
    found = (responder.find(request._replace(method=method)) for method in methods)
    return next((matched for matched in found if isinstance(matched, Matched)), None)


def _of_request(entry: Entry, understood: DecodedRequest, seen: SeenExchange) -> list[Finding]:
    found = [f for f in understood.findings if seen.is_request_whole or (f.instance or ())[:1] != ("body",)]
    refused = seen.response is None or seen.response.status in _REFUSED
    if understood.unmet and not refused:
        detail = "; or ".join(f"missing is {lacking}" for lacking in understood.unmet)
        place = entry.node.place
        found.append(
            Finding(
                rule="request-security-unmet", message=detail, place=place, instance=("security",), operation=entry.id
            )
        )
    return found
