"""
What Connexion is told: a document of routes without schemas.

Connexion's own reading of documents knows 2.0 and 3.0 only and resolves references again and again, so it gets a plain
3.0.3 document made of our model: enough to route, to show Swagger UI and to run real handlers.
"""

import re

from mock_server.spec.model import Entry, Location, Operation
from mock_server.typing import JsonObject, JsonValue

MOCK_OPERATION = "mock_server.mocked"
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))


def routing_document(title: str, version: str, routes: list[tuple[str, Entry]]) -> JsonObject:
    """
    Write the routing document.

    Args:
        title: Of the API.
        version: Of the API.
        routes: Base paths and operations; of the same shape and method the first one counts.
    """
    paths: dict[str, JsonValue] = {}
    for base, entry in routes:
        if entry.method.lower() not in _METHODS:
            continue  # methods that OpenAPI 3.0 has no word for are answered by our middleware alone
        path, names = _plain_template(base + entry.template)
        item = paths.setdefault(path, {})
        if isinstance(item, dict) and entry.method.lower() not in item:
            item[entry.method.lower()] = _operation(entry, names)
    return {"openapi": "3.0.3", "info": {"title": title, "version": version or "0"}, "paths": paths}


def handler_document(title: str, version: str, routes: list[tuple[str, Operation]]) -> JsonObject:
    """
    Write the routing document of operations that have handlers: with what Connexion injects and writes by.

    Query parameters are named, so that it passes them on; their values are read by the real document. Media types stand there
    for the bodies that it reads and writes.

    Args:
        title: Of the API.
        version: Of the API.
        routes: Base paths and operations.
    """
    written = routing_document(title, version, [(base, operation.entry) for base, operation in routes])
    by_id = {operation.id: operation for _, operation in routes}
    paths = written["paths"]
    for item in paths.values() if isinstance(paths, dict) else ():
        for described in item.values() if isinstance(item, dict) else ():
            if isinstance(described, dict):
                _describe(described, by_id[str(described["x-operation"])])
    return written


def _describe(described: JsonObject, operation: Operation) -> None:
    """Add to an operation what its handler needs."""
    described["operationId"] = operation.id
    known = described["parameters"]
    named: list[JsonValue] = [
        {"name": parameter.name, "in": "query", "schema": {"type": "string"}}
        for parameter in operation.parameters
        if parameter.location is Location.QUERY
    ]
    described["parameters"] = [*(known if isinstance(known, list) else []), *named]
    if operation.request_body is not None and operation.request_body.content:
        any_value: JsonObject = {"schema": {}}
        described["requestBody"] = {"content": {media.name: any_value for media in operation.request_body.content}}
    responses: JsonObject = {}
    for response in operation.responses:
        content: JsonObject = {media.name: {} for media in response.content}
        responses[response.status] = {"description": "", **({"content": content} if content else {})}
    described["responses"] = responses or {"default": {"description": ""}}


def _plain_template(template: str) -> tuple[str, list[str]]:
    """A template whose variables are called p0, p1, …: names that every framework takes."""
    path = template.partition("#")[0].partition("?")[0]
    names: list[str] = []

    def rename(match: re.Match[str]) -> str:
        names.append(f"p{len(names)}")
        return "{" + names[-1] + "}"

    return _VARIABLE.sub(rename, path), names


def _operation(entry: Entry, names: list[str]) -> JsonObject:
    parameters: list[JsonValue] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    return {
        "operationId": MOCK_OPERATION,
        "x-operation": entry.id,
        "parameters": parameters,
        "responses": {"default": {"description": entry.summary or entry.id}},
    }
