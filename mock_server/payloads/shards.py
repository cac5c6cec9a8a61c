"""
A run in pieces: shards of some hundred payloads that are made anywhere, in any order, and again after a kill.

    OUT.parts/job.json       what is being made; another job does not go on with these parts
    OUT.parts/000017.part    a finished shard: written beside, flushed, then renamed, so it is whole or not there
    OUT                      all of them joined, when none is missing; the parts are gone then

Who makes a shard gives back its bytes; only this process writes. So a shard is written once, whoever made it how often.
"""

import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import orjson

from mock_server.errors import UsageError
from mock_server.generate.kit import Kit
from mock_server.payloads.export import FORMATS, Format
from mock_server.payloads.numbering import Plan
from mock_server.payloads.spread import Spread
from mock_server.payloads.target import Choice
from mock_server.settings import Settings
from mock_server.spec.document import open_document
from mock_server.spec.load import Access, Library
from mock_server.typing import Progress
from mock_server.version import __version__

SHARD: Final = 256  # payloads, where nothing is known of their size
_SHARD_BYTES: Final = 4_000_000  # about: little enough to hold a few of them, and much for one flush
_MOST_PAYLOADS: Final = 8_192  # in a shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that decides the bytes of a run; plain, so that it can be sent to another process."""

    document: str
    settings: Settings
    choice: Choice
    format: str
    offset: int
    count: int
    shard: int = SHARD  # payloads in one

    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.count // self.shard)

    def span(self, index: int) -> tuple[int, int]:
        """The first payload of a shard, and how many it has."""
        start = index * self.shard
        return self.offset + start, min(self.shard, self.count - start)

    def identity(self) -> str:
        """What two runs have in common that make the same bytes."""
        said = json.dumps([__version__, asdict(self)], default=str, sort_keys=True).encode()
        digest = hashlib.sha256(said)
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


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard."""

    index: int
    data: bytes
    files: tuple[tuple[str, bytes], ...]


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


@lru_cache(maxsize=1)
def _open_plan(job: "_Opening") -> Plan:
    library = Library(Access(folders=job.settings.allow_path, hosts=frozenset(job.settings.allow_remote)))
    document = open_document(library, library.open_entry(job.document))
    return Plan(Kit(document, job.settings), job.choice)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What decides a plan; compared by what it says, as settings hold tables that can't be hashed."""

    document: str
    settings: Settings
    choice: Choice

    def __hash__(self) -> int:
        return hash((self.document, self.choice))


def open_plan(document: str, settings: Settings, choice: Choice) -> Plan:
    """
    Open the plan of a job; the last one is kept, as a process makes many shards of it.

    Raises:
        MockServerError: see `make_shard`.
    """
    return _open_plan(_Opening(document, settings, choice))


def run(job: Job, out: Path, spread: Spread, progress: Progress) -> None:
    """
    Make what is missing of a job, and join it.

    Args:
        job: What to make.
        out: The file or, for some formats, the folder that it becomes.
        spread: Has the shards made.
        progress: Told how many payloads are written.

    Raises:
        UsageError: there are parts of another job, or the disk is full.
    """
    format_ = FORMATS[job.format]
    parts = out.with_name(out.name + ".parts")
    try:
        done = _resume(job, parts)
        missing = [index for index in range(job.shards()) if index not in done]
        written = job.count - sum(job.span(index)[1] for index in missing)
        progress(written, job.count, "")
        for _, shard in spread(partial(make_shard, job), missing):
            _keep(shard, parts)
            written += job.span(shard.index)[1]
            progress(written, job.count, "")
        _join(job, format_, parts, out)
    except OSError as error:
        raise UsageError(f"{error.filename or out}: {error.strerror}; what is finished stays in {parts}: run the same again") from error


def _resume(job: Job, parts: Path) -> set[int]:
    """The shards that are there already."""
    said = parts / "job.json"
    parts.mkdir(parents=True, exist_ok=True)
    if said.is_file() and said.read_text() != job.identity():
        raise UsageError(f"{parts} holds parts of another run: remove the folder, or choose another --out")
    said.write_text(job.identity())
    return {int(path.stem) for path in parts.glob("*.part")}


def _keep(shard: Shard, parts: Path) -> None:
    for name, data in shard.files:
        (parts / name).write_bytes(data)
    _write(parts / f"{shard.index:06}.part", [shard.data])


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is whole or not there."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _join(job: Job, format_: Format, parts: Path, out: Path) -> None:
    files = [parts / f"{index:06}.part" for index in range(job.shards())]
    if format_.is_table:
        beside = parts / "table.tmp"
        write_table(_lines(files), beside)
        beside.replace(out)
    elif format_.is_folder:
        _write(parts / "index.json", (format_.head, *map(Path.read_bytes, files), format_.tail))
        for file in (*files, parts / "job.json"):
            file.unlink()
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        parts.rename(out)
        return
    else:
        _write(out, _pieces(format_, files))
    shutil.rmtree(parts)


def _pieces(format_: Format, files: list[Path]) -> Iterator[bytes]:
    yield format_.head
    yield from map(Path.read_bytes, files)
    yield format_.tail


def _lines(files: list[Path]) -> Iterator[tuple[Any, ...]]:
    for path in files:
        for line in path.read_bytes().split(b"\n"):
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
        raise UsageError("Parquet needs pyarrow: pip install 'mock-server[parquet]'") from error
    parquet.write(rows, path)


def stream(job: Job) -> Iterator[bytes]:
    """Make a run as one stream; for formats that are one file of text."""
    format_ = FORMATS[job.format]
    yield format_.head
    plan = open_plan(job.document, job.settings, job.choice)
    for number, record in enumerate(plan.records(job.offset, job.count)):
        yield format_.join((format_.item(record),), first=number == 0)
    yield format_.tail
