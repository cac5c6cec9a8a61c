"""
SARIF 2.1.0: findings for code scanning, of every command in the same form.

A result has the id and the level of its rule, a file and a line, the place as a logical location, and a fingerprint
that does not change when lines move. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import PurePath
from typing import Final
from urllib.parse import quote, urlsplit

from mock_server.findings import RULES, Level
from mock_server.json_values import JsonObject, JsonValue, Pointer, format_pointer
from mock_server.version import __version__

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


@dataclass(frozen=True, slots=True)
class SarifResult:
    """One finding, as a report for code scanning needs it."""

    rule: str  # its id
    level: Level
    message: str  # masked, where it may hold a secret
    file: str  # a path, or a URL
    pointer: Pointer = ()
    line: int | None = None
    operation: str | None = None
    identity: tuple[str, ...] = ()  # what tells it from others of the same rule at the same place
    is_accepted: bool = False  # by a baseline
    properties: JsonObject = field(default_factory=dict)


def write_sarif(results: Iterable[SarifResult], command: str) -> JsonObject:
    """
    Write findings as a SARIF log with one run.

    Args:
        results: The findings.
        command: That found them, as in `check`: runs of other commands do not replace it.
    """
    listed = list(results)
    used = list(dict.fromkeys(result.rule for result in listed))
    seen: Counter[str] = Counter()
    written: list[JsonValue] = []
    for result in listed:
        fingerprint = _fingerprint(result)
        seen[fingerprint] += 1
        written.append(_result(result, used.index(result.rule), f"{fingerprint}:{seen[fingerprint]}"))
    driver: JsonObject = {
        "name": "mock-server",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(id_) for id_ in used],
    }
    run: JsonObject = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"mock-server/{command}/"},
        "columnKind": "unicodeCodePoints",
        "results": written,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(id_: str) -> JsonObject:
    rule = RULES[id_]
    return {
        "id": id_,
        "shortDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": [rule.blame.value]},
    }


def _result(result: SarifResult, rule: int, fingerprint: str) -> JsonObject:
    logical: list[JsonValue] = []
    if result.pointer:
        name = format_pointer(result.pointer)
        logical.append({"fullyQualifiedName": name, "name": result.pointer[-1], "kind": "member"})
    if result.operation:
        logical.append({"fullyQualifiedName": result.operation, "kind": "function"})
    place: JsonObject = {"artifactLocation": {"uri": _uri(result.file)}, "region": {"startLine": result.line or 1}}
    location: JsonObject = {"physicalLocation": place}
    if logical:
        location["logicalLocations"] = logical
    written: JsonObject = {
        "ruleId": result.rule,
        "ruleIndex": rule,
        "level": _LEVELS[result.level],
        "message": {"text": result.message},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if result.is_accepted:
        written["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "in the baseline"}]
    if result.properties:
        written["properties"] = result.properties
    return written


def _fingerprint(result: SarifResult) -> str:
    parts = (result.rule, result.file, format_pointer(result.pointer), result.operation or "", *result.identity)
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _uri(file: str) -> str:
    """Return a file as a URI reference; a relative path is one below the root of the repository."""
    if urlsplit(file).scheme in {"http", "https"}:
        return file
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), safe="/")
