"""
The formats of reports, each a row: its name, its purpose and its writer.

CTRF is the Common Test Report Format: https://ctrf.io . `junit`, `html`, `wfc` and `sarif` have modules of their own.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mock_server.contract.reports.html import render_page
from mock_server.contract.reports.junit import render_junit
from mock_server.contract.reports.merge import RecordedRun
from mock_server.contract.reports.report import ReportContext, as_texts, digest, is_red, list_objects, seconds_of
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.reports.wfc import render_wfc
from mock_server.contract.runner import Report
from mock_server.exchange.body import write_json
from mock_server.exchange.har import har_entry, iter_archive
from mock_server.exchange.message import Request, Response
from mock_server.exchange.render import read_rendered
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


def iter_har(recorded: RecordedRun) -> Iterator[bytes]:
    """Write the exchanges of a run, piece by piece; one after the other from when it began."""
    return iter_archive(_entries(recorded))


def _entries(recorded: RecordedRun) -> Iterator[JsonObject]:
    moment = _milliseconds(str(recorded.digest["started"])) / 1000
    for exchange in recorded.exchanges:
        asked, answered = as_object(exchange["request"]), as_object(exchange["response"])
        url, milliseconds, status = str(asked.get("url")), exchange["milliseconds"], answered.get("status")
        seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0
        query = url.partition("?")[2].encode("latin-1", "replace")
        fields, body = read_rendered(asked)
        yield har_entry(
            Request(str(asked.get("method")), b"", query, fields, body),
            Response(status, *read_rendered(answered)) if isinstance(status, int) else None,
            url,
            moment=moment,
            seconds=seconds,
            status_text=str(exchange["fault"] or ""),
            comment=f"{exchange['operation']}: {exchange['intent']}: {exchange['what']}",
        )
        moment += seconds


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
class _Described(Iterable[JsonObject]):
    """The exchanges of a run, each described when it is asked for: several reports read them."""

    run: Report
    frame: ReportContext

    def __iter__(self) -> Iterator[JsonObject]:
        return (self.frame.exchange(exchanged, most=None) for exchanged in self.run.exchanges)


def record_run(run: Report, frame: ReportContext, checks: frozenset[str]) -> RecordedRun:
    """
    Return a run as data.

    Args:
        run: What came of it.
        frame: What is around it.
        checks: That were asked for; all of them where it is empty.
    """
    return RecordedRun(digest(run, frame, checks), _Described(run, frame), len(run.exchanges))


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One format of reports: of the data of a run, or of several that were put together."""

    name: str
    sentence: str  # its purpose
    iter_parts: Callable[[RecordedRun], Iterable[bytes]]


_ROWS: Final = (
    ReportFormat(
        "junit",
        "JUnit XML, for CI servers: a test case for each operation and check",
        lambda recorded: [render_junit(recorded.digest).encode()],
    ),
    ReportFormat(
        "ctrf",
        "Common Test Report Format (JSON)",
        lambda recorded: [render_ctrf(recorded.digest)],
    ),
    ReportFormat(
        "sarif",
        "SARIF 2.1.0, for code scanning: each finding at its line of the document",
        lambda recorded: [render_sarif(recorded.digest)],
    ),
    ReportFormat(
        "wfc",
        "the report of Web Fuzzing Commons (JSON), for its viewer",
        lambda recorded: [render_wfc(recorded)],
    ),
    ReportFormat(
        "har",
        "every exchange as HTTP Archive 1.2",
        iter_har,
    ),
    ReportFormat(
        "html",
        "a page to read, with each finding and its exchange",
        lambda recorded: [render_page(recorded.digest, recorded.exchanges, recorded.count).encode()],
    ),
    ReportFormat(
        "ndjson",
        "a line for each exchange and finding; `validate` and `report merge` read it",
        lambda recorded: iter_lines(recorded.exchanges, recorded.digest),
    ),
    ReportFormat(
        "markdown",
        "a summary; also appended to `$GITHUB_STEP_SUMMARY`",
        lambda recorded: [render_markdown(recorded.digest).encode()],
    ),
)
REPORTS: Final[dict[str, ReportFormat]] = {row.name: row for row in _ROWS}


def render_report(name: str, recorded: RecordedRun) -> bytes:
    """Write a run in a format."""
    return b"".join(REPORTS[name].iter_parts(recorded))
