"""What was answered from state is answered again at once, until something changes; and nobody gets what is not theirs."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from mock_server.compose.backend import configure_sources
from mock_server.server.backend import Backend
from mock_server.server.middleware import MockMiddleware
from tests.state.test_shop import SHOP
from tests.support.at_door import AtDoor
from tests.support.crud import todos
from tests.support.mocks import Mock


class Client:
    """Asks the middleware, as a socket of ours does."""

    def __init__(self, mock: Mock) -> None:
        self.backend = Backend.of(mock.responder)
        configure_sources(self.backend, self.backend.mounts, mock.responder.kit.settings)
        self.app = AtDoor(MockMiddleware(self._nobody, self.backend))
        self.asked = 0
        respond = mock.responder.respond

        def counted(*arguments: Any) -> Any:
            self.asked += 1
            return respond(*arguments)

        mock.responder.respond = counted  # type: ignore[method-assign]

    async def _nobody(self, *_: object) -> None:
        """What stands behind."""

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> tuple[int, dict[bytes, bytes], Any]:
        path, _, query = target.partition("?")
        data = orjson.dumps(body) if body is not None else b""
        fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        if body is not None:
            fields += [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": fields,
        }
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": data}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        content = sent[1]["body"]
        return sent[0]["status"], dict(sent[0]["headers"]), orjson.loads(content) if content else None


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    log = logging.getLogger("mock_server.access")
    before = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(before)


@pytest.fixture
def todo(mock: Callable[..., Mock]) -> Client:
    made = mock(todos(), stateful=True)
    made.responder.sources = ()
    return Client(made)


def test_the_same_question_is_answered_at_once_until_something_changes(todo: Client) -> None:
    for _ in range(3):
        before = todo.ask("GET", "/todos")[2]
    asked = todo.asked
    assert todo.ask("GET", "/todos")[2] == before
    assert todo.asked == asked

    made = todo.ask("POST", "/todos", {"title": "New"})[2]

    assert todo.ask("GET", "/todos")[2] == [*before, made]
    assert todo.ask("GET", f"/todos/{made['id']}")[2] == made
    assert todo.ask("GET", f"/todos/{made['id']}")[2] == made
    todo.ask("DELETE", f"/todos/{made['id']}")
    assert todo.ask("GET", f"/todos/{made['id']}")[0] == 404
    assert todo.ask("GET", "/todos")[2] == before


def test_another_world_another_preference_and_another_query_get_their_own(todo: Client) -> None:
    for _ in range(3):
        todo.ask("GET", "/todos")
    made = todo.ask("POST", "/todos", {"title": "Theirs"}, x_mock_world="theirs")[2]

    assert made not in todo.ask("GET", "/todos")[2]
    assert made in todo.ask("GET", "/todos", x_mock_world="theirs")[2]
    assert len(todo.ask("GET", "/todos?limit=1")[2]) == 1
    assert todo.ask("GET", "/todos", prefer="size=9")[1][b"x-mock-source"] == b"generated"
    assert len(todo.ask("GET", "/todos?__size=9")[2]) == 9


def test_a_world_that_begins_anew_or_goes_back_is_not_answered_from_before(todo: Client) -> None:
    before = todo.ask("GET", "/todos")[2]
    todo.ask("POST", "/todos", {"title": "New"})
    assert len(todo.ask("GET", "/todos")[2]) == len(before) + 1
    snapshot = todo.backend.worlds.snapshot("")
    todo.backend.worlds.reset("")
    assert todo.ask("GET", "/todos")[2] == before
    todo.backend.worlds.restore("", snapshot)
    assert len(todo.ask("GET", "/todos")[2]) == len(before) + 1


def test_links_name_the_host_that_was_asked(mock: Callable[..., Mock]) -> None:
    made = mock(SHOP, stateful=True)
    made.responder.sources = ()
    shop = Client(made)
    for number in range(3):
        shop.ask("POST", "/owners", {"name": f"N{number}", "email": f"n{number}@example.com"})
    for host in ("one.test", "two.test", "one.test", "two.test"):
        assert shop.ask("GET", "/owners?limit=1", host=host)[2]["meta"]["next"].startswith(f"http://{host}/owners")


def test_every_exchange_is_in_the_journal(todo: Client) -> None:
    for _ in range(5):
        todo.ask("GET", "/todos")

    assert len(list(todo.backend.worlds.everybody.journal)) == 5


def test_a_document_that_was_edited_keeps_its_state(todo: Client, mock: Callable[..., Mock]) -> None:
    made = todo.ask("POST", "/todos", {"title": "Kept"})[2]
    edited = todos()
    del edited["paths"]["/todos/{todoId}"]["delete"]
    responder = mock(edited).responder
    later = Backend.of(responder)
    configure_sources(todo.backend, later.mounts, todo.backend.settings)
    todo.backend.mounts = later.mounts

    assert todo.ask("GET", f"/todos/{made['id']}")[2] == made
    assert todo.ask("DELETE", f"/todos/{made['id']}")[0] == 405


def test_documents_of_the_same_paths_keep_their_own(mock: Callable[..., Mock]) -> None:
    settings = mock(todos(), stateful=True).responder.kit.settings
    one, other = (mock({**todos(), "servers": [{"url": url}]}).responder for url in ("/one", "/other"))
    backend = Backend.of(one, other)
    configure_sources(backend, backend.mounts, settings)
    client = Client.__new__(Client)
    client.backend, client.app = backend, MockMiddleware(Client._nobody.__get__(client), backend)
    made = client.ask("POST", "/one/todos", {"title": "Mine"})[2]

    assert made in client.ask("GET", "/one/todos")[2]
    assert made not in client.ask("GET", "/other/todos")[2]
