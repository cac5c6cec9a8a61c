"""
How each finding was judged by hand: true, false or debatable, each with a sentence in `verdicts.toml`.

A row is for all findings of an application that have its rule and whose message fits its pattern. What no row is for
was not judged yet, and is said.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("verdicts.toml")
VERDICTS: Final = ("true", "false", "debatable", "not judged")


@dataclass(frozen=True, slots=True)
class Row:
    """A judgement."""

    rule: str
    verdict: str
    why: str
    message: str = "*"  # with * and ?
    operation: str = "*"

    def fits(self, finding: Mapping[str, object]) -> bool:
        """Return whether it is for a finding."""
        fields = ((self.rule, "rule"), (self.message, "message"), (self.operation, "operation"))
        return all(fnmatchcase(str(finding[name]), pattern) for pattern, name in fields)


def read_rows(path: Path = _FILE) -> dict[str, list[Row]]:
    """Read the judgements, by application."""
    known = tomllib.loads(path.read_text())
    return {name: [Row(**row) for row in rows] for name, rows in known.items()}


def judge(rows: Iterable[Row], findings: Iterable[Mapping[str, object]]) -> tuple[Counter[str], list[str]]:
    """
    Count the findings that are errors or warnings by how they were judged.

    Returns:
        The counts, and the messages that no row is for.
    """
    counts: Counter[str] = Counter()
    open_: list[str] = []
    rows = list(rows)
    for finding in findings:
        if finding["level"] not in {"error", "warning"}:
            continue
        row = next((row for row in rows if row.fits(finding)), None)
        counts[row.verdict if row is not None else "not judged"] += 1
        if row is None:
            open_.append(f"{finding['rule']} {finding['operation']}: {finding['message']}")
    return counts, open_
