"""
Near misses: the operations and mappings that a request may have meant.

Distances are those of request patterns: 0 for a match, 1 where nothing agrees.
"""

from collections.abc import Iterable
from heapq import nsmallest
from typing import Final, NamedTuple
from urllib.parse import unquote

from mock_server.document.model import Entry
from mock_server.exchange.message import Request
from mock_server.json_values import JsonObject, JsonValue, format_pointer
from mock_server.judges.request import DecodedRequest
from mock_server.respond.fixtures import Fixture
from mock_server.respond.match.mapping import Mapping
from mock_server.respond.match.request_pattern import (
    METHOD_WEIGHT,
    URL_WEIGHT,
    PatternRequest,
    RequestPattern,
    path_distance,
)

NEAREST: Final = 3  # as WireMock shows
_CANDIDATES: Final = 40  # paths that are compared letter by letter
_MEANT: Final = 0.25  # a path may differ so much from the one that somebody meant


class DocumentedRoute(NamedTuple):
    """A documented operation, and where it is served."""

    entry: Entry
    base: str

    @property
    def template(self) -> str:
        """The whole path template."""
        return self.base + self.entry.template


class NearRoute(NamedTuple):
    """An operation that a request may have meant."""

    route: DocumentedRoute
    distance: float


class NearStub(NamedTuple):
    """A mapping that a request may have meant."""

    mapping: Mapping
    distance: float


class NearFixture(NamedTuple):
    """A fixture that a request may have meant."""

    fixture: Fixture
    distance: float


def near_routes(routes: Iterable[DocumentedRoute], method: str, path: str) -> list[NearRoute]:
    """
    Find the operations that are nearest to a request, the nearest first.

    Args:
        routes: All there are.
        method: In upper case.
        path: Percent-encoded.
    """
    found = (NearRoute(route, _distance(route, method, path)) for route in _candidates(routes, path))
    return nsmallest(NEAREST, found, key=lambda near: near.distance)


def hint(routes: Iterable[DocumentedRoute], method: str, path: str) -> str:
    """
    Ask whether another operation was meant; nothing where none is near.

    One whose base path was forgotten counts as near.
    """
    near = [
        (min(path_distance(route.template, path), path_distance(route.entry.template, path)), route)
        for route in _candidates(routes, path)
    ]
    best = min(near, key=lambda item: (item[0], item[1].entry.method != method), default=None)
    if best is None or best[0] > _MEANT:
        return ""
    return f"; did you mean {best[1].entry.method} {best[1].template}?"


def near_stubs(mappings: Iterable[Mapping], asked: PatternRequest) -> list[NearStub]:
    """Find the mappings that are nearest to a request, the nearest first."""
    path = unquote(asked.path).split("/")
    rough = nsmallest(_CANDIDATES, mappings, key=lambda mapping: _roughly(_path_of(mapping.pattern).split("/"), path))
    found = (NearStub(mapping, mapping.pattern.distance(asked)) for mapping in rough)
    return nsmallest(NEAREST, found, key=lambda near: near.distance)


def near_fixtures(fixtures: Iterable[Fixture], request: Request, understood: DecodedRequest) -> list[NearFixture]:
    """Find the fixtures of an operation that are nearest to a request, the nearest first."""
    found = (NearFixture(fixture, fixture.distance(request, understood)) for fixture in fixtures if not fixture.breaks)
    return nsmallest(NEAREST, found, key=lambda near: near.distance)


def match_result(pattern: RequestPattern, asked: PatternRequest) -> JsonObject:
    """Return how a request differs from a pattern, in WireMock's shape; with what differs."""
    differences: list[JsonValue] = [
        {"pointer": format_pointer(verdict.pointer), "wanted": verdict.wanted, "distance": round(verdict.distance, 4)}
        for verdict in pattern.explain(asked)
        if verdict.distance > 0
    ]
    return {"distance": round(pattern.distance(asked), 4), "differences": differences}


def _candidates(routes: Iterable[DocumentedRoute], path: str) -> list[DocumentedRoute]:
    """Return the operations that are worth a closer look: documents have thousands."""
    segments = unquote(path).split("/")

    def rank(route: DocumentedRoute) -> tuple[int, int]:
        return min(_roughly(route.template.split("/"), segments), _roughly(route.entry.template.split("/"), segments))

    return nsmallest(_CANDIDATES, routes, key=rank)


def _distance(route: DocumentedRoute, method: str, path: str) -> float:
    different = 0.0 if route.entry.method == method else METHOD_WEIGHT
    return (different + URL_WEIGHT * path_distance(route.template, path)) / (METHOD_WEIGHT + URL_WEIGHT)


def _path_of(pattern: RequestPattern) -> str:
    written = pattern.written
    return next(
        (str(written[name]) for name in ("urlPath", "urlPathTemplate", "url") if name in written), ""
    ).partition("?")[0]


def _roughly(template: list[str], segments: list[str]) -> tuple[int, int]:
    """Return how different two paths are, segment by segment."""
    different = sum(one != other and "{" not in one for one, other in zip(template, segments, strict=False))
    return different + abs(len(template) - len(segments)), different
