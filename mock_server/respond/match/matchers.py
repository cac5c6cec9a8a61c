"""
Matchers of one text, in WireMock's words: `{equalTo: …}`, `{matches: …}`, `{and: […]}`.

Each gives a distance from 0 (it matches) to 1 for a text, or for its absence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import orjson

from mock_server.document.model import MISSING, Missing
from mock_server.errors import ScriptError
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.match.distance import ExpectedJson, text_distance
from mock_server.respond.match.jsonpath import JsonPath, parse_jsonpath
from mock_server.schema.validate import compile_pattern, compile_schema

MAX_PATTERN: Final = 2_000  # characters of a regular expression
_MAX_DEPTH = 10  # of and, or, not
_OF_VALUES: Final = ("hasExactly", "includes")
_MOST_VALUES: Final = 100  # matchers of the values of one name


class MatchedText:
    """One text of a request; what it says as JSON is read once."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def json(self) -> JsonValue | Missing:
        """What it says as JSON; MISSING where it is none."""
        try:
            value: JsonValue = orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return MISSING
        return value


class Matcher:
    """Says whether a text is what is asked for, and else how far from it."""

    __slots__ = ()

    def matches(self, content: MatchedText | None) -> bool:
        """Return whether a text is what is asked for; None stands for a text that is not there."""
        raise NotImplementedError

    def distance(self, content: MatchedText | None) -> float:
        """From 0, only where it matches, to 1."""
        if self.matches(content):
            return 0.0
        return 1.0


@dataclass(frozen=True, slots=True)
class _EqualTo(Matcher):
    wanted: str
    ignore_case: bool = False

    def matches(self, content: MatchedText | None) -> bool:
        if content is None:
            return False
        return self.wanted == content.text or (self.ignore_case and self.wanted.casefold() == content.text.casefold())

    def distance(self, content: MatchedText | None) -> float:
        if content is None or self.matches(content):
            if content is not None:
                return 0.0
            return 1.0
        return text_distance(self.wanted, content.text)


@dataclass(frozen=True, slots=True)
class _TextTest(Matcher):
    """Something that holds of a text or does not."""

    holds: Callable[[str], bool]

    def matches(self, content: MatchedText | None) -> bool:
        return content is not None and self.holds(content.text)


@dataclass(frozen=True, slots=True)
class _Absent(Matcher):
    def matches(self, content: MatchedText | None) -> bool:
        return content is None


@dataclass(frozen=True, slots=True)
class _EqualToJson(Matcher):
    expected: ExpectedJson

    def matches(self, content: MatchedText | None) -> bool:
        return content is not None and not isinstance(content.json, Missing) and self.expected.matches(content.json)

    def distance(self, content: MatchedText | None) -> float:
        if content is None or isinstance(content.json, Missing):
            return 1.0
        return self.expected.distance(content.json)


@dataclass(frozen=True, slots=True)
class _JsonPathMatcher(Matcher):
    path: JsonPath
    inner: Matcher | None  # of what is found; None: anything

    def matches(self, content: MatchedText | None) -> bool:
        if content is None or isinstance(content.json, Missing):
            return False
        found = self.path.find(content.json)
        if self.inner is None:
            return any(value is not None and value not in ([], {}) for value in found)
        return any_match(
            self.inner,
            [MatchedText(value if isinstance(value, str) else write_json(value).decode()) for value in found],
        )


@dataclass(frozen=True, slots=True)
class _JsonSchema(Matcher):
    is_valid: Callable[[JsonValue], bool]

    def matches(self, content: MatchedText | None) -> bool:
        return content is not None and not isinstance(content.json, Missing) and self.is_valid(content.json)


@dataclass(frozen=True, slots=True)
class _And(Matcher):
    parts: tuple[Matcher, ...]

    def matches(self, content: MatchedText | None) -> bool:
        return all(part.matches(content) for part in self.parts)

    def distance(self, content: MatchedText | None) -> float:
        return sum(part.distance(content) for part in self.parts) / len(self.parts)


