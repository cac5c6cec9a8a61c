"""Growing into the real thing: functions of the user answer the operations with their names, the rest stay mocked."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import orjson
import pytest

from mock_server.errors import UsageError
from mock_server.server.handlers import argument_name
from mock_server.server.user_code import Code, load_code
from tests.support.mocks import Mock, minimal
from tests.support.servers import Server

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "additionalProperties": False,
}
JSON = {"application/json": {"schema": PET}}
ERROR = {"application/problem+json": {"schema": {"type": "object"}}}


def described(id_: str, *parameters: dict, responses: dict | None = None, **members: object) -> dict:
    found = responses or {"200": {"description": "", "content": JSON}, "404": {"description": "", "content": ERROR}}
    return {"operationId": id_, "parameters": list(parameters), "responses": found, **members}


def parameter(name: str, in_: str, schema: dict, **members: object) -> dict:
    return {"name": name, "in": in_, "schema": schema, **({"required": True} if in_ == "path" else {}), **members}


DOCUMENT = minimal(
    {
        "/pets": {
            "get": described(
                "list_pets",
                parameter("page-size", "query", {"type": "integer", "default": 20}),
                parameter("tags", "query", {"type": "array", "items": {"type": "string"}}, explode=False),
                parameter("near", "query", {"type": "object", "properties": {"lat": {"type": "number"}}}, style="deepObject", explode=True),
                parameter("when", "query", {"type": ["integer", "null"]}),
                responses={"200": {"description": "", "content": {"application/json": {"schema": {}}}}},
            ),
            "post": described(
                "create_pet", requestBody={"required": True, "content": {"application/json": {"schema": PET}}, "x-body-name": "pet"}, responses={
                    "201": {"description": "", "content": JSON, "headers": {"Location": {"required": True, "schema": {"type": "string"}}}},
                }),
        },
        "/pets/{petId}": {
            "get": described("get_pet", parameter("petId", "path", {"type": "integer"})),
            "delete": described("delete_pet", parameter("petId", "path", {"type": "integer"}), responses={"204": {"description": ""}}),
        },
        "/pets/{petId}/photo": {
            "put": described(
                "put_photo",
                parameter("petId", "path", {"type": "integer"}),
                requestBody={"content": {"multipart/form-data": {"schema": {"type": "object", "properties": {
                    "title": {"type": "string"}, "photo": {"type": "string", "format": "binary"}}}}}},
                responses={"200": {"description": "", "content": {"application/json": {"schema": {}}}}},
            ),
        },
        "/form": {"post": described("form", requestBody={"content": {"application/x-www-form-urlencoded": {"schema": {
            "type": "object", "properties": {"count": {"type": "integer"}}}}}}, responses={"200": {"description": "", "content": {"application/json": {"schema": {}}}}})},
        "/mocked": {"get": described("mocked")},
        "/raw": {"get": described("raw", responses={"200": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}}})},
    },
    "3.1.0",
)  # fmt: skip

HANDLERS = """
import connexion
from connexion import NoContent, problem
from names import call

PETS = {}


def list_pets(pagesize, tags=(), near=None, when=0):
    return {"pagesize": pagesize, "tags": tags, "near": near, "when": when, "path": connexion.request.url.path}


async def create_pet(pet):
    PETS[pet["id"]] = pet
    return pet, 201, {"Location": f"/pets/{pet['id']}"}


def get_pet(petId):
    if petId == 500:
        raise ValueError("a bug")
    if petId == 400:
        return problem(400, "No", "nobody documented this")
    if petId not in PETS:
        return {"title": "no such pet"}, 404
    return {**PETS[petId], "name": call(PETS[petId]["name"])}


async def delete_pet(petId):
    return NoContent, 204


def put_photo(petId, body, photo):
    return {"id": petId, "body": body, "size": len(photo.file.read()), "name": photo.filename}


def form(**kwargs):
    return kwargs


def raw():
    return "hello"


class mocked:
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(DOCUMENT))
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "names.py").write_text("def call(name):\n    return name\n")
    return tmp_path


