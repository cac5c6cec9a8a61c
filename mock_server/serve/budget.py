"""
One budget of bytes for what a server keeps of what clients send and are sent: worlds, journals, state, callbacks, answers.

Each of these has bounds of its own, but clients name as many worlds as they like. So all of it is weighed, about as heavy as it
is in memory, and where it becomes too much, what is cheapest to lose goes first: answers that are kept ready, then worlds that
nobody asked for in a while, then the oldest exchanges and callbacks of the rest. State of a world that is in use is never lost:
what no longer fits is refused.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from mock_server.settings import DEFAULTS

_log = logging.getLogger("mock_server.memory")

MEMORY: Final = DEFAULTS.memory  # bytes
_LEFT: Final = 7 / 8  # of the budget is in use after room was made, so that it is not made for each request


class Holder(Protocol):
    """Something that keeps bytes."""

    @property
    def weight(self) -> int:
        """How many bytes."""


@dataclass(eq=False)
class Budget:
    """What is kept, and how much that may be; see the module. Used in the event loop only."""

    most: int = MEMORY
    holders: dict[str, Holder] = field(default_factory=dict)  # by what they keep
    # Each drops the oldest of something, and gives whether there was any: by what that is, the cheapest to lose first.
    droppers: dict[str, Callable[[], bool]] = field(default_factory=dict)
    # What can be had smaller without a loss: is asked first.
    settlers: list[Callable[[], None]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    _times: int = 0

    @property
    def weight(self) -> int:
        """How many bytes are kept."""
        total = 0
        for holder in self.holders.values():
            total += holder.weight
        return total

    def check(self) -> None:
        """Make room where too much is kept."""
        if self.weight > self.most:
            self.make_room()

    def make_room(self) -> None:
        """Drop what is cheapest to lose until there is room."""
        for settle in self.settlers:
            settle()
        before = self.dropped.copy()
        for what, drop in self.droppers.items():
            while self.weight > self.most * _LEFT and drop():
                self.dropped[what] += 1
        lost = self.dropped - before
        if not lost:
            return
        self._times += 1
        if self._times & (self._times - 1) == 0:  # the first time, and then less and less often
            named = ", ".join(f"{count:,} {what}" for what, count in lost.items())
            megabytes = self.most / (1 << 20)
            _log.warning(
                "over %.0f MB were kept, so the oldest went: %s (--memory sets the limit; for the %d. time)", megabytes, named, self._times
            )
