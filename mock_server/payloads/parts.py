"""
The finished parts of a run, as files.

    OUT.parts/job.json       what is being made; another job does not go on with these parts
    OUT.parts/000017.part    a finished shard: written beside, flushed, then renamed, so it is whole or not there
    OUT.parts/5f1c….run      a mark of this run: who finds it sees this very folder, and not one of the same name elsewhere

They are taken into one file, see `joining`, and gone when that is whole.

A shard that is made twice is written twice, as the same bytes under one name.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from mock_server.errors import UsageError


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
        """Whether this process, perhaps of another machine, sees the folder."""
        return (self.folder / self.mark).is_file()

    def finished(self) -> set[int]:
        """The shards that are there already."""
        return {int(path.stem) for path in self.folder.glob("*.part")}

    def file(self, index: int) -> Path:
        """Where a finished shard is."""
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
        beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
        try:
            with beside.open("wb") as written:
                written.write(shard.data)
                written.flush()
                os.fsync(written.fileno())
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder)

    def become(self, out: Path) -> None:
        """Let what is beside the parts be the result, which is a folder."""
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
        identity: What two runs have in common that make the same bytes.

    Raises:
        UsageError: there are parts of another run, or links.
        OSError: it can't be written.
    """
    said = folder / "job.json"
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link: remove it, or choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    links = sorted(child.name for child in folder.iterdir() if child.is_symlink())
    if links:
        raise UsageError(f"{folder} holds a link, {links[0]}: remove the folder, or choose another --out")
    if said.is_file() and said.read_text() != identity:
        raise UsageError(f"{folder} holds parts of another run: remove the folder, or choose another --out")
    said.write_text(identity)
    parts = Parts(folder.resolve(), f"{secrets.token_hex(8)}.run")
    (folder / parts.mark).touch()
    return parts
