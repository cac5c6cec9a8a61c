"""
An exchange, told: in WireMock's shapes, with members of ours beside.

Source: https://wiremock.org/docs/verifying/ , LoggedRequest and ServeEvent

Many exchanges in one file: lines that `mock-server validate` reads, or HAR 1.2 for browsers and proxies.

What all views of the admin side share: the server's inside, and who tells of it.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
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
    """Return whether somebody knew what to answer: the document, or a mapping."""
    return recorded.answer.source not in _UNMATCHED


@dataclass(frozen=True, slots=True)
class ExchangeRenderer:
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


def tell_findings(findings: Sequence[Finding], concealed: MaskedExchange) -> list[JsonValue]:
    """Return what was found in a request: the rule, what is wrong, where in the request, where in the document."""
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


def iter_lines(exchanges: Iterable[Recorded], teller: ExchangeRenderer) -> Iterator[bytes]:
    """Write exchanges as NDJSON, one a line."""
    return (write_json(_line(recorded, teller)) + b"\n" for recorded in exchanges)


def iter_entries(exchanges: Iterable[Recorded], teller: ExchangeRenderer) -> Iterator[bytes]:
    """Write exchanges as a HAR file."""
    return iter_archive(_entry(recorded, teller) for recorded in exchanges)


def _line(recorded: Recorded, teller: ExchangeRenderer) -> JsonObject:
    concealed = teller.masker.conceal(recorded)
    request, response = concealed.request, concealed.answered
    return {
        "number": recorded.number,
        "moment": render_moment(recorded.moment),
        "operation": recorded.answer.entry.id if recorded.answer.entry is not None else None,
        "source": recorded.answer.source,
        "world": shown_name(recorded.world),
        "milliseconds": round(recorded.seconds * 1000, 3),
        "disturbance": recorded.disturbance,
        "request": {
            "method": request.method,
            "url": teller.url(concealed),
            "headers": render_fields(request.fields),
            **render_body(request.body),
        },
        "response": {
            "status": response.status,
            "headers": render_fields(response.fields),
            **render_body(response.body),
        },
        "findings": tell_findings(recorded.answer.findings, concealed),
    }


def _entry(recorded: Recorded, teller: ExchangeRenderer) -> JsonObject:
    concealed = teller.masker.conceal(recorded)
    if recorded.answer.entry is not None:
        operation = recorded.answer.entry.id
    else:
        operation = "nothing documented"
    met = f", {recorded.disturbance}" if recorded.disturbance is not None else ""
    return har_entry(
        concealed.request,
        concealed.response,
        teller.url(concealed),
        moment=recorded.moment,
        seconds=recorded.seconds,
        comment=f"{operation}: {recorded.answer.source}{met}",
    )


@dataclass(eq=False)
class AdminContext:
    """Where the views work."""

    backend: Backend
    _mounts: tuple[Mount, ...] = ()
    _masker: Masker = field(default_factory=lambda: Masker(()))

    @property
    def masker(self) -> Masker:
        """Takes secrets out, as the documents that are served now know them."""
        if self._mounts is not self.backend.mounts:
            self._mounts = self.backend.mounts
            self._masker = Masker(mount.responder.document for mount in self._mounts)
        return self._masker

    @property
    def teller(self) -> ExchangeRenderer:
        """Who tells of exchanges."""
        settings = self.backend.settings
        return ExchangeRenderer(
            self.masker, f"{'https' if settings.tls_cert else 'http'}://{settings.host}:{settings.port}"
        )

    @property
    def limit(self) -> int:
        """How many bytes a body may have that the admin side is sent."""
        return self.backend.settings.max_body

    def render_delivery(self, delivery: Delivery) -> JsonObject:
        """Return a callback or webhook without its secrets, those of the exchange that set it off included."""
        world = self.backend.worlds.known(delivery.world)
        cause = world.journal.find(delivery.cause) if world is not None and delivery.cause is not None else None
        mask = self.masker.mask if cause is None else self.masker.mask.seen_in(cause.request)
        return {**mask_posted(delivery, mask), "world": shown_name(delivery.world)}

    async def explain(self, message: Message, world: World) -> tuple[Responder, Explained]:
        """Explain how a request is answered in a world, by the document that describes it."""
        path, query = message.path.decode("latin-1"), message.query.decode("latin-1")
        responder = self.backend.find_mount(message.method, path, query).responder
        return responder, await run_blocking(partial(explain, responder, message, world))

    def exchanges(self, request: Request) -> list[Recorded]:
        """Return the exchanges of the worlds that a request is about, the oldest first."""
        found = [recorded for world in some_worlds(request, self.backend.worlds) for recorded in world.journal]
        return sorted(found, key=_number)


def _number(recorded: Recorded) -> int:
    return recorded.number
