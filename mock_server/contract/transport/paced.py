"""
Pace: how fast an API is asked, and when to ask again.

A rate that adapts is halved where the API asks to come back later, and grows again as long as it does not. A limit that
answers announce (`RateLimit-Remaining: 0`) is waited for.

Only what never reached the API is sent again: a refused or dropped connection, for methods that may be repeated. A
429, or a 503 that says when to come back, is obeyed, within limits.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mock_server.contract.checks import is_limited
from mock_server.contract.transport.http import Received, Sender, TransportFault
from mock_server.errors import TransportError
from mock_server.exchange.message import Request, Response, find_field

_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_TRIES = 3
_MOST_WAIT = 30.0  # seconds, for one Retry-After
_DEFAULT_WAIT = 0.5  # seconds, where a 429 does not say
_SLOWEST = 0.5  # requests a second that an adapting rate does not go below
_GROWTH, _CALM = 1.25, 20  # by which an adapting rate grows, after so many answers without a limit
_MOST_KEPT = 200  # moments of requests, by which the rate is measured
_POLL = 0.25  # seconds between looks at an API that does not answer yet
_STARTING = frozenset((502, 503, 504))  # of a gateway, before the API is there


def wait_until_ready(
    sender: Sender,
    path: bytes,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """
    Wait until an API answers anything, but a gateway that has nothing behind it.

    Args:
        sender: To the API.
        path: That is asked for.
        seconds: How long to wait at most.
        clock: Gives seconds.
        sleep: Waits.

    Raises:
        TransportError: it did not answer in that time.
    """
    ends = clock() + seconds
    while True:
        received = sender.send(Request("GET", path or b"/", b"", (), b""))
        if received.response is not None and received.response.status not in _STARTING:
            return
        if clock() >= ends:
            why = received.detail or f"the last answer was {received.response.status if received.response else 'none'}"
            raise TransportError(sender.origin, f"it did not answer within {seconds:g} s: {why}")
        sleep(min(_POLL, max(ends - clock(), 0.0)))


@dataclass(eq=False, repr=False)
class PacedSender:
    """Sends at most so many requests a second, and comes back when asked to."""

    sender: Sender
    rate: float | None = None  # requests a second
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    adapts: bool = False  # whether the rate follows what the API says
    limited: int = 0  # how often a limit of the provider was met
    _calm: int = 0  # answers since a limit was met
    _moments: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_KEPT))
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        """The origin that requests are sent to."""
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
        received = self.sender.send(request)
        if self.adapts and received.response is not None:
            self._adapt(received.response)
        return received

    def _adapt(self, response: Response) -> None:
        """Follow what an answer says of the rate."""
        with self._lock:
            now = self.clock()
            self._moments.append(now)
            if is_limited(response):
                span = now - self._moments[0]
                measured = (len(self._moments) - 1) / span if span > 0 else _SLOWEST
                self.rate = max(_SLOWEST, min(self.rate or measured, measured) / 2)
                self._calm = 0
                return
            self._calm += 1
            if self.rate is not None and self._calm >= _CALM:
                self.rate *= _GROWTH
                self._calm = 0
            pause = _announced_pause(response)
            if pause:
                self._next = max(self._next, now + pause)
                self.rate = self.rate or len(self._moments) / pause

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


def _announced_pause(response: Response) -> float:
    """Return for how many seconds no request is left, as an answer announces it; 0 where some are."""
    for prefix in (b"ratelimit-", b"x-ratelimit-"):
        left, reset = find_field(response.fields, prefix + b"remaining"), find_field(response.fields, prefix + b"reset")
        if left is not None and left.strip() == "0" and reset is not None and reset.strip().isdecimal():
            seconds = float(reset)
            return seconds if seconds <= _MOST_WAIT else 0.0
    return 0.0
