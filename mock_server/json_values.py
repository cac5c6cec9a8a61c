"""
The type words of the package.

JSON Pointer, RFC 6901, as tuples of unescaped reference tokens.

`("paths", "/pets", "get")` is `/paths/~1pets/get`; the empty tuple is the whole document.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, Union
from urllib.parse import unquote

# What JSON can say (RFC 8259), as Python's own types.
# Objects keep the order in which they were written.
JsonValue: TypeAlias = Union[bool, int, float, str, list["JsonValue"], dict[str, "JsonValue"], None]  # noqa: UP007 - recursive
JsonObject: TypeAlias = dict[str, JsonValue]

# The reference tokens of a JSON Pointer (RFC 6901), unescaped.
Pointer: TypeAlias = tuple[str, ...]

# Header fields and query items in order of appearance.
Fields: TypeAlias = tuple[tuple[str, str], ...]

# Tells somebody how far a long piece of work has come: (done, total or None, what).
Progress: TypeAlias = Callable[[int, int | None, str], None]

_LONGEST = 200  # characters of a token that is shown


def same_json(one: JsonValue, other: JsonValue) -> bool:
    """Return True if two JSON values are equal: 1 is 1.0, but not true. RFC 6902, section 4.6."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return one == other


def as_object(value: object) -> JsonObject:
    """Return a value that is an object, or an empty object in place of any other value."""
    if isinstance(value, dict):
        return value
    return {}


def as_list(value: object) -> list[JsonValue]:
    """Return an array; of anything else, one without items."""
    if isinstance(value, list):
        return value
    return []


def parse_pointer(text: str) -> Pointer:
    """
    Read the string form, or the fragment form when it starts with `#`.

    Raises:
        ValueError: the text neither is empty nor starts with a slash.

    Source: RFC 6901, sections 3, 4 and 6
    """
    if text.startswith("#"):
        text = unquote(text[1:])
    if not text:
        return ()
    if not text.startswith("/"):
        message = f"a JSON Pointer starts with '/': {text!r}"
        raise ValueError(message)
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


def shorten_pointer(pointer: Pointer) -> Pointer:
    """
    Return the same pointer with no token longer than 200 characters, to be shown.

    Names in a value may be of any length.
    """
    for token in pointer:
        if len(token) > _LONGEST:
            return tuple(map(_shorten_token, pointer))
    return pointer


def _shorten_token(token: str) -> str:
    if len(token) <= _LONGEST:
        return token
    return f"{token[:_LONGEST]}…"


@lru_cache(maxsize=4096)
def format_pointer(pointer: Pointer) -> str:
    """Write the string form: `/paths/~1pets/get`."""
    written = "/".join(("", *pointer))
    if "~" in written or written.count("/") > len(pointer):
        return "".join(["/" + token.replace("~", "~0").replace("/", "~1") for token in pointer])
    return written


def find_at(value: JsonValue, pointer: Pointer) -> tuple[bool, JsonValue]:
    """
    Look a pointer up.

    Returns:
        Whether something stands there, and what: a found `null` is `(True, None)`.

    Source: RFC 6901, section 4; array indices have no sign and no leading zero
    """
    for token in pointer:
        if isinstance(value, dict):
            if token not in value:
                return False, None
            value = value[token]
        elif isinstance(value, list):
            index = array_index(token)
            if index is None or index >= len(value):
                return False, None
            value = value[index]
        else:
            return False, None
    return True, value


def array_index(token: str) -> int | None:
    """Read a reference token as an array index; None when it is not one."""
    if token.isascii() and token.isdigit() and (token == "0" or token[0] != "0"):
        return int(token)
    return None
