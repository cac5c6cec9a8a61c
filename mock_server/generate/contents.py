"""
Strings that hold content: `contentMediaType` and `contentEncoding`.

Source: JSON Schema 2020-12 Validation, section 8; RFC 2045 and RFC 4648 for the encodings
"""

import base64
import quopri
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mock_server.exchange.media_type import MediaRange, is_json, is_json_lines, is_xml, parse_media_type
from mock_server.exchange.sample_files import find_specimen, some_bytes
from mock_server.schema.formats import find_format
from mock_server.schema.sites import Site

_JSON_FORMATS: Final = frozenset(("json", "json-string"))
_ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "base16": base64.b16encode,
    "quoted-printable": quopri.encodestring,
}
_IDENTITY: Final = frozenset(("", "7bit", "8bit", "binary"))


@dataclass(frozen=True, slots=True)
class Content:
    """The media type and the encoding of a string's content."""

    media_type: MediaRange | None  # None: nothing
    encoding: str  # in lower case; empty for none
    is_encoded: bool  # whether any text that is made is encoded already, since its format says so

    @property
    def is_of_json(self) -> bool:
        """True if the content is a JSON text, or several in lines."""
        return self.media_type is not None and (is_json(self.media_type) or self.is_of_lines)

    @property
    def is_of_lines(self) -> bool:
        """True if the content is several JSON texts, one a line."""
        return self.media_type is not None and is_json_lines(self.media_type)

    def find_bytes(self) -> bytes | None:
        """Return sample content of the media type; None where any text will do."""
        if self.media_type is None or self.is_of_json:
            return None
        specimen = find_specimen(self.media_type.essence)
        if specimen is not None:
            return specimen
        if is_xml(self.media_type):
            return b"<root/>"
        if self.media_type.essence == "text/html":
            return b"<p>example</p>"
        if self.encoding not in _IDENTITY and self.media_type.type != "text":
            return some_bytes()
        return None

    def encode(self, data: bytes) -> str | None:
        """Return encoded content; None for bytes without an encoding, and for an unknown encoding."""
        encoder = _ENCODERS.get(self.encoding)
        if encoder is None and self.encoding not in _IDENTITY:
            return None
        try:
            return (data if encoder is None else encoder(data)).decode()
        except UnicodeDecodeError:
            return None


def content_of(site: Site) -> Content:
    """Read the content of a string from keywords, or from formats as `byte` of OpenAPI 3.0 and `json`."""
    formats = site.formats
    written = site.text("contentMediaType") or ("application/json" if _JSON_FORMATS.intersection(formats) else "")
    own = next((record.encoding for record in map(find_format, formats) if record.encoding), "")
    encoding = own or site.text("contentEncoding").lower()
    return Content(parse_media_type(written) if written else None, encoding, is_encoded=bool(own))
