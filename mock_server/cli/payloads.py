"""`mock-server payloads`: everything that could go wrong with a payload, proven."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Document, Locale, Overlays

app = typer.Typer(add_completion=False)


@app.command()
def payloads(
    operation: Annotated[
        str | None, typer.Argument(help="An operationId, or a title as in 'GET /pets'.", show_default="all operations")
    ] = None,
    document: Document = None,
    kind: Annotated[
        str,
        typer.Option(help="realistic, boundary, extreme, invalid, incoherent, pairwise; several with commas, or all."),
    ] = "all",
    direction: Annotated[str, typer.Option(help="response or request.")] = "response",
    status: Annotated[
        str | None,
        typer.Option(help="The status of the response, as documented: 200, 2XX, default.", show_default="all"),
    ] = None,
    media_type: Annotated[str | None, typer.Option(help="The media type of the body.", show_default="JSON")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="How many payloads to write.", show_default="each rule once")
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="The number of the first payload.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Same seed, same payloads.", show_default="0")] = None,
    locale: Locale = None,
    format_: Annotated[
        str, typer.Option("--format", help="ndjson, json, csv, parquet, har, pytest, postman, curl.")
    ] = "ndjson",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; for json, the folder.", show_default="standard output")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the catalogue instead: all rules, and what is impossible and why.")
    ] = False,
    locations: Annotated[int, typer.Option(min=1, help="How many places of one schema are varied.")] = 1_000,
    budget: Annotated[int, typer.Option(min=1, help="How many combinations of one schema pairwise makes.")] = 100,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes of this machine that share the work.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="The scheduler of a Dask cluster, as in tcp://10.0.0.1:8786.")
    ] = None,
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
) -> None:
    """Write realistic, boundary, extreme, invalid, incoherent and combined payloads, each proven to be what it says."""
    load("mock_server.cli.work.payloads").payloads(**locals())
