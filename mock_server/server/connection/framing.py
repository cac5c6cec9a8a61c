"""
Framing: the beginning and end of each request of a connection. RFC 9112.

Strict, since two readings of one message are how requests are smuggled: what a standard forbids is refused, and what
it lets be read in two ways is refused as well. What is accepted is written anew in the plainest form, so that every
parser behind this one reads the same: chunk extensions and trailers are gone, a target in absolute form is its path
and its Host, and an offer to upgrade is not taken. No input or output is done here.
"""

import re
from typing import Final, NamedTuple

HEAD_LIMIT: Final = 65_536  # bytes of a request line and its fields; also of trailers, and of what stands around chunks

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 9110, section 5.5: tabs, spaces, visible characters, and what no standard gives a meaning to any more.
_FIELDS: Final = rb"(?:%b:[\t\x20-\x7e\x80-\xff]*\r\n)*" % _TOKEN
_HEAD: Final = re.compile(rb"(%b) ([\x21-\x7e]+) HTTP/([0-9]\.[0-9])\r\n(%b)\r\n" % (_TOKEN, _FIELDS))
_TRAILERS: Final = re.compile(rb"%b\r\n" % _FIELDS)
# RFC 9112, section 7.1.1; the spaces that old senders put between the parts of an extension are not read
_EXTENSIONS: Final = rb'(?:;%b(?:=(?:%b|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*' % (_TOKEN, _TOKEN)
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,16})%b\r\n" % _EXTENSIONS)
_CHUNK_BEGUN: Final = re.compile(rb"(?:[0-9A-Fa-f]{1,16}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?")
_FRAMING: Final = re.compile(rb"(?:\A|\r\n)(?:connection|content-length|host|transfer-encoding):", re.IGNORECASE)
_DECIDING: Final = re.compile(
    rb"\r\n(connection|content-length|expect|host|transfer-encoding):[ \t]*([^\r]*)", re.IGNORECASE
)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)(/[^?#]*)?(.*)", re.IGNORECASE | re.DOTALL)
_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~-]*)(?::[0-9]{0,5})?")
_NO_LINE: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|\0")
_CHUNK_LINE: Final = 4_096  # bytes of a chunk's size and extensions
_LENGTH_DIGITS: Final = 18
_TLS: Final = b"\x16\x03"  # how a TLS handshake begins; RFC 8446, section 5.1

_NOT_READ: Final = "the request can't be read: "


class Head(NamedTuple):
    """The head of a request that can be read on."""

    raw: bytes  # as the parser gets it
    length: int  # bytes of its body; 0 where it comes in chunks
    is_chunked: bool


class Refusal(NamedTuple):
    """Why the connection ends here."""

    status: int
    detail: str


class Piece(NamedTuple):
    """The next input of the parser: a whole head, or a part of a body."""

    data: bytes
    is_head: bool


def read_head(raw: bytes) -> Head | Refusal:
    """Read the head of a request, from its first byte to the empty line."""
    read = _HEAD.fullmatch(raw)
    if read is None:
        return _explain(raw)
    method, target, version, _ = read.groups()
    if version not in {b"1.1", b"1.0"}:
        spoken = version.decode()
        return Refusal(
            505, f"this server speaks HTTP/1.1, not HTTP/{spoken}: neither by prior knowledge nor by an upgrade"
        )
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _DECIDING.findall(raw, read.end(3)):
        fields.setdefault(name.lower(), []).append(value.rstrip(b" \t"))
    refused = _check_target(method, target) or _check_host(fields.get(b"host", []), version)
    if refused is not None:
        return refused
    length = _read_length(fields, version)
    if isinstance(length, Refusal):
        return length
    if not target.startswith(b"/") and target != b"*":
        raw = _in_origin_form(raw, target)
    if b"connection" in fields and any(b"upgrade" in value.lower() for value in fields[b"connection"]):
        raw = _without_upgrade(raw)
    if (
        b"expect" in fields and version == b"1.0"
    ):  # RFC 9110, section 10.1.1: such a client can't wait for an answer in between
        raw = _without(raw, b"expect")
    return Head(raw, length, b"transfer-encoding" in fields)


