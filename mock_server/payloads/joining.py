"""
The finished parts of a run, put together while others are being made: so at no time does everything exist twice.

    OUT.parts/joined-000122-61200344    the first 122 shards, in order; what goes beyond so many bytes was cut off by a kill

What is joined is flushed before its name says so, and its parts are removed when it does.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mock_server.payloads.parts import Parts

_AT_ONCE: Final = 8  # shards that are worth a flush


@dataclass(eq=False, repr=False)
class Joining:
    """The file that the first shards of a run are in."""

    parts: Parts
    shards: int
    size: int

    @property
    def file(self) -> Path:
        """Where it is."""
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
        head: What stands before the first of them.

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
