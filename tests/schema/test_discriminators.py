"""Discriminators: wherever OpenAPI has them, the schema that a value names decides what it has to be and what is made."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server import load
from mock_server.generate.engine import Engine
from mock_server.generate.producer import SampleOptions
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.validate import Validator
from mock_server.settings import Settings

REF = "#/components/schemas/"
BEAST = {
    "type": "object",
    "required": ["sort", "name"],
    "properties": {"sort": {"type": "string"}, "name": {"type": "string"}},
}
DOG = {"type": "object", "required": ["pack"], "properties": {"pack": {"type": "integer"}}}
CAT = {"type": "object", "required": ["skill"], "properties": {"skill": {"enum": ["lazy", "keen"]}}}


def extending(parent: str, own: dict, **more: object) -> dict:
    return {"allOf": [{"$ref": REF + parent}, own], **more}


def parent(mapping: dict | None = None, **more: object) -> dict:
    return {**BEAST, "discriminator": {"propertyName": "sort", **({"mapping": mapping} if mapping else {})}, **more}


def either(word: str, mapping: dict | None = None, *names: str, **more: object) -> dict:
    branches = [{"$ref": REF + name} for name in names or ("Dog", "Cat")]
    return {
        word: branches,
        "discriminator": {"propertyName": "sort", **({"mapping": mapping} if mapping else {})},
        **more,
    }


PLAIN = {"Base": BEAST, "Dog": extending("Base", DOG), "Cat": extending("Base", CAT)}
FAMILY = {"Dog": extending("Beast", DOG), "Cat": extending("Beast", CAT)}
SORTED = {**BEAST, "properties": {**BEAST["properties"], "sort": {"type": "string", "enum": ["dog", "cat", "fish"]}}}
dog, cat = {"name": "a", "pack": 1}, {"name": "a", "skill": "keen"}

# version, components, the schema, values that are right, values that are wrong, the values of `sort` that are made
CASES = {
    "in a parent, by name": (
        "3.0.3", {"Beast": parent(), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "Dog", **dog}, {"sort": "Cat", **cat}, {"sort": "Beast", "name": "a"}], [{"sort": "Dog", "name": "a"}, {"sort": "zzz", "name": "a"}], {"Dog", "Cat"},
    ),
    "in a parent, mapped by reference": (
        "3.0.3", {"Beast": parent({"dog": REF + "Dog"}), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "dog", **dog}, {"sort": "Cat", **cat}], [{"sort": "dog", **cat}, {"sort": "zzz", **dog}], {"dog", "Cat"},
    ),
    "in a parent, mapped by name": (
        "3.0.3", {"Beast": parent({"d": "Dog", "c": "Cat"}), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "d", **dog}, {"sort": "c", **cat}], [{"sort": "d", "name": "a"}, {"sort": "x", **dog}], {"d", "c"},
    ),
    "in a parent, two names for one child": (
        "3.0.3", {"Beast": parent({"dog": "Dog", "hound": "Dog", "cat": "Cat"}), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "hound", **dog}, {"sort": "dog", **dog}], [{"sort": "hound", **cat}], {"dog", "hound", "cat"},
    ),
    "in a parent of 3.1": (
        "3.1.0", {"Beast": parent(), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "Dog", **dog}], [{"sort": "Dog", "name": "a"}, {"sort": "zzz", "name": "a"}], {"Dog", "Cat"},
    ),
    "in a parent whose children are a list": (
        "3.0.3", {"Beast": parent(), **FAMILY}, {"type": "array", "minItems": 4, "items": {"$ref": REF + "Beast"}},
        [[{"sort": "Dog", **dog}, {"sort": "Cat", **cat}] * 2], [[{"sort": "Dog", "name": "a"}] * 4], {"Dog", "Cat"},
    ),
    "in a grandparent": (
        "3.0.3", {"Beast": parent(), **FAMILY, "Puppy": extending("Dog", {"type": "object", "required": ["toys"], "properties": {"toys": {"type": "integer"}}})},
        {"$ref": REF + "Beast"}, [{"sort": "Puppy", **dog, "toys": 2}], [{"sort": "Puppy", **dog}, {"sort": "Puppy", "name": "a", "toys": 2}], {"Dog", "Cat", "Puppy"},
    ),
    "in a parent, the child itself": (
        "3.0.3", {"Beast": parent({"dog": "Dog"}), **FAMILY}, {"$ref": REF + "Dog"}, [{"sort": "dog", **dog}], [{"sort": "dog", "name": "a"}], {"dog"},
    ),
    "in a parent, children beside oneOf without a discriminator": (
        "3.0.3", {"Beast": parent({"dog": "Dog", "cat": "Cat"}), **FAMILY}, {"oneOf": [{"$ref": REF + "Dog"}, {"$ref": REF + "Cat"}]},
        [{"sort": "dog", **dog}, {"sort": "cat", **cat}], [{"sort": "dog", "name": "a"}], {"dog", "cat"},
    ),
    "in a parent that lists its children, who extend it": (
        "3.0.3", {"Beast": parent(oneOf=[{"$ref": REF + "Dog"}, {"$ref": REF + "Cat"}]), **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "Dog", **dog}, {"sort": "Cat", **cat}], [{"sort": "Dog", "name": "a"}], {"Dog", "Cat"},
    ),
    "in a parent that lists other words": (
        "3.0.3", {"Beast": {**parent(), **SORTED}, **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "dog", **dog}, {"sort": "fish", "name": "a"}], [{"sort": "bird", "name": "a"}], {"dog", "cat", "fish"},
    ),
    "in a parent, shown through a wrapper": (
        "3.0.3", {"Beast": parent(), **FAMILY}, {"allOf": [{"$ref": REF + "Beast"}], "description": "The pet"},
        [{"sort": "Dog", **dog}], [{"sort": "Dog", "name": "a"}, {"sort": "zzz", "name": "a"}], {"Dog", "Cat"},
    ),
    "in a parent without children": (
        "3.0.3", {"Beast": parent()}, {"$ref": REF + "Beast"}, [{"sort": "zzz", "name": "a"}], [{"sort": "a"}], None,
    ),
    "in a parent, children that say which they are": (
        "3.0.3", {"Beast": parent(), "Dog": extending("Beast", {**DOG, "properties": {**DOG["properties"], "sort": {"enum": ["DOG"]}}}), "Cat": FAMILY["Cat"]},
        {"$ref": REF + "Beast"}, [{"sort": "DOG", **dog}], [{"sort": "DOG", "name": "a"}], {"DOG", "Cat"},
    ),
    "of 2.0": (
        "2.0", {"Beast": {**BEAST, "discriminator": "sort"}, **FAMILY}, {"$ref": REF + "Beast"},
        [{"sort": "Dog", **dog}, {"sort": "Cat", **cat}], [{"sort": "Dog", "name": "a"}, {"sort": "zzz", "name": "a"}], {"Dog", "Cat"},
    ),
    "of 2.0, with the names of Azure": (
        "2.0", {"Beast": {**BEAST, "discriminator": "sort"}, "Dog": extending("Beast", DOG, **{"x-ms-discriminator-value": "#Zoo.Dog"}), "Cat": FAMILY["Cat"]},
        {"$ref": REF + "Beast"}, [{"sort": "#Zoo.Dog", **dog}], [{"sort": "#Zoo.Dog", "name": "a"}], {"#Zoo.Dog", "Cat"},
    ),
    "beside oneOf, by name": (
        "3.0.3", {**PLAIN, "Beast": either("oneOf")}, {"$ref": REF + "Beast"},
        [{"sort": "Dog", **dog}, {"sort": "Dog", **dog, "skill": "keen"}], [{"sort": "Dog", **cat}, {"sort": "Dog", "name": "a"}], {"Dog", "Cat"},
    ),
    "beside oneOf, mapped by reference": (
        "3.0.3", {**PLAIN, "Beast": either("oneOf", {"d": REF + "Dog", "c": REF + "Cat"})}, {"$ref": REF + "Beast"},
        [{"sort": "d", **dog}, {"sort": "c", **cat}], [{"sort": "d", **cat}], {"d", "c"},
    ),
    "beside oneOf, branches that require nothing of their own": (
        "3.0.3", {**PLAIN, "Dog": extending("Base", {"properties": {"pack": {"type": "integer"}}}), "Cat": extending("Base", {"properties": {"skill": {"type": "string"}}}), "Beast": either("oneOf")},
        {"type": "array", "minItems": 3, "items": {"$ref": REF + "Beast"}},
        [[{"sort": "Dog", "name": "a"}, {"sort": "Cat", "name": "a"}, {"sort": "Dog", **dog}]], [[{"sort": "Dog", "name": "a", "pack": "x"}] * 3], {"Dog", "Cat"},
    ),
    "beside anyOf": (
        "3.0.3", {**PLAIN, "Beast": either("anyOf", {"d": "Dog", "c": "Cat"})}, {"$ref": REF + "Beast"},
        [{"sort": "d", **dog}], [{"sort": "d", **cat}], {"d", "c"},
    ),
    "beside oneOf of inline branches that say which they are": (
        "3.0.3", {}, {"oneOf": [{"type": "object", "required": ["sort", "pack"], "properties": {"sort": {"enum": [name]}, "pack": {"type": "integer"}}} for name in ("d", "c")],
                      "discriminator": {"propertyName": "sort"}},
        [{"sort": "d", "pack": 1}, {"sort": "c", "pack": 1}], [{"sort": "d"}, {"sort": "x", "pack": 1}], {"d", "c"},
    ),
    "beside oneOf, in a property": (
        "3.0.3", {**PLAIN, "Beast": either("oneOf")}, {"type": "object", "required": ["pet"], "properties": {"pet": {"$ref": REF + "Beast"}}},
        [{"pet": {"sort": "Dog", **dog}}], [{"pet": {"sort": "Cat", **dog}}], {"Dog", "Cat"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple]:
    folder = tmp_path_factory.mktemp("discriminators")
    known: dict[str, tuple] = {}

    def find(name: str) -> tuple:
        if name not in known:
            version, components, schema, *_ = CASES[name]
            path = folder / f"{len(known)}.json"
            path.write_text(json.dumps(write(version, components, schema)))
            document = load(path)
            operation = document.operation(document.entries[0])
            kit = Engine(document, Settings())
            nodes = {
                Direction.RESPONSE: operation.responses[0].content[0].schema,
                Direction.REQUEST: operation.request_body.content[0].schema,
            }
            known[name] = (kit, operation, nodes)
        return known[name]

    return find


def write(version: str, components: dict, schema: dict) -> dict:
    info = {"title": "", "version": ""}
    if version != "2.0":
        content = {"content": {"application/json": {"schema": schema}}}
        return {
            "openapi": version, "info": info, "components": {"schemas": components},
            "paths": {"/": {"post": {"requestBody": content, "responses": {"200": {"description": "", **content}}}}},
        }  # fmt: skip
    body = {"in": "body", "name": "body", "schema": schema}
    operation = {"parameters": [body], "responses": {"200": {"description": "", "schema": schema}}}
    written = {
        "swagger": version,
        "info": info,
        "definitions": components,
        "produces": ["application/json"],
        "paths": {"/": {"post": operation}},
    }
    return json.loads(json.dumps(written).replace(REF, "#/definitions/"))


def sorts(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(sorts, value))
    assert isinstance(value, dict)
    return {value["sort"]} if "sort" in value else sorts(next(iter(value.values())))


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", CASES)
def test_a_value_has_to_be_what_it_says_that_it_is(
    opened: Callable[[str], tuple], name: str, direction: Direction
) -> None:
    kit, _, nodes = opened(name)
    judge = Validator(kit.schemas.of(direction, Purpose.JUDGE).bundle(nodes[direction]))
    _, _, _, right, wrong, _ = CASES[name]

    assert [value for value in right if not judge.is_valid(value)] == []
    assert [value for value in wrong if judge.is_valid(value)] == []


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", CASES)
def test_what_is_made_names_a_schema_and_conforms_to_it(
    opened: Callable[[str], tuple], name: str, direction: Direction
) -> None:
    kit, operation, nodes = opened(name)
    judge = Validator(kit.schemas.of(direction, Purpose.JUDGE).bundle(nodes[direction]))
    producer = kit.producer(nodes[direction], operation, direction=direction)
    values = [producer.produce(SampleOptions(seed)) for seed in range(40)]

    assert all(map(judge.is_valid, values))
    assert CASES[name][5] in {None, frozenset(set().union(*map(sorts, values)))}


def test_a_parent_in_a_file_of_its_own_finds_its_children(tmp_path: Path) -> None:
    (tmp_path / "Beast.json").write_text(
        json.dumps(
            {**BEAST, "discriminator": {"propertyName": "sort", "mapping": {"dog": "Dog.json", "cat": "./Cat.json"}}}
        )
    )
    for name, own in (("Dog", DOG), ("Cat", CAT)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"allOf": [{"$ref": "Beast.json"}, own]}))
    (tmp_path / "d.json").write_text(json.dumps(write("3.0.3", {}, {"$ref": "Beast.json"})))
    document = load(tmp_path / "d.json")
    operation = document.operation(document.entries[0])
    producer = Engine(document, Settings()).producer(operation.responses[0].content[0].schema, operation)

    values = [producer.produce(SampleOptions(seed)) for seed in range(30)]

    assert {(value["sort"], "pack" in value, "skill" in value) for value in values} == {
        ("dog", True, False),
        ("cat", False, True),
    }


def test_values_that_only_a_discriminator_tells_apart_are_all_made(opened: Callable[[str], tuple]) -> None:
    kit, operation, nodes = opened("beside oneOf, branches that require nothing of their own")
    producer = kit.producer(nodes[Direction.RESPONSE], operation)

    assert all(len(producer.produce(SampleOptions(seed, size=5))) == 5 for seed in range(20))
