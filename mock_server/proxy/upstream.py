"""
Talking to the real server: over httpx2, streamed both ways, never decoded, no redirect followed, no cookie kept.

Which operations are real, which are mocked, and when the mock steps in for the real server.

Whoever holds the object may change it while the proxy runs.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import httpx2

from mock_server.contract.transport.http import TransportFault, fault_of, is_stream, origin_of, reason_of
from mock_server.errors import UsageError
from mock_server.exchange.message import RawFields

_KEPT_ALIVE: Final = 32  # connections
_IDLE: Final = 2.0  # seconds that one is kept: less than servers do, so that none is closed under a request
_IDEMPOTENT: Final = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"))  # RFC 9110, section 9.2.2
# What an ASGI server writes: a status of RFC 9110, and values without control characters.
_STATUSES: Final = range(200, 600)
_UNSENDABLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_ASCII: Final = re.compile(rb"[^\x21-\x7e]")


class Unanswered(Exception):
    """The real server did not answer; carries the fault."""

    def __init__(self, fault: TransportFault, detail: str) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail

    def __str__(self) -> str:
        if self.detail:
            return f"{self.fault.value}: {self.detail}"
        return self.fault.value


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class _Outflow(httpx2.AsyncByteStream):
    """A request body as it comes from the client."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


@dataclass(eq=False)
class Incoming:
    """An answer, received up to the end of its head."""

    status: int
    fields: list[tuple[bytes, bytes]]  # names in lower case
    _answer: httpx2.Response

    @property
    def is_stream(self) -> bool:
        """True if it is a stream of events or lines, which may be silent for long and need not end."""
        return is_stream(self.fields)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """
        Yield the body as it comes, its coding untouched.

        Raises:
            Unanswered: it breaks off.
        """
        if self.is_stream:
            self._answer.request.extensions["timeout"]["read"] = None  # read anew when the body is
        try:
            async for chunk in self._answer.aiter_raw():
                yield chunk
        except httpx2.HTTPError as error:
            raise Unanswered(fault_of(error), reason_of(error)) from error

    async def close(self) -> None:
        """Let go of it; of a body that is not complete, by closing the connection."""
        await self._answer.aclose()


