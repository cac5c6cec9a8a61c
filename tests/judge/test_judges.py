"""Judging payloads that others made: what hypothesis-jsonschema makes is accepted, what is changed gets the verdict of jsonschema."""

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from jsonschema import Draft202012Validator, FormatChecker

from mock_server import app, judge, load
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response
from mock_server.judges.response import ResponseJudge
from tests.support.mocks import Mock
from tests.support.paths import DOCUMENT

PAGE = load(DOCUMENT).resource.value["components"]["schemas"]


def finite(name: str, depth: int = 0) -> dict:
    """A component as plain JSON Schema of finite depth: what hypothesis-jsonschema can read."""

    def plain(schema: dict) -> dict:
        if "$ref" in schema:
            return finite(schema["$ref"].rpartition("/")[2], depth + 1)
        out = {key: value for key, value in schema.items() if key in {"type", "format", "enum"}}
        if schema["type"] == "array":
            deep = depth >= 3
            out["maxItems"] = 0 if deep else 2
            out["items"] = {} if deep else plain(schema["items"])
        if schema["type"] == "object":
            out["properties"] = {key: plain(value) for key, value in schema.get("properties", {}).items()}
            out["additionalProperties"] = schema.get("additionalProperties", False)
        limits = {"int32": 2**31, "int64": 2**63}.get(out.get("format", ""))
        if limits:
            out |= {"minimum": -limits, "maximum": limits - 1}
        if out.get("format") in {"int32", "int64", "double"}:
            del out["format"]
        if schema.get("nullable"):
            out["type"] = [out["type"], "null"]
        return out

    return plain(PAGE[name])


PAYLOAD = {"type": "array", "maxItems": 2, "items": finite("Driver")}
SMALL = {"type": "array", "maxItems": 2, "items": finite("Tag")}


@pytest.fixture(scope="module")
def responses(charger: Mock) -> ResponseJudge:
    return charger.responder.judge_of(charger.responder.document.entries[0])


def answered(value: object) -> Response:
    return Response(200, [(b"content-type", b"application/json")], orjson.dumps(value))


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(value=from_schema(PAYLOAD))
def test_payloads_made_by_others_are_accepted(responses: ResponseJudge, value: object) -> None:
    assert responses.judge(answered(value)) == ()


def places(value: Any, above: tuple = ()) -> list[tuple]:
    """Every place in a value."""
    found = [above]
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(child, (*above, key))
    return found


OTHERS = [None, True, 0, -1, 2**31, 2**63, 1.5, "", "x", "2026-01-01T00:00:00Z", [], {}, [1], {"id": "x"}]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    value=from_schema({"type": "array", "minItems": 1, "maxItems": 1, "items": finite("ChargerGroup", 2)}),
    data=st.data(),
)
def test_a_changed_payload_gets_the_verdict_of_another_validator(
    responses: ResponseJudge, value: list, data: st.DataObject
) -> None:
    changed = copy.deepcopy([{"chargerGroups": value}])
    *above, last = data.draw(st.sampled_from(places(changed)[1:]))
    target: Any = changed
    for step in above:
        target = target[step]
    target[last] = data.draw(st.sampled_from(OTHERS))
    expected = Draft202012Validator(
        {"type": "array", "items": open_finite("Driver")}, format_checker=FormatChecker()
    ).is_valid(changed)

    findings = responses.judge(answered(changed))

    assert (findings == ()) is expected
    assert {finding.rule for finding in findings} <= {"response-body-schema"}


def open_finite(name: str) -> dict:
    """The same, open to undocumented properties as the document is, and deep enough for what is judged."""

    def open_up(schema: Any) -> Any:
        if isinstance(schema, dict):
            changed = {
                key: open_up(value)
                for key, value in schema.items()
                if not (key == "additionalProperties" and value is False)
            }
            return {key: value for key, value in changed.items() if key != "maxItems"}
        return [open_up(item) for item in schema] if isinstance(schema, list) else schema

    return open_up(finite(name))


def respond(status: int = 200, body: bytes = b"[]", **headers: str) -> Response:
    fields = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Response(status, [(name.encode(), value.encode()) for name, value in fields.items() if value], body)


