"""Header fields, paths and queries made to do harm: each has the statuses that it may get, and what it may cost."""

import time
from collections.abc import Callable

import pytest

from tests.support.admin_side import answered
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal

SECONDS = 1.0  # of CPU time that one such request may cost at most
THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
TYPES = (
    "application/json",
    "application/xml",
    "text/csv",
    "text/event-stream",
    "application/x-ndjson",
    "multipart/form-data",
)


def responding() -> dict[str, object]:
    return {"200": {"description": "", "content": {name: {"schema": THING} for name in TYPES}}}


def query(name: str, schema: object, **members: object) -> dict[str, object]:
    return {"name": name, "in": "query", "schema": schema, **members}


def in_path(name: str) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


DOCUMENT = minimal(
    {
        "/a": {
            "get": {
                "parameters": [
                    query("ids", {"type": "array", "items": {"type": "integer"}}, explode=False),
                    query("point", {"type": "object", "properties": {"x": {"type": "integer"}}}, explode=False),
                    query("all", {"type": "boolean"}),
                    {"name": "Prefer", "in": "header", "schema": {"type": "string", "maxLength": 20}},
                ],
                "responses": responding(),
            },
            "post": {
                "requestBody": {"content": {name: {"schema": THING} for name in TYPES}},
                "responses": responding(),
            },
        },
        "/files/{path}": {"get": answered({"const": 1}, parameters=[in_path("path")])},
        "/images/{name}/json": {"get": answered({"const": 1}, parameters=[in_path("name")])},
        "/x{a}-{b}.{c}": {"get": answered({"const": 1}, parameters=[in_path("a"), in_path("b"), in_path("c")])},
        "/search?q={term}": {"get": answered({"const": 1}, parameters=[in_path("term")])},
    }
)
MANY = 5_000
OK, REFUSED = {200}, {400, 404, 405, 406, 415, 422}

