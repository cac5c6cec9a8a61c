"""Overlays change documents as the Overlay Specification 1.1 says, and everything that they bring is found in their files."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import load
from mock_server.document.load import LoadedResource, SourceBytes
from mock_server.document.overlay import Overlay, _read_actions, apply_overlays
from mock_server.document.positions import find_positions
from mock_server.document.yaml import decode_yaml
from mock_server.errors import MalformedResource, UnreadableResource
from mock_server.findings import Finding
from mock_server.json_values import find_at
from mock_server.jsonpath import PathEngine, PathError


def resource(value: Any, name: str = "openapi.yaml") -> LoadedResource:
    return LoadedResource(f"file:///{name}", name, SourceBytes(b""), value)


def overlay_of(actions: list[Any], name: str = "a.overlay.yaml") -> Overlay:
    found: list[Finding] = []
    return Overlay(resource({"actions": actions}, name), tuple(_read_actions(name, actions, found)), None, tuple(found))


def applied(document: str, actions: str) -> tuple[Any, list[str]]:
    """The result of actions on a document, and the rules of what went wrong."""
    done = apply_overlays(resource(decode_yaml(document)[0]), [overlay_of(decode_yaml(actions)[0])])
    return done.value, [finding.rule for finding in done.findings]


# The examples of the specification, section "Examples", with documents that they fit.
EXAMPLES = {
    "structured": (
        "{info: {title: A}, paths: {/: {}, /pets: {get: {summary: old, tags: [a]}}}, tags: [{name: t}]}",
        """
        - target: '$'
          update:
            info: {x-overlay-applied: structured-overlay}
            paths:
              '/': {summary: 'The root resource', get: {summary: 'Retrieve the root resource', x-rate-limit: 100}}
              '/pets': {get: {summary: 'Retrieve a list of pets', x-rate-limit: 100}}
            tags: []
        """,
        """
        info: {title: A, x-overlay-applied: structured-overlay}
        paths:
          /: {summary: The root resource, get: {summary: Retrieve the root resource, x-rate-limit: 100}}
          /pets: {get: {summary: Retrieve a list of pets, tags: [a], x-rate-limit: 100}}
        tags: [{name: t}]
        """,
    ),
    "targeted": (
        "{paths: {/foo: {get: {description: a}}, /bar: {get: {description: b}}}}",
        """
        - {target: "$.paths['/foo'].get.description", update: This is the new description}
        - {target: "$.paths['/bar'].get.description", update: This is the updated description}
        - target: $.paths['/bar']
          update: {post: {description: This is an updated description of a child object, x-safe: false}}
        """,
        """
        paths:
          /foo: {get: {description: This is the new description}}
          /bar:
            get: {description: This is the updated description}
            post: {description: This is an updated description of a child object, x-safe: false}
        """,
    ),
    "wildcard": (
        "{paths: {/a: {get: {parameters: [{name: filter, in: query}, {name: filter, in: header}]}}, /b: {put: {}}}}",
        """
        - {target: $.paths.*.get, update: {x-safe: true}}
        - target: $.paths.*.get.parameters[?@.name=='filter' && @.in=='query']
          update: {schema: {$ref: '#/components/schemas/filterSchema'}}
        """,
        """
        paths:
          /a:
            get:
              x-safe: true
              parameters:
                - {name: filter, in: query, schema: {$ref: '#/components/schemas/filterSchema'}}
                - {name: filter, in: header}
          /b: {put: {}}
        """,
    ),
    "array, append": (
        "{paths: {/a: {get: {parameters: [{name: p}]}}, /b: {get: {parameters: []}}}}",
        "[{target: $.paths.*.get.parameters, update: {name: newParam, in: query}}]",
        """
        paths:
          /a: {get: {parameters: [{name: p}, {name: newParam, in: query}]}}
          /b: {get: {parameters: [{name: newParam, in: query}]}}
        """,
    ),
    "array, remove": (
        "{paths: {/a: {get: {parameters: [{name: dummy}, {name: p}, {name: dummy}]}}}}",
        "[{target: \"$.paths.*.get.parameters[?@.name == 'dummy']\", remove: true}]",
        "{paths: {/a: {get: {parameters: [{name: p}]}}}}",
    ),
    "array, remove a primitive": (
        "{paths: {/a: {get: {tags: [a, dummy, b]}}}}",
        "[{target: \"$.paths.*.get.tags[?@ == 'dummy']\", remove: true}]",
        "{paths: {/a: {get: {tags: [a, b]}}}}",
    ),
    "traits": (
        """
        paths:
          /items: {get: {x-oai-traits: [paged], responses: {200: {description: OK}}}}
          /items/{id}/subitems:
            get: {x-oai-traits: [paged], parameters: [{name: id}], responses: {200: {description: OK}}}
          /other: {get: {responses: {200: {description: OK}}}}
        """,
        """
        - target: $.paths[?(@.get['x-oai-traits'][?(@ == 'paged')])].get
          update: {parameters: [{name: top, in: query}, {name: skip, in: query}]}
        """,
        """
        paths:
          /items:
            get:
              x-oai-traits: [paged]
              responses: {200: {description: OK}}
              parameters: [{name: top, in: query}, {name: skip, in: query}]
          /items/{id}/subitems:
            get:
              x-oai-traits: [paged]
              parameters: [{name: id}, {name: top, in: query}, {name: skip, in: query}]
              responses: {200: {description: OK}}
          /other: {get: {responses: {200: {description: OK}}}}
        """,
    ),
    "copy": (
        "{paths: {/items: {get: {responses: {200: {description: OK}}}}, /some-items: {delete: {}}}}",
        """[{target: '$.paths["/some-items"]', copy: '$.paths["/items"]'}]""",
        """
        paths:
          /items: {get: {responses: {200: {description: OK}}}}
          /some-items: {delete: {}, get: {responses: {200: {description: OK}}}}
        """,
    ),
    "copy, target made first": (
        "{paths: {/items: {get: {}}, /some-items: {delete: {}}}}",
        """[{target: $.paths, update: {/other-items: {}}}, {target: '$.paths["/other-items"]', copy: '$.paths["/items"]'}]""",
        "{paths: {/items: {get: {}}, /some-items: {delete: {}}, /other-items: {get: {}}}}",
    ),
    "move": (
        "{paths: {/items: {get: {}}, /some-items: {delete: {}}}}",
        """
        - {target: $.paths, update: {/new-items: {}}}
        - {target: '$.paths["/new-items"]', copy: '$.paths["/items"]'}
        - {target: '$.paths["/items"]', remove: true}
        """,
        "{paths: {/new-items: {get: {}}, /some-items: {delete: {}}}}",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_specification_give_their_results(name: str) -> None:
    before, actions, after = EXAMPLES[name]

    assert applied(before, actions) == (decode_yaml(after)[0], [])


@pytest.mark.parametrize(
    ("before", "actions", "after", "rules"),
    [
        ("{a: [1]}", "[{target: $.a, update: [2, 3]}]", "{a: [1, 2, 3]}", []),
        ("{a: [1]}", "[{target: $.a, update: null}]", "{a: [1, null]}", []),
        ("{a: 1}", "[{target: $.a, update: null}]", "{a: null}", []),
        ("{a: {b: 1}}", "[{target: $, update: {a: {b: [1]}}}]", "{a: {b: 1}}", ["overlay-action-failed"]),
        ("{a: {b: {}}}", "[{target: $.a, update: {c: 1, b: 2}}]", "{a: {b: {}}}", ["overlay-action-failed"]),
        ("{a: {}, b: []}", "[{target: '$.*', update: {c: 1}}]", "{a: {}, b: []}", ["overlay-action-failed"]),
        ("{a: 1}", "[{target: $, remove: true}]", "{a: 1}", ["overlay-action-failed"]),
        ("{a: 1}", "[{target: $.b, remove: true}]", "{a: 1}", ["overlay-action-unmatched"]),
        ("{a: 1}", "[{target: $.b, copy: $.a}]", "{a: 1}", ["overlay-action-unmatched"]),
        ("{a: {}, b: 1}", "[{target: $.a, copy: '$.*'}]", "{a: {}, b: 1}", ["overlay-action-failed"]),
        ("{a: 1}", "[{target: '$.a[', update: 2}]", "{a: 1}", ["overlay-action-failed"]),
        ("{a: 1}", "[{target: $.a}]", "{a: 1}", ["overlay-invalid"]),
        ("{a: 1}", "[{target: 7, update: 1}, 3, {remove: true}]", "{a: 1}", ["overlay-invalid"] * 3),
        ("{a: 1}", "[{target: $.a, update: 2, colour: red}]", "{a: 2}", ["overlay-invalid"]),
        ("{a: 1}", "[{target: $.a, update: 2, remove: true, x-why: 1}]", "{}", []),
        ("{a: {b: 1}}", "[{target: $, copy: $.a}, {target: $.a, update: {c: 2}}]", "{a: {b: 1, c: 2}, b: 1}", []),
        ("{a: [[1, 2], [3]]}", "[{target: '$.a[*][0]', remove: true}]", "{a: [[2], []]}", []),
        ("{a: [1, 2, 3, 4]}", "[{target: '$.a[2, 0, 0]', remove: true}]", "{a: [2, 4]}", []),
        ("{x: {x: {y: 1}}}", "[{target: $..x, remove: true}]", "{}", []),
        ("{a: {}}", "[{target: $.a, copy: $}]", "{a: {a: {}}}", []),
    ],
)
def test_values_merge_by_kind(before: str, actions: str, after: str, rules: list[str]) -> None:
    assert applied(before, actions) == (decode_yaml(after)[0], rules)


def test_a_copy_of_a_part_that_changes_later_does_not_change() -> None:
    actions = "[{target: $.a, update: {n: 1}}, {target: $.b, copy: $.a}, {target: $.a, update: {n: 2}}]"

    assert applied("{a: {}, b: {}}", actions)[0] == {"a": {"n": 2}, "b": {"n": 1}}


_KEYS = st.sampled_from("abc")
_VALUES = st.recursive(
    st.integers(0, 9) | st.none() | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)
_PATHS = st.sampled_from(
    ["$", "$.a", "$.b", "$.a.b", "$.*", "$..a", "$..b", "$.a[0]", "$..[0]", "$.c[*]", "$..[?@.a]", "$[?@ == 'x']"]
)
_ACTIONS = st.lists(
    st.builds(lambda target, update: {"target": target, "update": update}, _PATHS, _VALUES)
    | st.builds(lambda target: {"target": target, "remove": True}, _PATHS)
    | st.builds(lambda target, source: {"target": target, "copy": source}, _PATHS, _PATHS),
    max_size=5,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=3)


@given(document=_DOCUMENTS, actions=_ACTIONS, more=_ACTIONS)
def test_what_was_read_is_never_changed_and_every_text_of_the_result_is_where_its_origin_says(
    document: Any, actions: list[Any], more: list[Any]
) -> None:
    before = copy.deepcopy((document, actions, more))
    overlays = [overlay_of(actions, "a"), overlay_of(more, "b")]
    done = apply_overlays(resource(document), overlays)
    files = {"openapi.yaml": document, "a": {"actions": actions}, "b": {"actions": more}}

    assert (document, actions, more) == before
    stack: list[tuple[tuple[str, ...], Any]] = [((), done.value)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            stack += [((*pointer, str(key)), child) for key, child in pairs]
            continue
        origin = done.find_origin(pointer)
        assert find_at(files[origin.file], origin.pointer) == (True, value) or origin.pointer[-1] == "copy"


def merged(target: Any, update: Any) -> Any:
    """What merging gives, written as the specification says it."""
    if isinstance(target, dict) and isinstance(update, dict):
        both = {key: merged(target[key], update[key]) for key in target.keys() & update.keys()}
        return {**target, **update, **both}
    if isinstance(target, list) and isinstance(update, list):
        return target + update
    if isinstance(target, dict | list) or isinstance(update, dict | list):
        raise TypeError
    return update


@given(document=_DOCUMENTS, update=st.dictionaries(_KEYS, _VALUES, max_size=3))
def test_an_update_of_the_root_merges_recursively(document: Any, update: Any) -> None:
    done = apply_overlays(resource(document), [overlay_of([{"target": "$", "update": update}])])
    try:
        expected = merged(document, update)
    except TypeError:
        expected = document

    assert done.value == expected


DOCUMENT = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    $ref: paths/pets.yaml
  /cats:
    get:
      operationId: cats
      parameters:
        - {name: first, in: query, schema: {type: string}}
        - {name: second, in: query, schema: {type: integer, example: no number}}
      responses: {'200': {description: ok}}
"""
PART = "get:\n  operationId: pets\n  responses: {'200': {description: ok}}\n"


