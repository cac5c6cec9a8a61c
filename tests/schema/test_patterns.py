"""Patterns as documents write them: read as ECMA-262 reads them, annex B included, and never dropped for the engine's sake."""

import pytest

from mock_server.schema.patterns import iter_readings, read_literal
from mock_server.schema.validate import compile_schema, pattern_ok

# a pattern, what it finds, and what it does not
READ = [
    (r"^[\w-\.]+$", ["a-b.c", "-", "."], ["a b", "a,b", ""]),
    (r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$", ["a.b@c-d.org"], ["a b@c.org", "a@c"]),
    (r"^[\d-x]+$", ["1-x"], ["y"]),
    (r"^[+-\w]$", ["+", "-", "a"], [","]),
    (r"^\_\-\/\@\:\#\ \"\'$", ["_-/@:# \"'"], [r"\_"]),
    (r"^a{$", ["a{"], ["a"]),
    (r"^a{,5}$", ["a{,5}"], ["aaa"]),
    (r"^{id}$", ["{id}"], ["id"]),
    (r"^x]$", ["x]"], ["x"]),
    (r"^}$", ["}"], [""]),
    (r"^[^]$", ["a", "\n"], [""]),
    (r"^a[]$", [], ["a", ""]),
    (r"^\x4$", ["x4"], ["\x04"]),
    (r"^\u12$", ["u12"], ["\x12"]),
    (r"^\u0041\x42$", ["AB"], ["ab"]),
    (r"^\ud83d\ude00$", ["\U0001f600"], ["x"]),
    (r"^[\ud83d\ude00-\ud83d\ude02]$", ["\U0001f601"], ["x"]),
    (r"^\0$", ["\0"], ["0"]),
    (r"^\07$", ["\x07"], ["07"]),
    (r"^\8$", ["8"], ["\\8"]),
    (r"^\cJ$", ["\n"], ["cJ"]),
    (r"^\c$", [r"\c"], ["c"]),
    (r"^[\b]$", ["\b"], ["b"]),
    (r"^\k$", ["k"], [r"\k"]),
    (r"^(a|b)\1$", ["aa", "bb"], ["ab"]),
    (r"^(?<n>a|b)\k<n>$", ["aa", "bb"], ["ab"]),
    (r"^(?<m>x)(?<n>a|b)\k<n>$", ["xaa"], ["xax"]),
    (r"^\1$", ["\x01"], ["1"]),
    (r"^\i\g\e$", ["ige"], [""]),
    (r"^[a&&b]$", ["&", "a"], ["c"]),
    (r"^[[a]$", ["[", "a"], ["]"]),
    (r"^a\Z", ["a"], ["ab"]),
    (r"^a\hb$", ["a b", "a\tb"], ["ahb"]),
    (r"^[a\-z]$", ["-", "a", "z"], ["b"]),
    (r"^\$\{x\}$", ["${x}"], ["x"]),
    (r"^\d{1,99999}$", ["1", "123"], ["a", ""]),
]


@pytest.mark.parametrize(("pattern", "found", "other"), READ, ids=[row[0] for row in READ])
def test_a_pattern_means_what_ecma_says(pattern: str, found: list[str], other: list[str]) -> None:
    readable = next(reading for reading in iter_readings(pattern) if pattern_ok(reading))
    judge = compile_schema({"pattern": readable})

    assert [text for text in found if not judge.is_valid(text)] == []
    assert [text for text in other if judge.is_valid(text)] == []


@pytest.mark.parametrize("pattern", ["(", "a)", "*a", "[a", "(?<n>a", "[b-a]", "(?#c)a"])
def test_what_is_no_pattern_has_no_reading(pattern: str) -> None:
    assert [reading for reading in iter_readings(pattern) if pattern_ok(reading)] == []


@pytest.mark.parametrize(
    ("pattern", "inside"),
    [
        ("/^[a-z]$/", "^[a-z]$"), ("/^[a-z]$/i", "(?i:^[a-z]$)"), ("/^a/", "^a"), ("/a$/g", "a$"), ("/[a-z]+/", None), ("/v1/", None),
        ("^/a/$", None), ("/", None), ("//", None), (r"/a\$/", None), ("/^a$/x", None),
    ],
)  # fmt: skip
def test_only_what_finds_nothing_as_it_is_written_is_a_literal(pattern: str, inside: str | None) -> None:
    assert read_literal(pattern) == inside
