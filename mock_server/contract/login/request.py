"""A login request, and a function of the user's: other ways to get a token than OAuth 2."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mock_server.contract.login.grant import Grant, describe_refusal, find_grant, make_grant, make_token
from mock_server.contract.login.issuers import Issuers
from mock_server.errors import LoginError, MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.message import RawFields
from mock_server.settings.contract import LoginSettings
from mock_server.tokens import is_token

_REFUSED = 400  # the lowest status of a refusal; a redirect may set the cookie


@dataclass(eq=False, repr=False)
class LoginRequest:
    """Sends a request and looks for the token in its answer."""

    issuers: Issuers
    settings: LoginSettings  # without variables

    def obtain(self, held: Grant | None) -> Grant:
        """
        Log in, whatever is held.

        Raises:
            LoginError: it was refused, or nothing was found in the answer.
        """
        method, url = split_request(self.settings.request or "")
        fields, body = _write(self.settings)
        response = self.issuers.ask(method, self.issuers.resolve(url), fields, body)
        if response.status >= _REFUSED:
            raise LoginError(f"{method} {url} was answered {describe_refusal(response)}")
        return find_grant(response, self.settings.token, self.settings.expires)


def split_request(text: str) -> tuple[str, str]:
    """
    Split `POST /login` into its method and its URL.

    Raises:
        UsageError: it is no such text.
    """
    method, space, url = text.strip().partition(" ")
    if not space or not is_token(method) or not url.strip():
        raise UsageError(f"a login request is written as 'POST /login', not {text[:200]!r}")
    return method.upper(), url.strip()


def _write(settings: LoginSettings) -> tuple[RawFields, bytes]:
    """Write the body and the header of a login request."""
    fields = [(b"accept", b"application/json, */*;q=0.5")]
    fields += [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in settings.headers.items()
    ]
    value = settings.body
    if value is None or value == "":
        return fields, b""
    is_form = settings.body_type == "form"
    if isinstance(value, str) and is_form and value.lstrip().startswith("{"):
        value = _read_body(value)
    if not any(name == b"content-type" for name, _ in fields):
        fields.append((b"content-type", b"application/x-www-form-urlencoded" if is_form else b"application/json"))
    if isinstance(value, str):
        return fields, value.encode()
    if is_form:
        return fields, urlencode({str(name): str(item) for name, item in value.items()}).encode()
    return fields, write_json(value)


def _read_body(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return read_json(text.encode())
    except MalformedContent as error:
        raise UsageError(f"the body of the login request is no JSON: {error}") from error


@dataclass(eq=False, repr=False)
class LoginFunction:
    """Calls a function of the user's."""

    call: Callable[[str], object]
    url: str  # of the API
    expires: float | None = None

    def obtain(self, held: Grant | None) -> Grant:
        """
        Call it with the URL of the API.

        Raises:
            LoginError: it raised, or gave neither a text nor texts by name.
        """
        try:
            given = self.call(self.url)
        except Exception as error:
            raise LoginError(f"the function raised {type(error).__name__}: {error}") from error
        if isinstance(given, str):
            return make_token(given, seconds=self.expires)
        if isinstance(given, Mapping) and given and all(isinstance(item, str) for item in given.values()):
            return make_grant({str(name): item for name, item in given.items()}, seconds=self.expires)
        raise LoginError("the function has to give a token, or header fields by name")
