"""Findings tamed by settings: expected statuses, severities, checks that are off for a while, and checks of one's own."""

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mock_server.cli.main import main

APP = """
import json

def answer(start, status, value):
    body = json.dumps(value).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

def app(environ, start):
    seen = environ.get("HTTP_X_SIGNED", "")
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return answer(start, "405 Method Not Allowed", {})
    if environ["PATH_INFO"] == "/busy":
        return answer(start, "409 Conflict", {})
    if environ["PATH_INFO"] == "/closed" and environ.get("HTTP_AUTHORIZATION") != "Basic YWRhOjE4MTU=":
        return answer(start, "401 Unauthorized", {})
    if environ["PATH_INFO"].startswith("/items/"):
        key = environ["PATH_INFO"].rpartition("/")[2]
        return answer(start, "200 OK" if key == "known" else "404 Not Found", {})
    return answer(start, "200 OK", {"name": 7, "more": seen})
"""
NAME = {"type": "object", "properties": {"name": {"type": "string"}}}
OK = {"description": "OK", "content": {"application/json": {"schema": NAME}}}
Run = Callable[..., int]


def operation(id_: str, **more: object) -> dict[str, object]:
    return {"get": {"operationId": id_, "tags": ["all"], "responses": {"200": OK, "401": OK, "404": OK}, **more}}


KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/wrong": operation("wrong", parameters=[{"name": "q", "in": "query", "schema": {"type": "string"}}]),
        "/busy": operation("busy"),
        "/closed": operation("closed", security=[{"basic": []}]),
        "/items/{key}": operation("item", parameters=[KEY]),
    },
    "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Test operations of the application with a settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "tuned_app.py").write_text(APP)
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))

    def call(operations: str, settings: str = "", *flags: str, phases: str = "examples,coverage") -> int:
        Path("settings.toml").write_text(settings)
        words = ["test", "openapi.json", "--app", "tuned_app:app", "--config", "settings.toml", "--phases", phases]
        for name in operations.split():
            words += ["--include", name]
        return main([*words, *flags])

    yield call
    sys.modules.pop("tuned_app", None)


def days(count: int) -> str:
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=count)).isoformat()


