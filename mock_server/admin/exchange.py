"""
Exchanges without their secrets, and the context of all views.

One exchange is rendered in WireMock's shapes LoggedRequest and ServeEvent (https://wiremock.org/docs/verifying/), with
members of ours added; many are written as NDJSON, which `mock-server validate` reads, or as HAR 1.2.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request

from mock_server.admin.json import shown_name, some_worlds
from mock_server.exchange.body import write_json
from mock_server.exchange.har import har_entry, iter_archive
from mock_server.exchange.message import RawFields, Response, find_field
from mock_server.exchange.message import Request as Message
from mock_server.exchange.parameters import parse_query
from mock_server.exchange.problem import NO_METHOD, NO_PATH
from mock_server.exchange.render import render_body, render_fields, render_moment
from mock_server.exchange.secrets.mask import MaskedExchange
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.respond.blocking import run_blocking
from mock_server.respond.journal import Recorded
from mock_server.respond.responder import Responder
from mock_server.respond.trace import Explained, explain
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Delivery, Mount, mask_posted
from mock_server.server.masker import Masker

_UNMATCHED: Final = frozenset(f"problem:{kind.name}" for kind in (NO_PATH, NO_METHOD))


def is_matched(recorded: Recorded) -> bool:
    """Return True if an operation of the document or a mapping matched."""
    return recorded.answer.source not in _UNMATCHED


@dataclass(frozen=True, slots=True)
class ExchangeRenderer:
    """Renders exchanges without their secrets."""

    masker: Masker
    origin: str  # of requests without Host

    def request(self, recorded: Recorded) -> JsonObject:
        """Render WireMock's LoggedRequest, with an id."""
        return self._request(recorded, self.masker.conceal(recorded))

    def event(self, recorded: Recorded) -> JsonObject:
        """Render WireMock's ServeEvent: request, response, and how it was answered."""
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
            "operation": recorded.operation,
            "source": answer.source,
            "findings": render_findings(answer.findings, concealed),
            "world": shown_name(recorded.world),
            "milliseconds": milliseconds,
            "disturbance": recorded.disturbance,
        }

    def url(self, concealed: MaskedExchange) -> str:
        """Return the whole URL of a request."""
        scheme, _, host = self.origin.partition("://")
        return f"{scheme}://{find_field(concealed.request.fields, b'host') or host}{concealed.request.target}"

    def _request(self, recorded: Recorded, concealed: MaskedExchange) -> JsonObject:
        request = concealed.request
        return {
            "id": recorded.id,
            "url": concealed.request.target,
            "absoluteUrl": self.url(concealed),
            "method": request.method,
            "headers": _headers(request.fields),
            "cookies": dict(self.masker.mask.cookies(recorded.request.fields)),
            "queryParams": _query(request.query.decode("latin-1")),
            "body": request.body.decode("utf-8", "replace"),
            "bodyAsBase64": base64.b64encode(request.body).decode(),
            "loggedDate": round(recorded.moment * 1000),
            "loggedDateString": render_moment(recorded.moment),
        }


def render_findings(findings: Sequence[Finding], concealed: MaskedExchange) -> list[JsonValue]:
    """Render findings in a request: the rule, the message, the places in the request and in the document."""
    return [_finding(finding, concealed) for finding in findings]


def _finding(finding: Finding, concealed: MaskedExchange) -> JsonObject:
    return {
        "rule": finding.rule,
        "level": finding.level.name.lower(),
        "message": concealed.mask.finding(finding.message, finding.instance),
        "instance": concealed.mask.text(format_pointer(finding.instance or ())),
        "place": str(finding.place) if finding.place is not None else None,
    }


def _response(response: Response) -> JsonObject:
    return {
        "status": response.status,
        "headers": _headers(response.fields),
        "body": response.body.decode("utf-8", "replace"),
        "bodyAsBase64": base64.b64encode(response.body).decode(),
    }


def _headers(fields: RawFields) -> JsonObject:
    """Return header fields by name; the values of a repeated one as a list."""
    found: dict[str, list[JsonValue]] = {}
    for name, value in fields:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: _one_or_all(values) for name, values in found.items()}


def _one_or_all(values: list[JsonValue]) -> JsonValue:
    if len(values) == 1:
        return values[0]
    return values


