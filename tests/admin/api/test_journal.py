"""The journal over HTTP: in WireMock's shapes, filtered, without secrets, written out for `validate` and for browsers."""

import base64
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.cli.main import main
from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]


def listed(client: AsgiClient, query: str = "") -> list[dict]:
    return client.ask(f"/__admin/requests{query}").json["requests"]


def test_an_exchange_is_told_as_wiremock_tells_it(admin: Admin) -> None:
    client = admin()
    client.ask("/things/7?color=red&color=blue", headers={"X-Tag": "a"})
    event = client.ask("/__admin/requests").json["requests"][0]

    assert event["wasMatched"] is True
    assert event["request"]["url"] == "/things/7?color=red&color=blue"
    assert event["request"]["absoluteUrl"] == "http://127.0.0.1:4010/things/7?color=red&color=blue"
    assert event["request"]["method"] == "GET"
    assert event["request"]["headers"]["x-tag"] == "a"
    assert event["request"]["queryParams"] == {"color": {"key": "color", "values": ["red", "blue"]}}
    assert event["request"]["loggedDateString"].endswith("Z")
    assert event["response"]["status"] == event["responseDefinition"]["status"] == 200
    assert orjson.loads(event["response"]["body"])["name"]
    assert (event["operation"], event["source"], event["world"], event["disturbance"]) == (
        "getThing",
        "generated",
        None,
        None,
    )
    assert client.ask(f"/__admin/requests/{event['id']}").json == event


def test_what_was_sent_is_told_with_its_findings(admin: Admin) -> None:
    client = admin()
    client.ask("/things", "POST", json={"wrong": 1})
    event = listed(client)[0]

    assert orjson.loads(event["request"]["body"]) == {"wrong": 1}
    assert base64.b64decode(event["request"]["bodyAsBase64"]) == b'{"wrong":1}'
    assert [finding["rule"] for finding in event["findings"]] == ["request-body-schema"]
    assert event["response"]["status"] == 422


def test_a_request_that_nobody_knows_is_unmatched(admin: Admin) -> None:
    client = admin()
    for target in ("/things/1", "/nothing", "/things/2"):
        client.ask(target)
    client.ask("/things", "DELETE")

    assert [request["url"] for request in client.ask("/__admin/requests/unmatched").json["requests"]] == [
        "/things",
        "/nothing",
    ]
    assert [event["request"]["url"] for event in listed(client, "?unmatched=true")] == ["/things", "/nothing"]
    assert len(listed(client, "?unmatched=false")) == 2


def test_the_newest_comes_first_and_the_number_can_be_limited(admin: Admin) -> None:
    client = admin()
    for number in range(5):
        client.ask(f"/things/{number}")
    said = client.ask("/__admin/requests?limit=2").json

    assert [event["request"]["url"] for event in said["requests"]] == ["/things/4", "/things/3"]
    assert said["meta"] == {"total": 5}


