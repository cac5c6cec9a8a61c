"""A server with state: its flags, its banner, several workers that share a store, and our own contract test of it."""

import concurrent.futures
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from mock_server.compose.backend import configure_sources
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings
from tests.support.crud import TODOS, chargers, charging
from tests.support.paths import ROOT, SHARED
from tests.support.servers import Server

_MOST = 25  # operations of a document


def command(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", *args], capture_output=True, check=False, text=True, timeout=60, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--stateful", "--workers", "2"), "needs a store that the workers share"),
        (("--store", "sqlite:///x.db"), "give --stateful as well"),
        (("--stateful", "--store", "postgresql+psycopg://me:s3cret@127.0.0.1:1/db"), "can't be opened"),
        (("--stateful", "--store", "nonsense:s3cret@"), "is no URL of a store"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(flags: tuple[str, ...], says: str) -> None:
    ran = command("serve", str(TODOS), "--port", "0", *flags)

    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "s3cret" not in ran.stdout + ran.stderr


def test_the_banner_says_what_has_state(serve: Callable[..., Server]) -> None:
    server = serve(str(TODOS), "--stateful")
    assert server.process.stdout is not None

    lines = [server.process.stdout.readline().strip() for _ in range(9)]
    assert "state         todos (GET, POST, PUT, PATCH, DELETE)" in lines
    assert "from state, generated data" in lines


def test_state_in_a_file_outlives_the_server_and_is_shared_by_its_workers(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    flags = (
        str(TODOS),
        "--stateful",
        "--workers",
        "2",
        "--store",
        f"sqlite:///{tmp_path}/state.db",
        "--log-format",
        "none",
    )
    first = serve(*flags)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda n: httpx2.post(f"{first.url}/todos", json={"title": f"T{n}"}, timeout=30).json(), range(16))
        )
    seen = [httpx2.get(f"{first.url}/todos", timeout=30).json() for _ in range(6)]

    assert len({thing["id"] for thing in made}) == 16
    for things in seen:
        assert {thing["id"] for thing in made} <= {thing["id"] for thing in things}
    first.process.send_signal(signal.SIGINT)
    first.process.communicate(timeout=20)
    assert httpx2.get(f"{serve(*flags).url}/todos", timeout=30).json() == seen[0]


def test_of_many_who_want_the_same_address_one_gets_it(serve: Callable[..., Server], postgres: str) -> None:
    server = serve(
        str(TODOS.parent / "shop.yaml"), "--stateful", "--workers", "2", "--store", postgres, "--log-format", "none"
    )
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        body = {"name": "Ada", "email": "the.only@example.com"}
        statuses = list(
            pool.map(lambda _: httpx2.post(f"{server.url}/owners", json=body, timeout=30).status_code, range(24))
        )

    assert sorted(statuses) == [201, *[409] * 23]


def test_who_changes_one_property_does_not_undo_what_others_did_to_another(
    serve: Callable[..., Server], postgres: str
) -> None:
    server = serve(str(TODOS), "--stateful", "--workers", "2", "--store", postgres, "--log-format", "none")
    key = httpx2.post(f"{server.url}/todos", json={"title": "T"}, timeout=30).json()["id"]

    def write(name: str) -> None:
        for turn in range(15):
            patch = {name: f"{name} {turn}"}
            changed = httpx2.patch(
                f"{server.url}/todos/{key}",
                content=json.dumps(patch),
                headers={"content-type": "application/merge-patch+json"},
                timeout=30,
            )
            assert changed.status_code == 200
            assert changed.json()[name] == patch[name]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ["title", "note"]))
    after = httpx2.get(f"{server.url}/todos/{key}", timeout=30).json()

    assert (after["title"], after["note"]) == ("title 14", "note 14")


def test_a_killed_worker_loses_nothing_that_was_acknowledged(serve: Callable[..., Server], postgres: str) -> None:
    server = serve(str(TODOS), "--stateful", "--workers", "2", "--store", postgres, "--log-format", "none")
    assert "s3cret" not in server.banner
    key = httpx2.post(f"{server.url}/todos", json={"title": "T"}, timeout=30).json()["id"]
    acknowledged: list[str] = []

    def write(number: int) -> None:
        for turn in range(12):
            try:
                answer = httpx2.post(f"{server.url}/todos", json={"title": f"{number}-{turn}"}, timeout=30)
            except httpx2.TransportError:
                continue
            assert answer.status_code == 201
            acknowledged.append(answer.json()["title"])
            if (number, turn) == (0, 5):
                children = subprocess.run(
                    ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True
                ).stdout.split()
                os.kill(int(children[0]), signal.SIGKILL)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    for _ in range(50):
        try:
            there = {thing["title"] for thing in httpx2.get(f"{server.url}/todos", timeout=30).json()}
            break
        except httpx2.TransportError:
            time.sleep(0.1)

    assert len(acknowledged) > 30
    assert set(acknowledged) <= there
    assert httpx2.get(f"{server.url}/todos/{key}", timeout=30).status_code == 200


