"""
What a client prefers: the Prefer header field, RFC 7240, with Prism's keys and ours. `PREFERENCES` lists them.

Without the field, query parameters `__code`, `__example`, … mean the same, as with Prism. Unknown keys are ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from mock_server.delay import Delay, parse_delay
from mock_server.errors import MalformedPreference, UsageError
from mock_server.exchange.media_type import split_quoted
from mock_server.faults import Fault, parse_fault
from mock_server.settings import PROFILES

_MAX_SIZE = 10_000
# Each preference with what it does, as reference pages show it.
PREFERENCES: Final = {
    "code": "answer with this status, if the operation documents it",
    "example": "answer with the documented example of this key",
    "fixture": "answer with the fixture of this name",
    "dynamic": "`true`: generate the answer, even if there are fixtures and examples",
    "seed": "generate with another seed",
    "size": "give the outermost array this many items, 0 to 10,000",
    "profile": "`realistic`, `minimal` (no optional properties), or the next `boundary`, `extreme`, `invalid` or `incoherent` payload",
    "payload": "answer with one edge case, by its rule as `payloads --explain` lists it",
    "locale": "generate in another locale, such as `fi_FI`",
    "delay": "delay the answer, as in `200` or `100..300` (milliseconds)",
    "fault": "break the answer, as in `reset` or `error:503`",
}
EDGES: Final = ("boundary", "extreme", "invalid", "incoherent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What one request prefers; None where it says nothing."""

    code: int | None = None
    example: str | None = None
    fixture: str | None = None
    dynamic: bool | None = None
    seed: str | None = None
    size: int | None = None
    profile: str | None = None
    payload: str | None = None
    locale: str | None = None
    delay: Delay | None = None
    fault: Fault | None = None
    given: dict[str, str] = field(default_factory=dict)  # as written, for Preference-Applied

    @property
    def asks_for_generated(self) -> bool:
        """Whether something is preferred that only a generated value can have."""
        return self is not NONE and bool(
            self.dynamic
            or any(wish is not None for wish in (self.seed, self.size, self.profile, self.payload, self.locale))
        )

    @property
    def asks_for_something(self) -> bool:
        """Whether a certain answer is preferred, of whatever source."""
        return self.asks_for_generated or self.example is not None or self.fixture is not None


NONE: Final = Preferences()


def split_preferences(header: str | None, query: str) -> list[tuple[str, str]]:
    """
    Split the preferences of a request, known or not.

    Args:
        header: The Prefer header field, None where there is none.
        query: The query, percent-encoded; read only without a header field.
    """
    if header is None:
        if "__" not in query:
            return []
        return [(key[2:], value) for key, value in parse_qsl(query, keep_blank_values=True) if key.startswith("__")]
    parts = [part for item in split_quoted(header, ",") for part in split_quoted(item, ";")]
    return [
        (name.strip().lower(), value.strip().strip('"')) for name, _, value in (part.partition("=") for part in parts)
    ]


def prefers_by_query(query: str) -> bool:
    """Return whether a query, percent-encoded, says what is preferred."""
    return any(name in _READERS for name, _ in split_preferences(None, query))


def parse_preferences(header: str | None, query: str) -> Preferences:
    """
    Read the preferences of a request.

    Args:
        header: The Prefer header field, None where there is none.
        query: The query, percent-encoded; read only without a header field.

    Raises:
        MalformedPreference: a known key has a value that it can't have.
    """
    given: dict[str, str] = {}
    for name, value in split_preferences(header, query):
        if name in _READERS:
            given.setdefault(name, value)  # RFC 7240, section 2: the first one counts
    if not given:
        return NONE
    values = {name: _READERS[name](name, value) for name, value in given.items()}
    return Preferences(given=given, **values)  # type: ignore[arg-type]


def without_own(header: str) -> str | None:
    """Return what a Prefer field says beside the preferences of the mock; None where that is nothing."""
    parts = [
        part
        for part in split_quoted(header, ",")
        if part.partition("=")[0].partition(";")[0].strip().lower() not in _READERS
    ]
    return ",".join(parts).strip() or None


def format_applied(preferences: Preferences, applied: tuple[str, ...]) -> str:
    """Write Preference-Applied: what was obeyed, as it was written."""
    return ", ".join(f"{name}={preferences.given[name]}" for name in applied if name in preferences.given)


def _bad(name: str, value: str, wanted: str) -> MalformedPreference:
    return MalformedPreference(f"the preference {name}={value!r} has to be {wanted}")


def _code(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) == 3 and "1" <= value[0] <= "5"):  # noqa: PLR2004
        raise _bad(name, value, "a status of three digits, as in code=404")
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false", ""}:
        raise _bad(name, value, "true or false")
    return value.lower() != "false"


def _size(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) <= _MAX_SIZE):  # noqa: PLR2004 - no larger number
        raise _bad(name, value, f"a number from 0 to {_MAX_SIZE:,}")
    return int(value)


def _profile(name: str, value: str) -> str:
    if value not in PROFILES:
        raise _bad(name, value, f"one of {', '.join(PROFILES)}")
    return value


def _word(name: str, value: str) -> str:
    if not value:
        raise _bad(name, value, "a word")
    return value


def _delay(name: str, value: str) -> Delay:
    try:
        return parse_delay(value)
    except UsageError as error:
        raise MalformedPreference(str(error)) from error


def _fault(name: str, value: str) -> Fault:
    try:
        fault = parse_fault(value)
    except UsageError as error:
        raise MalformedPreference(str(error)) from error
    if fault.turn is not None or fault.rate != 1:
        raise _bad(name, value, "a fault without a rate: it is asked for now")
    return fault


_READERS: dict[str, Callable[[str, str], object]] = {
    "code": _code,
    "example": _word,
    "fixture": _word,
    "dynamic": _flag,
    "seed": _word,
    "size": _size,
    "profile": _profile,
    "payload": _word,
    "locale": _word,
    "delay": _delay,
    "fault": _fault,
}
