"""
Items of a list: filtered, sorted and paged by the documented query parameters.

A parameter with the name of a property filters by it; `limit`, `page`, `offset`, `cursor`, `sort`, `q` and the like do
what their names say. A name that is both, and not one of `_ALWAYS`, is that of a property. `fill_envelope` writes the
page into the members around the list.
"""

import base64
import binascii
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.document.model import Operation, Parameter, ParameterLocation
from mock_server.generate.envelope import is_array, is_object, shown
from mock_server.generate.pagination import PAGED, ROLE_OF, Span, iter_span_values
from mock_server.generate.requested_values import settle
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.names import joined
from mock_server.schema.sites import Site
from mock_server.state.resources import text_of
from mock_server.state.store import Record

# These keep their meaning even if items have a property of the name.
_ALWAYS: Final = frozenset(
    ("limit", "offset", "page", "cursor", "sort", "q", "perpage", "pagesize", "sortby", "orderby")
)
_USUAL = 20  # items of a page, if neither request nor document gives a size
_DOWN: Final = frozenset(("desc", "descending", "-1", "down", "reverse"))
_UP: Final = frozenset(("asc", "ascending", "1", "up"))
_BOUNDS: Final = (("min", False), ("from", False), ("since", False), ("max", True), ("to", True), ("until", True))
_TAILS: Final = (("gte", False), ("min", False), ("from", False), ("after", False), ("since", False),
                 ("lte", True), ("max", True), ("to", True), ("before", True), ("until", True))  # fmt: skip


class Page(NamedTuple):
    """The records of a page, and their position in the whole."""

    records: list[Record]
    total: int
    start: int  # the index of the first record
    limit: int | None  # None: one page has all
    first: int = 1  # the number of the first page

    @property
    def span(self) -> Span:
        """The position of the page in the whole."""
        after = self.start + len(self.records)
        cursor = write_cursor(self.records[-1].key, after) if self.records and after < self.total else None
        return Span(len(self.records), self.total, self.start, self.limit, self.first, cursor)


@dataclass(frozen=True, slots=True)
class _Filter:
    name: str
    pointer: tuple[str, ...]
    upper: bool | None = None  # an upper or a lower bound; None: equality


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The meaning of an operation's query parameters."""

    roles: Mapping[str, str]  # names of parameters by role
    filters: tuple[_Filter, ...]
    names: Mapping[str, str]  # of properties, by their joined words
    default: int | None  # items of a page
    first: int  # the number of the first page

    def select(self, records: Sequence[Record], query: Mapping[str, JsonValue]) -> Page:
        """
        Select the page that a query asks for.

        Args:
            records: All of them, in order.
            query: The query parameters that were sent, decoded.
        """
        found = [record for record in records if self.keeps(record, query)] if query else list(records)
        found = self._sorted(found, query)
        limit = _number(query.get(self.roles.get("limit", ""))) or self.default
        paged = {role for role in PAGED if self.roles.get(role) in query}
        if limit is None and paged:
            limit = _USUAL
        start = self._start(found, query, limit or 0)
        shown_here = found[start : start + limit] if limit is not None else found[start:]
        return Page(shown_here, len(found), start, limit, self.first)

    def _start(self, found: list[Record], query: Mapping[str, JsonValue], limit: int) -> int:
        offset = _number(query.get(self.roles.get("offset", "")))
        if offset is not None:
            return offset
        page = _number(query.get(self.roles.get("page", "")))
        if page is not None:
            return max(page - self.first, 0) * limit
        after, before = query.get(self.roles.get("after", "")), query.get(self.roles.get("before", ""))
        if after is not None:
            return _place_of(found, text_of(after) or "")
        if before is not None:
            place = next((i for i, record in enumerate(found) if record.key == text_of(before)), len(found))
            return max(place - limit, 0)
        return 0

    def keeps(self, record: Record, query: Mapping[str, JsonValue]) -> bool:
        """Return True if a record matches the filters and the search."""
        item = record.body or {}
        for wanted in self.filters:
            value = query.get(wanted.name)
            if value is not None and not _matches(_at(item, wanted.pointer), value, wanted.upper):
                return False
        nested = self.roles.get("filter")
        values = query.get(nested) if nested is not None else None
        if isinstance(values, dict) and not all(
            _matches(item.get(self.names.get(joined(name), name)), value, None) for name, value in values.items()
        ):
            return False
        text = text_of(query.get(self.roles.get("search", "")))
        return text is None or _contains_text(item, text.casefold())

    def _sorted(self, found: list[Record], query: Mapping[str, JsonValue]) -> list[Record]:
        direction = text_of(query.get(self.roles.get("direction", ""))) or ""
        keys = list(self._sort_keys(query.get(self.roles.get("sort", "")), direction.lower() in _DOWN))
        for name, down in reversed(keys):
            found = sorted(found, key=functools.partial(_sort_value, name), reverse=down)
        return found

    def _sort_keys(self, sort: JsonValue, down: bool) -> Iterator[tuple[str, bool]]:  # noqa: FBT001 - descending by default
        """Yield properties, and whether they descend: `-name`, `name:desc`, `name desc`, `name_desc` with commas."""
        parts = sort if isinstance(sort, list) else (text_of(sort) or "").split(",")
        for part in parts:
            text = (text_of(part) or "").strip()
            falls = down or text.startswith("-")
            text = text.lstrip("+-")
            if joined(text) not in self.names:
                head, _, tail = text.replace(":", " ").replace("_", " ").replace(".", " ").strip().rpartition(" ")
                if tail.lower() in _DOWN | _UP:
                    text, falls = head, falls or tail.lower() in _DOWN
            name = self.names.get(joined(text))
            if name is not None:
                yield name, falls


