"""Pact files of every version are read alike, and what their consumers expect is judged by a document."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract.pact import is_pact, read_pact
from mock_server.contract.parts import RecordStandard, open_sifter
from mock_server.contract.records import find_sources
from mock_server.document.model import MISSING
from mock_server.schema.partial import loosen
from mock_server.schema.validate import compile_schema
from mock_server.settings import Settings

DOCUMENT = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
servers: [{url: https://pets.test/v1}]
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 50}}]
      responses:
        '200':
          description: pets
          headers: {X-Next: {schema: {type: integer}}}
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}
    post:
      operationId: addPet
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'201': {description: made}, '400': {description: refused}}
  /pets/{id}/owners:
    get:
      operationId: owners
      security: [{key: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: owners by name
          content:
            application/json:
              schema:
                type: object
                properties: {total: {type: integer}}
                additionalProperties: {type: object, properties: {age: {type: integer}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Pet:
      type: object
      required: [id, kind]
      properties:
        id: {type: integer}
        name: {type: [string, 'null']}
        kind: {enum: [cat, dog]}
      oneOf:
        - {required: [bark], properties: {bark: {type: boolean}, kind: {const: dog}}}
        - {required: [purr], properties: {purr: {type: boolean}, kind: {const: cat}}}
"""


def pact(version: str, *interactions: Any, **members: Any) -> Any:
    return {
        "consumer": {"name": "web"},
        "provider": {"name": "pets"},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": version}},
        **members,
    }


# The same interaction in each version's own writing.
OF_VERSION = {
    "2.0.0": {
        "description": "pets",
        "providerState": "pets exist",
        "request": {"method": "get", "path": "/v1/pets", "query": "limit=3"},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": [{"name": "Rex", "bark": True}],
            "matchingRules": {"$.body[*].name": {"match": "type"}, "$.body": {"min": 1}},
        },
    },
    "3.0.0": {
        "description": "pets",
        "providerStates": [{"name": "pets exist", "params": {"count": 3}}],
        "request": {"method": "GET", "path": "/v1/pets", "query": {"limit": ["3"]}},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": [{"name": "Rex", "bark": True}],
            "matchingRules": {"body": {"$[*].name": {"matchers": [{"match": "type"}], "combine": "AND"}}},
        },
    },
    "4.0": {
        "type": "Synchronous/HTTP",
        "key": "1",
        "description": "pets",
        "providerStates": [{"name": "pets exist"}],
        "request": {"method": "GET", "path": "/v1/pets", "query": {"limit": ["3"]}},
        "response": {
            "status": 200,
            "headers": {"Content-Type": ["application/json"]},
            "body": {
                "content": [{"name": "Rex", "bark": True}],
                "contentType": "application/json",
                "encoded": False,
            },
            "matchingRules": {"body": {"$[*].name": {"matchers": [{"match": "type"}], "combine": "AND"}}},
        },
    },
}


def judged(folder: Path, value: Any) -> list[tuple[str, str]]:
    """What is wrong with a Pact file: rules, and who says what."""
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "web-pets.json").write_text(json.dumps(value, indent=1))
    sifter = open_sifter(RecordStandard(document=str(folder / "openapi.yaml"), settings=Settings()))
    (source,) = find_sources([str(folder / "web-pets.json")])
    return [(found.rule, found.message) for found in sifter.sift(source).findings()]


def rules(folder: Path, request: dict[str, Any], response: dict[str, Any], version: str = "3.0.0") -> list[str]:
    request = {"method": "GET", "path": "/v1/pets", **request}
    interaction = {"description": "d", "request": request, "response": {"status": 200, **response}}
    return [rule for rule, _ in judged(folder, pact(version, interaction))]


@pytest.mark.parametrize("version", OF_VERSION)
def test_every_version_is_read_alike_and_a_partial_answer_is_right(version: str, tmp_path: Path) -> None:
    read = read_pact(pact(version, OF_VERSION[version]))
    (interaction,) = read.interactions
    request = interaction.exchange.request

    assert (read.consumer, read.provider, read.messages) == ("web", "pets", 0)
    assert interaction.title == "'pets' given 'pets exist'"
    assert (request.method, request.path, request.query) == ("GET", b"/v1/pets", b"limit=3")
    assert interaction.body == [{"name": "Rex", "bark": True}]
    assert judged(tmp_path, pact(version, OF_VERSION[version])) == []


@pytest.mark.parametrize(
    ("request_", "response", "expected"),
    [
        ({"path": "/v1/cows"}, {}, ["expectation-operation-undocumented"]),
        ({}, {"status": 404}, ["expectation-status-undocumented"]),
        ({"query": {"limit": ["99"]}}, {}, ["request-parameter-schema"]),
        ({}, {"headers": {"X-Next": "soon"}}, ["expectation-header-schema"]),
        ({}, {"headers": {"X-Next": "7", "Date": "x"}}, []),
        ({}, {"headers": {"X-Total": "7"}}, ["expectation-header-undocumented"]),
        ({}, {"headers": {"Content-Type": "text/csv"}, "body": "a"}, ["expectation-media-type-undocumented"]),
        ({}, {"body": [{"id": "1"}]}, ["expectation-body-schema"]),
        ({}, {"body": [{"id": 1, "name": None}]}, []),
        ({}, {"body": [{"kind": "cow"}]}, ["expectation-body-schema"]),
        ({}, {"body": [{"colour": "red"}]}, ["expectation-property-undocumented"]),
        ({"method": "POST", "body": {"id": 1, "kind": "dog", "bark": True}}, {"status": 201}, []),
        ({"method": "POST", "body": {"id": 1}}, {"status": 201}, ["request-body-schema"]),
        ({"method": "POST", "body": {"id": 1}}, {"status": 400}, []),
        ({"path": "/v1/pets/1/owners"}, {"body": {"Ann": {"age": 7}}}, ["expectation-security-unmet"]),
        ({"path": "/v1/pets/1/owners", "headers": {"X-Key": "k"}}, {"body": {"total": 1}}, []),
        (
            {"path": "/v1/pets/1/owners", "headers": {"X-Key": "k"}},
            {"body": {"Ann": {"age": "7"}}},
            ["expectation-body-schema"],
        ),
    ],
)
def test_what_a_consumer_sends_and_reads_has_to_be_documented(
    request_: dict[str, Any], response: dict[str, Any], expected: list[str], tmp_path: Path
) -> None:
    assert sorted({*rules(tmp_path, request_, response)}) == expected


