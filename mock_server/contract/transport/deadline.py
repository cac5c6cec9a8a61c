"""
Answers that end in time: no reading or writing waits longer than the whole answer may still take.

The timeouts of an HTTP client are of one reading each: a header that drips byte by byte would hold it for days.

A server may close a connection at any time between two requests (RFC 9112, section 9.5), as uvicorn does after an
unhandled error. A request that meets such an end without a byte of an answer is sent once more over a new connection.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ssl import SSLContext
from typing import Any, Final
from weakref import WeakSet

import httpcore2
import httpx2

_NAMES: Final = (
    "ConnectError", "ConnectTimeout", "LocalProtocolError", "PoolTimeout", "ReadError", "ReadTimeout",
    "RemoteProtocolError",
    "UnsupportedProtocol", "WriteError", "WriteTimeout",
)  # fmt: skip
_ERRORS: Final[dict[type[Exception], type[httpx2.TransportError]]] = {
    getattr(httpcore2, name): getattr(httpx2, name) for name in _NAMES
}

_Watched = Callable[[httpcore2.NetworkStream], httpcore2.NetworkStream]


class _Deadline(threading.local):
    """When what this thread waits for has to be there, and what became of its request so far."""

    ends = 0.0  # by the monotonic clock; 0 is never
    reused = False  # whether the request was written to a connection that had answered another one
    answered = False  # whether a byte came since then

    def __init__(self, broken: threading.Event) -> None:
        self._broken = broken  # of all threads

    @property
    def met_closed_connection(self) -> bool:
        """True where the request may have met a connection that the server had closed already."""
        return self.reused and not self.answered and not self._broken.is_set()

    def left(self, timeout: float | None) -> float | None:
        """Return how long to wait at most; raises where nothing is left."""
        if self._broken.is_set():
            raise httpcore2.ReadError("it was broken off")
        if not self.ends:
            return timeout
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the answer is over")
        if timeout is None:
            return left
        return min(left, timeout)


class TimedTransport(httpx2.BaseTransport):
    """Sends over connections of its own, each answer within a time that the thread has set. For several threads."""

    def __init__(self, *, verify: bool | SSLContext, connections: int) -> None:
        """Prepare connections: at most so many at once, with certificates that are trusted or any."""
        self._broken = threading.Event()
        self._deadline = _Deadline(self._broken)
        self._backend = _DeadlineBackend(self._deadline)
        self._ssl_context = httpx2.create_ssl_context(verify=verify)
        self._pool = self._make_pool(connections)

    def _make_pool(self, connections: int) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=self._backend,
        )

    def end_in(self, seconds: float) -> None:
        """Set within how many seconds the next answer of this thread has to come."""
        self._deadline.ends = time.monotonic() + seconds

    def break_off(self) -> None:
        """Whoever waits for something stops waiting, in every thread; and whoever begins, until `go_on`."""
        self._broken.set()
        for stream in list(self._backend.streams):
            stream.break_off()

    def go_on(self) -> None:
        """Allow requests again."""
        self._broken.clear()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; once more over a new connection, where the first one turned out to be closed."""
        pool, fresh = self._pool, None
        with _translated():
            try:
                answer = self._send(pool, request)
            except (httpcore2.RemoteProtocolError, httpcore2.ReadError, httpcore2.WriteError):
                if not self._deadline.met_closed_connection:
                    raise
                fresh = self._make_pool(1)
                answer = self._send_once(fresh, request)
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, fresh), extensions=answer.extensions
        )

    def _send_once(self, pool: httpcore2.ConnectionPool, request: httpx2.Request) -> httpcore2.Response:
        """Send over a pool for this request alone, which is closed with the body of the answer, or where none comes."""
        try:
            return self._send(pool, request)
        except BaseException:
            pool.close()
            raise

    def _send(self, pool: httpcore2.ConnectionPool, request: httpx2.Request) -> httpcore2.Response:
        self._deadline.reused = self._deadline.answered = False
        url = httpcore2.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        return pool.handle_request(
            httpcore2.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )

    def close(self) -> None:
        """Let go of connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    """A body as it comes, with the pool of its own that it comes from, if any."""

    def __init__(self, answer: httpcore2.Response, pool: httpcore2.ConnectionPool | None) -> None:
        self._answer = answer
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        if self._pool is not None:
            self._pool.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Errors as those of the client who asks."""
    try:
        yield
    except tuple(_ERRORS) as error:
        raise _ERRORS[type(error)](str(error)) from error


class _DeadlineBackend(httpcore2.SyncBackend):
    """Connects, and keeps an eye on the clock."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        self.streams: WeakSet[_DeadlineStream] = WeakSet()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(host, port, self._deadline.left(timeout), local_address, socket_options)
        return self._watched(stream)

    def _watched(self, stream: httpcore2.NetworkStream) -> httpcore2.NetworkStream:
        watched = _DeadlineStream(stream, self._deadline, self._watched)
        self.streams.add(watched)
        return watched


class _DeadlineStream(httpcore2.NetworkStream):
    """A connection."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline, watched: _Watched) -> None:
        self._stream = stream
        self._deadline = deadline
        self._watched = watched
        self._has_answered = False

    def break_off(self) -> None:
        """End what another thread waits for here."""
        connection = self.get_extra_info("socket")
        if isinstance(connection, socket.socket):
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not that of TLS, which is for the thread itself

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._deadline.left(timeout))
        if data:
            self._has_answered = self._deadline.answered = True
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.reused = self._deadline.reused or self._has_answered
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return self._watched(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - whatever it is
        return self._stream.get_extra_info(info)