@pytest.mark.parametrize(
    ("response", "rule", "instance"),
    [
        (respond(500), "response-status-undocumented", ("status",)),
        (respond(content_type="text/html"), "response-media-type-undocumented", ("headers", "content-type")),
        (respond(body=b"{"), "response-body-malformed", ("body",)),
        (respond(body=b"{}"), "response-body-schema", ("body",)),
        (respond(body=b'[{"tags": [{"id": "x"}]}]'), "response-body-schema", ("body", "0", "tags", "0", "id")),
        (
            respond(body=b'[{"tags": [{"expiringDate": "soon"}]}]'),
            "response-body-schema",
            ("body", "0", "tags", "0", "expiringDate"),
        ),
        (respond(body=b'[{"id": 9223372036854775808}]'), "response-body-schema", ("body", "0", "id")),
        (respond(body=b"", content_type=""), "response-body-missing", ("body",)),
        (respond(401, b"no"), "response-content-undocumented", ("body",)),
    ],
)
def test_what_is_wrong_with_a_response_has_its_rule_and_place(
    responses: ResponseJudge, response: Response, rule: str, instance: tuple
) -> None:
    findings = responses.judge(response)

    assert [(finding.rule, finding.instance) for finding in findings] == [(rule, instance)]
    assert findings[0].place.file.endswith("openapi.yaml")
    assert findings[0].operation == "getAuthorisedUsersForCharger"


@pytest.fixture
def headed(mock: Callable[..., Mock]) -> ResponseJudge:
    headers = {
        "X-N": {"required": True, "schema": {"type": "integer"}},
        "X-L": {"schema": {"type": "array", "items": {"type": "integer"}}},
    }
    made = mock(
        {
            "openapi": "3.0.3",
            "info": {"title": "", "version": ""},
            "paths": {"/a": {"get": {"responses": {"200": {"description": "", "headers": headers}}}}},
        }
    )
    return made.responder.judge_of(made.responder.document.entries[0])


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"x-n": "5"}, []),
        ({"x-n": "5", "x-l": "1, 2"}, []),
        ({}, ["response-header-missing"]),
        ({"x-n": "five"}, ["response-header-schema"]),
        ({"x-n": "5", "x-l": "1,x"}, ["response-header-schema"]),
    ],
)
def test_header_fields_are_judged(headed: ResponseJudge, fields: dict[str, str], rules: list[str]) -> None:
    response = Response(200, [(name.encode(), value.encode()) for name, value in fields.items()], b"")

    assert [finding.rule for finding in headed.judge(response)] == rules


EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string"}, "retry": {"type": "integer"}},
}
TEMPERATURE = {"type": "object", "required": ["celsius"], "properties": {"celsius": {"type": "number"}}}


@pytest.mark.parametrize(
    ("media", "item", "body", "places"),
    [
        ("text/event-stream", EVENT, b"data: a\nretry: 5\n\ndata: b\n\n", []),
        ("text/event-stream", EVENT, b"data: a\n\nretry: soon\ndata: b\n\n", [("body", "1", "retry")]),
        ("text/event-stream", TEMPERATURE, b'data: {"celsius": 20.5}\n\n', []),
        ("text/event-stream", TEMPERATURE, b'data: {"celsius": "warm"}\n\n', [("body", "0", "celsius")]),
        ("application/jsonl", TEMPERATURE, b'{"celsius": 1}\n{"celsius": 2}\n', []),
        ("application/jsonl", TEMPERATURE, b'{"celsius": 1}\n{}\n', [("body", "1")]),
    ],
)
def test_the_items_of_a_stream_are_judged_one_by_one(
    mock: Callable[..., Mock], media: str, item: dict, body: bytes, places: list[tuple[str, ...]]
) -> None:
    answers = {"200": {"description": "", "content": {media: {"itemSchema": item}}}}
    document = {
        "openapi": "3.2.0",
        "info": {"title": "", "version": ""},
        "paths": {"/p": {"get": {"responses": answers}}},
    }
    responder = mock(document).responder
    judged = responder.judge_of(responder.document.entries[0])

    assert [
        finding.instance for finding in judged.judge(Response(200, [(b"content-type", media.encode())], body))
    ] == places


def test_a_response_to_head_has_no_body(responses: ResponseJudge) -> None:
    assert responses.judge(respond(body=b""), "HEAD") == ()
    assert [finding.rule for finding in responses.judge(respond(), "HEAD")] == ["response-body-unexpected"]


def test_the_library_judges_exchanges() -> None:
    document = load(DOCUMENT)
    request = Request("GET", b"/api/charger/X/users", b"code=k&clientId=c&extra=1", [], b"")

    assert [f.rule for f in judge(document, request)] == ["request-query-undocumented"]
    assert [f.rule for f in judge(document, request, respond(body=b"{}"))] == [
        "request-query-undocumented",
        "response-body-schema",
    ]
    with pytest.raises(UsageError, match="no operation"):
        judge(document, request._replace(path=b"/nowhere"))


def test_the_library_makes_an_application() -> None:
    assert callable(app(load(DOCUMENT)))
