"""Edge cases from the running mock: the next one of a kind, or a chosen one, and which it was."""

from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from tests.support.mocks import Mock, body_of, fields_of, minimal, operation

PATH = "/api/charger/EMABLER_Charger1/users?code=k&clientId=c"
SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "minimum": 1, "maximum": 9}, "name": {"type": "string", "maxLength": 4}},
    "additionalProperties": False,
}


@pytest.fixture
def thing(mock: Callable[..., Mock]) -> Mock:
    return mock(minimal({"/thing": {"get": operation(SCHEMA)}}))


@pytest.mark.parametrize("profile", ["boundary", "extreme", "invalid"])
def test_each_request_gets_the_next_edge_until_they_come_again(thing: Mock, profile: str) -> None:
    judge = Draft202012Validator(SCHEMA)
    seen: list[str] = []
    while len(seen) == len(set(seen)):
        answer = thing.ask("/thing", headers={"prefer": f"profile={profile}"})
        fields = fields_of(answer)
        seen.append(fields["x-mock-payload"])

        assert answer.status == 200
        assert fields["preference-applied"] == f"profile={profile}"
        assert judge.is_valid(body_of(answer)) is (profile != "invalid")

    assert len(seen) > 8
    assert seen[-1] == seen[0]


def test_a_chosen_payload_is_the_same_every_time(thing: Mock) -> None:
    rule = "body/id:minimum:below"
    answers = [thing.ask("/thing", headers={"prefer": f"payload={rule}"}) for _ in range(2)]

    assert answers[0].body == answers[1].body
    assert body_of(answers[0])["id"] == 0
    assert fields_of(answers[0])["x-mock-payload"] == rule
    assert fields_of(answers[0])["preference-applied"] == f"payload={rule}"


def test_a_payload_that_is_not_there_is_said(thing: Mock) -> None:
    answer = thing.ask("/thing", headers={"prefer": "payload=nothing:at:all"})

    assert answer.status == 404
    assert "--explain" in answer.body.decode()


def test_a_kind_that_an_operation_has_not_is_said_when_asked_for_and_passed_over_when_set(
    mock: Callable[..., Mock],
) -> None:
    document = minimal({"/thing": {"get": operation({"type": "boolean"})}})

    assert mock(document).ask("/thing", headers={"prefer": "profile=incoherent"}).status == 404
    assert mock(document, profile="incoherent").ask("/thing").status == 200


def test_a_profile_of_the_whole_server_goes_before_fixtures_and_examples(
    charger: Mock, mock: Callable[..., Mock]
) -> None:
    shown = operation(SCHEMA)
    shown["responses"]["200"]["content"]["application/json"]["example"] = {"id": 3}
    asked = mock(minimal({"/thing": {"get": shown}}), profile="invalid")
    answer = asked.ask("/thing")

    assert "x-mock-payload" in fields_of(answer)
    assert not Draft202012Validator(SCHEMA).is_valid(body_of(answer))
    assert "preference-applied" not in fields_of(answer)
    assert body_of(asked.ask("/thing", headers={"prefer": "dynamic=false"})) != {"id": 3}
    assert "x-mock-payload" not in fields_of(asked.ask("/thing", headers={"prefer": "profile=realistic"}))
    assert "x-mock-payload" in fields_of(charger.ask(PATH, headers={"prefer": "profile=incoherent"}))


def test_a_schema_that_refers_to_itself_without_end_is_no_fault_of_the_server(mock: Callable[..., Mock]) -> None:
    schemas = {"Loop": {"oneOf": [{"$ref": "#/components/schemas/Loop"}]}}
    document = minimal(
        {"/a": {"get": operation({"$ref": "#/components/schemas/Loop"})}}, components={"schemas": schemas}
    )

    answer = mock(document).ask("/a", headers={"Prefer": "profile=boundary"})

    assert answer.status == 404
    assert b"refers to itself without end" in answer.body
    assert mock(document, profile="boundary").ask("/a").status == 200
