"""Types of settings, and how a row of their table is written."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from mock_server.delay import Delay, parse_delay
from mock_server.errors import UsageError
from mock_server.faults import Fault, parse_faults
from mock_server.sizes import parse_size
from mock_server.timing.clock import read_now
from mock_server.timing.durations import parse_duration
from mock_server.timing.rates import parse_limit
from mock_server.tokens import is_token

# What frames a message, is of one answer or guards browsers.
_OWN_FIELDS: Final = frozenset(
    ("age", "allow", "cache-control", "connection", "content-encoding", "content-length", "content-location",
     "content-range", "content-security-policy", "content-type", "date", "etag", "keep-alive", "last-modified", "link",
     "location", "retry-after", "set-cookie", "sl-violations", "trailer", "transfer-encoding", "upgrade", "vary",
     "www-authenticate", "x-content-type-options", "x-frame-options")
)  # fmt: skip
_OWN_PREFIXES: Final = ("access-control-", "cross-origin-", "x-mock-")
SOURCES: Final = ("fixture", "example", "generated")
PROFILES: Final = ("realistic", "minimal", "boundary", "extreme", "invalid", "incoherent")
LOG_FORMATS: Final = ("text", "json", "none")
_LONGEST: Final = 86_400.0  # seconds of a timeout
_BOOLEANS: Final = {
    "1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False,
}  # fmt: skip


def read_boolean(name: str, value: object) -> bool:
    """
    Read a boolean, as files and environments write it.

    Raises:
        UsageError: it is none.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise UsageError(f"{name} has to be true or false, not {value!r}")


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UsageError(f"{name} has to be a number, not {value!r}")
    try:
        return int(value)
    except ValueError as error:
        raise UsageError(f"{name} has to be a number, not {value!r}") from error


def _seconds(name: str, value: object) -> float:
    seconds = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError):
            seconds = float(value)
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{name} has to be a number of seconds over 0, not {value!r}")
    return seconds


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name} has to be a text, not {value!r}")
    return value


def _one_of(choices: tuple[str, ...]) -> Callable[[str, object], str]:
    def read(name: str, value: object) -> str:
        text = _text(name, value)
        if text not in choices:
            raise UsageError(f"{name} is one of {', '.join(choices)}, not {value!r}")
        return text

    return read


def _fallback(name: str, value: object) -> str:
    text = _text(name, value)
    if text != "mock":
        raise UsageError(f"{name} is mock, or is left out; not {value!r}")
    return text


def read_texts(name: str, value: object) -> tuple[str, ...]:
    """
    Read a list of texts, which may be one text with commas.

    Raises:
        UsageError: it is none.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str | Path) for item in items):
        raise UsageError(f"{name} has to be a list of texts, not {value!r}")
    return tuple(str(item).strip() for item in items)


def _sources(name: str, value: object) -> tuple[str, ...]:
    names = read_texts(name, value)
    if not names:
        raise UsageError("source is empty")
    for unknown in names:
        if unknown not in SOURCES:
            raise UsageError(f"source is a list of {', '.join(SOURCES)}; {unknown!r} is none")
    return tuple(dict.fromkeys(names))


def _path(_name: str, value: object) -> Path:
    return Path(str(value))


def _paths(name: str, value: object) -> tuple[Path, ...]:
    return tuple(map(Path, read_texts(name, value)))


def _delay(_name: str, value: object) -> Delay:
    return parse_delay(value)  # type: ignore[arg-type]  # it refuses what is no JSON


def _faults(_name: str, value: object) -> tuple[Fault, ...]:
    return parse_faults(list(value) if isinstance(value, tuple) else value)  # type: ignore[arg-type]  # see `_delay`


def _day(name: str, value: object) -> date:
    """Read a day, as TOML has it or as a text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UsageError(f"{name} has to be a day as in 2027-03-31, not {value!r}") from error


