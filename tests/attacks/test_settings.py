"""
A settings file that was found, in a repository that was just cloned.

It runs no code, writes nothing, listens to nobody and opens nothing. What it may set works; what was left out is said in one line.
"""

import contextlib
import importlib
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import typer

from mock_server.cli.configure import SettingsSource, choose_source, configure, forget_source
from mock_server.cli.main import COMMANDS, main
from mock_server.settings import Settings
from mock_server.settings.trust import TRUST
from mock_server.settings.types import Trust
from tests.support.mocks import minimal, operation
from tests.support.servers import Server

MARK = "ran.txt"  # what code of the repository would leave behind
CODE = f"import pathlib\npathlib.Path(__file__).with_name({MARK!r}).write_text('x')\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that was cloned, in which commands are typed; beside it a file that is nobody's business."""
    folder = tmp_path / "repository"
    (folder / "fixtures" / "op").mkdir(parents=True)
    (folder / "fixtures" / "op" / "one.json").write_text("1")
    (folder / "openapi.yaml").write_text(
        str(minimal({"/a": {"get": operation({"type": "integer"})}})).replace("'", '"')
    )
    (folder / "evil.py").write_text(CODE + "def op():\n    return 1\napp = op\n")
    (tmp_path / "outside" / "op").mkdir(parents=True)
    (tmp_path / "outside" / "op" / "one.json").write_text("2")
    (tmp_path / "outside" / "values.yaml").write_text("secret: s3cr3t")
    (folder / "link").symlink_to(tmp_path / "outside")
    monkeypatch.chdir(folder)
    yield folder
    forget_source()


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# What stands in the file, and the setting that has to be as if it did not.
OF_THE_MOCK = [
    ("handlers = 'evil.py'", "handlers"),
    ("handlers = 'evil'", "handlers"),
    ("store = 'sqlite:///state.db'", "store"),
    ("store = 'postgresql+psycopg://evil.example/x'", "store"),
    ("host = '0.0.0.0'", "host"),
    ("host = '::'", "host"),
    ("admin_token = 'known'", "admin_token"),
    ("admin-token = 'known'", "admin_token"),
    ("callbacks_to = ['169.254.169.254']", "callbacks_to"),
    ("callbacks-to = 'localhost:22'", "callbacks_to"),
    ("allow_remote = ['169.254.169.254']", "allow_remote"),
    ("allow-remote = 'evil.example'", "allow_remote"),
    ("allow_path = ['/']", "allow_path"),
    ("allow-path = ['..']", "allow_path"),
    ("cors = true", "cors"),
    ("cors = 'on'", "cors"),
    ("cors = 'Yes'", "cors"),
    ("cors = '1'", "cors"),
    ("fixtures = '../outside'", "fixtures"),
    ("fixtures = '/etc'", "fixtures"),
    ("fixtures = 'link'", "fixtures"),
    ("fixtures = 'link/../..'", "fixtures"),
    ("fixtures = '~/../../etc'", None),  # a folder that is called `~`: it is none of the home folders
    ('fixtures = "a\\u0000b"', "fixtures"),
    ("scenarios = '../outside'", "scenarios"),
    ("scenarios = 'link'", "scenarios"),
    ("tls_cert = '/etc/ssl/cert.pem'", "tls_cert"),
    ("tls_key = 'link/key.pem'", "tls_key"),
    ("tls-key = '../key.pem'", "tls_key"),
    ("memory = '900000GB'", "memory"),
    ("memory = 9000000000000", "memory"),
    ("in-flight = '2GB'", "in_flight"),
    ("max-body = 99999999999999", "max_body"),
    ("max_connections = 1000000", "max_connections"),
    ("journal = 1000000000000", "journal"),
    ("workers = 256", "workers"),
    ("callback-retries = 1000000000", "callback_retries"),
    ("header-timeout = inf", "header_timeout"),
    ("header-timeout = nan", "header_timeout"),
    ("body_timeout = 1e9", "body_timeout"),
    ("idle-timeout = 100000", "idle_timeout"),
    ("memory = '512MB'", None),
    ("max-body = 52428800", None),
]  # fmt: skip


@pytest.mark.parametrize("pyproject", [False, True], ids=["mock-server.toml", "pyproject.toml"])
@pytest.mark.parametrize(("line", "name"), OF_THE_MOCK, ids=[line for line, _ in OF_THE_MOCK])
def test_what_a_found_file_sets_is_as_if_it_did_not(
    repository: Path, line: str, name: str | None, *, pyproject: bool
) -> None:
    if pyproject:
        (repository / "pyproject.toml").write_text(f"[tool.mock-server]\n{line}\nseed = 7\n")
    else:
        (repository / "mock-server.toml").write_text(f"{line}\nseed = 7\n")
    found = configure({})

    assert found.seed == 7
    if name is not None:
        assert getattr(found, name) == getattr(Settings(), name)
        refused = SettingsSource(repository).read().refused
        assert [refused_name.replace("-", "_") for refused_name in refused] == [name]


