"""
Our HTTP protocol: uvicorn's own, which lends the connection to the application.

ASGI knows complete answers only. What a fault needs beyond that stands in `scope["extensions"]["mock_server.line"]`:
the connection, the same object for all of its exchanges, since one for each would lead back to itself and wait for the
garbage collector.

Targets in absolute form, of clients that take this server for their proxy, name the host themselves, and go before the
Host field: they take its place before it is looked at. RFC 9112, sections 3.2.2 and 3.3.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Awaitable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from mock_server.respond.answer import RawField
from mock_server.server import send as gather
from mock_server.server.backend import Asgi, Receive, Scope, Send
from mock_server.server.send import BufferedTransport

if sys.platform != "win32":
    import fcntl
    import termios

_SLASH: Final = b"/"
EXTENSION: Final = "mock_server.line"
# Closing at once, dropping what was not sent: the peer is told by RST. `man 7 socket`, SO_LINGER
_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_COUNT: Final = struct.Struct("i")
_NO_COUNT: Final = bytes(_COUNT.size)


class LentConnection(NamedTuple):
    """A connection."""

    transport: asyncio.Transport  # with TLS where there is TLS
    ended: asyncio.Event  # set when the client left, or the server is stopping


def reset_connection(transport: asyncio.Transport) -> None:
    """
    End a connection by RST, and drop what was not sent.

    The system would keep it for as long as the peer does not read.
    """
    peer = transport.get_extra_info("socket")
    if peer is not None and peer.family != getattr(socket, "AF_UNIX", None):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()


def count_unacknowledged(transport: asyncio.BaseTransport) -> int:
    """
    Return the number of sent bytes that the peer has not acknowledged; 0 where the system does not say.

    The system's buffer takes megabytes, and asks for more only when a third of it is free: until then this is the only
    sign that a slow client reads. `man 7 tcp`, SIOCOUTQ
    """
    peer = transport.get_extra_info("socket")
    if sys.platform == "win32" or peer is None:
        return 0
    try:
        found = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, _NO_COUNT)
    except (OSError, ValueError):  # ValueError: it is closed
        return 0
    count: int = _COUNT.unpack(found)[0]
    return count


class RawConnection:
    """The connection of one exchange."""

    __slots__ = ("_ended", "_send", "_transport")

    def __init__(self, lent: LentConnection, send: Send) -> None:
        """
        Borrow a connection.

        Args:
            lent: The connection.
            send: Of the exchange, as the server gave it to the application.
        """
        self._transport, self._ended = lent
        self._send = send

    @property
    def ended(self) -> asyncio.Event:
        """Set when the client left, or the server is stopping."""
        return self._ended

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection when everything is sent."""
        self._leave()
        self._transport.close()

    def reset(self) -> None:
        """Reset the connection: RST instead of FIN."""
        self._leave()
        reset_connection(self._transport)

    async def wait(self, seconds: float) -> None:
        """Wait; not longer than the client is there and the server goes on."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return

    def _leave(self) -> None:
        """
        Make the server treat the exchange as one without a client.

        Else it would send 500, since the application gave no complete answer. It is the exchange's own object, since
        the protocol may have read the next request of the connection already.
        """
        exchange: Any = getattr(self._send, "__self__", None)
        exchange.disconnected = True


class _Directing(asyncio.Protocol):
    """Reads the host of a request from its target; mixed into uvicorn's `HttpToolsProtocol`, with its names."""

    url: bytes
    headers: list[RawField]  # the very list of the scope

    def on_headers_complete(self) -> None:
        """Begin with a request after its head is read."""
        if not self.url.startswith(_SLASH):
            self.headers[:] = _directed(self.url, self.headers)
        super().on_headers_complete()  # type: ignore[misc]


def _direct(scope: Scope) -> None:
    """Read the host from a target that the server handed on as a path, as uvicorn does with h11."""
    target: bytes = scope.get("raw_path") or _SLASH
    if scope["type"] != "http" or target.startswith(_SLASH):
        return
    scope["headers"] = _directed(target, scope["headers"])
    _, separator, rest = target.partition(b"://")
    if separator:
        scope["raw_path"] = _SLASH + rest.partition(_SLASH)[2]
        scope["path"] = unquote(scope["raw_path"].decode("latin-1"))


def _directed(target: bytes, fields: Sequence[RawField]) -> list[RawField]:
    """Return the header fields of a request with the host that its target names; as they were where it names none."""
    try:
        parts = urlsplit(target.decode("latin-1"))
    except ValueError:
        return [(b"host", b"?"), *(pair for pair in fields if pair[0] != b"host")]  # no host that anybody answers for
    if not parts.scheme or not parts.netloc:
        return list(fields)
    host = parts.netloc.rpartition("@")[2].encode("latin-1")
    return [(b"host", host), *(pair for pair in fields if pair[0] != b"host")]


class _Lending(asyncio.Protocol):
    """Lends the connection; mixed into one of uvicorn's protocols."""

    app: Asgi

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: every exchange of the connection is lent it."""
        gathering = BufferedTransport(transport)  # type: ignore[arg-type]
        super().connection_made(gathering)  # type: ignore[arg-type]  # has all that a transport has
        app, ended = self.app, asyncio.Event()
        self._ended = ended
        extensions = {EXTENSION: LentConnection(transport, ended), gather.EXTENSION: gathering}  # type: ignore[arg-type]

        def lending(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            scope["extensions"] = extensions
            _direct(scope)
            return app(scope, receive, send)

        self.app = lending

    def connection_lost(self, exc: Exception | None) -> None:
        """End without waiting."""
        self._ended.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish the current answer, since the server stops."""
        self._ended.set()
        super().shutdown()  # type: ignore[misc]


def lending(base: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """Return one of uvicorn's HTTP protocols, lending its connections."""
    mixed = (_Lending, _Directing, base) if hasattr(base, "on_headers_complete") else (_Lending, base)
    return type(f"Lending{base.__name__}", mixed, {})


# httptools where it is installed, else h11
HttpProtocol: Final = lending(AutoHTTPProtocol)


def line_of(scope: Scope, send: Send) -> RawConnection | None:
    """Return the connection of an exchange by its `send`; None under another server."""
    lent = _lent(scope)
    if lent is not None:
        return RawConnection(lent, send)
    return None


def end_of(scope: Scope) -> asyncio.Event | None:
    """Return the event of the client leaving or the server stopping; None under another server."""
    lent = _lent(scope)
    if lent is not None:
        return lent.ended
    return None


def _lent(scope: Scope) -> LentConnection | None:
    found = (scope.get("extensions") or {}).get(EXTENSION)
    if isinstance(found, LentConnection):
        return found
    return None
