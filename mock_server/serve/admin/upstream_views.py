"""Which operations the real server behind a proxy answers, and which the mock."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.errors import UsageError
from mock_server.serve.admin.desk import Desk
from mock_server.serve.admin.json_api import malformed, missing, read_object, reply
from mock_server.serve.backend import Relay
from mock_server.spec.model import Entry
from mock_server.typing import JsonObject, JsonValue

_KNOWN = ("operations", "fallbackOn")


def upstream_routes(desk: Desk) -> list[Route]:
    """The routes of the real server."""
    views = _UpstreamViews(desk)
    return [
        Route("/__admin/upstream", views.show, methods=["GET"]),
        Route("/__admin/upstream", views.change, methods=["PATCH"]),
    ]


class _UpstreamViews:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _relay(self) -> Relay:
        relay = self._desk.backend.relay
        if relay is None:
            raise missing("no real server stands behind this one; `mock-server proxy` puts it before one")
        return relay

    async def show(self, request: Request) -> Response:
        """Show the real server behind a proxy and the operations that are mocked instead."""
        return reply(self._told())

    async def change(self, request: Request) -> Response:
        """Choose who answers operations, the real server (true) or the mock (false), and what the mock is a fallback for."""
        given = await read_object(request, self._desk.limit)
        unknown = next((name for name in given if name not in _KNOWN), None)
        if unknown is not None:
            raise malformed(f"{unknown!r} can't be changed; {' and '.join(_KNOWN)} can", f"/{unknown}")
        chosen = self._read_operations(given.get("operations", {}))
        choices = self._relay.choices
        if "fallbackOn" in given:
            words = given["fallbackOn"]
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise malformed("fallbackOn is a list of texts", "/fallbackOn")
            try:
                choices.fallback_on = tuple(map(str, words))
            except UsageError as error:
                raise malformed(str(error), "/fallbackOn") from error
        for entry, upstream in chosen:
            choices.choose(entry.id, upstream=upstream)
        return reply(self._told())

    def _read_operations(self, given: JsonValue) -> list[tuple[Entry, bool]]:
        if not isinstance(given, dict):
            raise malformed("operations is an object of operationIds or titles and true or false", "/operations")
        found = []
        for name, upstream in given.items():
            entries = (mount.responder.document.find_entry(name) for mount in self._desk.backend.mounts)
            entry = next((entry for entry in entries if entry is not None), None)
            if entry is None or not isinstance(upstream, bool):
                why = f"the document has no operation {name!r}" if entry is None else "true or false says who answers an operation"
                raise malformed(why, f"/operations/{name.replace('~', '~0').replace('/', '~1')}")
            found.append((entry, upstream))
        return found

    def _told(self) -> JsonObject:
        relay = self._relay
        mocked: list[JsonValue] = [*sorted(relay.choices.mocked)]
        return {"url": relay.url, "mocked": mocked, "fallbackOn": [*relay.choices.fallback_on]}
