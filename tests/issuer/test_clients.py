"""Clients that nobody here wrote log in at the issuer: authlib here, oidc-client-ts in `test_browser.py`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.starlette_client import OAuth
from starlette.requests import Request as StarletteRequest

from tests.support.issuing import REDIRECT, Visitor, issuing


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with issuing(tmp_path_factory.mktemp("issuer"), check_tokens=True) as visitor:
        yield visitor


def test_authlib_logs_a_user_in_by_discovery_and_verifies_the_id_token(visitor: Visitor) -> None:
    app = OAuth().register(
        "mock",
        client_id="web",
        server_metadata_url=f"{visitor.origin}/__issuer/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email read", "code_challenge_method": "S256", "trust_env": False},
    )
    session: dict[str, object] = {}

    def request_of(query: str) -> StarletteRequest:
        return StarletteRequest(
            {"type": "http", "method": "GET", "path": "/callback", "query_string": query.encode(), "headers": [],
             "session": session}
        )  # fmt: skip

    led = asyncio.run(app.authorize_redirect(request_of(""), REDIRECT))
    page = visitor.client.get(led.headers["location"])
    back = visitor.choose(page, "grace")
    query = urlsplit(back.headers["location"]).query
    token = asyncio.run(app.authorize_access_token(request_of(query)))

    assert back.headers["location"].startswith(f"{REDIRECT}?code=")
    assert {name: token["userinfo"][name] for name in ("sub", "name", "email", "iss", "aud")} == {
        "sub": "grace",
        "name": "Grace Hopper",
        "email": "grace@example.com",
        "iss": f"{visitor.origin}/__issuer",
        "aud": "web",
    }
    assert asyncio.run(app.userinfo(token=token))["name"] == "Grace Hopper"


def test_authlib_gets_refreshes_and_revokes_tokens(visitor: Visitor) -> None:
    token_url = f"{visitor.origin}/__issuer/token"
    with OAuth2Client("nightly", "s3cret", scope="read", token_endpoint=token_url, trust_env=False) as client:
        own = client.fetch_token(token_url, grant_type="client_credentials")
        api = client.get(f"{visitor.origin}/things")
        users = client.fetch_token(token_url, grant_type="password", username="ada", password="any", scope="read")
        fresh = client.refresh_token(token_url, users["refresh_token"])
        client.revoke_token(f"{visitor.origin}/__issuer/revoke", token=fresh["refresh_token"])
        said = client.introspect_token(f"{visitor.origin}/__issuer/introspect", token=fresh["access_token"])

    assert own["scope"] == "read"
    assert api.status_code == 200
    assert fresh["access_token"] != users["access_token"]
    assert said.json() == {"active": False}


def test_a_device_is_let_in_by_a_user_elsewhere(visitor: Visitor) -> None:
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    begun = visitor.client.post("/__issuer/device_authorization", data={"client_id": "tv", "scope": "read"}).json()
    ask = {"grant_type": grant, "client_id": "tv", "device_code": begun["device_code"]}
    early = visitor.token(**ask)
    page = visitor.client.get(begun["verification_uri_complete"])
    done = visitor.choose(page, "alan")
    given = visitor.token(**ask)
    again = visitor.token(**ask)

    assert early.json()["error"] == "authorization_pending"
    assert "The device is let in" in done.text
    assert given.json()["scope"] == "read"
    assert again.json()["error"] == "invalid_grant"


def test_a_code_that_is_typed_in_small_letters_is_the_same_code(visitor: Visitor) -> None:
    begun = visitor.client.post("/__issuer/device_authorization", data={"client_id": "tv"}).json()
    typed = begun["user_code"].lower().replace("-", " ")

    assert "Ada Lovelace" in visitor.client.get("/__issuer/device", params={"user_code": typed}).text
    assert "No device waits" in visitor.client.get("/__issuer/device", params={"user_code": "BBBB-CCCC"}).text


def test_a_browser_that_logged_in_is_not_asked_again_until_it_logs_out(tmp_path: Path) -> None:
    with issuing(tmp_path) as visitor:
        first = visitor.log_in("ada")
        silent = visitor.authorize(prompt="none")
        ended = visitor.client.get(
            "/__issuer/logout",
            params={"id_token_hint": first["id_token"], "post_logout_redirect_uri": REDIRECT, "state": "bye"},
        )
        after = visitor.authorize(prompt="none")

    assert "code=" in silent.headers["location"]
    assert ended.headers["location"] == f"{REDIRECT}?state=bye"
    assert "error=login_required" in after.headers["location"]
