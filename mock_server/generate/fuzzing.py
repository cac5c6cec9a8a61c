"""
Strategies: the values of a schema as Hypothesis searches and shrinks them.

Compiled from canonical forms, as the sampler is; but where the sampler makes what a reader believes, this makes what
nobody thought of. What the canonical form can't say is drawn by the sampler from a seed that Hypothesis chooses.
"""

import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable

from mock_server.document.model import Parameter, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.request import Drafter, RequestDraft
from mock_server.generate.sampler.compiler import acceptor
from mock_server.json_values import JsonValue
from mock_server.numbers import as_float
from mock_server.schema.bundle import Bundle
from mock_server.schema.canonical import (
    AnyOfView,
    ArrayView,
    Canonical,
    ConstView,
    EnumView,
    FalseView,
    Forms,
    IntegerView,
    MultiTypeView,
    NumberView,
    ObjectView,
    OneOfView,
    ReferenceView,
    StringView,
    as_json,
)
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.validate import Validator

Values = st.SearchStrategy[JsonValue]

_MOST_TEXT: Final = 200  # code points
_MOST_ITEMS: Final = 5
_DEEPEST: Final = 5
_SEEDS: Final = 2**16
# What UTF-8 can carry. Named by its codec, Hypothesis would encode each of a million code points to learn that.
_TEXT: Final = st.characters(exclude_categories=["Cs"])
_LABELS: Final = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
_DOMAINS: Final = st.builds(".".join, st.tuples(_LABELS, st.sampled_from(("com", "example", "co.uk", "xn--p1ai"))))
_FORMATS: Final[dict[str, Callable[[], st.SearchStrategy[str]]]] = {
    "date": lambda: st.dates().map(lambda day: day.isoformat()),
    "date-time": lambda: st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"),
    "uuid": lambda: st.uuids().map(str),
    "email": lambda: st.emails(domains=_DOMAINS),  # its own ones name their characters by codec, see above
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
}


