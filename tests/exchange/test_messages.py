"""Bodies, media types, preferences, security: what travels, read and written."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.model import Encoding, Style
from mock_server.errors import MalformedContent, MalformedPreference
from mock_server.exchange.body import content_type, read_body, write_body, write_json
from mock_server.exchange.form import BOUNDARY
from mock_server.exchange.media_type import choose_media_type, parse_accept, parse_media_type
from mock_server.exchange.prefer import NONE, format_applied, parse_preferences
from mock_server.schema.sites import Site, Sites

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
flat = {
    "type": ["object"],
    "properties": {"n": {"type": ["integer"]}, "s": {"type": ["string"]}, "l": {"type": ["array"], "items": {"type": ["integer"]}}, "o": {"type": ["object"], "properties": {"x": {"type": ["number"]}}}},
}  # fmt: skip
flat_values = st.fixed_dictionaries(
    {"n": st.integers(-(2**50), 2**50), "s": texts},
    optional={
        "l": st.lists(st.integers(-9, 9), min_size=1, max_size=3),
        "o": st.fixed_dictionaries({"x": st.floats(-1, 1)}),
    },
)


def outline(schema: dict) -> Site:
    return Sites().root(schema)


@pytest.mark.parametrize(
    "media",
    [
        "application/x-www-form-urlencoded",
        f"multipart/form-data; boundary={BOUNDARY}",
        "application/xml",
        "application/json",
        "text/xml",
    ],
)
@given(value=flat_values)
def test_reading_a_body_undoes_writing_it(media: str, value: dict) -> None:
    media_type = parse_media_type(media)
    written = write_body(value, media_type, outline(flat), {}, "root")

    assert value in read_body(written, media_type, outline(flat), {})


XML = [
    ({"id": 1, "name": "x"}, {"xml": {"name": "pet"}, "properties": {"id": {"xml": {"attribute": True}, "type": ["integer"]}, "name": {"type": ["string"]}}}, '<pet id="1"><name>x</name></pet>'),
    ({"a": ["x", "y"]}, {"properties": {"a": {"type": ["array"], "items": {"type": ["string"], "xml": {"name": "i"}}}}}, "<root><i>x</i><i>y</i></root>"),
    ({"a": ["x"]}, {"properties": {"a": {"type": ["array"], "xml": {"wrapped": True}, "items": {"type": ["string"], "xml": {"name": "i"}}}}}, "<root><a><i>x</i></a></root>"),
    ({"a": "x"}, {"xml": {"prefix": "p", "namespace": "urn:x"}, "properties": {"a": {"type": ["string"]}}}, '<p:root xmlns:p="urn:x"><a>x</a></p:root>'),
    ([1, 2], {"type": ["array"], "items": {"type": ["integer"], "xml": {"name": "n"}}}, "<root><n>1</n><n>2</n></root>"),
    ("<&>", {"type": ["string"]}, "<root>&lt;&amp;&gt;</root>"),
    ({"a b": 1}, {}, "<root><a_b>1</a_b></root>"),
    ({"a": "x\x00y"}, {}, "<root><a>xy</a></root>"),
    ({"t": "hi", "k": 1}, {"properties": {"t": {"xml": {"nodeType": "text"}}, "k": {"xml": {"nodeType": "attribute"}}}}, '<root k="1">hi</root>'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "schema", "written"), XML)
def test_xml_is_written_by_the_xml_objects(value: object, schema: dict, written: str) -> None:
    data = write_body(value, parse_media_type("application/xml"), outline(schema), {}, "root")

    assert data.decode().partition("\n")[2] == written


@pytest.mark.parametrize(("value", "schema", "written"), XML[:5])
def test_xml_is_read_by_the_xml_objects(value: object, schema: dict, written: str) -> None:
    assert value in read_body(
        written.encode(), parse_media_type("text/xml"), outline({"type": ["object"], **schema}), {}
    )


@pytest.mark.parametrize(
    ("media", "data"),
    [
        ("application/json", b"{"), ("application/json", b""), ("application/json", b"\xff"), ("application/xml", b"<a>"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"nonsense"), ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"), ("text/plain", b"\xff"), ("text/plain; charset=nope", b"a"), ("application/json", b"[" * 5000),
    ],
)  # fmt: skip
def test_what_is_not_what_it_says_is_malformed(media: str, data: bytes) -> None:
    schema = {"type": ["string"]} if media.startswith("text/plain") else flat

    with pytest.raises(MalformedContent):
        read_body(data, parse_media_type(media), outline(schema), {})


def test_forms_are_read_as_people_write_them() -> None:
    form = parse_media_type("application/x-www-form-urlencoded")

    def read(data: bytes, **encodings: Encoding) -> object:
        return read_body(data, form, outline(flat), encodings)[0]

    assert read(b"n=1&s=a+b&l=1&l=2") == {"n": 1, "s": "a b", "l": [1, 2]}
    assert read(b"l=1,2", l=Encoding(explode=False)) == {"l": [1, 2]}
    assert read(b"l=1%7C2", l=Encoding(explode=False, style=Style.PIPE_DELIMITED)) == {"l": [1, 2]}
    assert read(b"o[x]=1.5&l[]=3") == {"o": {"x": 1.5}, "l": [3]}
    assert read(b'o={"x":2}') == {"o": {"x": 2}}


def test_streams_are_lists_of_items() -> None:
    items = [{"a": 1}, {"a": 2}]

    for media, written in (
        ("application/x-ndjson", b'{"a":1}\n{"a":2}\n'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
    ):
        assert write_body(items, parse_media_type(media), Site(), {}, "") == written
        assert read_body(written, parse_media_type(media), Site(), {}) == [items]
    events = write_body(
        [{"event": "e", "data": "x\ny"}, {"a": 1}], parse_media_type("text/event-stream"), Site(), {}, ""
    )
    assert events == b'event: e\ndata: x\ndata: y\n\ndata: {"a":1}\n\n'


@pytest.mark.parametrize(
    ("media", "start"),
    [
        ("image/png", b"\x89PNG"),
        ("image/gif", b"GIF8"),
        ("application/pdf", b"%PDF"),
        ("application/zip", b"PK"),
        ("image/svg+xml", b"<svg"),
    ],
)
def test_files_of_known_types_are_such_files(media: str, start: bytes) -> None:
    assert write_body("text", parse_media_type(media), Site(), {}, "").startswith(start)


def test_objects_become_csv_with_a_line_of_names() -> None:
    rows = [{"a": 1, "b": "x,y"}, {"b": None, "c": [1]}]

    assert write_body(rows, parse_media_type("text/csv"), Site(), {}, "") == b'a,b,c\r\n1,"x,y",\r\n,,[1]\r\n'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=3), c, max_size=3),
    )
)
def test_every_json_value_can_be_written(value: object) -> None:
    written = write_json(value)

    assert b"\n" not in written
    if b"\\ud" not in written and b"Infinity" not in written:
        orjson.loads(written)


@pytest.mark.parametrize(
    ("documented", "accept", "expected"),
    [
        (["application/json"], None, "application/json"),
        (["application/xml", "application/json"], "*/*", "application/json"),
        (["application/xml", "application/json"], "application/xml", "application/xml"),
        (["application/xml", "application/json"], "application/json;q=0.1, application/xml;q=0.9", "application/xml"),
        (["application/json"], "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/json"),
        (["application/json"], "text/html", None),
        (["application/json"], "application/json;q=0", None),
        (["application/*"], "application/pdf", "application/pdf"),
        (["*/*"], None, "application/json"),
        (["text/*"], "*/*", "text/plain"),
        (["image/*"], None, "image/png"),
        (["application/vnd.api+json"], "application/json", "application/vnd.api+json"),
        (["application/json"], "application/vnd.github.v3+json", "application/json"),
        (["application/json"], "application/vnd.elasticsearch+json; compatible-with=8", "application/json"),
        (["application/vnd.vimeo.user+json"], "application/vnd.vimeo.*;version=3.4", "application/vnd.vimeo.user+json"),
        (["application/vnd.github.v3.star+json"], "application/vnd.github+json", "application/vnd.github.v3.star+json"),
        (["application/vnd.a+json"], "application/vnd.b+json", None),
        (["application/hal+json", "application/json"], "application/vnd.x+json", "application/json"),
        (["application/problem+json", "application/hal+json"], "application/json, application/hal+json", "application/hal+json"),
        (["application/vnd.x+xml"], "text/xml", "application/vnd.x+xml"),
        (["image/svg+xml"], "application/xml", None),
        (["application/stream+json"], "application/json", None),
        (["application/json; v=1", "application/json; v=2"], "application/json;v=2", "application/json; v=2"),
        (["application/json", "text/csv"], "application/json;q=0, */*", "text/csv"),
        (["application/json", "text/csv"], "*/*;q=0, text/csv", "text/csv"),
        (["application/json", "text/csv"], "text/*;q=0, */*;q=0.1", "application/json"),
        (["text/plain", "image/png"], "text/*;q=0.3, */*;q=0.5", "image/png"),
        (["application/json"], "application/vnd.x+json;q=0", None),
        (["application/vnd.api+json"], "application/*", "application/vnd.api+json"),
        (["application/json; charset=utf-8"], "application/json", "application/json; charset=utf-8"),
        (["application/json"], "", "application/json"),
        (["application/json"], "*", "application/json"),
        (["application/json"], 'application/json;profile="a,b"', "application/json"),
    ],
)  # fmt: skip
def test_negotiation_is_that_of_rfc_9110(documented: list[str], accept: str | None, expected: str | None) -> None:
    found = choose_media_type(documented, accept)

    assert (found[1] if found else None) == expected


@given(st.text(max_size=40))
def test_any_accept_field_can_be_read(text: str) -> None:
    assert all(0 <= found.quality <= 1 for found in parse_accept(text))


def test_texts_are_sent_with_a_charset_and_multiparts_with_a_boundary() -> None:
    assert content_type("text/plain", parse_media_type("text/plain")) == "text/plain; charset=utf-8"
    assert (
        content_type("multipart/mixed", parse_media_type("multipart/mixed")) == f"multipart/mixed; boundary={BOUNDARY}"
    )
    assert content_type("application/json", parse_media_type("application/json")) == "application/json"


def test_preferences_are_read_from_the_field_or_else_the_query() -> None:
    both = parse_preferences('code=404, example="a b"; dynamic', "__code=500")

    assert (both.code, both.example, both.dynamic) == (404, "a b", True)
    assert parse_preferences(None, "__code=500&x=1").code == 500
    assert parse_preferences(None, "x=1") is NONE
    assert parse_preferences("respond-async, wait=10", "") is NONE
    assert parse_preferences("code=404, code=500", "").code == 404
    assert format_applied(both, "example:a b") == "code=404, example=a b"


@pytest.mark.parametrize(
    "text",
    [
        "code=abc",
        "code=99",
        "code=600",
        "size=-1",
        "size=x",
        "size=10001",
        "dynamic=maybe",
        "profile=weird",
        "example=",
        "seed=",
    ],
)
def test_a_preference_that_can_not_be_obeyed_is_said(text: str) -> None:
    with pytest.raises(MalformedPreference, match=text.partition("=")[0]):
        parse_preferences(text, "")


def test_text_in_an_xml_element_that_should_hold_elements_is_no_object() -> None:
    outline = Sites().root({"type": ["object"], "properties": {"id": {"type": ["integer"]}}})

    assert read_body(b"<order>true</order>", parse_media_type("application/xml"), outline, {}) == ["true"]
    assert read_body(b"<order> </order>", parse_media_type("application/xml"), outline, {}) == [{}]
