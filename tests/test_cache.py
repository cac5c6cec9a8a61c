"""A bounded cache holds what it may, and forgets the oldest first."""

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.cache import BoundedCache
from mock_server.errors import UsageError
from mock_server.sizes import parse_size, weigh_json

STEPS = st.lists(st.tuples(st.sampled_from("sdc"), st.integers(0, 9), st.integers(0, 12)), max_size=60)


@given(STEPS, st.integers(1, 20))
def test_a_cache_holds_what_it_may_and_forgets_the_oldest(steps: list[tuple[str, int, int]], most: int) -> None:
    cache: BoundedCache[int, int] = BoundedCache(most, lambda _, value: value)
    model: OrderedDict[int, int] = OrderedDict()
    for step, key, value in steps:
        if step == "s":
            cache[key] = value
            model.pop(key, None)
            if value <= most:
                model[key] = value
            while sum(model.values()) > most:
                model.popitem(last=False)
        elif step == "d" and key in model:
            del cache[key]
            del model[key]
        elif step == "c" and not value:
            cache.clear()
            model.clear()

        assert list(cache.items()) == list(model.items())
        assert cache.weight == sum(model.values())


def test_without_weights_entries_are_counted() -> None:
    cache: BoundedCache[int, str] = BoundedCache(3)
    for number in range(5):
        cache[number] = "x"

    assert list(cache) == [2, 3, 4]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (65536, 65536),
        ("65536", 65536),
        ("64KB", 65536),
        ("64 kib", 65536),
        ("64k", 65536),
        ("256MB", 256 << 20),
        ("1.5GB", 3 << 29),
    ],
)
def test_sizes_are_read(written: object, size: int) -> None:
    assert parse_size("memory", written) == size


@pytest.mark.parametrize("written", ["", "MB", "-1", "0", "1TB", "1e9", "1,5GB", True, 1.5, None, -5, "9" * 40])
def test_what_is_no_size_is_said(written: object) -> None:
    with pytest.raises(UsageError, match="memory has to be a size"):
        parse_size("memory", written)


def test_json_weighs_about_as_much_as_in_memory() -> None:
    thing = {"name": "x" * 100, "tags": ["a", "b"], "nested": {"n": 1, "none": None}}

    assert 400 < weigh_json(thing) < 1_500
    assert weigh_json([thing] * 100) > 100 * weigh_json(thing)
