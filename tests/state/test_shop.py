"""Owners, pets and the rest: wrapped lists, pages, conditions, patches, references, things of which there is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from mock_server.document.yaml import decode_yaml
from mock_server.exchange.message import Response
from tests.support.mocks import Mock, fields_of

SHOP = decode_yaml((Path(__file__).resolve().parent / "shop.yaml").read_text())[0]
MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"


class Shop:
    """Asks, and sees that every answer keeps to the document."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            fields.setdefault("content-type", "application/json")
        answer = self.mock.ask(target, method, headers=fields, body=orjson.dumps(body) if body is not None else b"")
        assert answer.entry is not None
        if not answer.source.startswith("problem:"):
            judge = self.mock.responder.judge_of(answer.entry)
            assert judge.judge(Response(answer.status, answer.fields, answer.body)) == ()
        is_json = "json" in fields_of(answer).get("content-type", "")
        return answer.status, orjson.loads(answer.body) if is_json and answer.body else answer.body, fields_of(answer)

    def get(self, target: str) -> Any:
        status, body, _ = self.ask("GET", target)
        assert status == 200
        return body

    def owner(self, name: str = "Ada", email: str = "ada@example.com") -> str:
        status, body, _ = self.ask("POST", "/owners", {"name": name, "email": email})
        assert status == 201
        return str(body["data"]["id"])


@pytest.fixture
def shop(mock: Callable[..., Mock]) -> Shop:
    return Shop(mock(SHOP, stateful=True))


def test_totals_links_and_pages_agree(shop: Shop) -> None:
    for number in range(6):
        shop.owner(f"N{number}", f"n{number}@example.com")
    target, names, total = "/owners?limit=3&sort_by=name&order=desc", [], 0
    while target:
        page = shop.get(target)
        names += [owner["name"] for owner in page["data"]]
        total, rest = page["meta"]["total"], page["meta"]["next"]
        assert page["meta"]["hasMore"] is (rest is not None)
        assert page["meta"]["offset"] == len(names) - len(page["data"])
        parts = urlsplit(rest or "")
        target = f"{parts.path}?{parts.query}" if rest else ""

    assert len(names) == total == shop.get("/owners")["meta"]["total"]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert shop.get("/owners?offset=500")["data"] == []


def test_the_documented_default_is_the_size_of_a_page(shop: Shop) -> None:
    for number in range(4):
        shop.owner(f"N{number}", f"n{number}@example.com")

    assert len(shop.get("/owners")["data"]) == 2


def test_a_cursor_goes_on_where_the_page_ended_even_if_that_thing_is_gone(shop: Shop) -> None:
    for number in range(5):
        shop.ask("POST", "/pets", {"name": f"P{number}"})
    everything = [pet["id"] for pet in shop.get("/pets")["pets"]]
    first = shop.get("/pets?page_size=3")
    shop.ask("DELETE", f"/pets/{everything[2]}")
    second = shop.get(f"/pets?page_size=100&cursor={first['next_cursor']}")

    assert [pet["id"] for pet in first["pets"]] == everything[:3]
    assert [pet["id"] for pet in second["pets"]] in (everything[3:], everything[4:])
    assert "next_cursor" not in second
    assert second["total_count"] == len(everything) - 1


@pytest.mark.parametrize(
    ("query", "found"),
    [("tag=a", {"Rex", "Tom"}), ("minAge=4", {"Tom"}), ("tag=a&minAge=3", {"Rex", "Tom"}), ("tag=zzz", set()), ("status=sold", {"Tom"}),
     ("status=sold,pending", {"Tom", "Kit"})],
)  # fmt: skip
def test_a_list_filters_by_its_documented_parameters(shop: Shop, query: str, found: set[str]) -> None:
    shop.ask("POST", "/pets", {"name": "Rex", "age": 3, "tags": ["a", "b"]})
    shop.ask("POST", "/pets", {"name": "Tom", "age": 9, "tags": ["a"], "status": "sold"})
    shop.ask("POST", "/pets", {"name": "Kit", "age": 1, "tags": [], "status": "pending"})
    seeded = {"Rex", "Tom", "Kit"}

    assert {pet["name"] for pet in shop.get(f"/pets?{query}")["pets"] if pet["name"] in seeded} == found


