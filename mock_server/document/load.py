"""
Reading documents: from a path, a URL or standard input, and whatever their references name.

What may be read is decided by `Access`: the user names the entry document, the document names the rest,
so the rest has to lie in the project that the entry belongs to or on a host that the user allowed.
"""

import json
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import orjson

from mock_server.document.fetch import fetch, host_of, is_allowed
from mock_server.document.json_text import LARGE, read_json
from mock_server.document.mistakes import advise_folder, advise_missing, describe_json, describe_text, find_tab
from mock_server.document.origin import Origin
from mock_server.document.yaml import YamlError, decode_yaml
from mock_server.errors import MalformedResource, UnreadableResource
from mock_server.files import find_escape
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer
from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import jsonschema_specifications
else:
    jsonschema_specifications = LazyModule("jsonschema_specifications")

STDIN = "-"

# A folder that holds one of these is taken for the root of a project.
_PROJECT_MARKS = (".git", ".hg", ".svn", "pyproject.toml", "package.json", "mock-server.toml", "redocly.yaml")
# Words by which a schema names itself or a place.
_RENAMING = (b"$id", b"$self", b"$anchor", b"$dynamicAnchor")
# Without a mark: `../../common/x.yaml` is usual, more is not.
_CLIMB = 2


@dataclass(frozen=True, slots=True)
class Access:
    """The files and hosts that a document may refer to."""

    folders: tuple[Path, ...] = ()  # besides the project's own
    hosts: frozenset[str] = frozenset()
    max_bytes: int = 64 * 1024 * 1024  # of one file
    project: Path | None = None  # in place of the project that a document is found to lie in


class SourceBytes:
    """The bytes of a file; large ones are compressed, since only line numbers need them again."""

    __slots__ = ("_bytes", "_is_packed", "words")

    def __init__(self, data: bytes) -> None:
        """Keep bytes, and the keywords in them that change the meaning of references."""
        self.words = frozenset(word for word in _RENAMING if word in data)
        self._is_packed = len(data) > LARGE
        self._bytes = zlib.compress(data, 1) if self._is_packed else data

    @property
    def data(self) -> bytes:
        """The bytes."""
        if self._is_packed:
            return zlib.decompress(self._bytes)
        return self._bytes


@dataclass(frozen=True, eq=False, repr=False)
class LoadedResource:
    """One file or answer, read: its bytes and the JSON data in it."""

    uri: str
    name: str  # as shown to people
    kept: SourceBytes
    value: JsonValue
    findings: tuple[Finding, ...] = ()
    origin: Origin | None = None  # of a value that overlays changed
    overlays: tuple["LoadedResource", ...] = ()  # that changed it

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.kept.data

    def iter_data(self) -> Iterator[bytes]:
        """Iterate over all bytes that the value comes from: its own, and those of overlays."""
        for resource in (self, *self.overlays):
            yield resource.data

    def find_origin(self, pointer: Pointer) -> Place:
        """Return the place at which a part of the value was written: here, or in an overlay."""
        if self.origin is None:
            return Place(self.name, pointer)
        return self.origin.find(pointer)

    @property
    def text(self) -> str:
        """The characters, without byte-order mark."""
        return _decode_text(self.data, self.name)

    @property
    def is_dynamic(self) -> bool:
        """True if a schema in it may be chosen by `$dynamicRef`."""
        return any(b"$dynamicAnchor" in resource.kept.words for resource in (self, *self.overlays))

    @property
    def has_ids(self) -> bool:
        """True if a schema in it might rename itself by `$id` or `$self`, or name a place by an anchor."""
        return any(resource.kept.words for resource in (self, *self.overlays))


