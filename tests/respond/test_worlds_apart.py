"""
Two lanes, one road: ordinary requests are answered with nothing decided, all others by the responder.

Whichever lane an exchange takes, whatever was set, put, forked or edited before: the same bytes are answered, and the journal,
the metrics and the coverage have it once.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.admin.access import Guard
from mock_server.compose.backend import assemble, configure_sources, install_defaults
from mock_server.compose.deferred import install_admin
from mock_server.faults import CALM, parse_disturbances
from mock_server.respond.fast_path import FastPath
from mock_server.respond.open import open_responders
from mock_server.server.backend import make_mounts
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient, Said
from tests.support.at_door import AtDoor
from tests.support.paths import DOCUMENT

LIBRARY = Path(__file__).parent.parent / "admin" / "console" / "library.yaml"
KEY = {"x-library-key": "k"}
CHARGER = "/api/charger/EMABLER_Charger555"


class _Shut(FastPath):
    """An express lane that nobody takes."""

    def find(self, *_: Any) -> None: ...  # type: ignore[override]


class Lane:
    """A server in this process, whose lane for ordinary requests is open or shut; without a log, as the lane wants it."""

    def __init__(self, wheres: list[Path], settings: Settings, *, is_open: bool) -> None:
        self.wheres = [str(where) for where in wheres]
        self.is_open = is_open
        self.express = 0
        self.backend = assemble(open_responders(self.wheres, settings), settings)
        install_defaults(self.backend)
        self._choose()
        install_admin(self.backend, Guard())
        self.client = AsgiClient(AtDoor(MockMiddleware(None, self.backend)))  # type: ignore[arg-type]

    def edit(self, text: str) -> None:
        """Serve another version of the first document."""
        Path(self.wheres[0]).write_text(text)
        settings = self.backend.settings
        mounts = make_mounts([opened.responder for opened in open_responders(self.wheres, settings)])
        configure_sources(self.backend, mounts, settings)
        self.backend.replace(mounts, settings)
        self._choose()

    def _choose(self) -> None:
        """Open the lane or shut it."""
        if self.is_open:
            for mount in self.backend.mounts:
                self._count(mount.express)
        else:
            self.backend.mounts = tuple(
                dataclasses.replace(mount, express=_Shut(mount.responder)) for mount in self.backend.mounts
            )

    def _count(self, express: FastPath) -> None:
        def counted(found: Any) -> Any:
            self.express += found is not None
            return found

        find = express.find
        express.find = lambda *given: counted(find(*given))  # type: ignore[method-assign]

    async def ask(
        self, target: str, method: str = "GET", headers: dict[str, str] | None = None, json: object = None
    ) -> Said:
        return await self.client.ask_soon(target, method, headers=headers, json=json)

    async def take(self, step: tuple[Any, ...]) -> object:
        """Take a step; gives what the client sees of it."""
        kind, *given = step
        if kind == "edit":
            return self.edit(given[0])
        if kind == "disturb":
            self.backend.disturber.disturbances = parse_disturbances(given[0]) if given[0] else CALM  # type: ignore[union-attr]
            return None
        if kind == "world":
            return getattr(self.backend.worlds, given[0])(*given[1:]) and None
        said = await self.ask(*given)
        fields = {name: value for name, value in said.fields.items() if name != "date"}
        return said.status, fields, said.body if kind == "ask" else b""

    def kept(self) -> list[object]:
        """What the journals of all worlds have, without the times."""
        return [
            (
                world.name,
                kept.number,
                kept.request._replace(fields=list(kept.request.fields)),
                kept.answer._replace(entry=None),
                kept.answer.entry and kept.answer.entry.id,
                kept.disturbance,
            )
            for world in self.backend.worlds
            for kept in world.journal
        ]


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    log = logging.getLogger("mock_server.access")
    before = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(before)


BOOK = {"title": "Mrs Dalloway", "author": "Virginia Woolf", "shelf": "fiction"}
MAPPING = {
    "id": "11111111-1111-4111-8111-111111111111",
    "request": {"method": "GET", "urlPath": "/v2/books"},
    "response": {"jsonBody": []},
}
POSTED = {
    "id": "22222222-2222-4222-8222-222222222222",
    "request": {"method": "POST", "urlPath": "/v2/loans"},
    "response": {"status": 409, "jsonBody": {"message": "lent already"}},
    "scenarioName": "lending",
    "newScenarioState": "Lent",
}
LENT = {
    "id": "33333333-3333-4333-8333-333333333333",
    "request": {"method": "GET", "urlPath": "/v2/loans"},
    "response": {"jsonBody": []},
    "scenarioName": "lending",
    "requiredScenarioState": "Lent",
}
FIELDS = [{}, KEY, {**KEY, "accept": "*/*"}, {**KEY, "accept": "text/plain"}, {**KEY, "x-mock-world": "w"}, {**KEY, "cookie": "mock_world=w"},
          {**KEY, "prefer": "code=401"}, {**KEY, "origin": "http://a.test"}, {**KEY, "if-none-match": "*"}]  # fmt: skip
READS = ["/v2/books", "/v2/books/7", "/v2/books/1", "/v2/books/x", "/v2/books?limit=1", "/v2/loans", "/v2/members/L-004711",
         "/v2/members/L-000001", "/v2/nothing", "/v2/books?__seed=4"]  # fmt: skip
WRITES = [
    ("/v2/books", "POST", BOOK), ("/v2/books", "POST", {"title": ""}), ("/v2/loans", "POST", {"bookId": 1, "card": "L-000001"}),
    ("/v2/loans", "POST", {"bookId": 2, "card": "L-000001"}), ("/v2/loans", "POST", {}), ("/v2/books/1", "PATCH", {"title": "Other"}),
    ("/v2/books/1", "DELETE", None), ("/v2/books", "PUT", {}),
]  # fmt: skip
CHANGES = [
    *[("admin", "/__admin/mappings", "POST", {}, each) for each in (MAPPING, POSTED, LENT)],
    *[("admin", f"/__admin/mappings/{each['id']}", "DELETE", {}) for each in (MAPPING, POSTED, LENT)],
    ("admin", "/__admin/mappings", "DELETE", {}),
    ("admin", "/__admin/reset", "POST", {}),
    ("admin", "/__admin/reset?world=*", "POST", {}),
    ("admin", "/__admin/settings", "PATCH", {}, {"faults": ["error:503@0.5"]}),
    ("admin", "/__admin/settings", "PUT", {}, {}),
    ("disturb", {"faults": ["error:503"]}),
    ("disturb", None),
    ("admin", "/__admin/worlds/w", "PUT", {}, {"seed": "8"}),
    ("admin", "/__admin/worlds/@everybody", "PUT", {}, {"seed": "9"}),
    ("admin", "/__admin/worlds/@everybody", "PUT", {}, {"seed": None}),
    ("world", "fork", "", "w"), ("world", "fork", "w", ""), ("world", "reset", ""), ("world", "reset", "w"), ("world", "drop", "w"),
]  # fmt: skip
ASKED = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(READS), st.just("GET"), st.sampled_from(FIELDS)),
    st.builds(
        lambda write, fields: ("ask", *write[:2], fields, write[2]), st.sampled_from(WRITES), st.sampled_from(FIELDS)
    ),
)
STEPS = st.lists(st.one_of(ASKED, ASKED, ASKED, st.sampled_from(CHANGES)), min_size=1, max_size=25)

ORDERS = """
openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getOrder
      responses: {"200": {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}}
    post:
      operationId: payOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses: {"201": {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}}
      callbacks:
        paid: {"{$request.body#/hook}": {post: {responses: {"200": {description: ""}}}}}
  /stored/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getStored
      responses: {"200": {description: "", content: {application/json: {schema: {type: integer}, example: 7}}}}
    put:
      operationId: putStored
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses: {"200": {description: "", content: {application/json: {schema: {type: integer}, example: 8}}}}
  /slow:
    get:
      operationId: getSlow
      responses: {"200": {description: "", content: {application/json: {schema: {type: integer}}}}}
  /empty:
    post:
      operationId: sendNothing
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"204": {description: ""}}
components:
  schemas:
    Order: {type: object, required: [n], properties: {n: {type: integer}, hook: {type: string}}}
