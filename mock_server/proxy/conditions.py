"""
The conditions of a recorded answer: its `when`, exact enough that no other request of the recording gets it.

A request that was recorded meets all conditions of its own fixture, and of another one only those that both have in
common: so its own is the most specific one, and answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from mock_server.document.model import Missing, Operation, ParameterLocation
from mock_server.exchange.body import write_json
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.parameters import parse_query
from mock_server.exchange.secrets.mask import Mask
from mock_server.exchange.security import credential_names
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.request import DecodedRequest
from mock_server.respond.match.conditions import find_parameter
from mock_server.respond.responder import Responder

_REFUSED: Final = (401, 403)
_LARGEST: Final = 64 * 1024  # bytes of a request body that is asked for as a whole
# Fields that decide about answers of certain statuses.
_DECIDING: Final = {
    206: ("range", "if-range"),
    304: ("if-none-match", "if-modified-since"),
    412: ("if-match", "if-unmodified-since"),
}
# What is new in every request and asks for nothing: ids of requests, moments, signatures, and what keeps caches out.
_FRESH: Final = re.compile(
    r"(?:^|[-_])(?:request|correlation|trace|span|idempotency)[-_]?(?:id|key|parent)?$|nonce|signature|^date$|^_$|^user-agent$",
    re.IGNORECASE,
)
_ABSENT: Final[JsonObject] = {"absent": True}
_PRESENT: Final[JsonObject] = {"absent": False}


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A request, as the document reads it."""

    responder: Responder
    operation: Operation
    request: Request
    understood: DecodedRequest
    mask: Mask


def conditions_of(asked: ReadRequest, response: Response) -> JsonObject:
    """Write the conditions that a request meets, without secrets."""
    parts = _sent(asked)
    parts["headers"].update(_fields(asked, _deciding(asked, response)))
    if response.status >= 400:  # noqa: PLR2004 - what is refused for something that is missing is not refused where that is there
        for place, name in _not_sent(asked):
            parts[place].setdefault(name, _ABSENT)
    if response.status in _REFUSED:
        for location, name in _missing_credentials(asked):
            parts["query" if location is ParameterLocation.QUERY else "headers"][name] = _ABSENT
    return {place: named for place, named in parts.items() if named}


def identity_of(asked: ReadRequest) -> JsonObject:
    """
    Return the identity of a request, independent of its answer.

    The conditions of a refusal are more than those of a success: the same request may meet both, now one and now the
    other.
    """
    parts = _sent(asked)
    parts["headers"].update(
        _fields(asked, sorted({name for names in _DECIDING.values() for name in names} | {"accept"}))
    )
    parts["absent"] = {f"{place} {name}": True for place, name in _not_sent(asked)}
    parts["credentials"] = {f"{location} {name}": False for location, name in _missing_credentials(asked)}
    return dict(parts)


def _sent(asked: ReadRequest) -> dict[str, JsonObject]:
    return {
        "path": dict(_parameters(asked, ParameterLocation.PATH)),
        "query": {**dict(_parameters(asked, ParameterLocation.QUERY)), **dict(_undocumented(asked))},
        "headers": dict(_parameters(asked, ParameterLocation.HEADER)),
        "body": dict(_body(asked)),
    }


def _parameters(asked: ReadRequest, location: ParameterLocation) -> Iterator[tuple[str, JsonValue]]:
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    for (where, name), value in asked.understood.parameters.items():
        key = name.lower() if location is ParameterLocation.HEADER else name
        if (
            where is location
            and (location, key) not in credentials
            and not _is_secret(asked, name, value)
            and not _is_fresh(key)
        ):
            yield (
                key,
                find_field(asked.request.fields, key.encode())
                if location is ParameterLocation.HEADER
                else condition_of(value),
            )


