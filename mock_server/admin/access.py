"""
Access to the admin side.

A server on a loopback address lets every local client in, but no web page of another origin: neither by the server's
address (cross-site request forgery) nor by a name that resolves to it (DNS rebinding). On other addresses a token is
needed, as `Authorization: Bearer TOKEN` or as the cookie that the console's login sets.

Wrong tokens are slowed down. The first few cost nothing, since people mistype. After these, all guesses together get
one answer each half second; none waits longer than some seconds, so that connections do not pile up. The right token
is checked first and never waits: the guesses of others lock no one out.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from mock_server.errors import UsageError
from mock_server.exchange import problem
from mock_server.exchange.message import RawFields, find_field
from mock_server.respond.answer import Answer, problem_answer
from mock_server.server.backend import Asgi, Message, Receive, Scope, Send
from mock_server.server.browser import ADMIN_FIELDS, SESSION, add_fields, is_foreign
from mock_server.server.hosts import LOOPBACK, Hosts, is_loopback
from mock_server.settings import Settings

_FREE: Final = 5  # guesses
_PACE: Final = 0.5  # seconds for each one beyond
_LONGEST: Final = 10.0  # seconds


@dataclass(eq=False, repr=False)
class Brake:
    """Slows wrong guesses down; see the module."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _free_at: float = field(default=0.0)  # when all guesses until now are paid for

    async def wait(self) -> None:
        """Wait before a wrong guess is answered."""
        seconds = self.count_guess()
        if seconds > 0:
            await self.sleep(seconds)

    def count_guess(self) -> float:
        """Count a wrong guess, and return the seconds that its answer waits."""
        now = self.clock()
        self._free_at = min(max(self._free_at, now) + _PACE, now + _FREE * _PACE + _LONGEST)
        return max(0.0, self._free_at - now - _FREE * _PACE)


_TOKEN: Final = re.compile(r"[!-~]+\Z")
_MOST_COOKIES: Final = 100  # of the session's name, that are looked at
_PURPOSE: Final = b"mock-server console session"


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides on requests for the admin side."""

    token: str | None = field(default=None, repr=False)  # None on a loopback address, where none is needed
    hosts: Hosts = LOOPBACK  # that are served without a token; with it, too, where the guard is strict
    brake: Brake = field(default_factory=Brake, compare=False, repr=False)
    made: bool = False  # whether the token was generated, and has to be printed
    is_strict: bool = False  # whether the token does not open it to other names and to pages of other origins

    @classmethod
    def of(cls, settings: Settings) -> "Guard":
        """
        Return the guard of a server: with the token of the settings, or a generated one where one is needed.

        Raises:
            UsageError: the token of the settings can't be sent in a header field.
        """
        token = settings.admin_token
        if token is not None:
            if not _TOKEN.match(token):
                raise UsageError("--admin-token is a text of visible ASCII characters without spaces")
            return cls(token)
        if is_loopback(settings.host):
            return cls(hosts=Hosts.of(settings))
        return cls(secrets.token_urlsafe(24), made=True)

    def accepts(self, token: str) -> bool:
        """Compare a text with the token in constant time."""
        return self.token is not None and hmac.compare_digest(_digest(token), _digest(self.token))

    def session(self) -> str:
        """Return the value of the session cookie, from which the token can't be derived."""
        return hmac.new((self.token or "").encode(), _PURPOSE, "sha256").hexdigest()

    def set_cookie(self, *, secure: bool) -> str:
        """
        Write the Set-Cookie field of a session.

        Args:
            secure: Whether the server speaks https.
        """
        return f"{SESSION}={self.session()}; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def refuse(self, method: str, fields: RawFields) -> Answer | None:
        """
        Decide on a request.

        Args:
            method: In upper case.
            fields: Its header fields.

        Returns:
            None if it may pass; else the answer: 401 without the token, 403 from a page of another origin.
        """
        bears_token = self.token is not None and self._bears_token(fields)
        if bears_token and not self.is_strict:
            return None  # pages of another origin can't send this field: no CORS answer allows it
        host = find_field(fields, b"host") or ""
        if (self.token is None or self.is_strict) and not self.hosts.knows(host.encode("latin-1")):
            return self.hosts.refuse(fields)
        if is_foreign(method, fields):
            detail = "a page of another origin may not do this; send the token as 'Authorization: Bearer …' from there"
            return problem_answer(problem.FOREIGN_ORIGIN, detail)
        if self.token is not None and not bears_token and not self._has_session(fields):
            detail = "send the token that was set with --admin-token, or printed at start, as 'Authorization: Bearer …'"
            return problem_answer(
                problem.TOKEN_NEEDED, detail, fields=[(b"www-authenticate", b'Bearer realm="mock-server admin"')]
            )
        return None

    def _bears_token(self, fields: RawFields) -> bool:
        scheme, _, token = (find_field(fields, b"authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and self.accepts(token.strip())

    def _has_session(self, fields: RawFields) -> bool:
        """Check the session cookie; others of its name, set for a part of this host, change nothing."""
        pairs = (part.partition("=") for part in re.split("[;,]", find_field(fields, b"cookie") or ""))
        given = [value.strip() for name, _, value in pairs if name.strip() == SESSION]
        return any(hmac.compare_digest(_digest(value), _digest(self.session())) for value in given[:_MOST_COOKIES])

    async def slow_down(self, fields: RawFields) -> None:
        """Delay a refused request that guessed at the token."""
        has_cookie = f"{SESSION}=" in (find_field(fields, b"cookie") or "")
        if self.token is not None and (has_cookie or find_field(fields, b"authorization") is not None):
            await self.brake.wait()


def _digest(text: str) -> bytes:
    """Return a digest, so that comparing takes equally long for texts of all lengths."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def guarded(app: Asgi, guard: Guard) -> Asgi:
    """Wrap an application, so that a guard decides on its requests."""

    async def guarded_app(scope: Scope, receive: Receive, send: Send) -> None:
        send = add_fields(send, ADMIN_FIELDS)
        refusal = guard.refuse(scope["method"], scope["headers"]) if scope["type"] == "http" else None
        if refusal is None:
            await app(scope, receive, send)
            return
        await guard.slow_down(scope["headers"])
        fields = [*refusal.fields, (b"content-length", b"%d" % len(refusal.body)), (b"connection", b"close")]
        start: Message = {"type": "http.response.start", "status": refusal.status, "headers": fields}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else refusal.body})

    return guarded_app
