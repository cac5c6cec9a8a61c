"""
Settings: flags over the environment over a file over defaults.

The file is `mock-server.toml`, or `[tool.mock-server]` of `pyproject.toml`, in the working folder (what it may set,
since nobody named it, is in `trust`), or the one that `--config` names:

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
    stateful = false              # with --stateful: this one is answered without state; `resource` says to what it belongs

    [resources.pets]              # of the state
    id = "petNo"                  # the property that tells pets apart
    seed = 3                      # how many there are in the beginning
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from mock_server.delay import Delay, parse_delay
from mock_server.errors import UsageError
from mock_server.faults import NOTHING, Fault, FaultSettings, OperationFaults, parse_faults
from mock_server.json_values import JsonValue
from mock_server.sizes import parse_size
from mock_server.tokens import is_token

# What frames a message, is of one answer or guards browsers.
_OWN_FIELDS: Final = frozenset(
    ("age", "allow", "cache-control", "connection", "content-encoding", "content-length", "content-location", "content-range",
     "content-security-policy", "content-type", "date", "etag", "keep-alive", "last-modified", "link", "location", "retry-after",
     "set-cookie", "sl-violations", "trailer", "transfer-encoding", "upgrade", "vary", "www-authenticate", "x-content-type-options",
     "x-frame-options")
)  # fmt: skip
_OWN_PREFIXES: Final = ("access-control-", "cross-origin-", "x-mock-")
SOURCES: Final = ("fixture", "example", "generated")
PROFILES: Final = ("realistic", "minimal", "boundary", "extreme", "invalid", "incoherent")
SIZES: Final = frozenset(("in_flight", "memory"))  # settings in bytes, which may be written as in 256MB
LOG_FORMATS: Final = ("text", "json", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSettings:
    """What is set for one operation."""

    source: tuple[str, ...] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    delay: Delay | None = None
    fault: tuple[Fault, ...] | None = None
    stateful: bool | None = None  # whether it has part in the state; None: as the document lets it
    resource: str | None = None  # to whose state it belongs, where its path does not say
    upstream: bool = True  # whether a proxy asks the real server; else the mock answers


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSettings:
    """What is set for one resource of the state."""

    id: str | None = None  # the property that tells its things apart; None: inferred
    seed: int | None = None  # how many things there are in the beginning; None: as many as the document's own list has
    stateful: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; each command uses its part."""

    host: str = "127.0.0.1"
    port: int = 4010
    admin_port: int | None = None  # of the admin side and the console; None: that of the API
    allow_host: tuple[str, ...] = ()  # names that are answered for besides those of this machine
    workers: int = 1
    seed: int = 0
    locale: str | None = None  # None: the document's `x-mock: {locale: …}`, else en_US
    source: tuple[str, ...] = SOURCES
    fixtures: Path | None = None  # None: `fixtures` beside the document
    scenarios: Path | None = None  # None: `scenarios` beside the document
    base_path: tuple[
        str, ...
    ] = ()  # one for all documents, or one for each; none: the path of a document's first server
    cors: bool | None = (
        None  # whether pages of any origin may read answers; None: those of the mock, not those of a real server
    )
    caching: bool = False  # whether answers may be kept as the document says; else `Cache-Control: no-store`
    validate_requests: bool = True
    security: bool = True
    strict_accept: bool = False  # 406 where nothing documented is acceptable, rather than the first media type
    keep_invalid_examples: bool = False
    keep_links: bool = False  # of the document's servers; else they lead to the mock
    check: bool = False
    reload: bool = False
    handlers: str | None = None  # a module whose functions answer the operations with their names
    max_body: int = 10 * 1024 * 1024  # bytes
    max_connections: int = 1_000  # of each process
    in_flight: int = 256 << 20  # bytes of requests that wait for their answers, in each process
    memory: int = 256 << 20  # bytes of worlds, journals, state, callbacks and kept answers, in each process
    header_timeout: float = 30.0  # seconds
    body_timeout: float = 30.0  # seconds without a byte
    idle_timeout: float = 75.0  # seconds
    journal: int = 1_000  # exchanges of each world
    admin: bool = True
    admin_token: str | None = None  # None: made up where one is needed, off loopback
    tls_cert: Path | None = None
    tls_key: Path | None = None
    log_format: str = "text"
    profile: str | None = None  # of generated answers; None: realistic
    delay: Delay | None = None  # before every answer
    fault: tuple[Fault, ...] = ()  # what goes wrong with answers, the first that happens
    stateful: bool = False
    store: str | None = field(default=None, repr=False)  # where state is kept; a secret, since it may hold a password
    callbacks_to: tuple[str, ...] = ()  # HOST or HOST:PORT
    callback_delay: Delay | None = None
    callback_retries: int = 3
    callback_secret: str | None = field(default=None, repr=False)  # signs callbacks and webhooks
    fallback: str | None = None  # who answers what the real server behind a proxy can't
    fallback_on: tuple[str, ...] = ("unreachable", "timeout", "501")
    allow_remote: tuple[str, ...] = ()
    allow_path: tuple[Path, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # of all answers of the API, by name in lower case
    operations: Mapping[str, OperationSettings] = field(default_factory=dict)
    resources: Mapping[str, ResourceSettings] = field(default_factory=dict)

    @property
    def disturbances(self) -> FaultSettings:
        """The delays and faults that are set."""
        own = {name: OperationFaults(delay=each.delay, faults=each.fault) for name, each in self.operations.items()}
        return FaultSettings(
            all=OperationFaults(delay=self.delay, faults=self.fault or None),
            operations={name: each for name, each in own.items() if each != NOTHING},
        )

    def for_operation(self, *names: str) -> OperationSettings:
        """Return what is set for an operation, under any of its names."""
        return next((self.operations[name] for name in names if name in self.operations), OperationSettings())


# What settings do that no command has a flag for, as reference pages show it.
WITHOUT_FLAG: Final = {
    "header_timeout": "Seconds that a client has to send the header of a request.",
    "body_timeout": "Seconds without a byte after which a request body, or a client that does not read, is given up.",
    "idle_timeout": "Seconds after which an idle connection is closed.",
    "callback_secret": "Signs callbacks and webhooks: `X-Mock-Signature` is the HMAC-SHA256 of the body.",
    "fields": "A table: what properties are filled with, by name; takes precedence over `x-faker` in the document.",
    "headers": "A table: header fields of all answers of the API.",
    "operations": "A table for each operation, by operationId or as in `GET /pets`; see below.",
    "resources": "A table for each resource of the state; see below.",
}
DEFAULTS: Final = Settings()
_LONGEST: Final = 86_400.0  # seconds of a timeout


def merge_settings(*layers: Mapping[str, object]) -> Settings:
    """
    Merge layers of settings, the strongest first.

    Args:
        layers: Values by setting name; `None` leaves the next layer to decide.

    Raises:
        UsageError: a name is unknown or a value has the wrong type.
    """
    merged: dict[str, object] = {}
    known = {item.name for item in fields(Settings)}
    for layer in reversed(layers):
        for name, value in layer.items():
            key = name.replace("-", "_")
            if key not in known:
                near = get_close_matches(key, known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
                raise UsageError(f"there is no setting {name!r}; {advice}")
            if value is not None:
                merged[key] = _typed(key, value)
    return replace(DEFAULTS, **merged)  # type: ignore[arg-type]


def _typed(name: str, value: object) -> object:
    """Bring a value from a file or the environment to the type of its setting."""
    if name in _READERS:
        return _READERS[name](name, value)
    if name in {"fields", "headers", "operations", "resources"}:
        return _tables(name, value)
    default = getattr(DEFAULTS, name, None)  # of what only operations or resources have, there is none
    if name in _DISTURBING:
        return _DISTURBING[name](value)  # type: ignore[arg-type]
    if name in SIZES:
        return parse_size(name, value)
    if type(default) in _PLAIN:
        return _PLAIN[type(default)](name, value)
    if isinstance(default, tuple):
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str | Path) for item in items):
            raise UsageError(f"{name} has to be a list of texts, not {value!r}")
        texts = tuple(str(item).strip() for item in items)
        return _sources(texts) if name == "source" else tuple(map(Path, texts)) if name == "allow_path" else texts
    if name in {"fixtures", "scenarios", "tls_cert", "tls_key"}:
        return Path(str(value))
    if not isinstance(value, str):
        raise UsageError(f"{name} has to be a text, not {value!r}")
    if name == "log_format" and value not in LOG_FORMATS:
        raise UsageError(f"log_format is one of {', '.join(LOG_FORMATS)}, not {value!r}")
    if name == "fallback" and value != "mock":
        raise UsageError(f"fallback is mock, or is left out; not {value!r}")
    if name == "profile" and value not in PROFILES:
        raise UsageError(f"profile is one of {', '.join(PROFILES)}, not {value!r}")
    return value


