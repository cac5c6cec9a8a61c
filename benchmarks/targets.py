"""What we want to reach, side by side in one run: each target with its bound, and how it is read off the results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Spread, growth, metric, ratios, spread
from benchmarks.rounds import Measured
from benchmarks.servers import BARE, DEFAULTS, PRISM, PRISM_DYNAMIC, PRISM_STORED, SAMPLER, US

Results = Mapping[str, Mapping[str, Measured]]  # by case and server

_RATE: Final = "answers per second of server CPU"
_BYTES: Final = "bytes of bodies per second of server CPU"
_LOADED: Final = ("stored", "generated", "valid", "invalid")
_ONE: Final = f"{US}, 1 operation"
_FIRST: Final = "CPU to first answer"


class NotMeasured(Exception):
    """A run says nothing about a target."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that has to reach a bound, or stay below it."""

    title: str
    bound: float
    read: Callable[[Results], Spread]
    at_least: bool = True
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Whether a figure is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says about a target."""

    target: Target
    value: Spread | None
    reason: str = ""  # why nothing is said

    @property
    def is_met(self) -> bool | None:
        """Whether the median is good enough; None where nothing is said."""
        return self.target.is_met(self.value.median) if self.value is not None else None


def judge(results: Results) -> list[Verdict]:
    """Compare a run with all targets."""
    found = []
    for target in TARGETS:
        try:
            found.append(Verdict(target, target.read(results)))
        except NotMeasured as error:
            found.append(Verdict(target, None, str(error)))
    return found


def measured(results: Results, case: str, subject: str) -> Measured:
    """
    Find what was measured of one server.

    Raises:
        NotMeasured: nothing was.
    """
    if case not in results:
        raise NotMeasured(f"the case {case} was not run")
    found = results[case].get(subject)
    if found is None:
        raise NotMeasured(f"{subject} took no part in {case}")
    if found.trouble or not found.rounds:
        raise NotMeasured(f"{subject}: {found.trouble or 'not measured'}")
    return found


def compare(results: Results, case: str, above: tuple[str, str], below: tuple[str, str]) -> Spread:
    """
    Divide a figure of one server by a figure of another, round by round.

    Args:
        results: Of a run.
        case: In which both took part.
        above: Server and metric.
        below: Server and metric.

    Raises:
        NotMeasured: one of them was not measured in every round.
    """
    one, other = measured(results, case, above[0]), measured(results, case, below[0])
    if len(one.rounds) != len(other.rounds):
        raise NotMeasured(f"{above[0]} and {below[0]} were not measured in the same rounds")
    return spread(ratios(metric(one.rounds, above[1]), metric(other.rounds, below[1])))


def memory_growth(found: Measured) -> tuple[float, float]:
    """
    Growth of memory, in bytes and in bytes per thousand answers: see `figures.growth`.

    Raises:
        NotMeasured: there are too few points.
    """
    try:
        return growth([(point["answers"], point["resident"]) for point in found.rounds])
    except ValueError as error:
        raise NotMeasured(str(error)) from error


def _ratio(
    case: str, above: str, below: str, name: str = _RATE, below_name: str | None = None
) -> Callable[[Results], Spread]:
    return lambda results: compare(results, case, (above, name), (below, below_name or name))


def _resident(subject: str) -> Callable[[Results], Spread]:
    def read(results: Results) -> Spread:
        sizes = [measured(results, case, subject).facts["resident"] / 1e6 for case in _LOADED if case in results]
        if not sizes:
            raise NotMeasured(f"none of the cases {', '.join(_LOADED)} was run")
        return Spread(max(sizes), min(sizes), max(sizes))

    return read


def _first_answer(results: Results) -> Spread:
    return spread(metric(measured(results, "cold", DEFAULTS).rounds, _FIRST))


def _median_start(results: Results) -> Spread:
    """The medians of all real documents: their median, the lowest and the highest."""
    found = [spread(metric(each.rounds, _FIRST)).median for each in results.get("real", {}).values() if each.rounds]
    if not found:
        raise NotMeasured("no real document was started")
    return spread(found)


def _growth(results: Results) -> Spread:
    grown, _ = memory_growth(measured(results, "growth", US))
    return Spread(grown / 1e6, grown / 1e6, grown / 1e6)


TARGETS: Final = (
    Target("stored example, default settings: of the bare ASGI app", 0.85, _ratio("stored", DEFAULTS, BARE)),
    Target(
        "generated, default settings: of the bare ASGI app with our sampler",
        0.70,
        _ratio("generated", DEFAULTS, SAMPLER),
    ),
    Target("POST, invalid, default settings: times Prism", 2.5, _ratio("invalid", DEFAULTS, PRISM)),
    Target("stored example, default settings: times Prism", 14, _ratio("stored", DEFAULTS, PRISM)),
    Target(
        "generated, default settings: times `prism -d`, in answers", 50, _ratio("generated", DEFAULTS, PRISM_DYNAMIC)
    ),
    Target("POST, valid, default settings: times Prism", 3, _ratio("valid", DEFAULTS, PRISM)),
    Target("default document, default settings: CPU to first answer", 0.5, _first_answer, at_least=False, unit=" s"),
    Target("real documents, default settings: CPU to first answer", 0.6, _median_start, at_least=False, unit=" s"),
    Target(
        "resident memory after load, default settings, the most of all cases",
        110,
        _resident(DEFAULTS),
        at_least=False,
        unit=" MB",
    ),
    Target("stored example: times Prism", 14, _ratio("stored", US, PRISM)),
    Target("stored example: of the bare ASGI app", 0.85, _ratio("stored", US, BARE)),
    Target("generated: times `prism -d`, in answers", 50, _ratio("generated", US, PRISM_DYNAMIC)),
    Target("generated: times `prism -d`, in bytes", 35, _ratio("generated", US, PRISM_DYNAMIC, _BYTES)),
    Target("generated: times Prism's stored example", 4, _ratio("generated", US, PRISM_STORED)),
    Target("generated: of the bare ASGI app with our sampler", 0.70, _ratio("generated", US, SAMPLER)),
    Target("POST, valid: times Prism", 4, _ratio("valid", US, PRISM)),
    Target("POST, invalid, all violations listed: times Prism", 3, _ratio("invalid", US, PRISM)),
    Target("1,000 operations: of one operation", 0.90, _ratio("operations", f"{US}, 1,000 operations", _ONE)),
    Target("10,000 operations: of one operation", 0.85, _ratio("operations", f"{US}, 10,000 operations", _ONE)),
    Target(
        "GitHub's 13 MB, CPU to first answer: of Prism",
        1,
        _ratio("github", US, PRISM, _FIRST),
        at_least=False,
    ),
    Target("GitHub's 13 MB, peak memory: of Prism", 0.25, _ratio("github", US, PRISM, "peak memory"), at_least=False),
    Target(
        "default document, CPU to first answer: of Prism",
        0.6,
        _ratio("cold", US, PRISM, _FIRST),
        at_least=False,
    ),
    Target("resident memory after load, the most of all cases", 90, _resident(US), at_least=False, unit=" MB"),
    Target("p99 at 32 connections: of Prism's p50", 1, _ratio("stored", US, PRISM, "p99", "p50"), at_least=False),
    Target("growth of memory, last quarter of the answers over the second", 1, _growth, at_least=False, unit=" MB"),
    Target(
        "two workers, answers per second: times one",
        1.7,
        _ratio("workers", f"{US}, 2 workers", f"{US}, 1 worker", "answers per second"),
    ),
)
