"""The application: our middleware and Connexion's stack say the same, byte for byte."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_server.compose.app import create_app
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.server.backend import Backend
from mock_server.server.handlers import routing_document
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.paths import DOCUMENT

Answer = tuple[int, dict[bytes, bytes], bytes]


class Client:
    """Speaks ASGI to an application whose lifespan has begun."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.events: asyncio.Queue = asyncio.Queue()
        self.said: list[dict] = []
        self.loop.run_until_complete(self._start())

    async def _start(self) -> None:
        await self.events.put({"type": "lifespan.startup"})
        started = asyncio.Event()

        async def send(message: dict) -> None:
            self.said.append(message)
            started.set()

        self.task = asyncio.ensure_future(
            self.app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self.events.get, send)
        )
        await started.wait()
        assert self.said[0]["type"] == "lifespan.startup.complete"

    def close(self) -> None:
        async def stop() -> None:
            await self.events.put({"type": "lifespan.shutdown"})
            await self.task

        self.loop.run_until_complete(stop())
        self.loop.close()

    def ask(
        self, target: str, method: str = "GET", headers: dict[str, str] | None = None, chunks: tuple[bytes, ...] = ()
    ) -> Answer:
        path, _, query = target.partition("?")
        fields = [(b"host", b"test"), *((name.encode(), value.encode()) for name, value in (headers or {}).items())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": fields, "scheme": "http", "server": ("test", 80), "client": ("c", 1), "root_path": "",
        }  # fmt: skip
        queue = [
            {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
            for index, chunk in enumerate(chunks)
        ]
        sent: list[dict] = []

        async def receive() -> dict:
            return queue.pop(0) if queue else {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        self.loop.run_until_complete(self.app(scope, receive, send))
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


@pytest.fixture(scope="module")
def both() -> Any:
    """The default document, answered by our middleware and through Connexion's whole stack."""
    clients = [
        Client(create_app(Backend.of(open_responder(str(DOCUMENT), Settings()).responder), through=through))
        for through in (False, True)
    ]
    yield clients
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/api/charger/EMABLER_Charger12345/users?code=k&clientId=c", {}),
        ("/api/charger/EMABLER_Charger777/users?code=k&clientId=c", {}),
        ("/api/charger/EMABLER_Charger30001/users?code=k&clientId=c", {}),
        ("/api/charger/EMABLER_Charger777/users?code=k&clientId=c", {"prefer": "size=3, seed=9"}),
        ("/api/charger/EMABLER_Charger777/users?code=k&clientId=c", {"prefer": "code=400"}),
        ("/api/charger/EMABLER_Charger777/users", {}),
        ("/api/charger/EMABLER_Charger777/users?code=k&clientId=c", {"accept": "text/html"}),
        ("/api/charger/EMABLER_Charger777/users?code=k&clientId=c", {"prefer": "code=x"}),
    ],
)
def test_both_ways_answer_the_same_bytes(both: list[Client], target: str, headers: dict[str, str]) -> None:
    ours, theirs = (client.ask(target, headers=headers) for client in both)

    assert ours[0] == theirs[0]
    assert ours[2] == theirs[2]
    assert {name: value for name, value in ours[1].items() if name != b"content-length"} == {
        name: value for name, value in theirs[1].items() if name != b"content-length"
    }


@pytest.fixture
def client(mock: Callable[..., Any]) -> Any:
    opened: list[Client] = []

    def make(document: object, **changes: object) -> Client:
        opened.append(Client(create_app(Backend.of(mock(document, **changes).responder))))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}},
    }
}


def test_a_body_in_pieces_is_put_together(client: Callable[..., Client]) -> None:
    asked = client(minimal({"/a": {"post": {**operation({"const": 1}), **BODY}}}, "3.1.0"))
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}

    assert asked.ask("/a", "POST", headers, (b'{"a"', b": 1", b"}"))[0] == 200
    assert asked.ask("/a", "POST", headers, (b'{"b"', b": 1}"))[0] == 422


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused(client: Callable[..., Client], declared: bool) -> None:
    asked = client(minimal({"/a": {"post": {**operation({}), **BODY}}}), max_body=1000)
    headers = {
        "content-type": "application/json",
        **({"content-length": "50000000"} if declared else {"transfer-encoding": "chunked"}),
    }

    status, fields, body = asked.ask("/a", "POST", headers, (b"x" * 600, b"x" * 600, b"x" * 600))

    assert status == 413
    assert fields[b"connection"] == b"close"
    assert json.loads(body)["type"] == "urn:mock-server:problem:content-too-large"


def test_a_path_of_the_document_goes_before_our_pages(client: Callable[..., Client]) -> None:
    document = minimal(
        {
            path: {"get": {**operation({"const": path}), "operationId": path}}
            for path in ("/openapi.json", "/ui", "/__admin/health")
        },
        "3.1.0",
    )
    asked = client(document)

    for path in document["paths"]:
        assert json.loads(asked.ask(path)[2]) == path


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_swagger_ui_is_shown_documents_as_they_are(client: Callable[..., Client], version: str) -> None:
    asked = client(minimal({"/a": {"get": operation({})}}, version))

    assert json.loads(asked.ask("/openapi.json")[2])["openapi"] == version
    assert json.loads(asked.ask("/__admin/ui.json")[2])["openapi"] == version
    assert asked.ask("/ui/")[0] == 200


def test_swagger_2_documents_are_shown_with_this_server(client: Callable[..., Client]) -> None:
    asked = client(
        {
            "swagger": "2.0",
            "info": {"title": "T", "version": "1"},
            "host": "example.com",
            "basePath": "/v1",
            "schemes": ["https"],
            "paths": {},
        }
    )
    shown = json.loads(asked.ask("/openapi.json")[2])

    assert shown["basePath"] == "/v1"
    assert "host" not in shown


def test_a_deprecated_operation_says_so(client: Callable[..., Client]) -> None:
    asked = client(minimal({"/a": {"get": {**operation({"const": 1}), "deprecated": True}}}, "3.1.0"))

    assert asked.ask("/a")[1][b"deprecation"] == b"true"


def test_cors_can_be_switched_off(client: Callable[..., Client]) -> None:
    asked = client(minimal({"/a": {"get": operation({"const": 1})}}, "3.1.0"), cors=False)

    assert b"access-control-allow-origin" not in asked.ask("/a", headers={"origin": "http://a.test"})[1]


def test_recursive_documents_are_served_whole(client: Callable[..., Client]) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    asked = client(
        minimal(
            {"/a": {"get": operation({"$ref": "#/components/schemas/Node"})}}, components={"schemas": {"Node": node}}
        )
    )

    assert json.loads(asked.ask("/openapi.json")[2])["components"]["schemas"]["Node"] == node
    assert b"$ref" in asked.ask("/openapi.yaml")[2]


def test_connexion_is_told_routes_without_schemas() -> None:
    responder: Responder = open_responder(str(DOCUMENT), Settings()).responder
    routes = [(base, entry) for entry in responder.document.entries for base in responder.base_paths(entry)]

    document = routing_document("T", "", [*routes, *routes])

    assert list(document["paths"]) == ["/api/charger/{p0}/users"]
    assert document["paths"]["/api/charger/{p0}/users"]["get"]["parameters"] == [
        {"name": "p0", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    assert "Driver" not in json.dumps(document)
