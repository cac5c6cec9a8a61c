"""
Credentials: whether a request carries those that a security requirement asks for.

A mock knows no users: presence and form are looked at, never whether a key is the right one.

Source: OAS 3.1.1, "Security Scheme Object"; RFC 9110, section 11; RFC 6750; RFC 7617
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from mock_server.document.model import ParameterLocation, SecurityRequirement, SecurityScheme
from mock_server.exchange.message import find_field
from mock_server.exchange.parameters import Carrier


def find_unmet(
    requirements: Sequence[SecurityRequirement], schemes: Mapping[str, SecurityScheme], carrier: Carrier
) -> tuple[str, ...]:
    """
    Check alternatives.

    Returns:
        Nothing where one is met or none is required; else what each alternative lacks, in words.
    """
    lacking: list[str] = []
    for requirement in requirements:
        missing = [why for name, _ in requirement if (why := _missing(schemes[name], carrier)) is not None]
        if not missing:
            return ()
        lacking.append(" and ".join(missing))
    return tuple(lacking)


def challenges(requirements: Sequence[SecurityRequirement], schemes: Mapping[str, SecurityScheme]) -> str:
    """Write WWW-Authenticate for the schemes of some alternatives. RFC 9110, section 11.6.1."""
    found: dict[str, None] = {}
    for requirement in requirements:
        for name, _ in requirement:
            found[_challenge(schemes[name])] = None
    return ", ".join(found)


def credential_names(
    requirements: Sequence[SecurityRequirement], schemes: Mapping[str, SecurityScheme]
) -> frozenset[tuple[ParameterLocation, str]]:
    """Return the places and names of the credentials of an operation."""
    found = set()
    for requirement in requirements:
        for name, _ in requirement:
            scheme = schemes[name]
            if scheme.type == "apiKey":
                if scheme.location is ParameterLocation.HEADER:
                    key = scheme.name.lower()
                else:
                    key = scheme.name
                found.add((scheme.location, key))
            elif scheme.type != "mutualTLS":
                found.add((ParameterLocation.HEADER, "authorization"))
    return frozenset(found)


def _missing(scheme: SecurityScheme, carrier: Carrier) -> str | None:
    """Return what a scheme lacks; None when it is met."""
    if scheme.type == "apiKey":
        if _has_key(scheme, carrier):
            return None
        return f"the {scheme.location.value} parameter {scheme.name!r}"
    if scheme.type == "mutualTLS":
        return None  # the client certificate is the business of whoever ends TLS
    wanted = scheme.scheme if scheme.type == "http" else "bearer"
    header = find_field(carrier.fields, b"authorization")
    given, _, credentials = (header or "").strip().partition(" ")
    if not credentials.strip() or (wanted and given.lower() != wanted):
        return f"an Authorization header of the scheme {wanted.capitalize() or 'in use'}"
    if wanted == "basic" and not _is_basic(credentials.strip()):
        return "an Authorization header with base64 of user:password after Basic"
    return None


def _has_key(scheme: SecurityScheme, carrier: Carrier) -> bool:
    if scheme.location is ParameterLocation.HEADER:
        return bool(find_field(carrier.fields, scheme.name.lower().encode("latin-1", "replace")))
    pairs = carrier.cookies() if scheme.location is ParameterLocation.COOKIE else carrier.pairs
    return any(name == scheme.name and value for name, value in pairs)


def _is_basic(credentials: str) -> bool:
    try:
        return b":" in base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return False


def _challenge(scheme: SecurityScheme) -> str:
    if scheme.type == "apiKey":
        return f'ApiKey realm="{_quoted(scheme.key)}", in="{scheme.location.value}", name="{_quoted(scheme.name)}"'
    name = scheme.scheme if scheme.type == "http" else "bearer"
    return f'{(name or "bearer").capitalize()} realm="{_quoted(scheme.key)}"'


def _quoted(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isprintable() and char not in '"\\')
