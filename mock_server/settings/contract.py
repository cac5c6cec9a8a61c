"""
The tables of `[test]` in a settings file: how a run logs in, and what holds for single operations.

A row is made as those of `settings` are. Of the rows of a login, flags `--auth-…` are made as well.

    [test.auth]                       # one login, or a table of its own for each: [test.auth.admin]
    token_url = "https://id.example/token"
    client_id = "nightly"
    client_secret = "${CLIENT_SECRET}"

    [test.operations."DELETE /pets/{petId}"]     # or an operationId, or tag:NAME, with * for anything
    expect = ["409"]
    level = {idempotency = "warning"}
    off = {coherence = {reason = "totals are estimates, SHOP-12", until = 2027-03-31}}
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from mock_server.errors import UsageError
from mock_server.findings import Level
from mock_server.settings.types import (
    BOOLEAN,
    NAMES,
    SECONDS,
    TEXT,
    Setting,
    SettingType,
    Trust,
    choose,
    rows_of,
    setting,
)

NOBODY: Final = "none"  # in place of a login: no credentials
GRANTS: Final = ("client_credentials", "password", "refresh_token")
_CLIENT_PLACES: Final = ("header", "body")
_BODY_TYPES: Final = ("json", "form")


def _body(name: str, value: object) -> object:
    if not isinstance(value, str | dict):
        raise UsageError(f"{name} has to be a text or a table, not {value!r}")
    return value


def _texts_by_name(name: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise UsageError(f"{name} has to be a table of texts, not {value!r}")
    return {str(key): item for key, item in value.items()}


def _row(type_: SettingType, help_: str, default: object = None, **changes: Any) -> Any:  # noqa: ANN401 - see `setting`
    """Make a row of a login: a settings file that was found sends nothing to anyone."""
    return setting(type_, default, help_, trust=Trust.NOTHING, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """One way to get credentials. Texts may name `${VARIABLE}` or `${file:PATH}`."""

    scheme: tuple[str, ...] = _row(
        NAMES, "The security schemes that the login is for.", (), shown="those that take a bearer token"
    )
    operations: tuple[str, ...] = _row(
        NAMES, "Only for operations that match: an operationId, 'GET /pets*' or tag:NAME.", (), shown="all"
    )
    other: bool = _row(BOOLEAN, "The login of the second identity.", default=False, flag=None)
    value: str | None = _row(TEXT, "A fixed secret, where none has to be asked for.", is_secret=True, flag=None)
    token_url: str | None = _row(TEXT, "OAuth 2: where tokens are given.", shown="the document's, if the API has it")
    issuer: str | None = _row(TEXT, "OpenID Connect: the issuer, whose discovery document names the token URL.")
    grant: str | None = _row(choose(GRANTS), f"OAuth 2: {', '.join(GRANTS)}.", shown="by what is given")
    client_id: str | None = _row(TEXT, "OAuth 2: the client.")
    client_secret: str | None = _row(TEXT, "OAuth 2: the secret of the client, as in '${SECRET}'.", is_secret=True)
    client_in: str = _row(choose(_CLIENT_PLACES), "OAuth 2: where the client is named: header or body.", "header")
    username: str | None = _row(TEXT, "OAuth 2: whose password is given.")
    password: str | None = _row(TEXT, "OAuth 2: the password, as in '${PASSWORD}'.", is_secret=True)
    refresh_token: str | None = _row(TEXT, "OAuth 2: the refresh token.", is_secret=True)
    scope: str | None = _row(TEXT, "OAuth 2: the scopes, with spaces between.")
    audience: str | None = _row(TEXT, "OAuth 2: the audience or resource that some issuers ask for.")
    request: str | None = _row(TEXT, "A login request: 'POST /login' below the API's URL, or with a whole URL.")
    body: Any = _row(  # noqa: RUF009 - a field
        SettingType(_body, schema={"type": ["object", "string"]}),
        "The body of the login request: a JSON object, or a text.",
        is_secret=True,
    )
    body_type: str = _row(choose(_BODY_TYPES), "How the body is written: json or form.", "json")
    headers: Mapping[str, str] = _row(
        SettingType(_texts_by_name, schema={"type": "object", "additionalProperties": {"type": "string"}}),
        "A table: header fields of the login request.",
        dict,
        flag=None,
        is_secret=True,
    )
    token: str | None = _row(
        TEXT,
        "Where the answer has the token: /a/json/pointer, header:NAME, cookie:NAME or cookies.",
        shown="/access_token, else /token, else cookies",
    )
    send: str | None = _row(
        TEXT,
        "How the token is sent: 'Authorization: Bearer {token}', 'Cookie: sid={token}' or '?key={token}'.",
        shown="as the security scheme says",
    )
    expires: float | None = _row(SECONDS, "Seconds that a token is good for.", shown="what the answer says")
    function: str | None = _row(TEXT, "module:function of Python that gives a token, or header fields by name.")
    file: str | None = _row(TEXT, "A Web Fuzzing Commons authentication file.")
    user: str | None = _row(TEXT, "The user of that file.", shown="the first; the second is the other identity")


class Off(NamedTuple):
    """Why and how long a check is off."""

    reason: str
    until: dt.date  # the last day


_STATUS_SCHEMA: Final = {
    "type": ["integer", "string"], "minimum": 100, "maximum": 599, "pattern": "^[1-5]([0-9]{2}|[xX]{2})$",
}  # fmt: skip
_STATUSES_SCHEMA: Final = {"type": ["array", "integer", "string"], "items": _STATUS_SCHEMA}
_LEVELS_SCHEMA: Final = {"type": "object", "additionalProperties": {"enum": [level.name.lower() for level in Level]}}
_OFFS_SCHEMA: Final = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["reason", "until"],
        # a date of TOML, which editors take for a text
        "properties": {"reason": {"type": "string", "pattern": "\\S"}, "until": {"type": "string", "format": "date"}},
    },
}
_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|XX)\Z")


def _statuses(name: str, value: object) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    texts = tuple(str(item).upper() for item in given)
    if not all(map(_STATUS.match, texts)):
        raise UsageError(f'{name} is a list of statuses, as in [409, "5XX"], not {value!r}')
    return texts


def _levels(name: str, value: object) -> Mapping[str, Level]:
    known = {level.name.lower(): level for level in Level}
    if not isinstance(value, dict) or not all(isinstance(item, str) and item in known for item in value.values()):
        raise UsageError(f"{name} is a table of checks, each with one of {', '.join(known)}; not {value!r}")
    return {check: known[item] for check, item in value.items()}


def _offs(name: str, value: object) -> Mapping[str, Off]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is a table of checks, not {value!r}")
    return {check: _off(f"{name}.{check}", item) for check, item in value.items()}


def _off(name: str, value: object) -> Off:
    reason, until = (value.get("reason"), value.get("until")) if isinstance(value, dict) else (None, None)
    if isinstance(until, str):
        try:
            until = dt.date.fromisoformat(until)
        except ValueError:
            until = None
    if isinstance(until, dt.datetime):
        until = until.date()
    if not isinstance(reason, str) or not reason.strip() or not isinstance(until, dt.date):
        raise UsageError(f'{name} is off for a reason and until a day: {{reason = "SHOP-12", until = 2027-03-31}}')
    return Off(reason.strip(), until)


def _values(name: str, value: object) -> Mapping[str, tuple[Any, ...]]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is a table of parameters, each with a value or a list of values; not {value!r}")
    lists = {parameter: item for parameter, item in value.items() if isinstance(item, list)}
    return {parameter: tuple(lists.get(parameter, (item,))) for parameter, item in value.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedOperation:
    """The settings of the tested operations that a pattern fits."""

    expect: tuple[str, ...] = setting(
        SettingType(_statuses, schema=_STATUSES_SCHEMA),
        (),
        'Statuses that are expected though the document does not have them: [409, "5XX"].',
    )
    level: Mapping[str, Level] = setting(
        SettingType(_levels, schema=_LEVELS_SCHEMA), dict, "A table: the severity of checks: error, warning or note."
    )
    off: Mapping[str, Off] = setting(
        SettingType(_offs, schema=_OFFS_SCHEMA),
        dict,
        "A table: checks that are off, each with a reason and its last day; after that day, this is a finding itself.",
    )
    values: Mapping[str, tuple[Any, ...]] = setting(
        SettingType(_values, schema={"type": "object"}),
        dict,
        "A table: values of parameters that exist, as in --values.",
    )
    auth: str | None = setting(TEXT, None, "The login of `[test.auth]` that asks; none for no credentials.")


TESTED_ROWS: Final[Mapping[str, Setting]] = rows_of(TestedOperation)
LOGIN_ROWS: Final[Mapping[str, Setting]] = rows_of(LoginSettings)


def read_logins(table: Mapping[str, object]) -> dict[str, LoginSettings]:
    """
    Read `[test.auth]`: the rows of one login, and tables that are logins of their own.

    Returns:
        Logins by name; the one without a table of its own is called "".

    Raises:
        UsageError: a row is unknown, or has the wrong type.
    """
    own = {name: value for name, value in table.items() if not _is_login(name, value)}
    logins = {"": _read_row_table("[test.auth]", own, LoginSettings)} if own else {}
    return logins | {
        name: _read_row_table(f"[test.auth.{name}]", value, LoginSettings)
        for name, value in table.items()
        if _is_login(name, value)
    }


def read_operations(table: Mapping[str, object]) -> dict[str, TestedOperation]:
    """
    Read `[test.operations]`, by pattern.

    Raises:
        UsageError: a row is unknown, or has the wrong type.
    """
    return {
        pattern: _read_row_table(f"[test.operations.{pattern!r}]", value, TestedOperation)
        for pattern, value in table.items()
    }


def _is_login(name: str, value: object) -> bool:
    return isinstance(value, dict) and not takes_table(name.replace("-", "_"))


def takes_table(name: str) -> bool:
    """Return True for a row of a login whose value is a table; a table of any other name is a login of its own."""
    return name in LOGIN_ROWS and "object" in LOGIN_ROWS[name].type.schema.get("type", ())


def _read_row_table(where: str, value: object, kind: type[Any]) -> Any:  # noqa: ANN401 - of that class
    rows = rows_of(kind)
    if not isinstance(value, dict):
        raise UsageError(f"{where} has to be a table, not {value!r}")
    table = {name.replace("-", "_"): item for name, item in value.items()}
    for name in table:
        if name not in rows:
            raise UsageError(f"{where} has no {name!r}; there are {', '.join(rows)}")
    try:
        return kind(**{name: rows[name].type.read(name, item) for name, item in table.items()})
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
