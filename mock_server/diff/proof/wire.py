"""The schema of what is written on the wire: texts that a receiver takes for a string, though they look like more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.bundle import Bundle

_DEEPEST: Final = 6  # references and parts, one in the other
_OF_TEXTS: Final = frozenset(("pattern", "format", "minLength", "maxLength"))
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_DEFINITIONS: Final = "#/$defs/"


def as_written(bundle: Bundle, *, is_spread: bool) -> Bundle:
    """
    Return what a receiver accepts as the values that a text may have been written from.

    A string takes what is written like a number, and a listed string the number that it looks like.

    Args:
        bundle: The receiver's schema.
        is_spread: Whether what is written is one item of the receiver's list.
    """
    definitions = bundle.schema.get("$defs")
    known = definitions if isinstance(definitions, dict) else {}
    own: JsonValue = {key: value for key, value in bundle.schema.items() if key != "$defs"}
    written = _lift(own, lambda name: known.get(name, True), 0)
    if is_spread:
        written = _one_item(written)
    out: JsonObject = written if isinstance(written, dict) else ({} if written else {"not": {}})
    if known:
        out = {**out, "$defs": known}
    return replace(bundle, schema=out)


def _one_item(schema: JsonValue) -> JsonValue:
    """Return what a list has to be for its only item."""
    if not isinstance(schema, dict):
        return schema
    least, most = schema.get("minItems", 0), schema.get("maxItems", 1)
    if (isinstance(least, int) and least > 1) or most == 0:
        return False
    first = schema.get("prefixItems")
    if isinstance(first, list) and first:
        return first[0]
    return schema.get("items", True)


def _lift(schema: JsonValue, definition: Callable[[str], JsonValue], depth: int) -> JsonValue:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    ref = schema.get("$ref")
    if isinstance(ref, str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        target = _lift(definition(ref.removeprefix(_DEFINITIONS)), definition, depth + 1)
        if not rest:
            return target
        return {"allOf": [target, _lift(rest, definition, depth + 1)]}
    out = dict(schema)
    for keyword in _BRANCHES:
        branches = schema.get(keyword)
        if isinstance(branches, list):
            # a text may be of several alternatives, of which the likeliest is taken
            name = "anyOf" if keyword == "oneOf" and "anyOf" not in schema else keyword
            out.pop(keyword)
            out[name] = [_lift(branch, definition, depth + 1) for branch in branches]
    if "items" in schema:
        out["items"] = _lift(schema["items"], definition, depth + 1)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        out["properties"] = {name: _lift(child, definition, depth + 1) for name, child in properties.items()}
    return _lift_scalar(out)


def _lift_scalar(out: JsonObject) -> JsonObject:
    types, values = out.get("type"), out.get("enum")
    if not isinstance(types, list) or "string" not in types:
        return out
    if isinstance(values, list):
        looks = [read for value in values if isinstance(value, str) for read in _readings(value)]
        out["enum"] = [*values, *looks]
        out["type"] = list(dict.fromkeys([*types, "integer", "number", "boolean"]))
    elif not _OF_TEXTS & out.keys():
        out["type"] = list(dict.fromkeys([*types, "integer", "number", "boolean"]))
    return out


def _readings(text: str) -> list[JsonValue]:
    """Return the numbers and truth values that are written so."""
    if text in {"true", "false"}:
        return [text == "true"]
    found: list[JsonValue] = []
    try:
        number = int(text)
    except ValueError:
        return found
    if str(number) == text:
        found.append(number)
    return found
