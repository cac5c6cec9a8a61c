"""What a run learns of a provider, and what it makes of it: by structure, whatever things are called."""

import json
from collections.abc import Callable
from pathlib import Path

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app

JSON = "application/json"
TEXT = {"type": "string"}


def content(schema: dict) -> dict:
    return {"content": {JSON: {"schema": schema}}}


def answers(status: str, schema: dict | None = None) -> dict:
    return {
        status: {"description": "", **(content(schema) if schema else {})},
        "4XX": {"description": "no"},
    }


def path(*names: str) -> list[dict]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


class Provider:
    """Answers by a table of functions of the path and the body, and keeps what was sent."""

    def __init__(self, answer: Callable[[str, str, dict], tuple[int, object]]) -> None:
        self.answer = answer
        self.sent: list[tuple[str, str, dict]] = []
        self.fields: list[dict[bytes, bytes]] = []
        self.raw: list[tuple[str, str, bytes, bytes]] = []  # with what the content type is said to be

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        raw = (await receive())["body"]
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        self.fields.append(dict(scope["headers"]))
        self.sent.append((scope["method"], scope["path"], body))
        self.raw.append((scope["method"], scope["path"], raw, dict(scope["headers"]).get(b"content-type", b"")))
        status, value = self.answer(scope["method"], scope["path"], body if isinstance(body, dict) else {})
        data = b"" if value is None or scope["method"] == "HEAD" else json.dumps(value).encode()
        fields = [(b"content-type", JSON.encode())] * bool(data)
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": data})


def run(
    provider: Provider, paths: dict, tmp_path: Path, phases: tuple[str, ...] = ("examples",), **more: object
) -> Report:
    where = tmp_path / "openapi.json"
    where.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, **more}))
    document = load(where)
    api = make_api(document, "", 0)
    sender = open_app(provider, AnswerLimits(seconds=2))
    options = Options(phases=phases, mutating=True, max_cases=20, max_examples=4)
    try:
        return Runner(Run(api, sender, options, Memory(document, api.router, "")), document.entries).report()
    finally:
        sender.close()


def reached(report: Report) -> set[str]:
    return {tested.title for tested in report.operations if tested.accepted}


NAMED = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
BODY = {"required": True, **content(NAMED)}


def test_a_parent_is_one_whatever_its_variable_is_called(tmp_path: Path) -> None:
    made: set[str] = set()

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        parts = where.strip("/").split("/")
        if method == "POST" and len(parts) % 2 and ("/".join(parts[:-1]) in made or len(parts) == 1):
            made.add("/".join((*parts, body["name"])))
            return 201, {"id": body["name"]}
        return (200, {"id": parts[-1]}) if "/".join(parts) in made else (404, None)

    one = answers("200", {"type": "object"})
    paths = {
        "/buckets": {"post": {"requestBody": BODY, "responses": answers("201", {"type": "object"})}},
        "/buckets/{id}": {"get": {"parameters": path("id"), "responses": one}},
        "/buckets/{bucket_id}/items": {
            "post": {
                "parameters": path("bucket_id"),
                "requestBody": BODY,
                "responses": answers("201", {"type": "object"}),
            }
        },
        "/buckets/{bucket}/items/{id}": {"get": {"parameters": path("bucket", "id"), "responses": one}},
    }

    assert reached(run(Provider(answer), paths, tmp_path)) == {
        "POST /buckets", "GET /buckets/{id}", "POST /buckets/{bucket_id}/items", "GET /buckets/{bucket}/items/{id}",
    }  # fmt: skip


def test_what_is_created_is_found_by_its_own_name_where_the_answer_names_nothing(tmp_path: Path) -> None:
    made: set[str] = set()

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if method == "POST":
            made.add(body["name"])
            return 201, None
        return (200, {}) if where.rpartition("/")[2] in made else (404, None)

    paths = {
        "/rooms": {"post": {"requestBody": BODY, "responses": answers("201")}},
        "/rooms/{name}": {"get": {"parameters": path("name"), "responses": answers("200", {"type": "object"})}},
    }

    assert "GET /rooms/{name}" in reached(run(Provider(answer), paths, tmp_path))


