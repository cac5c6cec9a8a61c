"""
Formats: one record for each, with all that is known of it.

A record says what is valid, what a value means, how texts of the format are written, and which of them are edge cases.
No other module names several formats: a new one is a row here.

Source: the OpenAPI Format Registry, https://spec.openapis.org/registry/format/, and JSON Schema 2020-12 validation,
section 7.3
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any, Final
from uuid import UUID

from mock_server.schema import grammars

Write = Callable[[Random], str]
Variants = tuple[tuple[str, str], ...]  # the name of each, and its text

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}\Z")


def _write_date_time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _append_letters(text: str, missing: int) -> str:
    return text + "a" * missing


@dataclass(frozen=True, slots=True)
class Format:
    """A string format, or the bounds of a number; the defaults are those of a format that nothing is known of."""

    name: str
    # What judges assert.
    is_built_in: bool = False  # jsonschema-rs asserts it by itself
    is_valid: Callable[[str], bool] | None = None  # what is asserted where it does not
    bounds: tuple[int | float, int | float] | None = None  # of numbers, both included
    is_certain: bool = False  # OpenAPI defines it, or it leaves no room: no API has an idea of its own of it
    rfc3986_rule: str = ""  # for the second judge, by the package that knows these rules
    is_international: bool = False  # it takes letters beyond ASCII
    has_clock: bool = False  # it has the 61st second of a minute, which Python's calendar does not know
    # Regular expressions of ECMA-262: the believable part first, the whole last.
    grammars: tuple[str, ...] = ()
    within: tuple[str, ...] = ()  # formats that all its texts have as well
    max_length: int | None = None  # in characters, where no grammar says it
    # What a value of it is about, and how it is written.
    meaning: str = ""  # a kind of value (docs/reference/values.md), or `moment`, `url`, `numeral`, `decimal`, `bytes`
    write_moment: Callable[[datetime], str] = _write_date_time  # from a moment in UTC
    encoding: str = ""  # of bytes, by RFC 4648
    write: Write | None = None
    lengthen: Callable[[str, int], str] = _append_letters  # by so many characters at least, if that is possible
    shapes: tuple[Write, ...] = ()  # what people write for it by a pattern, without a format
    python: tuple[type, Callable[[Any], str]] | None = None  # a type of Python, and how its values are written
    # Edge cases.
    edges: Variants = ()
    extremes: Variants = ()
    near_misses: tuple[str, ...] = ()

    @property
    def is_asserted(self) -> bool:
        """True if a text that breaks it is wrong."""
        return self.is_built_in or self.is_valid is not None

    @property
    def has_day(self) -> bool:
        """True if a text of it is a day of the calendar, with or without a time of day."""
        return self.python is not None and issubclass(self.python[0], date)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The grammars as anchored patterns; none where it asserts nothing or no regular expression describes it."""
        return tuple(f"^(?:{grammar})$" for grammar in self.grammars)


