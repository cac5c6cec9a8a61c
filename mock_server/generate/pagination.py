"""
Pagination: the members around a list, and its links, that place it in the whole.

The meaning of a query parameter or a member is guessed from its name. A member says only what its schema allows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from mock_server.generate.envelope import take
from mock_server.generate.requested_values import ABSENT, Absence, Place, RequestedValue
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.names import joined, split_words
from mock_server.schema.sites import Site

_ROLES: Final = {
    "limit": ("limit", "perpage", "pagesize", "maxresults", "top", "take", "pagelimit", "size", "count", "first", "max",
              "rows", "resultsperpage", "maxpagesize", "itemsperpage", "pageitems", "maxitems", "number", "n",
              "maxkeys", "maxrecords"),
    "offset": ("offset", "skip", "start", "startindex", "pageoffset", "from", "startat"),
    "page": ("page", "pagenumber", "pageno", "pageindex", "p", "currentpage"),
    "after": ("cursor", "after", "pagetoken", "startafter", "startingafter", "nexttoken", "nextpagetoken",
              "continuation", "continuationtoken", "continue", "marker", "nextcursor", "pagecursor", "pageafter",
              "bookmark", "nextpage", "paginationtoken", "startingtoken", "aftercursor", "nextmarker", "usemarker",
              "scrollid"),
    "before": ("before", "endingbefore", "pagebefore", "beforecursor"),
    "sort": ("sort", "sortby", "orderby", "ordering", "order", "sorting", "sortfield", "sortkey"),
    "direction": ("direction", "sortorder", "sortdir", "sortdirection", "orderdirection", "dir", "orderdir"),
    "search": ("q", "query", "search", "searchterm", "searchtext", "keyword", "keywords", "searchquery", "term", "text",
               "fulltext"),
}  # fmt: skip
ROLE_OF: Final = {
    name: role for role, names in _ROLES.items() for name in names
}  # what a query parameter means, by its words
PAGED: Final = frozenset(("page", "offset", "after", "before"))  # the roles of parameters that choose a page

_TOTALS: Final = frozenset(
    ("total", "totalcount", "totalitems", "totalresults", "totalelements", "totalrecords", "numfound", "recordcount",
     "totalsize", "itemcount", "resultcount", "totalhits", "nbhits", "totalrows", "found", "estimatedtotal",
     "totalentries")
)  # fmt: skip
_HERE: Final = frozenset(
    ("count", "numberofelements", "returned", "pagecountitems", "itemsonpage", "resultsize", "currentitemcount")
)
_PAGES: Final = frozenset(("totalpages", "pagecount", "pages", "lastpage", "numpages", "numberofpages", "pagestotal"))
_NUMBER: Final = frozenset(("page", "currentpage", "pagenumber", "pageno", "pageindex", "number"))
_LIMIT: Final = frozenset(
    ("limit", "perpage", "pagesize", "size", "itemsperpage", "maxresults", "pagelimit", "take", "resultsperpage")
)
_OFFSET: Final = frozenset(("offset", "skip", "start", "startindex", "from", "startat"))
_END: Final = frozenset(("end", "endindex", "to"))
_BACK: Final = frozenset(("hasprevious", "hasprev", "haspreviouspage", "hasprevpage", "hasless"))
_MORE: Final = frozenset(("hasmore", "hasnext", "hasnextpage", "more", "nextpageexists", "hasmoreitems",
                          "hasmoreresults", "moreresults", "moreitems", "morepages", "hasmorepages", "moreavailable",
                          "istruncated", "truncated", "responsetruncated"))  # fmt: skip
_DONE: Final = frozenset(("islast", "islastpage", "nomore", "endoflist", "lastpage", "last"))
# Members that lead to the next page everywhere, and those that do so next to a list or in its metadata.
_NEXT_TAILS: Final = frozenset(
    ("page", "pages", "url", "link", "href", "uri", "cursor", "token", "marker", "offset", "start", "key",
     "continuation", "number", "results", "result", "records", "record", "batch", "skip", "from", "after", "position",
     "items", "set", "query", "params", "id", "index", "path")
)  # fmt: skip
_SURE: Final = frozenset(
    ("continuationtoken", "paginationtoken", "pagetoken", "lastevaluatedkey", "endcursor", "startingafter")
)
_NEAR_LIST: Final = frozenset(("next", "cursor", "continue", "continuation", "after", "marker", "bookmark", "scrollid",
                               "startafter", "aftercursor", "cursornext", "pagecursor", "iterator"))  # fmt: skip
_TOKENS: Final = frozenset(("page", "next", "continuation", "pagination", "scroll", "start", "resume", "continue"))
_LINKS: Final = {
    "next": "next", "nexturl": "next", "nextlink": "next", "nextpageurl": "next", "nexthref": "next",
    "nextpage": "next", "nexturi": "next", "nextpageuri": "next", "nextpagelink": "next", "prev": "prev",
    "previous": "prev", "prevurl": "prev", "previousurl": "prev", "prevlink": "prev", "previouslink": "prev",
    "prevuri": "prev", "previousuri": "prev", "prevpage": "prev", "previouspage": "prev", "prevpageurl": "prev",
    "previouspageurl": "prev", "previouspageuri": "prev", "prevpageuri": "prev", "first": "first", "firsturl": "first",
    "firstlink": "first", "firstpage": "first", "firstpageurl": "first", "firstpageuri": "first", "last": "last",
    "lasturl": "last", "lastlink": "last", "lastpageurl": "last", "lastpageuri": "last", "self": "self", "href": "self",
    "url": "here", "uri": "self", "selflink": "self", "selfurl": "self", "selfuri": "self", "current": "self",
}  # fmt: skip
_HOLDERS: Final = frozenset(("meta", "pagination", "paging", "page", "pages", "links", "link", "pageinfo", "cursors",
                             "metadata", "pager", "info", "paginationinfo", "responsemetadata", "list", "listmeta",
                             "cursor", "pageinformation", "pagingmetadata", "resultinfo", "nextpage",
                             "next"))  # fmt: skip
_FIRST_KEYS: Final = frozenset(("firstid", "firstkey"))
_LAST_KEYS: Final = frozenset(("lastid", "lastkey"))
KEYS: Final = ("id", "uuid", "uid", "key", "gid", "sid")
_DEEPEST: Final = 8  # lists within lists


def is_sure_sign(name: str) -> bool:
    """Return True if a member announces a next page wherever it occurs."""
    words = split_words(name)
    word = "".join(words)
    if word in _SURE or word in _MORE - {"more", "truncated"}:
        return True
    if "next" in words[:2]:
        tail = words[words.index("next") + 1 :]
    else:
        tail = ()
    if tail and _NEXT_TAILS.issuperset(tail):
        return True
    return len(words) > 1 and words[-1] in {"token", "cursor"} and bool(_TOKENS & set(words))


def is_sign(name: str) -> bool:
    """Return True if a member next to a list, or in its metadata, announces a next page."""
    word = joined(name)
    return is_sure_sign(name) or word in _NEAR_LIST or word in _MORE or word in _DONE or word.endswith("cursor")


def speaks_of_pages(name: str) -> bool:
    """Return True if a member holds metadata of pages, as `meta` and `paging` do."""
    return joined(name).lstrip("_") in _HOLDERS


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the whole that a list shows."""

    count: int  # of what is shown
    total: int
    start: int = 0  # the index of the first one
    limit: int | None = None  # None: there are no pages
    first: int = 1  # the number of the first page
    cursor: str | None = None  # of the place after the page; None where nothing follows

    @property
    def number(self) -> int:
        """The number of the page, as the parameter counts."""
        if self.limit:
            return self.first + self.start // self.limit
        return self.first

    @property
    def pages(self) -> int:
        """The number of pages."""
        if self.limit:
            return math.ceil(self.total / self.limit)
        return 1

    @property
    def has_next(self) -> bool:
        """True if a page follows."""
        return self.start + self.count < self.total and bool(self.count)


