"""Strings of regular expressions: what is drawn matches, has the wanted length, and is judged by another engine."""

from random import Random

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.generate.text import charset
from mock_server.generate.text.language import Language
from mock_server.generate.text.regex import RegexError, parse_regex

PATTERNS = [
    r"^[a-z]+$", r"^\d{3}-\d{4}$", r"^(a|bb|ccc){2,5}$", r"\w+@\w+\.com", r"^[^/]+/[^/]+$", r"^#(?:[0-9a-fA-F]{3}){1,2}$",
    r"^\p{L}{2,10}$", r"^([01]\d|2[0-3]):[0-5]\d$", r"^(\w)\1$", r"^[\s\S]{0,500}$", r"^0x[a-f0-9]{64}$", r"", r"^$",
    r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$", r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$", r"a{3}|b{5}$", r"^[\w.-]+$", r"^\S+$", r"^[^\x00-\x1f]*$",
    r"^.{3}\.[A-Za-z]{2,}$", r"^urn:[a-z0-9][a-z0-9-]{0,31}:.+$", r"^\u0041+$",
    r"^[\u4e00-\u9fa5]{2,4}$", r"^(([a-z]+\.)*[a-z]+){1,3}$", r"^\$\{[A-Z_]+\}$", r"^(?:a|b)*c$", r"^a?b?c?$",
    r"^[+]?[0-9]{7,15}$", r"^[^@]+@[^@]+$",
]  # fmt: skip


def finds(pattern: str, text: str) -> bool:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_drawn_matches(pattern: str) -> None:
    language, random = Language(pattern), Random(1)

    drawn = [language.draw(random) for _ in range(40)]

    assert all(text is not None and finds(pattern, text) for text in drawn)


@pytest.mark.parametrize(
    "pattern", [r"^[a-z]+$", r"^(a|bb|ccc){2,50}$", r"\w+@\w+\.com", r"^[^/]+/[^/]+$", r"^\d+(\.\d+)*$", r"x"]
)
@given(least=st.integers(7, 30), extra=st.integers(0, 20), seed=st.integers(0, 99))
def test_a_wanted_length_is_kept(pattern: str, least: int, extra: int, seed: int) -> None:
    text = Language(pattern).draw(Random(seed), least, least + extra)

    assert text is not None
    assert least <= len(text) <= least + extra
    assert finds(pattern, text)


def test_a_length_that_can_not_be_is_told() -> None:
    assert Language(r"^\d{3}$").draw(Random(0), 4) is None
    assert Language(r"^(ab)+$").draw(Random(0), 3, 3) is None
    assert Language(r"^a$").draw(Random(0), 0, 0) is None


@pytest.mark.parametrize(
    "pattern", [r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$", r"^(?=.*[!@#])(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{12,20}$"]
)
def test_what_look_aheads_demand_is_written(pattern: str) -> None:
    language, random = Language(pattern), Random(1)

    drawn = [language.draw_with_demands(random, 8, 20) for _ in range(40)]

    assert sum(text is not None and finds(pattern, text) for text in drawn) > 30


@pytest.mark.parametrize(
    "pattern", ["(", "[", "a)", "*", "[b-a]", r"\p{Nonsense}", "(?Z)", "\\", r"\x4", "(" * 200 + ")" * 200]
)
def test_what_is_no_expression_is_an_error(pattern: str) -> None:
    with pytest.raises(RegexError):
        parse_regex(pattern)


@given(st.text(alphabet="ab[](){}|*+?^$\\.-,0123dws", max_size=12), st.integers(0, 9))
def test_any_text_is_read_or_refused_and_never_hangs(pattern: str, seed: int) -> None:
    try:
        language = Language(pattern)
    except RegexError:
        return
    text = language.draw(Random(seed), 0, 40)

    assert text is None or len(text) <= 40


ranges = st.lists(
    st.tuples(st.integers(0, 0x500), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=5
).map(tuple)


@given(ranges, ranges, st.integers(0, 0x600))
def test_sets_of_characters_behave_as_sets(one: charset.Ranges, other: charset.Ranges, code: int) -> None:
    in_one, in_other = charset.contains(one, code), charset.contains(other, code)

    assert charset.contains(charset.union(one, other), code) == (in_one or in_other)
    assert charset.contains(charset.intersection(one, other), code) == (in_one and in_other)
    assert charset.contains(charset.complement(one), code) == (not in_one)


def test_people_read_letters_first() -> None:
    assert charset.preferred(charset.complement(((0x2F, 0x2F),))).isalnum()
    assert charset.preferred(()) == ""
