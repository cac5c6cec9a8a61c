"""JUnit XML, one test case for each operation and check: https://github.com/testmoapp/junitxml ."""

import re
from xml.sax.saxutils import escape, quoteattr

from mock_server.contract.checks.table import name_checks
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.runner import Report
from mock_server.json_values import JsonObject
from mock_server.printable import printable_lines

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report, frame: ReportContext, checks: frozenset[str]) -> str:
    """Write a run."""
    by_case: dict[tuple[str, str], list[str]] = {}
    for incident in report.incidents:
        text = _failure(frame.describe(incident), is_red=incident.is_red)
        for operation in incident.shown_by:
            by_case.setdefault((operation, incident.check), []).append(text)
    ran = name_checks(checks)
    failures = sum(incident.is_red for incident in report.incidents)
    errors = bool(report.unreached) + len(report.faults)
    total = len(report.operations) * len(ran) + errors
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        (
            f'<testsuites name="mock-server test" tests="{total}" failures="{failures}" errors="{errors}" '
            f'time="{report.seconds:.3f}">'
        ),
    ]
    for tested in report.operations:
        cases = [_case(tested.title, check, by_case.get((tested.id, check), [])) for check in ran]
        count = sum("<failure" in case for case in cases)
        lines.append(f'  <testsuite name={_attribute(tested.title)} tests="{len(cases)}" failures="{count}">')
        lines += [*cases, "  </testsuite>"]
    lines += _errors(report, frame)
    return "\n".join([*lines, "</testsuites>", ""])


def _errors(report: Report, frame: ReportContext) -> list[str]:
    """Write why the run itself is no success, as a suite of its own: nothing was reached, or a fault of ours."""
    found = [("nothing was tested", report.unreached)] if report.unreached else []
    found += [
        (f"{fault.operation} was not tested to the end", frame.mask.text(fault.message)) for fault in report.faults
    ]
    if not found:
        return []
    cases = [
        f'    <testcase classname="mock-server test" name={_attribute(name)}>'
        f"<error message={_attribute(text)}/></testcase>"
        for name, text in found
    ]
    return [
        f'  <testsuite name="mock-server test" tests="{len(found)}" errors="{len(found)}">',
        *cases,
        "  </testsuite>",
    ]


def _case(title: str, check: str, found: list[str]) -> str:
    head = f"    <testcase classname={_attribute(title)} name={_attribute(check)}"
    if not found:
        return f"{head}/>"
    return "\n".join([f"{head}>", *found, "    </testcase>"])


def _failure(found: JsonObject, *, is_red: bool) -> str:
    where = f"{found['file']}:{found['line']} {found['pointer']}"
    text = f"{found['message']}\n{where}\nid {found['id']}, seen {found['seen']}\n{found['curl']}"
    if not is_red:
        return f"      <system-out>{_text(str(found['level']) + ': ' + text)}</system-out>"
    head = f"type={_attribute(str(found['rule']))} message={_attribute(str(found['message']))}"
    return f"      <failure {head}>{_text(text)}</failure>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """Without what XML 1.0 has no way to write."""
    return _ILLEGAL.sub("\ufffd", printable_lines(text))
