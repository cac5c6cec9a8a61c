"""
Secrets of every shape, planted in every place of an exchange, are in nothing that is written or shown.

What is looked through: journal (JSON, NDJSON, HAR, one, unmatched, found, near misses), explanations, console pages, log lines, metrics,
callbacks, reports of `test`, its files for later, recorded and saved fixtures with their names, what `validate` prints.
"""

import asyncio
import base64
import gzip
import html
import json
import logging
import re
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server import load
from mock_server.admin.access import Guard
from mock_server.cli.main import main
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import install_admin, install_console
from mock_server.contract.api import make_api
from mock_server.contract.model import Exchanged, Incidents, Intent, Probe, Verdict
from mock_server.contract.plan import Exercised
from mock_server.contract.replay import find_kept, keep
from mock_server.contract.reports.formats import REPORTS, record_run, render_report
from mock_server.contract.reports.pytest_module import save_fixtures, save_tests
from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.runner import Exercise, Report
from mock_server.contract.scope import write_baseline
from mock_server.contract.transport.http import Received
from mock_server.exchange.message import Request, Response
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.mask import NO_MASK, Mask
from mock_server.exchange.secrets.names import hides
from mock_server.findings import Finding, Place
from mock_server.judges.identity import Identity, make_mask, restore
from mock_server.proxy.judge import ProxyJudge, SeenExchange
from mock_server.proxy.record import Recorder
from mock_server.respond.answer import Answer
from mock_server.respond.journal import Recorded
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.server.backend import Backend, Delivery, mask_posted
from mock_server.server.masker import Masker
from mock_server.settings import Settings
from mock_server.testing.cases import write_incident
from tests.support.asgi_client import AsgiClient
from tests.support.paths import ROOT

