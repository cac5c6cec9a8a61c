"""
Readings: what a text on the wire may mean.

`5` is a number where a number is expected, a string where a string is, and where both are it is either. So what was
split by its style is read by the outline of its schema, in every way that the schema allows.

Names with brackets: `address[city]=Oulu`, `items[0][id]=1`, `tags[]=a`.

OpenAPI's `deepObject` defines one level of them; deeper levels are read and written as forms do it in practice.

Source: OAS 3.1.1, "Style Values"
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from mock_server.errors import MalformedContent
from mock_server.json_values import JsonValue
from mock_server.schema.sites import Site


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text inside a form that says an object or a list, as JSON or with commas, unless a mere text is meant."""

    text: str
    value: JsonValue


# What a style or a form yields: text, and lists and maps of it.
Raw: TypeAlias = str | Embedded | list["Raw"] | dict[str, "Raw"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_MAX_DIGITS = 300
_WORDS = {
    "1": "true",
    "true": "true",
    "yes": "true",
    "on": "true",
    "0": "false",
    "false": "false",
    "no": "false",
    "off": "false",
}
_ONE_OR_MANY = frozenset(("array", "string", "null"))  # what is written once may be a list of one


def read_all(raw: Raw, outline: Site) -> list[JsonValue]:
    """
    Read what was split, in every way its schema allows.

    Returns: One to four values, the likeliest first: as the narrowest type that is expected, and as text; and each
        with the lists that are required and not there, since nothing at all is how a list without items is written.
    """
    typed = _read(raw, outline, typed=True)
    plain = _read(raw, outline, typed=False)
    readings = [typed] if _same(typed, plain) else [typed, plain]
    filled = [_with_lists(raw, value, outline) for value in readings]
    return readings + [value for value, known in zip(filled, readings, strict=True) if value != known]


def read_leniently(raw: Raw, outline: Site) -> list[JsonValue]:
    """
    Read what was split as servers do that take more words for true and false than the standards have.

    `1`, `True`, `yes`.
    """
    return read_all(_plain_words(raw, outline), outline)


def _plain_words(raw: Raw, outline: Site) -> Raw:
    """Return the value with JSON's words for true and false, where a boolean is expected and nothing else fits."""
    if isinstance(raw, list):
        return [_plain_words(item, outline.item(index)) for index, item in enumerate(raw)]
    if isinstance(raw, dict):
        return {name: _plain_words(value, outline.member(name)) for name, value in raw.items()}
    if isinstance(raw, str) and "boolean" in outline.types and not {"string", "integer", "number"} & outline.types:
        return _WORDS.get(raw.lower(), raw)
    return raw


def _with_lists(raw: Raw, value: JsonValue, outline: Site) -> JsonValue:
    """Return a reading with the lists that are required and not there; of what is JSON within, nothing is left out."""
    if isinstance(raw, list) and isinstance(value, list):
        return [
            _with_lists(part, item, outline.item(index))
            for index, (part, item) in enumerate(zip(raw, value, strict=True))
        ]
    if not isinstance(raw, dict) or not isinstance(value, dict):
        return value
    missing = (name for name in outline.required if name not in raw and outline.member(name).types == {"array"})
    return {name: _with_lists(raw[name], value[name], outline.member(name)) for name in raw} | {
        name: [] for name in missing
    }


def _same(one: JsonValue, other: JsonValue) -> bool:
    """
    Return True if two readings of a text are the same in value and type.

    Their lists and objects have the same shape.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    return one == other


def _read(raw: Raw, outline: Site, *, typed: bool) -> JsonValue:
    if isinstance(raw, list):
        return [_read(item, outline.item(index), typed=typed) for index, item in enumerate(raw)]
    if isinstance(raw, dict):
        return {name: _read(value, outline.member(name), typed=typed) for name, value in raw.items()}
    types = outline.types
    if isinstance(raw, Embedded):
        if typed:
            return raw.value
        return _plain(raw, outline)
    if "string" in types and not typed:
        return raw
    if "array" in types and types <= _ONE_OR_MANY and "string" in outline.item().types and not outline.names_value(raw):
        return [_read(raw, outline.item(), typed=typed)]
    if types & {"integer", "number"} and _NUMBER.match(raw) and len(raw) < _MAX_DIGITS:
        return _number(raw)
    if "boolean" in types and raw in {"true", "false"}:
        return raw == "true"
    if "null" in types and raw in ({"", "null"} if "string" not in types else {"null"}):
        return None
    return raw


def _plain(raw: Embedded, outline: Site) -> JsonValue:
    """Return a text that might hold more, read as no more than a text, or as the only one of a list."""
    if "string" in outline.types:
        return raw.text
    if "array" in outline.types and "string" in outline.item().types:
        return [raw.text]
    return raw.value


def _number(text: str) -> int | float | str:
    if text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    if number not in (float("inf"), float("-inf")):
        return number
    return text


_DEEPEST = 32
_INDEX = re.compile(r"[0-9]{1,9}")


def put_bracketed(tree: dict[str, Raw], brackets: str, value: Raw) -> None:
    """
    Add one value.

    Args:
        tree: The values under the name so far; `[]` counts up from 0.
        brackets: What follows the name: `[items][0][id]`.
        value: What to put there.

    Raises:
        MalformedContent: a place would be a value and an object at once, or lies too deep.
    """
    path = brackets.removeprefix("[").removesuffix("]").split("][")
    if len(path) > _DEEPEST:
        raise MalformedContent(f"names with more than {_DEEPEST} brackets are not read")
    for step in path[:-1]:
        child = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(child, dict):
            raise MalformedContent(f"[{step}] is a value and an object at once")
        tree = child
    last = path[-1] or str(len(tree))
    known = tree.get(last)
    if known is None:
        tree[last] = value
    elif isinstance(known, dict):
        raise MalformedContent(f"[{last}] is a value and an object at once")
    else:
        tree[last] = [*(known if isinstance(known, list) else [known]), value]


def settle(raw: Raw, outline: Site) -> Raw:
    """Make lists of numbered members where the schema expects a list."""
    if not isinstance(raw, dict):
        return raw
    if (
        "array" in outline.types
        and ("object" not in outline.types or not outline.names)
        and all(map(_INDEX.fullmatch, raw))
    ):
        return [settle(raw[key], outline.item()) for key in sorted(raw, key=int)]
    return {name: settle(member, outline.member(name)) for name, member in raw.items()}


def iter_bracketed(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Write an object or a list as names with brackets and scalars; empty ones leave no trace."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from iter_bracketed(f"{name}[{key}]", member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from iter_bracketed(f"{name}[{index}]", item)
    else:
        yield name, value
