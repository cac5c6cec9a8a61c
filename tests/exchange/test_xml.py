"""XML: always well-formed, whatever the document calls things; roots and namespaces are judged."""

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.xml import write_xml
from mock_server.schema.sites import Sites
from tests.support.mocks import Mock, minimal

ODD = st.sampled_from(
    ["a", "$count", "1st", "a:b", "xml", "", "ü", "ª²", "名", "a b", "<x>", "a\x00", "-", ".", "xmlns"]
)
XML = st.fixed_dictionaries(
    {},
    optional={
        "name": ODD,
        "prefix": st.one_of(ODD, st.just("p")),
        "namespace": st.sampled_from(["urn:a", "urn:b", "", "\x01", "http://www.w3.org/2000/xmlns/", "a&b<\"'"]),
        "attribute": st.booleans(),
        "wrapped": st.booleans(),
        "nodeType": st.sampled_from(["element", "attribute", "text", "cdata", "none"]),
    },
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=4)
    | st.sampled_from(["]]>", "\r", "\ud800", "\x0b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=8,
)


def described(names: list[str], hints: list[dict]) -> dict:
    """A schema of an object in which everything is called as the hints say, three levels deep."""
    schema: dict = {"xml": hints[0]}
    for hint in hints[1:3]:
        properties = {name: {"xml": hints[number % len(hints)], **schema} for number, name in enumerate(names)}
        schema = {"xml": hint, "properties": properties, "items": {"xml": hints[-1], **schema}}
    return schema


@given(VALUES, st.lists(ODD, max_size=4), st.lists(XML, min_size=3, max_size=5), ODD)
def test_what_is_written_is_well_formed(value: object, names: list[str], hints: list[dict], root: str) -> None:
    assert is_well_formed(write_xml(value, Sites().root(described(names, hints)), root))


def is_well_formed(data: bytes) -> bool:
    try:
        ET.fromstring(data)  # noqa: S314 - our own
    except ET.ParseError:
        return False
    return True


def test_a_prefix_without_a_namespace_is_kept() -> None:
    schema = {"xml": {"name": "Dog", "prefix": "smp"}, "properties": {"id": {"xml": {"prefix": "smp"}}}}

    assert b'<smp:Dog xmlns:smp="urn:prefix:smp"><smp:id>1</smp:id></smp:Dog>' in write_xml(
        {"id": 1}, Sites().root(schema), "r"
    )


def test_a_prefix_has_the_namespace_of_what_is_around() -> None:
    schema = {
        "xml": {"name": "Dog", "prefix": "smp", "namespace": "urn:d"},
        "properties": {"id": {"xml": {"prefix": "smp"}}},
    }

    assert b'<smp:Dog xmlns:smp="urn:d"><smp:id>1</smp:id></smp:Dog>' in write_xml({"id": 1}, Sites().root(schema), "r")


def test_an_answer_is_named_after_a_path_that_is_no_name(mock: Callable[..., Mock]) -> None:
    content = {"application/xml": {"schema": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}}
    answer = mock(
        minimal({"/people/$count": {"get": {"responses": {"200": {"description": "", "content": content}}}}})
    ).ask("/people/$count")

    assert ET.fromstring(answer.body).tag == "_count"  # noqa: S314 - our own


ORDER = {
    "type": "object",
    "xml": {"name": "order", "namespace": "urn:o"},
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "note": {"type": "string", "xml": {"namespace": "urn:n", "prefix": "n"}}},
}


def posting(schema: object) -> dict[str, object]:
    content = {"application/xml": {"schema": schema}}
    responses = {"200": {"description": "", "content": content}}
    components = {"schemas": {"Order": ORDER, "Plain": {**ORDER, "xml": {}}}}
    return minimal(
        {"/order": {"post": {"requestBody": {"required": True, "content": content}, "responses": responses}}},
        components=components,
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('<order xmlns="urn:o"><id>1</id></order>', 200),
        ('<o:order xmlns:o="urn:o"><o:id>1</o:id></o:order>', 200),
        ('<o:order xmlns:o="urn:o"><id>1</id></o:order>', 200),
        ('<order xmlns="urn:o"><id>x</id></order>', 422),
        ('<nope xmlns="urn:o"><id>1</id></nope>', 422),
        ('<order xmlns="urn:z"><id>1</id></order>', 422),
        ("<order><id>1</id></order>", 422),
        ('<order xmlns="urn:o"><id>1</id><n:note xmlns:n="urn:n">a</n:note></order>', 200),
        ('<order xmlns="urn:o"><id>1</id><note>a</note></order>', 422),
    ],
)
@pytest.mark.parametrize("schema", [ORDER, {"$ref": "#/components/schemas/Order"}])
def test_the_root_of_a_request_is_judged(mock: Callable[..., Mock], schema: object, body: str, status: int) -> None:
    asked = mock(posting(schema))

    assert asked.ask("/order", "POST", headers={"content-type": "application/xml"}, body=body.encode()).status == status


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/components/schemas/Plain"}, {"allOf": [ORDER]}, {"oneOf": [ORDER]}, {"type": "object"}]
)
def test_a_root_that_no_schema_of_its_own_names_may_be_any(mock: Callable[..., Mock], schema: object) -> None:
    body = b"<any><id>1</id></any>"

    assert (
        mock(posting(schema)).ask("/order", "POST", headers={"content-type": "application/xml"}, body=body).status
        == 200
    )
