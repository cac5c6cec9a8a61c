"""Findings in a header field: `sl-violations`, as Prism writes it."""

import json
from collections.abc import Sequence
from typing import Final

import orjson

from mock_server.finding import Finding
from mock_server.rules import RULES, Level

FIELD: Final = b"sl-violations"
_MOST: Final = 20
_LONGEST: Final = 300  # characters of a message: servers and clients bound what a header may be
_SEVERITIES: Final = {Level.ERROR: "Error", Level.WARNING: "Warning", Level.NOTE: "Information"}
_SIDES: Final = {"response": "response", "callback": "request"}
_KINDS: Final = {name: (_SIDES.get(name.partition("-")[0], "request"), _SEVERITIES[rule.level]) for name, rule in RULES.items()}


def write_violations(findings: Sequence[Finding]) -> bytes:
    """Write the first findings as a JSON list in ASCII: where, how bad, which rule, what."""
    violations = []
    for rule, message, _, instance, _ in findings[:_MOST]:
        side, severity = _KINDS[rule]
        shown = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
        violations.append({"location": [side, *(instance or ())], "severity": severity, "code": rule, "message": shown})
    written = orjson.dumps(violations)
    return written if written.isascii() else json.dumps(violations, separators=(",", ":")).encode("ascii")
