"""
What is there: in the beginning, and since.

A collection is filled when it is first asked for. Where no list says what there is, a thing is there when it is first
asked for. What belongs to somebody who was created is empty until something is put there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mock_server.exchange.negotiate import choose_failure
from mock_server.generate.envelope import put, take
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.state.body import Creation, owner_link
from mock_server.state.children import Child, came_with
from mock_server.state.representation import NotRepresentable, plain_ask
from mock_server.state.request import Refusals, StateRequest, fill
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.seeds import CollectionPath, ItemRepresentations, Seeds, thing_place
from mock_server.state.store import Record, Store

_GENERATIONS = 2  # of children within children


def belongs(asked: StateRequest, record: Record) -> bool:
    """Return whether a thing is one of those that a view shows."""
    link = asked.deed.link
    if link is None:
        return True
    wanted = asked.place.variables.get(link.variable)
    if not link.pointer:
        return record.links.get(link.variable) == wanted
    return text_of(take(record.body or {}, link.pointer)) == wanted


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """Finds things."""

    store: Store
    fittings: ItemRepresentations
    seeds: Seeds
    creation: Creation
    refusals: Refusals
    children: Mapping[str, tuple[Child, ...]]  # by the name of the owner's resource

    def collection(self, template: str, variables: Mapping[str, str]) -> str:
        """Return the name of a collection in the store: documents may share one, each under its base path."""
        return self.fittings.responder.base_paths()[0] + fill(template, variables)

    def found(self, asked: StateRequest, *, adopt: bool = True) -> Record | None:
        """
        Return the thing that a request means.

        Where no list says what there is, it is there when it is first asked for.
        """
        self.need_owners(asked)
        if asked.key is None:
            return None
        self.need_seeds(asked)
        record = self.store.find(asked.world, asked.collection, asked.key)
        if record is not None:
            if record.body is not None:
                return record
            return None
        if adopt and not asked.resource.listed:
            return self._adopted(asked)
        return None

    def _adopted(self, asked: StateRequest) -> Record | None:
        """Return a thing that is there because somebody asks for it."""
        read = asked.resource.deeds.get(Action.READ)
        if read is None or asked.key is None:
            return None
        value = self.key_value(asked)
        place = thing_place(asked.place, asked.key, value)
        fitting = self.fittings.of(asked.resource, read)
        represented = fitting.reply.representation(None)
        spot = fitting.thing_spot(represented) if represented is not None else None
        if represented is None or spot is None:
            raise NotRepresentable("it does not say what it answers")
        thing = take(
            fitting.reply.make(represented, plain_ask(asked.ask, read, place.variables, place.values)), spot.pointer
        )
        if not isinstance(thing, dict):
            raise NotRepresentable("what it answers is no object")
        resource = asked.resource
        if resource.key is not None and text_of(resource.key_of(thing)) != asked.key:
            keyed = resource.with_key(thing, value)
            if self.fittings.accept(asked.resource, keyed, place, asked.ask):
                thing = keyed
        thing = self.seeds.related(place, asked.key, thing, asked.ask)
        mark = f"/{asked.key}"
        self.store.seed(asked.world, asked.collection, mark, [Record(asked.key, 1, -1, thing, {})])
        return self.store.find(asked.world, asked.collection, asked.key)

    def need_owners(self, asked: StateRequest) -> None:
        """See that those exist whose things are asked for."""
        for owner in asked.resource.owners:
            self._owner(asked, owner.resource, owner.template, owner.variable)
        if asked.deed.link is not None:
            self._owner(
                asked,
                asked.deed.link.resource,
                self.fittings.resources[asked.deed.link.resource].template,
                asked.deed.link.variable,
            )

    def _owner(self, asked: StateRequest, name: str, template: str, variable: str) -> Record | None:
        """Return an owner, as far as it is known: where nobody lists owners, any is there."""
        resource, key = self.fittings.resources[name], asked.place.variables.get(variable)
        collection = self.collection(template, asked.place.variables)
        main = resource.deeds.get(Action.LIST)
        if key is None:
            return None
        if main is not None:
            self._seed(asked, resource, main, collection, collection)
        record = self.store.find(asked.world, collection, key)
        absent = record is None and resource.listed
        if (absent or (record is not None and record.body is None)) and choose_failure(
            asked.deed.operation, (404, 410)
        ) is not None:
            raise self.refusals.missing(asked, f"there is no {min(resource.nouns, key=len, default=name)} {key!r}")
        if absent:
            return Record(key, 0, -1, None, {})  # the document has no word for that: then it is as if it had been there
        return record

    def need_seeds(self, asked: StateRequest) -> None:
        """See that there is what was there in the beginning."""
        main = asked.resource.deeds.get(Action.LIST)
        if main is not None:
            self._seed(asked, asked.resource, main, asked.collection, asked.collection)
            if asked.deed.link is not None and asked.deed.act is Action.LIST:
                self._need_own(asked)
        elif asked.deed.act is Action.LIST:
            self._seed(
                asked,
                asked.resource,
                asked.deed,
                asked.collection,
                fill(asked.deed.operation.entry.template, asked.place.variables),
            )

    def _need_own(self, asked: StateRequest) -> None:
        """See that an owner who was there in the beginning has some of what it would have without state."""
        mark = fill(asked.deed.operation.entry.template, asked.place.variables)
        if self.store.seeded(asked.world, asked.collection, mark):
            return
        if any(belongs(asked, record) for record in self.store.all(asked.world, asked.collection)):
            self.store.seed(asked.world, asked.collection, mark, [])
        else:
            self._seed(asked, asked.resource, asked.deed, asked.collection, mark)

    def _seed(self, asked: StateRequest, resource: Resource, deed: Binding, collection: str, mark: str) -> None:
        if self.store.seeded(asked.world, collection, mark):
            return
        place = CollectionPath(resource, asked.place.variables, asked.place.values)
        owner = self._new_owner(asked, resource, deed)
        if owner is not None:
            self.store.seed(asked.world, collection, mark, self._sent_with(owner, place, deed, asked))
            return
        things = self.seeds.things(place, deed, asked.ask)
        records = []
        for index, (key, thing) in enumerate(things):
            linked, links = owner_link(deed, place.variables, place.values, thing)
            for link in resource.links:
                if not link.pointer and link.variable not in links:
                    links = {**links, **self._owned(asked, link.resource, link.variable, index)}
            records.append(Record(key, 1, index - len(things), linked, links))
        self.store.seed(asked.world, collection, mark, records)

    def _owned(self, asked: StateRequest, name: str, variable: str, index: int) -> dict[str, str]:
        """Return one of the owners that there are, for a thing that does not say whose it is."""
        owner = self.fittings.resources[name]
        main = owner.deeds.get(Action.LIST)
        if main is None or "{" in owner.template:
            return {}
        known = self.seeds.listed(CollectionPath(owner, {}, {}), main, asked.ask)
        if known:
            return {variable: known[index % len(known)][0]}
        return {}

    def _sent_with(
        self, owner: tuple[str, Record], place: CollectionPath, deed: Binding, asked: StateRequest
    ) -> list[Record]:
        """Return what is there of somebody who was created: the children that came with it."""
        name, record = owner
        children = [child for child in self.children.get(name, ()) if child.deed is deed and child.pointer is not None]
        items = came_with(record.body, children[0]) if children else None
        return self.made_of(items or [], place, deed, asked)

    def made_of(
        self, items: list[JsonValue], place: CollectionPath, deed: Binding, asked: StateRequest
    ) -> list[Record]:
        """Children as they came with their owner, with what a server sets."""
        things: list[JsonObject] = []
        for index, item in enumerate(items):
            if isinstance(item, dict):
                seed = derive_seed(asked.ask.seed_text, place.resource.name, *place.variables.values(), "sent", index)
                things.append({**(self.seeds.one(place, deed, asked.ask, seed) or {}), **item})
        records = []
        for index, (key, thing) in enumerate(self.seeds.keyed(place, deed, things, asked.ask)):
            linked, links = owner_link(deed, place.variables, place.values, thing)
            records.append(Record(key, 1, index, linked, links))
        return records

    def completed(self, asked: StateRequest, record: Record, depth: int = 0) -> Record:
        """Return a thing with its children as they are, and counted."""
        children = self.children.get(asked.resource.name, ())
        if not children or record.body is None or depth > _GENERATIONS:
            return record
        body: JsonValue = record.body
        is_kept = self.store.find(asked.world, asked.collection, record.key) is not None
        for child in children:
            inner = self.asked_for_children(asked, record, child)
            came = (
                self.made_of(came_with(record.body, child) or [], inner.place, inner.deed, inner) if not is_kept else []
            )
            records = self._children(inner) if is_kept else came
            if child.pointer is not None:
                body = put(body, child.pointer, [self.completed(inner, each, depth + 1).body for each in records])
            there = body if isinstance(body, dict) else {}
            body = {**there, **{name: len(records) for name in child.counts if isinstance(there.get(name), int)}}
        return record._replace(body=body if isinstance(body, dict) else record.body)

    def asked_for_children(self, asked: StateRequest, record: Record, child: Child) -> StateRequest:
        """Return the request for the children of a thing that nobody made."""
        known = asked.resource.key_of(record.body)
        value = known if known is not None else record.key
        variables = {**asked.place.variables, child.variable: record.key}
        place = CollectionPath(child.resource, variables, {**asked.place.values, child.variable: value})
        return StateRequest(
            child.resource, child.deed, asked.ask, place, self.collection(child.resource.template, variables), None
        )

    def _children(self, asked: StateRequest) -> list[Record]:
        """Return the things of a collection that belong to an owner."""
        self.need_seeds(asked)
        return [record for record in self.store.all(asked.world, asked.collection) if belongs(asked, record)]

    def _new_owner(self, asked: StateRequest, resource: Resource, deed: Binding) -> tuple[str, Record] | None:
        """Who was created and owns what is asked for: then nothing is there but what came with it."""
        names = [(owner.resource, owner.template, owner.variable) for owner in resource.owners]
        if deed.link is not None:
            names.append((deed.link.resource, self.fittings.resources[deed.link.resource].template, deed.link.variable))
        for name, template, variable in names:
            record = self._owner(asked, name, template, variable)
            if record is not None and record.position >= 0:
                return name, record
        return None

    def key_value(self, asked: StateRequest) -> JsonValue:
        """Return the key that a request names, as it was read."""
        variable = asked.deed.variable
        if variable is not None:
            return asked.place.values.get(variable, asked.key)
        sent = self.creation.sent(asked.resource, asked.deed, asked.ask)
        known = asked.resource.key_of(sent)
        if known is not None:
            return known
        return asked.key
