"""
Incoherent values: valid by the schema, wrong in meaning.

A start after its end, a latitude beyond the pole, a count that does not count, an id twice in one list.

What a property means is told from its name, as in `generate.coherence`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mock_server.errors import SchemaError
from mock_server.generate.edges.apply import Add, Attempt, Edit, Editor, Put
from mock_server.generate.edges.boundary import part_of
from mock_server.generate.realism.meaning import is_identifier
from mock_server.json_values import JsonValue
from mock_server.names import singular, split_words
from mock_server.schema.formats import find_format
from mock_server.schema.locations import Location

_EARLY: Final = datetime(2001, 1, 1, tzinfo=UTC)
_LATE: Final = datetime(2031, 1, 1, tzinfo=UTC)
_FAR: Final = datetime(2999, 1, 1, tzinfo=UTC)
# Pairs of words of which the first comes before the second, or is not greater.
_ORDERED: Final = (
    ("start", "end"), ("start", "stop"), ("start", "expiring"), ("start", "expiry"), ("start", "expires"),
    ("from", "to"),
    ("from", "until"), ("from", "through"), ("created", "updated"), ("created", "modified"), ("begin", "end"),
    ("opens", "closes"),
    ("since", "until"), ("check in", "check out"), ("departure", "arrival"), ("valid from", "valid to"), ("min", "max"),
    ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("first", "last"),
)  # fmt: skip
_MOMENTS: Final = frozenset(("date", "time", "at", "on", "timestamp"))
_COUNTS: Final = frozenset(("count", "total", "amount", "number", "num", "quantity", "size"))
_WORLD: Final = (
    (("latitude", "lat"), (("beyond-the-pole", 90.5), ("far-beyond-the-pole", -1_000))),
    (("longitude", "lng", "lon", "long"), (("beyond-the-date-line", 180.5), ("far-beyond-the-date-line", 1_000))),
    (("price", "cost", "amount", "total", "fee", "quantity", "watts", "voltage", "amperage", "power", "energy",
      "distance", "duration",
      "age", "weight", "height", "width", "length", "count", "sockets", "size"), (("negative", -1),)),
    (("percent", "percentage", "soc"), (("above-hundred", 101),)),
)  # fmt: skip
_FUTURE: Final = frozenset(("created", "updated", "modified", "birth", "born", "seen", "last"))


def iter_incoherences(shop: Editor, location: Location) -> Iterator[Attempt]:
    """List what may be wrong in meaning at an object or a list that was not met before."""
    if not any(part.is_new for part in location.parts):
        return
    names = {
        str(name): schema
        for known in location.keyword("properties")
        if isinstance(known, dict)
        for name, schema in known.items()
        if isinstance(schema, dict)
    }
    if names:
        yield from _orders(location, names)
        yield from _counts(location, names)
    if "array" in location.types and location.keyword("items"):
        yield Attempt(location, part_of(location, "items"), "items", "id-twice", lambda: _twice(shop, location))
    if location.name and isinstance(location.step, str):
        yield from _single(location)


def _orders(location: Location, names: Mapping[str, JsonValue]) -> Iterator[Attempt]:
    words = {name: tuple(word for word in split_words(name) if word not in _MOMENTS) for name in names}
    for low, high in _ORDERED:
        for first, earlier in names.items():
            if not _ends(words[first], low) and not _starts(words[first], low):
                continue
            for second, schema in names.items():
                rest = (_without(words[first], low), _without(words[second], high))
                if second != first and (_ends(words[second], high) or _starts(words[second], high)) and _same(*rest):
                    word = f"{first}-after-{second}"
                    edit = Add(((first, _value(earlier, _LATE)), (second, _value(schema, _EARLY))))
                    part = part_of(location, "properties")
                    yield Attempt(location, part, "properties", word, partial(iter, (edit,)))


def _value(schema: JsonValue, moment: datetime) -> JsonValue:
    """Write a moment as a schema has it: by its format, as a text, or as seconds since 1970."""
    if not isinstance(schema, dict):
        return int(moment.timestamp())
    day = _write_day(schema.get("format"), moment)
    if day is not None:
        return day
    if "string" in _types(schema):
        return _write_day("date-time", moment)
    return int(moment.timestamp())


def _write_day(format_: JsonValue, moment: datetime) -> str | None:
    """Write a moment in a format; None where the format has no day."""
    record = find_format(format_)
    if record.has_day:
        return record.write_moment(moment)
    return None


def _ends(words: tuple[str, ...], phrase: str) -> bool:
    parts = tuple(phrase.split())
    return words[-len(parts) :] == parts


def _starts(words: tuple[str, ...], phrase: str) -> bool:
    parts = tuple(phrase.split())
    return words[: len(parts)] == parts


def _without(words: tuple[str, ...], phrase: str) -> tuple[str, ...]:
    return tuple(word for word in words if word not in phrase.split())


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return True if both speak of one thing: `effectiveFrom`, `effectiveTo`; or one of them names nothing."""
    return one == other or not one or not other


def _counts(location: Location, names: Mapping[str, JsonValue]) -> Iterator[Attempt]:
    lists = [name for name, schema in names.items() if isinstance(schema, dict) and "array" in _types(schema)]
    for name, schema in names.items():
        words = [singular(word) for word in split_words(name)]
        if not _COUNTS & set(words) or not isinstance(schema, dict) or not {"integer", "number"} & set(_types(schema)):
            continue
        rest = [word for word in words if word not in _COUNTS and word != "of"]
        if any(not rest or [singular(word) for word in split_words(other)][-len(rest) :] == rest for other in lists):
            edit = Add(((name, 9_999),))
            yield Attempt(
                location,
                part_of(location, "properties"),
                "properties",
                f"{name}-disagrees",
                partial(iter, (edit,)),
            )


def _types(schema: dict[str, JsonValue]) -> list[str]:
    types = schema.get("type")
    if isinstance(types, list):
        return [str(type_) for type_ in types]
    return []


def _twice(shop: Editor, location: Location) -> Iterator[Edit]:
    """Yield a list of two things with one id."""
    try:
        value = shop.produce(
            {"allOf": [location.schema, {"type": ["array"], "minItems": 2, "maxItems": 2}]}, 0, name=location.name
        )
    except SchemaError:
        return
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], dict) and isinstance(value[1], dict):  # noqa: PLR2004
        name = next((name for name in value[0] if is_identifier(name) and value[0][name] is not None), None)
        if name is not None:
            yield Put([value[0], {**value[1], name: value[0][name]}])


def _single(location: Location) -> Iterator[Attempt]:
    words = split_words(location.name)
    types = {str(type_) for found in location.keyword("type") if isinstance(found, list) for type_ in found}
    listed = location.keyword("enum") or location.keyword("const")
    if not words or listed:
        return
    if types & {"integer", "number"} and not is_identifier(location.name):
        for known, values in _WORLD:
            if words[-1] in known or (words[0] in known and words[1:2] == ("of",)):
                yield from (_put(location, word, value) for word, value in values)
    if is_identifier(location.name):
        if "string" in types and not location.keyword("format"):
            yield _put(location, "unknown-id", "no-such-id")
        elif types & {"integer", "number"}:
            yield _put(location, "unknown-id", 999_999_999)
    for format_ in location.keyword("format"):
        day = _write_day(format_, _FAR)
        if day is not None and set(words) & _FUTURE:
            yield _put(location, "in-the-future", day)


def _put(location: Location, word: str, value: JsonValue) -> Attempt:
    return Attempt(location, part_of(location, "type"), "type", word, lambda: iter((Put(value),)))
