"""A run changes nothing but what it created: a provider with precious data, asked in every phase."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import GivenValues, Memory
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.document.document import Document, open_document
from mock_server.document.load import Access, Library
from mock_server.judges.identity import Identity

JSON = "application/json"
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "minLength": 1},
        "bucket_id": {"type": "integer"},
    },
}
BODY = {"required": True, "content": {JSON: {"schema": THING}}}
DONE = {"204": {"description": "done"}, "4XX": {"description": "no"}}
ONE = {"200": {"description": "one", "content": {JSON: {"schema": THING}}}, "4XX": {"description": "no"}}
LIST = {
    "200": {"description": "all", "content": {JSON: {"schema": {"type": "array", "items": THING}}}},
    "4XX": {"description": "no"},
}
MADE = {"201": {"description": "made", "content": {JSON: {"schema": THING}}}, "4XX": {"description": "no"}}


def _id(name: str) -> dict:
    return {"name": name, "in": "path", "required": True, "example": 1, "schema": {"type": "integer", "minimum": 1}}


def _document() -> dict:
    buckets, one = {"parameters": []}, {"parameters": [_id("id")]}
    items, item = {"parameters": [_id("bucket_id")]}, {"parameters": [_id("bucket_id"), _id("item_id")]}
    for template, reading in ((buckets, LIST), (one, ONE), (items, LIST), (item, ONE)):
        template["get"] = {"responses": reading}
        template["delete"] = {"responses": DONE}
    for collection in (buckets, items):
        collection["post"] = {"requestBody": BODY, "responses": MADE}
    for thing in (one, item):
        thing["put"] = {"requestBody": BODY, "responses": ONE}
        thing["patch"] = {"requestBody": BODY, "responses": ONE}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Buckets", "version": "1"},
        "paths": {
            "/buckets": buckets,
            "/buckets/purge": {"post": {"responses": DONE}},
            "/buckets/{id}": one,
            "/buckets/{id}/archive": {"parameters": [_id("id")], "post": {"responses": DONE}},
            "/buckets/{id}/seal": {"parameters": [_id("id")], "put": {"responses": DONE}},
            "/buckets/{bucket_id}/items": items,
            "/buckets/{bucket_id}/items/{item_id}": item,
        },
    }


class Buckets:
    """A provider with things that are not the run's: the low numbers, which its lists show and the document's examples name."""

    def __init__(self) -> None:
        self.things: dict[str, dict] = {}
        for bucket in (1, 2, 3):
            self.things[f"/buckets/{bucket}"] = {"id": bucket, "name": "precious"}
            for item in (1, 2):
                self.things[f"/buckets/{bucket}/items/{item}"] = {"id": item, "name": "precious", "bucket_id": bucket}
        self.next = 10
        self.touched: list[str] = []
        self.changed = 0  # requests that changed something, which was the run's own

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        status, value = self.answer(scope["method"], scope["path"], body)
        self.changed += scope["method"] in {"PUT", "PATCH", "DELETE"} and status < 300
        text = b"" if value is None or scope["method"] == "HEAD" else json.dumps(value).encode()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", JSON.encode())] * bool(text),
            }
        )
        await send({"type": "http.response.body", "body": text})

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        if method not in {"GET", "HEAD", "TRACE"}:
            self.watch(method, path)
        if path == "/buckets/purge" or (method == "DELETE" and path.endswith(("/buckets", "/items"))):
            return self.remove(lambda key: key.startswith(path.removesuffix("/purge") + "/"))
        action = re.fullmatch(r"(/buckets/\d+)/(archive|seal)", path)
        if action:
            known = action[1] in self.things
            return (
                self.remove(lambda key: key == action[1] or key.startswith(action[1] + "/")) if known else (404, None)
            )
        if re.fullmatch(r"/buckets(/\d+/items)?", path):
            return self.collection(method, path, body)
        if path not in self.things:
            return 404, None
        if method == "DELETE":
            return self.remove(lambda key: key == path or key.startswith(path + "/"))
        if method in {"PUT", "PATCH"}:
            changed = self.read(body)
            if changed is None:
                return 400, None
            self.things[path] |= changed
        return 200, self.things[path]

    def collection(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        if path != "/buckets" and path.removesuffix("/items") not in self.things:
            return 404, None
        if method == "POST":
            made = self.read(body)
            if made is None:
                return 400, None
            self.next += 1
            self.things[f"{path}/{self.next}"] = {**made, "id": self.next}
            return 201, self.things[f"{path}/{self.next}"]
        if method not in {"GET", "HEAD"}:
            return 405, None
        return 200, [thing for key, thing in self.things.items() if key.rpartition("/")[0] == path]

    def read(self, body: bytes) -> dict | None:
        try:
            value = json.loads(body)
        except ValueError:
            return None
        right = isinstance(value, dict) and isinstance(value.get("name"), str) and value["name"]
        return {"name": value["name"]} if right else None

    def remove(self, fits: Callable[[str], bool]) -> tuple[int, None]:
        for key in [key for key in self.things if fits(key)]:
            del self.things[key]
        return 204, None

    def watch(self, method: str, path: str) -> None:
        """Note what would change something that was there before the run."""
        name = re.sub(r"/(purge|archive|seal)$", "", path)
        creates = method in {"POST", "PATCH"} and re.fullmatch(
            r"/buckets(/\d+/items)?", path
        )  # PATCH is an empty one, to be refused
        precious = any(
            thing["name"] == "precious" and (key == name or key.startswith(name + "/"))
            for key, thing in self.things.items()
        )
        if precious and not creates:
            self.touched.append(f"{method} {path}")

    @property
    def precious(self) -> int:
        return sum(thing["name"] == "precious" for thing in self.things.values())


def open_buckets(folder: Path) -> Document:
    """Write the document into a folder, and open it."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(_document()))
    library = Library(Access())
    return open_document(library, library.open_entry(str(path)))


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return open_buckets(tmp_path_factory.mktemp("buckets"))


