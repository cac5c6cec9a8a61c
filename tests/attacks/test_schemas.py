"""
Schemas that are made to cost: patterns, formats and discriminators at which an engine that tries everything stands still.

Each row is a document's schema; a value is made of it, or it is said that none was found, within seconds of CPU time.
"""

import json
import time
from pathlib import Path

import pytest

from mock_server import load
from mock_server.cli.main import main
from mock_server.errors import SchemaError
from mock_server.generate.engine import Engine
from mock_server.generate.producer import SampleOptions
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.validate import Validator
from mock_server.settings import Settings
from tests.support.mocks import minimal

SECONDS = 20  # of CPU time; the slowest takes four
REF = "#/components/schemas/"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def text(**keywords: object) -> dict:
    return {"Root": {"type": "string", **keywords}}


def parent(mapping: dict[str, str] | None = None) -> dict:
    rule = {"propertyName": "kind", **({"mapping": mapping} if mapping is not None else {})}
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}, "discriminator": rule}


def child(*parents: str, **properties: object) -> dict:
    return {"allOf": [*({"$ref": REF + name} for name in parents), {"type": "object", "properties": properties}]}


ATTACKS: dict[str, dict] = {
    "counts in counts": text(pattern="^(a{1,100}){1,100}$"),
    "counts in counts in counts": text(pattern="^((a{1,30}){1,30}){1,30}$"),
    "a plus in a plus": text(pattern="^(a+)+$"),
    "alternatives that overlap": text(pattern="^(a|aa|aaa)*b$"),
    "groups within groups": text(pattern="(" * 3000 + "a" + ")" * 3000),
    "groups as deep as is read": text(pattern="(" * 90 + "a" + ")" * 90),
    "sixteen look-aheads": text(pattern="^" + "".join(f"(?=.*{c})" for c in LETTERS[:16]) + ".{20,}$"),
    "a look-ahead that bars": text(pattern="^(?!.*(a|b|c|d|e|f|g|h)).*$", minLength=50),
    "all characters, often": text(pattern="^[\\u0000-\\uffff]{1000}$"),
    "five thousand words": text(pattern="^(" + "|".join(f"word{n}" for n in range(5000)) + ")$"),
    "a count of 65,535": text(pattern="^x{1,65535}$"),
    "60,000 times the same": text(pattern="^x{60000}$"),
    "a count beyond all": text(pattern="^x{1,99999999999}$"),
    "what a group took, thrice": text(pattern="^(.*)\\1\\1\\1$"),
    "three hundred named groups": text(pattern="".join(f"(?<g{n}>a)" for n in range(300)) + "".join(f"\\k<g{n}>" for n in range(300))),
    "a class of hundreds": text(pattern="^[" + "".join(f"\\u{n:04x}" for n in range(0x100, 0x4FF, 2)) + "]+$"),
    "two hundred question marks": text(pattern="^" + "a?" * 200 + "a" * 200 + "$"),
    "sixty stars": text(pattern="^" + "a*" * 60 + "b$"),
    "a literal with forty question marks": text(pattern="/^" + "a?" * 40 + "a" * 40 + "$/"),
    "nothing but backslashes": text(pattern="\\" * 2001),
    "nothing but braces": text(pattern="{" * 3000),
    "nothing but brackets": text(pattern="[" * 3000),
    "half a surrogate": text(pattern="^\\ud83d$"),
    "eight patterns at once": text(allOf=[{"pattern": f"{c}.*{c}"} for c in LETTERS[:8]]),
    "nine places at once": text(allOf=[{"pattern": f"^.{{{n}}}a"} for n in range(9)]),
    "all letters barred": text(allOf=[{"not": {"pattern": c}} for c in LETTERS]),
    "a length of a thousand million": text(minLength=10**9),
    "a link of two million characters": text(format="uri", minLength=2_000_000),
    "an address of colons": text(format="ipv6", pattern="^.*:.*:.*:.*:.*:.*:.*$"),
    "a host with twenty letters": text(format="hostname", pattern="^(a.*){20}$"),
    "fifteen zeros of a UUID": text(format="uuid", pattern="(0.*){15}"),
    "nine ones of a moment": text(format="date-time", pattern="(1.*){9}"),
    "forty stars of a link": text(format="uri", pattern="^https://" + "[a-z]*" * 40 + "$"),
    "an address that look-aheads bar": text(format="email", pattern="^(?!.*a)(?!.*b)(?!.*c)[^@]{5}@.*$"),
    "nine hundred characters of a link": text(format="uri", minLength=900, maxLength=901),
    "no base64 of this length": text(format="byte", minLength=999, maxLength=999),
    "a thousand children": {"Root": parent(), **{f"C{n}": child("Root", a={"type": "integer"}) for n in range(1000)}},
    "children of children of children": {"Root": parent(), "C0": child("Root"), **{f"C{n}": child(f"C{n - 1}") for n in range(1, 120)}},
    "parents of one another": {"Root": {**parent(), "allOf": [{"$ref": REF + "C"}]}, "C": child("Root")},
    "a child of itself": {"Root": {**parent(), "allOf": [{"$ref": REF + "Root"}]}},
    "a diamond, fourteen high": {"Root": parent(), "C0": child("Root"), **{f"C{n}": child(f"C{n - 1}", f"C{n - 1}") for n in range(1, 14)}},
    "a mapping to itself": {"Root": parent({"a": "Root", "b": REF + "Root"}), "C": child("Root")},
    "a mapping to nothing": {"Root": parent({"a": "Nothing", "b": REF + "None", "c": "", "d": "#", "e": "#/"}), "C": child("Root")},
    "a mapping out of the folder": {"Root": parent({"a": "../../../etc/passwd", "b": "file:///etc/passwd", "c": "https://example.com/x.json"}), "C": child("Root")},
    "a mapping of five thousand": {"Root": parent({f"v{n}": "C" for n in range(5000)}), "C": child("Root")},
    "five hundred branches": {
        "Root": {"oneOf": [{"$ref": f"{REF}C{n}"} for n in range(500)], "discriminator": {"propertyName": "kind"}},
        **{f"C{n}": {"type": "object", "properties": {"kind": {"type": "string"}}} for n in range(500)},
    },
    "a discriminator in every child": {"Root": parent(), **{f"C{n}": {**child("Root"), "discriminator": {"propertyName": "kind"}} for n in range(30)}},
    "branches that are their own parent": {
        "Root": {**parent(), "oneOf": [{"$ref": f"{REF}C{n}"} for n in range(12)]}, **{f"C{n}": child("Root") for n in range(12)},
    },
    "null in a hundred ways": {"Root": {"anyOf": [{"nullable": True}] * 100}},
    "nothing in a hundred ways": {"Root": {"anyOf": [{}] * 100}},
}  # fmt: skip


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_schema_that_is_made_to_cost_costs_little(tmp_path: Path, name: str, version: str) -> None:
    content = {"content": {"application/json": {"schema": {"$ref": REF + "Root"}}}}
    operation = {"requestBody": content, "responses": {"200": {"description": "", **content}}}
    document = {
        "openapi": version,
        "info": {"title": "", "version": ""},
        "paths": {"/": {"post": operation}},
        "components": {"schemas": ATTACKS[name]},
    }
    path = tmp_path / "d.json"
    path.write_text(json.dumps(document))
    begun = time.process_time()

    opened = load(path)
    kit, read = Engine(opened, Settings()), opened.operation(opened.entries[0])
    schema = read.responses[0].content[0].schema
    assert schema is not None
    try:
        made = [kit.producer(schema, read).produce(SampleOptions(0))]
    except SchemaError:
        made = []  # it is said where, and why
    assert all(map(Validator(kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE).bundle(schema)).is_valid, made))
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("keyword", ["const", "default", "x-note"])
def test_a_deep_value_in_a_schema_is_no_fault_of_ours(
    keyword: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep: object = 1
    for _ in range(800):
        deep = [deep]
    schema = {"type": "array", keyword: deep}
    answered = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(minimal({"/a": {"get": {"responses": answered}}})))
    main(["payloads", str(path), "--kind", "realistic", "--count", "1"])

    assert "fault of mock-server" not in "".join(capsys.readouterr())
