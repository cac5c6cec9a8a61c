"""
The locations of a schema: each place of a value that a subschema speaks of, nearest first.

A definition that is reached on several ways is walked once, on the shortest; so the locations of a document that
refers to itself are finite, and their number grows with what is written, not with what it multiplies out to.

Source: JSON Schema 2020-12 core, section 7.1 (instance locations, keyword locations)
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object
from mock_server.schema.bundle import Bundle
from mock_server.schema.sites import Start, find_item, find_named_member, find_other_member, follow, iter_alternatives
from mock_server.schema.types import TYPES

_FOLLOWED: Final = frozenset(("$ref", "allOf", "$defs"))
_SAFE: Final = "/*~@$-._"
# What is written for a location, references not followed: keyword locations and subschemas.
Starts = tuple[tuple[Pointer, JsonValue], ...]


@dataclass(frozen=True, slots=True, eq=False)
class LocatedSubschema:
    """One subschema that speaks of a location."""

    path: Pointer  # its keyword location in the bundle
    schema: JsonObject  # without `$ref` and `allOf`: what these lead to are parts of their own
    label: str  # short and stable: `Driver/tags/*`
    is_new: bool  # not met at an earlier location


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """A place in a value."""

    parent: "Location | None"
    step: str | int | None  # from the parent's value; None for the same value, narrowed to one alternative
    starts: Starts  # what was written for it, references not followed
    parts: tuple[LocatedSubschema, ...]

    @property
    def instance(self) -> tuple[str | int, ...]:
        """The instance location."""
        return tuple(location.step for location in self.chain if location.step is not None)

    @property
    def pointer(self) -> Pointer:
        """The instance location as a JSON Pointer."""
        return tuple(map(str, self.instance))

    @property
    def chain(self) -> "tuple[Location, ...]":
        """The locations from the root to this one."""
        found: list[Location] = []
        location: Location | None = self
        while location is not None:
            found.append(location)
            location = location.parent
        return tuple(reversed(found))

    @property
    def name(self) -> str:
        """The property that it is, or that it is an item of; empty at the root."""
        return next((step for step in reversed(self.instance) if isinstance(step, str)), "")

    @property
    def is_alternative(self) -> bool:
        """True if it lies inside an alternative of `anyOf`, `oneOf` or a condition."""
        return any(location.step is None and location.parent is not None for location in self.chain)

    @property
    def schema(self) -> JsonObject:
        """The schema of the value: all of its constraints."""
        written = [start for _, start in self.starts if start is not True]
        if len(written) == 1 and isinstance(written[0], dict):
            return written[0]
        if written:
            return {"allOf": list(written)}
        return {}

    @property
    def types(self) -> tuple[str, ...]:
        """The types that the value may have, as far as `type` says it."""
        found = [type_ for type_ in TYPES if type_ != "integer" or not self._takes("number")]
        return tuple(type_ for type_ in found if self._takes(type_))

    def _takes(self, type_: str) -> bool:
        for part in self.parts:
            types = part.schema.get("type")
            if isinstance(types, list) and type_ not in types and not (type_ == "integer" and "number" in types):
                return False
        return True

    def keyword(self, name: str) -> list[JsonValue]:
        """Return the values of a keyword in all parts."""
        return [part.schema[name] for part in self.parts if name in part.schema]

    def new_keyword(self, name: str) -> list[JsonValue]:
        """Return the values of a keyword in the parts that were not met at an earlier location."""
        return [part.schema[name] for part in self.parts if part.is_new and name in part.schema]


@dataclass(eq=False)
class _Walk:
    definitions: Mapping[str, JsonValue]
    labels: dict[Pointer, str]
    met: set[Pointer] = field(default_factory=set)
    met_at: dict[tuple[str | int, ...], set[Pointer]] = field(default_factory=dict)  # by place of a value

    def locate(
        self,
        parent: Location | None,
        step: str | int | None,
        starts: Starts,
        held: tuple[str | int, ...] | None = None,
    ) -> Location:
        """Follow the subschemas of a location to its parts; at a place of a value, subschemas met elsewhere are new."""
        if held is None:
            known = self.met
        else:
            known = self.met_at.setdefault(held, set())
        parts: list[LocatedSubschema] = []
        for path, schema, _ in follow((Start(*start) for start in starts), self.definitions, into_alternatives=False):
            own = {keyword: value for keyword, value in schema.items() if keyword not in _FOLLOWED}
            parts.append(LocatedSubschema(path, own, self._label(path), path not in known))
            known.add(path)
            self.met.add(path)
        return Location(parent, step, starts, tuple(parts))

    def _label(self, path: Pointer) -> str:
        """Return a keyword location in short: no `properties`, `*` for any item or other member."""
        head, rest = "body", path
        if path[:1] == ("$defs",):
            head, rest = self.labels.get(path[:2], path[1]), path[2:]
        out: list[str] = []
        index = 0
        while index < len(rest):
            token = rest[index]
            following = rest[index + 1] if index + 1 < len(rest) else ""
            if token in {"properties", "patternProperties", "prefixItems", "dependentSchemas"}:
                out.append(following)
                index += 1
            elif token in {"items", "additionalProperties"}:
                out.append("*")
            elif token in {"anyOf", "oneOf", "allOf"}:
                out.append(f"{token}~{following}")
                index += 1
            else:
                out.append(token)
            index += 1
        return quote("/".join((head, *out)), safe=_SAFE)


def walk(bundle: Bundle) -> Iterator[Location]:
    """List the locations of a bundle, breadth first: the shortest way to each is the one that is taken."""
    state, root = _begin(bundle)
    queue = deque([state.locate(None, None, root)])
    while queue:
        location = queue.popleft()
        yield location
        for step, starts in _below(location):
            if any(_is_news(state.met, path, schema) for path, schema in starts):
                queue.append(state.locate(location, step, starts))


def walk_value(bundle: Bundle, value: JsonValue) -> Iterator[tuple[Location, JsonValue]]:
    """
    List the locations that a value holds, breadth first, each with the value there.

    Each is listed although its subschemas were met elsewhere; of an array, the items that have different ones.
    """
    state, root = _begin(bundle)
    queue = deque([(state.locate(None, None, root, ()), value)])
    while queue:
        location, here = queue.popleft()
        yield location, here
        for step, starts in _below(location, here):
            if step is None:
                inside = here
            elif isinstance(here, dict) and step in here:
                inside = here[str(step)]
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                inside = here[step]
            else:
                continue
            held = location.instance if step is None else (*location.instance, step)
            met = state.met_at.get(held, set())
            if any(_is_news(met, path, schema) for path, schema in starts):
                queue.append((state.locate(location, step, starts, held), inside))


def _begin(bundle: Bundle) -> tuple[_Walk, Starts]:
    """Return the state of a walk, and the starts of the root."""
    definitions = bundle.schema.get("$defs")
    root: JsonObject = {keyword: value for keyword, value in bundle.schema.items() if keyword != "$defs"}
    return _Walk(as_object(definitions), _labels(bundle)), (((), root),)


def _labels(bundle: Bundle) -> dict[Pointer, str]:
    """
    Return the names of definitions in labels.

    By where they were written, so that no other operation has a say.
    """
    found: dict[Pointer, str] = {}
    for name, node in bundle.origins.items():
        pointer = node.pointer
        if pointer[:2] == ("components", "schemas") or pointer[:1] == ("definitions",):
            short = pointer[-1]
        else:
            short = ""
        same = (
            short and len(pointer) == (3 if pointer[0] == "components" else 2) and node.resource is bundle.node.resource
        )
        found["$defs", name] = short if same else "/".join((node.resource.name.rsplit("/", 1)[-1], *pointer))
    return found


def _is_news(met: set[Pointer], path: Pointer, schema: JsonValue) -> bool:
    """Return True if a start leads to a subschema that was not met yet."""
    if path in met or not isinstance(schema, dict):
        return False
    ref = schema.get("$ref")
    if isinstance(ref, str) and not (
        schema.keys() - {"$ref", "title", "description", "examples", "default", "deprecated"}
    ):
        return ("$defs", ref.removeprefix("#/$defs/")) not in met
    return True


def _below(location: Location, value: JsonValue = None) -> Iterator[tuple[str | int | None, Starts]]:
    """Iterate over the steps from a location: into alternatives, properties, other members and items."""
    for part in location.parts:
        for path, schema, tests in iter_alternatives(part.path, part.schema):
            yield None, (*location.starts, *tests, (path, schema))
    yield from _properties(location, value)
    yield from _items(location)


def _properties(location: Location, value: JsonValue) -> Iterator[tuple[str, Starts]]:
    names: dict[str, None] = {}
    others = False
    for part in location.parts:
        known = part.schema.get("properties")
        names.update(dict.fromkeys(as_object(known)))
        others = others or isinstance(part.schema.get("additionalProperties"), dict)
    for name in names:
        yield name, _members(location, name)
    held = [name for name in value if name not in names] if isinstance(value, dict) else []
    if others and held:
        yield from ((name, _members(location, name)) for name in held)
    elif others:
        free = next(name for name in ("key", "otherKey", "anotherKey", "k e y") if name not in names)
        yield free, _members(location, free)
    for part in location.parts:
        patterns = part.schema.get("patternProperties")
        for pattern, schema in as_object(patterns).items():
            name = _literal(pattern)
            if name and name not in names:
                yield name, (((*part.path, "patternProperties", pattern), schema),)


def _literal(pattern: str) -> str:
    """Return a name for a pattern of names, where it is as good as written out: `^x-`."""
    bare = pattern.removeprefix("^").removesuffix(".*").removesuffix("$")
    plain = bare.replace("\\-", "-").replace("\\.", ".")
    if plain and all(char.isalnum() or char in "-_" for char in plain):
        return plain
    return ""


def _members(location: Location, name: str) -> Starts:
    found = (
        find_named_member(part.path, part.schema, name) or find_other_member(part.path, part.schema)
        for part in location.parts
    )
    return tuple(each for each in found if each is not None)


def _items(location: Location) -> Iterator[tuple[int, Starts]]:
    longest = max((len(prefix) for prefix in location.keyword("prefixItems") if isinstance(prefix, list)), default=0)
    has_items = any(isinstance(items, dict) for items in location.keyword("items"))
    for index in range(longest + has_items):
        found = (find_item(part.path, part.schema, index) for part in location.parts)
        starts = tuple(each for each in found if each is not None)
        if starts:
            yield index, starts
