"""Where things are, and what has to be installed."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
DOCUMENT: Final = ROOT / "openapi.yaml"
DOCUMENTS: Final = HERE / "documents"
APPS: Final = HERE / "apps"
PEERS: Final = HERE / ".peers"
SPECS: Final = ROOT.parent / "shared" / "specs"  # real documents
RESULTS: Final = HERE / "results"
PAGE: Final = HERE / "README.md"
CASES_PAGE: Final = HERE / "cases.md"
PLOT: Final = HERE / "figures.svg"

_PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wrk": "wrk",
        "taskset": "util-linux",
        "npm": "nodejs npm",
        "node": "nodejs npm",
        "java": "default-jre-headless",
    }
)


class Missing(Exception):
    """A program that a measurement needs is not installed."""

    def __init__(self, program: str) -> None:
        """Say which, and how to install it."""
        super().__init__(f"{program} is not installed; on Debian and Ubuntu: apt-get install {_PACKAGES[program]}")


def find_program(name: str) -> str:
    """
    Find a program that Debian packages.

    Raises:
        Missing: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise Missing(name)
    return found
