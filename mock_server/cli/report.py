"""Showing findings: as text, as JSON, as annotations for GitHub."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from mock_server.cli.saying import say
from mock_server.errors import DocumentError
from mock_server.exchange.body import write_json
from mock_server.finding import Finding, Place
from mock_server.pointer import format_pointer
from mock_server.printable import printable, printable_json
from mock_server.rules import Level
from mock_server.spec.load import Resource, read_resource
from mock_server.spec.positions import find_lines
from mock_server.typing import JsonObject

FORMATS = ("text", "json", "github")
_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_ANNOTATIONS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def print_findings(findings: Sequence[Finding], format_: str, *, read: Iterable[Resource] = (), stream: TextIO | None = None) -> None:
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
    lines = find_place_lines([finding.place for finding in ordered if finding.place is not None], {r.name: r for r in read})
    if format_ == "json":
        out.write(printable_json(write_json([_object(finding, lines) for finding in ordered]).decode()) + "\n")
        return
    for finding in ordered:
        if format_ == "github":
            out.write(_annotation(finding, lines) + "\n")
        else:
            say(write_line(finding, lines), to=out)


def find_place_lines(places: Iterable[Place], known: dict[str, Resource]) -> dict[Place, int]:
    """The lines of places; one pass over each file."""
    by_file: dict[str, set[Place]] = defaultdict(set)
    for place in places:
        by_file[place.file].add(place)
    found: dict[Place, int] = {}
    for file, wanted in by_file.items():
        text = _text(file, known)
        if text is not None:
            lines = find_lines(text, {place.pointer for place in wanted})
            found.update({place: lines[place.pointer] for place in wanted})
    return found


def _text(file: str, known: dict[str, Resource]) -> str | None:
    if file in known:
        return known[file].text
    try:
        return read_resource(Path(file)).text if Path(file).is_file() else None
    except DocumentError:
        return None  # what can't be read has no lines; the finding says so itself


def _where(finding: Finding, lines: dict[Place, int]) -> str:
    if finding.place is None:
        return ""
    line = lines.get(finding.place)
    return f"{finding.place.file}:{line}" if line is not None else finding.place.file


def write_line(finding: Finding, lines: dict[Place, int]) -> str:
    """Write a finding as people read it: where, how bad, what, which rule."""
    pointer = format_pointer(finding.place.pointer) if finding.place is not None else ""
    where = _where(finding, lines)
    tail = f" ({pointer})" if pointer else ""
    return f"{where + ': ' if where else ''}{_WORDS[finding.level]}: {finding.message} [{finding.rule}]{tail}"


def _annotation(finding: Finding, lines: dict[Place, int]) -> str:
    line = lines.get(finding.place) if finding.place is not None else None
    return annotate(finding.level, finding.place, line, finding.rule, finding.message)


def annotate(level: Level, place: Place | None, line: int | None, title: str, message: str) -> str:
    """Write a workflow command of GitHub Actions."""
    where = f"file={_property(place.file)},line={line or 1}," if place is not None else ""
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
