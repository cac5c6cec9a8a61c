"""
The header fields that say where a list stands in the whole.

Source: RFC 8288, section 3, for Link
"""

from collections.abc import Mapping
from typing import Final

from mock_server.generate.pagination import Span
from mock_server.generate.words import joined
from mock_server.serve.answer import RawField
from mock_server.spec.model import Response

_TOTAL_FIELDS: Final = frozenset(("x-total-count", "x-total", "total-count", "x-total-results", "x-pagination-total-count"))


def tell_in_fields(response: Response, span: Span, links: Mapping[str, str]) -> list[RawField]:
    """The documented header fields that tell of a page: totals, and links."""
    found: list[RawField] = []
    for header in response.headers:
        name = header.name.lower()
        if name in _TOTAL_FIELDS:
            found.append((name.encode(), str(span.total).encode()))
        elif name == "link":
            found.append(link_field(links))
        elif joined(header.name).removeprefix("x") in {"pagecount", "totalpages"}:
            found.append((name.encode(), str(span.pages).encode()))
        elif joined(header.name).removeprefix("x") in {"nextcursor", "nexttoken"} and span.cursor is not None:
            found.append((name.encode(), span.cursor.encode()))
    return found


def link_field(links: Mapping[str, str]) -> RawField:
    """A Link field with what a page leads to; with the page itself where that is nothing."""
    written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if relation not in {"self", "here"})
    return b"link", (written or f'<{links["self"]}>; rel="self"').encode("latin-1", "replace")
