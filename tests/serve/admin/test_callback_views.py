"""Callbacks and webhooks over HTTP: what became of them, and sending one by hand."""

from collections.abc import Callable
from typing import Any

from admin_side import THINGS
from asgi_client import AsgiClient

Admin = Callable[..., AsgiClient]
HOOK = {
    "post": {
        "requestBody": {"content": {"application/json": {"schema": {"const": {"paid": True}}}}},
        "responses": {"200": {"description": ""}},
    }
}
HOOKED: dict[str, Any] = {**THINGS, "webhooks": {"paid": HOOK}}


def test_a_webhook_to_a_host_that_is_not_allowed_is_refused_and_told_of(admin: Admin) -> None:
    client = admin(HOOKED)
    said = client.ask("/__admin/webhooks/paid?world=ann", "POST", json={"url": "http://metadata.internal/latest"})
    told = client.ask("/__admin/callbacks?world=ann").json

    assert client.ask("/__admin/webhooks").json == {"webhooks": ["paid"]}
    assert said.status == 202
    assert (told["meta"]["total"], told["callbacks"][0]["outcome"], told["callbacks"][0]["attempts"]) == (1, "refused", [])
    assert client.ask("/__admin/callbacks").json["callbacks"] == []
    client.ask("/__admin/callbacks?world=*", "DELETE")
    assert client.ask("/__admin/callbacks?world=*").json["callbacks"] == []


def test_what_can_not_be_sent_is_refused(admin: Admin) -> None:
    client = admin(HOOKED)

    assert client.ask("/__admin/webhooks/nothing", "POST", json={"url": "http://localhost:1/"}).status == 404
    assert client.ask("/__admin/webhooks/paid", "POST", json={"url": "file:///etc/passwd"}).status == 422
    assert client.ask("/__admin/webhooks/paid", "POST", json={}).json["errors"][0]["source"] == {"pointer": "/url"}
