"""
The authorization endpoint: who asks, who logs in, and what the client is told.

A page lists the users; what was asked is kept in the ticket of its form (`browsers`).

Source: RFC 6749, section 4.1; RFC 7636; OpenID Connect Core 1.0, section 3.1.2; RFC 9700, section 4.7
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.issuer.browsers import Browsers, BrowserSession, is_choice
from mock_server.issuer.grants import make_id
from mock_server.issuer.pages import redirect, show_error, show_page
from mock_server.issuer.people import Client, User
from mock_server.issuer.redirects import add_parameters, may_redirect, policy_source
from mock_server.issuer.requests import RefusedGrant, read_form, read_parameters
from mock_server.issuer.signing import TokenKind
from mock_server.issuer.tokens import Granted, TokenService, Visit
from mock_server.json_values import JsonObject
from mock_server.respond.answer import Answer, RawField
from mock_server.settings.issuer import split_uri

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")  # of SHA-256; RFC 7636, section 4.2
_LONGEST: Final = 2_000  # characters of what a client has repeated: state, nonce
_RESPONSE_MODES: Final = {"code": ("query", "fragment"), "token": ("fragment",)}
_PROMPTS: Final = frozenset(("none", "login", "consent", "select_account"))
_CHOOSING: Final = frozenset(("login", "consent", "select_account"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request of a client; its redirect URI is one that the client may have."""

    client: Client
    redirect_uri: str
    is_named: bool  # whether the request named the redirect URI, so that the token request has to
    response_type: str
    in_fragment: bool
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    audience: tuple[str, ...]
    prompts: frozenset[str]
    max_age: float | None
    hint: str | None


class _Return(NamedTuple):
    """The URI that carries the outcome to the client."""

    client: Client
    redirect_uri: str
    state: str | None
    in_fragment: bool


