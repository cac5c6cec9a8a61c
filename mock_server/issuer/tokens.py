"""Tokens: what is issued for a grant, and what is read of them."""

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from mock_server.exchange.message import Request
from mock_server.issuer.grants import Grants, make_id
from mock_server.issuer.people import Client, People, User
from mock_server.issuer.requests import RefusedGrant
from mock_server.issuer.signing import Signer, TokenKind, WrongToken
from mock_server.json_values import JsonObject
from mock_server.settings.issuer import ISSUER_PATH, IssuerSettings

STANDARD_SCOPES: Final = ("openid", "profile", "email", "offline_access")
_LONGEST_SCOPE: Final = 4_000  # characters


class Visit(NamedTuple):
    """A request for the issuer."""

    request: Request
    url: str  # the identifier of the issuer
    origin: str  # scheme, host and port, as the client addresses the server
    now: float  # in seconds since the epoch, by the clock of the world that asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The grant of a user or a client."""

    client: Client
    user: User | None  # None: the client has it for itself
    scopes: tuple[str, ...]
    audience: tuple[str, ...] = ()  # that was asked for; RFC 8707
    nonce: str | None = None
    logged_in: float = 0.0  # when, in seconds since the epoch
    family: str = field(default_factory=make_id)  # of all tokens that come of it
    session: str | None = None


