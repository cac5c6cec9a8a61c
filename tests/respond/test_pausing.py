"""Long decisions give way to others; what has to be done at once still is."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import pytest

from mock_server import pausing
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.exchange.message import Request
from mock_server.pausing import OutOfTime, at_once, own_time, pause, without_pauses
from mock_server.respond.blocking import run_blocking
from mock_server.respond.fast_path import FastPath
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient, Said
from tests.support.crud import todos
from tests.support.mocks import Mock, minimal, operation

_PARTS = 120


def large_circle(parts: int = _PARTS) -> dict:
    """A document whose only thing leads to many schemas, each of which leads to others and back."""
    schemas: dict[str, dict] = {}
    for n in range(parts):
        others = {
            f"part{i}": {"anyOf": [{"type": "string"}, {"$ref": f"#/components/schemas/S{(n * 3 + i) % parts}"}]}
            for i in range(4)
        }
        scalars = {f"text{n}_{i}": {"type": "string", "maxLength": 20 + i} for i in range(8)}
        schemas[f"S{n}"] = {
            "type": "object",
            "required": ["id", "part0"],
            "properties": {"id": {"type": "string"}, **scalars, **others},
        }
    first = {"$ref": "#/components/schemas/S0"}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": schemas["S1"]["properties"]}}}}
    things = {
        "get": operation({"type": "array", "items": first}, operationId="list"),
        "post": {**operation(first, operationId="make"), "requestBody": body},
    }
    return {**minimal({"/things": things}), "components": {"schemas": schemas}}


def serve(folder: Path, document: dict) -> Backend:
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    settings = Settings(stateful=True)
    return assemble([open_responder(str(path), settings)], settings)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause is made, however little was done since the last one."""
    monkeypatch.setattr(pausing, "SPELL", 0.0)


async def longest_hold(asked: asyncio.Task[Said]) -> float:
    """CPU seconds between two turns of somebody else, at most, until a request is answered."""
    longest, last = 0.0, time.process_time()
    while not asked.done():
        await asyncio.sleep(0)
        now = time.process_time()
        longest, last = max(longest, now - last), now
    return longest


def test_the_first_request_for_a_large_circle_of_schemas_does_not_hold_the_loop(tmp_path: Path) -> None:
    client = AsgiClient(deferred_app(serve(tmp_path, large_circle())))

    async def measure() -> tuple[Said, float]:
        asked = asyncio.ensure_future(client.ask_soon("/things", "POST", json={"text1_0": "a"}))
        longest = await longest_hold(asked)
        return await asked, longest

    said, longest = asyncio.run(measure())

    assert said.status == 200
    assert longest < 1.0


@pytest.mark.usefixtures("always")
def test_the_first_request_for_a_large_circle_of_schemas_gives_way_often(tmp_path: Path) -> None:
    client = AsgiClient(deferred_app(serve(tmp_path, large_circle())))
    turns = 0

    async def count(asked: asyncio.Task[Said]) -> None:
        nonlocal turns
        while not asked.done():
            turns += 1
            await asyncio.sleep(0)

    async def ask() -> Said:
        asked = asyncio.ensure_future(client.ask_soon("/things", "POST", json={"text1_0": "a"}))
        await count(asked)
        return await asked

    assert asyncio.run(ask()).status == 200
    assert turns > 60


@pytest.mark.usefixtures("always")
def test_writes_at_the_same_time_keep_all_that_was_made_and_every_key_is_one_things_own(tmp_path: Path) -> None:
    client = AsgiClient(deferred_app(serve(tmp_path, todos())))

    async def many() -> tuple[list[Said], Said]:
        made = await asyncio.gather(*(client.ask_soon("/todos", "POST", json={"title": f"t{n}"}) for n in range(20)))
        return list(made), await client.ask_soon("/todos")

    made, listed = asyncio.run(many())
    titles = {each["title"] for each in listed.json}

    assert {each.status for each in made} == {201}
    assert len({each.json["id"] for each in made}) == 20
    assert titles >= {f"t{n}" for n in range(20)}
    assert len({each["id"] for each in listed.json}) == len(listed.json)


