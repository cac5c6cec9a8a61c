"""What a client accepts: vendors' names for JSON, nothing that fits, streams that the body asks for, and refusals that say why."""

from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.media_type import choose_media_type, choose_unwanted
from mock_server.exchange.message import Request
from mock_server.respond.fast_path import FastPath
from mock_server.respond.represent.context import NOBODY
from tests.support.mocks import Mock, body_of, fields_of, minimal

THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
BODY = {"type": "object", "properties": {"stream": {"type": "boolean"}}}


def responding(**content: object) -> dict[str, object]:
    """A response with some media types."""
    return {
        "description": "",
        "content": {name.replace("__", "/"): {"schema": schema} for name, schema in content.items()},
    }


def json_of(schema: object, name: str = "application/json") -> dict[str, object]:
    return {"description": "", "content": {name: {"schema": schema}}}


def violations(answer: object) -> list[str]:
    """The rules that an answer names in `sl-violations`."""
    return [found["code"] for found in orjson.loads(fields_of(answer).get("sl-violations", "[]"))]  # type: ignore[arg-type]


def reading(name: str, **responses: object) -> dict[str, object]:
    """A document with one GET that answers with a media type."""
    return minimal({"/a": {"get": {"operationId": "a", "responses": {"200": json_of(THING, name), **responses}}}})


@pytest.mark.parametrize(
    ("documented", "accept"),
    [
        ("application/json", "application/vnd.github+json"),
        ("application/json", "application/vnd.github.v3+json, application/vnd.github.x-preview+json"),
        ("application/json", "application/vnd.pagerduty+json;version=2"),
        ("application/json", "application/vnd.elasticsearch+json; compatible-with=8"),
        ("application/json", "application/scim+json"),
        ("application/vnd.api+json", "application/json"),
        ("application/vnd.vimeo.user+json", "application/vnd.vimeo.*;version=3.4"),
        ("application/json;charset=utf-8", "application/vnd.x+json"),
    ],
)
def test_a_client_that_asks_in_its_vendors_words_gets_the_json(
    mock: Callable[..., Mock], documented: str, accept: str
) -> None:
    answer = mock(reading(documented)).ask("/a", headers={"accept": accept})

    assert (answer.status, fields_of(answer)["content-type"], answer.findings) == (200, documented, ())


@pytest.mark.parametrize("accept", ["text/html", "application/pdf, image/*;q=0.5", "application/binary", "x", ","])
def test_what_fits_nothing_gets_the_first_media_type_and_a_word_about_it(
    mock: Callable[..., Mock], accept: str
) -> None:
    answer = mock(reading("application/json")).ask("/a", headers={"accept": accept})

    assert (answer.status, fields_of(answer)["content-type"]) == (200, "application/json")
    assert violations(answer) == ["request-accept-unmet"]
    assert [finding.rule for finding in answer.findings] == ["request-accept-unmet"]


def test_a_download_whose_errors_are_json_is_downloaded(mock: Callable[..., Mock]) -> None:
    document = reading("application/pdf", default=json_of(THING))

    assert mock(document).ask("/a", headers={"accept": "application/json"}).body.startswith(b"%PDF")


def test_406_where_it_is_documented_comes_in_the_documents_words(mock: Callable[..., Mock]) -> None:
    message = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    answer = mock(reading("application/json", **{"406": json_of(message)})).ask("/a", headers={"accept": "text/html"})

    assert answer.status == 406
    assert "text/html" in body_of(answer)["message"]  # type: ignore[index]


def test_406_of_a_range_or_default_is_not_meant(mock: Callable[..., Mock]) -> None:
    document = reading("application/json", **{"4XX": json_of(THING), "default": json_of(THING)})

    assert mock(document).ask("/a", headers={"accept": "text/html"}).status == 200


@pytest.mark.parametrize("accept", ["application/json;q=0", "*/*;q=0", "text/html, application/*;q=0.0"])
def test_what_is_refused_outright_is_not_sent(mock: Callable[..., Mock], accept: str) -> None:
    assert mock(reading("application/json")).ask("/a", headers={"accept": accept}).status == 406


def test_what_is_refused_outright_is_passed_over(mock: Callable[..., Mock]) -> None:
    document = minimal(
        {"/a": {"get": {"responses": {"200": responding(application__json=THING, text__csv={"type": "string"})}}}}
    )
    answer = mock(document).ask("/a", headers={"accept": "text/html, application/json;q=0"})

    assert fields_of(answer)["content-type"].startswith("text/csv")


def test_strictly_nothing_acceptable_is_406(mock: Callable[..., Mock]) -> None:
    answer = mock(reading("application/json"), strict_accept=True).ask("/a", headers={"accept": "text/html"})

    assert (answer.status, answer.source) == (406, "problem:not-acceptable")