FIELDS = {
    "thousands of ranges": ({"accept": ",".join(f"a/b{n}" for n in range(MANY))}, OK),
    "thousands of refusals": ({"accept": ",".join(f"a/b{n};q=0" for n in range(MANY))}, OK),
    "thousands of parameters": ({"accept": "application/json" + ";a=1" * MANY}, OK),
    "thousands of quotes": ({"accept": '"' * MANY}, OK),
    "commas and nothing else": ({"accept": "," * MANY}, OK),
    "thousands of stars": ({"accept": "*" * MANY + "/" + "*" * MANY}, OK),
    "qualities that are no numbers": (
        {"accept": "application/json;q=nan, text/csv;q=inf, a/b;q=-1, c/d;q=1e999"},
        OK | {406},
    ),
    "a type with a line's end": ({"accept": "text/csv\r\nSet-Cookie: a=b"}, OK),
    "a type that looks like a pattern": ({"accept": "application/(a+)+json"}, OK),
    "everything refused": ({"accept": "*/*;q=0"}, {406}),
    "a preference of thousands": ({"prefer": ",".join(["return=minimal"] * MANY)}, REFUSED),
    "a preference of the mock, thousands of times": ({"prefer": ",".join(["dynamic=true"] * MANY)}, OK | REFUSED),
    "quotes without an end": ({"prefer": 'example="a,b;c'}, OK | REFUSED),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_made_to_do_harm_costs_little(admin: Callable[..., AsgiClient], name: str) -> None:
    headers, expected = FIELDS[name]
    client = admin(DOCUMENT)
    client.ask("/a")
    began = time.process_time()
    said = client.ask("/a", headers=headers)

    assert said.status in expected
    assert time.process_time() - began < SECONDS
    assert all("\n" not in value and "\r" not in value for value in said.fields.values())
    assert "set-cookie" not in said.fields


PATHS = {
    "a thousand slashes": ("/" * 1000 + "a", OK),
    "thousands of slashes and nothing": ("/" * 20_000, {404}),
    "a path of thousands of segments": ("/files" + "/a" * 10_000, OK),
    "thousands of segments and no end": ("/images" + "/a" * 10_000 + "/jso", {404}),
    "segments that go up": ("/files/../../../etc/passwd", OK | REFUSED),
    "encoded segments that go up": ("/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd", OK | REFUSED),
    "encoded slashes": ("/files/" + "%2F" * 5_000, OK | REFUSED),
    "encoded slashes in the middle": ("/images/%2F%2F/json", OK | REFUSED),
    "encoded twice": ("/files/%252e%252e%252f", OK),
    "a null": ("/files/a%00.yaml", OK | REFUSED),
    "no UTF-8": ("/files/%ff%fe", OK | REFUSED),
    "half of an escape": ("/files/%", OK | REFUSED),
    "a line's end": ("/files/%0d%0aSet-Cookie:%20a=b", OK | REFUSED),
    "many ways to tell variables apart": ("/x" + "-." * 5_000, OK | {404}),
    "many ways and no end": ("/x" + "-" * 10_000, {404}),
    "an area with two slashes": ("//__admin/requests", {404}),
    "an area with a slash at the end": ("/files/../__admin/requests", OK | REFUSED),
    "a query within a path": ("/search%3Fq=a", {404}),
    "a query of its own that is empty": ("/search?q=", OK | REFUSED),
    "a query of its own, a thousand times": ("/search?" + "q=a&" * 1_000, OK | REFUSED),
    "thousands of commas": ("/a?ids=" + "1," * MANY, REFUSED | OK),
    "thousands of encoded commas": ("/a?ids=" + "1%2C" * MANY, REFUSED | OK),
    "thousands of members in one": ("/a?point=" + "x%2C1%2C" * MANY, REFUSED | OK),
    "a number of a thousand digits": ("/a?ids=" + "9" * 1_000, REFUSED | OK),
    "a truth value of a thousand characters": ("/a?all=" + "True" * 1_000, REFUSED),
    "a truth value in another alphabet": ("/a?all=%D1%82%D1%80%D1%83%D0%B5", REFUSED),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_that_is_made_to_do_harm_costs_little(admin: Callable[..., AsgiClient], name: str) -> None:
    target, expected = PATHS[name]
    client = admin(DOCUMENT)
    client.ask("/a")
    began = time.process_time()
    said = client.ask(target)

    assert said.status in expected
    assert time.process_time() - began < SECONDS
    assert "set-cookie" not in said.fields


BODIES = {
    "XML of a thousand prefixes": (
        "application/xml",
        b"<root>" + b"<a xmlns:a='urn:a'>" * 500 + b"</a>" * 500 + b"</root>",
        OK | REFUSED,
    ),
    "XML that declares entities": (
        "application/xml",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><root><id>1</id></root>",
        REFUSED,
    ),
    "XML with a root of a megabyte": ("application/xml", b"<" + b"a" * 1_000_000 + b"/>", REFUSED),
    "events without an end": ("text/event-stream", b"data: 1\n" * 20_000, OK | REFUSED),
    "events of marks": ("text/event-stream", b"data: [DONE]\n\n" * 5_000, OK | REFUSED),
    "lines of nothing": ("application/x-ndjson", b"\n" * 500_000, OK | REFUSED),
    "a media type without an end": ("application/" + "a" * 5_000 + "+json", b'{"id": 1}', OK),
    "a vendor without a name": ("application/vnd.+json", b'{"id": 1}', OK),
    "a range as a media type": ("*/*", b'{"id": 1}', REFUSED),
    "a charset of its own": ("application/json; charset=../../etc/passwd", b'{"id": 1}', OK | REFUSED),
    "a boundary of thousands": ("multipart/form-data; boundary=" + "a" * 5_000, b"--a\r\n", REFUSED),
    "a thousand stars": ("application/" + "*" * 1_000, b"{}", REFUSED),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_made_to_do_harm_costs_little(admin: Callable[..., AsgiClient], name: str) -> None:
    media_type, data, expected = BODIES[name]
    client = admin(DOCUMENT)
    client.ask("/a", "POST", json={"id": 1})
    began = time.process_time()
    said = client.ask("/a", "POST", headers={"content-type": media_type}, body=data)

    assert said.status in expected, said.body[:200]
    assert time.process_time() - began < SECONDS
