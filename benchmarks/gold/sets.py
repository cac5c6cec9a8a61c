"""Which documents there are gold of, and how the items of one are made: in a folder of its own, in a process held still."""

import json
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gold.answers import Item, iter_answers
from benchmarks.gold.outputs import iter_catalogues, iter_checks, iter_help, iter_session, iter_tests
from benchmarks.gold.served import Mock

ROOT = Path(__file__).resolve().parent.parent.parent
SPECS = ROOT.parent / "shared" / "specs"
MOST_MEMORY = 4 * 1024**3  # bytes, for one process
MOST_SECONDS = 240  # of CPU, for one process; the items that it made until then count
_LARGE = 1_000_000  # bytes of a document, of which a quarter of the operations is asked
_FEATURES = "tests/corpus/features"
# The small set: what its items are called by, the document, what has to be beside it, and the parts that are made of it.
_SMALL = (
    ("default", "openapi.yaml", ("fixtures",), ("answers", "catalogues", "check", "test", "session", "help")),
    ("shop", "tests/state/shop.yaml", (), ("answers", "session")),
    ("todos", "tests/state/todos.yaml", (), ("answers", "catalogues", "check", "test")),
    ("library", "tests/admin/console/library.yaml", (), ("answers", "session")),
    ("swagger", f"{_FEATURES}/swagger.yaml", (), ("answers", "catalogues", "check")),
    ("wire", f"{_FEATURES}/wire.yaml", (), ("answers", "check")),
    ("values", f"{_FEATURES}/values.yaml", (), ("answers", "catalogues")),
    ("polymorphism", f"{_FEATURES}/polymorphism.yaml", (), ("answers", "catalogues")),
    ("json-schema", f"{_FEATURES}/json-schema.yaml", (), ("answers", "catalogues", "check")),
    ("later", f"{_FEATURES}/later.yaml", (), ("answers", "check")),
    ("circular", f"{_FEATURES}/circular.yaml", (), ("answers",)),
    ("sloppy", f"{_FEATURES}/sloppy.yaml", (), ("answers", "check")),
    ("broken", "tests/corpus/broken.yaml", (), ("check",)),
)


@dataclass(frozen=True)
class Source:
    """A document, and what is made of it."""

    name: str
    path: Path
    beside: tuple[Path, ...]  # files and folders that belong to it
    parts: tuple[str, ...]
    cap: int  # operations
    count: int = 40  # payloads of each
    most_catalogues: int = 40  # operations whose payloads are made
    forms: tuple[str, ...] = ("text", "json", "github")  # of what `check` finds


def small() -> list[Source]:
    """List the documents of the small set."""
    sources = []
    for name, path, beside, parts in _SMALL:
        file = ROOT / path
        sources.append(Source(name, file, tuple(file.parent / each for each in beside), parts, 40))
    return sources


def large(folder: Path, cap: int) -> list[Source]:
    """List the documents that a manifest names, the largest first, each with all that lies in its folder."""
    sources = []
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        file = folder / row["spec"]
        home = folder / row["spec"].partition("/")[0]
        parts = ("answers", "catalogues", "check")
        most = cap if file.stat().st_size < _LARGE else -(-cap // 4)
        sources.append(Source(row["id"], file, (home,), parts, most, count=20, most_catalogues=4, forms=("json",)))
    return sorted(sources, key=lambda source: source.path.stat().st_size, reverse=True)


def iter_items(source: Source, folder: Path) -> Iterator[Item]:
    """
    Iterate over the items of a document, their keys without its name.

    Args:
        source: The document.
        folder: An empty one, which is the working folder; documents are copied there, so that no path of this machine is printed.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    where = _copy(source, folder)
    for part in source.parts:
        if part == "answers":
            yield from iter_answers(where, source.cap)
        elif part == "catalogues":
            drafts = list(Mock(where).drafts(source.cap))
            stride = max(-(-len(drafts) // source.most_catalogues), 1)
            yield from iter_catalogues(where, drafts[::stride], source.count)
        elif part == "check":
            yield from iter_checks(where, source.forms)
        elif part == "test":
            yield from iter_tests(where)
        elif part == "session":
            yield from iter_session(where)
        else:
            yield from iter_help()


def _copy(source: Source, folder: Path) -> str:
    """Copy a document to the working folder, and give its relative path there."""
    for each in source.beside:
        target = folder / each.name
        if each.is_dir():
            shutil.copytree(each, target, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(each, target)
    home = next((each for each in source.beside if source.path.is_relative_to(each)), None)
    if home is not None:
        return str(source.path.relative_to(home.parent))
    shutil.copyfile(source.path, folder / "document.yaml")
    return "document.yaml"
