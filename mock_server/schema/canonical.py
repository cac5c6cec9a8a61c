"""
The canonical form of a schema, from which generators compile.

`jsonschema_rs.canonicalize` merges `allOf`, prunes what can't be, makes `oneOf` disjoint, turns conditions into
alternatives, and offers set algebra. This module is its only door.

A canonical node knows nothing of titles, examples or the order of properties: see `sites`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

import jsonschema_rs
import orjson
from jsonschema_rs.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    CanonicalizationError,
    CanonicalViewType,
    ConstView,
    Containment,
    ContainsView,
    Distinctness,
    EnumView,
    FalseView,
    IntegerView,
    MultiTypeView,
    NameFailsView,
    NotView,
    NumberView,
    ObjectView,
    OneOfView,
    PatternValueFailsView,
    RawView,
    ReferenceView,
    Satisfiability,
    StringView,
    TrueView,
    TypedGroupView,
    UndeclaredValueFailsView,
    UnsatisfiableReason,
    find_unsatisfiable,
)

from mock_server.errors import UnusableSchema
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object, find_at, format_pointer, parse_pointer
from mock_server.schema.bundle import Bundle, Schemas
from mock_server.schema.cost import MOST_CASES, count_cases, iter_references, thin
from mock_server.schema.simplify import unfold
from mock_server.schema.validate import PATTERN_OPTIONS

Canonical: TypeAlias = jsonschema_rs.CanonicalSchema
View: TypeAlias = CanonicalViewType
# What a negated keyword demands: some property that breaks a rule.
Violation: TypeAlias = NameFailsView | UndeclaredValueFailsView | PatternValueFailsView
_DEFINITIONS: Final = "#/$defs/"
_MAX_REASONS: Final = 4
_BESIDE: Final = frozenset(("$defs", "$schema"))

__all__ = [
    "AllOfView",
    "AnyOfView",
    "ArrayView",
    "Canonical",
    "ConstView",
    "ContainsView",
    "Distinctness",
    "EnumView",
    "FalseView",
    "Forms",
    "IntegerView",
    "MultiTypeView",
    "NameFailsView",
    "NotView",
    "NumberView",
    "ObjectView",
    "OneOfView",
    "PatternValueFailsView",
    "RawView",
    "ReferenceView",
    "StringView",
    "TrueView",
    "TypedGroupView",
    "UndeclaredValueFailsView",
    "View",
    "Violation",
    "as_json",
    "canonicalize_exactly",
    "canonicalize_schema",
    "covers",
    "explain_unsatisfiable",
    "find_complement",
    "find_difference",
    "find_intersection",
    "find_references",
    "is_same",
    "is_unsatisfiable",
]


@dataclass(eq=False, repr=False)
class Forms:
    """
    The canonical forms of a document's schemas, each made when it is first needed.

    A form is made by itself: what it refers to stays a reference (`ReferenceView`), to be looked up here. So a schema
    costs what is used of it, and a circle of seven hundred definitions is never multiplied out.
    """

    schemas: Schemas
    _known: dict[str, Canonical | None] = field(default_factory=dict)
    _thinned: bool = False  # whether a form leaves alternatives out

    def root(self, bundle: Bundle) -> Canonical:
        """
        Return the form of a bundle's own schema.

        Raises:
            UnusableSchema: it is no schema.
        """
        own: JsonObject = {keyword: value for keyword, value in bundle.schema.items() if keyword != "$defs"}
        form = self._form_of(self.schemas.shape(own))
        if form is None:
            raise UnusableSchema(bundle.node.place, "it can't be brought into canonical form")
        return form

    def definition(self, uri: str) -> Canonical | None:
        """Return the form of a referenced definition, or None."""
        name = uri.removeprefix(_DEFINITIONS)
        if name not in self._known:
            self._known[name] = self._form_of(self.schemas.definition_shape(name))
        return self._known[name]

    def is_hopeless(self, form: Canonical) -> bool:
        """
        Return True if it is proven that no value satisfies the schema of a form.

        Only a form that leaves nothing out proves it.
        """
        return not self._thinned and is_unsatisfiable(form)

    def _form_of(self, schema: JsonValue) -> Canonical | None:
        thinned = thin(schema)
        self._thinned = self._thinned or thinned is not schema
        return _canonicalize(thinned)

    def recurs(self, uri: str) -> bool:
        """Return True if the definition that a reference names leads back to itself."""
        return self.schemas.recurs(uri.removeprefix(_DEFINITIONS))

    def part(self, schema: JsonValue, *, is_branch: bool = False) -> Canonical | None:
        """
        Return the form of any subschema, or of an alternative, that refers to the document's definitions.

        None where it has none.
        """
        return self._form_of(self.schemas.shape(schema, is_branch=is_branch))

    def unfolded(self, schema: Canonical) -> Canonical | None:
        """Return a form with its references resolved in place; None where that adds nothing."""
        own = _written(schema)
        own = as_object(own)
        whole = unfold(own, self.schemas.definition_shape)
        form = self._form_of(whole) if whole != own else None
        if form != schema:
            return form
        return None

    def self_contained(self, schema: Canonical) -> JsonObject:
        """Return a form as a JSON Schema with everything that it refers to."""
        written = as_json(schema.to_json_schema())
        if not isinstance(written, dict):
            if written:
                return {}
            return {"not": {}}
        out: JsonObject = {keyword: value for keyword, value in written.items() if keyword not in _BESIDE}
        definitions: dict[str, JsonValue] = {}
        todo = sorted(find_references(out))
        while todo:
            name = todo.pop()
            if name not in definitions:
                definitions[name] = self.schemas.definition_shape(name)
                todo.extend(sorted(find_references(definitions[name]) - definitions.keys()))
        if definitions:
            return {**out, "$defs": definitions}
        return out


def as_json(value: object) -> JsonValue:
    """
    Return a value of jsonschema-rs as JSON.

    Its numbers may be `Decimal`, where they have more digits than a float.
    """
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): as_json(member) for name, member in value.items()}
    if isinstance(value, bool | int | float | str):
        return value
    return None


def is_same(one: Canonical, other: Canonical) -> bool:
    """Return True if two forms are equal, whatever their context."""
    return one == other or (one.kind == other.kind and _written(one) == _written(other))


def _written(schema: Canonical) -> JsonValue:
    written = as_json(schema.to_json_schema())
    if isinstance(written, dict):
        return {keyword: value for keyword, value in written.items() if keyword not in _BESIDE}
    return written


def find_references(schema: JsonValue) -> set[str]:
    """Return the names of the definitions that a schema refers to."""
    return set(iter_references(schema))


def _canonicalize(schema: JsonValue) -> Canonical | None:
    """
    Canonicalise a schema, and keep its references as references.

    To stay themselves they refer to themselves, and are of no type, so that nothing is concluded from their
    definitions.
    """
    if not isinstance(schema, dict):
        schema = {} if schema else {"not": {}}
    stubs: dict[str, JsonValue] = {
        name: {"properties": {"self": {"$ref": _DEFINITIONS + name}}} for name in find_references(schema)
    }
    return canonicalize_schema({**schema, "$defs": stubs} if stubs else schema)


def canonicalize_schema(schema: JsonObject) -> Canonical | None:
    """Bring a self-contained schema into canonical form, of very many alternatives some; None where that fails."""
    thinned = thin(schema)
    few = thinned if isinstance(thinned, dict) else schema
    try:
        return _known_form(orjson.dumps(few))
    except TypeError:  # a number beyond 64 bits
        return _form(few)


def canonicalize_exactly(schema: JsonObject) -> Canonical | None:
    """
    Bring a schema into canonical form, its references to `#/$defs/` left as references.

    None where that fails, or where it has more alternatives than can be compared.
    """
    if count_cases(schema) > MOST_CASES or thin(schema) is not schema:
        return None
    return _canonicalize(schema)


def covers(outer: Canonical, inner: Canonical) -> bool | None:
    """Return True if a form admits every value of another one; None where that is not known."""
    if _count_branches(outer) * _count_branches(inner) > MOST_CASES:
        return None
    try:
        answer = outer.covers(inner)
    except CanonicalizationError:
        return None
    if answer == Containment.YES:
        return True
    if answer == Containment.NO:
        return False
    return None


@lru_cache(maxsize=256)
def _known_form(text: bytes) -> Canonical | None:
    """
    Return the form of a schema that was met before.

    Both readings of a document hold most of them, and some take a second.
    """
    return _form(orjson.loads(text))


def _form(schema: JsonObject) -> Canonical | None:
    try:
        return jsonschema_rs.canonicalize(schema, validate_formats=True, pattern_options=PATTERN_OPTIONS, offline=True)
    except (CanonicalizationError, jsonschema_rs.ReferencingError, ValueError):
        return None


def is_unsatisfiable(schema: Canonical) -> bool:
    """Return True if it is proven that no value satisfies a schema."""
    return schema.satisfiability() == Satisfiability.NO


def find_intersection(one: Canonical, other: Canonical) -> Canonical | None:
    """Return the intersection; None where the canonical form can't express it, or in too long a time."""
    if _count_branches(one) * _count_branches(other) > MOST_CASES:
        return None
    try:
        return one.intersect(other)
    except CanonicalizationError:
        return None


