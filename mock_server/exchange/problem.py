"""
Problem details, RFC 9457: what is answered where the document has no words for it.

One constant for each; the type is a URN, public the day it ships.

Findings in a header field: `sl-violations`, as Prism writes it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from mock_server.cache import BoundedCache
from mock_server.findings import RULES, Finding, Level, Place
from mock_server.json_values import JsonObject, JsonValue, format_pointer

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem."""

    name: str
    title: str
    status: int

    def details(self, detail: str, **members: JsonValue) -> JsonObject:
        """Return the problem details of one occurrence."""
        return {
            "type": f"urn:mock-server:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": detail,
            **members,
        }


NO_PATH = Problem("no-path", "No such path in the document", 404)
NO_METHOD = Problem("no-method", "The path has no such method", 405)
NOT_ACCEPTABLE = Problem("not-acceptable", "No documented media type is acceptable", 406)
MALFORMED_MESSAGE = Problem("malformed-message", "The request is no HTTP/1.1", 400)
TOO_SLOW = Problem("too-slow", "The request did not come in time", 408)
TARGET_TOO_LONG = Problem("target-too-long", "The request line is too long", 414)
HEADER_TOO_LARGE = Problem("header-too-large", "The header of the request is too large", 431)
NOT_SPOKEN = Problem("not-spoken", "That part of HTTP is not spoken here", 501)
NO_ROOM = Problem("no-room", "There is no room for more", 503)
NO_SUCH_VERSION = Problem("no-such-version", "Only HTTP/1.1 is spoken here", 505)
CONTENT_TOO_LARGE = Problem("content-too-large", "The request body is too large", 413)
UNSUPPORTED_MEDIA_TYPE = Problem("unsupported-media-type", "The media type of the request is not documented", 415)
UNKNOWN_CODING = Problem("unknown-coding", "The content coding of the request is not known", 415)
MALFORMED_CODING = Problem("malformed-coding", "The request is not coded as it says", 400)
UNAUTHORIZED = Problem("unauthorized", "No security requirement is met", 401)
INVALID_TOKEN = Problem("invalid-token", "The token is not good", 401)
INSUFFICIENT_SCOPE = Problem("insufficient-scope", "The token is not for this", 403)
TOO_MANY_REQUESTS = Problem("too-many-requests", "The client has used its quota", 429)
INVALID_REQUEST = Problem("invalid-request", "The request breaks the document", 422)
MALFORMED_PREFERENCE = Problem("malformed-preference", "A preference can't be obeyed", 422)
MALFORMED_WORLD = Problem("malformed-world", "That can't name a world", 400)
NOT_FOUND = Problem("not-documented", "What was asked for is not in the document", 404)
UNSATISFIABLE = Problem("unsatisfiable", "No conforming answer exists or was found", 500)
UNSERVABLE = Problem("unservable", "The document can't be answered from here", 500)
CONFLICT = Problem("conflict", "The request contradicts what is there", 409)
PRECONDITION_FAILED = Problem("precondition-failed", "What is there is not what the request expects", 412)
UNPROCESSABLE = Problem("unprocessable", "The change can't be made", 422)
STORE_UNAVAILABLE = Problem("store-unavailable", "The store of the state can't be used", 503)
HANDLER_SILENT = Problem("handler-silent", "A handler gives no answer that can be sent", 500)
NO_RESPONSE = Problem("no-response", "The operation documents no response", 500)
INVALID_ANSWER = Problem("invalid-answer", "The answer that was written down breaks the document", 500)
FAULT_UNAVAILABLE = Problem("fault-unavailable", "A fault can't be had", 501)
TOKEN_NEEDED = Problem("admin-token-needed", "The admin side needs its token", 401)
FOREIGN_ORIGIN = Problem("foreign-origin", "This is not for pages of other origins", 403)
FOREIGN_HOST = Problem("foreign-host", "The server does not answer for that host", 403)
FOREIGN_PREFERENCE = Problem("foreign-preference", "A link of another origin can't prefer an answer", 403)
NO_ADMIN_PATH = Problem("no-admin-path", "The admin side has no such path", 404)
NO_ADMIN_METHOD = Problem("no-admin-method", "The path of the admin side has no such method", 405)
NOT_ALLOWED = Problem("callback-not-allowed", "Nothing may be sent there", 403)
NOT_THERE = Problem("not-there", "What was asked for is not there", 404)
MALFORMED_ADMIN = Problem("malformed-admin-request", "The admin side can't read that", 422)
NO_WEB_SOCKET = Problem("no-web-socket", "Web sockets are not passed on", 501)
BAD_GATEWAY = Problem("bad-gateway", "The real server gave no answer", 502)
GATEWAY_TIMEOUT = Problem("gateway-timeout", "The real server gave no answer in time", 504)
LOOP = Problem("loop", "The proxy asks itself", 508)


def describe(findings: Sequence[Finding]) -> list[JsonValue]:
    """
    Return findings as members of problem details.

    What is wrong, where in the request, by which rule of the document.
    """
    described: list[JsonValue] = []
    for rule, message, place, instance, *_ in findings:
        members: JsonObject = {"rule": rule, "message": message, "instance": format_pointer(instance or ())}
        if place is not None:
            members["place"] = _write_place(place)
        described.append(members)
    return described


_places: BoundedCache[int, tuple[Place, str]] = BoundedCache(1_024)  # by id, those that are named again and again


def _write_place(place: Place) -> str:
    known = _places.get(id(place))
    if known is None or known[0] is not place:
        known = _places[id(place)] = place, str(place)
    return known[1]


FIELD: Final = b"sl-violations"
_MOST: Final = 20
_LONGEST: Final = 300  # characters of a message: servers and clients bound what a header may be
_SEVERITIES: Final = {Level.ERROR: "Error", Level.WARNING: "Warning", Level.NOTE: "Information"}
_SIDES: Final = {"response": "response", "callback": "request"}
_KINDS: Final = {
    name: (_SIDES.get(name.partition("-")[0], "request"), _SEVERITIES[rule.level]) for name, rule in RULES.items()
}


def write_violations(findings: Sequence[Finding]) -> bytes:
    """Write the first findings as a JSON list in ASCII: where, how bad, which rule, what."""
    violations = []
    for rule, message, _, instance, *_ in findings[:_MOST]:
        side, severity = _KINDS[rule]
        if len(message) > _LONGEST:
            message = message[:_LONGEST] + "…"  # noqa: PLW2901
        location = [side, *instance] if instance else [side]
        violations.append({"location": location, "severity": severity, "code": rule, "message": message})
    written = orjson.dumps(violations)
    if written.isascii():
        return written
    return json.dumps(violations, separators=(",", ":")).encode("ascii")
