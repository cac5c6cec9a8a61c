"""
Who may look inside, and change things there.

On this machine alone, whoever reaches the server may: but no web page of another origin, whether it asks by the server's
address (cross-site request forgery) or by a name of its own that leads there (DNS rebinding). Anywhere else a token is
needed, as `Authorization: Bearer TOKEN` or as the cookie that the console's login sets.
"""

import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from mock_server.errors import UsageError
from mock_server.exchange import problem
from mock_server.exchange.message import RawFields, find_field
from mock_server.serve.answer import Answer, problem_answer
from mock_server.serve.backend import Asgi, Message, Receive, Scope, Send
from mock_server.settings import Settings

COOKIE: Final = "mock_server_admin"
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_OWN: Final = frozenset(("same-origin", "none"))  # of Sec-Fetch-Site: ours, or typed by a person
_TOKEN: Final = re.compile(r"[!-~]+\Z")
_PURPOSE: Final = b"mock-server console session"


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's alone."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets in who may come in."""

    token: str | None = field(default=None, repr=False)  # None: none is needed, since only this machine is served
    made: bool = False  # whether the token was made up here, so that somebody has to be told

    @classmethod
    def of(cls, settings: Settings) -> "Guard":
        """
        The guard of a server: with the token that was set, or one made up where one is needed.

        Raises:
            UsageError: what was set can't be sent as a token.
        """
        token = settings.admin_token
        if token is not None:
            if not _TOKEN.match(token):
                raise UsageError("--admin-token is a text of visible ASCII characters without spaces")
            return cls(token)
        if is_loopback(settings.host):
            return cls()
        return cls(secrets.token_urlsafe(24), made=True)

    def accepts(self, token: str) -> bool:
        """Whether that is the token; in constant time."""
        return self.token is not None and hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def session(self) -> str:
        """What the cookie of who has shown the token says: nothing that the token could be told from."""
        return hmac.new((self.token or "").encode(), _PURPOSE, "sha256").hexdigest()

    def set_cookie(self, *, secure: bool) -> str:
        """
        Write the Set-Cookie field for who has shown the token.

        Args:
            secure: Whether the server speaks https.
        """
        return f"{COOKIE}={self.session()}; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def refuse(self, method: str, fields: RawFields) -> Answer | None:
        """
        Judge a request for something inside.

        Args:
            method: In upper case.
            fields: Its header fields.

        Returns:
            None where it may pass; else the answer: 401 without the token, 403 from a page of another origin.
        """
        if self.token is not None and self._bears_token(fields):
            return None  # no page of another origin can send this field without being allowed to, which none is
        host = find_field(fields, b"host") or ""
        if self.token is None and not is_loopback(_name(host)):
            detail = f"the host {host[:100]!r} is not this machine; to be reached by another name, start the server with --admin-token"
            return problem_answer(problem.FOREIGN_ORIGIN, detail)
        if self._is_foreign(method, fields, host):
            detail = "a page of another origin may not do this; send the token as 'Authorization: Bearer …' from there"
            return problem_answer(problem.FOREIGN_ORIGIN, detail)
        if self.token is not None and not self._has_session(fields):
            detail = "send the token that was set with --admin-token, or printed at start, as 'Authorization: Bearer …'"
            return problem_answer(problem.TOKEN_NEEDED, detail, fields=[(b"www-authenticate", b'Bearer realm="mock-server admin"')])
        return None

    def _bears_token(self, fields: RawFields) -> bool:
        scheme, _, token = (find_field(fields, b"authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and self.accepts(token.strip())

    def _has_session(self, fields: RawFields) -> bool:
        try:
            cookies = SimpleCookie(find_field(fields, b"cookie") or "")
        except CookieError:
            return False
        given = cookies.get(COOKIE)
        return given is not None and hmac.compare_digest(given.value.encode(), self.session().encode())

    @staticmethod
    def _is_foreign(method: str, fields: RawFields, host: str) -> bool:
        """Whether a page of another origin wants to change something. What only reads, no other page can read."""
        if method in _SAFE:
            return False
        origin = find_field(fields, b"origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return True
        site = find_field(fields, b"sec-fetch-site")
        return site is not None and site not in _OWN


def guarded(app: Asgi, guard: Guard) -> Asgi:
    """Let only those requests through to an application that a guard does not refuse."""

    async def guarded_app(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = guard.refuse(scope["method"], scope["headers"]) if scope["type"] == "http" else None
        if refusal is None:
            await app(scope, receive, send)
            return
        fields = [*refusal.fields, (b"content-length", b"%d" % len(refusal.body)), (b"connection", b"close")]
        start: Message = {"type": "http.response.start", "status": refusal.status, "headers": fields}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else refusal.body})

    return guarded_app


def _name(host: str) -> str:
    """The name or address of a Host field, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
