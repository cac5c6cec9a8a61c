"""Tokens of HTTP, as in names of header fields and cookies."""

import re
from typing import Final

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def is_token(text: str) -> bool:
    """Return True if a text is a token. RFC 9110, section 5.6.2."""
    return _TOKEN.match(text) is not None
