"""
What was asked and answered: a bounded journal.

Nothing is read or written out when an exchange is kept: that is left to who looks.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from mock_server.exchange.message import Request
from mock_server.serve.answer import Answer

LIMIT: Final = 1_000  # exchanges
BUDGET: Final = 16 * 1024 * 1024  # bytes of bodies
_WAITING = 256  # exchanges that a slow reader may lag behind before it loses some


class Recorded(NamedTuple):
    """One exchange."""

    number: int  # from 1, over all worlds of a process
    moment: float  # when it came, in seconds since the epoch
    seconds: float  # until it was answered
    request: Request
    answer: Answer
    world: str
    disturbance: str | None = None  # the delay or fault that it met

    @property
    def id(self) -> str:
        """Its name, in a URL for instance."""
        return f"{self.number:08d}"

    @property
    def size(self) -> int:
        """How many bytes of bodies it keeps."""
        return len(self.request.body) + len(self.answer.body)


class Journal:
    """The last exchanges, in the order in which they were answered."""

    def __init__(self, limit: int = LIMIT, budget: int = BUDGET) -> None:
        """
        Make an empty journal.

        Args:
            limit: How many exchanges are kept; 0 keeps none.
            budget: How many bytes their bodies may have, all together.
        """
        self.limit = limit
        self._budget = budget
        self._kept: deque[Recorded] = deque()
        self._bytes = 0
        self._readers: set[asyncio.Queue[Recorded]] = set()

    def add(self, recorded: Recorded) -> None:
        """Keep an exchange; the oldest ones go where there is no more room."""
        if not self.limit:
            return
        kept = self._kept
        kept.append(recorded)
        self._bytes += len(recorded.request.body) + len(recorded.answer.body)
        while len(kept) > self.limit or (self._bytes > self._budget and len(kept) > 1):
            self._bytes -= kept.popleft().size
        for reader in self._readers:
            if reader.full():
                reader.get_nowait()
            reader.put_nowait(recorded)

    def __iter__(self) -> Iterator[Recorded]:
        """The exchanges, the oldest first."""
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, id_: str) -> Recorded | None:
        """Find an exchange by its id."""
        return next((recorded for recorded in self._kept if recorded.id == id_), None)

    def clear(self) -> None:
        """Forget all exchanges."""
        self._kept.clear()
        self._bytes = 0

    def keep_only(self, wanted: frozenset[str]) -> int:
        """Forget all exchanges but those with these ids; gives how many were forgotten."""
        before = len(self._kept)
        self._kept = deque(recorded for recorded in self._kept if recorded.id in wanted)
        self._bytes = sum(recorded.size for recorded in self._kept)
        return before - len(self._kept)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Recorded]]:
        """Follow what comes; a reader that does not keep up loses the oldest of what waits for it."""
        queue: asyncio.Queue[Recorded] = asyncio.Queue(_WAITING)
        self._readers.add(queue)
        try:
            yield queue
        finally:
            self._readers.discard(queue)
