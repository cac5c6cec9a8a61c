"""Find, judge, create, replace and delete the items that state keeps."""

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from mock_server.admin.json import AdminRefusal, malformed, missing
from mock_server.exchange import problem
from mock_server.exchange.secrets.values import put_back
from mock_server.findings import Finding
from mock_server.generate.envelope import Shape, project, put
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.blocking import run_blocking
from mock_server.server.backend import Backend
from mock_server.state.editor import CollectionView, NotKeepable, NotKept, StateEditor
from mock_server.state.representation import ItemRepresentation
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.source import StateSource
from mock_server.state.store import Conflict, Record, StoreUnavailable

_T = TypeVar("_T")
_METHODS: Final = ("GET", "HEAD", "QUERY", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_LATE: Final = "Somebody else changed it in the meantime; load it again to see how."
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class StatefulResource:
    """A resource of one document that has state."""

    index: int  # of the document
    state: StateSource
    resource: Resource

    @property
    def root(self) -> str:
        """The path of its collection; a template if there are several."""
        return self.state.document_state.path_of(self.resource.template, {})

    def binding(self) -> Binding | None:
        """Find the operation with a response that has an item."""
        bindings = (self.resource.bindings.get(action) for action in (Action.READ, Action.LIST, Action.CREATE))
        return next((each for each in bindings if each is not None and not each.chosen.is_empty), None)

    def methods(self) -> tuple[str, ...]:
        """Return the HTTP methods of its operations."""
        return tuple(sorted({each.operation.method for each in self.resource.bindings.values()}, key=_METHODS.index))


def is_stateful(backend: Backend) -> bool:
    """Check that a document is served with state."""
    return any(_iter_states(backend))


def list_resources(backend: Backend) -> list[StatefulResource]:
    """Return the resources that have state, document by document."""
    return [
        StatefulResource(index, state, resource)
        for index, state in _iter_states(backend)
        for resource in state.inferred.resources
    ]


def _iter_states(backend: Backend) -> Iterator[tuple[int, StateSource]]:
    for index, mount in enumerate(backend.mounts):
        for source in mount.responder.sources:
            if isinstance(source, StateSource):
                yield index, source


async def run_on_store(work: Callable[[], _T]) -> _T:
    """
    Run work that may wait for a store.

    Raises:
        AdminRefusal: there is no such item, it can't be kept, somebody else changed it, or the store can't be reached.
    """
    try:
        return await run_blocking(work)
    except NotKept as error:
        raise missing(str(error)) from error
    except NotKeepable as error:
        raise malformed(str(error)) from error
    except Conflict as error:
        raise AdminRefusal(problem.CONFLICT, _LATE) from error
    except StoreUnavailable as error:
        raise AdminRefusal(problem.STORE_UNAVAILABLE, str(error)) from error


def unmask_item(item: JsonObject, before: Record | None) -> JsonObject:
    """Return an item with the values of `before` in place of `[masked]`."""
    whole = put_back(item, before.body if before is not None else None)
    if isinstance(whole, dict):
        return whole
    return item


def judge_item(resource: StatefulResource, item: JsonObject) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """
    Judge an item by the schema of the response that shows it.

    Returns:
        The findings, their places counted from the item; and the properties that no response shows.
    """
    binding = resource.binding()
    if binding is None:
        return (), ()
    shown = ItemRepresentation(resource.state.responder, resource.resource, binding)
    represented = shown.reply.representation(None)
    if represented is None:
        return (), ()
    is_listed = binding.action is Action.LIST
    spot = shown.list_place(represented) if is_listed else shown.item_place(represented)
    if spot is None:
        return (), ()
    projected = project(item, spot.outline)
    value, prefix = projected, ("body", *spot.pointer)
    if is_listed:
        step = "key" if spot.shape is Shape.MAP else "0"
        value, prefix = spot.gather([(step, projected)]), (*prefix, step)
    findings = [
        finding._replace(instance=finding.instance[len(prefix) :])
        for finding in shown.judge.judge_value(represented.media_type, put({}, spot.pointer, value))
        if finding.instance is not None and finding.instance[: len(prefix)] == prefix
    ]
    dropped = [name for name in item if isinstance(projected, dict) and name not in projected]
    return tuple(findings), tuple(dropped)


def begin_item(resource: Resource, records: Sequence[Record]) -> JsonObject:
    """Return an item to begin a new one with: the last one, under another key."""
    like = next((record.body for record in reversed(records) if record.body is not None), None)
    if resource.key is None:
        return dict(like or {})
    if like is None:
        return resource.with_key({}, 1)
    return resource.with_key(like, _next_key(resource.key_of(like), records))


def _next_key(value: JsonValue, records: Sequence[Record]) -> JsonValue:
    if isinstance(value, int) and not isinstance(value, bool):
        return max((int(record.key) for record in records if record.key.isdecimal()), default=0) + 1
    text = str(value)
    if _UUID.fullmatch(text):
        return str(uuid.uuid4())
    return f"{text}-2"


def create_item(editor: StateEditor, collection: CollectionView, item: JsonObject) -> Record:
    """
    Create an item under the key that it has itself.

    Raises:
        AdminRefusal: it has no key, or the key of another one.
        NotKeepable: no response could show it.
        Conflict: somebody else created one with its key.
    """
    name = collection.resource.key
    if name is None:
        return editor.put(collection, None, item, 0)
    key = text_of(collection.resource.key_of(item))
    if not key:
        raise malformed(f"It needs {name!r}, which tells it apart from others.")
    if collection.find(key) is not None:
        raise AdminRefusal(problem.CONFLICT, f"There is one with {name} {key!r} already.")
    return editor.put(collection, key, item, 0)


def replace_item(
    editor: StateEditor, collection: CollectionView, key: str, item: JsonObject, version: int | None = None
) -> Record:
    """
    Replace an item, or create it under this key.

    Args:
        editor: Of the state.
        collection: Of the item.
        key: Of the item.
        item: All of it.
        version: Of the one to replace, 0 where there may be none; None for any.

    Raises:
        AdminRefusal: it has another key than the one that it replaces.
        NotKeepable: no response could show it.
        Conflict: the item to replace has another version.
    """
    resource = collection.resource
    before = collection.find(key)
    name = None if resource.single else resource.key
    if before is not None and name is not None and text_of(resource.key_of(item)) != key:
        raise malformed(f"{name!r} tells it apart from others and stays {key!r}; create another thing instead.")
    return editor.put(collection, key, item, version)
