"""The command line: settings from flags, environment and file; output for people and for machines."""

import inspect
import io
import json
import logging
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

import mock_server
from mock_server.cli.configure import configure
from mock_server.cli.logs import _JsonFormatter
from mock_server.cli.main import main
from mock_server.cli.serve import serve as serve_command
from mock_server.settings import Settings, merge_settings
from tests.support.paths import DOCUMENT, ROOT
from tests.support.servers import Server, stop_server

BROKEN = ROOT / "tests" / "corpus" / "broken.yaml"


def test_flags_go_over_the_environment_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mock-server.toml").write_text(
        "seed = 1\nport = 1\nprofile = 'minimal'\n[operations.op]\nsource = ['example']\nfields = {x = 'city'}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOCK_SERVER_SEED", "2")
    monkeypatch.setenv("MOCK_SERVER_PORT", "2")
    monkeypatch.setenv("MOCK_SERVER_ALLOW_REMOTE", "a.test, b.test")
    monkeypatch.setenv("MOCK_SERVER_CORS", "off")

    found = configure({"seed": 3, "locale": None})

    assert (found.seed, found.port, found.profile, found.cors, found.allow_remote) == (
        3,
        2,
        "minimal",
        False,
        ("a.test", "b.test"),
    )
    assert found.for_operation("op").source == ("example",)
    assert found.for_operation("op").fields == {"x": "city"}
    assert found.for_operation("other").source is None


def test_a_table_of_pyproject_counts_where_there_is_no_file_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.mock-server]\nseed = 5\n")
    monkeypatch.chdir(tmp_path)

    assert configure({}).seed == 5


def test_every_setting_can_be_set_by_file_and_environment() -> None:
    for name, value in {
        "seed": 1,
        "source": ["generated"],
        "tls-cert": "a.pem",
        "validate_requests": False,
        "allow_path": ["x"],
    }.items():
        assert merge_settings({name: value}) != Settings()


def test_every_flag_of_serve_is_a_setting() -> None:
    flags = set(inspect.signature(serve_command).parameters) - {"documents"}
    known = set(Settings.__dataclass_fields__)

    assert flags - known == set()
    # tables and seconds are for files; a secret is not for who lists processes; where the mock steps in is for `proxy` to say,
    # and the folder of a project for whoever starts the process
    tables = {"fields", "headers", "operations", "resources", "header_timeout", "body_timeout", "idle_timeout"}
    assert known - flags - tables - {"callback_secret", "fallback", "fallback_on", "project"} == set()


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["serve", "--help"], ["check", "--help"]])
def test_help_and_version_are_said(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 0
    assert "mock-server" in capsys.readouterr().out


def test_findings_are_objects_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(BROKEN), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)

    assert {"rule", "level", "blame", "message", "file", "line", "pointer", "instance", "operation"} == set(found[0])
    unsatisfiable = next(finding for finding in found if finding["rule"] == "document-schema-unsatisfiable")
    assert (unsatisfiable["line"], unsatisfiable["level"], unsatisfiable["operation"]) == (12, "error", "unsatisfiable")


def test_findings_are_annotations_for_github(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(BROKEN), "--format", "github"]) == 1
    lines = capsys.readouterr().out.splitlines()

    assert any(line.startswith("::error file=") and "title=document-schema-unsatisfiable::" in line for line in lines)
    assert any(line.startswith("::warning file=") for line in lines)
    assert any(line.startswith("::notice file=") for line in lines)


def test_warnings_count_when_checking_strictly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {operationId: a, responses: {'200': {description: '', content: {application/json: {schema: {type: integer}, example: five}}}}}}}\n"
    )

    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--strict"]) == 1
    assert "document-example-invalid" in capsys.readouterr().out


