"""A stateful run of our own mock, recorded through a proxy and served again: the same answers, and nothing to find in either."""

import http.client
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.compose.backend import assemble
from mock_server.exchange.message import Request, Response
from mock_server.proxy.judge import ProxyJudge, SeenExchange
from mock_server.proxy.record import Recorder
from mock_server.respond.fixtures import load_fixtures
from mock_server.respond.open import open_responder
from mock_server.respond.worlds import World
from mock_server.server.masker import Masker
from mock_server.settings import Settings
from tests.state.test_shop import SHOP
from tests.support.crud import chargers, todos
from tests.support.proxying import Proxy, start_proxy
from tests.support.servers import Server

MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"
CREDENTIALS = "clientId=c&code=k"
KEPT = ("content-type", "location", "link", "etag", "x-total-count")
Ask = Callable[..., Any]


def live_with_todos(ask: Ask) -> None:
    """Create, read, list, filter, change, replace, remove, miss."""
    ask("GET", "/todos")
    first = ask("POST", "/todos", {"title": "Milk", "secret": "s3cr3t-of-mine"})["id"]
    ask("GET", "/todos")
    ask("GET", f"/todos/{first}")
    ask("PATCH", f"/todos/{first}", {"done": True}, type_=MERGE)
    ask("GET", f"/todos/{first}")
    ask("PATCH", f"/todos/{first}", {"done": False, "note": "x"}, type_=MERGE)
    ask("PATCH", f"/todos/{first}", {"done": True}, type_=MERGE)
    ask("PUT", f"/todos/{first}", {"title": "Oat milk"})
    ask("POST", "/todos", {"title": "Milk"})
    second = ask("POST", "/todos", {"title": "Milk"})["id"]
    for query in (
        "done=true",
        "done=false",
        "q=milk",
        "sort=-title",
        "page=1&limit=2",
        "page=2&limit=2",
        "page=9&limit=2",
    ):
        ask("GET", f"/todos?{query}")
    ask("DELETE", f"/todos/{first}")
    ask("GET", f"/todos/{first}")
    ask("DELETE", f"/todos/{first}")
    ask("PATCH", f"/todos/{first}", {"done": True}, type_=MERGE)
    ask("DELETE", f"/todos/{second}")
    ask("GET", "/todos")
    ask("GET", "/todos/999999")


def live_in_the_shop(ask: Ask) -> None:
    """Pages, conditions, patches, what belongs to others, what there is one of."""
    ask("GET", "/owners")
    ada = ask("POST", "/owners", {"name": "Ada", "email": "ada@example.com"})["data"]["id"]
    ask("POST", "/owners", {"name": "Ada", "email": "ada@example.com"})
    ask("POST", "/owners", {"name": "Bo", "email": "bo@example.com"})
    ask("GET", "/owners?limit=1")
    ask("GET", "/owners?limit=1&offset=1")
    ask("GET", "/owners?limit=50&sort_by=name&order=desc")
    etag = ask("GET", f"/owners/{ada}", field="etag")
    ask("GET", f"/owners/{ada}", headers={"If-None-Match": etag})
    ask("PATCH", f"/owners/{ada}", {"name": "Ada L."}, type_=MERGE, headers={"If-Match": etag})
    ask("PATCH", f"/owners/{ada}", {"name": "Nobody"}, type_=MERGE, headers={"If-Match": etag})
    ask("GET", f"/owners/{ada}", headers={"If-None-Match": etag})
    ask("PATCH", f"/owners/{ada}", [{"op": "replace", "path": "/name", "value": "Countess"}], type_=PATCH)
    ask("PATCH", f"/owners/{ada}", [{"op": "remove", "path": "/nowhere"}], type_=PATCH)
    ask("GET", f"/owners/{ada}/pets")
    ask("POST", f"/owners/{ada}/pets", {"name": "Rex", "status": "available"})
    ask("GET", f"/owners/{ada}/pets")
    ask("GET", "/pets")
    ask("GET", f"/pets?ownerId={ada}")
    ask("GET", f"/owners/{ada}/address")
    ask("PUT", f"/owners/{ada}/address", {"street": "Main Street 1", "city": "London"})
    ask("GET", f"/owners/{ada}/address")
    ask("GET", "/settings")
    ask("GET", "/articles/not-there")
    ask("DELETE", f"/owners/{ada}")
    ask("GET", f"/owners/{ada}")
    ask("GET", f"/owners/{ada}/pets")


def live_with_chargers(ask: Ask) -> None:
    """Drivers of the default document, behind keys in the query."""
    users = "/charger/EMABLER_Charger555/users"
    drivers = ask("GET", f"{users}?{CREDENTIALS}")
    ask("GET", users)
    driver = {**next(iter(drivers)), "id": 77}
    made = ask("POST", f"{users}?{CREDENTIALS}", driver)
    ask("GET", f"{users}/{made['id']}?{CREDENTIALS}")
    ask("PATCH", f"{users}/{made['id']}?{CREDENTIALS}", {"name": "Somebody"}, type_=MERGE)
    ask("GET", f"{users}?{CREDENTIALS}")
    ask("DELETE", f"{users}/{made['id']}?{CREDENTIALS}")
    ask("GET", f"{users}/{made['id']}?{CREDENTIALS}")
    ask("GET", f"{users}?{CREDENTIALS}")


LIVES = {
    "todos": (todos(), live_with_todos),
    "shop": (SHOP, live_in_the_shop),
    "chargers": (chargers(), live_with_chargers),
}


