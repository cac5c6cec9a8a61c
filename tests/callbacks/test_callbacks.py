"""Callbacks and webhooks are sent as documented, to whom it is allowed, and nobody waits for them."""

import asyncio
import hashlib
import hmac
import logging
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.callbacks import send as courier_module
from mock_server.callbacks.dispatch import CallbackDispatcher
from mock_server.callbacks.send import CallbackSender, Host
from mock_server.delay import Fixed
from mock_server.errors import UsageError
from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend, Delivery, Outcome, make_mounts
from mock_server.settings import Settings, merge_settings
from tests.support.mocks import minimal
from tests.support.receiver import Receiver
from tests.support.servers import Server

KEY = "a secret"
ORDER = {
    "type": "object",
    "required": ["id", "callbackUrl", "item"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "callbackUrl": {"type": "string"},
        "item": {"type": "string"},
    },
}
PAID = {
    "type": "object",
    "required": ["orderId", "item", "state", "customer", "order"],
    "additionalProperties": False,
    "properties": {
        "orderId": {"type": "integer"},
        "item": {"type": "string"},
        "state": {"enum": ["paid"]},
        "customer": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
        "order": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
    },
}
CANCELLED = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"enum": ["sold out"]}},
    "additionalProperties": False,
}


def json_of(schema: object) -> dict[str, object]:
    return {"application/json": {"schema": schema}}


def called(schema: object) -> dict[str, object]:
    return {
        "requestBody": {"required": True, "content": json_of(schema)},
        "responses": {"200": {"description": ""}, "204": {"description": ""}},
    }


def taking(template: str, callback: object, expression: str = "{$request.body#/callbackUrl}") -> dict[str, object]:
    return {
        "operationId": template,
        "requestBody": {"required": True, "content": json_of(ORDER)},
        "responses": {
            "201": {
                "description": "",
                "content": {
                    "application/json": {"schema": ORDER, "example": {"id": 7, "callbackUrl": "x", "item": "tea"}}
                },
            },
            "404": {"description": ""},
        },
        "callbacks": {"told": {expression: {"post": callback}}},
    }


DOCUMENT = minimal(
    {
        "/orders": {"post": taking("placeOrder", called(PAID))},
        "/refunds": {"post": taking("refund", called(CANCELLED))},
        "/subscriptions": {
            "post": {
                "responses": {"204": {"description": ""}},
                "parameters": [{"name": "to", "in": "query", "schema": {"type": "string"}}],
                "callbacks": {"first": {"{$request.query.to}/events?kind=first#x": {"put": called(PAID)}}},
            }
        },
        "/pets/{id}": {
            "put": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": json_of(
                            {"type": "object", "properties": {"name": {"const": "Rex"}}, "required": ["name"]}
                        ),
                    }
                },
                "x-mock": {"webhooks": {"petChanged": "{$request.header.x-hook}"}},
            }
        },
    },
    "3.1.0",
    webhooks={
        "petChanged": {
            "post": called(
                {
                    "type": "object",
                    "required": ["petId", "name"],
                    "properties": {"petId": {"type": "integer"}, "name": {"type": "string"}},
                }
            )
        }
    },
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Mocked:
    """A mock in this process whose outbox can be looked into."""

    def __init__(
        self,
        folder: Path,
        *allowed: str,
        secret: str | None = None,
        delay: float | None = None,
        document: object = DOCUMENT,
    ) -> None:
        path = folder / "openapi.json"
        path.write_bytes(orjson.dumps(document))
        self.waited: list[float] = []
        settings = Settings(
            callbacks_to=allowed, callback_secret=secret, callback_delay=Fixed(delay) if delay is not None else None
        )
        self.backend = Backend.of(open_responder(str(path), settings).responder)
        self.outbox = CallbackDispatcher(self.backend, self.wait)
        self.outbox.attend()

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def ask(self, method: str, target: str, body: object = None, *fields: tuple[bytes, bytes]) -> Answer:
        path, _, query = target.partition("?")
        sent = [(b"content-type", b"application/json"), *fields] if body is not None else list(fields)
        request = Request(method, path.encode(), query.encode(), sent, orjson.dumps(body) if body is not None else b"")
        world = self.backend.worlds.everybody
        answer = self.backend.mounts[0].responder.respond(request, world)
        self.backend.record(request, answer, world, time.perf_counter())
        return answer

    def run(self, work: Callable[[], object]) -> list[Delivery]:
        """Do something in a loop, and wait for all that it sends."""

        async def all_of_it() -> None:
            work()
            await asyncio.gather(*self.outbox._tasks)

        asyncio.run(all_of_it())
        return list(self.outbox)

    def order(self, url: str, template: str = "/orders", **headers: str) -> list[Delivery]:
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        return self.run(lambda: self.ask("POST", template, {"callbackUrl": url, "item": "tea"}, *fields))


