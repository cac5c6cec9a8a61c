"""Writing of values, and a check that two parties read the same from what is written."""

from mock_server.diff.proof.wire import Writing
from mock_server.document.references import Node
from mock_server.exchange.media_type import FORM, is_json, is_streamed, is_text, is_xml, may_be_json, parse_media_type
from mock_server.json_values import JsonValue


def writing_of(media_type: str) -> Writing:
    """Return how values are written in a media type."""
    parsed = parse_media_type(media_type)
    if is_json(parsed) or is_streamed(parsed):
        return Writing.JSON
    if parsed.essence == FORM or parsed.type == "multipart":
        return Writing.FORM
    if is_xml(parsed) or is_text(parsed):
        return Writing.TEXT
    return Writing.JSON


def is_opaque(media_type: str) -> bool:
    """Return whether a body of a media type is bytes that no schema describes further: images, archives."""
    parsed = parse_media_type(media_type)
    is_range = parsed.is_range
    return writing_of(media_type) is Writing.JSON and not (is_range or may_be_json(parsed) or is_streamed(parsed))


def says_nothing(schema: Node | None) -> bool:
    """Return whether a schema admits everything, as 3.1 writes that of bytes."""
    return schema is None or schema.value is True or schema.value == {}


def is_same_reading(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two readings of a text are the same but for their types: 5, "5" and ["5"]."""
    if isinstance(one, list) is not isinstance(other, list):
        short, listed = (other, one) if isinstance(one, list) else (one, other)
        return isinstance(listed, list) and len(listed) == 1 and is_same_reading(short, listed[0])
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same_reading, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same_reading(member, other[name]) for name, member in one.items())
    if isinstance(one, dict) or isinstance(other, dict):
        return False
    return _written(one) == _written(other)


def _written(value: JsonValue) -> str:
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    return str(value)
