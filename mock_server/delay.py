"""
Delays: how long an answer waits before it is sent.

| written | as JSON, the shapes that WireMock has | how long, in milliseconds | | --- | --- | --- | | `200` | `{"type":
"fixed", "milliseconds": 200}` | always the same | | `100..300` | `{"type": "uniform", "lower": 100, "upper": 300}` |
anything between, equally likely | | `lognormal:80,0.4` | `{"type": "lognormal", "median": 80, "sigma": 0.4}` | half of
them below the median, with a long tail |

None is longer than ten minutes.
"""

import math
import re
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from mock_server.errors import UsageError
from mock_server.json_values import JsonObject, JsonValue

LONGEST: Final = 600_000  # milliseconds

_NUMBER = r"(\d{1,7}(?:\.\d{1,6})?)"
_FIXED = re.compile(rf"{_NUMBER}(?:ms)?", re.ASCII)
_UNIFORM = re.compile(rf"{_NUMBER}\.\.{_NUMBER}(?:ms)?", re.ASCII)
_LOGNORMAL = re.compile(rf"lognormal:{_NUMBER},{_NUMBER}", re.ASCII)
_WANTED = "a number of milliseconds as 200, a range as 100..300, or lognormal:MEDIAN,SIGMA as lognormal:80,0.4"


class Delay(Protocol):
    """A duration to wait, in milliseconds."""

    def draw(self, random: Random) -> float:
        """Draw a length, in milliseconds: from 0 to `LONGEST`."""

    def json(self) -> JsonObject:
        """Write it as JSON."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    milliseconds: float

    def draw(self, random: Random) -> float:
        """Draw a length."""
        return self.milliseconds

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {"type": "fixed", "milliseconds": self.milliseconds}

    def __str__(self) -> str:
        return f"{self.milliseconds:g}"


@dataclass(frozen=True, slots=True)
class Uniform:
    """Anything between two bounds, equally likely."""

    lower: float
    upper: float

    def draw(self, random: Random) -> float:
        """Draw a length."""
        return random.uniform(self.lower, self.upper)

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {"type": "uniform", "lower": self.lower, "upper": self.upper}

    def __str__(self) -> str:
        return f"{self.lower:g}..{self.upper:g}"


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Half of them below the median; the logarithms of all have a normal distribution with this deviation."""

    median: float
    sigma: float

    def draw(self, random: Random) -> float:
        """Draw a length."""
        return min(self.median * math.exp(self.sigma * random.gauss(0.0, 1.0)), LONGEST)

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {"type": "lognormal", "median": self.median, "sigma": self.sigma}

    def __str__(self) -> str:
        return f"lognormal:{self.median:g},{self.sigma:g}"


def parse_delay(written: JsonValue) -> Delay:
    """
    Read a delay: a text, a number of milliseconds, or an object; see the module.

    Raises:
        UsageError: it is no delay, or one of more than ten minutes.
    """
    if isinstance(written, dict):
        return _from_object(written)
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise UsageError(f"a delay is {_WANTED}; {written!r} is none")
    text = f"{written:.6f}" if isinstance(written, float) else str(written).strip().lower()
    if match := _FIXED.fullmatch(text):
        return _bounded(Fixed(float(match[1])), written)
    if match := _UNIFORM.fullmatch(text):
        return _bounded(Uniform(float(match[1]), float(match[2])), written)
    if match := _LOGNORMAL.fullmatch(text):
        return _bounded(LogNormal(float(match[1]), float(match[2])), written)
    raise UsageError(f"a delay is {_WANTED}; {written!r} is none")


def _from_object(written: JsonObject) -> Delay:
    kinds = {
        "fixed": (Fixed, ("milliseconds",)),
        "uniform": (Uniform, ("lower", "upper")),
        "lognormal": (LogNormal, ("median", "sigma")),
    }
    kind, names = kinds.get(str(written.get("type")), (None, ()))
    if kind is None:
        raise UsageError(f"the type of a delay is fixed, uniform or lognormal, not {written.get('type')!r}")
    numbers = [written.get(name) for name in names]
    if written.keys() != {"type", *names} or not all(
        isinstance(n, int | float) and not isinstance(n, bool) for n in numbers
    ):
        raise UsageError(
            f"a delay of the type {written['type']} has the numbers {' and '.join(names)}, not {written!r}"
        )
    return _bounded(kind(*map(float, numbers)), written)  # type: ignore[arg-type]


def _bounded(delay: Fixed | Uniform | LogNormal, written: JsonValue) -> Delay:
    match delay:
        case Fixed(milliseconds):
            fits = 0 <= milliseconds <= LONGEST
        case Uniform(lower, upper):
            fits = 0 <= lower <= upper <= LONGEST
        case LogNormal(median, sigma):
            fits = 0 <= median <= LONGEST and 0 <= sigma <= 10  # noqa: PLR2004 - e to the tenth is 22,000
    if not fits:
        raise UsageError(
            f"the delay {written!r} is out of bounds: from 0 to {LONGEST:,} ms, the lower bound first, sigma up to 10"
        )
    return delay
