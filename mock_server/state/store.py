"""
Stores of items.

The name of a collection is its concrete path (`/owners/5/pets`). Its seeds are stored once, at positions below 0; later
items have positions from 0. A deleted item is remembered where no list enumerates the items.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from mock_server.errors import MockServerError, UsageError
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.respond.worlds import MEMORY, WorldStore
from mock_server.sizes import weigh_json

_AROUND = 300  # bytes of an item, or of a collection, in memory, apart from its content


class Record(NamedTuple):
    """An item in a store. Its values are never changed in place."""

    key: str
    version: int  # 1 when it is created, one more after each change
    position: int  # in its collection; below 0 for seeds
    body: JsonObject | None  # None: deleted
    links: dict[str, str]  # keys of owners by path variable, if the body has no reference to them


class Conflict(MockServerError):
    """A record has changed since it was read."""


class StoreUnavailable(MockServerError):
    """The store can't be reached, or is full. Its message is for clients and never names the store."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason  # for the log


@runtime_checkable
class Store(WorldStore, Protocol):
    """Keeps records by world and collection. What it has acknowledged is durable."""

    blocks: bool  # whether it waits for something, by `respond.blocking`

    def pulse(self) -> int | None:
        """Return a version of all that is stored, or None if it is not known without a query."""

    def stamp(self, world: str, collection: str) -> int:
        """Return a number that differs after each change of a collection; 0 if nothing was ever stored there."""

    def seeded(self, world: str, collection: str, mark: str) -> bool:
        """Return True if a collection was seeded under a mark."""

    def seed(self, world: str, collection: str, mark: str, records: Sequence[Record]) -> None:
        """Store seeds, once for each mark; records with their keys stay as they are."""

    def all(self, world: str, collection: str) -> list[Record]:
        """Return all records of a collection that are not deleted, in order."""

    def find(self, world: str, collection: str, key: str) -> Record | None:
        """Return the record under a key, deleted or not."""

    def number(self, world: str, collection: str) -> int:
        """Return the next number of a collection, from 0; each is returned once."""

    def insert(self, world: str, collection: str, record: Record, since: int | None = None) -> None:
        """
        Store a new record.

        Args:
            world: Its world.
            collection: Its collection.
            record: The record.
            since: The required stamp of the collection; None for any.

        Raises:
            Conflict: there is a record with this key, or the stamp is another one.
        """

    def replace(
        self, world: str, collection: str, before: Record, body: JsonObject | None, since: int | None = None
    ) -> Record:
        """
        Change the body of a record, or mark it as deleted; `since` as for `insert`.

        Raises:
            Conflict: the record, or the stamp of the collection, has changed.
        """

    def remove(self, world: str, collection: str, before: Record) -> None:
        """
        Remove a record.

        Raises:
            Conflict: the record has changed.
        """

    def clear(self, world: str, under: str) -> None:
        """Remove all collections with names that begin with `under`."""


@dataclass(slots=True)
class _MemoryCollection:
    records: dict[str, Record] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    next: int = 0
    stamp: int = 1
    weight: int = 0  # bytes

    def copy(self) -> "_MemoryCollection":
        return _MemoryCollection(dict(self.records), set(self.marks), self.next, self.stamp, self.weight)


