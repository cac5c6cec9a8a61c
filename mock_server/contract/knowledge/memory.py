"""
Memory of the provider's data: values that were given, and things that answers named.

A thing is known by the variables of its path, as in `{"shelf": 1, "book": "x"}` under `/shelves/{shelf}/books/{book}`;
templates are compared by structure. Requests that change something go only to what this run created, or to what was
given for that very operation: see `is_own`.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote, urlsplit

from mock_server.contract.knowledge.observed import (
    MOST,
    facts_of,
    find_id,
    identify,
    is_within,
    json_of,
    links_in,
    listed_ids,
    listed_nouns,
    named_values,
    other_ids,
    things_in,
)
from mock_server.contract.knowledge.templates import (
    Variables,
    collection_word,
    identify_path,
    is_at_or_below,
    is_listing,
    is_plural,
    iter_item_shapes,
    iter_prefixes,
    names_item,
    rename,
    shape_of,
)
from mock_server.contract.knowledge.things import KnownObject, iter_relatives, name_by
from mock_server.contract.model import Exchanged
from mock_server.document.document import Document, template_names
from mock_server.document.model import MISSING, Entry, Missing, Operation, Parameter, ParameterLocation
from mock_server.exchange.header_fields import iter_links
from mock_server.exchange.message import Response, find_field, is_safe_method
from mock_server.exchange.router import Matched, Router
from mock_server.json_values import JsonValue
from mock_server.names import joined, split_words

# Fields of an answer to a creation that lead to what was created. RFC 9110, sections 10.2.2 and 8.7.
_LEADING = (b"location", b"content-location")
_MOST_LINK = 8_000  # characters of a field that are read
# Relations by which an answer leads to what it created, and to things that are there.
_TO_ITSELF: Final = frozenset(("self", "item", "canonical"))
_TO_ITEMS: Final = frozenset(("item", "related", "first", "last"))
_OK, _CREATED = 200, 201
_IDS: Final = frozenset(("id", "uuid", "guid", "ref"))  # what identifies a thing, whatever its collection calls it
# The last word of calls that create: `/user/add`.
CREATING: Final = frozenset(("add", "create", "new", "register", "insert", "import", "grant"))


@dataclass(frozen=True, slots=True)
class GivenValues:
    """Values that the user vouches for: by parameter name, or by `operationId.parameter`."""

    values: Mapping[str, tuple[JsonValue, ...]] = field(default_factory=dict)

    def find(self, operation: str, name: str) -> tuple[JsonValue, ...]:
        """Return the values of a parameter."""
        return self.values.get(f"{operation}.{name}") or self.values.get(name) or ()

    def find_for(self, operation: str, name: str) -> tuple[JsonValue, ...]:
        """Return the values that are given for a parameter of this operation and no other."""
        return self.values.get(f"{operation}.{name}") or ()

    def names(self, operation: str) -> bool:
        """Return whether the user named an operation itself, so that it may change what no path variable names."""
        return operation in self.values


@dataclass(eq=False, repr=False)
class Memory:
    """Things and values, in the order in which they became known. May be used by several threads."""

    document: Document
    router: Router[Entry]
    base_path: str
    given: GivenValues = field(default_factory=GivenValues)
    _things: dict[str, dict[tuple[str, str], KnownObject]] = field(default_factory=dict)  # by shape
    _values: dict[str, list[JsonValue]] = field(default_factory=dict)  # of properties, by name
    # Of things, by the noun of their collection: what identifies each, and whether this run created it.
    _named: dict[str, dict[JsonValue, bool]] = field(default_factory=dict)
    _items: dict[str, str | None] = field(default_factory=dict)  # item templates by those of their collections
    # The property by which an operation calls its things, where that is not what identifies them to others; by id.
    called: dict[str, str] = field(default_factory=dict)
    drawn: set[JsonValue] = field(default_factory=set)  # names that were made up for things of this run
    _created: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)  # by template without names, and values
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def item_template(self, template: str) -> str | None:
        """Return the template of the things in a collection: `/pets/{petId}` for `/pets`."""
        if template not in self._items:
            self._items[template] = self._find_item_template(template)
        return self._items[template]

    def _find_item_template(self, template: str) -> str | None:
        by_shape: dict[str, str] = {}
        for entry in self.document.entries:
            by_shape.setdefault(shape_of(entry.template), entry.template)
        return next((by_shape[shape] for shape in iter_item_shapes(template) if shape in by_shape), None)

    def known(self, operation: Operation) -> "KnownValues":
        """Return the values that are known for the parameters of an operation."""
        return KnownValues(self, operation)

    def values(self, operation: Operation, parameter: Parameter) -> Sequence[JsonValue]:
        """Return what is known for one parameter: what was given, then what properties of its name said."""
        if parameter.location is ParameterLocation.PATH and parameter.name == self.changed_name(operation.entry):
            return self.given.find_for(
                operation.id, parameter.name
            )  # what others vouch for, or listed, is not ours to change
        given = self.given.find(operation.id, parameter.name)
        if given:
            return given
        only = self.changes(operation.entry)
        if len(split_words(parameter.name)) < 2:  # noqa: PLR2004 - one word says little, unless a collection is called so
            return self.references(parameter.name, created_only=only)
        known = () if only else self._values.get(parameter.name, ())
        return [*known, *self.references(parameter.name, created_only=only)]

    def changes(self, entry: Entry) -> bool:
        """Return whether an operation may change what it refers to: it is neither safe nor creates a thing."""
        posts_to_plural = entry.method == "POST" and not template_names(entry.template) and is_plural(entry.template)
        return not (is_safe_method(entry.method) or self.creates(entry) or posts_to_plural)

    def references(self, name: str, *, created_only: bool) -> list[JsonValue]:
        """
        Return what a property or parameter may refer to: `toolId`, `tool_id` and `tool` name a known tool.

        Args:
            name: Of the property.
            created_only: Whether only what this run created will do.
        """
        noun, called = name_by(split_words(name))
        found = self._named.get(noun, {}) if noun else {}
        shown = [thing for thing in self._iter_things() if called in thing.facts and thing.noun == noun]
        if called not in _IDS and shown:
            found = {thing.fact(called): thing.created for thing in shown}
        own = [value for value, created in found.items() if created]
        if created_only:
            return own
        return [*own, *(value for value, created in found.items() if not created)]

    def _iter_things(self) -> Iterator[KnownObject]:
        """Yield all things that are known."""
        for things in list(self._things.values()):
            yield from list(things.values())

    def things(self, template: str, *, created_only: bool = False) -> list[KnownObject]:
        """
        Return the things that a path template may name, with the variables of things around them.

        What was created comes first.
        """
        if not template_names(template):
            return []
        best: list[KnownObject] = []
        longest = ""
        for known, things in self._things.items():
            if is_at_or_below(template, known) and len(known) > len(longest):
                fitting = [thing for thing in things.values() if not created_only or self._is_ours(thing)]
                if fitting:
                    best, longest = fitting, known
        if shape_of(longest) != shape_of(list(iter_prefixes(template))[-1]):
            found = iter_relatives(template, self._iter_things())
            best = [thing for thing in found if not created_only or self._is_named(thing)] or best
        return sorted(best, key=lambda thing: not thing.created)

    def _is_ours(self, thing: KnownObject) -> bool:
        """Return whether this run created a thing, or something around it."""
        return thing.created or self.is_created(thing.template, thing.variables)

    def iter_shown(self, entry: Entry, name: str) -> Iterator[JsonValue]:
        """Yield what things said of a property, those first that an operation is about: the `kind` of its metadata."""
        noun, wanted = collection_word(entry.template), joined(name)
        for thing in sorted(self._iter_things(), key=lambda thing: thing.noun != noun):
            if wanted in thing.facts:
                yield thing.facts[wanted]
        yield from self._values.get(name, ())

    def _is_named(self, thing: KnownObject) -> bool:
        """Return whether a thing of this run is named so that nobody else's is: by a name that the run made up."""
        return thing.created and thing.identity in self.drawn

    def variables_for(self, thing: KnownObject, entry: Entry) -> dict[str, JsonValue]:
        """Return the variables of a thing for the path of an operation, which may call it by its name."""
        name, other = template_names(thing.template)[-1], self.called.get(entry.id)
        if other is not None and other in thing.also:
            thing = replace(thing, variables={**thing.variables, name: thing.also[other]})
        return thing.variables_of(entry.template)

    def parents(self, template: str) -> list[KnownObject]:
        """Return the things around what a path template names, whoever created them."""
        prefixes = list(iter_prefixes(template))
        if len(prefixes) < 2:  # noqa: PLR2004 - something, and something around it
            return []
        return self.things(prefixes[-2])

    def has_given(self, operation: Operation) -> bool:
        """Return whether the user gave all path parameters of an operation."""
        names, changed = template_names(operation.entry.template), self.changed_name(operation.entry)
        return bool(names) and all(
            self.given.find_for(operation.id, name) if name == changed else self.given.find(operation.id, name)
            for name in names
        )

    def creates(self, entry: Entry) -> bool:
        """Return whether an operation creates a thing in a collection."""
        return entry.method == "POST" and self.item_template(entry.template) is not None

    def changed_name(self, entry: Entry) -> str | None:
        """
        Find the path variable that names what an operation changes: the last one.

        Returns:
            The name; None for an operation that changes nothing, or that creates something in a collection.
        """
        names = template_names(entry.template)
        if is_safe_method(entry.method) or self.creates(entry) or not names:
            return None
        return names[-1]

    def is_own(self, entry: Entry, variables: Variables) -> bool:
        """
        Judge whether a request may change what its path names.

        That is: what this run created, anything within it, and what the user gave for this very operation. A parent
        that was given or listed is not: its children may be created, and changed once they are.
        """
        changed = self.changed_name(entry)
        if changed is None:
            return entry.method not in {"PUT", "PATCH"} or self.given.names(entry.id)
        given = self.given.find_for(entry.id, changed)
        if str(variables.get(changed)) in map(str, given):
            return True
        return self.is_created(entry.template, variables) or any(
            self._is_named(thing) and is_within(variables, thing.variables_of(entry.template))
            for thing in iter_relatives(entry.template, self._iter_things())
        )

    def is_created(self, template: str, variables: Variables) -> bool:
        """Return whether this run created what a template names, or something around it."""
        return any(identify_path(prefix, variables) in self._created for prefix in iter_prefixes(template))

    def own(self, template: str, variables: Variables) -> None:
        """Note that this run created what a template names."""
        self._created.add(identify_path(template, variables))

    def learn(self, operation: Operation, exchanged: Exchanged) -> list[KnownObject]:
        """Take in what a successful answer names; gives the things that are new."""
        response = exchanged.received.response
        if response is None or not exchanged.accepted:
            return []
        entry, body = operation.entry, json_of(response)
        found = list(self._named_by(entry, exchanged, response, body))
        if is_safe_method(entry.method) and names_item(entry.template):
            shown = facts_of(body)  # it answered, so it is there
            found.append(KnownObject(entry.template, path_values(exchanged), facts=shown))
        with self._lock:
            for name, value in named_values(list(things_in(body))):
                self._note_value(name, value)
            for noun, identity in listed_nouns(body):
                self._note_name(noun, identity, created=False)
            self._note_call(entry, exchanged, things_in(body))
            return [thing for thing in found if self._add(thing)]

    def find_named(self, operation: Operation, exchanged: Exchanged) -> list[KnownObject]:
        """Return what this run created and an answer names: it was created before, where a name does it twice."""
        response = exchanged.received.response
        if response is None or not exchanged.accepted:
            return []
        named = self._named_by(operation.entry, exchanged, response, json_of(response))
        found = (self._things.get(shape_of(thing.template), {}).get(thing.key) for thing in named)
        return [thing for thing in found if thing is not None and thing.created]

    def _named_by(
        self, entry: Entry, exchanged: Exchanged, response: Response, body: JsonValue
    ) -> Iterator[KnownObject]:
        """Yield the things that an answer names: by where it leads, by what identifies them in it or in the request."""
        things = things_in(body)
        template = self.item_template(entry.template)
        # a creation answers one thing; a longer list shows what was there before
        created = entry.method == "POST" and len(things) <= 1 and not is_listing(entry.template)
        if created:
            led = next(self._led_to(response, things, template), None)
            if led is not None:
                item = things[0] if things else None
                yield replace(led, also=self._other_names(item, led), facts=facts_of(item))
                return
        if entry.method == "GET":
            routed = (self._routed(lead) for lead in _linked(response, _TO_ITEMS))
            yield from (replace(thing, created=False) for thing in routed if thing is not None)
        if template is None:
            return
        names = template_names(template)[len(template_names(entry.template)) :]
        around = rename(path_values(exchanged), entry.template, template)
        found = [(identify(item, template), item) for item in things]
        if not any(variables for variables, _ in found) and len(names) == 1:
            listed = listed_ids(body, entry.template.rstrip("/").rpartition("/")[2]) if entry.method == "GET" else []
            found = [({names[0]: identity}, None) for identity in listed]
        sent = _sent_identity(exchanged, names[-1])
        if created and not any(variables for variables, _ in found):
            found = [(self._sent_variables(exchanged, names), None)]
        for variables, item in found:
            if variables:
                value = variables[names[-1]]
                is_new = created and (exchanged.status != _OK or value != sent or sent in self.drawn)
                thing = KnownObject(template, {**around, **variables}, is_new, facts=facts_of(item))
                yield replace(thing, also=self._other_names(item, thing))

    def _other_names(self, item: JsonValue, thing: KnownObject) -> dict[str, JsonValue]:
        """Return the names of a thing beside what identifies it: those that are nobody else's."""
        is_inside = self.is_created(thing.template, thing.variables)  # of what this run created
        found = other_ids(item, thing.identity).items()
        return {name: other for name, other in found if is_inside or other in self.drawn}

    def _sent_variables(self, exchanged: Exchanged, names: Sequence[str]) -> dict[str, JsonValue]:
        """Return what the body of a request says of the variables of what it creates; nothing where one is missing."""
        values = {name: _sent_identity(exchanged, name, strict=len(names) > 1) for name in names}
        if any(value is None for value in values.values()):
            return {}
        return values

    def learn_named(self, entry: Entry, exchanged: Exchanged) -> list[KnownObject]:
        """
        Take in what an accepted PUT or POST to the path of a thing created.

        What its path names, where nothing was known to be there; gives what is new.
        """
        variables = path_values(exchanged)
        if not names_item(entry.template) or self.is_own(entry, variables):
            return []
        with self._lock:
            thing = KnownObject(entry.template, variables, created=True)
            if self._add(thing):
                return [thing]
            return []

    def forget(self, template: str, gone: Variables) -> None:
        """Forget what a template with these variables names, and what is below it."""
        with self._lock:
            for known, things in self._things.items():
                if not is_at_or_below(known, template):
                    continue
                for key, thing in list(things.items()):
                    if any(is_within(named.variables_of(template), gone) for named in thing.iter_names()):
                        del things[key]
            last = next(reversed(list(gone.values())), None)
            self._named.get(collection_word(template), {}).pop(last, None)

    def _add(self, thing: KnownObject) -> bool:
        known = self._things.setdefault(shape_of(thing.template), {})
        before = known.get(thing.key)
        if before is not None and thing.facts:
            known[thing.key] = replace(before, facts=thing.facts)
        if before is not None or (len(known) >= MOST and not thing.created):
            return False
        known[thing.key] = thing
        if thing.created:
            for named in thing.iter_names():
                self.own(named.template, named.variables)
        self._note_name(collection_word(thing.template), list(thing.variables.values())[-1], created=thing.created)
        return True

    def _note_name(self, word: str, identity: JsonValue, *, created: bool) -> None:
        named = self._named.setdefault(word, {})
        is_id = isinstance(identity, str | int) and not isinstance(identity, bool)
        if word and is_id and (created or identity in named or len(named) < MOST):
            named[identity] = created or named.get(identity, False)

    def _note_call(self, entry: Entry, exchanged: Exchanged, things: Sequence[JsonValue]) -> None:
        """Note what a call creates, as `POST /user/add` does a user: its id in the answer, else its name as sent."""
        words = split_words(entry.template.rstrip("/"))
        if entry.method != "POST" or len(words) < 2 or words[-1] not in CREATING or template_names(entry.template):  # noqa: PLR2004
            return
        identity = find_id(things[0], "id", as_id=True) if len(things) == 1 else None
        if identity is None:
            identity = _sent_identity(exchanged, "name")
        self._note_name(words[-2], identity, created=True)

    def _note_value(self, name: str, value: JsonValue) -> None:
        values = self._values.setdefault(name, [])
        if len(values) < MOST and value not in values:
            values.append(value)

    def _led_to(self, response: Response, things: Sequence[JsonValue], template: str | None) -> Iterator[KnownObject]:
        """
        Yield what the header of an answer to a creation, or a link in its body, leads to.

        Only a thing of the collection, where there is one; else what a 201 names.
        """
        leads = [*(find_field(response.fields, name) for name in _LEADING), *_linked(response, _TO_ITSELF)]
        for lead in (*leads, *(links_in(things[0]) if len(things) == 1 and template is not None else ())):
            thing = self._routed(lead) if lead else None
            if thing is None:
                continue
            wanted = template is None and response.status == _CREATED
            if wanted or (template is not None and shape_of(thing.template) == shape_of(template)):
                yield thing

    def _routed(self, lead: str) -> KnownObject | None:
        try:
            path = urlsplit(lead).path.removeprefix(self.base_path)
        except ValueError:
            return None
        for method in ("GET", "DELETE", "PUT", "PATCH"):
            matched = self.router.match(method, path)
            if isinstance(matched, Matched) and matched.variables:
                variables: dict[str, JsonValue] = {name: unquote(value) for name, value in matched.variables.items()}
                return KnownObject(matched.route.template, variables, created=True)
        return None


