"""The pages beside the API: the document as JSON and YAML, and whether the server is well."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from mock_server.exchange.body import write_json
from mock_server.exchange.path import Router, Unmatched
from mock_server.serve.answer import Answer
from mock_server.spec.document import Document
from mock_server.spec.model import Entry, Version
from mock_server.spec.yaml12 import encode_yaml
from mock_server.typing import JsonObject, JsonValue
from mock_server.version import __version__

HEALTH = b"/__admin/health"
DOCUMENT_JSON = b"/openapi.json"
DOCUMENT_YAML = b"/openapi.yaml"
UI_JSON = b"/__admin/ui.json"

Page = Callable[[], Awaitable[Answer]]


class Pages:
    """Finds and writes the pages of one document. A path of the document itself goes before a page."""

    def __init__(self, document: Document, base_paths: tuple[str, ...]) -> None:
        self._document = document
        self._base_paths = base_paths
        self._written: dict[bytes, bytes] = {}
        self._pages: dict[bytes, Page] = {
            HEALTH: self._health,
            DOCUMENT_JSON: partial(self._page, DOCUMENT_JSON, "application/json"),
            UI_JSON: partial(self._page, UI_JSON, "application/json"),
            DOCUMENT_YAML: partial(self._page, DOCUMENT_YAML, "application/yaml"),
        }

    def find(self, method: str, path: bytes, router: Router[Entry]) -> Page | None:
        """Find the page of a path."""
        page = self._pages.get(path)
        if page is None or method not in {"GET", "HEAD"}:
            return None
        return page if isinstance(router.match("GET", path.decode("latin-1")), Unmatched) else None  # the document's own goes first

    async def _health(self) -> Answer:
        body: JsonObject = {
            "status": "up",
            "version": __version__,
            "document": self._document.title,
            "operations": len(self._document.entries),
        }
        return Answer(200, [(b"content-type", b"application/json")], write_json(body), "page")

    async def _page(self, path: bytes, media_type: str) -> Answer:
        if path not in self._written:
            # a document of ten megabytes takes seconds to write as YAML: not in the loop that answers
            self._written[path] = await asyncio.to_thread(self._write, path)
        return Answer(200, [(b"content-type", media_type.encode())], self._written[path], "page")

    def _write(self, path: bytes) -> bytes:
        value = self.served_document()
        if path == DOCUMENT_YAML:
            return encode_yaml(value).encode()
        if path == UI_JSON and self._document.version in {Version.V31, Version.V32}:
            value = {**value, "openapi": "3.0.4"}  # the bundled Swagger UI knows no later one, but shows most of it
        return write_json(value)

    def served_document(self) -> JsonObject:
        """The document with this server among its servers, first: so that "try it out" asks the mock."""
        value = self._document.resource.value
        document: JsonObject = dict(value) if isinstance(value, dict) else {}
        if self._document.version is Version.V2:
            return {
                **{key: item for key, item in document.items() if key not in {"host", "schemes"}},
                "basePath": self._base_paths[0] or "/",
            }
        own: list[JsonValue] = [{"url": base or "/", "description": "this mock"} for base in self._base_paths]
        known = document.get("servers")
        written: JsonObject = {}
        for key, item in document.items():
            if key != "servers":
                written[key] = item
            if key == "info":
                written["servers"] = [*own, *(known if isinstance(known, list) else [])]
        return written if "servers" in written else {**written, "servers": own}
