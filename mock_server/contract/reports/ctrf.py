"""CTRF, the Common Test Report Format: https://ctrf.io ."""

from mock_server.contract.checks.table import name_checks
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.runner import Report
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue
from mock_server.version import __version__


def render_ctrf(report: Report, frame: ReportContext, checks: frozenset[str], started: int) -> bytes:
    """
    Write a run.

    Args:
        report: The run.
        frame: What is around it.
        checks: That ran; all if empty.
        started: When, in milliseconds since 1970.
    """
    by_case: dict[tuple[str, str], list[JsonObject]] = {}
    red: set[tuple[str, str]] = set()
    for incident in report.incidents:
        found = frame.describe(incident)
        for key in ((operation, incident.check) for operation in incident.shown_by):
            by_case.setdefault(key, []).append(found)
            if incident.is_red:
                red.add(key)
    tests: list[JsonValue] = []
    for tested in report.operations:
        for check in name_checks(checks):
            key = (tested.id, check)
            tests.append(_test(tested.title, check, by_case.get(key, []), failed=key in red))
    failed = len(red)
    summary: JsonObject = {
        "tests": len(tests), "passed": len(tests) - failed, "failed": failed, "pending": 0, "skipped": 0, "other": 0,
        "start": started, "stop": started + round(report.seconds * 1000),
    }  # fmt: skip
    tool: JsonObject = {"name": "mock-server", "version": __version__}
    return write_json(
        {"reportFormat": "CTRF", "specVersion": "0.0.0", "results": {"tool": tool, "summary": summary, "tests": tests}}
    )


def _test(title: str, check: str, found: list[JsonObject], *, failed: bool) -> JsonObject:
    test: JsonObject = {
        "name": f"{title}: {check}",
        "status": "failed" if failed else "passed",
        "duration": 0,
        "suite": [title],
    }
    if found:
        test["message"] = "\n".join(str(item["message"]) for item in found)
        test["extra"] = {"findings": [item for item in found]}  # noqa: C416 - a list of JSON values
    return test