def _linked(response: Response, relations: frozenset[str]) -> list[str]:
    """Return where the Link fields of an answer lead by some relations. RFC 8288, section 3."""
    written = (value.decode("latin-1") for name, value in response.fields if name.lower() == b"link")
    links = (link for text in written for link in iter_links(text[:_MOST_LINK]))
    return [target for _, target, found in links if not relations.isdisjoint(found)][:MOST]


@dataclass(frozen=True, slots=True)
class KnownValues:
    """The known values of one operation's parameters."""

    memory: Memory
    operation: Operation

    def __call__(self, parameter: Parameter) -> Sequence[JsonValue]:
        """Return the values of a parameter."""
        return self.memory.values(self.operation, parameter)


def path_values(exchanged: Exchanged) -> dict[str, JsonValue]:
    """Return the variables of the path of a request that was drafted."""
    draft = exchanged.probe.draft
    if draft is None:
        return {}
    return {name: value for (location, name), value in draft.parameters.items() if location is ParameterLocation.PATH}


def _sent_identity(exchanged: Exchanged, name: str, *, strict: bool = False) -> JsonValue:
    """
    Return the name or id in the body of a request: what it creates is called so, where the answer says nothing.

    Args:
        exchanged: The request, and its answer.
        name: Of a variable of the path of what it creates.
        strict: Whether only a property of this very name will do.
    """
    draft = exchanged.probe.draft
    body = draft.body if draft is not None else MISSING
    if isinstance(body, Missing) or not isinstance(body, dict):
        return None
    by_word = {joined(key): value for key, value in body.items()}
    for word in (joined(name), *(() if strict else ("name", "id", "key"))):
        value = by_word.get(word)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None
