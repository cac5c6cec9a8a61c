"""
Trust in a settings file that was found and not named: the rows of settings, and one for each other option.

A repository that was just cloned brings its `mock-server.toml` along, and the first command that is typed in it finds
it. So nothing in such a file runs code, writes, listens, opens what is closed or sends what only the environment
knows. Flags, the environment, `--config FILE` and `--trust-settings` are the user's own words: they may all of it.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.settings import SETTINGS
from mock_server.settings.contract import LOGIN_ROWS
from mock_server.settings.issuer import leads_away
from mock_server.settings.types import Trust
from mock_server.sizes import parse_size

# Of settings, and of options of commands that are none.
TRUST: Final[Mapping[str, Trust]] = {
    **{name: row.trust for name, row in SETTINGS.items()},
    # runs code
    "app": Trust.NOTHING,
    "hooks": Trust.NOTHING,
    # writes, here or in an API
    "mutating": Trust.NOTHING,
    "allow_bulk_delete": Trust.NOTHING,
    "out": Trust.NOTHING,
    "record": Trust.NOTHING,
    "replay": Trust.NOTHING,
    "report": Trust.NOTHING,
    "save_fixtures": Trust.NOTHING,
    "write_baseline": Trust.NOTHING,
    "write_workflows": Trust.NOTHING,
    # listens, or connects to others
    "listen": Trust.NOTHING,
    "listen_url": Trust.NOTHING,
    "scheduler": Trust.NOTHING,
    # opens what is closed
    "insecure": Trust.NOTHING,
    # sends credentials, asks others for them, runs code
    **{f"auth_{name}": row.trust for name, row in LOGIN_ROWS.items() if row.flag is not None},
    "ca": Trust.INSIDE,
    "cert": Trust.NOTHING,
    "key": Trust.NOTHING,
    # reads files
    "baseline": Trust.INSIDE,
    "consumer": Trust.INSIDE,
    "document": Trust.INSIDE,
    "findings": Trust.INSIDE,
    "traffic": Trust.INSIDE,
    "values": Trust.INSIDE,
    "workflow": Trust.INSIDE,
    # sends what the environment knows
    "auth": Trust.PLAIN,
    "header": Trust.PLAIN,
    "other_auth": Trust.PLAIN,
    "other_header": Trust.PLAIN,
    # how a mock answers, what is tested and how it is shown
    "allow_unreached": Trust.ANYTHING,
    "budget": Trust.ANYTHING,
    "checks": Trust.ANYTHING,
    "closed": Trust.ANYTHING,
    "count": Trust.ANYTHING,
    "direction": Trust.ANYTHING,
    "exclude": Trust.ANYTHING,
    "fail_on": Trust.ANYTHING,
    "exclude_checks": Trust.ANYTHING,
    "explain": Trust.ANYTHING,
    "format": Trust.ANYTHING,
    "include": Trust.ANYTHING,
    "kind": Trust.ANYTHING,
    "locations": Trust.ANYTHING,
    "max_cases": Trust.ANYTHING,
    "max_examples": Trust.ANYTHING,
    "max_response_time": Trust.ANYTHING,
    "max_time": Trust.ANYTHING,
    "media_type": Trust.ANYTHING,
    "min_coverage": Trust.ANYTHING,
    "min_depth": Trust.ANYTHING,
    "mode": Trust.ANYTHING,
    "offset": Trust.ANYTHING,
    "open_world": Trust.ANYTHING,
    "operation": Trust.ANYTHING,
    "phases": Trust.ANYTHING,
    "rate_limit": Trust.ANYTHING,
    "schema": Trust.ANYTHING,
    "severity": Trust.ANYTHING,
    "shard": Trust.ANYTHING,
    "status": Trust.ANYTHING,
    "thorough": Trust.ANYTHING,
    "timeout": Trust.ANYTHING,
    "wait": Trust.ANYTHING,
}
_ON: Final = frozenset(("true", "1", "yes", "on"))


class Sifted(NamedTuple):
    """A table of settings, sifted."""

    kept: dict[str, object]
    refused: dict[str, str]  # what was left out, as the file writes it: the reason, "" where the name says enough


def sift(table: Mapping[str, object], folder: Path) -> Sifted:
    """
    Leave out what a found file may not set.

    Args:
        table: Values by name. Unknown names are kept: merging the settings refuses them.
        folder: Of the file.
    """
    kept: dict[str, object] = {}
    refused: dict[str, str] = {}
    for name, value in table.items():
        reason = _objection(name.replace("-", "_"), value, folder)
        if reason is None:
            kept[name] = value
        else:
            refused[name] = reason
    return Sifted(kept, refused)


def _objection(name: str, value: object, folder: Path) -> str | None:
    """Return why a value may not be set, or None."""
    trust = TRUST.get(name)
    if trust is Trust.NOTHING:
        return ""
    if trust is Trust.OFF:
        if str(value).lower() in _ON:
            return ""  # what is neither on nor off is refused where settings are merged
        return None
    if trust is Trust.BOUNDED:
        if _amount(value) <= SETTINGS[name].most:
            return None
        return f"is more than {SETTINGS[name].most:,}"
    texts = value if isinstance(value, list) else [value]
    if trust is Trust.PLAIN:
        return _object_to_variables(value, texts)
    if trust is Trust.INSIDE:
        if all(_is_inside(str(text), folder) for text in texts):
            return None
        return "leads outside of its folder"
    if trust is Trust.LOCAL and isinstance(value, Mapping):
        return leads_away(value)
    return None


def _object_to_variables(value: object, texts: list[object]) -> str | None:
    """Return why a text may not be sent, or None; a table is `[test.auth]`, which asks others for credentials."""
    if isinstance(value, Mapping):
        return ""
    if any("${" in str(text) for text in texts):
        return "names a variable of the environment"
    return None


def _is_inside(text: str, folder: Path) -> bool:
    """Return True if a path stays in a folder, with links followed."""
    try:
        return "://" not in text and (folder / text).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no path at all, or links in a circle
        return False


def _amount(value: object) -> float:
    """Read a number or a size; what is neither is refused where settings are merged, and counts as nothing here."""
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    else:
        if math.isnan(number):
            return math.inf
        return number
    try:
        return parse_size("", value)
    except UsageError:
        return number
