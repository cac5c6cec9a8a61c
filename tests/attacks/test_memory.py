"""
Attacks on memory: what clients can make a server keep, each with one small budget over all of it.

Each row sends many requests. Afterwards what is kept is within the budget, and so is, roughly, what the process really holds.
"""

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pytest

import mock_server
from mock_server.admin.access import Guard
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app, install_admin
from mock_server.respond.answer_cache import KEPT_READY
from mock_server.respond.edge_answers import Edges
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal, operation

BUDGET: Final = 1 << 20
_LAST: Final = 1 << 20  # bytes of the requests that were not weighed yet, or are the last of their journal
PET: Final = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
BODY: Final = {"required": True, "content": {"application/json": {"schema": PET}}}
ANY: Final = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
MADE: Final = {"description": "", "content": {"application/json": {"schema": PET}}}
ID: Final = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
OWNER: Final = [{"name": "ownerId", "in": "path", "required": True, "schema": {"type": "string"}}]
QUERY: Final = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
LIST: Final = {"type": "array", "items": PET}
DOCUMENT: Final = minimal(
    {
        "/pets": {
            "get": {**operation(LIST, operationId="list"), "parameters": QUERY},
            "post": {"operationId": "make", "requestBody": BODY, "responses": {"201": MADE}},
        },
        "/pets/{id}": {"parameters": ID, "get": operation(PET, operationId="read")},
        "/owners/{ownerId}/pets": {"parameters": OWNER, "get": operation(LIST, operationId="ofOwner")},
        "/blobs": {"post": {"operationId": "blob", "requestBody": ANY, "responses": {"201": MADE}}},
        "/word": {"get": operation({"type": "string"}, operationId="word")},
    }
)


class Ask(NamedTuple):
    """A request."""

    target: str
    method: str = "GET"
    headers: dict[str, str] | None = None
    json: object = None
    body: bytes = b""


def world(number: int) -> dict[str, str]:
    return {"X-Mock-World": f"w{number}"}


def many_fields(number: int) -> dict[str, str]:
    return {f"x-{number}-{index}": "v" * 10 for index in range(1_000)}


BLOB: Final = {"content-type": "application/octet-stream"}

ATTACKS: Final[list[tuple[str, int, Callable[[int], Ask]]]] = [
    ("30 worlds with a large body each", 10, lambda n: Ask("/blobs", "POST", {**world(n), **BLOB}, body=bytes(600_000))),
    ("one world with large bodies", 10, lambda _: Ask("/blobs", "POST", BLOB, body=bytes(600_000))),
    ("worlds with small bodies", 120, lambda n: Ask("/pets", "POST", world(n), json={"id": n, "name": "x"})),
    ("worlds that only look", 120, lambda n: Ask("/word", headers=world(n))),
    ("worlds with lists from state", 50, lambda n: Ask("/pets", headers=world(n))),
    ("worlds with long targets", 50, lambda n: Ask(f"/pets?q={'q' * 50_000}", headers=world(n))),
    ("long targets of one world", 50, lambda n: Ask(f"/pets?q={n}{'q' * 50_000}")),
    ("long paths that lead nowhere", 50, lambda n: Ask(f"/{n}/{'p' * 50_000}")),
    ("many fields of one world", 15, lambda n: Ask("/word", headers=many_fields(n))),
    ("many fields of many worlds", 15, lambda n: Ask("/word", headers={**many_fields(n), **world(n)})),
    ("large fields", 50, lambda n: Ask("/word", headers={"x-large": f"{n}" + "v" * 50_000})),
    ("cookies as worlds", 100, lambda n: Ask("/word", headers={"cookie": f"mock_world=c{n}"})),
    ("things in one world", 50, lambda n: Ask("/pets", "POST", json={"id": 1_000_000 + n, "name": "n" * 50_000})),
    ("things of many small values", 6, lambda n: Ask("/pets", "POST", json={"id": 1_000_000 + n, "tags": ["t"] * 1_000})),
    ("things in worlds", 50, lambda n: Ask("/pets", "POST", world(n), json={"id": 1_000_000, "name": "n" * 50_000})),
    ("collections of owners", 100, lambda n: Ask(f"/owners/o{n}/pets")),
    ("collections of owners with long names", 50, lambda n: Ask(f"/owners/{n}{'o' * 20_000}/pets")),
    ("collections of owners in worlds", 100, lambda n: Ask(f"/owners/o{n}/pets", headers=world(n % 10))),
    ("lists by queries", 100, lambda n: Ask(f"/pets?q={n}")),
    ("lists by Accept", 60, lambda n: Ask("/pets", headers={"accept": f"application/json;v={n}{'a' * 20_000}, */*"})),
    ("lists by Host", 100, lambda n: Ask("/pets", headers={"host": f"h{n}.localhost"})),
    ("lists by seed", 50, lambda n: Ask("/word", headers={"prefer": f"seed={n}{'s' * 20_000}"})),
    ("things that are read", 100, lambda n: Ask(f"/pets/{n}")),
    ("media types that are no ones", 50, lambda n: Ask("/pets", "POST", {"content-type": f"a/b;c={n}{'c' * 20_000}"}, body=b"{}")),
    ("bodies that break the document", 20, lambda n: Ask("/pets", "POST", world(n), json={"id": "x", "tags": [1] * 200})),
    ("preferences that can't be obeyed", 50, lambda n: Ask("/word", headers={"prefer": f"code={'9' * 20_000}{n}"})),
    ("names of worlds that are none", 50, lambda n: Ask("/word", headers={"x-mock-world": f"/{n}" + "w" * 20_000})),
]  # fmt: skip


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.getLogger("mock_server").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("mock_server").setLevel(logging.NOTSET)


