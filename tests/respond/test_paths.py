"""Where a request leads: servers with variables, queries and fragments in path keys, slashes, variables of several segments."""

import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import judge, load
from mock_server.exchange.message import Request, Response
from mock_server.exchange.router import Matched, Router
from mock_server.generate.request import Drafter, encode
from tests.support.mocks import Mock, body_of, fields_of, minimal


def saying(word: object, *parameters: object, **members: object) -> dict[str, object]:
    """An operation that answers with one word."""
    content = {"application/json": {"schema": {"enum": [word]}}}
    return {"parameters": list(parameters), "responses": {"200": {"description": "", "content": content}}, **members}


def in_path(name: str, schema: object | None = None, **members: object) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": schema or {"type": "string"}, **members}


def rules_of(answer: object) -> list[str]:
    return [finding.rule for finding in answer.findings]  # type: ignore[attr-defined]


AREAS = [{"url": "https://{host}.shop.example/{area}/{ver}", "variables": {
    "host": {"default": "a", "enum": ["a", "b"]}, "ver": {"default": "v2", "enum": ["v1", "v2", "v3"]}, "area": {"default": "eu", "enum": ["eu", "us"]},
}}]  # fmt: skip


@pytest.mark.parametrize("path", ["/eu/v2/m", "/eu/v3/m", "/us/v1/m", "/us/v3/m"])
def test_every_value_of_a_servers_variables_is_a_base_path(mock: Callable[..., Mock], path: str) -> None:
    asked = mock(minimal({"/m": {"get": saying("m")}}, servers=AREAS))

    assert asked.ask(path).status == 200
    assert asked.responder.base_paths()[0] == "/eu/v2"


@pytest.mark.parametrize("path", ["/eu/v9/m", "/m", "/v2/m"])
def test_a_value_that_a_servers_variable_can_not_have_is_none(mock: Callable[..., Mock], path: str) -> None:
    assert mock(minimal({"/m": {"get": saying("m")}}, servers=AREAS)).ask(path).status == 404


def test_the_values_of_variables_are_bounded(mock: Callable[..., Mock]) -> None:
    variables = {name: {"default": "0", "enum": [str(number) for number in range(10)]} for name in "abcdefgh"}
    url = "/".join(f"{{{name}}}" for name in variables)
    asked = mock(minimal({"/m": {"get": saying("m")}}, servers=[{"url": f"/{url}", "variables": variables}]))

    assert len(asked.responder.base_paths()) <= 64
    assert asked.ask("/0/0/0/0/0/0/0/0/m").status == 200


def test_a_variable_of_a_server_that_nobody_defines_is_no_parameters_value(mock: Callable[..., Mock]) -> None:
    document = minimal(
        {"/m/{id}": {"get": saying("m", in_path("id", {"type": "integer"}))}}, servers=[{"url": "/{tenant}"}]
    )

    assert mock(document).ask("/acme/m/7").status == 200


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("api.example.com/v1", "/v1"),
        ("api.example.com", ""),
        ("localhost:8080/api", "/api"),
        ("localhost/api", "/api"),
        ("10.0.0.1/api/", "/api"),
        ("my-host:80", ""),
        ("v1.0/pets", "/v1.0/pets"),
        ("v1", "/v1"),
        ("./v1", "/v1"),
        ("/api.example.com/v1", "/api.example.com/v1"),
    ],
)
def test_a_host_without_a_scheme_is_read_as_one(mock: Callable[..., Mock], url: str, base: str) -> None:
    responder = mock(minimal({"/m": {"get": saying("m")}}, servers=[{"url": url}])).responder
    warned = "document-server-without-scheme" in {finding.rule for finding in responder.document.findings}

    assert responder.base_paths() == (base,)
    assert warned is (not url.startswith(("v1", "./", "/")))


