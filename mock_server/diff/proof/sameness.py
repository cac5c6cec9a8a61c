"""
Schemas that say the same, however they are written.

Two schemas say the same if they are written alike, or have the same canonical form, and what they refer to says the
same. Equal sets stay equal in every place, so this needs no regard for what is sealed, for alternatives or for `not`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import orjson

from mock_server.diff.pairwise import Pairwise
from mock_server.diff.policy import DEFINITIONS
from mock_server.diff.proof.sides import SchemaSide
from mock_server.document.references import Node
from mock_server.json_values import JsonObject, JsonValue, as_object, same_json
from mock_server.schema.canonical import as_json

_ASKING: Final = frozenset(("unevaluatedProperties", "unevaluatedItems"))
_MAPS: Final = frozenset(("properties", "patternProperties", "dependentSchemas"))
_LISTS: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_PARTS: Final = frozenset(("properties", "patternProperties", "items", "prefixItems", "additionalProperties"))
_ONES: Final = frozenset(
    ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else", *_ASKING)
)
_BESIDE: Final = frozenset(("$defs", "$schema"))


class _DefinitionPair(NamedTuple):
    """A definition of the sender's and one of the receiver's."""

    sent: str
    received: str
    is_literal: bool  # only the writing counts: `unevaluatedProperties` asks what it names


@dataclass(eq=False, repr=False)
class Sameness:
    """Finds out which schemas of a sender and a receiver say the same. What was found out is kept."""

    sender: SchemaSide
    receiver: SchemaSide
    is_unchanged: Callable[[Node, Node], bool]  # whether two places are written the same, with all they refer to
    _forms: dict[tuple[bytes, bytes], tuple[JsonValue, JsonValue] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare what is kept."""
        self._pairs = Pairwise(self._look)

    @property
    def is_plain(self) -> bool:
        """True where a receiver accepts what its document does: it is not sealed, or the sender is as well."""
        return not self.receiver.is_sealed or self.sender.is_sealed

    def of_definitions(self, sent: str, received: str) -> bool:
        """Return whether two definitions say the same; the sender's may be a sealed one."""
        return self.is_plain and self._pairs.holds(self._pair(self.sender.base_name(sent), received, literal=False))

    def of_schemas(self, sent: JsonValue, received: JsonValue) -> bool:
        """Return whether two schemas say the same, as their documents have them."""
        if not self.is_plain:
            return False
        pairs = self._compare(sent, received, literal=self.receiver.is_sealed)
        return pairs is not None and all(map(self._pairs.holds, pairs))

    def of_keyword(self, keyword: str, sent: JsonObject, received: JsonObject) -> bool:
        """Return whether a keyword of two schemas says the same."""
        if not self.is_plain:
            return False
        is_literal = self.receiver.is_sealed or bool(_ASKING & (sent.keys() | received.keys()))
        pairs = self._compare_keyword(keyword, sent[keyword], received[keyword], literal=is_literal)
        return pairs is not None and all(map(self._pairs.holds, pairs))

    def of_objects(self, sent: JsonValue, received: JsonValue, names: Iterable[str]) -> bool:
        """Return whether two schemas say the same of objects that have no other properties than some."""
        if not isinstance(sent, dict) or not isinstance(received, dict) or sent.keys() != received.keys():
            return False
        if not all(self.of_keyword(keyword, sent, received) for keyword in sent if keyword != "properties"):
            return False
        one, other = as_object(sent.get("properties")), as_object(received.get("properties"))
        return one.keys() == other.keys() and all(
            self.of_schemas(one[name], other[name]) for name in names if name in one
        )

    def _pair(self, sent: str, received: str, *, literal: bool) -> _DefinitionPair:
        return _DefinitionPair(sent, received, literal or self.receiver.is_sealed)

    def _look(self, pair: _DefinitionPair) -> Iterable[_DefinitionPair] | None:
        one, other = self.sender.origins.get(pair.sent), self.receiver.origins.get(pair.received)
        if one is not None and other is not None and self.is_unchanged(one, other):
            return []
        sent, received = self.sender.definitions.get(pair.sent), self.receiver.definitions.get(pair.received)
        return self._compare(sent, received, literal=pair.is_literal)

    def _compare(self, one: JsonValue, other: JsonValue, *, literal: bool) -> list[_DefinitionPair] | None:
        """Compare two schemas; None where they differ, else the definitions that have to say the same as well."""
        if not isinstance(one, dict) or not isinstance(other, dict):
            return [] if same_json(one, other) else self._compare_forms(one, other, literal=literal)
        is_literal = literal or bool(_ASKING & (one.keys() | other.keys()))
        if one.keys() != other.keys():
            return self._compare_forms(one, other, literal=is_literal)
        found: list[_DefinitionPair] = []
        for keyword, value in one.items():
            pairs = self._compare_keyword(keyword, value, other[keyword], literal=is_literal)
            if pairs is None and keyword in _PARTS and _has_same_members(value, other[keyword]):
                return None  # some part differs, and no other keyword makes up for that
            if pairs is None:
                return self._compare_forms(one, other, literal=is_literal)
            found += pairs
        return found

    def _compare_keyword(
        self, keyword: str, value: JsonValue, other: JsonValue, *, literal: bool
    ) -> list[_DefinitionPair] | None:
        if keyword == "$ref":
            return [self._pair(self.sender.base_name(_name(value)), _name(other), literal=literal)]
        if keyword in _ONES:
            return self._compare(value, other, literal=literal)
        if not _has_same_members(value, other):
            return [] if same_json(value, other) else None
        if keyword in _MAPS and isinstance(value, dict) and isinstance(other, dict):
            return self._compare_each([(child, other[name]) for name, child in value.items()], literal=literal)
        if keyword in _LISTS and isinstance(value, list) and isinstance(other, list):
            return self._compare_each(list(zip(value, other, strict=True)), literal=literal)
        return [] if same_json(value, other) else None

    def _compare_each(
        self, children: list[tuple[JsonValue, JsonValue]], *, literal: bool
    ) -> list[_DefinitionPair] | None:
        found: list[_DefinitionPair] = []
        for one, other in children:
            pairs = self._compare(one, other, literal=literal)
            if pairs is None:
                return None
            found += pairs
        return found

    def _compare_forms(self, one: JsonValue, other: JsonValue, *, literal: bool) -> list[_DefinitionPair] | None:
        """Compare the canonical forms of two schemas that are written in different ways."""
        forms = None if literal else self._known_forms(one, other)
        if forms is None:
            return None
        found: list[_DefinitionPair] = []
        for pair in _iter_pairs(*forms):
            if pair is None:
                return None
            found.append(pair)
        return found

    def _known_forms(self, one: JsonValue, other: JsonValue) -> tuple[JsonValue, JsonValue] | None:
        try:
            key = (orjson.dumps(one), orjson.dumps(other))
        except TypeError:  # a number beyond 64 bits
            return None
        if key not in self._forms:
            sides = self.sender.unsealed(), self.receiver.unsealed()
            written = [_written(side, schema) for side, schema in zip(sides, (one, other), strict=True)]
            self._forms[key] = None if None in written else (written[0], written[1])
        return self._forms[key]


