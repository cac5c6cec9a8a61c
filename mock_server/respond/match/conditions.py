"""
Conditions of stored answers: `when`.

    when: {path: {id: A}, query: {limit: {greater: 100}}, headers: {accept-language: {pattern: ^fi}}, body:
    {/items/0/kind: [a, b]}}

A value asks for it, a list for any of its values, and an object of these words for all that they say:

| word | holds where the value |
| --- | --- |
| `equals` | is this one, whatever it looks like |
| `not` | is another one, or not there |
| `pattern` | is a text in which this regular expression finds something |
| `contains` | is a text with this in it, or an array with this item |
| `greater`, `less` | is a number above or below this one, or a text that is sorted after or before |
| `absent` | is not there (`true`), or there (`false`) |
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from mock_server.document.model import MISSING, Missing, ParameterLocation
from mock_server.errors import ScriptError, within
from mock_server.exchange.body import write_json
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import parse_query
from mock_server.json_values import JsonValue, Pointer, find_at, parse_pointer
from mock_server.judges.request import DecodedRequest
from mock_server.respond.match.algebra import Absent, AllOf, AnyOf, MatchedText, Matcher, Negation, Predicate, SameAs
from mock_server.schema.validate import compile_pattern

PLACES: Final = {"path": ParameterLocation.PATH, "query": ParameterLocation.QUERY, "headers": ParameterLocation.HEADER}
_MAX_PATTERN = 2_000  # characters
_LEAST = 0.01  # the distance of what does not match, though nothing that is compared says so


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a request has to say."""

    location: ParameterLocation | None  # None: the body
    name: str  # of a parameter; of the body, a JSON Pointer
    values: tuple[JsonValue, ...]  # any of them; none where the matcher says more
    matcher: Matcher
    pointer: Pointer = ()  # in the body
    written: str = ""  # what is asked for, as JSON

    def __str__(self) -> str:
        return f"{self.location.value if self.location is not None else 'body'} {self.name} = {self.written}"

    def holds(self, request: Request, understood: DecodedRequest) -> bool:
        """Return whether a request says it."""
        value = self._value(request, understood)
        if not self.values:
            return self.matcher.matches(_content(value))
        if isinstance(value, Missing):
            return False
        if self.location is None:
            return value in self.values
        return value in self.values or str(value) in map(str, self.values)

    def distance(self, request: Request, understood: DecodedRequest) -> float:
        """Return how far a request is from saying it: from 0, only where it does, to 1."""
        if self.holds(request, understood):
            return 0.0
        return max(_LEAST, self.matcher.distance(_content(self._value(request, understood))))

    def _value(self, request: Request, understood: DecodedRequest) -> JsonValue | Missing:
        if self.location is None:
            if isinstance(understood.body, Missing):
                return MISSING
            found, value = find_at(understood.body, self.pointer)
            if found:
                return value
            return MISSING
        if self.location is ParameterLocation.HEADER:
            field = find_field(request.fields, self.name.encode("latin-1", "replace"))
            if field is not None:
                return field
            return MISSING
        return find_parameter(self.location, self.name, request, understood)


def find_parameter(
    location: ParameterLocation, name: str, request: Request, understood: DecodedRequest
) -> JsonValue | Missing:
    """
    Find the values of a request under a name, in its path or query.

    Args:
        location: Where to look.
        name: Of a parameter; in the query, of anything that is there.
        request: As it came.
        understood: The same, read.

    Returns:
        The value as the document reads it; of what is not documented the text, or the texts.
    """
    value = understood.parameters.get((location, name), MISSING)
    if location is not ParameterLocation.QUERY or not isinstance(value, Missing) or not request.query:
        return value
    found: list[JsonValue] = [
        unquote_plus(text) for key, text in parse_query(request.query.decode("latin-1")) if key == name
    ]
    if not found:
        return MISSING
    if len(found) == 1:
        return found[0]
    return found


def read_conditions(when: JsonValue) -> Iterator[Condition]:
    """
    Read what a stored answer asks for.

    Raises:
        ScriptError: it has another shape; the pointer leads into `when`.
    """
    if not isinstance(when, dict) or not when.keys() <= {*PLACES, "body"}:
        raise ScriptError("'when' is an object of path, query, headers and body")
    for place, wanted in when.items():
        if not isinstance(wanted, dict):
            raise ScriptError(f"'when.{place}' is an object of names and values", (place,))
        for name, value in wanted.items():
            if place == "body" and name and not name.startswith("/"):
                raise ScriptError(f"{name!r} is no JSON Pointer", (place, name))
            location = PLACES.get(place)
            known = name.lower() if place == "headers" else name
            with within(place, name):
                matcher = _read_words(value)
            values: tuple[JsonValue, ...] = ()
            if matcher is None:
                values = tuple(value) if isinstance(value, list) else (value,)
                matcher = AnyOf(tuple(map(SameAs, values)))
            pointer = parse_pointer(name) if location is None else ()
            yield Condition(location, known, values, matcher, pointer, write_json(value).decode())


def _content(value: JsonValue | Missing) -> MatchedText | None:
    if isinstance(value, Missing):
        return None
    return MatchedText.of_value(value)


def _read_words(value: JsonValue) -> Matcher | None:
    """Read an object of words; None for any other value, which is compared as it is."""
    if not isinstance(value, dict) or not value or not value.keys() <= _WORDS.keys():
        return None
    parts = []
    for word, wanted in value.items():
        with within(word):
            parts.append(_WORDS[word](wanted))
    return AllOf(tuple(parts))


def _not(wanted: JsonValue) -> Matcher:
    return Negation(AnyOf(tuple(map(SameAs, wanted if isinstance(wanted, list) else [wanted]))))


def _pattern(wanted: JsonValue) -> Matcher:
    if not isinstance(wanted, str) or len(wanted) > _MAX_PATTERN:
        raise ScriptError(f"a regular expression is a text of at most {_MAX_PATTERN:,} characters")
    try:
        finds = compile_pattern(wanted, whole=False)
    except ValueError as error:
        raise ScriptError(str(error)[:300]) from error
    return Predicate(lambda content: isinstance(content.json, str | int | float) and finds(content.text))


def _contains(wanted: JsonValue) -> Matcher:
    def holds(content: MatchedText) -> bool:
        if isinstance(content.json, str):
            return str(wanted) in content.json
        return isinstance(content.json, list) and wanted in content.json

    return Predicate(holds)


def _bound(wanted: JsonValue, is_met: Callable[[int], bool]) -> Matcher:
    if isinstance(wanted, bool) or not isinstance(wanted, str | int | float):
        raise ScriptError("the bound is a number or a text")

    def holds(content: MatchedText) -> bool:
        value = content.json
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        if isinstance(wanted, str):
            return is_met((str(value) > wanted) - (str(value) < wanted))
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return False
        return is_met((number > wanted) - (number < wanted))

    return Predicate(holds)


def _greater(wanted: JsonValue) -> Matcher:
    return _bound(wanted, lambda order: order > 0)


def _less(wanted: JsonValue) -> Matcher:
    return _bound(wanted, lambda order: order < 0)


def _absent(wanted: JsonValue) -> Matcher:
    if not isinstance(wanted, bool):
        raise ScriptError("'absent' is true or false")
    return Absent() if wanted else Negation(Absent())


_WORDS: Final[dict[str, Callable[[JsonValue], Matcher]]] = {
    "equals": SameAs,
    "not": _not,
    "pattern": _pattern,
    "contains": _contains,
    "greater": _greater,
    "less": _less,
    "absent": _absent,
}
