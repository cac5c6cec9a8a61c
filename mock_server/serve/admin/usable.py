"""What of a document can be used, and what of it one exchange used."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from mock_server.contract.request import find_content
from mock_server.errors import DocumentError
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameter import Carrier
from mock_server.exchange.path import Matched
from mock_server.serve.answer import Answer
from mock_server.serve.respond import Responder
from mock_server.spec.document import Document
from mock_server.spec.model import Entry, Location, Operation, Parameter

KINDS: Final = ("operation", "status", "media type", "parameter", "value", "body")
_VALUES: Final = 200  # of one enumeration that are told apart

Item = tuple[str, str, str]  # one of KINDS, the operation, what


@dataclass(frozen=True, slots=True)
class _Part:
    """What can be used of one operation."""

    operation: Operation
    values: dict[Parameter, frozenset[str]]  # of enumerations, as texts
    items: dict[Item, None]


@dataclass(eq=False)
class Usable:
    """What of one document can be used; an operation is read when it is first asked about."""

    responder: Responder
    _parts: dict[str, _Part] = field(default_factory=dict)
    _entries: frozenset[Entry] = frozenset()

    def __post_init__(self) -> None:
        """Note which operations there are."""
        self._entries = frozenset(self.responder.document.entries)

    def knows(self, entry: Entry) -> bool:
        """Whether an operation is one of this document."""
        return entry in self._entries

    def items(self) -> tuple[Item, ...]:
        """Everything, operation by operation."""
        return tuple(item for entry in self.responder.document.entries for item in self._part(entry).items)

    def used(self, entry: Entry, request: Request, answer: Answer) -> Iterator[Item]:
        """What an exchange with an operation used of it."""
        part = self._part(entry)
        operation, id_ = part.operation, entry.id
        yield "operation", id_, entry.title
        documented = operation.find_response(answer.status)
        if documented is not None:
            yield "status", id_, documented.status
            content = find_content(documented.content, find_field(answer.fields, b"content-type"))
            if content is not None and answer.body:
                yield "media type", id_, f"{documented.status} {content.name}"
        for parameter, texts in self._texts(operation, request):
            yield "parameter", id_, _named(parameter)
            for text in texts & part.values.get(parameter, frozenset()):
                yield "value", id_, f"{_named(parameter)}={text}"
        written = find_field(request.fields, b"content-type")
        if operation.request_body is not None and written is not None:
            sent = find_content(operation.request_body.content, written)
            if sent is not None:
                yield "body", id_, sent.name

    def _texts(self, operation: Operation, request: Request) -> Iterator[tuple[Parameter, frozenset[str]]]:
        """The parameters that a request has, each with its value and the items of it, as texts."""
        path = request.path.decode("latin-1")
        matched = self.responder.router.match(operation.method, path)
        variables = matched.variables if isinstance(matched, Matched) else {}
        carrier = Carrier(variables, request.query.decode("latin-1"), request.fields)
        for parameter in operation.parameters:
            found = _raw(parameter, carrier)
            if found:
                yield parameter, frozenset(item for text in found for item in (text, *text.split(",")))

    def _part(self, entry: Entry) -> _Part:
        known = self._parts.get(entry.id)
        if known is None:
            operation = self.responder.document.operation(entry)
            values = {parameter: _enumerated(parameter, self.responder.document) for parameter in operation.parameters}
            known = self._parts[entry.id] = _Part(operation, values, dict.fromkeys(_items(operation, values)))
        return known


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
    """What a request says of a parameter, decoded; an object in brackets counts by its name."""
    name = parameter.name
    match parameter.location:
        case Location.PATH:
            return [unquote(carrier.path[name])] if name in carrier.path else []
        case Location.HEADER:
            value = find_field(carrier.fields, name.lower().encode("latin-1", "replace"))
            return [value] if value is not None else []
        case Location.COOKIE:
            return [unquote(value) for key, value in carrier.cookies() if key == name]
        case Location.QUERYSTRING:
            return [carrier.query] if carrier.query else []
    return [unquote_plus(value) for key, value in carrier.pairs if key in {name, f"{name}[]"} or key.startswith(f"{name}[")]


def _named(parameter: Parameter) -> str:
    return f"{parameter.location.value} {parameter.name}"


def _enumerated(parameter: Parameter, document: Document) -> frozenset[str]:
    """The values that a parameter, or its items, may have where they are listed."""
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
    return str(item).lower() if isinstance(item, bool) else str(item)
