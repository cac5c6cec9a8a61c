"""
A run in pieces: shards of some hundred payloads that are made anywhere, in any order, and again after a kill.

Who makes a shard writes it, where it sees the folder of the parts; else it gives back the bytes, and this process writes.
Bytes that are not sent are time that is not spent: with them two workers of a cluster are 1.46 times one process, without 1.7.
"""

import hashlib
import importlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import orjson

from mock_server.errors import UsageError
from mock_server.generate.kit import Kit
from mock_server.payloads.export import FORMATS
from mock_server.payloads.joining import open_joining
from mock_server.payloads.numbering import Plan
from mock_server.payloads.parts import Parts, Shard, open_parts
from mock_server.payloads.spread import Spread
from mock_server.payloads.target import Choice
from mock_server.settings import Settings
from mock_server.spec.document import open_document
from mock_server.spec.load import Access, Library
from mock_server.typing import Progress
from mock_server.version import __version__

SHARD: Final = 256  # payloads, where nothing is known of their size
_SHARD_BYTES: Final = 8_000_000  # about: little enough to hold a few of them, and much for one flush
_MOST_PAYLOADS: Final = 16_384  # in a shard


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
    Open the plan of a job; the last ones are kept, as a process makes many shards of them, and for two runs at a time.

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
    folder = out.with_name(out.name + ".parts")
    try:
        parts = open_parts(folder, job.identity())
        joining = None if format_.is_table else open_joining(parts, format_.head)
        done = parts.finished() | set(range(joining.shards if joining is not None else 0))
        missing = [index for index in range(job.shards()) if index not in done]
        written = job.count - sum(job.span(index)[1] for index in missing)
        progress(written, job.count, "")
        for index, shard in spread(partial(fill_shard, job, parts), missing):
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
        raise UsageError(f"{error.filename or out}: {error.strerror}; what is finished stays in {folder}: run the same again") from error


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


def stream(job: Job) -> Iterator[bytes]:
    """Make a run as one stream; for formats that are one file of text."""
    format_ = FORMATS[job.format]
    yield format_.head
    plan = open_plan(job.document, job.settings, job.choice)
    for number, record in enumerate(plan.records(job.offset, job.count)):
        yield format_.join((format_.item(record),), first=number == 0)
    yield format_.tail
