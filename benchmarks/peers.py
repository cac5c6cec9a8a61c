"""The peers: installed by npm at the versions that `package.json` names, and which versions took part."""

import importlib.metadata
import platform
import re
import shutil
import subprocess
from collections.abc import Callable

import orjson

from benchmarks.places import HERE, PEERS, find_program

_WANTED = HERE / "package.json"
_PYTHON = ("connexion", "jsf", "starlette", "uvicorn", "uvloop", "httptools")
_TIMEOUT = 900  # seconds that npm has


class InstallFailed(Exception):
    """Npm could not install the peers."""


def install(say: Callable[[str], None]) -> None:
    """
    Install the peers, unless they are there.

    Raises:
        Missing: npm is not installed.
        InstallFailed: npm failed.
    """
    done = PEERS / ".installed"
    wanted = _WANTED.read_bytes()
    if done.is_file() and done.read_bytes() == wanted:
        return
    npm = find_program("npm")
    say(f"installing the peers into {PEERS} (about 550 MB, most of it GitHub's documents)")
    PEERS.mkdir(exist_ok=True)
    (PEERS / "package.json").write_bytes(wanted)
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    run = subprocess.run(command, cwd=PEERS, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    if run.returncode != 0:
        raise InstallFailed(f"npm could not install the peers: {run.stderr.strip()}")
    done.write_bytes(wanted)


def versions() -> dict[str, str]:
    """What is installed, by name."""
    found = {"mock-server": importlib.metadata.version("mock-server"), "Python": platform.python_version()}
    for name in _PYTHON:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    for path in (
        PEERS / "node_modules" / name / "package.json" for name in orjson.loads(_WANTED.read_bytes())["dependencies"]
    ):
        if path.is_file():
            package = orjson.loads(path.read_bytes())
            found[package["name"]] = package["version"]
    found |= {"Node": _said("node", "--version"), "Java": _said("java", "-version"), "wrk": _said("wrk", "-v")}
    return {name: version for name, version in found.items() if version}


def _said(*command: str) -> str:
    """The version in what a program prints about itself; empty where it is not installed."""
    if shutil.which(command[0]) is None:
        return ""
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", run.stdout + run.stderr)
    return found.group() if found else ""
