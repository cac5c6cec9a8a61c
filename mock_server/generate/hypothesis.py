"""
Hypothesis strategies from canonical schemas: for tests that search and shrink.

Each view becomes the strategy that shrinks best: a number to its bound, a text to its shortest, an object to what is
required. References are `st.deferred`; below some depth only what is required is drawn, so recursion ends without a
filter. What a strategy only comes near to is filtered, and drawn by the sampler too: a filter may find nothing. What
has no strategy is drawn by the sampler alone, and shrinks as its seed does.
"""

import math
import re
import string
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from mock_server.document.references import Node
from mock_server.generate.engine import Engine
from mock_server.generate.sampler.arrays import identity
from mock_server.generate.sampler.compiler import SamplerContext, ValueSite, lazy_acceptor
from mock_server.generate.sampler.draw import DrawState, NothingFits
from mock_server.generate.sampler.sampler import Sampler
from mock_server.generate.sampler.sizes import Extents
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
    as_json,
)
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.formats import find_format
from mock_server.schema.sites import Site, sites_of
from mock_server.schema.validate import Validator

Strategy = st.SearchStrategy[Any]

_DEEP: Final = 4  # from here on, only what is required
_USUAL: Final = 3  # items beyond the least, where there is no bound
_MOST_ITEMS: Final = 30  # beyond the least
_MOST_TEXT: Final = 200  # characters beyond the least
_MOST_ANY_TEXT: Final = 40  # characters where a text is one type of several
_DIGITS: Final = 12  # of a multiple of a fraction: 3 * 0.1 is 0.30000000000000004
_SEEDS: Final = 4_096
_SIMPLE: Final[tuple[JsonValue, ...]] = (None, False, 0, 1, "", "0", [], {})
_SCALARS: Final = ("null", "boolean", "integer", "string")
# What every encoding of a request can carry; bodies take any text but lone surrogates, which are no text. Where UTF-8
# is named by its codec instead, Hypothesis encodes each of a million code points to learn that.
PRINTABLE: Final = st.characters(min_codepoint=33, max_codepoint=126)
ANY_TEXT: Final = st.characters(exclude_categories=["Cs"])
_LABELS: Final = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
_DOMAINS: Final = st.builds(".".join, st.tuples(_LABELS, st.sampled_from(("com", "example", "co.uk", "xn--p1ai"))))
_EMAILS: Final = st.emails(domains=_DOMAINS)  # its own domains name their characters by codec, see above


def value_strategy(kit: Engine, schema: Node, direction: Direction, alphabet: Any = ANY_TEXT) -> Strategy:  # noqa: ANN401 - of Hypothesis
    """
    Return the values that conform to a schema.

    Args:
        kit: Of the document.
        schema: A Schema Object of the document.
        direction: Of the message whose schema it is.
        alphabet: The characters of texts.

    Raises:
        UnusableSchema: the schema can't be compiled.
    """
    bundle = kit.schemas.of(direction, Purpose.MAKE).bundle(schema)
    forms = kit.forms(direction, Purpose.MAKE)
    compiler = StrategyCompiler(SamplerContext(kit.pools(), sites_of(bundle), forms), alphabet)
    return compiler.compile(forms.root(bundle)).filter(Validator(bundle).is_valid)


def format_strategy(name: str) -> Strategy | None:
    """Return the texts of a format that Python has a type for, or email addresses; None for others."""
    if name == "email":
        return _EMAILS
    python = find_format(name).python
    if python is None:
        return None
    type_, write = python
    return st.from_type(type_).map(write)


