"""Scenarios of files: played, and refused with file and place."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.errors import FixtureError
from mock_server.exchange.body import write_json
from mock_server.json_values import format_pointer
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.mocks import Mock, body_of, minimal, operation

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
GET = operation(SCHEMA, operationId="get")
GET["responses"]["404"] = {
    "description": "",
    "content": {"application/json": {"schema": {}, "examples": {"gone": {"value": "gone"}}}},
}  # type: ignore[index]
BODY = {"content": {"application/json": {"schema": {"type": "object", "required": ["x"]}}}, "required": True}
POST = operation(SCHEMA, operationId="post", requestBody=BODY)
DOCUMENT = minimal({"/a": {"get": GET, "post": POST}})


@pytest.fixture
def play(mock: Callable[..., Mock]) -> Callable[..., Mock]:
    def start(*rules: object, **files: object) -> Mock:
        return mock(
            DOCUMENT,
            {
                "scenarios/s.json": {"rules": [*rules]},
                "fixtures/get/one.json": {"when": {"query": {"x": "y"}}, "body": {"n": 9}},
            },
        )

    return start


def numbers(asked: Mock, count: int) -> list[object]:
    return [body_of(asked.ask("/a"))["n"] for _ in range(count)]  # type: ignore[index]


@pytest.mark.parametrize(("repeat", "expected"), [("last", [1, 2, 2, 2, 2]), ("loop", [1, 2, 1, 2, 1])])
def test_answers_come_one_after_another(play: Callable[..., Mock], repeat: str, expected: list[int]) -> None:
    asked = play({"when": {"operation": "get"}, "answers": [{"body": {"n": 1}}, {"body": {"n": 2}}], "repeat": repeat})

    assert numbers(asked, 5) == expected


def test_each_world_has_its_own_turns(play: Callable[..., Mock]) -> None:
    asked = play({"when": {"operation": "get"}, "answers": [{"body": {"n": 1}}, {"body": {"n": 2}}]})

    assert numbers(asked, 2) == [1, 2]
    assert body_of(asked.ask("/a", headers={"x-mock-world": "w"})) == {"n": 1}
    asked.worlds.reset("")
    assert numbers(asked, 2) == [1, 2]


def test_a_state_follows_a_good_request_without_an_answer_and_no_bad_one(play: Callable[..., Mock]) -> None:
    asked = play(
        {"when": {"operation": "post", "state": "Started"}, "then": "Written"},
        {"when": {"operation": "get", "state": "Written"}, "answer": {"body": {"n": 5}}},
    )

    assert asked.ask("/a", "POST", json={}).status == 422
    assert asked.ask("/a").source == "generated"
    assert asked.ask("/a", "POST", json={"x": 1}).source == "generated"
    assert asked.ask("/a").source == "scenario:s"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ({"code": 404}, 404, "gone"),
        ({"code": 404, "example": "gone"}, 404, "gone"),
        ({"fixture": "one"}, 200, {"n": 9}),
        ({"status": 404, "body": ["any"]}, 404, ["any"]),
        ({"body": {"n": "{{ turn() }}"}}, 200, {"n": 1}),
    ],
)
def test_an_answer_is_written_out_or_one_of_the_documents(
    play: Callable[..., Mock], answer: object, status: int, body: object
) -> None:
    made = play({"when": {"operation": "get"}, "answer": answer}).ask("/a")

    assert (made.status, body_of(made), made.source) == (status, body, "scenario:s")


def test_a_profile_and_what_the_answer_meets_are_handed_on(play: Callable[..., Mock]) -> None:
    made = play(
        {"when": {"operation": "get"}, "answer": {"profile": "minimal", "delay": "100..300", "fault": "reset"}}
    ).ask("/a")

    assert list(body_of(made)) == ["n"]  # type: ignore[call-overload]
    assert (str(made.delay), str(made.fault)) == ("100..300", "reset")


def test_what_a_client_prefers_goes_before_a_scenario(play: Callable[..., Mock]) -> None:
    asked = play({"when": {"operation": "get"}, "answer": {"body": {"n": 1}}})

    assert asked.ask("/a", headers={"prefer": "code=404"}).status == 404
    assert asked.ask("/a", headers={"prefer": "fixture=one"}).source == "fixture:one"


def test_a_template_that_breaks_the_document_is_said_when_it_is_made(play: Callable[..., Mock]) -> None:
    made = play({"when": {"operation": "get"}, "answer": {"body": {"n": "{{ request.query.n }}"}}}).ask("/a?n=x")

    assert (made.status, made.source) == (500, "problem:invalid-answer")
    assert "scenario:s" in made.body.decode()


@pytest.mark.parametrize(
    ("rule", "pointer", "word"),
    [
        ({"when": {"operation": "none"}, "answer": {"code": 404}}, "/rules/0/when/operation", "no operation"),
        ({"when": {}, "answer": {"code": 404}}, "/rules/0/when", "names an operation"),
        ({"when": {"operation": "get", "querry": {}}, "answer": {"code": 404}}, "/rules/0/when", "object of operation"),
        (
            {"when": {"operation": "get", "body": {"x": 1}}, "answer": {"code": 404}},
            "/rules/0/when/body/x",
            "JSON Pointer",
        ),
        (
            {"when": {"operation": "get", "query": {"x": {"pattern": "("}}}, "answer": {"code": 404}},
            "/rules/0/when/query/x/pattern",
            "regular",
        ),
        ({"when": {"operation": "get"}}, "/rules/0", "has an answer"),
        ({"when": {"operation": "get"}, "answer": {"body": {"n": "x"}}}, "/rules/0/answer/body/n", "integer"),
        (
            {"when": {"operation": "get"}, "answers": [{"body": {"n": 1}}, {"status": 201, "body": 1}]},
            "/rules/0/answers/1/status",
            "not documented",
        ),
        ({"when": {"operation": "get"}, "answer": {"body": "{{ x }}"}}, "/rules/0/answer/body", "no expression"),
        ({"when": {"operation": "get"}, "answer": {"code": 500}}, "/rules/0/answer/code", "not documented"),
        ({"when": {"operation": "get"}, "answer": {"example": "x"}}, "/rules/0/answer/example", "no example"),
        ({"when": {"operation": "get"}, "answer": {"fixture": "x"}}, "/rules/0/answer/fixture", "there are: one"),
        ({"when": {"operation": "get"}, "answer": {"profile": "x"}}, "/rules/0/answer/profile", "realistic"),
        ({"when": {"operation": "get"}, "answer": {"code": 404, "body": 1}}, "/rules/0/answer", "there is no 'body'"),
        (
            {"when": {"operation": "get"}, "answer": {"code": 404, "fault": "error:503"}},
            "/rules/0/answer/fault",
            "said by",
        ),
        ({"when": {"operation": "get"}, "answer": {"code": 404, "delay": "soon"}}, "/rules/0/answer/delay", "delay"),
        ({"when": {"operation": "get"}, "answer": {"boddy": 1}}, "/rules/0/answer", "boddy"),
        (
            {"when": {"operation": "get"}, "answer": {"code": 404}, "repeat": "loop"},
            "/rules/0/repeat",
            "beside 'answers'",
        ),
        ({"when": {"operation": "get"}, "answer": {"code": 404}, "then": 1}, "/rules/0/then", "word"),
        ({"if": 1}, "/rules/0", "a rule is"),
    ],
)
def test_a_wrong_scenario_is_refused_with_file_and_place(
    play: Callable[..., Mock], rule: object, pointer: str, word: str
) -> None:
    with pytest.raises(FixtureError) as caught:
        play(rule)

    (finding,) = caught.value.findings
    assert finding.rule == "scenario-invalid"
    assert finding.place is not None
    assert finding.place.file.endswith("scenarios/s.json")
    assert format_pointer(finding.place.pointer) == pointer
    assert word in finding.message


def test_a_file_that_is_no_scenario_is_passed_over_unless_its_folder_was_named(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(DOCUMENT))
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "other.yaml").write_text("story: something else\n")
    where = str(tmp_path / "openapi.json")

    assert [finding.rule for finding in open_responder(where, Settings()).warnings] == ["scenario-file-unknown"]
    with pytest.raises(FixtureError):
        open_responder(where, Settings(scenarios=tmp_path / "scenarios"))


def test_two_scenarios_of_one_name_are_refused(mock: Callable[..., Mock]) -> None:
    one = {"name": "same", "rules": [{"when": {"operation": "get"}, "answer": {"code": 404}}]}

    with pytest.raises(FixtureError) as caught:
        mock(DOCUMENT, {"scenarios/a.json": one, "scenarios/b.json": one})

    assert "another scenario" in caught.value.findings[0].message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.recursive(
        JSON,
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "when",
                        "operation",
                        "answer",
                        "answers",
                        "then",
                        "state",
                        "body",
                        "status",
                        "code",
                        "path",
                        "headers",
                        "repeat",
                    ]
                ),
                inner | st.sampled_from(["get", "post", 200, {"operation": "get"}]),
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_stands_in_a_file_is_played_or_found_wrong(tmp_path: Path, rules: object) -> None:
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(DOCUMENT))
    (tmp_path / "scenarios").mkdir(exist_ok=True)
    (tmp_path / "scenarios" / "s.json").write_bytes(write_json({"rules": rules}))  # type: ignore[dict-item]

    opened = open_responder(str(tmp_path / "openapi.json"), Settings(), judge_fixtures=False)

    assert bool(opened.scenarios.scenarios) is not bool(opened.scenarios.findings)
    answer = Mock(opened.responder).ask("/a")
    assert answer.source.startswith(("scenario:", "generated", "problem:invalid-answer"))
