"""An API that takes requests and answers none of them is left soon, and said to be so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.cli import progress
from mock_server.cli.main import main
from tests.contract.test_transport import Wire, wire
from tests.support.mocks import minimal, operation

__all__ = ["wire"]
MANY = {f"/{number}": {"get": operation({"type": "integer"})} for number in range(40)}
TEN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n10"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Wire], tuple[int, str]]:
    """Test a server by 40 operations; gives the exit code and what was said of the run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(minimal(MANY)))

    def call(server: Wire) -> tuple[int, str]:
        code = main(["test", server.url, "openapi.json", "--timeout", "0.05"])
        return code, capfd.readouterr().err

    return call


def test_a_server_that_never_answers_is_left_after_two_operations(
    run: Callable[[Wire], tuple[int, str]], wire: Callable[..., Wire]
) -> None:
    server = wire(b"", silent=True)
    code, said = run(server)

    assert code == 2
    assert "it takes requests and answers none of them: 6 in a row got no answer in time, which --timeout sets" in said
    assert len(server.heard) == 6


def test_a_server_that_stops_answering_is_left_and_what_was_found_is_said(
    run: Callable[[Wire], tuple[int, str]], wire: Callable[..., Wire]
) -> None:
    server = wire(TEN)
    talk = server.talk

    def tire(connection: object) -> None:
        server.silent = len(server.heard) >= 30
        talk(connection)

    server.talk = tire
    code, said = run(server)

    assert code == 1
    assert said.startswith("reached 30 of 40 operations, 42 requests")
    assert said.endswith("the API stopped answering: this is what was found until then\n")
    assert len(server.heard) == 30 + 12


def test_a_line_now_and_then_shows_that_something_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = progress._Lines("testing", lambda: now[0])
    for second in range(100):
        now[0] = float(second)
        lines.show(second, 100, f"fuzzing: GET /{second}")

    assert (
        capsys.readouterr().err
        == "… 30 of 100: fuzzing: GET /30\n… 60 of 100: fuzzing: GET /60\n… 90 of 100: fuzzing: GET /90\n"
    )
