"""What a piece of work costs: CPU seconds and memory, so that an attack can be held to a bound."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SELF = Path("/proc/self")


@dataclass
class Cost:
    """CPU seconds of this process, and by how many megabytes its memory grew at most (0 where the system does not say)."""

    seconds: float = 0.0
    megabytes: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what is done inside."""
    cost = Cost()
    before = _begin()
    started = time.process_time()
    yield cost
    cost.seconds = time.process_time() - started
    cost.megabytes = _kilobytes("VmHWM") / 1024 - before


def _begin() -> float:
    """Forget the peak of memory so far; the megabytes in use now."""
    clear = _SELF / "clear_refs"
    if clear.exists():
        clear.write_text("5")
    return _kilobytes("VmRSS") / 1024


def _kilobytes(name: str) -> int:
    status = _SELF / "status"
    found = re.search(rf"{name}:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) if found is not None else 0
