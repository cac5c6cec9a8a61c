"""The device flow: a device shows a code, and its user types that elsewhere. RFC 8628."""

from dataclasses import dataclass
from urllib.parse import quote

from mock_server.issuer.browsers import is_choice
from mock_server.issuer.grants import DeviceGrant, make_id
from mock_server.issuer.login import LoginPages
from mock_server.issuer.pages import show_error, show_page
from mock_server.issuer.requests import RefusedGrant, read_client, read_form, read_parameters
from mock_server.issuer.signing import TokenKind
from mock_server.issuer.tokens import TokenService, Visit
from mock_server.json_values import JsonObject
from mock_server.respond.answer import Answer

_INTERVAL = 1  # seconds between two questions of a device: nobody waits for a mock


@dataclass(frozen=True, eq=False)
class DevicePages:
    """Gives devices their codes, and users the page for them."""

    service: TokenService
    pages: LoginPages

    def begin(self, visit: Visit) -> JsonObject:
        """
        Give a device its codes. RFC 8628, section 3.2.

        Raises:
            RefusedGrant: the client or a scope is not known.
        """
        form = read_form(visit.request)
        by = read_client(self.service.people, visit.request.fields, form)
        scopes = self.service.read_scopes(form.get("scope"), by.client)
        seconds = self.service.settings.device_code
        typed = self.service.grants.add_device(DeviceGrant(by.client.id, " ".join(scopes), visit.now + seconds))
        claims: JsonObject = {
            "user_code": typed,
            "jti": make_id(),
            "family": make_id(),
            "exp": visit.now + seconds,
        }
        where = f"{visit.url}/device"
        return {
            "device_code": self.service.signer.sign(TokenKind.DEVICE, claims),
            "user_code": typed,
            "verification_uri": where,
            "verification_uri_complete": f"{where}?user_code={quote(typed)}",
            "expires_in": int(seconds),
            "interval": _INTERVAL,
        }

    def show(self, visit: Visit) -> Answer:
        """Answer with the page on which the code is typed, then a user is chosen."""
        try:
            if visit.request.method == "POST" and is_choice(visit):
                return self._choose(visit)
            typed = read_parameters(visit.request.query).get("user_code", "")
        except RefusedGrant as refused:
            return show_error("The device can't be let in", refused.description)
        action = "device"
        waiting = self.service.grants.device(typed, visit.now) if typed else None
        if waiting is None:
            detail = "No device waits under this code." if typed else ""
            return show_page("code", title="Let a device in", action=action, detail=detail)
        return self.pages.show_users(
            visit, action, {"user_code": typed}, client=waiting.client, scopes=tuple(waiting.scope.split())
        )

    def _choose(self, visit: Visit) -> Answer:
        """
        Let a device in, or not.

        Raises:
            RefusedGrant: the form is none of ours.
        """
        form = read_form(visit.request)
        ticket = self.pages.browsers.read_ticket(visit, form)
        waiting = self.service.grants.device(str(ticket.get("user_code", "")), visit.now)
        if waiting is None or waiting.user is not None or waiting.is_denied:
            raise RefusedGrant("invalid_request", "the device waits no more")
        user = self.pages.read_user(form)
        if user is None:
            waiting.is_denied = True
            return show_page("notice", title="The device is not let in", detail="You can close this page.")
        waiting.user, waiting.logged_in = user.key, visit.now
        return show_page("notice", title="The device is let in", detail="You can go on there.")
