"""Requests that want what they may not have: other places, other people's codes, other algorithms, other pages."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from mock_server.errors import UsageError
from mock_server.issuer.people import Client
from mock_server.issuer.redirects import may_redirect, policy_source
from mock_server.settings import merge_settings
from mock_server.settings.issuer import LOOPBACK_HOSTS, IssuerClient
from mock_server.settings.trust import sift
from tests.support.issuing import REDIRECT, Visitor, claims_of, issuing, ticket_of, told

REGISTERED = {
    "clients": {
        "shop": {"redirect_uris": ["https://shop.example/cb", "http://127.0.0.1/cb", "com.example.shop:/cb"]},
        "nightly": {"secret": "right-secret", "scopes": ["read"], "redirect_uris": ["https://shop.example/other"]},
    },
    "users": {"mallory": {"name": "<script>alert(1)</script>", "claims": {"note": "</script>" * 100}, "scopes": ["read"],
                          "password": "pass-of-mallory"}},
    "code": "30s",
}  # fmt: skip


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with issuing(tmp_path_factory.mktemp("issuer"), check_tokens=True) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with issuing(tmp_path_factory.mktemp("strict"), issuer=REGISTERED) as visitor:
        yield visitor


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/cb", "http://localhost.evil.example/cb", "http://localhost@evil.example/cb",
        "http://127.0.0.1@evil.example/", "//evil.example/cb", "https:evil.example", "javascript:alert(1)//localhost",
        "http://localhost:5173/cb#fragment", "http://localhost\\@evil.example/", "http://localhost:99999/cb",
        "http://[::1]@evil.example/", "data:text/html,x", "http://localhost%2eevil.example/", "http:///cb",
        "http://localhost /cb", "http://localhost\t.evil.example/", "ftp://localhost/cb", "",
    ],
)  # fmt: skip
def test_nobody_is_led_to_other_hosts(visitor: Visitor, uri: str) -> None:
    answer = visitor.authorize(redirect_uri=uri)

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/cb/", "https://shop.example/cb?x=1", "https://shop.example/other", "http://shop.example/cb",
        "https://shop.example:444/cb", "http://127.0.0.1:4000/other", "http://localhost:5173/callback",
        "https://SHOP.example/cb", "com.example.shop:/other", "https://shop.example/cb/../other",
    ],
)  # fmt: skip
def test_a_registered_client_gets_what_it_registered(strict: Visitor, uri: str) -> None:
    assert strict.authorize(client_id="shop", redirect_uri=uri).status_code == 400


@pytest.mark.parametrize("uri", ["https://shop.example/cb", "http://127.0.0.1:49152/cb", "com.example.shop:/cb"])
def test_registered_places_are_led_to(strict: Visitor, uri: str) -> None:
    page = strict.authorize(client_id="shop", redirect_uri=uri, prompt="login")

    assert strict.choose(page, "mallory").headers["location"].startswith(f"{uri}?code=")


@given(
    st.text(max_size=60)
    | st.from_regex(r"(http|https|x|javascript)s?:(//)?[a-z0-9.:@/\\%\[\]#?-]{0,30}", fullmatch=True)
)
def test_whatever_is_accepted_is_of_this_machine(uri: str) -> None:
    if may_redirect(Client("web", None), uri):
        parts = urlsplit(uri)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname in LOOPBACK_HOSTS
        assert not parts.fragment
        assert "@" not in parts.netloc
        assert not set(policy_source(uri)) & set(" ;,'\"\r\n")


@given(st.text(max_size=60))
def test_no_registered_client_gets_a_place_that_differs(uri: str) -> None:
    known = IssuerClient(redirect_uris=("https://shop.example/cb",))

    assert may_redirect(Client("shop", known), uri) is (uri == "https://shop.example/cb")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "read admin"}, "invalid_scope"),
        ({"scope": 'read"'}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "http://evil.example/"}, "request_uri_not_supported"),
        ({"resource": "no-uri"}, "invalid_target"),
    ],
)
def test_a_client_is_told_what_is_wrong(strict: Visitor, changes: dict[str, str | None], error: str) -> None:
    answer = told(strict.authorize(client_id="shop", redirect_uri="https://shop.example/cb", **changes))

    assert (answer["error"], answer["state"]) == (error, "state-1")
    assert answer["iss"] == f"{strict.origin}/__issuer"


def test_a_parameter_that_comes_twice_is_refused(visitor: Visitor) -> None:
    query = [*visitor.query().items(), ("redirect_uri", "http://evil.example/")]

    assert visitor.client.get("/__issuer/authorize", params=query).status_code == 400


def test_a_code_is_good_once_and_ends_what_came_of_it(visitor: Visitor) -> None:
    code = visitor.code()
    tokens = visitor.exchange(code).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    before = visitor.client.get("/things", headers=bearer)
    again = visitor.exchange(code)
    after = visitor.client.get("/things", headers=bearer)
    renewed = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=tokens["refresh_token"])

    assert (before.status_code, after.status_code) == (200, 401)
    assert again.json()["error"] == "invalid_grant"
    assert renewed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43}, {"code_verifier": None}, {"client_id": "other"}, {"code_verifier": "v"},
        {"redirect_uri": "http://localhost:5173/other"}, {"redirect_uri": None}, {"code": "e30.e30.e30"},
    ],
)  # fmt: skip
def test_a_code_is_exchanged_by_who_asked_for_it(visitor: Visitor, changes: dict[str, str | None]) -> None:
    code = visitor.code()
    stolen = visitor.exchange(changes.get("code") or code, **{k: v for k, v in changes.items() if k != "code"})
    meant = visitor.exchange(code)

    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert meant.status_code == 200


def test_pkce_can_not_be_left_out_by_a_client_without_a_secret(visitor: Visitor) -> None:
    code = visitor.code(code_challenge=None, code_challenge_method=None)
    without = visitor.exchange(code, code_verifier=None)
    other = visitor.code(code_challenge=None, code_challenge_method=None)
    downgraded = visitor.exchange(other)

    assert without.json()["error"] == "invalid_grant"
    assert downgraded.json()["error"] == "invalid_grant"


def test_a_refresh_token_is_good_once(visitor: Visitor) -> None:
    first = visitor.log_in()["refresh_token"]
    second = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=first).json()
    stolen = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=first)
    after = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=second["refresh_token"])

    assert stolen.json()["error"] == "invalid_grant"
    assert after.json()["error"] == "invalid_grant"


def test_a_refresh_token_grants_no_more_than_was_granted(visitor: Visitor) -> None:
    token = visitor.log_in()["refresh_token"]
    more = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=token, scope="read write")
    less = visitor.token(grant_type="refresh_token", client_id="web", refresh_token=token, scope="read")

    assert more.json()["error"] == "invalid_scope"
    assert less.json()["scope"] == "read"


def forge(visitor: Visitor, kind: str) -> str:
    """A token that somebody made."""
    good = visitor.log_in()["access_token"]
    claims = dict(claims_of(good))
    key_set = visitor.client.get("/__issuer/jwks").json()
    public = RSAKey.import_key(key_set["keys"][0])
    header = {"typ": "at+jwt", "kid": key_set["keys"][0]["kid"]}
    none = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({**header, "alg": "none"}, claims)
    )
    return {
        "alg none": lambda: f"{none}.",
        "the public key as a secret": lambda: jwt.encode(
            {**header, "alg": "HS256"},
            claims,
            OctKey.import_key(public.as_pem().decode().replace("-----", "")),
            algorithms=["HS256"],
        ),
        "another key": lambda: jwt.encode({**header, "alg": "RS256"}, claims, RSAKey.generate_key(2048)),
        "a key of its own": lambda: jwt.encode(
            {**header, "alg": "RS256", "jwk": public.as_dict(private=False)}, claims, RSAKey.generate_key(2048)
        ),
        "a changed payload": lambda: ".".join((good.split(".")[0], none.split(".")[1], good.split(".")[2]))[:-2] + "AA",
        "an ID token": lambda: visitor.log_in()["id_token"],
        "a refresh token": lambda: visitor.log_in()["refresh_token"],
        "a code": visitor.code,
        "no token": lambda: "token",
        "too long": lambda: f"{good.split('.')[0]}.{'A' * 20_000}.{good.split('.')[2]}",
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    ["alg none", "the public key as a secret", "another key", "a key of its own", "a changed payload", "an ID token",
     "a refresh token", "a code", "no token", "too long"],
)  # fmt: skip
def test_a_token_that_is_not_an_access_token_of_this_issuer_is_refused(visitor: Visitor, kind: str) -> None:
    token = forge(visitor, kind)
    api = visitor.client.get("/things", headers={"authorization": f"Bearer {token}"})
    userinfo = visitor.client.get("/__issuer/userinfo", headers={"authorization": f"Bearer {token}"})

    assert (api.status_code, userinfo.status_code) == (401, 401)
    assert 'error="invalid_token"' in api.headers["www-authenticate"]


def test_a_form_of_another_page_chooses_nobody(visitor: Visitor) -> None:
    page = visitor.authorize(prompt="login")
    foreign = visitor.choose(page, "ada", origin="http://evil.example")
    unnamed = visitor.choose(page, "ada", origin="null")
    cross_site = visitor.choose(page, "ada", sec_fetch_site="cross-site")
    tampered = visitor.client.post("/__issuer/authorize", data={"ticket": ticket_of(page)[:-3] + "AAA", "user": "ada"})

    assert [answer.status_code for answer in (foreign, unnamed, cross_site, tampered)] == [400] * 4
    assert not any("location" in answer.headers for answer in (foreign, unnamed, cross_site, tampered))


def test_a_ticket_of_another_browser_chooses_nobody(visitor: Visitor) -> None:
    attacker = httpx2.Client(base_url=visitor.origin, trust_env=False)
    page = attacker.get("/__issuer/authorize", params=visitor.query(prompt="login"))
    attacker.close()
    answer = visitor.client.post("/__issuer/authorize", data={"ticket": ticket_of(page), "user": "ada"})

    assert answer.status_code == 400


def test_pages_of_other_origins_can_not_read_or_frame_the_login_page(visitor: Visitor) -> None:
    page = visitor.client.get(
        "/__issuer/authorize", params=visitor.query(prompt="login"), headers={"origin": "http://evil.example"}
    )
    token = visitor.client.post("/__issuer/token", data={}, headers={"origin": "http://app.example"})

    assert "access-control-allow-origin" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert token.headers["access-control-allow-origin"] == "http://app.example"


def test_names_of_users_and_clients_are_no_markup(strict: Visitor, visitor: Visitor) -> None:
    page = strict.authorize(client_id="shop", redirect_uri="https://shop.example/cb", prompt="login")
    other = visitor.authorize(client_id="<b>x</b>", login_hint='"><script>', prompt="login")

    assert "<script>" not in page.text + other.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<b>" not in other.text


@pytest.mark.parametrize("secret", ["wrong", "", "right-secret "])
def test_a_wrong_secret_gets_nothing(strict: Visitor, secret: str) -> None:
    answer = strict.token(("nightly", secret), grant_type="client_credentials", scope="read")

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_client_gets_the_scopes_that_it_may_have(strict: Visitor) -> None:
    right = ("nightly", "right-secret")

    assert strict.token(right, grant_type="client_credentials", scope="read write").json()["scope"] == "read"
    assert strict.token(right, grant_type="client_credentials", scope="write").json()["error"] == "invalid_scope"
    assert strict.token(("nobody", "x"), grant_type="client_credentials").status_code == 401
    assert strict.token(grant_type="client_credentials", client_id="shop").json()["error"] == "invalid_client"


def test_a_wrong_password_gets_nothing(strict: Visitor) -> None:
    def answer(password: str) -> httpx2.Response:
        return strict.token(
            ("nightly", "right-secret"), grant_type="password", username="mallory", password=password, scope="read"
        )

    assert answer("wrong").json()["error"] == "invalid_grant"
    assert claims_of(answer("pass-of-mallory").json()["access_token"])["sub"] == "mallory"


def test_nothing_secret_is_in_the_journal(visitor: Visitor) -> None:
    page = visitor.authorize(prompt="login")
    code = told(visitor.choose(page))["code"]
    tokens = visitor.exchange(code).json()
    visitor.token(("nightly", "my-own-s3cret-Value"), grant_type="client_credentials")
    visitor.token(grant_type="password", client_id="web", username="ada", password="pass-Of-Ada-1815")
    shown = visitor.client.get("/__admin/requests").text

    assert "/__issuer/token" in shown
    for secret in (
        *(str(tokens[name]) for name in ("access_token", "refresh_token", "id_token")),
        "pass-Of-Ada-1815",
        "my-own-s3cret-Value",
    ):
        assert secret not in shown


@pytest.mark.parametrize(
    "table",
    [
        {"claims": {"big": "x" * 9_000}}, {"claims": {"iss": "me"}}, {"users": {"a": {"claims": {"exp": 1}}}},
        {"clients": {"a": {"redirect_uris": ["javascript:alert(1)"]}}}, {"access_token": "0s"}, {"code": "never"},
        {"clients": {"a": {"redirect_uris": ["http://a/#x"]}}}, {"url": "javascript:x"}, {"unknown": 1},
        {"users": {"": {}}}, {"users": {"x" * 300: {}}}, {"claims": {"n": float("nan")}}, {"key": "/nowhere.pem"},
    ],
)  # fmt: skip
def test_settings_that_can_not_be_are_refused(tmp_path: Path, table: dict[str, object]) -> None:
    with pytest.raises(UsageError), issuing(tmp_path, issuer=table):
        pass


def test_a_found_file_leads_nobody_elsewhere(tmp_path: Path) -> None:
    for table in (
        {"key": "k.pem"},
        {"url": "http://a"},
        {"clients": {"a": {"redirect_uris": ["https://evil.example"]}}},
    ):
        assert sift({"issuer": table}, tmp_path).kept == {}
    own = {
        "issuer": {
            "users": {"bo": {}},
            "clients": {"a": {"redirect_uris": ["http://localhost:1/cb"]}, "b": {"secret": "x"}},
        }
    }
    assert sift(own, tmp_path).kept == own


def test_a_flag_over_a_table_says_only_whether_there_is_an_issuer() -> None:
    merged = merge_settings({"issuer": False}, {"issuer": {"code": "30s"}}).issuer

    assert (merged.enabled, merged.code) == (False, 30.0)


def test_a_logout_without_an_id_token_asks_first(visitor: Visitor) -> None:
    visitor.log_in()
    page = visitor.client.get("/__issuer/logout", params={"client_id": "web", "post_logout_redirect_uri": REDIRECT})
    still = visitor.authorize(prompt="none")
    done = visitor.client.post("/__issuer/logout", data={"ticket": ticket_of(page)}, headers={"origin": visitor.origin})
    elsewhere = visitor.client.get(
        "/__issuer/logout", params={"client_id": "web", "post_logout_redirect_uri": "http://evil.example"}
    )

    assert "code" in told(still)
    assert done.headers["location"] == REDIRECT
    assert told(visitor.authorize(prompt="none"))["error"] == "login_required"
    assert elsewhere.status_code == 400
