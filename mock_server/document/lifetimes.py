"""When something is announced to end: dates that documents give beside `deprecated`."""

from datetime import date
from typing import Final

from mock_server.document.references import Node

_SUNSETS: Final = ("x-sunset", "x-sunset-date", "sunset")
_DEPRECATIONS: Final = ("x-deprecated-at", "x-deprecation-date", "x-deprecated-since")


def find_sunset(node: Node) -> date | None:
    """Return the day on which something ends, as its document announces it."""
    return _find_day(node, _SUNSETS)


def find_deprecation(node: Node) -> date | None:
    """Return the day since which something is deprecated, as its document says it."""
    return _find_day(node, _DEPRECATIONS)


def _find_day(node: Node, names: tuple[str, ...]) -> date | None:
    members = node.value if isinstance(node.value, dict) else {}
    for name in names:
        value = members.get(name)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                continue
    return None
