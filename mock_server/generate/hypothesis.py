"""
Hypothesis strategies from canonical schemas: for tests that search and shrink.

Each view becomes the strategy that shrinks best: a number to its bound, a text to its shortest, an object to what is
required. References are `st.deferred`; below some depth only what is required is drawn, so recursion ends without a
filter. What has no such strategy is drawn by the sampler and shrinks as its seed does.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

from mock_server.generate.sampler.arrays import identity
from mock_server.generate.sampler.compiler import SamplerContext, Site, lazy_acceptor
from mock_server.generate.sampler.draw import DrawState, NothingFits
from mock_server.generate.sampler.sampler import Sampler
from mock_server.json_values import JsonValue
from mock_server.numbers import as_float
from mock_server.schema.canonical import (
    AnyOfView,
    ArrayView,
    Canonical,
    ConstView,
    Distinctness,
    EnumView,
    FalseView,
    IntegerView,
    MultiTypeView,
    NumberView,
    ObjectView,
    OneOfView,
    ReferenceView,
    StringView,
    TrueView,
    TypedGroupView,
    as_json,
)
from mock_server.schema.hints import Hints

Strategy = st.SearchStrategy[Any]

_DEEP: Final = 4  # from here on, only what is required
_USUAL: Final = 3  # items beyond the least, where there is no bound
_LONGEST: Final = 40  # characters beyond the least, where there is no bound
_SEEDS: Final = 4_096
# What every encoding of a request can carry; bodies take any text but lone surrogates, which are no text.
PRINTABLE: Final = st.characters(min_codepoint=33, max_codepoint=126)
ANY_TEXT: Final = st.characters(exclude_categories=["Cs"])


@dataclass(eq=False, repr=False)
class Strategies:
    """The strategies of one document's schemas."""

    setting: SamplerContext
    alphabet: Any = ANY_TEXT
    _references: dict[tuple[str, bool], Strategy] = field(default_factory=dict)

    def compile(self, schema: Canonical, depth: int = 0) -> Strategy:  # noqa: PLR0911, PLR0912 - one line for each kind of view
        """Compile a node."""
        view = schema.view()
        match view:
            case ConstView():
                return st.just(as_json(view.value))
            case EnumView():
                return st.sampled_from([as_json(value) for value in view.values])
            case MultiTypeView():
                return self._types(view.types)
            case IntegerView():
                return _or(_integers(view), lambda: self._sampled(schema))
            case NumberView():
                return _or(_numbers(view), lambda: self._sampled(schema))
            case StringView():
                return self._texts(schema, view)
            case ArrayView():
                return self._arrays(schema, view, depth)
            case ObjectView():
                return self._objects(schema, view, depth)
            case ReferenceView():
                return self._reference(view.uri, depth)
            case AnyOfView():
                return st.one_of([self.compile(branch, depth) for branch in view.branches])
            case OneOfView():
                accept = lazy_acceptor(schema, self.setting.forms)
                return st.one_of([self.compile(branch, depth) for branch in view.branches]).filter(accept)
            case TypedGroupView():
                return self._sampled(schema)
            case TrueView():
                return self._types(["null", "boolean", "integer", "string"])
            case FalseView():
                return st.nothing()
        return self._sampled(schema)

    def _types(self, types: list[str]) -> Strategy:
        by_type: dict[str, Strategy] = {
            "null": st.none(),
            "boolean": st.booleans(),
            "integer": st.integers(-(2**53), 2**53),
            "number": st.floats(allow_nan=False, allow_infinity=False),
            "string": st.text(self.alphabet, max_size=_LONGEST),
            "array": st.just([]),
            "object": st.just({}),
        }
        return st.one_of([strategy for type_, strategy in by_type.items() if type_ in types])

    def _texts(self, schema: Canonical, view: StringView) -> Strategy:
        least = view.min_length or 0
        most = view.max_length if view.max_length is not None else least + _LONGEST
        said = (
            view.patterns or view.formats or view.excluded or view.excluded_patterns or view.excluded_formats
            or view.content_encodings or view.content_media_types
        )  # fmt: skip
        if not said:
            return st.text(self.alphabet, min_size=least, max_size=min(most, least + 10 * _LONGEST))
        return self._sampled(schema)

    def _arrays(self, schema: Canonical, view: ArrayView, depth: int) -> Strategy:
        if view.contains or view.distinctness == Distinctness.SOME_REPEATED:
            return self._sampled(schema)
        least = max(0, (view.min_items or 0) - len(view.prefix_items))
        if view.max_items is not None:
            most = view.max_items - len(view.prefix_items)
        else:
            most = least + _USUAL
        if depth >= _DEEP:
            most = least
        if view.items is not None:
            items = self.compile(view.items, depth + 1)
        else:
            items = self._types(["null", "integer", "string"])
        distinct = view.distinctness == Distinctness.ALL_DISTINCT
        if view.prefix_items:
            if distinct or (view.min_items or 0) < len(view.prefix_items):
                return self._sampled(schema)
            first = st.tuples(*(self.compile(item, depth + 1) for item in view.prefix_items))
            if most <= 0:
                return first.map(list)
            return st.builds(lambda one, other: [*one, *other], first, st.lists(items, min_size=least, max_size=most))
        most = min(most, least + 10 * _USUAL)
        return st.lists(items, min_size=least, max_size=most, unique_by=identity if distinct else None)

    def _objects(self, schema: Canonical, view: ObjectView, depth: int) -> Strategy:
        properties = dict(view.properties)
        required = set(view.required)
        plain = not (
            view.pattern_properties
            or view.property_names is not None
            or view.violations
            or view.max_properties is not None
        )
        if not plain or (view.min_properties or 0) > len(required) or not required <= properties.keys():
            return self._sampled(schema)
        needed = {name: self.compile(properties[name], depth + 1) for name in properties if name in required}
        optional = {
            name: self.compile(child, depth + 1)
            for name, child in properties.items()
            if name not in required and depth < _DEEP and not isinstance(child.view(), FalseView)
        }
        return st.fixed_dictionaries(needed, optional=optional)

    def _reference(self, uri: str, depth: int) -> Strategy:
        """Return a definition, once for shallow and once for deep places."""
        key = (uri, depth >= _DEEP)
        if key not in self._references:
            self._references[key] = st.deferred(lambda: self._definition(uri, depth))
        return self._references[key]

    def _definition(self, uri: str, depth: int) -> Strategy:
        target = self.setting.forms.definition(uri)
        if target is not None:
            return self.compile(target, depth + 1)
        return st.nothing()

    def _sampled(self, schema: Canonical) -> Strategy:
        """Draw by the sampler; the same seed, the same value."""
        draw = Sampler(self.setting, schema).compile(schema, Site(Hints(())))

        def produced(seed: int) -> JsonValue:
            state = DrawState(seed, static=False, echo={})
            state.verify = state.strict = True
            return draw(state)

        try:
            produced(0)
        except (NothingFits, RecursionError):
            return st.nothing()
        accept = lazy_acceptor(schema, self.setting.forms)
        return st.integers(0, _SEEDS).map(_or_first(produced)).filter(accept)


