"""What is ready to send is what the responder would have said."""

from collections.abc import Callable
from functools import lru_cache

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.fast_path import FastPath
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.settings import Settings
from tests.support.mocks import Mock, minimal, operation

FIELDS = [
    (b"host", b"localhost"), (b"accept", b"*/*"), (b"accept", b"application/json"), (b"accept", b"text/html"), (b"prefer", b"code=400"),
    (b"origin", b"http://localhost:3000"), (b"x-key", b"k"), (b"x-key", b""), (b"authorization", b"Bearer t"), (b"cookie", b"a=b"),
    (b"user-agent", b"curl/8"), (b"content-type", b"application/json"),
]  # fmt: skip
QUERIES = ["", "code=k&clientId=c", "clientId=c&code=k", "code=k", "code=&clientId=c", "code=k&clientId=c&x=1", "code=k&clientId=c&__code=400",
           "code=a&code=b&clientId=c", "co%64e=k&clientId=c", "code=k&clientId=c&"]  # fmt: skip
CHARGERS = [
    "EMABLER_Charger12345",
    "EMABLER_Charger10000",
    "EMABLER_Charger00000",
    "EMABLER_Charger30001",
    "else",
    "%45MABLER_Charger12345",
    "a b",
    "",
]


express_of = lru_cache(maxsize=None)(
    FastPath
)  # the same for all examples of a test: what one request taught it, others get


def ask(responder: Responder, path: str, query: str, fields: list[tuple[bytes, bytes]]) -> tuple[Answer | None, Answer]:
    request = Request("GET", path.encode("latin-1"), query.encode(), fields, b"")
    return express_of(responder).find(request), responder.respond(request)


@given(
    charger_id=st.sampled_from(CHARGERS),
    query=st.sampled_from(QUERIES),
    fields=st.lists(st.sampled_from(FIELDS), max_size=3),
)
def test_a_ready_answer_is_the_responders(
    charger: Mock, charger_id: str, query: str, fields: list[tuple[bytes, bytes]]
) -> None:
    found, expected = ask(charger.responder, f"/api/charger/{charger_id}/users", query, fields)

    assert found is None or found == expected


@pytest.mark.parametrize("charger_id", ["EMABLER_Charger12345", "EMABLER_Charger10000", "EMABLER_Charger00000"])
def test_ordinary_requests_for_stored_answers_are_answered_at_once(charger: Mock, charger_id: str) -> None:
    found, expected = ask(
        charger.responder, f"/api/charger/{charger_id}/users", "clientId=c&code=k", [(b"host", b"localhost")]
    )

    assert found == expected


@pytest.mark.parametrize(
    "fields", [[], [(b"accept", b"application/json, text/plain, */*")], [(b"user-agent", b"curl/8")]]
)
def test_ordinary_requests_for_generated_answers_are_made_at_once(
    charger: Mock, fields: list[tuple[bytes, bytes]]
) -> None:
    found, expected = ask(charger.responder, "/api/charger/EMABLER_Charger555/users", "clientId=c&code=k", fields)

    assert expected.source == "generated"
    assert found == expected


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=0.5, application/json;q=0"])
def test_what_is_not_acceptable_is_left_to_the_responder(charger: Mock, accept: str) -> None:
    found, expected = ask(
        charger.responder, "/api/charger/EMABLER_Charger555/users", "clientId=c&code=k", [(b"accept", accept.encode())]
    )

    assert found is None
    assert "request-accept-unmet" in {finding.rule for finding in expected.findings}


def test_generated_answers_are_those_of_the_world_that_asks(charger: Mock) -> None:
    express, world, path = FastPath(charger.responder), World(seed="else"), "/api/charger/EMABLER_Charger555/users"
    query = b"clientId=c&code=k"
    request = Request("GET", path.encode(), query, [], b"")
    found = express.find(request, world)

    assert found == charger.responder.respond(request, world)
    assert found != express.find(request)


TEXT = {"type": "string"}


def in_path(schema: object, **examples: object) -> dict:
    named = {name: {"value": value} for name, value in examples.items()}
    return {"name": "id", "in": "path", "required": True, "schema": schema, **({"examples": named} if named else {})}


