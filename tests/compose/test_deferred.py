"""What is made when it is first asked for answers as if it had been there from the start."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mock_server.admin.access import Guard
from mock_server.compose.app import create_app
from mock_server.compose.deferred import deferred_app, install_admin, install_console
from mock_server.respond.open import open_responder
from mock_server.server.backend import Asgi, Backend
from mock_server.settings import Settings
from tests.compose.test_app import Client
from tests.support.paths import DOCUMENT

HEAVY = (
    "connexion",
    "starlette",
    "httpx",
    "httpx2",
    "requests",
    "jsonschema",
    "jinja2",
    "faker",
    "hypothesis",
    "sqlalchemy",
    "prometheus_client",
)
USERS = "/api/charger/{}/users?code=k&clientId=c"
TARGETS = [
    USERS.format("EMABLER_Charger12345"), USERS.format("EMABLER_Charger555"), "/api/nowhere", "/nowhere", "/ui/",
    "/openapi.json", "/__admin/health", "/__admin", "/__console/nothing", "/metrics/none",
]  # fmt: skip


def opened(make: object, *, beside: list[str] | None = None) -> Client:
    backend = Backend.of(open_responder(str(DOCUMENT), Settings()).responder)
    install_console(backend, Guard(), install_admin(backend, Guard()))

    async def run() -> None:
        if beside is not None:
            beside.append("begun")

    backend.tasks.append(run)
    assert callable(make)
    app: Asgi = make(backend)
    return Client(app)


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Client, Client]]:
    made = opened(deferred_app), opened(create_app)
    yield made
    for client in made:
        client.close()


@pytest.mark.parametrize("target", TARGETS)
def test_answers_are_those_of_the_whole_application(clients: tuple[Client, Client], target: str) -> None:
    deferred, whole = clients

    assert _without_nonces(deferred.ask(target)) == _without_nonces(whole.ask(target))


def _without_nonces(answer: object) -> str:
    """What is drawn for each answer tells nothing here."""
    return re.sub(r"""nonce[-=]['"]?[\w-]+""", "nonce", repr(answer))


@pytest.mark.parametrize("make", [deferred_app, create_app])
def test_what_runs_beside_the_server_begins_with_it(make: object) -> None:
    beside: list[str] = []
    client = opened(make, beside=beside)
    client.ask("/api/nowhere")
    client.close()

    assert beside == ["begun"]
    assert client.said[-1]["type"] == "lifespan.shutdown.complete"


def test_a_server_starts_without_what_it_may_never_need() -> None:
    code = f"import sys, mock_server.cli.work.serve; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