NAMES = [
    "password", "pass", "db_pass", "dbPass", "pwd", "userPwd", "passwd", "passphrase", "newPassword", "password2", "session", "sessionId",
    "SESSION_ID", "JSESSIONID", "connect.sid", "token", "tokens", "accessToken", "refresh-token", "id.token", "AuthToken", "authtoken",
    "secret", "clientSecret", "client_secret", "secrets", "secretAccessKey", "signature", "X-Amz-Signature", "sig", "otp", "otpCode",
    "credential", "credentials", "apiKey", "api-key", "API_KEY", "apikey", "x-auth-token", "X-Auth-User", "csrf", "_csrf", "csrfToken",
    "XSRF-TOKEN", "csrfmiddlewaretoken", "user[password]", "jwt", "privateKey", "Authorization",
    "mfa_code", "mfaCode", "2fa_code", "recovery_codes", "backupCodes", "recoveryPhrase", "seed_phrase", "unlock_code", "security_answer",
]  # fmt: skip
OPEN_NAMES = [
    "passenger", "compass", "design", "tokenizer", "passport", "secretary", "assigned", "resign", "author", "authority", "sessions", "bypass",
    "monkey", "keyboard", "key", "option", "insight", "optional", "insider", "pageToken", "next_page_token", "signup", "obsession",
    "country_code", "codes", "backup", "backup_id", "recovery_time", "answer", "seed", "unlocked", "mfa", "postal_code",
]  # fmt: skip
COUNTS = [
    "max_tokens", "total_tokens", "maxTokens", "token_count", "session_duration", "password_length", "tokenLimit", "completion_tokens",
    "token_expires_in", "sessionTimeout", "promptTokens",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_below_a_secret_name_is_masked(name: str) -> None:
    below = [{"a": ["Zq8xv1", {"b": 839201}]}, 8392.01, ["Zq8xv1"], "Zq8xv1"]
    shown = json.dumps([NO_MASK.value({name: value}) for value in below])

    assert re.findall("Zq8xv1|8392", shown) == []
    assert NO_MASK.value({name: [True, None, ""]}) == {name: [True, None, ""]}
    assert b"Zq8xv1" not in NO_MASK.query(f"{quote(name)}=Zq8xv1&a=b".encode())


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_a_false_friend_is_left_alone(name: str) -> None:
    assert NO_MASK.value({name: ["Zq8xv1", 839201]}) == {name: ["Zq8xv1", 839201]}
    assert not hides(name, "Zq8xv1")


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_is_no_secret(name: str) -> None:
    assert NO_MASK.value({name: 4096}) == {name: 4096}
    assert NO_MASK.query(f"{name}=4096".encode()) == f"{name}=4096".encode()


S = "Zq8xv1kP"
SIGNED = f"eyJhbGciOiJIUzI1NiJ9.{S}.{S}"
TEXTS = [
    f"https://user:{S}@host/x", f"see https://h/x?token={S}&a=1", f"https://h/cb#access_token={S}&b=1", f"redis://:{S}@h:6379/0",
    f'{{"password":"{S}"}}', f'it said {{"password": "{S}"}} and', f"{{'password': '{S}'}}", f'{{\\"password\\":\\"{S}\\"}}',
    f"a=1&password={S}&b=2", f"Authorization: Bearer {S}", f"it sent Bearer {S}", f"bearer {S}", f"password: {S}", f"X-Auth-Token: {S}",
    "Authorization: Basic " + base64.b64encode(f"u:{S}".encode()).decode(), f'login(password: "{S}")', f"--password={S}", f"--token {S}",
    f"PASSWORD='{S}'", f"export API_KEY={S}", f"Set-Cookie: sid={S}; Path=/", f"Cookie: theme=dark; sid={S}",
    f"Server=x;User Id=sa;Password={S};Encrypt=true", SIGNED, f"<a><password>{S}</password></a>", f"<u password='{S}'/>",
    quote(f'{{"password":"{S}"}}'), f"next=https%3A%2F%2Fh%2F%3Ftoken%3D{S}", f"/a;jsessionid={S}/b", f"password => {S}",
    base64.b64encode(f'{{"password":"{S}"}}'.encode()).decode(), f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{S}\ncut", f"https://hooks.slack.com/services/T0/B0/{S}",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_text_is_masked(text: str) -> None:
    shown = NO_MASK.text(text)

    assert S not in shown
    assert base64.b64encode(f"u:{S}".encode()).decode() not in shown
    assert MASKED in unquote(shown)
    assert NO_MASK.text(shown) == shown


KEYS = [
    "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "github_pat_11ABCDEFG0abcdefghijkl_mnop", "glpat-aBcDeFgHiJkLmNoPqRsT",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "rk_test_4eC39HqLyjWDarjtT1zdp7dc", "whsec_abcdefgh12345678", "xoxb-123456789012-abcdefGHIJKL",
    "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "ya29.a0AfH6SMBx-abcdef123", "sk-proj-abcdefghijklmnop1234", "SG.abcdefghijkl.mnopqrstuvwxyz12",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789", "hf_abcdefghijklmnopqrstuvwxyz", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Vd3kR9xQ2mLpT7wZs5Yb8NcH", SIGNED,
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "the key {} is", '"{}"', "https://h/{}/x", "x={}", "a,{},b"])
def test_a_key_shows_by_its_shape(key: str, around: str) -> None:
    assert key not in NO_MASK.text(around.format(key))
    assert key not in json.dumps(NO_MASK.value({"note": around.format(key)}))


KEPT = [
    "8f14e45f-ceea-467f-a8f6-c4c2d1a2b3c4", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "getChargerLocationStatus2WhateverElse", "2026-11-30T13:40:13Z",
    "the body at /password: the property is required", "Bearer authentication is needed", "an Authorization header of the scheme Bearer",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "/usr/lib/python3/dist-packages/Something", "token: is too short",
    "https://example.com/a/b?x=1#part", "user@example.com", "4111111111111111", "an-ordinary-slug-of-a-page-with-12-words-in-it",
    "ComponentsSchemasLocationEvseConnector2", "507f1f77bcf86cd799439011", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sign in with your password",
    "cus_NffrFeUfNV2Hib", "application/vnd.github.v3+json", 'W/"33a64df551425fcc"', "a token is needed", "Basic plan", "the session: it ended",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert NO_MASK.text(text) == text
    assert NO_MASK.value({"note": text}) == {"note": text}


def test_an_etag_stays() -> None:
    fields = ((b"etag", b'"Vd3kR9xQ2mLpT7wZs5Yb8NcH"'), (b"if-none-match", b'"Vd3kR9xQ2mLpT7wZs5Yb8NcH"'))

    assert NO_MASK.fields(fields) == fields


LONG = [
    "a" * 300_000, "a=b&" * 60_000, "<a " * 60_000, "'" * 100_000, '\\"' * 100_000, "-----BEGIN PRIVATE KEY-----" * 5_000,
    "password: " * 30_000, "a:" * 100_000, "pin:" * 50_000, "token:" * 30_000, "://" * 60_000 + "@", "x.y-" * 60_000, '"' + "\\" * 100_000, "password=\\" * 20_000, "<!--" * 40_000,
    '<a b="' * 40_000, "bearer " * 30_000, "eyJaaaaa." * 30_000, 'name="' * 40_000, "%41" * 60_000, "<![CDATA[" * 30_000, "--a " * 50_000,
    "a: \n" * 40_000, "- " * 80_000, "[" * 50_000, '{"a":' * 20_000,
]  # fmt: skip


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json", "application/xml", "application/yaml", "text/csv"]
)
def test_masking_takes_no_longer_than_reading(media_type: str) -> None:
    started = time.process_time()
    for text in LONG:
        NO_MASK.body([(b"content-type", media_type.encode())], text.encode())

    assert time.process_time() - started < 20  # CPU seconds, for two dozen attacks: one of square time takes minutes


# -- secrets in every place

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Places", "version": "1"},
    "security": [{}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "operationId": "postThing",
                "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}],
                "requestBody": {"content": {"*/*": {}}},
                "responses": {"default": {"description": "", "content": {"application/json": {}}}},
            },
        },
        "/reset/{token}": {
            "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "operationId": "reset",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "properties": {
                                    "door": {"type": "string", "format": "password"},
                                    "n": {"type": "integer"},
                                }
                            }
                        }
                    }
                },
                "responses": {"200": {"description": "", "content": {"application/json": {}}}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            "tenant": {"type": "apiKey", "in": "header", "name": "X-Tenant-Access"},
            "code": {"type": "apiKey", "in": "query", "name": "code"},
        }
    },
}
JSON = "application/json"


