"""Texts for formats, patterns and lengths at once: found whenever there are any, whatever the seed."""

import re
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import load
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.text.texts import TextConstraints, has_format, write_texts
from mock_server.schema.formats import FORMATS, find_format
from mock_server.schema.validate import compile_schema
from mock_server.settings import Settings

ASSERTED = [name for name, record in FORMATS.items() if record.is_asserted and name != "regex"]
NARROWED = {
    "an offset": {"format": "date-time", "pattern": r"[+-]\d{2}:\d{2}$"},
    "milliseconds": {"format": "date-time", "pattern": r"\.\d{3}Z$"},
    "a month": {"format": "date", "pattern": "^2024-02-"},
    "a leap day": {"format": "date", "pattern": "-02-29$"},
    "a full hour": {"format": "time", "pattern": ":00:00Z$"},
    "hours": {"format": "duration", "pattern": "H"},
    "capitals": {"format": "uuid", "pattern": "^[0-9A-F-]{36}$"},
    "zeros": {"format": "uuid", "pattern": "^00000000-"},
    "a network": {"format": "ipv4", "pattern": r"^10\."},
    "not a network": {"format": "ipv4", "pattern": r"^(?!10\.).*1$"},
    "a link": {"format": "ipv6", "pattern": "^fe80:"},
    "a short address": {"format": "email", "maxLength": 8},
    "an address of a domain": {"format": "email", "pattern": r"@gmail\.com$"},
    "a scheme": {"format": "uri", "pattern": "^ftp://[^/]+/x$"},
    "a name": {"format": "uri", "pattern": "^urn:uuid:"},
    "a picture": {"format": "uri", "pattern": r"\.jpe?g$"},
    "a long link": {"format": "uri", "minLength": 120, "maxLength": 130},
    "padding": {"format": "byte", "pattern": "==$"},
    "bytes of a size": {"format": "byte", "minLength": 24, "maxLength": 24},
    "a host": {"format": "hostname", "pattern": r"^api\.", "maxLength": 9},
    "a template": {"format": "uri-template", "pattern": r"\{id\}$"},
    "a pointer": {"format": "json-pointer", "pattern": "^/a"},
    "a path": {"format": "uri-reference", "pattern": "^/v1/"},
    "an iri": {"format": "iri", "pattern": r"^https://x\."},
}
IMPOSSIBLE = [
    {"format": "byte", "pattern": "^.{2,2}$"},
    {"format": "date", "maxLength": 8},
    {"format": "date", "minLength": 11},
    {"format": "uuid", "pattern": "^[0-9]{4}$"},
    {"format": "email", "pattern": "^[0-9]+$"},
    {"format": "email", "minLength": 300},
    {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    {"format": "ipv4", "maxLength": 6},
    {"format": "uri", "pattern": "^[a-z]+$"},
]


@pytest.fixture(scope="module")
def producer_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Producer]:
    path = tmp_path_factory.mktemp("texts") / "d.json"

    def make(schema: dict, seed: int = 0) -> Producer:
        content = {"application/json": {"schema": schema}}
        paths = {"/": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
        path.write_bytes(orjson.dumps({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths}))
        document = load(path)
        operation = document.operation(document.entries[0])
        return Engine(document, Settings(seed=seed)).producer(operation.responses[0].content[0].schema, operation)

    return make


@pytest.mark.parametrize("name", NARROWED)
def test_a_format_narrowed_by_a_pattern_or_a_length_is_found_whatever_the_seed(
    producer_of: Callable[..., Producer], name: str
) -> None:
    judge = compile_schema(NARROWED[name])
    texts = [producer_of({"type": "string", **NARROWED[name]}, seed).produce(SampleOptions(seed)) for seed in range(5)]

    assert [text for text in texts if not judge.is_valid(text)] == []


@pytest.mark.parametrize("schema", IMPOSSIBLE, ids=str)
def test_a_format_that_no_such_text_has_is_passed_over_with_a_warning(
    producer_of: Callable[..., Producer], schema: dict
) -> None:
    producer = producer_of({"type": "string", **schema})
    without = {keyword: value for keyword, value in schema.items() if keyword != "format"}

    assert compile_schema(without).is_valid(producer.produce(SampleOptions(0)))
    assert [finding.rule for finding in producer.forms.schemas.findings()] == ["document-format-impossible"]


@pytest.mark.long
@pytest.mark.parametrize("format_", ASSERTED)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_whatever_part_of_a_format_a_pattern_asks_for_there_is_a_text(format_: str, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 50))
    text = data.draw(st.sampled_from(write_texts(seed, "x", TextConstraints((format_,)))))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    anchored = data.draw(st.booleans())
    part = "".join(char if char.isalnum() else f"\\{char}" if char.isascii() else char for char in text[start:end])
    pattern = f"^{part}" if anchored and start == 0 else part
    demands = TextConstraints((format_,), (pattern,), len(text), len(text))
    judge = compile_schema({"format": format_, "pattern": pattern, "minLength": len(text), "maxLength": len(text)})

    assert has_format(format_, pattern, len(text), len(text))
    written = write_texts(seed + 1, "y", demands)
    assert written
    assert all(map(judge.is_valid, written))


