"""
Serving what was edited: the next version is made aside, and takes the place of the one before as a whole.

A version that can't be made changes nothing: it is said why, and the one before goes on. Worlds, their journals and
states are the backend's, not a version's, and stay. Whether something was edited is told by looking at the files
themselves, not by what an editor was seen doing: written anew, renamed over, or a link that leads elsewhere, all look
the same here.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from mock_server.compose.backend import configure_sources
from mock_server.compose.deferred import find_hidden
from mock_server.document.load import STDIN, LoadedResource
from mock_server.errors import FixtureError, MockServerError, UsageError
from mock_server.respond.open import OpenedDocument, find_conflicts, open_responders
from mock_server.server.backend import Backend, Mount, make_mounts
from mock_server.server.faults.deliver import SeededFaultInjector
from mock_server.settings import Settings

_log = logging.getLogger("mock_server.reload")

_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_MOST_TRIES = 5  # versions in a row that were edited while they were made
_SHOWN = 5  # findings
# What a running process can't change: said when it is edited.
_FIXED = ("host", "port", "workers", "tls_cert", "tls_key", "log_format", "journal", "reload", "check")

Mark = tuple[int, int, int]
Marks = dict[Path, Mark | None]
_THERE: Final[Mark] = (0, 0, 0)


@dataclass(eq=False, repr=False)
class Reloader:
    """Watches the files that a server was made of."""

    backend: Backend
    opened: Sequence[OpenedDocument]  # the version that is served
    read_settings: Callable[[], Settings]  # as they are now
    beside: tuple[Path, ...] = ()  # settings files, whether they exist or not
    _marks: Marks = field(default_factory=dict)
    _ever: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        """
        Remember what everything looks like.

        Raises:
            UsageError: a document can't be read twice.
        """
        if any(each.where == STDIN for each in self.opened):
            raise UsageError("--reload needs a document that can be read again: standard input can't")
        self._marks = self._look()

    def folders(self) -> frozenset[Path]:
        """Return the existing folders in which files may be edited."""
        found = {path.parent for path in self._files()} | set(self._data_folders())
        found |= {path.resolve().parent for path in self._files()}
        return frozenset(path for path in found if path.is_dir())

    async def look(self) -> None:
        """Make and serve the next version where a file was edited."""
        for _ in range(_MOST_TRIES):
            edited = await asyncio.to_thread(self._edited)
            if not edited:
                return
            await self._next(edited)

    async def _next(self, edited: Sequence[str]) -> None:
        """Make the next version, and serve it."""
        started = time.perf_counter()
        try:
            settings, opened, mounts = await asyncio.to_thread(self._make)
        except MockServerError as error:
            self._refuse(edited, error)
            return
        before, disturber = self.backend.settings, self.backend.disturber
        for name in _FIXED:
            if getattr(settings, name) != getattr(before, name):
                _log.warning("%s can't change while the server runs: start it again", name)
        self.backend.replace(mounts, settings)
        if isinstance(disturber, SeededFaultInjector) and settings.disturbances != before.disturbances:
            disturber.disturbances = settings.disturbances
        self.opened = opened
        for found in (
            *(warning for each in opened for warning in (*each.document.overlay_findings, *each.warnings)),
            *find_conflicts(opened),
            *find_hidden(self.backend),
        ):
            _log.warning("%s: %s", found.place, found.message)
        count = sum(len(each.document.entries) for each in opened)
        took = (time.perf_counter() - started) * 1000
        _log.info(
            "%s: edited; %d operation%s, made anew in %.0f ms", _named(edited), count, "s" if count != 1 else "", took
        )

    def _make(self) -> tuple[Settings, list[OpenedDocument], tuple[Mount, ...]]:
        settings = self.read_settings()
        opened = open_responders([each.where for each in self.opened], settings)
        mounts = make_mounts([each.responder for each in opened])
        configure_sources(self.backend, mounts, settings)
        return settings, opened, mounts

    def _refuse(self, edited: Sequence[str], error: MockServerError) -> None:
        found = (
            [f"{finding.place}: {finding.message}" for finding in error.findings]
            if isinstance(error, FixtureError)
            else []
        )
        text = "\n".join([str(error), *found[:_SHOWN]])
        self.backend.reload_error = text
        _log.error("%s: edited, and can't be served, so the version before goes on: %s", _named(edited), text)

    def _files(self) -> set[Path]:
        """Return the files that were read for any version: the one that is served may read them yet."""
        self._ever.update(path for resource in self._resources() if (path := _path_of(resource)) is not None)
        code = self.backend.code.files if self.backend.code is not None else ()
        return {*self._ever, *self.beside, *code}

    def _resources(self) -> Iterable[LoadedResource]:
        read = (resource for each in self.opened for resource in each.document.library.loaded())
        return (resource for entry in read for resource in (entry, *entry.overlays))

    def _data_folders(self) -> Iterable[Path]:
        """Return the folders of fixtures and scenarios, with those inside."""
        named = (folder for each in self.opened for folder in (each.fixtures_from, each.scenarios_from))
        known = {folder.absolute() for folder in named if folder is not None}
        known |= {folder for each in self.opened for folder in _beside(each)}
        for folder in sorted(known):
            if folder.is_dir():
                yield folder
                yield from (path for path in folder.iterdir() if path.is_dir())

    def _look(self) -> Marks:
        """Return a fingerprint of every file."""
        files = self._files()
        marks: Marks = {}
        for folder in {path.parent for path in self._ever}:
            marks |= dict.fromkeys(_inside(folder), _THERE)  # whether what a reference names exists; nothing else of it
        data = {path for folder in self._data_folders() for path in _inside(folder)}
        return marks | {path: _mark(path) for path in files | data}

    def _edited(self) -> list[str]:
        """Name the files edited since the served version was made."""
        late = [path for path, data in self._unmarked() if _read(path) != data]
        marks, before = self._look(), self._marks
        changed = [path for path in marks.keys() | before.keys() if marks.get(path) != before.get(path)]
        self._marks = marks
        return sorted({_shown(path) for path in (*late, *changed)})

    def _unmarked(self) -> list[tuple[Path, bytes]]:
        """Return the files that were read since the last look: references are read when they are needed."""
        fresh = []
        for resource in self._resources():
            path = _path_of(resource)
            if path is not None and self._marks.get(path, _THERE) is _THERE:
                self._marks = dict.fromkeys(_inside(path.parent), _THERE) | self._marks | {path: _mark(path)}
                fresh.append((path, resource.data))
        return fresh


def _named(edited: Sequence[str]) -> str:
    return ", ".join(edited[:_SHOWN]) + (f" and {len(edited) - _SHOWN} more" if len(edited) > _SHOWN else "")


def _shown(path: Path) -> str:
    near = os.path.relpath(path)
    if near.startswith(".."):
        return str(path)
    return near


def _inside(folder: Path) -> list[Path]:
    """Return the files of a folder that may be documents or fixtures."""
    try:
        return [path for path in folder.iterdir() if path.suffix in _SUFFIXES]
    except OSError:
        return []  # it was removed a moment ago


def _path_of(resource: LoadedResource) -> Path | None:
    parts = urlsplit(resource.uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None


def _beside(opened: OpenedDocument) -> tuple[Path, ...]:
    """Return the folders of fixtures and scenarios, existing or not."""
    if "://" in opened.where:
        return ()
    folder = Path(opened.where).absolute().parent
    return folder / "fixtures", folder / "scenarios"


def _mark(path: Path) -> Mark | None:
    """Return the size and time of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
