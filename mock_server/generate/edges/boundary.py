"""
Boundary values: every bound of a schema from both sides that still conforms.

Each is produced from the schema of its location with one more constraint, so that a length keeps to a pattern and a
number to its steps. Where a value is there to be changed, it is cut, lengthened or repeated instead: that is cheap, and
keeps to a pattern often enough.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from mock_server.document.model import MISSING, Missing
from mock_server.errors import SchemaError
from mock_server.generate.edges.apply import Add, Attempt, Drop, Edit, Editor, Put
from mock_server.generate.edges.invalid import LARGEST, MOST_ITEMS, lengthen
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.numbers import as_float, is_finite
from mock_server.schema.formats import find_format
from mock_server.schema.locations import LocatedSubschema, Location
from mock_server.schema.types import is_type

_MOST_MEMBERS: Final = 64  # of an enum; the rest is drawn by `realistic`
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_BEYOND_ASCII: Final = "\u00c5sa \u4f60\u597d \U0001f600"
# Those that every reader of the format has to take, so that a bounded run tries them.
_COMMON: Final = frozenset(
    ("leap-day", "year-end", "last-second", "offset", "plus", "query", "loopback", "full", "greatest", "padded")
)


def iter_boundaries(shop: Editor | None, location: Location, here: JsonValue | Missing = MISSING) -> Iterator[Attempt]:
    """
    List the bounds of a location that was not met before.

    Args:
        shop: Makes values; without one, there are only edits that need none.
        location: A place.
        here: The value there, if it is known what is to be changed.
    """
    if not any(part.is_new for part in location.parts):
        return
    bounds = _Bounds(shop, location, here)
    yield from bounds.of_values()
    for type_, list_bounds in _BY_TYPE.items():
        if type_ in location.types and (isinstance(here, Missing) or is_type(here, type_)):
            yield from list_bounds(bounds)
    yield from bounds.of_presence()


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    shop: Editor | None
    location: Location
    here: JsonValue | Missing

    def of_values(self) -> Iterator[Attempt]:
        """Yield each listed member, each alternative; null where there may be one."""
        for values in self.location.new_keyword("enum"):
            for index, value in enumerate(values[:_MOST_MEMBERS] if isinstance(values, list) else []):
                yield self._put("enum", _word(value) or f"member-{index}", value, f"the value {value!r}")
        for keyword in ("anyOf", "oneOf"):
            for branches in self.location.new_keyword(keyword):
                for index, branch in enumerate(branches if isinstance(branches, list) else []):
                    edits = self._with({"allOf": [branch]})
                    yield self._attempt(keyword, f"branch-{index}", edits, f"the alternative {index + 1}")
        if "null" in self.location.types and not self.location.keyword("enum") and self.location.keyword("type"):
            yield self._put("type", "null", None, "null")
        declared = {type_ for types in self.location.keyword("type") if isinstance(types, list) for type_ in types} - {
            "null"
        }
        if len(declared) > 1:
            for type_ in sorted(map(str, declared)):
                yield self._attempt("type", type_, self._with({"type": [type_]}), f"the type {type_}")

    def of_texts(self) -> Iterator[Attempt]:
        """Yield the shortest and longest texts; moments and addresses at the edges of their formats."""
        if self._is_listed() or not self._is_said("string"):
            return
        formats = [str(format_) for format_ in self.location.keyword("format")]
        least, most = self._bound("minLength", max), self._bound("maxLength", min)
        if least is None and not formats:
            yield self._put("minLength", "empty", "")
            yield self._attempt("minLength", "one", self._of_length(1))
        for length, variant in (*_around(least, "minLength", 1), *_around(most, "maxLength", -1)):
            keyword, word = variant
            if 0 <= length <= LARGEST and (least is None or length >= least) and (most is None or length <= most):
                detail = f"{length} characters" if word == "at" else ""
                yield self._attempt(keyword, word, self._of_length(length), detail)
        for format_ in formats:
            for variant_, text in find_format(format_).edges:
                yield self._put("format", variant_, text, f"{format_} {text}" if variant_ in _COMMON else "")
        if isinstance(self.here, str) and not formats and not self.location.keyword("pattern"):
            yield self._put("type", "beyond-ascii", _BEYOND_ASCII, "letters beyond ASCII")

    def of_numbers(self) -> Iterator[Attempt]:
        """Yield the least and greatest numbers, and their neighbours inside; zero, and what is near it."""
        if self._is_listed() or not self._is_said("integer", "number"):
            return
        step = next((abs(_number(step)) for step in self.location.keyword("multipleOf")), None)
        whole = "number" not in self.location.types
        for bound, sign in (("minimum", 1), ("maximum", -1)):
            yield from self._numeric(bound, sign, step, whole=whole)
        values: tuple[tuple[str, int | float], ...] = (("zero", 0), ("one", 1), ("minus-one", -1))
        if not whole:
            values = (*values, ("fraction", 0.1), ("minus-fraction", -0.1))
        for word, value in values:
            yield self._put("type", word, value, {"zero": "zero", "minus-one": "a negative number"}.get(word, ""))

    def _numeric(self, bound: str, sign: int, step: float | None, *, whole: bool) -> Iterator[Attempt]:
        own = [_number(value) for value in self.location.keyword(bound)]
        strict = [_number(value) for value in self.location.keyword(f"exclusive{bound.title()}")]
        pick = max if sign > 0 else min
        limits = [
            (pick(values), keyword)
            for values, keyword in ((own, bound), (strict, f"exclusive{bound.title()}"))
            if values
        ]
        for limit, keyword in limits:
            excluded = keyword != bound
            unit = step or 1
            near = [_snap(limit, unit, sign) + sign * unit * count for count in range(3)] if whole or step else [limit]
            near += (
                [] if whole else [math.nextafter(as_float(limit), math.copysign(math.inf, sign)), limit + sign * unit]
            )
            inside = [value for value in near if (value - limit) * sign > 0 or (value == limit and not excluded)]
            for word, value in zip(("at" if not excluded else "nearest", "inside"), inside, strict=False):
                detail = {"at": f"the {keyword} {limit}", "nearest": f"next to the {keyword} {limit}"}.get(word, "")
                yield self._put(keyword, word, value, detail)

    def of_booleans(self) -> Iterator[Attempt]:
        """Yield both."""
        if self._is_said("boolean"):
            for value in (True, False):
                yield self._put("type", str(value).lower(), value, f"the boolean {str(value).lower()}")

    def of_lists(self) -> Iterator[Attempt]:
        """Yield the shortest and longest lists."""
        if not self._is_said("array"):
            return
        least, most = self._bound("minItems", max) or 0, self._bound("maxItems", min)
        sizes = [
            ("minItems", "empty" if least == 0 else "at", least),
            ("minItems", "one" if least == 0 else "inside", least + 1),
        ]
        if most is not None and most <= MOST_ITEMS:
            sizes += [("maxItems", "at", most), ("maxItems", "inside", most - 1)]
        known: set[int] = set()
        for keyword, word, size in sizes:
            if size in known or size > MOST_ITEMS or size < least or (most is not None and size > most):
                continue
            known.add(size)
            edits = self._with({"type": ["array"], "minItems": size, "maxItems": size})
            if isinstance(self.here, list) and (self.here or not size):
                edits = partial(
                    iter, (Put(lengthen(self.here, size, unique=bool(self.location.keyword("uniqueItems")))),)
                )
            detail = {"empty": "no items", "at": f"{size} items"}.get(word, "")
            yield self._attempt(keyword, word, edits, detail)

    def of_objects(self) -> Iterator[Attempt]:
        """Yield nothing but what is required; every property; each number of members that is a bound."""
        if not self._is_said("object"):
            return
        names = [
            str(name) for known in self.location.keyword("properties") if isinstance(known, dict) for name in known
        ]
        if names:
            yield self._attempt("properties", "required-only", self._with({"type": ["object"]}, minimal=True))
        for keyword, pick, sign in (("minProperties", max, 1), ("maxProperties", min, -1)):
            bound = self._bound(keyword, pick)
            for size, word in ((bound, "at"), (bound + sign, "inside")) if bound is not None else ():
                if 0 <= size <= MOST_ITEMS:
                    same: JsonObject = {"type": ["object"], "minProperties": size, "maxProperties": size}
                    yield self._attempt(keyword, word, self._with(same))
        closed = any(
            value is False
            for word in ("additionalProperties", "unevaluatedProperties")
            for value in self.location.keyword(word)
        )
        if not closed and names:
            yield self._attempt(
                "additionalProperties", "undocumented", lambda: iter((Add((("undocumentedProperty", "x"),)),))
            )

    def of_presence(self) -> Iterator[Attempt]:
        """Yield each property that may be left out, left out."""
        required = {
            str(name) for names in self.location.keyword("required") if isinstance(names, list) for name in names
        }
        for part in self.location.parts:
            known = part.schema.get("properties")
            for name, schema in known.items() if isinstance(known, dict) and part.is_new else ():
                if name not in required and schema is not False:
                    yield Attempt(
                        self.location,
                        part,
                        "required",
                        f"{name}-absent",
                        partial(iter, (Drop((name,)),)),
                        detail=f"without {name!r}",
                    )

    def _attempt(self, keyword: str, variant: str, edits: Callable[[], Iterator[Edit]], detail: str = "") -> Attempt:
        return Attempt(self.location, part_of(self.location, keyword), keyword, variant, edits, detail=detail)

    def _put(self, keyword: str, variant: str, value: JsonValue, detail: str = "") -> Attempt:
        return self._attempt(keyword, variant, partial(iter, (Put(value),)), detail)

    def _with(self, constraint: JsonObject, *, minimal: bool = False) -> Callable[[], Iterator[Edit]]:
        """Return a value of the location that keeps to one more constraint."""

        def edits() -> Iterator[Edit]:
            schema: JsonObject = {"allOf": [self.location.schema, constraint]}
            seed = derive_seed("boundary", *self.location.pointer)
            if self.shop is None:
                return
            try:
                yield Put(self.shop.produce(schema, seed, name=self.location.name, minimal=minimal))
            except SchemaError:
                return

        return edits

    def _of_length(self, length: int) -> Callable[[], Iterator[Edit]]:
        """Return a text of a length; where only its length matters, letters do."""
        if isinstance(self.here, str):
            return partial(iter, (Put(self.here[:length].ljust(length, self.here[-1:] or "a")),))
        if self.location.keyword("pattern") or self.location.keyword("format"):
            return self._with({"type": ["string"], "minLength": length, "maxLength": length})
        return lambda: iter((Put((_LETTERS * (length // len(_LETTERS) + 1))[:length]),))

    def _bound(self, keyword: str, pick: Callable[[list[int]], int]) -> int | None:
        found = [int(value) for value in self.location.keyword(keyword) if isinstance(value, int)]
        if found:
            return pick(found)
        return None

    def _is_said(self, *types: str) -> bool:
        """Return True if a type is named, or implied by a keyword; where anything is allowed, nothing is at an edge."""
        implied = {
            "string": ("minLength", "maxLength", "pattern", "format"),
            "array": ("items",),
            "object": ("properties",),
        }
        named = {type_ for found in self.location.keyword("type") if isinstance(found, list) for type_ in found}
        return bool(named & set(types)) or any(
            self.location.keyword(word) for type_ in types for word in implied.get(type_, ())
        )

    def _is_listed(self) -> bool:
        return bool(self.location.keyword("enum") or self.location.keyword("const"))


_BY_TYPE: Final[dict[str, Callable[[_Bounds], Iterator[Attempt]]]] = {
    "string": _Bounds.of_texts,
    "integer": _Bounds.of_numbers,
    "number": _Bounds.of_numbers,
    "boolean": _Bounds.of_booleans,
    "array": _Bounds.of_lists,
    "object": _Bounds.of_objects,
}


def part_of(location: Location, keyword: str) -> LocatedSubschema:
    """Return the part that an edge is named after: the last new one with the keyword, else the last new one."""
    fresh = [part for part in location.parts if part.is_new] or list(location.parts)
    own = [part for part in fresh if keyword in part.schema]
    return (own or fresh)[-1]


def _around(bound: int | None, keyword: str, sign: int) -> Iterator[tuple[int, tuple[str, str]]]:
    if bound is not None:
        yield bound, (keyword, "at")
        yield bound + sign, (keyword, "inside")


def _snap(limit: float, step: float, sign: int) -> int | float:
    """Return the nearest multiple of a step on the inner side of a limit."""
    if step == 1 and isinstance(limit, int):
        return limit
    count = limit / step
    if not is_finite(count) or abs(count) > 2**53:
        return limit
    snapped = (math.ceil(count) if sign > 0 else math.floor(count)) * step
    if as_float(snapped).is_integer() and abs(snapped) < 2**53:
        return int(snapped)
    return snapped


def _word(value: JsonValue) -> str:
    """Return a member of an enum as part of a rule id."""
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = str(value)
    if 0 < len(text) <= 40 and all(char.isalnum() or char in "._-" for char in text) and text.isascii():  # noqa: PLR2004
        return text
    return ""


def _number(value: JsonValue) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return 0
