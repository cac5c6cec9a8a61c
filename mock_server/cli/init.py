"""`mock-server init`: the first files of a project."""

from typing import Annotated

import typer

from mock_server.cli.loading import load

app = typer.Typer(add_completion=False)


@app.command()
def init(
    document: Annotated[
        str | None, typer.Argument(help="The path of the document.", show_default="./openapi.yaml, else a sample")
    ] = None,
) -> None:
    """Write a first settings file, fixture and CI workflow for a document; nothing is overwritten."""
    load("mock_server.cli.work.init").init(document=document)
