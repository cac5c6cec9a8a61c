"""What clients really send: commas that are percent-encoded, `True` in queries, a Prefer field that is the document's, too."""

from collections.abc import Callable

import orjson
import pytest

from mock_server import judge, load
from mock_server.exchange.message import Request
from tests.support.mocks import Mock, fields_of, minimal


def asking(*parameters: object, path: str = "/a") -> dict[str, object]:
    """A document with one GET."""
    content = {"application/json": {"schema": {"const": 1}}}
    return minimal(
        {
            path: {
                "get": {"parameters": list(parameters), "responses": {"200": {"description": "", "content": content}}}
            }
        },
        "3.1.0",
    )


def query(schema: object, **members: object) -> dict[str, object]:
    return {"name": "p", "in": "query", "schema": schema, **members}


def listed(items: object, **members: object) -> dict[str, object]:
    return {"type": "array", "items": items, **members}


INTEGER, TEXT = {"type": "integer"}, {"type": "string"}
POINT = {"type": "object", "required": ["x", "y"], "properties": {"x": INTEGER, "y": INTEGER}}


@pytest.mark.parametrize(
    ("parameter", "target", "status", "read"),
    [
        (query(listed(INTEGER), explode=False), "/a?p=1%2C2", 200, [1, 2]),
        (query(listed(INTEGER), explode=False), "/a?p=1%2c2", 200, [1, 2]),
        (query(listed(INTEGER), explode=False), "/a?p=1,2", 200, [1, 2]),
        (query(listed(INTEGER), explode=False), "/a?p=1%2Cx", 422, None),
        (query(listed(TEXT), explode=False), "/a?p=1%2C2", 200, ["1,2"]),
        (query(listed({"enum": ["a", "b"]}), explode=False), "/a?p=a%2Cb", 200, ["a", "b"]),
        (query(listed(TEXT, minItems=2), explode=False), "/a?p=a%2Cb", 200, ["a", "b"]),
        (query(listed({"type": "string", "pattern": "^[a-z]$"}), explode=False), "/a?p=a%2Cb", 200, ["a", "b"]),
        (query(listed(INTEGER)), "/a?p=1%2C2", 422, None),  # exploded: the name comes again instead
        (query(POINT, explode=False), "/a?p=x%2C1%2Cy%2C2", 200, {"x": 1, "y": 2}),
        ({"name": "p", "in": "path", "required": True, "schema": listed(INTEGER)}, "/a/1%2C2", 200, [1, 2]),
        ({"name": "p", "in": "cookie", "schema": listed(INTEGER), "explode": False}, "/a", 200, [1, 2]),
    ],
)
def test_an_encoded_comma_separates_where_one_item_does_not_fit(
    mock: Callable[..., Mock], parameter: dict, target: str, status: int, read: object
) -> None:
    document = asking(parameter, path="/a/{p}" if parameter["in"] == "path" else "/a")
    asked = mock(document)
    headers = {"cookie": "p=1%2C2"} if parameter["in"] == "cookie" else {}
    answer = asked.ask(target, headers=headers)

    assert answer.status == status
    if read is not None:
        path, _, text = target.partition("?")
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request("GET", path.encode(), text.encode(), fields, b"")
        matched = asked.responder.find(request)
        assert list(asked.responder.read(matched, request).understood.parameters.values()) == [read]  # type: ignore[arg-type]


def test_a_list_of_2_0_with_encoded_commas_is_read(mock: Callable[..., Mock]) -> None:
    parameter = {"name": "p", "in": "query", "type": "array", "items": {"type": "integer"}, "collectionFormat": "csv"}
    get = {"parameters": [parameter], "responses": {"200": {"description": ""}}}
    document = {"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"get": get}}}

    assert mock(document).ask("/a?p=1%2C2").status == 200


@pytest.mark.parametrize("text", ["True", "1", "TRUE", "yes", "on", "False", "0", "no"])
def test_a_truth_value_in_other_words_is_read_and_said(mock: Callable[..., Mock], text: str) -> None:
    answer = mock(asking(query({"type": "boolean"}))).ask(f"/a?p={text}")

    assert answer.status == 200
    assert [finding.rule for finding in answer.findings] == ["request-boolean-lenient"]
    assert "request-boolean-lenient" in fields_of(answer)["sl-violations"]


@pytest.mark.parametrize("text", ["true", "false"])
def test_a_truth_value_in_the_words_of_json_is_not_said(mock: Callable[..., Mock], text: str) -> None:
    assert mock(asking(query({"type": "boolean"}))).ask(f"/a?p={text}").findings == ()


@pytest.mark.parametrize(
    ("schema", "text", "status"),
    [
        ({"type": "boolean"}, "maybe", 422),
        ({"type": "boolean"}, "2", 422),
        ({"type": "boolean"}, "", 422),
        ({"enum": [True]}, "0", 422),
        ({"enum": [True]}, "1", 200),
        (listed({"type": "boolean"}), "1&p=False", 200),
        ({"type": ["boolean", "integer"]}, "1", 200),
        ({"type": ["boolean", "integer"]}, "True", 422),
    ],
)
def test_nothing_else_is_a_truth_value(mock: Callable[..., Mock], schema: object, text: str, status: int) -> None:
    assert mock(asking(query(schema))).ask(f"/a?p={text}").status == status


def test_the_judge_of_exchanges_holds_on_to_true(tmp_path: object) -> None:
    path = tmp_path / "openapi.json"  # type: ignore[operator]
    path.write_bytes(orjson.dumps(asking(query({"type": "boolean"}))))
    found = judge(load(path), Request("GET", b"/a", b"p=True", (), b""))

    assert [finding.rule for finding in found] == ["request-parameter-schema"]


PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string", "enum": ["return=minimal", "return=representation"]},
}


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("return=minimal", 200),
        ("return=minimal, dynamic=true", 200),
        ("seed=7, return=representation", 200),
        ("dynamic=true", 200),
        ("code=200", 200),
        ("return=everything", 422),
        ("return=everything, dynamic=true", 422),
        ("return=everything, code=200", 200),
    ],
)
def test_the_preferences_of_the_mock_are_no_part_of_a_parameter_of_the_document(
    mock: Callable[..., Mock], prefer: str, status: int
) -> None:
    assert mock(asking(PREFER)).ask("/a", headers={"prefer": prefer}).status == status
