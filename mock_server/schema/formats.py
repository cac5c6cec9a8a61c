"""
Formats: their assertions and, for numbers, their bounds.

Source: the OpenAPI Format Registry, https://spec.openapis.org/registry/format/, and JSON Schema 2020-12 validation,
section 7.3
"""

import base64
import binascii
import re
from collections.abc import Callable

# Formats of numbers are bounds: (least, greatest), both included.
NUMERIC_BOUNDS: dict[str, tuple[int | float, int | float]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "double-int": (-(2**53) + 1, 2**53 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}

# What jsonschema-rs asserts by itself.
BUILT_IN = frozenset(
    (
        "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
        "uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer",
        "regex",
    )
)  # fmt: skip

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}\Z")


def is_byte(text: str) -> bool:
    """Check base64, RFC 4648, section 4."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def is_base64url(text: str) -> bool:
    """Check base64url, RFC 4648, section 5; padding may be left out."""
    return bool(_BASE64URL.match(text)) and len(text.rstrip("=")) % 4 != 1


def is_char(text: str) -> bool:
    """Check a single character."""
    return len(text) == 1


# What is asserted on top; each takes a string.
CHECKS: dict[str, Callable[[str], bool]] = {"byte": is_byte, "base64url": is_base64url, "char": is_char}
# All that are asserted.
ASSERTED = BUILT_IN | CHECKS.keys()
