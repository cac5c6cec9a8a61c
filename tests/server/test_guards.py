"""Quotas, idempotency keys, announced ends, conditional requests: what decides beside the document's answer."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.compose.deferred import deferred_app
from mock_server.errors import UsageError
from mock_server.respond.guards.quotas import Quotas
from mock_server.respond.worlds import World
from mock_server.settings import merge_settings
from mock_server.timing.clock import REAL
from mock_server.timing.rates import Rate, parse_rate
from tests.support.asgi_client import AsgiClient, Said
from tests.support.at_door import AtDoor
from tests.support.mocks import minimal, operation

ORDER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
BODY = {"content": {"application/json": {"schema": {"type": "object", "properties": {"note": {"type": "string"}}}}}}
KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
SHOP = minimal(
    {
        "/orders": {
            "get": operation({"type": "array", "items": ORDER}, operationId="list"),
            "post": operation(ORDER, operationId="make", requestBody=BODY, parameters=[KEY]),
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": operation(ORDER, operationId="get"),
        },
        "/other": {
            "get": operation(ORDER, operationId="other", deprecated=True, **{"x-sunset": "2027-01-31"}),
            "post": operation(ORDER, operationId="makeOther", requestBody=BODY),
        },
    }
)


@pytest.fixture(params=["in the middleware", "at the door"])
def served(admin: Callable[..., AsgiClient], request: pytest.FixtureRequest) -> Callable[..., AsgiClient]:
    """Make servers; requests come to the door of a connection, which leaves what is guarded to the middleware, or not."""

    def make(document: object = SHOP, **settings: object) -> AsgiClient:
        read = merge_settings(settings)
        changes = {name: getattr(read, name) for name in settings}
        client = admin(document, **changes)
        if request.param == "at the door":
            client.app = AtDoor(deferred_app(client.backend))  # type: ignore[arg-type, attr-defined]
        return client

    return make


def count(answers: list[Said]) -> list[int]:
    return [answer.status for answer in answers]


def test_more_than_the_quota_is_refused_until_the_window_ends(served: Callable[..., AsgiClient]) -> None:
    client = served(rate_limit="3/min")
    client.ask("/__admin/worlds/@everybody", "PUT", json={"now": "2030-01-01", "frozen": True})
    answers = [client.ask("/orders") for _ in range(4)]
    client.ask("/__admin/worlds/@everybody", "PUT", json={"now": "+59s"})
    late = client.ask("/orders")
    client.ask("/__admin/worlds/@everybody", "PUT", json={"now": "+1s"})
    after = client.ask("/orders")

    assert count(answers) == [200, 200, 200, 429]
    assert [answer.fields["ratelimit"] for answer in answers] == [
        '"default";r=2;t=60', '"default";r=1;t=60', '"default";r=0;t=60', '"default";r=0;t=60'
    ]  # fmt: skip
    assert answers[0].fields["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[3].fields["retry-after"] == "60"
    assert answers[3].json["type"] == "urn:mock-server:problem:too-many-requests"
    assert (late.status, late.fields["retry-after"], after.status) == (429, "1", 200)


def test_clients_and_worlds_have_quotas_of_their_own(served: Callable[..., AsgiClient]) -> None:
    secured = {**SHOP, "security": [{"key": []}],
               "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}}  # fmt: skip
    client = served(secured, rate_limit="1/h")

    def ask(**headers: str) -> int:
        return client.ask("/orders", headers={name.replace("_", "-"): value for name, value in headers.items()}).status

    assert [ask(x_key="a"), ask(x_key="a"), ask(x_key="b")] == [200, 429, 200]
    assert [ask(x_key="a", x_mock_world="w"), ask(x_key="a", x_mock_world="w")] == [200, 429]
    assert [ask(), ask()] == [401, 429]
    client.ask("/__admin/worlds/w/reset", "POST")
    assert ask(x_key="a", x_mock_world="w") == 200


def test_an_operation_has_a_quota_of_its_own_or_none(served: Callable[..., AsgiClient]) -> None:
    own = {"GET /other": {"rate_limit": "1/day"}, "get": {"rate_limit": "off"}}
    client = served(rate_limit="2/min", operations=own)

    assert count([client.ask("/other") for _ in range(2)]) == [200, 429]
    assert count([client.ask("/orders") for _ in range(3)]) == [200, 200, 429]
    assert count([client.ask("/orders/7") for _ in range(5)]) == [200] * 5
    assert client.ask("/other").fields["ratelimit-policy"] == '"other";q=1;w=86400'


def test_a_quota_is_said_in_the_documents_words(served: Callable[..., AsgiClient]) -> None:
    headers = {name: {"schema": {"type": "integer"}} for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining")}
    documented = operation(ORDER, operationId="get")
    documented["responses"]["200"]["headers"] = headers  # type: ignore[index]
    documented["responses"]["429"] = {"description": "", "content": {"application/json": {"schema": ERROR}}}  # type: ignore[index]
    client = served(minimal({"/order": {"get": documented}}), rate_limit="1/min")
    first, second = client.ask("/order"), client.ask("/order")

    assert (first.fields["x-ratelimit-limit"], first.fields["x-ratelimit-remaining"]) == ("1", "0")
    assert second.status == 429
    assert second.json["message"].startswith("more than 1/min requests")


@given(st.integers(1, 5), st.integers(1, 100), st.lists(st.integers(0, 60), max_size=40))
def test_no_window_has_more_than_its_quota(number: int, seconds: int, steps: list[int]) -> None:
    quotas, world, now = Quotas(), World(clock=REAL.move("now", "2030-01-01").freeze(stands=True)), 0
    passed: list[int] = []
    for step in steps:
        now += step
        world.clock = world.clock.move("now", f"+{step}s") if step else world.clock
        if not quotas.spend(world, "p", Rate(number, float(seconds), ""), "c").is_exceeded:
            passed.append(now)

    # windows begin with their first request, so that any two of them in a row hold twice the quota at most
    assert all(len([each for each in passed if start <= each < start + seconds]) <= 2 * number for start in passed)


@pytest.mark.parametrize(
    "text", ["", "0/min", "x", "1/", "/min", "1/fortnight", "1/0s", "-1/s", "1e9/s", "10000000000/s"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_rate("rate_limit", text)


def test_a_key_is_answered_once(served: Callable[..., AsgiClient]) -> None:
    client = served(stateful=True)

    def make(note: str, key: str, **headers: str) -> Said:
        return client.ask("/orders", "POST", json={"note": note}, headers={"idempotency-key": key, **headers})

    before = len(client.ask("/orders").json)
    first, again, other = make("a", "k1"), make("a", "k1"), make("a", "k2")
    changed = make("b", "k1")

    assert first.body == again.body != other.body
    assert "idempotent-replayed" not in first.fields
    assert again.fields["idempotent-replayed"] == "true"
    assert changed.status == 422
    assert len(client.ask("/orders").json) == before + 2
    assert make("a", "k1", **{"x-mock-world": "w"}).fields.get("idempotent-replayed") is None


def test_keys_are_forgotten_after_a_day_and_at_a_reset(served: Callable[..., AsgiClient]) -> None:
    client = served(stateful=True)

    def replayed() -> bool:
        answer = client.ask("/orders", "POST", json={"note": "a"}, headers={"idempotency-key": "k"})
        return "idempotent-replayed" in answer.fields

    seen = [replayed(), replayed()]
    client.ask("/__admin/worlds/@everybody", "PUT", json={"now": "+25h"})
    seen += [replayed(), replayed()]
    client.ask("/__admin/worlds/@everybody/reset", "POST")

    assert [*seen, replayed()] == [False, True, False, True, False]


def test_a_refusal_is_not_kept(served: Callable[..., AsgiClient]) -> None:
    client = served()
    wrong = client.ask("/orders", "POST", json={"note": 7}, headers={"idempotency-key": "k"})
    right = client.ask("/orders", "POST", json={"note": "a"}, headers={"idempotency-key": "k"})

    assert (wrong.status, right.status) == (422, 200)


def test_keys_count_where_they_are_documented_or_asked_for(served: Callable[..., AsgiClient]) -> None:
    def replayed(client: AsgiClient, path: str) -> bool:
        ask = [client.ask(path, "POST", json={"note": "a"}, headers={"idempotency-key": "k"}) for _ in range(2)]
        return "idempotent-replayed" in ask[1].fields

    assert [replayed(served(), path) for path in ("/orders", "/other")] == [True, False]
    assert [replayed(served(idempotency=True), path) for path in ("/orders", "/other")] == [True, True]
    assert [replayed(served(idempotency=False), path) for path in ("/orders", "/other")] == [False, False]
    assert replayed(served(operations={"makeOther": {"idempotency": True}}), "/other")


def test_ends_are_announced(served: Callable[..., AsgiClient]) -> None:
    plain = served().ask("/other")
    own = {"list": {"deprecation": "2026-01-01", "sunset": "2028-02-29"}}
    set_to = served(operations=own).ask("/orders")

    assert (plain.fields["deprecation"], plain.fields["sunset"]) == ("true", "Sun, 31 Jan 2027 00:00:00 GMT")
    assert (set_to.fields["deprecation"], set_to.fields["sunset"]) == ("@1767225600", "Tue, 29 Feb 2028 00:00:00 GMT")
    assert "deprecation" not in served().ask("/orders").fields


def test_a_known_representation_is_not_sent_again_where_that_is_documented(served: Callable[..., AsgiClient]) -> None:
    documented = operation(ORDER, operationId="get")
    documented["responses"]["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}  # type: ignore[index]
    with_304 = {**documented, "responses": {**documented["responses"], "304": {"description": "Not modified"}}}  # type: ignore[dict-item]
    client, other = served(minimal({"/order": {"get": with_304}})), served(minimal({"/order": {"get": documented}}))
    tag = client.ask("/order").fields["etag"]
    known = client.ask("/order", headers={"if-none-match": f'"x", W/{tag}'})

    assert (known.status, known.body, known.fields["etag"]) == (304, b"", tag)
    assert client.ask("/order", headers={"if-none-match": '"x"'}).status == 200
    assert client.ask("/order", headers={"if-none-match": "*"}).status == 304
    assert other.ask("/order", headers={"if-none-match": tag}).status == 200


def test_what_a_resource_can_be_queried_with_is_said(served: Callable[..., AsgiClient]) -> None:
    query = {**operation(ORDER, operationId="find"), "requestBody": {"required": True, **BODY}}
    client = served(minimal({"/orders": {"query": query, "get": operation(ORDER, operationId="list")}}, "3.2.0"))
    options = client.ask("/orders", "OPTIONS")
    wrong = client.ask("/orders", "QUERY", body=b"x", headers={"content-type": "text/plain"})

    assert options.fields["accept-query"] == "application/json"
    assert (wrong.status, wrong.fields["accept-query"]) == (415, "application/json")
    assert client.ask("/orders", "QUERY", json={}).status == 200
