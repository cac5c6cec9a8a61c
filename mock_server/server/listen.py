"""
Listening: a socket of our own, with a clear error for a busy port, and uvicorn on it.

Several processes behind one socket.

The document is read once; each worker is a copy of the process that read it, so that they share its memory. Answers
depend on the request and the seed alone, so it does not matter which worker gives them.
"""

import contextlib
import errno
import logging
import math
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import uvicorn

from mock_server.errors import ListenError, MockServerError, UsageError
from mock_server.server.backend import Ports
from mock_server.server.connection.connections import ConnectionLimits, Connections, most_connections
from mock_server.server.connection.gate import gated
from mock_server.server.connection.raw import HttpProtocol
from mock_server.server.log_lines import flush_logs
from mock_server.server.middleware import MockMiddleware
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
    """Return the origin of a socket, as in `http://127.0.0.1:4010`."""
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
        Bind the sockets that the settings name.

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
        if self.admin is None:
            return [self.api]
        return [self.api, self.admin]

    @property
    def ports(self) -> Ports | None:
        """Of both sides, where they differ."""
        if self.admin is not None:
            return Ports(self.api.getsockname()[1], self.admin.getsockname()[1])
        return None

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


class _LoggingServer(uvicorn.Server):
    """Writes the last lines of the log before the signal that stopped it ends the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and obey it at the end, which leaves no time for anything else."""
        with super().capture_signals():
            try:
                yield
            finally:
                flush_logs()


def run(app: Any, listening: Listening, settings: Settings, *, passes_on: bool = False) -> None:  # noqa: ANN401 - any ASGI application
    """Serve until a signal says to stop; see `make_config`."""
    _LoggingServer(make_config(app, settings, passes_on=passes_on)).run(sockets=listening.sockets)


def make_config(app: Any, settings: Settings, *, passes_on: bool = False) -> uvicorn.Config:  # noqa: ANN401 - any ASGI application
    """
    Configure uvicorn.

    Args:
        app: What to serve.
        settings: How.
        passes_on: Whether the answers are another server's: then they have a Date already, and streams need not end.
    """
    door = app.ordinary if isinstance(app, MockMiddleware) else None
    limits = limits_of(settings)
    return uvicorn.Config(
        app,
        http=gated(HttpProtocol, Connections(limits), door),
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


def limits_of(settings: Settings) -> ConnectionLimits:
    """Return the limits of connections, by the settings and by the limits of the system."""
    return ConnectionLimits(
        connections=most_connections(settings.max_connections, _count_descriptors()),
        in_flight=settings.in_flight,
        body=settings.max_body,
        header_seconds=settings.header_timeout,
        body_seconds=settings.body_timeout,
        idle_seconds=settings.idle_timeout,
    )


def _count_descriptors() -> int | None:
    """Return the limit of open files of this process, or None."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        return soft
    return None


_log = logging.getLogger(__name__)

# A worker that ends sooner than this did not come up; so many in a row, and there is no use in another.
_YOUNG = 2.0  # seconds
_PATIENCE = 3
_MERCY = 10.0  # seconds that a worker without a parent has to finish what it is at
_MOST = 256


def check_workers(count: int) -> None:
    """
    Check that so many workers can be had.

    Raises:
        UsageError: the number makes no sense, or the system can't copy processes.
    """
    if count < 1:
        raise UsageError(f"--workers {count}: at least one is needed")
    if count > _MOST:
        raise UsageError(
            f"--workers {count}: at most {_MOST} can be started; one for each processor is the most that helps"
        )
    if count > 1 and not hasattr(os, "fork"):
        raise UsageError(
            "--workers needs a system that can fork processes; start several servers on ports of their own instead"
        )


def run_workers(count: int, serve: Callable[[], None]) -> None:
    """
    Serve in several processes until a signal says to stop; one that dies is replaced.

    Args:
        count: How many.
        serve: What each of them does; it returns when it is told to stop.

    Raises:
        UsageError: the workers do not come up.
    """
    alive: dict[int, float] = {}
    stopping = False
    # Whoever reads from the pipe hears of the end of this process, however it ends: the system closes the other side.
    read, write = os.pipe()
    parent = _ParentPipe(read, write)

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for pid in alive:
            os.kill(pid, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    failures = 0
    try:
        for _ in range(count):
            alive[_fork(serve, before, parent)] = time.monotonic()
        while alive:
            pid, status = os.wait()
            age = time.monotonic() - alive.pop(pid, 0.0)
            if stopping:
                continue
            failures = failures + 1 if age < _YOUNG else 0
            if failures >= _PATIENCE:
                stop(signal.SIGTERM, None)
                raise UsageError(f"the workers end as soon as they start (status {os.waitstatus_to_exitcode(status)})")
            _log.warning(
                "worker %d ended with status %d; another one takes its place", pid, os.waitstatus_to_exitcode(status)
            )
            alive[_fork(serve, before, parent)] = time.monotonic()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)


class _ParentPipe(NamedTuple):
    """A pipe that closes when the parent process ends."""

    read: int
    write: int

    def watch(self) -> None:
        """Stop this worker when the parent has ended; called in a worker."""
        os.close(self.write)
        threading.Thread(target=self._wait, name="parent", daemon=True).start()

    def _wait(self) -> None:
        os.read(self.read, 1)
        _log.warning("the process that started this worker has ended, so the worker does")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_MERCY)
        os._exit(1)


def _fork(serve: Callable[[], None], caught: Iterable[signal.Signals], parent: _ParentPipe) -> int:
    """Start a worker; gives its process id. The worker does not return."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
        parent.watch()
        serve()
        code = 0
    except KeyboardInterrupt:
        code = 0
    finally:
        logging.shutdown()  # which writes what waits, as the end of any other process does
        os._exit(code)
