"""
The origins of settings: flags, the environment, a file. The only place that reads the environment.

The file is named by `--config`, else found in the working folder. One that was found is not trusted with everything:
see `trust`.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.settings import Settings, merge_settings
from mock_server.settings.trust import sift
from mock_server.settings.types import read_boolean

_PREFIX: Final = "MOCK_SERVER_"
# Commands with options that are no settings of the mock: each has a table of its own in the file.
TABLES: Final = ("test", "validate", "payloads", "proxy", "diff")
# The table of settings that hold for `serve` alone, as they would at the top for all.
SERVE: Final = "serve"
_MOST_DOTS: Final = 1_000  # of a line: reading a key takes time in proportion to the square of its parts
_LARGEST: Final = 1_000_000  # bytes of a settings file: reading TOML takes seconds for each megabyte
# Tables below those of commands, which are no options.
_SUBTABLES: Final = {"test": ("auth", "operations")}
# Variables that say which file is read; no settings.
_ABOUT_THE_FILE: Final = frozenset(("config", "trust_settings"))


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """A settings file, and whether it may set everything."""

    folder: Path  # where a file is looked for
    named: Path | None = None  # the file itself, where the user named it
    is_trusted: bool = False
    command: str = SERVE  # that reads it

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that may hold settings, the stronger first."""
        if self.named is not None:
            return (self.named,)
        return settings_files(self.folder)

    def read(self) -> "SettingsTable":
        """
        Read the file.

        Raises:
            UsageError: it can't be read, or is no TOML.
        """
        path, table = _read_first(self.files, must_exist=self.named is not None)
        if self.is_trusted or path is None:
            return SettingsTable(path, self._with_own(table), {})
        commands = (*TABLES, SERVE)
        kept, refused = sift({name: value for name, value in table.items() if name not in commands}, self.folder)
        for command in commands:
            own = table.get(command)
            if isinstance(own, dict):
                kept[command], left_out = sift(own, self.folder)
                refused |= {f"{command}.{name}": reason for name, reason in left_out.items()}
            elif own is not None:
                kept[command] = own  # of a wrong type: said where it is used
        return SettingsTable(path, self._with_own(kept), refused)

    def _with_own(self, table: Mapping[str, object]) -> Mapping[str, object]:
        """
        Return a table with `[serve]` merged into it, if that command reads it; else without.

        Raises:
            UsageError: `serve` is no table.
        """
        own = table.get(SERVE, {})
        if not isinstance(own, dict):
            raise UsageError(f"[{SERVE}] has to be a table")
        others = {name: value for name, value in table.items() if name != SERVE}
        if self.command != SERVE:
            return others
        names = {name.replace("-", "_") for name in own}
        return {**{name: value for name, value in others.items() if name.replace("-", "_") not in names}, **own}


class SettingsTable(NamedTuple):
    """The tables of a settings file."""

    path: Path | None  # None: there is no file
    table: Mapping[str, object]
    refused: Mapping[
        str, str
    ]  # what is not trusted: the name as `[command.]name`, and the reason where the name says too little

    @property
    def of_the_mock(self) -> dict[str, object]:
        """The settings of the mock, without the tables of commands."""
        return {name: value for name, value in self.table.items() if name not in TABLES}

    def describe_refused(self, command: str, options: Iterable[str]) -> str:
        """
        Say what is not trusted, in one line; "" where there is nothing to say.

        Args:
            command: That is called; settings of other commands are left out.
            options: That it has, with dashes or underscores.
        """
        known = {name.replace("-", "_") for name in options}
        named = []
        for name, reason in self.refused.items():
            table, dot, own = name.rpartition(".")
            if table == command if dot else own.replace("-", "_") in known:
                named.append(f"{own} ({reason})" if reason else own)
        if not named:
            return ""
        listed, verb, as_flag = named[0], "is", "it as a flag"
        if len(named) > 1:
            listed, verb, as_flag = f"{', '.join(named[:-1])} and {named[-1]}", "are", "them as flags"
        advice = f"give {as_flag}, or pass --trust-settings"
        return f"{self.path} was found, not named: {listed} in it {verb} not trusted and left out; {advice}"


_source: ContextVar[SettingsSource | None] = ContextVar("settings_source", default=None)


def choose_source(arguments: Sequence[str], command: str = SERVE) -> SettingsSource:
    """
    Choose the settings file of a command, for all that reads it from now on.

    Args:
        arguments: Of the command; the environment has `MOCK_SERVER_CONFIG` and `MOCK_SERVER_TRUST_SETTINGS` for the
            same.
        command: That is called.

    Raises:
        UsageError: the variable is neither true nor false.
    """
    named = os.environ.get(f"{_PREFIX}CONFIG") or None
    is_trusted = trusts_settings()
    if "--" in arguments:
        own = arguments[: arguments.index("--")]
    else:
        own = arguments
    for index, argument in enumerate(own):
        if argument == "--config":
            named = own[index + 1] if index + 1 < len(own) else None
        elif argument.startswith("--config="):
            named = argument.partition("=")[2]
        elif argument == "--trust-settings":
            is_trusted = True
    source = SettingsSource(Path.cwd(), Path(named) if named else None, is_trusted or bool(named), command)
    _source.set(source)
    return source


