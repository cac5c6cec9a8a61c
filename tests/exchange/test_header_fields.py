"""Header fields with a grammar of their own are never words."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.model import ParameterLocation
from mock_server.exchange.header_fields import Sent, find_grammar, read_http_date
from mock_server.exchange.message import Response
from mock_server.generate.request import Drafter
from mock_server.judges.response import ResponseJudge
from tests.support.mocks import Mock, fields_of, minimal

TEXT = {"type": "string"}
FIELDS = [
    "Accept",
    "Accept-Patch",
    "Accept-Post",
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Age",
    "Allow",
    "Authentication-Info",
    "Cache-Control",
    "Clear-Site-Data",
    "Content-Digest",
    "Content-Disposition",
    "Content-Language",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Deprecation",
    "Digest",
    "ETag",
    "Expires",
    "Last-Modified",
    "Link",
    "Location",
    "Origin-Agent-Cluster",
    "Permissions-Policy",
    "Pragma",
    "Proxy-Authenticate",
    "Referrer-Policy",
    "Repr-Digest",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Sunset",
    "Timing-Allow-Origin",
    "Tk",
    "Traceparent",
    "Vary",
    "Via",
    "Warning",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-RateLimit-Limit",
    "X-Rate-Limit-Remaining",
    "RateLimit-Reset",
    "X-XSS-Protection",
]
# What real servers send, each of which has to be read.
RIGHT = [
    ("Link", '<https://api.example.com/pages?page=2>; rel="next", <https://api.example.com/pages?page=9>; rel="last"'),
    ("Link", "</style.css>; rel=preload; as=style; crossorigin"),
    ("Set-Cookie", "JSESSIONID=abcde12345; Path=/; HttpOnly"),
    ("Set-Cookie", 'a="b"; Expires=Wed, 21 Oct 2015 07:28:00 GMT'),
    ("Cache-Control", 'public, max-age=31536000, no-cache="set-cookie"'),
    ("ETag", 'W/"0815"'),
    ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ("Retry-After", "120"),
    ("WWW-Authenticate", 'Bearer realm="x", error="invalid_token", Basic realm="y"'),
    ("WWW-Authenticate", "Negotiate a87421000492aa874209af8bc028=="),
    ("Content-Disposition", "attachment; filename=\"a; b.csv\"; filename*=UTF-8''a.csv"),
    ("Content-Range", "items 0-9/*"),
    ("Location", "../things/7?x=1#y"),
    ("Vary", "*"),
    ("Allow", "GET, HEAD"),
]
WRONG = [
    ("Link", "throw"),
    ("Link", "https://api.example.com/pages?page=2"),
    ("Set-Cookie", "put"),
    ("ETag", "put"),
    ("Last-Modified", "2026-06-01T12:00:00Z"),
    ("Last-Modified", "Wed, 21 Oct 2015"),
    ("Age", "-1"),
    ("Retry-After", "soon"),
    ("Content-Range", "put"),
    ("Access-Control-Allow-Origin", "throw"),
    ("Access-Control-Allow-Origin", "https://a.test, https://b.test"),
    ("X-Content-Type-Options", "put"),
    ("Location", "two words"),
    ("Allow", ""),
]


@pytest.mark.parametrize("name", FIELDS)
@given(seed=st.integers(0, 2**64 - 1), status=st.sampled_from([200, 302, 416]))
def test_what_a_grammar_offers_fits_it(name: str, seed: int, status: int) -> None:
    grammar = find_grammar(name)

    assert grammar is not None
    assert grammar.values(Sent("PATCH", status, ("/a", "https://example.com/a"), 'Basic realm="x"', seed))
    for value in grammar.values(Sent("PATCH", status, ("/a", "https://example.com/a"), 'Basic realm="x"', seed)):
        assert grammar.fits(value)


@pytest.mark.parametrize(("name", "text"), RIGHT)
def test_what_real_servers_send_fits(name: str, text: str) -> None:
    grammar = find_grammar(name)

    assert grammar is not None
    assert grammar.fits(text)


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_words_do_not_fit(name: str, text: str) -> None:
    grammar = find_grammar(name)

    assert grammar is not None
    assert not grammar.fits(text)


def answering(mock: Callable[..., Mock], headers: dict[str, object], **changes: object) -> dict[str, str]:
    """The header fields of an answer that documents some."""
    content = {"application/json": {"schema": {"type": "integer"}}}
    document = minimal(
        {
            "/things/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                "get": {"responses": {"200": {"description": "", "headers": headers, "content": content}}},
            }
        },
        servers=[{"url": "https://api.example.com/v1"}],
    )
    return fields_of(mock(document, **changes).ask("/v1/things/7", headers={"host": "localhost:4010"}))


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("schema", [TEXT, {}, {"type": "string", "minLength": 1, "description": "a text"}], ids=str)
def test_a_text_is_a_value_of_the_field(mock: Callable[..., Mock], schema: object, required: bool) -> None:
    found = answering(mock, {name: {"required": required, "schema": schema} for name in FIELDS})

    for name in FIELDS:
        grammar, text = find_grammar(name), found.get(name.lower())
        assert grammar is not None
        assert text is not None or not required
        assert text is None or grammar.fits(text), (name, text)


@pytest.mark.parametrize("name", ["Last-Modified", "Expires", "Sunset"])
@pytest.mark.parametrize("format_", ["date-time", "date", None])
def test_a_date_is_written_as_http_writes_it(mock: Callable[..., Mock], name: str, format_: str | None) -> None:
    found = answering(mock, {name: {"required": True, "schema": {**TEXT, **({"format": format_} if format_ else {})}}})

    assert read_http_date(found[name.lower()]) is not None


def test_a_date_of_http_is_what_the_format_date_time_means(mock: Callable[..., Mock]) -> None:
    headers = {"Last-Modified": {"required": True, "schema": {**TEXT, "format": "date-time"}}}
    document = minimal({"/a": {"get": {"responses": {"204": {"description": "", "headers": headers}}}}})
    responder = mock(document).responder
    judge: ResponseJudge = responder.judge_of(responder.document.entries[0])

    def rules(text: bytes) -> list[str]:
        return [finding.rule for finding in judge.judge(Response(204, [(b"last-modified", text)], b""))]

    assert rules(b"Wed, 21 Oct 2015 07:28:00 GMT") == []
    assert rules(b"2015-10-21T07:28:00Z") == []
    assert rules(b"Wed, 41 Oct 2015 07:28:00 GMT") == rules(b"soon") == ["response-header-schema"]


def test_what_would_say_what_is_not_so_is_left_out_where_it_may_be(mock: Callable[..., Mock]) -> None:
    found = answering(
        mock, {name: {"schema": TEXT} for name in ("Link", "Content-Range", "Content-MD5", "Digest", "Clear-Site-Data")}
    )

    assert not {"link", "content-range", "content-md5", "digest", "clear-site-data"} & found.keys()


def test_an_example_that_fits_goes_first_and_one_that_does_not_last(mock: Callable[..., Mock]) -> None:
    found = answering(
        mock,
        {
            "ETag": {"schema": TEXT, "example": '"v7"'},
            "Retry-After": {"schema": TEXT, "example": "soon"},
            "X-Own": {"schema": TEXT, "example": "soon"},
        },
    )

    assert (found["etag"], found["retry-after"], found["x-own"]) == ('"v7"', "1", "soon")


def test_a_schema_that_says_more_is_obeyed(mock: Callable[..., Mock]) -> None:
    found = answering(
        mock,
        {
            "ETag": {"schema": {**TEXT, "pattern": "^[0-9a-f]{8}$"}},
            "Retry-After": {"schema": {"type": "integer", "minimum": 30}},
        },
    )

    assert len(found["etag"]) == 8
    assert int(found["retry-after"]) >= 30


def test_a_location_leads_to_this_server(mock: Callable[..., Mock]) -> None:
    found = answering(mock, {"Location": {"schema": TEXT}, "Content-Location": {"schema": {**TEXT, "format": "uri"}}})

    assert (found["location"], found["content-location"]) == ("/v1/things", "http://localhost:4010/v1/things")


ASKED = ["If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "Range", "Accept-Language", "Referer"]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("format_", [None, "date-time"])
def test_a_drafted_request_has_a_value_of_the_field_that_is_accepted(
    mock: Callable[..., Mock], name: str, format_: str | None
) -> None:
    is_date = name.endswith("Since")
    schema = {**TEXT, **({"format": format_} if format_ and is_date else {})}
    parameter = {"name": name, "in": "header", "required": True, "schema": schema}
    answers = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "integer"}}}}}
    mocked = mock(minimal({"/a": {"get": {"parameters": [parameter], "responses": answers}}}))
    responder = mocked.responder
    draft = Drafter(responder.kit, responder.document.operation(responder.document.entries[0])).draft()
    text = draft.parameters[ParameterLocation.HEADER, name]
    grammar = find_grammar(name)

    assert grammar is not None
    assert grammar.fits(str(text))
    assert mocked.ask("/a", headers={name: str(text)}).status == 200
