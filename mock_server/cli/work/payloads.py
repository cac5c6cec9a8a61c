"""`mock-server payloads`: everything that could go wrong with a payload, proven."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from mock_server.cli.configure import configure
from mock_server.cli.progress import show_progress
from mock_server.cli.show import print_findings
from mock_server.cli.terminal import say
from mock_server.cli.workers import choose_executor
from mock_server.document.default import default_document
from mock_server.errors import UsageError
from mock_server.generate.edges.catalogue import count_reasons
from mock_server.json_values import Progress, format_pointer
from mock_server.payloads.executors import ExecutorFactory
from mock_server.payloads.formats import FORMATS, PayloadFormat
from mock_server.payloads.jobs import Job, open_plan, run, stream, with_fitting_shards
from mock_server.payloads.plan import ALL_KINDS, INVALID, REALISTIC, PayloadPlan, PayloadRecord, Series
from mock_server.payloads.targets import PayloadChoice

_DIRECTIONS = ("response", "request")


def payloads(
    *,
    operation: str | None,
    document: str | None,
    kind: str,
    direction: str,
    status: str | None,
    media_type: str | None,
    count: int | None,
    offset: int,
    seed: int | None,
    locale: str | None,
    format_: str,
    out: Path | None,
    explain: bool,
    locations: int,
    budget: int,
    workers: int,
    scheduler: str | None,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    if document is None and operation is not None and _is_document(operation):
        operation, document = None, operation
    reading = {"overlay": overlay, "allow_remote": allow_remote, "allow_path": allow_path}
    settings = configure({"seed": seed, "locale": locale, **reading})
    # a worker may run in another folder
    settings = replace(settings, overlay=tuple(path.absolute() for path in settings.overlay))
    choice = PayloadChoice(
        kinds=_kinds(kind),
        operation=operation,
        direction=direction,
        status=status,
        media_type=media_type,
        most=locations,
        budget=budget,
    )
    _require("--direction", direction, _DIRECTIONS)
    _require("--format", format_, FORMATS)
    where = document or default_document()
    if Path(where).is_file():
        where = str(Path(where).resolve())  # a worker may run in another folder
    if where == "-" and (workers > 1 or scheduler is not None):
        raise UsageError("--workers and --scheduler need a document that each of them can read, not standard input")
    plan = open_plan(where, settings, choice)
    opened = plan.kit.document
    print_findings(opened.overlay_findings, "text", read=opened.library.loaded(), stream=sys.stderr)
    if explain:
        _explain(plan)
        return
    if out is None:
        _refuse_unless_text(format_, workers, scheduler)
        _print(FORMATS[format_], plan.once(offset) if count is None else plan.records(offset, count))
        _warn(plan)
        return
    job = Job(
        document=where, settings=settings, choice=choice, format=format_, offset=offset, count=count or _length(plan)
    )
    _warn(plan)
    _write(job, out, choose_executor(workers, scheduler))


def _require(flag: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise UsageError(f"{flag} is one of {', '.join(choices)}, not {value!r}")


def _is_document(text: str) -> bool:
    return text == "-" or "://" in text or Path(text).is_file()


def _kinds(text: str) -> tuple[str, ...]:
    if text == "all":
        return ALL_KINDS
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in ALL_KINDS]
    if unknown:
        raise UsageError(f"--kind is one of {', '.join(ALL_KINDS)} or all, not {unknown[0]!r}")
    return names


def _length(plan: PayloadPlan) -> int:
    """Return each rule once; looking for them is the long part, so it is shown."""
    with _bar("proving") as progress:
        total = plan.length(progress)
    if not total:
        raise UsageError("no payload of this kind was found; --explain says why")
    return total


def _refuse_unless_text(name: str, workers: int, scheduler: str | None) -> None:
    if workers > 1 or scheduler is not None:
        raise UsageError("--workers and --scheduler need --out")
    if FORMATS[name].is_folder or FORMATS[name].is_table:
        raise UsageError(f"--format {name} needs --out")


def _print(format_: PayloadFormat, records: Iterator[PayloadRecord]) -> None:
    """Print payloads; each at once, as the next one may take long to be proven."""
    for piece in stream(format_, records):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _write(job: Job, out: Path, executors: ExecutorFactory) -> None:
    format_ = FORMATS[job.format]
    if out.exists() and (out.is_dir() and (not format_.is_folder or any(out.iterdir()))):
        raise UsageError(f"{out} is a folder" + (" that holds something already" if format_.is_folder else ""))
    with _bar("writing") as progress:
        run(with_fitting_shards(job), out, executors, progress)
    say(f"{job.count:,} payloads in {out}", to=sys.stderr)


def _bar(what: str) -> AbstractContextManager[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return show_progress(what, *columns)


def _warn(plan: PayloadPlan) -> None:
    for failure in plan.failures:
        say(f"mock-server: {failure.target.title}: {failure.reason}", to=sys.stderr)
    for lane in plan.opened:
        if lane.catalogue.is_cut:
            title = lane.target.title
            say(
                f"mock-server: {title}: places farther from the root were not looked at; --locations takes more",
                to=sys.stderr,
            )


def _explain(plan: PayloadPlan) -> None:
    """Print the catalogue: a line for each rule, then what can't be had, then the counts."""
    for lane in plan.lanes():
        with _bar("proving") as progress:
            for number, _ in enumerate(lane.catalogue, 1):
                progress(number, None, lane.target.title)
        catalogue, part = lane.catalogue, lane.target.part
        say(lane.target.title)
        for edge in catalogue.edges:
            broken = ", ".join(f"{found.keyword} at {part}{format_pointer(found.instance)}" for found in edge.breaks)
            if edge.conforms:
                says = "valid"
            else:
                says = f"breaks {broken}" + ("" if edge.is_exact else " (unavoidable)")
            say(f"  {edge.kind:10} {edge.rule}  {part}{format_pointer(edge.pointer)}: {says}")
        if lane.absent is not None:
            say(f"  {INVALID:10} {lane.absent}  {part}: is missing")
        for missed in catalogue.unreached:
            say(f"  no payload {missed.rule}: {missed.reason}")
        for kind in plan.choice.kinds:
            _summarise(lane, kind)
    _warn(plan)


def _summarise(lane: Series, kind: str) -> None:
    if kind == REALISTIC:
        return
    edges = [edge for edge in lane.catalogue.edges if edge.kind == kind]
    lost = [missed for missed in lane.catalogue.unreached if missed.kind == kind]
    line = f"  {kind}: {len(edges)} of {len(edges) + len(lost)} rules"
    if kind == INVALID:
        broken = {(edge.place, edge.keyword) for edge in edges}
        known = broken | {(missed.place, missed.keyword) for missed in lost}
        line += f", {len(broken)} of {len(known)} (place, keyword) pairs"
    reasons = "; ".join(f"{number} because {reason}" for reason, number in count_reasons(lost).items())
    say(line + (f"; {reasons}" if lost else ""))
