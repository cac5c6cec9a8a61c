"""
Applications that are made at their first request.

Swagger UI, the admin side and the console bring Connexion, Starlette and templates with them: half of the time that a
server takes to start, and a third of its memory. Most servers are never asked for them.

The areas beside the API, the admin side and the console: who listens from the start, and what is made when it is asked
for.
"""

import asyncio
import importlib
from collections.abc import Callable, Iterator

from mock_server.admin.access import Guard, guarded
from mock_server.admin.coverage import Coverage
from mock_server.admin.metrics import Metrics
from mock_server.compose.backend import install_defaults, run_background_tasks
from mock_server.findings import Finding
from mock_server.server.backend import Asgi, Backend, Receive, Scope, Send
from mock_server.server.middleware import MockMiddleware


class Deferred:
    """An application that is made at the first request."""

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

    It answers as the one that `app.create_app` makes: requests meet the same middleware, and what that hands on goes
    to that application.
    """
    install_defaults(backend)
    return MockMiddleware(_Rest(backend), backend)


class _Rest:
    """
    The application behind our middleware.

    The life of the server, which is ours, and what Connexion's application is made for.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._app = Deferred(lambda: importlib.import_module("mock_server.compose.app").create_app(backend))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(self._backend, receive, send)
        else:
            await self._app(scope, receive, send)


async def _live(backend: Backend, receive: Receive, send: Send) -> None:
    """Run the background tasks from the start of the server to its end. ASGI, "Lifespan Protocol"."""
    async with run_background_tasks(backend):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


ADMIN = b"/__admin"
METRICS = b"/metrics"
CONSOLE = b"/__console"


def install_admin(backend: Backend, guard: Guard) -> Coverage:
    """
    Mount the admin side of a server, and send it every exchange.

    Gives who counts what is used.
    """
    coverage = Coverage(lambda: (mount.responder for mount in backend.mounts), backend.worlds)
    metrics = Metrics(backend.worlds)
    backend.listeners += [coverage.listen, metrics.listen]

    def make() -> Asgi:
        made: Asgi = importlib.import_module("mock_server.admin.app").create_admin(backend, guard, coverage, metrics)
        return made

    app = guarded(Deferred(make), guard)
    backend.areas.update({ADMIN: app, METRICS: app})
    return coverage


def install_console(backend: Backend, guard: Guard, coverage: Coverage) -> None:
    """
    Mount the console of a server.

    Args:
        backend: The server's inside.
        guard: Who may come in.
        coverage: Who counts what is used.
    """

    def make() -> Asgi:
        made: Asgi = importlib.import_module("mock_server.admin.console.site").open_console(backend, guard, coverage)
        return made

    backend.areas[CONSOLE] = Deferred(make)


def find_hidden(backend: Backend) -> Iterator[Finding]:
    """
    Find the operations that can't be reached, since their paths are those of the admin side or the console.

    A document that was just cloned could otherwise take the place of the form that asks for the token.
    """
    for mount in backend.mounts:
        responder = mount.responder
        for entry in responder.document.entries:
            paths = [base + entry.template for base in responder.base_paths(entry)]
            if all(backend.reserves(path.encode()) for path in paths):
                advice = "--admin-port gives them a port of their own, --no-admin leaves them out"
                if any(backend.find_service(path.encode()) is not None for path in paths):
                    advice = "--no-issuer leaves the issuer out"
                message = f"{entry.method} {paths[0]} is not answered: such paths are this server's own; {advice}"
                yield Finding(
                    rule="document-path-ambiguous", message=message, place=entry.node.place, operation=entry.id
                )
