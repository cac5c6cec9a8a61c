"""Texts that hold content of a media type: JSON of a schema, small files, encoded."""

import base64
import quopri
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from mock_server.api import load
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.json_values import JsonValue
from mock_server.settings import Settings

Make = Callable[..., Producer]
THING = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
JSON = {"contentMediaType": "application/json", "contentSchema": THING}
TEXT = {"type": "string", **JSON}


@pytest.fixture
def producer_of(tmp_path: Path) -> Make:
    def make(schema: dict[str, object], version: str = "3.1.0") -> Producer:
        content = {"application/json": {"schema": schema}}
        document = {
            "openapi": version,
            "info": {"title": "", "version": ""},
            "paths": {"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}},
            "components": {"schemas": {"Text": TEXT, "Thing": THING}},
        }
        path = tmp_path / "d.json"
        path.write_bytes(orjson.dumps(document))
        opened = load(path)
        operation = opened.operation(opened.entries[0])
        media = operation.responses[0].content[0]
        assert media.schema is not None
        return Engine(opened, Settings()).producer(media.schema, operation)

    return make


def texts_in(value: JsonValue) -> list[str]:
    """All texts of a value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for each in inner for text in texts_in(each)]


PLACES = {
    "alone": TEXT,
    "without a type": JSON,
    "or null": {**TEXT, "type": ["string", "null"]},
    "in anyOf": {"anyOf": [TEXT, {"type": "null"}]},
    "in oneOf": {"oneOf": [TEXT, {"type": "integer"}]},
    "in allOf": {"allOf": [{"type": "string"}, JSON]},
    "values of a map": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
    "items": {"type": "array", "minItems": 3, "items": TEXT},
    "the first item": {"type": "array", "minItems": 1, "prefixItems": [TEXT], "items": False},
    "a reference": {"$ref": "#/components/schemas/Text"},
    "a schema by reference": {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Thing"},
    },
    "with parameters": {**TEXT, "contentMediaType": "application/json; charset=utf-8"},
    "with a suffix": {**TEXT, "contentMediaType": "application/vnd.x+json"},
    "with a least length": {**TEXT, "minLength": 40},
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("place", PLACES)
def test_json_in_a_text_conforms_to_its_schema_wherever_it_stands(producer_of: Make, place: str, version: str) -> None:
    producer = producer_of(PLACES[place], version)
    values = [producer.produce(SampleOptions(seed)) for seed in range(12)]
    read = [orjson.loads(text) for value in values for text in texts_in(value)]

    assert read
    assert all(isinstance(each["a"], int) for each in read)


DECODERS = {
    "base64": base64.b64decode,
    "base64url": base64.urlsafe_b64decode,
    "base32": base64.b32decode,
    "base16": base64.b16decode,
    "quoted-printable": quopri.decodestring,
}


@pytest.mark.parametrize("encoding", DECODERS)
def test_json_in_a_text_is_encoded_as_the_document_says(producer_of: Make, encoding: str) -> None:
    text = producer_of({**TEXT, "contentEncoding": encoding}).produce(SampleOptions(0))

    assert isinstance(text, str)
    assert orjson.loads(DECODERS[encoding](text.encode())).keys() == {"a"}


@pytest.mark.parametrize("encoding", DECODERS)
def test_a_text_without_a_media_type_is_encoded_too(producer_of: Make, encoding: str) -> None:
    text = producer_of({"type": "string", "contentEncoding": encoding}).produce(SampleOptions(0))

    assert isinstance(text, str)
    assert DECODERS[encoding](text.encode()).decode().isprintable()


HELD = [
    ({"contentMediaType": "image/png", "contentEncoding": "base64"}, b"\x89PNG"),
    ({"contentMediaType": "image/png", "format": "byte"}, b"\x89PNG"),
    ({"contentMediaType": "application/pdf", "contentEncoding": "base64"}, b"%PDF"),
    ({"contentMediaType": "application/octet-stream", "contentEncoding": "base64"}, b""),
    ({"contentMediaType": "application/x-unknown", "contentEncoding": "base64url"}, b""),
]


@pytest.mark.parametrize(("schema", "begin"), HELD)
def test_a_file_in_a_text_is_one_of_its_type(producer_of: Make, schema: dict[str, object], begin: bytes) -> None:
    text = producer_of({"type": "string", **schema}).produce(SampleOptions(0))

    assert isinstance(text, str)
    data = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))
    assert data
    assert data.startswith(begin)


PLAIN = [
    ({"contentMediaType": "application/xml"}, "<root/>"),
    ({"contentMediaType": "text/html"}, "<p>"),
    ({"contentMediaType": "application/x-ndjson", "contentSchema": THING}, '{"a":'),
    ({"format": "json"}, "{"),
]


@pytest.mark.parametrize(("schema", "begin"), PLAIN)
def test_a_document_in_a_text_is_one_of_its_type(producer_of: Make, schema: dict[str, object], begin: str) -> None:
    assert str(producer_of({"type": "string", **schema}).produce(SampleOptions(0))).startswith(begin)


ORDINARY = [
    {"contentMediaType": "image/png"},
    {"contentEncoding": "x-unknown"},
    {"contentMediaType": "application/json", "maxLength": 1},
    {"contentMediaType": "application/json", "enum": ["a", "b"]},
    {"contentMediaType": "no media type"},
    {"contentMediaType": ""},
]


@pytest.mark.parametrize("schema", ORDINARY)
def test_a_text_that_cannot_hold_its_content_is_made_as_any_other(producer_of: Make, schema: dict[str, object]) -> None:
    assert isinstance(producer_of({"type": "string", **schema}).produce(SampleOptions(0)), str)


def test_bytes_in_base64_are_encoded_once(producer_of: Make) -> None:
    producer = producer_of({"type": "string", "format": "byte", "contentEncoding": "base64"})
    decoded = [base64.b64decode(str(producer.produce(SampleOptions(seed)))) for seed in range(20)]

    assert any(not data.isascii() for data in decoded)
