"""Hostile arguments and documents: they reach no file outside of the working folder, and no host."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client

from mock_server.errors import UsageError
from mock_server.mcp.bound import MOST, bound
from mock_server.mcp.reach import Reach
from mock_server.mcp.run import make_command
from mock_server.mcp.server import AgentServer
from mock_server.settings import Settings

SECRET = "nobody may read this"
PLAIN = """openapi: 3.1.0
info: {title: Plain, version: "1"}
paths:
  /a:
    get:
      operationId: a
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
"""
READERS = {
    "list_operations": {},
    "describe_operation": {"operation": "a"},
    "make_request": {"operation": "a"},
    "make_answer": {"operation": "a"},
    "check_document": {},
    "make_payloads": {"operation": "a"},
    "validate_exchange": {"url": "/a"},
    "start_mock": {},
    "run_contract_tests": {"url": "http://127.0.0.1:9"},
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that is next to the working folder."""
    path = tmp_path / "secret.yaml"
    path.write_text(PLAIN.replace("Plain", SECRET))
    return path


@pytest.fixture
def folder(tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "work"
    own.mkdir()
    (tmp_path / ".git").mkdir()  # a project around the working folder
    (own / "openapi.yaml").write_text(PLAIN)
    (own / "link.yaml").symlink_to(outside)
    (own / "up").symlink_to(outside.parent)
    monkeypatch.chdir(own)
    return own


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A host that nobody may ask; it would have a connection waiting."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


def is_untouched(trap: socket.socket) -> bool:
    try:
        trap.accept()
    except BlockingIOError:
        return True
    return False


def call(folder: Path, *calls: tuple[str, dict[str, Any]]) -> list[tuple[bool, str]]:
    """Call tools of a server in this process."""

    async def use() -> list[tuple[bool, str]]:
        async with Client(AgentServer(folder, Settings()).made) as client:
            results = [await client.call_tool(name, arguments) for name, arguments in calls]
            return [(result.is_error, result.content[0].text) for result in results]

    return asyncio.run(use())


@pytest.mark.parametrize(
    "where",
    ["../secret.yaml", "{outside}", "/etc/passwd", "../../../../etc/passwd", "link.yaml", "up/secret.yaml", "up", "file:///etc/passwd",
     "file:/etc/passwd", "FILE://localhost/etc/passwd", "http://169.254.169.254/latest/meta-data", "http://[fd00::1]/", "http://0.0.0.0:1/",
     "http://127.0.0.1@169.254.169.254/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/", "http://2130706433/",
     "gopher://127.0.0.1/", "ftp://127.0.0.1/a", "-", "--config=/etc/passwd", "", ".", "a\x00b", "x" * 5_000, "~/.ssh/id_rsa", "/dev/stdin",
     "HEAD:../secret.yaml", "main:openapi.yaml"],
)  # fmt: skip
def test_a_document_is_nothing_outside_of_the_folder(where: str, folder: Path, outside: Path) -> None:
    where = where.format(outside=outside)
    calls = [(tool, {**arguments, "document": where}) for tool, arguments in READERS.items()]
    calls += [("diff_documents", {"old": where, "new": "openapi.yaml"}), ("validate_exchange", {"file": where})]
    answered = call(folder, *calls)

    assert [error for error, _ in answered] == [True] * len(calls)
    assert not any(SECRET in text or "root:" in text for _, text in answered)


def test_a_document_refers_to_nothing_outside_of_the_folder(folder: Path, outside: Path, trap: socket.socket) -> None:
    """The project, which references may read from elsewhere, is larger than the working folder here."""
    host = f"http://127.0.0.1:{trap.getsockname()[1]}"
    files = ["../secret.yaml", "../../secret.yaml", str(outside), f"file://{outside}", "up/secret.yaml", "link.yaml"]
    refs = [*(f"{file}#/info" for file in files), f"{host}/a", "http://169.254.169.254/latest"]
    parts = {f"p{number}": {"$ref": ref} for number, ref in enumerate(refs)}
    written = PLAIN.replace("{type: object}", json.dumps({"type": "object", "properties": parts}))
    written = written.replace("get:\n", f"get:\n      externalDocs: {{url: '{host}/b'}}\n", 1)
    (folder / "hostile.yaml").write_text(f"{written}servers: [{{url: '{host}'}}]\n")
    tools = [tool for tool in READERS if tool not in {"start_mock", "run_contract_tests"}]
    answered = call(folder, *((tool, {**READERS[tool], "document": "hostile.yaml"}) for tool in tools))

    assert not any(SECRET in text for _, text in answered)
    assert sum("document-ref" in text for _, text in answered) >= 1
    assert is_untouched(trap)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("run_contract_tests", {"url": "http://169.254.169.254"}),
        ("run_contract_tests", {"url": "http://example.com"}),
        ("run_contract_tests", {"url": "file:///etc"}),
        ("run_contract_tests", {"url": "http://127.0.0.1:9", "headers": {"X": "${HOME}"}}),
        ("run_contract_tests", {"url": "http://127.0.0.1:9", "phases": "examples --out=pwned"}),
        ("make_payloads", {"operation": "--out=pwned"}),
        ("make_payloads", {"operation": "a", "status": "200 --out=pwned"}),
        ("make_payloads", {"operation": "a", "count": 10**9}),
        ("start_mock", {"fault": ["--handlers=os"]}),
        ("start_mock", {"delay": "1 --host 0.0.0.0"}),
        ("call_mock", {"mock": "http://169.254.169.254", "path": "/latest"}),
        ("call_mock", {"mock": "http://127.0.0.1:9", "path": "http://169.254.169.254/"}),
        ("call_mock", {"mock": "http://127.0.0.1:9", "path": "@169.254.169.254/"}),
        ("call_mock", {"mock": "http://127.0.0.1:9", "path": "/", "headers": {"X": "a\r\nHost: evil"}}),
        ("call_mock", {"mock": "mock-7", "path": "/"}),
        ("stop_mock", {"mock": "1"}),
        ("read_state", {"mock": "http://169.254.169.254", "resource": "../../x"}),
        ("list_operations", {"offset": -1}),
        ("no_such_tool", {}),
    ],
)
def test_no_argument_is_more_than_a_value(tool: str, arguments: dict[str, Any], folder: Path) -> None:
    ((is_error, text),) = call(folder, (tool, arguments))

    assert is_error, text
    assert not (folder / "pwned").exists()
    assert os.environ["HOME"] not in text


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_operations", {"nmae": "x"}),
        ("list_mocks", {"now": "+2d"}),
        ("set_world", {"mock": "mock-1", "now": "+2d"}),
    ],
)
def test_an_argument_that_no_tool_has_is_not_dropped_silently(
    tool: str, arguments: dict[str, Any], folder: Path
) -> None:
    ((is_error, text),) = call(folder, (tool, arguments))

    assert is_error
    assert f"{tool} has no argument {list(arguments)[-1]!r}; it has " in text


