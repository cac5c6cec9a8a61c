"""The console's pages of what is kept, where it is not a plain list: under an owner, without keys, of which there is one."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import orjson
import pytest

from tests.support.paths import ROOT
from tests.support.servers import Server, start_server, stop_server

LIBRARY = Path(__file__).resolve().parent / "library.yaml"
SHOP = Path("tests") / "state" / "shop.yaml"


@pytest.fixture(scope="module")
def shop() -> Iterator[Server]:
    server = start_server(str(SHOP), "--stateful", "--log-format", "none", cwd=ROOT)
    yield server
    stop_server(server)


@pytest.fixture
def console(shop: Server) -> Iterator[httpx2.Client]:
    httpx2.post(f"{shop.origin}/__admin/reset?world=*")
    with httpx2.Client(
        base_url=f"{shop.origin}/__console", headers={"origin": shop.origin}, follow_redirects=True
    ) as client:
        yield client


@pytest.fixture
def ada(shop: Server, console: httpx2.Client) -> str:
    return str(httpx2.post(f"{shop.url}/owners", json={"name": "Ada", "email": "ada@example.com"}).json()["data"]["id"])


def page(console: httpx2.Client, kind: str, resource: str, **query: str) -> httpx2.Response:
    return console.get(f"/{kind}/0/{resource}?{urlencode(query)}")


def written(text: str) -> object:
    """What stands in the editor."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert found
    return orjson.loads(html.unescape(found.group(1)))


def save(console: httpx2.Client, resource: str, body: object, act: str = "keep", **form: str) -> httpx2.Response:
    return console.post(f"/things/0/{resource}", data={"body": orjson.dumps(body).decode(), "act": act, **form})


def test_what_belongs_to_an_owner_is_found_through_it(shop: Server, console: httpx2.Client, ada: str) -> None:
    assert "through its owner" in console.get("/state").text

    thing = page(console, "things", "owners", **{"in": "/owners", "key": ada}).text
    assert urlencode({"in": f"/owners/{ada}/notes"}) in thing
    assert "0 things" in page(console, "state", "notes", **{"in": f"/owners/{ada}/notes"}).text
    httpx2.post(f"{shop.url}/owners/{ada}/notes", json={"text": "Hello"})

    assert "Hello" in page(console, "state", "notes", **{"in": f"/owners/{ada}/notes"}).text
    assert f"/owners/{ada}/notes" in console.get("/state").text


def test_a_thing_without_a_key_is_created_changed_and_deleted(shop: Server, console: httpx2.Client, ada: str) -> None:
    path = f"/owners/{ada}/notes"
    made = save(console, "notes", {"text": "One"}, **{"in": path})
    assert made.status_code == 200
    key = re.search(r'name="key" value="([^"]+)"', made.text)
    assert key
    save(console, "notes", {"text": "Two"}, **{"in": path})
    assert [note["text"] for note in httpx2.get(shop.url + path).json()] == ["One", "Two"]

    changed = save(console, "notes", {"text": "Three"}, **{"in": path, "key": key.group(1), "version": "1"})
    assert "Kept." in changed.text
    assert [note["text"] for note in httpx2.get(shop.url + path).json()] == ["Three", "Two"]
    save(console, "notes", {}, "delete", **{"in": path, "key": key.group(1)})
    assert [note["text"] for note in httpx2.get(shop.url + path).json()] == ["Two"]


def test_a_thing_of_which_there_is_one_is_changed_and_not_deleted(
    shop: Server, console: httpx2.Client, ada: str
) -> None:
    for resource, path in (("settings", "/settings"), ("address", f"/owners/{ada}/address")):
        shown = page(console, "things", resource, **{"in": path, "key": ""})
        if shown.status_code == 404:  # nobody asked for it yet
            before = httpx2.get(shop.url + path).json()
            shown = page(console, "things", resource, **{"in": path, "key": ""})
            assert written(shown.text) == before
        assert "Delete" not in shown.text
        name, value = next((name, value) for name, value in written(shown.text).items() if isinstance(value, str))
        changed = {
            **written(shown.text),
            name: next(each for each in ("dark", "light", "Elsewhere 1") if each != value),
        }
        said = save(console, resource, changed, **{"in": path, "key": "", "version": "1"})

        assert "Kept." in said.text, said.text
        assert httpx2.get(shop.url + path).json() == changed
        assert save(console, resource, {}, "delete", **{"in": path, "key": ""}).status_code == 422
        assert httpx2.get(shop.url + path).json() == changed


def test_the_things_of_an_owner_who_is_not_there_are_not_there(console: httpx2.Client, ada: str) -> None:
    for path in ("/pets", "/owners", "/owners/x/y/notes", "https://elsewhere.test/notes", ""):
        assert page(console, "state", "notes", **{"in": path}).status_code == 404
        assert save(console, "notes", {"text": "x"}, **{"in": path}).status_code == 404


def test_a_new_thing_begins_like_the_last_one_and_needs_a_key_of_its_own(
    shop: Server, console: httpx2.Client, ada: str
) -> None:
    begun = written(page(console, "things", "owners", **{"in": "/owners"}).text)
    assert begun.keys() == {"id", "name", "email", "petCount"}
    assert begun["id"] != ada
    taken = save(console, "owners", {**begun, "id": ada}, **{"in": "/owners"})
    assert (taken.status_code, "already" in taken.text) == (422, True)
    assert save(console, "owners", begun, **{"in": "/owners"}).status_code == 200

    assert httpx2.get(f"{shop.url}/owners/{begun['id']}").json()["data"] == begun


@pytest.mark.parametrize("flags", [("--stateful",), ()], ids=["with state", "without"])
def test_a_saved_fixture_says_who_answers_before_it(tmp_path: Path, flags: tuple[str, ...]) -> None:
    (tmp_path / "library.yaml").write_bytes(LIBRARY.read_bytes())
    server = start_server("library.yaml", *flags, "--no-security", "--log-format", "none", cwd=tmp_path)
    try:
        before = [httpx2.get(f"{server.url}/books").json() for _ in range(3)]
        httpx2.post(f"{server.url}/books", json={"title": "Emma", "author": "Jane Austen", "shelf": "fiction"})
        saved = httpx2.post(
            f"{server.origin}/__console/exchanges/00000001/fixture?world=",
            data={"name": "first"},
            headers={"origin": server.origin},
        ).text
        asked = [httpx2.get(f"{server.url}/books", headers=head) for head in ({}, {}, {"prefer": "fixture=first"})]
    finally:
        stop_server(server)

    sources = [answer.headers["x-mock-source"] for answer in asked]
    assert asked[2].json() == before[0]
    if flags:
        assert "It answers from now on" not in saved
        assert "Prefer: fixture=first" in saved
        assert sources == ["state:books", "state:books", "fixture:first"]
    else:
        assert "It answers from now on" in saved
        assert sources == ["fixture:first"] * 3
