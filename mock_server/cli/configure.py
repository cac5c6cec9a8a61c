"""Where settings come from: flags, the environment, a file. The only place that reads the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from mock_server.errors import UsageError
from mock_server.settings import Settings, merge_settings

_PREFIX = "MOCK_SERVER_"


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
    return merge_settings(given, environment, read_settings(Path.cwd()))


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
