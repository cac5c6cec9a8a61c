"""
Coherence: the parts of an answer agree with each other and with the request.

- A parameter is echoed in a property of the same name and meaning: the requested id, a filter.
- `groupId` and `groupName` are those of the group around.
- A count is the length of the list that it counts; a total is the sum of its parts.
- `first_id` and `last_id` are those of the list in the same object.
- A least is not above its greatest.

What belongs to one table of `pools` (a city and its coordinates, volts and watts, start and end) agrees by its row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_server.generate.realism.meaning import is_identifier
from mock_server.generate.sampler.compiler import Echo, SamplerContext, lazy_acceptor
from mock_server.generate.sampler.draw import (
    Draw,
    DrawState,
    EchoedPlace,
    InheritedPlace,
    NothingFits,
    NumberedPlace,
    PlaceTest,
    left_open,
)
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.names import joined, singular, split_words
from mock_server.schema.canonical import Canonical, MultiTypeView

_NUMERIC = frozenset("0123456789+-.")  # what a number may begin with
Finish = Callable[[JsonObject, DrawState], None]

_COUNT_WORDS = frozenset(("count", "total", "size", "length", "amount", "number", "num", "quantity"))
OWN_KEYS = frozenset((("id",), ("uuid",), ("uid",), ("key",)))  # names of identifiers, in words
_TOTAL = frozenset(("total", "sum", "overall"))
_REDUCING = frozenset(("discount", "discounts", "rebate", "refund", "refunded", "credit"))
_PAGING = frozenset(("page", "pages", "limit", "offset", "size", "skip"))
# Numbers that are no parts of a total in the same object.
_MEASURING = frozenset(
    ("id", "rate", "ratio", "percent", "percentage", "price", "average", "avg", "mean", "median", "min", "max",
     "minimum", "maximum", "limit", "version", "status", "code", "latitude", "longitude", "lat", "lng", "lon", "score",
     "rank", "position", "index", "timestamp", "created", "updated", "at", "time", "duration", "seconds", "ms", "used",
     "available", "free", "remaining", "year", "month", "day", "width", "height", "number", "count", "quantity", "of",
     "per")
)  # fmt: skip
_DECIMALS = 6  # of a sum: more are an artefact of floating point
_PAIRS = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("low", "high"),
    ("lower", "upper"),
    ("from", "to"),
    ("start", "end"),
    ("first", "last"),
)


@dataclass(frozen=True, slots=True)
class Linked:
    """A property's draw with its links."""

    draw: Draw
    echo: str | None = None  # the parameter by which the object identifies itself
    inherited: bool = False  # it may come from an object around


def link_property(
    context: SamplerContext,
    name: str,
    nouns: frozenset[str],
    schema: Canonical | None,
    draw: Draw,
    *,
    nested: bool,
    keyed: bool = False,
) -> Linked:
    """
    Link a property to the request and the objects around it.

    Args:
        context: With the parameters of the operation.
        name: The property.
        nouns: What its object is.
        schema: Its schema; None for anything.
        draw: How it is drawn when there is nothing to follow.
        nested: Whether it is an object or a list: then it follows nothing.
        keyed: Whether a sibling property identifies the object by a text.
    """
    if nested:
        return Linked(draw)
    accept = lazy_acceptor(schema, context.forms) if schema is not None else _anything
    words = split_words(name)
    part = words[-1] if words else ""
    owner = " ".join(words[:-1])
    inherited = False
    if part in {"id", "name"} and owner and singular(words[-2]) not in nouns and owner not in nouns:
        draw = _from_parent(singular(words[-2]), part, accept, draw)
        inherited = True
    for echo in context.echoes:
        link = _choose_link(echo, name, nouns, keyed=keyed)
        if link is _echo_identity:
            return Linked(link(echo.name, accept, draw), echo.name)
        if link is not None:
            return Linked(link(echo.name, accept, draw), inherited=inherited)
    return Linked(draw, inherited=inherited)


def _choose_link(echo: Echo, name: str, nouns: frozenset[str], *, keyed: bool) -> "Callable[..., Draw] | None":
    """Choose how a property of an object repeats a parameter; None where it does not."""
    is_of_object = bool(echo.nouns & nouns)
    if joined(echo.name) == joined(name):
        if not echo.in_path:
            return _echo_filter
        return _echo_identity if is_of_object else _echo_always
    if not echo.in_path:
        return None
    words, echo_words = split_words(name), split_words(echo.name)
    is_key = echo.is_noun or is_identifier(echo.name)
    if is_of_object:
        # `number` of an issue for `issue_number`
        is_end = len(echo_words) > 1 and echo_words[-1:] == words and not is_identifier(echo.name)
        is_name = words == ("name",) and (echo.name.lower().endswith("name") or (echo.is_noun and not keyed))
        return _echo_identity if is_end or (is_key and (words in OWN_KEYS or is_name)) else None
    is_of_owner = (words[1:] == ("id",) and words[0] in echo.nouns) or singular(joined(name)) in echo.nouns
    return _echo_always if is_key and is_of_owner else None


