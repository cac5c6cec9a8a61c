"""`mock-server diff`: who breaks when one document takes the place of another."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Overlays

app = typer.Typer(add_completion=False)


@app.command()
def diff(
    old: Annotated[
        str, typer.Argument(help="The document that is relied on: a path, a URL, -, REF:PATH of git, or a folder.")
    ],
    new: Annotated[str, typer.Argument(help="The document, or folder, that takes its place.")],
    of_git: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, json, github, junit, ctrf, sarif, html, markdown or semver.")
    ] = "text",
    report: Annotated[
        list[str] | None, typer.Option(help="Write it in a format to a file, too: NAME=PATH, several with commas.")
    ] = None,
    fail_on: Annotated[
        str, typer.Option(help="The least severity that makes the exit code 1: error, warning, note or never.")
    ] = "error",
    severity: Annotated[
        list[str] | None, typer.Option(help="The severity of a rule: RULE=error, warning, note or off.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A file of accepted changes: NDJSON with an id, a reason, and until when.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write the changes that would fail as a baseline to this file.")
    ] = None,
    save_fixtures: Annotated[
        Path | None, typer.Option(help="Write the answers that break clients as fixtures into this folder.")
    ] = None,
    open_world: Annotated[bool, typer.Option("--open-world", help="Compare the schemas as bare sets.")] = False,
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
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Say who breaks when one document takes the place of another, each time with a message that proves it."""
    load("mock_server.cli.work.diff").diff(**locals())
