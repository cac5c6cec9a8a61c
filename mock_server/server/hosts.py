"""
The host names that a server answers for.

A page of any site can give its own name the address 127.0.0.1 and then ask this server as its own origin (DNS
rebinding). So a server that listens on loopback answers only where the request names this machine, or a name that
`--allow-host` adds.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.exchange import problem
from mock_server.exchange.message import RawFields
from mock_server.respond.answer import Answer, problem_answer
from mock_server.settings import Settings

_LONGEST: Final = 100  # characters of a name that are repeated in an answer
_ANY: Final = "*"


def is_loopback(host: str) -> bool:
    """Return whether an address or name is this machine's alone."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Hosts:
    """Decides which hosts a server answers for; see the module."""

    names: frozenset[str] | None = None  # besides those of this machine, in lower case; None: any
    _known: BoundedCache[bytes, bool] = field(default_factory=make_text_cache, compare=False, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Hosts":
        """Return the hosts of a server by its settings."""
        if _ANY in settings.allow_host or not (is_loopback(settings.host) or settings.allow_host):
            return cls()
        listening = () if is_loopback(settings.host) else (settings.host,)
        return cls(frozenset(_normal(name) for name in (*settings.allow_host, *listening)))

    def accepts(self, fields: RawFields) -> bool:
        """
        Return whether a request with these header fields is answered.

        RFC 9110, section 7.2: browsers always send a Host.
        """
        if self.names is not None:
            for name, value in fields:
                if name == b"host" and not self.knows(value):
                    return False
        return True

    def refuse(self, fields: RawFields) -> Answer:
        """Say that the host of a request is not answered for."""
        given = next((value.decode("latin-1") for name, value in fields if name == b"host"), "")
        shown = host_name(given)[:_LONGEST] or given[:_LONGEST]
        advice = f"start the server with --allow-host {shown} to be reached by that name"
        detail = f"the host {shown!r} is not this machine; {advice}"
        return problem_answer(problem.FOREIGN_HOST, detail)

    def knows(self, value: bytes) -> bool:
        """Return whether a Host field names this server."""
        if self.names is None:
            return True
        known = self._known.get(value)
        if known is None:
            name = _normal(host_name(value.decode("latin-1")))
            known = is_loopback(name) or name in self.names
            self._known[value] = known
        return known


ANY_HOST: Final = Hosts()
LOOPBACK: Final = Hosts(frozenset())


def host_name(host: str) -> str:
    """Return the name or address of a Host field, without its port and brackets; nothing where it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _normal(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()
