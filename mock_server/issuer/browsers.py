"""
Sessions of users in browsers, and tickets of forms.

A ticket says, signed, what a form is for. It is bound by a cookie to the browser that the page was shown in: so no page
of another origin can choose a user for somebody, not even with a ticket of its own. RFC 9700, section 4.7
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.exchange.message import find_field
from mock_server.issuer.grants import make_id
from mock_server.issuer.people import User, is_same
from mock_server.issuer.requests import RefusedGrant, read_cookies
from mock_server.issuer.signing import TokenKind, WrongToken
from mock_server.issuer.tokens import TokenService, Visit, has_ended
from mock_server.json_values import JsonObject
from mock_server.respond.answer import RawField
from mock_server.settings.issuer import ISSUER_PATH

SESSION: Final = "mock_issuer_session"
BROWSER: Final = "mock_issuer_browser"
_TICKET_SECONDS: Final = 600.0
_MOST: Final = 100  # cookies of a name that are looked at


class BrowserSession(NamedTuple):
    """A user who logged in with this browser."""

    user: User
    logged_in: float
    id: str


@dataclass(frozen=True, eq=False)
class Browsers:
    """Reads and writes what browsers keep."""

    service: TokenService

    def make_ticket(self, visit: Visit, claims: JsonObject) -> tuple[str, RawField]:
        """Make a ticket for a form, and the cookie that binds it to the browser."""
        known = read_cookies(visit.request.fields, BROWSER)
        browser = make_id()
        if len(known) == 1 and len(known[0]) >= len(browser):
            browser = known[0]
        ticket = self.service.signer.sign(
            TokenKind.TICKET, {**claims, "browser": browser, "exp": visit.now + _TICKET_SECONDS}
        )
        return ticket, write_cookie(visit, BROWSER, browser)

    def read_ticket(self, visit: Visit, form: Mapping[str, str]) -> JsonObject:
        """
        Read the ticket of a form that came from a page of ours, in the browser that it was shown in.

        Raises:
            RefusedGrant: it did not.
        """
        try:
            claims = self.service.signer.verify(TokenKind.TICKET, form.get("ticket", ""))
        except WrongToken as error:
            raise RefusedGrant("invalid_request", "the form is not one of this issuer: begin again") from error
        if has_ended(claims, visit.now):
            raise RefusedGrant("invalid_request", "the page was open for too long: begin again")
        browsers = read_cookies(visit.request.fields, BROWSER)
        if is_from_elsewhere(visit) or not any(is_same(each, str(claims["browser"])) for each in browsers[:_MOST]):
            raise RefusedGrant("invalid_request", "the form was sent from another page or browser: begin again")
        return claims

    def keep(self, visit: Visit, session: BrowserSession) -> RawField:
        """Keep a user logged in, in this browser."""
        seconds = self.service.settings.session
        claims: JsonObject = {
            "user": session.user.key,
            "logged_in": session.logged_in,
            "sid": session.id,
            "exp": visit.now + seconds,
        }
        return write_cookie(visit, SESSION, self.service.signer.sign(TokenKind.SESSION, claims))

    def session(self, visit: Visit) -> BrowserSession | None:
        """Return who is logged in with this browser."""
        for cookie in read_cookies(visit.request.fields, SESSION):
            try:
                claims = self.service.signer.verify(TokenKind.SESSION, cookie)
            except WrongToken:
                continue
            user, logged_in = self.service.people.users.get(str(claims.get("user"))), claims.get("logged_in")
            is_over = has_ended(claims, visit.now) or self.service.grants.is_revoked(claims.get("sid"))
            if user is not None and not is_over and isinstance(logged_in, int | float):
                return BrowserSession(user, float(logged_in), str(claims["sid"]))
        return None


def is_choice(visit: Visit) -> bool:
    """Check whether a form comes from one of our pages; clients may send authorization requests as forms as well."""
    return b"ticket=" in visit.request.body


def is_from_elsewhere(visit: Visit) -> bool:
    """Check whether a browser says that a page of another origin sent a request."""
    origin = find_field(visit.request.fields, b"origin")
    site = find_field(visit.request.fields, b"sec-fetch-site")
    return (origin is not None and origin != visit.origin) or site not in {None, "same-origin", "none"}


def write_cookie(visit: Visit, name: str, value: str, *, lasts: bool = True) -> RawField:
    """Write a cookie for the issuer's own pages, until the browser is closed or at once."""
    ends = "" if lasts else "; Max-Age=0"
    secure = "; Secure" if visit.origin.startswith("https:") else ""
    return (b"set-cookie", f"{name}={value}; Path={ISSUER_PATH}; HttpOnly; SameSite=Lax{ends}{secure}".encode())
