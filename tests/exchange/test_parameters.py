"""Parameters: every cell of OpenAPI's table that is defined is read as it was written."""

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import load
from mock_server.document.model import MISSING, Parameter, ParameterLocation
from mock_server.errors import MalformedContent, UndefinedSerialization
from mock_server.exchange.parameters import Carrier, Reader, compile_reader, split_header
from mock_server.exchange.serialization import write_header, write_parameter
from mock_server.exchange.wire_values import read_all
from mock_server.schema.bundle import SchemaSets
from mock_server.schema.dialect import Direction, Purpose, Syntax
from mock_server.schema.sites import Sites, site_of
from mock_server.schema.validate import pattern_ok

CELLS = [
    *((location, style, explode) for location, styles in {
        "path": ["matrix", "label", "simple"], "query": ["form", "spaceDelimited", "pipeDelimited"], "header": ["simple"],
        "cookie": ["form", "cookie"],
    }.items() for style in styles for explode in (False, True)),
    ("query", "deepObject", True),
]  # fmt: skip
# names that the styles themselves use for something else; where the schema knows no names, they can be anything
ODD = ("a b", "R=G", "x&y", "p,q", "d.e", "s;t", "ä", "100%", "+")
SCHEMAS = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array": {"type": "array", "items": {"type": "string"}},
    "integers": {"type": "array", "items": {"type": "integer"}},
    "mixture": {"type": "array", "items": {"type": ["boolean", "number"]}},
    "object": {"type": "object", "properties": {"R": {"type": "integer"}, "name": {"type": "string"}}},
    "odd": {"type": "object", "properties": {name: {"type": "string"} for name in ODD}},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
}
SCALARS = ("string", "integer", "number", "boolean")
LISTS = ("array", "integers", "mixture")
OBJECTS = ("object", "odd", "map")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8) | st.sampled_from(
    ["", ".", "..", "a,b", "a b", "a|b", "a=b", "%41", "+", '"q"', "null"]
)
numbers = st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: int(number) if number.is_integer() else number)
VALUES = {
    "string": texts,
    "integer": st.integers(-(2**60), 2**60),
    "number": numbers,
    "boolean": st.booleans(),
    "array": st.lists(texts, min_size=1, max_size=4),
    "integers": st.lists(st.integers(-99, 99), min_size=1, max_size=4),
    "mixture": st.lists(st.booleans() | numbers, min_size=1, max_size=4),
    "object": st.fixed_dictionaries({"R": st.integers(-99, 99), "name": texts}),
    "odd": st.dictionaries(st.sampled_from(ODD), texts, min_size=1, max_size=3),
    "map": st.dictionaries(texts, st.integers(-99, 99), min_size=1, max_size=3),
}


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, bool, str], tuple[Parameter, object]]:
    """Each cell of the table for each type, compiled."""
    cells = [(*cell, kind) for cell in CELLS for kind in SCHEMAS]
    listed = [
        {
            "name": "color",
            "in": place,
            "required": place == "path",
            "style": style,
            "explode": explode,
            "schema": SCHEMAS[kind],
        }
        for place, style, explode, kind in cells
    ]
    return dict(zip(cells, compiled(tmp_path_factory.mktemp("p"), listed), strict=True))


def compiled(folder: Path, listed: list[dict], version: str = "3.2.0") -> list[tuple[Parameter, Reader]]:
    """Parameters of a document, each with its reader."""
    paths = {
        f"/p{index}/{{color}}": {"get": {"parameters": [parameter], "responses": {}}}
        for index, parameter in enumerate(listed)
    }
    opening = {"swagger": version} if version == "2.0" else {"openapi": version}
    (folder / "d.json").write_bytes(orjson.dumps({**opening, "info": {"title": "", "version": ""}, "paths": paths}))
    document = load(folder / "d.json")
    schemas = SchemaSets(document.references, document.version.is_json_schema, Syntax(pattern_ok)).of(
        Direction.REQUEST, Purpose.JUDGE
    )
    found = []
    for entry in document.entries:
        parameter = document.operation(entry).parameters[0]
        bundle = schemas.bundle(parameter.schema) if parameter.schema is not None else None
        found.append((parameter, compile_reader(parameter, site_of(bundle))))
    return found


