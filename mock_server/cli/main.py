"""
The command line: one module per command, each imported when it is called.

Findings and results go to standard output, logs and progress to standard error. Exit codes: 0 clean, 1 findings,
2 could not work.
"""

import os
import re
import sys
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from mock_server.cli.completion import is_completing, prepare_completion
from mock_server.cli.configure import TABLES, Option, choose_source, forget_source, read_presets
from mock_server.cli.help import describe_further
from mock_server.cli.loading import load
from mock_server.cli.terminal import say, take_any_character
from mock_server.errors import FixtureError, MockServerError, UsageError
from mock_server.version import __version__

# What a later Python may make of the regular expressions of a document, which are JavaScript's, is nobody's concern.
warnings.filterwarnings("ignore", "Possible (nested )?set", FutureWarning)

# The commands in the order in which one meets them, each with the first line of its help.
COMMANDS: Final = {
    "serve": "Answer every documented operation with fixtures, examples or generated data.",
    "proxy": "Pass requests on to a real server and judge both directions; Ctrl-C sums up what was found.",
    "check": "Say what is wrong with a document, its examples, fixtures and scenarios, and what can't be mocked.",
    "test": "Test a running API against its document: examples, coverage, the lives of things, fuzzing.",
    "report": "Put the reports of the shards of a run together, and end as the whole run would.",
    "validate": "Judge captured traffic (HAR, NDJSON of exchanges), Pact files or bare payloads, and sum up what is "
    "wrong.",
    "diff": "Say who breaks when one document takes the place of another, each time with a message that proves it.",
    "consumer": "Write what a consumer sends and reads as a profile, by which `diff` says what hurts it.",
    "payloads": "Write realistic, boundary, extreme, invalid, incoherent and combined payloads, each proven to be what "
    "it says.",
    "init": "Write a first settings file, fixture and CI workflow for a document; nothing is overwritten.",
    "completion": "Print a script that lets a shell complete commands, flags and their values.",
    "mcp": "Offer everything here to coding agents as an MCP server, over standard input and output or HTTP.",
}
# What the commands of other programs are called that do the same.
_SYNONYMS: Final = {
    "run": "serve", "start": "serve", "server": "serve", "stub": "serve", "lint": "check",
    "record": "proxy", "fuzz": "test", "contract": "test", "generate": "payloads", "judge": "validate",
    "compare": "diff", "changelog": "diff", "breaking": "diff",
}  # fmt: skip
_WITHOUT_SETTINGS: Final = frozenset(("completion",))  # a shell that starts reads no file of the folder it starts in
_PRISM: Final = "mock"  # what Prism calls `serve`
# What typer raises for a wrong command line; it exports subclasses only.
_COMMAND_LINE_ERROR: Final[type[Exception]] = typer.BadParameter.__mro__[1]


class _Commands(TyperGroup):
    """
    Commands that are imported when they are called.

    `serve` does not wait for what only `check` needs, nor `--help` for any.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - of a class that typer keeps to itself
        """List the names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see there
        """Describe a command, for help."""
        if cmd_name in COMMANDS:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name])
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - see there
        """Import the command that is called; the settings file may have options for it."""
        name, rest = _understand(args)
        command = typer.main.get_command(load(f"mock_server.cli.{name}").app)
        command.name = name
        options = {
            opt.removeprefix("--"): Option(param.name, is_flag=param.is_flag, is_list=param.multiple)
            for param in command.params
            if isinstance(param, TyperOption)
            for opt in param.opts
            if opt.startswith("--")
        }
        command.params += _options_of_all()
        describe_further(command, name)
        if not {"--help", "-h"} & set(rest) and not is_completing() and name not in _WITHOUT_SETTINGS:
            settings = choose_source(rest, name).read()
            if name in TABLES:
                command.context_settings["default_map"] = read_presets(name, options, settings)
            else:
                command.context_settings["default_map"] = None
            if note := settings.describe_refused(name, options):
                _say(note)
        return name, command, rest


