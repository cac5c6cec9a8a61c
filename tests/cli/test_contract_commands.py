"""`test` and `validate` as people call them: exit codes, output, files."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mock_server.cli.main import main
from mock_server.exchange.message import Request
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.paths import DOCUMENT, ROOT
from tests.support.servers import Server

DEFECTS = ROOT / "tests" / "defects"
PROJECTS = str(DEFECTS / "projects.yaml")
KEYS = ["--auth", "apiKey=${KEY}", "--phases", "examples,coverage"]
MODULE = """
import sys
sys.path.insert(0, {folder!r})
from tests.defects.providers import Projects
from tests.defects.table import DEFECTS

right = Projects()
wrong = next(defect for defect in DEFECTS if defect.name == "a string where a number is").make()
other = next(defect for defect in DEFECTS if defect.name == "a negative total").make()
def factory():
    return Projects()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with applications in it."""
    (tmp_path / "providers_at_hand.py").write_text(MODULE.format(folder=str(DEFECTS)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("KEY", "key-of-ada")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    yield tmp_path
    sys.modules.pop("providers_at_hand", None)


def test_a_right_api_is_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--app", "providers_at_hand:right", PROJECTS, *KEYS, "--exclude", "getTask"]) == 0
    captured = capsys.readouterr()

    assert captured.out == ""
    assert "0 errors, 0 warnings, 0 unknown" in captured.err
    assert "not sent without --mutating: POST /projects" in captured.err
    assert not (folder / ".hypothesis").exists()


def test_a_factory_is_called(folder: Path) -> None:
    assert main(["test", "--app", "providers_at_hand:factory()", PROJECTS, *KEYS, "--include", "getStatus"]) == 0


def test_a_finding_is_shown_with_its_line_request_and_curl(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--app", "providers_at_hand:wrong", PROJECTS, *KEYS]) == 1
    shown = capsys.readouterr().out
    line = (
        (DEFECTS / "projects.yaml")
        .read_text()
        .splitlines()
        .index("        priority: {type: integer, format: int32, minimum: 1, maximum: 5}")
    )

    assert f"{PROJECTS}:" in shown
    assert "[response-body-schema]" in shown
    assert "response_schema_conformance, getProject, blame provider" in shown
    assert "curl -H 'x-api-key: '\"${KEY}\"''" in shown
    assert "key-of-ada" not in shown
    assert line > 0


def test_a_baseline_accepts_what_is_known_and_nothing_else(folder: Path) -> None:
    wrong = ["test", "--app", "providers_at_hand:wrong", PROJECTS, *KEYS]

    assert main([*wrong, "--write-baseline", "known.ndjson"]) == 1
    assert main([*wrong, "--baseline", "known.ndjson"]) == 0
    assert main(["test", "--app", "providers_at_hand:other", PROJECTS, *KEYS, "--baseline", "known.ndjson"]) == 1


def test_a_finding_is_sent_again_by_its_id(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["--app", "providers_at_hand:wrong", PROJECTS, "--auth", "apiKey=${KEY}"]
    main(["test", *wrong, "--format", "json", "--phases", "examples,coverage"])
    found = json.loads(capsys.readouterr().out)["findings"][0]

    assert main(["test", *wrong, "--replay", found["id"]]) == 1
    assert "< 200" in capsys.readouterr().out
    assert main(["test", *wrong, "--replay", "ffffffffff"]) == 2
    assert "key-of-ada" not in (folder / ".mock-server" / "findings.ndjson").read_text()


def test_a_finding_of_which_nothing_can_be_said_is_not_called_gone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API is down, or refuses who asks."""
    wrong = ["--app", "providers_at_hand:wrong", PROJECTS]
    main(["test", *wrong, *KEYS, "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"][0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"

    assert main(["test", url, PROJECTS, "--auth", "apiKey=${KEY}", "--replay", found["id"]]) == 2
    assert "can't be reached" in capsys.readouterr().err
    assert main(["test", *wrong, "--replay", found["id"]]) == 2
    assert "the answer is 401" in capsys.readouterr().err


def test_a_finding_that_is_gone_is_said_to_be_gone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = [PROJECTS, "--auth", "apiKey=${KEY}"]
    main(["test", "--app", "providers_at_hand:wrong", *keys, "--format", "json", "--phases", "examples,coverage"])
    found = json.loads(capsys.readouterr().out)["findings"][0]

    assert main(["test", "--app", "providers_at_hand:right", *keys, "--replay", found["id"]]) == 0
    assert "it is gone" in capsys.readouterr().err


def test_findings_are_kept_as_fixtures_that_the_mock_serves_by_name_and_as_tests(folder: Path) -> None:
    wrong = [
        "test",
        "--app",
        "providers_at_hand:wrong",
        PROJECTS,
        "--auth",
        "apiKey=${KEY}",
        "--phases",
        "examples,coverage",
    ]

    assert main([*wrong, "--save-fixtures", "kept"]) == 1
    saved = sorted((folder / "kept").rglob("*.yaml"))
    assert saved
    assert "key-of-ada" not in "".join(path.read_text() for path in (folder / "kept").rglob("*") if path.is_file())

    responder = open_responder(PROJECTS, Settings(fixtures=folder / "kept", security=False, base_path="/")).responder
    asked = Request("GET", b"/projects/1", b"", [(b"prefer", f"fixture={saved[0].stem}".encode())], b"")
    plain = asked._replace(fields=[])
    assert responder.respond(asked).source == f"fixture:{saved[0].stem}"
    assert not responder.respond(plain).source.startswith("fixture:")

    found = [
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "kept"],
            cwd=folder,
            env=env,
            capture_output=True,
            check=False,
        )
        for env in (
            {**os.environ, "PYTHONPATH": str(folder)},
            {**os.environ, "PYTHONPATH": str(folder), "CONTRACT_TEST_URL": "providers_at_hand:right"},
        )
    ]
    assert [ended.returncode for ended in found] == [1, 0], found


