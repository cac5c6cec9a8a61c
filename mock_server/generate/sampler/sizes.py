"""
Heights: how deep the smallest value of a schema nests.

What recurs comes to an end where the height is least; what has no height at all contains itself without an end.

Sizes: how many parts the smallest value of a schema has at least.

A schema of a few lines may ask for a thousand million items; that is worked out instead of tried out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

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

# Higher than any value: there is no end.
ENDLESS = 1_000


@dataclass(frozen=True, slots=True)
class _All:
    """One level above the highest of what has to be there."""

    parts: "tuple[_Height, ...]"
    levels: int


@dataclass(frozen=True, slots=True)
class _Any:
    """The least of what there may be."""

    parts: "tuple[_Height, ...]"


# What a height is made of: nothing but a scalar, a definition by its URI, or other heights.
_Height: TypeAlias = str | _All | _Any
_SCALAR = _All((), 0)


@dataclass(eq=False, repr=False)
class Heights:
    """The heights of a document's definitions, each found when it is first asked for."""

    forms: Forms
    _made_of: dict[str, _Height] = field(default_factory=dict)
    _known: dict[str, int] = field(default_factory=dict)

    def of(self, schema: Canonical) -> int:
        """Return how many objects and arrays the smallest value of a node nests; `ENDLESS` where there is no end."""
        height = _read(schema)
        self._solve(height)
        return self._measure(height)

    def _solve(self, height: _Height) -> None:
        """Find the heights of every definition that a height is made of: endless at first, then lower and lower."""
        new: list[str] = []
        todo = [height]
        while todo:
            for uri in _definitions(todo.pop()):
                if uri not in self._made_of:
                    target = self.forms.definition(uri)
                    self._made_of[uri] = _read(target, uri) if target is not None else _Any(())
                    self._known[uri] = ENDLESS
                    new.append(uri)
                    todo.append(self._made_of[uri])
        changed = bool(new)
        while changed:
            changed = False
            for uri in reversed(new):
                found = self._measure(self._made_of[uri])
                if found < self._known[uri]:
                    self._known[uri] = found
                    changed = True

    def _measure(self, height: _Height) -> int:
        if isinstance(height, str):
            return self._known[height]
        if isinstance(height, _Any):
            return min(map(self._measure, height.parts), default=ENDLESS)
        return min(ENDLESS, height.levels + max(map(self._measure, height.parts), default=0))


def _read(schema: Canonical, inside: str | None = None) -> _Height:
    """Return what the height of a node is made of; a definition that is its own part says nothing by that."""
    view = schema.view()
    match view:
        case ObjectView():
            return _All(tuple(_read(view.properties[name]) for name in view.required if name in view.properties), 1)
        case ArrayView():
            parts = [*view.prefix_items[: view.min_items or 0]]
            if view.items is not None and (view.min_items or 0) > len(view.prefix_items):
                parts.append(view.items)
            return _All(tuple(map(_read, parts)), 1)
        case AnyOfView() | OneOfView():
            return _Any(tuple(map(_read, view.branches)))
        case AllOfView():
            heights = (_read(branch, inside) for branch in view.branches)
            return _All(tuple(height for height in heights if height != inside), 0)
        case ReferenceView():
            return view.uri
    return _SCALAR


def _definitions(height: _Height) -> Iterator[str]:
    if isinstance(height, str):
        yield height
    else:
        for part in height.parts:
            yield from _definitions(part)


_MOST: Final = 10**12  # counting ends here


@dataclass(eq=False, repr=False)
class Sizes:
    """The least sizes of a document's definitions."""

    forms: Forms
    _known: dict[str, int] = field(default_factory=dict)

    def of(self, schema: Canonical) -> int:
        """Count the objects, lists and other parts that each value of a node has; less where that can't be told."""
        try:
            return self._count(schema)
        except RecursionError:  # a long way through definitions
            return 0

    def _count(self, schema: Canonical) -> int:
        view = schema.view()
        match view:
            case ObjectView():
                known = sum(self._count(view.properties[name]) for name in view.required if name in view.properties)
                others = max(0, (view.min_properties or 0) - len(view.required))
                if others and view.additional_properties is not None:
                    one = self._count(view.additional_properties)
                else:
                    one = 1
                return min(1 + known + others * max(one, 1), _MOST)
            case ArrayView():
                return self._count_items(view)
            case AnyOfView() | OneOfView():
                return min(map(self._count, view.branches), default=0)
            case AllOfView():
                return max(map(self._count, view.branches), default=0)
            case TypedGroupView():
                return self._count(view.body)
            case ReferenceView():
                return self._of_definition(view.uri)
        return 1

    def _count_items(self, view: ArrayView) -> int:
        least = view.min_items or 0
        prefix = view.prefix_items[:least]
        rest = least - len(prefix)
        one = self._count(view.items) if rest > 0 and view.items is not None else 1
        listed = sum(map(self._count, prefix)) + max(rest, 0) * max(one, 1)
        contained = max(
            (
                (found.min_contains or 1) * self._count(found.schema)
                for found in view.contains
                if found.min_contains != 0
            ),
            default=0,
        )
        return min(1 + max(listed, contained), _MOST)

    def _of_definition(self, uri: str) -> int:
        if uri not in self._known:
            self._known[uri] = 0  # as long as it is counted: what leads back to itself adds nothing that could be told
            target = self.forms.definition(uri)
            self._known[uri] = self._count(target) if target is not None else 0
        return self._known[uri]
