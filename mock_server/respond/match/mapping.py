"""
Stub mappings in WireMock's shape: a request pattern, and the response that is given.

    {"name": "a full charger", "priority": 1,
     "request": {"method": "GET", "urlPath": "/api/chargers/7"},
     "response": {"status": 200, "jsonBody": {"id": 7}, "headers": {"X-A": "b"}, "fixedDelayMilliseconds": 200,
                  "transformers": ["response-template"]},
     "scenarioName": "checkout", "requiredScenarioState": "Started", "newScenarioState": "Paid",
     "persistent": true, "metadata": {"world": "anna", "allowInvalid": true}}

`metadata.world` makes it one of a world, `metadata.allowInvalid` lets its response break the document.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from mock_server.document.model import Operation
from mock_server.errors import ScriptError, within
from mock_server.generate.realism.pools import Pools
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.match.request_pattern import RequestPattern, read_pattern
from mock_server.respond.stored import Raw, Stored, read_stored

_PRIORITY: Final = 5  # of a mapping that does not say so; 1 goes first
_KEYS = (
    "id", "uuid", "name", "priority", "request", "response", "scenarioName", "requiredScenarioState",
    "newScenarioState",
    "persistent",
    "metadata", "insertionIndex",
)  # fmt: skip
_BODIES = ("body", "jsonBody", "base64Body")
_RESPONSE = (
    "status", *_BODIES, "headers", "fixedDelayMilliseconds", "delayDistribution", "fault", "transformers",
    "fromConfiguredStub",
)  # fmt: skip
_TEMPLATE = "response-template"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Mapping:
    """A stub mapping, read."""

    id: str
    name: str | None
    priority: int
    pattern: RequestPattern
    scenario: str | None
    required: str | None  # the state that it asks for
    then: str | None  # the state that follows
    world: str | None  # whose it is; None: everybody's
    allow_invalid: bool
    persistent: bool
    written: JsonObject  # in WireMock's shape

    @property
    def source(self) -> str:
        """The source that its answers name."""
        return f"mapping:{self.name or self.id}"

    @property
    def is_breaking(self) -> bool:
        """True if its response is nothing but a fault, so that there is nothing to judge."""
        response = self.written["response"]
        return isinstance(response, dict) and "fault" in response and not any(name in response for name in _BODIES)

    def stored(self, operation: Operation | None, pools: Callable[[], Pools]) -> Stored:
        """
        Return the response, written for an operation.

        Raises:
            ScriptError: it has a shape that can't be sent.
        """
        response = self.written["response"]
        with within("response"):
            return _read_response(response if isinstance(response, dict) else {}, operation, pools)


def read_mapping(value: JsonValue, pools: Callable[[], Pools], id_: str | None = None) -> Mapping:
    """
    Read a stub mapping.

    Args:
        value: In WireMock's shape.
        pools: Gives where templates take values from.
        id_: Its id, where that is known; else its own, or a new one.

    Raises:
        ScriptError: it is none, or has something that is not supported.
    """
    if not isinstance(value, dict):
        raise ScriptError("a mapping is an object")
    _only(value, _KEYS, "a mapping")
    id_ = id_ or _id(value)
    with within("request"):
        pattern = read_pattern(value.get("request", {}))
    response = value.get("response", {})
    if not isinstance(response, dict):
        raise ScriptError("'response' is an object", ("response",))
    scenario, required, then = (
        _text(value, name) for name in ("scenarioName", "requiredScenarioState", "newScenarioState")
    )
    if scenario is None and (required is not None or then is not None):
        raise ScriptError(
            "a state needs a 'scenarioName'", ("requiredScenarioState" if required is not None else "newScenarioState",)
        )
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ScriptError("'metadata' is an object", ("metadata",))
    with within("metadata"):
        world, allow_invalid = _text(metadata, "world"), _flag(metadata, "allowInvalid")
    mapping = Mapping(
        id=id_,
        name=_text(value, "name"),
        priority=_priority(value),
        pattern=pattern,
        scenario=scenario,
        required=required,
        then=then,
        world=world,
        allow_invalid=allow_invalid,
        persistent=_flag(value, "persistent"),
        written=_write(value, id_) | {"request": pattern.written, "response": response},
    )
    mapping.stored(None, pools)
    return mapping


def _write(value: JsonObject, id_: str) -> JsonObject:
    """Write a mapping as it was given, under its one id."""
    members = {name: member for name, member in value.items() if name not in {"id", "uuid", "insertionIndex"}}
    return {"id": id_, **members, "uuid": id_}


def _read_response(response: JsonObject, operation: Operation | None, pools: Callable[[], Pools]) -> Stored:
    _only(response, _RESPONSE, "a response")
    bodies = [name for name in _BODIES if name in response]
    if len(bodies) > 1:
        raise ScriptError(f"a response has one of {', '.join(bodies)}", (bodies[1],))
    transformers = response.get("transformers", [])
    if not isinstance(transformers, list) or any(name != _TEMPLATE for name in transformers):
        raise ScriptError(f"the only transformer is {_TEMPLATE!r}", ("transformers",))
    envelope: JsonObject = {"status": response.get("status", 200), "headers": response.get("headers", {})}
    raw = None
    if "jsonBody" in response:
        envelope["body"] = response["jsonBody"]
    elif "body" in response:
        raw = Raw((_text(response, "body") or "").encode("utf-8", "replace"))
    elif "base64Body" in response:
        raw = Raw(_decoded(response))
    envelope["delay"] = _delay(response)
    if "fault" in response:
        envelope["fault"] = _text(response, "fault")
    template = bool(transformers) and "base64Body" not in response
    try:
        return read_stored(envelope, operation, pools, template=template, raw=raw)
    except ScriptError as error:
        names = {"body": bodies[0] if bodies else "body"}
        names["delay"] = "delayDistribution" if "delayDistribution" in response else "fixedDelayMilliseconds"
        at = (names.get(error.pointer[0], error.pointer[0]), *error.pointer[1:]) if error.pointer else ()
        raise ScriptError(error.reason, at, error.findings) from error


def _decoded(response: JsonObject) -> bytes:
    try:
        return base64.b64decode(_text(response, "base64Body") or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScriptError("'base64Body' is no Base64", ("base64Body",)) from error


def _delay(response: JsonObject) -> JsonValue:
    """Return the delay of a response: a number of milliseconds, or how they are distributed."""
    if "delayDistribution" not in response:
        return response.get("fixedDelayMilliseconds")
    if "fixedDelayMilliseconds" in response:
        raise ScriptError("a response has a fixed delay or a distribution of delays", ("delayDistribution",))
    return response["delayDistribution"]


def _id(value: JsonObject) -> str:
    given = value.get("id", value.get("uuid"))
    if given is None:
        return str(uuid4())
    try:
        return str(UUID(given if isinstance(given, str) else ""))
    except ValueError as error:
        raise ScriptError("'id' is a UUID", ("id" if "id" in value else "uuid",)) from error


def _priority(value: JsonObject) -> int:
    priority = value.get("priority", _PRIORITY)
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise ScriptError(f"'priority' is a whole number, not {priority!r}", ("priority",))
    return priority


def _text(value: JsonObject, name: str) -> str | None:
    text = value.get(name)
    if text is not None and not isinstance(text, str):
        raise ScriptError(f"{name!r} is a text", (name,))
    return text


def _flag(value: JsonObject, name: str) -> bool:
    flag = value.get(name, False)
    if not isinstance(flag, bool):
        raise ScriptError(f"{name!r} is true or false", (name,))
    return flag


def _only(value: JsonObject, known: tuple[str, ...], what: str) -> None:
    unknown = next((name for name in value if name not in known), None)
    if unknown is not None:
        raise ScriptError(f"{unknown!r} of {what} is not supported; supported are {', '.join(known)}", (unknown,))
