"""Tools that start, stop and steer mock servers; each is a process, steered by its admin API."""

import asyncio
import contextlib
import re
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import quote

import orjson
from pydantic import Field

from mock_server.errors import UsageError
from mock_server.json_values import JsonObject, JsonValue
from mock_server.lazy import LazyModule
from mock_server.mcp.bound import bound, bound_text
from mock_server.mcp.documents import Profile, Where
from mock_server.mcp.reach import Reach
from mock_server.mcp.run import make_command, start, stop

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = LazyModule("httpx2")

_MOST: Final = 8  # mocks at a time
_SECONDS_TO_START: Final = 120.0
_SECONDS: Final = 60.0  # of one request
_MOST_ANSWER: Final = 4 << 20  # bytes
_LISTENING: Final = re.compile(r"listening on +(?P<url>[^\s,]+)")
_LAST_LINE: Final = "Swagger UI"  # of what has to be read before a mock is there
_EVERYBODY: Final = "@everybody"

Mock = Annotated[str, Field(description="The id that start_mock gave, or the URL of a mock of this machine")]
World = Annotated[
    str, Field(description="Its own journal and state, as X-Mock-World names it; the shared one if left out")
]
Fields = dict[str, str] | None


@dataclass(eq=False)
class RunningMock:
    """A mock that was started."""

    id: str
    document: str
    url: str  # with the base path
    process: Process
    drains: tuple[asyncio.Task[None], ...] = ()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return "/".join(self.url.split("/")[:3])

    def describe(self) -> JsonObject:
        """Describe it for a result."""
        origin = self.origin
        return {
            "mock": self.id,
            "document": self.document,
            "url": self.url,
            "console": f"{origin}/__console/",
            "running": self.process.returncode is None,
        }


