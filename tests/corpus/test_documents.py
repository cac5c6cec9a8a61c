"""
Every operation of every document is answered validly, by the word of a judge that shares nothing with the engine.

The documents are small ones by feature, and the real ones of `../shared/specs` where that folder is there.
"""

import collections
import math
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from benchmarks.independent import Independent, Place, Undecided, iter_operations
from mock_server.document.model import Entry, Operation, ParameterLocation
from mock_server.generate.request import example_request
from mock_server.respond.answer import Answer
from mock_server.respond.fast_path import FastPath
from mock_server.respond.inspect_document import inspect_operation
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.settings import Settings
from tests.support.paths import SHARED, TALLY

HERE = Path(__file__).resolve().parent
FEATURES = sorted(
    path for path in (HERE / "features").rglob("*.yaml") if path.parent.name != "schemas" and path.name != "paths.yaml"
)
MANIFEST = SHARED / "specs" / "manifest.jsonl"
REAL = (
    [SHARED / "specs" / orjson.loads(line)["spec"] for line in MANIFEST.read_bytes().splitlines()]
    if MANIFEST.is_file()
    else []
)
REASONS = {"document-response-missing", "document-schema-unsatisfiable", "document-schema-unmockable"}
PREFERENCES = (None, b"dynamic=true")
MOST = 100  # operations of a document, evenly over it; `make corpus` and `make walk` ask for all of them


def _name(path: Path) -> str:
    return path.parent.name if path.is_relative_to(SHARED) or path.parent.name == "split" else path.stem


@pytest.mark.parametrize("path", [*FEATURES, *REAL], ids=_name)
def test_every_operation_is_answered_validly(path: Path, record_property: Callable[[str, object], None]) -> None:
    responder = open_responder(str(path), Settings()).responder
    judge = Independent(path)
    nodes = {(template, method): node for template, method, node in iter_operations(judge)}
    express = FastPath(responder)
    wrong: list[str] = []
    excused: list[Entry] = []
    tally: collections.Counter[str] = collections.Counter()
    for entry in sample_entries(responder):
        for preference in PREFERENCES:
            verdict = _verdict(responder, judge, nodes, entry, preference)
            if preference is None and not _is_alike(express, responder, entry, tally):
                wrong.append(f"{entry.title}: the lane of ordinary requests answers otherwise")
            tally[verdict.partition(":")[0]] += 1
            if verdict.startswith("wrong"):
                wrong.append(f"{entry.title} {preference!r}: {verdict}")
            elif verdict.startswith("impossible") and entry not in excused:
                excused.append(entry)

    record_property(TALLY, dict(tally))
    assert wrong == []
    assert [entry.title for entry in excused if not _is_reported(responder, entry)] == []


def sample_entries(responder: Responder) -> tuple[Entry, ...]:
    """The operations of a document, or of a large one so many as the gate has time for."""
    entries = responder.document.entries
    return entries[:: math.ceil(len(entries) / MOST)] if entries else ()


def _verdict(
    responder: Responder,
    judge: Independent,
    nodes: dict[tuple[str, str], Place],
    entry: Entry,
    preference: bytes | None,
) -> str:
    operation = responder.document.operation(entry)
    if not operation.responses:
        return "impossible: no response is documented"
    case = example_request(responder.kit, operation, responder.base_paths(entry)[0])
    if case.missing:
        return "impossible: no request fits"
    request = case.request._replace(
        fields=[*case.request.fields, (b"host", b"localhost")]
    )  # links lead to where the client asked
    if preference is not None:
        request = request._replace(fields=[*request.fields, (b"prefer", preference)])
    answer = responder.respond(request)
    meant = answer.entry or entry  # of operations that can't be told apart, another one may have answered
    try:
        found = list(judge.judge(nodes[meant.template, meant.method], answer.status, _fields(answer), answer.body))
    except Undecided as reason:
        return f"undecided: {reason}"
    if answer.source == "problem" and b"unsatisfiable" in answer.body:
        return "impossible: no value fits"
    if answer.status >= 400 and _can_succeed(operation):
        found.append(f"the status is {answer.status}: {answer.body[:300]!r}")
    return f"wrong: {found[:3]}" if found else "valid"


def _is_alike(express: FastPath, responder: Responder, entry: Entry, tally: collections.Counter[str]) -> bool:
    """Whether an ordinary request is answered as the responder answers it, when it teaches the lane and afterwards."""
    operation = responder.document.operation(entry)
    request = example_request(responder.kit, operation, responder.base_paths(entry)[0]).request
    if request is None:
        return True
    if not operation.security and not any(
        p.required and p.location is ParameterLocation.QUERY for p in operation.parameters
    ):
        request = request._replace(query=b"")
    for _ in range(2):
        found = express.find(request)
        if found is None:
            return True
    tally["ordinary"] += 1
    return found == responder.respond(request)


def _can_succeed(operation: Operation) -> bool:
    return any(response.status[0] in "23d" for response in operation.responses)


def _fields(answer: Answer) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in answer.fields}


def _is_reported(responder: Responder, entry: Entry) -> bool:
    """Whether `check` says why an operation can't be answered."""
    return any(finding.rule in REASONS for finding in inspect_operation(responder, entry, set()))
