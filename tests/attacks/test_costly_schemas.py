"""
Schemas that are made to cost: a few lines that ask for hours or gigabytes.

Each is a row, for a response and for a request body. It is answered, or it is said in words why not, within seconds of CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mock_server
from mock_server.schema.cost import MOST_CASES, count_cases, thin
from mock_server.schema.validate import compile_schema
from tests.support.asgi_client import AsgiClient
from tests.support.costs import measured

SECONDS = 5.0  # of CPU; most take a tenth of one
MEGABYTES = 400


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def tower(levels: int, step: Callable[[dict], dict], ground: dict) -> dict:
    """Definitions of which each is made of the one below; the top is `T`."""
    below = {f"T{n}": step(ref(f"T{n - 1}")) for n in range(1, levels)}
    return {**below, "T": step(ref(f"T{levels - 1}")), "T0": ground}


def nested(levels: int, step: Callable[[dict], dict], ground: dict) -> dict:
    for _ in range(levels):
        ground = step(ground)
    return ground


def required(number: int, name: str = "a") -> dict:
    return {"type": "object", "required": [f"{name}{number}"], "properties": {f"{name}{number}": {"type": "integer"}}}


@dataclass(frozen=True)
class Schema:
    """An attack by a schema."""

    name: str
    schema: dict
    components: dict = field(default_factory=dict)
    statuses: frozenset[int] = frozenset((200, 500))

    def __str__(self) -> str:
        return self.name


OK = frozenset((200,))
REFUSED = frozenset((500,))
OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
UNION = [{"type": "object", "required": ["type", f"f{n}"], "properties": {"type": {"type": "string", "enum": [f"t{n}"]}, f"f{n}": {"type": "string"}}} for n in range(60)]  # fmt: skip
TYPES = ("string", "integer", "boolean", "array", "object", "null")
SCHEMAS = (
    Schema("a tower of allOf", ref("T"), tower(40, lambda below: {"allOf": [below, below]}, OBJECT), REFUSED),
    Schema("a tower of anyOf", ref("T"), tower(40, lambda below: {"anyOf": [below, below]}, OBJECT), REFUSED),
    Schema("a tower of oneOf", ref("T"), tower(40, lambda below: {"oneOf": [below, {"not": below}]}, OBJECT)),
    Schema("a tower of if", ref("T"), tower(40, lambda below: {"if": below, "then": below, "else": below}, OBJECT)),
    Schema("a tower of not", ref("T"), tower(40, lambda below: {"not": {"allOf": [below, {"not": below}]}}, OBJECT)),
    Schema("a tower of dependentSchemas", ref("T"), tower(30, lambda below: {"dependentSchemas": {"a": below, "b": below}}, OBJECT)),
    Schema("a tower of properties and allOf", ref("T"), tower(40, lambda below: {"allOf": [below, {"type": "object", "required": ["p"], "properties": {"p": below}}]}, OBJECT), REFUSED),
    Schema("12 times one of 3", {"allOf": [{"oneOf": [required(n, f"a{m}_") for n in range(3)]} for m in range(12)]}, statuses=OK),
    Schema("12 times any of 3", {"allOf": [{"anyOf": [required(n, f"a{m}_") for n in range(3)]} for m in range(12)]}, statuses=OK),
    Schema("14 times any of 6 types", {"allOf": [{"anyOf": [{"type": type_} for type_ in TYPES]} for _ in range(14)]}, statuses=OK),
    Schema("any of 60 below a property", {"type": "object", "required": ["data"], "properties": {"data": {"anyOf": UNION}}}, statuses=OK),
    Schema("one of 60 below a property", {"type": "object", "required": ["data"], "properties": {"data": {"oneOf": UNION}}}, statuses=OK),
    Schema("any of 60, and one of 8", {"allOf": [{"anyOf": UNION}, {"oneOf": [required(n) for n in range(8)]}]}, statuses=OK),
    Schema("any of 60 by reference", {"type": "object", "required": ["data"], "properties": {"data": {"anyOf": [ref(f"U{n}") for n in range(60)]}}}, {f"U{n}": branch for n, branch in enumerate(UNION)}, OK),
    Schema("one of 200 that overlap", {"oneOf": [{"type": "object", "properties": {f"f{n}": {"type": "integer"}}} for n in range(200)]}),
    Schema("20 conditions", {"type": "object", "allOf": [{"if": {"properties": {f"k{n}": {"const": n}}}, "then": {"required": [f"t{n}"]}, "else": {"required": [f"e{n}"]}} for n in range(20)]}),
    Schema("14 times not all of 3", {"type": "object", "allOf": [{"not": {"required": [f"a{n}", f"b{n}", f"c{n}"]}} for n in range(14)]}),
    Schema("dependentSchemas, 60", {"type": "object", "required": ["d0"], "dependentSchemas": {f"d{n}": {"required": [f"d{n + 1}"], "anyOf": [{"required": [f"x{n}"]}, {"required": [f"y{n}"]}]} for n in range(60)}}),
    Schema("not, 100 deep", nested(100, lambda inner: {"not": inner}, {"type": "string"})),
    Schema("not among others, 30 deep", nested(30, lambda inner: {"not": {"anyOf": [inner, {"required": ["b"]}, {"properties": {"c": {"type": "string"}}}]}}, {"type": "object"})),
    Schema("objects, 300 deep", nested(300, lambda inner: {"type": "object", "required": ["a"], "properties": {"a": inner}}, {"type": "string"})),
    Schema("10^8 members by reference", ref("T"), tower(4, lambda below: {"type": "object", "required": [f"p{n}" for n in range(100)], "properties": {f"p{n}": below for n in range(100)}}, {"type": "string"}), REFUSED),
    Schema("2^30 members by reference", ref("T"), tower(30, lambda below: {"type": "object", "required": ["a", "b"], "properties": {"a": below, "b": below}}, {"type": "string"}), REFUSED),
    Schema("minItems 1000^3", nested(3, lambda inner: {"type": "array", "minItems": 1000, "items": inner}, {"type": "integer"}), statuses=REFUSED),
    Schema("minItems 10^8", {"type": "array", "minItems": 10**8, "items": {"type": "integer"}}, statuses=REFUSED),
    Schema("minContains 10^8", {"type": "array", "contains": {"type": "integer"}, "minContains": 10**8}, statuses=REFUSED),
    Schema("minContains 1000^3", nested(3, lambda inner: {"type": "array", "minContains": 1000, "contains": inner}, {"type": "integer"}), statuses=REFUSED),
    Schema("minProperties 10^8", {"type": "object", "minProperties": 10**8, "additionalProperties": {"type": "integer"}}, statuses=REFUSED),
    Schema("minProperties 1000^3", nested(3, lambda inner: {"type": "object", "minProperties": 1000, "additionalProperties": inner}, {"type": "integer"}), statuses=REFUSED),
    Schema("minLength 10^9", {"type": "string", "minLength": 10**9}, statuses=REFUSED),
    Schema("minLength 10^9 with a pattern", {"type": "string", "minLength": 10**9, "pattern": "^[a-z]*$"}, statuses=REFUSED),
    Schema("a million different items", {"type": "array", "uniqueItems": True, "minItems": 10**6, "items": {"type": "integer"}}, statuses=REFUSED),
    Schema("50,000 different items of an enum", {"type": "array", "uniqueItems": True, "minItems": 50_000, "items": {"enum": [f"e{n}" for n in range(50_000)]}}),
    Schema("an enum of 50,000", {"type": "string", "enum": [f"v{n}" for n in range(50_000)]}, statuses=OK),
    Schema("500 patternProperties", {"type": "object", "minProperties": 3, "additionalProperties": False, "patternProperties": {f"^p{n}_[a-z]+$": {"type": "integer"} for n in range(500)}}),
    Schema("500 contains", {"type": "array", "allOf": [{"contains": {"const": n}} for n in range(500)]}),
    Schema("a pattern of 500 letters", {"type": "string", "pattern": r"^\p{L}{500}$"}),
    Schema("a pattern of a million letters", {"type": "string", "pattern": "^(a{1000}){1000}$"}),
    Schema("a pattern of 10^9 letters", {"type": "string", "pattern": "^((a{1000}){1000}){1000}$"}),
    Schema("a pattern that goes back", {"type": "string", "pattern": r"^(?=(a+)+$)(a|aa)+\1b$", "minLength": 40}),
    Schema("50 patterns at once", {"type": "string", "allOf": [{"pattern": f"(a|b){{{n}}}c.*[a-f]{{{n}}}"} for n in range(1, 50)]}),
    Schema("400 references, each with a bound", ref("T"), tower(400, lambda below: {"allOf": [below, {"maximum": 1000}]}, {"type": "integer"})),
    Schema("a circle of required objects", ref("X"), {"X": {"type": "object", "required": ["x"], "properties": {"x": ref("X")}}}, REFUSED),
    Schema("a wide circle", ref("X"), {"X": {"type": "object", "required": [f"x{n}" for n in range(8)], "properties": {f"x{n}": {"type": "array", "minItems": 1, "items": ref("X")} for n in range(8)}}}, REFUSED),
    Schema("a number from 10^400 on", {"type": "number", "minimum": 10**400, "maximum": 10**400 + 5}),
    Schema("an integer from 10^400 on", {"type": "integer", "minimum": 10**400}),
    Schema("an integer up to -10^400", {"type": "integer", "maximum": -(10**400)}),
    Schema("a number up to 10^400", {"type": "number", "maximum": 10**400}, statuses=OK),
    Schema("multiples of a tiny number", {"type": "number", "multipleOf": 1e-300, "minimum": 1}),
    Schema("multiples of ten primes", {"type": "integer", "allOf": [{"multipleOf": prime} for prime in (9973, 9967, 9949, 9941, 9931, 9929, 9923, 9907, 9901, 9887)]}),
    Schema("a description that is a number", {"type": "string", "description": 5, "title": {"a": 1}}, statuses=OK),
)  # fmt: skip


def client(attack: Schema, folder: Path) -> AsgiClient:
    """A client of a mock whose only schema is the attack's."""
    content = {"application/json": {"schema": attack.schema}}
    operations = {
        "get": {"operationId": "get", "responses": {"200": {"description": "made", "content": content}}},
        "post": {
            "operationId": "post",
            "requestBody": {"content": content},
            "responses": {"204": {"description": "taken"}},
        },
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "costs", "version": "1"},
        "paths": {"/a": operations},
        "components": {"schemas": attack.components},
    }
    path = folder / "openapi.yaml"  # whose numbers may be of any size
    path.write_text(_written(document))
    return AsgiClient(mock_server.app(mock_server.load(path)))


