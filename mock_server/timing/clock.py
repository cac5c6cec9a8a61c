"""
The clock of a world: the real one, moved, or standing still.

Everything that says what time it is goes by it: moments of state, tokens of the issuer, quotas, templates. Generated
moments lie around the day of a server's own clock at its start, so that they age while it goes on.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mock_server.errors import UsageError
from mock_server.timing.durations import parse_duration

# What "now" is for generated moments where no clock is set: fixed, so that the same seed gives the same bytes on every
# day.
NOW: Final = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
_FIRST: Final = 0.0  # 1970
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock."""

    offset: float = 0.0  # seconds ahead of the real one
    frozen: float | None = None  # in seconds since the epoch, where it stands still
    is_set: bool = False  # whether somebody set it; else generated moments keep their fixed day

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        if self.frozen is not None:
            return self.frozen
        return time.time() + self.offset

    def moment(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.now(), UTC)

    def anchor(self) -> datetime:
        """
        Return the moment that generated ones lie around: today at noon, or yesterday before that.

        Whole days apart from the fixed one, so that the same seed gives the same bytes all day.
        """
        if not self.is_set:
            return NOW
        return NOW + timedelta(days=(self.now() - NOW.timestamp()) // _DAY)

    def move(self, name: str, text: str) -> "Clock":
        """
        Set the clock, or move it on or back.

        Args:
            name: Of what says so, for the message.
            text: A time by ISO 8601, `real`, or a duration with its sign: `+2d`, `-3h`.

        Raises:
            UsageError: it is none of them, or leads out of the years 1970 to 2199.
        """
        if text == "real":
            moved = Clock(is_set=True)
        elif text[:1] in {"+", "-"}:
            seconds = parse_duration(name, text[1:]) * (-1 if text[0] == "-" else 1)
            if self.frozen is not None:
                moved = replace(self, frozen=self.frozen + seconds, is_set=True)
            else:
                moved = replace(self, offset=self.offset + seconds, is_set=True)
        else:
            wanted = _read_time(name, text)
            moved = replace(self, is_set=True, offset=wanted - time.time())
            if self.frozen is not None:
                moved = replace(moved, offset=0.0, frozen=wanted)
        if not _FIRST <= moved.now() < _LAST:
            raise UsageError(f"{name} leads out of the years 1970 to 2199: {text!r}")
        return moved

    def freeze(self, *, stands: bool) -> "Clock":
        """Let the clock stand still, or go on from where it stands."""
        if stands:
            return replace(self, frozen=self.now(), offset=0.0, is_set=True)
        if self.frozen is None:
            return self
        return replace(self, frozen=None, offset=self.frozen - time.time(), is_set=True)


def _read_time(name: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{name} is a time as in 2026-03-01T12:00:00Z, real, or +2d; not {text!r}") from error


REAL: Final = Clock()


def read_now(name: str, value: object) -> str:
    """
    Read what `--now` says, which is carried out by `clock_of`.

    Raises:
        UsageError: it is no time.
    """
    text = value.isoformat() if isinstance(value, datetime) else str(value).strip()
    REAL.move(name, text)
    return text


def clock_of(now: str | None) -> Clock:
    """Return the clock of a server, by its setting."""
    if now is None:
        return REAL
    return REAL.move("now", now)
