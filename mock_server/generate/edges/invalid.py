"""
Values that break exactly one rule: for each assertion of a schema, edits that may break it and nothing else.

Cheap edits come first; where they break more than was meant, a value is produced from the same schema with the one
assertion turned around. None is proven here: the catalogue proves them by two judges, the steps of a contract test by
one.

Where a value is there to be changed, the first edits are changes of it that no lenient reader mends: `"not a valid
value"`, not `"5"`, where an integer is asked for.
"""

import math
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from mock_server.document.model import MISSING, Missing
from mock_server.errors import SchemaError
from mock_server.generate.edges.apply import Add, Append, Attempt, Drop, Edit, Editor, Put
from mock_server.json_values import JsonObject, JsonValue
from mock_server.numbers import as_float
from mock_server.schema.formats import find_format
from mock_server.schema.locations import LocatedSubschema, Location
from mock_server.schema.types import is_type

# Longer texts, and lists and objects of more, are not written to meet or break an upper bound.
LARGEST: Final = 20_000
MOST_ITEMS: Final = 1_000
_WRITTEN: Final = {"maxLength": LARGEST - 1, "maxItems": MOST_ITEMS, "maxProperties": MOST_ITEMS}
# One value of each type, in the order in which they are tried.
_OF_TYPES: Final[dict[str, tuple[JsonValue, ...]]] = {
    "null": (None,), "string": ("text", "12", ""), "number": (1.5, -0.5), "integer": (1, 0, -1),
    "boolean": (True, False),
    "array": ([], ["text"]), "object": ({}, {"key": "value"}),
}  # fmt: skip
# What is mistaken for a type most easily.
_MISTAKEN: Final = {
    "string": ("number", "integer", "boolean", "object"), "integer": ("number", "string", "boolean", "object"),
    "number": ("string", "boolean", "object", "array"), "boolean": ("string", "integer", "number", "object"),
    "array": ("object", "string", "integer"), "object": ("array", "string", "integer"),
    "null": ("string", "integer", "object"),
}  # fmt: skip
# Of each type, values that no lenient reader takes for another one.
_ALIEN: Final[dict[str, tuple[JsonValue, ...]]] = {
    "integer": ("not a number", {"not": "a number"}), "number": ("not a number", {"not": "a number"}),
    "boolean": ("neither true nor false", {"not": "a boolean"}), "string": ({"not": "a string"}, ["not a string"]),
    "array": ({"not": "an array"}, "not an array"), "object": (["not an object"], "not an object"),
}  # fmt: skip
_UNUSUAL: Final = ("!", "a", "A", "0", " ", "é", "-", "_", "~", "\u00df", "\n", "x1")
# So many pairs of alternatives are tried for a value of both.
_MOST_PAIRS: Final = 6
_ODD_NAMES: Final = ("", " ", "!", "A B", "é", "a", "0", "x" * 300)


def iter_violations(shop: Editor | None, location: Location, here: JsonValue | Missing = MISSING) -> Iterator[Attempt]:
    """
    List the assertions that speak of a location and were not met before, each with its edits.

    Args:
        shop: Makes values; without one, there are only edits that need none.
        location: A place.
        here: The value there, if it is known what is to be changed.
    """
    for part in location.parts:
        if part.is_new:
            breaking = _Breaking(shop, location, part, here)
            for keyword in part.schema:
                yield from breaking.violating(keyword)


