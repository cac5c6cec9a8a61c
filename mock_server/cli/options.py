"""Arguments and options that several commands have; those that are settings are made of `settings.SETTINGS`."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

import typer

from mock_server.settings import SETTINGS, write_default
from mock_server.settings.types import Setting, SettingType

WITH_FLAG: Final = tuple(name for name, row in SETTINGS.items() if row.flag is not None)

Document = Annotated[
    str | None,
    typer.Argument(help="A path, a URL, or - for standard input.", show_default="./openapi.yaml, else the shipped one"),
]
Format = Annotated[str, typer.Option("--format", help="The format of the findings: text, json, github or sarif.")]
Locale = Annotated[
    str | None, typer.Option(help="The locale of generated values.", show_default=SETTINGS["locale"].shown)
]
Fixtures = Annotated[Path | None, typer.Option(help=SETTINGS["fixtures"].help, show_default=SETTINGS["fixtures"].shown)]
Scenarios = Annotated[
    Path | None, typer.Option(help=SETTINGS["scenarios"].help, show_default=SETTINGS["scenarios"].shown)
]
Overlays = Annotated[list[Path] | None, typer.Option("--overlay", help=SETTINGS["overlay"].help)]
AllowRemote = Annotated[list[str] | None, typer.Option(help=SETTINGS["allow_remote"].help)]
AllowPath = Annotated[list[Path] | None, typer.Option(help=SETTINGS["allow_path"].help)]


class Wording(NamedTuple):
    """Help texts of settings that a command uses in its own way."""

    help: str
    shown: str = ""
    type: SettingType | None = None


def take_settings(
    order: Iterable[str] = WITH_FLAG, wordings: Mapping[str, Wording] = MappingProxyType({})
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Give a command an option for each of some settings, in place of its `**settings`.

    Args:
        order: The settings, and the command's own parameters among them; those that are not named go first.
        wordings: What help says of a setting, where not the same as of all commands.
    """

    def take(command: Callable[..., None]) -> Callable[..., None]:
        own = {
            name: parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(command).parameters.items()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }
        names = list(order)
        first = [parameter for name, parameter in own.items() if name not in names]
        made = [own.get(name) or _parameter_of(name, wordings.get(name)) for name in names]
        command.__signature__ = inspect.Signature([*first, *made])  # type: ignore[attr-defined]  # typer reads it
        return command

    return take


def _parameter_of(name: str, wording: Wording | None) -> inspect.Parameter:
    """Make the option of a setting; None means that it is not given."""
    row = SETTINGS[name]
    own = wording or Wording(row.help)
    taken = (own.type or row.type).flag
    default = write_default(name) if taken is not bool else ""
    option = typer.Option(
        *[row.flag or f"--{name.replace('_', '-')}", *([row.short] if row.short else [])],
        help=own.help,
        show_default=own.shown or row.shown or default or taken is not bool,
        min=row.least,
        autocompletion=_complete_one_of(row.type.schema.get("enum")),
    )
    annotation = Annotated[taken | None, option]  # type: ignore[valid-type]  # made here
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _complete_one_of(choices: Sequence[str] | None) -> Callable[[str], list[str]] | None:
    """Return what completes the value of an option; None where a shell completes files."""
    if choices is None:
        return None
    return lambda incomplete: [choice for choice in choices if choice.startswith(incomplete)]


def take_rows(
    prefix: str, rows: Mapping[str, Setting], panel: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Give a command an option for each row of a table that has a flag, in place of its `**options`.

    Args:
        prefix: Of the options and of their parameters: `auth` makes `--auth-scope`, and `auth_scope`.
        rows: By name.
        panel: The heading in the help.
    """

    def take(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command).parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        made = [_option_of(f"{prefix}_{name}", row, panel) for name, row in rows.items() if row.flag is not None]
        command.__signature__ = inspect.Signature([*own, *made])  # type: ignore[attr-defined]  # typer reads it
        return command

    return take


def _option_of(name: str, row: Setting, panel: str) -> inspect.Parameter:
    option = typer.Option(
        f"--{name.replace('_', '-')}", help=row.help, show_default=row.shown or False, rich_help_panel=panel
    )
    annotation = Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
