"""
Small files of the types that no schema describes: pictures, sounds, films, archives, office documents.

Each is what programs for its type open. They are put together here, byte by byte or with the standard library, when
they are first used, and are always the same.

Source: ITU-T T.81 (JPEG), RFC 9649 (WebP), RFC 3533 and 7845 (Ogg, Opus), RFC 9639 (FLAC), ISO/IEC 11172-3 (MPEG
audio), ISO/IEC 14496-12 (MP4), RFC 8794 (EBML), ECMA-376 (Office Open XML)
"""

import base64
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

_TEXT: Final = b"example\n"
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows
_SOME: Final = bytes(range(0x20))  # of content whose type is not known here
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MIME: Final = "application/vnd.openxmlformats-officedocument"


@lru_cache(maxsize=64)
def find_specimen(essence: str) -> bytes | None:
    """
    Find a file of a media type.

    Args:
        essence: Its type and subtype, in lower case.
    """
    maker = _MAKERS.get(_ALIASES.get(essence, essence))
    if maker is not None:
        return maker()
    return None


def some_bytes() -> bytes:
    """Make bytes in place of content of a type that is not known here."""
    return _SOME


def _jpeg() -> bytes:
    """Return one grey pixel, baseline."""
    ones = [1] + [0] * 15  # one code, of one bit
    segments = (
        (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        (0xDB, b"\0" + b"\x01" * 64),
        (0xC0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        (0xC4, b"\0" + bytes(ones) + b"\0"),
        (0xC4, b"\x10" + bytes(ones) + b"\0"),
        (0xDA, b"\x01\x01\0\0\x3f\0"),
    )
    written = b"".join(bytes((0xFF, mark)) + struct.pack(">H", len(body) + 2) + body for mark, body in segments)
    return b"\xff\xd8" + written + b"\x3f\xff\xd9"


def _riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = kind + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp() -> bytes:
    """Return one pixel, lossless."""
    return _riff(b"WEBP", (b"VP8L", bytes.fromhex("2f000000000750c00216b0ff8188e87f00")))


def _bmp() -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + 4, 0, 0, 14 + len(header)) + header + b"\x80\x80\x80\0"


def _ico() -> bytes:
    png = _png()
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 32, len(png), 22) + png


def _tiff() -> bytes:
    """Return one grey pixel, in one strip behind the directory."""
    entries = ((256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1))
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries
    )
    return b"II*\0" + struct.pack("<I", 10) + b"\x80\0" + directory + bytes(4)


def _png() -> bytes:
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )


def _gif() -> bytes:
    return base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def _svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def _pdf() -> bytes:
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (number, body)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 4\n" + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def _wav() -> bytes:
    """Return a hundredth of a second of silence at 8 kHz."""
    return _riff(b"WAVE", (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)), (b"data", b"\x80" * 80))


def _mp3() -> bytes:
    """Two frames of silence: MPEG 1, layer III, 128 kbit/s, 44.1 kHz, mono."""
    return (b"\xff\xfb\x90\xc4" + bytes(413)) * 2


def _aac() -> bytes:
    """Two frames of silence in ADTS: low complexity, 44.1 kHz, mono."""
    return (b"\xff\xf1\x50\x40\x01\xbf\xfc" + bytes.fromhex("00c800802380")) * 2


def _flac() -> bytes:
    """Return the header of a stream of no samples at 44.1 kHz."""
    rate, channels, bits = 44_100, 1, 16
    packed = (rate << 44 | (channels - 1) << 41 | (bits - 1) << 36).to_bytes(8, "big")
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed + bytes(16)
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info


