"""
The table `[issuer]` of a settings file: who can log in, for whom, and what tokens say.

    [issuer]
    audience = "https://api.example.com"
    access_token = "15m"

    [issuer.users.ada]
    name = "Ada Lovelace"
    password = "engine"                     # for the password grant only; the page asks for none
    scopes = ["read", "write"]              # that the user can grant; without it, all
    claims = {roles = ["admin"]}

    [issuer.clients.shop]                   # with clients, no others are known
    redirect_uris = ["http://localhost:5173/callback"]

    [issuer.clients.nightly]
    secret = "for-tests-only"
    scopes = ["read"]
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from mock_server.errors import UsageError
from mock_server.json_values import JsonObject
from mock_server.settings.types import (
    BOOLEAN,
    DURATION,
    NAMES,
    PATH,
    TEXT,
    SettingType,
    read_boolean,
    read_table,
    read_tables,
    read_texts,
    rows_of,
    schema_of_rows,
    schema_of_tables,
    setting,
)

ISSUER_PATH: Final = "/__issuer"  # of all endpoints
# Where RFC 8414, section 3.1, has the metadata of an issuer with a path.
WELL_KNOWN: Final = tuple(
    f"/.well-known/{kind}{ISSUER_PATH}" for kind in ("oauth-authorization-server", "openid-configuration")
)
_LARGEST: Final = 8_192  # bytes of the claims of a user, as JSON: a token is sent in a header field
_MOST: Final = 1_000  # users and clients
_LONGEST: Final = 200  # characters of their names
# What a token says of itself; RFC 7519, section 4.1; RFC 9068; OpenID Connect Core 1.0, section 2.
OWN_CLAIMS: Final = frozenset(
    ("iss", "aud", "exp", "nbf", "iat", "jti", "nonce", "azp", "auth_time", "at_hash", "c_hash", "s_hash", "sid",
     "scope", "client_id", "typ")
)  # fmt: skip
LOOPBACK_HOSTS: Final = frozenset(("localhost", "127.0.0.1", "::1"))


def _claims(name: str, value: object) -> JsonObject:
    table: dict[str, Any] = dict(read_table(name, value))
    own = sorted(OWN_CLAIMS & table.keys())
    if own:
        raise UsageError(f"{name} can't set {', '.join(own)}: each token says that of itself")
    try:
        size = len(json.dumps(table, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} has to be made of what JSON has: {error}") from error
    if size > _LARGEST:
        raise UsageError(f"{name} has {size:,} bytes: tokens travel in header fields, {_LARGEST:,} is the most")
    return table


def split_uri(uri: str) -> SplitResult | None:
    """Split an absolute URI without a fragment; None for anything else."""
    if not uri.isascii() or not uri.isprintable() or any(char in uri for char in " \\<>\"'"):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port  # which is read here
    except ValueError:
        return None
    if not parts.scheme or "#" in uri or "@" in parts.netloc:
        return None
    return parts


def _uris(name: str, value: object) -> tuple[str, ...]:
    """Read redirect URIs. RFC 6749, section 3.1.2: without a fragment; RFC 9700, section 2.1: compared as they are."""
    uris = read_texts(name, value)
    for uri in uris:
        parts = split_uri(uri)
        is_web = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_app = parts is not None and "." in parts.scheme  # RFC 8252, section 7.1
        if not is_web and not is_app:
            raise UsageError(
                f"{name}: {uri!r} is no redirect URI: http(s)://host/… or com.example.app:/…, without a fragment"
            )
    return uris


def _url(name: str, value: object) -> str:
    parts = split_uri(str(value))
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise UsageError(f"{name} has to be a URL as in http://localhost:4010/__issuer, not {value!r}")
    return str(value).rstrip("/")


CLAIMS: Final = SettingType(_claims, schema={"type": "object"})
URIS: Final = SettingType(_uris, schema=NAMES.schema)
URL: Final = SettingType(_url, schema={"type": "string", "pattern": "^https?://"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerUser:
    """A user of the issuer."""

    name: str | None = setting(TEXT, None, "The name; without it, the key of the table.")
    email: str | None = setting(TEXT, None, "The address; without it, one at example.com.")
    password: str | None = setting(
        TEXT, None, "What the password grant has to send; without it, anything will do.", is_secret=True
    )
    scopes: tuple[str, ...] | None = setting(NAMES, None, "The scopes that the user can grant; without it, all.")
    claims: JsonObject = setting(CLAIMS, dict, "Claims of the user, in all tokens and in userinfo.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerClient:
    """A client of the issuer."""

    secret: str | None = setting(TEXT, None, "Its secret; a client without one is a public one.", is_secret=True)
    redirect_uris: tuple[str, ...] = setting(
        URIS, (), "Where it may be redirected to, after a logout as well; of loopback ones, the port is not compared."
    )
    scopes: tuple[str, ...] | None = setting(NAMES, None, "The scopes that it can have; without it, all.")
    claims: JsonObject = setting(CLAIMS, dict, "Claims of the access tokens that it gets for itself.")


def _read_all(name: str, value: object, kind: type[Any]) -> Mapping[str, Any]:
    read = {key: kind(**table) for key, table in read_tables(name, value, kind).items()}
    if len(read) > _MOST or any(not key or len(key) > _LONGEST or not key.isprintable() for key in read):
        raise UsageError(f"[{name}] has up to {_MOST:,} tables, with names of up to {_LONGEST} printable characters")
    return read


USERS: Final = SettingType(
    lambda name, value: _read_all(f"issuer.{name}", value, IssuerUser), schema=schema_of_tables(IssuerUser)
)
CLIENTS: Final = SettingType(
    lambda name, value: _read_all(f"issuer.{name}", value, IssuerClient), schema=schema_of_tables(IssuerClient)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSettings:
    """The settings of the issuer."""

    enabled: bool | None = setting(
        BOOLEAN, None, "Whether there is an issuer.", shown="if a document has `oauth2` or `openIdConnect`"
    )
    url: str | None = setting(
        URL, None, "The identifier of the issuer, where it is not reached as clients address the mock: behind Docker."
    )
    key: Path | None = setting(
        PATH,
        None,
        "The RSA key of signatures (PEM or JWK), to have the same one after a restart.",
        shown="made at start",
    )
    audience: tuple[str, ...] = setting(
        NAMES, (), "Whom access tokens are for; `--check-tokens` takes no others.", shown="the mock's origin"
    )
    scopes: tuple[str, ...] = setting(NAMES, (), "Scopes beside those of the documents and of OpenID Connect.")
    access_token: float = setting(DURATION, 3_600.0, "How long access tokens are good.", shown="1h")
    id_token: float = setting(DURATION, 3_600.0, "How long ID tokens are good.", shown="1h")
    refresh_token: float = setting(DURATION, 14 * 86_400.0, "How long refresh tokens are good.", shown="14d")
    code: float = setting(DURATION, 60.0, "How long authorization codes are good.", shown="1m")
    device_code: float = setting(DURATION, 600.0, "How long device codes are good.", shown="10m")
    session: float = setting(DURATION, 8 * 3_600.0, "How long a browser stays logged in.", shown="8h")
    claims: JsonObject = setting(CLAIMS, dict, "Claims of all access tokens.")
    users: Mapping[str, IssuerUser] = setting(USERS, dict, "A table for each user.", shown="ada, grace and alan")
    clients: Mapping[str, IssuerClient] = setting(
        CLIENTS, dict, "A table for each client.", shown="any, redirected to this machine only"
    )


ISSUER_ROWS: Final = rows_of(IssuerSettings)
USER_ROWS: Final = rows_of(IssuerUser)
CLIENT_ROWS: Final = rows_of(IssuerClient)


def _issuer(name: str, value: object) -> bool | IssuerSettings:
    """Read whether there is an issuer, or its table."""
    if not isinstance(value, dict):
        return read_boolean(name, value)
    unknown = sorted(value.keys() - ISSUER_ROWS.keys())
    if unknown:
        raise UsageError(f"[{name}] has no {unknown[0]!r}; there are {', '.join(sorted(ISSUER_ROWS))}")
    read: dict[str, Any] = {key: ISSUER_ROWS[key].type.read(key, item) for key, item in value.items()}
    return IssuerSettings(**read)


def _over(weaker: IssuerSettings | None, stronger: bool | IssuerSettings) -> IssuerSettings:  # noqa: FBT001 - a value
    """Put a flag over a table: it says only whether there is an issuer."""
    if isinstance(stronger, IssuerSettings):
        return stronger
    return replace(weaker or IssuerSettings(), enabled=stronger)


ISSUER: Final = SettingType(
    _issuer,
    bool,
    _over,
    {"type": ["boolean", "object"], "properties": schema_of_rows(ISSUER_ROWS), "additionalProperties": False},
)


def leads_away(table: Mapping[str, object]) -> str | None:
    """Return why a table of a file that was only found is not trusted, or None."""
    if "key" in table or "url" in table:
        return "names a key or an address"
    clients = table.get("clients")
    each = clients.values() if isinstance(clients, dict) else ()
    for client in each:
        uris = client.get("redirect_uris", []) if isinstance(client, dict) else []
        for uri in uris if isinstance(uris, list) else (uris,):
            parts = split_uri(str(uri))
            if parts is None or parts.hostname not in LOOPBACK_HOSTS:
                return "redirects to other hosts"
    return None
