"""
Sending a finding again: what went before it, and what showed it; is it still there?

What shows in one exchange is judged again. What takes several, a deleted thing that is still there for instance, counts as
still there when the status is the one that it was.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_plus

from mock_server.contract.baseline import read_lines
from mock_server.contract.checks import Expectations, check_exchange
from mock_server.contract.identity import restore
from mock_server.contract.incident import Incident
from mock_server.contract.probe import Exchanged, Intent, Probe
from mock_server.contract.subject import Api
from mock_server.contract.transport import Fault, Received, Sender
from mock_server.contract.verdict import CHECK_OF_RULE
from mock_server.errors import MalformedContent, TransportError, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.mask import Mask, is_secret_field
from mock_server.exchange.message import Request
from mock_server.files import write_file
from mock_server.typing import JsonObject, JsonValue, Pointer

# Checks that look at one exchange alone, so that judging it again says whether anything changed.
OF_ONE: Final = frozenset(CHECK_OF_RULE.values()) | {
    "not_a_server_error",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "undocumented_property",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding of a run before, to be sent again."""

    id: str
    check: str
    message: str
    operation: str
    status: int
    intent: Intent
    keyword: str  # that was tried or broken
    where: Pointer  # in the request
    requests: tuple[Request, ...]  # what went before, then the one that shows it


def keep(path: Path, incidents: Iterable[Incident], mask: Mask) -> None:
    """
    Keep findings in a file.

    Credentials are left out, and given again when they are sent; of other secrets the form is kept, so that a request that was
    right or wrong by its form still is.
    """
    lines = []
    for incident in incidents:
        seen = incident.mask(mask)
        requests: list[JsonValue] = [_request(_hidden(seen, e.probe.request)) for e in (*incident.related, incident.exchanged)]
        kept: JsonObject = {
            "id": incident.id, "check": incident.check, "message": seen.finding(incident.finding.message, incident.finding.instance),
            "operation": incident.finding.operation, "status": incident.exchanged.status,
            "intent": incident.exchanged.probe.intent.value, "keyword": incident.exchanged.probe.keyword,
            "where": list(incident.exchanged.probe.where), "requests": requests,
        }  # fmt: skip
        lines.append(write_json(kept) + b"\n")
    write_file(path, b"".join(lines))


def find_kept(path: Path, id_: str) -> Kept:
    """
    Find a finding that was kept in a file.

    Raises:
        UsageError: there is none of that id.
    """
    for line in read_lines(path) if path.is_file() else ():
        value = _record(line)
        if value is not None and id_ and str(value.get("id", "")).startswith(id_):
            try:
                return _read(value)
            except ValueError as error:
                raise UsageError(f"{path}: the finding {id_!r} can't be read: {error}") from error
    raise UsageError(f"{path} has no finding with the id {id_!r}: it holds those of the last run in this folder")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a finding that was sent again."""

    status: int  # of the last answer; 0 where none came
    still: bool  # whether the finding is still there
    message: str  # what is wrong now, where something is


def replay(kept: Kept, api: Api, sender: Sender, show: Callable[[Request, Received], None]) -> Replayed:
    """
    Send a finding again.

    Args:
        kept: What was found.
        api: As its document describes it, with the credentials of who asks.
        sender: Sends.
        show: Is told of each exchange.

    Raises:
        UsageError: the document has no such operation any more, or credentials are missing.
        TransportError: the API can't be reached.
    """
    entry = next((entry for entry in api.document.entries if entry.id == kept.operation), None)
    if entry is None:
        raise UsageError(f"the document has no operation {kept.operation!r}, in which it was found")
    received = Received(None)
    for request in kept.requests:
        received = sender.send(restore(request, api.identity, api.document.schemes))
        show(request, received)
        if received.fault is Fault.UNREACHABLE:
            raise TransportError(sender.origin, received.detail or received.fault.value)
    status = received.response.status if received.response is not None else 0
    if status == 401 and kept.status != 401:  # noqa: PLR2004 - no valid credentials
        raise UsageError("the answer is 401, which says nothing of the finding: give --auth or --header as in the run that found it")
    subject = api.subject(entry, lambda parameter: ())
    if kept.check not in OF_ONE or subject is None or not kept.requests:
        return Replayed(status, status == kept.status, kept.message)
    probe = Probe(entry.id, kept.requests[-1], kept.intent, "replay", kept.message, kept.keyword, kept.where)
    found = check_exchange(subject, Exchanged(probe, received), Expectations(None, api.identity.is_known))
    again = next((verdict for verdict in found if verdict.check == kept.check and not verdict.doubtful), None)
    return Replayed(status, again is not None, again.finding.message if again is not None else "")


def _record(line: bytes) -> JsonObject | None:
    """Read a line; None where it is no finding: the others may be."""
    try:
        value = read_json(line)
    except MalformedContent:
        return None
    return value if isinstance(value, dict) else None


def _read(value: JsonObject) -> Kept:
    requests, status, where = value.get("requests"), value.get("status"), value.get("where")
    return Kept(
        str(value["id"]),
        str(value.get("check")),
        str(value.get("message")),
        str(value.get("operation")),
        status if isinstance(status, int) else 0,
        Intent(value.get("intent")),
        str(value.get("keyword", "")),
        tuple(map(str, where)) if isinstance(where, list) else (),
        tuple(_read_request(item) for item in requests if isinstance(item, dict)) if isinstance(requests, list) else (),
    )


def _hidden(mask: Mask, request: Request) -> Request:
    """Leave the credentials of a request out, to be put in again; of its other secrets keep the form."""
    out, form = mask.request(request), mask.veiled().request(request)
    pairs = zip(request.fields, out.fields, form.fields, strict=True)
    fields = tuple(left_out if _is_credential(mask, *field) else kept for field, left_out, kept in pairs)
    parts = zip(request.query.split(b"&"), out.query.split(b"&"), form.query.split(b"&"), strict=False)
    query = b"&".join(left_out if _names_key(mask, part) else kept for part, left_out, kept in parts)
    return form._replace(fields=fields, query=query)


def _names_key(mask: Mask, part: bytes) -> bool:
    """Check whether a pair of a query is a key of a security scheme."""
    return unquote_plus(part.partition(b"=")[0].decode("latin-1")).lower() in mask.names


def _is_credential(mask: Mask, name: bytes, value: bytes) -> bool:
    key = name.decode("latin-1")
    return key in mask.names or (key in {"authorization", "cookie"} and is_secret_field(key, value.decode("latin-1")))


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
        if isinstance(item, list) and len(item) == 2  # noqa: PLR2004 - a pair
    ]
    path, query = str(value.get("path", "/")).encode("latin-1", "replace"), str(value.get("query", "")).encode("latin-1", "replace")
    return Request(str(value.get("method", "GET")), path, query, tuple(fields), base64.b64decode(str(value.get("body_base64", ""))))
