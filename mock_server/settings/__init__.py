"""
Settings: flags over the environment over a file over defaults.

A setting is a row: a field of `Settings`, of which its flag, its variable `MOCK_SERVER_<NAME>`, its key in the file
and its documentation are made. `types` has the types of settings, and says what a row holds; `contract` has the rows of
logins and of tested operations, `issuer` those of the issuer.

The file is `mock-server.toml`, or "[tool.mock-server]" of pyproject.toml, in the working folder (what such a file
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
    stateful = false              # with --stateful: without state; "resource" says to which state it belongs

    [resources.pets]              # of the state
    id = "petNo"                  # the property that tells pets apart
    seed = 3                      # how many there are in the beginning
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from mock_server.delay import Delay
from mock_server.errors import UsageError
from mock_server.faults import NOTHING, Fault, FaultSettings, OperationFaults
from mock_server.settings.issuer import ISSUER, IssuerSettings
from mock_server.settings.types import (
    BOOLEAN,
    DAY,
    DELAY,
    FAKERS,
    FALLBACK,
    FAULTS,
    HEADERS,
    INTEGER,
    LIMIT,
    LOG_FORMAT,
    MOMENT,
    NAMES,
    PATH,
    PATHS,
    PROFILE,
    SECONDS,
    SIZE,
    SOURCE,
    SOURCES,
    TEXT,
    TEXTS,
    Setting,
    SettingType,
    Trust,
    read_tables,
    rows_of,
    schema_of_tables,
    setting,
)
from mock_server.timing.rates import RateLimit


def _operations(name: str, value: object) -> Mapping[str, "OperationSettings"]:
    return {key: OperationSettings(**table) for key, table in read_tables(name, value, OperationSettings).items()}


def _resources(name: str, value: object) -> Mapping[str, "ResourceSettings"]:
    return {key: ResourceSettings(**table) for key, table in read_tables(name, value, ResourceSettings).items()}


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
    rate_limit: RateLimit | None = setting(LIMIT)  # of each client, beside that of all operations; `off`: none
    idempotency: bool | None = setting(BOOLEAN)  # whether it answers by idempotency keys
    deprecation: date | None = setting(DAY)  # since when it is deprecated
    sunset: date | None = setting(DAY)  # when it ends
    upstream: bool = setting(BOOLEAN, default=True)  # whether a proxy asks the real server; else the mock answers


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSettings:
    """The settings of one resource of the state."""

    id: str | None = setting(TEXT)  # the property that tells its items apart; None: inferred
    seed: int | None = setting(INTEGER)  # how many items it begins with; None: as many as the document's own list has
    stateful: bool | None = setting(BOOLEAN)


OPERATIONS: Final = SettingType(_operations, schema=schema_of_tables(OperationSettings))
RESOURCES: Final = SettingType(_resources, schema=schema_of_tables(ResourceSettings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; each command uses its part. Flags are in this order."""

    host: str = setting(TEXT, "127.0.0.1", "The address to listen on.", trust=Trust.NOTHING)
    port: int = setting(INTEGER, 4010, "The port; 0 takes a free one.", short="-p")
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
    now: str | None = setting(
        MOMENT,
        None,
        "What time it is: a time, real, or as in +2d; generated moments, state and tokens go by it.",
        shown="real, with generated moments around 2026-06-01",
    )
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
    check_tokens: bool = setting(
        BOOLEAN,
        default=False,
        help="Verify bearer tokens: signature, expiry, audience and scopes of what the issuer gave.",
    )
    issuer: IssuerSettings = setting(
        ISSUER,
        IssuerSettings(),
        "Let users log in at the mock's own issuer, /__issuer (OAuth 2 and OpenID Connect); in a file, a table, see "
        "below.",
        trust=Trust.LOCAL,
        flag="--issuer/--no-issuer",
        shown="if a document has `oauth2` or `openIdConnect`",
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
        "Signs callbacks and webhooks, as Standard Webhooks says; `X-Mock-Signature` is the HMAC-SHA256 of the body.",
        flag=None,
        is_secret=True,
    )
    fault: tuple[Fault, ...] = setting(
        FAULTS, (), "A fault and how often it happens, as in error:503@0.1, reset@5%, truncate@#3."
    )
    rate_limit: RateLimit | None = setting(
        LIMIT,
        None,
        "How many requests a client may send, by its credentials, else its address, as in 100/min; then 429.",
        shown="no limit",
    )
    idempotency: bool | None = setting(
        BOOLEAN,
        None,
        "Answer requests with the same Idempotency-Key once, and repeat that answer for a day.",
        flag="--idempotency/--no-idempotency",
        shown="where the document has a field for keys",
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
    project: Path | None = setting(
        PATH,
        None,
        "The folder that references may read from without being allowed to.",
        trust=Trust.NOTHING,
        flag=None,
        shown="the nearest folder above with .git or the like",
    )
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
                type_ = SETTINGS[key].type
                read = type_.read(key, value)
                merged[key] = read if type_.merge is None else type_.merge(merged.get(key), read)
    return replace(DEFAULTS, **merged)


def write_default(name: str) -> str:
    """Return the default of a setting, as a settings file writes it; "" where it has none."""
    value = getattr(DEFAULTS, name)
    if value is None or value in ((), {}) or isinstance(value, IssuerSettings):
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
