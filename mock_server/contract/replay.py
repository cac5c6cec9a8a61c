"""
Sending a finding again: what went before it, and what showed it; is it still there?

What shows in one exchange is judged again. What takes several, a deleted thing that is still there for instance,
counts as still there when the status is the one that it was.

The file may have come with a repository. So nothing is taken from it but requests to the API that was named, below its
base path; they change something only with `--mutating`, and credentials go where the user's own requests would go.
"""

import base64
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_plus

from mock_server.contract.api import Api
from mock_server.contract.checks import Check, ExchangeUnderCheck, Expectations, check_exchange
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.model import Exchanged, Incident, Intent, Probe
from mock_server.contract.scope import read_lines
from mock_server.contract.transport.http import Received, Sender, TransportFault
from mock_server.errors import MalformedContent, TransportError, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.message import Request
from mock_server.exchange.render import render_fields
from mock_server.exchange.secrets.heads import is_secret_field
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import write_file
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.judges.identity import restore
from mock_server.tokens import is_token

_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))  # RFC 9110, section 9.2.1
_OF_CONNECTION: Final = frozenset(  # who sends decides on these
    (b"host", b"connection", b"proxy-connection", b"keep-alive", b"content-length", b"transfer-encoding",
    b"te", b"trailer", b"upgrade",
     b"expect", b"http2-settings", b"proxy-authorization")
)  # fmt: skip
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a file of findings
_MOST_REQUESTS: Final = 100  # before one that shows a finding
_TARGET: Final = re.compile(rb"[!-~\x80-\xff]*\Z")
_VALUE: Final = re.compile(rb"[\t -~\x80-\xff]*\Z")


@dataclass(frozen=True, slots=True)
class RecordedFinding:
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

    Credentials are left out, and given again when they are sent; of other secrets the form is kept, so that a request
    that was right or wrong by its form still is.
    """
    lines = []
    for incident in incidents:
        seen = incident.mask(mask)
        requests: list[JsonValue] = [
            _request(_hidden(seen, e.probe.request)) for e in (*incident.related, incident.exchanged)
        ]
        kept: JsonObject = {
            "id": incident.id, "check": incident.check,
            "message": seen.finding(incident.finding.message, incident.finding.instance),
            "operation": incident.finding.operation, "status": incident.exchanged.status,
            "intent": incident.exchanged.probe.intent.value, "keyword": incident.exchanged.probe.keyword,
            "where": list(incident.exchanged.probe.where), "requests": requests,
        }  # fmt: skip
        lines.append(write_json(kept) + b"\n")
    write_file(path, b"".join(lines))


def find_kept(path: Path, id_: str) -> RecordedFinding:
    """
    Find a finding that was kept in a file.

    Raises:
        UsageError: there is none of that id, it can't be sent, or the file is too large to be one of findings.
    """
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise UsageError(f"{path} has more than {_MOST_BYTES:,} bytes: it is no file of findings")
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
    """The outcome of a finding that was sent again."""

    status: int  # of the last answer; 0 where none came
    still: bool  # whether the finding is still there
    message: str  # what is wrong now, where something is


def replay(
    kept: RecordedFinding,
    api: Api,
    sender: Sender,
    show: Callable[[Request, Received], None],
    *,
    mutating: bool,
    checks: Mapping[str, Check] = CHECKS,
) -> Replayed:
    """
    Send a finding again.

    Args:
        kept: What was found.
        api: As its document describes it, with the credentials of who asks.
        sender: Sends.
        show: Is told of each exchange.
        mutating: Whether requests may change something.
        checks: Ours, and those of the user.

    Raises:
        UsageError: the document has no such operation any more, a request may not be sent, or credentials are missing.
        TransportError: the API can't be reached.
    """
    entry = next((entry for entry in api.document.entries if entry.id == kept.operation), None)
    if entry is None:
        raise UsageError(f"the document has no operation {kept.operation!r}, in which it was found")
    for request in kept.requests:
        _check_request(request, api, mutating=mutating)
    received = Received(None)
    for request in kept.requests:
        received = sender.send(restore(request, api.identity.for_operation(entry.id), api.document.schemes))
        show(request, received)
        if received.fault is TransportFault.UNREACHABLE:
            raise TransportError(sender.origin, received.detail or received.fault.value)
    status = received.response.status if received.response is not None else 0
    if status == 401 and kept.status != 401:  # noqa: PLR2004 - no valid credentials
        raise UsageError(
            "the answer is 401, which says nothing of the finding: give --auth or --header as in the run that found it"
        )
    subject = api.subject(entry, lambda parameter: ())
    check = checks.get(kept.check)
    if check is None or not check.replayable or subject is None or not kept.requests:
        return Replayed(status, status == kept.status, kept.message)
    probe = Probe(entry.id, kept.requests[-1], kept.intent, "replay", kept.message, kept.keyword, kept.where)
    seen = ExchangeUnderCheck(subject, Exchanged(probe, received), Expectations(None, api.identity.is_known))
    found = check_exchange({check.name: check}, seen)
    again = next((verdict for verdict in found if not verdict.doubtful), None)
    return Replayed(status, again is not None, again.finding.message if again is not None else "")


def _check_request(request: Request, api: Api, *, mutating: bool) -> None:
    """
    Check whether a request of the file may be sent: nothing has been sent by then.

    Raises:
        UsageError: it may not.
    """
    shown = f"{request.method} {request.path.decode('latin-1')[:200]}"
    if request.method not in _SAFE and not mutating:
        raise UsageError(f"the finding is shown by {shown}, which may change something: give --mutating to send it")
    if not _is_below(request.path, api.base_path) and not any(_is_below(request.path, base) for base in _bases(api)):
        raise UsageError(
            f"the finding is shown by {shown}, which is not below {api.base_path}: "
            "name the URL of the run that found it"
        )


def _bases(api: Api) -> Iterator[str]:
    """Yield the base paths of operations that have servers of their own."""
    for entry in api.document.entries:
        yield from (server.base_path for server in api.document.operation(entry).servers or ())


def _is_below(path: bytes, base: str) -> bool:
    """Check whether a path has a base path before it, however a server undoes dots and percent-encoding."""
    once = unquote(path.decode("latin-1"))
    forms = (posixpath.normpath(once), posixpath.normpath(unquote(once).replace("\\", "/")))
    own = unquote(base)
    return all(form == own or form.startswith(f"{own}/") for form in forms)


def _record(line: bytes) -> JsonObject | None:
    """Read a line; None where it is no finding: the others may be."""
    try:
        value = read_json(line)
    except MalformedContent:
        return None
    if isinstance(value, dict):
        return value
    return None


def _read(value: JsonObject) -> RecordedFinding:
    requests, where = _listed(value.get("requests")), _listed(value.get("where"))
    status = value.get("status")
    if len(requests) > _MOST_REQUESTS:
        raise ValueError(f"it has more than {_MOST_REQUESTS} requests")
    return RecordedFinding(
        str(value["id"]),
        str(value.get("check")),
        str(value.get("message")),
        str(value.get("operation")),
        status if isinstance(status, int) else 0,
        Intent(value.get("intent")),
        str(value.get("keyword", "")),
        tuple(map(str, where)),
        tuple(_read_request(item) for item in requests if isinstance(item, dict)),
    )


def _listed(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is; nothing where it is none."""
    return value if isinstance(value, list) else []


