"""Durations as people write them: 900, 90s, 15m, 1h30m, 2d, 1w."""

import re
from typing import Final

from mock_server.errors import UsageError

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION: Final = re.compile(
    r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,9})m)?(?:(\d{1,10}(?:\.\d{1,6})?)s?)?"
)
LONGEST: Final = 100 * 366 * 86_400.0  # seconds


def parse_duration(name: str, value: object) -> float:
    """
    Read a duration over 0.

    Args:
        name: Of the setting, for the message.
        value: A number of seconds, or a text with units.

    Returns:
        Seconds.

    Raises:
        UsageError: it is no duration, or one of more than a hundred years.
    """
    text = str(value).strip().lower() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    found = _DURATION.fullmatch(text) if text else None
    seconds = 0.0
    if found is not None:
        seconds = sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS.values(), strict=True) if part)
    if seconds > LONGEST:
        raise UsageError(f"{name} has to be at most {LONGEST / _UNITS['d']:.0f}d, not {value!r}")
    if seconds <= 0:
        raise UsageError(f"{name} has to be a duration as in 900, 15m, 12h or 2d, not {value!r}")
    return seconds
