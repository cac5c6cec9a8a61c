"""
The pytest plugin: a running mock for tests, and contract checks as tests.

    def test_drivers(mock_server):                       # the document of the ini option, or ./openapi.yaml
        answer = mock_server.client.get("/charger/X/users", params={"code": "k", "clientId": "c"})
        assert mock_server.requests[0].answer.status == 200

    @pytest.mark.contract(url="http://127.0.0.1:8000", document="openapi.yaml")
    def test_contract(contract_case):
        contract_case.check()

pytest imports this module in every project that has mock-server installed: so it imports nothing but pytest, and the
rest when a test asks for it.
"""

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

_LIVE = "mock_server.testing.live"
_CASES = "mock_server.testing.cases"
_CHOICES = ("document", "include", "exclude", "checks")  # what of the contract marker says which tests there are

_servers = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    parser.addini("mock_server_document", "the documents that the fixture mock_server serves", type="args", default=[])
    parser.addini(
        "mock_server_settings",
        "settings of the fixture mock_server: name = value, one a line",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line(
        "markers", "mock_server(document=…, **settings): what the fixture mock_server serves, and how"
    )
    config.addinivalue_line("markers", "contract(url=…, document=…, **options): whom contract cases test, and how")
    if not config.pluginmanager.hasplugin("xdist"):
        config.addinivalue_line("markers", "xdist_group(name): tests for one worker of pytest-xdist")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    servers = config.stash.get(_servers, None)
    if servers is not None:
        servers.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the settings of a found file that are trusted only with MOCK_SERVER_TRUST_SETTINGS."""
    servers = config.stash.get(_servers, None)
    for note in servers.notes if servers is not None else ():
        terminalreporter.write_line(f"mock_server: {note}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case, where a function takes `contract_case`."""
    if "contract_case" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("contract")
    words = dict(marker.kwargs) if marker is not None else {}
    if "document" not in words:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} takes contract_case, so it needs @pytest.mark.contract(document=…, url=…)"
        )
    choices = {name: words[name] for name in _CHOICES if name in words and name != "document"}
    if "://" not in str(words["document"]):
        document = metafunc.config.rootpath / words["document"]
    else:
        document = words["document"]
    try:
        cases = _import(_CASES).contract_cases(document, **choices)
    except _import("mock_server.errors").MockServerError as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("contract_case", cases)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Set the operations that the contract cases test."""
    for item in session.items:
        for case in _cases_of(item):
            case.suite.chosen.add(case.entry.id)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Pass the arguments of a marker to its contract case."""
    for case in _cases_of(item):
        words: dict[str, Any] = {}
        for marker in reversed(list(item.iter_markers("contract"))):
            words |= marker.kwargs
        _import(_CASES).bind(case, item.config.rootpath, words)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add the uncertain findings of a contract case to the report of its test."""
    if call.when == "call":
        for case in _cases_of(item):
            for note in case.notes:
                item.add_report_section("call", "unknown", note)
    return (yield)


@pytest.fixture(name="mock_server")
def _mock_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """
    Yield a running fake backend, with a world for this test alone.

    `.url`, `.client`, `.headers`, `.requests`, `.reset()`.
    """
    live, stash = _import(_LIVE), request.config.stash
    if _servers not in stash:
        stash[_servers] = live.Servers(request.config.rootpath)
    words: dict[str, Any] = {}
    for line in request.config.getini("mock_server_settings"):
        name, _, value = line.partition("=")
        words[name.strip().replace("-", "_")] = value.strip()
    words["document"] = tuple(request.config.getini("mock_server_document"))
    for marker in reversed(list(request.node.iter_markers("mock_server"))):
        words |= marker.kwargs
    try:
        started = stash[_servers].start(words)
    except _import("mock_server.errors").MockServerError as error:
        pytest.fail(f"mock_server: {error}", pytrace=False)
    with started.world(request.node.nodeid) as mock:
        yield mock


def _cases_of(item: pytest.Item) -> list[Any]:
    """Return the contract cases among the parameters of a test."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return []
    found = [value for value in callspec.params.values() if type(value).__module__ == _CASES]
    return [value for value in found if hasattr(value, "suite")]


def _import(name: str) -> Any:  # noqa: ANN401 - a module
    """Import a module; warnings between libraries of ours are kept from the tests of users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)
