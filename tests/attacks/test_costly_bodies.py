"""
Requests that are made to cost: bodies of all media types, queries, header fields.

Each is a row: what is sent, and which statuses are right. None may take more than a second of CPU or much memory.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import ref

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mock_server
from mock_server.document.references import Node
from mock_server.schema.bundle import Bundle
from mock_server.schema.large import LargeValues
from mock_server.schema.validate import Validator, compile_schema
from tests.support.asgi_client import AsgiClient
from tests.support.costs import measured

SECONDS = 1.0  # of CPU; most take a hundredth of it
MEGABYTES = 160
REFUSED = frozenset((400, 404, 413, 414, 415, 422))
TAKEN = REFUSED | {200, 204}

ITEM = {
    "type": "object",
    "required": ["id", "name"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 5},
        "kind": {
            "oneOf": [
                {"type": "object", "required": [f"k{n}"], "properties": {f"k{n}": {"type": "integer"}}}
                for n in range(40)
            ]
        },
    },
}
THING = {
    "type": "object",
    "properties": {
        "l": {"type": "array", "items": {"type": "integer"}},
        "s": {"type": "string", "maxLength": 5},
        "o": {"type": "object", "properties": {"x": {"type": "number"}}},
        "f": {"type": "string", "format": "binary"},
        "items": {"type": "array", "items": ITEM},
    },
    "additionalProperties": {"type": "string", "pattern": "^a"},
}
ANYTHING = ("text/plain", "text/csv", "application/octet-stream", "image/png")
MEDIA = (
    "application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/mixed",
    "application/x-ndjson", "text/event-stream", "application/merge-patch+json",
)  # fmt: skip


def document() -> dict:
    """A document that takes bodies of all kinds, and parameters of all styles."""
    content = {media: {"schema": {"$ref": "#/components/schemas/Thing"}} for media in MEDIA}
    content |= {media: {"schema": {"type": "string", "maxLength": 1000}} for media in ANYTHING}
    content |= {
        "application/vnd.list+json": {"schema": {"type": "array", "maxItems": 10, "uniqueItems": True, "items": ITEM}},
        "application/vnd.union+json": {"schema": {"oneOf": [{"type": "array", "items": ITEM}, {"type": "array", "items": {"type": "string"}}, {"type": "object", "additionalProperties": ITEM}]}},
        "application/vnd.map+json": {"schema": {"type": "object", "additionalProperties": ITEM, "propertyNames": {"maxLength": 30}}},
        "application/vnd.number+json": {"schema": {"type": "number", "minimum": 1, "multipleOf": 0.5}},
    }  # fmt: skip
    parameters = [
        {"name": "l", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}, "explode": False},
        {"name": "d", "in": "query", "style": "deepObject", "schema": THING},
        {
            "name": "p",
            "in": "query",
            "style": "pipeDelimited",
            "explode": False,
            "schema": {"type": "array", "items": {"type": "string"}},
        },
        {"name": "j", "in": "query", "content": {"application/json": {"schema": THING}}},
        {"name": "x-list", "in": "header", "schema": {"type": "array", "items": {"type": "integer"}}},
        {"name": "c", "in": "cookie", "schema": {"type": "array", "items": {"type": "integer"}}, "explode": False},
    ]
    answers = {"204": {"description": "taken"}, "422": {"description": "refused"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "costs", "version": "1"},
        "paths": {
            "/take": {
                "post": {
                    "operationId": "take",
                    "requestBody": {"required": True, "content": content},
                    "responses": answers,
                }
            },
            "/ask/{id}": {
                "get": {
                    "operationId": "ask",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                        *parameters,
                    ],
                    "responses": answers,
                }
            },
        },
        "components": {"schemas": {"Thing": THING}},
    }


@cache
def client() -> AsgiClient:
    """A client of that document's mock."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "openapi.json")
        path.write_bytes(orjson.dumps(document()))
        return AsgiClient(mock_server.app(mock_server.load(path)))


@dataclass(frozen=True)
class Body:
    """An attack by a body."""

    name: str
    media: str
    make: Callable[[], bytes]
    statuses: frozenset[int] = REFUSED

    def __str__(self) -> str:
        return self.name