def read_table(name: str, value: object) -> Mapping[str, object]:
    """
    Read a table.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(value, dict):
        raise UsageError(f"[{name}] has to be a table")
    return {str(key): item for key, item in value.items()}


def _fakers(name: str, value: object) -> Mapping[str, str]:
    return {key: str(faker) for key, faker in read_table(name, value).items()}


def _headers(name: str, value: object) -> Mapping[str, str]:
    return {key.lower(): _header(key, item) for key, item in read_table(name, value).items()}


def _header(name: str, value: object) -> str:
    """Check a header field of all answers: one that only the server, or the document, can set right is none of them."""
    lower = name.lower()
    if not is_token(name) or lower in _OWN_FIELDS or lower.startswith(_OWN_PREFIXES):
        raise UsageError(f"[headers] can't set {name!r}: it is no field that is the same in all answers")
    if not isinstance(value, str) or not value.isprintable() or not value.isascii() or value != value.strip():
        raise UsageError(f"[headers] {name} has to be a text of ASCII characters, not {value!r}")
    return value


class SettingType(NamedTuple):
    """A type of settings."""

    read: Callable[[str, object], object]  # from a name and a value of any source; raises UsageError
    flag: Any = str  # the type of a flag, of which `read` makes the value
    # Puts a value over that of a weaker layer; without it, it takes its place.
    merge: Callable[[Any, Any], object] | None = None
    schema: Mapping[str, Any] = MappingProxyType({})  # of a value in a file, as JSON Schema


def choose(choices: tuple[str, ...]) -> SettingType:
    """Make the type of a text that is one of several."""
    return SettingType(_one_of(choices), schema={"enum": [*choices]})


_TEXT_SCHEMA: Final = {"type": "string"}
_TEXTS_SCHEMA: Final = {"type": ["array", "string"], "items": _TEXT_SCHEMA}
_NUMBER: Final = r"[0-9]+(\.[0-9]+)?"
_DELAY_SCHEMA: Final = {
    "type": ["number", "string", "object"],
    "minimum": 0,
    "pattern": rf"^({_NUMBER}|{_NUMBER}\.\.{_NUMBER}|[lL][oO][gG][nN][oO][rR][mM][aA][lL]:{_NUMBER},{_NUMBER})$",
    "required": ["type"],
    "properties": {"type": {"enum": ["fixed", "uniform", "lognormal"]}},
}
_FAULT_SCHEMA: Final = {
    "type": ["string", "object"],
    "pattern": r"^[A-Za-z_-]+(:[0-9]+)?(@(#[0-9]+|[0-9.]+%?))?$",
    "required": ["fault"],
    "properties": {
        "fault": _TEXT_SCHEMA,
        "rate": {"type": ["number", "string"]},
        "turn": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
_TABLE_OF_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT_SCHEMA}


BOOLEAN: Final = SettingType(read_boolean, bool, schema={"type": "boolean"})
INTEGER: Final = SettingType(_integer, int, schema={"type": "integer"})
SECONDS: Final = SettingType(_seconds, schema={"type": "number", "exclusiveMinimum": 0, "maximum": _LONGEST})
MOMENT: Final = SettingType(read_now, schema=_TEXT_SCHEMA)
DAY: Final = SettingType(_day, schema=_TEXT_SCHEMA)
LIMIT: Final = SettingType(
    parse_limit, schema={"type": ["string", "boolean"], "pattern": "^([0-9]+ ?/ ?[0-9a-zA-Z]+|[oO][fF][fF])$"}
)
# in seconds, which may be written as in 15m
DURATION: Final = SettingType(
    parse_duration,
    schema={"type": ["number", "string"], "exclusiveMinimum": 0, "pattern": "^[0-9][0-9a-zA-Z. ]*$"},
)
# in bytes, which may be written as in 256MB
SIZE: Final = SettingType(
    parse_size,
    schema={"type": ["integer", "string"], "minimum": 1, "pattern": "^[0-9]+(\\.[0-9]+)? *[kKmMgG]?[iI]?[bB]?$"},
)
TEXT: Final = SettingType(_text, schema=_TEXT_SCHEMA)
TEXTS: Final = SettingType(read_texts, list[str], schema=_TEXTS_SCHEMA)
NAMES: Final = SettingType(read_texts, schema=_TEXTS_SCHEMA)  # as a flag, one text with commas
PATH: Final = SettingType(_path, Path, schema=_TEXT_SCHEMA)
PATHS: Final = SettingType(_paths, list[Path], schema=_TEXTS_SCHEMA)
DELAY: Final = SettingType(_delay, schema=_DELAY_SCHEMA)
FAULTS: Final = SettingType(_faults, list[str], schema={"type": "array", "items": _FAULT_SCHEMA})
LOG_FORMAT: Final = choose(LOG_FORMATS)
PROFILE: Final = choose(PROFILES)
FALLBACK: Final = SettingType(_fallback, schema={"enum": ["mock"]})
SOURCE: Final = SettingType(
    _sources, schema={"type": ["array", "string"], "minItems": 1, "items": {"enum": [*SOURCES]}}
)
FAKERS: Final = SettingType(_fakers, schema=_TABLE_OF_TEXTS)
HEADERS: Final = SettingType(_headers, schema=_TABLE_OF_TEXTS)


class Trust(Enum):
    """The values that a found file may give to a setting; each member's text is for documentation."""

    ANYTHING = "yes"
    INSIDE = "a path within the folder of the file"
    LOCAL = "without a key or an address, and with redirects to this machine only"
    PLAIN = "a text without ${VARIABLES}"
    OFF = "only to switch it off"
    BOUNDED = "up to a bound"
    NOTHING = "no"


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings, which is the metadata of a field; see `setting`."""

    type: SettingType
    help: str
    trust: Trust
    most: int
    flag: str | None
    least: int | None
    shown: str
    short: str


def setting(
    type: SettingType,  # noqa: A002 - as in `argparse`
    default: object = None,
    help: str = "",  # noqa: A002 - as in `typer`
    *,
    trust: Trust = Trust.ANYTHING,
    most: int = 0,
    flag: str | None = "",
    least: int | None = None,
    shown: str = "",
    short: str = "",
    is_secret: bool = False,
) -> Any:  # noqa: ANN401 - a field of any type
    """
    Make a field of a class of settings.

    Args:
        type: Its type.
        default: What it is where nothing is set; `dict` for an empty one.
        help: One sentence.
        trust: What a found file may set it to.
        most: What a machine may have to bear because of a file that was found, with `Trust.BOUNDED`: bytes, seconds or
            a number.
        flag: How its flag is written, if not as its name; None where there is none.
        least: The smallest value of its flag.
        shown: What help shows as default, if not the default itself.
        short: A flag of one letter, too.
        is_secret: Whether it is left out where settings are printed.
    """
    row = Setting(type, help, trust, most, flag, least, shown, short)
    if default is dict:
        return field(default_factory=dict, metadata={"row": row})
    return field(default=default, repr=not is_secret, metadata={"row": row})


def rows_of(kind: type[Any]) -> dict[str, Setting]:
    """Return the rows of a class of settings, by name."""
    return {item.name: item.metadata["row"] for item in fields(kind)}


def read_tables(name: str, value: object, kind: type[Any]) -> Mapping[str, dict[str, Any]]:
    """
    Read tables of settings, by what they are for.

    Raises:
        UsageError: they are none, or have other rows.
    """
    rows = rows_of(kind)
    read: dict[str, dict[str, Any]] = {}
    for key, table in read_table(name, value).items():
        if not isinstance(table, dict) or not table.keys() <= rows.keys():
            raise UsageError(f"[{name}.{key!r}] is a table of {', '.join(sorted(rows))}")
        read[key] = {part: rows[part].type.read(part, given) for part, given in table.items()}
    return read


def schema_of_rows(rows: Mapping[str, Setting]) -> dict[str, Any]:
    """Return the members of a JSON Schema for rows, by their names."""
    described = {name: {"description": row.help} for name, row in rows.items() if row.help}
    return {name: {**row.type.schema, **described.get(name, {})} for name, row in rows.items()}


def schema_of_tables(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of tables of a class of settings, by what they are for."""
    one = {"type": "object", "properties": schema_of_rows(rows_of(kind)), "additionalProperties": False}
    return {"type": "object", "additionalProperties": one}
