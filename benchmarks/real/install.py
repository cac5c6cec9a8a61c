"""Installing applications from PyPI, npm and Debian into a folder of their own: nothing else on the machine changes."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.places import PEERS, find_program

PLACE: Final = PEERS / "real"
_TIMEOUT: Final = 900  # seconds for one package manager


class InstallFailed(Exception):
    """A package manager failed."""


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of one application."""

    pypi: Sequence[str] = ()
    npm: Sequence[str] = ()
    debian: Sequence[str] = ()


def install(name: str, packages: Packages) -> Path:
    """
    Install the packages of an application, unless they are there.

    Args:
        name: Of the application; its folder is called so.
        packages: What to install: PyPI's into a virtual environment, npm's below `node_modules`, Debian's unpacked
            below `root`.

    Returns:
        The folder.

    Raises:
        InstallFailed: a package manager failed.
        Missing: a package manager is not installed.
    """
    folder = PLACE / name
    done, wanted = folder / ".installed", repr(packages)
    if done.is_file() and done.read_text() == wanted:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    if packages.pypi:
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "--no-compile", *packages.pypi], folder)
    if packages.npm:
        (folder / "package.json").write_text('{"private": true}')
        npm = [find_program("npm"), "install", "--no-audit", "--no-fund", "--loglevel=error"]
        _run([*npm, *packages.npm], folder)
    if packages.debian:
        _unpack(packages.debian, folder)
    done.write_text(wanted)
    return folder


def _unpack(names: Sequence[str], folder: Path) -> None:
    """Unpack Debian packages and what they need beyond what the machine has, without running their scripts."""
    kept = folder / "debs"
    (kept / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", "Debug::NoLocking=1", "-o", f"Dir::Cache::archives={kept}"]
    apt = [find_program("apt-get"), "install", "-qq", "-y", "--download-only", "--no-install-recommends"]
    _run([*apt, *options, *names], folder)
    for package in sorted(kept.glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(folder / "root")], folder)


def _run(words: list[str], folder: Path) -> None:
    run = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    if run.returncode:
        raise InstallFailed(f"{' '.join(words[:3])} failed: {(run.stderr or run.stdout).strip()[-500:]}")
