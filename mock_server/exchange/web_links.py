"""
Web links in header fields.

Source: RFC 8288, section 3
"""

import re
from typing import Final

_LINK: Final = re.compile(r"\s*(<[^<>]*>(?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\s;,\"]*))?)*)\s*(?:,|\Z)")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def without_next(text: str) -> str | None:
    """
    A Link field without what leads to a next page.

    Returns:
        Empty where nothing else is in it; None where the text is no such field.
    """
    kept, position = [], 0
    while position < len(text):
        found = _LINK.match(text, position)
        if found is None:
            return None
        position = found.end()
        relation = _RELATION.search(found.group(1))
        relations = (relation.group(1) or relation.group(2) or "").lower().split() if relation is not None else []
        if "next" not in relations:
            kept.append(found.group(1))
    return ", ".join(kept)
