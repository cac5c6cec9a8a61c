"""
What has no place in gold: the clock, the chance of the operating system, and what is masked since it cannot be held still.

Sources of chance are replaced where they are (`hold_still`); only what no replacement reaches is masked in the text
(`MASKS`). The worker is run from here, so that the package under test is imported after that: it keeps `time.time` as a default.
"""

import itertools
import re
import runpy
import secrets
import time
import uuid
from typing import Final

MOMENT: Final = 1_767_225_600.0  # 2026-01-01T00:00:00Z, in seconds
TICK: Final = 0.0001  # seconds of CPU time that pass with each look at the clock
ENVIRONMENT: Final = {
    "COLUMNS": "100", "LINES": "40", "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip

# What is masked: a pattern, what stands in its place, why.
MASKS: Final = (
    (
        re.compile(r"\bin \d+(\.\d+)? (ms|s)\b"),
        "in <seconds>",
        "how long a run took: it is read off the monotonic clock",
    ),
    (
        re.compile(r'(mock_server_memory_bytes\{kind="\w+"\}) [\d.]+'),
        r"\1 <bytes>",
        "what objects weigh: it differs between versions of Python",
    ),
    (re.compile(r'("stop": ?)\d+'), r"\1<moment>", "the same in CTRF, as a moment"),
    (re.compile(r'("seconds": ?|"duration": ?|\btime=")\d+(\.\d+)?(e-\d+)?'), r"\1<seconds>", "the same in reports"),
    (re.compile(r"<b>\d+(\.\d+)?</b>seconds"), "<b><seconds></b>seconds", "the same in the findings page"),
)


def hold_still() -> None:
    """
    Replace the clocks and the chance of this process.

    CPU time passes by looks at the clock, so that a search which is bounded by it ends at the same step on every machine.
    The monotonic clock goes on: event loops wait by it.
    """
    looks = itertools.count()
    numbers = itertools.count(1)
    time.time = lambda: MOMENT
    time.time_ns = lambda: int(MOMENT * 1e9)
    time.perf_counter = lambda: 0.0
    time.thread_time = lambda: next(looks) * TICK
    secrets.token_hex = lambda nbytes=None: f"{next(numbers):0{2 * (nbytes or 32)}x}"
    secrets.token_urlsafe = lambda nbytes=None: f"chance-{next(numbers)}"
    uuid.uuid4 = lambda: uuid.UUID(int=next(numbers), version=4)


def mask(text: str) -> str:
    """Replace what cannot be held still."""
    for pattern, replacement, _ in MASKS:
        text = pattern.sub(replacement, text)
    return text


if __name__ == "__main__":
    hold_still()
    runpy.run_module("benchmarks.gold.worker", run_name="__main__", alter_sys=True)