@dataclass(frozen=True, slots=True)
class _Or(Matcher):
    parts: tuple[Matcher, ...]

    def matches(self, content: MatchedText | None) -> bool:
        return any(part.matches(content) for part in self.parts)

    def distance(self, content: MatchedText | None) -> float:
        return min(part.distance(content) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Not(Matcher):
    part: Matcher

    def matches(self, content: MatchedText | None) -> bool:
        return not self.part.matches(content)


class ValuesMatcher:
    """Says whether all values that a parameter or a header field has are what is asked for, and else how far from it."""

    __slots__ = ()

    def matches(self, contents: Sequence[MatchedText]) -> bool:
        """Return whether the values are what is asked for; none stand for what is not there."""
        raise NotImplementedError

    def distance(self, contents: Sequence[MatchedText]) -> float:
        """From 0, only where they match, to 1."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _OneOfThem(ValuesMatcher):
    """Any of the values will do."""

    matcher: Matcher

    def matches(self, contents: Sequence[MatchedText]) -> bool:
        return any_match(self.matcher, contents)

    def distance(self, contents: Sequence[MatchedText]) -> float:
        return nearest(self.matcher, contents)


@dataclass(frozen=True, slots=True)
class _EachOnce(ValuesMatcher):
    """For each matcher there is a value of its own, in any order; `is_exact`: and no other value."""

    parts: tuple[Matcher, ...]
    is_exact: bool

    def matches(self, contents: Sequence[MatchedText]) -> bool:
        if self.is_exact:
            return len(contents) == len(self.parts) and _can_be_paired(self.parts, contents)
        return all(any(part.matches(content) for content in contents) for part in self.parts)

    def distance(self, contents: Sequence[MatchedText]) -> float:
        if self.matches(contents):
            return 0.0
        lacking = [nearest(part, contents) if contents else 1.0 for part in self.parts]
        more = max(len(contents) - len(self.parts), 0) if self.is_exact else 0
        return max((sum(lacking) + more) / (len(self.parts) + more), 0.01)


def _can_be_paired(parts: Sequence[Matcher], contents: Sequence[MatchedText]) -> bool:
    """Return whether each matcher gets a value of its own: by augmenting paths, since several may take the same."""
    owners: dict[int, int] = {}  # of values: the matcher that has each

    def find(part: int, tried: set[int]) -> bool:
        for index, content in enumerate(contents):
            if index not in tried and parts[part].matches(content):
                tried.add(index)
                if index not in owners or find(owners[index], tried):
                    owners[index] = part
                    return True
        return False

    return all(find(part, set()) for part in range(len(parts)))


def any_match(matcher: Matcher, contents: Sequence[MatchedText]) -> bool:
    """Return whether any of several texts matches; where there are none, their absence has to."""
    if contents:
        return any(matcher.matches(content) for content in contents)
    return matcher.matches(None)


def nearest(matcher: Matcher, contents: Sequence[MatchedText]) -> float:
    """Return the distance of the nearest of several texts; of none, that of absence."""
    if contents:
        return min(matcher.distance(content) for content in contents)
    return matcher.distance(None)


def equal_to(text: str) -> Matcher:
    """Make a matcher of one text."""
    return _EqualTo(text)


def whole_match(pattern: object) -> Matcher:
    """
    Make a matcher of a regular expression that has to match a text from end to end.

    Raises:
        ScriptError: it is none, or too large a one.
    """
    return _TextTest(_search(pattern))


def read_matcher(value: JsonValue, depth: int = 0) -> Matcher:
    """
    Read a matcher.

    Args:
        value: As in `{"equalTo": "x", "caseInsensitive": true}`.
        depth: How many others it stands in.

    Raises:
        ScriptError: it is none, or one that is not supported.
    """
    if not isinstance(value, dict):
        raise ScriptError(f'a matcher is an object such as {{"equalTo": "x"}}, not {_shown(value)}')
    if depth > _MAX_DEPTH:
        raise ScriptError(f"matchers stand in each other more than {_MAX_DEPTH} deep")
    names = [name for name in value if name in _READERS]
    options = {name for known in names for name in _OPTIONS.get(known, ())}
    unknown = next((name for name in value if name not in names and name not in options), None)
    if unknown is not None:
        raise ScriptError(f"{unknown!r} is not supported here; matchers are {', '.join(_READERS)}", (unknown,))
    if len(names) != 1:
        advice = "combine several with 'and'" if names else f"they are {', '.join(_READERS)}"
        raise ScriptError(f"there has to be one matcher, not {len(names)}: {advice}")
    return _READERS[names[0]](value, names[0], depth)


def read_values_matcher(value: JsonValue) -> ValuesMatcher:
    """
    Read a matcher of all values that a name has: `{"hasExactly": […]}`, `{"includes": […]}`, else one of any of them.

    Raises:
        ScriptError: it is none, or one that is not supported.
    """
    name = next((name for name in _OF_VALUES if isinstance(value, dict) and name in value), None)
    if name is None or not isinstance(value, dict):
        return _OneOfThem(read_matcher(value))
    other = next((key for key in value if key != name), None)
    if other is not None:
        raise ScriptError(f"{name!r} stands alone", (other,))
    parts = _several(value, name, 0)
    if len(parts) > _MOST_VALUES:
        raise ScriptError(f"{name!r} takes {_MOST_VALUES} matchers at most", (name,))
    return _EachOnce(parts, is_exact=name == "hasExactly")


def _text(value: JsonObject, name: str) -> str:
    text = value[name]
    if isinstance(text, str):
        return text
    if isinstance(text, int | float) and not isinstance(text, bool):
        return write_json(text).decode()
    raise ScriptError(f"{name!r} takes a text, not {_shown(text)}", (name,))


def _flag(value: JsonObject, name: str) -> bool:
    flag = value.get(name, False)
    if not isinstance(flag, bool):
        raise ScriptError(f"{name!r} is true or false, not {_shown(flag)}", (name,))
    return flag


def _search(pattern: object) -> Callable[[str], bool]:
    if not isinstance(pattern, str):
        raise ScriptError(f"a regular expression is a text, not {_shown(pattern)}")
    if len(pattern) > MAX_PATTERN:
        raise ScriptError(f"the regular expression has more than {MAX_PATTERN:,} characters")
    try:
        return compile_pattern(pattern, whole=True)
    except ValueError as error:
        raise ScriptError(str(error)[:300]) from error


def _equal(value: JsonObject, name: str, depth: int) -> Matcher:
    return _EqualTo(_text(value, name), _flag(value, "caseInsensitive"))


def _contains(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = _text(value, name)
    return _TextTest(lambda text: wanted in text)


def _lacks(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = _text(value, name)
    return _TextTest(lambda text: wanted not in text)


def _matches(value: JsonObject, name: str, depth: int) -> Matcher:
    try:
        return _TextTest(_search(value[name]))
    except ScriptError as error:
        raise error.inside(name) from error


def _mismatches(value: JsonObject, name: str, depth: int) -> Matcher:
    try:
        search = _search(value[name])
    except ScriptError as error:
        raise error.inside(name) from error
    return _TextTest(lambda text: not search(text))


def _absent(value: JsonObject, name: str, depth: int) -> Matcher:
    if value[name] is not True:
        raise ScriptError("'absent' is true, or stands in 'not'", (name,))
    return _Absent()


def _equal_json(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = value[name]
    if isinstance(wanted, str):
        try:
            wanted = orjson.loads(wanted)
        except orjson.JSONDecodeError as error:
            raise ScriptError(f"'equalToJson' is given as text that is no JSON: {error}", (name,)) from error
    try:
        return _EqualToJson(ExpectedJson(wanted, _flag(value, "ignoreArrayOrder"), _flag(value, "ignoreExtraElements")))
    except ScriptError as error:
        raise (
            error.inside(name) if error.pointer[:1] not in {("ignoreArrayOrder",), ("ignoreExtraElements",)} else error
        ) from error


def _json_path(value: JsonObject, name: str, depth: int) -> Matcher:
    written = value[name]
    if isinstance(written, str):
        return _JsonPathMatcher(_expression(written, name), None)
    if not isinstance(written, dict) or not isinstance(written.get("expression"), str):
        raise ScriptError("'matchesJsonPath' takes an expression, or an object of 'expression' and a matcher", (name,))
    inner = {key: member for key, member in written.items() if key != "expression"}
    try:
        return _JsonPathMatcher(
            _expression(str(written["expression"]), "expression"), read_matcher(inner, depth + 1) if inner else None
        )
    except ScriptError as error:
        raise error.inside(name) from error


def _expression(text: str, name: str) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except ScriptError as error:
        raise error.inside(name) from error


def _json_schema(value: JsonObject, name: str, depth: int) -> Matcher:
    schema = value[name]
    if value.get("schemaVersion", "V202012") != "V202012":
        raise ScriptError("the only supported 'schemaVersion' is V202012", ("schemaVersion",))
    if isinstance(schema, str):
        try:
            schema = orjson.loads(schema)
        except orjson.JSONDecodeError as error:
            raise ScriptError(f"'matchesJsonSchema' is given as text that is no JSON: {error}", (name,)) from error
    if not isinstance(schema, dict):
        raise ScriptError("'matchesJsonSchema' takes a schema", (name,))
    try:
        return _JsonSchema(compile_schema(schema).is_valid)
    except ValueError as error:
        raise ScriptError(f"the schema can't be compiled: {str(error)[:200]}", (name,)) from error


def _several(value: JsonObject, name: str, depth: int) -> tuple[Matcher, ...]:
    items = value[name]
    if not isinstance(items, list) or not items:
        raise ScriptError(f"{name!r} takes a list of matchers", (name,))
    found = []
    for index, item in enumerate(items):
        try:
            found.append(read_matcher(item, depth + 1))
        except ScriptError as error:
            raise error.inside(name, str(index)) from error
    return tuple(found)


def _and(value: JsonObject, name: str, depth: int) -> Matcher:
    return _And(_several(value, name, depth))


def _or(value: JsonObject, name: str, depth: int) -> Matcher:
    return _Or(_several(value, name, depth))


def _not(value: JsonObject, name: str, depth: int) -> Matcher:
    try:
        return _Not(read_matcher(value[name], depth + 1))
    except ScriptError as error:
        raise error.inside(name) from error


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) <= 80:  # noqa: PLR2004 - of a message
        return text
    return f"{text[:80]}…"


_READERS: dict[str, Callable[[JsonObject, str, int], Matcher]] = {
    "equalTo": _equal,
    "contains": _contains,
    "doesNotContain": _lacks,
    "matches": _matches,
    "doesNotMatch": _mismatches,
    "absent": _absent,
    "equalToJson": _equal_json,
    "matchesJsonPath": _json_path,
    "matchesJsonSchema": _json_schema,
    "and": _and,
    "or": _or,
    "not": _not,
}
_OPTIONS: dict[str, tuple[str, ...]] = {
    "equalTo": ("caseInsensitive",),
    "equalToJson": ("ignoreArrayOrder", "ignoreExtraElements"),
    "matchesJsonSchema": ("schemaVersion",),
}
MATCHERS: Final = tuple(_READERS)