# fmt: off
CASES = {
    "an unpaired example": ({"200": "example"}, [], None),
    "a number in the path": ({"200": "example"}, [in_path({"type": "integer"})], None),
    "a number in what is made": ({"200": "echo"}, [in_path({"type": "integer", "minimum": 1})], None),
    "a text with a pattern": ({"200": "echo"}, [in_path({"type": "string", "pattern": "^[0-9a-z]$"})], None),
    "one of some": ({"200": "schema"}, [in_path({"enum": ["7", "x"]})], None),
    "one of some numbers": ({"200": "example"}, [in_path({"enum": [7, 8]})], None),
    "any number": ({"200": "echo"}, [in_path({"type": "number"})], None),
    "yes or no": ({"200": "schema"}, [in_path({"type": "boolean"})], None),
    "a list in the path": ({"200": "schema"}, [in_path({"type": "array", "items": {"type": "integer"}})], None),
    "a number or a text": ({"200": "echo"}, [in_path({"type": ["integer", "string"]})], None),
    "nothing is said of it": ({"200": "echo"}, [], None),
    "examples in pairs": ({"200": "pairs"}, [in_path({"type": "integer"}, one=7, two=8)], None),
    "examples in pairs with odd numbers": ({"200": "pairs"}, [in_path({"type": "number"}, one=7.0, two=8)], None),
    "examples in pairs with texts": ({"200": "pairs"}, [in_path({"type": "string"}, one="7", two="x")], None),
    "examples in pairs with the query": ({"200": "pairs"}, [{"name": "q", "in": "query", "schema": TEXT, "examples": {"one": {"value": "1"}}}], None),
    "what may be asked": ({"200": "echo"}, [in_path({"type": "integer"}), {"name": "q", "in": "query", "schema": TEXT}], None),
    "what may be said in a header": ({"200": "example"}, [{"name": "X-Key", "in": "header", "schema": {"type": "integer"}}], None),
    "what may be said in a cookie": ({"200": "example"}, [{"name": "a", "in": "cookie", "schema": {"type": "integer"}}], None),
    "a parameter that is the key": ({"200": "example"}, [{"name": "q", "in": "query", "schema": {"type": "integer"}}], {"type": "apiKey", "in": "query", "name": "q"}),
    "a query parameter": ({"200": "example"}, [{"name": "q", "in": "query", "required": True, "schema": TEXT}], None),
    "a header parameter": ({"200": "example"}, [{"name": "X-Key", "in": "header", "required": True, "schema": TEXT}], None),
    "a key in a header": ({"200": "example"}, [], {"type": "apiKey", "in": "header", "name": "X-Key"}),
    "a token": ({"200": "example"}, [], {"type": "http", "scheme": "bearer"}),
    "a token for what is made": ({"200": "schema"}, [], {"type": "oauth2", "flows": {}}),
    "a name and a password": ({"200": "example"}, [], {"type": "http", "scheme": "basic"}),
    "a key in a cookie": ({"200": "example"}, [], {"type": "apiKey", "in": "cookie", "name": "a"}),
    "a key in the query": ({"200": "example"}, [], {"type": "apiKey", "in": "query", "name": "q"}),
    "nothing to say": ({"204": None}, [], None),
    "no example": ({"200": "schema"}, [], None),
}
# fmt: on


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@given(
    path=st.sampled_from(
        [
            "/things/7",
            "/things/8",
            "/things/07",
            "/things/+7",
            "/things/7.0",
            "/things/-0",
            "/things/0",
            "/things/x",
            "/things/",
            "/things/true",
            "/things/7,8",
            "/things/a%20b",
            "/things/99999999999999999999",
            "/things/\xd9\xa7",
            "/elsewhere",
        ]
    ),
    query=st.sampled_from(["", "q=1", "q=", "x=1"]),
    fields=st.lists(st.sampled_from(FIELDS), max_size=2),
)
def test_any_operation_is_answered_alike(
    mocked: Callable[..., Mock], case: tuple, path: str, query: str, fields: list[tuple[bytes, bytes]]
) -> None:
    found, expected = ask(mocked(case).responder, path, query, fields)

    assert found is None or found == expected


ECHO = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": ["integer", "string", "number"]}, "name": TEXT},
}


@pytest.mark.parametrize("case", ["a number in the path", "a number in what is made", "a text with a pattern", "one of some", "examples in pairs", "what may be asked", "what may be said in a header", "what may be said in a cookie", "nothing is said of it"])  # fmt: skip
def test_path_variables_of_any_schema_are_ordinary(mocked: Callable[..., Mock], case: str) -> None:
    found, expected = ask(mocked(CASES[case]).responder, "/things/7", "", [(b"accept", b"*/*")])

    assert found == expected


