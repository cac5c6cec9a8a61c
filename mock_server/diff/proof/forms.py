"""Reading of canonical forms: types, listed values, the properties of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from mock_server.diff.policy import DEFINITIONS
from mock_server.diff.proof.gaps import Gap
from mock_server.json_values import JsonValue
from mock_server.schema.canonical import (
    AnyOfView,
    ArrayView,
    Canonical,
    ConstView,
    EnumView,
    IntegerView,
    MultiTypeView,
    NumberView,
    ObjectView,
    ReferenceView,
    StringView,
    TypedGroupView,
    as_json,
    canonicalize_exactly,
    find_references,
    is_unsatisfiable,
)
from mock_server.schema.types import TYPES, is_type
from mock_server.schema.validate import compile_pattern

_TYPE_OF_VIEW: Final = {
    StringView: "string",
    IntegerView: "integer",
    NumberView: "number",
    ArrayView: "array",
    ObjectView: "object",
}


@lru_cache(maxsize=20_000)
def has_references(form: Canonical) -> bool:
    """Return whether a form refers to definitions."""
    written = as_json(form.to_json_schema())
    if isinstance(written, dict):
        written = {keyword: value for keyword, value in written.items() if keyword != "$defs"}
    return bool(find_references(written))


def definition_name(view: ReferenceView) -> str:
    """Return the name of the definition that a form refers to."""
    return view.uri.removeprefix(DEFINITIONS)


@lru_cache(maxsize=1)
def anything() -> Canonical:
    """Return the form that admits every value."""
    return _made({})


@lru_cache(maxsize=16)
def of_type(type_: str) -> Canonical:
    """Return the form of all values of a type."""
    return _made({"type": type_})


def _made(schema: dict[str, JsonValue]) -> Canonical:
    form = canonicalize_exactly(schema)
    if form is None:
        raise AssertionError(schema)
    return form


def values_of(form: Canonical) -> list[JsonValue]:
    """List the values of a form that lists them."""
    view = form.view()
    if isinstance(view, ConstView):
        return [as_json(view.value)]
    if isinstance(view, EnumView):
        return [as_json(value) for value in view.values]
    return []


def types_of(form: Canonical) -> set[str] | None:
    """Return the types of a form's values; None where they are not known."""
    view = form.view()
    if isinstance(view, MultiTypeView):
        return set(view.types)
    if isinstance(view, TypedGroupView):
        return {view.type_name}
    if isinstance(view, ConstView | EnumView):
        return {next(type_ for type_ in TYPES if is_type(value, type_)) for value in values_of(form)}
    named = _TYPE_OF_VIEW.get(type(view))
    if named is not None:
        return {named}
    if isinstance(view, AnyOfView):
        found: set[str] = set()
        for branch in view.branches:
            types = types_of(branch)
            if types is None:
                return None
            found |= types
        return found
    return None


def widened(types: set[str]) -> set[str]:
    """Return types with those that share values with them: an integer is a number, and a number may be an integer."""
    if types & {"integer", "number"}:
        return types | {"integer", "number"}
    return types


class PropertyNames(NamedTuple):
    """The names that an object may have for its properties, where they are listed."""

    literals: tuple[str, ...]
    patterns: tuple[str, ...]


def names_of(form: Canonical | None) -> PropertyNames | None:
    """Read the form of `propertyNames`; None where it lists no names."""
    if form is None:
        return None
    view = form.view()
    if isinstance(view, ConstView | EnumView):
        return PropertyNames(tuple(map(str, values_of(form))), ())
    if isinstance(view, StringView):
        if len(view.patterns) == 1 and not (view.formats or view.excluded_patterns or view.excluded):
            return PropertyNames((), tuple(view.patterns))
        return None
    if isinstance(view, AnyOfView):
        parts = [names_of(branch) for branch in view.branches]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return PropertyNames(
            tuple(name for part in known for name in part.literals),
            tuple(pattern for part in known for pattern in part.patterns),
        )
    return None


