"""Stores: what is kept stays kept, of two writers one looks again, and worlds are worlds."""

import concurrent.futures
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.compose.backend import open_store
from mock_server.errors import UsageError
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.state import database
from mock_server.state.store import Conflict, MemoryStore, Record, Store, StoreUnavailable, read_snapshot

WRITERS, ROUNDS = 8, 25


def record(key: str, position: int = 0, **body: object) -> Record:
    return Record(key, 1, position, {"id": key, **body}, {})  # type: ignore[dict-item]


def together(work: Callable[[int], object]) -> None:
    """Do something in several threads that begin at the same moment."""
    start = threading.Barrier(WRITERS)

    def run(number: int) -> None:
        start.wait()
        work(number)

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(run, number) for number in range(WRITERS)]:
            done.result()


def test_no_update_is_lost_among_writers(store: Store) -> None:
    store.insert("lost", "/c", record("a", n=0))

    def count(_: int) -> None:
        for _ in range(ROUNDS):
            while True:
                before = store.find("lost", "/c", "a")
                assert before is not None
                assert before.body is not None
                try:
                    store.replace("lost", "/c", before, {**before.body, "n": before.body["n"] + 1})  # type: ignore[operator]
                    break
                except Conflict:
                    continue

    together(count)
    after = store.find("lost", "/c", "a")

    assert after is not None
    assert after.body == {"id": "a", "n": WRITERS * ROUNDS}
    assert after.version == WRITERS * ROUNDS + 1


def test_numbers_are_given_once(store: Store) -> None:
    numbers: list[int] = []
    together(lambda _: numbers.extend(store.number("numbers", "/c") for _ in range(ROUNDS)))

    assert sorted(numbers) == list(range(WRITERS * ROUNDS))


def test_a_collection_is_filled_once_by_whoever_is_first(store: Store) -> None:
    together(lambda number: store.seed("once", "/c", "/c", [record(f"{number}-{n}", n - 9) for n in range(9)]))
    found = [each.key for each in store.all("once", "/c")]

    assert len(found) == 9
    assert len({key.partition("-")[0] for key in found}) == 1
    assert store.seeded("once", "/c", "/c")
    assert not store.seeded("once", "/c", "/other")


def test_of_two_with_one_key_the_second_is_refused(store: Store) -> None:
    refused: list[int] = []

    def put(number: int) -> None:
        try:
            store.insert("key", "/c", record("a", number))
        except Conflict:
            refused.append(number)

    together(put)

    assert len(refused) == WRITERS - 1
    assert len(store.all("key", "/c")) == 1


def test_threads_that_come_first_at_once_share_one_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'state.db'}")
    made: list[str] = []

    def make_slowly(url: sa.URL) -> sa.Engine:
        made.append(str(url))
        time.sleep(0.05)
        return make_engine(url)

    make_engine = database._make_engine
    monkeypatch.setattr(database, "_make_engine", make_slowly)
    together(lambda _: store.all("first", "/c"))
    store.close()

    assert len(made) == 1


def test_a_change_of_what_has_changed_or_gone_is_refused(store: Store) -> None:
    store.insert("stale", "/c", record("a"))
    first = store.find("stale", "/c", "a")
    assert first is not None
    second = store.replace("stale", "/c", first, {"id": "a", "x": 1})

    for write in (lambda: store.replace("stale", "/c", first, {}), lambda: store.remove("stale", "/c", first)):
        with pytest.raises(Conflict):
            write()
    store.remove("stale", "/c", second)
    with pytest.raises(Conflict):
        store.replace("stale", "/c", second, {})
    assert store.find("stale", "/c", "a") is None


def test_what_may_not_have_changed_in_between_is_refused(store: Store) -> None:
    store.insert("since", "/c", record("a"))
    before, since = store.find("since", "/c", "a"), store.stamp("since", "/c")
    assert before is not None
    store.insert("since", "/c", record("b"), since)
    with pytest.raises(Conflict):
        store.insert("since", "/c", record("c"), since)
    with pytest.raises(Conflict):
        store.replace("since", "/c", before, {"x": 1}, since)
    store.replace("since", "/c", before, {"x": 1}, store.stamp("since", "/c"))

    assert [each.key for each in store.all("since", "/c")] == ["a", "b"]


def test_every_change_gives_another_stamp_and_a_beginning_anew_too(store: Store) -> None:
    stamps = [store.stamp("stamps", "/c")]

    def note() -> None:
        stamps.append(store.stamp("stamps", "/c"))

    for _ in range(2):
        store.seed("stamps", "/c", "/c", [record("s", -1)])
        note()
        store.insert("stamps", "/c", record("a"))
        note()
        before = store.find("stamps", "/c", "a")
        assert before is not None
        note_after = store.replace("stamps", "/c", before, {"x": 1})
        note()
        store.remove("stamps", "/c", note_after)
        note()
        store.reset("stamps")

    assert len(set(stamps)) == len(stamps)


