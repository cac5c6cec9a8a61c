"""Users and clients: those of the settings, or some that are always there."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_server.json_values import JsonObject
from mock_server.settings.issuer import IssuerClient, IssuerSettings, IssuerUser

_DEFAULT_USERS: Final[Mapping[str, IssuerUser]] = {
    "ada": IssuerUser(name="Ada Lovelace"),
    "grace": IssuerUser(name="Grace Hopper"),
    "alan": IssuerUser(name="Alan Turing"),
}
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")  # for the local part of an address
_LONGEST_ID: Final = 200  # characters of a client's


def is_same(given: str, wanted: str) -> bool:
    """Compare two secrets, equally long whatever they are."""
    return hmac.compare_digest(_digest(given), _digest(wanted))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class Client:
    """A client that asks for tokens."""

    id: str
    settings: IssuerClient | None  # None: of the many that are not registered, where any is known

    @property
    def claims(self) -> JsonObject:
        """The claims of its tokens about itself."""
        return self.settings.claims if self.settings is not None else {}

    def may_have(self, scope: str) -> bool:
        """Check whether it may have a scope."""
        return self.settings is None or self.settings.scopes is None or scope in self.settings.scopes

    def accepts(self, secret: str | None) -> bool:
        """
        Check what a client sends as its secret.

        Args:
            secret: None where it sent none, as a public client does.
        """
        if self.settings is None:
            return True
        if self.settings.secret is None:
            return secret is None or secret == ""
        return secret is not None and is_same(secret, self.settings.secret)


class User(NamedTuple):
    """A user who logs in."""

    key: str
    settings: IssuerUser

    @property
    def subject(self) -> str:
        """The `sub` of the user's tokens."""
        return str(self.settings.claims.get("sub", self.key))

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.settings.name or self.key

    @property
    def email(self) -> str:
        """The address; example.com is nobody's. RFC 2606."""
        if self.settings.email is not None:
            return self.settings.email
        local = _UNFIT.sub(".", self.key)
        return f"{local.strip('.') or 'user'}@example.com"

    def may_grant(self, scope: str) -> bool:
        """Check whether the user may grant a scope."""
        return self.settings.scopes is None or scope in self.settings.scopes

    def claims(self, scopes: frozenset[str]) -> JsonObject:
        """Return what is said of the user. OpenID Connect Core 1.0, section 5.4."""
        found: JsonObject = {"sub": self.subject}
        if "profile" in scopes:
            given, _, family = self.name.rpartition(" ")
            found |= {"name": self.name, "preferred_username": self.key, "given_name": given or family}
            if given:
                found["family_name"] = family
        if "email" in scopes:
            found |= {"email": self.email, "email_verified": True}
        return {**found, **self.settings.claims, "sub": self.subject}


class People:
    """The users and clients of an issuer."""

    def __init__(self, settings: IssuerSettings) -> None:
        known = settings.users or _DEFAULT_USERS
        self.users: Mapping[str, User] = {key: User(key, each) for key, each in known.items()}
        self._clients = settings.clients

    def client(self, name: str | None) -> Client | None:
        """Return a client by its id; where none is registered, any is known."""
        if not name or len(name) > _LONGEST_ID or not name.isascii() or not name.isprintable():
            return None
        if not self._clients:
            return Client(name, None)
        known = self._clients.get(name)
        if known is None:
            return None
        return Client(name, known)

    def log_in(self, name: str, password: str) -> User | None:
        """Return the user of a name and password; a user without one has any."""
        user = self.users.get(name)
        if user is None or not password:
            return None
        wanted = user.settings.password
        if wanted is not None and not is_same(password, wanted):
            return None
        return user