@dataclass(eq=False, repr=False)
class _StrategyCompiler:
    """Compiles canonical nodes to strategies."""

    forms: Forms
    producer: Producer
    _known: dict[str, Values] = field(default_factory=dict)

    def compile(self, schema: Canonical, depth: int = 0) -> Values:  # noqa: PLR0911 - one line for each kind of view
        view = schema.view()
        if depth > _DEEPEST and isinstance(view, ArrayView | ObjectView | ReferenceView):
            return self._sampled(schema)
        match view:
            case StringView():
                return self._string(schema, view)
            case IntegerView():
                return self._integer(view)
            case NumberView():
                return self._number(schema, view)
            case ArrayView():
                return self._array(schema, view, depth)
            case ObjectView():
                return self._object(view, depth)
            case ConstView():
                return st.just(as_json(view.value))
            case EnumView():
                return st.sampled_from(sorted(map(as_json, view.values), key=repr))
            case MultiTypeView():
                return st.one_of(*(_any_of(type_) for type_ in sorted(view.types)))
            case AnyOfView() | OneOfView():
                return st.one_of(*(self.compile(branch, depth) for branch in view.branches))
            case ReferenceView():
                return self._reference(view.uri, depth)
            case FalseView():
                return st.nothing()
        return self._sampled(schema)

    def _sampled(self, schema: Canonical) -> Values:
        """Return what the sampler makes, chosen by seed; the whole is judged in the end."""
        accept = acceptor(schema, self.forms)
        simple: tuple[JsonValue, ...] = (None, False, 0, 1, "", "0", [], {})
        known = [value for value in simple if accept is not None and accept(value)]
        if known:
            return st.sampled_from(known)
        return st.nothing()

    def _string(self, schema: Canonical, view: StringView) -> Values:
        least, most = view.min_length or 0, view.max_length
        accept = acceptor(schema)
        formats = [name for name in view.formats if name in _FORMATS]
        texts: st.SearchStrategy[str]
        if formats:
            texts = _FORMATS[formats[0]]()
        elif view.patterns:
            try:
                texts = st.from_regex(view.patterns[0], fullmatch=False, alphabet=_TEXT)
                texts.validate()
            except Exception:  # noqa: BLE001 - a regular expression of ECMA-262 that Python reads otherwise, or not at all
                return self._sampled(schema)
        else:
            texts = st.text(
                _TEXT, min_size=least, max_size=min(most if most is not None else _MOST_TEXT, max(least, _MOST_TEXT))
            )
        plain = not (
            formats or view.patterns or view.formats or view.excluded or view.excluded_patterns or view.excluded_formats
        )
        if plain:
            return texts
        return texts.filter(lambda text: accept is None or accept(text))

    def _integer(self, view: IntegerView) -> Values:
        least, most = as_json(view.minimum), as_json(view.maximum)
        steps = [
            int(step) for step in map(as_json, view.multiple_of) if isinstance(step, int | float) and step == int(step)
        ]
        low = int(least) if isinstance(least, int | float) else None
        high = int(most) if isinstance(most, int | float) else None
        if not steps:
            return st.integers(low, high)
        step = steps[0]
        return st.integers(
            -(-low // step) if low is not None else None, high // step if high is not None else None
        ).map(lambda n: n * step)

    def _number(self, schema: Canonical, view: NumberView) -> Values:
        least, most = as_json(view.minimum), as_json(view.maximum)
        low = as_float(least) if isinstance(least, int | float) else None
        high = as_float(most) if isinstance(most, int | float) else None
        accept = acceptor(schema)
        floats = st.floats(low, high, allow_nan=False, allow_infinity=False)
        steps = [as_float(step) for step in map(as_json, view.multiple_of) if isinstance(step, int | float)]
        if steps:
            floats = floats.map(lambda number: round(number / steps[0]) * steps[0])
        return floats.filter(lambda number: accept is None or accept(number))

    def _array(self, schema: Canonical, view: ArrayView, depth: int) -> Values:
        if view.prefix_items or view.contains:
            return self._sampled(schema)
        if view.items is not None:
            items = self.compile(view.items, depth + 1)
        else:
            items = _any_of("string")
        least = view.min_items or 0
        most = min(view.max_items if view.max_items is not None else _MOST_ITEMS, max(least, _MOST_ITEMS))
        return st.deferred(
            lambda: _lists(items, least, most)
        )  # whether there are items is known when recursion has come to its end

    def _object(self, view: ObjectView, depth: int) -> Values:
        parts = {
            name: self.compile(part, depth + 1)
            for name, part in view.properties.items()
            if not isinstance(part.view(), FalseView)
        }
        for name in view.required:
            if name not in parts:
                parts[name] = (
                    self.compile(view.additional_properties, depth + 1)
                    if view.additional_properties is not None
                    else _any_of("string")
                )
        required = {name: part for name, part in parts.items() if name in view.required}
        optional = {name: part for name, part in parts.items() if name not in view.required}
        return st.fixed_dictionaries(required, optional=optional).map(dict)

    def _reference(self, uri: str, depth: int) -> Values:
        key = f"{uri} {depth}"
        if key not in self._known:
            self._known[key] = st.deferred(lambda: self._definition(uri, depth))
        return self._known[key]

    def _definition(self, uri: str, depth: int) -> Values:
        target = self.forms.definition(uri)
        if target is not None:
            return self.compile(target, depth + 1)
        return st.nothing()


def _lists(items: Values, least: int, most: int) -> Values:
    if items.is_empty:
        if least:
            return st.nothing()
        return st.builds(list)
    return st.lists(items, min_size=least, max_size=most, unique_by=repr).map(list)


@lru_cache(maxsize=16)
def _any_of(type_: str) -> Values:
    """Any value of a JSON type; of what has no bounds, small ones."""
    table: dict[str, Values] = {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(-(2**53), 2**53),
        "number": st.floats(allow_nan=False, allow_infinity=False, width=32),
        "string": st.text(_TEXT, max_size=20),
        "array": st.lists(st.integers(0, 9), max_size=2).map(list),
        "object": st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 9), max_size=2).map(dict),
    }
    return table[type_]


