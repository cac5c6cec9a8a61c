"""The line of a JSON Pointer in a text, looked up when a finding is shown."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mock_server.document.load import LoadedResource, read_resource
from mock_server.document.yaml import iter_positions
from mock_server.errors import DocumentError
from mock_server.findings import Place
from mock_server.json_values import Pointer

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n|[^\s{}\[\],:"]+', re.DOTALL)


def find_lines(text: str, wanted: Iterable[Pointer]) -> dict[Pointer, int]:
    """
    Find the lines of pointers in a JSON or YAML text.

    Returns:
        For each pointer its line, counted from 1; one that leads nowhere gets the line of its deepest known parent.
    """
    missing = {pointer: pointer for pointer in wanted}
    needed = {pointer[:size] for pointer in missing for size in range(len(pointer) + 1)}
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        walk = _iter_json(text)
    else:
        walk = iter_positions(text)
    lines = {pointer: line for pointer, line in walk if pointer in needed}  # of a key that stands twice, the last one
    return {pointer: _nearest(lines, pointer) for pointer in missing}


class Position(NamedTuple):
    """A part of a document in the file that it was written in: its own, or an overlay."""

    file: str
    pointer: Pointer
    line: int | None  # None: the file can't be read

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.file}:{self.line}"
        return self.file


def find_positions(places: Iterable[Place], read: Iterable[LoadedResource]) -> dict[Place, Position]:
    """
    Find where places were written, with their lines; one pass over each file.

    Args:
        places: In documents and fixtures.
        read: What was read already; other files are read again.
    """
    known = {resource.name: resource for resource in read}
    origins = {place: _find_origin(place, known) for place in places}
    known |= {overlay.name: overlay for resource in known.values() for overlay in resource.overlays}
    by_file: dict[str, set[Pointer]] = defaultdict(set)
    for origin in origins.values():
        by_file[origin.file].add(origin.pointer)
    lines: dict[str, dict[Pointer, int]] = {}
    for file, pointers in by_file.items():
        text = _text(file, known)
        lines[file] = find_lines(text, pointers) if text is not None else {}
    return {
        place: Position(origin.file, origin.pointer, lines[origin.file].get(origin.pointer))
        for place, origin in origins.items()
    }


def _find_origin(place: Place, known: Mapping[str, LoadedResource]) -> Place:
    if place.file in known:
        return known[place.file].find_origin(place.pointer)
    return place


def _text(file: str, known: Mapping[str, LoadedResource]) -> str | None:
    if file in known:
        return known[file].text
    try:
        return read_resource(Path(file)).text if Path(file).is_file() else None
    except DocumentError:
        return None  # what can't be read has no lines; the finding says so itself


def _nearest(lines: dict[Pointer, int], pointer: Pointer) -> int:
    for size in range(len(pointer), -1, -1):
        if pointer[:size] in lines:
            return lines[pointer[:size]]
    return 1


def _iter_json(text: str) -> Iterator[tuple[Pointer, int]]:
    """Walk a JSON text: each place with its line."""
    path: list[str] = []
    stack: list[int | None] = []  # the next index of an open array, None for an object
    line, key_line, key = 1, 1, None
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            line += 1
            continue
        if token in "}]":
            del stack[-1:]
            del path[-1:]  # the key or index of what ends here; the root has none
            continue
        if token in ",:":
            continue
        in_object = bool(stack) and stack[-1] is None
        if in_object and key is None and token[0] == '"':
            key, key_line = _unquote(token), line
            line += token.count("\n")
            continue
        if stack:
            index = stack[-1]
            path.append(key if key is not None else str(index))
            if index is not None:
                stack[-1] = index + 1
        yield tuple(path), key_line if in_object else line
        key = None
        line += token.count("\n") if token[0] == '"' else 0
        if token in "{[":
            stack.append(None if token == "{" else 0)
        elif stack:
            path.pop()


def _unquote(token: str) -> str:
    """Return the key of a JSON string, or the text itself."""
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]
