"""How a run gets to operations that need a thing, a name or a value which another operation knows."""

import json
from collections.abc import Callable
from pathlib import Path

from mock_server.contract.knowledge.observed import identify, listed_nouns, things_in
from mock_server.contract.knowledge.things import KnownObject, iter_relatives
from tests.contract.test_knowledge import BODY, JSON, NAMED, TEXT, Provider, answers, content, path, reached, run

ANY = {"type": "object"}
EVERYTHING = ("examples", "coverage")


class Flows:
    """Flows with an id of their own and a name, which one path looks up by the id and another by the name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def __call__(self, method: str, where: str, body: dict) -> tuple[int, object]:
        parts = where.strip("/").split("/")
        if method == "POST" and parts == ["flows"]:
            id_ = f"8b0d6a4e-6f4a-4c0e-9d51-{len(self.names):012d}"
            self.names[id_] = body.get("name", "")
            return 201, {"id": id_, "name": self.names[id_]}
        if method == "GET" and parts[:2] == ["flows", "name"] and parts[2] in self.names.values():
            return 200, {"name": parts[2]}
        return (200, {"name": self.names[parts[-1]]}) if parts[-1] in self.names else (404, None)


def flow_paths() -> dict:
    return {
        "/flows": {"post": {"requestBody": BODY, "responses": answers("201", ANY)}},
        "/flows/{id}": {"get": {"parameters": path("id"), "responses": answers("200", ANY)}},
    }


def test_what_is_looked_up_by_name_is_found(tmp_path: Path) -> None:
    by_name = {"get": {"parameters": path("name"), "responses": answers("200", ANY)}}
    found = reached(run(Provider(Flows()), flow_paths() | {"/flows/name/{name}": by_name}, tmp_path))

    assert "GET /flows/name/{name}" in found


def test_things_of_one_noun_are_known_under_another_path(tmp_path: Path) -> None:
    elsewhere = {"get": {"parameters": path("id"), "responses": answers("200", ANY)}}

    assert "GET /ui/flows/{id}" in reached(
        run(Provider(Flows()), flow_paths() | {"/ui/flows/{id}": elsewhere}, tmp_path)
    )


def test_what_is_called_by_its_name_and_not_by_its_id_is_read(tmp_path: Path) -> None:
    names: set[str] = set()

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if method == "POST":
            names.add(body.get("name", ""))
            return 201, {"id": len(names), "name": body.get("name", "")}
        name = where.rpartition("/")[2]
        return (200, {"id": 1, "name": name}) if name in names else (404, None)

    report = run(Provider(answer), flow_paths(), tmp_path, ("examples", "stateful"))

    assert "GET /flows/{id}" in reached(report)
    assert [incident.finding.message for incident in report.red] == []


def test_what_put_creates_is_read_changed_and_deleted(tmp_path: Path) -> None:
    kept: set[str] = set()

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        name = where.rpartition("/")[2]
        if method == "PUT":
            kept.add(name)
            return 200, {}
        if method == "DELETE" and name in kept:
            kept.discard(name)
            return 204, None
        return (200, {}) if name in kept else (404, None)

    one = {
        "put": {"parameters": path("name"), "requestBody": BODY, "responses": answers("200", ANY)},
        "get": {"parameters": path("name"), "responses": answers("200", ANY)},
        "delete": {"parameters": path("name"), "responses": answers("204")},
    }
    found = reached(run(Provider(answer), {"/notes/{name}": one}, tmp_path))

    assert found == {"PUT /notes/{name}", "GET /notes/{name}", "DELETE /notes/{name}"}
    assert not kept


def test_bulk_operations_by_body_are_withheld(tmp_path: Path) -> None:
    """`POST /flows/bulk_delete` without a filter deletes every flow."""
    provider = Provider(lambda method, where, body: (200, {}))
    paths = {
        name: {"post": {"requestBody": content(ANY), "responses": answers("200", ANY)}}
        for name in ("/flows/bulk_delete", "/runs/bulk_set_state", "/flows/count")
    }
    run(provider, paths, tmp_path, ("examples", "coverage", "fuzzing"))

    assert {where for _, where, _ in provider.sent} == {"/flows/count"}


def test_what_a_later_operation_shows_is_used_in_the_end(tmp_path: Path) -> None:
    """A chart is known only from an answer to a POST, which comes after all that is read."""

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if method == "POST":
            return 200, {"charts": {"system.cpu": {"unit": "%"}, "system.ram": {"unit": "MiB"}}}
        return (200, {}) if where.startswith("/data/system.") else (404, None)

    paths = {
        "/data/{chart}": {"get": {"parameters": path("chart"), "responses": answers("200", ANY)}},
        "/survey": {"post": {"responses": answers("200", ANY)}},
    }

    assert "GET /data/{chart}" in reached(run(Provider(answer), paths, tmp_path, EVERYTHING))


def test_a_part_that_names_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if "pool" in body:
            return 404, {"detail": f"Pool {body['pool']!r} not found."}
        return 201, {"id": "a"}

    schema = NAMED | {"properties": {"name": TEXT, "pool": TEXT}, "example": {"name": "ada", "pool": "warm"}}
    paths = {
        "/runs": {"post": {"requestBody": {"required": True, **content(schema)}, "responses": answers("201", ANY)}}
    }

    assert reached(run(Provider(answer), paths, tmp_path)) == {"POST /runs"}


def test_of_parts_that_exclude_each_other_one_is_kept(tmp_path: Path) -> None:
    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if len({"user", "group"} & body.keys()) != 1:
            return 400, {"message": "Specify exactly one of `user` or `group`"}
        return 201, {"id": "a"}

    schema = {"type": "object", "properties": {"user": TEXT, "group": TEXT}}
    for index, example in enumerate(({}, {"user": "ada", "group": "all"})):
        shown = schema | {"example": example}
        paths = {
            "/grants": {"post": {"requestBody": {"required": True, **content(shown)}, "responses": answers("201", ANY)}}
        }
        (folder := tmp_path / str(index)).mkdir()

        assert reached(run(Provider(answer), paths, folder)) == {"POST /grants"}


def test_bodies_take_what_a_near_operation_was_sent(tmp_path: Path) -> None:
    """The key that was granted is the one that can be revoked."""
    granted: set[str] = set()

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        key = body.get("key") or body.get("permission", {}).get("key")
        if where.endswith("grant"):
            granted.add(key)
            return 200, {}
        return (200, {}) if key in granted else (412, {"error": "this was not granted"})

    pattern = {"type": "string", "minLength": 9}
    grant = {"type": "object", "required": ["permission"], "properties": {"permission": {
        "type": "object", "required": ["key"], "properties": {"key": pattern}}}}  # fmt: skip
    revoke = {"type": "object", "required": ["key"], "properties": {"key": pattern}}
    paths = {
        f"/auth/role/{name}": {
            "post": {"requestBody": {"required": True, **content(schema)}, "responses": answers("200")}
        }
        for name, schema in (("grant", grant), ("revoke", revoke))
    }

    assert "POST /auth/role/revoke" in reached(run(Provider(answer), paths, tmp_path, EVERYTHING))


class Linking(Provider):
    """Answers a list with a Link field alone."""

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        await receive()
        found = scope["path"] in {"/pets", "/pets/rex"}
        fields = [(b"content-type", JSON.encode()), (b"link", b'</pets/rex>; rel="item", </pets?p=2>; rel=next')]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": fields})
        await send({"type": "http.response.body", "body": json.dumps({}).encode()})


def test_a_link_field_says_which_things_there_are(tmp_path: Path) -> None:
    paths = {
        "/pets": {"get": {"responses": answers("200", ANY)}},
        "/pets/{name}": {"get": {"parameters": path("name"), "responses": answers("200", ANY)}},
    }

    assert "GET /pets/{name}" in reached(run(Linking(lambda *_: (200, None)), paths, tmp_path))


def test_data_and_items_of_a_thing_are_its_own() -> None:
    block = {"id": "a", "name": "n", "data": {"x": 1}, "items": [{"id": "b"}]}

    assert things_in(block) == [block]
    assert things_in({"data": [{"id": "b"}]}) == [{"id": "b"}]


def test_variables_are_found_without_the_noun_of_their_collection() -> None:
    assert identify({"kind": "SOA"}, "/zones/{zone}/metadata/{metadata_kind}") == {"metadata_kind": "SOA"}
    assert identify({"name": "1"}, "/terminals/{terminal_id}") == {"terminal_id": "1"}
    assert identify({"ip": "::1", "host": "a"}, "/primaries/{ip}/{host}") == {"ip": "::1", "host": "a"}
    assert identify({"id": 5}, "/users/{username}") == {}


def test_plural_members_list_things_by_their_noun() -> None:
    body = {"kernelspecs": {"python3": {"name": "python3"}}, "tags": ["a"], "users": [{"id": 7}], "spec": {"x": {}}}

    assert set(listed_nouns(body)) == {("kernelspec", "python3"), ("tag", "a"), ("user", 7)}


def test_two_variables_name_a_thing_and_what_it_is_in() -> None:
    server = KnownObject("/users/{name}/servers/{server}", {"name": "ada", "server": "s1"}, created=True)

    found = list(iter_relatives("/shares/{owner}/{server_name}", [server]))
    assert [(thing.variables, thing.created) for thing in found] == [({"owner": "ada", "server_name": "s1"}, True)]


def test_what_goes_wrong_at_a_creation_that_fails_in_the_life_of_a_thing_is_said(tmp_path: Path) -> None:
    report = run(Provider(lambda *_: (500, None)), flow_paths(), tmp_path, ("stateful",))
    creating = next(tested for tested in report.operations if tested.title == "POST /flows")

    assert any(incident.finding.rule == "response-server-error" for incident in report.red)
    assert creating.sent == len(report.exchanges) > 0
    assert creating.refusals.keys() == {500}


def test_what_goes_wrong_at_the_creation_of_what_is_around_a_thing_is_said(tmp_path: Path) -> None:
    """The flow that a run is to be in can't be created; the run is created in one that is there."""
    paths = flow_paths() | {
        "/flows/{id}/runs": {
            "post": {"parameters": path("id"), "requestBody": BODY, "responses": answers("201", NAMED)}
        },
        "/flows/{id}/runs/{run}": {"get": {"parameters": path("id", "run"), "responses": answers("200", NAMED)}},
    }
    paths["/flows"]["get"] = {"responses": answers("200", {"type": "array", "items": ANY})}

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if (method, where) == ("POST", "/flows"):
            return 500, None
        return (200, [{"id": "one"}]) if where == "/flows" else (201 if method == "POST" else 200, {"name": "two"})

    provider = Provider(answer)
    report = run(provider, paths, tmp_path, ("stateful",))

    assert ("POST", "/flows") in {(method, where) for method, where, _ in provider.sent}
    assert "response-server-error" in {incident.finding.rule for incident in report.red}
    assert len(report.exchanges) == len(provider.sent)
