"""
Telling of pages: totals, page numbers, cursors and links, in the body around a list and in header fields.

A member is told by its name; what its schema does not let it say it does not say.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from mock_server.generate.words import split_words
from mock_server.serve.answer import RawField
from mock_server.serve.state.envelope import put, take
from mock_server.serve.state.listing import Page
from mock_server.spec.model import Response
from mock_server.typing import JsonObject, JsonValue

_TOTALS: Final = frozenset(
    ("total", "totalcount", "totalitems", "totalresults", "totalelements", "totalrecords", "numfound", "recordcount", "totalsize",
     "itemcount", "resultcount", "totalhits", "nbhits", "totalrows", "found", "estimatedtotal")
)  # fmt: skip
_HERE: Final = frozenset(("count", "numberofelements", "returned", "pagecountitems", "itemsonpage", "resultsize", "currentitemcount"))
_PAGES: Final = frozenset(("totalpages", "pagecount", "pages", "lastpage", "numpages", "numberofpages", "pagestotal"))
_NUMBER: Final = frozenset(("page", "currentpage", "pagenumber", "pageno", "pageindex", "number"))
_LIMIT: Final = frozenset(("limit", "perpage", "pagesize", "size", "itemsperpage", "maxresults", "pagelimit", "take", "resultsperpage"))
_OFFSET: Final = frozenset(("offset", "skip", "start", "startindex", "from"))
_MORE: Final = frozenset(("hasmore", "hasnext", "hasnextpage", "more", "nextpageexists"))
_BACK: Final = frozenset(("hasprevious", "hasprev", "haspreviouspage", "hasprevpage"))
_CURSORS: Final = frozenset(
    ("nextcursor", "cursor", "nextpagetoken", "nexttoken", "endcursor", "continuationtoken", "continuation", "nextmarker", "pagetoken",
     "after", "nextpagecursor")
)  # fmt: skip
_LINKS: Final = {
    "next": "next", "nexturl": "next", "nextlink": "next", "nextpageurl": "next", "nexthref": "next", "nextpage": "next",
    "prev": "prev", "previous": "prev", "prevurl": "prev", "previousurl": "prev", "prevlink": "prev", "previouslink": "prev",
    "prevpage": "prev", "previouspage": "prev", "prevpageurl": "prev", "first": "first", "firsturl": "first", "firstpageurl": "first",
    "last": "last", "lasturl": "last", "lastpageurl": "last", "self": "self", "href": "self", "current": "self",
}  # fmt: skip
_HOLDERS: Final = frozenset(("meta", "pagination", "paging", "page", "links", "link", "pageinfo", "cursors", "metadata", "pager", "info",
                             "paginationinfo", "responsemetadata", "list"))  # fmt: skip
_TOTAL_FIELDS: Final = frozenset(("x-total-count", "x-total", "total-count", "x-total-results", "x-pagination-total-count"))
_ABSENT: Final = object()


def links_of(page: Page, roles: Mapping[str, str], base: str, query: str) -> dict[str, str]:
    """
    The links from a page to others, by relation.

    Args:
        page: What is shown.
        roles: What the query parameters mean.
        base: The URL without its query.
        query: As it was sent.
    """
    pairs = parse_qsl(query, keep_blank_values=True)

    def to(role: str, value: object) -> str:
        name = roles[role]
        kept = [pair for pair in pairs if pair[0] not in {name, roles.get("before"), roles.get("after")}]
        return f"{base}?{urlencode([*kept, (name, str(value))])}"

    links = {"self": f"{base}?{query}" if query else base}
    if not page.limit:
        return links
    before = max(page.start - page.limit, 0)
    last = max(page.pages - 1, 0)
    if "page" in roles:
        links |= {"first": to("page", page.first), "last": to("page", page.first + last)}
        links |= {"next": to("page", page.number + 1)} if page.has_next else {}
        links |= {"prev": to("page", page.number - 1)} if page.start else {}
    elif "offset" in roles:
        links |= {"first": to("offset", 0), "last": to("offset", last * page.limit)}
        links |= {"next": to("offset", page.start + page.limit)} if page.has_next else {}
        links |= {"prev": to("offset", before)} if page.start else {}
    elif "after" in roles and page.next_cursor is not None:
        links["next"] = to("after", page.next_cursor)
    return links


def tell_in_body(
    body: JsonValue, pointer: tuple[str, ...], page: Page, links: Mapping[str, str], fits: Callable[[JsonValue], bool]
) -> JsonValue:
    """
    Say in the body around a list what it shows.

    Args:
        body: With the list in it.
        pointer: To the list.
        page: What it shows.
        links: To other pages.
        fits: Judges a body.
    """
    if not pointer:
        return body
    wishes = list(_wishes(body, pointer, page, links))
    told = body
    for where, values in wishes:
        told = _set(told, where, values[0])
    if fits(told):
        return told
    told = body
    for where, values in wishes:
        told = next((changed for value in values if fits(changed := _set(told, where, value))), told)
    return told


def _wishes(
    body: JsonValue, pointer: tuple[str, ...], page: Page, links: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], list[object]]]:
    """What the members around a list should say: places, and values of which the first that fits is taken."""
    holders: list[tuple[str, ...]] = [pointer[:depth] for depth in range(len(pointer))]
    for holder in list(holders):
        inside = take(body, holder)
        for name, member in inside.items() if isinstance(inside, dict) else ():
            if isinstance(member, dict) and _word(name) in _HOLDERS and (*holder, name) != pointer[: len(holder) + 1]:
                holders.append((*holder, name))
                holders += [(*holder, name, n) for n, m in member.items() if isinstance(m, dict) and _word(n) in _HOLDERS]
    members: list[tuple[tuple[str, ...], JsonValue]] = []
    for holder in holders:
        inside = take(body, holder)
        members += [((*holder, name), value) for name, value in inside.items()] if isinstance(inside, dict) else []
    words = {_word(where[-1]) for where, _ in members}
    for where, value in members:
        values = _wish(_word(where[-1]), value, page, links, counts_all=not words & _TOTALS)
        if values and where != pointer:
            yield where, values


def _wish(word: str, value: JsonValue, page: Page, links: Mapping[str, str], *, counts_all: bool) -> list[object]:
    numeric = isinstance(value, int | float | None) and not isinstance(value, bool)
    if word in _TOTALS and not isinstance(value, dict | list):
        return [page.total, str(page.total)]
    numbers = (
        (_HERE, page.total if counts_all and word == "count" else len(page.records)),
        (_PAGES, page.pages), (_NUMBER, page.number), (_LIMIT, page.limit), (_OFFSET, page.start),
    )  # fmt: skip
    for names, number in numbers:
        if word in names and numeric and number is not None:
            return [number, str(number)]
    if isinstance(value, bool):
        flags = {"first": not page.start, "last": not page.has_next, "islast": not page.has_next, "empty": not page.records}
        found = page.has_next if word in _MORE else page.start > 0 if word in _BACK else flags.get(word)
        return [found] if found is not None else []
    if word in _CURSORS and isinstance(value, str | None):
        return [page.next_cursor] if page.has_next else [None, _ABSENT, ""]
    relation = _LINKS.get(word)
    if relation is None or isinstance(value, list):
        return []
    if isinstance(value, dict):
        link = links.get(relation)
        return [{**value, "href": link}] if "href" in value and link is not None else [_ABSENT] if "href" in value else []
    if isinstance(value, int | float):
        steps = {"next": (page.has_next, page.number + 1), "prev": (page.start > 0, page.number - 1)}
        there, number = steps.get(relation, (False, 0))
        return [number] if there else [None, _ABSENT]
    link = links.get(relation)
    return [link, page.next_cursor] if link is not None else [None, _ABSENT, ""]


def _set(body: JsonValue, where: tuple[str, ...], value: object) -> JsonValue:
    if value is not _ABSENT:
        return put(body, where, value)  # type: ignore[arg-type]
    holder = take(body, where[:-1])
    rest: JsonObject = {name: member for name, member in holder.items() if name != where[-1]} if isinstance(holder, dict) else {}
    return put(body, where[:-1], rest)


def tell_in_fields(response: Response, page: Page, links: Mapping[str, str]) -> list[RawField]:
    """The documented header fields that tell of a page: totals, and links of RFC 8288."""
    found: list[RawField] = []
    for header in response.headers:
        name = header.name.lower()
        if name in _TOTAL_FIELDS:
            found.append((name.encode(), str(page.total).encode()))
        elif name == "link":
            written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items() if relation != "self")
            found.append((b"link", (written or f'<{links["self"]}>; rel="self"').encode("latin-1", "replace")))
        elif _word(header.name).removeprefix("x") in {"pagecount", "totalpages"}:
            found.append((name.encode(), str(page.pages).encode()))
        elif _word(header.name).removeprefix("x") in {"nextcursor", "nexttoken"} and page.next_cursor is not None:
            found.append((name.encode(), page.next_cursor.encode()))
    return found


def _word(name: str) -> str:
    return "".join(split_words(name))
