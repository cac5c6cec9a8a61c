"""Alternatives and conjunctions: whether what a sender chooses is among what a receiver lets be chosen."""

from dataclasses import dataclass
from typing import Protocol

from mock_server.diff.proof.apart import Apart
from mock_server.diff.proof.forms import definition_name
from mock_server.diff.proof.gaps import Gap
from mock_server.diff.proof.sides import SchemaSide
from mock_server.schema.canonical import (
    AllOfView,
    Canonical,
    OneOfView,
    RawView,
    ReferenceView,
    TypedGroupView,
    find_intersection,
)


class FormRules(Protocol):
    """The comparison of any two forms."""

    def compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare two forms."""

    def ask(self, sent: Canonical, received: Canonical) -> bool | None:
        """Ask jsonschema-rs whether one form is within the other."""

    def is_alike(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether two forms say the same."""

    def has_narrowed(self, sent: str, received: str) -> bool:
        """Return whether a receiver's definition is within a sender's, both as they are written."""


@dataclass(frozen=True, eq=False, repr=False)
class AlternativeComparer:
    """Compares alternatives."""

    rules: FormRules
    sender: SchemaSide
    apart: Apart

    def compare_branches(self, sent: Canonical, branches: list[Canonical], received: Canonical) -> list[Gap]:
        """Compare a choice of the sender's: each alternative has to be accepted."""
        other = received.view()
        if isinstance(sent.view(), OneOfView) and isinstance(other, OneOfView):
            gaps = self._compare_choices(branches, other.branches)
            if not gaps:
                return []
        found = [gap for branch in branches for gap in self.rules.compare(branch, received)]
        if found and self.rules.ask(sent, received):
            return []
        return found

    def _compare_choices(self, sent: list[Canonical], received: list[Canonical]) -> list[Gap]:
        """
        Compare `oneOf` with `oneOf`: what one alternative admits, only one of the receiver's may.

        A value of the sender's is of one alternative only, so that it is of none that the receiver has like the
        sender's others.
        """
        counterparts = [self._find_counterpart(sent, rival, at) for at, rival in enumerate(received)]
        gaps: list[Gap] = []
        for index, branch in enumerate(sent):
            likely = [at for at, counterpart in enumerate(counterparts) if counterpart == index]
            tried: list[list[Gap]] = []
            for at in (*likely, *(at for at in range(len(received)) if at not in likely)):
                tried.append(self._compare_choice(branch, index, received, at, counterparts))
                if not tried[-1] or at in likely:
                    break
            gaps += find_nearest(tried)
        return gaps

    def _find_counterpart(self, sent: list[Canonical], rival: Canonical, at: int) -> int | None:
        """Find the alternative of the sender's that has all that one of the receiver's has."""
        if at < len(sent) and self._has_narrowed(sent[at], rival):
            return at
        return next((index for index, each in enumerate(sent) if self.rules.is_alike(each, rival)), None)

    def _has_narrowed(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether all that an alternative of the receiver's admits is admitted by one of the sender's."""
        one, other = sent.view(), received.view()
        if self.rules.is_alike(sent, received):
            return True
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self.rules.has_narrowed(definition_name(one), definition_name(other))
        return False

    def _compare_choice(
        self, branch: Canonical, index: int, received: list[Canonical], at: int, counterparts: list[int | None]
    ) -> list[Gap]:
        """Compare an alternative with one of the receiver's: its values have to be of that one, and of no other."""
        gaps = self.rules.compare(branch, received[at])
        for other, rival in enumerate(received):
            if other == at or counterparts[other] not in {None, index}:
                continue
            if not self.apart.are_disjoint(branch, rival):
                gaps = [*gaps, Gap("oneOf", branch, rival)]
        return gaps

    def compare_conjunction(self, sent: Canonical, branches: list[Canonical], received: Canonical) -> list[Gap]:
        """Compare what the sender says by several schemas that hold together: one of them may be enough."""
        tried: list[list[Gap]] = []
        for branch in branches:
            tried.append(self.rules.compare(branch, received))
            if not tried[-1]:
                return []
        merged = self._merge(branches)
        if merged is not None:
            return self.rules.compare(merged, received)
        if self.rules.ask(sent, received):
            return []
        return find_nearest(tried)

    def _merge(self, branches: list[Canonical]) -> Canonical | None:
        """Return the intersection of a sender's forms, references followed; None where it can't be written."""
        whole: Canonical | None = None
        for branch in branches:
            form = self._follow(branch)
            if form is None:
                return None
            whole = form if whole is None else find_intersection(whole, form)
            if whole is None:
                return None
        if whole is None or isinstance(whole.view(), AllOfView | TypedGroupView | RawView):
            return None
        return whole

    def _follow(self, form: Canonical) -> Canonical | None:
        view = form.view()
        if not isinstance(view, ReferenceView):
            return form
        named = self.sender.definition_forms(definition_name(view))
        if len(named) == 1:
            return named[0]
        return None

    def compare_with_any(self, sent: Canonical, received: Canonical, branches: list[Canonical]) -> list[Gap]:
        """Compare with `anyOf`: one alternative has to accept everything, the likely one is tried first."""
        tried: list[list[Gap]] = []
        likely: list[Gap] = []
        for branch in self._sort_likely(sent, branches):
            is_likely = self._is_likely(sent, branch)
            if not is_likely and self.apart.are_disjoint(sent, branch):
                continue
            gaps = self.rules.compare(sent, branch)
            if not gaps:
                return []
            tried.append(gaps)
            likely += gaps if is_likely else []
        if self.rules.ask(sent, received):
            return []
        if likely or len(tried) == 1:
            return likely or tried[0]
        return [Gap("anyOf", sent, received, is_certain=not tried), *find_nearest(tried)]

    def compare_with_one(self, sent: Canonical, received: Canonical, branches: list[Canonical]) -> list[Gap]:
        """Compare with `oneOf`: one alternative has to accept everything, and the others nothing of it."""
        near = [branch for branch in branches if not self.apart.are_disjoint(sent, branch)]
        tried: list[list[Gap]] = []
        for branch in self._sort_likely(sent, near):
            gaps = self.rules.compare(sent, branch)
            if not gaps and len(near) == 1:
                return []
            tried.append(gaps or [Gap("oneOf", sent, each) for each in near if each is not branch])
        if self.rules.ask(sent, received):
            return []
        nearest = min(tried, key=len, default=[])
        return [Gap("oneOf", sent, received, is_certain=not tried), *nearest]

    def _sort_likely(self, sent: Canonical, branches: list[Canonical]) -> list[Canonical]:
        """Return alternatives with the one first that bears the name of what is sent."""
        return sorted(branches, key=lambda branch: not self._is_likely(sent, branch))

    def _is_likely(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether two alternatives are definitions of the same name."""
        one, other = sent.view(), received.view()
        if isinstance(one, ReferenceView) and isinstance(other, ReferenceView):
            return self.sender.base_name(definition_name(one)) == definition_name(other)
        return False


def find_nearest(tried: list[list[Gap]]) -> list[Gap]:
    """Return the fewest gaps; of as many, those deeper in the value, which say more."""
    return min(tried, key=lambda gaps: (len(gaps), -max((len(gap.path) for gap in gaps), default=0)), default=[])
