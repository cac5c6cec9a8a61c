"""Telling of pages of what is kept: in the body around a list and in header fields."""

from collections.abc import Callable, Mapping
from typing import Final

from mock_server.generate.pagination import Span, iter_span_wishes
from mock_server.generate.settling import settle
from mock_server.generate.words import joined
from mock_server.serve.answer import RawField
from mock_server.spec.model import Response
from mock_server.typing import JsonObject, JsonValue

_TOTAL_FIELDS: Final = frozenset(("x-total-count", "x-total", "total-count", "x-total-results", "x-pagination-total-count"))


def tell_in_body(
    body: JsonValue,
    pointer: tuple[str, ...],
    span: Span,
    links: Mapping[str, str],
    fits: Callable[[JsonValue], bool],
    documented: Mapping[tuple[str, ...], JsonObject],
) -> JsonValue:
    """
    Say in the body around a list what it shows.

    Args:
        body: With the list in it.
        pointer: To the list.
        span: What it shows.
        links: To other pages.
        fits: Judges a body.
        documented: By holder: members that may stand there, each with a value of its type.
    """
    if not pointer:
        return body
    return settle(body, list(iter_span_wishes(body, pointer, span, links, documented=documented)), fits)


def tell_in_fields(response: Response, span: Span, links: Mapping[str, str]) -> list[RawField]:
    """The documented header fields that tell of a page: totals, and links of RFC 8288."""
    found: list[RawField] = []
    for header in response.headers:
        name = header.name.lower()
        if name in _TOTAL_FIELDS:
            found.append((name.encode(), str(span.total).encode()))
        elif name == "link":
            written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if relation not in {"self", "here"})
            found.append((b"link", (written or f'<{links["self"]}>; rel="self"').encode("latin-1", "replace")))
        elif joined(header.name).removeprefix("x") in {"pagecount", "totalpages"}:
            found.append((name.encode(), str(span.pages).encode()))
        elif joined(header.name).removeprefix("x") in {"nextcursor", "nexttoken"} and span.cursor is not None:
            found.append((name.encode(), span.cursor.encode()))
    return found
