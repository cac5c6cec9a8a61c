"""
Merging: what has to match all at once, as one schema.

The canonical form leaves references as they are, so a conjunction with one is merged here, when it is first drawn.
"""

from dataclasses import dataclass, field

from mock_server.schema.canonical import (
    AllOfView,
    Canonical,
    Forms,
    NotView,
    ReferenceView,
    TypedGroupView,
    find_complement,
    find_intersection,
)

_MAX_MERGES = 40


@dataclass(eq=False, repr=False)
class Merger:
    """Merges through the definitions of a document."""

    forms: Forms
    _entered: set[str] = field(default_factory=set)  # definitions that are being merged now

    def expand(self, schema: Canonical) -> Canonical:
        """Resolve references and merge until something else than a conjunction stands there, if it comes to that."""
        for _ in range(_MAX_MERGES):
            view = schema.view()
            if isinstance(view, ReferenceView):
                target = self.forms.definition(view.uri)
                if target is None or view.uri in self._entered:
                    return schema
                schema = target
            elif isinstance(view, AllOfView):
                merged = self.merge(view.branches)
                if merged is None or merged == schema:
                    return schema
                schema = merged
            elif isinstance(view, TypedGroupView):
                schema = view.body
            elif isinstance(view, NotView):
                rejected = find_complement(self.expand(view.schema))
                if rejected is None or isinstance(rejected.view(), NotView):
                    return schema
                schema = rejected
            else:
                return schema
        return schema

    def merge(self, branches: list[Canonical]) -> Canonical | None:
        """The intersection of branches; a reference that is being merged already says nothing new."""
        result: Canonical | None = None
        entered: list[str] = []
        try:
            for branch in branches:
                view = branch.view()
                if isinstance(view, ReferenceView):
                    target = self.forms.definition(view.uri)
                    if view.uri in self._entered or target is None:
                        continue
                    self._entered.add(view.uri)
                    entered.append(view.uri)
                    branch = self.expand(target)  # noqa: PLW2901 - the branch, resolved
                elif isinstance(view, NotView):
                    branch = self.expand(branch)  # noqa: PLW2901
                result = branch if result is None else find_intersection(result, branch)
                if result is None:
                    return None
        finally:
            self._entered.difference_update(entered)
        return result
