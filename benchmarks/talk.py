"""Asking a server once: to see that it is up, and that its answer is what a case asks for."""

import contextlib
import http.client
import time
from dataclasses import dataclass

import orjson

from benchmarks.process import Server, ServerFailed
from benchmarks.wrk import Load

_EVERY = 0.005  # seconds between two looks at whether a server listens: they cost it nothing
_PATIENCE = 180  # seconds that a server has to start


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def head_size(self) -> int:
        """Bytes of the status line and header fields, about."""
        return len("HTTP/1.1 200 OK\r\n\r\n") + sum(
            len(name) + len(value) + len(": \r\n") for name, value in self.fields
        )

    def json(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


def ask(server: Server, load: Load, number: int = 0) -> Reply:
    """
    Send the first request of a load.

    Args:
        server: Whom to ask.
        load: What wrk will send.
        number: What `{n}` stands for.

    Raises:
        OSError: it could not be reached.
        HTTPException: it does not speak HTTP.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE)
    try:
        target = load.targets[0].replace("{n}", str(number))
        connection.request(load.method, target, load.body or None, dict(load.fields))
        response = connection.getresponse()
        return Reply(response.status, tuple(response.getheaders()), response.read())
    finally:
        connection.close()


def ask_when_up(server: Server, load: Load) -> Reply:
    """
    Ask until the server answers.

    Raises:
        ServerFailed: it ended, or does not answer in time.
    """
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        server.check()
        if server.is_listening():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return ask(server, load)
        time.sleep(_EVERY)
    raise ServerFailed(f"it does not answer within {_PATIENCE} s: {server.output()}")
