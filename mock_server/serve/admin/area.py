"""The application under `/__admin`, put together."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.errors import MalformedWorld
from mock_server.serve.admin.callback_views import callback_routes
from mock_server.serve.admin.coverage import Coverage
from mock_server.serve.admin.desk import Desk
from mock_server.serve.admin.explain_views import explain_routes
from mock_server.serve.admin.guard import Guard
from mock_server.serve.admin.journal_views import journal_routes
from mock_server.serve.admin.json_api import Refused, on_http, on_refused, reply
from mock_server.serve.admin.metrics import Metrics
from mock_server.serve.admin.script_views import script_routes
from mock_server.serve.admin.setting_views import setting_routes
from mock_server.serve.admin.state_views import state_routes
from mock_server.serve.admin.upstream_views import upstream_routes
from mock_server.serve.admin.use_views import use_routes
from mock_server.serve.admin.verify_views import verify_routes
from mock_server.serve.admin.world_views import world_routes
from mock_server.serve.backend import Backend
from mock_server.typing import JsonValue
from mock_server.version import __version__


def create_admin(backend: Backend, guard: Guard, coverage: Coverage, metrics: Metrics) -> Starlette:
    """Make the application; nobody is kept out of it, see `guard`."""
    desk = Desk(backend)
    routes = [*verify_routes(desk), *journal_routes(desk), *world_routes(desk), *setting_routes(desk, guard)]
    routes += [*use_routes(desk, coverage, metrics), *explain_routes(desk), *state_routes(desk), *script_routes(desk)]
    routes += [*callback_routes(desk), *upstream_routes(desk)]
    routes += [Route(path, _contents(routes), methods=["GET"]) for path in ("/__admin", "/__admin/")]
    refusing = {Refused: on_refused, MalformedWorld: on_refused, HTTPException: on_http}
    app = Starlette(routes=routes, exception_handlers=refusing)
    app.router.redirect_slashes = False
    return app


def _contents(routes: list[Route]) -> Callable[[Request], Awaitable[Response]]:
    """The view that lists all others."""
    listed: list[JsonValue] = [
        {"method": method, "path": route.path, "what": (route.endpoint.__doc__ or "").partition("\n")[0]}
        for route in routes
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]

    async def contents(request: Request) -> Response:
        """List the endpoints."""
        return reply({"version": __version__, "endpoints": listed})

    return contents