def _anything(value: JsonValue) -> bool:
    return True


def _echo_identity(name: str, accept: Callable[[JsonValue], bool], draw: Draw) -> Draw:
    """Echo the requested id: in the first of a list, and once in each item of the outermost list."""

    def follow(s: DrawState) -> JsonValue:
        if s.index == 0 and name in s.echo and name not in s.placed:
            found = fitting(s.echo[name], accept)
            if s.traced is not None:
                s.traced.append(PlaceTest(name, accept, found is not None))
                if found is not None:
                    found = left_open(EchoedPlace(name, accept, draw(s)))
                else:
                    found = None
            if found is not None:
                s.placed.add(name)
                return found
        return draw(s)

    return follow


def _echo_always(name: str, accept: Callable[[JsonValue], bool], draw: Draw) -> Draw:
    """Echo the owner, which all parts of an answer have in common."""

    def follow(s: DrawState) -> JsonValue:
        if s.traced is not None:
            return left_open(EchoedPlace(name, accept, draw(s)))
        if name in s.echo:
            found = fitting(s.echo[name], accept)
            if found is not None:
                return found
        return draw(s)

    return follow


def _echo_filter(name: str, accept: Callable[[JsonValue], bool], draw: Draw) -> Draw:
    """Echo a filter in the items of a list, not in their parts."""
    always = _echo_always(name, accept, draw)

    def follow(s: DrawState) -> JsonValue:
        if s.depth <= 2:  # noqa: PLR2004 - the answer, or the items in its list
            return always(s)
        return draw(s)

    return follow


def _from_parent(noun: str, part: str, accept: Callable[[JsonValue], bool], draw: Draw) -> Draw:
    """`groupId` and `groupName` of the nearest group around."""

    def follow(s: DrawState) -> JsonValue:
        for parent in reversed(s.parents):
            if noun in parent.nouns:
                key = parent.id_key if part == "id" else parent.name_key
                value = parent.value.get(key) if key is not None else None
                place: object = value
                if isinstance(place, EchoedPlace | NumberedPlace | InheritedPlace):
                    return left_open(InheritedPlace(place, accept, draw(s)))
                if value is not None and accept(value):
                    return value
                break
        return draw(s)

    return follow


