"""The request of a filled-in form, sent over the server's own socket as any client sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from mock_server.admin.console.call_form import parameter_name
from mock_server.contract.transport.http import AnswerLimits, HttpSender, Received
from mock_server.document.model import Entry, Operation, Parameter, ParameterLocation
from mock_server.errors import MockServerError, UndefinedSerialization
from mock_server.exchange.message import Request
from mock_server.exchange.prefer import PREFERENCES
from mock_server.exchange.serialization import write_parameter
from mock_server.generate.request import RequestDraft, encode, request_outlines
from mock_server.json_values import JsonValue
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import EVERYBODY, HEADER
from mock_server.schema.dialect import Direction, Purpose

_LIMITS: Final = AnswerLimits(seconds=120.0)  # longer than any delay that one waits for in front of a screen
_FORBIDDEN: Final = ("\r", "\n", "\0")


class IncompleteForm(MockServerError):
    """The form can't be sent as it is filled in."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """The address at which the server reaches itself."""

    host: str
    port: int
    tls: bool

    @property
    def url(self) -> str:
        """The URL of the address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def make_request(responder: Responder, entry: Entry, given: Mapping[str, str], world: str) -> Request:
    """
    Make the request of a form.

    Args:
        responder: Of the document.
        entry: The operation.
        given: The fields of the form; a request that breaks the document is made too, to be seen refused.
        world: Of the request.

    Raises:
        IncompleteForm: a part of the request can't be written.
    """
    draft, problems = _draft(responder, responder.document.operation(entry), given), list[str]()
    secrets = {name: text for name in responder.document.schemes if (text := given.get(f"secret.{name}", ""))}
    outlines, schemes = request_outlines(responder.kit), responder.document.schemes
    written = encode(draft, responder.base_paths(entry)[0], outlines, schemes, secrets)
    fields = [*written.fields, *_preferred(given), *_own_fields(given, problems)]
    if world != EVERYBODY and not any(name == HEADER for name, _ in fields):
        fields.append((HEADER, world.encode("latin-1", "replace")))
    media, text = given.get("media", ""), given.get("body", "")
    body = b""
    if media and text:
        if not media.startswith("multipart/"):
            text = text.replace("\r\n", "\n")
        body = text.encode("utf-8", "replace")
        fields = [(name, value) for name, value in fields if name != b"content-type"]
        fields.append((b"content-type", _concrete(media).encode("latin-1", "replace")))
    if any(character in value.decode("latin-1") for _, value in fields for character in _FORBIDDEN):
        problems.append("a header field can't hold a line break")
    if problems:
        raise IncompleteForm(problems)
    return written._replace(fields=fields, body=body)


def _draft(responder: Responder, operation: Operation, given: Mapping[str, str]) -> RequestDraft:
    problems: list[str] = []
    draft = RequestDraft(operation)
    for parameter in operation.parameters:
        text = given.get(parameter_name(parameter), "")
        if not text:
            if parameter.location is ParameterLocation.PATH:
                problems.append(f"the path parameter {parameter.name!r} is needed: without it there is no path")
            continue
        value = _read(responder, parameter, text)
        try:
            write_parameter(parameter, value)
        except UndefinedSerialization as error:
            problems.append(f"the {parameter.location.value} parameter {parameter.name!r} can't be written: {error}")
        draft = draft.with_parameter((parameter.location, parameter.name), value)
    chosen = given.get("security", "0")
    if chosen.isdecimal() and int(chosen) < len(operation.security):
        draft = draft.with_security(operation.security[int(chosen)])
    if problems:
        raise IncompleteForm(problems)
    return draft


def send(request: Request, reached: OwnAddress) -> Received:
    """Send a request to this very server, and wait for the answer."""
    # its certificate is its own, and no proxy leads to it
    sender = HttpSender(reached.url, _LIMITS, verify=False, connections=1, proxies=False)
    try:
        return sender.send(request)
    finally:
        sender.close()


def _read(responder: Responder, parameter: Parameter, text: str) -> JsonValue:
    """Read a field: arrays and objects from JSON, arrays also from commas; any other value is the text itself."""
    schema = parameter.content.schema if parameter.content is not None else parameter.schema
    if schema is None:
        return text
    try:
        types = responder.kit.outline(schema, Direction.REQUEST, Purpose.MAKE).types
    except MockServerError:
        return text
    if "string" in types and not text.startswith(("[", "{")):
        return text
    if types & {"array", "object"} or parameter.content is not None:
        try:
            value: JsonValue = orjson.loads(text)
        except orjson.JSONDecodeError:
            if "array" in types:
                return [part.strip() for part in text.split(",")]
            return text
        if isinstance(value, list | dict) or parameter.content is not None:
            return value
        if "array" in types:
            return [value]
        return text
    return text


def _preferred(given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    values = [(row.name, given.get(row.name, "").strip()) for row in PREFERENCES]
    written = [f"{name}={_quoted(value)}" for name, value in values if value]
    if written:
        return [(b"prefer", ", ".join(written).encode("latin-1", "replace"))]
    return []


def _quoted(text: str) -> str:
    """Write a value of a preference, quoted if it is no token, RFC 7240, section 2."""
    if all(character.isalnum() or character in "!#$%&'*+-.^_`|~" for character in text):
        return text
    return '"' + text.replace('"', "") + '"'


def _own_fields(given: Mapping[str, str], problems: list[str]) -> list[tuple[bytes, bytes]]:
    found = []
    for line in given.get("headers", "").splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip():
            problems.append(f"{line!r} is no header field; write it as Name: value")
            continue
        found.append((name.strip().lower().encode("latin-1", "replace"), value.strip().encode("latin-1", "replace")))
    return found


def _concrete(media: str) -> str:
    """Return a media type to send for a documented range."""
    if "*" in media:
        return "application/json"
    return media