def carrier(parameter: Parameter, written: str) -> Carrier:
    """A request in which a parameter stands as it was written."""
    place = parameter.location
    return Carrier(
        {parameter.name: written} if place is ParameterLocation.PATH else {},
        written if place in {ParameterLocation.QUERY, ParameterLocation.QUERYSTRING} else "",
        [(b"color", written.encode("latin-1"))] if place is ParameterLocation.HEADER else [(b"cookie", written.encode("latin-1"))] if place is ParameterLocation.COOKIE else [],
    )  # fmt: skip


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON: true is not 1 there."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


UNDEFINED = {
    *(
        ("query", style, explode, kind)
        for style in ("spaceDelimited", "pipeDelimited", "deepObject")
        for explode in (True, False)
        for kind in SCALARS
    ),
    *(("query", "deepObject", True, kind) for kind in LISTS),
    *(("query", style, True, kind) for style in ("spaceDelimited", "pipeDelimited") for kind in OBJECTS),
    *(("cookie", "form", True, kind) for kind in LISTS),
}
DEFINED = [(*cell, kind) for cell in CELLS for kind in SCHEMAS if (*cell, kind) not in UNDEFINED]


def is_latin_1(text: str) -> bool:
    return text.isprintable() and all(ord(char) < 256 for char in text)


def text_of(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def can_be_written(cell: tuple[str, str, bool, str], value: object) -> bool:
    """Whether the standards give a value of a defined cell a form that means only this value."""
    place, style, explode, _ = cell
    parts = [
        text_of(part)
        for part in (
            value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else [value]
        )
    ]
    structured = isinstance(value, list | dict)
    if (
        place == "header"
    ):  # RFC 9110, section 5.5: visible Latin-1, no white space around it; what separates can't be quoted
        separators = ",=" if isinstance(value, dict) else "," if structured else ""
        return all(
            is_latin_1(part) and part == part.strip() and not set(part) & set(separators) for part in parts
        ) and value != [""]
    if place == "path":  # RFC 3986: a segment is not empty here, nor made of dots alone
        if style == "matrix":
            return True
        if isinstance(value, dict):
            return True
        return bool("".join(parts).strip("./") or ("," in ",".join(parts) and not (style == "label" and explode)))
    if style == "cookie":  # RFC 6265, section 4.1.1
        names = [*value] if isinstance(value, dict) and explode else []
        return all(re.fullmatch(r"[!#-+\--:<-\[\]-~]*", part) for part in parts) and all(
            re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) for name in names
        )
    if style in {"spaceDelimited", "pipeDelimited"} and not explode:
        return not any({"spaceDelimited": " ", "pipeDelimited": "|"}[style] in part for part in parts)
    if style == "deepObject":
        return not any(not name or set(name) & set("[]") for name in value)
    return True


@pytest.mark.parametrize("cell", DEFINED, ids=str)
@given(data=st.data())
def test_reading_undoes_writing(parameters: dict, cell: tuple[str, str, bool, str], data: st.DataObject) -> None:
    parameter, read = parameters[cell]
    value = data.draw(VALUES[cell[3]])
    if not can_be_written(cell, value):
        with pytest.raises(UndefinedSerialization):
            write_parameter(parameter, value)
        return

    readings = read(carrier(parameter, write_parameter(parameter, value)))

    assert readings is not MISSING
    assert any(same(value, reading) for reading in readings)


@pytest.mark.parametrize("cell", sorted(UNDEFINED & {(*cell, kind) for cell in CELLS for kind in SCHEMAS}), ids=str)
@given(data=st.data())
def test_what_the_table_leaves_undefined_is_never_written(
    parameters: dict, cell: tuple[str, str, bool, str], data: st.DataObject
) -> None:
    with pytest.raises(UndefinedSerialization):
        write_parameter(parameters[cell][0], data.draw(VALUES[cell[3]]))


COLLECTIONS = [
    ("csv", "query"),
    ("ssv", "query"),
    ("tsv", "query"),
    ("pipes", "query"),
    ("multi", "query"),
    ("csv", "path"),
    ("csv", "header"),
]


