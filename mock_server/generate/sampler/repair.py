"""
Repair: a value that breaks its schema, changed where it does until it conforms.

A local search. Each step takes one broken keyword, proposes changes that would satisfy it, and keeps the proposal that
leaves the least broken. It needs no model of the schema but its validator, so it finds values where nothing else does;
it is slow, so nothing else should be left to it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from mock_server.generate.clock import is_late
from mock_server.generate.sampler.draw import Draw, DrawState, NothingFits
from mock_server.json_values import JsonObject, JsonValue, Pointer, array_index, as_list, as_object
from mock_server.schema.validate import Breach

_STEPS = 30
_PRUNINGS = 24
_PROPOSALS = 14  # of one step
_MADE = 3  # values of one subschema
# How often a step that makes nothing better is taken.
_SIDEWAYS = 0.6
_BACKWARDS = 0.1
_SPARE_NAMES = ("foo", "bar", "a", "b", "key")
# Small values of every type.
CATALOGUE: tuple[JsonValue, ...] = (
    None, True, False, 0, 1, -1, 2, 10, 100, 0.5, 1.5, -1.5, 1e6, "", "a", "text", "foo", "bar", "0", "1", "A-1",
    "2026-01-01", "2026-01-01T00:00:00Z", "a@example.com", "https://example.com", [], {}, [None], [0], [1], ["a"], [1,
                                                                                                                    2],
    ["a", "b"], [1, "a"], [[]], [{}], {"a": 1}, {"a": "a"}, {"foo": "a"}, {"foo": 1}, {"bar": "a"}, {"bar": 1},
    {"foo": "a", "bar": "a"}, {"foo": 1, "bar": 2}, {"a": 1, "b": 2},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Gone:
    """In the place of a value: it is left out."""


_GONE = _Gone()
_ANYTHING: JsonObject = {}
_Proposal = JsonValue | _Gone


@dataclass(eq=False, repr=False)
class Repair:
    """Repairs values of one schema."""

    schema: JsonObject  # self-contained
    breaches: Callable[[JsonValue], list[Breach]]
    compile: Callable[[JsonValue], Draw]  # a subschema of it
    _draws: dict[int, Draw] = field(default_factory=dict)

    def find(self, starts: Iterable[JsonValue], random: Random) -> tuple[JsonValue] | None:
        """
        Change values until one conforms.

        Args:
            starts: Values to begin with, the nearest first.
            random: Where chance comes from.

        Returns:
            The value in a tuple, since it may be null; None where that did not work.
        """
        for start in starts:
            found = self._climb(start, random)
            if found is not None:
                return found
        return None

    def prune(self, value: JsonValue) -> tuple[JsonValue] | None:
        """Leave out the parts that break a keyword: quick for a large value with a few optional ones."""
        for _ in range(_PRUNINGS):
            breaches = self.breaches(value)
            if not breaches:
                return (value,)
            for breach in reversed(breaches):  # the last items first, since those behind one that goes move up
                if not _is_there(value, breach.instance):
                    continue
                pruned = _pruned(value, breach)
                if isinstance(pruned, _Gone):
                    return None
                value = pruned
        return None

    def _climb(self, value: JsonValue, random: Random) -> tuple[JsonValue] | None:
        state = DrawState(random.getrandbits(63), static=False, echo={})
        state.tight = True
        breaches = self.breaches(value)
        for _ in range(_STEPS):
            if not breaches:
                return (value,)
            if is_late():
                return None
            breach = random.choice(breaches)
            options: list[tuple[int, int, JsonValue, list[Breach]]] = []
            for proposal in islice(self._proposals(breach, _at(value, breach.instance), state, random), _PROPOSALS):
                if is_late():
                    return None
                changed = _replaced(value, breach.instance, proposal)
                if not isinstance(changed, _Gone):
                    left = self.breaches(changed)
                    if not left:
                        return (changed,)
                    options.append((len(left), len(options), changed, left))
            if not options:
                continue
            count, _, changed, left = min(options, key=lambda option: option[:2])
            if count >= len(breaches):
                count, _, changed, left = random.choice(options)
            chance = 1.0
            if count >= len(breaches):
                chance = _SIDEWAYS if count == len(breaches) else _BACKWARDS
            if random.random() < chance:
                value, breaches = changed, left
        return None

    def _proposals(self, breach: Breach, node: JsonValue, s: DrawState, random: Random) -> Iterator[_Proposal]:
        """Yield replacements of a value that breaks a keyword, the likeliest first."""
        keyword = str(breach.path[-1]) if breach.path else ""
        holder = _subschema(self.schema, breach.path[:-1])
        if "propertyNames" in breach.path:
            yield from _without(node, breach.names)
        if isinstance(node, dict):
            yield from self._for_object(keyword, holder, node, breach, s)
        if isinstance(node, list):
            yield from self._for_array(keyword, holder, node, s, random)
        if keyword in {"anyOf", "oneOf"}:
            yield from self._for_choice(holder.get(keyword), node, s, random)
        yield from self._made(holder, s)
        if breach.instance:
            yield _GONE
        yield from random.sample(CATALOGUE, 6)

    def _for_object(
        self, keyword: str, holder: JsonObject, node: JsonObject, breach: Breach, s: DrawState
    ) -> Iterator[JsonValue]:
        properties = holder.get("properties")
        known = as_object(properties)
        if keyword in {"required", "dependentRequired"}:
            for name in breach.names:
                yield from ({**node, name: value} for value in self._made(known.get(name, True), s))
        elif keyword in {"additionalProperties", "unevaluatedProperties"}:
            yield from _without(node, breach.names)
        elif keyword == "minProperties":
            for name in (*known, *_SPARE_NAMES):
                if name not in node:
                    yield from (
                        {**node, name: value}
                        for value in self._made(known.get(name, holder.get("additionalProperties", True)), s)
                    )
        if keyword in {"maxProperties", "not", "dependentRequired", "oneOf"}:
            yield from ({key: value for key, value in node.items() if key != name} for name in node)
        if keyword in {"not", "oneOf"}:
            yield from ({**node, name: value} for name in _SPARE_NAMES if name not in node for value in (1, "a"))

    def _for_array(
        self, keyword: str, holder: JsonObject, node: list[JsonValue], s: DrawState, random: Random
    ) -> Iterator[JsonValue]:
        at = random.randrange(len(node)) if node else 0
        if keyword in {"contains", "minContains"}:
            for value in self._made(holder.get("contains", True), s):
                yield [*node, value]
                yield [*node[:at], value, *node[at + 1 :]]
                yield [*node[:at], value, *node[at:]]
        elif keyword == "minItems":
            yield from ([*node, value] for value in self._made(holder.get("items", True), s))
            yield [*node, *node[-1:]]
        if (
            keyword
            in {"maxItems", "uniqueItems", "unevaluatedItems", "maxContains", "contains", "items", "not", "oneOf"}
            and node
        ):
            yield node[:-1]
            yield [*node[:at], *node[at + 1 :]]
        if keyword in {"not", "oneOf", "maxContains", "minContains", "uniqueItems"}:
            for value in (*random.sample(CATALOGUE, 3), *node[at : at + 1]):
                yield [*node, value]
                yield [*node[:at], value, *node[at + 1 :]]

    def _for_choice(self, branches: JsonValue, node: JsonValue, s: DrawState, random: Random) -> Iterator[JsonValue]:
        options = list(as_list(branches))
        random.shuffle(options)
        for branch in options:
            for value in islice(self._made(branch, s), 2):
                if isinstance(node, dict) and isinstance(value, dict):
                    yield {**node, **value}
                yield value

    def _made(self, schema: JsonValue, s: DrawState) -> Iterator[JsonValue]:
        """Yield some values of a subschema."""
        key = id(schema)  # a part of the schema, which lives as long as this does
        if key not in self._draws:
            self._draws[key] = self.compile(schema)
        for _ in range(_MADE):
            s.row = (s.row + 257) & 65535
            s.depth, s.budget = 0, 50
            s.active.clear()
            try:
                yield self._draws[key](s)
            except (NothingFits, RecursionError):
                return


def _pruned(value: JsonValue, breach: Breach) -> _Proposal:
    """Return the value without surplus parts, or else without the wrong part."""
    keyword = breach.path[-1] if breach.path else ""
    node = _at(value, breach.instance)
    if isinstance(node, dict) and set(breach.names) & node.keys():
        return _replaced(
            value, breach.instance, {key: member for key, member in node.items() if key not in breach.names}
        )
    if keyword == "unevaluatedItems" and isinstance(node, list) and node:
        return _replaced(value, breach.instance, node[:-1])
    return _replaced(value, breach.instance, _GONE)


def _subschema(schema: JsonObject, path: Pointer) -> JsonObject:
    """Return the subschema that a path leads to; an empty one for a path that leads nowhere."""
    found: JsonValue = schema
    for token in path:
        if isinstance(found, dict):
            found = found.get(token)
        elif isinstance(found, list) and token.isdigit() and int(token) < len(found):
            found = found[int(token)]
    if isinstance(found, dict):
        return found
    return _ANYTHING


def _without(node: JsonValue, names: tuple[str, ...]) -> Iterator[JsonValue]:
    if isinstance(node, dict):
        yield {key: value for key, value in node.items() if key not in names}


def _is_there(value: JsonValue, pointer: Pointer) -> bool:
    """Return True if a value still has a place after earlier changes."""
    for token in pointer:
        index = array_index(token) if isinstance(value, list) else None
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and index is not None and index < len(value):
            value = value[index]
        else:
            return False
    return True


def _at(value: JsonValue, pointer: Pointer) -> JsonValue:
    for token in pointer:
        if isinstance(value, dict):
            value = value.get(token)
        elif isinstance(value, list):
            value = value[array_index(token) or 0]
    return value


def _replaced(value: JsonValue, pointer: Pointer, proposal: _Proposal) -> _Proposal:
    """Return the value with a replacement at a place; `_GONE` where nothing is left."""
    if not pointer:
        return proposal
    token, rest = pointer[0], pointer[1:]
    if isinstance(value, dict):
        inner = _replaced(value.get(token), rest, proposal)
        kept = {key: member for key, member in value.items() if key != token}
        if isinstance(inner, _Gone):
            return kept
        return {**value, token: inner}
    if isinstance(value, list):
        index = array_index(token) or 0
        inner = _replaced(value[index], rest, proposal)
        return [*value[:index], *([] if isinstance(inner, _Gone) else [inner]), *value[index + 1 :]]
    return value
