"""Measuring: rounds in which each server of a case runs alone."""

import contextlib
import http.client
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.figures import add_slices
from benchmarks.places import Missing, find_program
from benchmarks.process import Server, ServerFailed, running
from benchmarks.servers import Subject
from benchmarks.talk import Reply, ask, ask_when_up
from benchmarks.wrk import LoadFailed, send

Say = Callable[[str], None]
_T = TypeVar("_T")
_NUMBERS = 10_000_000  # between the first numbers of two runs of wrk: more than one run uses up
_SAMPLED = 5  # answers whose header fields are measured
_SHOWN = 300  # characters of what went wrong; the rest is in the server's log
_CHUNK = 3  # seconds of load between two looks at memory
_LOOK = 0.1  # seconds between two looks at whether a server is at rest
_REST = 0.05  # of the time: what a server at rest takes at most
_WARM_UP = 600  # seconds of the clock that warming up may take
_DRAIN = 60  # seconds that a server has to come to rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int  # of load in a round, for each server, in slices of one second
    warm_up: int  # seconds of CPU that each server takes under load before it counts
    warm_up_jit: int  # the same for those of Node and Java, which compile what they run: they need many
    starts: int  # rounds of the cases that start servers
    answers: int  # over which memory is watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Where servers run, and where load comes from, as taskset has it."""

    server: str
    load: str

    @property
    def are_shared(self) -> bool:
        """Whether both run on the same cores."""
        return self.server == self.load


@dataclass(slots=True)
class Measured:
    """What was found out about one server of a case."""

    rounds: list[dict[str, float]] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    note: str = ""
    trouble: str = ""  # why it was not measured


@dataclass(slots=True)
class Bench:
    """What all measurements share."""

    plan: Plan
    work: Path  # a folder for documents and logs
    say: Say
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1, _NUMBERS))

    def log(self, subject: Subject) -> Path:
        """Where the output of a server goes."""
        return self.work / (re.sub(r"\W+", "-", subject.name) + ".log")


def one_core_each() -> Cores:
    """
    Find a core for servers and another for load.

    Raises:
        LoadFailed: this machine has one core only.
    """
    found = sorted(os.sched_getaffinity(0))
    if len(found) == 1:
        raise LoadFailed("a core for the server and one for the load are needed; this machine has one")
    return Cores(server=str(found[0]), load=str(found[-1]))


def cores_for_two() -> Cores:
    """Two cores for servers, and a third for load where there is one; else both share both."""
    found = sorted(os.sched_getaffinity(0))
    pair = f"{found[0]},{found[1]}" if len(found) > 1 else str(found[0])
    return Cores(server=pair, load=str(found[-1]) if len(found) > 2 else pair)


def side_by_side(bench: Bench, subjects: Sequence[Subject], cores: Cores) -> dict[str, Measured]:
    """
    Measure servers under load: all are started and warmed up, then each round lets them run one by one.

    A server that does not start, or does not answer as it should, is not measured; what it lacks is said.
    """
    found = {subject.name: Measured(note=subject.note) for subject in subjects}
    with contextlib.ExitStack() as stack:
        ready: list[tuple[Subject, Server]] = []
        for subject in subjects:
            with _trouble(bench, subject, found[subject.name]):
                server = stack.enter_context(_started(bench, subject, cores.server))
                found[subject.name].facts |= _inspect(subject, server)
                _warm_up(bench, subject, server, cores)
                _settle(server)
                server.pause()
                ready.append((subject, server))
        for number in range(bench.plan.rounds):
            bench.say(f"  round {number + 1} of {bench.plan.rounds}")
            for name, figures in _round(bench, _rotated(ready, number), cores, found).items():
                found[name].rounds.append(figures)
        for subject, server in ready:
            found[subject.name].facts |= {"resident": server.resident(), "peak": server.peak()}
    return found


def first_answers(bench: Bench, subjects: Sequence[Subject], cores: Cores) -> dict[str, Measured]:
    """Measure what servers take from their start to their first answer. One start each comes before, and is not counted."""
    found = {subject.name: Measured(note=subject.note) for subject in subjects}
    for number in range(-1, bench.plan.starts):
        bench.say(
            f"  start {number + 1} of {bench.plan.starts}" if number >= 0 else "  a first start of each, not counted"
        )
        for subject in _rotated(subjects, number):
            measured = found[subject.name]
            if not measured.trouble:
                with _trouble(bench, subject, measured):
                    figures = _first_answer(bench, subject, cores)
                    measured.rounds += [figures] if number >= 0 else []
    return found


def watch_memory(bench: Bench, subject: Subject, cores: Cores) -> Measured:
    """Watch the memory of one server over many answers; each round has `answers` so far and bytes `resident`."""
    measured = Measured(note=subject.note)
    with _trouble(bench, subject, measured), _started(bench, subject, cores.server) as server:
        measured.facts |= _inspect(subject, server)
        answers, shown = 0, 0
        while answers < bench.plan.answers:
            answers += send(subject.load, server.url, _CHUNK, cores=cores.load, first=next(bench.numbers)).answers
            measured.rounds.append({"answers": answers, "resident": server.resident()})
            if 10 * answers // bench.plan.answers > shown:
                shown = 10 * answers // bench.plan.answers
                bench.say(f"  {answers:,} answers, {server.resident() / 1e6:.1f} MB")
        measured.facts |= {"resident": server.resident(), "peak": server.peak()}
    return measured