# What stands in the file, the command that is typed, and what of the table is said not to be trusted.
OF_COMMANDS = [
    ("test", "app = 'evil:app'", "app"),
    ("test", "mutating = true", "mutating"),
    ("test", "insecure = true", "insecure"),
    ("test", "replay = 'a'", "replay"),
    ("test", "listen = '0.0.0.0:9'", "listen"),
    ("test", "listen_url = 'http://evil.example'", "listen_url"),
    ("test", "report = ['junit=/tmp/x', 'html=x.html']", "report"),
    ("test", "save-fixtures = 'fixtures'", "save-fixtures"),
    ("test", "write-baseline = 'base'", "write-baseline"),
    ("test", "baseline = '/etc/passwd'", "baseline"),
    ("test", "values = '../outside/values.yaml'", "values"),
    ("test", "values = 'link/values.yaml'", "values"),
    ("test", "findings = '../x'", "findings"),
    ("test", "header = ['X: ${HOME}']", "header"),
    ("test", "header = 'X: ${AWS_SECRET_ACCESS_KEY}'", "header"),
    ("test", "auth = ['key=${GITHUB_TOKEN}']", "auth"),
    ("test", "other_header = ['X: a', 'Y: ${HOME}']", "other_header"),
    ("test", "other-auth = ['u:${HOME}']", "other-auth"),
    ("test", "allow_remote = ['evil.example']", "allow_remote"),
    ("test", "allow-path = ['/etc']", "allow-path"),
    ("payloads", "out = '../outside/x'", "out"),
    ("payloads", "scheduler = 'tcp://evil.example:8786'", "scheduler"),
    ("validate", "document = '/etc/passwd'", "document"),
    ("validate", "document = 'http://169.254.169.254/'", "document"),
    ("validate", "scheduler = 'tcp://evil.example:8786'", "scheduler"),
    ("proxy", "record = 'fixtures'", "record"),
    ("proxy", "insecure = true", "insecure"),
    ("proxy", "host = '0.0.0.0'", "host"),
    ("proxy", "cors = true", "cors"),
    ("proxy", "admin-token = 'known'", "admin-token"),
    ("proxy", "tls-key = '/root/key.pem'", "tls-key"),
]
ARGUMENTS = {
    "test": ["http://127.0.0.1:1"],
    "payloads": ["--kind", "realistic", "--count", "1"],
    "validate": ["one.ndjson"],
    "proxy": ["ftp://nowhere.invalid"],
}


@pytest.mark.parametrize(
    ("command", "line", "name"), OF_COMMANDS, ids=[f"{command} {line}" for command, line, _ in OF_COMMANDS]
)
def test_what_a_command_finds_in_its_table_is_left_out_and_said(
    repository: Path, capsys: pytest.CaptureFixture[str], command: str, line: str, name: str
) -> None:
    (repository / "mock-server.toml").write_text(f"[{command}]\n{line}\n")
    (repository / "one.ndjson").write_text("")
    before = files_of(repository.parent)
    main([command, *ARGUMENTS[command]])
    said = [text for text in capsys.readouterr().err.splitlines() if "not trusted" in text]

    assert len(said) == 1
    assert said[0].startswith(f"mock-server: mock-server.toml was found, not named: {name} ")
    assert files_of(repository.parent) - before == set()