"""
SCENARIO = """
name: paying
rules:
  - when: {operation: payOrder, path: {id: A1}}
    then: Paid
  - when: {operation: getOrder, path: {id: A1}, state: Paid}
    answer: {body: {n: 1}}
"""
SLOW = "{body: 3, delay: 1}"
KINDS = [
    {},
    {"accept": "application/json"},
    {"accept": "text/plain"},
    {"x-mock-world": "w"},
    {"prefer": "seed=4"},
    {"prefer": "size=2"},
]
TARGETS = ["/orders/A1", "/orders/B", "/orders/a%20b", "/orders/", "/stored/1", "/slow", "/empty", "/orders/A1?x=1"]
BODIES = [{"n": 1}, {"n": 2, "hook": "http://127.0.0.1:1/x"}, {"n": "1"}, {}, None]
MAPPED = {
    "id": "44444444-4444-4444-8444-444444444444",
    "request": {"method": "POST", "urlPathPattern": "/orders/.*"},
    "response": {"status": 201, "jsonBody": {"n": 99}, "fixedDelayMilliseconds": 1},
}
ORDER_CHANGES = [
    ("admin", "/__admin/mappings", "POST", {}, MAPPED),
    ("admin", f"/__admin/mappings/{MAPPED['id']}", "DELETE", {}),
    ("admin", "/__admin/scenarios/paying/state", "PUT", {}, {"state": "Paid"}),
    ("admin", "/__admin/scenarios/reset", "POST", {}),
    *(
        ("edit", text)
        for text in (
            ORDERS,
            ORDERS.replace("example: 7", "example: 70"),
            ORDERS.replace("n: {type: integer}", "n: {type: integer, maximum: 1}"),
        )
    ),
    *CHANGES[6:],
]
ORDER_STEPS = st.lists(
    st.one_of(
        st.builds(lambda *asked: ("ask", *asked), st.sampled_from(TARGETS), st.sampled_from(["GET", "HEAD"]), st.sampled_from(KINDS)),
        st.builds(
            lambda *asked: ("ask", *asked),
            st.sampled_from(TARGETS), st.sampled_from(["POST", "PUT"]), st.sampled_from(KINDS), st.sampled_from(BODIES),
        ),
        st.sampled_from(ORDER_CHANGES),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip
SERVERS: dict[str, dict[str, Any]] = {
    "stateless": {},
    "stateful": {"stateful": True},
    "without a journal": {"journal": 0, "stateful": True},
    "made values": {"source": ("generated",)},
    "invalid values": {"profile": "invalid"},
    "no validation": {"validate_requests": False, "security": False},
    "no security": {"security": False, "stateful": True, "cors": False},
}


@pytest.mark.parametrize("changes", SERVERS.values(), ids=SERVERS)
@settings(max_examples=12)
@given(steps=STEPS)
def test_both_lanes_answer_and_keep_the_same(changes: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(_both([LIBRARY], changes, steps))


@pytest.mark.parametrize(
    "changes",
    [{}, {"callbacks_to": ("127.0.0.1",)}, {"profile": "minimal"}, {"validate_requests": False}, {"stateful": True}],
    ids=str,
)
@pytest.mark.parametrize("scripted", [False, True], ids=["plain", "scripted"])
@settings(max_examples=12)
@given(steps=ORDER_STEPS)
def test_a_body_is_answered_and_kept_the_same(
    orders: Path, changes: dict[str, Any], scripted: bool, steps: list[tuple[Any, ...]]
) -> None:
    (orders / "openapi.yaml").write_text(ORDERS)
    folders = {"scenarios": orders / "played", "fixtures": orders / "kept"} if scripted else {}
    asyncio.run(_both([orders / "openapi.yaml"], {**changes, **folders}, steps))


SHOP = Path(__file__).parent.parent / "state" / "shop.yaml"
OWNERS = [
    "242c9d22-8741-42e3-a71e-fa15d7fa4eeb",
    "dcc6f93b-b91a-4937-9401-6d75bfdf6a4f",
]  # who is there in the beginning, who comes first
SHOWN = ["/owners", "/owners?limit=1", "/owners?limit=1&offset=1", "/pets", "/pets?page_size=1", "/settings", "/articles/a-b",
         *(f"/owners/{owner}{rest}" for owner in OWNERS for rest in ("", "/pets", "/address", "/notes"))]  # fmt: skip
ASKING = [
    {},
    {"host": "one.test"},
    {"host": "two.test"},
    {"if-none-match": "*"},
    {"accept": "application/xml"},
    {"x-mock-world": "w"},
]
DONE: list[tuple[str, str, object]] = [
    ("/owners", "POST", {"name": "Ada", "email": "ada@example.com"}), ("/owners", "POST", {"name": "Bo", "email": "bo@example.com"}),
    ("/settings", "PUT", {"theme": "dark"}), ("/articles/a-b", "DELETE", None),
    *((f"/owners/{owner}", "DELETE", None) for owner in OWNERS),
    *((f"/owners/{owner}/pets", "POST", {"name": "Rex"}) for owner in OWNERS),
    *((f"/owners/{owner}/address", "PUT", {"city": "London"}) for owner in OWNERS),
]  # fmt: skip
SHOPPING = st.lists(
    st.one_of(
        st.builds(
            lambda target, fields: ("ask", target, "GET", fields), st.sampled_from(SHOWN), st.sampled_from(ASKING)
        ),
        st.builds(
            lambda done, fields: ("ask", *done[:2], fields, done[2]), st.sampled_from(DONE), st.sampled_from(ASKING)
        ),
        st.sampled_from(
            [
                change
                for change in CHANGES
                if change[0] == "world" or "reset" in str(change[1]) or "worlds" in str(change[1])
            ]
        ),
    ),
    min_size=2,
    max_size=25,
)


@pytest.mark.parametrize("changes", [{}, {"seed": 3}, {"cors": False, "journal": 0}], ids=str)
@settings(max_examples=12)
@given(steps=SHOPPING)
def test_what_is_kept_ready_of_state_is_what_state_is(changes: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(_both([SHOP], {"stateful": True, **changes}, steps))


@pytest.mark.parametrize(
    "target",
    [f"{CHARGER}/users?clientId=c&code=k", f"{CHARGER}/users?code=k", f"{CHARGER}/users?clientId=c&code=k&x=1"],
)
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_is_ready_is_not_answered_after_a_change(target: str, change: tuple[Any, ...]) -> None:
    ask = ("ask", target, "GET", {})

    asyncio.run(_both([DOCUMENT, LIBRARY], {"stateful": True}, [ask, ask, change, ask, ask]))


@pytest.mark.parametrize(("changes", "count"), [({}, 3), ({"stateful": True}, 3), ({"journal": 0}, 3)])
def test_ordinary_requests_take_the_express_lane(orders: Path, changes: dict[str, Any], count: int) -> None:
    async def ask() -> int:
        lane = Lane([orders / "openapi.yaml"], Settings(**changes), is_open=True)
        for _ in range(3):
            await lane.ask("/orders/B")
            await lane.ask("/orders/B", "POST", json={"n": 1})
        return lane.express

    assert asyncio.run(ask()) >= count


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders")
    (folder / "openapi.yaml").write_text(ORDERS)
    (folder / "played").mkdir()
    (folder / "played" / "paying.yaml").write_text(SCENARIO)
    (folder / "kept" / "getSlow").mkdir(parents=True)
    (folder / "kept" / "getSlow" / "late.yaml").write_text(SLOW)
    return folder


async def _both(wheres: list[Path], changes: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    chosen = Settings(**changes)
    fast, slow = (Lane(wheres, chosen, is_open=is_open) for is_open in (True, False))
    for step in steps:
        assert await fast.take(step) == await slow.take(step), step
    assert fast.kept() == slow.kept()
    coverage = [(await lane.ask("/__admin/coverage")).json for lane in (fast, slow)]
    assert coverage[0] == coverage[1]
    counted = [_counted((await lane.ask("/metrics")).body.decode()) for lane in (fast, slow)]
    assert counted[0] == counted[1]
    posted = [[(one.name, one.url) for one in lane.backend.outbox] for lane in (fast, slow)]  # type: ignore[union-attr]
    assert posted[0] == posted[1]


def _counted(text: str) -> list[str]:
    """The lines of metrics that count, without those that tell the time."""
    return [
        line
        for line in text.splitlines()
        if not line.startswith("#") and ("_count" in line or "_total" in line) and "process_" not in line
    ]
