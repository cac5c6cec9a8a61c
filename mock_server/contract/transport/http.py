"""
Sending requests over the network, within limits of size and time.

Redirects are answers to be judged, so none is followed here. Nothing that an API does raises: what it did instead of
answering is a `TransportFault`.
"""

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from mock_server.contract.transport.deadline import TimedTransport
from mock_server.errors import UsageError
from mock_server.exchange.media_type import is_streamed, parse_media_type
from mock_server.exchange.message import RawFields, Request, Response, find_field

_FRAMING: Final = frozenset((b"content-length", b"transfer-encoding"))  # only who sends a body can write them


class TransportFault(Enum):
    """A failure of an API to answer."""

    UNREACHABLE = "no connection could be made"
    DISCONNECTED = "the connection was closed before the answer was complete"
    TIMEOUT = "no answer came in time"
    MALFORMED = "what came is no HTTP"
    TOO_LARGE = "the answer is larger than the limit"
    ENDLESS = "the answer did not end in time"


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The limits of one answer."""

    seconds: float = 10.0
    size: int = 20 * 1024 * 1024  # bytes of a body
    stream_seconds: float = 2.0  # of a documented stream, which may be endless
    stream_items: int = 200


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it was received."""

    response: Response | None
    fault: TransportFault | None = None
    detail: str = ""
    seconds: float = 0.0
    cut: bool = False  # a stream that was left before its end
    sent: Request | None = None  # the request, where a hook changed it


class Sender(Protocol):
    """Sends requests to one API."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""

    def send(self, request: Request) -> Received:
        """Send a request; never raises for what the API does."""

    def break_off(self) -> None:
        """Whoever waits for an answer stops waiting, where that can be; and whoever begins, until `go_on`."""

    def go_on(self) -> None:
        """Allow requests again."""

    def close(self) -> None:
        """Let go of connections."""


def origin_of(url: str) -> str:
    """
    Return the scheme, host and port of an API.

    Raises:
        UsageError: it is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # of the host or the port
        raise UsageError(f"{url!r} is no URL of an API: {error}") from error
    if not usable:
        if re.fullmatch(r"[\w.-]+:\d+(/.*)?", url):
            advice = f"write http://{url}"
        else:
            advice = "it starts with http:// or https://"
        raise UsageError(f"{url!r} is no URL of an API; {advice}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def make_tls(*, verify: bool, cert: Path | None, key: Path | None, ca: Path | None) -> bool | ssl.SSLContext:
    """
    Make what connections are secured with.

    Args:
        verify: Whether certificates of servers have to be trusted.
        cert: The certificate chain of the client (PEM), if it has one.
        key: Its private key (PEM), where it is not in the same file.
        ca: Certificates (PEM) that are trusted in place of those of the system.

    Raises:
        UsageError: a file can't be read, or is no such thing.
    """
    if key is not None and cert is None:
        raise UsageError("--key is the key of --cert: give both")
    if cert is None and ca is None:
        return verify
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert, key, password=_refuse_password)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        files = ", ".join(str(path) for path in (cert, key, ca) if path is not None)
        raise UsageError(f"{files}: {error}") from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refuse_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to be asked for its password")


