"""Looking at what is kept, and editing it by hand: past the operations of the document, but never past its schemas."""

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
from mock_server.judge.request import DecodedRequest
from mock_server.respond.representation import RequestContext
from mock_server.respond.worlds import World
from mock_server.state.crud import forget
from mock_server.state.request import fill
from mock_server.state.resources import Action, Resource, text_of
from mock_server.state.seeds import CollectionPath, thing_place
from mock_server.state.source import StateSource
from mock_server.state.store import Conflict, Record, read_snapshot


class NotKept(MockServerError):
    """There is no such collection or thing."""


class NotKeepable(MockServerError):
    """A thing can't be kept: no answer could show it."""


@dataclass(frozen=True, slots=True)
class CollectionView:
    """The things of one resource under one path."""

    resource: Resource
    path: str
    records: tuple[Record, ...]  # in their order, without those that are deleted

    def find(self, key: str) -> Record | None:
        """Find a thing by its key."""
        return next((record for record in self.records if record.key == key), None)


@dataclass(frozen=True, slots=True)
class StateEditor:
    """What one document keeps in one world."""

    state: StateSource
    world: World

    def collections(self, resource: Resource) -> Iterator[CollectionView]:
        """
        Yield the collections of a resource that somebody asked for.

        One that has but one is filled with what is in it in the beginning.
        """
        if "{" not in resource.template:
            self._fill(resource, self._template(resource))
        for path, (_, _, records) in read_snapshot(self.state.store.snapshot(self.world.name)).items():
            if _variables(self._template(resource), path) is not None:
                kept = sorted(
                    (record for record in records if record.body is not None), key=lambda record: record.position
                )
                yield CollectionView(resource, path, tuple(kept))

    def choose(self, resource: Resource, path: str | None) -> CollectionView:
        """
        Return a collection of a resource by its path; the only one, where none is named.

        Raises:
            NotKept: there is no such collection, or there are several.
        """
        found = list(self.collections(resource))
        chosen = [collection for collection in found if path is None or collection.path == path]
        if len(chosen) == 1:
            return chosen[0]
        known = (
            ", ".join(collection.path for collection in found[:20])
            or "none yet; each is there when it is first asked for"
        )
        if path is not None:
            what = f"is no collection {path!r}"
        else:
            what = "is not one collection only: name it with ?collection="
        raise NotKept(f"of {resource.name} there {what}; there are {known}")

    def open(self, resource: Resource, path: str) -> CollectionView:
        """
        Return a collection by its path, filled with what is in it in the beginning, as by who asks first.

        Raises:
            NotKept: the path is none of the resource.
        """
        if _variables(self._template(resource), path) is None:
            raise NotKept(f"{path!r} is no collection of {resource.name}")
        self._fill(resource, path)
        return CollectionView(resource, path, tuple(self.state.store.all(self.world.name, path)))

    def below(self, collection: CollectionView, key: str) -> Iterator[tuple[Resource, str]]:
        """Yield the collections that belong to a thing, by their paths."""
        for resource in self.state.inferred.resources:
            owner = resource.owners[-1] if resource.owners else None
            if owner is not None and owner.resource == collection.resource.name:
                variables = _variables(self._template(collection.resource), collection.path) or {}
                yield resource, self.state.collection(resource.template, {**variables, owner.variable: key})

    def put(self, collection: CollectionView, key: str | None, thing: JsonObject, version: int | None = None) -> Record:
        """
        Put a thing where another one is, or a new one in.

        Args:
            collection: Where.
            key: Of the thing; None gives one a number that has no key of its own.
            thing: All of it.
            version: Of the one whose place it takes; 0 where there may be none, None where that does not matter.

        Raises:
            NotKeepable: it breaks what the document says of it, or its key is another one.
            Conflict: somebody else changed it.
        """
        resource = collection.resource
        store, name = self.state.store, self.world.name
        if key is None:
            key = f"n{store.number(name, collection.path)}"
        own = None if resource.single else resource.key
        if own is not None and text_of(resource.key_of(thing)) != key:
            raise NotKeepable(f"{own!r} of it has to be {key!r}, not {resource.key_of(thing)!r}")
        variables = _variables(self._template(resource), collection.path) or {}
        known = resource.key_of(thing)
        value = known if known is not None else key
        place = thing_place(CollectionPath(resource, variables, dict(variables)), key, value)
        objection = self.state.fittings.objection(resource, thing, place, self._ask(collection.path))
        if objection is not None:
            raise NotKeepable(objection)
        before = store.find(name, collection.path, key)
        if version is not None and version != (before.version if before is not None and before.body is not None else 0):
            raise Conflict(f"{key!r} is not what it was")
        if before is not None:
            return store.replace(name, collection.path, before, thing)
        record = Record(key, 1, store.number(name, collection.path), thing, {})
        store.insert(name, collection.path, record)
        return record

    def remove(self, collection: CollectionView, key: str) -> None:
        """
        Remove a thing.

        Raises:
            NotKept: it is not there.
            Conflict: somebody else changed it.
        """
        before = self.state.store.find(self.world.name, collection.path, key)
        if before is None or before.body is None:
            raise NotKept(f"there is no {key!r} in {collection.path}")
        forget(self.state.store, self.world.name, collection.resource, collection.path, before)

    def _fill(self, resource: Resource, path: str) -> None:
        """See that what is there in the beginning is there."""
        deed = resource.deeds.get(Action.LIST) or (resource.deeds.get(Action.READ) if resource.single else None)
        if deed is None or self.state.store.seeded(self.world.name, path, path):
            return
        responder, entry = self.state.responder, deed.operation.entry
        variables = _variables(self._template(resource), path) or {}
        asked = (responder.base_paths(entry)[0] + fill(entry.template, variables)).encode()
        matched = responder.router.match(entry.method, asked.decode())
        if isinstance(matched, Matched):
            self.state.answer(
                deed.operation, responder.read(matched, Request(entry.method, asked, b"", (), b""), self.world)
            )

    def _template(self, resource: Resource) -> str:
        """Return the template of the names of a resource's collections in the store."""
        return self.state.collection(resource.template, {})

    def _ask(self, path: str) -> RequestContext:
        """Return the question of nobody in particular."""
        seed_text = self.world.seed or str(self.state.responder.kit.settings.seed)
        request = Request("GET", path.encode("latin-1", "replace"), b"", (), b"")
        understood = DecodedRequest({}, MISSING)
        return RequestContext(
            request, understood, NONE, None, lambda: derive_seed(seed_text, path), seed_text, (), None, self.world
        )


def _variables(template: str, path: str) -> dict[str, str] | None:
    """Return the variables of a collection's path; None where it is one of another template."""
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
