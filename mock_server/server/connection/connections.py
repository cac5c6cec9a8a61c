"""
All connections of a process: their number, bytes in flight and timeouts.

Clients that open many connections, send little, or do not read what they asked for cost a server its memory and its
file descriptors. So each connection says what it waits for, and one look a second, at all of them, finds those that
wait too long.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

_log = logging.getLogger("mock_server.connections")

_RESERVED: Final = 100  # file descriptors that are for documents, upstreams and the like
_FEWEST: Final = 16  # connections, however few descriptors there are


class Wait(Enum):
    """The reason why a connection waits."""

    HEAD = "the header of a request"
    BODY = "the body of a request"
    READER = "the client to read its answer"
    REQUEST = "another request"
    ANSWER = "an answer of this server"  # as long as that takes


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """The limits of connections of a process."""

    connections: int = 1_000
    in_flight: int = 256 << 20  # bytes of request bodies whose answers have not been sent
    body: int = 10 << 20  # bytes that are kept of one body
    header_seconds: float = 30.0  # from its first byte to its last, or for a new connection that sends nothing
    body_seconds: float = 30.0  # without a byte of it; the same for a client that does not read
    idle_seconds: float = 75.0

    def seconds(self, wait: Wait) -> float | None:
        """Return the timeout in seconds, or None."""
        limits = {
            Wait.HEAD: self.header_seconds,
            Wait.BODY: self.body_seconds,
            Wait.READER: self.body_seconds,
            Wait.REQUEST: self.idle_seconds,
        }
        return limits.get(wait)

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return min(1.0, min(self.header_seconds, self.body_seconds, self.idle_seconds) / 4)


@dataclass(eq=False)
class PendingWait:
    """The reason of a wait, and its beginning."""

    wait: Wait = Wait.ANSWER
    progress: int = 0  # another number when something moved
    since: float = 0.0  # by the clock of the event loop


class Connection(Protocol):
    """One connection."""

    waiting: PendingWait

    def find_wait(self) -> tuple[Wait, int]:
        """Return the reason of the wait, and a counter of progress."""

    def count_unsent(self) -> int:
        """Return the number of bytes of answers not yet taken by the client."""

    def give_up(self, wait: Wait) -> None:
        """End it: it waited too long."""

    def abort(self) -> None:
        """End the connection at once; unsent bytes are lost."""


@dataclass(eq=False)
class Connections:
    """See the module."""

    limits: ConnectionLimits
    in_flight: int = 0  # bytes
    refused: int = 0  # connections and requests, for want of room
    _open: set[Connection] = field(default_factory=set)
    _timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._open))

    def admit(self, connection: Connection) -> bool:
        """Register a connection; return False where there is no room."""
        if len(self._open) >= self.limits.connections:
            idle = [each for each in self if each.find_wait()[0] is Wait.REQUEST]
            if not idle:
                self.note_refusal("%d connections are open", len(self._open))
                return False
            oldest = min(idle, key=lambda each: each.waiting.since)
            self._open.discard(oldest)
            oldest.give_up(Wait.REQUEST)
        self._open.add(connection)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.limits.interval, self._look, loop)
        return True

    def discard(self, connection: Connection) -> None:
        """Forget a connection that ended."""
        self._open.discard(connection)

    def hold(self, size: int) -> bool:
        """Count received bytes of a request; return False where there is no room."""
        if self.in_flight + size > self.limits.in_flight:
            self.note_refusal("%d bytes of requests wait for their answers", self.in_flight)
            return False
        self.in_flight += size
        return True

    def release(self, size: int) -> None:
        """Count bytes of a request that was answered."""
        self.in_flight -= size

    def note_refusal(self, why: str, count: int) -> None:
        """Say that there was no room: the first time, and then less and less often."""
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:
            _log.warning("no room for a client: " + why + " (refused %d times)", count, self.refused)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close connections that waited too long, as long as there are any."""
        now = loop.time()
        for connection in self:
            _look_at(connection, now, self.limits.seconds)
        self._drop_unread(self._open, now)
        self._timer = loop.call_later(self.limits.interval, self._look, loop) if self._open else None

    def _drop_unread(self, connections: Iterable[Connection], now: float) -> None:
        """
        Answers that clients do not take wait in memory as well.

        Where they are too many, the largest that stand still go.
        """
        unsent = sorted(((each.count_unsent(), each) for each in connections), key=lambda pair: -pair[0])
        total = self.in_flight + sum(size for size, _ in unsent)
        for size, connection in unsent:
            if total <= self.limits.in_flight or not size:
                return
            if connection.waiting.since < now:
                total -= size
                self.note_refusal("%d bytes of answers are not read by those who asked", total)
                connection.abort()


def _look_at(connection: Connection, now: float, limit: Callable[[Wait], float | None]) -> None:
    """Close a connection that waited too long."""
    wait, progress = connection.find_wait()
    waiting = connection.waiting
    if (wait, progress) != (waiting.wait, waiting.progress):
        waiting.wait, waiting.progress, waiting.since = wait, progress, now
        return
    seconds = limit(wait)
    if seconds is not None and now - waiting.since >= seconds:
        connection.give_up(wait)


def most_connections(wanted: int, descriptors: int | None) -> int:
    """
    Bound the number of connections by the file descriptors that a process may have.

    Args:
        wanted: What is set.
        descriptors: How many the system lets it have; None where that is not known.
    """
    if descriptors is None:
        return wanted
    return min(wanted, max(descriptors - _RESERVED, _FEWEST))
