"""The sampler: whatever schema can be satisfied, what is made satisfies it, judged by the jsonschema package as well."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from mock_server import load
from mock_server.errors import UnsatisfiableSchema
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.settings import Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sampler")


def producer_of(
    folder: Path, schema: object, definitions: dict | None = None, version: str = "3.1.0", **settings: object
) -> Producer:
    document = {
        "openapi": version, "info": {"title": "", "version": ""}, "components": {"schemas": definitions or {}},
        "paths": {"/things/{thingId}": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}}},
    }  # fmt: skip
    path = folder / "d.json"
    path.write_bytes(orjson.dumps(document))
    opened = load(path)
    operation = opened.operation(opened.entries[0])
    return Engine(opened, Settings(**settings)).producer(operation.responses[0].content[0].schema, operation)


@pytest.fixture
def make(folder: Path) -> Callable[..., object]:
    return lambda schema, definitions=None, seed=0, **wish: producer_of(folder, schema, definitions).produce(
        SampleOptions(seed, **wish)
    )


CASES = [
    True, {}, {"type": "null"}, {"type": "boolean"}, {"const": {"a": [1, None]}}, {"enum": [1, "a", None, [1]]},
    {"type": "integer", "minimum": 5, "maximum": 5}, {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 14},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001}, {"type": "number", "multipleOf": 0.01, "minimum": 1, "maximum": 1.05},
    {"type": "number", "minimum": 1e300}, {"type": "integer", "maximum": -5}, {"type": "number", "not": {"type": "integer"}},
    {"type": "integer", "not": {"multipleOf": 2}}, {"type": "number", "not": {"multipleOf": 0.0001}, "maximum": 5}, {"type": "integer", "minimum": 2**60},
    {"type": "string", "minLength": 40, "maxLength": 41}, {"type": "string", "maxLength": 0}, {"type": "string", "minLength": 5000},
    {"type": "string", "pattern": "^a{3}$"}, {"type": "string", "pattern": "^[a-z]+$", "minLength": 30, "maxLength": 33},
    {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}]}, {"type": "string", "not": {"pattern": "^[a-z]"}},
    {"type": "string", "allOf": [{"pattern": "^[a-z]+$"}, {"pattern": "[aeiou]{4}"}, {"not": {"pattern": "a"}}], "minLength": 9},
    {"type": "string", "format": "date-time", "minLength": 25}, {"type": "string", "format": "uri", "maxLength": 30},
    {"type": "string", "format": "email", "minLength": 40}, {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"},
    {"type": "string", "format": "ipv6"}, {"type": "string", "format": "hostname"}, {"type": "string", "format": "byte"},
    {"type": "string", "format": "date", "pattern": "^20"}, {"type": "string", "format": "duration"}, {"type": "string", "format": "regex"},
    {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "integer"}}, {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False, "minItems": 2},
    {"type": "array", "contains": {"const": "x"}, "minContains": 2, "maxContains": 3}, {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 100}, "maxItems": 4},
    {"type": "array", "contains": {"type": "string"}, "maxContains": 1, "minItems": 3}, {"type": "array", "uniqueItems": True, "minItems": 20, "items": {"type": "integer"}},
    {"type": "array", "unevaluatedItems": False, "prefixItems": [{"type": "string"}]}, {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True},
    {"type": "object", "required": ["a", "b"]}, {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
    {"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}}, {"type": "object", "maxProperties": 1, "properties": {"a": {}, "b": {}}},
    {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2}, {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": False, "minProperties": 2},
    {"type": "object", "required": ["x-a"], "patternProperties": {"^x-": {"const": 1}}}, {"type": "object", "properties": {"a": False, "b": {}}},
    {"type": "object", "dependentRequired": {"a": ["b"]}, "required": ["a"]}, {"type": "object", "dependentSchemas": {"a": {"properties": {"b": {"const": 1}}, "required": ["b"]}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False, "allOf": [{"properties": {"b": {"type": "integer"}}}], "required": ["b"]},
    {"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["x"]}, "else": {"required": ["y"]}, "type": "object", "properties": {"k": {"enum": [1, 2]}}},
    {"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]}, {"anyOf": [{"type": "string"}, False]},
    {"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}]},
    {"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]}, {"not": {"type": ["string", "object", "array", "null", "boolean"]}},
    {"type": "object", "not": {"required": ["a"]}, "properties": {"a": {}, "b": {"type": "string"}}}, {"type": ["string", "null"], "minLength": 2},
    {"type": "object", "allOf": [{"properties": {"a": {"minimum": 5}}}, {"properties": {"a": {"type": "integer", "maximum": 7}}, "required": ["a"]}]},
    {"type": "string", "enum": ["a", "b"], "not": {"const": "a"}}, {"type": "array", "items": {"enum": [[1], {"a": 1}]}, "minItems": 2},
]  # fmt: skip


@pytest.mark.parametrize("schema", CASES, ids=lambda schema: orjson.dumps(schema).decode()[:60])
def test_what_is_made_conforms(make: Callable[..., object], schema: object) -> None:
    judge = Draft202012Validator(schema, format_checker=FormatChecker())

    for seed in range(12):
        for wish in ({}, {"minimal": True}, {"static": False}, {"size": 3}):
            value = make(schema, seed=seed, **wish)

            assert [error.message for error in judge.iter_errors(value)] == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 5, "maxLength": 3}, ("minLength", "maxLength")),
        ({"type": "integer", "minimum": 5, "maximum": 3}, ("minimum", "maximum")),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, ("allOf",)),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, ("required",)),
    ],
)
def test_what_can_not_be_is_said_with_the_keywords_in_conflict(
    make: Callable[..., object], schema: object, words: tuple[str, ...]
) -> None:
    with pytest.raises(UnsatisfiableSchema) as caught:
        make(schema)

    assert caught.value.proven
    assert all(word in str(caught.value) for word in words)


RECURSIVE = {
    "Tree": {"type": "object", "required": ["name", "children"], "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
    "Chain": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Chain"}, "n": {"type": "integer"}}},
    "Must": {"type": "object", "required": ["next"], "properties": {"next": {"oneOf": [{"$ref": "#/components/schemas/Must"}, {"type": "string"}]}}},
    "Even": {"type": "object", "required": ["odd"], "properties": {"odd": {"anyOf": [{"$ref": "#/components/schemas/Odd"}, {"type": "null"}]}}},
    "Odd": {"type": "object", "required": ["even"], "properties": {"even": {"$ref": "#/components/schemas/Even"}}},
    "Map": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Map"}},
    "Self": {"allOf": [{"$ref": "#/components/schemas/Self"}, {"type": "object", "required": ["a"]}]},
    "Loop": {"oneOf": [{"$ref": "#/components/schemas/Loop"}]},
    "Parent": {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"], "discriminator": {"propertyName": "kind"}, "oneOf": [{"$ref": "#/components/schemas/Child"}]},
    "Child": {"allOf": [{"$ref": "#/components/schemas/Parent"}, {"type": "object", "properties": {"x": {"type": "integer"}}}]},
    "Wide": {"type": "object", "required": [f"p{n}" for n in range(6)], "properties": {f"p{n}": {"anyOf": [{"$ref": "#/components/schemas/Wide"}, {"type": "integer"}]} for n in range(6)}},
}  # fmt: skip


@pytest.mark.parametrize("name", RECURSIVE)
def test_recursion_comes_to_an_end(make: Callable[..., object], name: str) -> None:
    for seed in range(12):
        value = make({"$ref": f"#/components/schemas/{name}"}, RECURSIVE, seed=seed)

        assert len(orjson.dumps(value)) < 20_000


REF = {"$ref": "#/components/schemas/X"}


@pytest.mark.parametrize(
    "endless",
    [
        {"type": "object", "required": ["x"], "properties": {"x": REF}},
        {"type": "array", "minItems": 1, "items": REF},
        {
            "type": "object",
            "required": ["x"],
            "properties": {"x": {"anyOf": [REF, {"type": "array", "minItems": 2, "items": REF}]}},
        },
        {"allOf": [{"type": "object", "required": ["x"]}, {"properties": {"x": REF}}]},
    ],
)
def test_what_recurs_without_an_end_can_not_be(make: Callable[..., object], endless: dict) -> None:
    with pytest.raises(UnsatisfiableSchema, match="without an end") as caught:
        make(REF, {"X": endless})

    assert caught.value.proven


def test_what_is_not_the_reason_is_not_named(make: Callable[..., object]) -> None:
    tuples = {"type": "array", "prefixItems": [{"type": "string"}], "items": False}
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": tuples, "b": {"allOf": [{"type": "string"}, {"type": "null"}]}},
    }

    with pytest.raises(
        UnsatisfiableSchema, match=r"properties, required .* since type at /properties/b/allOf/0"
    ) as caught:
        make(schema)

    assert "items" not in str(caught.value)


def test_recursion_ends_by_leaving_out_or_by_an_empty_list(make: Callable[..., object]) -> None:
    def walk(node: dict) -> None:
        assert isinstance(node["children"], list)
        for child in node["children"]:
            walk(child)

    for seed in range(20):
        walk(make({"$ref": "#/components/schemas/Tree"}, RECURSIVE, seed=seed))


scalars = st.sampled_from(
    [{"type": "string"}, {"type": "integer"}, {"type": "number", "minimum": 0, "maximum": 1}, {"type": "boolean"}, {"enum": ["a", "b", 3]}, {"const": 7},
     {"type": "string", "minLength": 3, "maxLength": 8}, {"type": "string", "pattern": "^[a-f]{2,4}$"}, {"type": "string", "format": "date"},
     {"type": ["string", "null"]}, {"type": "integer", "multipleOf": 3}, {}]
)  # fmt: skip
names = st.sampled_from("abcd")
schemas = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=4)},
            optional={
                "required": st.lists(names, min_size=1, max_size=3, unique=True), "additionalProperties": st.booleans() | inner,
                "minProperties": st.integers(0, 3), "maxProperties": st.integers(2, 4), "dependentRequired": st.just({"a": ["b"]}),
                "patternProperties": st.fixed_dictionaries({"^c": inner}), "propertyNames": st.just({"maxLength": 3}),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": st.integers(0, 3), "maxItems": st.integers(2, 4), "uniqueItems": st.booleans(), "contains": inner, "prefixItems": st.lists(inner, min_size=1, max_size=2)},
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"if": inner, "then": inner, "else": inner}),
        st.fixed_dictionaries({"not": inner, "type": st.sampled_from(["string", "integer", "object"])}),
    ),
    max_leaves=5,
)  # fmt: skip


@pytest.mark.long
@settings(max_examples=250)
@given(schema=schemas, seed=st.integers(0, 3))
def test_any_schema_is_satisfied_or_said_to_be_unsatisfiable(folder: Path, schema: dict, seed: int) -> None:
    producer = producer_of(folder, schema)
    try:
        value = producer.produce(SampleOptions(seed))
    except UnsatisfiableSchema:
        return  # that none of these are satisfiable after all is measured with the official suite

    assert Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(value)


@given(schema=schemas, seed=st.integers(0, 2**63))
def test_the_same_seed_makes_the_same_value(folder: Path, schema: dict, seed: int) -> None:
    def made() -> bytes | None:
        try:
            return orjson.dumps(producer_of(folder, schema).produce(SampleOptions(seed)))
        except UnsatisfiableSchema:
            return None

    assert made() == made()


def made_by(producer: Producer, seed: int) -> bytes | None:
    try:
        return orjson.dumps(producer.produce(SampleOptions(seed)))
    except UnsatisfiableSchema:
        return None


UNTRUE = {
    "type": "object",
    "required": ["a", "b"],
    "properties": {"a": {"type": "integer", "examples": ["five"]}, "b": {"type": "string"}},
}


@pytest.mark.long
@given(schema=schemas | st.just(UNTRUE) | st.just({"type": "array", "minItems": 3, "items": UNTRUE}))
def test_what_was_made_before_does_not_change_what_is_made(folder: Path, schema: dict) -> None:
    used = producer_of(folder, schema)
    in_a_row = [made_by(used, seed) for seed in range(4)]

    assert in_a_row == [made_by(producer_of(folder, schema), seed) for seed in range(4)]


def test_documented_examples_of_parts_are_used_once_and_not_when_dynamic(make: Callable[..., object]) -> None:
    schema = {
        "type": "array",
        "minItems": 2,
        "items": {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string", "examples": ["XK-4081725"]}},
        },
    }

    assert [item["a"] for item in make(schema)].count("XK-4081725") == 1
    assert "XK-4081725" not in [item["a"] for item in make(schema, static=False)]


def test_an_example_that_breaks_its_schema_is_not_used(make: Callable[..., object]) -> None:
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer", "example": "five"}, "b": {"type": "string", "example": "ok"}},
    }

    value = make(schema)

    assert isinstance(value["a"], int)
    assert value["b"] == "ok"


def test_all_documented_properties_are_there_in_their_order_and_only_required_ones_when_minimal(
    make: Callable[..., object],
) -> None:
    schema = {
        "type": "object",
        "required": ["m"],
        "properties": {"z": {"type": "string"}, "m": {"type": "array", "items": {}}, "a": {"type": "string"}},
    }

    assert list(make(schema)) == ["z", "m", "a"]
    assert list(make(schema, minimal=True)) == ["m"]


def test_a_property_of_which_only_a_description_is_known_is_there_as_well(make: Callable[..., object]) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"description": "A name."}, "b": {}},
        "oneOf": [
            {"required": ["c"], "properties": {"c": {"const": 1}}},
            {"required": ["d"], "properties": {"d": {"const": 1}}},
        ],
        "unevaluatedProperties": False,
    }

    assert {*make(schema)} in ({"a", "b", "c"}, {"a", "b", "d"})
    assert {*make({"properties": {"foo": {}, "bar": {}}})} == {"foo", "bar"}


def test_entries_of_maps_have_the_names_and_values_that_their_names_ask_for(make: Callable[..., object]) -> None:
    schema = {
        "type": "object", "minProperties": 4, "propertyNames": {"pattern": "^[a-z]{2,3}-"},
        "patternProperties": {"^ab?-": {"type": "integer"}, "^abc-": {"minimum": 5}}, "additionalProperties": {"type": "boolean"},
    }  # fmt: skip
    listed = {
        "type": "object",
        "minProperties": 2,
        "maxProperties": 2,
        "propertyNames": {"enum": ["x", "y"]},
        "additionalProperties": {"type": "null"},
    }

    assert len(make(schema)) >= 4
    assert make(listed) == {"x": None, "y": None}


STRICT = {
    "Node": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "inner": {"type": "array", "items": {"$ref": "#/components/schemas/Closed"}}}},
    "Closed": {"$ref": "#/components/schemas/Node", "properties": {"extra": {"type": "integer"}}, "unevaluatedProperties": False},
}  # fmt: skip


def test_a_closed_schema_that_contains_itself_is_drawn_in_full(make: Callable[..., object]) -> None:
    def depth(node: dict) -> int:
        assert {*node} <= {"name", "inner", "extra"}
        return 1 + max(map(depth, node.get("inner", [])), default=0)

    assert max(depth(make({"$ref": "#/components/schemas/Closed"}, STRICT, seed=seed)) for seed in range(8)) > 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "not": {"contains": {"const": 1}, "minContains": 0, "maxContains": 1}},
        {"oneOf": [{"contains": {"type": "integer"}, "minContains": 2}, {"type": "array", "minItems": 3}], "type": "array", "items": {"type": ["integer", "null"]}},
        {"allOf": [{"contains": {"multipleOf": 2}}, {"contains": {"multipleOf": 3}}], "unevaluatedItems": {"multipleOf": 5}, "type": "array", "minItems": 3},
        {"oneOf": [{"type": "object", "properties": {f"k{n}": {"type": "string"} for n in range(size)}} for size in range(12)]},
        {"type": "object", "not": {"propertyNames": {"maxLength": 3}}, "additionalProperties": {"type": "integer"}, "maxProperties": 1},
    ],
)  # fmt: skip
def test_what_no_model_covers_is_searched_for(make: Callable[..., object], schema: dict) -> None:
    judge = Draft202012Validator(schema)

    assert all(judge.is_valid(make(schema, seed=seed)) for seed in range(6))


def test_one_of_some_open_objects_in_a_conjunction_is_made_by_breaking_the_others(make: Callable[..., object]) -> None:
    site = {
        "ValueSite": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Id"}}},
        "Id": {"type": "string"},
    }
    ways = {"site": "ValueSite", "site_id": "Id", "site_url": "Id"}
    options = [
        {"type": "object", "properties": {name: {"$ref": f"#/components/schemas/{of}"}}} for name, of in ways.items()
    ]
    schema = {"allOf": [{"type": "object", "properties": {"number": {"type": "integer"}}}, {"oneOf": options}]}
    judge = Draft202012Validator({**schema, "components": {"schemas": site}})
    values = [make(schema, site, seed=seed) for seed in range(6)]

    assert [error.message for value in values for error in judge.iter_errors(value)] == []
    assert all("number" in value for value in values)


def test_the_wished_size_is_that_of_the_outermost_list(make: Callable[..., object]) -> None:
    inner = {"type": "array", "items": {"type": "integer"}}
    schema = {
        "type": "object",
        "required": ["items"],
        "properties": {"items": {"type": "array", "maxItems": 40, "items": inner}},
    }

    value = make(schema, size=30)

    assert len(value["items"]) == 30
    assert max(map(len, value["items"])) < 10
    assert len(make(schema, size=300)["items"]) == 40


def test_settings_and_x_faker_decide_what_a_property_is(folder: Path) -> None:
    schema = {"type": "object", "required": ["a", "b", "c"], "properties": {
        "a": {"type": "string", "x-faker": "internet.email"}, "b": {"type": "string", "x-faker": {"numerify": "B-###"}}, "c": {"type": "string", "x-faker": "no.such.thing"},
    }}  # fmt: skip
    producer = producer_of(folder, schema, fields={"b": "city"})
    value = producer.produce(SampleOptions(1))

    assert "@" in value["a"]
    assert not value["b"].startswith("B-")
    assert [finding.rule for finding in producer.findings()] == ["document-faker-unknown"]


@pytest.mark.parametrize(
    "name",
    ["binary", "json", "add_provider", "seed_instance", "__class__", "tar", "date_time", "pystr_format", "xml", "../x"],
)
def test_a_formatter_that_could_do_harm_or_asks_the_clock_is_not_called(folder: Path, name: str) -> None:
    producer = producer_of(folder, {"type": "string", "x-faker": name})

    assert isinstance(producer.produce(SampleOptions(1)), str)
    if name not in {"pystr_format", "date_time"}:
        assert producer.findings()


USAGE = {"Usage": {"type": "object", "required": ["cpu"], "properties": {"cpu": {"type": "integer"}}}}


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
@pytest.mark.parametrize("bare", [{"nullable": True}, {"nullable": True, "description": "or nothing"}])
def test_nullable_alone_beside_alternatives_is_null_and_never_a_random_word(
    folder: Path, word: str, bare: dict
) -> None:
    schema = {word: [{"$ref": "#/components/schemas/Usage"}, bare]}
    producer = producer_of(folder, schema, USAGE, version="3.0.3")
    made = [producer.produce(SampleOptions(seed, static=False)) for seed in range(60)]

    assert all(value is None or set(value) == {"cpu"} for value in made)
    assert None in made
    assert any(made)


def test_what_has_no_keyword_is_an_object_unless_its_name_means_a_text(make: Callable[..., object]) -> None:
    assert make({}) == {}
    assert make({"type": "object", "properties": {"metadata": {}, "payload": {"description": "Anything"}}}) == {
        "metadata": {},
        "payload": {},
    }
    named = make({"type": "object", "properties": {"email": {}, "metadata": {}}})
    assert isinstance(named, dict)
    assert "@" in str(named["email"])


def test_of_alternatives_of_which_one_says_nothing_the_others_are_made(make: Callable[..., object]) -> None:
    schema = {
        "type": "object",
        "required": ["usage"],
        "properties": {"usage": {"anyOf": [{"$ref": "#/components/schemas/Usage"}, {}]}},
    }

    assert all(set(make(schema, USAGE, seed)["usage"]) == {"cpu"} for seed in range(20))  # type: ignore[index]


def test_lists_whose_items_say_nothing_have_items_that_differ(make: Callable[..., object]) -> None:
    values = make({"type": "array", "items": {}, "uniqueItems": True, "minItems": 5})

    assert isinstance(values, list)
    assert len({str(value) for value in values}) >= 5
