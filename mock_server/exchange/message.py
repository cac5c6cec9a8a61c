"""HTTP messages as they travel: bytes, not yet read. RFC 9110, section 6."""

from collections.abc import Sequence
from typing import NamedTuple

RawFields = Sequence[tuple[bytes, bytes]]  # names in lower case, as ASGI gives them


class Request(NamedTuple):
    """A request."""

    method: str  # in upper case
    path: bytes  # percent-encoded, with its leading slash
    query: bytes  # percent-encoded, without `?`
    fields: RawFields
    body: bytes

    @property
    def target(self) -> str:
        """The request target in origin form, RFC 9112, section 3.2.1."""
        path = self.path.decode("latin-1")
        if self.query:
            return f"{path}?{self.query.decode('latin-1')}"
        return path


class Response(NamedTuple):
    """A response."""

    status: int
    fields: RawFields
    body: bytes


def is_safe_method(method: str) -> bool:
    """Return True if a method changes nothing by its meaning. RFC 9110, section 9.2.1; QUERY is RFC 10008's."""
    return method in {"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"}


def find_field(fields: RawFields, name: bytes) -> str | None:
    """
    Read a header field.

    Args:
        fields: Header fields.
        name: In lower case.

    Returns:
        Its value, several lines of it joined by a comma; None where there is none.

    Source: RFC 9110, section 5.3; ISO-8859-1, since section 5.5 leaves other bytes opaque
    """
    found: bytes | None = None
    for key, value in fields:
        if key == name:
            found = value if found is None else found + b", " + value
    if found is not None:
        return found.decode("latin-1")
    return None
