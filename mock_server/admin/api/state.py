"""State: list the resources, and list, show, replace and delete their items."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.state import is_stateful, list_resources, replace_item, run_on_store, unmask_item
from mock_server.admin.exchange import AdminContext
from mock_server.admin.json import missing, one_world, read_object, reply
from mock_server.exchange.secrets.mask import Mask
from mock_server.json_values import JsonObject, JsonValue
from mock_server.state.editor import CollectionView, StateEditor
from mock_server.state.resources import Resource
from mock_server.state.store import Record

_T = TypeVar("_T")
_BETWEEN = "."  # in a URL, where the name of a resource has a slash


def state_routes(context: AdminContext) -> list[Route]:
    """Return the routes of state."""
    views = _StateViews(context)
    one = "/__admin/state/{resource}/{id:path}"
    return [
        Route("/__admin/state", views.resources, methods=["GET"]),
        Route("/__admin/state/{resource}", views.items, methods=["GET"]),
        Route(one, views.item, methods=["GET"]),
        Route(one, views.put, methods=["PUT"]),
        Route(one, views.remove, methods=["DELETE"]),
    ]


class _StateViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    async def resources(self, request: Request) -> Response:
        """List the resources of the state, what each operation does with them, and their collections."""
        world = one_world(request, self._context.backend.worlds)
        found = list_resources(self._context.backend)

        def render() -> list[JsonValue]:
            return [_render_resource(StateEditor(each.state, world), each.resource) for each in found]

        return reply({"stateful": is_stateful(self._context.backend), "resources": await run_on_store(render)})

    async def items(self, request: Request) -> Response:
        """List the items of a resource; ?collection= chooses among several collections."""
        editor, resource = self._find(request)
        path = request.query_params.get("collection")

        def find_collections() -> list[CollectionView]:
            if path is not None:
                return [editor.choose(resource, path)]
            return list(editor.collections(resource))

        items: list[JsonValue] = [
            _render_item(collection, record, self._mask)
            for collection in await run_on_store(find_collections)
            for record in collection.records
        ]
        return reply({"resource": resource.name, "key": resource.key, "things": items, "meta": {"total": len(items)}})

    async def item(self, request: Request) -> Response:
        """Show one item."""
        key = request.path_params["id"]
        collection, record = await self._run(request, lambda _, collection: (collection, collection.find(key)))
        if record is None:
            raise missing(f"there is no {key!r} in {collection.path}")
        return reply(_render_item(collection, record, self._mask))

    async def put(self, request: Request) -> Response:
        """Store an item as sent, if the document could show it; members sent as [masked] stay as they are."""
        item, key = await read_object(request, self._context.limit), request.path_params["id"]

        def replace(editor: StateEditor, collection: CollectionView) -> tuple[CollectionView, Record]:
            whole = unmask_item(item, collection.find(key))
            return collection, replace_item(editor, collection, key, whole)

        collection, record = await self._run(request, replace)
        return reply(_render_item(collection, record, self._mask), 201 if record.version == 1 else 200)

    async def remove(self, request: Request) -> Response:
        """Delete an item."""
        key = request.path_params["id"]
        await self._run(request, lambda editor, collection: editor.remove(collection, key))
        return reply({})

    @property
    def _mask(self) -> Mask:
        return self._context.masker.mask

    async def _run(self, request: Request, act: Callable[[StateEditor, CollectionView], _T]) -> _T:
        """Run an act on the collection that a request is about."""
        editor, resource = self._find(request)
        path = request.query_params.get("collection")
        return await run_on_store(lambda: act(editor, editor.choose(resource, path)))

    def _find(self, request: Request) -> tuple[StateEditor, Resource]:
        name = request.path_params["resource"]
        world = one_world(request, self._context.backend.worlds)
        for each in list_resources(self._context.backend):
            if _path_name(each.resource) == name:
                return StateEditor(each.state, world), each.resource
        if not is_stateful(self._context.backend):
            raise missing("this server keeps no state; start it with --stateful")
        raise missing(f"there is no resource {name!r}; GET /__admin/state lists them")


def _path_name(resource: Resource) -> str:
    """Return the name of a resource in a path of the admin API."""
    return resource.name.replace("/", _BETWEEN)


def _render_resource(editor: StateEditor, resource: Resource) -> JsonObject:
    operations: JsonObject = {action.value: binding.operation.id for action, binding in resource.bindings.items()}
    collections: list[JsonValue] = [
        {"collection": collection.path, "things": len(collection.records)}
        for collection in editor.collections(resource)
    ]
    return {
        "name": resource.name,
        "path": f"/__admin/state/{quote(_path_name(resource))}",
        "template": resource.template,
        "key": resource.key,
        "operations": operations,
        "collections": collections,
    }


def _render_item(collection: CollectionView, record: Record, mask: Mask) -> JsonObject:
    links: JsonObject = dict(record.links)
    path = f"/__admin/state/{quote(_path_name(collection.resource))}/{quote(record.key)}"
    if "{" in collection.resource.template:
        path += f"?{urlencode({'collection': collection.path})}"
    return {
        "key": record.key,
        "path": path,
        "collection": collection.path,
        "version": record.version,
        "links": links,
        "value": mask.value(record.body),
    }
