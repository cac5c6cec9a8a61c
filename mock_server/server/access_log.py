"""Journal, listeners and access log of each exchange; no secret is logged."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from mock_server.exchange.message import Request
from mock_server.findings import Finding
from mock_server.printable import printable
from mock_server.respond.answer import Answer
from mock_server.respond.journal import Recorded
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Disturbance, Mount
from mock_server.server.log_lines import ExchangeLine, find_line_handler, flush_logs
from mock_server.server.masker import Masker

_log = logging.getLogger("mock_server.access")
_MOST_SECONDS: Final = 0.03
_SHARE: Final = 0.02  # of the time
_MORE: Final = "{} findings; so many requests are refused that only the journal has the messages"


class AccessLog:
    """Notes the exchanges of a server."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._masked: tuple[Mount, ...] = ()
        self._masker = Masker(())
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
        recorded = self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._write(self._describe, recorded)

    def note_passed(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None
    ) -> None:
        """Keep and log an exchange of a real server; its findings are logged by the judge."""
        recorded = self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._write(self._describe_passed, recorded)

    def _write(self, describe: Callable[[Recorded], ExchangeLine], recorded: Recorded) -> None:
        """Log an exchange, without its secrets, as the documents that are served now know them."""
        if self._masked is not self._backend.mounts:
            flush_logs()  # of what was answered from other documents
            self._masked = self._backend.mounts
            self._masker = Masker(mount.responder.document for mount in self._masked)
        handler = find_line_handler(_log)
        if handler is not None:
            handler.note(describe, recorded, len(recorded.request.body) + len(recorded.answer.body))
        else:
            _handle(describe(recorded))

    def _describe(self, recorded: Recorded) -> ExchangeLine:
        """Describe an exchange for the log."""
        findings = recorded.answer.findings
        line = self._describe_passed(recorded)
        if findings:
            line = line._replace(findings=self._describe_findings(recorded.request, findings))
        return line

    def _describe_passed(self, recorded: Recorded) -> ExchangeLine:
        """Describe an exchange for the log, without its findings."""
        request, answer = recorded.request, recorded.answer
        return ExchangeLine(
            recorded.moment + recorded.seconds,
            request.method,
            self._masker.path(request),
            answer.status,
            answer.source,
            recorded.operation,
            recorded.seconds,
            recorded.disturbance,
            (),
        )

    def _describe_findings(self, request: Request, findings: Sequence[Finding]) -> Sequence[tuple[str, str]]:
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
        messages = self._masker.findings(request, findings)
        self._seconds -= time.perf_counter() - started
        return [(finding.rule, message) for finding, message in zip(findings, messages, strict=True)]


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
