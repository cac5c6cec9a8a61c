"""
Requests as values, before they are written.

A `RequestDraft` is changed one part at a time (`with_parameter`, `with_body`, `without`), and `encode` writes it. So a
request that differs from a good one in one place is made without touching bytes.

Example requests: one that an operation accepts, as a message and as a curl line.

Documented examples come first, generated values fill what they leave open.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from mock_server.document.document import template_names
from mock_server.document.model import (
    MISSING,
    MediaType,
    Missing,
    Operation,
    Parameter,
    ParameterLocation,
    SecurityRequirement,
    SecurityScheme,
)
from mock_server.document.references import Node
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.body import content_type, write_body
from mock_server.exchange.curl import write_curl
from mock_server.exchange.header_fields import Sent, find_grammar, read_moments
from mock_server.exchange.media_type import FORM, MULTIPART_FORM, is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.security import credential_names
from mock_server.exchange.serialization import write_parameter
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site

ParameterKey = tuple[ParameterLocation, str]
Outlines = Callable[[Node], Site]
Known = Callable[[Parameter], Sequence[JsonValue]]  # values known to be right

_WITH_BODY = frozenset(("POST", "PUT", "PATCH", "QUERY"))
_TRIES = 12
_IN_PATH = "/:@!$&'()*+,;=~%-._"
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, repr=False)
class RequestDraft:
    """A request as values; only these are sent."""

    operation: Operation
    parameters: Mapping[ParameterKey, JsonValue] = field(default_factory=dict)
    media: MediaType | None = None
    body: JsonValue | Missing = MISSING
    security: SecurityRequirement = ()  # the schemes whose credentials are sent
    missing: tuple[str, ...] = ()  # in words: what could not be filled in; such a request may be refused

    def with_parameter(self, key: ParameterKey, value: JsonValue) -> "RequestDraft":
        """Return the same with a parameter set."""
        return replace(self, parameters={**self.parameters, key: value})

    def without(self, *keys: ParameterKey) -> "RequestDraft":
        """Return the same without some parameters."""
        return replace(self, parameters={key: value for key, value in self.parameters.items() if key not in keys})

    def with_body(self, value: JsonValue | Missing, media: MediaType | None = None) -> "RequestDraft":
        """Return the same with another body."""
        return replace(self, body=value, media=media or self.media)

    def with_security(self, requirement: SecurityRequirement) -> "RequestDraft":
        """Return the same with the credentials of another requirement."""
        return replace(self, security=requirement)


def encode(
    draft: RequestDraft,
    base_path: str,
    outlines: Outlines,
    schemes: Mapping[str, SecurityScheme],
    credentials: Mapping[str, str] = _NOTHING,
) -> Request:
    """
    Write a draft.

    Args:
        draft: What to say.
        base_path: The path before the template.
        outlines: Of the schemas of requests; they say how bodies are written.
        schemes: The security schemes of the document.
        credentials: By scheme: a key, a token, or `user:password`; made up where none is given.

    Raises:
        UndefinedSerialization: OpenAPI leaves the style of a parameter and its value undefined.
    """
    written = _DraftParts()
    known = [(name, scopes) for name, scopes in draft.security if name in credentials]
    if known:
        replaced = credential_keys(draft.operation, [tuple(known)], schemes)
    else:
        replaced = frozenset()
    fixed = {name for name, _ in draft.operation.entry.fixed_query}
    for parameter in draft.operation.parameters:
        key = (parameter.location, parameter.name)
        is_fixed = parameter.location is ParameterLocation.QUERY and parameter.name in fixed
        if key in draft.parameters and key not in replaced and not is_fixed:
            written.parameter(parameter, draft.parameters[key])
    for name, scopes in draft.security:
        if (
            name in credentials
            or not credential_keys(draft.operation, [((name, scopes),)], schemes) & draft.parameters.keys()
        ):
            written.credential(schemes[name], credentials.get(name))
    body = written.body(draft, outlines)
    if written.cookies:
        written.fields.append((b"cookie", "; ".join(written.cookies).encode("latin-1", "replace")))
    path, query = _write_target(draft, base_path, written)
    return Request(draft.operation.method, path, query, tuple(written.fields), body)


def _write_target(draft: RequestDraft, base_path: str, written: "_DraftParts") -> tuple[bytes, bytes]:
    """Write the path and the query of a draft."""
    undeclared = {
        name: str(value) for (location, name), value in draft.parameters.items() if location is ParameterLocation.PATH
    }
    entry = draft.operation.entry
    path = base_path + quote(_fill(entry.path, written.variables, undeclared), safe=_IN_PATH)
    own: list[str] = []
    for name, value in entry.query:
        if "{" not in value:
            own.append(f"{quote(name, safe='')}={quote(value, safe='')}")
        elif set(template_names(value)) & {*written.variables, *undeclared}:
            own.append(f"{quote(name, safe='')}={_fill(value, written.variables, undeclared)}")
    return path.encode(), "&".join((*own, *written.query)).encode("latin-1", "replace")


def credential_keys(
    operation: Operation, requirements: Sequence[SecurityRequirement], schemes: Mapping[str, SecurityScheme]
) -> frozenset[ParameterKey]:
    """Return the parameters of an operation that are credentials as well: documents name such a key twice."""
    names = credential_names(requirements, schemes)
    if not names:
        return frozenset()
    found: set[ParameterKey] = set()
    for parameter in operation.parameters:
        compared = parameter.name
        if parameter.location is ParameterLocation.HEADER:
            compared = compared.lower()
        if (parameter.location, compared) in names:
            found.add((parameter.location, parameter.name))
    return frozenset(found)


class _DraftParts:
    """The parts of a message while they are written."""

    def __init__(self) -> None:
        self.query: list[str] = []
        self.fields: list[tuple[bytes, bytes]] = []
        self.cookies: list[str] = []
        self.variables: dict[str, str] = {}

    def parameter(self, parameter: Parameter, value: JsonValue) -> None:
        text = write_parameter(parameter, value)
        if parameter.location is ParameterLocation.PATH:
            self.variables[parameter.name] = text
        elif parameter.location is ParameterLocation.HEADER:
            self.fields.append((parameter.name.lower().encode("latin-1", "replace"), text.encode("latin-1", "replace")))
        elif parameter.location is ParameterLocation.COOKIE:
            self.cookies.append(text)
        elif text:
            self.query.append(text)

    def credential(self, scheme: SecurityScheme, secret: str | None) -> None:
        if scheme.type == "apiKey":
            name = scheme.name
            if scheme.location is ParameterLocation.QUERY:
                value = secret if secret is not None else name[:1] or "k"
                self.query.append(f"{quote(name, safe='')}={quote(value, safe='')}")
            elif scheme.location is ParameterLocation.COOKIE:
                self.cookies.append(f"{name}={secret if secret is not None else 'key'}")
            else:
                self.fields.append(
                    (name.lower().encode("latin-1", "replace"), (secret or "key").encode("latin-1", "replace"))
                )
        elif scheme.type != "mutualTLS":
            self.fields.append((b"authorization", _authorization(scheme, secret).encode("latin-1", "replace")))

    def body(self, draft: RequestDraft, outlines: Outlines) -> bytes:
        if draft.media is None or isinstance(draft.body, Missing):
            return b""
        media_type = parse_media_type(draft.media.name)
        name = draft.media.name
        if media_type.is_range:
            media_type = parse_media_type("application/json")
            name = media_type.essence
        if draft.media.schema is not None:
            outline = outlines(draft.media.schema)
        else:
            outline = Site()
        data = write_body(draft.body, media_type, outline, draft.media.encoding, "root")
        self.fields.append((b"content-type", content_type(name, media_type).encode("latin-1", "replace")))
        return data


def _authorization(scheme: SecurityScheme, secret: str | None) -> str:
    """Return the Authorization field. RFC 7617 for basic; else the scheme's name and the token."""
    if scheme.scheme == "basic":
        if secret is not None:
            pair = base64.b64encode(secret.encode()).decode()
        else:
            pair = "dXNlcjpwYXNz"
        return f"Basic {pair}"
    return f"{(scheme.scheme or 'bearer').capitalize()} {secret if secret is not None else 'token'}"


