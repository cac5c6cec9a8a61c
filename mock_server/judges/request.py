"""Reading a request by the document, and judging it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.document.document import Document, path_names
from mock_server.document.model import (
    MISSING,
    Entry,
    Missing,
    Operation,
    Parameter,
    ParameterLocation,
    RequestBody,
    Style,
)
from mock_server.errors import MalformedContent
from mock_server.exchange.body import write_json
from mock_server.exchange.content_coding import UnknownCoding, decode_content, is_coded
from mock_server.exchange.header_fields import read_moments
from mock_server.exchange.media_type import MediaRange, is_json, parse_media_type
from mock_server.exchange.message import RawFields, Request, find_field
from mock_server.exchange.parameters import Carrier, Reader, compile_reader
from mock_server.exchange.router import Matched
from mock_server.exchange.security import credential_names, find_unmet
from mock_server.exchange.wire_values import read_leniently
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object, shorten_pointer
from mock_server.judges.body import BodyJudge, JsonBody, find_request_content
from mock_server.schema.bundle import Schemas
from mock_server.schema.sites import Site, site_of
from mock_server.schema.validate import Validator


class DecodedRequest(NamedTuple):
    """A request, read."""

    parameters: dict[tuple[ParameterLocation, str], JsonValue]  # those that were sent
    body: JsonValue | Missing
    findings: tuple[Finding, ...] = ()
    unmet: tuple[str, ...] = ()  # what each security requirement lacks; nothing where one is met
    unsupported: bool = False  # the media type of the body is not documented

    def echoes(self) -> dict[str, JsonValue]:
        """Return the parameters that answers may repeat, by name."""
        return {
            name: value
            for (place, name), value in self.parameters.items()
            if place is ParameterLocation.PATH or place is ParameterLocation.QUERY
        }


ANY_NAME = "*"
_SHOWN = 100  # characters of a Content-Type field
_MOST_UNKNOWN = 100  # names of parameters
_SAYING_NOTHING = frozenset(("type", "description", "example", "examples", "title", "default"))


@dataclass(frozen=True, slots=True)
class _CompiledParameter:
    parameter: Parameter
    read: Reader
    validator: Validator | None
    key: tuple[ParameterLocation, str]
    members: frozenset[str]  # what of the query is part of it, besides its own name; ANY_NAME for all
    is_plain: bool  # of the path, and any text is right


@dataclass(eq=False, repr=False)
class RequestJudge:
    """Reads and judges the requests of one operation. Compiled when made."""

    document: Document
    operation: Operation
    schemas: Schemas  # of requests, as JUDGE reads them
    limit: int = 64 * 1024 * 1024  # bytes that a coded body may stand for
    _parameters: tuple[_CompiledParameter, ...] = ()
    _bodies: dict[str, "BodyJudge"] = field(default_factory=dict)  # by documented media type
    # by what a request says
    _written: BoundedCache[str | None, tuple[BodyJudge, MediaRange] | None] = field(default_factory=make_text_cache)
    _known_query: frozenset[str] = frozenset()
    _path: tuple[tuple[str, _CompiledParameter], ...] = ()  # those of the path
    _takes_any_path: bool = False

    def __post_init__(self) -> None:
        """
        Compile the readers and validators of the parameters.

        Raises:
            UnusableSchema: the schema of one can't be compiled.
        """
        declared = [*self.operation.parameters, *self._undeclared()]
        self._parameters = tuple(self._compile(parameter) for parameter in declared)
        in_path = (compiled for compiled in self._parameters if compiled.parameter.location is ParameterLocation.PATH)
        self._path = tuple((each.parameter.name, each) for each in in_path)
        are_all = {name for name, _ in self._path} == set(path_names(self.operation.entry, self.operation.parameters))
        self._takes_any_path = are_all and all(compiled.is_plain for _, compiled in self._path)
        credentials = credential_names(self.operation.security, self.document.schemes)
        names = {name for location, name in credentials if location is ParameterLocation.QUERY}
        names |= {p.name for p in self.operation.parameters if p.location is ParameterLocation.QUERY}
        names |= {name for name, _ in self.operation.entry.query}
        for compiled in self._parameters:
            names |= compiled.members
        self._known_query = frozenset(names)

    def read(
        self, request: Request, variables: dict[str, str], *, security: bool = True, lenient: bool = False
    ) -> DecodedRequest:
        """
        Read and judge a request.

        Args: request: As it came. variables: Of the path, percent-encoded. security: Whether credentials are asked
            for. lenient: Whether to read what most servers take, although the document does not say so, and note it:
            `True` in a query.
        """
        query = request.query.decode("latin-1")
        carrier = Carrier(variables, query, request.fields)
        unmet: tuple[str, ...] = ()
        if security and self.operation.security:
            unmet = find_unmet(self.operation.security, self.document.schemes, carrier)
        findings: list[Finding] = []
        values: dict[tuple[ParameterLocation, str], JsonValue] = {}
        for compiled in self._parameters:
            value = self._parameter(compiled, carrier, findings, lenient=lenient)
            if not isinstance(value, Missing):
                values[compiled.key] = value
        if query and ANY_NAME not in self._known_query:
            findings.extend(self._undocumented(carrier))
        body, unsupported = self._body(request, findings)
        return DecodedRequest(values, body, tuple(findings), unmet, unsupported)

    def read_path(self, variables: Mapping[str, str]) -> Mapping[str, JsonValue] | None:
        """
        Read path variables as they are usually written.

        Args:
            variables: None of them percent-encoded.

        Returns:
            Their values by name; None where one is wrong, or is no text or integer in its usual form.
        """
        if self._takes_any_path:
            return variables
        values: dict[str, JsonValue] = {}
        for name, compiled in self._path:
            text = variables.get(name)
            if compiled.is_plain or text is None:
                value: JsonValue | Missing = text
            else:
                findings: list[Finding] = []
                value = self._parameter(compiled, Carrier(variables, "", ()), findings)
                if findings or isinstance(value, bool) or not isinstance(value, str | int) or str(value) != text:
                    return None
            if isinstance(value, Missing | None):
                return None
            values[name] = value
        return values

    def may_span(self, matched: Matched[Entry]) -> bool:
        """
        Return True if the variable of a match that holds several segments may do so.

        It may where the document says so, and else where it takes the text and nothing longer could have been meant.
        """
        name = str(matched.spanning)
        compiled = next((known for known in self._parameters if known.key == (ParameterLocation.PATH, name)), None)
        if compiled is None or says_that_it_spans(compiled.parameter):
            return compiled is not None
        findings: list[Finding] = []
        value = self._parameter(compiled, Carrier(matched.variables, "", ()), findings)
        return isinstance(value, str) and not findings and not matched.is_cut_off

    def note_spanning(self, matched: Matched[Entry]) -> tuple[Finding, ...]:
        """Note that a variable holds several segments, where the document does not say that it does."""
        name = matched.spanning
        compiled = next((known for known in self._parameters if known.key == (ParameterLocation.PATH, name)), None)
        if name is None or compiled is None or says_that_it_spans(compiled.parameter):
            return ()
        message = f"nothing else is documented there, so that it is read as {unquote(matched.variables[name])!r}"
        return (self._finding("request-path-spanning", compiled.parameter, message),)

    def admits(self, query: bytes, fields: RawFields) -> bool:
        """Return True if a request has the required credentials."""
        carrier = Carrier({}, query.decode("latin-1"), fields)
        return not find_unmet(self.operation.security, self.document.schemes, carrier)

    def read_json(self, request: Request) -> JsonBody | None:
        """
        Read and judge the body of a request, not the rest of it.

        None where it is not said to be JSON, or is none.
        """
        documented, written = self.operation.request_body, find_field(request.fields, b"content-type")
        if documented is None or written is None or not request.body:
            return None
        found = self._body_judge(documented, written)
        if found is not None and is_json(found[1]):
            return found[0].read_json(request.body, self.operation.id)
        return None

    def _compile(self, parameter: Parameter) -> _CompiledParameter:
        if parameter.content is not None:
            schema = parameter.content.schema
        else:
            schema = parameter.schema
        bundle = self.schemas.bundle(schema) if schema is not None else None
        validator = Validator(bundle) if bundle is not None and bundle.schema else None
        outline = site_of(bundle)
        key = (parameter.location, parameter.name)
        members = _members(parameter, outline)
        reader = compile_reader(parameter, outline)
        return _CompiledParameter(parameter, reader, validator, key, members, _is_plain(parameter))

    def _undeclared(self) -> list[Parameter]:
        """Variables of the template that no Parameter Object declares are strings."""
        entry = self.operation.entry
        declared = {p.name for p in self.operation.parameters if p.location is ParameterLocation.PATH}
        return [
            Parameter(
                name=name,
                location=ParameterLocation.PATH,
                required=True,
                style=Style.SIMPLE,
                explode=False,
                schema=None,
                node=entry.node,
            )
            for name in path_names(entry, self.operation.parameters)
            if name not in declared
        ]

    def _parameter(
        self, compiled: _CompiledParameter, carrier: Carrier, findings: list[Finding], *, lenient: bool = False
    ) -> JsonValue | Missing:
        parameter = compiled.parameter
        try:
            readings = compiled.read(carrier)
        except MalformedContent as error:
            findings.append(self._finding("request-parameter-malformed", parameter, str(error)))
            return MISSING
        if isinstance(readings, Missing):
            if parameter.required:
                findings.append(self._finding("request-parameter-missing", parameter, "it is required"))
            return MISSING
        validator = compiled.validator
        if validator is None:
            return readings[0]
        for value in readings:
            if validator.is_valid(value):
                return value
        if readings[0] == "" and parameter.allow_empty:
            return ""
        other = self._read_otherwise(compiled, carrier, readings[0], findings, lenient=lenient)
        if not isinstance(other, Missing):
            return other
        findings.extend(
            self._finding(
                "request-parameter-schema", parameter, violation.message, violation.instance, violation.place.pointer
            )
            for violation in validator.check(readings[0], limit=20)
        )
        return readings[0]

    def _read_otherwise(
        self, compiled: _CompiledParameter, carrier: Carrier, read: JsonValue, findings: list[Finding], *, lenient: bool
    ) -> JsonValue | Missing:
        """
        Return the readings that conform otherwise.

        A date of HTTP as one of JSON Schema, and, where that is wanted, a lenient one.
        """
        parameter, validator = compiled.parameter, compiled.validator
        if validator is None:
            return MISSING
        if parameter.location is ParameterLocation.HEADER and isinstance(read, str):
            return next(filter(validator.is_valid, read_moments(parameter.name, read)), MISSING)
        if lenient and parameter.location is ParameterLocation.QUERY:
            for value in self._read_leniently(compiled, carrier):
                if validator.is_valid(value):
                    findings.append(
                        self._finding("request-boolean-lenient", parameter, f"it is read as {_shown(value)}")
                    )
                    return value
        return MISSING

    def _read_leniently(self, compiled: _CompiledParameter, carrier: Carrier) -> list[JsonValue]:
        parameter = compiled.parameter
        schema = parameter.schema
        if schema is None or parameter.content is not None:
            return []
        readings = compile_reader(parameter, site_of(self.schemas.bundle(schema)), read_leniently)(carrier)
        if isinstance(readings, Missing):
            return []
        return readings

    def _finding(
        self, rule: str, parameter: Parameter, message: str, inside: Pointer = (), pointer: Pointer | None = None
    ) -> Finding:
        place = parameter.node.place
        where = f"the {parameter.location.value} parameter {parameter.name!r}"
        return Finding(
            rule=rule,
            message=f"{where}: {message}",
            place=type(place)(place.file, pointer) if pointer else place,
            instance=(parameter.location.value, parameter.name, *shorten_pointer(inside)),
            operation=self.operation.id,
        )

    def _undocumented(self, carrier: Carrier) -> list[Finding]:
        known = self._known_query
        unknown = [name for name, _ in carrier.pairs if name not in known and not name.startswith("__")]
        if not unknown:
            return []
        exploded = any(
            p.location is ParameterLocation.QUERY and p.style in {Style.DEEP_OBJECT, Style.FORM} and p.explode
            for p in self.operation.parameters
        )
        if exploded:
            unknown = [name for name in unknown if "[" not in name]
        return [
            Finding(
                rule="request-query-undocumented",
                message=f"the query parameter {name!r} is not documented",
                place=self.operation.entry.node.place,
                instance=("query", name),
                operation=self.operation.id,
            )
            for name in islice(dict.fromkeys(unknown), _MOST_UNKNOWN)
        ]

    def _body(self, request: Request, findings: list[Finding]) -> tuple[JsonValue | Missing, bool]:
        documented = self.operation.request_body
        if documented is None:
            return MISSING, False
        written = find_field(request.fields, b"content-type")
        if not request.body and (written is None or not documented.required):
            if documented.required:
                findings.append(self._body_finding("request-body-missing", documented, "the body is required"))
            return MISSING, False
        found = self._body_judge(documented, written)
        if found is None:
            known = ", ".join(media.name for media in documented.content)
            shown = repr(written[:_SHOWN]) if written is not None else "none"
            message = f"the media type {shown} is not documented; documented are {known or 'none'}"
            findings.append(self._body_finding("request-media-type-undocumented", documented, message))
            return MISSING, True
        judge, media_type = found
        body = request.body
        if is_coded(request.fields):
            try:
                body = decode_content(body, request.fields, self.limit)
            except UnknownCoding as error:
                findings.append(self._body_finding("request-coding-unknown", documented, f"the body: {error}"))
                return MISSING, True
            except MalformedContent as error:
                findings.append(self._body_finding("request-coding-malformed", documented, f"the body: {error}"))
                return MISSING, False
        return judge.read(body, media_type, self.operation.id, findings), False

    def _body_judge(self, documented: RequestBody, written: str | None) -> tuple[BodyJudge, MediaRange] | None:
        """Return the judge of a body by its media type, and that media type; None where it is not documented."""
        if written not in self._written:
            found = self._written[written] = self._find_judge(documented, written)
            return found
        return self._written[written]

    def _find_judge(self, documented: RequestBody, written: str | None) -> tuple[BodyJudge, MediaRange] | None:
        content = find_request_content(documented.content, written)
        if content is None:
            return None
        if content.name not in self._bodies:
            self._bodies[content.name] = BodyJudge(content, self.schemas)
        return self._bodies[content.name], parse_media_type(written or content.name)

    def _body_finding(self, rule: str, body: RequestBody, message: str) -> Finding:
        return Finding(
            rule=rule, message=message, place=body.node.place, instance=("body",), operation=self.operation.id
        )


def _shown(value: JsonValue) -> str:
    return write_json(value).decode()[:100]


def _members(parameter: Parameter, outline: Site) -> frozenset[str]:
    """
    Return the names in the query that belong to a parameter.

    Those of an exploded object, or all of a query string.
    """
    if parameter.location is ParameterLocation.QUERYSTRING:
        return frozenset((ANY_NAME,))
    spread = parameter.location is ParameterLocation.QUERY and parameter.style is Style.FORM and parameter.explode
    if not spread or "object" not in outline.types or {"string", "array"} & outline.types:
        return frozenset()
    if outline.is_open:
        return frozenset((*outline.names, ANY_NAME))
    return frozenset(outline.names)


def says_that_it_spans(parameter: Parameter) -> bool:
    """
    Return True if the document says that a path parameter holds slashes.

    By GitHub's extension, or a pattern of any text.
    """
    schema = _schema_of(parameter)
    if any(holder.get("x-multi-segment") is True for holder in (as_object(parameter.node.value), schema)):
        return True
    return str(schema.get("pattern", "")).strip("^$()") in {".+", ".*", ".+?", ".*?"}


def _is_plain(parameter: Parameter) -> bool:
    """Return True if a parameter of the path takes any text."""
    schema = _schema_of(parameter)
    return (
        parameter.content is None
        and parameter.style is Style.SIMPLE
        and schema.get("type") == "string"
        and all(keyword in _SAYING_NOTHING or keyword.startswith("x-") for keyword in schema)
    )


def _schema_of(parameter: Parameter) -> JsonObject:
    """Return the Schema Object of a parameter as it is written; an empty one where there is none."""
    if parameter.schema is None:
        return {}
    return as_object(parameter.schema.value)
