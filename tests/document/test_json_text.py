"""Large JSON texts are read as others are, and equal parts are kept once."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document import json_text
from mock_server.document.json_text import read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5),
    max_leaves=40,
)


@pytest.fixture(scope="module", autouse=True)
def everything_is_large() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "LARGE", -1)
        patch.setattr(json_text, "_PIECE", 20)
        yield


def same(left: object, right: object) -> bool:
    """Whether two values are equal, as are their types and the order of their members."""
    return json.dumps(left) == json.dumps(right)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_a_large_text_is_read_as_a_small_one(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()

    assert same(read_json(text), orjson.loads(text))


@given(st.binary(max_size=12) | st.text(alphabet='{}[]:,"\\u0d8 1e+-.truefalsn\n', max_size=20).map(str.encode))
def test_what_is_no_json_is_none_in_either_way(data: bytes) -> None:
    try:
        expected = orjson.loads(data)
    except ValueError:
        with pytest.raises(orjson.JSONDecodeError):
            read_json(data)
    else:
        assert same(read_json(data), expected)


def test_equal_parts_are_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "_PIECE", 100)
    read = read_json(
        b'{"a": {"type": "string", "enum": ["x", 1]}, "b": {"type": "string", "enum": ["x", 1]}, "c": {"enum": ["x", true]}}'
    )

    assert read["a"] is read["b"]  # type: ignore[index,call-overload]
    assert read["c"]["enum"] == ["x", True]  # type: ignore[index,call-overload]
    assert read["c"]["enum"] is not read["a"]["enum"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("depth", [500, 1000])
def test_a_deep_text_is_read(depth: int) -> None:
    found = read_json(b'{"a":' * depth + b"1" + b"}" * depth)
    for _ in range(depth):
        found = found["a"]  # type: ignore[index,call-overload]

    assert found == 1
