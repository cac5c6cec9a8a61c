"""Looking at what is kept, and editing it by hand: past the operations of the document, but never past its schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from mock_server.contract.request import Understood
from mock_server.errors import MockServerError
from mock_server.exchange.message import Request
from mock_server.exchange.preference import NONE
from mock_server.generate.seed import derive_seed
from mock_server.serve.reply import Ask
from mock_server.serve.state.answering import State
from mock_server.serve.state.asked import fill
from mock_server.serve.state.keys import text_of
from mock_server.serve.state.resource import Act, Resource
from mock_server.serve.state.seeding import Place, thing_place
from mock_server.serve.state.store import Record, read_snapshot
from mock_server.serve.world import World
from mock_server.spec.model import MISSING
from mock_server.typing import JsonObject


class NotKept(MockServerError):
    """There is no such collection or thing."""


class NotKeepable(MockServerError):
    """A thing can't be kept: no answer could show it."""


@dataclass(frozen=True, slots=True)
class Collection:
    """The things of one resource under one path."""

    resource: Resource
    path: str
    records: tuple[Record, ...]  # in their order, without those that are deleted

    def find(self, key: str) -> Record | None:
        """Find a thing by its key."""
        return next((record for record in self.records if record.key == key), None)


@dataclass(frozen=True, slots=True)
class Browser:
    """What one document keeps in one world."""

    state: State
    world: World

    def collections(self, resource: Resource) -> Iterator[Collection]:
        """The collections of a resource; one that has but one is filled with what is in it in the beginning."""
        if "{" not in resource.template:
            self._fill(resource)
        for path, (_, _, records) in read_snapshot(self.state.store.snapshot(self.world.name)).items():
            if _variables(self._template(resource), path) is not None:
                kept = sorted((record for record in records if record.body is not None), key=lambda record: record.position)
                yield Collection(resource, path, tuple(kept))

    def choose(self, resource: Resource, path: str | None) -> Collection:
        """
        A collection of a resource by its path; the only one, where none is named.

        Raises:
            NotKept: there is no such collection, or there are several.
        """
        found = list(self.collections(resource))
        chosen = [collection for collection in found if path is None or collection.path == path]
        if len(chosen) == 1:
            return chosen[0]
        known = ", ".join(collection.path for collection in found[:20]) or "none yet; each is there when it is first asked for"
        what = f"is no collection {path!r}" if path is not None else "is not one collection only: name it with ?collection="
        raise NotKept(f"of {resource.name} there {what}; there are {known}")

    def put(self, collection: Collection, key: str, thing: JsonObject) -> Record:
        """
        Put a thing where another one is, or a new one in.

        Raises:
            NotKeepable: it breaks what the document says of it, or its key is another one.
            Conflict: somebody else changed it.
        """
        resource = collection.resource
        own = text_of(thing.get(resource.key)) if resource.key is not None else key
        if own != key:
            raise NotKeepable(f"{resource.key!r} of it has to be {key!r}, not {thing.get(str(resource.key))!r}")
        variables = _variables(self._template(resource), collection.path) or {}
        value = thing[resource.key] if resource.key is not None else key
        place = thing_place(Place(resource, variables, dict(variables)), key, value)
        objection = self.state.fittings.objection(resource, thing, place, self._ask(collection.path))
        if objection is not None:
            raise NotKeepable(objection)
        store, name = self.state.store, self.world.name
        before = store.find(name, collection.path, key)
        if before is not None:
            return store.replace(name, collection.path, before, thing)
        record = Record(key, 1, store.number(name, collection.path), thing, {})
        store.insert(name, collection.path, record)
        return record

    def remove(self, collection: Collection, key: str) -> None:
        """
        Remove a thing.

        Raises:
            NotKept: it is not there.
            Conflict: somebody else changed it.
        """
        before = self.state.store.find(self.world.name, collection.path, key)
        if before is None or before.body is None:
            raise NotKept(f"there is no {key!r} in {collection.path}")
        if collection.resource.listed:
            self.state.store.remove(self.world.name, collection.path, before)
        else:
            self.state.store.replace(self.world.name, collection.path, before, None)

    def _fill(self, resource: Resource) -> None:
        """See that what is there in the beginning is there."""
        deed = resource.deeds.get(Act.LIST)
        path = self._template(resource)
        if deed is not None and not self.state.store.seeded(self.world.name, path, path):
            self.state.answer(deed.operation, self._ask(path))

    def _template(self, resource: Resource) -> str:
        """The template of the names of a resource's collections in the store."""
        return self.state.collection(resource.template, {})

    def _ask(self, path: str) -> Ask:
        """The question of nobody in particular."""
        seed_text = self.world.seed or str(self.state.responder.kit.settings.seed)
        request = Request("GET", path.encode("latin-1", "replace"), b"", (), b"")
        understood = Understood({}, MISSING)
        return Ask(request, understood, NONE, None, lambda: derive_seed(seed_text, path), seed_text, (), None, self.world)


def _variables(template: str, path: str) -> dict[str, str] | None:
    """The variables of a collection's path; None where it is one of another template."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = {one[1:-1]: unquote(other) for one, other in zip(wanted, given, strict=True) if one.startswith("{") and one.endswith("}")}
    return names if fill(template, names) == path else None