def _options_of_all() -> list[Any]:
    """Make the options that every command has; `choose_source` has read them before the command runs."""
    shared = typer.Typer(add_completion=False)

    @shared.command()
    def options(
        config: Annotated[
            Path | None,
            typer.Option(
                help="A settings file; it is trusted.",
                show_default="mock-server.toml, else pyproject.toml, of this folder",
            ),
        ] = None,
        trust_settings: Annotated[
            bool,
            typer.Option(
                "--trust-settings", help="Let a settings file that was found set everything: run code, write, listen."
            ),
        ] = False,
    ) -> None:
        """Have options that other commands take over."""

    params: list[Any] = [
        param for param in typer.main.get_command(shared).params if param.name in {"config", "trust_settings"}
    ]
    for param in params:
        param.expose_value = False
    return params


def _understand(args: list[str]) -> tuple[str, list[str]]:
    """
    Return the command and its arguments: a document alone is served, as `mock` serves it in Prism's words.

    Raises:
        UsageError: there is no such command; with what to type in its place.
    """
    name, rest = args[0], args[1:]
    if name in COMMANDS:
        return name, rest
    if name == _PRISM:
        return "serve", rest
    if name == "-" or "://" in name or name.endswith((".yaml", ".yml", ".json")) or Path(name).exists():
        return "serve", args
    near = [_SYNONYMS[name]] if name in _SYNONYMS else get_close_matches(name, COMMANDS, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}."
    raise UsageError(f"{name!r} is no command; {advice} 'mock-server --help' says what each is for.")


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        say(f"mock-server {__version__}")
        raise typer.Exit


@app.callback()
def commands(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
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
    if argv is None:
        args = sys.argv[1:]
    else:
        args = list(argv)
    take_any_character()
    if is_completing():
        prepare_completion()
    try:
        code = app(args=args or ["--help"], prog_name="mock-server", standalone_mode=False)
    except SystemExit as stop:
        if isinstance(stop.code, int):
            return stop.code
        return 0
    except _COMMAND_LINE_ERROR as error:
        _say(_explain(error, args[0]))
        return UsageError.exit_code
    except FixtureError as error:
        load("mock_server.cli.show").print_findings(error.findings, "text", stream=sys.stderr)
        _say(error)
        return error.exit_code
    except MockServerError as error:
        _say(error)
        return error.exit_code
    finally:
        forget_source()
    if isinstance(code, int):
        return code
    return 0


def main_and_exit() -> None:
    """Run a command as a process does."""
    # processes that are started from here import nothing from the working folder, which may be a repository that was
    # just cloned
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    sys.exit(main())


def _explain(error: Any, command: str) -> str:  # noqa: ANN401 - of a class that typer keeps to itself
    """Say what is wrong with a command line, and where to read how it is written."""
    context = error.ctx
    if context is None:
        return f"{error.format_message()}\n'mock-server {command} --help' says more."
    name = getattr(error, "option_name", None)
    known = [option for param in context.command.params for option in param.opts]
    if name is not None and name not in known:
        near = get_close_matches(name, known, n=1)
        if near:
            advice = f"; did you mean {near[0]}?"
        else:
            advice = "."
        return f"there is no option {name}{advice} '{context.command_path} --help' lists them."
    if hasattr(error, "param_type"):  # of an argument that is missing
        param = error.param
        return f"{context.info_name} needs {param.name.upper()}: {param.help}"
    return f"{_reword(error.format_message())}\n'{context.command_path} --help' says more."


def _reword(message: str) -> str:
    """Say what a value has to be in our words; typer has those of pydantic."""
    words = re.sub(", unable to parse string as .*", "", message).replace("Input should be", "it has to be")
    return words.replace("a valid integer", "a whole number").replace("a valid number", "a number")


def _say(error: MockServerError | str) -> None:
    say(*f"mock-server: {error}".split("\n"), to=sys.stderr)
