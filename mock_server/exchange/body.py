"""
Bodies: read from and written to bytes, by media type.

| media type | read as | written from |
| --- | --- | --- |
| JSON, `+json` | the value | the value |
| NDJSON, JSON sequences, server-sent events | the list of items | the items of a list, else one |
| forms, multipart | an object, by the Encoding Objects | an object |
| XML, `+xml` | by the XML Objects | by the XML Objects |
| CSV | not judged | a list of objects with a line of names |
| other text | a string, or the number it says | a string, else JSON |
| MessagePack, CBOR | not judged | the value |
| anything else | not judged | a small file of that type, else a string's bytes, else some bytes |
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

import orjson

from mock_server.document.model import Encoding
from mock_server.errors import MalformedContent
from mock_server.exchange.bounds import EVENTS, read_json_text
from mock_server.exchange.charset import find_codec
from mock_server.exchange.form import BOUNDARY, read_multipart, read_urlencoded, write_multipart, write_urlencoded
from mock_server.exchange.media_type import (
    FORM,
    MULTIPART_FORM,
    MediaRange,
    is_event_stream,
    is_json,
    is_json_lines,
    is_text,
    is_xml,
)
from mock_server.exchange.packed import is_packed, write_packed
from mock_server.exchange.sample_files import find_specimen, some_bytes
from mock_server.exchange.wire_values import read_all
from mock_server.exchange.xml import read_xml, write_xml
from mock_server.json_values import JsonValue
from mock_server.schema.sites import Site

_EVENT_FIELDS = frozenset(("data", "event", "id", "retry"))
_LINE_END = re.compile(r"\r\n|\r|\n")
_EVENT_LINE = re.compile(r"(?:data|event|id|retry)?:|(?:data|event|id|retry)?\Z")  # a field, a comment, or nothing
_END_MARK = re.compile(r"\[[A-Z][A-Z_ ]*\]\Z")  # as in `data: [DONE]`
_BOUNDARY = re.compile(rb"(?:\A|\r?\n)--([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])[ \t]*\r?\n")
# What files of some types begin with: a text of an example that stands for such bytes in base64 is told by it.
_SIGNATURES = (
    b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"%PDF", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"ID3", b"OggS",
    b"BM", b"\x00\x00\x01\x00", b"II*\x00", b"MM\x00*", b"\xff\xfb", b"fLaC", b"\x1aE\xdf\xa3", b"wOF",
    b"SQLite format 3",
)  # fmt: skip


def read_body(data: bytes, media_type: MediaRange, outline: Site, encodings: Mapping[str, Encoding]) -> list[JsonValue]:
    """
    Read a body.

    Args:
        data: Its bytes.
        media_type: Its media type, as its sender names it.
        outline: Of the documented schema.
        encodings: Of the properties of a form.

    Returns:
        The readings, the likeliest first; none for content that is not judged.

    Raises:
        MalformedContent: it is not of that media type.
    """
    if is_json(media_type):
        return [read_json(data)]
    if is_json_lines(media_type):
        return [[read_json(line) for line in data.replace(b"\x1e", b"").splitlines() if line.strip()]]
    if is_event_stream(media_type):
        return _read_events(data, outline)
    if media_type.essence == FORM or media_type.type == "multipart":
        return _read_form(data, media_type, outline, encodings)
    if is_xml(media_type):
        raw = read_xml(data, outline)
        readings = read_all(raw, outline) if outline.sources else []
        if readings and "string" in outline.types and "object" not in outline.types:
            readings.append(data.decode("utf-8", "replace"))  # as of an SVG: the string is the document
        return readings
    if is_text(media_type):
        return _read_text(data, media_type, outline)
    return []


def _read_form(
    data: bytes, media_type: MediaRange, outline: Site, encodings: Mapping[str, Encoding]
) -> list[JsonValue]:
    """Read a form; where it is documented as a mere string, its bytes are the string."""
    if outline.types == {"string"}:
        if media_type.essence == FORM:
            return _read_text(data, media_type, outline)
        return []
    if media_type.essence == FORM:
        return read_all(read_urlencoded(data, outline, encodings), outline)
    if media_type.subtype == "form-data":
        return read_all(read_multipart(data, media_type, outline), outline)
    return []


def read_json(data: bytes) -> JsonValue:
    """
    Read one JSON text.

    Raises:
        MalformedContent: it is none.
    """
    return read_json_text(data)


def _read_text(data: bytes, media_type: MediaRange, outline: Site) -> list[JsonValue]:
    if "csv" in media_type.subtype or ("string" not in outline.types and {"object", "array"} & outline.types):
        return []  # an object documented as plain text: nobody can say how it is written
    charset = media_type.parameter("charset") or "UTF-8"
    codec = find_codec(charset)
    if codec is None:
        raise MalformedContent(f"the charset {charset[:40]!r} is not among those that are read")
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise MalformedContent(f"it is no text in {charset}") from error
    return read_all(text, outline)


def _read_events(data: bytes, outline: Site) -> list[JsonValue]:
    """
    Return the readings of a stream: its events and, where the data of each is a JSON text, those values.

    The reading that the schema names comes first.

    Where the schema speaks of the data alone, other fields of an event are not judged, and an event without data is
    none.
    """
    events = list(islice(_iter_events(data), EVENTS))
    if (
        len(events) > 1
        and events[-1].keys() == {"data"}
        and _END_MARK.match(events[-1]["data"])
        and not _takes(outline.item(), events[-1])
    ):
        events.pop()  # a mark that nothing follows, and no event
    readings = read_all([dict(event) for event in events], outline)
    try:
        values: list[JsonValue] = [read_json_text(event["data"]) for event in events if "data" in event]
    except MalformedContent:
        return readings
    names = _EVENT_FIELDS.intersection(outline.item().names)
    if names - {"id"}:
        is_data = all(map(_is_data_alone, events, values)) and len(values) == len(events)
        if is_data:
            return [*readings, values]
        return readings
    return [values, *readings]


def _is_data_alone(event: Mapping[str, str], value: JsonValue) -> bool:
    """Return True if an event is its data alone: its name is the type that the data has."""
    return event.keys() == {"data"} or (
        event.keys() == {"data", "event"} and isinstance(value, dict) and value.get("type") == event["event"]
    )


def _takes(outline: Site, event: Mapping[str, str]) -> bool:
    """Return True if a mark at the end is one of the documented events."""
    return outline.names_value(event["data"]) or outline.member("data").names_value(event["data"])


def _iter_events(data: bytes) -> Iterator[dict[str, str]]:
    """Yield the events of a stream as objects. HTML Living Standard, section 9.2.6."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    event: dict[str, str] = {}
    lines: list[str] = []  # of its data
    for line in _LINE_END.split(text):
        name, _, value = line.partition(":")
        if not line and event:
            yield _with_data(event, lines)
            event, lines = {}, []
        elif name in _EVENT_FIELDS:
            value = value.removeprefix(" ")
            event[name] = value
            if name == "data":
                lines.append(value)
    if event:
        yield _with_data(event, lines)


