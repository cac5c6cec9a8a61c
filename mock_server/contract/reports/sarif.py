"""A run as SARIF 2.1.0, for code scanning; `mock_server.sarif` has the form."""

from mock_server.contract.reports.report import list_objects
from mock_server.exchange.body import write_json
from mock_server.findings import Level
from mock_server.json_values import JsonObject, parse_pointer
from mock_server.sarif import SarifResult, write_sarif

_LEVELS = {level.name.lower(): level for level in Level}


def render_sarif(run: JsonObject) -> bytes:
    """Write a run, which is a digest."""
    document = str(run["document"])
    return write_json(write_sarif((_result(found, document) for found in list_objects(run["findings"])), "test"))


def _result(found: JsonObject, document: str) -> SarifResult:
    file, line, pointer = found["file"], found["line"], found["pointer"]
    return SarifResult(
        rule=str(found["rule"]),
        level=_LEVELS.get(str(found["level"]), Level.NOTE),
        message=f"{found['message']}\n\n{found['curl']}",
        file=file if isinstance(file, str) else document,
        pointer=parse_pointer(pointer) if isinstance(pointer, str) else (),
        line=line if isinstance(line, int) else None,
        operation=str(found["operation"]) if found["operation"] is not None else None,
        identity=(str(found["id"]),),
        is_accepted=found["accepted"] is True,
        properties={
            "blame": found["blame"],
            "check": found["check"],
            "doubtful": found["level"] == "unknown",
            "id": found["id"],
        },
    )
