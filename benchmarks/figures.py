"""
The arithmetic: what is made of the figures of rounds.

A round is one measurement of one server, by name: `answers`, `seconds` of the clock, `cpu` seconds, `body` bytes, `p50`
and `p99` in milliseconds, `resident` and `peak` bytes.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Round = Mapping[str, float]

# What is compared, out of one round.
METRICS: Final[Mapping[str, Callable[[Round], float]]] = MappingProxyType(
    {
        "answers per second of server CPU": lambda r: r["answers"] / r["cpu"],
        "bytes of bodies per second of server CPU": lambda r: r["body"] / r["cpu"],
        "answers per second": lambda r: r["answers"] / r["seconds"],
        "share of a core": lambda r: r["cpu"] / r["seconds"],
        "p50": lambda r: r["p50"],
        "p99": lambda r: r["p99"],
        "CPU to first answer": lambda r: r["cpu"],
        "seconds to first answer": lambda r: r["seconds"],
        "peak memory": lambda r: r["peak"],
        "resident memory": lambda r: r["resident"],
    }
)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures, and the lowest and highest of them."""

    median: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Spread":
        """The same in another unit."""
        return Spread(self.median * factor, self.low * factor, self.high * factor)


def spread(values: Sequence[float]) -> Spread:
    """
    Sum up figures.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("there are no figures to sum up")
    return Spread(statistics.median(values), min(values), max(values))


def add_slices(slices: Sequence[Round]) -> dict[str, float]:
    """
    Make a round of its slices: amounts are added up, of latencies the median is taken.

    Raises:
        ValueError: there are none.
    """
    if not slices:
        raise ValueError("there are no slices to add up")
    return {
        name: statistics.median(part[name] for part in slices)
        if name in {"p50", "p99"}
        else sum(part[name] for part in slices)
        for name in slices[0]
    }


def metric(rounds: Sequence[Round], name: str) -> list[float]:
    """One figure of each round."""
    measure = METRICS[name]
    return [measure(found) for found in rounds]


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """
    The ratio within each round: what disturbed a round disturbed both.

    Raises:
        ValueError: the rounds are not the same ones.
    """
    return [one / other for one, other in zip(above, below, strict=True)]


def growth(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """
    How memory grows with answers, once it is warm.

    Args:
        points: Answers so far and bytes resident, in order.

    Returns:
        What the last quarter of the answers has more than the second, in bytes, by medians; and the slope of the line
        of least squares through all but the first quarter, in bytes per thousand answers.

    Raises:
        ValueError: there are too few points for quarters.
    """
    total = points[-1][0] if points else 0
    quarters: list[list[float]] = [[], [], [], []]
    for answers, size in points:
        quarters[min(int(4 * answers / total), 3)].append(size)
    if not quarters[1] or not quarters[3]:
        raise ValueError("there are too few points to tell growth from warming up")
    warm = [point for point in points if 4 * point[0] >= total]
    slope = statistics.linear_regression([x for x, _ in warm], [y for _, y in warm]).slope
    return statistics.median(quarters[3]) - statistics.median(quarters[1]), slope * 1000