def forget_source() -> None:
    """Forget which file was chosen, once the command is done."""
    _source.set(None)


def current_source() -> SettingsSource:
    """Return the settings file that was chosen; without a choice, one that is found in the working folder."""
    return _source.get() or SettingsSource(Path.cwd())


def trusts_settings() -> bool:
    """
    Return True if the environment says that a settings file may set everything.

    Raises:
        UsageError: the variable is neither true nor false.
    """
    return read_boolean(f"{_PREFIX}TRUST_SETTINGS", os.environ.get(f"{_PREFIX}TRUST_SETTINGS") or False)


def configure(flags: Mapping[str, object], source: SettingsSource | None = None) -> Settings:
    """
    Merge flags, `MOCK_SERVER_*` and the settings file.

    Args:
        flags: By setting name; None, or nothing in a list, where a flag was not given.
        source: Of the file; else the one that was chosen.

    Raises:
        UsageError: something is set to what it can't be.
    """
    named = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(_PREFIX) and value != ""
    }
    environment = {name: value for name, value in named.items() if name not in _ABOUT_THE_FILE}
    given = {name: value for name, value in flags.items() if value != []}
    found = (source or current_source()).read()
    for where, layer in ((found.path, found.of_the_mock), (f"the environment ({_PREFIX}…)", environment)):
        try:
            merge_settings(layer)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
    return merge_settings(given, environment, found.of_the_mock)


class Option(NamedTuple):
    """An option of a command."""

    parameter: str  # its name in the program
    is_flag: bool
    is_list: bool


def read_presets(command: str, options: Mapping[str, Option], settings: SettingsTable) -> dict[str, object]:
    """
    Read the table of a command in the settings file: what holds for the options that are not given.

    Args:
        command: Its name.
        options: By how they are written, without dashes in front.
        settings: What the file says.

    Returns:
        Texts, truths of flags, and lists of texts, by parameter.

    Raises:
        UsageError: the table has no such form.
    """
    table = settings.table.get(command, {})
    if not isinstance(table, dict):
        raise UsageError(f"[{command}] has to be a table")
    presets: dict[str, object] = {}
    below = _SUBTABLES.get(command, ())
    for name, value in (
        (name, value) for name, value in table.items() if name not in below or not isinstance(value, dict)
    ):
        option = options.get(name.replace("_", "-"))
        if option is None:
            near = get_close_matches(name.replace("_", "-"), options, n=1)
            if near:
                advice = f"; did you mean {near[0]}?"
            else:
                advice = f"; there are {', '.join(sorted(options))}"
            raise UsageError(f"[{command}]: there is no option {name!r}{advice}")
        items = value if isinstance(value, list) else [value]
        if option.is_flag is not isinstance(value, bool) or (isinstance(value, list) and not option.is_list):
            if option.is_flag:
                wanted = "true or false"
            else:
                wanted = "a text or a number" + (", or a list of them" if option.is_list else "")
            raise UsageError(f"[{command}]: {name} has to be {wanted}, not {value!r}")
        if not all(isinstance(item, str | int | float) for item in items):
            raise UsageError(f"[{command}]: {name} has to be made of texts or numbers, not {value!r}")
        if option.is_flag:
            presets[option.parameter] = value
        elif option.is_list:
            presets[option.parameter] = [str(item) for item in items]
        else:
            presets[option.parameter] = str(value)
    return presets


def read_subtable(command: str, name: str) -> Mapping[str, object]:
    """Read a table below that of a command, such as `[test.auth]`, of the settings file that was chosen."""
    table = current_source().read().table.get(command)
    own = table.get(name) if isinstance(table, dict) else None
    if isinstance(own, dict):
        return own
    return {}


def settings_files(folder: Path) -> tuple[Path, Path]:
    """Return the files that may hold settings, the stronger first."""
    return folder / "mock-server.toml", folder / "pyproject.toml"


def _read_first(files: Iterable[Path], *, must_exist: bool) -> tuple[Path | None, Mapping[str, object]]:
    """Read the first file that there is; of `pyproject.toml` the table `[tool.mock-server]`, if it has one."""
    for path in files:
        if not path.is_file():
            if must_exist:
                raise UsageError(f"--config {path}: there is no such file")
            continue
        table = _toml(path)
        if path.name != "pyproject.toml":
            return _shown(path), table
        tool = table.get("tool")
        own = tool.get("mock-server") if isinstance(tool, dict) else None
        if isinstance(own, dict):
            return _shown(path), own
        return _shown(path), {}
    return None, {}


def _shown(path: Path) -> Path:
    """Return a path as people write it: from the working folder, where it lies in it."""
    if path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd())
    return path


def _toml(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{_shown(path)} is larger than {_LARGEST:,} bytes: no settings are")
        data = path.read_bytes()
        if any(line.count(b".") > _MOST_DOTS for line in data.splitlines()):
            raise UsageError(f"{_shown(path)} has a line with more than {_MOST_DOTS:,} dots: no key is that deep")
        return tomllib.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{_shown(path)}: {error}\nSettings are written in TOML, as in: seed = 7") from error
