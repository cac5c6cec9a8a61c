"""What of a document can be used, and what of it one exchange used."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from mock_server.contract.request import find_content, find_request_content
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
    """What can be used of one operation, made ready for looking it up."""

    operation: Operation
    values: dict[Parameter, frozenset[str]]  # of enumerations, as texts
    items: dict[Item, None]
    always: tuple[Item, ...]  # the operation, and the parameters of its path
    looked_at: tuple[Parameter, ...]  # parameters that a request may leave out, or whose values are listed
    answers: dict[tuple[int, str | None], tuple[Item, ...]] = field(default_factory=dict)  # by status and Content-Type


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
        yield from part.always
        key = (answer.status, find_field(answer.fields, b"content-type") if answer.body else None)
        known = part.answers.get(key)
        if known is None:
            known = tuple(_answered(part.operation, *key))
            if len(part.answers) < _VALUES:
                part.answers[key] = known
        yield from known
        if part.looked_at:
            yield from self._parameters(part, request)
        written = find_field(request.fields, b"content-type")
        if part.operation.request_body is not None and written is not None:
            sent = find_request_content(part.operation.request_body.content, written)
            if sent is not None:
                yield "body", entry.id, sent.name

    def _parameters(self, part: _Part, request: Request) -> Iterator[Item]:
        """The parameters that a request has, and those of their values that are listed."""
        is_listed = any(parameter.location is Location.PATH for parameter in part.looked_at)
        matched = self.responder.find(request._replace(method=part.operation.method)) if is_listed else None
        variables = matched.variables if isinstance(matched, Matched) else {}
        carrier = Carrier(variables, request.query.decode("latin-1"), request.fields)
        for parameter in part.looked_at:
            found = _raw(parameter, carrier)
            if not found:
                continue
            if parameter.location is not Location.PATH:
                yield "parameter", part.operation.id, _named(parameter)
            for text in {item for one in found for item in (one, *one.split(","))} & part.values[parameter]:
                yield "value", part.operation.id, f"{_named(parameter)}={text}"

    def _part(self, entry: Entry) -> _Part:
        known = self._parts.get(entry.id)
        if known is None:
            operation = self.responder.document.operation(entry)
            values = {parameter: _enumerated(parameter, self.responder.document) for parameter in operation.parameters}
            in_path = [("parameter", entry.id, _named(p)) for p in operation.parameters if p.location is Location.PATH]
            known = self._parts[entry.id] = _Part(
                operation,
                values,
                dict.fromkeys(_items(operation, values)),
                (("operation", entry.id, entry.title), *in_path),
                tuple(p for p in operation.parameters if p.location is not Location.PATH or values[p]),
            )
        return known


def _answered(operation: Operation, status: int, content_type: str | None) -> Iterator[Item]:
    """What an answer used: its status, and its media type where it has a body."""
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
