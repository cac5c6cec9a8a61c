"""Items by row: an answer put together from kept items is as right, as coherent and as reproducible as one that is drawn."""

import itertools
import json
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
from mock_server.generate.sampler.list_writer import RowCache
from mock_server.settings import Settings
from tests.generate.sampler.test_sampler import schemas

PET = {
    "type": "object",
    "required": ["id", "number", "thingId", "name", "tags", "owner"],
    "properties": {
        "id": {"type": "integer"},
        "number": {"type": "integer", "minimum": 1},
        "thingId": {"type": "string"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "owner": {
            "type": "object",
            "required": ["id", "pets"],
            "properties": {
                "id": {"type": "integer"},
                "pets": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Toy"}},
            },
        },
    },
}
TOY = {
    "type": "object",
    "required": ["name", "ownerId"],
    "properties": {
        "name": {"type": "string"},
        "ownerId": {"type": "integer"},
        "colour": {"enum": ["red", "green", "blue"]},
    },
}
LISTS = {"type": "array", "items": PET}
ECHOES = st.sampled_from([{}, {"thingId": "7"}, {"thingId": 7}, {"thingId": "T-7"}, {"thingId": ""}])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


def producer_of(folder: Path, schema: object, definitions: dict | None = None) -> Producer:
    parameters = [
        {"name": "thingId", "in": "path", "required": True, "schema": {}},
        {"name": "minThing", "in": "query", "schema": {"type": "integer"}},
    ]
    made = {
        "parameters": parameters,
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}},
    }
    document = {
        "openapi": "3.1.0", "info": {"title": "", "version": ""}, "components": {"schemas": definitions or {}},
        "paths": {"/things/{thingId}/all": {"get": made}},
    }  # fmt: skip
    path = folder / "d.json"
    path.write_text(json.dumps(document))
    opened = load(path)
    operation = opened.operation(opened.entries[0])
    return Engine(opened, Settings()).producer(operation.responses[0].content[0].schema, operation)


@pytest.fixture(scope="module")
def pets(folder: Path) -> Producer:
    return producer_of(folder, LISTS, {"Toy": TOY})


@pytest.fixture
def drawn_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[Producer], list[object]]:
    """Count the rows that a producer makes."""

    def watch(producer: Producer) -> list[object]:
        made: list[object] = []
        rows = producer._rows
        assert rows is not None
        make = rows.make
        monkeypatch.setattr(rows, "make", lambda key, echo: made.append(key) or make(key, echo))
        return made

    return watch


@pytest.mark.long
@settings(max_examples=150)
@given(item=schemas, bounds=st.sampled_from([{}, {"minItems": 3}, {"maxItems": 1}, {"minItems": 1, "maxItems": 4}]), seed=st.integers(0, 2**64), echo=ECHOES)  # fmt: skip
def test_what_is_written_conforms_and_is_what_is_produced(
    folder: Path, item: dict, bounds: dict, seed: int, echo: dict
) -> None:
    schema = json.loads(
        json.dumps({"type": "array", "items": item, **bounds}).replace('"a"', '"thingId"').replace('"b"', '"id"')
    )
    producer = producer_of(folder, schema)
    judge = Draft202012Validator(schema, format_checker=FormatChecker())
    for wish in (
        SampleOptions(seed, echo=echo),
        SampleOptions(seed, static=False, echo=echo),
        SampleOptions(seed, size=4, echo=echo),
        SampleOptions(seed, minimal=True),
    ):
        try:
            written = producer.write(wish)
        except UnsatisfiableSchema:
            return
        value = orjson.loads(written)

        assert value == producer.produce(wish)
        assert list(judge.iter_errors(value)) == []


@pytest.mark.long
@given(seeds=st.lists(st.integers(0, 2**64), min_size=2, max_size=8), echo=ECHOES, other=ECHOES)
def test_the_same_bytes_in_every_process_whatever_was_asked_before(
    folder: Path, seeds: list[int], echo: dict, other: dict
) -> None:
    one, another = (producer_of(folder, LISTS, {"Toy": TOY}) for _ in range(2))
    for seed in reversed(seeds):
        another.write(SampleOptions(seed, echo=other))

    assert [one.write(SampleOptions(seed, echo=echo)) for seed in seeds] == [
        another.write(SampleOptions(seed, echo=echo)) for seed in seeds
    ]


def test_rows_are_made_once(pets: Producer, drawn_rows: Callable[[Producer], list[object]]) -> None:
    made = drawn_rows(pets)
    for seed in range(3_000):
        pets.write(SampleOptions(seed, echo={"thingId": "a"}))
    before = len(made)
    for seed in range(3_000):
        pets.write(SampleOptions(seed, echo={"thingId": f"b{seed}"}))

    assert 500 < before <= 3 * 1024
    assert len(made) == before


def test_answers_are_many_and_their_items_differ(pets: Producer) -> None:
    answers = [pets.produce(SampleOptions(seed)) for seed in range(500)]

    assert len({orjson.dumps(answer) for answer in answers}) == 500
    assert {len(answer) for answer in answers} == {2, 3}
    for answer in answers:
        assert len({pet["id"] for pet in answer}) == len(answer)


