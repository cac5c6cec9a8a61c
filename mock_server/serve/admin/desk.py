"""What all views of the admin side share: the server's inside, and who tells of it."""

from dataclasses import dataclass, field

from starlette.requests import Request

from mock_server.serve.admin.json_api import some_worlds
from mock_server.serve.admin.logged import Teller
from mock_server.serve.backend import Backend, Mount
from mock_server.serve.journal import Recorded
from mock_server.serve.masker import Masker


@dataclass(eq=False)
class Desk:
    """Where the views work."""

    backend: Backend
    _mounts: tuple[Mount, ...] = ()
    _masker: Masker = field(default_factory=lambda: Masker(()))

    @property
    def masker(self) -> Masker:
        """Takes secrets out, as the documents that are served now know them."""
        if self._mounts is not self.backend.mounts:
            self._mounts = self.backend.mounts
            self._masker = Masker(mount.responder.document for mount in self._mounts)
        return self._masker

    @property
    def teller(self) -> Teller:
        """Who tells of exchanges."""
        settings = self.backend.settings
        return Teller(self.masker, f"{'https' if settings.tls_cert else 'http'}://{settings.host}:{settings.port}")

    @property
    def limit(self) -> int:
        """How many bytes a body may have that the admin side is sent."""
        return self.backend.settings.max_body

    def exchanges(self, request: Request) -> list[Recorded]:
        """The exchanges of the worlds that a request is about, the oldest first."""
        found = [recorded for world in some_worlds(request, self.backend.worlds) for recorded in world.journal]
        return sorted(found, key=_number)


def _number(recorded: Recorded) -> int:
    return recorded.number
