"""Tools on one document: its operations, and example requests and answers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import Field

from mock_server.cache import BoundedCache
from mock_server.document.model import Entry, MediaType, Operation, Parameter
from mock_server.document.references import Node
from mock_server.errors import DocumentError
from mock_server.exchange.curl import write_curl
from mock_server.exchange.message import Request
from mock_server.generate.engine import Engine
from mock_server.generate.request import example_request
from mock_server.json_values import JsonObject, JsonValue
from mock_server.mcp.bound import bound
from mock_server.mcp.reach import Reach
from mock_server.respond.open import OpenedDocument, open_responder
from mock_server.respond.responder import Responder

_KEPT: Final = 4  # documents
_PAGE: Final = 50  # operations
_DEEPEST: Final = 8  # references in one another that are written out
_ORIGIN: Final = "http://127.0.0.1:4010"  # of a mock that is started without a port

Where = Annotated[
    str | None, Field(description="Path or URL of the OpenAPI document; ./openapi.yaml, else a sample, if left out")
]
Name = Annotated[str, Field(description="operationId, or method and path as in 'GET /pets'")]
Profile = Literal["realistic", "minimal", "boundary", "extreme", "invalid", "incoherent"]


class _Kept(NamedTuple):
    """A document that was opened, and when its files were changed."""

    opened: OpenedDocument
    times: tuple[int, ...]


class DocumentTools:
    """Tools that read one document."""

    def __init__(self, reach: Reach) -> None:
        """Open nothing yet."""
        self._reach = reach
        self._opened: BoundedCache[str, _Kept] = BoundedCache(_KEPT)
        self._lock = asyncio.Lock()

    async def list_operations(
        self,
        document: Where = None,
        contains: Annotated[str, Field(description="Only those with this text in id, path, summary or tags")] = "",
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> JsonObject:
        """List the operations of an OpenAPI document, a page at a time."""
        responder = await self._open(document)
        wanted = contains.lower()
        found = [entry for entry in responder.document.entries if wanted in _searched(entry)]
        page: list[JsonValue] = [_summarise(entry) for entry in found[offset : offset + _PAGE]]
        title = responder.document.title
        return bound({"document": title, "total": len(found), "offset": offset, "operations": page})

    async def describe_operation(self, operation: Name, document: Where = None) -> JsonObject:
        """Describe an operation: parameters, body, responses and security, with references written out."""
        responder = await self._open(document)
        entry = responder.document.require_entry(operation)
        return bound(await self._run(lambda: _describe(responder, responder.document.operation(entry))))

    async def make_request(
        self,
        operation: Name,
        document: Where = None,
        seed: Annotated[int, Field(description="Same seed, same request")] = 0,
    ) -> JsonObject:
        """Make an example request that the operation accepts, also as a curl line for a mock on its usual port."""
        responder = await self._open(document)
        entry = responder.document.require_entry(operation)
        return bound(await self._run(lambda: _render_request(responder, entry, seed)))

    async def make_answer(
        self,
        operation: Name,
        document: Where = None,
        status: Annotated[int | None, Field(description="A documented status; a success if left out")] = None,
        profile: Annotated[Profile, Field(description="realistic also takes fixtures and examples")] = "realistic",
        seed: Annotated[int, Field(description="Same seed, same answer")] = 0,
    ) -> JsonObject:
        """Make the answer that a mock gives to the example request of an operation."""
        responder = await self._open(document)
        entry = responder.document.require_entry(operation)
        wanted = [f"code={status}"] if status is not None else []
        wanted += [f"profile={profile}"] if profile != "realistic" else []
        wanted += [f"seed={seed}"] if seed else []
        return bound(await self._run(lambda: _answer(responder, entry, ", ".join(wanted))))

    async def _open(self, document: str | None) -> Responder:
        """Open a document, or take the one that was opened before, if no file of it changed."""
        where = self._reach.document(document)

        def open_it() -> Responder:
            known = self._opened.get(where)
            if known is None or _read_times(known.opened) != known.times:
                opened = open_responder(where, self._reach.settings, judge_fixtures=False)
                known = self._opened[where] = _Kept(opened, _read_times(opened))
            return known.opened.responder

        async with self._lock:
            return await asyncio.to_thread(open_it)

    async def _run(self, work: Callable[[], JsonObject]) -> JsonObject:
        """Do work in a thread, one piece at a time."""
        async with self._lock:
            return await asyncio.to_thread(work)


def _read_times(opened: OpenedDocument) -> tuple[int, ...]:
    """Read when the files of a document, its fixtures and its scenarios were changed, in nanoseconds."""
    uris = (urlsplit(resource.uri) for resource in opened.document.library.loaded())
    files = [Path(unquote(uri.path)) for uri in uris if uri.scheme == "file"]
    for folder in (opened.fixtures_from, opened.scenarios_from):
        files += sorted(folder.rglob("*")) if folder is not None else []
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files)


def _searched(entry: Entry) -> str:
    return " ".join((entry.id, entry.title, entry.summary, *entry.tags)).lower()


def _summarise(entry: Entry) -> JsonObject:
    tags: list[JsonValue] = [*entry.tags]
    return {"id": entry.id, "method": entry.method, "path": entry.template, "summary": entry.summary, "tags": tags}


def _describe(responder: Responder, operation: Operation) -> JsonObject:
    body = operation.request_body
    described = _summarise(operation.entry)
    description = (
        operation.entry.node.value.get("description") if isinstance(operation.entry.node.value, dict) else None
    )
    return {
        **described,
        "description": description,
        "deprecated": operation.entry.deprecated,
        "place": str(operation.entry.node.place),
        "parameters": [_describe_parameter(responder, parameter) for parameter in operation.parameters],
        "body": None
        if body is None
        else {"required": body.required, "content": _describe_content(responder, body.content)},
        "responses": {
            response.status: {
                "description": response.description,
                "headers": {header.name: _expand(responder, header.schema) for header in response.headers},
                "content": _describe_content(responder, response.content),
            }
            for response in operation.responses
        },
        "security": [[name for name, _ in requirement] for requirement in operation.security],
    }


def _describe_parameter(responder: Responder, parameter: Parameter) -> JsonObject:
    content = parameter.content
    return {
        "name": parameter.name,
        "in": parameter.location.value,
        "required": parameter.required,
        "schema": _expand(responder, parameter.schema if content is None else content.schema),
    }


def _describe_content(responder: Responder, content: Sequence[MediaType]) -> JsonObject:
    return {media.name: _expand(responder, media.schema or media.item_schema) for media in content}


def _expand(responder: Responder, node: Node | None, levels: int = _DEEPEST) -> JsonValue:
    """Write a schema with its references written out, as far as they are not too deep in one another."""
    if node is None:
        return None
    if node.reference is not None:
        if levels == 0:
            return node.value
        try:
            node = responder.document.references.follow(node)
        except DocumentError:
            return node.value
        levels -= 1
    if isinstance(node.value, dict):
        return {name: _expand(responder, member, levels) for name, member in node.members()}
    if isinstance(node.value, list):
        return [_expand(responder, item, levels) for item in node.items()]
    return node.value


def _render_request(responder: Responder, entry: Entry, seed: int) -> JsonObject:
    request, missing = _make_request(responder, entry, seed)
    return {
        "method": request.method,
        "url": request.target,
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in request.fields},
        "body": request.body.decode("utf-8", "replace"),
        "without": [*missing],
        "curl": write_curl(request, _ORIGIN),
    }


def _make_request(responder: Responder, entry: Entry, seed: int = 0) -> tuple[Request, tuple[str, ...]]:
    kit = responder.kit
    if seed != kit.settings.seed:
        kit = Engine(responder.document, replace(kit.settings, seed=seed))
    case = example_request(kit, responder.document.operation(entry), responder.base_paths(entry)[0])
    return case.request, case.missing


def _answer(responder: Responder, entry: Entry, preferences: str) -> JsonObject:
    request, _ = _make_request(responder, entry)
    fields = [*request.fields, *([(b"prefer", preferences.encode())] if preferences else [])]
    answer = responder.respond(request._replace(fields=fields))
    return {
        "request": f"{request.method} {request.target}",
        "status": answer.status,
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.fields},
        "body": answer.body.decode("utf-8", "replace"),
        "source": answer.source,
        "findings": [str(finding.message) for finding in answer.findings],
    }
