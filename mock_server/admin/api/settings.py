"""Settings of a running server: delays and faults, reset and shutdown, and the real operations of a proxy."""

import os
import signal

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.access import Guard
from mock_server.admin.acts.settings import change_faults, find_fault_injector, replace_faults, reset_server
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import AdminRefusal, malformed, missing, read_object, reply, world_named
from mock_server.document.model import Entry
from mock_server.errors import UsageError
from mock_server.exchange import problem
from mock_server.faults import FaultSettings
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.server.backend import Forwarder


def setting_routes(context: AdminContext, guard: Guard) -> list[Route]:
    """Return the routes of settings."""
    views = _SettingViews(context, guard)
    return [
        Route("/__admin/settings", views.show, methods=["GET"]),
        Route("/__admin/settings", views.replace, methods=["PUT", "POST"]),
        Route("/__admin/settings", views.change, methods=["PATCH"]),
        Route("/__admin/reset", views.reset, methods=["POST"]),
        Route("/__admin/shutdown", views.shut_down, methods=["POST"]),
    ]


class _SettingViews:
    def __init__(self, context: AdminContext, guard: Guard) -> None:
        self._context = context
        self._guard = guard

    async def show(self, request: Request) -> Response:
        """Show the current delays and faults, and the settings that the server was started with."""
        return reply(self._render())

    async def replace(self, request: Request) -> Response:
        """Replace delays and faults; what is not given is switched off."""
        replace_faults(self._context.backend, await read_object(request, self._context.limit))
        return reply(self._render())

    async def change(self, request: Request) -> Response:
        """Change delays and faults; what is not given stays, null removes it."""
        change_faults(self._context.backend, await read_object(request, self._context.limit))
        return reply(self._render())

    async def reset(self, request: Request) -> Response:
        """Reset a world; with ?world=*, all worlds, the settings and the mappings."""
        backend = self._context.backend
        await reset_server(backend, world_named(request, backend.worlds))
        return reply({})

    async def shut_down(self, request: Request) -> Response:
        """Stop the server; allowed only if it has a token."""
        if self._guard.token is None:
            raise AdminRefusal(
                problem.TOKEN_NEEDED, "only who has a token may stop a server; start it with --admin-token"
            )
        return reply({}, task=BackgroundTask(os.kill, _server(self._context), signal.SIGINT))

    def _render(self) -> JsonObject:
        settings = self._context.backend.settings
        disturbances = find_fault_injector(self._context.backend).disturbances
        return {
            "settings": {"fixedDelay": _fixed(disturbances), **disturbances.json()},
            "started": {
                "seed": settings.seed,
                "locale": settings.locale,
                "source": list(settings.source),
                "validateRequests": settings.validate_requests,
                "security": settings.security,
                "cors": settings.cors,
                "profile": settings.profile,
                "journal": settings.journal,
                "workers": settings.workers,
                "maxBody": settings.max_body,
            },
        }


def _server(context: AdminContext) -> int:
    """Return the process to stop: of several workers, the one that started them."""
    if context.backend.settings.workers > 1:
        return os.getppid()
    return os.getpid()


def _fixed(disturbances: FaultSettings) -> int | None:
    """Return WireMock's fixed delay, in milliseconds."""
    written = disturbances.all.delay.json() if disturbances.all.delay is not None else {}
    length = written.get("milliseconds")
    if isinstance(length, int | float):
        return round(length)
    return None


_KNOWN_OF_UPSTREAM = ("operations", "fallbackOn")


def upstream_routes(context: AdminContext) -> list[Route]:
    """Return the routes of the real server."""
    views = _UpstreamViews(context)
    return [
        Route("/__admin/upstream", views.show, methods=["GET"]),
        Route("/__admin/upstream", views.change, methods=["PATCH"]),
    ]


class _UpstreamViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    @property
    def _relay(self) -> Forwarder:
        relay = self._context.backend.relay
        if relay is None:
            raise missing("no real server stands behind this one; `mock-server proxy` puts it before one")
        return relay

    async def show(self, request: Request) -> Response:
        """Show the real server behind a proxy and the operations that are mocked instead."""
        return reply(self._render())

    async def change(self, request: Request) -> Response:
        """Choose the operations of the real server (true) and of the mock (false), and what it is a fallback for."""
        given = await read_object(request, self._context.limit)
        unknown = next((name for name in given if name not in _KNOWN_OF_UPSTREAM), None)
        if unknown is not None:
            raise malformed(f"{unknown!r} can't be changed; {' and '.join(_KNOWN_OF_UPSTREAM)} can", f"/{unknown}")
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
        return reply(self._render())

    def _read_operations(self, given: JsonValue) -> list[tuple[Entry, bool]]:
        if not isinstance(given, dict):
            raise malformed("operations is an object of operationIds or titles and true or false", "/operations")
        found = []
        for name, upstream in given.items():
            entries = (mount.responder.document.find_entry(name) for mount in self._context.backend.mounts)
            entry = next((entry for entry in entries if entry is not None), None)
            pointer = format_pointer(("operations", name))
            if entry is None:
                raise malformed(f"the document has no operation {name!r}", pointer)
            if not isinstance(upstream, bool):
                raise malformed("true or false says who answers an operation", pointer)
            found.append((entry, upstream))
        return found

    def _render(self) -> JsonObject:
        relay = self._relay
        mocked: list[JsonValue] = [*sorted(relay.choices.mocked)]
        return {"url": relay.url, "mocked": mocked, "fallbackOn": [*relay.choices.fallback_on]}
