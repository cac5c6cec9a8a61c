"""Routing: the most concrete template first, whatever the order, and a method that is missing yields."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.router import Matched, Router, Unmatched


def router(*routes: tuple[str, str], base: str = "") -> Router[str]:
    made: Router[str] = Router()
    for method, template in routes:
        made.add(base, method, template, f"{method} {template}")
    return made


def found(made: Router[str], target: str, method: str = "GET") -> object:
    path, _, query = target.partition("?")
    matched = made.match(method, path, query)
    return (matched.route.template, matched.variables) if isinstance(matched, Matched) else matched.allowed


@pytest.mark.parametrize(
    ("templates", "target", "expected"),
    [
        (["/a/{x}", "/a/b"], "/a/b", ("/a/b", {})),
        (["/a/{x}", "/a/b"], "/a/c", ("/a/{x}", {"x": "c"})),
        (["/{x}", "/{x}.json", "/{x}-{y}"], "/r.json", ("/{x}.json", {"x": "r"})),
        (["/{x}", "/{x}.json", "/{x}-{y}"], "/a-b", ("/{x}-{y}", {"x": "a", "y": "b"})),
        (["/{x}:cancel", "/{x}"], "/7:cancel", ("/{x}:cancel", {"x": "7"})),
        (["/{x}/b", "/a/{y}"], "/a/b", ("/a/{y}", {"y": "b"})),
        (["/a/{x}"], "/a/b%2Fc", ("/a/{x}", {"x": "b%2Fc"})),
        (["/caf%C3%A9"], "/café", ("/caf%C3%A9", {})),
        (["/café"], "/caf%C3%A9", ("/café", {})),
        (["/a/{x}"], "/a/", ()),
        (["/a"], "/a/", ()),
        (["/a/"], "/a/", ("/a/", {})),
        (["/"], "/", ("/", {})),
        (["/a?x=1", "/a?x=2"], "/a?x=2", ("/a?x=2", {})),
        (["/a#one"], "/a", ("/a#one", {})),
        (["/files/{path+}", "/files/own"], "/files/a/b/c", ("/files/{path+}", {"path": "a/b/c"})),
        (["/{proxy*}"], "/a/b", ("/{proxy*}", {"proxy": "a/b"})),
    ],
)
def test_the_most_concrete_template_wins(templates: list[str], target: str, expected: object) -> None:
    for order in (templates, templates[::-1]):
        assert found(router(*(("GET", template) for template in order)), target) == expected


def test_a_template_that_lacks_the_method_yields_to_one_that_has_it() -> None:
    made = router(("GET", "/a/b"), ("POST", "/a/{x}"), ("PUT", "/a/{y}"))

    assert found(made, "/a/b", "POST") == ("/a/{x}", {"x": "b"})
    assert found(made, "/a/b", "PUT") == ("/a/{y}", {"y": "b"})
    assert found(made, "/a/b", "DELETE") == ("GET", "POST", "PUT")


def test_templates_of_the_same_shape_keep_their_own_names() -> None:
    made = router(("GET", "/a/{x}"), ("PUT", "/a/{y}"), ("GET", "/a/{z}"))

    assert found(made, "/a/1") == ("/a/{x}", {"x": "1"})
    assert found(made, "/a/1", "PUT") == ("/a/{y}", {"y": "1"})
    assert [(first.template, second.template) for first, second in made.ambiguous] == [("/a/{x}", "/a/{z}")]


@pytest.mark.parametrize(
    ("text", "first"),
    [("string.json", ("string", ".json")), ("a.b.json", ("a", ".b.json")), ("ab", ("a", "b")), ("7-x", ("7", "-x"))],
)
def test_variables_with_nothing_between_them_are_told_apart_in_every_way(text: str, first: tuple[str, str]) -> None:
    router: Router[str] = Router()
    router.add("", "GET", "/profiles/{id}{extension}", "profile")
    found = router.match("GET", f"/profiles/{text}")

    assert isinstance(found, Matched)
    assert tuple(found.variables.values()) == first
    ways = {tuple(way.variables.values()) for way in (found, *found.others)}
    assert ways == {(text[:at], text[at:]) for at in range(1, len(text))}
    assert not isinstance(router.match("GET", "/profiles/a"), Matched)


@pytest.mark.parametrize(
    ("template", "text", "ways"),
    [
        (
            "{place}.{format}",
            "37.83,-122.27.xml",
            [("37.83,-122.27", "xml"), ("37.83,-122", "27.xml"), ("37", "83,-122.27.xml")],
        ),
        ("{from}-{to}", "a-b-c", [("a", "b-c"), ("a-b", "c")]),
        ("v{major}.{minor}x", "v1.2x", [("1", "2")]),
        ("{id}.json", "a.b.json", [("a.b",)]),
        ("{a}.{b}", "a%2Fb.c", [("a/b", "c")]),
        ("{a}.{b}", ".c", []),
        ("{a}.{b}", "c.", []),
        ("x{a}", "x", []),
    ],
)
def test_what_stands_between_variables_may_stand_in_them(template: str, text: str, ways: list[tuple[str, ...]]) -> None:
    router: Router[str] = Router()
    router.add("", "GET", f"/{template}", "found")
    found = router.match("GET", f"/{text}")

    assert [
        tuple(way.variables.values()) for way in ((found, *found.others) if isinstance(found, Matched) else ())
    ] == ways


def test_long_texts_for_many_variables_take_no_time() -> None:
    router: Router[str] = Router()
    router.add("", "GET", "/{a}{b}{c}.{d}{e}/x", "x")

    assert not isinstance(router.match("GET", f"/{'a' * 20_000}/y"), Matched)


def test_a_base_path_stands_before_every_template() -> None:
    made = router(("GET", "/a"), base="/api/v1")

    assert found(made, "/api/v1/a") == ("/a", {})
    assert isinstance(made.match("GET", "/a"), Unmatched)


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "{x}", "{y}.json", "{z}-{w}"]), min_size=1, max_size=3),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_whatever_a_template_makes_leads_to_a_template_that_matches_it(
    shapes: list[list[str]], data: st.DataObject
) -> None:
    templates = ["/" + "/".join(shape) for shape in shapes]
    made = router(*(("GET", template) for template in templates))
    shape = data.draw(st.sampled_from(shapes))
    word = st.text(st.characters(codec="utf-8", exclude_characters="/\n"), min_size=1, max_size=5)
    segments = []
    for segment in shape:
        text = segment
        for name in ("{x}", "{y}", "{z}", "{w}"):
            if name in text:
                text = text.replace(name, quote(data.draw(word), safe=""))
        segments.append(text)

    matched = made.match("GET", "/" + "/".join(segments))

    assert isinstance(matched, Matched)
    assert matched.route.template.count("/") == len(shape)


def test_ten_thousand_routes_are_as_deep_as_one() -> None:
    made = router(*(("GET", f"/r{n}/{{id}}") for n in range(10_000)))

    assert found(made, "/r9999/7") == ("/r9999/{id}", {"id": "7"})
    assert len(made._root.literals) == 10_000
