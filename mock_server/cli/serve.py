"""`mock-server serve`: the fake backend."""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            help="Paths, URLs, or - for standard input.", show_default="./openapi.yaml, else the shipped one"
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
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the port, with the same answers.", show_default="1")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same answers.", show_default="0")] = None,
    locale: Annotated[
        str | None,
        typer.Option(help="The locale of generated values, such as fi_FI.", show_default="the document's, else en_US"),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Where answers come from, in this order.", show_default="fixture,example,generated"),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Which values are generated: realistic, minimal, boundary, extreme, invalid or incoherent.",
            show_default="realistic",
        ),
    ] = None,
    fixtures: Annotated[
        Path | None, typer.Option(help="The folder of fixtures.", show_default="fixtures beside the document")
    ] = None,
    scenarios: Annotated[
        Path | None, typer.Option(help="The folder of scenarios.", show_default="scenarios beside the document")
    ] = None,
    base_path: Annotated[
        list[str] | None,
        typer.Option(
            help="The path before all paths, / as Prism has it; one for all documents, or one for each.",
            show_default="the path of the first server",
        ),
    ] = None,
    cors: Annotated[
        bool | None, typer.Option("--cors/--no-cors", help="Let pages of any origin call.", show_default="cors")
    ] = None,
    caching: Annotated[
        bool | None,
        typer.Option(
            "--caching/--no-caching",
            help="Let caches keep answers as the document says.",
            show_default="Cache-Control: no-store",
        ),
    ] = None,
    validate_requests: Annotated[
        bool | None,
        typer.Option(
            "--validate-requests/--no-validate-requests",
            help="Refuse requests that break the document.",
            show_default="validate",
        ),
    ] = None,
    security: Annotated[
        bool | None, typer.Option("--security/--no-security", help="Ask for credentials.", show_default="security")
    ] = None,
    strict_accept: Annotated[
        bool | None,
        typer.Option(
            "--strict-accept", help="Answer 406 if no documented media type is acceptable.", show_default=False
        ),
    ] = None,
    keep_invalid_examples: Annotated[
        bool | None,
        typer.Option("--keep-invalid-examples", help="Send examples that break their schema.", show_default=False),
    ] = None,
    keep_links: Annotated[
        bool | None,
        typer.Option("--keep-links", help="Leave links to the document's servers as they are.", show_default=False),
    ] = None,
    check: Annotated[
        bool | None, typer.Option("--check", help="Check the whole document in the background.", show_default=False)
    ] = None,
    reload: Annotated[
        bool | None,
        typer.Option(
            "--reload",
            help="Follow edits of documents, fixtures, scenarios, handlers and settings.",
            show_default=False,
        ),
    ] = None,
    handlers: Annotated[
        str | None, typer.Option(help="A module or file whose functions answer the operations of their names.")
    ] = None,
    max_body: Annotated[
        int | None, typer.Option(help="The largest request body, in bytes.", show_default="10485760")
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
    journal: Annotated[
        int | None, typer.Option(help="Exchanges that are kept for each world.", show_default="1000")
    ] = None,
    delay: Annotated[
        str | None,
        typer.Option(help="Milliseconds before every answer: 200, 100..300 or lognormal:80,0.4.", show_default="none"),
    ] = None,
    callbacks_to: Annotated[
        list[str] | None, typer.Option(help="A host that callbacks and webhooks may be sent to, as in localhost:9000.")
    ] = None,
    callback_delay: Annotated[
        str | None, typer.Option(help="Milliseconds before a callback is sent.", show_default="none")
    ] = None,
    callback_retries: Annotated[
        int | None, typer.Option(help="How often a callback is sent again.", show_default="3")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A fault and how often it happens, as in error:503@0.1, reset@5%, truncate@#3."),
    ] = None,
    stateful: Annotated[
        bool | None,
        typer.Option(
            "--stateful/--stateless",
            help="Keep state: what is created can be read, what is deleted is gone.",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(help="Where state is kept: sqlite:///file.db, postgresql+psycopg://…", show_default="in memory"),
    ] = None,
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
    allow_remote: Annotated[list[str] | None, typer.Option(help="A host that references may read from.")] = None,
    allow_path: Annotated[list[Path] | None, typer.Option(help="A folder that references may read from.")] = None,
) -> None:
    """Answer every documented operation with fixtures, examples or generated data."""
    load("mock_server.cli.run_serve").serve(**locals())