@dataclass(eq=False, repr=False)
class Library:
    """The entry document and everything that was read because of it."""

    access: Access = Access()
    _read: dict[str, LoadedResource] = field(default_factory=dict)
    _folders: tuple[Path, ...] = ()

    def open_entry(self, where: str) -> LoadedResource:
        """
        Read the document that the user named: a path, a URL, or `-` for standard input.

        Raises:
            UnreadableResource: it can't be read.
            MalformedResource: it is neither YAML nor JSON.
        """
        if where.startswith(("http://", "https://")):
            named = self.access.hosts | {host_of(where)}
            resource = _decode(where, where, fetch(where, self.access.max_bytes, lambda url: is_allowed(url, named)))
        elif where == STDIN:
            folder = Path.cwd()
            self._folders = (folder, *_resolved(self.access.folders))
            resource = _decode((folder / "stdin").as_uri(), "<stdin>", _read_stdin(self.access.max_bytes))
        else:
            path = Path(where)
            if "://" in where:
                raise UnreadableResource(where, "is no URL that can be read", "It starts with http:// or https://.")
            if not path.exists():
                raise UnreadableResource(where, "there is no such file", advise_missing(path))
            if path.is_dir():
                raise UnreadableResource(where, "is a folder", advise_folder(path))
            self._folders = (self._project_of(path), *_resolved(self.access.folders))
            resource = _decode(_file_uri(path), where, _read_file(path, where, self.access.max_bytes))
        self._read[resource.uri] = resource
        return resource

    def _project_of(self, document: Path) -> Path:
        if self.access.project is not None:
            return self.access.project.resolve()
        return project_folder(document)

    def open(self, uri: str) -> LoadedResource:
        """
        Read the resource of a reference, once.

        Raises:
            PermissionError: it is outside the allowed folders, or on a host that was not allowed.
            UnreadableResource: it can't be read.
            MalformedResource: it is neither YAML nor JSON.
        """
        if uri not in self._read:
            self._read[uri] = self._open(uri)
        return self._read[uri]

    def replace(self, resource: LoadedResource) -> None:
        """Give a resource that was read another value, before anybody has seen it."""
        self._read[resource.uri] = resource

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that may be read from, resolved."""
        return self._folders or _resolved(self.access.folders)

    def loaded(self) -> tuple[LoadedResource, ...]:
        """Everything that was read so far, the entry first."""
        return tuple(self._read.values())

    def require(self, uri: str) -> None:
        """
        Return True if the resource of a reference may be read and exists, without reading it.

        Raises:
            PermissionError: it is outside the allowed folders, or on a host that was not allowed.
            UnreadableResource: there is no such file, or nothing that can be read.
        """
        if _find_metaschema(uri) is None and not self._is_remote(uri):
            path = self._path_of(uri)
            if not path.exists():
                raise UnreadableResource(_shown(path), "there is no such file")

    def _is_remote(self, uri: str) -> bool:
        """Return True if a URI is on a host that has to be allowed."""
        if urlsplit(uri).scheme not in {"http", "https"}:
            return False
        if not is_allowed(uri, self.access.hosts):
            host = host_of(uri)
            if host:
                message = f"reading from {host or uri} was not allowed; allow it with --allow-remote {host}"
            else:
                message = f"{uri} is no URL"
            raise PermissionError(message)
        return True

    def _path_of(self, uri: str) -> Path:
        """Return the path of a file that may be read."""
        parts = urlsplit(uri)
        if parts.scheme != "file":
            raise UnreadableResource(uri, "only files, http and https can be read")
        path = Path(unquote(parts.path))
        if "\0" in str(path):
            raise UnreadableResource(uri, "no file has such a name")
        escape = find_escape(path, self._folders)
        if escape is not None:
            raise PermissionError(_describe_escape(escape, self._folders))
        _require_file(path, _shown(path))
        return path

    def _open(self, uri: str) -> LoadedResource:
        metaschema = _find_metaschema(uri)
        if metaschema is not None:
            return _decode(uri, uri, metaschema)
        if self._is_remote(uri):
            return _decode(uri, uri, fetch(uri, self.access.max_bytes, lambda url: is_allowed(url, self.access.hosts)))
        path = self._path_of(uri)
        name = _shown(path)
        return _decode(uri, name, _read_file(path, name, self.access.max_bytes))


def read_resource(
    path: Path, folders: Sequence[Path] | None = None, max_bytes: int = Access().max_bytes
) -> LoadedResource:
    """
    Read a file that is no document, such as a fixture.

    Args: path: The file. folders: Resolved ones; in one of them the file has to lie, with links followed. None: the
        user named the file itself. max_bytes: How large it may be.

    Raises:
        UnreadableResource: it can't be read, or lies elsewhere.
        MalformedResource: it is neither YAML nor JSON.
    """
    name = _shown(path)
    if folders is not None:
        escape = find_escape(path, folders)
        if escape is not None:
            raise UnreadableResource(name, _describe_escape(escape, folders))
        _require_file(path, name)
    return _decode(_file_uri(path), name, _read_file(path, name, max_bytes))


def _describe_escape(escape: Path, folders: Sequence[Path]) -> str:
    allowed = ", ".join(map(str, folders)) or "no folder"
    return f"{escape} is outside of {allowed}; allow its folder with --allow-path {escape.parent}"


def _require_file(path: Path, name: str) -> None:
    """Refuse a pipe, which would block; a missing file is reported when opened."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UnreadableResource(name, "is no file")


def project_folder(document: Path) -> Path:
    """
    Find the folder that a document's references may read from.

    It is the nearest folder above that holds a mark of a project such as `.git`; without one, two levels up,
    but never a home folder or one at the top of the file system.
    """
    folder = document.resolve().parent
    for candidate in (folder, *folder.parents):
        if _too_wide(candidate):
            break
        if any((candidate / mark).exists() for mark in _PROJECT_MARKS):
            return candidate
    for _ in range(_CLIMB):
        if _too_wide(folder.parent):
            break
        folder = folder.parent
    return folder


