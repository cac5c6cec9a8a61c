"""The OpenAPI document of the admin API: it is that of its routes, and what `check`, `test` and `serve` say of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import orjson
import pytest

from benchmarks.admin_contract import FLAGS, SHOP, TOKEN, write_values
from mock_server.admin.app import describe_endpoint
from mock_server.admin.description import OPERATIONS, QUERY, SCHEMAS
from mock_server.cli.main import main
from mock_server.docs import TABLES
from mock_server.generate.request import example_request
from mock_server.respond.open import open_responder
from mock_server.settings import DEFAULTS
from tests.support.servers import Server, start_server, stop_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "openapi.yaml").write_text(SHOP)
    server = start_server("openapi.yaml", "--stateful", "--admin-token", TOKEN, "--log-format", "none", cwd=folder)
    yield server
    stop_server(server)


@pytest.fixture(scope="module")
def document(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("described") / "admin.json"
    answered = httpx2.get(f"{server.origin}/__admin/openapi.json", headers={"authorization": f"Bearer {TOKEN}"})
    path.write_bytes(answered.raise_for_status().content)
    return path


def test_it_has_the_operations_of_the_reference(document: Path) -> None:
    described = orjson.loads(document.read_bytes())["paths"]
    found = {
        (method.upper(), path, operation["summary"])
        for path, item in described.items()
        for method, operation in item.items()
    }
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLES["endpoints"]().splitlines()[2:]]
    shown = {
        (method, path.strip("`"), what)
        for methods, path, what in rows
        for method in methods.replace("`", "").split(", ")
        if path != "`/metrics`"
    }

    assert found == shown
    assert {f"{method} {path}" for method, path, _ in found} == OPERATIONS.keys()
    assert describe_endpoint.__doc__


def test_every_schema_and_parameter_is_used(document: Path) -> None:
    text = document.read_text()

    assert {name for name in SCHEMAS if f'"#/components/schemas/{name}"' not in text} == set()
    assert {name for name in QUERY if not any(name in row.query for row in OPERATIONS.values())} == set()
    assert len({row.id for row in OPERATIONS.values()}) == len(OPERATIONS)


def test_check_finds_nothing(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--strict", str(document)]) == 0
    assert capsys.readouterr().out == ""


def test_its_mock_answers_every_operation(document: Path) -> None:
    responder = open_responder(str(document), DEFAULTS).responder
    wrong = []
    for entry in responder.document.entries:
        operation = responder.document.operation(entry)
        answer = responder.respond(example_request(responder.kit, operation, "").request)
        if answer.status // 100 != 2 or answer.findings:
            wrong.append((entry.title, answer.status, answer.findings))

    assert wrong == []


def test_the_admin_api_keeps_to_it(server: Server, document: Path, tmp_path: Path) -> None:
    """One seed and the phases that are soon done; `python -m benchmarks.admin_contract` takes ten and all phases."""
    write_values(tmp_path / "values.yaml")
    command = [sys.executable, "-m", "mock_server", "test", server.origin, str(document), *FLAGS, "--format", "json"]
    command += ["--phases", "examples,stateful", "--values", "values.yaml"]
    httpx2.get(f"{server.url}/pets")
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, timeout=120, check=False)
    report = orjson.loads(done.stdout)

    assert report["findings"] == []
    assert report["requests"] > 50


@pytest.mark.parametrize(
    "path", ["mappings?world=a%20b", "requests?world=..", "requests?limit=1000000000", "requests?limit=0"]
)
def test_what_it_forbids_is_refused(path: str, server: Server) -> None:
    answered = httpx2.get(f"{server.origin}/__admin/{path}", headers={"authorization": f"Bearer {TOKEN}"})

    assert answered.status_code in {400, 422}
