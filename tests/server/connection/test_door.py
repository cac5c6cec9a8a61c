"""What is answered at the door is, byte by byte, what would have been answered behind it."""

import asyncio
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httptools
import orjson
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.exchange.message import Request
from mock_server.respond.open import open_responder
from mock_server.server.connection import heads
from mock_server.server.connection.connections import ConnectionLimits, Connections
from mock_server.server.connection.door import find_head, read_plain
from mock_server.server.connection.gate import gated
from mock_server.server.connection.heads import write_head
from mock_server.server.connection.raw import lending
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings
from tests.support.conversing import Way, Wire, finish
from tests.support.mocks import minimal, operation

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "maxLength": 5}},
    "additionalProperties": False,
}
BODY = {"required": True, "content": {"application/json": {"schema": PET}}}
CREATED = {"description": "", "content": {"application/json": {"schema": PET, "example": {"name": "Rex"}}}}
ODD_FIELD = {"Connection": {"schema": {"type": "string"}, "required": True, "example": "x-own"}}
DOCUMENT = minimal(
    {
        "/pets": {
            "get": operation({"type": "array", "items": PET}, operationId="list"),
            "post": {
                "operationId": "create",
                "requestBody": BODY,
                "responses": {"201": CREATED, "400": {"description": "No."}},
            },
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": operation(PET, operationId="read"),
            "put": {"operationId": "change", "requestBody": BODY, "responses": {"200": CREATED}},
            "delete": {"operationId": "remove", "responses": {"204": {"description": ""}}},
        },
        "/odd": {"get": {"operationId": "odd", "responses": {"200": {**CREATED, "headers": ODD_FIELD}}}},
        "/none": {"get": {"operationId": "none", "responses": {"204": {"description": ""}}}},
    }
)


def ask(line: str, *fields: str, body: bytes | None = None) -> bytes:
    """Write a request."""
    sized = [f"Content-Length: {len(body)}"] if body is not None else []
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *fields, *sized, "", ""]).encode() + (body or b"")


JSON = "Content-Type: application/json"
ORDINARY = [
    ask("GET /pets"),
    ask("GET /pets/a"),
    ask("GET /pets/b", "Accept: */*"),
    ask("POST /pets", JSON, body=b'{"name":"Tom"}'),
    ask("POST /pets", JSON, body=b'{"name":"too long"}'),
    ask("PUT /pets/a", JSON, body=b'{"name":"Tom"}'),
]
REQUESTS = [
    *ORDINARY,
    ask("HEAD /pets"),
    ask("DELETE /pets/a"),
    ask("GET /none"),
    ask("GET /odd"),
    ask("GET /nowhere"),
    ask("GET /__mock/requests"),
    ask("GET /pets", "Prefer: code=400"),
    ask("GET /pets", "Origin: http://localhost:3000"),
    ask("GET /pets", body=b"{}"),
    ask("POST /pets", JSON, body=b"{"),
    ask("POST /pets", JSON, body=b""),
    ask("POST /pets", JSON, "Expect: 100-continue", body=b'{"name":"Tom"}'),
    ask("POST /pets", "Content-Type: text/plain", body=b"Tom"),
    ask("POST /pets", JSON, body=b'{"name":"Tom"}' + b" " * 70_000),
    ask("POST /pets", JSON, body=b'{"name":"Tom"}' + b" " * 20_000),
    ask("POST /pets", JSON, body=b'{"name":"Tom"}' + b" " * 10_000),
    ask("POST /pets", JSON, "Transfer-Encoding: chunked") + b'e\r\n{"name":"Tom"}\r\n0\r\n\r\n',
]
LAST = [
    b"",
    b"GET /pets HTTP/1.0\r\nHost: localhost\r\n\r\n",
    ask("GET /pets", "Connection: close"),
    ask("POST /pets", JSON, "Connection: close", body=b'{"name":"Tom"}'),
]


