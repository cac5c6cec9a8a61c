"""A mock with an issuer, and a client that goes through its flows."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import orjson

from mock_server.admin.access import Guard
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app, install_admin, install_console
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.background import BackgroundServer
from mock_server.settings import merge_settings
from tests.support.mocks import minimal

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://localhost:5173/callback"
_ANSWERS = {
    "200": {
        "description": "OK",
        "content": {"application/json": {"schema": {"type": "object", "required": ["n"], "properties": {"n": {}}}}},
    }
}
FLOW = {
    "authorizationUrl": "https://id.example/authorize",
    "tokenUrl": "https://id.example/token",
    "scopes": {"read": "Read", "write": "Write"},
}
# Of tests that need no types
THINGS: dict[str, Any] = minimal(
    {
        "/things": {
            "get": {"operationId": "list", "security": [{"login": ["read"]}], "responses": _ANSWERS},
            "post": {"operationId": "make", "security": [{"login": ["read", "write"]}], "responses": _ANSWERS},
        },
        "/open": {"get": {"operationId": "open", "responses": _ANSWERS}},
        "/keyed": {"get": {"operationId": "keyed", "security": [{"login": []}, {"key": []}], "responses": _ANSWERS}},
        "/bearer": {"get": {"operationId": "bearer", "security": [{"plain": []}], "responses": _ANSWERS}},
    },
    components={
        "securitySchemes": {
            "login": {"type": "oauth2", "flows": {"authorizationCode": FLOW}},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "plain": {"type": "http", "scheme": "bearer"},
        }
    },
)


class Visitor:
    """A browser without scripts, and the clients behind it."""

    def __init__(self, origin: str, backend: Backend | None = None) -> None:
        self.origin = origin
        self.backend = backend
        self.client = httpx2.Client(base_url=origin, trust_env=False, follow_redirects=False)

    def query(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request."""
        usual = {
            "client_id": "web",
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "openid profile read",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in usual.items() if value is not None}

    def authorize(self, **changes: str | None) -> httpx2.Response:
        """Ask to log in."""
        return self.client.get("/__issuer/authorize", params=self.query(**changes))

    def choose(self, page: httpx2.Response, user: str = "ada", **headers: str) -> httpx2.Response:
        """Choose a user on a page, by its form."""
        form = {"ticket": ticket_of(page), "user": user}
        given = {"origin": self.origin, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post(str(page.url.copy_with(query=None)), data=form, headers=given)

    def code(self, user: str = "ada", **changes: str | None) -> str:
        """Log in, and give the code."""
        return told(self.choose(self.authorize(prompt="login", **changes), user))["code"]

    def token(self, auth: tuple[str, str] | None = None, **form: str) -> httpx2.Response:
        """Ask for tokens."""
        return self.client.post("/__issuer/token", data=form, auth=auth)

    def exchange(self, code: str, **changes: str | None) -> httpx2.Response:
        """Exchange a code."""
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "web",
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.token(**{name: value for name, value in usual.items() if value is not None})

    def log_in(self, user: str = "ada", **changes: str | None) -> dict[str, str]:
        """Log in, and give the tokens."""
        answer = self.exchange(self.code(user, **changes))
        assert answer.status_code == 200, answer.text
        return answer.json()


def ticket_of(page: httpx2.Response) -> str:
    """The ticket in the form of a page."""
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


def told(answer: httpx2.Response) -> dict[str, str]:
    """What a client is told by a redirect."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    return dict(parse_qsl(parts.fragment or parts.query))


def form_of(**values: str) -> bytes:
    """A form."""
    return urlencode(values).encode()


@contextmanager
def issuing(folder: Path, document: object = THINGS, **settings: object) -> Iterator[Visitor]:
    """Serve a document with an issuer."""
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    read = merge_settings({"port": 0, "log_format": "none", **settings})
    backend = assemble([open_responder(str(path), read)], read)
    install_console(backend, Guard(), install_admin(backend, Guard()))
    server = BackgroundServer(deferred_app(backend), read)
    visitor = Visitor(server.origin, backend)
    try:
        yield visitor
    finally:
        visitor.client.close()
        server.stop()


def claims_of(token: str) -> Mapping[str, object]:
    """The claims of a token, as they are written."""
    part = token.split(".")[1]
    found: Mapping[str, object] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
