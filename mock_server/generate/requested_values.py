"""
Settling: letting a value say what it should, as far as it still conforms.

What a value should say is a list of wishes, each a place and the values of which the first that fits is taken.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from mock_server.json_values import JsonObject, JsonValue

Place = tuple[str | int, ...]  # names of members and indexes of items, from the outside in


class Absence(Enum):
    """The wish that nothing stands somewhere."""

    ABSENT = "absent"


ABSENT: Final = Absence.ABSENT


class RequestedValue(NamedTuple):
    """What one place of a value should say."""

    place: Place
    values: Sequence[JsonValue | Absence]  # at least one; the first that fits is taken


def settle(value: JsonValue, wishes: Sequence[RequestedValue], fits: Callable[[JsonValue], bool]) -> JsonValue:
    """
    Let a value say what is wished, as far as it conforms: all wishes at once, else as many of them as fit.

    Args:
        value: It conforms, and stays as it is.
        wishes: Later ones go before earlier ones of the same place.
        fits: Judges a whole value.
    """
    if not wishes:
        return value
    settled = say_all(value, wishes)
    if fits(settled):
        return settled
    if len(wishes) > 1:
        half = len(wishes) // 2
        return settle(settle(value, wishes[:half], fits), wishes[half:], fits)
    others = (say(value, wishes[0].place, other) for other in wishes[0].values[1:])
    return next((other for other in others if fits(other)), value)


def say_all(value: JsonValue, wishes: Sequence[RequestedValue]) -> JsonValue:
    """Let a value say the first choice of every wish."""
    for wished in wishes:
        value = say(value, wished.place, wished.values[0])
    return value


def say(value: JsonValue, place: Place, said: JsonValue | Absence) -> JsonValue:
    """
    Return a copy in which something else stands somewhere, or nothing.

    Where there is no such place, the value itself.
    """
    if not place:
        if isinstance(said, Absence):
            return value
        return said
    step, rest = place[0], place[1:]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], say(value[step], rest, said), *value[step + 1 :]]
    if not isinstance(step, str) or not (isinstance(value, dict) or value is None):
        return value
    members: JsonObject = value if isinstance(value, dict) else {}
    if isinstance(said, Absence) and not rest:
        return {name: member for name, member in members.items() if name != step}
    return {**members, step: say(members.get(step), rest, said)}