def open_way(folder: Path, *, at_once: bool) -> Way:
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(DOCUMENT))
    settings = Settings(max_body=20_000)
    backend = assemble([open_responder(str(path), settings)], settings)
    app = deferred_app(backend)
    assert isinstance(app, MockMiddleware)
    protocol = gated(
        lending(HttpToolsProtocol), Connections(ConnectionLimits(body=20_000)), app.ordinary if at_once else None
    )
    config = uvicorn.Config(app, http=protocol, log_config=None, access_log=False, lifespan="off")
    config.load()
    return Way(backend, config)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Way]]:
    """Answering at once, and the usual way; what one request teaches them, others get."""
    folder = tmp_path_factory.mktemp("instant")
    logging.getLogger("mock_server").setLevel(logging.ERROR)
    yield open_way(folder, at_once=True), open_way(folder, at_once=False)
    logging.getLogger("mock_server").setLevel(logging.NOTSET)


@given(
    st.lists(st.sampled_from(REQUESTS), max_size=6),
    st.sampled_from(LAST),
    st.lists(st.integers(0, 600) | st.integers(0, 40_000), max_size=6),
)
def test_both_ways_write_the_same_bytes(
    ways: tuple[Way, Way], requests: list[bytes], last: bytes, cuts: list[int]
) -> None:
    sent = b"".join(requests) + last
    places = sorted({0, *(cut for cut in cuts if cut < len(sent)), len(sent)})
    pieces = [sent[start:end] for start, end in pairwise(places)]
    at_once, usual = ways

    assert at_once.converse(pieces) == usual.converse(pieces)
    assert at_once.journal() == usual.journal()


@pytest.mark.parametrize("request_", ORDINARY)
def test_an_ordinary_request_makes_no_task(ways: tuple[Way, Way], request_: bytes) -> None:
    at_once, usual = ways
    at_once.converse([request_])  # the first one is learned from

    assert at_once.converse([request_, request_]) == usual.converse([request_, request_])
    assert (at_once.tasks, usual.tasks) == (0, 1)


class _Parsed:
    """What uvicorn's parser makes of a message, as uvicorn puts it down."""

    def __init__(self, data: bytes) -> None:
        self.url, self.fields, self.body = b"", [], b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def request(self) -> Request:
        url = httptools.parse_url(self.url)
        return Request(self.parser.get_method().decode(), url.path, url.query or b"", tuple(self.fields), self.body)


_TEXTS = st.text("ab/%?=&;#+~'\"<> \tÄ:.-", max_size=6).map(lambda text: text.encode("latin-1"))


@given(
    st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"M-SEARCH"]),
    _TEXTS,
    st.lists(
        st.tuples(st.sampled_from([b"Accept", b"x-a", b"Connection", b"TE", b"Upgrade", b"A b"]), _TEXTS), max_size=4
    ),
    st.sampled_from([b"", b"{}"]),
)
def test_what_is_read_at_the_door_is_what_the_parser_reads(
    method: bytes, target: bytes, fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    lines = [b"%b /%b HTTP/1.1" % (method, target), b"Host: a", *(b"%b:%b" % field for field in fields)]
    data = b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])
    head = find_head(data)
    request = read_plain(data, head) if head is not None else None

    assert request is None or request == _Parsed(data).request()


@pytest.mark.parametrize("line", ["GET /a?b=c/d?e HTTP/1.1", "PUT / HTTP/1.1", "PATCH /a%20b/:c;d=1 HTTP/1.1"])
@pytest.mark.parametrize("field", ["Connection: Keep-Alive", "X-A: b c\tÄ", "x_a: ", 'If-Match: "a"'])
def test_what_clients_send_is_plain(line: str, field: str) -> None:
    data = f"{line}\r\nHost: a\r\n{field}\r\n\r\n".encode("latin-1")
    head = find_head(data)

    assert head is not None
    assert read_plain(data, head) == (_Parsed(data).request() if "\t" not in field else None)


