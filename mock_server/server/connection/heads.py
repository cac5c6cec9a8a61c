"""
The head of an answer as it is sent.

A server checks each field of each answer. Most fields come again and again, so here each is checked and written once.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.respond.answer import RawField

PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}

_MOST_LINES: Final = 4_096  # fields that are kept
_LONGEST: Final = 256  # bytes of one: longer ones are mostly about one request
# RFC 9110, sections 5.1 and 5.5: what can't be in a field, and would begin another one.
_NO_NAME: Final = re.compile(rb"[^!#$%&'*+.^_`|~0-9a-z-]")
_NO_VALUE: Final = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))
_OF_THE_CONNECTION: Final = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"))
_STATUS_LINES: Final = {status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in PHRASES.items()}

_lines: BoundedCache[RawField, bytes | None] = BoundedCache(_MOST_LINES)


def write_head(status: int, first: Iterable[RawField], fields: Iterable[RawField]) -> bytes | None:
    """
    Write the head of an answer with a Content-Length. RFC 9112, section 2.1.

    Args:
        status: Of the answer.
        first: Fields of the server.
        fields: Of the answer.

    Returns:
        The head; None where the server has to look at it: where a field is about the connection, or can't be sent.
    """
    line, lines = _STATUS_LINES.get(status), write_lines((*first, *fields))
    if line is None or lines is None:
        return None
    return b"%b%b\r\n" % (line, lines)


def write_lines(fields: Iterable[RawField]) -> bytes | None:
    """Write header fields; None where the server has to look at one, see `write_head`."""
    pieces = []
    for field in fields:
        written = _lines.get(field, b"")
        if written == b"":
            written = _remember(field)
        if written is None:
            return None
        pieces.append(written)
    return b"".join(pieces)


def _remember(field: RawField) -> bytes | None:
    name, value = field
    usable = (
        name
        and not _NO_NAME.search(name)
        and value == value.translate(None, _NO_VALUE)
        and name not in _OF_THE_CONNECTION
    )
    written = b"%b: %b\r\n" % field if usable else None
    if len(name) + len(value) <= _LONGEST:
        _lines[field] = written
    return written
