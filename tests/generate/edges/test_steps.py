"""Variants: jsonschema, which made none of them, agrees with what each is said to be."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.document.model import MISSING
from mock_server.document.references import Node
from mock_server.findings import Place
from mock_server.generate.edges.steps import apply_step, iter_steps
from mock_server.schema.bundle import Bundle
from mock_server.schema.validate import Validator

PERSON = {
    "type": ["object"],
    "required": ["name", "age"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": ["string"], "minLength": 2, "maxLength": 5},
        "age": {"type": ["integer"], "minimum": 0, "exclusiveMaximum": 150},
        "kind": {"type": ["string"], "enum": ["a", "b"]},
        "share": {"type": ["number"], "multipleOf": 0.25},
        "tags": {
            "type": ["array"],
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
            "items": {"type": ["string"], "pattern": "^[a-z]$"},
        },
        "at": {"type": ["string", "null"], "format": "date"},
        "inner": {"$ref": "#/$defs/Inner"},
    },
    "$defs": {"Inner": {"type": ["object"], "required": ["on"], "properties": {"on": {"type": ["boolean"]}}}},
}
GOOD = {"name": "abc", "age": 5, "kind": "a", "tags": ["x", "y"], "at": "2024-01-01", "inner": {"on": True}}


def bundle(schema: dict[str, Any]) -> Bundle:
    return Bundle(schema, _Nowhere(), {})  # type: ignore[arg-type]


class _Nowhere:
    place = Place("x")

    def child(self, token: str) -> Node:
        raise KeyError(token)


def variants(schema: dict[str, Any], value: Any) -> list[Any]:
    made = bundle(schema)
    return list(iter_steps(made, value, Validator(made)))


def test_each_is_what_it_is_said_to_be() -> None:
    judge = Draft202012Validator(PERSON, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = variants(PERSON, GOOD)

    assert {variant.conforms for variant in found} == {True, False}
    for variant in found:
        errors = list(judge.iter_errors(apply_step(GOOD, variant.pointer, variant.part)))
        assert (not errors) is variant.conforms, variant
        if errors:
            assert variant.keyword in {str(error.validator) for error in errors}


@pytest.mark.parametrize(
    ("keyword", "pointer"),
    [
        ("required", ()), ("additionalProperties", ()), ("type", ()), ("minLength", ("name",)), ("maxLength", ("name",)),
        ("minimum", ("age",)), ("exclusiveMaximum", ("age",)), ("enum", ("kind",)), ("minItems", ("tags",)),
        ("maxItems", ("tags",)), ("uniqueItems", ("tags",)), ("pattern", ("tags", "0")), ("format", ("at",)), ("required", ("inner",)),
        ("type", ("inner", "on")),
    ],
)  # fmt: skip
def test_every_keyword_is_broken_at_its_place(keyword: str, pointer: tuple[str, ...]) -> None:
    broken = {(variant.keyword, variant.pointer) for variant in variants(PERSON, GOOD) if not variant.conforms}

    assert (keyword, pointer) in broken


def test_every_listed_value_and_bound_is_tried() -> None:
    tried = {(variant.pointer, repr(variant.part)) for variant in variants(PERSON, GOOD) if variant.conforms}

    assert {(("kind",), "'b'"), (("age",), "0"), (("age",), "149"), (("at",), "None"), (("name",), "'ab'")} <= tried
    assert any(pointer == ("kind",) and part == repr(MISSING) for pointer, part in tried)


def test_what_a_lenient_reader_mends_is_no_violation() -> None:
    parts = [v.part for v in variants({"type": ["integer"]}, 5) if not v.conforms]

    assert all(not str(part).lstrip("-").isdigit() for part in parts)


def test_counts_of_members_are_broken() -> None:
    found = variants({"type": ["object"], "minProperties": 1, "maxProperties": 2}, {"a": 1})

    assert {"minProperties", "maxProperties"} <= {variant.keyword for variant in found if not variant.conforms}


def test_a_step_leaves_the_value_alone() -> None:
    value = {"a": [1, {"b": 2}]}

    assert apply_step(value, ("a", "1", "b"), 3) == {"a": [1, {"b": 3}]}
    assert apply_step(value, ("a", "1", "b"), MISSING) == {"a": [1, {}]}
    assert apply_step(value, ("x", "y"), 3) == value == {"a": [1, {"b": 2}]}
