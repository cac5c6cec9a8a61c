"""
What is known of the provider's data: values that were given, and things that answers named.

A thing is known by the variables of its path, as in `{"shelf": 1, "book": "x"}` under `/shelves/{shelf}/books/{book}`.
Requests that change something go only to what this run created, or to what was given for that very operation: see
`is_own`.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from mock_server.contract.model import Exchanged
from mock_server.document.document import Document, template_names
from mock_server.document.model import Entry, Operation, Parameter, ParameterLocation
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field, is_safe_method
from mock_server.exchange.router import Matched, Router
from mock_server.json_values import JsonValue
from mock_server.names import split_words

Variables = Mapping[str, JsonValue]

_KEPT = 20  # things by template, values by name
# Where lists and things are wrapped.
_WRAPPERS: Final = ("items", "data", "results", "content", "records", "value", "values", "entries", "list", "result")


@dataclass(frozen=True, slots=True)
class KnownObject:
    """Something that the provider has."""

    template: str  # `/pets/{petId}`
    variables: Variables
    created: bool = False  # by this run

    @property
    def key(self) -> tuple[str, str]:
        """Its identity."""
        return (self.template, repr(sorted(self.variables.items())))


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


@dataclass(eq=False, repr=False)
class Memory:
    """Things and values, in the order in which they became known. May be used by several threads."""

    document: Document
    router: Router[Entry]
    base_path: str
    given: GivenValues = field(default_factory=GivenValues)
    _things: dict[str, dict[tuple[str, str], KnownObject]] = field(default_factory=dict)
    _values: dict[str, list[JsonValue]] = field(default_factory=dict)
    _items: dict[str, str | None] = field(default_factory=dict)  # item templates by those of their collections
    _created: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)  # by template without names, and values
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def item_template(self, template: str) -> str | None:
        """Return the template of the things in a collection: `/pets/{petId}` for `/pets`."""
        if template not in self._items:
            self._items[template] = self._find_item_template(template)
        return self._items[template]

    def _find_item_template(self, template: str) -> str | None:
        start = template.rstrip("/") + "/"
        for entry in self.document.entries:
            if entry.template.startswith(start):
                rest = entry.template.removeprefix(start)
            else:
                rest = ""
            if rest.startswith("{") and rest.endswith("}") and rest.count("{") == 1 and "/" not in rest:
                return entry.template
        return None

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
        if len(split_words(parameter.name)) > 1 and parameter.location in {
            ParameterLocation.PATH,
            ParameterLocation.QUERY,
        }:
            return self._values.get(parameter.name, ())
        return ()

    def things(self, template: str, *, created_only: bool = False) -> list[KnownObject]:
        """
        Return the things that a path template may name, with the variables of things around them.

        What was created last comes first.
        """
        names = template_names(template)
        if not names:
            return []
        best: list[KnownObject] = []
        for known, things in self._things.items():
            if template == known or template.startswith((known + "/", known + ":")):
                fitting = [thing for thing in things.values() if thing.created or not created_only]
                if fitting and (not best or len(known) > len(best[0].template)):
                    best = fitting
        if best and set(best[0].variables) <= set(names):
            return sorted(best, key=lambda thing: not thing.created)
        return []

    def has_given(self, operation: Operation) -> bool:
        """Return whether the user gave all path parameters of an operation."""
        names, changed = template_names(operation.entry.template), self.changed_name(operation.entry)
        return bool(names) and all(
            self.given.find_for(operation.id, name) if name == changed else self.given.find(operation.id, name)
            for name in names
        )

    def changed_name(self, entry: Entry) -> str | None:
        """
        Find the path variable that names what an operation changes: the last one.

        Returns:
            The name; None for an operation that changes nothing, or that creates something in a collection.
        """
        names = template_names(entry.template)
        creates = entry.method == "POST" and self.item_template(entry.template) is not None
        if is_safe_method(entry.method) or creates or not names:
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
            return True
        given = self.given.find_for(entry.id, changed)
        if str(variables.get(changed)) in map(str, given):
            return True
        return self.is_created(entry.template, variables)

    def is_created(self, template: str, variables: Variables) -> bool:
        """Return whether this run created what a template names, or something around it."""
        return any(_key(prefix, variables) in self._created for prefix in _prefixes(template))

    def own(self, template: str, variables: Variables) -> None:
        """Note that this run created what a template names."""
        self._created.add(_key(template, variables))

    def learn(self, operation: Operation, exchanged: Exchanged) -> list[KnownObject]:
        """Take in what a successful answer names; gives the things that are new."""
        response = exchanged.received.response
        if response is None or not exchanged.accepted:
            return []
        body = json_of(response)
        # a creation answers one thing; a longer list shows what was there before
        created = operation.method == "POST" and len(things_in(body)) <= 1
        around = path_values(exchanged)
        found = list(self._from_location(response)) if created else []
        template = self.item_template(operation.entry.template)
        if template is not None and not found:
            name = template_names(template)[-1]
            is_thing = is_name_of(name, template)
            for item in things_in(body):
                identity = find_id(item, name, as_id=is_thing)
                if identity is not None:
                    found.append(KnownObject(template, {**around, name: identity}, created))
        with self._lock:
            for item in things_in(body):
                self._note_values(item)
            return [thing for thing in found if self._add(thing)]

    def learn_put(self, entry: Entry, exchanged: Exchanged) -> list[KnownObject]:
        """
        Take in what an accepted PUT created.

        What its path names, where nothing was known to be there; gives what is new.
        """
        names, variables = template_names(entry.template), path_values(exchanged)
        if not names or not entry.template.endswith("}") or self.is_own(entry, variables):
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
                if known == template or known.startswith((template + "/", template + ":")):
                    for key in [key for key, thing in things.items() if _is_within(thing.variables, gone)]:
                        del things[key]

    def _add(self, thing: KnownObject) -> bool:
        known = self._things.setdefault(thing.template, {})
        if thing.key in known or (len(known) >= _KEPT and not thing.created):
            return False
        known[thing.key] = thing
        if thing.created:
            self.own(thing.template, thing.variables)
        return True

    def _note_values(self, item: JsonValue) -> None:
        for name, value in item.items() if isinstance(item, dict) else ():
            if isinstance(value, str | int) and not isinstance(value, bool):
                values = self._values.setdefault(name, [])
                if len(values) < _KEPT and value not in values:
                    values.append(value)

    def _from_location(self, response: Response) -> Iterator[KnownObject]:
        """Yield what a Location field names. RFC 9110, section 10.2.2."""
        location = find_field(response.fields, b"location")
        if location is None:
            return
        path = urlsplit(location).path.removeprefix(self.base_path)
        for method in ("GET", "DELETE", "PUT", "PATCH"):
            matched = self.router.match(method, path)
            if isinstance(matched, Matched) and matched.variables:
                yield KnownObject(
                    matched.route.template,
                    {name: unquote(value) for name, value in matched.variables.items()},
                    created=True,
                )
                return


@dataclass(frozen=True, slots=True)
class KnownValues:
    """The known values of one operation's parameters."""

    memory: Memory
    operation: Operation

    def __call__(self, parameter: Parameter) -> Sequence[JsonValue]:
        """Return the values of a parameter."""
        return self.memory.values(self.operation, parameter)


