"""OAuth 2: client credentials, password and refresh (RFC 6749); OpenID Connect Discovery 1.0 and RFC 8414."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus, urlencode

from mock_server.contract.login.grant import Grant, describe_refusal, make_token, read_object, read_seconds
from mock_server.contract.login.issuers import Issuers
from mock_server.errors import LoginError
from mock_server.exchange.message import Response
from mock_server.settings.contract import LoginSettings

_FORM: Final = (b"content-type", b"application/x-www-form-urlencoded")
_JSON: Final = (b"accept", b"application/json")
_DISCOVERY: Final = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")


def is_success(response: Response) -> bool:
    """Return whether a request was a success."""
    return 200 <= response.status < 300  # noqa: PLR2004


def discover(issuers: Issuers, issuer: str) -> str:
    """
    Find the token endpoint of an issuer.

    Args:
        issuers: Who is asked.
        issuer: Its URL, or that of its discovery document.

    Raises:
        LoginError: there is no discovery document, or it leads to a host that the user did not name.
    """
    url = issuers.resolve(issuer).rstrip("/")
    last = ""
    for path in ("",) if "/.well-known/" in url else _DISCOVERY:
        response = issuers.ask("GET", url + path, (_JSON,))
        endpoint = read_object(response).get("token_endpoint")
        if is_success(response) and isinstance(endpoint, str):
            if not issuers.allows(endpoint):
                raise LoginError(
                    f"{issuer} gives tokens at {endpoint[:200]}: name it with `token_url`, if you trust it"
                )
            return endpoint
        last = str(response.status)
    raise LoginError(f"{issuer} has no discovery document that names a token_endpoint (the answer was {last})")


@dataclass(eq=False, repr=False)
class TokenEndpoint:
    """Asks for tokens."""

    issuers: Issuers
    find_url: Callable[[], str]
    settings: LoginSettings  # without variables
    _url: str = ""

    def obtain(self, held: Grant | None) -> Grant:
        """
        Get a token: with the refresh token of what is held, if it has one, else as in the beginning.

        Raises:
            LoginError: it was refused.
        """
        if held is not None and held.refresh:
            response = self._ask({"grant_type": "refresh_token", "refresh_token": held.refresh})
            if is_success(response):
                return self._read(response, held.refresh)
        response = self._ask(self._parameters())
        if not is_success(response):
            raise LoginError(f"{self._url} answered {describe_refusal(response)}")
        return self._read(response, self.settings.refresh_token or "")

    def _ask(self, parameters: Mapping[str, str]) -> Response:
        self._url = self._url or self.find_url()
        own, client, secret = self.settings, self.settings.client_id, self.settings.client_secret
        form = dict(parameters)
        fields = [_FORM, _JSON]
        if own.scope:
            form["scope"] = own.scope
        if own.audience:
            form["audience"] = own.audience
        if client and secret and own.client_in == "header":
            pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()  # RFC 6749, section 2.3.1
            fields.append((b"authorization", b"Basic " + base64.b64encode(pair)))
        elif client:
            form["client_id"] = client
            if secret:
                form["client_secret"] = secret
        return self.issuers.ask("POST", self._url, fields, urlencode(form).encode())

    def _parameters(self) -> dict[str, str]:
        own = self.settings
        grant = own.grant or _guess_grant(own)
        if grant == "refresh_token":
            return {"grant_type": grant, "refresh_token": own.refresh_token or ""}
        if grant == "password":
            return {"grant_type": grant, "username": own.username or "", "password": own.password or ""}
        return {"grant_type": grant}

    def _read(self, response: Response, refresh: str) -> Grant:
        value = read_object(response)
        token, new = value.get("access_token"), value.get("refresh_token")
        if not isinstance(token, str):
            raise LoginError(f"{self._url} answered {response.status} without an access_token")
        seconds = self.settings.expires or read_seconds(value.get("expires_in"))
        return make_token(token, seconds=seconds, refresh=new if isinstance(new, str) and new else refresh)


def _guess_grant(settings: LoginSettings) -> str:
    if settings.refresh_token:
        return "refresh_token"
    if settings.username:
        return "password"
    return "client_credentials"
