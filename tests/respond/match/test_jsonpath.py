"""JSONPath, RFC 9535, within bounds."""

import time

import pytest

from mock_server.errors import ScriptError
from mock_server.respond.match.jsonpath import parse_jsonpath

ITEMS = [{"id": 1, "kind": "x", "price": 10}, {"id": 2, "kind": "y", "price": 9.5}, {"id": 3}, {"kind": True}, 5, "x"]
VALUE = {"a": {"b": [1, 2], "a b": 1, "content-type": "x"}, "items": ITEMS}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a.b[-1]", [2]),
        ("$['a']['a b']", [1]),
        ("$.a.content-type", ["x"]),
        ("$.items[*].id", [1, 2, 3]),
        ("$.items[?(@.kind == 'x')].id", [1]),
        ("$.items[?(@.kind == true)]", [{"kind": True}]),
        ("$.items[?(@.price > 9.5)].id", [1]),
        ("$.items[?@.price >= 9.5 && @.kind == 'y'].id", [2]),
        ("$.items[?(@.id)].id", [1, 2, 3]),
        ("$.items[?@.kind != 'x'].id", [2, 3]),
        ("$.items[?(@ == 5)]", [5]),
        ("$..kind", ["x", "y", True]),
        ("$.items[1:3].id", [2, 3]),
        ("$.items[?length(@.kind) == 1].id", [1, 2]),
        ("$.nope", []),
    ],
)
def test_an_expression_finds(path: str, found: list[object]) -> None:
    assert parse_jsonpath(path).find(VALUE) == found


def test_a_text_is_no_json_to_be_read() -> None:
    assert parse_jsonpath("$").find('{"a": 1}') == ['{"a": 1}']
    assert parse_jsonpath("$.a").find('{"a": 1}') == []


@pytest.mark.parametrize(
    "path",
    [
        "$..a..b", "$[*,*]", "$[?$.a]", "$[?@[*]]", "$[?@..a]", "$[?match(@.a, '(a+)+')]", "$[?search(@.a, 'x')]", "$.a.b.length()",
        "$[?(((@[?@.a])))]", "a", "$" + ".a" * 300, "$[?" + "(" * 400 + "@",
    ],
)  # fmt: skip
def test_what_could_take_long_is_refused(path: str) -> None:
    with pytest.raises(ScriptError):
        parse_jsonpath(path)


def test_a_deep_or_a_wide_value_takes_little_time() -> None:
    deep: object = list(range(50_000))
    for _ in range(90):
        deep = {"a": deep}
    begun = time.process_time()
    parse_jsonpath("$..a[?@ == -1]").find(deep)  # type: ignore[arg-type]

    assert time.process_time() - begun < 5
    assert len(parse_jsonpath("$[*]").find([0] * 50_000)) == 10_000
