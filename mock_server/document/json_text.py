"""
Reading JSON, and of large texts with little memory.

A large text is read in pieces, and what is equal in them is kept once: of the 345,000 values of GitHub's document
47,000 differ, which take 11 MB instead of 30. So what was read must not be changed; nothing changes it, as YAML's
aliases are shared as well.
"""

from operator import is_
from typing import TYPE_CHECKING, Final

import orjson

from mock_server.json_values import JsonValue
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = LazyModule("msgspec")

LARGE: Final = 1024 * 1024  # bytes of a text
_PIECE: Final = 256 * 1024  # bytes that are read at once
_MOST_LEVELS: Final = 8  # of objects that are read in pieces; each is gone through once for each level
_Known = dict[str | int, JsonValue]  # texts by themselves, the others by what they are made of
_LEAST_INTEGER: Final = -(2**63)
_MOST_INTEGER: Final = 2**64 - 1


def read_json(data: bytes) -> JsonValue:
    """
    Read JSON. An integer of more than 64 bits becomes a float.

    Raises:
        ValueError: it is none.
    """
    if len(data) > LARGE:
        try:
            return _read(data, _MOST_LEVELS, {})
        except (ValueError, ArithmeticError, RecursionError):
            pass  # the other reader says what is wrong, or goes deeper
    value: JsonValue = orjson.loads(data)
    return value


def _read(data: "bytes | msgspec.Raw", levels: int, known: _Known) -> JsonValue:
    text = memoryview(data)
    if levels and len(text) > _PIECE and text[0] == ord("{"):
        members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        return {name: _read(part, levels - 1, known) for name, part in members.items()}
    return _once(msgspec.json.decode(data), known)


def _once(value: JsonValue, known: _Known) -> JsonValue:
    """Return the value, or the one that was read before and is equal to it in every part."""
    if isinstance(value, str):
        return known.setdefault(value, value)
    if isinstance(value, dict):
        for name, part in value.items():
            value[name] = _once(part, known)
        # Its parts are known by now: where they are equal, they are the same.
        found = known.setdefault(hash((*value, *map(id, value.values()))), value)
        is_same = (
            isinstance(found, dict) and tuple(found) == tuple(value) and all(map(is_, found.values(), value.values()))
        )
        if is_same:
            return found
        return value
    if isinstance(value, list):
        value[:] = [_once(part, known) for part in value]
        found = known.setdefault(hash((list, *map(id, value))), value)
        is_same = isinstance(found, list) and len(found) == len(value) and all(map(is_, found, value))
        if is_same:
            return found
        return value
    if isinstance(value, int) and not _LEAST_INTEGER <= value <= _MOST_INTEGER:
        return float(value)
    return value