def _explain(raw: bytes) -> Refusal:
    """Say why a head is none."""
    if raw.startswith(_TLS):
        return Refusal(
            400, _NOT_READ + "it is TLS, and this port speaks plain HTTP: use http://, or serve with --tls-cert"
        )
    line, _, fields = raw.partition(b"\r\n")
    if _NO_LINE.search(raw):
        return Refusal(
            400, _NOT_READ + "a line ends with CR and LF, and has neither of them nor NUL inside; RFC 9112, section 2.2"
        )
    if re.fullmatch(rb"%b [\x21-\x7e]+ HTTP/[0-9]\.[0-9]" % _TOKEN, line) is None:
        advice = "; percent-encode what is not ASCII" if re.search(rb"[\x80-\xff]", line) else ""
        return Refusal(
            400, _NOT_READ + f"it does not begin with a method, a target and HTTP/1.1{advice}; RFC 9112, section 3"
        )
    for field in fields.split(b"\r\n"):
        name, colon, _ = field.partition(b":")
        if field.startswith((b" ", b"\t")):
            return Refusal(
                400, _NOT_READ + "a field goes on in the next line, which is obsolete; RFC 9112, section 5.2"
            )
        if colon and name.endswith((b" ", b"\t")):
            return Refusal(400, _NOT_READ + "there is a space before the colon of a field; RFC 9112, section 5.1")
    return Refusal(
        400, _NOT_READ + "a field has no name, or a character that none may have; RFC 9110, sections 5.1 and 5.5"
    )


def _check_target(method: bytes, target: bytes) -> Refusal | None:
    """Check that a target is in a form that its method may have. RFC 9112, section 3.2."""
    if method == b"CONNECT":
        return Refusal(501, "this server is no tunnel: CONNECT is for proxies")
    if target.startswith(b"/"):
        return None
    if target == b"*":
        if method != b"OPTIONS":
            return Refusal(400, _NOT_READ + "the target * is of no operation")
        return None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or not absolute[1] or b"," in absolute[1] or _HOST.fullmatch(absolute[1]) is None:
        return Refusal(400, _NOT_READ + "its target is neither a path nor an http URL; RFC 9112, section 3.2")
    return None


def _check_host(hosts: list[bytes], version: bytes) -> Refusal | None:
    """Check that a request names its host as it has to. RFC 9112, section 3.2."""
    if len(hosts) > 1:
        return Refusal(400, _NOT_READ + "it has more than one Host; RFC 9112, section 3.2")
    if not hosts and version == b"1.1":
        return Refusal(400, _NOT_READ + "it has no Host; RFC 9112, section 3.2")
    if hosts and _HOST.fullmatch(hosts[0]) is None:
        return Refusal(400, _NOT_READ + "its Host is none; RFC 9110, section 7.2")
    return None


def _read_length(fields: dict[bytes, list[bytes]], version: bytes) -> int | Refusal:
    """Read the length of a body: 0 for a chunked one. RFC 9112, section 6.3."""
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    if lengths and codings:
        return Refusal(400, _NOT_READ + "it has a Content-Length and a Transfer-Encoding; RFC 9112, section 6.1")
    if codings and version == b"1.0":
        return Refusal(400, _NOT_READ + "HTTP/1.0 has no Transfer-Encoding; RFC 9112, section 6.1")
    if codings and (len(codings) > 1 or codings[0].lower() != b"chunked"):
        return Refusal(501, "the only transfer coding that is read is chunked, once; RFC 9112, section 6.1")
    if not lengths:
        return 0
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > _LENGTH_DIGITS:
        return Refusal(400, _NOT_READ + "its Content-Length is no single number; RFC 9112, section 6.3")
    return int(lengths[0])


