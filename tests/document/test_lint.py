"""What is wrong with a document is said where it is, and in words that say what to change."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from mock_server import load
from mock_server.document.lint import lint

GOOD = {
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/a": {
            "get": {
                "operationId": "a",
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "integer", "default": 1}}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/P"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {"P": {"type": "object", "properties": {"n": {"type": "string", "minLength": 3}}}},
        "securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "k"}},
    },
}
SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/a": {
            "get": {
                "parameters": [{"name": "q", "in": "query", "type": "string"}],
                "responses": {"200": {"description": ""}},
            }
        }
    },
}


def found(tmp_path: Path, document: object, files: dict[str, object] | None = None) -> list[tuple[str, str, str]]:
    """The file, the place and the words of each finding."""
    for name, value in {"openapi.json": document, **(files or {})}.items():
        (tmp_path / name).write_bytes(orjson.dumps(value))
    findings = lint(load(tmp_path / "openapi.json"))
    assert {finding.rule for finding in findings} <= {"document-invalid"}
    places = [finding.place for finding in findings if finding.place is not None]
    return [
        (Path(place.file).name, "/".join(place.pointer), finding.message)
        for place, finding in zip(places, findings, strict=True)
    ]


def changed(version: str, change: Callable[[Any], object]) -> object:
    document = copy.deepcopy(SWAGGER if version == "2.0" else {"openapi": version, **GOOD})
    change(document)
    return document


def at(document: Any, path: str) -> Any:
    for step in path.split("/"):
        document = document[int(step)] if isinstance(document, list) else document[step.replace("~1", "/")]
    return document


PARAMETER = "paths/~1a/get/parameters/0"
RESPONSE = "paths/~1a/get/responses/200"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("path", "name", "value", "place", "words"),
    [
        (PARAMETER, "in", "qery", f"{PARAMETER}/in", ["qery", "query"]),
        (f"{PARAMETER}/schema", "type", "strin", f"{PARAMETER}/schema/type", ["strin", "array"]),
        (f"{PARAMETER}/schema", "default", "x", f"{PARAMETER}/schema/default", ["'x' is not of type 'integer'"]),
        (
            "components/schemas/P/properties/n",
            "minLength",
            "3",
            "components/schemas/P/properties/n/minLength",
            ["3", "integer"],
        ),
        (
            "components/securitySchemes/k",
            "type",
            "apikey",
            "components/securitySchemes/k/type",
            ["apikey", "apiKey", "http"],
        ),
        ("info", "title", None, "info", ["title", "is a required property"]),
    ],
)
def test_a_mistake_is_told_at_its_place(
    tmp_path: Path, version: str, path: str, name: str, value: object, place: str, words: list[str]
) -> None:
    def change(document: object) -> None:
        holder = at(document, path)
        if value is None:
            del holder[name]
        else:
            holder[name] = value

    told = [
        message for _, where, message in found(tmp_path, changed(version, change)) if where == place.replace("~1", "/")
    ]

    assert len(told) == 1
    assert all(word in told[0] for word in words)


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0"])
def test_a_response_without_a_description_is_not_called_no_alternative(tmp_path: Path, version: str) -> None:
    told = found(tmp_path, changed(version, lambda document: at(document, RESPONSE).pop("description")))

    assert told == [("openapi.json", RESPONSE.replace("~1", "/"), '"description" is a required property')]


@pytest.mark.parametrize(
    ("name", "value", "place", "words"),
    [
        ("in", "qery", "/in", ["'qery' is not one of 'body', 'header', 'formData', 'query', 'path'"]),
        ("type", "strin", "/type", ["strin", "string"]),
        ("type", None, "", ['"type" is a required property']),
        ("required", "yes", "/required", ['"yes" is not of type "boolean"']),
    ],
)
def test_a_mistake_in_a_swagger_document_is_told_at_its_place(
    tmp_path: Path, name: str, value: object, place: str, words: list[str]
) -> None:
    def change(document: object) -> None:
        at(document, PARAMETER).update({name: value})
        if value is None:
            del at(document, PARAMETER)[name]

    told = found(tmp_path, changed("2.0", change))

    assert [where for _, where, _ in told] == [(PARAMETER + place).replace("~1", "/")]
    assert all(word in told[0][2] for word in words)


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0", "3.2.0"])
def test_nothing_is_found_in_a_good_document(tmp_path: Path, version: str) -> None:
    assert found(tmp_path, changed(version, lambda document: None)) == []


def test_a_path_parameter_that_is_not_required_is_told_so(tmp_path: Path) -> None:
    def change(document: object) -> None:
        at(document, PARAMETER).update({"in": "path", "required": False})

    told = found(tmp_path, changed("2.0", change))

    assert (PARAMETER + "/required").replace("~1", "/") in [where for _, where, _ in told]
    assert not any("'path'" in message for _, _, message in told)


def test_a_default_that_several_alternatives_take_is_told_where_it_is(tmp_path: Path) -> None:
    def change(document: object) -> None:
        schema = {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/P/properties/n"}], "default": "abc"}
        at(document, "components/schemas/P/properties")["m"] = schema

    told = found(tmp_path, changed("3.0.3", change))

    assert [where for _, where, _ in told] == ["components/schemas/P/properties/m/default"]


def test_a_mistake_in_another_file_is_told_there(tmp_path: Path) -> None:
    def change(document: object) -> None:
        at(document, "components/schemas")["P"] = {"$ref": "more.json#/Q"}

    told = found(tmp_path, changed("3.1.0", change), {"more.json": {"Q": {"properties": {"n": {"maxLength": -1}}}}})

    assert [(file, where) for file, where, _ in told] == [("more.json", "Q/properties/n/maxLength")]