@pytest.mark.parametrize(("collection", "place"), COLLECTIONS)
@given(value=st.lists(st.integers(-99, 99), min_size=1, max_size=4))
def test_the_collections_of_swagger_are_read_as_they_are_written(
    collections: dict, collection: str, place: str, value: list[int]
) -> None:
    parameter, read = collections[collection, place]

    assert same(read(carrier(parameter, write_parameter(parameter, value)))[0], value)


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Parameter, Reader]]:
    listed = [
        {
            "name": "color",
            "in": place,
            "required": True,
            "type": "array",
            "items": {"type": "integer"},
            "collectionFormat": collection,
        }
        for collection, place in COLLECTIONS
    ]
    return dict(zip(COLLECTIONS, compiled(tmp_path_factory.mktemp("swagger"), listed, "2.0"), strict=True))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def translated(schema: dict) -> dict:
    """A schema as the dialect gives it: with a list of types."""
    inner = {
        key: {name: translated(member) for name, member in schema[key].items()}
        for key in ("properties",)
        if key in schema
    }
    inner |= {key: translated(schema[key]) for key in ("items", "additionalProperties") if key in schema}
    return {**schema, "type": schema["type"] if isinstance(schema["type"], list) else [schema["type"]], **inner}


@pytest.mark.parametrize("explode", [False, True])
@pytest.mark.parametrize("kind", SCHEMAS)
@given(data=st.data())
def test_the_header_of_a_response_is_read_as_written(kind: str, explode: bool, data: st.DataObject) -> None:
    outline = Sites().root(translated(SCHEMAS[kind]))
    value = data.draw(VALUES[kind])
    if not can_be_written(("header", "simple", explode, kind), value):
        with pytest.raises(UndefinedSerialization):
            write_header(value, explode=explode)
        return

    readings = read_all(split_header(write_header(value, explode=explode), outline, explode=explode), outline)

    assert any(same(value, reading) for reading in readings)


PLACES = ["path", "query", "cookie", "header", "querystring"]


@pytest.mark.parametrize("place", PLACES)
@given(value=json_values)
def test_a_parameter_with_json_for_its_content_holds_any_json(json_parameters: dict, place: str, value: object) -> None:
    parameter, read = json_parameters[place]
    if place == "header" and not is_latin_1(orjson.dumps(value).decode()):
        with pytest.raises(UndefinedSerialization):
            write_parameter(parameter, value)
        return

    assert same(read(carrier(parameter, write_parameter(parameter, value)))[0], value)


@pytest.fixture(scope="module")
def json_parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Parameter, Reader]]:
    listed = [
        {"name": "color", "in": place, "required": True, "content": {"application/json": {"schema": {}}}}
        for place in PLACES
    ]
    return dict(zip(PLACES, compiled(tmp_path_factory.mktemp("json"), listed), strict=True))


