"""
Modules that are imported when they are first used.

Most of what a server might need one day it never does; not having it costs less memory, and time at the start. A module
whose door is here is imported for the type checker alone:

    if TYPE_CHECKING:
        import httpx2
    else:
        httpx2 = LazyModule("httpx2")
"""

import importlib
from typing import Any


class LazyModule:
    """A module that is imported when an attribute is first read."""

    def __init__(self, name: str) -> None:
        """
        Import nothing yet.

        Args:
            name: Of the module, all of it.
        """
        self._name = name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        """Import the module, and take something of it."""
        found = getattr(importlib.import_module(self._name), name)
        setattr(self, name, found)
        return found
