"""Real servers made of raw sockets, and proxies before them, for the tests of the proxy."""

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvicorn

from mock_server.compose.app import create_app
from mock_server.proxy.judge import ProxyJudge
from mock_server.proxy.relay import Relay
from mock_server.proxy.upstream import Choices, Upstream
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.listen import bind, make_config
from mock_server.settings import Settings


class RealServer:
    """Answers each connection as it is told, and keeps what it hears."""

    def __init__(self, talk: "Callable[[Heard], None] | bytes") -> None:
        self.talk = talk
        self.heard: list[Heard] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            heard = Heard(connection)
            if not heard.read_head():
                return
            self.heard.append(heard)
            if isinstance(self.talk, bytes):
                heard.read_body()
                connection.sendall(self.talk)
            else:
                self.talk(heard)


@dataclass
class Heard:
    """A request as a server hears it, on its connection."""

    connection: socket.socket
    head: bytes = b""
    body: bytes = b""
    rest: bytes = b""
    gone: threading.Event = field(default_factory=threading.Event)  # set when the other side closed

    def read_head(self) -> bool:
        while b"\r\n\r\n" not in self.rest:
            data = self.connection.recv(65536)
            if not data:
                return False
            self.rest += data
        self.head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return True

    def read_body(self) -> bytes:
        """Read a body of a known length, or of chunks."""
        length = re.search(rb"(?i)content-length: (\d+)", self.head)
        if length is not None:
            while len(self.rest) < int(length.group(1)):
                self.rest += self.connection.recv(65536)
            self.body = self.rest
        elif b"transfer-encoding: chunked" in self.head.lower():
            while not self.rest.endswith(b"0\r\n\r\n"):
                self.rest += self.connection.recv(65536)
            self.body = b"".join(chunks_of(self.rest))
        return self.body

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def wait_for_end(self) -> None:
        with suppress(OSError):
            while self.connection.recv(65536):
                pass
        self.gone.set()

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n")[0]

    def values(self, name: str) -> list[str]:
        lines = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        return [value.strip().decode("latin-1") for key, _, value in lines if key.lower() == name.encode()]


def chunks_of(data: bytes) -> list[bytes]:
    """The chunks of a body in chunks, RFC 9112, section 7.1."""
    found = []
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size, 16)
        if not count:
            return found
        found.append(data[:count])
        data = data[count + 2 :]
    return found


def answer(body: bytes = b"", *fields: str, status: str = "200 OK", media_type: str = "application/json") -> bytes:
    """An ordinary answer as bytes."""
    head = [
        f"HTTP/1.1 {status}",
        "Connection: close",
        f"Content-Length: {len(body)}",
        *([f"Content-Type: {media_type}"] if body else []),
        *fields,
    ]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Proxy:
    """A running proxy."""

    relay: Relay
    backend: Backend
    port: int
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> "tuple[http.client.HTTPResponse, bytes]":
        """Ask as a client does; gives the response and its body, undecoded."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(
                method, target, body=body, headers=headers or {}, encode_chunked=hasattr(body, "__next__")
            )
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def raw(self, data: bytes) -> socket.socket:
        """Send bytes; gives the connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(data)
        return connection

    def rules(self, count: int = 0) -> list[str]:
        """The rules of what was found, when so many exchanges are counted."""
        ends = time.monotonic() + 10
        while self.relay.scrutiny.tally.records < count and time.monotonic() < ends:
            time.sleep(0.01)
        return sorted(counted.finding.rule for counted in list(self.relay.scrutiny.tally.counted.values()))


def start_proxy(
    document: object, upstream: str, folder: Path, *, timeout: float = 5.0, record: Any = None, **changes: Any
) -> Proxy:
    """Start a proxy in a thread."""
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    settings = Settings(log_format="none", **changes)
    opened = open_responder(str(path), settings)
    mocked = [
        entry.id for entry in opened.document.entries if not settings.for_operation(entry.id, entry.title).upstream
    ]
    relay = Relay(
        Upstream(upstream, seconds=timeout),
        Choices(mocked, settings.fallback_on if settings.fallback else ()),
        ProxyJudge(security=settings.security),
        limit=settings.max_body,
        via="mock-server-test",
        cors=bool(settings.cors),
        record=record,
    )
    backend = Backend.of(opened.responder)
    backend.relay = relay
    backend.tasks.append(relay.stay)
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(make_config(create_app(backend), settings, passes_on=True))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listening.close()

    return Proxy(relay, backend, listening.getsockname()[1], stop)
