"""What is small by its text is small by its value: so no body is listed whole for want of a look at it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mock_server.schema.large import is_short, weighs_up_to
from mock_server.sizes import count_brackets

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.integers(90, 310).map("x".__mul__),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3) | st.just("k" * 120), inner, max_size=6)
    ),
    max_leaves=60,
)


def deepest(value: object) -> int:
    """How many lists and objects there are one inside the other."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 + max(map(deepest, members), default=0) if members is not None else 0


@given(VALUES, st.integers(1, 90), st.integers(1, 8), st.sampled_from([None, 1]), st.booleans())
def test_what_has_a_short_text_weighs_little(
    value: object, most: int, levels: int, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert weighs_up_to(most, value, levels) or not is_short(most, text, levels)  # type: ignore[arg-type]


@given(VALUES, st.integers(1, 20))
def test_no_value_is_deeper_than_its_text_has_brackets(value: object, most: int) -> None:
    text = json.dumps(value)
    assert min(deepest(value), most) <= count_brackets(text, most) <= 2 * most
    assert count_brackets(text.encode(), most) == count_brackets(text, most)


def test_brackets_are_counted_up_to_a_number_of_each_kind() -> None:
    assert count_brackets("[" * 9 + "{" * 2 + "]}", 3) == 5
