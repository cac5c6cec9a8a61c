"""Media types, ranges and what a client accepts. RFC 9110, sections 8.3.1 and 12.5.1; RFC 6838, section 4.2.8."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART_FORM = "multipart/form-data"

_JSON_NAMES = frozenset((JSON, "text/json", "application/x-json"))
_XML_NAMES = frozenset(("application/xml", "text/xml"))
_LINES = frozenset(
    ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines",
     "application/json-l", "application/x-json-stream", "application/stream+json", "application/json-seq")
)  # fmt: skip
_STRUCTURED_TEXT = frozenset(
    ("application/javascript", "application/yaml", "application/x-yaml", "application/sql", "application/graphql", "application/toml",
     "application/x-sh", "application/csv", "application/rtf")
)  # fmt: skip
# What stands for a documented range that the client does not narrow.
_CONCRETE = {
    "*": JSON, "application": JSON, "text": "text/plain", "image": "image/png", "audio": "audio/mpeg", "video": "video/mp4",
    "multipart": "multipart/mixed", "font": "font/woff2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MediaRange:
    """A media type or range: names in lower case, parameters as written."""

    type: str
    subtype: str
    parameters: tuple[tuple[str, str], ...] = ()
    quality: float = 1.0

    @property
    def essence(self) -> str:
        """The names without parameters: `application/json`."""
        return f"{self.type}/{self.subtype}"

    @property
    def is_range(self) -> bool:
        """Whether it stands for several types."""
        return "*" in (self.type, self.subtype) or self.subtype.startswith("*+")

    def covers(self, other: "MediaRange") -> bool:
        """Whether it names the other, or a range that the other is in; parameters of `other` do not count."""
        if self.type not in {"*", other.type}:
            return False
        if self.subtype.startswith("*+"):
            return other.subtype.endswith(self.subtype[1:])
        return self.subtype in {"*", other.subtype}

    def parameter(self, name: str) -> str | None:
        """The value of a parameter."""
        return next((value for key, value in self.parameters if key == name), None)


@lru_cache(maxsize=4096)
def parse_media_type(text: str) -> MediaRange:
    """Read a media type or range tolerantly; what has no slash is taken for a type of `application`."""
    head, *rest = split_quoted(text, ";")
    type_, slash, subtype = head.strip().lower().partition("/")
    if not slash:
        type_, subtype = ("*", "*") if type_ in {"*", ""} else ("application", type_)
    parameters: list[tuple[str, str]] = []
    quality = 1.0
    for part in rest:
        name, _, value = part.strip().partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "q":
            quality = _quality(value)
        elif name:
            parameters.append((name, value))
    return MediaRange(type_, subtype, tuple(parameters), quality)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0


def split_quoted(text: str, separator: str) -> list[str]:
    """Split where the separator does not stand inside quotes."""
    if '"' not in text:
        return text.split(separator)
    parts, quoted, start = [], False, 0
    for index, char in enumerate(text):
        if char == '"' and (index == 0 or text[index - 1] != "\\"):
            quoted = not quoted
        elif char == separator and not quoted:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


@lru_cache(maxsize=1024)
def parse_accept(text: str) -> tuple[MediaRange, ...]:
    """Read an Accept header field: the acceptable ranges, those wanted most first, then the most specific."""
    ranges = [parse_media_type(part) for part in split_quoted(text, ",") if part.strip()]
    wanted = [found for found in ranges if found.quality > 0]
    return tuple(sorted(wanted, key=lambda found: (-found.quality, found.type == "*", found.subtype == "*")))


def choose_media_type(documented: Sequence[str], accept: str | None) -> tuple[int, str] | None:
    """
    Choose what to send.

    Args:
        documented: The media types and ranges of a response, in order.
        accept: The Accept header field; None where there is none: everything is acceptable then.

    Returns:
        The index of the documented one and the media type to send; None where nothing is acceptable.
    """
    ranges = parse_accept(accept) if accept is not None and accept.strip() else (MediaRange("*", "*"),)
    known = [parse_media_type(name) for name in documented]
    for wanted in ranges:
        fitting = [index for index, name in enumerate(known) if wanted.covers(name) or name.covers(wanted)]
        if fitting:
            index = next((i for i in fitting if is_json(known[i]) and not known[i].is_range), fitting[0]) if wanted.is_range else fitting[0]
            return index, _concrete(documented[index], known[index], wanted)
    return None


def _concrete(written: str, documented: MediaRange, wanted: MediaRange) -> str:
    if not documented.is_range:
        return written
    if not wanted.is_range:
        return wanted.essence
    if documented.subtype.startswith("*+"):
        return f"application/{documented.subtype[2:]}"
    type_ = documented.type if documented.type != "*" else wanted.type
    return _CONCRETE.get(type_, f"{type_}/octet-stream")


def is_json(media_type: MediaRange) -> bool:
    """Whether the content is one JSON text: `application/json` and the suffix `+json`."""
    return media_type.essence in _JSON_NAMES or media_type.subtype.endswith("+json")


def may_be_json(media_type: MediaRange) -> bool:
    """Whether the content is JSON, or whatever a range covers that JSON is in: then it is sent as JSON here."""
    return is_json(media_type) or (media_type.is_range and media_type.covers(parse_media_type(JSON)))


def is_json_lines(media_type: MediaRange) -> bool:
    """Whether the content is a sequence of JSON texts."""
    return media_type.essence in _LINES


def is_event_stream(media_type: MediaRange) -> bool:
    """Whether the content is server-sent events."""
    return media_type.essence == "text/event-stream"


def is_xml(media_type: MediaRange) -> bool:
    """Whether the content is XML, RFC 7303."""
    return media_type.essence in _XML_NAMES or media_type.subtype.endswith("+xml")


def is_text(media_type: MediaRange) -> bool:
    """Whether the content is characters of no structure that is known here."""
    return (media_type.type == "text" and not is_xml(media_type)) or media_type.essence in _STRUCTURED_TEXT