def links_of(span: Span, roles: Mapping[str, str], base: str, query: str) -> dict[str, str]:
    """
    Return the links from a page to others, by relation.

    Args:
        span: What is shown.
        roles: What the query parameters mean: by role, the name.
        base: The URL without its query.
        query: As it was sent.
    """
    pairs = parse_qsl(query, keep_blank_values=True)

    def to(role: str, value: object) -> str:
        name = roles[role]
        kept = [pair for pair in pairs if pair[0] not in {name, roles.get("before"), roles.get("after")}]
        return f"{base}?{urlencode([*kept, (name, str(value))])}"

    links = {"self": f"{base}?{query}" if query else base, "here": base}
    if not span.limit:
        return links
    last = max(span.pages - 1, 0)
    if "page" in roles:
        links |= {"first": to("page", span.first), "last": to("page", span.first + last)}
        if span.has_next:
            links["next"] = to("page", span.number + 1)
        if span.start:
            links["prev"] = to("page", span.number - 1)
    elif "offset" in roles:
        links |= {"first": to("offset", 0), "last": to("offset", last * span.limit)}
        if span.has_next:
            links["next"] = to("offset", span.start + span.limit)
        if span.start:
            links["prev"] = to("offset", max(span.start - span.limit, 0))
    elif "after" in roles and span.has_next and span.cursor is not None:
        links["next"] = to("after", span.cursor)
    return links


