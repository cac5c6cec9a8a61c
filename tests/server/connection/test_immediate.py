"""What is answered without a task is, byte by byte, what would have been answered with one."""

import asyncio
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.respond.open import open_responder
from mock_server.server.connection import immediate
from mock_server.server.connection.immediate import answering, write_head
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
    usual = lending(HttpToolsProtocol)
    config = uvicorn.Config(
        app, http=answering(usual, app) if at_once else usual, log_config=None, access_log=False, lifespan="off"
    )
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


def test_what_fails_at_once_is_told_the_usual_way(
    ways: tuple[Way, Way], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ways[0].backend.mounts[0].express, "find", fail)

    assert ways[0].converse([ask("GET /pets")]).startswith(b"HTTP/1.1 500 ")
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
    before = len(immediate._lines)
    for number in range(100):
        assert write_head(422, [], [(b"sl-violations", b"%d" % number * 300)]) is not None

    assert len(immediate._lines) == before


def test_what_is_kept_of_fields_is_bounded() -> None:
    for number in range(10_000):
        write_head(200, [], [(b"content-length", b"%d" % number)])

    assert 0 < len(immediate._lines) <= immediate._MOST_LINES
