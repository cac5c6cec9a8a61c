"""
A judge of answers that shares nothing with the engine: `jsonschema`, `referencing` and `openapi-schema-validator`.

It reads what an operation documents by itself, from the raw document, and knows of our own code only how a file is loaded.
"""

import functools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin

import jsonschema
import orjson
import referencing.exceptions
from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, oas30_format_checker, oas31_format_checker
from referencing import Anchor, Registry, Resource, Specification
from referencing.jsonschema import DRAFT202012

from mock_server.document.load import Access, Library

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
LINES = {"application/x-ndjson", "application/jsonl"}
UNDOCUMENTED = {
    "content-length",
    "date",
    "server",
    "x-mock-source",
    "x-mock-seed",
    "deprecation",
    "preference-applied",
    "vary",
    "location",
    "sl-violations",
    "x-mock-payload",
    "content-security-policy",
    "x-content-type-options",
    "cache-control",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "etag",
}

# A document is no schema: nothing in it is looked through for identifiers.
_PLAIN = Specification(
    name="openapi",
    id_of=lambda _: None,
    subresources_of=lambda _: [],
    maybe_in_subresource=lambda segments, resolver, subresource: resolver,
    anchors_in=lambda _specification, contents: list(_iter_anchors(contents)),
)


def _iter_anchors(contents: Any) -> Iterator[Anchor[Any]]:
    if isinstance(contents, dict):
        if isinstance(contents.get("$anchor"), str):
            yield Anchor(name=contents["$anchor"], resource=DRAFT202012.create_resource(contents))
        contents = list(contents.values())
    for child in contents if isinstance(contents, list) else ():
        yield from _iter_anchors(child)


def _iter_identified(contents: Any) -> Iterator[tuple[str, Resource[Any]]]:
    if isinstance(contents, dict):
        if str(contents.get("$id")).startswith("http"):
            yield contents["$id"], DRAFT202012.create_resource(contents)
        contents = list(contents.values())
    for child in contents if isinstance(contents, list) else ():
        yield from _iter_identified(child)