def iter_ends(value: JsonValue, place: Place = (), *, near_list: bool = False) -> Iterator[RequestedValue]:
    """
    Yield null, absence, "" or false for each member that announces a next page.

    Args:
        value: All of it, or a part.
        place: Of the part.
        near_list: Whether the part is next to a list, or its metadata.
    """
    if len(place) > _DEEPEST:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield from iter_ends(item, (*place, index))
        return
    if not isinstance(value, dict):
        return
    near_list = near_list or any(isinstance(member, list) for member in value.values())
    for name, member in value.items():
        here = (*place, name)
        if is_sure_sign(name) or (near_list and is_sign(name)):
            values = _end(joined(name), member)
            if values:
                yield RequestedValue(here, values)
        if isinstance(member, dict | list):
            yield from iter_ends(member, here, near_list=isinstance(member, dict) and speaks_of_pages(name))


def _end(word: str, value: JsonValue) -> list[JsonValue | Absence]:
    """Return the values of a sign that no page follows; empty where it has one already."""
    if value is None:
        return []
    if isinstance(value, bool):
        return [word in _DONE]
    if word in _DONE or word in _MORE or isinstance(value, list):
        return []
    if isinstance(value, dict):
        return [None, ABSENT]
    if isinstance(value, str):
        return [None, ABSENT, ""]
    return [None, ABSENT, 0]


def documented_signs(outline: Site, pointer: tuple[str, ...]) -> dict[tuple[str, ...], JsonObject]:
    """
    List the documented signs of a next page around a list, by holder, each with a value of its type.

    Args:
        outline: Of the body.
        pointer: To the list.
    """
    found: dict[tuple[str, ...], JsonObject] = {}
    for depth in range(len(pointer)):
        holder, around = pointer[:depth], outline
        for name in holder:
            around = around.member(name)
        spots = [
            (holder, around),
            *(((*holder, name), around.member(name)) for name in around.names if speaks_of_pages(name)),
        ]
        for place, site in spots:
            signs = {name: _sample(site.member(name)) for name in site.names if is_sign(name)}
            found[place] = {name: value for name, value in signs.items() if value is not None}
    return found


def _sample(outline: Site) -> JsonValue:
    """Return a value of the type of a sign; None where it is neither string, number nor boolean."""
    samples: tuple[tuple[str, JsonValue], ...] = (("string", ""), ("boolean", False), ("integer", 0), ("number", 0))
    if outline.sources:
        return next((value for type_, value in samples if type_ in outline.types), None)
    return None


def iter_span_values(
    body: JsonValue,
    pointer: tuple[str, ...],
    span: Span,
    links: Mapping[str, str],
    *,
    documented: Mapping[tuple[str, ...], JsonObject],
) -> Iterator[RequestedValue]:
    """
    Yield the values of the members around a list: counts, pages, links.

    Args:
        body: With the list in it.
        pointer: To the list; not empty.
        span: What it shows.
        links: To other pages, by relation.
        documented: By holder: documented members that are missing there, each with a value of its type.
    """
    holders: list[tuple[str, ...]] = [pointer[:depth] for depth in range(len(pointer))]
    for holder in list(holders):
        inside = take(body, holder)
        for name, member in as_object(inside).items():
            if isinstance(member, dict) and speaks_of_pages(name) and (*holder, name) != pointer[: len(holder) + 1]:
                holders.append((*holder, name))
                holders += [(*holder, name, n) for n, m in member.items() if isinstance(m, dict) and speaks_of_pages(n)]
    members: list[tuple[tuple[str, ...], JsonValue]] = []
    for holder in holders:
        inside = take(body, holder)
        known = as_object(inside)
        members += [((*holder, name), value) for name, value in known.items()]
        members += [((*holder, name), value) for name, value in documented.get(holder, {}).items() if name not in known]
    words = {joined(where[-1]) for where, _ in members}
    shown = take(body, pointer)
    for where, value in members:
        values = _values_for(joined(where[-1]), value, span, links, words, shown)
        if values and where != pointer:
            yield RequestedValue(where, values)


