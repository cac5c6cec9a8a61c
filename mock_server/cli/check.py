"""`mock-server check`: the document itself."""

from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Document, Fixtures, Format, Locale, Overlays, Scenarios

app = typer.Typer(add_completion=False)


@app.command()
def check(
    document: Document = None,
    format_: Format = "text",
    fixtures: Fixtures = None,
    scenarios: Scenarios = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    locale: Locale = None,
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Say what is wrong with a document, its examples, fixtures and scenarios, and what can't be mocked."""
    load("mock_server.cli.work.check").check(**locals())