class MockTools:
    """Tools on mocks."""

    def __init__(self, reach: Reach) -> None:
        """Start nothing yet."""
        self._reach = reach
        self._mocks: dict[str, RunningMock] = {}
        self._count = 0
        self._starting = asyncio.Lock()

    async def start_mock(
        self,
        document: Where = None,
        seed: int = 0,
        stateful: Annotated[bool, Field(description="What is created can be read, what is deleted is gone")] = False,
        profile: Annotated[Profile, Field(description="Which values are generated")] = "realistic",
        delay: Annotated[str | None, Field(description="Milliseconds: 200, 100..300 or lognormal:80,0.4")] = None,
        fault: Annotated[list[str] | None, Field(description="Such as error:503@0.1, reset@5%, truncate@#3")] = None,
    ) -> JsonObject:
        """Start a mock of a document on a free port of this machine; it stops with this server."""
        where = self._reach.document(document)
        options = {
            "host": "127.0.0.1", "port": 0, "seed": seed, "stateful": stateful, "profile": profile, "delay": delay,
            "fault": fault or [], "log_format": "none", "admin": True,
        }  # fmt: skip
        async with self._starting:
            if sum(mock.process.returncode is None for mock in self._mocks.values()) >= _MOST:
                raise UsageError(f"{_MOST} mocks are running already; stop one")
            process = await start(make_command("serve", options, [where]), self._reach, until_stopped=True)
            try:
                async with asyncio.timeout(_SECONDS_TO_START):
                    url = await _read_banner(process)
            except BaseException:
                await stop(process)
                raise
            self._count += 1
            mock = RunningMock(f"mock-{self._count}", where, url, process)
            mock.drains = tuple(asyncio.create_task(_drain(stream)) for stream in (process.stdout, process.stderr))
            self._mocks[mock.id] = mock
        return mock.describe()

    async def stop_mock(self, mock: Mock) -> JsonObject:
        """Stop a mock that was started here."""
        found = self._find(mock)
        await stop(found.process)
        del self._mocks[found.id]
        return found.describe()

    async def list_mocks(self) -> JsonObject:
        """List the mocks that were started here."""
        return {"mocks": [mock.describe() for mock in self._mocks.values()]}

    async def call_mock(
        self,
        mock: Mock,
        path: Annotated[str, Field(description="With the base path, and the query")],
        method: str = "GET",
        headers: Fields = None,
        body: str = "",
    ) -> JsonObject:
        """Send a request to a mock and return its answer."""
        answered = await self._send(mock, method, path, headers or {}, body.encode())
        text = answered.content.decode("utf-8", "replace")
        fields: JsonObject = dict(answered.headers)
        return bound({"status": answered.status_code, "headers": fields, "body": bound_text(text, 30_000)})

    async def read_journal(
        self,
        mock: Mock,
        limit: Annotated[int, Field(ge=1, le=100)] = 10,
        operation: Annotated[str | None, Field(description="Only of this operationId")] = None,
        findings: Annotated[bool | None, Field(description="true: only what broke the document")] = None,
        world: World = "",
    ) -> JsonObject:
        """Read the last requests of a mock and its answers, newest first, with what broke the document."""
        query = {"limit": str(limit), "operation": operation, "findings": _flag(findings), "world": world or None}
        return await self._ask(mock, "GET", "/requests", query=query)

    async def explain_answer(
        self,
        mock: Mock,
        request: Annotated[str | None, Field(description="The id of a request of the journal")] = None,
        method: str = "GET",
        url: Annotated[str, Field(description="Of a request that is not sent: path and query")] = "",
        headers: Fields = None,
        body: str = "",
    ) -> JsonObject:
        """Explain why a mock answers a request as it does: each source with its reason."""
        if request is not None:
            return await self._ask(mock, "GET", "/explain", query={"request": request})
        given: JsonObject = {"method": method, "url": url, "headers": dict(headers or {}), "body": body}
        return await self._ask(mock, "POST", "/explain", given)

    async def set_faults(
        self,
        mock: Mock,
        delay: Annotated[str | None, Field(description="Milliseconds: 200, 100..300; none if left out")] = None,
        fault: Annotated[list[str] | None, Field(description="Such as error:503@0.1; none if left out")] = None,
        operation: Annotated[str | None, Field(description="Only of this operationId; else of all")] = None,
    ) -> JsonObject:
        """Set the delay and the faults of a mock's answers; without either, they are switched off."""
        faults: JsonObject = {"delay": delay, "faults": list[JsonValue](fault or [])}
        if operation is None:
            return await self._ask(mock, "PATCH", "/settings", faults)
        settings = (await self._ask(mock, "GET", "/settings"))["settings"]
        known = settings.get("operations") if isinstance(settings, dict) else None
        operations: JsonObject = {**(known if isinstance(known, dict) else {}), operation: faults}
        if delay is None and not fault:
            del operations[operation]
        return await self._ask(mock, "PATCH", "/settings", {"operations": operations})

    async def set_scenario(
        self,
        mock: Mock,
        name: Annotated[str | None, Field(description="The scenario; all are listed if left out")] = None,
        state: Annotated[str | None, Field(description="Its new state; its first one if left out")] = None,
        world: World = "",
    ) -> JsonObject:
        """Set the state of a scenario of a mock, and list all scenarios."""
        query = {"world": world or None}
        if name is not None:
            given: JsonObject = {"state": state} if state is not None else {}
            await self._ask(mock, "PUT", f"/scenarios/{quote(name, safe='')}/state", given, query)
        return await self._ask(mock, "GET", "/scenarios", query=query)

    async def set_world(
        self,
        mock: Mock,
        action: Literal["list", "create", "reset", "delete", "fork"] = "list",
        name: Annotated[str, Field(description="Of the world; the shared one if left out")] = "",
        to: Annotated[str, Field(description="fork: the world that becomes a copy")] = "",
        seed: Annotated[str | None, Field(description="create: its own seed")] = None,
    ) -> JsonObject:
        """Create, reset, delete or copy a world of a mock, and list all worlds."""
        path = f"/worlds/{quote(name or _EVERYBODY, safe='@')}"
        requests: dict[str, tuple[str, str, JsonObject | None]] = {
            "create": ("PUT", path, {"seed": seed} if seed is not None else {}),
            "reset": ("POST", f"{path}/reset", None),
            "delete": ("DELETE", path, None),
            "fork": ("POST", f"{path}/fork", {"to": to}),
        }
        if action in requests:
            await self._ask(mock, *requests[action])
        return await self._ask(mock, "GET", "/worlds")

    async def add_mapping(
        self,
        mock: Mock,
        mapping: Annotated[dict[str, Any], Field(description='WireMock\'s: {"request": …, "response": …}')],
        world: World = "",
    ) -> JsonObject:
        """Add a stub mapping to a mock: an answer of your own, which has to keep to the document."""
        return await self._ask(mock, "POST", "/mappings", mapping, {"world": world or None})

    async def read_state(
        self,
        mock: Mock,
        resource: Annotated[str | None, Field(description="Its items; all resources are listed if left out")] = None,
        world: World = "",
    ) -> JsonObject:
        """Read the state of a stateful mock: its resources, or the items of one."""
        path = "/state" if resource is None else f"/state/{quote(resource, safe='')}"
        return await self._ask(mock, "GET", path, query={"world": world or None})

    async def read_coverage(self, mock: Mock) -> JsonObject:
        """Read which operations, statuses, parameters and values of the document a mock was asked for."""
        return await self._ask(mock, "GET", "/coverage", query={"world": "*"})

    async def close(self) -> None:
        """Stop all mocks."""
        await asyncio.gather(*(stop(mock.process) for mock in self._mocks.values()))
        self._mocks.clear()

    def _find(self, mock: str) -> RunningMock:
        found = self._mocks.get(mock)
        if found is None:
            raise UsageError(f"there is no mock {mock!r} here; there are: {', '.join(self._mocks) or 'none'}")
        return found

    async def _ask(
        self,
        mock: str,
        method: str,
        path: str,
        given: Mapping[str, Any] | None = None,
        query: Mapping[str, str | None] | None = None,
    ) -> JsonObject:
        """
        Ask the admin API of a mock.

        Raises:
            UsageError: it refused, with its reason.
        """
        written = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items() if value)
        target = f"/__admin{path}" + (f"?{written}" if written else "")
        body = orjson.dumps(given) if given is not None else b""
        fields = {"content-type": "application/json"} if body else {}
        token = self._reach.settings.admin_token
        if token is not None and mock in self._mocks:  # others need not know it
            fields["authorization"] = f"Bearer {token}"
        answered = await self._send(mock, method, target, fields, body)
        try:
            value = orjson.loads(answered.content)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"{method} {target} was answered with {answered.status_code}, and no JSON") from error
        if not answered.is_success:
            detail = value.get("detail") if isinstance(value, dict) else None
            raise UsageError(str(detail or f"{method} {target} was answered with {answered.status_code}"))
        return bound(value if isinstance(value, dict) else {"result": value})

    async def _send(
        self, mock: str, method: str, target: str, fields: Mapping[str, str], body: bytes
    ) -> "httpx2.Response":
        """Send a request to a mock, whatever its target looks like, and follow nothing."""
        if not target.startswith("/"):
            raise UsageError("the path of a request begins with /")
        origin = self._find(mock).origin if mock in self._mocks or "://" not in mock else self._reach.url(mock)
        try:
            url = httpx2.URL(origin).copy_with(raw_path=target.encode())
            async with httpx2.AsyncClient(timeout=_SECONDS, trust_env=False, follow_redirects=False) as client:
                request = client.build_request(method, url, headers=dict(fields), content=body or None)
                response = await client.send(request, stream=True)
                try:
                    return await _read_bounded(response)
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise UsageError(f"{mock} gave no answer: {str(error) or type(error).__name__}") from error


