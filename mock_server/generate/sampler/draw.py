"""The state of one draw: chance, depth, and the parts that the rest has to agree with."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final, NamedTuple, cast

from mock_server.json_values import JsonObject, JsonValue

# Rows of a column, and how many rows there are before the numbers of things repeat.
ROW_MASK = 255
MANY_ROWS = 65_536

# How deep objects are drawn in full, and how many of them, before only what is required is.
FULL_DEPTH = 6
BUDGET = 26
BUDGET_PER_ITEM = 11  # of an answer that is a list

# Objects and items of one value: what asks for more is not made.
MOST_PARTS = 200_000
MOST_CHARACTERS = 32_000_000  # in all texts of one value


class Parent:
    """An object around the one that is being drawn, as far as it is drawn."""

    __slots__ = ("id_key", "name_key", "nouns", "value")

    def __init__(self, nouns: frozenset[str], value: JsonObject, id_key: str | None, name_key: str | None) -> None:
        self.nouns = nouns
        self.value = value
        self.id_key = id_key
        self.name_key = name_key


class EchoedPlace(NamedTuple):
    """A place for a parameter of the request, in an item kept for many answers."""

    name: str  # of the parameter
    accept: "Callable[[JsonValue], bool]"
    otherwise: JsonValue  # the value where no parameter fits; it may be a place itself


class NumberedPlace(NamedTuple):
    """A place for the number of an item, or for a name with it."""

    value: "Callable[[int], JsonValue]"  # by row, 0 to 65,535


class InheritedPlace(NamedTuple):
    """A place for the value of a member of the object around it."""

    above: "EchoedPlace | NumberedPlace | InheritedPlace"
    accept: "Callable[[JsonValue], bool]"
    otherwise: JsonValue  # where that does not fit


class PlaceTest(NamedTuple):
    """The test that a parameter fits a place, on which the rest of the draw depends."""

    name: str  # of the parameter
    accept: "Callable[[JsonValue], bool]"
    passed: bool


class RequestedObject(NamedTuple):
    """A place for the requested object, which is the same everywhere in an answer."""

    name: str  # of the parameter
    plan: object  # how it is drawn: objects of another schema are others
    value: JsonObject  # what it is where nothing has been drawn before
    inherited: tuple[str, ...]  # the members that it takes from the objects around it


class OrdinalPlace:
    """A place for the number of an item in the outermost list."""


ORDINAL: Final = OrdinalPlace()


def left_open(place: EchoedPlace | NumberedPlace | InheritedPlace | RequestedObject | OrdinalPlace) -> JsonValue:
    """Return a place that an answer fills in, as a value."""
    return cast("JsonValue", place)


class Anywhere(int):
    """The position of an item that is kept for many answers: 0 for first ones, else 1."""


class DrawState:
    """Mutable, and of one draw only."""

    __slots__ = (
        "active", "budget", "depth", "echo", "exemplary", "following", "index", "known", "parents", "placed", "random",
        "room", "row",
        "size", "static", "strict", "terse", "tight", "traced", "verify",
    )  # fmt: skip

    def __init__(
        self, seed: int, *, static: bool = True, size: int | None = None, echo: Mapping[str, JsonValue]
    ) -> None:
        """
        Begin a draw.

        Args:
            seed: Where chance comes from.
            static: Whether documented examples of parts are used.
            size: How many items the outermost array is wanted to have.
            echo: What the request says, by parameter name.
        """
        self.random = Random(seed).random
        self.row = int(self.random() * MANY_ROWS)
        self.depth = 0
        self.budget = BUDGET
        self.room = MOST_PARTS  # parts that may still be drawn
        self.active: dict[str, int] = {}
        self.static = static
        self.exemplary = static
        self.strict = False  # branches that exclude each other are drawn so
        self.verify = False  # documented examples are judged before they are used
        self.tight = False
        self.terse = False  # an error: only the required members of its parts are drawn
        self.traced: list[PlaceTest] | None = (
            None  # where it is drawn for many answers: the tests of the request so far
        )
        self.following = False  # traced, and not the first of its list: the requested object was drawn before
        self.size = size
        self.index = 0
        self.echo = echo
        self.placed: set[str] = set()  # requested ids that this item of the answer has already
        self.known: dict[str, JsonObject] = {}  # requested objects that are drawn: each is the same everywhere
        self.parents: list[Parent] = []

    def take_room(self, parts: int = 1) -> None:
        """
        Count parts.

        Raises:
            NothingFits: there are too many.
        """
        self.room -= parts
        if self.room < 0:
            raise NothingFits

    @property
    def is_spent(self) -> bool:
        """True if the value became too large to be completed."""
        return self.room < 0

    def ordinal(self) -> JsonValue:
        """Return the number of the item in its list, from 1."""
        if isinstance(self.index, Anywhere):
            return left_open(ORDINAL)
        return self.index + 1


def closed(place: object) -> JsonValue:
    """
    Return the value of a place that no answer has filled in; any other value is its own.

    Raises:
        TypeError: it is no JSON.
    """
    match place:
        case EchoedPlace() | InheritedPlace():
            return closed(place.otherwise)
        case NumberedPlace():
            return place.value(0)
        case RequestedObject():
            return place.value
        case OrdinalPlace():
            return 1
        case None | bool() | int() | float() | str() | list() | dict():
            return place
    raise TypeError


def has_few_characters(value: JsonValue) -> bool:
    """Return True if all texts of a value together are short enough to be sent."""
    left, todo = MOST_CHARACTERS, [value]
    while todo and left >= 0:
        part = todo.pop()
        if isinstance(part, str):
            left -= len(part)
        elif isinstance(part, list):
            todo.extend(part)
        elif isinstance(part, dict):
            todo.extend(part.values())
    return left >= 0


Draw = Callable[[DrawState], JsonValue]


def by_number(value: Callable[[int], JsonValue], *, of_itself: bool) -> Draw:
    """
    Draw identifying values, by the whole row.

    Args:
        value: Of a row.
        of_itself: Whether it names its own object: then kept items get theirs from each answer.
    """
    if not of_itself:
        return lambda s: value(s.row)

    def draw(s: DrawState) -> JsonValue:
        if s.traced is not None and s.depth == 1 and isinstance(s.index, Anywhere):
            return left_open(NumberedPlace(value))
        return value(s.row)

    return draw


class NothingFits(Exception):
    """A draw finds no value; another attempt or branch may."""