def _in_origin_form(raw: bytes, target: bytes) -> bytes:
    """
    Write a target in absolute form as its path, and its host as Host: that goes before the field.

    RFC 9112, section 3.2.2.
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return raw
    authority, path, rest = found.groups()
    before, after = raw.split(b" " + target + b" ", 1)
    line, fields = after.split(b"\r\n", 1)
    origin = (path or b"/") + rest
    return b"%b %b %b\r\nhost: %b\r\n%b" % (before, origin, line, authority, _without(b"\r\n" + fields, b"host")[2:])


def _without_upgrade(raw: bytes) -> bytes:
    """
    Take the word away that would make a parser stop after this message; the offer itself stays, as a field.

    RFC 9110, section 7.8.
    """

    def keep(found: re.Match[bytes]) -> bytes:
        words = [word.strip() for word in found[2].split(b",")]
        kept = b", ".join(word for word in words if word.lower() != b"upgrade")
        if kept:
            return found[1] + kept
        return b""

    return re.sub(rb"(\r\nconnection:[ \t]*)([^\r]*)", keep, raw, flags=re.IGNORECASE)


def _without(raw: bytes, name: bytes) -> bytes:
    """Take a field away."""
    return re.sub(rb"\r\n" + name + rb":[^\r]*", b"", raw, flags=re.IGNORECASE)


class Framer:
    """Cuts the bytes of a connection into heads and bodies."""

    def __init__(self, limit: int = HEAD_LIMIT) -> None:
        """
        Begin with the first message.

        Args:
            limit: How many bytes a head may have, and what stands around the chunks of a body.
        """
        self._limit = limit
        self._buffer = bytearray()
        self._looked = 0  # bytes of the buffer that hold no end of what is looked for
        self._left = 0  # bytes of the body, or of the chunk, that are to come
        self._chunks: _Chunks | None = None

    @property
    def is_between(self) -> bool:
        """True if the last message is complete; bytes of the next one may be waiting."""
        return not self._left and self._chunks is None

    @property
    def waiting(self) -> int:
        """The number of waiting bytes."""
        return len(self._buffer)

    def take(self, data: bytes) -> None:
        """Take received bytes."""
        self._buffer += data

    def pass_by(self, size: int) -> bool:
        """
        Count bytes of a body that go to the parser as they came.

        False where `take` and `read` have to look at them.
        """
        if self._buffer or size > self._left:
            return False
        self._left -= size
        return True

    def skip(self, head: Head) -> None:
        """Say that a head was read and given to the parser without `take`."""
        self._left = head.length
        self._chunks = _Chunks(self._limit) if head.is_chunked else None

    def read(self) -> Piece | Refusal | None:
        """Return the next input of the parser, or None until more bytes come."""
        if self._chunks is not None:
            return self._read_chunks(self._chunks)
        if self._left:
            data = bytes(self._buffer[: self._left])
            del self._buffer[: self._left]
            self._left -= len(data)
            if data:
                return Piece(data, is_head=False)
            return None
        return self._read_head()

    def _read_head(self) -> Piece | Refusal | None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112, section 2.2
            del buffer[:2]
            self._looked = 0
        end = buffer.find(b"\r\n\r\n", max(self._looked - 3, 0), self._limit)
        if end < 0:
            return self._look_ahead()
        raw = bytes(buffer[: end + 4])
        del buffer[: end + 4]
        self._looked = 0
        head = read_head(raw)
        if isinstance(head, Refusal):
            return head
        self.skip(head)
        return Piece(head.raw, is_head=True)

    def _look_ahead(self) -> Refusal | None:
        """Refuse bytes that can't become a head."""
        buffer = self._buffer
        if len(buffer) >= self._limit:
            if buffer.find(b"\r\n", 0, self._limit) < 0:
                return Refusal(414, f"the request line has more than {self._limit:,} bytes")
            return Refusal(431, f"the header has more than {self._limit:,} bytes")
        if _NO_LINE.search(buffer, max(self._looked - 1, 0)) or (buffer and buffer[0] not in _FIRST):
            return _explain(bytes(buffer))
        self._looked = len(buffer)
        return None

    def _read_chunks(self, chunks: "_Chunks") -> Piece | Refusal | None:
        data = chunks.read(self._buffer)
        if isinstance(data, Refusal):
            return data
        written = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        if chunks.is_complete:
            self._chunks = None
            written += b"0\r\n\r\n"
        if written:
            return Piece(written, is_head=False)
        return None