def fitting(value: JsonValue, accept: Callable[[JsonValue], bool]) -> JsonValue:
    """Return a value in the property's type: "7" as 7, 7 as "7", the only item of a list; None where none fits."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if accept(value):
        return value
    if isinstance(value, str):
        if value[:1] not in _NUMERIC:
            return None
        for read in (int, float):
            try:
                number = read(value)
            except ValueError:
                continue
            if accept(number):
                return number
    elif isinstance(value, int | float) and not isinstance(value, bool) and accept(str(value)):
        return str(value)
    return None


def compile_counts(context: SamplerContext, names: tuple[str, ...], schemas: dict[str, Canonical]) -> Iterator[Finish]:
    """Set each number that counts a list of the same object to its length."""
    lists = [name for name in names if name in schemas and _may_be_list(schemas[name])]
    for name in names:
        if name not in schemas or schemas[name].kind.value not in {"integer", "multi_type", "number", "any_of"}:
            continue
        counted = counted_list(name, lists)
        if counted is not None:
            yield _count(name, counted, lazy_acceptor(schemas[name], context.forms))


def _may_be_list(schema: Canonical) -> bool:
    branches = getattr(schema.view(), "branches", ())
    return schema.kind.value == "array" or any(branch.kind.value == "array" for branch in branches)


def counted_list(name: str, lists: list[str]) -> str | None:
    """
    Return the list that a property counts, by its name.

    `amountOfSockets`, `socketCount`, or `total` next to the only list.
    """
    words = [singular(word) for word in split_words(name)]
    if not _COUNT_WORDS & set(words):
        return None
    rest = [
        word
        for word in words
        if word not in _COUNT_WORDS and word not in {"of", "items", "item", "result", "record", "row", "element"}
    ]
    for candidate in lists:
        if rest and [singular(word) for word in split_words(candidate)][-len(rest) :] == rest:
            return candidate
    if not rest and len(lists) == 1:
        return lists[0]
    return None


def _count(name: str, counted: str, accept: Callable[[JsonValue], bool]) -> Finish:
    def finish(out: JsonObject, s: DrawState) -> None:
        items = out.get(counted)
        count = len(items) if isinstance(items, list) else 0
        if name in out and (isinstance(items, list) or items is None) and accept(count):
            out[name] = count

    return finish


def compile_sums(context: SamplerContext, names: tuple[str, ...], schemas: dict[str, Canonical]) -> Iterator[Finish]:
    """
    Let a total be the sum of its parts.

    Of `total_tokens` those of `_tokens`, of a mere `total` all other numbers.
    """
    numbers = {name: split_words(name) for name in names if name in schemas and _is_number(schemas[name])}
    if any(words and words[-1] in _PAGING for words in numbers.values()) or any(
        _may_be_list(schema) for schema in schemas.values()
    ):
        return
    totals = {
        name: tuple(word for word in words if word not in _TOTAL)
        for name, words in numbers.items()
        if _TOTAL & set(words)
    }
    for total, rest in totals.items():
        others = {name: words for name, words in numbers.items() if name not in totals}
        if rest:
            others = {
                name: words for name, words in others.items() if len(words) > len(rest) and words[-len(rest) :] == rest
            }
        parts = {name: 1 - 2 * bool(_REDUCING & set(words)) for name, words in others.items()}  # -1 or 1
        if len(parts) > 1 and (rest or _are_of_one_kind(set(others.values()))):
            yield _sum(total, parts, lazy_acceptor(schemas[total], context.forms))


def _is_number(schema: Canonical) -> bool:
    """Return True if a node allows only numbers, and perhaps null."""
    view = schema.view()
    if isinstance(view, MultiTypeView):
        return {"null"} < {*view.types, "null"} <= {"integer", "number", "null"}
    return schema.kind.value in {"integer", "number"}


def _are_of_one_kind(names: set[tuple[str, ...]]) -> bool:
    """
    Return True if the numbers of an object can be the parts of its `total`.

    Sums of money, or counts by what has become of things.
    """
    return not any(set(words) & _MEASURING for words in names)


def _sum(total: str, parts: dict[str, int], accept: Callable[[JsonValue], bool]) -> Finish:
    def finish(out: JsonObject, s: DrawState) -> None:
        found = [(out.get(name), sign) for name, sign in parts.items()]
        amounts = [
            value * sign for value, sign in found if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        if total not in out or len(amounts) < 2:  # noqa: PLR2004 - the sum of one is no sum
            return
        if all(isinstance(amount, int) for amount in amounts):
            whole = sum(amounts)
        else:
            whole = round(sum(amounts), _DECIMALS)
        if accept(whole):
            out[total] = whole

    return finish


def compile_ends(context: SamplerContext, names: tuple[str, ...], schemas: dict[str, Canonical]) -> Iterator[Finish]:
    """Set `first_id` and `last_id` to those of the only list of the same object."""
    lists = [name for name in names if name in schemas and _may_be_list(schemas[name])]
    for name in names if len(lists) == 1 else ():
        index = {"firstid": 0, "lastid": -1}.get(joined(name))
        if index is not None and name in schemas:
            yield _end(name, lists[0], index, lazy_acceptor(schemas[name], context.forms))


def _end(name: str, listed: str, index: int, accept: Callable[[JsonValue], bool]) -> Finish:
    def finish(out: JsonObject, s: DrawState) -> None:
        items = out.get(listed)
        if name not in out or not isinstance(items, list):
            return
        item = items[index] if items else None
        value = as_object(item).get("id")
        if accept(value):
            out[name] = value

    return finish


def compile_orders(context: SamplerContext, names: tuple[str, ...], schemas: dict[str, Canonical]) -> Iterator[Finish]:
    """Put each pair of a least and a greatest number in order."""
    by_words = {
        split_words(name): name
        for name in names
        if name in schemas and schemas[name].kind.value in {"integer", "number", "multi_type"}
    }
    for words, name in by_words.items():
        for low, high in _PAIRS:
            if low in words:
                other = by_words.get(tuple({low: high}.get(word, word) for word in words))
                if other is not None:
                    yield _order(
                        name,
                        other,
                        lazy_acceptor(schemas[name], context.forms),
                        lazy_acceptor(schemas[other], context.forms),
                    )


def _order(low: str, high: str, low_ok: Callable[[JsonValue], bool], high_ok: Callable[[JsonValue], bool]) -> Finish:
    def finish(out: JsonObject, s: DrawState) -> None:
        one, other = out.get(low), out.get(high)
        if s.traced is not None and any(
            isinstance(place, EchoedPlace | NumberedPlace | InheritedPlace) for place in (one, other)
        ):
            raise NothingFits  # their order is unknown before the request is
        wrong = isinstance(one, int | float) and isinstance(other, int | float) and one > other
        if wrong and low_ok(other) and high_ok(one):
            out[low], out[high] = other, one

    return finish
