"""Who may read answers: pages of any origin, as browsers ask. Fetch Standard, sections 3.3.3 and 3.3.5."""

from collections.abc import Sequence
from typing import Final

from mock_server.exchange.message import RawFields, find_field
from mock_server.serve.answer import Answer, RawField

_FAMILY: Final = b"access-control-"
_SAYS_WHO: Final = frozenset((b"access-control-allow-origin", b"access-control-allow-credentials", b"access-control-expose-headers"))
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
    head = [(b"access-control-allow-methods", method.encode("latin-1")), (b"access-control-allow-headers", asked.encode("latin-1"))]
    varies = (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers")
    return Answer(204, [*head, (b"access-control-max-age", b"600"), varies], b"", "preflight")


def with_cors(own: Sequence[RawField], asked: RawFields) -> list[RawField]:
    """
    Let any page read an answer, as Prism does: the origin is echoed, so that credentials may be sent.

    A list of origins is none, and where credentials are sent a `*` is the name of a field: so there is one origin, whatever the
    document says, and the fields that may be read are named. That the answer depends on the origin is said in `caching`.

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
    """Let no page of another origin read an answer, whatever a document says who may."""
    if not any(name == b"origin" for name, _ in asked):
        return own
    return [pair for pair in own if not pair[0].startswith(_FAMILY)]
