"""Media types, ranges and what a client accepts. RFC 9110, sections 8.3.1 and 12.5.1; RFC 6838, section 4.2.8."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

_SHORT = 200  # characters of a field that may come again
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART_FORM = "multipart/form-data"

_JSON_NAMES = frozenset((JSON, "text/json", "application/x-json"))
_XML_NAMES = frozenset(("application/xml", "text/xml"))
_LINES = frozenset(
    ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
     "application/jsonlines", "application/json-l", "application/x-json-stream", "application/stream+json",
     "application/json-seq")
)  # fmt: skip
_STRUCTURED_TEXT = frozenset(
    ("application/javascript", "application/yaml", "application/x-yaml", "application/sql", "application/graphql",
     "application/toml", "application/x-sh", "application/csv", "application/rtf")
)  # fmt: skip
_VENDOR = re.compile(r"(?:vnd\.|prs\.|x-)([^.+;]+)")
# What stands for a documented range that the client does not narrow.
_CONCRETE = {
    "*": JSON, "application": JSON, "text": "text/plain", "image": "image/png", "audio": "audio/mpeg",
    "video": "video/mp4", "multipart": "multipart/mixed", "font": "font/woff2",
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
        """True if it covers several types: `*/*`, `text/*`, `application/*+json`, `application/vnd.vimeo.*`."""
        return self.type == "*" or "*" in self.subtype

    @property
    def specificity(self) -> tuple[bool, bool, int]:
        """A sort key: a type goes before a range of some, that before a range of all; more parameters before fewer."""
        return self.type == "*", "*" in self.subtype, -len(self.parameters)

    def covers(self, other: "MediaRange") -> bool:
        """Return True if it names the other, or a range that the other is in; parameters of `other` do not count."""
        if self.type not in {"*", other.type}:
            return False
        start, star, end = self.subtype.partition("*")
        if not star:
            return self.subtype == other.subtype
        return other.subtype.startswith(start) and other.subtype.endswith(end)

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter."""
        return next((value for key, value in self.parameters if key == name), None)


_ANYTHING = MediaRange("*", "*")


def parse_media_type(text: str) -> MediaRange:
    """
    Read a media type or range tolerantly; what has no slash is taken for a type of `application`.

    Short ones are read once.
    """
    if len(text) <= _SHORT:
        return _parse_short(text)
    return _parse(text)


def is_same_media_type(one: str, other: str) -> bool:
    """Return True if two Content-Type fields mean the same, however they are written. RFC 9110, section 8.3.1."""
    first, second = ((read.essence, dict(_folded(read))) for read in map(parse_media_type, (one, other)))
    return first == second


def _folded(read: MediaRange) -> Iterator[tuple[str, str]]:
    for name, value in read.parameters:
        yield name, value.lower() if name == "charset" else value


def _parse(text: str) -> MediaRange:
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


_parse_short = lru_cache(maxsize=4096)(_parse)


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 1.0
    if math.isfinite(quality):
        return min(max(quality, 0.0), 1.0)
    return 1.0


def split_quoted(text: str, separator: str) -> list[str]:
    """Split at separators outside of quotes."""
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


def parse_accept(text: str) -> tuple[MediaRange, ...]:
    """
    Read an Accept header field.

    Its ranges, those wanted most first, then the most specific; those refused (`q=0`) last.
    """
    if len(text) <= _SHORT:
        return _parse_short_accept(text)
    return _parse_accept(text)


def _parse_accept(text: str) -> tuple[MediaRange, ...]:
    ranges = [parse_media_type(part) for part in split_quoted(text, ",") if part.strip()]
    return tuple(sorted(ranges, key=lambda found: (-found.quality, *found.specificity)))


_parse_short_accept = lru_cache(maxsize=1024)(_parse_accept)


def choose_media_type(documented: Sequence[str], accept: str | None) -> tuple[int, str] | None:
    """
    Choose what to send.

    Args:
        documented: The media types and ranges of a response, in order.
        accept: The Accept header field; None where there is none: everything is acceptable then.

    Returns:
        The index of the documented one and the media type to send; None where nothing is acceptable.

    Source: RFC 9110, section 12.5.1: the most specific range that covers a media type decides about it
    """
    ranges = _ranges(accept)
    known = [parse_media_type(name) for name in documented]
    decided = [_find_deciding(name, ranges) for name in known]
    for wanted, fits in _iter_candidates(ranges):
        fitting = [index for index, name in enumerate(known) if decided[index] in {None, wanted} and fits(wanted, name)]
        if fitting:
            index = _pick(fitting, known, wanted)
            return index, _concrete(documented[index], known[index], wanted)
    return None


def choose_unwanted(documented: Sequence[str], accept: str | None) -> tuple[int, str] | None:
    """
    Choose what to send where nothing is acceptable: the first media type that is not refused outright, by `q=0`.

    Source: RFC 9110, section 12.5.1: a server may disregard the field and treat the response as if it were not there
    """
    ranges = _ranges(accept)
    for index, name in enumerate(documented):
        known = parse_media_type(name)
        if not _is_refused(known, ranges):
            return index, _concrete(name, known, _ANYTHING)
    return None


