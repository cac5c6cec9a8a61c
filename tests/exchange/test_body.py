"""Bodies: what is written is read again as the same JSON, in every media type that can say it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.model import Encoding, Style
from mock_server.exchange.body import read_body, write_body
from mock_server.exchange.form import BOUNDARY
from mock_server.exchange.media_type import parse_media_type
from mock_server.schema.sites import Site, Sites

texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", " a ", "null", "true", "1", "a,b", "a|b", "{", "[1]", '{"a":1}', "%41", "a&b=c"]
)
numbers = st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: int(number) if number.is_integer() else number)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
ANYTHING = Site()


def outline(schema: dict) -> Site:
    return Sites().root(schema)


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON: true is not 1 there."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def assert_read_again(
    value: object, media: str, schema: Site = ANYTHING, encodings: dict[str, Encoding] | None = None
) -> None:
    media_type = parse_media_type(media)
    written = write_body(value, media_type, schema, encodings or {}, "root")
    readings = read_body(written, media_type, schema, encodings or {})

    assert any(same(value, reading) for reading in readings), (written, readings)


@pytest.mark.parametrize("media", ["application/json", "application/problem+json", "text/json"])
@given(value=json_values)
def test_json_is_read_as_written(media: str, value: object) -> None:
    assert_read_again(value, media)


@pytest.mark.parametrize("media", ["application/x-ndjson", "application/jsonl", "application/json-seq"])
@given(items=st.lists(json_values, max_size=4))
def test_a_sequence_of_json_texts_is_read_as_its_items(media: str, items: list[object]) -> None:
    assert_read_again(items, media)


lines = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)
EVENT = {
    "type": ["object"],
    "properties": {
        "data": {"type": ["string"]},
        "event": {"type": ["string"]},
        "id": {"type": ["string"]},
        "retry": {"type": ["integer"]},
    },
}


@given(
    st.lists(
        st.fixed_dictionaries(
            {"data": st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)},
            optional={"event": lines, "id": lines, "retry": st.integers(0, 10_000)},
        ),
        max_size=4,
    )
)
def test_events_are_read_as_sent(events: list[object]) -> None:
    assert_read_again(events, "text/event-stream", outline({"type": ["array"], "items": EVENT}))


@given(st.lists(st.fixed_dictionaries({"a": json_values}), max_size=4))
def test_what_is_no_event_is_the_data_of_one(items: list[object]) -> None:
    assert_read_again(items, "text/event-stream")


@pytest.mark.parametrize(
    ("charset", "alphabet"), [("utf-8", "utf-8"), ("utf-16", "utf-8"), ("iso-8859-1", "latin-1"), ("us-ascii", "ascii")]
)
@given(data=st.data())
def test_text_is_read_in_the_charset_in_which_it_was_written(charset: str, alphabet: str, data: st.DataObject) -> None:
    value = data.draw(st.text(st.characters(codec=alphabet)))

    assert_read_again(value, f"text/plain; charset={charset}", outline({"type": ["string"]}))


@pytest.mark.parametrize(
    ("type_", "values"),
    [("integer", st.integers(-(2**60), 2**60)), ("number", numbers), ("boolean", st.booleans()), ("null", st.none())],
)
@given(data=st.data())
def test_a_text_says_the_scalar_that_is_documented(type_: str, values: st.SearchStrategy, data: st.DataObject) -> None:
    assert_read_again(data.draw(values), "text/plain", outline({"type": [type_]}))


STRING, INTEGER = {"type": ["string"]}, {"type": ["integer"]}
POINT = {"type": ["object"], "properties": {"x": INTEGER, "label": STRING}}
FORM = {
    "type": ["object"],
    "properties": {
        "text": STRING, "count": INTEGER, "ratio": {"type": ["number"]}, "flag": {"type": ["boolean"]}, "point": POINT,
        "texts": {"type": ["array"], "items": STRING}, "counts": {"type": ["array"], "items": INTEGER},
        "points": {"type": ["array"], "items": POINT}, "a [b]&=;é": STRING,
    },
}  # fmt: skip
points = st.fixed_dictionaries({"x": st.integers(-99, 99), "label": texts})
MEMBERS = {
    "text": texts, "count": st.integers(-(2**60), 2**60), "ratio": numbers, "flag": st.booleans(), "point": points,
    "texts": st.lists(texts, max_size=3), "counts": st.lists(st.integers(-99, 99), max_size=3), "points": st.lists(points, max_size=3),
    "a [b]&=;é": texts,
}  # fmt: skip
forms = st.fixed_dictionaries({}, optional=MEMBERS)
STYLES = {
    "as they are": {},
    "comma": {"texts": Encoding(style=Style.FORM, explode=False), "counts": Encoding(style=Style.FORM, explode=False)},
    "pipes": {"counts": Encoding(style=Style.PIPE_DELIMITED, explode=False)},
    "spaces": {"counts": Encoding(style=Style.SPACE_DELIMITED, explode=False)},
    "brackets": {"point": Encoding(style=Style.DEEP_OBJECT, explode=True)},
    "json": {name: Encoding(content_type=("application/json",)) for name in MEMBERS},
}


@pytest.mark.parametrize("encodings", STYLES.values(), ids=STYLES)
@given(value=forms)
def test_a_form_is_read_as_written(encodings: dict[str, Encoding], value: object) -> None:
    assert_read_again(value, "application/x-www-form-urlencoded", outline(FORM), encodings)


FILES = {
    **FORM["properties"],
    "file": {"type": ["string"], "format": "binary"},
    "files": {"type": ["array"], "items": {"type": ["string"], "format": "binary"}},
    "base": {"type": ["string"], "format": "byte"},
}
bytes_as_text = st.binary(max_size=12).map(lambda data: data.decode("latin-1"))
uploads = st.fixed_dictionaries(
    {},
    optional={
        **MEMBERS,
        "file": bytes_as_text,
        "files": st.lists(bytes_as_text, min_size=1, max_size=2),
        "base": st.just("aGk="),
    },
)


@pytest.mark.parametrize("encodings", [STYLES["as they are"], STYLES["json"]], ids=["as they are", "json"])
@given(value=uploads)
def test_the_parts_of_a_form_are_read_as_written(encodings: dict[str, Encoding], value: object) -> None:
    assert_read_again(
        value,
        f"multipart/form-data; boundary={BOUNDARY}",
        outline({"type": ["object"], "properties": FILES}),
        encodings,
    )


# what XML 1.0 can say, section 2.2; a line break at the edge of a text is taken for layout
xml_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\t\r"), max_size=8
) | st.sampled_from(["a\nb", " a ", "<&>", "]]>"])
TYPES = {"string": xml_texts, "integer": st.integers(-(2**60), 2**60), "number": numbers, "boolean": st.booleans()}
XML_NAMES = st.sampled_from(["a", "b", "c d", "_e", "n-1", "xml:id", "ö"])


@st.composite
def xml_scalars(draw: st.DrawFn) -> tuple[dict, object]:
    """A scalar and its schema."""
    type_ = draw(st.sampled_from(list(TYPES)))
    return {"type": [type_]}, draw(TYPES[type_])


@st.composite
def xml_members(draw: st.DrawFn, depth: int) -> tuple[dict, object]:
    """A member of an object, with an XML Object that says how it is written."""
    kind = draw(st.sampled_from(["element", "attribute", "list", "wrapped", *(["object"] if depth else [])]))
    if kind == "object":
        return draw(xml_objects(depth - 1))
    schema, value = draw(xml_scalars())
    if kind == "attribute":
        return {**schema, "xml": {"attribute": True}}, value
    if kind == "element":
        return {
            **schema,
            "xml": draw(st.sampled_from([{}, {"prefix": "p", "namespace": "urn:p"}, {"namespace": "urn:q"}])),
        }, value
    items = [value, *draw(st.lists(TYPES[schema["type"][0]], max_size=2))]
    if draw(st.booleans()) and depth:
        schema, _ = first = draw(xml_objects(0))
        items = [first[1]]
    return {"type": ["array"], "items": schema, "xml": {"wrapped": kind == "wrapped"}}, items if kind == "list" or draw(
        st.booleans()
    ) else []


@st.composite
def xml_objects(draw: st.DrawFn, depth: int = 2) -> tuple[dict, object]:
    members = draw(st.dictionaries(XML_NAMES, xml_members(depth), max_size=4))
    names = {name: draw(st.sampled_from([{}, {"name": f"own-{index}"}])) for index, name in enumerate(members)}
    properties = {
        name: {**schema, "xml": {**schema.get("xml", {}), **names[name]}} for name, (schema, _) in members.items()
    }
    return {"type": ["object"], "properties": properties}, {name: value for name, (_, value) in members.items()}


@given(xml_objects())
def test_xml_is_read_as_written(made: tuple[dict, object]) -> None:
    schema, value = made

    assert_read_again(value, "application/xml", outline(schema))


@given(st.lists(xml_scalars(), min_size=1, max_size=1), st.data())
def test_a_list_in_xml_is_read_as_written(made: list[tuple[dict, object]], data: st.DataObject) -> None:
    schema, _ = made[0]
    value = data.draw(st.lists(TYPES[schema["type"][0]], max_size=3))

    assert_read_again(value, "text/xml", outline({"type": ["array"], "items": {**schema, "xml": {"name": "item"}}}))


BASKET = {
    "type": ["object"],
    "properties": {"note": {"type": ["string"]}, "items": {"type": ["array"], "items": {"type": ["integer"]}}},
    "required": ["items"],
}


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/x-www-form-urlencoded", b"note=hi"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--b--\r\n',
        ),
        ("application/xml", b"<root><note>hi</note></root>"),
    ],
)
def test_a_list_without_items_is_not_missing_where_nothing_is_how_it_is_written(media: str, body: bytes) -> None:
    assert read_body(body, parse_media_type(media), outline(BASKET), {}) == [
        {"note": "hi"},
        {"note": "hi", "items": []},
    ]


def test_a_list_that_json_leaves_out_is_missing() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="basket"\r\nContent-Type: application/json\r\n\r\n{"note":"hi"}\r\n--b--\r\n'
    schema = outline({"type": ["object"], "properties": {"basket": BASKET}})

    assert read_body(b'{"note":"hi"}', parse_media_type("application/json"), outline(BASKET), {}) == [{"note": "hi"}]
    assert read_body(part, parse_media_type("multipart/form-data; boundary=b"), schema, {}) == [
        {"basket": {"note": "hi"}}
    ]


@pytest.mark.parametrize("media", ["image/svg+xml", "application/xml", "text/xml; charset=utf-8"])
def test_xml_that_is_documented_as_a_string_is_one(media: str) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'

    assert svg in read_body(svg.encode(), parse_media_type(media), outline({"type": ["string"]}), {})
    assert "hi" in read_body(b"<note>hi</note>", parse_media_type(media), outline({"type": ["string"]}), {})
