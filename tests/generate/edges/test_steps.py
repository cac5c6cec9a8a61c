"""Variants: jsonschema, which made none of them, agrees with what each is said to be."""

import tempfile
from typing import Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import mock_server
from mock_server.document.model import MISSING
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.findings import Place
from mock_server.generate.edges.catalogue import Catalogue
from mock_server.generate.edges.proof import EdgeSubject
from mock_server.generate.edges.steps import apply_step, iter_further_steps, iter_steps
from mock_server.generate.engine import Engine
from mock_server.schema.bundle import Bundle
from mock_server.schema.validate import Validator
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation

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


# Schemas with places that no one value holds all of: alternatives, entries of maps, levels of recursion.
_LEAVES = st.sampled_from(
    [
        {"type": "string", "minLength": 2, "maxLength": 9},
        {"type": "integer", "minimum": 3, "maximum": 9},
        {"type": "string", "enum": ["a", "b"]},
        {"type": "number", "multipleOf": 0.5},
        {"type": "string", "format": "date"},
        {"type": "boolean"},
    ]
)


def _around(inner: st.SearchStrategy[dict]) -> st.SearchStrategy[dict]:
    members = st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    return st.one_of(
        st.builds(
            lambda known, closed: {
                "type": "object",
                "properties": known,
                "required": sorted(known)[:1],
                **({"additionalProperties": False} if closed else {}),
            },
            members,
            st.booleans(),
        ),
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 1, "maxItems": 4}, inner),
        st.builds(lambda other: {"type": "object", "additionalProperties": other}, inner),
        st.builds(
            lambda keyword, branches: {keyword: branches},
            st.sampled_from(["anyOf", "oneOf"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(
            lambda value: {
                "type": "object",
                "properties": {"value": value, "next": {"$ref": "#/components/schemas/A"}},
            },
            inner,
        ),
    )


@settings(max_examples=40)
@given(schema=st.recursive(_LEAVES, _around, max_leaves=6), seed=st.integers(0, 5))
def test_the_steps_break_whatever_the_catalogue_breaks(schema: dict, seed: int) -> None:
    made = minimal({"/a": {"get": operation(schema)}}, components={"schemas": {"A": schema}})
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(orjson.dumps(made))
        file.flush()
        document = mock_server.load(file.name)
    found = document.operation(document.entries[0])
    subject = EdgeSubject(Engine(document, Settings()).producer(found.responses[0].content[0].schema, found))
    try:
        base = subject.base(seed)
    except SchemaError:
        assume(False)
    steps = list(iter_steps(subject.judged.bundle, base, subject.judge))
    taken = {(step.pointer, step.keyword, step.conforms) for step in steps}
    further = list(iter_further_steps(subject.producer, base, ("invalid", "boundary"), taken))
    broken = {(step.pointer, step.keyword) for step in (*steps, *further) if not step.conforms}

    assert {(edge.pointer, edge.keyword) for edge in Catalogue(subject, ("invalid",))} <= broken
    for step in further:
        assert subject.judge.is_valid(step.around) is step.conforms
