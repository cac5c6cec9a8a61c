"""
What is set about delays and faults: for all operations, and for single ones.

    {"delay": {"type": "uniform", "lower": 100, "upper": 300},
     "faults": [{"fault": "error:503", "rate": 0.1}],
     "operations": {"GET /pets": {"faults": ["reset@#3"]}}}

What is set for an operation takes the place of what is set for all: its delay of theirs, its faults of theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.delay import Delay, parse_delay
from mock_server.errors import UsageError
from mock_server.fault import Fault, parse_fault
from mock_server.typing import JsonObject, JsonValue

_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """How one operation is disturbed, or all are; None where nothing is said."""

    delay: Delay | None = None
    faults: tuple[Fault, ...] | None = None

    def json(self) -> JsonObject:
        """Write it as JSON."""
        written: JsonObject = {} if self.delay is None else {"delay": self.delay.json()}
        return written if self.faults is None else {**written, "faults": [fault.json() for fault in self.faults]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbances:
    """Delays and faults of a server."""

    all: Disturbed = Disturbed()
    operations: Mapping[str, Disturbed] = field(default_factory=dict)  # by operationId or title, as in `GET /pets`

    @property
    def is_calm(self) -> bool:
        """Whether nothing is disturbed, unless a request asks for it."""
        return self == CALM

    def for_operation(self, *names: str) -> Disturbed:
        """What is set for an operation, under any of its names."""
        return next((self.operations[name] for name in names if name in self.operations), NOTHING)

    def json(self) -> JsonObject:
        """Write them as JSON; `parse_disturbances` reads it."""
        written = self.all.json()
        if self.operations:
            written["operations"] = {name: disturbed.json() for name, disturbed in self.operations.items()}
        return written


NOTHING: Final = Disturbed()
CALM: Final = Disturbances()


def parse_disturbances(written: JsonValue) -> Disturbances:
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
    return Disturbances(all=parse_disturbed(given), operations={name: parse_disturbed(value) for name, value in operations.items()})


def parse_disturbed(written: JsonValue) -> Disturbed:
    """
    Read the delay and the faults of one operation.

    Raises:
        UsageError: a name is unknown, or a delay or a fault is none.
    """
    if not isinstance(written, dict) or not written.keys() <= {"delay", "faults"}:
        raise UsageError(f"how an operation is disturbed is an object of 'delay' and 'faults', not {written!r}")
    delay = written.get("delay")
    faults = written.get("faults")
    return Disturbed(
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
