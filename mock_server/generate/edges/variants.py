"""
Variants: the values one step away from a good one, each with the keyword that it tries or breaks.

A good value is walked together with what its schema says of each place. At every keyword one step is taken to the last
value that is allowed, and one beyond it. A variant is what the validator says it is: it conforms, or every violation of
it names the keyword that was meant to be broken, at the place where it was.

A step beyond is chosen so that no lenient reader mends it: `"not a number"`, not `"5"`, where an integer is asked for.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mock_server.document.model import MISSING, Missing
from mock_server.json_values import JsonObject, JsonValue, Pointer, find_at
from mock_server.numbers import is_finite
from mock_server.schema.bundle import Bundle
from mock_server.schema.dialect import is_type
from mock_server.schema.outline import Outline, outline_of
from mock_server.schema.validate import Validator

_MOST_PLACES = 120
_MOST_TEXT = 5_000  # code points of a text that is made longer or shorter
_MOST_ITEMS = 200
_MOST_BROKEN = 20  # violations that are looked at
_MOST_VALUES = 30  # of an enumeration

# Of each type, values that no lenient reader takes for another one.
_ALIEN: Final[dict[str, tuple[JsonValue, ...]]] = {
    "integer": ("not a number", {"not": "a number"}),
    "number": ("not a number", {"not": "a number"}),
    "boolean": ("neither true nor false", {"not": "a boolean"}),
    "string": ({"not": "a string"}, ["not a string"]),
    "array": ({"not": "an array"}, "not an array"),
    "object": (["not an object"], "not an object"),
}
# By format, the values at its edges and one that is certainly outside.
_FORMATS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "date": (("2024-02-29", "1999-12-31"), "29 February"),
    "date-time": (("2024-02-29T23:59:59Z", "2026-06-01T00:00:00.123+02:00"), "yesterday at noon"),
    "time": (("23:59:59Z",), "noon"),
    "uuid": (("00000000-0000-4000-8000-000000000000",), "not-a-uuid"),
    "email": (("a.b+c@example.com",), "not an email"),
    "uri": (("https://example.com/a?b=c#d",), "not a uri"),
    "ipv4": (("192.0.2.1",), "not an address"),
    "ipv6": (("2001:db8::1",), "not an address"),
}
_STRANGE_TEXTS = ("", "!", "~~~", "\u00e9\u00e8", "0", "A", "a b", " ", "-", "#" * 300)


@dataclass(frozen=True, slots=True)
class Variant:
    """One step away from a good value; see `apply_step`."""

    part: JsonValue | Missing  # what stands at the place; MISSING takes the member away
    pointer: Pointer  # where the step was taken
    keyword: str
    detail: str  # in words: "one more than the maximum 10"
    conforms: bool


@dataclass(frozen=True, slots=True)
class _Edit:
    """A change at one place, not yet judged."""

    pointer: Pointer
    value: JsonValue | Missing  # MISSING takes the member away
    keyword: str
    detail: str
    conforms: bool


def iter_variants(
    bundle: Bundle, base: JsonValue, judge: Validator, make: Validator | None = None
) -> Iterator[Variant]:
    """
    Vary a value.

    Args:
        bundle: The schema of the value, as JUDGE reads it.
        base: A value that conforms.
        judge: The validator of the same schema.
        make: The validator of a stricter reading; what is said to conform has to conform to it, too.
    """
    seen: set[tuple[Pointer, str, str]] = set()
    for step in _walk(outline_of(bundle), base):
        key = (step.pointer, step.keyword, step.detail)
        if key in seen:
            continue
        seen.add(key)
        value = apply_step(base, step.pointer, step.value)
        if step.conforms:
            if judge.is_valid(value) and (make is None or make.is_valid(value)):
                yield Variant(step.value, step.pointer, step.keyword, step.detail, conforms=True)
        elif not judge.is_valid(value) and _breaks_only(judge.broken(value, _MOST_BROKEN), step):
            yield Variant(step.value, step.pointer, step.keyword, step.detail, conforms=False)


def _breaks_only(broken: list[tuple[str, Pointer]], step: _Edit) -> bool:
    """Return whether everything that is violated is the keyword of the step, or alternatives around it."""
    around = {"anyOf", "oneOf", "oneOfNotValid", "oneOfMultipleValid", "unevaluatedProperties"}
    if step.keyword == "additionalProperties":
        wanted = {step.keyword, "falseSchema"}
    else:
        wanted = {step.keyword}
    return all(
        (keyword in wanted or keyword in around or instance != step.pointer)
        and (instance[: len(step.pointer)] == step.pointer or step.pointer[: len(instance)] == instance)
        for keyword, instance in broken
    )


def apply_step(base: JsonValue, pointer: Pointer, part: JsonValue | Missing) -> JsonValue:
    """
    Change a value at one place; the value itself is left alone.

    Args:
        base: The value.
        pointer: Where; a place that is not there leaves everything as it is.
        part: What stands there then; MISSING takes the member away.
    """
    if not pointer:
        if isinstance(part, Missing):
            return None
        return part
    if not find_at(base, pointer[:-1])[0]:
        return base
    value = copy.deepcopy(base)
    target = find_at(value, pointer[:-1])[1]
    last = pointer[-1]
    if isinstance(target, dict):
        if isinstance(part, Missing):
            target.pop(last, None)
        else:
            target[last] = part
    elif isinstance(target, list) and not isinstance(part, Missing) and int(last) < len(target):
        target[int(last)] = part
    return value


def _walk(root: Outline, base: JsonValue) -> Iterator[_Edit]:
    """Yield every step at every place, the outer places first."""
    todo: list[tuple[Pointer, Outline, JsonValue, bool]] = [((), root, base, True)]
    places = 0
    while todo and places < _MOST_PLACES:
        pointer, outline, value, needed = todo.pop(0)
        places += 1
        yield from _steps(pointer, outline, value, needed=needed)
        if isinstance(value, dict):
            required = _required(outline)
            todo += [
                ((*pointer, name), outline.member(name), member, name in required) for name, member in value.items()
            ]
        elif isinstance(value, list) and value:
            todo.append(((*pointer, "0"), outline.item(0), value[0], True))


def _required(outline: Outline) -> list[str]:
    names: dict[str, None] = {}
    for source in outline.sources:
        listed = source.get("required")
        names.update(dict.fromkeys(map(str, listed)) if isinstance(listed, list) else {})
    return list(names)


def _steps(pointer: Pointer, outline: Outline, value: JsonValue, *, needed: bool) -> Iterator[_Edit]:
    yield from _types(pointer, outline, value, needed=needed)
    for source in outline.sources:
        yield from _values(pointer, source)
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            yield from _numbers(pointer, source, outline)
        elif isinstance(value, str):
            yield from _texts(pointer, source, value)
        elif isinstance(value, list):
            yield from _items(pointer, source, value)
        elif isinstance(value, dict):
            yield from _members(pointer, source, value)
    if isinstance(value, dict):
        required = _required(outline)
        for name in value:
            if name not in required:
                yield _Edit((*pointer, name), MISSING, "properties", f"without {name!r}", conforms=True)


def _types(pointer: Pointer, outline: Outline, value: JsonValue, *, needed: bool) -> Iterator[_Edit]:
    """Another type; null only where a value is needed, since many take null for absent."""
    types = outline.types
    for type_ in sorted(types):
        for alien in _ALIEN.get(type_, ()):
            if not any(is_type(alien, other) for other in types):
                yield _Edit(pointer, alien, "type", f"no {type_}", conforms=False)
                break
    if "null" in types:
        yield _Edit(pointer, None, "type", "null", conforms=True)
    elif needed:
        yield _Edit(pointer, None, "type", "null", conforms=False)
    if "boolean" in types:
        yield _Edit(pointer, not value if isinstance(value, bool) else True, "type", "the other boolean", conforms=True)


def _values(pointer: Pointer, source: JsonObject) -> Iterator[_Edit]:
    values = source.get("enum")
    listed = values if isinstance(values, list) else []
    for value in listed[:_MOST_VALUES]:
        yield _Edit(pointer, value, "enum", f"the value {value!r}", conforms=True)
    if listed:
        outside: JsonValue = "none-of-these" if any(isinstance(value, str) for value in listed) else _beyond_all(listed)
        yield _Edit(pointer, outside, "enum", "none of the values", conforms=False)
    if "const" in source:
        yield _Edit(pointer, "none-of-these", "const", "another value", conforms=False)


def _beyond_all(values: list[JsonValue]) -> int:
    numbers = [abs(value) for value in values if isinstance(value, int | float)]
    return math.ceil(max(numbers, default=0)) + 1


def _numbers(pointer: Pointer, source: JsonObject, outline: Outline) -> Iterator[_Edit]:
    whole = "number" not in outline.types
    unit: int | float = 1 if whole else 0.5
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        bound = source.get(keyword)
        if isinstance(bound, int | float) and is_finite(bound):
            yield _Edit(pointer, bound, keyword, f"the {keyword} {bound}", conforms=True)
            yield _Edit(pointer, bound + sign * unit, keyword, f"beyond the {keyword} {bound}", conforms=False)
    for keyword, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        bound = source.get(keyword)
        if isinstance(bound, int | float) and is_finite(bound):
            yield _Edit(pointer, bound + sign * unit, keyword, f"next to the {keyword} {bound}", conforms=True)
            yield _Edit(pointer, bound, keyword, f"the {keyword} {bound} itself", conforms=False)
    step = source.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        yield _Edit(pointer, step, "multipleOf", f"{step}", conforms=True)
        if not whole or step > 1:
            yield _Edit(
                pointer, step + (1 if whole else step / 2), "multipleOf", f"no multiple of {step}", conforms=False
            )
    if whole:
        yield _Edit(pointer, 0, "type", "zero", conforms=True)
        if "minimum" not in source and "exclusiveMinimum" not in source:
            yield _Edit(pointer, -1, "type", "a negative number", conforms=True)


def _texts(pointer: Pointer, source: JsonObject, value: str) -> Iterator[_Edit]:
    least, most = source.get("minLength"), source.get("maxLength")
    filler = value[-1] if value else "a"
    if isinstance(least, int) and 0 < least <= _MOST_TEXT:
        yield _Edit(pointer, _sized(value, least, filler), "minLength", f"{least} characters", conforms=True)
        yield _Edit(pointer, _sized(value, least - 1, filler), "minLength", f"{least - 1} characters", conforms=False)
    if isinstance(most, int) and 0 <= most <= _MOST_TEXT:
        yield _Edit(pointer, _sized(value, most, filler), "maxLength", f"{most} characters", conforms=True)
        yield _Edit(pointer, _sized(value, most + 1, filler), "maxLength", f"{most + 1} characters", conforms=False)
    if isinstance(source.get("pattern"), str):
        for strange in _STRANGE_TEXTS:
            yield _Edit(pointer, strange, "pattern", "outside the pattern", conforms=False)
    edges, outside = _FORMATS.get(str(source.get("format")), ((), ""))
    for text in edges:
        yield _Edit(pointer, text, "format", f"{source.get('format')} {text}", conforms=True)
    if outside:
        yield _Edit(pointer, outside, "format", f"no {source.get('format')}", conforms=False)
    if not edges and "enum" not in source and "pattern" not in source and "format" not in source:
        yield _Edit(pointer, "\u00c5sa \u4f60\u597d \U0001f600", "type", "letters beyond ASCII", conforms=True)


def _sized(text: str, length: int, filler: str) -> str:
    return text[:length] + filler * (length - len(text))


def _items(pointer: Pointer, source: JsonObject, value: list[JsonValue]) -> Iterator[_Edit]:
    least, most = source.get("minItems"), source.get("maxItems")
    if isinstance(least, int) and least > 0:
        yield _Edit(pointer, value[:least], "minItems", f"{least} items", conforms=True)
        yield _Edit(pointer, value[: least - 1], "minItems", f"{least - 1} items", conforms=False)
    elif value:
        yield _Edit(pointer, [], "items", "no items", conforms=True)
    if isinstance(most, int) and most <= _MOST_ITEMS and value:
        if source.get("uniqueItems") is True:
            more = _distinct(value, most + 1)
        else:
            more = (value * (most + 1))[: most + 1]
        yield _Edit(pointer, more[:most], "maxItems", f"{most} items", conforms=True)
        yield _Edit(pointer, more, "maxItems", f"{most + 1} items", conforms=False)
    if source.get("uniqueItems") is True and value:
        yield _Edit(pointer, [*value, value[-1]], "uniqueItems", "an item twice", conforms=False)


def _distinct(value: list[JsonValue], count: int) -> list[JsonValue]:
    """So many items that differ; fewer where no more are known."""
    found = list(value[:count])
    last = value[-1]
    for index in range(count - len(found)):
        item: JsonValue = None
        if isinstance(last, str):
            item = (last[:-1] if last else "") + chr(ord("a") + index % 26) + (str(index // 26) if index > 25 else "")  # noqa: PLR2004 - letters
        elif isinstance(last, int | float) and not isinstance(last, bool):
            item = last + index + 1
        elif isinstance(last, dict):
            name = next((name for name, member in last.items() if isinstance(member, str)), None)
            item = {**last, name: f"{last[name]}{index}"} if name is not None else None
        if item is not None and item not in found:
            found.append(item)
    return found


def _members(pointer: Pointer, source: JsonObject, value: JsonObject) -> Iterator[_Edit]:
    required = source.get("required")
    for name in map(str, required) if isinstance(required, list) else ():
        if name in value:
            rest = {key: member for key, member in value.items() if key != name}
            yield _Edit(pointer, rest, "required", f"without {name!r}", conforms=False)
    if source.get("additionalProperties") is False and source.get("properties"):
        yield _Edit(
            pointer, {**value, "undocumentedMember": "x"}, "additionalProperties", "a member more", conforms=False
        )
    least, most = source.get("minProperties"), source.get("maxProperties")
    if isinstance(least, int) and 0 < least <= len(value):
        rest = dict(list(value.items())[: least - 1])
        yield _Edit(pointer, rest, "minProperties", f"{least - 1} members", conforms=False)
    if isinstance(most, int) and most < _MOST_ITEMS:
        extra = {f"more{index}": "x" for index in range(most + 1 - len(value))}
        yield _Edit(pointer, {**value, **extra}, "maxProperties", f"{most + 1} members", conforms=False)
