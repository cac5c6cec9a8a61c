"""Why a response is called wrong: its status, media type, header fields and body against the document."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from mock_server.document.model import MISSING, Header, MediaType, Missing, Operation
from mock_server.document.model import DocumentedResponse as Documented
from mock_server.document.references import Node
from mock_server.errors import MalformedContent, UnusableSchema
from mock_server.exchange.body import read_body, read_json
from mock_server.exchange.charset import find_codec
from mock_server.exchange.header_fields import read_moments
from mock_server.exchange.media_type import is_event_stream, is_json, is_json_lines, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.parameters import split_header
from mock_server.exchange.wire_values import read_all
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer, as_list, shorten_pointer
from mock_server.judges.body import find_content
from mock_server.schema.bundle import Schemas
from mock_server.schema.sites import Site, site_of
from mock_server.schema.validate import Validator

_MOST_FOUND = 100  # in one body
_SHOWN = 100  # characters of a header field
_EMPTY_STATUSES = frozenset((204, 205, 304))
# What this judge reports.
JUDGED_RULES: Final = frozenset(
    (
        "response-status-undocumented",
        "response-media-type-undocumented",
        "response-charset-undocumented",
        "response-header-missing",
        "response-header-schema",
        "response-body-missing",
        "response-body-unexpected",
        "response-content-undocumented",
        "response-body-malformed",
        "response-body-schema",
    )
)


@dataclass(frozen=True, slots=True)
class _CompiledResponse:
    validator: Validator | None
    outline: Site


@dataclass(eq=False, repr=False)
class ResponseJudge:
    """Judges the responses of one operation; schemas are compiled when first needed."""

    operation: Operation
    schemas: Schemas  # of responses, as JUDGE reads them
    _compiled: dict[tuple[str, Pointer], _CompiledResponse] = field(default_factory=dict)

    def judge(self, response: Response, method: str | None = None) -> tuple[Finding, ...]:
        """
        Judge a response.

        Args:
            response: As it came.
            method: Of the request, where it is not the operation's own: HEAD for a GET.

        Raises:
            UnusableSchema: a schema that is needed can't be compiled.
        """
        documented = self.operation.find_response(response.status)
        if documented is None:
            known = ", ".join(known.status for known in self.operation.responses) or "none"
            message = f"the status {response.status} is not documented; documented are {known}"
            return (
                self._finding("response-status-undocumented", message, self.operation.entry.node.place, ("status",)),
            )
        findings = list(self._headers(documented, response))
        if (method or self.operation.method) == "HEAD" or response.status in _EMPTY_STATUSES:
            if response.body:
                message = f"{response.status} to {method or self.operation.method} has no body"
                findings.append(self._finding("response-body-unexpected", message, documented.node.place, ("body",)))
            return tuple(findings)
        findings.extend(self._body(documented, response))
        return tuple(findings)

    def read_body(self, response: Response) -> JsonValue | Missing:
        """Read the body of a response by its media type and schema; return MISSING where that is impossible."""
        documented = self.operation.find_response(response.status)
        written = find_field(response.fields, b"content-type")
        content = find_content(documented.content, written) if documented is not None else None
        try:
            if content is not None:
                media_type = parse_media_type(written or content.name)
                readings = read_body(response.body, media_type, self._outline(content), content.encoding)
                return readings[0] if readings else MISSING
            if response.body:
                return read_json(response.body)
        except (MalformedContent, UnusableSchema):
            return MISSING
        return MISSING

    def judge_value(self, content: MediaType, value: JsonValue) -> tuple[Finding, ...]:
        """
        Judge the value of a body, such as an example.

        Raises:
            UnusableSchema: the schema can't be compiled.
        """
        return tuple(self._value(content, [value]))

    def is_valid(self, content: MediaType, value: JsonValue) -> bool:
        """
        Return True if a value conforms to the schema of a media type.

        Raises:
            UnusableSchema: the schema can't be compiled.
        """
        if content.schema is not None and not self._conform(content.schema, [value]):
            return False
        return content.item_schema is None or self._conform(content.item_schema, _in_list(value))

    def _conform(self, schema: Node, values: list[JsonValue]) -> bool:
        validator = self._compile(schema).validator
        return validator is None or all(map(validator.is_valid, values))

    def _finding(self, rule: str, message: str, place: Place, instance: Pointer) -> Finding:
        return Finding(rule=rule, message=message, place=place, instance=instance, operation=self.operation.id)

    def _compile(self, schema: Node) -> _CompiledResponse:
        if schema.key not in self._compiled:
            bundle = self.schemas.bundle(schema)
            self._compiled[schema.key] = _CompiledResponse(
                Validator(bundle) if bundle.schema else None, site_of(bundle)
            )
        return self._compiled[schema.key]

    def _headers(self, documented: Documented, response: Response) -> Iterator[Finding]:
        for header in documented.headers:
            value = find_field(response.fields, header.name.lower().encode("latin-1", "replace"))
            if value is None:
                if header.required:
                    message = f"the header {header.name!r} is required"
                    yield self._finding("response-header-missing", message, header.node.place, ("headers", header.name))
            else:
                yield from self.judge_header(header, value)

    def refuses(self, name: bytes, value: bytes) -> bool:
        """
        Return True if any response of the operation documents a header field so that it can't have a value.

        A schema that can't be compiled refuses nothing.
        """
        headers = [header for response in self.operation.responses for header in response.headers]
        try:
            return any(
                any(self.judge_header(header, value.decode("latin-1")))
                for header in headers
                if header.name.lower().encode() == name
            )
        except UnusableSchema:
            return False

    def judge_header(self, header: Header, text: str) -> Iterator[Finding]:
        """
        Judge the value of a header field.

        Raises:
            UnusableSchema: the schema can't be compiled.
        """
        if header.schema is None:
            return
        compiled = self._compile(header.schema)
        if compiled.validator is None:
            return
        readings = read_all(split_header(text, compiled.outline, explode=header.explode), compiled.outline)
        readings = [*readings, *read_moments(header.name, text)]
        if any(compiled.validator.is_valid(value) for value in readings):
            return
        for violation in compiled.validator.check(readings[0], limit=5):
            message = f"the header {header.name!r}: {violation.message}"
            yield self._finding(
                "response-header-schema", message, violation.place, ("headers", header.name, *violation.instance)
            )

    def _body(self, documented: Documented, response: Response) -> Iterator[Finding]:
        written = find_field(response.fields, b"content-type")
        if not documented.content:
            if response.body:
                message = f"no content is documented for {response.status}, {len(response.body)} bytes came"
                yield self._finding("response-content-undocumented", message, documented.node.place, ("body",))
            return
        if not response.body and written is None:
            message = f"the body is missing; documented are {', '.join(media.name for media in documented.content)}"
            yield self._finding("response-body-missing", message, documented.node.place, ("body",))
            return
        content = find_content(documented.content, written)
        if content is None or written is None:
            known = ", ".join(media.name for media in documented.content)
            shown = repr(written[:_SHOWN]) if written is not None else "none"
            message = f"the media type {shown} is not documented; documented are {known}"
            yield self._finding(
                "response-media-type-undocumented", message, documented.node.place, ("headers", "content-type")
            )
            return
        yield from self._charset(content, written)
        yield from self._content(content, written, response.body)

    def _charset(self, content: MediaType, written: str) -> Iterator[Finding]:
        """Judge the charset: JSON is UTF-8 (RFC 8259, section 8.1); other types have the documented one."""
        sent = parse_media_type(written).parameter("charset")
        name = parse_media_type(content.name)
        documented = "utf-8" if is_json(name) else name.parameter("charset")
        if sent is None or documented is None or _same_charset(sent, documented):
            return
        message = f"the charset is {sent!r}, not {documented!r}"
        yield self._finding("response-charset-undocumented", message, content.node.place, ("headers", "content-type"))

    def _content(self, content: MediaType, written: str, data: bytes) -> Iterator[Finding]:
        media_type = parse_media_type(written)
        outline = self._outline(content)
        try:
            readings = read_body(data, media_type, outline, content.encoding)
        except MalformedContent as error:
            message = f"the body as {media_type.essence}: {error}"
            yield self._finding("response-body-malformed", message, content.node.place, ("body",))
            return
        if is_event_stream(media_type) and content.item_schema is None:
            return  # the schema of a stream without itemSchema is written in a different way by everyone
        if is_json_lines(media_type) and content.item_schema is None and outline.types == {"string"}:
            yield from self._value(content, [data.decode("utf-8", "replace")])  # the schema speaks of the whole
            return
        if is_json_lines(media_type) and content.item_schema is None and "array" not in outline.types:
            lines = as_list(next(iter(readings), None))
            yield from islice((found for item in lines for found in self._value(content, [item])), _MOST_FOUND)
            return
        yield from islice(self._value(content, readings), _MOST_FOUND)

    def _outline(self, content: MediaType) -> Site:
        if content.schema is not None:
            return self._compile(content.schema).outline
        if content.item_schema is not None:
            return self._compile(content.item_schema).outline.listed()
        return Site()

    def _value(self, content: MediaType, readings: list[JsonValue]) -> Iterator[Finding]:
        """Judge by the schema of the whole and, where there is one, by that of each item."""
        if not readings:
            return
        if content.schema is not None:
            yield from self._parts(content.schema, [[reading] for reading in readings], indexed=False)
        if content.item_schema is not None:
            yield from self._parts(
                content.item_schema, list(map(_in_list, readings)), indexed=isinstance(readings[0], list)
            )

    def _parts(self, schema: Node, readings: list[list[JsonValue]], *, indexed: bool) -> Iterator[Finding]:
        """Judge values one by one; one reading in which all of them conform is enough."""
        validator = self._compile(schema).validator
        if validator is None or any(self._conform(schema, values) for values in readings):
            return
        for index, value in enumerate(readings[0]):
            prefix = ("body", str(index)) if indexed else ("body",)
            for violation in validator.check(value):
                instance = (*prefix, *shorten_pointer(violation.instance))
                where = "/".join(instance[1:])
                named = f"the body at /{where}" if where else "the body"
                message = f"{named}: {violation.message}"
                yield self._finding("response-body-schema", message, violation.place, instance)


def _same_charset(one: str, other: str) -> bool:
    """Return True if two names are of one charset; ASCII is UTF-8, too."""
    names = {find_codec(one), find_codec(other)}
    if None in names:
        return one.lower() == other.lower()
    return len(names) == 1 or names == {"ascii", "utf_8"}


def _in_list(value: JsonValue) -> list[JsonValue]:
    """Return the items of a value; another value is the only item of itself."""
    if isinstance(value, list):
        return value
    return [value]