def test_a_server_in_a_cloned_repository_runs_no_code_of_it(repository: Path, serve: Callable[..., Server]) -> None:
    (repository / "mock-server.toml").write_text(
        "handlers = 'evil.py'\nhost = '0.0.0.0'\nstore = 'sqlite:///state.db'\nstateful = true\nadmin_token = 'known'\nseed = 7\ncheck = true\n"
    )
    for name in (
        "yaml",
        "rich",
        "httpx2",
        "multiprocessing",
        "mock_server",
    ):  # what a new process would import from its working folder
        (repository / f"{name}.py").write_text(CODE)
    before = files_of(repository)
    server = serve(cwd=repository, command=(str(Path(sys.executable).with_name("mock-server")),))

    answered = httpx2.get(f"{server.origin}/a", headers={"Prefer": "dynamic=true"})
    assert (answered.headers["x-mock-source"], answered.headers["x-mock-seed"]) == ("generated", "7")
    assert httpx2.get(f"{server.origin}/a").json() == 1
    port = int(server.origin.rpartition(":")[2])
    with (
        contextlib.suppress(OSError),
        socket.create_connection((socket.gethostbyname(socket.gethostname()), port), 1) as connected,
    ):
        assert connected.getpeername()[0].startswith("127.")
    assert httpx2.get(f"{server.origin}/__admin/health").status_code == 200
    server.process.send_signal(2)
    _, said = server.process.communicate(timeout=15)
    lines = [line for line in said.splitlines() if "not trusted" in line]
    assert len(lines) == 1
    assert lines[0].startswith(
        "mock-server: mock-server.toml was found, not named: handlers, host, store and admin_token in it are not trusted"
    )
    assert lines[0].endswith("and left out; give them as flags, or pass --trust-settings")
    assert files_of(repository) - before == set()


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--trust-settings"], {}),
        (["--config", "mock-server.toml"], {}),
        (["--config=mock-server.toml"], {}),
        ([], {"MOCK_SERVER_TRUST_SETTINGS": "1"}),
        ([], {"MOCK_SERVER_CONFIG": "mock-server.toml"}),
    ],
)
def test_who_names_or_trusts_the_file_gets_all_of_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str]
) -> None:
    (repository / "mock-server.toml").write_text(
        "host = '0.0.0.0'\nhandlers = 'evil.py'\nfixtures = '../outside'\n[test]\nmutating = true\n"
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    choose_source(["a.yaml", *arguments])
    found = configure({})

    assert (found.host, found.handlers, found.fixtures) == ("0.0.0.0", "evil.py", Path("../outside"))


@pytest.mark.parametrize("line", ["trust_settings = true", "trust-settings = true", "config = 'other.toml'"])
@pytest.mark.parametrize("table", ["", "[test]\n"])
def test_a_file_does_not_say_that_it_is_trusted(repository: Path, table: str, line: str) -> None:
    (repository / "mock-server.toml").write_text(f"{table}{line}\n")

    assert main(["test", "http://127.0.0.1:1"]) == 2
    assert not SettingsSource(repository).is_trusted


def test_what_comes_after_two_dashes_is_no_flag(repository: Path) -> None:
    assert not choose_source(["--", "--trust-settings"]).is_trusted


def test_flags_and_the_environment_may_what_the_file_may_not(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "mock-server.toml").write_text("host = '0.0.0.0'\nhandlers = 'evil.py'\n")
    monkeypatch.setenv("MOCK_SERVER_HANDLERS", "mine.py")
    found = configure({"host": "127.0.0.2"})

    assert (found.host, found.handlers) == ("127.0.0.2", "mine.py")


def test_a_friendly_file_works_and_its_paths_with_it(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "mock-server.toml").write_text(
        "seed = 7\nlocale = 'fi_FI'\nfixtures = 'fixtures'\ncors = false\nport = 4011\nstateful = true\n"
        "[fields]\nname = 'company'\n[operations.op]\nsource = ['generated']\n[test]\nphases = 'examples'\nheader = ['X-Team: a']\n"
    )
    found = configure({})

    assert (found.seed, found.locale, found.fixtures, found.cors, found.port, found.stateful) == (
        7,
        "fi_FI",
        Path("fixtures"),
        False,
        4011,
        True,
    )
    assert main(["check"]) == 0
    assert "not trusted" not in capsys.readouterr().err


def test_of_other_commands_nothing_is_said(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "mock-server.toml").write_text("handlers = 'evil.py'\n[test]\nmutating = true\n")

    assert main(["check"]) == 0
    assert "not trusted" not in capsys.readouterr().err


def test_every_flag_of_the_documentation_is_one() -> None:
    root = Path(__file__).parents[2]
    written = set(
        re.findall(
            r"`(--[a-z-]+)",
            (root / "docs" / "explanation" / "security.md").read_text() + (root / "SECURITY.md").read_text(),
        )
    )
    commands = [typer.main.get_command(importlib.import_module(f"mock_server.cli.{name}").app) for name in COMMANDS]
    options = {
        option for command in commands for param in command.params for option in (*param.opts, *param.secondary_opts)
    }

    assert (
        written - options - {"--config", "--trust-settings", "--version", "--token"} == set()
    )  # the last one is what is masked


@pytest.mark.parametrize("name", TRUST)
def test_what_a_found_file_may_set_is_in_the_documentation(name: str) -> None:
    """Each setting that is not free has its row in the page that says what is trusted."""
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "security.md").read_text()
    if TRUST[name] is not Trust.ANYTHING:
        assert f"`{name.replace('_', '-')}`" in page.partition("## Settings")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = 1\n" * 200_000, "larger than 1,000,000 bytes"),
        (b"a = " + b"[" * 100_000, "Settings are written in TOML"),
        (b"a" + b".a" * 100_000 + b" = 1", "no key is that deep"),
        (b"\xff\xfe", "Settings are written in TOML"),
        (b"seed = 7\nseed = 8\n", "Settings are written in TOML"),
    ],
    ids=["large", "deep", "long", "no text", "twice"],
)
def test_a_file_that_is_made_to_hurt_is_refused_in_words(
    repository: Path, capsys: pytest.CaptureFixture[str], data: bytes, said: str
) -> None:
    (repository / "mock-server.toml").write_bytes(data)
    before = time.process_time()

    assert main(["check"]) == 2
    assert said in capsys.readouterr().err
    assert time.process_time() - before < 20


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_no_settings_file(repository: Path, kind: str) -> None:
    path = repository / "mock-server.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")

    assert main(["check"]) == 0