def find_difference(one: Canonical, other: Canonical) -> Canonical | None:
    """
    Return every value that one admits and the other rejects.

    None where the canonical form can't say, or it would take too long.
    """
    if _count_branches(one) * _count_branches(other) > MOST_CASES:
        return None
    try:
        return one.subtract(other)
    except CanonicalizationError:
        return None


def _count_branches(schema: Canonical) -> int:
    """Count the alternatives of a form."""
    branches = getattr(schema.view(), "branches", ())
    return max(1, len(branches))


def find_complement(schema: Canonical) -> Canonical | None:
    """Return the complement; None where the canonical form can't express it."""
    try:
        return schema.negate()
    except CanonicalizationError:
        return None


def explain_unsatisfiable(bundle: Bundle) -> tuple[Pointer, str] | None:
    """
    Say why a bundle admits no value.

    Returns: The place in the bundle where it starts, and the keywords that are in conflict; None where that is not
        proven, or a proof would take too long.
    """
    if (
        count_cases(
            {"allOf": [{key: value for key, value in bundle.schema.items() if key != "$defs"}, *bundle.definitions()]}
        )
        > MOST_CASES
    ):
        return None
    try:
        found = find_unsatisfiable(bundle.schema, validate_formats=True, pattern_options=PATTERN_OPTIONS, offline=True)
    except (CanonicalizationError, jsonschema_rs.ReferencingError, ValueError):
        return None
    if "" not in found:
        return None
    chain = [""]
    while len(chain) < _MAX_REASONS:
        deeper = _because(found[chain[-1]], chain[-1], bundle.schema, found)
        if deeper is None or deeper in chain:
            break
        chain.append(deeper)
    places = [parse_pointer(name) for name in chain if not isinstance(found[name], UnsatisfiableReason.Empty)] or [
        parse_pointer(chain[-1])
    ]
    return places[0], ", since ".join(
        _reason(found[format_pointer(place)], place, places[0], bundle) for place in places
    )


