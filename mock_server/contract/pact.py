"""
Pact files, version 1 to 4: what a consumer sends to a provider, and what it expects to get.

Each HTTP interaction becomes an exchange: its request, and a response that holds no more than the consumer reads.
Messages without HTTP are counted and left out. https://github.com/pact-foundation/pact-specification
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from mock_server.contract.records import RecordedExchange, UnreadableRecord
from mock_server.document.model import MISSING, Missing
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import RawFields, Request, Response, find_field
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object

_HTTP: Final = "Synchronous/HTTP"
_MOST_INTERACTIONS: Final = 100_000
# A step of the paths of matching rules: `.name`, `['name']`, `[0]`, `[*]`, `.*`.
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\d+|\*))\s*\]")
# Matchers under which the names of an object are examples.
_FREE_NAMES: Final = frozenset(("values", "eachKey", "eachValue"))
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One HTTP interaction."""

    number: int  # in its file, from 1
    description: str
    states: tuple[str, ...]  # of the provider
    exchange: RecordedExchange
    body: JsonValue | Missing = MISSING  # that is expected, where it is JSON
    free: frozenset[Pointer] = frozenset()  # objects in it whose names are examples; ANY stands for any index or name
    is_pending: bool = False

    @property
    def title(self) -> str:
        """The interaction as people know it: its description and the states of the provider."""
        if self.states:
            return f"{self.description!r} given {' and '.join(map(repr, self.states))}"
        return repr(self.description)


@dataclass(frozen=True, slots=True)
class Pact:
    """A Pact file."""

    consumer: str
    provider: str
    interactions: tuple[Interaction, ...]
    unread: tuple[tuple[int, str], ...] = field(default=())  # numbers of interactions, and what is wrong with them
    messages: int = 0  # that are no HTTP


def is_pact(value: JsonValue) -> bool:
    """Return whether JSON data is a Pact file."""
    if not isinstance(value, dict) or not {"consumer", "provider"} <= value.keys():
        return False
    return isinstance(value.get("interactions"), list) or isinstance(value.get("messages"), list)


def read_pact(value: JsonValue) -> Pact:
    """Read a Pact file; interactions that can't be read are listed."""
    pact = as_object(value)
    listed, messages = pact.get("interactions"), pact.get("messages")
    is_4 = _version(pact) >= 4  # noqa: PLR2004 - what bodies look like depends on it
    read: list[Interaction] = []
    unread: list[tuple[int, str]] = []
    count = len(messages) if isinstance(messages, list) else 0
    for number, item in enumerate((listed if isinstance(listed, list) else [])[:_MOST_INTERACTIONS], 1):
        if isinstance(item, dict) and item.get("type", _HTTP) != _HTTP:
            count += 1
            continue
        try:
            read.append(_read_interaction(number, item, is_4=is_4))
        except (UnreadableRecord, ValueError) as error:
            unread.append((number, str(error)))
    return Pact(_name(pact, "consumer"), _name(pact, "provider"), tuple(read), tuple(unread), count)


def _name(pact: JsonObject, party: str) -> str:
    name = as_object(pact.get(party)).get("name")
    return name if isinstance(name, str) and name else f"a {party} without a name"


def _version(pact: JsonObject) -> int:
    """Return the major version of the specification; 2 where a file names none."""
    metadata = as_object(pact.get("metadata"))
    named = [as_object(metadata.get(key)).get("version") for key in ("pactSpecification", "pact-specification")]
    number = next((str(each) for each in (*named, metadata.get("pactSpecificationVersion")) if each), "2")
    major = number.partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() else 2


def _read_interaction(number: int, item: JsonValue, *, is_4: bool) -> Interaction:
    if not isinstance(item, dict):
        raise UnreadableRecord("an interaction is an object")
    asked, answered = as_object(item.get("request")), as_object(item.get("response"))
    method, path, status = asked.get("method"), asked.get("path"), answered.get("status", 200)
    if not isinstance(method, str) or not isinstance(path, str):
        raise UnreadableRecord("its request has no method or no path")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:  # noqa: PLR2004 - RFC 9110, section 15
        raise UnreadableRecord(f"its response has the status {status!r}, which is none"[:200])
    target = quote(path if path.startswith("/") else f"/{path}", safe="/%:@!$&'()*+,;=~-._")
    fields, body, _ = _read_message(asked, is_4=is_4)
    expected, answer, value = _read_message(answered, is_4=is_4)
    if body and find_field(fields, b"content-type") is None:
        fields = [*fields, (b"content-type", _assume_type(asked.get("body")))]
    request = Request(method.upper(), target.encode("ascii"), _query(asked.get("query")), fields, body)
    response = Response(status, expected, answer)
    return Interaction(
        number=number,
        description=str(item.get("description", "")),
        states=tuple(_states(item)),
        exchange=RecordedExchange(request, response, ""),
        body=value,
        free=frozenset(_find_free(answered.get("matchingRules"))),
        is_pending=item.get("pending") is True,
    )


