"""The history of runs in a folder: a line for each, of which pages show how it went before."""

from pathlib import Path
from typing import Final

from mock_server.contract.runner import Report
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json, write_json
from mock_server.files import write_file
from mock_server.json_values import JsonObject

FILE: Final = "history.ndjson"
_MOST_RUNS: Final = 200
_MOST_SHOWN: Final = 40
_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_IDS: Final = 500  # of findings of one run
_NAMES: Final = frozenset(("started", "title", "red", "reached", "operations", "requests", "ids"))


def read_history(path: Path) -> list[JsonObject]:
    """Read earlier runs: the file may have come with a repository, so what is no run is passed over."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return []
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            value = read_json(line)
        except MalformedContent:
            continue
        if isinstance(value, dict) and value.keys() >= _NAMES:
            found.append(value)
    return found[-_MOST_RUNS:]


def note_run(path: Path, run: Report, title: str, started: str) -> tuple[JsonObject, ...]:
    """
    Add a run to the history.

    Args:
        path: The file.
        run: It.
        title: Of the document.
        started: When, RFC 3339.

    Returns:
        The runs of the same document, this one last.

    Raises:
        OSError: the file can't be written.
    """
    known = read_history(path)
    red = run.red
    entry: JsonObject = {
        "started": started,
        "title": title,
        "red": len(red),
        "reached": run.depth[0],
        "operations": run.depth[1],
        "requests": run.sent,
        "ids": [incident.id for incident in red[:_MOST_IDS]],
    }
    kept = [*known, entry][-_MOST_RUNS:]
    write_file(path, b"".join(write_json(item) + b"\n" for item in kept))
    return tuple(item for item in kept if item["title"] == title)[-_MOST_SHOWN:]
