"""What is created is there and what is deleted is gone, whatever the answers look like."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.mocks import Mock, body_of, minimal

TEXT = {"type": "string"}


def thing(*required: str, **members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": {"id": TEXT, **members}}


def answer(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
    return {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def body(**members: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}


def resource(
    name: str, shown: dict[str, Any], *, listed: dict[str, Any] | None = None, read: dict[str, Any] | None = None,
    deleted: dict[str, Any] | None = None, sent: dict[str, Any] | None = None, **statuses: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The paths of a collection of things."""
    key = [{"name": "key", "in": "path", "required": True, "schema": TEXT}]
    removing = answer(deleted) if deleted is not None else {"204": {"description": "gone"}}
    return {
        f"/{name}": {
            "get": {"responses": answer(listed or {"type": "array", "items": shown})},
            "post": {"requestBody": sent or body(name=TEXT), "responses": {**answer(shown), **statuses}},
        },
        f"/{name}/{{key}}": {
            "parameters": key,
            "get": {"responses": answer(read or shown)},
            "delete": {"responses": removing},
        },
    }


def stateful(mock: Callable[..., Mock], paths: dict[str, Any], **schemas: dict[str, Any]) -> Mock:
    return mock(minimal(paths, components={"schemas": schemas}), stateful=True)


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


CUSTOMER = thing(
    "id", "object", "created", object={"type": "string", "enum": ["customer"]}, created={"type": "integer"}, name=TEXT
)
GONE = thing(
    "id",
    "object",
    "deleted",
    object={"type": "string", "enum": ["customer"]},
    deleted={"type": "boolean", "enum": [True]},
)


def test_a_thing_that_is_read_as_one_of_several_kinds_is_kept_as_the_kind_that_was_created(
    mock: Callable[..., Mock],
) -> None:
    both = {"anyOf": [ref("Customer"), ref("Gone")]}
    asked = stateful(
        mock, resource("customers", ref("Customer"), read=both, deleted=ref("Gone")), Customer=CUSTOMER, Gone=GONE
    )

    made: Any = [body_of(asked.ask("/customers", "POST", json={"name": f"C{number}"})) for number in range(12)]
    listed: Any = body_of(asked.ask("/customers"))

    assert [one["name"] for one in made] == [f"C{number}" for number in range(12)]
    assert {one["id"] for one in made} <= {one["id"] for one in listed}
    for one in made:
        assert body_of(asked.ask(f"/customers/{one['id']}")) == one


@pytest.mark.parametrize(
    "deleted",
    [
        thing(
            "id", "object", "deleted", object={"type": "string", "enum": ["store.deleted"]}, deleted={"type": "boolean"}
        ),
        {"type": "object", "required": ["message"], "properties": {"message": TEXT}},
        {"type": "string"},
        {"type": "array", "items": {"type": "integer"}},
        thing("id", "name", "state", name=TEXT, state={"type": "string", "enum": ["deleting"]}),
        {"type": "object", "properties": {"success": {"type": "boolean"}}},
    ],
)
def test_what_is_deleted_is_gone_whatever_the_answer_looks_like(
    mock: Callable[..., Mock], deleted: dict[str, Any]
) -> None:
    shown = thing("id", "object", "name", object={"type": "string", "enum": ["store"]}, name=TEXT)
    asked = stateful(mock, resource("stores", ref("Store"), deleted=deleted), Store=shown)
    key = body_of(asked.ask("/stores", "POST", json={"name": "A"}))["id"]  # type: ignore[index]

    said: Any = body_of(asked.ask(f"/stores/{key}", "DELETE"))

    assert not isinstance(said, dict) or (said.get("deleted", True) is True and said.get("id", key) == key)
    assert asked.ask(f"/stores/{key}").status == 404
    assert key not in {one["id"] for one in body_of(asked.ask("/stores"))}  # type: ignore[attr-defined]


def test_a_text_that_is_shown_as_blocks_is_kept(mock: Callable[..., Mock]) -> None:
    blocks = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "required": ["text"], "properties": {"text": TEXT}},
    }
    asked = stateful(
        mock,
        resource("messages", ref("Message"), sent=body(content=TEXT)),
        Message=thing("id", "content", content=blocks),
    )

    made: Any = body_of(asked.ask("/messages", "POST", json={"content": "hello"}))

    assert made["content"] == [{"text": "hello"}]
    assert made in body_of(asked.ask("/messages"))  # type: ignore[operator]


