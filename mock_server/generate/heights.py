"""
Heights: how deep the smallest value of a schema nests.

What recurs comes to an end where the height is least.
"""

from dataclasses import dataclass, field

from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    Canonical,
    Forms,
    ObjectView,
    OneOfView,
    ReferenceView,
)

# Higher than any value: there is no end.
ENDLESS = 1_000
_DEEPEST = 24


@dataclass(eq=False, repr=False)
class Heights:
    """The heights of a document's definitions, each found when it is first asked for."""

    forms: Forms
    _known: dict[str, int] = field(default_factory=dict)

    def of(self, schema: Canonical) -> int:
        """How many objects and arrays the smallest value of a node nests; `ENDLESS` where there is no end."""
        return self._height(schema, frozenset())

    def _height(self, schema: Canonical, above: frozenset[str]) -> int:
        view = schema.view()
        match view:
            case ObjectView():
                parts = [view.properties[name] for name in view.required if name in view.properties]
                return 1 + max((self._height(part, above) for part in parts), default=0)
            case ArrayView():
                if not view.min_items:
                    return 1
                parts = [*view.prefix_items, *([view.items] if view.items is not None else [])]
                return 1 + max((self._height(part, above) for part in parts), default=0)
            case AnyOfView() | OneOfView():
                return min((self._height(branch, above) for branch in view.branches), default=ENDLESS)
            case AllOfView():
                return max((self._height(branch, above) for branch in view.branches), default=0)
            case ReferenceView():
                return self._definition(view.uri, above)
        return 0

    def _definition(self, uri: str, above: frozenset[str]) -> int:
        if uri in above or len(above) > _DEEPEST:
            return ENDLESS
        if not above and uri in self._known:
            return self._known[uri]
        target = self.forms.definition(uri)
        height = ENDLESS if target is None else self._height(target, above | {uri})
        if not above:
            self._known[uri] = height
        return height
