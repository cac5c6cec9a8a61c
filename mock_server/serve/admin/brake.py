"""
Slowing down who guesses a token.

A few wrong ones cost nothing, so that a person may mistype. Beyond these all guesses together get one answer each half second, in
their turn, whoever sends them; none waits longer than some seconds, so that connections do not pile up. The right token is
looked at first and never waits: nobody can be locked out by the guesses of others.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

_FREE: Final = 5  # guesses
_PACE: Final = 0.5  # seconds for each one beyond
_LONGEST: Final = 10.0  # seconds


@dataclass(eq=False, repr=False)
class Brake:
    """Makes wrong guesses wait; see the module."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _free_at: float = field(default=0.0)  # when all guesses until now are paid for

    async def wait(self) -> None:
        """Wait before a wrong guess is answered."""
        seconds = self.count_guess()
        if seconds > 0:
            await self.sleep(seconds)

    def count_guess(self) -> float:
        """Count a wrong guess; gives how many seconds its answer waits."""
        now = self.clock()
        self._free_at = min(max(self._free_at, now) + _PACE, now + _FREE * _PACE + _LONGEST)
        return max(0.0, self._free_at - now - _FREE * _PACE)