def _undocumented(asked: ReadRequest) -> Iterator[tuple[str, JsonValue]]:
    """Yield the undocumented members of the query, without preferences of the mock."""
    documented = {name for where, name in asked.understood.parameters if where is ParameterLocation.QUERY}
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    found: dict[str, list[JsonValue]] = {}
    for name, value in parse_query(asked.request.query.decode("latin-1")):
        base = name.partition("[")[0]
        if (
            base not in documented
            and (ParameterLocation.QUERY, name) not in credentials
            and not name.startswith("__")
            and not _is_fresh(name)
        ):
            found.setdefault(name, []).append(unquote_plus(value))
    for name, values in found.items():
        if not any(_is_secret(asked, name, value) for value in values):
            yield name, condition_of(values[0] if len(values) == 1 else values)


def _not_sent(asked: ReadRequest) -> Iterator[tuple[str, str]]:
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    for parameter in asked.operation.parameters:
        location = parameter.location
        if location is ParameterLocation.HEADER:
            name = parameter.name.lower()
        else:
            name = parameter.name
        if (
            location not in {ParameterLocation.QUERY, ParameterLocation.HEADER}
            or (location, name) in credentials
            or _is_fresh(name)
        ):
            continue
        if location is ParameterLocation.HEADER:
            is_sent = find_field(asked.request.fields, name.encode("latin-1", "replace")) is not None
        else:
            is_sent = not isinstance(find_parameter(location, name, asked.request, asked.understood), Missing)
        if not is_sent:
            yield "headers" if location is ParameterLocation.HEADER else "query", name


def _deciding(asked: ReadRequest, response: Response) -> list[str]:
    """Return the fields that decide about an answer."""
    documented = asked.operation.find_response(response.status)
    negotiated = documented is not None and len(documented.content) > 1
    return [*_DECIDING.get(response.status, ()), *(["accept"] if negotiated else [])]


def _fields(asked: ReadRequest, names: Sequence[str]) -> Iterator[tuple[str, JsonValue]]:
    for name in (*names, "prefer"):
        value = find_field(asked.request.fields, name.encode())
        if value is not None:
            yield name, value


def _missing_credentials(asked: ReadRequest) -> Iterator[tuple[ParameterLocation, str]]:
    pairs = {name for name, value in parse_query(asked.request.query.decode("latin-1")) if value}
    for location, name in sorted(credential_names(asked.operation.security, asked.responder.document.schemes)):
        if location is ParameterLocation.QUERY:
            is_there = name in pairs
        else:
            is_there = bool(find_field(asked.request.fields, name.encode("latin-1", "replace")))
        if location in {ParameterLocation.QUERY, ParameterLocation.HEADER} and not is_there:
            yield location, name


def _body(asked: ReadRequest) -> Iterator[tuple[str, JsonValue]]:
    """
    Yield the body as a whole.

    Where it holds secrets, those of its members that hold none, and that the others are there.
    """
    value = asked.understood.body
    if asked.operation.request_body is None:
        return
    if isinstance(value, Missing):
        yield "", _ABSENT
        return
    yield from body_conditions(value, asked.mask)


def body_conditions(value: JsonValue, mask: Mask) -> Iterator[tuple[str, JsonValue]]:
    """
    Write the conditions that a body meets.

    It as a whole, or where it holds secrets what of its members holds none.
    """
    if mask.value(value) == value and len(write_json(value)) <= _LARGEST:
        yield "", condition_of(value)
        return
    yield "", _PRESENT
    for name, member in value.items() if isinstance(value, dict) else ():
        alone: JsonObject = {name: member}
        shown = mask.value(alone)
        if not isinstance(shown, dict) or name not in shown:
            continue  # a name that is a secret itself
        says_it = shown == alone and len(write_json(member)) <= _LARGEST
        yield "/" + name.replace("~", "~0").replace("/", "~1"), condition_of(member) if says_it else _PRESENT


def _is_secret(asked: ReadRequest, name: str, value: JsonValue) -> bool:
    return asked.mask.hides(name, value)


def _is_fresh(name: str) -> bool:
    return _FRESH.search(name) is not None


def condition_of(value: JsonValue) -> JsonValue:
    """Ask for a value that is no simple one: a list would mean any of its items, an object would be tests."""
    if isinstance(value, dict | list):
        return {"equals": value}
    return value
