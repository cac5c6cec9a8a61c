"""
README and the pages of `docs/` are true.

Every console block runs and says what the page shows; `…` stands for anything. Each page has a folder of its own: blocks of files
that have a title (```yaml title="fixtures/a.yaml") are written into it first, and its commands run there. The tables are those of
`mock_server.docs`, every link leads somewhere, and the site is built.
"""

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from mock_server.cli.main import COMMANDS
from mock_server.docs import FILES, TABLES, find_pages, render, write_table
from mock_server.faults import MEANINGS, FaultKind
from mock_server.payloads.plan import ALL_KINDS
from mock_server.payloads.plan import MEANINGS as KINDS
from tests.support.paths import ROOT
from tests.support.servers import Server, start_server, stop_server

DOCS = ROOT / "docs"
PACKAGE = ROOT / "mock_server"
PACKAGES = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [ROOT / "README.md", ROOT / "skills" / "mock-server" / "SKILL.md", *sorted(DOCS.rglob("*.md"))]
}
LONGEST_README = 150  # lines
MOST_SERVERS = 4  # that run at a time
REWRITE = "run `python -m mock_server.docs` and commit what it writes"


def console_blocks(text: str) -> list[list[tuple[str, str]]]:
    """The console blocks of a page: commands with their output."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        found.append([(part.partition("\n")[0], part.partition("\n")[2]) for part in parts])
    return found


def files_of(text: str) -> dict[str, str]:
    """The blocks of a page that have the name of a file as their title."""
    return dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', text, re.DOTALL))


def matches(shown: str, real: str) -> bool:
    """Whether output is what a page shows."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in shown.strip().split("…"))
    return re.fullmatch(pattern, real.strip(), re.DOTALL) is not None


@dataclass
class Servers:
    """Servers that pages share: one for each folder and command line, reset before it is used again."""

    running: dict[tuple[Path, ...], Server] = field(default_factory=dict)

    def start(self, folder: Path, words: list[str]) -> Server:
        """Start a server, or take the one that runs already."""
        key = (folder, *map(Path, words))
        if key in self.running:
            server = self.running.pop(key)
            httpx2.post(f"{server.origin}/__admin/reset?world=*").raise_for_status()
        else:
            if len(self.running) >= MOST_SERVERS:
                stop_server(self.running.pop(next(iter(self.running))))
            server = start_server(*words, cwd=folder)
            assert server.process.stdout is not None
            server.banner += "".join(server.process.stdout.readline() for _ in range(2))
        self.running[key] = server
        return server

    def stop(self) -> None:
        """Stop all of them."""
        for server in self.running.values():
            stop_server(server)


