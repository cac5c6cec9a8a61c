"""What state keeps, over HTTP: seen as it is, edited within the document's schemas."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.document.yaml import decode_yaml
from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]
TODOS = decode_yaml((Path(__file__).resolve().parents[2] / "state" / "todos.yaml").read_text())[0]
PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}


def answers(schema: object, status: str = "200") -> dict:
    return {
        status: {"description": "", "content": {"application/json": {"schema": schema}}},
        "404": {"description": ""},
    }


PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        f"/{nouns}{inner}": {
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in names
            ],
            **{method: {"operationId": f"{method}{nouns}{len(inner)}", "responses": answers(schema, status), **body} for method, schema, status, body in operations},
        }
        for nouns, inner, names, operations in [
            ("owners", "", [], [("get", {"type": "array", "items": PET}, "200", {})]),
            ("owners", "/{ownerId}", ["ownerId"], [("get", PET, "200", {})]),
            ("owners", "/{ownerId}/pets", ["ownerId"], [("get", {"type": "array", "items": PET}, "200", {}), ("post", PET, "201", {"requestBody": {"content": {"application/json": {"schema": PET}}}})]),
            ("owners", "/{ownerId}/pets/{petId}", ["ownerId", "petId"], [("get", PET, "200", {})]),
        ]
    },
}  # fmt: skip


def test_without_state_it_is_said(admin: Admin) -> None:
    client = admin()

    assert client.ask("/__admin/state").json == {"stateful": False, "resources": []}
    assert "--stateful" in client.ask("/__admin/state/todos").json["detail"]


def test_what_is_there_is_what_the_api_lists(admin: Admin) -> None:
    client = admin(TODOS, stateful=True)
    resource = client.ask("/__admin/state").json["resources"][0]
    things = client.ask(resource["path"]).json["things"]

    assert (resource["name"], resource["key"], resource["operations"]["list"]) == ("todos", "id", "listTodos")
    assert resource["collections"] == [{"collection": "/todos", "things": len(things)}]
    assert [thing["value"]["id"] for thing in things] == [todo["id"] for todo in client.ask("/todos?limit=100").json]
    assert client.ask(things[0]["path"]).json == things[0]


def test_who_looks_before_anybody_asks_sees_the_examples_that_the_api_will_list(admin: Admin) -> None:
    cats = [{"id": 7, "name": "Tom"}, {"id": 8, "name": "Kit"}]
    media = {"schema": {"type": "array", "items": PET}, "example": cats}
    posted = {
        "operationId": "addCat",
        "requestBody": {"content": {"application/json": {"schema": PET}}},
        "responses": answers(PET, "201"),
    }
    listed = {
        "operationId": "listCats",
        "responses": {"200": {"description": "", "content": {"application/json": media}}},
    }
    paths = {"/cats": {"get": listed, "post": posted}}
    client = admin({"openapi": "3.1.0", "info": {"title": "Cats", "version": "1"}, "paths": paths}, stateful=True)

    assert [thing["value"] for thing in client.ask("/__admin/state/cats").json["things"]] == cats
    assert client.ask("/cats").json == cats


def test_a_thing_is_put_changed_and_removed(admin: Admin) -> None:
    client = admin(TODOS, stateful=True)
    todo = {"id": 4711, "title": "Write", "done": False, "createdAt": "2026-01-01T00:00:00Z"}
    put = client.ask("/__admin/state/todos/4711", "PUT", json=todo)
    first = client.ask("/todos/4711").json
    again = client.ask("/__admin/state/todos/4711", "PUT", json={**todo, "done": True})

    assert (put.status, again.status, again.json["version"]) == (201, 200, 2)
    assert first["title"] == "Write"
    assert client.ask("/todos/4711").json["done"] is True
    assert client.ask("/__admin/state/todos/4711", "DELETE").status == 200
    assert client.ask("/todos/4711").status == 404
    assert client.ask("/__admin/state/todos/4711", "DELETE").status == 404


@pytest.mark.parametrize(
    "change",
    [{"title": ""}, {"title": 5}, {"id": 5}, {"done": "yes"}, {"createdAt": None}],
    ids=lambda change: next(iter(change)),
)
def test_what_the_document_could_not_show_is_refused(admin: Admin, change: dict) -> None:
    client = admin(TODOS, stateful=True)
    before = client.ask("/__admin/state/todos").json
    todo = {"id": 4711, "title": "Write", "done": False, "createdAt": "2026-01-01T00:00:00Z", **change}
    said = client.ask("/__admin/state/todos/4711", "PUT", json=todo)

    assert said.status == 422
    assert said.json["detail"]
    assert client.ask("/__admin/state/todos").json == before


def test_each_world_keeps_its_own(admin: Admin) -> None:
    client = admin(TODOS, stateful=True)
    count = client.ask("/__admin/state/todos").json["meta"]["total"]
    id_ = client.ask("/todos", "POST", json={"title": "Mine"}, headers={"X-Mock-World": "ann"}).json["id"]

    assert client.ask("/__admin/state/todos?world=ann").json["meta"]["total"] == count + 1
    assert client.ask("/__admin/state/todos").json["meta"]["total"] == count
    assert client.ask(f"/__admin/state/todos/{id_}?world=ann").json["value"]["title"] == "Mine"


def test_collections_of_owners_are_told_apart(admin: Admin) -> None:
    client = admin(PETS, stateful=True)
    owners = client.ask("/owners").json
    first, second = owners[0]["id"], owners[1]["id"]
    for owner in (first, second):
        client.ask(f"/owners/{owner}/pets")
    resources = {resource["name"]: resource for resource in client.ask("/__admin/state").json["resources"]}
    pets = resources["pets"]
    collections = {each["collection"] for each in pets["collections"]}
    path = f"{pets['path']}/77?collection=/owners/{first}/pets"

    assert collections == {f"/owners/{first}/pets", f"/owners/{second}/pets"}
    assert client.ask(f"{pets['path']}/77", "PUT", json={"id": 77, "name": "Rex"}).status == 404
    assert client.ask(path, "PUT", json={"id": 77, "name": "Rex"}).status == 201
    assert client.ask(f"/owners/{first}/pets/77").json == {"id": 77, "name": "Rex"}
    assert client.ask(f"/owners/{second}/pets/77").status == 404


def test_an_explanation_says_what_state_would_do_and_does_nothing(admin: Admin) -> None:
    client = admin(TODOS, stateful=True)
    id_ = client.ask("/todos").json[0]["id"]
    before = client.ask("/__admin/worlds/@everybody/snapshot").json
    absent = client.ask("/__admin/explain", "POST", json={"method": "GET", "url": "/todos/99999999"}).json
    there = client.ask("/__admin/explain", "POST", json={"method": "DELETE", "url": f"/todos/{id_}"}).json

    assert (absent["source"], absent["status"], absent["certain"]) == ("state", None, False)
    assert absent["because"] == "read todos: '99999999' in /todos, which is not there"
    assert there["because"] == f"remove todos: '{id_}' in /todos, which is there, in version 1"
    assert client.ask("/__admin/worlds/@everybody/snapshot").json == before


def test_things_under_a_base_path_are_found_and_put_where_the_api_has_them(admin: Admin) -> None:
    client = admin({**TODOS, "servers": [{"url": "https://example.com/v1"}]}, stateful=True)
    resource = client.ask("/__admin/state").json["resources"][0]
    todo = {"id": 4711, "title": "Write", "done": False, "createdAt": "2026-01-01T00:00:00Z"}

    assert [each["collection"] for each in resource["collections"]] == ["/v1/todos"]
    assert client.ask(f"{resource['path']}/4711", "PUT", json=todo).status == 201
    assert client.ask("/v1/todos/4711").json == todo
    assert todo in client.ask("/v1/todos?limit=100").json