def read_list_query(operation: Operation, item: Site, annotate: Callable[[Parameter], Site]) -> ListQuery:
    """
    Read the meaning of an operation's query parameters from their names.

    Args:
        operation: It lists items.
        item: The outline of an item.
        annotate: Returns the outline of a parameter's schema.
    """
    names = {joined(name): name for name in reversed(shown(item))}
    roles: dict[str, str] = {}
    filters: list[_Filter] = []
    default, first = None, 1
    for parameter in operation.parameters:
        if parameter.location is not ParameterLocation.QUERY:
            continue
        word = joined(parameter.name)
        role = ROLE_OF.get(word)
        found = list(_filters(parameter.name, item, names))
        if role is not None and role not in roles and (word in _ALWAYS or not found):
            roles[role] = parameter.name
            outline = annotate(parameter)
            if (
                role == "limit"
                and isinstance(known := outline.annotation("default"), int)
                and not isinstance(known, bool)
            ):
                default = known if known > 0 else None
            if role == "page" and 0 in (outline.annotation("minimum"), outline.annotation("default")):
                first = 0
        elif found:
            filters += found
        elif word in {"filter", "filters", "where"} and is_object(annotate(parameter)):
            roles["filter"] = parameter.name
    _read_order(operation, roles)
    return ListQuery(roles, tuple(filters), names, default, first)


def _read_order(operation: Operation, roles: dict[str, str]) -> None:
    """Read `order`: together with `sort` it is the direction, alone it may be a property or a direction."""
    sorts = [
        p.name
        for p in operation.parameters
        if p.location is ParameterLocation.QUERY and ROLE_OF.get(joined(p.name)) == "sort"
    ]
    order = next((name for name in sorts if joined(name) in {"order", "ordering"}), None)
    other = next((name for name in sorts if name != order), None)
    if "sort" in roles and order is not None and "direction" not in roles:
        roles["direction"] = order
        roles["sort"] = other or order


def _filters(name: str, item: Site, names: Mapping[str, str]) -> Iterator[_Filter]:
    """Yield the filter of a parameter: by a property, by one of a nested object, or by a bound of one."""
    word = joined(name)
    known = names.get(word) or names.get(word + "id") or names.get(word + "s") or names.get(word.removesuffix("s"))
    if known is not None:
        yield _Filter(name, (known,))
        return
    for prefix, upper in _BOUNDS:
        if word.startswith(prefix) and word[len(prefix) :] in names:
            yield _Filter(name, (names[word[len(prefix) :]],), upper)
            return
    for tail, upper in _TAILS:
        if (
            word.endswith(tail)
            and (bare := word[: -len(tail)])
            and (found := names.get(bare) or names.get(bare + "at"))
        ):
            yield _Filter(name, (found,), upper)
            return
    for outer in shown(item):
        member = item.member(outer)
        if is_object(member) and not is_array(member) and word.startswith(joined(outer)):
            inner = {joined(outer) + joined(n): n for n in shown(member)}
            if word in inner:
                yield _Filter(name, (outer, inner[word]))
                return


