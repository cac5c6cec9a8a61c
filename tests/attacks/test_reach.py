"""
What an answer of a document, or of the real server behind the proxy, does beyond itself: to cookies, to the origin, to paths.

A browser is led by header fields of one answer in all that it does on that host. Nothing of it reaches the console, its session,
or other servers of this machine; and no document takes the place of the admin side.
"""

import contextlib
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from mock_server.admin.access import Guard
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import find_hidden, install_admin, install_console
from mock_server.respond.open import open_responder
from mock_server.server.backend import Ports
from mock_server.server.browser import SESSION, confine, without_session
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal
from tests.support.proxying import Proxy, RealServer, answer, start_proxy
from tests.support.servers import Server, start_server, stop_server

BROWSERS = {
    "a page": {"origin": "https://evil.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
    "a link": {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    "an old browser": {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Safari/605.1.15"},
}
OTHERS = {"curl": {"user-agent": "curl/8.5.0"}, "nobody": {}}

WIDE = {
    "clears what the host has": ("Clear-Site-Data", '"*"'),
    "clears cookies": ("Clear-Site-Data", '"cookies"'),
    "wants https of every port": ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    "pins keys": ("Public-Key-Pins", 'pin-sha256="YQ=="; max-age=5184000'),
    "leads the origin to another server": ("Alt-Svc", 'h2="evil.test:443"; ma=86400'),
    "has each failure reported": ("NEL", '{"report_to":"evil","max_age":86400}'),
    "says where to report": ("Report-To", '{"group":"evil","max_age":86400,"endpoints":[{"url":"https://evil.test"}]}'),
    "says where to report, as of today": ("Reporting-Endpoints", 'default="https://evil.test"'),
    "widens a service worker": ("Service-Worker-Allowed", "/"),
    "begins a session": ("Secure-Session-Registration", '(ES256); path="/__admin/reset"'),
    "says who is logged in": ("Set-Login", "logged-out"),
    "has all requests say what is kept": ("Use-As-Dictionary", 'match="/*"'),
    "takes the place of the session": ("Set-Cookie", f"{SESSION}=x; Path=/"),
    "ends the session": ("Set-Cookie", f"{SESSION}=; Max-Age=0; Path=/"),
    "takes the place of it for the console": ("Set-Cookie", f"{SESSION}=x; Path=/__console"),
    "takes the place of it, with a space": ("Set-Cookie", f"{SESSION} =x"),
    "is the session without a name": ("Set-Cookie", f"={SESSION}=x"),
    "is the session without a name, twice": ("Set-Cookie", f"= ={SESSION}=x; Path=/"),
    "moves the browser to a world": ("Set-Cookie", "mock_world=theirs; Path=/"),
}  # fmt: skip
COOKIES = {
    "a session": ("sid=Zq8xv1; Path=/; HttpOnly; SameSite=Lax", "sid=Zq8xv1; Path=/; HttpOnly; SameSite=Lax"),
    "one that ends": ("sid=; Max-Age=0; Path=/v1", "sid=; Max-Age=0; Path=/v1"),
    "one that is called almost so": (f"{SESSION}2=x", f"{SESSION}2=x"),
    "one that holds the name": (f"last={SESSION}", f"last={SESSION}"),
    "of this host": ("sid=a; Domain=127.0.0.1; Path=/", "sid=a; Domain=127.0.0.1; Path=/"),
    "for all of a company": ("sid=a; Domain=.example.com; Path=/; Secure", "sid=a; Path=/; Secure"),
    "for all of a country": ("sid=a; domain = com", "sid=a"),
}


def constant(name: str, value: str) -> dict[str, object]:
    headers = {name: {"required": True, "schema": {"type": "string", "enum": [value]}}}
    return {
        "get": {
            "responses": {"200": {"description": "", "headers": headers, "content": {"text/plain": {"example": "a"}}}}
        }
    }


def generated(name: str, value: str) -> dict[str, object]:
    headers = {name: {"required": True, "schema": {"type": "string", "enum": [value]}}}
    content = {"application/json": {"schema": {"type": "integer"}}}
    return {"get": {"responses": {"200": {"description": "", "headers": headers, "content": content}}}}


ATTACKS = list(WIDE.values())
HOSTILE = minimal(
    {
        **{f"/wide/{number}": constant(*attack) for number, attack in enumerate(ATTACKS)},
        **{f"/made/{number}": generated(*attack) for number, attack in enumerate(ATTACKS)},
        **{f"/cookie/{number}": constant("Set-Cookie", given) for number, (given, _) in enumerate(COOKIES.values())},
    },
    servers=[{"url": "/"}],
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reach")
    (folder / "hostile.json").write_bytes(orjson.dumps(HOSTILE))
    server = start_server("hostile.json", "--log-format", "none", cwd=folder)
    yield server
    stop_server(server)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, RealServer]]:
    """A proxy, and a real server that answers with a header field that its path names."""

    def talk(heard: Any) -> None:
        heard.read_body()
        _, kind, number, *_ = heard.line.split(b" ")[1].decode().split("/")
        name, value = (
            ATTACKS[int(number)] if kind != "cookie" else ("Set-Cookie", list(COOKIES.values())[int(number)][0])
        )
        heard.send(answer(b"" if kind == "made" else b'"a"', f"{name}: {value}"))

    real = RealServer(talk)
    proxy = start_proxy(HOSTILE, real.url, tmp_path_factory.mktemp("proxy"))
    yield proxy, real
    proxy.stop()
    real.close()


def fetch(url: str, fields: dict[str, str]) -> HTTPMessage:
    """Ask; gives the header fields of the answer."""
    parts = urlsplit(url)
    with contextlib.closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", parts.path, headers=fields)
        response = connection.getresponse()
        response.read()
        return response.headers


@pytest.mark.parametrize("kind", ["wide", "made"])
@pytest.mark.parametrize("attack", range(len(ATTACKS)), ids=WIDE)
def test_no_browser_is_sent_what_reaches_further_than_the_answer(
    server: Server, behind: tuple[Proxy, RealServer], attack: int, kind: str
) -> None:
    path, name = f"/{kind}/{attack}", ATTACKS[attack][0]

    for origin in (server.origin, behind[0].url):
        for fields in BROWSERS.values():
            assert name not in fetch(f"{origin}{path}", fields)
        for fields in OTHERS.values():  # twice: the second time it may be ready
            assert {fetch(f"{origin}{path}", fields).get(name) for _ in range(2)} == {ATTACKS[attack][1].strip()}
        assert name not in fetch(f"{origin}{path}", BROWSERS["a link"])


@pytest.mark.parametrize("number", range(len(COOKIES)), ids=COOKIES)
def test_cookies_of_the_api_arrive_for_this_host(server: Server, behind: tuple[Proxy, RealServer], number: int) -> None:
    _, expected = list(COOKIES.values())[number]

    for origin in (server.origin, behind[0].url):
        for fields in BROWSERS.values():
            assert fetch(f"{origin}/cookie/{number}", fields).get_all("set-cookie") == [expected]


def test_an_answer_without_such_fields_is_the_same_object() -> None:
    fields = [(b"content-type", b"text/plain")]

    assert confine(fields, [(b"sec-fetch-mode", b"cors")]) is fields
    assert without_session(fields) is fields


# -- the session of the console

SENT = {
    "alone": f"{SESSION}=Zq8xv1kP",
    "among others": f"theme=dark; {SESSION}=Zq8xv1kP; sid=a",
    "in quotes": f'{SESSION}="Zq8xv1kP"',
    "twice": f"{SESSION}=Zq8xv1kP; {SESSION}=Zq8xv1kP",
    "without a name": f"={SESSION}=Zq8xv1kP; a=b",
    "after a comma": f"a=b, {SESSION}=Zq8xv1kP",
}


@pytest.mark.parametrize("cookie", SENT.values(), ids=SENT)
def test_the_real_server_is_not_sent_the_session_of_the_console(behind: tuple[Proxy, RealServer], cookie: str) -> None:
    proxy, real = behind
    fetch(f"{proxy.url}/cookie/0", {"cookie": cookie})

    assert b"Zq8xv1kP" not in real.heard[-1].head
    assert ("theme=dark" in cookie) == (b"theme=dark; sid=a" in real.heard[-1].head)


def test_no_page_of_a_document_repeats_the_session_of_the_console(tmp_path: Path) -> None:
    (tmp_path / "fixtures" / "see").mkdir(parents=True)
    (tmp_path / "fixtures" / "see" / "a.json").write_text(
        '{"template": true, "body": "{{request.headers.cookie}} {{request.cookies.mock_server_admin}}"}'
    )
    operation = {
        "operationId": "see",
        "responses": {"200": {"description": "", "content": {"text/html": {"schema": {"type": "string"}}}}},
    }
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(minimal({"/see": {"get": operation}})))
    settings = Settings()
    backend = assemble([open_responder(str(tmp_path / "openapi.json"), settings)], settings)
    guard = Guard("let-me-in")
    install_console(backend, guard, install_admin(backend, guard))
    client = AsgiClient(create_app(backend))
    said = client.ask("/see", headers={"cookie": f"a=b; {SESSION}={guard.session()}"})

    assert said.status == 200
    assert b"a=b" in said.body
    assert guard.session().encode() not in said.body
    for path in ("/__admin/requests", "/metrics", "/__console/"):
        assert client.ask(path, headers={"cookie": f"{SESSION}={guard.session()}"}).status == 200


TOSSED = {
    "one of a longer path first": f"{SESSION}=theirs; {{}}",
    "one of a longer path last": f"{{}}; {SESSION}=theirs",
    "one that smuggles another": f"{{}}; a=b {SESSION}=theirs",
    "one that no parser likes": '{{"a":1}}=[x"; {}; "',
    "one of control characters": "a=b\x7f\x01; {}",
    "JSON": 'prefs={{"a":1,"b":2}}; {}',
    "a name without a value": "a; ; =; {}",
}


@pytest.mark.parametrize("cookie", TOSSED.values(), ids=TOSSED)
def test_cookies_of_others_shut_nobody_out_of_the_console(cookie: str) -> None:
    guard = Guard("let-me-in")
    own = f"{SESSION}={guard.session()}"

    assert guard.refuse("GET", [(b"host", b"127.0.0.1"), (b"cookie", cookie.format(own).encode("latin-1"))]) is None
    assert (
        guard.refuse("GET", [(b"host", b"127.0.0.1"), (b"cookie", cookie.format(f"{SESSION}=x").encode("latin-1"))])
        is not None
    )


# -- who may read, where nobody may


@pytest.mark.parametrize("value", ["*", "https://evil.test", "null"])
def test_no_document_lets_pages_read_what_no_page_may_read(tmp_path: Path, value: str) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(
        orjson.dumps(
            minimal(
                {
                    "/a": constant("Access-Control-Allow-Origin", value),
                    "/b": generated("Access-Control-Allow-Origin", value),
                }
            )
        )
    )
    settings = Settings(cors=False)
    client = AsgiClient(create_app(assemble([open_responder(str(path), settings)], settings)))

    for target in ("/a", "/b"):
        assert "access-control-allow-origin" not in client.ask(target, headers={"origin": "https://evil.test"}).fields
        assert client.ask(target).fields["access-control-allow-origin"] == value


# -- the paths of the admin side

HIDING = {
    "the console": ("/__console", {}, "/__console/"),
    "the form for the token": ("/__console/login", {}, "/__console/login"),
    "the console's script": ("/__console/static/{file}", {}, "/__console/static/nothing.js"),
    "the journal": ("/__admin/requests", {}, "/__admin/requests"),
    "the settings": ("/__admin/settings", {}, "/__admin/settings"),
    "health": ("/__admin/health", {}, "/__admin/health"),
    "everything below": ("/__admin/{a}/{b}", {}, "/__admin/state/x"),
    "by a base path": ("/requests", {"servers": [{"url": "/__admin"}]}, "/__admin/requests"),
    "by a variable": ("/{a}/{b}", {}, "/__admin/requests"),
    "by a base path with a host": ("/login", {"servers": [{"url": "https://api.test/__console/"}]}, "/__console/login"),
}


def hiding(
    folder: Path, path: str, members: dict[str, Any], *, ports: Ports | None = None, admin: bool = True
) -> tuple[Any, AsgiClient]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    operation = {
        "parameters": parameters,
        "responses": {"200": {"description": "", "content": {"text/html": {"example": "taken"}}}},
    }
    (folder / "openapi.json").write_bytes(orjson.dumps(minimal({path: {"get": operation}}, **members)))
    settings = Settings()
    backend = assemble([open_responder(str(folder / "openapi.json"), settings)], settings)
    backend.ports = ports
    if admin:
        install_console(backend, Guard(), install_admin(backend, Guard()))
    return backend, AsgiClient(create_app(backend))


@pytest.mark.parametrize("attack", HIDING.values(), ids=HIDING)
def test_no_document_takes_the_place_of_the_admin_side(tmp_path: Path, attack: tuple[str, dict[str, Any], str]) -> None:
    path, members, target = attack
    backend, client = hiding(tmp_path, path, members)

    assert b"taken" not in client.ask(target).body
    found = list(find_hidden(backend))
    assert [finding.rule for finding in found] == (["document-path-ambiguous"] if path != "/{a}/{b}" else [])
    assert all("--admin-port" in finding.message for finding in found)


@pytest.mark.parametrize("attack", HIDING.values(), ids=HIDING)
def test_with_a_port_of_its_own_both_are_reached(tmp_path: Path, attack: tuple[str, dict[str, Any], str]) -> None:
    path, members, target = attack
    backend, client = hiding(tmp_path, path, members, ports=Ports(4010, 4011))

    assert list(find_hidden(backend)) == []
    assert client.ask(target.rstrip("/")).body == b"taken"
    backend.ports = Ports(4011, 4010)
    assert client.ask(target).body != b"taken"
    assert client.ask("/__admin/health").json["status"] == "up"


def test_without_the_admin_side_its_paths_are_the_documents(tmp_path: Path) -> None:
    backend, client = hiding(tmp_path, "/__admin/requests", {}, admin=False)

    assert list(find_hidden(backend)) == []
    assert client.ask("/__admin/requests").body == b"taken"
    assert client.ask("/__admin/health").status == 200
