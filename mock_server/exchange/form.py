"""
Forms: `application/x-www-form-urlencoded` and `multipart/form-data`, read and written by the Encoding Objects.

Source: OAS 3.1.1, "Encoding Object" and "Encoding the x-www-form-urlencoded Media Type"; RFC 7578

What is known of an uploaded file: its name, its size and its media type.

Source: RFC 7578, section 4.2, and RFC 6266
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote_plus, unquote_plus

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mock_server.document.model import Encoding, Style
from mock_server.errors import MalformedContent
from mock_server.exchange.bounds import BOUNDARY as LONGEST_BOUNDARY
from mock_server.exchange.bounds import FORM_FIELDS, PART_FIELD, PART_FIELDS, PARTS, check_items, read_json_text
from mock_server.exchange.media_type import MediaRange, is_json, parse_media_type
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import DELIMITERS, parse_query
from mock_server.exchange.wire_values import Embedded, Raw, iter_bracketed, put_bracketed, settle
from mock_server.json_values import JsonValue
from mock_server.schema.formats import find_format
from mock_server.schema.sites import Site

BOUNDARY = "mock-server-boundary-4c1f"
_NO_ENCODING = Encoding()


@dataclass(slots=True)
class MultipartPart:
    """One part of a multipart body."""

    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    pieces: list[memoryview] = field(default_factory=list)  # of its data, where they stand in the body

    @property
    def data(self) -> bytes:
        """Its bytes; a copy of them."""
        return b"".join(self.pieces)

    def option(self, name: str) -> str | None:
        """Return a parameter of Content-Disposition: `name` or `filename`."""
        _, options = parse_options_header(self.headers.get("content-disposition", "").encode())
        value = options.get(name.encode())
        if value is not None:
            return _unquoted(value.decode("utf-8", "replace"))
        return None


def read_urlencoded(data: bytes, outline: Site, encodings: Mapping[str, Encoding]) -> Raw:
    """
    Read a form of names and values.

    Raises:
        MalformedContent: it is no text in UTF-8.
    """
    if data.count(b"&") >= FORM_FIELDS:
        raise MalformedContent(f"the form has more than {FORM_FIELDS:,} fields")
    try:
        pairs = parse_query(data.decode())
    except UnicodeDecodeError as error:
        raise MalformedContent(f"the form is no text in UTF-8: {error.reason}") from error
    found: dict[str, Raw] = {}
    for key, value in pairs:
        name, bracket, _ = key.partition("[")
        if bracket and key.endswith("]") and key not in outline.names:
            tree = found.setdefault(name, {})
            if not isinstance(tree, dict):
                raise MalformedContent(f"{name!r} is a value and an object at once")
            put_bracketed(tree, key[len(name) :], unquote_plus(value))
        else:
            _put(found, key, value, outline.member(key), encodings.get(key, _NO_ENCODING))
    return {name: settle(raw, outline.member(name)) for name, raw in found.items()}


def _put(found: dict[str, Raw], name: str, value: str, outline: Site, encoding: Encoding) -> None:
    """Add one value: another item of a list, a JSON text, or plain text."""
    text = unquote_plus(value)
    whole = _structured(text, outline)
    if "array" not in outline.types or (
        name not in found and isinstance(whole, Embedded) and isinstance(whole.value, list)
    ):
        found[name] = whole
        return
    split = _split(value, outline, encoding) if encoding.explode is False else [text]
    if name not in found and (isinstance(split, Embedded) or (len(split) == 1 and not _is_list(outline))):
        found[name] = split if isinstance(split, Embedded) else whole
        return
    parts = split.text.split(",") if isinstance(split, Embedded) else split
    _extend(found, name, [_structured(part, outline.item()) for part in parts])


def _extend(found: dict[str, Raw], name: str, items: list[Raw]) -> None:
    known = found.get(name, [])
    found[name] = [*(known if isinstance(known, list) else [known]), *items]


def _split(value: str, outline: Site, encoding: Encoding) -> list[str] | Embedded:
    """
    Return the items of a list in one value.

    An encoded comma separates them, too, as many clients write it, or is part of a text.
    """
    delimiter = DELIMITERS.get(encoding.style or Style.FORM, ",")
    text = unquote_plus(value)
    check_items(text, delimiter)
    if delimiter != ",":
        return text.split(delimiter)
    if "," in text and "," not in value and "string" in outline.item().types:
        return Embedded(text, list(text.split(",")))
    if "," in value:
        return [unquote_plus(part) for part in value.split(",")]
    return text.split(",")


def _is_list(outline: Site) -> bool:
    return "array" in outline.types and "string" not in outline.types


def _structured(text: str, outline: Site) -> Raw:
    """Return the value of a text that is JSON, where an object or a list is allowed."""
    if not ({"object", "array"} & outline.types) or text[:1] not in {"{", "["}:
        return text
    try:
        return Embedded(text, read_json_text(text))
    except MalformedContent:
        return text


def read_multipart(data: bytes, media_type: MediaRange, outline: Site) -> Raw:
    """
    Read a multipart form.

    Raises:
        MalformedContent: there is no boundary, or the parts are not well-formed.
    """
    found: dict[str, Raw] = {}
    for part in parse_parts(data, media_type):
        name = part.option("name")
        if name is None:
            raise MalformedContent("a part has no name")
        own = outline.member(name)
        content_type = part.headers.get("content-type")
        if content_type is not None and is_json(parse_media_type(content_type)):
            value = _json_part(part.data, name)
        else:
            text = part.data.decode("latin-1" if part.option("filename") is not None else "utf-8", "replace")
            value = _structured(text, own.item() if _is_list(own) and text[:1] != "[" else own)
        if _is_list(own) and (name in found or not (isinstance(value, Embedded) and isinstance(value.value, list))):
            _extend(found, name, [value])
        else:
            found[name] = value
    return found


def _json_part(data: bytes, name: str) -> Raw:
    try:
        return Embedded(data.decode("utf-8", "replace"), read_json_text(data))
    except MalformedContent as error:
        raise MalformedContent(f"the part {name[:100]!r}: {error}") from error


def parse_parts(data: bytes, media_type: MediaRange) -> list[MultipartPart]:
    """
    Split a multipart body.

    Raises:
        MalformedContent: there is no boundary, or the parts are not well-formed.
    """
    boundary = media_type.parameter("boundary")
    if not boundary:
        raise MalformedContent("the Content-Type names no boundary")
    if len(boundary) > LONGEST_BOUNDARY or not boundary.isascii():
        raise MalformedContent(f"the boundary is no text of up to {LONGEST_BOUNDARY} ASCII characters")
    collector = _PartCollector()
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": collector.begin,
            "on_header_field": collector.add_name,
            "on_header_value": collector.add_value,
            "on_header_end": collector.end_header,
            "on_part_data": collector.add_data,
            "on_end": collector.finish,
        },
    )
    try:
        parser.write(data)
        parser.finalize()
    except FormParserError as error:
        raise MalformedContent(f"it is no multipart body: {error}") from error
    if not collector.is_finished:
        raise MalformedContent("the last boundary is missing")
    return collector.parts


@dataclass(slots=True)
class _PartCollector:
    """Collects the parts that a parser finds."""

    parts: list[MultipartPart] = field(default_factory=list)
    is_finished: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _count: int = 0  # header fields of the part that is read

    def begin(self) -> None:
        if len(self.parts) >= PARTS:
            raise MalformedContent(f"there are more than {PARTS:,} parts")
        self._count = 0
        self.parts.append(MultipartPart())

    def add_name(self, chunk: bytes, start: int, end: int) -> None:
        self._name += chunk[start:end]

    def add_value(self, chunk: bytes, start: int, end: int) -> None:
        self._value += chunk[start:end]

    def end_header(self) -> None:
        self._count += 1
        if self._count > PART_FIELDS or len(self._value) > PART_FIELD:
            raise MalformedContent(
                f"the header of a part has more than {PART_FIELDS} fields, or one of more than {PART_FIELD:,} bytes"
            )
        self.parts[-1].headers[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def add_data(self, chunk: bytes, start: int, end: int) -> None:
        self.parts[-1].pieces.append(memoryview(chunk)[start:end])

    def finish(self) -> None:
        self.is_finished = True


def write_urlencoded(value: JsonValue, encodings: Mapping[str, Encoding]) -> bytes:
    """Write an object as a form; nested objects as JSON, unless their style is deepObject."""
    pairs: list[tuple[str, str]] = []
    for name, member in value.items() if isinstance(value, dict) else ():
        encoding = encodings.get(name, _NO_ENCODING)
        if isinstance(member, dict | list) and encoding.style is Style.DEEP_OBJECT:
            pairs += [(key, quote_plus(_text(inner))) for key, inner in iter_bracketed(name, member)]
        elif isinstance(member, list) and member and not any(isinstance(item, dict | list) for item in member):
            texts = [_text(item) for item in member]
            pairs += (
                [(name, _joined(texts, encoding))]
                if encoding.explode is False
                else [(name, quote_plus(text)) for text in texts]
            )
        else:
            pairs.append((name, quote_plus(_text(member))))
    return "&".join(f"{quote_plus(name)}={text}" for name, text in pairs).encode()


def _joined(items: list[str], encoding: Encoding) -> str:
    """
    Return the items of a list in one value.

    A comma that separates them is written as it is, one within them encoded.
    """
    delimiter = DELIMITERS.get(encoding.style or Style.FORM, ",")
    return (delimiter if delimiter == "," else quote_plus(delimiter)).join(map(quote_plus, items))


def write_multipart(value: JsonValue, outline: Site, encodings: Mapping[str, Encoding]) -> bytes:
    """Write an object as a multipart body with the boundary `BOUNDARY`; binary strings become files."""
    out = bytearray()
    for name, member in value.items() if isinstance(value, dict) else ():
        own, encoding = outline.member(name), encodings.get(name, _NO_ENCODING)
        if isinstance(member, list) and member:
            for item in member:
                _write_part(out, name, item, own.item(), encoding)
        else:
            _write_part(out, name, member, own, encoding)
    return bytes(out + f"--{BOUNDARY}--\r\n".encode())


def _write_part(out: bytearray, name: str, item: JsonValue, outline: Site, encoding: Encoding) -> None:
    binary = (
        find_format(outline.annotation("format")).meaning == "bytes"
        or outline.annotation("contentMediaType") is not None
    )
    content_type = encoding.content_type[0] if encoding.content_type else None
    if isinstance(item, dict | list):
        content_type = content_type or "application/json"
    disposition = f'form-data; name="{_quoted(name)}"' + ('; filename="file.bin"' if binary else "")
    out += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n".encode()
    if content_type or binary:
        out += f"Content-Type: {content_type or 'application/octet-stream'}\r\n".encode()
    out += b"\r\n" + _content(item, content_type, is_file=binary) + b"\r\n"


def _content(item: JsonValue, content_type: str | None, *, is_file: bool) -> bytes:
    """Return the bytes of a part; a character of a file is a byte, as `read_multipart` has it."""
    if content_type is not None and is_json(parse_media_type(content_type)):
        return orjson.dumps(item)
    text = _text(item)
    try:
        if is_file:
            return text.encode("latin-1")
        return text.encode("utf-8", "surrogatepass")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    """Return a name in Content-Disposition, as browsers write it: HTML Living Standard, "multipart form data"."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _unquoted(text: str) -> str:
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


