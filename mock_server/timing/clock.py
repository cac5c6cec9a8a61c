"""The clock of a world: the real one, moved, or standing still."""

import time
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is."""

    offset: float = 0.0  # seconds ahead of the real one
    frozen: float | None = None  # in seconds since the epoch, where it stands still

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        if self.frozen is not None:
            return self.frozen
        return time.time() + self.offset


REAL: Final = Clock()
