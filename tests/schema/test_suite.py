"""The official test suite of JSON Schema, judged through our translation of Schema Objects."""

import sys
from pathlib import Path

import pytest

from mock_server.schema.dialect import Purpose
from mock_server.schema.validate import Validator
from tests.support.suite import SUITE, VERSIONS, Group, groups, open_schema

_30 = "OpenAPI 3.0 has no such keyword: what JUDGE does not know it does not assert"
_ID = "OpenAPI 3.0 knows no `id`, and so no base URI but the file's own"
_FORMAT = "formats are asserted: OpenAPI's users take them for requirements"

# Where we differ from the suite: file, group or "*", instance or "*", and why.
EXCEPTIONS = {
    ("draft2020-12", "format", "*", "*"): _FORMAT,
    ("draft2020-12", "optional/cross-draft", "refs to historic drafts are processed as historic drafts", "*"):
        "`$schema` is not obeyed: all schemas of a document are of one dialect",
    ("draft2020-12", "optional/unknownKeyword", "$id inside an unknown keyword is not a real identifier", "*"):
        "a document is searched for `$id` before it is known which parts of it are schemas; the same `$id` twice is nobody's wish",
    ("draft2020-12", "vocabulary", "schema that uses custom metaschema with with no validation vocabulary", "*"):
        "a metaschema of one's own can't switch keywords off: `jsonSchemaDialect` is not obeyed",
    ("draft4", "dependencies", "*", "*"): _30,
    ("draft4", "optional/id", "*", "*"): _ID,
    ("draft4", "ref", "$ref prevents a sibling id from changing the base uri", "*"): _ID,
    ("draft4", "ref", "Recursive references between schemas", "*"): _ID,
    ("draft4", "ref", "Location-independent identifier", "*"): _ID,
    ("draft4", "ref", "Location-independent identifier with base URI change in subschema", "*"): _ID,
    ("draft4", "ref", "id must be resolved against nearest parent, not just immediate parent", "*"): _ID,
    ("draft4", "refRemote", "base URI change", "*"): _ID,
    ("draft4", "refRemote", "base URI change - change folder", "*"): _ID,
    ("draft4", "refRemote", "base URI change - change folder in subschema", "*"): _ID,
    ("draft4", "refRemote", "root ref in remote ref", "*"): _ID,
    ("draft4", "refRemote", "Location-independent identifier in remote ref", "*"): _ID,
    ("draft4", "optional/zeroTerminatedFloats", "*", "*"): "1.0 is an integer, as in every draft since 6",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("suite")


def differences(folder: Path, group: Group, purpose: Purpose) -> list[tuple[str, bool]]:
    """The instances that are judged otherwise than the suite does, with our verdict."""
    validator = Validator(open_schema(folder, group.schema, VERSIONS[group.draft]).bundle(purpose))
    return [
        (test["description"], not test["valid"])
        for test in group.tests
        if validator.is_valid(test["data"]) != test["valid"]
    ]


def exception_for(group: Group, test: str) -> tuple[str, str, str, str] | None:
    """The line of the table that an instance falls under."""
    return next(
        (
            key
            for key in EXCEPTIONS
            if key[:2] == (group.draft, group.file) and key[2] in {"*", group.description} and key[3] in {"*", test}
        ),
        None,
    )


def test_the_suite_is_installed() -> None:
    assert (SUITE / "tests").is_dir(), "make test installs it"
    assert len(groups("draft2020-12")) > 400
    assert len(groups("draft4")) > 190


@pytest.mark.parametrize("group", [group for draft in VERSIONS for group in groups(draft)], ids=str)
def test_verdicts_are_those_of_the_official_suite(folder: Path, group: Group) -> None:
    found = differences(folder, group, Purpose.JUDGE)

    assert [test for test, _ in found if exception_for(group, test) is None] == []


@pytest.mark.parametrize("group", groups("draft2020-12"), ids=str)
def test_what_is_made_is_never_more_than_the_official_suite_allows(folder: Path, group: Group) -> None:
    found = differences(folder, group, Purpose.MAKE)

    assert [test for test, verdict in found if verdict and exception_for(group, test) is None] == []


@pytest.mark.long
def test_every_exception_is_needed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used, differ, total = set(), 0, 0
    for group in (group for draft in VERSIONS for group in groups(draft)):
        found = [test for test, _ in differences(folder, group, Purpose.JUDGE)]
        used.update(exception_for(group, test) for test in found)
        differ, total = differ + len(found), total + len(group.tests)
    with capsys.disabled():
        sys.stdout.write(
            f"\nJSON Schema Test Suite: {total - differ} of {total} verdicts ({(total - differ) / total:.1%}) are the suite's\n"
        )

    assert used == EXCEPTIONS.keys()
