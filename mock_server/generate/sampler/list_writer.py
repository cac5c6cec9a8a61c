"""
Whole items of an answer by row, written once.

An answer that is a list has items of which each could be in any other answer as well, but for what it takes from
the request and from its place in the list. So items are drawn for many answers (`DrawState.traced`), those places left
open, proven by the judge, and kept as the bytes between the places. An answer picks rows by its seed, fills the places
in and joins.

The rows are a function of the seed of the server and the schema, in whatever order they are needed. They are made on
first use, and forgotten together where they would take too much room.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias, cast

import orjson

from mock_server.exchange.body import write_json
from mock_server.generate.realism.coherence import fitting
from mock_server.generate.sampler.arrays import Items
from mock_server.generate.sampler.draw import (
    BUDGET_PER_ITEM,
    MANY_ROWS,
    MOST_CHARACTERS,
    ROW_MASK,
    Anywhere,
    Draw,
    DrawState,
    EchoedPlace,
    InheritedPlace,
    NothingFits,
    NumberedPlace,
    OrdinalPlace,
    PlaceTest,
    RequestedObject,
    closed,
)
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue

_MOST_ROWS: Final = 1024
_LEAST_ROWS: Final = 256
_ROOM: Final = 524_288  # bytes of the rows of one kind, as far as the least number of them lets it: a processor's cache
_WHOLE_ROOM: Final = 24 * _ROOM  # of one document
_OVERHEAD: Final = 400  # bytes that Python takes for a row besides its text
_TRIES: Final = 4
_PARTS: Final = 2_000  # of an item; larger ones are drawn each time
_MARK: Final = b"\0"  # occurs in no JSON text
_BITS: Final = (1 << 64) - 1
_MAX_HOPS: Final = 20
_OF_ITEMS: Final = frozenset(("type", "items", "minItems", "maxItems"))
_OF_LISTS: Final = _OF_ITEMS | {"$ref", "title", "description", "default", "deprecated", "x-faker", "x-mock", "xml"}
# Keywords by which one place may depend on another; a property of that name does no harm.
_LOOKING_AROUND: Final = frozenset(
    ("allOf", "anyOf", "oneOf", "not", "if", "contains", "uniqueItems", "patternProperties", "propertyNames",
     "dependentSchemas", "unevaluatedProperties", "unevaluatedItems")
)  # fmt: skip


@dataclass(eq=False, repr=False)
class RowCache:
    """The kept rows of a document, bounded in bytes."""

    room: int = _WHOLE_ROOM
    _taken: int = 0
    _tables: "list[dict[_Key, tuple[DrawnRow, ...]]]" = field(default_factory=list)

    def table(self) -> "dict[_Key, tuple[DrawnRow, ...]]":
        """Return a new table of rows."""
        table: dict[_Key, tuple[DrawnRow, ...]] = {}
        self._tables.append(table)
        return table

    def take(self, size: int) -> None:
        """Take room for a row; forget all rows where there is none."""
        self._taken += size
        if self._taken > self.room:
            self._taken = size
            for table in self._tables:
                table.clear()


_Key: TypeAlias = tuple[int, bool, bool]  # a row's number, whether it is the first of its list, and exemplary
Accept: TypeAlias = Callable[[JsonValue], bool]


class _Taken(NamedTuple):
    """A place in the requested object for a value of the objects around it."""

    name: str


class OpenText(NamedTuple):
    """JSON with places left open: pieces in order, and the indexes of places."""

    pieces: tuple[bytes, ...]
    places: "tuple[tuple[int, _Place], ...]"


Written: TypeAlias = bytes | OpenText


class _Object(NamedTuple):
    """The place of the requested object: its own text, and the values it inherits here."""

    key: tuple[str, int]  # the parameter, and of which schema it is
    text: OpenText
    inherited: Mapping[str, Written]


_Place: TypeAlias = EchoedPlace | NumberedPlace | InheritedPlace | OrdinalPlace | _Taken | _Object
_NOTHING: Final[Mapping[str, Written]] = {}


class DrawnRow(NamedTuple):
    """An item."""

    text: Written | None  # None: no independent value was found
    tests: tuple[PlaceTest, ...]  # it is for requests that pass the same ones


class _Filling:
    """One answer while its places are filled in."""

    __slots__ = ("_echoes", "echo", "is_open", "passed", "position", "requested", "row", "step")

    def __init__(self, echo: Mapping[str, JsonValue], row: int = 0, step: int = 1) -> None:
        """
        Begin with the first item.

        Args:
            echo: What the request says, by parameter name.
            row: The number of the first item.
            step: To the next one's; an odd number, so that none comes twice.
        """
        self.echo = echo
        self.row = row
        self.step = step
        self.position = 0
        self.is_open = False  # whether there were places
        self.passed: tuple[PlaceTest, ...] = ()
        self.requested: dict[tuple[str, int], _Object] = {}
        self._echoes: dict[tuple[str, int], bytes | None] = {}

    def passes(self, tests: tuple[PlaceTest, ...]) -> bool:
        """Return True if the request passes exactly the tests that were passed in the draw of a row."""
        for name, accept, passed in tests:
            if (self._write_echo(name, accept) is not None) is not passed:
                return False
        self.passed = tests
        return True

    def fill_item(self, text: OpenText, position: int) -> list[bytes]:
        """Fill the places of an item in."""
        self.position = position
        self.is_open = True
        return self._fill(text, _NOTHING, _NOTHING)

    def _fill(self, text: OpenText, around: Mapping[str, Written], otherwise: Mapping[str, Written]) -> list[bytes]:
        """Fill places in; an object inherits from `around`, or else from `otherwise`, where it was first."""
        pieces = list(text.pieces)
        for index, place in text.places:
            kind = place.__class__  # compared as it is, since this is done for every answer
            if kind is _Taken:
                name = cast("_Taken", place).name
                taken = around[name] if name in around else otherwise[name]
                pieces[index] = taken if taken.__class__ is bytes else self._join(cast("OpenText", taken))
            elif kind is EchoedPlace:
                name, accept, instead = cast("EchoedPlace", place)
                written = self._write_echo(name, accept)
                pieces[index] = written if written is not None else write_json(self.resolve(instead))
            elif kind is _Object:
                key, _, inherited = cast("_Object", place)
                shown = self.requested.setdefault(key, cast("_Object", place))
                pieces[index] = b"".join(self._fill(shown.text, inherited, shown.inherited))
            else:
                value = self.resolve(place)
                pieces[index] = b"%d" % value if value.__class__ is int else write_json(value)
        return pieces

    def _join(self, text: OpenText) -> bytes:
        """Write a text that inherits nothing."""
        return b"".join(self._fill(text, _NOTHING, _NOTHING))

    def resolve(self, value: object) -> JsonValue:
        """Return the value of a place; any other value is its own."""
        match value:
            case NumberedPlace(by_row):
                return by_row(self.row + self.position * self.step & MANY_ROWS - 1)
            case OrdinalPlace():
                return self.position + 1
            case InheritedPlace():
                taken = self.resolve(value.above)
                if taken is not None and value.accept(taken):
                    return taken
                return self.resolve(value.otherwise)
            case EchoedPlace():
                found = None
                if value.name in self.echo:
                    found = fitting(self.echo[value.name], value.accept)
                if found is not None:
                    return found
                return self.resolve(value.otherwise)
        return cast("JsonValue", value)

    def _write_echo(self, name: str, accept: Accept) -> bytes | None:
        """Return a parameter as JSON, written once for each property; None where it does not fit."""
        key = (name, id(accept))
        try:
            return self._echoes[key]
        except KeyError:
            found = fitting(self.echo[name], accept) if name in self.echo else None
            written = self._echoes[key] = write_json(found) if found is not None else None
            return written


@dataclass(eq=False, repr=False)
class ListWriter:
    """The answers of a schema that is a list."""

    items: Items
    seed: int
    echoes: tuple[str, ...]  # the parameters that answers may repeat
    accepts: Accept  # judges whole answers
    schema: JsonObject  # a bundle's
    row_cache: RowCache
    _table: dict[_Key, tuple[DrawnRow, ...]] = field(init=False)
    _passed: dict[tuple[PlaceTest, ...], tuple[PlaceTest, ...]] = field(
        default_factory=dict
    )  # the same ones are kept once
    _count: int | None = None
    _size_of_first: int = 0  # bytes

    def __post_init__(self) -> None:
        self._table = self.row_cache.table()

    @cached_property
    def _is_composable(self) -> bool:
        return _composes(self.schema)

    def write(self, seed: int, size: int | None, echo: Mapping[str, JsonValue], *, static: bool) -> bytes | None:
        """
        Write an answer.

        Args:
            seed: Where chance comes from.
            size: How many items are wanted; None for a few.
            echo: What the request says, by parameter name.
            static: Whether the first item shows documented examples.

        Returns:
            JSON; None where it has to be drawn as a whole.
        """
        rows = self._count or self._find_count()
        mixed = _mix(seed)
        count = self.items.usual_count(size, (mixed & 0xFFFF) / MANY_ROWS)
        if count * 2 > rows:
            return None
        if count * self._size_of_first > MOST_CHARACTERS:
            return None
        filling, table, out = _Filling(echo, mixed >> 16, mixed >> 31 | 1), self._table, [b"["]
        at, chance = mixed >> 32, mixed >> 42
        for position in range(count):
            key = (at & rows - 1, position == 0, static and position == 0)
            row = self._find(table.get(key, ()), filling) or self.make(key, echo)
            if isinstance(row.text, bytes):
                out.append(row.text)
            elif row.text is not None:
                out += filling.fill_item(row.text, position)
            else:
                return None
            out.append(b",")
            at += 1 + (chance >> 8) % (rows // count)  # never so far that it comes round to where it was
            chance = chance * 69_069 + 1 & 0xFFFFFFFF
        out[-1 if count else 1 :] = (b"]",)
        written = b"".join(out)
        if filling.is_open and not self._is_composable and not self.accepts(orjson.loads(written)):
            return None
        return written

    def _find(self, rows: tuple[DrawnRow, ...], filling: _Filling) -> DrawnRow | None:
        for row in rows:
            if row.tests is filling.passed or filling.passes(row.tests):
                return row
        return None

    def _find_count(self) -> int:
        """Return the number of rows: the more, the smaller they are."""
        row = self.make((0, False, False), {})
        self._size_of_first = _size(row.text)
        wanted = _ROOM // (self._size_of_first or _ROOM)
        count = _LEAST_ROWS
        while count < min(wanted, _MOST_ROWS):
            count *= 2
        self._count = count
        return count

    def make(self, key: _Key, echo: Mapping[str, JsonValue]) -> DrawnRow:
        """Make the row of a number, for requests like one; see `DrawnRow.tests`."""
        tests: list[PlaceTest] = []
        text = next(
            (found for attempt in range(_TRIES) if (found := self._draw(key, attempt, echo, tests)) is not None), None
        )
        passed = tuple(dict.fromkeys(tests))
        row = DrawnRow(text, self._passed.setdefault(passed, passed))
        self.row_cache.take(_size(row.text) + _OVERHEAD)
        self._table[key] = (*self._table.get(key, ()), row)
        return row

    def _draw(self, key: _Key, attempt: int, echo: Mapping[str, JsonValue], tests: list[PlaceTest]) -> Written | None:
        number, first, exemplary = key
        seed = derive_seed(self.seed, "row", number, int(first), int(exemplary), attempt)
        s = DrawState(seed, static=exemplary, echo=echo)
        s.row = number & ROW_MASK | (number >> 8 << 6 | int(s.random() * 64)) << 8
        s.traced, s.following, s.verify, s.strict = tests, not first, attempt > 0, attempt > 1
        s.index = Anywhere(0 if first else 1)
        s.budget = BUDGET_PER_ITEM
        s.room = _PARTS
        try:
            item = self.items.item(s)
            plain = orjson.loads(orjson.dumps(item, default=closed))
            text = _text(item)
        except (NothingFits, RecursionError, TypeError, ValueError):
            return None  # the last two: numbers beyond 64 bits, and judges that are shown a place
        if self.accepts([plain] * max(1, self.items.least)):
            return text
        return None


def rows_of(
    draw: Draw, schema: JsonObject, seed: int, echoes: tuple[str, ...], accepts: Accept, row_cache: RowCache
) -> ListWriter | None:
    """
    Return the rows of a schema; None unless its values are lists of independent items.

    Args:
        draw: The schema, compiled.
        schema: A bundle's.
        seed: Of the server.
        echoes: The parameters that answers may repeat.
        accepts: Judges whole values.
        row_cache: Where rows are kept.
    """
    if not isinstance(draw, Items) or draw.least > _MOST_ROWS or not _is_plain_list(schema):
        return None
    rows = ListWriter(draw, seed, echoes, accepts, schema, row_cache)
    if rows.make((0, True, False), {}).text is not None:
        return rows
    return None


def _is_plain_list(schema: JsonObject) -> bool:
    """Return True if a list conforms if each item does and their number does."""
    definitions = schema.get("$defs")
    part: JsonValue = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    for _ in range(_MAX_HOPS):
        if not isinstance(part, dict) or not part.keys() <= _OF_LISTS:
            return False
        reference = part.get("$ref")
        if reference is None:
            return part.get("type") == ["array"]
        if part.keys() & _OF_ITEMS:
            return False
        part = definitions.get(str(reference).removeprefix("#/$defs/")) if isinstance(definitions, dict) else None
    return False


def _composes(schema: JsonValue) -> bool:
    """
    Return True if a part can be exchanged for another that fits its place.

    No keyword looks at more than one place at once.
    """
    if isinstance(schema, dict):
        return _LOOKING_AROUND.isdisjoint(schema) and all(map(_composes, schema.values()))
    return not isinstance(schema, list) or all(map(_composes, schema))


def _mix(seed: int) -> int:
    """Spread a seed over 64 bits: the finalizer of MurmurHash3 by Austin Appleby, public domain."""
    seed &= _BITS
    seed = (seed ^ seed >> 33) * 0xFF51AFD7ED558CCD & _BITS
    seed = (seed ^ seed >> 33) * 0xC4CEB9FE1A85EC53 & _BITS
    return seed ^ seed >> 33


def _text(value: JsonValue, inherited: tuple[str, ...] = ()) -> Written:
    """Write a value, cut at its open places; the inherited members of an object are open as well."""
    places: list[_Place] = []

    def mark(place: object) -> orjson.Fragment:
        if isinstance(place, RequestedObject):
            own = {name: _text(place.value[name]) for name in place.inherited}
            text = _text(place.value, place.inherited)
            places.append(
                _Object(
                    (place.name, id(place.plan)), text if isinstance(text, OpenText) else OpenText((text,), ()), own
                )
            )
        elif isinstance(place, EchoedPlace | NumberedPlace | InheritedPlace | OrdinalPlace | _Taken):
            places.append(place)
        else:
            raise TypeError
        return orjson.Fragment(_MARK)

    if inherited and isinstance(value, dict):
        value = {**value, **{name: cast("JsonValue", _Taken(name)) for name in inherited}}
    texts = orjson.dumps(value, default=mark).split(_MARK)
    if not places:
        return texts[0]
    pieces = tuple(piece for text in texts for piece in (text, b""))[:-1]
    return OpenText(pieces, tuple((index * 2 + 1, place) for index, place in enumerate(places)))


def _size(text: Written | None) -> int:
    """Return about how many bytes a text takes."""
    if not isinstance(text, OpenText):
        if text is not None:
            return len(text)
        return 0
    inside = sum(
        _size(p.text) + sum(map(_size, p.inherited.values())) for _, p in text.places if isinstance(p, _Object)
    )
    return sum(map(len, text.pieces)) + 64 * len(text.pieces) + inside
