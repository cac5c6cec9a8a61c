"""In other people's projects: a running mock with a world for each test, and contract checks as tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import DOCUMENT, ROOT

DEFECTS = ROOT / "tests" / "defects"


class Project:
    """A project of somebody else, that tests with pytest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "openapi.yaml").write_bytes(DOCUMENT.read_bytes())
        (folder / "pytest.ini").write_text(
            "[pytest]\nfilterwarnings = error\naddopts = --strict-markers --strict-config -rs\n"
        )

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def pytest(self, *args: str) -> tuple[int, str]:
        """Run pytest with this plugin and xdist's alone; gives its exit code and what it says."""
        plugins = ["-p", "mock_server.pytest_plugin", "-p", "xdist"]
        paths = os.pathsep.join([str(ROOT), str(self.folder), str(DEFECTS)])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *args],
            cwd=self.folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


WORLDS = """
import threading
import httpx2
import pytest

CHARGER = "/charger/{}/users?code=k&clientId=c"


@pytest.mark.parametrize("charger", ["A", "B", "C"])
def test_a_test_sees_its_own_requests_only(mock_server, charger):
    httpx2.get(mock_server.url + CHARGER.format(charger))  # names no world
    mock_server.client.get(CHARGER.format(charger))

    paths = [recorded.request.path.decode() for recorded in mock_server.requests]
    assert paths == [f"/api/charger/{charger}/users"] * 2
    assert {recorded.world for recorded in mock_server.requests} == {mock_server.world}
    mock_server.reset()
    assert mock_server.requests == []


@pytest.mark.mock_server(seed=7, base_path="/")
def test_the_marker_configures(mock_server):
    assert mock_server.url == mock_server.origin
    assert mock_server.client.get(CHARGER.format("A")).headers["x-mock-seed"] == "7"


def test_the_ini_file_configures(mock_server):
    assert mock_server.client.get(CHARGER.format("A")).headers["x-mock-seed"] == "3"


servers = set()


@pytest.mark.parametrize("number", range(2))
def test_a_configuration_is_started_once(mock_server, number):
    servers.add(mock_server.origin)
    assert len(servers) == 1


def test_worlds_keep_apart_side_by_side(mock_server):
    with mock_server.running.world("another test") as other:
        def ask(mock, count):
            for _ in range(count):
                mock.client.get(CHARGER.format(mock.world))

        threads = [threading.Thread(target=ask, args=pair) for pair in ((mock_server, 9), (other, 5))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        assert [len(mock.requests) for mock in (mock_server, other)] == [9, 5]
        assert {recorded.request.path.split(b"/")[3].decode() for recorded in other.requests} == {other.world}
"""


