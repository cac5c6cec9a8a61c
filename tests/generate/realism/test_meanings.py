"""Values mean what their names, descriptions and examples say, and agree with what is asked and answered."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import orjson
import pytest

from mock_server import load
from mock_server.generate.engine import Engine
from mock_server.generate.producer import Producer, SampleOptions
from mock_server.generate.realism.errors import choose
from mock_server.generate.realism.example_shapes import code_writer, count_places, moment_writer
from mock_server.generate.realism.pools import NOW
from mock_server.generate.realism.tables import CAPABILITIES, SETTING_KEYS, STATIONS, STATUSES
from mock_server.settings import Settings

Make = Callable[..., Producer]
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture(scope="module")
def producer_of(tmp_path_factory: pytest.TempPathFactory) -> Make:
    path = tmp_path_factory.mktemp("meanings") / "d.json"

    def make(schema: dict, name: str = "Thing") -> Producer:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        paths = {"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
        document = {
            "openapi": "3.1.0",
            "info": {"title": "", "version": ""},
            "paths": paths,
            "components": {"schemas": {name: schema}},
        }
        path.write_bytes(orjson.dumps(document))
        opened = load(path)
        operation = opened.operation(opened.entries[0])
        return Engine(opened, Settings()).producer(operation.responses[0].content[0].schema, operation)

    return make


def values_of(producer_of: Make, name: str, schema: dict, beside: dict | None = None) -> list:
    """Values of one property, those of later items of lists among them."""
    item = {"type": "object", "required": [name], "properties": {name: schema, **(beside or {})}}
    producer = producer_of({"type": "array", "minItems": 3, "items": item})
    return [each[name] for seed in range(8) for each in producer.produce(SampleOptions(seed))]  # type: ignore[union-attr, index, call-overload]


TEXT = {"type": "string"}


def said(description: str) -> dict:
    return {"type": "string", "description": description}


# the property, its schema, what each of its values looks like
MEANT = [
    ("started", said("Point in time when the action was started (in ISO-8601 format)"), ISO),
    ("started", said("When it started, see [the format](https://example.com/URL)"), r"(?!http).*"),
    ("created_at", said("See <https://example.com/x> for the URL of the format"), ISO),
    ("renewed", said("RFC 3339 timestamp"), ISO),
    ("day", said("The day, as YYYY-MM-DD"), r"\d{4}-\d\d-\d\d"),
    ("lasting", said("An ISO 8601 duration"), r"P\S+"),
    ("created", {"type": "string", "example": "2016-01-30T23:50:00+00:00"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"),
    ("touched", {"type": "string", "examples": ["2016-01-30 23:50:00"]}, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("modified", {"type": "string", "example": "2016-01-30T23:50:00.123Z"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    ("released", {"type": "string", "example": "2016-01-30"}, r"\d{4}-\d\d-\d\d"),
    ("country", said("Two-letter country code (ISO 3166-1 alpha-2)."), "[A-Z]{2}"),
    ("country", said("Three-letter country code"), "[A-Z]{3}"),
    ("country", said("ISO 3166-1 alpha-3"), "[A-Z]{3}"),
    ("country", TEXT, r".{4,}"),
    ("currency", said("Three-letter [ISO currency code](https://example.com), in lowercase."), "[a-z]{3}"),
    ("currency", said("Three-letter ISO code, in upper case"), "[A-Z]{3}"),
    ("currency", {"type": "string", "example": "eur"}, "[a-z]{3}"),
    ("currency", TEXT, "[A-Z]{3}"),
    ("state", said("State, county, province, or region."), rf"(?!{'|'.join(STATUSES)}).*"),
    ("permissions", TEXT, r"[a-z:]+"),
    ("scope", TEXT, r"[a-z:]+"),
    ("permissions", {"type": "string", "example": "2147483647"}, r"\d{10}"),
    ("features", TEXT, r"[a-z_]+"),
    ("model", TEXT, rf"(?!{'|'.join(re.escape(row[1]) for row in STATIONS)}).*"),
    ("config_key", TEXT, "|".join(SETTING_KEYS)),
    ("id", {"type": "string", "example": "cus_NffrFeUfNV2Hib"}, r"cus_[A-Z][a-z]{3}[A-Z][a-z][A-Z][a-z][A-Z]{2}\d[A-Z][a-z]{2}"),
    ("id", {"type": "string", "example": "user_1"}, r"user_\d+"),
    ("id", {"type": "string", "example": "42"}, r"\d+"),
    ("tier", {"type": "string", "example": "PENDING_REVIEW"}, "PENDING_REVIEW"),
    ("zone", {"type": "string", "example": "us-east-1"}, "us-east-1"),
    ("status", {"type": "string", "example": "trialing"}, "trialing"),
    ("ip", {"type": "string", "example": "2001:db8::/64"}, r"2001:db8:[0-9a-f:]*:/64"),
    ("ip", {"type": "string", "example": "2001:db8::1"}, r"[0-9a-f]*:[0-9a-f:]+"),
    ("ip", {"type": "string", "example": "1.2.3.4"}, r"\d+(\.\d+){3}"),
    ("ip_range", {"type": "string", "example": "10.0.0.0/24"}, r"10\.0\.\d+\.0/24"),
    ("ip", {"type": "string", "example": "10.0.0.5/24"}, r"10\.0\.\d+\.5/24"),
    ("network", {"type": "string", "description": "The network in CIDR notation"}, r"\d+(\.\d+){3}/\d+"),
    ("cidr", TEXT, r"\d+(\.\d+){3}/\d+"),
    ("phone", {"type": "string", "example": "+15551234567"}, r"\+\d{11}"),
    ("mac", {"type": "string", "example": "00-1B-63-84-45-E6"}, r"([0-9A-F]{2}-){5}[0-9A-F]{2}"),
    ("price", {"type": "string", "example": "12.50 EUR"}, r"\d+\.\d+ EUR"),
    ("amount", {"type": "string", "example": "1999"}, r"\d{4}"),
    ("url", {"type": "string", "example": "/v1/files/12"}, r"/v1/files/\d\d"),
    ("url", {"type": "string", "example": "s3://bucket/123456.txt"}, r"s3://bucket/\d{6}\.txt"),
    ("url", {"type": "string", "example": "https://example.com/a"}, r"https?://.*"),
    ("created_at", {"type": "string", "example": "/Date(1518685950940+0000)/"}, r"/Date\(\d{13}\+0000\)/"),
    ("updated", {"type": "string", "pattern": r"^/Date\(\d+\+0000\)/$"}, r"/Date\(\d{13}\+0000\)/"),
    ("created_at", {"type": "string", "example": "31/12/2020"}, r"\d\d/\d\d/\d{4}"),
    ("created_at", {"type": "string", "example": "20160130T235000Z"}, r"\d{8}T\d{6}Z"),
    ("permissions", said("The bitwise value of what is allowed"), r"\d+"),
    ("permissions", said("A bitfield"), r"\d+"),
    ("amount", {"type": "string", "format": "uint64"}, r"[1-9]\d*"),
    ("guild_id", {"type": "string", "format": "snowflake"}, r"\d+"),
    ("status", {"enum": ["queued", "in_progress", "completed", "failed"]}, "completed"),
    ("status", {"enum": ["running", "success", "error"]}, "success"),
    ("state", {"enum": ["creating", "available", "deleting"]}, "available"),
    ("status", {"enum": ["placed", "approved", "delivered"]}, "placed|approved|delivered"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "schema", "shape"), MEANT, ids=lambda each: str(each)[:40])
def test_a_text_is_what_is_said_of_it_in_every_item(producer_of: Make, name: str, schema: dict, shape: str) -> None:
    wrong = [value for value in values_of(producer_of, name, schema) if not re.fullmatch(shape, value)]

    assert wrong == []


def test_a_state_beside_a_city_is_a_region(producer_of: Make) -> None:
    assert not set(STATUSES) & set(values_of(producer_of, "state", TEXT, {"city": TEXT, "zip": TEXT}))
    assert set(STATUSES) & set(values_of(producer_of, "state", TEXT, {"name": TEXT}))


def test_words_of_charging_stand_where_something_is_charged_only(producer_of: Make) -> None:
    schema = {"type": "object", "required": ["capabilities"], "properties": {"capabilities": TEXT}}
    charger, user = producer_of(schema, "Charger"), producer_of(schema, "User")

    assert all(charger.produce(SampleOptions(seed))["capabilities"] in CAPABILITIES for seed in range(9))  # type: ignore[index, call-overload]
    assert not any(user.produce(SampleOptions(seed))["capabilities"] in CAPABILITIES for seed in range(9))  # type: ignore[index, call-overload]


def test_ids_shaped_like_an_example_tell_things_apart(producer_of: Make) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "example": "tok_12ab34cd"}}}
    things = producer_of({"type": "array", "items": item}).produce(SampleOptions(0, size=200))

    assert len({thing["id"] for thing in things}) == 200  # type: ignore[union-attr, index, call-overload]


def test_codes_of_all_rows_differ_where_there_is_room() -> None:
    write = code_writer("AB-12345-X7", "x")

    assert len({write(row) for row in range(65_536)}) == 65_536
    assert all(re.fullmatch(r"AB-\d{5}-X\d", write(row)) for row in range(0, 65_536, 999))


NUMBER = {"type": ["integer", "null"]}
DIGITS = r"[1-9]\d*"
# the property and its schema, a schema of the same name elsewhere in the document, whether its texts are digits
ELSEWHERE_SAID = [
    ("permissions", TEXT, NUMBER, True),
    ("allow", TEXT, NUMBER, True),
    ("permissions", TEXT, {"type": "string", "example": "2147483647"}, True),
    ("permissions", TEXT, {"type": "string", "pattern": r"^(0|[1-9][0-9]*)$"}, True),
    ("permissions", TEXT, {"type": "string", "format": "snowflake"}, True),
    ("permissions", TEXT, said("The bitwise value of the permissions"), True),
    ("permissions", said("The total number of them"), NUMBER, True),
    ("permissions", TEXT, {"type": "string", "example": "read"}, False),
    ("permissions", TEXT, {"type": "string", "enum": ["read", "write"]}, False),
    ("permissions", TEXT, {"type": "array", "items": TEXT}, False),
    ("permissions", TEXT, TEXT, False),
    ("outcome", said("What came of it, in plain words"), NUMBER, False),
    ("status", TEXT, NUMBER, False),
    ("type", TEXT, NUMBER, False),
    ("description", TEXT, NUMBER, False),
]


@pytest.mark.parametrize(("name", "schema", "other", "is_digits"), ELSEWHERE_SAID)
def test_a_text_that_is_a_number_elsewhere_in_the_document_is_written_in_digits(
    producer_of: Make, name: str, schema: dict, other: dict, is_digits: bool
) -> None:
    there = {"type": "object", "properties": {name: other}}
    values = values_of(producer_of, name, schema, {"elsewhere": there})

    assert {re.fullmatch(DIGITS, value) is not None for value in values} == {is_digits}


def test_items_of_a_list_are_no_digits_because_a_number_has_its_name(producer_of: Make) -> None:
    listed = {"type": "array", "minItems": 2, "items": TEXT}
    values = values_of(producer_of, "permissions", listed, {"elsewhere": {"properties": {"permissions": NUMBER}}})

    assert not any(item.isdigit() for each in values for item in each)


@pytest.mark.parametrize("example", ["gold", "10:30", "192.168.0.1", "31/12/2020", "two words 2", "", "1.5,2.5"])
def test_what_is_no_code_has_no_places_for_other_characters(example: str) -> None:
    assert count_places(example) == 0


@pytest.mark.parametrize(
    ("example", "written"),
    [
        ("2016-01-30T23:50:00Z", "2026-06-01T12:00:00Z"), ("2016-01-30T23:50:00.000+0200", "2026-06-01T14:00:00.000+0200"),
        ("2016-01-30T23:50:00-05:30", "2026-06-01T06:30:00-05:30"), ("2016-01-30 23:50", "2026-06-01 12:00"), ("2016-01-30", "2026-06-01"),
        ("Sat, 30 Jan 2016 23:50:00 GMT", "Mon, 01 Jun 2026 12:00:00 GMT"), ("yesterday", None), ("2016", None),
    ],
)  # fmt: skip
def test_a_moment_is_written_as_the_example_writes_one(example: str, written: str | None) -> None:
    write = moment_writer(example)

    assert (write(NOW) if write is not None else None) == written


def integers(*names: str) -> dict:
    return {"type": "object", "required": list(names), "properties": {name: {"type": "integer"} for name in names}}


@pytest.mark.parametrize(
    ("names", "total", "parts"),
    [
        (("in_progress", "completed", "failed", "total"), "total", {"in_progress": 1, "completed": 1, "failed": 1}),
        (
            ("prompt_tokens", "completion_tokens", "total_tokens"),
            "total_tokens",
            {"prompt_tokens": 1, "completion_tokens": 1},
        ),
        (("subtotal", "tax", "discount", "total"), "total", {"subtotal": 1, "tax": 1, "discount": -1}),
        (
            ("inputTokens", "outputTokens", "seconds", "totalTokens"),
            "totalTokens",
            {"inputTokens": 1, "outputTokens": 1},
        ),
    ],
)
def test_a_total_is_the_sum_of_its_parts(
    producer_of: Make, names: tuple[str, ...], total: str, parts: dict[str, int]
) -> None:
    producer = producer_of(integers(*names))
    for seed in range(10):
        value = producer.produce(SampleOptions(seed))
        assert isinstance(value, dict)
        assert value[total] == sum(sign * value[name] for name, sign in parts.items())


def test_a_total_beside_a_page_is_no_sum(producer_of: Make) -> None:
    values = [producer_of(integers("page", "per_page", "total")).produce(SampleOptions(seed)) for seed in range(5)]

    assert any(value["total"] != value["page"] + value["per_page"] for value in values)  # type: ignore[index, call-overload]


def test_the_first_and_last_id_are_those_of_the_list(producer_of: Make) -> None:
    schema = {
        "type": "object", "required": ["data", "first_id", "last_id"],
        "properties": {"data": {"type": "array", "items": {"type": "object", "required": ["id"], "properties": {"id": TEXT}}}, "first_id": TEXT, "last_id": TEXT},
    }  # fmt: skip
    for seed in range(8):
        value = producer_of(schema).produce(SampleOptions(seed, size=4))
        assert isinstance(value, dict)
        assert (value["first_id"], value["last_id"]) == (value["data"][0]["id"], value["data"][-1]["id"])


ERRORS = ["api_error", "card_error", "idempotency_error", "invalid_request_error"]


@pytest.mark.parametrize(
    ("values", "status", "chosen"),
    [
        (ERRORS, 404, "invalid_request_error"), (ERRORS, 400, "invalid_request_error"), (ERRORS, 402, "card_error"), (ERRORS, 500, "api_error"),
        (["NOT_FOUND", "INVALID"], 404, "NOT_FOUND"), (["resourceNotFound", "badRequest"], 404, "resourceNotFound"), (["a", "b"], 404, None),
        (["UNAUTHENTICATED", "PERMISSION_DENIED"], 403, "PERMISSION_DENIED"), ([400, 404], 404, 404), (["RateLimited", "Internal"], 429, "RateLimited"),
        (["conflict", "gone"], 409, "conflict"), (["validation_failed", "x"], 418, "validation_failed"),
    ],
)  # fmt: skip
def test_the_kind_of_an_error_is_the_one_that_its_status_means(values: list, status: int, chosen: object) -> None:
    assert choose(values, status) == chosen


def test_an_error_says_its_status_and_is_short(producer_of: Make) -> None:
    thing = {
        "type": "object",
        "properties": {f"part{n}": {"type": "object", "properties": {"x": TEXT}} for n in range(9)},
    }
    inner = {
        "type": {"enum": ERRORS},
        "message": TEXT,
        "status": {"type": "integer"},
        "intent": thing,
        "causes": {"type": "array", "items": thing},
    }
    schema = {"type": "object", "properties": {"error": {"type": "object", "required": ["type"], "properties": inner}}}
    error = producer_of(schema).produce(SampleOptions(0, status=404))["error"]  # type: ignore[index, call-overload]

    assert set(error) == {"type", "message", "status"}
    assert (error["type"], error["status"]) == ("invalid_request_error", 404)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 503])
def test_problem_details_have_the_status_and_fit_it(producer_of: Make, status: int) -> None:
    properties = {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer", "example": 400},
        "detail": TEXT,
    }
    problem = producer_of({"type": "object", "properties": properties}).produce(
        SampleOptions(1, status=status, is_problem=True)
    )
    titles = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict", 503: "Service Unavailable"}

    assert isinstance(problem, dict)
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", titles[status], status)


def test_a_thing_with_two_names_of_one_length_is_the_same_in_every_process() -> None:
    """A dog that is a pet was now a dog, now a pet: Python orders sets anew in each process."""
    code = (
        "from mock_server.generate.realism.meaning import find_meaning\n"
        "print(find_meaning('id', frozenset(('pet', 'dog', 'cat', 'cow')), 'string', '', '').noun)"
    )
    nouns = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert nouns == {"cat\n"}
