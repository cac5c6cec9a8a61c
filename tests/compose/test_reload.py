"""What is edited is served, as a whole or not at all; nothing else is lost by it."""

import asyncio
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx2
import orjson
import pytest

from mock_server.cli.configure import SettingsSource, settings_files
from mock_server.compose.backend import assemble
from mock_server.compose.reload import Reloader
from mock_server.errors import UsageError
from mock_server.exchange.message import Request
from mock_server.respond.open import open_responders
from mock_server.server.backend import Backend
from mock_server.settings import merge_settings
from tests.support.mocks import minimal, operation
from tests.support.paths import ROOT
from tests.support.servers import Server


def document(value: object, **members: object) -> bytes:
    """A document whose only operation answers with a value."""
    return orjson.dumps(minimal({"/a": {"get": operation({"const": value}) | members}}, "3.1.0"))


class Edited:
    """A server's inside over a folder that is edited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "openapi.json"
        self.path.write_bytes(document(1))

    def open(self) -> Reloader:
        def read() -> object:
            return merge_settings(SettingsSource(self.folder).read().of_the_mock)

        settings = read()
        opened = open_responders([str(self.path)], settings)  # type: ignore[arg-type]
        self.backend: Backend = assemble(opened, settings)  # type: ignore[arg-type]
        self.reloader = Reloader(self.backend, opened, read, settings_files(self.folder))  # type: ignore[arg-type]
        return self.reloader

    def look(self) -> None:
        asyncio.run(self.reloader.look())

    def ask(self, path: str = "/a") -> object:
        return self.send("GET", path)

    def send(self, method: str, path: str, value: object = None) -> Any:
        fields = [(b"content-type", b"application/json")] if value is not None else []
        body = orjson.dumps(value) if value is not None else b""
        answer = self.backend.mounts[0].responder.respond(Request(method, path.encode(), b"", fields, body))
        return orjson.loads(answer.body)


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path)


def rewrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def rename_over(path: Path, data: bytes) -> None:
    fresh = path.with_name(".openapi.json.swp")
    fresh.write_bytes(data)
    fresh.replace(path)


def move_aside(path: Path, data: bytes) -> None:
    path.rename(path.with_name("openapi.json~"))
    path.write_bytes(data)


def link_elsewhere(path: Path, data: bytes) -> None:
    target = path.with_name(f"version-{time.monotonic_ns()}")
    target.write_bytes(data)
    link = path.with_name("link")
    link.symlink_to(target)
    link.replace(path)


STYLES = [rewrite, rename_over, move_aside, link_elsewhere]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_an_edited_document_is_served_however_it_was_written(
    edited: Edited, style: Callable[[Path, bytes], None]
) -> None:
    edited.open()
    for value in (2, 3):
        style(edited.path, document(value))
        edited.look()
        assert edited.ask() == value
    assert edited.backend.generation == 2


def test_nothing_is_made_anew_where_nothing_was_edited(edited: Edited) -> None:
    edited.open()
    (edited.folder / "notes.txt").write_text("x")
    edited.look()
    (edited.folder / "other.json").write_text("{}")  # a reference may have been waiting for it
    edited.look()
    (edited.folder / "other.json").write_text('{"it": "changes"}')
    edited.look()

    assert edited.backend.generation == 1


def test_a_file_that_comes_beside_the_settings_makes_nothing_anew(edited: Edited, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    opened = edited.open()
    edited.reloader = Reloader(edited.backend, opened.opened, opened.read_settings, settings_files(start))
    (start / "notes.yaml").write_text("anything")
    edited.look()
    assert edited.backend.generation == 0

    settings_files(start)[0].write_text("")
    edited.look()
    assert edited.backend.generation == 1


def test_a_broken_edit_keeps_the_version_before_and_says_so(edited: Edited, caplog: pytest.LogCaptureFixture) -> None:
    edited.open()
    for broken in (b"paths: [", b"", b"openapi: 9.1.0"):
        edited.path.write_bytes(broken)
        edited.look()
        assert edited.ask() == 1
        assert "openapi.json" in str(edited.backend.reload_error)
    edited.path.unlink()
    edited.look()
    assert "there is no such file" in str(edited.backend.reload_error)
    assert edited.ask() == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 4

    edited.path.write_bytes(document(2))
    edited.look()
    assert (edited.ask(), edited.backend.reload_error) == (2, None)


def test_fixtures_are_followed_and_wrong_ones_keep_the_version_before(edited: Edited) -> None:
    edited.path.write_bytes(document(1).replace(b'"const":1', b'"type":"integer"'))
    edited.open()
    folder = edited.folder / "fixtures" / "op"
    folder.mkdir(parents=True)
    (folder / "stored.yaml").write_text("5\n")
    edited.look()
    assert edited.ask() == 5

    (folder / "stored.yaml").write_text("five\n")
    edited.look()
    assert edited.ask() == 5
    assert "stored.yaml" in str(edited.backend.reload_error)

    (folder / "stored.yaml").write_text("6\n")
    edited.look()
    assert edited.ask() == 6
    (folder / "stored.yaml").unlink()
    edited.look()
    assert edited.backend.mounts[0].responder.fixtures.by_operation == {"op": ()}


def test_scenarios_are_followed_and_their_states_stay(edited: Edited) -> None:
    edited.path.write_bytes(document(1).replace(b'"const":1', b'"type":"integer"'))
    edited.open()
    folder = edited.folder / "scenarios"
    folder.mkdir()
    rule = "rules: [{when: {operation: op}, answer: {body: %d}, then: Next}]"
    (folder / "count.yaml").write_text(rule % 5)
    edited.look()
    assert edited.ask() == 5
    (folder / "count.yaml").write_text(rule % 6)
    edited.look()
    assert edited.ask() == 6

    (folder / "count.yaml").write_text("rules: [{when: {operation: nobody}, answer: {body: 1}}]")
    edited.look()
    assert "count.yaml" in str(edited.backend.reload_error)
    assert edited.ask() == 6


def test_what_is_stored_in_memory_survives_an_edit(edited: Edited) -> None:
    todos = (ROOT / "tests" / "state" / "todos.yaml").read_bytes()
    edited.path.write_bytes(todos)
    (edited.folder / "mock-server.toml").write_text("stateful = true\n")
    edited.open()
    created = edited.send("POST", "/todos", {"title": "Buy milk", "secret": "s"})
    edited.path.write_bytes(todos.replace(b"title: To-dos", b"title: Edited"))
    edited.look()

    assert edited.backend.generation == 1
    assert edited.ask(f"/todos/{created['id']}") == created


def test_files_that_are_referred_to_are_followed_once_they_were_read(edited: Edited) -> None:
    parts = edited.folder / "parts"
    parts.mkdir()
    (parts / "value.json").write_text('{"const": 1}')
    edited.path.write_bytes(orjson.dumps(minimal({"/a": {"get": operation({"$ref": "parts/value.json"})}}, "3.1.0")))
    reloader = edited.open()
    assert parts not in reloader.folders()
    assert edited.ask() == 1
    (parts / "value.json").write_text('{"const": 2}')  # after it was read, and before anybody watched
    assert parts in reloader.folders()
    edited.look()
    assert edited.ask() == 2
    edited.look()
    (parts / "value.json").write_text('{"const": 3}')
    edited.look()

    assert (edited.ask(), edited.backend.generation) == (3, 2)


def test_settings_are_followed_and_what_cannot_change_is_said(edited: Edited, caplog: pytest.LogCaptureFixture) -> None:
    edited.open()
    (edited.folder / "mock-server.toml").write_text("seed = 9\nport = 1\n")
    edited.look()
    assert edited.backend.mounts[0].responder.kit.settings.seed == edited.backend.settings.seed == 9
    assert "port can't change while the server runs" in caplog.text

    (edited.folder / "mock-server.toml").write_text("sead = 9\n")
    edited.look()
    assert "there is no setting 'sead'" in str(edited.backend.reload_error)
    assert edited.backend.settings.seed == 9


def test_worlds_stay_what_they_are(edited: Edited) -> None:
    edited.open()
    world = edited.backend.worlds.get("ada")
    world.scenarios["order"] = "paid"
    edited.path.write_bytes(document(2))
    edited.look()

    assert edited.backend.worlds.get("ada") is world
    assert world.scenarios == {"order": "paid"}


def test_standard_input_can_not_be_followed(monkeypatch: pytest.MonkeyPatch, edited: Edited) -> None:
    class Stdin:
        buffer = io.BytesIO(document(1))

    monkeypatch.setattr("sys.stdin", Stdin)
    opened = open_responders(["-"], merge_settings({}))
    with pytest.raises(UsageError, match="standard input"):
        Reloader(assemble(opened, merge_settings({})), opened, lambda: merge_settings({}))


class Clients:
    """People who ask all the time, over connections that they keep."""

    def __init__(self, url: str, count: int = 3) -> None:
        self.url = url
        self.seen: list[list[int]] = [[] for _ in range(count)]
        self.failed: list[object] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(seen,)) for seen in self.seen]

    def _ask(self, seen: list[int]) -> None:
        with httpx2.Client() as client:
            while not self.stopping.is_set():
                try:
                    answer = client.get(self.url, headers={"X-Mock-World": "clients"})
                    seen.append(answer.json())
                except (httpx2.HTTPError, ValueError) as error:
                    self.failed.append(error)

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, value: int) -> None:
        """Until everybody saw a version."""
        end = time.monotonic() + 20
        while not all(value in seen[-50:] for seen in self.seen):
            assert time.monotonic() < end, f"nobody saw {value}: {[seen[-1:] for seen in self.seen]}"
            time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_dropped_while_documents_are_edited(
    serve: Callable[..., Server], tmp_path: Path, workers: int
) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(document(0))
    server = serve(str(path), "--reload", "--log-format", "none", "--workers", str(workers), cwd=tmp_path)

    with Clients(f"{server.origin}/a", count=workers * 3) as clients:
        for value in range(1, 9):
            if value == 5:
                path.write_bytes(b"broken: [")
                time.sleep(0.3)
            STYLES[value % len(STYLES)](path, document(-value))
            STYLES[value % 3](path, document(value))  # two edits in a row
            clients.wait_for(value)

    assert clients.failed == []
    assert all(len(seen) > 20 for seen in clients.seen)
    if workers == 1:
        assert all(increasing(filter(lambda value: value >= 0, seen)) for seen in clients.seen)


def increasing(values: Iterator[int]) -> bool:
    numbers = list(values)
    return numbers == sorted(numbers)


def test_swagger_ui_shows_the_titles_of_today(serve: Callable[..., Server], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_bytes(document(1))
    server = serve("one.json", "two.json", "--base-path", "/one", "--base-path", "/two", "--reload", cwd=tmp_path)
    (tmp_path / "two.json").write_bytes(document(2).replace(b'"title":"T"', b'"title":"Renamed"'))
    with Clients(f"{server.origin}/two/a", count=1) as clients:
        clients.wait_for(2)

    assert '"name": "Renamed"' in httpx2.get(f"{server.origin}/ui/").text


def test_relative_paths_are_found_again_from_the_folder_of_the_start(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "openapi.yaml").write_bytes(document(1))
    server = serve("--reload", cwd=tmp_path)
    os.utime(tmp_path / "openapi.yaml")
    (tmp_path / "openapi.yaml").write_bytes(document(2))

    with Clients(f"{server.origin}/a", count=1) as clients:
        clients.wait_for(2)


def test_an_edited_overlay_is_followed_and_a_broken_one_keeps_the_version_before(edited: Edited) -> None:
    overlay = edited.folder / "own.overlay.yaml"
    (edited.folder / "mock-server.toml").write_text(f'overlay = "{overlay}"')

    def write(value: object) -> None:
        target = "$..schema"
        overlay.write_text(
            f"overlay: 1.1.0\ninfo: {{title: t, version: '1'}}\nactions: [{{target: {target}, update: {value}}}]\n"
        )

    write("{const: 2}")
    edited.open()
    assert edited.ask() == 2
    write("{const: 3}")
    edited.look()
    assert edited.ask() == 3
    overlay.write_text("overlay: [")
    edited.look()
    assert edited.ask() == 3
    assert "own.overlay.yaml" in str(edited.backend.reload_error)
