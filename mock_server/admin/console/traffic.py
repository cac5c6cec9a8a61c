"""The pages of traffic: a filtered list of exchanges, live, and one exchange with its findings and explanation."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from mock_server.admin.acts.journal import clear_journals
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.admin.console.exchange import ExchangeRow, show_findings, show_row, show_side, write_masked_curl
from mock_server.admin.console.save_fixture import save_fixture, suggest_name
from mock_server.admin.json import ALL
from mock_server.errors import MockServerError
from mock_server.respond.fast_path import FastPath
from mock_server.respond.journal import Recorded
from mock_server.respond.worlds import Worlds
from mock_server.server.connection.raw import end_of


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter of exchanges; empty members do not filter."""

    text: str = ""  # in the method, the target, the status, the source or the operation, in any case
    bodies: bool = False  # search header fields and bodies as well
    status: str = ""  # `4` for a class, `404` for one
    operation: str = ""  # operationId
    flawed: bool = False  # with findings only
    world: str = ALL

    @classmethod
    def of(cls, query: Mapping[str, str], world: str) -> "Selection":
        """
        Read a filter.

        Args:
            query: Of the page.
            world: Of the page, where the query names none; the shared one stands for all.
        """
        status = query.get("status", "").strip()
        if not (status.isascii() and status.isdigit() and len(status) in {1, 3}):
            status = ""
        return cls(
            text=query.get("q", "").strip(),
            bodies=query.get("bodies") == "1",
            status=status,
            operation=query.get("operation", "").strip(),
            flawed=query.get("findings") == "1",
            world=query.get("world", world or ALL),
        )

    @property
    def query(self) -> str:
        """The query that `of` reads as this filter."""
        texts = {"q": self.text, "status": self.status, "operation": self.operation}
        query = {name: text for name, text in texts.items() if text}
        query |= {name: "1" for name, is_on in (("bodies", self.bodies), ("findings", self.flawed)) if is_on}
        return urlencode({**query, "world": self.world})

    @property
    def is_wide(self) -> bool:
        """True if it filters by world only."""
        return not (self.text or self.status or self.operation or self.flawed)

    def matches(self, recorded: Recorded) -> bool:
        """Check an exchange against the filter."""
        answer = recorded.answer
        if self.world not in {ALL, recorded.world}:
            return False
        if self.status and not str(answer.status).startswith(self.status):
            return False
        if self.flawed and not answer.findings:
            return False
        if self.operation and recorded.operation != self.operation:
            return False
        return not self.text or self._has_text(recorded)

    def _has_text(self, recorded: Recorded) -> bool:
        wanted = self.text.casefold()
        request, answer = recorded.request, recorded.answer
        target = f"{_text(request.path)}?{_text(request.query)}"
        line = f"{request.method} {target} {answer.status} {answer.source} {recorded.operation or ''}"
        if wanted in line.casefold():
            return True
        if not self.bodies:
            return False
        fields = (name + b": " + value for name, value in (*request.fields, *answer.fields))
        return any(wanted in _text(part).casefold() for part in (request.body, answer.body, *fields))


def select(worlds: Worlds, selection: Selection, *, before: int | None = None) -> Iterator[Recorded]:
    """
    Find exchanges, the newest first.

    Args:
        worlds: Of the server.
        selection: The filter.
        before: The number of an exchange; only older ones are found.
    """
    chosen = [world for world in worlds if selection.world in {ALL, world.name}]
    journals = [reversed(tuple(world.journal)) for world in chosen if len(world.journal)]
    for recorded in heapq.merge(*journals, key=lambda found: -found.number):
        if (before is None or recorded.number < before) and selection.matches(recorded):
            yield recorded


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


_SHOWN: Final = 200  # exchanges on a page
_BEAT: Final = 15.0  # seconds between signs of life
_WAITING: Final = 512  # exchanges that a slow browser may lag behind