def test_requests_are_found_by_what_they_were(admin: Admin) -> None:
    client = admin()
    client.ask("/things/1")
    client.ask("/things/one")
    client.ask("/things", "POST", json={"name": "Needle"})
    moment = listed(client)[0]["request"]["loggedDateString"]

    def urls(query: str) -> list[str]:
        return [event["request"]["url"] for event in listed(client, query)]

    assert urls("?operation=getThing") == ["/things/one", "/things/1"]
    assert urls("?status=422") == urls("?status=4xx") == urls("?findings=true") == ["/things/one"]
    assert urls("?method=post") == urls("?contains=needle") == ["/things"]
    assert urls("?source=generated&method=GET") == ["/things/1"]
    assert urls(f"?since={moment}")[-1:] != []
    assert urls("?since=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "since=yesterday", "unmatched=perhaps", "format=xml"])
def test_a_filter_that_says_nothing_is_refused(admin: Admin, query: str) -> None:
    said = admin().ask(f"/__admin/requests?{query}")

    assert said.status == 422
    assert said.fields["content-type"] == "application/problem+json"
    assert said.json["errors"][0]["detail"] == said.json["detail"]


def test_one_is_forgotten_or_all(admin: Admin) -> None:
    client = admin()
    for number in range(3):
        client.ask(f"/things/{number}")
    client.ask(f"/__admin/requests/{listed(client)[1]['id']}", "DELETE")
    left = [event["request"]["url"] for event in listed(client)]
    client.ask("/__admin/requests", "DELETE")

    assert left == ["/things/2", "/things/0"]
    assert listed(client) == []
    assert client.ask("/__admin/requests/00000001").status == 404


def test_each_world_has_a_journal_of_its_own(admin: Admin) -> None:
    client = admin()
    client.ask("/things/1")
    client.ask("/things/2", headers={"X-Mock-World": "ann"})

    def urls(query: str, **headers: str) -> list[str]:
        return [
            event["request"]["url"]
            for event in client.ask(f"/__admin/requests{query}", headers=headers).json["requests"]
        ]

    assert urls("") == ["/things/1"]
    assert urls("?world=ann") == urls("", **{"X-Mock-World": "ann"}) == ["/things/2"]
    assert urls("?world=*") == ["/things/2", "/things/1"]
    assert client.ask("/__admin/requests?world=a%20b").status == 400


SECRETS = ("hunter2hunter2", "tok-12345678", "cookie-12345678", "key-12345678")


@pytest.mark.parametrize("query", ["", "?format=ndjson", "?format=har"])
def test_no_secret_is_shown(admin: Admin, query: str) -> None:
    client = admin()
    basic = base64.b64encode(b"ann:hunter2hunter2").decode()
    client.ask(
        "/nothing/tok-12345678?code=key-12345678&access_token=tok-12345678&q=1",
        headers={
            "Authorization": f"Basic {basic}",
            "Cookie": "session=cookie-12345678; mock_world=w",
            "X-Secret": "key-12345678",
        },
    )
    client.ask("/nothing/again", headers={"Authorization": "Bearer tok-12345678", "X-Mock-World": "w"})
    shown = client.ask(f"/__admin/requests{query}{'&' if query else '?'}world=w").body.decode()

    assert "/nothing" in shown
    assert "q=1" in shown
    assert basic not in shown
    assert [secret for secret in SECRETS if secret in shown] == []


def test_what_is_written_out_can_be_judged(admin: Admin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = admin()
    client.ask("/things/1")
    client.ask("/things", "POST", json={"name": "a"})
    client.ask("/things/9?color=red")
    document = tmp_path / "openapi.json"
    for kind in ("ndjson", "har"):
        said = client.ask(f"/__admin/requests?format={kind}")
        (tmp_path / f"out.{kind}").write_bytes(said.body)

        assert said.status == 200
        assert main(["validate", str(tmp_path / f"out.{kind}"), "--document", str(document)]) == 0
        assert "3 records" in "".join(capsys.readouterr())


def test_nothing_of_the_admin_side_is_for_pages_of_other_origins(admin: Admin) -> None:
    client = admin()
    preflight = client.ask(
        "/__admin/requests",
        "OPTIONS",
        headers={"Origin": "http://evil.test", "Access-Control-Request-Method": "DELETE"},
    )
    read = client.ask("/__admin/requests", headers={"Origin": "http://evil.test"})
    changed = client.ask("/__admin/requests", "DELETE", headers={"Origin": "http://evil.test"})

    assert changed.status == 403
    assert not [
        name for said in (preflight, read, changed) for name in said.fields if name.startswith("access-control")
    ]


def test_paths_and_methods_that_there_are_not_are_problems(admin: Admin) -> None:
    client = admin()

    assert client.ask("/__admin/nothing").json["type"] == "urn:mock-server:problem:no-admin-path"
    wrong = client.ask("/__admin/requests", "PUT")
    assert wrong.status == 405
    assert wrong.fields["allow"]
    assert {"method": "GET", "path": "/__admin/requests"} in [
        {"method": each["method"], "path": each["path"]} for each in client.ask("/__admin").json["endpoints"]
    ]


def test_a_variable_of_the_document_does_not_take_the_admin_side(admin: Admin) -> None:
    document = {
        "openapi": "3.1.0", "info": {"title": "T", "version": "1"},
        "paths": {"/{a}/{b}": {"get": {"operationId": "ab", "responses": {"200": {"description": "", "content": {"application/json": {"example": 1}}}}}}},
    }  # fmt: skip
    client = admin(document)

    assert client.ask("/x/y").json == 1
    assert [event["request"]["url"] for event in listed(client)] == ["/x/y"]


def test_without_a_journal_it_is_said(admin: Admin) -> None:
    client = admin(journal=0)
    client.ask("/things/1")

    assert client.ask("/__admin/requests").json == {
        "requests": [],
        "meta": {"total": 0},
        "requestJournalDisabled": True,
    }


TARGETS = ["/things", "/things/1", "/things/2?color=red", "/things/x", "/nowhere"]
PATTERNS: list[dict] = [
    {},
    {"method": "GET"},
    {"urlPath": "/things"},
    {"urlPathTemplate": "/things/{id}"},
    {"urlPattern": "/things.*", "method": "ANY"},
    {"queryParameters": {"color": {"equalTo": "red"}}},
    {"urlPath": "/things/1", "headers": {"X-Tag": {"absent": True}}},
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(targets=st.lists(st.sampled_from(TARGETS), max_size=6), pattern=st.sampled_from(PATTERNS))
def test_what_is_counted_is_what_is_found_and_what_is_removed(admin: Admin, targets: list[str], pattern: dict) -> None:
    client = admin()
    for target in targets:
        client.ask(target)
    count = client.ask("/__admin/requests/count", "POST", json=pattern).json["count"]
    found = client.ask("/__admin/requests/find", "POST", json=pattern).json["requests"]
    removed = client.ask("/__admin/requests/remove", "POST", json=pattern).json["requests"]

    assert count == len(found) == len(removed)
    assert {request["id"] for request in found} == {event["id"] for event in removed}
    assert len(listed(client)) == len(targets) - count
    assert client.ask("/__admin/requests/count", "POST", json=pattern).json["count"] == 0


def test_a_pattern_that_is_none_is_refused_with_its_place(admin: Admin) -> None:
    said = admin().ask("/__admin/requests/count", "POST", json={"headers": {"a": {"equals": "b"}}})

    assert said.status == 422
    assert said.json["errors"][0]["source"] == {"pointer": "/headers/a/equals"}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"[" * 300 + b"]" * 300])
def test_what_is_no_object_is_refused(admin: Admin, body: bytes) -> None:
    assert admin().ask("/__admin/requests/count", "POST", body=body).status == 422


@pytest.mark.parametrize("encoded", ["=", "é"])
def test_a_body_that_is_no_base64_is_refused(admin: Admin, encoded: str) -> None:
    given = {"method": "POST", "url": "/things", "bodyAsBase64": encoded}

    assert admin().ask("/__admin/near-misses/request", "POST", json=given).status == 422


def test_a_body_that_is_too_large_is_refused(admin: Admin) -> None:
    assert admin(max_body=100).ask("/__admin/requests/count", "POST", body=b" " * 101).status == 413


def test_near_misses_say_what_was_meant(admin: Admin) -> None:
    client = admin()
    client.ask("/thing/1")
    near = client.ask("/__admin/requests/unmatched/near-misses").json["nearMisses"]
    same = client.ask("/__admin/near-misses/request", "POST", json={"method": "GET", "url": "/thing/1"}).json[
        "nearMisses"
    ]

    assert near[0]["operation"] == same[0]["operation"] == "getThing"
    assert near[0]["requestPattern"] == {"method": "GET", "urlPathTemplate": "/things/{id}"}
    distances = [each["matchResult"]["distance"] for each in near]
    assert distances == sorted(distances)
    assert 0 < distances[0] < 0.3


def test_near_misses_are_fixtures_too(admin: Admin, tmp_path: Path) -> None:
    folder = tmp_path / "fixtures" / "getThing"
    folder.mkdir(parents=True)
    (folder / "twelve.yaml").write_text("when: {path: {id: 1234567}}\nbody: {name: a}\n")
    (folder / "far.yaml").write_text("when: {path: {id: 98765}, headers: {x-a: b}}\nbody: {name: b}\n")
    near = admin().ask("/__admin/near-misses/request", "POST", json={"method": "GET", "url": "/things/1234568"}).json
    found = [(each.get("fixture"), each["matchResult"]["distance"]) for each in near["nearMisses"]]

    assert found[0] == (None, 0)
    assert found[1][0] == "twelve"
    assert 0 < found[1][1] < 1


def test_near_misses_of_a_pattern_are_the_requests_nearest_to_it(admin: Admin) -> None:
    client = admin()
    for target in ("/things/1", "/things", "/elsewhere/entirely"):
        client.ask(target)
    near = client.ask("/__admin/near-misses/request-pattern", "POST", json={"urlPath": "/things/12"}).json["nearMisses"]

    assert [each["request"]["url"] for each in near] == ["/things/1", "/things", "/elsewhere/entirely"]
