"""The proxy passes on what it gets, byte for byte and when it comes, and says what is wrong with it."""

import gzip
import http.client
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mock_server.server.browser import CONTENT_FIELDS
from tests.support.mocks import minimal
from tests.support.proxying import Heard, Proxy, RealServer, answer, chunks_of, start_proxy

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
DOCUMENT = minimal(
    {
        "/items/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getItem",
                "parameters": [{"name": "depth", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": ITEM}}},
                    "304": {"description": ""},
                },
            },
            "put": {
                "operationId": "putItem",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ITEM}, "application/octet-stream": {}},
                },
                "responses": {"200": {"description": ""}, "204": {"description": ""}},
            },
        },
        "/events": {
            "get": {
                "operationId": "events",
                "responses": {"200": {"description": "", "content": {"text/event-stream": {}}}},
            }
        },
        "/file": {
            "get": {
                "operationId": "file",
                "responses": {"200": {"description": "", "content": {"application/octet-stream": {}}}},
            }
        },
        "/moved": {"get": {"operationId": "moved", "responses": {"302": {"description": ""}}}},
        "/private": {
            "get": {
                "operationId": "private",
                "security": [{"key": []}],
                "responses": {"200": {"description": ""}, "401": {"description": ""}},
            }
        },
    },
    servers=[{"url": "https://api.example.com/v1"}],
    components={"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
)


@pytest.fixture
def between(tmp_path: Path) -> Iterator[Callable[..., tuple[Proxy, RealServer]]]:
    """Start a proxy before a real server."""
    running: list[tuple[Proxy, RealServer]] = []

    def start(talk: Callable[[Heard], None] | bytes, path: str = "/v2", **changes: object) -> tuple[Proxy, RealServer]:
        server = RealServer(talk)
        running.append((start_proxy(DOCUMENT, server.url + path, tmp_path, **changes), server))
        return running[-1]

    yield start
    for proxy, server in running:
        proxy.stop()
        server.close()


def violations(response: http.client.HTTPResponse) -> list[str]:
    return [found["code"] for found in orjson.loads(response.headers.get("sl-violations", "[]"))]


def test_a_request_goes_on_under_the_other_base_and_its_answer_comes_back(between: Callable) -> None:
    proxy, server = between(answer(b'{"id": 1}', "X-Total: 2", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2"))
    response, body = proxy.ask("GET", "/v1/items/a%2Fb?depth=1&x=%20y", headers={"X-Own": "1"})

    assert (response.status, body) == (200, b'{"id": 1}')
    assert server.heard[0].line == b"GET /v2/items/a%2Fb?depth=1&x=%20y HTTP/1.1"
    assert server.heard[0].values("host") == [server.url.removeprefix("http://")]
    assert server.heard[0].values("x-own") == ["1"]
    assert server.heard[0].values("x-forwarded-for") == ["127.0.0.1"]
    assert server.heard[0].values("x-forwarded-host") == [f"127.0.0.1:{proxy.port}"]
    assert server.heard[0].values("via") == ["1.1 mock-server-test"]
    assert response.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert response.headers["x-total"] == "2"
    assert response.headers["via"] == "1.1 mock-server-test"
    assert len(response.headers.get_all("date")) == 1


def test_what_is_of_one_connection_only_does_not_go_on(between: Callable) -> None:
    proxy, server = between(
        answer(b'{"id": 1}', "Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Trailer: X")
    )
    own = {
        "Connection": "X-Mine, Host",
        "X-Mine": "1",
        "TE": "trailers",
        "Keep-Alive": "1",
        "Proxy-Authorization": "Basic x",
    }
    response, _ = proxy.ask("GET", "/v1/items/1", headers=own)

    names = {line.split(b":")[0].lower() for line in server.heard[0].head.split(b"\r\n")[1:]}
    assert not names & {b"connection", b"x-mine", b"te", b"keep-alive", b"proxy-authorization"}
    assert b"host" in names
    assert not {name.lower() for name in response.headers} & {"x-hop", "keep-alive", "trailer"}


def test_both_directions_are_judged(between: Callable) -> None:
    proxy, _ = between(answer(b'{"id": "x"}'))
    response, body = proxy.ask("GET", "/v1/items/1?depth=deep")

    assert body == b'{"id": "x"}'
    assert violations(response) == ["request-parameter-schema", "response-body-schema"]
    assert proxy.rules(1) == ["request-parameter-schema", "response-body-schema"]
    assert proxy.relay.scrutiny.is_red


def test_what_keeps_to_the_document_is_no_finding(between: Callable) -> None:
    proxy, _ = between(answer(b'{"id": 1}'))
    response, _ = proxy.ask("GET", "/v1/items/1")

    assert "sl-violations" not in response.headers
    assert proxy.rules(1) == []
    assert not proxy.relay.scrutiny.is_red


def test_a_finding_is_counted_once_for_each_cause(between: Callable) -> None:
    proxy, _ = between(answer(b'{"id": "x"}'))
    for number in range(3):
        proxy.ask("GET", f"/v1/items/{number}")
    proxy.rules(3)

    (finding,) = proxy.relay.scrutiny.tally.findings()
    assert "(3 times, first at GET /v1/items/0, GET /v1/items/1, GET /v1/items/2)" in finding.message


@pytest.mark.parametrize(
    ("coding", "code"),
    [
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("deflate", None),
    ],
)
def test_compression_passes_as_it_is_and_is_judged(
    between: Callable, coding: str, code: Callable[[bytes], bytes] | None
) -> None:
    import zlib

    coded = (code or zlib.compress)(b'{"id": "x"}')
    proxy, server = between(answer(coded, f"Content-Encoding: {coding}"))
    response, body = proxy.ask("GET", "/v1/items/1", headers={"Accept-Encoding": "zstd, br"})

    assert body == coded
    assert response.headers["content-encoding"] == coding
    assert server.heard[0].values("accept-encoding") == ["zstd, br"]
    assert proxy.rules(1) == ["response-body-schema"]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "rot13"])
