"""`mock-server validate`: captured traffic and bare payloads, of any size."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mock_server.cli.configure import configure
from mock_server.cli.report import FORMATS, print_findings
from mock_server.contract.subject import make_api
from mock_server.contract.tally import Sifter, Tally, choose_payloads
from mock_server.contract.traffic import Source, find_sources, split_source
from mock_server.errors import UsageError
from mock_server.rules import Level
from mock_server.serve.opening import default_document
from mock_server.settings import Settings
from mock_server.spec.document import open_document
from mock_server.spec.load import Access, Library

app = typer.Typer(add_completion=False)


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(help="HAR, NDJSON, JSON, folders of these, or - for standard input.")],
    document: Annotated[
        str | None, typer.Option(help="What they have to keep to.", show_default="./openapi.yaml, else the shipped one")
    ] = None,
    operation: Annotated[
        str | None, typer.Option(help="Records are bare payloads of this operation: its operationId or 'GET /path'.")
    ] = None,
    status: Annotated[int | None, typer.Option(help="Of the response that they are.", show_default="the lowest success")] = None,
    schema: Annotated[str | None, typer.Option(help="Records are bare payloads of this schema: '#/components/schemas/Pet'.")] = None,
    direction: Annotated[str, typer.Option(help="request or response: which way payloads travel.")] = "response",
    base_path: Annotated[
        str | None, typer.Option(help="Under which the operations stand.", show_default="that of the servers, or none")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the work on NDJSON files.")] = 1,
    format_: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
    allow_remote: Annotated[list[str] | None, typer.Option(help="A host that references may read from.")] = None,
    allow_path: Annotated[list[Path] | None, typer.Option(help="A folder that references may read from.")] = None,
) -> None:
    """Judge captured traffic (HAR, NDJSON of exchanges) or bare payloads, and sum up what is wrong."""
    if format_ not in FORMATS:
        raise UsageError(f"--format is one of {', '.join(FORMATS)}, not {format_!r}")
    if direction not in {"request", "response"}:
        raise UsageError(f"--direction is request or response, not {direction!r}")
    settings = configure({"allow_remote": allow_remote or None, "allow_path": allow_path or None})
    choice = (document or default_document(), settings, operation, status, schema, direction, base_path)
    sources = find_sources(files)
    sifter = _open(*choice)  # says what is wrong with the document before any work
    parts = [part for source in sources for part in split_source(source, workers)]
    started, tally = time.perf_counter(), Tally()
    with _bar(sources) as bar:
        task = bar.add_task("judging", total=_size(sources))

        def show(count: int) -> None:
            bar.update(task, advance=count)

        for found in _sift_all(sifter, choice, parts, workers, show):
            tally.merge(found)
    findings = tally.findings()
    print_findings(findings, format_, read=sifter.api.document.library.loaded())
    seconds = time.perf_counter() - started
    verdict = f"{tally.records - tally.wrong:,} right, {tally.wrong:,} wrong, {len(findings)} causes"
    more = f"; {tally.dropped:,} findings of further causes were only counted" if tally.dropped else ""
    print(f"{tally.records:,} records in {seconds:.1f} s: {verdict}{more}", file=sys.stderr)
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(1)


_Choice = tuple[str, Settings, str | None, int | None, str | None, str, str | None]


def _open(
    where: str, settings: Settings, operation: str | None, status: int | None, schema: str | None, direction: str, base_path: str | None
) -> Sifter:
    library = Library(Access(folders=settings.allow_path, hosts=frozenset(settings.allow_remote)))
    opened = open_document(library, library.open_entry(where))
    api = make_api(opened, "", settings.seed)
    bases = (base_path.rstrip("/"),) if base_path is not None else tuple(dict.fromkeys((*(s.base_path for s in opened.servers), "")))
    return Sifter(api, choose_payloads(api, operation, status, schema, direction), bases)


def _sift_all(sifter: Sifter, choice: _Choice, parts: list[Source], workers: int, show: object) -> Iterator[Tally]:
    if workers == 1 or len(parts) == 1:
        for part in parts:
            yield sifter.sift(part, show)  # type: ignore[arg-type]
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(choice,)) as pool:
        for part, tally in zip(parts, pool.map(_sift_part, parts), strict=True):
            show((part.end or 0) - part.start)  # type: ignore[operator]
            yield tally


_worker: list[Sifter] = []  # of this process


def _begin(choice: _Choice) -> None:
    _worker[:] = [_open(*choice)]


def _sift_part(part: Source) -> Tally:
    return _worker[0].sift(part)


def _size(sources: list[Source]) -> int | None:
    return sum(Path(source.path).stat().st_size for source in sources) if all(source.path != "-" for source in sources) else None


def _bar(sources: list[Source]) -> Bar:
    columns = (*Bar.get_default_columns()[:1], BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
