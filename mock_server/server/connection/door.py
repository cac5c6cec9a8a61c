"""
The door of ordinary requests: they are answered before a parser, a task or the application sees them.

ASGI gives each request a scope, a task, two messages and a second look at each field, which costs more than answering
from what is known. So a request that came whole, in the plainest form, is shown to who answers ordinary ones (`Door`)
as soon as its last byte is there; what is not answered goes on as it came. This leans on nothing of uvicorn's.

A request is plain when each parser reads it in the same way: a path and a query of plain characters, and fields with
one space after the colon and none at the end, none of which is about the connection.
"""

import re
from typing import Final, NamedTuple, Protocol

from mock_server.cache import BoundedCache
from mock_server.exchange.message import Request
from mock_server.respond.answer import RawField
from mock_server.server.connection.framing import Head, read_head

WAITED_FOR: Final = 65_536  # bytes of a body that is waited for before its request is shown

# RFC 3986, sections 3.3 and 3.4; two slashes would begin an authority
_PATH: Final = rb"/(?:(?!/)[0-9A-Za-z._~!$&'()*+,;=:@%/-]*)?"
_QUERY: Final = rb"[0-9A-Za-z._~!$&'()*+,;=:@%/?-]*"
_PLAIN_LINE: Final = re.compile(rb"(GET|POST|PUT|PATCH) (%b)(?:\?(%b))? HTTP/1\.1\r\n" % (_PATH, _QUERY))
_LINE: Final = re.compile(rb"(?!CONNECT )[A-Z]+ /[\x21-\x7e]* HTTP/1\.1\r\n")
_VISIBLE: Final = rb"[\x21-\x7e\x80-\xff]"
_FIELD: Final = re.compile(
    rb"([!#$%%&'*+.^_`|~0-9A-Za-z-]+): (%b(?:[\x20-\x7e\x80-\xff]*%b)?|)\r\n" % (_VISIBLE, _VISIBLE)
)
_END: Final = b"\r\n\r\n"
_LONGEST: Final = 8_192  # bytes of a head that is remembered
_ABOUT_CONNECTION: Final = frozenset((b"expect", b"keep-alive", b"proxy-connection", b"te", b"trailer",
                                      b"transfer-encoding", b"upgrade"))  # fmt: skip
_METHODS: Final = {name.encode(): name for name in ("GET", "POST", "PUT", "PATCH")}


class Door(Protocol):
    """Answers ordinary requests."""

    def waits_for_bodies(self) -> bool:
        """Return whether requests are read whole before they are answered."""

    def answer(self, request: Request, port: int | None, first: list[RawField]) -> bytes | None:
        """
        Answer an ordinary request.

        Args:
            request: All of it.
            port: That it came to; None where it came over no network.
            first: Fields that the server sends before the answer's own.

        Returns:
            The answer, head and body; None for a request that goes the usual way.
        """


class KnownFields(NamedTuple):
    """The fields of a request, as clients send them again and again."""

    length: int  # bytes of the body; -1 where the request has to be framed
    plain: tuple[RawField, ...] | None  # with names in lower case; None where the request is not plain


class WholeHead(NamedTuple):
    """A head that came in one piece, and goes on unchanged."""

    size: int  # bytes
    fields: KnownFields
    line: re.Match[bytes] | None  # its request line, where that is plain


_known: BoundedCache[bytes, KnownFields] = BoundedCache(2 << 20, lambda key, _: 4 * len(key) + 500)


def find_head(data: bytes) -> WholeHead | None:
    """Find the head of a request at the beginning of its first bytes; None if it has to be framed."""
    plain = _PLAIN_LINE.match(data)
    line = plain or _LINE.match(data)
    if line is None:
        return None
    start = line.end()
    end = data.find(_END, start - 2) + 4
    if not 4 <= end <= _LONGEST:  # noqa: PLR2004 - 3 where it was not found
        return None
    written = data[start:end]
    fields = _known.get(written)
    if fields is None:
        fields = _known[written] = _read_fields(data[:end], written)
    if fields.length < 0:
        return None
    return WholeHead(end, fields, plain)


def read_plain(data: bytes, head: WholeHead) -> Request | None:
    """Read a whole message as a request; None if it is not plain."""
    size, (_, fields), line = head
    if line is None or fields is None:
        return None
    method, path, query = line.groups(b"")
    return Request(_METHODS[method], path, query, fields, data[size:])


def _read_fields(head: bytes, written: bytes) -> KnownFields:
    """Read the fields of a head, and the length of the body after it."""
    framed = read_head(head)
    if not isinstance(framed, Head) or framed.raw is not head or framed.is_chunked:
        return KnownFields(-1, None)
    found: list[RawField] = []
    at, end = 0, len(written) - 2
    while at < end:
        field = _FIELD.match(written, at, end)
        if field is None:
            return KnownFields(framed.length, None)
        name, value = field[1].lower(), field[2]
        if name in _ABOUT_CONNECTION or (name == b"connection" and value.lower() != b"keep-alive"):
            return KnownFields(framed.length, None)
        found.append((name, value))
        at = field.end()
    return KnownFields(framed.length, tuple(found))
