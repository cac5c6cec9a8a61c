"""To-dos, and the default document with drivers, or with chargers and drivers, that can be added and removed."""

import copy
from pathlib import Path
from typing import Any

from mock_server.document.yaml import decode_yaml
from tests.support.paths import DOCUMENT

TODOS = Path(__file__).resolve().parent.parent / "state" / "todos.yaml"


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


def charging() -> dict:
    """The default document without any extension, with all that can be done with chargers and their drivers."""
    document = _without_extensions(chargers())
    paths = document["paths"]
    charger = {"application/json": {"schema": {"$ref": "#/components/schemas/Charger"}}}
    shown, body = {"description": "The charger", "content": charger}, {"required": True, "content": charger}
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/ExceptionDetails"}}}
    absent = {"404": {"description": "No such charger", "content": problem}}
    many = {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Charger"}}}}
    paths["/charger"] = {
        "get": {
            "operationId": "listChargers",
            "parameters": [
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50}},
                {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0}},
            ],
            "responses": {"200": {"description": "Chargers", "content": many}},
        },
        "post": {"operationId": "addCharger", "requestBody": body, "responses": {"201": shown, "409": absent["404"]}},
    }
    paths["/charger/{chargerId}"] = {
        "parameters": [{"name": "chargerId", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"operationId": "getCharger", "responses": {"200": shown, **absent}},
        "put": {"operationId": "replaceCharger", "requestBody": body, "responses": {"200": shown, **absent}},
        "patch": {
            "operationId": "changeCharger",
            "requestBody": {"content": {"application/merge-patch+json": {"schema": {"type": "object"}}}},
            "responses": {"200": shown, **absent},
        },
        "delete": {"operationId": "removeCharger", "responses": {"204": {"description": "Removed"}, **absent}},
    }
    return document


def _without_extensions(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_extensions(member) for name, member in value.items() if not str(name).startswith("x-")}
    return [_without_extensions(item) for item in value] if isinstance(value, list) else value