@dataclass(frozen=True, slots=True, eq=False)
class _Breaking:
    shop: Editor | None
    location: Location
    part: LocatedSubschema
    here: JsonValue | Missing

    def violating(self, keyword: str) -> Iterator[Attempt]:
        """Yield the variants of breaking one keyword; nothing for what asserts nothing."""
        value = self.part.schema[keyword]
        if keyword == "format" and not find_format(value).is_asserted:
            yield self._variant(keyword, "malformed", lambda: iter(()), f"the format {value!r} asserts nothing")
        elif _number(value) > _WRITTEN.get(keyword, math.inf):
            yield self._variant(
                keyword, "more", lambda: iter(()), f"it takes more than {_WRITTEN[keyword]:,}: too much to write"
            )
        elif keyword in _TABLE:
            make, variant, detail = _TABLE[keyword]
            yield self._variant(keyword, variant, lambda: make(self, value), detail=_describe(detail, value))
            if keyword == "oneOf":
                yield self._variant(keyword, "several", lambda: self.overlapping(value), detail="several alternatives")
        elif keyword == "type":
            yield from self._types(value)
        elif isinstance(value, bool):
            yield from self._closed(keyword, allowed=value)
        else:
            yield from self._members(keyword, value)

    def _closed(self, keyword: str, *, allowed: bool) -> Iterator[Attempt]:
        """Members or items beyond those that are named, where there may be none."""
        if not allowed and keyword in {"additionalProperties", "unevaluatedProperties"}:
            edits: tuple[Edit, ...] = (Add((("unexpectedProperty", "x"),)), Add((("_", None),)))
            yield self._variant(keyword, "unexpected", lambda: iter(edits), detail="a member more")
        elif not allowed and keyword in {"items", "unevaluatedItems"}:
            items = (Append((None,)), Append(("unexpected", 1, None)))
            yield self._variant(keyword, "unexpected", lambda: iter(items), detail="an item more")

    def _members(self, keyword: str, value: JsonValue) -> Iterator[Attempt]:
        """Yield a variant for each member that must be there, or may not be."""
        if keyword == "required" and isinstance(value, list):
            for name in map(str, value):
                yield self._variant(keyword, f"without-{name}", _only(Drop((name,))), detail=f"without {name!r}")
        elif keyword == "dependentRequired" and isinstance(value, dict):
            for trigger, names in value.items():
                needed = tuple(map(str, names)) if isinstance(names, list) else ()
                if needed:
                    edits = partial(self._dependent, trigger, needed)
                    yield self._variant(keyword, f"{trigger}-alone", edits, detail=f"{trigger!r} alone")
        elif keyword == "properties" and isinstance(value, dict):
            for name, schema in value.items():
                if schema is False:
                    yield self._variant(
                        keyword, f"forbidden-{name}", _only(Add(((name, None),))), detail=f"with {name!r}"
                    )

    def _variant(
        self, keyword: str, variant: str, edits: Callable[[], Iterator[Edit]], silent: str = "", detail: str = ""
    ) -> Attempt:
        return Attempt(self.location, self.part, keyword, variant, edits, silent, detail)

    def _types(self, types: JsonValue) -> Iterator[Attempt]:
        """Two variants: null, where it is not allowed, and what is mistaken most easily for the type."""
        names = list(map(str, types)) if isinstance(types, list) else []
        if "null" not in names:
            yield self._variant("type", "null", lambda: iter((Put(None),)), detail="null")
        main = next((name for name in names if name != "null"), "null")
        wrong = [other for other in (*_MISTAKEN[main], *_OF_TYPES) if not _covered(other, names)]
        if not wrong:
            yield self._variant("type", "other", lambda: iter(()), "every type is allowed")
            return
        aliens = () if isinstance(self.here, Missing) else _ALIEN.get(main, ())
        values = [value for other in dict.fromkeys(wrong) for value in _OF_TYPES[other]]
        edits = [Put(value) for value in (*aliens, *values) if not _is_any(value, names)]
        if main != "integer" or wrong[0] != "number":
            variant = wrong[0]
        else:
            variant = "fraction"
        yield self._variant("type", variant, lambda: iter(edits), detail=f"no {main}")

    # What follows makes the edits for one keyword each.

    def numbers(self, bound: JsonValue, *, below: bool, inclusive: bool) -> Iterator[Edit]:
        """Yield a number on the wrong side of a bound, as near as can be."""
        limit = _number(bound)
        steps = [abs(_number(step)) for step in self.location.keyword("multipleOf")]
        step = steps[0] if steps else 1
        sign = -1 if below else 1
        whole = "number" not in self.location.types and "integer" in self.location.types
        if not inclusive:
            yield Put(bound)
        if whole or isinstance(limit, int):
            if abs(limit) < 2**53 and step != 1:
                base = math.floor(limit / step) * step
            else:
                base = limit
            yield from (Put(_plain(base + sign * step * count)) for count in (1, 2, 0))
        if not whole:
            yield Put(math.nextafter(as_float(limit), math.copysign(math.inf, sign)))
            yield from (
                Put(value) for value in (limit + sign * step, limit + sign * abs(limit) * 1e-9) if abs(value) < math.inf
            )
        keyword = {
            (True, True): "exclusiveMaximum",
            (True, False): "maximum",
            (False, True): "exclusiveMinimum",
            (False, False): "minimum",
        }
        own = "minimum" if below else "maximum"
        yield from self._produced(own if inclusive else f"exclusive{own.title()}", {keyword[below, inclusive]: limit})

    def multiples(self, factor: JsonValue) -> Iterator[Edit]:
        """Yield a number between two multiples, within the bounds."""
        step = _number(factor)
        bounds = [
            _number(bound)
            for name in ("minimum", "exclusiveMinimum", "maximum")
            for bound in self.location.keyword(name)
        ]
        near = [math.ceil(bound / step) * step for bound in bounds if abs(bound) < 2**53] or [0]
        for base in dict.fromkeys((*near, 0)):
            for offset in (step / 2, step + 1, 1, -step / 2, step / 4):
                yield Put(_plain(base + offset))
        yield from self._produced("multipleOf", {"not": {"multipleOf": factor}})

    def shorter(self, least: JsonValue) -> Iterator[Edit]:
        """Yield a text of one character too few."""
        count = int(_number(least))
        if count > 0:
            yield from self._resized(count - 1)
            yield from self._texts(count - 1)
            yield from self._produced("minLength", {"maxLength": count - 1})

    def longer(self, most: JsonValue) -> Iterator[Edit]:
        """Yield a text of one character too many."""
        count = int(_number(most)) + 1
        if count <= LARGEST:
            yield from self._resized(count)
            if {"pattern", "format"} & {name for part in self.location.parts for name in part.schema}:
                yield from self._produced("maxLength", {"minLength": count, "maxLength": count + 40})
            yield from self._texts(count)

    def _resized(self, length: int) -> Iterator[Edit]:
        """Yield the text that is there, cut or with its last character repeated."""
        if isinstance(self.here, str):
            yield Put(self.here[:length].ljust(length, self.here[-1:] or "a"))

    def _texts(self, length: int) -> Iterator[Edit]:
        return (Put((char * length)[:length]) for char in ("x", "A", "0", "é", " "))

    def patterns(self, pattern: JsonValue) -> Iterator[Edit]:
        """Yield a text that a pattern does not find, of an allowed length."""
        least = max((int(_number(count)) for count in self.location.keyword("minLength")), default=0)
        for length in dict.fromkeys((max(least, 1), least, max(least, 6), max(least, 12))):
            if length <= LARGEST:
                yield from (Put((char * length)[:length]) for char in _UNUSUAL)
        yield from self._produced("pattern", {"not": {"pattern": pattern}})

    def formats(self, format_: JsonValue) -> Iterator[Edit]:
        """Yield a text that nearly has the format."""
        least = max((int(_number(count)) for count in self.location.keyword("minLength")), default=0)
        certain = () if isinstance(self.here, Missing) else ("not a valid value",)
        for text in (*certain, *find_format(format_).near_misses, "not a valid value", "", "{"):
            yield Put(text)
            if len(text) < least <= LARGEST:
                yield Put(text + "!" * (least - len(text)))
        yield from self._produced("format", {"not": {"format": format_}, "type": ["string"]})

    def members(self, values: JsonValue) -> Iterator[Edit]:
        """Yield a value that is not listed, as like the listed ones as can be."""
        listed = values if isinstance(values, list) else [values]
        for member in listed[:8]:
            if isinstance(member, str):
                yield from map(Put, (f"{member}X", member.swapcase(), member[:-1], "unlisted"))
            elif isinstance(member, int | float) and not isinstance(member, bool):
                numbers = [item for item in listed if isinstance(item, int | float) and not isinstance(item, bool)]
                yield from map(Put, (max(numbers) + 1, min(numbers) - 1, member + 0.5))
            elif isinstance(member, bool):
                yield Put(not member)
        yield from self._produced("enum" if isinstance(values, list) else "const", {"not": {"enum": list(listed)}})
        yield from (Put(value) for values_ in _OF_TYPES.values() for value in values_)

    def fewer(self, least: JsonValue) -> Iterator[Edit]:
        """Yield a list of one item too few."""
        count = int(_number(least))
        if count > 0:
            if isinstance(self.here, list) and len(self.here) >= count:
                yield Put(self.here[: count - 1])
            yield from self._produced("minItems", {"maxItems": count - 1, "minItems": count - 1})
            yield Put([])

    def more(self, most: JsonValue) -> Iterator[Edit]:
        """Yield a list of one item too many."""
        count = int(_number(most)) + 1
        if count <= MOST_ITEMS + 1:
            if isinstance(self.here, list):
                yield Put(lengthen(self.here, count, unique=bool(self.location.keyword("uniqueItems"))))
            yield from self._repeated(count)
            yield from self._produced("maxItems", {"minItems": count, "maxItems": count})

    def _repeated(self, count: int) -> Iterator[Edit]:
        if self.location.keyword("uniqueItems") or count == 0:
            return
        for edit in self._produced("maxItems", {"minItems": 1}):
            if isinstance(edit, Put) and isinstance(edit.value, list) and edit.value:
                yield Put((edit.value * count)[:count])

    def twins(self, wanted: JsonValue) -> Iterator[Edit]:
        """Yield a list with the same item twice."""
        if isinstance(self.here, list) and self.here:
            yield Append((self.here[-1],))
        for least in (2, 1):
            floor = max([least, *(int(_number(count)) for count in self.location.keyword("minItems"))])
            for edit in self._produced("", {"minItems": floor}):
                if isinstance(edit, Put) and isinstance(edit.value, list) and edit.value:
                    items = edit.value
                    yield Put([*items[:-1], items[0]] if len(items) > 1 else [items[0], items[0]])

    def contained(self, schema: JsonValue) -> Iterator[Edit]:
        """Yield a list in which too few, or too many, items are of a kind."""
        yield from self._produced("contains", {"items": {"not": schema}, "minItems": 1})
        yield Put([])
        for most in self.location.keyword("maxContains"):
            kind: JsonObject = {"type": ["array"], "items": schema, "minItems": int(_number(most)) + 1}
            yield from self._produced("maxContains", kind)

    def emptier(self, least: JsonValue) -> Iterator[Edit]:
        """Yield an object of one member too few."""
        count = int(_number(least))
        if count > 0:
            if isinstance(self.here, dict):
                yield Drop(tuple(self.here)[count - 1 :])
            yield Put({})
            yield from self._produced("minProperties", {"maxProperties": count - 1}, minimal=True)

    def fuller(self, most: JsonValue) -> Iterator[Edit]:
        """Yield an object of one member too many."""
        count = int(_number(most)) + 1
        if count <= MOST_ITEMS + 1:
            there = len(self.here) if isinstance(self.here, dict) else 0
            yield Add(tuple((f"extra{index}", "x") for index in range(count - there)))
            yield from self._produced("maxProperties", {"minProperties": count})

    def names(self, schema: JsonValue) -> Iterator[Edit]:
        """Yield a member with a name that is not allowed."""
        values: list[JsonValue] = [
            edit.value for edit in self._produced("propertyNames", {"minProperties": 1}) if isinstance(edit, Put)
        ]
        known = [member for value in values if isinstance(value, dict) for member in value.values()]
        for name in _ODD_NAMES:
            yield from (Add(((name, member),)) for member in (*known[:1], "x", 1, None))

    def negated(self, schema: JsonValue) -> Iterator[Edit]:
        """Yield a value of the schema that nothing may be of."""
        yield from self._produced("not", {"allOf": [schema]})
        if isinstance(schema, dict) and isinstance(schema.get("required"), list):
            yield Add(tuple((str(name), "x") for name in schema["required"]))  # type: ignore[union-attr]
        yield from self._made(schema if isinstance(schema, dict) else {})

    def excluded(self, branches: JsonValue) -> Iterator[Edit]:
        """Yield a value of no alternative."""
        yield from (Put(value) for values in _OF_TYPES.values() for value in values)
        for keyword in ("anyOf", "oneOf"):
            if self.part.schema.get(keyword) is branches:
                yield from self._produced(keyword, {"not": {"anyOf": branches}})

    def overlapping(self, branches: JsonValue) -> Iterator[Edit]:
        """Yield a value of two alternatives, where only one may match."""
        listed = branches if isinstance(branches, list) else []
        pairs = [(one, other) for index, one in enumerate(listed) for other in listed[index + 1 :]]
        for one, other in pairs[:_MOST_PAIRS]:
            yield from self._produced("oneOf", {"allOf": [one, other]})

    def _dependent(self, trigger: str, needed: tuple[str, ...]) -> Iterator[Edit]:
        for edit in self._produced("dependentRequired", {"required": [trigger]}):
            if isinstance(edit, Put) and isinstance(edit.value, dict):
                for absent in (needed, needed[:1]):
                    yield Put({name: member for name, member in edit.value.items() if name not in absent})

    def _produced(self, keyword: str, instead: JsonObject, *, minimal: bool = False) -> Iterator[Edit]:
        """Yield a value of the same schema with something else in the place of one keyword."""
        yield from self._made({"allOf": [*self._others(keyword), instead]}, minimal=minimal)

    def _made(self, schema: JsonObject, *, minimal: bool = False) -> Iterator[Edit]:
        if self.shop is None:
            return
        for seed in range(2):
            try:
                yield Put(self.shop.produce(schema, seed, name=self.location.name, minimal=minimal))
            except SchemaError:
                return

    def _others(self, keyword: str) -> list[JsonValue]:
        """Return the parts of the location, one of them without a keyword."""
        return [
            {name: value for name, value in part.schema.items() if part is not self.part or name != keyword}
            for part in self.location.parts
        ]