def test_a_list_that_is_shown_in_an_object_is_kept(mock: Callable[..., Mock]) -> None:
    inner = {"type": "object", "required": ["price"], "properties": {"price": TEXT}}
    shown = {"type": "object", "required": ["data", "total"], "properties": {"data": {"type": "array", "items": inner},
                                                                            "total": {"type": "integer"}}}  # fmt: skip
    sent = body(items={"type": "array", "items": inner})
    asked = stateful(mock, resource("subscriptions", ref("S"), sent=sent), S=thing("id", "items", items=shown))

    made: Any = body_of(asked.ask("/subscriptions", "POST", json={"items": [{"price": "p1"}]}))

    assert made["items"]["data"] == [{"price": "p1"}]


def test_an_id_where_a_thing_or_its_id_may_stand_comes_back_as_it_was_sent(mock: Callable[..., Mock]) -> None:
    expandable = {"anyOf": [{"type": "string", "maxLength": 99}, ref("Customer")]}
    asked = stateful(
        mock, resource("subscriptions", ref("S"), sent=body(customer=TEXT)), S=thing("id", "customer", customer=expandable), Customer=CUSTOMER
    )  # fmt: skip

    for number in range(6):
        assert (
            body_of(asked.ask("/subscriptions", "POST", json={"customer": f"cus_{number}"}))["customer"]
            == f"cus_{number}"
        )  # type: ignore[index]


def test_a_right_request_is_not_refused_for_what_no_answer_can_show(mock: Callable[..., Mock]) -> None:
    person = {"type": "object", "nullable": True, "required": ["login"], "properties": {"login": TEXT}}
    listed = {"type": "array", "items": thing("id", "user", description=TEXT, user=person)}
    created = thing("id", description=TEXT, user={"type": "string", "nullable": True})
    paths = resource(
        "gists", created, listed=listed, sent=body(description=TEXT), **answer(thing("message", message=TEXT), "422")
    )
    del paths["/gists/{key}"]
    asked = stateful(mock, paths)

    made = asked.ask("/gists", "POST", json={"description": "d"})

    assert (made.status, made.source) == (200, "state:gists")
    assert "d" in {one.get("description") for one in body_of(asked.ask("/gists"))}  # type: ignore[attr-defined]


def test_a_thing_called_subscription_is_called_so(mock: Callable[..., Mock]) -> None:
    paths = resource("subscriptions", thing("id"))
    paths["/subscriptions/{key}"]["get"]["responses"] |= answer(
        {"type": "object", "properties": {"message": TEXT}}, "404"
    )

    assert body_of(stateful(mock, paths).ask("/subscriptions/s1")) == {"message": "there is no subscription 's1'"}


NESTED = {
    "parameters": [{"name": "boardId", "in": "path", "required": True, "schema": {"type": "integer"}}],
    "get": {"responses": answer({"type": "array", "items": ref("Card")})},
    "post": {"requestBody": body(text=TEXT), "responses": answer(ref("Card"), "201")},
}
ONE_CARD = {
    "parameters": [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in ("boardId", "cardId")
    ],
    "delete": {"responses": {"204": {"description": "gone"}}},
}


@pytest.fixture
def boards(mock: Callable[..., Mock]) -> Mock:
    """Boards that show and count their cards, which have paths of their own."""
    number = {"type": "integer"}
    board = {
        "type": "object", "required": ["id", "name", "cards", "cardCount"],
        "properties": {"id": number, "name": TEXT, "cardCount": number, "cards": {"type": "array", "items": ref("Card")}},
    }  # fmt: skip
    card = {
        "type": "object",
        "required": ["id", "text", "boardId"],
        "properties": {"id": number, "text": TEXT, "boardId": number},
    }
    sent = body(name=TEXT, cards={"type": "array", "items": {"type": "object", "properties": {"text": TEXT}}})
    paths = resource("boards", ref("Board"), sent=sent)
    key = [{"name": "boardId", "in": "path", "required": True, "schema": number}]
    one = paths.pop("/boards/{key}")
    patch = {"requestBody": sent, "responses": answer(ref("Board"))}
    paths |= {"/boards/{boardId}": {**one, "parameters": key, "patch": patch}, "/boards/{boardId}/cards": NESTED}
    return stateful(mock, {**paths, "/boards/{boardId}/cards/{cardId}": ONE_CARD}, Board=board, Card=card)


