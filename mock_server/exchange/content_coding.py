"""
Content codings undone: what was sent is judged, not how it was packed.

No matter how small it came, no more than a limit is ever unpacked, in as many layers and parts as it may have
put on purpose. Source: RFC 9110, sections 8.4 and 15.5.16; RFC 1950 to 1952; RFC 7932; RFC 8878
"""

import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from mock_server.errors import MalformedContent
from mock_server.exchange.message import RawFields, Request, find_field
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import brotli
    import zstandard
else:
    brotli, zstandard = LazyModule("brotli"), LazyModule("zstandard")

_GZIP_OR_ZLIB: Final = 47  # zlib: find out which of the two, with the largest window
_RAW: Final = -zlib.MAX_WBITS
_WINDOW: Final = 8 * 1024 * 1024  # bytes that zstd may look back; RFC 8878, section 3.1.1.1.2
_MOST_CODINGS: Final = 5  # one on top of the other, as curl has it
_PART: Final = 512  # bytes of which an end is looked for first; the parts after it are twice as long each time
_LARGEST_PART: Final = 65_536
_ZEROS: Final = re.compile(rb"\0*")
_NOTHING: Final = re.compile(rb"")
_OF_CODING: Final = frozenset((b"content-encoding", b"content-length"))


class TooLarge(MalformedContent):
    """The decoded content is larger than the bound."""


class UnknownCoding(MalformedContent):
    """A content coding is not known here, or there are too many of them."""


def is_coded(fields: RawFields) -> bool:
    """Return True if `Content-Encoding` names a coding of a body."""
    return any(name == b"content-encoding" for name, _ in fields)


def decode_content(data: bytes, fields: RawFields, limit: int) -> bytes:
    """
    Undo the codings of a body.

    Args:
        data: The body as it travels.
        fields: That say how it is coded.
        limit: How many bytes it may be, and anything on the way to it.

    Raises:
        TooLarge: it is more.
        UnknownCoding: a coding is not known here.
        MalformedContent: it is not coded as the field says.
    """
    written = find_field(fields, b"content-encoding") or ""
    codings = [coding for part in written.split(",") if (coding := part.strip().lower()) not in {"", "identity"}]
    if len(codings) > _MOST_CODINGS:
        raise UnknownCoding(f"there are {len(codings)} content codings, more than {_MOST_CODINGS}")
    for coding in codings:
        if coding not in _DECODERS:
            raise UnknownCoding(f"the content coding {coding!r} is not known here; known are {KNOWN_CODINGS}")
    for coding in reversed(codings):
        try:
            data = _DECODERS[coding](data, limit)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise MalformedContent(f"it is not coded as {coding}: {error}") from error
    if len(data) > limit:
        raise TooLarge(f"it has more than {limit:,} bytes")
    return data


def decode_request(request: Request, limit: int) -> Request:
    """
    Undo the codings of the body of a request, and take out the field that names them.

    Raises:
        TooLarge, UnknownCoding, MalformedContent: as `decode_content`.
    """
    if not is_coded(request.fields):
        return request
    body = decode_content(request.body, request.fields, limit) if request.body else b""
    fields = [pair for pair in request.fields if pair[0] not in _OF_CODING]
    if body:
        fields.append((b"content-length", b"%d" % len(body)))
    return request._replace(fields=fields, body=body)


def _gunzip(data: bytes, limit: int) -> bytes:
    return _inflate(data, limit, _GZIP_OR_ZLIB)


def _deflate(data: bytes, limit: int) -> bytes:
    """Undo zlib's format, or the bare one that some programs send under its name."""
    try:
        return _inflate(data, limit, _GZIP_OR_ZLIB)
    except zlib.error:
        return _inflate(data, limit, _RAW)


def _inflate(data: bytes, limit: int, window: int) -> bytes:
    """Inflate what may have several members, RFC 1952, section 2.2; zeros between and after them are padding."""
    out = bytearray()

    def inflate(decoder: "zlib._Decompress", chunk: bytes) -> None:
        out.extend(decoder.decompress(chunk, limit + 1 - len(out)))
        if len(out) > limit:
            raise TooLarge(f"it has more than {limit:,} bytes when its coding is undone")

    _walk(data, lambda: zlib.decompressobj(window), inflate, _ZEROS)
    return bytes(out)


class _Ending(Protocol):
    """The part of a decompressor that its members end by."""

    @property
    def eof(self) -> bool:
        """True if the end of a member was met."""

    @property
    def unused_data(self) -> bytes:
        """The bytes after that end."""


Decoder = TypeVar("Decoder", bound=_Ending)


def _walk(
    data: bytes, make: Callable[[], Decoder], feed: Callable[[Decoder, bytes], object], padding: re.Pattern[bytes]
) -> None:
    """
    Go through the members that a body consists of, in parts, since what comes after an end is copied each time.

    Raises:
        MalformedContent: the last one breaks off, or there are too many: each costs memory, however little is in it.
    """
    at, most = 0, 64 + len(data) // 512
    for _ in range(most):
        decoder, size = make(), _PART
        while not decoder.eof:
            chunk = data[at : at + size]
            if not chunk:
                raise MalformedContent("the coded body breaks off")
            feed(decoder, chunk)
            at += len(chunk)
            size = min(size * 2, _LARGEST_PART)
        at -= len(decoder.unused_data)
        padded = padding.match(data, at)
        at = padded.end() if padded is not None else at
        if at >= len(data):
            return
    raise MalformedContent(f"the coded body consists of more than {most} parts")


def _unbrotli(data: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    out = bytearray(decoder.process(data, output_buffer_limit=limit + 1))
    while not decoder.is_finished() and not decoder.can_accept_more_data() and len(out) <= limit:
        out += decoder.process(b"", output_buffer_limit=limit + 1)
    if not decoder.is_finished() and len(out) <= limit:
        raise MalformedContent("the coded body breaks off")
    return _bounded(out, limit)


def _unzstd(data: bytes, limit: int) -> bytes:
    with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(data, read_across_frames=True) as reader:
        out = _bounded(reader.read(limit + 1), limit)
    # Reading stops silently where the last frame breaks off; so, as all of it is known to be small, it is gone through
    # once more.
    _walk(
        data,
        lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
        lambda decoder, chunk: decoder.decompress(chunk),
        _NOTHING,
    )
    return out


def _bounded(out: bytes | bytearray, limit: int) -> bytes:
    if len(out) > limit:
        raise TooLarge(f"it has more than {limit:,} bytes when its coding is undone")
    return bytes(out)


_DECODERS: Final = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _deflate, "br": _unbrotli, "zstd": _unzstd}
KNOWN_CODINGS: Final = "gzip, deflate, br, zstd"  # as Accept-Encoding has them
