"""
What caches are told of an answer: not to keep it, and what it depends on. RFC 9111.

A browser that keeps a list for as long as a document says shows what was there before a deletion, and hides what a preference
or another world would have got. So what the document says of it is sent only where that is asked for.
"""

from typing import Final

from mock_server.exchange.security import credential_names
from mock_server.serve.answer import RawField
from mock_server.spec.document import Document
from mock_server.spec.model import Entry, Location
from mock_server.tokens import is_token

CACHE_CONTROL: Final = b"cache-control"
NO_STORE: Final = (CACHE_CONTROL, b"no-store")
DEPRECATION: Final = (b"deprecation", b"true")  # as before RFC 9745, which wants to know since when
NOT_KEPT: Final = ("no-store", "no-cache", "max-age=0", "private, max-age=0", "no-cache, no-store, must-revalidate")  # the best first
# What says how long an answer may be kept. RFC 9111, section 5
KEEPING: Final = frozenset((CACHE_CONTROL, b"expires", b"age", b"pragma"))
VARY_ON_ORIGIN: Final = (b"vary", b"Origin")
_ALWAYS: Final = ("Accept", "Cookie", "Prefer", "X-Mock-World")  # what every answer depends on


def vary_field(document: Document | None, entry: Entry | None, *, shared: bool) -> RawField:
    """
    Name the fields of a request that its answer depends on. RFC 9110, section 12.5.5.

    Args:
        document: That describes the operation.
        entry: The operation; None of what is not documented.
        shared: Whether the answer names the origin of who asks.
    """
    names = [*_ALWAYS, *(["Origin"] if shared else [])]
    if document is not None and entry is not None:
        operation = document.operation(entry)
        names += [parameter.name for parameter in operation.parameters if parameter.location is Location.HEADER]
        credentials = credential_names(operation.security, document.schemes)
        names += [name.title() for location, name in credentials if location is Location.HEADER]
    by_name = {name.lower(): name for name in reversed(names) if is_token(name)}
    return b"vary", ", ".join(by_name[name] for name in sorted(by_name)).encode("latin-1")
