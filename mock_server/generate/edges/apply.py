"""
Carrying: a conforming value that holds a location, changed there and nowhere else.

What is missing on the way to the location, or stands in another alternative, is produced; the rest of the value stays
as it was drawn. Only what lies on the way is copied, so that one drawn value serves many changes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeAlias, TypeVar

from mock_server.errors import SchemaError
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.bundle import Bundle
from mock_server.schema.canonical import find_references
from mock_server.schema.locations import LocatedSubschema, Location
from mock_server.schema.validate import Validator

T = TypeVar("T")
_MOST_KEPT: Final = 20_000  # definitions in compiled schemas, which is some tens of megabytes


class NotCarried(Exception):
    """No value was found that holds a location."""


@dataclass(frozen=True, slots=True)
class Put:
    """Replace the value."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave members out."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Add:
    """Add members."""

    members: tuple[tuple[str, JsonValue], ...]


@dataclass(frozen=True, slots=True)
class Append:
    """Add items at the end."""

    items: tuple[JsonValue, ...]


Edit: TypeAlias = Put | Drop | Add | Append


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """Edits that may make an edge case of one location: to be proven before use."""

    location: Location
    part: LocatedSubschema  # whose keyword it is about
    keyword: str
    variant: str
    edits: Callable[[], Iterator[Edit]]  # the likeliest first
    silent: str = ""  # why none can, where that is known without a try
    detail: str = ""  # in words: "beyond the maximum 10"; empty where a bounded run does without


@dataclass(eq=False, repr=False)
class Editor:
    """
    Makes and judges values of the parts of one schema.

    Everything is compiled when it is first needed.
    """

    root: Producer
    _producers: "_LocationCache[Producer]" = field(default_factory=lambda: _LocationCache())  # noqa: PLW0108 - a class that comes below
    _validators: "_LocationCache[Validator]" = field(default_factory=lambda: _LocationCache())  # noqa: PLW0108 - a class that comes below
    _leads: dict[str, set[str]] = field(default_factory=dict)

    @property
    def bundle(self) -> Bundle:
        """The schema of the whole value."""
        return self.root.bundle

    @property
    def definitions(self) -> Mapping[str, JsonValue]:
        """The definitions that the parts refer to."""
        found = self.bundle.schema.get("$defs")
        if isinstance(found, dict):
            return found
        return {}

    def bundle_of(self, schema: JsonObject) -> Bundle:
        """Return a part of the schema, with everything that it refers to."""
        needed = self._closure(schema)
        if needed:
            schema = {**schema, "$defs": {name: self.definitions[name] for name in sorted(needed)}}
        return Bundle(schema, self.bundle.node, self.bundle.origins)

    def _closure(self, schema: JsonValue) -> set[str]:
        """Return the definitions that a part leads to."""
        found: set[str] = set()
        todo = list(find_references(schema))
        while todo:
            name = todo.pop()
            if name not in found and name in self.definitions:
                found.add(name)
                if name not in self._leads:
                    self._leads[name] = find_references(self.definitions[name])
                todo.extend(self._leads[name] - found)
        return found

    def produce(self, schema: JsonObject, seed: int, *, name: str = "", minimal: bool = False) -> JsonValue:
        """
        Make a value of a part.

        Raises:
            SchemaError: none was found.
        """
        producer = replace(self.root, bundle=self.bundle_of(schema), name=name, fallback=None)
        return producer.produce(SampleOptions(seed, static=False, minimal=minimal))

    def produce_at(self, location: Location, seed: int, *, minimal: bool = False) -> JsonValue:
        """
        Make a value for a location; its producer is kept.

        Raises:
            SchemaError: none was found.
        """
        producer = self._producers.find(location)
        if producer is None:
            bundle = self.bundle_of(location.schema)
            producer = replace(self.root, bundle=bundle, name=location.name, fallback=None)
            self._producers.keep(location, producer, _weight(bundle))
        return producer.produce(SampleOptions(seed, static=False, minimal=minimal))

    def accepts(self, location: Location, value: JsonValue) -> bool:
        """Return True if a value is allowed at a location."""
        return self.validator(location).is_valid(value)

    def validator(self, location: Location) -> Validator:
        """Return the judge of a location's value."""
        found = self._validators.find(location)
        if found is None:
            bundle = self.bundle_of(location.schema)
            found = Validator(bundle)
            self._validators.keep(location, found, _weight(bundle))
        return found

    def carry(self, base: JsonValue, location: Location, seed: int, *, minimal: bool = False) -> "EditedValue":
        """
        Let a value hold a location.

        Args:
            base: A conforming value; it stays as it is.
            location: What it has to hold.
            seed: For what is missing.
            minimal: Whether that should be small.

        Raises:
            NotCarried: nothing was found to stand there.
        """
        holder: list[JsonValue] = [base]
        carried = EditedValue(holder, holder, 0)
        for depth, step in enumerate(location.chain):
            if step.parent is not None:
                carried = self._step(carried, step, derive_seed(seed, depth), minimal=minimal)
        return carried

    def _step(self, carried: "EditedValue", location: Location, seed: int, *, minimal: bool) -> "EditedValue":
        try:
            if location.step is None:
                if not self.accepts(location, carried.value):
                    carried.value = self.produce_at(location, seed, minimal=minimal)
                return carried
            return self._step_into(carried, location, location.step, seed, minimal=minimal)
        except SchemaError as error:
            raise NotCarried(f"no value was found for /{'/'.join(location.pointer)}") from error

    def _step_into(
        self, carried: "EditedValue", location: Location, step: str | int, seed: int, *, minimal: bool
    ) -> "EditedValue":
        """Step to a member or an item; where there is none, or nothing that has any, one is made."""
        container: type = dict if isinstance(step, str) else list
        if not isinstance(carried.value, container):
            if location.parent is not None:
                around = location.parent.schema
            else:
                around = {}
            narrowed: JsonObject = {"allOf": [around, {"type": ["object" if container is dict else "array"]}]}
            carried.value = self.produce(narrowed, seed, name=location.name, minimal=minimal)
        inside = carried.value
        if isinstance(inside, dict | list):
            carried.value = inside = inside.copy()
        if isinstance(inside, dict) and isinstance(step, str):
            if step not in inside:
                inside[step] = self.produce_at(location, seed, minimal=minimal)
            return EditedValue(carried.holder, inside, step)
        if isinstance(inside, list) and isinstance(step, int):
            while len(inside) <= step:
                inside.append(self.produce_at(location, derive_seed(seed, len(inside)), minimal=minimal))
            return EditedValue(carried.holder, inside, step)
        raise NotCarried(f"nothing can hold /{'/'.join(location.pointer)}")


