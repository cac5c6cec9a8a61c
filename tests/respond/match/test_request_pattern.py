"""Request patterns: what they mean, how far others are, and what is refused."""

import base64

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mock_server.document.model import Missing
from mock_server.errors import ScriptError
from mock_server.exchange.message import Request
from mock_server.json_values import find_at, format_pointer
from mock_server.respond.match.request_pattern import PatternRequest, match_template, read_pattern

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
PATHS = st.lists(st.text("abcz09-._~%äö /", min_size=1, max_size=8), min_size=1, max_size=4)
WORDS = st.sampled_from(["a", "b", "A", "1", "ab", ""])


@st.composite
def requests(draw: st.DrawFn) -> Request:
    path = "/" + "/".join(draw(PATHS)).replace("?", "")
    query = draw(st.text("ab=&%12+x", max_size=12))
    fields = [
        (name, draw(st.binary(max_size=8)))
        for name in draw(st.lists(st.sampled_from([b"x-a", b"cookie", b"accept"]), max_size=3))
    ]
    body = draw(st.one_of(st.just(b""), st.binary(max_size=30), JSON.map(orjson.dumps)))
    return Request(draw(st.sampled_from(["GET", "POST", "PUT"])), path.encode(), query.encode(), fields, body)


def matchers() -> st.SearchStrategy[dict[str, object]]:
    simple = st.one_of(
        st.fixed_dictionaries({"equalTo": WORDS}, optional={"caseInsensitive": st.booleans()}),
        st.fixed_dictionaries({"contains": WORDS}),
        st.fixed_dictionaries({"doesNotContain": WORDS}),
        st.fixed_dictionaries({"matches": st.sampled_from(["a+", ".*", "[0-9]+", "(a|b)?"])}),
        st.fixed_dictionaries({"doesNotMatch": st.sampled_from(["a+", ".*"])}),
        st.just({"absent": True}),
        st.fixed_dictionaries(
            {"equalToJson": JSON.filter(lambda value: not isinstance(value, str))},
            optional={"ignoreArrayOrder": st.booleans(), "ignoreExtraElements": st.booleans()},
        ),
        st.fixed_dictionaries({"matchesJsonPath": st.sampled_from(["$.a", "$[0]", "$.*", "$[?(@.a == 1)]"])}),
        st.fixed_dictionaries(
            {"matchesJsonSchema": st.sampled_from([{"type": "object"}, {"minimum": 1}, {"type": "array"}])}
        ),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=4,
    )


@st.composite
def patterns(draw: st.DrawFn) -> dict[str, object]:
    pattern: dict[str, object] = {}
    if draw(st.booleans()):
        pattern["method"] = draw(st.sampled_from(["GET", "POST", "ANY", "put"]))
    url = draw(st.sampled_from(["", "url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate"]))
    if url:
        pattern[url] = draw(
            st.sampled_from(["/a", "/a/b", "/{x}", "/a/{x}"] if url == "urlPathTemplate" else ["/a", "/.*", "/a/b"])
        )
    for place in ("queryParameters", "headers", "cookies"):
        if draw(st.booleans()):
            of_all = st.sampled_from(["hasExactly", "includes"]).flatmap(
                lambda name: st.fixed_dictionaries({name: st.lists(matchers(), min_size=1, max_size=3)})
            )
            of_values = matchers() | of_all if place != "cookies" else matchers()
            pattern[place] = draw(st.dictionaries(st.sampled_from(["a", "b", "X-A"]), of_values, max_size=2))
    if draw(st.booleans()):
        pattern["bodyPatterns"] = draw(st.lists(matchers(), max_size=2))
    return pattern


def pattern_of(request: Request) -> dict[str, object]:
    """Write the pattern of a request: its method, URL and body, without its header fields."""
    asked = PatternRequest(request)
    pattern: dict[str, object] = {"method": request.method, "url": asked.url}
    if asked.body is not None:
        read = asked.body.json
        is_json = "${json-unit." not in asked.body.text and not isinstance(read, Missing | str)
        pattern["bodyPatterns"] = [{"equalToJson": read} if is_json else {"equalTo": asked.body.text}]
    return pattern