def test_places_are_filled_for_each_request(pets: Producer) -> None:
    for seed, asked in itertools.product(range(20), ("one", "another", 'quo"te', "ä\n")):
        answer = pets.produce(SampleOptions(seed, echo={"thingId": asked}))

        assert {pet["thingId"] for pet in answer} == {asked}
        for pet in answer:
            assert all(toy["ownerId"] == pet["owner"]["id"] for toy in pet["owner"]["pets"])


def test_a_long_list_is_drawn_as_a_whole(pets: Producer) -> None:
    answer = pets.produce(SampleOptions(1, size=2_000))

    assert len({pet["id"] for pet in answer}) == 2_000


def test_what_is_asked_for_is_placed_where_it_fits(folder: Path) -> None:
    thing = {
        "type": "object",
        "required": ["id", "thingId"],
        "properties": {"id": {"type": "integer"}, "thingId": {"type": "string"}},
    }
    producer = producer_of(
        folder, {"type": "array", "minItems": 2, "items": {"$ref": "#/components/schemas/Thing"}}, {"Thing": thing}
    )
    for seed in range(20):
        by_number, by_name = (
            producer.produce(SampleOptions(seed, echo={"thingId": asked})) for asked in ("12", "T-12")
        )

        assert by_number[0]["id"] == 12
        assert by_name[0]["thingId"] == "T-12"
        assert all(thing["thingId"] != "T-12" for thing in by_name[1:])


def test_positions_are_those_in_the_list(folder: Path) -> None:
    socket = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    }
    producer = producer_of(
        folder, {"type": "array", "minItems": 4, "items": {"$ref": "#/components/schemas/Socket"}}, {"Socket": socket}
    )

    for seed in range(20):
        assert [item["id"] for item in producer.produce(SampleOptions(seed))][:4] == [1, 2, 3, 4]


def test_a_least_that_is_asked_for_is_not_above_its_greatest(folder: Path) -> None:
    span = {
        "type": "object",
        "required": ["minThing", "maxThing"],
        "properties": {"minThing": {"type": "integer"}, "maxThing": {"type": "integer"}},
    }
    producer = producer_of(folder, {"type": "array", "items": span})

    answers = (
        producer.produce(SampleOptions(seed, echo=echo))
        for seed in range(50)
        for echo in ({}, {"minThing": 0}, {"minThing": 10**9})
    )
    assert all(item["minThing"] <= item["maxThing"] for answer in answers for item in answer)


def test_where_places_matter_to_each_other_answers_are_judged(folder: Path) -> None:
    only_once = {
        "type": "object", "required": ["thingId", "name"], "properties": {"thingId": {"type": "string"}, "name": {"type": "string"}},
        "not": {"properties": {"thingId": {"const": "never"}}, "required": ["thingId"]},
    }  # fmt: skip
    schema = {"type": "array", "minItems": 1, "items": only_once}
    producer, judge = producer_of(folder, schema), Draft202012Validator(schema)

    for seed, asked in itertools.product(range(10), ("never", "now")):
        assert judge.is_valid(producer.produce(SampleOptions(seed, echo={"thingId": asked})))


def test_alternatives_are_told_apart_though_places_are_open(folder: Path) -> None:
    branches = [{"type": "object", "required": [name], "properties": {name: {"type": "object", "properties": {"thingId": {"type": "string"}}}}, "additionalProperties": False} for name in ("made", "found")]  # fmt: skip
    schema = {"type": "array", "minItems": 2, "items": {"oneOf": branches}}
    producer, judge = producer_of(folder, schema), Draft202012Validator(schema)
    for seed in range(40):
        answer = producer.produce(SampleOptions(seed, echo={"thingId": "T-1"}))

        assert judge.is_valid(answer)
        assert {member.get("thingId") for item in answer for member in item.values()} <= {"T-1", None}


def test_numbers_that_orjson_refuses_are_written_all_the_same(folder: Path) -> None:
    large = {
        "type": "object",
        "required": ["n"],
        "properties": {"n": {"type": "integer", "minimum": 2**70, "maximum": 2**70}},
    }
    producer = producer_of(folder, {"type": "array", "minItems": 1, "items": large})

    assert producer.write(SampleOptions(1)).startswith(b'[{"n":118059162071741130')


def test_what_is_forgotten_for_lack_of_room_comes_again_as_it_was(folder: Path) -> None:
    roomy, narrow = (producer_of(folder, LISTS, {"Toy": TOY}) for _ in range(2))
    narrow.row_cache = RowCache(room=20_000)
    wishes = [SampleOptions(seed, echo={"thingId": "x"}) for seed in range(200)] * 2
    written = [narrow.write(wish) for wish in wishes]

    assert written == [roomy.write(wish) for wish in wishes]
    assert narrow.row_cache._taken <= 20_000 + 5_000
