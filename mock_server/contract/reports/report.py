"""The findings of a run as JSON data: masked, cut to size, with lines. All reports are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.checks.table import name_checks
from mock_server.contract.depth import Exercise
from mock_server.contract.model import Exchanged, Incident
from mock_server.contract.phases.leftovers import Leftover
from mock_server.contract.reports.shell import Shell
from mock_server.contract.runner import Report
from mock_server.document.positions import Position
from mock_server.exchange.message import Request
from mock_server.exchange.render import render_body, render_fields
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonObject, JsonValue, as_object, format_pointer
from mock_server.version import __version__

MOST_BODY: Final = 16_384  # bytes that are shown


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The context that a report needs in addition to the run."""

    title: str  # of the document
    document: str  # its name
    origin: str
    seed: int
    mask: Mask = field(default_factory=Mask)
    positions: Mapping[Place, Position] = field(default_factory=dict)
    started: str = ""  # RFC 3339
    shell: Shell = field(default_factory=Shell)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of operations, by title
    history: tuple[JsonObject, ...] = ()  # of earlier runs and of this one, the oldest first

    def find_position(self, finding: Finding) -> Position | None:
        """Return where the place of a finding was written; without a line where nobody looked it up."""
        place = finding.place
        if place is None:
            return None
        return self.positions.get(place) or Position(place.file, place.pointer, None)

    def describe(self, incident: Incident) -> JsonObject:
        """Return one incident."""
        finding = incident.finding
        position = self.find_position(finding)
        mask = incident.mask(self.mask)
        return {
            "id": incident.id,
            "check": incident.check,
            "rule": finding.rule,
            "level": "unknown" if incident.doubtful else finding.level.name.lower(),
            "accepted": incident.accepted,
            "blame": finding.blame.value,
            "operation": finding.operation,
            "operations": list(incident.shown_by),
            "message": mask.finding(finding.message, finding.instance),
            "file": position.file if position is not None else None,
            "line": position.line if position is not None else None,
            "pointer": format_pointer(position.pointer) if position is not None else None,
            "instance": mask.text(format_pointer(finding.instance)) if finding.instance is not None else None,
            "seen": incident.seen,
            "curl": self.shell.write(incident, mask, self.origin),
            "exchange": self.exchange(incident.exchanged, mask),
            "before": [self.exchange(exchanged, mask) for exchanged in incident.related],
        }

    def exchange(self, exchanged: Exchanged, mask: Mask | None = None, most: int | None = MOST_BODY) -> JsonObject:
        """
        Write both sides of one exchange.

        Args:
            exchanged: The exchange.
            mask: One that may know secrets of others.
            most: How many bytes of a body are written.
        """
        probe, received = exchanged.probe, exchanged.received
        request, response, mask = (mask or self.mask).exchange(probe.request, received.response)
        return {
            "number": exchanged.number,
            "operation": probe.operation,
            "phase": probe.phase,
            "intent": probe.intent.value,
            "what": mask.text(probe.what),
            "milliseconds": round(received.seconds * 1000, 2),
            "fault": received.fault.name.lower() if received.fault is not None else None,
            "request": {
                "method": request.method,
                "url": self.url(request),
                "headers": render_fields(request.fields),
                **render_body(request.body, most),
            },
            "response": None
            if response is None
            else {
                "status": response.status,
                "headers": render_fields(response.fields),
                **render_body(response.body, most),
            },
        }

    def write_request(self, request: Request) -> str:
        """Write a request as a line for a shell."""
        return self.shell.write_request(request, self.mask, self.origin)

    def url(self, request: Request) -> str:
        """Return the target of a request."""
        return self.mask.url(self.origin) + request.target


