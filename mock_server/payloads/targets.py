"""
Targets: the messages of a document that payloads are made for.

A response body is one; of a request, its body and each parameter are. A part of a request is judged as it travels: what
reads as conforming once it is written, such as the number 12 where a text is expected, breaks nothing and is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mock_server.document.model import MISSING, MediaType, Missing, Operation, Parameter, ParameterLocation
from mock_server.document.references import Node
from mock_server.errors import ExchangeError
from mock_server.exchange.media_type import may_be_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.router import Matched, Router
from mock_server.findings import Level
from mock_server.generate.edges.catalogue import BUDGET, LOCATIONS, Catalogue
from mock_server.generate.edges.proof import Edge, EdgeSubject
from mock_server.generate.engine import Engine, name_of_operation
from mock_server.generate.request import Drafter, RequestDraft, encode, request_outlines
from mock_server.json_values import JsonValue
from mock_server.judges.request import RequestJudge
from mock_server.schema.dialect import Direction, Purpose

_BODY: Final = "body"


@dataclass(eq=False, repr=False)
class PayloadTarget:
    """One message, or one part of a request."""

    kit: Engine
    operation: Operation
    direction: Direction
    schema: Node
    kinds: tuple[str, ...]
    most: int
    budget: int
    status: str = ""
    media: MediaType | None = None
    parameter: Parameter | None = None

    @property
    def part(self) -> str:
        """`body`, or a parameter as in `query:limit`."""
        if self.parameter is None:
            return _BODY
        return f"{self.parameter.location.value}:{self.parameter.name}"

    @property
    def title(self) -> str:
        """Its name for people."""
        what = self.part if self.direction is Direction.REQUEST else self.status
        media = f" {self.media.name}" if self.media is not None else ""
        return f"{self.operation.entry.title} {what}{media}"

    @cached_property
    def subject(self) -> EdgeSubject:
        """
        The schema with its producer and judges.

        Raises:
            SchemaError: the schema can't be used.
        """
        name = self.parameter.name if self.parameter is not None else ""
        if self.direction is Direction.RESPONSE:
            name = name_of_operation(self.operation)
        return EdgeSubject(self.kit.producer(self.schema, self.operation, name=name, direction=self.direction))

    @cached_property
    def catalogue(self) -> Catalogue:
        """Its edges."""
        confirm = self._confirm if self.direction is Direction.REQUEST else None
        return Catalogue(self.subject, self.kinds, self.most, self.budget, confirm=confirm)

    def request(self, value: JsonValue) -> Request:
        """
        Write a value as its part of a request that is right otherwise.

        Raises:
            ExchangeError: it can't be written.
        """
        if self.parameter is not None:
            draft = self._draft.with_parameter((self.parameter.location, self.parameter.name), value)
        else:
            draft = self._draft.with_body(value, self.media)
        return self._encode(draft)

    @cached_property
    def absent(self) -> Request | None:
        """A request without the part, where it is required and can be left out."""
        if self.direction is Direction.RESPONSE:
            return None
        body = self.operation.request_body
        if self.parameter is None:
            is_first = body is not None and body.required and body.content[0] is self.media
            if is_first:
                return self._encode(self._draft.with_body(MISSING))
            return None
        if not self.parameter.required or self.parameter.location is ParameterLocation.PATH:
            return None
        return self._encode(self._draft.without((self.parameter.location, self.parameter.name)))

    @cached_property
    def example(self) -> Request:
        """A request that the operation accepts."""
        return self._encode(self._draft)

    @cached_property
    def _draft(self) -> RequestDraft:
        return Drafter(self.kit, self.operation).draft()

    def _encode(self, draft: RequestDraft) -> Request:
        return encode(draft, self.base_path, request_outlines(self.kit), self.kit.document.schemes)

    @property
    def base_path(self) -> str:
        """The path before that of the operation."""
        servers = self.operation.servers or self.kit.document.servers
        return servers[0].base_path

    def _confirm(self, edge: Edge, value: JsonValue) -> str | None:
        """Explain why a part of a request is not on the wire what its edge says; None where it is."""
        try:
            request = self.request(value)
        except (ExchangeError, UnicodeEncodeError) as error:
            return f"it can't be written as {self.part}: {error}"
        read = self._wire.read(request)
        if read is None:
            return "the request would go to another operation"
        errors, back = read
        if edge.conforms and (errors or back != value):
            return "sent, it reads as something else"
        if not edge.conforms and not errors:
            return "sent, it reads as something that conforms"
        return None

    @cached_property
    def _wire(self) -> "_Wire":
        return _Wire(self)


@dataclass(eq=False, repr=False)
class _Wire:
    """Reads requests back."""

    target: PayloadTarget
    _router: Router[str] = field(default_factory=Router)

    def __post_init__(self) -> None:
        entry = self.target.operation.entry
        self._router.add(self.target.base_path, entry.method, entry.template, entry.id)
        kit = self.target.kit
        self._judge = RequestJudge(
            kit.document, self.target.operation, kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
        )

    def read(self, request: Request) -> tuple[bool, JsonValue] | None:
        """
        Read a request back: True if it breaks the document in this part, and the value that the part reads as.

        None where it has no route.
        """
        matched = self._router.match(request.method, request.path.decode("latin-1"))
        if not isinstance(matched, Matched):
            return None
        understood = self._judge.read(request, matched.variables, security=False)
        parameter = self.target.parameter
        where = (_BODY,) if parameter is None else (parameter.location.value, parameter.name)
        errors = any(
            found.level is Level.ERROR and (found.instance or ())[: len(where)] == where
            for found in understood.findings
        )
        if parameter is None:
            value = understood.body
        else:
            value = understood.parameters.get((parameter.location, parameter.name))
        return errors, None if isinstance(value, Missing) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadChoice:
    """A choice of payloads."""

    kinds: tuple[str, ...]
    operation: str | None = None  # None: all
    direction: str = "response"
    status: str | None = None
    media_type: str | None = None
    most: int = LOCATIONS  # locations of one schema
    budget: int = BUDGET  # combinations of one schema


def iter_targets(kit: Engine, operation: Operation, choice: PayloadChoice) -> Iterator[PayloadTarget]:
    """List what payloads can be made for."""
    if choice.direction == "response":
        yield from _responses(kit, operation, choice)
    else:
        yield from _requests(kit, operation, choice)


def _responses(kit: Engine, operation: Operation, choice: PayloadChoice) -> Iterator[PayloadTarget]:
    for response in operation.responses:
        if choice.status is not None and response.status.upper() != choice.status.upper():
            continue
        for media in response.content:
            if media.schema is not None and _is_wanted(media, choice):
                yield PayloadTarget(
                    kit,
                    operation,
                    Direction.RESPONSE,
                    media.schema,
                    choice.kinds,
                    choice.most,
                    choice.budget,
                    status=response.status,
                    media=media,
                )


def _requests(kit: Engine, operation: Operation, choice: PayloadChoice) -> Iterator[PayloadTarget]:
    for parameter in operation.parameters:
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if schema is not None and parameter.location is not ParameterLocation.COOKIE and choice.media_type is None:
            yield PayloadTarget(
                kit, operation, Direction.REQUEST, schema, choice.kinds, choice.most, choice.budget, parameter=parameter
            )
    body = operation.request_body
    for media in body.content if body is not None else ():
        if media.schema is not None and _is_wanted(media, choice):
            yield PayloadTarget(
                kit, operation, Direction.REQUEST, media.schema, choice.kinds, choice.most, choice.budget, media=media
            )


def _is_wanted(media: MediaType, choice: PayloadChoice) -> bool:
    """JSON, unless another media type is named."""
    media_type = parse_media_type(media.name)
    if choice.media_type is None:
        return may_be_json(media_type)
    return media_type.essence == parse_media_type(choice.media_type).essence