def _hidden(mask: Mask, request: Request) -> Request:
    """Leave the credentials of a request out, to be put in again; of its other secrets keep the form."""
    out, form = mask.request(request), mask.veiled().request(request)
    fields = []
    for field, left_out, kept in zip(request.fields, out.fields, form.fields, strict=True):
        fields.append(left_out if _is_credential(mask, *field) else kept)
    parts = []
    for part, left_out, kept in zip(*(each.query.split(b"&") for each in (request, out, form)), strict=False):
        parts.append(left_out if _names_key(mask, part) else kept)
    return form._replace(fields=tuple(fields), query=b"&".join(parts))


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
        "headers": render_fields(request.fields),
        "body_base64": base64.b64encode(request.body).decode(),
    }


def _read_request(value: JsonObject) -> Request:
    headers = value.get("headers")
    pairs = headers if isinstance(headers, list) else []
    fields = [
        (str(item[0]).lower().encode("latin-1", "replace"), str(item[1]).encode("latin-1", "replace"))
        for item in pairs
        if isinstance(item, list) and len(item) == 2  # noqa: PLR2004 - a pair
    ]
    fields = [(name, text) for name, text in fields if name not in _OF_CONNECTION]
    method = str(value.get("method", "GET"))
    path, query = (
        str(value.get("path", "/")).encode("latin-1", "replace"),
        str(value.get("query", "")).encode("latin-1", "replace"),
    )
    if not is_token(method) or not path.startswith(b"/") or not _TARGET.match(path) or not _TARGET.match(query):
        raise ValueError("the target of a request is none")
    if not all(is_token(name.decode("latin-1")) and _VALUE.match(text) for name, text in fields):
        raise ValueError("a header field of a request is none")
    return Request(
        method, path, query, tuple(fields), base64.b64decode(str(value.get("body_base64", "")), validate=True)
    )