@pytest.mark.parametrize(
    ("documented", "sent", "status"),
    [
        ("application/json", "application/vnd.api+json", 200),
        ("application/vnd.api+json", "application/json", 200),
        ("application/json", "application/json-patch+json", 200),
        ("application/json", "text/json; charset=utf-8", 200),
        ("application/xml", "text/xml", 200),
        ("application/json", "text/plain", 415),
        ("application/json", "application/xml", 415),
        ("application/json", "application/x-ndjson", 415),
        ("application/vnd.a+json", "application/vnd.b+json", 415),
        ("application/vnd.a.x+json", "application/vnd.a.y+json", 200),
    ],
)
def test_a_body_under_a_name_of_the_same_kind_is_read(
    mock: Callable[..., Mock], documented: str, sent: str, status: int
) -> None:
    post = {"requestBody": {"content": {documented: {"schema": THING}}}, "responses": {"200": json_of(THING)}}
    body = b"<root><id>1</id></root>" if "xml" in sent else b'{"id": 1}'

    assert (
        mock(minimal({"/a": {"post": post}})).ask("/a", "POST", headers={"content-type": sent}, body=body).status
        == status
    )


def test_a_body_under_a_name_of_the_same_kind_is_judged(mock: Callable[..., Mock]) -> None:
    post = {"requestBody": {"content": {"application/json": {"schema": THING}}}, "responses": {"200": json_of(THING)}}
    answer = mock(minimal({"/a": {"post": post}})).ask(
        "/a", "POST", headers={"content-type": "application/vnd.x+json"}, body=b'{"id": "x"}'
    )

    assert answer.status == 422


CHAT = minimal(
    {
        "/chat": {
            "post": {
                "operationId": "chat",
                "parameters": [{"name": "stream", "in": "query", "schema": {"type": "boolean"}}],
                "requestBody": {"content": {"application/json": {"schema": BODY}}},
                "responses": {"200": responding(application__json=THING, **{"text__event-stream": THING})},
            }
        }
    }
)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/event-stream"])
def test_a_body_that_asks_for_a_stream_gets_it(mock: Callable[..., Mock], accept: str) -> None:
    answer = mock(CHAT).ask("/chat", "POST", json={"stream": True}, headers={"accept": accept} if accept else {})

    assert (fields_of(answer)["content-type"], answer.findings) == ("text/event-stream", ())
    assert answer.body.startswith(b"data: {")


@pytest.mark.parametrize("body", [{"stream": False}, {}, {"stream": None}])
def test_a_body_that_asks_for_no_stream_gets_none(mock: Callable[..., Mock], body: dict[str, object]) -> None:
    assert (
        fields_of(mock(CHAT, validate_requests=False).ask("/chat", "POST", json=body))["content-type"]
        == "application/json"
    )


def test_a_query_that_asks_for_a_stream_gets_it(mock: Callable[..., Mock]) -> None:
    assert fields_of(mock(CHAT).ask("/chat?stream=true", "POST", json={}))["content-type"] == "text/event-stream"


def test_the_fast_path_leaves_streams_to_the_body(mock: Callable[..., Mock]) -> None:
    responder = mock(CHAT).responder
    express = FastPath(responder)
    for body in (b'{"stream":false}', b'{"stream":true}', b'{"stream":false}'):
        request = Request("POST", b"/chat", b"", [(b"content-type", b"application/json")], body)
        found = express.find(request, NOBODY)
        assert found is None or found == responder.respond(request, NOBODY)


@pytest.mark.parametrize(
    "accept", [b"application/vnd.x+json", b"text/html", b"*/*;q=0", b"application/json;q=0.1, */*"]
)
def test_the_fast_path_agrees_on_what_is_accepted(mock: Callable[..., Mock], accept: bytes) -> None:
    responder = mock(reading("application/json")).responder
    express = FastPath(responder)
    express.find(Request("GET", b"/a", b"", [], b""), NOBODY)
    request = Request("GET", b"/a", b"", [(b"accept", accept)], b"")
    found = express.find(request, NOBODY)

    assert found is None or found == responder.respond(request, NOBODY)


def test_a_refusal_without_content_says_why(mock: Callable[..., Mock]) -> None:
    parameter = {"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}
    answer = mock(
        minimal(
            {
                "/a": {
                    "get": {"parameters": [parameter], "responses": {"200": json_of(THING), "400": {"description": ""}}}
                }
            }
        )
    ).ask("/a")

    assert (answer.status, answer.body) == (400, b"")
    assert violations(answer) == ["request-parameter-missing"]


def test_a_401_without_content_says_why(mock: Callable[..., Mock]) -> None:
    get = {"security": [{"key": []}], "responses": {"200": json_of(THING), "401": {"description": ""}}}
    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    answer = mock(minimal({"/a": {"get": get}}, components=schemes)).ask("/a")

    assert (answer.status, answer.body) == (401, b"")
    assert violations(answer) == ["request-security-unmet"]
    assert [finding.rule for finding in answer.findings] == ["request-security-unmet"]


_TYPES = st.sampled_from(
    ["application/json", "application/vnd.a.b+json", "text/csv", "application/xml", "text/*", "image/png"]
)
_RANGES = st.lists(
    st.tuples(st.one_of(_TYPES, st.just("*/*")), st.sampled_from(["", ";q=0", ";q=0.5", ";v=1"])).map("".join),
    max_size=4,
)


@given(st.lists(_TYPES, min_size=1, max_size=4), _RANGES)
def test_something_is_sent_unless_all_is_refused_outright(documented: list[str], ranges: list[str]) -> None:
    accept = ", ".join(ranges)
    found = choose_media_type(documented, accept) or choose_unwanted(documented, accept)

    assert found is not None or ";q=0" in accept
