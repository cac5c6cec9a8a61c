"""Bodies of types that no schema describes are real bytes of the type, and JSON data in binary is what it was."""

import bz2
import gzip
import io
import lzma
import math
import struct
import tarfile
import wave
import zipfile
import zlib

import msgspec
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.body import write_body
from mock_server.exchange.media_type import parse_media_type
from mock_server.schema.sites import Site

NOTHING = Site()
OFFICE = "application/vnd.openxmlformats-officedocument"
# What files of a type begin with.
BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF89a", "image/jpeg": b"\xff\xd8\xff\xe0", "image/jpg": b"\xff\xd8\xff\xe0",
    "image/webp": b"RIFF", "image/bmp": b"BM", "image/tiff": b"II*\0", "image/x-icon": b"\0\0\1\0", "image/svg+xml": b"<svg",
    "audio/wav": b"RIFF", "audio/x-wav": b"RIFF", "audio/mpeg": b"\xff\xfb", "audio/mp3": b"\xff\xfb", "audio/aac": b"\xff\xf1",
    "audio/flac": b"fLaC", "audio/ogg": b"OggS", "audio/opus": b"OggS", "audio/mp4": b"\0\0\0\x1cftypM4A ", "video/mp4": b"\0\0\0\x1cftypisom",
    "video/webm": b"\x1aE\xdf\xa3", "application/pdf": b"%PDF-1", "application/zip": b"PK\3\4", "application/gzip": b"\x1f\x8b",
    f"{OFFICE}.spreadsheetml.sheet": b"PK\3\4", f"{OFFICE}.wordprocessingml.document": b"PK\3\4",
    "application/vnd.oasis.opendocument.text": b"PK\3\4", "application/wasm": b"\0asm", "text/calendar": b"BEGIN:VCALENDAR\r\n",
    "application/x-bzip2": b"BZh", "application/x-xz": b"\xfd7zXZ", "application/rtf": b"{\\rtf1", "text/vcard": b"BEGIN:VCARD\r\n",
}  # fmt: skip


def written(essence: str, value: object = "word") -> bytes:
    return write_body(value, parse_media_type(essence), NOTHING, {}, "root")  # type: ignore[arg-type]


@pytest.mark.parametrize("essence", BEGINNINGS)
@pytest.mark.parametrize("value", ["", "word", None])
def test_a_body_is_a_file_of_its_type(essence: str, value: object) -> None:
    assert written(essence, value).startswith(BEGINNINGS[essence])


@pytest.mark.parametrize(
    "essence", ["application/octet-stream", "application/x-unknown", "audio/x-unknown", "video/x-unknown", "font/woff2"]
)
@pytest.mark.parametrize("value", ["", "word", None])
def test_content_of_an_unknown_type_has_some_bytes(essence: str, value: object) -> None:
    assert written(essence, value)


def test_archives_hold_a_file() -> None:
    assert gzip.decompress(written("application/gzip")) == b"example\n"
    assert bz2.decompress(written("application/x-bzip2")) == b"example\n"
    assert lzma.decompress(written("application/x-xz")) == b"example\n"
    with tarfile.open(fileobj=io.BytesIO(written("application/x-tar"))) as archive:
        assert archive.getnames() == ["example.txt"]
    assert zipfile.ZipFile(io.BytesIO(written("application/zip"))).read("example.txt") == b"example\n"


@pytest.mark.parametrize(
    "essence", [name for name, start in BEGINNINGS.items() if start == b"PK\3\4" and "zip" not in name]
)
def test_the_parts_of_an_office_document_are_xml(essence: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(written(essence)))

    assert archive.testzip() is None
    assert all(fromstring(archive.read(name)).tag for name in archive.namelist() if name != "mimetype")


def test_a_sound_can_be_played() -> None:
    with wave.open(io.BytesIO(written("audio/wav"))) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 80)


def test_a_picture_has_its_pixel() -> None:
    png = written("image/png")
    at = png.index(b"IDAT")

    assert len(zlib.decompress(png[at + 4 : at + 4 + struct.unpack(">I", png[at - 4 : at])[0]])) == 5


def test_the_table_of_a_pdf_leads_to_its_objects() -> None:
    pdf = written("application/pdf")
    start = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    places = [int(line.split()[0]) for line in pdf[start:].splitlines()[3:6]]

    assert pdf[start:].startswith(b"xref")
    assert [pdf[place : place + 7] for place in places] == [b"1 0 obj", b"2 0 obj", b"3 0 obj"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def decoded(data: io.BytesIO) -> object:
    """CBOR of JSON data, read. RFC 8949, section 3."""
    first = data.read(1)[0]
    kind, small = first >> 5, first & 31
    if kind == 7:
        return {20: False, 21: True, 22: None}[small] if small < 24 else struct.unpack(">d", data.read(8))[0]
    count = small if small < 24 else int.from_bytes(data.read(1 << small - 24), "big")
    if kind in {0, 1}:
        return -1 - count if kind else count
    if kind == 6:
        number = int.from_bytes(decoded(data), "big")  # type: ignore[arg-type]
        return -1 - number if count == 3 else number
    if kind in {2, 3}:
        return data.read(count) if kind == 2 else data.read(count).decode()
    if kind == 4:
        return [decoded(data) for _ in range(count)]
    return {decoded(data): decoded(data) for _ in range(count)}


@given(JSON)
def test_cbor_is_the_value(value: object) -> None:
    assert decoded(io.BytesIO(written("application/cbor", value))) == value


@given(JSON)
def test_message_pack_is_the_value_but_for_numbers_that_it_can_not_have(value: object) -> None:
    def fitting(part: object) -> object:
        if isinstance(part, dict):
            return {name: fitting(member) for name, member in part.items()}
        if isinstance(part, list):
            return list(map(fitting, part))
        return str(part) if isinstance(part, int) and not -(2**63) <= part < 2**64 else part

    read = msgspec.msgpack.decode(written("application/msgpack", value))

    assert read == fitting(value)
    assert not isinstance(read, float) or math.isfinite(read)
