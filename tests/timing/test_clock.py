"""One clock for generated moments, state, tokens and templates: set at start, moved and stopped in each world."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.errors import UsageError
from mock_server.timing.clock import NOW, REAL, clock_of
from mock_server.timing.durations import parse_duration
from tests.support.asgi_client import AsgiClient
from tests.support.issuing import issuing
from tests.support.mocks import minimal, operation

MOMENT = {"type": "string", "format": "date-time"}
ORDER = {"type": "object", "required": ["id", "createdAt", "note"],
         "properties": {"id": {"type": "integer"}, "createdAt": MOMENT, "note": {"type": "string"}}}  # fmt: skip
ORDERS = minimal(
    {
        "/orders": {
            "get": operation({"type": "array", "items": ORDER}, operationId="list"),
            "post": operation(
                ORDER,
                operationId="make",
                requestBody={
                    "content": {
                        "application/json": {"schema": {"type": "object", "properties": {"note": {"type": "string"}}}}
                    }
                },
            ),
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": operation(ORDER, operationId="get"),
        },
    }
)
TIMES = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001
    datetime(2198, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda each: each.replace(microsecond=0))


@given(TIMES, st.integers(1, 1_000_000))
def test_a_clock_that_stands_still_moves_by_what_is_said(moment: datetime, seconds: int) -> None:
    stands = REAL.freeze(stands=True).move("now", moment.isoformat())
    later = moment + timedelta(seconds=seconds)

    assert stands.moment() == moment
    if later.year < 2199:
        assert stands.move("now", f"+{seconds}s").moment() == later
        assert stands.move("now", f"+{seconds}").move("now", f"-{seconds}s") == stands


@given(TIMES)
def test_generated_moments_lie_whole_days_apart(moment: datetime) -> None:
    anchor = REAL.move("now", moment.isoformat()).freeze(stands=True).anchor()

    assert (anchor - NOW).seconds == 0
    assert timedelta(seconds=-2) <= moment - anchor < timedelta(days=1, seconds=2)


def test_a_clock_goes_on_from_where_it_stood() -> None:
    stands = REAL.move("now", "2020-01-01").freeze(stands=True)
    goes = stands.freeze(stands=False)

    assert stands.now() == stands.now()
    assert 0 <= goes.now() - stands.now() < 60
    assert abs(goes.move("now", "real").now() - time.time()) < 60


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "+", "+x", "-1000000d", "2300-01-01", "1969-01-01", "+0s", "99999-01-01", "2020-13-01"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        clock_of(text)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        clock = clock_of(text)
    except UsageError:
        return
    assert 0 <= clock.now() < 7_258_118_400


@given(st.integers(0, 50), st.integers(0, 6), st.integers(0, 23), st.integers(0, 59), st.integers(1, 59))
def test_durations_are_read_as_written(weeks: int, days: int, hours: int, minutes: int, seconds: int) -> None:
    whole = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()

    assert parse_duration("x", f"{weeks}w{days}d{hours}h{minutes}m{seconds}s") == whole
    assert parse_duration("x", int(whole)) == whole


def test_a_duration_that_is_too_long_is_called_that() -> None:
    with pytest.raises(UsageError, match="at most 36600d, not '63000d'"):
        parse_duration("now", "63000d")


def created(client: AsgiClient, world: str = "") -> list[datetime]:
    items = client.ask("/orders", headers={"x-mock-world": world}).json
    return [datetime.fromisoformat(item["createdAt"]) for item in items]


def test_generated_moments_follow_the_clock_of_the_server(admin: Callable[..., AsgiClient]) -> None:
    fixed, later = created(admin(ORDERS)), created(admin(ORDERS, now="2028-06-01T13:00:00Z"))

    assert [after - before for before, after in zip(fixed, later, strict=True)] == [timedelta(days=731)] * len(fixed)


def test_what_is_created_and_changed_bears_the_time_of_its_world(admin: Callable[..., AsgiClient]) -> None:
    client = admin(ORDERS, stateful=True, now="2030-01-01T00:00:00Z")
    before = created(client, "a")
    client.ask("/__admin/worlds/a", "PUT", json={"now": "+2d", "frozen": True})
    made = [
        client.ask("/orders", "POST", json={"note": "x"}, headers={"x-mock-world": name}).json["createdAt"]
        for name in ("a", "b")
    ]
    shown = client.ask("/__admin/worlds/a").json

    assert [moment[:10] for moment in made] == ["2030-01-03", "2030-01-01"]
    assert shown["frozen"] is True
    assert shown["now"][:10] == "2030-01-03"
    assert created(client, "a")[: len(before)] == before  # they have aged


@pytest.mark.parametrize(
    "given_", [{"now": 7}, {"now": "soon"}, {"frozen": "yes"}, {"now": "+9999999w"}, {"clock": "real"}]
)
def test_what_is_no_clock_is_refused_by_the_admin_api(
    admin: Callable[..., AsgiClient], given_: dict[str, object]
) -> None:
    client = admin(ORDERS)

    assert client.ask("/__admin/worlds/@everybody", "PUT", json=given_).status == 422
    assert client.backend.worlds.everybody.clock is REAL  # type: ignore[attr-defined]


def test_a_world_that_begins_anew_has_the_time_of_the_server(admin: Callable[..., AsgiClient]) -> None:
    client = admin(ORDERS)
    client.ask("/__admin/worlds/@everybody", "PUT", json={"now": "2000-01-01"})
    moved = client.ask("/__admin/worlds/@everybody").json["now"]
    client.ask("/__admin/worlds/@everybody/reset", "POST")

    assert moved.startswith("2000-01-01")
    assert client.backend.worlds.everybody.clock is REAL  # type: ignore[attr-defined]


def test_tokens_end_by_the_clock_of_the_world(tmp_path: Path) -> None:
    with issuing(tmp_path, check_tokens=True) as visitor:
        token = visitor.log_in()
        bearer = {"authorization": f"Bearer {token['access_token']}"}

        def ask(**headers: str) -> int:
            return visitor.client.get("/things", headers={**bearer, **headers}).status_code

        def move(world: str, now: str) -> None:
            visitor.client.put(f"/__admin/worlds/{world}", json={"now": now}).raise_for_status()

        move("later", "+59m")
        before = ask(**{"x-mock-world": "later"})
        move("later", "+2m")
        after, here = ask(**{"x-mock-world": "later"}), ask()
        code = visitor.code()
        move("@everybody", "+61s")
        late = visitor.exchange(code)

    assert (before, after, here) == (200, 401, 200)
    assert late.json()["error_description"] == "the code has expired"


def test_templates_go_by_the_clock_where_one_is_set(admin: Callable[..., AsgiClient], tmp_path: Path) -> None:
    stub = {
        "request": {"method": "GET", "urlPath": "/orders"},
        "response": {
            "status": 200,
            "jsonBody": [{"id": 1, "createdAt": "{{now()}}", "note": "n"}],
            "transformers": ["response-template"],
        },
    }

    def answered(client: AsgiClient) -> str:
        assert client.ask("/__admin/mappings", "POST", json=stub).status == 201
        found: str = orjson.loads(client.ask("/orders").body)[0]["createdAt"]
        return found

    assert answered(admin(ORDERS)) == "2026-06-01T12:00:00Z"
    assert answered(admin(ORDERS, now="2031-02-03T04:05:06Z")).startswith("2031-02-03T04:05")