def part(name: bytes, value: bytes, extra: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + extra + b"\r\n\r\n" + value + b"\r\n"


FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
WRONG = {"id": "x", "nam": 1, "kind": {"k": 1}}
# Codecs of Python that are no charsets, or slow ones.
CODECS = (
    "punycode",
    "utf-7",
    "idna",
    "rot13",
    "hex",
    "zlib_codec",
    "bz2",
    "uu",
    "quopri",
    "base64",
    "unicode_escape",
    "undefined",
    "mbcs",
    "oem",
)
BODIES = (
    Body("wrong items, 2 MB", "application/vnd.list+json", lambda: orjson.dumps([WRONG] * 50_000)),
    Body("wrong items below a union, 2 MB", "application/vnd.union+json", lambda: orjson.dumps([WRONG] * 50_000)),
    Body("wrong members, 2 MB", "application/vnd.map+json", lambda: orjson.dumps({f"n{n}": WRONG for n in range(40_000)})),
    Body("one wrong item among 100,000", "application/vnd.union+json", lambda: orjson.dumps([*["a"] * 100_000, 1])),
    Body("unknown members, 2 MB", "application/vnd.map+json", lambda: orjson.dumps({"a": {f"n{n}": n for n in range(150_000)}})),
    Body("a text of 8 MB", "application/json", lambda: orjson.dumps({"s": "x" * 8_000_000})),
    Body("a name of 8 MB", "application/json", lambda: orjson.dumps({"x" * 8_000_000: 1})),
    Body("8 MB of numbers", "application/json", lambda: b'{"l":[' + b"1," * 4_000_000 + b'"x"]}'),
    Body("JSON 100,000 deep", "application/json", lambda: b"[" * 100_000),
    Body("JSON 100,000 deep, closed", "application/json", lambda: b"[" * 100_000 + b"]" * 100_000),
    Body("JSON 900 deep", "application/json", lambda: b'{"a":' * 900 + b"1" + b"}" * 900),
    Body("JSON 300 deep inside a form", FORM, lambda: b"o=" + b"%5B" * 300 + b"%5D" * 300),
    Body("a number of 5,000 digits", "application/vnd.number+json", lambda: b"1" * 5_000, TAKEN),
    Body("1e400", "application/vnd.number+json", lambda: b"1e400"),
    Body("-1e400", "application/json", lambda: b'{"o":{"x":-1e400}}', TAKEN),
    Body("NaN", "application/vnd.number+json", lambda: b"NaN"),
    Body("Infinity", "application/json", lambda: b'{"o":{"x":Infinity}}'),
    Body("the same name 200,000 times", "application/json", lambda: b"{" + b",".join([b'"s":1'] * 200_000) + b"}"),
    Body("a lone surrogate", "application/json", lambda: b'{"s":"\\ud800"}'),
    Body("bytes that are no UTF-8", "application/json", lambda: b'{"s":"\xff\xfe"}'),
    Body("a byte order mark", "application/json", lambda: b'\xef\xbb\xbf{"s":1}'),
    Body("merge patch, wrong", "application/merge-patch+json", lambda: orjson.dumps({"items": [WRONG] * 20_000})),
    Body("NDJSON, a million lines", "application/x-ndjson", lambda: b"1\n" * 1_000_000),
    Body("NDJSON, deep lines", "application/x-ndjson", lambda: (b"[" * 300 + b"]" * 300 + b"\n") * 100),
    Body("a million events", "text/event-stream", lambda: b"data:1\n\n" * 500_000, TAKEN),
    Body("an event of 500,000 lines", "text/event-stream", lambda: b"data:1\n" * 500_000, TAKEN),
    Body("XML 100,000 deep", "application/xml", lambda: b"<a>" * 100_000 + b"</a>" * 100_000),
    Body("XML 500 deep", "application/xml", lambda: b"<a>" * 500 + b"</a>" * 500),
    Body("XML of a million elements", "application/xml", lambda: b"<a>" + b"<l/>" * 1_000_000 + b"</a>"),
    Body("XML with 300,000 attributes", "application/xml", lambda: b"<a " + b" ".join(b'b%d="1"' % n for n in range(300_000)) + b"/>"),
    Body("XML with 100,000 attributes", "application/xml", lambda: b"<a " + b" ".join(b'b%d="1"' % n for n in range(100_000)) + b"/>"),
    Body("XML with 20,000 attributes", "application/xml", lambda: b"<a " + b" ".join(b'b%d="1"' % n for n in range(20_000)) + b"/>"),
    Body("XML with 5,000 namespaces", "application/xml", lambda: b"<a " + b" ".join(b'xmlns:b%d="u:%d"' % (n, n) for n in range(5_000)) + b"/>", TAKEN),
    Body("XML with 100 elements of 1,000 attributes", "application/xml", lambda: b"<a>" + (b"<b " + b" ".join(b'b%d="1"' % n for n in range(1_000)) + b"/>") * 100 + b"</a>"),
    Body("XML of line breaks", "application/xml", lambda: b"<a><s>" + b"\n" * 1_000_000 + b"x" + b" \n" * 500_000 + b"</s></a>", TAKEN),
    Body("XML entities", "application/xml", lambda: b'<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;">]><a>&y;</a>'),
    Body("XML, an external entity", "application/xml", lambda: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    Body("XML in an unknown encoding", "application/xml", lambda: b'<?xml version="1.0" encoding="punycode"?><a/>'),
    Body("XML, a surrogate", "application/xml", lambda: b"<a>&#xD800;</a>"),
    Body("XML, a zero", "application/xml", lambda: b"<a>\0</a>"),
    Body("form, 100,000 fields", FORM, lambda: b"&".join(b"a%d=a" % n for n in range(100_000))),
    Body("form, a list of a million", FORM, lambda: b"l=" + b"1," * 1_000_000),
    Body("form, the index of a superscript", FORM, "l[²]=1".encode),
    Body("form, an index of 5,000 digits", FORM, lambda: b"l[" + b"9" * 5_000 + b"]=1"),
    Body("form, 1,000 brackets", FORM, lambda: b"l" + b"[a]" * 1_000 + b"=1"),
    Body("form, brackets that are values, too", FORM, lambda: b"o[x]=1&o[x][y]=1"),
    Body("form, broken escapes", FORM, lambda: b"s=%zz%&%=%&l[%]=%ff", TAKEN),
    Body("form that is no UTF-8", FORM, lambda: b"s=\xff"),
    Body("multipart, a boundary of 60,000 characters", f"multipart/form-data; boundary={'b' * 60_000}", lambda: b"--" + b"b" * 60_000),
    Body("multipart, a boundary that is no ASCII", "multipart/form-data; boundary=bä", lambda: b"--b"),
    Body("multipart, no boundary", "multipart/form-data", lambda: b"--b"),
    Body("multipart, 100,000 parts", PARTS, lambda: part(b"l", b"1") * 100_000 + b"--b--\r\n"),
    Body("multipart, false boundaries", PARTS, lambda: part(b"f", b"\r\n--" * 500_000, b'; filename="a"') + b"--b--\r\n", TAKEN),
    Body("multipart, 100,000 header fields", PARTS, lambda: b"--b\r\n" + b"a: b\r\n" * 100_000 + b"\r\n\r\n--b--\r\n"),
    Body("multipart, a header field of 1 MB", PARTS, lambda: b"--b\r\na: " + b"b" * 1_000_000 + b"\r\n\r\n\r\n--b--\r\n"),
    Body("multipart, 1,000 header fields of a part", PARTS, lambda: part(b"s", b"a").replace(b"\r\n\r\n", b"\r\n" + b"a: b\r\n" * 1_000 + b"\r\n") + b"--b--\r\n"),
    Body("multipart, a name of 2 MB of quotes", PARTS, lambda: part(b'a\\"' * 600_000, b"1") + b"--b--\r\n"),
    Body("multipart, 200,000 names", PARTS, lambda: part(b"s", b"a", b"; name=a" * 200_000) + b"--b--\r\n"),
    Body("multipart, a name in a charset that is none", PARTS, lambda: b"--b\r\nContent-Disposition: form-data; name*=punycode''" + b"a" * 50_000 + b"\r\n\r\n1\r\n--b--\r\n"),
    Body("multipart, a file of 8 MB", PARTS, lambda: part(b"f", bytes(range(256)) * 32_768, b'; filename="a"') + b"--b--\r\n", TAKEN),
    Body("multipart that breaks off", PARTS, lambda: part(b"f", b"x" * 1_000_000)),
    Body("multipart, a part without a name", PARTS, lambda: b"--b\r\n\r\n1\r\n--b--\r\n"),
    Body("multipart, deep JSON in a part", PARTS, lambda: b"--b\r\nContent-Disposition: form-data; name=o\r\nContent-Type: application/json\r\n\r\n" + b"[" * 400 + b"]" * 400 + b"\r\n--b--\r\n"),
    Body("multipart, JSON that is no UTF-8", PARTS, lambda: b"--b\r\nContent-Disposition: form-data; name=o\r\nContent-Type: application/json\r\n\r\n\xff\r\n--b--\r\n"),
    Body("text that is too long", "text/plain", lambda: b"x" * 8_000_000),
    Body("text that is no UTF-8", "text/plain", lambda: b"\xff\xff"),
    Body("a media type of 60,000 characters", "text/" + "x" * 60_000, lambda: b"x"),
    Body("60,000 parameters", "text/plain" + ";a=b" * 15_000, lambda: b"x", TAKEN),
    Body("60,000 quotes", "text/plain;" + '"' * 60_001, lambda: b"x", TAKEN),
    *(Body(f"charset {codec}", f"text/plain; charset={codec}", lambda: b"a-" * 50_000) for codec in CODECS),
    *(Body(f"charset {codec}, a short text", f"text/plain; charset={codec}", lambda: b"xn--a") for codec in CODECS),
    Body("a charset of 60,000 characters", "text/plain; charset=" + "a" * 60_000, lambda: b"x"),
    Body("a charset that is a path", "text/plain; charset=../../../etc/passwd", lambda: b"x"),
)  # fmt: skip


@pytest.mark.parametrize("attack", BODIES, ids=str)
def test_a_body_is_answered_in_words_and_in_bounds(attack: Body) -> None:
    """The status is one of those that are right; CPU and memory stay within bounds."""
    body = attack.make()
    client().ask(
        "/take", "POST", headers={"content-type": "application/json"}, body=b"{}"
    )  # what is compiled once is not counted
    with measured() as cost:
        said = client().ask("/take", "POST", headers={"content-type": attack.media}, body=body)

    assert said.status in attack.statuses, said.body[:300]
    assert len(said.body) + sum(map(len, said.fields.values())) < 100_000
    assert cost.seconds < SECONDS
    assert cost.megabytes < MEGABYTES


LOGGED = (
    Body("form, a million fields", FORM, lambda: b"a=1&" * 1_000_000),
    Body("form, 100,000 fields that may be secrets", FORM, lambda: b"token=a1b2c3d4e5&" * 100_000),
    Body("multipart, 300,000 header fields", PARTS, lambda: b"--b\r\n" + b"a: b\r\n" * 300_000 + b"\r\n\r\n--b--\r\n"),
    Body("JSON, 300,000 members", "application/json", lambda: orjson.dumps({f"token{n}": n for n in range(300_000)})),
    Body(
        "JSON, 3,000 secrets of a digit or two",
        "application/json",
        lambda: orjson.dumps({f"token{n}": n for n in range(3_000)}),
    ),
    Body("text, 500,000 pairs", "text/plain", lambda: b"a=1&" * 500_000),
)


@pytest.mark.parametrize("attack", LOGGED, ids=str)
def test_what_the_log_says_of_a_large_body_costs_little(attack: Body, caplog: pytest.LogCaptureFixture) -> None:
    """The log repeats no secret; to look for them goes through no more than the beginning of a body."""
    body = attack.make()
    client().ask("/take", "POST", headers={"content-type": "application/json"}, body=b"{}")
    with caplog.at_level("INFO", "mock_server"), measured() as cost:
        client().ask("/take", "POST", headers={"content-type": attack.media}, body=body)

    assert caplog.records
    assert cost.seconds < SECONDS


TARGETS = (
    "/ask/1?d[l][²]=1", "/ask/1?d[l][" + "9" * 5_000 + "]=1", "/ask/1?d" + "[a]" * 1_000 + "=1", "/ask/1?d[o]=1&d[o][x]=2",
    "/ask/1?l=" + "1," * 30_000, "/ask/1?p=" + "a%7C" * 15_000, "/ask/1?" + "&".join(f"a{n}" for n in range(10_000)),
    "/ask/1?j=" + "%5B" * 20_000, "/ask/1?j=1e400", "/ask/1?j=NaN", "/ask/1?j=%ff", "/ask/1?j=%22%5Cud800%22", "/ask/1?l=%ed%a0%80",
    "/ask/²", "/ask/" + "9" * 5_000, "/ask/1e400", "/ask/NaN", "/ask/a%00.yaml", "/ask/%ff", "/ask/" + "%2e%2e%2f" * 1_000, "/ask/" + "a" * 60_000,
    "/a%00.yaml", "/ask/1?__size=²", "/ask/1?__size=000001999999999", "/ask/1?__size=" + "9" * 5_000, "/ask/1?__delay=" + "9" * 5_000,
    "/ask/1?__code=²00", "/ask/1?__seed=%00", "/ask/1?__locale=../../etc/passwd", "/ask/1?__locale=a%00", "/ask/1?__fault=error:²", "/ask/1?__payload=%ff",
    "/ask/1?__fixture=..%2f..%2fa%00", "/ask/1?__example=%00", "/" + "a/" * 30_000, "/ask/1?%5B%5D=%5B%5D", "/ask/1?d[]=1&d[][]=2&d=3",
)  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target[:40])
def test_a_target_is_answered_in_words_and_in_bounds(target: str) -> None:
    with measured() as cost:
        said = client().ask(target)

    assert said.status in TAKEN, said.body[:300]
    assert cost.seconds < SECONDS
    assert cost.megabytes < MEGABYTES


FIELDS = {
    "a list of 30,000": ("x-list", "1," * 30_000),
    "digits that are none": ("x-list", "\xb2,\xb3"),
    "no digits, 60,000": ("x-list", "-" * 60_000),
    "a cookie of 30,000 items": ("cookie", "c=" + "1," * 30_000),
    "20,000 cookies": ("cookie", "a=b;" * 20_000),
    "broken cookies": ("cookie", "=;=;c=%zz;%=%"),
    "20,000 ranges": ("accept", "a/b," * 15_000),
    "a quality that is none": ("accept", "a/b;q=nan,*/*;q=inf,c/d;q=" + "9" * 5_000),
    "60,000 quotes": ("accept", '"' * 60_001),
    "20,000 preferences": ("prefer", "a=b," * 15_000),
    "a size that is none": ("prefer", "size=²".encode().decode("latin-1")),
    "a size that is too long": ("prefer", "size=000001" + "9" * 5_000),
    "a length that is too long": ("content-length", "9" * 5_000),
}


@pytest.mark.parametrize(("name", "value"), FIELDS.values(), ids=FIELDS)
def test_a_header_field_is_answered_in_words_and_in_bounds(name: str, value: str) -> None:
    with measured() as cost:
        said = client().ask("/ask/1", headers={name: value})

    assert said.status in TAKEN | {406}, said.body[:300]
    assert cost.seconds < SECONDS
    assert cost.megabytes < MEGABYTES


bits = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"<a", b">", b"</a>", b"%", b"&", b"=", b"[0]", b"--b", b"\r\n", b"data:", b"\n\n", b"1e999", b"\xed\xa0\x80", b"l", b"items", b"\0"]),
)  # fmt: skip