def _has_same_members(one: JsonValue, other: JsonValue) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys()
    return isinstance(one, list) and isinstance(other, list) and len(one) == len(other)


def _name(reference: JsonValue) -> str:
    return str(reference).removeprefix(DEFINITIONS)


def _written(side: SchemaSide, schema: JsonValue) -> JsonValue:
    """Return the canonical form of a schema as JSON; None where it has none."""
    form = side.whole_form(schema)
    if form is None:
        return None
    written = as_json(form.to_json_schema())
    if not isinstance(written, dict):
        return written
    out: JsonObject = {keyword: value for keyword, value in written.items() if keyword not in _BESIDE}
    return out


def _iter_pairs(one: JsonValue, other: JsonValue) -> Iterator[_DefinitionPair | None]:
    """Yield the definitions that two canonical forms refer to at the same places; None where the forms differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for keyword, value in one.items():
            if keyword == "$ref" and isinstance(value, str):
                yield _DefinitionPair(_name(value), _name(other[keyword]), is_literal=False)
            else:
                yield from _iter_pairs(value, other[keyword])
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for item, each in zip(one, other, strict=True):
            yield from _iter_pairs(item, each)
    elif isinstance(one, dict | list) or isinstance(other, dict | list) or not same_json(one, other):
        yield None
