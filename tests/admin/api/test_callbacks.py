"""Callbacks and webhooks over HTTP: what became of them, and sending one."""

from collections.abc import Callable

from mock_server.delay import Fixed
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal

Admin = Callable[..., AsgiClient]
CALLED = {
    "requestBody": {"content": {"application/json": {"schema": {"const": "hello"}}}},
    "responses": {"204": {"description": ""}},
}
DOCUMENT = minimal(
    {
        "/orders": {
            "post": {
                "parameters": [{"name": "to", "in": "query", "schema": {"type": "string"}}],
                "responses": {"201": {"description": ""}},
                "callbacks": {"told": {"{$request.query.to}": {"post": CALLED}}},
            }
        }
    },
    "3.1.0",
    webhooks={"greeted": {"post": CALLED}},
)


def test_what_became_of_callbacks_is_listed_by_world(admin: Admin) -> None:
    client = admin(DOCUMENT)
    client.ask("/orders?to=http://127.0.0.1:9/?api_key=hush", "POST")
    client.ask("/orders", "POST", headers={"x-mock-world": "ann"})
    listed = client.ask("/__admin/callbacks").json

    assert listed["meta"] == {"total": 1}
    assert (listed["callbacks"][0]["outcome"], listed["callbacks"][0]["operation"]) == ("refused", "POST /orders")
    assert "hush" not in str(listed)
    assert [each["world"] for each in client.ask("/__admin/callbacks?world=*").json["callbacks"]] == ["ann", None]
    client.ask("/__admin/callbacks", "DELETE")
    assert client.ask("/__admin/callbacks?world=*").json["meta"] == {"total": 1}


def test_the_console_shows_callbacks_without_secrets(admin: Admin) -> None:
    client = admin(DOCUMENT, callbacks_to=("127.0.0.1:9",), callback_delay=Fixed(60_000))
    client.ask("/__admin/webhooks/greeted", "POST", json={"url": "http://127.0.0.1:9/?api_key=hush"})
    page = client.ask("/__console/disturbances").body.decode()

    assert "api_key=[masked]" in page
    assert "hush" not in page


def test_a_webhook_is_sent_on_request(admin: Admin) -> None:
    client = admin(DOCUMENT, callbacks_to=("127.0.0.1:9",), callback_delay=Fixed(60_000))
    said = client.ask("/__admin/webhooks/greeted", "POST", json={"url": "http://127.0.0.1:9/?api_key=hush"})

    assert client.ask("/__admin/webhooks").json == {"webhooks": ["greeted"]}
    assert (said.status, said.json["outcome"], said.json["url"]) == (
        202,
        "waiting",
        "http://127.0.0.1:9/?api_key=[masked]",
    )


def test_a_webhook_that_is_unknown_or_may_not_be_sent_is_refused(admin: Admin) -> None:
    client = admin(DOCUMENT)
    target = {"url": "http://127.0.0.1:9/"}

    assert client.ask("/__admin/webhooks/waved", "POST", json=target).status == 404
    assert client.ask("/__admin/webhooks/greeted", "POST", json={}).status == 422
    refused = client.ask("/__admin/webhooks/greeted", "POST", json=target)
    assert (refused.status, refused.json["type"]) == (403, "urn:mock-server:problem:callback-not-allowed")
