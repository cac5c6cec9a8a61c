"""The wheel, installed in an empty environment outside of the repository, serves the default API from any folder."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.paths import ROOT
from tests.support.servers import start_server, stop_server


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
        cwd=folder,
    )
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    wheel = next(folder.glob("*.whl"))
    subprocess.run(
        [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-compile", f"{wheel}[pytest]"],
        check=True,
        cwd=folder,
    )
    return folder / "venv" / "bin"


def test_it_serves_with_no_arguments_from_any_folder(installed: Path, tmp_path: Path) -> None:
    server = start_server(cwd=tmp_path, command=[str(installed / "mock-server")])
    try:
        generated = httpx2.get(f"{server.url}/charger/X/users?code=k&clientId=c")
        stored = httpx2.get(f"{server.url}/charger/EMABLER_Charger00000/users?code=k&clientId=c")
        console = httpx2.get(f"{server.origin}/__console/")
        files = [
            httpx2.get(server.origin + path)
            for path in re.findall(r'(?:src|href)="(/__console/static/[^"]+)"', console.text)
        ]
    finally:
        assert stop_server(server) == 0

    assert (generated.status_code, generated.headers["x-mock-source"]) == (200, "generated")
    assert (stored.status_code, stored.headers["x-mock-source"]) == (400, "fixture:unknown-charger")
    assert "/charger/EMABLER_Charger00000/users" in console.text
    assert [file.status_code for file in files] == [200, 200, 200]


def test_it_checks_the_shipped_document(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(installed / "mock-server"), "check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert "1 operation, 5 fixtures: 0 errors" in done.stderr


def test_an_openapi_yaml_of_the_folder_goes_before_the_shipped_one(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.3\ninfo: {title: Mine, version: '1'}\npaths: {}\n")
    done = subprocess.run(
        [str(installed / "python"), "-m", "mock_server", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "0 operations" in done.stderr


def test_pytest_finds_the_plugin(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it(mock_server):\n"
        "    assert mock_server.client.get('/charger/X/users?code=k&clientId=c').status_code == 200\n"
        "    assert len(mock_server.requests) == 1\n"
    )
    done = subprocess.run(
        [str(installed / "python"), "-m", "pytest", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout
