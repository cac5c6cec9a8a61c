"""The JSON Schema of the settings file says what the program says of a file."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mock_server.cli.configure import TABLES, SettingsSource
from mock_server.cli.work.init import make_settings
from mock_server.errors import UsageError
from mock_server.faults import NAMES
from mock_server.settings import SETTINGS, merge_settings
from mock_server.settings.contract import read_logins
from tests.support.paths import ROOT

SCHEMA = json.loads((ROOT / "docs" / "reference" / "settings.schema.json").read_text())
JUDGE = Draft202012Validator(SCHEMA)
FILES = [
    (path.relative_to(ROOT).as_posix(), block)
    for path in sorted((ROOT / "docs").rglob("*.md"))
    for block in re.findall(r"```toml[^\n]*\n(.*?)```", path.read_text(), re.DOTALL)
]


def read(text: str) -> Any:
    """Read TOML as an editor gives it to a judge of JSON: days are texts."""
    return json.loads(json.dumps(tomllib.loads(text), default=date.isoformat))


def errors_of(value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in JUDGE.iter_errors(value)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("page", "text"), FILES, ids=[page for page, _ in FILES])
def test_files_of_the_documentation_pass(page: str, text: str) -> None:
    assert errors_of(read(text)) == []


def test_what_init_writes_passes_once_its_marks_are_taken_away() -> None:
    lines = make_settings("GET /pets").splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines if re.match(r"# (\[|[\w-]+ = )", line))
    table = tomllib.loads(text)

    assert errors_of(table) == []
    assert {"seed", "operations", "fields", "test"} <= table.keys()
    assert merge_settings({name: value for name, value in table.items() if name not in TABLES}).seed == 7


@pytest.mark.parametrize(
    "text",
    ["sede = 7", 'seed = "x"', "port = 4.5", "stateful = 1", 'profile = "nice"', 'source = ["nowhere"]', "source = []", 'log_format = "xml"',
     'delay = "soon"', "delay = -1", 'delay = {type = "odd"}', 'fault = "error"', "fault = [1]", "fault = [{rate = 1}]", 'fault = ["error@often"]',
     "memory = 0", 'memory = "much"', "header_timeout = 0", "idle_timeout = 1e9", "fields = 1", "[fields]\na = 1", "[headers]\nA = 1", "overlay = 1",
     "overlay = [1]", "[operations]\na = 1", '[operations.a]\nfaults = ["reset"]', "[resources.a]\nseed = true", "[serve]\nmutating = true",
     "serve = 1", "test = 1", "[test]\nxyzzy = 1", "[test]\nmutating = 1", "[test]\nseed = [1]", "[test]\nheader = [{a = 1}]", "[diff]\nseed = 1",
     "[test.auth]\nclient = 1", '[test.auth]\ngrant = "implicit"', "[test.auth.admin]\nclient = 1", '[test.operations.a]\nexpect = ["9XX"]',
     '[test.operations.a.level]\nx = "bad"', '[test.operations.a.off]\nx = {reason = "r"}', "[check]\nstrict = true"],
)  # fmt: skip
def test_wrong_files_are_refused(text: str) -> None:
    assert errors_of(read(text))


def test_a_login_may_have_the_name_of_a_row() -> None:
    """As the guide on logins has it: `[test.auth.other]` was taken for the row `other`, and refused."""
    logins = read_logins({"other": {"other": True, "value": "x"}, "headers": {"A": "b"}})

    assert (logins["other"].other, logins["other"].value, logins[""].headers) == (True, "x", {"A": "b"})


@pytest.mark.parametrize("table", ["", "serve"])
def test_every_setting_is_known_in_both_spellings(table: str) -> None:
    known = SCHEMA["$defs"]["settings"]["properties"] if table else SCHEMA["properties"]

    assert {spelling for name in SETTINGS for spelling in (name, name.replace("_", "-"))} <= known.keys()


numbers = st.integers(0, 10**5)
VALUES = {
    "delay": st.one_of(
        numbers, numbers.map(str), st.builds(lambda low, more: f"{low}..{low + more}", numbers, numbers),
        st.builds(lambda median, sigma: f"lognormal:{median},{sigma}", numbers, st.integers(0, 3)),
        st.builds(lambda number: {"type": "fixed", "milliseconds": number}, numbers),
    ),
    "fault": st.lists(st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(["", "@1", "@0.5", "@10%", "@#3"])), max_size=3),
    "memory": st.builds(str.__add__, st.integers(1, 999).map(str), st.sampled_from(["", "K", "kb", "MB", "GiB", " MB"])),
    "source": st.lists(st.sampled_from(["fixture", "example", "generated"]), min_size=1),
    "header_timeout": st.floats(0.001, 86_400) | st.integers(1, 86_400),
    "seed": st.integers(),
    "overlay": st.lists(st.text(max_size=9)) | st.text(max_size=9),
    "stateful": st.booleans(),
}  # fmt: skip


@given(value=st.fixed_dictionaries({}, optional=VALUES))
def test_what_the_schema_takes_the_program_takes(value: dict[str, Any]) -> None:
    assert errors_of(value) == []
    merge_settings(value)


@given(
    name=st.sampled_from(sorted(SETTINGS)),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=12),
        st.lists(st.integers(), min_size=1),
        st.dictionaries(st.text(max_size=3), st.lists(st.integers()), min_size=1),
    ),
)
def test_what_the_program_refuses_the_schema_refuses_but_for_what_takes_reading(name: str, value: Any) -> None:
    """A path may be anything; a text is not read; bounds that depend on one another are the program's alone."""
    if value is None:
        return
    try:
        merge_settings({name: value})
    except UsageError:
        assert isinstance(value, str | int) or errors_of({name: value})


def test_serve_has_a_table_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mock-server.toml").write_text(
        'seed = 1\nmax-body = 5\n[serve]\nseed = 2\nmax_body = 6\nhost = "0.0.0.0"\n'
    )
    monkeypatch.chdir(tmp_path)
    served, tested = (SettingsSource(tmp_path, command=name).read() for name in ("serve", "test"))

    assert merge_settings(served.of_the_mock).seed == 2
    assert merge_settings(served.of_the_mock).max_body == 6
    assert merge_settings(tested.of_the_mock).seed == 1
    assert served.refused == {"serve.host": ""}
    assert SettingsSource(tmp_path, is_trusted=True).read().of_the_mock["host"] == "0.0.0.0"