# What the first byte of a request may be: one of a method, or of the empty line before it.
_FIRST: Final = frozenset(b"\r!#$%&'*+.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")


class _Chunks:
    """A body in chunks. RFC 9112, section 7.1."""

    def __init__(self, limit: int) -> None:
        self.is_complete = False
        self._limit = limit
        self._around = 0  # bytes of extensions and trailers
        self._left = 0  # bytes of a chunk, and of the line's end after it
        self._is_last = False
        self._looked = 0  # bytes of trailers that hold no end of them

    def read(self, buffer: bytearray) -> bytes | Refusal:
        """Take the bytes of the body from a buffer; return the content."""
        at, found = 0, []
        while not self._is_last:
            if self._left > 2:  # noqa: PLR2004 - CR and LF
                piece = bytes(buffer[at : at + self._left - 2])
                found.append(piece)
                at, self._left = at + len(piece), self._left - len(piece)
                if self._left > 2:  # noqa: PLR2004
                    break
            if self._left:
                if len(buffer) - at < self._left:
                    break
                if buffer[at : at + 2] != b"\r\n":
                    return Refusal(400, _NOT_READ + "a chunk of its body is longer than it says; RFC 9112, section 7.1")
                at, self._left = at + 2, 0
            end = buffer.find(b"\r\n", at, at + _CHUNK_LINE) + 2
            line = _CHUNK.fullmatch(buffer, at, end) if end > 1 else None
            if line is None:
                break
            size = int(line[1], 16)
            self._around += len(line[0]) - len(line[1]) - 2
            at = line.end()
            self._is_last, self._left = not size, size + 2 if size else 0
        del buffer[:at]
        refused = self._check_rest(buffer)
        if refused is not None:
            return refused
        return b"".join(found)

    def _check_rest(self, buffer: bytearray) -> Refusal | None:
        """Check the rest: the beginning of a line, or trailers, which are dropped."""
        if self._around > self._limit or (not self._left and not self._is_last and len(buffer) >= _CHUNK_LINE):
            return self._too_much()
        if self._is_last:
            return self._skip_trailers(buffer)
        if self._left or _CHUNK_BEGUN.fullmatch(buffer):
            return None
        return Refusal(400, _NOT_READ + "the size of a chunk of its body is none; RFC 9112, section 7.1")

    def _skip_trailers(self, buffer: bytearray) -> Refusal | None:
        if buffer.startswith(b"\r\n"):
            end = 2
        else:
            end = buffer.find(b"\r\n\r\n", max(self._looked - 3, 0), self._limit) + 4
            if end < 4:  # noqa: PLR2004 - it was not found
                return self._look_ahead(buffer)
        if _TRAILERS.fullmatch(buffer, 0, end) is None or _FRAMING.search(buffer, 0, end):  # RFC 9110, section 6.5.1
            return _explain_trailers()
        del buffer[:end]
        self.is_complete = True
        return None

    def _look_ahead(self, buffer: bytearray) -> Refusal | None:
        if len(buffer) >= self._limit:
            return self._too_much()
        looked, self._looked = self._looked, len(buffer)
        if _NO_LINE.search(buffer, max(looked - 1, 0)):
            return _explain_trailers()
        return None

    def _too_much(self) -> Refusal:
        return Refusal(431, "there is too much around the chunks of the body: extensions or trailers")


def _explain_trailers() -> Refusal:
    return Refusal(400, _NOT_READ + "the trailer section of its body is none; RFC 9112, section 7.1.2")