def _because(
    reason: UnsatisfiableReason, pointer: str, schema: JsonObject, found: Mapping[str, UnsatisfiableReason]
) -> str | None:
    """
    Return the place that makes another one unsatisfiable.

    What its only keyword holds, or a property that it requires.
    """
    causes = reason.causes if isinstance(reason, UnsatisfiableReason.Conflict) else []
    if isinstance(reason, UnsatisfiableReason.Empty):
        causes = [reason.cause]
    for cause in causes:
        _, holder = find_at(schema, parse_pointer(cause.pointer))
        for keyword in cause.keywords:
            value = holder.get(keyword) if isinstance(holder, dict) else None
            if keyword == "$ref" and str(value).removeprefix("#") in found:
                return str(value).removeprefix("#")
            inside = f"{cause.pointer}/{keyword}"
            names = [name for name in found if name == inside or name.rpartition("/")[0] == inside]
            if names and keyword in {"properties", "items", "prefixItems", "allOf", "contains", "additionalProperties"}:
                return names[0]
    return None


def _reason(reason: UnsatisfiableReason, pointer: Pointer, base: Pointer, bundle: Bundle) -> str:
    """Describe the conflict; places are relative to the base where possible."""

    def at(place: Pointer) -> str:
        inner = place[len(base) :] if place[: len(base)] == base else None
        if inner is not None:
            return format_pointer(inner)
        return str(bundle.locate(place))

    if isinstance(reason, UnsatisfiableReason.Conflict):
        by_place: dict[str, list[str]] = {}
        for cause in reason.causes:
            by_place.setdefault(at(parse_pointer(cause.pointer)), []).extend(cause.keywords or ["the schema"])
        parts = [f"{', '.join(keywords)} at {place}".removesuffix(" at ") for place, keywords in by_place.items()]
        return f"{' and '.join(parts)} contradict each other"
    if isinstance(reason, UnsatisfiableReason.Empty):
        place = at(parse_pointer(reason.cause.pointer))
        return f"{', '.join(reason.cause.keywords) or 'a schema'}{' at ' + place if place else ''} admits nothing"
    return f"{at(pointer) or 'it'} is the schema 'false'"
