"""Coherence: the parts of an answer agree with each other and with the request."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from mock_server.generate.realism.meaning import Meaning, find_meaning
from mock_server.generate.realism.pools import _KINDS, NOW, Pools
from mock_server.generate.realism.quantities import NUMBERS
from mock_server.generate.realism.tables import CITIES, MOMENTS, SOCKETS, TEXT, read_table
from mock_server.generate.realism.vocabularies import KINDS, SENTENCES
from mock_server.names import nouns_of, singular, split_words
from tests.support.mocks import Mock, body_of, minimal, operation

TARGET = "/api/charger/{}/users?code=k&clientId=c"


@pytest.fixture(scope="module")
def answers(charger: Mock) -> list[list[dict]]:
    return [body_of(charger.ask(TARGET.format(f"EMABLER_Charger7{n:04d}"))) for n in range(40)]


def walk(value: object, above: tuple[dict, ...] = ()) -> Iterator[tuple[dict, tuple[dict, ...]]]:
    """Every object in a value with those around it, the nearest last."""
    if isinstance(value, dict):
        yield value, above
        for member in value.values():
            yield from walk(member, (*above, value))
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, above)


def test_every_documented_field_turns_up(charger: Mock, answers: list[list[dict]]) -> None:
    schemas = charger.responder.document.resource.value["components"]["schemas"]
    documented = {
        (name, field)
        for name, schema in schemas.items()
        if name != "ExceptionDetails"
        for field in schema["properties"]
    }
    marks = {"Driver": "homeGroupId", "Tag": "idTag", "ChargerGroup": "groupType", "Charger": "evseId", "LocationInfo": "latitude",
             "ChargerConfiguration": "configName", "Socket": "socketPowerType", "IntegratedExternalId": "referenceType"}  # fmt: skip
    seen = {
        (name, field)
        for answer in answers
        for found, _ in walk(answer)
        for name, mark in marks.items()
        if mark in found
        for field in found
    }

    assert documented - seen == set()
    assert all(any(found.get("groupType") is not None for found, _ in walk(answer)) for answer in answers)


def test_the_charger_that_was_asked_for_is_there_and_the_same_everywhere(answers: list[list[dict]]) -> None:
    for number, answer in enumerate(answers):
        wanted = f"EMABLER_Charger7{number:04d}"
        shown = [found for found, _ in walk(answer) if found.get("chargerId") == wanted]

        assert len(shown) == len(answer)
        assert len({found["chargerName"] for found in shown}) == 1
        assert all(any(found.get("chargerId") == wanted for found, _ in walk(driver)) for driver in answer)


def test_a_charger_is_in_the_group_around_it(answers: list[list[dict]]) -> None:
    checked = 0
    for answer in answers:
        for found, above in walk(answer):
            group = next((parent for parent in reversed(above) if "groupType" in parent), None)
            if "chargerId" in found and group is not None:
                checked += 1
                assert (found["groupId"], found["groupName"]) == (group["id"], group["groupName"])
    assert checked > 40


def test_a_count_is_the_length_of_the_list_it_counts(answers: list[list[dict]]) -> None:
    for answer in answers:
        for found, _ in walk(answer):
            if "amountOfSockets" in found:
                assert found["amountOfSockets"] == len(found["sockets"] or [])


def test_a_tag_starts_before_it_expires(answers: list[list[dict]]) -> None:
    tags = [found for answer in answers for found, _ in walk(answer) if "idTag" in found]

    assert all(tag["startDate"] is None or tag["startDate"] < tag["expiringDate"] for tag in tags)
    assert any(tag["startDate"] is None for tag in tags)
    assert any(tag["startDate"] is not None for tag in tags)


def test_coordinates_lie_in_the_named_city(answers: list[list[dict]]) -> None:
    cities = {name: (lat, lon) for name, lat, lon, _, _ in CITIES["FI"]}
    places = [
        found for answer in answers for found, _ in walk(answer) if "latitude" in found and found["city"] is not None
    ]

    assert len({place["city"] for place in places}) > 3
    for place in places:
        lat, lon = cities[place["city"]]
        assert abs(place["latitude"] - lat) < 0.05
        assert abs(place["longitude"] - lon) < 0.05


def test_power_fits_voltage_and_amperage(answers: list[list[dict]]) -> None:
    known = {(type_, volts, amperes, watts) for type_, _, _, volts, amperes, watts, _ in SOCKETS}
    sockets = [found for answer in answers for found, _ in walk(answer) if "maxWatts" in found]
    whole = [s for s in sockets if None not in (s["type"], s["maxVoltage"], s["maxAmperage"], s["maxWatts"])]

    assert len(whole) > 20
    assert all((s["type"], s["maxVoltage"], s["maxAmperage"], s["maxWatts"]) in known for s in whole)


def test_items_of_a_list_differ_and_lists_are_of_believable_length(answers: list[list[dict]]) -> None:
    for answer in answers:
        assert 1 < len(answer) < 6
        assert len({driver["id"] for driver in answer}) == len(answer)
        assert len({driver["name"] for driver in answer}) == len(answer)


def test_path_and_query_parameters_are_echoed(mock: Callable[..., Mock]) -> None:
    pet = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "ownerId": {"type": "string"},
            "status": {"type": "string"},
            "name": {"type": "string"},
        },
    }
    parameters = [
        {"name": "ownerId", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "status", "in": "query", "schema": {"type": "string"}},
    ]
    page = {
        "type": "object",
        "properties": {
            "page": {"type": "integer"},
            "total": {"type": "integer"},
            "items": {"type": "array", "items": pet},
        },
    }
    paths = {
        "/owners/{ownerId}/pets": {"get": operation(page, parameters=[*parameters, {"name": "page", "in": "query", "schema": {"type": "integer"}}])},
        "/pets/{petId}": {"get": {**operation(pet, parameters=[{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}]), "operationId": "one"}},
    }  # fmt: skip
    asked = mock(minimal(paths))

    listed = body_of(asked.ask("/owners/o-7/pets?status=sold&page=3"))
    one = body_of(asked.ask("/pets/42"))

    assert listed["page"] == 3
    assert listed["total"] == 3 * len(listed["items"])  # the pages before are as long, and there is none after
    assert {(item["ownerId"], item["status"]) for item in listed["items"]} == {("o-7", "sold")}
    assert len({item["id"] for item in listed["items"]}) == len(listed["items"])
    assert one["id"] == 42


def test_a_least_is_not_above_its_greatest(mock: Callable[..., Mock]) -> None:
    schema = {
        "type": "object",
        "properties": {
            "minPrice": {"type": "number"},
            "maxPrice": {"type": "number"},
            "from_level": {"type": "integer"},
            "to_level": {"type": "integer"},
        },
    }
    asked = mock(minimal({"/a": {"get": operation(schema)}}))

    for seed in range(30):
        value = body_of(asked.ask("/a", headers={"prefer": f"seed={seed}"}))
        assert value["minPrice"] <= value["maxPrice"]
        assert value["from_level"] <= value["to_level"]


@pytest.mark.parametrize(
    ("name", "owner", "type_", "format_", "description", "meaning"),
    [
        ("city", "", "string", "", "", Meaning("city")),
        ("homeCity", "", "string", "", "", Meaning("city")),
        ("latitude", "", "number", "double", "", Meaning("latitude")),
        ("iccid", "", "string", "", "", Meaning("iccid")),
        ("evseId", "charger", "string", "", "", Meaning("evse_id")),
        ("chargerStatus", "charger", "string", "", "", Meaning("operational_status")),
        ("id", "charger", "integer", "int64", "", Meaning("entity_id", "charger")),
        ("id", "socket", "integer", "int32", "", Meaning("ordinal")),
        ("groupId", "charger", "integer", "int64", "", Meaning("entity_id", "group")),
        ("groupName", "charger", "string", "", "", Meaning("entity_name", "group")),
        ("name", "driver", "string", "", "", Meaning("person_name")),
        ("name", "company", "string", "", "", Meaning("company")),
        ("name", "charger", "string", "", "", Meaning("entity_name", "charger")),
        ("created_at", "", "string", "date-time", "", Meaning("created", moment=True)),
        ("created", "", "integer", "int64", "Unix timestamp", Meaning("created", moment=True)),
        ("status", "", "number", "", "The HTTP status code of the error", Meaning("status_code")),
        ("expiringDate", "", "string", "date-time", "", Meaning("future", moment=True)),
        ("contact", "", "string", "email", "", Meaning("email")),
        ("x", "", "string", "", "An ISO 4217 code", Meaning("currency_code")),
        ("x", "", "string", "", "A two-letter country code", Meaning("country_code")),
        ("active", "", "boolean", "", "", Meaning("0.85")),
        ("qwertz", "", "string", "", "", None),
    ],
)  # fmt: skip
def test_meanings_are_told_from_name_owner_format_and_description(
    name: str, owner: str, type_: str, format_: str, description: str, meaning: Meaning | None
) -> None:
    assert find_meaning(name, frozenset((owner,)) if owner else frozenset(), type_, format_, description) == meaning


def test_every_kind_of_the_tables_has_a_column() -> None:
    assert {*read_table(TEXT).values(), *read_table(KINDS).values()} <= _KINDS | SENTENCES.keys()
    assert set(read_table(MOMENTS).values()) == {"born", "created", "started", "ended", "updated", "seen", "future"}
    assert "latitude" in read_table(NUMBERS).values()


@pytest.mark.parametrize("locale", ["fi_FI", "en_US", "de-DE", "ja_JP", "pt_BR"])
def test_every_column_fills_in_every_locale_and_in_every_order(locale: str) -> None:
    forwards, backwards = Pools(locale, 3), Pools(locale, 3)
    kinds = sorted(_KINDS)
    one = {kind: forwards.column(kind) for kind in kinds}
    other = {kind: backwards.column(kind) for kind in reversed(kinds)}

    assert one == other
    assert {len(column) for column in one.values()} == {256}
    assert one["uuid"] != Pools(locale, 4).column("uuid")


def test_moments_are_in_order_whatever_is_picked() -> None:
    pools = Pools("en_US", 0)
    spans = [pools.moments(kind) for kind in ("born", "created", "started", "ended", "updated", "seen")]

    for earlier, later in itertools.pairwise(spans):
        assert max(earlier) < min(later)
    assert max(spans[-1]) <= NOW < min(pools.moments("future"))


@pytest.mark.parametrize(
    ("name", "words"), [("homeGroupId", ("home", "group", "id")), ("HTTPServer2Name", ("http", "server", "2", "name")), ("a_b-c", ("a", "b", "c")), ("größe", ("größe",)), ("", ())]
)  # fmt: skip
def test_names_are_split_into_words(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


def test_nouns_are_singular_and_without_what_says_nothing() -> None:
    assert nouns_of("chargerGroups") == {"group", "charger group"}
    assert nouns_of("UserResponse") == {"user"}
    assert "group" in nouns_of("subgroups")
    assert [singular(word) for word in ("categories", "boxes", "status", "ids", "bus", "drivers")] == [
        "category",
        "box",
        "status",
        "id",
        "bus",
        "driver",
    ]
