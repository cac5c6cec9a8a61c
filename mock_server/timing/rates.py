"""Rates as people write them: 100/min, 5/10s, 1000/h."""

import re
from typing import Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.timing.durations import parse_duration

_RATE: Final = re.compile(r"(\d{1,9}) ?/ ?([0-9a-z]{1,20})", re.IGNORECASE)
_WORDS: Final = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "h": 3_600.0, "hour": 3_600.0,
    "d": 86_400.0, "day": 86_400.0,
}  # fmt: skip


class Rate(NamedTuple):
    """So many in a time."""

    number: int
    seconds: float
    text: str  # as it was written

    def __str__(self) -> str:
        return self.text


def parse_rate(name: str, value: object) -> Rate:
    """
    Read a rate.

    Args:
        name: Of the setting, for the message.
        value: A number over 0, a slash and a time: a unit, or a duration.

    Raises:
        UsageError: it is none.
    """
    text = str(value).strip()
    found = _RATE.fullmatch(text)
    if found is None or int(found[1]) < 1:
        raise UsageError(f"{name} has to be a rate as in 100/min or 5/10s, not {value!r}")
    unit = found[2].lower()
    return Rate(int(found[1]), _WORDS[unit] if unit in _WORDS else parse_duration(name, unit), text)


class RateLimit(NamedTuple):
    """A limit of requests, or that there is none."""

    rate: Rate | None


def parse_limit(name: str, value: object) -> RateLimit:
    """
    Read a rate, or `off`.

    Raises:
        UsageError: it is neither.
    """
    if value is False or str(value).strip().lower() == "off":
        return RateLimit(None)
    return RateLimit(parse_rate(name, value))
