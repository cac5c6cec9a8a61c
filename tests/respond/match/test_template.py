"""Templates: look-ups and functions, nothing else."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.document.model import MISSING, ParameterLocation
from mock_server.errors import ScriptError
from mock_server.exchange.message import Request
from mock_server.generate.realism.pools import Pools
from mock_server.respond.match.functions import FUNCTIONS
from mock_server.respond.match.request_pattern import PatternRequest
from mock_server.respond.match.template import Rendering, compile_template

POOLS = Pools("en_US", 0)
TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PIECES = st.sampled_from(
    ["{{", "}}", " ", "request", ".path", ".id", ".query.q", ".body", "./a/0", "['x y']", "upper(", ")", ",", "'a'", '"', "1", "-2.5", "null",
     "uuid()", "integer(1, 9)", "default(", "__class__", "request.headers.__class__", "choice(1,2)", "add(1,", "now(", "json(", "number(", "x"]
)  # fmt: skip


def rendering(
    body: bytes = b"", path: str = "/p/7", query: str = "q=a%20b&q=c", seed: int = 1, **more: object
) -> Rendering:
    fields = [(b"x-tag", b"t"), (b"cookie", b"s=1"), (b"content-type", b"application/json")]
    parameters = more.pop("parameters", {(ParameterLocation.PATH, "id"): 7})
    asked = PatternRequest(Request("POST", path.encode(), query.encode(), fields, body))
    return Rendering(asked, {"id": "7", "name": "a%2Fb"}, parameters, MISSING, seed, POOLS, **more)  # type: ignore[arg-type]


def render(value: object, **more: object) -> object:
    return compile_template(value, POOLS).render(rendering(**more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ request.path.id }}", 7),
        ("no {{request.path.id}}", "no 7"),
        ("{{ request.path.name }}", "a/b"),
        ("{{ request.path }}", "/p/7"),
        ("{{ request.method }} {{ request.url }}", "POST /p/7?q=a%20b&q=c"),
        ("{{ request.query.q }}", "a b"),
        ("{{ request.query['q'] }}", "a b"),
        ("{{ request.query.none }}", None),
        ("<{{ request.query.none }}>", "<>"),
        ("{{ request.headers.X-Tag }}", "t"),
        ("{{ request.cookies.s }}", "1"),
        ("{{ request.body.a.0.b }}", True),
        ("{{ request.body./a/0/b }}", True),
        ("{{ request.body./c~1d }}", 1.5),
        ("{{ request.body }}", {"a": [{"b": True}], "c/d": 1.5}),
        ("is {{ request.body.a }}", 'is [{"b":true}]'),
        ("{{ upper(request.query.q) }}", "A B"),
        ("{{ default(request.query.none, 'x') }}", "x"),
        ("{{ add(request.path.id, 1) }}", 8),
        ("{{ number(request.cookies.s) }}", 1),
        ("{{ number('x') }}", None),
        ("{{ text(request.path.id) }}", "7"),
        ("{{ length(request.body.a) }}", 1),
        ("{{ turn() }}", 1),
        ("{{ now() }}", "2026-06-01T12:00:00Z"),
        ("{{ now(3600) }}", "2026-06-01T13:00:00Z"),
        ("{{ today(-1) }}", "2026-05-31"),
        ("{{ '{{' }}", "{{"),
        ("{{ null }}", None),
        ("{{ 1.5 }}", 1.5),
        ("} no { template }}", "} no { template }}"),
        ({"a": ["{{ request.path.id }}", 1, None]}, {"a": [7, 1, None]}),
    ],
)
def test_a_template_gives_what_it_names(template: object, value: object) -> None:
    assert render(template, body=b'{"a":[{"b":true}],"c/d":1.5}') == value


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("{{ request.path.id", "does not end"),
        ("{{ }}", "no expression"),
        ("{{ os.system('x') }}", "no expression"),
        ("{{ system('x') }}", "no function"),
        ("{{ request.path.id | upper }}", "does not end"),
        ("{{ request.__class__ }}", "nothing to look up"),
        ("{{ request }}", "nothing to look up"),
        ("{{ request.query }}", "needs the name"),
        ("{{ request.path.id.real }}", "deeper"),
        ("{{ request.headers./a }}", "nothing to look up"),
        ("{{ integer(1) }}", "takes 2"),
        ("{{ upper('a' 'b') }}", "where one is needed"),
        ("{{ upper('a'", "where one is needed"),
        ("{{ fake('no-such-kind') }}", "nothing that is known"),
        ("{{ fake('json') }}", "nothing that is known"),
        ("{{ fake(request.query.q) }}", "nothing that is known"),
        ("{{ % import os %}", "no expression"),
        ("{{ " + "upper(" * 12 + "'a'" + ")" * 12 + " }}", "no expression"),
        ("{{1}}" * 501, "more than 500"),
    ],
)
def test_what_is_no_template_is_refused_with_its_place(template: str, word: str) -> None:
    with pytest.raises(ScriptError) as caught:
        compile_template({"a": [template]}, POOLS, ("body",))

    assert caught.value.pointer == ("body", "a", "0")
    assert word in caught.value.reason


def test_the_name_of_a_member_is_no_template() -> None:
    with pytest.raises(ScriptError, match="names of members"):
        compile_template({"{{ request.path }}": 1}, POOLS)


@given(pieces=st.lists(PIECES | TEXT, max_size=12), body=JSON.map(lambda value: orjson.dumps(value, default=str) if _small(value) else b"{"), seed=st.integers(0, 9))  # fmt: skip
def test_a_template_is_refused_when_it_is_read_or_gives_something_for_any_request(
    pieces: list[str], body: bytes, seed: int
) -> None:
    text = "".join(pieces)
    try:
        template = compile_template([text, "{{" + text + "}}"], POOLS)
    except ScriptError:
        return

    made = template.render(rendering(body=body, seed=seed))

    assert made == template.render(rendering(body=body, seed=seed))
    assert isinstance(made, list)


@given(name=st.sampled_from(sorted(FUNCTIONS.keys() - {"fake"})), values=st.lists(JSON, max_size=3), seed=st.integers())
def test_functions_give_something_for_any_arguments(name: str, values: list[object], seed: int) -> None:
    function = FUNCTIONS[name]
    values = (values + [None] * function.least)[: max(function.least, min(len(values), function.most))]
    call = rendering(seed=seed).call()

    made = function.call(call, values)  # type: ignore[arg-type]

    assert made is None or isinstance(made, str | int | float | bool | list | dict)


def test_chance_comes_from_the_seed() -> None:
    template = [
        "{{ uuid() }}",
        "{{ integer(1, 1000000) }}",
        "{{ fake('email') }}",
        "{{ choice('a', 'b', 'c') }}",
        "{{ uuid() }}",
    ]

    assert render(template, seed=1) == render(template, seed=1)
    assert render(template, seed=1) != render(template, seed=2)
    assert len({*render(["{{ uuid() }}", "{{ uuid() }}"])}) == 2  # type: ignore[misc]


def test_a_template_does_not_grow_without_bound() -> None:
    body = orjson.dumps("x" * 300_000)

    with pytest.raises(ScriptError, match="more than"):
        render("{{ request.body }}" * 20, body=body)
    with pytest.raises(ScriptError, match="more than"):
        render(["{{ request.body }}"] * 20, body=body)
    with pytest.raises(ScriptError, match="more than"):
        render("{{ " + "json(" * 9 + "request.body" + ")" * 9 + " }}", body=orjson.dumps('"' * 300_000))


def _small(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
