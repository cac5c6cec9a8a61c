"""`mock-server mcp`: the tools of this program for coding agents."""

from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import Wording, take_settings

app = typer.Typer(add_completion=False)

_SETTINGS = ("host", "port", "allow_host", "admin_token", "overlay", "allow_remote", "allow_path")
_WORDINGS = {
    "port": Wording("With --http: the port; 0 takes a free one.", "4012"),
    "admin_token": Wording("With --http: the token, sent as 'Authorization: Bearer'.", "one is made up"),
    "allow_remote": Wording("A host that tools and references may read from, besides this machine."),
    "allow_path": Wording("A folder that tools and references may read from, besides the working folder."),
}


@app.command()
@take_settings(_SETTINGS, _WORDINGS)
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Speak streamable HTTP, in place of standard input and output.")
    ] = False,
    **settings: object,
) -> None:
    """Offer everything here to coding agents as an MCP server, over standard input and output or HTTP."""
    load("mock_server.cli.work.mcp").mcp(http=http, **settings)
