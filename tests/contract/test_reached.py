"""A run that reached nothing is not green, and a fault of our own at one operation does not end the run."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from mock_server.cli.main import main
from mock_server.contract import runner
from mock_server.contract.session import Session
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
        shown = capfd.readouterr()
        (tmp_path / "stdout").write_text(shown.out)
        return code, shown.err

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


FEW = ("--phases", "examples", "--exclude-checks", "status_code_conformance,content_type_conformance")
MANY = {f"/many/{index}": {"get": INTEGER, "delete": INTEGER} for index in range(40)}


def _sent(said: str) -> int:
    return int(re.search(r"([\d,]+) requests?", said)[1].replace(",", ""))


def test_a_run_in_which_nothing_is_found_ends_soon_and_says_the_same(run: Callable, tmp_path: Path) -> None:
    code, said = run({"*": (404, b"")}, "--mutating", "--allow-bulk-delete", paths=MANY)
    printed = (tmp_path / "stdout").read_text()

    assert code == 2
    assert (
        "nothing was tested: every good request was answered with 404: the URL is probably not the base of the API"
        in said
    )
    assert said.startswith("reached 0 of 80 operations, ")
    assert _sent(said) < 40
    assert printed.count("[response-never-accepted]") == 2
    assert "GET /many/0 only ever answered 404 (" in printed
    assert "  also: GET /many/1, GET /many/2, GET /many/3, GET /many/4, GET /many/5, GET /many/6 and 3 more" in printed
    assert "GET /many/10 was not tested: the operations before it were not found, and the run ended [" in printed


def test_few_operations_of_which_none_is_found_are_not_asked_again(run: Callable) -> None:
    code, said = run({"*": (404, b"")}, paths={f"/few/{index}": {"get": INTEGER} for index in range(3)})

    assert (code, _sent(said)) == (2, 3)


def test_a_run_goes_on_where_anything_is_found(run: Callable) -> None:
    _, said = run({"/many/0": (200, b"1"), "*": (404, b"")}, *FEW, paths=MANY)

    assert _sent(said) >= 40


def test_a_run_goes_on_where_only_things_are_not_found(run: Callable) -> None:
    """The coverage phase may still meet one that is there."""
    one = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}]}
    paths = {f"/things{index}/{{id}}": {**one, "get": INTEGER} for index in range(12)}
    _, said = run({"/things3/1": (200, b"1"), "*": (404, b"")}, paths=paths)

    assert said.startswith("reached 1 of 12 operations, ")


def test_a_run_goes_on_where_404_is_allowed(run: Callable) -> None:
    assert _sent(run({"*": (404, b"")}, *FEW, "--allow-unreached", "*", paths=MANY)[1]) >= 40


def test_operations_that_are_not_reached_for_one_reason_are_said_together(run: Callable, tmp_path: Path) -> None:
    paths = {path: {"get": INTEGER} for path in ("/a", "/b", "/c", "/d", "/e")}
    number, word = (400, b'{"error": "number 7 is lost"}'), (400, b'{"error": "no word"}')
    run({"/a": number, "/b": (401, b""), "/c": word, "/d": (401, b""), "*": number}, *FEW, paths=paths)
    printed = (tmp_path / "stdout").read_text().splitlines()
    said = [index for index, line in enumerate(printed) if "[response-never-accepted]" in line]

    assert [(printed[index].split()[2], *printed[index + 1 : index + 2]) for index in said[:2]] == [
        ("/a", "  also: GET /e"),
        ("/b", "  also: GET /d"),
    ]
    assert printed[said[2]].startswith("warning: GET /c only ever answered 400 (")
    assert len(said) == 3


def test_a_run_that_sends_nothing_is_no_success(run: Callable) -> None:
    code, said = run({"*": (200, b"1")}, paths={"/a": {"post": INTEGER}})

    assert code == 2
    assert "nothing was tested: no good request was sent to any operation; --mutating sends POST" in said


def test_server_errors_are_findings_all_the_same(run: Callable) -> None:
    code, said = run({"*": (500, b"")})

    assert code == 1
    assert "nothing was tested: no good request was answered with success, only 500" in said


HALF = {"/a": (200, b"1"), "*": (401, b'{"message": "who are you?"}')}


def test_an_operation_that_only_answered_401_was_not_tested(run: Callable) -> None:
    code, said = run(HALF, *FEW)

    assert code == 2
    assert said.startswith("reached 1 of 2 operations, ")
    assert "not tested: GET /b only answered 401 or 403: give credentials with --auth (of SCHEME) or --header" in said
    assert "nothing was tested" not in said


@pytest.mark.parametrize("pattern", ["*", "GET /b"])
def test_an_operation_may_stay_unreached_where_that_is_allowed(run: Callable, pattern: str) -> None:
    code, said = run(HALF, *FEW, "--allow-unreached", pattern)

    assert code == 0
    assert "not tested" not in said


def test_an_operation_may_stay_unreached_where_the_settings_expect_its_refusal(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "mock-server.toml").write_text('[test.operations."GET /b"]\nexpect = [401]\n')

    assert run(HALF, *FEW)[0] == 0


def test_nothing_is_reached_and_all_of_it_is_allowed(run: Callable) -> None:
    assert run({"*": (401, b"")}, *FEW, "--allow-unreached", "*")[0] == 0


def test_a_least_depth_is_demanded(run: Callable) -> None:
    few, said = run(HALF, *FEW, "--allow-unreached", "*", "--min-depth", "60")
    enough, _ = run(HALF, *FEW, "--allow-unreached", "*", "--min-depth", "50")

    assert (few, enough) == (1, 0)
    assert "50.0 % of the operations were reached, less than 60 %" in said


def test_an_unreached_operation_is_said_with_its_last_refusal_and_what_it_names(run: Callable, tmp_path: Path) -> None:
    query = {"name": "until", "in": "query", "required": True, "schema": {"type": "string"}}
    refused = (400, b'{"error": "until is out of range"}')
    run(
        {"/a": (200, b"1"), "*": refused},
        *FEW,
        "--report",
        "ndjson=run.ndjson,junit=junit.xml,html=run.html,markdown=run.md",
        paths={"/a": {"get": INTEGER}, "/b": {"get": {**INTEGER, "parameters": [query]}}},
    )
    digest = json.loads((tmp_path / "run.ndjson").read_text().splitlines()[-1])
    operation = digest["operations"][1]

    assert digest["depth"] == {"reached": 1, "there": 2}
    assert operation["refusal"] == {"status": 400, "message": "until is out of range", "names": ["/query/until"]}
    assert any("last 'until is out of range', which names /query/until" in warning for warning in digest["warnings"])
    assert "- GET /b: 400 until is out of range" in (tmp_path / "run.md").read_text()
    assert "not reached: 400 until is out of range" in (tmp_path / "run.html").read_text()


def test_a_check_that_had_nothing_to_look_at_is_skipped_with_its_reason(run: Callable, tmp_path: Path) -> None:
    run({"*": (200, b"1")}, *FEW, "--report", "junit=junit.xml,ctrf=ctrf.json")
    suite = fromstring((tmp_path / "junit.xml").read_text())[0]
    cases = {case.attrib["name"]: case for case in suite}
    tests = json.loads((tmp_path / "ctrf.json").read_text())["results"]["tests"]
    skipped = next(test for test in tests if test["name"] == "GET /a: use_after_free")

    assert cases["use_after_free"].find("skipped").attrib["message"] == "nothing was deleted and then read"
    assert cases["not_a_server_error"].find("skipped") is None
    assert cases["not_a_server_error"].attrib["line"] == "1"
    assert cases["not_a_server_error"].attrib["file"].endswith("openapi.json")
    assert float(suite.attrib["time"]) >= float(cases["not_a_server_error"].attrib["time"]) >= 0
    assert (skipped["status"], skipped["message"]) == ("skipped", "nothing was deleted and then read")
    assert skipped["filePath"].endswith("openapi.json")


def test_what_is_left_behind_is_listed_with_the_request_that_would_remove_it(run: Callable, tmp_path: Path) -> None:
    made = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    one = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]}
    posted = {"post": {"responses": {"200": operation(made)["responses"]["200"]}}}
    paths = {"/things": posted, "/things/{id}": {**one, "delete": {"responses": {"204": {"description": "gone"}}}}}
    _, said = run(
        {"/things": (200, b'{"id": 7}'), "*": (409, b"")}, *FEW, "--mutating", "--include", "POST /things", paths=paths
    )

    assert "left behind: /things/7: curl -X DELETE" in said


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
