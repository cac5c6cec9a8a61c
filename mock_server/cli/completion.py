"""`mock-server completion`: completion of commands, flags and values in shells."""

import os
from enum import StrEnum
from typing import Annotated, Final

import typer

from mock_server.cli.loading import load
from mock_server.cli.terminal import say

app = typer.Typer(add_completion=False)

_PROGRAM: Final = "mock-server"
_VARIABLE: Final = "_MOCK_SERVER_COMPLETE"  # by which the script of a shell asks


class CompletedShell(StrEnum):
    """The shells that a script is known for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    PWSH = "pwsh"


@app.command()
def completion(shell: Annotated[CompletedShell, typer.Argument(help="bash, zsh, fish, powershell or pwsh.")]) -> None:
    """Print a script that lets a shell complete commands, flags and their values."""
    script: str = load("typer.completion").get_completion_script(
        prog_name=_PROGRAM, complete_var=_VARIABLE, shell=shell.value
    )
    # documents are files
    say(*script.replace(" --no-files", "").strip().split("\n"))


def is_completing() -> bool:
    """Return True if a shell asks how a command line could go on."""
    return _VARIABLE in os.environ


def prepare_completion() -> None:
    """Make the answers of each shell known."""
    load("typer.completion").completion_init()