def _nullable(keyword: str) -> Callable[..., Iterator[jsonschema.ValidationError]]:
    """A keyword of Draft 4 that lets null pass where the schema is nullable; `x-nullable` says so in Swagger 2.0."""
    standard = jsonschema.Draft202012Validator.VALIDATORS[keyword]

    def judge(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
        if instance is None and (schema.get("nullable") is True or schema.get("x-nullable") is True):
            return
        yield from standard(validator, value, instance, schema) or ()

    return judge


def _enum(validator: Any, values: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """`enum: [1, 2]` of a string was written without quotes."""
    if not (isinstance(instance, str) and schema.get("type") == "string" and instance in map(str, values)):
        yield from _nullable("enum")(validator, values, instance, schema)


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """Branches that overlap are told apart by a discriminator: then one that fits is enough."""
    word = "anyOf" if "discriminator" in schema else "oneOf"
    yield from jsonschema.Draft4Validator.VALIDATORS[word](validator, branches, instance, schema) or ()


def _silent(validator: Any, value: Any, instance: Any, schema: Any) -> None:
    return None


# A discriminator without a mapping names schemas, yet real documents use other words that their enums decide: branches
# are judged by themselves.
_Older = jsonschema.validators.extend(
    OAS30ReadValidator,
    {
        "type": _nullable("type"),
        "enum": _enum,
        "oneOf": _one_of,
        "nullable": _silent,
        **{name: jsonschema.Draft4Validator.VALIDATORS[name] for name in ("anyOf", "allOf")},
    },
    type_checker=OAS30ReadValidator.TYPE_CHECKER.redefine("null", lambda _, instance: instance is None),
)


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """What may only be written is not required in what is read."""
    properties = schema.get("properties") or {}
    read = [
        name
        for name in names
        if not (isinstance(properties.get(name), dict) and properties[name].get("writeOnly") is True)
    ]
    yield from jsonschema.Draft202012Validator.VALIDATORS["required"](validator, read, instance, schema) or ()


_Newer = jsonschema.validators.extend(OAS31Validator, {"required": _required})


class Undecided(Exception):
    """The judge can't say: the document refers to what is not there, or a pattern is none."""


@dataclass(frozen=True)
class Place:
    """A node of a document, and the file it stands in."""

    node: Any
    base: str
    tokens: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """Its URI with a JSON Pointer."""
        return (
            self.base
            + "#"
            + "".join("/" + quote(token.replace("~", "~0").replace("/", "~1"), safe="~") for token in self.tokens)
        )


class Independent:
    """Judges answers of one document; see the module."""

    def __init__(self, path: Path) -> None:
        self.uri = path.resolve().as_uri()
        self._library = Library(Access(folders=(path.parent,)))
        self.registry: Registry[Any] = Registry(retrieve=self._retrieve)  # type: ignore[call-arg]
        self.root = self._file(self.uri)
        self.version = str(self.root.get("openapi") or self.root.get("swagger"))
        if self.version.startswith("3.1"):
            self.registry = self.registry.with_resources(_iter_identified(self.root))
        modern = self.version.startswith(("3.1", "3.2"))
        self._class = _Newer if modern else _Older
        self._formats = oas31_format_checker if modern else oas30_format_checker

    def _retrieve(self, uri: str) -> Resource[Any]:
        try:
            return Resource(self._file(uri), _PLAIN)
        except (OSError, ValueError) as error:
            raise referencing.exceptions.NoSuchResource(ref=uri) from error

    @functools.cache  # noqa: B019 - one judge a document
    def _file(self, uri: str) -> Any:
        if not uri.startswith("file:"):
            raise Undecided(f"remote {uri}")
        return self._library.open_entry(unquote(uri.removeprefix("file://"))).value

    def follow(self, place: Place) -> Place:
        """The node, through any references."""
        for _ in range(40):
            if not (isinstance(place.node, dict) and isinstance(place.node.get("$ref"), str)):
                return place
            place = self.target(place.node["$ref"], place.base)
        raise Undecided("a circle of references")

    def target(self, ref: str, base: str) -> Place:
        """What a reference names."""
        uri, _, fragment = urljoin(base, ref).partition("#")
        place = Place(self._file(uri), uri)
        for token in [unquote(t).replace("~1", "/").replace("~0", "~") for t in fragment.split("/")[1:]]:
            place = self.member(place, token)
        return place

    def member(self, place: Place, token: str) -> Place:
        """A member of a node; the node may be a reference itself."""
        node = place.node
        if isinstance(node, dict) and token not in node and "$ref" in node:
            place = self.follow(place)
        try:
            node = place.node[int(token)] if isinstance(place.node, list) else place.node[token]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Undecided(f"nothing at {token}") from error
        return Place(node, place.base, (*place.tokens, token))

    def response(self, operation: Place, status: int) -> Place | None:
        """What is documented of a status: itself, its range, else `default`."""
        responses = self.follow(self.member(operation, "responses"))
        keys = {str(key).upper(): key for key in responses.node if not key.startswith("x-")}
        for wanted in (str(status), f"{status // 100}XX", "DEFAULT"):
            if wanted in keys:
                return self.follow(self.member(responses, keys[wanted]))
        return None

    def judge(self, operation: Place, status: int, fields: Mapping[str, str], body: bytes) -> Iterator[str]:
        """Say what is wrong with an answer."""
        documented = self.response(operation, status)
        if documented is None:
            yield f"the status {status} is not documented"
            return
        yield from self._judge_fields(documented, fields)
        content = self._content(operation, documented)
        if operation.uri.endswith("/head") and not body:
            return  # RFC 9110, section 9.3.2; in process, an answer to HEAD may still have the body of GET
        if not content or status in {204, 205, 304}:
            if body:
                yield "a body where none is documented"
            return
        yield from self._judge_content(content, fields.get("content-type", ""), body)

    def _content(self, operation: Place, documented: Place) -> dict[str, Place | None]:
        """By media type: the schema of the whole, or of an item of a stream, if any."""
        node = documented.node
        if self.version == "2.0":
            if "schema" not in node:
                return {}
            schema: Place | None = self.member(documented, "schema")
            if isinstance(node["schema"], dict) and node["schema"].get("type") == "file":
                schema = None
            names = operation.node.get("produces", self.root.get("produces")) or ["application/json"]
            return dict.fromkeys(map(str, names), schema)
        if not node.get("content"):
            return {}
        content = self.follow(self.member(documented, "content"))
        found: dict[str, Place | None] = {}
        for name in content.node:
            media = self.follow(self.member(content, name))
            word = next(
                (word for word in ("schema", "itemSchema") if isinstance(media.node, dict) and word in media.node), None
            )
            found[name] = self.member(media, word) if word is not None else None
        return found

    def _judge_content(self, content: Mapping[str, Place | None], content_type: str, body: bytes) -> Iterator[str]:
        essence = _essence(content_type)
        name = next((n for n in content if _covers(n, essence)), None)
        if name is None:
            yield f"the media type {content_type!r} is not among {sorted(content)}"
            return
        schema = content[name]
        if essence.endswith(("json", "jsonl")):
            texts = body.splitlines() if essence in LINES else [body]
            try:
                values = [orjson.loads(text) for text in texts]
            except orjson.JSONDecodeError:
                yield "the body is no JSON"
                return
            for value in values if schema is not None else ():
                yield from self.judge_value(schema, value)
        elif essence.endswith("xml"):
            try:
                ET.fromstring(body)  # noqa: S314 - our own answer
            except ET.ParseError as error:
                yield f"the body is no XML: {error}"

    def _judge_fields(self, documented: Place, fields: Mapping[str, str]) -> Iterator[str]:
        headers = (
            self.follow(self.member(documented, "headers"))
            if documented.node.get("headers")
            else Place({}, documented.base)
        )
        for name in headers.node:
            header = self.follow(self.member(headers, name))
            lower = name.lower()
            required = isinstance(header.node, dict) and header.node.get("required") is True
            if required and lower != "content-type" and lower not in fields:
                yield f"the header field {name} is missing"
        names = (
            {name.lower() for name in headers.node}
            | UNDOCUMENTED
            | {"content-type", "www-authenticate", "content-disposition"}
        )
        for name in fields:
            if name not in names:
                yield f"the header field {name} is not documented"

    def judge_value(self, schema: Place, value: Any) -> Iterator[str]:
        """Say where a value breaks a schema."""
        validator = self._class({"$ref": schema.uri}, registry=self.registry, format_checker=self._formats)
        try:
            for error in validator.iter_errors(value):
                yield f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message[:200]} ({error.validator})"
        except (referencing.exceptions.Unresolvable, re.error, jsonschema.SchemaError, RecursionError) as error:
            raise Undecided(str(error)[:200]) from error


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _covers(documented: str, essence: str) -> bool:
    name = _essence(documented)
    if name == essence or name in {"*/*", "*"}:
        return True
    return name.endswith("/*") and essence.startswith(name[:-1])


def iter_operations(judge: Independent) -> Iterator[tuple[str, str, Place]]:
    """Template, method and node of each operation."""
    paths = judge.follow(judge.member(Place({"paths": {}, **judge.root}, judge.uri), "paths"))
    for template in (t for t in paths.node if str(t).startswith("/")):
        item = judge.follow(judge.member(paths, template))
        for method in METHODS:
            if isinstance(item.node, dict) and method in item.node:
                yield template, method.upper(), judge.follow(judge.member(item, method))
        more = judge.follow(judge.member(item, "additionalOperations")) if "additionalOperations" in item.node else None
        for method in more.node if more is not None else ():
            yield template, method, judge.follow(judge.member(more, method))