def ask(
    path: str = "/things/1",
    query: str = "",
    body: bytes = b"",
    media_type: str = JSON,
    answer: Any = None,
    **fields: str,
) -> tuple[Request, Response]:
    """An exchange; field names have underscores for hyphens, those of the answer begin with `answer_`."""
    sent = [(b"host", b"127.0.0.1:4010")] + ([(b"content-type", media_type.encode())] if body else [])
    got = [(b"content-type", JSON.encode())]
    for name, value in fields.items():
        side, key = (got, name.removeprefix("answer_")) if name.startswith("answer_") else (sent, name)
        side.append((key.replace("_", "-").encode(), value.encode("latin-1", "replace")))
    request = Request("POST", path.encode(), query.encode(), sent, body)
    return request, Response(200, got, answer if isinstance(answer, bytes) else orjson.dumps(answer))


def form(secret: str) -> str:
    return f"a=b&password={quote(secret, safe='')}"


def parts(secret: str, head: str = 'name="password"', kind: str = "") -> bytes:
    written = f"Content-Type: {kind}\r\n" if kind else ""
    return f"--XyZ\r\nContent-Disposition: form-data; {head}\r\n{written}\r\n{secret}\r\n--XyZ--\r\n".encode()


Planted = Callable[[str], tuple[Request, Response]]
PLACES: dict[str, Planted] = {
    "a path variable": lambda s: ask(f"/reset/{quote(s, safe='')}"),
    "a matrix parameter": lambda s: ask(f"/things/1;token={quote(s, safe='')}"),
    "the query": lambda s: ask(query=f"n=1&access_token={quote(s, safe='')}"),
    "the key of the document in a query": lambda s: ask(query=f"code={quote(s, safe='')}"),
    "a deep query": lambda s: ask(query=f"user[password]={quote(s, safe='')}"),
    "JSON in a query": lambda s: ask(query=f"q={quote(json.dumps({'token': s}), safe='')}"),
    "a URL in a query": lambda s: ask(query=f"to={quote(f'https://u:{quote(s)}@h/?token={quote(s)}', safe='')}"),
    "bearer": lambda s: ask(authorization=f"Bearer {s}"),
    "basic": lambda s: ask(authorization="Basic " + base64.b64encode(f"me:{s}".encode()).decode()),
    "digest": lambda s: ask(authorization=f'Digest username="me", response="{s}"'),
    "a header field": lambda s: ask(x_auth_token=s),
    "the key of the document in a field": lambda s: ask(x_tenant_access=s),
    "a session in a field": lambda s: ask(session_id=s),
    "a cookie": lambda s: ask(cookie=f"theme=dark; sid={quote(s)}"),
    "a referer": lambda s: ask(referer=f"https://h/?token={quote(s)}#access_token={quote(s)}"),
    "JSON": lambda s: ask(body=orjson.dumps({"user": {"credentials": [{"value": s}]}})),
    "JSON with a number": lambda s: ask(body=orjson.dumps({"otp": [s, 839201775]})),
    "JSON in JSON": lambda s: ask(body=orjson.dumps({"payload": json.dumps({"clientSecret": s})})),
    "a form in JSON": lambda s: ask(body=orjson.dumps({"payload": form(s)})),
    "a list of fields in JSON": lambda s: ask(body=orjson.dumps({"fields": [{"name": "api-key", "value": s}]})),
    "JSON that hides a member": lambda s: ask(body=b'{"password":' + orjson.dumps(s) + b',"password":null}'),
    "JSON that is broken": lambda s: ask(body=b'{"password":' + orjson.dumps(s) + b","),
    "JSON said to be text": lambda s: ask(body=orjson.dumps({"password": s}), media_type="text/plain"),
    "JSON said to be nothing": lambda s: ask(body=orjson.dumps({"password": s}), media_type=""),
    "JSON that is packed": lambda s: ask(
        body=gzip.compress(orjson.dumps({"password": s}), mtime=0), content_encoding="gzip"
    ),
    "JSON lines": lambda s: ask(body=orjson.dumps({"token": s}) + b"\n{}\n", media_type="application/x-ndjson"),
    "a password of the document": lambda s: ask("/reset/x", body=orjson.dumps({"door": s, "n": "x"})),
    "a form": lambda s: ask(body=form(s).encode(), media_type="application/x-www-form-urlencoded"),
    "a form said to be text": lambda s: ask(body=form(s).encode(), media_type="text/plain"),
    "a part": lambda s: ask(body=parts(s), media_type="multipart/form-data; boundary=XyZ"),
    "a part of JSON": lambda s: ask(
        body=parts(json.dumps({"token": s}), 'name="meta"; filename="a.json"', JSON),
        media_type="multipart/form-data; boundary=XyZ",
    ),
    "an element": lambda s: ask(
        body=f"<a><password>{html.escape(s)}</password></a>".encode(), media_type="application/xml"
    ),
    "a deep element": lambda s: ask(
        body=f"<a><x:secret><v>{html.escape(s)}</v></x:secret></a>".encode(), media_type="text/xml"
    ),
    "an attribute": lambda s: ask(body=f'<a token="{html.escape(s)}"/>'.encode(), media_type="application/soap+xml"),
    "YAML": lambda s: ask(body=f"a: 1\npassword: {json.dumps(s)}\n".encode(), media_type="application/yaml"),
    "a block of YAML": lambda s: ask(body=f"secret: |\n  {s}\n  x\nb: 2\n".encode(), media_type="application/yaml"),
    "a list of YAML": lambda s: ask(body=f"tokens:\n- {json.dumps(s)}\n".encode(), media_type="application/x-yaml"),
    "a column": lambda s: ask(body=f'user,password\nme,"{s}"\n'.encode(), media_type="text/csv"),
    "a line of text": lambda s: ask(body=f"user: me\npassword: {s}\n".encode(), media_type="text/plain"),
    "a query of GraphQL": lambda s: ask(
        body=f"mutation {{ login(password: {json.dumps(s)}) }}".encode(), media_type="application/graphql"
    ),
    "a cookie that is set": lambda s: ask(answer_set_cookie=f"sid={quote(s)}; Path=/; HttpOnly"),
    "Location": lambda s: ask(answer_location=f"https://h/cb?state=1#access_token={quote(s)}"),
    "Link": lambda s: ask(answer_link=f'<https://h/?token={quote(s)}>; rel="next"'),
    "a field of the answer": lambda s: ask(answer_x_csrf_token=s),
    "JSON of the answer": lambda s: ask(answer={"data": {"accessToken": s, "expiresIn": 3600}}),
    "a list of the answer": lambda s: ask(answer=[{"sessions": [{"token": s}]}]),
    "an echo in a text": lambda s: ask(authorization=f"Bearer {s}", answer={"message": f"you said {s}, thanks"}),
    "an echo of a body": lambda s: ask(body=orjson.dumps({"password": s}), answer={"received": {"body": {"given": s}}}),
    "an echo in base64": lambda s: ask(x_api_key=s, answer={"blob": base64.b64encode(s.encode()).decode()}),
    "an echo in a field": lambda s: ask(cookie=f"sid={quote(s)}", answer_x_echo=quote(s)),
    "an echo in the path": lambda s: ask(f"/things/{quote(s, safe='')}", body=orjson.dumps({"pwd": s})),
    "an echo in the query": lambda s: ask(query=f"n={quote(s, safe='')}", body=orjson.dumps({"pwd": s})),
    "an echo of the answer": lambda s: ask(query=f"note={quote(s, safe='')}", answer={"session": s}),
}
LETTERS = string.ascii_letters + string.digits
STRONG = st.tuples(
    st.text(LETTERS, min_size=8, max_size=24),
    st.sampled_from(string.digits),
    st.sampled_from("GHJKQXZ"),
    st.sampled_from("ghjkqxz"),
).map("".join)
SHAPES = st.one_of(
    STRONG,
    STRONG.map(lambda text: f"{text[:6]}-{text[6:]}"),
    STRONG.map(lambda text: f"{text[:6]}&=+ {text[6:]}"),
    STRONG.map(lambda text: f"{text[:5]}ä/{text[5:]}%41"),
    st.integers(10**11, 10**15).map(str),
    st.sampled_from([key for key in KEYS if "/" not in key]),
)


