"""`mock-server serve`: the fake backend."""

from typing import Annotated, Final

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import WITH_FLAG, take_settings

app = typer.Typer(add_completion=False)

_OF_PROXIES: Final = frozenset(("fallback", "fallback_on"))


@app.command()
@take_settings(name for name in WITH_FLAG if name not in _OF_PROXIES)
def serve(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            help="Paths, URLs, or - for standard input.", show_default="./openapi.yaml, else the shipped one"
        ),
    ] = None,
    **settings: object,
) -> None:
    """Answer every documented operation with fixtures, examples or generated data."""
    load("mock_server.cli.work.serve").serve(documents=documents, **settings)