def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    path = tmp_path_factory.mktemp("documents") / "chargers.json"
    path.write_text(json.dumps(chargers()))
    all_of_them = path.with_name("charging.json")
    all_of_them.write_text(json.dumps(charging()))
    found = {
        "chargers": path,
        "charging": all_of_them,
        "todos": TODOS,
        "shop": TODOS.parent / "shop.yaml",
        "projects": ROOT / "tests" / "defects" / "projects.yaml",
    }
    return found | {name.partition("/")[0]: _SPECS / name for name in _OF_OTHERS}


_SPECS = SHARED / "specs"
_HAS_SPECS = _SPECS.is_dir()  # where it is not, what is left out is said at the end of a run
_OF_OTHERS = (
    "swagger-api-swagger-petstore/openapi.yaml", "schemathesis-schemathesis-schemas-stateful-users/stateful_users.yaml",
    "Redocly-museum-openapi-example/openapi.yaml", "bump-sh-examples-train-travel-api/openapi.yaml",
    "pmcelhaney-counterfact-fixtures-example/example.yaml",
)  # fmt: skip


async def _elsewhere(scope: dict, receive: Callable, send: Callable) -> None:
    """What stands behind the mock: nothing."""


def check(path: Path, *phases: str, most: int = _MOST) -> Report:
    """Lead the operations that have state through our own test, which changes things."""
    settings = Settings(base_path=("/",), stateful=True)
    responder = open_responder(str(path), settings, judge_fixtures=False).responder
    backend = Backend.of(responder)
    configure_sources(backend, backend.mounts, settings)
    document = responder.document
    sender = open_app(functools.partial(MockMiddleware(_elsewhere, backend).__call__), AnswerLimits(seconds=30.0))
    options = Options(mutating=True, phases=phases or ("examples", "coverage", "stateful"), max_cases=25)
    entries = [entry for entry in document.entries if responder.sources[-1].touches(entry)]
    api = make_api(document, "", 0)
    try:
        return Runner(Run(api, sender, options, Memory(document, api.router, "")), entries[:most]).report()
    finally:
        sender.close()


@pytest.mark.parametrize(
    "name",
    [
        *("chargers", "charging", "todos", "shop", "projects"),
        *(name.partition("/")[0] for name in _OF_OTHERS if _HAS_SPECS),
    ],
)
def test_state_has_no_finding_under_our_own_test(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = check(documents(tmp_path_factory)[name])

    assert [f"{i.check} {i.finding.operation} {i.finding.message}" for i in report.red] == []
    assert report.sent


# That a mock takes made-up credentials is said, and nobody's fault.
@pytest.mark.parametrize(("name", "unknown"), [("charging", 1), ("todos", 0)])
def test_a_running_server_with_state_has_no_finding_under_the_test_command(
    name: str, unknown: int, serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = documents(tmp_path_factory)[name]
    assert "x-" not in json.dumps(charging())
    server = serve(str(path), "--stateful", "--log-format", "none")
    ran = command("test", server.url, str(path), "--mutating")

    assert ran.returncode == 0
    assert f" 0 errors, 0 warnings, {unknown} unknown" in ran.stderr


_LARGE = (
    "onfido-onfido-openapi-spec/openapi.yaml", "langfuse-langfuse-public-generated/openapi.yml", "moby-moby-swagger/swagger.yaml",
    "openchargemap-ocm-docs-schema-ocpi-2.2-openapi-spec/ocpi-2.2-openapi-spec.yaml", "vimeo-openapi/api.yaml",
    "sonallux-spotify-web-api-fixed-spotify-open-api/fixed-spotify-open-api.yml", "weaviate-weaviate-openapi-specs-schema/schema.json",
    "wiremock-wiremock.org-js-wiremock-admin-api/wiremock-admin-api.json",
)  # fmt: skip


@pytest.mark.parametrize("name", _LARGE if _HAS_SPECS else (), ids=lambda name: name.partition("/")[0])
def test_every_answer_from_the_state_of_a_real_document_conforms(name: str) -> None:
    report = check(_SPECS / name, "examples", "stateful", most=40)

    assert [f"{i.check} {i.finding.operation} {i.finding.message}" for i in report.red] == []
    assert report.sent
