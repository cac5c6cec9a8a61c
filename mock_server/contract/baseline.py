"""
Files for a run: the baseline of known findings, and given values.

A baseline is NDJSON, one finding a line with its id; people may add what they like to a line, and delete lines.
"""

from collections.abc import Iterable
from pathlib import Path

from mock_server.contract.incident import Incident
from mock_server.contract.memory import Given
from mock_server.errors import DocumentError, MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.mask import Mask
from mock_server.files import write_file
from mock_server.spec.load import read_resource


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
        for i in incidents
        if not i.doubtful
    ]
    try:
        write_file(path, b"".join(sorted(lines)))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
    return len(lines)


def read_values(path: Path) -> Given:
    """
    Read values that are known to exist: an object of parameter names, or `operationId.parameter`, and a value or a list.

    Raises:
        UsageError: the file can't be read or has another shape.
    """
    try:
        value = read_resource(path).value
    except DocumentError as error:
        raise UsageError(str(error)) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}: values are an object of names, each with a value or a list of values")
    return Given({name: tuple(item) if isinstance(item, list) else (item,) for name, item in value.items()})


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