@pytest.mark.parametrize(
    ("host", "base_path", "expected"),
    [
        ("api.example.com", "/v1", "/v1"),
        ("https://api.example.com", "/v1", "/v1"),
        ("api.example.com/x", "/v1", "/x/v1"),
    ],
)
def test_a_host_of_2_0_that_is_more_than_a_host_is_read_as_it_is_meant(
    mock: Callable[..., Mock], host: str, base_path: str, expected: str
) -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": host,
        "basePath": base_path,
        "paths": {},
    }
    responder = mock(document).responder

    assert responder.base_paths() == (expected,)
    assert responder.document.servers[0].url == f"https://api.example.com{expected}"


CAKES = minimal(
    {
        "/cakes/{name}?api-version=2024-06": {"get": saying("old", in_path("name"), operationId="old")},
        "/cakes/{name}?api-version=2025-01": {"get": saying("new", in_path("name"), operationId="new")},
        "/find?q={term}": {"get": saying("found", in_path("term", {"type": "integer"}), operationId="find")},
        "/look?q={q}": {
            "get": saying("look", {"name": "q", "in": "query", "schema": {"type": "integer"}}, operationId="look")
        },
    }
)


@pytest.mark.parametrize(
    ("target", "status", "word"),
    [
        ("/cakes/a?api-version=2025-01", 200, "new"),
        ("/cakes/a?api-version=2024-06&x=1", 200, "old"),
        ("/find?q=7", 200, "found"),
        ("/find?q=x", 422, None),
        ("/find", 422, None),
        ("/look?q=7", 200, "look"),
        ("/look", 200, "look"),
        ("/look?q=x", 422, None),
    ],
)
def test_a_query_in_the_key_of_a_path_tells_operations_apart(
    mock: Callable[..., Mock], target: str, status: int, word: str | None
) -> None:
    answer = mock(CAKES).ask(target)

    assert answer.status == status
    assert "request-query-undocumented" not in rules_of(answer) or "x=1" in target
    assert word is None or body_of(answer) == word


@pytest.mark.parametrize("name", ["old", "new", "find", "look"])
def test_a_request_that_is_drafted_has_the_query_of_its_path(mock: Callable[..., Mock], name: str) -> None:
    asked = mock(CAKES)
    responder = asked.responder
    operation = responder.document.operation(responder.document.find_entry(name))  # type: ignore[arg-type]
    request = encode(Drafter(responder.kit, operation).draft(full=True), "", responder.kit.outline, {})
    matched = responder.find(request)

    assert isinstance(matched, Matched)
    assert matched.route.target.id == name
    assert responder.respond(request).status == 200


SLASHES = minimal(
    {
        "/me": {"get": saying("me"), "post": saying("posted")},
        "/slash/": {"get": saying("slash")},
        "/both": {"get": saying("without")},
        "/both/": {"get": saying("with")},
        "/albums/{id}/tracks": {"get": saying("tracks", in_path("id"))},
    },
    servers=[{"url": "/v1"}],
)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v1/me/", "me"),
        ("/v1/slash", "slash"),
        ("/v1/both", "without"),
        ("/v1/both/", "with"),
        ("/v1//me", "me"),
        ("//v1///me//", "me"),
        ("/v1//slash", "slash"),
        ("/v1/albums/7/tracks/", "tracks"),
        ("/v1/albums//7/tracks", "tracks"),
    ],
)
def test_a_slash_more_or_less_is_none_where_nothing_else_is_documented(
    mock: Callable[..., Mock], path: str, word: str
) -> None:
    answer = mock(SLASHES).ask(path)

    assert (answer.status, body_of(answer), answer.findings) == (200, word, ())


def test_another_method_of_a_path_with_a_slash_more_is_405(mock: Callable[..., Mock]) -> None:
    answer = mock(SLASHES).ask("/v1/me/", "PUT")

    assert answer.status == 405
    assert fields_of(answer)["allow"] == "GET, HEAD, OPTIONS, POST"
    assert mock(SLASHES).ask("/v1/slash", "HEAD").status == 200


