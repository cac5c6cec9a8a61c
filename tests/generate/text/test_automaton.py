"""What several patterns agree on: found whenever it exists, and told apart by Python's own engine."""

import re
from itertools import islice, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.generate.text.automaton import iter_common
from mock_server.generate.text.regex import RegexError

# Patterns that Python reads as ECMA-262 does, of the letters a, b and 1.
PATTERNS = [
    "a", "^a", "a$", "^a$", "^$", "^[ab]*$", "^(ab|1)+$", "b{2}", "^.{2,3}$", "^(a|b)?1", "[^a]", "^[^1]*$", "ab?1", "(^a|1$)", "^a*$|b",
    "^(?=.*b).*$", "^(?!b)", "^(?=a)(?!ab).{2}", "",
]  # fmt: skip
BARRED = [pattern for pattern in PATTERNS if "(?" not in pattern]
# `.` is any character but an end of line, of which ECMA-262 knows more; its `$` is the very end
THEIRS = {
    pattern: re.compile(pattern.replace(".", "[^\\n\\r\\u2028\\u2029]").replace("$", r"\Z")) for pattern in PATTERNS
}
TEXTS = ["".join(chars) for size in range(4) for chars in product("ab1", repeat=size)]


@given(
    st.lists(st.sampled_from(PATTERNS), max_size=3),
    st.lists(st.sampled_from(BARRED), max_size=2),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_a_text_is_found_where_there_is_one(found: list[str], barred: list[str], least: int, most: int) -> None:
    def fits(text: str) -> bool:
        return (
            least <= len(text) <= most
            and all(THEIRS[pattern].search(text) for pattern in found)
            and not any(THEIRS[pattern].search(text) for pattern in barred)
        )

    made = list(islice(iter_common(found, barred, least, most, Random(1)), 20))

    assert all(map(fits, made))
    assert made or not any(map(fits, TEXTS))


@pytest.mark.parametrize(
    ("found", "barred"),
    [(["(a)\\1"], []), ([r"\bx"], []), (["a(?=b)"], []), (["("], []), ([], ["^(?=a)b"]), (["a{9999}"], [])],
)
def test_what_has_no_automaton_is_said(found: list[str], barred: list[str]) -> None:
    with pytest.raises(RegexError):
        next(iter_common(found, barred, 0, None, Random(1)))


def test_what_no_text_fits_comes_to_an_end() -> None:
    assert list(iter_common(["^a+$", "^b+$"], [], 0, None, Random(1))) == []
    assert list(iter_common(["^[ab]*$"], ["^(a|b)*$"], 5, 9, Random(1))) == []
    assert list(islice(iter_common([".{100}", "x{3}$"], ["^x"], 200, None, Random(1)), 1))