def write(folder: Path, **overlays: str) -> Path:
    (folder / ".git").mkdir()
    (folder / "paths").mkdir()
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "paths" / "pets.yaml").write_text(PART)
    for name, text in overlays.items():
        (folder / f"{name}.yaml").write_text(f"overlay: 1.1.0\ninfo: {{title: T, version: '1'}}\n{text}")
    return folder / "openapi.yaml"


def lines_of(document: Path, *overlays: str) -> dict[str, str]:
    """The findings of overlays, by their places."""
    opened = load(document, overlay=[document.parent / f"{name}.yaml" for name in overlays])
    places = [found.place for found in opened.overlay_findings if found.place is not None]
    positions = find_positions(places, opened.library.loaded())
    return {
        f"{Path(positions[found.place].file).name}:{positions[found.place].line}": found.message
        for found in opened.overlay_findings
        if found.place is not None
    }


def test_a_place_after_a_removed_item_keeps_its_line_in_the_document(tmp_path: Path) -> None:
    document = write(tmp_path, o="actions:\n- target: $..parameters[?@.name=='first']\n  remove: true\n")
    opened = load(document, overlay=[tmp_path / "o.yaml"])
    place = opened.require_entry("cats").node.child("parameters").child("0").place

    assert find_positions([place], opened.library.loaded())[place].line == 11