def _query(query: str) -> JsonObject:
    """Return WireMock's query parameters: each with its name and all of its values."""
    found: dict[str, list[JsonValue]] = {}
    for name, raw in parse_query(query):
        found.setdefault(name, []).append(unquote_plus(raw))
    return {name: {"key": name, "values": values} for name, values in found.items()}


def iter_lines(exchanges: Iterable[Recorded], renderer: ExchangeRenderer) -> Iterator[bytes]:
    """Write exchanges as NDJSON, one a line."""
    return (write_json(_line(recorded, renderer)) + b"\n" for recorded in exchanges)


def iter_entries(exchanges: Iterable[Recorded], renderer: ExchangeRenderer) -> Iterator[bytes]:
    """Write exchanges as a HAR file."""
    return iter_archive(_entry(recorded, renderer) for recorded in exchanges)


def _line(recorded: Recorded, renderer: ExchangeRenderer) -> JsonObject:
    concealed = renderer.masker.conceal(recorded)
    request, response = concealed.request, concealed.answered
    return {
        "number": recorded.number,
        "moment": render_moment(recorded.moment),
        "operation": recorded.operation,
        "source": recorded.answer.source,
        "world": shown_name(recorded.world),
        "milliseconds": round(recorded.seconds * 1000, 3),
        "disturbance": recorded.disturbance,
        "request": {
            "method": request.method,
            "url": renderer.url(concealed),
            "headers": render_fields(request.fields),
            **render_body(request.body),
        },
        "response": {
            "status": response.status,
            "headers": render_fields(response.fields),
            **render_body(response.body),
        },
        "findings": render_findings(recorded.answer.findings, concealed),
    }


def _entry(recorded: Recorded, renderer: ExchangeRenderer) -> JsonObject:
    concealed = renderer.masker.conceal(recorded)
    comment = f"{recorded.operation or 'nothing documented'}: {recorded.answer.source}"
    if recorded.disturbance is not None:
        comment += f", {recorded.disturbance}"
    return har_entry(
        concealed.request,
        concealed.response,
        renderer.url(concealed),
        moment=recorded.moment,
        seconds=recorded.seconds,
        comment=comment,
    )


@dataclass(eq=False)
class AdminContext:
    """The running server, as all views of the admin side use it."""

    backend: Backend
    _mounts: tuple[Mount, ...] = ()
    _masker: Masker = field(default_factory=lambda: Masker(()))

    @property
    def masker(self) -> Masker:
        """The masker of the documents that are served now."""
        if self._mounts is not self.backend.mounts:
            self._mounts = self.backend.mounts
            self._masker = Masker(mount.responder.document for mount in self._mounts)
        return self._masker

    @property
    def renderer(self) -> ExchangeRenderer:
        """The renderer of exchanges."""
        settings = self.backend.settings
        return ExchangeRenderer(
            self.masker, f"{'https' if settings.tls_cert else 'http'}://{settings.host}:{settings.port}"
        )

    @property
    def limit(self) -> int:
        """The bytes that the body of a request may have."""
        return self.backend.settings.max_body

    def render_delivery(self, delivery: Delivery) -> JsonObject:
        """Render a callback or webhook without its secrets, those of the exchange that triggered it included."""
        world = self.backend.worlds.known(delivery.world)
        cause = world.journal.find(delivery.cause) if world is not None and delivery.cause is not None else None
        mask = self.masker.mask if cause is None else self.masker.mask.seen_in(cause.request)
        return {**mask_posted(delivery, mask), "world": shown_name(delivery.world)}

    async def explain(self, message: Message, world: World) -> tuple[Responder, Explained]:
        """Explain the answer to a request in a world; returns the responder of its document as well."""
        path, query = message.path.decode("latin-1"), message.query.decode("latin-1")
        responder = self.backend.find_mount(message.method, path, query).responder
        return responder, await run_blocking(partial(explain, responder, message, world))

    def exchanges(self, request: Request) -> list[Recorded]:
        """Return the exchanges of the worlds of a request, the oldest first."""
        found = [recorded for world in some_worlds(request, self.backend.worlds) for recorded in world.journal]
        return sorted(found, key=attrgetter("number"))
