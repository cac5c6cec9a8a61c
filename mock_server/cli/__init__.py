"""
The command line: one module per command, each imported when it is called.

Findings and results go to standard output, logs and progress to standard error. Exit codes: 0 clean, 1 findings,
2 could not work.
"""

import gc
import importlib
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup, TyperOption

from mock_server.cli.configure import TABLES, Option, read_presets
from mock_server.errors import FixtureError, MockServerError
from mock_server.version import __version__

# What a later Python may make of the regular expressions of a document, which are JavaScript's, is nobody's concern.
warnings.filterwarnings("ignore", "Possible (nested )?set", FutureWarning)

# The commands in the order in which one meets them, and their modules.
_COMMANDS = {name: f"mock_server.cli.{name}" for name in ("serve", "proxy", "check", "test", "validate", "payloads")}


class _Commands(TyperGroup):
    """Commands that are imported when they are asked for: `serve` does not wait for what only `check` needs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - of a class that typer keeps to itself
        """List the names."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see there
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return None
        module = _import(_COMMANDS[cmd_name])
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - see there
        """Find the command that is called; the settings file may have options for it."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and command.name in TABLES:
            options = {
                opt.removeprefix("--"): Option(param.name, is_flag=param.is_flag, is_list=param.multiple)
                for param in command.params
                if isinstance(param, TyperOption)
                for opt in param.opts
                if opt.startswith("--")
            }
            command.context_settings["default_map"] = read_presets(command.name, options)
        return name, command, rest


def _import(name: str) -> Any:  # noqa: ANN401 - a module
    """Import a module, the garbage collector left aside: whatever is made on the way stays, and looking at it takes a fifth of the time."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.enable()
        gc.freeze()


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        print(f"mock-server {__version__}")
        raise typer.Exit


@app.callback()
def commands(
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """From one OpenAPI document: a fake backend whose every answer conforms."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command.

    Args:
        argv: The arguments; those of the process if left out.

    Returns:
        The exit code. No exception of ours leaves as a traceback.
    """
    try:
        app(args=None if argv is None else list(argv), prog_name="mock-server")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except FixtureError as error:
        _import("mock_server.cli.report").print_findings(error.findings, "text", stream=sys.stderr)
        _say(error)
        return error.exit_code
    except MockServerError as error:
        _say(error)
        return error.exit_code
    return 0


def main_and_exit() -> None:
    """Run a command as a process does."""
    sys.exit(main())


def _say(error: MockServerError) -> None:
    print(f"mock-server: {error}", file=sys.stderr)
