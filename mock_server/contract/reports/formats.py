"""The formats of reports, each a row: its name, its purpose and its writer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mock_server.contract.reports.ctrf import render_ctrf
from mock_server.contract.reports.har import iter_har
from mock_server.contract.reports.html import render_page
from mock_server.contract.reports.junit import render_junit
from mock_server.contract.reports.ndjson import iter_ndjson, render_markdown
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.runner import Report


@dataclass(frozen=True, slots=True)
class ReportInput:
    """A run, and what a report of it needs."""

    run: Report
    frame: ReportContext
    checks: frozenset[str]  # that were asked for; all of them where it is empty
    started: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One format of reports."""

    name: str
    sentence: str  # its purpose
    iter_bytes: Callable[[ReportInput], Iterable[bytes]]


_ROWS: Final = (
    ReportFormat(
        "junit",
        "JUnit XML, for CI servers: a test case for each operation and check",
        lambda given: [render_junit(given.run, given.frame, given.checks).encode()],
    ),
    ReportFormat(
        "ctrf",
        "Common Test Report Format (JSON)",
        lambda given: [render_ctrf(given.run, given.frame, given.checks, round(given.started * 1000))],
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
        lambda given: [render_page(given.run, given.frame).encode()],
    ),
    ReportFormat(
        "ndjson",
        "a line for each exchange and finding; `validate` reads it",
        lambda given: iter_ndjson(given.run, given.frame),
    ),
    ReportFormat(
        "markdown",
        "a summary; also appended to `$GITHUB_STEP_SUMMARY`",
        lambda given: [render_markdown(given.run, given.frame).encode()],
    ),
)
REPORTS: Final[dict[str, ReportFormat]] = {row.name: row for row in _ROWS}


def render_report(name: str, given: ReportInput) -> bytes:
    """Write a run in a format."""
    return b"".join(REPORTS[name].iter_bytes(given))
