"""CTRF, the Common Test Report Format: https://ctrf.io ."""

from datetime import datetime

from mock_server.contract.reports.report import as_texts, is_red, list_objects
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue
from mock_server.version import __version__


def render_ctrf(run: JsonObject) -> bytes:
    """Write a run, which is a digest."""
    by_case: dict[tuple[str, str], list[JsonObject]] = {}
    for found in list_objects(run["findings"]):
        for operation in as_texts(found["operations"]):
            by_case.setdefault((operation, str(found["check"])), []).append(found)
    tests = [
        _test(str(tested["title"]), check, by_case.get((str(tested["id"]), check), []))
        for tested in list_objects(run["operations"])
        for check in as_texts(run["checks"])
    ]
    failed = sum(test["status"] == "failed" for test in tests)
    started = _milliseconds(str(run["started"]))
    seconds = run["seconds"]
    summary: JsonObject = {
        "tests": len(tests), "passed": len(tests) - failed, "failed": failed, "pending": 0, "skipped": 0, "other": 0,
        "start": started, "stop": started + (round(seconds * 1000) if isinstance(seconds, int | float) else 0),
    }  # fmt: skip
    tool: JsonObject = {"name": "mock-server", "version": __version__}
    results: JsonObject = {"tool": tool, "summary": summary, "tests": list[JsonValue](tests)}
    return write_json({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results})


def _milliseconds(moment: str) -> int:
    """Return the milliseconds since 1970 of a moment, RFC 3339; 0 where it is none."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except ValueError:
        return 0


def _test(title: str, check: str, found: list[JsonObject]) -> JsonObject:
    test: JsonObject = {
        "name": f"{title}: {check}",
        "status": "failed" if any(map(is_red, found)) else "passed",
        "duration": 0,
        "suite": [title],
    }
    if found:
        test["message"] = "\n".join(str(item["message"]) for item in found)
        test["extra"] = {"findings": [item for item in found]}  # noqa: C416 - a list of JSON values
    return test
