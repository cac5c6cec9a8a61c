"""`mock-server proxy`: before the real server, judging both directions."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load

app = typer.Typer(add_completion=False)


@app.command()
def proxy(
    upstream: Annotated[str, typer.Argument(help="The base of the real API: it replaces the servers of the document.")],
    document: Annotated[
        str | None,
        typer.Argument(
            help="A path, a URL, or - for standard input.", show_default="./openapi.yaml, else the shipped one"
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default="4010")] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Another host name to answer for, such as mock.test; * for any. On loopback, only names of this machine are answered."
        ),
    ] = None,
    base_path: Annotated[
        str | None,
        typer.Option(
            help="The path before all paths here; the path of UPSTREAM takes its place.", show_default="as `serve`"
        ),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="A folder to write fixtures into.", show_default="nothing is recorded")
    ] = None,
    fallback: Annotated[str | None, typer.Option(help="mock: the mock answers what the real server can't.")] = None,
    fallback_on: Annotated[
        str | None,
        typer.Option(
            help="When the mock answers: unreachable, timeout, broken, and statuses such as 501 and 5XX.",
            show_default="unreachable,timeout,501",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds to wait for the real server.")] = 30.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Accept any certificate of the real server.")] = False,
    fixtures: Annotated[
        Path | None, typer.Option(help="The mock's fixtures.", show_default="fixtures beside the document")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of the mock.", show_default="0")] = None,
    locale: Annotated[
        str | None, typer.Option(help="The locale of the mock.", show_default="the document's, else en_US")
    ] = None,
    cors: Annotated[
        bool | None,
        typer.Option(
            "--cors/--no-cors", help="Let pages of any origin call.", show_default="what the real server says"
        ),
    ] = None,
    security: Annotated[
        bool | None,
        typer.Option("--security/--no-security", help="Check that requests have credentials.", show_default="security"),
    ] = None,
    max_body: Annotated[
        int | None,
        typer.Option(help="Bytes of a body that are judged; larger ones pass unjudged.", show_default="10485760"),
    ] = None,
    max_connections: Annotated[
        int | None, typer.Option(min=1, help="Connections of a process at a time.", show_default="1000")
    ] = None,
    in_flight: Annotated[
        str | None,
        typer.Option(help="Bytes of requests that may wait for their answers, as in 64MB.", show_default="256MB"),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Bytes that a process keeps of worlds, journals, state and the like; the oldest go first.",
            show_default="256MB",
        ),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="A certificate chain (PEM), to serve https.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The private key of the certificate (PEM).")] = None,
    admin: Annotated[
        bool | None,
        typer.Option("--admin/--no-admin", help="Serve the admin API and the console.", show_default="admin"),
    ] = None,
    admin_port: Annotated[
        int | None,
        typer.Option(
            help="A port of its own for the admin API and the console; 0 takes a free one.", show_default="the API's"
        ),
    ] = None,
    admin_token: Annotated[
        str | None,
        typer.Option(
            help="The token of the admin API, sent as 'Authorization: Bearer'.",
            show_default="none on loopback, else one is made up",
        ),
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="The log: text, json or none.", show_default="text")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="The format of the findings at the end: text, json or github.")
    ] = "text",
    allow_remote: Annotated[list[str] | None, typer.Option(help="A host that references may read from.")] = None,
    allow_path: Annotated[list[Path] | None, typer.Option(help="A folder that references may read from.")] = None,
) -> None:
    """Pass requests on to a real server and judge both directions; Ctrl-C sums up what was found."""
    load("mock_server.cli.run_proxy").proxy(**locals())
