"""Runs as data, read from NDJSON reports and put together: the shards of one run become one report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mock_server.contract.reports.report import as_texts, list_objects
from mock_server.errors import MalformedContent, UsageError
from mock_server.exchange.body import read_json
from mock_server.findings import RULES
from mock_server.json_values import JsonObject, JsonValue, as_object

_MOST_BYTES: Final = 512 * 1024 * 1024  # of a file
_SAME: Final = ("title", "document", "seed")  # for all shards of a run
_RUN: Final = frozenset(
    ("tool", "title", "document", "url", "seed", "started", "seconds", "requests", "checks", "interrupted", "unreached",
     "barred", "depth", "faults", "coverage", "operations", "left", "skipped", "untestable", "warnings")
)  # fmt: skip
_FINDING: Final = frozenset(
    ("id", "check", "rule", "level", "accepted", "blame", "operation", "operations", "message", "file", "line",
     "pointer", "instance", "seen", "curl", "exchange", "before")
)  # fmt: skip
_EXCHANGE: Final = frozenset(("operation", "phase", "intent", "what", "milliseconds", "fault", "request", "response"))


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as data, its secrets masked."""

    digest: JsonObject
    exchanges: Iterable[JsonObject]  # which may be read several times
    count: int  # of them


def read_run(path: Path) -> RecordedRun:
    """
    Read a run from an NDJSON report.

    Raises:
        UsageError: it can't be read, or is none.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} has more than {_MOST_BYTES:,} bytes")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    by_kind: dict[str, list[JsonObject]] = {kind: [] for kind in _KINDS}
    for number, line in enumerate(lines, 1):
        if line.strip():
            kind, value = _read_line(line, f"{path}:{number}")
            by_kind[kind].append(value)
    if not by_kind["run"]:
        raise UsageError(f"{path} is no report ndjson of `mock-server test`, or breaks off")
    exchanges, findings = by_kind["exchange"], list[JsonValue](by_kind["finding"])
    return RecordedRun({**by_kind["run"][-1], "findings": findings}, exchanges, len(exchanges))


def _read_line(line: bytes, where: str) -> tuple[str, JsonObject]:
    """
    Read a line: its kind, and what it says.

    Raises:
        UsageError: it is none of a report.
    """
    try:
        value = as_object(read_json(line))
    except MalformedContent as error:
        raise UsageError(f"{where}: {error}") from error
    kind = value.pop("type", None)
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None or not value.keys() >= known.members or not known.is_right(value):
        raise UsageError(f"{where}: that is no line of a report ndjson of `mock-server test`")
    return str(kind), value


def _is_counted(run: JsonObject) -> bool:
    numbers = [run["seconds"], run["requests"], as_object(run["coverage"]).get("percent")]
    kinds = as_object(as_object(run["coverage"]).get("kinds")).values()
    numbers += [as_object(kind).get(name) for kind in kinds for name in ("exercised", "there")]
    return all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers)


def _is_found(found: JsonObject) -> bool:
    pointer = found["pointer"]
    return found["rule"] in RULES and (pointer is None or (isinstance(pointer, str) and pointer[:1] in {"", "/"}))


@dataclass(frozen=True, slots=True)
class _LineKind:
    """The demands on a line of one kind."""

    members: frozenset[str]
    is_right: Callable[[JsonObject], bool]


_KINDS: Final = {
    "exchange": _LineKind(_EXCHANGE, lambda exchange: isinstance(exchange["request"], dict)),
    "finding": _LineKind(_FINDING, _is_found),
    "run": _LineKind(_RUN, _is_counted),
}


def merge_runs(runs: Sequence[RecordedRun]) -> RecordedRun:
    """
    Put the shards of one run together.

    Raises:
        UsageError: they are of different documents or seeds.
    """
    digests = [run.digest for run in runs]
    first = digests[0]
    for name in _SAME:
        others = [digest[name] for digest in digests if digest[name] != first[name]]
        if others:
            raise UsageError(f"these are no shards of one run: {name} is {first[name]!r} and {others[0]!r}")
    exchanges = [exchange for run in runs for exchange in run.exchanges]
    for number, exchange in enumerate(exchanges, 1):
        exchange["number"] = number
    unreached = [digest["unreached"] for digest in digests if digest["unreached"]]
    merged: JsonObject = {
        **first,
        "started": min(str(digest["started"]) for digest in digests),
        "seconds": max(_number(digest["seconds"]) for digest in digests),
        "requests": sum(int(_number(digest["requests"])) for digest in digests),
        "checks": _texts(digests, "checks"),
        "interrupted": next((digest["interrupted"] for digest in digests if digest["interrupted"]), None),
        "unreached": unreached[0] if len(unreached) == len(runs) else None,
        "barred": next((digest["barred"] for digest in digests if digest["barred"]), None),
        "depth": {
            name: sum(int(_number(as_object(digest["depth"]).get(name))) for digest in digests)
            for name in ("reached", "there")
        },
        "faults": _objects(digests, "faults"),
        "coverage": _coverage(digests),
        "operations": _objects(digests, "operations"),
        "left": _objects(digests, "left"),
        "skipped": _texts(digests, "skipped"),
        "skipped_tags": {key: value for d in digests for key, value in as_object(d.get("skipped_tags")).items()},
        "history": [],
        "untestable": {key: value for digest in digests for key, value in as_object(digest["untestable"]).items()},
        "warnings": _texts(digests, "warnings"),
        "findings": _findings(digests),
    }
    return RecordedRun(merged, exchanges, len(exchanges))


def _number(value: JsonValue) -> float:
    if isinstance(value, int | float):
        return value
    return 0


def _texts(digests: list[JsonObject], name: str) -> list[JsonValue]:
    return list(dict.fromkeys(text for digest in digests for text in as_texts(digest[name])))


def _objects(digests: list[JsonObject], name: str) -> list[JsonValue]:
    return [item for digest in digests for item in list_objects(digest[name])]


def _coverage(digests: list[JsonObject]) -> JsonObject:
    kinds: dict[str, JsonValue] = {}
    done = there = 0.0
    for digest in digests:
        for kind, counted in as_object(as_object(digest["coverage"]).get("kinds")).items():
            before, own = as_object(kinds.get(kind)), as_object(counted)
            kinds[kind] = {name: _number(before.get(name)) + _number(own.get(name)) for name in ("exercised", "there")}
            done += _number(own.get("exercised"))
            there += _number(own.get("there"))
    return {"percent": round(100 * done / there, 1) if there else 100.0, "kinds": kinds}


def _findings(digests: list[JsonObject]) -> list[JsonValue]:
    """Put findings together: what several shards found is one finding."""
    by_id: dict[str, JsonObject] = {}
    for found in (item for digest in digests for item in list_objects(digest["findings"])):
        id_ = str(found["id"])
        known = by_id.get(id_)
        if known is None:
            by_id[id_] = dict(found)
        else:
            known["seen"] = _number(known["seen"]) + _number(found["seen"])
            known["operations"] = list(dict.fromkeys([*as_texts(known["operations"]), *as_texts(found["operations"])]))
    return list(by_id.values())
