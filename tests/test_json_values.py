"""JSON Pointers: parsing and formatting are inverse, and looking up tells null from nothing."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.json_values import array_index, find_at, format_pointer, parse_pointer

tokens = st.lists(st.text(max_size=6), max_size=5).map(tuple)


@given(tokens)
def test_parsing_undoes_formatting(pointer: tuple[str, ...]) -> None:
    assert parse_pointer(format_pointer(pointer)) == pointer


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=5).map(tuple))
def test_parsing_undoes_fragments(pointer: tuple[str, ...]) -> None:
    assert parse_pointer(f"#{quote(format_pointer(pointer))}") == pointer


@pytest.mark.parametrize(("text", "value"), [("", {"a": 1}), ("/a", 1)])
def test_what_stands_there_is_found(text: str, value: object) -> None:
    assert find_at({"a": 1}, parse_pointer(text)) == (True, value)


def test_null_is_found_and_nothing_is_not() -> None:
    assert find_at({"a": None}, ("a",)) == (True, None)
    assert find_at({"a": None}, ("b",)) == (False, None)
    assert find_at([1], ("1",)) == (False, None)
    assert find_at(3, ("a",)) == (False, None)


@pytest.mark.parametrize("token", ["01", "-1", "+1", "", "a", "1.0", "١"])
def test_indices_have_no_sign_and_no_leading_zero(token: str) -> None:
    assert array_index(token) is None


def test_a_pointer_starts_with_a_slash() -> None:
    with pytest.raises(ValueError, match="starts with"):
        parse_pointer("a/b")
