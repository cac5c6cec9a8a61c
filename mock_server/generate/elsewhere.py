"""
The same property elsewhere in the document: whether its texts are numbers, and which values are shown of it.

APIs write whole numbers that JavaScript can't hold (bit fields, snowflakes, amounts) as texts. Where one schema only
says `permissions: {type: string}`, another schema of the document often says `integer`, or shows digits. And where one
schema shows no example, another one of the same name, or a whole example of an answer, often does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, NamedTuple

from mock_server.generate.realism.example_shapes import scheme_of
from mock_server.generate.realism.tables import NUMERAL
from mock_server.json_values import JsonObject, JsonValue, as_list, as_object
from mock_server.names import joined, nouns_of, split_words
from mock_server.schema.formats import find_format

# Patterns that nothing but digits match: `^\d+$`, `^-?[0-9]{1,20}$`, `^(0|[1-9][0-9]*)$`.
_DIGITS_ONLY: Final = re.compile(r"\^(?:[()|?:+*0-9-]|\\d|\[[0-9]-9\]|\{[0-9]*,?[0-9]*\})+\$")
_INTEGER: Final = re.compile(r"[+-]?\d+")
# Keywords whose members are named after what they are.
_NAMING: Final = frozenset(("schemas", "definitions", "$defs", "properties"))
_SAYING_LITTLE: Final = frozenset(
    ("type", "kind", "value", "result", "data", "key", "mode", "object", "default", "name", "title", "description",
     "id",
     "status", "state", "code", "label", "text", "content", "message", "details", "reason", "version", "source",
     "target",
     "group", "path", "url", "href", "uri", "tag", "tags", "summary", "note", "field", "action", "number", "size",
     "unit", "body")
)  # fmt: skip
_PLACEHOLDERS: Final = frozenset(
    ("string", "text", "foo", "bar", "baz", "null", "n/a", "none", "tbd", "todo", "xxx", "test")
)
_STANDING_FOR: Final = re.compile(r"your[ _-]|my[ _-]|[<{\[(*]|x{3,}|.*\.\.\.\Z", re.IGNORECASE | re.DOTALL)
# How much of a document's examples is kept: values of one name, whole examples and the parts of one, characters.
_MOST_KEPT: Final = 64
_MOST_SHOWN: Final = 16
_MOST_EXAMPLES: Final = 4_000
_MOST_MEMBERS: Final = 400
_LONGEST: Final = 400
_SHOWN: Final = ("examples", "enum")
_SHOWN_ONCE: Final = ("example", "const", "default")


class Evidence(Enum):
    """The evidence of one schema on the values of a property."""

    NUMBER = "a number, or digits"
    WORDS = "a text that is no number"
    NOTHING = "nothing"


class ShownValue(NamedTuple):
    """A value that the document shows of a property."""

    value: str
    owner: frozenset[str]  # the nouns of the object that it is shown in; empty where that is not known


@dataclass(eq=False, repr=False)
class Elsewhere:
    """The names of properties in one document, which is walked at the first question."""

    document: JsonValue = None
    _known: dict[str, bool] = field(default_factory=dict)

    def is_numeral(self, name: str) -> bool:
        """Return True if a name is a number's somewhere in the document, and nowhere that of another text."""
        if name not in self._known:
            found = {weigh(schema) for schema in self._walked[0].get(name, ())}
            self._known[name] = Evidence.NUMBER in found and Evidence.WORDS not in found
        return self._known[name]

    def examples(self, name: str, owner: frozenset[str]) -> tuple[str, ...]:
        """
        List the texts that the document shows of a property of a name, in things of the same kind first.

        Args:
            name: The property.
            owner: The nouns of the object that it belongs to. A name that says little, as `type` or `name`, is that of
                another property in another object.
        """
        shown = self._walked[1].get(name, [])
        own = [each.value for each in shown if each.owner & owner]
        if not own and (_says_much(name) or _are_of_one_scheme([each.value for each in shown])):
            own = [each.value for each in shown]
        return tuple(dict.fromkeys(own))[:_MOST_SHOWN]

    @cached_property
    def _walked(self) -> tuple[dict[str, list[JsonObject]], dict[str, list[ShownValue]]]:
        """The schemas of all properties, and the values that are shown of them, by name."""
        schemas: dict[str, list[JsonObject]] = {}
        shown: dict[str, list[ShownValue]] = {}
        for owner, properties in _iter_owned(self.document):
            for name, schema in properties.items():
                if isinstance(schema, dict):
                    schemas.setdefault(name, []).append(schema)
                    for value in self._texts_of(schema):
                        _show(shown, name, value, owner)
        for example in _iter_examples(self.document):
            for owner, name, value in _iter_members(example):
                _show(shown, name, value, owner)
        return schemas, shown

    def _texts_of(self, schema: JsonObject) -> list[str]:
        """List the texts that a schema shows of its values, or of the items of its lists."""
        found: list[JsonValue] = []
        items = schema.get("items")
        for part in (schema, items, self._referred(schema), self._referred(items)):
            if isinstance(part, dict):
                found.append(part.get("example"))
                found += as_list(part.get("examples"))
                found += as_list(part.get("enum"))[:_MOST_SHOWN]
        listed = [item for value in found for item in (value if isinstance(value, list) else [value])]
        return [value for value in listed if isinstance(value, str)]

    def _referred(self, schema: JsonValue) -> JsonValue:
        """Return the schema of the document that another one refers to."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        part = self.document
        for step in reference[2:].split("/"):
            part = as_object(part).get(step)
        return part


def _show(shown: dict[str, list[ShownValue]], name: str, value: str, owner: frozenset[str]) -> None:
    kept = shown.setdefault(name, [])
    text = value.strip()
    if len(kept) < _MOST_KEPT and 0 < len(text) <= _LONGEST and not _is_placeholder(name, text):
        kept.append(ShownValue(text, owner))


def _is_placeholder(name: str, text: str) -> bool:
    """Return True if a text stands for a value rather than is one: `string`, `<your key>`, or the property's name."""
    return text.lower() in _PLACEHOLDERS or joined(text) == joined(name) or _STANDING_FOR.match(text) is not None