_Make = Callable[[_Breaking, JsonValue], Iterator[Edit]]
# Of each keyword its edits, the name of the variant, and the sentence; `{0}` is the keyword's value.
_TABLE: Final[dict[str, tuple[_Make, str, str]]] = {
    "minimum": (lambda b, v: b.numbers(v, below=True, inclusive=True), "below", "beyond the minimum {0}"),
    "maximum": (lambda b, v: b.numbers(v, below=False, inclusive=True), "above", "beyond the maximum {0}"),
    "exclusiveMinimum": (
        lambda b, v: b.numbers(v, below=True, inclusive=False), "at", "the exclusiveMinimum {0} itself",
    ),
    "exclusiveMaximum": (
        lambda b, v: b.numbers(v, below=False, inclusive=False), "at", "the exclusiveMaximum {0} itself",
    ),
    "multipleOf": (_Breaking.multiples, "between", "no multiple of {0}"),
    "minLength": (_Breaking.shorter, "shorter", "{less} characters"),
    "maxLength": (_Breaking.longer, "longer", "{more} characters"),
    "pattern": (_Breaking.patterns, "mismatch", "outside the pattern"),
    "format": (_Breaking.formats, "malformed", "no {0}"),
    "enum": (_Breaking.members, "unlisted", "none of the values"),
    "const": (_Breaking.members, "other", "another value"),
    "minItems": (_Breaking.fewer, "fewer", "{less} items"),
    "maxItems": (_Breaking.more, "more", "{more} items"),
    "uniqueItems": (_Breaking.twins, "twins", "an item twice"),
    "contains": (_Breaking.contained, "missing", "other items"),
    "minProperties": (_Breaking.emptier, "fewer", "{less} members"),
    "maxProperties": (_Breaking.fuller, "more", "{more} members"),
    "propertyNames": (_Breaking.names, "odd-name", "an odd name"),
    "not": (_Breaking.negated, "forbidden", "what is excluded"),
    "anyOf": (_Breaking.excluded, "none", "no alternative"),
    "oneOf": (_Breaking.excluded, "none", "no alternative"),
}  # fmt: skip