@pytest.mark.parametrize(
    ("cell", "kind", "value", "written"),
    [
        (("path", "matrix", False), "string", "blue", ";color=blue"),
        (("path", "matrix", False), "array", ["blue", "black"], ";color=blue,black"),
        (("path", "matrix", True), "array", ["blue", "black"], ";color=blue;color=black"),
        (("path", "matrix", False), "object", {"R": 100, "name": "G"}, ";color=R,100,name,G"),
        (("path", "matrix", True), "object", {"R": 100, "name": "G"}, ";R=100;name=G"),
        (("path", "label", False), "string", "blue", ".blue"),
        (("path", "label", False), "array", ["blue", "black"], ".blue,black"),
        (("path", "label", True), "array", ["blue", "black"], ".blue.black"),
        (("path", "label", True), "object", {"R": 100, "name": "G"}, ".R=100.name=G"),
        (("path", "simple", False), "array", ["blue", "black"], "blue,black"),
        (("path", "simple", False), "object", {"R": 100, "name": "G"}, "R,100,name,G"),
        (("path", "simple", True), "object", {"R": 100, "name": "G"}, "R=100,name=G"),
        (("query", "form", False), "string", "", "color="),
        (("query", "form", False), "array", ["blue", "black"], "color=blue,black"),
        (("query", "form", True), "array", ["blue", "black"], "color=blue&color=black"),
        (("query", "form", False), "object", {"R": 100, "name": "G"}, "color=R,100,name,G"),
        (("query", "form", True), "object", {"R": 100, "name": "G"}, "R=100&name=G"),
        (("query", "spaceDelimited", False), "array", ["blue", "black"], "color=blue%20black"),
        (("query", "spaceDelimited", False), "object", {"R": 100, "name": "G"}, "color=R%20100%20name%20G"),
        (("query", "pipeDelimited", False), "array", ["blue", "black"], "color=blue%7Cblack"),
        (("query", "pipeDelimited", False), "object", {"R": 100, "name": "G"}, "color=R%7C100%7Cname%7CG"),
        (("query", "deepObject", True), "object", {"R": 100, "name": "G"}, "color%5BR%5D=100&color%5Bname%5D=G"),
        (("header", "simple", False), "array", ["blue", "black"], "blue,black"),
        (("cookie", "form", False), "array", ["blue", "black"], "color=blue,black"),
    ],
)  # fmt: skip
def test_writing_gives_the_examples_of_the_standard(
    parameters: dict, cell: tuple, kind: str, value: object, written: str
) -> None:
    parameter, read = parameters[(*cell, kind)]

    assert write_parameter(parameter, value) == written
    assert read(carrier(parameter, written))[0] == value


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        (("query", "deepObject", True), "string", "a"),
        (("query", "deepObject", True), "array", ["a"]),
        (("query", "spaceDelimited", False), "string", "a"),
        (("query", "spaceDelimited", False), "array", ["a b"]),
        (("query", "pipeDelimited", False), "array", ["a|b"]),
        (("query", "form", True), "array", []),
        (("query", "form", False), "array", [["nested"]]),
        (("cookie", "form", True), "array", ["a", "b"]),
        (("path", "simple", False), "string", ""),
        (("header", "simple", False), "array", ["a,b"]),
        (("header", "simple", False), "string", "é\n"),
    ],
)
def test_undefined_cells_are_refused(parameters: dict, cell: tuple, kind: str, value: object) -> None:
    parameter, _ = parameters[(*cell, kind)]

    with pytest.raises(UndefinedSerialization):
        write_parameter(parameter, value)


@pytest.mark.parametrize(
    ("cell", "kind", "written"),
    [
        (("path", "label", False), "string", "blue"),
        (("path", "matrix", False), "string", "blue"),
        (("path", "matrix", False), "string", ";other=1"),
        (("path", "simple", False), "object", "R"),
        (("path", "simple", True), "object", "R,100"),
    ],
)
def test_what_is_not_in_the_style_can_not_be_read(parameters: dict, cell: tuple, kind: str, written: str) -> None:
    parameter, read = parameters[(*cell, kind)]

    with pytest.raises(MalformedContent):
        read(carrier(parameter, written))


@pytest.mark.parametrize(
    ("kind", "query", "value"),
    [
        ("integer", "color=5", 5), ("integer", "color=x", "x"), ("integer", "color=05", "05"), ("integer", "color=1e3", 1000.0),
        ("number", "color=1.5", 1.5), ("number", "color=1e999", "1e999"), ("boolean", "color=true", True), ("boolean", "color=1", "1"),
        ("string", "color=5", "5"), ("string", "color=a+b%2Bc", "a b+c"), ("array", "color[]=a&color[]=b", ["a", "b"]),
        ("integers", "color=1&color=2", [1, 2]), ("string", "other=1", MISSING),
    ],
)  # fmt: skip
def test_text_is_read_as_the_narrowest_type_that_is_expected(
    parameters: dict, kind: str, query: str, value: object
) -> None:
    _, read = parameters[("query", "form", True, kind)]

    readings = read(Carrier({}, query, []))

    assert (readings if readings is MISSING else readings[0]) == value


@given(st.text(max_size=30))
def test_no_query_makes_a_reader_fail_otherwise_than_it_says(parameters: dict, query: str) -> None:
    text = query.encode("utf-8", "surrogatepass").decode("latin-1")
    for cell, (_, read) in parameters.items():
        if cell[0] == "query":
            with suppress(MalformedContent):
                assert read(Carrier({}, text, [])) is not None


def test_the_pairs_of_a_query_are_bounded() -> None:
    assert len(Carrier({}, "&".join(f"a{n}=1" for n in range(5000)), []).pairs) <= 1001
    assert parse_qsl("a=1") == [("a", "1")]
