"""Arazzo documents: read, evaluated within bounds, and played against our own mock."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mock_server
from mock_server.cli.main import main
from mock_server.contract.workflows.conditions import ConditionError, holds
from mock_server.contract.workflows.expressions import Scope
from mock_server.contract.workflows.model import StepCriterion
from mock_server.contract.workflows.parse import read_workflows
from mock_server.document.load import read_resource
from mock_server.document.model import MISSING
from mock_server.errors import UsageError
from mock_server.exchange.expressions import ExpressionContext
from mock_server.exchange.message import Request, Response
from mock_server.settings import Settings

HERE = Path(__file__).parent
PETS = HERE / "pets.yaml"
Play = Callable[..., int]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Play a document against a mock with state."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    module = ModuleType("mock_of_pets")
    module.app = mock_server.app(mock_server.load(PETS), Settings(stateful=True))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mock_of_pets", module)

    def call(document: str | dict[str, object], *flags: str) -> int:
        if isinstance(document, dict):
            Path("own.arazzo.yaml").write_text(yaml.safe_dump(document))
            where = "own.arazzo.yaml"
        else:
            where = str(HERE / document)
        return main(["test", str(PETS), "--app", "mock_of_pets:app", "--workflow", where, *flags])

    return call


def document(*steps: dict[str, object], **more: object) -> dict[str, object]:
    workflow = {"workflowId": "w", "steps": list(steps), **more}
    sources = [{"name": "pets", "url": "pets.yaml", "type": "openapi"}]
    return {
        "arazzo": "1.0.1",
        "info": {"title": "T", "version": "1"},
        "sourceDescriptions": sources,
        "workflows": [workflow],
    }


@pytest.mark.parametrize("name", ["life", "calls", "actions"])
def test_workflows_come_to_their_end_on_our_own_mock(name: str, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    code = play(f"{name}.arazzo.yaml", "--mutating", "--report", "ndjson=r.ndjson")
    captured = capsys.readouterr()

    assert (code, captured.out) == (0, "")
    lines = [json.loads(line) for line in Path("r.ndjson").read_text().splitlines()]
    sent = [line["request"]["method"] for line in lines if line["type"] == "exchange"]
    expected = {
        "life": ["POST", "PUT", "GET", "DELETE", "GET"],
        "calls": ["POST", "POST", "GET", "GET"],  # `make` is called, and played for itself
        "actions": ["POST", "POST", "GET", "GET"],
    }
    assert sorted(sent) == sorted(expected[name])


def test_the_same_seed_plays_the_same(play: Play) -> None:
    def requests() -> list[object]:
        play("calls.arazzo.yaml", "--mutating", "--report", "ndjson=r.ndjson", "--seed", "5")
        lines = [json.loads(line) for line in Path("r.ndjson").read_text().splitlines()]
        return [
            (line["request"]["method"], line["request"].get("body")) for line in lines if line["type"] == "exchange"
        ]

    assert requests() == requests()


def test_a_step_that_fails_is_a_finding_at_its_line_with_what_went_before(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    create = {"stepId": "create", "operationId": "createPet", "outputs": {"id": "$response.body#/id"}}
    read = {
        "stepId": "read",
        "operationId": "getPet",
        "parameters": [{"name": "petId", "in": "path", "value": "$steps.create.outputs.id"}],
        "successCriteria": [{"condition": "$response.body.name == 'nobody'"}, {"condition": "$statusCode == 418"}],
    }
    later = {**read, "stepId": "later"}

    assert play(document(create, read, later), "--mutating", "--format", "json") == 1
    found = json.loads(capsys.readouterr().out)["findings"][0]
    assert found["rule"] == "workflow-step-failed"
    assert found["check"] == "workflow_success"
    assert found["operations"] == ["getPet"]
    assert found["file"] == "own.arazzo.yaml"
    lines = Path("own.arazzo.yaml").read_text().splitlines()[found["line"] - 1 : found["line"] + 12]
    assert "    stepId: read" in lines
    assert (
        "$response.body.name == 'nobody' does not hold; $statusCode == 418 does not hold, the status is 200"
        in found["message"]
    )
    assert [exchange["request"]["method"] for exchange in found["before"]] == ["POST"]


def test_a_request_that_breaks_the_document_is_the_fault_of_the_workflow(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    create = {"stepId": "create", "operationId": "createPet", "requestBody": {"payload": {"name": 7, "status": "sold"}}}

    assert play(document(create), "--mutating") == 1
    shown = capsys.readouterr().out
    assert "[workflow-request-invalid]" in shown
    assert "blame consumer" in shown
    assert "the body at /name: 7 is not of type" in shown


def test_retries_are_bounded(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    read = {
        "stepId": "read",
        "operationId": "getPet",
        "parameters": [{"name": "petId", "in": "path", "value": 987654}],
        "onFailure": [{"name": "again", "type": "retry", "retryLimit": 3, "retryAfter": 0.01}],
    }

    assert play(document({"stepId": "list", "operationId": "listPets"}, read), "--report", "ndjson=r.ndjson") == 1
    assert Path("r.ndjson").read_text().count('"type":"exchange"') == 5


ENDLESS = {
    "itself": ({"stepId": "a", "workflowId": "w"}, "more than 10 deep"),
    "a jump": (
        {"stepId": "a", "operationId": "listPets", "onSuccess": [{"name": "x", "type": "goto", "stepId": "a"}]},
        "more than 500 steps",
    ),
    "a step that is not there": (
        {"stepId": "a", "operationId": "listPets", "onSuccess": [{"name": "x", "type": "goto", "stepId": "b"}]},
        "goes to the step 'b'",
    ),
    "another operation": ({"stepId": "a", "operationId": "listPet"}, "is it listPets?"),
    "a channel": ({"stepId": "a", "channelPath": "x#/channels/a"}, "which is no HTTP"),
    "a change": ({"stepId": "a", "operationId": "createPet"}, "needs --mutating"),
}


@pytest.mark.parametrize("why", ENDLESS)
def test_a_workflow_that_can_not_be_played_is_said(why: str, play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    step, reason = ENDLESS[why]
    code = play(document(step))

    assert "not tested: w: " in (shown := capsys.readouterr().err)
    assert reason in shown
    assert code == (0 if why in {"a jump", "a step that is not there"} else 2)


def test_what_is_not_its_own_is_not_deleted(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    module = sys.modules["mock_of_pets"]
    listed = {"stepId": "list", "operationId": "listPets", "outputs": {"id": "$response.body#/0/id"}}
    delete = {
        "stepId": "delete",
        "operationId": "deletePet",
        "parameters": [{"name": "petId", "in": "path", "value": "$steps.list.outputs.id"}],
    }
    assert play(document(listed, delete), "--mutating") == 1
    assert "it could change what this run did not create" in capsys.readouterr().out
    assert module.app is not None


BROKEN = {
    "version": ({"arazzo": "2.0.0"}, "the version of Arazzo"),
    "no workflows": ({"workflows": []}, "there is no workflow"),
    "a list": ({"workflows": 7}, "this is a list"),
    "steps": ({"workflows": [{"workflowId": "w", "steps": []}]}, "a workflow has steps"),
    "two targets": (
        {"workflows": [{"workflowId": "w", "steps": [{"stepId": "a", "operationId": "x", "workflowId": "y"}]}]},
        "a step has one of",
    ),
    "twice": (
        {"workflows": [{"workflowId": "w", "steps": [{"stepId": "a", "operationId": "x"}] * 2}]},
        "'a' is there twice",
    ),
    "a circle": (
        {
            "workflows": [
                {
                    "workflowId": "w",
                    "steps": [
                        {"stepId": "a", "operationId": "x", "dependsOn": ["b"]},
                        {"stepId": "b", "operationId": "x", "dependsOn": ["a"]},
                    ],
                }
            ]
        },
        "depend on each other",
    ),
    "inputs in a circle": (
        {
            "workflows": [
                {
                    "workflowId": "w",
                    "inputs": {"$ref": "#/components/inputs/a"},
                    "steps": [{"stepId": "a", "operationId": "x"}],
                }
            ],
            "components": {"inputs": {"a": {"$ref": "#/components/inputs/a"}}},
        },
        "in a circle",
    ),
    "another file": (
        {
            "workflows": [
                {"workflowId": "w", "inputs": {"$ref": "/etc/passwd"}, "steps": [{"stepId": "a", "operationId": "x"}]}
            ]
        },
        "leads out of the document",
    ),
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_is_no_arazzo_document_is_said_with_the_place(why: str, tmp_path: Path) -> None:
    changes, reason = BROKEN[why]
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump({**document({"stepId": "a", "operationId": "listPets"}), **changes}))
    with pytest.raises(UsageError, match=reason):
        read_workflows(read_resource(path))


REQUEST = Request("GET", b"/pets/1", b"q=x", ((b"x-a", b"1"),), b"")
BODY = {"name": "Rex", "count": 3, "tags": ["a", "b"], "none": None, "text": "5", "deep": {"er": [{"x": 1}]}}
SCOPE = Scope(
    {"name": "rex", "n": 2},
    {"pets": "http://pets"},
    {"s": {"id": 7}},
    {"w": {"outputs": {"id": 8}}},
    exchange=ExpressionContext(
        "http://x/pets/1", REQUEST, Response(200, ((b"x-rate", b"9"),), b""), {"petId": "1"}, MISSING, BODY
    ),
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$statusCode == 200", True),
        ("$statusCode == '200'", True),
        ("$statusCode != 200", False),
        ("$response.body.name == 'REX'", True),
        ("$response.body#/name == $inputs.name", True),
        ("$response.body#/deep/er/0/x == 1", True),
        ("$response.body.deep.er[0].x == 1", True),
        ("$response.body.tags[1] == 'b'", True),
        ("$response.body.tags[2] == 'b'", False),
        ("$response.body.count > 2 && $response.body.count <= 3", True),
        ("$response.body.text < 10", True),
        ("$response.body.none == null", True),
        ("$response.body.none == 0", False),
        ("$response.body.missing == null", True),
        ("$response.header.X-Rate >= 9", True),
        ("$request.query.q == 'x' && $request.path.petId == 1 && $request.header.x-a == 1", True),
        ("$method == 'get' && $url == 'http://x/pets/1'", True),
        ("$steps.s.outputs.id == 7 && $workflows.w.outputs.id == 8", True),
        ("!($statusCode == 200) || ($inputs.n == 2)", True),
        ("!$response.body.none", True),
        ("'it''s' == 'IT''S'", True),
        ("$response.body.none", False),
        ("$response.body.tags", True),
        ("false || true && false", False),
        ("-1.5e1 == -15", True),
    ],
)
def test_simple_conditions(condition: str, *, expected: bool) -> None:
    assert holds(StepCriterion(condition, "simple", None), SCOPE) is expected


@pytest.mark.parametrize(
    ("condition", "type_", "context", "expected"),
    [
        ("^2\\d{2}$", "regex", "$statusCode", True),
        ("^R{$inputs.name}", "regex", "$response.body.name", False),
        ("^(?i:{$inputs.name})$", "regex", "$response.body.name", True),
        ("x", "regex", "$response.body.missing", False),
        ("$.tags[?@ == 'a']", "jsonpath", "$response.body", True),
        ("$[?count(@.er) > 0]", "jsonpath", "$response.body", True),
        ("$.tags[?@ == '{$inputs.name}']", "jsonpath", "$response.body", False),
        ("$.tags", "jsonpath", "$response.body.none", False),
    ],
)
def test_other_criteria(condition: str, type_: str, context: str, *, expected: bool) -> None:
    assert holds(StepCriterion(condition, type_, context), SCOPE) is expected


@pytest.mark.parametrize(
    ("condition", "type_"),
    [
        ("$statusCode ==", "simple"),
        ("== 200", "simple"),
        ("($statusCode == 200", "simple"),
        ("1 2", "simple"),
        ("(" * 100 + "1" + ")" * 100, "simple"),
        ("!" * 1_000 + "true", "simple"),
        ("1" * 3_000, "simple"),
        ("(", "regex"),
        ("$[", "jsonpath"),
        ("{$inputs.nothing}", "regex"),
        ("/a/b", "xpath"),
    ],
)
def test_conditions_that_can_not_be_evaluated_are_said(condition: str, type_: str) -> None:
    with pytest.raises(ConditionError):
        holds(StepCriterion(condition, type_, "$response.body"), SCOPE)


@given(st.text(alphabet="$.()!&|=<>'[]0a {}#/-", max_size=60))
def test_no_condition_breaks_the_reader(text: str) -> None:
    """It holds, does not, or is refused."""
    for type_ in ("simple", "regex", "jsonpath"):
        with contextlib.suppress(ConditionError):
            assert holds(StepCriterion(text, type_, "$response.body"), SCOPE) in {True, False}


def test_a_regular_expression_takes_no_exponential_time() -> None:
    scope = Scope({"text": "a" * 50_000 + "!"})
    started = time.process_time()
    holds(StepCriterion("(a+)+$", "regex", "$inputs.text"), scope)

    assert time.process_time() - started < 20


def test_the_lives_of_a_run_are_written_and_can_be_played(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["test", str(PETS), "--app", "mock_of_pets:app", "--mutating", "--phases", "examples,stateful"]
    assert main([*words, "--write-workflows", "lives.arazzo.yaml"]) == 0
    written = yaml.safe_load(Path("lives.arazzo.yaml").read_text())
    capsys.readouterr()

    steps = [step["operationId"] for step in written["workflows"][0]["steps"]]
    assert steps[0] == "createPet"
    assert {"getPet", "deletePet"} <= set(steps)
    assert main(["test", str(PETS), "--app", "mock_of_pets:app", "--mutating", "--workflow", "lives.arazzo.yaml"]) == 0
    assert capsys.readouterr().out == ""
