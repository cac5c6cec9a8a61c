"""What descriptions say is kept as far as the schema allows it, and never makes a value wrong."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from mock_server import load
from mock_server.generate.elsewhere import Elsewhere
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.realism.descriptions import READ, read_description
from mock_server.settings import Settings

PHRASES = (
    "One of `a`, `b` or `c`.", 'Possible values are "red" and "green".', "between 0 and 100", "from -90 (minimum) to 90",
    "in milliseconds", "in %", "ISO 3166-1 alpha-2", "usually 1", "e.g. `spotify:album:2up3OPMp9Tb4dAKM2erWXQ`",
    "for example **plastix**, **hmclub**", "The name of the operator of the trip", "ID of the invoice", "Defaults to 10.",
    "RFC 2822", "yyyy-mm-dd", "If `true`, it is deleted.", "The number of files", "at least 5", "less than 3", "up to 7 bytes",
    "A percentage", "HTML", "PEM", "SHA-256", "unique within a namespace", "relative to the root", "starting at 1", "0-based",
    "Valid operators are In, NotIn, Exists.", "CREATE, UPDATE or *", "`0` is an error, `1` is a warning", "The e-mail address",
)  # fmt: skip
NAMES = (
    "status", "type", "name", "id", "count", "total", "description", "message", "tags", "duration_ms", "size", "price", "value",
    "operator", "url", "uri", "location", "x", "color", "title", "created_at", "share", "percent", "level", "first_name",
)  # fmt: skip
TEXTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": st.integers(0, 12), "maxLength": st.integers(12, 40)},
    ),
    st.sampled_from((
        {"type": "string", "pattern": "^[a-z]{2,5}$"}, {"type": "string", "format": "date-time"}, {"type": "string", "format": "uuid"},
        {"type": "string", "format": "email"}, {"type": "string", "maxLength": 1}, {"type": "string", "pattern": "^[0-9]{6}$"},
        {"type": "string", "format": "uri"}, {"type": "string", "maxLength": 5, "example": "a long example"},
    )),
)  # fmt: skip
NUMBERS = st.one_of(
    st.builds(
        lambda type_, low, width: {"type": type_, "minimum": low, "maximum": low + width},
        st.sampled_from(("integer", "number")), st.integers(-1000, 1000), st.integers(0, 50),
    ),
    st.sampled_from((
        {"type": "integer", "multipleOf": 7}, {"type": "number", "exclusiveMinimum": 100}, {"type": "integer", "maximum": -5},
        {"type": "integer"}, {"type": "number"}, {"type": "integer", "format": "int32", "example": 3},
    )),
)  # fmt: skip
DESCRIBED = st.builds(
    lambda schema, phrases: {**schema, "description": " ".join(phrases)},
    st.one_of(TEXTS, NUMBERS),
    st.lists(st.sampled_from(PHRASES), max_size=3),
)
LISTED = st.builds(
    lambda items, phrase: {"type": "array", "items": items, "minItems": 3, "uniqueItems": True, "description": phrase},
    st.sampled_from(({"type": "string"}, {"type": "string", "minLength": 3}, {"type": "integer"})),
    st.sampled_from(PHRASES),
)
HOSTILE = (
    "`a`, ",
    "one of ",
    "from 1 ",
    "between 0 and ",
    "'a",
    "A, ",
    "**",
    "`",
    "((",
    "names of ",
    "0.1.",
    "valid values are a, ",
)


def producer_of(folder: Path, schema: object) -> Producer:
    content = {"application/json": {"schema": schema}}
    paths = {"/things": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    path = folder / "described.json"
    path.write_bytes(orjson.dumps({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths}))
    opened = load(path)
    operation = opened.operation(opened.entries[0])
    return Engine(opened, Settings()).producer(operation.responses[0].content[0].schema, operation)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("described")


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.one_of(DESCRIBED, LISTED), min_size=1, max_size=4), st.booleans())
def test_no_description_makes_a_value_wrong(folder: Path, properties: dict, static: bool) -> None:
    schema = {"type": "object", "required": sorted(properties), "properties": properties}
    judge = Draft202012Validator(schema, format_checker=FormatChecker())

    producer = producer_of(folder, schema)

    for seed in range(3):
        value = producer.produce(SampleOptions(seed, static=static))
        assert list(judge.iter_errors(value)) == [], value


@given(st.text(max_size=60), st.sampled_from(HOSTILE), st.sampled_from(PHRASES))
def test_of_a_description_the_beginning_counts(start: str, hostile: str, phrase: str) -> None:
    """And reading it comes to an end, whatever is repeated in it."""
    text = start + hostile * 400 + phrase * 40

    assert read_description(text) == read_description(text[:READ])


@pytest.mark.parametrize(
    ("description", "values"),
    [
        ("`flow` is one of `redirect`, `receiver`, or `none`.", ("redirect", "receiver", "none")),
        ("Either `available` or `pending`.", ("available", "pending")),
        ("The event (for example, `invoice.created` or `charge.refunded`).", ("invoice.created", "charge.refunded")),
        ("Valid operators are In, NotIn, Exists, DoesNotExist. Gt, and Lt.", ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")),
        ("CREATE, UPDATE, DELETE or * for all of them", ("CREATE", "UPDATE", "DELETE", "*")),
        ("`0` is an error, `1` is a warning.", ("0", "1")),
        ('The object type: "playlist"', ("playlist",)),
        ("If `true`, the segment is compound.", ("true", "false")),
        ("See `other_field` in the guide.", ()),
        ("Nothing is said.", ()),
    ],
)  # fmt: skip
def test_the_words_that_a_description_lists_are_its_values(description: str, values: tuple[str, ...]) -> None:
    assert read_description(description).values == values


@pytest.mark.parametrize(
    ("description", "bounds"),
    [
        ("A value between 0 and 100.", (0, 100)),
        ("The pitch, from -90 (minimum) to 90 (maximum).", (-90, 90)),
        ("Possible values: 1-31", (1, 31)),
        ("Must be greater than `0` and less than or equal to `1`.", (0, 1)),
        ("Greater than zero.", (0, None)),
        ("See section 3.", (None, None)),
    ],
)
def test_the_bounds_that_a_description_names(description: str, bounds: tuple[float | None, float | None]) -> None:
    said = read_description(description)

    assert (said.least, said.most) == bounds


DOCUMENT = {
    "components": {
        "schemas": {
            "Album": {"properties": {"uri": {"type": "string", "example": "spotify:album:1"}, "mood": {"type": "string", "example": "calm"}}},
            "Track": {"properties": {"kind": {"$ref": "#/components/schemas/TrackKind"}, "key": {"type": "string", "example": "<your key>"}}},
            "TrackKind": {"type": "string", "enum": ["live", "studio"]},
        }
    },
    "paths": {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"example": {"track": {"mixName": "Late Night"}, "a": ["b"]}}}}}}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "owner", "shown"),
    [
        ("mood", "album", ("calm",)),
        ("mood", "track", ("calm",)),
        ("uri", "playlist", ("spotify:album:1",)),
        ("kind", "track", ("live", "studio")),
        ("kind", "album", ()),
        ("key", "track", ()),
        ("mixName", "song", ("Late Night",)),
        ("none", "album", ()),
    ],
)
def test_what_a_document_shows_of_a_property_elsewhere(name: str, owner: str, shown: tuple[str, ...]) -> None:
    assert Elsewhere(DOCUMENT).examples(name, frozenset((owner,))) == shown
