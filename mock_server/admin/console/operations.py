"""The pages of operations: a list of all, and one with a form to call it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mock_server.admin.console.call_form import body_text, example_keys, make_form, preferable
from mock_server.admin.console.context import ConsoleContext, NamedOperation
from mock_server.admin.console.exchange import exchange_url, show_side
from mock_server.admin.console.send import IncompleteForm, OwnAddress, make_request, send
from mock_server.contract.transport.http import Received
from mock_server.document.model import DocumentedResponse
from mock_server.exchange import message
from mock_server.exchange.curl import write_curl
from mock_server.exchange.prefer import PREFERENCES
from mock_server.faults import FaultKind

_OTHERS = "other operations"
_NO_RESULT: Mapping[str, object] = {"received": None, "side": None, "curl": "", "link": "", "asked": ""}


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation in the list."""

    named: NamedOperation
    seen: tuple[tuple[str, int], ...]  # documented statuses that were answered, with their counts
    fixtures: int


@dataclass(frozen=True, slots=True)
class ShownResponse:
    """A documented response."""

    status: str
    preferred: str | None
    description: str
    media_types: tuple[str, ...]
    examples: tuple[str, ...]


class OperationPages:
    """The pages of operations."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            Route("/operations", self.listing),
            Route("/operations/{index:int}/{id:path}/request", self.call, methods=["POST"]),
            Route("/operations/{index:int}/{id:path}/body", self.body),
            Route("/operations/{index:int}/{id:path}", self.operation),
        ]

    async def listing(self, request: Request) -> Response:
        """List the operations by tag."""
        context = self._context
        wanted = request.query_params.get("q", "").strip().casefold()
        seen = self._seen()
        groups: dict[str, list[OperationRow]] = defaultdict(list)
        for named in context.operations():
            entry = named.entry
            if wanted and wanted not in f"{entry.title} {entry.id} {entry.summary} {' '.join(entry.tags)}".casefold():
                continue
            stored = len(named.mount.responder.fixtures.by_operation.get(entry.id, ()))
            item = OperationRow(named, tuple(seen[entry.id]), stored)
            groups[entry.tags[0] if entry.tags else _OTHERS].append(item)
        return context.show(
            request,
            "operations",
            page="operations",
            groups=dict(groups),
            q=request.query_params.get("q", ""),
            total=sum(map(len, groups.values())),
            used=sum(bool(item.seen) for items in groups.values() for item in items),
        )

    def _seen(self) -> dict[str, list[tuple[str, int]]]:
        """Return the documented statuses that were answered, by operation, with their counts."""
        seen: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for _, used in self._context.coverage.look(None):
            for (kind, operation, what), count in used.counts.items():
                if kind == "status" and count:
                    seen[operation].append((what, count))
        for found in seen.values():
            found[:] = sorted(set(found))
        return seen

    def _find(self, request: Request) -> NamedOperation | None:
        return self._context.find(request.path_params["index"], request.path_params["id"])

    def _gone(self, request: Request) -> Response:
        message_ = "The document has no such operation; it may have been changed."
        return self._context.show(
            request, "notice", page="operations", status=404, title="No such operation", message=message_
        )

    async def operation(self, request: Request) -> Response:
        """Show an operation with a form to call it."""
        named = self._find(request)
        if named is None:
            return self._gone(request)
        return await self._show(request, named, dict(request.query_params))

    async def _show(
        self,
        request: Request,
        named: NamedOperation,
        given: Mapping[str, str],
        problems: tuple[str, ...] = (),
        result: Mapping[str, object] = _NO_RESULT,
    ) -> Response:
        responder, entry = named.mount.responder, named.entry
        form = make_form(responder, entry, given, problems)
        operation = responder.document.operation(entry)
        raw = entry.node.value
        described = raw.get("description") if isinstance(raw, dict) else None
        return self._context.show(
            request,
            "operation",
            page="operations",
            status=422 if problems else 200,
            named=named,
            entry=entry,
            base=responder.base_paths(entry)[0],
            described=described if isinstance(described, str) else "",
            form=form,
            schemes={name: responder.document.schemes[name] for each in operation.security for name, _ in each},
            responses=[_shown(response) for response in operation.responses],
            fixtures=responder.fixtures.by_operation.get(entry.id, ()),
            seen=self._seen()[entry.id],
            faults=[kind.value for kind in FaultKind],
            preferences=PREFERENCES,
            **result,
        )

    async def body(self, request: Request) -> Response:
        """Return a body to begin with, as text."""
        named = self._find(request)
        if named is None:
            return self._gone(request)
        query = request.query_params
        salt = query.get("salt", "0")
        wanted = int(salt) if salt.isdecimal() else 0
        text, note = body_text(named.mount.responder, named.entry, query.get("media", ""), query.get("example"), wanted)
        return PlainTextResponse(text or note, 200 if text else 404)

    async def call(self, request: Request) -> Response:
        """Send the filled-in form, and show the answer."""
        named = self._find(request)
        if named is None:
            return self._gone(request)
        context = self._context
        given = await context.read_form(request)
        world = context.world_name(request)
        try:
            made = make_request(named.mount.responder, named.entry, given, world)
        except IncompleteForm as error:
            return await self._show(request, named, given, tuple(error.problems))
        server = request.scope.get("server") or ("127.0.0.1", context.backend.settings.port)
        port = server[1] if context.backend.ports is None else context.backend.ports.api
        reached = OwnAddress(server[0], port, context.backend.settings.tls_cert is not None)
        received = await asyncio.to_thread(send, made, reached)
        return await self._show(request, named, given, result=self._result(request, made, received, world))

    def _result(self, request: Request, made: message.Request, received: Received, world: str) -> dict[str, object]:
        response = received.response
        side = show_side(response.fields, response.body) if response is not None else None
        return {
            "received": received,
            "side": side,
            "curl": write_curl(made, self._context.api_origin(request)),
            "link": self._find_page(made, world),
            "asked": made.target,
        }

    def _find_page(self, made: message.Request, world: str) -> str:
        """Return the URL of the page of the exchange; empty if no journal has it."""
        known = self._context.backend.worlds.known(world)
        for recorded in reversed(tuple(known.journal) if known is not None else ()):
            if recorded.request.path == made.path and recorded.request.method == made.method:
                return exchange_url(recorded)
        return ""


def _shown(response: DocumentedResponse) -> ShownResponse:
    return ShownResponse(
        status=response.status,
        preferred=preferable(response.status),
        description=" ".join(response.description.split()),
        media_types=tuple(media.name for media in response.content),
        examples=example_keys(response),
    )
