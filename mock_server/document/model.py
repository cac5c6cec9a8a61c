"""
The OpenAPI document as values: Swagger 2.0, OpenAPI 3.0, 3.1 and 3.2 in one model.

Names are OpenAPI's own; https://spec.openapis.org/oas/v3.2.0.html describes each object.
A Schema Object stays a `Node`, the place where it was written: `schema.dialect` knows what it means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final
from urllib.parse import parse_qsl

from mock_server.document.references import Node
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue


class Version(Enum):
    """The families of the specification, as far as they differ in meaning."""

    V2 = "2.0"
    V30 = "3.0"
    V31 = "3.1"
    V32 = "3.2"

    @property
    def is_json_schema(self) -> bool:
        """True if Schema Objects are JSON Schema 2020-12 rather than a dialect of draft 4."""
        return self in {Version.V31, Version.V32}


class ParameterLocation(StrEnum):
    """The location of a parameter: its `in`."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    QUERYSTRING = "querystring"

    __hash__ = str.__hash__  # the one of enumerations is written in Python, and each request asks for it several times


class Style(StrEnum):
    """The serialisation style of a parameter."""

    MATRIX = "matrix"
    LABEL = "label"
    SIMPLE = "simple"
    FORM = "form"
    SPACE_DELIMITED = "spaceDelimited"
    PIPE_DELIMITED = "pipeDelimited"
    DEEP_OBJECT = "deepObject"
    COOKIE = "cookie"
    TAB_DELIMITED = "tabDelimited"  # Swagger 2.0's collectionFormat tsv


class Missing(Enum):
    """The absence of a value, where `null` is one."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A named example; an unnamed one has the key `None`."""

    key: str | None
    value: JsonValue | Missing  # MISSING where only an externalValue is given
    serialized: str | None = None  # 3.2's serializedValue
    summary: str | None = None
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """The serialisation of one property of a form or multipart body: an Encoding Object."""

    content_type: tuple[str, ...] = ()
    headers: "tuple[Header, ...]" = ()
    style: Style | None = None
    explode: bool | None = None
    allow_reserved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MediaType:
    """A Media Type Object under its media type or range."""

    name: str  # as documented: `application/json; charset=utf-8`, `text/*`
    schema: Node | None
    item_schema: Node | None = None
    examples: tuple[Example, ...] = ()
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """A Parameter Object."""

    name: str
    location: ParameterLocation
    required: bool
    style: Style
    explode: bool
    allow_reserved: bool = False
    allow_empty: bool = False
    schema: Node | None
    content: MediaType | None = None  # a parameter has a schema or a content
    examples: tuple[Example, ...] = ()
    deprecated: bool = False
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Header:
    """A Header Object under its name."""

    name: str
    required: bool
    explode: bool
    schema: Node | None
    content: MediaType | None = None
    examples: tuple[Example, ...] = ()
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RequestBody:
    """A Request Body Object."""

    required: bool
    content: tuple[MediaType, ...]
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A Link Object under its name."""

    name: str
    operation_id: str | None
    operation_ref: str | None
    parameters: JsonObject
    request_body: JsonValue | Missing
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocumentedResponse:
    """A Response Object under its status: `200`, `2XX` or `default`."""

    status: str
    description: str
    headers: tuple[Header, ...]
    content: tuple[MediaType, ...]
    links: tuple[Link, ...]
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecurityScheme:
    """A Security Scheme Object under its name."""

    key: str
    type: str  # apiKey, http, oauth2, openIdConnect, mutualTLS
    name: str = ""  # of the header, query parameter or cookie
    location: ParameterLocation = ParameterLocation.HEADER
    scheme: str = ""  # of the Authorization field: basic, bearer, …; in lower case
    scopes: tuple[str, ...] = ()  # of all flows of oauth2
    node: Node


# One alternative: every scheme in it is needed. Empty: nothing is.
SecurityRequirement = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Server:
    """A Server Object, its variables replaced."""

    url: str
    base_path: str  # "" or "/api": no slash at the end
    template: str = ""  # the URL with the variables that take any value, in braces; empty where there is none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """An operation as the index knows it: enough to route to it. `Document.operation` reads the rest."""

    id: str
    method: str  # in upper case
    template: str  # `/pets/{petId}`
    node: Node
    path_item: Node
    summary: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    is_sent: bool = False  # of a callback or webhook: its template is an expression or a name

    @property
    def title(self) -> str:
        """The readable name: `GET /pets/{petId}`."""
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        """The template without query and fragment, which some documents write against the specification."""
        return self.template.partition("#")[0].partition("?")[0]

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the query in the template; a value may be a variable: `("q", "{term}")`."""
        if self.is_sent:
            return ()
        return tuple(parse_qsl(self.template.partition("#")[0].partition("?")[2], keep_blank_values=True))

    @property
    def fixed_query(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the query in the template that are the same in every request."""
        return tuple(pair for pair in self.query if "{" not in pair[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Callback:
    """A Callback Object under its name, or a webhook: a request that the provider sends."""

    name: str
    expression: str  # the runtime expression that gives the URL; a webhook's name
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """An Operation Object, read."""

    entry: Entry
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: tuple[DocumentedResponse, ...]
    security: tuple[SecurityRequirement, ...]
    servers: tuple[Server, ...] | None  # its own or its path's; None where the document's count
    callbacks: tuple[Callback, ...]
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """The operationId, or the one derived for it."""
        return self.entry.id

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return self.entry.method

    def find_response(self, status: int) -> DocumentedResponse | None:
        """Find the response that documents a status: its own, its range's, `default`."""
        by_key = {response.status: response for response in self.responses}
        return by_key.get(str(status)) or by_key.get(f"{status // 100}XX") or by_key.get("default")