def read_boolean(name: str, value: object) -> bool:
    """
    Read a truth, as files and environments write it.

    Raises:
        UsageError: it is none.
    """
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise UsageError(f"{name} has to be true or false, not {value!r}")


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UsageError(f"{name} has to be a number, not {value!r}")
    try:
        return int(value)
    except ValueError as error:
        raise UsageError(f"{name} has to be a number, not {value!r}") from error


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{name} has to be a number of seconds over 0, not {value!r}")
    return seconds


def _faults(value: JsonValue | tuple[str, ...]) -> tuple[Fault, ...]:
    return parse_faults(list(value) if isinstance(value, tuple) else value)


def _header(name: str, value: object) -> str:
    """Check a header field of all answers: one that only the server, or the document, can set right is none of them."""
    lower = name.lower()
    if not is_token(name) or lower in _OWN_FIELDS or lower.startswith(_OWN_PREFIXES):
        raise UsageError(f"[headers] can't set {name!r}: it is no field that is the same in all answers")
    if not isinstance(value, str) or not value.isprintable() or not value.isascii() or value != value.strip():
        raise UsageError(f"[headers] {name} has to be a text of ASCII characters, not {value!r}")
    return value


def _sources(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in SOURCES]
    if unknown or not names:
        raise UsageError(
            f"source is a list of {', '.join(SOURCES)}; {unknown[0]!r} is none" if unknown else "source is empty"
        )
    return tuple(dict.fromkeys(names))


def _tables(name: str, value: object) -> object:
    if not isinstance(value, dict):
        raise UsageError(f"[{name}] has to be a table")
    if name == "fields":
        return {str(key): str(wish) for key, wish in value.items()}
    if name == "headers":
        return {str(key).lower(): _header(str(key), value[key]) for key in value}
    kind = OperationSettings if name == "operations" else ResourceSettings
    known = {item.name for item in fields(kind)}
    found: dict[str, object] = {}
    for key, table in value.items():
        if not isinstance(table, dict) or not table.keys() <= known:
            raise UsageError(f"[{name}.{key!r}] is a table of {', '.join(sorted(known))}")
        found[str(key)] = kind(**{part: _typed(part, given) for part, given in table.items()})  # type: ignore[arg-type]
    return found


_PLAIN: Final[Mapping[type, Callable[[str, object], object]]] = {bool: read_boolean, int: _integer, float: _seconds}
_DISTURBING: Final = {"delay": parse_delay, "callback_delay": parse_delay, "fault": _faults}
# Of what has no default to be typed by.
_READERS: Final = {"upstream": read_boolean, "cors": read_boolean, "admin_port": _integer}
