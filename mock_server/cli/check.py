"""`mock-server check`: the document itself."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar

from mock_server.cli.configure import configure
from mock_server.cli.report import FORMATS, print_findings
from mock_server.cli.saying import say
from mock_server.errors import UsageError
from mock_server.printable import printable
from mock_server.rules import Level
from mock_server.serve.inspect import Inspected, inspect
from mock_server.serve.opening import open_responder

app = typer.Typer(add_completion=False)


@app.command()
def check(
    document: Annotated[
        str | None, typer.Argument(help="A path, a URL, or - for standard input.", show_default="./openapi.yaml, else the shipped one")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
    fixtures: Annotated[Path | None, typer.Option(help="The folder of fixtures.", show_default="fixtures beside the document")] = None,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", show_default="scenarios beside the document")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    locale: Annotated[str | None, typer.Option(help="Of generated values.", show_default="the document's, else en_US")] = None,
    allow_remote: Annotated[list[str] | None, typer.Option(help="A host that references may read from.")] = None,
    allow_path: Annotated[list[Path] | None, typer.Option(help="A folder that references may read from.")] = None,
) -> None:
    """Say what is wrong with a document, its examples, fixtures and scenarios, and what can't be mocked."""
    if format_ not in FORMATS:
        raise UsageError(f"--format is one of {', '.join(FORMATS)}, not {format_!r}")
    allowed = {"allow_remote": allow_remote or None, "allow_path": allow_path or None}
    settings = configure({"fixtures": fixtures, "scenarios": scenarios, "locale": locale, **allowed})
    opened = open_responder(document, settings, judge_fixtures=False)
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("")

        def show(done: int, total: int | None, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(printable(what)))

        inspected = inspect(opened.responder, opened.responder.fixtures, show, opened.scenarios)
    print_findings(inspected.findings, format_, read=opened.document.library.loaded())
    _summarise(inspected)
    worst = max((finding.level for finding in inspected.findings), default=Level.NOTE)
    if worst is Level.ERROR or (strict and worst is Level.WARNING):
        raise typer.Exit(1)


def _summarise(inspected: Inspected) -> None:
    counts = {level: sum(finding.level is level for finding in inspected.findings) for level in reversed(Level)}
    words = ", ".join(_count(count, level.name.lower()) for level, count in counts.items())
    counted = f"{_count(inspected.operations, 'operation')}, {_count(inspected.fixtures, 'fixture')}"
    counted += f", {_count(inspected.scenarios, 'scenario')}" if inspected.scenarios else ""
    say(f"{counted}: {words}", to=sys.stderr)
    if not inspected.operations:
        say("nothing can be answered until the document has operations under 'paths'", to=sys.stderr)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
