"""
Swagger UI: the files of the package `flask-swagger-ui`, and a page of ours.

The files are found without importing the package. No script stands in the page, and the page may load from this server
alone: a document can neither bring a script along, not even as an answer of its own API, nor have one send what it
reads elsewhere.
"""

import asyncio
import functools
import importlib.util
import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mock_server.json_values import JsonObject
from mock_server.respond.answer import RawField
from mock_server.respond.document_pages import UI_JSON, document_path
from mock_server.server.backend import Asgi, Receive, Scope, Send
from mock_server.server.browser import add_fields, page_fields

ROOT: Final = b"/ui"
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-%s'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_PACKAGE: Final = "flask_swagger_ui"
_TYPES: Final = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "index.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-standalone-preset.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Swagger UI</title>
<link rel="stylesheet" href="/ui/swagger-ui.css">
<link rel="stylesheet" href="/ui/index.css">
<link rel="icon" type="image/png" href="/ui/favicon-32x32.png">
<div id="swagger-ui"></div>
<noscript><p>Swagger UI needs JavaScript; the document is at <a href="/openapi.yaml">/openapi.yaml</a>.</p></noscript>
<script type="application/json" id="config">%(config)s</script>
<script nonce="%(nonce)s" src="/ui/swagger-ui-bundle.js"></script>
<script nonce="%(nonce)s" src="/ui/swagger-ui-standalone-preset.js"></script>
<script nonce="%(nonce)s" src="/ui/start.js"></script>
</html>
"""
_START: Final = b"""const config = JSON.parse(document.getElementById("config").textContent);
window.ui = SwaggerUIBundle(Object.assign(config, {
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
}));
"""


def open_swagger_ui(titles: Callable[[], Sequence[str]]) -> Asgi:
    """
    Make the application under `/ui`.

    Args:
        titles: Gives those of the documents that are served, in their order.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        name = path.removeprefix(ROOT).removeprefix(b"/").decode("latin-1")
        status, fields, body = await _find(name, path, titles, nonce)
        if scope["method"] not in {"GET", "HEAD"}:
            status, fields, body = 405, [(b"allow", b"GET, HEAD")], b""
        send = add_fields(send, page_fields(_POLICY % nonce))
        head = [*fields, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return application


async def _find(
    name: str, path: bytes, titles: Callable[[], Sequence[str]], nonce: str
) -> tuple[int, list[RawField], bytes]:
    """Return status, header fields and body of a file or page."""
    if path == ROOT:
        return 308, [(b"location", ROOT + b"/")], b""
    if name in {"", "index.html"}:
        return (
            200,
            [(b"content-type", b"text/html; charset=utf-8")],
            (_PAGE % {"config": _config(titles()), "nonce": nonce}).encode(),
        )
    if name == "start.js":
        return 200, [(b"content-type", b"text/javascript; charset=utf-8")], _START
    if name not in _TYPES:
        return 404, [(b"content-type", b"text/plain; charset=utf-8")], b"There is no such file here."
    data = await asyncio.to_thread(_read, name)
    return 200, [(b"content-type", _TYPES[name].encode()), (b"cache-control", b"max-age=3600")], data


def _config(titles: Sequence[str]) -> str:
    """Return the configuration of Swagger UI as JSON that is safe inside HTML."""
    config: JsonObject = {"url": UI_JSON.decode()}
    if len(titles) > 1:
        config = {
            "urls": [
                {"url": document_path(number, UI_JSON).decode(), "name": title} for number, title in enumerate(titles)
            ]
        }
    return json.dumps(config).replace("<", "\\u003c")


@functools.cache
def _read(name: str) -> bytes:
    """Read a file of Swagger UI."""
    found = importlib.util.find_spec(_PACKAGE)
    folders = found.submodule_search_locations if found is not None else None
    if not folders:
        raise RuntimeError(f"the package {_PACKAGE} is not installed as it should be")
    return (Path(next(iter(folders))) / "dist" / name).read_bytes()
