"""Documents with collections: to-dos, and the chargers of the default document with drivers that can be added and removed."""

import copy
from pathlib import Path

from conftest import DOCUMENT

from mock_server.spec.yaml12 import decode_yaml

TODOS = Path(__file__).resolve().parent / "todos.yaml"


def _yaml(path: Path) -> dict:
    document, notes = decode_yaml(path.read_text())
    assert notes == ()
    return document


def todos() -> dict:
    """The to-do document."""
    return _yaml(TODOS)


def chargers() -> dict:
    """The default document, with operations that add, read, change and remove the drivers of a charger."""
    document = copy.deepcopy(_yaml(DOCUMENT))
    driver = {"application/json": {"schema": {"$ref": "#/components/schemas/Driver"}}}
    body = {"required": True, "content": driver}
    shown = {"description": "The driver", "content": driver}
    absent = {"404": {"description": "No such driver"}}
    users = document["paths"]["/charger/{chargerId}/users"]
    charger = {"name": "chargerId", "in": "path", "required": True, "schema": {"type": "string"}}
    user = {"name": "userId", "in": "path", "required": True, "schema": {"type": "integer", "format": "int32"}}
    users["post"] = {
        "operationId": "addDriver", "parameters": [charger], "requestBody": body, "responses": {"201": shown},
    }  # fmt: skip
    document["paths"]["/charger/{chargerId}/users/{userId}"] = {
        "parameters": [charger, user],
        "get": {"operationId": "getDriver", "responses": {"200": shown, **absent}},
        "put": {"operationId": "replaceDriver", "requestBody": body, "responses": {"200": shown, **absent}},
        "patch": {
            "operationId": "changeDriver",
            "requestBody": {"content": {"application/merge-patch+json": {"schema": {"type": "object"}}}},
            "responses": {"200": shown, **absent},
        },
        "delete": {"operationId": "removeDriver", "responses": {"204": {"description": "Removed"}, **absent}},
    }
    return document
