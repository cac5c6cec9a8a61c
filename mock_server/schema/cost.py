"""
The cost of a schema, counted before it is used.

jsonschema-rs can't be interrupted, and some small schemas take it hours: forty definitions that each refer twice to
the next one ask for 2^40 steps, twelve unions of three alternatives have 531,441 combinations. So both numbers are
worked out first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.json_values import JsonObject, JsonValue, as_object

MOST_STEPS: Final = 10_000_000  # subschemas that one part of a value is judged by: a tenth of a second
MOST_CASES: Final = 500  # combinations of alternatives that are told apart
_MOST: Final = 10**12  # counting ends here
_DEFINITIONS: Final = "#/$defs/"
# Keywords whose subschemas speak of the value itself: one, a list, a map.
_ONE: Final = ("not", "if", "then", "else")
_LISTS: Final = ("allOf", "anyOf", "oneOf")
_MAPS: Final = ("dependentSchemas",)
# And those whose subschemas speak of its parts.
_PART: Final = (
    "items",
    "additionalProperties",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_PART_LISTS: Final = ("prefixItems",)
_PART_MAPS: Final = ("properties", "patternProperties")
_CHILD_CASES: Final = 100  # of a part: what is around it multiplies them
_NEGATIONS: Final = 4  # one inside the other
_LONG_ENUM: Final = 2_000  # values of which some will do


@dataclass(eq=False, repr=False)
class Effort:
    """Counts the steps that judging takes, for the definitions of a document; each definition is counted once."""

    definitions: Mapping[str, JsonValue]
    _steps: dict[str, int] = field(default_factory=dict)

    def steps(self, schema: JsonValue) -> int:
        """
        Count the subschemas that one part of a value may be judged by.

        What leads back to itself counts once: jsonschema-rs remembers its verdicts on that.
        """
        todo = [(name, False) for name in dict.fromkeys(iter_references(schema))]
        while todo:
            name, is_next = todo.pop()
            if is_next:
                self._steps[name] = self._count(self.definitions.get(name, True))
            elif name not in self._steps:
                self._steps[name] = 1
                todo.append((name, True))
                todo.extend(
                    (other, False) for other in dict.fromkeys(iter_references(self.definitions.get(name, True)))
                )
        return self._count(schema)

    def _count(self, schema: JsonValue) -> int:
        if not isinstance(schema, dict):
            return 1
        own = 1 + sum(map(self._count, _subschemas(schema, _ONE, _LISTS, _MAPS)))
        ref = schema.get("$ref")
        if isinstance(ref, str):
            own += self._steps.get(ref.removeprefix(_DEFINITIONS), 1)
        inside = max(map(self._count, _subschemas(schema, _PART, _PART_LISTS, _PART_MAPS)), default=0)
        return min(own + inside, _MOST)


def count_cases(schema: JsonValue) -> int:
    """Count the combinations of alternatives in a schema, references aside."""
    total = 1
    for factor in _factors(schema):
        total = min(total * factor, _MOST)
    return total


def thin(schema: JsonValue, room: int = MOST_CASES) -> JsonValue:
    """
    Leave alternatives out, so that no more combinations are left than there is room for.

    What is left admits values of the schema, though not all of them; where a condition had to be left out, other
    values, too. So what is made by it has to be judged by the whole. A schema with few alternatives is given back as
    it is.
    """
    if not isinstance(schema, dict):
        return schema
    out: JsonObject = {keyword: _thin_parts(keyword, value) for keyword, value in schema.items()}
    if "not" in out and _count_negations(out["not"]) >= _NEGATIONS:
        del out["not"]
    if count_cases(out) > room:
        _thin_alternatives(out, room)
    if all(out[keyword] is value for keyword, value in schema.items() if keyword in out) and len(out) == len(schema):
        return schema
    return out


def _count_negations(schema: JsonValue) -> int:
    """Count the nesting of `not`."""
    if isinstance(schema, list):
        return max(map(_count_negations, schema), default=0)
    if not isinstance(schema, dict):
        return 0
    return max((_count_negations(value) + (keyword == "not") for keyword, value in schema.items()), default=0)


def _thin_parts(keyword: str, value: JsonValue) -> JsonValue:
    """Return the same with the parts of a value thinned."""
    if keyword in _PART:
        return thin(value, _CHILD_CASES)
    if keyword == "enum" and isinstance(value, list) and len(value) > _LONG_ENUM:
        return value[:_LONG_ENUM]
    if keyword in _PART_LISTS and isinstance(value, list):
        items = [thin(item, _CHILD_CASES) for item in value]
        if any(map(_differ, items, value)):
            return items
        return value
    if keyword in _PART_MAPS and isinstance(value, dict):
        members = {name: thin(member, _CHILD_CASES) for name, member in value.items()}
        if any(map(_differ, members.values(), value.values())):
            return members
        return value
    if keyword in _LISTS and isinstance(value, list):
        branches = [thin(branch) for branch in value]
        if any(map(_differ, branches, value)):
            return branches
        return value
    return value


def _differ(one: JsonValue, other: JsonValue) -> bool:
    return one is not other


def _thin_alternatives(out: JsonObject, room: int) -> None:
    """Share the room among the keywords that have alternatives; those with few get all of theirs."""
    slots = sorted(_slots(out), key=lambda slot: slot[0])
    for index, (cases, keyword, which) in enumerate(slots):
        share = max(1, min(cases, int(room ** (1 / (len(slots) - index)))))
        if cases > share:
            _shrink(out, keyword, which, share)
        room = max(1, room // share)


def _slots(schema: JsonObject) -> Iterator[tuple[int, str, int]]:
    """Yield the keywords with alternatives, their number, and the index of a member of `allOf`."""
    for index, member in enumerate(_list(schema, "allOf")):
        if (cases := count_cases(member)) > 1:
            yield cases, "allOf", index
    for keyword in ("anyOf", "oneOf", "if", "not", "dependentSchemas", "dependentRequired"):
        if keyword in schema and (cases := _cases_of(schema, keyword)) > 1:
            yield cases, keyword, 0


def _shrink(out: JsonObject, keyword: str, index: int, share: int) -> None:
    if keyword == "allOf":
        members = list(_list(out, "allOf"))
        members[index] = thin(members[index], share)
        out["allOf"] = members
    elif keyword in {"anyOf", "oneOf"}:
        out[keyword] = _some(_list(out, keyword), share)
    elif keyword == "if":
        condition, then = out.pop("if"), out.pop("then", True)
        out.pop("else", None)
        out["allOf"] = [*_list(out, "allOf"), thin(condition, 1), thin(then, share)]
    else:
        del out[keyword]


def _some(branches: list[JsonValue], share: int) -> list[JsonValue]:
    """As many of the alternatives as there is room for; one at least."""
    kept: list[JsonValue] = []
    for branch in branches:
        thinned = thin(branch, max(1, share))
        share -= count_cases(thinned)
        if kept and share < 0:
            break
        kept.append(thinned)
    return kept


def _factors(schema: JsonValue) -> Iterator[int]:
    """Yield the numbers of alternatives that multiply."""
    if not isinstance(schema, dict):
        return
    for member in _list(schema, "allOf"):
        yield from _factors(member)
    for keyword in ("anyOf", "oneOf", "if", "not", "dependentSchemas", "dependentRequired"):
        if keyword in schema:
            yield _cases_of(schema, keyword)


def _cases_of(schema: JsonObject, keyword: str) -> int:
    value = schema[keyword]
    if keyword in {"anyOf", "oneOf"}:
        return max(1, min(sum(map(count_cases, _list(schema, keyword))), _MOST))
    if keyword == "if":
        held = count_cases(value) * count_cases(schema.get("then", True))
        return min(held + _ways_to_break(value) * count_cases(schema.get("else", True)), _MOST)
    if keyword == "not":
        return max(1, _ways_to_break(value))
    total = 1
    for member in as_object(value).values():
        total = min(total * (1 + count_cases(member)), _MOST)
    return total


def _ways_to_break(schema: JsonValue) -> int:
    """Count the alternatives of the complement of a schema."""
    if not isinstance(schema, dict):
        return 1
    ways = 0
    for keyword, value in schema.items():
        if keyword in {"anyOf", "oneOf"}:
            product = 1
            for branch in _list(schema, keyword):
                product = min(product * max(1, _ways_to_break(branch)), _MOST)
            ways += product
        elif keyword == "allOf":
            ways += sum(map(_ways_to_break, _list(schema, keyword)))
        elif keyword == "not":
            ways += count_cases(value)
        elif keyword == "if":
            ways += _cases_of(schema, "if")
        elif keyword in _PART_MAPS and isinstance(value, dict):
            ways += sum(map(_ways_to_break, value.values()))
        elif keyword == "required" and isinstance(value, list):
            ways += len(value)
        else:
            ways += 1
    return min(max(ways, 1), _MOST)


def _subschemas(
    schema: JsonObject, ones: tuple[str, ...], lists: tuple[str, ...], maps: tuple[str, ...]
) -> Iterator[JsonValue]:
    for keyword in ones:
        if keyword in schema:
            yield schema[keyword]
    for keyword in lists:
        yield from _list(schema, keyword)
    for keyword in maps:
        value = schema.get(keyword)
        if isinstance(value, dict):
            yield from value.values()


def _list(schema: JsonObject, keyword: str) -> list[JsonValue]:
    value = schema.get(keyword)
    if isinstance(value, list):
        return value
    return []


def iter_references(schema: JsonValue) -> Iterator[str]:
    """Iterate over the names of the definitions that a schema refers to, as often as it does."""
    stack = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            ref = part.get("$ref")
            if isinstance(ref, str):
                yield ref.removeprefix(_DEFINITIONS)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
