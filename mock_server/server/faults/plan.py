"""
The delay and fault of a request: by settings, by preference, and by chance.

Chance goes by turns: the first request of a world for anything that is disturbed has turn 1. So the third request meets
what it met in the run before, whatever its content.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from mock_server.delay import Delay
from mock_server.document.model import Entry
from mock_server.exchange.prefer import NONE, Preferences
from mock_server.faults import Fault, FaultSettings
from mock_server.generate.seed import derive_seed
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World

_CHANCES = 2**64


@dataclass(eq=False)
class Met:
    """The delay and the fault that an exchange meets."""

    entry: Entry | None
    preferences: Preferences
    seed: int  # of what a fault makes up
    milliseconds: float | None = None
    fault: Fault | None = None
    missed: str = ""  # why the fault can't be had

    def describe(self) -> str:
        """Describe it."""
        parts = [f"delay {self.milliseconds:.0f} ms"] if self.milliseconds is not None else []
        if self.fault is not None:
            missed = f" (not had: {self.missed})" if self.missed else ""
            parts.append(f"fault {self.fault.name}{missed}")
        return ", ".join(parts)

    @property
    def applied(self) -> tuple[str, ...]:
        """The preferences that are obeyed by it."""
        wished = {"delay": self.milliseconds, "fault": self.fault if not self.missed else None}
        return tuple(name for name, had in wished.items() if name in self.preferences.given and had is not None)


def plan(
    settings: FaultSettings, edition: int, entry: Entry, preferences: Preferences, world: World, seed: str
) -> Met | None:
    """
    Decide the delay and fault of a request.

    Args:
        settings: What is set.
        edition: How often that was set anew; turns count from then.
        entry: The operation that is asked for.
        preferences: Of the request; what it asks for comes before what is set.
        world: Whose turns count; each request takes one.
        seed: Of chance.

    Returns:
        What it meets; None where that is nothing.
    """
    own = settings.for_operation(entry.id, entry.title)
    everywhere = _Turn.take(world, seed, f"{edition}")
    here = _Turn.take(world, seed, f"{edition} {entry.id}")
    delay: Delay | None
    if preferences.delay is not None:
        delay, turn = preferences.delay, everywhere
    else:
        delay, turn = (own.delay, here) if own.delay is not None else (settings.all.delay, everywhere)
    milliseconds = delay.draw(Random(turn.seed("delay"))) if delay is not None else None
    fault = preferences.fault
    if fault is None:
        faults, turn = (own.faults, here) if own.faults is not None else (settings.all.faults, everywhere)
        fault = next((fault for index, fault in enumerate(faults or ()) if turn.meets(fault, index)), None)
    if not milliseconds and fault is None and preferences.delay is None:
        return None
    return Met(entry, preferences, everywhere.seed("made up"), milliseconds, fault)


def plan_own(answer: Answer, world: World, seed: str) -> Met:
    """
    Decide the delay and fault of an answer that brings its own.

    Args:
        answer: A fixture, a scenario or a mapping said it.
        world: Whose turns count; each such answer takes one.
        seed: Of chance.
    """
    turn = _Turn.take(world, seed, "own")
    milliseconds = answer.delay.draw(Random(turn.seed("delay"))) if answer.delay is not None else None
    return Met(answer.entry, NONE, turn.seed("made up"), milliseconds, answer.fault)


class _Turn(NamedTuple):
    """One turn of a world, and its chance."""

    text: str
    number: int  # from 1

    @classmethod
    def take(cls, world: World, seed: str, what: str) -> "_Turn":
        """Take the next turn."""
        key = f"disturbed {what}"
        world.turns[key] += 1
        return cls(f"{seed}\0{what}", world.turns[key])

    def seed(self, *words: str | int) -> int:
        """Return the seed of something that happens in this turn."""
        return derive_seed(self.text, self.number, *words)

    def meets(self, fault: Fault, index: int) -> bool:
        """Return whether a fault, one of several, happens in this turn."""
        if fault.turn is not None:
            return fault.turn == self.number
        return fault.rate == 1 or self.seed("fault", index) < fault.rate * _CHANCES
