"""Merge patches and JSON Patches do what their standards say, and never change what they were given."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.json_values import JsonValue, same_json
from mock_server.state.patch import PatchError, apply, merge

names = st.sampled_from(["a", "b", "c/d", "e~f", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=4)


def without_nulls(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return value


def difference(before: JsonValue, after: JsonValue) -> JsonValue:
    """The merge patch from one value to another."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    gone: dict[str, JsonValue] = {name: None for name in before if name not in after}
    return gone | {
        n: difference(before.get(n), value)
        for n, value in after.items()
        if n not in before or not same_json(before[n], value)
    }


@given(objects, objects)
def test_the_difference_of_two_things_makes_one_of_the_other(before: dict, after: dict) -> None:
    after = without_nulls(after)  # type: ignore[assignment] - a merge patch can't say null
    kept = copy.deepcopy(before)

    assert same_json(merge(before, difference(before, after)), after)
    assert before == kept


@given(objects, objects)
def test_merging_twice_is_merging_once(target: dict, patch: dict) -> None:
    assert merge(merge(target, patch), patch) == merge(target, patch)


@given(objects, names, values)
def test_what_was_added_is_there_and_removing_it_undoes_that(target: dict, name: str, value: JsonValue) -> None:
    kept = copy.deepcopy(target)
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    added = apply(
        target, [{"op": "add", "path": pointer, "value": value}, {"op": "test", "path": pointer, "value": value}]
    )

    assert added == {**target, name: value}
    assert apply(added, [{"op": "remove", "path": pointer}]) == {n: v for n, v in target.items() if n != name}
    assert target == kept


@given(st.lists(values, max_size=4), st.integers(0, 4), values)
def test_an_item_is_put_in_where_it_is_said(items: list, index: int, value: JsonValue) -> None:
    if index > len(items):
        with pytest.raises(PatchError):
            apply(items, [{"op": "add", "path": f"/{index}", "value": value}])
        return
    assert apply(items, [{"op": "add", "path": f"/{index}", "value": value}]) == [*items[:index], value, *items[index:]]
    assert apply(items, [{"op": "add", "path": "/-", "value": value}]) == [*items, value]


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ([{"op": "move", "from": "/a", "path": "/b"}], {"b": {"x": [1, 2]}, "n": None}),
        ([{"op": "move", "from": "/a/x/0", "path": "/a/x/1"}], {"a": {"x": [2, 1]}, "n": None}),
        ([{"op": "copy", "from": "/a/x", "path": "/n"}], {"a": {"x": [1, 2]}, "n": [1, 2]}),
        ([{"op": "replace", "path": "/n", "value": 1}], {"a": {"x": [1, 2]}, "n": 1}),
        ([{"op": "replace", "path": "", "value": 1}], 1),
        ([{"op": "test", "path": "/a/x/0", "value": 1.0}], {"a": {"x": [1, 2]}, "n": None}),
        ([{"op": "remove", "path": "/a/x/0"}], {"a": {"x": [2]}, "n": None}),
    ],
)
def test_steps(patch: list, after: JsonValue) -> None:
    assert apply({"a": {"x": [1, 2]}, "n": None}, patch) == after


@pytest.mark.parametrize(
    ("patch", "conflict"),
    [
        ({}, False),
        ([1], False),
        ([{"path": "/a"}], False),
        ([{"op": "add", "path": "/a"}], False),
        ([{"op": "add", "path": "a", "value": 1}], False),
        ([{"op": "add", "path": "#/a", "value": 1}], False),
        ([{"op": "move", "path": "/a/x/b", "from": "/a"}], False),
        ([{"op": "move", "path": "/b"}], False),
        ([{"op": "test", "path": "/a", "value": True}], True),
        ([{"op": "test", "path": "/n", "value": 0}], True),
        ([{"op": "replace", "path": "/z", "value": 1}], True),
        ([{"op": "remove", "path": "/a/x/2"}], True),
        ([{"op": "remove", "path": "/a/x/-"}], True),
        ([{"op": "add", "path": "/a/x/01", "value": 1}], True),
        ([{"op": "add", "path": "/a/y/z", "value": 1}], True),
        ([{"op": "copy", "path": f"/{n}", "from": ""} for n in range(40)], False),
        ([{"op": "test", "path": "", "value": 1}] * 2000, False),
    ],
)
def test_what_can_not_be_applied_changes_nothing(patch: object, conflict: bool) -> None:
    target = {"a": {"x": [1, 2]}, "n": None}

    with pytest.raises(PatchError) as raised:
        apply(target, patch)  # type: ignore[arg-type]

    assert raised.value.conflict is conflict
    assert target == {"a": {"x": [1, 2]}, "n": None}
