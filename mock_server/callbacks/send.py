"""
The HTTP client of callbacks and webhooks: allowed hosts, signatures, limits of size and time, retries.

Signatures are those of Standard Webhooks: `webhook-signature` is `v1,` and the HMAC-SHA256 of `webhook-id`,
`webhook-timestamp` and the body in base64, by the shared secret (after `whsec_`, its bytes are in base64).
`X-Mock-Signature` is `sha256=` and the HMAC-SHA256 of the body alone, in hexadecimal.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mock_server.callbacks.compose import ComposedRequest
from mock_server.errors import UsageError
from mock_server.exchange.message import Response
from mock_server.lazy import LazyModule
from mock_server.server.backend import DeliveryAttempt
from mock_server.settings import Settings
from mock_server.version import __version__

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = LazyModule("httpx2")

SIGNATURE: Final = b"x-mock-signature"
_PREFIX: Final = b"whsec_"
CALLBACK: Final = b"x-mock-callback"
_RETRYABLE: Final = frozenset((408, 425, 429, 500, 502, 503, 504))  # the next answer may differ
_USER = re.compile(r"//[^/]*@")
_LAST_PORT = 65_535
_SECONDS = 10.0  # for one attempt
_LARGEST = 1024 * 1024  # bytes of a body that is sent, and of an answer that is read
_FIRST_PAUSE = 0.5  # seconds; each pause is twice as long as the one before
_LONGEST_PAUSE = 30.0

Wait = Callable[[float], Awaitable[None]]


class Host(NamedTuple):
    """A host that callbacks may be sent to."""

    name: str  # in ASCII and lower case, without brackets
    port: int | None = None  # None: any

    @classmethod
    def parse(cls, text: str) -> "Host":
        """
        Read `HOST` or `HOST:PORT`.

        Raises:
            UsageError: the text is neither.
        """
        try:
            url = httpx2.URL(f"http://{text}")
            # the URL drops a port that is the default of its scheme
            port = int(text.rpartition(":")[2]) if url.port is None and text.endswith(":80") else url.port
        except (httpx2.InvalidURL, ValueError) as error:
            raise UsageError(f"--callbacks-to takes HOST or HOST:PORT, not {text!r}") from error
        is_host = bool(url.host) and "%" not in url.raw_host.decode() and (port or 0) <= _LAST_PORT
        if not is_host or url.userinfo or url.raw_path != b"/" or url.fragment:
            raise UsageError(f"--callbacks-to takes HOST or HOST:PORT, not {text!r}")
        return cls(url.raw_host.decode().lower(), port)

    def covers(self, url: "httpx2.URL") -> bool:
        """Return True if a URL leads to the host."""
        port = url.port or (443 if url.scheme == "https" else 80)
        return url.raw_host.decode().lower() == self.name and self.port in {None, port}


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of sending a request, with retries."""

    attempts: tuple[DeliveryAttempt, ...]
    response: Response | None  # the last answer
    reason: str = ""

    @property
    def is_accepted(self) -> bool:
        """True where the last answer was a success."""
        return self.response is not None and 200 <= self.response.status < 300  # noqa: PLR2004


class MessageOrigin(NamedTuple):
    """The name, message id and secret that a request is sent with."""

    name: str  # of the callback or webhook
    message: str  # the id that it keeps when it is sent again
    secret: str | None = None  # of its receiver, in place of that of the settings


def sign(secret: bytes, message: str, moment: int, body: bytes) -> list[tuple[bytes, bytes]]:
    """
    Sign a request.

    Args:
        secret: That the receiver knows, as text; after `whsec_`, base64 of its bytes.
        message: The id of the message.
        moment: In seconds since the epoch.
        body: Of the request.
    """
    key = secret
    if secret.startswith(_PREFIX):
        with contextlib.suppress(binascii.Error, ValueError):
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    signed = b"%b.%d.%b" % (message.encode(), moment, body)
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return [
        (SIGNATURE, b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()),
        (b"webhook-id", message.encode()),
        (b"webhook-timestamp", str(moment).encode()),
        (b"webhook-signature", b"v1," + signature),
    ]


