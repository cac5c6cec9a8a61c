"""
A store in a database: items outlive the process, and several processes share them.

One table holds everything as JSON. Each collection has a row of its own, whose `version` is its stamp and whose
`position` is the next number. Every write begins by updating that row, so that writers of one collection queue up and
can't deadlock. A record is changed only in the version that was read; the slower of two writers gets a `Conflict`.

This module is imported by name when a database is configured, since importing SQLAlchemy takes long.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, Final, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mock_server.errors import UsageError
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.blocking import wait_for
from mock_server.state.store import Conflict, Record, StoreUnavailable, read_snapshot, take_snapshot

_T = TypeVar("_T")
_TRIES: Final = 8
_RETRYABLE: Final = frozenset(
    ("40001", "40P01", "55P03", "57P01", "08006", "08003")
)  # states of PostgreSQL after which a retry may succeed
_SHORT: Final = 200  # characters of a key that is stored unhashed
_LONG: Final = 400
_COLLECTION, _MARK, _ITEM = "", "+", "="  # prefixes of keys: the kind of a row
_log: Final = logging.getLogger("mock_server.state")

_metadata = sa.MetaData()
_table = sa.Table(
    "mock_server_state",
    _metadata,
    sa.Column("world", sa.String(64), primary_key=True),
    sa.Column("collection", sa.String(512), primary_key=True),
    sa.Column("key", sa.String(300), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("body", sa.JSON(none_as_null=True)),  # NULL: deleted
    sa.Column("about", sa.JSON(none_as_null=True)),  # the key in full, and links
)
_c = _table.c


def open_database(url: str) -> "DatabaseStore":
    """
    Open a store.

    Args:
        url: `sqlite:///file.db` or `postgresql+psycopg://user:password@host/database`.

    Raises:
        UsageError: the URL is not supported, or the database can't be opened.
    """
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(f"--store is no URL of a store: give {_KNOWN}") from None  # any part of it may be secret
    if parsed.drivername not in {"sqlite", "postgresql", "postgresql+psycopg", "sqlite+pysqlite"}:
        raise UsageError(f"--store {parsed.drivername}://…: this store is not known: give {_KNOWN}")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise UsageError(
            "--store sqlite:// names no file: give sqlite:///state.db, or leave --store out to keep state in memory"
        )
    shown = parsed.render_as_string(hide_password=True)
    store = DatabaseStore(parsed, shown)
    try:
        store.prepare()
    except StoreUnavailable as error:
        raise UsageError(f"--store {shown} can't be opened: {error.reason or error}") from None
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(f"--store {shown} needs a driver: pip install 'psycopg[binary]' ({error})") from None
    return store


_KNOWN: Final = "sqlite:///file.db or postgresql+psycopg://user@host/database"


class DatabaseStore:
    """Keeps records in a table; `Store` documents the methods."""

    blocks = True

    def __init__(self, url: sa.URL, shown: str) -> None:
        """
        Create a store that connects on first use.

        Args:
            url: Of the database.
            shown: The same, without its password.
        """
        self._url = url
        self._shown = shown
        self._engine: sa.Engine | None = None
        self._process = 0
        self._connecting = threading.Lock()
        self._insert: Any = insert_sqlite if url.get_backend_name() == "sqlite" else insert_postgresql

    def prepare(self) -> None:
        """
        Create the table if needed, and disconnect again, since this process may be forked.

        Raises:
            StoreUnavailable: the database can't be reached.
        """
        self._write(_metadata.create_all)
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def close(self) -> None:
        """Disconnect."""
        if self._engine is not None:
            self._engine.dispose()

    def pulse(self) -> int | None:
        """See `Store`: other processes write too."""
        return None

    def stamp(self, world: str, collection: str) -> int:
        """See `Store`."""
        query = sa.select(_c.version).where(*_row(world, collection, _COLLECTION))
        return self._read(lambda connection: connection.execute(query).scalar()) or 0

    def seeded(self, world: str, collection: str, mark: str) -> bool:
        """See `Store`."""
        query = sa.select(_c.version).where(*_row(world, collection, _MARK + _short(mark)))
        return self._read(lambda connection: connection.execute(query).first()) is not None

    def seed(self, world: str, collection: str, mark: str, records: Sequence[Record]) -> None:
        """See `Store`."""

        def write(connection: sa.Connection) -> None:
            self._touch(connection, world, collection)
            rows = [_mark_row(world, collection, mark)]
            if not self._add(connection, rows):
                return
            fresh = {_short(record.key): record for record in records}
            if fresh:
                self._add(connection, [_item_row(world, collection, record) for record in fresh.values()])

        self._write(write)

    def all(self, world: str, collection: str) -> list[Record]:
        """See `Store`."""
        query = sa.select(_c.version, _c.position, _c.body, _c.about).where(
            _c.world == world, _c.collection == _short_name(collection), _c.key.startswith(_ITEM), _c.body.is_not(None)
        )
        rows = self._read(lambda connection: connection.execute(query.order_by(_c.position, _c.key)).all())
        return [_record(row) for row in rows]

    def find(self, world: str, collection: str, key: str) -> Record | None:
        """See `Store`."""
        query = sa.select(_c.version, _c.position, _c.body, _c.about).where(
            *_row(world, collection, _ITEM + _short(key))
        )
        row = self._read(lambda connection: connection.execute(query).first())
        if row is not None:
            return _record(row)
        return None

    def number(self, world: str, collection: str) -> int:
        """See `Store`."""
        return self._write(lambda connection: self._touch(connection, world, collection, numbers=1)) - 1

    def insert(self, world: str, collection: str, record: Record, since: int | None = None) -> None:
        """See `Store`."""

        def write(connection: sa.Connection) -> None:
            self._touch(connection, world, collection, since=since)
            row = _item_row(world, collection, record)
            if self._add(connection, [row]):
                return
            again = {name: row[name] for name in ("position", "body", "about")}
            deleted = (*_row(world, collection, row["key"]), _c.body.is_(None))
            if not connection.execute(
                sa.update(_table).where(*deleted).values(version=_c.version + 1, **again)
            ).rowcount:
                raise Conflict(record.key)

        self._write(write)

    def replace(
        self, world: str, collection: str, before: Record, body: JsonObject | None, since: int | None = None
    ) -> Record:
        """See `Store`."""

        def write(connection: sa.Connection) -> None:
            self._touch(connection, world, collection, since=since)
            known = (*_row(world, collection, _ITEM + _short(before.key)), _c.version == before.version)
            changed = (
                sa.update(_table)
                .where(*known)
                .values(version=before.version + 1, body=sa.null() if body is None else body)
            )
            if not connection.execute(changed).rowcount:
                raise Conflict(before.key)

        self._write(write)
        return before._replace(version=before.version + 1, body=body)

    def remove(self, world: str, collection: str, before: Record) -> None:
        """See `Store`."""

        def write(connection: sa.Connection) -> None:
            self._touch(connection, world, collection)
            known = (*_row(world, collection, _ITEM + _short(before.key)), _c.version == before.version)
            if not connection.execute(sa.delete(_table).where(*known)).rowcount:
                raise Conflict(before.key)

        self._write(write)

    def clear(self, world: str, under: str) -> None:
        """See `Store`."""
        query = sa.delete(_table).where(_c.world == world, _c.collection.startswith(under[:_LONG], autoescape=True))
        self._write(lambda connection: connection.execute(query))

    def reset(self, world: str) -> None:
        """See `Store`."""
        self.drop(world)

    def drop(self, world: str) -> None:
        """See `Store`."""
        self._write(lambda connection: connection.execute(sa.delete(_table).where(_c.world == world)))

    def fork(self, source: str, target: str) -> None:
        """See `Store`."""
        columns = [column for column in _c if column.name != "world"]
        copied = sa.select(sa.literal(target), *columns).where(_c.world == source)

        def write(connection: sa.Connection) -> None:
            connection.execute(sa.delete(_table).where(_c.world == target))
            connection.execute(sa.insert(_table).from_select(["world", *(column.name for column in columns)], copied))
            stamped = sa.update(_table).where(_c.world == target, _c.key == _COLLECTION)
            connection.execute(stamped.values(version=_now()))

        self._write(write)

    def snapshot(self, world: str) -> JsonValue:
        """See `Store`."""
        query = sa.select(_c.collection, _c.key, _c.version, _c.position, _c.body, _c.about).where(_c.world == world)
        rows = self._read(
            lambda connection: connection.execute(query.order_by(_c.collection, _c.position, _c.key)).all()
        )
        found: JsonObject = {}
        for name in dict.fromkeys(row.collection for row in rows):
            own = [row for row in rows if row.collection == name]
            things = [_record(row) for row in own if row.key.startswith(_ITEM)]
            marks = [row.about["key"] for row in own if row.key.startswith(_MARK)]
            whole = next((row for row in own if row.key == _COLLECTION), None)
            if whole is not None:
                found[whole.about["key"]] = take_snapshot(whole.position, marks, things)
        return found

    def restore(self, world: str, snapshot: JsonValue) -> None:
        """See `Store`."""
        rows: list[dict[str, Any]] = []
        for name, (number, marks, records) in read_snapshot(snapshot).items():
            rows.append(_collection_row(world, name, number))
            rows += [_mark_row(world, name, mark) for mark in marks]
            rows += [_item_row(world, name, record) for record in records]

        def write(connection: sa.Connection) -> None:
            connection.execute(sa.delete(_table).where(_c.world == world))
            if rows:
                self._add(connection, rows)

        self._write(write)

    def _touch(
        self, connection: sa.Connection, world: str, collection: str, numbers: int = 0, since: int | None = None
    ) -> int:
        """
        Change the stamp of a collection, and lock the collection until the end of the transaction.

        Args:
            connection: In a transaction.
            world: Its world.
            collection: Its name.
            numbers: The count of numbers to take.
            since: The required stamp before; None for any.

        Returns:
            The next number.

        Raises:
            Conflict: the stamp was another one.
        """
        row = _collection_row(world, collection, numbers)
        changed = {"version": _c.version + 1, "position": _c.position + numbers}
        written = self._insert(_table).values(row).on_conflict_do_update(index_elements=_KEY, set_=changed)
        found = connection.execute(written.returning(_c.position, _c.version)).one()
        if since is not None and found.version != since + 1:
            raise Conflict(collection)
        return int(found.position)

    def _add(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> int:
        """Insert rows unless they exist; return the count of inserted ones."""
        added = 0
        for start in range(0, len(rows), _AT_ONCE):
            written = (
                self._insert(_table).values(rows[start : start + _AT_ONCE]).on_conflict_do_nothing(index_elements=_KEY)
            )
            added += len(connection.execute(written.returning(_c.key)).all())
        return added

    def _read(self, ask: Callable[[sa.Connection], _T]) -> _T:
        return self._do(ask, reads=True)

    def _write(self, ask: Callable[[sa.Connection], _T]) -> _T:
        return self._do(ask, reads=False)

    def _do(self, ask: Callable[[sa.Connection], _T], *, reads: bool) -> _T:
        """Run a transaction without blocking the event loop."""
        engine = self._connected()
        return wait_for(lambda: self._run(engine, ask, reads=reads))

    def _run(self, engine: sa.Engine, ask: Callable[[sa.Connection], _T], *, reads: bool) -> _T:
        """Run a transaction, with retries where the database says that they may succeed."""
        for attempt in range(_TRIES):
            try:
                with engine.connect().execution_options(reads=reads) as connection, connection.begin():
                    return ask(connection)
            except (DBAPIError, PoolTimeout) as error:
                if attempt == _TRIES - 1 or not _may_succeed(error):
                    raise self._unavailable(_reason(error)) from None
                time.sleep(Random().random() * 0.05 * (attempt + 1))
            except SQLAlchemyError as error:
                raise self._unavailable(_reason(error)) from None
        raise self._unavailable("others write all the time")

    def _unavailable(self, reason: str) -> StoreUnavailable:
        """Log the reason with the URL, and return an error without them for clients."""
        _log.error("the state store %s: %s", self._shown, reason)
        return StoreUnavailable("the state store can't be reached, see the log of the server; ask again", reason)

    def _connected(self) -> sa.Engine:
        """Return the connection pool of this process; a forked process makes its own."""
        # threads that come first at once share one engine: that of another would never be closed
        with self._connecting:
            if self._engine is None or self._process != os.getpid():
                self._process = os.getpid()
                self._engine = _make_engine(self._url)
            return self._engine


_KEY: Final = ["world", "collection", "key"]
_AT_ONCE: Final = 100  # rows of one statement


def _make_engine(url: sa.URL) -> sa.Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_timeout": 10, "options": "-c lock_timeout=15000"}
    if is_sqlite:
        options = {"timeout": 30.0}
    engine = sa.create_engine(
        url,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args=options,
        pool_size=8,
        max_overflow=32,
        hide_parameters=True,
    )
    if is_sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - of the driver
    """Let readers work during a write, and leave the begin of transactions to `_begin_sqlite`."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Lock for writing at once: a lock that is requested later in a transaction can fail without waiting."""
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _may_succeed(error: Exception) -> bool:
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    origin = getattr(error, "orig", None)
    text = str(origin)
    if "already exists" in text or "pg_type_typname_nsp_index" in text:  # another process made the table just now
        return True
    return getattr(origin, "sqlstate", None) in _RETRYABLE or "database is locked" in text


