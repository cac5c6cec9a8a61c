"""Worlds over HTTP: made, copied, kept and brought back."""

from collections.abc import Callable

import pytest

from tests.support.asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]


def body(client: AsgiClient, world: str = "") -> bytes:
    return client.ask("/things/1", headers={"X-Mock-World": world}).body


def test_a_world_is_made_by_its_first_request_or_by_hand(admin: Admin) -> None:
    client = admin()
    client.ask("/things/1", headers={"X-Mock-World": "ann"})
    made = client.ask("/__admin/worlds/bob", "PUT", json={"seed": 7})

    assert made.status == 201
    assert made.json["seed"] == "7"
    worlds = client.ask("/__admin/worlds").json["worlds"]
    assert [(world["name"], world["requests"]) for world in worlds] == [(None, 0), ("ann", 1), ("bob", 0)]
    assert [client.ask(world["path"]).status for world in worlds] == [200, 200, 200]


def test_a_seed_of_its_own_gives_a_world_other_answers(admin: Admin) -> None:
    client = admin()
    before = body(client, "ann")
    client.ask("/__admin/worlds/ann", "PUT", json={"seed": "other"})
    other = body(client, "ann")
    client.ask("/__admin/worlds/ann", "PUT", json={"seed": None})

    assert before == body(client, "bob") == body(client, "ann")
    assert other != before


def test_a_fork_goes_on_from_where_its_origin_is(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/worlds/ann", "PUT", json={"seed": "9"})
    forked = client.ask("/__admin/worlds/ann/fork", "POST", json={"to": "bob"})

    assert forked.status == 201
    assert body(client, "ann") == body(client, "bob") != body(client)


def test_a_snapshot_brings_a_world_back_or_makes_another_one_like_it(admin: Admin) -> None:
    client = admin()
    client.ask("/__admin/worlds/ann", "PUT", json={"seed": "9"})
    taken = client.ask("/__admin/worlds/ann/snapshot").json
    client.ask("/__admin/worlds/ann", "DELETE")

    assert client.ask("/__admin/worlds/ann").status == 404
    assert client.ask("/__admin/worlds/cat/snapshot", "PUT", json=taken).json["seed"] == "9"


def test_a_reset_forgets_what_was_asked(admin: Admin) -> None:
    client = admin()
    for world in ("ann", "bob", ""):
        body(client, world)
    client.ask("/__admin/worlds/ann/reset", "POST")
    counts = {world["name"]: world["requests"] for world in client.ask("/__admin/worlds").json["worlds"]}
    client.ask("/__admin/reset?world=*", "POST")

    assert counts == {None: 1, "ann": 0, "bob": 1}
    assert [world["requests"] for world in client.ask("/__admin/worlds").json["worlds"]] == [0, 0, 0]


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("PUT", "/__admin/worlds/ann", {"color": "red"}, 422),
        ("PUT", "/__admin/worlds/ann", {"seed": [1]}, 422),
        ("PUT", "/__admin/worlds/a%20b", {}, 400),
        ("GET", "/__admin/worlds/nobody", None, 404),
        ("DELETE", "/__admin/worlds/nobody", None, 404),
        ("POST", "/__admin/worlds/nobody/fork", {"to": "ann"}, 404),
        ("POST", "/__admin/worlds/@everybody/fork", {}, 422),
        ("POST", "/__admin/worlds/@everybody/fork", {"to": "*"}, 422),
        ("PUT", "/__admin/worlds/ann/snapshot", {}, 422),
        ("PATCH", "/__admin/worlds/ann", {}, 405),
    ],
)
def test_what_can_not_be_is_refused(admin: Admin, method: str, path: str, given: object, status: int) -> None:
    said = admin().ask(path.replace("%20", " "), method, json=given)

    assert said.status == status
    assert said.json["status"] == status
