"""Coverage of the documents, and metrics for Prometheus."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.coverage import Coverage
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import ALL, reply, some_worlds, world_named
from mock_server.admin.metrics import Metrics
from mock_server.json_values import JsonValue


def usage_routes(context: AdminContext, coverage: Coverage, metrics: Metrics) -> list[Route]:
    """Return the routes of coverage and metrics."""
    views = _UsageViews(context, coverage, metrics)
    return [
        Route("/__admin/coverage", views.coverage, methods=["GET"]),
        Route("/__admin/coverage", views.forget, methods=["DELETE"]),
        Route("/__admin/metrics", views.metrics, methods=["GET"]),
        Route("/metrics", views.metrics, methods=["GET"]),
    ]


class _UsageViews:
    def __init__(self, context: AdminContext, coverage: Coverage, metrics: Metrics) -> None:
        self._context = context
        self._coverage = coverage
        self._metrics = metrics

    async def coverage(self, request: Request) -> Response:
        """
        Show which operations, statuses, media types, parameters and values were used.

        With ?world=*, since the server started.
        """
        await asyncio.to_thread(self._coverage.prepare)
        looked = self._coverage.look(self._worlds(request))
        documents: list[JsonValue] = [
            {"document": responder.document.title, **used.render()} for responder, used in looked
        ]
        return reply({"documents": documents})

    async def forget(self, request: Request) -> Response:
        """Reset the coverage."""
        self._coverage.forget(self._worlds(request))
        return reply({})

    async def metrics(self, request: Request) -> Response:
        """Show requests, durations and findings in Prometheus' text format."""
        written, media_type = await asyncio.to_thread(self._metrics.copy().render)
        return Response(written, headers={"content-type": media_type, "cache-control": "no-store"})

    def _worlds(self, request: Request) -> list[str] | None:
        worlds = self._context.backend.worlds
        if world_named(request, worlds) == ALL:
            return None
        return [world.name for world in some_worlds(request, worlds)]
