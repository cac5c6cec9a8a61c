"""YAML by the core schema of 1.2, without the surprises of 1.1."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.positions import find_lines
from mock_server.document.yaml import YamlError, decode_yaml, encode_yaml, iter_positions

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("off", "off"), ("2026-01-01", "2026-01-01"), ("12:30:00", "12:30:00"),
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("0o17", 15), ("0x1F", 31),
        ("010", 10), ("1_000", "1_000"), ("+5", 5), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0), (".inf", ".inf"), (".nan", ".nan"),
        ("'5'", "5"), ('"null"', "null"), ("!!str 5", "5"), ("!!int '5'", 5), ("!color red", "red"), ("=", "="), ("<", "<"),
        ("9" * 5000, "9" * 5000), ("1e999", "1e999"), ("!!bool 'true'", True),
    ],
)  # fmt: skip
def test_a_scalar_is_what_1_2_says(text: str, value: object) -> None:
    found, notes = decode_yaml(f"a: {text}")

    assert found == {"a": value}
    assert type(found["a"]) is type(value)
    assert notes == ()


@pytest.mark.parametrize("key", ["200", "'200'", "true", "null", "1.5", "no"])
def test_keys_are_strings_as_they_were_written(key: str) -> None:
    assert decode_yaml(f"{key}: 1")[0] == {key.strip("'"): 1}


@given(json_values)
def test_json_is_yaml(value: object) -> None:
    assert decode_yaml(json.dumps(value, ensure_ascii=True))[0] == value


@given(json_values)
def test_what_is_written_is_read_again(value: object) -> None:
    found, _ = decode_yaml(encode_yaml(value))

    assert found == json.loads(json.dumps(value))


def test_duplicate_keys_are_noted_and_the_last_one_counts() -> None:
    found, notes = decode_yaml("a:\n  b: 1\n  b: 2\n")

    assert found == {"a": {"b": 2}}
    assert [(note.pointer, note.duplicate) for note in notes] == [(("a", "b"), True)]


def test_merge_keys_are_obeyed_and_own_keys_win() -> None:
    text = "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nlist: {<<: [*base, {c: 4}]}"

    assert decode_yaml(text)[0] == {
        "base": {"a": 1, "b": 2},
        "other": {"b": 3, "a": 1},
        "list": {"a": 1, "b": 2, "c": 4},
    }


def test_a_billion_laughs_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(YamlError, match="unfold"):
        decode_yaml("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "line 2"),
        ("? [a]\n: 1", "collection"),
        ("a: &x [*x]", "anchor"),
        ("[" * 1000, "nested"),
        ("a: b: c", "line 1"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(YamlError, match=message):
        decode_yaml(text)


def test_tabs_before_comments_are_read_past() -> None:
    found, notes = decode_yaml("a: 1\t# one\n\t\t\nb: 2\n\t# two\n")

    assert found == {"a": 1, "b": 2}
    assert notes[0].duplicate is False


def test_characters_that_may_not_be_there_are_dropped_and_noted() -> None:
    found, notes = decode_yaml("a: b\x00c\x0b")

    assert found == {"a": "bc"}
    assert len(notes) == 1


@given(
    st.recursive(
        st.integers(0, 9),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.sampled_from("abc"), c, max_size=3),
        max_leaves=8,
    )
)
def test_every_place_has_the_line_that_pyyaml_gives_it(value: object) -> None:
    text = yaml.safe_dump(value)
    lines = dict(iter_positions(text))
    node = yaml.compose(text)

    def walk(found: yaml.Node, pointer: tuple[str, ...], line: int) -> None:
        assert lines[pointer] == line
        if isinstance(found, yaml.MappingNode):
            for key, child in found.value:
                walk(child, (*pointer, key.value), key.start_mark.line + 1)
        elif isinstance(found, yaml.SequenceNode):
            for index, child in enumerate(found.value):
                walk(child, (*pointer, str(index)), child.start_mark.line + 1)

    walk(node, (), 1)


@given(json_values)
def test_lines_of_json_are_those_of_the_same_yaml(value: object) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=True)
    wanted = {pointer for pointer, _ in iter_positions(text)}

    if isinstance(value, dict | list):
        assert find_lines(text, wanted) == dict(iter_positions(text))


def test_a_place_that_is_not_there_gets_the_line_of_its_parent() -> None:
    assert find_lines("a:\n  b: 1\n", {("a", "x", "y")}) == {("a", "x", "y"): 1}
    assert find_lines('{\n"a": {\n"b": 1}}', {("a", "b"), ("a", "x")}) == {("a", "b"): 3, ("a", "x"): 2}


@pytest.mark.parametrize(
    "text",
    ["02934639", "0o17", "0x1F", "1e3", ".5", "1_000", "no", "2026-01-01", "12:30:45", "null", "~", "", "=", "<<"],
)
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    assert decode_yaml(encode_yaml({"a": text, text or "b": 1}))[0] == {"a": text, text or "b": 1}
    assert yaml.safe_load(encode_yaml([text])) == [text]