def _fill(template: str, variables: Mapping[str, str], undeclared: Mapping[str, str]) -> str:
    """Return a template with its variables, percent-encoded."""
    for name in template_names(template):
        bare = name.lstrip("+").rstrip("+*")
        if bare in variables:
            value = variables[bare]
        else:
            value = quote(undeclared.get(bare, "example"), safe="")
        template = template.replace("{" + name + "}", value)
    return template


def _nothing_known(parameter: Parameter) -> Sequence[JsonValue]:
    return ()


@dataclass(eq=False, repr=False)
class Drafter:
    """
    Drafts good requests of one operation.

    Values come from the caller, then from documented examples, then they are made.
    """

    kit: Engine
    operation: Operation
    known: Known = _nothing_known
    _producers: dict[object, Producer] = field(default_factory=dict)

    def draft(self, salt: int = 0, *, full: bool = False, minimal: bool = False) -> RequestDraft:
        """
        Draft a request that the operation should accept.

        Args:
            salt: Another one gives other values, where they are made.
            full: Whether with everything that may be left out.
            minimal: Whether with a body that has only what is required.
        """
        made = RequestDraft(self.operation)
        lacking: list[str] = []
        for parameter in self.operation.parameters:
            if parameter.required or full:
                found = self.parameter(parameter, salt)
                if not isinstance(found, Missing):
                    made = made.with_parameter((parameter.location, parameter.name), found)
                elif parameter.required:
                    lacking.append(f"the {parameter.location.value} parameter {parameter.name!r}")
        made = made.with_security(next(iter(self.operation.security), ()))
        body = self.operation.request_body
        if body is not None and body.content and (body.required or full or self.operation.method in _WITH_BODY):
            media = self.media()
            if media is not None:
                value = self.body(media, salt, full=full, minimal=minimal)
            else:
                value = MISSING
            if not isinstance(value, Missing):
                made = made.with_body(value, media)
            elif body.required:
                lacking.append("the body")
        return replace(made, missing=tuple(lacking))

    def media(self) -> MediaType | None:
        """Return the media type that documents bodies best, among those with a value."""
        body = self.operation.request_body
        if body is not None:
            ranked = sorted(body.content, key=_rank)
        else:
            ranked = []
        return next((media for media in ranked if not isinstance(self.body(media, 0, full=False), Missing)), None)

    def parameter(self, parameter: Parameter, salt: int = 0) -> JsonValue | Missing:
        """Return a writable value of a parameter; MISSING where none was found."""
        known = (value for value in self.known(parameter) if self._accepts(parameter, value))
        shown = [*known, *_examples(parameter)]
        if salt and shown:
            shown = shown[salt % len(shown) :] + shown[: salt % len(shown)]
        shown += self._grammatical(parameter)
        for attempt in range(_TRIES):
            value = shown[attempt] if attempt < len(shown) else self._made(parameter, attempt, salt)
            if not isinstance(value, Missing) and self._is_writable(parameter, value):
                return value
        return self._least(parameter)

    def _accepts(self, parameter: Parameter, value: JsonValue) -> bool:
        """Return whether the schema of a parameter allows a value that is known."""
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        try:
            return schema is None or self.producer(schema, parameter.name).accepts(value)
        except SchemaError:
            return True

    def _grammatical(self, parameter: Parameter) -> list[JsonValue]:
        """Values of a header field that has a grammar of its own: of its schema any word would do."""
        grammar = None
        if parameter.location is ParameterLocation.HEADER:
            grammar = find_grammar(parameter.name)
        if grammar is None or parameter.schema is None:
            return []
        seed = derive_seed(self.kit.settings.seed, "case", self.operation.id, parameter.name)
        try:
            producer = self.producer(parameter.schema, parameter.name)
        except SchemaError:
            return []
        offered = grammar.values(Sent(self.operation.method, seed=seed))
        return [text for text in offered if any(map(producer.accepts, (text, *read_moments(parameter.name, text))))]

    def _least(self, parameter: Parameter) -> JsonValue | Missing:
        """Return an object or a list of one member, as empty ones can't be written."""
        if parameter.schema is None:
            return MISSING
        candidates: tuple[JsonValue, ...] = ({"name": "value"}, ["value"])
        return next(
            (v for v in candidates if self.producer(parameter.schema).accepts(v) and self._is_writable(parameter, v)),
            MISSING,
        )

    def body(self, media: MediaType, salt: int, *, full: bool, minimal: bool = False) -> JsonValue | Missing:
        """Return a value of a body: the documented example where it conforms and fits the options."""
        schema = media.schema or media.item_schema
        shown = next((example.value for example in media.examples if example.value is not MISSING), MISSING)
        if schema is None:
            if isinstance(shown, Missing):
                return "example"
            return shown
        try:
            producer = self.producer(schema)
            if not isinstance(shown, Missing) and not (salt or full or minimal) and producer.accepts(shown):
                return shown
            return producer.produce(
                SampleOptions(
                    derive_seed(self.kit.settings.seed, "case", self.operation.id, "body", *([salt] if salt else [])),
                    minimal=minimal,
                )
            )
        except SchemaError:
            return MISSING

    def producer(self, schema: Node, name: str = "") -> Producer:
        """
        Return the producer of a schema in requests.

        Raises:
            UnusableSchema: the schema can't be translated.
        """
        key = (schema.key, name)
        if key not in self._producers:
            self._producers[key] = self.kit.producer(schema, self.operation, name=name, direction=Direction.REQUEST)
        return self._producers[key]

    def _made(self, parameter: Parameter, attempt: int, salt: int) -> JsonValue | Missing:
        if parameter.content is not None:
            schema = parameter.content.schema
        else:
            schema = parameter.schema
        if schema is None:
            return "example"
        salts = [salt] if salt else []
        seed = derive_seed(self.kit.settings.seed, "case", self.operation.id, parameter.name, attempt, *salts)
        options = SampleOptions(seed, static=attempt < _TRIES // 2, minimal=attempt > _TRIES // 2)
        try:
            return self.producer(schema, parameter.name).produce(options)
        except SchemaError:
            return MISSING

    def _is_writable(self, parameter: Parameter, value: JsonValue) -> bool:
        try:
            _DraftParts().parameter(parameter, value)
        except UndefinedSerialization:
            return False
        return True


def request_outlines(kit: Engine) -> Outlines:
    """Return the outlines of the schemas that bodies of requests are written by."""
    return lambda schema: kit.outline(schema, Direction.REQUEST, Purpose.MAKE)


def _examples(parameter: Parameter) -> list[JsonValue]:
    examples = [*parameter.examples, *(parameter.content.examples if parameter.content is not None else ())]
    return [example.value for example in examples if not isinstance(example.value, Missing)]


def _rank(media: MediaType) -> int:
    media_type = parse_media_type(media.name)
    if is_json(media_type):
        return 0
    return {FORM: 1, MULTIPART_FORM: 2}.get(media_type.essence, 3 if media_type.type == "text" else 4)


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the parameters without a value."""

    request: Request
    missing: tuple[str, ...] = ()  # in words; a request that lacks something may be refused

    def curl(self, origin: str) -> str:
        """Write the request as a line for a POSIX shell."""
        return write_curl(self.request, origin)


def example_request(kit: Engine, operation: Operation, base_path: str) -> Case:
    """
    Make a request that an operation accepts.

    Args:
        kit: The tools of the document.
        operation: Whom to ask.
        base_path: The path before the template.
    """
    draft = Drafter(kit, operation).draft()
    return Case(encode(draft, base_path, request_outlines(kit), kit.document.schemes), draft.missing)
