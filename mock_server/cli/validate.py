"""`mock-server validate`: captured traffic and bare payloads, of any size."""

from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Format, Overlays

app = typer.Typer(add_completion=False)


@app.command()
def validate(
    files: Annotated[
        list[str], typer.Argument(help="HAR, NDJSON, JSON, Pact files, folders of these, or - for standard input.")
    ],
    document: Annotated[
        str | None, typer.Option(help="The document to judge by.", show_default="./openapi.yaml, else the shipped one")
    ] = None,
    operation: Annotated[
        str | None, typer.Option(help="Records are bare payloads of this operation: its operationId or 'GET /path'.")
    ] = None,
    status: Annotated[
        int | None, typer.Option(help="The status of the responses.", show_default="the lowest success")
    ] = None,
    schema: Annotated[
        str | None, typer.Option(help="Records are bare payloads of this schema: '#/components/schemas/Pet'.")
    ] = None,
    direction: Annotated[str, typer.Option(help="Whether payloads are of requests or responses.")] = "response",
    base_path: Annotated[
        str | None,
        typer.Option(help="The path before the paths of the document.", show_default="that of the servers, or none"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the work on NDJSON files.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster that shares the work, as in tcp://10.0.0.1:8786.")
    ] = None,
    format_: Format = "text",
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Judge captured traffic (HAR, NDJSON of exchanges), Pact files or bare payloads, and sum up what is wrong."""
    load("mock_server.cli.work.validate").validate(**locals())
