"""What is known to exist: a 404 for anything else says nothing, even where the document has no 404."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.contract.knowledge.memory import GivenValues
from mock_server.contract.runner import Report
from tests.support.providing import report_on

INTEGER = {"type": "integer", "minimum": 1, "maximum": 9000}
WORD = {"type": "string", "minLength": 1, "maxLength": 20}


def operation(schema: dict, **path: dict) -> dict:
    parameters = [{"name": name, "in": "path", "required": True, "schema": of} for name, of in path.items()]
    content = {"application/json": {"schema": schema}}
    return {"get": {"parameters": parameters, "responses": {"200": {"description": "", "content": content}}}}


def item(*names: str) -> dict:
    return {"type": "object", "required": list(names), "properties": {name: {} for name in names}}


def run(tmp_path: Path, paths: dict, answers: dict[str, object], given: GivenValues | None = None) -> Report:
    """Test a provider that has just these paths."""

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        status, body = (
            (200, answers[scope["path"]]) if scope["path"] in answers else (404, {"title": "there is no such thing"})
        )
        if scope["method"] not in {"GET", "HEAD"}:
            status, body = 405, {"title": "no such method"}
        data = json.dumps(body).encode() if scope["method"] == "GET" else b""
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": data})

    return report_on(app, paths, tmp_path, given)


def red(report: Report) -> list[str]:
    return [f"{incident.finding.operation} {incident.finding.message}" for incident in report.red]


def test_an_id_that_was_made_up_is_not_known(tmp_path: Path) -> None:
    """One is, from the list; its neighbours at the bounds of the schema are not."""
    paths = {
        "/things": operation({"type": "array", "items": item("id")}),
        "/things/{thingId}": operation(item("id"), thingId=INTEGER),
    }
    report = run(tmp_path, paths, {"/things": [{"id": 5}], "/things/5": {"id": 5}})

    assert red(report) == []
    assert {tested.title: tested.accepted > 0 for tested in report.operations} == {
        "GET /things": True,
        "GET /things/{thingId}": True,
    }


def test_a_thing_inside_of_a_known_one_is_not_known(tmp_path: Path) -> None:
    paths = {
        "/things": operation({"type": "array", "items": item("id")}),
        "/things/{thingId}": operation(item("id"), thingId=INTEGER),
        "/things/{thingId}/parts/{partId}": operation(item("id"), thingId=INTEGER, partId=INTEGER),
    }

    assert red(run(tmp_path, paths, {"/things": [{"id": 5}], "/things/5": {"id": 5}})) == []


@pytest.mark.parametrize("name", ["username", "slug", "code"])
def test_an_id_is_no_name(tmp_path: Path, name: str) -> None:
    """The list says ids, the path wants something else that the list does not say."""
    paths = {
        "/users": operation({"type": "array", "items": item("id")}),
        f"/users/{{{name}}}": operation(item("id"), **{name: WORD}),
    }

    assert red(run(tmp_path, paths, {"/users": [{"id": 5}], "/users/ada": {"id": 5}})) == []


@pytest.mark.parametrize("name", ["user", "userId", "id"])
def test_a_thing_that_the_list_names_and_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    paths = {
        "/users": operation({"type": "array", "items": item("id")}),
        f"/users/{{{name}}}": operation(item("id"), **{name: WORD}),
    }

    assert any("404" in told for told in red(run(tmp_path, paths, {"/users": [{"id": 5}]})))


def test_what_is_given_is_known(tmp_path: Path) -> None:
    paths = {"/things/{thingId}": operation(item("id"), thingId=INTEGER)}

    assert any("404" in told for told in red(run(tmp_path, paths, {}, GivenValues({"thingId": (7,)}))))
    assert red(run(tmp_path, paths, {"/things/7": {"id": 7}}, GivenValues({"thingId": (7,)}))) == []
