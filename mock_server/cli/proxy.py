"""`mock-server proxy`: before the real server, judging both directions."""

from pathlib import Path
from typing import Annotated, Final

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import Document, Wording, take_settings
from mock_server.settings.types import TEXT

app = typer.Typer(add_completion=False)

_ORDER: Final = (
    "host", "port", "allow_host", "base_path", "record", "fallback", "fallback_on", "timeout", "insecure", "fixtures",
    "seed", "locale", "cors", "security", "max_body", "max_connections", "in_flight", "memory", "tls_cert", "tls_key",
    "admin", "admin_port", "admin_token", "log_format", "format_", "overlay", "allow_remote", "allow_path",
)  # fmt: skip
_WORDINGS: Final = {
    "base_path": Wording("The path before all paths here; the path of UPSTREAM takes its place.", "as `serve`", TEXT),
    "fixtures": Wording("The mock's fixtures."),
    "seed": Wording("The seed of the mock."),
    "locale": Wording("The locale of the mock."),
    "cors": Wording("Let pages of any origin call.", "what the real server says"),
    "security": Wording("Check that requests have credentials."),
    "max_body": Wording("Bytes of a body that are judged; larger ones pass unjudged."),
}


@app.command()
@take_settings(_ORDER, _WORDINGS)
def proxy(
    upstream: Annotated[str, typer.Argument(help="The base of the real API: it replaces the servers of the document.")],
    document: Document = None,
    *,
    record: Annotated[
        Path | None, typer.Option(help="A folder to write fixtures into.", show_default="nothing is recorded")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds to wait for the real server.")] = 30.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Accept any certificate of the real server.")] = False,
    format_: Annotated[
        str, typer.Option("--format", help="The format of the findings at the end: text, json, github or sarif.")
    ] = "text",
    **settings: object,
) -> None:
    """Pass requests on to a real server and judge both directions; Ctrl-C sums up what was found."""
    load("mock_server.cli.work.proxy").proxy(
        upstream=upstream,
        document=document,
        record=record,
        timeout=timeout,
        insecure=insecure,
        format_=format_,
        **settings,
    )
