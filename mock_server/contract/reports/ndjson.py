"""NDJSON: each exchange and each finding as one line, for scripts; and Markdown, for the summary of a workflow."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mock_server.contract.reports.report import as_texts, is_red, list_objects
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject
from mock_server.printable import printable

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
    counted = (
        f"{len(list_objects(run['operations']))} operations, {run['requests']:,} requests in {run['seconds']:.1f} s"
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
    return "\n".join([*out, ""])


def _cell(text: str) -> str:
    """Write a text into a cell of a table: no link, picture, mention or markup comes of it."""
    line = printable(" ".join(text.splitlines()))
    return _MARKDOWN.sub(r"\\\1", line).replace("<", "&lt;").replace("://", ":&#47;/").replace("@", "@&#8203;")
