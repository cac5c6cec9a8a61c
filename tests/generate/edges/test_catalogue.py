"""The catalogue: every assertion of a schema is broken alone, every bound is met, and the `jsonschema` package agrees."""

import time
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

import mock_server
from mock_server import pausing
from mock_server.errors import SchemaError
from mock_server.generate.edges.apply import Editor
from mock_server.generate.edges.catalogue import KINDS, Catalogue
from mock_server.generate.edges.invalid import lengthen
from mock_server.generate.edges.proof import EdgeSubject
from mock_server.generate.engine import Engine
from mock_server.pausing import OutOfTime
from mock_server.schema.assertions import BrokenAssertion, translated
from mock_server.schema.formats import CHECKS
from mock_server.schema.locations import walk
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.paths import DOCUMENT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


def subject_of(folder: Path, schema: object, schemas: dict | None = None, version: str = "3.1.0") -> EdgeSubject:
    path = folder / "d.json"
    path.write_bytes(
        orjson.dumps(minimal({"/a": {"get": operation(schema)}}, version, components={"schemas": schemas or {}}))
    )
    document = mock_server.load(path)
    found = document.operation(document.entries[0])
    return EdgeSubject(Engine(document, Settings()).producer(found.responses[0].content[0].schema, found))


def charger(response: int = 0) -> EdgeSubject:
    document = mock_server.load(DOCUMENT)
    found = document.operation(document.entries[0])
    return EdgeSubject(
        Engine(document, Settings()).producer(found.responses[response].content[0].schema, found, name="users")
    )


def judge_by(schema: object) -> Draft202012Validator:
    """The `jsonschema` package, with all its formats and those that only OpenAPI has."""
    formats = FormatChecker()
    for name, check in CHECKS.items():
        formats.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
    return Draft202012Validator(schema, format_checker=formats)


def broken(judge: Draft202012Validator, value: object) -> set[BrokenAssertion]:
    return {translated(error) for error in judge.iter_errors(value)}


