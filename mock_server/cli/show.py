"""Showing findings: as text, as JSON, as annotations for GitHub."""

import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from mock_server.cli.terminal import say
from mock_server.document.load import LoadedResource
from mock_server.document.positions import find_place_lines
from mock_server.exchange.body import write_json
from mock_server.findings import Finding, Level, Place
from mock_server.json_values import JsonObject, format_pointer
from mock_server.printable import printable, printable_json

FORMATS = ("text", "json", "github")
_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_ANNOTATIONS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def print_findings(
    findings: Sequence[Finding], format_: str, *, read: Iterable[LoadedResource] = (), stream: TextIO | None = None
) -> None:
    """
    Print findings in the order of their places.

    Args:
        findings: To print.
        format_: One of `FORMATS`.
        read: What was read, to find lines in; other files are read again.
        stream: Standard output, if left out.
    """
    out = stream or sys.stdout
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    lines = find_place_lines([finding.place for finding in ordered if finding.place is not None], read)
    if format_ == "json":
        out.write(printable_json(write_json([_object(finding, lines) for finding in ordered]).decode()) + "\n")
        return
    for finding in ordered:
        if format_ == "github":
            out.write(_annotation(finding, lines) + "\n")
        else:
            say(write_line(finding, lines), to=out)


def _where(finding: Finding, lines: dict[Place, int]) -> str:
    if finding.place is None:
        return ""
    line = lines.get(finding.place)
    if line is not None:
        return f"{finding.place.file}:{line}"
    return finding.place.file


def write_line(finding: Finding, lines: dict[Place, int]) -> str:
    """Write a finding as people read it: where, how bad, what, which rule."""
    if finding.place is not None:
        pointer = format_pointer(finding.place.pointer)
    else:
        pointer = ""
    where = _where(finding, lines)
    tail = f" ({pointer})" if pointer else ""
    return f"{where + ': ' if where else ''}{_WORDS[finding.level]}: {finding.message} [{finding.rule}]{tail}"


def _annotation(finding: Finding, lines: dict[Place, int]) -> str:
    line = lines.get(finding.place) if finding.place is not None else None
    return annotate(finding.level, finding.place, line, finding.rule, finding.message)


def annotate(level: Level, place: Place | None, line: int | None, title: str, message: str) -> str:
    """Write a workflow command of GitHub Actions."""
    if place is not None:
        where = f"file={_property(place.file)},line={line or 1},"
    else:
        where = ""
    text = "%0A".join(printable(line).replace("%", "%25") for line in message.split("\n"))
    return f"::{_ANNOTATIONS[level]} {where}title={_property(title)}::{text}"


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _object(finding: Finding, lines: dict[Place, int]) -> JsonObject:
    return {
        "rule": finding.rule,
        "level": _WORDS[finding.level],
        "blame": finding.blame.value,
        "message": finding.message,
        "file": finding.place.file if finding.place is not None else None,
        "line": lines.get(finding.place) if finding.place is not None else None,
        "pointer": format_pointer(finding.place.pointer) if finding.place is not None else None,
        "instance": format_pointer(finding.instance) if finding.instance is not None else None,
        "operation": finding.operation,
    }
