"""Hypothesis strategies: what they draw conforms, it shrinks to little, and recursion ends."""

from pathlib import Path

import orjson
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from jsonschema import Draft202012Validator, FormatChecker

import mock_server
from mock_server.api import judge
from mock_server.errors import UsageError
from mock_server.generate.engine import Engine
from mock_server.generate.hypothesis import value_strategy
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.paths import DOCUMENT

CHARGER = mock_server.load(DOCUMENT)
OPERATION = CHARGER.operation(CHARGER.entries[0])
SCHEMA = (
    Engine(CHARGER, Settings())
    .schemas.of(Direction.RESPONSE, Purpose.JUDGE)
    .bundle(OPERATION.responses[0].content[0].schema)
    .schema
)
JUDGE = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


@given(mock_server.responses(CHARGER, "getAuthorisedUsersForCharger"))
def test_every_response_conforms(body: object) -> None:
    assert [error.message for error in JUDGE.iter_errors(body)] == []


@given(mock_server.requests(CHARGER, "getAuthorisedUsersForCharger"))
def test_every_request_conforms(request: object) -> None:
    assert [found for found in judge(CHARGER, request) if found.level.name == "ERROR"] == []


def of(folder: Path, schema: object, schemas: dict | None = None) -> st.SearchStrategy:
    path = folder / "d.json"
    path.write_bytes(
        orjson.dumps(minimal({"/a": {"get": operation(schema)}}, "3.1.0", components={"schemas": schemas or {}}))
    )
    return mock_server.responses(mock_server.load(path), "op")


TREE = {"Tree": {"type": "object", "required": ["name", "children"], "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}}  # fmt: skip


@pytest.mark.long
def test_what_is_found_shrinks_to_the_smallest_of_its_kind(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 3}, "tags": {"type": "array", "items": {"type": "string"}}, "note": {"type": "string"}}}  # fmt: skip
    strategy = of(tmp_path, schema)

    assert find(strategy, lambda value: True) == {"n": 3}
    assert find(strategy, lambda value: value["n"] > 1_000) == {"n": 1_001}
    # Hypothesis need not try to leave an optional key out once it is as small as it can be
    assert {"note": "", **find(strategy, lambda value: len(value.get("tags", [])) > 1)} == {
        "n": 3,
        "tags": ["", ""],
        "note": "",
    }


@pytest.mark.long
def test_recursion_ends_and_shrinks(tmp_path: Path) -> None:
    strategy = of(tmp_path, {"$ref": "#/components/schemas/Tree"}, TREE)

    assert find(strategy, lambda tree: tree["children"]) == {"name": "", "children": [{"name": "", "children": []}]}


def test_a_bounded_list_of_what_recursion_ends_with_is_empty(tmp_path: Path) -> None:
    children = {"type": "array", "maxItems": 3, "items": {"$ref": "#/components/schemas/Step"}}
    step = {
        "type": "object",
        "required": ["at"],
        "properties": {"at": {"type": "string", "format": "date-time"}, "next": children},
    }
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(minimal({"/a": {"get": operation(step)}}, components={"schemas": {"Step": step}})))
    kit = Engine(mock_server.load(path), Settings())
    op = kit.document.operation(kit.document.entries[0])
    schema = op.responses[0].content[0].schema
    values = value_strategy(kit, schema, Direction.REQUEST)

    with pytest.raises(NoSuchExample):
        find(values, lambda value: len(value.get("next", [])) > 3, settings=settings(max_examples=500, database=None))


CASES = [
    {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 100}, {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}, {"type": "string", "format": "date-time"}, {"type": ["string", "null"], "minLength": 2},
    {"type": "array", "uniqueItems": True, "minItems": 2, "items": {"type": "integer"}}, {"type": "array", "prefixItems": [{"const": 1}], "minItems": 1},
    {"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 3}]}, {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"enum": [1, 2]}}}]},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2}, {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
    {"not": {"type": "string"}}, True, {"type": "array", "contains": {"const": 1}},
]  # fmt: skip


@pytest.mark.parametrize("schema", CASES, ids=lambda schema: str(schema)[:50])
def test_every_kind_of_schema_has_a_strategy(tmp_path: Path, schema: object) -> None:
    checked = Draft202012Validator(schema, format_checker=FormatChecker())

    @settings(max_examples=25)
    @given(of(tmp_path, schema))
    def conforms(value: object) -> None:
        assert [error.message for error in checked.iter_errors(value)] == []

    conforms()


def test_an_operation_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="no operation"):
        mock_server.responses(CHARGER, "nothing")
    with pytest.raises(UsageError, match="no JSON schema"):
        mock_server.responses(CHARGER, "getAuthorisedUsersForCharger", 401)


def test_the_catalogue_is_iterated_rule_by_rule() -> None:
    records = mock_server.catalogue(CHARGER, "getAuthorisedUsersForCharger", kinds=("invalid",))

    for _, record in zip(range(40), records, strict=False):
        assert not record.valid
        assert record.breaks
