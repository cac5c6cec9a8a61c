"""What stored answers ask of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.model import MISSING, ParameterLocation
from mock_server.errors import ScriptError
from mock_server.exchange.message import Request
from mock_server.judges.request import DecodedRequest
from mock_server.respond.match.conditions import read_conditions

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def holds(when: object, body: object = MISSING, query: dict[str, object] | None = None, fields: object = ()) -> bool:
    understood = DecodedRequest({(ParameterLocation.QUERY, name): value for name, value in (query or {}).items()}, body)  # type: ignore[arg-type, misc]
    request = Request("POST", b"/", b"", list(fields), b"")  # type: ignore[call-overload]
    return all(condition.holds(request, understood) for condition in read_conditions(when))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        (1, [1], [2, MISSING]),
        ([1, 2], [1, 2], [3]),
        ({"equals": {"not": 1}}, [{"not": 1}], [1]),
        ({"a": 1}, [{"a": 1}], [1]),
        ({"not": 1}, [2, MISSING], [1]),
        ({"not": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"pattern": "^a+$"}, ["aa"], ["ab", MISSING, None]),
        ({"pattern": "1"}, [12], [2]),
        ({"contains": "b"}, ["abc", ["b"]], ["c", ["bb"], MISSING]),
        ({"greater": 1}, [2, "3", 1.5], [1, "x", True, MISSING]),
        ({"greater": 1, "less": 3}, [2], [1, 3]),
        ({"less": "2026-02"}, ["2026-01-31"], ["2026-02-01"]),
        ({"absent": True}, [MISSING], [1, None]),
        ({"absent": False}, [None, 1], [MISSING]),
    ],
)
def test_a_condition_says_what_it_says(wanted: object, right: list[object], wrong: list[object]) -> None:
    def in_query(value: object) -> bool:
        return holds({"query": {"q": wanted}}, query={} if value is MISSING else {"q": value})

    def in_body(value: object) -> bool:
        return holds({"body": {"/q": wanted}}, body={} if value is MISSING else {"q": value})

    assert [in_query(value) for value in right] == [True] * len(right)
    assert [in_body(value) for value in right] == [True] * len(right)
    assert [in_query(value) for value in wrong] == [False] * len(wrong)
    assert [in_body(value) for value in wrong] == [False] * len(wrong)


def test_header_fields_are_asked_without_regard_to_case() -> None:
    assert holds({"headers": {"X-A": {"pattern": "^b"}}}, fields=[(b"x-a", b"bc")])
    assert holds({"headers": {"X-A": {"absent": True}}})


@pytest.mark.parametrize(
    ("when", "pointer"),
    [
        ({"cookies": {}}, ()),
        ({"path": 1}, ("path",)),
        ({"body": {"a": 1}}, ("body", "a")),
        ({"query": {"a": {"pattern": "("}}}, ("query", "a", "pattern")),
        ({"query": {"a": {"greater": [1]}}}, ("query", "a", "greater")),
        ({"query": {"a": {"absent": "yes"}}}, ("query", "a", "absent")),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place(when: object, pointer: tuple[str, ...]) -> None:
    with pytest.raises(ScriptError) as caught:
        list(read_conditions(when))  # type: ignore[arg-type]

    assert caught.value.pointer == pointer


@given(wanted=st.dictionaries(st.sampled_from(["equals", "not", "pattern", "contains", "greater", "less", "absent", "x"]), JSON, max_size=3), value=JSON)  # fmt: skip
def test_a_condition_is_refused_or_decides_about_any_value(wanted: dict[str, object], value: object) -> None:
    try:
        read = list(read_conditions({"body": {"": wanted}}))  # type: ignore[dict-item]
    except ScriptError:
        return

    assert all(
        isinstance(each.holds(Request("GET", b"/", b"", [], b""), DecodedRequest({}, value)), bool) for each in read
    )  # type: ignore[arg-type]