PATTERN = {"type": "string", "pattern": "^.+$"}
SPANNING = minimal(
    {
        "/contents/{path}": {"get": saying("contents", in_path("path", **{"x-multi-segment": True}))},
        "/contents/{path}/raw": {"get": saying("raw", in_path("path"))},
        "/blobs/{key}": {"get": saying("blob", in_path("key", PATTERN)), "put": saying("put", in_path("key", PATTERN))},
        "/files/{path}": {"get": saying("file", in_path("path"))},
        "/images/{name}": {"get": saying("image", in_path("name"))},
        "/images/{name}/json": {"get": saying("json", in_path("name"))},
        "/numbers/{id}": {"get": saying("number", in_path("id", {"type": "integer"}))},
        "/coded/{id}": {"get": saying("coded", in_path("id", {"type": "string", "pattern": "^[a-z]+$"}))},
        "/repos/{owner}/{repo}": {"get": saying("repo", in_path("owner"), in_path("repo"))},
    }
)


@pytest.mark.parametrize(
    ("path", "word", "said"),
    [
        ("/contents/a.py", "contents", False),
        ("/contents/src/a.py", "contents", False),
        ("/contents/src/a/b.py", "contents", False),
        ("/contents/src/a/raw", "raw", True),
        ("/blobs/2026/01/a.bin", "blob", False),
        ("/files/a/b/c", "file", True),
        ("/images/library/ubuntu/json", "json", True),
        ("/images/ghcr.io/a/b/json", "json", True),
        ("/repos/a/b/c/d", "repo", True),
    ],
)
def test_a_last_variable_holds_slashes_where_nothing_else_is_documented(
    mock: Callable[..., Mock], path: str, word: str, said: bool
) -> None:
    answer = mock(SPANNING).ask(path)

    assert (answer.status, body_of(answer)) == (200, word)
    assert rules_of(answer) == (["request-path-spanning"] if said else [])
    assert ("request-path-spanning" in fields_of(answer).get("sl-violations", "")) is said


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/numbers/1/toys", 404),
        ("POST", "/numbers/1/toys", 404),
        ("GET", "/coded/abc/def", 404),
        ("GET", "/images/7/ownr", 404),  # what is longer and documented may be meant
        ("GET", "/nothing/a/b", 404),
        ("POST", "/blobs/a/b", 405),
        ("HEAD", "/blobs/a/b", 200),
        ("PUT", "/blobs/a/b", 200),
    ],
)
def test_a_variable_holds_slashes_only_where_it_takes_them(
    mock: Callable[..., Mock], method: str, path: str, status: int
) -> None:
    assert mock(SPANNING).ask(path, method).status == status


def test_long_paths_cost_no_more_than_they_are_long(mock: Callable[..., Mock]) -> None:
    asked = mock(SPANNING)
    began = time.process_time()
    for path in (
        "/files" + "/a" * 10_000,
        "/" * 20_000,
        "/images" + "/a" * 10_000 + "/jso",
        "/files/" + "%2F" * 10_000,
    ):
        assert asked.ask(path).status in {200, 404}

    assert time.process_time() - began < 2


AWS = minimal(
    {
        f"/#X-Amz-Target=DB.{name}": {
            "post": saying(
                name,
                {
                    "name": "X-Amz-Target",
                    "in": "header",
                    "required": True,
                    "schema": {"type": "string", "enum": [f"DB.{name}"]},
                },
                operationId=name,
                requestBody={
                    "required": True,
                    "content": {
                        "application/x-amz-json-1.0": {"schema": {"type": "object", "required": [name]}},
                        "application/json": {},
                    },
                },
            )
        }
        for name in ("Get", "Put", "Scan")
    }
)


