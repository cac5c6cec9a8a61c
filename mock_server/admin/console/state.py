"""The pages of state: the resources of a world and their items, to look at, edit, create and delete."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.state import (
    StatefulResource,
    begin_item,
    create_item,
    judge_item,
    list_resources,
    replace_item,
    run_on_store,
    unmask_item,
)
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.admin.console.exchange import ShownFinding, show_findings
from mock_server.admin.json import AdminRefusal, malformed
from mock_server.errors import MockServerError
from mock_server.exchange.problem import CONFLICT
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue
from mock_server.state.editor import CollectionView, StateEditor
from mock_server.state.store import Record

_SHOWN: Final = 500  # items of a collection
_COLUMNS: Final = 5  # of a list of items


class StatePages:
    """The pages of state."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            Route("/state", self.resources),
            Route("/state/{index:int}/{resource:path}", self.collection),
            Route("/things/{index:int}/{resource:path}", self.item),
            Route("/things/{index:int}/{resource:path}", self.write, methods=["POST"]),
        ]

    async def resources(self, request: Request) -> Response:
        """Show the resources and their collections."""
        context = self._context

        def find_collections() -> list[tuple[StatefulResource, list[CollectionView]]]:
            return [
                (each, list(self._editor(each, request).collections(each.resource)))
                for each in list_resources(context.backend)
            ]

        found = await run_on_store(find_collections)
        return context.show(request, "state", page="state", kept=found, stateful=context.backend.settings.stateful)

    async def collection(self, request: Request) -> Response:
        """Show the items of a collection."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path = request.query_params.get("in", kept.root)
        try:
            opened = await self._open(request, kept, path)
        except MockServerError as error:
            return self._gone(request, str(error))
        records = [self._masked(record) for record in opened.records]
        wanted = request.query_params.get("q", "").casefold()
        found = [record for record in records if not wanted or wanted in orjson.dumps(record.body).decode().casefold()]
        return self._context.show(
            request,
            "collection",
            page="state",
            kept=kept,
            path=path,
            q=request.query_params.get("q", ""),
            names=_columns(found[:_SHOWN], kept.resource.key),
            records=found[:_SHOWN],
            total=len(found),
        )

    async def item(self, request: Request) -> Response:
        """Show an item in an editor; a new one, where no key is given."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path, key = request.query_params.get("in", kept.root), request.query_params.get("key")
        try:
            opened = await self._open(request, kept, path)
        except MockServerError as error:
            return self._gone(request, str(error))
        if key is None:
            text = self._write_item(begin_item(kept.resource, opened.records), is_new=True)
            return await self._edit(request, kept, opened, None, text)
        record = opened.find(key)
        if record is None:
            return self._gone(request, f"There is no {key!r} in {path}.")
        return await self._edit(request, kept, opened, record, self._write_item(record.body or {}))

    async def write(self, request: Request) -> Response:
        """Keep an edited item, if the document allows it; or delete one."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        form = await self._context.read_form(request)
        path, key = form.get("in", kept.root), form.get("key")
        try:
            opened = await self._open(request, kept, path)
        except MockServerError as error:
            return self._gone(request, str(error))
        record = opened.find(key) if key is not None else None
        try:
            if form.get("act") == "delete" and (record is not None or kept.resource.single):
                return await self._delete(request, kept, opened, record)
            return await self._keep(request, kept, opened, record, form)
        except MockServerError as error:
            return await self._edit(request, kept, opened, record, form.get("body", ""), problem=str(error))

    async def _delete(
        self, request: Request, kept: StatefulResource, opened: CollectionView, record: Record | None
    ) -> Response:
        if record is None or kept.resource.single:
            raise malformed("There is one of it, always: it is changed, not deleted.")
        await run_on_store(partial(self._editor(kept, request).remove, opened, record.key))
        query = urlencode({"in": opened.path})
        return self._context.back(f"{ROOT}/state/{kept.index}/{kept.resource.name}?{query}")

    async def _keep(
        self,
        request: Request,
        kept: StatefulResource,
        opened: CollectionView,
        record: Record | None,
        form: dict[str, str],
    ) -> Response:
        text, key, version = form.get("body", ""), form.get("key"), form.get("version", "")
        if key is not None and record is None:
            raise AdminRefusal(CONFLICT, "It was deleted in the meantime.")
        item = unmask_item(_read_item(text), record)
        wrong, dropped = judge_item(kept, item)
        if wrong:
            return await self._edit(request, kept, opened, record, text, wrong=wrong)
        editor = self._editor(kept, request)
        if key is None:
            act = partial(create_item, editor, opened, item)
        else:
            act = partial(replace_item, editor, opened, key, item, int(version) if version.isdecimal() else 0)
        made = await run_on_store(act)
        return await self._edit(request, kept, opened, made, self._write_item(item), dropped=dropped, saved=True)

    async def _edit(
        self,
        request: Request,
        kept: StatefulResource,
        opened: CollectionView,
        record: Record | None,
        text: str,
        *,
        problem: str = "",
        wrong: tuple[Finding, ...] = (),
        dropped: tuple[str, ...] = (),
        saved: bool = False,
    ) -> Response:
        found: list[ShownFinding] = []
        if wrong:
            found = await asyncio.to_thread(show_findings, wrong, self._context.documents)
        below = list(self._editor(kept, request).below(opened, record.key)) if record is not None else []
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

    def _editor(self, kept: StatefulResource, request: Request) -> StateEditor:
        return StateEditor(kept.state, self._context.world(request))

    async def _open(self, request: Request, kept: StatefulResource, path: str) -> CollectionView:
        return await run_on_store(partial(self._editor(kept, request).open, kept.resource, path))

    def _find(self, request: Request) -> StatefulResource | None:
        index, name = request.path_params["index"], request.path_params["resource"]
        found = (each for each in list_resources(self._context.backend) if each.index == index)
        return next((each for each in found if each.resource.name == name), None)

    def _gone(
        self, request: Request, message: str = "The document has no such resource, or the server keeps no state."
    ) -> Response:
        return self._context.show(
            request, "notice", page="state", status=404, title="Nothing is kept there", message=message
        )

    def _masked(self, record: Record) -> Record:
        shown = self._context.masker.mask.value(record.body)
        return record._replace(body=shown if isinstance(shown, dict) else None)

    def _write_item(self, item: JsonObject, *, is_new: bool = False) -> str:
        """
        Write an item for the editor, without its secrets.

        Of one that a new one is made like, these keep their form.
        """
        mask = self._context.masker.mask
        return orjson.dumps((mask.veiled() if is_new else mask).value(item), option=orjson.OPT_INDENT_2).decode()


def _read_item(text: str) -> JsonObject:
    """
    Read what was written in the editor.

    Raises:
        AdminRefusal: it is no JSON object.
    """
    try:
        item: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise malformed(f"This is no JSON: {error}") from error
    if not isinstance(item, dict):
        raise malformed("A thing is a JSON object.")
    return item


def _columns(records: Iterable[Record], key: str | None) -> list[str]:
    """Return the first properties of items, apart from their key, that are neither objects nor arrays."""
    found: dict[str, None] = {}
    for record in records:
        plain = [name for name, value in (record.body or {}).items() if not isinstance(value, dict | list)]
        found.update(dict.fromkeys(name for name in plain[:_COLUMNS] if name != key))
    return list(found)[:_COLUMNS]