def test_an_expected_status_is_no_finding(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("busy") != 0
    assert "409" in capsys.readouterr().out
    run("busy wrong", '[test.operations."GET /b*"]\nexpect = [409]\n')
    assert "[response-status-undocumented]" not in capsys.readouterr().out
    assert run("busy wrong", "[test.operations.busy]\nexpect = ['4XX']\n") == 1
    shown = capsys.readouterr().out
    assert "[response-status-undocumented]" not in shown
    assert "[response-body-schema]" in shown


def test_a_check_has_the_severity_that_settings_say(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    table = '[test.operations."tag:all"]\nlevel = {response_schema_conformance = "warning"}\n'

    assert run("wrong") == 1
    assert run("wrong", table, "--report", "junit=r.xml") == 0
    assert "warning: the body at /name" in capsys.readouterr().out
    assert "<failure" not in Path("r.xml").read_text()


def test_a_check_is_off_for_a_reason_and_until_a_day(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    table = "[test.operations.wrong.off]\nresponse_schema_conformance = {{reason = 'SHOP-12', until = {until}}}\n"

    assert run("wrong", table.format(until=days(0)), "--exclude-checks", "undocumented_property") == 0
    assert "[response-body-schema]" not in capsys.readouterr().out
    assert run("wrong", table.format(until=days(-2))) == 1
    shown = capsys.readouterr().out
    assert (
        f"response_schema_conformance was off until {days(-2)}, and is on again: SHOP-12 [setting-off-expired]" in shown
    )
    assert "[response-body-schema]" in shown


def test_values_are_given_to_single_operations(run: Run) -> None:
    assert run("item") == 2
    assert run("item", '[test.operations.item]\nvalues = {key = "known"}\n') == 0


def test_an_operation_has_credentials_of_its_own(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    logins = '[test.auth.ada]\nscheme = ["basic"]\nvalue = "ada:1815"\n[test.auth.eve]\nscheme = ["basic"]\nvalue = "eve:1"\n'
    flags = ["--exclude-checks", "ignored_auth,response_schema_conformance,undocumented_property"]

    assert run("closed", logins, *flags) == 2
    assert run("closed", logins + '[test.operations.closed]\nauth = "ada"\n', *flags) == 0
    assert run("closed", logins + '[test.operations.closed]\nauth = "none"\n', *flags) == 2
    assert run("closed", logins + '[test.operations.closed]\nauth = "bob"\n', *flags) == 2
    assert "there is no login 'bob'; there are ada, eve" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("expect = ['9XX']", "is a list of statuses"),
        ("level = {coherence = 'fatal'}", "error"),
        ("level = {nothing = 'note'}", "there is no check 'nothing'"),
        ("off = {coherence = {reason = 'x'}}", "for a reason and until a day"),
        ("off = {coherence = {reason = ' ', until = 2030-01-01}}", "for a reason and until a day"),
        ("off = {coherence = {reason = 'x', until = 'soon'}}", "for a reason and until a day"),
        ("of = {}", "has no 'of'"),
        ("values = 7", "table of parameters"),
    ],
)
def test_settings_that_make_no_sense_are_said(
    run: Run, capsys: pytest.CaptureFixture[str], table: str, reason: str
) -> None:
    assert run("wrong", f"[test.operations.wrong]\n{table}\n") == 2
    assert reason in capsys.readouterr().err


def test_a_pattern_that_fits_nothing_is_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("wrong", '[test.operations."tag:nothing"]\nexpect = [409]\n') == 2
    assert "no operation fits" in capsys.readouterr().err


HOOKS = '''
from mock_server.hooks import check

def before_request(request):
    return request._replace(fields=(*request.fields, (b"x-signed", b"by-me")))

def after_answer(request, response):
    return response._replace(body=response.body.replace(b"7", b'"seven"'))

@check
def no_short_query(exchange):
    """No query of two letters is taken."""
    if exchange.status == 200 and b"q=" in exchange.probe.request.query and b'by-me' in exchange.response.body:
        yield "a query is taken"

@check(level="warning")
def never_404(exchange):
    assert exchange.status != 404, "not found"

@check
def broken(exchange):
    return exchange.nothing

@check(once=True)
def every_operation_answers(exchanges):
    """All operations answer with 200."""
    if not any(exchange.status == 200 for exchange in exchanges):
        yield exchanges[0], "none answers with 200"
    yield f"{len({exchange.subject.entry.id for exchange in exchanges})} operations"
'''


def test_own_checks_and_hooks_are_reported_as_ours_are(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.py").write_text(HOOKS)
    reports = "junit=r.xml,ctrf=r.json,html=r.html,markdown=r.md"

    assert run("wrong item", "", "--hooks", "own.py", "--format", "json", "--report", reports) == 1
    found = {item["check"]: item for item in json.loads(capsys.readouterr().out)["findings"]}

    assert "response_schema_conformance" not in found  # the answer was changed
    assert found["no_short_query"]["message"] == "a query is taken"
    assert found["no_short_query"]["level"] == "error"
    assert ["x-signed", "by-me"] in found["no_short_query"]["exchange"]["request"]["headers"]
    assert found["never_404"]["level"] == "warning"
    assert found["broken"]["rule"] == "own-check-broken"
    assert "own.py:" in found["broken"]["message"]
    assert "AttributeError" in found["broken"]["message"]
    assert found["every_operation_answers"]["message"] == "2 operations"
    assert 'name="no_short_query"' in Path("r.xml").read_text()
    assert run("wrong", "", "--hooks", "own.py", "--replay", found["no_short_query"]["id"]) == 1
    assert "it is still there: a query is taken" in capsys.readouterr().err


def test_what_an_own_check_finds_is_shrunk(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Hypothesis looks for the smallest query that shows it."""
    Path("own.py").write_text(HOOKS)
    flags = ["--hooks", "own.py", "--format", "json", "--checks", "no_short_query"]
    run("wrong", "", *flags, phases="examples,coverage,fuzzing")
    found = json.loads(capsys.readouterr().out)["findings"][0]

    assert found["exchange"]["request"]["url"].endswith("/wrong?q=")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1", "has no before_request"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        (
            "from mock_server.hooks import check\n@check\ndef coherence(exchange): ...",
            "there is a check 'coherence' already",
        ),
        (
            "from mock_server.hooks import check\n@check(level='bad')\ndef a(exchange): ...",
            "level of a check is one of",
        ),
        ("def before_request(request): return 7", "has to give a Request or nothing, not 7"),
        ("def after_answer(request, response): raise ValueError('oh')", "after_answer raised own.py:1: ValueError: oh"),
    ],
)
def test_hooks_that_make_no_sense_are_said(
    run: Run, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    Path("own.py").write_text(text)

    assert run("wrong", "", "--hooks", "own.py") == 2
    assert reason in capsys.readouterr().err


def test_a_found_settings_file_names_no_hooks(run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("raise SystemExit(7)")
    (tmp_path / "mock-server.toml").write_text('[test]\nhooks = "own.py"\n')

    assert main(["test", "openapi.json", "--app", "tuned_app:app", "--include", "wrong", "--phases", "examples"]) == 1
    assert "hooks in it is not trusted" in capsys.readouterr().err
