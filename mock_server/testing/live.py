"""
A running mock for tests: one server for each configuration, one world for each test.

The server lives in a thread of the process that runs the tests, so every worker of pytest-xdist has its own. A request
that names no world belongs to the test that runs: so the code under test need not know of worlds, unless tests run
side by side in one process.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import httpx2

from mock_server.cli.configure import SettingsSource, trusts_settings
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.document.default import default_document
from mock_server.errors import UsageError
from mock_server.json_values import JsonObject
from mock_server.respond.journal import Recorded
from mock_server.respond.open import open_responders
from mock_server.respond.worlds import HEADER, named_world
from mock_server.server.backend import Asgi, Backend, Receive, Scope, Send
from mock_server.server.background import BackgroundServer
from mock_server.server.hosts import Hosts
from mock_server.settings import Settings, merge_settings

_UNFIT = re.compile(r"[^A-Za-z0-9._~-]+")
_LONGEST = 48  # characters of a test's name in that of its world


@dataclass(eq=False, repr=False)
class MockServer:
    """A running mock, as one test sees it."""

    running: "Running"
    world: str  # of this test

    @property
    def url(self) -> str:
        """The base of the (first) API: origin and base path."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """The base of each API, in the order of the documents."""
        return [self.origin + mount.responder.base_paths()[0] for mount in self.running.backend.mounts]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.running.server.origin

    @property
    def headers(self) -> dict[str, str]:
        """The header fields by which a request belongs to this test, where several run in one process at a time."""
        return {"X-Mock-World": self.world}

    @cached_property
    def client(self) -> httpx2.Client:
        """A client with the URL and the headers set; it is closed when the test ends."""
        return httpx2.Client(base_url=self.url, headers=self.headers, trust_env=False)

    @property
    def requests(self) -> list[Recorded]:
        """The exchanges of this test, the oldest first."""
        worlds = self.running.backend.worlds
        return self.running.server.call(lambda: list(worlds.get(self.world).journal))

    def reset(self) -> None:
        """Let this test's world begin anew: its state, scenarios and requests."""
        self.running.server.call(lambda: self.running.backend.worlds.reset(self.world))

    def snapshot(self) -> JsonObject:
        """Return the state and scenarios of this test's world, for `restore`."""
        return self.running.server.call(lambda: self.running.backend.worlds.snapshot(self.world))

    def restore(self, snapshot: JsonObject) -> None:
        """Go back to a snapshot."""
        self.running.server.call(lambda: self.running.backend.worlds.restore(self.world, snapshot))


@dataclass(eq=False, repr=False)
class Running:
    """One server, and the tests that use it at the moment."""

    backend: Backend
    server: BackgroundServer
    guests: "_WorldPerTest"

    @contextmanager
    def world(self, test: str) -> Iterator[MockServer]:
        """Give a test its world, from its beginning to its end."""
        name = name_world(test)
        self.guests.names.append(name)
        mock = MockServer(self, name)
        try:
            yield mock
        finally:
            if "client" in vars(mock):
                mock.client.close()
            self.guests.names.remove(name)
            self.server.call(lambda: self.backend.worlds.drop(name))


@dataclass(eq=False, repr=False)
class _WorldPerTest:
    """Puts requests that name no world into that of the test which runs."""

    app: Asgi
    names: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(self.names) == 1 and named_world(scope["headers"]) is None:
            scope = {**scope, "headers": [*scope["headers"], (HEADER, self.names[0].encode())]}
        await self.app(scope, receive, send)


@dataclass(eq=False, repr=False)
class Servers:
    """The servers of a test run: each configuration is started once."""

    root: Path  # what relative paths start from
    notes: dict[str, None] = field(default_factory=dict)  # what a settings file says that is not trusted
    _running: dict[str, Running] = field(default_factory=dict)

    def start(self, words: Mapping[str, Any]) -> Running:
        """
        Find the server of a configuration, or start it.

        Args:
            words: Settings by name, and `document`: one or several paths or URLs.

        Raises:
            MockServerError: it can't be started; the message says why.
        """
        given = dict(words)
        documents = self._documents(given.pop("document", ()))
        key = repr((documents, sorted(given.items())))
        if key not in self._running:
            self._running[key] = self._start(documents, self._settings(given))
        return self._running[key]

    def stop(self) -> None:
        """Stop all servers."""
        for running in self._running.values():
            running.server.stop()
        self._running.clear()

    def _start(self, documents: Sequence[str], settings: Settings) -> Running:
        backend = assemble(open_responders(documents, settings), settings)
        backend.hosts = Hosts.of(settings)
        guests = _WorldPerTest(create_app(backend))
        return Running(backend, BackgroundServer(guests, settings), guests)

    def _documents(self, given: object) -> list[str]:
        several: Sequence[object] = ()
        if isinstance(given, str | Path):
            several = [given]
        elif isinstance(given, Sequence):
            several = given
        own = self.root / "openapi.yaml"
        if several:
            return [self._locate(str(each)) for each in several]
        return [str(own) if own.is_file() else default_document()]

    def _locate(self, document: str) -> str:
        if "://" in document:
            return document
        return str(self.root / document)

    def _settings(self, given: dict[str, Any]) -> Settings:
        known = {item.name for item in fields(Settings)} - {"host", "port", "workers"}
        unknown = [name for name in given if name not in known]
        if unknown:
            raise UsageError(
                f"there is no setting {unknown[0]!r} for the fixture mock_server; there are {', '.join(sorted(known))}"
            )
        found = SettingsSource(self.root, is_trusted=trusts_settings()).read()
        note = found.describe_refused("serve", known)
        self.notes |= {note: None} if note else {}
        fixed = {"port": 0, "host": "127.0.0.1", "workers": 1}
        return merge_settings({**self._from_root(given), **fixed}, self._from_root(found.of_the_mock))

    def _from_root(self, settings: Mapping[str, object]) -> dict[str, object]:
        """Let relative paths of folders and overlays start from the root of the tests."""
        folders: dict[str, object] = {
            name: self.root / str(settings[name])
            for name in ("fixtures", "scenarios")
            if settings.get(name) is not None
        }
        overlays = settings.get("overlay")
        if isinstance(overlays, str):
            overlays = [text.strip() for text in overlays.split(",")]
        if isinstance(overlays, list | tuple):
            folders["overlay"] = [self.root / str(path) for path in overlays]
        return {**settings, **folders}


def name_world(test: str) -> str:
    """Name the world of a test: by the end of its id, and a digest of all of it."""
    digest = blake2b(test.encode(), digest_size=6).hexdigest()
    return f"{_UNFIT.sub('-', test.rpartition('::')[2])[:_LONGEST].strip('-')}-{digest}"
