"""Keeping and comparing gold: a file of checksums, and the texts behind them where they are kept."""

import difflib
import gzip
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

_DIGITS = 16  # of a checksum, in hexadecimal
_MOST_LINES = 60  # of one difference
_LONGEST = 400  # characters of a line of a difference


def checksum(text: str) -> str:
    """Compute the checksum of a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def write_sums(path: Path, sums: Mapping[str, str]) -> None:
    """Write checksums, a line for each key, in the order of the keys."""
    path.write_text("".join(f"{sums[key]}  {key}\n" for key in sorted(sums)))


def read_sums(path: Path) -> dict[str, str]:
    """Read checksums."""
    lines = path.read_text().splitlines()
    return {key: value for value, _, key in (line.partition("  ") for line in lines)}


def keep_texts(folder: Path, name: str, texts: Mapping[str, str]) -> None:
    """Keep the texts of one document."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{name}.json.gz", "wt", compresslevel=3) as file:
        json.dump(dict(texts), file)


def read_texts(folder: Path, name: str) -> dict[str, str]:
    """Read the texts of one document; none where they were not kept."""
    path = folder / f"{name}.json.gz"
    if not path.is_file():
        return {}
    with gzip.open(path, "rt") as file:
        return dict(json.load(file))


def iter_differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Iterate over the keys that differ, each with how: `changed`, `new` or `gone`."""
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield key, "gone"
        elif key not in old:
            yield key, "new"
        elif old[key] != new[key]:
            yield key, "changed"


def iter_diff(old: str, new: str) -> Iterator[str]:
    """Iterate over the lines of the difference of two texts, bounded."""
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), "old", "new", lineterm="", n=1)
    for number, line in enumerate(lines):
        if number == _MOST_LINES:
            yield "…"
            return
        yield line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
