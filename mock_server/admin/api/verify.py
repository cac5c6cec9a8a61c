"""Verification by WireMock's request patterns: count, find and remove exchanges, and list near misses."""

import asyncio
import base64
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.journal import forget_exchanges
from mock_server.admin.acts.mappings import refuse_script
from mock_server.admin.exchange import AdminContext, is_matched
from mock_server.admin.json import malformed, one_world, read_object, reply, some_worlds
from mock_server.errors import MockServerError, ScriptError
from mock_server.exchange.message import Request as Message
from mock_server.exchange.router import Matched
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.journal import Recorded
from mock_server.respond.match.near_misses import NEAREST, match_result, near_fixtures, near_routes, near_stubs
from mock_server.respond.match.request_pattern import PatternRequest, RequestPattern, read_pattern
from mock_server.respond.worlds import World

_MOST_UNMATCHED = 50  # requests whose near misses are looked for at once


def verify_routes(context: AdminContext) -> list[Route]:
    """Return the routes of verification."""
    views = _VerifyViews(context)
    return [
        Route("/__admin/requests/count", views.count, methods=["POST"]),
        Route("/__admin/requests/find", views.find, methods=["POST"]),
        Route("/__admin/requests/remove", views.remove, methods=["POST"]),
        Route("/__admin/requests/unmatched/near-misses", views.near_unmatched, methods=["GET"]),
        Route("/__admin/near-misses/request", views.near_request, methods=["POST"]),
        Route("/__admin/near-misses/request-pattern", views.near_pattern, methods=["POST"]),
    ]


class _VerifyViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    async def count(self, request: Request) -> Response:
        """Count the requests that match a pattern."""
        return reply({"count": len(await self._matching(request)), **self._state})

    async def find(self, request: Request) -> Response:
        """List the requests that match a pattern, oldest first."""
        renderer = self._context.renderer
        return reply(
            {"requests": [renderer.request(recorded) for recorded in await self._matching(request)], **self._state}
        )

    async def remove(self, request: Request) -> Response:
        """Forget the requests that match a pattern, and list them."""
        found, renderer = await self._matching(request), self._context.renderer
        forget_exchanges(some_worlds(request, self._context.backend.worlds), {recorded.id for recorded in found})
        return reply({"requests": [renderer.event(recorded) for recorded in found], **self._state})

    async def near_unmatched(self, request: Request) -> Response:
        """Show what unmatched requests came closest to."""
        unmatched = [recorded for recorded in self._context.exchanges(request) if not is_matched(recorded)]
        latest = unmatched[-_MOST_UNMATCHED:]
        renderer, worlds = self._context.renderer, self._context.backend.worlds

        def find_near() -> list[JsonValue]:
            return [
                near
                for recorded in latest
                for near in self._near(recorded.request, renderer.request(recorded), worlds.get(recorded.world))
            ]

        return reply({"nearMisses": await asyncio.to_thread(find_near)})

    async def near_request(self, request: Request) -> Response:
        """Show what a given request comes closest to; its shape is the journal's."""
        given = await read_object(request, self._context.limit)
        message, world = read_message(given), one_world(request, self._context.backend.worlds)
        masked = self._context.masker.mask.value(given)
        shown: JsonObject = masked if isinstance(masked, dict) else {}
        return reply({"nearMisses": await asyncio.to_thread(lambda: self._near(message, shown, world))})

    async def near_pattern(self, request: Request) -> Response:
        """List the requests that come closest to a pattern."""
        pattern = read_request_pattern(await read_object(request, self._context.limit))
        exchanges, renderer = self._context.exchanges(request), self._context.renderer

        def find_nearest() -> list[JsonValue]:
            distances = ((pattern.distance(PatternRequest(recorded.request)), recorded) for recorded in exchanges)
            nearest = nsmallest(NEAREST, distances, key=lambda item: (item[0], -item[1].number))
            return [
                {
                    "request": renderer.request(recorded),
                    "requestPattern": pattern.written,
                    "matchResult": {"distance": round(distance, 4)},
                }
                for distance, recorded in nearest
            ]

        return reply({"nearMisses": await asyncio.to_thread(find_nearest)})

    @property
    def _state(self) -> JsonObject:
        return {"requestJournalDisabled": not self._context.backend.settings.journal}

    async def _matching(self, request: Request) -> list[Recorded]:
        pattern = read_request_pattern(await read_object(request, self._context.limit))
        exchanges = self._context.exchanges(request)

        def select() -> list[Recorded]:
            return [recorded for recorded in exchanges if pattern.matches(PatternRequest(recorded.request))]

        return await asyncio.to_thread(select)

    def _near(self, message: Message, rendered: JsonObject, world: World) -> list[JsonValue]:
        """Return the mappings and operations nearest to a request, the nearest first."""
        backend, request = self._context.backend, PatternRequest(message)
        routes = (route for mount in backend.mounts for route in mount.responder.routes())
        near: list[tuple[float, JsonObject]] = [
            (
                each.distance,
                {"stubMapping": each.mapping.written, "matchResult": match_result(each.mapping.pattern, request)},
            )
            for each in near_stubs(backend.stubs.candidates(world), request)
        ]
        for each in near_routes(routes, message.method, request.path):
            pattern: JsonObject = {"method": each.route.entry.method, "urlPathTemplate": each.route.template}
            found: JsonObject = {"requestPattern": pattern, "operation": each.route.entry.id}
            near.append((each.distance, {**found, "matchResult": {"distance": round(each.distance, 4)}}))
        near.extend(self._near_fixtures(message, world))
        return [{"request": rendered, **found} for _, found in nsmallest(NEAREST, near, key=lambda pair: pair[0])]

    def _near_fixtures(self, message: Message, world: World) -> Iterator[tuple[float, JsonObject]]:
        """Yield the fixtures of the operation of a request, with the distance to their conditions."""
        for mount in self._context.backend.mounts:
            responder = mount.responder
            matched = responder.find(message)
            if not isinstance(matched, Matched):
                continue
            operation = matched.route.target.id
            try:
                decoded = responder.read(matched, message, world).understood
            except MockServerError:
                continue
            for each in near_fixtures(responder.fixtures.by_operation.get(operation, ()), message, decoded):
                found: JsonObject = {"fixture": each.fixture.name, "operation": operation}
                yield each.distance, {**found, "matchResult": {"distance": round(each.distance, 4)}}


