"""The mock under its own test: the two share an engine, and must not contradict each other."""

import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.compose.backend import assemble
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.model import Intent
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.judges.identity import make_identity
from mock_server.respond.open import open_responder
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings
from tests.support.paths import DOCUMENT, ROOT, SHARED

_MOST = 12  # operations of a document


def documents() -> list[Path]:
    """Documents that are always here, and small ones of the shared collection where there is one."""
    found = [DOCUMENT, ROOT / "tests" / "defects" / "projects.yaml"]
    for folder in (SHARED, SHARED.parent.parent / "shared"):
        manifest = folder / "specs" / "manifest.jsonl"
        if manifest.is_file():
            rows = [json.loads(line) for line in manifest.read_text().splitlines()]
            return found + [folder / "specs" / row["spec"] for row in rows if row["bytes"] < 150_000]
    return found


async def _elsewhere(scope: dict, receive: Callable, send: Callable) -> None:
    """What stands behind the mock: nothing."""


def check(path: Path, *, stateful: bool = False, auth: tuple[str, ...] = ()) -> Report:
    settings = Settings(base_path=("/",), stateful=stateful)
    opened = open_responder(str(path), settings, judge_fixtures=False)
    document = opened.responder.document
    app = functools.partial(MockMiddleware(_elsewhere, assemble([opened], settings)).__call__)
    sender = open_app(app, AnswerLimits(seconds=30.0))
    api = make_api(document, "", 0)
    api.identity = make_identity((), auth, document.schemes, {})
    options = Options(mutating=True, phases=("examples", "coverage", "stateful"), max_cases=25)
    try:
        return Runner(Run(api, sender, options, Memory(document, api.router, "")), document.entries[:_MOST]).report()
    finally:
        sender.close()


STATE = ROOT / "tests" / "state"


@pytest.mark.parametrize(
    "path",
    [STATE / "todos.yaml", STATE / "shop.yaml", ROOT / "tests" / "defects" / "projects.yaml"],
    ids=lambda path: path.stem,
)
@pytest.mark.parametrize("known", [False, True], ids=["anybody", "somebody"])
def test_a_mock_with_state_has_none_either(path: Path, known: bool) -> None:
    schemes = open_responder(str(path), Settings(), judge_fixtures=False).responder.document.schemes
    auth = tuple(f"{name}=secret" for name in schemes) if known else ()
    report = check(path, stateful=True, auth=auth)

    assert [f"{i.check} {i.finding.operation} {i.finding.message}" for i in report.red] == []
    assert report.sent


@pytest.mark.parametrize("path", documents(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_mock_has_no_finding_under_its_own_test(path: Path) -> None:
    report = check(path)

    assert [f"{i.check} {i.finding.operation} {i.finding.message}" for i in report.red] == []
    assert report.sent or report.untestable


SHARED_PATH = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/folders/{id}": {
            "get": {
                "operationId": "folder",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "fields", "in": "query", "schema": {"type": "string"}},
                    {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["id", "name"]}},
                ],
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
                },
            }
        },
        "/folders/{id}#link": {
            "get": {
                "operationId": "link",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "fields", "in": "query", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
                },
            }
        },
    },
}


def test_what_another_operation_of_the_same_path_accepts_is_not_called_wrong(tmp_path: Path) -> None:
    """`?fields=a&sort=x` breaks the first operation and is a good request to the second one."""
    (tmp_path / "openapi.json").write_text(json.dumps(SHARED_PATH))
    report = check(tmp_path / "openapi.json")

    assert [incident.finding.message for incident in report.red] == []
    broken = {
        exchanged.probe.request.query for exchanged in report.exchanges if exchanged.probe.intent is Intent.VIOLATING
    }
    assert any(b"sort=idX" in query for query in broken)  # alone it is wrong for both
    assert not any(b"fields=" in query for query in broken)


KEYED_TWICE = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "security": [{"key": [], "token": []}],
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-App-Key"},
            "token": {"type": "apiKey", "in": "query", "name": "token"},
        }
    },
    "paths": {
        "/cards": {
            "get": {
                "operationId": "cards",
                "parameters": [
                    {"name": "x-app-key", "in": "header", "required": True, "schema": {"type": "string", "default": "{{key}}"}},
                    {"name": "token", "in": "query", "required": True, "schema": {"type": "string", "example": "mine"}},
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}, "401": {"description": ""}},
            }
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("auth", [(), ("key=real-key", "token=real-token")], ids=["made up", "given"])
def test_a_key_that_is_a_parameter_as_well_is_sent_once_and_left_out_with_the_credentials(
    tmp_path: Path, auth: tuple[str, ...]
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(KEYED_TWICE))
    report = check(tmp_path / "openapi.json", auth=auth)
    asked = [(exchanged.probe, exchanged.status) for exchanged in report.exchanges]
    good = [probe.request for probe, _ in asked if probe.intent is Intent.CONFORMING]
    bare = [(probe.request, status) for probe, status in asked if probe.intent is Intent.UNAUTHENTICATED]

    assert [incident.finding.message for incident in report.red] == []
    assert good
    assert all(
        [name for name, _ in request.fields].count(b"x-app-key") == 1 and request.query.count(b"token=") == 1
        for request in good
    )
    assert [(request.fields, request.query, status) for request, status in bare] == [((), b"", 401)]
    if auth:
        assert {dict(request.fields)[b"x-app-key"] for request in good} == {b"real-key"}
        assert {request.query for request in good} == {b"token=real-token"}


GONE = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://a.example/api"}],
    "components": {
        "schemas": {"Note": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}, "text": {"type": "string"}}}}
    },
    "paths": {
        "/notes": {
            "get": {"operationId": "list", "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Note"}}}}}}},
            "post": {
                "operationId": "add",
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                "responses": {"201": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}},
            },
        },
        "/notes/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}],
            "delete": {"operationId": "remove", "responses": {"204": {"description": ""}}},
            "get": {"operationId": "read", "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}}},
        },
        "/elsewhere": {
            "get": {"operationId": "elsewhere", "servers": [{"url": "https://b.example"}], "responses": {"200": {"description": ""}}},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_the_run_itself_deleted_is_known_no_longer(tmp_path: Path, method: str) -> None:
    """A 404 that the document does not have is the provider's fault only where the thing is there."""
    (tmp_path / "openapi.json").write_text(json.dumps(GONE))
    report = check(tmp_path / "openapi.json", stateful=True)
    missing = [
        exchanged.probe
        for exchanged in report.exchanges
        if exchanged.status == 404 and exchanged.probe.request.method == method
    ]

    assert [incident.finding.message for incident in report.red] == []
    assert not any(
        probe.known
        for probe in missing
        if probe.intent is Intent.CONFORMING and probe.what.startswith("what is required")
    )


def test_an_operation_that_other_servers_have_is_asked_under_their_path(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(GONE))
    document = open_responder(str(tmp_path / "openapi.json"), Settings()).responder.document
    entry = next(entry for entry in document.entries if entry.id == "elsewhere")
    asked = {}
    for base in ("/api", "/other"):
        subject = make_api(document, base, 0).subject(entry, lambda parameter: ())
        assert subject is not None
        asked[base] = subject.write(subject.drafter.draft()).path

    assert asked == {"/api": b"/elsewhere", "/other": b"/other/elsewhere"}