@dataclass(eq=False, repr=False)
class StrategyCompiler:
    """Compiles the canonical nodes of one document to strategies."""

    context: SamplerContext
    alphabet: Any = ANY_TEXT
    deep: int = _DEEP
    _references: dict[tuple[str, int], Strategy] = field(default_factory=dict)

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
                return self._integer(schema, view)
            case NumberView():
                return self._number(schema, view)
            case StringView():
                return self._string(schema, view)
            case ArrayView():
                return self._array(schema, view, depth)
            case ObjectView():
                return self._object(schema, view, depth)
            case ReferenceView():
                return self._reference(view.uri, depth)
            case AnyOfView():
                return self._branches(view.branches, depth)
            case OneOfView():
                return self._near(schema, self._branches(view.branches, depth))
            case TrueView():
                return self._types(_SCALARS)
            case FalseView():
                return st.nothing()
        return self._sampled(schema)

    def _types(self, types: Collection[str]) -> Strategy:
        by_type: dict[str, Strategy] = {
            "null": st.none(),
            "boolean": st.booleans(),
            "integer": st.integers(-(2**53), 2**53),
            "number": st.floats(allow_nan=False, allow_infinity=False),
            "string": st.text(self.alphabet, max_size=_MOST_ANY_TEXT),
            "array": st.lists(st.integers(0, 9), max_size=2),
            "object": st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 9), max_size=2),
        }
        return st.one_of([strategy for type_, strategy in by_type.items() if type_ in types])

    def _integer(self, schema: Canonical, view: IntegerView) -> Strategy:
        step = as_json(view.multiple_of[0]) if view.multiple_of else 1
        if view.not_multiple_of or len(view.multiple_of) > 1 or not isinstance(step, int):
            return self._sampled(schema)
        return _multiples(step, view)

    def _number(self, schema: Canonical, view: NumberView) -> Strategy:
        if view.not_multiple_of or len(view.multiple_of) > 1:
            return self._sampled(schema)
        if view.multiple_of:
            step = as_json(view.multiple_of[0])
            if isinstance(step, int | float):
                return self._near(schema, _multiples(step, view))
            return self._sampled(schema)
        least, most = as_json(view.minimum), as_json(view.maximum)
        low = as_float(least) if isinstance(least, int | float) else None
        high = as_float(most) if isinstance(most, int | float) else None
        if low is not None and high is not None and (low > high or not math.isfinite(low) or not math.isfinite(high)):
            return self._sampled(schema)
        floats = st.floats(
            low,
            high,
            exclude_min=bool(view.exclusive_minimum) and low is not None,
            exclude_max=bool(view.exclusive_maximum) and high is not None,
            allow_nan=False,
            allow_infinity=False,
        )
        if view.excludes_integers:
            return self._near(schema, floats)
        return floats

    def _string(self, schema: Canonical, view: StringView) -> Strategy:
        formatted = next((texts for texts in map(format_strategy, view.formats) if texts is not None), None)
        if formatted is not None:
            return self._near(schema, formatted)
        if view.patterns:
            return self._near(schema, _matching(view.patterns[0], self.alphabet))
        if view.formats or view.content_encodings or view.content_media_types:
            return self._sampled(schema)
        least = view.min_length or 0
        most = least + _MOST_TEXT
        if view.max_length is not None:
            most = min(most, view.max_length)
        texts = st.text(self.alphabet, min_size=least, max_size=most)
        is_exact = not (view.excluded or view.excluded_patterns or view.excluded_formats)
        if is_exact:
            return texts
        return self._near(schema, texts)

    def _array(self, schema: Canonical, view: ArrayView, depth: int) -> Strategy:
        if view.contains or view.distinctness == Distinctness.SOME_REPEATED:
            return self._sampled(schema)
        distinct = view.distinctness == Distinctness.ALL_DISTINCT
        if view.prefix_items and (distinct or (view.min_items or 0) < len(view.prefix_items)):
            return self._sampled(schema)
        least = max(0, (view.min_items or 0) - len(view.prefix_items))
        most = least + _USUAL
        if view.max_items is not None:
            most = min(view.max_items - len(view.prefix_items), least + _MOST_ITEMS)
        if depth >= self.deep:
            most = least
        if view.items is not None:
            items = self.compile(view.items, depth + 1)
        else:
            items = self._types(_SCALARS)
        rest = _lists(items, least, most, identity if distinct else None)
        if not view.prefix_items:
            return rest
        first = st.tuples(*(self.compile(item, depth + 1) for item in view.prefix_items))
        return st.builds(lambda one, other: [*one, *other], first, rest)

    def _object(self, schema: Canonical, view: ObjectView, depth: int) -> Strategy:
        others = view.additional_properties
        needed = {name: self._types(_SCALARS) for name in view.required if name not in view.properties}
        if others is not None:
            needed = {name: self.compile(others, depth + 1) for name in needed}
        optional: dict[str, Strategy] = {}
        for name, child in view.properties.items():
            if name in view.required:
                needed[name] = self.compile(child, depth + 1)
            elif depth < self.deep and not isinstance(child.view(), FalseView):
                optional[name] = self.compile(child, depth + 1)
        if (view.min_properties or 0) > len(needed) + len(optional):
            return self._sampled(schema)
        objects = st.fixed_dictionaries(needed, optional=optional)
        is_exact = (view.min_properties or 0) <= len(needed) and not (
            view.pattern_properties
            or view.property_names is not None
            or view.violations
            or view.max_properties is not None
        )
        if is_exact:
            return objects
        return self._near(schema, objects)

    def _branches(self, branches: list[Canonical], depth: int) -> Strategy:
        if depth >= self.deep:  # the branches that lead to an end the soonest
            heights = [self._extents.of(branch).height for branch in branches]
            branches = [branch for branch, height in zip(branches, heights, strict=True) if height == min(heights)]
        return st.one_of([self.compile(branch, depth) for branch in branches])

    @cached_property
    def _extents(self) -> Extents:
        return Extents(self.context.forms)

    def _reference(self, uri: str, depth: int) -> Strategy:
        """Return the strategy of a definition, one for each depth: each leads to deeper ones, which end."""
        key = (uri, min(depth, self.deep))
        if key not in self._references:
            self._references[key] = st.deferred(lambda: self._definition(uri, depth))
        return self._references[key]

    def _definition(self, uri: str, depth: int) -> Strategy:
        target = self.context.forms.definition(uri)
        if target is not None:
            return self.compile(target, depth + 1)
        return st.nothing()

    def _near(self, schema: Canonical, strategy: Strategy) -> Strategy:
        """Filter a strategy that draws too much, with the sampler as the alternative."""
        return st.one_of(strategy.filter(lazy_acceptor(schema, self.context.forms)), self._sampled(schema))

    def _sampled(self, schema: Canonical) -> Strategy:
        """Draw the simplest values, and those of the sampler: the same seed, the same value."""
        accept = lazy_acceptor(schema, self.context.forms)
        simple = [value for value in _SIMPLE if accept(value)]
        draw = Sampler(self.context, schema).compile(schema, ValueSite(Site()))

        def produce(seed: int) -> JsonValue:
            state = DrawState(seed, static=False, echo={})
            state.verify = state.strict = True
            return draw(state)

        try:
            first = produce(0)
        except (NothingFits, RecursionError):
            if simple:
                return st.sampled_from(simple)
            return st.nothing()

        def produce_any(seed: int) -> JsonValue:
            try:
                return produce(seed)
            except (NothingFits, RecursionError):
                return first

        drawn = st.integers(0, _SEEDS).map(produce_any).filter(accept)
        if simple:
            return st.one_of(st.sampled_from(simple), drawn)
        return drawn