class TrafficPages:
    """The pages of traffic."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            Route("/", self.listing),
            Route("/traffic/events", self.events),
            Route("/traffic/clear", self.clear, methods=["POST"]),
            Route("/exchanges/{id}", self.exchange),
            Route("/exchanges/{id}/{side:str}.txt", self.body),
            Route("/exchanges/{id}/fixture", self.save, methods=["POST"]),
        ]

    async def listing(self, request: Request) -> Response:
        """Show the list."""
        context = self._context
        selection = Selection.of(request.query_params, context.world_name(request))
        before = request.query_params.get("before", "")
        newest = select(context.backend.worlds, selection, before=int(before) if before.isdecimal() else None)
        found = list(islice(newest, _SHOWN + 1))
        return context.show(
            request,
            "traffic",
            page="traffic",
            rows=[self._row(recorded) for recorded in found[:_SHOWN]],
            more=found[_SHOWN - 1].number if len(found) > _SHOWN else None,
            selection=selection,
            before=before,
            worlds=[world.name for world in context.backend.worlds],
            operations=[named.entry for named in context.operations()],
            journal=context.backend.settings.journal,
        )

    async def events(self, request: Request) -> Response:
        """Send new exchanges as server-sent events, each a row of the list; after a break, the missed ones first."""
        context = self._context
        selection = Selection.of(request.query_params, context.world_name(request))
        last = request.headers.get("last-event-id", request.query_params.get("after", ""))
        after = int(last) if last.isdecimal() else None
        head = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(
            self._follow(selection, after, end_of(request.scope)), media_type="text/event-stream", headers=head
        )

    async def _follow(self, selection: Selection, after: int | None, ended: asyncio.Event | None) -> AsyncIterator[str]:
        backend = self._context.backend
        queue: asyncio.Queue[Recorded] = asyncio.Queue(_WAITING)

        def listen(recorded: Recorded) -> None:
            if selection.matches(recorded):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(recorded)

        backend.listeners.append(listen)
        try:
            yield "retry: 1000\n\n"
            missed = islice(select(backend.worlds, selection), _SHOWN) if after is not None else ()
            for recorded in reversed([found for found in missed if found.number > (after or 0)]):
                yield self._event(recorded)
            while ended is None or not ended.is_set():
                coming = await _next(queue, ended)
                yield self._event(coming) if coming is not None else ": still here\n\n"
        finally:
            backend.listeners.remove(listen)

    def _event(self, recorded: Recorded) -> str:
        row = self._context.templates.render("row", row=self._row(recorded))
        return f"id: {recorded.number}\ndata: {orjson.dumps({'number': recorded.number, 'html': row}).decode()}\n\n"

    def _row(self, recorded: Recorded) -> ExchangeRow:
        return show_row(recorded, self._context.masker.head(recorded))

    async def clear(self, request: Request) -> Response:
        """Forget the exchanges of the listed worlds."""
        selection = Selection.of(await self._context.read_form(request), self._context.world_name(request))
        clear_journals(world for world in self._context.backend.worlds if selection.world in {ALL, world.name})
        return self._context.back(f"{ROOT}/?{selection.query}")

    def _find(self, request: Request) -> Recorded | None:
        world = self._context.backend.worlds.known(request.query_params.get("world", ""))
        if world is not None:
            return world.journal.find(request.path_params["id"])
        return None

    async def exchange(self, request: Request) -> Response:
        """Show one exchange."""
        recorded = self._find(request)
        if recorded is None:
            return self._gone(request)
        return await self._show(request, recorded)

    def _gone(self, request: Request) -> Response:
        return self._context.show(
            request,
            "notice",
            page="traffic",
            status=404,
            title="This exchange is gone",
            message="The journal keeps the last exchanges of each world only; --journal says how many.",
        )

    async def _show(self, request: Request, recorded: Recorded, *, status: int = 200, **values: object) -> Response:
        context = self._context
        concealed = context.masker.conceal(recorded)
        findings = await asyncio.to_thread(show_findings, recorded.answer.findings, context.documents, concealed.mask)
        world = context.backend.worlds.get(recorded.world)
        _, explained = await context.admin.explain(recorded.request, world)
        return context.show(
            request,
            "exchange",
            page="traffic",
            status=status,
            row=show_row(recorded, concealed.request),
            target=concealed.request.target,
            asked=show_side(concealed.request.fields, concealed.request.body),
            answered=show_side(concealed.answered.fields, concealed.answered.body),
            findings=findings,
            steps=[(step.source, step.answers, concealed.mask.text(step.reason)) for step in explained.steps],
            decided=explained.decided.source if explained.decided is not None else "",
            wished=[
                (each.name, concealed.mask.text(each.value), each.applied, each.reason)
                for each in explained.preferences
            ],
            curl=write_masked_curl(concealed, self._context.api_origin(request)),
            named=context.find_entry(recorded.answer.entry),
            suggested=suggest_name(recorded, concealed.request),
            **{"problem": "", "saved": "", "wrong": [], "name": "", **values},
        )

    async def body(self, request: Request) -> Response:
        """Return a body as plain text, which no browser interprets."""
        recorded, side = self._find(request), request.path_params["side"]
        if recorded is None or side not in {"request", "answer"}:
            return self._gone(request)
        concealed = self._context.masker.conceal(recorded)
        return PlainTextResponse(concealed.request.body if side == "request" else concealed.answered.body)

    async def save(self, request: Request) -> Response:
        """Save an exchange as a fixture; an invalid one is refused with its findings."""
        recorded = self._find(request)
        if recorded is None:
            return self._gone(request)
        form = await self._context.read_form(request)
        name, anybody, over = form.get("name", "").strip(), form.get("anybody") == "1", form.get("replace") == "1"
        named = self._context.find_entry(recorded.answer.entry)
        if named is None:
            problem = "The document has no such operation."
            return await self._show(request, recorded, status=409, problem=problem, name=name)
        try:
            mask = self._context.masker.conceal(recorded).mask
            kept = save_fixture(named.mount.responder, recorded, name, mask, for_anybody=anybody, over=over)
        except MockServerError as error:
            return await self._show(request, recorded, status=409, problem=str(error), name=name)
        if kept.findings:
            wrong = await asyncio.to_thread(show_findings, kept.findings, self._context.documents)
            problem = "This answer breaks the document, so it was not written."
            return await self._show(request, recorded, status=422, problem=problem, wrong=wrong, name=name)
        backend = self._context.backend
        mounts = list(backend.mounts)
        # the fast path of before has answers ready that this fixture replaces
        mounts[named.index] = replace(named.mount, express=FastPath(named.mount.responder))
        backend.mounts = tuple(mounts)
        return await self._show(request, recorded, saved=str(kept.path), name=name)


async def _next(queue: asyncio.Queue[Recorded], ended: asyncio.Event | None) -> Recorded | None:
    """Return the next exchange; None after a while without one, or when the server stops."""
    waiting: set[asyncio.Task[Any]] = {asyncio.ensure_future(queue.get())}
    if ended is not None:
        waiting.add(asyncio.ensure_future(ended.wait()))
    try:
        done, _ = await asyncio.wait(waiting, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
        results = [task.result() for task in done]
        return next((result for result in results if isinstance(result, Recorded)), None)
    finally:
        for task in waiting:
            task.cancel()
