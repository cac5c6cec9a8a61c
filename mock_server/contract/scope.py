"""The scope of a run: which operations, and under which path."""

import fnmatch
from collections.abc import Sequence
from urllib.parse import urlsplit

from mock_server.contract.transport import origin_of
from mock_server.errors import UsageError
from mock_server.spec.document import Document
from mock_server.spec.model import Entry


def choose_entries(document: Document, include: Sequence[str], exclude: Sequence[str]) -> tuple[Entry, ...]:
    """
    Choose operations.

    Args:
        document: Of the API.
        include: Patterns with `*`: an operationId, `GET /pets*`, or `tag:NAME`; everything where there is none.
        exclude: Patterns of what is left out.

    Raises:
        UsageError: a pattern fits nothing, or nothing is left.
    """
    for pattern in (*include, *exclude):
        if not any(_fits(entry, pattern) for entry in document.entries):
            raise UsageError(f"no operation fits {pattern!r}: a pattern is an operationId, 'GET /path' or 'tag:NAME', with * for anything")
    chosen = tuple(
        entry
        for entry in document.entries
        if (not include or any(_fits(entry, pattern) for pattern in include)) and not any(_fits(entry, pattern) for pattern in exclude)
    )
    if not chosen:
        raise UsageError("there is no operation to test" + (": everything is left out" if document.entries else " in the document"))
    return chosen


def base_path_of(url: str | None, document: Document) -> str:
    """
    The base path of the API: of its URL, else of the document's first server.

    Raises:
        UsageError: it is no http or https URL.
    """
    if url is None:
        return document.servers[0].base_path
    return urlsplit(url).path.rstrip("/") if origin_of(url) else ""


def _fits(entry: Entry, pattern: str) -> bool:
    if pattern.startswith("tag:"):
        return any(fnmatch.fnmatchcase(tag, pattern.removeprefix("tag:")) for tag in entry.tags)
    return fnmatch.fnmatchcase(entry.id, pattern) or fnmatch.fnmatchcase(entry.title, pattern)