def _multiples(step: float, view: IntegerView | NumberView) -> Strategy:
    """Draw the multiples of a step, 1 for instance, within bounds; of a fraction those that floats come near to."""
    least, most = as_json(view.minimum), as_json(view.maximum)
    low = None
    if isinstance(least, int | float):
        low = int(-(-least // step))
    high = None
    if isinstance(most, int | float):
        high = int(most // step)
    if low is not None and high is not None and low > high:
        return st.nothing()
    counts = st.integers(low, high)
    if step == 1:
        return counts
    return counts.map(lambda count: round(count * step, _DIGITS))


def _matching(pattern: str, alphabet: Any) -> Strategy:  # noqa: ANN401 - of Hypothesis
    """Draw texts that match a regular expression of ECMA-262, as far as Python reads it alike."""
    try:
        with warnings.catch_warnings(action="ignore"):
            texts = st.from_regex(re.compile(pattern, re.ASCII), alphabet=alphabet)
            texts.validate()
    except (re.error, OverflowError, RecursionError, InvalidArgument):
        return st.nothing()
    return texts


def _lists(items: Strategy, least: int, most: int, key: Callable[[JsonValue], object] | None) -> Strategy:
    listed = st.lists(items, min_size=least, max_size=max(most, 0), unique_by=key)
    if least or most <= 0:
        return listed
    # Hypothesis refuses an empty list where there are no items, which is known when recursion has come to its end.
    return st.deferred(lambda: st.builds(list) if items.is_empty else listed)
