"""Clients that insist: on an error shape for every error, on a header field in every answer, on the kind of a Kubernetes object."""

from collections.abc import Callable

import pytest

from mock_server.errors import UsageError
from mock_server.settings import Settings, merge_settings
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import Mock, body_of, fields_of, minimal

MESSAGE = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}, "code": {"type": "integer"}},
}


def document(error: object, status: str = "404", media_type: str = "application/json") -> dict[str, object]:
    responses = {
        "200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}},
        status: {"description": "", "content": {media_type: {"schema": error}}},
    }
    return minimal({"/things": {"get": {"responses": responses}}})


@pytest.mark.parametrize("status", ["404", "4XX", "default", "400"])
@pytest.mark.parametrize(("method", "path", "expected"), [("GET", "/thinks", 404), ("DELETE", "/things", 405)])
def test_errors_of_unknown_paths_have_the_shape_that_the_document_requires(
    mock: Callable[..., Mock], status: str, method: str, path: str, expected: int
) -> None:
    answer = mock(document(MESSAGE, status)).ask(path, method)

    assert (answer.status, fields_of(answer)["content-type"]) == (expected, "application/json")
    assert path in body_of(answer)["message"]  # type: ignore[index]
    assert answer.source == ("problem:no-path" if expected == 404 else "problem:no-method")
    assert ("allow" in fields_of(answer)) is (expected == 405)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "object", "required": ["error"], "properties": {"error": MESSAGE}},
        {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
    ],
)
def test_a_message_may_stand_within_an_error(mock: Callable[..., Mock], error: object) -> None:
    answer = mock(document(error)).ask("/thinks")

    assert "/thinks" in str(body_of(answer)["error"])  # type: ignore[index]


@pytest.mark.parametrize(
    "error",
    [
        {"type": "object", "properties": {"message": {"type": "string"}}},
        {"type": "object", "required": ["message"], "properties": {"message": {"type": "string", "maxLength": 5}}},
        {"type": "object", "required": ["message"], "properties": {"message": {"enum": ["no"]}}},
        {"type": "object", "required": ["code"], "properties": {"code": {"type": "integer"}}},
        {"type": "string"},
        {"type": "object", "required": ["message"], "allOf": [{"not": {}}]},
    ],
)
def test_where_no_message_is_required_or_takes_the_reason_it_is_a_problem(
    mock: Callable[..., Mock], error: object
) -> None:
    answer = mock(document(error)).ask("/thinks")

    assert fields_of(answer)["content-type"] == "application/problem+json"
    assert "/thinks" in body_of(answer)["detail"]  # type: ignore[index]


def test_a_field_of_all_answers_can_be_set(admin: Callable[..., AsgiClient]) -> None:
    client = admin(headers={"x-elastic-product": "Elasticsearch"})
    answers = [
        client.ask(path, method)
        for path, method in (("/things/7", "GET"), ("/things/7", "GET"), ("/nothing", "GET"), ("/things", "DELETE"))
    ]

    assert [answer.fields["x-elastic-product"] for answer in answers] == ["Elasticsearch"] * 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("Set-Cookie", "a=b"), ("Access-Control-Allow-Origin", "*"),
        ("X-Mock-Source", "x"), ("Content-Security-Policy", "x"), ("X-Content-Type-Options", "x"), ("Vary", "*"), ("a b", "x"), ("", "x"),
        ("X-A", "b\r\nSet-Cookie: a=b"), ("X-A", "\x00"), ("X-A", 7), ("X-A", "\u00e9"), ("X-A", " x"), ("Cross-Origin-Opener-Policy", "x"),
    ],
)  # fmt: skip
def test_a_field_that_frames_a_message_or_guards_a_browser_can_not_be_set(name: str, value: object) -> None:
    with pytest.raises(UsageError, match="headers"):
        merge_settings({"headers": {name: value}})


def test_names_of_fields_are_read_in_any_case() -> None:
    assert merge_settings({"headers": {"X-Own": "1"}}) == Settings(headers={"x-own": "1"})


def test_an_object_of_kubernetes_says_what_it_is(mock: Callable[..., Mock]) -> None:
    text = {"type": "string"}
    schema = {
        "type": "object",
        "properties": {"kind": text, "apiVersion": text},
        "x-kubernetes-group-version-kind": [{"group": "apps", "kind": "Deployment", "version": "v1"}],
    }
    core = {**schema, "x-kubernetes-group-version-kind": [{"group": "", "kind": "Pod", "version": "v1"}]}
    paths = {
        f"/{name}": {
            "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": each}}}}}
        }
        for name, each in (("deployment", schema), ("pod", core))
    }
    asked = mock(minimal(paths))

    assert body_of(asked.ask("/deployment")) == {"kind": "Deployment", "apiVersion": "apps/v1"}
    assert body_of(asked.ask("/pod")) == {"kind": "Pod", "apiVersion": "v1"}
