"""
A comparison as data and in the formats that people and programs read.

Each format is a row of `DIFF_FORMATS`: its name, its purpose and its writer. Foreign text is escaped everywhere.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mock_server.diff.html import render_diff_page
from mock_server.diff.model import ComparedDocuments, DiffVerdict, DocumentChange, Witness, write_hurts
from mock_server.document.positions import Position
from mock_server.exchange.body import write_json
from mock_server.exchange.message import RawFields
from mock_server.findings import Level, Place
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.printable import printable, printable_lines
from mock_server.sarif import SarifResult, write_sarif
from mock_server.version import __version__

_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_ANNOTATIONS: Final = {"error": "error", "warning": "warning", "note": "notice"}
_MOST_BODY: Final = 2_000  # characters of a body that is shown to people
_MOST_PLACES: Final = 5  # of one change, where it is at many
_MARKDOWN: Final = re.compile(r"([\\`*|~_]|\](?=[(\[:]))")
_ILLEGAL: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    """A comparison, and what a report of it needs."""

    compared: ComparedDocuments
    positions: Mapping[Place, Position]
    rename: Callable[[str], str] = str  # the name of a file, as the user wrote it

    def locate(self, place: Place | None) -> JsonObject | None:
        """Return where a place is, as data."""
        if place is None:
            return None
        position = self.positions.get(place)
        file, line = (position.file, position.line) if position is not None else (place.file, None)
        return {"file": self.rename(file), "line": line, "pointer": format_pointer(place.pointer)}

    def describe(self, change: DocumentChange) -> JsonObject:
        """Return a change as data."""
        place = change.place
        return {
            "id": change.fingerprint,
            "rule": change.rule,
            "verdict": change.verdict.value,
            "level": _LEVELS[change.level],
            "message": change.message,
            "operation": place.operation or None,
            "title": place.title or None,
            "direction": place.direction.value if place.direction is not None else None,
            "sender": place.sender,
            "part": format_pointer(place.part),
            "inside": format_pointer(change.inside),
            "old": self.locate(change.old),
            "new": self.locate(change.new),
            "witness": describe_witness(change.witness),
            "reason": change.reason or None,
            "tried": change.tried,
            "hurts": [hurt._asdict() for hurt in change.hurts] if change.hurts is not None else None,
        }

    def describe_all(self) -> JsonObject:
        """Return the comparison as data."""
        compared, counts = self.compared, self.compared.count()
        return {
            "old": self.rename(compared.old.resource.name),
            "new": self.rename(compared.new.resource.name),
            "title": compared.new.title,
            "versions": [compared.old.api_version, compared.new.api_version],
            "operations": compared.operations,
            "places": compared.compared,
            "semver": choose_version_part(compared),
            "counts": {verdict.value: counts[verdict] for verdict in DiffVerdict if verdict in counts},
            "changes": [self.describe(change) for change in compared.changes],
            "accepted": [self.describe(change) for change in compared.accepted],
            "added": list(compared.added),
        }


def describe_witness(witness: Witness | None) -> JsonObject | None:
    """Return a witness as data."""
    if witness is None:
        return None
    out: JsonObject = {
        "curl": witness.curl or None,
        "reasons": list(witness.reasons),
        "request": None,
        "response": None,
    }
    if witness.request is not None:
        out["request"] = {
            "method": witness.request.method,
            "target": witness.request.target,
            "headers": _fields(witness.request.fields),
            "body": witness.request.body.decode("utf-8", "replace"),
        }
    if witness.response is not None:
        out["response"] = {
            "status": witness.response.status,
            "headers": _fields(witness.response.fields),
            "body": witness.response.body.decode("utf-8", "replace"),
        }
    return out


def _fields(fields: RawFields) -> list[JsonValue]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def choose_version_part(compared: ComparedDocuments) -> str:
    """Return the part of a version that has to be raised: `major`, `minor` or `patch`."""
    if any(change.is_red for change in compared.changes):
        return "major"
    if compared.changes or compared.added or compared.differing:
        return "minor"
    return "patch"


def group_changes(changes: Iterable[DocumentChange]) -> Iterator[list[DocumentChange]]:
    """Yield changes that are one: of the same rule and message at the same places of the documents."""
    groups: dict[tuple[object, ...], list[DocumentChange]] = {}
    for change in changes:
        shared = change.old is not None and change.new is not None
        key = (change.rule, change.message, change.old, change.new) if shared else (id(change),)
        groups.setdefault(key, []).append(change)
    yield from groups.values()


def iter_text(report: ComparisonReport) -> Iterator[str]:
    """Write the changes as people read them, what breaks first; one that is at many places once."""
    ordered = sorted(report.compared.changes, key=lambda change: list(DiffVerdict).index(change.verdict) == 0)
    ranks = {DiffVerdict.BREAKING: 0, DiffVerdict.UNKNOWN: 1, DiffVerdict.CHANGED: 2, DiffVerdict.COMPATIBLE: 3}
    for group in group_changes(sorted(ordered, key=lambda change: ranks[change.verdict])):
        yield from _write_group(report, group)


def _write_group(report: ComparisonReport, group: list[DocumentChange]) -> Iterator[str]:
    change = group[0]
    head = f"{change.verdict.value} {where_of(change)}".strip()
    yield f"{head}: {change.message} [{change.rule}] {change.fingerprint}"
    places = [("-", report.locate(change.old)), ("+", report.locate(change.new))]
    for sign, place in places:
        if place is not None:
            line = f":{place['line']}" if place["line"] is not None else ""
            yield f"    {sign} {place['file']}{line} {place['pointer']}".rstrip()
    whom = write_hurts(group)
    if whom:
        yield f"    {whom}"
    witness = change.witness
    if witness is not None:
        if witness.curl:
            yield f"    $ {witness.curl}"
        if witness.response is not None:
            body = witness.response.body.decode("utf-8", "replace")[:_MOST_BODY]
            yield f"    < {witness.response.status} {body}".rstrip()
        yield from (f"    ! {reason}" for reason in witness.reasons[:2])
    if change.reason:
        tried = f"; {change.tried:,} values were tried" if change.tried else ""
        yield f"    ? {change.reason}{tried}"
    if len(group) > 1:
        others = ", ".join(dict.fromkeys(each.place.title for each in group[1:]))
        names = others.split(", ")
        more = f" and {len(names) - _MOST_PLACES} more" if len(names) > _MOST_PLACES else ""
        yield f"    also: {', '.join(names[:_MOST_PLACES])}{more}"


def where_of(change: DocumentChange) -> str:
    """Return where in the messages a change is: `POST /pets request body application/json, at /kind`."""
    place = change.place
    words = [place.title, place.direction.value if place.direction is not None and place.part else "", *place.part]
    inside = f", at {format_pointer(change.inside)}" if change.inside else ""
    return " ".join(word for word in words if word) + inside


def _render_text(report: ComparisonReport) -> str:
    return "".join(f"{printable_lines(printable(line))}\n" for line in iter_text(report))


def _render_json(report: ComparisonReport) -> str:
    return write_json(report.describe_all()).decode() + "\n"


def _render_github(report: ComparisonReport) -> str:
    lines = []
    for group in group_changes(report.compared.changes):
        change = group[0]
        place = report.locate(change.new or change.old)
        message = f"{where_of(change)}: {change.message}"
        if change.witness is not None and change.witness.curl:
            message += f"\n{change.witness.curl}"
        message = "\n".join(filter(None, (message, write_hurts(group))))
        where = f"file={_property(str(place['file']))},line={place['line'] or 1}," if place is not None else ""
        text = "%0A".join(printable(line).replace("%", "%25") for line in message.split("\n"))
        lines.append(f"::{_ANNOTATIONS[_LEVELS[change.level]]} {where}title={_property(change.rule)}::{text}\n")
    return "".join(lines)


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _render_junit(report: ComparisonReport) -> str:
    """Write a test case for each change; one that is red has a failure."""
    changes = report.compared.changes
    red = [change for change in changes if change.level is Level.ERROR]
    name = report.rename(report.compared.new.resource.name)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="mock-server diff" tests="{max(1, len(changes))}" failures="{len(red)}">',
        f'  <testsuite name={_attribute(name)} tests="{max(1, len(changes))}" failures="{len(red)}">',
    ]
    if not changes:
        lines.append('    <testcase classname="mock-server diff" name="nothing breaks"/>')
    for change in changes:
        head = f"    <testcase classname={_attribute(change.place.title or 'document')} name={_attribute(change.rule)}"
        text = _ILLEGAL.sub("\ufffd", "\n".join(_write_group(report, [change])))
        if change.level is Level.ERROR:
            attributes = f"type={_attribute(change.rule)} message={_attribute(change.message)}"
            lines.append(f"{head}><failure {attributes}>{escape(text)}</failure></testcase>")
        else:
            lines.append(f"{head}><system-out>{escape(text)}</system-out></testcase>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL.sub("\ufffd", printable(text)))


def _render_ctrf(report: ComparisonReport) -> str:
    tests: list[JsonValue] = []
    for change in report.compared.changes:
        failed = change.level is Level.ERROR
        tests.append(
            {
                "name": f"{where_of(change) or 'document'}: {change.rule}",
                "status": "failed" if failed else "passed",
                "duration": 0,
                "suite": [change.place.title or "document"],
                "message": change.message,
                "extra": {"change": report.describe(change)},
            }
        )
    failures = sum(change.level is Level.ERROR for change in report.compared.changes)
    summary: JsonObject = {
        "tests": len(tests), "passed": len(tests) - failures, "failed": failures, "pending": 0, "skipped": 0,
        "other": 0, "start": 0, "stop": 0,
    }  # fmt: skip
    tool: JsonObject = {"name": "mock-server", "version": __version__}
    results: JsonObject = {"tool": tool, "summary": summary, "tests": tests}
    return write_json({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results}).decode() + "\n"


def _render_sarif(report: ComparisonReport) -> str:
    return write_json(write_sarif(map(partial(_sarif_result, report), report.compared.changes), "diff")).decode() + "\n"


def _sarif_result(report: ComparisonReport, change: DocumentChange) -> SarifResult:
    place = change.new or change.old
    position = report.positions.get(place) if place is not None else None
    home = report.compared.new.resource.name
    shown = [f"{where_of(change)}: {change.message}".removeprefix(": "), write_hurts([change])]
    shown.append(change.witness.curl if change.witness is not None else "")
    return SarifResult(
        rule=change.rule,
        level=change.level,
        message="\n\n".join(filter(None, shown)),
        file=report.rename(position.file if position is not None else home),
        pointer=position.pointer if position is not None else (),
        line=position.line if position is not None else None,
        operation=change.place.operation or None,
        identity=(change.fingerprint,),
        properties={"verdict": change.verdict.value, "id": change.fingerprint},
    )


def _render_markdown(report: ComparisonReport) -> str:
    """Write a changelog to paste: what breaks, what is not known, what else changed, what is new."""
    compared = report.compared
    versions = f"{compared.old.api_version} → {compared.new.api_version}"
    out = [f"## {_cell(compared.new.title)} {_cell(versions)}", ""]
    heads = {
        DiffVerdict.BREAKING: "### 💥 Breaking",
        DiffVerdict.UNKNOWN: "### ❓ Undecided",
        DiffVerdict.CHANGED: "### Changed",
    }
    for verdict, head in heads.items():
        groups = list(group_changes(compared.of(verdict)))
        if not groups:
            continue
        out += [head, ""]
        for group in groups:
            change = group[0]
            more = f" (and {len(group) - 1} more places)" if len(group) > 1 else ""
            whom = f"; {_cell(write_hurts(group))}" if write_hurts(group) else ""
            said = f"{_cell(change.message)}{more}{whom} `{change.rule}`"
            out.append(f"- **{_cell(where_of(change) or 'document')}**: {said}")
            if change.witness is not None and change.witness.curl:
                fence = "~~~" if "```" in change.witness.curl else "```"
                out += [f"  {fence}sh", f"  {printable(change.witness.curl)}", f"  {fence}"]
        out.append("")
    if compared.added:
        out += ["### New", "", *(f"- {_cell(title)}" for title in compared.added), ""]
    if len(out) == 2:  # noqa: PLR2004 - the head and an empty line
        out += ["Nothing that anybody has to know.", ""]
    return "\n".join(out)


def _cell(text: str) -> str:
    """Write a text so that no markup, link or mention comes of it."""
    line = printable(" ".join(text.splitlines()))
    return _MARKDOWN.sub(r"\\\1", line).replace("<", "&lt;").replace("://", ":&#47;/").replace("@", "@&#8203;")


def _render_semver(report: ComparisonReport) -> str:
    """Write the text, and the part of the version that has to be raised as the last line."""
    return f"{_render_text(report)}{choose_version_part(report.compared)}\n"


def _render_html(report: ComparisonReport) -> str:
    return render_diff_page(report.describe_all())


@dataclass(frozen=True, slots=True)
class DiffFormat:
    """One format of a comparison."""

    name: str
    sentence: str  # its purpose
    render: Callable[[ComparisonReport], str]


_ROWS: Final = (
    DiffFormat("text", "for people, with each witness", _render_text),
    DiffFormat("json", "everything, for programs", _render_json),
    DiffFormat("github", "annotations of a workflow of GitHub", _render_github),
    DiffFormat("junit", "JUnit XML, for CI servers: a test case for each change", _render_junit),
    DiffFormat("ctrf", "Common Test Report Format (JSON)", _render_ctrf),
    DiffFormat("sarif", "SARIF 2.1.0, for code scanning", _render_sarif),
    DiffFormat("html", "a page to read: old and new side by side, with each witness", _render_html),
    DiffFormat("markdown", "a changelog to paste", _render_markdown),
    DiffFormat("semver", "the text, and `major`, `minor` or `patch` as the last line", _render_semver),
)
DIFF_FORMATS: Final[dict[str, DiffFormat]] = {row.name: row for row in _ROWS}