def _at(value: JsonValue, pointer: tuple[str, ...]) -> JsonValue:
    for name in pointer:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _matches(value: JsonValue, wanted: JsonValue, upper: bool | None) -> bool:  # noqa: FBT001 - upper, lower or neither
    """Return True if a property matches a parameter; of arrays on either side, one item has to match."""
    if upper is not None:
        if value is None or isinstance(value, bool | list | dict):
            return False
        order = _compare(value, _typed(wanted, value))
        if upper:
            return order <= 0
        return order >= 0
    if isinstance(wanted, list):
        return any(_matches(value, one, None) for one in wanted)
    if isinstance(value, list):
        return any(_matches(item, wanted, None) for item in value)
    if isinstance(value, dict) and not isinstance(wanted, dict):
        return any(_matches(member, wanted, None) for member in value.values() if not isinstance(member, dict | list))
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(_matches(value.get(name), part, None) for name, part in wanted.items())
    return same_json(value, wanted) or (value is not None and _text(value) == _text(wanted))


def _typed(wanted: JsonValue, like: JsonValue) -> JsonValue:
    """Return a parameter as a number, if it is compared with one."""
    if isinstance(wanted, str) and isinstance(like, int | float):
        try:
            return float(wanted)
        except ValueError:
            return wanted
    return wanted


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _sort_value(name: str, record: Record) -> tuple[int, float, str, str]:
    return _rank((record.body or {}).get(name))


def _compare(one: JsonValue, other: JsonValue) -> int:
    """Compare two values: numbers come before texts, null comes last, case decides between equal texts."""
    mine, theirs = _rank(one), _rank(other)
    return (mine > theirs) - (mine < theirs)


def _rank(value: JsonValue) -> tuple[int, float, str, str]:
    if value is None:
        return (3, 0.0, "", "")
    if isinstance(value, bool | int | float):
        return (0, float(value), "", "")
    if isinstance(value, str):
        return (1, 0.0, value.casefold(), value)
    return (2, 0.0, "", str(value))


def _contains_text(value: JsonValue, text: str) -> bool:
    """Return True if any text of a value contains another one."""
    if isinstance(value, dict):
        return any(_contains_text(member, text) for member in value.values())
    if isinstance(value, list):
        return any(_contains_text(item, text) for item in value)
    return isinstance(value, str) and text in value.casefold()


def _number(value: JsonValue) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, int | float) and value >= 0:
        return int(value)
    return None


def write_cursor(key: str, start: int) -> str:
    """Return an opaque cursor for the position after an item."""
    return base64.urlsafe_b64encode(f"{start}:{key}".encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _place_of(found: list[Record], cursor: str) -> int:
    """Return the index after the item that a cursor, or a key, names; its old index if it is deleted."""
    start, key = 0, cursor
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8", "surrogatepass")
        number, colon, rest = text.partition(":")
        if colon and number.isdigit():
            start, key = int(number), rest
    except (binascii.Error, ValueError):
        pass
    place = next((index + 1 for index, record in enumerate(found) if record.key == key), None)
    if place is not None:
        return place
    return min(start, len(found))


def fill_envelope(
    body: JsonValue,
    pointer: tuple[str, ...],
    span: Span,
    links: Mapping[str, str],
    fits: Callable[[JsonValue], bool],
    documented: Mapping[tuple[str, ...], JsonObject],
) -> JsonValue:
    """
    Fill the members around a list with the total, the page and links.

    Args:
        body: It has the list.
        pointer: To the list.
        span: The position of the page.
        links: To other pages.
        fits: Whether a body conforms.
        documented: Members that an object around the list may have, each with a value of its type, by pointer.
    """
    if not pointer:
        return body
    return settle(body, list(iter_span_values(body, pointer, span, links, documented=documented)), fits)