# What the user names: nothing, and what is precious as parents.
GIVEN: dict[str, dict[str, list[int]]] = {
    "nothing given": {},
    "parents given": {"id": [1], "bucket_id": [1, 2], "item_id": [1]},
}


def run_against(app: Buckets, document: Document, seed: int, given: dict, **options: bool) -> Report:
    api = make_api(document, "", seed)
    api.identity = Identity()
    sender = open_app(app, AnswerLimits())
    memory = Memory(document, api.router, "", GivenValues({name: tuple(values) for name, values in given.items()}))
    run = Run(api, sender, Options(seed=seed, mutating=True, max_cases=25, max_examples=6, **options), memory)
    try:
        return Runner(run, document.entries).report()
    finally:
        sender.close()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_what_the_run_did_not_create_is_neither_changed_nor_deleted(document: Document, seed: int, given: dict) -> None:
    app = Buckets()

    report = run_against(app, document, seed, given)

    assert app.touched == []
    assert app.precious == 9
    assert {exercise.title for exercise in report.operations if exercise.accepted} >= {
        "GET /buckets", "POST /buckets", "GET /buckets/{id}", "PUT /buckets/{id}", "PATCH /buckets/{id}", "DELETE /buckets/{id}",
        "POST /buckets/{bucket_id}/items", "PUT /buckets/{bucket_id}/items/{item_id}", "DELETE /buckets/{bucket_id}/items/{item_id}",
        "DELETE /buckets/{bucket_id}/items", "POST /buckets/{id}/archive", "PUT /buckets/{id}/seal",
    }  # fmt: skip


def test_a_value_for_one_operation_lets_that_one_change_it_and_no_other(document: Document) -> None:
    app = Buckets()
    operation = next(
        entry.id for entry in document.entries if entry.method == "PATCH" and entry.template == "/buckets/{id}"
    )

    run_against(app, document, 0, {f"{operation}.id": [3]})

    assert set(app.touched) == {"PATCH /buckets/3"}


def test_a_collection_is_deleted_as_a_whole_only_where_that_is_allowed(document: Document) -> None:
    app = Buckets()
    report = run_against(app, document, 0, {})
    allowed = Buckets()
    run_against(allowed, document, 0, {}, allow_bulk_delete=True)

    assert (app.precious, allowed.precious) == (9, 0)
    assert [why for id_, why in report.untestable.items() if "--allow-bulk-delete" in why] == [
        "it deletes what this run did not create; --allow-bulk-delete sends it"
    ] * 2
