"""The same in a real browser: pages of other origins, a rebound name, error pages, examples and proxied pages reach nothing."""

import http.server
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.attacks.test_browser import HOSTILE, SCRIPT, start_proxy
from tests.support.chromium import CHROMIUM, CHROMIUM_ARGS
from tests.support.proxying import Heard, RealServer, answer
from tests.support.servers import Server, start_server, stop_server

pytestmark = pytest.mark.browser
# Tries to read and to change; gives what could be read. A page may load what is not shown to it: that is no reading.
ATTACK = """async (bases) => {
  const read = [], body = "name=evil&delay=60000&fault=reset";
  const paths = ["/__admin", "/__admin/requests", "/__admin/settings", "/__admin/documents", "/__admin/ui.json", "/__console/",
                 "/__console/operations", "/metrics", "/v1/secret", "/openapi.json"];
  const changes = [["POST", "/__admin/reset"], ["POST", "/__admin/requests/remove"], ["DELETE", "/__admin/requests"],
                   ["PUT", "/__admin/settings"], ["POST", "/__console/disturbances"], ["POST", "/__console/worlds"],
                   ["POST", "/v1/secret"], ["PUT", "/v1/secret"]];
  const ask = async (what, url, options) => {
    try {
      const response = await fetch(url, options);
      if (response.type !== "opaque" && response.ok) read.push(what + url);
    } catch (error) {}
  };
  const show = async (url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
    (document.body || document.documentElement).append(frame);
    await loaded;
    try {
      if (frame.contentDocument.documentElement.textContent && frame.contentWindow.location.href !== "about:blank") read.push("frame " + url);
    } catch (error) {}
    frame.remove();
  };
  const work = [];
  for (const base of bases) {
    for (const path of paths) {
      work.push(show(base + path));
      for (const options of [{}, {credentials: "include"}, {mode: "no-cors", credentials: "include"}]) work.push(ask("", base + path, options));
    }
  }
  await Promise.all(work);
  for (const base of bases) {
    for (const [method, path] of changes) {
      const unasked = {method, mode: "no-cors", body, headers: {"content-type": "application/x-www-form-urlencoded"}, credentials: "include"};
      const asked = {method, body, headers: {"content-type": "application/json"}, credentials: "include"};
      await Promise.all([ask(method + " ", base + path, asked), ask(method + " ", base + path, unasked)]);
    }
  }
  return [...new Set(read)];
}"""
PAGE = "<!doctype html><title>a page</title><body></body>"


class _Evil(http.server.BaseHTTPRequestHandler):
    """Serves a page of the attacker."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: object) -> None: ...


@dataclass
class World:
    """All that there is: a mock, a proxy before a real server, an attacker's server and a browser."""

    mock: Server
    proxy: str
    real: RealServer
    evil: int
    context: BrowserContext

    @property
    def bases(self) -> list[str]:
        return [self.mock.origin, self.proxy]

    def attack(self, page: Page, bases: list[str] | None = None) -> list[str]:
        found: list[str] = page.evaluate(ATTACK, bases or self.bases)
        return [each for each in found if not is_of_the_mock(each, self.mock.origin)]


def is_of_the_mock(read: str, origin: str) -> bool:
    """Whether it is an answer of the mock's API, which pages of any origin may read."""
    return read.rpartition(" ")[2] in {f"{origin}/openapi.json", f"{origin}/v1/secret"}


def real_server(heard: Heard) -> None:
    heard.read_body()
    page = SCRIPT.encode() if b"/page" in heard.line else b'{"secret": 1}'
    type_ = "text/html" if b"/page" in heard.line else "application/json"
    heard.connection.sendall(answer(page, f"Content-Type: {type_}"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "hostile.json").write_bytes(orjson.dumps(HOSTILE))
    mock = start_server("hostile.json", "--log-format", "none", cwd=folder)
    real = RealServer(real_server)
    process, proxy = start_proxy(folder, f"{real.url}/v1")
    evil = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Evil)
    threading.Thread(target=evil.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_ARGS, rules])
        context = browser.new_context()
        yield World(mock, proxy, real, evil.server_port, context)
        browser.close()
    evil.shutdown()
    evil.server_close()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)
    real.close()
    stop_server(mock)


def rebound(origin: str) -> str:
    return f"http://rebound.test:{urlsplit(origin).port}"