def test_an_unchanged_thing_is_not_sent_again_and_a_changed_one_not_overwritten(shop: Shop) -> None:
    where = f"/owners/{shop.owner()}"
    tag = shop.ask("GET", where)[2]["etag"]

    assert shop.ask("GET", where, if_none_match=tag)[:2] == (304, b"")
    assert shop.ask("PATCH", where, {"name": "B"}, content_type=MERGE, if_match=tag)[0] == 200
    assert shop.ask("GET", where, if_none_match=tag)[0] == 200
    status, body, _ = shop.ask("PATCH", where, {"name": "C"}, content_type=MERGE, if_match=tag)
    assert (status, "has changed" in body["detail"]) == (412, True)
    assert shop.get(where)["data"]["name"] == "B"


@pytest.mark.parametrize(
    ("steps", "status", "name"),
    [
        ([{"op": "replace", "path": "/name", "value": "B"}], 200, "B"),
        (
            [{"op": "test", "path": "/name", "value": "Ada"}, {"op": "copy", "from": "/email", "path": "/name"}],
            200,
            "ada@example.com",
        ),
        ([{"op": "replace", "path": "/name", "value": "B"}, {"op": "test", "path": "/name", "value": "C"}], 409, "Ada"),
        ([{"op": "remove", "path": "/nothing"}], 409, "Ada"),
        ([{"op": "remove", "path": "/name"}], 422, "Ada"),
        ([{"op": "paint", "path": "/name"}], 400, "Ada"),
        ([{"op": "replace", "path": "/id", "value": "another"}], 200, "Ada"),
    ],
)
def test_a_json_patch_is_applied_as_a_whole_or_not_at_all(
    shop: Shop, steps: list[dict], status: int, name: str
) -> None:
    key = shop.owner()
    found, body, _ = shop.ask("PATCH", f"/owners/{key}", steps, content_type=PATCH)

    assert found == status
    assert status == 200 or body["detail"]
    assert shop.get(f"/owners/{key}")["data"]["name"] == name
    assert shop.get(f"/owners/{key}")["data"]["id"] == key


def test_what_has_to_be_unique_is_a_conflict_where_one_is_documented(shop: Shop) -> None:
    key = shop.owner("Ada", "ada@example.com")

    assert shop.ask("POST", "/owners", {"name": "Eve", "email": "ada@example.com"})[0] == 409
    other = shop.owner("Eve", "eve@example.com")
    assert shop.ask("PATCH", f"/owners/{other}", {"email": "ada@example.com"}, content_type=MERGE)[0] == 409
    assert shop.ask("PATCH", f"/owners/{key}", {"email": "ada@example.com"}, content_type=MERGE)[0] == 200


def test_a_password_that_is_written_is_never_read(shop: Shop) -> None:
    status, body, fields = shop.ask("POST", "/owners", {"name": "Ada", "email": "a@example.com", "password": "hush"})

    assert status == 201
    assert "hush" not in str(body)
    assert "hush" not in str(shop.get(fields["location"]))


def test_pets_are_the_same_under_their_owner_and_alone(shop: Shop) -> None:
    key = shop.owner()
    assert shop.get(f"/owners/{key}/pets") == []

    status, pet, fields = shop.ask("POST", f"/owners/{key}/pets", {"name": "Rex"})

    assert (status, pet["ownerId"], fields["location"]) == (201, key, f"/pets/{pet['id']}")
    assert shop.get(f"/owners/{key}/pets") == [pet]
    assert shop.get(f"/pets?ownerId={key}")["pets"] == [pet]
    assert shop.get(fields["location"]) == pet
    assert shop.ask("DELETE", fields["location"])[:2] == (200, pet)
    assert shop.get(f"/owners/{key}/pets") == []


