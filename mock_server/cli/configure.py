"""Where settings come from: flags, the environment, a file. The only place that reads the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.settings import Settings, merge_settings

_PREFIX = "MOCK_SERVER_"
# Commands with options that are no settings of the mock: each has a table of its own in the file.
TABLES: Final = ("test", "validate", "payloads", "proxy")


def configure(flags: Mapping[str, object]) -> Settings:
    """
    Merge flags, `MOCK_SERVER_*` and the settings file of the working folder.

    Args:
        flags: By setting name; None, or nothing in a list, where a flag was not given.

    Raises:
        UsageError: something is set to what it can't be.
    """
    environment = {
        name.removeprefix(_PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(_PREFIX) and value != ""
    }
    given = {name: None if value == [] else value for name, value in flags.items()}
    table = {name: value for name, value in read_settings(Path.cwd()).items() if name not in TABLES}
    return merge_settings(given, environment, table)


class Option(NamedTuple):
    """An option of a command."""

    parameter: str  # its name in the program
    is_flag: bool
    is_list: bool


def read_presets(command: str, options: Mapping[str, Option]) -> dict[str, object]:
    """
    Read the table of a command in the settings file: what holds for the options that are not given.

    Args:
        command: Its name.
        options: By how they are written, without dashes in front.

    Returns:
        Texts, truths of flags, and lists of texts, by parameter.

    Raises:
        UsageError: the table has no such form.
    """
    table = read_settings(Path.cwd()).get(command, {})
    if not isinstance(table, dict):
        raise UsageError(f"[{command}] has to be a table")
    presets: dict[str, object] = {}
    for name, value in table.items():
        option = options.get(name.replace("_", "-"))
        if option is None:
            raise UsageError(f"[{command}]: there is no option {name!r}; there are {', '.join(sorted(options))}")
        items = value if isinstance(value, list) else [value]
        if option.is_flag is not isinstance(value, bool) or (isinstance(value, list) and not option.is_list):
            wanted = "true or false" if option.is_flag else "a text or a number" + (", or a list of them" if option.is_list else "")
            raise UsageError(f"[{command}]: {name} has to be {wanted}, not {value!r}")
        if not all(isinstance(item, str | int | float) for item in items):
            raise UsageError(f"[{command}]: {name} has to be made of texts or numbers, not {value!r}")
        presets[option.parameter] = value if option.is_flag else [str(item) for item in items] if option.is_list else str(value)
    return presets


def read_settings(folder: Path) -> Mapping[str, object]:
    """
    Read `mock-server.toml`, else `[tool.mock-server]` of `pyproject.toml`.

    Raises:
        UsageError: the file is no TOML.
    """
    own, project = settings_files(folder)
    if own.is_file():
        return _toml(own)
    if project.is_file():
        tool = _toml(project).get("tool")
        table = tool.get("mock-server", {}) if isinstance(tool, dict) else {}
        return table if isinstance(table, dict) else {}
    return {}


def settings_files(folder: Path) -> tuple[Path, Path]:
    """Where settings may stand, the stronger first."""
    return folder / "mock-server.toml", folder / "pyproject.toml"


def _toml(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
