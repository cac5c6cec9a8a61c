"""State: the resources of a world and their things, to be looked at, edited, created and deleted."""

import asyncio
from typing import Final
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.errors import MockServerError
from mock_server.finding import Finding
from mock_server.serve.console import things
from mock_server.serve.console.context import ROOT, Context
from mock_server.serve.console.things import Kept
from mock_server.serve.console.views import Found, found_of
from mock_server.serve.state.store import Record
from mock_server.typing import JsonObject

_SHOWN: Final = 500  # things of a collection


class StatePages:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Where the pages are."""
        return [
            Route("/state", self.resources),
            Route("/state/{index:int}/{resource:path}", self.collection),
            Route("/things/{index:int}/{resource:path}", self.thing),
            Route("/things/{index:int}/{resource:path}", self.write, methods=["POST"]),
        ]

    async def resources(self, request: Request) -> Response:
        """What has state, and where."""
        context, world = self._context, self._context.world(request)
        kept = things.kept_of(context.backend)

        def look() -> list[tuple[Kept, list[tuple[str, int]]]]:
            return [(each, [(path, self._count(each, path, request)) for path in things.collections_of(each, world)]) for each in kept]

        return context.show(
            request, "state", page="state", kept=await asyncio.to_thread(look), stateful=context.backend.settings.stateful
        )  # fmt: skip

    def _count(self, kept: Kept, collection: str, request: Request) -> int:
        world = self._context.world(request)
        try:
            return len(things.open_collection(kept, collection, world))
        except MockServerError:
            return 0

    def _find(self, request: Request) -> Kept | None:
        index, name = request.path_params["index"], request.path_params["resource"]
        all_kept = things.kept_of(self._context.backend)
        return next((kept for kept in all_kept if kept.index == index and kept.resource.name == name), None)

    def _gone(self, request: Request, message: str = "The document has no such resource, or the server keeps no state.") -> Response:
        return self._context.show(request, "notice", page="state", status=404, title="Nothing is kept there", message=message)

    async def collection(self, request: Request) -> Response:
        """The things of one collection."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path = request.query_params.get("in", kept.resource.template)
        world = self._context.world(request)
        try:
            records = await asyncio.to_thread(things.open_collection, kept, path, world)
        except MockServerError as error:
            return self._gone(request, str(error))
        wanted = request.query_params.get("q", "").casefold()
        found = [record for record in records if not wanted or wanted in orjson.dumps(record.body).decode().casefold()]
        names = list(dict.fromkeys(name for record in found[:_SHOWN] for name, _ in things.preview(record) if name != kept.resource.key))[
            :5
        ]
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
        """One thing in an editor; a new one, where no key is given."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        path, key = request.query_params.get("in", kept.resource.template), request.query_params.get("key")
        world = self._context.world(request)
        try:
            records = await asyncio.to_thread(things.open_collection, kept, path, world)
        except MockServerError as error:
            return self._gone(request, str(error))
        if key is None:
            return await self._edit(request, kept, path, None, _written(things.pattern_of(kept, records)))
        record = kept.state.store.find(world.name, path, key)
        if record is None or record.body is None:
            return self._gone(request, f"There is no {key!r} in {path}.")
        return await self._edit(request, kept, path, record, _written(record.body))

    async def write(self, request: Request) -> Response:
        """Keep what was edited, if the document takes it; or delete a thing."""
        kept = self._find(request)
        if kept is None:
            return self._gone(request)
        form = {key: str(value) for key, value in (await request.form()).items()}
        path, key, world = form.get("in", kept.resource.template), form.get("key"), self._context.world(request)
        try:
            if form.get("act") == "delete" and key is not None:
                await asyncio.to_thread(things.remove, kept, path, world, key)
                return self._context.back(f"{ROOT}/state/{kept.index}/{kept.resource.name}?{urlencode({'in': path})}")
            return await self._keep(request, kept, path, key, form)
        except MockServerError as error:
            record = kept.state.store.find(world.name, path, key) if key is not None else None
            return await self._edit(request, kept, path, record, form.get("body", ""), problem=str(error))

    async def _keep(self, request: Request, kept: Kept, path: str, key: str | None, form: dict[str, str]) -> Response:
        world, text = self._context.world(request), form.get("body", "")
        record = kept.state.store.find(world.name, path, key) if key is not None else None
        try:
            thing = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return await self._edit(request, kept, path, record, text, problem=f"This is no JSON: {error}")
        if not isinstance(thing, dict):
            return await self._edit(request, kept, path, record, text, problem="A thing is a JSON object.")
        wrong, dropped = await asyncio.to_thread(things.judge, kept, thing)
        if wrong:
            return await self._edit(request, kept, path, record, text, wrong=wrong)
        if key is None:
            made = await asyncio.to_thread(things.create, kept, path, world, thing)
        else:
            version = form.get("version", "")
            given = int(version) if version.isdecimal() else 0
            made = await asyncio.to_thread(things.save, kept, path, world, key, given, thing)
        return await self._edit(request, kept, path, made, _written(thing), dropped=dropped, saved=True)

    async def _edit(
        self,
        request: Request,
        kept: Kept,
        path: str,
        record: Record | None,
        text: str,
        *,
        problem: str = "",
        wrong: tuple[Finding, ...] = (),
        dropped: tuple[str, ...] = (),
        saved: bool = False,
    ) -> Response:
        documents = [mount.responder.document for mount in self._context.backend.mounts]
        found: list[Found] = await asyncio.to_thread(found_of, wrong, documents) if wrong else []
        below = list(things.under(kept, things.kept_of(self._context.backend), path, record.key)) if record is not None else []
        return self._context.show(
            request,
            "thing",
            page="state",
            status=422 if wrong or problem else 200,
            kept=kept,
            path=path,
            record=record,
            text=text,
            problem=problem,
            wrong=found,
            dropped=dropped,
            saved=saved,
            below=below,
        )


def _written(thing: JsonObject) -> str:
    return orjson.dumps(thing, option=orjson.OPT_INDENT_2).decode()