def _describe(sentence: str, value: JsonValue) -> str:
    if "{" not in sentence:
        return sentence
    if _number(value) not in {math.inf, -math.inf}:
        number = int(_number(value))
    else:
        number = 0
    return sentence.format(value, less=number - 1, more=number + 1)


def lengthen(items: list[JsonValue], count: int, *, unique: bool) -> list[JsonValue]:
    """Return so many items: again and again the same, or changed copies of the last one as far as it has any."""
    if not unique or not items:
        return (items * count)[:count]
    found = items[:count]
    for index in range(count + len(items)):  # a copy may be like an item that is there
        found += [item for item in _copy(items[-1], index) if item not in found][: count - len(found)]
    return found


def _copy(item: JsonValue, index: int) -> list[JsonValue]:
    """Return an item like another one; none where nothing of it can be changed."""
    if isinstance(item, str):
        turn, letter = divmod(index, len(string.ascii_lowercase))
        return [item[:-1] + string.ascii_lowercase[letter] + (str(turn) if turn else "")]
    if isinstance(item, int | float) and not isinstance(item, bool):
        return [item + index + 1]
    if isinstance(item, dict):
        changed: list[JsonValue] = [
            {**item, name: f"{text}{index}"} for name, text in item.items() if isinstance(text, str)
        ]
        return changed[:1]
    return []


def _only(edit: Edit) -> Callable[[], Iterator[Edit]]:
    return lambda: iter((edit,))


def _covered(type_: str, types: list[str]) -> bool:
    return type_ in types or (type_ == "integer" and "number" in types)


def _is_any(value: JsonValue, types: list[str]) -> bool:
    return any(is_type(value, type_) for type_ in types)


def _number(value: JsonValue) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return 0


def _plain(value: float) -> int | float:
    """Return a whole number as one, so that it is written without a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
