"""Schema Objects of every version as JSON Schema 2020-12, judged against independent readings of OpenAPI."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator

from mock_server import load
from mock_server.document.references import Node
from mock_server.errors import UnusableSchema
from mock_server.schema.bundle import SchemaSets
from mock_server.schema.dialect import Direction, Purpose, Syntax, with_null
from mock_server.schema.types import is_type
from mock_server.schema.validate import Validator, pattern_ok

JUDGE, MAKE = Purpose.JUDGE, Purpose.MAKE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dialect")


class Schemas:
    """The schemas of one document."""

    def __init__(self, folder: Path, version: str, components: dict[str, object]) -> None:
        path = folder / "d.json"
        path.write_text(
            json.dumps(
                {
                    "openapi": version,
                    "info": {"title": "", "version": ""},
                    "paths": {},
                    "components": {"schemas": components},
                }
            )
        )
        self.document = load(path)
        self.sets = SchemaSets(self.document.references, self.document.version.is_json_schema, Syntax(pattern_ok))

    def node(self, name: str) -> Node:
        return self.document.root.child("components").child("schemas").child(name)

    def validator(self, name: str, direction: Direction = Direction.RESPONSE, purpose: Purpose = JUDGE) -> Validator:
        return Validator(self.sets.of(direction, purpose).bundle(self.node(name)))

    def rules(self) -> list[str]:
        return sorted(finding.rule for finding in self.sets.findings())


@pytest.fixture
def schemas(folder: Path) -> Callable[..., Schemas]:
    def make(version: str = "3.0.3", /, **components: object) -> Schemas:
        return Schemas(folder, version, components)

    return make


NULLABLE = [
    {"type": "string", "nullable": True},
    {"type": "string", "enum": ["a"], "nullable": True},
    {"type": "integer", "enum": [0, 1, None], "nullable": True},
    {"nullable": True, "allOf": [{"$ref": "#/components/schemas/S"}]},
    {"nullable": True, "oneOf": [{"$ref": "#/components/schemas/S"}]},
    {"type": "object", "properties": {}, "nullable": True},
    {"type": "string", "x-nullable": True},
    {"type": "string", "format": "date", "nullable": True},
]


@pytest.mark.parametrize("schema", NULLABLE)
def test_null_validates_in_every_form_of_nullable(schemas: Callable[..., Schemas], schema: object) -> None:
    assert schemas(X=schema, S={"type": "string"}).validator("X").is_valid(None)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "nullable": False},
        {"allOf": [{"type": "string", "nullable": True}, {"type": "string"}]},
    ],
)
def test_null_does_not_validate_otherwise(schemas: Callable[..., Schemas], schema: object) -> None:
    assert not schemas(X=schema).validator("X").is_valid(None)


def test_what_is_made_is_null_only_where_every_reading_agrees(schemas: Callable[..., Schemas]) -> None:
    found = schemas(
        A={"type": "string", "nullable": True},
        B={"nullable": True, "allOf": [{"type": "string"}]},
        C={"type": "string", "enum": ["a"], "nullable": True},
    )

    assert [found.validator(name, purpose=MAKE).is_valid(None) for name in "ABC"] == [True, False, False]


@pytest.mark.parametrize(
    ("version", "schema", "right", "wrong"),
    [
        ("3.0.3", {"type": "number", "minimum": 1, "exclusiveMinimum": True}, [1.1], [1]),
        ("3.0.3", {"type": "number", "maximum": 1, "exclusiveMaximum": True}, [0], [1]),
        ("3.1.0", {"type": "number", "exclusiveMinimum": 1}, [1.1], [1]),
        ("3.0.3", {"type": "number", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ("3.0.3", {"type": "integer", "format": "int32"}, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, 1.5]),
        ("3.0.3", {"type": "integer", "format": "int64"}, [2**63 - 1], [2**63]),
        ("3.0.3", {"type": "integer", "format": "int32", "minimum": 5}, [5], [4]),
        ("3.0.3", {"type": "string", "format": "int64"}, ["x"], [1]),
        ("3.0.3", {"type": "number", "format": "float"}, [3.4e38], [3.5e38]),
        ("3.0.3", {"type": "string", "format": "byte"}, ["aGk="], ["a", "***"]),
        ("3.0.3", {"type": "string", "format": "date-time"}, ["2026-01-01T00:00:00Z"], ["2026-01-01", "2026-02-30T00:00:00Z"]),
        ("3.0.3", {"type": "string", "format": "uuid"}, ["3fa85f64-5717-4562-b3fc-2c963f66afa6"], ["x"]),
        ("3.0.3", {"type": "string", "format": "email"}, ["a@example.com"], ["a"]),
        ("3.0.3", {"type": "string", "format": "ipv4"}, ["192.0.2.1"], ["192.0.2.256"]),
        ("3.0.3", {"type": "string", "format": "ipv6"}, ["2001:db8::1"], ["g::"]),
        ("3.0.3", {"type": "string", "format": "uri"}, ["https://example.com"], ["/a b"]),
        ("3.0.3", {"type": "string", "format": "unheard-of"}, ["x"], [1]),
        ("3.0.3", {"type": "file"}, ["x"], []),
        ("3.1.0", {"type": ["string", "null"], "const": None}, [None], ["x"]),
        ("3.1.0", {"prefixItems": [{"type": "string"}], "items": False}, [["a"]], [["a", 1], [1]]),
        ("3.1.0", {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}}, [{"a": 1, "b": 1}], [{"a": 1}]),
        ("3.1.0", {"dependentRequired": {"a": ["b"]}}, [{"b": 1}], [{"a": 1}]),
        ("3.1.0", {"$defs": {"x": {"type": "integer"}}, "$ref": "#/components/schemas/X/$defs/x", "minimum": 3}, [3], [2, "a"]),
        ("3.0.3", {"type": "array", "items": [{"type": "string"}]}, [["a"]], [[1]]),
        ("3.0.3", {"type": "object", "required": True, "properties": {"a": {"type": "string", "required": True}}}, [{}], [{"a": 1}]),
    ],
)  # fmt: skip
def test_a_keyword_means_what_its_version_says(
    schemas: Callable[..., Schemas], version: str, schema: object, right: list[object], wrong: list[object]
) -> None:
    validator = schemas(version, X=schema).validator("X")

    assert [validator.is_valid(value) for value in right] == [True] * len(right)
    assert [validator.is_valid(value) for value in wrong] == [False] * len(wrong)


def test_siblings_of_a_reference_count_since_3_1(schemas: Callable[..., Schemas]) -> None:
    parts = {"X": {"$ref": "#/components/schemas/S", "maxLength": 1}, "S": {"type": "string"}}

    assert schemas("3.0.3", **parts).validator("X").is_valid("long")
    assert not schemas("3.1.0", **parts).validator("X").is_valid("long")


def test_what_a_direction_hides_is_not_required_in_it(schemas: Callable[..., Schemas]) -> None:
    found = schemas(
        X={
            "allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "secret", "name"]}],
        },
        Base={
            "type": "object",
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "secret": {"type": "string", "writeOnly": True},
                "name": {},
            },
        },
        Id={"type": "integer", "readOnly": True},
    )
    request, response = (found.validator("X", direction) for direction in (Direction.REQUEST, Direction.RESPONSE))

    assert request.is_valid({"secret": "s", "name": 1})
    assert not request.is_valid({"id": 1, "name": 1})
    assert response.is_valid({"id": 1, "name": 1})
    assert not response.is_valid({"secret": "s", "name": 1})


def test_what_a_direction_hides_is_not_made_in_it(schemas: Callable[..., Schemas]) -> None:
    found = schemas(X={"type": "object", "properties": {"id": {"type": "integer", "readOnly": True}}})

    assert found.validator("X", Direction.REQUEST).is_valid({"id": 1})
    assert not found.validator("X", Direction.REQUEST, MAKE).is_valid({"id": 1})
    assert found.validator("X", Direction.RESPONSE, MAKE).is_valid({"id": 1})


def test_an_alternative_that_requires_what_is_hidden_is_not_made_where_json_schema_would_require_it(
    schemas: Callable[..., Schemas],
) -> None:
    card = {"type": "object", "required": ["cvc"], "properties": {"cvc": {"type": "string", "writeOnly": True}}}
    account = {"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}}
    parts = {"X": {"oneOf": [{"$ref": "#/components/schemas/Card"}, account]}, "Card": card, "Y": {"anyOf": [card]}}
    modern, old = schemas("3.1.0", **parts), schemas("3.0.3", **parts)

    assert not modern.validator("X", purpose=MAKE).is_valid({})
    assert modern.validator("X", purpose=MAKE).is_valid({"number": "1"})
    assert modern.validator("Y", purpose=MAKE).is_valid({})
    assert old.validator("X", purpose=MAKE).is_valid({})


def test_each_of_several_unquoted_enum_values_is_taken_either_way(schemas: Callable[..., Schemas]) -> None:
    judge = schemas(X={"type": "string", "enum": [169, 32]}).validator("X")

    assert [judge.is_valid(value) for value in ("169", "32", 169, 32, "33", 33)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_unquoted_enum_values_are_taken_either_way_and_made_as_the_type_says(schemas: Callable[..., Schemas]) -> None:
    found = schemas(X={"type": "string", "enum": [1, "two", True]})
    judge, make = found.validator("X"), found.validator("X", purpose=MAKE)

    assert [judge.is_valid(value) for value in (1, "1", "two", True, "true", 2)] == [
        True,
        True,
        True,
        True,
        True,
        False,
    ]
    assert [make.is_valid(value) for value in (1, "1", "true")] == [False, True, True]
    assert "document-enum-mistyped" in found.rules()
    assert "document-enum-mistyped" not in schemas(X={"type": ["string", "integer"], "enum": ["a", 1, None]}).rules()


PET = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}},
}
OPEN = {"type": "object", "properties": {"kind": {"type": "string"}}}


def test_a_discriminator_decides_where_branches_overlap(schemas: Callable[..., Schemas]) -> None:
    found = schemas(Pet=PET, Cat=OPEN, Dog=OPEN)
    judge = found.validator("Pet")

    assert judge.is_valid({"kind": "cat"})
    assert judge.is_valid({"kind": "Dog"})
    assert not judge.is_valid({"kind": "fish"})
    assert not judge.is_valid({})


def test_what_is_made_bears_the_mapped_name(schemas: Callable[..., Schemas]) -> None:
    closed = [
        {
            **OPEN,
            "required": [name],
            "additionalProperties": False,
            "properties": {"kind": {"type": "string"}, name: {}},
        }
        for name in ("meow", "bark")
    ]
    make = schemas(Pet=PET, Cat=closed[0], Dog=closed[1]).validator("Pet", purpose=MAKE)

    assert make.is_valid({"kind": "cat", "meow": 1})
    assert not make.is_valid({"kind": "dog", "meow": 1})
    assert not make.is_valid({"kind": "Cat", "meow": 1})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "uuid"}, {"minLength": "3"}, {"maxItems": -1}, {"multipleOf": 0}, {"enum": []}, {"enum": "a"}, {"properties": []},
        {"items": "string"}, {"allOf": {}, "minimum": "1"}, {"oneOf": [1]}, {"properties": {"a": "string"}},
    ],
)  # fmt: skip
def test_a_keyword_that_makes_no_sense_is_noted_and_passed_over(
    schemas: Callable[..., Schemas], schema: object
) -> None:
    found = schemas(X=schema)

    assert found.validator("X").is_valid({"a": 1}) or found.validator("X").is_valid("a")
    assert "document-keyword-malformed" in found.rules()


def test_a_pattern_that_is_none_is_noted_and_a_literal_of_javascript_is_read(schemas: Callable[..., Schemas]) -> None:
    found = schemas(X={"type": "string", "pattern": "("}, Y={"type": "string", "pattern": "/^a+$/i"})

    assert found.validator("X").is_valid("anything")
    assert found.validator("Y").is_valid("aa")
    assert not found.validator("Y").is_valid("b")
    assert found.rules() == ["document-pattern-invalid", "document-pattern-invalid"]


def test_a_reference_that_leads_nowhere_constrains_nothing_and_is_noted(schemas: Callable[..., Schemas]) -> None:
    found = schemas(X={"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Nowhere"}}})

    assert found.validator("X").is_valid({"a": 1})
    assert found.rules() == ["document-reference-unresolvable"]


def test_a_violation_names_its_place_in_the_document(schemas: Callable[..., Schemas]) -> None:
    found = schemas(
        X={"type": "array", "items": {"$ref": "#/components/schemas/S"}},
        S={"type": "object", "properties": {"n": {"type": "integer"}}},
    )

    violation = found.validator("X").check([{"n": 1}, {"n": "x"}])[0]

    assert violation.instance == ("1", "n")
    assert violation.place.pointer == ("components", "schemas", "S", "properties", "n", "type")
    assert violation.keyword == "type"


def test_recursive_schemas_judge_recursive_values(schemas: Callable[..., Schemas]) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/X"}, "n": {"type": "integer"}}}
    validator = schemas(X=node).validator("X")

    assert validator.is_valid({"next": {"next": {"n": 1}}})
    assert not validator.is_valid({"next": {"next": {"n": "x"}}})


def test_a_schema_that_is_nested_too_deeply_is_an_error_and_not_a_crash(schemas: Callable[..., Schemas]) -> None:
    schema: dict[str, object] = {}
    for _ in range(400):
        schema = {"not": schema}

    with pytest.raises(UnusableSchema, match="nested"):
        schemas(X=schema).validator("X")


def test_schemas_of_the_same_name_in_different_files_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Item: {type: string}\nList: {type: array, items: {$ref: '#/Item'}}\n")
    (tmp_path / "b.yaml").write_text("Item: {type: integer}\nList: {type: array, items: {$ref: '#/Item'}}\n")
    (tmp_path / "d.yaml").write_text(
        "openapi: 3.0.3\ninfo: {title: '', version: ''}\npaths: {}\nx: {properties: {a: {$ref: 'a.yaml#/List'}, b: {$ref: 'b.yaml#/List'}}}\n"
    )
    document = load(tmp_path / "d.yaml")
    sets = SchemaSets(document.references, False, Syntax(pattern_ok))
    validator = Validator(sets.of(Direction.RESPONSE, JUDGE).bundle(document.root.child("x")))

    assert validator.is_valid({"a": ["x"], "b": [1]})
    assert not validator.is_valid({"a": [1]})
    assert not validator.is_valid({"b": ["x"]})


# 1.0 is an integer in JSON Schema, and none in the draft that OpenAPI 3.0 stands on: we read it in the newer way
fractions = st.floats(-5, 5).filter(lambda number: not number.is_integer())
scalars = st.none() | st.booleans() | st.integers(-5, 5) | fractions | st.sampled_from(["", "a", "abc", "2026-01-01"])
instances = st.recursive(
    scalars, lambda c: st.lists(c, max_size=3) | st.dictionaries(st.sampled_from("abc"), c, max_size=3), max_leaves=6
)
leaves = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean"])},
    optional={
        "minimum": st.integers(-3, 3), "maximum": st.integers(-3, 3), "exclusiveMinimum": st.booleans(), "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3), "pattern": st.sampled_from(["^a", "b$"]), "multipleOf": st.sampled_from([1, 2, 0.5]),
        "nullable": st.booleans(),
    },
)  # fmt: skip
schema_objects = st.recursive(
    leaves,
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3)},
        optional={"required": st.lists(st.sampled_from("abc"), min_size=1, unique=True), "additionalProperties": st.booleans() | inner, "maxProperties": st.integers(0, 3)},
    )
    | st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 2), "uniqueItems": st.booleans()})
    | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"not": inner}),
    max_leaves=5,
)  # fmt: skip


@given(schema_objects, st.lists(instances, min_size=1, max_size=6))
def test_verdicts_are_those_of_an_independent_validator_of_openapi_3_0(
    folder: Path, schema: dict[str, object], values: list[object]
) -> None:
    ours = Schemas(folder, "3.0.3", {"X": schema}).validator("X")
    theirs = OAS30Validator(schema)

    for value in values:
        assert ours.is_valid(value) == theirs.is_valid(value)


@given(instances | st.floats(-5, 5))
def test_a_type_is_told_as_json_schema_does(value: object) -> None:
    for type_ in ("null", "boolean", "object", "array", "number", "string", "integer"):
        assert is_type(value, type_) == Draft202012Validator({"type": type_}).is_valid(value)


def test_null_is_let_in_beside_what_decides_alone() -> None:
    assert with_null({"type": ["string"], "enum": ["a"]}) == {"type": ["string", "null"], "enum": ["a", None]}
    assert with_null({"$ref": "#/$defs/X"}) == {"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]}


def test_the_schema_of_json_schema_is_known_without_a_network(schemas: Callable[..., Schemas]) -> None:
    validator = schemas("3.1.0", X={"$ref": "https://json-schema.org/draft/2020-12/schema"}).validator("X")

    assert validator.is_valid({"type": "object", "properties": {"a": {"minLength": 1}}})
    assert not validator.is_valid({"properties": {"a": {"minLength": -1}}})


LIST = {"$id": "list", "type": "array", "items": {"$dynamicRef": "#item"}, "$defs": {"any": {"$dynamicAnchor": "item"}}}


def list_of(type_: str) -> dict[str, object]:
    return {"$id": f"list-of-{type_}", "$ref": "list", "$defs": {"item": {"$dynamicAnchor": "item", "type": type_}}}


def test_a_generic_schema_is_read_anew_for_each_that_binds_it(schemas: Callable[..., Schemas]) -> None:
    found = schemas("3.1.0", L=LIST, S=list_of("string"), N=list_of("number"))

    assert [found.validator(name).is_valid(["a"]) for name in "LSN"] == [True, True, False]
    assert [found.validator(name).is_valid([1]) for name in "LSN"] == [True, False, True]


def test_a_dynamic_reference_that_leads_nowhere_is_noted(schemas: Callable[..., Schemas]) -> None:
    found = schemas("3.1.0", X={"type": "integer", "$dynamicRef": "#nowhere"})

    assert found.validator("X").is_valid(1)
    assert found.rules() == ["document-reference-unresolvable"]


def test_dynamic_references_that_multiply_are_an_error_and_no_endless_task(schemas: Callable[..., Schemas]) -> None:
    parts: dict[str, object] = {"S12": {"type": "string"}}
    for step in range(12):
        parts[f"S{step}"] = {"anyOf": [{"$ref": f"one-{step}"}, {"$ref": f"two-{step}"}]}
        for word in ("one", "two"):
            bound = {"x": {"$dynamicAnchor": f"a{step}"}}
            parts[f"{word}{step}"] = {
                "$id": f"{word}-{step}",
                "$defs": bound,
                "$ref": f"d.json#/components/schemas/S{step + 1}",
            }

    with pytest.raises(UnusableSchema, match="dynamic references"):
        schemas("3.1.0", **parts).validator("S0")


SLOT = {"$dynamicAnchor": "slot"}
GENERIC = {
    "User": {"type": "object", "required": ["login"]}, "Team": {"type": "object", "required": ["team"]},
    "Page": {"$defs": {"slot": {**SLOT, "not": {}}}, "type": "array", "items": {"$dynamicRef": "#slot"}},
    "Users": {"$ref": "#/components/schemas/Page", "$defs": {"slot": {**SLOT, "$ref": "#/components/schemas/User"}}},
    "Teams": {"$ref": "#/components/schemas/Page", "$defs": {"any": {**SLOT, "$ref": "#/components/schemas/Team"}}},
    "Both": {"type": "object", "properties": {name.lower(): {"$ref": f"#/components/schemas/{name}"} for name in ("Users", "Teams")}},
}  # fmt: skip


def test_an_anchor_that_stands_twice_is_bound_beside_the_reference_and_warned_of(
    schemas: Callable[..., Schemas],
) -> None:
    found = schemas("3.1.0", **GENERIC)
    users, teams, both, page = (found.validator(name) for name in ("Users", "Teams", "Both", "Page"))

    assert (users.is_valid([{"login": 1}]), users.is_valid([{"team": 1}])) == (True, False)
    assert (teams.is_valid([{"team": 1}]), teams.is_valid([{"login": 1}])) == (True, False)
    assert both.is_valid({"users": [{"login": 1}], "teams": [{"team": 1}]})
    assert not both.is_valid({"users": [{"team": 1}]})
    assert (page.is_valid([]), page.is_valid([1])) == (True, False)
    assert set(found.rules()) == {"document-anchor-duplicate"}
