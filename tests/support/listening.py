"""Our application on a socket of this machine, and a client that reads what comes, byte by byte."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import uvicorn

from mock_server.compose.app import create_app
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.connection.raw import HttpProtocol
from mock_server.server.listen import bind
from mock_server.settings import Settings

_SECONDS = 20  # for anything; a test that needs them fails


@dataclass
class Listening:
    """A server in a thread."""

    port: int
    backend: Backend
    trusted: Path | None = None  # its certificate

    def recorded(self, count: int, world: str = "") -> list[str | None]:
        """
        What the exchanges of a world met.

        The client may have read the end of the last one before this thread sees it written down: wait for so many.
        """
        ends = time.monotonic() + _SECONDS
        journal = self.backend.worlds.get(world).journal
        while len(journal) < count and time.monotonic() < ends:
            time.sleep(0.005)
        assert len(journal) == count
        return [recorded.disturbance for recorded in journal]

    def connect(self) -> socket.socket:
        """Open a connection, with TLS where the server has it."""
        plain = socket.create_connection(("127.0.0.1", self.port), _SECONDS)
        if self.trusted is None:
            return plain
        context = ssl.create_default_context(cafile=str(self.trusted))
        return context.wrap_socket(plain, server_hostname="localhost")


@contextlib.contextmanager
def listening(
    document: object,
    folder: Path,
    *,
    protocol: type = HttpProtocol,
    loop: str = "auto",
    tls: tuple[Path, Path] | None = None,
    **changes: object,
) -> Iterator[Listening]:
    """Serve a document in a thread."""
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    backend = Backend.of(open_responder(str(path), Settings(**changes)).responder)  # type: ignore[arg-type]
    bound = bind("127.0.0.1", 0)
    files = {"ssl_certfile": str(tls[0]), "ssl_keyfile": str(tls[1])} if tls else {}
    config = uvicorn.Config(
        create_app(backend),
        http=protocol,
        loop=loop,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SECONDS,
        **files,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    ends = time.monotonic() + _SECONDS
    while not server.started and time.monotonic() < ends:
        time.sleep(0.01)
    assert server.started
    try:
        yield Listening(bound.getsockname()[1], backend, tls[0] if tls else None)
    finally:
        server.should_exit = True
        thread.join(_SECONDS)
        bound.close()
        assert not thread.is_alive()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        *subject,
    ]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True, timeout=_SECONDS
    )
    return cert, key


def request(target: str, *fields: str, method: str = "GET") -> bytes:
    """Write a request."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "host: localhost", *fields, "", ""]).encode()


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    read = bytearray()
    while piece := connection.recv(65_536):
        read += piece
    return bytes(read)


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer with a Content-Length: status, fields, body."""
    read = bytearray()
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65_536)
        assert piece, read
        read += piece
    head, _, body = bytes(read).partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    while len(body) < int(fields.get("content-length", 0)):
        piece = connection.recv(65_536)
        assert piece, body
        body += piece
    return int(lines[0].split()[1]), fields, body
