"""Logging in, in each way there is: tokens end all the time, and nothing secret is written anywhere."""

import functools
import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mock_server.cli.main import main
from mock_server.contract.login import open as login_opening
from mock_server.contract.login.logins import Login
from tests.support.issuer import CLIENT, PASSWORD, SECRET, USER, Issuer, document_of, running_issuer

BEARER = {"oauth": {"type": "http", "scheme": "bearer"}}
SESSION = {"session": {"type": "apiKey", "in": "header", "name": "X-Session"}}
COOKIE = {"sid": {"type": "apiKey", "in": "cookie", "name": "sid"}}
QUERY = {"key": {"type": "apiKey", "in": "query", "name": "session"}}
OAUTH = {
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {"read": "read"}}}}
}
LOGIN = f'{{"user": "{USER}", "password": "${{PASSWORD}}"}}'
CLIENT_FLAGS = ["--auth-client-id", CLIENT, "--auth-client-secret", "${SECRET}"]
REPORTS = "junit=r.xml,ctrf=r.json,har=r.har,html=r.html,ndjson=r.ndjson,markdown=r.md"
Run = Callable[..., int]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def run(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Test the API with some flags."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("PASSWORD", PASSWORD)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def call(path: str, schemes: dict[str, object], *flags: str) -> int:
        Path("openapi.json").write_text(json.dumps(document_of(path, schemes)))
        words = ["test", f"{issuer.url}/v1", "openapi.json", "--phases", "examples,coverage", "--report", REPORTS]
        return main([*words, *flags])

    return call


def assert_nothing_leaked(issuer: Issuer, folder: Path, *shown: str) -> None:
    written = "\n".join(
        path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file() and path.suffix != ".toml"
    )
    text = "\n".join((written, *shown))

    assert [secret for secret in (SECRET, PASSWORD, *issuer.tokens) if secret in text] == []


WAYS = {
    "client credentials": (
        "/things",
        BEARER,
        ["--auth-token-url", "{url}/token", *CLIENT_FLAGS, "--auth-scope", "read"],
    ),
    "the client in the body": (
        "/things",
        BEARER,
        ["--auth-token-url", "{url}/token", *CLIENT_FLAGS, "--auth-client-in", "body"],
    ),
    "the token URL of the document": ("/things", OAUTH, CLIENT_FLAGS),
    "password, then refresh": (
        "/things",
        BEARER,
        ["--auth-token-url", "{url}/token", *CLIENT_FLAGS, "--auth-username", USER, "--auth-password", "${PASSWORD}"],
    ),
    "discovery": ("/things", BEARER, ["--auth-issuer", "{url}", *CLIENT_FLAGS]),
    "JSON, token by pointer": (
        "/things",
        BEARER,
        ["--auth-request", "POST {url}/login", "--auth-body", LOGIN, "--auth-token", "/data/session/jwt"],
    ),
    "PUT of a form, token in the header": (
        "/keyed",
        SESSION,
        [
            "--auth-request",
            "PUT {url}/login/header",
            "--auth-body",
            LOGIN,
            "--auth-body-type",
            "form",
            "--auth-token",
            "header:X-Session",
        ],
    ),
    "a cookie of the document": (
        "/baked",
        COOKIE,
        ["--auth-request", "POST {url}/login/cookie", "--auth-body", LOGIN, "--auth-token", "cookie:sid"],
    ),
    "a cookie that the document does not name": (
        "/baked",
        BEARER,
        ["--auth-request", "POST {url}/login/cookie", "--auth-body", LOGIN, "--auth-token", "cookies"],
    ),
    "in the query": (
        "/queried",
        QUERY,
        ["--auth-request", "POST {url}/login", "--auth-body", LOGIN, "--auth-token", "/data/session/jwt"],
    ),
    "as the user says": (
        "/keyed",
        BEARER,
        [
            "--auth-request",
            "POST {url}/login",
            "--auth-body",
            LOGIN,
            "--auth-token",
            "/data/session/jwt",
            "--auth-send",
            "X-Session: {token}",
        ],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_run_stays_logged_in(
    way: str, issuer: Issuer, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tokens end after four requests: each end is met with one renewal, and the answer judged is the one after it."""
    path, schemes, flags = WAYS[way]
    code = run(path, schemes, *(flag.replace("{url}", issuer.url) for flag in flags))
    captured = capsys.readouterr()

    assert code == 1  # the planted defect
    assert "[response-body-schema]" in captured.out
    assert sum(issuer.asked.values()) > 3
    assert "not logged in" not in captured.err
    assert "ignored_auth" not in captured.out
    assert_nothing_leaked(issuer, tmp_path, captured.out, captured.err)


@pytest.mark.parametrize("way", ["client credentials", "password, then refresh", "discovery"])
def test_tokens_of_two_seconds_are_renewed_before_they_end(
    way: str, issuer: Issuer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock of the issuer: no request comes with a token that has ended, so none has to be sent again."""
    monkeypatch.setattr(login_opening, "Login", functools.partial(Login, clock=lambda: issuer.now))
    path, schemes, flags = WAYS[way]
    run(path, schemes, *(flag.replace("{url}", issuer.url) for flag in flags))

    assert issuer.asked.total() > 3
    assert issuer.late == 0
    assert issuer.served[200] > 10


def test_a_refresh_token_is_used_before_the_password(issuer: Issuer, run: Run) -> None:
    path, schemes, flags = WAYS["password, then refresh"]
    run(path, schemes, *(flag.replace("{url}", issuer.url) for flag in flags))

    assert issuer.asked["password"] == 1
    assert issuer.asked["refresh_token"] > 2


def test_a_function_gives_tokens(issuer: Issuer, run: Run, tmp_path: Path) -> None:
    """A text is a token; header fields are sent as they are."""
    (tmp_path / "logging_in.py").write_text(
        "import json, urllib.request\n"
        "def token(url):\n"
        f"    body = json.dumps({{'user': {USER!r}, 'password': {PASSWORD!r}}}).encode()\n"
        "    json_ = {'Content-Type': 'application/json'}\n"
        "    request = urllib.request.Request(url.removesuffix('/v1') + '/login', body, json_, method='POST')\n"
        "    return json.load(urllib.request.urlopen(request))['data']['session']['jwt']\n"
        "def fields(url):\n"
        "    return {'X-Session': token(url)}\n"
    )

    assert run("/things", BEARER, "--auth-function", "logging_in:token") == 1
    assert run("/keyed", BEARER, "--auth-function", "logging_in:fields") == 1
    assert issuer.asked["POST /login"] > 6


def test_a_settings_file_has_a_login_for_each_operation_and_scheme(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password.txt").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("SECRET", SECRET)
    document = document_of("/things", {**BEARER, **SESSION})
    things = document["paths"]["/things"]["get"]  # type: ignore[index]
    things["security"] = [{"oauth": []}]
    keyed = {**things, "operationId": "keyed", "security": [{"session": []}]}
    document["paths"]["/keyed"] = {"get": keyed}  # type: ignore[index]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "settings.toml").write_text(
        f'[test.auth]\ntoken_url = "{issuer.url}/token"\nclient_id = "{CLIENT}"\nclient_secret = "${{SECRET}}"\n'
        f'[test.auth.keyed]\noperations = ["keyed"]\nscheme = ["session"]\nrequest = "POST {issuer.url}/login/header"\n'
        f'token = "header:X-Session"\nbody = {{user = "{USER}", password = "${{file:password.txt}}"}}\n'
    )
    code = main(["test", f"{issuer.url}/v1", "openapi.json", "--config", "settings.toml", "--phases", "coverage"])
    shown = capsys.readouterr()

    assert code == 1
    assert shown.out.count("[response-body-schema]") == 1
    assert "also: keyed" in shown.out
    assert issuer.asked["client_credentials"] > 1
    assert issuer.asked["POST /login/header"] > 1
    assert PASSWORD not in shown.out + shown.err


WFC = """
auth:
  - name: ada
    loginEndpointAuth:
      payloadUserPwd: {{username: {user}, password: "${{PASSWORD}}", usernameField: user, passwordField: password}}
authTemplate:
  loginEndpointAuth:
    endpoint: {endpoint}
    verb: POST
    contentType: {content}
    {rest}
"""


@pytest.mark.parametrize(
    ("path", "schemes", "endpoint", "content", "rest"),
    [
        ("/baked", COOKIE, "/login/cookie", "application/x-www-form-urlencoded", "expectCookies: true"),
        ("/things", BEARER, "/login", "application/json",
         "token: {extractFrom: body, extractSelector: /data/session/jwt, sendIn: header, sendName: Authorization, sendTemplate: 'Bearer {token}'}"),
        ("/queried", QUERY, "/login/header", "application/json",
         "token: {extractFrom: header, extractSelector: X-Session, sendIn: query, sendName: session}"),
    ],
)  # fmt: skip
def test_a_web_fuzzing_commons_file_says_how_to_log_in(
    issuer: Issuer,
    run: Run,
    tmp_path: Path,
    path: str,
    schemes: dict[str, object],
    endpoint: str,
    content: str,
    rest: str,
) -> None:
    (tmp_path / "auth.yaml").write_text(WFC.format(user=USER, endpoint=endpoint, content=content, rest=rest))

    assert run(path, schemes, "--auth-file", "auth.yaml") == 1
    assert issuer.asked[f"POST {endpoint}"] > 3


def test_the_user_of_a_web_fuzzing_commons_file_is_chosen(
    issuer: Issuer, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a choice the first user is who asks, and the second one who must not see what the first one created."""
    issuer.held["of-bob-7Hq2Lx93Tz"] = 1e9
    (tmp_path / "auth.yaml").write_text(
        "auth:\n"
        "  - {name: eve, fixedHeaders: [{name: Authorization, value: Bearer nothing}]}\n"
        "  - {name: bob, fixedHeaders: [{name: Authorization, value: ' Bearer of-bob-7Hq2Lx93Tz'}]}\n"
    )

    assert run("/things", BEARER, "--auth-file", "auth.yaml") == 2
    assert run("/things", BEARER, "--auth-file", "auth.yaml", "--auth-user", "bob") == 1
    assert run("/things", BEARER, "--auth-file", "auth.yaml", "--auth-user", "ada") == 2
    captured = capsys.readouterr()
    assert "no user 'ada'; there are eve, bob" in captured.err
    assert_nothing_leaked(issuer, tmp_path / "r.html", captured.out)


REFUSED = {
    "users that would have to be created": (
        ["--auth-file", "users.yaml"],
        "createUsers is not supported: name a user that exists",
    ),
    "the client": (
        ["--auth-token-url", "{url}/token", "--auth-client-id", "other", "--auth-client-secret", "other"],
        "401 invalid_client who are you?",
    ),
    "no token in the answer": (
        ["--auth-request", "POST {url}/login", "--auth-body", LOGIN, "--auth-token", "/token"],
        "has no token at /token",
    ),
    "a password": (
        ["--auth-request", "POST {url}/login", "--auth-body", '{"user": "eve", "password": "1234"}'],
        "was answered 403 wrong password",
    ),
    "two ways at once": (["--auth-token-url", "{url}/token", "--auth-issuer", "{url}"], "not token_url and issuer"),
    "no way": (["--auth-scope", "read"], "client_id, username or refresh_token"),
    "a scheme that is not there": (
        ["--auth-token-url", "{url}/token", *CLIENT_FLAGS, "--auth-scheme", "nobody"],
        "no security scheme 'nobody'",
    ),
    "no such variable": (["--auth-client-id", "${NOBODY_SET_THIS}"], "NOBODY_SET_THIS is not set"),
    "no such file": (["--auth-client-id", "${file:nowhere.txt}"], "nowhere.txt"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_log_in_ends_with_2_and_the_reason(
    why: str, issuer: Issuer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    flags, reason = REFUSED[why]
    Path("users.yaml").write_text("auth: [{name: ada, createUsers: [{endpoint: /users, verb: POST}]}]\n")

    assert run("/things", BEARER, *(flag.replace("{url}", issuer.url) for flag in flags)) == 2
    assert reason in capsys.readouterr().err
    assert issuer.served.total() == 0


def test_nobody_is_asked_but_the_api_and_who_was_named(
    issuer: Issuer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A discovery document, and the document itself, may name any host: it gets no secret of the user's."""
    with running_issuer() as stranger:
        issuer.endpoint = f"{stranger.url}/token"
        flows = {"clientCredentials": {"tokenUrl": f"{stranger.url}/token", "scopes": {}}}

        assert run("/things", BEARER, "--auth-issuer", issuer.url, *CLIENT_FLAGS) == 2
        assert f"gives tokens at {stranger.url}/token" in capsys.readouterr().err
        assert run("/things", {"oauth": {"type": "oauth2", "flows": flows}}, *CLIENT_FLAGS) == 2
        assert "name it with `token_url`" in capsys.readouterr().err
        assert stranger.asked.total() == 0


def test_a_found_settings_file_logs_in_nowhere(
    issuer: Issuer, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mock-server.toml").write_text(
        f'[test]\nauth-function = "evil:run"\n[test.auth]\ntoken_url = "{issuer.url}/token"\nclient_id = "${{SECRET}}"\n'
    )

    assert run("/things", BEARER) == 2
    assert "auth-function and auth in it are not trusted" in capsys.readouterr().err
    assert issuer.asked.total() == 0


def test_an_api_that_refuses_every_token_is_not_asked_for_ever(issuer: Issuer, run: Run) -> None:
    """The token is not the reason then: renewals end."""
    issuer.is_blind = True

    assert run("/things", BEARER, "--auth-token-url", f"{issuer.url}/token", *CLIENT_FLAGS) == 2
    assert issuer.asked["client_credentials"] <= 21


def test_an_issuer_that_goes_away_is_said_and_what_was_found_stays(
    issuer: Issuer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    grant = issuer.grant

    def grant_once(form: dict[str, str], client: tuple[str, str]) -> tuple[int, dict[str, object]]:
        answer = grant(form, client)
        issuer.refuses = True
        return answer

    issuer.grant = grant_once  # type: ignore[method-assign]
    code = run("/things", BEARER, "--auth-token-url", f"{issuer.url}/token", *CLIENT_FLAGS)
    shown = capsys.readouterr()

    assert code == 1
    assert "the login failed" in shown.err
    assert "[response-body-schema]" in shown.out


def test_the_same_seed_sends_the_same_requests_whatever_the_tokens(issuer: Issuer, run: Run, tmp_path: Path) -> None:
    flags = ["--auth-token-url", f"{issuer.url}/token", *CLIENT_FLAGS, "--report", "ndjson=one.ndjson"]
    run("/things", BEARER, *flags)
    run("/things", BEARER, *flags[:-1], "ndjson=two.ndjson")

    def requests(name: str) -> list[object]:
        lines = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        return [line.get("request") for line in lines]

    assert requests("one.ndjson") == requests("two.ndjson")


def make_certificate(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*words, *names, *more], check=True, capture_output=True, timeout=20)
    return cert, key


def test_a_client_certificate_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API takes no other client, and its certificate is trusted by --ca alone."""
    monkeypatch.chdir(tmp_path)
    own, own_key = make_certificate(tmp_path, "server", "-nodes")
    client, client_key = make_certificate(tmp_path, "client", "-nodes")
    locked, locked_key = make_certificate(tmp_path, "locked", "-passout", "pass:1234")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, own_key)
    context.load_verify_locations(client)
    context.verify_mode = ssl.CERT_REQUIRED
    document = document_of("/things", BEARER)
    Path("openapi.json").write_text(json.dumps(document))
    with running_issuer(context) as issuer:
        issuer.held["of-ada-7Hq2Lx93Tz"] = 1e9
        words = ["test", f"{issuer.url}/v1", "openapi.json", "--auth", "oauth=of-ada-7Hq2Lx93Tz"]
        flags = ["--ca", str(own), "--phases", "examples"]

        assert main([*words, *flags, "--cert", str(client), "--key", str(client_key)]) == 1
        assert main([*words, *flags]) == 1
        assert "only no answer" in capsys.readouterr().err
        assert main([*words, "--cert", str(client), "--key", str(client_key)]) == 2
        assert "can't be reached" in capsys.readouterr().err
        assert main([*words, *flags, "--cert", str(locked), "--key", str(locked_key)]) == 2
        assert "the key is encrypted" in capsys.readouterr().err
        assert main([*words, *flags, "--key", str(client_key)]) == 2
        assert main([*words, *flags, "--cert", "openapi.json"]) == 2