def test_reports_are_written(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    names = ("junit", "ctrf", "har", "html", "ndjson", "markdown")
    wanted = ",".join(f"{name}=out/{name}" for name in names[:3])
    rest = [part for name in names[3:] for part in ("--report", f"{name}=out/{name}")]

    assert (
        main(
            [
                "test",
                "--app",
                "providers_at_hand:wrong",
                PROJECTS,
                *KEYS,
                "--report",
                wanted,
                *rest,
                "--format",
                "github",
            ]
        )
        == 1
    )
    assert {path.name for path in (folder / "out").iterdir()} == set(names)
    assert all("key-of-ada" not in path.read_text() for path in (folder / "out").iterdir())
    assert capsys.readouterr().out.startswith("::error file=")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["test"], "name the URL"),
        (["test", "http://127.0.0.1:9", "--phases", "none"], "--phases is a list of examples"),
        (["test", "http://127.0.0.1:9", "--report", "pdf=x"], "--report is NAME=PATH"),
        (["test", "http://127.0.0.1:9", "--include", "nobody"], "no operation fits 'nobody'"),
        (["test", "http://127.0.0.1:9", "--baseline", "none.ndjson"], "none.ndjson"),
        (["test", "--app", "nowhere:app"], "--app nowhere:app: No module named 'nowhere' in "),
        (["test", "--app", "json:nothing"], "--app json:nothing: json has no nothing"),
        (["test", "http://127.0.0.1:9"], "can't be reached"),
        (["validate", "none.json"], "there is no such file"),
        (["validate", str(DOCUMENT), "--direction", "up"], "--direction is request or response"),
    ],
)
def test_what_can_not_be_done_is_said_with_two(
    folder: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments[0] == "test" and "--app" not in arguments and len(arguments) > 1:
        arguments = [arguments[0], arguments[1], PROJECTS, *arguments[2:]]

    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_too_little_coverage_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = ["test", "--app", "providers_at_hand:right", PROJECTS, *KEYS]

    assert main([*right, "--min-coverage", "100"]) == 1
    assert "less than 100 %" in capsys.readouterr().err
    assert main([*right, "--min-coverage", "10"]) == 0


def test_given_values_are_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "values.yaml").write_text("projectId: [2]\n")
    arguments = [
        "test",
        "--app",
        "providers_at_hand:right",
        PROJECTS,
        *KEYS,
        "--values",
        "values.yaml",
        "--report",
        "ndjson=out",
    ]

    assert main([*arguments, "--include", "getProject", "--phases", "examples"]) == 0
    first = json.loads((folder / "out").read_text().splitlines()[0])
    assert first["request"]["url"].endswith("/v1/projects/2")


