"""
JSON data in binary: MessagePack and CBOR.

The only module besides `spec.json_text` that imports msgspec.

Source: https://github.com/msgpack/msgpack/blob/master/spec.md; RFC 8949 (CBOR)
"""

import struct
from typing import TYPE_CHECKING, Final

from mock_server.exchange.media_type import MediaRange
from mock_server.later import Later
from mock_server.typing import JsonValue

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = Later("msgspec")

_MSGPACK: Final = frozenset(("application/msgpack", "application/x-msgpack", "application/vnd.msgpack"))
_CBOR: Final = "application/cbor"
_SIMPLE: Final = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}
_UNSIGNED, _NEGATIVE, _TEXT, _LIST, _MAP, _TAG = 0, 1, 3, 4, 5, 6  # major types


def is_packed(media_type: MediaRange) -> bool:
    """Whether the content is JSON data in one of these forms."""
    return _is_msgpack(media_type) or media_type.essence == _CBOR or media_type.subtype.endswith("+cbor")


def write_packed(value: JsonValue, media_type: MediaRange) -> bytes:
    """Write JSON data; a number beyond 64 bits is a text in MessagePack, which has no other way."""
    if not _is_msgpack(media_type):
        return _cbor(value)
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return msgspec.msgpack.encode(_within_64_bits(value))


def _is_msgpack(media_type: MediaRange) -> bool:
    return media_type.essence in _MSGPACK or media_type.subtype.endswith("+msgpack")


def _within_64_bits(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _within_64_bits(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_within_64_bits(item) for item in value]
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


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
    """The first bytes of an item: its major type and a count."""
    if value < 24:  # noqa: PLR2004 - RFC 8949, section 3
        return bytes((kind << 5 | value,))
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes((kind << 5 | code,)) + value.to_bytes(size, "big")
    raise OverflowError