async def _read_bounded(response: "httpx2.Response") -> "httpx2.Response":
    data = bytearray()
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > _MOST_ANSWER:
            raise UsageError(f"the answer has more than {_MOST_ANSWER:,} bytes")
    fields = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
    return httpx2.Response(response.status_code, headers=fields, content=bytes(data))


async def _read_banner(process: Process) -> str:
    """
    Read what a mock says when it is there, and return its URL.

    Raises:
        UsageError: it ended instead; with what it said.
    """
    assert process.stdout is not None  # noqa: S101 - they are pipes
    assert process.stderr is not None  # noqa: S101 - see above
    url = ""
    while line := (await process.stdout.readline()).decode("utf-8", "replace"):
        found = _LISTENING.search(line)
        if found is not None:
            url = found["url"]
        if url and _LAST_LINE in line:
            return url
    reason = (await process.stderr.read()).decode("utf-8", "replace").strip()
    raise UsageError(bound_text(reason, 4_000) or "the mock ended before it was there")


async def _drain(stream: asyncio.StreamReader | None) -> None:
    """Read what nobody needs, so that the mock never waits for somebody to read it."""
    with contextlib.suppress(OSError):
        while stream is not None and await stream.read(1 << 16):
            pass


def _flag(value: bool | None) -> str | None:  # noqa: FBT001 - it is the value that is written
    if value is None:
        return None
    return str(value).lower()
