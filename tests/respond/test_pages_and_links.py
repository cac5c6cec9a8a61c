"""Lists end, links lead to this server, and what was sent comes back."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.exchange.header_fields import without_next
from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.fast_path import FastPath
from mock_server.respond.links import origin_of
from tests.support.mocks import Mock, body_of, minimal, operation

HOST = {"host": "mock.test:4010"}
ORIGIN = "http://mock.test:4010"
SERVER = "https://api.acme.dev/v1"
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "size": {"type": "integer"}},
}
THINGS = {"type": "array", "items": THING}


def query(*names: str, type_: str = "string") -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": type_}} for name in names]


def path(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]


def listing(members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["items", *members], "properties": {"items": THINGS, **members}, **more}


def served(mock: Callable[..., Mock], paths: dict[str, Any], **changes: object) -> Mock:
    return mock(minimal(paths, servers=[{"url": SERVER}]), **changes)


NULLABLE: dict[str, Any] = {"type": "string", "nullable": True}
SIGNS: dict[str, tuple[dict[str, Any], object]] = {
    "next_cursor": (NULLABLE, None),
    "nextPageToken": ({"type": "string"}, ""),
    "next_page": ({"type": "integer", "nullable": True, "example": 4}, None),
    "next_page_uri": ({"type": "string", "format": "uri", "nullable": True}, None),
    "has_more": ({"type": "boolean", "example": True}, False),
    "hasNextPage": ({"type": "boolean"}, False),
    "isLast": ({"type": "boolean"}, True),
    "continue": ({"type": "string"}, ""),
    "next": ({**NULLABLE, "example": SERVER + "/things?page=2"}, None),
    "@odata.nextLink": (NULLABLE, None),
    "cursor": (NULLABLE, None),
    "NextToken": (NULLABLE, None),
    "next_marker": (NULLABLE, None),
    "isTruncated": ({"type": "boolean"}, False),
}


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("holder", [None, "meta", "paging", "links", "response_metadata"])
def test_a_sign_of_a_next_page_says_that_there_is_none(
    mock: Callable[..., Mock], name: str, holder: str | None
) -> None:
    schema, expected = SIGNS[name]
    member = (
        {name: schema}
        if holder is None
        else {holder: {"type": "object", "required": [name], "properties": {name: schema}}}
    )
    asked = served(mock, {"/things": {"get": operation(listing(member))}})

    body = body_of(asked.ask("/v1/things"))

    assert (body if holder is None else body[holder])[name] == expected  # type: ignore[index]


def test_an_optional_sign_that_can_not_be_null_is_left_out(mock: Callable[..., Mock]) -> None:
    schema = {"type": "object", "properties": {"items": THINGS, "next": {"type": "string", "minLength": 3}}}
    asked = served(mock, {"/things": {"get": operation(schema)}})

    assert "next" not in body_of(asked.ask("/v1/things"))  # type: ignore[operator]


@pytest.mark.parametrize(
    "name", ["access_token", "next_billing_date", "refresh_token", "next_of_kin", "token", "cursor_style"]
)
def test_what_only_sounds_like_a_sign_stays(mock: Callable[..., Mock], name: str) -> None:
    asked = served(
        mock, {"/things": {"get": operation(listing({name: {"type": "string", "nullable": True, "example": "kept"}}))}}
    )

    assert body_of(asked.ask("/v1/things"))[name] == "kept"  # type: ignore[index]


def test_lists_within_things_end_as_well(mock: Callable[..., Mock]) -> None:
    inner = {
        "type": "object",
        "required": ["data", "has_more"],
        "properties": {"data": THINGS, "has_more": {"type": "boolean"}},
    }
    asked = served(
        mock, {"/one": {"get": operation({"type": "object", "required": ["parts"], "properties": {"parts": inner}})}}
    )

    assert not any(body_of(asked.ask(f"/v1/one?__seed={seed}"))["parts"]["has_more"] for seed in range(8))  # type: ignore[index]


def test_a_page_is_the_one_that_was_asked_for_and_totals_follow(mock: Callable[..., Mock]) -> None:
    numbers = ("page", "per_page", "total", "total_pages", "start", "end")
    members = {name: {"type": "integer", "example": 43} for name in numbers}
    asked = served(
        mock, {"/things": {"get": operation(listing(members), parameters=query("page", "per_page", type_="integer"))}}
    )

    body: Any = body_of(asked.ask("/v1/things?page=3&per_page=10"))
    first: Any = body_of(asked.ask("/v1/things"))

    count = len(body["items"])
    assert [body[name] for name in numbers] == [3, 10, 20 + count, 3, 20, 20 + count - 1]
    assert [first[name] for name in ("page", "total", "total_pages", "start", "end")] == [
        1, len(first["items"]), 1, 0, len(first["items"]) - 1,
    ]  # fmt: skip


def test_a_list_has_no_more_than_was_asked_for(mock: Callable[..., Mock]) -> None:
    parameters = query("limit", type_="integer")
    paths = {
        "/things": {"get": operation(THINGS, parameters=parameters)},
        "/held": {"get": operation(listing({}), parameters=parameters)},
    }
    paths["/held"]["get"]["operationId"] = "held"
    asked = served(mock, paths)

    assert len(body_of(asked.ask("/v1/things?limit=1"))) == 1  # type: ignore[arg-type]
    assert len(body_of(asked.ask("/v1/held?limit=1"))["items"]) == 1  # type: ignore[index]


def test_a_preferred_number_of_things_comes_in_pages_that_end(mock: Callable[..., Mock]) -> None:
    members = {"next_page": {"type": "integer", "nullable": True}, "total": {"type": "integer"}}
    parameters = query("page", "limit", type_="integer")
    asked = served(mock, {"/things": {"get": operation(listing(members), parameters=parameters)}})
    page, keys, counts = 1, [], []

    while page is not None and len(counts) < 9:
        body: Any = body_of(asked.ask(f"/v1/things?limit=10&page={page}", headers={"prefer": "size=25"}))
        keys += [thing["id"] for thing in body["items"]]
        counts.append(len(body["items"]))
        assert body["total"] == 25
        page = body["next_page"]

    assert counts == [10, 10, 5]
    assert len(set(keys)) == 25


LINKED = {"Link": {"schema": {"type": "string"}}, "X-Total-Count": {"schema": {"type": "integer"}}}


@pytest.mark.parametrize("headers", [LINKED, {}], ids=["documented", "not documented"])
@pytest.mark.parametrize("names", [("page", "limit"), ("offset", "limit"), ("cursor", "limit")])
def test_the_link_field_of_a_plain_list_leads_through_a_preferred_number_of_things(
    mock: Callable[..., Mock], names: tuple[str, ...], headers: dict[str, Any]
) -> None:
    described = operation(THINGS, parameters=[*query("cursor"), *query(*{*names} - {"cursor"}, type_="integer")])
    described["parameters"] = [each for each in described["parameters"] if each["name"] in names]
    described["responses"]["200"]["headers"] = headers
    asked = served(mock, {"/things": {"get": described}})
    target, keys, counts = "/v1/things?limit=10", [], []

    while target and len(counts) < 9:
        answer = asked.ask(target, headers={**HOST, "prefer": "size=25"})
        fields = dict(answer.fields)
        things: Any = body_of(answer)
        keys += [thing["id"] for thing in things]
        counts.append(len(things))
        following = re.search(rf'<{ORIGIN}([^>]*)>; rel="next"', fields[b"link"].decode())
        target = following.group(1) if following is not None else ""
        assert fields.get(b"x-total-count", b"25") == b"25"

    assert counts == [10, 10, 5]
    assert len(set(keys)) == 25


@pytest.mark.parametrize(
    ("target", "prefer"), [("/v1/things", "size=5"), ("/v1/things?limit=2", "static"), ("/v1/things?limit=9", "size=3")]
)
def test_the_link_field_leads_to_no_next_page_where_there_is_none(
    mock: Callable[..., Mock], target: str, prefer: str
) -> None:
    described = operation(THINGS, parameters=query("page", "limit", type_="integer"))
    described["responses"]["200"]["headers"] = {
        "Link": {"schema": {"type": "string"}, "example": f'<{SERVER}/things?page=2>; rel="next"'}
    }
    fields = dict(served(mock, {"/things": {"get": described}}).ask(target, headers={**HOST, "prefer": prefer}).fields)

    assert b"next" not in fields.get(b"link", b"")


def test_the_ids_around_a_list_are_those_of_its_things(mock: Callable[..., Mock]) -> None:
    asked = served(
        mock, {"/things": {"get": operation(listing({"first_id": {"type": "string"}, "last_id": {"type": "string"}}))}}
    )

    body: Any = body_of(asked.ask("/v1/things"))

    assert (body["first_id"], body["last_id"]) == (body["items"][0]["id"], body["items"][-1]["id"])


def test_an_example_that_leads_to_a_next_page_is_the_last_one_where_it_is_followed(mock: Callable[..., Mock]) -> None:
    example = {"items": [{"id": "a", "name": "A"}], "next_cursor": "abc"}
    described = operation(listing({"next_cursor": NULLABLE}), parameters=query("cursor"))
    described["responses"]["200"]["content"]["application/json"]["example"] = example
    asked = served(mock, {"/things": {"get": described}})

    assert body_of(asked.ask("/v1/things")) == example
    assert body_of(asked.ask("/v1/things?cursor=abc")) == {**example, "next_cursor": None}


def test_an_example_whose_next_page_can_not_be_told_from_the_first_is_the_last_one(mock: Callable[..., Mock]) -> None:
    described = operation(listing({"next": NULLABLE}), parameters=query("page"))
    described["responses"]["200"]["content"]["application/json"]["example"] = {
        "items": [],
        "next": SERVER + "/things/more",
    }
    asked = served(mock, {"/things": {"get": described}})

    assert body_of(asked.ask("/v1/things")) == {"items": [], "next": None}


def test_a_link_field_leads_to_no_next_page(mock: Callable[..., Mock]) -> None:
    described = operation(THINGS)
    text = f'<{SERVER}/things?page=2>; rel="next", <{SERVER}/things?page=9>; rel="last"'
    described["responses"]["200"]["headers"] = {"Link": {"schema": {"type": "string"}, "example": text}}
    asked = served(mock, {"/things": {"get": described}})

    fields = dict(asked.ask("/v1/things", headers=HOST).fields)

    assert fields[b"link"] == f'<{ORIGIN}/v1/things?page=9>; rel="last"'.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<a>; rel="next"', ""),
        ("<a>; rel=next, <b>; rel=prev", "<b>; rel=prev"),
        ('<a>; title="x, y"; rel="prev next", <b>', "<b>"),
        ('<a?x=1,2>; rel="first"', '<a?x=1,2>; rel="first"'),
        ("no link", None),
    ],
)
def test_the_next_page_is_taken_out_of_a_link_field(text: str, expected: str | None) -> None:
    assert without_next(text) == expected


def test_links_of_the_documents_servers_lead_to_this_one(mock: Callable[..., Mock]) -> None:
    shown = {
        "issues": SERVER + "/repo/issues",
        "site": "https://acme.dev/repo",
        "other": SERVER + "0/x",
        "note": f"see {SERVER}/docs.",
    }
    described = operation({"type": "object"})
    described["responses"]["200"]["content"]["application/json"]["example"] = shown
    described["responses"]["200"]["headers"] = {
        "X-Next": {"schema": {"type": "string"}, "example": SERVER + "/repo?n=1"}
    }
    asked = served(mock, {"/repo": {"get": described}})

    answer = asked.ask("/v1/repo", headers=HOST)

    expected = {**shown, "issues": ORIGIN + "/v1/repo/issues", "note": f"see {ORIGIN}/v1/docs."}
    assert body_of(answer) == expected
    assert dict(answer.fields)[b"x-next"] == (ORIGIN + "/v1/repo?n=1").encode()


def test_links_stay_as_they_are_on_request(mock: Callable[..., Mock]) -> None:
    described = operation({"type": "object"})
    described["responses"]["200"]["content"]["application/json"]["example"] = {"issues": SERVER + "/repo/issues"}
    asked = served(mock, {"/repo": {"get": described}}, keep_links=True)

    assert body_of(asked.ask("/v1/repo", headers=HOST)) == {"issues": SERVER + "/repo/issues"}


def test_a_link_that_only_conforms_as_it_is_stays(mock: Callable[..., Mock]) -> None:
    schema = {
        "type": "object",
        "required": ["fixed", "free"],
        "properties": {
            "fixed": {"type": "string", "pattern": r"^https://api\.acme\.dev/", "example": SERVER + "/a"},
            "free": {"type": "string", "example": SERVER + "/b"},
        },
    }
    asked = served(mock, {"/repo": {"get": operation(schema)}})

    assert body_of(asked.ask("/v1/repo", headers=HOST)) == {"fixed": SERVER + "/a", "free": ORIGIN + "/v1/b"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([(b"host", b"a.test")], b"http://a.test"),
        ([(b"host", b"[::1]:80")], b"http://[::1]:80"),
        ([(b"host", b"a.test"), (b"x-forwarded-proto", b"https")], b"https://a.test"),
        ([(b"host", b"a.test"), (b"x-forwarded-host", b"b.test, c.test")], b"http://b.test"),
        ([(b"host", b'a"b')], b""),
        ([(b"host", b"a/b")], b""),
        ([(b"host", b"a.test"), (b"x-forwarded-proto", b'javascript:"')], b"http://a.test"),
        ([], b""),
    ],
)
def test_the_origin_is_how_the_client_addresses_the_server(fields: list[tuple[bytes, bytes]], expected: bytes) -> None:
    assert origin_of(fields, secure=False) == expected


def test_what_a_thing_says_of_where_it_is_is_the_url_of_the_request(mock: Callable[..., Mock]) -> None:
    members = {
        "url": {"type": "string", "format": "uri"}, "href": {"type": "string"}, "avatar_url": {"type": "string", "example": "https://x.test/a"},
        "_links": {"type": "object", "required": ["self"], "properties": {"self": {"type": "object", "required": ["href"],
                   "properties": {"href": {"type": "string"}}}}},
    }  # fmt: skip
    schema = {"type": "object", "required": list(members), "properties": members}
    asked = served(mock, {"/things/{id}": {"get": operation(schema, parameters=path("id"))}})

    body: Any = body_of(asked.ask("/v1/things/t%201", headers=HOST))

    url = ORIGIN + "/v1/things/t%201"
    assert (body["url"], body["href"], body["_links"]["self"]["href"], body["avatar_url"]) == (
        url,
        url,
        url,
        "https://x.test/a",
    )


@pytest.mark.parametrize(
    ("variable", "key", "members"),
    [
        ("id", "id", {"id": {"type": "string"}, "url": {"type": "string", "format": "uri"}}),
        ("thingId", "id", {"id": {"type": "integer"}, "href": {"type": "string"}}),
        ("thing_number", "number", {"id": {"type": "string"}, "number": {"type": "integer"}, "url": {"type": "string"}}),
        ("slug", "slug", {"id": {"type": "string"}, "slug": {"type": "string"}, "self": {"type": "string"}}),
        ("id", "id", {"id": {"type": "string"}, "url": {"type": "string", "example": SERVER + "/things/other"}}),
        ("id", "id", {"id": {"type": "string"}, "url": {"type": "string", "pattern": "^/v1/"}}),
        ("id", "id", {"id": {"type": "string"}, "links": {"type": "object", "required": ["self"], "properties": {"self": {"type": "string"}}}}),
        ("id", "id", {"id": {"type": "string"}, "_links": {"type": "object", "required": ["self"], "properties": {"self": {
            "type": "object", "required": ["href"], "properties": {"href": {"type": "string"}}}}}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("prefer", ["static", "size=40"])
def test_the_link_of_each_thing_in_a_list_leads_to_itself(
    mock: Callable[..., Mock], variable: str, key: str, members: dict[str, Any], wrapped: bool, prefer: str
) -> None:
    thing = {"type": "object", "required": list(members), "properties": members}
    things = {"type": "array", "items": thing, "minItems": 2}
    listed = {"type": "object", "required": ["things"], "properties": {"things": things}} if wrapped else things
    one = operation(thing, parameters=path(variable))
    asked = served(mock, {"/things": {"get": operation(listed)}, f"/things/{{{variable}}}": {"get": one}})
    body: Any = body_of(asked.ask("/v1/things", headers={**HOST, "prefer": prefer}))

    for each in body["things"] if wrapped else body:
        links = [value for name, value in each.items() if name not in {"id", "number", "slug"}]
        link = links[0]["self"] if isinstance(links[0], dict) else links[0]
        target = urlsplit(link["href"] if isinstance(link, dict) else link).path
        assert target == f"/v1/things/{each[key]}"
        assert str(body_of(asked.ask(target))[key]) == str(each[key])  # type: ignore[index]


def test_the_link_of_a_thing_without_a_path_of_its_own_stays(mock: Callable[..., Mock]) -> None:
    thing = {
        "type": "object",
        "required": ["id", "url"],
        "properties": {"id": {"type": "string"}, "url": {"type": "string"}},
    }
    asked = served(mock, {"/things": {"get": operation({"type": "array", "items": thing, "minItems": 2})}})
    body: Any = body_of(asked.ask("/v1/things", headers=HOST))

    assert not any("/v1/things" in each["url"] for each in body)


def test_the_fast_way_links_the_things_of_a_list_as_the_ordinary_one(mock: Callable[..., Mock]) -> None:
    thing = {
        "type": "object",
        "required": ["id", "url"],
        "properties": {"id": {"type": "string"}, "url": {"type": "string"}},
    }
    paths = {
        "/things": {"get": operation({"type": "array", "items": thing, "minItems": 2})},
        "/things/{id}": {"get": operation(thing, parameters=path("id"))},
    }
    responder = served(mock, paths).responder
    request = Request("GET", b"/v1/things", b"", [(b"host", b"mock.test:4010")], b"")
    found = FastPath(responder).find(request)

    assert found is not None
    assert _same(found, responder.respond(request))
    assert b"/v1/things/" in found.body


def test_the_url_of_a_list_is_its_path(mock: Callable[..., Mock]) -> None:
    asked = served(mock, {"/things": {"get": operation(listing({"url": {"type": "string", "pattern": "^/v1/"}}))}})

    assert body_of(asked.ask("/v1/things", headers=HOST))["url"] == "/v1/things"  # type: ignore[index]


BODY = {"content": {"application/json": {"schema": {"type": "object"}}}}


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_what_was_sent_is_in_the_answer(mock: Callable[..., Mock], method: str) -> None:
    members = {
        "id": {"type": "string"}, "name": {"type": "string"}, "amount": {"type": "integer", "example": 1}, "dueDate": {"type": "string"},
        "kind": {"type": "string", "enum": ["a", "b"]}, "address": {"type": "object", "properties": {"city": {"type": "string"},
                                                                                                     "zip": {"type": "string"}}},
    }  # fmt: skip
    asked = served(
        mock,
        {
            "/things": {
                method: operation({"type": "object", "required": ["id"], "properties": members}, requestBody=BODY)
            }
        },
    )
    sent = {"name": "Ann", "amount": 2000, "due_date": "soon", "kind": "c", "address": {"city": "Ii"}, "unknown": 1}

    body: Any = body_of(asked.ask("/v1/things", method.upper(), json=sent))

    assert (body["name"], body["amount"], body["dueDate"], body["address"]["city"]) == ("Ann", 2000, "soon", "Ii")
    assert body["kind"] in {"a", "b"}
    assert body["address"]["zip"]
    assert "unknown" not in body


@pytest.mark.parametrize("wrapped", [True, False])
def test_what_was_sent_is_found_in_what_is_wrapped(mock: Callable[..., Mock], wrapped: bool) -> None:
    schema = {"type": "object", "required": ["data"], "properties": {"data": THING}}
    asked = served(mock, {"/things": {"post": operation(schema, requestBody=BODY)}})
    sent = {"name": "Ann", "size": 9}

    body: Any = body_of(asked.ask("/v1/things", "POST", json={"thing": sent} if wrapped else sent))

    assert (body["data"]["name"], body["data"]["size"]) == ("Ann", 9)


def test_what_was_deleted_is_said_to_be(mock: Callable[..., Mock]) -> None:
    schema = {
        "type": "object",
        "required": ["id", "deleted"],
        "properties": {"id": {"type": "string"}, "deleted": {"type": "boolean"}},
    }
    asked = served(mock, {"/customers/{customer}": {"delete": operation(schema, parameters=path("customer"))}})

    for key in ("cus_1", "cus_2", "cus_3", "cus_4"):
        assert body_of(asked.ask(f"/v1/customers/{key}", "DELETE")) == {"id": key, "deleted": True}


@pytest.mark.parametrize(
    ("template", "name", "target", "expected"),
    [
        ("/customers/{customer}", "id", "/customers/c1", "c1"),
        ("/models/{model}", "id", "/models/m1", "m1"),
        ("/payment_intents/{intent}", "id", "/payment_intents/p1", "p1"),
        ("/customers/{customer}/cards", "customer", "/customers/c1/cards", "c1"),
        ("/customers/{customer_id}/cards", "customer", "/customers/c1/cards", "c1"),
        ("/threads/{thread}/messages", "thread_id", "/threads/t1/messages", "t1"),
        ("/repos/{repo}", "name", "/repos/r1", "r1"),
    ],
)
def test_the_id_of_a_path_is_echoed_under_its_noun(
    mock: Callable[..., Mock], template: str, name: str, target: str, expected: str
) -> None:
    variable = template.partition("{")[2].partition("}")[0]
    schema = {"type": "object", "required": [name], "properties": {name: {"type": "string"}}}
    asked = served(mock, {template: {"get": operation(schema, parameters=path(variable))}})

    assert body_of(asked.ask("/v1" + target)) == {name: expected}


ROUTES = ("/things", "/repo", "/held", "/things/t1")


def everything(mock: Callable[..., Mock], **changes: object) -> Mock:
    """A document whose answers depend on how it is addressed."""
    repo, created = operation({"type": "object"}), operation(THING, requestBody=BODY)
    repo["responses"]["200"]["content"]["application/json"]["example"] = {"issues": SERVER + "/repo/issues"}
    linked = {**THING, "properties": {**THING["properties"], "url": {"type": "string"}}}  # type: ignore[dict-item]
    paths = {
        "/things": {"get": operation({"type": "array", "items": linked}), "post": {**created, "operationId": "create"}},
        "/things/{id}": {"get": {**operation(linked, parameters=path("id")), "operationId": "one"}},
        "/repo": {"get": {**repo, "operationId": "repo"}},
        "/held": {"get": {**operation(listing({"next": NULLABLE, "self": {"type": "string"}})), "operationId": "held"}},
    }
    return served(mock, paths, **changes)


@pytest.mark.parametrize("stateful", [False, True])
def test_the_fast_way_answers_as_the_ordinary_one_however_it_is_addressed(
    mock: Callable[..., Mock], stateful: bool
) -> None:
    asked = everything(mock, stateful=stateful)
    express, seen = FastPath(asked.responder), 0

    for host in (b"a.test", b"b.test:1", b"a.test"):
        for route in ROUTES:
            for forwarded in ([], [(b"x-forwarded-proto", b"https")]):
                request = Request("GET", b"/v1" + route.encode(), b"", [(b"host", host), *forwarded], b"")
                found, expected = express.find(request), asked.responder.respond(request)
                assert found is None or _same(found, expected)
                assert b"here.invalid" not in expected.body
                seen += found is not None
    posted = Request(
        "POST", b"/v1/things", b"", [(b"host", b"a.test"), (b"content-type", b"application/json")], b'{"name":"Ann"}'
    )
    found = express.find(posted)
    assert stateful or (
        found is not None
        and _same(found, asked.responder.respond(posted))
        and orjson.loads(found.body)["name"] == "Ann"
    )
    assert seen >= len(ROUTES)


def _same(one: Answer, other: Answer) -> bool:
    return (one.status, list(one.fields), one.body) == (other.status, list(other.fields), other.body)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    sign=st.sampled_from(sorted(SIGNS)), holder=st.sampled_from([None, "meta", "pagination", "links"]), seed=st.integers(0, 9),
    size=st.sampled_from([None, 0, 7]), required=st.booleans(),
)  # fmt: skip
def test_who_follows_the_sign_of_a_next_page_comes_to_an_end(
    mock: Callable[..., Mock],
    sign: str,
    holder: str | None,
    seed: int,
    size: int | None,
    required: bool,
) -> None:
    schema = SIGNS[sign][0]
    member: dict[str, Any] = {sign: schema}
    if holder is not None:
        member = {holder: {"type": "object", "required": [sign] if required else [], "properties": {sign: schema}}}
    paging = [*query("cursor", "starting_after"), *query("page", "limit", type_="integer")]
    asked = served(mock, {"/things": {"get": operation(listing(member), parameters=paging)}}, seed=seed)
    prefer = {**HOST, **({"prefer": f"size={size}"} if size is not None else {})}
    target, turns = "/v1/things?limit=2", 0

    while target and turns < 9:
        body: Any = body_of(asked.ask(target, headers=prefer))
        said = (body.get(holder) or {} if holder is not None else body).get(sign)
        target, turns = _following(sign, said, target, body), turns + 1

    assert turns < 9


def _following(sign: str, said: object, target: str, body: Any) -> str:
    """Where a client goes on: by a link, a page's number, a cursor, or the last id."""
    if said in (None, "", False, 0) or (sign == "isLast" and said is True):
        return ""
    if isinstance(said, str) and "://" in said:
        assert said.startswith(ORIGIN + "/v1/things?")
        return said.removeprefix(ORIGIN)
    pairs = [pair for pair in parse_qsl(urlsplit(target).query) if pair[0] == "limit"]
    if isinstance(said, bool):
        return f"/v1/things?limit=2&starting_after={body['items'][-1]['id']}"
    name = "page" if isinstance(said, int) else "cursor"
    return "/v1/things?" + "&".join(f"{n}={v}" for n, v in [*pairs, (name, said)])


