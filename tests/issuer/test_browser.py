"""A page in Chromium logs in by oidc-client-ts, calls the API, renews its tokens and logs out."""

import functools
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.issuing import Visitor, issuing
from tests.support.paths import ROOT

pytestmark = pytest.mark.browser
# `make test` fetches this very version from npm.
LIBRARY = ROOT / ".tools" / "oidc-client-ts-3.5.0" / "dist" / "browser" / "oidc-client-ts.min.js"
APP = """<!doctype html><title>App</title><script src="oidc.js"></script><script>
const api = new URLSearchParams(location.hash.slice(1)).get("api") || sessionStorage.api;
sessionStorage.api = api;
const manager = new oidc.UserManager({
  authority: api + "/__issuer", client_id: "shop", redirect_uri: location.origin + "/index.html",
  silent_redirect_uri: location.origin + "/index.html", post_logout_redirect_uri: location.origin + "/index.html",
  scope: "openid profile read", loadUserInfo: true,
  userStore: new oidc.WebStorageStateStore({store: sessionStorage}),
});
const done = location.search.includes("state=")
  ? (window.parent === window ? manager.signinCallback() : manager.signinSilentCallback()) : Promise.resolve();
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app on an origin of its own."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "index.html").write_text(APP)
    (folder / "oidc.js").write_text(LIBRARY.read_text())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with issuing(tmp_path_factory.mktemp("issuer"), check_tokens=True) as visitor:
        yield visitor


@pytest.fixture
def page(browser: Browser, app: str, visitor: Visitor) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{app}/index.html#api={visitor.origin}")
    yield page
    context.close()


def log_in(page: Page, user: str) -> dict[str, Any]:
    page.evaluate("void manager.signinRedirect()")
    page.get_by_role("button", name=user).click()
    page.wait_for_url("**/index.html?*")
    found: dict[str, Any] = page.evaluate("done.then(async () => (await manager.getUser()))")
    return found


def test_a_page_logs_in_calls_the_api_renews_and_logs_out(page: Page, visitor: Visitor) -> None:
    user = log_in(page, "Grace Hopper")
    call = """async token => (await fetch(sessionStorage.api + "/things", {headers: {authorization: "Bearer " + token}})).status"""
    called, refused = page.evaluate(call, user["access_token"]), page.evaluate(call, "made-up")
    renewed = page.evaluate("manager.signinSilent().then(user => user.access_token)")
    page.evaluate("void manager.signoutRedirect()")
    page.wait_for_url("**/index.html")

    assert user["profile"]["name"] == "Grace Hopper"
    assert (called, refused) == (200, 401)
    assert renewed not in {None, user["access_token"]}
    assert page.evaluate("manager.getUser()") is None


def test_a_popup_logs_in(page: Page) -> None:
    with page.expect_popup() as opened:
        page.evaluate("void manager.signinPopup().then(user => { window.user = user })")
    opened.value.get_by_role("button", name="Alan Turing").click()
    page.wait_for_function("window.user")

    assert page.evaluate("window.user.profile.sub") == "alan"


def test_a_page_without_a_session_is_told_so_in_a_frame(page: Page) -> None:
    told = page.evaluate("manager.signinSilent().catch(error => error.error)")

    assert told == "login_required"