@pytest.mark.parametrize(
    "data",
    [
        b"GET //a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_what_is_about_the_connection_or_odd_is_not_read_at_the_door(data: bytes) -> None:
    head = find_head(data)

    assert head is None or read_plain(data, head) is None


def test_a_body_that_comes_slowly_is_answered_at_the_door(ways: tuple[Way, Way]) -> None:
    whole = ask("POST /pets", JSON, body=b'{"name":"Tom"}')
    at_once, usual = ways
    pieces = [whole[:-9], whole[-9:-3], whole[-3:] + ask("GET /pets")]

    assert at_once.converse(pieces) == usual.converse(pieces)
    assert at_once.tasks == 0


def test_what_was_begun_is_answered_when_the_server_stops(ways: tuple[Way, Way]) -> None:
    async def run() -> bytes:
        wire = Wire()
        protocol = ways[0].connect(wire)
        whole = ask("POST /pets", JSON, body=b'{"name":"Tom"}')
        protocol.data_received(whole[:-3])
        protocol.shutdown()
        protocol.data_received(whole[-3:])
        await finish(protocol)
        return bytes(wire.written)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 201 ")


def test_bytes_of_a_body_that_is_waited_for_count_as_in_flight(ways: tuple[Way, Way]) -> None:
    async def run() -> tuple[int, int]:
        protocol = ways[0].connect(Wire())
        protocol.data_received(ask("POST /pets", JSON, body=b'{"name":"Tom"}')[:-3])
        held = protocol.gates.in_flight
        protocol.connection_lost(None)
        return held, protocol.gates.in_flight

    held, after = asyncio.run(run())

    assert (held > 0, after) == (True, 0)


@pytest.mark.parametrize(("spaces", "status"), [(10_000, 201), (20_000, 413), (70_000, 413)])
def test_a_body_that_is_too_large_is_refused(ways: tuple[Way, Way], spaces: int, status: int) -> None:
    request_ = ask("POST /pets", JSON, body=b'{"name":"Tom"}' + b" " * spaces)
    at_once, usual = ways
    written = at_once.converse([request_[:200], request_[200:]])

    assert written.startswith(b"HTTP/1.1 %d " % status)
    assert written == usual.converse([request_[:200], request_[200:]])


def test_many_requests_behind_a_slow_one_do_not_end_the_stack(ways: tuple[Way, Way]) -> None:
    at_once, usual = ways
    pieces = [ask("GET /nowhere") + ask("GET /pets") * 2_000]

    assert at_once.converse(pieces) == usual.converse(pieces)


def test_a_client_that_leaves_within_a_body_leaves_nothing_behind(ways: tuple[Way, Way]) -> None:
    whole = ask("POST /pets", JSON, body=b'{"name":"Tom"}')
    ways[0].converse([whole])

    assert ways[0].converse([whole[:-3]]) == b""
    assert ways[0].journal() == []


def test_what_fails_at_the_door_is_answered_behind_it_and_logged(
    ways: tuple[Way, Way], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ways[0].backend.mounts[0].express, "find", fail)

    assert ways[0].converse([ask("GET /pets")]) == ways[1].converse([ask("GET /pets")])
    assert "ZeroDivisionError" in caplog.text


def test_a_client_that_does_not_read_is_waited_for(ways: tuple[Way, Way]) -> None:
    async def run() -> tuple[bytes, bytes]:
        wire = Wire()
        protocol = ways[0].connect(wire)
        protocol.pause_writing()
        protocol.data_received(ask("GET /pets"))
        await asyncio.sleep(0.01)
        before = bytes(wire.written)
        protocol.resume_writing()
        await finish(protocol)
        return before, bytes(wire.written)

    before, after = asyncio.run(run())

    assert before == b""
    assert after.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "field",
    [
        (b"x-name", b"a\r\nx-other: b"),
        (b"x-name\r\nx", b"a"),
        (b"", b"a"),
        (b"x-name", b"a\0"),
        (b"connection", b"close"),
        (b"X-Name", b"a"),
    ],
)
def test_a_head_with_a_field_that_has_to_be_looked_at_is_not_written(field: tuple[bytes, bytes]) -> None:
    assert write_head(200, [], [(b"content-length", b"2"), field]) is None


def test_a_head_is_written_as_http_has_it() -> None:
    written = write_head(201, [(b"date", b"now")], [(b"content-type", b"text/plain"), (b"content-length", b"0")])

    assert written == b"HTTP/1.1 201 Created\r\ndate: now\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n"


def test_fields_that_are_about_one_request_are_not_kept() -> None:
    before = len(heads._lines)
    for number in range(100):
        assert write_head(422, [], [(b"sl-violations", b"%d" % number * 300)]) is not None

    assert len(heads._lines) == before


def test_what_is_kept_of_fields_is_bounded() -> None:
    for number in range(10_000):
        write_head(200, [], [(b"content-length", b"%d" % number)])

    assert 0 < len(heads._lines) <= heads._MOST_LINES
