"""
The report of Web Fuzzing Commons, for its viewer and for comparing tools.

Source: https://github.com/WebFuzzing/Commons/blob/master/src/main/resources/wfc/schemas/report.yaml
"""

from collections.abc import Iterable
from typing import Final

from mock_server.contract.reports.merge import RecordedRun
from mock_server.contract.reports.report import as_texts, list_objects
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.version import __version__

_SCHEMA: Final = "0.6.0"
_OWN: Final = 900  # categories from here on are those of tools
# The categories of faults, by check; what has none is one of ours.
_CATEGORIES: Final = {
    "not_a_server_error": 100,
    "status_code_conformance": 101,
    "content_type_conformance": 101,
    "response_headers_conformance": 101,
    "response_schema_conformance": 101,
    "undocumented_property": 101,
    "negative_data_rejection": 102,
    "missing_required_header": 102,
    "use_after_free": 103,
    "ignored_auth": 206,
    "cross_tenant_access": 206,
}


def render_wfc(recorded: RecordedRun) -> bytes:
    """Write a run: each finding is a test case of its own."""
    run = recorded.digest
    findings = [found for found in list_objects(run["findings"]) if found["level"] != "unknown"]
    titles = {
        str(tested["id"]): str(tested["title"]).replace(" ", ":", 1) for tested in list_objects(run["operations"])
    }
    seconds, percent = run["seconds"], as_object(run["coverage"]).get("kinds")
    report: JsonObject = {
        "schemaVersion": _SCHEMA,
        "toolName": "mock-server",
        "toolVersion": __version__,
        "creationTime": run["started"],
        "faults": {
            "totalNumber": len(findings),
            "foundFaults": [_fault(found, titles) for found in findings],
        },
        "problemDetails": {
            "rest": {
                "outputHttpCalls": sum(1 + len(list_objects(found["before"])) for found in findings),
                "evaluatedHttpCalls": run["requests"],
                "endpointIds": list(dict.fromkeys(titles.values())),
                "coveredHttpStatus": _covered(recorded.exchanges, titles),
            }
        },
        "totalTests": len(findings),
        "testFilePaths": [],
        "testCases": [{"id": found["id"], "name": f"{found['check']} {found['operation']}"} for found in findings],
        "executionTimeInSeconds": round(seconds) if isinstance(seconds, int | float) else 0,
        "extra": [{"toolName": "mock-server", "criteria": [_criterion(*item) for item in as_object(percent).items()]}],
        "warnings": [{"message": text, "category": "not tested"} for text in as_texts(run["warnings"])],
    }
    return write_json(report)


def _fault(found: JsonObject, titles: dict[str, str]) -> JsonObject:
    operation = titles.get(str(found["operation"]), str(found["operation"]))
    code = _CATEGORIES.get(str(found["check"]), _OWN)
    context = f"{found['check']}: {found['rule']}"
    # `endpointId` is required by the schema, and `operationId` described
    return {
        "endpointId": operation,
        "operationId": operation,
        "testCaseId": found["id"],
        "faultCategories": [{"code": code, "context": context}],
    }


def _covered(exchanges: Iterable[JsonObject], titles: dict[str, str]) -> list[JsonValue]:
    """List the statuses of each operation; requests that are no finding are no test case, but one of the run."""
    statuses: dict[str, dict[int, None]] = {}
    for exchange in exchanges:
        response = exchange["response"]
        status = response.get("status") if isinstance(response, dict) else None
        title = titles.get(str(exchange["operation"]))
        if isinstance(status, int) and title is not None:
            statuses.setdefault(title, {})[status] = None
    return [
        {"endpointId": title, "testCaseId": "run", "httpStatus": list[JsonValue](sorted(found))}
        for title, found in statuses.items()
    ]


def _criterion(name: str, counted: JsonValue) -> JsonObject:
    table = as_object(counted)
    return {"name": name, "covered": table.get("exercised", 0), "total": table.get("there")}