def _are_of_one_scheme(values: list[str]) -> bool:
    """Return True if all values of a name are links of one kind that is not HTTP's: paths, or `spotify:album:1`."""
    schemes = set(map(scheme_of, values))
    return len(schemes) == 1 and not schemes & {"", "http:"}


def _says_much(name: str) -> bool:
    words = split_words(name)
    return len(words) > 1 or not (words and words[0] in _SAYING_LITTLE)


def _iter_owned(document: JsonValue) -> Iterator[tuple[frozenset[str], JsonObject]]:
    """Iterate over the values of `properties` in a document with the nouns of their object."""
    nobody: frozenset[str] = frozenset()
    seen: set[int] = set()
    waiting: list[tuple[frozenset[str], JsonValue]] = [(nobody, document)]
    while waiting:
        owner, part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            properties = part.get("properties")
            if isinstance(properties, dict):
                yield owner, properties
            for key, value in part.items():
                if key in _NAMING and isinstance(value, dict):
                    waiting.extend((nouns_of(name), each) for name, each in value.items() if isinstance(each, dict))
                elif isinstance(value, dict | list):
                    waiting.append((owner, value))
        elif isinstance(part, list):
            waiting.extend((owner, value) for value in part if isinstance(value, dict | list))


def _iter_examples(document: JsonValue) -> Iterator[JsonValue]:
    """Iterate over whole objects and lists that a document shows as examples."""
    seen: set[int] = set()
    waiting = [document]
    count = 0
    while waiting and count < _MOST_EXAMPLES:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "example" and isinstance(value, dict | list):
                    count += 1
                    yield value
                elif key == "examples" and isinstance(value, dict | list):
                    listed = value.values() if isinstance(value, dict) else value
                    for each in listed:
                        count += 1
                        yield each.get("value", each) if isinstance(each, dict) else each
                elif isinstance(value, dict | list):
                    waiting.append(value)
        else:
            waiting.extend(value for value in as_list(part) if isinstance(value, dict | list))


def _iter_members(example: JsonValue) -> Iterator[tuple[frozenset[str], str, str]]:
    """Iterate over the texts in an example: the nouns of the object, the property, the text."""
    waiting: list[tuple[frozenset[str], JsonValue]] = [(frozenset(), example)]
    left = _MOST_MEMBERS
    while waiting and left:
        left -= 1
        owner, part = waiting.pop()
        if isinstance(part, dict):
            for name, value in part.items():
                for text in value if isinstance(value, list) else [value]:
                    if isinstance(text, str):
                        yield owner, name, text
                if isinstance(value, str):
                    continue
                if isinstance(value, dict | list):
                    waiting.append((nouns_of(name), value))
        else:
            waiting.extend((owner, value) for value in as_list(part) if isinstance(value, dict | list))


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