def test_a_callback_is_sent_as_documented(tmp_path: Path, receiver: Receiver) -> None:
    (posted,) = Mocked(tmp_path, "127.0.0.1").order(receiver.url + "/told?x=1")
    ((method, target, fields, body),) = receiver.got
    jsonschema.Draft202012Validator(PAID, format_checker=jsonschema.FormatChecker()).validate(orjson.loads(body))

    assert (method, target, fields["content-type"], fields["x-mock-callback"]) == (
        "POST",
        "/told?x=1",
        "application/json",
        "told",
    )
    assert "x-mock-signature" not in fields
    assert (posted.outcome, posted.operation, posted.body, posted.findings) == (
        Outcome.DELIVERED,
        "POST /orders",
        body,
        (),
    )
    assert [attempt.status for attempt in posted.attempts] == [204]


def test_callbacks_that_a_new_version_of_the_document_brings_are_sent(tmp_path: Path, receiver: Receiver) -> None:
    before = {**DOCUMENT, "paths": {"/other": {"get": {"responses": {"204": {"description": ""}}}}}}
    mocked = Mocked(tmp_path, "127.0.0.1", document=before)
    (tmp_path / "new.json").write_bytes(orjson.dumps(DOCUMENT))
    settings = mocked.backend.settings
    deaf = list(mocked.backend.listeners)
    mocked.backend.outbox = mocked.outbox
    mocked.backend.replace(make_mounts([open_responder(str(tmp_path / "new.json"), settings).responder]), settings)

    assert deaf == []
    assert [posted.outcome for posted in mocked.order(receiver.url)] == [Outcome.DELIVERED]


def test_a_callback_agrees_with_its_exchange(tmp_path: Path, receiver: Receiver) -> None:
    Mocked(tmp_path, "127.0.0.1").order(receiver.url)
    body = orjson.loads(receiver.got[0][3])

    assert (body["orderId"], body["item"], body["order"]["id"]) == (7, "tea", 7)
    assert body["customer"]["id"] != 7


