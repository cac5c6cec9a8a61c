"""`mock-server check`: the document itself."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load

app = typer.Typer(add_completion=False)


@app.command()
def check(
    document: Annotated[
        str | None,
        typer.Argument(
            help="A path, a URL, or - for standard input.", show_default="./openapi.yaml, else the shipped one"
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="The format of the findings: text, json or github.")
    ] = "text",
    fixtures: Annotated[
        Path | None, typer.Option(help="The folder of fixtures.", show_default="fixtures beside the document")
    ] = None,
    scenarios: Annotated[
        Path | None, typer.Option(help="The folder of scenarios.", show_default="scenarios beside the document")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    locale: Annotated[
        str | None, typer.Option(help="The locale of generated values.", show_default="the document's, else en_US")
    ] = None,
    allow_remote: Annotated[list[str] | None, typer.Option(help="A host that references may read from.")] = None,
    allow_path: Annotated[list[Path] | None, typer.Option(help="A folder that references may read from.")] = None,
) -> None:
    """Say what is wrong with a document, its examples, fixtures and scenarios, and what can't be mocked."""
    load("mock_server.cli.run_check").check(**locals())
