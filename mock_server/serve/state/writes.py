"""Creating, replacing, changing and deleting. Nothing is stored before its answer is made."""

from dataclasses import dataclass
from urllib.parse import quote

from mock_server.exchange.message import find_field
from mock_server.generate.envelope import put
from mock_server.pausing import count_pauses, without_pauses
from mock_server.serve.answer import Answer
from mock_server.serve.state.asked import Asked, documents
from mock_server.serve.state.children import came_with
from mock_server.serve.state.creation import Creation, owner_link
from mock_server.serve.state.keys import is_unique, text_of
from mock_server.serve.state.patching import PatchError, same
from mock_server.serve.state.presence import Presence, belongs
from mock_server.serve.state.reads import Reads
from mock_server.serve.state.refusals import Refusals
from mock_server.serve.state.resource import Act, Resource
from mock_server.serve.state.seeding import Seeds
from mock_server.serve.state.showing import Showing
from mock_server.serve.state.store import Record, Store
from mock_server.spec.model import Location
from mock_server.typing import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, eq=False)
class Writes:
    """Answers what changes something. What raises Conflict is to be asked again: somebody else was faster."""

    presence: Presence
    showing: Showing
    reads: Reads

    @property
    def _store(self) -> Store:
        return self.presence.store

    @property
    def _seeds(self) -> Seeds:
        return self.presence.seeds

    @property
    def _creation(self) -> Creation:
        return self.presence.creation

    @property
    def _refusals(self) -> Refusals:
        return self.presence.refusals

    def create(self, asked: Asked) -> Answer:
        """Make a new thing; where its key is taken and nothing is documented for that, it takes the place of the old one."""
        self.presence.need_owners(asked)
        self.presence.need_seeds(asked)
        self._check_acceptable(asked)
        resource, deed, ask = asked.resource, asked.deed, asked.ask
        wished = self._creation.client_key(resource, deed, ask)
        text = text_of(wished)
        if text is not None and (known := self._store.find(asked.world, asked.collection, text)) is not None and known.body is not None:
            if documents(deed.operation, 409):
                raise self._refusals.conflict(asked, f"{resource.key} {wished!r} belongs to another {asked.noun}")
            return self._replaced(asked, known)
        number = self._store.number(asked.world, asked.collection)
        since = self._check_unique(asked, None)
        key = wished if text is not None else self._fresh(asked, number)
        text = text_of(key) or f"n{number}"
        thing = self._new(asked, key, number)
        thing, links = owner_link(deed, asked.place.variables, asked.place.values, thing)
        record = Record(text, 1, number, thing, links)
        return self._insert(asked, record, self.showing.show(asked, record), since)

    def _insert(self, asked: Asked, record: Record, answer: Answer, since: int | None = None) -> Answer:
        """Put a new thing in, whose answer is made; its owner may have been deleted while that was made."""
        if count_pauses():
            self.presence.need_owners(asked)
        self._store.insert(asked.world, asked.collection, record, since)
        return answer

    def _fresh(self, asked: Asked, number: int) -> JsonValue:
        """A key for a new thing."""
        resource = asked.resource
        if resource.key is None:
            return None
        shows = next((resource.deeds[act] for act in (Act.LIST, Act.READ, Act.CREATE) if act in resource.deeds), asked.deed)
        known = self._seeds.listed(asked.place, shows, asked.ask) if shows.act is Act.LIST else []
        keys = [key for _, thing in known if (key := resource.key_of(thing)) is not None]
        like = max(keys, key=_height) if keys else None
        if like is None:
            made = self._seeds.one(asked.place, shows, asked.ask, number)
            like = resource.key_of(made)
        taken = {record.key for record in self._store.all(asked.world, asked.collection)}
        return self._seeds.fresh_key(asked.place, shows, like, number, taken, asked.ask)

    def _new(self, asked: Asked, key: JsonValue, number: int) -> JsonObject:
        """A new thing; it has no children but those that were sent with it."""
        thing = self._creation.new(asked.place, asked.deed, asked.ask, key if asked.resource.key is not None else None, number)
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        for child in self.presence.children.get(asked.resource.name, ()):
            if child.pointer is not None and came_with(sent, child) is None:
                put_in = put(thing, child.pointer, [])
                thing = put_in if isinstance(put_in, dict) else thing
        return thing

    def replace(self, asked: Asked) -> Answer:
        """Make a thing what a request says; or make it."""
        self._check_acceptable(asked)
        record = self.presence.found(asked, adopt=asked.resource.listed or asked.resource.single)
        if record is None and asked.key is not None and self._may_create(asked):
            return self._put(asked)
        if record is None:
            raise self._refusals.absent(asked)
        self._check_match(asked, record)
        return self._replaced(asked, record, self._check_unique(asked, record))

    def _may_create(self, asked: Asked) -> bool:
        """Whether PUT makes what is not there: where it says so, or where nothing else can."""
        documented = documents(asked.deed.operation, 201)
        return documented or not asked.resource.listed or Act.CREATE not in asked.resource.deeds

    def _put(self, asked: Asked) -> Answer:
        """Make the thing that a PUT names."""
        number = self._store.number(asked.world, asked.collection)
        thing = self._new(asked, self.presence.key_value(asked), number)
        record = Record(asked.key or "", 1, number, thing, {})
        created = 201 if documents(asked.deed.operation, 201) else None
        return self._insert(asked, record, self.showing.show(asked, record, created))

    def _replaced(self, asked: Asked, record: Record, since: int | None = None) -> Answer:
        place = asked.place_of(record)
        thing = self._creation.replaced(place, asked.deed, asked.ask, record.body or {})
        return self._keep(asked, record, thing, since)

    def change(self, asked: Asked) -> Answer:
        """Change what a request says of a thing."""
        self._check_acceptable(asked)
        record = self.presence.found(asked)
        if record is None:
            raise self._refusals.absent(asked)
        self._check_match(asked, record)
        since = self._check_unique(asked, record)
        media_type = (find_field(asked.ask.request.fields, b"content-type") or "").partition(";")[0].strip().lower()
        place = asked.place_of(record)
        try:
            thing = self._creation.changed(place, asked.deed, asked.ask, record.body or {}, media_type=media_type)
        except PatchError as error:
            raise self._refusals.unpatchable(asked, error) from error
        return self._keep(asked, record, thing, since)

    def _keep(self, asked: Asked, record: Record, thing: JsonObject, since: int | None) -> Answer:
        """Keep a changed thing, if it can be answered."""
        after = record._replace(version=record.version + 1, body=thing)
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        children = [child for child in self.presence.children.get(asked.resource.name, ()) if came_with(sent, child) is not None]
        answer = self.showing.show(asked, after) if not children else None
        with without_pauses():  # a thing and its children change together
            self._store.replace(asked.world, asked.collection, record, thing, since)
            for child in children:
                self._replace_children(self.presence.asked_for_children(asked, after, child), came_with(thing, child) or [])
        return answer if answer is not None else self.showing.show(asked, after)

    def _replace_children(self, asked: Asked, items: list[JsonValue]) -> None:
        """Let the children that were sent with their owner take the place of those that there were."""
        self.presence.need_seeds(asked)
        for known in self._store.all(asked.world, asked.collection):
            if belongs(asked, known):
                forget(self._store, asked.world, asked.resource, asked.collection, known)
        for made in self.presence.made_of(items, asked.place, asked.deed, asked):
            self._store.insert(asked.world, asked.collection, made._replace(position=self._store.number(asked.world, asked.collection)))

    def remove(self, asked: Asked) -> Answer:
        """Delete a thing."""
        self._check_acceptable(asked)
        record = self.presence.found(asked)
        if record is None:
            raise self._refusals.absent(asked)
        self._check_match(asked, record)
        answer = self.showing.show(asked, record)
        forget(self._store, asked.world, asked.resource, asked.collection, record)
        return answer

    def clear(self, asked: Asked) -> Answer | None:
        """Delete everything that the filters of a request let through; None where nobody knows what there is."""
        self.presence.need_owners(asked)
        if not asked.resource.listed:
            return None
        self.presence.need_seeds(asked)
        self._check_acceptable(asked)
        for record in self.reads.matching(asked):
            forget(self._store, asked.world, asked.resource, asked.collection, record)
        return self.showing.fittings.of(asked.resource, asked.deed).reply.render(asked.ask)

    def _check_acceptable(self, asked: Asked) -> None:
        """See that an answer is acceptable before anything is changed."""
        if not asked.deed.chosen.is_empty:
            self.showing.represented(asked, self.showing.fittings.of(asked.resource, asked.deed))

    def _check_unique(self, asked: Asked, own: Record | None) -> int | None:
        """
        See that what has to be unique is, where the document has a word for it.

        Returns:
            The stamp since which nothing may have changed, so that it still is when it is written; None where nothing has to be.
        """
        if not documents(asked.deed.operation, 409):
            return None
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        wished = {n: v for n, v in sent.items() if is_unique(n) and isinstance(v, str)} if isinstance(sent, dict) else {}
        if not wished:
            return None
        since = self._store.stamp(asked.world, asked.collection)
        for record in self._store.all(asked.world, asked.collection):
            taken = next((n for n, v in wished.items() if same((record.body or {}).get(n), v)), None)
            if taken is not None and (own is None or record.key != own.key):
                raise self._refusals.conflict(asked, f"{taken} {wished[taken]!r} belongs to another {asked.noun}")
        return since

    def _check_match(self, asked: Asked, record: Record) -> None:
        """Obey If-Match, where it is documented. RFC 9110, section 13.1.1."""
        wanted = find_field(asked.ask.request.fields, b"if-match")
        documented = any(p.location is Location.HEADER and p.name.lower() == "if-match" for p in asked.deed.operation.parameters)
        if wanted is None or wanted.strip() == "*" or not documented:
            return
        if self.showing.tag(asked, record) not in {tag.strip() for tag in wanted.split(",")}:
            raise self._refusals.changed(asked, self.showing.tag(asked, record))


def forget(store: Store, world: str, resource: Resource, collection: str, record: Record) -> None:
    """
    Delete a thing and what is under it.

    Raises:
        Conflict: it is not what it was.
    """
    if resource.listed:
        store.remove(world, collection, record)
    else:
        store.replace(world, collection, record, None)
    store.clear(world, f"{collection}/{quote(record.key, safe='')}/")


def _height(key: JsonValue) -> float:
    return float(key) if isinstance(key, int | float) else 0.0
