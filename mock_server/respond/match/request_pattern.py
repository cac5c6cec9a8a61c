"""
Request patterns in WireMock's shape: which requests are meant, and how far others are from them.

    {"method": "POST", "urlPathTemplate": "/things/{id}", "pathParameters": {"id": {"matches": "[0-9]+"}},
     "queryParameters": {…}, "headers": {…}, "cookies": {…}, "basicAuthCredentials": {…}, "bodyPatterns": [{…}]}

Paths are those of the request, base path included (`/api`).
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar
from urllib.parse import unquote, unquote_plus

from mock_server.errors import ScriptError, within
from mock_server.exchange.body import write_json
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import Carrier
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.respond.match.algebra import EqualTo, MatchedText, Matcher, ValuesMatcher, any_match, nearest
from mock_server.respond.match.distance import text_distance
from mock_server.respond.match.matchers import read_matcher, read_values_matcher, whole_match

ANY: Final = "ANY"
AnyMatcher = TypeVar("AnyMatcher", Matcher, ValuesMatcher)
_URLS = ("url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate")
METHOD_WEIGHT: Final = 3.0
URL_WEIGHT: Final = 10.0  # what is asked for first says most about what was meant
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_SEGMENT = re.compile(r"([^{}]*)\{([^{}]+)\}([^{}]*)\Z")


class PatternRequest:
    """A request, read for patterns; each part when it is first looked at."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.path = request.path.decode("latin-1")
        query = request.query.decode("latin-1")
        self.url = f"{self.path}?{query}" if query else self.path
        self._carrier = Carrier({}, query, request.fields)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The values of the query by name, decoded."""
        found: dict[str, list[str]] = {}
        for name, value in self._carrier.pairs:
            found.setdefault(name, []).append(unquote_plus(value))
        return found

    @cached_property
    def cookies(self) -> dict[str, list[str]]:
        """The values of the cookies by name."""
        found: dict[str, list[str]] = {}
        for name, value in self._carrier.cookies():
            found.setdefault(name, []).append(value)
        return found

    def headers(self, name: str) -> list[str]:
        """Return the values of a header field; its name in lower case."""
        wanted = name.encode("latin-1", "replace")
        return [value.decode("latin-1") for field, value in self.request.fields if field == wanted]

    @cached_property
    def body(self) -> MatchedText | None:
        """The body as text; None where there is none."""
        if self.request.body:
            return MatchedText(self.request.body.decode("utf-8", "replace"))
        return None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a pattern asks for."""

    pointer: Pointer  # in the pattern
    wanted: str  # for people
    weight: float
    holds: Callable[[PatternRequest], bool]
    measure: Callable[[PatternRequest], float] | None = None  # None: all or nothing

    def distance(self, asked: PatternRequest) -> float:
        """Return how far a request is from it: from 0, only where it holds, to 1."""
        if self.measure is None:
            if self.holds(asked):
                return 0.0
            return 1.0
        return self.measure(asked)


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """The distance of a request from one criterion of a pattern."""

    pointer: Pointer
    wanted: str
    distance: float


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """A request pattern, read."""

    written: JsonObject
    parts: tuple[Criterion, ...]

    def matches(self, asked: PatternRequest) -> bool:
        """Return whether a request is meant."""
        return all(part.holds(asked) for part in self.parts)

    def distance(self, asked: PatternRequest) -> float:
        """Return how far a request is from those that are meant: 0 for these, 1 where nothing agrees."""
        total = sum(part.weight for part in self.parts)
        if total:
            return sum(part.weight * part.distance(asked) for part in self.parts) / total
        return 0.0

    def explain(self, asked: PatternRequest) -> tuple[CriterionResult, ...]:
        """Return the distance from each criterion."""
        return tuple(CriterionResult(part.pointer, part.wanted, part.distance(asked)) for part in self.parts)


