"""`mock-server proxy` as people run it: its banner, its log, what Ctrl-C says, and what a recording is good for."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

from tests.support.paths import DOCUMENT, ROOT
from tests.support.proxying import Heard, RealServer, answer
from tests.support.servers import Server, stop_server

TODOS = ROOT / "tests" / "state" / "todos.yaml"
DRIVERS = b'[{"id": 1, "name": "Ann"}]'


@dataclass
class Running:
    """A running `mock-server proxy`."""

    process: subprocess.Popen[str]
    banner: str
    url: str  # with the base path

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Send a signal; gives the exit code and what was said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def ask(
    url: str, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send a request below a URL."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    data = orjson.dumps(body) if body is not None else None
    head = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
    try:
        connection.request(method, parts.path.rstrip("/") + path, body=data, headers=head)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.fixture
def proxy() -> Iterator[Callable[..., Running]]:
    """Start proxies; they are stopped at the end of the test."""
    started: list[Running] = []

    def start(*args: str, environment: dict[str, str] | None = None) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "proxy", *args, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
        banner = ""
        assert process.stdout is not None
        for line in process.stdout:
            banner += line
            if "  the mock" in line:
                break
        else:
            raise AssertionError(process.stderr.read() if process.stderr else "no proxy")
        found = re.search(r"passes on +(\S+) to", banner)
        assert found
        started.append(Running(process, banner, found.group(1)))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.end()
        for stream in (running.process.stdout, running.process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def real() -> Iterator[Callable[..., RealServer]]:
    """Start real servers."""
    started: list[RealServer] = []

    def start(talk: Callable[[Heard], None] | bytes) -> RealServer:
        started.append(RealServer(talk))
        return started[-1]

    yield start
    for server in started:
        server.close()


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mock_server", *args], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )


def test_ctrl_c_sums_up_and_nothing_found_is_exit_code_0(
    proxy: Callable[..., Running], real: Callable[..., RealServer]
) -> None:
    running = proxy(real(answer(DRIVERS)).url + "/v2", str(DOCUMENT))
    status, head, body = ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    code, out, err = running.end()

    assert (status, body) == (200, DRIVERS)
    assert "sl-violations" not in head
    assert (code, out) == (0, "")
    assert "GET /api/charger/EMABLER_Charger1/users 200 upstream" in err
    assert "1 exchanges: 1 right, 0 wrong, 0 causes" in err


def test_an_error_is_in_the_log_with_its_line_and_makes_exit_code_1(
    proxy: Callable[..., Running], real: Callable[..., RealServer]
) -> None:
    running = proxy(real(answer(b'[{"id": "x"}]')).url, "openapi.yaml")
    for _ in range(2):
        ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    code, out, err = running.end()

    assert code == 1
    assert re.fullmatch(
        r"openapi\.yaml:\d+: error: the body at /0/id: \"x\" is not of type \"integer\" \(2 times, first at GET /api/charger/EMABLER_Charger1/users, "
        r"GET /api/charger/EMABLER_Charger1/users\) \[response-body-schema\] \(/components/schemas/Driver/properties/id/type\)\n",
        out,
    )
    assert re.search(r"openapi\.yaml:\d+: error: the body at /0/id: .*\[response-body-schema\].*, blame provider", err)


@pytest.mark.parametrize("format_", ["json", "github"])
def test_findings_are_for_machines_too(
    proxy: Callable[..., Running], real: Callable[..., RealServer], format_: str
) -> None:
    running = proxy(real(answer(b'[{"id": "x"}]')).url, "openapi.yaml", "--format", format_)
    ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    code, out, _ = running.end()

    assert code == 1
    if format_ == "json":
        (finding,) = orjson.loads(out)
        assert (finding["rule"], finding["blame"], finding["operation"]) == (
            "response-body-schema",
            "provider",
            "getAuthorisedUsersForCharger",
        )
        assert finding["line"] > 1
    else:
        assert out.startswith("::error file=openapi.yaml,line=")


def test_being_told_to_end_sums_up_as_well(proxy: Callable[..., Running], real: Callable[..., RealServer]) -> None:
    running = proxy(real(answer(b"{}", status="418 Teapot")).url, "openapi.yaml")
    ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    code, out, _ = running.end(signal.SIGTERM)

    assert code == 1
    assert "response-status-undocumented" in out


def test_an_open_stream_does_not_keep_it_from_ending(
    proxy: Callable[..., Running], real: Callable[..., RealServer]
) -> None:
    def talk(heard: Heard) -> None:
        heard.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        heard.wait_for_end()

    server = real(talk)
    running = proxy(server.url, "openapi.yaml", "--log-format", "none")
    parts = urlsplit(running.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request("GET", "/api/stream")
    response = connection.getresponse()
    assert response.read1() == b"data: 1\n\n"
    code, out, _ = running.end()
    with suppress(OSError):
        connection.close()

    assert code == 0
    assert "traffic-path-undocumented" in out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("localhost:80",), "no URL of an API"),
        (("http://127.0.0.1:1/v1?x=1",), "UPSTREAM is scheme, host and path"),
        (("http://me:secret@127.0.0.1:1",), "UPSTREAM is scheme, host and path"),
        (("http://127.0.0.1:1", "--fallback", "me"), "fallback is mock"),
        (("http://127.0.0.1:1", "--fallback", "mock", "--fallback-on", "often"), "'often' is none"),
        (("http://127.0.0.1:1", "--format", "xml"), "--format is one of"),
        (("http://127.0.0.1:1", "--record", "README.md/x"), "nothing can be recorded"),
        (("http://127.0.0.1:1", "no-such.yaml"), "no such file"),
    ],
)
def test_what_makes_no_sense_is_said(args: tuple[str, ...], says: str) -> None:
    done = run("proxy", *args)

    assert done.returncode == 2
    assert says in done.stderr
    assert "secret" not in done.stderr


def test_the_mock_answers_what_the_real_server_can_not(proxy: Callable[..., Running]) -> None:
    running = proxy("http://127.0.0.1:1", str(DOCUMENT), "--fallback", "mock")
    status, head, _ = ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    code, out, _ = running.end()

    assert "answers on unreachable, timeout, 501" in running.banner
    assert status == 200
    assert head["x-mock-source"]
    assert code == 1
    assert "response-transport-failed" in out


def test_a_proxy_of_the_environment_is_asked(proxy: Callable[..., Running], real: Callable[..., RealServer]) -> None:
    between = real(answer(DRIVERS))
    running = proxy("http://api.invalid/v2", str(DOCUMENT), environment={"HTTP_PROXY": between.url, "NO_PROXY": ""})
    status, _, body = ask(running.url, "GET", "/charger/EMABLER_Charger1/users?code=c&clientId=c")
    running.end()

    assert (status, body) == (200, DRIVERS)
    assert (
        between.heard[0].line == b"GET http://api.invalid/v2/charger/EMABLER_Charger1/users?code=c&clientId=c HTTP/1.1"
    )


def live(url: str) -> list[tuple[int, object, str | None, str | None]]:
    """Live with to-dos: create, list, filter, page, read, change, remove; gives what was answered."""
    said = []

    def note(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> object:
        status, head, data = ask(url, method, path, body, headers)
        value = orjson.loads(data) if data else None
        said.append((status, value, head.get("location"), head.get("x-total-count")))
        return value

    first = note("GET", "/todos")
    assert isinstance(first, list)
    ids = []
    for title in ("bread", "milk", "bread"):
        made = note("POST", "/todos", {"title": title})
        assert isinstance(made, dict)
        ids.append(made["id"])
    for path in (
        "/todos",
        "/todos?limit=2",
        "/todos?limit=2&page=2",
        "/todos?q=bread",
        "/todos?done=false",
        "/todos?sort=-title",
    ):
        note("GET", path)
    merge = {"Content-Type": "application/merge-patch+json"}
    for key in ids:
        note("GET", f"/todos/{key}")
        note("PATCH", f"/todos/{key}", {"done": True}, merge)
        note("GET", f"/todos/{key}")
        note("GET", "/todos?done=true")
    note("PUT", f"/todos/{ids[0]}", {"title": "butter", "note": None})
    note("GET", f"/todos/{ids[0]}")
    for _ in range(2):
        note("DELETE", f"/todos/{ids[1]}")
        note("GET", f"/todos/{ids[1]}")
        note("GET", "/todos")
    return said


def test_a_stateful_life_that_was_recorded_is_replayed_with_the_same_answers(
    proxy: Callable[..., Running], serve: Callable[..., Server], tmp_path: Path
) -> None:
    upstream = serve(str(TODOS), "--stateful", "--log-format", "none")
    folder = tmp_path / "recorded"
    running = proxy(upstream.url, str(TODOS), "--record", str(folder))
    lived = live(running.url)
    code, out, err = running.end()
    stop_server(upstream)

    assert {status for status, *_ in lived} == {200, 201, 204, 404}
    assert (code, out) == (0, ""), err
    assert re.search(r"\d+ fixtures written to", err)
    again = serve(str(TODOS), "--fixtures", str(folder), "--log-format", "none")
    assert live(again.url) == lived

    checked = run("check", str(TODOS), "--fixtures", str(folder))
    assert checked.returncode == 0, checked.stdout


def test_what_is_mocked_can_be_changed_while_it_runs(
    proxy: Callable[..., Running], real: Callable[..., RealServer]
) -> None:
    server = real(answer(DRIVERS))
    running = proxy(server.url + "/v2", str(DOCUMENT), "--log-format", "none")
    origin = running.url.removesuffix("/api")
    path = "/charger/EMABLER_Charger1/users?code=c&clientId=c"
    told = orjson.loads(ask(origin, "GET", "/__admin/upstream")[2])
    assert told == {"url": server.url + "/v2", "mocked": [], "fallbackOn": []}

    changed = {"operations": {"GET /charger/{chargerId}/users": False}, "fallbackOn": ["5XX", "unreachable"]}
    told = orjson.loads(ask(origin, "PATCH", "/__admin/upstream", changed)[2])
    assert (told["mocked"], told["fallbackOn"]) == (["getAuthorisedUsersForCharger"], ["5xx", "unreachable"])
    assert "x-mock-source" in ask(running.url, "GET", path)[1]
    assert server.heard == []

    ask(origin, "PATCH", "/__admin/upstream", {"operations": {"getAuthorisedUsersForCharger": True}})
    assert ask(running.url, "GET", path)[2] == DRIVERS
    for wrong in (
        {"operations": {"nobody": True}},
        {"fallbackOn": ["often"]},
        {"operations": {"getAuthorisedUsersForCharger": 1}},
        {"x": 1},
    ):
        assert ask(origin, "PATCH", "/__admin/upstream", wrong)[0] == 422
    journal = orjson.loads(ask(origin, "GET", "/__admin/requests")[2])["requests"]
    assert len(journal) == 2


def test_a_mock_has_no_real_server_behind_it(serve: Callable[..., Server]) -> None:
    server = serve(str(DOCUMENT), "--log-format", "none")

    assert ask(server.origin, "GET", "/__admin/upstream")[0] == 404
