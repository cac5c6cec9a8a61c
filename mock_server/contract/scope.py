"""
The scope of a run: which operations, and under which path.

Files for a run: the baseline of known findings, and given values.

A baseline is NDJSON, one finding a line with its id; people may add what they like to a line, and delete lines.
"""

import fnmatch
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mock_server.contract.knowledge.memory import GivenValues
from mock_server.contract.model import Incident
from mock_server.contract.transport.http import origin_of
from mock_server.document.document import Document
from mock_server.document.load import read_resource
from mock_server.document.model import Entry
from mock_server.errors import DocumentError, MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import write_file
from mock_server.json_values import JsonValue
from mock_server.settings.contract import TestedOperation

_MOST_SHARDS: Final = 1_000


def choose_entries(document: Document, include: Sequence[str], exclude: Sequence[str]) -> tuple[Entry, ...]:
    """
    Choose operations.

    Args:
        document: Of the API.
        include: Patterns with `*`: an operationId, `GET /pets*`, or `tag:NAME`; everything where there is none.
        exclude: Patterns of what is left out.

    Raises:
        UsageError: a pattern fits nothing, or nothing is left.
    """
    for pattern in (*include, *exclude):
        if not any(fits(entry, pattern) for entry in document.entries):
            raise UsageError(
                f"no operation fits {pattern!r}: a pattern is an operationId, 'GET /path' or 'tag:NAME', "
                "with * for anything"
            )
    chosen = tuple(
        entry
        for entry in document.entries
        if (not include or any(fits(entry, pattern) for pattern in include))
        and not any(fits(entry, pattern) for pattern in exclude)
    )
    if not chosen:
        raise UsageError(
            "there is no operation to test" + (": everything is left out" if document.entries else " in the document")
        )
    return chosen


def choose_shard(entries: Sequence[Entry], shard: str) -> tuple[Entry, ...]:
    """
    Choose the operations of one shard: those of one path stay together, and shards are about as large.

    Args:
        entries: All operations of the run.
        shard: Its number and how many there are, as in `1/4`.

    Raises:
        UsageError: it is no such text.
    """
    number, _, count = shard.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) <= _MOST_SHARDS):
        raise UsageError(f"--shard is its number and how many there are, as in 1/4; not {shard!r}")
    sizes = Counter(entry.template for entry in entries)
    loads = [0] * int(count)
    own: set[str] = set()
    for template, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        lightest = loads.index(min(loads))
        loads[lightest] += size
        if lightest == int(number) - 1:
            own.add(template)
    return tuple(entry for entry in entries if entry.template in own)


def base_path_of(url: str | None, document: Document) -> str:
    """
    Return the base path of the API: of its URL, else of the document's first server.

    Raises:
        UsageError: it is no http or https URL.
    """
    if url is None:
        return document.servers[0].base_path
    if origin_of(url):
        return urlsplit(url).path.rstrip("/")
    return ""


def fits(entry: Entry, pattern: str) -> bool:
    """Return whether a pattern is for an operation: an operationId, `GET /pets*` or `tag:NAME`."""
    if pattern.startswith("tag:"):
        return any(fnmatch.fnmatchcase(tag, pattern.removeprefix("tag:")) for tag in entry.tags)
    return fnmatch.fnmatchcase(entry.id, pattern) or fnmatch.fnmatchcase(entry.title, pattern)


def read_baseline(path: Path) -> frozenset[str]:
    """
    Read the ids of known findings.

    Raises:
        UsageError: the file can't be read, or a line of it names no id.
    """
    ids = set()
    for number, line in enumerate(read_lines(path), 1):
        try:
            value = read_json(line)
        except MalformedContent as error:
            raise UsageError(f"{path}:{number}: {error}") from error
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise UsageError(f"{path}:{number}: a line of a baseline is an object with an 'id'")
        ids.add(str(value["id"]))
    return frozenset(ids)


def write_baseline(path: Path, incidents: Iterable[Incident], mask: Mask) -> int:
    """Write the findings that would make a run fail, as a new baseline; gives how many."""
    lines = [
        write_json({"id": i.id, "check": i.check, "operation": i.finding.operation, "message": i.message(mask)}) + b"\n"
        for incident in incidents
        if not incident.doubtful
        for i in incident.members
    ]
    try:
        write_file(path, b"".join(sorted(lines)))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
    return len(lines)


def read_values(path: Path) -> GivenValues:
    """
    Read known values: an object of parameter names, or `operationId.parameter`, with a value or a list each.

    Raises:
        UsageError: the file can't be read or has another shape.
    """
    try:
        value = read_resource(path).value
    except DocumentError as error:
        raise UsageError(str(error)) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}: values are an object of names, each with a value or a list of values")
    return GivenValues({name: _as_values(item) for name, item in value.items()})


def _as_values(item: JsonValue) -> tuple[JsonValue, ...]:
    return tuple(item) if isinstance(item, list) else (item,)


def join_values(given: GivenValues, document: Document, tables: Mapping[str, TestedOperation]) -> GivenValues:
    """Put the values of `[test.operations]` beside those of a file, each for the operations that its pattern fits."""
    own = {
        f"{entry.id}.{name}": values
        for pattern, table in tables.items()
        for entry in document.entries
        if fits(entry, pattern)
        for name, values in table.values.items()
    }
    return GivenValues({**given.values, **own})


def read_lines(path: Path) -> list[bytes]:
    """
    Read the lines of a file that are not empty.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