def _written(document: dict) -> str:
    try:
        return orjson.dumps(document).decode()
    except TypeError:
        return str(document).replace("'", '"').replace("True", "true").replace("False", "false")


@pytest.mark.parametrize("attack", SCHEMAS, ids=str)
def test_a_schema_is_answered_in_bounds(attack: Schema, tmp_path: Path) -> None:
    """Twice, since what was not found must not be looked for again."""
    asked = client(attack, tmp_path)
    with measured() as cost:
        first, second = asked.ask("/a"), asked.ask("/a")

    assert first.status == second.status
    assert first.status in attack.statuses, first.body[:400]
    assert first.status == 200 or first.json["type"].startswith("urn:mock-server:problem:un"), first.body[:400]
    assert cost.seconds < SECONDS
    assert cost.megabytes < MEGABYTES


@pytest.mark.parametrize("attack", SCHEMAS, ids=str)
def test_a_body_is_judged_by_a_schema_in_bounds(attack: Schema, tmp_path: Path) -> None:
    asked = client(attack, tmp_path)
    with measured() as cost:
        said = [asked.ask("/a", "POST", json=value) for value in ({}, {"a": [[{}]]}, [1, 2], "text", 7)]

    assert {answer.status for answer in said} <= {204, 400, 422, 500}
    assert all(answer.status != 500 or b"too large" in answer.body or b"too deeply" in answer.body for answer in said)
    assert cost.seconds < SECONDS
    assert cost.megabytes < MEGABYTES