@pytest.fixture
def client(project: Path, serve: Callable[..., Server]) -> Iterator[httpx2.Client]:
    server = serve("openapi.json", "--handlers", "handlers.py", "--reload", cwd=project)
    assert "handlers" in server.banner + "".join(iter(server.process.stdout.readline, "\n"))  # type: ignore[union-attr]
    with httpx2.Client(base_url=server.origin) as client:
        yield client


def told(answer: httpx2.Response) -> list[tuple[str, str]]:
    return [(found["code"], found["location"][0]) for found in orjson.loads(answer.headers.get("sl-violations", "[]"))]


def test_functions_answer_and_the_rest_stays_mocked(client: httpx2.Client) -> None:
    created = client.post("/pets", json={"id": 7, "name": "Rex"})
    assert (created.status_code, created.json(), created.headers["location"]) == (
        201,
        {"id": 7, "name": "Rex"},
        "/pets/7",
    )
    assert created.headers["x-mock-source"] == "handler"
    assert client.get("/pets/7").json() == {"id": 7, "name": "Rex"}
    assert client.head("/pets/7").status_code == 200
    gone = client.delete("/pets/7")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get("/raw").text == "hello"
    assert client.get("/mocked").headers["x-mock-source"] == "generated"
    assert [told(answer) for answer in (created, gone)] == [[], []]


def test_values_are_injected_as_the_document_reads_them(client: httpx2.Client) -> None:
    answer = client.get("/pets?tags=a,b&near[lat]=1.5&when=3")
    assert answer.json() == {"pagesize": 20, "tags": ["a", "b"], "near": {"lat": 1.5}, "when": 3, "path": "/pets"}
    assert client.get("/pets?page-size=5").json()["pagesize"] == 5
    assert client.post("/form", data={"count": "3"}).json() == {"body": {"count": 3}}
    sent = client.put("/pets/7/photo", data={"title": "Rex"}, files={"photo": ("rex.png", b"12345")})
    assert sent.json() == {"id": 7, "body": {"title": "Rex"}, "size": 5, "name": "rex.png"}


def test_a_request_is_judged_before_a_handler_sees_it(client: httpx2.Client) -> None:
    refused = client.post("/pets", json={"id": "seven"})
    assert refused.status_code == 422
    assert refused.headers["x-mock-source"] == "problem:invalid-request"


def test_answers_are_judged_and_reported(client: httpx2.Client) -> None:
    missing = client.get("/pets/8")
    assert (missing.status_code, missing.headers["content-type"], told(missing)) == (
        404,
        "application/problem+json",
        [],
    )
    undocumented = client.get("/pets/400")
    assert (undocumented.status_code, told(undocumented)) == (400, [("response-status-undocumented", "response")])
    client.post("/pets", json={"id": 9, "name": "Tom"})
    failed = client.get("/pets/500")
    assert (failed.status_code, failed.headers["content-type"]) == (500, "application/problem+json")
    assert told(failed) == [("response-status-undocumented", "response")]
    assert "a bug" not in failed.text


def test_what_is_preferred_is_mocked(client: httpx2.Client) -> None:
    assert client.get("/pets/7", headers={"Prefer": "code=200"}).headers["x-mock-source"] == "generated"


def test_edited_code_is_run_and_broken_code_changes_nothing(client: httpx2.Client, project: Path) -> None:
    def wait_for(status: int, name: str) -> None:
        for _ in range(200):
            answer = client.get("/pets/1")
            if (answer.status_code, answer.json().get("name")) == (status, name):
                return
            asyncio.run(asyncio.sleep(0.05))
        raise AssertionError(answer.text)

    (project / "handlers.py").write_text(HANDLERS.replace("PETS = {}", "PETS = {1: {'id': 1, 'name': 'Rex'}}"))
    wait_for(200, "Rex")
    (project / "names.py").write_text("def call(name):\n    return name * 2\n")  # what it imports is followed as well
    wait_for(200, "RexRex")
    (project / "handlers.py").write_text("def get_pet(:\n")
    asyncio.run(asyncio.sleep(0.8))
    wait_for(200, "RexRex")
    (project / "handlers.py").write_text("def get_pet(petId):\n    return {'id': 1, 'name': 'new'}\n")
    wait_for(200, "new")
    assert client.get("/raw").headers["x-mock-source"] == "generated"  # its function is gone