def value_strategy(bundle: Bundle, forms: Forms, producer: Producer) -> Values:
    """
    Return the values that conform to a schema.

    Args:
        bundle: The schema, as MAKE reads it.
        forms: Its canonical forms.
        producer: Of the same schema, for what the canonical form does not model.

    Raises:
        UnusableSchema: the schema can't be compiled.
    """
    is_valid = Validator(bundle).is_valid
    searched = _StrategyCompiler(forms, producer).compile(forms.root(bundle))

    def made(seed: int) -> JsonValue:
        return producer.produce(SampleOptions(seed, static=False))

    sampled = st.integers(0, _SEEDS).map(made)
    if not searched.is_empty:
        return st.one_of(searched.filter(is_valid), sampled)
    return sampled


@dataclass(frozen=True, slots=True)
class Drafts:
    """What is drawn, and how it becomes a request: Hypothesis prints what it draws, so that is kept small."""

    drawn: st.SearchStrategy[dict[object, object]]
    assemble: Callable[[dict[object, object]], RequestDraft]


def draft_strategy(drafter: Drafter, base: RequestDraft) -> Drafts | None:
    """
    Return the requests of an operation that keep to its document.

    Args:
        drafter: Of the operation.
        base: A good request; what its path names stays, one time in two.

    Returns:
        What to draw; None where there is nothing to vary.
    """
    operation, parts = drafter.operation, dict[object, st.SearchStrategy[object]]()
    for parameter in operation.parameters:
        values = _parameter_strategy(drafter, parameter)
        key = (parameter.location, parameter.name)
        if values is None:
            continue
        if parameter.location is ParameterLocation.PATH:
            parts[key] = st.one_of(st.just(base.parameters[key]), values) if key in base.parameters else values
        else:
            parts[key] = values if parameter.required else st.one_of(st.just(_ABSENT), values)
    if base.media is not None and base.media.schema is not None:
        body = _schema_strategy(drafter, base.media.schema)
        if body is not None:
            parts["body"] = body
    if not parts:
        return None

    def assemble(drawn: dict[object, object]) -> RequestDraft:
        draft = base
        for key, value in drawn.items():
            if key == "body":
                draft = draft.with_body(value)  # type: ignore[arg-type]
            elif value is _ABSENT:
                draft = draft.without(key)  # type: ignore[arg-type]
            else:
                draft = draft.with_parameter(key, value)  # type: ignore[arg-type]
        return draft

    return Drafts(st.fixed_dictionaries(parts), assemble)


def search(drafts: Drafts, wanted: Callable[[RequestDraft], bool], seed: int, examples: int) -> RequestDraft | None:
    """
    Search for a request, and shrink it.

    Args:
        drafts: What to search.
        wanted: Whether a request is looked for.
        seed: Of the search.
        examples: How many requests are tried at most, before shrinking.

    Returns:
        The smallest that was found; None where none was.
    """
    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        found = find(drafts.drawn, lambda drawn: wanted(drafts.assemble(drawn)), settings=quiet, random=Random(seed))
    except (NoSuchExample, Unsatisfiable, Flaky):  # a provider that does not answer the same twice can't be shrunk
        return None
    return drafts.assemble(found)


_ABSENT: Final = object()


def _parameter_strategy(drafter: Drafter, parameter: Parameter) -> Values | None:
    schema = parameter.content.schema if parameter.content is not None else parameter.schema
    if schema is not None:
        return _schema_strategy(drafter, schema, parameter.name)
    return None


def _schema_strategy(drafter: Drafter, schema: object, name: str = "") -> Values | None:
    kit = drafter.kit
    try:
        bundle = kit.schemas.of(Direction.REQUEST, Purpose.MAKE).bundle(schema)  # type: ignore[arg-type]
        producer = drafter.producer(schema, name)  # type: ignore[arg-type]
        producer.produce(SampleOptions(0))
        return value_strategy(bundle, kit.forms(Direction.REQUEST, Purpose.MAKE), producer)
    except SchemaError:
        return None
