"""
Bounds of what is read from a message.

Each is far above what clients send. What is beyond one is not read: it is refused in words, or left out.
"""

from typing import Final

import orjson

from mock_server.errors import MalformedContent
from mock_server.json_values import JsonValue
from mock_server.sizes import count_brackets

LARGE_BODY: Final = 256 * 1024  # bytes; larger ones are read in a thread, so that others are answered meanwhile
FORM_FIELDS: Final = 1_000
ITEMS: Final = 10_000  # of a list that is written in one text
PARTS: Final = 1_000  # of a multipart body
PART_FIELDS: Final = 100  # header fields of a part
PART_FIELD: Final = 8 * 1024  # bytes of the value of one
BOUNDARY: Final = 200  # characters; RFC 2046, section 5.1.1, knows no more than 70
EVENTS: Final = 20_000  # of a stream; those that follow are not judged
XML_NODES: Final = 250_000  # elements and attributes of a document
XML_ATTRIBUTES: Final = 1_000  # of one element
XML_DEPTH: Final = 128
# What `orjson` writes; deeper values could be read, but not answered.
JSON_DEPTH: Final = 254


def read_json_text(data: bytes | str) -> JsonValue:
    """
    Read one JSON text.

    Raises:
        MalformedContent: it is none, or nested too deeply.
    """
    try:
        value: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedContent(f"it is no JSON: {error}") from error
    if _may_be_deep(data) and not _is_writable(value):
        raise MalformedContent(f"its objects and lists are nested more than {JSON_DEPTH} deep")
    return value


def check_items(text: str, delimiter: str) -> None:
    """
    See that a text is no list of too many items.

    Raises:
        MalformedContent: it is one.
    """
    if text.count(delimiter) >= ITEMS:
        raise MalformedContent(f"it has more than {ITEMS:,} items in one text")


def _may_be_deep(data: bytes | str) -> bool:
    """Return True if a text has as many brackets as a value needs that is nested too deeply."""
    return len(data) > 2 * JSON_DEPTH and count_brackets(data, JSON_DEPTH + 1) > JSON_DEPTH


def _is_writable(value: JsonValue) -> bool:
    """Return True if a value that was read from JSON can be written again: only one that is too deep can't."""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
