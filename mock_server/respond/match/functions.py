"""
The functions that a template can call: all of them.

Each function is total: what it can't work with gives null. Chance comes from a seed, moments lie around the fixed day
of all generated values where no clock is set, so the same request gives the same bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from mock_server.exchange.body import write_json
from mock_server.generate.realism.pools import Pools
from mock_server.json_values import JsonValue

_FAR = 100 * 366 * 86_400  # seconds to either side of now


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """The values that a function may use besides its arguments."""

    random: Random
    turn: int  # how often the answer was given before in this world, counted from 1
    pools: Pools
    now: datetime


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and how many arguments it takes."""

    call: Callable[[FunctionContext, Sequence[JsonValue]], JsonValue]
    least: int
    most: int
    summary: str


def as_text(value: JsonValue) -> str:
    """Return a value inside a text: as it is, null as nothing, objects and arrays as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return write_json(value).decode()


def _number(value: JsonValue) -> int | float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return None


def _whole(values: Sequence[JsonValue], at: int, otherwise: int) -> int | None:
    if at >= len(values):
        return otherwise
    number = _number(values[at])
    if number is not None and abs(number) <= 2**63:
        return int(number)
    return None


def _now(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    seconds = _whole(values, 0, 0)
    if seconds is None or abs(seconds) > _FAR:
        return None
    return (call.now + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _today(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    days = _whole(values, 0, 0)
    if days is None or abs(days) * 86_400 > _FAR:
        return None
    return (call.now + timedelta(days=days)).date().isoformat()


def _uuid(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    return str(UUID(int=call.random.getrandbits(128), version=4))


def _integer(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    one, other = _whole(values, 0, 0), _whole(values, 1, 0)
    if one is not None and other is not None:
        return call.random.randint(min(one, other), max(one, other))
    return None


def _choice(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    return call.random.choice(values)


def _fake(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    column = call.pools.find_named(str(values[0])) if isinstance(values[0], str) else None
    if column:
        return call.random.choice(column)
    return None


def _turn(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    return call.turn


def _upper(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    if values[0] is not None:
        return as_text(values[0]).upper()
    return None


def _lower(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    if values[0] is not None:
        return as_text(values[0]).lower()
    return None


def _trim(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    if values[0] is not None:
        return as_text(values[0]).strip()
    return None


def _default(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    if values[0] is not None:
        return values[0]
    return values[1]


def _length(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    if isinstance(values[0], str | list | dict):
        return len(values[0])
    return None


def _add(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    one, other = _number(values[0]), _number(values[1])
    if one is not None and other is not None:
        return one + other
    return None


def _text(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    return as_text(values[0])


def _json(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    return write_json(values[0]).decode()


def _to_number(call: FunctionContext, values: Sequence[JsonValue]) -> JsonValue:
    text = as_text(values[0]).strip()
    if len(text) > 40 or not text.isascii():  # noqa: PLR2004 - more is no number that JSON readers keep
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    if number - number == 0:
        return number  # neither infinite nor NaN
    return None


FUNCTIONS: Final[dict[str, Function]] = {
    "uuid": Function(_uuid, 0, 0, "a UUID"),
    "integer": Function(_integer, 2, 2, "a whole number between two, both included"),
    "choice": Function(_choice, 1, 50, "one of its arguments"),
    "fake": Function(_fake, 1, 1, "a believable value: `email`, `city`, … as in `x-faker`"),
    "now": Function(_now, 0, 1, "the moment that is now for all generated values, so many seconds later"),
    "today": Function(_today, 0, 1, "its day, so many days later"),
    "turn": Function(_turn, 0, 0, "how often this answer was given in the world: 1, 2, …"),
    "default": Function(_default, 2, 2, "the first, or the second where the first is null or not there"),
    "upper": Function(_upper, 1, 1, "in capital letters"),
    "lower": Function(_lower, 1, 1, "in small letters"),
    "trim": Function(_trim, 1, 1, "without spaces around it"),
    "length": Function(_length, 1, 1, "how many characters, items or members"),
    "add": Function(_add, 2, 2, "the sum of two numbers"),
    "number": Function(_to_number, 1, 1, "the number that a text says"),
    "text": Function(_text, 1, 1, "a text, whatever it was"),
    "json": Function(_json, 1, 1, "a JSON text of it"),
}
