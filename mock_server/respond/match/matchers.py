"""Matchers in WireMock's words: `{equalTo: …}`, `{matches: …}`, `{and: […]}`; see `algebra`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import orjson

from mock_server.document.model import Missing
from mock_server.errors import ScriptError, within
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue
from mock_server.lazy import LazyModule
from mock_server.respond.match.algebra import (
    Absent,
    AllOf,
    AnyOf,
    AnyValue,
    AtJsonPath,
    EachOnce,
    EqualTo,
    EqualToJson,
    Matcher,
    Negation,
    Predicate,
    ValuesMatcher,
)
from mock_server.respond.match.distance import ExpectedJson
from mock_server.schema.validate import compile_pattern, compile_schema

if TYPE_CHECKING:
    from mock_server import jsonpath
else:
    jsonpath = LazyModule("mock_server.jsonpath")  # which few mappings need

MAX_PATTERN: Final = 2_000  # characters of a regular expression
_MAX_DEPTH = 10  # of and, or, not
_OF_VALUES: Final = ("hasExactly", "includes")
_MOST_VALUES: Final = 100  # matchers of the values of one name


def whole_match(pattern: object) -> Matcher:
    """
    Make a matcher of a regular expression that has to match a text from end to end.

    Raises:
        ScriptError: it is none, or too large a one.
    """
    return _matching(_search(pattern))


def read_matcher(value: JsonValue, depth: int = 0) -> Matcher:
    """
    Read a matcher.

    Args:
        value: As in `{"equalTo": "x", "caseInsensitive": true}`.
        depth: The number of matchers around it.

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
        return AnyValue(read_matcher(value))
    other = next((key for key in value if key != name), None)
    if other is not None:
        raise ScriptError(f"{name!r} stands alone", (other,))
    parts = _several(value, name, 0)
    if len(parts) > _MOST_VALUES:
        raise ScriptError(f"{name!r} takes {_MOST_VALUES} matchers at most", (name,))
    return EachOnce(parts, is_exact=name == "hasExactly")


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


def _matching(search: Callable[[str], bool]) -> Matcher:
    return Predicate(lambda content: search(content.text))


def _equal(value: JsonObject, name: str, depth: int) -> Matcher:
    return EqualTo(_text(value, name), _flag(value, "caseInsensitive"))


def _contains(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = _text(value, name)
    return Predicate(lambda content: wanted in content.text)


def _lacks(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = _text(value, name)
    return Predicate(lambda content: wanted not in content.text)


def _matches(value: JsonObject, name: str, depth: int) -> Matcher:
    with within(name):
        return _matching(_search(value[name]))


def _mismatches(value: JsonObject, name: str, depth: int) -> Matcher:
    with within(name):
        search = _search(value[name])
    return Predicate(lambda content: not search(content.text))


def _absent(value: JsonObject, name: str, depth: int) -> Matcher:
    if value[name] is not True:
        raise ScriptError("'absent' is true, or stands in 'not'", (name,))
    return Absent()


def _equal_json(value: JsonObject, name: str, depth: int) -> Matcher:
    wanted = value[name]
    if isinstance(wanted, str):
        try:
            wanted = orjson.loads(wanted)
        except orjson.JSONDecodeError as error:
            raise ScriptError(f"'equalToJson' is given as text that is no JSON: {error}", (name,)) from error
    try:
        return EqualToJson(ExpectedJson(wanted, _flag(value, "ignoreArrayOrder"), _flag(value, "ignoreExtraElements")))
    except ScriptError as error:
        raise (
            error.inside(name) if error.pointer[:1] not in {("ignoreArrayOrder",), ("ignoreExtraElements",)} else error
        ) from error


def _json_path(value: JsonObject, name: str, depth: int) -> Matcher:
    written = value[name]
    if isinstance(written, str):
        return AtJsonPath(_expression(written, name), None)
    if not isinstance(written, dict) or not isinstance(written.get("expression"), str):
        raise ScriptError("'matchesJsonPath' takes an expression, or an object of 'expression' and a matcher", (name,))
    inner = {key: member for key, member in written.items() if key != "expression"}
    with within(name):
        return AtJsonPath(
            _expression(str(written["expression"]), "expression"), read_matcher(inner, depth + 1) if inner else None
        )


def _expression(text: str, name: str) -> "jsonpath.JsonPath":
    try:
        return jsonpath.JsonPath(text)
    except jsonpath.PathError as error:
        raise ScriptError(f"the JSONPath {text[:80]!r} is not understood: {error}", (name,)) from error


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
        is_valid = compile_schema(schema).is_valid
    except ValueError as error:
        raise ScriptError(f"the schema can't be compiled: {str(error)[:200]}", (name,)) from error
    return Predicate(lambda content: not isinstance(content.json, Missing) and is_valid(content.json))


def _several(value: JsonObject, name: str, depth: int) -> tuple[Matcher, ...]:
    items = value[name]
    if not isinstance(items, list) or not items:
        raise ScriptError(f"{name!r} takes a list of matchers", (name,))
    found = []
    for index, item in enumerate(items):
        with within(name, str(index)):
            found.append(read_matcher(item, depth + 1))
    return tuple(found)


def _and(value: JsonObject, name: str, depth: int) -> Matcher:
    return AllOf(_several(value, name, depth))


def _or(value: JsonObject, name: str, depth: int) -> Matcher:
    return AnyOf(_several(value, name, depth))


def _not(value: JsonObject, name: str, depth: int) -> Matcher:
    with within(name):
        return Negation(read_matcher(value[name], depth + 1))


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
