"""
JSONPath, RFC 9535, as far as it takes time in proportion to a value and an expression.

    $.a.b[0]    $['a b']    $.items[*].id    $.items[?@.kind == 'x'].id    $.items[?@.price > 9.5 && @.id]    $..id

Refused are: a second descendant segment (`..`), several selectors between brackets, filters that look at more than
members of the value they filter, and the functions match and search, whose regular expressions nothing bounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, cast

from mock_server.errors import ScriptError
from mock_server.json_values import JsonValue
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import jsonpath
else:
    jsonpath = LazyModule("jsonpath")

_MAX_LENGTH = 500  # characters of an expression
_MAX_NODES = 10_000  # values that are found


@dataclass(frozen=True, slots=True)
class JsonPath:
    """An expression, read."""

    compiled: "jsonpath.JSONPath"

    def find(self, value: JsonValue) -> list[JsonValue]:
        """List the values at which the expression leads."""
        if not isinstance(value, dict | list):
            return [] if self.compiled.segments else [value]  # the library would read a text as JSON
        try:
            found = [match.obj for match in islice(self.compiled.finditer(value), _MAX_NODES)]
        except jsonpath.JSONPathError:  # deeper than the library goes
            return []
        return cast("list[JsonValue]", found)


def parse_jsonpath(text: str) -> JsonPath:
    """
    Read an expression.

    Raises:
        ScriptError: it is none, or it could take too long.
    """
    if not text.startswith("$"):
        raise ScriptError(f"a JSONPath starts with '$': {text[:80]!r}")
    if len(text) > _MAX_LENGTH:
        raise ScriptError(f"the JSONPath is longer than {_MAX_LENGTH} characters")
    try:
        compiled = _environment().compile(text)
    except jsonpath.JSONPathError as error:
        raise ScriptError(f"the JSONPath {text!r} is not understood: {str(error).partition(chr(10))[0]}") from error
    assert isinstance(compiled, jsonpath.JSONPath)  # noqa: S101 - compound paths are none of RFC 9535
    costly = next(_find_costly(compiled), None)
    if costly is not None:
        raise ScriptError(f"the JSONPath {text!r} is not understood: {costly}")
    return JsonPath(compiled)


@cache
def _environment() -> "jsonpath.JSONPathEnvironment":
    # Filters may not be cached: expressions are shared by threads.
    environment = jsonpath.JSONPathEnvironment(strict=True, filter_caching=False)
    for name in ("match", "search"):
        del environment.function_extensions[name]
    return environment


def _find_costly(path: "jsonpath.JSONPath") -> Iterator[str]:
    """Yield what in an expression could take more than linear time."""
    descendants = [
        each for each in path.segments if isinstance(each, jsonpath.segments.JSONPathRecursiveDescentSegment)
    ]
    if len(descendants) > 1:
        yield "it may have one descendant segment (..)"
    for segment in path.segments:
        if len(segment.selectors) > 1:
            yield "there may be one selector between brackets"
        for selector in segment.selectors:
            if isinstance(selector, jsonpath.selectors.Filter) and not _is_local(selector.expression):
                yield "a filter may look at members of the value that it filters (@.name)"


def _is_local(expression: "jsonpath.filter.BaseExpression") -> bool:
    """Return whether a filter looks at single members of its value only."""
    if isinstance(expression, jsonpath.filter.FilterQuery):
        return isinstance(expression, jsonpath.filter.RelativeFilterQuery) and expression.path.singular_query()
    return all(map(_is_local, expression.children()))