def _too_wide(folder: Path) -> bool:
    home = Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - Path.home() raises where there is none
    return folder == home or home.is_relative_to(folder) or len(folder.parts) <= 2  # noqa: PLR2004 - "/" and "/tmp"


def _file_uri(path: Path) -> str:
    """Return the URI of a file without `..`, as `urljoin` makes it."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - resolve() would follow links as well


def _resolved(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(folder.resolve() for folder in folders)


def _shown(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:
        return str(path)


def _read_file(path: Path, name: str, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise UnreadableResource(name, "is a folder", "Name the file of the document in it.")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise UnreadableResource(name, "there is no such file") from error
    except (OSError, ValueError) as error:
        raise UnreadableResource(name, getattr(error, "strerror", None) or str(error)) from error
    if len(data) > max_bytes:
        raise UnreadableResource(name, f"is larger than {max_bytes:,} bytes")
    return data


def _read_stdin(max_bytes: int) -> bytes:
    data = sys.stdin.buffer.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise UnreadableResource("<stdin>", f"is larger than {max_bytes:,} bytes")
    return data


def _decode_text(data: bytes, name: str) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif data[:4] in {b"\xff\xfe\0\0", b"\0\0\xfe\xff"}:
        encoding = "utf-32"
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"is no text in UTF-8 (byte {error.start:,} is 0x{data[error.start]:02x})"
        raise MalformedResource(name, reason, "An OpenAPI document is YAML or JSON text.") from error


def _decode(uri: str, name: str, data: bytes) -> LoadedResource:
    """Turn bytes into data. JSON is tried first where it looks like it, since it is the faster reader."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["}:
        try:
            read = read_json(data)
        except ValueError:
            pass  # a byte-order mark, control characters, YAML in flow style: the slower readers take them
        else:
            return LoadedResource(uri, name, SourceBytes(data), read)
    text = _decode_text(data, name)
    if not text.strip():
        raise MalformedResource(name, "is empty", "A document begins with: openapi: '3.0.3'")
    if start in {b"{", b"["}:
        lenient = _decode_lenient_json(text)
        if lenient is not None:
            note = Finding(rule="document-text-invalid", message="is no strict JSON (RFC 8259)", place=Place(name))
            return LoadedResource(uri, name, SourceBytes(data), lenient, (note,) if "\ufeff" not in text[:1] else ())
    broken = describe_json(text) if start in {b"{", b"["} else None
    try:
        value, notes = decode_yaml(text)
    except YamlError as error:
        raise _malformed(name, text, broken, error) from error
    no_json = (
        f"is no JSON: {broken}; it was read as YAML, which takes more" if broken and name.endswith(".json") else None
    )
    noted = (Finding(rule="document-text-invalid", message=no_json, place=Place(name)),) if no_json is not None else ()
    rules = {True: "document-key-duplicate", False: "document-text-invalid"}
    findings = noted + tuple(
        Finding(rule=rules[note.duplicate], message=note.message, place=Place(name, note.pointer)) for note in notes
    )
    return LoadedResource(uri, name, SourceBytes(data), value, findings)


def _malformed(name: str, text: str, broken: str | None, error: YamlError) -> MalformedResource:
    """Return the error for a text that can't be read, with advice."""
    mistake = describe_text(text)
    if mistake is not None:
        return MalformedResource(name, *mistake)
    if broken is not None:
        return MalformedResource(name, f"is neither JSON nor YAML: {broken}")
    tab = find_tab(text)
    if tab is not None:
        advice = f"Line {tab} is indented with a tab; YAML takes spaces."
    else:
        advice = ""
    return MalformedResource(name, f"is neither YAML nor JSON: {error}", advice)


def _decode_lenient_json(text: str) -> JsonValue:
    """Read JSON with control characters in its strings; None when it is no JSON even so."""
    try:
        value: JsonValue = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def json_duplicates(resource: LoadedResource) -> tuple[Finding, ...]:
    """Find duplicate keys in a JSON text; those of YAML are noted when it is read."""
    if resource.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return ()
    doubles: list[str] = []

    def remember(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        seen = dict(pairs)
        if len(seen) != len(pairs):
            counted = Counter(key for key, _ in pairs)
            doubles.extend(key for key, count in counted.items() if count > 1)
        return seen

    try:
        json.loads(resource.text, object_pairs_hook=remember, strict=False)
    except (ValueError, RecursionError):
        return ()
    return tuple(
        Finding(
            rule="document-key-duplicate",
            message=f"the key {key!r} stands twice in one object",
            place=Place(resource.name),
        )
        for key in doubles
    )


def _find_metaschema(uri: str) -> bytes | None:
    """
    Find the JSON text of a metaschema of JSON Schema or of one of its vocabularies, without a download.

    None for any other URI. Source: https://json-schema.org/specification-links, by the package
    jsonschema-specifications.
    """
    found = jsonschema_specifications.REGISTRY.get(uri)
    if found is not None:
        return orjson.dumps(found.contents)
    return None
