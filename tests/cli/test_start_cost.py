"""What a command costs before it does anything: nobody pays for what is not used."""

import importlib
import os
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

from mock_server.cli import COMMANDS
from mock_server.schema.assertions import SecondJudge
from mock_server.schema.bundle import Bundle
from mock_server.spec.load import Kept, Resource
from mock_server.spec.references import Node

# Modules that are slow to import, and what may import them.
SLOW = {
    "rfc3987_syntax",
    "lark",
    "openapi_spec_validator",
    "jsonschema",
    "connexion",
    "starlette",
    "hypothesis",
    "sqlalchemy",
    "pyarrow",
    "distributed",
}


def modules_after(*args: str) -> set[str]:
    code = f"import sys\nfrom mock_server.cli import main\nmain({list(args)!r})\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return set(ended.stderr.splitlines())


def cpu_seconds(*args: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "mock_server", *args], cwd=ROOT, capture_output=True, timeout=60, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.parametrize(
    ("args", "used"),
    [
        (("--help",), set()),
        (("--version",), set()),
        (("check",), {"openapi_spec_validator", "jsonschema"}),
        (("payloads", "--kind", "realistic", "--count", "1"), {"jsonschema"}),
    ],
)
def test_no_command_imports_what_it_does_not_use(args: tuple[str, ...], used: set[str]) -> None:
    assert modules_after(*args) & SLOW <= used


@pytest.mark.parametrize(("args", "seconds"), [(("--help",), 0.7), (("check",), 1.8)])
def test_the_cpu_time_of_a_command_is_bounded(args: tuple[str, ...], seconds: float) -> None:
    """Twice and more of what they take (0.25 and 0.7 s); the grammar of IRIs alone took 1.8 s."""
    assert min(cpu_seconds(*args) for _ in range(2)) < seconds


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_its_own_help_says(name: str) -> None:
    app = importlib.import_module(f"mock_server.cli.{name}").app
    callback = app.registered_commands[0].callback

    assert COMMANDS[name] == callback.__doc__.strip().splitlines()[0]


def test_the_package_that_builds_a_grammar_at_import_is_not_asked_for() -> None:
    """The jsonschema package imports it wherever it is installed, which costs 1.8 s of CPU time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert [name for name in project["dependencies"] if "format-nongpl" in name or "rfc3987" in name] == []


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("uri", "http://a.b/c?d#e", "http://a b"),
        ("uri", "urn:x:y", "urn:x:y\n"),
        ("uri-reference", "../a?b", "a\\b"),
        ("iri", "http://bücher.example/ä", "//bücher.example"),
        ("iri-reference", "/ä#ö", "\ud800"),
        ("date-time", "1998-12-31T23:59:60Z", "1998-12-31 23:59:59"),
        ("hostname", "a.example", "-a"),
        ("idn-hostname", "bücher.example", "a b"),
        ("duration", "P1D", "1D"),
        ("json-pointer", "/a~1b", "a"),
        ("uri-template", "/a{?b}", "/a{b"),
    ],
)
def test_the_second_judge_knows_all_formats(name: str, right: str, wrong: str) -> None:
    resource = Resource("file:///d.json", "d.json", Kept(b"{}"), {})
    judge = SecondJudge(Bundle({"type": "string", "format": name}, Node({}, resource), {}))

    assert judge.is_valid(right)
    assert not judge.is_valid(wrong)