def is_byte(text: str) -> bool:
    """Check base64, RFC 4648, section 4."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def is_base64url(text: str) -> bool:
    """Check base64url, RFC 4648, section 5; padding may be left out."""
    return bool(_BASE64URL.match(text)) and len(text.rstrip("=")) % 4 != 1


def is_char(text: str) -> bool:
    """Check a single character."""
    return len(text) == 1


def _date(random: Random) -> str:
    return f"{random.randint(1990, 2030)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"


def _time(random: Random) -> str:
    return f"{random.randint(0, 23):02d}:{random.randint(0, 59):02d}:{random.randint(0, 59):02d}Z"


def _date_time(random: Random) -> str:
    return f"{_date(random)}T{_time(random)}"


def _milliseconds(random: Random) -> int:
    """Draw a moment from 2001 to 2033, in milliseconds since 1970."""
    return random.randrange(10**12, 2 * 10**12)


def _duration(random: Random) -> str:
    if random.random() < 0.5:  # noqa: PLR2004 - one half
        return f"P{random.randint(1, 30)}D"
    return f"PT{random.randint(1, 59)}M"


def _hex(random: Random, size: int) -> str:
    return f"{random.getrandbits(4 * size):0{size}x}"


def _uuid(random: Random) -> str:
    return f"{_hex(random, 8)}-{_hex(random, 4)}-4{_hex(random, 3)}-a{_hex(random, 3)}-{_hex(random, 12)}"


def _byte(random: Random) -> str:
    return base64.b64encode(random.randbytes(random.choice((3, 6, 12)))).decode()


def _lengthen_second(text: str, missing: int) -> str:
    body, zone = text[:-1], text[-1]
    return f"{body}.{'0' * max(missing - 1, 1)}{zone}"


def _lengthen_user(text: str, missing: int) -> str:
    return "a" * missing + text


def _lengthen_host(text: str, missing: int) -> str:
    return ".".join(["a" * min(missing, 60)] * (1 + missing // 60)) + "." + text


def _lengthen_bytes(text: str, missing: int) -> str:
    return "QUJD" * (-(-missing // 4)) + text


def _write_day(moment: datetime) -> str:
    return moment.date().isoformat()


def _write_http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _write_seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


_DATE_TIME: Final = Format(
    "date-time",
    is_built_in=True,
    is_certain=True,
    has_clock=True,
    grammars=grammars.DATE_TIME,
    meaning="moment",
    write=_date_time,
    lengthen=_lengthen_second,
    shapes=(
        _date_time,
        lambda r: f"{_date(r)}T{_time(r)[:-1]}.{r.randint(0, 999):03d}Z",
        lambda r: f"{_date(r)}T{_time(r)[:-1]}+00:00",
        lambda r: f"{_date(r)}T{_time(r)[:-1]}",
        lambda r: f"{_date(r)} {_time(r)[:-1]}",
        lambda r: f"/Date({_milliseconds(r)}+0000)/",
        lambda r: f"/Date({_milliseconds(r)})/",
    ),
    python=(datetime, lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"),
    edges=(
        ("midnight", "2026-01-01T00:00:00Z"),
        ("last-second", "2026-12-31T23:59:59Z"),
        ("leap-day", "2024-02-29T12:00:00Z"),
        ("offset", "2026-06-01T12:00:00+05:30"),
        ("fraction", "2026-06-01T12:00:00.123456Z"),
        ("epoch", "1970-01-01T00:00:00Z"),
        ("dst-gap", "2026-03-29T02:30:00+01:00"),
        ("before-epoch", "1969-12-31T23:59:59Z"),
        ("end-of-32-bits", "2038-01-19T03:14:08Z"),
    ),
    extremes=(
        ("leap-second", "1990-12-31T23:59:60Z"),
        ("first-year", "0001-01-01T00:00:00Z"),
        ("last-year", "9999-12-31T23:59:59.999999999Z"),
        ("far-offset", "2026-06-01T12:00:00+14:00"),
        ("unknown-offset", "2026-06-01T12:00:00-00:00"),
        ("lower-case", "2026-06-01t12:00:00z"),
        ("long-fraction", "2026-06-01T12:00:00." + "1" * 30 + "Z"),
    ),
    near_misses=("2026-13-01T00:00:00Z", "2026-06-01 00:00:00", "2026-06-01", "yesterday"),
)
_DATE: Final = Format(
    "date",
    is_built_in=True,
    is_certain=True,
    grammars=grammars.DATE,
    meaning="moment",
    write_moment=_write_day,
    write=_date,
    shapes=(_date, lambda r: _date(r)[:7], lambda r: _date(r).replace("-", "/")),
    python=(date, date.isoformat),
    edges=(
        ("leap-day", "2024-02-29"),
        ("year-end", "2026-12-31"),
        ("century", "2000-02-29"),
        ("epoch", "1970-01-01"),
    ),
    extremes=(("first-day", "0001-01-01"), ("last-day", "9999-12-31")),
    near_misses=("2026-02-30", "01.06.2026", "yesterday"),
)
_TIME: Final = Format(
    "time",
    is_built_in=True,
    has_clock=True,
    grammars=grammars.TIME,
    meaning="moment",
    write_moment=lambda moment: f"{moment.time().isoformat()}Z",
    write=_time,
    lengthen=_lengthen_second,
    shapes=(_time, lambda r: _time(r)[:-1], lambda r: _time(r)[:5]),
    edges=(("midnight", "00:00:00Z"), ("last-second", "23:59:59Z"), ("offset", "12:00:00+05:30")),
    extremes=(("leap-second", "23:59:60Z"), ("long-fraction", "12:00:00." + "1" * 30 + "Z")),
    near_misses=("25:00:00Z", "12:60", "noon"),
)
_EMAIL: Final = Format(
    "email",
    is_built_in=True,
    within=("idn-email",),
    grammars=grammars.EMAIL,
    max_length=254,  # RFC 5321, section 4.5.3.1
    meaning="email",
    write=lambda r: f"user{r.randint(1, 9999)}@example.com",
    lengthen=_lengthen_user,
    edges=(("plus", "a+b@example.com"), ("shortest", "a@b.co")),
    extremes=(("long", "a" * 64 + "@" + "b" * 60 + ".example.com"), ("quoted", '"a b"@example.com')),
    near_misses=("user.example.com", "@", "user@"),
)
_HOSTNAME: Final = Format(
    "hostname",
    is_built_in=True,
    within=("idn-hostname",),
    grammars=grammars.HOSTNAME,
    max_length=253,  # RFC 1035, section 2.3.4
    meaning="domain",
    write=lambda r: f"host{r.randint(1, 9999)}.example.com",
    lengthen=_lengthen_host,
    extremes=(("long-label", "a" * 63 + ".example"), ("digits", "123.example")),
    near_misses=("-host-.example", "a..b", "under_score!"),
)
_URI: Final = Format(
    "uri",
    is_built_in=True,
    within=("uri-reference", "iri", "iri-reference"),
    rfc3986_rule="URI",
    grammars=grammars.URI,
    meaning="url",
    write=lambda r: f"https://example.com/{_hex(r, 6)}",
    edges=(
        ("scheme-only", "urn:x"),
        ("query", "https://example.com/a?b=c&d=%20#e"),
        ("port", "http://example.com:65535/"),
    ),
    extremes=(
        ("long", "https://example.com/" + "a" * 2_000),
        ("script", "javascript:alert(1)"),
        ("credentials", "https://user:pw@example.com/"),
    ),
    near_misses=("no scheme", "://", "http://[", "%zz"),
)
_URI_REFERENCE: Final = Format(
    "uri-reference",
    is_built_in=True,
    within=("iri-reference",),
    rfc3986_rule="URI_reference",
    grammars=grammars.URI_REFERENCE,
    meaning="url",
    write=lambda r: f"/{_hex(r, 6)}",
    near_misses=("http://[", "\\\\host", "%zz"),
)
_MAC: Final = Format("mac", meaning="mac", shapes=(lambda r: ":".join(_hex(r, 2) for _ in range(6)),))

_TEXTS: Final = (
    _DATE,
    _DATE_TIME,
    _TIME,
    Format(
        "duration",
        is_built_in=True,
        grammars=grammars.DURATION,
        meaning="duration",
        write=_duration,
        extremes=(("weeks", "P999999W"), ("long", "P9999Y11M30DT23H59M59S")),
        near_misses=("P", "1 hour"),
    ),
    _EMAIL,
    replace(_EMAIL, name="idn-email", within=(), is_international=True, near_misses=("user.example.com", "@")),
    _HOSTNAME,
    replace(
        _HOSTNAME,
        name="idn-hostname",
        within=(),
        is_international=True,
        extremes=(),
        near_misses=("-host-.example", "a..b", "〮"),
    ),
    Format(
        "uuid",
        is_built_in=True,
        is_certain=True,
        grammars=grammars.UUID,
        meaning="uuid",
        write=_uuid,
        shapes=(_uuid,),
        python=(UUID, str),
        edges=(("nil", "00000000-0000-0000-0000-000000000000"), ("max", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
        extremes=(("upper-case", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"),),
        near_misses=("2eb8aa08-aa98-11ea-b4aa-73b441d1638", "not-a-uuid", "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"),
    ),
    Format(
        "ipv4",
        is_built_in=True,
        grammars=grammars.IPV4,
        meaning="ipv4",
        write=lambda r: f"192.0.2.{r.randint(1, 254)}",
        shapes=(lambda r: f"192.0.2.{r.randint(1, 254)}",),
        python=(IPv4Address, str),
        edges=(("any", "0.0.0.0"), ("broadcast", "255.255.255.255"), ("loopback", "127.0.0.1")),  # noqa: S104 - a value, not an address to listen on
        near_misses=("256.1.1.1", "1.2.3"),
    ),
    Format(
        "ipv6",
        is_built_in=True,
        grammars=grammars.IPV6,
        meaning="ipv6",
        write=lambda r: f"2001:db8::{_hex(r, 4)}",
        python=(IPv6Address, str),
        edges=(("any", "::"), ("full", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("mapped", "::ffff:127.0.0.1")),
        near_misses=("12345::", "::1::"),
    ),
    _MAC,
    replace(_MAC, name="mac-address", shapes=()),
    _URI,
    replace(
        _URI, name="iri", within=("iri-reference",), is_international=True, near_misses=("no scheme", "://", "http://[")
    ),
    Format("url", meaning="url", write=_URI.write),
    _URI_REFERENCE,
    replace(
        _URI_REFERENCE, name="iri-reference", within=(), is_international=True, near_misses=("http://[", "\\\\host")
    ),
    Format(
        "uri-template",
        is_built_in=True,
        grammars=grammars.URI_TEMPLATE,
        write=lambda r: f"https://example.com/{_hex(r, 4)}/{{id}}",
        near_misses=("{", "http://example.com/{a"),
    ),
    Format(
        "json-pointer",
        is_built_in=True,
        grammars=grammars.JSON_POINTER,
        write=lambda r: f"/{_hex(r, 4)}",
        near_misses=("a/b", "/~2"),
    ),
    Format(
        "relative-json-pointer",
        is_built_in=True,
        grammars=grammars.RELATIVE_JSON_POINTER,
        write=lambda r: f"{r.randint(0, 3)}/{_hex(r, 4)}",
        near_misses=("/a", "-1"),
    ),
    Format("regex", is_built_in=True, write=lambda r: f"^[a-z]{{{r.randint(1, 9)}}}$", near_misses=("(", "[a", "*")),
    Format(
        "byte",
        is_valid=is_byte,
        grammars=grammars.BYTE,
        meaning="bytes",
        encoding="base64",
        write=_byte,
        lengthen=_lengthen_bytes,
        edges=(("padded", "/w=="), ("plus", "+/+/"), ("zero", "AA==")),
        near_misses=("a", "====", "!"),
    ),
    Format(
        "base64url",
        is_valid=is_base64url,
        grammars=grammars.BASE64URL,
        meaning="bytes",
        encoding="base64url",
        write=lambda r: _byte(r).replace("+", "-").replace("/", "_"),
        near_misses=("a", "!"),
    ),
    Format("binary", meaning="bytes"),
    Format(
        "char", is_valid=is_char, grammars=grammars.CHAR, write=lambda r: r.choice("abcdefgh"), near_misses=("ab", "")
    ),
    Format("decimal", meaning="decimal", write=lambda r: f"{r.randint(0, 999)}.{r.randint(0, 99):02d}"),
    Format("partial-date", meaning="moment", write_moment=_write_day),
    Format("datetime", meaning="moment"),
    Format("http-date", meaning="moment", write_moment=_write_http_date),
    Format("date-time-rfc1123", meaning="moment", write_moment=_write_http_date),
    *(Format(name, meaning="moment", write_moment=_write_seconds) for name in ("timestamp", "unix-time", "unixtime")),
)


def _numerals(least: int, greatest: int) -> Variants:
    """Return the edge cases of a whole number that is written as a text, as gRPC gateways write 64 bits."""
    return (("greatest", str(greatest)), ("least", str(least)), ("zero", "0"))


_NUMBERS: Final = (
    Format("int8", bounds=(-(2**7), 2**7 - 1), meaning="numeral"),
    Format("int16", bounds=(-(2**15), 2**15 - 1), meaning="numeral"),
    Format(
        "int32", bounds=(-(2**31), 2**31 - 1), meaning="numeral", edges=_numerals(-(2**31), 2**31 - 1), is_certain=True
    ),
    Format(
        "int64", bounds=(-(2**63), 2**63 - 1), meaning="numeral", edges=_numerals(-(2**63), 2**63 - 1), is_certain=True
    ),
    Format("uint8", bounds=(0, 2**8 - 1), meaning="numeral"),
    Format("uint16", bounds=(0, 2**16 - 1), meaning="numeral"),
    Format("uint32", bounds=(0, 2**32 - 1), meaning="numeral", edges=_numerals(0, 2**32 - 1)),
    Format("uint64", bounds=(0, 2**64 - 1), meaning="numeral", edges=_numerals(0, 2**64 - 1)),
    Format("double-int", bounds=(-(2**53) + 1, 2**53 - 1), meaning="numeral"),
    Format("float", bounds=(-3.4028234663852886e38, 3.4028234663852886e38), meaning="decimal"),
    Format("double", meaning="decimal"),
)
# Formats that assert nothing: each says what a text means.
_HINTS: Final = {
    "guid": "uuid", "ip": "ipv4", "phone": "phone", "phone-number": "phone", "currency": "currency_code",
    "country-code": "country_code", "iban": "iban", "bic": "bic", "password": "password", "color": "hex_color",
    "hex-color": "hex_color", "semver": "version", "timezone": "timezone", "credit-card": "card_number",
    "mime-type": "mime_type", "media-range": "mime_type", "isbn": "isbn", "zip": "postcode", "language": "locale",
    "cidr": "cidr", "ipv4-cidr": "cidr", "ipv4-network": "cidr", "bitfield": "numeral", "bitmask": "numeral",
    "bitset": "numeral", "int53": "numeral", "int128": "numeral", "uint256": "numeral", "bigint": "numeral",
    "snowflake": "numeral",
}  # fmt: skip

FORMATS: Final = {
    record.name: record
    for record in (*_TEXTS, *_NUMBERS, *(Format(name, meaning=meaning) for name, meaning in _HINTS.items()))
}
# What is asserted besides what jsonschema-rs asserts by itself; each takes a string.
CHECKS: Final = {name: record.is_valid for name, record in FORMATS.items() if record.is_valid is not None}


def find_format(name: object) -> Format:
    """Find the record of a format; an unknown one asserts and means nothing."""
    return FORMATS.get(str(name)) or Format(str(name))
