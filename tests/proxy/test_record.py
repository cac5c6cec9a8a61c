"""What the proxy records is served again: the same requests get the same answers, and no secret is written."""

import gzip
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from benchmarks.recording import walk
from mock_server.document.yaml import decode_yaml
from mock_server.exchange.message import Request
from mock_server.proxy.record import Recorder
from mock_server.respond.open import open_responder
from mock_server.respond.worlds import World
from mock_server.settings import Settings
from tests.support.mocks import Mock, minimal
from tests.support.paths import SHARED
from tests.support.proxying import Heard, Proxy, RealServer, answer, start_proxy

TODO = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {"id": {"type": "string"}, "title": {"type": "string"}, "done": {"type": "boolean"}},
    "additionalProperties": False,
}
NEW = {
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string"}, "done": {"type": "boolean"}},
}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}


def json(schema: object) -> dict[str, object]:
    return {"application/json": {"schema": schema}}


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
MISSING = {"description": "", "content": json(ERROR)}
DOCUMENT = minimal(
    {
        "/todos": {
            "get": {
                "operationId": "listTodos",
                "parameters": [
                    {"name": "done", "in": "query", "schema": {"type": "boolean"}},
                    {
                        "name": "ids",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                        "explode": False,
                    },
                ],
                "responses": {"200": {"description": "", "content": json({"type": "array", "items": TODO})}},
            },
            "post": {
                "operationId": "createTodo",
                "requestBody": {"required": True, "content": json(NEW)},
                "responses": {
                    "201": {
                        "description": "",
                        "headers": {
                            "Location": {"schema": {"type": "string"}},
                            "X-Cost": {"schema": {"type": "integer"}},
                        },
                        "content": json(TODO),
                    },
                    "422": MISSING,
                },
            },
        },
        "/todos/{id}": {
            "parameters": [ID],
            "get": {
                "operationId": "getTodo",
                "responses": {"200": {"description": "", "content": json(TODO)}, "404": MISSING},
            },
            "delete": {"operationId": "deleteTodo", "responses": {"204": {"description": ""}, "404": MISSING}},
        },
        "/login": {
            "post": {
                "operationId": "login",
                "requestBody": {
                    "content": json(
                        {"type": "object", "properties": {"user": {"type": "string"}, "password": {"type": "string"}}}
                    )
                },
                "responses": {
                    "200": {
                        "description": "",
                        "content": json(
                            {
                                "type": "object",
                                "properties": {
                                    "accessToken": {"type": "string"},
                                    "ticket": {"type": "string", "format": "uuid"},
                                    "phrase": {"type": "string", "format": "password"},
                                },
                            }
                        ),
                    }
                },
            }
        },
        "/me": {
            "get": {
                "operationId": "me",
                "security": [{"bearer": []}],
                "responses": {"200": {"description": "", "content": json(TODO)}, "401": MISSING},
            }
        },
        "/picture": {
            "get": {"operationId": "picture", "responses": {"200": {"description": "", "content": {"image/png": {}}}}}
        },
        "/text": {
            "get": {"operationId": "text", "responses": {"200": {"description": "", "content": {"text/plain": {}}}}}
        },
        "/events": {
            "get": {
                "operationId": "events",
                "responses": {"200": {"description": "", "content": {"text/event-stream": {}}}},
            }
        },
    },
    servers=[{"url": "/api"}],
    components={"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
)
SOME = (
    "imposter-project-imposter-jvm-engine-xml-examples-openapi3-xml-examples/openapi3-xml-examples.yaml",
    "swagger-api-swagger-petstore/openapi.yaml",
    "OAI-learn.openapis.org-petstore-separate-swagger/spec/swagger.json",
    "hey-api-openapi-ts-3.1.x-full/full.yaml",
    "schemathesis-schemathesis-schemas-stateful-users/stateful_users.yaml",
    "ga4gh-data-repository-service-schemas-data-repository-service.openapi/data_repository_service.openapi.yaml",
)
REAL = [SHARED / "specs" / name for name in SOME if (SHARED / "specs" / name).is_file()]
Recording = Callable[..., tuple[Proxy, RealServer, Path]]


class Todos:
    """A provider that remembers."""

    def __init__(self) -> None:
        self.todos: dict[str, dict[str, object]] = {}
        self.lock = threading.Lock()

    def __call__(self, heard: Heard) -> None:
        method, target, _ = heard.line.decode().split(" ")
        path, _, query = target.partition("?")
        body = heard.read_body()
        body = gzip.decompress(body) if heard.values("content-encoding") else body
        with self.lock:
            heard.send(self.answer(method, path.removeprefix("/v9"), query, orjson.loads(body) if body else None))

    def answer(self, method: str, path: str, query: str, body: dict[str, object] | None) -> bytes:
        key = path.removeprefix("/todos").removeprefix("/")
        if path == "/todos" and method == "POST":
            todo = {"id": str(len(self.todos) + 1), **(body or {})}
            self.todos[str(todo["id"])] = todo
            return answer(
                orjson.dumps(todo),
                f"Location: /v9/todos/{todo['id']}",
                "X-Cost: 3",
                "Server: secret/1",
                status="201 Created",
            )
        if path == "/todos":
            found = [t for t in self.todos.values() if "done=true" not in query or t.get("done")]
            return answer(orjson.dumps(found))
        if key not in self.todos:
            return answer(b'{"message":"gone"}', status="404 Not Found")
        if method == "DELETE":
            del self.todos[key]
            return answer(status="204 No Content")
        return answer(orjson.dumps(self.todos[key]))


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """Start a proxy that records."""
    running: list[tuple[Proxy, RealServer]] = []

    def start(talk: Callable[[Heard], None] | bytes, **changes: object) -> tuple[Proxy, RealServer, Path]:
        server = RealServer(talk)
        own = tmp_path / uuid.uuid4().hex
        own.mkdir()
        recorder = Recorder(tmp_path / "recorded", server.url, "/v9")
        running.append((start_proxy(DOCUMENT, server.url + "/v9", own, record=recorder.take, **changes), server))
        return (*running[-1], tmp_path / "recorded")

    yield start
    for proxy, server in running:
        proxy.stop()
        server.close()


def replay(tmp_path: Path, folder: Path) -> Callable[..., object]:
    """Open the mock with what was recorded; gives who asks it, in one world."""
    path = tmp_path / "replayed.json"
    path.write_bytes(orjson.dumps(DOCUMENT))
    responder = open_responder(str(path), Settings(fixtures=folder)).responder
    world = World("replay")

    def ask(method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> object:
        path, _, query = target.partition("?")
        fields = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        return responder.respond(Request(method, path.encode(), query.encode(), fields, body), world)

    return ask


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


LIFE = [
    ("GET", "/api/todos", None),
    ("GET", "/api/todos", None),
    ("POST", "/api/todos", {"title": "a"}),
    ("POST", "/api/todos", {"title": "a"}),
    ("POST", "/api/todos", {"title": "b", "done": True}),
    ("GET", "/api/todos", None),
    ("GET", "/api/todos?done=true", None),
    ("GET", "/api/todos?done=false", None),
    ("GET", "/api/todos?ids=1,2&other=x", None),
    ("GET", "/api/todos?other=x&ids=1,2", None),
    ("GET", "/api/todos/2", None),
    ("DELETE", "/api/todos/2", None),
    ("GET", "/api/todos/2", None),
    ("DELETE", "/api/todos/2", None),
    ("GET", "/api/todos", None),
    ("GET", "/api/todos?ids=1,2&other=y", None),
]


def test_a_life_that_was_recorded_is_lived_again(recording: Recording, tmp_path: Path) -> None:
    proxy, _, folder = recording(Todos())
    seen = []
    for method, target, body in LIFE:
        data = orjson.dumps(body) if body else None
        response, content = proxy.ask(method, target, data, {"Content-Type": "application/json"} if data else {})
        seen.append((response.status, content, response.headers["location"], response.headers["x-cost"]))
    assert proxy.rules(len(LIFE)) == ["request-query-undocumented"]

    ask = replay(tmp_path, folder)
    for (method, target, body), (status, content, location, cost) in zip(LIFE, seen, strict=True):
        data = orjson.dumps(body) if body else b""
        got = ask(method, target, data, {"content-type": "application/json", "content-length": "1"} if data else {})
        fields = {name.decode(): value.decode() for name, value in got.fields}

        assert (got.status, got.body) == (status, content), (method, target)
        assert got.source.startswith("fixture:")
        assert (fields.get("location"), fields.get("x-cost")) == (location, cost)
        assert "server" not in fields


def test_the_same_answer_is_written_once(recording: Recording) -> None:
    proxy, _, folder = recording(Todos())
    for _ in range(3):
        proxy.ask("GET", "/api/todos")
    proxy.rules(3)

    assert len(files(folder)) == 1


def test_a_new_run_replaces_what_an_older_one_recorded(recording: Recording) -> None:
    proxy, _, folder = recording(Todos())
    for method, target, body in LIFE[:6]:
        data = orjson.dumps(body) if body else None
        proxy.ask(method, target, data, {"Content-Type": "application/json"} if data else {})
    proxy.rules(6)
    lists = [name for name in files(folder) if name.startswith("listTodos")]
    assert len(lists) == 2
    (folder / "listTodos" / "mine.yaml").write_text("[]")

    proxy, _, _ = recording(answer(b'[{"id": "9", "title": "z"}]'))
    proxy.ask("GET", "/api/todos")
    proxy.rules(1)
    left = [name for name in files(folder) if name.startswith("listTodos")]

    assert left == ["listTodos/mine.yaml", max(lists)]
    assert "title: z" in (folder / max(lists)).read_text()


def test_no_secret_is_written(recording: Recording) -> None:
    body = {"accessToken": "tok-123456789", "ticket": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "phrase": "open sesame"}
    proxy, _, folder = recording(
        answer(orjson.dumps(body), "Set-Cookie: session=abcdefgh; Path=/; HttpOnly", "Set-Cookie: b=zyxwvuts")
    )
    asked = orjson.dumps({"user": "ann", "password": "hunter2222"})
    head = {"Content-Type": "application/json", "Cookie": "old=qwertyuiop", "Authorization": "Bearer 0987654321"}
    proxy.ask("POST", "/api/login?apiToken=keykeykey", asked, head)
    proxy.rules(1)

    (name,) = files(folder)
    text = (folder / name).read_text()
    for secret in (
        "tok-123456789",
        "open sesame",
        "abcdefgh",
        "zyxwvuts",
        "hunter2222",
        "qwertyuiop",
        "0987654321",
        "keykeykey",
    ):
        assert secret not in text + name
    value, _ = decode_yaml(text)
    assert value["when"] == {"body": {"": {"absent": False}, "/user": "ann", "/password": {"absent": False}}}
    assert value["headers"]["set-cookie"] == ["session=[masked]; Path=/; HttpOnly", "b=[masked]"]


def test_a_secret_that_has_a_form_keeps_it(recording: Recording) -> None:
    proxy, _, folder = recording(answer(b'{"ticket": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}'))
    proxy.ask(
        "POST",
        "/api/login",
        b'{"user": "ann"}',
        {"Content-Type": "application/json", "X-Api-Key": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
    )
    proxy.rules(1)

    (name,) = files(folder)
    value, _ = decode_yaml((folder / name).read_text())
    assert value["body"] == {"ticket": "0a0000a0-0a00-00a0-0a0a-0000a00a0000"}


def test_what_breaks_the_document_is_named_and_not_written(recording: Recording) -> None:
    proxy, _, folder = recording(answer(b'{"id": 1}'))
    proxy.ask("GET", "/api/todos/1")
    rules = proxy.rules(1)

    assert "traffic-not-recorded" in rules
    assert files(folder) == []


def test_asking_without_credentials_is_told_from_asking_with_them(recording: Recording, tmp_path: Path) -> None:
    proxy, server, folder = recording(answer(b'{"message": "who are you?"}', status="401 Unauthorized"))
    proxy.ask("GET", "/api/me")
    server.talk = answer(b'{"id": "1", "title": "me"}')
    proxy.ask("GET", "/api/me", headers={"Authorization": "Bearer 0987654321"})
    proxy.rules(2)
    ask = replay(tmp_path, folder)

    assert ask("GET", "/api/me", headers={"Authorization": "Bearer other"}).body == b'{"id":"1","title":"me"}'
    assert ask("GET", "/api/me").body == b'{"message":"who are you?"}'


@pytest.mark.parametrize(
    ("target", "media_type", "body"),
    [
        ("/picture", "image/png", bytes(range(256))),
        ("/text", "text/plain; charset=utf-8", "Größe: 1 µm\n\ttab: 'x' #\n".encode()),
        ("/text", "text/plain; charset=latin-1", "Größe".encode("latin-1")),
        ("/events", "text/event-stream", b"data: 1\n\ndata: 2\n\n"),
        (
            "/todos",
            "application/json",
            b'[{"id": "no", "title": "2026-01-01"}, {"id": "1e3", "title": "\\u0000\\ud83d\\ude00"}]',
        ),
    ],
)
def test_all_kinds_of_bodies_come_back(
    recording: Recording, tmp_path: Path, target: str, media_type: str, body: bytes
) -> None:
    proxy, _, folder = recording(answer(gzip.compress(body), "Content-Encoding: gzip", media_type=media_type))
    proxy.ask("GET", f"/api{target}")
    assert proxy.rules(1) == []
    got = replay(tmp_path, folder)("GET", f"/api{target}")

    fields = {name.decode(): value.decode() for name, value in got.fields}
    assert fields["content-type"] == media_type
    assert "content-encoding" not in fields
    assert got.body == body or orjson.loads(got.body) == orjson.loads(body)


def test_two_proxies_may_record_into_one_folder(recording: Recording, tmp_path: Path) -> None:
    pairs = [recording(Todos()) for _ in range(2)]

    def run(proxy: Proxy) -> None:
        for number in range(20):
            proxy.ask("GET", f"/api/todos?done=true&n={number % 5}")
            proxy.ask("GET", f"/api/todos/{number % 5}")

    threads = [threading.Thread(target=run, args=(proxy,)) for proxy, _, _ in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for proxy, _, _ in pairs:
        assert proxy.rules(40) == ["request-query-undocumented"]

    folder = pairs[0][2]
    assert len(files(folder)) == 10
    assert not [name for name in files(folder) if ".tmp" in name]
    replay(tmp_path, folder)


def test_only_one_world_is_recorded(recording: Recording) -> None:
    proxy, _, folder = recording(Todos())
    proxy.ask("GET", "/api/todos", headers={"X-Mock-World": "a"})
    proxy.ask("GET", "/api/todos/1", headers={"X-Mock-World": "b"})

    assert proxy.rules(2) == ["traffic-not-recorded"]
    assert len(files(folder)) == 1


def test_fixtures_take_turns_in_each_world(mock: Callable[..., Mock], tmp_path: Path) -> None:
    folder = tmp_path / "fixtures" / "getTodo"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("{when: {path: {id: '1'}}, body: {id: '1', title: first}}")
    (folder / "b.yaml").write_text("{when: {path: {id: '1'}}, turn: 3, body: {id: '1', title: third}}")
    (folder / "c.yaml").write_text("{when: {path: {id: '2'}}, turn: 2, body: {id: '2', title: second}}")
    (folder / "d.yaml").write_text("{body: {id: '0', title: any}}")
    responder = mock(DOCUMENT).responder
    worlds = World("one"), World("two")

    def title(number: str, world: World) -> object:
        return orjson.loads(
            responder.respond(Request("GET", f"/api/todos/{number}".encode(), b"", [], b""), world).body
        )["title"]

    assert [title("1", worlds[0]) for _ in range(4)] == ["first", "first", "third", "third"]
    assert [title("1", worlds[1]) for _ in range(3)] == ["first", "first", "third"]
    assert [title("2", worlds[0]) for _ in range(3)] == ["any", "second", "second"]
    worlds[0].reset()
    assert title("1", worlds[0]) == "first"


def test_an_empty_answer_that_changes_is_recorded(recording: Recording, tmp_path: Path) -> None:
    proxy, server, folder = recording(answer(status="204 No Content"))
    proxy.ask("DELETE", "/api/todos/1")
    server.talk = answer(b'{"message": "gone"}', status="404 Not Found")
    proxy.ask("DELETE", "/api/todos/1")
    server.talk = answer(status="204 No Content")
    proxy.ask("DELETE", "/api/todos/1")
    assert proxy.rules(3) == []
    ask = replay(tmp_path, folder)

    assert [ask("DELETE", "/api/todos/1").status for _ in range(4)] == [204, 404, 204, 204]


@pytest.mark.parametrize("document", REAL, ids=lambda path: path.parent.name)
def test_real_documents_are_recorded_and_replayed(document: Path, tmp_path: Path) -> None:
    walked = walk(document, 40, tmp_path)

    assert walked.recorded
    assert (walked.wrong, walked.other, walked.unrecorded) == ([], [], {})
    assert walked.same == walked.recorded == walked.exchanges


def test_a_refusal_answers_only_what_was_refused(recording: Recording, tmp_path: Path) -> None:
    proxy, _, folder = recording(answer(b'{"message": "what?"}', status="422 Unprocessable Content"))
    for body in (b"{", b"{}", None):
        proxy.ask("POST", "/api/todos", body, {"Content-Type": "application/json"} if body else {})
    proxy.rules(3)
    assert len(files(folder)) == 2  # none, and one that can't be read, are the same to whoever reads it
    ask = replay(tmp_path, folder)
    head = {"content-type": "application/json", "content-length": "1"}

    assert ask("POST", "/api/todos", b"{", head).body == b'{"message":"what?"}'
    assert ask("POST", "/api/todos", b"{}", head).body == b'{"message":"what?"}'
    assert ask("POST", "/api/todos", b'{"title": "new"}', head).status == 201


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_what_is_of_the_moment_is_not_recorded(recording: Recording, status: str) -> None:
    proxy, _, folder = recording(answer(b"{}", status=status))
    proxy.ask("GET", "/api/todos")

    assert "traffic-not-recorded" in proxy.rules(1)
    assert files(folder) == []


def test_ids_of_requests_are_not_asked_for(recording: Recording, tmp_path: Path) -> None:
    proxy, _, folder = recording(Todos())
    proxy.ask("GET", "/api/todos?_=1700000000&nonce=1", headers={"X-Request-Id": "1"})
    proxy.rules(1)

    assert replay(tmp_path, folder)("GET", "/api/todos").body == b"[]"


def test_a_body_without_a_secret_is_not_answered_as_one_with_it(recording: Recording, tmp_path: Path) -> None:
    proxy, server, folder = recording(answer(b'{"ticket": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}'))
    head = {"Content-Type": "application/json"}
    proxy.ask("POST", "/api/login", b'{"user": "ann", "password": "hunter2222"}', head)
    server.talk = answer(b"{}")
    proxy.ask("POST", "/api/login", b'{"user": "ann"}', head)
    proxy.rules(2)

    assert (
        replay(tmp_path, folder)(
            "POST", "/api/login", b'{"user": "ann"}', {"content-type": "application/json", "content-length": "1"}
        ).body
        == b"{}"
    )


def test_a_coded_request_is_recorded_by_what_it_stands_for(recording: Recording, tmp_path: Path) -> None:
    proxy, _, folder = recording(Todos())
    coded = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for title in ("a", "b"):
        proxy.ask("POST", "/api/todos", gzip.compress(orjson.dumps({"title": title})), coded)
    proxy.rules(2)
    ask = replay(tmp_path, folder)

    for title in ("b", "a"):
        asked = ask("POST", "/api/todos", orjson.dumps({"title": title}), {"Content-Type": "application/json"})
        assert orjson.loads(asked.body)["title"] == title  # type: ignore[attr-defined]