@dataclass(repr=False, eq=False)
class Shown:
    """Everything that a server writes and shows of an exchange, and the responder that judges it."""

    client: AsgiClient
    backend: Backend
    responder: Responder
    fixtures: Path

    def texts(self, request: Request, response: Response) -> Iterator[tuple[str, str]]:
        """All that is shown of an exchange, by what shows it."""
        world = self.backend.worlds.everybody
        world.journal.clear()
        entry = next(
            e
            for e in self.responder.document.entries
            if e.id == ("reset" if request.path.startswith(b"/reset") else "postThing")
        )
        finding = Finding(
            rule="request-body-schema", message=f"the body is wrong: {request.body!r}", instance=("body", "password")
        )
        answer = Answer(response.status, list(response.fields), response.body, "fixture:x", entry, (finding,))
        self.backend.record(request, answer, world, time.perf_counter())
        recorded = next(iter(world.journal))
        for target in (
            "requests", "requests?format=ndjson", "requests?format=har", f"requests/{recorded.id}", f"explain?request={recorded.id}",
            "callbacks", "requests/unmatched", "requests/unmatched/near-misses",
        ):  # fmt: skip
            yield target, self.client.ask(f"/__admin/{target}").body.decode("utf-8", "replace")
        yield (
            "find",
            self.client.ask("/__admin/requests/find", "POST", json={"method": "ANY"}).body.decode("utf-8", "replace"),
        )
        yield (
            "near",
            self.client.ask("/__admin/near-misses/request-pattern", "POST", json={"urlPath": "/x"}).body.decode(
                "utf-8", "replace"
            ),
        )
        given = self.client.ask(f"/__admin/requests/{recorded.id}").json["request"]
        yield "explain", self.client.ask("/__admin/explain", "POST", json=given).body.decode("utf-8", "replace")
        yield "metrics", self.client.ask("/metrics").body.decode("utf-8", "replace")
        for page in (
            "",
            f"exchanges/{recorded.id}",
            f"exchanges/{recorded.id}/request.txt",
            f"exchanges/{recorded.id}/answer.txt",
        ):
            yield (
                f"console {page}",
                html.unescape(self.client.ask(f"/__console/{page}").body.decode("utf-8", "replace")),
            )
        yield from self.saved(recorded)

    def saved(self, recorded: Recorded) -> Iterator[tuple[str, str]]:
        page = self.client.ask(f"/__console/exchanges/{recorded.id}").body.decode("utf-8", "replace")
        suggested = re.search(r'name="name"[^>]*value="([^"]*)"', page)
        name = suggested.group(1) if suggested else "kept"
        body = f"name={quote(name)}&replace=1".encode()
        fields = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{self.client.host}"}
        yield (
            "save",
            self.client.ask(
                f"/__console/exchanges/{recorded.id}/fixture", "POST", body=body, headers=fields
            ).body.decode("utf-8", "replace"),
        )
        yield from files(self.fixtures)


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """What is in a folder, with the names; it is empty then."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"file {path.name}", f"{path.relative_to(folder)}\n{path.read_text()}"
            path.unlink()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("places")
    (folder / "openapi.json").write_bytes(orjson.dumps(DOCUMENT))
    (folder / "fixtures").mkdir()
    chosen = Settings(fixtures=folder / "fixtures")
    opened = open_responder(str(folder / "openapi.json"), chosen)
    backend = assemble([opened], chosen)
    guard = Guard()
    install_console(backend, guard, install_admin(backend, guard))
    return Shown(AsgiClient(create_app(backend)), backend, opened.responder, folder / "fixtures")


def forms_of(secret: str) -> set[str]:
    """What would tell a secret."""
    data = secret.encode()
    written = {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], html.escape(secret)}
    return written | {base64.b64encode(data).decode().rstrip("="), base64.b64encode(b"me:" + data).decode().rstrip("=")}


def assert_is_silent(secret: str, texts: Iterator[tuple[str, str]]) -> None:
    packed = [base64.b64encode(gzip.compress(orjson.dumps({"password": secret}), mtime=0)).decode()]
    forms = [*forms_of(secret), *packed, "839201775"]
    leaks = [
        (name, form_, text[max(text.find(form_) - 80, 0) :][:200])
        for name, text in texts
        for form_ in forms
        if form_ in text
    ]

    assert leaks == []


# Each place with one secret, the shapes by turns; then places and shapes as they come.
ROWS = [
    (place, [*KEYS[:3], "Zq8xv1kP-77", "839201775123", "k&y of=m1ne+", "pä/ss%41word9"][at % 7])
    for at, place in enumerate(PLACES)
]
EACH = pytest.mark.parametrize(("place", "secret"), ROWS, ids=list(PLACES))
ANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
DRAWN = given(place=st.sampled_from(list(PLACES)), secret=SHAPES)


@EACH
def test_the_server_shows_no_secret(place: str, secret: str, shown: Shown) -> None:
    assert_is_silent(secret, shown.texts(*PLACES[place](secret)))


@EACH
def test_the_proxy_writes_no_secret(
    place: str, secret: str, shown: Shown, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request, response = PLACES[place](secret)
    caplog.clear()
    caplog.set_level(logging.INFO)
    recorder, scrutiny = Recorder(tmp_path, "http://upstream.invalid", ""), ProxyJudge()
    seen = SeenExchange(request, response)
    judged = scrutiny.judge(shown.responder, seen)
    mask = Masker((shown.responder.document,)).mask.seen_in(request, response)
    unrecorded = recorder.take(shown.responder, seen, judged, mask)
    scrutiny.count(request, (*judged.findings, *unrecorded), mask)

    def texts() -> Iterator[tuple[str, str]]:
        yield "log", caplog.text
        yield "summary", repr(scrutiny.tally.findings())
        yield from files(tmp_path)

    assert_is_silent(secret, texts())


@EACH
def test_a_contract_test_writes_no_secret(place: str, secret: str, shown: Shown, tmp_path: Path) -> None:
    request, response = PLACES[place](secret)
    api = make_api(shown.responder.document, "", 0)
    mask = make_mask((Identity(),), api.document)
    report = report_of(request, response)
    frame = ReportContext("T", "openapi.json", "http://x", 7, mask)
    entry = next(entry for entry in api.document.entries if entry.id == "postThing")
    subject = api.subject(entry, lambda parameter: ())
    assert subject is not None
    save_fixtures(tmp_path / "fixtures", report.incidents, {"postThing": subject.responses}, mask)
    save_tests(tmp_path / "tests", report.incidents, mask, "http://x", "openapi.json", [])
    keep(tmp_path / "kept.ndjson", report.incidents, mask)
    write_baseline(tmp_path / "baseline.ndjson", report.incidents, mask)

    def texts() -> Iterator[tuple[str, str]]:
        for name in REPORTS:
            written = render_report(name, record_run(report, frame, frozenset()))
            yield name, html.unescape(written.decode())
        yield "json", json.dumps(digest(report, frame))
        yield "pytest", "\n".join(write_incident(incident, frame) for incident in report.incidents)
        for name, text in files(tmp_path):
            kept = re.findall(r'"body_base64":"([^"]*)"', text)
            yield name, "\n".join([text, *(base64.b64decode(body).decode("utf-8", "replace") for body in kept)])

    assert_is_silent(secret, texts())


def report_of(request: Request, response: Response) -> Report:
    exchanged = Exchanged(
        Probe("postThing", request, Intent.CONFORMING, "coverage", "as it is"), Received(response, seconds=0.1), 1
    )
    finding = Finding(
        rule="response-server-error",
        message=f"it said {response.body[:200]!r}",
        place=Place("openapi.json", ()),
        operation="postThing",
    )
    ledger = Incidents()
    ledger.add(Verdict("not_a_server_error", finding), exchanged)
    exercise = Exercise("postThing", "POST /things/{id}", 1, 0, {500: 1})
    return Report(tuple(ledger.incidents()), (exercise,), (), {}, (), Exercised(), (exchanged,), 1.5, 1, 0)


@EACH
def test_validate_prints_no_secret(
    place: str, secret: str, shown: Shown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request, response = PLACES[place](secret)
    path, query = request.path.decode().replace("/things/", "/nothing/"), request.query.decode()
    records = [
        {"request": side(request, url=f"https://h{where}?{query}"), "response": side(response)}
        for where in (path, request.path.decode())
    ]
    (tmp_path / "a.ndjson").write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(DOCUMENT))
    main(["validate", str(tmp_path / "a.ndjson"), "--document", str(document)])
    printed = capsys.readouterr()

    assert_is_silent(secret, iter([("out", printed.out), ("err", printed.err)]))


def side(message: Request | Response, url: str = "") -> dict[str, Any]:
    body = {"body_base64": base64.b64encode(message.body).decode()} if message.body else {}
    named = {"method": message.method, "url": url} if isinstance(message, Request) else {"status": 299}
    return {**named, "headers": [[name.decode(), value.decode("latin-1")] for name, value in message.fields], **body}


@pytest.mark.parametrize("place", PLACES)
def test_the_log_of_a_request_shows_no_secret(place: str, shown: Shown, caplog: pytest.LogCaptureFixture) -> None:
    secret = "Zq8xv1kP-77"
    request, _ = PLACES[place](secret)
    caplog.set_level(logging.INFO)
    target = request.path.decode() + (f"?{request.query.decode()}" if request.query else "")
    fields = {name.decode(): value.decode("latin-1") for name, value in request.fields}
    shown.client.ask(target, request.method, headers=fields, body=request.body)
    extras = "\n".join(
        repr(record.__dict__.get("findings")) + repr(record.__dict__.get("path")) for record in caplog.records
    )

    assert_is_silent(secret, iter([("log", caplog.text), ("extras", extras)]))


def test_a_callback_shows_no_secret_of_what_set_it_off() -> None:
    request, response = ask(body=orjson.dumps({"password": S}), authorization="Bearer abcdef-123456")
    body = orjson.dumps({"echo": S, "token": "qwert-98765", "note": "abcdef-123456"})
    posted = Delivery(
        number=1, kind="callback", name="c", world="", moment=0.0, url=f"http://u:{S}@h/{S}?sig=zzz999zzz", body=body
    )
    text = json.dumps(mask_posted(posted, NO_MASK.seen_in(request, response))) + posted.describe().replace(f"h/{S}", "")

    assert [secret for secret in (S, "qwert-98765", "abcdef-123456", "zzz999zzz") if secret in text] == []


@ANY
@DRAWN
def test_no_secret_of_any_shape_is_shown_from_any_place(
    place: str,
    secret: str,
    shown: Shown,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    test_the_server_shows_no_secret(place, secret, shown)
    test_the_proxy_writes_no_secret(place, secret, shown, tmp_path_factory.mktemp("proxy"), caplog)
    test_a_contract_test_writes_no_secret(place, secret, shown, tmp_path_factory.mktemp("test"))
    test_validate_prints_no_secret(place, secret, shown, tmp_path_factory.mktemp("validate"), capsys)


# -- state

STATEFUL = {
    "openapi": "3.1.0",
    "info": {"title": "Users", "version": "1"},
    "paths": {
        "/users": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": {JSON: {"schema": {"items": {"$ref": "#/components/schemas/User"}}}},
                    }
                }
            },
            "post": {
                "requestBody": {"content": {JSON: {"schema": {"$ref": "#/components/schemas/User"}}}},
                "responses": {
                    "201": {"description": "", "content": {JSON: {"schema": {"$ref": "#/components/schemas/User"}}}}
                },
            },
        },
        "/users/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "responses": {
                    "200": {"description": "", "content": {JSON: {"schema": {"$ref": "#/components/schemas/User"}}}}
                }
            },
        },
    },
    "components": {
        "schemas": {
            "User": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer"},
                    "name": {"type": "string"},
                    "apiKey": {"type": "string"},
                    "otp": {"type": "integer"},
                },
            }
        }
    },
}


def test_state_is_shown_without_secrets_and_edited_with_them(admin: Callable[..., AsgiClient]) -> None:
    client = admin(STATEFUL, stateful=True)
    install_console(client.backend, Guard(), install_admin(client.backend, Guard()))  # type: ignore[attr-defined]
    made = client.ask("/users", "POST", json={"id": 7, "name": "a", "apiKey": "Zq8xv1kP", "otp": 839201775}).json
    resources = client.ask("/__admin/state").json["resources"]
    things = client.ask(resources[0]["path"])
    own = next(thing["path"] for thing in things.json["things"] if thing["value"]["id"] == made["id"])
    thing = client.ask(own)
    put = client.ask(own, "PUT", json={**thing.json["value"], "name": "b"})
    pages = [
        client.ask(f"/__console/{path}").body.decode()
        for path in ("state/0/users", f"things/0/users?key={made['id']}", "things/0/users")
    ]
    shown_ = "".join([things.body.decode(), thing.body.decode(), put.body.decode(), *pages])

    assert MASKED in pages[1]
    assert re.findall("Zq8xv1kP|839201775", shown_) == []
    assert client.ask(f"/users/{made['id']}").json == {
        "id": made["id"],
        "name": "b",
        "apiKey": "Zq8xv1kP",
        "otp": 839201775,
    }


# -- masking is for what is written only

PROJECTS = load(ROOT / "tests" / "defects" / "projects.yaml")


def test_a_kept_finding_is_sent_with_its_credentials_and_the_form_of_its_secrets(tmp_path: Path) -> None:
    identity = Identity({"apiKey": "k3y-of-mine"}, ((b"x-auth-token", b"t0ken-of-mine"),))
    fields = (
        (b"x-api-key", b"k3y-of-mine"),
        (b"x-auth-token", b"t0ken-of-mine"),
        (b"content-type", b"application/json"),
    )
    body = orjson.dumps({"password": "Ab1", "pin": 4711, "name": "x"})
    report = report_of(Request("POST", b"/things/1", b"n=1&sig=Zq8xv1kP", fields, body), Response(500, (), b""))
    keep(tmp_path / "kept.ndjson", report.incidents, make_mask((identity,), PROJECTS))
    kept = find_kept(tmp_path / "kept.ndjson", report.incidents[0].id).requests[-1]
    sent = restore(kept, identity, PROJECTS.schemes)

    assert sent.fields == fields
    assert orjson.loads(sent.body) == {"password": "Aa0", "pin": 1111, "name": "x"}
    assert sent.query == b"n=1&sig=Xx0xx0xX"
    assert (b"k3y-of-mine" in kept.query + kept.body, kept.path) == (False, b"/things/1")


def test_what_is_answered_is_not_masked(shown: Shown) -> None:
    async def twice() -> list[bytes]:
        body = orjson.dumps({"password": S})
        fields = {"content-type": JSON}
        return [
            (await shown.client.ask_soon("/reset/abc?n=x", "POST", body=body, headers=fields)).body for _ in range(2)
        ]

    first, second = asyncio.run(twice())
    assert first == second
    assert MASKED.encode() not in first


def test_a_mask_keeps_a_request_that_has_no_secret_byte_for_byte() -> None:
    body = b'{ "a" : 1.0, "b":[ 1e3, 12345678901234567890123 ], "c":"\\u00e4" }'
    request, response = ask(query="a=%20b&n=1+2&x", body=body, answer=b'{"z": "\xc3\xa4"}')
    shown_ = Mask().exchange(request, response)

    assert (shown_.request.path, shown_.request.query, shown_.request.body) == (request.path, request.query, body)
    assert tuple(shown_.request.fields) == tuple(request.fields)
    assert shown_.answered.body == response.body
