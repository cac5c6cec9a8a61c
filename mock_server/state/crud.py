"""
Reading things and lists of them. What was answered is kept until it is no longer so.

Creating, replacing, changing and deleting. Nothing is stored before its answer is made.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

from mock_server.cache import BoundedCache
from mock_server.document.model import Parameter, ParameterLocation
from mock_server.exchange.message import find_field
from mock_server.generate.echo import HERE
from mock_server.generate.envelope import put
from mock_server.generate.pagination import documented_signs, links_of
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.pausing import count_pauses, without_pauses
from mock_server.respond.answer import STATE, Answer
from mock_server.respond.answer_cache import ready_answers
from mock_server.respond.headers import tell_in_fields
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.state.body import Creation, owner_link
from mock_server.state.children import came_with
from mock_server.state.listing import ListQuery, make_plan, tell_in_body
from mock_server.state.patch import PatchError
from mock_server.state.presence import Presence, belongs
from mock_server.state.representation import plain_ask
from mock_server.state.request import Refusals, StateRequest, documents
from mock_server.state.resources import Action, Resource, is_unique, text_of
from mock_server.state.seeds import Seeds
from mock_server.state.showing import Showing, is_tagged, tag_of
from mock_server.state.store import Record, Store


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Answers what only looks."""

    presence: Presence
    showing: Showing
    _plans: dict[str, ListQuery] = field(default_factory=dict)
    _things: BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]] = field(
        default_factory=ready_answers
    )  # good for a record
    _lists: BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]] = field(
        default_factory=ready_answers
    )  # good for a stamp

    def read(self, asked: StateRequest) -> Answer | None:
        """Answer with a thing."""
        record = self.presence.found(asked)
        if record is None:
            raise self.presence.refusals.absent(asked)
        ready = (
            asked.deed.operation.id,
            asked.world,
            asked.collection,
            record.key,
            asked.ask.accept or "",
            asked.ask.seed_text,
        )
        known = self._things.get(ready)
        has_children = asked.resource.name in self.presence.children
        if known is not None and known[0] is record and not has_children:
            return self.showing.conditional(asked, known[1])
        answer = self.showing.show(asked, record)
        if not has_children:  # which may change without it
            self._things[ready] = record, answer
        return self.showing.conditional(asked, answer)

    def look_through(self, asked: StateRequest) -> Answer | None:
        """Answer with a list; None where the body is none."""
        self.presence.need_owners(asked)
        self.presence.need_seeds(asked)
        ask, entry = asked.ask, asked.deed.operation.entry
        stamp = self.presence.store.stamp(asked.world, asked.collection)
        path, query = ask.request.path.decode("latin-1"), ask.request.query.decode("latin-1")
        ready = (entry.id, asked.world, ask.seed_text, path, query, ask.accept or "")
        known = self._lists.get(ready)
        has_children = asked.resource.name in self.presence.children
        if known is not None and known[0] == stamp and not has_children:
            return self.showing.conditional(asked, known[1])
        answer = self._listed(asked, path, query)
        if answer is None:
            return None
        if not has_children:
            self._lists[ready] = stamp, answer
        return self.showing.conditional(asked, answer)

    def _listed(self, asked: StateRequest, path: str, query: str) -> Answer | None:
        fitting = self.showing.fittings.of(asked.resource, asked.deed)
        represented = self.showing.represented(asked, fitting)
        spot = fitting.list_spot(represented)
        if spot is None:
            return None
        page = self._plan(asked).select(self._all(asked), _query(asked))
        shown = [self.presence.completed(asked, record) for record in page.records]
        span = page.span
        links = links_of(span, self._plan(asked).roles, HERE + path, query)
        plain = plain_ask(asked.ask, asked.deed, asked.place.variables, asked.place.values)
        body = fitting.show_all(
            represented, spot, [(record.key, record.body) for record in shown if record.body is not None], plain
        )
        signs = documented_signs(fitting.outline(represented), spot.pointer)
        body = tell_in_body(body, spot.pointer, span, links, lambda value: fitting.fits(represented, value), signs)
        answer = fitting.reply.carry(represented, body, STATE + asked.resource.name, asked.ask)
        own = tell_in_fields(asked.deed.chosen.response, span, links)
        own += [(b"etag", tag_of(answer.body).encode())] if is_tagged(asked.deed) else []
        return self.showing.with_fields(asked, asked.deed, answer, own)

    def matching(self, asked: StateRequest) -> list[Record]:
        """Everything that the filters of a request let through, on whatever page."""
        query = _query(asked)
        return [record for record in self._all(asked) if self._plan(asked).keeps(record, query)]

    def _all(self, asked: StateRequest) -> list[Record]:
        return [record for record in self.presence.store.all(asked.world, asked.collection) if belongs(asked, record)]

    def _plan(self, asked: StateRequest) -> ListQuery:
        operation = asked.deed.operation
        if operation.id not in self._plans:
            kit = self.showing.responder.kit

            def annotate(parameter: Parameter) -> Outline:
                if parameter.content is not None:
                    schema = parameter.content.schema
                else:
                    schema = parameter.schema
                if schema is not None:
                    return kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
                return Outline((), {})

            self._plans[operation.id] = make_plan(operation, asked.resource.outline, annotate)
        return self._plans[operation.id]


