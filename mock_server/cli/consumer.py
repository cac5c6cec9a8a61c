"""`mock-server consumer`: what a consumer uses of an API, as a profile."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Overlays

app = typer.Typer(add_completion=False)


@app.command()
def consumer(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Recorded traffic (HAR, NDJSON, folders), Pact files, or the URL of a running mock with its journal."
        ),
    ],
    document: Annotated[
        str | None, typer.Option(help="The document of the API.", show_default="./openapi.yaml, else the shipped one")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of the consumer.", show_default="that of the file")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="standard output")] = None,
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Write what a consumer sends and reads as a profile, by which `diff` says what hurts it."""
    load("mock_server.cli.work.consumer").consumer(**locals())
