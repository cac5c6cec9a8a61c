"""
Log lines, written in batches: a system call for each line would cost more than most answers.

Lines are written in their order, a moment after the first of a batch, or at once where no event loop runs; and at the
latest when the process ends, however politely it is asked to. What their stream does not take (its reader is gone, its
disk is full) is lost: nobody else is there to be told, and no answer waits for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, Final, NamedTuple, Protocol, TextIO, TypeVar

_MOMENT: Final = 0.05  # seconds
_MOST_LINES: Final = 100  # that wait
_MOST_BYTES: Final = 1 << 20  # of lines that wait, and of requests that they are about

_SeenT = TypeVar("_SeenT")


class ExchangeLine(NamedTuple):
    """The access log's data of one exchange, without its secrets."""

    moment: float  # in seconds since the epoch
    method: str
    path: str
    status: int
    source: str
    operation: str | None
    seconds: float
    disturbance: str | None
    findings: Sequence[tuple[str, str]]  # rules and messages


class LineFormatter(Protocol):
    """Writes log lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""

    def format_exchange(self, said: ExchangeLine) -> str:
        """Write an exchange, as its records would be written; without them, since there are many."""


class LineHandler(logging.Handler):
    """Writes to a stream, in batches."""

    def __init__(self, stream: TextIO | None, lines: LineFormatter) -> None:
        """
        Write to a stream.

        Args:
            stream: Where the lines go; None where the process was started without it.
            lines: How they are written.
        """
        super().__init__()
        self._stream = stream
        self._formatter = lines
        self._guard = RLock()
        self._waiting: list[str | tuple[Callable[[Any], ExchangeLine], Any]] = []
        self._size = 0  # bytes of those
        self._loop: asyncio.AbstractEventLoop | None = None  # that flushes them

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            line = self._formatter.format(record)
            self._add(line, len(line))
        except Exception:  # noqa: BLE001 - as logging's own handlers do: an odd record ends no request
            self.handleError(record)

    def note(self, describe: Callable[[_SeenT], ExchangeLine], seen: _SeenT, size: int) -> None:
        """
        Write an exchange.

        Args:
            describe: Says what is written of it. Called later, for a whole batch: that takes less time.
            seen: What that is told.
            size: How many bytes of it wait.
        """
        self._add((describe, seen), size)

    def flush(self) -> None:
        """Write the waiting lines."""
        with self._guard:
            waiting, self._waiting, self._size, self._loop = self._waiting, [], 0, None
            if not waiting or self._stream is None:
                return
            lines = [each if isinstance(each, str) else self._describe(*each) for each in waiting]
            lines.append("")
            with contextlib.suppress(OSError, ValueError):  # a ValueError says that it is closed
                self._stream.write("\n".join(lines))
                self._stream.flush()

    def _describe(self, describe: Callable[[_SeenT], ExchangeLine], seen: _SeenT) -> str:
        return self._formatter.format_exchange(describe(seen))

    def _add(self, line: str | tuple[Callable[[Any], ExchangeLine], Any], size: int) -> None:
        loop = _find_loop()
        with self._guard:
            self._waiting.append(line)
            self._size += size
            if loop is None or len(self._waiting) >= _MOST_LINES or self._size > _MOST_BYTES:
                self.flush()
            elif self._loop is not loop:
                self._loop = loop
                loop.call_later(_MOMENT, self.flush)


def _find_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def flush_logs() -> None:
    """Write the lines that wait, wherever they go."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def find_line_handler(log: logging.Logger) -> LineHandler | None:
    """Return the handler of a logger, if it is a `LineHandler` and the only one."""
    each: logging.Logger | None = log
    found: list[logging.Handler] = []
    while each is not None:
        found += each.handlers
        each = each.parent if each.propagate else None
    if len(found) == 1 and isinstance(found[0], LineHandler):
        return found[0]
    return None