def read_pattern(value: JsonValue) -> RequestPattern:
    """
    Read a request pattern.

    Raises:
        ScriptError: it is none, or asks for something that is not supported.
    """
    if not isinstance(value, dict):
        raise ScriptError("a request pattern is an object")
    unknown = next((name for name in value if name not in _READERS and name not in _URLS), None)
    if unknown is not None:
        raise ScriptError(
            f"{unknown!r} of a request pattern is not supported; supported are {', '.join((*_READERS, *_URLS))}",
            (unknown,),
        )
    urls = [name for name in _URLS if name in value]
    if len(urls) > 1:
        raise ScriptError(f"a request pattern has one of {', '.join(urls)}", (urls[1],))
    parts: list[Criterion] = []
    names: list[str] = []
    if urls:
        parts.append(_url_part(urls[0], value[urls[0]]))
        names = template_variables(str(value[urls[0]])) if urls[0] == "urlPathTemplate" else []
    for name, read in _READERS.items():
        if name in value:
            parts.extend(_path_parts(value, names) if name == "pathParameters" else read(value[name]))
    return RequestPattern(value, tuple(parts))


def template_variables(template: str) -> list[str]:
    """Return the names of the variables of a path template."""
    return [found[2] for segment in template.split("/") if (found := _SEGMENT.match(segment))]


def match_template(template: str, path: str) -> dict[str, str] | None:
    """
    Match a path template with at most one variable in each segment.

    Returns:
        The variables, decoded; None where the path is another one.
    """
    wanted, segments = template.split("/"), path.split("/")
    if len(wanted) != len(segments):
        return None
    variables: dict[str, str] = {}
    for segment, written in zip(wanted, segments, strict=True):
        given = unquote(written)
        found = _SEGMENT.match(segment)
        if found is None:
            if given != unquote(segment):
                return None
            continue
        before, name, after = found.groups()
        value = given[len(before) : len(given) - len(after)]
        if not value or given != before + value + after:
            return None
        variables[name] = value
    return variables


def _url_part(name: str, value: JsonValue) -> Criterion:
    if not isinstance(value, str):
        raise ScriptError(f"{name!r} takes a text", (name,))
    whole = name in {"url", "urlPattern"}

    def texts(asked: PatternRequest) -> list[MatchedText]:
        written = asked.url if whole else asked.path
        return [MatchedText(text) for text in dict.fromkeys((written, unquote(written)))]

    wanted = f"{name} {value}"
    if name == "urlPathTemplate":
        bad = next((s for s in value.split("/") if ("{" in s or "}" in s) and not _SEGMENT.match(s)), None)
        if bad is not None:
            raise ScriptError(f"the segment {bad!r} holds more than one variable, or none that is closed", (name,))
        return Criterion(
            (name,),
            wanted,
            URL_WEIGHT,
            lambda asked: match_template(value, asked.path) is not None,
            lambda asked: _template_distance(value, asked.path),
        )
    with within(name):
        matcher = whole_match(value) if name.endswith("Pattern") else EqualTo(value)
    return Criterion(
        (name,),
        wanted,
        URL_WEIGHT,
        lambda asked: any_match(matcher, texts(asked)),
        lambda asked: nearest(matcher, texts(asked)),
    )


def _template_distance(template: str, path: str) -> float:
    if match_template(template, path) is not None:
        return 0.0
    return max(0.01, path_distance(template, path))


def path_distance(template: str, path: str) -> float:
    """Return how different a path is from a template: segment by segment; a variable is like anything."""
    wanted, given = template.split("/")[1:], unquote(path).split("/")[1:]
    longest = max(len(wanted), len(given), 1)
    pairs = zip(wanted, given, strict=False)
    near = sum(text_distance(one, other) for one, other in pairs if not ("{" in one and other))
    return (near + abs(len(wanted) - len(given))) / longest


def _method(value: JsonValue) -> list[Criterion]:
    if not isinstance(value, str) or not _TOKEN.match(value):
        raise ScriptError("'method' is the name of one, or ANY", ("method",))
    wanted = value.upper()
    if wanted == ANY:
        return []
    return [Criterion(("method",), wanted, METHOD_WEIGHT, lambda asked: asked.request.method == wanted)]


