"""The formats of reports, each a row: its name, its purpose and its writer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mock_server.contract.reports.ctrf import render_ctrf
from mock_server.contract.reports.har import iter_har
from mock_server.contract.reports.html import render_page
from mock_server.contract.reports.junit import render_junit
from mock_server.contract.reports.merge import RecordedRun
from mock_server.contract.reports.ndjson import iter_lines, render_markdown
from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.runner import Report
from mock_server.errors import UsageError


@dataclass(frozen=True)
class ReportInput:
    """A run, and what a report of it needs."""

    run: Report
    frame: ReportContext
    checks: frozenset[str]  # that were asked for; all of them where it is empty
    started: float  # seconds since 1970

    @cached_property
    def recorded(self) -> RecordedRun:
        """The run as data."""
        exchanges = (self.frame.exchange(exchanged) for exchanged in self.run.exchanges)
        return RecordedRun(digest(self.run, self.frame, self.checks), exchanges, len(self.run.exchanges))


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One format of reports."""

    name: str
    sentence: str  # its purpose
    iter_run: Callable[[ReportInput], Iterable[bytes]] | None = None  # of what only a run itself knows
    iter_recorded: Callable[[RecordedRun], Iterable[bytes]] | None = None  # of data, which may be that of several runs


_ROWS: Final = (
    ReportFormat(
        "junit",
        "JUnit XML, for CI servers: a test case for each operation and check",
        iter_recorded=lambda recorded: [render_junit(recorded.digest).encode()],
    ),
    ReportFormat(
        "ctrf",
        "Common Test Report Format (JSON)",
        iter_recorded=lambda recorded: [render_ctrf(recorded.digest)],
    ),
    ReportFormat(
        "sarif",
        "SARIF 2.1.0, for code scanning: each finding at its line of the document",
        lambda given: [render_sarif(given.run, given.frame)],
    ),
    ReportFormat(
        "har",
        "every exchange as HTTP Archive 1.2",
        lambda given: iter_har(given.run.exchanges, given.frame, given.started),
    ),
    ReportFormat(
        "html",
        "a page to read, with each finding and its exchange",
        iter_recorded=lambda recorded: [render_page(recorded.digest, recorded.exchanges, recorded.count).encode()],
    ),
    ReportFormat(
        "ndjson",
        "a line for each exchange and finding; `validate` and `report merge` read it",
        iter_recorded=lambda recorded: iter_lines(recorded.exchanges, recorded.digest),
    ),
    ReportFormat(
        "markdown",
        "a summary; also appended to `$GITHUB_STEP_SUMMARY`",
        iter_recorded=lambda recorded: [render_markdown(recorded.digest).encode()],
    ),
)
REPORTS: Final[dict[str, ReportFormat]] = {row.name: row for row in _ROWS}


def render_report(name: str, given: ReportInput) -> bytes:
    """Write a run in a format."""
    row = REPORTS[name]
    if row.iter_run is not None:
        return b"".join(row.iter_run(given))
    return render_recorded(name, given.recorded)


def render_recorded(name: str, recorded: RecordedRun) -> bytes:
    """
    Write a run of which data is there.

    Raises:
        UsageError: the format needs more than that.
    """
    row = REPORTS[name]
    if row.iter_recorded is None:
        mergeable = ", ".join(name for name, each in REPORTS.items() if each.iter_recorded is not None)
        raise UsageError(f"{name} can't be written of recorded runs; these can: {mergeable}")
    return b"".join(row.iter_recorded(recorded))
