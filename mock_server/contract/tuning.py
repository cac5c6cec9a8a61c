"""
The user's settings of findings: expected statuses, the severity of a check, a check that is off.

A check is off for a reason and until a day; from then on it is on again, and the setting is a finding itself.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mock_server.contract.model import Exchanged, Verdict
from mock_server.contract.scope import fits
from mock_server.document.document import Document
from mock_server.document.model import Entry
from mock_server.errors import UsageError
from mock_server.findings import Finding, Level
from mock_server.settings.contract import Off, TestedOperation

# What a status alone may break.
_OF_STATUS: Final = frozenset(("response-status-undocumented", "response-server-error", "response-valid-refused"))


@dataclass(frozen=True, slots=True)
class OperationTuning:
    """The settings that hold for one operation."""

    expect: frozenset[str] = frozenset()  # statuses, as 409 or 5XX
    levels: Mapping[str, Level] = field(default_factory=dict)  # by check
    off: Mapping[str, Off] = field(default_factory=dict)  # by check
    expired: Mapping[str, Off] = field(default_factory=dict)  # the same, whose day is over

    def judge(self, verdict: Verdict, exchanged: Exchanged) -> Verdict | None:
        """Return what is to be said of an exchange; None where the user wants to hear nothing."""
        if verdict.check in self.off or (verdict.finding.rule in _OF_STATUS and self.expects(exchanged.status)):
            return None
        level = self.levels.get(verdict.check)
        if level is None or verdict.finding.rule == "setting-off-expired":
            return verdict
        return replace(verdict, finding=verdict.finding._replace(severity=level))

    def expects(self, status: int) -> bool:
        """Return whether a status is expected."""
        return str(status) in self.expect or f"{status // 100}XX" in self.expect

    def iter_expired(self, entry: Entry) -> Iterable[Verdict]:
        """Yield what is wrong with the settings themselves."""
        for check, off in self.expired.items():
            message = f"{check} was off until {off.until}, and is on again: {off.reason}"
            finding = Finding("setting-off-expired", message, entry.node.place, operation=entry.id)
            yield Verdict(check, finding, cause=("expired",))


UNTUNED: Final = OperationTuning()


def tune(
    document: Document, tables: Mapping[str, TestedOperation], checks: Iterable[str], today: dt.date
) -> dict[str, OperationTuning]:
    """
    Read `[test.operations]`.

    Args:
        document: Of the API.
        tables: By pattern: an operationId, `GET /pets*` or `tag:NAME`; of several that fit, the last one counts.
        checks: The names of all checks.
        today: A check is off on its last day.

    Returns:
        By operationId; nothing for operations that no pattern fits.

    Raises:
        UsageError: a pattern fits nothing, or a check has another name.
    """
    known = set(checks)
    tuned: dict[str, OperationTuning] = {}
    for pattern, table in tables.items():
        for check in (*table.level, *table.off):
            if check not in known:
                raise UsageError(f"[test.operations.{pattern!r}]: there is no check {check!r}")
        matching = [entry for entry in document.entries if fits(entry, pattern)]
        if not matching:
            raise UsageError(f"[test.operations.{pattern!r}]: no operation fits")
        off = {check: each for check, each in table.off.items() if today <= each.until}
        expired = {check: each for check, each in table.off.items() if today > each.until}
        for entry in matching:
            before = tuned.get(entry.id, UNTUNED)
            tuned[entry.id] = OperationTuning(
                before.expect | set(table.expect),
                {**before.levels, **table.level},
                {**before.off, **off},
                {**before.expired, **expired},
            )
    return tuned