def test_a_thing_shows_the_children_that_there_are_and_counts_them(boards: Mock) -> None:
    key = body_of(boards.ask("/boards", "POST", json={"name": "b"}))["id"]  # type: ignore[index]

    card: Any = body_of(boards.ask(f"/boards/{key}/cards", "POST", json={"text": "first"}))
    with_one: Any = body_of(boards.ask(f"/boards/{key}"))
    listed: Any = body_of(boards.ask("/boards"))
    boards.ask(f"/boards/{key}/cards/{card['id']}", "DELETE")
    without: Any = body_of(boards.ask(f"/boards/{key}"))

    assert (with_one["cards"], with_one["cardCount"]) == ([card], 1)
    assert with_one in listed
    assert (without["cards"], without["cardCount"]) == ([], 0)


def test_in_the_beginning_a_thing_shows_the_children_under_it(boards: Mock) -> None:
    found: Any = body_of(boards.ask("/boards"))

    assert found
    for board in found:
        assert board["cards"] == body_of(boards.ask(f"/boards/{board['id']}/cards"))
        assert board["cardCount"] == len(board["cards"])


def test_children_that_are_sent_with_their_owner_are_under_it(boards: Mock) -> None:
    made: Any = body_of(boards.ask("/boards", "POST", json={"name": "b", "cards": [{"text": "one"}, {"text": "two"}]}))
    path = f"/boards/{made['id']}"

    assert [card["text"] for card in body_of(boards.ask(path + "/cards"))] == ["one", "two"]  # type: ignore[attr-defined]
    assert (made["cardCount"], made["cards"]) == (2, body_of(boards.ask(path + "/cards")))
    changed: Any = body_of(boards.ask(path, "PATCH", json={"cards": [{"text": "three"}]}))
    assert ([card["text"] for card in changed["cards"]], changed["cardCount"]) == (["three"], 1)
    assert [card["text"] for card in body_of(boards.ask(path + "/cards"))] == ["three"]  # type: ignore[attr-defined]


def test_an_action_answers_with_the_thing_that_is_kept(mock: Callable[..., Mock]) -> None:
    status = {"type": "string", "enum": ["open", "closed"]}
    paths = resource("issues", ref("Issue"), sent=body(name=TEXT, status=status))
    key = [{"name": "key", "in": "path", "required": True, "schema": TEXT}]
    paths["/issues/{key}/close"] = {
        "parameters": key,
        "post": {"requestBody": body(name=TEXT), "responses": answer(ref("Issue"))},
    }
    paths["/issues/{key}/copy"] = {"parameters": key, "post": {"responses": answer(ref("Issue"))}}
    asked = stateful(mock, paths, Issue=thing("id", "name", "status", name=TEXT, status=status))
    made: Any = body_of(asked.ask("/issues", "POST", json={"name": "leak", "status": "open"}))

    closed = body_of(asked.ask(f"/issues/{made['id']}/close", "POST", json={}))

    assert closed == {**made, "status": "closed"}
    assert body_of(asked.ask(f"/issues/{made['id']}")) == closed
    assert asked.ask("/issues/none/close", "POST", json={}).status == 404
    assert asked.ask(f"/issues/{made['id']}/copy", "POST").source == "generated"


def test_keys_may_stand_in_what_describes_a_thing(mock: Callable[..., Mock]) -> None:
    meta = {
        "type": "object",
        "properties": {"name": TEXT, "uid": TEXT, "labels": {"type": "object", "additionalProperties": TEXT}},
    }
    pod = {
        "type": "object",
        "properties": {"kind": {"type": "string", "enum": ["Pod"]}, "metadata": meta, "spec": {"type": "object"}},
    }
    pods = {
        "type": "object", "required": ["items"],
        "properties": {"items": {"type": "array", "items": ref("Pod")}, "metadata": {"type": "object", "properties": {"continue": TEXT}}},
    }  # fmt: skip
    space, name = ({"name": name, "in": "path", "required": True, "schema": TEXT} for name in ("namespace", "name"))
    sent, done = {"content": {"application/json": {"schema": ref("Pod")}}}, answer(ref("Pod"))
    paths = {
        "/namespaces": {"get": {"responses": answer(pods)}},
        "/namespaces/{name}": {"parameters": [name], "get": {"responses": done}},
        "/namespaces/{namespace}/pods": {
            "parameters": [space], "get": {"responses": answer(pods)}, "post": {"requestBody": sent, "responses": done},
        },
        "/namespaces/{namespace}/pods/{name}": {
            "parameters": [space, name], "get": {"responses": done}, "put": {"requestBody": sent, "responses": done},
            "delete": {"responses": answer({"type": "object", "properties": {"status": TEXT}})},
        },
    }  # fmt: skip
    asked, path = stateful(mock, paths, Pod=pod), "/namespaces/default/pods"
    there: Any = body_of(asked.ask(path))

    made: Any = body_of(
        asked.ask(path, "POST", json={"kind": "Pod", "metadata": {"name": "web", "labels": {"app": "w"}}})
    )

    assert there["items"]
    assert (made["metadata"]["name"], made["metadata"]["labels"]) == ("web", {"app": "w"})
    assert body_of(asked.ask(path + "/web")) == made
    assert made in body_of(asked.ask(path))["items"]  # type: ignore[index]
    asked.ask(path + "/web", "PUT", json={"kind": "Pod", "metadata": {"name": "other", "labels": {"app": "x"}}})
    changed: Any = body_of(asked.ask(path + "/web"))
    assert (changed["metadata"]["name"], changed["metadata"]["labels"]) == ("web", {"app": "x"})
    asked.ask(path + "/web", "DELETE")
    assert asked.ask(path + "/web").status == 404
    assert [one["metadata"]["name"] for one in body_of(asked.ask(path))["items"]] == [  # type: ignore[index]
        one["metadata"]["name"] for one in there["items"]
    ]