def _ogg() -> bytes:
    """Return one packet of silence, Opus."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"mock" + struct.pack("<I", 0)
    pages = ((2, 0, head), (0, 0, tags), (4, 960, b"\xf8\xff\xfe"))
    return b"".join(
        _ogg_page(flags, position, number, packet) for number, (flags, position, packet) in enumerate(pages)
    )


def _ogg_page(flags: int, position: int, number: int, packet: bytes) -> bytes:
    def page(check: int) -> bytes:
        return b"OggS\0" + struct.pack("<BqIIIBB", flags, position, 1, number, check, 1, len(packet)) + packet

    check = 0
    for byte in page(0):
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ 0x04C11DB7 if check & 0x80000000 else check << 1) & 0xFFFFFFFF
    return page(check)


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def _mp4(brand: bytes) -> bytes:
    """Return a presentation of no tracks."""
    header = struct.pack(">IIIIIIH10x", 0, 0, 0, 1000, 0, 0x00010000, 0x0100)
    matrix = struct.pack(">9I", 0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000)
    movie = _box(b"mvhd", header, matrix, bytes(24), struct.pack(">I", 1))
    return (
        _box(b"ftyp", brand, struct.pack(">I", 512), b"isom", b"iso2", b"mp41") + _box(b"moov", movie) + _box(b"mdat")
    )


def _element(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + bytes((0x80 | len(body),)) + body


def _webm() -> bytes:
    """Return a segment of no tracks."""
    fields = (
        ("4286", b"\1"),
        ("42f7", b"\1"),
        ("42f2", b"\4"),
        ("42f3", b"\x08"),
        ("4282", b"webm"),
        ("4287", b"\4"),
        ("4285", b"\2"),
    )
    header = _element("1a45dfa3", b"".join(_element(name, body) for name, body in fields))
    info = _element(
        "1549a966", _element("2ad7b1", b"\x0f\x42\x40") + _element("4d80", b"mock") + _element("5741", b"mock")
    )
    return header + _element("18538067", info)


def _zip(files: Mapping[str, str | bytes]) -> bytes:
    """Return an archive; what is named `mimetype` comes first and is stored as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            if name == "mimetype":
                entry.compress_type = zipfile.ZIP_STORED
            else:
                entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def _relations(kind: str, target: str) -> str:
    relation = f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'


def _content_types(parts: Mapping[str, str]) -> str:
    own = "".join(f'<Override PartName="/{name}" ContentType="{_MIME}.{type_}+xml"/>' for name, type_ in parts.items())
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    xml = '<Default Extension="xml" ContentType="application/xml"/>'
    return f'{_XML}<Types xmlns="{_PACKAGE}/content-types">{rels}{xml}{own}</Types>'


def _xlsx() -> bytes:
    """Return a workbook of one sheet with one cell."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheets = '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{space}" xmlns:r="{_OFFICE}">{sheets}</workbook>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>example</t></is></c></row>'
    parts = {"xl/workbook.xml": "spreadsheetml.sheet.main", "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet"}
    return _zip(
        {
            "[Content_Types].xml": _content_types(parts),
            "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": _XML + book,
            "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{space}"><sheetData>{cell}</sheetData></worksheet>',
        }
    )


def _docx() -> bytes:
    """Return a document of one paragraph."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    text = f'<w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>example</w:t></w:r></w:p></w:body></w:document>'
    return _zip(
        {
            "[Content_Types].xml": _content_types({"word/document.xml": "wordprocessingml.document.main"}),
            "_rels/.rels": _relations("officeDocument", "word/document.xml"),
            "word/document.xml": _XML + text,
        }
    )


def _opendocument(kind: str, body: str) -> bytes:
    """Return a document of ODF 1.3."""
    type_, space = f"application/vnd.oasis.opendocument.{kind}", "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{name}="{space}:{name}:1.0"' for name in ("office", "text", "table"))
    entries = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{type_}"/>'
    entries += '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    content = f"<office:body>{body}</office:body>"
    content = f'<office:document-content {names} office:version="1.3">{content}</office:document-content>'
    manifest = f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0">{entries}</manifest:manifest>'
    return _zip(
        {
            "mimetype": type_,
            "content.xml": _XML + content,
            "META-INF/manifest.xml": _XML + manifest,
        }
    )


