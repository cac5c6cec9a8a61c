"""What people do with a mock all day, in Chromium: worlds, state, scenarios, disturbances, coverage, and all of it in one go."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.servers import Server, start_server, stop_server

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parent
KEY = {"X-Library-Key": "key-of-a-test"}
SIZES = {"desktop": (1280, 800), "phone": (360, 740)}

Open = Callable[..., Page]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(HERE / "library.yaml", tmp_path)
    shutil.copytree(HERE / "scenarios", tmp_path / "scenarios")
    return tmp_path


@pytest.fixture
def library(folder: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    server = start_server(
        "library.yaml", *getattr(request, "param", ("--stateful", "--reload")), "--log-format", "none", cwd=folder
    )
    yield server
    stop_server(server)


@pytest.fixture
def visit(browser: Browser, library: Server) -> Iterator[Open]:
    contexts = []

    def visit(path: str = "/", size: tuple[int, int] = SIZES["desktop"], scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{library.origin}/__console{path}")
        return page

    yield visit
    for context in contexts:
        context.close()


def ask(library: Server, target: str, method: str = "GET", **options: object) -> httpx2.Response:
    return httpx2.request(method, library.url + target, headers={**KEY, **options.pop("headers", {})}, **options)  # type: ignore[arg-type,dict-item]


def go(page: Page, name: str) -> None:
    menu = page.locator(".menu > summary")
    if menu.is_visible() and page.locator(".menu:not([open])").count():
        menu.click()
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def edit(page: Page, old: str, new: str) -> None:
    field = page.get_by_label("JSON")
    field.fill(field.input_value().replace(old, new))
    page.get_by_role("button", name="Save").click()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_day_in_the_life(visit: Open, library: Server, folder: Path, size: tuple[int, int]) -> None:
    page = visit(size=size)
    expect(page.locator("[data-live-state]")).to_have_text("Live")

    # a call is seen as it comes, with what is wrong with it
    ask(library, "/books", "POST", json={"title": "Emma", "author": "Jane Austen", "shelf": "attic"})
    page.get_by_text("/v2/books").click()
    expect(page.locator(".finding")).to_contain_text('"attic" is not one of')
    expect(page.locator(".reasons .yes")).to_contain_text("the request breaks the document")

    # a good one is kept as a fixture
    ask(library, "/members/L-004711")
    go(page, "Traffic")
    page.get_by_text("/v2/members/L-004711").click()
    page.get_by_label("Name", exact=True).fill("reader")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".good")).to_contain_text("getMember/reader.yaml")
    assert (folder / "fixtures" / "getMember" / "reader.yaml").is_file()
    assert ask(library, "/members/L-004711").headers["x-mock-source"] == "fixture:reader"

    # a world of one's own
    go(page, "Worlds")
    page.get_by_label("Name", exact=True).fill("my-test")
    page.get_by_role("button", name="Make").click()
    page.get_by_role("button", name="Use my-test").click()
    expect(page.get_by_role("row", name="my-test")).to_contain_text("shown here")

    # in which a thing is other than elsewhere
    go(page, "State")
    page.get_by_role("link", name="/v2/books").click()
    page.get_by_role("link", name="12", exact=True).click()
    edit(page, "Charles Darwin", "C. Darwin")
    expect(page.locator(".good")).to_contain_text("Kept.")
    assert ask(library, "/books/12", headers={"X-Mock-World": "my-test"}).json()["author"] == "C. Darwin"
    assert ask(library, "/books/12").json()["author"] == "Charles Darwin"

    # a scenario is switched
    go(page, "Scenarios")
    page.get_by_role("button", name="Lent").click()
    expect(page.get_by_role("button", name="Lent")).to_have_attribute("aria-pressed", "true")
    assert ask(library, "/books/7", headers={"X-Mock-World": "my-test"}).json()["available"] is False
    assert ask(library, "/books/7").json()["available"] is True

    # and answers come late, and fail
    go(page, "Disturbances")
    page.get_by_label("Delay, in milliseconds").first.fill("120")
    page.get_by_label("Faults").first.fill("error:503")
    page.get_by_role("button", name="Set").first.click()
    expect(page.get_by_label("Delay, in milliseconds").first).to_have_value("120")
    disturbed = ask(library, "/books/7")
    assert disturbed.status_code == 503
    assert disturbed.elapsed.total_seconds() >= 0.12
    page.get_by_role("button", name="As the server was started").click()
    expect(page.get_by_label("Delay, in milliseconds").first).to_have_value("")
    assert ask(library, "/books/7").status_code == 200

    # all of which is counted
    go(page, "Coverage")
    row = (
        page.get_by_role("row", name="GET /books/{bookId}")
        if size[0] > 760
        else page.locator("tr", has_text="GET /books/{bookId}")
    )
    expect(row.locator(".mark-used", has_text="200")).to_have_count(1)


def test_a_world_is_forked_reset_and_dropped(visit: Open, library: Server) -> None:
    ask(library, "/books/7", "PATCH", json={"title": "Other"}, headers={"X-Mock-World": "anna"})
    page = visit("/worlds")
    page.get_by_label("Name of a fork of anna").fill("berta")
    page.get_by_role("row", name="anna").get_by_role("button", name="Fork").click()
    expect(page.get_by_role("row", name="berta")).to_be_visible()
    assert ask(library, "/books/7", headers={"X-Mock-World": "berta"}).json()["title"] == "Other"

    page.get_by_role("button", name="Reset berta").click()
    page.wait_for_load_state()
    assert ask(library, "/books/7", headers={"X-Mock-World": "berta"}).json()["title"] == "To the Lighthouse"
    assert ask(library, "/books/7", headers={"X-Mock-World": "anna"}).json()["title"] == "Other"

    page.get_by_label("Seed of anna").fill("7")
    page.get_by_role("row", name="anna").get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_label("Seed of anna")).to_have_value("7")
    page.get_by_role("button", name="Drop anna").click()
    expect(page.get_by_role("row", name="anna")).to_have_count(0)
    page.get_by_label("Name of a fork of berta").fill("berta")
    page.get_by_role("row", name="berta").get_by_role("button", name="Fork").click()
    expect(page.get_by_role("alert")).to_contain_text("there is a world 'berta' already")


def test_a_thing_is_created_and_deleted(visit: Open, library: Server) -> None:
    page = visit("/state/0/books")
    page.get_by_role("link", name="New").click()
    field = page.get_by_label("JSON")
    field.fill('{"id": 77, "title": "Emma", "author": "Jane Austen", "shelf": "fiction", "available": true}')
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".good")).to_contain_text("Kept.")
    assert ask(library, "/books/77").json()["title"] == "Emma"
    assert len(ask(library, "/books").json()) == 3

    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("/v2/books")
    expect(page.get_by_role("link", name="77", exact=True)).to_have_count(0)
    assert ask(library, "/books/77").status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"fiction"', '"attic"', '"attic" is not one of'),
        ('"Virginia Woolf"', "null", "null is not of type"),
        ('"id": 7,', '"id": 8,', "'id' tells it apart from others and stays '7'"),
        ("{", "", "This is no JSON"),
    ],
)
def test_what_breaks_the_document_is_not_kept(visit: Open, library: Server, old: str, new: str, said: str) -> None:
    page = visit("/things/0/books?in=/v2/books&key=7")
    edit(page, old, new)

    expect(page.get_by_role("alert")).to_contain_text(said)
    assert new in page.get_by_label("JSON").input_value()
    assert ask(library, "/books/7").json()["shelf"] == "fiction"


def test_who_was_slower_overwrites_nothing(visit: Open, library: Server) -> None:
    page = visit("/things/0/books?in=/v2/books&key=7")
    ask(library, "/books/7", "PATCH", json={"title": "By somebody else"})
    edit(page, "Virginia Woolf", "V. Woolf")

    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed it in the meantime")
    assert ask(library, "/books/7").json() == {
        **ask(library, "/books/7").json(),
        "title": "By somebody else",
        "author": "Virginia Woolf",
    }


@pytest.mark.parametrize("library", [()], indirect=True)
def test_a_server_without_state_says_how_to_get_it(visit: Open, library: Server) -> None:
    expect(visit("/state").locator(".empty")).to_contain_text("--stateful")


def test_a_mapping_is_seen_and_removed(visit: Open, library: Server) -> None:
    mapping = {
        "name": "gone",
        "request": {"method": "GET", "urlPath": "/v2/books/5"},
        "response": {"status": 404, "jsonBody": {"message": "gone"}},
    }
    assert httpx2.post(f"{library.origin}/__admin/mappings", json=mapping).status_code == 201
    page = visit("/scenarios")
    expect(page.get_by_role("row", name="gone")).to_contain_text("/v2/books/5")
    assert ask(library, "/books/5").json() == {"message": "gone"}
    page.get_by_role("button", name="Remove gone").click()

    expect(page.get_by_role("row", name="gone")).to_have_count(0)
    assert ask(library, "/books/5").json() != {"message": "gone"}


def test_a_delay_that_is_none_changes_nothing(visit: Open, library: Server) -> None:
    page = visit("/disturbances")
    page.get_by_label("Operation", exact=True).select_option("listLoans")
    page.get_by_label("Delay, in milliseconds").last.fill("soon")
    page.get_by_role("button", name="Set").last.click()
    expect(page.get_by_role("alert")).to_contain_text("'soon' is none")
    expect(page.get_by_label("Delay, in milliseconds").last).to_have_value("soon")

    page.get_by_label("Delay, in milliseconds").last.fill("")
    page.get_by_label("Faults").last.fill("error:500@#1")
    page.get_by_role("button", name="Set").last.click()
    expect(page.get_by_role("heading", name="listLoans")).to_be_visible()
    assert [ask(library, "/loans").status_code for _ in range(2)] == [500, 200]
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="listLoans")).to_have_count(0)


def test_a_fault_is_what_the_caller_sees(visit: Open, library: Server) -> None:
    page = visit("/operations/0/getBook")
    page.get_by_label("Fault").fill("reset")
    page.get_by_label("Delay").fill("50")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#result .bad")).to_contain_text("The connection was closed before the answer was complete")
    page.get_by_role("link", name="in the traffic").click()
    expect(page.locator(".facts")).to_contain_text("reset")


def test_a_broken_edit_is_said_on_every_page(visit: Open, library: Server, folder: Path) -> None:
    page = visit("/operations")
    document = (folder / "library.yaml").read_text()
    (folder / "library.yaml").write_text("openapi: [")
    for _ in range(50):
        page.wait_for_timeout(200)
        page.reload()
        if page.get_by_role("alert").count():
            break
    expect(page.get_by_role("alert")).to_contain_text("the version before goes on")
    expect(page.get_by_role("alert")).to_contain_text("library.yaml")
    (folder / "library.yaml").write_text(document.replace("City Library", "Town Library"))
    for _ in range(50):
        page.wait_for_timeout(200)
        page.reload()
        if not page.get_by_role("alert").count():
            break
    expect(page.get_by_text("Town Library")).to_be_visible()


PATHS = [
    "/worlds",
    "/state",
    "/state/0/books",
    "/things/0/books?in=/v2/books&key=7",
    "/things/0/books",
    "/scenarios",
    "/disturbances",
    "/coverage",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_every_page_is_accessible_and_fits(visit: Open, library: Server, size: tuple[int, int], scheme: str) -> None:
    ask(library, "/books/7", headers={"X-Mock-World": "a-world-with-a-rather-long-name-of-its-own"})
    long = {
        "name": "long" * 20,
        "request": {"urlPath": "/" + "x" * 90},
        "response": {"status": 200},
        "scenarioName": "s",
        "newScenarioState": "n",
    }
    httpx2.post(f"{library.origin}/__admin/mappings", json=long)
    page = visit(size=size, scheme=scheme)
    for path in PATHS:
        page.goto(f"{library.origin}/__console{path}")
        results = Axe().run(page)

        assert results.violations_count == 0, f"{path}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
