"""
JSON data in binary: MessagePack and CBOR.

The only module besides `spec.json_text` that imports msgspec.

Source: https://github.com/msgpack/msgpack/blob/master/spec.md; RFC 8949 (CBOR)
"""

import math
import struct
from typing import TYPE_CHECKING, Final

from mock_server.errors import MalformedContent
from mock_server.exchange.media_type import MediaRange
from mock_server.json_values import JsonValue
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = LazyModule("msgspec")

_MSGPACK: Final = frozenset(("application/msgpack", "application/x-msgpack", "application/vnd.msgpack"))
_CBOR: Final = "application/cbor"
_SIMPLE: Final = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE_KIND = range(8)  # major types
_BREAK: Final = b"\xff"
_DEEPEST: Final = 100  # levels that are read


def is_packed(media_type: MediaRange) -> bool:
    """Return True if the content is JSON data in one of these forms."""
    return _is_msgpack(media_type) or media_type.essence == _CBOR or media_type.subtype.endswith("+cbor")


def write_packed(value: JsonValue, media_type: MediaRange) -> bytes:
    """Write JSON data; a number beyond 64 bits is a text in MessagePack, which has no other way."""
    if not _is_msgpack(media_type):
        return _cbor(value)
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return msgspec.msgpack.encode(_within_64_bits(value))


def read_packed(data: bytes, media_type: MediaRange) -> JsonValue:
    """
    Read JSON data.

    What JSON lacks is read as what is nearest: bytes as text in ISO-8859-1, other names of members as text,
    `undefined` as null.

    Raises:
        MalformedContent: it is not in that form, or nested too deeply.
    """
    if not _is_msgpack(media_type):
        value, end = _read_cbor(data, 0, 0)
        if end != len(data):
            raise MalformedContent("there is more than one item of CBOR")
        return value
    try:
        return _plain(msgspec.msgpack.decode(data, ext_hook=lambda code, content: bytes(content)), 0)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise MalformedContent(f"it is no MessagePack: {error}") from error


def _plain(value: object, depth: int) -> JsonValue:
    if depth > _DEEPEST:
        raise MalformedContent("it is nested too deeply")
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {_name(key): _plain(member, depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _name(key: object) -> str:
    if isinstance(key, bytes):
        return key.decode("latin-1")
    return str(key)


def _read_cbor(data: bytes, at: int, depth: int) -> tuple[JsonValue, int]:
    """Read an item; gives where the next one begins. RFC 8949, section 3."""
    if depth > _DEEPEST:
        raise MalformedContent("it is nested too deeply")
    kind, short, count, at = _read_head(data, at)
    if kind == _SIMPLE_KIND:
        return _read_simple(short, count), at
    if kind in {_UNSIGNED, _NEGATIVE}:
        return (count or 0) if kind == _UNSIGNED else -1 - (count or 0), at
    if kind in {_BYTES, _TEXT}:
        return _read_string(data, at, kind, count)
    if kind == _TAG:
        return _read_cbor(data, at, depth + 1)
    items: list[JsonValue] = []
    wanted = count
    if count is not None and kind == _MAP:
        wanted = 2 * count  # names and values
    while len(items) != wanted:
        if wanted is None and data[at : at + 1] == _BREAK:
            at += 1
            break
        item, at = _read_cbor(data, at, depth + 1)
        items.append(item)
    if kind == _LIST:
        return items, at
    if len(items) % 2:
        raise MalformedContent("a member has no value")
    return dict(zip(map(str, items[::2]), items[1::2], strict=True)), at


def _read_head(data: bytes, at: int) -> tuple[int, int, int | None, int]:
    """
    Read the major type, the additional information, the count (None.

    Up to a break), and where the content begins.
    """
    if at >= len(data):
        raise MalformedContent("it ends within an item")
    kind, short = data[at] >> 5, data[at] & 31
    if short < 24:  # noqa: PLR2004 - RFC 8949, section 3
        return kind, short, short, at + 1
    if short == 31 and kind in {_BYTES, _TEXT, _LIST, _MAP}:  # noqa: PLR2004 - the same: of indefinite length
        return kind, short, None, at + 1
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
    if size is None or at + 1 + size > len(data):
        raise MalformedContent("it ends within an item")
    return kind, short, int.from_bytes(data[at + 1 : at + 1 + size]), at + 1 + size


def _read_string(data: bytes, at: int, kind: int, count: int | None) -> tuple[str, int]:
    parts: list[bytes] = []
    while count is None and data[at : at + 1] != _BREAK:
        inner, _, length, start = _read_head(data, at)
        if inner != kind or length is None or start + length > len(data):
            raise MalformedContent("a part of a string is none")
        parts.append(data[start : start + length])
        at = start + length
    if count is None:
        at += 1
    elif at + count > len(data):
        raise MalformedContent("it ends within an item")
    else:
        parts.append(data[at : at + count])
        at += count
    return b"".join(parts).decode("utf-8" if kind == _TEXT else "latin-1", "replace"), at


def _read_simple(short: int, count: int | None) -> JsonValue:
    """Read a truth value, null or a number with a point. RFC 8949, section 3.3."""
    formats = {25: ">e", 26: ">f", 27: ">d"}
    if short in formats:
        size = {25: 2, 26: 4, 27: 8}[short]
        number: float = struct.unpack(formats[short], (count or 0).to_bytes(size))[0]
        if math.isfinite(number):
            return number
        return None
    return {20: False, 21: True}.get(short)


def _is_msgpack(media_type: MediaRange) -> bool:
    return media_type.essence in _MSGPACK or media_type.subtype.endswith("+msgpack")


def _within_64_bits(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _within_64_bits(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_within_64_bits(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _cbor(value: JsonValue) -> bytes:
    if value is None or isinstance(value, bool):
        return _SIMPLE[value]
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return _head(_TEXT, len(data)) + data
    if isinstance(value, list):
        return _head(_LIST, len(value)) + b"".join(map(_cbor, value))
    return _head(_MAP, len(value)) + b"".join(_cbor(name) + _cbor(member) for name, member in value.items())


def _integer(value: int) -> bytes:
    kind, rest = (_NEGATIVE, -1 - value) if value < 0 else (_UNSIGNED, value)
    if rest < 2**64:
        return _head(kind, rest)
    data = rest.to_bytes((rest.bit_length() + 7) // 8, "big")
    return _head(_TAG, 2 + kind) + _head(2, len(data)) + data  # RFC 8949, section 3.4.3: a bignum


def _head(kind: int, value: int) -> bytes:
    """Return the first bytes of an item: its major type and a count."""
    if value < 24:  # noqa: PLR2004 - RFC 8949, section 3
        return bytes((kind << 5 | value,))
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes((kind << 5 | code,)) + value.to_bytes(size, "big")
    raise OverflowError
