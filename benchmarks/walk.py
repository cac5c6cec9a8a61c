"""
The long walk over real documents: everything that an operation documents, asked for in this process and judged by somebody else's judge.

    python -m benchmarks.walk                        # the documents of ../shared/specs
    python -m benchmarks.walk FOLDER --cap 30        # others, of so many operations each
    python -m benchmarks.walk --documents stripe,box # those whose path has one of these words
    python -m benchmarks.walk --holds                # how long requests hold the event loop, instead

Of each operation: every documented status (`Prefer: code`), every media type (`Accept`), the profiles, and five seeds; then the
contract test's own good requests, with all optional parameters and in the order of a life, against the mock with state. Judged
by `benchmarks.independent`: status, media type, body and header. Also counted: answers of 500 and more, and answers that took
over a second of CPU time.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.holds import find_holds
from benchmarks.independent import Independent, Undecided, iter_operations
from mock_server.compose.backend import assemble
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.model import Exchanged, Intent
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.document.model import Entry, Operation
from mock_server.errors import MockServerError
from mock_server.exchange.message import RawFields, Request
from mock_server.generate.request import example_request
from mock_server.judges.identity import make_identity
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT.parent / "shared" / "specs"
PROFILES = ("minimal", "boundary", "extreme")
SEEDS = 5
SLOW = 1.0  # seconds of CPU
MOST_SECONDS = 900  # for one document
MOST_MEMORY = 3 * 1024**3  # bytes, for one document


@dataclass
class Tally:
    """What came of one document."""

    name: str
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def note(self, title: str, verdict: str) -> None:
        """Count a verdict, and keep the words of a wrong one."""
        self.counts[verdict.partition(":")[0]] += 1
        if verdict.startswith(("wrong", "failed")):
            self.wrong.append(f"{title}: {verdict[:400]}")


class Walker:
    """Walks over one document."""

    def __init__(self, path: Path, cap: int) -> None:
        self.path = path
        self.tally = Tally(path.parent.name)
        self.judge = Independent(path)
        self.nodes = {(template, method): node for template, method, node in iter_operations(self.judge)}
        self.cap = cap

    def walk(self) -> Tally:
        """Ask for everything."""
        started = time.process_time()
        responders = [
            open_responder(str(self.path), Settings(seed=seed), judge_fixtures=False).responder for seed in range(SEEDS)
        ]
        entries = responders[0].document.entries
        for entry in entries[:: max(len(entries) // self.cap, 1)][: self.cap]:
            self.ask(responders, entry)
        self.live()
        self.tally.seconds = time.process_time() - started
        return self.tally

    def ask(self, responders: Sequence[Responder], entry: Entry) -> None:
        """Ask one operation for everything that it documents."""
        first = responders[0]
        operation = first.document.operation(entry)
        case = example_request(first.kit, operation, first.base_paths(entry)[0])
        if not operation.responses or case.missing:
            self.tally.note(entry.title, "impossible")
            return
        for status, fields in wishes(operation):
            self.answer(first, entry, with_fields(case.request, fields), fields, status)
        for responder in responders[1:]:
            self.answer(responder, entry, case.request, (), None)

    def answer(
        self, responder: Responder, entry: Entry, request: Request, fields: RawFields, status: int | None
    ) -> None:
        """Ask for one answer, and judge it."""
        wish = b", ".join(value for _, value in fields).decode() or f"seed {responder.kit.settings.seed}"
        title = f"{entry.title} [{wish}]"
        started = time.process_time()
        answer = responder.respond(request)
        seconds = time.process_time() - started
        if seconds > SLOW:
            self.tally.slow.append(f"{title}: {seconds:.1f} s")
        if answer.status >= 500 and status is None:
            unsatisfiable = answer.source.startswith("problem") and (
                b"unsatisfiable" in answer.body or b"unmockable" in answer.body
            )
            self.tally.note(title, "impossible" if unsatisfiable else f"failed: {answer.status} {answer.body[:200]!r}")
            return
        if answer.source == "problem:not-documented" and b"payloads" in answer.body:
            self.tally.note(title, "impossible")  # there are none of this kind
            return
        meant = answer.entry or entry
        found = self.find_faults(meant, answer.status, answer.fields, answer.body)
        if status is not None and not found.startswith("undecided") and answer.status != status:
            impossible = answer.status >= 500 and answer.source.startswith("problem")
            found = "impossible" if impossible else f"wrong: {answer.status} where {status} is preferred"
        self.tally.note(title, found)

    def find_faults(self, entry: Entry, status: int, fields: RawFields, body: bytes) -> str:
        """Judge one answer."""
        place = self.nodes.get((entry.template, entry.method))
        if place is None:
            return "undecided: no such operation"
        try:
            found = list(
                self.judge.judge(
                    place, status, {name.decode(): value.decode("latin-1") for name, value in fields}, body
                )
            )
        except (Undecided, RecursionError) as reason:
            return f"undecided: {reason}"
        return f"wrong: {status} {found[:3]}" if found else "valid"

    def live(self) -> None:
        """Lead things through their lives: the contract test's good requests, in its order, against the mock with state."""
        settings = Settings(stateful=True)
        opened = open_responder(str(self.path), settings, judge_fixtures=False)
        document = opened.document
        backend = assemble([opened], settings)
        base = opened.responder.base_paths()[0]
        api = make_api(document, base, 0)
        api.identity = make_identity(
            (), tuple(f"{name}=user:secret" for name in document.schemes), document.schemes, {}
        )
        sender = open_app(
            MockMiddleware(backend.app if hasattr(backend, "app") else nothing, backend), AnswerLimits(seconds=60)
        )
        options = Options(phases=("examples", "coverage", "stateful"), modes=("positive",), mutating=True, max_cases=6)
        run = Run(api, sender, options, Memory(document, api.router, base))
        try:
            entries = document.entries[:: max(len(document.entries) // self.cap, 1)][: self.cap]
            report = Runner(run, entries).report()
        except MockServerError as error:
            self.tally.note("lives", f"failed: {error}")
            return
        finally:
            sender.close()
        for fault in report.faults:
            self.tally.note(str(fault.operation), f"failed: {fault.message}")
        by_id = {entry.id: entry for entry in document.entries}
        for exchanged in report.exchanges:
            if exchanged.probe.intent is Intent.CONFORMING:
                self.tally.note(*self.find_faults_of(by_id[exchanged.probe.operation], exchanged))

    def find_faults_of(self, entry: Entry, exchanged: Exchanged) -> tuple[str, str]:
        """Judge what came of one good request: what its title is, and what is said of it."""
        title = f"{entry.title} [state, {exchanged.probe.what}]"
        response = exchanged.received.response
        if response is None:
            return title, f"failed: {exchanged.received.fault}"
        if response.status >= 500:
            unsatisfiable = b"unsatisfiable" in response.body or b"unmockable" in response.body
            return title, "impossible" if unsatisfiable else f"failed: {response.status} {response.body[:200]!r}"
        if exchanged.received.seconds > SLOW * 3:
            self.tally.slow.append(f"{title}: {exchanged.received.seconds:.1f} s on the clock")
        if response.status in {
            404,
            409,
            410,
            412,
            428,
        }:  # which the state may have: whether it is right is for other tests to say
            return title, "absent"
        return title, self.find_faults(entry, response.status, response.fields, response.body)


async def nothing(scope: object, receive: object, send: object) -> None:
    """What is behind the mock: nothing."""


def with_fields(request: Request, fields: RawFields) -> Request:
    """Ask with other fields; an Accept of its own takes the place of the request's."""
    names = {name for name, _ in fields}
    return request._replace(fields=[*((name, value) for name, value in request.fields if name not in names), *fields])


def wishes(operation: Operation) -> Iterator[tuple[int | None, RawFields]]:
    """What to ask an operation for: the status that is to come, where one is named, and the fields that ask for it."""
    yield None, ()
    yield None, ((b"prefer", b"dynamic=true"),)
    for profile in PROFILES:
        yield None, ((b"prefer", f"profile={profile}".encode()),)
    for response in operation.responses:
        status = int(response.status) if response.status.isdigit() else None
        if status is not None and status >= 200:
            yield status, ((b"prefer", b"code=%d" % status),)
            yield status, ((b"prefer", b"code=%d, dynamic=true" % status),)
        for media in response.content if status is not None and len(response.content) > 1 else ():
            yield status, ((b"prefer", b"code=%d" % status), (b"accept", media.name.encode("latin-1", "replace")))


def measure_document(path: Path, cap: int) -> Tally:
    """How long requests for one document hold the event loop; over a second is a failure of ours."""
    tally = Tally(path.parent.name)
    started = time.process_time()
    for hold in find_holds(path, cap):
        title = f"{hold.title}: {hold.seconds:.2f} s of {hold.whole:.2f} s"
        tally.note(title, "valid" if hold.seconds <= SLOW else "failed: it holds the loop")
        tally.slow += [title] if hold.seconds > SLOW / 2 or not tally.slow else []
    tally.seconds = time.process_time() - started
    return tally


def walk_document(path: Path, cap: int, *flags: str) -> Tally:
    """Walk over one document in a process of its own, within bounds of memory and time: what ends it is a failure of ours."""
    command = [sys.executable, "-m", "benchmarks.walk", "--one", str(path), "--cap", str(cap), *flags]
    tally = Tally(path.parent.name)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        tally.note(str(path), f"failed: it takes over {MOST_SECONDS} s")
        return tally
    if done.returncode:
        tally.note(str(path), f"failed: {done.stderr[-300:]}")
        return tally
    read = json.loads(done.stdout.splitlines()[-1])
    return Tally(read["name"], collections.Counter(read["counts"]), read["wrong"], read["slow"], read["seconds"])


def walk_here(path: Path, cap: int, *, holds: bool) -> None:
    """Walk over one document in this process, and print what came of it as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    print(json.dumps(vars(measure_document(path, cap) if holds else Walker(path, cap).walk())))


def find_documents(folder: Path, words: Sequence[str]) -> list[Path]:
    """The documents that a manifest names."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    return [folder / row["spec"] for row in rows if not words or any(word in row["spec"] for word in words)]


def main() -> int:
    """Walk, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SPECS)
    parser.add_argument("--cap", type=int, default=15, help="operations of each document")
    parser.add_argument("--documents", default="", help="only those whose path has one of these words, with commas")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--holds", action="store_true", help="measure how long requests hold the event loop")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one is not None:
        walk_here(args.one, args.cap, holds=args.holds)
        return 0
    paths = find_documents(args.folder, [word for word in args.documents.split(",") if word])
    flags = ("--holds",) if args.holds else ()
    total: collections.Counter[str] = collections.Counter()
    slow = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for tally in pool.map(lambda path: walk_document(path, args.cap, *flags), paths):
            total.update(tally.counts)
            slow += len(tally.slow)
            print(f"{tally.name}: {dict(tally.counts)} in {tally.seconds:.0f} s", flush=True)
            for line in [*tally.wrong[:12], *(f"slow: {line}" for line in tally.slow[:5])]:
                print(f"  {line}", flush=True)
    judged = total["valid"] + total["wrong"] + total["failed"]
    share = total["valid"] / max(judged, 1)
    print(
        f"{len(paths)} documents: {total['valid']} of {judged} answers valid ({share:.3%}), {dict(total)}, {slow} slow"
    )
    return 0 if judged and total["valid"] == judged else 1


if __name__ == "__main__":
    sys.exit(main())
