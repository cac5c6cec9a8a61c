"""README is true: every command in it runs, and says what README shows. `…` stands for anything."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Server, start_server, stop_server

from mock_server.contract.verdict import CHECKS

README = (ROOT / "README.md").read_text()


def sessions() -> list[list[tuple[str, str]]]:
    """The console blocks: commands with their output."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        found.append([(part.partition("\n")[0], part.partition("\n")[2]) for part in parts])
    return found


def matches(shown: str, real: str) -> bool:
    """Whether output is what README shows."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in shown.strip().split("…"))
    return re.fullmatch(pattern, real.strip(), re.DOTALL) is not None


class Session:
    """Runs the commands of a block; a server goes on until the next one starts."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self.port = ""
        self.proxy: subprocess.Popen[str] | None = None
        self.proxied = ""  # its port

    def run(self, command: str) -> str:
        words = shlex.split(command)
        if words[:2] == ["mock-server", "serve"]:
            self.stop()
            self.server = start_server(*words[2:])
            rest = self.read_banner()
            self.port = self.server.origin.rpartition(":")[2]
            return (self.server.banner + rest).replace(self.server.origin, "http://127.0.0.1:4010")
        words = [word.replace("127.0.0.1:4010", f"127.0.0.1:{self.port}") for word in words]
        if words[:2] == ["mock-server", "proxy"]:
            return self.start_proxy(words).replace(f"127.0.0.1:{self.port}", "127.0.0.1:4010")
        if words[0] == "mock-server":
            words = [sys.executable, "-m", "mock_server", *words[1:]]
        words = [word.replace("127.0.0.1:4011", f"127.0.0.1:{self.proxied}") for word in words]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        return done.stdout + done.stderr

    def start_proxy(self, words: list[str]) -> str:
        """Start a proxy on a free port; gives its banner."""
        command = [sys.executable, "-m", "mock_server", *("0" if word == "4011" else word for word in words[1:])]
        self.proxy = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        assert self.proxy.stdout is not None
        banner = ""
        while "  the mock" not in banner:
            banner += self.proxy.stdout.readline()
        found = re.search(r"passes on +http://127\.0\.0\.1:(\d+)", banner)
        assert found
        self.proxied = found.group(1)
        return banner.replace(f"127.0.0.1:{self.proxied}", "127.0.0.1:4011")

    def read_banner(self) -> str:
        """The rest of the banner: three lines for the one operation."""
        assert self.server is not None
        assert self.server.process.stdout is not None
        return "".join(self.server.process.stdout.readline() for _ in range(5))

    def stop(self) -> None:
        if self.proxy is not None:
            self.proxy.send_signal(signal.SIGINT)
            self.proxy.communicate(timeout=15)
            self.proxy = None
        if self.server is not None:
            stop_server(self.server)
            self.server = None


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.stop()


@pytest.mark.parametrize("block", sessions(), ids=lambda block: block[0][0][:40])
def test_every_command_says_what_readme_shows(session: Session, block: list[tuple[str, str]]) -> None:
    for command, shown in block:
        real = session.run(command)

        assert matches(shown, real), f"$ {command}\n{real}"


def test_the_two_commands_of_the_set_up_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"^(make \w+)", README, re.MULTILINE)

    assert named == ["make serve", "make test"]
    assert all(re.search(rf"^{name.split()[1]}:", makefile, re.MULTILINE) for name in named)


def test_every_link_in_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_flag_that_readme_names_exists() -> None:
    names = ("__init__.py", "serve.py", "proxy.py", "check.py", "test.py", "validate.py", "payloads.py")
    text = "".join((ROOT / "mock_server" / "cli" / name).read_text() for name in names)
    flags = set(re.findall(r"`?(--[a-z][a-z-]+)", README))

    assert {
        flag for flag in flags if flag.removeprefix("--").removeprefix("no-").replace("-", "_") not in text and flag not in text
    } == set()


def test_every_flag_of_a_command_is_in_readme() -> None:
    general = {"--help", "--version"}
    for command in ("test", "validate"):
        shown = subprocess.run(
            [sys.executable, "-m", "mock_server", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": "200", "NO_COLOR": "1"},
        )
        flags = set(re.findall(r"(--[a-z][a-z-]+)", shown.stdout)) - general
        known = {
            "--locale",
            "--insecure",
            "--allow-remote",
            "--allow-path",
            "--format",
            "--header",
        }  # said for all commands, or by their help

        assert {flag for flag in flags - known if flag not in README} == set()


def test_readme_lists_every_check() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+?) \|$", README.partition("| check |")[2].partition("\n\n")[0], re.MULTILINE)

    assert dict(rows) == CHECKS


def test_the_map_names_modules_that_are_there() -> None:
    block = README.partition("## Map of the code")[2].partition("```")[2].partition("```")[0]
    package = Path(ROOT / "mock_server")

    for line in block.strip().splitlines()[1:]:
        head, *_ = line.split()
        folder = package / head if head.endswith("/") else package
        names = re.split(r"\s{3,}", line.strip())[-1 if head.endswith("/") else 0].split()
        assert [name for name in names if not (folder / f"{name}.py").exists()] == []
