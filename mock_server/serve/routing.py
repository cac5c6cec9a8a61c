"""
What Connexion is told: a document of routes without schemas.

Connexion's own reading of documents knows 2.0 and 3.0 only and resolves references again and again, so it gets a plain
3.0.3 document made of our model: enough to route, to show Swagger UI and to run real handlers.
"""

import re

from mock_server.spec.model import Entry
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
