"""Help, completion, documents in place of commands, and the first files."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.core import TyperOption
from typer.main import get_command

from mock_server.cli.completion import CompletedShell
from mock_server.cli.help import EXAMPLES, GROUPS, find_heading
from mock_server.cli.main import COMMANDS, main
from mock_server.cli.work.init import FIRST_SETTINGS, make_workflow
from mock_server.settings.trust import TRUST, Trust
from tests.support.paths import ROOT


def options_of(command: str) -> dict[str, TyperOption]:
    """The options of a command, by how they are written."""
    params = get_command(importlib.import_module(f"mock_server.cli.{command}").app).params
    return {
        name: param
        for param in params
        if isinstance(param, TyperOption)
        for name in (*param.opts, *param.secondary_opts)
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_under_a_heading(command: str) -> None:
    assert {name for name, param in options_of(command).items() if find_heading(param.name) is None} == set()


def test_an_option_is_under_one_heading() -> None:
    names = [name for group in GROUPS.values() for name in group]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_a_command_have_its_flags(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0

    shown = " ".join(capsys.readouterr().out.split())
    for example in EXAMPLES[command]:
        words = shlex.split(re.sub(r'.*\$\((.*)\)"', r"\1", example).partition(" | ")[0].partition(" > ")[0])

        assert words[:2] == ["mock-server", command]
        assert {word for word in words if word.startswith("-")} <= options_of(command).keys()
        assert example.split()[0] in shown
    assert "Examples:" in shown


def run(*args: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mock_server", *args]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("shell", [each for each in CompletedShell if each is not CompletedShell.BASH])
def test_a_shell_gets_what_may_follow(shell: CompletedShell, tmp_path: Path) -> None:
    variables = {
        "_MOCK_SERVER_COMPLETE": f"complete_{shell.value}",
        "_TYPER_COMPLETE_ARGS": "mock-server test --min",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "--min",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    (tmp_path / "mock-server.toml").write_text("[test\n")  # is not read

    assert set(re.findall(r"--[a-z-]+", run(cwd=tmp_path, **variables).stdout)) == {"--min-coverage", "--min-depth"}
    assert "_MOCK_SERVER_COMPLETE" in run("completion", shell.value, cwd=tmp_path).stdout


def test_bash_completes(tmp_path: Path) -> None:
    (tmp_path / "mock-server").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mock_server "$@"\n')
    (tmp_path / "mock-server").chmod(0o755)
    lines = """
        eval "$(mock-server completion bash)"
        for line in "mock-server se" "mock-server serve --prof" "mock-server completion " "mock-server serve --log-format "; do
          COMP_WORDS=($line); [[ $line == *" " ]] && COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          _mock_server_completion mock-server
          echo "${COMPREPLY[*]}"
        done
    """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", lines], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )

    assert [line.split() for line in done.stdout.splitlines()] == [
        ["serve"],
        ["--profile"],
        [shell.value for shell in CompletedShell],
        ["text", "json", "none"],
    ]


SHOP = (
    "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: ok}}}}}\n"
)


@pytest.mark.parametrize("words", [["shop.yaml"], ["mock", "shop.yaml"]], ids=["a document", "Prism's word"])
def test_a_document_is_served_without_the_word_serve(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    command = [sys.executable, "-m", "mock_server", *words, "-p", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    process.terminate()
    process.communicate(timeout=20)

    assert "Shop 1" in lines[0]
    assert re.search(r"listening on +http://127\.0\.0\.1:\d+", lines[2])


def test_init_writes_what_works_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    first = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    said = capsys.readouterr().out
    changed = {path: f"{text}\n# mine\n" for path, text in first.items()}
    for path, text in changed.items():
        path.write_text(text)

    assert main(["init"]) == 0
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == changed
    assert main(["check", "--strict"]) == 0
    assert sorted(path.relative_to(tmp_path).as_posix() for path in first) == [
        ".github/workflows/mock-server.yml",
        "fixtures/getAuthorisedUsersForCharger/first.yaml",
        "mock-server.toml",
        "openapi.yaml",
    ]
    assert said.count("wrote") == 4
    assert capsys.readouterr().out.count("kept") == 3


def test_init_follows_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (own / "openapi.yaml").write_text(SHOP)
    (own / "mock-server.toml").symlink_to(other / "written.toml")
    (own / ".github").symlink_to(other)
    monkeypatch.chdir(own)

    assert main(["init"]) == 2
    assert "outside" in capsys.readouterr().err
    assert list(other.iterdir()) == []


def test_the_workflow_names_the_document_whatever_its_name() -> None:
    name = 'a "b": ${{ x }} #.yaml'

    assert yaml.safe_load(make_workflow(name))["jobs"]["document"]["steps"][1]["with"]["document"] == name


def test_what_init_shows_may_be_set_by_a_file_that_was_found() -> None:
    assert {name for name in FIRST_SETTINGS if TRUST[name] is Trust.NOTHING} == set()
