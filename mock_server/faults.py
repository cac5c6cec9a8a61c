"""
Faults: what goes wrong with an answer on purpose, and how often.

Written `NAME[:ARGUMENT][@RATE]`, as in `error:503@0.1`, `reset@5%`, `truncate@#3` (the third time, and no other).

What is set about delays and faults: for all operations, and for single ones.

    {"delay": {"type": "uniform", "lower": 100, "upper": 300},
     "faults": [{"fault": "error:503", "rate": 0.1}],
     "operations": {"GET /pets": {"faults": ["reset@#3"]}}}

What is set for an operation takes the place of what is set for all: its delay of theirs, its faults of theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mock_server.delay import LONGEST, Delay, parse_delay
from mock_server.errors import UsageError
from mock_server.json_values import JsonObject, JsonValue

_DRIBBLE: Final = 5_000  # milliseconds, where nothing else is said
_STATUS: Final = 500
_MOST_TURNS: Final = 1_000_000_000
_WRITTEN = re.compile(r"(?P<name>[A-Za-z_-]+)(?::(?P<argument>\d{1,7}))?(?:@(?P<often>[#0-9.]{1,12}%?))?", re.ASCII)


class FaultKind(StrEnum):
    """The kinds of fault, by the names used in settings and `Prefer`."""

    ERROR = "error"  # an error status instead of what was asked for
    EMPTY = "empty"  # the connection is closed, nothing was sent
    RESET = "reset"  # the connection is reset: TCP RST
    GARBAGE = "garbage"  # bytes that are no HTTP, then the connection is closed
    MALFORMED_CHUNK = "malformed-chunk"  # a chunked body breaks off in bytes that are no chunk
    TRUNCATE = "truncate"  # the body ends before its Content-Length
    DRIBBLE = "dribble"  # the body comes a few bytes at a time
    MEDIA_TYPE = "media-type"  # the Content-Type is another one
    SCHEMA = "schema"  # the body breaks its schema


# What a client gets of each, as reference pages show it.
MEANINGS: Final = {
    FaultKind.ERROR: (
        "the documented response of this status, 500 by default, else problem details; the request changes no state"
    ),
    FaultKind.EMPTY: "the connection closes before any byte",
    FaultKind.RESET: "TCP RST",
    FaultKind.GARBAGE: "bytes that are not HTTP, then the connection closes",
    FaultKind.MALFORMED_CHUNK: (
        "a valid start of a chunked body, then bytes that are no chunk, then the connection closes"
    ),
    FaultKind.TRUNCATE: "half of the body under the `Content-Length` of the whole, then the connection closes",
    FaultKind.DRIBBLE: "the whole body, a few bytes at a time, over this many milliseconds (5,000 by default)",
    FaultKind.MEDIA_TYPE: "the right body as `text/html`",
    FaultKind.SCHEMA: "the next body that breaks its schema",
}
# What WireMock calls them.
WIREMOCK: Final = {
    "EMPTY_RESPONSE": FaultKind.EMPTY,
    "CONNECTION_RESET_BY_PEER": FaultKind.RESET,
    "RANDOM_DATA_THEN_CLOSE": FaultKind.GARBAGE,
    "MALFORMED_RESPONSE_CHUNK": FaultKind.MALFORMED_CHUNK,
}
NAMES: Final = (*(kind.value for kind in FaultKind), *WIREMOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault and its rate."""

    kind: FaultKind
    argument: int | None = None  # the status of an error, the milliseconds of a dribble
    rate: float = 1.0  # of requests, from 0 to 1
    turn: int | None = None  # the only time that it happens, counted from 1

    @property
    def status(self) -> int:
        """Of an error."""
        if self.argument is not None:
            return self.argument
        return _STATUS

    @property
    def milliseconds(self) -> int:
        """The duration of a dribble."""
        if self.argument is not None:
            return self.argument
        return _DRIBBLE

    @property
    def name(self) -> str:
        """The fault without its rate."""
        return self.kind.value + (f":{self.argument}" if self.argument is not None else "")

    def json(self) -> JsonObject:
        """Write it as JSON."""
        often: JsonObject = {"turn": self.turn} if self.turn is not None else {"rate": self.rate}
        return {"fault": self.name, **often}

    def __str__(self) -> str:
        if self.turn is not None:
            return f"{self.name}@#{self.turn}"
        return self.name + ("@" + f"{self.rate:.9f}".rstrip("0") if self.rate != 1 else "")


def parse_fault(written: JsonValue) -> Fault:
    """
    Read a fault: a text, or an object of `fault` and either `rate` or `turn`.

    Raises:
        UsageError: it is none.
    """
    if isinstance(written, dict):
        return _from_object(written)
    match = _WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        wanted = "NAME, NAME:ARGUMENT or either with @RATE, as in error:503@0.1"
        raise UsageError(f"a fault is written {wanted}; {written!r} is none. Names: {', '.join(NAMES)}")
    kind = _kind(match["name"])
    argument = int(match["argument"]) if match["argument"] is not None else None
    _check_argument(kind, argument)
    often = match["often"]
    if often is None:
        return Fault(kind=kind, argument=argument)
    if often.startswith("#"):
        return Fault(kind=kind, argument=argument, turn=_turn(often[1:]))
    return Fault(kind=kind, argument=argument, rate=_rate(often))


