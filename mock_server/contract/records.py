"""
Captured traffic, record by record: HAR 1.2, NDJSON of exchanges, bare payloads.

Nothing is held but the record at hand: a file may be of any size. A HAR file is split into its entries while it is
read.
"""

import base64
import gzip
import io
import itertools
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, cast
from urllib.parse import SplitResult, urlsplit

from mock_server.errors import MalformedContent, UsageError
from mock_server.exchange.body import read_json, write_json
from mock_server.exchange.content_coding import decode_content, is_coded
from mock_server.exchange.message import RawFields, Request, Response
from mock_server.files import find_escape
from mock_server.json_values import JsonObject, JsonValue

_CHUNK: Final = 1 << 20
_MOST_RECORD: Final = 64 << 20  # bytes
_MOST_BETWEEN: Final = 4 << 20  # bytes between two entries, which are no objects
_LINES: Final = frozenset((".ndjson", ".jsonl", ".jsonlines", ".log"))
_SUFFIXES: Final = _LINES | {".json", ".har"}
_PACKED: Final = ".gz"
_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = 4096  # bytes
_LIST: Final = 3  # how deep the entries' list is: in the object `log` of an object
_ENTRIES = re.compile(rb'"entries"\s*:\s*\Z')
_BEFORE: Final = 200  # bytes
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_SIGNS = re.compile(rb'["\\{}\[\]]')


@dataclass(frozen=True, slots=True)
class RecordSource:
    """A file of records, or a part of one."""

    path: str  # `-` is standard input
    kind: str  # "lines", "har" or "whole"
    start: int = 0  # in bytes, at the beginning of a line
    end: int | None = None
    is_named: bool = True  # whether it was asked for by its own name, and not found in a folder


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One exchange that somebody recorded."""

    request: Request
    response: Response | None
    host: str


class UnreadableRecord(ValueError):
    """A record is neither an exchange nor what was asked for."""


class BrokenArchive(ValueError):
    """A file breaks off, or holds no records at all; says why."""


def find_sources(paths: Iterable[str]) -> list[RecordSource]:
    """
    List the files to read; of a folder, everything in it that may hold records.

    Raises:
        UsageError: there is no such file, or nothing in a folder.
    """
    found: list[RecordSource] = []
    for where in paths:
        path = Path(where)
        if where == "-":
            found.append(RecordSource(where, "lines"))
        elif path.is_dir():
            found += [RecordSource(str(child), _kind(child), is_named=False) for child in _list_records(path)]
        elif path.suffix.lower() in {".yaml", ".yml"}:
            raise UsageError(
                f"{where} is no captured traffic: that is HAR, NDJSON or JSON. "
                f"To check a document: mock-server check {where}"
            )
        elif path.is_file():
            found.append(RecordSource(where, _kind(path)))
        else:
            raise UsageError(f"{where}: there is no such file")
    return found


def _list_records(folder: Path) -> list[Path]:
    """
    List the files in a folder that may hold records.

    Raises:
        UsageError: there are none, or a link leads out of it.
    """
    inside = sorted(child for child in folder.rglob("*") if child.is_file() and _suffix(child) in _SUFFIXES)
    if not inside:
        raise UsageError(f"there is no {', '.join(sorted(_SUFFIXES))} file in {folder}")
    for child in inside:
        escape = find_escape(child, [folder.resolve()])
        if escape is not None:
            raise UsageError(
                f"{child} leads to {escape}, outside of {folder}: name that file itself, or remove the link"
            )
    return inside


def _kind(path: Path) -> str:
    suffix = _suffix(path)
    if suffix == ".har":
        return "har"
    if suffix in _LINES:
        return "lines"
    try:
        with open_source(RecordSource(str(path), "whole")) as file:
            head = file.read(_HEAD)
    except (OSError, EOFError, zlib.error, BrokenArchive):
        return "whole"  # who reads it says what is wrong with it
    if re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:', head):
        return "har"
    first, newline, rest = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if newline and rest.lstrip()[:1] in {b"{", b"["} and _is_json(first):
        return "lines"
    return "whole"


def _suffix(path: Path) -> str:
    """Return the suffix that says what a file holds, in lower case; that of a packed one is inside."""
    return Path(path.stem if path.suffix.lower() == _PACKED else path.name).suffix.lower()


@contextmanager
def open_source(source: RecordSource) -> Iterator[IO[bytes]]:
    """
    Open a file of records, unpacked where it is packed with gzip.

    Raises:
        BrokenArchive: it is empty or binary.
        OSError: it can't be read.
    """
    with ExitStack() as stack:
        if source.path == "-":
            raw = _standard_input()
        else:
            raw = stack.enter_context(Path(source.path).open("rb"))
        file = stack.enter_context(gzip.GzipFile(fileobj=raw)) if raw.peek(2)[:2] == _GZIP else raw
        if b"\0" in file.peek(_HEAD)[:_HEAD]:
            raise BrokenArchive("it is binary, or not in UTF-8: no HAR, NDJSON or JSON")
        yield cast("IO[bytes]", file)


def _standard_input() -> io.BufferedReader:
    raw = sys.stdin.buffer
    if isinstance(raw, io.BufferedReader):
        return raw
    return io.BufferedReader(io.BytesIO(raw.read()))


def _is_packed(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(2) == _GZIP


def _is_json(data: bytes) -> bool:
    try:
        read_json(data)
    except MalformedContent:
        return False
    return True


def split_source(source: RecordSource, parts: int) -> list[RecordSource]:
    """Split a file of lines into parts of about one size, for several workers."""
    if source.kind != "lines" or source.path == "-" or parts < 2 or _is_packed(source.path):  # noqa: PLR2004 - nothing to split
        return [source]
    size = Path(source.path).stat().st_size
    cuts = [0]
    with Path(source.path).open("rb") as file:
        for index in range(1, parts):
            file.seek(size * index // parts)
            file.readline()
            cuts.append(file.tell())
    cuts.append(size)
    return [replace(source, start=one, end=other) for one, other in itertools.pairwise(cuts) if other > one]


def iter_records(source: RecordSource, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a file, each with its number: of its line, or of its entry; counted from 1."""
    if source.kind == "har":
        yield from enumerate(iter_entries(file), 1)
    elif source.kind == "whole":
        yield 1, _limited(file.read(_MOST_RECORD + 1))
    else:
        yield from _iter_lines(source, file)


