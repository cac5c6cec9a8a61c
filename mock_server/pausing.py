"""
Pauses in long work, so that others have their turn.

Who runs long work on the thread of an event loop says how a pause is made (`begin`); the work calls `pause` between
two steps, wherever nothing is half done that others look at. Anywhere else a pause takes no time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

SPELL: Final = 0.05  # seconds of work between two pauses
_WAITING: Final = 0.002  # seconds of a pause in which somebody else is waited for

_T = TypeVar("_T")


class OutOfTime(Exception):
    """Work that can't be interrupted would take too long."""


def _next() -> float:
    return time.perf_counter() + SPELL


@dataclass(slots=True)
class _Pauses:
    """The pauses of one piece of work."""

    give_way: Callable[[float], bool]
    due: float  # on `time.perf_counter`
    count: int = 0
    away: float = 0.0  # seconds of this thread's CPU that others had meanwhile

    def make(self, seconds: float = 0.0) -> bool:
        before = time.thread_time()
        is_made = self.give_way(seconds)
        self.away += time.thread_time() - before
        self.due = _next()
        self.count += is_made
        return is_made


_pauses: ContextVar[_Pauses | None] = ContextVar("pauses", default=None)


def begin(give_way: Callable[[float], bool]) -> None:
    """
    Begin a piece of work that makes pauses, for the rest of this context.

    Args:
        give_way: Lets others have their turn for some seconds at least; whether there was a turn to give.
    """
    _pauses.set(_Pauses(give_way, _next()))


def at_once(work: Callable[..., _T], *given: object) -> _T:
    """
    Do what has to be done without a pause.

    Args:
        work: What is done.
        given: Its arguments.

    Raises:
        OutOfTime: it takes longer than what may be done without one, or needs what somebody else is at.
    """
    token = _pauses.set(_Pauses(_give_up, time.perf_counter() + SPELL))
    try:
        return work(*given)
    finally:
        _pauses.reset(token)


def _give_up(seconds: float) -> bool:
    raise OutOfTime


def pause() -> None:
    """Let others have their turn, if this work has had the thread for a while."""
    pauses = _pauses.get()
    if pauses is not None and time.perf_counter() >= pauses.due:
        pauses.make()


def wait() -> bool:
    """Give way at once, because this work needs what another holds; return True if giving way was possible."""
    pauses = _pauses.get()
    return pauses is not None and pauses.make(_WAITING)


def count_pauses() -> int:
    """Return the number of pauses so far: after a pause, other work may have changed shared data."""
    pauses = _pauses.get()
    if pauses is not None:
        return pauses.count
    return 0


def own_time() -> float:
    """Return the CPU seconds of this thread without those used by other work during pauses."""
    pauses = _pauses.get()
    return time.thread_time() - (pauses.away if pauses is not None else 0.0)


@contextmanager
def without_pauses() -> Iterator[None]:
    """Make no pause inside the block: its work is atomic for other work."""
    token = _pauses.set(None)
    try:
        yield
    finally:
        _pauses.reset(token)
