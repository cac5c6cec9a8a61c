"""Which exchanges are wanted: the filter of the traffic page, read from its query."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mock_server.serve.journal import Recorded
from mock_server.serve.world import Worlds

ALL: str = "*"  # worlds


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter. What is empty does not filter."""

    text: str = ""  # in the method, the target, the source; in any case
    bodies: bool = False  # look for the text in header fields and bodies as well
    status: str = ""  # `4` for a class, `404` for one
    operation: str = ""  # operationId
    flawed: bool = False  # with findings only
    world: str = ALL

    @classmethod
    def of(cls, query: Mapping[str, str], world: str) -> "Selection":
        """
        Read a filter.

        Args:
            query: Of the page.
            world: The one that is looked at, where the query names none; everybody's means all of them.
        """
        status = query.get("status", "").strip()
        return cls(
            text=query.get("q", "").strip(),
            bodies=query.get("bodies") == "1",
            status=status if status.isascii() and status.isdigit() and len(status) in {1, 3} else "",
            operation=query.get("operation", "").strip(),
            flawed=query.get("findings") == "1",
            world=query.get("world", world or ALL),
        )

    @property
    def query(self) -> str:
        """The query that says the same."""
        said = {
            "q": self.text,
            "bodies": "1" if self.bodies else "",
            "status": self.status,
            "operation": self.operation,
            "findings": "1" if self.flawed else "",
        }
        return urlencode({**{key: value for key, value in said.items() if value}, "world": self.world})

    @property
    def is_wide(self) -> bool:
        """Whether it filters nothing but worlds."""
        return not (self.text or self.status or self.operation or self.flawed)

    def matches(self, recorded: Recorded) -> bool:
        """Whether an exchange is wanted."""
        answer = recorded.answer
        if self.world not in {ALL, recorded.world}:
            return False
        if self.status and not str(answer.status).startswith(self.status):
            return False
        if self.flawed and not answer.findings:
            return False
        if self.operation and (answer.entry is None or answer.entry.id != self.operation):
            return False
        return not self.text or self._says(recorded)

    def _says(self, recorded: Recorded) -> bool:
        wanted = self.text.casefold()
        request, answer = recorded.request, recorded.answer
        operation = answer.entry.id if answer.entry is not None else ""
        line = f"{request.method} {_text(request.path)}?{_text(request.query)} {answer.status} {answer.source} {operation}"
        if wanted in line.casefold():
            return True
        if not self.bodies:
            return False
        fields = (name + b": " + value for name, value in (*request.fields, *answer.fields))
        return any(wanted in _text(part).casefold() for part in (request.body, answer.body, *fields))


def select(worlds: Worlds, selection: Selection, *, before: int | None = None) -> Iterator[Recorded]:
    """
    Find exchanges, the newest first.

    Args:
        worlds: Whose journals are read.
        selection: What is wanted.
        before: Only older ones than the one of this number.
    """
    known = worlds.known(selection.world) if selection.world != ALL else None
    chosen = list(worlds) if selection.world == ALL else [known] if known is not None else []
    journals = [reversed(tuple(world.journal)) for world in chosen if len(world.journal)]
    for recorded in heapq.merge(*journals, key=lambda found: -found.number):
        if (before is None or recorded.number < before) and selection.matches(recorded):
            yield recorded


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