def _values_for(
    word: str, value: JsonValue, span: Span, links: Mapping[str, str], words: set[str], shown: JsonValue
) -> list[JsonValue | Absence]:
    numeric = isinstance(value, int | float | None) and not isinstance(value, bool)
    if word in _TOTALS and not isinstance(value, dict | list):
        return [span.total, str(span.total)]
    if word in _FIRST_KEYS | _LAST_KEYS:
        return _key_of(shown, first=word in _FIRST_KEYS)
    if numeric and (number := _numbers(word, span, value, words)) is not None:
        return [number, str(number)]
    if isinstance(value, bool):
        flags = {"first": not span.start, "empty": not span.count}
        found = flags.get(word)
        if word in _MORE or word in _DONE:
            found = span.has_next is (word in _MORE)
        if word in _BACK:
            return [span.start > 0]
        if found is not None:
            return [found]
        return []
    relation = _LINKS.get(word)
    if relation in {"first", "last", "self", "here"} or (relation == "prev" and isinstance(value, str | None)):
        return _link(word, relation, value, links)
    if not is_sign(word) and relation is None:
        return []
    if not span.has_next and relation != "prev":
        return _end(word, value)
    return _follow(relation, value, span, links)


def _numbers(word: str, span: Span, value: JsonValue, words: set[str]) -> int | None:
    """Return the number that a member has by its name; None where it is not about pages."""
    from_one = word in {"from", "to"} and bool(words & {"to"} and words & {"currentpage", "lastpage", "perpage"})
    numbers = (
        (_HERE, span.total if not words & _TOTALS and word == "count" else span.count),
        (_PAGES, span.pages if span.limit else span.number - span.first + 1),
        (_NUMBER, span.number),
        (_LIMIT, _size(span, value)),
        (_OFFSET, span.start + from_one),
        (_END, span.start + span.count - 1 + from_one if words & _OFFSET and span.count else None),
    )  # fmt: skip
    return next((number for names, number in numbers if word in names and number is not None), None)


def _size(span: Span, value: JsonValue) -> int | None:
    """Return the size of a page: the limit of the request, else at least the number of items."""
    if span.limit:
        return span.limit
    if isinstance(value, int | float) and value < span.count:
        return span.count
    return None


def _key_of(shown: JsonValue, *, first: bool) -> list[JsonValue | Absence]:
    """Return the key of the first item of a list, or of the last one."""
    if shown == []:
        return [None, ABSENT, ""]
    if not isinstance(shown, list):
        return []
    item = shown[0 if first else -1]
    if not isinstance(item, dict):
        return []
    key = next((item[name] for name in KEYS if name in item), None)
    if isinstance(key, str | int):
        return [key, str(key)]
    return []


def _link(word: str, relation: str, value: JsonValue, links: Mapping[str, str]) -> list[JsonValue | Absence]:
    link = links.get(relation)
    if isinstance(value, dict):
        name = next((name for name in ("href", "url", "uri", "link") if name in value), None)
        if name is None:
            return []
        if link is not None:
            return [{**value, name: link}]
        return [None, ABSENT]
    if not isinstance(value, str | None):
        return []
    if link is None:
        if relation == "prev":
            return [None, ABSENT, ""]
        return []
    if word in {"url", "uri"}:
        return [path_of(link), link]
    return [link, path_of(link)]


def path_of(link: str) -> str:
    """Return a link without scheme and host."""
    rest = link.partition("://")[2]
    if rest:
        return "/" + rest.partition("/")[2]
    return link


def _follow(relation: str | None, value: JsonValue, span: Span, links: Mapping[str, str]) -> list[JsonValue | Absence]:
    """Return the links or cursors to the next page, or to the previous one."""
    link = links.get(relation) if relation is not None else None
    if isinstance(value, dict):
        if relation is not None:
            return _link("", relation, value, links)
        return []
    if isinstance(value, int | float):
        steps = {"next": (span.has_next, span.number + 1), "prev": (span.start > 0, span.number - 1)}
        there, number = steps.get(relation or "next", (False, 0))
        if there:
            return [number]
        return [None, ABSENT]
    if not isinstance(value, str | None):
        return []
    if link is not None:
        choices: list[JsonValue | Absence] = [link, path_of(link)]
        if span.cursor is not None:
            choices.append(span.cursor)
        return choices
    if span.cursor is not None and relation != "prev":
        return [span.cursor]
    return [None, ABSENT, ""]