_LONGEST: Final = 4_096  # bytes of the header fields of a part
_FIRST: Final = 65_536  # bytes of a body in which the head of its first file is looked for
_PART: Final = re.compile(
    rb"content-disposition:[^\r\n]{0,512}?;\s*name=\"?([^\";\r\n]{1,256})\"?[^\r\n]{0,512}?;\s*filename=\"([^\"\r\n]{0,512})\"",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(rb"content-type:\s*([^\r\n;]{1,256})", re.IGNORECASE)


class Upload(NamedTuple):
    """A file that was sent."""

    field: str  # of the form; empty where the body is the file
    name: str  # empty where it has none
    size: int  # bytes
    media_type: str


def find_upload(request: Request) -> Upload | None:
    """
    Return the first file of a request.

    A part of a multipart form with a file's name, or a body of bytes; None where there is none.
    """
    written = find_field(request.fields, b"content-type") or ""
    kind = written.partition(";")[0].strip().lower()
    if kind == "application/octet-stream" or kind.startswith(("image/", "audio/", "video/")):
        return Upload("", "", len(request.body), kind)
    if kind != "multipart/form-data":
        return None
    boundary = re.search(r"boundary=\"?([^\";\s]{1,200})", written, re.IGNORECASE)
    found = _PART.search(request.body, 0, _FIRST)
    if boundary is None or found is None:
        return None
    begin = request.body.find(b"\r\n\r\n", found.end(), found.end() + _LONGEST)
    end = request.body.find(b"\r\n--" + boundary.group(1).encode("latin-1", "replace"), begin)
    if begin < 0 or end < begin:
        return None
    head = request.body[request.body.rfind(b"--", 0, found.start()) : begin]
    media_type = _TYPE.search(head)
    name = found.group(2).decode("utf-8", "replace")
    return Upload(
        found.group(1).decode("utf-8", "replace"),
        name,
        end - begin - 4,
        media_type.group(1).decode("latin-1").strip() if media_type is not None else "",
    )
