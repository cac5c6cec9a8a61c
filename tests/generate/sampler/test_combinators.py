"""Alternatives: each is made as a whole, and what is said of one says nothing of another."""

from collections.abc import Callable

import orjson
import pytest
from jsonschema import Draft202012Validator

from mock_server import load
from mock_server.generate.engine import Engine
from mock_server.generate.producer import SampleOptions
from mock_server.settings import Settings

TEXT = {"type": "string"}


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list]:
    path = tmp_path_factory.mktemp("alternatives") / "d.json"

    def make(schema: dict, components: dict | None = None, count: int = 24) -> list:
        content = {"application/json": {"schema": schema}}
        paths = {"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
        document = {
            "openapi": "3.1.0",
            "info": {"title": "", "version": ""},
            "paths": paths,
            "components": {"schemas": components or {}},
        }
        path.write_bytes(orjson.dumps(document))
        opened = load(path)
        operation = opened.operation(opened.entries[0])
        producer = Engine(opened, Settings()).producer(operation.responses[0].content[0].schema, operation)
        return [producer.produce(SampleOptions(seed)) for seed in range(count)]

    return make


def event(kind: str, **properties: object) -> dict:
    data = {"type": "object", "required": [next(iter(properties))], "properties": properties}
    return {"type": "object", "required": ["type", "data"], "properties": {"type": {"enum": [kind]}, "data": data}}


CREATED = event("created", id={**TEXT, "example": "new_123456"}, email={**TEXT, "example": "a@example.com"})
DELETED = event("deleted", id={**TEXT, "example": "gone_123456"}, at={**TEXT, "format": "date-time"}, note={})
NAMES = {"created": {"id", "email"}, "deleted": {"id", "at", "note"}}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize("around", [None, "property", "items", "component"])
def test_the_data_of_an_event_has_nothing_of_another(
    values: Callable[..., list], word: str, around: str | None
) -> None:
    either: dict = {word: [CREATED, DELETED]}
    if around == "property":
        made = [
            value["event"]
            for value in values({"type": "object", "required": ["event"], "properties": {"event": either}})
        ]
    elif around == "items":
        made = [event for value in values({"type": "array", "minItems": 2, "items": either}) for event in value]
    elif around == "component":
        made = values({"$ref": "#/components/schemas/Event"}, {"Event": either})
    else:
        made = values(either)

    assert {each["type"] for each in made} == {"created", "deleted"}
    assert all(set(each["data"]) == NAMES[each["type"]] for each in made)
    assert all(each["data"]["id"].startswith("new_" if each["type"] == "created" else "gone_") for each in made)


def test_a_property_that_alternatives_and_the_object_around_describe_has_the_parts_of_its_own(
    values: Callable[..., list],
) -> None:
    around = {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "object", "properties": {"always": {}}}},
    }
    made = values({**around, "oneOf": [CREATED, DELETED]})

    assert all(set(each["data"]) == {"always", *NAMES[each["type"]]} for each in made)


WHOLE, FRACTION = {"type": "integer"}, {"type": "number", "format": "float"}


@pytest.mark.parametrize(
    "branches",
    [
        [WHOLE, FRACTION],
        [FRACTION, WHOLE],
        [{"type": "integer", "format": "int32"}, {"type": "number", "format": "double"}],
        [TEXT, WHOLE, FRACTION],
    ],
)
def test_of_whole_numbers_or_floats_what_is_made_is_one_of_them_for_every_validator(
    values: Callable[..., list], branches: list
) -> None:
    judge = Draft202012Validator({"oneOf": branches})
    made = values({"oneOf": branches})

    assert [value for value in made if not judge.is_valid(value)] == []
    assert all(abs(value) < 1e6 for value in made if not isinstance(value, str))


THING = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}
GONE = {
    "type": "object",
    "required": ["id", "deleted"],
    "properties": {"id": TEXT, "deleted": {"type": "boolean", "enum": [True]}},
}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize("inline", [True, False])
def test_what_is_asked_for_is_not_deleted_where_it_may_be_either(
    values: Callable[..., list], word: str, inline: bool
) -> None:
    branches = (
        [GONE, THING] if inline else [{"$ref": "#/components/schemas/Gone"}, {"$ref": "#/components/schemas/Thing"}]
    )
    made = values({word: branches}, {"Gone": GONE, "Thing": THING})

    assert all("name" in value for value in made)
    assert all(value["deleted"] for value in values(GONE, count=3))