def test_an_action_on_what_is_behind_a_reference_says_so(tmp_path: Path) -> None:
    document = write(tmp_path, o="actions:\n- target: $.paths['/pets'].get.summary\n  update: x\n")

    assert lines_of(document, "o") == {
        "o.yaml:4": "$.paths['/pets'].get.summary matches nothing; "
        "$.paths['/pets'] is a $ref to paths/pets.yaml, which a JSONPath does not follow"
    }


def test_an_overlay_that_extends_a_file_of_the_document_changes_that_file(tmp_path: Path) -> None:
    document = write(tmp_path, o="extends: paths/pets.yaml\nactions:\n- {target: $.get, update: {summary: All pets}}\n")
    opened = load(document, overlay=[tmp_path / "o.yaml"])

    assert opened.overlay_findings == ()
    assert opened.require_entry("pets").summary == "All pets"


def test_an_overlay_that_extends_something_else_is_applied_all_the_same_and_noted(tmp_path: Path) -> None:
    document = write(tmp_path, o="extends: other.yaml\nactions:\n- {target: $.info, update: {title: New}}\n")
    opened = load(document, overlay=[tmp_path / "o.yaml"])

    assert opened.title == "New"
    assert [found.rule for found in opened.overlay_findings] == ["overlay-extends-other"]


