"""Parameters: every cell of OpenAPI's table that is defined is read as it was written."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from mock_server import load
from mock_server.errors import MalformedContent, UndefinedSerialization
from mock_server.exchange.parameter import Carrier, compile_reader
from mock_server.exchange.serialization import write_parameter
from mock_server.schema.bundle import SchemaSets
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import outline_of
from mock_server.schema.validate import pattern_ok
from mock_server.spec.model import MISSING, Location, Parameter

CELLS = [
    *((location, style, explode) for location, styles in {
        "path": ["matrix", "label", "simple"], "query": ["form"], "header": ["simple"], "cookie": ["form"],
    }.items() for style in styles for explode in (False, True)),
    ("query", "spaceDelimited", False), ("query", "pipeDelimited", False), ("query", "deepObject", True),
    ("query", "spaceDelimited", True), ("query", "pipeDelimited", True),
]  # fmt: skip
SCHEMAS = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array": {"type": "array", "items": {"type": "string"}},
    "integers": {"type": "array", "items": {"type": "integer"}},
    "object": {"type": "object", "properties": {"R": {"type": "integer"}, "name": {"type": "string"}}},
}
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
VALUES = {
    "string": texts,
    "integer": st.integers(-(2**60), 2**60),
    "number": st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: int(number) if number.is_integer() else number),
    "boolean": st.booleans(),
    "array": st.lists(texts, min_size=1, max_size=4),
    "integers": st.lists(st.integers(-99, 99), min_size=1, max_size=4),
    "object": st.fixed_dictionaries({"R": st.integers(-99, 99), "name": texts}),
}


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, bool, str], tuple[Parameter, object]]:
    """Each cell of the table for each type, compiled."""
    cells = [(*cell, kind) for cell in CELLS for kind in SCHEMAS]
    listed = [
        {"name": "color", "in": place, "required": place == "path", "style": style, "explode": explode, "schema": SCHEMAS[kind]}
        for place, style, explode, kind in cells
    ]
    paths = {f"/p{index}/{{color}}": {"get": {"parameters": [parameter], "responses": {}}} for index, parameter in enumerate(listed)}
    path = Path(tmp_path_factory.mktemp("p")) / "d.json"
    path.write_bytes(orjson.dumps({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths}))
    document = load(path)
    schemas = SchemaSets(document.references, True, pattern_ok).of(Direction.REQUEST, Purpose.JUDGE)
    found = {}
    for cell, entry in zip(cells, document.entries, strict=True):
        parameter = document.operation(entry).parameters[0]
        found[cell] = (parameter, compile_reader(parameter, outline_of(schemas.bundle(parameter.schema))))
    return found


def carrier(parameter: Parameter, written: str) -> Carrier:
    """A request in which a parameter stands as it was written."""
    place = parameter.location
    return Carrier(
        {parameter.name: written} if place is Location.PATH else {},
        written if place is Location.QUERY else "",
        [(b"color", written.encode("latin-1"))] if place is Location.HEADER else [(b"cookie", written.encode("latin-1"))] if place is Location.COOKIE else [],
    )  # fmt: skip


SCALARS = ("string", "integer", "number", "boolean")
UNDEFINED = {
    *(
        ("query", style, explode, kind)
        for style in ("spaceDelimited", "pipeDelimited", "deepObject")
        for explode in (True, False)
        for kind in SCALARS
    ),
    *(("query", "deepObject", True, kind) for kind in ("array", "integers")),
    *(("query", style, True, "object") for style in ("spaceDelimited", "pipeDelimited")),
    *(("cookie", "form", True, kind) for kind in ("array", "integers")),
}
DEFINED = [(*cell, kind) for cell in CELLS for kind in SCHEMAS if (*cell, kind) not in UNDEFINED]
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=",="), min_size=1, max_size=8)
HEADER_VALUES = {
    **VALUES, "string": visible, "array": st.lists(visible, min_size=1, max_size=4), "object": st.fixed_dictionaries({"R": st.integers(-99, 99), "name": visible}),
}  # fmt: skip


@pytest.mark.parametrize("cell", DEFINED, ids=str)
@given(data=st.data())
def test_reading_undoes_writing(parameters: dict, cell: tuple[str, str, bool, str], data: st.DataObject) -> None:
    parameter, read = parameters[cell]
    value = data.draw((HEADER_VALUES if cell[0] == "header" else VALUES)[cell[3]])
    try:
        written = write_parameter(parameter, value)
    except UndefinedSerialization:
        reject()

    readings = read(carrier(parameter, written))

    assert readings is not MISSING
    assert value in readings


@pytest.mark.parametrize("cell", sorted(UNDEFINED & {(*cell, kind) for cell in CELLS for kind in SCHEMAS}), ids=str)
@given(data=st.data())
def test_what_the_table_leaves_undefined_is_never_written(parameters: dict, cell: tuple[str, str, bool, str], data: st.DataObject) -> None:
    with pytest.raises(UndefinedSerialization):
        write_parameter(parameters[cell][0], data.draw(VALUES[cell[3]]))


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
def test_writing_gives_the_examples_of_the_standard(parameters: dict, cell: tuple, kind: str, value: object, written: str) -> None:
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
def test_text_is_read_as_the_narrowest_type_that_is_expected(parameters: dict, kind: str, query: str, value: object) -> None:
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
