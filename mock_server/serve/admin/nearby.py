"""
What came close: the documented operations, and the mappings, that are nearest to a request.

Distances are WireMock's kind: 0 for a match, 1 where nothing agrees.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final
from urllib.parse import unquote

from mock_server.exchange.message import Request
from mock_server.serve.respond import Responder
from mock_server.serve.script.pattern import Asked, path_distance
from mock_server.spec.model import Entry

NEAREST: Final = 3  # as WireMock shows
_CANDIDATES: Final = 40  # operations whose paths are compared letter by letter
_METHOD, _PATH = 3.0, 10.0  # what of the distance each is worth, as in request patterns


@dataclass(frozen=True, slots=True)
class NearOperation:
    """A documented operation that a request may have meant."""

    entry: Entry
    template: str  # with its base path
    distance: float


def near_operations(responders: Iterable[Responder], request: Request) -> list[NearOperation]:
    """The operations that are nearest to a request, the nearest first."""
    asked = Asked(request)
    segments = unquote(asked.path).split("/")
    templates = (
        (entry, base + entry.template) for each in responders for entry in each.document.entries for base in each.base_paths(entry)
    )
    rough = nsmallest(_CANDIDATES, templates, key=lambda item: _roughly(item[1].split("/"), segments))
    found = [
        NearOperation(entry, template, _distance(entry, template, request.method, asked.path))
        for entry, template in rough
    ]  # fmt: skip
    return nsmallest(NEAREST, found, key=lambda near: near.distance)


def _distance(entry: Entry, template: str, method: str, path: str) -> float:
    different = 0.0 if entry.method == method else _METHOD
    return round((different + _PATH * path_distance(template, path)) / (_METHOD + _PATH), 4)


def _roughly(template: list[str], segments: list[str]) -> tuple[int, int]:
    """How different two paths are, segment by segment: quick, for documents with thousands of operations."""
    different = sum(one != other and "{" not in one for one, other in zip(template, segments, strict=False))
    return different + abs(len(template) - len(segments)), different