@given(request=requests())
def test_a_pattern_made_of_a_request_means_that_request(request: Request) -> None:
    pattern = read_pattern(orjson.loads(orjson.dumps(pattern_of(request))))

    assert pattern.matches(PatternRequest(request))
    assert pattern.distance(PatternRequest(request)) == 0


@given(request=requests(), other=requests())
def test_a_pattern_made_of_another_request_has_a_distance(request: Request, other: Request) -> None:
    pattern = read_pattern(pattern_of(request))
    assume(not pattern.matches(PatternRequest(other)))

    assert 0 < pattern.distance(PatternRequest(other)) <= 1


@given(pattern=patterns(), request=requests())
def test_the_distance_is_nought_where_a_pattern_matches_and_nowhere_else(
    pattern: dict[str, object], request: Request
) -> None:
    read, asked = read_pattern(pattern), PatternRequest(request)  # type: ignore[arg-type]
    distance = read.distance(asked)

    assert 0 <= distance <= 1
    assert read.matches(asked) is (distance == 0)
    assert all(
        (verdict.distance == 0) is part.holds(asked)
        for verdict, part in zip(read.explain(asked), read.parts, strict=True)
    )


@given(value=st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(["request", "url", "headers", "and", "matches", "method", "bodyPatterns", "equalToJson", "matchesJsonPath"]), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_whatever_is_no_pattern_is_refused_with_a_place_in_it(value: object) -> None:
    found = refusal(value)

    assert found is None or (found.reason and find_at(value, found.pointer)[0])  # type: ignore[arg-type]


def refusal(value: object) -> ScriptError | None:
    try:
        read_pattern(value)  # type: ignore[arg-type]
    except ScriptError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("pattern", "pointer", "word"),
    [
        ({"url": "/a", "urlPath": "/a"}, "/urlPath", "one of"),
        ({"urlPattern": "("}, "/urlPattern", "no regular expression"),
        ({"urlPattern": "a)|(b"}, "/urlPattern", "no regular expression"),
        ({"urlPathTemplate": "/{a}{b}"}, "/urlPathTemplate", "more than one"),
        ({"urlPath": "/a", "pathParameters": {"x": {"equalTo": "1"}}}, "/pathParameters/x", "no variable"),
        ({"host": {"equalTo": "x"}}, "/host", "not supported"),
        ({"multipartPatterns": []}, "/multipartPatterns", "not supported"),
        ({"headers": {"A": "b"}}, "/headers/A", "a matcher is an object"),
        ({"headers": {"A": {"equalToXml": "<a/>"}}}, "/headers/A/equalToXml", "not supported"),
        ({"headers": {"A": {"equalTo": "x", "contains": "x"}}}, "/headers/A", "one matcher"),
        ({"headers": {"A": {"contains": "x", "caseInsensitive": True}}}, "/headers/A/caseInsensitive", "not supported"),
        ({"headers": {"A": {"absent": False}}}, "/headers/A/absent", "true"),
        ({"headers": {"A": {"includes": []}}}, "/headers/A/includes", "a list of matchers"),
        ({"headers": {"A": {"hasExactly": [{"equalTo": "x"}], "absent": True}}}, "/headers/A/absent", "stands alone"),
        ({"headers": {"A": {"hasExactly": [{"x": 1}]}}}, "/headers/A/hasExactly/0/x", "not supported"),
        ({"bodyPatterns": [{"includes": [{"equalTo": "x"}]}]}, "/bodyPatterns/0/includes", "not supported"),
        ({"bodyPatterns": [{"equalToJson": "{"}]}, "/bodyPatterns/0/equalToJson", "no JSON"),
        (
            {"bodyPatterns": [{"equalToJson": {"a": "${json-unit.regex}[a]"}}]},
            "/bodyPatterns/0/equalToJson/a",
            "placeholder",
        ),
        ({"bodyPatterns": [{"matchesJsonPath": "$.a..length()"}]}, "/bodyPatterns/0/matchesJsonPath", "not understood"),
        (
            {"bodyPatterns": [{"matchesJsonPath": {"expression": "a.b"}}]},
            "/bodyPatterns/0/matchesJsonPath/expression",
            "starts with",
        ),
        ({"bodyPatterns": [{"matchesXPath": "//a"}]}, "/bodyPatterns/0/matchesXPath", "not supported"),
        (
            {"bodyPatterns": [{"or": [{"equalTo": "a"}, {"before": "now"}]}]},
            "/bodyPatterns/0/or/1/before",
            "not supported",
        ),
        ({"bodyPatterns": [{"matchesJsonSchema": {"type": "x"}}]}, "/bodyPatterns/0/matchesJsonSchema", "compiled"),
        ({"basicAuthCredentials": {"username": "a"}}, "/basicAuthCredentials", "username and password"),
        ({"method": ["GET"]}, "/method", "ANY"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_place(pattern: dict, pointer: str, word: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_pattern(pattern)

    assert format_pointer(caught.value.pointer) == pointer
    assert word in caught.value.reason


def asked(target: str, method: str = "GET", body: bytes = b"", **headers: str) -> PatternRequest:
    path, _, query = target.partition("?")
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return PatternRequest(Request(method, path.encode(), query.encode(), fields, body))


@pytest.mark.parametrize(
    ("pattern", "request_", "matches"),
    [
        ({}, asked("/x"), True),
        ({"method": "ANY", "url": "/x?a=1"}, asked("/x?a=1"), True),
        ({"url": "/x"}, asked("/x?a=1"), False),
        ({"urlPath": "/x"}, asked("/x?a=1"), True),
        ({"urlPath": "/a b"}, asked("/a%20b"), True),
        ({"urlPathPattern": "/x"}, asked("/xy"), False),
        ({"urlPathPattern": "/x|/y.*"}, asked("/yy"), True),
        (
            {"urlPathTemplate": "/a/{id}.json", "pathParameters": {"id": {"matches": "[0-9]+"}}},
            asked("/a/12.json"),
            True,
        ),
        (
            {"urlPathTemplate": "/a/{id}.json", "pathParameters": {"id": {"matches": "[0-9]+"}}},
            asked("/a/x.json"),
            False,
        ),
        ({"queryParameters": {"a": {"equalTo": "2"}}}, asked("/?a=1&a=2"), True),
        ({"queryParameters": {"a": {"absent": True}}}, asked("/?b="), True),
        ({"queryParameters": {"a": {"absent": True}}}, asked("/?a"), False),
        ({"headers": {"X-A": {"equalTo": "B", "caseInsensitive": True}}}, asked("/", x_a="b"), True),
        ({"headers": {"X-A": {"not": {"absent": True}}}}, asked("/"), False),
        ({"cookies": {"s": {"contains": "2"}}}, asked("/", cookie="a=1; s=123"), True),
        (
            {"basicAuthCredentials": {"username": "u", "password": "p"}},
            asked("/", authorization="Basic " + base64.b64encode(b"u:p").decode()),
            True,
        ),
        ({"bodyPatterns": [{"equalToJson": '{"a": 1}'}]}, asked("/", "POST", b'{"a":1.0}'), True),
        ({"bodyPatterns": [{"equalToJson": {"a": 1}}]}, asked("/", "POST", b'{"a":true}'), False),
        ({"bodyPatterns": [{"equalToJson": {"a": [1, 2]}}]}, asked("/", "POST", b'{"a":[2,1]}'), False),
        (
            {"bodyPatterns": [{"equalToJson": {"a": [1, 2]}, "ignoreArrayOrder": True}]},
            asked("/", "POST", b'{"a":[2,1]}'),
            True,
        ),
        (
            {"bodyPatterns": [{"equalToJson": {"a": 1}, "ignoreExtraElements": True}]},
            asked("/", "POST", b'{"a":1,"b":2}'),
            True,
        ),
        ({"bodyPatterns": [{"equalToJson": {"a": "${json-unit.any-number}"}}]}, asked("/", "POST", b'{"a":7}'), True),
        (
            {"bodyPatterns": [{"equalToJson": {"a": "${json-unit.any-number}"}}]},
            asked("/", "POST", b'{"a":true}'),
            False,
        ),
        (
            {"bodyPatterns": [{"matchesJsonPath": "$.items[?(@.id == 7)]"}]},
            asked("/", "POST", b'{"items":[{"id":7}]}'),
            True,
        ),
        (
            {"bodyPatterns": [{"matchesJsonPath": {"expression": "$.a.b[-1]", "contains": "x"}}]},
            asked("/", "POST", b'{"a":{"b":["y","xx"]}}'),
            True,
        ),
        ({"bodyPatterns": [{"matchesJsonSchema": {"required": ["a"]}}]}, asked("/", "POST", b'{"b":1}'), False),
        ({"bodyPatterns": [{"absent": True}]}, asked("/"), True),
    ],
)
def test_a_pattern_means_what_it_says(pattern: dict, request_: PatternRequest, matches: bool) -> None:
    assert read_pattern(pattern).matches(request_) is matches


def test_a_partner_is_found_for_each_item_where_the_first_one_at_hand_would_be_wrong() -> None:
    pattern = read_pattern(
        {"bodyPatterns": [{"equalToJson": [{}, {"a": 1}], "ignoreArrayOrder": True, "ignoreExtraElements": True}]}
    )

    assert pattern.matches(asked("/", "POST", b'[{"a":1,"x":2},{"b":2}]'))
    assert not pattern.matches(asked("/", "POST", b'[{"a":2},{"b":2}]'))


def test_a_pattern_that_could_cost_without_end_costs_little() -> None:
    nested: object = 0
    for _ in range(9):
        nested = [nested, {"x": nested}]
    pattern = read_pattern(
        {
            "urlPathPattern": "/(a+)+\\1b",
            "bodyPatterns": [{"equalToJson": nested, "ignoreArrayOrder": True, "ignoreExtraElements": True}],
        }
    )
    body = orjson.dumps(nested).replace(b"0", b"1")

    assert not pattern.matches(asked("/" + "a" * 5_000, "POST", body))
    assert pattern.distance(asked("/" + "a" * 5_000, "POST", body)) > 0


@pytest.mark.parametrize(
    ("template", "path", "variables"),
    [
        ("/a/{id}", "/a/1%2F2", {"id": "1/2"}),
        ("/a/{id}", "/a/", None),
        ("/a/{id}", "/a/1/2", None),
        ("/{x}.{y}", "/a.b", None),
        ("/v{n}/x", "/v2/x", {"n": "2"}),
    ],
)
def test_a_template_gives_its_variables(template: str, path: str, variables: dict[str, str] | None) -> None:
    assert match_template(template, path) == variables


X, Y, ANY_LETTER = {"equalTo": "x"}, {"equalTo": "y"}, {"matches": "[a-z]"}


@pytest.mark.parametrize(
    ("matcher", "query", "expected"),
    [
        ({"hasExactly": [X, Y]}, b"t=x&t=y", True),
        ({"hasExactly": [X, Y]}, b"t=y&t=x", True),
        ({"hasExactly": [X, Y]}, b"t=x", False),
        ({"hasExactly": [X, Y]}, b"t=x&t=y&t=z", False),
        ({"hasExactly": [X, Y]}, b"t=x&t=x", False),
        ({"hasExactly": [ANY_LETTER, X]}, b"t=x&t=y", True),  # the first takes either, the second only one
        ({"hasExactly": [X]}, b"", False),
        ({"includes": [X, Y]}, b"t=z&t=y&t=x", True),
        ({"includes": [X, Y]}, b"t=x&t=z", False),
        ({"includes": [X]}, b"", False),
        (X, b"t=z&t=x", True),
    ],
)
def test_all_values_of_a_parameter_can_be_asked_for(matcher: object, query: bytes, expected: bool) -> None:
    pattern = read_pattern({"queryParameters": {"t": matcher}})  # type: ignore[dict-item]

    assert pattern.matches(PatternRequest(Request("GET", b"/", query, (), b""))) is expected


def test_all_values_of_a_header_field_can_be_asked_for() -> None:
    pattern = read_pattern({"headers": {"X-T": {"hasExactly": [X, Y]}}})
    fields = [(b"x-t", b"y"), (b"other", b"z"), (b"x-t", b"x")]

    assert pattern.matches(PatternRequest(Request("GET", b"/", b"", fields, b"")))
