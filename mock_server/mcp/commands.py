"""Tools that run a command to its end: check, diff, payloads, validate and test."""

import json
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from mock_server.errors import UsageError
from mock_server.json_values import JsonObject
from mock_server.mcp.bound import bound
from mock_server.mcp.documents import Where
from mock_server.mcp.reach import Reach
from mock_server.mcp.run import Ended, Report, make_command, run_command

_MOST_PAYLOADS: Final = 100
_MOST_SECONDS: Final = 240.0
_MOST_GIVEN: Final = 1 << 20  # characters of an exchange

Kind = Literal["realistic", "boundary", "extreme", "invalid", "incoherent", "pairwise", "all"]
Fields = Annotated[
    dict[str, str] | None, Field(description="Header fields of every request, such as Authorization; no ${VARIABLES}")
]


class CommandTools:
    """Tools that run a command."""

    def __init__(self, reach: Reach) -> None:
        """Take what may be reached."""
        self._reach = reach

    async def check_document(self, document: Where = None) -> JsonObject:
        """Say what is wrong with an OpenAPI document, its examples, fixtures and scenarios."""
        where = self._reach.document(document)
        return _render("findings", await self._run("check", {"format": "json"}, [where]))

    async def diff_documents(
        self,
        old: Annotated[str, Field(description="Path, URL, or REF:PATH of git such as HEAD:openapi.yaml")],
        new: Annotated[str, Field(description="The same, of the document that takes its place")],
    ) -> JsonObject:
        """Say who breaks when one document takes the place of another, each time with a message that proves it."""
        sides = [self._reach.version(old), self._reach.version(new)]
        return _render("changes", await self._run("diff", {"format": "json"}, sides))

    async def make_payloads(
        self,
        operation: Annotated[str, Field(description="operationId, or method and path as in 'GET /pets'")],
        document: Where = None,
        kind: Kind = "all",
        direction: Literal["request", "response"] = "request",
        status: Annotated[str | None, Field(description="Of responses, as documented: 200, 2XX, default")] = None,
        count: Annotated[int, Field(ge=1, le=_MOST_PAYLOADS)] = 20,
        offset: Annotated[int, Field(ge=0, description="The number of the first payload")] = 0,
        seed: int = 0,
    ) -> JsonObject:
        """Make bodies of a request or response at and beyond what the schema allows, each proven to be so."""
        options = {
            "kind": kind, "direction": direction, "status": status, "count": count, "offset": offset, "seed": seed,
        }  # fmt: skip
        ended = await self._run("payloads", options, [operation, self._reach.document(document)])
        records = [json.loads(line) for line in ended.output.splitlines()]
        return bound({"payloads": records, "notes": [*ended.notes]})

    async def validate_exchange(
        self,
        document: Where = None,
        method: str = "GET",
        url: Annotated[str, Field(description="With the base path of a server, and the query")] = "",
        request_headers: dict[str, str] | None = None,
        request_body: str = "",
        status: Annotated[int | None, Field(description="Of the response; left out to judge the request alone")] = None,
        response_headers: dict[str, str] | None = None,
        response_body: str = "",
        file: Annotated[str | None, Field(description="Captured traffic instead: HAR, NDJSON or Pact")] = None,
    ) -> JsonObject:
        """Judge a request and its response, or a file of captured traffic, against the document."""
        options: dict[str, object] = {"document": self._reach.document(document), "format": "json"}
        if file is not None:
            return _render("findings", await self._run("validate", options, [self._reach.file(file)]))
        exchange: JsonObject = {
            "request": {
                "method": method,
                "url": url,
                "headers": [[name, value] for name, value in (request_headers or {}).items()],
                "body": request_body,
            }
        }
        if status is not None:
            exchange["response"] = {
                "status": status,
                "headers": [[name, value] for name, value in (response_headers or {}).items()],
                "body": response_body,
            }
        given = json.dumps(exchange).encode()
        if len(given) > _MOST_GIVEN:
            raise UsageError(f"an exchange has at most {_MOST_GIVEN:,} bytes; write it to a file, and name that")
        return _render(
            "findings", await run_command(make_command("validate", options, ["-"]), self._reach, given=given)
        )

    async def run_contract_tests(
        self,
        url: Annotated[str, Field(description="The base of the running API, as of this machine")],
        ctx: Context[Any],
        document: Where = None,
        include: Annotated[
            list[str] | None, Field(description="Only these: an operationId, 'GET /pets*' or tag:NAME")
        ] = None,
        phases: Annotated[str, Field(description="Of examples, coverage, stateful, fuzzing")] = (
            "examples,coverage,stateful,fuzzing"
        ),
        mutating: Annotated[bool, Field(description="Also send POST, PUT, PATCH and DELETE")] = False,
        headers: Fields = None,
        seed: int = 0,
        max_time: Annotated[float, Field(gt=0, le=_MOST_SECONDS, description="Seconds")] = 60.0,
    ) -> JsonObject:
        """Test a running API against its document: each finding has a curl line that shows it again."""
        options = {
            "format": "json", "include": include or [], "phases": phases, "mutating": mutating, "seed": seed,
            "max_time": max_time, "header": _write_fields(headers),
        }  # fmt: skip
        where = [self._reach.url(url), self._reach.document(document)]
        before = last = 0.0  # each phase counts anew, and progress only grows

        async def report(done: float, total: float | None, what: str) -> None:
            nonlocal before, last
            if before + done < last:
                before = last
            last = before + done
            await ctx.report_progress(last, None, what)

        return _render("report", await self._run("test", options, where, report))

    async def _run(
        self, command: str, options: dict[str, Any], arguments: list[str], report: Report | None = None
    ) -> Ended:
        return await run_command(make_command(command, options, arguments), self._reach, report)


def _render(name: str, ended: Ended) -> JsonObject:
    """Return what a command printed as JSON, with whether it is clean."""
    found = json.loads(ended.output) if ended.output.strip() else []
    return bound({"clean": ended.code == 0, name: found, "notes": [*ended.notes]})


def _write_fields(headers: dict[str, str] | None) -> list[str]:
    """
    Write header fields as the command takes them.

    Raises:
        UsageError: one names a variable of the environment, which is not the agent's to send.
    """
    written = [f"{name}: {value}" for name, value in (headers or {}).items()]
    if any("${" in field for field in written):
        raise UsageError("header fields can't name variables of the environment here; write the value")
    return written
