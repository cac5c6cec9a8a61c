"""Listening: a socket of our own, so that a busy port is said in a sentence, and uvicorn on it."""

import errno
import math
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import uvicorn

from mock_server.errors import ListenError, MockServerError, UsageError
from mock_server.serve.backend import Ports
from mock_server.serve.middleware import MockMiddleware
from mock_server.serve.wire.connections import Connections, Limits, most_connections
from mock_server.serve.wire.gate import gated
from mock_server.serve.wire.instant import answering
from mock_server.serve.wire.line import HttpProtocol
from mock_server.settings import Settings

if sys.platform != "win32":
    import resource

_BACKLOG = 2048
_LAST_PORT = 65_535
_GRACE = 5  # seconds that open requests have when the server stops
_SHORT_GRACE = 1


def bind(host: str, port: int) -> socket.socket:
    """
    Bind a listening socket; port 0 takes a free one.

    Raises:
        ListenError: the port is in use, or not ours to take.
    """
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"there is no port {port}: ports go from 0 to {_LAST_PORT}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise ListenError(f"{host!r} is no address: {error.strerror}; choose another with --host") from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        reasons = {
            errno.EADDRINUSE: "is in use",
            errno.EACCES: "needs more rights",
            errno.EADDRNOTAVAIL: "is not an address of this machine",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        message = f"port {port} of {host} {reason}; choose another with --port, or let one be chosen with --port 0"
        raise ListenError(message) from error
    return listening


def origin(listening: socket.socket, settings: Settings) -> str:
    """The origin under which a socket is reached, as in `http://127.0.0.1:4010`."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    return f"{'https' if settings.tls_cert else 'http'}://{shown}:{port}"


def check_tls(cert: Path | None, key: Path | None) -> None:
    """
    Check that a certificate can be used.

    Raises:
        UsageError: it or its key can't be read, or they do not belong together.
    """
    if cert is None and key is None:
        return
    if cert is None:
        raise UsageError("--tls-key needs --tls-cert")

    def refuse_passphrase() -> str:
        raise UsageError(f"the key of {cert} asks for a passphrase, and nobody is there to give it: take one without")

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, refuse_passphrase)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificate {cert} can't be used: {error}") from error


class Listening:
    """The sockets of a server: one for all, or the admin side has one of its own."""

    def __init__(self, settings: Settings) -> None:
        """
        Bind what the settings name.

        Raises:
            ListenError: a port is in use, or not ours to take.
        """
        self._settings = settings
        self.api = bind(settings.host, settings.port)
        self.admin: socket.socket | None = None
        if settings.admin and settings.admin_port is not None:
            try:
                self.admin = bind(settings.host, settings.admin_port)
            except MockServerError:
                self.api.close()
                raise

    @property
    def sockets(self) -> list[socket.socket]:
        """All of them."""
        return [self.api] if self.admin is None else [self.api, self.admin]

    @property
    def ports(self) -> Ports | None:
        """Of both sides, where they differ."""
        return Ports(self.api.getsockname()[1], self.admin.getsockname()[1]) if self.admin is not None else None

    @property
    def origin(self) -> str:
        """Of the API."""
        return origin(self.api, self._settings)

    @property
    def admin_origin(self) -> str:
        """Of the admin side."""
        return origin(self.admin or self.api, self._settings)

    def close(self) -> None:
        """Give the ports back."""
        for each in self.sockets:
            each.close()


def run(app: Any, listening: Listening, settings: Settings, *, passes_on: bool = False) -> None:  # noqa: ANN401 - any ASGI application
    """Serve until a signal says to stop; see `make_config`."""
    uvicorn.Server(make_config(app, settings, passes_on=passes_on)).run(sockets=listening.sockets)


def make_config(app: Any, settings: Settings, *, passes_on: bool = False) -> uvicorn.Config:  # noqa: ANN401 - any ASGI application
    """
    Say to uvicorn how to serve.

    Args:
        app: What to serve.
        settings: How.
        passes_on: Whether the answers are another server's: then they have a Date already, and streams need not end.
    """
    http = answering(HttpProtocol, app) if isinstance(app, MockMiddleware) else HttpProtocol
    limits = limits_of(settings)
    return uvicorn.Config(
        app,
        http=gated(http, Connections(limits)),
        ws="none",  # an offer to upgrade is not taken: RFC 9110, section 7.8
        timeout_keep_alive=math.ceil(limits.idle_seconds),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=not passes_on,
        proxy_headers=not passes_on,  # else a client could name another as itself
        lifespan="on",
        timeout_graceful_shutdown=_SHORT_GRACE if passes_on else _GRACE,
        ssl_certfile=str(settings.tls_cert) if settings.tls_cert else None,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
    )


def limits_of(settings: Settings) -> Limits:
    """What clients may take of a process, by its settings and by what the system lets it have."""
    return Limits(
        connections=most_connections(settings.max_connections, _count_descriptors()),
        in_flight=settings.in_flight,
        body=settings.max_body,
        header_seconds=settings.header_timeout,
        body_seconds=settings.body_timeout,
        idle_seconds=settings.idle_timeout,
    )


def _count_descriptors() -> int | None:
    """How many files and sockets this process may have open; None where the system has no such number."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else None
