"""How each product is started: the newest version, at its fastest, without a log."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import orjson

from benchmarks.places import APPS, PEERS
from benchmarks.process import Command
from benchmarks.talk import Reply
from benchmarks.wrk import Load

US: Final = "mock-server"
DEFAULTS: Final = "mock-server, default settings"
PRISM: Final = "Prism"
PRISM_DYNAMIC: Final = "Prism -d"
PRISM_STORED: Final = "Prism, stored example"
WIREMOCK: Final = "WireMock"
SCALAR: Final = "Scalar"
STEADY: Final = "Steady"
CONNEXION: Final = "Connexion"
STARLETTE: Final = "Starlette"
BARE: Final = "bare ASGI app"
SAMPLER: Final = "bare ASGI app with our sampler"

# The words of `--only`, and what they stand for.
FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mock-server": US,
        "prism": PRISM,
        "wiremock": WIREMOCK,
        "scalar": SCALAR,
        "steady": STEADY,
        "connexion": CONNEXION,
        "starlette": STARLETTE,
        "bare": BARE,
    }
)

Check = Callable[[Reply], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One server of a case: how it is started, what it is asked, and what it has to answer."""

    name: str
    command: Command
    load: Load
    check: Check  # says what is wrong with an answer; the server is not measured then
    needs: tuple[str, ...] = ()  # programs
    note: str = ""

    @property
    def family(self) -> str:
        """The word that `--only` has for it."""
        return next(word for word, name in FAMILIES.items() if self.name.startswith(name))

    @property
    def is_compiled_late(self) -> bool:
        """Whether it runs in Node or Java, which npm's packages do here."""
        return bool({"node", "java"} & set(self.needs))


# What nobody else does while it is measured, either.
_QUIET: Final = (("--no-cache",), ("--journal", "0"), ("--no-admin",))


def ours(document: Path | None, *flags: str) -> Command:
    """
    Start ourselves: without a log, a journal and the admin side, and without a cache of generated answers.

    Args:
        document: None for the default document as it is, with its fixtures.
        flags: More of `serve`.
    """
    words = [word for flag in _QUIET if has_flag(flag[0]) for word in flag]
    return ours_by_default(document, "--log-format", "none", *flags, *words)


def ours_by_default(document: Path | None, *flags: str) -> Command:
    """Start ourselves as everybody does: with a log, which goes to a file, a journal and the admin side."""
    where = [str(document)] if document is not None else []
    return Command(words=(sys.executable, "-m", "mock_server", "serve", *where, "--port", "{port}", *flags))


@cache
def has_flag(name: str) -> bool:
    """Whether `mock-server serve` has a flag."""
    command = [sys.executable, "-m", "mock_server", "serve", "--help"]
    wide = os.environ | {"COLUMNS": "300", "NO_COLOR": "1"}  # in narrow ones names are cut short
    shown = subprocess.run(command, capture_output=True, text=True, env=wide, check=True).stdout
    return re.search(rf"{re.escape(name)}\b", shown) is not None


def prism(document: Path, *, dynamic: bool = False) -> Command:
    """Start Prism with a silent log, in one process."""
    script = PEERS / "node_modules/@stoplight/prism-cli/dist/index.js"
    words = ["node", str(script), "mock", "--host", "127.0.0.1", "--port", "{port}", "--verboseLevel", "silent"]
    return Command(words=(*words, *(["--dynamic"] if dynamic else []), str(document)))


def wiremock(folder: Path, stubs: list[dict[str, object]]) -> Command:
    """
    Start WireMock as its documentation has it for load tests: no journal, no log.

    Args:
        folder: Where its stubs are written.
        stubs: What it answers.
    """
    mappings = folder / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    (mappings / "stubs.json").write_bytes(orjson.dumps({"mappings": stubs}))
    jar = next((PEERS / "node_modules/wiremock/build").glob("*.jar"), PEERS / "wiremock.jar")
    words = ["java", "-jar", str(jar), "--bind-address", "127.0.0.1", "--port", "{port}", "--root-dir", str(folder)]
    return Command(
        words=(*words, "--no-request-journal", "--disable-request-logging", "--disable-gzip", "--disable-banner")
    )


def stub(path: str, body: object, *, status: int = 200, **more: object) -> dict[str, object]:
    """
    Write a stub of WireMock.

    Args:
        path: A path template.
        body: What is answered, as JSON.
        status: The status of the answer.
        more: More of what a request has to match, as `method`.
    """
    answer = {"status": status, "jsonBody": body, "headers": {"Content-Type": "application/json"}}
    return {"request": {"method": "GET", "urlPathTemplate": path, **more}, "response": answer}


def scalar(document: Path) -> Command:
    """Start Scalar's mock server."""
    return Command(words=("node", str(APPS / "scalar.mjs"), "{port}", str(document), str(PEERS)))


def steady(document: Path) -> Command:
    """Start Steady without a line for each request."""
    script = PEERS / "node_modules/@stdy/cli/steady.js"
    return Command(words=("node", str(script), "--quiet", "--host", "127.0.0.1", "--port", "{port}", str(document)))


def connexion(document: Path) -> Command:
    """Start Connexion's mock."""
    return _app("stock_connexion", str(document))


def starlette(recorded: Path, templates: list[str]) -> Command:
    """
    Start Starlette with one recorded answer.

    Args:
        recorded: The folder of the answer.
        templates: The paths that it knows.
    """
    routes = recorded / "routes"
    routes.write_text("\n".join(templates))
    return _app("plain_starlette", str(recorded), str(routes))


def bare(recorded: Path) -> Command:
    """Start the bare ASGI application with one recorded answer."""
    return _app("bare", str(recorded))


def sampler(document: Path) -> Command:
    """Start the bare ASGI application that draws from the schema of a document's first operation."""
    return _app("sampler", str(document))


def _app(name: str, *words: str) -> Command:
    return Command(words=(sys.executable, "-m", f"benchmarks.apps.{name}", "{port}", *words))
