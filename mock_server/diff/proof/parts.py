"""Lists and objects: whether those of a sender are among those of a receiver, by their items and properties."""

from dataclasses import dataclass
from typing import Protocol

from mock_server.diff.proof.forms import ObjectMembers, ObjectPair, anything
from mock_server.diff.proof.gaps import Gap, GapStep
from mock_server.json_values import JsonValue
from mock_server.schema.canonical import (
    ArrayView,
    Canonical,
    ContainsView,
    Distinctness,
    ObjectView,
    is_unsatisfiable,
)


class Rules(Protocol):
    """The comparison of any two forms."""

    def compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare two forms."""

    def compare_part(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare the forms of parts of values."""

    def accepts(self, received: Canonical, value: JsonValue) -> bool:
        """Return whether the receiver accepts a value."""

    def is_alike(self, sent: Canonical, received: Canonical) -> bool:
        """Return whether two forms stand for the same schema, as it is written."""


@dataclass(frozen=True, eq=False, repr=False)
class PartComparer:
    """Compares what has parts."""

    rules: Rules

    def compare_arrays(
        self, sent: Canonical, one: ArrayView | None, received: Canonical, other: ArrayView
    ) -> list[Gap]:
        """Compare lists."""
        gaps: list[Gap] = []
        least, most = (one.min_items or 0, one.max_items) if one is not None else (0, None)
        if (other.min_items or 0) > least:
            gaps.append(Gap("minItems", sent, received))
        if other.max_items is not None and (most is None or most > other.max_items):
            gaps.append(Gap("maxItems", sent, received))
        own = one.distinctness if one is not None else Distinctness.UNCONSTRAINED
        repeats = most is None or most > 1
        if other.distinctness not in {Distinctness.UNCONSTRAINED, own} and repeats:
            gaps.append(Gap("uniqueItems", sent, received))
        sent_first = one.prefix_items if one is not None else []
        first = other.prefix_items
        for index in range(max(len(sent_first), len(first))):
            if most is not None and index >= most:
                break
            gaps += self._compare_items(sent, _item(one, index), _item(other, index), GapStep("prefix", index=index))
        if most is None or most > max(len(sent_first), len(first)):
            at = max(len(sent_first), len(first))
            step = GapStep("item", index=at)
            gaps += self._compare_items(sent, one.items if one is not None else None, other.items, step)
        gaps += [
            Gap("contains", sent, received)
            for wanted in other.contains
            if one is None or not any(self._contains_alike(each, wanted) for each in one.contains)
        ]
        return gaps

    def _compare_items(
        self, sent: Canonical, one: Canonical | None, other: Canonical | None, step: GapStep
    ) -> list[Gap]:
        if other is None:
            return []
        return [gap.under(step, sent) for gap in self.rules.compare_part(one or anything(), other)]

    def _contains_alike(self, one: ContainsView, other: ContainsView) -> bool:
        if (one.min_contains, one.max_contains) == (other.min_contains, other.max_contains):
            return self.rules.is_alike(one.schema, other.schema) or (
                one.max_contains is None and not self.rules.compare_part(one.schema, other.schema)
            )
        return False

    def compare_objects(
        self, sent: Canonical, one: ObjectView | None, received: Canonical, other: ObjectView
    ) -> list[Gap]:
        """Compare objects."""
        pair = ObjectPair(sent, one, received, other)
        gaps = [
            Gap("required", sent, received, absent=name, is_certain=True)
            for name in other.required
            if name not in pair.required
        ]
        gaps += pair.find_count_gaps()
        members = ObjectMembers(other)
        for name in dict.fromkeys((*pair.properties, *members.properties, *pair.required)):
            own = pair.sent_property(name)
            if own is None or is_unsatisfiable(own):
                continue
            step = GapStep("property", name)
            for part in members.find(name):
                gaps += [gap.under(step, sent) for gap in self.rules.compare_part(own, part)]
        gaps += self._compare_patterns(pair)
        gaps += self._compare_names(pair)
        if other.violations:
            gaps.append(Gap("not", sent, received))
        return gaps

    def _compare_patterns(self, pair: ObjectPair) -> list[Gap]:
        """Compare properties that are known by a pattern, and those that are not known."""
        gaps: list[Gap] = []
        other = pair.other
        for pattern, own in pair.patterns.items():
            if is_unsatisfiable(own):
                continue
            same = other.pattern_properties.get(pattern)
            others = [each for known, each in other.pattern_properties.items() if known != pattern]
            others += [each for name, each in other.properties.items() if name not in pair.properties]
            if same is None and other.additional_properties is not None:
                others.append(other.additional_properties)
            for part in ([same] if same is not None else []) + others:
                gaps += [gap.under(GapStep("name", pattern), pair.sent) for gap in self.rules.compare_part(own, part)]
        if pair.is_closed:
            return gaps
        free = pair.additional or anything()
        parts = list(other.pattern_properties.values())
        if other.additional_properties is not None:
            parts.append(other.additional_properties)
        for part in parts:
            gaps += [gap.under(GapStep("name"), pair.sent) for gap in self.rules.compare_part(free, part)]
        return gaps

    def _compare_names(self, pair: ObjectPair) -> list[Gap]:
        wanted = pair.other.property_names
        if wanted is None:
            return []
        own = pair.one.property_names if pair.one is not None else None
        if own is not None and not self.rules.compare_part(own, wanted):
            return []
        if pair.is_closed and not pair.patterns:
            refused = [name for name in pair.literals or () if self._may_send(pair, name, wanted)]
            if not refused:
                return []
            return [Gap("propertyNames", pair.sent, pair.received, candidates=(dict.fromkeys(refused),))]
        return [Gap("propertyNames", pair.sent, pair.received)]

    def _may_send(self, pair: ObjectPair, name: str, wanted: Canonical) -> bool:
        own = pair.sent_property(name)
        return own is not None and not is_unsatisfiable(own) and not self.rules.accepts(wanted, name)


def _item(view: ArrayView | None, index: int) -> Canonical | None:
    if view is None:
        return None
    if index < len(view.prefix_items):
        return view.prefix_items[index]
    return view.items