@pytest.mark.parametrize("format_", ASSERTED)
def test_a_grammar_has_no_text_that_the_judge_refuses(format_: str) -> None:
    judge = compile_schema({"format": format_})
    for grammar in find_format(format_).patterns:
        for least in (0, 9, 20):
            written = write_texts(least, "grammar", TextConstraints((), (grammar, "^"), least))
            assert [text for text in written if not judge.is_valid(text)] == []


def test_a_pattern_that_leaves_its_end_open_gives_the_shortest_text(producer_of: Callable[..., Producer]) -> None:
    link = {
        "type": "object",
        "required": ["url"],
        "properties": {"url": {"type": "string", "pattern": "^/v1/files", "maxLength": 5000}},
    }
    producer = producer_of(link)

    assert {producer.produce(SampleOptions(seed))["url"] for seed in range(30)} == {"/v1/files"}  # type: ignore[index, call-overload]


def test_what_has_to_differ_does_although_one_text_is_the_shortest(producer_of: Callable[..., Producer]) -> None:
    texts = {"type": "array", "uniqueItems": True, "minItems": 4, "items": {"type": "string", "pattern": "^x-"}}
    names = {
        "type": "object",
        "minProperties": 4,
        "additionalProperties": {"type": "integer"},
        "propertyNames": {"pattern": "^x-"},
    }
    things = {
        "type": "array",
        "minItems": 4,
        "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^cus_"}}},
    }

    assert len(producer_of(texts).produce(SampleOptions(0))) >= 4  # type: ignore[arg-type]
    assert len(producer_of(names).produce(SampleOptions(0))) >= 4  # type: ignore[arg-type]
    assert len({item["id"] for item in producer_of(things).produce(SampleOptions(0, size=6))}) >= 4  # type: ignore[union-attr, index, call-overload]


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)"),
        (
            r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
            r"(19|20)\d\d-(0[1-9]|1[0-2])-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ",
        ),
        (r"^\d{2}:\d{2}$", r"([01]\d|2[0-3]):[0-5]\d"),
        (r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$", r"192\.0\.2\.\d+"),
    ],
)
def test_a_pattern_that_describes_a_date_or_the_like_gives_real_ones(
    producer_of: Callable[..., Producer], pattern: str, shape: str
) -> None:
    producer = producer_of({"type": "string", "pattern": pattern})

    assert all(re.fullmatch(shape, str(producer.produce(SampleOptions(seed)))) for seed in range(10))


@pytest.mark.parametrize("pattern", [r"^[\d-]{10}$", r"^(?=.*\d)(?=.*[a-z]).{8,}$", r"^\S+$", r"\d"])
def test_a_pattern_that_lets_a_date_pass_among_others_gives_no_dates(
    producer_of: Callable[..., Producer], pattern: str
) -> None:
    producer = producer_of({"type": "string", "pattern": pattern})

    assert not any(re.fullmatch(r"\d{4}-\d\d-\d\d", str(producer.produce(SampleOptions(seed)))) for seed in range(10))


def test_a_pattern_written_as_a_literal_is_left_out_where_it_may_be_else_read_between_its_slashes(
    producer_of: Callable[..., Producer],
) -> None:
    letter = {"type": "string", "pattern": "/^[a-z]$/"}
    properties = {"a": {"type": "integer"}, "letter": letter}

    assert "letter" not in producer_of({"type": "object", "required": ["a"], "properties": properties}).produce(
        SampleOptions(0)
    )  # type: ignore[operator]
    required = producer_of({"type": "object", "required": ["letter"], "properties": properties}).produce(
        SampleOptions(0)
    )
    assert re.fullmatch("[a-z]", str(required["letter"]))  # type: ignore[index, call-overload]
