"""
Answering from state: the source that brings the parts together.

An operation with state reads and writes the things of its resource in the world of who asks. Whatever can't be answered in
the document's words from state is answered as without it, and a warning says why.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import quote, unquote

from mock_server.errors import SchemaError
from mock_server.exchange import problem
from mock_server.exchange.message import find_field
from mock_server.exchange.negotiate import Represented, choose_failure, choose_status
from mock_server.exchange.problem import Problem
from mock_server.finding import Finding
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.serve.answer import STATE, Answer, RawField, problem_answer
from mock_server.serve.reply import Ask
from mock_server.serve.respond import Responder
from mock_server.serve.state.creation import Creation, owner_link
from mock_server.serve.state.envelope import Spot, take
from mock_server.serve.state.fitting import Fitting, Unfit, plain_ask
from mock_server.serve.state.inference import Inferred
from mock_server.serve.state.keys import is_unique, text_of
from mock_server.serve.state.listing import Page, Plan, make_plan
from mock_server.serve.state.paging import links_of, tell_in_body, tell_in_fields
from mock_server.serve.state.patching import PatchError, same
from mock_server.serve.state.resource import Act, Deed, Resource
from mock_server.serve.state.seeding import Fittings, Place, Seeds, thing_place
from mock_server.serve.state.store import Conflict, Record, Store, StoreUnavailable
from mock_server.spec.model import Entry, Location, Operation, Parameter
from mock_server.typing import JsonObject, JsonValue

_log = logging.getLogger("mock_server.state")
_TRIES: Final = 60  # of a write that others were faster with
_PAUSE: Final = 0.05  # seconds at most between two of them
_MOST: Final = 1_024  # answers that are kept ready


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for a resource, read."""

    resource: Resource
    deed: Deed
    ask: Ask
    place: Place  # of the collection, or of the thing
    collection: str  # by its concrete path
    key: str | None  # of the thing that is meant

    @property
    def world(self) -> str:
        return self.ask.world.name


