"""The console as people use it, in Chromium."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.servers import Server, start_server, stop_server

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parent
KEY = {"X-Library-Key": "key-of-a-test"}
DESKTOP, WIDE, PHONE = (1280, 800), (1600, 900), (360, 740)
ANGRY = "<script>window.hurt=1</script><img src=x onerror=window.hurt=1>\"'{{7*7}}"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    shutil.copy(HERE / "library.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[Server]:
    server = start_server("library.yaml", "--log-format", "none", cwd=folder)
    yield server
    stop_server(server)


@pytest.fixture
def visit(browser: Browser, library: Server) -> Iterator[Open]:
    """Open a page of the console; whatever its scripts complain of fails the test."""
    contexts, complaints = [], []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    httpx2.post(f"{library.origin}/__console/traffic/clear", data={"world": "*"})

    def visit(path: str = "/", size: tuple[int, int] = DESKTOP, scheme: str = "light", **options: object) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{library.origin}/__console{path}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def ask(library: Server, target: str, method: str = "GET", **options: object) -> httpx2.Response:
    return httpx2.request(method, library.url + target, headers={**KEY, **options.pop("headers", {})}, **options)  # type: ignore[arg-type,dict-item]


def live(page: Page) -> Page:
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    return page


def check_access(page: Page, shown: str) -> None:
    results = Axe().run(page)

    assert results.violations_count == 0, f"{shown}: {results.generate_report()}"


def test_traffic_comes_by_itself(visit: Open, library: Server) -> None:
    page = live(visit())
    expect(page.locator(".empty")).to_contain_text("Nothing was asked yet")
    ask(library, "/books/7")
    ask(library, "/books?limit=500")
    rows = page.locator("tbody .row")

    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("/v2/books?limit=500")
    expect(rows.nth(0)).to_contain_text("422")
    expect(rows.nth(0).locator(".badge")).to_contain_text("1")
    expect(rows.nth(1)).to_contain_text("/v2/books/7")
    expect(rows.nth(1)).to_contain_text("generated")
    expect(page.locator(".empty")).to_have_count(0)


def test_a_pause_holds_what_comes_until_one_goes_on(visit: Open, library: Server) -> None:
    page = live(visit())
    page.get_by_role("button", name="Pause").click()
    ask(library, "/books/1")
    ask(library, "/books/2")
    page.wait_for_timeout(300)
    rows = page.locator("tbody .row")
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Go on").click()

    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("/v2/books/2")


def test_the_list_is_filtered_as_one_types(visit: Open, library: Server) -> None:
    page = live(visit())
    ask(library, "/books/1")
    ask(library, "/books", "POST", json={"title": "Emma", "author": "Jane Austen", "shelf": "attic"})
    ask(library, "/loans", headers={"X-Mock-World": "anna"})
    rows = page.locator("tbody .row")
    expect(rows).to_have_count(3)

    page.get_by_role("searchbox").fill("getbook")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("austen")
    expect(rows).to_have_count(0)
    page.get_by_label("in bodies").check()
    expect(rows).to_have_count(1)
    assert "bodies=1" in page.url
    page.get_by_role("searchbox").fill("")
    page.get_by_label("findings only").check()
    expect(rows).to_have_count(1)
    page.get_by_label("findings only").uncheck()
    page.get_by_label("Status").select_option("2")
    expect(rows).to_have_count(2)
    page.reload()
    page.get_by_label("World").select_option("anna")
    expect(rows).to_have_count(1)
    ask(library, "/books/3")  # of another world: the filter goes for what comes, too
    ask(library, "/loans", headers={"X-Mock-World": "anna"})
    expect(rows).to_have_count(2)


def test_an_exchange_shows_both_sides_and_what_is_wrong_with_it(visit: Open, library: Server) -> None:
    ask(library, "/books", "POST", json={"title": "Emma", "author": "Jane Austen", "shelf": "attic"})
    page = visit()
    page.locator("tbody .row").click()

    finding = page.locator(".finding")
    expect(finding).to_contain_text('"attic" is not one of')
    line = next(
        n
        for n, text in enumerate((HERE / "library.yaml").read_text().splitlines(), 1)
        if "shelf: {type: string, enum" in text
    )
    expect(finding).to_contain_text(f"library.yaml:{line}#/components/schemas/NewBook/properties/shelf/enum")
    expect(finding).to_contain_text("/body/shelf")
    expect(finding).to_contain_text("blame: consumer")
    request, answer = page.get_by_label("Body of the request"), page.get_by_label("Body of the answer")
    expect(request).to_contain_text('"author": "Jane Austen"')
    expect(answer).to_contain_text('"message":')
    expect(page.locator(".pairs div", has_text="x-library-key")).to_contain_text("masked")
    request.locator("summary").first.click()
    expect(request.get_by_text('"Jane Austen"')).to_be_hidden()


def test_on_a_wide_screen_an_exchange_opens_beside_the_list(visit: Open, library: Server) -> None:
    ask(library, "/books/1")
    ask(library, "/books/2")
    page = live(visit(size=WIDE))
    page.locator("tbody .row").nth(0).click()
    expect(page.locator("#pane h1")).to_contain_text("/v2/books/2")
    page.locator("tbody .row").nth(1).click()
    expect(page.locator("#pane h1")).to_contain_text("/v2/books/1")
    ask(library, "/books/3")
    expect(page.locator("tbody .row")).to_have_count(3)
    expect(page.locator("#pane h1")).to_contain_text("/v2/books/1")
    page.keyboard.press("Escape")

    expect(page.locator("#pane")).to_be_hidden()


def test_the_curl_line_is_copied(visit: Open, library: Server) -> None:
    ask(library, "/books/1")
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.locator("tbody .row").click()
    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("curl ")
    assert f"'x-library-key: secret' {library.url}/books/1" in text.replace("-H ", "")


def test_an_exchange_becomes_a_fixture(visit: Open, library: Server, folder: Path) -> None:
    before = ask(library, "/books/41")
    page = visit()
    page.locator("tbody .row").click()
    page.get_by_label("Name", exact=True).fill("forty-one")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".good")).to_contain_text("fixtures/getBook/forty-one.yaml")

    after, other = ask(library, "/books/41"), ask(library, "/books/42")
    assert (folder / "fixtures" / "getBook" / "forty-one.yaml").is_file()
    assert (after.headers["x-mock-source"], after.json()) == ("fixture:forty-one", before.json())
    assert other.headers["x-mock-source"] == "generated"

    page.get_by_label("Name", exact=True).fill("forty-one")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".bad")).to_contain_text("is there already")
    page.get_by_label("replace one of this name").check()
    page.get_by_label("Name", exact=True).fill("forty-one")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".good")).to_be_visible()


def test_a_wrong_answer_is_no_fixture(visit: Open, library: Server, folder: Path) -> None:
    ask(library, "/books/51", headers={"Prefer": "payload=Book/title:maxLength:above"})
    page = visit()
    page.locator("tbody .row").click()
    page.get_by_label("Name", exact=True).fill("wrong")
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".bad")).to_contain_text("breaks the document")
    expect(page.locator(".bad")).to_contain_text("fixture-invalid")
    assert [path.name for path in folder.rglob("*wrong*")] == []


@pytest.mark.parametrize("name", ["../outside", ".hidden", "a b", "x" * 81, ""])
def test_a_fixture_stays_in_its_folder(library: Server, folder: Path, name: str) -> None:
    ask(library, "/books/61")
    rows = httpx2.get(f"{library.origin}/__console/").text
    link = rows.partition('href="/__console/exchanges/')[2].partition("?")[0]
    before = sorted(folder.parent.rglob("*"))
    answer = httpx2.post(f"{library.origin}/__console/exchanges/{link}/fixture?world=", data={"name": name})

    assert (answer.status_code, "can&#39;t name a fixture" in answer.text) == (409, True)
    assert sorted(folder.parent.rglob("*")) == before


def test_an_operation_is_called_from_its_form(visit: Open, library: Server) -> None:
    page = visit("/operations")
    page.get_by_role("searchbox").fill("catalogue")
    expect(page.locator(".operations .row")).to_have_count(2)
    page.get_by_role("link", name="/books", exact=True).click()
    page.get_by_label("shelf").select_option("science")
    page.get_by_label("limit").fill("3")
    page.get_by_label("authors").fill('["Darwin, Charles", "Curie"]')
    page.get_by_label("Items").fill("3")
    page.get_by_role("button", name="Send").click()

    result = page.locator("#result")
    expect(result.locator(".facts .status")).to_have_text("200")
    expect(result).to_contain_text("shelf=science&authors=Darwin%2C%20Charles&authors=Curie&limit=3")
    expect(result.get_by_label("Body of the answer").locator("> details > .in > details")).to_have_count(3)
    expect(result).to_contain_text("curl ")
    result.get_by_role("link", name="in the traffic").click()
    expect(page.locator("h1")).to_contain_text("/v2/books?shelf=science")
    expect(page.locator("dl").first).to_contain_text("size=3")


def test_a_status_and_an_example_are_chosen(visit: Open) -> None:
    page = visit("/operations/0/addBook")
    expect(page.get_by_label("Content")).to_have_value(
        '{\n  "title": "To the Lighthouse",\n  "author": "Virginia Woolf",\n  "shelf": "fiction",\n  "year": 1927\n}'
    )
    page.get_by_role("button", name="origin").click()
    expect(page.get_by_label("Content")).to_have_value(
        '{\n  "title": "On the Origin of Species",\n  "author": "Charles Darwin",\n  "shelf": "science",\n  "year": 1859\n}'
    )
    page.get_by_role("button", name="Another generated one").click()
    expect(page.get_by_label("Content")).not_to_contain_text("Darwin")
    page.get_by_label("Status").select_option("422")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result .facts .status")).to_have_text("422")
    expect(page.get_by_label("Status")).to_have_value("422")


def test_what_is_wrong_in_a_form_is_sent_to_see_it_refused(visit: Open) -> None:
    page = visit("/operations/0/addBook")
    page.get_by_label("Content").fill('{"title": ')
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result .facts .status")).to_have_text("422")
    page.get_by_label("Send", exact=True).select_option("none")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result .facts .status")).to_have_text("401")


def test_what_can_t_be_sent_is_said_beside_the_form(visit: Open) -> None:
    page = visit("/operations/0/getBook")
    page.get_by_label("bookId").fill("")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#result .bad")).to_contain_text("the path parameter 'bookId' is needed")


def test_pages_work_without_scripts(visit: Open, library: Server) -> None:
    ask(library, "/books/1")
    page = visit(java_script_enabled=False)
    page.get_by_role("searchbox").fill("nothing")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".empty")).to_contain_text("Nothing fits")
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("link", name="/v2/books/1").click()
    expect(page.locator("h1")).to_contain_text("/v2/books/1")
    page.get_by_role("link", name="getBook").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result .facts .status")).to_have_text("200")


def test_everything_is_reached_by_keys(visit: Open, library: Server) -> None:
    for number in (1, 2, 3):
        ask(library, f"/books/{number}")
    page = live(visit(size=WIDE))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#pane h1")).to_contain_text("/v2/books/2")
    expect(page.locator("#pane")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#pane h1")).to_contain_text("/v2/books/1")
    page.keyboard.press("Escape")
    expect(page.locator("#pane")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.locator("[data-live-state]")).to_have_text("Paused")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("books/3")
    expect(page.locator("tbody .row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Operations").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#result .facts .status")).to_have_text("200")


def test_hostile_texts_do_nothing(visit: Open, library: Server) -> None:
    page = live(visit(size=WIDE))
    ask(
        library,
        f"/books/{ANGRY}",
        "PATCH",
        json={"title": ANGRY, ANGRY: [ANGRY]},
        headers={"X-Angry": ANGRY, "Accept": ANGRY},
    )
    page.locator("tbody .row").click()
    expect(page.get_by_label("Body of the request")).to_contain_text("<script>window.hurt=1</script>")
    expect(page.locator("#pane dl").first).to_contain_text("{{7*7}}")
    page.get_by_role("searchbox").fill(ANGRY)
    page.wait_for_timeout(400)

    assert page.evaluate("window.hurt") is None
    assert page.locator("main img, main script").count() == 0


PATHS = [
    "/",
    "/?q=nothing-has-this",
    "exchange",
    "/operations",
    "/operations/0/listBooks",
    "/operations/0/addBook",
    "/nowhere",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_accessible_and_fits(visit: Open, library: Server, size: tuple[int, int], scheme: str) -> None:
    ask(library, "/books/1", headers={"X-Mock-World": "a-world-with-a-long-name-of-its-own"})
    ask(library, "/books", "POST", json={"title": "Emma", "author": "Jane Austen" * 20, "shelf": "attic"})
    ask(library, "/books?colour=" + "red" * 80)
    page = visit(size=size, scheme=scheme)
    found = page.locator("tbody .row a").nth(1).get_attribute("href")
    for path in PATHS:
        page.goto(f"{library.origin}{found}" if path == "exchange" else f"{library.origin}/__console{path}")
        check_access(page, path)

        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    page.goto(f"{library.origin}/__console/operations/0/addBook")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result .facts .status")).to_have_text("201")
    check_access(page, "result")
