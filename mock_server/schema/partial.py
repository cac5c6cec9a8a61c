"""
Schemas of partial values: what a part of a conforming value may look like.

Who reads an answer says what it reads of it, and nothing of the rest. So a partial value is right where more members
could make a conforming value of it: nothing is required, alternatives need not be kept apart, and what asks for more of
a value asks for nothing.
"""

from typing import Final

from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.simplify import NESTED, NESTED_LISTS, NESTED_MAPS

# Keywords that ask for more, or hold of a whole value only.
_OF_THE_WHOLE: Final = frozenset(
    ("required", "minProperties", "dependentRequired", "dependentSchemas", "minItems", "contains", "minContains",
     "not", "if", "then", "else")
)  # fmt: skip
# A condition that is made of these holds of a value as soon as it holds of a part that has its properties.
_OF_A_PART: Final = frozenset(("type", "properties", "required", "const", "enum", "title", "description"))


def loosen(schema: JsonObject) -> JsonObject:
    """Write a self-contained schema so that it accepts each part of what it accepted."""
    loosened = _loosen(schema)
    assert isinstance(loosened, dict)  # noqa: S101 - as it was
    return loosened


def _loosen(schema: JsonValue) -> JsonValue:
    if not isinstance(schema, dict):
        return schema
    out: JsonObject = {}
    for keyword, value in schema.items():
        if keyword in _OF_THE_WHOLE:
            continue
        if (keyword in NESTED_MAPS or keyword == "$defs") and isinstance(value, dict):
            out[keyword] = {name: _loosen(child) for name, child in value.items()}
        elif keyword == "oneOf" and isinstance(value, list) and "anyOf" not in schema:
            out["anyOf"] = [_loosen(child) for child in value]
        elif keyword == "oneOf" and isinstance(value, list):
            also = out.get("allOf", [])
            out["allOf"] = [*(also if isinstance(also, list) else []), {"anyOf": [_loosen(child) for child in value]}]
        elif keyword in NESTED_LISTS and isinstance(value, list):
            known = out.get(keyword, [])
            out[keyword] = [*(_loosen(child) for child in value), *(known if isinstance(known, list) else [])]
        elif keyword in NESTED:
            out[keyword] = _loosen(value)
        else:
            out[keyword] = value
    condition = schema.get("if")
    if "then" in schema and isinstance(condition, dict) and condition.keys() <= _OF_A_PART:
        named = condition.get("properties")
        decided: JsonObject = {"required": list(named) if isinstance(named, dict) else []}
        out |= {"if": {"allOf": [condition, decided]}, "then": _loosen(schema["then"])}
    return out


def find_written(schema: JsonObject, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path that leads to the same place in the schema that was loosened."""
    written: list[str] = []
    here: JsonValue = schema
    for token in path:
        step = "oneOf" if token == "anyOf" and isinstance(here, dict) and "anyOf" not in here else token
        written.append(step)
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            here = None
    return tuple(written)
