"""
Schemas that are written alike: the same keywords, but for the schemas of parts at the same places.

Most of what two versions have is alike, and then no canonical form is needed: a value is of both if its parts are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mock_server.diff.policy import DEFINITIONS
from mock_server.diff.proof.gaps import Gap, GapStep
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.canonical import Canonical

_PARTS: Final = frozenset(("properties", "items", "prefixItems", "additionalProperties", "patternProperties"))
_Compare = Callable[[JsonValue, JsonValue], "list[Gap]"]


@dataclass(frozen=True, eq=False, repr=False)
class Congruence:
    """Compares schemas that are written alike."""

    compare: _Compare  # two schemas of parts, as their documents have them
    rely: Callable[[str, str], "list[Gap]"]  # two definitions of whole values
    are_same: Callable[[JsonValue, JsonValue], bool]  # whether two schemas say the same
    is_same_keyword: Callable[[str, JsonObject, JsonObject], bool]  # whether a keyword of two schemas does
    has_narrowed: Callable[[str, str], bool]  # whether a receiver's definition is within a sender's
    form_of: Callable[[JsonValue], Canonical | None]  # of a sender's schema

    def find_gaps(self, sent: JsonValue, received: JsonValue) -> list[Gap] | None:
        """
        Compare two schemas of whole values.

        Returns:
            The gaps; None where the schemas are not written alike.
        """
        if not isinstance(sent, dict) or not isinstance(received, dict) or sent.keys() != received.keys():
            return None
        if sent.keys() == {"$ref"}:
            return self.rely(_name(sent), _name(received))
        gaps: list[Gap] = []
        for keyword, value in sent.items():
            other = received[keyword]
            if self._is_settled(keyword, sent, received):
                continue
            found = self._keyword(keyword, value, other, sent)
            if found is None:
                return None
            gaps += found
        return gaps

    def _is_settled(self, keyword: str, sent: JsonObject, received: JsonObject) -> bool:
        if keyword not in _PARTS:
            return self.is_same_keyword(keyword, sent, received)
        return isinstance(sent[keyword], bool) and sent[keyword] is received[keyword]

    def _keyword(self, keyword: str, value: JsonValue, other: JsonValue, around: JsonObject) -> list[Gap] | None:
        if keyword in {"properties", "patternProperties"}:
            return self._members(keyword, value, other, around)
        if keyword in {"items", "additionalProperties"}:
            return self._under(GapStep("item") if keyword == "items" else GapStep("name"), value, other, around)
        if keyword == "prefixItems" and isinstance(value, list) and isinstance(other, list):
            if len(value) != len(other):
                return None
            gaps: list[Gap] = []
            for index, (one, two) in enumerate(zip(value, other, strict=True)):
                gaps += self._under(GapStep("prefix", index=index), one, two, around)
            return gaps
        if keyword in {"anyOf", "oneOf"} and len(around) == 1:
            return self._alternatives(keyword, value, other)
        return None

    def _members(self, keyword: str, value: JsonValue, other: JsonValue, around: JsonObject) -> list[Gap] | None:
        if not isinstance(value, dict) or not isinstance(other, dict) or value.keys() != other.keys():
            return None
        gaps: list[Gap] = []
        kind = "property" if keyword == "properties" else "name"
        for name, child in value.items():
            gaps += self._under(GapStep(kind, name), child, other[name], around)
        return gaps

    def _under(self, step: GapStep, one: JsonValue, other: JsonValue, around: JsonObject) -> list[Gap]:
        if self.are_same(one, other):
            return []
        gaps = self.compare(one, other)
        form = self.form_of(around) if gaps else None
        if form is None:
            return [Gap(gap.keyword) for gap in gaps]
        return [gap.under(step, form) for gap in gaps]

    def _alternatives(self, keyword: str, value: JsonValue, other: JsonValue) -> list[Gap] | None:
        """
        Compare alternatives of which those that changed are references.

        What is of one alternative of `oneOf` must not be of another one that changed: it is not where that was
        narrowed. What is of one of `anyOf` may have properties of the others; it has none where they are no objects.
        """
        if not isinstance(value, list) or not isinstance(other, list) or len(value) != len(other):
            return None
        gaps: list[Gap] = []
        for index, (one, two) in enumerate(zip(value, other, strict=True)):
            if self.are_same(one, two):
                continue
            if not isinstance(one, dict) or not isinstance(two, dict) or not one.keys() == two.keys() == {"$ref"}:
                return None
            others = [*value[:index], *value[index + 1 :]]
            are_plain = all(map(_is_no_object, others))
            if not are_plain and (keyword == "anyOf" or not self.has_narrowed(_name(two), _name(one))):
                return None
            gaps += self.rely(_name(one), _name(two))
        return gaps


def _is_no_object(schema: JsonValue) -> bool:
    types = schema.get("type") if isinstance(schema, dict) else None
    return isinstance(types, list) and "object" not in types


def _name(schema: JsonObject) -> str:
    return str(schema["$ref"]).removeprefix(DEFINITIONS)
