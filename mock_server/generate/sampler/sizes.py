"""
The least extent of a schema's values: nesting (height) and number of parts (size).

What recurs comes to an end where the height is least; what has no finite height contains itself without an end. A
schema of a few lines may ask for a thousand million items; that is worked out instead of tried out.

Each node is read once, as a term over the definitions it refers to. The definitions are solved together: infinite at
first, then lowered until nothing changes (Knuth's generalization of Dijkstra's shortest paths).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    Canonical,
    Forms,
    ObjectView,
    OneOfView,
    ReferenceView,
    TypedGroupView,
)


class Extent(NamedTuple):
    """The least height and the least size of the values of a node."""

    height: int
    size: int

    @property
    def is_endless(self) -> bool:
        """Return True if there is no smallest value."""
        return self.height >= _INFINITE.height


@dataclass(frozen=True, slots=True)
class _Container:
    """An object or a list with the parts that have to be there, each with its number."""

    parts: "tuple[tuple[_Term, int], ...]"


@dataclass(frozen=True, slots=True)
class _All:
    """A value that is all of these at once."""

    parts: "tuple[_Term, ...]"


@dataclass(frozen=True, slots=True)
class _Any:
    """A value that is any of these."""

    parts: "tuple[_Term, ...]"


# A definition by its URI, or terms; what has no parts is `_SCALAR`.
_Term: TypeAlias = str | _Container | _All | _Any
_SCALAR: Final = _All(())
_INFINITE: Final = Extent(1_000, 10**12)  # counting ends here


@dataclass(eq=False, repr=False)
class Extents:
    """The least extents of a document's definitions, each found when it is first needed."""

    forms: Forms
    _terms: dict[str, _Term] = field(default_factory=dict)
    _known: dict[str, Extent] = field(default_factory=dict)

    def of(self, schema: Canonical) -> Extent:
        """Return the least extent of the values of a node."""
        term = _read(schema)
        self._solve(term)
        return self._measure(term)

    def _solve(self, term: _Term) -> None:
        """Find the extents of every definition that a term refers to."""
        new: list[str] = []
        todo = [term]
        while todo:
            for uri in _definitions(todo.pop()):
                if uri not in self._terms:
                    target = self.forms.definition(uri)
                    if target is not None:
                        self._terms[uri] = _read(target, uri)
                    else:
                        self._terms[uri] = _Any(())
                    self._known[uri] = _INFINITE
                    new.append(uri)
                    todo.append(self._terms[uri])
        changed = bool(new)
        while changed:
            changed = False
            for uri in reversed(new):
                found = self._measure(self._terms[uri])
                if found != self._known[uri]:
                    self._known[uri] = found
                    changed = True

    def _measure(self, term: _Term) -> Extent:
        if isinstance(term, str):
            return self._known[term]
        if isinstance(term, _Container):
            height, size = 1, 1
            for part, count in term.parts:
                extent = self._measure(part)
                height = max(height, 1 + extent.height)
                size += count * extent.size
            return Extent(min(height, _INFINITE.height), min(size, _INFINITE.size))
        extents = [self._measure(part) for part in term.parts]
        if isinstance(term, _Any):
            extents = extents or [_INFINITE]
            return Extent(min(extent.height for extent in extents), min(extent.size for extent in extents))
        return Extent(max((e.height for e in extents), default=0), max((e.size for e in extents), default=1))


def _read(schema: Canonical, inside: str | None = None) -> _Term:
    """Return the term of a node; a definition that is its own part says nothing by that."""
    view = schema.view()
    match view:
        case ObjectView():
            return _read_object(view)
        case ArrayView():
            return _read_array(view)
        case AnyOfView() | OneOfView():
            return _Any(tuple(map(_read, view.branches)))
        case AllOfView():
            terms = (_read(branch, inside) for branch in view.branches)
            return _All(tuple(term for term in terms if term != inside))
        case TypedGroupView():
            return _read(view.body, inside)
        case ReferenceView():
            return view.uri
    return _SCALAR


def _read_object(view: ObjectView) -> _Term:
    parts = [(_read(view.properties[name]), 1) for name in view.required if name in view.properties]
    others = (view.min_properties or 0) - len(view.required)
    if others > 0:
        parts.append((_read(view.additional_properties) if view.additional_properties is not None else _SCALAR, others))
    return _Container(tuple(parts))


def _read_array(view: ArrayView) -> _Term:
    least = view.min_items or 0
    parts = [(_read(item), 1) for item in view.prefix_items[:least]]
    rest = least - len(parts)
    if rest > 0:
        parts.append((_read(view.items) if view.items is not None else _SCALAR, rest))
    listed = _Container(tuple(parts))
    contained = [
        _Container(((_read(found.schema), found.min_contains or 1),))
        for found in view.contains
        if found.min_contains != 0
    ]
    if contained:
        return _All((listed, *contained))
    return listed


def _definitions(term: _Term) -> Iterator[str]:
    if isinstance(term, str):
        yield term
    elif isinstance(term, _Container):
        for part, _ in term.parts:
            yield from _definitions(part)
    else:
        for part in term.parts:
            yield from _definitions(part)