@pytest.mark.parametrize("name", ["Get", "Put", "Scan"])
def test_paths_that_differ_behind_a_number_sign_go_by_the_whole_request(mock: Callable[..., Mock], name: str) -> None:
    asked = mock(AWS)
    answer = asked.ask("/", "POST", json={name: 1}, headers={"x-amz-target": f"DB.{name}"})

    assert (answer.status, body_of(answer)) == (200, name)


def test_a_request_that_fits_none_of_them_wholly_is_refused_by_the_one_that_is_meant(mock: Callable[..., Mock]) -> None:
    answer = mock(AWS).ask("/", "POST", headers={"x-amz-target": "DB.Scan"})

    assert (answer.status, answer.entry.id) == (422, "Scan")  # type: ignore[union-attr]
    assert rules_of(answer) == ["request-body-missing"]


def test_an_exchange_is_judged_under_every_base_path_and_query(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps({**CAKES, "servers": AREAS}))
    request = Request("GET", b"/us/v3/cakes/a", b"api-version=2025-01", (), b"")

    assert judge(load(path), request, Response(200, [(b"content-type", b"application/json")], b'"new"')) == ()


_SEGMENTS = st.lists(st.sampled_from(["a", "b", "{x}", "{y}", "c.{z}"]), min_size=1, max_size=4)


@given(
    st.lists(_SEGMENTS, min_size=1, max_size=5), st.lists(st.sampled_from(["a", "b", "c.d", "", "e%2Ff"]), max_size=6)
)
def test_what_matches_as_it_is_written_is_never_read_otherwise(templates: list[list[str]], segments: list[str]) -> None:
    router: Router[str] = Router()
    for template in templates:
        router.add("", "GET", "/" + "/".join(template), "/".join(template))
    path = "/" + "/".join(segments)
    strict, lenient = router.match("GET", path), router.find("GET", path, may_span=lambda _: True)

    assert not isinstance(strict, Matched) or lenient == strict
    assert not isinstance(lenient, Matched) or all(lenient.variables.values())


def test_the_request_line_of_a_spanning_path_is_read_once(mock: Callable[..., Mock]) -> None:
    request = Request("GET", b"/files/a%2Fb/c", b"", (), b"")
    matched = mock(SPANNING).responder.find(request)

    assert isinstance(matched, Matched)
    assert matched.variables == {"path": "a%2Fb/c"}


def free(url: str, **defaults: str) -> list[dict[str, object]]:
    """Servers with one whose variables take any value."""
    return [{"url": url, "variables": {name: {"default": default} for name, default in defaults.items()}}]


UNDER_ANY_BASE = [
    (free("https://{tenant}.example.com/{base}", tenant="demo", base="v2"), "/v2/m/7", 200),
    (free("https://{tenant}.example.com/{base}", tenant="demo", base="v2"), "/v3/m/7", 200),
    (free("https://{tenant}.example.com/{base}", tenant="demo", base="v2"), "/v3/x/m/7", 404),
    (free("https://{tenant}.example.com/{base}", tenant="demo", base="v2"), "/m/7", 404),
    (free("https://{tenant}.example.com/{base}", tenant="demo", base="v2"), "/v3/other", 404),
    (free("/{org}/{project}/_apis", org="o", project="p"), "/acme/shop/_apis/m/7", 200),
    (free("/{org}/{project}/_apis", org="o", project="p"), "/acme/_apis/m/7", 404),
    (free("/api/{version}", version="v1"), "/api/2025-01/m/7", 200),
    (free("/api/{version}", version="v1"), "/other/v1/m/7", 404),
    (free("https://example.com/{base}", base="rest/api"), "/some/other/place/m/7", 200),
    (free("https://example.com{base}", base="/v1"), "/v9/m/7", 200),
    (free("{origin}/v1", origin="https://example.com"), "/v1/m/7", 200),
    (free("{origin}/v1", origin="https://example.com"), "/v2/m/7", 404),
    (free("https://{host}", host="example.com"), "/m/7", 200),
    (free("https://{host}", host="example.com"), "/v1/m/7", 404),
    (free("https://{host}:{port}/{a.b}", host="example.com", port="443", **{"a.b": "v1"}), "/v2/m/7", 200),
    (free("/v{number}", number="1"), "/v23/m/7", 200),
    (free("/v{number}", number="1"), "/w23/m/7", 404),
]


