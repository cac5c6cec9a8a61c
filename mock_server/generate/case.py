"""
Example requests: one that an operation accepts, as a message and as a curl line.

Documented examples come first, generated values fill what they leave open.
"""

import shlex
from dataclasses import dataclass
from urllib.parse import quote, unquote

from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.body import content_type, write_body
from mock_server.exchange.media_type import FORM, MULTIPART_FORM, is_json, parse_media_type
from mock_server.exchange.message import Request
from mock_server.exchange.parameter import write_parameter
from mock_server.generate.kit import Kit
from mock_server.generate.produce import Wish
from mock_server.generate.seed import derive_seed
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import outline_of
from mock_server.spec.document import template_names
from mock_server.spec.model import MISSING, Location, MediaType, Missing, Operation, Parameter, SecurityScheme
from mock_server.typing import JsonValue

_WITH_BODY = frozenset(("POST", "PUT", "PATCH", "QUERY"))
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what could not be filled in."""

    request: Request
    missing: tuple[str, ...] = ()  # in words; a request that lacks something may be refused

    def curl(self, origin: str) -> str:
        """Write the request as a line for a POSIX shell."""
        request = self.request
        path = request.path.decode("latin-1") + ("?" + request.query.decode("latin-1") if request.query else "")
        parts = ["curl"]
        if request.method not in {"GET", "POST"} or (request.method == "POST" and not request.body):
            parts += ["-X", request.method]
        for name, value in request.fields:
            parts += ["-H", shlex.quote(f"{name.decode('latin-1')}: {value.decode('latin-1')}")]
        if request.body:
            parts += ["--data-binary", shlex.quote(request.body.decode("utf-8", "replace"))]
        return " ".join((*parts, shlex.quote(origin + path)))


def example_request(kit: Kit, operation: Operation, base_path: str) -> Case:
    """
    Make a request that an operation accepts.

    Args:
        kit: The tools of the document.
        operation: Whom to ask.
        base_path: What stands before the path template.
    """
    return _Maker(kit, operation).make(base_path)


class _Maker:
    def __init__(self, kit: Kit, operation: Operation) -> None:
        self.kit = kit
        self.operation = operation
        self.query: list[str] = []
        self.fields: list[tuple[bytes, bytes]] = []
        self.cookies: list[str] = []
        self.variables: dict[str, str] = {}
        self.missing: list[str] = []

    def make(self, base_path: str) -> Case:
        for parameter in self.operation.parameters:
            if parameter.required:
                self._parameter(parameter)
        self._credentials()
        body = self._body()
        if self.cookies:
            self.fields.append((b"cookie", "; ".join(self.cookies).encode("latin-1", "replace")))
        path = base_path + self._path()
        return Case(
            Request(self.operation.method, path.encode(), "&".join(self.query).encode("latin-1", "replace"), tuple(self.fields), body),
            tuple(self.missing),
        )

    def _path(self) -> str:
        template = self.operation.entry.template.partition("#")[0].partition("?")[0]
        for name in template_names(template):
            bare = name.lstrip("+").rstrip("+*")
            template = template.replace("{" + name + "}", self.variables.get(bare, "example"))
        return quote(template, safe="/:@!$&'()*+,;=~%-._")

    def _parameter(self, parameter: Parameter) -> None:
        written = self._written(parameter)
        if written is None:
            self.missing.append(f"the {parameter.location.value} parameter {parameter.name!r}")
        elif parameter.location is Location.PATH:
            self.variables[parameter.name] = written
        elif parameter.location is Location.HEADER:
            self.fields.append((parameter.name.lower().encode("latin-1", "replace"), written.encode("latin-1", "replace")))
        elif parameter.location is Location.COOKIE:
            self.cookies.append(written)
        elif parameter.location is Location.QUERYSTRING:
            self.query.append(written.partition("=")[2] if parameter.content is not None else written)
        else:
            self.query.append(written)

    def _written(self, parameter: Parameter) -> str | None:
        for attempt in range(_TRIES):
            try:
                found, value = self._value(parameter, attempt)
                if not found:
                    continue
                written = write_parameter(parameter, value)
            except UndefinedSerialization:
                continue
            if parameter.location is not Location.PATH or unquote(written).strip("./"):
                return written
        return None

    def _value(self, parameter: Parameter, attempt: int) -> tuple[bool, JsonValue]:
        """A value of a parameter: its examples first, then made ones, the required parts alone at last."""
        examples = [*parameter.examples, *(parameter.content.examples if parameter.content is not None else ())]
        shown = [example.value for example in examples if example.value is not MISSING]
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if attempt < len(shown):
            return True, None if isinstance(shown[attempt], Missing) else shown[attempt]
        if schema is None:
            return True, "example"
        seed = derive_seed(self.kit.settings.seed, "case", self.operation.id, parameter.name, attempt)
        wish = Wish(seed, static=attempt < _TRIES // 2, minimal=attempt > _TRIES // 2)
        try:
            producer = self.kit.producer(schema, self.operation, name=parameter.name, direction=Direction.REQUEST)
            return True, producer.produce(wish)
        except SchemaError:
            return False, None

    def _credentials(self) -> None:
        requirement = next(iter(self.operation.security), ())
        for name, _ in requirement:
            self._credential(self.kit.document.schemes[name])

    def _credential(self, scheme: SecurityScheme) -> None:
        if scheme.type == "apiKey":
            if scheme.location is Location.QUERY:
                self.query.append(f"{quote(scheme.name, safe='')}={scheme.name[0] if scheme.name else 'k'}")
            elif scheme.location is Location.COOKIE:
                self.cookies.append(f"{scheme.name}=key")
            else:
                self.fields.append((scheme.name.lower().encode("latin-1", "replace"), b"key"))
        elif scheme.type != "mutualTLS":
            value = "Basic dXNlcjpwYXNz" if scheme.scheme == "basic" else f"{(scheme.scheme or 'bearer').capitalize()} token"
            self.fields.append((b"authorization", value.encode("latin-1", "replace")))

    def _body(self) -> bytes:
        body = self.operation.request_body
        if body is None or not body.content or (not body.required and self.operation.method not in _WITH_BODY):
            return b""
        ranked = sorted(body.content, key=_rank)
        for media in ranked:
            written = self._content(media)
            if written is not None:
                return written
        if body.required:
            self.missing.append("the body")
        return b""

    def _content(self, media: MediaType) -> bytes | None:
        media_type = parse_media_type(media.name)
        if media_type.is_range:
            media_type = parse_media_type("application/json")
        name = media.name if not parse_media_type(media.name).is_range else media_type.essence
        try:
            value = self._body_value(media)
        except SchemaError:
            return None
        bundle = self.kit.schemas.of(Direction.REQUEST, Purpose.MAKE).bundle(media.schema) if media.schema is not None else None
        data = write_body(value, media_type, outline_of(bundle), media.encoding, "root")
        self.fields.append((b"content-type", content_type(name, media_type).encode("latin-1", "replace")))
        return data

    def _body_value(self, media: MediaType) -> JsonValue:
        schema = media.schema if media.schema is not None else media.item_schema
        shown = next((example.value for example in media.examples if example.value is not MISSING), MISSING)
        if schema is None:
            return "example" if isinstance(shown, Missing) else shown
        producer = self.kit.producer(schema, self.operation, direction=Direction.REQUEST)
        if not isinstance(shown, Missing) and producer.accepts(shown):
            return shown
        return producer.produce(Wish(derive_seed(self.kit.settings.seed, "case", self.operation.id, "body")))


def _rank(media: MediaType) -> int:
    media_type = parse_media_type(media.name)
    if is_json(media_type):
        return 0
    return {FORM: 1, MULTIPART_FORM: 2}.get(media_type.essence, 3 if media_type.type == "text" else 4)
