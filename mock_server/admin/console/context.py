"""The context of all pages: the running server, the world of the browser, and templates that escape all values."""

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mock_server.admin.coverage import Coverage
from mock_server.admin.exchange import AdminContext
from mock_server.document.document import Document
from mock_server.document.model import Entry
from mock_server.errors import MalformedWorld
from mock_server.json_values import JsonValue
from mock_server.respond.worlds import COOKIE, EVERYBODY, World
from mock_server.server.backend import Backend, Mount
from mock_server.server.masker import Masker
from mock_server.version import __version__

_HERE: Final = Path(__file__).resolve().parent
_MOST_ITEMS: Final = 200  # of one array or object that are shown
_STATIC: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def _scalar(value: JsonValue) -> str:
    """Write a value as JSON."""
    return orjson.dumps(value).decode()


def _plain(value: JsonValue) -> str:
    """Write a value as JSON, a string without quotes."""
    if isinstance(value, str):
        return value
    return _scalar(value)


def _clock(moment: float) -> str:
    """Write the time of day in the zone of the server, with milliseconds."""
    return time.strftime("%H:%M:%S", time.localtime(moment)) + f".{int(moment * 1000) % 1000:03d}"


def _milliseconds(seconds: float) -> str:
    """Write a duration in milliseconds, to three digits."""
    value = seconds * 1000
    if value >= 100:  # noqa: PLR2004
        return f"{value:.0f}"
    if value >= 1:
        return f"{value:.1f}"
    return f"{value:.2f}"


def _amount(size: int) -> str:
    """Write a number of bytes with its unit."""
    if size < 1024:  # noqa: PLR2004
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size / 1024:.1f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


class Static:
    """The files of the pages, under URLs that change with their content."""

    def __init__(self) -> None:
        self._files = {name: (_HERE / "static" / name).read_bytes() for name in _STATIC}
        self._versions = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in self._files.items()}

    def url(self, name: str) -> str:
        """Return the URL of a file."""
        return f"/__console/static/{self._versions[name]}/{name}"

    def find(self, name: str) -> tuple[bytes, str] | None:
        """Return a file with its media type."""
        if name in self._files:
            return (self._files[name], _STATIC[name])
        return None


class TemplateRenderer:
    """Renders the templates of the pages."""

    def __init__(self) -> None:
        self.static = Static()
        self._environment = Environment(
            loader=PackageLoader("mock_server.admin.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(scalar=_scalar, plain=_plain, clock=_clock, ms=_milliseconds, amount=_amount)
        self._environment.globals.update(static=self.static.url, most_items=_MOST_ITEMS)

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template wants
        """Render a template."""
        return self._environment.get_template(f"{template}.html.jinja").render(**values)


ROOT: Final = "/__console"
PAGES: Final = (
    ("traffic", "Traffic", f"{ROOT}/"),
    *(
        (name, name.capitalize(), f"{ROOT}/{name}")
        for name in ("operations", "worlds", "state", "scenarios", "disturbances", "coverage")
    ),
)
_FRAGMENT: Final = "x-fragment"  # header field of our script, which asks for a part of a page


@dataclass(frozen=True, slots=True)
class NamedOperation:
    """An operation with its document."""

    index: int  # of the document
    mount: Mount
    entry: Entry

    @property
    def url(self) -> str:
        """The URL of its page."""
        return operation_url(self.index, self.entry.id)


@dataclass(eq=False)
class ConsoleContext:
    """The running server, as all pages use it."""

    backend: Backend
    coverage: Coverage
    templates: TemplateRenderer = field(default_factory=TemplateRenderer)
    admin: AdminContext = field(init=False)

    def __post_init__(self) -> None:
        """Share the context of the admin API."""
        self.admin = AdminContext(self.backend)

    @property
    def masker(self) -> Masker:
        """The masker of the documents that are served now."""
        return self.admin.masker

    @property
    def documents(self) -> list[Document]:
        """The documents that are served now."""
        return [mount.responder.document for mount in self.backend.mounts]

    def show(self, request: Request, template: str, *, page: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - as `TemplateRenderer.render`
        """Answer with a page, or with its main part for our script."""
        common = {
            "page": page,
            "pages": PAGES,
            "fragment": self.wants_fragment(request),
            "documents": self.documents,
            "version": __version__,
            "world": self.world_name(request),
            "workers": self.backend.settings.workers,
            "api": "" if self.backend.ports is None else self.api_origin(request),
            "reload_error": self.backend.reload_error,
        }
        return HTMLResponse(self.templates.render(template, **{**common, **values}), status)

    def api_origin(self, request: Request) -> str:
        """Return the origin of the API as the browser reaches it."""
        ports = self.backend.ports
        return str(request.base_url if ports is None else request.base_url.replace(port=ports.api)).rstrip("/")

    def wants_fragment(self, request: Request) -> bool:
        """Check that our script asks, which puts the answer into a page."""
        return _FRAGMENT in request.headers

    async def read_form(self, request: Request) -> dict[str, str]:
        """Read the texts of a form."""
        return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}

    def back(self, url: str) -> Response:
        """Redirect to a page after a change."""
        return RedirectResponse(url, 303)

    def world_name(self, request: Request) -> str:
        """Return the name of the world of the browser, from its cookie."""
        return request.cookies.get(COOKIE, EVERYBODY)

    def world(self, request: Request) -> World:
        """Return the world of the browser; the shared one where the cookie is no valid name."""
        try:
            return self.backend.worlds.get(self.world_name(request))
        except MalformedWorld:
            return self.backend.worlds.everybody

    def operations(self) -> list[NamedOperation]:
        """Return all operations of all documents."""
        return [
            NamedOperation(index, mount, entry)
            for index, mount in enumerate(self.backend.mounts)
            for entry in mount.responder.document.entries
        ]

    def find(self, index: int, operation: str) -> NamedOperation | None:
        """Return an operation by its document and its id."""
        found = (each for each in self.operations() if each.index == index and each.entry.id == operation)
        return next(found, None)

    def find_entry(self, wanted: Entry | None) -> NamedOperation | None:
        """Find an operation in the documents of now; None where a reload removed it."""
        if wanted is None:
            return None
        key = (wanted.id, wanted.title)  # a reload makes other objects
        return next((each for each in self.operations() if (each.entry.id, each.entry.title) == key), None)


def operation_url(index: int, operation: str) -> str:
    """Return the URL of the page of an operation."""
    return f"{ROOT}/operations/{index}/{quote(operation, safe='')}"