def test_an_api_that_redirects_leads_nowhere(folder: Path, trap: socket.socket) -> None:
    async def use() -> str:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            to = f"http://127.0.0.1:{trap.getsockname()[1]}/a"
            writer.write(
                f"HTTP/1.1 307 Go\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as api:
            url = f"http://127.0.0.1:{api.sockets[0].getsockname()[1]}"
            async with Client(AgentServer(folder, Settings()).made) as client:
                called = await client.call_tool("call_mock", {"mock": url, "path": "/a"})
                await client.call_tool("run_contract_tests", {"url": url, "phases": "examples"})
                await client.call_tool("list_operations", {"document": f"{url}/a"})
                return called.content[0].text

    assert '"status":307' in asyncio.run(use())
    assert is_untouched(trap)


def test_a_huge_document_gives_a_small_result(folder: Path) -> None:
    paths = {
        f"/{number}": {
            "get": {
                "operationId": f"o{number}",
                "summary": "s" * 1_000,
                "description": "d" * 20_000,
                "parameters": [
                    {"name": f"p{index}", "in": "query", "schema": {"enum": ["e" * 50] * 40}} for index in range(50)
                ],
                "responses": {"200": {"description": "ok"}},
            }
        }
        for number in range(60)
    }
    (folder / "huge.json").write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "t" * 100_000, "version": "1"}, "paths": paths})
    )
    answered = call(
        folder,
        ("list_operations", {"document": "huge.json"}),
        ("describe_operation", {"document": "huge.json", "operation": "o7"}),
        ("list_operations", {"document": "huge.json", "offset": 50}),
    )

    assert [error for error, _ in answered] == [False, False, False]
    assert max(len(text) for _, text in answered) <= MOST
    assert json.loads(answered[2][1])["total"] == 60


def test_what_a_file_changes_is_seen(folder: Path) -> None:
    async def use() -> list[int]:
        async with Client(AgentServer(folder, Settings()).made) as client:
            counts = []
            for more in ("", "  /b:\n    get: {responses: {'200': {description: ok}}}\n"):
                (folder / "openapi.yaml").write_text(PLAIN + more)
                result = await client.call_tool("list_operations", {})
                counts.append(result.structured_content["total"])
            return counts

    assert asyncio.run(use()) == [1, 2]


@given(
    where=st.text(max_size=40)
    | st.lists(st.sampled_from(["..", "/", "up", "link.yaml", "openapi.yaml", "~", "\\", "%2e"])).map("".join)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_path_that_is_taken_lies_in_the_folder(where: str, folder: Path) -> None:
    reach = Reach(folder.resolve(), Settings())
    try:
        taken = reach.file(where)
    except UsageError:
        return

    assert (folder / taken).resolve().is_relative_to(folder.resolve())


@given(
    value=st.recursive(
        st.none() | st.integers() | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
        max_leaves=60,
    ),
    times=st.integers(1, 3_000),
)
def test_a_bounded_value_is_small(value: Any, times: int) -> None:
    whole = {"value": [value] * times}
    found = bound(whole, 2_000)
    size = len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())

    assert size <= 2_000
    assert found == whole or "cut" in found


@given(value=st.text(), name=st.sampled_from(["seed", "max_time"]))
def test_a_value_is_no_option_and_no_option_is_lost(value: str, name: str) -> None:
    words = make_command("check", {name: value, "mutating": True, "strict": False, "status": None}, [value])

    assert words == ["check", f"--{name.replace('_', '-')}={value}", "--mutating", "--", value]
