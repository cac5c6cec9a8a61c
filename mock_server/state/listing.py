"""
Which things a list shows: filtered, sorted and cut into pages by the documented query parameters.

A parameter that has the name of a property filters by it; `limit`, `page`, `offset`, `cursor`, `sort`, `q` and their
like do what they say. What a parameter means is told from its name once; a name that is both goes by the property.

Telling of pages of what is kept in the body around a list.
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
from mock_server.schema.outline import Outline
from mock_server.state.resources import text_of
from mock_server.state.store import Record

# These are what they are, even where things have a property of the name.
_ALWAYS: Final = frozenset(
    ("limit", "offset", "page", "cursor", "sort", "q", "perpage", "pagesize", "sortby", "orderby")
)
_USUAL = 20  # things on a page, where pages are asked for and nobody says of what size
_DOWN: Final = frozenset(("desc", "descending", "-1", "down", "reverse"))
_UP: Final = frozenset(("asc", "ascending", "1", "up"))
_BOUNDS: Final = (("min", False), ("from", False), ("since", False), ("max", True), ("to", True), ("until", True))
_TAILS: Final = (("gte", False), ("min", False), ("from", False), ("after", False), ("since", False),
                 ("lte", True), ("max", True), ("to", True), ("before", True), ("until", True))  # fmt: skip


class Page(NamedTuple):
    """What a list shows, and where that is in the whole."""

    records: list[Record]
    total: int
    start: int  # the index of the first one
    limit: int | None  # None: there are no pages
    first: int = 1  # the number of the first page

    @property
    def span(self) -> Span:
        """Where that is in the whole."""
        after = self.start + len(self.records)
        cursor = write_cursor(self.records[-1].key, after) if self.records and after < self.total else None
        return Span(len(self.records), self.total, self.start, self.limit, self.first, cursor)


@dataclass(frozen=True, slots=True)
class _Filter:
    name: str
    pointer: tuple[str, ...]
    upper: bool | None = None  # an upper or a lower bound; None: equal


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the query parameters of an operation mean."""

    roles: Mapping[str, str]  # by role: the parameter
    filters: tuple[_Filter, ...]
    names: Mapping[str, str]  # of properties, by their words
    default: int | None  # things on a page
    first: int  # the number of the first page

    def select(self, records: Sequence[Record], query: Mapping[str, JsonValue]) -> Page:
        """
        Choose what a list shows.

        Args:
            records: Everything, in order.
            query: The query parameters that were sent, read.
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
        """Return whether the filters and the search let a thing through."""
        thing = record.body or {}
        for wanted in self.filters:
            value = query.get(wanted.name)
            if value is not None and not _matches(_at(thing, wanted.pointer), value, wanted.upper):
                return False
        nested = self.roles.get("filter")
        values = query.get(nested) if nested is not None else None
        if isinstance(values, dict) and not all(
            _matches(thing.get(self.names.get(joined(name), name)), value, None) for name, value in values.items()
        ):
            return False
        text = text_of(query.get(self.roles.get("search", "")))
        return text is None or _speaks_of(thing, text.casefold())

    def _sorted(self, found: list[Record], query: Mapping[str, JsonValue]) -> list[Record]:
        said, direction = query.get(self.roles.get("sort", "")), text_of(query.get(self.roles.get("direction", "")))
        keys = list(self._sort_keys(said, (direction or "").lower() in _DOWN))
        for name, down in reversed(keys):
            found = sorted(found, key=functools.partial(_sort_value, name), reverse=down)
        return found

    def _sort_keys(self, said: JsonValue, down: bool) -> Iterator[tuple[str, bool]]:  # noqa: FBT001 - the other direction
        """Properties and whether they go down: `-name`, `name:desc`, `name desc`, `name_desc`, several with commas."""
        parts = said if isinstance(said, list) else (text_of(said) or "").split(",")
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


def read_list_query(operation: Operation, thing: Outline, annotate: Callable[[Parameter], Outline]) -> ListQuery:
    """
    Tell what the query parameters of an operation mean.

    Args:
        operation: That lists things.
        thing: The outline of one.
        annotate: Gives the outline of a parameter's schema.
    """
    names = {joined(name): name for name in reversed(shown(thing))}
    roles: dict[str, str] = {}
    filters: list[_Filter] = []
    default, first = None, 1
    for parameter in operation.parameters:
        if parameter.location is not ParameterLocation.QUERY:
            continue
        word = joined(parameter.name)
        role = ROLE_OF.get(word)
        found = list(_filters(parameter.name, thing, names))
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
    """See what `order` means: beside `sort` it is up or down, alone it may be a property or either of the two."""
    said = [
        p.name
        for p in operation.parameters
        if p.location is ParameterLocation.QUERY and ROLE_OF.get(joined(p.name)) == "sort"
    ]
    order = next((name for name in said if joined(name) in {"order", "ordering"}), None)
    other = next((name for name in said if name != order), None)
    if "sort" in roles and order is not None and "direction" not in roles:
        roles["direction"] = order
        roles["sort"] = other or order


def _filters(name: str, thing: Outline, names: Mapping[str, str]) -> Iterator[_Filter]:
    """Yield what a parameter filters by: a property, one of a nested object, or a bound of one."""
    word = joined(name)
    known = (
        names.get(word)
        or names.get(word + "id")
        or names.get(word + "s")
        or (names.get(word[:-1]) if word.endswith("s") else None)
    )
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
    for outer in shown(thing):
        member = thing.member(outer)
        if is_object(member) and not is_array(member) and word.startswith(joined(outer)):
            inner = {joined(outer) + joined(n): n for n in shown(member)}
            if word in inner:
                yield _Filter(name, (outer, inner[word]))
                return


def _at(thing: JsonValue, pointer: tuple[str, ...]) -> JsonValue:
    for name in pointer:
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing


def _matches(value: JsonValue, wanted: JsonValue, upper: bool | None) -> bool:  # noqa: FBT001 - three ways
    """Return whether a property is what a parameter asks for; of a list, one item is enough, on either side."""
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
    """Return the text of a parameter as a number, where it is compared with one."""
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
    """Order of two values: nothing last, numbers before texts, texts without case first."""
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


def _speaks_of(value: JsonValue, text: str) -> bool:
    """Return whether a text stands anywhere in a thing."""
    if isinstance(value, dict):
        return any(_speaks_of(member, text) for member in value.values())
    if isinstance(value, list):
        return any(_speaks_of(item, text) for item in value)
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
    """Return an opaque text for the place after a thing."""
    return base64.urlsafe_b64encode(f"{start}:{key}".encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _place_of(found: list[Record], cursor: str) -> int:
    """Return the index after the thing that a cursor, or a key, names; where the thing is gone, where it was."""
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
    return settle(body, list(iter_span_values(body, pointer, span, links, documented=documented)), fits)