def test_code_that_can_not_be_imported_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import json\n\nx = json.loads('{')\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")

    with pytest.raises(UsageError, match=r"broken\.py:3: JSONDecodeError"):
        load_code("broken.py", tmp_path)
    with pytest.raises(UsageError, match=r"wrong\.py:1: "):
        load_code("wrong.py", tmp_path)
    with pytest.raises(UsageError, match="there is no such file"):
        load_code("nowhere.py", tmp_path)
    with pytest.raises(UsageError, match="No module named 'no_such_module'"):
        load_code("no_such_module", tmp_path)


def test_code_is_imported_anew_and_a_failure_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    package = tmp_path / "shop_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "stock.py").write_text("COUNT = 1\n")
    (package / "handlers.py").write_text(
        "from shop_of_tests.stock import COUNT\ndef count(): return COUNT\ndef _hidden(): pass\n"
    )

    first = load_code("shop_of_tests.handlers", tmp_path)
    (package / "stock.py").write_text("COUNT = 2\n")  # of the same size, in the same second
    second = load_code("shop_of_tests.handlers", tmp_path, first)
    (package / "stock.py").write_text("COUNT = x\n")
    with pytest.raises(UsageError, match="stock"):
        load_code("shop_of_tests.handlers", tmp_path, second)

    assert [first.functions["count"](), second.functions["count"]()] == [1, 2]
    assert "_hidden" not in second.functions
    assert sys.modules["shop_of_tests.stock"] is second.modules["shop_of_tests.stock"]
    assert {path.name for path in second.files} == {"__init__.py", "stock.py", "handlers.py"}
    for name in second.modules:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "argument"),
    [("petId", "petId"), ("page-size", "pagesize"), ("filter[name]", "filter_name"), ("2nd", "nd"), ("ids[]", "ids")],
)
def test_arguments_are_named_as_connexion_names_them(name: str, argument: str) -> None:
    from connexion.decorators.parameter import sanitized

    assert argument_name(name) == argument == sanitized(name)


def offering(*names: str) -> Code:
    return Code("handlers.py", {name: lambda name=name: name for name in names})


@pytest.mark.parametrize(
    ("operations", "names", "expected"),
    [
        (["list"], ["list"], {"list": "list"}),
        (["import"], ["import_"], {"import": "import_"}),
        (["things/put-it"], ["things_put_it"], {"things/put-it": "things_put_it"}),
        (["1st"], ["_1st"], {"1st": "_1st"}),
        (["api.things.create"], ["create"], {"api.things.create": "create"}),
        (["api.things.create"], ["create", "api_things_create"], {"api.things.create": "api_things_create"}),
        (["a.create", "b.create"], ["create"], {}),
        (["a.create", "b.create"], ["create", "b_create"], {"b.create": "b_create", "a.create": "create"}),
        (["a.create", "create"], ["create"], {"create": "create"}),
        (["a-b", "a.b"], ["a_b", "b"], {"a.b": "b"}),
        (["a.import"], ["import_"], {"a.import": "import_"}),
        (["größe messen"], ["größe_messen"], {"größe messen": "größe_messen"}),
        (["x"], ["y"], {}),
    ],
)
def test_functions_are_found_by_rule(operations: list[str], names: list[str], expected: dict[str, str]) -> None:
    assert {each: function() for each, function in offering(*names).find(operations).items()} == expected


def test_functions_that_no_operation_calls_are_named(
    mock: Callable[..., Mock], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = "from json import dumps\ndef list_pets(): return []\ndef get_pett(petId): return {}\ndef helper(): pass\ndef _own(): pass\n"
    mock(DOCUMENT, {"handlers.py": source}, handlers=str(tmp_path / "handlers.py"))
    said = [
        record.getMessage().partition(": ")[2]
        for record in caplog.records
        if "no operation calls" in record.getMessage()
    ]

    assert said == [
        "no operation calls the function get_pett; is get_pet meant?",
        "no operation calls the function helper",
    ]
