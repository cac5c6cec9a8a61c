"""
What a browser may do with an answer.

The API answers with content that nobody here wrote: examples of a document, errors that quote the request, pages of a real
server behind the proxy. It is answered on the origin of the admin side, so every such answer takes its origin away: a script
in it is of no origin, and can read and change nothing. The pages of this server itself may do only what they need.

Source: Content Security Policy Level 3, sections 6.4 and 7; Fetch Metadata Request Headers
"""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from mock_server.exchange.message import RawFields, find_field
from mock_server.serve.answer import RawField
from mock_server.serve.backend import Message, Send

# Before the fields of the answer itself: of several X-Content-Type-Options the first counts, of several policies each.
NOSNIFF: Final[RawField] = (b"x-content-type-options", b"nosniff")
CONTENT_FIELDS: Final[tuple[RawField, ...]] = ((b"content-security-policy", b"sandbox allow-scripts allow-forms"), NOSNIFF)
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


def page_fields(policy: str) -> tuple[RawField, ...]:
    """The header fields of a page of this server, under a content security policy of its own."""
    return ((b"content-security-policy", policy.encode()), *_PAGE_FIELDS)


# JSON that a browser may show, and nothing else
ADMIN_FIELDS: Final = page_fields("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")


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
    Whether a page of another origin asks for something of this server's own.

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
    is_link = find_field(fields, b"sec-fetch-mode") == "navigate" and find_field(fields, b"sec-fetch-dest") == "document"
    return method not in _SAFE or not is_link


def changes_unasked(method: str, fields: RawFields) -> bool:
    """
    Whether a page of another origin sends what browsers send without asking first whether it may.

    A real server behind a proxy would carry it out, and whether that page may read the answer comes too late. What is asked
    first is the real server's to allow.

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
    """Whether a link, a form or a frame of another origin leads a browser to this answer, to show it."""
    return find_field(fields, b"sec-fetch-mode") == "navigate" and find_field(fields, b"sec-fetch-site") not in {*_OWN, None}


def _authority(origin: str) -> str | None:
    """The host and port of an origin; None of one that has none, such as `null`."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
