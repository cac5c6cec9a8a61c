"""Proofs that no value is of two schemas at once, one of each side."""

from dataclasses import dataclass, field
from typing import Final

from mock_server.diff.proof.forms import definition_name, has_references, may_have, received_property, types_of, widened
from mock_server.diff.proof.sides import SchemaSide
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    Canonical,
    ObjectView,
    OneOfView,
    ReferenceView,
    find_intersection,
    is_unsatisfiable,
)

_DEEPEST: Final = 24  # references in a row, or one in the other


@dataclass(eq=False, repr=False)
class Apart:
    """Tells schemas of a sender and a receiver apart."""

    sender: SchemaSide
    receiver: SchemaSide
    left: int = 0  # comparisons that may still be made; without any, nothing is told apart
    _known: dict[tuple[Canonical, Canonical], bool] = field(default_factory=dict)

    def are_disjoint(self, sent: Canonical, other: Canonical, depth: int = 0) -> bool:
        """Return whether it is proven that no value is of both; the other one is the receiver's."""
        if depth > _DEEPEST:
            return False
        key = (sent, other)
        if key not in self._known:
            if self.left <= 0:
                return False
            self.left -= 1
            self._known[key] = False  # while it is looked at: what leads back to itself is not told apart by itself
            self._known[key] = self._look(sent, other, depth)
        return self._known[key]

    def _look(self, sent: Canonical, other: Canonical, depth: int) -> bool:
        one_forms, other_forms = _followed(self.sender, sent), _followed(self.receiver, other)
        return any(self._exclude(one, two, depth) for one in one_forms for two in other_forms)

    def _exclude(self, sent: Canonical, other: Canonical, depth: int) -> bool:
        one, two = sent.view(), other.view()
        types, accepted = types_of(sent), types_of(other)
        if types is not None and accepted is not None and not widened(types) & widened(accepted):
            return True
        if isinstance(one, AnyOfView | OneOfView):
            return all(self.are_disjoint(branch, other, depth + 1) for branch in one.branches)
        if isinstance(two, AnyOfView | OneOfView):
            return all(self.are_disjoint(sent, branch, depth + 1) for branch in two.branches)
        if isinstance(one, AllOfView):
            return any(self.are_disjoint(branch, other, depth + 1) for branch in one.branches)
        if isinstance(two, AllOfView):
            return any(self.are_disjoint(sent, branch, depth + 1) for branch in two.branches)
        if isinstance(one, ObjectView) and isinstance(two, ObjectView):
            return self._exclude_objects(one, two, depth)
        if has_references(sent) or has_references(other):
            return False
        both = find_intersection(sent, other)
        return both is not None and is_unsatisfiable(both)

    def _exclude_objects(self, one: ObjectView, two: ObjectView, depth: int) -> bool:
        """Return whether some property that one of them requires can't be as both want it."""
        for name in dict.fromkeys((*one.required, *two.required)):
            if not (may_have(one, name) and may_have(two, name)):
                return True
            mine, yours = received_property(one, name), received_property(two, name)
            if any(self.are_disjoint(a, b, depth + 1) for a in mine for b in yours):
                return True
        return False


def _followed(side: SchemaSide, form: Canonical) -> list[Canonical]:
    """Return the forms of which all hold for a value of a form: where it is a reference, those of its definition."""
    for _ in range(_DEEPEST):
        view = form.view()
        if not isinstance(view, ReferenceView):
            return [form]
        forms = [each for each in side.definition_forms(definition_name(view)) if each is not None]
        if len(forms) != 1:
            return forms
        form = forms[0]
    return []