def _iter_lines(source: RecordSource, file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    if source.start:
        file.seek(source.start)
    at, end = source.start, source.end
    for number, line in enumerate(iter(lambda: file.readline(_MOST_RECORD + 1), b""), 1):
        yield number, line if len(line) <= _MOST_RECORD else _limited(line)
        if end is not None:
            at += len(line)
            if at >= end:
                return


def _limited(data: bytes) -> bytes:
    """Return a record that may be judged: no file, and no line without an end, fills the memory."""
    if len(data) > _MOST_RECORD:
        raise BrokenArchive(f"a record has more than {_MOST_RECORD:,} bytes")
    return data


def iter_entries(file: IO[bytes]) -> Iterator[bytes]:
    """
    Yield the entries of a HAR file, each as its bytes, read piece by piece.

    An entry is a member of the list `entries` of the object `log`: one that is no object is said to be no exchange.

    Raises:
        BrokenArchive: there is no such list, or the file breaks off.
    """
    splitter = _Splitter()
    while chunk := file.read(_CHUNK):
        yield from splitter.feed(chunk)
    splitter.end()


class _Splitter:
    """Finds entries by counting brackets outside of strings; holds no more than the entry at hand."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # up to where the buffer was looked at
        self._start = -1  # of the entry at hand
        self._depth = 0
        self._quoted = False
        self._inside = False  # the list of entries
        self._gap = -1  # where what stands between two entries begins; -1 within one, and outside of the list
        self._is_archive = False  # whether that list was there
        self._yielded = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._buffer += chunk
        while (match := _SIGNS.search(self._buffer, self._at)) is not None:
            self._at = match.end()
            sign = match.group()
            if sign == b"\\":
                self._at += 1  # whatever it is, it is escaped
            elif sign == b'"':
                self._quoted = not self._quoted
            elif not self._quoted and sign in b"{[":
                yield from self._open(sign, match.start())
            elif not self._quoted:
                yield from self._close(match.start())
        self._at = max(self._at, len(self._buffer))
        if self._start < 0 and self._gap < 0:
            self._drop(max(min(self._at, len(self._buffer)) - _BEFORE, 0))
        elif self._gap >= 0 and len(self._buffer) - self._gap > _MOST_BETWEEN:
            raise BrokenArchive(f"there are more than {_MOST_BETWEEN:,} bytes between two entries")
        elif len(self._buffer) > _MOST_RECORD:
            raise BrokenArchive(f"an entry has more than {_MOST_RECORD:,} bytes")

    def _close(self, at: int) -> Iterator[bytes]:
        """Take a closing bracket at a place of the buffer: the end of the list, or of an entry, which is yielded."""
        if self._gap >= 0:
            yield from self._odd(at)
            self._inside = False
        self._depth -= 1
        if self._start >= 0 and self._depth == _LIST:
            self._yielded += 1
            yield self._buffer[self._start : self._at]
            self._drop(self._at)
            self._gap = 0

    def end(self) -> None:
        """
        Say that there is no more.

        Raises:
            BrokenArchive: there should be.
        """
        if not self._is_archive:
            raise BrokenArchive("it is no HAR file: there is no list 'entries' in an object 'log'")
        if self._depth > 0 or self._quoted:
            if self._start >= 0:
                place = f"inside entry {self._yielded + 1}"
            else:
                place = f"after entry {self._yielded}"
            raise BrokenArchive(f"it breaks off {place}")

    def _open(self, sign: bytes, where: int) -> Iterator[bytes]:
        self._depth += 1
        if self._gap >= 0:
            yield from self._odd(where)
            self._start = where
        elif sign == b"[" and self._depth == _LIST:
            self._inside = _ENTRIES.search(self._buffer[max(where - _BEFORE, 0) : where]) is not None
            self._is_archive |= self._inside
            self._gap = where + 1 if self._inside else -1

    def _odd(self, end: int) -> Iterator[bytes]:
        """Give the entries in a gap: a number, a text, a word. None is an exchange, and each is one wrong record."""
        between = self._buffer[self._gap : end].strip(b", \t\r\n")
        self._gap = -1
        if not between:
            return
        try:
            values = read_json(b"[%b]" % between)
        except MalformedContent:
            values = None
        for record in map(write_json, values) if isinstance(values, list) else (between,):
            self._yielded += 1
            yield record

    def _drop(self, count: int) -> None:
        """Let go of what was looked at, but for a little: what stands before a list says whether it is the one."""
        self._buffer, self._at, self._start = self._buffer[count:], self._at - count, -1


def is_summary(value: JsonValue) -> bool:
    """Return whether a line of our NDJSON report is no exchange: a finding, or what there is to say of the run."""
    return isinstance(value, dict) and value.get("type") in {"finding", "run"} and "request" not in value


def read_exchange(value: JsonValue) -> RecordedExchange:
    """
    Read an exchange: an entry of a HAR file, or a line of ours.

    Raises:
        UnreadableRecord: it is none.
    """
    if not isinstance(value, dict) or not isinstance(value.get("request"), dict):
        raise UnreadableRecord("it is no exchange: there is no 'request' in it")
    asked, answered = value["request"], value.get("response")
    request = asked if isinstance(asked, dict) else {}
    written, method = request.get("url") or request.get("path"), request.get("method")
    url = _split_url(written) if isinstance(written, str) else None
    if not isinstance(method, str) or url is None or not url.path:
        raise UnreadableRecord("its request has no method or no url")
    fields, data = _decoded(_fields(request.get("headers")), _content(request, "postData"))
    made = Request(
        method.upper(), url.path.encode("latin-1", "replace"), url.query.encode("latin-1", "replace"), fields, data
    )
    return RecordedExchange(made, _response(answered), url.netloc)


def _split_url(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise UnreadableRecord(f"its request has an odd url: {error}") from error


def _response(value: JsonValue) -> Response | None:
    if not isinstance(value, dict) or value.get("status") in (None, 0):
        return None
    status = value["status"]
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:  # noqa: PLR2004 - RFC 9110, section 15
        raise UnreadableRecord(f"its response has the status {status!r}, which is none"[:200])
    fields, data = _decoded(_fields(value.get("headers")), _content(value, "content"))
    return Response(status, fields, data)


def _decoded(fields: RawFields, data: bytes) -> tuple[RawFields, bytes]:
    """
    Return a body with its content coding undone.

    Who captures traffic often has done that already, and left the field that says so; and a browser that has not
    writes each byte as a character. What can't be one of these stays as it is, for who judges.
    """
    if not is_coded(fields):
        return fields, data
    for form in (data, data.decode("utf-8", "replace").encode("latin-1", "replace")):
        try:
            return _without_coding(fields), decode_content(form, fields, _MOST_RECORD)
        except MalformedContent:
            continue
    return (_without_coding(fields) if _is_text(data) else fields), data


def _without_coding(fields: RawFields) -> RawFields:
    return [pair for pair in fields if pair[0] != b"content-encoding"]


def _is_text(data: bytes) -> bool:
    """Return whether a body is text, as no coded one is: they begin with signs that no text has."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return _CONTROLS.search(data[:_BEFORE]) is None


def _fields(value: JsonValue) -> RawFields:
    """Header fields: HAR's objects, our pairs, or an object."""
    pairs: list[tuple[JsonValue, JsonValue]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            pairs.append((item.get("name"), item.get("value")))
        elif isinstance(item, list) and len(item) == 2:  # noqa: PLR2004 - a pair
            pairs.append((item[0], item[1]))
    return [
        (str(name).lower().encode("latin-1", "replace"), str(text).encode("latin-1", "replace")) for name, text in pairs
    ]


def _content(message: JsonObject, key: str) -> bytes:
    """Return a body: HAR's text, perhaps in base64; ours, as text, as bytes in base64, or as JSON."""
    held = message.get(key)
    if isinstance(held, dict) and isinstance(held.get("text"), str):
        text = str(held["text"])
        if held.get("encoding") == "base64":
            return _unbase64(text)
        return text.encode("utf-8", "surrogatepass")
    if isinstance(message.get("body_base64"), str):
        return _unbase64(str(message["body_base64"]))
    body = message.get("body")
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    return b""


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise UnreadableRecord("a body that is said to be base64 is none") from error
