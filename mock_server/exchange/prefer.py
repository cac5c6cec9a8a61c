"""
The Prefer header field, RFC 7240: Prism's preferences and ours. `PREFERENCES` has a row for each.

Without the field, query parameters `__code`, `__example`, … mean the same, as with Prism. Unknown preferences are
ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import parse_qsl

from mock_server.delay import Delay, parse_delay
from mock_server.errors import MalformedPreference, UsageError
from mock_server.exchange.media_type import split_quoted
from mock_server.faults import Fault, parse_fault
from mock_server.settings.types import PROFILES

_MAX_SIZE = 10_000
EDGES: Final = ("boundary", "extreme", "invalid", "incoherent")
_GENERATED = "generated"  # the source of answers that are made


class PreferenceKind(Enum):
    """The kinds of preferences, by what they change."""

    SELECTS = "which answer"
    SHAPES = "what is generated"
    TRANSPORTS = "how the answer is sent"


@dataclass(frozen=True, slots=True)
class Preference:
    """A preference: a row of `PREFERENCES`."""

    name: str
    parse: Callable[[str, str], object]  # of its name and value; raises MalformedPreference
    kind: PreferenceKind
    help: str  # what it does, for reference pages
    any_source: bool = False  # whether it is applied whatever the answer comes from
    description: str = "{name} {value}"  # of a generated value, in explanations; "": it is not worth a word there

    def is_applied(self, source: str) -> bool:
        """Return True if an answer from a source, such as `example:KEY`, obeys it."""
        if self.kind is PreferenceKind.SELECTS:
            return self.any_source or source.startswith(f"{self.name}:")
        return self.kind is PreferenceKind.SHAPES and source == _GENERATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The preferences of one request; None for each that it lacks."""

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
        """True if something is preferred that only a generated value can have."""
        if self is NONE:
            return False
        shaping = (row.name for row in PREFERENCES if row.kind is PreferenceKind.SHAPES)
        values = (getattr(self, name, self.given.get(name)) for name in shaping)
        return any(value is not None and value is not False for value in values)

    @property
    def asks_for_something(self) -> bool:
        """True if a certain answer is preferred, of whatever source."""
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


def find_preference(name: str) -> Preference | None:
    """Find the row of a preference."""
    return next((row for row in PREFERENCES if row.name == name), None)


def prefers_by_query(query: str) -> bool:
    """Return True if a query, percent-encoded, says what is preferred."""
    return any(find_preference(name) is not None for name, _ in split_preferences(None, query))


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
    values: dict[str, object] = {}
    for name, value in split_preferences(header, query):
        row = find_preference(name)
        if row is None or name in given:
            continue  # RFC 7240, section 2: the first one counts
        given[name] = value
        values[name] = row.parse(name, value)
    if not given:
        return NONE
    members = {name: value for name, value in values.items() if name in Preferences.__slots__}
    return Preferences(given=given, **members)  # type: ignore[arg-type]


def without_own(header: str) -> str | None:
    """Return a Prefer field without the preferences of the mock; None where nothing is left."""
    parts = [
        part
        for part in split_quoted(header, ",")
        if find_preference(part.partition("=")[0].partition(";")[0].strip().lower()) is None
    ]
    return ",".join(parts).strip() or None


def format_applied(preferences: Preferences, source: str) -> str:
    """Write Preference-Applied, RFC 7240, section 3: what an answer from a source obeys, as it was written."""
    given = preferences.given
    return ", ".join(
        f"{row.name}={given[row.name]}" for row in PREFERENCES if row.name in given and row.is_applied(source)
    )


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


_SELECTS, _SHAPES, _TRANSPORTS = PreferenceKind.SELECTS, PreferenceKind.SHAPES, PreferenceKind.TRANSPORTS
# In the order in which Preference-Applied lists them.
PREFERENCES: Final = (
    Preference("code", _code, _SELECTS, "answer with this status, if the operation documents it", any_source=True),
    Preference("example", _word, _SELECTS, "answer with the documented example of this key"),
    Preference("fixture", _word, _SELECTS, "answer with the fixture of this name"),
    Preference("locale", _word, _SHAPES, "generate in another locale, such as `fi_FI`"),
    Preference(
        "dynamic",
        _flag,
        _SHAPES,
        "`true`: generate the answer, even if there are fixtures and examples",
        description="",
    ),
    Preference("seed", _word, _SHAPES, "generate with another seed"),
    Preference(
        "size",
        _size,
        _SHAPES,
        "give the outermost array this many items, 0 to 10,000",
        description="{value} items",
    ),
    Preference(
        "profile",
        _profile,
        _SHAPES,
        "`realistic`, `minimal` (no optional properties), or the next `boundary`, `extreme`, `invalid` or "
        "`incoherent` payload",
    ),
    Preference("payload", _word, _SHAPES, "answer with one edge case, by its rule as `payloads --explain` lists it"),
    Preference("delay", _delay, _TRANSPORTS, "delay the answer, as in `200` or `100..300` (milliseconds)"),
    Preference("fault", _fault, _TRANSPORTS, "break the answer, as in `reset` or `error:503`"),
)
