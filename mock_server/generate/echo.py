"""
Members of an answer that repeat its request: the body sent, its URL, the page.

- Of a body that was sent, an answer has what it has a property for, as far as the schema takes it.
- A sign of a next page says that there is none, unless a number of items is preferred: then its pages are counted.
- A page, an offset and a limit are those of the request; totals follow.
- `url`, `self` and their like are the URL of the request. Its scheme and host are not known here: `HERE` is put
  in their place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import quote

from mock_server.document.model import Missing
from mock_server.exchange.form import Upload, find_upload
from mock_server.exchange.message import Request
from mock_server.generate.envelope import find_list, take
from mock_server.generate.pagination import (
    KEYS,
    PAGED,
    ROLE_OF,
    Span,
    is_sign,
    is_sure_sign,
    iter_ends,
    iter_span_values,
    links_of,
    path_of,
)
from mock_server.generate.requested_values import Place, RequestedValue, set_value
from mock_server.generate.sampler.compiler import Echo
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.names import joined, joined_names, nouns_of, split_words
from mock_server.schema.sites import Site

HERE: Final = "http://here.invalid"  # the origin of links to this server, until it is known how the client calls it
_OWN: Final = frozenset(
    ("self", "url", "href", "uri", "selflink", "selfurl", "selfuri", "selfhref", "resourceuri", "resourceurl")
)
_SCHEME: Final = 24  # characters in which a scheme ends
DELETED: Final = frozenset(("deleted", "isdeleted", "removed"))  # what a deleted thing says of itself, in words
_OWN_HOLDERS: Final = frozenset(("links", "_links", "link"))
_CURSOR: Final = "c"  # before the index in a cursor
_MOST: Final = 10_000_000  # of a page's number, so that nothing overflows
WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH", "QUERY"))
_OF_ANSWER: Final = frozenset(("GET", "PUT", "PATCH"))  # their path is that of the answer
_DELETION: Final[JsonObject] = dict.fromkeys(sorted(DELETED), True)  # where a document has a place for it


class RequestEcho(NamedTuple):
    """The parts of a request that answers repeat."""

    sent: JsonObject | list[JsonValue] | None = None  # its body
    path: str = ""  # percent-encoded; empty where it is not known
    query: str = ""
    is_of_answer: bool = False  # whether the path is that of what is answered


class RequestedPage(NamedTuple):
    """The page that an answer shows, and its links."""

    span: Span
    links: Mapping[str, str]  # to other pages, by relation
    is_plain: bool  # whether the list is all of the answer


@dataclass(eq=False)
class EchoPlaces:
    """The members of an answer, by its schema, that repeat the request."""

    outline: Site
    name: str  # what the answer is about
    echoes: tuple[Echo, ...]
    item_variable: str = (
        ""  # of the path of one thing of the list: `petId` of `/pets/{petId}`; empty where there is no such path
    )

    @cached_property
    def links_items(self) -> bool:
        """True if the items of a list link to their own paths."""
        if not self.item_variable or self.list_pointer is None:
            return False
        site = find_list(self.outline, nouns_of(self.name))
        names = site.outline.names if site is not None else ()
        return any(joined(name) in _OWN or name in _OWN_HOLDERS for name in names)

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """The names of the query parameters, by role."""
        found: dict[str, str] = {}
        for echo in self.echoes:
            role = None
            if not echo.in_path:
                role = ROLE_OF.get(joined(echo.name))
            if role is not None:
                found.setdefault(role, echo.name)
        return found

    @cached_property
    def list_pointer(self) -> tuple[str, ...] | None:
        """The pointer to the main list of an answer; None where there is none."""
        found = find_list(self.outline, nouns_of(self.name))
        if found is not None:
            return found.pointer
        return None

    @cached_property
    def has_signs(self) -> bool:
        """True if the schema has a member that may announce a next page."""
        return any(map(_names_sign, (*self.outline.sources, *self.outline.sites.definitions.values())))

    def iter_requested_values(
        self, value: JsonValue, requested: RequestEcho, echo: Mapping[str, JsonValue], size: int | None
    ) -> Iterator[RequestedValue]:
        """
        Yield the values that an answer should have.

        Args:
            value: As it was generated.
            requested: What the request says.
            echo: Its parameters, by name.
            size: How many things are preferred to be in the whole.
        """
        if self.has_signs:
            yield from iter_ends(value)
        pointer = self.list_pointer
        listed = take(value, pointer) if pointer is not None else None
        if pointer is not None and isinstance(listed, list):
            span = self.span(listed, echo, size)
            if span.count < len(listed):
                page = listed[span.start if size is not None else 0 :][: span.count]
                yield RequestedValue(pointer, [page])
                value, listed = set_value(value, pointer, page), page
            if self.links_items and requested.path:
                yield RequestedValue(pointer, [self._linked(listed, requested.path, choice) for choice in (0, 1)])
            if requested.path:
                links = links_of(span, self.roles, HERE + requested.path, requested.query)
            else:
                links = {}
            if pointer:
                yield from iter_span_values(value, pointer, span, links, documented={})
        elif requested.is_of_answer and isinstance(value, dict):
            yield from _own_links(value, requested)
        if isinstance(requested.sent, dict) and isinstance(value, dict):
            yield from iter_sent(value, requested.sent, self.outline)

    def _linked(self, listed: list[JsonValue], path: str, choice: int) -> JsonValue:
        """Return the items of a list, each with links to its own path: by URL (choice 0) or by path alone (1)."""
        linked: list[JsonValue] = []
        for item in listed:
            key = _key(item, self.item_variable) if isinstance(item, dict) else None
            if isinstance(item, dict) and key is not None:
                own = RequestEcho(path=f"{path.rstrip('/')}/{quote(str(key), safe='')}")
                for change in _own_links(item, own):
                    item = set_value(item, change.place, change.values[choice])  # noqa: PLW2901 - a changed copy
            linked.append(item)
        return linked

    def page(
        self, whole: JsonValue, requested: RequestEcho, echo: Mapping[str, JsonValue], size: int | None
    ) -> RequestedPage | None:
        """
        Return the page of a generated whole that a request gets; None where the whole has no list.

        See `iter_requested_values`.
        """
        pointer = self.list_pointer
        listed = take(whole, pointer) if pointer is not None else None
        if pointer is None or not isinstance(listed, list):
            return None
        span = self.span(listed, echo, size)
        return RequestedPage(
            span, links_of(span, self.roles, HERE + requested.path, requested.query), is_plain=not pointer
        )

    def limit(self, echo: Mapping[str, JsonValue]) -> int | None:
        """Return the limit of items in a request; None where it has none."""
        return _number(echo.get(self.roles.get("limit", ""))) or None

    def span(self, listed: Sequence[JsonValue], echo: Mapping[str, JsonValue], size: int | None) -> Span:
        """
        Return the span of a page in the whole.

        Args:
            listed: What was generated.
            echo: The parameters of the request, by name.
            size: How many things the whole should have; None: those that are shown are the last ones.
        """
        roles = self.roles
        first = next((e.first for e in self.echoes if e.name == roles.get("page")), 1)
        limit = self.limit(echo)
        count = len(listed)
        shown = min(count, limit) if limit else count
        step = limit or shown
        number, offset = _number(echo.get(roles.get("page", ""))), _number(echo.get(roles.get("offset", "")))
        names = (e.name for e in self.echoes if not e.in_path and e.name in echo)
        by_role = {ROLE_OF.get(joined(name)): echo[name] for name in names}
        cursor = by_role.get("after")
        start = offset or 0
        if number is not None:
            start = max(number - first, 0) * step
        elif size is not None and cursor is not None:
            start = _after(listed, cursor)
        paged = limit is not None or not PAGED.isdisjoint(by_role)
        if size is None:
            return Span(shown, start + shown, start, step if paged else None, first)
        shown = max(min(step, count - start), 0) if paged else count
        after = start + shown
        return Span(shown, count, start, step if paged else None, first, f"{_CURSOR}{after}" if after < count else None)


def _after(listed: Sequence[JsonValue], cursor: JsonValue) -> int:
    """Return the index after the item of a cursor, or of a key; the end for an unknown one."""
    if (
        isinstance(cursor, str)
        and cursor.startswith(_CURSOR)
        and (start := _number(cursor.removeprefix(_CURSOR))) is not None
    ):
        return start
    for index, item in enumerate(listed):
        key = item
        if isinstance(item, dict):
            key = next((item[name] for name in KEYS if name in item), None)
        if key is not None and str(key) == str(cursor):
            return index + 1
    return len(listed)


def _key(item: JsonObject, variable: str) -> JsonValue:
    """
    Return the member of an item that its path variable takes.

    A member of that name, or of its last word, or an id; None where it has none.
    """
    words = split_words(variable)
    wanted = (joined(variable), words[-1] if words else "", *KEYS)
    known = {
        joined(name): value
        for name, value in item.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
    return next((known[name] for name in wanted if name in known), None)


def _number(value: JsonValue) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(_MOST)):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return int(value)
    return None


def _names_sign(schema: JsonValue) -> bool:
    """Return True if a property anywhere in a schema may announce a next page."""
    if isinstance(schema, list):
        return any(map(_names_sign, schema))
    if not isinstance(schema, dict):
        return False
    properties = schema.get("properties")
    if isinstance(properties, dict) and any(is_sure_sign(name) or is_sign(name) for name in properties):
        return True
    return any(
        _names_sign(part)
        for word, part in schema.items()
        if isinstance(part, dict | list) and word not in {"enum", "examples"}
    )


def _own_links(value: JsonObject, requested: RequestEcho) -> Iterator[RequestedValue]:
    """Yield the URL of the request for each link of an object to itself."""
    url = HERE + requested.path + (f"?{requested.query}" if requested.query else "")
    for name, member in value.items():
        if joined(name) in _OWN and isinstance(member, str | None):
            yield from _own_link((name,), member, url)
        elif isinstance(member, dict) and (name in _OWN_HOLDERS or joined(name) == "self"):
            own = member.get("self") if name in _OWN_HOLDERS else member
            place = (name, "self") if name in _OWN_HOLDERS else (name,)
            if isinstance(own, str):
                yield from _own_link(place, own, url)
            elif isinstance(own, dict) and "href" in own:
                yield RequestedValue((*place, "href"), [url, path_of(url)])


def _own_link(place: Place, drawn: str | None, url: str) -> Iterator[RequestedValue]:
    """Yield the URL for a link as it was drawn: whole, or a path; not for what is no link, as `spotify:album:1`."""
    if drawn is None or drawn.startswith(("http://", "https://")) or ":" not in drawn[:_SCHEME]:
        is_path = drawn is not None and drawn.startswith("/")
        yield RequestedValue(place, [path_of(url) if is_path else url, path_of(url)])


def iter_sent(value: JsonObject, sent: JsonObject, outline: Site) -> Iterator[RequestedValue]:
    """
    Yield the members that were sent, by name, for the object that has most of these names.

    Args:
        value: The answer, as it was generated.
        sent: What was sent.
        outline: Of the answer.
    """
    inner = [member for member in sent.values() if isinstance(member, dict)]
    bodies = [sent, *inner] if len(sent) == 1 else [sent]
    spots = [
        ((), outline),
        *(((name,), outline.member(name)) for name, member in value.items() if isinstance(member, dict)),
    ]
    best: tuple[int, tuple[str, ...], Site, JsonObject] = (0, (), outline, {})
    for body in bodies:
        wanted = {joined(name) for name in body}
        for place, site in spots:
            shared = len(wanted & joined_names(site.names))
            if shared > best[0]:
                best = (shared, place, site, body)
    if best[0]:
        yield from _of_object(best[1], take(value, best[1]), best[3], best[2])


def _of_object(place: tuple[str, ...], value: JsonValue, sent: JsonObject, outline: Site) -> Iterator[RequestedValue]:
    known = {joined(name): name for name in reversed(outline.names)}
    there = as_object(value)
    for name, said in sent.items():
        own = name if name in outline.names else known.get(joined(name))
        if own is not None:
            yield RequestedValue((*place, own), _choices(there.get(own), said, outline.member(own)))


def _choices(generated: JsonValue, said: JsonValue, outline: Site) -> Sequence[JsonValue]:
    """
    Return the values that a property may take, the best first.

    What was sent, of an object with what else there is, of a scalar in the other type as well.
    """
    if isinstance(said, dict) and isinstance(generated, dict):
        merged: JsonValue = generated
        for change in _of_object((), generated, said, outline):
            merged = set_value(merged, change.place, change.values[0])
        return [{**said, **merged} if isinstance(merged, dict) else said, merged, said]
    if isinstance(said, str) and (number := _as_number(said)) is not None:
        return [said, number]
    if isinstance(said, int | float) and not isinstance(said, bool):
        return [said, str(said)]
    return [said]


def _as_number(text: str) -> int | float | None:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def find_requested(method: str, status: int, request: Request, body: JsonValue | Missing) -> RequestEcho:
    """Find the parts of a request that answers of success repeat."""
    if not 200 <= status < 300:  # noqa: PLR2004
        return RequestEcho()
    path, query = request.path.decode("latin-1"), request.query.decode("latin-1")
    return RequestEcho(_find_sent(method, request, body), path, query, is_of_answer=method in _OF_ANSWER)


def _find_sent(method: str, request: Request, body: JsonValue | Missing) -> JsonObject | list[JsonValue] | None:
    """Find the members of a body that answers repeat; of a deletion, that something was deleted."""
    if method == "DELETE":
        return _DELETION
    if method not in WITH_BODY:
        return None
    upload = find_upload(request)
    if upload is not None:
        fields = body if isinstance(body, dict) else {}
        return _describe(upload) | {name: value for name, value in fields.items() if name != upload.field}
    if not isinstance(body, dict | list):
        return None
    if isinstance(body, list):
        return body
    keyless = method != "POST"  # what is replaced or changed has the key that the path names
    return {name: value for name, value in body.items() if not (keyless and name in {"id", "uuid"})}


def _describe(upload: Upload) -> JsonObject:
    """Describe a file that was sent, by the names that its members may have in an answer."""
    described: JsonObject = dict.fromkeys(("size", "bytes", "fileSize", "contentLength", "sizeInBytes"), upload.size)
    if upload.name:
        described |= dict.fromkeys(("filename", "name", "originalName", "title"), upload.name)
    if upload.media_type:
        described |= dict.fromkeys(("contentType", "mimeType", "mediaType"), upload.media_type)
    return described