@pytest.fixture(scope="module")
def mocked(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Mock]:
    known: dict[str, Mock] = {}

    def make(case: tuple) -> Mock:
        responses, parameters, scheme = case
        made = operation({"type": "integer"}, parameters=parameters)
        ((status, kind),) = responses.items()
        content = {
            "example": {"application/json": {"schema": {"type": "integer"}, "example": 7}},
            "schema": {"application/json": {"schema": {"type": "integer"}}},
            "echo": {"application/json": {"schema": {"type": "array", "items": ECHO}}},
            "pairs": {
                "application/json": {"schema": {}, "examples": {"one": {"value": "one"}, "two": {"value": "two"}}}
            },
        }
        made["responses"] = {status: {"description": "", **({"content": content[kind]} if kind else {})}}
        document = minimal(
            {"/things/{id}": {"get": made}},
            **({"components": {"securitySchemes": {"key": scheme}}, "security": [{"key": []}]} if scheme else {}),
        )
        data = orjson.dumps(document)
        key = data.decode()
        if key not in known:
            path = tmp_path_factory.mktemp("express") / "openapi.json"
            path.write_bytes(data)
            known[key] = Mock(open_responder(str(path), Settings()).responder)
        return known[key]

    return make


ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date"}},
    "additionalProperties": False,
}
POSTED = {
    "stored": {"application/json": {"schema": {"type": "integer"}, "example": 7}},
    "made": {"application/json": {"schema": {"type": "array", "items": ORDER}}},
    "empty": None,
}
BODIES = [
    b'{"id": 1}',
    b'{"id": 2, "at": "2026-11-23"}',
    b'{"id": "1"}',
    b'{"id": 1, "at": "today"}',
    b"[]",
    b"{",
    b"",
    b"null",
]
TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", "application/merge-patch+json", None]


@pytest.mark.parametrize("kind", POSTED)
@given(body=st.sampled_from(BODIES), type_=st.sampled_from(TYPES), fields=st.lists(st.sampled_from(FIELDS[:-1]), max_size=2), query=st.sampled_from(["", "q=1"]))  # fmt: skip
def test_a_body_is_answered_alike(posted: Callable[[str], FastPath], kind: str, body: bytes, type_: str | None, fields: list, query: str) -> None:  # fmt: skip
    express = posted(kind)
    typed = [*fields, *([(b"content-type", type_.encode())] if type_ else []), (b"content-length", b"%d" % len(body))]
    request = Request("POST", b"/orders/7", query.encode(), typed, body)
    found = express.find(request)

    assert found is None or found == express._responder.respond(request)
    assert found is None or found.findings == express._responder.respond(request).findings
    assert express._responder.respond(request) == Responder(express._responder.kit).respond(request)


@pytest.mark.parametrize("kind", POSTED)
def test_bodies_of_json_are_answered_at_once_good_or_bad_and_others_are_not(
    posted: Callable[[str], FastPath], kind: str
) -> None:
    express, fields = posted(kind), [(b"content-type", b"application/json"), (b"accept", b"*/*")]
    requests = [Request("POST", b"/orders/7", b"", fields, body) for body in BODIES]

    assert [express.find(request) is not None for request in requests] == [*[True] * 5, False, False, True]


def test_answers_that_go_by_the_body_are_left_to_the_responder(mock: Callable[..., Mock]) -> None:
    content = {
        "application/json": {"schema": ORDER, "examples": {"one": {"value": {"id": 1}}, "two": {"value": {"id": 2}}}}
    }
    made = operation(ORDER, requestBody={"content": content})
    made["responses"]["200"]["content"] = content
    responder = mock(minimal({"/orders": {"post": made}})).responder
    fields = [(b"content-type", b"application/json")]

    for body in (b'{"id":2}', b'{"id":1}'):
        request = Request("POST", b"/orders", b"", fields, body)
        assert FastPath(responder).find(request) is None
        assert responder.respond(request).body == body


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FastPath]:
    known: dict[str, FastPath] = {}

    def make(kind: str) -> FastPath:
        if kind not in known:
            parameters = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
            body = {"required": True, "content": {"application/json": {"schema": ORDER}}}
            response = {"description": "", **({"content": POSTED[kind]} if POSTED[kind] else {})}
            made = {"parameters": parameters, "requestBody": body, "responses": {"201": response}}
            path = tmp_path_factory.mktemp("posted") / "openapi.json"
            path.write_bytes(orjson.dumps(minimal({"/orders/{id}": {"post": made}})))
            known[kind] = FastPath(open_responder(str(path), Settings()).responder)
        return known[kind]

    return make