def _or(strategy: Strategy | None, other: Callable[[], Strategy]) -> Strategy:
    if strategy is not None:
        return strategy
    return other()


def _or_first(produced: Callable[[int], JsonValue]) -> Callable[[int], JsonValue]:
    """Return the first value where a seed finds none."""

    def make(seed: int) -> JsonValue:
        try:
            return produced(seed)
        except (NothingFits, RecursionError):
            return produced(0)

    return make


def _integers(view: IntegerView) -> Strategy | None:
    """Whole numbers within bounds, of the multiples of one step; None where more is said."""
    if view.not_multiple_of or len(view.multiple_of) > 1:
        return None
    step = as_json(view.multiple_of[0]) if view.multiple_of else 1
    if not isinstance(step, int) or step <= 0:
        return None
    least = as_json(view.minimum)
    most = as_json(view.maximum)
    low = math.ceil(least / step) if isinstance(least, int | float) else None
    high = math.floor(most / step) if isinstance(most, int | float) else None
    if abs(low or 0) >= 2**53 and step != 1:
        return None
    low, high = (least, most) if step == 1 else (low, high)  # type: ignore[assignment]
    if low is not None and high is not None and low > high:
        return st.nothing()
    if step != 1:
        return st.integers(low, high).map(lambda count: count * step)
    return st.integers(low, high)


def _numbers(view: NumberView) -> Strategy | None:
    """Floats within bounds; None where more is said."""
    if view.multiple_of or view.not_multiple_of or view.excludes_integers:
        return None
    least, most = as_json(view.minimum), as_json(view.maximum)
    low = as_float(least) if isinstance(least, int | float) else None
    high = as_float(most) if isinstance(most, int | float) else None
    if low is not None and high is not None and (low > high or not math.isfinite(low) or not math.isfinite(high)):
        return None
    return st.floats(
        low,
        high,
        exclude_min=bool(view.exclusive_minimum) and low is not None,
        exclude_max=bool(view.exclusive_maximum) and high is not None,
        allow_nan=False,
        allow_infinity=False,
    )