CONTENT = {"application/json": {"schema": {"type": "string"}}}
SPOILED = {
    "a media type with a line end": {"content": {**CONTENT, "text/plain\r\nX-Evil: 1": {"schema": {"type": "string"}}}},
    "nothing but a media type with a line end": {"content": {"application/json\r\nX-Evil: 1": {"schema": {"type": "string"}}}},
    "a header name with a line end": {"headers": {"x-a\r\nx-evil": {"required": True, "schema": {"type": "string"}}}, "content": CONTENT},
    "a header example with a line end": {"headers": {"x-a": {"required": True, "schema": {"type": "string"}, "example": "b\r\nx-evil: 1"}}, "content": CONTENT},
    "a header enum with a line end": {"headers": {"x-a": {"required": True, "schema": {"enum": ["b\r\nx-evil: 1"]}}}, "content": CONTENT},
    "a reference with a zero": {"content": {"application/json": {"schema": {"$ref": "a%00.yaml"}}}},
    "a reference with a zero, as it is": {"content": {"application/json": {"schema": {"$ref": "a\0.yaml"}}}},
}  # fmt: skip


@pytest.mark.parametrize("response", SPOILED.values(), ids=SPOILED)
def test_what_a_document_names_is_never_sent_as_another_field(response: dict, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    operation = {"operationId": "get", "responses": {"200": {"description": "made", **response}}}
    path.write_bytes(
        orjson.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": operation}}})
    )

    said = AsgiClient(mock_server.app(mock_server.load(path))).ask("/a")

    assert said.status == 200
    assert "evil" not in " ".join(said.fields).lower()
    assert all(value.isprintable() for value in said.fields.values())


branches = st.deferred(
    lambda: st.one_of(
        st.sampled_from([{}, {"required": ["a"]}, {"type": ["integer"]}, {"properties": {"a": {"type": ["string"]}}}, {"enum": [1, "a"]}]),
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["allOf", "anyOf", "oneOf"]), st.lists(branches, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, branches),
        st.builds(lambda part, then: {"if": part, "then": then}, branches, branches),
    )
)  # fmt: skip


@given(schema=branches, room=st.integers(1, 20))
def test_thinning_leaves_no_more_combinations_than_there_is_room_for(schema: dict, room: int) -> None:
    thinned = thin(schema, room)

    assert count_cases(thinned) <= max(room, 1) or "not" in str(schema)
    if count_cases(schema) <= room <= MOST_CASES and "not" not in str(schema):
        assert thinned == schema


@given(schema=branches.filter(lambda schema: "not" not in str(schema) and "oneOf" not in str(schema)), value=st.sampled_from([1, 2, "a", {}, {"a": 1}, {"a": "x"}]))  # fmt: skip
def test_what_a_thinned_schema_admits_its_whole_admits(schema: dict, value: object) -> None:
    if compile_schema(thin(schema, 2)).is_valid(value):  # type: ignore[arg-type]
        assert compile_schema(schema).is_valid(value)
