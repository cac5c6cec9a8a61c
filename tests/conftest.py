"""What all tests share: the default document served in process, and servers of their own."""

import collections
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from admin_side import admin  # noqa: F401 - a fixture for all tests
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from postgres import running_postgres

from mock_server.exchange.message import Request
from mock_server.serve.answer import Answer
from mock_server.serve.assembly import furnish
from mock_server.serve.backend import Backend
from mock_server.serve.opening import open_responder
from mock_server.serve.respond import Responder
from mock_server.serve.state.attach import open_store
from mock_server.serve.state.store import Store
from mock_server.serve.world import Worlds
from mock_server.settings import Settings

# Whoever runs tests in the background has them ignore Ctrl-C, and all their processes with them; some of these are to obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi.yaml"
SHARED = ROOT.parent / "shared"

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
# for `make pythons`, which asks whether another Python does the same, not whether the property holds
settings.register_profile("few", settings.get_profile("ci"), max_examples=10)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


TALLY = "answers by verdict"  # the property of a test by which the walk over documents counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many answers of the walk over documents were valid, whichever process walked, and what could not be walked at all."""
    if not (SHARED / "specs" / "manifest.jsonl").is_file():
        terminalreporter.write_line(
            f"left out: everything that asks real documents (tests/documents, test_labels, test_recording, test_own_mock), since {SHARED / 'specs'} is "
            "not there. The documents that the project itself holds were tested."
        )
    counts: collections.Counter[str] = collections.Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            counts.update(dict(report.user_properties).get(TALLY, {}))
    if counts:
        total = counts["valid"] + counts["wrong"]
        rest = ", ".join(f"{count} {name}" for name, count in counts.most_common() if name not in {"valid", "wrong"})
        terminalreporter.write_line(f"documents: {counts['valid']} of {total} answers valid ({counts['valid'] / total:.2%}); {rest}")


@pytest.fixture(autouse=True)
def _quiet_after_commands() -> Iterator[None]:
    """A command that ran in this process leaves its log on a stream that is closed when it has ended."""
    yield
    log = logging.getLogger()
    log.handlers[:] = [handler for handler in log.handlers if type(handler) is not logging.StreamHandler]
    logging.getLogger("mock_server").setLevel(logging.NOTSET)


@dataclass
class Mock:
    """A responder, asked as a client would."""

    responder: Responder
    worlds: Worlds = field(default_factory=lambda: Worlds(journal=0))

    def ask(
        self,
        target: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        json: object = None,
    ) -> Answer:
        """Send a request; `target` is a path with its query."""
        path, _, query = target.partition("?")
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if json is not None:
            body = orjson.dumps(json)
            fields.append((b"content-type", b"application/json"))
        return self.responder.respond(Request(method, path.encode(), query.encode(), fields, body), self.worlds.of(fields))


def fields_of(answer: Answer) -> dict[str, str]:
    """The header fields of an answer."""
    return {name.decode(): value.decode("latin-1") for name, value in answer.fields}


def body_of(answer: Answer) -> object:
    """The JSON body of an answer."""
    return orjson.loads(answer.body)


@pytest.fixture(scope="session")
def charger() -> Mock:
    """The default document with its fixtures."""
    return Mock(open_responder(str(DOCUMENT), Settings()).responder)


@pytest.fixture
def mock(tmp_path: Path) -> Callable[..., Mock]:
    """Make a mock of a document that is given as a value or as text, with files beside it."""

    def make(document: object, files: dict[str, object] | None = None, **changes: object) -> Mock:
        path = tmp_path / "openapi.json"
        path.write_bytes(document.encode() if isinstance(document, str) else orjson.dumps(document))
        for name, value in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(value.encode() if isinstance(value, str) else orjson.dumps(value))
        responder = open_responder(str(path), Settings(**changes)).responder  # type: ignore[arg-type]
        backend = Backend.of(responder)
        furnish(backend, backend.mounts, responder.kit.settings)
        return Mock(responder)

    return make


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL that is there for these tests only."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of state of each kind."""
    url = {"memory": None, "sqlite": f"sqlite:///{tmp_path}/state.db"}.get(request.param, "")
    opened = open_store(request.getfixturevalue("postgres") if url == "" else url)
    yield opened
    if hasattr(opened, "close"):
        opened.close()


def minimal(paths: dict[str, object], version: str = "3.0.3", **members: object) -> dict[str, object]:
    """A document with some paths."""
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths, **members}


def operation(schema: object, **members: object) -> dict[str, object]:
    """An operation that answers 200 with a schema."""
    content = {"application/json": {"schema": schema}}
    return {"operationId": "op", "responses": {"200": {"description": "", "content": content}}, **members}


@dataclass
class Server:
    """A running `mock-server serve`."""

    url: str  # with the base path
    origin: str
    process: subprocess.Popen[str]
    banner: str


def start_server(*args: str, cwd: Path | None = None, command: Sequence[str] = (sys.executable, "-m", "mock_server")) -> Server:
    """Start `serve` on a free port and wait for its banner."""
    process = subprocess.Popen(
        [*command, "serve", *args, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd or ROOT
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if "Swagger UI" in line:
            break
    else:
        process.wait(10)
        raise AssertionError(process.stderr.read() if process.stderr else "no server")
    banner = "".join(lines)
    found = re.search(r"listening on +(\S+?)[,\s]", banner)
    assert found, banner
    url = found.group(1)
    origin = "/".join(url.split("/")[:3])
    return Server(url, origin, process, banner)


def stop_server(server: Server) -> int:
    """Stop a server as Ctrl-C does; gives its exit code."""
    server.process.send_signal(signal.SIGINT)
    server.process.communicate(timeout=15)
    return server.process.returncode


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; they are stopped at the end of the test."""
    started: list[Server] = []

    def start(*args: str, **options: object) -> Server:
        started.append(start_server(*args, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            stop_server(server)
        if server.process.stdout:
            server.process.stdout.close()
        if server.process.stderr:
            server.process.stderr.close()


CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Of a module, not of the session: while it is open, no other event loop runs in this thread."""
    if not Path(CHROMIUM).exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
