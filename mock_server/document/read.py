"""Reading the documents that a command names, with the overlays of its settings."""

import importlib
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from mock_server.document.document import Document, open_document
from mock_server.document.load import Access, Library, LoadedResource
from mock_server.document.references import find_written
from mock_server.errors import DocumentError
from mock_server.findings import Finding
from mock_server.settings import Settings


def read_document(where: str, settings: Settings) -> Document:
    """
    Read and index a document.

    Args:
        where: A path, a URL, or `-` for standard input.
        settings: Decide what references may read, and which overlays are applied.

    Raises:
        DocumentError: it can't be read, or is no OpenAPI document; or so is an overlay.
    """
    return read_documents([where], access_of(settings), settings.overlay)[0]


def access_of(settings: Settings) -> Access:
    """Return the files and hosts that references of documents may read, besides their projects."""
    return Access(folders=settings.allow_path, hosts=frozenset(settings.allow_remote), project=settings.project)


def read_documents(wheres: Sequence[str], access: Access, overlays: Sequence[Path] = ()) -> list[Document]:
    """
    Read and index documents.

    An overlay that says what it extends is applied to that document alone, where it is one of them, or to the file
    that it extends, where a document refers to it. All others are applied to every document.

    Args:
        wheres: Paths, URLs, or `-` for standard input.
        access: What references may read.
        overlays: Files, in their order.

    Raises:
        DocumentError: one can't be read, or is no OpenAPI document; or so is an overlay.
    """
    libraries = [Library(access) for _ in wheres]
    entries = [library.open_entry(where) for library, where in zip(libraries, wheres, strict=True)]
    if overlays:
        entries = _apply(libraries, entries, overlays)
    return [open_document(library, entry) for library, entry in zip(libraries, entries, strict=True)]


def _apply(
    libraries: Sequence[Library], entries: Sequence[LoadedResource], paths: Sequence[Path]
) -> list[LoadedResource]:
    """Apply overlays to the resources that they are for."""
    module = importlib.import_module("mock_server.document.overlay")  # which brings jsonpath with it
    overlays = [module.read_overlay(path, libraries[0].access.max_bytes) for path in paths]
    named = [_find_same(overlay.extends, entries) for overlay in overlays]
    changed = []
    for library, entry in zip(libraries, entries, strict=True):
        of_entry, notes = [], []
        of_parts: dict[str, list[object]] = {}
        for overlay, extended in zip(overlays, named, strict=True):
            part = _find_part(library, entry, overlay.extends) if extended is None and overlay.extends else None
            if part is not None:
                of_parts.setdefault(part, []).append(overlay)
            elif extended is None or extended is entry:
                of_entry.append(overlay)
            if part is None and extended is None and overlay.extends:
                message = f"{overlay.resource.name} extends {overlay.extends}, and is applied to {entry.name}"
                notes.append(Finding("overlay-extends-other", message, overlay.place("extends")))
        for uri, own in of_parts.items():
            part_before = library.open(uri)
            part_after = module.apply_overlays(part_before, own)
            library.replace(part_after)
            notes += part_after.findings[len(part_before.findings) :]
        applied = module.apply_overlays(entry, of_entry)
        library.replace(replace(applied, findings=(*applied.findings, *notes)))
        changed.append(library.open(entry.uri))
    return changed


def _find_same(uri: str | None, entries: Sequence[LoadedResource]) -> LoadedResource | None:
    """Find the entry that a URI names."""
    if uri is None:
        return None
    return next((entry for entry in entries if _real(entry.uri) == _real(uri)), None)


def _find_part(library: Library, entry: LoadedResource, uri: str) -> str | None:
    """Find the file with a URI among those that a document is split into; None where no reference leads to it."""
    queue, seen = deque([entry]), {entry.uri}
    while queue:
        resource = queue.popleft()
        for text in find_written(resource.data):
            target = urldefrag(urljoin(resource.uri, text))[0]
            if target in seen:
                continue
            seen.add(target)
            try:
                queue.append(library.open(target))
            except (DocumentError, PermissionError, ValueError):
                continue  # said when the reference is followed
            if _real(target) == _real(uri):
                return target
    return None


def _real(uri: str) -> str:
    """Return a URI in a form that is the same for the same file."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).resolve().as_uri()
    return uri
