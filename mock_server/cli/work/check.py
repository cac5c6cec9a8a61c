"""`mock-server check`: the document itself."""

import sys
from pathlib import Path

import typer

from mock_server.cli.configure import configure
from mock_server.cli.progress import show_progress
from mock_server.cli.show import print_findings, require_format
from mock_server.cli.terminal import count_noun, say
from mock_server.findings import Level
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
    require_format(format_)
    allowed = {"overlay": overlay, "allow_remote": allow_remote, "allow_path": allow_path}
    settings = configure({"fixtures": fixtures, "scenarios": scenarios, "locale": locale, **allowed})
    opened = open_responder(document, settings, judge_fixtures=False)
    with show_progress() as show:
        inspected = inspect(opened.responder, opened.responder.fixtures, show, opened.scenarios)
    print_findings(inspected.findings, format_, read=opened.document.library.loaded(), command="check")
    _summarise(inspected)
    worst = max((finding.level for finding in inspected.findings), default=Level.NOTE)
    if worst is Level.ERROR or (strict and worst is Level.WARNING):
        raise typer.Exit(1)


def _summarise(inspected: InspectedDocument) -> None:
    counts = {level: sum(finding.level is level for finding in inspected.findings) for level in reversed(Level)}
    words = ", ".join(count_noun(count, level.name.lower()) for level, count in counts.items())
    counted = f"{count_noun(inspected.operations, 'operation')}, {count_noun(inspected.fixtures, 'fixture')}"
    if inspected.scenarios:
        counted += f", {count_noun(inspected.scenarios, 'scenario')}"
    say(f"{counted}: {words}", to=sys.stderr)
    if not inspected.operations:
        say("nothing can be answered until the document has operations under 'paths'", to=sys.stderr)
