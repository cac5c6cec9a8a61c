"""Requests for the issuer, read: parameters, credentials of clients, cookies; and what is wrong with them."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from mock_server.exchange.message import RawFields, Request, find_field
from mock_server.issuer.people import Client, People
from mock_server.json_values import JsonObject

_MOST: Final = 100  # parameters
_LARGEST: Final = 65_536  # bytes of them
_UNFIT: Final = re.compile(r'[^ -~]|["\\]')  # for a description; RFC 6749, section 5.2
_FORM: Final = "application/x-www-form-urlencoded"


class RefusedGrant(Exception):
    """A refusal in OAuth's words. RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400, *, challenge: str = "") -> None:
        """
        Refuse.

        Args:
            error: The code.
            description: For the developer, in ASCII, without quotes and backslashes.
            status: Of the answer.
            challenge: The scheme of `WWW-Authenticate`, where the request had an Authorization field.
        """
        super().__init__(description)
        self.error = error
        self.description = _UNFIT.sub("?", description[:500])
        self.status = status
        self.challenge = challenge

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {"error": self.error, "error_description": self.description}


def read_parameters(data: bytes) -> dict[str, str]:
    """
    Read parameters as a query or a form has them. RFC 6749, section 3.1: none twice; empty ones count as absent.

    Raises:
        RefusedGrant: they are too many, too large, no UTF-8, or one comes twice.
    """
    if len(data) > _LARGEST:
        raise RefusedGrant("invalid_request", f"the parameters have more than {_LARGEST} bytes")
    try:
        text = data.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except (UnicodeDecodeError, ValueError) as error:
        raise RefusedGrant("invalid_request", "the parameters can't be read") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise RefusedGrant("invalid_request", f"the parameter {name} comes twice")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def read_form(request: Request) -> dict[str, str]:
    """
    Read the parameters of a form.

    Raises:
        RefusedGrant: it is none; see `read_parameters`.
    """
    media = (find_field(request.fields, b"content-type") or "").partition(";")[0].strip().lower()
    if media != _FORM:
        raise RefusedGrant("invalid_request", f"the body has to be {_FORM}")
    return read_parameters(request.body)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that said who it is."""

    client: Client
    has_secret: bool


def read_client(people: People, fields: RawFields, form: Mapping[str, str]) -> Authenticated:
    """
    Authenticate the client of a request. RFC 6749, section 2.3.

    Raises:
        RefusedGrant: it is not known, sends a wrong secret, or says it twice.
    """
    header = find_field(fields, b"authorization")
    name, secret = form.get("client_id"), form.get("client_secret")
    if header is not None:
        if secret is not None:
            raise RefusedGrant("invalid_request", "the client authenticates in two ways")
        own, secret = _read_basic(header)
        if name is not None and name != own:
            raise RefusedGrant("invalid_request", "client_id is not the client that authenticates")
        name = own
    client = people.client(name)
    if client is None or not client.accepts(secret):
        why = "it says not which client it is" if not name else f"{name} is not known, or its secret is wrong"
        raise RefusedGrant("invalid_client", why, 401, challenge="Basic" if header is not None else "")
    return Authenticated(client, bool(secret))


def _read_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.strip().partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        pair = ""
    name, colon, secret = pair.partition(":")
    if not colon:
        raise RefusedGrant("invalid_client", "Authorization has to be Basic", 401, challenge="Basic")
    return unquote_plus(name), unquote_plus(secret)


def read_bearer(fields: RawFields) -> str | None:
    """Return the token of an Authorization field. RFC 6750, section 2.1."""
    scheme, _, token = (find_field(fields, b"authorization") or "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return None


def read_cookies(fields: RawFields, name: str) -> list[str]:
    """Return the cookies of a name; there may be several, for paths and hosts of the same browser."""
    pairs = (part.partition("=") for part in (find_field(fields, b"cookie") or "").split(";")[:_MOST])
    return [value.strip() for key, _, value in pairs if key.strip() == name]