@dataclass
class Session:
    """Runs the commands of one page. A server goes on until the page starts another one."""

    folder: Path
    shared: Path  # where servers run that need no file
    programs: Path
    servers: Servers
    port: str = ""
    proxied: str = ""  # the port of the proxy
    proxy: subprocess.Popen[str] | None = None

    def run(self, command: str) -> str:
        """Run a command; gives its output, with the ports that the page shows."""
        words = shlex.split(command)
        if words[:2] == ["mock-server", "serve"]:
            folder = self.folder if any(self.folder.iterdir()) else self.shared
            server = self.servers.start(folder, words[2:])
            self.port = server.origin.rpartition(":")[2]
            return server.banner.replace(server.origin, "http://127.0.0.1:4010")
        command = command.replace("127.0.0.1:4010", f"127.0.0.1:{self.port}")
        if words[:2] == ["mock-server", "proxy"]:
            return self.start_proxy(shlex.split(command)).replace(f"127.0.0.1:{self.port}", "127.0.0.1:4010")
        command = command.replace("127.0.0.1:4011", f"127.0.0.1:{self.proxied}")
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=60,
            check=False,
            env={**os.environ, "PATH": path},
        )
        return (done.stdout + done.stderr).replace(f"127.0.0.1:{self.port}", "127.0.0.1:4010")

    def start_proxy(self, words: list[str]) -> str:
        """Start a proxy on a free port; gives its banner."""
        self.stop()
        command = [sys.executable, "-m", "mock_server", *("0" if word == "4011" else word for word in words[1:])]
        self.proxy = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.folder
        )
        assert self.proxy.stdout is not None
        banner = ""
        while "  the mock" not in banner:
            banner += self.proxy.stdout.readline()
        found = re.search(r"passes on +http://127\.0\.0\.1:(\d+)", banner)
        assert found
        self.proxied = found.group(1)
        return banner.replace(f"127.0.0.1:{self.proxied}", "127.0.0.1:4011")

    def stop(self) -> None:
        """Stop the proxy."""
        if self.proxy is not None:
            self.proxy.send_signal(signal.SIGINT)
            self.proxy.communicate(timeout=15)
            self.proxy = None


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command `mock-server`."""
    folder = tmp_path_factory.mktemp("programs")
    program = folder / "mock-server"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mock_server "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if console_blocks(text)])
def test_every_command_says_what_the_page_shows(
    page: str, servers: Servers, programs: Path, shared: Path, tmp_path: Path
) -> None:
    files = files_of(PAGES[page])
    if files:
        files.setdefault("openapi.yaml", (ROOT / "openapi.yaml").read_text())
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body)
    session = Session(tmp_path, shared, programs, servers)
    try:
        for block in console_blocks(PAGES[page]):
            for command, shown in block:
                real = session.run(command)

                assert matches(shown, real), f"$ {command}\n{real}"
    finally:
        session.stop()


@pytest.mark.parametrize("path", find_pages(DOCS), ids=lambda path: path.name)
def test_tables_are_those_of_the_code(path: Path) -> None:
    assert render(path.read_text()) == path.read_text(), REWRITE


@pytest.mark.parametrize("name", FILES)
def test_files_are_those_of_the_code(name: str) -> None:
    assert FILES[name]() == (DOCS / name).read_text(), REWRITE


def test_every_table_has_a_page() -> None:
    written = "".join(PAGES.values())

    assert {name for name in TABLES if f"<!-- table: {name} -->" not in written} == set()


def test_what_has_rows_has_a_sentence_for_each() -> None:
    assert re.findall(r"^\|.*\|\s+\|$", TABLES["endpoints"](), re.MULTILINE) == []
    assert list(MEANINGS) == list(FaultKind)
    assert tuple(KINDS) == ALL_KINDS


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert write_table(("a",), [["x|y"]]) == "| a |\n| --- |\n| x\\|y |\n"


def anchors_of(text: str) -> set[str]:
    """The anchors of a page's headings, as Markdown makes them."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", PAGES[page], flags=re.DOTALL))
    wrong = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / page
        if "://" in link or link.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text())):
            wrong.append(link)

    assert wrong == []


def test_every_flag_that_a_page_names_exists() -> None:
    flags = set(
        re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", "".join(TABLES[f"flags-{command}"]() for command in COMMANDS))
    )
    others = {
        "--help",
        "--version",
        "--config",
        "--trust-settings",
        "--token",
    }  # of all commands; the last one is what is masked
    wrong = {}
    for page, text in PAGES.items():
        lines = [line for line in text.splitlines() if not re.search(r"docker|compose|pip |curl|pytest -|prism", line)]
        unknown = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", "\n".join(lines))) - flags - others
        if unknown:
            wrong[page] = unknown

    assert wrong == {}


def test_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= LONGEST_README


def test_the_modules_that_architecture_names_are_there() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/__init__)?\.py)`", PAGES["docs/architecture.md"]))
    roots = (ROOT / "mock_server", ROOT)

    assert {name for name in named if not any((root / name).exists() for root in roots)} == set()


def test_every_page_is_one_click_from_readme() -> None:
    pages = {page for page in PAGES if page.startswith("docs/")} - {"docs/index.md"}

    assert {page for page in pages if f"({page})" not in PAGES["README.md"]} == set()


def test_the_commands_of_the_set_up_are_targets_of_make() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for text in PAGES.values() for name in re.findall(r"(?:^|`)make ([\w-]+)", text, re.MULTILINE)}

    assert "serve" in named
    assert named - targets == set()


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Strictly: every page is in the navigation, and every link and anchor leads somewhere."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    page = (tmp_path / "site" / "index.html").read_text() if done.returncode == 0 else ""

    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        re.findall(r'(?:src|href)="(?:https?:)?//[^"]+\.(?:css|js|woff2?)[^"]*"', page) == []
    )  # the site needs no network


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.relative_to(PACKAGE).as_posix())
def test_the_docstring_of_a_package_names_modules_that_are_there(folder: Path) -> None:
    """The docstrings of packages are the map of the code: a module that is moved or renamed changes them."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    named = set(re.findall(r"`([a-z_0-9.]+)`", text))
    roots = (folder, PACKAGE)
    known = {name for name in named if any(module_of(root, name) for root in roots)}

    assert named - known == set()


def module_of(root: Path, name: str) -> bool:
    """Whether a module or a package has this dotted name below a folder."""
    path = root / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()
