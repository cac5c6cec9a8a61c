"""One media type of a response, compiled."""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

from mock_server.cache import BoundedCache, weigh_text
from mock_server.document.model import Example
from mock_server.exchange.body import find_boundary
from mock_server.exchange.form import BOUNDARY
from mock_server.exchange.media_type import MediaRange
from mock_server.exchange.negotiate import ChosenMediaType
from mock_server.generate.producer import Producer
from mock_server.json_values import JsonValue
from mock_server.respond.answer import RawField
from mock_server.respond.stream import ItemStream
from mock_server.schema.sites import Site

ACCEPTED = 16 << 10  # bytes of Accept fields, and of seeds


def _few() -> BoundedCache[Any, Any]:
    return BoundedCache(ACCEPTED, lambda key, _: weigh_text(key[1], _))


class LastPageExample(NamedTuple):
    """An example that leads to a next page, as the last one."""

    written: bytes
    follows: frozenset[str]  # the query parameters by which a request says that it follows
    always: bool  # whether a request that follows can't be told from the first one


@dataclass(slots=True, eq=False)
class CompiledMediaType:
    """One media type of a response, compiled."""

    represented: ChosenMediaType
    media_type: MediaRange
    field: RawField
    outline: Site
    usable: tuple[Example, ...]  # examples that conform, in order
    ready: dict[str, bytes] = dataclasses.field(default_factory=dict)  # examples, written
    producers: dict[str | None, Producer] = dataclasses.field(default_factory=dict)  # by locale
    is_json: bool = False
    stream: ItemStream | None = None
    ended: dict[str, LastPageExample] = dataclasses.field(default_factory=dict)  # examples that lead to a next page
    fields: BoundedCache[tuple[str, str | None], tuple[RawField, ...]] = dataclasses.field(default_factory=_few)


def type_field(content: CompiledMediaType, body: bytes) -> RawField:
    """Return the Content-Type field; of parts that are written down, with their own boundary."""
    name, media_type = content.represented.name, content.media_type
    is_open = media_type.type == "multipart" and media_type.parameter("boundary") is None
    boundary = find_boundary(body) if is_open else None
    if boundary in {None, BOUNDARY}:
        return content.field
    return b"content-type", f'{name}; boundary="{boundary}"'.encode("latin-1", "replace")


def is_problem_details(media_type: MediaRange) -> bool:
    """Return whether the content is problem details, RFC 9457."""
    return media_type.subtype.startswith("problem+")


def is_string(schema: JsonValue) -> bool:
    """Return whether a schema is that of a text."""
    return isinstance(schema, dict) and schema.get("type") in ("string", ["string"])


def is_single(schema: JsonValue) -> bool:
    """Return whether a schema under a streaming media type describes one item rather than the list of them."""
    return isinstance(schema, dict) and schema.get("type") not in ("array", ["array"]) and "items" not in schema
