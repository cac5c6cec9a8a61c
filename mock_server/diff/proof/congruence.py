"""
Schemas that are written alike, keyword by keyword.

Most of what two versions have is alike, and then no canonical form is needed: a value that a sender's schema admits is
admitted by a receiver's if each of its keywords is, by the same keyword of the sender's. Only what can be concluded
from one keyword is concluded here; the rest is left to canonical forms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mock_server.diff.policy import DEFINITIONS
from mock_server.diff.proof.gaps import Gap, GapStep
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.schema.canonical import Canonical, find_references
from mock_server.schema.discriminator import NAMED

_OF_PROPERTIES: Final = ("properties", "patternProperties", "additionalProperties")
_OF_ITEMS: Final = ("items", "prefixItems")
_ELSEWHERE: Final = frozenset((NAMED, *_OF_PROPERTIES, *_OF_ITEMS))  # compared together, or a mere mark
_IN_PLACE: Final = frozenset(("allOf", "oneOf"))
_ASKING: Final = frozenset(("unevaluatedProperties", "unevaluatedItems"))
_LISTED: Final = frozenset(("type", "enum"))  # what is sent may be less
_Compare = Callable[[JsonValue, JsonValue], "list[Gap]"]


@dataclass(frozen=True, eq=False, repr=False)
class Congruence:
    """Compares schemas that are written alike, as their sides have them."""

    compare: _Compare  # two schemas
    compare_forms: _Compare  # two schemas, by their canonical forms
    rely: Callable[[str, str], "list[Gap]"]  # two definitions of whole values
    is_same_keyword: Callable[[str, JsonObject, JsonObject], bool]  # whether a keyword of two schemas says the same
    has_narrowed: Callable[[JsonValue, JsonValue], bool]  # whether a receiver's schema is within a sender's
    are_apart: Callable[[JsonValue, JsonValue], bool]  # whether no value is of both schemas
    differ_elsewhere: Callable[[JsonValue, JsonValue, JsonValue], bool]  # two schemas: not for values of a first one
    base_name: Callable[[str], str]  # of a sender's definition: as its document has it
    form_of: Callable[[JsonValue], Canonical | None]  # of a sender's schema

    def find_gaps(self, sent: JsonValue, received: JsonValue) -> list[Gap] | None:
        """
        Compare two schemas of whole values.

        Returns:
            The gaps; None where nothing can be concluded.
        """
        if received is True or sent is False:
            return []
        if not isinstance(sent, dict) or not isinstance(received, dict):
            return None
        received = _join_reference(received)
        if sent.keys() == received.keys() == {"$ref"}:
            return self.rely(_name(sent), _name(received))
        gaps: list[Gap] = []
        for keyword in received:
            if keyword in _ELSEWHERE:
                continue
            found = self._compare_keyword(keyword, sent, received)
            if found is None:
                return None
            gaps += found
        for compare in (self._compare_properties, self._compare_items):
            found = compare(sent, received)
            if found is None or (found and "allOf" in sent):
                return None
            gaps += found
        return gaps

    def _compare_keyword(self, keyword: str, sent: JsonObject, received: JsonObject) -> list[Gap] | None:
        if keyword == "anyOf" and not (keyword in sent and self.is_same_keyword(keyword, sent, received)):
            return self._compare_any(sent, received)
        if keyword not in sent:
            return None
        value, other = sent[keyword], received[keyword]
        if keyword in _LISTED and isinstance(value, list) and isinstance(other, list):
            return [] if all(any(same_json(each, known) for known in other) for each in value) else None
        if keyword == "required" and isinstance(value, list) and isinstance(other, list):
            return [] if set(map(str, other)) <= set(map(str, value)) else None
        if self.is_same_keyword(keyword, sent, received):
            return []
        if keyword in _IN_PLACE and isinstance(value, list) and isinstance(other, list):
            return self._compare_members(keyword, sent, received)
        return None

    def _compare_members(self, keyword: str, sent: JsonObject, received: JsonObject) -> list[Gap] | None:
        """Compare the members of `allOf` or `oneOf`, those at the same places."""
        mine, yours = _listed(sent, keyword), _listed(received, keyword)
        if len(mine) != len(yours) or _ASKING & (sent.keys() | received.keys()):
            return None
        if keyword == "oneOf" and not self._stay_exclusive(mine, yours):
            return None
        gaps: list[Gap] = []
        for one, two in zip(mine, yours, strict=True):
            found = self.compare(one, two)
            if found and keyword == "allOf":
                return None  # the other members may rule it out
            gaps += found
        if gaps and not self.compare_forms(sent, received):
            return []  # another alternative takes what one has lost
        return gaps

    def _compare_any(self, sent: JsonObject, received: JsonObject) -> list[Gap] | None:
        """Compare alternatives of which a value may have any: each of the sender's is within one of the receiver's."""
        mine, yours = _listed(sent, "anyOf") or _listed(sent, "oneOf"), _listed(received, "anyOf")
        if not mine or _ASKING & (sent.keys() | received.keys()):
            return None
        gaps: list[Gap] = []
        for index, branch in enumerate(mine):
            counterpart = self._find_counterpart(branch, index, mine, yours)
            if counterpart is None:
                return None
            gaps += self.compare(branch, counterpart)
        if gaps and not self.compare_forms(sent, received):
            return []  # another alternative takes what one has lost
        return gaps

    def _find_counterpart(
        self, branch: JsonValue, index: int, sent: list[JsonValue], received: list[JsonValue]
    ) -> JsonValue:
        """Find the alternative at the same place, or the one with the same references; None where there is none."""
        if len(sent) == len(received):
            return received[index]
        names = set(map(self.base_name, find_references(branch)))
        return next((each for each in received if names and find_references(each) == names), None)

    def _stay_exclusive(self, sent: list[JsonValue], received: list[JsonValue]) -> bool:
        """
        Return whether a value of one alternative is of no other one of the receiver's.

        It is of no other one of the sender's, so it is of none that was only narrowed, or that differs only in
        properties that the value does not have.
        """
        for index, rival in enumerate(received):
            own = sent[index]
            if self.has_narrowed(own, rival):
                continue
            others = [*sent[:index], *sent[index + 1 :]]
            if not all(self._is_kept_out(each, own, rival) for each in others):
                return False
        return True

    def _is_kept_out(self, value: JsonValue, own: JsonValue, rival: JsonValue) -> bool:
        """Return whether what is of a sender's alternative, and of no other, is of no rival of the receiver's."""
        if self.are_apart(value, rival) or self.differ_elsewhere(value, own, rival):
            return True
        items = [_plain_items(schema) for schema in (value, own, rival)]
        # only an empty list can be of both, and it is of the sender's other alternative as well
        return None not in items and self.are_apart(items[0], items[2])

    def _compare_properties(self, sent: JsonObject, received: JsonObject) -> list[Gap] | None:
        mine, yours = (_members(schema, "properties") for schema in (sent, received))
        patterns, wanted = (_members(schema, "patternProperties") for schema in (sent, received))
        if not any(keyword in received for keyword in _OF_PROPERTIES):
            return []
        if patterns.keys() != wanted.keys() or (_ASKING & received.keys() and mine.keys() != yours.keys()):
            return None
        rest = sent.get("additionalProperties", True)
        if (rest is not False or patterns) and not yours.keys() <= mine.keys():
            return None
        other = received.get("additionalProperties", True)
        if (other is not True or wanted) and not mine.keys() <= yours.keys():
            return None
        gaps: list[Gap] = []
        for name in (name for name in mine if name in yours):
            gaps += self._under(GapStep("property", name), mine[name], yours[name], sent)
        for pattern, each in patterns.items():
            gaps += self._under(GapStep("name", pattern), each, wanted[pattern], sent)
        return gaps + self._under(GapStep("name"), rest, other, sent)

    def _compare_items(self, sent: JsonObject, received: JsonObject) -> list[Gap] | None:
        first, wanted = (_listed(schema, "prefixItems") for schema in (sent, received))
        if not any(keyword in received for keyword in _OF_ITEMS):
            return []
        if len(first) != len(wanted):
            return None
        gaps: list[Gap] = []
        for index, (one, other) in enumerate(zip(first, wanted, strict=True)):
            gaps += self._under(GapStep("prefix", index=index), one, other, sent)
        step = GapStep("item", index=len(first))
        return gaps + self._under(step, sent.get("items", True), received.get("items", True), sent)

    def _under(self, step: GapStep, one: JsonValue, other: JsonValue, around: JsonObject) -> list[Gap]:
        """Compare the schemas of a part of the value."""
        gaps = self.compare(one, other)
        form = self.form_of(around) if gaps else None
        if form is None:
            return [Gap(gap.keyword) for gap in gaps]
        return [gap.under(step, form) for gap in gaps]


def _plain_items(schema: JsonValue) -> JsonValue:
    """Return the items of a list that may be empty, of which nothing else is said; None for others."""
    if isinstance(schema, dict) and schema.keys() == {"type", "items"} and schema["type"] == ["array"]:
        return schema["items"]
    return None


def _join_reference(schema: JsonObject) -> JsonObject:
    """Write a reference beside other keywords, or alone in `allOf`, as a sealed schema has it."""
    members = schema.get("allOf")
    listed = members if isinstance(members, list) else []
    if len(schema) == len(listed) == 1 and isinstance(listed[0], dict):
        return _join_reference(listed[0])
    if "$ref" not in schema or len(schema) == 1:
        return schema
    rest: JsonObject = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return {**rest, "allOf": [*listed, {"$ref": schema["$ref"]}]}


def _members(schema: JsonObject, keyword: str) -> JsonObject:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _listed(schema: JsonObject, keyword: str) -> list[JsonValue]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def _name(schema: JsonObject) -> str:
    return str(schema["$ref"]).removeprefix(DEFINITIONS)
