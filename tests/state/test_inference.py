"""Which resources a document has, whatever its paths, names and wrappings are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.document.document import template_names
from mock_server.errors import UsageError
from mock_server.generate.engine import Engine
from mock_server.respond.open import open_responder
from mock_server.settings import OperationSettings, ResourceSettings, Settings, merge_settings
from mock_server.state.inference import InferredResources, infer
from tests.support.crud import TODOS, chargers
from tests.support.mocks import Mock, body_of, fields_of, minimal
from tests.support.paths import ROOT, SHARED

PET = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}


def answers(schema: object, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "", "content": {"application/json": {"schema": schema}}}}


def takes(schema: object) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def told(inferred: InferredResources) -> dict[str, tuple[str | None, set[str]]]:
    """By resource: the key, and what its operations do."""
    found: dict[str, tuple[str | None, set[str]]] = {}
    for resource, deed in inferred.by_entry.values():
        found.setdefault(resource.name, (resource.key, set()))[1].add(
            f"{deed.action.value} {deed.operation.entry.title}"
        )
    return found


def resources(
    mock: Callable[..., Mock], paths: dict[str, Any], **settings: Any
) -> dict[str, tuple[str | None, set[str]]]:
    return told(infer(Engine(mock(minimal(paths, "3.1.0")).responder.document, Settings(**settings))))


LISTS = {
    "bare": {"type": "array", "items": PET},
    "data": {"type": "object", "properties": {"data": {"type": "array", "items": PET}, "total": {"type": "integer"}}},
    "name": {
        "type": "object",
        "properties": {"pets": {"type": "array", "items": PET}, "errors": {"type": "array", "items": PET}},
    },
    "deep": {
        "type": "object",
        "properties": {"_embedded": {"type": "object", "properties": {"pets": {"type": "array", "items": PET}}}},
    },
    "nullable": {
        "type": "object",
        "properties": {"results": {"type": ["array", "null"], "items": PET}, "count": {"type": "integer"}},
    },
}


@pytest.mark.parametrize("wrapped", LISTS)
@pytest.mark.parametrize("variable", ["id", "petId", "pet_id", "pet", "number"])
def test_a_collection_and_its_things_are_told_from_paths_and_schemas(
    mock: Callable[..., Mock], wrapped: str, variable: str
) -> None:
    where = f"/pets/{{{variable}}}"
    paths = {
        "/pets": {
            "get": {"responses": answers(LISTS[wrapped])},
            "post": {**takes(PET), "responses": answers(PET, "201")},
        },
        where: {"get": {"responses": answers(PET)}, "delete": {"responses": {"204": {"description": ""}}}},
    }

    assert resources(mock, paths) == {
        "pets": ("id", {"list GET /pets", "create POST /pets", f"read GET {where}", f"remove DELETE {where}"})
    }


@pytest.mark.parametrize(
    ("properties", "variable", "key"),
    [
        (("petId", "name"), "id", "petId"),
        (("uuid", "name"), "petId", "uuid"),
        (("username", "email"), "username", "username"),
        (("slug", "title"), "slug", "slug"),
        (("_id", "name"), "petId", "_id"),
        (("name", "colour"), "name", "name"),
        (("code", "name"), "pet", "code"),
        (("pet-id", "id"), "pet_id", "pet-id"),
    ],
)
def test_the_key_is_found_by_the_variable_and_the_schema(
    mock: Callable[..., Mock], properties: tuple[str, ...], variable: str, key: str
) -> None:
    pet = {"type": "object", "properties": {name: {"type": "string"} for name in properties}}
    paths = {
        "/pets": {"get": {"responses": answers({"type": "array", "items": pet})}},
        f"/pets/{{{variable}}}": {"get": {"responses": answers(pet)}},
    }

    assert resources(mock, paths)["pets"][0] == key


def test_what_changes_nothing_and_is_read_in_one_way_has_no_state(mock: Callable[..., Mock]) -> None:
    paths = {
        "/pets": {"get": {"responses": answers(LISTS["bare"])}},
        "/time": {"get": {"responses": answers({"type": "object", "properties": {"now": {"type": "string"}}})}},
        "/login": {
            "post": {
                **takes({"type": "object", "properties": {"user": {"type": "string"}}}),
                "responses": answers({"type": "string"}),
            }
        },
        "/files/{name}": {"get": {"responses": {"200": {"description": "", "content": {"image/png": {}}}}}},
    }

    assert resources(mock, paths) == {}


def test_the_charger_document_has_no_state_until_something_can_be_written(mock: Callable[..., Mock]) -> None:
    assert infer(open_responder(str(ROOT / "openapi.yaml"), Settings()).responder.kit).resources == ()
    assert set(told(infer(mock(chargers()).responder.kit))) == {"users"}


def test_views_show_the_collection_that_they_are_of(mock: Callable[..., Mock]) -> None:
    found = told(infer(open_responder(str(TODOS.parent / "shop.yaml"), Settings()).responder.kit))

    assert "list GET /owners/{ownerId}/pets" in found["pets"][1]
    assert set(found) == {"owners", "pets", "address", "notes", "settings", "articles"}


def rpc() -> dict[str, Any]:
    """A document whose paths say nothing."""

    def at(act: str, **extra: Any) -> dict[str, Any]:
        return {"x-mock": {"resource": "pets", "act": act}, **extra}

    key = [{"name": "id", "in": "query", "required": True, "schema": {"type": "integer"}}]
    return {
        "/listPets": {"get": at("list", responses=answers(LISTS["bare"]))},
        "/newPet": {"post": at("create", **takes(PET), responses=answers(PET, "201"))},
        "/pet": {"get": at("read", parameters=key, responses={**answers(PET), "404": {"description": ""}})},
        "/dropPet": {"post": at("remove", parameters=key, responses={"204": {"description": ""}})},
    }


def test_the_document_can_say_what_its_paths_do_not(mock: Callable[..., Mock]) -> None:
    asked = mock(minimal(rpc()), stateful=True)
    made: Any = body_of(asked.ask("/newPet", "POST", json={"id": 77, "name": "Rex"}))

    assert made == {"id": 77, "name": "Rex"}
    assert body_of(asked.ask("/pet?id=77")) == made
    assert made in body_of(asked.ask("/listPets"))  # type: ignore[operator]
    assert asked.ask("/dropPet?id=77", "POST").status == 204
    assert asked.ask("/pet?id=77").status == 404


def test_the_document_and_the_settings_say_how_much_there_is_and_what_has_no_state(mock: Callable[..., Mock]) -> None:
    paths = {
        "/pets": {"x-mock": {"seed": 7}, "get": {"responses": answers(LISTS["bare"])}, "post": {**takes(PET), "responses": answers(PET, "201")}},
        "/pets/{id}": {"get": {"responses": answers(PET), "x-mock": {"stateful": False}}},
    }  # fmt: skip
    one = mock(minimal(paths), stateful=True)
    assert len(body_of(one.ask("/pets"))) == 7  # type: ignore[arg-type]
    assert fields_of(one.ask("/pets/1"))["x-mock-source"] == "generated"

    empty = mock(minimal(paths), stateful=True, resources={"pets": ResourceSettings(seed=0, id="name")})
    assert body_of(empty.ask("/pets")) == []

    off = mock(minimal(paths), stateful=True, operations={"GET /pets": OperationSettings(stateful=False)})
    assert fields_of(off.ask("/pets"))["x-mock-source"] == "generated"
    assert (
        told(infer(Engine(off.responder.document, Settings(resources={"pets": ResourceSettings(stateful=False)}))))
        == {}
    )


@pytest.mark.parametrize("said", [{"act": "paint"}, {"seed": -1}, {"seed": 1_000_000}])
def test_what_can_not_be_is_said(mock: Callable[..., Mock], said: dict[str, Any]) -> None:
    paths = {
        "/pets": {
            "x-mock": said,
            "get": {"responses": answers(LISTS["bare"])},
            "post": {**takes(PET), "responses": answers(PET, "201")},
        }
    }

    with pytest.raises(UsageError):
        mock(minimal(paths), stateful=True)


def documents() -> list[Path]:
    folder = next((f / "specs" for f in (SHARED, SHARED.parent.parent / "shared") if (f / "specs").is_dir()), None)
    names = (
        "swagger-api-swagger-petstore/openapi.yaml",
        "schemathesis-schemathesis-schemas-stateful-users/stateful_users.yaml",
    )
    return [folder / name for name in names] if folder is not None else []


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.parent.name)
def test_documents_of_others_have_the_resources_that_people_see_in_them(path: Path) -> None:
    found = told(infer(open_responder(str(path), Settings(), judge_fixtures=False).responder.kit))

    assert {"pet", "order", "user"} <= set(found) or {"users", "posts"} <= set(found)


def test_the_settings_of_state_are_read_from_tables() -> None:
    read = merge_settings(
        {
            "resources": {"pets": {"id": "petNo", "seed": 3}},
            "operations": {"GET /pets": {"stateful": False, "resource": "dogs"}},
            "stateful": "yes",
        }
    )

    assert read.resources == {"pets": ResourceSettings(id="petNo", seed=3)}
    assert read.operations == {"GET /pets": OperationSettings(stateful=False, resource="dogs")}
    assert read.stateful is True


@pytest.mark.parametrize(
    "wrong",
    [{"resources": {"pets": {"colour": "red"}}}, {"resources": {"pets": 5}}, {"resources": {"pets": {"seed": "many"}}}, {"resources": 1},
     {"operations": {"GET /pets": {"stateful": "perhaps"}}}],
)  # fmt: skip
def test_settings_of_state_that_can_not_be_are_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        merge_settings(wrong)


def test_a_part_that_is_another_thing_is_as_that_thing_is(mock: Callable[..., Mock]) -> None:
    owner = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }
    pet = {"type": "object", "required": ["id", "owner", "friendIds"], "properties": {
        "id": {"type": "integer"}, "owner": owner, "friendIds": {"type": "array", "minItems": 1, "items": {"type": "integer"}}}}  # fmt: skip
    paths = {
        "/owners": {
            "get": {"responses": answers({"type": "array", "minItems": 1, "items": owner})},
            "post": {**takes(owner), "responses": answers(owner, "201")},
        },
        "/friends": {
            "get": {"responses": answers({"type": "array", "minItems": 1, "items": owner})},
            "post": {**takes(owner), "responses": answers(owner, "201")},
        },
        "/pets": {
            "get": {"responses": answers({"type": "array", "minItems": 2, "items": pet})},
            "post": {**takes(pet), "responses": answers(pet, "201")},
        },
    }
    asked = mock(minimal(paths), stateful=True)
    owners, friends, pets = (body_of(asked.ask(f"/{name}")) for name in ("owners", "friends", "pets"))

    assert all(each["owner"] in owners for each in pets)  # type: ignore[attr-defined, operator]
    assert all({*each["friendIds"]} <= {friend["id"] for friend in friends} for each in pets)  # type: ignore[attr-defined]


def test_a_path_may_have_several_names_for_one_variable(mock: Callable[..., Mock]) -> None:
    paths = {
        "/owners": {"get": {"responses": answers({"type": "array", "minItems": 1, "items": PET})}},
        "/owners/{id}": {"get": {"responses": answers(PET)}},
        "/owners/{owner}/pets": {"get": {"responses": {**answers(LISTS["bare"]), "404": {"description": ""}}}},
        "/owners/{owner_id}/pets/{petId}": {
            "get": {"responses": answers(PET)},
            "put": {**takes(PET), "responses": answers(PET)},
        },
        "/owners/{pet}/pets/{owner}/toys": {"get": {"responses": answers(LISTS["bare"])}},
    }
    document = minimal({path: {**item, "parameters": [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in template_names(path)
    ]} for path, item in paths.items()})  # fmt: skip
    asked = mock(document, stateful=True)
    owner = body_of(asked.ask("/owners"))[0]["id"]  # type: ignore[index]
    pets: Any = body_of(asked.ask(f"/owners/{owner}/pets"))
    changed = {"id": pets[0]["id"], "name": "Changed"} if pets else {"id": 5, "name": "Changed"}

    assert all(body_of(asked.ask(f"/owners/{owner}/pets/{pet['id']}")) == pet for pet in pets)
    assert asked.ask(f"/owners/{owner}/pets/{changed['id']}", "PUT", json=changed).status == 200
    assert changed in body_of(asked.ask(f"/owners/{owner}/pets"))  # type: ignore[operator]
    assert asked.ask(f"/owners/{owner + 1}/pets").status == 404


def test_a_post_to_a_thing_changes_it_by_its_query_or_its_body(mock: Callable[..., Mock]) -> None:
    by_query = {
        "parameters": [{"name": "name", "in": "query", "schema": {"type": "string"}}],
        "responses": {"204": {"description": ""}},
    }
    paths = {
        "/pets": {"get": {"responses": answers({**LISTS["bare"], "minItems": 1})}},
        "/pets/{id}": {"get": {"responses": answers(PET)}, "post": by_query},
        "/pets/{id}/bark": {"post": {"responses": {"204": {"description": ""}}}},
    }
    asked = mock(minimal(paths), stateful=True)
    key = body_of(asked.ask("/pets"))[0]["id"]  # type: ignore[index]

    assert asked.ask(f"/pets/{key}?name=Max", "POST").status == 204
    assert body_of(asked.ask(f"/pets/{key}")) == {"id": key, "name": "Max"}
    assert fields_of(asked.ask(f"/pets/{key}/bark", "POST"))["x-mock-source"] == "empty"