@dataclass(frozen=True, eq=False)
class TokenService:
    """Issues and reads tokens."""

    settings: IssuerSettings
    people: People
    signer: Signer
    grants: Grants
    documented: frozenset[str] | None  # scopes of the documents; None: any scope is known

    def read_scopes(self, text: str | None, client: Client, user: User | None = None) -> tuple[str, ...]:
        """
        Read the scopes that are asked for. RFC 6749, section 3.3.

        Raises:
            RefusedGrant: one is not known, or none of them may be had.
        """
        scopes = tuple(dict.fromkeys((text or "").split(" "))) if text else ()
        if len(text or "") > _LONGEST_SCOPE or not all(map(_is_scope, scopes)):
            raise RefusedGrant("invalid_scope", "scope is a list of scopes with spaces between them")
        unknown = [scope for scope in scopes if not self.knows(scope)]
        if unknown:
            known = " ".join(sorted(self.known_scopes()))
            raise RefusedGrant("invalid_scope", f"{unknown[0]} is not known; known are: {known}")
        allowed = tuple(each for each in scopes if client.may_have(each) and (user is None or user.may_grant(each)))
        if scopes and not allowed:
            raise RefusedGrant("invalid_scope", "the client, or the user, may have none of these scopes")
        return allowed

    def knows(self, scope: str) -> bool:
        """Check whether there is a scope."""
        return self.documented is None or scope in self.known_scopes()

    def known_scopes(self) -> frozenset[str]:
        """Return the scopes that are known by name."""
        return frozenset((*STANDARD_SCOPES, *(self.documented or ()), *self.settings.scopes))

    def audience_of(self, visit: Visit) -> tuple[str, ...]:
        """Return whom access tokens are for."""
        return self.settings.audience or (visit.url.removesuffix(ISSUER_PATH),)

    def issue(self, visit: Visit, granted: Granted, *, can_refresh: bool = True) -> JsonObject:
        """Issue the tokens of a grant, as the token endpoint answers. RFC 6749, section 5.1."""
        answer: JsonObject = {
            "access_token": self.access_token(visit, granted),
            "token_type": "Bearer",
            "expires_in": int(self.settings.access_token),
            "scope": " ".join(granted.scopes),
        }
        if granted.user is not None and can_refresh:
            answer["refresh_token"] = self._refresh_token(visit, granted)
        if granted.user is not None and "openid" in granted.scopes:
            answer["id_token"] = self._id_token(visit, granted, granted.user)
        return answer

    def access_token(self, visit: Visit, granted: Granted) -> str:
        """Sign an access token. RFC 9068, section 2.2."""
        audience = list(granted.audience or self.audience_of(visit))
        own, subject = granted.client.claims, granted.client.id
        if granted.user is not None:
            own, subject = granted.user.settings.claims, granted.user.subject
        claims: JsonObject = {
            **self.settings.claims,
            **own,
            "iss": visit.url,
            "sub": subject,
            "aud": audience[0] if len(audience) == 1 else [*audience],
            "client_id": granted.client.id,
            "scope": " ".join(granted.scopes),
            **_times(visit.now, self.settings.access_token),
            "jti": make_id(),
            "family": granted.family,
        }
        if granted.user is not None:
            claims["auth_time"] = int(granted.logged_in)
        return self.signer.sign(TokenKind.ACCESS, claims)

    def _id_token(self, visit: Visit, granted: Granted, user: User) -> str:
        """Sign an ID token. OpenID Connect Core 1.0, section 2."""
        claims: JsonObject = {
            **user.claims(frozenset(granted.scopes)),
            "iss": visit.url,
            "aud": granted.client.id,
            "azp": granted.client.id,
            **_times(visit.now, self.settings.id_token),
            "auth_time": int(granted.logged_in),
        }
        if granted.nonce is not None:
            claims["nonce"] = granted.nonce
        if granted.session is not None:
            claims["sid"] = granted.session
        return self.signer.sign(TokenKind.ID, claims)

    def _refresh_token(self, visit: Visit, granted: Granted) -> str:
        return self.sign_granted(TokenKind.REFRESH, visit, granted, self.settings.refresh_token)

    def sign_granted(self, kind: TokenKind, visit: Visit, granted: Granted, seconds: float, **more: str) -> str:
        """Write a grant into a token that only the issuer reads."""
        user = granted.user
        claims: JsonObject = {
            "client": granted.client.id,
            "user": user.key if user is not None else None,
            "scope": " ".join(granted.scopes),
            "audience": list(granted.audience),
            "nonce": granted.nonce,
            "logged_in": granted.logged_in,
            "family": granted.family,
            "session": granted.session,
            "jti": make_id(),
            "exp": visit.now + seconds,
            **more,
        }
        return self.signer.sign(kind, claims)

    def read_granted(self, kind: TokenKind, visit: Visit, token: str, client: Client) -> tuple[Granted, JsonObject]:
        """
        Read a grant out of a token that is good once; `spend` uses it.

        Raises:
            RefusedGrant: it is none, another client's, expired or revoked.
        """
        what = "code" if kind is TokenKind.CODE else "refresh token"
        try:
            claims = self.signer.verify(kind, token)
        except WrongToken as error:
            raise RefusedGrant("invalid_grant", f"the {what} is not one of this issuer") from error
        user = self.people.users.get(str(claims.get("user")))
        if claims.get("client") != client.id:
            raise RefusedGrant("invalid_grant", f"the {what} was given to another client")
        if has_ended(claims, visit.now) or user is None:
            raise RefusedGrant("invalid_grant", f"the {what} has expired")
        if self.grants.is_revoked(claims.get("family"), claims.get("jti")):
            raise RefusedGrant("invalid_grant", f"the {what} was revoked")
        audience, logged_in = claims.get("audience"), claims.get("logged_in")
        granted = Granted(
            client=client,
            user=user,
            scopes=tuple(str(claims["scope"]).split()),
            audience=tuple(map(str, audience)) if isinstance(audience, list) else (),
            nonce=_text(claims.get("nonce")),
            logged_in=float(logged_in) if isinstance(logged_in, int | float) else 0.0,
            family=str(claims["family"]),
            session=_text(claims.get("session")),
        )
        return granted, claims

    def spend(self, claims: JsonObject) -> None:
        """
        Use a token that is good once.

        Raises:
            RefusedGrant: it was used before: then all that came of it ends.

        Source: RFC 6749, section 4.1.2; RFC 9700, section 4.14.2
        """
        if not self.grants.use(str(claims["jti"])):
            self.grants.revoke(str(claims["family"]))
            raise RefusedGrant("invalid_grant", "it was used before: all tokens that came of it are revoked")

    def refresh(self, visit: Visit, token: str, client: Client, scope: str | None) -> JsonObject:
        """
        Issue tokens for a refresh token, which is good once. RFC 6749, section 6.

        Raises:
            RefusedGrant: see `read_granted` and `spend`; or more is asked for than was granted.
        """
        granted, claims = self.read_granted(TokenKind.REFRESH, visit, token, client)
        if scope is not None:
            wanted = tuple(dict.fromkeys(scope.split()))
            if not set(wanted) <= set(granted.scopes):
                raise RefusedGrant("invalid_scope", "more is asked for than was granted")
            granted = replace(granted, scopes=wanted)
        self.spend(claims)
        return self.issue(visit, granted)

    def read_access(self, visit: Visit, token: str) -> JsonObject:
        """
        Return the claims of an access token that is good now.

        Raises:
            WrongToken: it is not.
        """
        claims = self.signer.verify(TokenKind.ACCESS, token)
        if has_ended(claims, visit.now):
            raise WrongToken("the token has expired")
        if self.grants.is_revoked(claims.get("family"), claims.get("jti")):
            raise WrongToken("the token was revoked")
        return claims


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return None


def _is_scope(text: str) -> bool:
    """Check the grammar of a scope token. RFC 6749, section 3.3."""
    return bool(text) and all("!" <= char <= "~" and char not in '"\\' for char in text)


def _times(now: float, seconds: float) -> JsonObject:
    return {"iat": int(now), "exp": int(now + seconds)}


def has_ended(claims: JsonObject, now: float) -> bool:
    """Check whether a token is past its end; one without is. RFC 7519, section 4.1.4."""
    ends = claims.get("exp")
    return not isinstance(ends, int | float) or ends <= now
