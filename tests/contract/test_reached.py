"""A run that reached nothing is not green, and a fault of our own at one operation does not end the run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from mock_server.cli.main import main
from mock_server.contract import runner
from mock_server.contract.run import Session
from tests.support.mocks import minimal, operation

INTEGER = operation({"type": "integer"})
PATHS = {"/a": {"get": INTEGER}, "/b": {"get": INTEGER}}
APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    status, body = ANSWERS.get(scope["path"], ANSWERS["*"])
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")] * bool(body)})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Test an application that gives the same answers always; gives the exit code and what was said of the run."""
    monkeypatch.chdir(tmp_path)
    made: list[str] = []

    def call(
        answers: dict[str, tuple[int, bytes]], *flags: str, paths: dict | None = None, **more: object
    ) -> tuple[int, str]:
        document = minimal(paths or PATHS) | more
        (tmp_path / "openapi.json").write_text(json.dumps(document))
        made.append(f"provider_{tmp_path.name.replace('-', '_')}_{len(made)}")
        (tmp_path / f"{made[-1]}.py").write_text(f"ANSWERS = {answers!r}\n{APP}")
        code = main(["test", "--app", f"{made[-1]}:app", "openapi.json", *flags])
        return code, capfd.readouterr().err

    return call


@pytest.mark.parametrize("status", [401, 403])
def test_answers_of_401_and_403_only_are_no_success(run: Callable, status: int) -> None:
    key = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    code, said = run({"*": (status, b"")}, components=key, security=[{"key": []}])

    assert code == 2
    assert (
        "nothing was tested: every good request was answered with 401 or 403: give credentials with --auth (of key) or --header"
        in said
    )


def test_answers_of_404_only_are_no_success_and_the_base_is_named(run: Callable) -> None:
    code, said = run({"*": (404, b"")})

    assert code == 2
    assert (
        "nothing was tested: every good request was answered with 404: the URL is probably not the base of the API"
        in said
    )


def test_a_run_that_sends_nothing_is_no_success(run: Callable) -> None:
    code, said = run({"*": (200, b"1")}, paths={"/a": {"post": INTEGER}})

    assert code == 2
    assert "nothing was tested: no good request was sent to any operation; --mutating sends POST" in said


def test_server_errors_are_findings_all_the_same(run: Callable) -> None:
    code, said = run({"*": (500, b"")})

    assert code == 1
    assert "nothing was tested: no good request was answered with success, only 500" in said


def test_one_operation_that_is_reached_is_enough(run: Callable) -> None:
    code, said = run(
        {"/a": (200, b"1"), "*": (401, b"")}, "--phases", "examples", "--exclude-checks", "status_code_conformance"
    )

    assert code == 0
    assert "nothing was tested" not in said


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_fault_of_our_own_at_one_operation_is_said_and_the_rest_is_tested(
    run: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: str
) -> None:
    true = runner.cover

    def cover(session: Session) -> None:
        if session.subject.entry.template == "/a":
            raise IndexError("list index out of range")
        true(session)

    monkeypatch.setattr(runner, "cover", cover)
    code, said = run({"/b": (200, b'"no"'), "*": (200, b"1")}, "--workers", workers, "--report", "junit=junit.xml")
    suites = fromstring((tmp_path / "junit.xml").read_text())

    assert code == 2
    assert "coverage: IndexError: list index out of range, raised at test_reached.py" in said
    assert "this is a fault of mock-server" in said
    assert "[tool-operation-failed]" in said
    assert "0 errors" not in said  # /b was tested to the end
    assert suites.attrib["errors"] == "1"
    assert suites.find(".//error").attrib["message"].startswith("coverage: IndexError")
