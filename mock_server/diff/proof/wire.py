"""The schema of what is written on the wire: texts that a receiver takes for a string, though they look like more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.bundle import Bundle

_DEEPEST: Final = 6  # references and parts, one in the other
_OF_TEXTS: Final = frozenset(("pattern", "format", "minLength", "maxLength"))
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_DEFINITIONS: Final = "#/$defs/"


class Writing(Enum):
    """The way in which values of a schema are written."""

    JSON = "json"  # with their types
    TEXT = "text"  # all that is no list or object is a text: parameters, header fields, XML
    SEGMENT = "segment"  # as TEXT, and never empty: path parameters
    ITEM = "item"  # as TEXT, and what is written is one item of the receiver's list
    FORM = "form"  # the members of an object are texts, or lists of them; objects within are JSON


def as_written(bundle: Bundle, writing: Writing) -> Bundle:
    """
    Return what a receiver accepts as the values that a text may have been written from.

    A string takes what is written like a number, and a listed string the number that it looks like. A null is not
    written at all: RFC 6570, section 2.3.

    Args:
        bundle: The receiver's schema.
        writing: How values of the sender's schema are written.
    """
    if writing is Writing.JSON:
        return bundle
    definitions = bundle.schema.get("$defs")
    known = definitions if isinstance(definitions, dict) else {}
    own: JsonValue = {key: value for key, value in bundle.schema.items() if key != "$defs"}
    lift = _Lift(lambda name: known.get(name, True), writing)
    written = lift.write(own)
    if writing is Writing.ITEM:
        written = _one_item(written)
    if writing is Writing.SEGMENT and isinstance(written, dict) and written.get("minLength") == 1:
        written = {keyword: value for keyword, value in written.items() if keyword != "minLength"}
    if writing is not Writing.FORM:
        written = _or_null(written)
    out = _as_object(written)
    if known:
        out = {**out, "$defs": known}
    return replace(bundle, schema=out)


def _as_object(schema: JsonValue) -> JsonObject:
    if isinstance(schema, dict):
        return schema
    if schema:
        return {}
    return {"not": {}}


def _or_null(schema: JsonValue) -> JsonValue:
    """Return a schema that takes null, too."""
    if not isinstance(schema, dict):
        return schema or {"type": ["null"]}
    if not schema:
        return schema
    types = schema.get("type")
    if isinstance(types, list) and not schema.keys() & {"enum", "const", "not", "$ref", *_BRANCHES}:
        return {**schema, "type": list(dict.fromkeys([*types, "null"]))}
    return {"anyOf": [schema, {"type": ["null"]}]}


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


@dataclass(frozen=True, slots=True)
class _Lift:
    """Writes a receiver's schema as one of what texts may stand for."""

    definition: Callable[[str], JsonValue]
    writing: Writing

    def write(self, schema: JsonValue, depth: int = 0) -> JsonValue:
        """Write a schema, of a value whose parts are texts as well."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return schema
        ref = schema.get("$ref")
        if isinstance(ref, str):
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            target = self.write(self.definition(ref.removeprefix(_DEFINITIONS)), depth + 1)
            if not rest:
                return target
            return {"allOf": [target, self.write(rest, depth + 1)]}
        out = dict(schema)
        for keyword in _BRANCHES:
            branches = schema.get(keyword)
            if isinstance(branches, list):
                # a text may be of several alternatives, of which the likeliest is taken
                name = "anyOf" if keyword == "oneOf" and "anyOf" not in schema else keyword
                out.pop(keyword)
                out[name] = [self.write(branch, depth + 1) for branch in branches]
        if "items" in schema:
            out["items"] = self.write(schema["items"], depth + 1)
        properties = schema.get("properties")
        if isinstance(properties, dict):
            out["properties"] = {name: self._member(child, depth + 1) for name, child in properties.items()}
        return _lift_scalar(out)

    def _member(self, schema: JsonValue, depth: int) -> JsonValue:
        if self.writing is not Writing.FORM:
            return self.write(schema, depth)
        types = schema.get("type") if isinstance(schema, dict) else None
        if isinstance(types, list) and "object" in types:
            return schema  # as JSON, with its types
        written = self.write(schema, depth)
        if types == ["array"] and (item := _one_item(written)) is not False:
            written = {"anyOf": [written, item]}
        return _or_null(written)


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