def test_an_operation_that_only_refuses_is_warned_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            ["test", "--app", "providers_at_hand:right", PROJECTS, "--include", "listProjects", "--phases", "examples"]
        )
        == 2
    )
    assert "GET /projects only ever answered 401" in capsys.readouterr().out


def test_a_url_without_the_path_of_the_api_is_told_so(
    serve: Callable[..., Server], capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(str(DOCUMENT))
    main(["test", server.origin, str(DOCUMENT), "--phases", "examples"])
    without = capsys.readouterr().out
    main(["test", server.url, str(DOCUMENT), "--phases", "examples"])

    assert "only ever answered 404 (1), last" in without
    assert ": the document's servers have the path /api, which the URL has not" in without
    assert "which the URL has not" not in capsys.readouterr().out


def test_the_served_mock_is_clean(
    serve: Callable[..., Server], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve("--log-format", "none")

    assert main(["test", server.url, str(DOCUMENT)]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [[], ["--phases", "coverage", "--workers", "2"]], ids=["alone", "with workers"])
def test_ctrl_c_says_what_was_found_until_then(tmp_path: Path, flags: list[str]) -> None:
    """The first operation is answered, wrongly, and the second one never."""
    server = socket.create_server(("127.0.0.1", 0))
    asked, told = threading.Event(), threading.Semaphore(0)

    def talk() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while data := connection.recv(65536):
                if b"/slow" in data:
                    asked.set()
                    time.sleep(60)
                told.release()
                connection.sendall(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")

    threading.Thread(target=talk, daemon=True).start()
    responses = {"responses": {"200": {"description": ""}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": responses}, "/slow": {"get": responses}},
    }
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    command = [sys.executable, "-m", "mock_server", "test", url, "openapi.json", "--timeout", "50", *flags]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert asked.wait(60)
    for _ in range(2 if flags else 1):  # the second request is sent when the first answer was judged
        assert told.acquire(timeout=60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    server.close()

    assert process.returncode == 1, err
    assert "response-server-error" in out
    assert "interrupted: this is what was found until then" in err


def test_validate_reads_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [
        sys.executable,
        "-m",
        "mock_server",
        "validate",
        "-",
        "--document",
        str(DOCUMENT),
        "--schema",
        "#/components/schemas/Tag",
    ]
    done = subprocess.run(
        command, input='{"id": 1}\n{"id": "1"}\n', capture_output=True, text=True, check=False, cwd=folder
    )

    assert done.returncode == 1
    assert "-:2" in done.stdout
    assert "2 records" in done.stdout


def test_validate_shares_the_work(folder: Path) -> None:
    (folder / "a.ndjson").write_text('{"id": 1}\n' * 300 + '{"id": "1"}\n')
    command = [
        sys.executable,
        "-m",
        "mock_server",
        "validate",
        "a.ndjson",
        "--document",
        str(DOCUMENT),
        "--schema",
        "#/components/schemas/Tag",
        "--workers",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)

    assert done.returncode == 1, done.stderr
    assert "301 records" in done.stdout
    assert "1 wrong" in done.stdout


def test_what_test_sent_is_what_validate_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(
        [
            "test",
            "--app",
            "providers_at_hand:right",
            PROJECTS,
            *KEYS,
            "--mode",
            "positive",
            "--report",
            "har=a.har,ndjson=a.ndjson",
        ]
    )
    capsys.readouterr()

    assert main(["validate", "a.har", "a.ndjson", "--document", PROJECTS]) == 0