def _with_data(event: dict[str, str], lines: list[str]) -> dict[str, str]:
    """Return an event with all lines of its data, joined once."""
    if len(lines) > 1:
        return {**event, "data": "\n".join(lines)}
    return event


def write_body(  # noqa: PLR0911
    value: JsonValue, media_type: MediaRange, outline: Site, encodings: Mapping[str, Encoding], name: str
) -> bytes:
    """
    Write a body.

    Args:
        value: JSON data.
        media_type: What to write it as.
        outline: Of the documented schema.
        encodings: Of the properties of a form.
        name: What the root element of XML is called where the schema does not say.
    """
    if is_json(media_type):
        return write_json(value)
    if isinstance(value, str) and is_wire_text(value, media_type):
        return _encoded(value, media_type)
    if is_json_lines(media_type):
        lead = b"\x1e" if media_type.essence == "application/json-seq" else b""
        return b"".join(lead + write_json(item) + b"\n" for item in _items(value))
    if is_event_stream(media_type):
        names, types = frozenset(outline.item().names), _types_of_events(outline.item())
        return b"".join(_write_event(item, names, types) for item in _items(value))
    if media_type.essence == FORM and isinstance(value, dict):
        return write_urlencoded(value, encodings)
    if media_type.essence == MULTIPART_FORM:
        return write_multipart(value, outline, encodings)
    if media_type.type == "multipart":
        return _write_mixed(value)
    if is_packed(media_type):
        return write_packed(value, media_type)
    specimen = find_specimen(media_type.essence)
    if specimen is not None:
        return specimen
    if is_xml(media_type):
        if isinstance(value, str) and value.lstrip().startswith("<") and outline.types != {"string"}:
            return value.encode()  # it is XML already
        return write_xml(value, outline, name)
    return _write_other(value, media_type)


def _write_other(value: JsonValue, media_type: MediaRange) -> bytes:
    if "csv" in media_type.subtype:
        return _write_csv(value)
    if not is_text(media_type) and value in (None, ""):
        return some_bytes()
    if isinstance(value, str):
        return _encoded(value, media_type)
    return write_json(value)


