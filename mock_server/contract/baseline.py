"""
Files of a run: the baseline of known findings, given values, and what `--replay` sends again.

A baseline is NDJSON, one finding a line with its id; people may add what they like to a line, and delete lines.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mock_server.contract.identity import Mask
from mock_server.contract.incident import Incident
from mock_server.contract.memory import Given
from mock_server.errors import DocumentError, MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.message import Request
from mock_server.spec.load import read_resource
from mock_server.typing import JsonObject, JsonValue

STATE = Path(".mock-server")
_FINDINGS = "findings.ndjson"


def read_baseline(path: Path) -> frozenset[str]:
    """
    Read the ids of known findings.

    Raises:
        UsageError: the file can't be read, or a line of it names no id.
    """
    ids = set()
    for number, line in enumerate(_lines(path), 1):
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
        write_json({"id": i.id, "check": i.check, "operation": i.finding.operation, "message": mask.text(i.finding.message)}) + b"\n"
        for i in incidents
        if not i.doubtful
    ]
    path.write_bytes(b"".join(sorted(lines)))
    return len(lines)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding of the last run, to be sent again."""

    id: str
    check: str
    message: str
    operation: str
    status: int
    intent: str
    requests: tuple[Request, ...]  # what went before, then the one that shows it


def keep(folder: Path, incidents: Sequence[Incident], mask: Mask) -> None:
    """Keep the findings of a run for `--replay`; secrets are left out, and given again when they are sent."""
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    with (folder / _FINDINGS).open("wb") as file:
        for incident in incidents:
            requests: list[JsonValue] = [_request(mask.request(e.probe.request)) for e in (*incident.related, incident.exchanged)]
            kept: JsonObject = {
                "id": incident.id, "check": incident.check, "message": mask.text(incident.finding.message),
                "operation": incident.finding.operation, "status": incident.exchanged.status,
                "intent": incident.exchanged.probe.intent.value, "requests": requests,
            }  # fmt: skip
            file.write(write_json(kept) + b"\n")


def find_kept(folder: Path, id_: str) -> Kept:
    """
    Find a finding of the last run.

    Raises:
        UsageError: there is none of that id.
    """
    path = folder / _FINDINGS
    for line in _lines(path) if path.is_file() else ():
        value = read_json(line)
        if isinstance(value, dict) and str(value.get("id", "")).startswith(id_) and id_:
            requests = value.get("requests")
            status = value.get("status")
            return Kept(
                str(value["id"]),
                str(value.get("check")),
                str(value.get("message")),
                str(value.get("operation")),
                status if isinstance(status, int) else 0,
                str(value.get("intent")),
                tuple(_read_request(item) for item in requests if isinstance(item, dict)) if isinstance(requests, list) else (),
            )
    raise UsageError(f"the last run in this folder ({path}) found nothing with the id {id_!r}")


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


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _request(request: Request) -> JsonObject:
    return {
        "method": request.method,
        "path": request.path.decode("latin-1"),
        "query": request.query.decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.fields],
        "body_base64": base64.b64encode(request.body).decode(),
    }


def _read_request(value: JsonObject) -> Request:
    headers = value.get("headers")
    fields = [
        (str(item[0]).encode("latin-1", "replace"), str(item[1]).encode("latin-1", "replace"))
        for item in (headers if isinstance(headers, list) else [])
        if isinstance(item, list)
    ]
    path, query = str(value.get("path", "/")).encode("latin-1", "replace"), str(value.get("query", "")).encode("latin-1", "replace")
    return Request(str(value.get("method", "GET")), path, query, tuple(fields), base64.b64decode(str(value.get("body_base64", ""))))
