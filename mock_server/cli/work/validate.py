"""`mock-server validate`: captured traffic and bare payloads, of any size."""

import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

from mock_server.cli.configure import configure
from mock_server.cli.progress import show_progress
from mock_server.cli.show import print_findings, require_format
from mock_server.cli.terminal import count_noun, say
from mock_server.cli.workers import choose_executor
from mock_server.contract.parts import (
    RecordStandard,
    find_empty,
    judge_part,
    merge_in_order,
    open_sifter,
    split_all,
)
from mock_server.contract.record_judge import RecordJudge
from mock_server.contract.records import RecordSource, find_sources
from mock_server.contract.summary import Summary
from mock_server.document.default import default_document
from mock_server.errors import UsageError
from mock_server.findings import Level
from mock_server.payloads.executors import run_pieces


def validate(
    *,
    files: list[str],
    document: str | None,
    operation: str | None,
    status: int | None,
    schema: str | None,
    direction: str,
    base_path: str | None,
    workers: int,
    scheduler: str | None,
    format_: str,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    require_format(format_)
    if direction not in {"request", "response"}:
        raise UsageError(f"--direction is request or response, not {direction!r}")
    settings = configure({"overlay": overlay, "allow_remote": allow_remote, "allow_path": allow_path})
    sources = find_sources(files)
    where = document or default_document()
    standard = RecordStandard(
        document=_found_anywhere(where) if scheduler is not None else where,
        settings=replace(settings, overlay=tuple(path.absolute() for path in settings.overlay)),
        operation=operation,
        status=status,
        schema=schema,
        direction=direction,
        base_path=base_path,
    )
    if "-" in {*files, standard.document} and (workers > 1 or scheduler is not None):
        raise UsageError("--workers and --scheduler need files that each of them can read, not standard input")
    if scheduler is not None:
        sources = [replace(source, path=str(Path(source.path).resolve())) for source in sources]
    sifter = open_sifter(standard)  # says what is wrong with the document before any work
    opened = sifter.api.document
    print_findings(opened.overlay_findings, "text", read=opened.library.loaded(), stream=sys.stderr)
    started = time.perf_counter()
    tally = _judge(standard, sifter, sources, workers, scheduler)
    for path in find_empty(sources, tally):
        tally.break_off(path, 0, "there is no record in it")
    findings = tally.findings()
    print_findings(findings, format_, read=opened.library.loaded(), command="validate")
    # The verdict is the result where people read it; programs get nothing but findings on standard output.
    out = sys.stdout if format_ == "text" else sys.stderr
    _say_verdict(tally, len(findings), time.perf_counter() - started, out)
    if tally.broken:
        raise typer.Exit(2)
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(1)


def _judge(
    standard: RecordStandard, sifter: RecordJudge, sources: list[RecordSource], workers: int, scheduler: str | None
) -> Summary:
    """Judge all records, in this process or in several."""
    parts = tuple(split_all(sources))
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with show_progress("judging", *columns) as progress:
        size, done = _size(sources), 0

        def show(count: int) -> None:
            nonlocal done
            done += count
            progress(done, size, "")

        if workers == 1 and scheduler is None:
            found = ((number, sifter.sift(part, show)) for number, part in enumerate(parts))
            return merge_in_order(found, parts, lambda count: None)
        work = partial(judge_part, standard, parts)
        judged = run_pieces(choose_executor(workers, scheduler), work, range(len(parts)))
        return merge_in_order(judged, parts, show)


def _say_verdict(tally: Summary, causes: int, seconds: float, to: TextIO) -> None:
    """Say in one line what was found."""
    verdict = f"{tally.records - tally.wrong:,} right, {tally.wrong:,} wrong, {causes} causes"
    if tally.dropped:
        verdict += f"; {tally.dropped:,} findings of further causes were only counted"
    if tally.broken:
        verdict += f"; {count_noun(tally.broken, 'file')} could not be read to the end"
    say(f"{tally.records:,} records in {seconds:.1f} s: {verdict}", to=to)


def _found_anywhere(where: str) -> str:
    """Return a document's path as a worker in another folder finds it."""
    if Path(where).is_file():
        return str(Path(where).resolve())
    return where


def _size(sources: list[RecordSource]) -> int | None:
    if all(source.path != "-" for source in sources):
        return sum(Path(source.path).stat().st_size for source in sources)
    return None