def _weight(bundle: Bundle) -> int:
    """Return how much a compiled schema holds: about as much as it has definitions."""
    definitions = bundle.schema.get("$defs")
    return 1 + (len(definitions) if isinstance(definitions, dict) else 0)


class _LocationCache(Generic[T]):
    """A bounded cache of what is compiled for locations; the oldest goes first."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Location, T, int]] = {}  # the location lives as long as its key
        self._weight = 0

    def find(self, location: Location) -> T | None:
        known = self._found.get(id(location))
        if known is not None:
            return known[1]
        return None

    def keep(self, location: Location, made: T, weight: int) -> None:
        self._found[id(location)] = (location, made, weight)
        self._weight += weight
        while self._weight > _MOST_KEPT and len(self._found) > 1:
            oldest = next(iter(self._found))
            self._weight -= self._found.pop(oldest)[2]


@dataclass(slots=True)
class EditedValue:
    """
    A value and one place of it.

    What is changed is copied, the rest is shared: never change it in place.
    """

    holder: list[JsonValue]  # of the whole value
    container: dict[str, JsonValue] | list[JsonValue]
    key: str | int

    @property
    def whole(self) -> JsonValue:
        """The whole value."""
        return self.holder[0]

    @property
    def value(self) -> JsonValue:
        """The value at the place."""
        return self.container[self.key]  # type: ignore[index]

    @value.setter
    def value(self, value: JsonValue) -> None:
        self.container[self.key] = value  # type: ignore[index]

    def apply(self, edit: Edit) -> None:
        """
        Change the place.

        Raises:
            NotCarried: what stands there has no members, or no items.
        """
        here = self.value
        match edit:
            case Put(value):
                self.value = value
            case Drop(names) if isinstance(here, dict):
                self.value = {name: member for name, member in here.items() if name not in names}
            case Add(members) if isinstance(here, dict):
                self.value = {**here, **dict(members)}
            case Append(items) if isinstance(here, list):
                self.value = [*here, *items]
            case _:
                raise NotCarried("what stands there has another type")