@dataclass(eq=False)
class MemoryStore:
    """Keeps records in this process. Reading needs no lock, since records are never changed in place."""

    blocks: bool = False
    limit: int = 100_000  # items of a collection: memory is finite
    most: int = MEMORY  # bytes of all items
    weight: int = 0  # bytes
    _worlds: dict[str, dict[str, _MemoryCollection]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _clock: int = 0  # source of stamps: a collection that is made anew gets no old one

    def pulse(self) -> int | None:
        """See `Store`."""
        return self._clock

    def stamp(self, world: str, collection: str) -> int:
        """See `Store`."""
        found = self._find(world, collection)
        if found is not None:
            return found.stamp
        return 0

    def seeded(self, world: str, collection: str, mark: str) -> bool:
        """See `Store`."""
        found = self._find(world, collection)
        return found is not None and mark in found.marks

    def seed(self, world: str, collection: str, mark: str, records: Sequence[Record]) -> None:
        """See `Store`."""
        with self._lock:
            made = self._ensure(world, collection)
            if mark in made.marks:
                return
            made.marks.add(mark)
            fresh = {record.key: record for record in records if record.key not in made.records}
            self._weigh(made, sum(map(_weigh, fresh.values())) + len(mark) + _AROUND)
            made.records = dict(sorted({**made.records, **fresh}.items(), key=lambda item: item[1].position))
            self._touch(made)

    def all(self, world: str, collection: str) -> list[Record]:
        """See `Store`."""
        found = self._find(world, collection)
        if found is not None:
            return [record for record in list(found.records.values()) if record.body is not None]
        return []

    def find(self, world: str, collection: str, key: str) -> Record | None:
        """See `Store`."""
        found = self._find(world, collection)
        if found is not None:
            return found.records.get(key)
        return None

    def number(self, world: str, collection: str) -> int:
        """See `Store`."""
        with self._lock:
            made = self._ensure(world, collection)
            made.next += 1
            return made.next - 1

    def insert(self, world: str, collection: str, record: Record, since: int | None = None) -> None:
        """See `Store`."""
        with self._lock:
            made = self._ensure(world, collection)
            if since is not None and made.stamp != since:
                raise Conflict(record.key)
            if len(made.records) >= self.limit:
                raise StoreUnavailable(
                    f"{collection} has {self.limit:,} things: delete some, or give --store a database"
                )
            known = made.records.get(record.key)
            if known is not None and known.body is not None:
                raise Conflict(record.key)
            self._reserve(made, _weigh(record) - (_weigh(known) if known is not None else 0))
            made.records.pop(record.key, None)
            made.records[record.key] = record if known is None else record._replace(version=known.version + 1)
            self._touch(made)

    def replace(
        self, world: str, collection: str, before: Record, body: JsonObject | None, since: int | None = None
    ) -> Record:
        """See `Store`."""
        with self._lock:
            made = self._unchanged(world, collection, before)
            if since is not None and made.stamp != since:
                raise Conflict(before.key)
            after = before._replace(version=before.version + 1, body=body)
            self._reserve(made, _weigh(after) - _weigh(before))
            made.records[before.key] = after
            self._touch(made)
            return after

    def remove(self, world: str, collection: str, before: Record) -> None:
        """See `Store`."""
        with self._lock:
            made = self._unchanged(world, collection, before)
            self._weigh(made, -_weigh(before))
            del made.records[before.key]
            self._touch(made)

    def clear(self, world: str, under: str) -> None:
        """See `Store`."""
        with self._lock:
            self._clock += 1
            kept = self._worlds.get(world, {})
            self._worlds[world] = {name: value for name, value in kept.items() if not name.startswith(under)}
            self.weight -= sum(value.weight for name, value in kept.items() if name.startswith(under))

    def reset(self, world: str) -> None:
        """See `Store`."""
        self.drop(world)

    def drop(self, world: str) -> None:
        """See `Store`."""
        with self._lock:
            self._clock += 1
            self._forget(world)

    def fork(self, source: str, target: str) -> None:
        """See `Store`."""
        with self._lock:
            self._clock += 1
            copied = {name: kept.copy() for name, kept in self._worlds.get(source, {}).items()}
            self._forget(target)
            self._worlds[target] = copied
            for kept in copied.values():
                self._touch(kept)
                self.weight += kept.weight

    def snapshot(self, world: str) -> JsonValue:
        """See `Store`."""
        with self._lock:
            kept = self._worlds.get(world, {})
            return {
                name: take_snapshot(value.next, value.marks, value.records.values()) for name, value in kept.items()
            }

    def restore(self, world: str, snapshot: JsonValue) -> None:
        """See `Store`."""
        read = read_snapshot(snapshot)
        with self._lock:
            self._clock += 1
            self._forget(world)
            for name, (number, marks, records) in read.items():
                made = self._ensure(world, name)
                made.next, made.marks, made.records = number, set(marks), {record.key: record for record in records}
                self._weigh(made, sum(map(_weigh, made.records.values())))
                self._touch(made)

    def _find(self, world: str, collection: str) -> _MemoryCollection | None:
        kept = self._worlds.get(world)
        if kept is not None:
            return kept.get(collection)
        return None

    def _ensure(self, world: str, collection: str) -> _MemoryCollection:
        kept = self._worlds.setdefault(world, {})
        made = kept.get(collection)
        if made is None:
            made = kept[collection] = _MemoryCollection()
            self._weigh(made, _AROUND + len(collection))
        return made

    def _forget(self, world: str) -> None:
        self.weight -= sum(made.weight for made in self._worlds.pop(world, {}).values())

    def _reserve(self, made: _MemoryCollection, size: int) -> None:
        """Count bytes that a client wants to store against the limit."""
        if size > 0 and self.weight + size > self.most:
            raise StoreUnavailable(
                f"state has {self.weight:,} bytes, and may have {self.most:,}: --memory sets the limit"
            )
        self._weigh(made, size)

    def _weigh(self, made: _MemoryCollection, size: int) -> None:
        made.weight += size
        self.weight += size

    def _unchanged(self, world: str, collection: str, before: Record) -> _MemoryCollection:
        found = self._find(world, collection)
        known = found.records.get(before.key) if found is not None else None
        if found is None or known is None or known.version != before.version:
            raise Conflict(before.key)
        return found

    def _touch(self, made: _MemoryCollection) -> None:
        self._clock += 1
        made.stamp = self._clock


def _weigh(record: Record) -> int:
    return _AROUND + len(record.key) + sum(map(len, record.links.values())) + weigh_json(record.body)


def take_snapshot(number: int, marks: Iterable[str], records: Iterable[Record]) -> JsonValue:
    """Return the snapshot of a collection."""
    written: list[JsonValue] = [[r.key, r.version, r.position, r.body, dict(r.links)] for r in records]
    marked: list[JsonValue] = [*sorted(marks)]
    return {"next": number, "marks": marked, "records": written}


def read_snapshot(snapshot: JsonValue) -> dict[str, tuple[int, list[str], list[Record]]]:
    """
    Read the snapshot of a world: by collection, the next number, the marks and the records.

    Raises:
        UsageError: it is no snapshot.
    """
    found: dict[str, tuple[int, list[str], list[Record]]] = {}
    if not isinstance(snapshot, dict):
        raise UsageError("a snapshot of state is an object of collections")
    for name, kept in snapshot.items():
        members = as_object(kept)
        number, marks, records = (members.get(key) for key in ("next", "marks", "records"))
        if not isinstance(number, int) or not isinstance(marks, list) or not isinstance(records, list):
            raise UsageError(f"the snapshot of {name} has no 'next', 'marks' and 'records'")
        found[name] = number, list(map(str, marks)), [_read_record(name, record) for record in records]
    return found


def _read_record(name: str, record: JsonValue) -> Record:
    if isinstance(record, list) and len(record) == 5:  # noqa: PLR2004 - the members of a record
        key, version, position, body, links = record
        if (
            isinstance(version, int)
            and isinstance(position, int)
            and isinstance(body, dict | None)
            and isinstance(links, dict)
        ):
            owners = {variable: str(value) for variable, value in links.items()}
            return Record(str(key), version, position, body, owners)
    raise UsageError(f"the snapshot of {name} has a record that is none: {str(record)[:80]}")