def test_a_broken_reference_that_an_overlay_brings_is_found(tmp_path: Path) -> None:
    """The texts of references are looked for in the bytes of files, and an overlay's are others."""
    document = write(tmp_path, o="actions:\n- target: $.paths\n  update:\n    /x:\n      $ref: no.yaml\n")
    opened = load(document, overlay=[tmp_path / "o.yaml"])

    assert [(found.rule, found.place.pointer) for found in opened.broken if found.place] == [
        ("document-reference-unresolvable", ("paths", "/x"))
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: 3.1.0", "is no overlay\nIt is an OpenAPI document: name it without --overlay."),
        ("a: 1", "is no overlay\nAn overlay begins with: overlay: 1.1.0"),
        ("overlay: 2.0.0", "is an overlay of version '2.0.0'\nVersions 1.0 and 1.1 are known."),
    ],
)
def test_what_is_no_overlay_is_an_error(text: str, said: str, tmp_path: Path) -> None:
    document = write(tmp_path)
    (tmp_path / "o.yaml").write_text(text)
    with pytest.raises(MalformedResource) as caught:
        load(document, overlay=[tmp_path / "o.yaml"])

    assert str(caught.value).endswith(said)


def test_an_overlay_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResource):
        load(write(tmp_path), overlay=[tmp_path / "no.yaml"])


@pytest.mark.parametrize(
    "path",
    [
        "$..[?$..[?$..[?@..*]]]",
        "$..*..*..*..*..*",
        "$..[?@ == $]",
        "$..[?match(@.text, '(a*)*b')]",
        "$" + "..*" * 600,
        "$[?" + "(" * 900 + "@" + ")" * 900 + "]",
    ],
)
def test_a_hostile_path_ends(path: str) -> None:
    value: Any = {"text": "a" * 200, "items": [{"n": list(range(20))} for _ in range(40)]}
    try:
        PathEngine(100_000).select(path, value)
    except PathError as error:
        assert str(error)  # noqa: PT017 - either end is good


def test_paths_that_take_too_many_steps_are_an_error() -> None:
    with pytest.raises(PathError, match="too many steps"):
        PathEngine(1_000).select("$..*..*..*", {str(n): {"a": {"b": [1, 2, 3]}} for n in range(100)})


def test_copies_of_copies_come_to_an_end() -> None:
    """Each action doubles the document: what it unfolds to is bounded."""
    actions = [{"target": "$", "update": {f"k{n}": {}}} for n in range(60)]
    actions += [{"target": f"$.k{n}", "copy": "$"} for n in range(60)]
    done = apply_overlays(resource({"a": 1}), [overlay_of(actions)])
    failed = [found.message for found in done.findings if found.rule == "overlay-action-failed"]

    assert failed[0].endswith("overlays bring more than 2,000,000 values")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$[?match(@, 'a.c')]", ["abc"]),
        ("$[?search(@, 'b')]", ["abc", "abb"]),
        ("$[?match(@, '[a-b]*')]", ["abb"]),
        ("$[?search(@, '^')]", ["^"]),
        ("$[?match(@, '(')]", []),
    ],
)
def test_patterns_are_those_of_i_regexp(path: str, found: list[str]) -> None:
    assert [each.value for each in PathEngine().select(path, ["abc", "abb", "^"])] == found