@given(
    pieces=st.lists(bits, max_size=30), media=st.sampled_from([*MEDIA, PARTS, *ANYTHING, "text/plain; charset=utf-16"])
)
def test_no_body_of_any_media_type_is_a_fault_of_ours(pieces: list[bytes], media: str) -> None:
    said = client().ask("/take", "POST", headers={"content-type": media}, body=b"".join(pieces) or b"x")

    assert said.status in TAKEN, said.body[:300]


@given(query=st.text(st.sampled_from('ldpj[]²0=&%,|;+_sizecode"{}:.-NaNe9'), max_size=40), name=st.sampled_from(["x-list", "cookie", "accept", "prefer", "content-type"]), value=st.text(st.characters(max_codepoint=255), max_size=30))  # fmt: skip
def test_no_query_or_header_field_is_a_fault_of_ours(query: str, name: str, value: str) -> None:
    said = client().ask(f"/ask/1?{query}", headers={name: value})

    assert said.status in TAKEN | {406, *range(300, 600)} - {500} or b'"preference' in said.body, said.body[:300]


# --- what a large value breaks, found one by one ---------------------------------------------------------------------

SCHEMAS = (
    {"type": "array", "items": ITEM, "maxItems": 2, "uniqueItems": True, "contains": {"type": "object"}, "minContains": 2},
    {"allOf": [{"properties": {"a": ITEM}}, {"if": {"required": ["b"]}, "then": {"minProperties": 2}, "else": {"required": ["c"]}}]},
    {"oneOf": [{"type": "array", "contains": {"const": 1}}, {"type": "object", "propertyNames": {"maxLength": 1}, "dependentSchemas": {"a": {"required": ["b"]}}}, {"type": "integer"}]},
    {"properties": {"a": {"type": "array", "prefixItems": [{"type": "string"}, False], "items": {"type": "integer"}}, "b": {"not": {"type": "string"}}}, "additionalProperties": {"type": ["object", "array"]}, "patternProperties": {"^x": {"enum": [1]}}},
    {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/Node"}, "c": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, "additionalProperties": False}}},
)  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", "x1", "long text"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "b", "c", "x1", "id", "name"]), inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@given(schema=st.sampled_from(SCHEMAS), value=values)
def test_a_large_value_breaks_what_all_errors_say(schema: dict, value: object) -> None:
    """Gone into piece by piece, a value breaks the same keywords at the same places as jsonschema-rs finds in one go."""
    bundle = Bundle(schema, Node({}, None, ()), {})  # type: ignore[arg-type]
    eager, bit_by_bit = Validator(bundle), Validator(bundle)
    bit_by_bit._large = LargeValues(schema, bit_by_bit._compiled, compile_schema)  # its own: the others share one
    bit_by_bit._large._small = -1  # everything is large
    bit_by_bit._large.is_small = lambda value: False  # type: ignore[method-assign]

    found = bit_by_bit.broken(value, 1_000)

    assert set(found) == set(eager.broken(value, 1_000))


def test_the_same_schema_is_compiled_once_while_it_is_in_use() -> None:
    """Operations that answer with the same large schema took megabytes each."""
    one, other = (
        Validator(Bundle({"type": "object", "required": ["a", "b", "c"]}, Node({}, None, ()), {})) for _ in range(2)
    )  # type: ignore[arg-type]

    assert one._shared is other._shared
    assert one.is_valid({"a": 1, "b": 2, "c": 3}) is other.is_valid({"a": 1, "b": 2, "c": 3}) is True


def test_a_schema_that_nobody_uses_is_given_back() -> None:
    made = Validator(Bundle({"type": "object", "required": ["a", "b", "d"]}, Node({}, None, ()), {}))  # type: ignore[arg-type]
    kept = ref(made._shared)
    del made
    gc.collect()

    assert kept() is None


def test_parts_of_a_schema_are_compiled_with_what_they_refer_to_alone() -> None:
    definitions = {f"D{n}": {"type": "object", "properties": {"a": {"type": "integer"}}} for n in range(300)}
    schema = {
        "type": "object",
        "properties": {f"p{n}": {"$ref": f"#/$defs/D{n}"} for n in range(300)},
        "$defs": definitions,
    }
    sizes: list[int] = []

    def compile_part(part: dict) -> object:
        sizes.append(len(part.get("$defs", ())))
        return compile_schema(part)

    large = LargeValues(schema, compile_schema(schema), compile_part)  # type: ignore[arg-type]
    broken = list(large.iter_broken({f"p{n}": {"a": "x" * 30_000} for n in range(20)}))

    assert [found.instance for found in broken] == [(f"p{n}", "a") for n in range(20)]
    assert sorted(sizes)[-2] <= 1  # the largest are all properties together