def test_what_is_not_coded_as_it_is_said_to_be_passes_unjudged(between: Callable, coding: str) -> None:
    proxy, _ = between(answer(b'{"id": "x"}', f"Content-Encoding: {coding}"))
    response, body = proxy.ask("GET", "/v1/items/1")

    assert (response.status, body) == (200, b'{"id": "x"}')
    assert proxy.rules(1) == []
    assert sum(proxy.relay.scrutiny.unread.values()) == 1


def test_a_bomb_is_passed_on_and_not_unpacked(between: Callable) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    proxy, _ = between(answer(bomb, "Content-Encoding: gzip"), max_body=100_000)
    _, body = proxy.ask("GET", "/v1/items/1")

    assert body == bomb
    proxy.rules(1)
    assert "more than 100,000 bytes" in next(iter(proxy.relay.scrutiny.unread))


def test_binary_bodies_pass_both_ways(between: Callable) -> None:
    data = bytes(range(256)) * 1000

    def echo(heard: Heard) -> None:
        body = heard.read_body()
        heard.send(answer(body, media_type="application/octet-stream"))

    proxy, server = between(echo)
    _, body = proxy.ask("PUT", "/v1/items/1", data, {"Content-Type": "application/octet-stream"})

    assert body == data
    assert server.heard[0].body == data
    assert server.heard[0].values("content-length") == [str(len(data))]


