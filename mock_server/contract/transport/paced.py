"""
Pace: how fast an API is asked, and when to ask again.

Only what never reached the API is sent again: a refused or dropped connection, for methods that may be repeated. A
429, or a 503 that says when to come back, is obeyed, within limits.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mock_server.contract.checks import is_limited
from mock_server.contract.transport.http import Received, Sender, TransportFault
from mock_server.exchange.message import Request, find_field

_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_TRIES = 3
_MOST_WAIT = 30.0  # seconds, for one Retry-After
_DEFAULT_WAIT = 0.5  # seconds, where a 429 does not say


@dataclass(eq=False, repr=False)
class PacedSender:
    """Sends at most so many requests a second, and comes back when asked to."""

    sender: Sender
    rate: float | None = None  # requests a second
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    limited: int = 0  # how often a limit of the provider was met
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        """Where requests go."""
        return self.sender.origin

    def send(self, request: Request) -> Received:
        """Send a request; never raises for what the API does."""
        received = self._send(request)
        for attempt in range(1, _TRIES):
            wait = self._wait(request, received, attempt)
            if wait is None:
                break
            self.sleep(wait)
            received = self._send(request)
        return received

    def break_off(self) -> None:
        """Whoever waits for an answer stops waiting, where that can be."""
        self.sender.break_off()

    def go_on(self) -> None:
        """Allow requests again."""
        self.sender.go_on()

    def close(self) -> None:
        """Let go of connections."""
        self.sender.close()

    def _send(self, request: Request) -> Received:
        if self.rate is not None:
            with self._lock:
                now = self.clock()
                wait = self._next - now
                self._next = max(now, self._next) + 1 / self.rate
            if wait > 0:
                self.sleep(wait)
        return self.sender.send(request)

    def _wait(self, request: Request, received: Received, attempt: int) -> float | None:
        """Return how long to wait before the same again; None where it is not sent again."""
        if received.response is None:
            dropped = received.fault in {TransportFault.UNREACHABLE, TransportFault.DISCONNECTED}
            if dropped and request.method in _REPEATABLE:
                return 0.05 * attempt
            return None
        if not is_limited(received.response):
            return None
        self.limited += 1
        asked = _retry_after(find_field(received.response.fields, b"retry-after"))
        if asked is not None and asked <= _MOST_WAIT:
            return asked
        if asked is not None:
            return None
        return _DEFAULT_WAIT * attempt


def _retry_after(text: str | None) -> float | None:
    """Read Retry-After: seconds, or a date. RFC 9110, section 10.2.3."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
