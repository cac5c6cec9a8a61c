"""The memory of the issuer: codes and refresh tokens that were used or revoked, devices that wait."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

_MOST: Final = 20_000  # ids that are remembered
_MOST_DEVICES: Final = 1_000
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628, section 6.1: no words, nothing that looks like a digit
_GROUP: Final = 4  # letters


def make_id() -> str:
    """Make an id that nobody can guess."""
    return secrets.token_urlsafe(16)


@dataclass(slots=True)
class DeviceGrant:
    """A device that waits for a user."""

    client: str
    scope: str
    ends: float  # in seconds since the epoch
    user: str | None = None  # who let it in
    is_denied: bool = False
    logged_in: float = 0.0  # when


@dataclass(eq=False)
class Grants:
    """The memory of an issuer; bounded, the oldest is forgotten first."""

    _used: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _revoked: OrderedDict[str, None] = field(default_factory=OrderedDict)  # tokens, and families of them
    _devices: OrderedDict[str, DeviceGrant] = field(default_factory=OrderedDict)  # by what the user types

    def use(self, id_: str) -> bool:
        """Use what is good once, and return whether it was unused."""
        return _remember(self._used, id_)

    def is_used(self, id_: object) -> bool:
        """Check whether what is good once was used."""
        return isinstance(id_, str) and id_ in self._used

    def revoke(self, id_: str) -> None:
        """Revoke a token, or a family of tokens."""
        _remember(self._revoked, id_)

    def is_revoked(self, *ids: object) -> bool:
        """Check whether a token or its family is revoked."""
        return any(isinstance(id_, str) and id_ in self._revoked for id_ in ids)

    def add_device(self, grant: DeviceGrant) -> str:
        """Let a device wait, and return what its user types."""
        letters = [secrets.choice(_LETTERS) for _ in range(2 * _GROUP)]
        code = "".join(letters[:_GROUP]) + "-" + "".join(letters[_GROUP:])
        self._devices[code] = grant
        while len(self._devices) > _MOST_DEVICES:
            self._devices.popitem(last=False)
        return code

    def device(self, code: str, now: float) -> DeviceGrant | None:
        """Return the device that waits under a code, however that is typed."""
        letters = "".join(char for char in code.upper() if char in _LETTERS)
        grant = self._devices.get(f"{letters[:_GROUP]}-{letters[_GROUP:]}")
        if grant is None or grant.ends <= now:
            return None
        return grant


def _remember(known: OrderedDict[str, None], id_: str) -> bool:
    """Remember an id, and return whether it is new."""
    if id_ in known:
        return False
    known[id_] = None
    while len(known) > _MOST:
        known.popitem(last=False)
    return True
