"""Callbacks and webhooks: list and forget deliveries, send a webhook."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.callbacks import resend_callback
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import (
    ALL,
    AdminRefusal,
    malformed,
    missing,
    one_world,
    read_object,
    reply,
    world_named,
)
from mock_server.document.model import MISSING, Missing
from mock_server.errors import UsageError
from mock_server.exchange import problem
from mock_server.json_values import JsonValue
from mock_server.server.backend import CallbackService, Outcome


def callback_routes(context: AdminContext) -> list[Route]:
    """Return the routes of callbacks and webhooks."""
    views = _CallbackViews(context)
    return [
        Route("/__admin/callbacks", views.list, methods=["GET"]),
        Route("/__admin/callbacks", views.clear, methods=["DELETE"]),
        Route("/__admin/callbacks/{id}/resend", views.resend, methods=["POST"]),
        Route("/__admin/webhooks", views.webhooks, methods=["GET"]),
        Route("/__admin/webhooks/{name:path}", views.send, methods=["POST"]),
    ]


class _CallbackViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    @property
    def _outbox(self) -> CallbackService:
        outbox = self._context.backend.outbox
        if outbox is None:
            raise missing("this server sends no callbacks")
        return outbox

    async def list(self, request: Request) -> Response:
        """List the callbacks and webhooks that were sent, or refused, newest first."""
        name = world_named(request, self._context.backend.worlds)
        found = [self._context.render_delivery(posted) for posted in self._outbox if name in {ALL, posted.world}]
        return reply({"callbacks": [*reversed(found)], "meta": {"total": len(found)}})

    async def clear(self, request: Request) -> Response:
        """Forget the callbacks that were sent."""
        name = world_named(request, self._context.backend.worlds)
        self._outbox.clear(None if name == ALL else name)
        return reply({})

    async def resend(self, request: Request) -> Response:
        """Send a callback or webhook again, as it was."""
        posted = resend_callback(self._context.backend, request.path_params["id"])
        return reply(self._context.render_delivery(posted), 202)

    async def webhooks(self, request: Request) -> Response:
        """List the documented webhooks."""
        names: list[JsonValue] = list(self._outbox.webhooks())
        return reply({"webhooks": names})

    async def send(self, request: Request) -> Response:
        """Send a webhook to {"url": …}, with a generated body or the given one."""
        given = await read_object(request, self._context.limit)
        url = given.get("url")
        if not isinstance(url, str) or not given.keys() <= {"url", "body"}:
            raise malformed('say where to, and what if you like: {"url": "http://localhost:9000/", "body": {}}', "/url")
        world = one_world(request, self._context.backend.worlds).name
        body: JsonValue | Missing = given.get("body", MISSING)
        try:
            posted = self._outbox.send_webhook(request.path_params["name"], url, world, body)
        except UsageError as error:
            raise missing(str(error)) from error
        if posted.outcome is Outcome.REFUSED:
            raise AdminRefusal(problem.NOT_ALLOWED, posted.reason)
        return reply(self._context.render_delivery(posted), 202)