def test_references_lead_to_things_that_there_are(shop: Shop) -> None:
    pets, owners = shop.get("/pets")["pets"], shop.get("/owners?limit=50")["data"]

    assert pets
    assert {pet["ownerId"] for pet in pets} <= {owner["id"] for owner in owners}
    for pet in pets:
        assert pet in shop.get(f"/owners/{pet['ownerId']}/pets")


def test_what_belongs_to_who_is_gone_is_gone(shop: Shop) -> None:
    key = shop.owner()
    shop.ask("POST", f"/owners/{key}/notes", {"text": "N"})
    assert shop.get(f"/owners/{key}/notes") == [{"text": "N"}]
    assert shop.ask("PUT", f"/owners/{key}/address", {"city": "Espoo"})[0] == 204
    assert shop.get(f"/owners/{key}/address") == {"city": "Espoo"}

    assert shop.ask("DELETE", f"/owners/{key}")[0] == 204
    for part in ("", "/notes", "/address", "/pets"):
        assert shop.ask("GET", f"/owners/{key}{part}")[0] == 404


def test_settings_of_which_there_is_one_are_kept(shop: Shop) -> None:
    before = shop.get("/settings")
    other = "dark" if before["theme"] == "light" else "light"

    assert shop.ask("PUT", "/settings", {"theme": other})[1] == {"size": 12, "theme": other}
    assert shop.get("/settings")["theme"] == other


def test_where_no_list_says_what_there_is_everything_is_there_until_it_is_deleted(shop: Shop) -> None:
    assert shop.get("/articles/any-thing")["slug"] == "any-thing"
    assert shop.ask("DELETE", "/articles/any-thing")[0] == 204
    assert shop.ask("GET", "/articles/any-thing")[0] == 404
    assert shop.ask("PUT", "/articles/any-thing", {"slug": "any-thing", "title": "T"})[0] == 201
    assert shop.ask("PUT", "/articles/any-thing", {"slug": "any-thing", "title": "U"})[0] == 200
    assert shop.get("/articles/any-thing")["title"] == "U"


def test_xml_is_made_of_the_same_things(shop: Shop) -> None:
    shop.ask("POST", "/pets", {"name": "Rex the first"})

    assert b"<name>Rex the first</name>" in shop.ask("GET", "/pets", accept="application/xml")[1]


def test_nothing_is_written_where_no_answer_is_acceptable(mock: Callable[..., Mock]) -> None:
    shop = Shop(mock(SHOP, stateful=True, strict_accept=True))
    before = shop.get("/owners")["meta"]["total"]

    assert shop.ask("POST", "/owners", {"name": "A", "email": "a@b.example"}, accept="text/csv")[0] == 406
    assert shop.get("/owners")["meta"]["total"] == before


def test_an_operation_of_no_resource_has_no_state(shop: Shop) -> None:
    assert shop.ask("GET", "/time")[2]["x-mock-source"] == "generated"


def test_another_seed_is_another_beginning(mock: Callable[..., Mock]) -> None:
    beginnings = [Shop(mock(SHOP, stateful=True, seed=seed)).get("/pets") for seed in (1, 1, 2)]

    assert beginnings[0] == beginnings[1] != beginnings[2]


def test_a_list_begins_with_what_the_stateless_mock_answers(mock: Callable[..., Mock]) -> None:
    stateless, stateful = (Shop(mock(SHOP, stateful=stateful)) for stateful in (False, True))

    assert [pet["name"] for pet in stateful.get("/pets")["pets"]] == [
        pet["name"] for pet in stateless.get("/pets")["pets"]
    ]


def test_a_thing_can_be_asked_for_before_the_list(mock: Callable[..., Mock]) -> None:
    one, other = (Shop(mock(SHOP, stateful=True)) for _ in range(2))
    pet = one.get("/pets")["pets"][0]

    assert other.get(f"/pets/{pet['id']}") == pet
    assert other.get(f"/owners/{pet['ownerId']}/pets") == one.get(f"/owners/{pet['ownerId']}/pets")
