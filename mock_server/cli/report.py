"""`mock-server report`: the reports of several runs become one."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load

app = typer.Typer(add_completion=False)


@app.command()
def report(
    action: Annotated[str, typer.Argument(help="merge: put the shards of one run together.")],
    files: Annotated[list[Path], typer.Argument(help="Reports ndjson of `mock-server test`, one of each shard.")],
    report_: Annotated[
        list[str] | None,
        typer.Option("--report", help="NAME=PATH, of junit, ctrf, sarif, wfc, har, html, ndjson, markdown."),
    ] = None,
) -> None:
    """Put the reports of the shards of a run together, and end as the whole run would."""
    load("mock_server.cli.work.report").report(**locals())
