"""A server with its admin side, asked in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from mock_server.admin.access import Guard
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import install_admin, install_console
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Secret"},
    "query": {"type": "apiKey", "in": "query", "name": "code"},
}


def answered(schema: object, **members: object) -> dict[str, object]:
    """An operation that answers 200 with a schema."""
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}, **members}


NAMED = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
COLOR = {"name": "color", "in": "query", "schema": {"enum": ["red", "green", "blue"]}}
BODY = {"required": True, "content": {"application/json": {"schema": NAMED}}}
THINGS = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things/{id}": {"get": answered(NAMED, operationId="getThing", parameters=[ID, COLOR])},
        "/things": {
            "get": answered({"const": []}, operationId="listThings"),
            "post": answered({"const": 1}, operationId="makeThing", requestBody=BODY),
        },
    },
    "components": {"securitySchemes": SCHEMES},
}


@pytest.fixture
def admin(tmp_path: Path) -> Callable[..., AsgiClient]:
    """Make a server of a document, with its admin API and console."""

    def make(document: object = THINGS, guard: Guard | None = None, **changes: Any) -> AsgiClient:
        path = tmp_path / "openapi.json"
        path.write_bytes(orjson.dumps(document))
        settings = Settings(**changes)
        backend = assemble([open_responder(str(path), settings)], settings)
        guarding = guard or Guard()
        install_console(backend, guarding, install_admin(backend, guarding))
        client = AsgiClient(create_app(backend))
        client.backend = backend  # type: ignore[attr-defined]
        return client

    return make
