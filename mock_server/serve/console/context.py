"""What every page works with: the server's inside, the world that is looked at, and a way to show something."""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mock_server.errors import MalformedWorld
from mock_server.serve.admin.coverage import Coverage
from mock_server.serve.admin.desk import Desk
from mock_server.serve.backend import Backend, Mount
from mock_server.serve.console.paint import Painter
from mock_server.serve.masker import Masker
from mock_server.serve.world import COOKIE, EVERYBODY, World
from mock_server.spec.model import Entry
from mock_server.version import __version__

ROOT: Final = "/__console"
PAGES: Final = (
    ("traffic", "Traffic", f"{ROOT}/"),
    *((name, name.capitalize(), f"{ROOT}/{name}") for name in ("operations", "worlds", "state", "scenarios", "disturbances", "coverage")),
)
_FRAGMENT: Final = "x-fragment"  # sent by our script, which wants a part of a page


@dataclass(frozen=True, slots=True)
class Named:
    """An operation, and the document that it belongs to."""

    index: int  # of the document
    mount: Mount
    entry: Entry

    @property
    def url(self) -> str:
        """Its page."""
        return operation_url(self.index, self.entry.id)


@dataclass(eq=False)
class Context:
    """See the module."""

    backend: Backend
    coverage: Coverage
    painter: Painter = field(default_factory=Painter)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        """Sit down where the views of the admin side work."""
        self.desk = Desk(self.backend)

    @property
    def masker(self) -> Masker:
        """Who takes secrets out of what is shown."""
        return self.desk.masker

    def show(self, request: Request, template: str, *, page: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - as `paint`
        """Answer with a whole page, or with its middle where our script asks for that."""
        common = {
            "page": page,
            "pages": PAGES,
            "fragment": self.wants_fragment(request),
            "documents": [mount.responder.document for mount in self.backend.mounts],
            "version": __version__,
            "world": self.world_name(request),
            "workers": self.backend.settings.workers,
            "api": "" if self.backend.ports is None else self.api_origin(request),
            "reload_error": self.backend.reload_error,
        }
        return HTMLResponse(self.painter.paint(template, **{**common, **values}), status)

    def api_origin(self, request: Request) -> str:
        """The origin of the API, as this browser reaches it."""
        ports = self.backend.ports
        return str(request.base_url if ports is None else request.base_url.replace(port=ports.api)).rstrip("/")

    def wants_fragment(self, request: Request) -> bool:
        """Whether our script asks, which puts the answer into a page."""
        return _FRAGMENT in request.headers

    def back(self, url: str) -> Response:
        """Lead on to a page after something was changed."""
        return RedirectResponse(url, 303)

    def world_name(self, request: Request) -> str:
        """The name of the world that is looked at."""
        return request.cookies.get(COOKIE, EVERYBODY)

    def world(self, request: Request) -> World:
        """The world that is looked at; everybody's where the cookie can't be a name."""
        try:
            return self.backend.worlds.get(self.world_name(request))
        except MalformedWorld:
            return self.backend.worlds.everybody

    def operations(self) -> list[Named]:
        """All operations of all documents."""
        return [Named(index, mount, entry) for index, mount in enumerate(self.backend.mounts) for entry in mount.responder.document.entries]

    def find(self, index: int, operation: str) -> Named | None:
        """An operation by its document and its id."""
        if index >= len(self.backend.mounts):
            return None
        mount = self.backend.mounts[index]
        entry = next((entry for entry in mount.responder.document.entries if entry.id == operation), None)
        return Named(index, mount, entry) if entry is not None else None

    def find_entry(self, wanted: Entry) -> Named | None:
        """Where an operation belongs; None where its document was replaced and has it no more."""
        for index, mount in enumerate(self.backend.mounts):
            for entry in mount.responder.document.entries:
                if entry is wanted or (entry.id == wanted.id and entry.title == wanted.title):
                    return Named(index, mount, entry)
        return None


def operation_url(index: int, operation: str) -> str:
    """The page of an operation."""
    return f"{ROOT}/operations/{index}/{quote(operation, safe='')}"
