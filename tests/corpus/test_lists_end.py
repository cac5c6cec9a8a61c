"""Who follows the signs of a next page comes to an end, and never leaves this server, in any operation of any real document."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import pytest

from mock_server.document.model import Entry, ParameterLocation
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Request, find_field
from mock_server.generate.request import example_request
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.settings import Settings
from tests.corpus.test_documents import FEATURES, REAL, _name, sample_entries

HOST = "mock.test:4010"
PAGES = 4  # that an iterator may see before it is said to go on for ever
# What a client of a real API looks at, told by its own rules.
NEXT = re.compile(
    r"next|next_?(page|url|uri|link|cursor|token|marker|offset|page_?(url|uri|token|link|number))|@odata\.nextLink|continue|cursor"
    r"|(page|continuation)_?token|has_?(more|next)(_?page)?",
    re.IGNORECASE,
)
HELD_IN = re.compile(
    r"_?(links?|meta|metadata|paging|pagination|page_?info|response_?metadata|page|cursors)", re.IGNORECASE
)


@pytest.mark.parametrize("path", [*FEATURES, *REAL], ids=_name)
def test_an_iterator_ends_and_stays(path: Path) -> None:
    responder = open_responder(str(path), Settings(security=False)).responder

    wrong = [
        wrong for entry in sample_entries(responder) if entry.method == "GET" for wrong in _follow(responder, entry)
    ]

    assert wrong == []


def _follow(responder: Responder, entry: Entry) -> Iterator[str]:
    """What is wrong with the way through an operation's pages."""
    operation = responder.document.operation(entry)
    request = example_request(responder.kit, operation, responder.base_paths(entry)[0]).request
    if request is None:
        return
    request = request._replace(
        fields=[(b"host", HOST.encode()), *(field for field in request.fields if field[0] != b"host")]
    )
    names = [p.name for p in operation.parameters if p.location is ParameterLocation.QUERY]
    for _ in range(PAGES):
        answer = responder.respond(request)
        if answer.status != 200 or not is_json(
            parse_media_type(find_field(answer.fields, b"content-type") or "text/plain")
        ):
            return
        link = find_field(answer.fields, b"link") or ""
        if 'rel="next"' in link:
            yield f"{entry.title}: Link leads on: {link}"
            return
        said = list(_signs(orjson.loads(answer.body)))
        if not said:
            return
        name, value = said[0]
        if isinstance(value, str) and "://" in value and urlsplit(value).netloc != HOST:
            yield f"{entry.title}: {name} leads away: {value}"
            return
        request = _next(request, names, name, value)
    yield f"{entry.title}: {name} says {value!r} on page {PAGES}"


def _signs(body: Any, *, beside: bool = False) -> Iterator[tuple[str, Any]]:
    """What says that there is more, beside a list or in what speaks of it."""
    if not isinstance(body, dict):
        return
    beside = beside or any(isinstance(member, list) for member in body.values())
    for name, value in body.items():
        if beside and NEXT.fullmatch(name) and value not in (None, False, "", 0, {}, []):
            yield (
                name,
                value.get("href", value.get("offset", value.get("uri", value))) if isinstance(value, dict) else value,
            )
        elif isinstance(value, dict) and HELD_IN.fullmatch(name):
            yield from _signs(value, beside=True)


def _next(request: Request, names: list[str], name: str, value: Any) -> Request:
    """The request for the page after, as a client makes it."""
    if isinstance(value, str) and "://" in value:
        parts = urlsplit(value)
        return request._replace(
            path=parts.path.encode("latin-1", "replace"), query=parts.query.encode("latin-1", "replace")
        )
    wanted = [
        each for each in names if re.search("page|cursor|token|after|marker|offset|start|continue", each, re.IGNORECASE)
    ]
    if not wanted:
        return request
    kept = [pair for pair in request.query.split(b"&") if pair and pair.partition(b"=")[0] != wanted[0].encode()]
    pair = f"{quote(wanted[0])}={quote(str(value))}".encode()
    return request._replace(query=b"&".join([*kept, pair]))
