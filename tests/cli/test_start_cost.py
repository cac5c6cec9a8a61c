"""What a command costs before it does anything: nobody pays for what is not used."""

import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable

import pytest

from mock_server.cli.main import COMMANDS
from mock_server.contract.reports.formats import REPORTS
from mock_server.contract.runner import MODES, PHASES
from mock_server.document.load import LoadedResource, SourceBytes
from mock_server.document.references import Node
from mock_server.generate.edges.catalogue import BUDGET, LOCATIONS
from mock_server.payloads.formats import FORMATS
from mock_server.payloads.plan import ALL_KINDS
from mock_server.schema.assertions import SecondJudge
from mock_server.schema.bundle import Bundle
from mock_server.settings import Settings
from mock_server.settings.contract import LOGIN_ROWS
from tests.support.paths import ROOT

# Packages that are slow to import. What a command has to import of them is in the rows below.
SLOW = {
    "rfc3987_syntax", "lark", "openapi_spec_validator", "jsonschema", "jsonschema_rs", "orjson", "yaml", "connexion", "starlette", "uvicorn",
    "hypothesis", "faker", "sqlalchemy", "pyarrow", "distributed", "httpx", "httpx2", "httpcore2", "requests", "jinja2", "prometheus_client",
    "watchfiles", "flask", "asyncio",
}  # fmt: skip
# Packages of ours: the help of a command is its flags.
OWN = {
    f"mock_server.{name}"
    for name in ("document", "schema", "exchange", "generate", "judges", "contract", "payloads", "respond", "server")
}


def modules_after(*args: str) -> set[str]:
    code = f"import sys\nfrom mock_server.cli.main import main\nmain({list(args)!r})\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(ended.stderr.splitlines())


def callback_of(name: str) -> Callable[..., None]:
    """Find the function that has the flags of a command."""
    return importlib.import_module(f"mock_server.cli.{name}").app.registered_commands[0].callback


def cpu_seconds(*args: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "mock_server", *args], cwd=ROOT, capture_output=True, timeout=60, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


CHECK = {"openapi_spec_validator", "jsonschema", "jsonschema_rs", "orjson", "yaml", "asyncio", "requests", "faker"}


@pytest.mark.parametrize("args", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_imports_nothing_that_a_command_works_with(args: list[str]) -> None:
    assert modules_after(*args) & (SLOW | OWN) == set()


@pytest.mark.parametrize(
    ("args", "used"),
    [
        (["check"], CHECK),
        (
            ["payloads", "--kind", "realistic", "--count", "1"],
            {"jsonschema", "jsonschema_rs", "orjson", "yaml", "faker"},
        ),
    ],
    ids=["check", "payloads"],
)
def test_no_command_imports_what_it_does_not_use(args: list[str], used: set[str]) -> None:
    loaded = modules_after(*args)

    assert loaded & SLOW <= used
    assert "rich.markdown" not in loaded


@pytest.mark.parametrize(("args", "seconds"), [(["check", "--help"], 0.9), (["check"], 1.8)], ids=["help", "check"])
def test_the_cpu_time_of_a_command_is_bounded(args: list[str], seconds: float) -> None:
    """Twice and more of what they take (0.25 and 0.7 s); the grammar of IRIs alone took 1.8 s."""
    assert min(cpu_seconds(*args) for _ in range(2)) < seconds


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "completion"])  # which has no work to import
def test_a_command_takes_what_its_flags_are(name: str) -> None:
    flags = set(inspect.signature(callback_of(name)).parameters)
    work = importlib.import_module(f"mock_server.cli.work.{name}")
    taken = inspect.signature(getattr(work, callback_of(name).__name__)).parameters.values()
    named = {parameter.name for parameter in taken if parameter.kind is not inspect.Parameter.VAR_KEYWORD}

    assert named <= flags
    tables = {field.name for field in dataclasses.fields(Settings)} | {f"auth_{name}" for name in LOGIN_ROWS}
    assert named == flags or flags - named <= tables


def test_flags_say_what_the_code_knows() -> None:
    """They are written out, since importing what they are about takes most of a second."""
    flags = {
        (name, flag.name): flag
        for name in COMMANDS
        for flag in inspect.signature(callback_of(name)).parameters.values()
    }
    kinds, formats = flags["payloads", "kind"], flags["payloads", "format_"]

    assert kinds.annotation.__metadata__[0].help.startswith(f"{', '.join(ALL_KINDS)};")
    assert formats.annotation.__metadata__[0].help == f"{', '.join(FORMATS)}."
    assert (flags["payloads", "locations"].default, flags["payloads", "budget"].default) == (LOCATIONS, BUDGET)
    assert (flags["test", "phases"].default, flags["test", "mode"].default) == (",".join(PHASES), ",".join(MODES))
    assert flags["test", "report"].annotation.__metadata__[0].help == f"NAME=PATH, of {', '.join(REPORTS)}."


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_its_own_help_says(name: str) -> None:
    assert COMMANDS[name] == callback_of(name).__doc__.strip().splitlines()[0]


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
    resource = LoadedResource("file:///d.json", "d.json", SourceBytes(b"{}"), {})
    judge = SecondJudge(Bundle({"type": "string", "format": name}, Node({}, resource), {}))

    assert judge.is_valid(right)
    assert not judge.is_valid(wrong)
