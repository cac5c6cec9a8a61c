"""
Sizes: how many parts the smallest value of a schema has at least.

A schema of a few lines may ask for a thousand million items; that is worked out instead of tried out.
"""

from dataclasses import dataclass, field
from typing import Final

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
                one = self._count(view.additional_properties) if others and view.additional_properties is not None else 1
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
            ((found.min_contains or 1) * self._count(found.schema) for found in view.contains if found.min_contains != 0), default=0
        )
        return min(1 + max(listed, contained), _MOST)

    def _of_definition(self, uri: str) -> int:
        if uri not in self._known:
            self._known[uri] = 0  # as long as it is counted: what leads back to itself adds nothing that could be told
            target = self.forms.definition(uri)
            self._known[uri] = self._count(target) if target is not None else 0
        return self._known[uri]
