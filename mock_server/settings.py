"""
Settings: flags over the environment over a file over defaults.

A setting is a row: a field of `Settings`, of which its flag, its variable `MOCK_SERVER_<NAME>`, its key in the file
and its documentation are made. `setting` says what a row holds.

The file is `mock-server.toml`, or `[tool.mock-server]` of `pyproject.toml`, in the working folder (what such a file
may set is in `trust`), or the one that `--config` names:

    seed = 7
    locale = "fi_FI"

    [fields]                      # what properties are filled with, over the document's own x-faker
    chargerName = "company"

    [headers]                     # of all answers
    X-Elastic-Product = "Elasticsearch"

    [operations."GET /pets"]      # or by operationId
    source = ["example"]
    delay = "100..300"
    fault = ["error:503@0.1"]
    stateful = false              # with --stateful: without state; `resource` says to which state it belongs

    [resources.pets]              # of the state
    id = "petNo"                  # the property that tells pets apart
    seed = 3                      # how many there are in the beginning
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

from mock_server.delay import Delay, parse_delay
from mock_server.errors import UsageError
from mock_server.faults import NOTHING, Fault, FaultSettings, OperationFaults, parse_faults
from mock_server.sizes import parse_size
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


def _texts(name: str, value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str | Path) for item in items):
        raise UsageError(f"{name} has to be a list of texts, not {value!r}")
    return tuple(str(item).strip() for item in items)


def _sources(name: str, value: object) -> tuple[str, ...]:
    names = _texts(name, value)
    if not names:
        raise UsageError("source is empty")
    for unknown in names:
        if unknown not in SOURCES:
            raise UsageError(f"source is a list of {', '.join(SOURCES)}; {unknown!r} is none")
    return tuple(dict.fromkeys(names))


def _path(_name: str, value: object) -> Path:
    return Path(str(value))


def _paths(name: str, value: object) -> tuple[Path, ...]:
    return tuple(map(Path, _texts(name, value)))


def _delay(_name: str, value: object) -> Delay:
    return parse_delay(value)  # type: ignore[arg-type]  # it refuses what is no JSON


def _faults(_name: str, value: object) -> tuple[Fault, ...]:
    return parse_faults(list(value) if isinstance(value, tuple) else value)  # type: ignore[arg-type]  # see `_delay`


def _table(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UsageError(f"[{name}] has to be a table")
    return {str(key): item for key, item in value.items()}


def _fakers(name: str, value: object) -> Mapping[str, str]:
    return {key: str(faker) for key, faker in _table(name, value).items()}


def _headers(name: str, value: object) -> Mapping[str, str]:
    return {key.lower(): _header(key, item) for key, item in _table(name, value).items()}


def _header(name: str, value: object) -> str:
    """Check a header field of all answers: one that only the server, or the document, can set right is none of them."""
    lower = name.lower()
    if not is_token(name) or lower in _OWN_FIELDS or lower.startswith(_OWN_PREFIXES):
        raise UsageError(f"[headers] can't set {name!r}: it is no field that is the same in all answers")
    if not isinstance(value, str) or not value.isprintable() or not value.isascii() or value != value.strip():
        raise UsageError(f"[headers] {name} has to be a text of ASCII characters, not {value!r}")
    return value


def _operations(name: str, value: object) -> Mapping[str, "OperationSettings"]:
    return {key: OperationSettings(**table) for key, table in _read_tables(name, value, OperationSettings).items()}


def _resources(name: str, value: object) -> Mapping[str, "ResourceSettings"]:
    return {key: ResourceSettings(**table) for key, table in _read_tables(name, value, ResourceSettings).items()}


def _read_tables(name: str, value: object, kind: type[Any]) -> Mapping[str, dict[str, Any]]:
    """Read tables of settings, by what they are for."""
    rows = rows_of(kind)
    read: dict[str, dict[str, Any]] = {}
    for key, table in _table(name, value).items():
        if not isinstance(table, dict) or not table.keys() <= rows.keys():
            raise UsageError(f"[{name}.{key!r}] is a table of {', '.join(sorted(rows))}")
        read[key] = {part: rows[part].type.read(part, given) for part, given in table.items()}
    return read


class SettingType(NamedTuple):
    """A type of settings."""

    read: Callable[[str, object], object]  # from a name and a value of any source; raises UsageError
    flag: Any = str  # the type of a flag, of which `read` makes the value


BOOLEAN: Final = SettingType(read_boolean, bool)
INTEGER: Final = SettingType(_integer, int)
SECONDS: Final = SettingType(_seconds)
SIZE: Final = SettingType(parse_size)  # in bytes, which may be written as in 256MB
TEXT: Final = SettingType(_text)
TEXTS: Final = SettingType(_texts, list[str])
NAMES: Final = SettingType(_texts)  # as a flag, one text with commas
PATH: Final = SettingType(_path, Path)
PATHS: Final = SettingType(_paths, list[Path])
DELAY: Final = SettingType(_delay)
FAULTS: Final = SettingType(_faults, list[str])
LOG_FORMAT: Final = SettingType(_one_of(LOG_FORMATS))
PROFILE: Final = SettingType(_one_of(PROFILES))
FALLBACK: Final = SettingType(_fallback)
SOURCE: Final = SettingType(_sources)
FAKERS: Final = SettingType(_fakers)
HEADERS: Final = SettingType(_headers)
OPERATIONS: Final = SettingType(_operations)
RESOURCES: Final = SettingType(_resources)


class Trust(Enum):
    """What a found file may set a setting to; the value is how documentation says it."""

    ANYTHING = "yes"
    INSIDE = "a path within the folder of the file"
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
        is_secret: Whether it is left out where settings are printed.
    """
    row = Setting(type, help, trust, most, flag, least, shown)
    if default is dict:
        return field(default_factory=dict, metadata={"row": row})
    return field(default=default, repr=not is_secret, metadata={"row": row})


