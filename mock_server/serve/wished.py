"""What a request prefers, and what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mock_server.exchange.message import Request, find_field
from mock_server.exchange.preference import NONE, Preferences, split_preferences
from mock_server.serve.answer import PREFERENCE_APPLIED, Answer

_LATER: Final = frozenset(("delay", "fault"))  # met when the answer is sent


@dataclass(frozen=True, slots=True)
class Wished:
    """A preference, and what became of it."""

    name: str
    value: str
    applied: bool | None  # None: it is obeyed when the answer is sent
    why: str


def iter_wishes(request: Request, preferences: Preferences, answer: Answer) -> Iterator[Wished]:
    """
    Say of each preference whether it was obeyed, and if not, why.

    Args:
        request: That prefers.
        preferences: As they were read.
        answer: What it gets.
    """
    applied = {part.strip().partition("=")[0] for part in (find_field(answer.fields, PREFERENCE_APPLIED) or "").split(",")}
    header, query = find_field(request.fields, b"prefer"), request.query.decode("latin-1")
    seen: set[str] = set()
    for name, value in split_preferences(header, query):
        if not name or name in seen:
            continue  # RFC 7240, section 2: the first one counts
        seen.add(name)
        if preferences is NONE or name not in preferences.given:
            yield Wished(name, value, applied=False, why="there is no such preference")
        elif name in _LATER:
            yield Wished(name, value, applied=None, why="it is met when the answer is sent")
        elif name in applied:
            yield Wished(name, value, applied=True, why="")
        else:
            yield Wished(name, value, applied=False, why=_why_ignored(name, answer))
    for name, value in split_preferences(None, query) if header is not None else ():
        yield Wished(f"__{name}", value, applied=False, why="the query is not read for preferences where there is a Prefer field")


def _why_ignored(name: str, answer: Answer) -> str:
    if answer.source.startswith("problem:"):
        return "the answer is a problem"
    if name in {"example", "fixture"}:
        return f"the answer comes from elsewhere: {answer.source}"
    return (
        "it says what is so anyway" if answer.source == "generated" else f"it is about generated values, and the answer is {answer.source}"
    )
