"""Views of stored items, and manual edits: without the operations of the document, but never against its schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from mock_server.document.model import MISSING
from mock_server.errors import MockServerError
from mock_server.exchange.message import Request
from mock_server.exchange.prefer import NONE
from mock_server.exchange.router import Matched
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject
from mock_server.judges.request import DecodedRequest
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.worlds import World
from mock_server.state.collection import Collection, fill
from mock_server.state.crud import delete_record
from mock_server.state.resources import Action, Resource, text_of
from mock_server.state.source import StateSource
from mock_server.state.store import Conflict, Record, read_snapshot


class NotKept(MockServerError):
    """There is no such collection or item."""


class NotKeepable(MockServerError):
    """An item can't be stored, since no answer could show it."""


@dataclass(frozen=True, slots=True)
class CollectionView:
    """The items of one resource under one path."""

    resource: Resource
    path: str
    records: tuple[Record, ...]  # in order, without deleted ones

    def find(self, key: str) -> Record | None:
        """Find an item by its key."""
        return next((record for record in self.records if record.key == key), None)


@dataclass(frozen=True, slots=True)
class StateEditor:
    """The stored items of one document in one world."""

    state: StateSource
    world: World

    def collections(self, resource: Resource) -> Iterator[CollectionView]:
        """
        Yield the collections of a resource that were requested before.

        A resource with a single collection is seeded first.
        """
        if "{" not in resource.template:
            self._fill(resource, self._template(resource))
        for path, (_, _, records) in read_snapshot(self.state.store.snapshot(self.world.name)).items():
            if _variables(self._template(resource), path) is not None:
                stored = [record for record in records if record.body is not None]
                yield CollectionView(resource, path, tuple(sorted(stored, key=lambda record: record.position)))

    def choose(self, resource: Resource, path: str | None) -> CollectionView:
        """
        Return a collection of a resource by its path; without a path, the only one.

        Raises:
            NotKept: there is no such collection, or there are several.
        """
        found = list(self.collections(resource))
        chosen = [collection for collection in found if path is None or collection.path == path]
        if len(chosen) == 1:
            return chosen[0]
        known = ", ".join(each.path for each in found[:20]) or "none yet; each is there when it is first asked for"
        if path is not None:
            what = f"is no collection {path!r}"
        else:
            what = "is not one collection only: name it with ?collection="
        raise NotKept(f"of {resource.name} there {what}; there are {known}")

    def open(self, resource: Resource, path: str) -> CollectionView:
        """
        Return a collection by its path, seeded as by its first request.

        Raises:
            NotKept: the resource has no such path.
        """
        if _variables(self._template(resource), path) is None:
            raise NotKept(f"{path!r} is no collection of {resource.name}")
        self._fill(resource, path)
        return CollectionView(resource, path, tuple(self.state.store.all(self.world.name, path)))

    def below(self, collection: CollectionView, key: str) -> Iterator[tuple[Resource, str]]:
        """Yield the collections below an item, by their paths."""
        for resource in self.state.inferred.resources:
            owner = resource.owners[-1] if resource.owners else None
            if owner is not None and owner.resource == collection.resource.name:
                variables = _variables(self._template(collection.resource), collection.path) or {}
                yield resource, self.state.document_state.path_of(resource.template, {**variables, owner.variable: key})

    def put(self, collection: CollectionView, key: str | None, item: JsonObject, version: int | None = None) -> Record:
        """
        Store an item, in the place of another one with its key.

        Args:
            collection: To put it in.
            key: Of the item; None for a number, if items have no key of their own.
            item: Its body.
            version: Of the replaced item: 0 if there may be none, None for any.

        Raises:
            NotKeepable: it breaks the document, or its body has another key.
            Conflict: the replaced item has another version.
        """
        resource = collection.resource
        store, name = self.state.store, self.world.name
        if key is None:
            key = f"n{store.number(name, collection.path)}"
        own = None if resource.single else resource.key
        if own is not None and text_of(resource.key_of(item)) != key:
            raise NotKeepable(f"{own!r} of it has to be {key!r}, not {resource.key_of(item)!r}")
        objection = self._collection(collection).at_item(key, item).objection(item)
        if objection is not None:
            raise NotKeepable(objection)
        before = store.find(name, collection.path, key)
        present = before.version if before is not None and before.body is not None else 0
        if version is not None and version != present:
            raise Conflict(f"{key!r} is not what it was")
        if before is not None:
            return store.replace(name, collection.path, before, item)
        record = Record(key, 1, store.number(name, collection.path), item, {})
        store.insert(name, collection.path, record)
        return record

    def remove(self, collection: CollectionView, key: str) -> None:
        """
        Delete an item.

        Raises:
            NotKept: there is no such item.
            Conflict: it has changed meanwhile.
        """
        before = self.state.store.find(self.world.name, collection.path, key)
        if before is None or before.body is None:
            raise NotKept(f"there is no {key!r} in {collection.path}")
        delete_record(self._collection(collection), before)

    def _fill(self, resource: Resource, path: str) -> None:
        """Seed a collection, unless it is."""
        binding = resource.first(Action.LIST, Action.READ) if resource.single else resource.first(Action.LIST)
        if binding is None or self.state.store.seeded(self.world.name, path, path):
            return
        responder, entry = self.state.responder, binding.operation.entry
        variables = _variables(self._template(resource), path) or {}
        asked = (responder.base_paths(entry)[0] + fill(entry.template, variables)).encode()
        matched = responder.router.match(entry.method, asked.decode())
        if isinstance(matched, Matched):
            request = Request(entry.method, asked, b"", (), b"")
            self.state.consider(binding.operation, responder.read(matched, request, self.world))

    def _template(self, resource: Resource) -> str:
        """Return the template of a resource's collections, as the store names them."""
        return self.state.document_state.path_of(resource.template, {})

    def _collection(self, view: CollectionView) -> Collection:
        """Return a collection for a request of its own."""
        seed_text = self.world.seed or str(self.state.responder.kit.settings.seed)
        seed = derive_seed(seed_text, view.path)
        request = Request("GET", view.path.encode("latin-1", "replace"), b"", (), b"")
        decoded = DecodedRequest({}, MISSING)
        context = RequestContext(request, decoded, NONE, None, lambda: seed, seed_text, (), None, self.world)
        variables = _variables(self._template(view.resource), view.path) or {}
        return Collection(self.state.document_state, view.resource, context, view.path, variables, dict(variables))


def _variables(template: str, path: str) -> dict[str, str] | None:
    """Return the variables of a collection's path; None if it does not match the template."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = {
        one[1:-1]: unquote(other)
        for one, other in zip(wanted, given, strict=True)
        if one.startswith("{") and one.endswith("}")
    }
    if fill(template, names) == path:
        return names
    return None
