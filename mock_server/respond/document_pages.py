"""Pages besides those of the API: the documents as JSON and YAML, and the health of the server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from mock_server.document.document import Document
from mock_server.document.model import Version
from mock_server.document.yaml import encode_yaml
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.answer import Answer
from mock_server.version import __version__

HEALTH = b"/__admin/health"
DOCUMENT_JSON = b"/openapi.json"
DOCUMENT_YAML = b"/openapi.yaml"
UI_JSON = b"/__admin/ui.json"

DOCUMENTS = b"/__admin/documents"

Page = Callable[[], Awaitable[Answer]]


def document_path(number: int, kind: bytes) -> bytes:
    """Return the path of a page of one document: `/__admin/documents/0/openapi.json`."""
    return b"%s/%d/%s" % (DOCUMENTS, number, kind.rpartition(b"/")[2])


class ServedDocument(NamedTuple):
    """A document, and where it is served."""

    document: Document
    base_paths: tuple[str, ...]


class DocumentPages:
    """
    Finds and writes the pages of one document.

    The first one's stand at the root as well, and so does what all have together.
    """

    def __init__(self, shelf: Sequence[ServedDocument], number: int) -> None:
        """
        Make the pages of a document.

        Args:
            shelf: All documents of the server.
            number: Of this one among them, from 0.
        """
        self._shelf = shelf
        self._document, self._base_paths = shelf[number]
        self._written: dict[bytes, bytes] = {}
        own = {DOCUMENT_JSON: "application/json", UI_JSON: "application/json", DOCUMENT_YAML: "application/yaml"}
        self._pages: dict[bytes, Page] = {
            document_path(number, kind): partial(self._page, kind, media_type) for kind, media_type in own.items()
        }
        if number == 0:
            self._pages |= {kind: partial(self._page, kind, media_type) for kind, media_type in own.items()}
            self._pages |= {HEALTH: self._health, DOCUMENTS: self._list}

    def find(self, method: str, path: bytes) -> Page | None:
        """Find the page of a path."""
        if method in {"GET", "HEAD"}:
            return self._pages.get(path)
        return None

    async def _health(self) -> Answer:
        body: JsonObject = {
            "status": "up",
            "version": __version__,
            "document": self._document.title,
            "operations": sum(len(document.entries) for document, _ in self._shelf),
        }
        return Answer(200, [(b"content-type", b"application/json")], write_json(body), "page")

    async def _list(self) -> Answer:
        """Return the documents, in their order."""
        body: JsonObject = {
            "documents": [
                {
                    "number": number,
                    "title": document.title,
                    "name": document.resource.name,
                    "basePaths": [base or "/" for base in base_paths],
                    "operations": len(document.entries),
                    "url": document_path(number, DOCUMENT_JSON).decode(),
                }
                for number, (document, base_paths) in enumerate(self._shelf)
            ]
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
        return write_json(value)

    def served_document(self) -> JsonObject:
        """Return the document with this server among its servers, first: so that "try it out" asks the mock."""
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
        if "servers" in written:
            return written
        return {**written, "servers": own}
