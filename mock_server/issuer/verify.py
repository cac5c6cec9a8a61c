"""Verifying the tokens of requests for the API: `--check-tokens`."""

from collections.abc import Sequence

from mock_server.exchange.message import Request
from mock_server.issuer.issuer import Issuer
from mock_server.issuer.requests import read_bearer
from mock_server.issuer.signing import TokenKind, WrongToken
from mock_server.issuer.tokens import has_ended
from mock_server.json_values import JsonObject
from mock_server.respond.guards.tokens import INSUFFICIENT, INVALID, TokenRefusal
from mock_server.settings.issuer import ISSUER_PATH


def refuse_token(issuer: Issuer, request: Request, now: float, scopes: Sequence[str]) -> TokenRefusal | None:
    """
    Verify the bearer token of a request: signature, kind, expiry, issuer, audience, revocation, then scopes.

    Args:
        issuer: Whose tokens are taken.
        request: That has one.
        now: In seconds since the epoch.
        scopes: That it has to have.

    Returns:
        Why it is not good, or None.
    """
    try:
        claims = _read(issuer, read_bearer(request.fields) or "", now)
    except WrongToken as error:
        return TokenRefusal(INVALID, str(error))
    given = str(claims.get("scope", "")).split()
    lacking = [scope for scope in scopes if scope not in given]
    if lacking:
        return TokenRefusal(INSUFFICIENT, f"the token lacks the scope {lacking[0]}", tuple(scopes))
    return None


def _read(issuer: Issuer, token: str, now: float) -> JsonObject:
    """
    Return the claims of a token that is good for this API.

    Raises:
        WrongToken: it is not.

    Source: RFC 9068, section 4
    """
    service = issuer.service
    claims = service.signer.verify(TokenKind.ACCESS, token)
    if has_ended(claims, now):
        raise WrongToken("the token has expired")
    if service.grants.is_revoked(claims.get("family"), claims.get("jti")):
        raise WrongToken("the token was revoked")
    url = str(claims.get("iss", ""))
    wanted = service.settings.url
    is_ours = url.endswith(ISSUER_PATH) if wanted is None else url == wanted
    if not is_ours:
        raise WrongToken("the token was given by another issuer")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    # Without a setting, a token is for the server at whose address it was given, whatever that is called.
    expected = service.settings.audience or (url.removesuffix(ISSUER_PATH),)
    if not set(expected) & {str(each) for each in named}:
        raise WrongToken("the token is for another audience")
    return claims
