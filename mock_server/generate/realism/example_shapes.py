"""
Texts shaped like an example: the example of a property sets the notation of its values.

An example of a moment gives other moments in its notation; a code gives other codes: its digits, and its letters where
they are mixed with digits, are others, and the characters between them stay. A term of a vocabulary is a value itself,
and a mere word is no shape.
"""

import re
import string
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_interface
from math import prod
from random import Random
from typing import Final

from mock_server.generate.seed import derive_random

_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?P<gap>[T ])\d\d:\d\d(?P<seconds>:\d\d)?"
    r"(?:[.,](?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
# Other notations of moments, and what `strftime` calls them.
_NOTATIONS: Final = (
    (re.compile(r"\d{8}T\d{6}Z"), "%Y%m%dT%H%M%SZ"),
    (re.compile(r"(?:19|20)\d\d/(?:0\d|1[0-2])/\d\d"), "%Y/%m/%d"),
    (re.compile(r"[0-3]\d\.(?:0\d|1[0-2])\.(?:19|20)\d\d"), "%d.%m.%Y"),
    (re.compile(r"(?:1[3-9]|2\d|3[01])/(?:0\d|1[0-2])/(?:19|20)\d\d"), "%d/%m/%Y"),
    (re.compile(r"(?:0\d|1[0-2])/(?:1[3-9]|2\d|3[01])/(?:19|20)\d\d"), "%m/%d/%Y"),
)
# Of .NET: milliseconds since 1970. https://learn.microsoft.com/previous-versions/dotnet/articles/bb299886(v=msdn.10)
_TICKS: Final = re.compile(r"/Date\(-?\d+(?P<zone>[+-]\d{4})?\)/")
_HTTP_DATE: Final = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_PIECE: Final = re.compile(r"[A-Za-z0-9]+")
_SIZES: Final = re.compile(r"\d{1,5}(?:x\d{1,5}){1,2}")  # `1920x1080`, of which the `x` stays
_SIZE: Final = re.compile(r"\d+")
_LONGEST: Final = 256  # characters of a code
_DIGITS: Final = frozenset(string.digits + "-")
_ROWS: Final = 65_536
_FACTOR: Final = 40_503  # odd, and near the golden ratio of the rows: neighbours are far apart
# Letters of a piece no longer than this are a part of its name, as in `v2`.
_NAMING: Final = 3
_HEX: Final = frozenset(string.hexdigits)
# How many bits at the beginning of an address stay, by the version: the first that leave room within the prefix.
_KEPT: Final = {4: (16, 8), 6: (32, 16)}
_ROW_BITS: Final = 16
_NUMBERS: Final = re.compile(r"\d+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")

Write = Callable[[datetime], str]


def moment_writer(example: str) -> Write | None:
    """Return the writer of moments in the notation of an example; None where it is no moment."""
    if _DAY.fullmatch(example):
        return lambda moment: moment.date().isoformat()
    if _HTTP_DATE.fullmatch(example):
        return lambda moment: format_datetime(moment, usegmt=True)
    ticks = _TICKS.fullmatch(example)
    if ticks is not None:
        return lambda moment: f"/Date({int(moment.timestamp()) * 1000}{ticks['zone'] or ''})/"
    notation_ = next((format_ for pattern, format_ in _NOTATIONS if pattern.fullmatch(example)), None)
    if notation_ is not None:
        return lambda moment: moment.strftime(notation_)
    found = _MOMENT.fullmatch(example)
    if found is None:
        return None
    gap, seconds, fraction, zone = found["gap"], found["seconds"], found["fraction"], found["zone"] or ""

    def write(moment: datetime) -> str:
        text = f"{moment:%Y-%m-%d}{gap}{moment:%H:%M}" + (f":{moment:%S}" if seconds else "")
        return text + ("." + "0" * len(fraction) if fraction else "") + zone

    if zone in {"", "Z"}:
        return write
    return lambda moment: write(moment + _offset(zone))


def _offset(zone: str) -> timedelta:
    """Return the offset of local time from UTC: `+02:00`, `-0530`, `+02`."""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if zone[0] == "-":
        return -ahead
    return ahead


