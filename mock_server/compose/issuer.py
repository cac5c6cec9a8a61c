"""
The issuer beside the API: made when it is first asked for.

Signing needs a key, which takes a moment to make, and packages that most servers never need.
"""

import asyncio
import importlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mock_server.document.model import SecurityScheme
from mock_server.errors import UsageError
from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.guards.tokens import TokenRefusal
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Mount
from mock_server.settings import Settings
from mock_server.settings.issuer import ISSUER_PATH, WELL_KNOWN

if TYPE_CHECKING:
    from mock_server.issuer.issuer import Issuer

_PATHS: Final = (ISSUER_PATH.encode(), *(path.encode() for path in WELL_KNOWN))
_MODULE: Final = "mock_server.issuer.issuer"
_VERIFYING: Final = "mock_server.issuer.verify"
_LOGGING_IN: Final = frozenset(("oauth2", "openIdConnect"))


class IssuerService:
    """The issuer of a server: stays when documents and settings are replaced."""

    def __init__(self) -> None:
        self._settings = Settings()
        self._documented: frozenset[str] | None = None
        self._made: Issuer | None = None
        self._lock = asyncio.Lock()

    def configure(self, settings: Settings, documented: frozenset[str] | None) -> None:
        """Take what is set from now on; the key stays."""
        self._settings, self._documented = settings, documented
        if self._made is not None:
            self._made.configure(settings.issuer, documented)

    async def __call__(self, request: Request, world: World, origin: str) -> Answer:
        """Answer a request."""
        async with self._lock:
            if self._made is None:
                await asyncio.to_thread(self.open)
        return self.open().answer(request, origin, world.clock.now())

    def refuse(self, request: Request, now: float, scopes: Sequence[str]) -> TokenRefusal | None:
        """Verify the bearer token of a request for the API; see `TokenVerifier`."""
        refused: TokenRefusal | None = importlib.import_module(_VERIFYING).refuse_token(
            self.open(), request, now, scopes
        )
        return refused

    def open(self) -> "Issuer":
        """
        Return the issuer.

        Raises:
            UsageError: its key can't be read.
        """
        if self._made is None:
            made: Issuer = importlib.import_module(_MODULE).open_issuer(self._settings.issuer)
            made.configure(self._settings.issuer, self._documented)
            self._made = made
        return self._made


def install_issuer(backend: Backend, mounts: Sequence[Mount], settings: Settings) -> None:
    """
    Put an issuer beside the API where it is wanted, or documents ask users to log in.

    Raises:
        UsageError: its key can't be read, or tokens are to be checked without it.
    """
    schemes = [scheme for mount in mounts for scheme in mount.responder.document.schemes.values()]
    is_wanted = settings.issuer.enabled
    if is_wanted is None:
        is_wanted = settings.check_tokens or any(scheme.type in _LOGGING_IN for scheme in schemes)
    if not is_wanted and settings.check_tokens:
        raise UsageError("--check-tokens verifies what the issuer gave: leave --no-issuer out")
    if not is_wanted:
        for path in _PATHS:
            backend.services.pop(path, None)
        return
    service = backend.services.get(_PATHS[0])
    if not isinstance(service, IssuerService):
        service = IssuerService()
        backend.services.update(dict.fromkeys(_PATHS, service))
    for mount in mounts:
        mount.responder.verifier = service if settings.check_tokens else None
    service.configure(settings, _documented_scopes(schemes))
    if settings.issuer.key is not None or settings.workers > 1:
        service.open()  # what is wrong with a key is said now, and workers share one


def _documented_scopes(schemes: Iterable[SecurityScheme]) -> frozenset[str] | None:
    """Return the scopes of documents; None where any may be meant, as OpenID Connect schemes list none."""
    found: set[str] = set()
    for scheme in schemes:
        if scheme.type == "openIdConnect":
            return None
        found.update(scheme.scopes)
    return frozenset(found) or None
