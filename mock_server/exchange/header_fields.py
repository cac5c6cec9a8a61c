"""
Header fields with a grammar of their own: whether a value is one, and values that are.

A document mostly says of such a field that it is a text. Any text would conform, and no client could read it.

Source: RFC 9110 and the registry of HTTP field names; for those of browsers the Fetch Standard

Web links in header fields.

Source: RFC 8288, section 3
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import MappingProxyType
from typing import Final

from mock_server.exchange.media_type import split_quoted

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_PARAMETERS: Final = rf"(?:\s*;\s*{_TOKEN}\s*=\s*(?:{_TOKEN}|{_QUOTED}))*"
_ENTITY_TAG: Final = r'(?:W/)?"[!#-~\x80-\xff]*"'
_DATE: Final = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" [0-2]\d:[0-5]\d:[0-6]\d GMT"
)
_REFERENCE: Final = r"[^\s<>\"{}|\\^`]*"
_ORIGIN: Final = r"(?:\*|null|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#,]+)"
_SECONDS: Final = r"\d+"
_LANGUAGE: Final = r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"
_MEDIA_RANGE: Final = rf"(?:{_TOKEN}/{_TOKEN}){_PARAMETERS}"
_RANGE: Final = rf"{_TOKEN}\s+(?:\d+-\d+/(?:\d+|\*)|\*/\d+)"
_LINK: Final = rf"<{_REFERENCE}>(?:\s*;\s*{_TOKEN}\s*(?:=\s*(?:{_TOKEN}|{_QUOTED}))?)*"
_COOKIE: Final = rf"{_TOKEN}=(?:\"[!#-+\--:<-\[\]-~]*\"|[!#-+\--:<-\[\]-~]*)[ \t]*(?:;[^;\x00-\x1f\x7f]*)*"
_AUTH_PARAMETER: Final = rf"{_TOKEN}\s*=\s*(?:{_TOKEN}|{_QUOTED})"
_CHALLENGE: Final = rf"{_TOKEN}(?:\s+(?:[A-Za-z0-9._~+/-]+=*|{_AUTH_PARAMETER}))?"
_CHALLENGES: Final = f"{_CHALLENGE}|{_AUTH_PARAMETER}"
_DIGEST: Final = rf"{_TOKEN}=:[A-Za-z0-9+/]*={{0,2}}:"
_BASE64: Final = r"[A-Za-z0-9+/]+={0,2}"
_NO_DIGEST: Final = "A" * 43 + "="
_DIRECTIVE: Final = rf"{_TOKEN}(?:=(?:{_TOKEN}|{_QUOTED}))?"

# Around it lie all generated moments; a day that is past, since nothing was changed after it was sent. RFC 9110,
# section 8.8.2.1
_CHANGED: Final = datetime(2026, 5, 25, 8, 30, tzinfo=UTC)
_HTTP_DATE: Final = re.compile(_DATE)
_UNSATISFIABLE: Final = 416
_METHODS: Final = ("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", "GET, HEAD, OPTIONS", "GET", "*")


@dataclass(frozen=True, slots=True)
class Sent:
    """Parts of an exchange that the value of a field may depend on."""

    method: str = "GET"  # of the operation
    status: int = 200
    references: tuple[str, ...] = ("/",)  # where Location and the like may lead, the best first
    challenge: str = ""  # how to authenticate; nothing where nobody has to
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Grammar:
    """The grammar of a field."""

    pattern: re.Pattern[str]  # of a member of the list, where it is one
    values: Callable[[Sent], tuple[str, ...]]  # the best first
    is_list: bool = False
    is_date: bool = False
    is_spared: bool = False  # whether it is better left out than made up: it would say something that is not so

    def fits(self, text: str) -> bool:
        """Return True if a text is a value of the field."""
        parts = split_quoted(text, ",") if self.is_list else [text]
        members = [part.strip() for part in parts]
        return any(members) and all(self.pattern.fullmatch(member) for member in members if member)


def find_grammar(name: str) -> Grammar | None:
    """Find the grammar of a field; None where any text will do."""
    known = name.lower()
    limited = _RATE_LIMIT.fullmatch(known)
    if limited is None:
        return _GRAMMARS.get(known)
    return _RATE_LIMITS[limited[1]]


def read_http_date(text: str) -> datetime | None:
    """Read a date as HTTP writes it; None where the text is none. RFC 9110, section 5.6.7."""
    if not _HTTP_DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def read_moments(name: str, text: str) -> tuple[str, ...]:
    """
    Read a field that is a date of HTTP as the formats of JSON Schema write dates: `date-time`, `date`.

    A document that gives such a field one of these formats means this date.
    """
    grammar = find_grammar(name)
    moment = read_http_date(text) if grammar is not None and grammar.is_date else None
    if moment is not None:
        return (moment.isoformat(), moment.date().isoformat())
    return ()


def _fixed(pattern: str, *values: str, is_list: bool = False, is_spared: bool = False) -> Grammar:
    return Grammar(re.compile(pattern), lambda sent: values, is_list=is_list, is_spared=is_spared)


def _dated(*hours: int, other: str = "") -> Grammar:
    """Dates, so many hours after the day that nothing was changed since."""
    values = tuple(format_datetime(_CHANGED + timedelta(hours=each), usegmt=True) for each in hours)
    return Grammar(re.compile(f"{_DATE}|{other}" if other else _DATE), lambda sent: values, is_date=True)


def _entity_tags(sent: Sent) -> tuple[str, ...]:
    digest = f"{sent.seed & 0xFFFFFFFFFFFFFFFF:016x}"
    return f'"{digest}"', f'W/"{digest}"', '"1"'


def _ranges(sent: Sent) -> tuple[str, ...]:
    if sent.status == _UNSATISFIABLE:
        return ("bytes */0",)
    return ("bytes 0-0/1",)


def _challenges(sent: Sent) -> tuple[str, ...]:
    return (*([sent.challenge] if sent.challenge else []), 'Bearer realm="mock-server"', "Bearer", "Basic")


def _cookies(sent: Sent) -> tuple[str, ...]:
    return (f"session={sent.seed & 0xFFFFFFFF:08x}; Path=/; HttpOnly; SameSite=Lax",)


_GRAMMARS: Final[Mapping[str, Grammar]] = MappingProxyType(
    {
        # Fetch Standard, section 3.3
        "access-control-allow-credentials": _fixed("true", "true", is_spared=True),
        "access-control-allow-headers": _fixed(_TOKEN, "*", "Accept, Authorization, Content-Type", is_list=True),
        "access-control-allow-methods": _fixed(_TOKEN, *_METHODS, is_list=True),
        "access-control-allow-origin": _fixed(_ORIGIN, "*"),
        "access-control-expose-headers": _fixed(_TOKEN, "*", is_list=True),
        "access-control-max-age": _fixed(_SECONDS, "600"),
        "timing-allow-origin": _fixed(_ORIGIN, "*", is_list=True),
        # what the resource is, and may be
        "accept": _fixed(_MEDIA_RANGE, "*/*", is_list=True),
        "accept-patch": _fixed(_MEDIA_RANGE, "application/merge-patch+json", "application/json", is_list=True),
        "accept-post": _fixed(_MEDIA_RANGE, "application/json", is_list=True),
        "accept-ranges": _fixed(_TOKEN, "none", "bytes", is_list=True),
        "allow": Grammar(re.compile(_TOKEN), lambda sent: (f"{sent.method}, OPTIONS", *_METHODS), is_list=True),
        "content-disposition": _fixed(_TOKEN + _PARAMETERS, "attachment", 'attachment; filename="file"', "inline"),
        "content-language": _fixed(_LANGUAGE, "en", "en-US", is_list=True),
        "content-location": Grammar(re.compile(_REFERENCE), lambda sent: sent.references),
        "content-range": Grammar(re.compile(_RANGE), _ranges, is_spared=True),
        "location": Grammar(re.compile(_REFERENCE), lambda sent: sent.references),
        "link": _fixed(_LINK, '<>; rel="self"', is_list=True, is_spared=True),
        "vary": _fixed(_TOKEN, "Accept", is_list=True),
        # of the body, which is not known here
        "content-digest": _fixed(_DIGEST, f"sha-256=:{_NO_DIGEST}:", is_list=True, is_spared=True),
        "content-md5": _fixed(_BASE64, "AAAAAAAAAAAAAAAAAAAAAA==", is_spared=True),
        "digest": _fixed(rf"{_TOKEN}={_BASE64}", f"sha-256={_NO_DIGEST}", is_list=True, is_spared=True),
        "repr-digest": _fixed(_DIGEST, f"sha-256=:{_NO_DIGEST}:", is_list=True, is_spared=True),
        # validators, dates and ages
        "age": _fixed(_SECONDS, "0"),
        "cache-control": _fixed(_DIRECTIVE, "no-store", "no-cache", "max-age=0", is_list=True),
        "deprecation": _fixed(r"@-?\d+|true|" + _DATE, "@1779697800", "true"),
        "etag": Grammar(re.compile(_ENTITY_TAG), _entity_tags),
        "expires": _dated(0, other="0|-1"),
        "last-modified": _dated(0),
        "pragma": _fixed(_DIRECTIVE, "no-cache", is_list=True),
        "retry-after": _fixed(rf"{_SECONDS}|{_DATE}", "1", format_datetime(_CHANGED, usegmt=True)),
        "sunset": _dated(24 * 365),
        # what is asked for
        "accept-charset": _fixed(_TOKEN + _PARAMETERS, "utf-8", is_list=True),
        "accept-language": _fixed(_LANGUAGE + _PARAMETERS, "en", "en-US", is_list=True),
        "cookie": _fixed(rf"{_COOKIE}", "a=b"),
        "forwarded": _fixed(rf"(?:;?\s*{_AUTH_PARAMETER})+", "for=127.0.0.1", is_list=True),
        "from": _fixed(r"[^\s@]+@[^\s@]+", "user@example.com"),
        "if-match": _fixed(rf"\*|{_ENTITY_TAG}", "*", '"1"', is_list=True),
        "if-modified-since": _dated(0),
        "if-none-match": Grammar(re.compile(rf"\*|{_ENTITY_TAG}"), _entity_tags, is_list=True),
        "if-range": Grammar(re.compile(rf"{_ENTITY_TAG}|{_DATE}"), _entity_tags, is_date=True),
        "if-unmodified-since": _dated(24 * 365 * 10),
        "origin": _fixed(_ORIGIN, "http://localhost"),
        "range": _fixed(rf"{_TOKEN}=\s*[-0-9, ]+", "bytes=0-", "bytes=0-0"),
        "referer": _fixed(_REFERENCE, "http://localhost/"),
        "user-agent": _fixed(r"[!-~ ]+", "mock-server"),
        "x-forwarded-for": _fixed(r"[0-9A-Fa-f.:]+", "127.0.0.1", is_list=True),
        "x-forwarded-host": _fixed(r"[A-Za-z0-9._~:\[\]-]+", "localhost"),
        "x-forwarded-proto": _fixed("https?", "http", "https"),
        "x-requested-with": _fixed(_TOKEN, "XMLHttpRequest"),
        # who may come, and as whom
        "authentication-info": _fixed(_AUTH_PARAMETER, 'nextnonce="0"', is_list=True, is_spared=True),
        "proxy-authenticate": _fixed(_CHALLENGES, 'Basic realm="mock-server"', is_list=True),
        "set-cookie": Grammar(re.compile(_COOKIE), _cookies),
        "www-authenticate": Grammar(re.compile(_CHALLENGES), _challenges, is_list=True),
        # what browsers do with it
        "clear-site-data": _fixed(_QUOTED, '"cache"', is_list=True, is_spared=True),
        "content-security-policy": _fixed(r"[!-~ ]+", "default-src 'none'"),
        "content-security-policy-report-only": _fixed(r"[!-~ ]+", "default-src 'none'"),
        "cross-origin-embedder-policy": _fixed(_TOKEN + _PARAMETERS, "unsafe-none", "require-corp"),
        "cross-origin-opener-policy": _fixed(_TOKEN + _PARAMETERS, "same-origin", "unsafe-none"),
        "cross-origin-resource-policy": _fixed(_TOKEN, "cross-origin", "same-origin", "same-site"),
        "origin-agent-cluster": _fixed(r"\?[01]", "?1"),
        "permissions-policy": _fixed(rf"{_TOKEN}=[!-~ ]*", "geolocation=()", is_list=True),
        "referrer-policy": _fixed(_TOKEN, "no-referrer", "same-origin", is_list=True),
        "strict-transport-security": _fixed(rf"max-age={_SECONDS}(?:\s*;\s*{_TOKEN})*", "max-age=0"),
        "x-content-type-options": _fixed("nosniff", "nosniff"),
        "x-frame-options": _fixed("DENY|SAMEORIGIN|deny|sameorigin", "DENY", "SAMEORIGIN"),
        "x-xss-protection": _fixed(r"[01](?:\s*;.*)?", "0", "1; mode=block"),
        # about the server
        "server": _fixed(r"[!-~ ]+", "mock-server"),
        "server-timing": _fixed(_TOKEN + _PARAMETERS, "app;dur=1.0", is_list=True),
        "tk": _fixed(r"[!?GNTCPDU](?:;.*)?", "N"),
        "traceparent": Grammar(
            re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"), lambda sent: (_trace(sent.seed),)
        ),
        "via": _fixed(r"[!-~ ]+", "1.1 mock-server", is_spared=True),
        "warning": _fixed(rf"\d{{3}}\s+\S+\s+{_QUOTED}.*", '299 mock-server "made up"', is_list=True, is_spared=True),
    }
)


# As GitHub, Twitter and others name them, and the first drafts of the standard.
_RATE_LIMIT: Final = re.compile(r"(?:x-)?rate-?limit-(limit|remaining|reset|used)")
_RATE_LIMITS: Final = {
    "limit": _fixed(_SECONDS, "5000", "100", "1"),
    "remaining": _fixed(_SECONDS, "4999", "99", "1"),
    "reset": _fixed(_SECONDS, "60", "1"),
    "used": _fixed(_SECONDS, "1"),
}


def _trace(seed: int) -> str:
    """Return the parent of a trace. W3C Trace Context, section 3.2."""
    return f"00-{seed & 0xFFFFFFFFFFFFFFFF:032x}-{seed >> 1 & 0xFFFFFFFFFFFFFFF | 1:016x}-00"


_ONE_LINK: Final = re.compile(
    r"\s*(<[^<>]*>(?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\s;,\"]*))?)*)\s*(?:,|\Z)"
)
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def iter_links(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """
    Yield the links of a Link field: each as written, where it leads, and its relations in lower case.

    A text that is no such field ends early, with an empty link.
    """
    position = 0
    while position < len(text):
        found = _ONE_LINK.match(text, position)
        if found is None:
            yield "", "", []
            return
        position = found.end()
        written = found.group(1)
        relation = _RELATION.search(written)
        relations = (relation.group(1) or relation.group(2) or "").lower().split() if relation is not None else []
        yield written, written[1 : written.index(">")], relations


def without_next(text: str) -> str | None:
    """
    Return a Link field without what leads to a next page.

    Returns:
        Empty where nothing else is in it; None where the text is no such field.
    """
    kept: list[str] = []
    for written, _, relations in iter_links(text):
        if not written:
            return None
        if "next" not in relations:
            kept.append(written)
    return ", ".join(kept)
