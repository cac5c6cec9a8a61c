"""
Coverage of the documents: which operations, statuses, media types, parameters and enumerated values were used.

Listening costs half a microsecond for a repeated target, five for a new one (2026-11-23, Python 3.11): equal requests
wait together until the coverage is read, or until too many different ones wait. Then each is read once, for the names
in it and not for conformity.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from mock_server.cache import BoundedCache
from mock_server.document.document import Document
from mock_server.document.model import Entry, Operation, Parameter, ParameterLocation
from mock_server.errors import DocumentError
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import Carrier
from mock_server.exchange.router import Matched
from mock_server.json_values import JsonObject
from mock_server.judges.body import find_content, find_request_content
from mock_server.respond.answer import Answer, RawField
from mock_server.respond.journal import Recorded
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import Worlds

KINDS: Final = ("operation", "status", "media type", "parameter", "value", "body")
_VALUES: Final = 200  # of one enumeration that are counted

Item = tuple[str, str, str]  # one of KINDS, the id of the operation, the name of what is used


@dataclass(frozen=True, slots=True)
class _UsableOperation:
    """The items of one operation, prepared for lookup."""

    operation: Operation
    values: dict[Parameter, frozenset[str]]  # of enumerations, as texts
    items: dict[Item, None]
    always: tuple[Item, ...]  # the operation, and the parameters of its path
    read: tuple[Parameter, ...]  # parameters that a request may leave out, or whose values are enumerated
    answers: dict[tuple[int, str | None], tuple[Item, ...]] = field(default_factory=dict)  # by status and Content-Type


@dataclass(eq=False)
class Usable:
    """The items of one document; an operation is read on its first use."""

    responder: Responder
    _parts: dict[str, _UsableOperation] = field(default_factory=dict)
    _entries: frozenset[Entry] = frozenset()

    def __post_init__(self) -> None:
        """Collect the operations."""
        self._entries = frozenset(self.responder.document.entries)

    def knows(self, entry: Entry) -> bool:
        """Check that an operation is one of this document."""
        return entry in self._entries

    def items(self) -> tuple[Item, ...]:
        """Return all items, operation by operation."""
        return tuple(item for entry in self.responder.document.entries for item in self._part(entry).items)

    def goes_by_path(self, entry: Entry) -> bool:
        """Return True if different paths of an operation use different items."""
        return any(parameter.location is ParameterLocation.PATH for parameter in self._part(entry).read)

    def goes_by_fields(self, entry: Entry) -> bool:
        """Return True if different header fields of a request use different items, as Content-Type of a body does."""
        part = self._part(entry)
        return part.operation.request_body is not None or any(
            parameter.location in {ParameterLocation.HEADER, ParameterLocation.COOKIE} for parameter in part.read
        )

    def used(self, entry: Entry, request: Request, answer: Answer) -> Iterator[Item]:
        """Yield the items of an operation that an exchange used."""
        part = self._part(entry)
        yield from part.always
        key = (answer.status, find_field(answer.fields, b"content-type") if answer.body else None)
        known = part.answers.get(key)
        if known is None:
            known = tuple(_answered(part.operation, *key))
            if len(part.answers) < _VALUES:
                part.answers[key] = known
        yield from known
        if part.read:
            yield from self._parameters(part, request)
        written = find_field(request.fields, b"content-type")
        if part.operation.request_body is not None and written is not None:
            sent = find_request_content(part.operation.request_body.content, written)
            if sent is not None:
                yield "body", entry.id, sent.name

    def _parameters(self, part: _UsableOperation, request: Request) -> Iterator[Item]:
        """Yield the parameters of a request, and those of their values that are enumerated."""
        variables: Mapping[str, str] = {}
        if self.goes_by_path(part.operation.entry):
            matched = self.responder.find(request._replace(method=part.operation.method))
            variables = matched.variables if isinstance(matched, Matched) else {}
        carrier = Carrier(variables, request.query.decode("latin-1"), request.fields)
        for parameter in part.read:
            found = _raw(parameter, carrier)
            if not found:
                continue
            if parameter.location is not ParameterLocation.PATH:
                yield "parameter", part.operation.id, _named(parameter)
            texts = {text for value in found for text in (value, *value.split(","))}
            for text in texts & part.values[parameter]:
                yield "value", part.operation.id, f"{_named(parameter)}={text}"

    def _part(self, entry: Entry) -> _UsableOperation:
        known = self._parts.get(entry.id)
        if known is None:
            operation = self.responder.document.operation(entry)
            values = {parameter: _enumerated(parameter, self.responder.document) for parameter in operation.parameters}
            in_path = [
                ("parameter", entry.id, _named(p)) for p in operation.parameters if p.location is ParameterLocation.PATH
            ]
            known = self._parts[entry.id] = _UsableOperation(
                operation,
                values,
                dict.fromkeys(_items(operation, values)),
                (("operation", entry.id, entry.title), *in_path),
                tuple(p for p in operation.parameters if p.location is not ParameterLocation.PATH or values[p]),
            )
        return known


def _answered(operation: Operation, status: int, content_type: str | None) -> Iterator[Item]:
    """Yield the status of an answer, and its media type where it has a body."""
    documented = operation.find_response(status)
    if documented is None:
        return
    yield "status", operation.id, documented.status
    content = find_content(documented.content, content_type) if content_type is not None else None
    if content is not None:
        yield "media type", operation.id, f"{documented.status} {content.name}"


def _items(operation: Operation, values: dict[Parameter, frozenset[str]]) -> Iterator[Item]:
    id_ = operation.id
    yield "operation", id_, operation.entry.title
    for response in operation.responses:
        yield "status", id_, response.status
        for content in response.content:
            yield "media type", id_, f"{response.status} {content.name}"
    for parameter in operation.parameters:
        yield "parameter", id_, _named(parameter)
        for text in sorted(values[parameter]):
            yield "value", id_, f"{_named(parameter)}={text}"
    for content in operation.request_body.content if operation.request_body is not None else ():
        yield "body", id_, content.name


def _raw(parameter: Parameter, carrier: Carrier) -> list[str]:
    """Return the decoded texts of a parameter in a request; `name[key]` counts as `name`."""
    name = parameter.name
    match parameter.location:
        case ParameterLocation.PATH:
            if name in carrier.path:
                return [unquote(carrier.path[name])]
            return []
        case ParameterLocation.HEADER:
            value = find_field(carrier.fields, name.lower().encode("latin-1", "replace"))
            if value is not None:
                return [value]
            return []
        case ParameterLocation.COOKIE:
            return [unquote(value) for key, value in carrier.cookies() if key == name]
        case ParameterLocation.QUERYSTRING:
            if carrier.query:
                return [carrier.query]
            return []
    return [
        unquote_plus(value) for key, value in carrier.pairs if key in {name, f"{name}[]"} or key.startswith(f"{name}[")
    ]


def _named(parameter: Parameter) -> str:
    return f"{parameter.location.value} {parameter.name}"


def _enumerated(parameter: Parameter, document: Document) -> frozenset[str]:
    """Return the enumerated values of a parameter or of its items, as texts."""
    schema = parameter.schema
    for _ in range(2):
        if schema is None:
            return frozenset()
        try:
            schema = document.references.follow(schema)
        except DocumentError:
            return frozenset()
        value = schema.value
        if not isinstance(value, dict):
            return frozenset()
        listed = value.get("enum")
        if isinstance(listed, list):
            return frozenset(_text(item) for item in listed[:_VALUES] if isinstance(item, str | int | float))
        schema = next((node for key, node in schema.members() if key == "items"), None)
    return frozenset()


def _text(item: str | float) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    return str(item)


_COUNTED: Final = 200  # bytes of one used item
_WAITING: Final = 128  # different requests that wait to be counted
_BYTES: Final = 2 * 1024 * 1024  # that they hold
_OPERATIONS: Final = 4_096
_AROUND: Final = 2_000  # bytes of an exchange in memory, apart from what it holds
_PLURAL: Final = dict(
    zip(KINDS, ("operations", "statuses", "mediaTypes", "parameters", "values", "bodies"), strict=True)
)

_PROBLEM: Final = "problem:"
_ALIKE: Final = ("fixture:", "example:", "generated", _PROBLEM)  # sources whose answers to equal requests are alike

_Key = tuple[str, int, bytes, bytes, tuple[RawField, ...], int, str]


@dataclass(frozen=True, slots=True)
class Used:
    """The items of one document, and how often each was used."""

    there: tuple[Item, ...]
    counts: Mapping[Item, int]

    def render(self) -> JsonObject:
        """Render each item with its count, by operation; unused ones have 0."""
        operations: dict[str, JsonObject] = {}
        for item in self.there:
            kind, operation, name = item
            rendered = operations.setdefault(operation, {"operation": operation})
            if kind == "operation":
                rendered["title"], rendered["requests"] = name, self.counts.get(item, 0)
                continue
            members = rendered.setdefault(_PLURAL[kind], {})
            if isinstance(members, dict):
                members[name] = self.counts.get(item, 0)
        return {"summary": self.summary(), "operations": list(operations.values())}

    def summary(self) -> JsonObject:
        """Count the items and the used ones by kind, and the percentage of all that were used."""
        summary: JsonObject = {}
        used = there = 0
        for kind in KINDS:
            items = [item for item in self.there if item[0] == kind]
            had = sum(item in self.counts for item in items)
            summary[_PLURAL[kind]] = {"used": had, "there": len(items)}
            used, there = used + had, there + len(items)
        return {"percent": round(100 * used / there, 1) if there else 100.0, **summary}


@dataclass(slots=True)
class _EqualRequests:
    """Equal requests, with their answer and number."""

    request: Request
    answer: Answer
    count: int = 1


@dataclass(eq=False)
class Coverage:
    """Counts used items for each world, and for all worlds there ever were."""

    responders: Callable[[], Iterable[Responder]]  # of the documents that are served now
    worlds: Worlds
    _waiting: dict[_Key, _EqualRequests] = field(default_factory=dict)
    # Exchanges whose answers may differ though the requests are equal.
    _particular: list[tuple[str, _EqualRequests]] = field(default_factory=list)
    _bytes: int = 0
    _items: int = 0  # used ones, over all worlds
    _by_world: dict[str, Counter[Item]] = field(default_factory=dict)
    _all: Counter[Item] = field(default_factory=Counter)
    _usable: dict[int, Usable] = field(default_factory=dict)  # by the id of the responder, which a reload replaces
    _by_entry: BoundedCache[int, tuple[Entry, tuple[bool, bool]]] = field(
        default_factory=lambda: BoundedCache(_OPERATIONS)
    )

    def __post_init__(self) -> None:
        """Follow worlds that are dropped, and count into the budget of memory."""
        self.worlds.forgetters.append(self._forget)
        self.worlds.budget.holders["coverage"] = self
        self.worlds.budget.settlers.append(self._count)

    @property
    def weight(self) -> int:
        """The number of bytes kept."""
        return self._bytes + _COUNTED * self._items

    def _forget(self, world: str) -> None:
        self._items -= len(self._by_world.pop(world, ()))

    def listen(self, recorded: Recorded) -> None:
        """Keep an exchange with a documented operation, to be counted later."""
        answer = recorded.answer
        if answer.entry is None:
            return
        request = recorded.request
        if not answer.source.startswith(_ALIKE):
            self._particular.append((recorded.world, _EqualRequests(request._replace(body=b""), answer)))
        else:
            goes_by_path, goes_by_fields = self._goes_by(answer.entry)
            path = request.path if goes_by_path else b""
            # Accept may decide on the words of a problem.
            fields = tuple(request.fields) if goes_by_fields or answer.source.startswith(_PROBLEM) else ()
            key = (recorded.world, id(answer.entry), path, request.query, fields, answer.status, answer.source)
            known = self._waiting.get(key)
            if known is not None:
                known.count += 1
                return
            self._waiting[key] = _EqualRequests(request._replace(body=b""), answer)
        self._bytes += _AROUND + len(request.path) + len(request.query) + len(request.body) + len(answer.body)
        if len(self._waiting) + len(self._particular) >= _WAITING or self._bytes > _BYTES:
            self._count()

    def _goes_by(self, entry: Entry) -> tuple[bool, bool]:
        """Return whether requests for an operation that differ in their path only, or in their fields, count apart."""
        known = self._by_entry.get(id(entry))
        if known is None:
            homes = [home for each in self.responders() if (home := self._of(each)).knows(entry)]
            goes = any(home.goes_by_path(entry) for home in homes), any(home.goes_by_fields(entry) for home in homes)
            known = self._by_entry[id(entry)] = entry, goes  # with the entry, so that its id stays its own
        return known[1]

    def prepare(self) -> None:
        """Read the operations of the documents ahead of `look`; may run in a thread."""
        for responder in self.responders():
            self._of(responder).items()

    def look(self, worlds: Iterable[str] | None) -> Iterator[tuple[Responder, Used]]:
        """Yield the coverage of each document in some worlds together; None for all worlds there ever were."""
        self._count()
        counts = self._all if worlds is None else Counter[Item]()
        for world in worlds or ():
            counts.update(self._by_world.get(world, {}))
        for responder in self.responders():
            yield responder, Used(self._of(responder).items(), counts)

    def forget(self, worlds: Iterable[str] | None) -> None:
        """Reset the coverage of some worlds; None for all."""
        self._count()
        for world in list(self._by_world) if worlds is None else worlds:
            self._forget(world)
        if worlds is None:
            self._all.clear()

    def _count(self) -> None:
        """Count the waiting requests."""
        waiting = [*((key[0], each) for key, each in self._waiting.items()), *self._particular]
        self._waiting, self._particular, self._bytes = {}, [], 0
        usable = [self._of(responder) for responder in self.responders()]
        for world, each in waiting:
            entry = each.answer.entry
            home = next((one for one in usable if entry is not None and one.knows(entry)), None)
            if home is None or entry is None:
                continue
            found = dict.fromkeys(home.used(entry, each.request, each.answer), each.count)
            self._all.update(found)
            if self.worlds.known(world) is not None:
                own = self._by_world.setdefault(world, Counter())
                before = len(own)
                own.update(found)
                self._items += len(own) - before

    def _of(self, responder: Responder) -> Usable:
        known = self._usable.get(id(responder))
        if known is None:
            responders = list(self.responders())
            self._usable = {id(each): self._usable.get(id(each)) or Usable(each) for each in responders}
            known = self._usable.get(id(responder)) or Usable(responder)
        return known