def test_events_arrive_when_they_are_sent(between: Callable) -> None:
    def talk(heard: Heard) -> None:
        heard.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(2):
            heard.send(b"9\r\ndata: %d\n\n\r\n" % number)
            heard.wait_for_end()  # nothing more until the client has gone

    proxy, server = between(talk)
    with proxy.raw(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        seen = b""
        while b"data: 0" not in seen:
            seen += connection.recv(65536)
        assert chunks_of(seen.partition(b"\r\n\r\n")[2]) == [b"data: 0\n\n"] or b"data: 0\n\n" in seen

    assert server.heard[0].gone.wait(10)
    assert proxy.rules(1) == []


def test_a_client_that_leaves_takes_the_request_back(between: Callable) -> None:
    proxy, server = between(Heard.wait_for_end)
    with proxy.raw(b"GET /v1/items/1 HTTP/1.1\r\nHost: a\r\n\r\n"):
        while not server.heard:
            time.sleep(0.01)

    assert server.heard[0].gone.wait(10)


def test_an_upload_comes_piece_by_piece(between: Callable) -> None:
    def talk(heard: Heard) -> None:
        while b"first" not in heard.rest:
            heard.rest += heard.connection.recv(65536)
        heard.gone.set()
        heard.read_body()
        heard.send(answer(status="204 No Content"))

    proxy, server = between(talk)
    head = b"PUT /v1/items/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n"
    with proxy.raw(head + b"5\r\nfirst\r\n") as connection:
        while not server.heard:
            time.sleep(0.01)
        assert server.heard[0].gone.wait(10)  # it is there before the rest was sent
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

        assert connection.recv(65536).startswith(b"HTTP/1.1 204")
    assert server.heard[0].body == b"firstsecond"


def test_who_expects_to_be_told_to_go_on_is_told(between: Callable) -> None:
    proxy, server = between(answer(status="204 No Content"))
    head = b"PUT /v1/items/1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n"
    with proxy.raw(head) as connection:
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"id": 1}')
        assert connection.recv(65536).startswith(b"HTTP/1.1 204")

    assert server.heard[0].values("expect") == []
    assert server.heard[0].body == b'{"id": 1}'


def test_a_large_download_passes_in_little_memory(between: Callable) -> None:
    piece, count = os.urandom(1_000_000), 60

    def talk(heard: Heard) -> None:
        heard.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
            % (len(piece) * count)
        )
        for _ in range(count):
            heard.send(piece)

    proxy, _ = between(talk, max_body=100_000)
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    connection.request("GET", "/v1/file")
    response = connection.getresponse()
    same = all(response.read(len(piece)) == piece for _ in range(count))
    connection.close()

    assert same
    proxy.rules(1)
    (recorded,) = proxy.backend.worlds.everybody.journal
    assert len(recorded.answer.body) == 100_000


@pytest.mark.parametrize(
    ("method", "head", "kept"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\nETag: x\r\n\r\n", "9"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n\r\n", None),
        ("PUT", b"HTTP/1.1 204 No Content\r\nETag: x\r\n\r\n", None),
    ],
)
def test_answers_without_a_body_have_none(between: Callable, method: str, head: bytes, kept: str | None) -> None:
    proxy, _ = between(head)
    asked = b'{"id": 1}' if method == "PUT" else None
    response, body = proxy.ask(method, "/v1/items/1", asked, {"Content-Type": "application/json"} if asked else None)

    assert body == b""
    assert response.headers["etag"] == "x"
    assert response.headers["content-length"] == kept
    assert proxy.rules(1) == []


def test_redirects_are_passed_on_and_lead_through_the_proxy(between: Callable) -> None:
    proxy, server = between(b"")
    for location, expected in [
        (f"{server.url}/v2/items/2?x=1", f"{proxy.url}/v1/items/2?x=1"),
        ("/v2/items/2", "/v1/items/2"),
        ("https://elsewhere.example/v2", "https://elsewhere.example/v2"),
        ("items/2", "items/2"),
        ("/v22/items", "/v22/items"),
    ]:
        server.talk = answer(b"", f"Location: {location}", status="302 Found")
        response, _ = proxy.ask("GET", "/v1/moved")

        assert (response.status, response.headers["location"]) == (302, expected)
    assert len(server.heard) == 5


def drip(first: bytes, piece: bytes) -> Callable[[Heard], None]:
    """A server that is never silent for long, and never done."""

    def talk(heard: Heard) -> None:
        heard.connection.sendall(first)
        while True:  # until the other side closes, which raises
            heard.connection.sendall(piece)
            time.sleep(0.1)

    return talk


