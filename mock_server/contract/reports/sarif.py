"""A run as SARIF 2.1.0, for code scanning; `mock_server.sarif` has the form."""

from mock_server.contract.model import Incident
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.runner import Report
from mock_server.document.positions import Position
from mock_server.exchange.body import write_json
from mock_server.findings import Level
from mock_server.sarif import SarifResult, write_sarif


def render_sarif(report: Report, frame: ReportContext) -> bytes:
    """Write a run."""
    return write_json(write_sarif((_result(incident, frame) for incident in report.incidents), "test"))


def _result(incident: Incident, frame: ReportContext) -> SarifResult:
    finding = incident.finding
    position = frame.find_position(finding) or Position(frame.document, (), None)
    described = frame.describe(incident)
    return SarifResult(
        rule=finding.rule,
        level=Level.NOTE if incident.doubtful else finding.level,
        message=f"{described['message']}\n\n{described['curl']}",
        file=position.file,
        pointer=position.pointer,
        line=position.line,
        operation=finding.operation,
        identity=(incident.id,),
        is_accepted=incident.accepted,
        properties={
            "blame": finding.blame.value,
            "check": incident.check,
            "doubtful": incident.doubtful,
            "id": incident.id,
        },
    )
