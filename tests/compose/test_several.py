"""Several documents in one process: each under its base path, the longest first; what both have is said and answered by the first."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import orjson
import pytest

from mock_server.errors import FixtureError, UsageError
from mock_server.exchange.message import Request
from mock_server.respond.open import OpenedDocument, find_conflicts, open_responders
from mock_server.server.backend import Backend
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.paths import ROOT
from tests.support.servers import Server


def api(folder: Path, name: str, base: str, paths: dict[str, str]) -> str:
    """Write a document whose operations answer with their own names; `paths` has operationIds by method and path."""
    items: dict[str, dict[str, object]] = {}
    for title, id_ in paths.items():
        method, path = title.split(" ")
        items.setdefault(path, {})[method.lower()] = operation({"const": f"{name}.{id_}"}) | {"operationId": id_}
    where = folder / f"{name}.json"
    where.write_bytes(orjson.dumps(minimal(items, "3.1.0", servers=[{"url": base}])))
    return str(where)


def ask(backend: Backend, target: str, method: str = "GET") -> tuple[int, object]:
    path, _, query = target.partition("?")
    mount = backend.find_mount(method, path, query)
    answer = mount.responder.respond(Request(method, path.encode(), query.encode(), [], b""))
    return answer.status, orjson.loads(answer.body) if answer.body else None


def opened(*documents: str, **settings: object) -> tuple[Backend, list[OpenedDocument]]:
    found = open_responders(documents, Settings(**settings))  # type: ignore[arg-type]
    return Backend.of(*(each.responder for each in found)), found


@pytest.mark.parametrize("turned", [False, True])
def test_the_longest_base_path_goes_first_whatever_the_order(tmp_path: Path, turned: bool) -> None:
    names = [
        api(tmp_path, "wide", "/api", {"GET /pets": "list", "GET /v2/pets": "old", "GET /v2/toys": "toys"}),
        api(tmp_path, "narrow", "/api/v2", {"GET /pets": "list", "PUT /toys": "put"}),
    ]
    backend, found = opened(*(reversed(names) if turned else names))

    assert ask(backend, "/api/pets") == (200, "wide.list")
    assert ask(backend, "/api/v2/pets") == (200, "narrow.list")
    assert ask(backend, "/api/v2/toys") == (200, "wide.toys")
    assert ask(backend, "/api/v2/toys", "PUT") == (200, "narrow.put")
    assert ask(backend, "/api/v2/toys", "DELETE")[0] == 405
    assert ask(backend, "/api/v2/pets", "HEAD")[0] == 200
    assert ask(backend, "/apis/pets")[0] == 404
    status, problem = ask(backend, "/nowhere")
    assert status == 404
    assert re.search(r"served under .*/api/v2\b", str(problem))
    (conflict,) = find_conflicts(found)
    assert conflict.message.endswith("narrow.json answers")


def test_of_equal_base_paths_the_first_document_with_the_operation_answers(tmp_path: Path) -> None:
    one = api(tmp_path, "one", "/", {"GET /pets": "list", "GET /pets/{id}": "get"})
    two = api(tmp_path, "two", "/", {"GET /pets/{name}": "named", "POST /pets": "create", "GET /toys": "toys"})
    backend, found = opened(one, two)

    assert ask(backend, "/pets/7") == (200, "one.get")
    assert ask(backend, "/pets", "POST") == (200, "two.create")
    assert ask(backend, "/toys") == (200, "two.toys")
    assert [conflict.rule for conflict in find_conflicts(found)] == ["document-path-ambiguous"]
    assert "GET /pets/{name}" in find_conflicts(found)[0].message


def test_base_paths_are_given_once_for_all_or_one_for_each(tmp_path: Path) -> None:
    documents = [api(tmp_path, name, "/x", {"GET /a": "a"}) for name in ("one", "two")]

    each, _ = opened(*documents, base_path=("/one", "/"))
    assert [ask(each, "/one/a"), ask(each, "/a")] == [(200, "one.a"), (200, "two.a")]
    both, _ = opened(*documents, base_path=("/both",))
    assert ask(both, "/both/a") == (200, "one.a")
    with pytest.raises(UsageError, match="3 base paths for 2 documents"):
        opened(*documents, base_path=("/1", "/2", "/3"))


def test_documents_share_a_folder_of_fixtures(tmp_path: Path) -> None:
    documents = [api(tmp_path, name, f"/{name}", {"GET /a": f"{name}A"}) for name in ("one", "two")]
    for name in ("one", "two"):
        (tmp_path / "fixtures" / f"{name}A").mkdir(parents=True)
        (tmp_path / "fixtures" / f"{name}A" / "stored.json").write_text(f'"{name}.{name}A"')

    backend, found = opened(*documents, fixtures=tmp_path / "fixtures")
    answers = [mount.responder.fixtures.by_operation for mount in backend.mounts]
    assert [list(each) for each in answers] == [["oneA"], ["twoA"]]
    assert [each.warnings for each in found] == [(), ()]

    (tmp_path / "fixtures" / "nobody").mkdir()
    with pytest.raises(FixtureError):
        opened(*documents, fixtures=tmp_path / "fixtures")


def test_one_server_has_them_all(serve: Callable[..., Server], tmp_path: Path) -> None:
    second = api(tmp_path, "second", "/second", {"GET /a": "a", "GET /health": "health"})
    server = serve(str(ROOT / "openapi.yaml"), second)

    assert httpx2.get(f"{server.origin}/api/charger/EMABLER_Charger12345/users?code=c&clientId=c").status_code == 200
    assert httpx2.get(f"{server.origin}/second/a").json() == "second.a"
    listed = httpx2.get(f"{server.origin}/__admin/documents").json()["documents"]
    assert [(each["title"], each["basePaths"], each["operations"]) for each in listed] == [
        ("Charger access API", ["/api"], 1),
        ("T", ["/second"], 2),
    ]
    for number, each in enumerate(listed):
        shown = httpx2.get(server.origin + each["url"]).json()
        assert (shown["info"]["title"], shown["servers"][0]["url"]) == (each["title"], each["basePaths"][0])
        assert httpx2.get(f"{server.origin}/__admin/documents/{number}/openapi.yaml").status_code == 200
    assert httpx2.get(f"{server.origin}/openapi.json").json()["info"]["title"] == "Charger access API"
    assert httpx2.get(f"{server.origin}/__admin/health").json()["operations"] == 3
    page = httpx2.get(f"{server.origin}/ui/").text
    assert '"/__admin/documents/1/ui.json"' in page


def test_conflicts_are_said_at_the_start(tmp_path: Path) -> None:
    documents = [api(tmp_path, name, "/", {"GET /a": "a"}) for name in ("one", "two")]
    done = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", *documents, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stdout is not None
    while "GET /a" not in done.stdout.readline():
        pass
    done.terminate()
    _, errors = done.communicate(timeout=10)

    assert "warning: GET /a is in " in errors
    assert "one.json answers [document-path-ambiguous]" in errors