@pytest.mark.parametrize(("document", "live"), LIVES.values(), ids=LIVES)
def test_a_stateful_run_is_replayed_with_the_same_answers_and_no_finding(
    document: dict,
    live: Callable[[Ask], None],
    serve: Callable[..., Server],
    judged: Callable[..., Proxy],
    tmp_path: Path,
) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    stateful = serve(str(path), "--stateful", "--log-format", "none")
    before = judged(
        document,
        stateful,
        record=Recorder(tmp_path / "recorded", stateful.origin, stateful.url.removeprefix(stateful.origin)).take,
    )
    recorded = tell(before, stateful, live)
    assert before.rules(len(recorded)) == []

    checked = subprocess.run(
        [sys.executable, "-m", "mock_server", "check", str(path), "--fixtures", str(tmp_path / "recorded")],
        capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip
    assert (checked.returncode, ", 0 warnings" in checked.stderr) == (0, True), checked.stdout + checked.stderr
    replaying = serve(str(path), "--fixtures", str(tmp_path / "recorded"), "--log-format", "none")
    after = judged(document, replaying)
    replayed = tell(after, replaying, live)

    assert after.rules(len(replayed)) == []
    for one, other in zip(recorded, replayed, strict=True):
        assert (other[:-1], other[-1].partition(":")[0]) == (one[:-1], "fixture")


def tell(proxy: Proxy, server: Server, live: Callable[[Ask], None]) -> list[tuple[Any, ...]]:
    """Live through it; gives what was asked and answered, each with its source at the end."""
    told: list[tuple[Any, ...]] = []
    base = server.url.removeprefix(server.origin)

    def ask(
        method: str,
        target: str,
        body: object = None,
        *,
        type_: str = "application/json",
        headers: dict[str, str] | None = None,
        field: str = "",
    ) -> Any:
        data = orjson.dumps(body) if body is not None else None
        typed = {"Content-Type": type_} if data is not None else {}
        response, content = proxy.ask(method, base + target, data, {"Host": "mock.test", **typed, **(headers or {})})
        fields = {name: response.headers[name] for name in KEPT}
        told.append((method, target, response.status, fields, content, response.headers["x-mock-source"] or ""))
        return response.headers[field] if field else _read(response, content)

    live(ask)
    return told


def _read(response: http.client.HTTPResponse, content: bytes) -> Any:
    return orjson.loads(content) if "json" in (response.headers["content-type"] or "") and content else None


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Callable[..., Proxy]]:
    """Start proxies that judge what a server and its clients say."""
    running: list[Proxy] = []

    def start(document: dict, server: Server, **options: Any) -> Proxy:
        folder = tmp_path / f"proxy{len(running)}"
        folder.mkdir()
        running.append(start_proxy(document, server.url, folder, **options))
        return running[-1]

    yield start
    for proxy in running:
        proxy.stop()


KEYS = ["84234", "84235", "84236", "84237", "84238", "7"]
ONE = [f"/todos/{key}" for key in KEYS]
LISTS = ["/todos", "/todos?done=true", "/todos?q=a", "/todos?limit=1", "/todos?limit=1&page=2", "/todos?sort=-title"]
TITLES = [
    {"title": "a"},
    {"title": "b"},
    {"title": "a", "done": True},
    {"title": "a", "secret": "s3cr3t-of-mine"},
    {"title": "a", "note": None},
]
ASKED = st.one_of(
    st.tuples(st.just("GET"), st.sampled_from([*ONE, *LISTS]), st.none()),
    st.tuples(st.just("POST"), st.just("/todos"), st.sampled_from(TITLES)),
    st.tuples(st.just("PUT"), st.sampled_from(ONE), st.sampled_from(TITLES)),
    st.tuples(st.just("PATCH"), st.sampled_from(ONE), st.sampled_from([{"done": True}, {"title": "c"}, {"note": "n"}])),
    st.tuples(st.just("DELETE"), st.sampled_from(ONE), st.none()),
)


@given(asked=st.lists(ASKED, min_size=2, max_size=20))
def test_any_run_is_replayed_with_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(todos()))
    opened = open_responder(str(path), Settings(stateful=True))
    assemble([opened], Settings(stateful=True))
    live, replaying = opened.responder, open_responder(str(path), Settings()).responder
    recorder, scrutiny, answers = Recorder(folder / "recorded", "http://upstream.test", ""), ProxyJudge(), []
    requests = [_request(*one) for one in asked]
    for request in requests:
        answer = live.respond(request, World())
        seen = SeenExchange(request, Response(answer.status, answer.fields, answer.body))
        judged = scrutiny.judge(replaying, seen)
        assert judged.matched is not None
        assert [f for f in judged.findings if f.rule.startswith("response-")] == []
        assert (
            recorder.take(
                replaying,
                seen,
                judged,
                Masker((replaying.document,)).mask.seen_in(request, seen.response),
            )
            == ()
        )
        answers.append(answer)
    replaying.fixtures = load_fixtures(folder / "recorded", replaying.document, replaying.judge_of, replaying.kit.pools)
    world = World()

    assert replaying.fixtures.findings == ()
    for request, answer in zip(requests, answers, strict=True):
        replayed = replaying.respond(request, world)
        assert (replayed.status, replayed.body, replayed.source.partition(":")[0]) == (
            answer.status,
            answer.body,
            "fixture",
        ), request


def _request(method: str, target: str, body: object) -> Request:
    path, _, query = target.partition("?")
    data = orjson.dumps(body) if body is not None else b""
    type_ = b"application/merge-patch+json" if method == "PATCH" else b"application/json"
    fields = [(b"content-type", type_), (b"content-length", b"%d" % len(data))] if data else []
    return Request(method, path.encode(), query.encode(), fields, data)