@pytest.mark.parametrize(
    ("talk", "status"),
    [
        (b"\x16\x03\x01 this is no HTTP\r\n\r\n", 502),
        (b"", 502),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\nhalf", 502),
        (b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk", 502),
        (Heard.wait_for_end, 504),
        (drip(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"), 504),
        (drip(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), 504),
    ],
    ids=[
        "garbage",
        "nothing",
        "half",
        "no such status",
        "an endless header",
        "no chunk",
        "silence",
        "a dripping header",
        "endless hints",
    ],
)
def test_what_is_no_answer_is_said(between: Callable, talk: object, status: int) -> None:
    proxy, _ = between(talk, timeout=0.5)
    response, body = proxy.ask("GET", "/v1/items/1")

    assert response.status == status
    assert response.headers["content-type"] == "application/problem+json"
    assert orjson.loads(body)["status"] == status
    assert proxy.rules(1) == ["response-transport-failed"]


def test_a_server_that_is_down_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    proxy = start_proxy(DOCUMENT, url, tmp_path)
    response, _ = proxy.ask("GET", "/v1/items/1")
    proxy.stop()

    assert response.status == 502
    assert proxy.rules() == ["response-transport-failed"]


def test_an_answer_that_breaks_off_when_it_is_on_its_way_breaks_off_for_the_client(between: Callable) -> None:
    def talk(heard: Heard) -> None:
        heard.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 9000000\r\n\r\n"
            + bytes(1_000_000)
        )

    proxy, _ = between(talk)
    with pytest.raises(http.client.IncompleteRead):
        proxy.ask("GET", "/v1/file")
    assert proxy.rules(1) == ["response-transport-failed"]


def test_what_is_not_documented_is_passed_on_and_said(between: Callable) -> None:
    proxy, server = between(answer(b"ok", media_type="text/plain"))
    response, body = proxy.ask("GET", "/v1/strange")
    proxy.ask("GET", "/elsewhere")
    proxy.ask("PATCH", "/v1/items/1")

    assert body == b"ok"
    assert violations(response) == ["traffic-path-undocumented"]
    assert [heard.line.split()[1] for heard in server.heard] == [b"/v2/strange", b"/elsewhere", b"/v2/items/1"]
    assert not proxy.relay.scrutiny.is_red


def test_missing_credentials_are_a_finding_unless_they_were_asked_for(between: Callable) -> None:
    proxy, server = between(answer(status="401 Unauthorized"))
    proxy.ask("GET", "/v1/private")
    assert proxy.rules(1) == []

    server.talk = answer()
    proxy.ask("GET", "/v1/private")
    assert proxy.rules(2) == ["request-security-unmet"]


def test_a_proxy_that_asks_itself_says_so(tmp_path: Path, between: Callable) -> None:
    proxy, _ = between(b"")
    response, _ = proxy.ask("GET", "/v1/items/1", headers={"Via": "1.1 other, 1.1 mock-server-test"})

    assert response.status == 508


def test_web_sockets_are_refused_in_words(between: Callable) -> None:
    proxy, server = between(b"")
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with proxy.raw(b"GET /v1/items/1 HTTP/1.1\r\nHost: a\r\n" + upgrade + b"\r\n") as connection:
        said = connection.recv(65536)

    assert said.startswith(b"HTTP/1.1 501")
    assert b"web socket" in said
    assert server.heard == []


def test_the_mock_steps_in_where_it_is_told_to(tmp_path: Path, between: Callable) -> None:
    proxy, server = between(answer(b"{}", status="501 Not Implemented"), fallback="mock")
    response, body = proxy.ask("GET", "/v1/items/7")
    assert (response.status, response.headers["x-mock-source"]) == (200, "generated")
    assert isinstance(orjson.loads(body)["id"], int)
    assert proxy.rules() == []

    server.talk = answer(b"{}", status="503 Service Unavailable")
    assert proxy.ask("GET", "/v1/items/7")[0].status == 503
    proxy.relay.choices.fallback_on = ("5XX",)
    assert proxy.ask("GET", "/v1/items/7")[0].status == 200

    server.close()
    proxy.relay.choices.fallback_on = ("unreachable",)
    response, _ = proxy.ask("PUT", "/v1/items/7", b'{"id": 1}', {"Content-Type": "application/json"})
    assert response.status in {200, 204}


def test_operations_are_real_or_mocked_as_one_chooses(between: Callable, tmp_path: Path) -> None:
    from mock_server.settings import OperationSettings

    proxy, server = between(answer(b'{"id": 1}'), operations={"GET /items/{id}": OperationSettings(upstream=False)})
    assert proxy.ask("GET", "/v1/items/1")[0].headers["x-mock-source"] == "generated"
    assert server.heard == []

    proxy.relay.choices.choose("getItem", upstream=True)
    assert "x-mock-source" not in proxy.ask("GET", "/v1/items/1")[0].headers
    proxy.relay.choices.choose("getItem", upstream=False)
    assert proxy.ask("HEAD", "/v1/items/1")[0].headers["x-mock-source"] == "generated"
    assert len(server.heard) == 1


def test_with_cors_pages_of_any_origin_may_call(between: Callable) -> None:
    proxy, server = between(answer(b'{"id": 1}', "Access-Control-Allow-Origin: https://prod.example"), cors=True)
    preflight, _ = proxy.ask(
        "OPTIONS", "/v1/items/1", headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    )
    response, _ = proxy.ask("GET", "/v1/items/1", headers={"Origin": "http://localhost:3000"})

    assert preflight.status == 204
    assert len(server.heard) == 1
    assert response.headers.get_all("access-control-allow-origin") == ["http://localhost:3000"]


@pytest.mark.parametrize("cors", [None, False])
def test_the_word_of_the_server_counts_on_who_may_call(between: Callable, cors: bool | None) -> None:
    proxy, _ = between(answer(b'{"id": 1}', "Access-Control-Allow-Origin: https://prod.example"), cors=cors)
    response, _ = proxy.ask("GET", "/v1/items/1", headers={"Origin": "http://localhost:3000"})

    assert response.headers.get_all("access-control-allow-origin") == ["https://prod.example"]


def test_exchanges_are_in_the_journal_with_their_coding_undone(between: Callable) -> None:
    proxy, _ = between(answer(gzip.compress(b'{"id": "x"}'), "Content-Encoding: gzip"))
    proxy.ask("GET", "/v1/items/1")
    proxy.rules(1)
    (recorded,) = proxy.backend.worlds.everybody.journal

    assert recorded.answer.body == b'{"id": "x"}'
    assert recorded.answer.source == "upstream"
    assert recorded.answer.entry.id == "getItem"
    assert [finding.rule for finding in recorded.answer.findings] == ["response-body-schema"]


def test_secrets_are_not_in_what_is_found(between: Callable) -> None:
    proxy, _ = between(answer(b'{"id": "s3cr3t-t0ken"}'))
    proxy.ask("GET", "/v1/items/s3cr3t-t0ken", headers={"X-Key": "s3cr3t-t0ken"})
    proxy.rules(1)

    assert "s3cr3t-t0ken" not in str(proxy.relay.scrutiny.tally.findings())


def test_faults_meet_real_answers_too(between: Callable) -> None:
    proxy, server = between(answer(b'{"id": 1}'))
    response, _ = proxy.ask("GET", "/v1/items/1", headers={"Prefer": "fault=media-type"})
    assert not response.headers["content-type"].startswith("application/json")
    assert len(server.heard) == 1

    response, _ = proxy.ask("GET", "/v1/items/1", headers={"Prefer": "fault=error:503"})
    assert response.status == 503


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 502)])
def test_a_connection_that_was_closed_meanwhile_is_no_failure_where_asking_again_does_no_harm(
    between: Callable, method: str, status: int
) -> None:
    def talk(heard: Heard) -> None:
        heard.send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"id": 1}')
        heard.rest = b""
        heard.read_head()  # of the second request, which this connection does not answer any more

    proxy, server = between(talk)
    assert proxy.ask("GET", "/v1/items/1")[0].status == 200
    assert proxy.ask(method, "/v1/items/1")[0].status == status
    assert len(server.heard) == (2 if method == "GET" else 1)


