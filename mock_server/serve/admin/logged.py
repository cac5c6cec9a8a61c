"""
An exchange, told: in WireMock's shapes, with members of ours beside.

Source: https://wiremock.org/docs/verifying/ , LoggedRequest and ServeEvent
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_plus

from mock_server.exchange.mask import Shown
from mock_server.exchange.message import RawFields, Response, find_field
from mock_server.exchange.parameter import parse_query
from mock_server.exchange.problem import NO_METHOD, NO_PATH
from mock_server.finding import Finding
from mock_server.pointer import format_pointer
from mock_server.serve.admin.json_api import shown_name
from mock_server.serve.journal import Recorded
from mock_server.serve.masker import Masker
from mock_server.typing import JsonObject, JsonValue

_UNMATCHED: Final = frozenset(f"problem:{kind.name}" for kind in (NO_PATH, NO_METHOD))


def is_matched(recorded: Recorded) -> bool:
    """Whether somebody knew what to answer: the document, or a mapping."""
    return recorded.answer.source not in _UNMATCHED


def moment_of(seconds: float) -> str:
    """A moment as RFC 3339 has it, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of exchanges, without their secrets."""

    masker: Masker
    origin: str  # of a request that does not say where it was sent

    def request(self, recorded: Recorded) -> JsonObject:
        """WireMock's LoggedRequest, with an id."""
        return self._request(recorded, self.masker.conceal(recorded))

    def event(self, recorded: Recorded) -> JsonObject:
        """WireMock's ServeEvent: the request, the answer, and what is known of both."""
        concealed = self.masker.conceal(recorded)
        answer = recorded.answer
        response = _response(concealed.answered)
        milliseconds = round(recorded.seconds * 1000, 3)
        return {
            "id": recorded.id,
            "request": self._request(recorded, concealed),
            "responseDefinition": {**response, "fromConfiguredStub": is_matched(recorded)},
            "response": response,
            "wasMatched": is_matched(recorded),
            "timing": {"totalTime": round(milliseconds)},
            "operation": answer.entry.id if answer.entry is not None else None,
            "source": answer.source,
            "findings": tell_findings(answer.findings, concealed),
            "world": shown_name(recorded.world),
            "milliseconds": milliseconds,
            "disturbance": recorded.disturbance,
        }

    def url(self, concealed: Shown) -> str:
        """The whole URL of a request."""
        scheme, _, host = self.origin.partition("://")
        return f"{scheme}://{find_field(concealed.request.fields, b'host') or host}{_target(concealed)}"

    def _request(self, recorded: Recorded, concealed: Shown) -> JsonObject:
        request = concealed.request
        return {
            "id": recorded.id,
            "url": _target(concealed),
            "absoluteUrl": self.url(concealed),
            "method": request.method,
            "headers": _headers(request.fields),
            "cookies": dict(self.masker.mask.cookies(recorded.request.fields)),
            "queryParams": _query(request.query.decode("latin-1")),
            "body": request.body.decode("utf-8", "replace"),
            "bodyAsBase64": base64.b64encode(request.body).decode(),
            "loggedDate": round(recorded.moment * 1000),
            "loggedDateString": moment_of(recorded.moment),
        }


def tell_findings(findings: Sequence[Finding], concealed: Shown) -> list[JsonValue]:
    """What was found in a request: the rule, what is wrong, where in the request, where in the document."""
    return [
        {
            "rule": finding.rule,
            "level": finding.level.name.lower(),
            "message": concealed.mask.finding(finding.message, finding.instance),
            "instance": concealed.mask.text(format_pointer(finding.instance or ())),
            "place": str(finding.place) if finding.place is not None else None,
        }
        for finding in findings
    ]


def _target(concealed: Shown) -> str:
    request = concealed.request
    return request.path.decode("latin-1") + ("?" + request.query.decode("latin-1") if request.query else "")


def _response(response: Response) -> JsonObject:
    return {
        "status": response.status,
        "headers": _headers(response.fields),
        "body": response.body.decode("utf-8", "replace"),
        "bodyAsBase64": base64.b64encode(response.body).decode(),
    }


def _headers(fields: RawFields) -> JsonObject:
    """Header fields by name; several of one name as a list."""
    found: dict[str, list[JsonValue]] = {}
    for name, value in fields:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _query(query: str) -> JsonObject:
    """WireMock's query parameters: each with its name and all of its values."""
    found: dict[str, list[JsonValue]] = {}
    for name, raw in parse_query(query):
        found.setdefault(name, []).append(unquote_plus(raw))
    return {name: {"key": name, "values": values} for name, values in found.items()}
