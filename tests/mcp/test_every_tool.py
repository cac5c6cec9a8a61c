"""The official client finds and uses every tool and resource, over stdio and streamable HTTP, on a real document."""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from mock_server.mcp.bound import MOST
from tests.support.paths import SHARED

TRAINS = SHARED / "specs" / "bump-sh-examples-train-travel-api" / "openapi.yaml"
COMMAND = ["-P", "-m", "mock_server", "mcp"]
TOKEN = "a-token-for-tests"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(TRAINS, tmp_path / "openapi.yaml")
    return tmp_path


@asynccontextmanager
async def over_stdio(folder: Path) -> AsyncIterator[Client]:
    async with Client(StdioServerParameters(command=sys.executable, args=COMMAND, cwd=folder)) as client:
        yield client


def start_http(folder: Path, *args: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, *COMMAND, "--http", "--port", "0", *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    found = re.search(r"listening on +(\S+)", "".join(lines))
    assert found, lines
    return process, found.group(1)


@asynccontextmanager
async def over_http(folder: Path) -> AsyncIterator[Client]:
    process, url = start_http(folder, "--admin-token", TOKEN)
    try:
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {TOKEN}"}, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


class Agent:
    """Calls tools, and notes which ones."""

    def __init__(self, client: Client) -> None:
        self.client, self.used, self.progress = client, set[str](), list[float]()

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        self.used.add(tool)
        result = await self.client.call_tool(tool, arguments, progress_callback=self._note)
        text = result.content[0].text
        assert not result.is_error, text
        assert len(text.encode()) <= MOST
        assert json.loads(text) == result.structured_content
        return result.structured_content

    async def _note(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress.append(progress)


async def read_the_document(agent: Agent) -> None:
    listed = await agent.call("list_operations", contains="station")
    described = await agent.call("describe_operation", operation="create-booking")
    request = await agent.call("make_request", operation="GET /stations", seed=7)
    answer = await agent.call("make_answer", operation="get-stations", status=401)
    edge = await agent.call("make_answer", operation="get-stations", profile="boundary")

    assert [each["id"] for each in listed["operations"]] == ["get-stations"]
    assert described["body"]["content"]["application/json"]["properties"]["passenger_name"]["type"] == "string"
    assert request["url"].startswith("/rest/Train+Travel+API/1.0.0/stations")
    assert (answer["status"], json.loads(answer["body"])["status"]) == (401, 401)
    assert edge["headers"]["preference-applied"] == "profile=boundary"


async def judge(agent: Agent, folder: Path) -> None:
    newer = (folder / "openapi.yaml").read_text().replace("  /stations:", "  /halts:")
    (folder / "newer.yaml").write_text(newer)
    checked = await agent.call("check_document")
    compared = await agent.call("diff_documents", old="openapi.yaml", new="newer.yaml")
    made = await agent.call("make_payloads", operation="create-booking", kind="invalid", count=3)
    judged = await agent.call(
        "validate_exchange",
        url="/rest/Train+Travel+API/1.0.0/stations?limit=many",
        request_headers={"authorization": "Bearer x"},
        status=200,
        response_headers={"content-type": "application/json"},
        response_body='{"data": 3}',
    )

    assert checked["clean"]
    assert not compared["clean"]
    assert compared["changes"]["changes"]
    assert [payload["valid"] for payload in made["payloads"]] == [False, False, False]
    assert {"request-parameter-schema", "response-body-schema"} <= {found["rule"] for found in judged["findings"]}


async def steer_a_mock(agent: Agent) -> None:
    started = await agent.call("start_mock", stateful=True, seed=3)
    mock, base = started["mock"], "/rest/Train+Travel+API/1.0.0"
    headers = {"authorization": "Bearer x"}
    plain = await agent.call("call_mock", mock=mock, path=f"{base}/stations?limit=2", headers=headers)
    await agent.call("call_mock", mock=mock, path=f"{base}/stations?limit=many", headers=headers)
    journal = await agent.call("read_journal", mock=mock, findings=True)
    why = await agent.call("explain_answer", mock=mock, request=journal["requests"][0]["id"])
    foreseen = await agent.call("explain_answer", mock=mock, url=f"{base}/stations", headers=headers)
    await agent.call("set_faults", mock=mock, operation="get-stations", fault=["error:500"])
    broken = await agent.call("call_mock", mock=mock, path=f"{base}/stations", headers=headers)
    await agent.call("set_faults", mock=mock, operation="get-stations")
    mended = await agent.call("call_mock", mock=mock, path=f"{base}/stations", headers=headers)
    slow = await agent.call("set_faults", mock=mock, delay="1..2")
    scenarios = await agent.call("set_scenario", mock=mock)
    worlds = await agent.call("set_world", mock=mock, action="create", name="w", seed="4")
    state = await agent.call("read_state", mock=mock)
    response = {"status": 200, "headers": {"Content-Type": "application/json"}, "jsonBody": {"data": []}}
    stub = {"request": {"method": "GET", "urlPath": f"{base}/stations"}, "response": response}
    added = await agent.call("add_mapping", mock=mock, mapping=stub)
    stubbed = await agent.call("call_mock", mock=mock, path=f"{base}/stations", headers=headers)
    coverage = await agent.call("read_coverage", mock=mock)
    tested = await agent.call("run_contract_tests", url=started["url"], phases="examples", headers=headers)
    listed = await agent.call("list_mocks")
    stopped = await agent.call("stop_mock", mock=mock)

    assert [answer["status"] for answer in (plain, broken, mended)] == [200, 500, 200]
    assert json.loads(stubbed["body"]) == {"data": []}
    assert why["was"]["status"] == 400
    assert foreseen["status"] == 200
    assert slow["settings"]["delay"]["lower"] == 1
    assert scenarios["scenarios"] == []
    assert "w" in [world["name"] for world in worlds["worlds"]]
    assert [each["name"] for each in state["resources"]] == ["bookings"]
    assert added["id"]
    assert coverage["documents"][0]["summary"]["operations"]["used"] == 1
    assert tested["report"]["requests"] > 0
    assert agent.progress == sorted(agent.progress) != []
    assert [each["running"] for each in (*listed["mocks"], stopped)] == [True, False]


async def read_resources(client: Client) -> None:
    found = {str(resource.uri) for resource in (await client.list_resources()).resources}
    texts = [(await client.read_resource(uri)).contents[0].text for uri in sorted(found)]
    page = await client.read_resource("mock-server://docs/guides/edge-cases")

    assert found == {f"mock-server://{name}" for name in ("checks", "docs", "document", "rules")}
    assert [
        word in text
        for word, text in zip(("not_a_server_error", "guides/", "Train Travel", "diff-"), texts, strict=True)
    ]
    assert "payloads" in page.contents[0].text


@pytest.mark.parametrize("connect", [over_stdio, over_http], ids=["stdio", "http"])
def test_the_official_client_uses_every_tool(connect: Any, folder: Path) -> None:
    async def use() -> None:
        async with connect(folder) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            agent = Agent(client)
            await read_the_document(agent)
            await judge(agent, folder)
            await steer_a_mock(agent)
            await read_resources(client)

            assert agent.used == tools.keys()
            assert max(len(tool.description or "") for tool in tools.values()) <= 120

    asyncio.run(use())


def test_http_asks_for_the_token_and_lets_no_page_in(folder: Path) -> None:
    process, url = start_http(folder, "--admin-token", TOKEN)
    try:
        given = [
            httpx2.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=fields).status_code
            for fields in (
                {},
                {"authorization": "Bearer guess"},
                {"origin": "http://evil.example"},
                {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"},
                {"authorization": f"Bearer {TOKEN}", "host": "evil.example"},
            )
        ]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert given == [401, 401, 403, 403, 403]


def test_without_a_token_one_is_made_up(folder: Path) -> None:
    process, url = start_http(folder)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        refused = httpx2.post(url, json={})
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert re.fullmatch(r"  admin token   \S{32,}\n", line)
    assert refused.status_code == 401


def test_a_mock_ends_with_the_server_that_started_it(folder: Path) -> None:
    command = [sys.executable, "-P", "-m", "mock_server.mcp.child", "--until-stopped", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    while "Swagger UI" not in process.stdout.readline():
        assert process.poll() is None
    process.communicate(timeout=20)  # closes standard input, as the end of the starter does

    assert process.returncode == 0