def serve(folder: Path, **changes: Any) -> Backend:
    """A server with state and an admin side, and a small budget."""
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(DOCUMENT))
    settings = Settings(stateful=True, **{"memory": BUDGET, **changes})
    backend = assemble([open_responder(str(path), settings)], settings)
    install_admin(backend, Guard.of(settings))
    KEPT_READY.drop()
    return backend


def count_held() -> int:
    """How many bytes Python holds, apart from texts that orjson wrote: it gives back what it took too much of, unseen."""
    gc.collect()
    kept = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(False, f"*/{name}") for name in ("exchange/body.py", "asgi_client.py")]
    )
    return sum(trace.size for trace in kept.traces)


async def send(client: AsgiClient, asks: Iterator[Ask]) -> list[int]:
    return [
        (await client.ask_soon(ask.target, ask.method, headers=ask.headers, json=ask.json, body=ask.body)).status
        for ask in asks
    ]


@pytest.mark.parametrize(("count", "make"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
@pytest.mark.usefixtures("quiet")
def test_what_clients_make_a_server_keep_is_within_its_budget(
    tmp_path: Path, count: int, make: Callable[[int], Ask]
) -> None:
    backend = serve(tmp_path)
    client = AsgiClient(deferred_app(backend))
    asyncio.run(send(client, map(make, range(10))))  # what a document needs for itself
    tracemalloc.start()
    before = count_held()
    statuses = asyncio.run(send(client, map(make, range(count))))
    held = count_held() - before
    tracemalloc.stop()

    assert 500 not in statuses
    assert backend.worlds.budget.weight <= BUDGET + _LAST
    assert held < 2 * (BUDGET + _LAST)


@pytest.mark.usefixtures("quiet")
def test_the_world_in_use_keeps_its_state_and_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    backend = serve(tmp_path)
    client = AsgiClient(deferred_app(backend))
    made = []
    for number in range(50):
        said = client.ask("/pets", "POST", json={"id": 1_000_000 + number, "name": "n" * 50_000})
        if said.status != 201:
            break
        made.append(1_000_000 + number)

    assert said.status == 503
    assert b"--memory" in said.body
    assert len(made) > 8
    assert all(client.ask(f"/pets/{number}").status == 200 for number in made)


def test_the_oldest_worlds_go_first_and_that_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    backend = serve(tmp_path)
    client = AsgiClient(deferred_app(backend))
    for number in range(100):
        client.ask("/blobs", "POST", headers={**world(number), **BLOB}, body=bytes(30_000))
    left = [each.name for each in backend.worlds if each.name]

    assert "w99" in left
    assert left == [f"w{number}" for number in range(100 - len(left), 100)]
    assert 3 < len(left) < 40
    assert [each.getMessage() for each in caplog.records if each.name == "mock_server.memory"]
    assert backend.worlds.budget.dropped["worlds"] == 100 - len(left)
    metrics = client.ask("/metrics").body.decode()
    assert f'mock_server_memory_dropped_total{{kind="worlds"}} {100 - len(left)}.0' in metrics
    assert 'mock_server_memory_bytes{kind="journals"}' in metrics


@pytest.mark.usefixtures("quiet")
def test_what_is_forgotten_weighs_nothing(tmp_path: Path) -> None:
    backend = serve(tmp_path, memory=64 << 20)
    client = AsgiClient(deferred_app(backend))
    for number in range(20):
        client.ask("/pets", "POST", headers=world(number), json={"id": 1_000_000, "name": "n" * 1_000})
        client.ask("/pets", headers=world(number))
    backend.worlds.fork("w1", "w2")
    backend.worlds.restore("w3", backend.worlds.snapshot("w4"))
    backend.worlds.reset("w5")
    for each in list(backend.worlds):
        backend.worlds.drop(each.name)
    weights = {kind: holder.weight for kind, holder in backend.worlds.budget.holders.items()}

    assert (weights["worlds"], weights["journals"], weights["state"], weights["mappings"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("preference", ["profile=extreme", "profile=boundary", "profile=invalid", "payload=none"])
def test_edge_cases_of_few_bodies_are_at_hand(preference: str, tmp_path: Path) -> None:
    """What is needed to find edge cases takes up to a hundred megabytes for each body of a large document."""
    paths = {f"/pets{n}": {"get": operation(LIST, operationId=f"list{n}")} for n in range(12)}
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(minimal(paths)))
    client = AsgiClient(mock_server.app(mock_server.load(path)))
    statuses = {client.ask(f"/pets{n}", headers={"prefer": preference}).status for n in range(12)}
    gc.collect()

    assert statuses <= {200, 404}
    assert sum(isinstance(found, Edges) for found in gc.get_objects()) <= 2
