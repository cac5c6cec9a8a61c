"""
Record and replay over real documents: what our mock answers is recorded, and the replay is asked the same.

    .venv/bin/python -m benchmarks.recording ../shared/specs --most 200

The exchanges go through the judge and the recorder of the proxy, without a socket; every operation is asked twice with
one request, under two seeds, so that its second answer is another turn.
"""

import argparse
import collections
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from mock_server.errors import MockServerError
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.mask import Mask
from mock_server.generate.request import example_request
from mock_server.proxy.judge import ProxyJudge, SeenExchange
from mock_server.proxy.record import Recorder
from mock_server.respond.answer import Answer
from mock_server.respond.fixtures import load_fixtures
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.server.masker import Masker
from mock_server.settings import Settings

_SHOWN = 5
_VEILING = Mask(is_veiled=True)


@dataclass
class Walked:
    """What came of a document."""

    exchanges: int = 0
    recorded: int = 0  # exchanges that a fixture stands for
    unrecorded: collections.Counter[str] = field(default_factory=collections.Counter)  # by why
    wrong: list[str] = field(default_factory=list)  # fixtures that the document refuses
    same: int = 0  # replayed answers that are the recorded ones
    other: list[str] = field(default_factory=list)  # those that are not
    seconds: float = 0.0


def walk(document: Path, most: int, folder: Path) -> Walked:
    """
    Record the operations of a document, and replay them.

    Args:
        document: Its file.
        most: How many operations are asked.
        folder: Where fixtures are written.
    """
    walked, started = Walked(), time.perf_counter()
    first, second = (open_responder(str(document), Settings(seed=seed, fixtures=folder)).responder for seed in (1, 2))
    recorder, scrutiny = Recorder(folder, "http://upstream.invalid", ""), ProxyJudge()
    asked: list[tuple[Request, Answer | None]] = []
    for request in _requests(first, most):
        for upstream in (first, second):
            answer = upstream.respond(request)
            if answer.source.startswith("problem:") or answer.entry is None:
                continue
            walked.exchanges += 1
            why = _record(first, recorder, scrutiny, request, answer)
            walked.unrecorded.update(why)
            walked.recorded += not why
            asked.append((request, answer if not why else None))
    fixtures = load_fixtures(folder, first.document, first.judge_of, first.kit.pools)
    walked.wrong = [finding.message for finding in fixtures.findings]
    first.fixtures = fixtures
    world = World("replay")
    for request, answer in asked:
        replayed = first.respond(request, world)
        if answer is not None and _same(answer, replayed):
            walked.same += 1
        elif answer is not None:
            walked.other.append(
                f"{request.method} {request.path.decode()}: {answer.status} {replayed.status} {replayed.source}"
            )
    walked.seconds = time.perf_counter() - started
    return walked


def _requests(responder: Responder, most: int) -> Iterator[Request]:
    for entry in responder.document.entries[:most]:
        try:
            request = example_request(
                responder.kit, responder.document.operation(entry), responder.base_paths(entry)[0]
            ).request
        except MockServerError:
            continue  # no request can be made
        yield request


def _record(
    responder: Responder, recorder: Recorder, scrutiny: ProxyJudge, request: Request, answer: Answer
) -> list[str]:
    body = b"" if request.method == "HEAD" else answer.body
    seen = SeenExchange(request, Response(answer.status, answer.fields, body))
    judged = scrutiny.judge(responder, seen)
    if judged.matched is None or judged.matched.route.target.id != (answer.entry.id if answer.entry else ""):
        return ["another operation answers"]
    mask = Masker((responder.document,)).mask.seen_in(request, seen.response)
    findings = recorder.take(responder, seen, judged, mask)
    return [finding.message.partition(": ")[2] for finding in findings]


def _same(recorded: Answer, replayed: Answer) -> bool:
    """Whether answers are the same, but for secrets."""
    if recorded.status != replayed.status or not replayed.source.startswith("fixture:"):
        return False
    if find_field(recorded.fields, b"content-type") != find_field(replayed.fields, b"content-type"):
        return False
    if recorded.entry is not None and recorded.entry.method == "HEAD":
        return True
    return recorded.body == replayed.body or _alike(_json(recorded.body), _json(replayed.body))


def _alike(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other or (isinstance(other, str) and MASKED in other) or _veiled(one) == _veiled(other)


def _veiled(value: object) -> object:
    """What a mask leaves of a secret whose form is kept."""
    return _VEILING.value({"secret": value}) if isinstance(value, str | int | float) else value


def _json(data: bytes) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specs", type=Path)
    parser.add_argument("--most", type=int, default=200, help="operations of a document")
    options = parser.parse_args()
    total = Walked()
    for line in (options.specs / "manifest.jsonl").read_text().splitlines():
        path = options.specs / json.loads(line)["spec"]
        with tempfile.TemporaryDirectory() as folder:
            try:
                walked = walk(path, options.most, Path(folder))
            except MockServerError as error:
                print(f"{path.relative_to(options.specs)}: {error}", file=sys.stderr)
                continue
        print(f"{path.relative_to(options.specs)}: {walked.exchanges} exchanges, {walked.recorded} recorded, "
              f"{len(walked.wrong)} wrong, {walked.same} the same, {walked.seconds:.1f} s", flush=True)  # fmt: skip
        for text in (
            *walked.wrong[:_SHOWN],
            *walked.other[:_SHOWN],
            *[f"{n} {why}" for why, n in walked.unrecorded.most_common(_SHOWN)],
        ):
            print(f"    {text[:300]}")
        total.exchanges += walked.exchanges
        total.recorded += walked.recorded
        total.same += walked.same
        total.wrong += walked.wrong
        total.other += walked.other
    print(f"{total.exchanges} exchanges, {total.recorded} recorded, {len(total.wrong)} wrong, {total.same} the same")


if __name__ == "__main__":
    main()