class CallbackSender:
    """Sends callbacks to allowed hosts."""

    def __init__(self, allowed: Sequence[Host], retries: int, secret: str | None, wait: Wait = asyncio.sleep) -> None:
        """
        Create a sender.

        Args:
            allowed: The hosts that may be sent to.
            retries: The number of retries.
            secret: For signatures; None does not sign.
            wait: Waits some seconds between attempts.
        """
        self._allowed = tuple(allowed)
        self._retries = retries
        self._secret = secret.encode() if secret else None
        self._wait = wait
        self._trust: ssl.SSLContext | None = None

    @classmethod
    def of(cls, settings: Settings, wait: Wait = asyncio.sleep) -> "CallbackSender":
        """
        Create a sender by settings.

        Raises:
            UsageError: an allowed host is malformed.
        """
        hosts = [Host.parse(text) for text in settings.callbacks_to]
        return cls(hosts, settings.callback_retries, settings.callback_secret, wait)

    def refusal(self, url: str) -> str | None:
        """Return the reason why a URL is refused; None if it is allowed."""
        try:
            parsed = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError) as error:
            return f"{_shorten(url)!r} is no URL: {error}"
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            return f"{_shorten(url)!r} is no URL that begins with http:// or https://"
        if parsed.userinfo:
            return "the URL holds a user or a password"
        if any(host.covers(parsed) for host in self._allowed):
            return None
        return f"{parsed.host} is not allowed; --callbacks-to {parsed.netloc.decode()} allows it"

    async def deliver(
        self, composed: ComposedRequest, origin: "MessageOrigin", note: Callable[[DeliveryAttempt], None]
    ) -> SendResult:
        """
        Send a request, again until there is an answer that a retry would not change.

        Args:
            composed: The request.
            origin: What it is.
            note: Receives each attempt.
        """
        refused = self.refusal(composed.url)  # the composed URL may differ from the one that was checked
        if refused is not None or len(composed.body) > _LARGEST:
            return SendResult((), None, refused or f"the body has more than {_LARGEST:,} bytes")
        attempts: list[DeliveryAttempt] = []
        response: Response | None = None
        verify: ssl.SSLContext | bool = self._context() if composed.url.lower().startswith("https:") else False
        async with httpx2.AsyncClient(
            verify=verify, trust_env=False, follow_redirects=False, timeout=_SECONDS
        ) as client:
            for count in range(self._retries + 1):
                if count:
                    await self._wait(min(_FIRST_PAUSE * 2 ** (count - 1), _LONGEST_PAUSE))
                attempt, response = await self._try(client, composed, origin)
                attempts.append(attempt)
                note(attempt)
                if response is not None and response.status not in _RETRYABLE:
                    break
        reason = attempts[-1].reason or f"answered with {attempts[-1].status}"
        return SendResult(tuple(attempts), response, reason)

    async def _try(
        self, client: "httpx2.AsyncClient", composed: ComposedRequest, origin: "MessageOrigin"
    ) -> tuple[DeliveryAttempt, Response | None]:
        moment, started = time.time(), time.perf_counter()
        response, reason = None, ""
        try:
            async with asyncio.timeout(_SECONDS):
                response = await self._send(client, composed, origin)
        except TimeoutError:
            reason = f"no answer came in {_SECONDS:g} s"
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
        except (httpx2.InvalidURL, ValueError) as error:  # h11 refuses to write a field
            reason = f"it can't be written: {error}"
        status = response.status if response is not None else None
        return DeliveryAttempt(moment, time.perf_counter() - started, status, reason), response

    async def _send(self, client: "httpx2.AsyncClient", composed: ComposedRequest, origin: "MessageOrigin") -> Response:
        fields = [
            *composed.fields,
            (b"user-agent", f"mock-server/{__version__}".encode()),
            (b"accept-encoding", b"identity"),
            (CALLBACK, origin.name.encode("ascii", "replace")),
        ]
        secret = origin.secret.encode() if origin.secret else self._secret
        if secret is not None:
            fields += sign(secret, origin.message, int(time.time()), composed.body)
        message = client.build_request(composed.method, composed.url, headers=fields, content=composed.body or None)
        answer = await client.send(message, stream=True)
        try:
            read = bytearray()
            async for chunk in answer.aiter_raw():
                read += chunk
                if len(read) > _LARGEST:
                    break
        finally:
            await answer.aclose()
        return Response(
            answer.status_code, [(key.lower(), value) for key, value in answer.headers.raw], bytes(read[:_LARGEST])
        )

    def _context(self) -> ssl.SSLContext:
        """Return the trusted certificates, loaded on first use since that takes long."""
        if self._trust is None:
            self._trust = httpx2.create_ssl_context()
        return self._trust


def _shorten(url: str) -> str:
    """Return the beginning of a malformed URL, without user, password and query."""
    return _USER.sub("//", url.partition("?")[0])[:100]