def test_the_keys_of_a_map_and_the_texts_of_a_list_are_ids(tmp_path: Path) -> None:
    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        return {
            "/tools": (200, {"saw": {"teeth": 9}, "axe": {"teeth": 0}}),
            "/tools/saw": (200, {"teeth": 9}),
            "/codes": (200, ["x1"]),
            "/codes/x1": (200, {}),
        }.get(where, (404, None))

    free = answers("200", {})
    paths = {
        "/tools": {"get": {"responses": free}},
        "/tools/{tool}": {"get": {"parameters": path("tool"), "responses": free}},
        "/codes": {"get": {"responses": free}},
        "/codes/{value}": {"get": {"parameters": path("value"), "responses": free}},
    }

    assert reached(run(Provider(answer), paths, tmp_path)) == {
        "GET /tools", "GET /tools/{tool}", "GET /codes", "GET /codes/{value}",
    }  # fmt: skip


def test_a_property_that_names_a_known_thing_takes_its_id(tmp_path: Path) -> None:
    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if where == "/tools":
            return 200, [{"id": "saw-7"}]
        right = body.get("toolId") == "saw-7" and body.get("tool", {}).get("id") == "saw-7"
        return (201, {"id": "l1"}) if right else (422, {"message": "there is no such tool"})

    loan = {
        "type": "object",
        "required": ["toolId", "tool"],
        "properties": {"toolId": TEXT, "tool": {"type": "object", "required": ["id"], "properties": {"id": TEXT}}},
    }
    paths = {
        "/tools": {"get": {"responses": answers("200", {"type": "array"})}},
        "/tools/{toolId}": {"get": {"parameters": path("toolId"), "responses": answers("200", {})}},
        "/loans": {
            "post": {
                "requestBody": {"required": True, **content(loan)},
                "responses": answers("201", {"type": "object"}),
            }
        },
    }

    assert "POST /loans" in reached(run(Provider(answer), paths, tmp_path))


def test_an_end_is_in_the_future_and_a_name_is_plain(tmp_path: Path) -> None:
    moment = {"type": "string", "format": "date-time"}
    silence = {
        "type": "object",
        "required": ["name", "startsAt", "endsAt"],
        "properties": {"name": TEXT, "startsAt": moment, "endsAt": moment},
    }
    provider = Provider(lambda method, where, body: (201, {"id": "1"}))
    paths = {
        "/silences": {"post": {"requestBody": {"required": True, **content(silence)}, "responses": answers("201", {})}}
    }

    run(provider, paths, tmp_path)
    sent = [body for method, _, body in provider.sent if method == "POST"]

    assert sent
    assert all(body["endsAt"] > "2036" and body["startsAt"] < body["endsAt"] for body in sent)
    assert all(body["name"].isalnum() and body["name"].islower() for body in sent)


def test_no_credentials_are_made_up_where_none_are_asked_for(tmp_path: Path) -> None:
    provider = Provider(lambda method, where, body: (200, {}))
    key = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    paths = {"/a": {"get": {"responses": answers("200", {})}}}

    run(provider, paths, tmp_path, ("examples", "coverage"), components=key, security=[{"key": []}])

    assert all(b"x-key" not in fields for fields in provider.fields)


def test_made_up_credentials_are_tried_once_where_some_are_asked_for(tmp_path: Path) -> None:
    provider = Provider(lambda method, where, body: (401, {}))
    key = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
    paths = {f"/{name}": {"get": {"responses": answers("200", {})}} for name in "abc"}

    run(provider, paths, tmp_path, ("examples",), components=key, security=[{"key": []}])

    assert sum(b"x-key" in fields for fields in provider.fields) == 1


def test_what_deletes_comes_last_of_all(tmp_path: Path) -> None:
    made: dict[str, dict] = {}

    def answer(method: str, where: str, body: dict) -> tuple[int, object]:
        if method == "POST":
            made[body.get("name", "")] = body
            return 201, {"id": body.get("name", ""), **body}
        name = where.rpartition("/")[2]
        if name not in made:
            return 404, None
        if method == "DELETE":
            del made[name]
            return 204, None
        return 200, {"id": name, **made[name]}

    one = {"parameters": path("id"), "get": {"responses": answers("200", {})}, "delete": {"responses": answers("204")}}
    paths = {
        "/rooms": {"post": {"requestBody": BODY, "responses": answers("201", {})}},
        "/rooms/{id}": one,
        "/rooms/{id}/doors": {
            "post": {"parameters": path("id"), "requestBody": BODY, "responses": answers("201", {})},
        },
    }
    provider = Provider(answer)

    run(provider, paths, tmp_path, ("examples", "coverage", "stateful", "fuzzing"))
    methods = [method for method, _, _ in provider.sent]
    first = methods.index("DELETE")

    assert [where for method, where, _ in provider.sent[:first] if where.endswith("/doors")]
    assert not [where for _, where, _ in provider.sent[first:] if where.endswith("/doors")]
