"""What a page of another origin tries with a browser: to read or change the admin side, the console, or what is behind a proxy."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest

import mock_server
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.exchange.message import Request, Response
from mock_server.respond.open import open_responders
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal
from tests.support.proxying import RealServer, answer
from tests.support.servers import Server, start_server, stop_server

SCRIPT = "<!doctype html><script>fetch('/__admin/requests')</script>"
FOREIGN = {
    "origin": "https://evil.test",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
}
LED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FRAMED = {**LED, "sec-fetch-dest": "iframe"}


def written(media_type: str, example: object) -> dict[str, object]:
    return {"get": {"responses": {"200": {"description": "", "content": {media_type: {"example": example}}}}}}


HOSTILE = minimal(
    {
        "/page": written("text/html", SCRIPT),
        "/picture": written("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        "/feed": written(
            "application/xhtml+xml", "<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>"
        ),
        "/unknown": written("application/x-unknown", SCRIPT),
        "/numbers": {
            "get": {
                "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"204": {"description": ""}},
            }
        },
        "/policy": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {
                            "Content-Security-Policy": {"schema": {"type": "string", "enum": ["default-src *"]}},
                            "X-Content-Type-Options": {"schema": {"type": "string", "enum": ["none"]}},
                        },
                        "content": {"text/html": {"example": SCRIPT}},
                    }
                }
            }
        },
    },
    servers=[{"url": "/v1"}],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("browser")
    (made / "hostile.json").write_bytes(orjson.dumps(HOSTILE))
    return made


@pytest.fixture(scope="module")
def mock_server_of(folder: Path) -> Iterator[Server]:
    server = start_server("hostile.json", "--log-format", "none", "--allow-host", "mock.test", cwd=folder)
    yield server
    stop_server(server)


def start_proxy(folder: Path, upstream: str, *flags: str) -> tuple[subprocess.Popen[str], str]:
    command = (
        sys.executable,
        "-m",
        "mock_server",
        "proxy",
        upstream,
        "hostile.json",
        "--port",
        "0",
        "--log-format",
        "none",
        *flags,
    )
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"passes on +(http://[^/ ]+)", line)
        if found:
            return process, found.group(1)
    raise AssertionError(process.stderr.read() if process.stderr else "no proxy")


@pytest.fixture(scope="module")
def proxy(folder: Path) -> Iterator[str]:
    real = RealServer(
        answer(
            SCRIPT.encode(),
            "Content-Type: text/html",
            "X-Content-Type-Options: sniff",
            "Content-Security-Policy: script-src *",
        )
    )
    process, origin = start_proxy(folder, f"{real.url}/v1")
    yield origin
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)
    real.close()


def ask(base: str, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.request(method, base + path, headers=given, trust_env=False)


def is_harmless(response: httpx2.Response) -> bool:
    """Whether a browser gives what it was sent no origin, and does not look for another type in it."""
    policies = response.headers.get_list("content-security-policy")
    return (
        policies[0] == "sandbox allow-scripts allow-forms"
        and response.headers.get_list("x-content-type-options")[0] == "nosniff"
    )


RENDERED = {
    "an example that is HTML": ("/v1/page", {}),
    "an example that is a picture with a script": ("/v1/picture", {}),
    "an example that is XHTML": ("/v1/feed", {}),
    "an example of an unknown type": ("/v1/unknown", {}),
    "a page that documents a policy and sniffing": ("/v1/policy", {}),
    "an error that quotes the query": ("/v1/numbers?n=<script>alert(1)</script>", {}),
    "an error as HTML": ("/v1/numbers?n=<script>alert(1)</script>&__fault=media-type", {}),
    "an error as HTML, preferred by the header": ("/v1/numbers?n=<script>", {"prefer": "fault=media-type"}),
    "a path that is not there": ("/<script>alert(1)</script>", {}),
    "a preference that can't be": ("/v1/page?__code=<script>alert(1)</script>", {}),
    "a world that can't be": ("/v1/page", {"x_mock_world": "<script>alert(1)</script>"}),
    "a method that is not there": ("/v1/page", {"method": "DELETE"}),
    "options": ("/v1/page", {"method": "OPTIONS"}),
    "a host that is not ours": ("/v1/page", {"host": "evil.test"}),
    "no content": ("/v1/numbers", {}),
    "an error that is injected": ("/v1/page?__fault=error:503", {}),
    "a type that can't be had": ("/v1/page", {"accept": "image/png"}),
    "the document": ("/openapi.json", {}),
    "the document as YAML": ("/openapi.yaml", {}),
    "health": ("/__admin/health", {}),
    "a page asked for from another origin": ("/v1/page", {"origin": "https://evil.test"}),
}


@pytest.mark.parametrize("attack", RENDERED.values(), ids=RENDERED)
def test_no_answer_has_the_origin_of_the_admin_side(mock_server_of: Server, attack: tuple[str, dict[str, str]]) -> None:
    path, headers = attack
    method = {**headers}.pop("method", "GET")
    response = ask(
        mock_server_of.origin, path, method, **{name: value for name, value in headers.items() if name != "method"}
    )

    assert is_harmless(response)


@pytest.mark.parametrize("path", ["/v1/page", "/v1/picture", "/v1/elsewhere", "/v1/page?__fault=media-type"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_page_of_the_real_server_has_the_origin_of_the_admin_side(proxy: str, path: str, method: str) -> None:
    assert is_harmless(ask(proxy, path, method))


LEADING = {
    "a link that prefers a fault": ("/v1/numbers?n=x&__fault=media-type", LED),
    "a frame that prefers a fault": ("/v1/numbers?n=x&__fault=media-type", FRAMED),
    "a link of another port of this machine": ("/v1/page?__code=404", {**LED, "sec-fetch-site": "same-site"}),
    "an encoded preference": ("/v1/page?%5F_code=404", LED),
    "a preference after others": ("/v1/page?a=b&__delay=60000", LED),
}


@pytest.mark.parametrize("attack", LEADING.values(), ids=LEADING)
def test_a_link_of_another_origin_prefers_nothing(mock_server_of: Server, attack: tuple[str, dict[str, str]]) -> None:
    path, headers = attack
    response = httpx2.get(mock_server_of.origin + path, headers=headers, trust_env=False)

    assert response.status_code == 403 or response.headers.get("preference-applied") is None
    assert "text/html" not in response.headers["content-type"] or response.status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_person_may_prefer_what_they_type(mock_server_of: Server, site: str) -> None:
    response = httpx2.get(
        mock_server_of.origin + "/v1/page?__code=200", headers={**LED, "sec-fetch-site": site}, trust_env=False
    )

    assert response.headers["preference-applied"] == "code=200"


def test_a_frontend_of_another_origin_may_prefer(mock_server_of: Server) -> None:
    assert (
        httpx2.get(mock_server_of.origin + "/v1/page?__code=200", headers=FOREIGN, trust_env=False).status_code == 200
    )


REBOUND = ["evil.test", "evil.test:4010", "127.0.0.1.evil.test", "localhost.evil.test", "0.0.0.0", "192.168.0.7", "[::]", "xn--localhost-.test", "127.0.0.1@evil.test", "evil.test#localhost", "", "127.0.0.1,evil.test"]  # fmt: skip
AREAS = [
    "/v1/page",
    "/openapi.json",
    "/ui/",
    "/__admin/health",
    "/__admin/requests",
    "/__console/",
    "/metrics",
    "/elsewhere",
]


@pytest.mark.parametrize("host", REBOUND)
def test_a_name_that_leads_here_is_not_answered(mock_server_of: Server, host: str) -> None:
    assert {raw_status(mock_server_of.origin, path, host) for path in AREAS} <= {400, 403}  # 400: it is no host at all


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "127.0.0.1:1", "[::1]:4010", "app.localhost", "mock.test", "Mock.Test:80"]
)
def test_names_of_this_machine_and_those_that_are_allowed_are(mock_server_of: Server, host: str) -> None:
    assert raw_status(mock_server_of.origin, "/v1/page", host) == 200


@pytest.mark.parametrize("path", ["/v1/page", "/__admin/requests", "/__console/"])
def test_a_name_that_leads_to_the_proxy_is_not_answered(proxy: str, path: str) -> None:
    assert raw_status(proxy, path, "evil.test") == 403


ABSOLUTE = {
    "a name of the attacker": "http://evil.test/v1/page",
    "with a user that looks like us": "http://127.0.0.1@evil.test/v1/page",
    "with a port": "http://evil.test:4010/v1/page",
    "in capitals": "HTTP://EVIL.TEST/v1/page",
    "the admin side": "http://evil.test/__admin/requests",
}


@pytest.mark.parametrize("target", ABSOLUTE.values(), ids=ABSOLUTE)
def test_a_target_in_absolute_form_counts_as_the_host(mock_server_of: Server, proxy: str, target: str) -> None:
    assert {raw_status(origin, target, "127.0.0.1") for origin in (mock_server_of.origin, proxy)} <= {400, 403}


def test_a_target_in_absolute_form_goes_before_the_host_field(mock_server_of: Server) -> None:
    assert raw_status(mock_server_of.origin, "http://127.0.0.1/v1/page", "evil.test") == 200


READING = {
    "a page reads the journal": ("/__admin/requests", FOREIGN, 403),
    "a script of no origin reads the journal": ("/__admin/requests", {**FOREIGN, "origin": "null"}, 403),
    "an image of the journal": (
        "/__admin/requests",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        403,
    ),
    "the journal as a script of another port": (
        "/__admin/requests",
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
        403,
    ),
    "the journal in a frame": ("/__admin/requests", FRAMED, 403),
    "the console in a frame": ("/__console/", FRAMED, 403),
    "the console in an object": ("/__console/", {**LED, "sec-fetch-dest": "object"}, 403),
    "the console by a script": ("/__console/", FOREIGN, 403),
    "the metrics by a script": ("/metrics", FOREIGN, 403),
    "an origin that is no URL": ("/__admin/requests", {"origin": "http://["}, 403),
    "a link to the console": ("/__console/", LED, 200),
    "a link to the admin side": ("/__admin", LED, 200),
}


@pytest.mark.parametrize("attack", READING.values(), ids=READING)
def test_no_page_of_another_origin_reads_what_is_inside(
    mock_server_of: Server, attack: tuple[str, dict[str, str], int]
) -> None:
    path, headers, status = attack
    response = httpx2.get(mock_server_of.origin + path, headers=headers, trust_env=False)

    assert response.status_code == status
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert response.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


CHANGING = {
    "a form that sends settings": ("POST", "/__admin/settings", LED),
    "a form of another port": ("POST", "/__admin/reset", {**LED, "sec-fetch-site": "same-site"}),
    "a script of no origin": ("PUT", "/__admin/settings", {"origin": "null"}),
    "a script that asks first": ("OPTIONS", "/__admin/settings", {**FOREIGN, "access-control-request-method": "PUT"}),
    "a form to the console": ("POST", "/__console/disturbances", LED),
    "a fetch without cors": (
        "POST",
        "/__admin/requests/remove",
        {**FOREIGN, "sec-fetch-mode": "no-cors", "content-type": "text/plain"},
    ),
    "an old browser, by its origin only": ("DELETE", "/__admin/requests", {"origin": "http://127.0.0.1:3000"}),
}


@pytest.mark.parametrize("attack", CHANGING.values(), ids=CHANGING)
def test_no_page_of_another_origin_changes_what_is_inside(
    mock_server_of: Server, attack: tuple[str, str, dict[str, str]]
) -> None:
    method, path, headers = attack
    response = httpx2.request(method, mock_server_of.origin + path, headers=headers, trust_env=False)

    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control-")]


PAGES = ["/__admin/health", "/__admin/documents", "/__admin/documents/0/openapi.json", "/__admin/ui.json"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_beside_the_admin_side_are_not_shared(mock_server_of: Server, path: str) -> None:
    response = ask(mock_server_of.origin, path, origin="https://evil.test")

    assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_proxy_opens_the_real_api_to_nobody(proxy: str, method: str) -> None:
    response = ask(proxy, "/v1/page", method, origin="https://evil.test", access_control_request_method="GET")

    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_swagger_ui_runs_its_own_scripts_only_and_in_no_frame(mock_server_of: Server) -> None:
    pages = [ask(mock_server_of.origin, "/ui/") for _ in range(2)]
    policies = [page.headers["content-security-policy"] for page in pages]
    nonces = [re.search(r"script-src 'nonce-([^']{16,})';", policy)[1] for policy in policies]  # type: ignore[index]

    assert nonces[0] != nonces[1]
    assert [page.text.count(f'nonce="{nonce}"') for page, nonce in zip(pages, nonces, strict=True)] == [3, 3]
    assert all("default-src 'none'" in policy and "frame-ancestors 'none'" in policy for policy in policies)
    assert pages[0].headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("title", ["</script><script>alert(1)</script>", "<!--<script>", "'\"\\"])
def test_a_title_ends_no_element_of_swagger_ui(tmp_path: Path, title: str) -> None:
    documents = []
    for number in range(2):
        path = tmp_path / f"{number}.json"
        path.write_bytes(
            orjson.dumps({**minimal({"/a": written("text/plain", "a")}), "info": {"title": title, "version": "1"}})
        )
        documents.append(str(path))
    opened = open_responders(documents, Settings())
    said = AsgiClient(create_app(assemble(opened, Settings()))).ask("/ui/")
    (config,) = re.findall(rb'id="config">(.*?)</script>', said.body)

    assert [each["name"] for each in orjson.loads(config)["urls"]] == [title, title]
    assert b"<" not in config


FIRM = {
    "sniffing": {"X-Content-Type-Options": {"required": True, "schema": {"type": "string", "enum": ["nosniff"]}}},
    "what it depends on": {"Vary": {"required": True, "schema": {"type": "string", "enum": ["Accept-Encoding"]}}},
    "caching": {"Cache-Control": {"required": True, "schema": {"type": "string", "enum": ["no-cache"]}}},
    "deprecation": {"Deprecation": {"required": True, "schema": {"type": "string", "pattern": "^@[0-9]+$"}}},
}


@pytest.mark.parametrize("headers", FIRM.values(), ids=FIRM)
def test_what_is_said_to_browsers_keeps_to_the_document(tmp_path: Path, headers: dict[str, object]) -> None:
    response = {"description": "", "headers": headers, "content": {"text/plain": {"example": "a"}}}
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(minimal({"/a": {"get": {"deprecated": True, "responses": {"200": response}}}})))
    document = mock_server.load(path)
    said = AsgiClient(mock_server.app(document)).ask("/a")

    assert (
        mock_server.judge(document, Request("GET", b"/a", b"", [], b""), Response(said.status, said.pairs, said.body))
        == ()
    )


MALFORMED = {
    "no host": "GET /<script> HTTP/1.1\r\n\r\n",
    "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: <script>\r\n\r\n",
    "no method": "<script>alert(1)</script> / HTTP/1.1\r\nHost: a\r\n\r\n",
    "half of the body": "GET /v1/numbers?n=<script>&__fault=truncate HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a chunk that is none": "GET /v1/page HTTP/1.1\r\nHost: localhost\r\nPrefer: fault=malformed-chunk\r\n\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_no_answer_to_what_is_malformed_has_the_origin_of_the_admin_side(mock_server_of: Server, sent: str) -> None:
    head = raw(mock_server_of.origin, sent).partition(b"\r\n\r\n")[0].lower()

    assert b"content-security-policy: sandbox allow-scripts allow-forms" in head
    assert b"x-content-type-options: nosniff" in head


def raw(origin: str, sent: str) -> bytes:
    """All that is answered to bytes."""
    parts = urlsplit(origin)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(4_096):
            received += piece
    return received


def raw_status(origin: str, target: str, host: str) -> int:
    """The status that a request gets whose target and Host are sent as they are."""
    parts = urlsplit(origin)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n" not in head:
            head += connection.recv(4_096)
    return int(head.split(b" ", 2)[1])


CACHED = {
    "an example": ({"schema": {"type": "string"}, "example": "max-age=3600"}, "no-store", "max-age=3600"),
    "a pattern": (
        {"schema": {"type": "string", "pattern": "^max-age=[0-9]+$"}, "example": "max-age=60"},
        "max-age=0",
        "max-age=60",
    ),
    "one value": ({"required": True, "schema": {"type": "string", "enum": ["no-cache"]}}, "no-cache", "no-cache"),
}


@pytest.mark.parametrize("case", CACHED.values(), ids=CACHED)
def test_browsers_keep_no_answer_unless_it_is_asked_for(
    tmp_path: Path, case: tuple[dict[str, object], str, str]
) -> None:
    header, usual, kept = case
    document = minimal({"/a": written("text/plain", "a")})
    document["paths"]["/a"]["get"]["responses"]["200"]["headers"] = {"Cache-Control": header}  # type: ignore[index]
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    found = [
        AsgiClient(mock_server.app(mock_server.load(path), Settings(caching=caching))).ask("/a").fields["cache-control"]
        for caching in (False, True)
    ]

    assert found == [usual, kept]


def test_what_an_answer_depends_on_is_said(tmp_path: Path) -> None:
    secured = {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    document = minimal(
        {
            "/a": {
                "get": {
                    **written("text/plain", "a")["get"],
                    "parameters": [{"name": "X-Tenant", "in": "header", "schema": {"type": "string"}}],
                }
            }
        },  # type: ignore[dict-item]
        components={"securitySchemes": secured},
        security=[{"k": []}],
    )
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    client = AsgiClient(mock_server.app(mock_server.load(path)))

    varies = "Accept, Cookie, Origin, Prefer, X-Key, X-Mock-World, X-Tenant"
    assert [
        client.ask("/a", headers=headers).fields["vary"] for headers in ({}, {"x-key": "k"}, {"prefer": "code=200"})
    ] == [varies] * 3
