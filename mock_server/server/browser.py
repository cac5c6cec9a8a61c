"""
Browsers: content security, CORS, and requests led here by other pages.

The API answers with content that nobody here wrote: examples of a document, errors that quote the request, pages of a
real server behind the proxy. It is answered on the origin of the admin side, so every such answer takes its origin
away: a script in it is of no origin, and can read and change nothing. The pages of this server itself may do only what
they need.

Some header fields reach further than their answer: to all of its origin, or all ports of its host. A browser is not
sent those; other clients are, since a document may require them. Cookies are sent on, but for ours, and for this host
only.

Source: Content Security Policy Level 3, sections 6.4 and 7; Fetch Metadata Request Headers; RFC 6265, section 5.2

Who may read answers: pages of any origin, as browsers ask. Fetch Standard, sections 3.3.3 and 3.3.5.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from mock_server.exchange.message import RawFields, find_field
from mock_server.respond.answer import Answer, RawField
from mock_server.server.backend import Message, Send

# Before the fields of the answer itself: of several X-Content-Type-Options the first counts, of several policies each.
NOSNIFF: Final[RawField] = (b"x-content-type-options", b"nosniff")
CONTENT_FIELDS: Final[tuple[RawField, ...]] = (
    (b"content-security-policy", b"sandbox allow-scripts allow-forms"),
    NOSNIFF,
)
_PAGE_FIELDS: Final[tuple[RawField, ...]] = (
    NOSNIFF,
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_UNASKED: Final = frozenset(("", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"))
_SAFE: Final = frozenset(("GET", "HEAD"))
_OWN: Final = frozenset(("same-origin", "none"))  # of Sec-Fetch-Site: ours, or typed by a person
SESSION: Final = "mock_server_admin"  # the cookie of a browser that has shown the admin token
_COOKIE: Final = b"cookie"
_SET_COOKIE: Final = b"set-cookie"
# A cookie of this server's own name. One without a name is sent as its value, which may look like another cookie.
_OUR_COOKIE: Final = re.compile(
    rb"[\s=]*(?:mock_server_admin|mock_world|mock_issuer_session|mock_issuer_browser)\s*(?:[=;]|\Z)"
)
# What a browser remembers, deletes or reports for the whole origin, or for every port of the host.
_SITE_WIDE: Final = frozenset(
    (b"clear-site-data", b"strict-transport-security", b"public-key-pins", b"public-key-pins-report-only", b"expect-ct",
     b"alt-svc",
     b"nel", b"report-to", b"reporting-endpoints", b"service-worker-allowed", b"set-login",
     b"secure-session-registration",
     b"sec-session-registration", b"use-as-dictionary")
)  # fmt: skip
_OUR_SESSION: Final = re.compile(rb"[\s=]*mock_server_admin\s*(?:=|\Z)")
_REACHING: Final = _SITE_WIDE | {_SET_COOKIE}
_BROWSER_FIELDS: Final = frozenset((b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest", b"origin"))


def page_fields(policy: str) -> tuple[RawField, ...]:
    """Return the header fields of a page of this server, under a content security policy of its own."""
    return ((b"content-security-policy", policy.encode()), *_PAGE_FIELDS)


# JSON that a browser may show, and nothing else
ADMIN_FIELDS: Final = page_fields(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)


def add_fields(send: Send, fields: Iterable[RawField]) -> Send:
    """
    Add header fields to an answer that is sent.

    Args:
        send: ASGI's.
        fields: What is added, unless the answer has it.
    """
    added = tuple(fields)

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: Sequence[RawField] = message.get("headers", ())
            names = {name.lower() for name, _ in own}
            message = {**message, "headers": [*own, *(pair for pair in added if pair[0] not in names)]}
        await send(message)

    return sending


def is_foreign(method: str, fields: RawFields) -> bool:
    """
    Return whether a page of another origin requests a page of this server's own.

    A person who follows a link is let in: what is read is shown to that person, and to nobody else.

    Args:
        method: In upper case.
        fields: Header fields of the request.
    """
    origin = find_field(fields, b"origin")
    if origin is not None and _authority(origin) != (find_field(fields, b"host") or "").lower():
        return True
    site = find_field(fields, b"sec-fetch-site")
    if site is None or site in _OWN:
        return False
    is_link = (
        find_field(fields, b"sec-fetch-mode") == "navigate" and find_field(fields, b"sec-fetch-dest") == "document"
    )
    return method not in _SAFE or not is_link


def changes_unasked(method: str, fields: RawFields) -> bool:
    """
    Return whether a request is one that browsers send cross-origin without a preflight.

    A real server behind a proxy would carry it out, and whether that page may read the answer comes too late. What is
    asked first is the real server's to allow.

    Args:
        method: In upper case.
        fields: Header fields of the request.

    Source: Fetch Standard, section 2.2.2, "CORS-safelisted request-header"
    """
    origin = find_field(fields, b"origin")
    if method != "POST" or origin is None or _authority(origin) == (find_field(fields, b"host") or "").lower():
        return False
    return (find_field(fields, b"content-type") or "").partition(";")[0].strip().lower() in _UNASKED


def is_led_here(fields: RawFields) -> bool:
    """Return whether a link, a form or a frame of another origin leads a browser to this answer, to show it."""
    return find_field(fields, b"sec-fetch-mode") == "navigate" and find_field(fields, b"sec-fetch-site") not in {
        *_OWN,
        None,
    }


def confine(fields: Sequence[RawField], asked: RawFields) -> Sequence[RawField]:
    """
    Drop the fields of an answer to a browser that reach further than the answer.

    Args:
        fields: Header fields of the answer, with names in lower case.
        asked: Those of the request.

    Returns:
        The fields; the same object where there is nothing to leave out.
    """
    if not reaches_further(fields) or not is_browser(asked):
        return fields
    try:
        host = urlsplit(f"//{find_field(asked, b'host') or ''}").hostname or ""
    except ValueError:
        host = ""
    kept: list[RawField] = []
    for name, value in fields:
        if name in _SITE_WIDE or (name == _SET_COOKIE and _OUR_COOKIE.match(value)):
            continue
        kept.append((name, _for_host(value, host.encode("latin-1", "replace")) if name == _SET_COOKIE else value))
    return kept


def reaches_further(fields: Iterable[RawField]) -> bool:
    """Check whether an answer has a field that may reach further than the answer."""
    return not _REACHING.isdisjoint([name for name, _ in fields])


def is_browser(asked: RawFields) -> bool:
    """
    Check whether a browser sent a request.

    All of them say so in User-Agent, and in fields that no page can take away.
    """
    return any(
        name in _BROWSER_FIELDS or (name == b"user-agent" and value.startswith(b"Mozilla/")) for name, value in asked
    )


def _for_host(cookie: bytes, host: bytes) -> bytes:
    """Write a cookie without the Domain of another host: it would go to all hosts of a domain, or be refused."""
    kept = []
    for part in cookie.split(b";"):
        name, _, domain = part.partition(b"=")
        if name.strip().lower() != b"domain" or domain.strip().lstrip(b".").lower() == host:
            kept.append(part)
    return b";".join(kept)


def without_session(asked: list[RawField]) -> list[RawField]:
    """
    Take the cookie of the console out of a request.

    It is no business of the API's: an answer could repeat it, and a real server behind a proxy would have it.

    Args:
        asked: Header fields of the request.

    Returns:
        The fields; the same object where the cookie is not among them.
    """
    ours = SESSION.encode()
    if not any(name == _COOKIE and ours in value for name, value in asked):
        return asked
    kept: list[RawField] = []
    for name, value in asked:
        pairs = value
        if name == _COOKIE:
            pairs = b";".join(pair for pair in re.split(rb"[;,]", value) if not _OUR_SESSION.match(pair)).strip()
        if pairs or not value:
            kept.append((name, pairs))
    return kept


def _authority(origin: str) -> str | None:
    """Return the host and port of an origin; None of one that has none, such as `null`."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