def _prefixes(template: str) -> Iterator[str]:
    """Yield the parts of a template that end with a variable: `/a/{x}` and `/a/{x}/b/{y}` of `/a/{x}/b/{y}:stop`."""
    for match in re.finditer(r"\}", template):
        yield template[: match.end()]


def _key(template: str, variables: Variables) -> tuple[str, tuple[str, ...]]:
    """Return what a path names, whatever its variables are called and however their values are written."""
    names = template_names(template)
    return re.sub(r"\{[^}]*\}", "{}", template), tuple(str(variables.get(name)) for name in names)


def json_of(response: Response) -> JsonValue:
    """Return the JSON body of a response; null where there is none."""
    written = find_field(response.fields, b"content-type")
    if written is None or not is_json(parse_media_type(written)):
        return None
    try:
        return read_json(response.body)
    except MalformedContent:
        return None


def things_in(body: JsonValue) -> Sequence[JsonValue]:
    """Return the objects that an answer is about: a list's, a wrapped list's, or the body itself."""
    if isinstance(body, list):
        return [item for item in body if isinstance(item, dict)][:_KEPT]
    if not isinstance(body, dict):
        return []
    for name in _WRAPPERS:
        inner = body.get(name)
        if isinstance(inner, list):
            return [item for item in inner if isinstance(item, dict)][:_KEPT]
    inner = body.get("data")
    if isinstance(inner, dict):
        return [inner]
    lists = [value for value in body.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) != 1 or "id" in body:
        return [body]
    return [item for item in lists[0] if isinstance(item, dict)][:_KEPT]


def is_name_of(name: str, template: str) -> bool:
    """
    Return whether a path parameter is called as what is in its collection.

    `{customer}` of `/customers`; but not `{slug}`.
    """
    collection = "".join(split_words(template.rpartition("/")[0].rpartition("/")[2]))
    word = "".join(split_words(name))
    return bool(word) and collection.startswith(word.removesuffix("y"))


def find_id(item: JsonValue, name: str, *, as_id: bool = False) -> JsonValue:
    """
    Return what identifies an object, for a path parameter of some name; null where nothing does.

    Args:
        item: The object.
        name: Of the parameter: `petId`, `slug`.
        as_id: Whether its `id` will do, whatever the parameter is called.
    """
    if not isinstance(item, dict):
        return None
    words = split_words(name)
    wanted = ["".join(words), *(["id"] if as_id or (words and words[-1] in {"id", "uuid", "key"}) else [])]
    by_word = {"".join(split_words(key)): value for key, value in item.items()}
    for word in wanted:
        value = by_word.get(word)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return None


def _is_within(variables: Mapping[str, JsonValue], around: Mapping[str, JsonValue]) -> bool:
    """Return whether an object is among those of some variables, however the values are written."""
    return all(name in variables and str(variables[name]) == str(value) for name, value in around.items())


def path_values(exchanged: Exchanged) -> dict[str, JsonValue]:
    """Give the variables of the path of a request that was drafted."""
    draft = exchanged.probe.draft
    if draft is None:
        return {}
    return {name: value for (location, name), value in draft.parameters.items() if location is ParameterLocation.PATH}
