"""Guessing the token of the admin side: slowed down, all guesses together; the right token never waits."""

import asyncio
from collections.abc import Callable

import pytest

from mock_server.admin.access import Brake, Guard
from mock_server.server.browser import SESSION
from tests.support.asgi_client import AsgiClient

TOKEN = "the-right-token"


class Watch:
    """A clock that waits by jumping ahead."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def guarded_client(admin: Callable[..., AsgiClient]) -> tuple[AsgiClient, Watch]:
    watch = Watch()
    return admin(guard=Guard(TOKEN, brake=Brake(watch, watch.sleep))), watch


GUESSES = [
    ("a bearer", {"authorization": "Bearer wrong"}),
    ("a longer one", {"authorization": f"Bearer {TOKEN}x"}),
    ("a shorter one", {"authorization": f"Bearer {TOKEN[:-1]}"}),
    ("another scheme", {"authorization": f"Basic {TOKEN}"}),
    ("nothing", {"authorization": "Bearer"}),
    ("not ASCII", {"authorization": "Bearer t\xf6ken"}),
    ("a cookie", {"cookie": f"{SESSION}=wrong"}),
    ("from a page of another origin", {"authorization": "Bearer wrong", "origin": "http://evil.example"}),
]


@pytest.mark.parametrize("fields", [row[1] for row in GUESSES], ids=[row[0] for row in GUESSES])
def test_guesses_wait_and_the_right_token_does_not(
    fields: dict[str, str], guarded_client: tuple[AsgiClient, Watch]
) -> None:
    client, watch = guarded_client
    method = "POST" if "origin" in fields else "GET"
    statuses = {
        client.ask(
            "/__admin/requests/reset" if method == "POST" else "/__admin/requests", method, headers=fields
        ).status
        for _ in range(30)
    }

    assert statuses <= {401, 403}
    assert len(watch.waited) == 25  # the first five are free: a person may mistype
    assert watch.waited == sorted(watch.waited)
    assert max(watch.waited) == 10.0
    before = len(watch.waited)
    assert client.ask("/__admin/requests", headers={"authorization": f"Bearer {TOKEN}"}).status == 200
    assert len(watch.waited) == before


def test_guesses_are_forgotten_with_time(guarded_client: tuple[AsgiClient, Watch]) -> None:
    client, watch = guarded_client
    for _ in range(30):
        client.ask("/__admin/requests", headers={"authorization": "Bearer wrong"})
    watch.now += 60
    watch.waited.clear()
    client.ask("/__admin/requests", headers={"authorization": "Bearer wrong"})

    assert watch.waited == []


def test_who_shows_nothing_does_not_wait(guarded_client: tuple[AsgiClient, Watch]) -> None:
    client, watch = guarded_client
    assert {client.ask("/__admin/requests").status for _ in range(20)} == {401}
    assert watch.waited == []


def test_guesses_at_the_same_time_wait_in_a_row() -> None:
    watch = Watch()
    brake = Brake(watch, watch.sleep)

    async def guess() -> None:
        await asyncio.gather(*(brake.wait() for _ in range(15)))

    asyncio.run(guess())
    assert watch.waited == [0.5 * count for count in range(1, 11)]
