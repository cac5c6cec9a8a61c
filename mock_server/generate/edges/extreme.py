"""
Extreme values: valid, and hostile to code that does not expect them.

Each is a plain edit; which of them a schema allows is found out by its judges.
"""

import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Final

from mock_server.errors import SchemaError
from mock_server.generate.edges.apply import Add, Attempt, Edit, Editor, Put
from mock_server.generate.edges.boundary import part_of
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.formats import find_format
from mock_server.schema.locations import Location

DEPTH: Final = 40  # of a value that nests in itself
ITEMS: Final = 1_000  # of a huge list
LENGTH: Final = 10_000  # of a very long text, in code points
_LARGEST_LIST: Final = 400_000  # characters

TEXTS: Final[tuple[tuple[str, str], ...]] = (
    ("very-long", "x" * LENGTH),
    ("spaces", "   "),
    ("padded", " padded "),
    ("line-breaks", "one\r\ntwo\nthree\u2028four"),
    ("tab", "a\tb"),
    ("control-characters", "a\u0000b\u0007c\u001bd\u007fe\u0085"),
    ("quotes", "\"quotes\" 'apostrophes' \\backslash\\ `ticks`"),
    ("accents-combined", "e\u0301a\u0308o\u0302"),
    ("combining-marks", "Z" + "\u0351\u036b\u0343\u033b\u0318" * 12),
    ("right-to-left", "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd"),
    ("direction-override", "abc\u202edef\u202c"),
    ("zero-width", "zero\u200bwidth\u200djoin\ufeff"),
    ("emoji", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1eb\U0001f1ee \U0001f44d\U0001f3fd"),
    ("astral", "\U00020000\U0001d538\U0010ffff"),
    ("cjk", "\u6f22\u5b57\u304b\u306a\ud55c\uae00"),
    ("turkish-i", "\u0130I\u0131i"),
    ("like-a-number", "0012"),
    ("like-a-float", "1e309"),
    ("like-nan", "NaN"),
    ("like-null", "null"),
    ("like-true", "true"),
    ("like-a-date", "2026-02-30"),
    ("like-undefined", "undefined"),
    ("sql", "'; DROP TABLE users; --"),
    ("html", "<script>alert(1)</script><img src=x onerror=alert(1)>"),
    ("formula", '=HYPERLINK("http://example.com","click")'),
    ("template", "{{7*7}}${7*7}<%= 7*7 %>"),
    ("path", "../../../../etc/passwd"),
    ("percent", "%00%0d%0a%2e%2e"),
    ("json", '{"a": [1, null]}'),
    ("shell", "$(reboot) ; `id` | true"),
)
_INTEGERS: Final[tuple[tuple[str, int | float], ...]] = (
    ("int32-max", 2**31 - 1), ("int32-max-plus-1", 2**31), ("int32-min", -(2**31)), ("uint32-max", 2**32 - 1),
    ("safe-max", 2**53 - 1), ("safe-max-plus-2", 2**53 + 1), ("int64-max", 2**63 - 1), ("int64-min", -(2**63)),
    ("beyond-int64", 2**63), ("beyond-uint64", 2**70), ("with-point", 1.0),
)  # fmt: skip
_NUMBERS: Final[tuple[tuple[str, int | float], ...]] = (
    ("float-max", sys.float_info.max), ("float-min", -sys.float_info.max), ("smallest", 5e-324), ("minus-zero", -0.0),
    ("inexact", 0.1 + 0.2), ("exponent", 1e21), ("many-digits", 0.1234567890123456), ("beyond-float32", 1e39),
)  # fmt: skip
_NAMES: Final = ("", "__proto__", "constructor", "a b", "a/b~c", "\U0001f511", "x" * 1_000)


def iter_extremes(shop: Editor, location: Location) -> Iterator[Attempt]:
    """List the hostile values that are allowed at a location, once for each location."""
    if not any(part.is_new for part in location.parts) or location.keyword("enum") or location.keyword("const"):
        return
    said = {str(type_) for types in location.keyword("type") if isinstance(types, list) for type_ in types}
    if "string" in said or any(location.keyword(word) for word in ("minLength", "maxLength", "pattern")):
        yield from _texts(location)
    if {"integer", "number"} & said:
        numbers = (*_INTEGERS, *(_NUMBERS if "number" in said else ()))
        yield from (_put(location, "type", word, value) for word, value in numbers)
    if "array" in said:
        yield from _lists(shop, location)
    if "object" in said:
        yield from _objects(shop, location)


def _texts(location: Location) -> Iterator[Attempt]:
    formatted = [variant for name in location.keyword("format") for variant in find_format(name).extremes]
    yield from (_put(location, "format", word, text) for word, text in formatted)
    if not formatted:
        yield from (_put(location, "type", word, text) for word, text in TEXTS)


def _put(location: Location, keyword: str, word: str, value: JsonValue) -> Attempt:
    return Attempt(location, part_of(location, keyword), keyword, word, lambda: iter((Put(value),)))


def _lists(shop: Editor, location: Location) -> Iterator[Attempt]:
    def made(constraint: JsonObject, *, minimal: bool = False) -> Iterator[list[JsonValue]]:
        try:
            schema: JsonObject = {"allOf": [location.schema, {"type": ["array"]}, constraint]}
            value = shop.produce(schema, 0, name=location.name, minimal=minimal)
        except SchemaError:
            return
        if isinstance(value, list) and value:
            yield value

    def huge() -> Iterator[Edit]:
        for value in made({"minItems": 1}, minimal=True):
            room = max(1, _LARGEST_LIST // max(1, len(repr(value[0]))))
            if not any(location.keyword("uniqueItems")):
                yield Put([value[0]] * min(ITEMS, room))
            if room >= ITEMS:  # else so many items, each drawn for itself, would be a value without bounds
                for drawn in made({"minItems": ITEMS}, minimal=True):
                    yield Put(drawn)

    def same() -> Iterator[Edit]:
        for value in made({"minItems": 1}):
            yield Put([value[0], value[0]])

    part = part_of(location, "items")
    yield Attempt(location, part, "items", "huge", huge)
    yield Attempt(location, part, "items", "repeated", same)


def _objects(shop: Editor, location: Location) -> Iterator[Attempt]:
    part = part_of(location, "properties")
    yield Attempt(location, part, "properties", "empty-everything", lambda: _empty(shop, location))
    way = _way_back(shop, location)
    if way is not None:
        yield Attempt(location, part, "properties", "deep", lambda: _deep(shop, location, way))
    is_map = any(isinstance(value, dict) for value in location.keyword("additionalProperties"))
    for name in _NAMES if is_map else ("__proto__",):
        if name in {"__proto__", "constructor"}:
            word = name
        else:
            word = {"": "empty", "a b": "space", "a/b~c": "pointer"}.get(name, "")
        word = word or ("emoji" if len(name) == 1 else "long")
        yield Attempt(location, part, "additionalProperties", f"name-{word}", partial(_named, shop, location, name))


def _named(shop: Editor, location: Location, name: str) -> Iterator[Edit]:
    for schema in location.keyword("additionalProperties"):
        if isinstance(schema, dict):
            try:
                yield Add(((name, shop.produce(schema, 0)),))
            except SchemaError:
                return
    yield Add(((name, "x"),))


def _empty(shop: Editor, location: Location) -> Iterator[Edit]:
    """Yield every text, list and object in it empty."""
    try:
        value = shop.produce(location.schema, 0, name=location.name)
    except SchemaError:
        return
    if isinstance(value, dict):
        empty: JsonObject = {name: _emptied(member) for name, member in value.items()}
        yield Put(empty)
        yield Put(empty | {name: member for name, member in value.items() if isinstance(member, str)})
    yield Put({})


def _emptied(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {}
    return value


def _deep(shop: Editor, location: Location, way: tuple[str | int, ...]) -> Iterator[Edit]:
    """Yield the value, nested in itself as deep as `DEPTH`, where that is deep at all."""
    try:
        around = shop.produce(location.schema, 0, name=location.name, minimal=True)
    except SchemaError:
        return
    value = around
    for _ in range(max(1, DEPTH // len(way))):
        value = _nest(around, way, value)  # copies what lies on the way; nothing else is ever changed
    yield Put(value)


def _way_back(shop: Editor, location: Location) -> tuple[str | int, ...] | None:
    """Return the steps from a location to the next place of its own schema."""
    definitions = shop.definitions
    own = {part.path for part in location.parts if part.path[:1] == ("$defs",)}
    met: set[str] = set()  # definitions, each looked into once: where all refer to all, there are ways without number
    todo: deque[tuple[tuple[str | int, ...], JsonValue]] = deque(((), part.schema) for part in location.parts)
    while todo:
        way, schema = todo.popleft()
        if not isinstance(schema, dict) or len(way) > 6:  # noqa: PLR2004 - a longer way is seldom meant as recursion
            continue
        ref = schema.get("$ref")
        if isinstance(ref, str):
            name = ref.removeprefix("#/$defs/")
            if ("$defs", name) in own and way:
                return way
            if name not in met:
                met.add(name)
                todo.append((way, definitions.get(name)))
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list):
                todo += [(way, branch) for branch in branches]
        known = schema.get("properties")
        if isinstance(known, dict):
            todo += [((*way, name), child) for name, child in known.items()]
        if isinstance(schema.get("items"), dict):
            todo.append(((*way, 0), schema["items"]))
    return None


def _nest(around: JsonValue, way: tuple[str | int, ...], value: JsonValue) -> JsonValue:
    """Return a value with another one inside, where a way leads."""
    if not way:
        return value
    step, rest = way[0], way[1:]
    if isinstance(step, str):
        members = around if isinstance(around, dict) else {}
        return {**members, step: _nest(members.get(step), rest, value)}
    return [_nest(None, rest, value)]