def _states(item: JsonObject) -> Iterator[str]:
    """Yield the states of the provider: one text before version 3, then a list of objects."""
    one = item.get("providerState", item.get("provider_state"))
    if isinstance(one, str) and one:
        yield one
    many = item.get("providerStates")
    for state in many if isinstance(many, list) else []:
        name = as_object(state).get("name")
        if isinstance(name, str) and name:
            yield name


def _query(value: JsonValue) -> bytes:
    """Read a query: a text before version 3, then lists of values by name."""
    if isinstance(value, str):
        return quote(value.lstrip("?"), safe="/?%:@!$&'()*+,;=~-._[]").encode("ascii")
    pairs: list[tuple[str, str]] = []
    for name, texts in as_object(value).items():
        listed = texts if isinstance(texts, list) else [texts]
        pairs += [(name, str(text)) for text in listed]
    return urlencode(pairs).encode("ascii")


def _read_message(message: JsonObject, *, is_4: bool) -> tuple[RawFields, bytes, JsonValue | Missing]:
    """Read header fields, the body as bytes, and its value where it is JSON."""
    fields: RawFields = [
        (name.lower().encode("latin-1", "replace"), ", ".join(map(str, _listed(value))).encode("latin-1", "replace"))
        for name, value in as_object(message.get("headers")).items()
    ]
    body: JsonValue = message.get("body")
    written, coding = find_field(fields, b"content-type"), ""
    if is_4 and isinstance(body, dict) and ("content" in body or not body):
        named, coding = body.get("contentType"), str(body.get("encoded") or "").lower()
        body = body.get("content")
        if written is None and isinstance(named, str) and body is not None:
            written = named
            fields = [*fields, (b"content-type", named.encode("latin-1", "replace"))]
    if body is None:
        return fields, b"", MISSING
    data = _decode(body, coding) if coding not in {"", "false"} else _write_body(body, written)
    is_data = not isinstance(body, str) if written is None else is_json(parse_media_type(written))
    return fields, data, _json_of(data) if is_data else MISSING


def _decode(content: JsonValue, coding: str) -> bytes:
    """Decode the content of a body of version 4: text that is JSON, or bytes in base64."""
    if coding == "json":
        return str(content).encode()
    try:
        return base64.b64decode(str(content), validate=True)
    except (ValueError, binascii.Error) as error:
        raise UnreadableRecord("a body that is said to be base64 is none") from error


def _assume_type(body: JsonValue) -> bytes:
    return b"text/plain" if isinstance(body, str) else b"application/json"


def _write_body(body: JsonValue, media: str | None) -> bytes:
    """Write a body; a text stays what it is, unless it is said to be JSON and is none."""
    if not isinstance(body, str):
        return write_json(body)
    if media is not None and is_json(parse_media_type(media)):
        try:
            read_json(body.encode())
        except MalformedContent:
            return write_json(body)
    return body.encode("utf-8", "surrogatepass")


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _json_of(data: bytes) -> JsonValue | Missing:
    try:
        return read_json(data)
    except MalformedContent:
        return MISSING


def _find_free(rules: JsonValue) -> Iterator[Pointer]:
    """Yield the objects of a body whose names are examples, by its matching rules."""
    for path, rule in as_object(rules).items():
        if path == "body":  # version 3 and later: paths within each part of the message
            for inner, matchers in as_object(rule).items():
                listed = as_object(matchers).get("matchers")
                yield from _free_at(_steps(inner), listed if isinstance(listed, list) else [])
        elif path.startswith(("$.body", "$['body']", '$["body"]')):
            yield from _free_at(_steps(path)[1:], [rule])


def _free_at(steps: Pointer, matchers: list[JsonValue]) -> Iterator[Pointer]:
    if any(as_object(matcher).get("match") in _FREE_NAMES for matcher in matchers):
        yield steps
    yield from (steps[:index] for index, step in enumerate(steps) if step == ANY)


def _steps(path: str) -> Pointer:
    return tuple(next(part for part in found.groups() if part is not None) for found in _STEP.finditer(path))


def covers(free: frozenset[Pointer], pointer: Pointer) -> bool:
    """Return whether a place is one of those whose names are examples."""
    return any(
        len(each) == len(pointer) and all(step in {ANY, token} for step, token in zip(each, pointer, strict=True))
        for each in free
    )
