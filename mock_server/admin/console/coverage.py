"""The page of coverage, by operation."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.console.context import ROOT, ConsoleContext, operation_url
from mock_server.admin.coverage import Used


@dataclass(slots=True)
class CoverageRow:
    """The coverage of one operation."""

    title: str
    url: str
    requests: int = 0
    kinds: dict[str, list[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # name and count, by kind

    def used(self, kind: str) -> int:
        """Return how many items of a kind were used."""
        return sum(count > 0 for _, count in self.kinds.get(kind, ()))


class CoveragePages:
    """The page of coverage."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [Route("/coverage", self.show), Route("/coverage", self.forget, methods=["POST"])]

    def _worlds(self, request: Request) -> list[str] | None:
        """Return the world of the page; None, for all worlds there ever were, in the shared one."""
        name = self._context.world_name(request)
        if name:
            return [name]
        return None

    async def show(self, request: Request) -> Response:
        """Show the coverage of all operations of all documents."""
        context = self._context
        await asyncio.to_thread(context.coverage.prepare)
        looked = [
            (responder.document, used.summary(), _parts(index, used))
            for index, (responder, used) in enumerate(context.coverage.look(self._worlds(request)))
        ]
        return context.show(request, "coverage", page="coverage", looked=looked)

    async def forget(self, request: Request) -> Response:
        """Reset the coverage."""
        self._context.coverage.forget(self._worlds(request))
        return self._context.back(f"{ROOT}/coverage")


def _parts(index: int, used: Used) -> list[CoverageRow]:
    parts: dict[str, CoverageRow] = {}
    for item in used.there:
        kind, operation, what = item
        part = parts.setdefault(operation, CoverageRow(operation, operation_url(index, operation)))
        if kind == "operation":
            part.title, part.requests = what, used.counts.get(item, 0)
        else:
            part.kinds[kind].append((what, used.counts.get(item, 0)))
    return list(parts.values())