def _reason(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error).strip().splitlines()
    return NO_MASK.text(text[0] if text else type(error).__name__)[:300]


def _now() -> int:
    """Return the first stamp of a collection: larger than any that it had, below a million writes a second."""
    return time.time_ns() // 1000


def _row(world: str, collection: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.world == world, _c.collection == _short_name(collection), _c.key == key


def _empty_row(world: str, collection: str, key: str) -> dict[str, Any]:
    return {
        "world": world,
        "collection": _short_name(collection),
        "key": key,
        "version": 1,
        "position": 0,
        "body": None,
        "about": None,
    }


def _collection_row(world: str, collection: str, number: int) -> dict[str, Any]:
    """Return the row of a collection itself."""
    return _empty_row(world, collection, _COLLECTION) | {
        "version": _now(),
        "position": number,
        "about": {"key": collection},
    }


def _mark_row(world: str, collection: str, mark: str) -> dict[str, Any]:
    return _empty_row(world, collection, _MARK + _short(mark)) | {"about": {"key": mark}}


def _item_row(world: str, collection: str, record: Record) -> dict[str, Any]:
    return _empty_row(world, collection, _ITEM + _short(record.key)) | {
        "version": record.version,
        "position": record.position,
        "body": record.body,
        "about": {"key": record.key, "links": record.links},
    }


def _record(row: Any) -> Record:  # noqa: ANN401 - a row of any query
    return Record(row.about["key"], row.version, row.position, row.body, row.about["links"])


def _short(key: str) -> str:
    """Return a key for an index: without NUL, and not too long."""
    if len(key) <= _SHORT and "\0" not in key and not key.startswith("#"):
        return key
    return "#" + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _short_name(collection: str) -> str:
    if len(collection) <= _LONG:
        return collection
    return collection[:_LONG] + "#" + blake2b(collection.encode(), digest_size=20).hexdigest()