@lru_cache(maxsize=512)
def _matcher(pattern: str) -> Callable[[str], bool]:
    try:
        return compile_pattern(pattern, whole=False)
    except ValueError:
        return _matches


def _matches(text: str) -> bool:
    return True


def matches(pattern: str, name: str) -> bool:
    """Return whether a pattern finds something in a name; True where it can't be used."""
    return _matcher(pattern)(name)


def may_have(view: ObjectView, name: str) -> bool:
    """Return whether an object may have a property of a name."""
    names = names_of(view.property_names)
    if names is not None and name not in names.literals and not any(matches(each, name) for each in names.patterns):
        return False
    return not any(map(is_unsatisfiable, received_property(view, name)))


def received_property(view: ObjectView, name: str) -> list[Canonical]:
    """List the forms that hold for a property together."""
    return ObjectMembers(view).find(name)


class ObjectMembers:
    """The forms of an object's properties; a view makes them anew each time that it is asked."""

    def __init__(self, view: ObjectView) -> None:
        """Ask the view once."""
        self.properties = view.properties
        self.patterns = view.pattern_properties
        self.additional = view.additional_properties

    def find(self, name: str) -> list[Canonical]:
        """List the forms that hold for a property together."""
        own = self.properties.get(name)
        found = [own] if own is not None else []
        found += [form for pattern, form in self.patterns.items() if matches(pattern, name)]
        if not found and self.additional is not None:
            return [self.additional]
        return found


@dataclass(frozen=True, eq=False)
class ObjectPair:
    """The objects of a sender and a receiver."""

    sent: Canonical
    one: ObjectView | None  # None: any object is sent
    received: Canonical
    other: ObjectView

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The properties that are always sent."""
        return tuple(self.one.required) if self.one is not None else ()

    @cached_property
    def properties(self) -> dict[str, Canonical]:
        """The properties that may be sent, by name, as far as they are named."""
        if self.one is None:
            return {}
        named = dict(self.one.properties)
        for name in self.literals or ():
            if name not in named:
                named[name] = next(iter(received_property(self.one, name)), anything())
        return named

    @cached_property
    def patterns(self) -> dict[str, Canonical]:
        """The properties that may be sent, by the pattern of their names."""
        return dict(self.one.pattern_properties) if self.one is not None else {}

    @cached_property
    def additional(self) -> Canonical | None:
        """Return the schema of values under other names; None for anything."""
        return self.one.additional_properties if self.one is not None else None

    @cached_property
    def _names(self) -> PropertyNames | None:
        return names_of(self.one.property_names) if self.one is not None else None

    @property
    def literals(self) -> tuple[str, ...] | None:
        """The names of all properties that may be sent, patterns aside; None where others may be."""
        return self._names.literals if self._names is not None else None

    @cached_property
    def is_closed(self) -> bool:
        """True where no property is sent but those that are named, by name or pattern."""
        if self._names is not None:
            return set(self._names.patterns) <= self.patterns.keys()
        return self.additional is not None and is_unsatisfiable(self.additional)

    def sent_property(self, name: str) -> Canonical | None:
        """Return what may be sent under a name; None where nothing is."""
        own = self.properties.get(name)
        if own is not None:
            return own
        if self.one is None:
            return anything()
        parts = received_property(self.one, name)
        if parts:
            return parts[0] if may_have(self.one, name) else None
        return None if self.is_closed else anything()

    def find_count_gaps(self) -> list[Gap]:
        """Compare the numbers of properties."""
        one, other, gaps = self.one, self.other, list[Gap]()
        least = max(one.min_properties or 0, len(self.required)) if one is not None else 0
        if (other.min_properties or 0) > least:
            gaps.append(Gap("minProperties", self.sent, self.received))
        most = one.max_properties if one is not None else None
        if self.literals is not None and self.is_closed and not self.patterns:
            named = len(self.literals)
            most = named if most is None else min(most, named)
        if other.max_properties is not None and (most is None or most > other.max_properties):
            gaps.append(Gap("maxProperties", self.sent, self.received))
        return gaps
