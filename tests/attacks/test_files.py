"""
Files that a repository could have prepared: links that lead elsewhere, pipes, names that are no names, redirects.

Nothing outside of the project is read, nothing outside of the folder that was named is written.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import orjson
import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from mock_server.admin.console.save_fixture import save_fixture
from mock_server.cli.main import main
from mock_server.document.fetch import is_allowed, leads_inward
from mock_server.errors import MockServerError, UsageError
from mock_server.exchange.message import Request
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import find_escape, folder_name, make_folder_within, write_file
from mock_server.proxy.record import Recorder
from mock_server.respond.journal import Recorded
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.proxying import RealServer, answer, start_proxy

# operationIds that have something to say to a file system.
IDS = [
    "..", ".", "...", ".git", "../..", "../../../../tmp/x", "a/b", "/etc/cron.d/x", "a\\b", "..\\..\\x", "C:", "C:\\x", "\\\\host\\share", "~", "~root",
    "a" * 300, "../" * 200, "é" * 200, "CON", "nul.txt", "com1", "a.", "a ", " ", "\n", "a\nb", "-rf", "$(id)", "`id`", "%2e%2e", "..%2f..", "a:b",
    "\u202e", "\u2025/x", "a\x00b", "\x1b[31mred", "]]>", "a&<b>\"'c'", "::error::x", "a\r\nX: y", "fixtures", "|x", "<x>", "*", "?",
]  # fmt: skip
BODY = {"secret": "s3cr3t-of-somebody"}


def document(*ids: str) -> dict[str, object]:
    schema = {"type": "object", "properties": {"secret": {"type": "string"}}}
    paths = {f"/p{index}": {"get": {**operation(schema), "operationId": id_}} for index, id_ in enumerate(ids)}
    return minimal(paths, servers=[{"url": "/"}])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was cloned, with files beside it that are nobody's business."""
    folder = tmp_path / "work" / "home" / "project"
    (folder / ".git").mkdir(parents=True)
    outside = tmp_path / "outside"
    (outside / "op").mkdir(parents=True)
    for name in ("one.json", "op/one.json"):
        (outside / name).write_bytes(orjson.dumps(BODY))
    (outside / "rules.yaml").write_text("rules: [{when: {operation: op}, answer: {body: {secret: a}}}]")
    (outside / "openapi.yaml").write_bytes(orjson.dumps(document("op")))
    (folder / "openapi.json").write_bytes(orjson.dumps(document("op")))
    monkeypatch.chdir(folder)
    return folder


def outside_of(project: Path) -> Path:
    return project.parents[2] / "outside"


def seen(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# Names.


@given(st.text(max_size=400))
def test_a_folder_of_any_name_is_one_folder_deep_and_can_be_made(name: str) -> None:
    made = folder_name(name)

    assert 0 < len(made.encode()) <= 140
    assert not made.startswith(".")
    assert not made.endswith(".")
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


@pytest.mark.parametrize("name", ["getPet", "GET__pets", "a-b_c.d", "v1.2"])
def test_ordinary_names_stay(name: str) -> None:
    assert folder_name(name) == name


@pytest.mark.parametrize("name", IDS, ids=[ascii(name)[:40] for name in IDS])
def test_the_folder_of_an_operation_is_in_the_folder_that_was_named(project: Path, name: str) -> None:
    made = make_folder_within(project / "fixtures", folder_name(name))

    assert made.is_dir()
    assert made.resolve().parent == project / "fixtures"


def test_recordings_of_any_operation_stay_in_the_folder_and_are_served(project: Path) -> None:
    server = RealServer(answer(orjson.dumps(BODY)))
    recorder = Recorder(project / "recorded", server.url, "")
    proxy = start_proxy(document(*IDS), server.url, project, record=recorder.take)
    before = seen(project.parents[2]).keys()
    try:
        for index in range(len(IDS)):
            assert orjson.loads(proxy.ask("GET", f"/p{index}")[1]) == BODY
    finally:
        proxy.stop()
        server.close()
    written = seen(project.parents[2]).keys() - before
    again = open_responder(str(project / "openapi.json"), Settings(fixtures=project / "recorded")).responder

    assert {path.rpartition("/")[0] for path in written} == {
        f"work/home/project/recorded/{folder_name(name)}" for name in IDS
    }
    assert again.respond(Request("GET", b"/p0", b"", [], b"")).source.startswith("fixture:")


def test_findings_of_any_operation_are_saved_in_the_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(project))
    (project / "served_wrong.py").write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n        return\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]})\n"
        "    await send({'type': 'http.response.body', 'body': b'[]'})\n"
    )
    (project / "openapi.json").write_bytes(orjson.dumps(document(*IDS)))
    before = seen(project.parents[2]).keys()

    names = ("junit", "ctrf", "har", "html", "ndjson", "markdown")
    reports = ["--report", ",".join(f"{name}=out/{name}" for name in names), "--save-fixtures", "kept"]

    assert (
        main(
            [
                "test",
                "--app",
                "served_wrong:app",
                "openapi.json",
                "--phases",
                "examples,coverage",
                "--max-cases",
                "1",
                *reports,
            ]
        )
        == 1
    )
    written = {path for path in seen(project.parents[2]).keys() - before if "__pycache__" not in path}
    inside = ("work/home/project/kept/", "work/home/project/.mock-server/", "work/home/project/out/")
    ElementTree.parse(project / "out" / "junit")
    assert all(orjson.loads((project / "out" / name).read_bytes()) for name in ("ctrf", "har"))
    assert [path for path in written if not path.startswith(inside)] == []
    folders = {path.split("/")[4] for path in written if path.startswith(inside[0]) and path.count("/") == 5}
    assert folders == {folder_name(name) for name in IDS}


