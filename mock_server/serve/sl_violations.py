"""Findings in a header field: `sl-violations`, as Prism writes it."""

from collections.abc import Sequence
from typing import Final

import orjson

from mock_server.finding import Finding
from mock_server.rules import Level

FIELD: Final = b"sl-violations"
_MOST: Final = 20
_LONGEST: Final = 300  # characters of a message: servers and clients bound what a header may be
_SEVERITIES: Final = {Level.ERROR: "Error", Level.WARNING: "Warning", Level.NOTE: "Information"}
_SIDES: Final = {"response": "response", "callback": "request"}


def write_violations(findings: Sequence[Finding]) -> bytes:
    """Write the first findings as a JSON list in ASCII: where, how bad, which rule, what."""
    violations = [
        {
            "location": [_SIDES.get(finding.rule.partition("-")[0], "request"), *(finding.instance or ())],
            "severity": _SEVERITIES[finding.level],
            "code": finding.rule,
            "message": finding.message if len(finding.message) <= _LONGEST else finding.message[:_LONGEST] + "…",
        }
        for finding in findings[:_MOST]
    ]
    return orjson.dumps(violations).decode().encode("ascii", "backslashreplace")
