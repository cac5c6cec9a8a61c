"""
Accepted changes: a baseline.

NDJSON, one change a line with its `id`; people add a `reason`, and `until` when it is accepted, as in 2027-01-31.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mock_server.contract.scope import read_lines
from mock_server.diff.model import ComparedDocuments, DocumentChange
from mock_server.errors import MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.files import write_file


@dataclass(frozen=True, slots=True)
class AcceptedChange:
    """A line of a baseline."""

    id: str
    reason: str = ""
    until: date | None = None  # the last day


def read_accepted(path: Path) -> tuple[AcceptedChange, ...]:
    """
    Read a baseline.

    Raises:
        UsageError: the file can't be read, or a line of it names no id or no day.
    """
    found = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            value = read_json(line)
        except MalformedContent as error:
            raise UsageError(f"{path}:{number}: {error}") from error
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise UsageError(f"{path}:{number}: a line of a baseline is an object with an 'id'")
        until = value.get("until")
        try:
            day = date.fromisoformat(until) if isinstance(until, str) else None
        except ValueError as error:
            raise UsageError(f"{path}:{number}: 'until' is a day, as in 2027-01-31, not {until!r}") from error
        found.append(AcceptedChange(str(value["id"]), str(value.get("reason", "")), day))
    return tuple(found)


def accept_known(compared: ComparedDocuments, known: Sequence[AcceptedChange], today: date) -> ComparedDocuments:
    """Return a comparison with the changes set apart that a baseline accepts on a day."""
    ids = {each.id for each in known if each.until is None or today <= each.until}
    left = tuple(change for change in compared.changes if change.fingerprint not in ids)
    accepted = tuple(change for change in compared.changes if change.fingerprint in ids)
    return replace(compared, changes=left, accepted=(*compared.accepted, *accepted))


def find_expired(compared: ComparedDocuments, known: Sequence[AcceptedChange], today: date) -> list[AcceptedChange]:
    """List what a baseline accepted until a day that has passed, as far as it is still there."""
    there = {change.fingerprint for change in compared.changes}
    return [each for each in known if each.until is not None and today > each.until and each.id in there]


def write_accepted(path: Path, changes: Iterable[DocumentChange]) -> int:
    """
    Write changes as a baseline, each once.

    Returns:
        How many there are.

    Raises:
        UsageError: it can't be written.
    """
    lines = {
        change.fingerprint: write_json(
            {
                "id": change.fingerprint,
                "rule": change.rule,
                "title": change.place.title,
                "message": change.message,
                "reason": "",
                "until": None,
            }
        )
        + b"\n"
        for change in changes
    }
    try:
        write_file(path, b"".join(sorted(lines.values())))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
    return len(lines)
