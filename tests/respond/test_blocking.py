"""Decisions that wait take turns, on one thread; what goes wrong while they wait goes wrong in them."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable

import pytest

from mock_server.respond.answer import Answer
from mock_server.respond.blocking import run_blocking, wait_for
from tests.support.mocks import Mock, minimal, operation

_NAME = contextvars.ContextVar("name", default="")


def test_one_decides_while_another_waits() -> None:
    said: list[str] = []
    threads: set[int] = set()

    def decide(name: str, gate: threading.Event, other: threading.Event) -> str:
        threads.add(threading.get_ident())
        said.append(f"{name} begins")
        wait_for(lambda: (other.set(), gate.wait(10)))
        threads.add(threading.get_ident())
        said.append(f"{name} ends")
        return name

    async def both() -> list[str]:
        one, other = threading.Event(), threading.Event()
        return await asyncio.gather(
            run_blocking(lambda: decide("a", one, other)), run_blocking(lambda: decide("b", other, one))
        )

    assert asyncio.run(both()) == ["a", "b"]
    assert said[:2] == ["a begins", "b begins"]
    assert threads == {threading.get_ident()}


def test_an_error_while_waiting_is_one_of_the_decision() -> None:
    def fail() -> None:
        raise ValueError("no")

    def decide() -> str:
        try:
            wait_for(fail)
        except ValueError as error:
            return f"{error}, but still"
        return ""

    assert asyncio.run(run_blocking(decide)) == "no, but still"
    with pytest.raises(ValueError, match="no"):
        asyncio.run(run_blocking(lambda: wait_for(fail)))


def test_who_is_cancelled_while_waiting_cleans_up() -> None:
    cleaned: list[str] = []

    def decide() -> None:
        try:
            wait_for(lambda: time.sleep(0.3))
        finally:
            cleaned.append("yes")

    async def cancel() -> None:
        task = asyncio.ensure_future(run_blocking(decide))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert cleaned == ["yes"]


def test_what_the_context_says_holds_in_the_decision() -> None:
    async def ask() -> tuple[str, str]:
        _NAME.set("ada")
        return await run_blocking(lambda: (_NAME.get(), wait_for(_NAME.get)))

    assert asyncio.run(ask()) == ("ada", "ada")


def test_who_can_not_wait_does_it_at_once() -> None:
    assert wait_for(threading.get_ident) == threading.get_ident()


def test_a_search_for_edge_cases_lets_others_have_their_turn(mock: Callable[..., Mock]) -> None:
    document = minimal(
        {"/a": {"get": operation({"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(40)}})}}
    )
    turns: list[str] = []

    asked = mock(document)

    async def ask() -> Answer:
        answer = await run_blocking(
            lambda: asked.ask("/a", headers={"prefer": "payload=body/none:none"})
        )  # all are looked through
        turns.append("asked")
        return answer

    async def count() -> None:
        while "asked" not in turns:
            turns.append("other")
            await asyncio.sleep(0)

    async def both() -> list[Answer]:
        return (await asyncio.gather(ask(), ask(), ask(), count()))[:3]

    answers = asyncio.run(both())

    assert turns.count("other") > 30
    assert [answer.status for answer in answers] == [404] * 3
