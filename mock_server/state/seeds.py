"""
What is in a collection in the beginning: what the document's own list answers.

A fixture, an example or a generated answer of the list gives the things; reading one gives what the list leaves out.
Keys are made unique, and what a thing says of others (`ownerId`) is the key of one that there is.

Keys that the document names itself, in the examples of path parameters: who follows the document finds those things
there.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from mock_server.cache import BoundedCache
from mock_server.document.document import template_names
from mock_server.document.model import Example, Operation, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import find_field
from mock_server.exchange.prefer import Preferences
from mock_server.generate.envelope import is_array, is_object, project, shown, take
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.answer_cache import KEPT_READY
from mock_server.respond.representation import RequestContext
from mock_server.respond.responder import Responder
from mock_server.sizes import weigh_json
from mock_server.state.representation import ItemRepresentation, plain_ask
from mock_server.state.resources import Action, Binding, Resource, find_key, referred, text_of


def documented_keys(resource: Resource, resources: Iterable[Resource]) -> Iterator[JsonValue]:
    """
    Yield the keys of things of a resource that are examples of the document.

    Args:
        resource: Whose.
        resources: All of them: what belongs to a thing names it, too.
    """
    for other in resources:
        for deed in other.deeds.values():
            names = _variables(resource, other, deed)
            for parameter in deed.operation.parameters:
                if parameter.location is ParameterLocation.PATH and parameter.name in names:
                    for example in parameter.examples:
                        if isinstance(example.value, str | int) and not _is_of_a_failure(deed.operation, example):
                            yield example.value


def _variables(resource: Resource, other: Resource, deed: Binding) -> frozenset[str]:
    """Return the path variables of an operation that name things of a resource."""
    owners = {owner.variable for owner in other.owners if owner.resource == resource.name}
    own = {deed.variable} if other is resource and deed.variable is not None else set()
    return frozenset(owners | own)


def _is_of_a_failure(operation: Operation, example: Example) -> bool:
    """Return whether an example is paired with one of a response that is no success: what it names is not there."""
    paired = [
        response.status
        for response in operation.responses
        for media in response.content
        if _has(media.examples, example.key)
    ]
    return bool(paired) and example.key is not None and not any(status.startswith("2") for status in paired)


def _has(examples: Iterable[Example], key: str | None) -> bool:
    return any(example.key == key for example in examples)


_AROUND = 300  # bytes of a thing in memory, apart from what it holds
_ATTEMPTS = 40
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_HIGH = 2**31 - 1_000_000  # what every integer can be, and still grow

Thing = tuple[str, JsonObject]  # with its key as text


@dataclass(frozen=True, slots=True)
class CollectionPath:
    """A collection as a request names it."""

    resource: Resource
    variables: Mapping[str, str]  # of the path, as text
    values: Mapping[str, JsonValue]  # the same, as they were read


@dataclass(eq=False)
class Seeds:
    """Makes what is there in the beginning; the same in every process and in every world of a seed."""

    fittings: "ItemRepresentations"
    _lists: BoundedCache[tuple[str, ...], list[Thing]] = field(default_factory=lambda: KEPT_READY.make(_weigh))
    _whole: BoundedCache[tuple[str, ...], list[Thing]] = field(default_factory=lambda: KEPT_READY.make(_weigh))

    def things(self, place: CollectionPath, deed: Binding, ask: RequestContext) -> list[Thing]:
        """
        Return what a collection holds in the beginning.

        Args:
            place: The collection.
            deed: Of the operation that lists it.
            ask: Who asks, in which world.
        """
        known = _key(place, deed, ask)
        whole = self._whole.get(known)
        if whole is None:
            whole = [(key, self._finished(place, key, thing, ask)) for key, thing in self.listed(place, deed, ask)]
            self._whole[known] = whole
        return whole

    def listed(self, place: CollectionPath, deed: Binding, ask: RequestContext) -> list[Thing]:
        """Return the things of a list as it has them, each with a key of its own."""
        known = _key(place, deed, ask)
        listed = self._lists.get(known)
        if listed is None:
            items, names = self._items(place, deed, ask)
            listed = list(self.keyed(place, deed, items, ask, names))
            self._lists[known] = listed
        return listed

    def _items(self, place: CollectionPath, deed: Binding, ask: RequestContext) -> tuple[list[JsonObject], list[str]]:
        """Return the items of the list's own answer, and what the list calls them where they have no keys themselves."""
        size, resource = place.resource.size, place.resource
        if size == 0:
            return [], []
        fitting = self.fittings.of(place.resource, deed)
        represented = fitting.reply.representation(None)
        spot = fitting.list_spot(represented) if represented is not None else None
        if represented is None or spot is None:
            return [], []
        plain = plain_ask(ask, deed, place.variables, place.values, size)
        stored = self._stored(deed, plain) if size is None else None
        body = stored if stored is not None else fitting.reply.make(represented, plain)
        pairs = spot.spread(take(body, spot.pointer))
        items = [resource.with_key(item, key) if key is not None else item for key, item in pairs]
        names = [text for key, _ in pairs if (text := text_of(key)) is not None]
        if stored is None and not represented.media_type.examples:
            items = self._as_documented(place, items, ask)
        return items, names

    def _as_documented(self, place: CollectionPath, items: list[JsonObject], ask: RequestContext) -> list[JsonObject]:
        """Return generated items, the first ones with the keys that the document names elsewhere."""
        resource = place.resource
        if resource.key is None or resource.template.count("{"):
            return items
        there = {text_of(resource.key_of(item)) for item in items}
        named = [
            value
            for value in documented_keys(resource, self.fittings.resources.values())
            if text_of(value) not in there
        ]
        for index, value in enumerate(dict.fromkeys(named)):
            has_key = index < len(items) and resource.key_of(items[index]) is not None
            renamed = resource.with_key(items[index], value) if has_key else None
            if renamed is not None and self.fittings.accept(
                resource, renamed, thing_place(place, str(value), value), ask, strictly=False
            ):
                items[index] = renamed
        return items

    def _stored(self, deed: Binding, plain: RequestContext) -> JsonValue:
        """Return the fixture that answers the plain list; None where there is none."""
        if "fixture" not in plain.sources:
            return None
        found = self.fittings.responder.fixtures.find(
            deed.operation.id, plain.request, plain.understood, deed.chosen.status
        )
        if found is None or found.stored.is_template:
            return None
        written = found.stored.written
        if not is_json(parse_media_type(find_field(written.fields, b"content-type") or "")):
            return None
        body: JsonValue = orjson.loads(written.body)
        return body

    def keyed(
        self,
        place: CollectionPath,
        deed: Binding,
        items: list[JsonObject],
        ask: RequestContext,
        names: Sequence[str] = (),
    ) -> Iterator[Thing]:
        """
        Items with keys that differ: of two with the same the second gets another, as generated, or it is left out.

        Args:
            place: Their collection.
            deed: That lists them.
            items: The things.
            ask: Who asks.
            names: What they are called where they have no keys themselves.
        """
        resource, seen = place.resource, set[str]()
        for index, item in enumerate(items):
            if resource.key is None:
                yield names[index] if index < len(names) else f"s{index}", item
                continue
            known = resource.key_of(item)
            text = text_of(known)
            if text is None or text in seen:
                fresh = self.fresh_key(place, deed, known, len(items) + index, seen, ask)
                text, item = text_of(fresh), resource.with_key(item, fresh)  # noqa: PLW2901 - the same with another key
            if text is not None and text not in seen:
                seen.add(text)
                yield text, item

    def fresh_key(
        self, place: CollectionPath, deed: Binding, like: JsonValue, number: int, taken: set[str], ask: RequestContext
    ) -> JsonValue:
        """
        Return a key that is not taken, like another one: the next number, or what is generated for it.

        Args:
            place: The collection.
            deed: An operation that shows things of it.
            like: A key of the collection, the highest one of numbers; None where there is none.
            number: Different for each key that is asked for.
            taken: Keys that there are, as text.
            ask: Who asks.
        """
        if isinstance(like, int | float) and not isinstance(like, bool):
            return _next(int(like), number, taken)
        if isinstance(like, str) and _UUID.match(like):
            return str(
                uuid.UUID(
                    int=derive_random(ask.seed_text, deed.operation.id, *place.variables.values(), number).getrandbits(
                        128
                    ),
                    version=4,
                )
            )
        for attempt in range(_ATTEMPTS):
            seed = derive_seed(ask.seed_text, place.resource.name, *place.variables.values(), number, attempt)
            made = self.one(place, deed, ask, seed, anew=True)
            key = place.resource.key_of(made)
            text = text_of(key)
            if text is not None and text not in taken:
                return key
        if isinstance(like, str):
            return f"{like}-{number}"
        return None

    def one(
        self, place: CollectionPath, deed: Binding, ask: RequestContext, seed: int, *, anew: bool = False
    ) -> JsonObject | None:
        """
        Generate one thing as an operation shows it.

        Args:
            place: Its collection; with the variable of the thing, where the operation has one.
            deed: Of the operation.
            ask: Who asks.
            seed: Of what is generated.
            anew: Without documented examples of parts: they are always the same.
        """
        fitting = self.fittings.of(place.resource, deed)
        represented = None if deed.chosen.is_empty else fitting.reply.representation(None)
        if represented is None:
            return None
        is_list = deed.act is Action.LIST
        spot = fitting.list_spot(represented) if is_list else fitting.thing_spot(represented)
        if spot is None:
            return None
        plain = plain_ask(ask, deed, place.variables, place.values, 1 if is_list else None)._replace(
            derive=lambda: seed
        )
        if anew:
            plain = plain._replace(preferences=Preferences(dynamic=True, size=plain.preferences.size))
        generated = plain._replace(sources=tuple(source for source in plain.sources if source != "example"))
        part = take(fitting.reply.make(represented, generated), spot.pointer)
        if is_list:
            key, thing = next(iter(spot.spread(part)), (None, None))
            if thing is not None and key is not None:
                return place.resource.with_key(thing, key)
            return thing
        if isinstance(part, dict):
            return part
        return None

    def _finished(self, place: CollectionPath, key: str, thing: JsonObject, ask: RequestContext) -> JsonObject:
        """Return a listed thing with what the list leaves out, and with references that lead somewhere."""
        return self.related(self._inner(place, key, thing), key, self._detailed(place, key, thing, ask), ask)

    def related(self, place: CollectionPath, key: str, thing: JsonObject, ask: RequestContext) -> JsonObject:
        """
        Return a generated thing whose references lead to things that there are.

        Args:
            place: Of the thing.
            key: Of the thing, as text.
            thing: As it was generated.
            ask: Who asks.
        """
        for name, value in list(thing.items()):
            changed = {**thing, name: self._resolved(place, key, name, value, ask)}
            if changed[name] != value and self.fittings.accept(place.resource, changed, place, ask):
                thing = changed
        return thing

    def _inner(self, place: CollectionPath, key: str, thing: JsonObject) -> CollectionPath:
        known = place.resource.key_of(thing)
        return thing_place(place, key, known if known is not None else key)

    def _detailed(self, place: CollectionPath, key: str, thing: JsonObject, ask: RequestContext) -> JsonObject:
        """Return a listed thing with what only reading it shows."""
        read = place.resource.deeds.get(Action.READ)
        if read is None or read.variable is None or read.chosen.is_empty:
            return thing
        fitting = self.fittings.of(place.resource, read)
        represented = fitting.reply.representation(None)
        spot = fitting.thing_spot(represented) if represented is not None else None
        inner = self._inner(place, key, thing)
        plain = plain_ask(ask, read, inner.variables, inner.values)
        if spot is None or (
            set(shown(spot.outline)) <= thing.keys() and fitting.objection(thing, plain, strictly=True) is None
        ):
            return thing
        try:
            detail = self.one(inner, read, ask, plain.seed)
        except SchemaError:
            return thing
        candidates = [
            {**(detail or {}), **thing},
            place.resource.with_key({**thing, **(detail or {})}, place.resource.key_of(thing)),
        ]
        return next((c for c in candidates if self.fittings.accept(place.resource, c, inner, ask)), thing)

    def _resolved(self, place: CollectionPath, key: str, name: str, value: JsonValue, ask: RequestContext) -> JsonValue:
        """Return a property that names other things, naming ones that there are."""
        outline = place.resource.outline.member(name)
        nouns = referred(name)
        if not nouns:
            if isinstance(value, dict) and is_object(outline):
                return self._embedded(place, key, name, value, ask)
            return value
        for owner in place.resource.owners:
            known = self.fittings.resources.get(owner.resource)
            if known is not None and known.nouns & nouns and not isinstance(value, list):
                return place.values.get(owner.variable, value)
        others = self._others(place, nouns, ask)
        if not others:
            return value
        if isinstance(value, list) and is_array(outline):
            first = self._index(place, key, name, len(others), ask)
            return [self._named(others[(first + step) % len(others)]) for step in range(min(len(value), len(others)))]
        if isinstance(value, list | dict | None):
            return value
        return self._named(others[self._index(place, key, name, len(others), ask)])

    def _embedded(
        self, place: CollectionPath, key: str, name: str, value: JsonObject, ask: RequestContext
    ) -> JsonValue:
        """Return a part that is another thing: `owner: {id, name}`, as that other thing says it is."""
        member = place.resource.outline.member(name)
        own = find_key(member, None, frozenset((name,)))
        others = self._others(place, frozenset((name.lower(),)), ask)
        if own is None or not others or own not in value:
            return value
        other = others[self._index(place, key, name, len(others), ask)][2]
        told = project(other, member)
        if isinstance(told, dict):
            return {**value, **{n: part for n, part in told.items() if n in value}}
        return value

    def _index(self, place: CollectionPath, key: str, name: str, count: int, ask: RequestContext) -> int:
        return derive_seed(ask.seed_text, place.resource.name, key, name) % count

    def _named(self, other: tuple[Resource, str, JsonObject]) -> JsonValue:
        resource, text, thing = other
        known = resource.key_of(thing)
        if known is not None:
            return known
        return text

    def _others(
        self, place: CollectionPath, nouns: frozenset[str], ask: RequestContext
    ) -> list[tuple[Resource, str, JsonObject]]:
        """Return the things of another collection that has no owners."""
        for other in self.fittings.resources.values():
            deed = other.deeds.get(Action.LIST)
            if other is not place.resource and deed is not None and other.nouns & nouns and "{" not in other.template:
                return [(other, key, thing) for key, thing in self.listed(CollectionPath(other, {}, {}), deed, ask)]
        return []