@pytest.mark.usefixtures("always")
def test_of_many_who_delete_the_same_thing_one_has_deleted_it(tmp_path: Path) -> None:
    client = AsgiClient(deferred_app(serve(tmp_path, todos())))

    async def many() -> tuple[list[int], list[int]]:
        made = (await client.ask_soon("/todos", "POST", json={"title": "once"})).json["id"]
        gone = await asyncio.gather(*(client.ask_soon(f"/todos/{made}", "DELETE") for _ in range(8)))
        read = await asyncio.gather(*(client.ask_soon(f"/todos/{made}") for _ in range(2)))
        return [each.status for each in gone], [each.status for each in read]

    gone, read = asyncio.run(many())

    assert sorted(gone) == [204, *[404] * 7]
    assert read == [404, 404]


@pytest.mark.usefixtures("always")
def test_changes_at_the_same_time_lose_none(tmp_path: Path) -> None:
    client = AsgiClient(deferred_app(serve(tmp_path, todos())))
    merge = {"content-type": "application/merge-patch+json"}

    async def many() -> tuple[list[int], dict]:
        made = (await client.ask_soon("/todos", "POST", json={"title": "first", "done": False})).json["id"]
        patches = [{"title": "changed"}, {"done": True}] * 4
        changed = await asyncio.gather(
            *(client.ask_soon(f"/todos/{made}", "PATCH", headers=merge, body=orjson.dumps(patch)) for patch in patches)
        )
        return [each.status for each in changed], (await client.ask_soon(f"/todos/{made}")).json

    statuses, read = asyncio.run(many())

    assert set(statuses) == {200}
    assert (read["title"], read["done"]) == ("changed", True)


@pytest.mark.usefixtures("always")
def test_values_that_are_made_at_the_same_time_are_those_that_are_made_alone(
    mock: Callable[..., Mock], tmp_path: Path
) -> None:
    asked, alone = mock(large_circle(12)), mock(large_circle(12))
    paths = [f"/things?__seed={n}" for n in range(4)]
    wanted = [alone.ask(path).body for path in paths]
    meanwhile: list[bytes] = []

    async def other() -> None:
        await asyncio.sleep(0)
        meanwhile.append(asked.ask(paths[0]).body)  # by who may not wait, while others are at it

    async def many() -> list[bytes]:
        answers = await asyncio.gather(*(run_blocking(partial(asked.ask, path)) for path in paths), other())
        return [answer.body for answer in answers if answer is not None]

    assert asyncio.run(many()) == wanted
    assert meanwhile == wanted[:1]


def test_what_can_not_be_answered_at_once_is_left_to_who_can_wait(
    mock: Callable[..., Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    responder = mock(large_circle(12)).responder
    express, request = FastPath(responder), Request("GET", b"/things", b"", [], b"")
    monkeypatch.setattr(pausing, "SPELL", 0.0)
    with pytest.raises(OutOfTime):
        at_once(partial(express.find, request))
    monkeypatch.setattr(pausing, "SPELL", 60.0)
    found = asyncio.run(run_blocking(partial(express.find, request)))

    assert found is not None
    assert found.body == responder.respond(request).body
    again = at_once(partial(express.find, request))
    assert again is not None
    assert again.body == found.body


@pytest.mark.usefixtures("always")
def test_nobody_has_a_turn_where_none_may_be_given() -> None:
    turns: list[str] = []

    def decide() -> None:
        with without_pauses():
            pause()
            turns.append("first")
            pause()
            turns.append("second")
        pause()
        turns.append("third")

    async def other() -> None:
        turns.append("other")

    async def both() -> None:
        await asyncio.gather(run_blocking(decide), other())

    asyncio.run(both())

    assert turns[:2] == ["first", "second"]
    assert turns.index("other") < turns.index("third")


@pytest.mark.usefixtures("always")
def test_what_others_do_in_a_pause_is_not_counted_as_the_work_of_who_pauses() -> None:
    taken: list[float] = []

    def decide() -> None:
        begun = own_time()
        pause()
        pause()
        taken.append(own_time() - begun)

    async def busy() -> None:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass

    async def both() -> None:
        await asyncio.gather(run_blocking(decide), busy())

    asyncio.run(both())

    assert taken[0] < 0.1


def test_a_pause_outside_of_a_decision_does_nothing() -> None:
    pause()
    assert at_once(lambda: "done") == "done"
