"""Grants of logins: a token or cookies, their lifetime, and their renewal."""

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from mock_server.errors import LoginError, MalformedContent
from mock_server.exchange.body import read_json
from mock_server.exchange.message import Response, find_field
from mock_server.json_values import JsonObject, JsonValue, find_at, parse_pointer
from mock_server.printable import printable

_LONGEST: Final = 65_536  # characters of a token
_JWT_PARTS: Final = 3
_COMMON: Final = ("/access_token", "/token", "/accessToken", "/id_token", "/jwt")


class Grant(NamedTuple):
    """The credentials that a login gave."""

    values: tuple[str, ...]  # a token; or the values of cookies or header fields
    names: tuple[str, ...] = ()  # of these cookies or fields; empty for a token
    are_cookies: bool = False
    seconds: float | None = None  # how long it is good; None where nothing says so
    refresh: str = ""  # the refresh token


def read_object(response: Response) -> JsonObject:
    """Read the JSON object of an answer; an empty one where it has none."""
    try:
        value = read_json(response.body)
    except MalformedContent:
        return {}
    if isinstance(value, dict):
        return value
    return {}


def describe_refusal(response: Response) -> str:
    """Say what a refused login was answered: the status, and the error that OAuth 2 names (RFC 6749, section 5.2)."""
    value = read_object(response)
    words = [str(value[name])[:200] for name in ("error", "error_description") if isinstance(value.get(name), str)]
    return printable(" ".join([str(response.status), *words]))


def find_grant(response: Response, where: str | None, seconds: float | None = None) -> Grant:
    """
    Find the token or the cookies of an answer.

    Args:
        response: To a login request.
        where: A JSON Pointer, `header:NAME`, `cookie:NAME` or `cookies`; None for the usual places.
        seconds: How long it is good, where the user says so.

    Raises:
        LoginError: it is not there, or can't be sent.
    """
    value = read_object(response)
    kind, _, name = (where or "").partition(":")
    cookies = _cookies(response)
    if kind in {"cookie", "cookies"} and where is not None:
        found = cookies if kind == "cookies" else {key: item for key, item in cookies.items() if key == name}
        if not found:
            raise LoginError(f"the answer ({response.status}) sets no cookie{' ' + name if name else ''}")
        return make_grant(found, seconds=seconds, are_cookies=True)
    if kind == "header":
        text = find_field(response.fields, name.strip().lower().encode("latin-1", "replace"))
        if not text:
            raise LoginError(f"the answer ({response.status}) has no header field {name}")
        return _of_token(text.strip().removeprefix("Bearer "), value, seconds)
    pointers = _COMMON if where is None else (where,)
    token = next((text for pointer in pointers if (text := _at(value, pointer))), "")
    if token:
        return _of_token(token, value, seconds)
    if where is None and cookies:
        return make_grant(cookies, seconds=seconds, are_cookies=True)
    places = where or f"{', '.join(_COMMON)} or a cookie"
    raise LoginError(f"the answer ({response.status}) has no token at {places}: say where it is with `token`")


def make_grant(values: Mapping[str, str], *, seconds: float | None = None, are_cookies: bool = False) -> Grant:
    """
    Make a grant of named values.

    Raises:
        LoginError: one can't be sent.
    """
    for value in values.values():
        _check(value)
    return Grant(tuple(values.values()), tuple(values), are_cookies, seconds)


def make_token(token: str, *, seconds: float | None = None, refresh: str = "") -> Grant:
    """
    Make a grant of one token; a JWT says itself how long it is good (RFC 7519, section 4.1.4).

    Raises:
        LoginError: it can't be sent.
    """
    _check(token)
    return Grant((token,), seconds=seconds if seconds is not None else _jwt_seconds(token), refresh=refresh)


def _of_token(token: str, answer: JsonObject, seconds: float | None) -> Grant:
    refresh = answer.get("refresh_token")
    return make_token(
        token,
        seconds=seconds if seconds is not None else read_seconds(answer.get("expires_in")),
        refresh=refresh if isinstance(refresh, str) else "",
    )


def read_seconds(value: JsonValue) -> float | None:
    """Read `expires_in`, which some issuers write as a text; None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    if 0 < seconds < 1e9:  # noqa: PLR2004 - thirty years; what is longer needs no renewal
        return seconds
    return None


def _check(value: str) -> None:
    if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        raise LoginError("what the login gave can't be sent: it is empty, too long or no printable ASCII")


def _at(value: JsonObject, pointer: str) -> str:
    try:
        _, found = find_at(value, parse_pointer(pointer))
    except ValueError as error:
        raise LoginError(f"`token` is a JSON Pointer, header:NAME, cookie:NAME or cookies: {error}") from error
    if isinstance(found, str):
        return found
    return ""


def _cookies(response: Response) -> dict[str, str]:
    """Read the cookies that an answer sets, without those that it deletes: RFC 6265, section 5.2."""
    found: dict[str, str] = {}
    for name, value in response.fields:
        if name == b"set-cookie":
            pair, _, attributes = value.decode("latin-1").partition(";")
            key, equals, text = pair.partition("=")
            is_deleted = "max-age=0" in attributes.lower().replace(" ", "")
            if equals and key.strip() and text.strip() and not is_deleted:
                found[key.strip()] = text.strip()
    return found


def _jwt_seconds(token: str, now: Callable[[], float] = time.time) -> float | None:
    """Read how long a JWT is still good; None where it is none, or does not say so. Nothing is verified."""
    parts = token.split(".")
    if len(parts) != _JWT_PARTS:
        return None
    try:
        claims = read_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, MalformedContent):
        return None
    expires = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return None
    return read_seconds(expires - now())
