"""
The formats of reports, each a row: its name, its purpose and its writer.

CTRF is the Common Test Report Format: https://ctrf.io . `junit`, `html`, `wfc` and `sarif` have modules of their own.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from mock_server.contract.model import Exchanged
from mock_server.contract.reports.html import render_page
from mock_server.contract.reports.junit import render_junit
from mock_server.contract.reports.merge import RecordedRun
from mock_server.contract.reports.report import ReportContext, as_texts, digest, is_red, list_objects, seconds_of
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.reports.wfc import render_wfc
from mock_server.contract.runner import Report
from mock_server.errors import UsageError
from mock_server.exchange.body import write_json
from mock_server.exchange.har import har_entry, iter_archive
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.printable import printable
from mock_server.version import __version__


def render_ctrf(run: JsonObject) -> bytes:
    """Write a run, which is a digest."""
    by_case: dict[tuple[str, str], list[JsonObject]] = {}
    for found in list_objects(run["findings"]):
        for operation in as_texts(found["operations"]):
            by_case.setdefault((operation, str(found["check"])), []).append(found)
    tests = [
        _test(tested, check, by_case.get((str(tested["id"]), check), []))
        for tested in list_objects(run["operations"])
        for check in as_texts(run["checks"])
    ]
    failed = sum(test["status"] == "failed" for test in tests)
    skipped = sum(test["status"] == "skipped" for test in tests)
    started = _milliseconds(str(run["started"]))
    seconds = run["seconds"]
    summary: JsonObject = {
        "tests": len(tests), "passed": len(tests) - failed - skipped, "failed": failed, "pending": 0,
        "skipped": skipped, "other": 0,
        "start": started, "stop": started + (round(seconds * 1000) if isinstance(seconds, int | float) else 0),
    }  # fmt: skip
    tool: JsonObject = {"name": "mock-server", "version": __version__}
    results: JsonObject = {"tool": tool, "summary": summary, "tests": list[JsonValue](tests)}
    return write_json({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results})


def _milliseconds(moment: str) -> int:
    """Return the milliseconds since 1970 of a moment, RFC 3339; 0 where it is none."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except ValueError:
        return 0


def _test(tested: JsonObject, check: str, found: list[JsonObject]) -> JsonObject:
    title, reason = str(tested["title"]), as_object(tested["skipped"]).get(check)
    status = "passed"
    if any(map(is_red, found)):
        status = "failed"
    elif reason is not None and not found:
        status = "skipped"
    test: JsonObject = {
        "name": f"{title}: {check}",
        "status": status,
        "duration": round(seconds_of(tested, check) * 1000),
        "suite": [title],
    }
    if tested["file"] is not None:
        test["filePath"] = tested["file"]
    if tested["line"] is not None:
        test["line"] = tested["line"]
    if status == "skipped":
        test["message"] = reason
    if found:
        test["message"] = "\n".join(str(item["message"]) for item in found)
        test["extra"] = {"findings": [item for item in found]}  # noqa: C416 - a list of JSON values
    return test


def iter_har(exchanges: Iterable[Exchanged], frame: ReportContext, started: float) -> Iterator[bytes]:
    """
    Write the exchanges of a run, piece by piece.

    Args:
        exchanges: Of the run.
        frame: What is around them.
        started: When, in seconds since 1970.
    """
    return iter_archive(_entries(exchanges, frame, started))


def _entries(exchanges: Iterable[Exchanged], frame: ReportContext, moment: float) -> Iterator[JsonObject]:
    for exchanged in exchanges:
        probe, received = exchanged.probe, exchanged.received
        request, response, mask = frame.mask.exchange(probe.request, received.response)
        yield har_entry(
            request,
            response,
            frame.url(request),
            moment=moment,
            seconds=received.seconds,
            status_text=received.fault.value if received.fault is not None else "",
            comment=f"{probe.operation}: {probe.intent.value}: {mask.text(probe.what)}",
        )
        moment += received.seconds


_MARKDOWN: Final = re.compile(r"([\\`*|~]|\](?=[(\[:]))")


def iter_lines(exchanges: Iterable[JsonObject], run: JsonObject) -> Iterator[bytes]:
    """Write a run, of which exchanges and a digest are there."""
    for exchange in exchanges:
        yield write_json({"type": "exchange", **exchange}) + b"\n"
    for finding in list_objects(run["findings"]):
        yield write_json({"type": "finding", **finding}) + b"\n"
    yield write_json({"type": "run", **{name: value for name, value in run.items() if name != "findings"}}) + b"\n"


def render_markdown(run: JsonObject) -> str:
    """Write a summary for people, of a digest: what is red first."""
    findings = list_objects(run["findings"])
    red = sum(map(is_red, findings))
    coverage = run["coverage"]
    percent = coverage["percent"] if isinstance(coverage, dict) else 0
    head = f"## {'❌' if red else '✅'} {_cell(str(run['title']))}: {red} finding{'s' if red != 1 else ''}"
    depth = as_object(run["depth"])
    counted = (
        f"reached {depth['reached']} of {depth['there']} operations, "
        f"{run['requests']:,} requests in {run['seconds']:.1f} s"
    )
    figures = f"{counted}, {percent:.0f} % of the contract exercised"
    out = [head, "", figures + (f" ({run['interrupted']})" if run["interrupted"] else ""), ""]
    shown = [found for found in findings if not found["accepted"]]
    if shown:
        out += ["| | check | operation | what | where | id |", "| --- | --- | --- | --- | --- | --- |"]
    for found in shown:
        if found["line"] is not None:
            where = f"{found['file']}:{found['line']}"
        else:
            where = ""
        cells = (found["level"], found["check"], ", ".join(as_texts(found["operations"])), found["message"], where)
        out.append(f"| {' | '.join(_cell(str(cell)) for cell in cells)} | `{found['id']}` |")
    refused = [tested for tested in list_objects(run["operations"]) if not tested["reached"]]
    if refused:
        out += ["", "Not reached:", ""]
    for tested in refused:
        said = as_object(tested["refusal"])
        why = f"{said['status']} {_cell(str(said['message']))}" if said else "nothing could be sent"
        out.append(f"- {_cell(str(tested['title']))}: {why}")
    return "\n".join([*out, ""])


def _cell(text: str) -> str:
    """Write a text into a cell of a table: no link, picture, mention or markup comes of it."""
    line = printable(" ".join(text.splitlines()))
    return _MARKDOWN.sub(r"\\\1", line).replace("<", "&lt;").replace("://", ":&#47;/").replace("@", "@&#8203;")


@dataclass(frozen=True, slots=True)
class _ShownExchanges(Iterable[JsonObject]):
    """The exchanges of a run, each described when it is asked for: several reports read them."""

    run: Report
    frame: ReportContext

    def __iter__(self) -> Iterator[JsonObject]:
        return (self.frame.exchange(exchanged) for exchanged in self.run.exchanges)


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
        exchanges = _ShownExchanges(self.run, self.frame)
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
        "wfc",
        "the report of Web Fuzzing Commons (JSON), for its viewer",
        iter_recorded=lambda recorded: [render_wfc(recorded)],
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
