"""NDJSON: each exchange and each finding as one line, for scripts; and Markdown, for the summary of a workflow."""

import re
from collections.abc import Iterator
from typing import Final

from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.runner import Report
from mock_server.exchange.body import write_json
from mock_server.printable import printable

_MARKDOWN: Final = re.compile(r"([\\`*|~]|\](?=[(\[:]))")


def iter_ndjson(report: Report, frame: ReportContext) -> Iterator[bytes]:
    """Write a run: the exchanges in their order, the findings, then what there is to say of it all."""
    for exchanged in report.exchanges:
        yield write_json({"type": "exchange", **frame.exchange(exchanged)}) + b"\n"
    whole = digest(report, frame)
    findings = whole.pop("findings")
    for finding in findings if isinstance(findings, list) else []:
        yield write_json({"type": "finding", **(finding if isinstance(finding, dict) else {})}) + b"\n"
    yield write_json({"type": "run", **whole}) + b"\n"


def render_markdown(report: Report, frame: ReportContext) -> str:
    """Write a summary for people: what is red first."""
    red = report.red
    head = f"## {'❌' if red else '✅'} {_cell(frame.title)}: {len(red)} finding{'s' if len(red) != 1 else ''}"
    counted = f"{len(report.operations)} operations, {report.sent:,} requests in {report.seconds:.1f} s"
    figures = f"{counted}, {report.exercised.percent:.0f} % of the contract exercised"
    out = [head, "", figures + (f" ({report.interrupted})" if report.interrupted else ""), ""]
    shown = [incident for incident in report.incidents if not incident.accepted]
    if shown:
        out += ["| | check | operation | what | where | id |", "| --- | --- | --- | --- | --- | --- |"]
    for incident in shown:
        found = frame.describe(incident)
        if found["line"] is not None:
            where = f"{found['file']}:{found['line']}"
        else:
            where = ""
        cells = (found["level"], incident.check, ", ".join(incident.shown_by), found["message"], where)
        out.append(f"| {' | '.join(_cell(str(cell)) for cell in cells)} | `{incident.id}` |")
    return "\n".join([*out, ""])


def _cell(text: str) -> str:
    """Write a text into a cell of a table: no link, picture, mention or markup comes of it."""
    line = printable(" ".join(text.splitlines()))
    return _MARKDOWN.sub(r"\\\1", line).replace("<", "&lt;").replace("://", ":&#47;/").replace("@", "@&#8203;")
