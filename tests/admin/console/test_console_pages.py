"""The console's pages as they are sent: who gets them, what they may do, what they do not say."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import orjson
import pytest

from tests.support.servers import Server, start_server, stop_server

HERE = Path(__file__).resolve().parent
KEY = {"X-Library-Key": "s3cret-of-anna"}
ANGRY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("library")
    shutil.copy(HERE / "library.yaml", folder)
    server = start_server("library.yaml", "--log-format", "none", cwd=folder)
    yield server
    stop_server(server)


@pytest.fixture
def console(library: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{library.origin}/__console", headers={"origin": library.origin}) as client:
        client.post("/traffic/clear", data={"world": "*"})
        yield client


def pages(console: httpx2.Client, library: Server) -> list[str]:
    httpx2.get(f"{library.url}/books/7", headers=KEY)
    row = re.search(r'href="/__console(/exchanges/[^"]+)"', console.get("/").text)
    assert row
    listed = re.findall(r'<a href="/__console(/[^"]*)"', console.get("/").text)
    return ["/", row.group(1).replace("&amp;", "&"), "/operations/0/addBook", *dict.fromkeys(listed), "/nowhere"]


def test_every_page_keeps_itself_to_itself(console: httpx2.Client, library: Server) -> None:
    for path in pages(console, library):
        answer = console.get(path)
        policy = answer.headers["content-security-policy"]

        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_no_page_has_a_script_or_a_style_of_its_own(console: httpx2.Client, library: Server) -> None:
    for path in pages(console, library):
        text = console.get(path).text

        assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", text) == []
        assert all(url.startswith("/") for url in re.findall(r'(?:src|href)="([^"#][^"]*)"', text))


def test_the_address_without_a_slash_leads_to_the_page(console: httpx2.Client, library: Server) -> None:
    answer = httpx2.get(f"{library.origin}/__console")

    assert (answer.status_code, answer.headers["location"]) == (308, "/__console/")


def test_what_is_not_there_is_said_on_a_page(console: httpx2.Client) -> None:
    for path in (
        "/nowhere",
        "/exchanges/00099999?world=",
        "/operations/0/nobody",
        "/operations/7/getBook",
        "/static/0/nothing.js",
    ):
        answer = console.get(path)

        assert (answer.status_code, "<h1>" in answer.text) == (404, True)


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_page_of_another_origin_changes_nothing(console: httpx2.Client, library: Server, origin: str) -> None:
    httpx2.get(f"{library.url}/books/7", headers=KEY)
    answer = console.post("/traffic/clear", data={"world": "*"}, headers={"origin": origin})

    assert answer.status_code == 403
    assert "/v2/books/7" in console.get("/").text


def test_a_foreign_name_that_leads_here_sees_nothing(console: httpx2.Client) -> None:
    answer = console.get("/", headers={"host": "evil.example"})

    assert (answer.status_code, "Traffic" in answer.text) == (403, False)


def test_credentials_are_not_shown(console: httpx2.Client, library: Server) -> None:
    fields = {**KEY, "Authorization": "Bearer t0ken-of-anna", "Cookie": "session=c00kie-of-anna"}
    httpx2.get(f"{library.url}/books/7?access_token=qu3ry-of-anna", headers=fields)
    for path in pages(console, library)[:2]:
        text = console.get(path).text

        assert "-of-anna" not in text
    detail = console.get(pages(console, library)[1]).text
    assert "x-library-key: secret" in detail


def test_hostile_texts_are_texts(console: httpx2.Client, library: Server) -> None:
    httpx2.post(
        f"{library.url}/books?q={ANGRY}",
        json={"title": ANGRY},
        headers={**KEY, "x-angry": ANGRY, "prefer": f"example={ANGRY}"},
    )
    first = pages(console, library)
    for path in (*first[:2], f"/?q={ANGRY}&operation={ANGRY}&world={ANGRY}&status={ANGRY}", f"/operations?q={ANGRY}"):
        text = console.get(path).text

        assert "<script>alert" not in text
        assert "<img" not in text
    stream = ""
    with console.stream("GET", "/traffic/events?after=0&world=*") as answer:
        for line in answer.iter_lines():
            stream += line
            if line.startswith("data:"):
                break
    assert "<script>alert" not in stream
    assert "<img" not in stream


def test_a_hostile_document_is_text(tmp_path: Path) -> None:
    path = {ANGRY: {"get": {"operationId": ANGRY, "summary": ANGRY, "description": ANGRY, "tags": [ANGRY], "parameters": [
        {"name": ANGRY, "in": "query", "description": ANGRY, "schema": {"type": "string", "enum": [ANGRY]}}],
        "responses": {"200": {"description": ANGRY, "content": {"application/json": {"examples": {ANGRY: {"value": ANGRY}}}}}}}}}  # fmt: skip
    document = {
        "openapi": "3.1.0",
        "info": {"title": ANGRY, "version": ANGRY},
        "paths": {"/x" + key: value for key, value in path.items()},
    }
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(document))
    server = start_server("openapi.json", "--log-format", "none", cwd=tmp_path)
    try:
        listed = httpx2.get(f"{server.origin}/__console/operations").text
        link = re.search(r'href="(/__console/operations/0/[^"]+)"', listed)
        assert link
        texts = [listed, httpx2.get(server.origin + link.group(1)).text, httpx2.get(f"{server.origin}/__console/").text]
    finally:
        stop_server(server)

    assert [text for text in texts if "<script>alert" in text or "<img" in text] == []
    assert all("&lt;script&gt;alert(1)" in text for text in texts)


def test_what_was_missed_comes_after_a_break(console: httpx2.Client, library: Server) -> None:
    for number in (1, 2, 3):
        httpx2.get(f"{library.url}/books/{number}", headers=KEY)
    first = re.findall(r'data-number="(\d+)"', console.get("/").text)[-1]
    came = []
    with console.stream("GET", "/traffic/events?world=*", headers={"last-event-id": first}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                came.append(orjson.loads(line[5:])["html"])
            if len(came) == 2:
                break

    assert ["/v2/books/2" in came[0], "/v2/books/3" in came[1]] == [True, True]


def test_who_stops_listening_is_forgotten(console: httpx2.Client, library: Server) -> None:
    for _ in range(20):
        with console.stream("GET", "/traffic/events") as answer:
            next(answer.iter_lines())
    httpx2.get(f"{library.url}/books/1", headers=KEY)

    assert "/v2/books/1" in console.get("/").text


def test_a_server_that_is_stopped_waits_for_no_open_page(tmp_path: Path) -> None:
    server = start_server(str(HERE / "library.yaml"), "--log-format", "none", cwd=tmp_path)
    with httpx2.stream("GET", f"{server.origin}/__console/traffic/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        server.process.send_signal(signal.SIGINT)
        rest = list(lines)  # ends by itself: a broken connection would raise
    server.process.communicate(timeout=15)

    assert server.process.returncode == 0
    assert [line for line in rest if line and not line.startswith(":")] == []


def test_files_are_kept_for_good_under_a_name_that_changes_with_them(console: httpx2.Client) -> None:
    found = re.findall(r'(?:src|href)="/__console(/static/[^"]+)"', console.get("/").text)
    answers = [console.get(path) for path in found]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)


def test_off_loopback_a_token_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_SERVER_ADMIN_TOKEN", "open-sesame")
    server = start_server(str(HERE / "library.yaml"), "--host", "0.0.0.0", "--log-format", "none", cwd=tmp_path)
    try:
        with httpx2.Client(base_url=f"{server.origin}/__console", headers={"origin": server.origin}) as client:
            closed = client.get("/operations?q=loans")
            wrong = client.post("/login", data={"token": "guess", "to": "/__console/operations?q=loans"})
            right = client.post("/login", data={"token": "open-sesame", "to": "/__console/operations?q=loans"})
            cookie = right.headers["set-cookie"]
            inside = client.get(right.headers["location"].removeprefix("/__console"))
            elsewhere = client.post("/login", data={"token": "open-sesame", "to": "//evil.example/"})
            stylesheet = client.get(
                re.findall(r'href="/__console(/static/[^"]+css)"', closed.text)[0], headers={"cookie": ""}
            )
    finally:
        stop_server(server)

    assert (closed.status_code, "/loans" in closed.text) == (401, False)
    assert (wrong.status_code, "That is not the token." in wrong.text) == (401, True)
    assert (right.status_code, right.headers["location"]) == (303, "/__console/operations?q=loans")
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    assert "open-sesame" not in cookie
    assert (inside.status_code, "/loans" in inside.text) == (200, True)
    assert elsewhere.headers["location"] == "/__console/"
    assert stylesheet.status_code == 200