def _ranges(accept: str | None) -> tuple[MediaRange, ...]:
    if accept is not None and accept.strip():
        return parse_accept(accept)
    return (_ANYTHING,)


def _find_deciding(name: MediaRange, ranges: Sequence[MediaRange]) -> MediaRange | None:
    """Return the most specific range that covers a media type; None where none does."""
    return min((found for found in ranges if found.covers(name)), key=lambda found: found.specificity, default=None)


def _is_refused(name: MediaRange, ranges: Sequence[MediaRange]) -> bool:
    deciding = _find_deciding(name, ranges)
    return deciding is not None and deciding.quality == 0


def _iter_candidates(
    ranges: Sequence[MediaRange],
) -> Iterator[tuple[MediaRange, Callable[[MediaRange, MediaRange], bool]]]:
    """
    Yield the ranges of an Accept field in order of preference, each with the comparison that meets it.

    Of one quality first the very type, then interchangeable types, then ranges.
    """
    wanted = [found for found in ranges if found.quality > 0]
    for _, group in groupby(wanted, key=lambda found: found.quality):
        equal = list(group)
        types = [found for found in equal if not found.is_range]
        yield from ((found, _overlap) for found in types)
        yield from ((found, is_interchangeable) for found in types)
        yield from ((found, _overlap) for found in equal if found.is_range)


def _overlap(one: MediaRange, other: MediaRange) -> bool:
    return one.covers(other) or other.covers(one)


def _pick(fitting: Sequence[int], known: Sequence[MediaRange], wanted: MediaRange) -> int:
    """
    Of documented media types that fit.

    The one with the wanted parameters; for a range one of JSON; else the first.
    """
    if wanted.is_range:
        return next((index for index in fitting if is_json(known[index]) and not known[index].is_range), fitting[0])
    parameters = set(wanted.parameters)
    return max(fitting, key=lambda index: len(parameters & set(known[index].parameters)))


def is_interchangeable(one: MediaRange, other: MediaRange) -> bool:
    """
    Return True if one media type may replace another that is named differently.

    `application/vnd.github+json` and `application/json` may, in both directions, as may two names of one vendor's tree
    and XML likewise: the suffix says how the content is written (RFC 6839), the rest only whose it is.
    """
    return _are_of_one_syntax(one, other, is_json, _JSON_NAMES) or _are_of_one_syntax(
        one, other, _is_xml_data, _XML_NAMES
    )


def _are_of_one_syntax(
    one: MediaRange, other: MediaRange, has_syntax: Callable[[MediaRange], bool], plain: frozenset[str]
) -> bool:
    if not (has_syntax(one) and has_syntax(other)) or one.is_range or other.is_range:
        return False
    vendor = _vendor(one)
    return one.essence in plain or other.essence in plain or (vendor is not None and vendor == _vendor(other))


def _is_xml_data(media_type: MediaRange) -> bool:
    """Return True if the content is XML, but no document for people or picture with a syntax of its own."""
    return is_xml(media_type) and media_type.type in {"application", "text"} and media_type.subtype != "xhtml+xml"


def _vendor(media_type: MediaRange) -> str | None:
    """Return the vendor of a media type: `github` of `application/vnd.github.v3+json`. RFC 6838, section 3.2."""
    match = _VENDOR.match(media_type.subtype)
    if match is not None:
        return match.group(1)
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
    """Return True if the content is one JSON text: `application/json` and the suffix `+json`."""
    return media_type.essence in _JSON_NAMES or (
        media_type.subtype.endswith("+json") and media_type.essence not in _LINES
    )


def may_be_json(media_type: MediaRange) -> bool:
    """Return True if the content is JSON, or whatever a range covers that JSON is in: then it is sent as JSON here."""
    return is_json(media_type) or (media_type.is_range and media_type.covers(parse_media_type(JSON)))


def is_json_lines(media_type: MediaRange) -> bool:
    """Return True if the content is a sequence of JSON texts."""
    return media_type.essence in _LINES


def is_event_stream(media_type: MediaRange) -> bool:
    """Return True if the content is server-sent events."""
    return media_type.essence == "text/event-stream"


def is_streamed(media_type: MediaRange) -> bool:
    """Return True if the content comes item by item."""
    return is_json_lines(media_type) or is_event_stream(media_type)


def is_xml(media_type: MediaRange) -> bool:
    """Return True if the content is XML, RFC 7303."""
    return media_type.essence in _XML_NAMES or media_type.subtype.endswith("+xml")


def is_text(media_type: MediaRange) -> bool:
    """Return True if the content is characters of no structure that is known here."""
    return (media_type.type == "text" and not is_xml(media_type)) or media_type.essence in _STRUCTURED_TEXT
