"""
Requested values: set in a value as far as it still conforms.

Each has a place and values, of which the first that fits is taken.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from mock_server.json_values import JsonObject, JsonValue, as_object

Place = tuple[str | int, ...]  # names of members and indexes of items, from the outside in


class Absence(Enum):
    """The absence of a member, as a requested value."""

    ABSENT = "absent"


ABSENT: Final = Absence.ABSENT


class RequestedValue(NamedTuple):
    """The values that one place may take, the best first."""

    place: Place
    values: Sequence[JsonValue | Absence]  # at least one; the first that fits is taken


def settle(value: JsonValue, wanted: Sequence[RequestedValue], fits: Callable[[JsonValue], bool]) -> JsonValue:
    """
    Set requested values as far as the whole conforms: all at once, else as many of them as fit.

    Args:
        value: It conforms, and stays as it is.
        wanted: Later ones go before earlier ones of the same place.
        fits: Judges a whole value.
    """
    if not wanted:
        return value
    settled = set_all(value, wanted)
    if fits(settled):
        return settled
    if len(wanted) > 1:
        half = len(wanted) // 2
        return settle(settle(value, wanted[:half], fits), wanted[half:], fits)
    others = (set_value(value, wanted[0].place, other) for other in wanted[0].values[1:])
    return next((other for other in others if fits(other)), value)


def set_all(value: JsonValue, wanted: Sequence[RequestedValue]) -> JsonValue:
    """Set the first choice of each requested value."""
    for change in wanted:
        value = set_value(value, change.place, change.values[0])
    return value


def set_value(value: JsonValue, place: Place, part: JsonValue | Absence) -> JsonValue:
    """
    Return a copy with another value at a place, or without it.

    Where there is no such place, the value itself.
    """
    if not place:
        if isinstance(part, Absence):
            return value
        return part
    step, rest = place[0], place[1:]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], set_value(value[step], rest, part), *value[step + 1 :]]
    if not isinstance(step, str) or not (isinstance(value, dict) or value is None):
        return value
    members: JsonObject = as_object(value)
    if isinstance(part, Absence) and not rest:
        return {name: member for name, member in members.items() if name != step}
    return {**members, step: set_value(members.get(step), rest, part)}
