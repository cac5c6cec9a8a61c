"""Each fault, seen by a client that reads bytes, is what its name says."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterator

import h11
import httpx2
import orjson
import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.compose.app import create_app
from mock_server.server.connection.raw import lending
from tests.support.listening import Listening, certificate, listening, read_answer, read_to_end, request
from tests.support.mocks import minimal

PETS = {
    "type": "array",
    "minItems": 3,
    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
}
PROBLEM = {"type": "object", "required": ["sorry"], "properties": {"sorry": {"const": "yes"}}}
DOCUMENT = minimal(
    {
        "/pets": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": PETS, "example": [{"name": "Rex"}] * 30}},
                    },
                    "503": {"description": "", "content": {"application/json": {"schema": PROBLEM}}},
                }
            },
            "delete": {"responses": {"204": {"description": ""}}},
        },
        "/free": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {}}}}}},
    },
    "3.1.0",
)
WAYS = {
    "httptools, uvloop": (HttpToolsProtocol, "uvloop", False),
    "httptools, asyncio, TLS": (HttpToolsProtocol, "asyncio", True),
    "httptools, uvloop, TLS": (HttpToolsProtocol, "uvloop", True),
    "h11, asyncio": (H11Protocol, "asyncio", False),
}


@pytest.fixture(scope="module", params=WAYS.values(), ids=WAYS.keys())
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    base, loop, with_tls = request.param
    folder = tmp_path_factory.mktemp("served")
    with listening(
        DOCUMENT, folder, protocol=lending(base), loop=loop, tls=certificate(folder) if with_tls else None
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a fault does is an error to the server."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture
def connection(server: Listening) -> Iterator[socket.socket]:
    with server.connect() as connected:
        yield connected


def after(connection: socket.socket, fault: str, target: str = "/pets", method: str = "GET") -> bytes:
    """What comes when a fault is asked for on a connection that was used before."""
    connection.sendall(request("/pets"))
    assert read_answer(connection)[0] == 200
    connection.sendall(request(target, f"prefer: fault={fault}", method=method))
    return read_to_end(connection)


@pytest.mark.parametrize("name", ["empty", "EMPTY_RESPONSE"])
def test_an_empty_response_is_the_end_of_the_connection(connection: socket.socket, name: str) -> None:
    assert after(connection, name) == b""


@pytest.mark.parametrize("name", ["reset", "CONNECTION_RESET_BY_PEER"])
def test_a_reset_connection_is_reset(connection: socket.socket, name: str) -> None:
    connection.sendall(request("/pets"))
    assert read_answer(connection)[0] == 200
    connection.sendall(request("/pets", f"prefer: fault={name}"))

    # below TLS, since Python's takes a reset for an end
    with socket.socket(fileno=os.dup(connection.fileno())) as below:
        below.settimeout(20)
        with pytest.raises(ConnectionResetError):
            read_to_end(below)


@pytest.mark.parametrize("name", ["garbage", "RANDOM_DATA_THEN_CLOSE"])
def test_garbage_is_no_http(connection: socket.socket, name: str) -> None:
    got = after(connection, name)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    client.receive_data(got)

    assert len(got) > 64
    with pytest.raises(h11.RemoteProtocolError):
        client.next_event()


@pytest.mark.parametrize("name", ["malformed-chunk", "MALFORMED_RESPONSE_CHUNK"])
def test_a_malformed_chunk_follows_a_good_beginning(connection: socket.socket, name: str) -> None:
    got = after(connection, name)
    head, _, rest = got.partition(b"\r\n\r\n")
    size, _, chunks = rest.partition(b"\r\n")
    following = chunks[int(size, 16) :]

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ntransfer-encoding: chunked\r\n" in head
    assert b"content-length" not in head
    assert chunks.startswith(b'[{"name":"Rex"}')
    with pytest.raises(ValueError, match="invalid literal"):
        int(following.removeprefix(b"\r\n").partition(b"\r\n")[0], 16)


def test_a_truncated_body_is_shorter_than_its_length(connection: socket.socket) -> None:
    head, _, body = after(connection, "truncate").partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body.startswith(b'[{"name":"Rex"}')
    assert 0 < len(body) < length


def test_a_dribble_comes_in_pieces_and_is_complete(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=dribble:400"))
    pieces = []
    while not b"".join(pieces).endswith(b"}]"):
        pieces.append(connection.recv(65_536))
    connection.sendall(request("/pets"))

    assert len(pieces) > 3
    assert read_answer(connection)[0] == 200  # the connection is as good as before
    assert orjson.loads(b"".join(pieces).partition(b"\r\n\r\n")[2]) == [{"name": "Rex"}] * 30


def test_a_wrong_media_type_is_over_the_right_body(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=media-type"))
    status, fields, body = read_answer(connection)

    assert (status, fields["content-type"]) == (200, "text/html")
    assert orjson.loads(body) == [{"name": "Rex"}] * 30


def test_a_body_breaks_its_schema(server: Listening, connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=schema"))
    status, fields, body = read_answer(connection)
    responder = server.backend.mounts[0].responder
    entry = responder.document.entries[0]
    documented = responder.document.operation(entry).responses[0].content[0]

    assert (status, fields["content-type"]) == (200, "application/json")
    assert not responder.judge_of(entry).is_valid(documented, orjson.loads(body))


def test_a_schema_that_takes_anything_is_not_broken_and_that_is_said(connection: socket.socket) -> None:
    connection.sendall(request("/free", "prefer: fault=schema"))
    status, fields, _ = read_answer(connection)

    assert status == 200
    assert "not had" in fields["x-mock-disturbed"]
    assert "preference-applied" not in fields


def test_a_documented_error_is_the_documented_one(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=error:503"))
    status, fields, body = read_answer(connection)

    assert (status, orjson.loads(body)) == (503, {"sorry": "yes"})
    assert fields["preference-applied"] == 'fault="error:503"'


def test_an_undocumented_error_is_a_problem(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=error:418"))
    status, fields, body = read_answer(connection)

    assert (status, fields["content-type"]) == (418, "application/problem+json")
    assert orjson.loads(body)["type"] == "urn:mock-server:problem:injected"


@pytest.mark.parametrize("fault", ["truncate", "malformed-chunk", "dribble:100"])
@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_what_has_no_body_can_not_lose_half_of_it(connection: socket.socket, fault: str, method: str) -> None:
    connection.sendall(request("/pets", f"prefer: fault={fault}", method=method))
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65_536)

    assert b"not had: the answer has no body" in head
    assert b"preference-applied" not in head


def test_a_request_behind_a_broken_one_gets_nothing(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: delay=50, fault=empty") + request("/pets") * 2)

    # what was not read when the server closed may turn the end into a reset
    try:
        got = read_to_end(connection)
    except ConnectionResetError:
        got = b""
    assert got == b""


def test_the_server_answers_on_after_every_fault(server: Listening) -> None:
    for fault in ("empty", "reset", "garbage", "malformed-chunk", "truncate"):
        with server.connect() as broken:
            broken.sendall(request("/pets", f"prefer: fault={fault}"))
            with contextlib.suppress(ConnectionResetError):
                read_to_end(broken)
        with server.connect() as next_one:
            next_one.sendall(request("/pets"))

            assert read_answer(next_one)[0] == 200


def test_an_unknown_fault_is_a_bad_preference(connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=earthquake"))
    status, _, body = read_answer(connection)

    assert status == 422
    assert "there is no fault 'earthquake'" in orjson.loads(body)["detail"]


def test_the_journal_says_what_an_exchange_met(server: Listening, connection: socket.socket) -> None:
    connection.sendall(request("/pets", "prefer: fault=empty, delay=1", "x-mock-world: journal"))
    read_to_end(connection)

    assert server.recorded(1, "journal") == ["delay 1 ms, fault empty"]


def test_under_another_server_a_fault_on_the_socket_is_said_not_to_be_had(server: Listening) -> None:
    async def ask() -> httpx2.Response:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_app(server.backend)), base_url="http://mock"
        ) as client:
            return await client.get("/pets", headers={"prefer": "fault=reset"})

    answer = asyncio.run(ask())

    assert answer.status_code == 501
    assert answer.json()["type"] == "urn:mock-server:problem:fault-unavailable"
