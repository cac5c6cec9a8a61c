"""Head and body of an answer leave in one write; nothing is lost, held back or reordered by that."""

import asyncio
import re
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.server.send import EXTENSION, BufferedTransport, send_whole

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"body"}


class Transport:
    """What is written to a connection, write by write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def writelines(self, pieces: list[bytes]) -> None:
        self.writes.append(b"".join(pieces))

    def close(self) -> None:
        self.closed_after = len(self.writes)

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "keep", "release", "several"]), st.binary(max_size=4)),
    max_size=20,
)


@given(steps=STEPS)
def test_every_byte_is_written_once_and_in_order(steps: list[tuple[str, bytes]]) -> None:
    transport: Any = Transport()
    gathering, wanted, kept = BufferedTransport(transport), b"", False
    for name, data in steps:
        if name == "write":
            gathering.write(data)
            wanted += data
        elif name == "several":
            gathering.writelines([data, data])
            wanted += data + data
        elif name == "keep" and not kept:
            gathering.keep()
            kept = True
        elif name == "release":
            gathering.release()
            kept = False
    gathering.close()

    assert b"".join(transport.writes) == wanted
    assert transport.closed_after == len(transport.writes)


def test_what_the_transport_has_is_had() -> None:
    transport: Any = Transport()

    assert BufferedTransport(transport).get_extra_info("peername") == "the peername"


def test_an_answer_that_fails_midway_leaves_with_what_it_had() -> None:
    transport: Any = Transport()
    gathering = BufferedTransport(transport)

    async def send(message: Any) -> None:
        if message is BODY:
            raise RuntimeError("the server thinks otherwise")
        gathering.write(b"head")

    with pytest.raises(RuntimeError):
        asyncio.run(send_whole({"extensions": {EXTENSION: gathering}}, send, START, BODY))
    gathering.write(b"later")

    assert transport.writes == [b"head", b"later"]


def test_a_server_that_lends_nothing_is_sent_both_messages() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(send_whole({}, send, START, BODY))

    assert sent == [START, BODY]


@pytest.mark.parametrize("times", [1, 3])
def test_head_and_body_arrive_together(serve: Any, times: int) -> None:
    host, port = serve().origin.removeprefix("http://").split(":")
    target = "/api/charger/EMABLER_Charger12345/users?code=k&clientId=c"
    request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(times):
            connection.sendall(request)
            received = connection.recv(1_000_000)
            head, _, body = received.partition(b"\r\n\r\n")

            assert head.startswith(b"HTTP/1.1 200 OK")
            assert f"content-length: {len(body)}".encode() in head


def test_requests_sent_at_once_are_answered_in_their_order(serve: Any) -> None:
    host, port = serve().origin.removeprefix("http://").split(":")
    paths = [(b"/nowhere", b"keep-alive"), (b"/ui/", b"keep-alive"), (b"/none", b"close")]
    requests = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n" % pair for pair in paths)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(requests)
        received = b""
        while chunk := connection.recv(1_000_000):
            received += chunk

    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"404", b"200", b"404"]
