"""What state keeps: look at it, edit it, remove from it; what the document could not show is refused."""

from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import AdminRefusal, malformed, missing, one_world, read_object, reply
from mock_server.exchange import problem
from mock_server.exchange.secrets.mask import Mask, put_back
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.blocking import run_blocking
from mock_server.respond.worlds import World
from mock_server.state.editor import CollectionView, NotKeepable, NotKept, StateEditor
from mock_server.state.resources import Resource
from mock_server.state.source import StateSource
from mock_server.state.store import Conflict, Record, StoreUnavailable

_T = TypeVar("_T")
_BETWEEN = "."  # in a URL, where the name of a resource has a slash


def state_routes(desk: AdminContext) -> list[Route]:
    """Return the routes of state."""
    views = _StateViews(desk)
    one = "/__admin/state/{resource}/{id:path}"
    return [
        Route("/__admin/state", views.resources, methods=["GET"]),
        Route("/__admin/state/{resource}", views.things, methods=["GET"]),
        Route(one, views.thing, methods=["GET"]),
        Route(one, views.put, methods=["PUT"]),
        Route(one, views.remove, methods=["DELETE"]),
    ]


class _StateViews:
    def __init__(self, desk: AdminContext) -> None:
        self._desk = desk

    async def resources(self, request: Request) -> Response:
        """List the resources of the state, what each operation does with them, and their collections."""
        world = one_world(request, self._desk.backend.worlds)

        def look() -> list[JsonValue]:
            return [
                _tell_resource(StateEditor(state, world), each)
                for state in self._states()
                for each in state.inferred.resources
            ]

        return reply({"stateful": any(self._states()), "resources": await _soon(look)})

    async def things(self, request: Request) -> Response:
        """List the items of a resource; ?collection= chooses among several collections."""
        browser, resource = self._find(request)
        path = request.query_params.get("collection")

        def look() -> list[CollectionView]:
            if path is not None:
                return [browser.choose(resource, path)]
            return list(browser.collections(resource))

        found = await _soon(look)
        told: list[JsonValue] = [
            _tell(collection, record, self._mask) for collection in found for record in collection.records
        ]
        return reply({"resource": resource.name, "key": resource.key, "things": told, "meta": {"total": len(told)}})

    async def thing(self, request: Request) -> Response:
        """Show one item."""
        browser, resource = self._find(request)
        collection = await _soon(lambda: browser.choose(resource, request.query_params.get("collection")))
        record = collection.find(request.path_params["id"])
        if record is None:
            raise missing(f"there is no {request.path_params['id']!r} in {collection.path}")
        return reply(_tell(collection, record, self._mask))

    async def put(self, request: Request) -> Response:
        """Store an item as sent, if the document could show it; members sent as [masked] stay as they are."""
        browser, resource = self._find(request)
        thing = await read_object(request, self._desk.limit)
        key = request.path_params["id"]

        def put() -> tuple[CollectionView, Record]:
            collection = browser.choose(resource, request.query_params.get("collection"))
            before = collection.find(key)
            whole = put_back(thing, before.body if before is not None else None)
            return collection, browser.put(collection, key, whole if isinstance(whole, dict) else thing)

        collection, record = await _soon(put)
        return reply(_tell(collection, record, self._mask), 201 if record.version == 1 else 200)

    @property
    def _mask(self) -> Mask:
        return self._desk.masker.mask

    async def remove(self, request: Request) -> Response:
        """Delete an item."""
        browser, resource = self._find(request)
        key, path = request.path_params["id"], request.query_params.get("collection")
        await _soon(lambda: browser.remove(browser.choose(resource, path), key))
        return reply({})

    def _states(self) -> Iterator[StateSource]:
        for mount in self._desk.backend.mounts:
            yield from (source for source in mount.responder.sources if isinstance(source, StateSource))

    def _find(self, request: Request) -> tuple[StateEditor, Resource]:
        name = request.path_params["resource"]
        world: World = one_world(request, self._desk.backend.worlds)
        for state in self._states():
            for resource in state.inferred.resources:
                if _written(resource) == name:
                    return StateEditor(state, world), resource
        if not any(self._states()):
            raise missing("this server keeps no state; start it with --stateful")
        raise missing(f"there is no resource {name!r}; GET /__admin/state lists them")


async def _soon(work: Callable[[], _T]) -> _T:
    """Work as a store lets it, which may wait for something; say what went wrong in problem details."""
    try:
        return await run_blocking(work)
    except NotKept as error:
        raise missing(str(error)) from error
    except NotKeepable as error:
        raise malformed(str(error)) from error
    except Conflict as error:
        raise AdminRefusal(problem.CONFLICT, "somebody else was faster; look again") from error
    except StoreUnavailable as error:
        raise AdminRefusal(problem.STORE_UNAVAILABLE, str(error)) from error


def _written(resource: Resource) -> str:
    return resource.name.replace("/", _BETWEEN)


def _tell_resource(browser: StateEditor, resource: Resource) -> JsonObject:
    operations: JsonObject = {act.value: deed.operation.id for act, deed in resource.deeds.items()}
    collections: list[JsonValue] = [
        {"collection": collection.path, "things": len(collection.records)}
        for collection in browser.collections(resource)
    ]
    return {
        "name": resource.name,
        "path": f"/__admin/state/{quote(_written(resource))}",
        "template": resource.template,
        "key": resource.key,
        "operations": operations,
        "collections": collections,
    }


def _tell(collection: CollectionView, record: Record, mask: Mask) -> JsonObject:
    links: JsonObject = dict(record.links)
    if "{" in collection.resource.template:
        query = f"?{urlencode({'collection': collection.path})}"
    else:
        query = ""
    return {
        "key": record.key,
        "path": f"/__admin/state/{quote(_written(collection.resource))}/{quote(record.key)}{query}",
        "collection": collection.path,
        "version": record.version,
        "links": links,
        "value": mask.value(record.body),
    }
