"""
Content codings, undone within a bound: for who judges, never for the client.

A few bytes can stand for gigabytes, so each decoder is stopped at the bound. RFC 9110, section 8.4.
"""

import zlib
from typing import Final

import brotli
import zstandard

from mock_server.errors import MalformedContent
from mock_server.exchange.message import RawFields, find_field

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS  # told from the header
_RAW: Final = -zlib.MAX_WBITS
_WINDOW: Final = 8 * 1024 * 1024  # bytes that zstd may look back; RFC 8878, section 3.1.1.1.2


class TooLarge(MalformedContent):
    """What a coding stands for is larger than the bound."""


def decode_content(data: bytes, fields: RawFields, limit: int) -> bytes:
    """
    Undo the codings of a body.

    Args:
        data: The body as it travels.
        fields: That say how it is coded.
        limit: How many bytes it may be.

    Raises:
        TooLarge: it is more.
        MalformedContent: it is not coded as it is said to be, or nobody here knows the coding.
    """
    written = find_field(fields, b"content-encoding") or ""
    codings = [coding for part in written.split(",") if (coding := part.strip().lower()) not in {"", "identity"}]
    for coding in reversed(codings):
        if coding not in _DECODERS:
            raise MalformedContent(f"the content coding {coding!r} is not known here")
        try:
            data = _DECODERS[coding](data, limit)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise MalformedContent(f"it is not coded as {coding}: {error}") from error
    if len(data) > limit:
        raise TooLarge(f"it has more than {limit:,} bytes")
    return data


def _inflate(data: bytes, limit: int, window: int) -> bytes:
    out = bytearray()
    while data and len(out) <= limit:
        decoder = zlib.decompressobj(window)
        out += decoder.decompress(data, limit + 1 - len(out))
        if not decoder.eof:
            if len(out) <= limit:
                raise MalformedContent("the coded body breaks off")
            break
        data = decoder.unused_data.lstrip(b"\0")  # gzip may have several members
    return _bounded(out, limit)


def _gunzip(data: bytes, limit: int) -> bytes:
    return _inflate(data, limit, _GZIP_OR_ZLIB)


def _deflate(data: bytes, limit: int) -> bytes:
    """Zlib's format, and the bare one that some servers send under its name."""
    try:
        return _inflate(data, limit, _GZIP_OR_ZLIB)
    except zlib.error:
        return _inflate(data, limit, _RAW)


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
        return _bounded(reader.read(limit + 1), limit)


def _bounded(out: bytes | bytearray, limit: int) -> bytes:
    if len(out) > limit:
        raise TooLarge(f"it has more than {limit:,} bytes when its coding is undone")
    return bytes(out)


_DECODERS: Final = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _deflate, "br": _unbrotli, "zstd": _unzstd}
