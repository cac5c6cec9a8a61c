"""What an API may do instead of answering, and what is made of it: never a hang, never an exception."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mock_server.contract.transport.http import AnswerLimits, HttpSender, Received, TransportFault
from mock_server.contract.transport.in_process import load_app, open_app
from mock_server.contract.transport.paced import PacedSender
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response

GET = Request("GET", b"/a", b"b=c%2F", ((b"x-a", b"1"),), b"")
LIMITS = AnswerLimits(seconds=0.5, size=100_000, stream_seconds=0.3, stream_items=5)


class Wire:
    """A server that answers with given bytes, again and again where it is told to."""

    def __init__(
        self, answer: bytes, repeat: bytes = b"", *, silent: bool = False, pause: float = 0.0, linger: bool = False
    ) -> None:
        self.answer, self.repeat, self.silent, self.pause, self.linger = answer, repeat, silent, pause, linger
        self.heard: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.heard.append(connection.recv(65536))
            if self.silent:
                connection.recv(1)
                return
            connection.sendall(self.answer)
            while self.repeat:
                connection.sendall(self.repeat)
                time.sleep(self.pause)
            if self.linger:
                connection.recv(1)


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    made: list[Wire] = []

    def make(*args: object, **options: object) -> Wire:
        made.append(Wire(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.socket.close()


def send(url: str, request: Request = GET) -> Received:
    sender = HttpSender(url, LIMITS)
    try:
        return sender.send(request)
    finally:
        sender.close()


def test_a_request_travels_as_it_is_written(wire: Callable[..., Wire]) -> None:
    server = wire(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-A: 1\r\n\r\nok")
    received = send(server.url)

    assert received.response == Response(200, [(b"content-length", b"2"), (b"x-a", b"1")], b"ok")
    assert server.heard[0].startswith(b"GET /a?b=c%2F HTTP/1.1\r\n")


@pytest.mark.parametrize("body", [b"", b"four"])
def test_a_length_that_is_wrong_is_not_sent(wire: Callable[..., Wire], body: bytes) -> None:
    server = wire(b"HTTP/1.1 204 No Content\r\n\r\n")
    fields = ((b"content-length", b"77"), (b"transfer-encoding", b"gzip"), (b"x-a", b"1"))
    received = send(server.url, Request("POST", b"/a", b"", fields, body))

    assert received.fault is None
    assert received.response is not None
    heard = server.heard[0].lower()
    assert b"x-a: 1\r\n" in heard
    assert b"content-length: 77" not in heard
    assert b"transfer-encoding" not in heard


@pytest.mark.parametrize(
    ("answer", "repeat", "fault"),
    [
        (b"\x16\x03\x01 this is no HTTP\r\n\r\n", b"", TransportFault.MALFORMED),
        (b"", b"", TransportFault.DISCONNECTED),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", b"", TransportFault.DISCONNECTED),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n", b"x" * 65536, TransportFault.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", TransportFault.ENDLESS),
    ],
    ids=["garbage", "nothing", "half", "ten gigabytes", "without an end"],
)
def test_what_is_no_answer_is_a_fault(
    wire: Callable[..., Wire], answer: bytes, repeat: bytes, fault: TransportFault
) -> None:
    received = send(wire(answer, repeat).url)

    assert received.fault in {fault, TransportFault.TOO_LARGE}
    assert received.response is None or len(received.response.body) <= LIMITS.size


def test_an_api_that_hangs_is_left_after_a_while(wire: Callable[..., Wire]) -> None:
    assert send(wire(b"", silent=True).url).fault is TransportFault.TIMEOUT


def test_an_api_that_is_down_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert send(f"http://127.0.0.1:{port}").fault is TransportFault.UNREACHABLE


def test_a_stream_is_left_when_enough_of_it_came(wire: Callable[..., Wire]) -> None:
    server = wire(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
        b'8\r\n{"a":1}\n\r\n',
    )
    received = send(server.url)

    assert received.fault is None
    assert received.cut
    assert received.response is not None
    assert set(received.response.body.splitlines()) == {b'{"a":1}'}


@pytest.mark.parametrize(
    "url", ["localhost:80", "ftp://a", "http://", "", "http://[::1", "http://a:99999", "http://a:b"]
)
def test_a_url_is_of_http(url: str) -> None:
    with pytest.raises(UsageError, match="no URL of an API"):
        HttpSender(url, LIMITS)


class Told:
    """A sender that says what it was told to say, one after the other."""

    origin = "http://told.invalid"

    def __init__(self, *answers: Received) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def send(self, request: Request) -> Received:
        self.asked.append(request.method)
        return self.answers.pop(0)

    def close(self) -> None:
        """Nothing to close."""


def answer(status: int, **fields: str) -> Received:
    return Received(
        Response(status, [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()], b"")
    )


def test_a_limit_of_the_provider_is_obeyed() -> None:
    slept: list[float] = []
    told = Told(answer(429, retry_after="7"), answer(503, retry_after="2"), answer(200))

    assert PacedSender(told, sleep=slept.append).send(GET) == answer(200)
    assert slept == [7.0, 2.0]


def test_who_asks_for_an_hour_is_not_waited_for() -> None:
    slept: list[float] = []

    assert PacedSender(Told(answer(429, retry_after="3600")), sleep=slept.append).send(GET) == answer(
        429, retry_after="3600"
    )
    assert slept == []


def test_only_what_never_arrived_is_sent_again() -> None:
    gone = Received(None, TransportFault.DISCONNECTED)
    for method, times in (("GET", 3), ("PUT", 3), ("POST", 1)):
        told = Told(gone, gone, gone)
        PacedSender(told, sleep=lambda seconds: None).send(GET._replace(method=method))

        assert len(told.asked) == times
    failed = Told(answer(500), answer(200))
    PacedSender(failed).send(GET)

    assert len(failed.asked) == 1


def test_a_rate_is_kept() -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    sender = PacedSender(Told(*[answer(200)] * 4), rate=10.0, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        sender.send(GET)

    assert [round(seconds, 3) for seconds in slept] == [0.1, 0.1, 0.1]


def test_a_wsgi_application_is_called_in_process() -> None:
    def app(environ: dict, start_response: Callable) -> list[bytes]:
        start_response("201 Created", [("X-Path", environ["PATH_INFO"]), ("X-Header", environ["HTTP_X_A"])])
        return [environ["QUERY_STRING"].encode(), environ["wsgi.input"].read()]

    received = open_app(app, LIMITS).send(GET._replace(method="POST", body=b"!"))

    assert received.response == Response(201, [(b"x-path", b"/a"), (b"x-header", b"1")], b"b=c%2F!")


def test_an_application_that_raises_answers_500() -> None:
    def wsgi(environ: dict, start_response: Callable) -> list[bytes]:
        raise RuntimeError("no")

    async def asgi(scope: dict, receive: Callable, send: Callable) -> None:
        raise RuntimeError("no")

    for app in (wsgi, asgi):
        sender = open_app(app, LIMITS)
        received = sender.send(GET)
        sender.close()

        assert received.response is not None
        assert received.response.status == 500


def test_the_lifespan_of_an_application_is_led() -> None:
    told: list[str] = []

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "lifespan":
            told.append((await receive())["type"])
            await send({"type": "lifespan.startup.complete"})
            told.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    sender = open_app(app, LIMITS)
    received = sender.send(GET)
    sender.close()

    assert received.response == Response(204, [], b"")
    assert told == ["lifespan.startup", "lifespan.shutdown"]


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["in the fields", "in the body", "in the size of a chunk", "in answers before the answer"],
)
def test_what_drips_is_left_when_its_time_is_over(wire: Callable[..., Wire], start: bytes, drop: bytes) -> None:
    """Each byte comes well within the time; the whole never would."""
    received = send(wire(start, drop, pause=0.05).url)

    assert received.fault in {TransportFault.TIMEOUT, TransportFault.ENDLESS}


def test_fields_without_an_end_are_no_answer(wire: Callable[..., Wire]) -> None:
    assert send(wire(b"HTTP/1.1 200 OK\r\n", b"x-a: " + b"y" * 1000 + b"\r\n").url).fault is TransportFault.MALFORMED


def test_a_stream_that_falls_silent_is_left(wire: Callable[..., Wire]) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    received = send(wire(head + b'8\r\n{"a":1}\n\r\n', b"", linger=True).url)

    assert (received.fault, received.cut) == (None, True)
    assert received.response is not None
    assert received.response.body == b'{"a":1}\n'


def test_a_cookie_is_not_sent_back(wire: Callable[..., Wire]) -> None:
    """It may be a credential: a request that is to come without any would have one."""
    server = wire(
        b"HTTP/1.1 200 OK\r\nset-cookie: session=1\r\nset-cookie: \x80\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    sender = HttpSender(server.url, LIMITS)
    received = [sender.send(GET) for _ in range(2)]
    sender.close()

    assert [one.fault for one in received] == [None, None]
    assert b"session" not in server.heard[1]


def test_an_application_that_leaves_the_process_answers_500() -> None:
    def wsgi(environ: dict, start_response: Callable) -> list[bytes]:
        raise SystemExit(3)

    async def asgi(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "http":
            raise SystemExit(3)

    for app in (wsgi, asgi):
        sender = open_app(app, LIMITS)
        received = sender.send(GET)
        sender.close()

        assert received.response is not None
        assert received.response.status == 500


def test_an_application_that_can_not_be_imported_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_at_import.py").write_text("1 / 0")
    (tmp_path / "broken_factory.py").write_text("def make():\n    raise RuntimeError('no database')\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="ZeroDivisionError: division by zero"):
        load_app("broken_at_import:app")
    with pytest.raises(UsageError, match="RuntimeError: no database"):
        load_app("broken_factory:make()")


class Closing:
    """A server that answers the first request of each of its first connections, and ends these with a second one as it is told."""

    def __init__(self, closing: int, last: bytes = b"") -> None:
        self.closing, self.last = closing, last
        self.heard: list[list[bytes]] = []  # by connection
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.heard.append([])
                threading.Thread(target=self.talk, args=(connection, len(self.heard)), daemon=True).start()

    def talk(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError), connection:
            while request := connection.recv(65536):
                self.heard[number - 1].append(request)
                if number <= self.closing and len(self.heard[number - 1]) > 1:
                    connection.sendall(self.last)
                    return
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_kept_connection_that_the_server_closed_is_no_fault_of_the_request(method: str) -> None:
    server = Closing(closing=1)
    sender = HttpSender(server.url, LIMITS)

    answers = [sender.send(GET._replace(method=method)) for _ in range(3)]
    sender.close()
    server.socket.close()

    assert [(answer.fault, answer.response and answer.response.status) for answer in answers] == [(None, 204)] * 3
    assert [len(requests) for requests in server.heard] in ([2, 1, 1], [2, 2], [2, 1])


def test_a_request_that_ends_a_new_connection_as_well_is_sent_twice_and_not_more() -> None:
    server = Closing(closing=9)
    sender = HttpSender(server.url, LIMITS)
    sender.send(GET)
    server.closing, server.talk = (
        9,
        lambda connection, number: (server.heard[number - 1].append(connection.recv(65536)), connection.close()),
    )  # type: ignore[method-assign, assignment]

    answer = sender.send(GET)
    sender.close()
    server.socket.close()

    assert answer.fault is TransportFault.DISCONNECTED
    assert [len(requests) for requests in server.heard] == [2, 1]


def test_half_an_answer_over_a_kept_connection_is_a_fault() -> None:
    server = Closing(closing=9, last=b"HTTP/1.1 200 OK\r\ncontent-le")
    sender = HttpSender(server.url, LIMITS)
    sender.send(GET)

    answer = sender.send(GET)
    sender.close()
    server.socket.close()

    assert answer.fault is TransportFault.DISCONNECTED
    assert [len(requests) for requests in server.heard] == [2]


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_answer_to_head_has_no_body_in_process_either(kind: str) -> None:
    async def asgi(scope: dict, receive: Callable, send: Callable) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    def wsgi(environ: dict, start_response: Callable) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"{}"]

    sender = open_app({"asgi": asgi, "wsgi": wsgi}[kind], LIMITS)
    received = sender.send(GET._replace(method="HEAD"))
    sender.close()

    assert received.response == Response(200, [(b"content-length", b"2")], b"")