def rows_of(kind: type[Any]) -> dict[str, Setting]:
    """Return the rows of a class of settings, by name."""
    return {item.name: item.metadata["row"] for item in fields(kind)}


def _room(help_: str) -> Any:  # noqa: ANN401 - see `setting`
    """Make a row of bytes of memory."""
    return setting(SIZE, 256 << 20, help_, trust=Trust.BOUNDED, most=1 << 30)


def _timeout(default: float, help_: str) -> Any:  # noqa: ANN401 - see `setting`
    """Make a row of seconds on a connection, without a flag."""
    return setting(SECONDS, default, help_, trust=Trust.BOUNDED, most=600, flag=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSettings:
    """The settings of one operation."""

    source: tuple[str, ...] | None = setting(SOURCE)
    fields: Mapping[str, str] = setting(FAKERS, dict)
    delay: Delay | None = setting(DELAY)
    fault: tuple[Fault, ...] | None = setting(FAULTS)
    stateful: bool | None = setting(BOOLEAN)  # whether it has part in the state; None: as the document lets it
    resource: str | None = setting(TEXT)  # to whose state it belongs, where its path does not say
    upstream: bool = setting(BOOLEAN, default=True)  # whether a proxy asks the real server; else the mock answers


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSettings:
    """The settings of one resource of the state."""

    id: str | None = setting(TEXT)  # the property that tells its items apart; None: inferred
    seed: int | None = setting(INTEGER)  # how many items it begins with; None: as many as the document's own list has
    stateful: bool | None = setting(BOOLEAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; each command uses its part. Flags are in this order."""

    host: str = setting(TEXT, "127.0.0.1", "The address to listen on.", trust=Trust.NOTHING)
    port: int = setting(INTEGER, 4010, "The port; 0 takes a free one.")
    allow_host: tuple[str, ...] = setting(
        TEXTS,
        (),
        "Another host name to answer for, such as mock.test; * for any. On loopback, only names of this machine are "
        "answered.",
        trust=Trust.NOTHING,
    )
    workers: int = setting(
        INTEGER, 1, "Processes that share the port, with the same answers.", trust=Trust.BOUNDED, most=32
    )
    seed: int = setting(INTEGER, 0, "Same seed, same answers.")
    # None: the document's `x-mock: {locale: …}`, else en_US
    locale: str | None = setting(
        TEXT, None, "The locale of generated values, such as fi_FI.", shown="the document's, else en_US"
    )
    source: tuple[str, ...] = setting(SOURCE, SOURCES, "Where answers come from, in this order.")
    profile: str | None = setting(
        PROFILE,
        None,
        "Which values are generated: realistic, minimal, boundary, extreme, invalid or incoherent.",
        shown="realistic",
    )
    fixtures: Path | None = setting(
        PATH, None, "The folder of fixtures.", trust=Trust.INSIDE, shown="fixtures beside the document"
    )
    scenarios: Path | None = setting(
        PATH, None, "The folder of scenarios.", trust=Trust.INSIDE, shown="scenarios beside the document"
    )
    base_path: tuple[str, ...] = setting(
        TEXTS,
        (),
        "The path before all paths, / as Prism has it; one for all documents, or one for each.",
        shown="the path of the first server",
    )
    # None: pages of any origin may read answers of the mock, but not those of a real server
    cors: bool | None = setting(
        BOOLEAN, None, "Let pages of any origin call.", trust=Trust.OFF, flag="--cors/--no-cors", shown="cors"
    )
    caching: bool = setting(
        BOOLEAN,
        default=False,
        help="Let caches keep answers as the document says.",
        flag="--caching/--no-caching",
        shown="Cache-Control: no-store",
    )
    validate_requests: bool = setting(
        BOOLEAN,
        default=True,
        help="Refuse requests that break the document.",
        flag="--validate-requests/--no-validate-requests",
        shown="validate",
    )
    security: bool = setting(
        BOOLEAN, default=True, help="Ask for credentials.", flag="--security/--no-security", shown="security"
    )
    strict_accept: bool = setting(BOOLEAN, default=False, help="Answer 406 if no documented media type is acceptable.")
    keep_invalid_examples: bool = setting(BOOLEAN, default=False, help="Send examples that break their schema.")
    keep_links: bool = setting(BOOLEAN, default=False, help="Leave links to the document's servers as they are.")
    check: bool = setting(BOOLEAN, default=False, help="Check the whole document in the background.")
    reload: bool = setting(
        BOOLEAN, default=False, help="Follow edits of documents, fixtures, scenarios, handlers and settings."
    )
    handlers: str | None = setting(
        TEXT, None, "A module or file whose functions answer the operations of their names.", trust=Trust.NOTHING
    )
    max_body: int = setting(
        INTEGER, 10 << 20, "The largest request body, in bytes.", trust=Trust.BOUNDED, most=256 << 20
    )
    max_connections: int = setting(
        INTEGER, 1_000, "Connections of a process at a time.", trust=Trust.BOUNDED, most=10_000, least=1
    )
    in_flight: int = _room("Bytes of requests that may wait for their answers, as in 64MB.")
    memory: int = _room("Bytes that a process keeps of worlds, journals, state and the like; the oldest go first.")
    header_timeout: float = _timeout(30.0, "Seconds that a client has to send the header of a request.")
    body_timeout: float = _timeout(
        30.0, "Seconds without a byte after which a request body, or a client that does not read, is given up."
    )
    idle_timeout: float = _timeout(75.0, "Seconds after which an idle connection is closed.")
    tls_cert: Path | None = setting(PATH, None, "A certificate chain (PEM), to serve https.", trust=Trust.INSIDE)
    tls_key: Path | None = setting(PATH, None, "The private key of the certificate (PEM).", trust=Trust.INSIDE)
    journal: int = setting(INTEGER, 1_000, "Exchanges that are kept for each world.", trust=Trust.BOUNDED, most=100_000)
    delay: Delay | None = setting(
        DELAY, None, "Milliseconds before every answer: 200, 100..300 or lognormal:80,0.4.", shown="none"
    )
    callbacks_to: tuple[str, ...] = setting(
        TEXTS, (), "A host that callbacks and webhooks may be sent to, as in localhost:9000.", trust=Trust.NOTHING
    )
    callback_delay: Delay | None = setting(DELAY, None, "Milliseconds before a callback is sent.", shown="none")
    callback_retries: int = setting(INTEGER, 3, "How often a callback is sent again.", trust=Trust.BOUNDED, most=20)
    callback_secret: str | None = setting(
        TEXT,
        None,
        "Signs callbacks and webhooks: `X-Mock-Signature` is the HMAC-SHA256 of the body.",
        flag=None,
        is_secret=True,
    )
    fault: tuple[Fault, ...] = setting(
        FAULTS, (), "A fault and how often it happens, as in error:503@0.1, reset@5%, truncate@#3."
    )
    stateful: bool = setting(
        BOOLEAN,
        default=False,
        help="Keep state: what is created can be read, what is deleted is gone.",
        flag="--stateful/--stateless",
    )
    # may hold a password
    store: str | None = setting(
        TEXT,
        None,
        "Where state is kept: sqlite:///file.db, postgresql+psycopg://…",
        trust=Trust.NOTHING,
        shown="in memory",
        is_secret=True,
    )
    fallback: str | None = setting(FALLBACK, None, "mock: the mock answers what the real server can't.")
    fallback_on: tuple[str, ...] = setting(
        NAMES,
        ("unreachable", "timeout", "501"),
        "When the mock answers: unreachable, timeout, broken, and statuses such as 501 and 5XX.",
    )
    admin: bool = setting(
        BOOLEAN, default=True, help="Serve the admin API and the console.", flag="--admin/--no-admin", shown="admin"
    )
    admin_port: int | None = setting(
        INTEGER,
        None,
        "A port of its own for the admin API and the console; 0 takes a free one.",
        trust=Trust.NOTHING,
        shown="the API's",
    )
    admin_token: str | None = setting(
        TEXT,
        None,
        "The token of the admin API, sent as 'Authorization: Bearer'.",
        trust=Trust.NOTHING,
        shown="none on loopback, else one is made up",
    )
    log_format: str = setting(LOG_FORMAT, "text", "The log: text, json or none.")
    overlay: tuple[Path, ...] = setting(
        PATHS,
        (),
        "An overlay (Overlay Specification 1.0 or 1.1) that is applied to the document; several in their order.",
        trust=Trust.INSIDE,
    )
    allow_remote: tuple[str, ...] = setting(TEXTS, (), "A host that references may read from.", trust=Trust.NOTHING)
    allow_path: tuple[Path, ...] = setting(PATHS, (), "A folder that references may read from.", trust=Trust.NOTHING)
    fields: Mapping[str, str] = setting(
        FAKERS,
        dict,
        "A table: what properties are filled with, by name; takes precedence over `x-faker` in the document.",
        flag=None,
    )
    # of all answers of the API, by name in lower case
    headers: Mapping[str, str] = setting(HEADERS, dict, "A table: header fields of all answers of the API.", flag=None)
    operations: Mapping[str, OperationSettings] = setting(
        OPERATIONS, dict, "A table for each operation, by operationId or as in `GET /pets`; see below.", flag=None
    )
    resources: Mapping[str, ResourceSettings] = setting(
        RESOURCES, dict, "A table for each resource of the state; see below.", flag=None
    )

    @property
    def disturbances(self) -> FaultSettings:
        """The delays and faults that are set."""
        own = {name: OperationFaults(delay=each.delay, faults=each.fault) for name, each in self.operations.items()}
        return FaultSettings(
            all=OperationFaults(delay=self.delay, faults=self.fault or None),
            operations={name: each for name, each in own.items() if each != NOTHING},
        )

    def for_operation(self, *names: str) -> OperationSettings:
        """Return the settings of an operation, under any of its names."""
        return next((self.operations[name] for name in names if name in self.operations), OperationSettings())


SETTINGS: Final[Mapping[str, Setting]] = rows_of(Settings)
DEFAULTS: Final = Settings()


def merge_settings(*layers: Mapping[str, object]) -> Settings:
    """
    Merge layers of settings, the strongest first.

    Args:
        layers: Values by setting name; `None` leaves the next layer to decide.

    Raises:
        UsageError: a name is unknown or a value has the wrong type.
    """
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, value in layer.items():
            key = name.replace("-", "_")
            if key not in SETTINGS:
                near = get_close_matches(key, SETTINGS, n=1)
                advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(SETTINGS))}"
                raise UsageError(f"there is no setting {name!r}; {advice}")
            if value is not None:
                merged[key] = SETTINGS[key].type.read(key, value)
    return replace(DEFAULTS, **merged)


def write_default(name: str) -> str:
    """Return the default of a setting, as a settings file writes it; "" where it has none."""
    value = getattr(DEFAULTS, name)
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if SETTINGS[name].type is SIZE:
        return f"{value >> 20}MB"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