# Each with the assertions that have to be broken: keyword and where.
SCHEMAS = [
    ({"type": "string", "minLength": 2, "maxLength": 4}, {"type", "minLength", "maxLength"}),
    ({"type": "string", "pattern": "^[a-z]+$", "maxLength": 5}, {"type", "pattern", "maxLength"}),
    ({"type": "string", "pattern": "^a{2,}$", "minLength": 4}, {"type", "pattern", "minLength"}),
    ({"type": "string", "format": "date"}, {"type", "format"}), ({"type": "string", "format": "uuid"}, {"type", "format"}),
    ({"type": "string", "format": "uri", "maxLength": 30}, {"type", "format", "maxLength"}),
    ({"type": "string", "format": "ipv4"}, {"type", "format"}), ({"type": "string", "format": "email"}, {"type", "format"}),
    ({"type": "string", "format": "date-time"}, {"type", "format"}), ({"type": "string", "format": "byte"}, {"type", "format"}),
    ({"type": "integer", "minimum": 3, "maximum": 9}, {"type", "minimum", "maximum"}),
    ({"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5}, {"type", "exclusiveMinimum", "multipleOf"}),
    ({"type": "number", "minimum": 0.5, "exclusiveMaximum": 0.75}, {"type", "minimum", "exclusiveMaximum"}),
    ({"type": "number", "multipleOf": 0.25, "minimum": 1}, {"type", "multipleOf", "minimum"}),
    ({"type": "integer", "format": "int64"}, {"type", "minimum", "maximum"}),
    ({"enum": ["a", "b"]}, {"enum"}), ({"type": "string", "enum": ["a"]}, {"type", "enum"}), ({"const": 7}, {"const"}),
    ({"type": ["integer", "null"], "minimum": 0}, {"type", "minimum"}), ({"type": "boolean"}, {"type"}),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}, {"type", "minItems", "maxItems"}),
    ({"type": "array", "uniqueItems": True, "items": {"type": "string"}}, {"type", "uniqueItems"}),
    ({"type": "array", "contains": {"const": 1}}, {"type", "contains", "const"} - {"const"}),
    ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, {"type", "items"}),
    ({"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {}}}, {"type", "required"}),
    ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, {"type", "additionalProperties"}),
    ({"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": {"type": "integer"}}, {"type", "minProperties", "maxProperties"}),
    ({"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}, {"type", "propertyNames"}),
    ({"type": "object", "dependentRequired": {"a": ["b"]}, "properties": {"a": {}, "b": {}}}, {"type", "dependentRequired"}),
    ({"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False}, {"type", "unevaluatedProperties"}),
    ({"type": "string", "not": {"pattern": "^x"}}, {"type", "not"}),
    ({"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]}, {"anyOf", "minimum", "type"}),
    ({"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]}, {"oneOf", "multipleOf", "type"}),
    ({"allOf": [{"type": "integer", "minimum": 1}, {"maximum": 5}]}, {"type", "minimum", "maximum"}),
    ({"type": "object", "properties": {"k": {"enum": [1, 2]}}, "required": ["k"], "if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["x"]}}, {"type", "required", "enum"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "keywords"), SCHEMAS, ids=lambda case: orjson.dumps(case).decode()[:70] if isinstance(case, dict) else ""
)
def test_each_assertion_is_broken_and_nothing_else(folder: Path, schema: dict, keywords: set[str]) -> None:
    subject = subject_of(folder, schema)
    judge = judge_by(subject.judged.bundle.schema)
    catalogue = Catalogue(subject, ("invalid",))

    for edge in catalogue.edges:
        assert broken(judge, subject.proof(edge)) == set(edge.breaks), edge.rule
        assert edge.is_exact is (edge.breaks == (BrokenAssertion(edge.keyword, edge.pointer),))
    missed = {
        missed.keyword: missed.reason
        for missed in catalogue.unreached
        if missed.keyword not in {e.keyword for e in catalogue.edges}
    }
    assert {edge.keyword for edge in catalogue.edges} >= keywords, missed


@pytest.mark.parametrize(
    ("schema", "keywords"), SCHEMAS, ids=lambda case: orjson.dumps(case).decode()[:70] if isinstance(case, dict) else ""
)
def test_what_is_called_valid_is(folder: Path, schema: dict, keywords: set[str]) -> None:
    subject = subject_of(folder, schema)
    judge = judge_by(schema)

    for edge in Catalogue(subject, ("boundary", "extreme", "incoherent")).edges:
        value = subject.proof(edge)
        if "23:59:60" not in str(value):  # Python's calendar has no leap seconds
            assert [error.message for error in judge.iter_errors(value)] == [], edge.rule


@pytest.mark.long
def test_the_charger_document_is_covered_whole() -> None:
    """Each (place, keyword) that asserts something has a payload that breaks it, in both responses."""
    for response in (0, 1):
        subject = charger(response)
        catalogue = Catalogue(subject, ("invalid",))
        covered = {(str(edge.place), edge.keyword) for edge in catalogue.edges}
        asserted = {
            (str(subject.judged.bundle.locate((*part.path, keyword))), keyword)
            for location in walk(subject.judged.bundle)
            for part in location.parts
            for keyword, value in part.schema.items()
            if keyword in {"type", "enum", "minimum", "maximum", "required", "pattern"}
            or (keyword == "format" and value == "date-time")
        }

        assert asserted <= covered
        assert {missed.reason for missed in catalogue.unreached} <= {"the format 'double' asserts nothing"}


@pytest.mark.long
def test_around_realistic_values_each_payload_of_the_charger_is_what_it_says() -> None:
    subject = charger()
    judge = judge_by(subject.judged.bundle.schema)
    base = subject.base(7)

    assert broken(judge, base) == set()
    for edge in Catalogue(subject, ("boundary", "invalid", "incoherent")).edges:
        value = subject.payload(edge, base, 7)

        assert broken(judge, value) == set(edge.breaks), edge.rule
        assert value != subject.proof(edge) or edge.pointer == ()


def test_what_can_not_be_broken_is_listed_with_its_reason(folder: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "format": "color-name"}, "b": {"type": "string", "maxLength": 10**7}},
    }
    catalogue = Catalogue(subject_of(folder, schema), ("invalid",))
    reasons = {missed.rule: missed.reason for missed in catalogue.unreached}

    assert reasons["body/a:format:malformed"] == "the format 'color-name' asserts nothing"
    assert "too much to write" in reasons["body/b:maxLength:more"]


def test_an_enum_of_one_type_breaks_with_its_type_and_says_so(folder: Path) -> None:
    catalogue = Catalogue(subject_of(folder, {"type": "string", "enum": ["a", "b"]}), ("invalid",))
    edges = {edge.rule: edge for edge in catalogue.edges}

    assert edges["body:enum:unlisted"].is_exact
    assert not edges["body:type:null"].is_exact
    assert set(edges["body:type:null"].breaks) == {BrokenAssertion("type", ()), BrokenAssertion("enum", ())}


def test_both_sides_of_every_bound_are_met(folder: Path) -> None:
    schema = {"type": "object", "properties": {
        "text": {"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^[a-z]+$"}, "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
        "items": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "boolean"}}, "kind": {"enum": ["a", "b"]}, "note": {"type": ["string", "null"]},
    }}  # fmt: skip
    subject = subject_of(folder, schema)
    values = [subject.proof(edge) for edge in Catalogue(subject, ("boundary",)).edges]

    assert {len(value["text"]) for value in values if "text" in value} >= {2, 3, 8, 9}
    assert {value["count"] for value in values if "count" in value} >= {1, 2, 8, 9}
    assert {len(value["items"]) for value in values if "items" in value} >= {1, 2, 3, 4}
    assert {value["kind"] for value in values if "kind" in value} == {"a", "b"}
    assert None in [value.get("note", 0) for value in values]


def test_what_is_wrong_in_meaning_is_valid_by_the_schema() -> None:
    rules = {edge.rule: edge for edge in Catalogue(charger(), ("incoherent",)).edges}

    assert "Tag:properties:startDate-after-expiringDate" in rules
    assert "Charger:properties:amountOfSockets-disagrees" in rules
    assert "LocationInfo/latitude:type:beyond-the-pole" in rules
    assert "Driver/tags:items:id-twice" in rules


def test_recursion_is_nested_deep(folder: Path) -> None:
    tree = {
        "Tree": {
            "type": "object",
            "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
        }
    }
    subject = subject_of(folder, {"$ref": "#/components/schemas/Tree"}, tree)
    edge = Catalogue(subject, ("extreme",)).find("Tree:properties:deep")
    depth, value = 0, subject.proof(edge)
    while value.get("children"):
        depth, value = depth + 1, value["children"][0]

    assert depth >= 20


def test_definitions_that_all_refer_to_each_other_are_looked_into_once(folder: Path) -> None:
    others = {f"D{n}": {f"p{m}": {"$ref": f"#/components/schemas/D{m}"} for m in range(40)} for n in range(40)}
    schemas = {name: {"type": "object", "properties": properties} for name, properties in others.items()}
    schemas["Start"] = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/D0"}}}
    catalogue = Catalogue(subject_of(folder, {"$ref": "#/components/schemas/Start"}, schemas), ("extreme",))
    started = time.process_time()

    assert catalogue.find("Start:properties:deep") is None
    assert time.process_time() - started < 30


def test_deep_values_of_alternatives_do_not_keep_the_second_judge_for_ever(folder: Path) -> None:
    kinds = [f"Fish{n}" for n in range(4)]
    siblings = {"type": "array", "items": {"$ref": "#/components/schemas/Fish"}}
    schemas: dict[str, object] = {
        name: {"type": "object", "required": [name], "properties": {name: {"type": "integer"}, "siblings": siblings}}
        for name in kinds
    }
    schemas["Fish"] = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds]}
    catalogue = Catalogue(subject_of(folder, {"$ref": "#/components/schemas/Fish"}, schemas), ("extreme",))
    started = time.process_time()

    assert catalogue.edges
    assert time.process_time() - started < 120


@pytest.mark.long
def test_a_rule_is_found_without_proving_the_others() -> None:
    catalogue = Catalogue(charger())
    edge = catalogue.find("Charger/locationInfo:type:array")
    assert edge is None or edge.keyword == "type"
    found = catalogue.find("Tag/idTag:type:null")

    assert found is not None
    assert catalogue._edges == []
    assert found.rule in {edge.rule for edge in Catalogue(charger(), ("invalid",)).edges}


def test_a_catalogue_that_ran_out_of_time_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [edge.rule for edge in Catalogue(charger(), ("invalid",)).edges]
    catalogue = Catalogue(charger(), ("invalid",))

    with monkeypatch.context() as hurried:
        hurried.setattr(pausing, "SPELL", 0.0)
        with pytest.raises(OutOfTime):
            pausing.at_once(lambda: catalogue.at(len(whole) - 1))

    assert [edge.rule for edge in catalogue.edges] == whole


def test_nothing_is_an_edge_of_what_nothing_can_be(folder: Path) -> None:
    with pytest.raises(SchemaError):
        _ = Catalogue(subject_of(folder, {"type": "string", "minLength": 3, "maxLength": 1})).edges


def test_the_same_catalogue_in_every_process() -> None:
    one, other = charger(1), charger(1)

    for kind in KINDS:
        first, second = Catalogue(one, (kind,)).edges, Catalogue(other, (kind,)).edges
        assert [(edge.rule, one.proof(edge)) for edge in first] == [(edge.rule, other.proof(edge)) for edge in second]


leaves = st.sampled_from(
    [{"type": "string", "minLength": 1}, {"type": "integer", "maximum": 3}, {"type": "boolean"}, {"enum": ["a", 1, None]}, {"type": ["number", "null"]},
     {"type": "string", "format": "date"}, {"type": "string", "pattern": "^[a-f]{2,4}$"}, {"const": "x"}, {}]
)  # fmt: skip
nested = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 2)),
        st.builds(lambda one, other, needed: {"type": "object", "properties": {"a": one, "b": other}, "required": needed}, inner, inner, st.sampled_from([[], ["a"], ["a", "b"]])),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
        st.builds(lambda one: {"allOf": [one]}, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@pytest.mark.long
@given(nested)
def test_labels_hold_for_any_schema(tmp_path_factory: pytest.TempPathFactory, schema: dict) -> None:
    subject = subject_of(tmp_path_factory.mktemp("any"), schema)
    judge = judge_by(schema)
    for edge in Catalogue(subject, ("boundary", "invalid")).edges:
        assert broken(judge, subject.proof(edge)) == set(edge.breaks), edge.rule


def test_a_value_is_nested_in_itself_without_being_made_anew_for_each_level(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time costs the compilation of all that a schema refers to: seconds in a large document."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "text": {"type": "string"}}}
    made: list[object] = []
    produce = Editor.produce
    monkeypatch.setattr(
        Editor,
        "produce",
        lambda shop, schema, *args, **words: (made.append(schema), produce(shop, schema, *args, **words))[1],
    )

    assert any(
        edge.variant == "deep"
        for edge in Catalogue(
            subject_of(folder, {"$ref": "#/components/schemas/Node"}, {"Node": node}), ("extreme",)
        ).edges
    )
    assert len(made) < 20


def test_a_text_of_the_format_time_is_proven(folder: Path) -> None:
    """`payloads` ended with a ValueError: the second judge asked for the times of draft 3, which have no offset."""
    catalogue = Catalogue(subject_of(folder, {"type": "string", "format": "time"}), ("boundary", "invalid"))

    assert {"body:format:midnight", "body:format:malformed"} <= {edge.rule for edge in catalogue.edges}


@given(
    items=st.one_of(
        st.lists(st.text("abcdxyz", min_size=1, max_size=3), unique=True, min_size=1, max_size=5),
        st.lists(st.integers(-3, 9), unique=True, min_size=1, max_size=5),
    ),
    more=st.integers(1, 30),
)
def test_a_list_of_too_many_different_items_has_all_of_them_though_a_copy_is_like_one_that_is_there(
    items: list, more: int
) -> None:
    longer = lengthen(items, len(items) + more, unique=True)

    assert longer[: len(items)] == items
    assert len(set(longer)) == len(longer) == len(items) + more
