"""Who may read answers: pages of any origin, as browsers ask. Fetch Standard, section 3.3."""

from mock_server.exchange.message import RawFields, find_field
from mock_server.serve.answer import Answer, RawField


def preflight(fields: RawFields) -> Answer | None:
    """Answer a CORS preflight. Fetch Standard, section 3.3."""
    method, origin = find_field(fields, b"access-control-request-method"), find_field(fields, b"origin")
    if method is None or origin is None:
        return None
    asked = find_field(fields, b"access-control-request-headers") or "*"
    head = [(b"access-control-allow-methods", method.encode("latin-1")), (b"access-control-allow-headers", asked.encode("latin-1"))]
    return Answer(204, [*head, (b"access-control-max-age", b"600"), (b"vary", b"Origin")], b"", "preflight")


def cors_fields(fields: RawFields) -> list[RawField]:
    """Let any page read the answer, as Prism does: the origin is echoed, so that credentials may be sent."""
    origin = next((value for name, value in fields if name == b"origin"), None)
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"*"),
    ]
