"""References: local, across files, through other references; and what they may not do."""

from pathlib import Path

import pytest

from mock_server.document.load import Access, Library, project_folder
from mock_server.document.references import Node, References
from mock_server.errors import ForbiddenReference, UnreadableResource, UnresolvableReference


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "api" / "schemas").mkdir(parents=True)
    (tmp_path / "common").mkdir()
    (tmp_path / "api" / "schemas" / "pet.yaml").write_text(
        "Pet: {properties: {owner: {$ref: '../../common/x.yaml#/Owner'}}}\nBack: {$ref: '../root.yaml#/a~1b'}\n"
    )
    (tmp_path / "common" / "x.yaml").write_text("Owner: {type: string}\n'a b': 1\n")
    (tmp_path / "api" / "root.yaml").write_text("a/b: {c: 1}\n")
    return tmp_path


def resolver(project: Path, text: str, access: Access = Access()) -> tuple[References, Node]:
    path = project / "api" / "root.yaml"
    path.write_text(text)
    library = Library(access)
    resource = library.open_entry(str(path))
    return References(library), Node(resource.value, resource)


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("#/a~1b", {"c": 1}),
        ("#/a~1b/c", 1),
        ("#/a%7E1b/c", 1),
        ("#", ...),
        ("schemas/pet.yaml#/Pet/properties/owner/type", "string"),
        ("../common/x.yaml#/a%20b", 1),
        ("../common/x.yaml#/Owner", {"type": "string"}),
        ("schemas/pet.yaml#/Back/c", 1),
        ("#/list/1", "y"),
    ],
)
def test_a_reference_leads_where_it_says(project: Path, ref: str, value: object) -> None:
    references, root = resolver(project, "a/b: {c: 1}\nlist: [x, y]\n")

    found = references.resolve(ref, root)

    assert found.value == (root.value if value is ... else value)


@pytest.mark.parametrize("ref", ["#/nothing", "#/list/7", "#/list/x", "missing.yaml", "#anchor", "ftp://example.com/x"])
def test_a_reference_that_leads_nowhere_says_where_it_stands(project: Path, ref: str) -> None:
    references, root = resolver(project, "list: [x]\nhere: {}\n")

    with pytest.raises(UnresolvableReference) as caught:
        references.resolve(ref, root.child("here"))

    assert ref in str(caught.value)
    assert caught.value.place.pointer == ("here",)
    assert caught.value.finding().rule == "document-reference-unresolvable"


def test_a_circle_of_nothing_but_references_is_an_error(project: Path) -> None:
    references, root = resolver(project, "a: {$ref: '#/b'}\nb: {$ref: '#/a'}\n")

    with pytest.raises(UnresolvableReference, match="circle"):
        references.follow(root.child("a"))


def test_a_reference_out_of_the_project_is_refused_until_it_is_allowed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("a: 1\n")
    deep = tmp_path / "one" / "two" / "three" / "four"
    deep.mkdir(parents=True)
    (deep / "api").mkdir()
    (tmp_path / "one" / "two" / "three" / ".git").mkdir()
    ref = "../../../../../outside/secret.yaml#/a"
    references, root = resolver(deep, "x: 1\n")

    with pytest.raises(ForbiddenReference, match="--allow-path") as caught:
        references.resolve(ref, root)
    allowed, again = resolver(deep, "x: 1\n", Access(folders=(outside,)))

    assert caught.value.finding().rule == "document-reference-outside"
    assert allowed.resolve(ref, again).value == 1


def test_a_link_out_of_the_project_is_no_way_around(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / ".git").mkdir()
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.yaml"
    secret.write_text("a: 1\n")
    (project / "api" / "link.yaml").symlink_to(secret)
    references, root = resolver(project, "x: 1\n")

    with pytest.raises(ForbiddenReference):
        references.resolve("link.yaml", root)


def test_a_host_that_was_not_allowed_is_not_asked(project: Path) -> None:
    references, root = resolver(project, "x: 1\n")

    with pytest.raises(ForbiddenReference, match="--allow-remote example.com") as caught:
        references.resolve("https://example.com/x.yaml", root)

    assert caught.value.finding().rule == "document-reference-remote"


def test_the_project_is_where_its_mark_is(tmp_path: Path) -> None:
    deep = tmp_path / "p" / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (tmp_path / "p" / "package.json").write_text("{}")

    assert project_folder(deep / "openapi.yaml") == tmp_path / "p"


def test_without_a_mark_two_levels_up_may_be_read(tmp_path: Path) -> None:
    deep = tmp_path / "p" / "a" / "b" / "c"
    deep.mkdir(parents=True)

    assert project_folder(deep / "openapi.yaml") == tmp_path / "p" / "a"


def test_schemas_that_name_themselves_are_found(project: Path) -> None:
    text = """
components:
  schemas:
    A: {$id: 'https://example.com/a', $defs: {inner: {$anchor: here, type: integer}}, properties: {x: {$ref: '#here'}}}
    B: {$ref: 'https://example.com/a#here'}
"""
    references, root = resolver(project, text)
    schemas = root.child("components").child("schemas")

    assert references.follow(schemas.child("B")).value["type"] == "integer"
    assert references.follow(schemas.child("A").child("properties").child("x")).value["type"] == "integer"


def test_a_folder_and_a_missing_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResource, match="is a folder"):
        Library().open_entry(str(tmp_path))
    with pytest.raises(UnreadableResource, match="no such file"):
        Library().open_entry(str(tmp_path / "x.yaml"))
