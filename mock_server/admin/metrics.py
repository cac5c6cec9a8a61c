"""
Metrics of requests and durations for Prometheus.

Listening adds to counters of our own; Prometheus' client is imported, and its families are made, at the first scrape.
"""

import importlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mock_server.respond.journal import Recorded
from mock_server.respond.worlds import Worlds
from mock_server.version import __version__

# Seconds.
_BOUNDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_OPERATION: Final = "none"  # label of requests for no documented operation


@dataclass(slots=True)
class Timed:
    """Durations of the answers of an operation."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    total: float = 0.0


@dataclass(eq=False)
class Metrics:
    """Counts exchanges; see the module."""

    worlds: Worlds
    answered: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)  # operation, method, status, source
    found: Counter[tuple[str, str]] = field(default_factory=Counter)  # operation, rule
    disturbed: Counter[str] = field(default_factory=Counter)  # by operation
    timed: dict[str, Timed] = field(default_factory=dict)  # by operation

    def listen(self, recorded: Recorded) -> None:
        """Count an exchange."""
        answer = recorded.answer
        operation = method = _NO_OPERATION  # clients may send endless methods of their own
        if answer.entry is not None:
            operation, method = answer.entry.id, recorded.request.method
        self.answered[operation, method, answer.status, answer.source.partition(":")[0]] += 1
        timed = self.timed.get(operation)
        if timed is None:
            timed = self.timed[operation] = Timed()
        timed.buckets[bisect_left(_BOUNDS, recorded.seconds)] += 1
        timed.total += recorded.seconds
        for finding in answer.findings:
            self.found[operation, finding.rule] += 1
        if recorded.disturbance is not None:
            self.disturbed[operation] += 1

    def copy(self) -> "Metrics":
        """Return a copy, to be written out while counting goes on."""
        timed = {operation: Timed(list(each.buckets), each.total) for operation, each in self.timed.items()}
        return Metrics(self.worlds, self.answered.copy(), self.found.copy(), self.disturbed.copy(), timed)

    def render(self) -> tuple[bytes, str]:
        """Write the metrics in Prometheus' text format; returns them with their media type."""
        client: Any = importlib.import_module("prometheus_client")
        registry = client.CollectorRegistry()
        registry.register(_Collector(self))
        return client.generate_latest(registry), client.CONTENT_TYPE_LATEST


class _Collector:
    """Makes Prometheus' families of the counters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._core: Any = importlib.import_module("prometheus_client.core")

    def collect(self) -> Iterator[object]:
        """Yield all families."""
        core, metrics = self._core, self._metrics
        requests = core.CounterMetricFamily(
            "mock_server_requests", "Requests answered.", labels=["operation", "method", "status", "source"]
        )
        for (operation, method, status, source), count in sorted(metrics.answered.items()):
            requests.add_metric([operation, method, str(status), source], count)
        yield requests
        seconds = core.HistogramMetricFamily(
            "mock_server_request_duration_seconds", "Until the answer was sent.", labels=["operation"]
        )
        for operation, timed in sorted(metrics.timed.items()):
            seconds.add_metric([operation], list(_cumulated(timed)), timed.total)
        yield seconds
        findings = core.CounterMetricFamily(
            "mock_server_findings", "Violations in requests.", labels=["operation", "rule"]
        )
        for (operation, rule), count in sorted(metrics.found.items()):
            findings.add_metric([operation, rule], count)
        yield findings
        disturbed = core.CounterMetricFamily(
            "mock_server_disturbed", "Answers that met a delay or a fault.", labels=["operation"]
        )
        for operation, count in sorted(metrics.disturbed.items()):
            disturbed.add_metric([operation], count)
        yield disturbed
        yield core.GaugeMetricFamily("mock_server_worlds", "Worlds that there are.", value=len(metrics.worlds))
        kept = sum(len(world.journal) for world in metrics.worlds)
        yield core.GaugeMetricFamily("mock_server_journal_exchanges", "Exchanges that journals keep.", value=kept)
        budget = metrics.worlds.budget
        memory = core.GaugeMetricFamily(
            "mock_server_memory_bytes", "Kept of what clients send and get, by what it is.", labels=["kind"]
        )
        for kind, holder in sorted(budget.holders.items()):
            memory.add_metric([kind], holder.weight)
        yield memory
        yield core.GaugeMetricFamily(
            "mock_server_memory_limit_bytes", "How much of that there may be.", value=budget.most
        )
        dropped = core.CounterMetricFamily(
            "mock_server_memory_dropped", "What went to make room, the oldest first.", labels=["kind"]
        )
        for kind in sorted(budget.droppers):
            dropped.add_metric([kind], budget.dropped[kind])
        yield dropped
        yield core.InfoMetricFamily("mock_server", "The server.", value={"version": __version__})


def _cumulated(timed: Timed) -> Iterator[tuple[str, int]]:
    """Yield cumulative buckets: each counts those below it too."""
    total = 0
    for bound, count in zip((*map(str, _BOUNDS), "+Inf"), timed.buckets, strict=True):
        total += count
        yield bound, total
