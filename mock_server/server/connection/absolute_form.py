"""
Targets in absolute form, as clients send them that take this server for their proxy.

Such a target names the host itself, and goes before the Host field: so that takes its place before anybody looks at it.

Source: RFC 9112, sections 3.2.2 and 3.3
"""

import asyncio
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from mock_server.respond.answer import RawField
from mock_server.server.backend import Scope

_SLASH = b"/"


class Directing(asyncio.Protocol):
    """Reads the host of a request from its target; mixed into uvicorn's `HttpToolsProtocol`, whose names these are."""

    url: bytes
    headers: list[RawField]  # the very list of the scope

    def on_headers_complete(self) -> None:
        """Begin with a request whose head is read."""
        if not self.url.startswith(_SLASH):
            self.headers[:] = _directed(self.url, self.headers)
        super().on_headers_complete()  # type: ignore[misc]


def direct(scope: Scope) -> None:
    """Read the host from a target that the server handed on as a path, as uvicorn does with h11."""
    target: bytes = scope.get("raw_path") or _SLASH
    if scope["type"] != "http" or target.startswith(_SLASH):
        return
    scope["headers"] = _directed(target, scope["headers"])
    _, separator, rest = target.partition(b"://")
    if separator:
        scope["raw_path"] = _SLASH + rest.partition(_SLASH)[2]
        scope["path"] = unquote(scope["raw_path"].decode("latin-1"))


def _directed(target: bytes, fields: Sequence[RawField]) -> list[RawField]:
    """Return the header fields of a request with the host that its target names; as they were where it names none."""
    try:
        parts = urlsplit(target.decode("latin-1"))
    except ValueError:
        return [(b"host", b"?"), *(pair for pair in fields if pair[0] != b"host")]  # no host that anybody answers for
    if not parts.scheme or not parts.netloc:
        return list(fields)
    host = parts.netloc.rpartition("@")[2].encode("latin-1")
    return [(b"host", host), *(pair for pair in fields if pair[0] != b"host")]