def test_a_document_comes_from_standard_input(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO((ROOT / "openapi.yaml").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)

    assert main(["check", "-"]) == 0
    assert "1 operation, 0 fixtures" in capsys.readouterr().err


def test_a_document_comes_from_a_url(serve: Callable[..., Server], capsys: pytest.CaptureFixture[str]) -> None:
    server = serve("--log-format", "none")

    assert main(["check", f"{server.origin}/openapi.yaml"]) == 0
    assert "1 operation" in capsys.readouterr().err


def test_ctrl_c_ends_a_server_with_zero(serve: Callable[..., Server]) -> None:
    assert stop_server(serve()) == 0


def test_two_servers_run_side_by_side_and_log_what_they_answer(serve: Callable[..., Server]) -> None:
    one, other = serve("--log-format", "json"), serve("--base-path", "/")
    assert httpx2.get(f"{one.url}/charger/X/users?code=k&clientId=c").status_code == 200
    assert httpx2.get(f"{other.url}/charger/X/users?code=k&clientId=c&a=b").status_code == 200
    for server in (one, other):
        stop_server_keeping_output(server)

    line = json.loads(one.process.log.splitlines()[0])
    assert (line["status"], line["source"], line["operation"]) == (200, "generated", "getAuthorisedUsersForCharger")
    assert "GET /charger/X/users 200 generated" in other.process.log
    assert "request-query-undocumented" in other.process.log


def stop_server_keeping_output(server: Server) -> None:
    server.process.send_signal(signal.SIGINT)
    server.process.log = server.process.communicate(timeout=15)[1]


def test_a_document_can_be_checked_while_it_is_served(serve: Callable[..., Server]) -> None:
    server = serve(str(BROKEN), "--check")
    found = ""
    assert server.process.stderr is not None
    for line in server.process.stderr:
        found += line
        if "3 operations" in line:
            break

    assert "document-schema-unsatisfiable" in found


def test_https_is_served_with_a_certificate(serve: Callable[..., Server], tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    server = serve(
        "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"), "--log-format", "none"
    )

    assert server.url.startswith("https://")
    assert (
        httpx2.get(
            f"{server.origin}/__admin/health", verify=ssl.create_default_context(cafile=tmp_path / "cert.pem")
        ).json()["status"]
        == "up"
    )


def test_json_logs_say_what_went_wrong() -> None:
    error = ValueError("x")
    record = logging.LogRecord("l", logging.ERROR, "", 0, "said %s", ("so",), (ValueError, error, None))
    line = json.loads(_JsonFormatter().format(record))

    assert (line["message"], line["level"]) == ("said so", "error")
    assert "ValueError" in line["exception"]


def test_the_library_offers_what_it_lists() -> None:
    assert sorted(mock_server.__all__) == mock_server.__all__
    assert all(getattr(mock_server, name) is not None for name in mock_server.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        mock_server.nonsense  # noqa: B018


def test_workers_answer_alike_and_one_that_dies_is_replaced(serve: Callable[..., Server]) -> None:
    server = serve(str(DOCUMENT), "--workers", "2", "--log-format", "none")
    target = f"{server.url}/charger/EMABLER_Charger555/users?code=k&clientId=c"

    def ask() -> bytes:
        return httpx2.get(target, timeout=10).content

    first = {ask() for _ in range(12)}
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    after = {ask() for _ in range(12)}

    assert len(children) == 2
    assert len(first) == 1
    assert after == first
    assert len(Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()) == 2
    assert stop_server(server) == 0


def test_workers_end_with_their_parent_even_where_that_is_killed(serve: Callable[..., Server]) -> None:
    server = serve(str(DOCUMENT), "--workers", "2", "--log-format", "none")
    httpx2.get(server.origin, timeout=10)  # which a worker answers: there is one by now
    server.process.kill()
    server.process.communicate(timeout=30)  # which waits until the workers, who write to the same pipe, have ended

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(server.origin, timeout=10)


def test_no_workers_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--workers", "0", "--port", "0"]) == 2
    assert "--workers 0: at least one is needed" in capsys.readouterr().err
