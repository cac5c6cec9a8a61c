"""What of the document a frontend used: exact, for each world and for all, with nothing invented."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.admin_side import THINGS
from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]


def covered(client: AsgiClient, query: str = "") -> dict[str, dict]:
    documents = client.ask(f"/__admin/coverage{query}").json["documents"]
    assert len(documents) == 1
    return {told["operation"]: told for told in documents[0]["operations"]}


def test_nothing_is_used_at_first(admin: Admin) -> None:
    said = admin().ask("/__admin/coverage").json["documents"][0]

    assert said["summary"]["percent"] == 0
    assert said["summary"]["operations"] == {"used": 0, "there": 3}
    assert said["summary"]["values"] == {"used": 0, "there": 3}
    assert {told["operation"] for told in said["operations"]} == {"getThing", "listThings", "makeThing"}


def test_what_was_used_is_counted(admin: Admin) -> None:
    client = admin()
    for target in ("/things/1", "/things/1", "/things/2?color=red", "/things/3?color=pink"):
        client.ask(target)
    client.ask("/things", "POST", json={"name": "a"})
    told = covered(client)

    assert told["getThing"]["requests"] == 4
    assert told["getThing"]["parameters"] == {"path id": 4, "query color": 2}
    assert told["getThing"]["values"] == {"query color=blue": 0, "query color=green": 0, "query color=red": 1}
    assert told["getThing"]["statuses"] == {"200": 3}
    assert told["makeThing"]["bodies"] == {"application/json": 1}
    assert told["listThings"]["requests"] == 0


def test_requests_that_differ_in_a_header_field_or_the_media_type_of_their_body_are_told_apart(admin: Admin) -> None:
    media = {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string"}}}
    trace = {"name": "X-Trace", "in": "header", "schema": {"enum": ["a", "b"]}}
    done = {"200": {"description": "", "content": {"application/json": {"example": 1}}}}
    client = admin({**THINGS, "paths": {"/t": {
        "get": {"operationId": "read", "parameters": [trace], "responses": done},
        "post": {"operationId": "make", "requestBody": {"content": media}, "responses": done},
    }}})  # fmt: skip
    for value in ("a", "b", "b", None):
        client.ask("/t", headers={"X-Trace": value} if value else {})
    client.ask("/t", "POST", json={})
    client.ask("/t", "POST", headers={"Content-Type": "text/plain"}, body=b"x")
    client.ask("/t", "POST", headers={"Content-Type": "text/plain"}, body=b"y")
    told = covered(client)

    assert told["read"]["requests"] == 4
    assert told["read"]["parameters"] == {"header X-Trace": 3}
    assert told["read"]["values"] == {"header X-Trace=a": 1, "header X-Trace=b": 2}
    assert told["make"]["bodies"] == {"application/json": 1, "text/plain": 2}


def test_a_world_has_its_own_and_all_have_everything_even_of_worlds_that_are_gone(admin: Admin) -> None:
    client = admin()
    client.ask("/things/1", headers={"X-Mock-World": "ann"})
    client.ask("/things/1")

    assert covered(client)["getThing"]["requests"] == covered(client, "?world=ann")["getThing"]["requests"] == 1
    client.ask("/__admin/worlds/ann", "DELETE")
    assert covered(client, "?world=*")["getThing"]["requests"] == 2
    assert covered(client, "?world=ann")["getThing"]["requests"] == 0
    client.ask("/__admin/coverage?world=*", "DELETE")
    assert covered(client, "?world=*")["getThing"]["requests"] == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    targets=st.lists(
        st.sampled_from(["/things", "/things/1", "/things/2", "/things/2?color=red", "/nowhere"]), max_size=30
    )
)
def test_counts_are_those_of_the_journal(admin: Admin, targets: list[str]) -> None:
    client = admin()
    for index, target in enumerate(targets):
        client.ask(target)
        if index % 7 == 3:
            covered(client)  # looking in between changes nothing
    told = covered(client)

    for id_ in ("getThing", "listThings"):
        journal = client.ask(f"/__admin/requests?operation={id_}").json
        assert told[id_]["requests"] == len(journal["requests"])


def test_many_different_requests_do_not_pile_up(admin: Admin) -> None:
    client = admin()
    for number in range(1203):
        client.ask(f"/things/{number}")

    assert covered(client)["getThing"]["requests"] == 1203


def test_metrics_are_what_prometheus_reads(admin: Admin) -> None:
    client = admin()
    for target in ("/things/1", "/things/x", "/nowhere"):
        client.ask(target)
    said = client.ask("/metrics")
    lines = said.body.decode().splitlines()

    assert said.fields["content-type"].startswith("text/plain; version=")
    assert 'mock_server_requests_total{method="GET",operation="getThing",source="generated",status="200"} 1.0' in lines
    assert 'mock_server_requests_total{method="none",operation="none",source="problem",status="404"} 1.0' in lines
    assert 'mock_server_findings_total{operation="getThing",rule="request-parameter-schema"} 1.0' in lines
    assert 'mock_server_request_duration_seconds_count{operation="getThing"} 2.0' in lines
    assert 'mock_server_request_duration_seconds_bucket{le="+Inf",operation="getThing"} 2.0' in lines
    assert said.body == client.ask("/__admin/metrics").body


def test_the_documents_own_metrics_go_first(admin: Admin) -> None:
    own = {
        "get": {
            "operationId": "m",
            "responses": {"200": {"description": "", "content": {"application/json": {"example": "mine"}}}},
        }
    }
    client = admin({**THINGS, "paths": {"/metrics": own}})

    assert client.ask("/metrics").json == "mine"
    assert b"mock_server_requests_total" in client.ask("/__admin/metrics").body