def is_file(media_type: MediaRange) -> bool:
    """Return True if the content is bytes that no schema describes."""
    is_medium = media_type.type in {"image", "audio", "video", "font"} or media_type.subtype == "octet-stream"
    return is_medium or find_specimen(media_type.essence) is not None


def write_text(text: str, media_type: MediaRange) -> bytes:
    """Write a text that is the content already; of a file, the bytes that it encodes in base64."""
    if is_file(media_type):
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            data = b""
        if data.startswith(_SIGNATURES):
            return data
        if not is_xml(media_type) and text and max(text) <= "\xff" and text.encode("latin-1").startswith(_SIGNATURES):
            return text.encode("latin-1")  # one character for each byte
    return _encoded(text, media_type)


def is_wire_text(text: str, media_type: MediaRange) -> bool:
    """
    Return True if a text is written as the media type has it.

    Events, lines of JSON, the parts of a multipart body.
    """
    if is_event_stream(media_type):
        lines = _LINE_END.split(text)
        return any(map(str.strip, lines)) and all(map(_EVENT_LINE.match, lines))
    if is_json_lines(media_type):
        lines = [line for line in _LINE_END.split(text.replace("\x1e", "")) if line.strip()]
        return bool(lines) and all(map(_is_json_structure, lines))
    return media_type.type == "multipart" and find_boundary(text.encode("utf-8", "replace")) is not None


def _is_json_structure(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict | list)
    except orjson.JSONDecodeError:
        return False


def find_boundary(data: bytes) -> str | None:
    """Find the boundary of a multipart body; None where it has none. RFC 2046, section 5.1.1."""
    found = _BOUNDARY.search(data[:4096])
    if found is not None:
        return found.group(1).decode()
    return None


def _encoded(text: str, media_type: MediaRange) -> bytes:
    """Return a text in the charset of its media type, as far as that has the characters."""
    codec = find_codec(media_type.parameter("charset") or "utf-8") or "utf_8"
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return text.encode(codec, "surrogatepass" if codec == "utf_8" else "replace")


def content_type(written: str, media_type: MediaRange) -> str:
    """Return the Content-Type field of a body: with a boundary or a charset where the document leaves it out."""
    if media_type.type == "multipart" and media_type.parameter("boundary") is None:
        return f"{written}; boundary={BOUNDARY}"
    if media_type.type == "text" and media_type.parameter("charset") is None and not is_event_stream(media_type):
        return f"{written}; charset=utf-8"
    return written


def write_json(value: JsonValue) -> bytes:
    """Write JSON; numbers beyond 64 bits and lone surrogates too, which orjson refuses."""
    try:
        # a copy: orjson takes up to eight times the bytes of a text, and what it returns goes on to hold them
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _types_of_events(item: Site) -> frozenset[str]:
    """Return the types that distinguish the alternatives of a stream's items; none where nothing does."""
    found = frozenset(word for word in item.member("type").constants() if isinstance(word, str) and word.isprintable())
    if len(found) > 1:
        return found
    return frozenset()


def _write_event(item: JsonValue, names: frozenset[str], types: frozenset[str]) -> bytes:
    """
    Write one event.

    An object of `data`, `event`, `id` and `retry` is one, without data only where the schema names such fields;
    anything else is the data of one, which has the name of its type where types distinguish the events of the stream.
    """
    is_event = isinstance(item, dict) and bool(item) and item.keys() <= _EVENT_FIELDS
    if isinstance(item, dict) and is_event and ("data" in item or names & {"data", "event", "retry"}):
        fields = [
            (name, item[name])
            for name in ("event", "id", "retry", "data")
            if name in item and (name == "data" or item[name] is not None)
        ]
    else:
        type_ = item.get("type") if isinstance(item, dict) else None
        fields = [("event", type_), ("data", item)] if isinstance(type_, str) and type_ in types else [("data", item)]
    lines = [f"{name}: {line}" for name, member in fields for line in _LINE_END.split(_as_text(member))]
    return ("\n".join(lines) + "\n\n").encode()


def _items(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    return [value]


def _as_text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return write_json(value).decode()


def _write_mixed(value: JsonValue) -> bytes:
    out = ""
    for part in _items(value):
        media_type = "text/plain" if isinstance(part, str) else "application/json"
        out += f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n\r\n{_as_text(part)}\r\n"
    return f"{out}--{BOUNDARY}--\r\n".encode()


def _write_csv(value: JsonValue) -> bytes:
    """Write CSV, RFC 4180: a line of names, then a line for each object; a string is CSV already."""
    if isinstance(value, str):
        return value.encode()
    rows = [row for row in _items(value) if isinstance(row, dict)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _as_text(cell) for name, cell in row.items() if cell is not None})
    return out.getvalue().encode()
