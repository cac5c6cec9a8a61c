"""Templates: everything is escaped, nothing is undefined without a word."""

import hashlib
import time
from pathlib import Path
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.typing import JsonValue

_HERE: Final = Path(__file__).resolve().parent
_MOST_ITEMS: Final = 200  # of one array or object that are shown
_STATIC: Final = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}


def _scalar(value: JsonValue) -> str:
    """A JSON value that holds no other, as JSON writes it."""
    return orjson.dumps(value).decode()


def _plain(value: JsonValue) -> str:
    """A JSON value as people read it: a string without quotes."""
    return value if isinstance(value, str) else _scalar(value)


def _clock(moment: float) -> str:
    """The time of day, in the zone of the server, with milliseconds."""
    return time.strftime("%H:%M:%S", time.localtime(moment)) + f".{int(moment * 1000) % 1000:03d}"


def _milliseconds(seconds: float) -> str:
    """A duration, to three digits."""
    value = seconds * 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"  # noqa: PLR2004


def _amount(size: int) -> str:
    """A number of bytes for people."""
    if size < 1024:  # noqa: PLR2004
        return f"{size} B"
    return f"{size / 1024:.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


class Static:
    """The files that pages refer to, by a name that changes with their content."""

    def __init__(self) -> None:
        self._files = {name: (_HERE / "static" / name).read_bytes() for name in _STATIC}
        self._versions = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in self._files.items()}

    def url(self, name: str) -> str:
        """Where a file is."""
        return f"/__console/static/{self._versions[name]}/{name}"

    def find(self, name: str) -> tuple[bytes, str] | None:
        """A file with its media type."""
        return (self._files[name], _STATIC[name]) if name in self._files else None


class Painter:
    """Writes pages."""

    def __init__(self) -> None:
        self.static = Static()
        self._environment = Environment(
            loader=PackageLoader("mock_server.serve.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(scalar=_scalar, plain=_plain, clock=_clock, ms=_milliseconds, amount=_amount)
        self._environment.globals.update(static=self.static.url, most_items=_MOST_ITEMS)

    def paint(self, template: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template wants
        """Write a template."""
        return self._environment.get_template(f"{template}.html.jinja").render(**values)
