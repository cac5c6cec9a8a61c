"""
Web Fuzzing Commons authentication files, as logins.

Source: https://github.com/WebFuzzing/Commons/blob/master/src/main/resources/wfc/schemas/auth.yaml
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mock_server.document.load import read_resource
from mock_server.errors import DocumentError, UsageError
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.settings.contract import LoginSettings

_FORM: Final = "application/x-www-form-urlencoded"
_VERBS: Final = frozenset(("POST", "GET", "PATCH", "DELETE", "PUT"))


def read_users(path: Path, origin: str) -> dict[str, list[LoginSettings]]:
    """
    Read the users of a file, each with what it sends.

    Args:
        path: A YAML or JSON file.
        origin: Of the API, below which `endpoint` is.

    Raises:
        UsageError: it can't be read, or says what is not understood.
    """
    try:
        value = read_resource(path).value
    except DocumentError as error:
        raise UsageError(str(error)) from error
    listed = as_object(value).get("auth")
    if not isinstance(value, dict) or not isinstance(listed, list):
        raise UsageError(f"{path}: an authentication file has a list `auth`")
    template = as_object(value.get("authTemplate"))
    users: dict[str, list[LoginSettings]] = {}
    for item in listed:
        user = _merge(template, as_object(item))
        name = user.get("name")
        if not isinstance(name, str) or name in users:
            raise UsageError(f"{path}: each of `auth` has a name of its own")
        try:
            users[name] = list(_logins(user, origin))
        except UsageError as error:
            raise UsageError(f"{path}: {name}: {error}") from error
    if not users:
        raise UsageError(f"{path}: `auth` is empty")
    return users


def _merge(template: JsonObject, own: JsonObject) -> JsonObject:
    """Fill in what is not said from a template, at every depth."""
    merged = dict(template)
    for name, value in own.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merge(below, value)
        elif value is not None:
            merged[name] = value
    return merged


def _logins(user: JsonObject, origin: str) -> list[LoginSettings]:
    if user.get("createUsers"):
        raise UsageError("createUsers is not supported: name a user that exists")
    found = [
        LoginSettings(value=value, send=f"{name}: {{token}}")
        for name, value in _headers(user.get("fixedHeaders")).items()
    ]
    login = user.get("loginEndpointAuth")
    if isinstance(login, dict):
        found.append(_request(login, origin))
    if not found:
        raise UsageError("it has neither fixedHeaders nor loginEndpointAuth")
    return found


def _headers(value: JsonValue) -> dict[str, str]:
    pairs = [as_object(item) for item in value] if isinstance(value, list) else []
    return {_text(pair, "name"): _text(pair, "value").strip() for pair in pairs}


def _request(login: JsonObject, origin: str) -> LoginSettings:
    verb = _text(login, "verb", "POST")
    if verb not in _VERBS:
        raise UsageError(f"verb is one of {', '.join(sorted(_VERBS))}, not {verb!r}")
    endpoint, external = login.get("endpoint"), login.get("externalEndpointURL")
    if (endpoint is None) == (external is None):
        raise UsageError("loginEndpointAuth has either endpoint or externalEndpointURL")
    url = str(external) if external is not None else f"{origin}/{str(endpoint).lstrip('/')}"
    kind = _text(login, "contentType", "")
    headers = {name.lower(): value for name, value in _headers(login.get("headers")).items()}
    if kind:
        headers.setdefault("content-type", kind)
    settings = LoginSettings(
        request=f"{verb} {url}",
        headers=headers,
        body=_body(login),
        body_type="form" if kind.startswith(_FORM) else "json",
    )
    if login.get("expectCookies"):
        return replace(settings, token="cookies")  # noqa: S106 - a place
    return replace(settings, **_token(login.get("token")))


def _body(login: JsonObject) -> str | dict[str, str] | None:
    raw, pair = login.get("payloadRaw"), login.get("payloadUserPwd")
    if isinstance(raw, str):
        return raw
    if not isinstance(pair, dict):
        return None
    return {
        _text(pair, "usernameField"): _text(pair, "username"),
        _text(pair, "passwordField"): _text(pair, "password"),
    }


def _token(value: JsonValue) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError("loginEndpointAuth has either token or expectCookies")
    selector, name = _text(value, "extractSelector"), _text(value, "sendName")
    template = _text(value, "sendTemplate", "{token}")
    is_query = _text(value, "sendIn", "header") == "query"
    return {
        "token": f"header:{selector}" if _text(value, "extractFrom", "body") == "header" else selector,
        "send": f"?{name}={template}" if is_query else f"{name}: {template}",
    }


def _text(table: JsonObject, name: str, default: str | None = None) -> str:
    value = table.get(name, default)
    if not isinstance(value, str):
        raise UsageError(f"{name} has to be a text")
    return value
