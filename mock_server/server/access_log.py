"""Journal, listeners and access log of each exchange; no secret is logged."""

import logging
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from mock_server.exchange.message import Request
from mock_server.findings import Finding
from mock_server.printable import printable
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Disturbance, Mount
from mock_server.server.log_lines import ExchangeLine, find_line_handler
from mock_server.server.masker import Masker

_log = logging.getLogger("mock_server.access")
_MOST_SECONDS: Final = 0.1
_SHARE: Final = 0.02  # of the time
_MORE: Final = "{} findings; so many requests are refused that only the journal has the messages"


class _LoggedExchange(NamedTuple):
    """An exchange that is to be described: what `ExchangeLine` has of it, and where its secrets are known."""

    masker: Masker
    moment: float
    request: Request
    status: int
    source: str
    operation: str | None
    seconds: float
    disturbance: str | None
    findings: Sequence[Finding]


class AccessLog:
    """Notes the exchanges of a server."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._masked: tuple[Mount, ...] = ()
        self._known_masker = Masker(())
        self._seconds = _MOST_SECONDS  # that may be spent on findings
        self._refilled = time.monotonic()

    def note(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None = None
    ) -> None:
        """
        Keep an exchange, and log it.

        Args:
            request: What was asked.
            answer: What was answered.
            world: Whose it is.
            started: When the request came, on `time.perf_counter`.
            disturbance: What the answer met.
        """
        self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._write(request, answer, answer.findings, started, disturbance)

    def note_passed(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None
    ) -> None:
        """Keep and log an exchange of a real server; its findings are logged by the judge."""
        self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._write(request, answer, (), started, disturbance)

    def _write(
        self,
        request: Request,
        answer: Answer,
        findings: Sequence[Finding],
        started: float,
        disturbance: Disturbance | None,
    ) -> None:
        """Log an exchange, without its secrets."""
        seen = _LoggedExchange(
            self._masker,
            time.time(),
            request,
            answer.status,
            answer.source,
            answer.entry.id if answer.entry is not None else None,
            time.perf_counter() - started,
            disturbance.describe() if disturbance is not None else None,
            findings,
        )
        handler = find_line_handler(_log)
        if handler is not None:
            handler.note(self._describe, seen, len(request.body))
        else:
            _handle(self._describe(seen))

    def _describe(self, seen: _LoggedExchange) -> ExchangeLine:
        masker, request, findings = seen.masker, seen.request, seen.findings
        return ExchangeLine(
            seen.moment,
            request.method,
            masker.path(request),
            seen.status,
            seen.source,
            seen.operation,
            seen.seconds,
            seen.disturbance,
            self._describe_findings(masker, request, findings) if findings else (),
        )

    def _describe_findings(
        self, masker: Masker, request: Request, findings: Sequence[Finding]
    ) -> Sequence[tuple[str, str]]:
        """
        Return the rules and the messages of findings, without secrets.

        To find the secrets of a request takes longer than to answer it. So where many are refused, the log says only
        what was found, and the journal has the rest.
        """
        now = time.monotonic()
        self._seconds = min(self._seconds + (now - self._refilled) * _SHARE, _MOST_SECONDS)
        self._refilled = now
        if self._seconds <= 0:
            rules = ", ".join(dict.fromkeys([finding.rule for finding in findings]))
            return ((rules, _MORE.format(len(findings))),)
        started = time.perf_counter()
        messages = masker.findings(request, findings)
        self._seconds -= time.perf_counter() - started
        return [(finding.rule, message) for finding, message in zip(findings, messages, strict=True)]

    @property
    def _masker(self) -> Masker:
        """Takes secrets out, as the documents that are served now know them."""
        if self._masked is not self._backend.mounts:
            self._masked = self._backend.mounts
            self._known_masker = Masker(mount.responder.document for mount in self._masked)
        return self._known_masker


def _handle(said: ExchangeLine) -> None:
    """Log an exchange by records, for any handler."""
    met = f" ({said.disturbance})" if said.disturbance is not None else ""
    shown = (said.method, said.path, said.status, said.source, said.seconds * 1000, met)
    record = logging.LogRecord(_log.name, logging.INFO, __file__, 0, "%s %s %d %s %.1f ms%s", shown, None)
    record.__dict__ |= {
        "method": said.method,
        "path": said.path,
        "status": said.status,
        "source": said.source,
        "operation": said.operation,
        "milliseconds": round(said.seconds * 1000, 2),
        "disturbance": said.disturbance,
        "findings": [message for _, message in said.findings],
    }
    _log.handle(record)
    for rule, message in said.findings:
        _log.warning("  %s: %s", rule, printable(message))
