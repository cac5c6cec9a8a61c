"""
Identities: the credentials of a request, and keeping them out of every report.

A secret is written nowhere: the `Mask` of an identity replaces what it knows, and what is secret by name or shape.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from mock_server.document.document import Document
from mock_server.document.model import Operation, ParameterLocation, SecurityRequirement, SecurityScheme
from mock_server.errors import UsageError
from mock_server.exchange.message import Request
from mock_server.exchange.secrets.document import mask_of
from mock_server.exchange.secrets.heads import is_secret_field
from mock_server.exchange.secrets.known import MASKED, forms_of
from mock_server.exchange.secrets.mask import Mask
from mock_server.exchange.security import credential_names

_VARIABLE = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)|file:([^{}]+))\}")
_LARGEST = 65_536  # bytes of a file that holds a secret
_SHORTEST = 4  # characters: what is shorter is found everywhere


@dataclass(frozen=True, slots=True)
class Identity:
    """The credentials of one client."""

    credentials: Mapping[str, str] = field(default_factory=dict)  # by security scheme
    fields: tuple[tuple[bytes, bytes], ...] = ()  # sent with every request
    query: tuple[tuple[str, str], ...] = ()  # the same, in the query
    granting: frozenset[bytes] = frozenset()  # names of the fields that are credentials
    own: Mapping[str, "Identity"] = field(default_factory=dict)  # for single operations, by operationId

    @property
    def is_known(self) -> bool:
        """True if credentials were given; else they are made up."""
        return bool(self.credentials or self.fields or self.query or self.own)

    def for_operation(self, operation: str) -> "Identity":
        """Return the credentials for an operation."""
        return self.own.get(operation, self)

    def joined(self, other: "Identity") -> "Identity":
        """Return an identity that has the credentials of another one as well; these take precedence."""
        names = {name for name, _ in other.fields} - {b"cookie"}
        cookies = [value for name, value in (*self.fields, *other.fields) if name == b"cookie"]
        kept = tuple(pair for pair in (*self.fields, *other.fields) if pair[0] != b"cookie" and pair[0] not in names)
        own = tuple(pair for pair in other.fields if pair[0] in names)
        joined = ((b"cookie", b"; ".join(cookies)),) if cookies else ()
        queried = {name for name, _ in other.query}
        return Identity(
            {**self.credentials, **other.credentials},
            (*kept, *own, *joined),
            (*(pair for pair in self.query if pair[0] not in queried), *other.query),
            self.granting | other.granting,
            self.own,
        )

    def choose(self, operation: Operation, schemes: Mapping[str, SecurityScheme]) -> SecurityRequirement:
        """Choose the alternative with credentials at hand; the first one if there is none."""
        for requirement in operation.security:
            if requirement and all(self.has(name, schemes[name]) for name, _ in requirement):
                return requirement
        return next(iter(operation.security), ())

    def has(self, name: str, scheme: SecurityScheme) -> bool:
        """Return True if the credentials of a scheme were given, by its name or as a header field."""
        if name in self.credentials:
            return True
        given = {key for key, _ in self.fields}
        if scheme.type != "apiKey":
            return b"authorization" in given
        if scheme.location is ParameterLocation.HEADER:
            return scheme.name.lower().encode("latin-1", "replace") in given
        return scheme.location is ParameterLocation.QUERY and any(name == scheme.name for name, _ in self.query)

    def apply(self, request: Request) -> Request:
        """
        Add what is sent with every request.

        Header fields replace those of the same name, and cookies go with the others (RFC 6265, section 4.2.1).
        """
        if self.query:
            names = {quote(name, safe="").encode() for name, _ in self.query}
            pairs = [f"{quote(name, safe='')}={quote(value, safe='')}".encode() for name, value in self.query]
            others = [pair for pair in request.query.split(b"&") if pair and pair.partition(b"=")[0] not in names]
            request = request._replace(query=b"&".join((*others, *pairs)))
        if not self.fields:
            return request
        own = {name for name, _ in self.fields}
        kept = tuple(pair for pair in request.fields if pair[0] not in own)
        cookies = [value for name, value in request.fields if name == b"cookie"]
        added = dict(self.fields)
        if b"cookie" in added and b"cookie" in self.granting:
            added[b"cookie"] = _join_cookies(cookies, added[b"cookie"])
        return request._replace(fields=(*kept, *added.items()))

    def without_credentials(self, operation: Operation, schemes: Mapping[str, SecurityScheme]) -> "Identity":
        """Return the fields without credentials."""
        names = {
            name.encode("latin-1", "replace")
            for location, name in credential_names(operation.security, schemes)
            if location is ParameterLocation.HEADER
        }
        names |= self.granting
        if any(place is ParameterLocation.COOKIE for place, _ in credential_names(operation.security, schemes)):
            names.add(b"cookie")
        return Identity({}, tuple(pair for pair in self.fields if pair[0] not in names))


def _join_cookies(fields: list[bytes], own: bytes) -> bytes:
    """Write the cookies of some fields, and others that replace those of the same names."""
    names = {part.partition(b"=")[0].strip() for part in own.split(b";")}
    parts = [part.strip() for field_ in fields for part in field_.split(b";")]
    return b"; ".join((*(part for part in parts if part.partition(b"=")[0] not in names), own))


def restore(request: Request, identity: Identity, schemes: Mapping[str, SecurityScheme]) -> Request:
    """Put secrets back into a request that was masked."""
    written: dict[bytes, bytes] = dict(identity.fields)
    query = request.query.decode("latin-1")
    for name, value in identity.query:
        key = quote(name, safe="")
        query = query.replace(f"{key}={MASKED}", f"{key}={quote(value, safe='')}")
    for name, secret in identity.credentials.items():
        scheme = schemes[name]
        if scheme.type != "apiKey":
            if scheme.scheme == "basic":
                text = base64.b64encode(secret.encode()).decode()
            else:
                text = secret
            written[b"authorization"] = f"{(scheme.scheme or 'bearer').capitalize()} {text}".encode(
                "latin-1", "replace"
            )
        elif scheme.location is ParameterLocation.HEADER:
            written[scheme.name.lower().encode("latin-1", "replace")] = secret.encode("latin-1", "replace")
        elif scheme.location is ParameterLocation.QUERY:
            query = query.replace(
                f"{quote(scheme.name, safe='')}={MASKED}", f"{quote(scheme.name, safe='')}={quote(secret, safe='')}"
            )
        else:
            written[b"cookie"] = f"{scheme.name}={secret}".encode("latin-1", "replace")
    fields = list(request.fields)
    for index, (field_name, masked) in enumerate(fields):
        if masked == MASKED.encode():
            fields[index] = (field_name, written.get(field_name, masked))
    return request._replace(query=query.encode("latin-1", "replace"), fields=tuple(fields))


def make_mask(identities: tuple[Identity, ...], document: Document) -> Mask:
    """Make the mask of the secrets of some identities, in every form in which they are sent."""
    mask = mask_of((document,))
    secrets: set[str] = set()
    names = set(mask.names)
    for identity in (each for one in identities for each in (one, *one.own.values())):
        names.update(name.decode("latin-1") for name in identity.granting)
        names.update(name.lower() for name, _ in identity.query)
        for secret in identity.credentials.values():
            secrets |= forms_of(secret)
            if ":" in secret:
                secrets |= forms_of(secret.partition(":")[2])
        for name, value in identity.fields:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            if is_secret_field(key, text) or key in names:
                names.add(key)
                secrets |= forms_of(text) | forms_of(text.partition(" ")[2])
    given = {secret for secret in secrets if len(secret) >= _SHORTEST}
    return replace(
        mask, secrets=tuple(sorted(given, key=lambda secret: (-len(secret), secret))), names=frozenset(names)
    )


def make_identity(
    headers: tuple[str, ...],
    auth: tuple[str, ...],
    schemes: Mapping[str, SecurityScheme],
    environment: Mapping[str, str],
) -> Identity:
    """
    Read credentials from the command line.

    Args:
        headers: As `Name: value`.
        auth: As `SCHEME=secret`, where SCHEME is a security scheme of the document, or `user:password`.
        schemes: Of the document.
        environment: Where `${NAME}` is looked up.

    Raises:
        UsageError: one can't be read, names no scheme, or an environment variable is not set.
    """
    fields = []
    for header in headers:
        name, colon, value = expand(header, environment).partition(":")
        if not colon or not name.strip() or not value.strip().isprintable():
            raise UsageError(f"a header is written 'Name: value', not {header!r}")
        fields.append((name.strip().lower().encode("latin-1", "replace"), value.strip().encode("latin-1", "replace")))
    credentials: dict[str, str] = {}
    for item in auth:
        key, equals, secret = expand(item, environment).partition("=")
        if equals and key in schemes:
            credentials[key] = secret
            continue
        basic = next((scheme.key for scheme in schemes.values() if scheme.scheme == "basic"), None)
        if basic is None or ":" not in item:
            known = ", ".join(schemes) or "none"
            raise UsageError(
                f"--auth is SCHEME=secret, or user:password for basic authentication; "
                f"the document's schemes are {known}"
            )
        credentials[basic] = expand(item, environment)
    return Identity(credentials, tuple(fields))


def expand(text: str, environment: Mapping[str, str]) -> str:
    """
    Replace `${NAME}` by environment variables, and `${file:PATH}` by the text of files.

    So no secret is on a command line.

    Raises:
        UsageError: a variable is not set, or a file can't be read.
    """

    def value(match: re.Match[str]) -> str:
        if match.group(2) is not None:
            return _read_secret(Path(match.group(2)))
        if match.group(1) not in environment:
            raise UsageError(f"the environment variable {match.group(1)} is not set")
        return environment[match.group(1)]

    return _VARIABLE.sub(value, text)


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode().strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"${{file:{path}}} can't be read: {error}") from error