class Upstream:
    """The real server."""

    def __init__(self, url: str, *, seconds: float, verify: bool = True) -> None:
        """
        Name it; nothing is connected yet.

        Args:
            url: Its base: what the paths of the document follow.
            seconds: How long to wait for a connection, for the header of an answer, and for each piece of its body.
            verify: Whether certificates have to be trusted.

        Raises:
            UsageError: it is no http or https URL, or has more than a path; the environment names a proxy that is none.
        """
        self.origin = origin_of(url)
        parts = urlsplit(url)
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise UsageError("UPSTREAM is scheme, host and path: credentials, a query or a fragment belong to requests")
        self.base_path = parts.path.rstrip("/")
        self.seconds = seconds
        self._origin = httpx2.URL(self.origin)
        try:
            self._client = httpx2.AsyncClient(
                verify=verify,
                limits=httpx2.Limits(
                    max_connections=None, max_keepalive_connections=_KEPT_ALIVE, keepalive_expiry=_IDLE
                ),
                follow_redirects=False,
                trust_env=True,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        except (ImportError, ValueError) as error:
            raise UsageError(f"the proxy that the environment names can't be used: {error}") from error

    @property
    def host(self) -> bytes:
        """Host and port, as the Host field has them."""
        return self._origin.netloc

    async def send(self, method: str, target: bytes, fields: RawFields, body: AsyncIterator[bytes] | None) -> Incoming:
        """
        Send a request; gives the answer when its header has come.

        Args:
            method: In upper case.
            target: Path and query, percent-encoded.
            fields: What goes on, with `Host` and what frames the body.
            body: The body as it comes; None where there is none.

        Raises:
            Unanswered: no answer came.
            ClientGone: the client did not finish its request.
        """
        answer, is_fresh = await self._try(method, target, fields, body)
        if isinstance(answer, Unanswered) and not is_fresh and body is None and method in _IDEMPOTENT:
            # a server may close a connection that is kept at any time: RFC 9112, section 9.3.1
            answer, _ = await self._try(method, target, fields, body)
        if isinstance(answer, Unanswered):
            raise answer
        if answer.status_code not in _STATUSES:
            await answer.aclose()
            raise Unanswered(TransportFault.MALFORMED, f"there is no status {answer.status_code}")
        read = [(name.lower(), value) for name, value in answer.headers.raw if not _UNSENDABLE.search(value)]
        return Incoming(answer.status_code, read, answer)

    async def _try(
        self, method: str, target: bytes, fields: RawFields, body: AsyncIterator[bytes] | None
    ) -> tuple[httpx2.Response | Unanswered, bool]:
        """Send a request once; return the answer, and whether its connection was new."""
        connected: list[str] = []
        limit, whole_head = self.seconds, asyncio.timeout(None)

        async def trace(event: str, info: object) -> None:
            if event == "connection.connect_tcp.started":
                connected.append(event)
            elif event.endswith(
                "receive_response_headers.started"
            ):  # the limit of a reading would let a header drip for days
                whole_head.reschedule(asyncio.get_running_loop().time() + limit)

        timeout = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        asked = _NOT_ASCII.sub(lambda found: b"%%%02X" % found.group()[0], target)
        try:
            request = httpx2.Request(
                method,
                self._origin.copy_with(raw_path=asked),
                headers=list(fields),
                stream=_Outflow(body) if body is not None else httpx2.ByteStream(b""),
                extensions={"timeout": timeout, "trace": trace},
            )
            async with whole_head:
                answer = await self._client.send(request, stream=True)
            return answer, bool(connected)
        except TimeoutError:
            return Unanswered(TransportFault.TIMEOUT, f"the header of the answer was not complete in {limit:g} s"), True
        except httpx2.HTTPError as error:
            fault = fault_of(error)
            return Unanswered(fault, reason_of(error)), bool(connected) or fault is not TransportFault.DISCONNECTED
        except (httpx2.InvalidURL, ValueError) as error:  # a target or a field that can't be written
            return Unanswered(TransportFault.UNREACHABLE, f"the request can't be written: {error}"), True

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


# What the mock can step in for, besides statuses such as 501 and 5XX.
_CAUSES: Final = {
    "unreachable": frozenset((TransportFault.UNREACHABLE,)),
    "timeout": frozenset((TransportFault.TIMEOUT,)),
    "broken": frozenset((TransportFault.DISCONNECTED, TransportFault.MALFORMED)),
}


class Choices:
    """Real or mock; see the module."""

    def __init__(self, mocked: Iterable[str] = (), fallback_on: Iterable[str] = ()) -> None:
        """
        Begin with the settings.

        Args: mocked: Operations, by their ids, that the real server is not asked for. fallback_on: `unreachable`,
            `timeout`, `broken`, statuses such as `501` or `5XX`; nothing: the mock never steps in.

        Raises:
            UsageError: something else.
        """
        self.mocked = set(mocked)
        self.fallback_on = tuple(fallback_on)

    @property
    def fallback_on(self) -> tuple[str, ...]:
        """The failures for which the mock answers instead."""
        return self._fallback_on

    @fallback_on.setter
    def fallback_on(self, wanted: tuple[str, ...]) -> None:
        words = tuple(dict.fromkeys(word.lower() for word in wanted))
        for word in words:
            is_status = len(word) == 3 and word[0] in "345" and (word[1:] == "xx" or word.isdigit())  # noqa: PLR2004
            if word not in _CAUSES and not is_status:
                raise UsageError(
                    f"--fallback-on is a list of {', '.join(_CAUSES)} and statuses such as 501 and 5XX; "
                    f"{word!r} is none"
                )
        self._fallback_on = words

    def is_mocked(self, operation: str) -> bool:
        """Return True if the mock answers in place of the real server."""
        return operation in self.mocked

    def choose(self, operation: str, *, upstream: bool) -> None:
        """Let the real server answer an operation, or the mock."""
        if upstream:
            self.mocked.discard(operation)
        else:
            self.mocked.add(operation)

    def steps_in_for(self, cause: TransportFault | int) -> bool:
        """Return True if the mock answers instead, for a fault or a status."""
        if isinstance(cause, TransportFault):
            return any(cause in _CAUSES.get(word, ()) for word in self._fallback_on)
        return str(cause) in self._fallback_on or f"{cause // 100}xx" in self._fallback_on
