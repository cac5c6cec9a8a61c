"""References that lead nowhere, or outside: said at the start, in the log, and in the answers of the operations that hold them."""

import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from mock_server import load
from mock_server.exchange.message import Request
from mock_server.respond.fast_path import FastPath
from mock_server.respond.represent.context import NOBODY
from tests.support.mocks import Mock, fields_of, minimal

NOWHERE, OUTSIDE, MISSING, REMOTE = (
    "#/components/schemas/Nope",
    "../../../etc/hosts#/a",
    "./nope.yaml#/a",
    "https://x.example/a.json",
)


def answering(schema: object, **members: object) -> dict[str, object]:
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}, **members}


def referring(ref: str) -> dict[str, object]:
    """A document whose first operation leads to a broken reference by way of a component."""
    thing = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "own": {"$ref": ref}}}
    return minimal(
        {
            "/bad": {"get": answering({"$ref": "#/components/schemas/Thing"}), "post": answering({})},
            "/good": {"get": answering({})},
        },
        components={"schemas": {"Thing": thing, "Other": {"$ref": "#/components/schemas/Thing"}}},
    )


@pytest.mark.parametrize(
    ("ref", "rule"),
    [
        (NOWHERE, "document-reference-unresolvable"),
        (MISSING, "document-reference-unresolvable"),
        (OUTSIDE, "document-reference-outside"),
        (REMOTE, "document-reference-remote"),
        ("#Nope", "document-reference-unresolvable"),
        ("ftp://x/a", "document-reference-unresolvable"),
    ],
)
def test_a_reference_that_can_not_be_followed_is_said(mock: Callable[..., Mock], ref: str, rule: str) -> None:
    asked = mock(referring(ref))
    bad, good = asked.ask("/bad"), asked.ask("/good")

    assert [finding.rule for finding in asked.responder.document.broken] == [rule]
    assert (bad.status, [finding.rule for finding in bad.findings]) == (200, [rule])
    assert rule in fields_of(bad)["sl-violations"]
    assert (good.findings, asked.ask("/bad", "POST").findings) == ((), ())


@pytest.mark.parametrize(
    "member",
    [
        {"parameters": [{"$ref": NOWHERE}]},
        {"parameters": [{"name": "p", "in": "query", "schema": {"$ref": NOWHERE}}]},
        {"requestBody": {"$ref": NOWHERE}},
        {"requestBody": {"content": {"application/json": {"schema": {"items": {"$ref": NOWHERE}}}}}},
        {
            "responses": {
                "200": {"description": "", "content": {"application/json": {"schema": {}}}},
                "404": {"$ref": NOWHERE},
            }
        },
    ],
)
def test_it_is_said_wherever_it_stands_in_an_operation(mock: Callable[..., Mock], member: dict) -> None:
    answer = mock(minimal({"/a": {"post": {**answering({}), **member}}})).ask("/a", "POST")

    assert "document-reference-unresolvable" in {finding.rule for finding in answer.findings}


def test_an_operation_without_a_response_says_why(mock: Callable[..., Mock]) -> None:
    answer = mock(minimal({"/a": {"get": {"responses": {"200": {"$ref": NOWHERE}}}}})).ask("/a")

    assert answer.status == 500
    assert "document-reference-unresolvable" in fields_of(answer)["sl-violations"]


@pytest.mark.parametrize("key", ["example", "default", "enum"])
def test_a_reference_within_data_is_none(mock: Callable[..., Mock], key: str) -> None:
    held = [{"$ref": NOWHERE}] if key == "enum" else {"$ref": NOWHERE}

    assert mock(minimal({"/a": {"get": answering({key: held})}})).responder.document.broken == ()


def test_a_reference_within_an_extension_is_none(mock: Callable[..., Mock]) -> None:
    document = minimal({"/a": {"x-b": {"$ref": NOWHERE}, "get": {**answering({}), "x-code": [{"$ref": NOWHERE}]}}})

    assert mock(document).responder.document.broken == ()


@pytest.mark.parametrize("name", ["x-rate", "default", "value"])
def test_a_property_with_a_name_of_the_standard_is_one(mock: Callable[..., Mock], name: str) -> None:
    """The author of a document may call a property `value`, or `x-rate`."""
    held = {"type": "object", "properties": {name: {"$ref": NOWHERE}}}

    assert mock(minimal({"/a": {"get": answering(held)}})).responder.document.broken != ()


def test_references_in_yaml_are_found_and_placed(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          $ref: './b.yaml#/x'  # there is none\n"
    )

    assert [str(finding.place) for finding in load(path).broken] == [f"{path}#/paths/~1a/get/responses/200"]


def test_the_fast_path_says_it_too(mock: Callable[..., Mock]) -> None:
    responder = mock(referring(NOWHERE)).responder
    request = Request("GET", b"/bad", b"", [], b"")
    found = [FastPath(responder).find(request, NOBODY) for _ in range(2)]

    assert all(answer is None or answer == responder.respond(request) for answer in found)


def test_a_large_document_without_broken_references_is_seen_through_quickly(tmp_path: Path) -> None:
    names = [f"S{number}" for number in range(5000)]
    schemas = {
        name: {"type": "object", "properties": {"next": {"$ref": f"#/components/schemas/{names[index - 1]}"}}}
        for index, name in enumerate(names)
    }
    path = tmp_path / "large.json"
    path.write_bytes(orjson.dumps(minimal({"/a": {"get": answering({})}}, components={"schemas": schemas})))
    document = load(path)
    began = time.process_time()

    assert document.broken == ()
    assert time.process_time() - began < 1


def test_a_schema_that_named_itself_is_found(mock: Callable[..., Mock]) -> None:
    inner = {"$id": "https://example.com/strings", "$defs": {"a": {"$id": "list", "type": "array"}}, "$ref": "list"}
    document = minimal(
        {"/a": {"get": answering({"$ref": "https://example.com/strings"})}},
        "3.1.0",
        components={"schemas": {"S": inner}},
    )

    assert mock(document).responder.document.broken == ()