def test_no_list_of_one_owner_is_empty_where_the_stateless_mock_has_things(mock: Callable[..., Mock]) -> None:
    pet = thing("id", "ownerId", ownerId=TEXT, name=TEXT)
    paths = {**resource("owners", ref("Owner")), **resource("pets", ref("Pet"))}
    key = [{"name": "ownerId", "in": "path", "required": True, "schema": TEXT}]
    paths["/owners/{ownerId}/pets"] = {
        "parameters": key,
        "get": {"responses": answer({"type": "array", "items": ref("Pet")})},
    }
    asked = stateful(mock, paths, Pet=pet, Owner=thing("id", name=TEXT))
    owners: Any = body_of(asked.ask("/owners"))

    for owner in owners:
        found: Any = body_of(asked.ask(f"/owners/{owner['id']}/pets"))
        assert found
        assert {one["ownerId"] for one in found} == {owner["id"]}
        assert body_of(asked.ask(f"/pets/{found[0]['id']}"))["id"] == found[0]["id"]  # type: ignore[index]
        asked.ask(f"/pets/{found[0]['id']}", "DELETE")
        assert len(body_of(asked.ask(f"/owners/{owner['id']}/pets"))) == len(found) - 1  # type: ignore[arg-type]
    made: Any = body_of(asked.ask("/owners", "POST", json={"name": "new"}))
    assert body_of(asked.ask(f"/owners/{made['id']}/pets")) == []


def named(*acts: str, shown: dict[str, Any]) -> dict[str, Any]:
    """The operations on a thing that is named in its path."""
    said = {"get": {"responses": answer(shown)}, "put": {"requestBody": body(size={"type": "integer"}), "responses": answer(shown)},
            "delete": {"responses": {"204": {"description": "gone"}}}}  # fmt: skip
    key = [{"name": "app", "in": "path", "required": True, "schema": TEXT}]
    return {"parameters": key, **{act: said[act] for act in acts}}


APP = {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("listed", "has_key"),
    [
        ({"type": "object", "additionalProperties": ref("App")}, False),
        ({"type": "object", "properties": {"apps": {"type": "object", "additionalProperties": ref("App")}}}, False),
        ({"type": "object", "additionalProperties": ref("App")}, True),
        ({"type": "array", "items": TEXT}, True),
        ({"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": TEXT}}}, True),
    ],
)
def test_collections_are_maps_or_lists_of_keys_as_well(
    mock: Callable[..., Mock], listed: dict[str, Any], has_key: bool
) -> None:
    app = {**APP, "properties": {**APP["properties"], "name": TEXT}} if has_key else APP  # type: ignore[dict-item]
    paths = {
        "/apps": {"get": {"responses": answer(listed)}},
        "/apps/{app}": named("get", "put", "delete", shown=ref("App")),
    }
    asked = stateful(mock, paths, App=app)

    def keys() -> set[str]:
        found: Any = body_of(asked.ask("/apps"))
        inner = found.get("apps", found.get("data", found)) if isinstance(found, dict) else found
        return set(inner)

    there = keys()
    asked.ask("/apps/web", "PUT", json={"size": 7})

    assert there
    assert all(asked.ask(f"/apps/{key}").source == "state:apps" for key in there)
    assert keys() == {*there, "web"}
    assert body_of(asked.ask("/apps/web"))["size"] == 7  # type: ignore[index]
    asked.ask("/apps/web", "DELETE")
    assert keys() == there
    assert asked.ask("/apps/web").status == 404