# Where the page comes from that attacks.
FROM: dict[str, Callable[[World], str]] = {
    "another site": lambda world: f"http://evil.test:{world.evil}/",
    "another port of this machine": lambda world: f"http://127.0.0.1:{world.evil}/",
    "a rebound name of the mock": lambda world: rebound(world.mock.origin) + "/__console/",
    "a rebound name of the proxy": lambda world: rebound(world.proxy) + "/v1/page",
    "an error page": lambda world: f"{world.mock.origin}/v1/numbers?n=<script>1</script>&__fault=media-type",
    "an example that is HTML": lambda world: f"{world.mock.origin}/v1/page",
    "an example that is a picture": lambda world: f"{world.mock.origin}/v1/picture",
    "a proxied page": lambda world: f"{world.proxy}/v1/page",
}


@pytest.mark.parametrize("place", FROM.values(), ids=FROM)
def test_a_page_reaches_nothing_that_is_not_its_own(world: World, place: Callable[[World], str]) -> None:
    httpx2.get(world.mock.origin + "/v1/numbers", trust_env=False)
    before = httpx2.get(world.mock.origin + "/__admin/settings", trust_env=False).json()
    written = len([heard for heard in world.real.heard if not heard.line.startswith((b"GET", b"OPTIONS"))])
    page = world.context.new_page()
    page.goto(place(world))
    url = page.url
    bases = [*world.bases, rebound(world.mock.origin), rebound(world.proxy)] if "rebound" in url else None
    read = world.attack(page, bases)
    page.close()

    assert read == []
    assert httpx2.get(world.mock.origin + "/__admin/settings", trust_env=False).json() == before
    assert httpx2.get(world.mock.origin + "/__admin/requests", trust_env=False).json()["requests"]
    assert "evil" not in httpx2.get(world.mock.origin + "/__admin/worlds", trust_env=False).text
    assert len([heard for heard in world.real.heard if not heard.line.startswith((b"GET", b"OPTIONS"))]) == written


@pytest.mark.parametrize("place", ["an error page", "an example that is HTML", "a proxied page"])
def test_what_is_shown_has_no_origin(world: World, place: str) -> None:
    page = world.context.new_page()
    page.goto(FROM[place](world))

    assert page.evaluate("self.origin") == "null"
    page.close()


def test_a_link_to_a_preference_is_not_obeyed(world: World) -> None:
    page = world.context.new_page()
    page.goto(f"http://evil.test:{world.evil}/")
    target = f"{world.mock.origin}/v1/numbers?n=<b>&__fault=media-type"
    with page.expect_navigation() as led:
        page.evaluate("(target) => { location.href = target }", target)

    assert (led.value.status, led.value.headers["content-type"]) == (403, "application/problem+json")
    page.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_the_console_still_works_by_forms(world: World, scripts: bool) -> None:
    browser = world.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{world.mock.origin}/__console/worlds")
    page.get_by_label("Name", exact=True).fill(f"mine-{scripts}")
    page.get_by_role("button", name="Make").click()
    page.get_by_text(f"mine-{scripts}").first.wait_for()
    context.close()

    assert f"mine-{scripts}" in httpx2.get(f"{world.mock.origin}/__admin/worlds", trust_env=False).text


def test_swagger_ui_shows_the_document_and_asks_the_mock(world: World) -> None:
    page = world.context.new_page()
    refused: list[str] = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.goto(f"{world.mock.origin}/ui/")
    page.locator(".opblock-summary").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table").wait_for()

    assert page.locator(".live-responses-table .response-col_status").nth(1).inner_text().startswith("200")
    assert refused == []
    page.close()


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "hostile.json").write_bytes(orjson.dumps(HOSTILE))
    server = start_server("hostile.json", "--log-format", "none", "--admin-port", "0", cwd=tmp_path)
    yield server
    stop_server(server)


def test_the_console_has_a_port_of_its_own_where_it_is_given_one(world: World, apart: Server) -> None:
    console = next(line.split()[1] for line in apart.banner.splitlines() if "console " in line)
    inside = console.removesuffix("/__console/")
    page = world.context.new_page()
    page.goto(f"{console}operations")
    page.locator("a[href*='/operations/0/']").first.click()
    page.get_by_role("button", name="Send").first.click()
    page.get_by_text("content-security-policy").first.wait_for()
    page.close()

    def status(origin: str, path: str) -> int:
        return httpx2.get(origin + path, trust_env=False).status_code

    assert inside != apart.origin
    assert [status(apart.origin, path) for path in ("/__admin/requests", "/__console/", "/metrics", "/v1/page")] == [
        404,
        404,
        404,
        200,
    ]
    assert [status(inside, path) for path in ("/__admin/requests", "/__console/", "/metrics", "/v1/page", "/ui/")] == [
        200,
        200,
        200,
        404,
        404,
    ]
    assert [status(origin, "/__admin/health") for origin in (inside, apart.origin)] == [200, 200]