class HttpSender:
    """Sends over the network. May be used by several threads."""

    def __init__(
        self,
        url: str,
        limits: AnswerLimits,
        *,
        verify: bool | ssl.SSLContext = True,
        connections: int = 16,
        proxies: bool = True,
    ) -> None:
        """
        Prepare connections.

        Args:
            url: The API; only its origin counts here.
            limits: Of each answer.
            verify: Whether certificates have to be trusted, or what `make_tls` made.
            connections: At most, at once.
            proxies: Whether those of the environment are used.

        Raises:
            UsageError: it is no http or https URL.
        """
        self.origin = origin_of(url)
        self._base = httpx2.URL(self.origin)
        self._limits = limits
        self._timed = (
            TimedTransport(verify=verify, connections=connections) if not proxies or _is_near(self._base) else None
        )
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(limits.seconds),
            transport=self._timed,
            # Behind a proxy of the environment, a connection closed before a request looks like one closed by it.
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=0),
            follow_redirects=False,
            verify=verify,
            trust_env=proxies,
            headers={"user-agent": "mock-server-test", "accept-encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept: one may be a credential
        )

    def send(self, request: Request) -> Received:
        """Send a request; never raises for what the API does."""
        started = time.perf_counter()
        target = request.target.encode("latin-1")
        self._end_in(self._limits.seconds)
        fields = [(name, value) for name, value in request.fields if name not in _FRAMING]  # the body's own are written
        try:
            message = self._client.build_request(
                request.method, self._base.copy_with(raw_path=target), headers=fields, content=request.body or None
            )
            answer = self._client.send(message, stream=True)
        except httpx2.HTTPError as error:
            return Received(None, fault_of(error), reason_of(error), time.perf_counter() - started)
        except (httpx2.InvalidURL, ValueError) as error:  # a header or path that h11 refuses to write
            return Received(
                None,
                TransportFault.UNREACHABLE,
                f"the request can't be written: {error}",
                time.perf_counter() - started,
            )
        try:
            return self._read(answer, started)
        finally:
            answer.close()

    def _read(self, answer: httpx2.Response, started: float) -> Received:
        fields = [(name.lower(), value) for name, value in answer.headers.raw]
        gathered = BufferedBody(self._limits, fields, started)
        if gathered.is_stream:
            self._end_in(gathered.seconds_left)
        try:
            for chunk in answer.iter_raw():
                if gathered.add(chunk):
                    break
        except httpx2.HTTPError as error:
            if not gathered.is_stream:
                late = isinstance(error, httpx2.TimeoutException)
                return gathered.received(
                    answer.status_code, TransportFault.ENDLESS if late else fault_of(error), reason_of(error)
                )
            gathered.cut = True
        return gathered.received(answer.status_code)

    def _end_in(self, seconds: float) -> None:
        if self._timed is not None:
            self._timed.end_in(seconds)

    def break_off(self) -> None:
        """Whoever waits for an answer stops waiting; through a proxy, when the time of one reading is over."""
        if self._timed is not None:
            self._timed.break_off()

    def go_on(self) -> None:
        """Allow requests again."""
        if self._timed is not None:
            self._timed.go_on()

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


class BufferedBody:
    """A body while it comes, and when enough of it is there."""

    def __init__(
        self, limits: AnswerLimits, fields: RawFields, started: float, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.fields = fields
        self.is_stream = is_stream(fields)
        self.cut = False
        self._limits = limits
        self._started = started
        self._clock = clock
        self._body = bytearray()
        self._lines = 0
        self._fault: TransportFault | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds to go on waiting."""
        if self.is_stream:
            limit = self._limits.stream_seconds
        else:
            limit = self._limits.seconds
        return max(limit - (self._clock() - self._started), 0.0)

    def add(self, chunk: bytes) -> bool:
        """Take a piece; gives whether to stop."""
        self._body += chunk
        self._lines += chunk.count(b"\n")
        if len(self._body) > self._limits.size:
            self._fault = TransportFault.TOO_LARGE
            del self._body[self._limits.size :]
            return True
        if self.is_stream and (not self.seconds_left or self._lines >= self._limits.stream_items):
            self.cut = True
            return True
        if not self.seconds_left:
            self._fault = TransportFault.ENDLESS
            return True
        return False

    def received(self, status: int, fault: TransportFault | None = None, detail: str = "") -> Received:
        """Return what came, as far as it came."""
        body = bytes(self._body)
        if self.cut:
            if b"\n\n" in body:
                body = body[: body.rfind(b"\n\n") + 2]
            else:
                body = body[: body.rfind(b"\n") + 1]
        fault = fault or self._fault
        if fault is TransportFault.TOO_LARGE:
            detail = f"more than {self._limits.size:,} bytes"
        elif fault is TransportFault.ENDLESS:
            detail = f"{len(body):,} bytes came in {self._limits.seconds:g} s"
        return Received(Response(status, self.fields, body), fault, detail, self._clock() - self._started, self.cut)


def _is_near(url: httpx2.URL) -> bool:
    """Return whether no proxy of the environment stands between."""
    proxies = getproxies()
    return not (proxies.get(url.scheme) or proxies.get("all")) or bool(proxy_bypass(url.host))


def is_stream(fields: RawFields) -> bool:
    """Return whether a body comes in pieces that are looked at one by one: events, lines."""
    written = find_field(fields, b"content-type")
    if written is None:
        return False
    media_type = parse_media_type(written)
    return is_streamed(media_type)


def fault_of(error: httpx2.HTTPError) -> TransportFault:
    """Return what an API did, by the error that came of it."""
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol | httpx2.ProxyError):
        return TransportFault.UNREACHABLE
    if isinstance(error, httpx2.TimeoutException):
        return TransportFault.TIMEOUT
    if isinstance(error, httpx2.RemoteProtocolError) and not any(
        word in str(error).lower() for word in ("disconnected", "closed")
    ):
        return TransportFault.MALFORMED
    return TransportFault.DISCONNECTED


def reason_of(error: httpx2.HTTPError) -> str:
    """Return an error in words."""
    return str(error) or type(error).__name__
