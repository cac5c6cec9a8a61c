"""
Properties with texts that are numbers, by the evidence of the same name elsewhere in the document.

APIs write whole numbers that JavaScript can't hold (bit fields, snowflakes, amounts) as texts. Where one schema only
says `permissions: {type: string}`, another schema of the document often says `integer`, or shows digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from mock_server.generate.realism.tables import NUMERAL
from mock_server.json_values import JsonObject, JsonValue, as_list
from mock_server.schema.formats import find_format

# Patterns that nothing but digits match: `^\d+$`, `^-?[0-9]{1,20}$`, `^(0|[1-9][0-9]*)$`.
_DIGITS_ONLY: Final = re.compile(r"\^(?:[()|?:+*0-9-]|\\d|\[[0-9]-9\]|\{[0-9]*,?[0-9]*\})+\$")
_INTEGER: Final = re.compile(r"[+-]?\d+")
_SHOWN: Final = ("examples", "enum")
_SHOWN_ONCE: Final = ("example", "const", "default")


class Evidence(Enum):
    """The evidence of one schema on the values of a property."""

    NUMBER = "a number, or digits"
    WORDS = "a text that is no number"
    NOTHING = "nothing"


@dataclass(eq=False, repr=False)
class Numerals:
    """The names in one document, which is walked at the first question."""

    document: JsonValue = None
    _known: dict[str, bool] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return True if a name is a number's somewhere in the document, and nowhere that of another text."""
        if name not in self._known:
            found = {weigh(schema) for schema in self._schemas.get(name, ())}
            self._known[name] = Evidence.NUMBER in found and Evidence.WORDS not in found
        return self._known[name]

    @cached_property
    def _schemas(self) -> dict[str, list[JsonObject]]:
        """The schemas of all properties, by name."""
        found: dict[str, list[JsonObject]] = {}
        for properties in iter_properties(self.document):
            for name, schema in properties.items():
                if isinstance(schema, dict):
                    found.setdefault(name, []).append(schema)
        return found


def iter_properties(document: JsonValue) -> Iterator[JsonObject]:
    """Iterate over the values of `properties` in a document; parts that are shared are visited once."""
    seen: set[int] = set()
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            properties = part.get("properties")
            if isinstance(properties, dict):
                yield properties
            waiting.extend(value for value in part.values() if isinstance(value, dict | list))
        elif isinstance(part, list):
            waiting.extend(value for value in part if isinstance(value, dict | list))


def weigh(schema: JsonObject) -> Evidence:
    """Return the evidence of a schema on a property's values."""
    listed = schema.get("type")
    types = set(listed) if isinstance(listed, list) else {listed}
    if "integer" in types:
        return Evidence.NUMBER
    if "string" not in types:
        return Evidence.NOTHING
    shown = [schema[word] for word in _SHOWN_ONCE if word in schema]
    for word in _SHOWN:
        values = schema.get(word)
        shown += as_list(values)
    texts = [value for value in shown if isinstance(value, str) and value]
    if texts:
        if all(map(_INTEGER.fullmatch, texts)):
            return Evidence.NUMBER
        return Evidence.WORDS
    if "pattern" in schema:
        if _DIGITS_ONLY.fullmatch(str(schema["pattern"])):
            return Evidence.NUMBER
        return Evidence.WORDS
    if find_format(schema.get("format")).meaning == "numeral" or NUMERAL.search(str(schema.get("description", ""))):
        return Evidence.NUMBER
    if "format" in schema:
        return Evidence.WORDS
    return Evidence.NOTHING
