"""
The command line: `python -m benchmarks run` measures, `python -m benchmarks report` writes the page and the plot.

Tables go to standard output, progress to standard error.
"""

import argparse
import http.client
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import peers, places
from benchmarks.cases import CASES, Case, UsageProblem, choose
from benchmarks.places import Missing, find_program
from benchmarks.plot import draw
from benchmarks.process import ServerFailed
from benchmarks.report import render_case, render_targets, write_page
from benchmarks.results import Run, describe_machine, load_run, newest_run
from benchmarks.rounds import (
    Bench,
    Measured,
    Plan,
    cores_for_two,
    first_answers,
    one_core_each,
    side_by_side,
    watch_memory,
)
from benchmarks.servers import FAMILIES, US, Subject
from benchmarks.targets import judge
from benchmarks.wrk import LoadFailed

_QUICK: Final = Plan(rounds=3, seconds=2, warm_up=2, warm_up_jit=10, starts=3, answers=100_000)
_USUAL: Final = Plan(rounds=9, seconds=4, warm_up=4, warm_up_jit=30, starts=7, answers=300_000)
_LONG: Final = 2_000_000  # answers over which memory is watched
_BUSY: Final = 0.5  # load average above which a run is not alone


def main(argv: Sequence[str]) -> int:
    """Run a command; gives its exit code: 1 where we could not be measured, 2 where nothing could."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.command(arguments)
    except (Missing, UsageProblem, peers.InstallFailed, LoadFailed, OSError, ValueError) as error:
        _say(f"bench: {error}")
        return 2
    except KeyboardInterrupt:
        _say("bench: interrupted; the servers are stopped")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser(
        "run", help="measure", description=f"Cases: {', '.join(CASES)}. Products: {', '.join(FAMILIES)}."
    )
    run.add_argument("--quick", action="store_true", help="3 rounds of 2 s")
    run.add_argument("--long", action="store_true", help=f"watch memory over {_LONG:,} answers")
    run.add_argument("--only", action="append", default=[], metavar="WORD,…", help="these cases and products only")
    run.add_argument("--rounds", type=_positive, help="how many rounds")
    run.add_argument("--seconds", type=_positive, help="how long each server of a case is loaded in a round")
    run.add_argument("--answers", type=_positive, help="over how many answers memory is watched")
    run.set_defaults(command=_run)
    report = commands.add_parser("report", help="write README.md and the plot from a run")
    report.add_argument("results", type=Path, nargs="?", help="the newest in results/, if left out")
    report.set_defaults(command=_report)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    for program in ("wrk", "taskset"):
        find_program(program)
    cores = one_core_each()
    cases, families = choose([word for words in arguments.only for word in words.split(",")])
    if not families or families & {"prism", "wiremock", "scalar"} or any(case.needs_npm for case in cases):
        peers.install(_say)
    run = Run(
        began=datetime.now(UTC).isoformat(),
        mode="quick" if arguments.quick else "usual",
        plan=_plan(arguments),
        machine=describe_machine(),
        versions=peers.versions(),
    )
    if float(run.machine["load average at the start"]) > _BUSY:
        _say(f"the load average is {run.machine['load average at the start']}: other programs disturb what is measured")
    work = places.RESULTS / "work"
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(run.plan, work, _say)
    try:
        for case in cases:
            began = time.monotonic()
            _say(f"{case.title}: server on core {cores.server}, load on core {cores.load}")
            run.cases[case.name] = _measure(bench, case, families)
            _say(f"  {time.monotonic() - began:.0f} s")
            print(render_case(case.name, run.cases[case.name]), end="\n\n", flush=True)
        print(render_targets(judge(run.cases)), flush=True)
    finally:
        if run.cases:  # of an interrupted run too: the cases that are done took their time
            _say(f"written to {run.save()}")
    return 1 if any(_lacks_us(subjects) for subjects in run.cases.values()) else 0


def _measure(bench: Bench, case: Case, families: frozenset[str]) -> dict[str, Measured]:
    try:
        subjects = [subject for subject in case.subjects(bench) if not families or subject.family in families]
    except (ServerFailed, OSError, http.client.HTTPException) as error:
        _say(f"  {error}")
        return {US: Measured(trouble=str(error))}
    return _measure_subjects(bench, case, subjects)


def _measure_subjects(bench: Bench, case: Case, subjects: list[Subject]) -> dict[str, Measured]:
    if case.kind == "load":
        return side_by_side(bench, subjects, one_core_each())
    if case.kind == "start":
        return first_answers(bench, subjects, one_core_each())
    if case.kind == "memory":
        return {subject.name: watch_memory(bench, subject, one_core_each()) for subject in subjects}
    cores = cores_for_two()
    found = side_by_side(bench, subjects, cores)
    if cores.are_shared:
        for measured in found.values():
            measured.note = "the load generator shares its cores, since this machine has no third"
    return found


def _lacks_us(subjects: dict[str, Measured]) -> bool:
    return any(name.startswith(US) and found.trouble for name, found in subjects.items())


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = _QUICK if arguments.quick else _USUAL
    changes = {
        "rounds": arguments.rounds,
        "starts": arguments.rounds,
        "seconds": arguments.seconds,
        "answers": arguments.answers or (_LONG if arguments.long else None),
    }
    return replace(plan, **{name: value for name, value in changes.items() if value is not None})


def _report(arguments: argparse.Namespace) -> int:
    path = arguments.results or newest_run()
    if path is None:
        raise UsageProblem(f"there are no results in {places.RESULTS}; `make bench` makes them")
    run = load_run(path)
    draw(run)
    write_page(run)
    _say(f"{places.PAGE} and {places.PLOT} show {path}")
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
