"""
`openapi.yaml` says what the page says, field by field.

The document is written out the way the page is, and both are compared line by line: a change on either side fails.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import load
from mock_server.document.document import Document
from mock_server.document.references import Node

HERE = Path(__file__).resolve().parent
PAGE = HERE / "seed" / "page.txt"


@pytest.fixture(scope="module")
def document() -> Document:
    return load(HERE.parent / "openapi.yaml")


def page_lines() -> list[str]:
    """The page without its indentation and bullets."""
    lines = (line.strip().removeprefix("•").strip() for line in PAGE.read_text().splitlines())
    return [line for line in lines if line]


def written(document: Document) -> Iterator[str]:
    """The document, written out as the page is."""
    operation = document.operation(document.entries[0])
    raw = operation.entry.node.value
    yield from ("Skip to main content", "API", raw["summary"], f'x-ms-visibility: "{raw["x-ms-visibility"]}"')
    yield raw["description"].split("\n\n")[0]
    yield "Path Parameters"
    for parameter in operation.parameters:
        node = parameter.node.value
        yield f"{parameter.name} {node['schema']['type']}{' required' if parameter.required else ''}"
        yield node["description"]
    success = operation.find_response(200)
    yield from ("Responses", success.description, "Schema")
    yield from array(document, success.content[0].schema, ())
    yield "Loading..."


def array(document: Document, node: Node, above: tuple) -> Iterator[str]:
    item = document.references.follow(node.child("items"))
    yield "Array ["
    yield from members(document, item, above)
    yield "]"


def members(document: Document, node: Node, above: tuple) -> Iterator[str]:
    node = document.references.follow(node)
    for name, child in node.child("properties").members():
        yield from member(document, name, child, (*above, node.key))


def member(document: Document, name: str, place: Node, above: tuple) -> Iterator[str]:
    node = document.references.follow(place)
    schema = node.value
    type_ = schema.get("format", schema["type"])
    closes_circle = False
    if schema["type"] == "array":
        item = document.references.follow(node.child("items"))
        closes_circle = item.key in above
        type_ = "undefined[]" if closes_circle else f"{item.value['type']}[]"
    yield f"{name} {type_}{' nullable' if schema.get('nullable') else ''}{' deprecated' if schema.get('deprecated') else ''}"
    described = name in {"invoicable", "evseId", "splitEvseBySocket"}
    if described:
        yield schema["description"]
    if "enum" in schema:
        yield f"Possible values: {[value for value in schema['enum'] if value is not None]}"
        yield f"Default value: {schema['default']}"
    if schema["type"] == "object" and "additionalProperties" in schema:
        yield f"property name* {schema['additionalProperties']['type']}"
    elif schema["type"] == "object":
        yield from members(document, node, above)
    elif type_ == "object[]" and not closes_circle:
        yield from array(document, node, above)


def test_the_document_says_what_the_page_says(document: Document) -> None:
    page = page_lines()
    schema = page.index("Schema")

    assert list(written(document))[: schema + 1] == page[: schema + 1]
    assert list(written(document))[schema:] == page[schema:]


def test_the_page_in_the_tests_is_the_page_that_was_given() -> None:
    shared = HERE.parent.parent / "shared" / "seed" / "000_a62aed8eaa3bb3d9.txt"
    if shared.is_file():  # it is beside the checkout of those who make this project, and nowhere else
        assert PAGE.read_text() == shared.read_text()


def test_no_response_property_is_required(document: Document) -> None:
    schemas = document.resource.value["components"]["schemas"]

    assert [name for name, schema in schemas.items() if "required" in schema] == []


def test_null_validates_where_an_enum_is_nullable(document: Document) -> None:
    group = document.resource.value["components"]["schemas"]["ChargerGroup"]["properties"]["groupType"]

    assert group["nullable"] is True
    assert None in group["enum"]


def test_what_is_inferred_is_said_to_be(document: Document) -> None:
    text = document.resource.text

    assert text.count("*Inferred*") + text.count("*inferred*") >= 7


def test_the_other_responses_and_the_security_are_documented(document: Document) -> None:
    operation = document.operation(document.entries[0])
    error = document.references.follow(operation.find_response(400).content[0].schema)

    assert [response.status for response in operation.responses] == ["200", "400", "401"]
    assert list(error.value["properties"]) == ["errorCode", "message", "errorNumber", "helpLink"]
    assert operation.find_response(401).content == ()
    assert [sorted(scheme for scheme, _ in requirement) for requirement in operation.security] == [
        ["apiKey", "clientId"]
    ]
