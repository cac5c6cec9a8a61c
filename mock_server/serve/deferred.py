"""
Applications that are made when they are first asked for.

Swagger UI, the admin side and the console bring Connexion, Starlette and templates with them: half of the time that a
server takes to start, and a third of its memory. Most servers are never asked for them.
"""

import asyncio
import importlib
from collections.abc import Callable

from mock_server.serve.backend import Asgi, Backend, Receive, Scope, Send
from mock_server.serve.life import beside, settle
from mock_server.serve.middleware import MockMiddleware


class Deferred:
    """Stands for an application until somebody asks it for something."""

    def __init__(self, make: Callable[[], Asgi]) -> None:
        """
        Make nothing yet.

        Args:
            make: Makes it; called once, in a thread, since it takes a moment.
        """
        self._make = make
        self._made: Asgi | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if self._made is None:
            async with self._lock:
                if self._made is None:
                    self._made = await asyncio.to_thread(self._make)
        await self._made(scope, receive, send)


def deferred_app(backend: Backend) -> Asgi:
    """
    Make the ASGI application of a server, Connexion's part of it deferred.

    It answers as the one that `app.create_app` makes: requests meet the same middleware, and what that hands on goes to that
    application.
    """
    settle(backend)
    return MockMiddleware(_Rest(backend), backend)


class _Rest:
    """What our middleware hands on: the life of the server, which is ours, and what Connexion's application is made for."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._app = Deferred(lambda: importlib.import_module("mock_server.serve.app").create_app(backend))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(self._backend, receive, send)
        else:
            await self._app(scope, receive, send)


async def _live(backend: Backend, receive: Receive, send: Send) -> None:
    """Run what runs beside the server, from its start to its end. ASGI, "Lifespan Protocol"."""
    async with beside(backend):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