@dataclass(eq=False)
class ItemRepresentations:
    """The fittings of all operations with state."""

    responder: Responder
    resources: Mapping[str, Resource]
    _made: dict[tuple[str, int], ItemRepresentation] = field(default_factory=dict)

    def of(self, resource: Resource, deed: Binding) -> ItemRepresentation:
        """Return the fitting of an operation."""
        key = (deed.operation.id, deed.chosen.status)
        if key not in self._made:
            self._made[key] = ItemRepresentation(self.responder, resource, deed)
        return self._made[key]

    def accept(
        self,
        resource: Resource,
        thing: JsonObject,
        place: CollectionPath,
        ask: RequestContext,
        *,
        strictly: bool = True,
    ) -> bool:
        """Return whether all that show a thing can show this one."""
        return self.objection(resource, thing, place, ask, strictly=strictly) is None

    def objection(
        self,
        resource: Resource,
        thing: JsonObject,
        place: CollectionPath,
        ask: RequestContext,
        *,
        strictly: bool = True,
    ) -> str | None:
        """
        Return what keeps a thing from being shown.

        Args:
            resource: Of the thing.
            thing: As it would be kept.
            place: Where it is.
            ask: From which the rest of an answer is generated.
            strictly: Nothing of the thing itself may have to be generated.
        """
        for act in (Action.READ, Action.LIST):
            deed = resource.deeds.get(act)
            if deed is None or deed.chosen.is_empty:
                continue
            fitting = self.of(resource, deed)
            plain = plain_ask(ask, deed, place.variables, place.values)
            if act is Action.READ:
                found = fitting.objection(thing, plain, strictly=strictly)
            else:
                found = fitting.objection_in_list(thing, plain)
            if found is not None:
                return found
        return None

    def culprits(
        self, resource: Resource, thing: JsonObject, place: CollectionPath, ask: RequestContext
    ) -> frozenset[str]:
        """Return the properties that keep a thing from being shown."""
        found: frozenset[str] = frozenset()
        for act in (Action.READ, Action.LIST):
            deed = resource.deeds.get(act)
            if deed is not None and not deed.chosen.is_empty:
                found |= self.of(resource, deed).culprits(thing, plain_ask(ask, deed, place.variables, place.values))
        return found


def _next(like: int, number: int, taken: set[str]) -> int:
    """Return a number of its own: above another one, unless that is very high, and none that anybody chose."""
    first = (like if like < _HIGH else 0) + 1 + number
    return next(free for free in range(first, first + len(taken) + 1) if str(free) not in taken)


def thing_place(place: CollectionPath, key: str, value: JsonValue) -> CollectionPath:
    """Return the place of a thing in a collection."""
    names = [deed.variable for deed in place.resource.deeds.values() if deed.variable is not None]
    return CollectionPath(
        place.resource,
        {**place.variables, **dict.fromkeys(names, key)},
        {**place.values, **dict.fromkeys(names, value)},
    )


def _key(place: CollectionPath, deed: Binding, ask: RequestContext) -> tuple[str, ...]:
    """Return what a list depends on: the seed, and the variables of its own path."""
    own = (place.variables.get(name, "") for name in template_names(deed.operation.entry.template))
    return (ask.seed_text, deed.operation.id, *own)


def _weigh(key: tuple[str, ...], things: list[Thing]) -> int:
    return _AROUND + sum(map(len, key)) + sum(_AROUND + weigh_json(thing) for _, thing in things)