def test_callbacks_with_the_same_expression_have_bodies_of_their_own(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    mocked.order(receiver.url, "/orders")
    mocked.order(receiver.url, "/refunds")

    assert orjson.loads(receiver.got[1][3]) == {"reason": "sold out"}


def test_the_same_request_sets_off_the_same_callback(tmp_path: Path, receiver: Receiver) -> None:
    for _ in range(2):
        Mocked(tmp_path, "127.0.0.1").order(receiver.url)

    assert receiver.got[0][3] == receiver.got[1][3]


def test_an_expression_may_stand_within_a_url(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    mocked.run(lambda: mocked.ask("POST", f"/subscriptions?to={receiver.url}"))

    assert receiver.got[0][:2] == ("PUT", "/events?kind=first")


def test_a_callback_is_signed(tmp_path: Path, receiver: Receiver) -> None:
    Mocked(tmp_path, "127.0.0.1", secret=KEY).order(receiver.url)
    _, _, fields, body = receiver.got[0]

    assert fields["x-mock-signature"] == "sha256=" + hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()


def test_a_secret_is_shown_nowhere() -> None:
    settings = merge_settings({"callback_secret": "hush"})

    assert "hush" not in repr(settings)


def test_a_callback_is_sent_again_with_growing_pauses(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [503, 429, 200]
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.order(receiver.url)

    assert [attempt.status for attempt in posted.attempts] == [503, 429, 200]
    assert mocked.waited == [0.5, 1.0]
    assert posted.outcome is Outcome.DELIVERED
    assert len({body for _, _, _, body in receiver.got}) == 1


def test_a_receiver_that_is_not_there_is_tried_four_times(tmp_path: Path) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.order("http://127.0.0.1:1/")

    assert [attempt.status for attempt in posted.attempts] == [None] * 4
    assert mocked.waited == [0.5, 1.0, 2.0]
    assert (posted.outcome, posted.reason) == (Outcome.FAILED, posted.attempts[-1].reason)
    assert posted.reason


def test_a_refusal_is_not_asked_again_and_judged(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [400]
    (posted,) = Mocked(tmp_path, "127.0.0.1").order(receiver.url)

    assert (posted.outcome, len(receiver.got)) == (Outcome.FAILED, 1)
    assert [finding.rule for finding in posted.findings] == ["response-status-undocumented"]


def test_a_redirect_is_not_followed(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses, receiver.fields = [307], {"location": receiver.url + "/elsewhere"}
    (posted,) = Mocked(tmp_path, "127.0.0.1").order(receiver.url)

    assert (posted.outcome, [target for _, target, _, _ in receiver.got]) == (Outcome.FAILED, ["/"])


def test_nothing_is_sent_unless_it_is_allowed(tmp_path: Path, receiver: Receiver) -> None:
    (posted,) = Mocked(tmp_path).order(receiver.url)

    assert receiver.got == []
    assert posted.outcome is Outcome.REFUSED
    assert posted.reason == f"127.0.0.1 is not allowed; --callbacks-to 127.0.0.1:{receiver.port} allows it"


@pytest.mark.parametrize(
    "url",
    ["http://localhost/", "http://127.0.0.1:9001/", "http://127.0.0.1.:9000/", "http://127.1:9000/", "http://0x7f000001:9000/", "http://[::1]:9000/",
     "http://127.0.0.1:9000@evil.example/", "http://user:pw@127.0.0.1:9000/", "https://127.0.0.1/", "ftp://127.0.0.1:9000/", "file:///etc/passwd",
     "//127.0.0.1:9000/", "/relative", "http://", "http://evil.example#@127.0.0.1:9000/", "http://evil.example\\@127.0.0.1:9000/",
     "http://127.0.0.1:9000\r\nhost: x/", "http://[half", "http://127.0.0.1:99999/"],
)  # fmt: skip
def test_what_only_looks_like_an_allowed_host_is_refused(url: str) -> None:
    refused = CallbackSender([Host.parse("127.0.0.1:9000")], 0, None).refusal(url)

    assert refused is not None
    assert "pw" not in refused


@pytest.mark.parametrize(
    ("allowed", "url"),
    [("127.0.0.1:9000", "http://127.0.0.1:9000/x"), ("localhost", "https://LOCALHOST:77/"), ("LocalHost:80", "http://localhost/"),
     ("example.com:443", "https://example.com"), ("[::1]:9000", "http://[::1]:9000/"), ("bücher.example", "http://xn--bcher-kva.example/")],
)  # fmt: skip
def test_an_allowed_host_is_allowed(allowed: str, url: str) -> None:
    assert CallbackSender([Host.parse(allowed)], 0, None).refusal(url) is None


def test_a_port_that_is_a_default_elsewhere_counts() -> None:
    assert CallbackSender([Host.parse("localhost:80")], 0, None).refusal("http://localhost:8080/") is not None


@pytest.mark.parametrize(
    "text", ["", "http://localhost", "a/b", "a:b", "a@b", "a b", "localhost:70000", "a?b", "a#b", "[::1"]
)
def test_what_is_no_host_can_not_be_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="--callbacks-to takes HOST"):
        Host.parse(text)


@given(st.text(max_size=40))
def test_any_text_is_refused_or_leads_to_the_allowed_host(text: str) -> None:
    courier = CallbackSender([Host.parse("allowed.example")], 0, None)
    for url in (text, f"http://{text}", f"http://{text}allowed.example{text}"):
        if courier.refusal(url) is None:
            assert httpx2.URL(url).host == "allowed.example"


def test_a_request_without_a_url_sets_nothing_off(tmp_path: Path) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.run(lambda: mocked.ask("POST", "/subscriptions"))

    assert posted.outcome is Outcome.SKIPPED
    assert "$request.query.to" in posted.reason


def test_an_answer_that_is_no_success_sets_nothing_off(tmp_path: Path, receiver: Receiver) -> None:
    assert Mocked(tmp_path, "127.0.0.1").order(receiver.url, prefer="code=404") == []
    assert receiver.got == []


def test_a_callback_sets_off_no_other(tmp_path: Path, receiver: Receiver) -> None:
    assert Mocked(tmp_path, "127.0.0.1").order(receiver.url, **{"x-mock-callback": "told"}) == []


def test_a_callback_waits_as_long_as_is_set(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1", delay=1500)
    mocked.order(receiver.url)

    assert mocked.waited == [1.5]


def test_a_receiver_that_never_answers_is_given_up(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_SECONDS", 0.1)
    receiver.hold.clear()
    (posted,) = Mocked(tmp_path, "127.0.0.1").order(receiver.url)

    assert (posted.outcome, posted.reason) == (Outcome.FAILED, "no answer came in 0.1 s")


def test_a_webhook_is_sent_when_it_is_asked_for(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.run(lambda: mocked.outbox.send_webhook("petChanged", receiver.url))
    body = orjson.loads(receiver.got[0][3])

    assert mocked.outbox.webhooks() == ("petChanged",)
    assert posted.outcome is Outcome.DELIVERED
    assert isinstance(body["petId"], int)


def test_a_webhook_with_a_body_of_ones_own_is_judged(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.run(
        lambda: mocked.outbox.send_webhook("petChanged", receiver.url, body={"petId": "one", "name": "Rex"})
    )

    assert orjson.loads(receiver.got[0][3]) == {"petId": "one", "name": "Rex"}
    assert [finding.rule for finding in posted.findings] == ["request-body-schema"]


def test_a_webhook_that_is_not_documented_is_said_to_be_unknown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no webhook is called 'petFled'; there are petChanged"):
        Mocked(tmp_path).outbox.send_webhook("petFled", "http://127.0.0.1/")


def test_an_operation_sets_off_a_webhook_that_it_names(tmp_path: Path, receiver: Receiver) -> None:
    mocked = Mocked(tmp_path, "127.0.0.1")
    (posted,) = mocked.run(lambda: mocked.ask("PUT", "/pets/12", None, (b"x-hook", receiver.url.encode())))

    assert (posted.kind, posted.outcome) == ("webhook", Outcome.DELIVERED)
    assert orjson.loads(receiver.got[0][3]) == {"petId": 12, "name": "Rex"}


def test_the_log_is_written_as_json_and_bounded(tmp_path: Path) -> None:
    mocked = Mocked(tmp_path)
    for _ in range(1_100):
        mocked.ask("POST", "/orders", {"callbackUrl": "http://127.0.0.1:1/", "item": "tea"})
    posted = list(mocked.outbox)

    assert (len(posted), posted[-1].number) == (1_000, 1_100)
    assert orjson.loads(orjson.dumps(posted[0].json()))["outcome"] == "refused"
    mocked.outbox.clear("")
    assert list(mocked.outbox) == []


def test_what_became_of_it_is_logged(tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mock_server")
    Mocked(tmp_path, "127.0.0.1").order(receiver.url + "/x")

    assert f"callback told of POST /orders: POST {receiver.url}/x delivered: answered with 204" in caplog.messages


def test_no_answer_waits_and_neither_does_the_server(
    tmp_path: Path, receiver: Receiver, serve: Callable[..., Server]
) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(DOCUMENT))
    receiver.hold.clear()
    server = serve(str(path), "--callbacks-to", f"127.0.0.1:{receiver.port}", "--log-format", "none")
    answer = httpx2.post(f"{server.url}/orders", json={"callbackUrl": receiver.url, "item": "tea"})
    ends = time.monotonic() + 10
    while not receiver.got and time.monotonic() < ends:
        time.sleep(0.01)
    server.process.send_signal(signal.SIGINT)
    _, said = server.process.communicate(timeout=9)  # less than a callback has

    assert answer.status_code == 201
    assert len(receiver.got) == 1
    assert (server.process.returncode, said) == (0, "")


WATCHED = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}, "n": {"type": "integer"}}}
FORM = "application/x-www-form-urlencoded"
PARTS = b'--b\r\nContent-Disposition: form-data; name="url"\r\n\r\nURL\r\n--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n7\r\n--b--\r\n'
SENT = {
    "application/json": b'{"url": "URL", "n": 7}',
    "application/vnd.x+json": b'{"url": "URL", "n": 7}',
    FORM: b"url=URL&n=7",
    "multipart/form-data; boundary=b": PARTS,
    "application/xml": b"<watch><url>URL</url><n>7</n></watch>",
}


@pytest.mark.parametrize("media_type", SENT)
def test_an_expression_leads_into_a_body_of_any_media_type(tmp_path: Path, receiver: Receiver, media_type: str) -> None:
    content = {name.partition(";")[0]: {"schema": WATCHED} for name in SENT}
    shown = {"application/xml": {"schema": {"type": "object", "properties": {"id": {"type": "integer", "example": 5}}}}}
    document = minimal(
        {
            "/watch": {
                "post": {
                    "requestBody": {"content": content},
                    "responses": {"202": {"description": "", "content": shown}},
                    "callbacks": {
                        "told": {
                            "{$request.body#/url}?n={$request.body#/n}&id={$response.body#/id}": {
                                "post": {"responses": {}}
                            }
                        }
                    },
                }
            }
        }
    )
    mocked = Mocked(tmp_path, "127.0.0.1", document=document)
    backend, body = mocked.backend, SENT[media_type].replace(b"URL", receiver.url.encode() + b"/a")
    body = body.replace(b":", b"%3A").replace(b"/", b"%2F") if media_type == FORM else body
    request = Request("POST", b"/watch", b"", [(b"content-type", media_type.encode())], body)

    def send() -> None:
        answer = backend.mounts[0].responder.respond(request, backend.worlds.everybody)
        backend.record(request, answer, backend.worlds.everybody, time.perf_counter())

    mocked.run(send)

    assert [target.partition("&id=")[0] for _, target, _, _ in receiver.got] == ["/a?n=7"]
    assert receiver.got[0][1].rpartition("=")[2].isdigit()