def _members(
    place: str, value: JsonValue, read: Callable[[JsonValue], AnyMatcher]
) -> list[tuple[str, AnyMatcher, str]]:
    if not isinstance(value, dict):
        raise ScriptError(f"{place!r} is an object of names and matchers", (place,))
    found = []
    for name, written in value.items():
        with within(place, name):
            found.append((name, read(written), write_json(written).decode()))
    return found


def _by_name(place: str, values: Callable[[PatternRequest, str], list[str]]) -> Callable[[JsonValue], list[Criterion]]:
    """
    Read an object of names and matchers.

    Of several values of one name the nearest counts, unless all of them are asked for.
    """

    def part(name: str, matcher: ValuesMatcher, written: str) -> Criterion:
        def texts(asked: PatternRequest) -> list[MatchedText]:
            return [MatchedText(value) for value in values(asked, name)]

        return Criterion(
            (place, name),
            f"{place} {name} {written}",
            1.0,
            lambda asked: matcher.matches(texts(asked)),
            lambda asked: matcher.distance(texts(asked)),
        )

    return lambda value: [part(*member) for member in _members(place, value, read_values_matcher)]


def _path_parts(value: JsonObject, names: list[str]) -> list[Criterion]:
    template = str(value.get("urlPathTemplate", ""))
    members = _members("pathParameters", value["pathParameters"], read_matcher)
    unknown = next((name for name, _, _ in members if name not in names), None)
    if unknown is not None:
        raise ScriptError(f"'urlPathTemplate' has no variable {unknown!r}", ("pathParameters", unknown))

    def part(name: str, matcher: Matcher, written: str) -> Criterion:
        def value(asked: PatternRequest) -> MatchedText | None:
            variables = match_template(template, asked.path)
            if variables is not None:
                return MatchedText(variables[name])
            return None

        def measure(asked: PatternRequest) -> float:
            content = value(asked)
            if content is not None:
                return matcher.distance(content)
            return 1.0

        def holds(asked: PatternRequest) -> bool:
            content = value(asked)
            return content is not None and matcher.matches(content)

        return Criterion(("pathParameters", name), f"pathParameters {name} {written}", 1.0, holds, measure)

    return [part(*member) for member in members]


def _credentials(value: JsonValue) -> list[Criterion]:
    place = "basicAuthCredentials"
    if (
        not isinstance(value, dict)
        or value.keys() != {"username", "password"}
        or not all(isinstance(v, str) for v in value.values())
    ):
        raise ScriptError("'basicAuthCredentials' is an object of the texts username and password", (place,))
    token = base64.b64encode(f"{value['username']}:{value['password']}".encode("utf-8", "surrogatepass")).decode()
    wanted = f"Basic {token}"

    def holds(asked: PatternRequest) -> bool:
        return find_field(asked.request.fields, b"authorization") == wanted

    return [Criterion((place,), f"basicAuthCredentials of {value['username']}", 1.0, holds)]


def _bodies(value: JsonValue) -> list[Criterion]:
    place = "bodyPatterns"
    if not isinstance(value, list):
        raise ScriptError("'bodyPatterns' is a list of matchers", (place,))

    def part(index: int, matcher: Matcher, written: str) -> Criterion:
        return Criterion(
            (place, str(index)),
            f"body {written}",
            1.0,
            lambda asked: matcher.matches(asked.body),
            lambda asked: matcher.distance(asked.body),
        )

    found = []
    for index, written in enumerate(value):
        with within(place, str(index)):
            found.append(part(index, read_matcher(written), write_json(written).decode()[:200]))
    return found


_READERS: dict[str, Callable[[JsonValue], list[Criterion]]] = {
    "method": _method,
    "pathParameters": lambda _: [],
    "queryParameters": _by_name("queryParameters", lambda asked, name: asked.query.get(name, [])),
    "headers": _by_name("headers", lambda asked, name: asked.headers(name.lower())),
    "cookies": _by_name("cookies", lambda asked, name: asked.cookies.get(name, [])),
    "basicAuthCredentials": _credentials,
    "bodyPatterns": _bodies,
}
