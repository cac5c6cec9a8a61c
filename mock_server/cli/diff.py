"""`mock-server diff`: who breaks when one document takes the place of another."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote

app = typer.Typer(add_completion=False)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="The document that is relied on: a path, a URL, - or REF:PATH of git.")],
    new: Annotated[str, typer.Argument(help="The document that takes its place.")],
    format_: Annotated[str, typer.Option("--format", help="The format of the changes: text, json.")] = "text",
    open_world: Annotated[
        bool, typer.Option("--open-world", help="Compare the schemas as bare sets of values.")
    ] = False,
    closed: Annotated[
        bool, typer.Option("--closed", help="Clients know all properties of an answer: a new one breaks them.")
    ] = False,
    traffic: Annotated[
        list[str] | None,
        typer.Option(
            help="Recorded traffic (HAR, NDJSON, folders, Pact files) that the changes may hurt. Each file is a "
            "consumer."
        ),
    ] = None,
    consumer: Annotated[
        list[Path] | None,
        typer.Option(help="A consumer that the changes may hurt: a Pact file, or a profile that `consumer` wrote."),
    ] = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Say who breaks when one document takes the place of another, each time with a message that proves it."""
    load("mock_server.cli.work.diff").diff(**locals())
