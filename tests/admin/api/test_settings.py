"""Settings over HTTP: delays and faults change while the server runs, and go back to what it was started with."""

from collections.abc import Callable

import pytest

from mock_server.admin.access import Guard
from mock_server.faults import parse_faults
from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]
ERROR = {"faults": [{"fault": "error:503", "rate": 1.0}]}


def test_a_fault_is_switched_on_and_off(admin: Admin) -> None:
    client = admin()
    said = client.ask("/__admin/settings", "PUT", json=ERROR)
    during = client.ask("/things/1").status
    client.ask("/__admin/settings", "PUT", json={})

    assert said.json["settings"]["faults"] == ERROR["faults"]
    assert (during, client.ask("/things/1").status) == (503, 200)
    assert client.ask("/__admin/requests").json["requests"][1]["disturbance"] == "fault error:503"


def test_wiremocks_delays_are_understood(admin: Admin) -> None:
    client = admin()

    assert client.ask("/__admin/settings", "POST", json={"fixedDelay": 20}).json["settings"]["fixedDelay"] == 20
    changed = client.ask(
        "/__admin/settings", "PATCH", json={"delayDistribution": {"type": "uniform", "lower": 1, "upper": 3}, **ERROR}
    )
    assert changed.json["settings"] == {
        "fixedDelay": None,
        "delay": {"type": "uniform", "lower": 1, "upper": 3},
        **ERROR,
    }
    assert client.ask("/__admin/settings", "PATCH", json={"fixedDelay": None}).json["settings"] == {
        "fixedDelay": None,
        **ERROR,
    }
    assert client.ask("/__admin/settings").json["started"]["workers"] == 1


def test_a_reset_brings_back_what_the_server_was_started_with(admin: Admin) -> None:
    client = admin(fault=parse_faults(["error:503"]))
    client.ask("/__admin/settings", "PUT", json={})
    client.ask("/__admin/reset", "POST")

    assert client.ask("/things/1").status == 503


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"fixedDelay": 1, "delay": "2"}, "/fixedDelay"),
        ({"faults": ["nonsense"]}, None),
        ({"delay": "soon"}, None),
    ],
)
def test_what_can_not_be_set_is_refused_and_changes_nothing(admin: Admin, given: dict, pointer: str | None) -> None:
    client = admin()
    before = client.ask("/__admin/settings").json
    said = client.ask("/__admin/settings", "PUT", json=given)

    assert said.status == 422
    assert said.json["errors"][0].get("source", {}).get("pointer") == pointer
    assert client.ask("/__admin/settings").json == before


def test_only_who_has_a_token_stops_the_server(admin: Admin) -> None:
    assert admin().ask("/__admin/shutdown", "POST").status == 401
    assert admin(guard=Guard(token="s3cret")).ask("/__admin/shutdown", "POST").status == 401