def read_request_pattern(value: JsonObject) -> RequestPattern:
    """
    Read a request pattern.

    Raises:
        AdminRefusal: it is none, with the place.
    """
    try:
        return read_pattern(value)
    except ScriptError as error:
        raise refuse_script(error) from error


def read_message(value: JsonObject) -> Message:
    """
    Read a request in the shape of the journal: `method`, `url`, `headers`, `body` or `bodyAsBase64`.

    Raises:
        AdminRefusal: it is none.
    """
    url = value.get("url") or value.get("absoluteUrl")
    if not isinstance(url, str) or not url:
        raise malformed('a request has a url, and a method: {"method": "GET", "url": "/api/things/1"}', "/url")
    method, headers = value.get("method", "GET"), value.get("headers", {})
    if not isinstance(method, str) or not isinstance(headers, dict):
        raise malformed("the method is a text, the headers are an object of names and texts", "/method")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise malformed(f"{url[:200]!r} is no URL: {error}", "/url") from error
    fields = [
        (name.lower().encode("latin-1", "replace"), text.encode("latin-1", "replace"))
        for name, text in _header_texts(headers)
    ]
    path = parts.path.encode("utf-8", "surrogatepass") or b"/"
    return Message(method.upper(), path, parts.query.encode("utf-8", "surrogatepass"), fields, _body(value))


def _header_texts(headers: JsonObject) -> Iterable[tuple[str, str]]:
    for name, value in headers.items():
        for text in value if isinstance(value, list) else [value]:
            yield name, str(text)


def _body(value: JsonObject) -> bytes:
    encoded, text = value.get("bodyAsBase64"), value.get("body")
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise malformed("bodyAsBase64 is no base64", "/bodyAsBase64") from error
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    return b""