@dataclass(frozen=True, eq=False)
class LoginPages:
    """The authorization endpoint."""

    service: TokenService
    browsers: Browsers

    def authorize(self, visit: Visit) -> Answer:
        """Answer an authorization request, or the choice of a user."""
        try:
            if visit.request.method == "POST" and is_choice(visit):
                return self._choose(visit)
            parameters = (
                read_form(visit.request) if visit.request.method == "POST" else read_parameters(visit.request.query)
            )
            back = self._find_return(parameters)
        except RefusedGrant as refused:
            return show_error("The app can't log you in", refused.description)
        try:
            asked = self._read(back, parameters)
            return self._proceed(visit, asked)
        except RefusedGrant as refused:
            return _tell(visit, back, {"error": refused.error, "error_description": refused.description})

    def _find_return(self, parameters: Mapping[str, str]) -> _Return:
        """
        Find out whom to tell; until that is sure, nobody is led anywhere. RFC 6749, section 4.1.2.1.

        Raises:
            RefusedGrant: the client is not known, or the redirect URI is none that it may have.
        """
        client = self.service.people.client(parameters.get("client_id"))
        if client is None:
            known = "client_id names no client that is known; [issuer.clients] in the settings has them"
            raise RefusedGrant("invalid_client", known)
        registered = client.settings.redirect_uris if client.settings is not None else ()
        uri = parameters.get("redirect_uri") or (registered[0] if len(registered) == 1 else "")
        if not may_redirect(client, uri):
            advice = (
                f"redirect_uri is not one that {client.id} registered"
                if client.settings is not None
                else "redirect_uri has to lead to this machine (localhost, 127.0.0.1 or [::1]); others are registered "
                "in [issuer.clients]"
            )
            raise RefusedGrant("invalid_request", advice)
        mode = parameters.get("response_mode")
        in_fragment = mode == "fragment" or (mode is None and parameters.get("response_type") == "token")
        state = parameters.get("state")
        if state is not None and len(state) > _LONGEST:
            raise RefusedGrant("invalid_request", f"state has more than {_LONGEST} characters")
        return _Return(client, uri, state, in_fragment)

    def _read(self, back: _Return, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """
        Read what is asked for.

        Raises:
            RefusedGrant: it can't be had; the client is told.
        """
        kind, nonce = parameters.get("response_type", ""), parameters.get("nonce")
        if kind not in _RESPONSE_MODES:
            raise RefusedGrant("unsupported_response_type", "response_type is code, or token for old clients")
        mode = parameters.get("response_mode")
        if mode is not None and mode not in _RESPONSE_MODES[kind]:
            raise RefusedGrant("invalid_request", f"response_mode is one of {' '.join(_RESPONSE_MODES[kind])}")
        for name in ("request", "request_uri", "registration"):
            if name in parameters:
                raise RefusedGrant(f"{name}_not_supported", f"{name} is not supported")
        if nonce is not None and len(nonce) > _LONGEST:
            raise RefusedGrant("invalid_request", f"nonce has more than {_LONGEST} characters")
        prompts = frozenset(parameters.get("prompt", "").split())
        if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
            raise RefusedGrant("invalid_request", "prompt is none, or some of login, consent and select_account")
        max_age = parameters.get("max_age")
        if max_age is not None and not (max_age.isdecimal() and len(max_age) < 10):  # noqa: PLR2004 - digits
            raise RefusedGrant("invalid_request", "max_age is a number of seconds")
        return AuthorizationRequest(
            client=back.client,
            redirect_uri=back.redirect_uri,
            is_named="redirect_uri" in parameters,
            response_type=kind,
            in_fragment=back.in_fragment,
            scopes=self.service.read_scopes(parameters.get("scope"), back.client),
            state=back.state,
            nonce=nonce,
            challenge=_read_challenge(back.client, kind, parameters),
            audience=read_audience(parameters),
            prompts=prompts,
            max_age=float(max_age) if max_age is not None else None,
            hint=parameters.get("login_hint"),
        )

    def _proceed(self, visit: Visit, asked: AuthorizationRequest) -> Answer:
        """Let the user of this browser's session in, or show the users."""
        session = self.browsers.session(visit)
        if session is not None and asked.max_age is not None and visit.now - session.logged_in > asked.max_age:
            session = None
        if "none" in asked.prompts:
            if session is None:
                raise RefusedGrant("login_required", "nobody is logged in")
            return self._grant(visit, asked, session)
        if session is not None and not asked.prompts & _CHOOSING:
            return self._grant(visit, asked, session)
        return self.show_users(
            visit,
            "authorize",
            {"asked": _write(asked)},
            client=asked.client.id,
            scopes=asked.scopes,
            leads_to=policy_source(asked.redirect_uri),
            hint=asked.hint,
        )

    def show_users(
        self,
        visit: Visit,
        action: str,
        ticket: JsonObject,
        *,
        client: str,
        scopes: tuple[str, ...],
        leads_to: str = "",
        hint: str | None = None,
    ) -> Answer:
        """Show the users of whom one is chosen, with a ticket that says what for."""
        written, cookie = self.browsers.make_ticket(visit, ticket)
        users = [{"key": user.key, "name": user.name, "email": user.email} for user in self._users()]
        return show_page(
            "users",
            title="Who logs in?",
            action=action,
            client=client,
            scopes=", ".join(scopes),
            users=users,
            ticket=written,
            hint=hint,
            leads_to=leads_to,
            fields=(cookie,),
        )

    def _users(self) -> list[User]:
        return list(self.service.people.users.values())

    def read_user(self, form: Mapping[str, str]) -> User | None:
        """
        Return the user who was chosen; None where access is denied.

        Raises:
            RefusedGrant: there is no such user.
        """
        if "deny" in form:
            return None
        user = self.service.people.users.get(form.get("user", ""))
        if user is None:
            raise RefusedGrant("invalid_request", "there is no such user")
        return user

    def _choose(self, visit: Visit) -> Answer:
        """
        Carry out the choice of a user.

        Raises:
            RefusedGrant: the form is none of ours.
        """
        form = read_form(visit.request)
        asked = self._restore(self.browsers.read_ticket(visit, form).get("asked"))
        back = _Return(asked.client, asked.redirect_uri, asked.state, asked.in_fragment)
        user = self.read_user(form)
        if user is None:
            return _tell(visit, back, {"error": "access_denied", "error_description": "the user denied it"})
        session = BrowserSession(user, visit.now, make_id())
        try:
            return self._grant(visit, asked, session, (self.browsers.keep(visit, session),))
        except RefusedGrant as refused:
            return _tell(visit, back, {"error": refused.error, "error_description": refused.description})

    def _grant(
        self, visit: Visit, asked: AuthorizationRequest, session: BrowserSession, fields: tuple[RawField, ...] = ()
    ) -> Answer:
        """Tell the client who logged in: by a code, or for old clients by a token."""
        granted = Granted(
            client=asked.client,
            user=session.user,
            scopes=self.service.read_scopes(" ".join(asked.scopes) or None, asked.client, session.user),
            audience=asked.audience,
            nonce=asked.nonce,
            logged_in=session.logged_in,
            session=session.id,
        )
        back = _Return(asked.client, asked.redirect_uri, asked.state, asked.in_fragment)
        if asked.response_type == "token":
            issued = self.service.issue(visit, granted, can_refresh=False)
            told = {name: str(issued[name]) for name in ("access_token", "token_type", "expires_in", "scope")}
            return _tell(visit, back, told, fields)
        more = {"challenge": asked.challenge} if asked.challenge is not None else {}
        if asked.is_named:
            more["redirect_uri"] = asked.redirect_uri
        code = self.service.sign_granted(TokenKind.CODE, visit, granted, self.service.settings.code, **more)
        return _tell(visit, back, {"code": code}, fields)

    def _restore(self, written: object) -> AuthorizationRequest:
        """
        Read a request out of a ticket.

        Raises:
            RefusedGrant: its client is not known any more.
        """
        kept = written if isinstance(written, dict) else {}
        client = self.service.people.client(str(kept.get("client")))
        if client is None or not may_redirect(client, str(kept.get("redirect_uri"))):
            raise RefusedGrant("invalid_request", "the client is not known any more: begin again")
        return AuthorizationRequest(
            **{
                **kept,
                "client": client,
                "scopes": tuple(kept["scopes"]),
                "audience": tuple(kept["audience"]),
                "prompts": frozenset(),
            }
        )


def read_audience(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """
    Read whom the tokens are to be for. RFC 8707, section 2; Auth0 calls it `audience`.

    Raises:
        RefusedGrant: it is no absolute URI.
    """
    resource = parameters.get("resource")
    if resource is not None and (len(resource) > _LONGEST or split_uri(resource) is None):
        raise RefusedGrant("invalid_target", "resource has to be an absolute URI")
    audience = resource or parameters.get("audience")
    if audience is not None and len(audience) > _LONGEST:
        raise RefusedGrant("invalid_target", f"audience has more than {_LONGEST} characters")
    if audience is None:
        return ()
    return (audience,)


def _read_challenge(client: Client, kind: str, parameters: Mapping[str, str]) -> str | None:
    """
    Read the challenge of PKCE. RFC 9700, section 2.1.1: public clients have to send one.

    Raises:
        RefusedGrant: it is missing, malformed, or not of S256.
    """
    challenge = parameters.get("code_challenge")
    is_public = client.settings is not None and client.settings.secret is None
    if challenge is None:
        if is_public and kind == "code":
            raise RefusedGrant(
                "invalid_request", f"code_challenge is missing: {client.id} has no secret, so it needs PKCE"
            )
        return None
    if parameters.get("code_challenge_method") != "S256":
        raise RefusedGrant("invalid_request", "code_challenge_method has to be S256")
    if not _CHALLENGE.match(challenge):
        raise RefusedGrant("invalid_request", "code_challenge is no SHA-256 in base64url")
    return challenge


def _write(asked: AuthorizationRequest) -> JsonObject:
    """Write a request into a ticket."""
    return {
        "client": asked.client.id,
        "redirect_uri": asked.redirect_uri,
        "is_named": asked.is_named,
        "response_type": asked.response_type,
        "in_fragment": asked.in_fragment,
        "scopes": list(asked.scopes),
        "state": asked.state,
        "nonce": asked.nonce,
        "challenge": asked.challenge,
        "audience": list(asked.audience),
        "max_age": None,
        "hint": None,
    }


def _tell(visit: Visit, back: _Return, told: Mapping[str, str], fields: tuple[RawField, ...] = ()) -> Answer:
    """Lead the browser back to the client, and say who tells it. RFC 9207."""
    state = {"state": back.state} if back.state is not None else {}
    target = add_parameters(back.redirect_uri, {**told, **state, "iss": visit.url}, in_fragment=back.in_fragment)
    return redirect(target, fields)
