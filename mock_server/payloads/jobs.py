"""
A run in pieces: shards of some hundred payloads that are made anywhere, in any order, and again after a kill.

    OUT.parts/job.json       the job; another one does not go on with these parts
    OUT.parts/000017.part    a finished shard: written under another name, flushed, then renamed; whole or not there
    OUT.parts/5f1c….run      a mark of this run: a worker that finds it sees this folder, not one of the same name
    OUT.parts/joined-000122-61200344    the first 122 shards, in order; a kill may leave more than so many bytes

A worker writes its shard where it sees the folder; else it returns the bytes, and this process writes them. Bytes that
are not sent are time that is not spent: two workers of a cluster are 1.46 times one process with them, 1.7 without.

Finished shards are joined while others are made, so that at no time everything exists twice. What is joined is flushed
before its name says so, and its parts are removed after that. A shard that is made twice is the same bytes under one
name.
"""

import hashlib
import importlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import orjson

from mock_server.document.read import read_document
from mock_server.errors import UsageError
from mock_server.generate.engine import Engine
from mock_server.json_values import Progress
from mock_server.payloads.executors import ExecutorFactory, run_pieces
from mock_server.payloads.formats import FORMATS, PayloadFormat
from mock_server.payloads.plan import PayloadPlan, PayloadRecord
from mock_server.payloads.targets import PayloadChoice
from mock_server.settings import Settings
from mock_server.version import __version__


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard."""

    index: int
    data: bytes
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of the parts of a run; plain, so that it can be sent to another process."""

    folder: Path
    mark: str

    def is_seen(self) -> bool:
        """Return True if this process, perhaps of another machine, sees the folder."""
        return (self.folder / self.mark).is_file()

    def finished(self) -> set[int]:
        """Return the shards that are there already."""
        return {int(path.stem) for path in self.folder.glob("*.part")}

    def file(self, index: int) -> Path:
        """Return the path of a finished shard."""
        return self.folder / f"{index:06}.part"

    def keep(self, shard: Shard) -> None:
        """
        Write a shard.

        Raises:
            OSError: it can't be written.
        """
        for name, data in shard.files:
            (self.folder / name).write_bytes(data)
        file = self.file(shard.index)
        temporary = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("wb") as written:
                written.write(shard.data)
                written.flush()
                os.fsync(written.fileno())
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder)

    def become(self, out: Path) -> None:
        """Make the folder the result: remove the parts, keep the other files."""
        for pattern in ("*.part", "*.run", "*.tmp", "job.json"):
            for file in self.folder.glob(pattern):
                file.unlink()
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        self.folder.rename(out)


def open_parts(folder: Path, identity: str) -> Parts:
    """
    Open the folder of the parts of a run, which may have been begun before.

    Args:
        folder: Of the parts.
        identity: Of the job; see `Job.identity`.

    Raises:
        UsageError: there are parts of another run, or links.
        OSError: it can't be written.
    """
    job = folder / "job.json"
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link: remove it, or choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    links = sorted(child.name for child in folder.iterdir() if child.is_symlink())
    if links:
        raise UsageError(f"{folder} holds a link, {links[0]}: remove the folder, or choose another --out")
    if job.is_file() and job.read_text() != identity:
        raise UsageError(f"{folder} holds parts of another run: remove the folder, or choose another --out")
    job.write_text(identity)
    parts = Parts(folder.resolve(), f"{secrets.token_hex(8)}.run")
    (folder / parts.mark).touch()
    return parts


_AT_ONCE: Final = 8  # shards that are worth a flush


@dataclass(eq=False, repr=False)
class Joining:
    """The file that the first shards of a run are in."""

    parts: Parts
    shards: int
    size: int

    @property
    def file(self) -> Path:
        """The path of the file."""
        return self.parts.folder / f"joined-{self.shards:06}-{self.size}"

    def take(self, finished: set[int], *, all_of: bool = False) -> None:
        """
        Take the parts that are next.

        Args:
            finished: The shards that are there.
            all_of: Take even a few.

        Raises:
            OSError: it can't be written.
        """
        following = self.shards
        while following in finished:
            following += 1
        if following - self.shards < (1 if all_of else _AT_ONCE):
            return
        files = [self.parts.file(index) for index in range(self.shards, following)]
        before = self.file
        size = self._append(files, b"")
        self.shards, self.size = following, size
        before.rename(self.file)
        for file in files:
            file.unlink()

    def become(self, out: Path, tail: bytes) -> None:
        """
        Let it be the result, all shards being taken.

        Raises:
            OSError: it can't be written.
        """
        self._append([], tail)
        self.file.replace(out)

    def _append(self, files: list[Path], tail: bytes) -> int:
        with self.file.open("r+b") as whole:
            whole.seek(self.size)
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, whole, 1 << 20)
            whole.write(tail)
            whole.truncate()
            whole.flush()
            os.fsync(whole.fileno())
            return whole.tell()


def open_joining(parts: Parts, head: bytes) -> Joining:
    """
    Open what is joined of a run, which may have been begun before.

    Args:
        parts: Of the run.
        head: The bytes before the first of them.

    Raises:
        OSError: it can't be written.
    """
    for file in parts.folder.glob("joined-*"):
        shards, size = map(int, file.name.split("-")[1:])
        for index in range(shards):
            parts.file(index).unlink(missing_ok=True)
        return Joining(parts, shards, size)
    joining = Joining(parts, 0, len(head))
    joining.file.write_bytes(head)
    return joining