@pytest.mark.parametrize("args", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_each_test_has_a_world_of_its_own(project: Project, args: tuple[str, ...]) -> None:
    project.write("test_it.py", WORLDS)
    with (project.folder / "pytest.ini").open("a") as file:
        file.write("mock_server_document = openapi.yaml\nmock_server_settings =\n    seed = 3\n    cors = no\n")

    code, said = project.pytest("-q", *args)

    assert code == 0, said
    assert "8 passed" in said


def test_state_belongs_to_one_test(project: Project) -> None:
    todos = ROOT / "tests" / "state" / "todos.yaml"
    project.write(
        "test_it.py",
        "import pytest\n"
        f"@pytest.mark.mock_server(document={str(todos)!r}, stateful=True)\n"
        "@pytest.mark.parametrize('number', range(3))\n"
        "def test_it(mock_server, number):\n"
        "    before = mock_server.client.get('/todos').headers['x-total-count']\n"
        "    kept = mock_server.snapshot()\n"
        "    mock_server.client.post('/todos', json={'title': 'Buy milk', 'secret': 's'})\n"
        "    after = mock_server.client.get('/todos').headers['x-total-count']\n"
        "    assert int(after) == int(before) + 1\n"
        "    mock_server.restore(kept)\n"
        "    assert mock_server.client.get('/todos').headers['x-total-count'] == before\n"
        "    mock_server.client.post('/todos', json={'title': 'Buy milk', 'secret': 's'})\n"
        "    with open('seen.txt', 'a') as file: file.write(before + ' ')\n",
    )

    code, said = project.pytest("-q")

    assert code == 0, said
    assert len(set((project.folder / "seen.txt").read_text().split())) == 1


def test_a_mock_that_cannot_start_says_why(project: Project) -> None:
    project.write(
        "test_it.py",
        "import pytest\n"
        "@pytest.mark.mock_server(document='nowhere.yaml')\ndef test_a(mock_server): pass\n"
        "@pytest.mark.mock_server(sead=7)\ndef test_b(mock_server): pass\n",
    )

    code, said = project.pytest("-q")

    assert code == 1
    assert "nowhere.yaml: there is no such file" in said
    assert "there is no setting 'sead'" in said


CONTRACT = """
import pytest
import mock_server
from tests.defects.providers import PROJECTS, Projects
from tests.defects.table import DEFECTS

OPTIONS = {"auth": ["apiKey=key-of-ada"], "other_auth": ["apiKey=key-of-bob"], "phases": ["examples", "coverage", "stateful"], "mutating": True}


@pytest.mark.contract(app=Projects(), document=str(PROJECTS), **OPTIONS)
def test_right(contract_case):
    contract_case.check()


WRONG = next(defect for defect in DEFECTS if defect.name == "NAME").make()


@pytest.mark.contract(**OPTIONS)
@pytest.mark.parametrize("case", mock_server.contract_cases(PROJECTS))
def test_wrong(case):
    case.check(app=WRONG)
"""


@pytest.mark.parametrize("args", [(), ("-n", "2", "--dist", "loadgroup")], ids=["alone", "xdist"])
def test_a_defect_fails_its_own_test_and_no_other(project: Project, args: tuple[str, ...]) -> None:
    project.write("test_it.py", CONTRACT.replace("NAME", "one value of an enumeration is refused"))

    code, said = project.pytest("-q", "-rf", *args)
    failed = [line.partition(" - ")[0] for line in said.splitlines() if line.startswith("FAILED")]

    assert code == 1, said
    assert failed == ["FAILED test_it.py::test_wrong[GET /projects positive_data_acceptance]"], said
    assert "422 to the query parameter 'status'" in said
    assert "projects.yaml:" in said
    assert "http://app.invalid/v1/projects?limit=10&offset=0&status=done" in said
    assert "key-of-ada" not in said


def test_what_can_not_be_tested_is_skipped_or_fails_with_the_reason(project: Project) -> None:
    project.write(
        "test_it.py",
        "import pytest\nfrom providers import PROJECTS\n"
        "@pytest.mark.contract(document=str(PROJECTS), url='http://127.0.0.1:9', include=['listProjects', 'createProject'],\n"
        "    checks=['status_code_conformance'])\n"
        "def test_it(contract_case): contract_case.check()\n"
        "@pytest.mark.contract(document=str(PROJECTS), url='http://127.0.0.1:9', phase=['fuzzing'], checks=['coherence'],\n"
        "    include=['listProjects'])\n"
        "def test_word(contract_case): contract_case.check()\n",
    )

    code, said = project.pytest("-q")

    assert code == 1
    assert "1 skipped" in said
    assert "POST is not sent without mutating=True" in said
    assert "http://127.0.0.1:9 can't be reached" in said
    assert "has no 'phase'; it takes document, url, app" in said


def test_nothing_heavy_is_imported_where_it_is_not_used(project: Project) -> None:
    project.write("test_it.py", "def test_it(): pass\n")
    project.write(
        "conftest.py",
        "import sys\n"
        "HEAVY = {'connexion', 'uvicorn', 'httpx', 'httpx2', 'hypothesis', 'jsonschema_rs', 'orjson', 'yaml', 'faker', 'typer', 'asyncio'}\n"
        "def pytest_sessionfinish(): print('LOADED', sorted(HEAVY & sys.modules.keys()))\n",
    )

    _, said = project.pytest("-q", "-s", "-p", "no:xdist")

    assert "LOADED []" in said


def test_a_settings_file_of_the_project_is_trusted_with_what_is_harmless_and_said(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        "mock-server.toml",
        "seed = 5\nhandlers = 'handlers.py'\nstore = 'sqlite:///state.db'\n[test]\nmutating = true\n",
    )
    project.write("handlers.py", "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n")
    project.write(
        "test_it.py",
        "def test_it(mock_server):\n"
        "    answer = mock_server.client.get('/charger/A/users?code=k&clientId=c')\n"
        "    assert answer.headers['x-mock-seed'] == '5'\n",
    )
    code, said = project.pytest()

    assert code == 0, said
    assert (
        "mock_server: mock-server.toml was found, not named: handlers and store in it are not trusted and left out"
        in said
    )
    assert not (project.folder / "ran").exists()

    monkeypatch.setenv("MOCK_SERVER_TRUST_SETTINGS", "1")
    project.write("mock-server.toml", "seed = 5\nhandlers = 'handlers.py'\n")
    code, said = project.pytest()

    assert (code, "not trusted" in said) == (0, False), said
    assert (project.folder / "ran").exists()


def test_overlays_are_found_from_the_root_of_the_tests(project: Project) -> None:
    """Wherever pytest runs, in the ini option as in the marker."""
    project.write(
        "own.overlay.yaml",
        "overlay: 1.1.0\ninfo: {title: t, version: '1'}\nactions:\n"
        "- {target: $.servers, remove: true}\n- {target: $, update: {servers: [{url: /overlaid}]}}\n",
    )
    (project.folder / "inner").mkdir()
    project.write(
        "inner/test_it.py",
        "import pytest\n"
        "def test_ini(mock_server):\n    assert mock_server.url.endswith('/overlaid')\n"
        "@pytest.mark.mock_server(overlay=['own.overlay.yaml'], seed=2)\n"
        "def test_marker(mock_server):\n    assert mock_server.url.endswith('/overlaid')\n",
    )
    project.write("pytest.ini", "[pytest]\nmock_server_settings =\n  overlay = own.overlay.yaml\n")
    code, said = project.pytest("inner")

    assert code == 0, said
