"""`mock-server check`: the document itself."""

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar

from mock_server.cli.configure import configure
from mock_server.cli.show import FORMATS, print_findings
from mock_server.cli.terminal import say
from mock_server.errors import UsageError
from mock_server.findings import Level
from mock_server.printable import printable
from mock_server.respond.inspect_document import InspectedDocument, inspect
from mock_server.respond.open import open_responder


def check(
    *,
    document: str | None,
    format_: str,
    fixtures: Path | None,
    scenarios: Path | None,
    strict: bool,
    locale: str | None,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    if format_ not in FORMATS:
        raise UsageError(f"--format is one of {', '.join(FORMATS)}, not {format_!r}")
    allowed = {"overlay": overlay, "allow_remote": allow_remote or None, "allow_path": allow_path or None}
    settings = configure({"fixtures": fixtures, "scenarios": scenarios, "locale": locale, **allowed})
    opened = open_responder(document, settings, judge_fixtures=False)
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("")

        def show(done: int, total: int | None, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(printable(what)))

        inspected = inspect(opened.responder, opened.responder.fixtures, show, opened.scenarios)
    print_findings(inspected.findings, format_, read=opened.document.library.loaded(), command="check")
    _summarise(inspected)
    worst = max((finding.level for finding in inspected.findings), default=Level.NOTE)
    if worst is Level.ERROR or (strict and worst is Level.WARNING):
        raise typer.Exit(1)


def _summarise(inspected: InspectedDocument) -> None:
    counts = {level: sum(finding.level is level for finding in inspected.findings) for level in reversed(Level)}
    words = ", ".join(_count(count, level.name.lower()) for level, count in counts.items())
    counted = f"{_count(inspected.operations, 'operation')}, {_count(inspected.fixtures, 'fixture')}"
    counted += f", {_count(inspected.scenarios, 'scenario')}" if inspected.scenarios else ""
    say(f"{counted}: {words}", to=sys.stderr)
    if not inspected.operations:
        say("nothing can be answered until the document has operations under 'paths'", to=sys.stderr)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