def digest(report: Report, frame: ReportContext, checks: frozenset[str] = frozenset()) -> JsonObject:
    """
    Return a whole run, without its exchanges.

    Args:
        report: The run.
        frame: What is around it.
        checks: That were asked for; all of them where it is empty.
    """
    kinds: JsonObject = {}
    for kind in report.exercised.there:
        done, there = report.exercised.counts(kind)
        kinds[kind] = {"exercised": done, "there": there}
    return {
        "tool": f"mock-server {__version__}",
        "title": frame.title,
        "document": frame.document,
        "url": frame.mask.url(frame.origin),
        "seed": frame.seed,
        "started": frame.started,
        "seconds": round(report.seconds, 3),
        "requests": report.sent,
        "checks": list(name_checks(checks)),
        "interrupted": report.interrupted or None,
        "depth": {"reached": report.depth[0], "there": report.depth[1]},
        "unreached": report.unreached or None,
        "barred": report.barred or None,
        "faults": [
            {"operation": fault.operation, "rule": fault.rule, "message": frame.mask.text(fault.message)}
            for fault in report.faults
        ],
        "coverage": {"percent": round(report.exercised.percent, 1), "kinds": kinds},
        "operations": [_operation(report, frame, tested, name_checks(checks)) for tested in report.operations],
        "left": [_left(left, frame) for left in report.left],
        "skipped": [entry.title for entry in report.skipped],
        "skipped_tags": {entry.title: list(entry.tags) for entry in report.skipped if entry.tags},
        "history": list(frame.history),
        "untestable": dict(report.untestable),
        "warnings": [frame.mask.text(finding.message) for finding in report.warnings],
        "findings": [frame.describe(incident) for incident in report.incidents],
    }


def _left(left: Leftover, frame: ReportContext) -> JsonObject:
    """Write what was left behind, and the request that would remove it."""
    curl = frame.write_request(left.request) if left.request is not None else None
    return {"path": frame.mask.text(left.path), "curl": curl}


def _operation(report: Report, frame: ReportContext, tested: Exercise, checks: list[str]) -> JsonObject:
    """Write what was sent to one operation, and which checks had nothing to look at, with the reason of each."""
    refusal = tested.refusal
    skipped = {name: reason for name in checks if (reason := tested.why_skipped(name))}
    position = frame.positions.get(tested.place) if tested.place is not None else None
    return {
        "id": tested.id,
        "title": tested.title,
        "tags": list(frame.tags.get(tested.title, ())),
        "requests": tested.sent,
        "accepted": tested.accepted,
        "reached": tested.reached,
        "refused": {str(status): count for status, count in tested.refusals.items()},
        "refusal": None
        if refusal is None or tested.reached
        else {
            "status": refusal.status,
            "message": frame.mask.text(refusal.summary),
            "names": [format_pointer(part.where) for part in refusal.named],
        },
        "milliseconds": round(tested.seconds * 1000, 2),
        "file": tested.place.file if tested.place is not None else None,
        "line": position.line if position is not None else None,
        "skipped": {**skipped},
        "checked": len(checks) - len(skipped),
        "coverage": _operation_coverage(report, tested.id),
    }


def is_red(found: JsonObject) -> bool:
    """Return whether a finding of a digest makes the run fail."""
    return found["level"] == "error" and not found["accepted"]


def seconds_of(tested: JsonObject, check: str | None = None) -> float:
    """
    Return how long the answers of an operation of a digest took; for one check, its share of that.

    A check that was skipped took none.
    """
    milliseconds, checked = tested["milliseconds"], tested["checked"]
    if not isinstance(milliseconds, int | float) or not isinstance(checked, int):
        return 0.0
    if check is None:
        return milliseconds / 1000
    if check in as_object(tested["skipped"]):
        return 0.0
    return milliseconds / 1000 / max(checked, 1)


def list_objects(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a list; nothing where it is none."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return []


def as_texts(value: JsonValue) -> list[str]:
    """Return the texts of a list; nothing where it is none."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return []


def _operation_coverage(report: Report, operation: str) -> JsonObject:
    found: JsonObject = {}
    for kind in report.exercised.there:
        if kind != "operation":
            done, there = report.exercised.counts(kind, operation)
            found[kind] = {"exercised": done, "there": there}
    return found
