"""Callbacks and webhooks: what was sent and what became of it; sending one by hand."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.errors import UsageError
from mock_server.serve.admin.desk import Desk
from mock_server.serve.admin.json_api import ALL, malformed, missing, one_world, read_object, reply, world_named
from mock_server.serve.backend import Sender
from mock_server.spec.model import MISSING


def callback_routes(desk: Desk) -> list[Route]:
    """The routes of callbacks and webhooks."""
    views = _CallbackViews(desk)
    return [
        Route("/__admin/callbacks", views.list, methods=["GET"]),
        Route("/__admin/callbacks", views.forget, methods=["DELETE"]),
        Route("/__admin/webhooks", views.webhooks, methods=["GET"]),
        Route("/__admin/webhooks/{name:path}", views.send, methods=["POST"]),
    ]


class _CallbackViews:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Response:
        """The callbacks and webhooks that were sent, or should have been, and what became of them; the newest first."""
        name = self._world(request)
        sent = [posted.json() for posted in self._desk.backend.outbox or () if name in {ALL, posted.world}]
        return reply({"callbacks": list(reversed(sent)), "meta": {"total": len(sent)}})

    async def forget(self, request: Request) -> Response:
        """Forget what was sent; what waits is sent all the same."""
        name = self._world(request)
        if self._desk.backend.outbox is not None:
            self._desk.backend.outbox.clear(None if name == ALL else name)
        return reply({})

    async def webhooks(self, request: Request) -> Response:
        """The names of the webhooks that are documented."""
        outbox = self._desk.backend.outbox
        return reply({"webhooks": list(outbox.webhooks() if outbox is not None else ())})

    async def send(self, request: Request) -> Response:
        """Send a webhook: {"url": "http://…"}, and a "body" where none is to be made."""
        given = await read_object(request, self._desk.limit)
        outbox = self._outbox()
        url, body = given.get("url"), given.get("body", MISSING)
        if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
            raise malformed('say where to: {"url": "http://localhost:9000/hook"}', "/url")
        world = one_world(request, self._desk.backend.worlds)
        try:
            posted = outbox.send_webhook(request.path_params["name"], url, world.name, body)
        except UsageError as error:
            raise missing(str(error)) from error
        return reply(posted.json(), 202)

    def _world(self, request: Request) -> str:
        name = world_named(request, self._desk.backend.worlds)
        return name if name == ALL else self._desk.backend.worlds.get(name).name

    def _outbox(self) -> Sender:
        if self._desk.backend.outbox is None:
            raise missing("this server sends no webhooks: no document has any")
        return self._desk.backend.outbox
