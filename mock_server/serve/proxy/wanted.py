"""
What a recorded answer asks of requests: its `when`, exact enough that no other request of the recording gets it.

A request that was recorded meets all conditions of its own fixture, and of another one only those that both have in common:
so its own is the most specific one, and answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from mock_server.contract.request import Understood
from mock_server.exchange.body import write_json
from mock_server.exchange.mask import Mask
from mock_server.exchange.message import Request, Response, find_field
from mock_server.exchange.parameter import parse_query
from mock_server.exchange.security import credential_names
from mock_server.serve.conditions import find_parameter
from mock_server.serve.respond import Responder
from mock_server.spec.model import Location, Missing, Operation
from mock_server.typing import JsonObject, JsonValue

_REFUSED: Final = (401, 403)
_LARGEST: Final = 64 * 1024  # bytes of a request body that is asked for as a whole
# Fields that decide about answers of certain statuses.
_DECIDING: Final = {206: ("range", "if-range"), 304: ("if-none-match", "if-modified-since"), 412: ("if-match", "if-unmodified-since")}
# What is new in every request and asks for nothing: ids of requests, moments, signatures, and what keeps caches out.
_FRESH: Final = re.compile(
    r"(?:^|[-_])(?:request|correlation|trace|span|idempotency)[-_]?(?:id|key|parent)?$|nonce|signature|^date$|^_$|^user-agent$",
    re.IGNORECASE,
)
_ABSENT: Final[JsonObject] = {"absent": True}
_PRESENT: Final[JsonObject] = {"absent": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as the document reads it."""

    responder: Responder
    operation: Operation
    request: Request
    understood: Understood
    mask: Mask


def conditions_of(asked: Asked, response: Response) -> JsonObject:
    """Write the conditions that a request meets; what is secret is none of them."""
    parts = _sent(asked)
    parts["headers"].update(_fields(asked, _deciding(asked, response)))
    if response.status >= 400:  # noqa: PLR2004 - what is refused for something that is missing is not refused where that is there
        for place, name in _not_sent(asked):
            parts[place].setdefault(name, _ABSENT)
    if response.status in _REFUSED:
        for location, name in _missing_credentials(asked):
            parts["query" if location is Location.QUERY else "headers"][name] = _ABSENT
    return {place: named for place, named in parts.items() if named}


def identity_of(asked: Asked) -> JsonObject:
    """
    What tells a request from others, whatever is answered to it.

    The conditions of a refusal are more than those of a success: the same request may meet both, now one and now the other.
    """
    parts = _sent(asked)
    parts["headers"].update(_fields(asked, sorted({name for names in _DECIDING.values() for name in names} | {"accept"})))
    parts["absent"] = {f"{place} {name}": True for place, name in _not_sent(asked)}
    parts["credentials"] = {f"{location} {name}": False for location, name in _missing_credentials(asked)}
    return dict(parts)


def _sent(asked: Asked) -> dict[str, JsonObject]:
    return {
        "path": dict(_parameters(asked, Location.PATH)),
        "query": {**dict(_parameters(asked, Location.QUERY)), **dict(_undocumented(asked))},
        "headers": dict(_parameters(asked, Location.HEADER)),
        "body": dict(_body(asked)),
    }


def _parameters(asked: Asked, location: Location) -> Iterator[tuple[str, JsonValue]]:
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    for (where, name), value in asked.understood.parameters.items():
        key = name.lower() if location is Location.HEADER else name
        if where is location and (location, key) not in credentials and not _is_secret(asked, name, value) and not _is_fresh(key):
            yield key, find_field(asked.request.fields, key.encode()) if location is Location.HEADER else exactly(value)


def _undocumented(asked: Asked) -> Iterator[tuple[str, JsonValue]]:
    """What the query has besides its parameters: a preference of ours is none of it."""
    documented = {name for where, name in asked.understood.parameters if where is Location.QUERY}
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    found: dict[str, list[JsonValue]] = {}
    for name, value in parse_query(asked.request.query.decode("latin-1")):
        base = name.partition("[")[0]
        if base not in documented and (Location.QUERY, name) not in credentials and not name.startswith("__") and not _is_fresh(name):
            found.setdefault(name, []).append(unquote_plus(value))
    for name, values in found.items():
        if not any(_is_secret(asked, name, value) for value in values):
            yield name, exactly(values[0] if len(values) == 1 else values)


def _not_sent(asked: Asked) -> Iterator[tuple[str, str]]:
    credentials = credential_names(asked.operation.security, asked.responder.document.schemes)
    for parameter in asked.operation.parameters:
        location = parameter.location
        name = parameter.name.lower() if location is Location.HEADER else parameter.name
        if location not in {Location.QUERY, Location.HEADER} or (location, name) in credentials or _is_fresh(name):
            continue
        if location is Location.HEADER:
            is_sent = find_field(asked.request.fields, name.encode("latin-1", "replace")) is not None
        else:
            is_sent = not isinstance(find_parameter(location, name, asked.request, asked.understood), Missing)
        if not is_sent:
            yield "headers" if location is Location.HEADER else "query", name


def _deciding(asked: Asked, response: Response) -> list[str]:
    """The fields that decide about an answer."""
    documented = asked.operation.find_response(response.status)
    negotiated = documented is not None and len(documented.content) > 1
    return [*_DECIDING.get(response.status, ()), *(["accept"] if negotiated else [])]


def _fields(asked: Asked, names: Sequence[str]) -> Iterator[tuple[str, JsonValue]]:
    for name in (*names, "prefer"):
        value = find_field(asked.request.fields, name.encode())
        if value is not None:
            yield name, value


def _missing_credentials(asked: Asked) -> Iterator[tuple[Location, str]]:
    pairs = {name for name, value in parse_query(asked.request.query.decode("latin-1")) if value}
    for location, name in sorted(credential_names(asked.operation.security, asked.responder.document.schemes)):
        is_there = name in pairs if location is Location.QUERY else find_field(asked.request.fields, name.encode("latin-1", "replace"))
        if location in {Location.QUERY, Location.HEADER} and not is_there:
            yield location, name


def _body(asked: Asked) -> Iterator[tuple[str, JsonValue]]:
    """The body as a whole; where it holds secrets, those of its members that hold none, and that the others are there."""
    value = asked.understood.body
    if asked.operation.request_body is None:
        return
    if isinstance(value, Missing):
        yield "", _ABSENT
        return
    yield from body_conditions(value, asked.mask)


def body_conditions(value: JsonValue, mask: Mask) -> Iterator[tuple[str, JsonValue]]:
    """Write the conditions that a body meets: it as a whole, or where it holds secrets what of its members holds none."""
    if mask.value(value) == value and len(write_json(value)) <= _LARGEST:
        yield "", exactly(value)
        return
    yield "", _PRESENT
    for name, member in value.items() if isinstance(value, dict) else ():
        alone: JsonObject = {name: member}
        shown = mask.value(alone)
        if not isinstance(shown, dict) or name not in shown:
            continue  # a name that is a secret itself
        says_it = shown == alone and len(write_json(member)) <= _LARGEST
        yield "/" + name.replace("~", "~0").replace("/", "~1"), exactly(member) if says_it else _PRESENT


def _is_secret(asked: Asked, name: str, value: JsonValue) -> bool:
    return asked.mask.hides(name, value)


def _is_fresh(name: str) -> bool:
    return _FRESH.search(name) is not None


def exactly(value: JsonValue) -> JsonValue:
    """Ask for a value that is no simple one: a list would mean any of its items, an object would be tests."""
    return {"equals": value} if isinstance(value, dict | list) else value
