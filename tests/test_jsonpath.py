"""JSONPath, RFC 9535, within bounds."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mock_server.jsonpath import JsonPath, PathError

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
        ("$..a..b", [[1, 2]]),
        ("$.items[0,1].id", [1, 2]),
        ("$.items[?@.id == $.a.b[0]].kind", ["x"]),
        ("$.items[?match(@.kind, '[xy]')].id", [1, 2]),
        ("$[?(((@[?@.id])))][2]", [{"id": 3}]),
    ],
)
def test_an_expression_finds(path: str, found: list[object]) -> None:
    assert JsonPath(path).find(VALUE) == found


def test_a_text_is_no_json_to_be_read() -> None:
    assert JsonPath("$").find('{"a": 1}') == ['{"a": 1}']
    assert JsonPath("$.a").find('{"a": 1}') == []


@pytest.mark.parametrize(
    "path", ["a", "", "$.a.b.length()", "$[?", "$" + ".a" * 2_000, "$[?" + "(" * 400 + "@", "$.a | $.b", "$[?nope(@)]"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        JsonPath(path)


def test_a_deep_or_a_wide_value_takes_little_time() -> None:
    deep: object = list(range(50_000))
    for _ in range(90):
        deep = {"a": deep}
    begun = time.process_time()
    JsonPath("$..a[?@ == -1]").find(deep)  # type: ignore[arg-type]

    assert time.process_time() - begun < 5
    assert len(JsonPath("$[*]").find([0] * 50_000)) == 50_000


@pytest.mark.parametrize("path", ["$..a..a..b", "$..[?@..a]", "$[?search(@, '(a+)+$')]", "$..[?$..[?@..*]]"])
def test_a_use_that_takes_too_many_steps_finds_nothing_and_the_next_one_begins_anew(path: str) -> None:
    value: object = ["a" * 5_000] * 100
    for _ in range(200):
        value = {"a": value, "c": [1, "a"]}
    read = JsonPath(path, 3_000)
    begun = time.process_time()

    assert read.find(value) == []  # type: ignore[arg-type]
    assert time.process_time() - begun < 1
    assert read.find([{"a": {"a": {"b": 1}}}, "a"]) == JsonPath(path).find([{"a": {"a": {"b": 1}}}, "a"])


def test_threads_share_a_path() -> None:
    read = JsonPath("$..id", 2_500)  # enough for one use
    value = [{"id": number} for number in range(500)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(read.find, [value] * 40))

    assert found == [list(range(500))] * 40
