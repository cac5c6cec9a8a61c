"""Showing findings: as text, as JSON, as annotations for GitHub, as SARIF."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from mock_server.cli.terminal import say
from mock_server.document.default import default_document, is_shipped
from mock_server.document.load import LoadedResource
from mock_server.document.positions import Position, find_positions
from mock_server.errors import UsageError
from mock_server.exchange.body import write_json
from mock_server.findings import Finding, Level, Place
from mock_server.json_values import JsonObject, format_pointer
from mock_server.printable import printable, printable_json
from mock_server.sarif import SarifResult, write_sarif

FORMATS = ("text", "json", "github", "sarif")
_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_ANNOTATIONS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def require_format(format_: str) -> None:
    """
    Check the requested format of findings.

    Raises:
        UsageError: there is no such format.
    """
    if format_ not in FORMATS:
        raise UsageError(f"--format is one of {', '.join(FORMATS)}, not {format_!r}")


def choose_document(named: str | None) -> str:
    """Return the document of the command line, or the shipped one with a note."""
    document = named or default_document()
    if named is None and is_shipped(document):
        say("there is no openapi.yaml here and no document is named: the shipped example is used", to=sys.stderr)
    return document


def print_findings(
    findings: Sequence[Finding],
    format_: str,
    *,
    read: Iterable[LoadedResource] = (),
    command: str = "",
    stream: TextIO | None = None,
) -> None:
    """
    Print findings in the order of their places.

    Args:
        findings: To print.
        format_: One of `FORMATS`.
        read: What was read, to find lines in; other files are read again. The first one is where a finding without a
            place belongs to.
        command: That found them.
        stream: Standard output, if left out.
    """
    out = stream or sys.stdout
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    resources = list(read)
    positions = find_positions([finding.place for finding in ordered if finding.place is not None], resources)
    if format_ == "sarif":
        home = resources[0].name if resources else ""
        log = write_sarif((_sarif_result(finding, positions, home) for finding in ordered), command)
        out.write(printable_json(write_json(log).decode()) + "\n")
        return
    if format_ == "json":
        out.write(printable_json(write_json([_object(finding, positions) for finding in ordered]).decode()) + "\n")
        return
    for finding in ordered:
        if format_ == "github":
            out.write(_annotation(finding, positions) + "\n")
        else:
            say(write_line(finding, positions), to=out)


def write_line(finding: Finding, positions: Mapping[Place, Position]) -> str:
    """Write a finding as people read it: where, how bad, what, which rule."""
    position = _find(finding, positions)
    said = f"{_WORDS[finding.level]}: {finding.message} [{finding.rule}]"
    if position is None:
        return said
    tail = f" ({format_pointer(position.pointer)})" if position.pointer else ""
    return f"{position}: {said}{tail}"


def _find(finding: Finding, positions: Mapping[Place, Position]) -> Position | None:
    if finding.place is not None:
        return positions[finding.place]
    return None


def _annotation(finding: Finding, positions: Mapping[Place, Position]) -> str:
    return annotate(finding.level, _find(finding, positions), finding.rule, finding.message)


def annotate(level: Level, position: Position | None, title: str, message: str) -> str:
    """Write a workflow command of GitHub Actions."""
    if position is not None:
        where = f"file={_property(position.file)},line={position.line or 1},"
    else:
        where = ""
    text = "%0A".join(printable(line).replace("%", "%25") for line in message.split("\n"))
    return f"::{_ANNOTATIONS[level]} {where}title={_property(title)}::{text}"


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _sarif_result(finding: Finding, positions: Mapping[Place, Position], home: str) -> SarifResult:
    position = _find(finding, positions) or Position(home, (), None)
    return SarifResult(
        rule=finding.rule,
        level=finding.level,
        message=finding.message,
        file=position.file,
        pointer=position.pointer,
        line=position.line,
        operation=finding.operation,
        identity=finding.instance or (),
        properties={"blame": finding.blame.value},
    )


def _object(finding: Finding, positions: Mapping[Place, Position]) -> JsonObject:
    written: JsonObject = {
        "rule": finding.rule,
        "level": _WORDS[finding.level],
        "blame": finding.blame.value,
        "message": finding.message,
        "file": None,
        "line": None,
        "pointer": None,
        "instance": None,
        "operation": finding.operation,
    }
    position = _find(finding, positions)
    if position is not None:
        written |= {"file": position.file, "line": position.line, "pointer": format_pointer(position.pointer)}
    if finding.instance is not None:
        written["instance"] = format_pointer(finding.instance)
    return written