def test_names_that_are_examples_need_not_be_documented(tmp_path: Path) -> None:
    """Under the matchers `values` and `eachKey`, and under `*`, the names in the body stand for any name."""
    request = {"method": "GET", "path": "/v1/pets"}
    response = {
        "status": 200,
        "body": [{"Rex": 1}],
        "matchingRules": {"body": {"$[*]": {"matchers": [{"match": "values"}]}}},
    }
    free = {"description": "free", "request": request, "response": response}
    plain = {"description": "plain", "request": request, "response": {"status": 200, "body": [{"Rex": 1}]}}
    found = judged(tmp_path, pact("3.0.0", free, plain))

    assert [message.partition(":")[0] for _, message in found] == ["web, 'plain'"]


def test_a_finding_names_the_consumer_the_interaction_and_its_number(tmp_path: Path) -> None:
    wrong = OF_VERSION["3.0.0"] | {"response": {"status": 202}}
    ((_, message),) = judged(tmp_path, pact("3.0.0", OF_VERSION["3.0.0"], wrong))

    assert message.startswith("web, 'pets' given 'pets exist': the expected status 202 is not documented")
    assert message.endswith("web-pets.json:2)")


def test_bodies_of_version_4_are_decoded() -> None:
    bodies = [
        {"content": '{"a": 1}', "contentType": "application/json", "encoded": "JSON"},
        {"content": "eyJhIjogMX0=", "contentType": "application/json", "encoded": "base64"},
        {"content": {"a": 1}, "contentType": "application/json"},
        {"content": "hello", "contentType": "text/plain", "encoded": False},
        {},
    ]
    interactions = [
        {"request": {"method": "GET", "path": "/"}, "response": {"status": 200, "body": body}} for body in bodies
    ]
    read = read_pact(pact("4.0", *interactions)).interactions

    assert [each.body for each in read] == [{"a": 1}, {"a": 1}, {"a": 1}, MISSING, MISSING]


def test_a_body_of_version_3_that_looks_like_one_of_version_4_is_data() -> None:
    body = {"content": "x", "contentType": "note"}
    interaction = {"request": {"method": "GET", "path": "/"}, "response": {"status": 200, "body": body}}

    assert read_pact(pact("3.0.0", interaction)).interactions[0].body == body


def test_messages_are_counted_pending_interactions_passed_over_and_broken_ones_listed(tmp_path: Path) -> None:
    message = {"type": "Asynchronous/Messages", "description": "m", "contents": {}}
    pending = OF_VERSION["4.0"] | {"pending": True, "response": {"status": 299}}
    broken = {"request": {"method": "GET"}, "response": {}}
    read = read_pact(pact("4.0", message, pending, broken, 7))

    assert (read.messages, [number for number, _ in read.unread]) == (1, [3, 4])
    found = judged(tmp_path, pact("4.0", message, pending, broken, 7))
    assert [rule for rule, _ in found] == ["expectation-interaction-unreadable"] * len(found)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["method", "path", "status", "body", "headers", "query", "matchingRules", "content", "encoded", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON, _JSON, st.sampled_from(["1.0.0", "2.0.0", "3.0.0", "4.0", "x"]))
def test_whatever_a_file_holds_is_read(request: Any, response: Any, version: str) -> None:
    value = pact(version, {"request": request, "response": response, "description": request})
    read = read_pact(value)

    assert is_pact(value)
    assert len(read.interactions) + len(read.unread) == 1


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> Any:
    """Schemas of objects, with alternatives."""
    if not depth:
        return draw(st.sampled_from([{"type": "integer"}, {"type": "string"}, {"enum": [1, "a"]}, {}]))
    names = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    schema: Any = {
        "type": "object",
        "properties": {name: draw(schemas(depth - 1)) for name in names},
        "required": draw(st.lists(st.sampled_from("abc"), unique=True, max_size=2)),
    }
    kind = draw(st.sampled_from(["", "oneOf", "anyOf", "allOf", "if"]))
    if kind == "if":
        schema |= {"if": draw(schemas(0)), "then": draw(schemas(depth - 1)), "else": draw(schemas(depth - 1))}
    elif kind:
        schema[kind] = draw(st.lists(schemas(depth - 1), min_size=1, max_size=2))
    return schema


@given(
    schemas(),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.just("a") | st.just({"a": 1, "b": "a"})),
    st.data(),
)
def test_every_part_of_a_conforming_value_is_accepted(schema: Any, value: Any, data: st.DataObject) -> None:
    if not jsonschema.Draft202012Validator(schema).is_valid(value):
        return
    kept = data.draw(st.sets(st.sampled_from("abc")))
    part = {name: member for name, member in value.items() if name in kept}

    assert compile_schema(loosen(schema)).is_valid(part)
