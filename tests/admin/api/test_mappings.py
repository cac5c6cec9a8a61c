"""Mappings and scenarios over HTTP."""

from collections.abc import Callable

import pytest

from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]
THING = {"request": {"method": "GET", "urlPath": "/things/7"}, "response": {"jsonBody": {"name": "mapped"}}}
STATE = {
    "request": {"urlPath": "/things/7", "method": "GET"},
    "response": {"jsonBody": {"name": "sold"}},
    "scenarioName": "sale",
}


def test_a_mapping_is_added_shown_replaced_and_removed(admin: Admin) -> None:
    client = admin()
    made = client.ask("/__admin/mappings", "POST", json=THING)
    one = f"/__admin/mappings/{made.json['id']}"

    assert made.status == 201
    assert client.ask("/things/7").json == {"name": "mapped"}
    assert client.ask(one).json == made.json
    assert client.ask(one, "PUT", json={**THING, "response": {"jsonBody": {"name": "other"}}}).status == 200
    assert client.ask("/things/7").json == {"name": "other"}
    listed = client.ask("/__admin/mappings").json
    assert (listed["meta"], [mapping["id"] for mapping in listed["mappings"]]) == ({"total": 1}, [made.json["id"]])
    assert client.ask(one, "DELETE").status == 200
    assert (
        client.ask(one).status == client.ask(one, "DELETE").status == client.ask(one, "PUT", json=THING).status == 404
    )


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({**THING, "response": {"jsonBody": {"name": 7}}}, "/response"),
        ({**THING, "request": {"url": "/x"}}, "/request"),
        ({"request": {"urlPattern": "["}}, "/request/urlPattern"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(admin: Admin, given: object, pointer: str) -> None:
    refused = admin().ask("/__admin/mappings", "POST", json=given)

    assert refused.status == 422
    assert refused.json["errors"][0]["source"]["pointer"] == pointer


def test_a_mapping_belongs_to_the_world_that_is_named(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/mappings?world=ann", "POST", json=THING)

    assert client.ask("/things/7", headers={"X-Mock-World": "ann"}).json == {"name": "mapped"}
    assert client.ask("/things/7").json != {"name": "mapped"}
    assert client.ask("/__admin/mappings?world=bob").json["meta"] == {"total": 0}
    assert client.ask("/__admin/mappings/reset?world=ann", "POST").status == 200
    assert client.ask("/__admin/mappings").json["meta"] == {"total": 0}


def test_an_import_takes_all_or_nothing_and_a_reset_what_is_not_persistent(admin: Admin) -> None:
    client = admin()
    refused = client.ask("/__admin/mappings/import", "POST", json={"mappings": [THING, {"request": 1}]})
    assert (refused.status, refused.json["errors"][0]["source"]["pointer"]) == (422, "/mappings/1/request")
    assert client.ask("/__admin/mappings").json["meta"] == {"total": 0}

    assert client.ask(
        "/__admin/mappings/import", "POST", json={"mappings": [THING, {**THING, "persistent": True}]}
    ).json == {"imported": 2}
    assert len(client.ask("/__admin/mappings?limit=1&offset=1").json["mappings"]) == 1
    assert client.ask("/__admin/mappings?limit=x").status == 422
    client.ask("/__admin/reset", "POST")
    assert client.ask("/__admin/mappings").json["meta"] == {"total": 1}
    client.ask("/__admin/mappings", "DELETE")
    assert client.ask("/__admin/mappings").json["meta"] == {"total": 0}


def test_scenarios_are_told_changed_and_begun_anew_in_a_world(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/mappings", "POST", json={**STATE, "requiredScenarioState": "Sold"})

    def state(world: str = "") -> list[object]:
        return [
            scenario["state"]
            for scenario in client.ask("/__admin/scenarios", headers={"X-Mock-World": world}).json["scenarios"]
        ]

    assert client.ask("/__admin/scenarios").json["scenarios"] == [
        {"id": "sale", "name": "sale", "state": "Started", "possibleStates": ["Started", "Sold"]}
    ]
    assert client.ask("/__admin/scenarios/sale/state", "PUT", json={"state": "Sold"}).status == 200
    assert client.ask("/things/7").json == {"name": "sold"}
    assert (state(), state("ann")) == (["Sold"], ["Started"])
    assert client.ask("/__admin/scenarios/sale/state", "PUT", json={"state": "Lost"}).status == 422
    assert client.ask("/__admin/scenarios/none/state", "PUT", json={"state": "Lost"}).status == 404
    assert client.ask("/__admin/scenarios/reset", "POST").status == 200
    assert state() == ["Started"]
    client.ask("/__admin/scenarios/sale/state", "PUT", json={"state": "Sold"})
    client.ask("/__admin/scenarios/sale/state", "PUT")
    assert state() == ["Started"]


def test_an_unmatched_request_is_told_the_mapping_that_came_close(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/mappings", "POST", json=THING)
    client.ask("/thing/7")
    near = client.ask("/__admin/requests/unmatched/near-misses").json["nearMisses"]
    stub = next(each for each in near if "stubMapping" in each)

    assert stub["stubMapping"]["request"] == THING["request"]
    assert stub["request"]["url"] == "/thing/7"
    assert 0 < stub["matchResult"]["distance"] < 0.2
    assert [each["pointer"] for each in stub["matchResult"]["differences"]] == ["/urlPath"]
    assert [each["matchResult"]["distance"] for each in near] == sorted(
        each["matchResult"]["distance"] for each in near
    )


def test_an_explanation_names_the_mapping_without_following_it(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/mappings", "POST", json={**STATE, "name": "sell", "newScenarioState": "Sold"})
    told = client.ask("/__admin/explain", "POST", json={"method": "GET", "url": "/things/7"}).json

    assert told["source"] == "mapping"
    assert "sell" in told["because"]
    assert client.ask("/__admin/scenarios").json["scenarios"][0]["state"] == "Started"