def _from_object(written: JsonObject) -> Fault:
    name, rate, turn = written.get("fault"), written.get("rate"), written.get("turn")
    if (
        not isinstance(name, str)
        or not written.keys() <= {"fault", "rate", "turn"}
        or (rate is not None and turn is not None)
    ):
        raise UsageError(f"a fault is an object of 'fault', a name, and either 'rate' or 'turn', not {written!r}")
    if "@" in name:
        raise UsageError(f"how often a fault happens is said by 'rate' or 'turn' beside 'fault', not in {name!r}")
    found = parse_fault(name)
    if turn is not None:
        return Fault(kind=found.kind, argument=found.argument, turn=_turn(str(turn)))
    return Fault(kind=found.kind, argument=found.argument, rate=_rate(str(rate)) if rate is not None else 1.0)


def _kind(name: str) -> FaultKind:
    known = WIREMOCK.get(name.upper().replace("-", "_"))
    if known is not None:
        return known
    try:
        return FaultKind(name.lower().replace("_", "-"))
    except ValueError as error:
        raise UsageError(f"there is no fault {name!r}; there are {', '.join(NAMES)}") from error


def _check_argument(kind: FaultKind, argument: int | None) -> None:
    if argument is None:
        return
    if kind is FaultKind.ERROR:
        if not 400 <= argument <= 599:  # noqa: PLR2004 - RFC 9110, sections 15.5 and 15.6
            raise UsageError(f"the status of an error is from 400 to 599, not {argument}")
    elif kind is FaultKind.DRIBBLE:
        if argument > LONGEST:
            raise UsageError(f"a dribble takes up to {LONGEST:,} ms, not {argument:,}")
    else:
        raise UsageError(f"the fault {kind.value} takes no argument; error:STATUS and dribble:MILLISECONDS do")


def _rate(text: str) -> float:
    try:
        rate = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise UsageError(f"the rate of a fault is from 0 to 1, or a percentage, as in @0.1 or @10%, not {text!r}")
    return rate


def _turn(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_TURNS):
        raise UsageError(f"the turn of a fault is a number from 1, as in @#3, not {text!r}")
    return int(text)


_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFaults:
    """Delay and faults of one operation, or of all; None where none is set."""

    delay: Delay | None = None
    faults: tuple[Fault, ...] | None = None

    def json(self) -> JsonObject:
        """Write it as JSON."""
        written: JsonObject = {} if self.delay is None else {"delay": self.delay.json()}
        if self.faults is None:
            return written
        return {**written, "faults": [fault.json() for fault in self.faults]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSettings:
    """Delays and faults of a server."""

    all: OperationFaults = OperationFaults()
    operations: Mapping[str, OperationFaults] = field(
        default_factory=dict
    )  # by operationId or title, as in `GET /pets`

    @property
    def is_calm(self) -> bool:
        """True if no delay or fault applies, unless a request asks for one."""
        return self == CALM

    def for_operation(self, *names: str) -> OperationFaults:
        """Return the settings of an operation, under any of its names."""
        return next((self.operations[name] for name in names if name in self.operations), NOTHING)

    def json(self) -> JsonObject:
        """Write them as JSON; `parse_disturbances` reads it."""
        written = self.all.json()
        if self.operations:
            written["operations"] = {name: disturbed.json() for name, disturbed in self.operations.items()}
        return written


NOTHING: Final = OperationFaults()
CALM: Final = FaultSettings()


def parse_disturbances(written: JsonValue) -> FaultSettings:
    """
    Read delays and faults; see the module.

    Raises:
        UsageError: a name is unknown, or a delay or a fault is none.
    """
    if not isinstance(written, dict) or not written.keys() <= {"delay", "faults", "operations"}:
        raise UsageError(f"delays and faults are an object of 'delay', 'faults' and 'operations', not {written!r}")
    operations = written.get("operations", {})
    if not isinstance(operations, dict):
        raise UsageError(f"'operations' is an object by operationId, or as 'GET /pets', not {operations!r}")
    given: JsonObject = {key: value for key, value in written.items() if key != "operations"}
    return FaultSettings(
        all=parse_disturbed(given), operations={name: parse_disturbed(value) for name, value in operations.items()}
    )


def parse_disturbed(written: JsonValue) -> OperationFaults:
    """
    Read the delay and the faults of one operation.

    Raises:
        UsageError: a name is unknown, or a delay or a fault is none.
    """
    if not isinstance(written, dict) or not written.keys() <= {"delay", "faults"}:
        raise UsageError(f"how an operation is disturbed is an object of 'delay' and 'faults', not {written!r}")
    delay = written.get("delay")
    faults = written.get("faults")
    return OperationFaults(
        delay=parse_delay(delay) if delay is not None else None,
        faults=parse_faults(faults) if faults is not None else None,
    )


def parse_faults(written: JsonValue) -> tuple[Fault, ...]:
    """
    Read faults: a list of them, or a text with commas between.

    Raises:
        UsageError: one of them is none, or there are more than a hundred.
    """
    items = [item for item in written.split(",") if item.strip()] if isinstance(written, str) else written
    if not isinstance(items, list) or len(items) > _MOST_FAULTS:
        raise UsageError(f"faults are a list of up to {_MOST_FAULTS}, not {written!r}")
    return tuple(parse_fault(item) for item in items)
