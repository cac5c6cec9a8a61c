"""
Bounds on the time that the search for one value takes.

A value of a usual schema is drawn at once. Where it is searched for, it may take for ever; so the time that a search
takes of this thread's CPU is bounded, and what ends is only what would not have found anything in a believable time.
"""

from contextvars import ContextVar, Token
from typing import Final

from mock_server.pausing import own_time

SECONDS: Final = 1.5  # of CPU, for a value
COMPILING: Final = 1.0  # for what a schema's values are drawn by
_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class Bound:
    """A context manager that bounds the searches inside; a bound around it stays in force."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float = SECONDS) -> None:
        """Bound to so many seconds of CPU, from when the context is entered."""
        self._seconds = seconds
        self._token: Token[float | None] | None = None

    def __enter__(self) -> None:
        """Begin."""
        if _ends.get() is None:
            self._token = _ends.set(own_time() + self._seconds)

    def __exit__(self, *_: object) -> None:
        """End."""
        if self._token is not None:
            _ends.reset(self._token)


def is_late() -> bool:
    """Return True if the time of a search is over."""
    ends = _ends.get()
    return ends is not None and own_time() > ends