def _ods() -> bytes:
    row = "<table:table-row><table:table-cell><text:p>example</text:p></table:table-cell></table:table-row>"
    return _opendocument(
        "spreadsheet", f'<office:spreadsheet><table:table table:name="Sheet1">{row}</table:table></office:spreadsheet>'
    )


def _odt() -> bytes:
    return _opendocument("text", "<office:text><text:p>example</text:p></office:text>")


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("example.txt")
        entry.size = len(_TEXT)
        archive.addfile(entry, io.BytesIO(_TEXT))
    return out.getvalue()


def _calendar() -> bytes:
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//mock//EN", "BEGIN:VEVENT", "UID:1@example.com",
             "DTSTAMP:20260601T120000Z", "DTSTART:20260601T120000Z", "SUMMARY:Example", "END:VEVENT", "END:VCALENDAR",
             "")  # fmt: skip
    return "\r\n".join(lines).encode()


_MAKERS: Final[Mapping[str, Callable[[], bytes]]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/svg+xml": _svg,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/bmp": _bmp,
    "image/tiff": _tiff,
    "image/vnd.microsoft.icon": _ico,
    "audio/wav": _wav,
    "audio/mpeg": _mp3,
    "audio/aac": _aac,
    "audio/flac": _flac,
    "audio/ogg": _ogg,
    "audio/mp4": lambda: _mp4(b"M4A "),
    "audio/webm": _webm,
    "video/mp4": lambda: _mp4(b"isom"),
    "video/quicktime": lambda: _mp4(b"qt  "),
    "video/webm": _webm,
    "application/pdf": _pdf,
    "application/zip": lambda: _zip({"example.txt": _TEXT}),
    "application/gzip": lambda: gzip.compress(_TEXT, mtime=0),
    "application/x-bzip2": lambda: bz2.compress(_TEXT),
    "application/x-xz": lambda: lzma.compress(_TEXT),
    "application/x-tar": _tar,
    f"{_MIME}.spreadsheetml.sheet": _xlsx,
    f"{_MIME}.wordprocessingml.document": _docx,
    "application/vnd.oasis.opendocument.spreadsheet": _ods,
    "application/vnd.oasis.opendocument.text": _odt,
    "application/rtf": lambda: b"{\\rtf1\\ansi example}",
    "application/postscript": lambda: b"%!PS\nshowpage\n",
    "application/wasm": lambda: b"\0asm\1\0\0\0",
    "text/calendar": _calendar,
    "text/vcard": lambda: b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Example\r\nEND:VCARD\r\n",
}
_ALIASES: Final[Mapping[str, str]] = {
    alias: essence
    for essence, aliases in {
        "image/jpeg": ("image/jpg", "image/pjpeg"),
        "image/png": ("image/x-png",),
        "image/bmp": ("image/x-ms-bmp",),
        "image/tiff": ("image/tif",),
        "image/vnd.microsoft.icon": ("image/x-icon", "image/ico"),
        "audio/wav": ("audio/x-wav", "audio/wave", "audio/vnd.wave"),
        "audio/mpeg": ("audio/mp3", "audio/x-mpeg"),
        "audio/aac": ("audio/x-aac",),
        "audio/flac": ("audio/x-flac",),
        "audio/ogg": ("audio/opus", "application/ogg"),
        "audio/mp4": ("audio/x-m4a", "audio/m4a"),
        "video/mp4": ("video/x-m4v",),
        "application/pdf": ("application/x-pdf",),
        "application/zip": ("application/x-zip-compressed", "application/x-zip", "application/java-archive"),
        "application/gzip": ("application/x-gzip",),
        "application/x-bzip2": ("application/x-bzip", "application/bzip2"),
        "application/x-xz": ("application/xz",),
        "application/x-tar": ("application/tar",),
        "application/rtf": ("text/rtf",),
        "text/vcard": ("text/x-vcard",),
    }.items()
    for alias in aliases
}
