"""Save an exchange as a fixture, judged before it is written."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from mock_server.document.model import MISSING, Missing, Operation, ParameterLocation
from mock_server.document.yaml import encode_yaml
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.exchange.router import Matched
from mock_server.exchange.secrets.mask import Mask
from mock_server.exchange.security import credential_names
from mock_server.files import folder_name, make_folder_within, write_file
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.request import DecodedRequest
from mock_server.proxy.conditions import body_conditions
from mock_server.respond.fixtures import load_fixtures
from mock_server.respond.journal import Recorded
from mock_server.respond.responder import Responder

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}\Z")
_PACKAGE: Final = Path(__file__).resolve().parent.parent.parent
# Fields that the server writes for each answer anew, or that are about one answer only.
_NOT_KEPT: Final = re.compile(
    rb"x-mock-.*|preference-applied|sl-violations|content-length|set-cookie|date|deprecation|access-control-.*\Z"
)


@dataclass(frozen=True, slots=True)
class SavedFixture:
    """A fixture that was written, or refused with findings."""

    path: Path
    findings: tuple[Finding, ...] = ()  # of a refused fixture


def suggest_name(recorded: Recorded, shown: Request) -> str:
    """
    Suggest the name of a fixture: the status and the last segment of the path.

    Args:
        recorded: The exchange.
        shown: Its request without secrets.
    """
    last = shown.path.decode("latin-1").rstrip("/").rpartition("/")[2]
    words = re.sub(r"[^A-Za-z0-9]+", "-", last).strip("-").lower()[:40]
    return f"{recorded.answer.status}-{words}".rstrip("-")


def save_fixture(
    responder: Responder, recorded: Recorded, name: str, mask: Mask, *, for_anybody: bool, over: bool
) -> SavedFixture:
    """
    Write an exchange as `<fixtures>/<operationId>/<name>.yaml`, and let the responder answer with it.

    Args:
        responder: Of the document.
        recorded: The exchange.
        name: Of the fixture.
        mask: Of the exchange; where a masked value breaks the document, one of the form of the secret is written.
        for_anybody: Answer every request with it, not only those with the same parameters and body.
        over: Replace a fixture of this name.

    Raises:
        UsageError: no folder, no such operation, no valid name, or a body that no fixture holds.
    """
    entry = recorded.answer.entry
    folder = _folder(responder)
    if entry is None or not any(known is entry for known in responder.document.entries):
        raise UsageError("the document has no such operation")
    if not _NAME.match(name):
        raise UsageError(f"{name!r} can't name a fixture: letters, digits, '-', '_' and '.' can, 80 at most")
    own = folder / folder_name(entry.id)
    path = own / f"{name}.yaml"
    taken = [other for other in (path, own / f"{name}.yml", own / f"{name}.json") if other.exists()]
    if taken and not (over and taken == [path]):
        advice = ", or replace it" if taken == [path] else ""
        raise UsageError(f"{taken[0]} is there already; choose another name{advice}")
    operation = responder.document.operation(entry)
    text, findings = "", tuple[Finding, ...]()
    for each in (mask, mask.veiled()):
        text = encode_yaml(_fixture(responder, operation, recorded, each, for_anybody=for_anybody))
        findings = _judge(responder, own.name, path, text)
        if not findings:
            break
    if findings:
        return SavedFixture(path, findings)
    try:
        make_folder_within(folder, own.name)
        write_file(path, text.encode())
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
    reloaded = load_fixtures(folder, responder.document, responder.judge_of, responder.kit.pools)
    reloaded.folder = folder
    responder.fixtures = reloaded
    return SavedFixture(path)


def _folder(responder: Responder) -> Path:
    folder = responder.fixtures.folder
    if folder is None or folder.resolve().is_relative_to(_PACKAGE):
        raise UsageError("there is no folder for fixtures; start the server with --fixtures DIR")
    return folder


def _judge(responder: Responder, folder: str, path: Path, text: str) -> tuple[Finding, ...]:
    """Judge a fixture as when it is loaded, in a temporary folder."""
    with tempfile.TemporaryDirectory() as room:
        own = Path(room) / folder
        own.mkdir()
        (own / path.name).write_text(text, encoding="utf-8")
        found = load_fixtures(Path(room), responder.document, responder.judge_of, responder.kit.pools).findings
    return tuple(finding._replace(place=Place(str(path), (finding.place or Place("")).pointer)) for finding in found)


def _fixture(
    responder: Responder, operation: Operation, recorded: Recorded, mask: Mask, *, for_anybody: bool
) -> JsonObject:
    answer = mask.response(Response(recorded.answer.status, recorded.answer.fields, recorded.answer.body))
    made: JsonObject = {}
    when = {} if for_anybody else _when(responder, operation, recorded, mask)
    if when:
        made["when"] = when
    made["status"] = answer.status
    fields: JsonObject = dict(_fields(answer.fields, is_plain=_is_plain_json(operation, recorded)))
    if fields:
        made["headers"] = fields
    body = _body(answer.fields, answer.body)
    if not isinstance(body, Missing):
        made["body"] = body
    return made


def _when(responder: Responder, operation: Operation, recorded: Recorded, mask: Mask) -> JsonObject:
    """Write the conditions of a fixture: parameters of the path and the query, and the body, without secrets."""
    request = recorded.request
    matched = responder.find(request)
    variables = matched.variables if isinstance(matched, Matched) else {}
    try:
        understood = responder.judge_requests(operation.entry).read(request, variables, security=False)
    except MockServerError:
        understood = DecodedRequest({}, MISSING)
    secret = credential_names(operation.security, responder.document.schemes)
    when: JsonObject = {}
    for key, location in (("path", ParameterLocation.PATH), ("query", ParameterLocation.QUERY)):
        values: JsonObject = {
            name: value
            for (place, name), value in understood.parameters.items()
            if place is location
            and (place, name) not in secret
            and isinstance(value, str | int | float | bool)
            and not mask.hides(name, value)
        }
        if values:
            when[key] = values
    if not isinstance(understood.body, Missing):
        when["body"] = dict(body_conditions(understood.body, mask))
    return when


def _is_plain_json(operation: Operation, recorded: Recorded) -> bool:
    """Check that the media type is the one of a fixture without a Content-Type."""
    documented = operation.find_response(recorded.answer.status)
    if documented is not None and documented.content:
        first = documented.content[0].name
    else:
        first = "application/json"
    return (find_field(recorded.answer.fields, b"content-type") or "").partition(";")[0] == first.partition(";")[0]


def _fields(fields: RawFields, *, is_plain: bool) -> Iterator[tuple[str, JsonValue]]:
    for name, value in fields:
        if not _NOT_KEPT.match(name) and not (name == b"content-type" and is_plain):
            yield name.decode("latin-1"), value.decode("latin-1")


def _body(fields: RawFields, body: bytes) -> JsonValue | Missing:
    """
    Return a body as a fixture holds it: a JSON value or a text.

    Raises:
        UsageError: it is neither.
    """
    if not body:
        return MISSING
    if is_json(parse_media_type(find_field(fields, b"content-type") or "")):
        try:
            value: JsonValue = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"the body is no JSON: {error}") from error
        return value
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UsageError("the body is neither JSON nor text; no fixture holds it") from error