def reset(heard: Heard) -> None:
    """Break the connection: RST instead of FIN."""
    heard.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    heard.connection.close()


def test_a_reset_before_the_answer_is_said(between: Callable) -> None:
    proxy, _ = between(reset)

    assert proxy.ask("GET", "/v1/items/1")[0].status == 502
    assert proxy.rules(1) == ["response-transport-failed"]


def test_a_reset_on_the_way_breaks_off_for_the_client(between: Callable) -> None:
    def talk(heard: Heard) -> None:
        heard.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\n"
        )
        time.sleep(0.2)  # so that it is read before the reset
        reset(heard)

    proxy, _ = between(talk)
    with pytest.raises(http.client.IncompleteRead) as caught:
        proxy.ask("GET", "/v1/events")
    assert caught.value.partial == b"data: 0\n\n"
    assert proxy.rules(1) == ["response-transport-failed"]


def test_trailers_end_a_body_and_are_left_out(between: Callable) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    proxy, _ = between(head + b'9\r\n{"id": 1}\r\n0\r\nX-Sum: 1\r\n\r\n')
    response, body = proxy.ask("GET", "/v1/items/1")

    assert body == b'{"id": 1}'
    assert "trailer" not in response.headers
    assert proxy.rules(1) == []


class Echo:
    """Sends what it is told to, in the pieces that it is told to, and keeps what it hears."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.head = b""

    def __call__(self, heard: Heard) -> None:
        heard.read_body()
        heard.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n" + self.head + b"\r\n")
        for piece in self.pieces:
            heard.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        heard.send(b"0\r\n\r\n")


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, RealServer, Echo]]:
    echo = Echo()
    server = RealServer(echo)
    proxy = start_proxy(DOCUMENT, server.url, tmp_path_factory.mktemp("echo"))
    yield proxy, server, echo
    proxy.stop()
    server.close()


pieces = st.lists(st.binary(min_size=1, max_size=3_000), max_size=8)
tokens = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12).map(lambda text: f"x-{text}")
texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)


@given(
    sent=pieces,
    answered=pieces,
    fields=st.lists(st.tuples(tokens, texts), max_size=4),
    media_type=st.sampled_from(["application/json", "text/event-stream", "application/octet-stream", "image/png", ""]),
    coding=st.sampled_from(["", "gzip", "br", "strange"]),
)
def test_whatever_is_sent_passes_byte_for_byte(
    echo: tuple[Proxy, RealServer, Echo],
    sent: list[bytes],
    answered: list[bytes],
    fields: list[tuple[str, str]],
    media_type: str,
    coding: str,
) -> None:
    proxy, server, real = echo
    fields = [(name, value) for name, value in fields if not any(control in value for control in "\x80\x85\xa0")]
    written = [
        *fields,
        *([("content-type", media_type)] if media_type else []),
        *([("content-encoding", coding)] if coding else []),
    ]
    real.pieces = answered
    real.head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in written)
    response, body = proxy.ask(
        "PUT", "/v1/items/1", iter(sent), {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
    )

    assert server.heard[-1].body == b"".join(sent)
    assert body == b"".join(answered)
    got = [
        (name, value)
        for name, value in response.getheaders()
        if name not in {"via", "date", "content-length", "transfer-encoding", "sl-violations"}
    ]
    ours = [(name.decode(), value.decode()) for name, value in CONTENT_FIELDS]
    assert sorted(got) == sorted([*ours, *((name, value.strip()) for name, value in written)])


CODED = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("data", "coding", "expected"),
    [
        (gzip.compress(b'{"id": 1}', mtime=0), "gzip", []),
        (gzip.compress(b'{"id": "x"}', mtime=0), "gzip", ["request-body-schema"]),
        (gzip.compress(b'{"id": 1}', mtime=0)[:-9], "gzip", ["request-coding-malformed"]),
        (b"known to the real server alone", "exi", []),
        (gzip.compress(bytes(100_000), mtime=0), "gzip", []),
    ],
)
def test_a_coded_request_goes_on_as_it_is_and_is_judged_by_what_it_stands_for(
    between: Callable, data: bytes, coding: str, expected: list[str]
) -> None:
    proxy, server = between(answer(status="204 No Content"), max_body=10_000)
    response, _ = proxy.ask("PUT", "/v1/items/1", data, {**CODED, "Content-Encoding": coding})

    assert (response.status, violations(response)) == (204, expected)
    assert server.heard[0].body == data
    assert server.heard[0].values("content-encoding") == [coding]