def test_without_a_host_links_lead_to_the_address_that_is_set(mock: Callable[..., Mock]) -> None:
    body: Any = body_of(everything(mock).ask("/v1/things/t1"))

    assert body["url"] == "http://127.0.0.1:4010/v1/things/t1"


def test_the_name_and_the_size_of_an_uploaded_file_come_back(mock: Callable[..., Mock]) -> None:
    members = {"id": {"type": "string"}, "filename": {"type": "string"}, "bytes": {"type": "integer"}, "purpose": {"type": "string"},
               "mime_type": {"type": "string"}}  # fmt: skip
    form = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}, "purpose": {"type": "string"}},
    }
    described = operation({"type": "object", "required": list(members), "properties": members})
    asked = served(
        mock, {"/files": {"post": {**described, "requestBody": {"content": {"multipart/form-data": {"schema": form}}}}}}
    )
    sent = (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a b.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n'
        b'{"a": 1}\n\r\n--b--\r\n'
    )

    body: Any = body_of(
        asked.ask("/v1/files", "POST", headers={"content-type": "multipart/form-data; boundary=b"}, body=sent)
    )

    assert {name: body[name] for name in list(members)[1:]} == {
        "filename": "a b.jsonl", "bytes": 9, "purpose": "batch", "mime_type": "application/jsonl",
    }  # fmt: skip
