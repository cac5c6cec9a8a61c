"""
Take a picture of each page of the console: `make screenshots` writes them to `docs/images`.

The mock is served with state and some traffic, so that there is something to see.
"""

import shutil
import tempfile
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.chromium import CHROMIUM, CHROMIUM_ARGS
from tests.support.servers import Server, start_server, stop_server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

OUT = ROOT / "docs" / "images"
KEY = {"X-Library-Key": "key"}
WIDE, DESKTOP, PHONE = (1440, 900), (1280, 800), (390, 800)
EMMA = {"title": "Emma", "author": "Jane Austen", "shelf": "fiction"}

PAGES = {
    "traffic": ("/", DESKTOP, "light"),
    "traffic-dark": ("/", DESKTOP, "dark"),
    "traffic-phone": ("/", PHONE, "light"),
    "exchange": ("/exchanges/00000004?world=", DESKTOP, "light"),
    "operations": ("/operations", DESKTOP, "light"),
    "operation": ("/operations/0/addBook", WIDE, "light"),
    "worlds": ("/worlds", DESKTOP, "light"),
    "state": ("/state/0/books", DESKTOP, "light"),
    "thing": ("/things/0/books?in=/v2/books&key=7", DESKTOP, "dark"),
    "scenarios": ("/scenarios", DESKTOP, "light"),
    "disturbances": ("/disturbances", DESKTOP, "dark"),
    "coverage": ("/coverage", DESKTOP, "light"),
}


def make_traffic(server: Server) -> None:
    """Ask for this and that."""
    with httpx2.Client(base_url=server.url, headers=KEY) as client:
        client.get("/books?shelf=fiction&limit=5")
        client.get("/books/7")
        client.get("/books?limit=500")
        client.post("/books", json={**EMMA, "title": "", "shelf": "attic"})
        client.post("/books", json=EMMA)
        client.get("/loans", headers={"X-Mock-World": "checkout-test"})
        client.get("/members/L-004711", headers={"X-Mock-World": "anna"})
        client.get("/books/9")
        client.get("/books/7", headers={"Prefer": "delay=80"})
        client.get("/nowhere")
        client.get("/books?colour=red")
        client.delete("/books/12")
    stub = {
        "name": "a lost book",
        "request": {"method": "GET", "urlPath": "/v2/books/5"},
        "response": {"status": 404, "jsonBody": {"message": "lost"}},
    }
    httpx2.post(f"{server.origin}/__admin/mappings", json=stub)


def show_more(page: Page, name: str) -> None:
    """Do what shows what a page is for."""
    if name == "traffic":
        page.locator("tbody .row", has_text="422").last.click()
        page.wait_for_selector("#pane article")
    elif name == "operation":
        page.get_by_role("button", name="Send").click()
        page.wait_for_selector("#result .facts .status")
        page.evaluate("scrollTo(0, 0)")
    elif name.startswith("traffic"):
        page.wait_for_selector("[data-state=live]")


def take(browser: Browser, server: Server) -> None:
    """Take all pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (path, (width, height), scheme) in PAGES.items():
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{server.origin}/__console{path}")
        show_more(page, name)
        page.screenshot(path=OUT / f"{name}.png", animations="disabled")
        context.close()


def main() -> None:
    """Serve the library, and take the pictures."""
    with tempfile.TemporaryDirectory() as room:
        shutil.copy(HERE / "library.yaml", room)
        shutil.copytree(HERE / "scenarios", Path(room) / "scenarios")
        server = start_server("library.yaml", "--stateful", "--log-format", "none", cwd=Path(room))
        try:
            make_traffic(server)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
                take(browser, server)
                browser.close()
        finally:
            stop_server(server)


if __name__ == "__main__":
    main()
