"""Endpoints about tokens: userinfo, introspection, revocation."""

from dataclasses import dataclass
from typing import Final

from mock_server.issuer.people import Client
from mock_server.issuer.requests import RefusedGrant, read_bearer, read_client, read_form
from mock_server.issuer.signing import TokenKind, WrongToken
from mock_server.issuer.tokens import TokenService, Visit, has_ended
from mock_server.json_values import JsonObject

_INSIDE: Final = frozenset(("family",))  # claims that are nobody else's business
_MET_BY: Final = (TokenKind.ACCESS, TokenKind.REFRESH)


@dataclass(frozen=True, eq=False)
class TokenInformation:
    """Answers questions about tokens."""

    service: TokenService

    def userinfo(self, visit: Visit) -> JsonObject:
        """
        Return what is said of the user of an access token. OpenID Connect Core 1.0, section 5.3.

        Raises:
            RefusedGrant: the token is not good, or was given for something else.
        """
        token = read_bearer(visit.request.fields)
        if token is None and visit.request.method == "POST" and visit.request.body:
            token = read_form(visit.request).get("access_token")
        if token is None:
            raise RefusedGrant("", "the request has no token", 401, challenge="Bearer")
        try:
            claims = self.service.read_access(visit, token)
        except WrongToken as error:
            raise RefusedGrant("invalid_token", str(error), 401, challenge="Bearer") from error
        scopes = frozenset(str(claims.get("scope", "")).split())
        if "openid" not in scopes:
            raise RefusedGrant("insufficient_scope", "the token lacks the scope openid", 403, challenge="Bearer")
        users = self.service.people.users.values()
        user = next((each for each in users if each.subject == claims.get("sub")), None)
        if user is None:
            raise RefusedGrant("invalid_token", "its user is not known any more", 401, challenge="Bearer")
        return user.claims(scopes)

    def introspect(self, visit: Visit) -> JsonObject:
        """
        Say whether a token is good. RFC 7662.

        Raises:
            RefusedGrant: the client does not say who it is.
        """
        form = read_form(visit.request)
        read_client(self.service.people, visit.request.fields, form)
        found = self._find(form.get("token", ""))
        if found is None:
            return {"active": False}
        kind, claims = found
        is_over = has_ended(claims, visit.now) or self.service.grants.is_used(claims.get("jti"))
        if is_over or self.service.grants.is_revoked(claims.get("family"), claims.get("jti")):
            return {"active": False}
        if kind is TokenKind.REFRESH:
            ends = claims["exp"]
            return {
                "active": True,
                "client_id": claims["client"],
                "scope": claims["scope"],
                "exp": int(ends) if isinstance(ends, int | float) else 0,
                "token_type": "refresh_token",
            }
        shown = {name: value for name, value in claims.items() if name not in _INSIDE}
        return {"active": True, "token_type": "Bearer", **shown}

    def revoke(self, visit: Visit) -> JsonObject:
        """
        Revoke a token of the client's own; a refresh token with all that came of its grant. RFC 7009, section 2.1.

        Raises:
            RefusedGrant: the client does not say who it is.
        """
        form = read_form(visit.request)
        by = read_client(self.service.people, visit.request.fields, form)
        if "token" not in form:
            raise RefusedGrant("invalid_request", "token is missing")
        found = self._find(form["token"])
        if found is not None and _is_of(by.client, found[1]):
            kind, claims = found
            self.service.grants.revoke(str(claims["family" if kind is TokenKind.REFRESH else "jti"]))
        return {}

    def _find(self, token: str) -> tuple[TokenKind, JsonObject] | None:
        """Return the claims of a token that was given here, whatever its kind."""
        for kind in _MET_BY:
            try:
                return kind, self.service.signer.verify(kind, token)
            except WrongToken:
                continue
        return None


def _is_of(client: Client, claims: JsonObject) -> bool:
    return client.id in {claims.get("client_id"), claims.get("client")}
