"""What all tests share: the default document served in process, and servers of their own."""

import collections
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from mock_server.compose.backend import configure_sources, open_store
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.log_lines import LineHandler
from mock_server.settings import Settings
from mock_server.state.store import Store
from tests.support.admin_side import admin  # noqa: F401 - a fixture for all tests
from tests.support.chromium import CHROMIUM, CHROMIUM_ARGS
from tests.support.mocks import Mock
from tests.support.paths import DOCUMENT, SHARED, TALLY
from tests.support.postgres import running_postgres
from tests.support.servers import Server, start_server, stop_server
from tests.support.side_by_side import put_longest_first, pytest_xdist_auto_num_workers, pytest_xdist_make_scheduler

# Whoever runs tests in the background has them ignore Ctrl-C, and all their processes with them; some of these are to obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
# for `make pythons`, which asks whether another Python does the same, not whether the property holds
settings.register_profile("few", settings.get_profile("ci"), max_examples=10)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

__all__ = ["pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]  # hooks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process ends long after the others."""
    put_longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many answers of the walk over documents were valid, whichever process walked, and what could not be walked at all."""
    if not (SHARED / "specs" / "manifest.jsonl").is_file():
        terminalreporter.write_line(
            f"left out: everything that asks real documents (tests/corpus, test_labels, test_recording, test_own_mock, test_serving), since {SHARED / 'specs'} is "
            "not there. The documents that the project itself holds were tested."
        )
    counts: collections.Counter[str] = collections.Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            counts.update(dict(report.user_properties).get(TALLY, {}))
    if counts:
        total = counts["valid"] + counts["wrong"]
        rest = ", ".join(f"{count} {name}" for name, count in counts.most_common() if name not in {"valid", "wrong"})
        terminalreporter.write_line(
            f"documents: {counts['valid']} of {total} answers valid ({counts['valid'] / total:.2%}); {rest}"
        )


@pytest.fixture(autouse=True)
def _quiet_after_commands() -> Iterator[None]:
    """A command that ran in this process leaves its log on a stream that is closed when it has ended."""
    yield
    log = logging.getLogger()
    log.handlers[:] = [handler for handler in log.handlers if not isinstance(handler, LineHandler)]
    logging.getLogger("mock_server").setLevel(logging.NOTSET)


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
        configure_sources(backend, backend.mounts, responder.kit.settings)
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Of a module, not of the session: while it is open, no other event loop runs in this thread."""
    if not Path(CHROMIUM).exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
