"""
Values of a sender's canonical forms: small ones, by themselves or around a value that is to be in them.

Nothing here is proven: whoever uses a value judges it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from mock_server.diff.proof.forms import (
    definition_name,
    has_references,
    names_of,
    of_type,
    received_property,
    values_of,
)
from mock_server.diff.proof.gaps import Gap, GapStep
from mock_server.diff.proof.scalars import iter_candidates
from mock_server.diff.proof.sides import SchemaSide
from mock_server.generate.text.texts import TextConstraints, write_texts
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.schema.canonical import (
    AllOfView,
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
    TypedGroupView,
    as_json,
    find_intersection,
    is_unsatisfiable,
)

_SEED: Final = 11
_DEEPEST: Final = 40  # references, one in the other
_MOST_MADE: Final = 4_000  # values, one in the other
_MOST_ITEMS: Final = 2_000
_EXTRA: Final = "extra"
_SIMPLE: Final[dict[str, tuple[JsonValue, ...]]] = {
    "string": ("a", "b", ""),
    "integer": (1, 0, 7, -1),
    "number": (0.5, 1, -2.5),
    "boolean": (True, False),
    "null": (None,),
    "object": ({},),
    "array": ([],),
}
_ORDER: Final = ("string", "integer", "number", "boolean", "object", "array", "null")


class NoSample(Exception):
    """No value was found."""


@dataclass(eq=False, repr=False)
class Samples:
    """Makes values of one side."""

    side: SchemaSide
    _wholes: dict[tuple[Canonical, int, bool | int], JsonValue] = field(default_factory=dict)
    _merged: dict[tuple[Canonical, ...], Canonical | None] = field(default_factory=dict)
    _left: int = _MOST_MADE  # values that may still be made for what is made now

    def make(self, form: Canonical, variant: int = 0, depth: int = 0, *, full: bool = False) -> JsonValue:
        """
        Make a value.

        Args:
            form: Of the side.
            variant: Another one may give another value.
            depth: How many references were followed.
            full: Whether objects have what they may leave out, too; not more than a few levels of it.

        Raises:
            NoSample: none was found.
        """
        self._left -= 1
        if self._left < 0:
            raise NoSample
        view = form.view()
        if isinstance(view, ReferenceView):
            return self._made_of_all(self._named(view, depth), variant, depth + 1, full=full)
        if isinstance(view, AllOfView | TypedGroupView):
            parts = view.branches if isinstance(view, AllOfView) else [of_type(view.type_name), view.body]
            return self._made_of_all(parts, variant, depth + 1, full=full)
        if isinstance(view, AnyOfView | OneOfView):
            return self._made_of_any(view.branches, variant, depth, full=full)
        if isinstance(view, ConstView | EnumView):
            values = values_of(form)
            return values[variant % len(values)]
        if isinstance(view, MultiTypeView):
            types = sorted(view.types, key=_ORDER.index)
            chosen = _SIMPLE[types[variant % len(types)]]
            return chosen[(variant // len(types)) % len(chosen)]
        if isinstance(view, StringView):
            texts = write_texts(_SEED, "", TextConstraints.of(view, tuple(view.formats), various=True))
            return _pick(texts, variant)
        if isinstance(view, IntegerView | NumberView):
            return _number(view, variant)
        if isinstance(view, ArrayView):
            return self._array(view, max(view.min_items or 0, len(view.contains)), variant, depth, full=full)
        if isinstance(view, ObjectView):
            return self._object(view, variant, depth, full=full)
        if isinstance(view, FalseView):
            raise NoSample
        return _pick((*_SIMPLE["string"], {}, 1, None, [], True), variant)

    def make_sized(self, form: Canonical, size: int, variant: int = 0) -> JsonValue:
        """
        Make a value; where it is a list, one of a size.

        Raises:
            NoSample: none was found.
        """
        self._left = _MOST_MADE
        plain = self._followed(form, 0)
        view = plain.view()
        if isinstance(view, ArrayView):
            return self._array(view, max(size, view.min_items or 0), variant, 0, full=False)
        if isinstance(view, MultiTypeView) and view.types == ["array"]:
            return [f"{'ab'[variant % 2]}{index}" for index in range(size)]
        return self.make(form, variant + 6 * size, full=size > 1)

    def _named(self, view: ReferenceView, depth: int) -> list[Canonical]:
        forms = [form for form in self.side.definition_forms(definition_name(view)) if form is not None]
        if not forms or depth > _DEEPEST:
            raise NoSample
        return forms

    def _made_of_all(self, forms: list[Canonical], variant: int, depth: int, *, full: bool) -> JsonValue:
        """Make a value of which several forms hold."""
        if len(forms) == 1:
            return self.make(forms[0], variant, depth, full=full)
        whole = self._merge(tuple(forms), depth)
        if whole is not None and not isinstance(whole.view(), AllOfView | TypedGroupView):
            return self.make(whole, variant, depth, full=full)
        merged: JsonObject = {}
        for form in forms:
            part = self.make(form, variant, depth, full=full)
            if not isinstance(part, dict):
                return part
            merged.update(part)
        return merged

    def _merge(self, forms: tuple[Canonical, ...], depth: int) -> Canonical | None:
        """Return the form of what several forms admit together; None where it can't be written."""
        if forms not in self._merged:
            whole: Canonical | None = self._followed(forms[0], depth)
            for form in forms[1:]:
                if whole is not None:
                    whole = find_intersection(whole, self._followed(form, depth))
            self._merged[forms] = whole
        return self._merged[forms]

    def _followed(self, form: Canonical, depth: int) -> Canonical:
        view = form.view()
        if not isinstance(view, ReferenceView):
            return form
        forms = self._named(view, depth)
        return self._followed(forms[-1], depth + 1)

    def _made_of_any(self, branches: list[Canonical], variant: int, depth: int, *, full: bool) -> JsonValue:
        for index in range(len(branches)):
            branch = branches[(index + variant) % len(branches)]
            try:
                return self.make(branch, variant // len(branches), depth + 1, full=full)
            except NoSample:
                continue
        raise NoSample

    def _array(self, view: ArrayView, size: int, variant: int, depth: int, *, full: bool) -> list[JsonValue]:
        if full and size == 0 and depth < 3 and view.max_items != 0:  # noqa: PLR2004 - a few levels
            size = 1
        if size > _MOST_ITEMS:
            raise NoSample
        items: list[JsonValue] = []
        wanted = [each.schema for each in view.contains for _ in range(each.min_contains or 1)]
        for index in range(max(size, len(wanted))):
            own = view.prefix_items[index] if index < len(view.prefix_items) else view.items
            if index < len(wanted):
                own = wanted[index] if own is None else (find_intersection(own, wanted[index]) or wanted[index])
            items.append(self._item(own, items, variant, depth, view, full=full))
        return items

    def _item(
        self, own: Canonical | None, items: list[JsonValue], variant: int, depth: int, view: ArrayView, *, full: bool
    ) -> JsonValue:
        if own is None:
            return len(items)
        distinct = view.distinctness == Distinctness.ALL_DISTINCT
        for attempt in range(1 + len(items) if distinct else 1):
            value = self.make(own, variant + attempt, depth + 1, full=full)
            if not distinct or value not in items:
                return value
        raise NoSample

    def _object(self, view: ObjectView, variant: int, depth: int, *, full: bool) -> JsonObject:
        names = list(view.required)
        closed = names_of(view.property_names)
        known = list(dict.fromkeys([*view.properties, *(closed.literals if closed is not None else ())]))
        optional = [name for name in known if name not in names]
        least = view.min_properties or 0
        out: JsonObject = {}
        for name in names:
            out[name] = self._property(view, name, variant, depth, full=False)
        for name in optional:
            if len(out) < least or (full and depth < 3 and len(out) < (view.max_properties or 100)):  # noqa: PLR2004
                try:
                    out[name] = self._property(view, name, variant, depth, full=full)
                except NoSample:
                    continue
        for name in self._other_names(view, least - len(out)):
            out[name] = self._property(view, name, variant, depth, full=False)
        return out

    def _other_names(self, view: ObjectView, count: int) -> list[str]:
        """Return names of properties that a schema does not name, for as many as are lacking."""
        if count <= 0:
            return []
        if count > _MOST_ITEMS:
            raise NoSample
        patterns = list(view.pattern_properties)
        closed = names_of(view.property_names)
        if closed is not None:
            patterns = list(closed.patterns)
            if not patterns:
                raise NoSample
        if closed is None and view.property_names is None:
            return [f"{_EXTRA}{index}" for index in range(count)]
        texts = write_texts(_SEED, "", TextConstraints(patterns=tuple(patterns[:1]), various=True))
        return list(texts[:count])

    def _property(self, view: ObjectView, name: str, variant: int, depth: int, *, full: bool) -> JsonValue:
        parts = received_property(view, name)
        if any(map(is_unsatisfiable, parts)):
            raise NoSample
        if not parts:
            return "a"
        return self._made_of_all(parts, variant, depth + 1, full=full)

    def around(self, gap: Gap, value: JsonValue, variant: int = 0, *, full: bool = False) -> JsonValue:
        """
        Make a value that has another one at the end of a gap's way.

        Raises:
            NoSample: none was found.
        """
        self._left = _MOST_MADE
        for step, form in zip(reversed(gap.path), reversed(gap.route), strict=True):
            value = self._wrapped(step, form, value, variant, full=full)
        return value

    def _wrapped(self, step: GapStep, form: Canonical, value: JsonValue, variant: int, *, full: bool) -> JsonValue:
        key = (form, variant, full)
        if key not in self._wholes:
            self._wholes[key] = self.make(form, variant, full=full)
        outer = self._wholes[key]
        if step.kind in {"property", "name"}:
            if not isinstance(outer, dict):
                raise NoSample
            return _with_member(outer, self._name(step, form, variant), value, form)
        if not isinstance(outer, list):
            raise NoSample
        view = form.view()
        items = list(outer)
        if len(items) <= step.index:
            if not isinstance(view, ArrayView):
                items += [0] * step.index
            else:
                sized = (form, variant, step.index + 1)
                if sized not in self._wholes:
                    self._wholes[sized] = list(self._array(view, step.index + 1, variant, 0, full=False))
                known = self._wholes[sized]
                items = list(known) if isinstance(known, list) else []
        items[step.index : step.index + 1] = [value]
        return list(items)

    @staticmethod
    def _name(step: GapStep, form: Canonical, variant: int) -> str:
        """Return the name of a property that a step leads to."""
        if step.kind == "property":
            return step.name
        view = form.view()
        known = view.properties if isinstance(view, ObjectView) else {}
        if step.name:
            texts = write_texts(_SEED, "", TextConstraints(patterns=(step.name,), various=True))
            return str(_pick([text for text in texts if text not in known], variant))
        return next(name for name in (f"{_EXTRA}{index}" for index in range(1_000)) if name not in known)

    def leaves(self, gap: Gap, receiver: SchemaSide) -> Iterator[JsonValue]:
        """Yield values at the end of a gap's way that may be refused there, the likeliest first."""
        accepts, refuses = _judge(self.side, gap.sender), _judge(receiver, gap.receiver)
        seen: list[JsonValue] = []
        for value in self._candidates(gap):
            if value in seen and any(same_json(value, each) for each in seen):
                continue
            seen.append(value)
            if (accepts is None or accepts(value)) and (gap.absent or refuses is None or not refuses(value)):
                yield value

    def _candidates(self, gap: Gap) -> Iterator[JsonValue]:
        yield from self._shaped(gap)
        yield from gap.candidates
        if gap.sender is None:
            return
        if gap.receiver is not None:
            yield from islice(iter_candidates(gap.sender, gap.receiver), 100)
        for full in (False, True):
            for variant in range(12):
                self._left = _MOST_MADE
                try:
                    yield self.make(gap.sender, variant, full=full)
                except NoSample:
                    break

    def _shaped(self, gap: Gap) -> Iterator[JsonValue]:
        """Yield objects and lists that break a certain keyword."""
        if gap.sender is None:
            return
        view, other = gap.sender.view(), gap.receiver.view() if gap.receiver is not None else None
        for full in (False, True):
            self._left = _MOST_MADE
            try:
                whole = self.make(gap.sender, full=full or gap.keyword == "maxProperties")
            except NoSample:
                continue
            if gap.absent and isinstance(whole, dict):
                yield {name: part for name, part in whole.items() if name != gap.absent}
            if gap.keyword == "propertyNames" and isinstance(whole, dict) and isinstance(view, ObjectView):
                yield from self._with_names(gap, whole, view)
            if isinstance(whole, dict) and gap.keyword == "maxProperties" and isinstance(other, ObjectView):
                yield {**whole, **{f"{_EXTRA}{index}": "a" for index in range((other.max_properties or 0) + 1)}}
        if isinstance(other, ArrayView):
            yield from self._lists(gap, view if isinstance(view, ArrayView) else None, other)

    def _with_names(self, gap: Gap, whole: JsonObject, view: ObjectView) -> Iterator[JsonValue]:
        names = [name for each in gap.candidates if isinstance(each, dict) for name in each]
        if not names:
            names = [_EXTRA, "0", "A b", ""]
            names += [
                text
                for pattern in view.pattern_properties
                for text in write_texts(_SEED, "", TextConstraints(patterns=(pattern,), various=True))[:6]
            ]
        for name in names:
            try:
                yield {**whole, name: self._property(view, name, 0, 0, full=False)}
            except NoSample:
                continue

    def _lists(self, gap: Gap, view: ArrayView | None, other: ArrayView) -> Iterator[JsonValue]:
        sizes = {view.min_items or 0 if view is not None else 0, (other.min_items or 0) - 1}
        if other.max_items is not None:
            sizes.add(other.max_items + 1)
        if view is not None and view.max_items is not None:
            sizes.add(view.max_items)
        for size in sorted(size for size in {*sizes, 2} if 0 <= size <= _MOST_ITEMS):
            if view is None:
                yield list(range(size))
                yield [0] * size
                continue
            try:
                made = self._array(view, size, 0, 0, full=False)
            except NoSample:
                continue
            yield list(made)
            if gap.keyword == "uniqueItems" and size > 1:
                yield [made[0]] * size


def _with_member(outer: JsonObject, name: str, value: JsonValue, form: Canonical) -> JsonObject:
    """Give an object a member; where it may have only so many, others go that are not required."""
    view = form.view()
    most, needed = (view.max_properties, set(view.required)) if isinstance(view, ObjectView) else (None, set[str]())
    rest = {key: part for key, part in outer.items() if key != name}
    if most is not None and len(rest) >= most:
        kept = sorted(rest, key=lambda key: key not in needed)[: max(most - 1, 0)]
        rest = {key: rest[key] for key in kept}
    return {**rest, name: value}


def _judge(side: SchemaSide, form: Canonical | None) -> Callable[[JsonValue], bool] | None:
    """Return the judge of a form that refers to nothing; None for others, which cost too much to be asked for each."""
    if form is None or has_references(form):
        return None
    written = as_json(form.to_json_schema())
    if not isinstance(written, dict):
        return None
    return side.judge({keyword: value for keyword, value in written.items() if keyword not in {"$defs", "$schema"}})


def _pick(values: "tuple[JsonValue, ...] | tuple[str, ...] | list[str]", variant: int) -> JsonValue:
    if not values:
        raise NoSample
    return values[variant % len(values)]


def _number(view: IntegerView | NumberView, variant: int) -> JsonValue:
    """Return a number within bounds that is a multiple of all steps, as far as they are simple."""
    low = float(view.minimum) if view.minimum is not None else None
    high = float(view.maximum) if view.maximum is not None else None
    step = math.prod(float(each) for each in view.multiple_of) if view.multiple_of else 1.0
    if low is None:
        base = high - abs(step) if high is not None else 0.0
        direction = -1
    else:
        base, direction = low, 1
    aligned = math.ceil(base / step) * step if direction > 0 else math.floor(base / step) * step
    offset = variant + (1 if isinstance(view, NumberView) and view.exclusive_minimum and aligned == low else 0)
    value = aligned + direction * offset * step
    if high is not None and value > high:
        value = low if low is not None and not view.multiple_of else aligned
    if low is not None and high is not None and not low <= value <= high:
        value = (low + high) / 2
    if math.isfinite(value) and value == int(value):
        return int(value)
    return value
