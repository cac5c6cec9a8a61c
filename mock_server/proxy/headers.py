"""
Header fields through a proxy: hop-by-hop ones are dropped. RFC 9110, section 7.6.1.

Source: RFC 9110, sections 7.6.1 (Connection), 7.6.3 (Via), 8.6 (Content-Length), 10.2.2 (Location)
"""

from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from mock_server.exchange.message import RawFields, find_field
from mock_server.respond.answer import RawField

# Of one connection only, whether Connection names them or not.
LEADING: Final = frozenset((b"location", b"content-location"))  # whose values are URLs
_HOP: Final = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te",
     b"trailer", b"transfer-encoding", b"upgrade")
)  # fmt: skip
# What Connection can't take away: without these a message means something else.
_KEPT: Final = frozenset(
    (b"host", b"content-length", b"content-type", b"content-encoding", b"authorization", b"cookie", b"set-cookie")
)
_CORS: Final = b"access-control-"
_FORWARDED: Final = frozenset((b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"))
_WITHOUT_LENGTH: Final = frozenset((204, 304))  # a length there is one of a body that does not come


def end_to_end(fields: RawFields) -> list[RawField]:
    """Return the fields that go on."""
    named = {token.strip().lower().encode("latin-1") for token in (find_field(fields, b"connection") or "").split(",")}
    dropped = _HOP | (named - _KEPT)
    return [(name, value) for name, value in fields if name not in dropped]


def to_upstream(
    fields: RawFields, *, host: bytes, via: bytes, client: str, scheme: str, chunked: bool
) -> list[RawField]:
    """
    Return the fields of a request that goes on.

    Args:
        fields: As they came.
        host: The real server's.
        via: What is said of this proxy.
        client: The address of who asks; "" where it is not known.
        scheme: By which it asks: http or https.
        chunked: Whether the body is sent in chunks, since nobody knows its length.
    """
    # The expectation of a 100 is met here: the server asks for the body as soon as it is read.
    kept = [
        (name, value) for name, value in end_to_end(fields) if name not in {b"host", b"expect", b"via"} | _FORWARDED
    ]
    before = find_field(fields, b"x-forwarded-for")
    chain = ", ".join(part for part in (before, client) if part)
    asked = find_field(fields, b"x-forwarded-host") or find_field(fields, b"host") or ""
    proto = find_field(fields, b"x-forwarded-proto") or scheme
    added = [(b"x-forwarded-for", chain), (b"x-forwarded-host", asked), (b"x-forwarded-proto", proto)]
    framing = [(b"transfer-encoding", b"chunked")] if chunked else []
    written = [(name, value.encode("latin-1")) for name, value in added if value]
    return [(b"host", host), *kept, *framing, *written, (b"via", _chained(fields, via))]


def to_client(fields: RawFields, status: int, *, via: bytes, cors: bool) -> list[RawField]:
    """
    Return the fields of an answer that goes on.

    Args:
        fields: As they came.
        status: Of the answer.
        via: What is said of this proxy.
        cors: Whether the real server's word on who may read the answer makes room for ours.
    """
    kept = [
        (name, value)
        for name, value in end_to_end(fields)
        if name != b"via"
        and not (cors and name.startswith(_CORS))
        and not (name == b"content-length" and status in _WITHOUT_LENGTH)
    ]
    if not any(name == b"date" for name, _ in kept):
        kept.append(date())
    return [*kept, (b"via", _chained(fields, via))]


def date() -> RawField:
    """Return the field that says when a message was made. RFC 9110, section 6.6.1."""
    return b"date", formatdate(usegmt=True).encode()


def _chained(fields: RawFields, via: bytes) -> bytes:
    before = find_field(fields, b"via")
    return (before.encode("latin-1") + b", " if before else b"") + via


def localise(value: bytes, *, origin: str, base: str, own: str, host: str) -> bytes:
    """
    Lead a reference into the real server through this proxy instead.

    Args:
        value: Of Location or Content-Location.
        origin: The real server's: `https://api.example.com`.
        base: The path of its base: `/v2`, or "".
        own: The path under which this proxy answers for it: `/api`, or "".
        host: As the client names this proxy, with its scheme: `http://127.0.0.1:4010`.

    Returns:
        The value as it came where it leads elsewhere; an absolute one stays absolute, a relative one relative.
    """
    parts = urlsplit(value.decode("latin-1"))
    is_absolute = bool(parts.scheme or parts.netloc)
    if is_absolute and f"{parts.scheme}://{parts.netloc}".lower() != origin.lower():
        return value
    if not (parts.path == base or parts.path.startswith(base + "/")) or (
        not is_absolute and not parts.path.startswith("/")
    ):
        return value
    path = own + parts.path.removeprefix(base)
    return ((host if is_absolute else "") + urlunsplit(("", "", path, parts.query, parts.fragment))).encode("latin-1")