def record(bench: Bench, subject: Subject, cores: Cores) -> Reply:
    """
    Take one answer of a server.

    Raises:
        ServerFailed: it does not start, or answers something else.
    """
    with _started(bench, subject, cores.server) as server:
        return ask(server, subject.load)


@contextlib.contextmanager
def _started(bench: Bench, subject: Subject, cores: str) -> Iterator[Server]:
    """Run a server; it is up, and has answered as it should, when the block begins."""
    for program in subject.needs:
        find_program(program)
    with running(subject.command, cores, bench.log(subject)) as server:
        wrong = subject.check(ask_when_up(server, subject.load))
        if wrong:
            raise ServerFailed(wrong)
        yield server


@contextlib.contextmanager
def _trouble(bench: Bench, subject: Subject, measured: Measured) -> Iterator[None]:
    """Turn what goes wrong with one server into a remark, so that the others are measured all the same."""
    try:
        yield
    except (Missing, ServerFailed, LoadFailed, OSError, http.client.HTTPException) as error:
        measured.trouble = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        bench.say(f"  {subject.name} is not measured: {measured.trouble}")


def _inspect(subject: Subject, server: Server) -> dict[str, float]:
    """The sizes of answers; those of bodies vary where they are generated."""
    replies = [ask(server, subject.load, number) for number in range(_SAMPLED)]
    head = sum(reply.head_size for reply in replies) / _SAMPLED
    return {"head": head, "listed": longest_list(replies[0].json())}


def longest_list(value: object) -> int:
    """The length of the longest list of objects in an answer: violations, whatever a product calls them."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    own = len(inner) if isinstance(value, list) and all(isinstance(item, dict) for item in inner) else 0
    return max([own, *map(longest_list, inner)])


def _round(
    bench: Bench, ready: Sequence[tuple[Subject, Server]], cores: Cores, found: dict[str, Measured]
) -> dict[str, dict[str, float]]:
    """Let each server run in slices of a second, one after the other, until each had its time: the shorter, the more alike."""
    slices: dict[str, list[dict[str, float]]] = {subject.name: [] for subject, _ in ready}
    for turn in range(bench.plan.seconds):
        for subject, server in _rotated(ready, turn):
            measured = found[subject.name]
            if not measured.trouble:
                with _trouble(bench, subject, measured):
                    slices[subject.name].append(_load_one(bench, subject, server, cores, measured.facts["head"]))
    added = {name: add_slices(parts) for name, parts in slices.items() if len(parts) == bench.plan.seconds}
    for name, figures in added.items():
        if not figures["answers"]:
            found[name].trouble = "it answered nothing in a whole round"
    return {name: figures for name, figures in added.items() if figures["answers"]}


def _load_one(bench: Bench, subject: Subject, server: Server, cores: Cores, head: float) -> dict[str, float]:
    server.check()
    server.resume()
    before = server.cpu()
    answered = send(subject.load, server.url, subject.load.stretch, cores=cores.load, first=next(bench.numbers))
    cpu = server.cpu() - before
    _settle(server)
    server.pause()
    return {
        "answers": answered.answers,
        "seconds": answered.seconds,
        "cpu": cpu,
        "body": answered.bytes - answered.answers * head,
        "p50": answered.p50,
        "p99": answered.p99,
    }


def _warm_up(bench: Bench, subject: Subject, server: Server, cores: Cores) -> None:
    """
    Load a server until it has run for long enough, by its own CPU time.

    By the clock, a server that has to share its core with other programs would be measured cold, and we would look
    several times as fast as what compiles while it runs.
    """
    seconds = bench.plan.warm_up_jit if subject.is_compiled_late else bench.plan.warm_up
    wanted = server.cpu() + seconds
    end = time.monotonic() + _WARM_UP
    while server.cpu() < wanted:
        if time.monotonic() > end:
            raise ServerFailed(f"it got too little of its core to warm up within {_WARM_UP} s")
        send(subject.load, server.url, 1, cores=cores.load, first=next(bench.numbers))


def _settle(server: Server) -> None:
    """
    Wait until a server has worked off what wrk no longer waits for.

    Else that would count in its next round: 32 requests, of seconds each where answers are slow.
    """
    end = time.monotonic() + _DRAIN
    while time.monotonic() < end:
        before = server.cpu()
        time.sleep(_LOOK)
        if server.cpu() - before < _REST * _LOOK:
            return
    raise ServerFailed(f"it is still busy {_DRAIN} s after its last request")


def _first_answer(bench: Bench, subject: Subject, cores: Cores) -> dict[str, float]:
    began = time.perf_counter()
    with _started(bench, subject, cores.server) as server:
        seconds = time.perf_counter() - began
        return {"cpu": server.cpu(), "seconds": seconds, "resident": server.resident(), "peak": server.peak()}


def _rotated(items: Sequence[_T], by: int) -> list[_T]:
    """The items, beginning with another one in each round: nobody always follows the same neighbour's noise."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]
