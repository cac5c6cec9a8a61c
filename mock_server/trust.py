"""
What a settings file may set that was found and not named: one row for each setting.

A repository that was just cloned brings its `mock-server.toml` along, and the first command that is typed in it finds
it. So nothing in such a file runs code, writes, listens, opens what is closed or sends what only the environment
knows. Flags, the environment, `--config FILE` and `--trust-settings` are the user's own words: they may all of it.
"""

import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.sizes import parse_size


class Trust(Enum):
    """What a found file may set a setting to; the value is how documentation says it."""

    ANYTHING = "yes"
    INSIDE = "a path within the folder of the file"
    PLAIN = "a text without ${VARIABLES}"
    OFF = "only to switch it off"
    BOUNDED = "up to a bound"
    NOTHING = "no"


TRUST: Final[Mapping[str, Trust]] = {
    # runs code
    "app": Trust.NOTHING,
    "handlers": Trust.NOTHING,
    # writes, here or in an API
    "mutating": Trust.NOTHING,
    "allow_bulk_delete": Trust.NOTHING,
    "out": Trust.NOTHING,
    "record": Trust.NOTHING,
    "replay": Trust.NOTHING,
    "report": Trust.NOTHING,
    "save_fixtures": Trust.NOTHING,
    "store": Trust.NOTHING,
    "write_baseline": Trust.NOTHING,
    # listens, or connects to others
    "admin_port": Trust.NOTHING,
    "callbacks_to": Trust.NOTHING,
    "host": Trust.NOTHING,
    "listen": Trust.NOTHING,
    "listen_url": Trust.NOTHING,
    "scheduler": Trust.NOTHING,
    # opens what is closed
    "admin_token": Trust.NOTHING,
    "allow_host": Trust.NOTHING,
    "allow_path": Trust.NOTHING,
    "allow_remote": Trust.NOTHING,
    "cors": Trust.OFF,
    "insecure": Trust.NOTHING,
    # reads files
    "baseline": Trust.INSIDE,
    "document": Trust.INSIDE,
    "findings": Trust.INSIDE,
    "fixtures": Trust.INSIDE,
    "scenarios": Trust.INSIDE,
    "tls_cert": Trust.INSIDE,
    "tls_key": Trust.INSIDE,
    "values": Trust.INSIDE,
    # sends what the environment knows
    "auth": Trust.PLAIN,
    "header": Trust.PLAIN,
    "other_auth": Trust.PLAIN,
    "other_header": Trust.PLAIN,
    # how a mock answers, what is tested and how it is shown
    "admin": Trust.ANYTHING,
    "base_path": Trust.ANYTHING,
    "body_timeout": Trust.BOUNDED,
    "budget": Trust.ANYTHING,
    "caching": Trust.ANYTHING,
    "callback_delay": Trust.ANYTHING,
    "callback_retries": Trust.BOUNDED,
    "callback_secret": Trust.ANYTHING,
    "check": Trust.ANYTHING,
    "checks": Trust.ANYTHING,
    "count": Trust.ANYTHING,
    "delay": Trust.ANYTHING,
    "direction": Trust.ANYTHING,
    "exclude": Trust.ANYTHING,
    "exclude_checks": Trust.ANYTHING,
    "explain": Trust.ANYTHING,
    "fallback": Trust.ANYTHING,
    "fallback_on": Trust.ANYTHING,
    "fault": Trust.ANYTHING,
    "fields": Trust.ANYTHING,
    "format": Trust.ANYTHING,
    "header_timeout": Trust.BOUNDED,
    "headers": Trust.ANYTHING,
    "idle_timeout": Trust.BOUNDED,
    "in_flight": Trust.BOUNDED,
    "include": Trust.ANYTHING,
    "journal": Trust.BOUNDED,
    "keep_invalid_examples": Trust.ANYTHING,
    "keep_links": Trust.ANYTHING,
    "kind": Trust.ANYTHING,
    "locale": Trust.ANYTHING,
    "locations": Trust.ANYTHING,
    "log_format": Trust.ANYTHING,
    "max_body": Trust.BOUNDED,
    "max_cases": Trust.ANYTHING,
    "max_connections": Trust.BOUNDED,
    "memory": Trust.BOUNDED,
    "max_examples": Trust.ANYTHING,
    "max_response_time": Trust.ANYTHING,
    "max_time": Trust.ANYTHING,
    "media_type": Trust.ANYTHING,
    "min_coverage": Trust.ANYTHING,
    "mode": Trust.ANYTHING,
    "offset": Trust.ANYTHING,
    "operation": Trust.ANYTHING,
    "operations": Trust.ANYTHING,
    "phases": Trust.ANYTHING,
    "port": Trust.ANYTHING,
    "profile": Trust.ANYTHING,
    "rate_limit": Trust.ANYTHING,
    "reload": Trust.ANYTHING,
    "resources": Trust.ANYTHING,
    "schema": Trust.ANYTHING,
    "security": Trust.ANYTHING,
    "seed": Trust.ANYTHING,
    "source": Trust.ANYTHING,
    "stateful": Trust.ANYTHING,
    "status": Trust.ANYTHING,
    "strict_accept": Trust.ANYTHING,
    "timeout": Trust.ANYTHING,
    "validate_requests": Trust.ANYTHING,
    "workers": Trust.BOUNDED,
}


# What a machine may have to bear because of a file that was found: bytes, seconds, or a number of things.
MOST: Final[Mapping[str, int]] = {
    "memory": 1 << 30, "in_flight": 1 << 30, "max_body": 256 << 20, "max_connections": 10_000, "journal": 100_000, "workers": 32,
    "callback_retries": 20, "header_timeout": 600, "body_timeout": 600, "idle_timeout": 600,
}  # fmt: skip
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
    """Why a value may not be set; None where it may."""
    trust = TRUST.get(name)
    if trust is Trust.NOTHING:
        return ""
    if trust is Trust.OFF:
        if str(value).lower() in _ON:
            return ""  # what is neither on nor off is refused where settings are merged
        return None
    if trust is Trust.BOUNDED:
        if _amount(value) <= MOST[name]:
            return None
        return f"is more than {MOST[name]:,}"
    texts = value if isinstance(value, list) else [value]
    if trust is Trust.PLAIN:
        if any("${" in str(text) for text in texts):
            return "names a variable of the environment"
        return None
    if trust is Trust.INSIDE:
        if all(_is_inside(str(text), folder) for text in texts):
            return None
        return "leads outside of its folder"
    return None


def _is_inside(text: str, folder: Path) -> bool:
    """Return whether a path stays in a folder, with links followed."""
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