def _query(asked: StateRequest) -> dict[str, JsonValue]:
    """Return the query parameters that were sent, read."""
    return {
        name: value
        for (where, name), value in asked.ask.understood.parameters.items()
        if where is ParameterLocation.QUERY
    }


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

    def create(self, asked: StateRequest) -> Answer:
        """
        Make a new thing.

        Where its key is taken and nothing is documented for that, it takes the place of the old one.
        """
        self.presence.need_owners(asked)
        self.presence.need_seeds(asked)
        self._check_acceptable(asked)
        resource, deed, ask = asked.resource, asked.deed, asked.ask
        wished = self._creation.client_key(resource, deed, ask)
        text = text_of(wished)
        if (
            text is not None
            and (known := self._store.find(asked.world, asked.collection, text)) is not None
            and known.body is not None
        ):
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

    def _insert(self, asked: StateRequest, record: Record, answer: Answer, since: int | None = None) -> Answer:
        """Put a new thing in, whose answer is made; its owner may have been deleted while that was made."""
        if count_pauses():
            self.presence.need_owners(asked)
        self._store.insert(asked.world, asked.collection, record, since)
        return answer

    def _fresh(self, asked: StateRequest, number: int) -> JsonValue:
        """Return a key for a new thing."""
        resource = asked.resource
        if resource.key is None:
            return None
        shows = next(
            (resource.deeds[act] for act in (Action.LIST, Action.READ, Action.CREATE) if act in resource.deeds),
            asked.deed,
        )
        known = self._seeds.listed(asked.place, shows, asked.ask) if shows.act is Action.LIST else []
        keys = [key for _, thing in known if (key := resource.key_of(thing)) is not None]
        like = max(keys, key=_height) if keys else None
        if like is None:
            made = self._seeds.one(asked.place, shows, asked.ask, number)
            like = resource.key_of(made)
        taken = {record.key for record in self._store.all(asked.world, asked.collection)}
        return self._seeds.fresh_key(asked.place, shows, like, number, taken, asked.ask)

    def _new(self, asked: StateRequest, key: JsonValue, number: int) -> JsonObject:
        """Return a new thing; it has no children but those that were sent with it."""
        thing = self._creation.new(
            asked.place, asked.deed, asked.ask, key if asked.resource.key is not None else None, number
        )
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        for child in self.presence.children.get(asked.resource.name, ()):
            if child.pointer is not None and came_with(sent, child) is None:
                put_in = put(thing, child.pointer, [])
                thing = put_in if isinstance(put_in, dict) else thing
        return thing

    def replace(self, asked: StateRequest) -> Answer:
        """Make a thing what a request says; or make it."""
        self._check_acceptable(asked)
        record = self.presence.found(asked, adopt=asked.resource.listed or asked.resource.single)
        if record is None and asked.key is not None and self._may_create(asked):
            return self._put(asked)
        if record is None:
            raise self._refusals.absent(asked)
        self._check_match(asked, record)
        return self._replaced(asked, record, self._check_unique(asked, record))

    def _may_create(self, asked: StateRequest) -> bool:
        """Return whether PUT makes what is not there: where it says so, or where nothing else can."""
        documented = documents(asked.deed.operation, 201)
        return documented or not asked.resource.listed or Action.CREATE not in asked.resource.deeds

    def _put(self, asked: StateRequest) -> Answer:
        """Make the thing that a PUT names."""
        number = self._store.number(asked.world, asked.collection)
        thing = self._new(asked, self.presence.key_value(asked), number)
        record = Record(asked.key or "", 1, number, thing, {})
        created = 201 if documents(asked.deed.operation, 201) else None
        return self._insert(asked, record, self.showing.show(asked, record, created))

    def _replaced(self, asked: StateRequest, record: Record, since: int | None = None) -> Answer:
        place = asked.place_of(record)
        thing = self._creation.replaced(place, asked.deed, asked.ask, record.body or {})
        return self._keep(asked, record, thing, since)

    def change(self, asked: StateRequest) -> Answer:
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

    def _keep(self, asked: StateRequest, record: Record, thing: JsonObject, since: int | None) -> Answer:
        """Keep a changed thing, if it can be answered."""
        after = record._replace(version=record.version + 1, body=thing)
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        children = [
            child for child in self.presence.children.get(asked.resource.name, ()) if came_with(sent, child) is not None
        ]
        answer = self.showing.show(asked, after) if not children else None
        with without_pauses():  # a thing and its children change together
            self._store.replace(asked.world, asked.collection, record, thing, since)
            for child in children:
                self._replace_children(
                    self.presence.asked_for_children(asked, after, child), came_with(thing, child) or []
                )
        if answer is not None:
            return answer
        return self.showing.show(asked, after)

    def _replace_children(self, asked: StateRequest, items: list[JsonValue]) -> None:
        """Let the children that were sent with their owner take the place of those that there were."""
        self.presence.need_seeds(asked)
        for known in self._store.all(asked.world, asked.collection):
            if belongs(asked, known):
                forget(self._store, asked.world, asked.resource, asked.collection, known)
        for made in self.presence.made_of(items, asked.place, asked.deed, asked):
            self._store.insert(
                asked.world, asked.collection, made._replace(position=self._store.number(asked.world, asked.collection))
            )

    def remove(self, asked: StateRequest) -> Answer:
        """Delete a thing."""
        self._check_acceptable(asked)
        record = self.presence.found(asked)
        if record is None:
            raise self._refusals.absent(asked)
        self._check_match(asked, record)
        answer = self.showing.show(asked, record)
        forget(self._store, asked.world, asked.resource, asked.collection, record)
        return answer

    def clear(self, asked: StateRequest) -> Answer | None:
        """Delete everything that the filters of a request let through; None where nobody knows what there is."""
        self.presence.need_owners(asked)
        if not asked.resource.listed:
            return None
        self.presence.need_seeds(asked)
        self._check_acceptable(asked)
        for record in self.reads.matching(asked):
            forget(self._store, asked.world, asked.resource, asked.collection, record)
        return self.showing.fittings.of(asked.resource, asked.deed).reply.render(asked.ask)

    def _check_acceptable(self, asked: StateRequest) -> None:
        """See that an answer is acceptable before anything is changed."""
        if not asked.deed.chosen.is_empty:
            self.showing.represented(asked, self.showing.fittings.of(asked.resource, asked.deed))

    def _check_unique(self, asked: StateRequest, own: Record | None) -> int | None:
        """
        See that what has to be unique is, where the document has a word for it.

        Returns: The stamp since which nothing may have changed, so that it still is when it is written; None where
            nothing has to be.
        """
        if not documents(asked.deed.operation, 409):
            return None
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        wished = (
            {n: v for n, v in sent.items() if is_unique(n) and isinstance(v, str)} if isinstance(sent, dict) else {}
        )
        if not wished:
            return None
        since = self._store.stamp(asked.world, asked.collection)
        for record in self._store.all(asked.world, asked.collection):
            taken = next((n for n, v in wished.items() if same_json((record.body or {}).get(n), v)), None)
            if taken is not None and (own is None or record.key != own.key):
                raise self._refusals.conflict(asked, f"{taken} {wished[taken]!r} belongs to another {asked.noun}")
        return since

    def _check_match(self, asked: StateRequest, record: Record) -> None:
        """Obey If-Match, where it is documented. RFC 9110, section 13.1.1."""
        wanted = find_field(asked.ask.request.fields, b"if-match")
        documented = any(
            p.location is ParameterLocation.HEADER and p.name.lower() == "if-match"
            for p in asked.deed.operation.parameters
        )
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
    if isinstance(key, int | float):
        return float(key)
    return 0.0
