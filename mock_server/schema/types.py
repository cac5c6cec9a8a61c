"""
The types of JSON Schema: of values, of schemas, and as documents misspell them.

Source: JSON Schema 2020-12 validation, section 6.1.1
"""

import json
from typing import Final

from mock_server.json_values import JsonObject, JsonValue
from mock_server.numbers import is_finite

TYPES: Final = ("null", "boolean", "object", "array", "number", "string", "integer")
# Types that the standards don't have but documents do. JUDGE takes any value for them.
FOLK_TYPES = {
    "file": "string", "date": "string", "datetime": "string", "uuid": "string", "str": "string", "text": "string",
    "float": "number", "double": "number", "decimal": "number", "int": "integer", "long": "integer",
    "bool": "boolean", "list": "array", "map": "object", "dict": "object",
}  # fmt: skip


def is_type(value: JsonValue, type_: str) -> bool:
    """Return True if a value is of a type of JSON Schema; 1.0 is an integer."""
    if isinstance(value, bool):
        return type_ == "boolean"
    if isinstance(value, int):
        return type_ in {"integer", "number"}
    if isinstance(value, float):
        return type_ == "number" or (type_ == "integer" and value.is_integer())
    if value is None:
        return type_ == "null"
    names = {str: "string", list: "array", dict: "object"}
    return type_ == names[type(value)]


def cast(value: JsonValue, type_: str) -> list[JsonValue]:
    """Write a scalar as another type, as in an enum with forgotten quotes: none or one value."""
    if type_ == "string" and isinstance(value, bool | int | float):
        return [json.dumps(value)]
    if isinstance(value, str) and type_ in {"integer", "number", "boolean"}:
        try:
            read: JsonValue = json.loads(value)
        except ValueError:
            return []
        if is_type(read, type_):
            return [read]
        return []
    return []


def is_number(value: JsonValue) -> bool:
    """Return True if a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value)


def is_text_only(out: JsonObject) -> bool:
    """Return True if a translated schema has types, and none of them is that of numbers."""
    types = out.get("type")
    return isinstance(types, list) and not ({"integer", "number"} & set(types))
