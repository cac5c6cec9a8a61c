"""
Worlds: a journal, a seed, states of scenarios, turns and data for each test or person; and their budget.

A request names its world in the header field `X-Mock-World` or the cookie `mock_world`; without a name it belongs to
the world of everybody. Clients name as many worlds as they like. So everything that a server keeps of what clients send
and are sent (worlds, journals, state, callbacks, answers) is weighed, about as heavy as it is in memory. Beyond the
budget the cheapest to lose goes first: answers that are kept ready, then worlds that were not used for a while, then
the oldest exchanges and callbacks of the rest. State of a world in use is never lost: what no longer fits is refused.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from mock_server.errors import MalformedWorld, UsageError
from mock_server.exchange.message import RawFields, find_field
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.journal import Journal, JournalUsage
from mock_server.settings import DEFAULTS
from mock_server.timing.clock import REAL, Clock

_log = logging.getLogger("mock_server.memory")

MEMORY: Final = DEFAULTS.memory  # bytes
_LEFT: Final = 7 / 8  # of the budget is in use after room was made, so that it is not made for each request


class Holder(Protocol):
    """Something that keeps bytes."""

    @property
    def weight(self) -> int:
        """Its size in bytes."""


@dataclass(eq=False)
class Budget:
    """The bytes that worlds keep, and their bound; see the module. Used in the event loop only."""

    most: int = MEMORY
    holders: dict[str, Holder] = field(default_factory=dict)  # by what they keep
    # Each drops the oldest of something, and gives whether there was any: by what that is, the cheapest to lose first.
    droppers: dict[str, Callable[[], bool]] = field(default_factory=dict)
    # What can be had smaller without a loss: is asked first.
    settlers: list[Callable[[], None]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    _times: int = 0

    @property
    def weight(self) -> int:
        """The kept bytes."""
        total = 0
        for holder in self.holders.values():
            total += holder.weight
        return total

    def check(self) -> None:
        """Make room where too much is kept."""
        if self.weight > self.most:
            self.make_room()

    def make_room(self) -> None:
        """Drop what is cheapest to lose until there is room."""
        for settle in self.settlers:
            settle()
        before = self.dropped.copy()
        for what, drop in self.droppers.items():
            while self.weight > self.most * _LEFT and drop():
                self.dropped[what] += 1
        lost = self.dropped - before
        if not lost:
            return
        self._times += 1
        if self._times & (self._times - 1) == 0:  # the first time, and then less and less often
            named = ", ".join(f"{count:,} {what}" for what, count in lost.items())
            megabytes = self.most / (1 << 20)
            _log.warning(
                "over %.0f MB were kept, so the oldest went: %s (--memory sets the limit; for the %d. time)",
                megabytes,
                named,
                self._times,
            )


HEADER: Final = b"x-mock-world"
COOKIE: Final = "mock_world"
EVERYBODY: Final = ""
STARTED: Final = "Started"  # the state in which every scenario begins
_EMPTY: Final = 3_000  # bytes of a world in memory, apart from what is in it
_ENTRY: Final = 200  # bytes of a turn, or of the state of a scenario
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]{1,64}\Z")  # what clients leave as it is in a path


@dataclass(eq=False)
class World:
    """A journal, states and turns of one test or person."""

    name: str = EVERYBODY
    seed: str | None = None  # over the server's
    journal: Journal = field(default_factory=Journal)
    turns: Counter[str] = field(
        default_factory=Counter
    )  # how often something that goes by turns happened, by what it is
    scenarios: dict[str, str] = field(default_factory=dict)  # states by scenario; absent: STARTED
    weight: int = 0  # bytes, its journal apart, when it was last asked for
    touched: float = 0.0  # when it was last asked for, on the clock of its `Worlds`
    clock: Clock = REAL
    born: object = field(default_factory=object)  # another one after each reset, for what others keep of it

    def reset(self) -> None:
        """Go back to the beginning."""
        self.born = object()
        self.journal.clear()
        self.turns.clear()
        self.scenarios.clear()


class WorldStore(Protocol):
    """A keeper of something for each world: items, mappings."""

    def reset(self, world: str) -> None:
        """Go back to the beginning."""

    def drop(self, world: str) -> None:
        """Forget a world."""

    def fork(self, source: str, target: str) -> None:
        """Give a world what another one has."""

    def snapshot(self, world: str) -> JsonValue:
        """Return what is kept, as JSON."""

    def restore(self, world: str, snapshot: JsonValue) -> None:
        """
        Go back to a snapshot.

        Raises:
            UsageError: it is none.
        """


class Worlds:
    """
    All worlds of a process.

    One that is not used for `expiry` seconds is dropped, and so is the oldest over `limit`.
    """

    def __init__(
        self,
        *,
        journal: int,
        limit: int = 10_000,
        expiry: float = 3_600.0,
        clock: Callable[[], float] = time.monotonic,
        memory: int = MEMORY,
        time_of_day: Clock = REAL,
    ) -> None:
        """
        Make the world of everybody.

        Args:
            journal: How many exchanges each world keeps.
            limit: How many worlds there may be.
            expiry: In seconds.
            clock: Returns seconds.
            time_of_day: The clock that each world begins with; `clock` only says when worlds expire.
            memory: How many bytes all of them may keep, with what else a server keeps of what clients send.
        """
        self._journals = JournalUsage()
        self.weight = 0  # bytes of the worlds themselves, apart from journals and what keepers have
        self.budget = Budget(memory, {"worlds": self, "journals": self._journals})
        self.budget.droppers |= {"worlds": self._drop_oldest, "exchanges": self._drop_exchange}
        self.forgetters: list[Callable[[str], None]] = []  # are told of worlds that are forgotten
        self._journal = journal
        self._limit = limit
        self._expiry = expiry
        self._clock = clock
        self._dropped_at = clock()
        self.keepers: dict[str, WorldStore] = {}  # by what they keep
        self.lasting: set[str] = set()  # what outlives a world that nobody asks for here: other processes may
        self.time_of_day = time_of_day
        self.everybody = World(journal=Journal(journal, tally=self._journals), clock=time_of_day)
        self._worlds: dict[str, World] = {EVERYBODY: self.everybody}  # the one asked for last stands last

    def of(self, fields: RawFields) -> World:
        """
        Return the world that a request names.

        Raises:
            MalformedWorld: that can't be a name.
        """
        name = named_world(fields)
        if name is None:
            return self.everybody
        return self.get(name)

    def get(self, name: str) -> World:
        """
        Return a world by its name; made on demand.

        Raises:
            MalformedWorld: that can't be a name.
        """
        if name == EVERYBODY:
            return self.everybody
        now = self._clock()
        world = self._worlds.pop(name, None)
        if world is None:
            require_world_name(name)
            self._make_room(now)
            journal = Journal(self._journal, tally=self._journals)
            world = World(name, journal=journal, clock=self.time_of_day)
        else:
            self.weight -= world.weight
        world.weight = _EMPTY + _ENTRY * (len(world.turns) + len(world.scenarios))
        self.weight += world.weight
        world.touched = now
        self._worlds[name] = world
        return world

    def known(self, name: str) -> World | None:
        """Return a world that there is already."""
        return self._worlds.get(name)

    def __iter__(self) -> Iterator[World]:
        """Return all worlds, everybody's first."""
        return iter([self.everybody, *(world for world in self._worlds.values() if world is not self.everybody)])

    def __len__(self) -> int:
        return len(self._worlds)

    def reset(self, name: str) -> None:
        """Let a world begin anew."""
        world = self.get(name)
        world.reset()
        world.clock = self.time_of_day
        for keeper in self.keepers.values():
            keeper.reset(name)

    def drop(self, name: str) -> None:
        """Forget a world; everybody's begins anew."""
        if name == EVERYBODY:
            self.reset(name)
            return
        self._forget(name)
        for keeper in self.keepers.values():
            keeper.drop(name)

    def fork(self, source: str, target: str) -> World:
        """Give a world what another one has, its journal apart."""
        origin, copy = self.get(source), self.get(target)
        copy.seed, copy.turns, copy.scenarios = origin.seed, Counter(origin.turns), dict(origin.scenarios)
        copy.clock = origin.clock
        for keeper in self.keepers.values():
            keeper.fork(source, target)
        return copy

    def snapshot(self, name: str) -> JsonObject:
        """Return what a world has, its journal apart, as JSON."""
        world = self.get(name)
        kept: JsonObject = {key: keeper.snapshot(name) for key, keeper in self.keepers.items()}
        turns: JsonObject = dict(world.turns)
        scenarios: JsonObject = dict(world.scenarios)
        return {"seed": world.seed, "turns": turns, "scenarios": scenarios, "kept": kept}

    def restore(self, name: str, snapshot: JsonObject) -> None:
        """
        Go back to a snapshot.

        Raises:
            UsageError: it is none.
        """
        world = self.get(name)
        seed, turns, scenarios, kept = (snapshot.get(key) for key in ("seed", "turns", "scenarios", "kept"))
        if isinstance(kept, dict):
            self._restore_kept(name, kept)
        world.seed = str(seed) if isinstance(seed, str | int) and not isinstance(seed, bool) else None
        world.turns = Counter(
            {key: n for key, n in turns.items() if isinstance(n, int)} if isinstance(turns, dict) else {}
        )
        world.scenarios = (
            {key: state for key, state in scenarios.items() if isinstance(state, str)}
            if isinstance(scenarios, dict)
            else {}
        )

    def _restore_kept(self, name: str, kept: JsonObject) -> None:
        """Give back what was kept, all of it or nothing."""
        before = {key: keeper.snapshot(name) for key, keeper in self.keepers.items() if key in kept}
        for key in before:
            try:
                self.keepers[key].restore(name, kept[key])
            except UsageError:
                for restored, snapshot in before.items():
                    self.keepers[restored].restore(name, snapshot)
                raise

    def _make_room(self, now: float) -> None:
        """Drop what expired, looked for now and then, and what is too much."""
        late = now - self._dropped_at > self._expiry / 10
        if late:
            self._dropped_at = now
            for name in [n for n, world in self._worlds.items() if n and now - world.touched > self._expiry]:
                self._expire(name)
        while len(self._worlds) > self._limit:
            self._expire(next(name for name in self._worlds if name))

    def _expire(self, name: str) -> None:
        """Forget worlds that were not used for a while, except those that were given to be kept."""
        self._forget(name)
        for key, keeper in self.keepers.items():
            if key not in self.lasting:
                keeper.drop(name)

    def _forget(self, name: str) -> None:
        world = self._worlds.pop(name, None)
        if world is not None:
            self.weight -= world.weight
            world.journal.detach()
        for forget in self.forgetters:
            forget(name)

    def _drop_oldest(self) -> bool:
        """Forget the world that was not used for the longest time, except the last one, which is in use."""
        named = [name for name in islice(self._worlds, 3) if name][:2]  # the world of everybody is among them
        if len(named) < 2:  # noqa: PLR2004 - the oldest, and another one
            return False
        self._expire(named[0])
        return True

    def _drop_exchange(self) -> bool:
        """Forget the oldest exchange of the heaviest journal."""
        journal = max((world.journal for world in self), key=lambda each: each.weight)
        if len(journal) < 2:  # noqa: PLR2004 - the last one stays
            return False
        journal.drop_oldest()
        return True


def require_world_name(name: str) -> None:
    """
    Check the name of a world.

    Raises:
        MalformedWorld: that can't be one.
    """
    if not _NAME.match(name):
        raise MalformedWorld(name)


def named_world(fields: RawFields) -> str | None:
    """Return the name of the world that a request asks for."""
    named = cookies = None
    for name, value in fields:
        if name == HEADER:
            named = value.decode("latin-1")
        elif name == b"cookie":
            cookies = value
    if named is None and cookies is not None and COOKIE.encode() in cookies:
        pairs = (
            pair.strip().partition("=") for pair in (find_field(fields, b"cookie") or "").replace(",", ";").split(";")
        )
        named = next((value.strip('"') for name, _, value in pairs if name == COOKIE), None)
    return named
