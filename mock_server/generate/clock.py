"""
How long the search for one value may take.

A value of a usual schema is drawn at once. Where it is searched for, it may take for ever; so the time that a search takes of
this thread's CPU is bounded, and what ends is only what would not have found anything in a believable time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from mock_server.pausing import own_time

SECONDS: Final = 1.5  # of CPU, for a value
COMPILING: Final = 1.0  # for what a schema's values are drawn by
_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def bounded_search(seconds: float = SECONDS) -> Iterator[None]:
    """Bound what is searched for inside; a bound around it goes on to hold."""
    if _ends.get() is not None:
        yield
        return
    token = _ends.set(own_time() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def is_late() -> bool:
    """Whether a search has taken its time."""
    ends = _ends.get()
    return ends is not None and own_time() > ends