@pytest.mark.parametrize(("servers", "path", "status"), UNDER_ANY_BASE)
def test_a_servers_variable_without_an_enum_takes_any_value_that_fits(
    mock: Callable[..., Mock], servers: list[dict[str, object]], path: str, status: int
) -> None:
    document = minimal({"/m/{id}": {"get": saying("m", in_path("id", {"type": "integer"}))}}, servers=servers)

    assert mock(document).ask(path).status == status


def test_what_a_path_leads_to_by_default_goes_before_other_values_of_a_variable(mock: Callable[..., Mock]) -> None:
    paths = {"/m": {"get": saying("m")}, "/a/m": {"get": saying("a")}}
    asked = mock(minimal(paths, servers=free("/{base}", base="v1")))

    assert [body_of(asked.ask(path)) for path in ("/v1/a/m", "/a/m", "/v2/a/m")] == ["a", "m", "a"]


def test_a_method_that_is_not_documented_is_405_under_any_base_path_too(mock: Callable[..., Mock]) -> None:
    asked = mock(minimal({"/m": {"get": saying("m")}}, servers=free("/{base}", base="v1")))

    assert [asked.ask(path, "DELETE").status for path in ("/v1/m", "/v2/m")] == [405, 405]


@pytest.mark.parametrize(
    ("url", "link", "expected"),
    [
        ("https://{tenant}.example.com/v1", "https://acme.example.com/v1/m/1", "http://mock.test/v1/m/1"),
        ("https://{tenant}.example.com/v1", "https://a.b.example.com/v1/m/1", "http://mock.test/v1/m/1"),
        ("https://{tenant}.example.com/v1", "https://acme.example.org/v1/m/1", "https://acme.example.org/v1/m/1"),
        (
            "https://{tenant}.example.com/v1",
            "https://acme.example.com.evil.test/v1/m",
            "https://acme.example.com.evil.test/v1/m",
        ),
        ("https://{tenant}.example.com/v1", "https://acme.example.com/v2/m/1", "https://acme.example.com/v2/m/1"),
        ("https://{tenant}/v1", "https://acme.example.com/v1/m/1", "https://acme.example.com/v1/m/1"),
        ("https://{tenant}.com/v1", "https://acme.com/v1/m/1", "https://acme.com/v1/m/1"),
    ],
)
def test_links_of_any_host_that_a_server_may_have_lead_here(
    mock: Callable[..., Mock], url: str, link: str, expected: str
) -> None:
    content = {"application/json": {"example": {"link": link}}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    asked = mock(minimal({"/m": {"get": get}}, servers=free(url, tenant="demo")))

    assert body_of(asked.ask("/v1/m", headers={"host": "mock.test"})) == {"link": expected}


def test_a_link_of_an_answer_under_another_base_path_keeps_that(mock: Callable[..., Mock]) -> None:
    content = {"application/json": {"example": {"link": "https://example.com/v1/m"}}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    asked = mock(minimal({"/m": {"get": get}}, servers=free("https://example.com/{base}", base="v1")))

    assert body_of(asked.ask("/v7/m", headers={"host": "mock.test"})) == {"link": "http://mock.test/v7/m"}


def test_an_exchange_is_judged_under_any_value_of_a_servers_variable(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(
        orjson.dumps({**CAKES, "servers": free("https://{tenant}.example.com/{base}", tenant="a", base="v1")})
    )
    request = Request("GET", b"/v8/cakes/a", b"api-version=2025-01", (), b"")
    fields = [(b"content-type", b"application/json")]

    assert judge(load(path), request, Response(200, fields, b'"new"')) == ()