SHARD: Final = 256  # payloads, where nothing is known of their size
_SHARD_BYTES: Final = 8_000_000  # about: little enough to hold a few of them, and much for one flush
_MOST_PAYLOADS: Final = 16_384  # in a shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that decides the bytes of a run; plain, so that it can be sent to another process."""

    document: str
    settings: Settings
    choice: PayloadChoice
    format: str
    offset: int
    count: int
    shard: int = SHARD  # payloads in one

    def shards(self) -> int:
        """Return the number of shards."""
        return -(-self.count // self.shard)

    def span(self, index: int) -> tuple[int, int]:
        """Return the first payload of a shard, and how many it has."""
        start = index * self.shard
        return self.offset + start, min(self.shard, self.count - start)

    def identity(self) -> str:
        """Return a digest of everything that decides the bytes of a run."""
        written = json.dumps([__version__, asdict(self)], default=str, sort_keys=True).encode()
        digest = hashlib.sha256(written)
        if Path(self.document).is_file():
            digest.update(Path(self.document).read_bytes())
        return digest.hexdigest()


def with_fitting_shards(job: Job) -> Job:
    """Let shards have so many payloads that they are about equally large, whatever the payloads are."""
    plan, format_ = open_plan(job.document, job.settings, job.choice), FORMATS[job.format]
    items = [format_.item(record) for record in plan.records(job.offset, min(job.count, 16))]
    size = sum(len(item.data) + sum(len(data) for _, data in item.files) for item in items) / len(items)
    fitting = 1 << max(5, int(_SHARD_BYTES / size).bit_length() - 1)
    return replace(job, shard=min(fitting, _MOST_PAYLOADS))


def make_shard(job: Job, index: int) -> Shard:
    """
    Make one shard.

    Raises:
        MockServerError: the document can't be read, or no payload can be made.
    """
    plan, format_ = open_plan(job.document, job.settings, job.choice), FORMATS[job.format]
    start, count = job.span(index)
    items = [format_.item(record) for record in plan.records(start, count)]
    data = format_.join(items, first=index == 0)
    return Shard(index, data, tuple(file for item in items for file in item.files))


def fill_shard(job: Job, parts: Parts, index: int) -> Shard | None:
    """
    Make one shard, and write it where that can be done from here.

    Returns:
        None, or the shard where it is still to be written.

    Raises:
        MockServerError: see `make_shard`.
    """
    shard = make_shard(job, index)
    try:
        if parts.is_seen():
            parts.keep(shard)
            return None
    except OSError:
        pass  # who gathers the shards tries it as well, and says what is wrong
    return shard


@lru_cache(maxsize=2)
def _open_plan(job: "_Opening") -> PayloadPlan:
    return PayloadPlan(Engine(read_document(job.document, job.settings), job.settings), job.choice)


@dataclass(frozen=True, slots=True)
class _Opening:
    """The choices that decide a plan, compared by their content: settings hold tables that can't be hashed."""

    document: str
    settings: Settings
    choice: PayloadChoice

    def __hash__(self) -> int:
        return hash((self.document, self.choice))


def open_plan(document: str, settings: Settings, choice: PayloadChoice) -> PayloadPlan:
    """
    Open the plan of a job; the last ones are kept, as a process makes many shards of them, and for two runs at a time.

    Raises:
        MockServerError: see `make_shard`.
    """
    return _open_plan(_Opening(document, settings, choice))


def run(job: Job, out: Path, executors: ExecutorFactory, progress: Progress) -> None:
    """
    Make what is missing of a job, and join it.

    Args:
        job: What to make.
        out: The file or, for some formats, the folder that it becomes.
        executors: Make the shards.
        progress: Receives how many payloads are written.

    Raises:
        UsageError: there are parts of another job, or the disk is full.
    """
    format_ = FORMATS[job.format]
    folder = out.with_name(out.name + ".parts")
    try:
        parts = open_parts(folder, job.identity())
        joining = None if format_.is_table else open_joining(parts, format_.head)
        done = parts.finished() | set(range(joining.shards if joining is not None else 0))
        missing = [index for index in range(job.shards()) if index not in done]
        written = job.count - sum(job.span(index)[1] for index in missing)
        progress(written, job.count, "")
        for index, shard in run_pieces(executors, partial(fill_shard, job, parts), missing):
            if shard is not None:
                parts.keep(shard)
            done.add(index)
            if joining is not None:
                joining.take(done)
            written += job.span(index)[1]
            progress(written, job.count, "")
        if joining is None:
            write_table(_lines(job, parts), parts.folder / "table")
            (parts.folder / "table").replace(out)
        else:
            joining.take(done, all_of=True)
            joining.become(parts.folder / "index.json" if format_.is_folder else out, format_.tail)
        if format_.is_folder:
            parts.become(out)
        else:
            parts.remove()
    except OSError as error:
        raise UsageError(
            f"{error.filename or out}: {error.strerror}; what is finished stays in {folder}: run the same again"
        ) from error


def _lines(job: Job, parts: Parts) -> Iterator[tuple[Any, ...]]:
    for index in range(job.shards()):
        for line in parts.file(index).read_bytes().split(b"\n"):
            if line:
                yield tuple(orjson.loads(line))


def write_table(rows: Iterable[tuple[Any, ...]], path: Path) -> None:
    """
    Write rows as Parquet.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        parquet = importlib.import_module("mock_server.payloads.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install pyarrow") from error
    parquet.write(rows, path)


def stream(format_: PayloadFormat, records: Iterable[PayloadRecord]) -> Iterator[bytes]:
    """Write payloads as one stream, each as soon as it is made; for formats that are one file of text."""
    for number, record in enumerate(records):
        if number == 0:
            yield format_.head
        yield format_.join((format_.item(record),), first=number == 0)
    yield format_.tail
