"""`mock-server test`: does a running API keep to its document?"""

from pathlib import Path
from typing import Annotated

import typer

from mock_server.cli.loading import load
from mock_server.cli.options import AllowPath, AllowRemote, Document, Format, Locale, Overlays, take_rows
from mock_server.settings.contract import LOGIN_ROWS

app = typer.Typer(add_completion=False)


@app.command()
@take_rows("auth", LOGIN_ROWS, "Log in")
def run_contract(
    url: Annotated[
        str | None,
        typer.Argument(help="The base of the API: it replaces the servers of the document.", show_default=False),
    ] = None,
    document: Document = None,
    app_: Annotated[
        str | None, typer.Option("--app", help="An ASGI or WSGI application in this process: module:attribute.")
    ] = None,
    phases: Annotated[
        str, typer.Option(help="The phases to run: examples, coverage, stateful, fuzzing.")
    ] = "examples,coverage,stateful,fuzzing",
    mode: Annotated[
        str, typer.Option(help="Requests that keep to the document (positive), break it (negative), or both.")
    ] = "positive,negative",
    checks: Annotated[
        str, typer.Option(help="The checks to run; docs/reference/checks.md lists them.", show_default="all")
    ] = "",
    exclude_checks: Annotated[str, typer.Option(help="Checks not to run.")] = "",
    include: Annotated[
        list[str] | None, typer.Option(help="Only operations that match: an operationId, 'GET /pets*' or tag:NAME.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No operations that match.")] = None,
    mutating: Annotated[bool, typer.Option("--mutating", help="Also send POST, PUT, PATCH and DELETE.")] = False,
    allow_bulk_delete: Annotated[
        bool,
        typer.Option(
            "--allow-bulk-delete", help="With --mutating: also DELETE of whole collections, whatever is in them."
        ),
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Same seed, same cases.", show_default="0")] = None,
    max_cases: Annotated[int, typer.Option(min=1, help="Requests of the phase coverage for each operation.")] = 60,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough",
            help="Let the phase coverage go on with what a full request does not hold: other alternatives, entries of "
            "maps, deeper levels.",
        ),
    ] = False,
    max_examples: Annotated[int, typer.Option(min=1, help="Requests of the phase fuzzing for each operation.")] = 12,
    max_time: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds for the whole run.", show_default="no limit")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, max=86_400, help="Seconds for one answer.")] = 10.0,
    max_response_time: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds after which an answer is a finding.", show_default="--timeout"),
    ] = None,
    rate_limit: Annotated[
        str | None,
        typer.Option(help="Requests a second; auto follows what the API says.", show_default="no limit"),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds to wait until the API answers.", show_default="it has to answer"),
    ] = None,
    workflow: Annotated[
        Path | None, typer.Option(help="An Arazzo document, whose workflows are played in place of the phases.")
    ] = None,
    write_workflows_: Annotated[
        Path | None,
        typer.Option("--write-workflows", help="Write the lives of things that were led as an Arazzo document."),
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="Only this part of the operations: 1/4 of four.", show_default="all")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Operations that are tested at once.")] = 1,
    header: Annotated[
        list[str] | None,
        typer.Option("-H", "--header", help="A header field of every request; ${NAME} is an environment variable."),
    ] = None,
    auth: Annotated[list[str] | None, typer.Option(help="Credentials: SCHEME=secret, or user:password.")] = None,
    other_header: Annotated[
        list[str] | None,
        typer.Option(help="A header field of a second identity, which must not read what the first one created."),
    ] = None,
    other_auth: Annotated[list[str] | None, typer.Option(help="Credentials of the second identity.")] = None,
    hooks: Annotated[
        str | None, typer.Option(help="A module or file with before_request, after_answer and checks of your own.")
    ] = None,
    values: Annotated[Path | None, typer.Option(help="A file of values that exist: {petId: [1, 2]}.")] = None,
    listen: Annotated[
        str | None,
        typer.Option(help="HOST:PORT, where callbacks and webhooks are received.", show_default="a port of this host"),
    ] = None,
    listen_url: Annotated[
        str | None, typer.Option(help="The URL under which the API reaches --listen, if it is another one.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="A file of known findings, which are accepted.")] = None,
    write_baseline_: Annotated[
        Path | None, typer.Option("--write-baseline", help="Write the findings of this run as a baseline.")
    ] = None,
    save_fixtures_: Annotated[
        Path | None,
        typer.Option(
            "--save-fixtures", help="A folder: keep the answers of findings as fixtures, and their requests as tests."
        ),
    ] = None,
    findings: Annotated[
        Path | None, typer.Option(help="The file that --replay reads.", show_default="those of the last run here")
    ] = None,
    replay_: Annotated[
        str | None, typer.Option("--replay", help="Send a finding of the last run again, by its id.")
    ] = None,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of the contract that must be exercised.")
    ] = 0.0,
    min_depth: Annotated[
        float,
        typer.Option(min=0, max=100, help="Percent of the operations that must answer a good request with success."),
    ] = 0.0,
    allow_unreached: Annotated[
        list[str] | None, typer.Option(help="Operations that match may answer only 401, 403 or 404: '*' for all.")
    ] = None,
    report: Annotated[
        list[str] | None, typer.Option(help="NAME=PATH, of junit, ctrf, sarif, wfc, har, html, ndjson, markdown.")
    ] = None,
    format_: Format = "text",
    locale: Locale = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Accept any TLS certificate.")] = False,
    cert: Annotated[Path | None, typer.Option(help="A client certificate (PEM), for mutual TLS.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="The private key of the certificate (PEM).", show_default="in --cert")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="The certificates (PEM) to trust.", show_default="the system's")
    ] = None,
    overlay: Overlays = None,
    allow_remote: AllowRemote = None,
    allow_path: AllowPath = None,
    **login: object,
) -> None:
    """Test a running API against its document: examples, coverage, the lives of things, fuzzing."""
    flags = locals()
    login = flags.pop("login")
    load("mock_server.cli.work.test").run_contract(**flags, **login)