# What is read.


def link_fixture(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    (project / "fixtures" / "op" / "one.json").symlink_to(outside_of(project) / "one.json")


def link_operation(project: Path) -> None:
    (project / "fixtures").mkdir()
    (project / "fixtures" / "op").symlink_to(outside_of(project) / "op")


def link_fixtures(project: Path) -> None:
    (project / "fixtures").symlink_to(outside_of(project))


def link_through_a_link(project: Path) -> None:
    (project / "deep").symlink_to(outside_of(project))
    (project / "fixtures").symlink_to("deep")


def link_up_and_down(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    (project / "fixtures" / "op" / "one.json").symlink_to("../../../../../outside/one.json")


def link_in_a_circle(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    (project / "fixtures" / "op" / "one.json").symlink_to("one.json")


def link_to_a_device(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    (project / "fixtures" / "op" / "one.json").symlink_to("/dev/zero")


def link_to_own_secrets(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    (project / "fixtures" / "op" / "one.json").symlink_to("/proc/self/environ")


def pipe_fixture(project: Path) -> None:
    (project / "fixtures" / "op").mkdir(parents=True)
    os.mkfifo(project / "fixtures" / "op" / "one.json")


def link_scenario(project: Path) -> None:
    (project / "scenarios").mkdir()
    (project / "scenarios" / "one.yaml").symlink_to(outside_of(project) / "rules.yaml")


def link_scenarios(project: Path) -> None:
    (project / "scenarios").symlink_to(outside_of(project))


def pipe_scenario(project: Path) -> None:
    (project / "scenarios").mkdir()
    os.mkfifo(project / "scenarios" / "one.yaml")


READS = [
    link_fixture, link_operation, link_fixtures, link_through_a_link, link_up_and_down, link_in_a_circle, link_to_a_device, link_to_own_secrets,
    pipe_fixture, link_scenario, link_scenarios, pipe_scenario,
]  # fmt: skip


@pytest.mark.parametrize("prepare", READS, ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("command", ["check", "serve"])
def test_what_a_link_leads_to_is_not_read(
    project: Path, capsys: pytest.CaptureFixture[str], prepare: Callable[[Path], None], command: str
) -> None:
    prepare(project)
    code = main([command, "openapi.json"])
    said = capsys.readouterr()

    assert code in {1, 2}
    assert "s3cr3t" not in said.out + said.err
    words = ("outside of", "is no file", "Symlink loop", "symbolic links")
    assert any(word in said.out + said.err for word in words)


@pytest.mark.parametrize(
    "prepare", [link_fixture, link_operation, link_fixtures, link_scenario], ids=lambda prepare: prepare.__name__
)
def test_what_a_link_leads_to_is_read_where_that_is_allowed(project: Path, prepare: Callable[[Path], None]) -> None:
    prepare(project)

    assert main(["check", "openapi.json", "--allow-path", str(outside_of(project))]) == 0


def test_links_within_the_project_and_folders_that_were_named_are_read(project: Path) -> None:
    (project / "data" / "op").mkdir(parents=True)
    (project / "data" / "op" / "one.json").write_text("{}")
    (project / "fixtures").symlink_to("data")
    (project / "scenarios").mkdir()

    assert main(["check", "openapi.json"]) == 0
    assert main(["check", "openapi.json", "--fixtures", str(outside_of(project))]) == 0


def test_the_default_document_is_no_link_to_outside(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "openapi.yaml").symlink_to(outside_of(project) / "openapi.yaml")

    assert main(["check"]) == 2
    assert "name the document that is meant" in capsys.readouterr().err
    assert main(["check", "openapi.yaml"]) == 0


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "device"])
def test_a_reference_reads_files_of_the_project_alone(
    project: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (project / "openapi.json").write_bytes(orjson.dumps(minimal({"/a": {"get": operation({"$ref": "part.json"})}})))
    part = project / "part.json"
    if kind == "pipe":
        os.mkfifo(part)
    elif kind == "folder":
        part.mkdir()
    else:
        part.symlink_to(outside_of(project) / "one.json" if kind == "link" else "/dev/zero")

    assert main(["check", "openapi.json"]) == 1
    assert "s3cr3t" not in capsys.readouterr().out


def test_a_folder_of_captured_traffic_has_no_links_to_outside(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "traffic").mkdir()
    (project / "traffic" / "a.ndjson").symlink_to(outside_of(project) / "one.json")

    assert main(["validate", "traffic", "--document", "openapi.json"]) == 2
    assert "outside of traffic" in capsys.readouterr().err


# What is written.


def test_the_folder_of_findings_is_no_link_to_outside(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = seen(outside_of(project))
    (project / ".mock-server").symlink_to(outside_of(project))

    assert main(["test", "http://127.0.0.1:1", "openapi.json"]) == 2
    assert ".mock-server leads outside of this folder" in capsys.readouterr().err
    assert seen(outside_of(project)) == before


def test_a_folder_of_an_operation_is_no_link_to_outside(project: Path) -> None:
    (project / "fixtures").mkdir()
    (project / "fixtures" / "op").symlink_to(outside_of(project) / "op")

    with pytest.raises(UsageError, match="nothing is written there; remove the link"):
        make_folder_within(project / "fixtures", "op")


def test_the_console_keeps_nothing_behind_a_link(project: Path) -> None:
    (project / "fixtures").mkdir()
    responder = open_responder("openapi.json", Settings()).responder
    (project / "fixtures" / "op").symlink_to(outside_of(project) / "op")
    before = seen(outside_of(project))
    request = Request("GET", b"/p0", b"", [], b"")
    recorded = Recorded(*[None] * len(Recorded._fields))._replace(request=request, answer=responder.respond(request))

    with pytest.raises(MockServerError):
        save_fixture(responder, recorded, "two", Mask(), for_anybody=True, over=True)
    assert seen(outside_of(project)) == before


def test_a_recording_is_not_written_behind_a_link(project: Path) -> None:
    server = RealServer(answer(orjson.dumps(BODY)))
    recorder = Recorder(project / "recorded", server.url, "")
    (project / "recorded" / "op").symlink_to(outside_of(project) / "op")
    before = seen(outside_of(project))
    proxy = start_proxy(document("op"), server.url, project, record=recorder.take)
    try:
        assert proxy.ask("GET", "/p0")[0].status == 200
    finally:
        proxy.stop()
        server.close()

    assert seen(outside_of(project)) == before
    assert recorder.written == 0


def test_a_report_replaces_a_link_and_does_not_follow_it(project: Path) -> None:
    target = outside_of(project) / "one.json"
    before = target.read_bytes()
    (project / "report.xml").symlink_to(target)
    write_file(project / "report.xml", b"<x/>")

    assert (target.read_bytes(), (project / "report.xml").read_bytes()) == (before, b"<x/>")
    assert not (project / "report.xml").is_symlink()


def test_a_report_keeps_the_mode_of_the_file_that_it_replaces(project: Path) -> None:
    (project / "report.xml").write_text("x")
    (project / "report.xml").chmod(0o600)
    write_file(project / "report.xml", b"<x/>")

    assert (project / "report.xml").stat().st_mode & 0o777 == 0o600


def test_a_report_may_go_to_a_pipe() -> None:
    code = "from pathlib import Path; from mock_server.files import write_file; write_file(Path('/dev/stdout'), b'x')"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"x"


@pytest.mark.parametrize("name", ["", "job.json", "000000.part", "joined-000000-0", "evil.tmp"])
def test_parts_of_payloads_are_not_written_behind_a_link(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = seen(outside_of(project))
    parts = project / "out.ndjson.parts"
    if name:
        parts.mkdir()
        (parts / name).symlink_to(outside_of(project) / "one.json")
    else:
        parts.symlink_to(outside_of(project))

    assert main(["payloads", "op", "openapi.json", "--kind", "realistic", "--count", "2", "--out", "out.ndjson"]) == 2
    assert "link" in capsys.readouterr().err
    assert seen(outside_of(project)) == before


def test_links_in_a_circle_lead_outside(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert find_escape(tmp_path / "a" / "c", [tmp_path]) is not None


# What is asked for over HTTP.

HOSTS = [
    ("http://allowed.example/x", True), ("https://ALLOWED.example:8443/x", True), ("http://allowed.example./x", True), ("http://other.example:81/", True),
    ("http://[::1]/x", True), ("http://u:p@allowed.example/", True),
    ("http://allowed.example.evil.example/", False), ("http://allowed.example@evil.example/", False), ("http://evil.example#@allowed.example/", False),
    ("http://evil.example?allowed.example", False), ("http://evil.example\\@allowed.example/", True), ("http://evil.example/allowed.example", False),
    ("http://notallowed.example/", False), ("http://sub.allowed.example/", False), ("http://other.example/", False), ("http://other.example:82/", False),
    ("http://127.0.0.1/", False), ("http://127.1/", False), ("http://2130706433/", False), ("http://[::ffff:127.0.0.1]/", False), ("http://0/", False),
    ("http://169.254.169.254/latest/meta-data", False), ("ftp://allowed.example/", False), ("file:///etc/passwd", False), ("http:///x", False),
    ("http://", False), ("//allowed.example/x", False), ("gopher://allowed.example/", False),
]  # fmt: skip


@pytest.mark.parametrize(("url", "allowed"), HOSTS, ids=[url for url, _ in HOSTS])
def test_the_host_that_is_allowed_is_the_one_that_is_asked(url: str, *, allowed: bool) -> None:
    assert is_allowed(url, frozenset(("allowed.example", "other.example:81", "[::1]"))) is allowed


@pytest.mark.parametrize(
    ("first", "then", "inward"),
    [
        ("93.184.216.34", "127.0.0.1", True),
        ("93.184.216.34", "169.254.169.254", True),
        ("93.184.216.34", "10.0.0.1", True),
        ("2606:2800:220:1::1", "::1", True),
        ("93.184.216.34", "2606:2800:220:1::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("127.0.0.1", "127.0.0.1", False),
    ],
)
def test_no_redirect_leads_from_outside_to_this_machine(first: str, then: str, *, inward: bool) -> None:
    assert leads_inward(first, then) is inward


class _Web(BaseHTTPRequestHandler):
    """Redirects to what its path names, and counts who asks."""

    asked: list[str] = []  # noqa: RUF012 - of the class, which makes an object for each request

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['host']}{self.path}")
        name, _, target = self.path.lstrip("/").partition("?to=")
        if target:
            self.send_response(302)
            self.send_header("Location", target)
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(orjson.dumps(minimal({}) if name == "openapi.json" else BODY))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Web)
    _Web.asked.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("target", "flags", "code", "asked"),
    [
        ("/openapi.json", [], 0, ["127.0.0.1:{port}/openapi.json"]),
        ("http://127.0.0.1:{port}/openapi.json", [], 0, ["127.0.0.1:{port}/openapi.json"]),
        ("http://localhost:{port}/openapi.json", [], 2, []),
        ("//localhost:{port}/openapi.json", [], 2, []),
        ("http://127.0.0.1:{port}@localhost:{port}/openapi.json", [], 2, []),
        ("http://localhost:{port}/openapi.json", ["--allow-remote", "localhost"], 0, ["localhost:{port}/openapi.json"]),
        ("http://localhost:{port}/openapi.json", ["--allow-remote", "localhost:1"], 2, []),
        ("file:///etc/passwd", [], 2, []),
        ("http://127.0.0.1:1/", [], 2, []),
        (
            "/a?to=/b?to=/openapi.json",
            [],
            0,
            ["127.0.0.1:{port}/a?to=/b?to=/openapi.json", "127.0.0.1:{port}/openapi.json"],
        ),
    ],
)
def test_a_document_is_asked_for_where_redirects_may_lead(
    web: int, target: str, flags: list[str], code: int, asked: list[str]
) -> None:
    assert main(["check", f"http://127.0.0.1:{web}/start?to={target.format(port=web)}", *flags]) == code
    hosts = [entry.split("/")[0] for entry in _Web.asked[1:]]
    assert {host for host in hosts if not host.startswith("127.0.0.1")} == {
        name.format(port=web).split("/")[0] for name in asked if "localhost" in name
    }


def test_a_reference_is_asked_for_again_at_each_redirect(
    project: Path, web: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = f"http://127.0.0.1:{web}/part.json?to=http://localhost:{web}/secret.json"
    (project / "openapi.json").write_bytes(orjson.dumps(minimal({"/a": {"get": operation({"$ref": ref})}})))
    main(["check", "openapi.json", "--allow-remote", "127.0.0.1"])
    said = capsys.readouterr().out

    assert "redirects to" in said
    assert "s3cr3t" not in said
    assert [entry for entry in _Web.asked if entry.startswith("localhost")] == []
