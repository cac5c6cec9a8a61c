"""Worlds keep apart, and do not pile up; journals are bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.errors import MalformedWorld, UsageError
from mock_server.exchange.message import Request
from mock_server.json_values import JsonValue
from mock_server.respond.answer import Answer
from mock_server.respond.journal import Journal, Recorded
from mock_server.respond.worlds import Worlds


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class _Notes:
    """Keeps a list of notes for each world."""

    def __init__(self) -> None:
        self.notes: dict[str, list[JsonValue]] = {}

    def reset(self, world: str) -> None:
        self.notes[world] = []

    def drop(self, world: str) -> None:
        self.notes.pop(world, None)

    def fork(self, source: str, target: str) -> None:
        self.notes[target] = list(self.notes.get(source, []))

    def snapshot(self, world: str) -> JsonValue:
        return list(self.notes.get(world, []))

    def restore(self, world: str, snapshot: JsonValue) -> None:
        if not isinstance(snapshot, list):
            raise UsageError("notes are a list")
        self.notes[world] = list(snapshot)


def recorded(number: int, body: bytes = b"") -> Recorded:
    return Recorded(number, 0.0, 0.0, Request("GET", b"/", b"", [], b""), Answer(200, [], body, "generated"), "")


def test_a_request_without_a_name_is_of_the_world_of_everybody() -> None:
    worlds = Worlds(journal=10)

    assert worlds.of([(b"accept", b"*/*")]) is worlds.everybody


@pytest.mark.parametrize(
    "field", [(b"x-mock-world", b"ann"), (b"cookie", b"mock_world=ann"), (b"cookie", b'a=b; mock_world="ann"; c=d')]
)
def test_a_world_is_named_by_header_or_cookie(field: tuple[bytes, bytes]) -> None:
    worlds = Worlds(journal=10)

    assert worlds.of([field]) is worlds.get("ann")


@pytest.mark.parametrize("name", ["a b", "x" * 65, "ä", "../up", "a/b", ".", ".."])
def test_a_name_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(MalformedWorld):
        Worlds(journal=10).of([(b"x-mock-world", name.encode("latin-1"))])


def test_a_world_that_nobody_asks_for_expires_with_what_is_kept_for_it() -> None:
    clock, notes = _Clock(), _Notes()
    worlds = Worlds(journal=10, expiry=100, clock=clock)
    worlds.keepers["notes"] = notes
    worlds.get("old")
    notes.notes["old"] = ["something"]
    clock.now = 101
    worlds.get("new")

    assert [world.name for world in worlds] == ["", "new"]
    assert notes.notes == {}


def test_over_the_limit_the_world_asked_for_longest_ago_goes() -> None:
    worlds = Worlds(journal=10, limit=3)
    for name in ("a", "b", "a", "c", "d"):
        worlds.get(name)

    assert [world.name for world in worlds] == ["", "a", "c", "d"]


def test_a_thousand_worlds_live_together() -> None:
    worlds = Worlds(journal=10)
    for number in range(1000):
        worlds.get(f"w{number}").turns["fault"] += number

    assert all(worlds.get(f"w{number}").turns["fault"] == number for number in range(1000))


def test_a_fork_has_what_its_origin_had_and_goes_its_own_way() -> None:
    worlds, notes = Worlds(journal=10), _Notes()
    worlds.keepers["notes"] = notes
    worlds.get("a").scenarios["login"] = "in"
    notes.notes["a"] = ["one"]
    worlds.fork("a", "b").scenarios["login"] = "out"
    notes.notes["b"].append("two")

    assert worlds.get("a").scenarios == {"login": "in"}
    assert notes.notes == {"a": ["one"], "b": ["one", "two"]}


def test_a_snapshot_that_is_none_changes_nothing() -> None:
    worlds, one, other = Worlds(journal=1), _Notes(), _Notes()
    worlds.keepers |= {"one": one, "other": other}
    world = worlds.get("a")
    world.seed, world.turns["fault"], world.scenarios["paying"] = "7", 2, "Paid"
    one.notes["a"] = ["kept"]
    before = worlds.snapshot("a")
    with pytest.raises(UsageError):
        worlds.restore("a", {"seed": "9", "turns": {}, "scenarios": {}, "kept": {"one": ["lost"], "other": 3}})

    assert worlds.snapshot("a") == before


def test_a_snapshot_brings_everything_back() -> None:
    worlds, notes = Worlds(journal=10), _Notes()
    worlds.keepers["notes"] = notes
    world = worlds.get("a")
    world.seed, notes.notes["a"] = "7", ["one"]
    world.turns["fault"] = 3
    taken = worlds.snapshot("a")
    worlds.reset("a")
    world.seed = None

    assert not world.turns
    worlds.restore("a", taken)
    assert (world.seed, dict(world.turns), notes.notes["a"]) == ("7", {"fault": 3}, ["one"])


@given(limit=st.integers(0, 5), budget=st.integers(1, 50), sizes=st.lists(st.integers(0, 30), max_size=20))
def test_a_journal_keeps_the_last_ones_within_its_bounds(limit: int, budget: int, sizes: list[int]) -> None:
    journal = Journal(limit, budget)
    for number, size in enumerate(sizes, 1):
        journal.add(recorded(number, b"x" * size))
    kept = list(journal)

    assert len(kept) <= limit
    assert len(kept) <= 1 or sum(each.size for each in kept) <= budget
    assert [each.number for each in kept] == list(range(len(sizes) - len(kept) + 1, len(sizes) + 1))