def address_writer(example: str) -> Callable[[int], str] | None:
    """
    Return the writer, by row, of IP addresses and networks like an example; None where it is none.

    What is before the part that differs stays, and so do the prefix and the bits of the host behind it:
    `2001:db8::/64` and `10.0.0.5/24` have others of their kind.
    """
    try:
        interface = ip_interface(example)
    except ValueError:
        return None
    bits, prefix = interface.max_prefixlen, interface.network.prefixlen
    kept = next((kept for kept in _KEPT[interface.version] if kept < prefix), prefix)
    room, host = prefix - kept, bits - prefix
    fixed = int(interface.ip) & ~(((1 << room) - 1) << host)
    tail = example[example.index("/") :] if "/" in example else ""
    address = type(interface.ip)
    return lambda row: f"{address(fixed | (row * _FACTOR + 1) % (1 << min(room, _ROW_BITS)) << host)}{tail}"


def notation(text: str) -> str:
    """Return the notation of a text: runs of digits are 0, runs of letters are a."""
    return _LETTERS.sub("a", _NUMBERS.sub("0", text))


def scheme_of(link: str) -> str:
    """Return the kind of a link: its scheme, `/` for a path, empty for neither; HTTP's schemes are one."""
    found = _SCHEME.match(link)
    if found is not None:
        if found[0].lower() in {"http:", "https:"}:
            return "http:"
        return found[0].lower()
    if link.startswith("/"):
        return "/"
    return ""


def count_places(example: str) -> int:
    """
    Count the characters of a text that belong to a code.

    Digits, and letters mixed with them; none of mere words and numbers.
    """
    is_plain = example.isascii() and len(example) <= _LONGEST and not any(map(str.isspace, example))
    if not is_plain or not (any(map(str.isalpha, example)) or set(example) <= _DIGITS):
        return 0
    return sum(len(choices) > 1 for _, choices in _places(example))


def is_term(example: str) -> bool:
    """
    Return True if a text is a term of some vocabulary rather than a word.

    `PENDING_REVIEW`, `us-east-1`, `text/plain`.
    """
    if any(map(str.isspace, example)) or not example.isascii() or not any(map(str.isalpha, example)):
        return False
    return example.isupper() or not example.isalpha()


def code_writer(example: str, salt: str) -> Callable[[int], str]:
    """
    Return the writer of codes like an example.

    Args:
        example: See `count_places`.
        salt: Codes of different salts do not go together.

    Returns:
        A function of a row, 0 to 65,535; codes of different rows differ, where the shape has room for as many.
    """
    places = _places(example)
    first = derive_random("code", salt).randrange(_ROWS)
    room = prod(len(choices) for _, choices in places)

    def write(row: int) -> str:
        text = list(example)
        mixed = row * _FACTOR + first & _ROWS - 1
        if room > _ROWS:
            number = mixed * (room // _ROWS) + Random(mixed).randrange(room // _ROWS)
        else:
            number = mixed % room
        for at, choices in reversed(places):
            number, own = divmod(number, len(choices))
            text[at] = choices[own]
        return "".join(text)

    return write


def number_writer(example: str, first: int, step: int) -> Callable[[int], str] | None:
    """
    Return the writer, by row, of an example with other numbers at its end, as in `user_1`.

    None where it has none.
    """
    found = re.search(r"\d+(?=\D*\Z)", example)
    if found is None:
        return None
    before, after = example[: found.start()], example[found.end() :]
    return lambda row: f"{before}{first + row * step % _ROWS}{after}"


def _places(example: str) -> list[tuple[int, str]]:
    """Return the positions of a code that vary, with their characters."""
    found: list[tuple[int, str]] = []
    pieces = _SIZE.finditer(example) if _SIZES.fullmatch(example) else _PIECE.finditer(example)
    for piece in pieces:
        text = piece.group()
        if not any(map(str.isdigit, text)):
            continue
        is_hex = len(text) > _NAMING and set(text) <= _HEX and (text.islower() or text.isdigit())
        for index, char in enumerate(text):
            at = piece.start() + index
            if char.isdigit():
                is_first = index == 0 and text.isdigit() and len(text) > 1 and char != "0"
                found.append((at, "123456789" if is_first else "0123456789"))
            elif len(text) > _NAMING:
                found.append((at, _letters(char, is_hex=is_hex)))
    return found


def _letters(char: str, *, is_hex: bool) -> str:
    if is_hex:
        return "abcdef"
    if char.islower():
        return string.ascii_lowercase
    return string.ascii_uppercase
