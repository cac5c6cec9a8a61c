"""The end of sessions. OpenID Connect RP-Initiated Logout 1.0."""

from collections.abc import Mapping
from dataclasses import dataclass

from mock_server.issuer.browsers import SESSION, Browsers, write_cookie
from mock_server.issuer.pages import redirect, show_error, show_page
from mock_server.issuer.redirects import add_parameters, may_redirect, policy_source
from mock_server.issuer.requests import RefusedGrant, read_form, read_parameters
from mock_server.issuer.signing import TokenKind, WrongToken
from mock_server.issuer.tokens import TokenService, Visit
from mock_server.json_values import JsonObject
from mock_server.respond.answer import Answer


@dataclass(frozen=True, eq=False)
class LogoutPages:
    """Logs browsers out."""

    service: TokenService
    browsers: Browsers

    def end_session(self, visit: Visit) -> Answer:
        """Log out. OpenID Connect RP-Initiated Logout 1.0."""
        try:
            form = read_form(visit.request) if visit.request.method == "POST" else {}
            if "ticket" in form:
                kept = self.browsers.read_ticket(visit, form)
                return self._leave(visit, {str(key): str(value) for key, value in kept.items() if value is not None})
            parameters = form or read_parameters(visit.request.query)
            if self._has_hint(parameters):
                return self._leave(visit, parameters)
            asked = ("client_id", "post_logout_redirect_uri", "state")
            kept_parameters: JsonObject = {name: parameters[name] for name in asked if name in parameters}
            self._find_end(parameters)
        except RefusedGrant as refused:
            return show_error("You can't be logged out like this", refused.description)
        ticket, cookie = self.browsers.make_ticket(visit, kept_parameters)
        leads_to = policy_source(parameters.get("post_logout_redirect_uri", ""))
        return show_page(
            "leave",
            title="Do you want to log out?",
            action="logout",
            ticket=ticket,
            leads_to=leads_to,
            fields=(cookie,),
        )

    def _has_hint(self, parameters: Mapping[str, str]) -> bool:
        """
        Check whether a client shows an ID token of ours, so that no page of somebody else logs users out.

        Raises:
            RefusedGrant: it shows something else.
        """
        hint = parameters.get("id_token_hint")
        if hint is None:
            return False
        try:
            claims = self.service.signer.verify(TokenKind.ID, hint)
        except WrongToken as error:
            raise RefusedGrant("invalid_request", "id_token_hint is no ID token of this issuer") from error
        named = parameters.get("client_id")
        if named is not None and named != claims.get("aud"):
            raise RefusedGrant("invalid_request", "id_token_hint was given to another client")
        return True

    def _find_end(self, parameters: Mapping[str, str]) -> str | None:
        """
        Return where a browser is led after a logout.

        Raises:
            RefusedGrant: no client that is known may lead it there.
        """
        uri, name = parameters.get("post_logout_redirect_uri"), parameters.get("client_id")
        if uri is None:
            return None
        hint = parameters.get("id_token_hint")
        if name is None and hint is not None:
            name = str(self.service.signer.verify(TokenKind.ID, hint).get("aud"))
        client = self.service.people.client(name)
        if client is None or not may_redirect(client, uri):
            raise RefusedGrant("invalid_request", "post_logout_redirect_uri is not one that the client registered")
        return uri

    def _leave(self, visit: Visit, parameters: Mapping[str, str]) -> Answer:
        """
        End the session of this browser.

        Raises:
            RefusedGrant: see `_find_end`.
        """
        uri = self._find_end(parameters)
        session = self.browsers.session(visit)
        if session is not None:
            self.service.grants.revoke(session.id)
        over = write_cookie(visit, SESSION, "", lasts=False)
        if uri is None:
            return show_page("notice", title="You are logged out", detail="You can close this page.", fields=(over,))
        told = {"state": parameters["state"]} if "state" in parameters else {}
        return redirect(add_parameters(uri, told), (over,))
