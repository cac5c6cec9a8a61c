"""
A summary of findings in many records, by rule and place.

Of what is wrong, the first places are kept and the rest is counted: the memory that a run takes does not depend on how
much there is.
"""

from collections import Counter
from dataclasses import dataclass, field

from mock_server.contract.model import without_indices
from mock_server.findings import Finding
from mock_server.json_values import Pointer

_FIRST = 3  # places that are kept of each
_KINDS = 2_000  # causes that are told apart


@dataclass(slots=True)
class CountedFinding:
    """One thing that is wrong, however often."""

    finding: Finding  # of the first time
    count: int
    first: list[tuple[str, int]]  # files and lines, at most three


@dataclass(eq=False, repr=False)
class Summary:
    """The number of judged records, and their findings."""

    records: int = 0
    wrong: int = 0
    lines: int = 0  # that were read
    counted: dict[tuple[str, str, Pointer], CountedFinding] = field(default_factory=dict)
    dropped: int = 0  # findings of causes beyond those that are told apart
    broken: int = 0  # files that could not be read to their end
    by_file: Counter[str] = field(default_factory=Counter)  # records

    def add(self, finding: Finding, where: tuple[str, int]) -> None:
        """Count a finding."""
        key = _key_of(finding)
        known = self.counted.get(key)
        if known is None:
            if len(self.counted) >= _KINDS:
                self.dropped += 1
                return
            self.counted[key] = CountedFinding(finding, 1, [where])
            return
        known.count += 1
        if len(known.first) < _FIRST:
            known.first.append(where)

    def knows(self, finding: Finding) -> bool:
        """Check whether a finding of the same cause was counted: what it says is that of the first one."""
        return _key_of(finding) in self.counted

    def break_off(self, path: str, line: int, why: str) -> None:
        """Say that a file can't be read, or no further."""
        self.broken += 1
        finding = Finding(rule="traffic-record-unreadable", message=why, instance=(path,))
        self.counted[finding.rule, path, (why,)] = CountedFinding(finding, 1, [(path, line)])

    def merge(self, other: "Summary", before: int = 0) -> None:
        """Take in what was counted of records that come later, in a part of a file that has so many lines before it."""
        self.records += other.records
        self.wrong += other.wrong
        self.lines += other.lines
        self.dropped += other.dropped
        self.broken += other.broken
        self.by_file += other.by_file
        for key, counted in other.counted.items():
            known = self.counted.get(key)
            first = [(path, line + before) for path, line in counted.first]
            if known is None:
                self.counted[key] = CountedFinding(counted.finding, counted.count, first)
            else:
                known.count += counted.count
                known.first = [*known.first, *first][:_FIRST]

    def findings(self) -> list[Finding]:
        """Return one finding for each cause, with how often it was seen and where first."""
        out = []
        for counted in self.counted.values():
            if counted.count > 1:
                times = f"{counted.count:,} times, first"
            else:
                times = "once,"
            message = f"{counted.finding.message} ({times} at {', '.join(_shown(*where) for where in counted.first)})"
            out.append(counted.finding._replace(message=message))
        return sorted(out, key=lambda finding: finding.sort_key)


def _key_of(finding: Finding) -> tuple[str, str, Pointer]:
    return finding.rule, str(finding.place), without_indices(finding.instance or ())


def _shown(path: str, line: int) -> str:
    """Return a place in a file, or a request that came over the wire: that has no line."""
    if line:
        return f"{path}:{line}"
    return path
