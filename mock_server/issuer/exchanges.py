"""The token endpoint: what is exchanged for tokens. RFC 6749, sections 4 to 6; RFC 7636, section 4.6; RFC 8628."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mock_server.issuer.login import read_audience
from mock_server.issuer.people import is_same
from mock_server.issuer.requests import Authenticated, RefusedGrant, read_client, read_form
from mock_server.issuer.signing import TokenKind, WrongToken
from mock_server.issuer.tokens import Granted, TokenService, Visit, has_ended
from mock_server.json_values import JsonObject

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")  # RFC 7636, section 4.1

_Exchange = Callable[["GrantExchange", Visit, Authenticated, Mapping[str, str]], JsonObject]


@dataclass(frozen=True, eq=False)
class GrantExchange:
    """Exchanges grants for tokens."""

    service: TokenService

    def answer(self, visit: Visit) -> JsonObject:
        """
        Answer a token request.

        Raises:
            RefusedGrant: it gets none.
        """
        form = read_form(visit.request)
        kind = form.get("grant_type", "")
        exchange = GRANTS.get(kind)
        if exchange is None:
            raise RefusedGrant("unsupported_grant_type", f"grant_type is one of {', '.join(GRANTS)}")
        client = read_client(self.service.people, visit.request.fields, form)
        return exchange(self, visit, client, form)

    def code(self, visit: Visit, by: Authenticated, form: Mapping[str, str]) -> JsonObject:
        """Exchange an authorization code."""
        granted, claims = self.service.read_granted(TokenKind.CODE, visit, _need(form, "code"), by.client)
        wanted = claims.get("redirect_uri")
        if wanted is not None and form.get("redirect_uri") != wanted:
            raise RefusedGrant("invalid_grant", "redirect_uri is not the one of the authorization request")
        _check_verifier(claims.get("challenge"), form.get("code_verifier"), by)
        self.service.spend(claims)
        return self.service.issue(visit, granted)

    def refresh(self, visit: Visit, by: Authenticated, form: Mapping[str, str]) -> JsonObject:
        """Exchange a refresh token."""
        return self.service.refresh(visit, _need(form, "refresh_token"), by.client, form.get("scope"))

    def client(self, visit: Visit, by: Authenticated, form: Mapping[str, str]) -> JsonObject:
        """Give a client a token for itself; public ones have none."""
        if not by.has_secret:
            raise RefusedGrant("invalid_client", "client_credentials need the secret of the client", 401)
        scopes = self.service.read_scopes(form.get("scope"), by.client)
        granted = Granted(client=by.client, user=None, scopes=scopes, audience=read_audience(form))
        return self.service.issue(visit, granted)

    def password(self, visit: Visit, by: Authenticated, form: Mapping[str, str]) -> JsonObject:
        """Exchange the password of a user. OAuth 2.1 has it no more; documents still do."""
        user = self.service.people.log_in(_need(form, "username"), _need(form, "password"))
        if user is None:
            raise RefusedGrant("invalid_grant", "there is no such user, or the password is wrong")
        scopes = self.service.read_scopes(form.get("scope"), by.client, user)
        granted = Granted(client=by.client, user=user, scopes=scopes, audience=read_audience(form), logged_in=visit.now)
        return self.service.issue(visit, granted)

    def device(self, visit: Visit, by: Authenticated, form: Mapping[str, str]) -> JsonObject:
        """Exchange a device code, once its user let the device in. RFC 8628, section 3.5."""
        try:
            claims = self.service.signer.verify(TokenKind.DEVICE, _need(form, "device_code"))
        except WrongToken as error:
            raise RefusedGrant("invalid_grant", "the device code is not one of this issuer") from error
        waiting = self.service.grants.device(str(claims.get("user_code")), visit.now)
        if has_ended(claims, visit.now) or waiting is None:
            raise RefusedGrant("expired_token", "the device code has expired")
        if waiting.client != by.client.id:
            raise RefusedGrant("invalid_grant", "the device code was given to another client")
        if waiting.is_denied:
            raise RefusedGrant("access_denied", "the user denied it")
        user = self.service.people.users.get(waiting.user or "")
        if user is None:
            raise RefusedGrant("authorization_pending", "no user let the device in yet")
        self.service.spend(claims)
        scopes = self.service.read_scopes(waiting.scope or None, by.client, user)
        granted = Granted(
            client=by.client, user=user, scopes=scopes, logged_in=waiting.logged_in, family=str(claims["family"])
        )
        return self.service.issue(visit, granted)


GRANTS: Final[Mapping[str, _Exchange]] = {
    "authorization_code": GrantExchange.code,
    "refresh_token": GrantExchange.refresh,
    "client_credentials": GrantExchange.client,
    "password": GrantExchange.password,
    DEVICE_GRANT: GrantExchange.device,
}


def _need(form: Mapping[str, str], name: str) -> str:
    if name not in form:
        raise RefusedGrant("invalid_request", f"{name} is missing")
    return form[name]


def _check_verifier(challenge: object, verifier: str | None, by: Authenticated) -> None:
    """
    Check that who exchanges a code is who asked for it. RFC 7636, section 4.6; RFC 9700, section 4.8.2.

    Raises:
        RefusedGrant: that is not shown.
    """
    if not isinstance(challenge, str):
        if verifier is not None:
            raise RefusedGrant("invalid_grant", "code_verifier is sent, but no code_challenge was")
        if not by.has_secret:
            raise RefusedGrant("invalid_grant", "a client without a secret needs PKCE: send code_challenge")
        return
    if verifier is None or not _VERIFIER.match(verifier):
        raise RefusedGrant("invalid_grant", "code_verifier is missing, or no text of 43 to 128 characters")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
    if not is_same(digest, challenge):
        raise RefusedGrant("invalid_grant", "code_verifier does not fit code_challenge")
