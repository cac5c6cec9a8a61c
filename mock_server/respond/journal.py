"""
The journal of a world: its last exchanges, bounded.

Nothing is read or written out when an exchange is kept: that is left to the admin side.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from mock_server.cache import BoundedCache
from mock_server.exchange.message import RawFields, Request
from mock_server.respond.answer import Answer

LIMIT: Final = 1_000  # exchanges
BUDGET: Final = 16 * 1024 * 1024  # bytes
_AROUND: Final = 600  # bytes of one exchange in memory, apart from what it holds
FINDING_SIZE: Final = 1_000  # bytes of one finding in memory
_FIELD: Final = 130  # bytes of one field in memory, apart from its name and value
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
    def operation(self) -> str | None:
        """The id of its operation; None where the document has none for it."""
        if self.answer.entry is None:
            return None
        return self.answer.entry.id

    @property
    def size(self) -> int:
        """Its size in bytes, about as in memory."""
        request, answer = self.request, self.answer
        size = _AROUND + len(request.path) + len(request.query) + len(request.body) + len(answer.body)
        size += FINDING_SIZE * len(answer.findings)
        return size + _size_of_fields(request.fields) + _size_of_fields(answer.fields)


_shared: BoundedCache[int, tuple[RawFields, int]] = BoundedCache(
    1_024
)  # by id: fields of answers that are alike, and their bytes


def _size_of_fields(fields: RawFields) -> int:
    known = _shared.get(id(fields))
    if known is not None and known[0] is fields:
        return known[1]
    size = sum(map(len, chain.from_iterable(fields))) + _FIELD * len(fields)
    if isinstance(fields, tuple):
        _shared[id(fields)] = fields, size
    return size


@dataclass(eq=False)
class JournalUsage:
    """The memory of all journals of a server together."""

    weight: int = 0  # bytes


class Journal:
    """The last exchanges, in the order in which they were answered."""

    def __init__(self, limit: int = LIMIT, budget: int = BUDGET, tally: JournalUsage | None = None) -> None:
        """
        Make an empty journal.

        Args:
            limit: How many exchanges are kept; 0 keeps none.
            budget: How many bytes they may have, all together.
            tally: Counts the bytes of several journals.
        """
        self.limit = limit
        self.weight = 0  # bytes
        self._budget = budget
        self._tally = tally if tally is not None else JournalUsage()
        self._kept: deque[tuple[Recorded, int]] = deque()

    def add(self, recorded: Recorded) -> None:
        """Keep an exchange; the oldest ones go where there is no more room."""
        if not self.limit:
            return
        kept, size = self._kept, recorded.size
        kept.append((recorded, size))
        more = size - kept.popleft()[1] if len(kept) > self.limit else size
        self.weight += more
        self._tally.weight += more
        while len(kept) > self.limit or (self.weight > self._budget and len(kept) > 1):
            self.drop_oldest()

    def __iter__(self) -> Iterator[Recorded]:
        """Return the exchanges, the oldest first."""
        return iter([recorded for recorded, _ in self._kept])

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, id_: str) -> Recorded | None:
        """Find an exchange by its id."""
        return next((recorded for recorded, _ in self._kept if recorded.id == id_), None)

    def clear(self) -> None:
        """Forget all exchanges."""
        self._kept.clear()
        self._count(-self.weight)

    def detach(self) -> None:
        """Forget all exchanges, and count those that still come no more: the world is forgotten."""
        self.clear()
        self._tally = JournalUsage()

    def drop_oldest(self) -> None:
        """Forget the oldest exchange."""
        self._count(-self._kept.popleft()[1])

    def _count(self, size: int) -> None:
        self.weight += size
        self._tally.weight += size

    def keep_only(self, wanted: frozenset[str]) -> int:
        """Forget all exchanges but those with these ids; gives how many were forgotten."""
        before = len(self._kept)
        self._kept = deque((recorded, size) for recorded, size in self._kept if recorded.id in wanted)
        self._count(sum(size for _, size in self._kept) - self.weight)
        return before - len(self._kept)
