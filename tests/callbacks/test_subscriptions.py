"""Webhooks that clients register by the document's own operations are sent on changes of state."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from tests.support.issuing import Visitor, issuing
from tests.support.mocks import minimal, operation
from tests.support.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four.").decode()
ORDER = {
    "type": "object",
    "required": ["id", "item"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "item": {"type": "string"}},
}
HOOK = {
    "type": "object",
    "required": ["id", "url"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "url": {"type": "string", "format": "uri"},
        "events": {"type": "array", "items": {"type": "string"}},
        "secret": {"type": "string"},
        "active": {"type": "boolean"},
        "expiresAt": {"type": "string", "format": "date-time"},
    },
}
GONE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
SHIPPED = {
    "type": "object",
    "required": ["type", "data"],
    "properties": {"type": {"type": "string"}, "data": GONE, "sequence": {"type": "integer"}},
}


def resource(name: str, schema: object) -> dict[str, object]:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    key = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
    gone = {"responses": {"204": {"description": "Gone"}}, "operationId": f"delete-{name}"}
    return {
        f"/{name}": {
            "get": operation({"type": "array", "items": schema}, operationId=f"list-{name}"),
            "post": operation(schema, operationId=f"create-{name}", requestBody=body),
        },
        f"/{name}/{{id}}": {
            "parameters": key,
            "get": operation(schema, operationId=f"get-{name}"),
            "put": operation(schema, operationId=f"put-{name}", requestBody=body),
            "delete": gone,
        },
    }


SHOP = minimal(
    {**resource("orders", ORDER), **resource("webhooks", HOOK)},
    "3.1.0",
    webhooks={
        "orderDeleted": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": SHIPPED}}},
                "responses": {"204": {"description": ""}},
            }
        }
    },
)


class Shop:
    """A mock with receivers that are registered at it."""

    def __init__(self, visitor: Visitor, receiver: Receiver) -> None:
        self.visitor = visitor
        self.receiver = receiver

    def send(self, method: str, path: str, json: object = None, world: str = "") -> Any:
        headers = {"x-mock-world": world} if world else {}
        answer = self.visitor.client.request(method, path, json=json, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def deliveries(self, count: int) -> list[dict[str, Any]]:
        """Those that ended, the newest first, once there are so many."""
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            found = self.visitor.client.get("/__admin/callbacks?world=*").json()["callbacks"]
            if len(found) >= count and all(each["outcome"] != "waiting" for each in found):
                return found
            time.sleep(0.02)
        raise AssertionError(f"there are {len(found)} deliveries")

    def told(self, count: int) -> list[dict[str, Any]]:
        self.deliveries(count)
        return [orjson.loads(body) for _, _, _, body in self.receiver.got]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    receiver = Receiver()
    opened = []

    def make(**settings: object) -> Shop:
        given = {"stateful": True, "callbacks_to": [f"127.0.0.1:{receiver.port}"], "callback_retries": 0, **settings}
        context = issuing(tmp_path, SHOP, **given)
        opened.append(context)
        return Shop(context.__enter__(), receiver)

    yield make
    for context in opened:
        context.__exit__(None, None, None)
    receiver.close()


def test_a_change_is_sent_to_who_registered(shop: Callable[..., Shop]) -> None:
    mock = shop()
    mock.send("POST", "/orders", {"item": "before"})
    hook = mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/in"})
    order = mock.send("POST", "/orders", {"item": "tea"})
    mock.deliveries(1)
    mock.send("PUT", f"/orders/{order['id']}", {"item": "cake"})
    told = mock.told(2)
    mock.send("DELETE", f"/webhooks/{hook['id']}")
    mock.send("POST", "/orders", {"item": "after"})

    assert [each["type"] for each in told] == ["order.created", "order.updated"]
    assert [each["data"] for each in told] == [order, {"id": order["id"], "item": "cake"}]
    assert [path for _, path, _, _ in mock.receiver.got] == ["/in", "/in"]
    assert len(mock.deliveries(2)) == 2


def test_a_documented_webhook_is_sent_in_its_own_form(shop: Callable[..., Shop]) -> None:
    mock = shop()
    mock.send("POST", "/webhooks", {"url": mock.receiver.url, "events": ["order.deleted"]})
    order = mock.send("POST", "/orders", {"item": "tea"})
    mock.send("DELETE", f"/orders/{order['id']}")
    (delivery,) = mock.deliveries(1)
    (told,) = mock.told(1)

    assert (delivery["kind"], delivery["name"], delivery["findings"]) == ("webhook", "order.deleted", [])
    assert told["type"] == "order.deleted"
    assert told["data"]["id"] == order["id"]


@pytest.mark.parametrize(
    ("subscription", "is_told"),
    [
        ({"events": ["*"]}, True),
        ({"events": ["order.created"]}, True),
        ({"events": ["OrderCreated", "other"]}, True),
        ({"events": ["orders"]}, True),
        ({"events": ["order.deleted"]}, False),
        ({"events": ["customer.created"]}, False),
        ({"active": False}, False),
        ({"expiresAt": "2000-01-01T00:00:00Z"}, False),
        ({"expiresAt": "2199-01-01T00:00:00Z"}, True),
    ],
)
def test_who_asks_for_something_else_is_not_told(
    shop: Callable[..., Shop], subscription: dict[str, object], is_told: bool
) -> None:
    mock = shop()
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/asked", **subscription})
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/all"})
    mock.send("POST", "/orders", {"item": "tea"})
    mock.deliveries(1 + is_told)

    assert sorted(path for _, path, _, _ in mock.receiver.got) == (["/all", "/asked"] if is_told else ["/all"])


def test_signatures_are_those_of_standard_webhooks(shop: Callable[..., Shop]) -> None:
    mock = shop(callback_secret=SECRET)
    own = "whsec_" + base64.b64encode(b"one of the receiver alone").decode()
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/shared"})
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/own", "secret": own})
    mock.send("POST", "/orders", {"item": "tea"})
    mock.deliveries(2)
    by_path = {path: (body, fields) for _, path, fields, body in mock.receiver.got}

    for path, secret in (("/shared", SECRET), ("/own", own)):
        body, fields = by_path[path]
        assert Webhook(secret).verify(body, fields)["type"] == "order.created"
    assert own not in mock.visitor.client.get("/__admin/callbacks").text


def test_it_is_sent_again_with_the_same_id(shop: Callable[..., Shop]) -> None:
    mock = shop(callback_secret=SECRET)
    mock.send("POST", "/webhooks", {"url": mock.receiver.url})
    mock.send("POST", "/orders", {"item": "tea"})
    (delivery,) = mock.deliveries(1)
    again = mock.visitor.client.post(f"/__admin/callbacks/{delivery['id']}/resend")
    mock.deliveries(2)
    (_, _, first, one), (_, _, second, other) = mock.receiver.got

    assert again.status_code == 202
    assert (first["webhook-id"], one) == (second["webhook-id"], other)
    assert mock.visitor.client.post("/__admin/callbacks/00000099/resend").status_code == 404
    assert mock.visitor.client.post("/__admin/callbacks/x/resend").status_code == 404


def test_the_console_sends_it_again(shop: Callable[..., Shop]) -> None:
    mock = shop()
    mock.send("POST", "/webhooks", {"url": mock.receiver.url})
    mock.send("POST", "/orders", {"item": "tea"})
    (delivery,) = mock.deliveries(1)
    page = mock.visitor.client.get("/__console/disturbances").text
    done = mock.visitor.client.post("/__console/disturbances", data={"act": "resend", "id": delivery["id"]})
    refused = mock.visitor.client.post("/__console/disturbances", data={"act": "resend", "id": "99"})

    assert f'<input type="hidden" name="id" value="{delivery["id"]}">' in page
    assert done.status_code == 303
    assert len(mock.told(2)) == 2
    assert refused.status_code == 422


def test_only_allowed_hosts_are_told(shop: Callable[..., Shop]) -> None:
    mock = shop(callbacks_to=["hooks.example"])
    mock.send("POST", "/webhooks", {"url": mock.receiver.url})
    mock.send("POST", "/webhooks", {"url": "http://169.254.169.254/latest"})
    mock.send("POST", "/orders", {"item": "tea"})
    found = mock.deliveries(2)

    assert {each["outcome"] for each in found} == {"refused"}
    assert mock.receiver.got == []
    assert mock.visitor.client.post(f"/__admin/callbacks/{found[0]['id']}/resend").status_code == 404


def test_worlds_have_receivers_of_their_own(shop: Callable[..., Shop]) -> None:
    mock = shop()
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/a"}, world="a")
    mock.send("POST", "/webhooks", {"url": f"{mock.receiver.url}/b"}, world="b")
    mock.send("POST", "/orders", {"item": "tea"}, world="b")
    (delivery,) = mock.deliveries(1)

    assert (delivery["world"], [path for _, path, _, _ in mock.receiver.got]) == ("b", ["/b"])


def test_subscriptions_in_a_database_are_told(shop: Callable[..., Shop], tmp_path: Path) -> None:
    mock = shop(store=f"sqlite:///{tmp_path}/state.db")
    mock.send("POST", "/webhooks", {"url": mock.receiver.url})
    mock.send("POST", "/orders", {"item": "tea"})

    assert [each["type"] for each in mock.told(1)] == ["order.created"]
