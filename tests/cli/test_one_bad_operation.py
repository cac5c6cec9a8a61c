"""An operation that our own code fails at is a finding; the rest of the document is served, checked and made payloads for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.cli.main import main
from mock_server.cli.work import serve as served
from mock_server.payloads import plan
from mock_server.respond import inspect_document as inspecting
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation

INTEGER = operation({"type": "integer"})
SAID = "IndexError: list index out of range, raised at test_one_bad_operation.py"


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(minimal({"/bad": {"get": INTEGER}, "/good": {"get": INTEGER}})))
    return "openapi.json"


def failing(true: Callable, is_bad: Callable[..., bool]) -> Callable:
    def fail(*args: object, **options: object) -> object:
        if is_bad(*args):
            raise IndexError("list index out of range")
        return true(*args, **options)

    return fail


def test_check_looks_the_others_over(
    document: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    true = inspecting.inspect_operation
    fail = failing(
        lambda responder, entry, tried: seen.append(entry.template) or true(responder, entry, tried),
        lambda *args: args[1].template == "/bad",
    )
    monkeypatch.setattr(inspecting, "inspect_operation", fail)

    code = main(["check", document])
    out = capsys.readouterr().out

    assert code == 1
    assert seen == ["/good"]
    assert f"looking it over: {SAID}" in out
    assert "[tool-operation-failed]" in out


def test_serve_prints_the_others(
    document: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        served, "example_request", failing(served.example_request, lambda *args: args[1].entry.template == "/bad")
    )
    monkeypatch.setattr(served, "run", lambda *args: None)

    code = main(["serve", document, "--port", "0"])
    said = capsys.readouterr()

    assert code == 0
    assert f"its example request: {SAID}" in said.err
    assert "no example request" in said.out
    assert "/good" in said.out


def test_payloads_are_made_for_the_others(
    document: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        plan.Series, "open", failing(plan.Series.open, lambda lane: lane.target.operation.entry.template == "/bad")
    )

    code = main(["payloads", document, "--kind", "boundary"])
    said = capsys.readouterr()

    assert code == 0
    assert {json.loads(line)["operation"] for line in said.out.splitlines()} == {
        entry.id for entry in open_responder(document, Settings()).document.entries if entry.template == "/good"
    }
    assert f"its payloads: {SAID}" in said.err
