"""Why an answer is what it is: what is said is what is done, and saying it changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.document.model import Entry, Operation
from mock_server.exchange.message import Request
from mock_server.respond.answer import UNFORESEEN, Foreseen, Passed
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.trace import explain
from mock_server.respond.worlds import World
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal, operation

Admin = Callable[..., AsgiClient]

PARAMETER = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer"},
    "examples": {"seven": {"value": 7}},
}
EXAMPLES = {"seven": {"value": {"n": 7}}, "any": {"value": {"n": 0}}, "wrong": {"value": {"n": "x"}}}
SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
CONTENT = {"application/json": {"schema": SCHEMA, "examples": EXAMPLES}}
ERROR = {
    "description": "",
    "content": {"application/json": {"schema": {"type": "object", "properties": {"message": {"type": "string"}}}}},
}
DOCUMENT = minimal(
    {
        "/n/{id}": {
            "get": {
                "operationId": "getN",
                "security": [{"key": []}, {}],
                "parameters": [PARAMETER, {"name": "color", "in": "query", "schema": {"enum": ["red", "blue"]}}],
                "responses": {
                    "200": {"description": "", "content": CONTENT},
                    "400": ERROR,
                    "404": ERROR,
                    "204": {"description": ""},
                },
            },
            "delete": {"operationId": "deleteN", "security": [{"key": []}], "responses": {"204": {"description": ""}}},
        },
        "/plain": {
            "get": {**operation(SCHEMA), "operationId": "plain"},
            "post": {"operationId": "post", "responses": {"401": ERROR}},
        },
    },
    "3.1.0",
    components={"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
)


@pytest.fixture
def asked(mock: Callable[..., Any], tmp_path: Path) -> Any:
    folder = tmp_path / "fixtures" / "getN"
    folder.mkdir(parents=True)
    (folder / "blue.yaml").write_text("when: {query: {color: blue}}\nbody: {n: 5}\n")
    (folder / "gone.yaml").write_text("when: {path: {id: 404}}\nstatus: 404\nbody: {message: gone}\n")
    return mock(DOCUMENT)


def request(target: str, method: str = "GET", **headers: str) -> Request:
    path, _, query = target.partition("?")
    fields = [(name.lower().replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request(method, path.encode(), query.encode(), fields, b"")


TARGETS = [
    "/n/1",
    "/n/7",
    "/n/404",
    "/n/x",
    "/n/1?color=blue",
    "/n/1?color=pink",
    "/plain",
    "/nowhere",
    "/n/1?__code=404",
    "/n/7?__dynamic=true",
]
PREFERENCES = [
    "", "code=404", "code=204", "code=500", "example=any", "example=none", "fixture=blue", "fixture=none", "dynamic=true", "seed=3",
    "size=2", "profile=minimal", "profile=boundary", "profile=invalid", "code=x", "code=400, seed=4", "strange=1, code=200", "locale=de_DE",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    target=st.sampled_from(TARGETS),
    method=st.sampled_from(["GET", "HEAD", "DELETE", "POST", "OPTIONS"]),
    prefer=st.sampled_from(PREFERENCES),
    accept=st.sampled_from(["", "text/html"]),
)
def test_what_is_said_is_what_is_done(asked: Any, target: str, method: str, prefer: str, accept: str) -> None:
    headers = {**({"Prefer": prefer} if prefer else {}), **({"Accept": accept} if accept else {})}
    sent = request(target, method, **headers)
    explained = explain(asked.responder, sent, World())
    answer = asked.responder.respond(sent, World())

    assert (explained.answer.status, explained.answer.source) == (answer.status, answer.source)
    assert explained.is_certain
    assert explained.decided is not None
    assert explained.decided.source == answer.source
    assert [step.answers for step in explained.steps].count(True) == 1
    assert explained.steps[-1].answers
    assert all(step.reason for step in explained.steps)
    assert all(wish.reason for wish in explained.preferences if wish.applied is False)


def why(asked: Any, target: str, **headers: str) -> dict[str, str]:
    return {step.source: step.reason for step in explain(asked.responder, request(target, **headers), World()).steps}


def test_fixtures_and_examples_say_why_they_do_not_answer(asked: Any) -> None:
    said = why(asked, "/n/1")

    assert said["fixture:blue"] == "its 'when' asks for query color = \"blue\""
    assert said["fixture:gone"] == "its 'when' asks for path id = 404"
    assert said["example:seven"] == "it is one of a pair, and the request does not carry the other: path id = 7"
    assert list(said)[-1] == "example:any"
    assert why(asked, "/n/1?color=blue")["fixture:blue"] == 'the request says what it asks for: query color = "blue"'
    assert why(asked, "/n/1", Prefer="code=404")["fixture:gone"] == "its 'when' asks for path id = 404"
    assert "it breaks its schema" not in said.values()
    assert why(asked, "/n/1", Prefer="seed=3")["generated"].startswith(
        "the request is good; 200 is the lowest success; made with seed '3'"
    )


def test_preferences_say_what_became_of_them(asked: Any) -> None:
    wished = explain(
        asked.responder, request("/n/1?__code=404", Prefer="strange=1, example=any, size=3"), World()
    ).preferences

    assert [(wish.name, wish.applied) for wish in wished] == [
        ("strange", False),
        ("example", True),
        ("size", False),
        ("__code", False),
    ]


class Remembering:
    """A source that must not be asked."""

    name = "remembering"
    before_validation = False
    blocks = False
    asked = 0

    def touches(self, entry: Entry) -> bool:
        return True

    def consider(self, operation: Operation | None, ask: RequestContext) -> Passed | Foreseen:
        self.asked += not ask.explains
        return UNFORESEEN if ask.explains else Passed("it forgot")


def test_explaining_changes_nothing(asked: Any) -> None:
    source, world = Remembering(), World()
    asked.responder.sources = (source,)
    explained = explain(asked.responder, request("/plain", Prefer="profile=boundary"), world)
    uncertain = explain(asked.responder, request("/n/1"), world)

    assert source.asked == 0
    assert not world.turns
    assert not explained.steps[0].answers
    assert not uncertain.is_certain
    assert uncertain.decided is not None
    assert uncertain.decided.source == "remembering"


class Foreseeing(Remembering):
    """A source that says what it would do."""

    name = "state"

    def consider(self, operation: Operation | None, ask: RequestContext) -> Passed | Foreseen:
        return Foreseen("it keeps that one")


def test_a_source_that_says_what_it_would_do_is_believed(asked: Any) -> None:
    asked.responder.sources = (Foreseeing(),)
    explained = explain(asked.responder, request("/n/1"), World())

    assert explained.decided is not None
    assert (explained.decided.source, explained.decided.answers, explained.decided.reason) == (
        "state",
        True,
        "it keeps that one",
    )
    assert not explained.is_certain


def test_over_http_a_request_is_explained_and_not_sent(admin: Admin) -> None:
    client = admin(DOCUMENT)
    said = client.ask(
        "/__admin/explain",
        "POST",
        json={"method": "GET", "url": "/n/1?color=pink", "headers": {"X-Key": "secret-12345"}},
    ).json

    assert (said["status"], said["source"]) == (400, "generated")
    assert said["route"]["operation"] == "getN"
    assert {"in": "query", "name": "color", "value": "pink"} in said["parameters"]
    assert said["findings"][0]["rule"] == "request-parameter-schema"
    assert said["security"] == {"asked": True, "alternatives": [["key"], []], "unmet": []}
    assert "breaks the document" in said["because"]
    assert "secret-12345" not in str(said)
    assert client.ask("/__admin/requests").json["meta"]["total"] == 0


def test_a_request_of_the_journal_is_explained_with_what_it_got(admin: Admin) -> None:
    client = admin(DOCUMENT)
    client.ask("/n/9", headers={"X-Mock-World": "ann"})
    id_ = client.ask("/__admin/requests?world=ann").json["requests"][0]["id"]
    said = client.ask(f"/__admin/explain?request={id_}").json

    assert said["was"] == {"id": id_, "status": 200, "source": "example:any", "disturbance": None}
    assert (said["source"], said["request"]["world"]) == ("example:any", "ann")
    assert client.ask("/__admin/explain?request=nothing").status == 404


def test_a_request_for_nothing_says_what_is_near(admin: Admin) -> None:
    said = admin(DOCUMENT).ask("/__admin/explain", "POST", json={"method": "PATCH", "url": "/n/1"}).json

    assert (said["status"], said["source"]) == (405, "problem:no-method")
    assert said["route"]["allowed"] == ["GET", "DELETE"]
    assert said["route"]["nearest"][0]["operation"] in {"getN", "deleteN"}


def test_a_request_without_a_url_is_none(admin: Admin) -> None:
    assert admin().ask("/__admin/explain", "POST", json={}).json["errors"][0]["source"] == {"pointer": "/url"}
