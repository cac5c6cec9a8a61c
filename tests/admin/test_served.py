"""The admin side of a running server: where a token is needed, what it opens, and how the server ends."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.paths import DOCUMENT

TARGET = "/api/charger/EMABLER_Charger777/users?code=k&clientId=c"


def test_on_this_machine_the_journal_can_be_read(serve: Callable[..., Any]) -> None:
    server = serve(str(DOCUMENT), "--log-format", "none")
    httpx2.get(server.origin + TARGET)
    said = httpx2.get(f"{server.origin}/__admin/requests").json()

    assert f"look inside   {server.origin}/__admin" in server.banner
    assert said["requests"][0]["request"]["url"].startswith("/api/charger/EMABLER_Charger777/users?code=[masked]")
    assert httpx2.post(f"{server.origin}/__admin/shutdown").status_code == 401
    assert httpx2.get(f"{server.origin}/__admin/requests", headers={"Host": "evil.test"}).status_code == 403


def test_off_this_machine_a_token_is_made_up_and_opens(serve: Callable[..., Any]) -> None:
    server = serve(str(DOCUMENT), "--host", "0.0.0.0", "--log-format", "none")
    found = re.search(r"admin token +(\S+)", server.banner)
    assert found
    token = {"Authorization": f"Bearer {found[1]}"}

    assert httpx2.get(f"{server.origin}/__admin/requests").status_code == 401
    assert httpx2.get(f"{server.origin}/__admin/requests", headers=token).status_code == 200
    assert httpx2.get(f"{server.origin}/__admin/health").status_code == 200
    assert httpx2.get(server.origin + TARGET).status_code == 200
    assert httpx2.post(f"{server.origin}/__admin/shutdown", headers=token).status_code == 200
    assert server.process.wait(20) == 0


def test_a_token_comes_from_the_environment(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_SERVER_ADMIN_TOKEN", "s3cret")
    server = serve(str(DOCUMENT), "--log-format", "none")

    assert "s3cret" not in server.banner
    assert httpx2.get(f"{server.origin}/__admin/requests").status_code == 401
    assert (
        httpx2.get(f"{server.origin}/__admin/requests", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    )


def test_the_admin_side_can_be_switched_off(serve: Callable[..., Any]) -> None:
    server = serve(str(DOCUMENT), "--no-admin", "--log-format", "none")

    assert "__admin" not in server.banner
    assert httpx2.get(f"{server.origin}/__admin/requests").status_code == 404
    assert httpx2.get(f"{server.origin}/__admin/health").status_code == 200


def test_several_workers_say_that_each_has_a_journal_of_its_own(serve: Callable[..., Any]) -> None:
    server = serve(str(DOCUMENT), "--workers", "2", "--log-format", "none")
    said = httpx2.get(f"{server.origin}/__admin/requests").json()

    assert "each worker has a journal of its own" in server.banner
    assert said["workers"] == 2
    assert said["worker"] != server.process.pid
