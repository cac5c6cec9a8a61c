"""What is kept and said of each exchange: the journal, those who listen, and the access log, without secrets."""

import logging
import time

from mock_server.exchange.message import Request
from mock_server.printable import printable
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Disturbance, Mount
from mock_server.server.masker import Masker

_log = logging.getLogger("mock_server.access")


class AccessLog:
    """Notes the exchanges of a server."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._masked: tuple[Mount, ...] = ()
        self._known_masker = Masker(())

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
            self._write(request, answer, time.perf_counter() - started, disturbance)

    def note_passed(
        self, request: Request, answer: Answer, world: World, started: float, disturbance: Disturbance | None
    ) -> None:
        """Keep and log an exchange of a real server; what is found in it is logged by who judges."""
        self._backend.record(request, answer, world, started, disturbance)
        if _log.isEnabledFor(logging.INFO):
            self._write(request, answer._replace(findings=()), time.perf_counter() - started, disturbance)

    def _write(self, request: Request, answer: Answer, seconds: float, disturbance: Disturbance | None) -> None:
        """Log an exchange, without its secrets."""
        met = disturbance.describe() if disturbance is not None else None
        path = self._masker.path(request)
        found = self._masker.findings(request, answer.findings)
        said = (
            request.method,
            path,
            answer.status,
            answer.source,
            seconds * 1000,
            f" ({met})" if met is not None else "",
        )
        record = logging.LogRecord(
            _log.name, logging.INFO, __file__, 0, "%s %s %d %s %.1f ms%s", said, None
        )  # who calls is known
        record.__dict__ |= {
            "method": request.method,
            "path": path,
            "status": answer.status,
            "source": answer.source,
            "operation": answer.entry.id if answer.entry is not None else None,
            "milliseconds": round(seconds * 1000, 2),
            "disturbance": met,
            "findings": found,
        }
        _log.handle(record)
        for finding, message in zip(answer.findings, found, strict=True):
            _log.warning("  %s: %s", finding.rule, printable(message))

    @property
    def _masker(self) -> Masker:
        """Takes secrets out, as the documents that are served now know them."""
        if self._masked is not self._backend.mounts:
            self._masked = self._backend.mounts
            self._known_masker = Masker(mount.responder.document for mount in self._masked)
        return self._known_masker
