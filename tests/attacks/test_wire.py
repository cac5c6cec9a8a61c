"""
Attacks on the wire: each row is what a client sends, with what it may get.

A row that is refused gets the status and words, the connection ends, and nothing after it is read as a request.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Final

import orjson
import pytest

from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.respond.open import open_responder
from mock_server.server.connection.connections import ConnectionLimits, Connections, Wait, most_connections
from mock_server.server.connection.framing import Framer, Piece
from mock_server.server.connection.gate import gated
from mock_server.server.connection.raw import HttpProtocol
from mock_server.server.listen import make_config
from mock_server.settings import Settings
from tests.support.conversing import Way
from tests.support.listening import Listening, listening, read_answer, read_to_end
from tests.support.mocks import minimal, operation

NOTE: Final = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
MADE: Final = {"description": "", "content": {"application/json": {"schema": NOTE, "example": {"name": "made"}}}}
BODY: Final = {"required": True, "content": {"application/json": {"schema": NOTE}}}
DOCUMENT: Final = minimal(
    {
        "/notes": {
            "get": operation({"type": "array", "items": NOTE}, operationId="list"),
            "post": {"operationId": "make", "requestBody": BODY, "responses": {"201": MADE}},
        }
    }
)
JSON: Final = b"Content-Type: application/json\r\n"
GET: Final = b"GET /notes HTTP/1.1\r\nHost: h\r\n\r\n"
POST: Final = b"POST /notes HTTP/1.1\r\nHost: h\r\n" + JSON
LAST: Final = b"GET /notes HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
NAME: Final = b'{"name":"x"}'
CHUNKED: Final = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED: Final = POST + b"Content-Length: 12\r\n"

# What is refused: its name, the bytes, the status, and a word of the reason. A GET is sent behind each of them.
REFUSED: Final[list[tuple[str, bytes, int, bytes]]] = [
    ("HTTP/2 by prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 505, b"prior knowledge"),
    ("HTTP/3 in the request line", b"GET /notes HTTP/3.0\r\nHost: h\r\n\r\n", 505, b"HTTP/1.1"),
    ("HTTP/1.2", b"GET /notes HTTP/1.2\r\nHost: h\r\n\r\n", 505, b"HTTP/1.1"),
    ("HTTP/0.9", b"GET /notes\r\n\r\n", 400, b"does not begin"),
    ("TLS to a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, b"TLS"),
    ("bytes that are no text", bytes(range(128, 256)), 400, b"does not begin"),
    ("no Host", b"GET /notes HTTP/1.1\r\n\r\n", 400, b"no Host"),
    ("two Hosts", b"GET /notes HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400, b"more than one Host"),
    ("the same Host twice", b"GET /notes HTTP/1.1\r\nHost: h\r\nhOsT: h\r\n\r\n", 400, b"more than one Host"),
    ("a Host with a path", b"GET /notes HTTP/1.1\r\nHost: h/x\r\n\r\n", 400, b"Host is none"),
    ("a Host with a user", b"GET /notes HTTP/1.1\r\nHost: a@h\r\n\r\n", 400, b"Host is none"),
    ("a Host with two names", b"GET /notes HTTP/1.1\r\nHost: h, i\r\n\r\n", 400, b"Host is none"),
    ("a Host with a port of letters", b"GET /notes HTTP/1.1\r\nHost: h:80a\r\n\r\n", 400, b"Host is none"),
    ("a length and a coding", SIZED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, b"Content-Length and a Transfer"),
    ("a coding and a length", POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", 400, b"and a Transfer"),
    ("two lengths", SIZED + b"Content-Length: 0\r\n\r\n" + NAME, 400, b"no single number"),
    ("the same length twice", SIZED + b"Content-Length: 12\r\n\r\n" + NAME, 400, b"no single number"),
    ("a list of lengths", POST + b"Content-Length: 12, 12\r\n\r\n" + NAME, 400, b"no single number"),
    ("a length with a sign", POST + b"Content-Length: +12\r\n\r\n" + NAME, 400, b"no single number"),
    ("a negative length", POST + b"Content-Length: -1\r\n\r\n", 400, b"no single number"),
    ("a hexadecimal length", POST + b"Content-Length: 0xc\r\n\r\n" + NAME, 400, b"no single number"),
    ("a length with an underscore", POST + b"Content-Length: 1_2\r\n\r\n" + NAME, 400, b"no single number"),
    ("an empty length", POST + b"Content-Length:\r\n\r\n", 400, b"no single number"),
    ("a length of 40 digits", POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", 400, b"no single number"),
    ("a length in other digits", POST + b"Content-Length: \xb2\r\n\r\n", 400, b"no single number"),
    ("an unknown coding", POST + b"Transfer-Encoding: gzip\r\n\r\n", 501, b"transfer coding"),
    ("a coding under chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, b"transfer coding"),
    ("chunked twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501, b"transfer coding"),
    ("chunked in two fields", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, b"coding"),
    ("a coding with a vertical tab", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400, b"character"),
    ("the coding identity", POST + b"Transfer-Encoding: identity\r\n\r\n", 501, b"transfer coding"),
    ("a coding in HTTP/1.0", CHUNKED.replace(b"/1.1", b"/1.0") + b"0\r\n\r\n", 400, b"HTTP/1.0"),
    ("a folded field", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: a\r\n b\r\n\r\n", 400, b"obsolete"),
    ("a folded first field", b"GET /notes HTTP/1.1\r\n Host: h\r\n\r\n", 400, b"obsolete"),
    ("a space before the colon", POST + b"Content-Length : 12\r\n\r\n" + NAME, 400, b"before the colon"),
    ("a tab before the colon", b"GET /notes HTTP/1.1\r\nHost\t: h\r\n\r\n", 400, b"before the colon"),
    ("a field without a colon", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A\r\n\r\n", 400, b"no name"),
    ("a field without a name", b"GET /notes HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", 400, b"no name"),
    ("a name in brackets", b"GET /notes HTTP/1.1\r\nHost: h\r\nX[a]: a\r\n\r\n", 400, b"no name"),
    ("lines that end with LF", GET.replace(b"\r\n", b"\n"), 400, b"CR and LF"),
    ("a field that ends with LF", b"GET /notes HTTP/1.1\r\nHost: h\nX-A: a\r\n\r\n", 400, b"CR and LF"),
    ("a CR within a value", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: a\rb\r\n\r\n", 400, b"CR and LF"),
    ("a header that ends with LF", b"GET /notes HTTP/1.1\r\nHost: h\r\n\n", 400, b"CR and LF"),
    ("NUL in a value", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: a\0b\r\n\r\n", 400, b"NUL"),
    ("NUL in a name", b"GET /notes HTTP/1.1\r\nHost: h\r\nX\0A: a\r\n\r\n", 400, b"NUL"),
    ("NUL in the target", b"GET /no\0tes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"NUL"),
    ("an escape sequence in a value", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: \x1b[2J\r\n\r\n", 400, b"character"),
    ("two spaces in the request line", b"GET  /notes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"does not begin"),
    ("a tab in the request line", b"GET\t/notes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"does not begin"),
    ("a space in the target", b"GET /no tes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"does not begin"),
    ("a target that is not ASCII", "GET /nötes HTTP/1.1\r\nHost: h\r\n\r\n".encode(), 400, b"percent-encode"),
    ("a target without a slash", b"GET notes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"neither a path"),
    ("a target in authority form", b"GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"neither a path"),
    ("a file URL", b"GET file:///etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"neither a path"),
    ("a URL with a user", b"GET http://h@evil/notes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"neither a path"),
    ("a URL without a host", b"GET http:///notes HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"neither a path"),
    ("the target * of a GET", b"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"no operation"),
    ("CONNECT", b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, b"tunnel"),
    ("CONNECT to a path", b"CONNECT /notes HTTP/1.1\r\nHost: h\r\n\r\n", 501, b"tunnel"),
    ("a method that nobody knows", b"FROB /notes HTTP/1.1\r\nHost: h\r\n\r\n", 501, b"method"),
    ("a method in lower case", b"get /notes HTTP/1.1\r\nHost: h\r\n\r\n", 501, b"method"),
    ("a header of 70,000 bytes", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n", 431, b"65,536"),
    ("20,000 fields", b"GET /notes HTTP/1.1\r\nHost: h\r\n" + b"a:\r\n" * 20_000 + b"\r\n", 431, b"65,536"),
    ("a header without an end", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 300_000, 431, b"65,536"),
    ("a target of 70,000 bytes", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414, b"65,536"),
    ("a chunk size that is none", CHUNKED + b"g\r\n", 400, b"size of a chunk"),
    ("an empty chunk size", CHUNKED + b"\r\n", 400, b"size of a chunk"),
    ("a chunk size with a sign", CHUNKED + b"+c\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk size with 0x", CHUNKED + b"0xc\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk size with a space", CHUNKED + b"c \r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk size of 17 digits", CHUNKED + b"0" * 16 + b"c\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk size that ends with LF", CHUNKED + b"c\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk that is longer than it says", CHUNKED + b"b\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"longer than it says"),
    ("a chunk extension with NUL", CHUNKED + b"c;a=\0\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk extension with LF", CHUNKED + b"c;a\nb\r\n" + NAME + b"\r\n0\r\n\r\n", 400, b"size of a chunk"),
    ("a chunk extension of 70,000 bytes", CHUNKED + b"c;" + b"a" * 70_000 + b"\r\n" + NAME + b"\r\n0\r\n\r\n", 431, b"around the chunks"),
    ("1,000 extensions of 100 bytes", CHUNKED + (b"1;" + b"a" * 100 + b"\r\n{\r\n") * 1_000, 431, b"around the chunks"),
    ("trailers of 70,000 bytes", CHUNKED + b"0\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n", 431, b"around the chunks"),
    ("a trailer that frames", CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", 400, b"trailer"),
    ("a trailer that is no field", CHUNKED + b"0\r\nX A\r\n\r\n", 400, b"trailer"),
    ("a trailer with LF", CHUNKED + b"0\r\nX-A: a\nX-B: b\r\n\r\n", 400, b"trailer"),
]  # fmt: skip
# What is read: its name, the bytes, and the statuses of all answers.
READ: Final[list[tuple[str, bytes, list[int]]]] = [
    ("h2c, as Java's client offers it", POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
     b"Content-Length: 12\r\n\r\n" + NAME + GET, [201, 200]),
    ("h2c of a GET", b"GET /notes HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET, [200, 200]),
    ("h2c of a body in chunks", POST + b"Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n" + NAME
     + b"\r\n0\r\n\r\n" + GET, [201, 200]),
    ("a web socket", b"GET /notes HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + GET, [200, 200]),
    ("TLS by upgrade", b"GET /notes HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n" + GET, [200, 200]),
    ("an expectation", SIZED + b"Expect: 100-continue\r\n\r\n" + NAME + GET, [100, 201, 200]),
    ("an expectation in HTTP/1.0", SIZED.replace(b"/1.1", b"/1.0") + b"Expect: 100-continue\r\n\r\n" + NAME, [201]),
    ("a target in absolute form", b"GET http://h/notes HTTP/1.1\r\nHost: i\r\n\r\n" + GET, [200, 200]),
    ("an absolute form without a path", b"GET http://h HTTP/1.1\r\nHost: i\r\n\r\n" + GET, [404, 200]),
    ("trailers", CHUNKED + b"c\r\n" + NAME + b"\r\n0\r\nX-A: a\r\n\r\n" + GET, [201, 200]),
    ("a chunk extension", CHUNKED + b'c;a=b;c="d;\\"e"\r\n' + NAME + b"\r\n0\r\n\r\n" + GET, [201, 200]),
    ("a chunk of one byte each", CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in NAME) + b"0\r\n\r\n" + GET, [201, 200]),
    ("zeros before a chunk size", CHUNKED + b"000c\r\n" + NAME + b"\r\n000\r\n\r\n" + GET, [201, 200]),
    ("empty lines before a request", b"\r\n\r\n" + GET + b"\r\n" + GET, [200, 200]),
    ("no Host in HTTP/1.0", b"GET /notes HTTP/1.0\r\n\r\n", [200]),
    ("a header of 60,000 bytes", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: " + b"a" * 60_000 + b"\r\n\r\n" + GET, [200, 200]),
    ("100 requests in one piece", GET * 100, [200] * 100),
    ("100 requests with bodies in one piece", (SIZED + b"\r\n" + NAME) * 100, [201] * 100),
    ("a body behind a GET", b"GET /notes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}" + GET, [200, 200]),
    ("a body that looks like a request", POST.replace(b"application/json", b"text/plain") + b"Content-Length: %d\r\n\r\n" % len(GET)
     + GET + GET, [415, 200]),
]  # fmt: skip


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """Our server, without a socket."""
    path = tmp_path_factory.mktemp("wire") / "openapi.json"
    path.write_bytes(orjson.dumps(DOCUMENT))
    settings = Settings()
    backend = assemble([open_responder(str(path), settings)], settings)
    config = make_config(deferred_app(backend), settings)
    config.lifespan = "off"
    config.load()
    logging.getLogger("mock_server").setLevel(logging.CRITICAL)
    yield Way(backend, config)
    logging.getLogger("mock_server").setLevel(logging.NOTSET)


def statuses(written: bytes) -> list[int]:
    """Of all answers that were written."""
    return [
        int(line[9:12])
        for line in written.replace(b"}HTTP/1.1 ", b"}\r\nHTTP/1.1 ").replace(b"]HTTP", b"]\r\nHTTP").split(b"\r\n")
        if line.startswith(b"HTTP/1.1 ")
    ]


@pytest.mark.parametrize("size", [1 << 20, 7], ids=["at once", "dripping"])
@pytest.mark.parametrize(("sent", "status", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_it_is_refused_in_words(way: Way, sent: bytes, status: int, words: bytes, size: int) -> None:
    size = max(size, len(sent) // 500)
    sent += GET
    written = way.converse([sent[at : at + size] for at in range(0, len(sent), size)])

    assert written.startswith(b"HTTP/1.1 %d " % status)
    assert statuses(written) == [status]
    assert words in written
    assert b"connection: close\r\n" in written
    assert way.journal() == []


@pytest.mark.parametrize("size", [1 << 20, 7], ids=["at once", "dripping"])
@pytest.mark.parametrize(("sent", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_it_is_read_to_its_end_and_so_is_what_follows(way: Way, sent: bytes, expected: list[int], size: int) -> None:
    size = max(size, len(sent) // 500)
    written = way.converse([sent[at : at + size] for at in range(0, len(sent), size)])

    assert statuses(written) == expected


QUICK: Final = ConnectionLimits(
    connections=4, in_flight=4_000, body=3_000, header_seconds=0.3, body_seconds=0.3, idle_seconds=0.3
)


@pytest.fixture
def gates() -> Connections:
    return Connections(QUICK)


@pytest.fixture
def running(gates: Connections, tmp_path: Path) -> Iterator[Listening]:
    """Our server on a socket, with little time and room for clients."""
    with listening(DOCUMENT, tmp_path, protocol=gated(HttpProtocol, gates)) as opened:
        yield opened


def drip(connection: socket.socket, pieces: Iterator[bytes]) -> bytes:
    """Send pieces until the server has enough; gives what it says."""
    connection.settimeout(0.05)
    said = b""
    with suppress(ConnectionError):
        for piece in pieces:
            connection.sendall(piece)
            with suppress(TimeoutError):
                said = connection.recv(65_536)
                break
    return said


def send_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(GET * 1_000)


SLOW: Final[list[tuple[str, bytes, bytes, bytes]]] = [
    ("a header that drips", b"GET /notes HTTP/1.1\r\nHost: h\r\nX-A: ", b"a", b"HTTP/1.1 408 "),
    ("fields that drip", b"GET /notes HTTP/1.1\r\nHost: h\r\n", b"a: b\r\n", b"HTTP/1.1 408 "),
    ("a method that drips", b"G", b"E", b"HTTP/1.1 408 "),
    ("a second header that drips", GET + b"GET /no", b"t", b"HTTP/1.1 408 "),
    ("a body that does not come", SIZED + b"\r\n", b"", b"HTTP/1.1 408 "),
    ("a body that stops", SIZED + b"\r\n" + NAME[:-1], b"", b"HTTP/1.1 408 "),
    ("chunks that stop", CHUNKED + b"c\r\n" + NAME, b"", b"HTTP/1.1 408 "),
    ("trailers that stop", CHUNKED + b"c\r\n" + NAME + b"\r\n0\r\nX-A: a\r\n", b"", b"HTTP/1.1 408 "),
    ("silence from the beginning", b"", b"", b""),
    ("silence behind an answer", GET, b"", b""),
]  # fmt: skip


@pytest.mark.parametrize(("first", "piece", "expected"), [row[1:] for row in SLOW], ids=[row[0] for row in SLOW])
def test_who_is_slow_does_not_keep_a_connection(
    running: Listening, first: bytes, piece: bytes, expected: bytes
) -> None:
    with running.connect() as connection:
        connection.sendall(first)
        if first.startswith(GET):
            assert read_answer(connection)[0] == 200
        said = drip(connection, repeat(piece, 200))  # which takes ten seconds

    assert said.startswith(expected)


def test_a_body_that_moves_may_take_its_time(running: Listening) -> None:
    with running.connect() as connection:
        connection.sendall(SIZED + b"\r\n")
        for byte in NAME:
            time.sleep(0.1)
            connection.sendall(bytes((byte,)))
        assert read_answer(connection)[0] == 201


def test_who_does_not_read_is_cut_off(gates: Connections, running: Listening) -> None:
    with running.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        with pytest.raises(ConnectionError):
            send_for_ever(connection)


def test_a_slow_reader_of_a_large_answer_is_seen_to_read(tmp_path: Path) -> None:
    """The system takes more of an answer only after megabytes were read; until then it looked as if nobody read it."""
    large = minimal({"/notes": {"get": operation({"type": "string", "example": "a" * 9_000_000}, operationId="list")}})
    gates = Connections(ConnectionLimits())
    with listening(large, tmp_path, protocol=gated(HttpProtocol, gates)) as opened, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        client.settimeout(10)
        client.connect(("127.0.0.1", opened.port))
        client.sendall(GET)
        wait_until(lambda: any(each.find_wait()[0] is Wait.READER for each in gates))
        [gate] = gates
        seen = []
        for _ in range(4):
            read = 0
            while read < 60_000:
                read += len(client.recv(60_000))
            wait_until(lambda: gate.find_wait()[1] not in seen)
            seen.append(gate.find_wait()[1])

    assert seen == sorted(seen, reverse=True)


def test_requests_that_wait_for_answers_are_few_however_many_are_sent(tmp_path: Path) -> None:
    """A client that reads its answers, and sends more than can be answered, waits."""
    gates, most = Connections(ConnectionLimits()), 0
    with listening(DOCUMENT, tmp_path, protocol=gated(HttpProtocol, gates)) as opened, opened.connect() as connection:
        sending = threading.Thread(target=connection.sendall, args=(GET * 20_000 + LAST,), daemon=True)
        sending.start()
        while connection.recv(1 << 20):
            most = max([most, *(each._framer.waiting for each in gates)])  # type: ignore[attr-defined]
        sending.join(20)

    assert 0 < most <= 2 * 65_536 + (1 << 18)  # what is held back, and one read


def test_connections_have_a_number(gates: Connections, running: Listening) -> None:
    busy = [running.connect() for _ in range(4)]
    for each in busy:
        each.sendall(b"GET /notes HTTP/1.1\r\n")
    wait_until(
        lambda: len(gates) == 4 and all(each.find_wait()[0] is Wait.HEAD and each.count_unsent() == 0 for each in gates)
    )
    with running.connect() as late:
        said = read_to_end(late)
    for each in busy:
        each.close()

    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"--max-connections" in said


def test_an_idle_connection_makes_room_for_a_new_one(gates: Connections, running: Listening) -> None:
    idle = [running.connect() for _ in range(4)]
    for each in idle:
        each.sendall(GET)
        assert read_answer(each)[0] == 200
    with running.connect() as late:
        late.sendall(GET)
        assert read_answer(late)[0] == 200
    ended = [each for each in idle if each.recv(1) == b""]
    for each in idle:
        each.close()

    assert len(ended) == 4  # one of them at once, the others in time


def test_bytes_in_flight_have_a_number(gates: Connections, running: Listening) -> None:
    long = POST + b"Content-Length: 3000\r\n\r\n" + b" " * 2_990
    with running.connect() as first, running.connect() as second:
        first.sendall(long)
        wait_until(lambda: gates.in_flight == 2_990)
        second.sendall(long)
        said = read_to_end(second)
    wait_until(lambda: gates.in_flight == 0)

    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"--in-flight" in said


def test_a_refusal_reaches_a_client_that_goes_on_sending(running: Listening) -> None:
    with running.connect() as connection:
        connection.sendall(b"GET /notes HTTP/1.1\r\nHost: h\r\n" + b"X-A: a\r\n" * 100_000)
        assert read_answer(connection)[0] == 431


def test_half_a_body_is_no_body(tmp_path: Path) -> None:
    document = minimal(
        {
            "/t": {
                "post": {
                    "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}},
                    "responses": {"201": MADE},
                }
            }
        }
    )
    with listening(document, tmp_path) as opened:
        with opened.connect() as connection:
            connection.sendall(
                b"POST /t HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nhalf"
            )
        with opened.connect() as connection:
            connection.sendall(
                b"POST /t HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nwhole"
            )
            assert read_answer(connection)[0] == 201
        opened.recorded(1)
        assert [each.request.body for each in opened.backend.worlds.everybody.journal] == [b"whole"]


COSTLY: Final[list[tuple[str, bytes, bytes, int]]] = [
    ("a header in single bytes", b"GET /notes HTTP/1.1\r\nX-A: ", b"a", 60_000),
    ("fields in single bytes", b"GET /notes HTTP/1.1\r\nHost: h\r\n", b"a:\r\n", 15_000),
    ("trailers in single bytes", CHUNKED + b"0\r\nX-A: ", b"a", 60_000),
    ("chunk extensions in single bytes", CHUNKED + b"c;", b"a", 4_000),
    ("chunks of a byte", CHUNKED, b"1\r\na\r\n", 60_000),
    ("empty lines", b"", b"\r\n", 60_000),
]  # fmt: skip


@pytest.mark.parametrize(("first", "piece", "count"), [row[1:] for row in COSTLY], ids=[row[0] for row in COSTLY])
def test_small_pieces_cost_no_more_than_their_number(first: bytes, piece: bytes, count: int) -> None:
    framer = Framer()
    started = time.process_time()
    framer.take(first)
    for _ in range(count):
        framer.take(piece)
        while isinstance(found := framer.read(), Piece):
            pass
        assert found is None

    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("wanted", "descriptors", "expected"),
    [(1_000, None, 1_000), (1_000, 4_096, 1_000), (1_000, 256, 156), (1_000, 64, 16), (4, 64, 4)],
)
def test_there_are_no_more_connections_than_the_system_has_descriptors(
    wanted: int, descriptors: int | None, expected: int
) -> None:
    assert most_connections(wanted, descriptors) == expected


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for the server's thread."""
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.005)
