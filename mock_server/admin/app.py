"""The Starlette application under `/__admin`."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.access import Guard
from mock_server.admin.api.callbacks import callback_routes
from mock_server.admin.api.explain import explain_routes
from mock_server.admin.api.journal import journal_routes
from mock_server.admin.api.mappings import mapping_routes
from mock_server.admin.api.settings import setting_routes, upstream_routes
from mock_server.admin.api.state import state_routes
from mock_server.admin.api.usage import usage_routes
from mock_server.admin.api.verify import verify_routes
from mock_server.admin.api.worlds import world_routes
from mock_server.admin.coverage import Coverage
from mock_server.admin.description import make_description
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import AdminRefusal, on_http, on_refused, reply
from mock_server.admin.metrics import Metrics
from mock_server.errors import MalformedWorld
from mock_server.json_values import JsonValue
from mock_server.server.backend import Backend
from mock_server.version import __version__

_SECTIONS: Final = ("Args:", "Raises:", "Returns:")  # of a docstring


def create_admin(backend: Backend, guard: Guard, coverage: Coverage, metrics: Metrics) -> Starlette:
    """Make the application; access to it is decided before, see `access`."""
    context = AdminContext(backend)
    routes = [
        *verify_routes(context),
        *journal_routes(context),
        *world_routes(context),
        *setting_routes(context, guard),
    ]
    routes += [
        *usage_routes(context, coverage, metrics),
        *explain_routes(context),
        *state_routes(context),
        *mapping_routes(context),
    ]
    routes += [*callback_routes(context), *upstream_routes(context)]
    routes.append(Route("/__admin/openapi.json", _description(routes), methods=["GET"]))
    contents = _contents(routes)
    routes += [Route(path, contents, methods=["GET"]) for path in ("/__admin", "/__admin/")]
    refusing = {AdminRefusal: on_refused, MalformedWorld: on_refused, HTTPException: on_http}
    app = Starlette(routes=routes, exception_handlers=refusing)
    app.router.redirect_slashes = False
    return app


def describe_endpoint(route: Route) -> str:
    """Return what an endpoint does: the docstring of its view, without the sections on arguments and errors."""
    text = inspect.getdoc(route.endpoint) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return " ".join(paragraph for paragraph in paragraphs if not paragraph.startswith(_SECTIONS))


def _contents(routes: list[Route]) -> Callable[[Request], Awaitable[Response]]:
    """Make the view that lists all others."""
    listed: list[JsonValue] = [
        {"method": method, "path": route.path, "what": describe_endpoint(route)}
        for route in routes
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]

    async def contents(request: Request) -> Response:
        """List the endpoints."""
        return reply({"version": __version__, "endpoints": listed})

    return contents


def _description(routes: list[Route]) -> Callable[[Request], Awaitable[Response]]:
    """Make the view of the document; the list of routes is complete once it is asked for."""

    async def description(request: Request) -> Response:
        """Show the OpenAPI document of this API."""
        return reply(make_description(routes, describe_endpoint))

    return description
