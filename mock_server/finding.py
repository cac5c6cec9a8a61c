"""
What was looked at is wrong: findings.

A finding is data, never raised; what stops the work itself is an error, see `errors`.
"""

import logging
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mock_server.pointer import format_pointer
from mock_server.rules import RULES, Blame, Level
from mock_server.typing import Pointer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Somewhere in a file; the line is looked up when it is shown (`spec.positions`)."""

    file: str
    pointer: Pointer = ()

    def __str__(self) -> str:
        return f"{self.file}#{format_pointer(self.pointer)}"


class Finding(NamedTuple):
    """One thing that is wrong, with its rule, its place in the document and in the judged value."""

    rule: str
    message: str
    place: Place | None = None  # in the document, or in a fixture
    instance: Pointer | None = None  # in the judged message, as in ("query", "limit") or ("body", "0", "id")
    operation: str | None = None  # operationId, where the finding belongs to one

    @property
    def level(self) -> Level:
        """How bad it is, by the rule."""
        return RULES[self.rule].level

    @property
    def blame(self) -> Blame:
        """Who has to change something, by the rule."""
        return RULES[self.rule].blame

    @property
    def sort_key(self) -> tuple[str, Pointer, str, Pointer, str]:
        """Where it stands in a report: by file, pointer, rule."""
        place = self.place or Place("")
        return (place.file, place.pointer, self.rule, self.instance or (), self.message)


def make_tool_finding(error: Exception, doing: str, place: Place | None, operation: str | None) -> Finding:
    """
    Make the finding of a fault of our own, where one operation must not take the others with it.

    Args:
        error: What was raised, and nobody expected.
        doing: What was being done, as in "an example request".
        place: Of the operation.
        operation: Its operationId.
    """
    frames = traceback.extract_tb(error.__traceback__)
    raised = f", raised at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    message = f"{doing}: {type(error).__name__}: {error}{raised}; this is a fault of mock-server, not of the document: please report it"
    _log.debug("%s of %s", doing, operation, exc_info=error)
    return Finding(rule="tool-operation-failed", message=message, place=place, operation=operation)