def test_what_is_deleted_but_remembered_can_be_made_again(store: Store) -> None:
    store.seed("again", "/c", "/a", [record("a", -1)])
    before = store.find("again", "/c", "a")
    assert before is not None
    store.replace("again", "/c", before, None)

    assert store.all("again", "/c") == []
    gone = store.find("again", "/c", "a")
    assert gone is not None
    assert gone.body is None
    store.insert("again", "/c", record("a", 4, n=2))
    assert [each.body for each in store.all("again", "/c")] == [{"id": "a", "n": 2}]


def test_what_is_under_a_thing_goes_with_it_and_nothing_else(store: Store) -> None:
    for collection in ("/o/1/p", "/o/1/p/2/q", "/o/11/p", "/o/1", "/o/%25/p", "/o_1/p"):
        store.insert("under", collection, record("a"))
    store.clear("under", "/o/1/")
    store.clear("under", "/o/%25/")

    kept = [c for c in ("/o/1/p", "/o/1/p/2/q", "/o/11/p", "/o/1", "/o/%25/p", "/o_1/p") if store.all("under", c)]
    assert kept == ["/o/11/p", "/o/1", "/o_1/p"]


keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6) | st.sampled_from(
    ["#", "=", "+", "\0", "x" * 3000, "å" * 300]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(things=st.dictionaries(keys, st.dictionaries(st.text(max_size=3), values, max_size=3), max_size=4))
def test_whatever_is_put_in_comes_out_and_survives_a_snapshot_and_a_fork(store: Store, things: dict[str, dict]) -> None:
    store.drop("all")
    store.drop("copy")
    for position, (key, body) in enumerate(things.items()):
        store.insert("all", f"/{'c' * 600}", Record(key, 1, position, body, {"owner": key}))

    def kept(world: str) -> dict[str, dict | None]:
        return {each.key: each.body for each in store.all(world, f"/{'c' * 600}")}

    assert kept("all") == things
    assert list(kept("all")) == list(things)
    snapshot = store.snapshot("all")
    store.fork("all", "copy")
    store.drop("all")
    assert kept("all") == {}
    assert kept("copy") == things
    store.restore("all", snapshot)
    assert kept("all") == things
    assert store.snapshot("all") == snapshot
    assert {name: len(records) for name, (_, _, records) in read_snapshot(snapshot).items()} == (
        {} if not things else {next(iter(snapshot)): len(things)}
    )  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"/c": {}},
        {"/c": {"next": 0, "marks": [], "records": [1]}},
        {"/c": {"next": "x", "marks": [], "records": []}},
    ],
)
def test_what_is_no_snapshot_is_said_and_changes_nothing(store: Store, wrong: object) -> None:
    store.insert("kept", "/c", record("a"))
    with pytest.raises(UsageError, match="snapshot"):
        store.restore("kept", wrong)  # type: ignore[arg-type]

    assert len(store.all("kept", "/c")) == 1
    store.drop("kept")


def test_what_is_kept_in_a_file_is_there_for_who_opens_it_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    first = open_store(url)
    first.insert("w", "/c", record("a"))
    second = open_store(url)

    assert [each.key for each in second.all("w", "/c")] == ["a"]
    assert not isinstance(second, MemoryStore)
    for opened in (first, second):
        opened.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("state.db", "no URL of a store"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://me:s3cret@host/db", "not known"),
        ("postgresql+asyncpg://me:s3cret@host/db", "not known"),
        ("sqlite:////nowhere/at/all/state.db", "can't be opened"),
        ("postgresql+psycopg://me:s3cret@127.0.0.1:1/db", "can't be opened"),
        ("postgresql://me:s3cret@127.0.0.1:1/db", "can't be opened"),
        ("postgresql+psycopg://me:s3cret@127.0.0.1:port/db", ""),
        ("://me:s3cret@", ""),
    ],
)
def test_a_store_that_can_not_be_had_is_said_without_its_password(url: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_store(url)

    assert says in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["postgresql+psycopg://me:s3cret@host/db", "postgresql://me:s3cret@host,other/db?x=1", "postgresql://host/db?user=me&password=s3cret",
     "could not connect to postgresql://:s3cret@host and password=s3cret then"],
)  # fmt: skip
def test_a_password_is_masked_wherever_it_stands(text: str) -> None:
    assert "s3cret" not in NO_MASK.text(text)
    assert MASKED in NO_MASK.text(text)


def test_a_collection_in_memory_is_not_endless() -> None:
    store = MemoryStore(limit=2)
    for key in ("a", "b"):
        store.insert("full", "/c", record(key))

    with pytest.raises(StoreUnavailable, match="2 things"):
        store.insert("full", "/c", record("c"))
