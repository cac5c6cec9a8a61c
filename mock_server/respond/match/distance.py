"""Distances of two texts or two JSON values: 0 where they are the same, 1 where nothing agrees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import orjson

from mock_server.errors import ScriptError
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonValue, Pointer, find_at, same_json

# Different, though nothing that is compared here says so.
_LEAST = 0.01
_COMPARED = 160  # characters of each text
_LEAVES = 500  # of a JSON value
_STEPS = 200_000  # comparisons of JSON values
_UNORDERED = 200  # items of an array that have to find a partner among those of the other

_PLACEHOLDERS: dict[str, tuple[type, ...]] = {
    "${json-unit.ignore}": (object,),
    "${json-unit.any-string}": (str,),
    "${json-unit.any-number}": (int, float),
    "${json-unit.any-boolean}": (bool,),
}


def text_distance(one: str, other: str) -> float:
    """Return how different two texts are; of long ones their beginnings are compared."""
    if one == other:
        return 0.0
    return max(_LEAST, 1 - SequenceMatcher(None, one[:_COMPARED], other[:_COMPARED], autojunk=False).ratio())


class _TooMuch(Exception):
    """Arrays that would have to be compared in too many orders."""


@dataclass(slots=True)
class _Comparison:
    """One comparison, with what is left of its budget."""

    ignore_order: bool
    ignore_extra: bool
    steps: int = _STEPS

    def same(self, expected: JsonValue, actual: JsonValue) -> bool:
        """Return whether an actual value is what was expected."""
        self.steps -= 1
        if self.steps < 0:
            raise _TooMuch
        if isinstance(expected, dict) and isinstance(actual, dict):
            if not self.ignore_extra and expected.keys() != actual.keys():
                return False
            return all(name in actual and self.same(value, actual[name]) for name, value in expected.items())
        if isinstance(expected, list) and isinstance(actual, list):
            return self._arrays(expected, actual)
        if isinstance(expected, str) and expected in _PLACEHOLDERS:
            kinds = _PLACEHOLDERS[expected]
            return isinstance(actual, kinds) and (not isinstance(actual, bool) or bool in kinds or object in kinds)
        return same_json(expected, actual)

    def _arrays(self, expected: list[JsonValue], actual: list[JsonValue]) -> bool:
        if len(expected) > len(actual) or (len(expected) < len(actual) and not self.ignore_extra):
            return False
        if not self.ignore_order:
            return all(map(self.same, expected, actual))
        left, found = _without_equals(expected, actual)
        if len(left) > _UNORDERED:
            raise _TooMuch
        partner: dict[int, int] = {}  # of each actual item: the expected one
        return all(self._place(index, left, found, partner, set()) for index in range(len(left)))

    def _place(
        self, index: int, expected: list[JsonValue], actual: list[JsonValue], partner: dict[int, int], tried: set[int]
    ) -> bool:
        """Find an item for an expected one; the one that has it looks for another item."""
        for at, value in enumerate(actual):
            if at in tried or not self.same(expected[index], value):
                continue
            tried.add(at)
            if at not in partner or self._place(partner[at], expected, actual, partner, tried):
                partner[at] = index
                return True
        return False


def _without_equals(expected: list[JsonValue], actual: list[JsonValue]) -> tuple[list[JsonValue], list[JsonValue]]:
    """Return both arrays without the items that have an equal in the other one: those are partners in any case."""
    rest: dict[bytes, list[JsonValue]] = {}
    for value in actual:
        rest.setdefault(_canonical(value), []).append(value)
    left = []
    for value in expected:
        equals = rest.get(_canonical(value))
        if equals:
            equals.pop()
        else:
            left.append(value)
    return left, [value for equals in rest.values() for value in equals]


def _canonical(value: JsonValue) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return write_json(value)  # numbers beyond 64 bits, lone surrogates


@dataclass(frozen=True, slots=True)
class ExpectedJson:
    """A JSON value that is expected, strictly or not."""

    value: JsonValue
    ignore_order: bool = False
    ignore_extra: bool = False
    _leaves: tuple[tuple[Pointer, JsonValue], ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        """
        Look the value over.

        Raises:
            ScriptError: it has a placeholder that is not known.
        """
        leaves = []
        for pointer, leaf in _iter_leaves(self.value):
            if isinstance(leaf, str) and leaf.startswith("${json-unit.") and leaf not in _PLACEHOLDERS:
                raise ScriptError(
                    f"the placeholder {leaf!r} is not known; known are {', '.join(_PLACEHOLDERS)}", pointer
                )
            leaves.append((pointer, leaf))
        object.__setattr__(self, "_leaves", tuple(leaves[:_LEAVES]))

    def matches(self, actual: JsonValue) -> bool:
        """Return whether a value is what is expected; arrays that are too large to be compared in any order are not."""
        try:
            return _Comparison(self.ignore_order, self.ignore_extra).same(self.value, actual)
        except _TooMuch:
            return False

    def distance(self, actual: JsonValue) -> float:
        """Return how much of what is expected is not there; something wherever it is not the same."""
        if self.matches(actual):
            return 0.0
        run = _Comparison(ignore_order=False, ignore_extra=True)
        wrong = 0
        for pointer, leaf in self._leaves:
            found, value = find_at(actual, pointer)
            wrong += not (found and run.same(leaf, value))
        return max(_LEAST, wrong / len(self._leaves))


def _iter_leaves(value: JsonValue, at: Pointer = ()) -> Iterator[tuple[Pointer, JsonValue]]:
    """Yield the leaves of a value with their places, empty objects and arrays among them."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from _iter_leaves(child, (*at, name))
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from _iter_leaves(child, (*at, str(index)))
    else:
        yield at, value