_FAMILY: Final = b"access-control-"
_SAYS_WHO: Final = frozenset(
    (b"access-control-allow-origin", b"access-control-allow-credentials", b"access-control-expose-headers")
)
# What every page may read, or none.
_NOT_EXPOSED: Final = frozenset(
    (b"cache-control", b"content-language", b"content-length", b"content-type", b"expires", b"last-modified", b"pragma",
     b"set-cookie", b"set-cookie2", b"content-security-policy", b"x-content-type-options", b"vary")
)  # fmt: skip


def preflight(fields: RawFields) -> Answer | None:
    """Answer a CORS preflight."""
    method, origin = find_field(fields, b"access-control-request-method"), find_field(fields, b"origin")
    if method is None or origin is None:
        return None
    asked = find_field(fields, b"access-control-request-headers") or "*"
    head = [
        (b"access-control-allow-methods", method.encode("latin-1")),
        (b"access-control-allow-headers", asked.encode("latin-1")),
    ]
    varies = (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers")
    return Answer(204, [*head, (b"access-control-max-age", b"600"), varies], b"", "preflight")


def with_cors(own: Sequence[RawField], asked: RawFields) -> list[RawField]:
    """
    Let any page read an answer, as Prism does: the origin is echoed, so that credentials may be sent.

    A list of origins is none, and where credentials are sent a `*` is the name of a field: so there is one origin,
    whatever the document says, and the fields that may be read are named. That the answer depends on the origin is
    said in `caching`.

    Args:
        own: The fields of the answer.
        asked: Those of the request.
    """
    origin = next((value for name, value in asked if name == b"origin"), None)
    if origin is None:
        return list(own)
    kept = [pair for pair in own if pair[0] not in _SAYS_WHO]
    names = dict.fromkeys(name for name, _ in kept if name not in _NOT_EXPOSED and not name.startswith(_FAMILY))
    exposed = [(b"access-control-expose-headers", b", ".join(names))] if names else []
    return [*kept, (b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), *exposed]


def without_cors(own: Sequence[RawField], asked: RawFields) -> Sequence[RawField]:
    """Keep pages of other origins from reading an answer, whatever the document allows."""
    if not any(name == b"origin" for name, _ in asked):
        return own
    return [pair for pair in own if not pair[0].startswith(_FAMILY)]