class _Refused(Exception):
    """The request can't be done: the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(eq=False)
class State:
    """Answers from what was created, changed and deleted before."""

    responder: Responder
    inferred: Inferred
    store: Store
    clock: Callable[[], float] = time.time
    before_validation: bool = False
    _plans: dict[str, Plan] = field(default_factory=dict)
    _things: dict[tuple[str, ...], tuple[Record, Answer]] = field(default_factory=dict)
    _lists: dict[tuple[str, ...], tuple[int, Answer]] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the parts."""
        self._resources = {resource.name: resource for resource in self.inferred.resources}
        self._fittings = Fittings(self.responder, self._resources)
        self._seeds = Seeds(self._fittings)
        self._creation = Creation(self._fittings, self._seeds, self.clock, self._dropped)
        self._acts: dict[Act, Callable[[_Asked], Answer | None]] = {
            Act.LIST: self._list,
            Act.CREATE: self._create,
            Act.READ: self._read,
            Act.REPLACE: self._replace,
            Act.CHANGE: self._change,
            Act.REMOVE: self._remove,
            Act.CLEAR: self._clear,
        }

    @property
    def blocks(self) -> bool:
        """Whether the store waits for something."""
        return self.store.blocks

    @property
    def fittings(self) -> Fittings:
        """How things stand in answers."""
        return self._fittings

    def pulse(self) -> int | None:
        """A number that is another one after each change; None where telling it takes as long as answering."""
        return self.store.pulse()

    def touches(self, entry: Entry) -> bool:
        """Whether an operation has state."""
        return entry.id in self.inferred.by_entry

    def tell(self, operation: Operation | None, ask: Ask) -> tuple[bool, str]:
        """Say what would be done, without doing it; see `serve.explain`."""
        found = self.inferred.by_entry.get(operation.id) if operation is not None else None
        if found is None:
            return False, "the operation has no state"
        asked = self._asked(*found, ask)
        resource, act = asked.resource, asked.deed.act
        if act in {Act.LIST, Act.CREATE, Act.CLEAR} or asked.key is None:
            return True, f"{act.value} {resource.name}: the collection {asked.collection}"
        record = self.store.find(asked.world, asked.collection, asked.key)
        if record is None and resource.listed and self.store.seeded(asked.world, asked.collection, asked.collection):
            there = "which is not there"
        elif record is None:
            there = "which nobody asked for yet"
        else:
            there = "which was deleted" if record.body is None else f"which is there, in version {record.version}"
        return True, f"{act.value} {resource.name}: {asked.key!r} in {asked.collection}, {there}"

    def answer(self, operation: Operation | None, ask: Ask) -> Answer | None:
        """Answer from state; None where the operation has none, or where nothing made from it conforms."""
        found = self.inferred.by_entry.get(operation.id) if operation is not None else None
        if found is None:
            return None
        asked = self._asked(*found, ask)
        for attempt in range(_TRIES):
            try:
                return self._acts[asked.deed.act](asked)
            except Conflict:
                time.sleep(Random().random() * _PAUSE * min(attempt + 1, 4) / 4 if self.store.blocks else 0)
            except _Refused as refused:
                return refused.answer
            except (Unfit, SchemaError) as error:
                self._warn(asked, str(error))
                return None
            except StoreUnavailable as error:
                return problem_answer(problem.STORE_UNAVAILABLE, str(error), entry=asked.deed.operation.entry)
        return problem_answer(problem.STORE_UNAVAILABLE, "too many others write the same thing", entry=asked.deed.operation.entry)

    def reset(self, world: str) -> None:
        """Go back to what was there in the beginning."""
        self.store.reset(world)

    def drop(self, world: str) -> None:
        """Forget a world."""
        self.store.drop(world)

    def fork(self, source: str, target: str) -> None:
        """Give a world what another one has."""
        self.store.fork(source, target)

    def snapshot(self, world: str) -> JsonValue:
        """What is kept for a world, as JSON."""
        return self.store.snapshot(world)

    def restore(self, world: str, snapshot: JsonValue) -> None:
        """
        Go back to a snapshot.

        Raises:
            UsageError: it is none.
        """
        self.store.restore(world, snapshot)

    def _asked(self, resource: Resource, deed: Deed, ask: Ask) -> _Asked:
        variables = {name: unquote(value) for name, value in ask.variables.items()}
        values: dict[str, JsonValue] = {
            **variables,
            **{n: v for (where, n), v in ask.understood.parameters.items() if where is Location.PATH},
        }
        collection = self._collection(resource.template, variables)
        key = (
            ""
            if resource.single
            else variables.get(deed.variable)
            if deed.variable is not None
            else self._key_elsewhere(resource, deed, ask)
        )
        return _Asked(resource, deed, ask, Place(resource, variables, values), collection, key)

    def _collection(self, template: str, variables: Mapping[str, str]) -> str:
        """The name of a collection in the store: documents may share one, each under its base path."""
        return self.responder.base_paths()[0] + fill(template, variables)

    def _key_elsewhere(self, resource: Resource, deed: Deed, ask: Ask) -> str | None:
        """The key of the thing that is meant, where the path does not say: in the query, or in the body."""
        if deed.act in {Act.LIST, Act.CREATE, Act.CLEAR} or resource.key is None:
            return None
        for (where, name), value in ask.understood.parameters.items():
            if where is Location.QUERY and name == resource.key:
                return text_of(value)
        sent = self._creation.sent(resource, deed, ask)
        return text_of(sent.get(resource.key)) if isinstance(sent, dict) else None

    def _warn(self, asked: _Asked, reason: str) -> None:
        """Say once that an operation could not be answered from state."""
        entry = asked.deed.operation.entry
        message = f"{entry.title} is answered without state: what state says breaks the document: {reason}"
        self._tell(entry.id, Finding(rule="document-state-unfit", message=message, place=entry.node.place, operation=entry.id))

    def _dropped(self, resource: Resource, names: set[str], reason: str) -> None:
        """Say once that properties of a request can't be kept."""
        message = f"{resource.name}: what was sent as {', '.join(sorted(names))} is not kept, since no answer can show it: {reason}"
        self._tell(f"{resource.name}: {sorted(names)}", Finding(rule="document-state-unfit", message=message))

    def _tell(self, what: str, finding: Finding) -> None:
        if what not in self._warned and len(self._warned) < _MOST:
            self._warned.add(what)
            _log.warning("%s: %s", finding.rule, finding.message)

    # --- reading

    def _list(self, asked: _Asked) -> Answer | None:
        self._need_owners(asked)
        self._need_seeds(asked)
        ask, entry = asked.ask, asked.deed.operation.entry
        stamp = self.store.stamp(asked.world, asked.collection)
        path = ask.request.path.decode("latin-1")
        origin = find_field(ask.request.fields, b"host") or ""
        ready = (entry.id, asked.world, ask.seed_text, path, ask.request.query.decode("latin-1"), ask.accept or "", origin)
        known = self._lists.get(ready)
        if known is not None and known[0] == stamp:
            return self._conditional(asked, known[1])
        fitting = self._fittings.of(asked.resource, asked.deed)
        represented = self._represented(asked, fitting)
        spot = fitting.list_spot(represented)
        if spot is None:
            return None
        page = self._page(asked)
        links = links_of(page, self._plan(asked).roles, self._url(asked, path), ask.request.query.decode("latin-1"))
        body = self._listed(asked, fitting, represented, spot, page)
        body = tell_in_body(body, spot.pointer, page, links, lambda value: fitting.fits(represented, value))
        answer = fitting.reply.carry(represented, body, STATE + asked.resource.name)
        own = [*tell_in_fields(asked.deed.chosen.response, page, links), *self._tags(asked, f"{stamp:x}")]
        answer = self._with_fields(asked, answer, own)
        if len(self._lists) >= _MOST:
            self._lists.clear()
        self._lists[ready] = (stamp, answer)
        return self._conditional(asked, answer)

    def _listed(self, asked: _Asked, fitting: Fitting, represented: Represented, spot: Spot, page: Page) -> JsonValue:
        things = [record.body for record in page.records if record.body is not None]
        plain = plain_ask(asked.ask, asked.deed, asked.place.variables, asked.place.values)
        return fitting.show_all(represented, spot, things, plain)

    def _page(self, asked: _Asked) -> Page:
        """What a list shows."""
        records = [record for record in self.store.all(asked.world, asked.collection) if _belongs(asked, record)]
        query = {name: value for (where, name), value in asked.ask.understood.parameters.items() if where is Location.QUERY}
        return self._plan(asked).select(records, query)

    def _plan(self, asked: _Asked) -> Plan:
        operation = asked.deed.operation
        if operation.id not in self._plans:
            kit = self.responder.kit

            def annotate(parameter: Parameter) -> Outline:
                schema = parameter.content.schema if parameter.content is not None else parameter.schema
                return kit.outline(schema, Direction.REQUEST, Purpose.MAKE) if schema is not None else Outline((), {})

            self._plans[operation.id] = make_plan(operation, asked.resource.outline, annotate)
        return self._plans[operation.id]

    def _read(self, asked: _Asked) -> Answer | None:
        record = self._found(asked)
        if record is None:
            raise _Refused(self._absent(asked))
        ready = (asked.deed.operation.id, asked.world, asked.collection, record.key, asked.ask.accept or "", asked.ask.seed_text)
        known = self._things.get(ready)
        if known is None or known[0] is not record:
            answer = self._shown(asked, record)
            if answer is None:
                return None
            if len(self._things) >= _MOST:
                self._things.clear()
            known = self._things[ready] = (record, answer)
        return self._conditional(asked, known[1])

    def _shown(self, asked: _Asked, record: Record, status: int | None = None) -> Answer | None:
        """The answer of success that shows a thing; one without content, where none is documented."""
        deed = asked.deed
        chosen = choose_status(deed.operation, status) if status is not None else None
        if chosen is not None and chosen.status != deed.chosen.status:
            deed = Deed(act=deed.act, operation=deed.operation, chosen=chosen, variable=deed.variable, link=deed.link)
        fitting = self._fittings.of(asked.resource, deed)
        source = STATE + asked.resource.name
        own = self._tags(asked, f"{record.version:x}.{record.position:x}")
        if deed.act is Act.CREATE or status == 201:  # noqa: PLR2004
            own += self._location(asked, record)
        if deed.chosen.is_empty:
            return self._with_fields(
                asked,
                Answer(
                    deed.chosen.status,
                    [*fitting.reply.head(), (b"x-mock-source", source.encode("latin-1", "replace"))],
                    b"",
                    source,
                    deed.operation.entry,
                ),
                own,
            )
        represented = self._represented(asked, fitting)
        inner = thing_place(asked.place, record.key, (record.body or {}).get(asked.resource.key or "", record.key))
        plain = plain_ask(asked.ask, deed, inner.variables, inner.values)
        body = fitting.show(represented, record.body or {}, plain)
        return self._with_fields(asked, fitting.reply.carry(represented, body, source), own)

    def _represented(self, asked: _Asked, fitting: Fitting) -> Represented:
        represented = fitting.reply.representation(asked.ask.accept)
        if represented is None:
            raise _Refused(fitting.reply.render(asked.ask))
        return represented

    # --- writing

    def _create(self, asked: _Asked) -> Answer | None:
        self._need_owners(asked)
        self._need_seeds(asked)
        self._check_acceptable(asked)
        resource, deed, ask = asked.resource, asked.deed, asked.ask
        wished = self._creation.client_key(resource, deed, ask)
        text = text_of(wished)
        if text is not None and (known := self.store.find(asked.world, asked.collection, text)) is not None and known.body is not None:
            if choose_exact(deed.operation, 409) is not None:
                raise _Refused(self._conflict(asked, f"there is a {self._noun(asked)} with {resource.key} {wished!r} already"))
            return self._replaced(asked, known)
        self._check_unique(asked, None)
        number = self.store.number(asked.world, asked.collection)
        key = wished if text is not None else self._fresh(asked, number)
        text = text_of(key) or f"n{number}"
        thing = self._new(asked, key, number)
        thing, links = owner_link(deed, asked.place.variables, asked.place.values, thing)
        record = Record(text, 1, number, thing, links)
        answer = self._shown(asked, record)
        if answer is not None:
            self.store.insert(asked.world, asked.collection, record)
        return answer

    def _fresh(self, asked: _Asked, number: int) -> JsonValue:
        """A key for a new thing."""
        resource = asked.resource
        if resource.key is None:
            return None
        shows = next((resource.deeds[act] for act in (Act.LIST, Act.READ, Act.CREATE) if act in resource.deeds), asked.deed)
        known = self._seeds.listed(asked.place, shows, asked.ask) if shows.act is Act.LIST else []
        keys = [thing[resource.key] for _, thing in known if resource.key in thing]
        like = max(keys, key=_height) if keys else None
        if like is None:
            made = self._seeds.one(asked.place, shows, asked.ask, number)
            like = made.get(resource.key) if made is not None else None
        taken = {record.key for record in self.store.all(asked.world, asked.collection)}
        return self._seeds.fresh_key(asked.place, shows, like, number, taken, asked.ask)

    def _new(self, asked: _Asked, key: JsonValue, number: int) -> JsonObject:
        """A new thing; where no answer could show what was sent, it is refused, if the document has a word for that."""
        try:
            return self._creation.new(asked.place, asked.deed, asked.ask, key if asked.resource.key is not None else None, number)
        except Unfit as error:
            raise self._unfit(asked, error) from error

    def _unfit(self, asked: _Asked, error: Unfit) -> Exception:
        """What becomes of a good request that can't be answered well: a documented refusal, else no answer from state."""
        if choose_exact(asked.deed.operation, 422) is None:
            return error
        return _Refused(self._fail(asked, (422,), problem.UNPROCESSABLE, "request-state-conflict", str(error)))

    def _key_value(self, asked: _Asked) -> JsonValue:
        """The key that a request names, as it was read."""
        variable = asked.deed.variable
        if variable is not None:
            return asked.place.values.get(variable, asked.key)
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        return sent.get(asked.resource.key or "", asked.key) if isinstance(sent, dict) else asked.key

    def _replace(self, asked: _Asked) -> Answer | None:
        self._check_acceptable(asked)
        record = self._found(asked, adopt=asked.resource.listed)
        if record is None and asked.key is not None and self._may_create(asked):
            return self._put(asked)
        if record is None:
            raise _Refused(self._absent(asked))
        self._check_match(asked, record)
        self._check_unique(asked, record)
        return self._replaced(asked, record)

    def _may_create(self, asked: _Asked) -> bool:
        """Whether PUT makes what is not there: where it says so, or where nothing else can."""
        documented = choose_exact(asked.deed.operation, 201) is not None
        return documented or not asked.resource.listed or Act.CREATE not in asked.resource.deeds

    def _put(self, asked: _Asked) -> Answer | None:
        """Make the thing that a PUT names."""
        number = self.store.number(asked.world, asked.collection)
        thing = self._new(asked, self._key_value(asked), number)
        record = Record(asked.key or "", 1, number, thing, {})
        created = 201 if choose_exact(asked.deed.operation, 201) is not None else None
        answer = self._shown(asked, record, created)
        if answer is not None:
            self.store.insert(asked.world, asked.collection, record)
        return answer

    def _replaced(self, asked: _Asked, record: Record) -> Answer | None:
        place = self._thing_place(asked, record)
        try:
            thing = self._creation.replaced(place, asked.deed, asked.ask, record.body or {})
        except Unfit as error:
            raise self._unfit(asked, error) from error
        return self._store(asked, record, thing)

    def _change(self, asked: _Asked) -> Answer | None:
        self._check_acceptable(asked)
        record = self._found(asked)
        if record is None:
            raise _Refused(self._absent(asked))
        self._check_match(asked, record)
        self._check_unique(asked, record)
        media_type = (find_field(asked.ask.request.fields, b"content-type") or "").partition(";")[0].strip().lower()
        place = self._thing_place(asked, record)
        try:
            thing = self._creation.changed(place, asked.deed, asked.ask, record.body or {}, media_type=media_type)
        except PatchError as error:
            statuses = (409, 422, 400) if error.conflict else (400, 422)
            raise _Refused(self._fail(asked, statuses, problem.UNPROCESSABLE, "request-state-conflict", str(error))) from error
        except Unfit as error:
            raise self._unfit(asked, error) from error
        return self._store(asked, record, thing)

    def _store(self, asked: _Asked, record: Record, thing: JsonObject) -> Answer | None:
        """Keep a changed thing, if it can be answered."""
        after = record._replace(version=record.version + 1, body=thing)
        answer = self._shown(asked, after)
        if answer is not None:
            self.store.replace(asked.world, asked.collection, record, thing)
        return answer

    def _remove(self, asked: _Asked) -> Answer | None:
        self._check_acceptable(asked)
        record = self._found(asked)
        if record is None:
            raise _Refused(self._absent(asked))
        self._check_match(asked, record)
        answer = self._shown(asked, record)
        if answer is not None:
            self._forget(asked, record)
        return answer

    def _forget(self, asked: _Asked, record: Record) -> None:
        """Delete a thing and what is under it."""
        if asked.resource.listed:
            self.store.remove(asked.world, asked.collection, record)
        else:
            self.store.replace(asked.world, asked.collection, record, None)
        self.store.clear(asked.world, f"{asked.collection}/{quote(record.key, safe='')}/")

    def _clear(self, asked: _Asked) -> Answer | None:
        self._need_owners(asked)
        if not asked.resource.listed:
            return None
        self._need_seeds(asked)
        self._check_acceptable(asked)
        for record in self._page(asked).records:
            self._forget(asked, record)
        return self._fittings.of(asked.resource, asked.deed).reply.render(asked.ask)

    # --- what is there

    def _found(self, asked: _Asked, *, adopt: bool = True) -> Record | None:
        """The thing that a request means; where no list says what there is, it is there when it is first asked for."""
        self._need_owners(asked)
        if asked.key is None:
            return None
        self._need_seeds(asked)
        record = self.store.find(asked.world, asked.collection, asked.key)
        if record is not None:
            return record if record.body is not None else None
        return self._adopted(asked) if adopt and not asked.resource.listed else None

    def _adopted(self, asked: _Asked) -> Record | None:
        """A thing that is there because somebody asks for it."""
        read = asked.resource.deeds.get(Act.READ)
        if read is None or asked.key is None:
            return None
        value = self._key_value(asked)
        place = thing_place(asked.place, asked.key, value)
        fitting = self._fittings.of(asked.resource, read)
        represented = fitting.reply.representation(None)
        spot = fitting.thing_spot(represented) if represented is not None else None
        if represented is None or spot is None:
            raise Unfit("it does not say what it answers")
        thing = take(fitting.reply.make(represented, plain_ask(asked.ask, read, place.variables, place.values)), spot.pointer)
        if not isinstance(thing, dict):
            raise Unfit("what it answers is no object")
        key = asked.resource.key
        if key is not None and text_of(thing.get(key)) != asked.key:
            keyed = {**thing, key: value}
            thing = keyed if self._fittings.accept(asked.resource, keyed, place, asked.ask) else thing
        thing = self._seeds.related(place, asked.key, thing, asked.ask)
        mark = f"/{asked.key}"
        self.store.seed(asked.world, asked.collection, mark, [Record(asked.key, 1, -1, thing, {})])
        return self.store.find(asked.world, asked.collection, asked.key)

    def _need_owners(self, asked: _Asked) -> None:
        """See that those exist whose things are asked for."""
        for owner in asked.resource.owners:
            self._owner(asked, owner.resource, owner.template, owner.variable)
        if asked.deed.link is not None:
            self._owner(asked, asked.deed.link.resource, self._resources[asked.deed.link.resource].template, asked.deed.link.variable)

    def _owner(self, asked: _Asked, name: str, template: str, variable: str) -> Record | None:
        """An owner, as far as it is known: where nobody lists owners, any is there."""
        resource, key = self._resources[name], asked.place.variables.get(variable)
        collection = self._collection(template, asked.place.variables)
        main = resource.deeds.get(Act.LIST)
        if key is None:
            return None
        if main is not None:
            self._seed(asked, resource, main, collection, collection)
        record = self.store.find(asked.world, collection, key)
        absent = record is None and resource.listed
        if (absent or (record is not None and record.body is None)) and choose_failure(asked.deed.operation, (404, 410)) is not None:
            detail = f"there is no {min(resource.nouns, key=len, default=name)} {key!r}"
            raise _Refused(self._fail(asked, (404, 410), problem.NOT_THERE, "request-state-absent", detail))
        if absent:
            return Record(key, 0, 0, None, {})  # the document has no word for that: then somebody of whom nothing is there
        return record

    def _need_seeds(self, asked: _Asked) -> None:
        """See that there is what was there in the beginning."""
        main = asked.resource.deeds.get(Act.LIST)
        if main is not None:
            self._seed(asked, asked.resource, main, asked.collection, asked.collection)
        elif asked.deed.act is Act.LIST:
            self._seed(
                asked, asked.resource, asked.deed, asked.collection, fill(asked.deed.operation.entry.template, asked.place.variables)
            )

    def _seed(self, asked: _Asked, resource: Resource, deed: Deed, collection: str, mark: str) -> None:
        if self.store.seeded(asked.world, collection, mark):
            return
        place = Place(resource, asked.place.variables, asked.place.values)
        things = [] if self._is_new(asked, resource, deed) else self._seeds.things(place, deed, asked.ask)
        records = []
        for index, (key, thing) in enumerate(things):
            linked, links = owner_link(deed, place.variables, place.values, thing)
            for link in resource.links:
                if not link.pointer and link.variable not in links:
                    links = {**links, **self._owned(asked, link.resource, link.variable, index)}
            records.append(Record(key, 1, index - len(things), linked, links))
        self.store.seed(asked.world, collection, mark, records)

    def _owned(self, asked: _Asked, name: str, variable: str, index: int) -> dict[str, str]:
        """One of the owners that there are, for a thing that does not say whose it is."""
        owner = self._resources[name]
        main = owner.deeds.get(Act.LIST)
        if main is None or "{" in owner.template:
            return {}
        known = self._seeds.listed(Place(owner, {}, {}), main, asked.ask)
        return {variable: known[index % len(known)][0]} if known else {}

    def _is_new(self, asked: _Asked, resource: Resource, deed: Deed) -> bool:
        """Whether what is asked for belongs to somebody who was created: then nothing is there yet."""
        names = [(owner.resource, owner.template, owner.variable) for owner in resource.owners]
        if deed.link is not None:
            names.append((deed.link.resource, self._resources[deed.link.resource].template, deed.link.variable))
        for name, template, variable in names:
            record = self._owner(asked, name, template, variable)
            if record is not None and record.position >= 0:
                return True
        return False

    def _thing_place(self, asked: _Asked, record: Record) -> Place:
        return thing_place(asked.place, record.key, (record.body or {}).get(asked.resource.key or "", record.key))

    # --- refusing

    def _check_acceptable(self, asked: _Asked) -> None:
        """See that an answer is acceptable before anything is changed."""
        if not asked.deed.chosen.is_empty:
            self._represented(asked, self._fittings.of(asked.resource, asked.deed))

    def _check_unique(self, asked: _Asked, own: Record | None) -> None:
        """See that what has to be unique is, where the document has a word for it."""
        if choose_exact(asked.deed.operation, 409) is None:
            return
        sent = self._creation.sent(asked.resource, asked.deed, asked.ask)
        wished = {n: v for n, v in sent.items() if is_unique(n) and isinstance(v, str)} if isinstance(sent, dict) else {}
        for record in self.store.all(asked.world, asked.collection) if wished else ():
            taken = next((n for n, v in wished.items() if same((record.body or {}).get(n), v)), None)
            if taken is not None and (own is None or record.key != own.key):
                raise _Refused(self._conflict(asked, f"there is a {self._noun(asked)} with {taken} {wished[taken]!r} already"))

    def _check_match(self, asked: _Asked, record: Record) -> None:
        """Obey If-Match, where it is documented. RFC 9110, section 13.1.1."""
        wanted = find_field(asked.ask.request.fields, b"if-match")
        if wanted is None or wanted.strip() == "*" or not _documents(asked.deed.operation, "if-match"):
            return
        if self._tag(record) not in {tag.strip() for tag in wanted.split(",")}:
            detail = f"the {self._noun(asked)} has changed: If-Match is not {self._tag(record)}"
            raise _Refused(self._fail(asked, (412,), problem.PRECONDITION_FAILED, "request-state-conflict", detail))

    def _conditional(self, asked: _Asked, answer: Answer) -> Answer:
        """Obey If-None-Match, where 304 is documented. RFC 9110, section 13.1.2."""
        wanted = find_field(asked.ask.request.fields, b"if-none-match")
        tag = next((value.decode("latin-1") for name, value in answer.fields if name == b"etag"), None) if wanted is not None else None
        if wanted is None or tag is None or choose_exact(asked.deed.operation, 304) is None:
            return answer
        tags = {each.strip().removeprefix("W/") for each in wanted.split(",")}
        if "*" not in tags and tag.removeprefix("W/") not in tags:
            return answer
        fields = [(name, value) for name, value in answer.fields if name not in {b"content-type", b"content-length"}]
        return answer._replace(status=304, fields=fields, body=b"")

    def _absent(self, asked: _Asked) -> Answer:
        detail = f"there is no {self._noun(asked)}" + (f" {asked.key!r}" if asked.key else "")
        return self._fail(asked, (404, 410), problem.NOT_THERE, "request-state-absent", detail)

    def _conflict(self, asked: _Asked, detail: str) -> Answer:
        return self._fail(asked, (409,), problem.CONFLICT, "request-state-conflict", detail)

    def _fail(self, asked: _Asked, statuses: tuple[int, ...], kind: Problem, rule: str, detail: str) -> Answer:
        operation = asked.deed.operation
        where = ("path", asked.deed.variable) if asked.deed.variable is not None else ("body",)
        finding = Finding(rule=rule, message=detail, place=operation.entry.node.place, instance=where, operation=operation.id)
        return self.responder.fail(operation, asked.ask, statuses, kind, finding)

    def _noun(self, asked: _Asked) -> str:
        return min(asked.resource.nouns, key=len, default=asked.resource.name)

    # --- header fields

    def _tag(self, record: Record) -> str:
        return f'"{record.version:x}.{record.position:x}"'

    def _tags(self, asked: _Asked, text: str) -> list[RawField]:
        return [(b"etag", f'"{text}"'.encode())] if any(h.name.lower() == "etag" for h in asked.deed.chosen.response.headers) else []

    def _location(self, asked: _Asked, record: Record) -> list[RawField]:
        """Where a new thing can be read. RFC 9110, section 10.2.2."""
        read = asked.resource.deeds.get(Act.READ)
        documented = any(h.name.lower() == "location" for h in asked.deed.chosen.response.headers)
        if read is None or read.variable is None or not (documented or asked.deed.chosen.status == 201):  # noqa: PLR2004
            return []
        entry = read.operation.entry
        base = self.responder.base_paths(entry)[0]
        path = base + fill(entry.template, {**asked.place.variables, read.variable: record.key})
        return [(b"location", path.encode("latin-1", "replace"))]

    def _url(self, asked: _Asked, path: str) -> str:
        host = find_field(asked.ask.request.fields, b"host")
        scheme = "https" if self.responder.kit.settings.tls_cert is not None else "http"
        return f"{scheme}://{host}{path}" if host else path

    def _with_fields(self, asked: _Asked, answer: Answer, own: list[RawField]) -> Answer:
        """An answer with header fields that state knows, as far as the document lets them be."""
        judge = self.responder.judge_of(asked.deed.operation.entry)
        documented = {header.name.lower(): header for header in asked.deed.chosen.response.headers}
        fields = list(answer.fields)
        for name, value in own:
            header = documented.get(name.decode())
            choices = [value, self._absolute(asked, value)] if name == b"location" else [value]
            fitting = [choice for choice in choices if header is None or not any(judge.judge_header(header, choice.decode("latin-1")))]
            if fitting:
                fields = [*(f for f in fields if f[0] != name), (name, fitting[0])]
        return answer._replace(fields=fields)

    def _absolute(self, asked: _Asked, value: bytes) -> bytes:
        return self._url(asked, value.decode("latin-1")).encode("latin-1", "replace")


def fill(template: str, variables: Mapping[str, str]) -> str:
    """A concrete path; variables that have no value stay as they are."""
    for name, value in variables.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def choose_exact(operation: Operation, status: int) -> object:
    """The response that documents a status by its number or its range; None where only `default` could."""
    found = operation.find_response(status)
    return found if found is not None and found.status != "default" else None


def _height(key: JsonValue) -> float:
    return float(key) if isinstance(key, int | float) else 0.0


def _documents(operation: Operation, name: str) -> bool:
    return any(p.location is Location.HEADER and p.name.lower() == name for p in operation.parameters)


def _belongs(asked: _Asked, record: Record) -> bool:
    """Whether a thing is one of those that a view shows."""
    link = asked.deed.link
    if link is None:
        return True
    wanted = asked.place.variables.get(link.variable)
    if not link.pointer:
        return record.links.get(link.variable) == wanted
    return text_of(take(record.body or {}, link.pointer)) == wanted
