"""State: the resources of a world and their things, to be looked at, edited, created and deleted."""

import asyncio
from functools import partial
from typing import Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.console import items
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.admin.console.exchange import ShownFinding, found_of
from mock_server.admin.console.items import ShownResource
from mock_server.errors import MockServerError
from mock_server.exchange.secrets.mask import put_back
from mock_server.findings import Finding
from mock_server.json_values import JsonObject
from mock_server.respond.blocking import run_blocking
from mock_server.state.editor import CollectionView, StateEditor
from mock_server.state.resources import text_of
from mock_server.state.store import Conflict, Record

_SHOWN: Final = 500  # things of a collection
_LATE: Final = "Somebody else changed it in the meantime; load it again to see how."
_SINGLE: Final = "There is one of it, always: it is changed, not deleted."


class StatePages:
    """See the module."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return where the pages are."""
        return [
            Route("/state", self.resources),
            Route("/state/{index:int}/{resource:path}", self.collection),
            Route("/things/{index:int}/{resource:path}", self.thing),
            Route("/things/{index:int}/{resource:path}", self.write, methods=["POST"]),
        ]

    async def resources(self, request: Request) -> Response:
        """Return what has state, and where."""
        context = self._context
        kept = items.kept_of(context.backend)

        def look() -> list[tuple[ShownResource, list[CollectionView]]]:
            return [(each, list(self._browser(each, request).collections(each.resource))) for each in kept]

        found = await run_blocking(look)
        return context.show(request, "state", page="state", kept=found, stateful=context.backend.settings.stateful)

    def _browser(self, kept: ShownResource, request: Request) -> StateEditor:
        return StateEditor(kept.state, self._context.world(request))

    def _find(self, request: Request) -> ShownResource | None:
        index, name = request.path_params["index"], request.path_params["resource"]
        all_kept = items.kept_of(self._context.backend)
        return next((kept for kept in all_kept if kept.index == index and kept.resource.name == name), None)

    def _gone(
        self, request: Request, message: str = "The document has no such resource, or the server keeps no state."
    ) -> Response:
        return self._context.show(
            request, "notice", page="state", status=404, title="Nothing is kept there", message=message
        )

    async def collection(self, request: Request) -> Response:
        """Return the things of one collection."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path = request.query_params.get("in", kept.root)
        try:
            opened = await run_blocking(partial(self._browser(kept, request).open, kept.resource, path))
        except MockServerError as error:
            return self._gone(request, str(error))
        records = [self._masked(record) for record in opened.records]
        wanted = request.query_params.get("q", "").casefold()
        found = [record for record in records if not wanted or wanted in orjson.dumps(record.body).decode().casefold()]
        names = list(
            dict.fromkeys(
                name for record in found[:_SHOWN] for name, _ in items.preview(record) if name != kept.resource.key
            )
        )[:5]
        return self._context.show(
            request,
            "collection",
            page="state",
            kept=kept,
            path=path,
            q=request.query_params.get("q", ""),
            names=names,
            records=found[:_SHOWN],
            total=len(found),
        )

    async def thing(self, request: Request) -> Response:
        """Return one thing in an editor; a new one, where no key is given."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path, key = request.query_params.get("in", kept.root), request.query_params.get("key")
        try:
            opened = await run_blocking(partial(self._browser(kept, request).open, kept.resource, path))
        except MockServerError as error:
            return self._gone(request, str(error))
        if key is None:
            return await self._edit(
                request, kept, opened, None, self._written(items.pattern_of(kept, opened.records), is_new=True)
            )
        record = opened.find(key)
        if record is None:
            return self._gone(request, f"There is no {key!r} in {path}.")
        return await self._edit(request, kept, opened, record, self._written(record.body or {}))

    async def write(self, request: Request) -> Response:
        """Keep what was edited, if the document takes it; or delete a thing."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        form = {key: str(value) for key, value in (await request.form()).items()}
        path, key = form.get("in", kept.root), form.get("key")
        browser = self._browser(kept, request)
        try:
            opened = await run_blocking(partial(browser.open, kept.resource, path))
        except MockServerError as error:
            return self._gone(request, str(error))
        record = opened.find(key) if key is not None else None
        try:
            if form.get("act") == "delete" and kept.resource.single:
                return await self._edit(request, kept, opened, record, form.get("body", ""), problem=_SINGLE)
            if form.get("act") == "delete" and record is not None:
                await run_blocking(partial(browser.remove, opened, record.key))
                return self._context.back(f"{ROOT}/state/{kept.index}/{kept.resource.name}?{urlencode({'in': path})}")
            return await self._keep(request, kept, opened, record, form)
        except Conflict:
            return await self._edit(request, kept, opened, record, form.get("body", ""), problem=_LATE)
        except MockServerError as error:
            return await self._edit(request, kept, opened, record, form.get("body", ""), problem=str(error))

    async def _keep(
        self, request: Request, kept: ShownResource, opened: CollectionView, record: Record | None, form: dict[str, str]
    ) -> Response:
        text, own = form.get("body", ""), kept.resource.key
        if form.get("key") is not None and record is None:
            return await self._edit(request, kept, opened, None, text, problem="It was deleted in the meantime.")
        try:
            thing = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return await self._edit(request, kept, opened, record, text, problem=f"This is no JSON: {error}")
        if not isinstance(thing, dict):
            return await self._edit(request, kept, opened, record, text, problem="A thing is a JSON object.")
        whole = put_back(thing, record.body if record is not None else None)
        thing = whole if isinstance(whole, dict) else thing
        wrong, dropped = items.judge(kept, thing)
        if wrong:
            return await self._edit(request, kept, opened, record, text, wrong=wrong)
        key = text_of(thing.get(own)) if own is not None else None
        if record is None and own is not None and (not key or opened.find(key) is not None):
            if key:
                problem = f"There is one with {own} {key!r} already."
            else:
                problem = f"It needs {own!r}, which tells it apart from others."
            return await self._edit(request, kept, opened, None, text, problem=problem)
        if record is not None and own is not None and key != record.key and not kept.resource.single:
            problem = f"{own!r} tells it apart from others and stays {record.key!r}; create another thing instead."
            return await self._edit(request, kept, opened, record, text, problem=problem)
        version = form.get("version", "")
        expected = int(version) if version.isdecimal() else 0
        put = partial(
            self._browser(kept, request).put, opened, record.key if record is not None else key, thing, expected
        )
        made = await run_blocking(put)
        return await self._edit(request, kept, opened, made, self._written(thing), dropped=dropped, saved=True)

    async def _edit(
        self,
        request: Request,
        kept: ShownResource,
        opened: CollectionView,
        record: Record | None,
        text: str,
        *,
        problem: str = "",
        wrong: tuple[Finding, ...] = (),
        dropped: tuple[str, ...] = (),
        saved: bool = False,
    ) -> Response:
        documents = [mount.responder.document for mount in self._context.backend.mounts]
        found: list[ShownFinding] = await asyncio.to_thread(found_of, wrong, documents) if wrong else []
        below = list(self._browser(kept, request).below(opened, record.key)) if record is not None else []
        return self._context.show(
            request,
            "thing",
            page="state",
            status=422 if wrong or problem else 200,
            kept=kept,
            path=opened.path,
            record=record,
            text=text,
            problem=problem,
            wrong=found,
            dropped=dropped,
            saved=saved,
            below=below,
        )

    def _masked(self, record: Record) -> Record:
        shown = self._context.masker.mask.value(record.body)
        return record._replace(body=shown if isinstance(shown, dict) else None)

    def _written(self, thing: JsonObject, *, is_new: bool = False) -> str:
        """
        Write a thing for the editor, without its secrets.

        Of one that a new one is made like, these keep their form.
        """
        mask = self._context.masker.mask
        return orjson.dumps((mask.veiled() if is_new else mask).value(thing), option=orjson.OPT_INDENT_2).decode()
