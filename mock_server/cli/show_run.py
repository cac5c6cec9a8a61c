"""Showing what a contract run found: as text, as JSON, as annotations for GitHub."""

import os
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from mock_server.cli.show import annotate
from mock_server.cli.terminal import count_noun, say
from mock_server.contract.depth import group_unreached
from mock_server.contract.model import Incident
from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.runner import Report
from mock_server.exchange.body import write_json
from mock_server.findings import Level
from mock_server.json_values import JsonObject, JsonValue
from mock_server.printable import printable, printable_json, printable_lines

_MOST_NAMED = 6  # operations
_MOST_SHOWN = 1_200  # characters of a body
_MOST_LINES = 12  # of it: a page of HTML says no more in forty
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan", "unknown": "magenta"}


def print_report(report: Report, frame: ReportContext, format_: str) -> None:
    """Print the findings of a run to standard output."""
    if format_ == "json":
        sys.stdout.write(printable_json(write_json(digest(report, frame)).decode()) + "\n")
        return
    if format_ == "sarif":
        sys.stdout.write(printable_json(render_sarif(digest(report, frame)).decode()) + "\n")
        return
    if format_ == "github":
        for incident in (incident for incident in report.incidents if not incident.accepted):
            sys.stdout.write(_annotation(incident, frame) + "\n")
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True, no_color="NO_COLOR" in os.environ or None)
    for incident in (*_certain(report), *_doubtful(report)):
        _show(console, frame.describe(incident))
    for first, *others in group_unreached(report.without_success):
        warning = first.finding
        console.print(
            Text("warning", style="yellow") + _safe_text(f": {frame.mask.text(warning.message)} [{warning.rule}]")
        )
        _show_others(console, [each.title for each in others])


def _annotation(incident: Incident, frame: ReportContext) -> str:
    finding, level = incident.finding, incident.finding.level
    if incident.doubtful:
        level = Level.NOTE
    message = f"{incident.message(frame.mask)}\n{frame.describe(incident)['curl']}"
    return annotate(level, frame.find_position(finding), f"{incident.check}: {finding.operation}", message)


def _certain(report: Report) -> Iterator[Incident]:
    return (incident for incident in report.incidents if not incident.doubtful and not incident.accepted)


def _doubtful(report: Report) -> Iterator[Incident]:
    return (incident for incident in report.incidents if incident.doubtful and not incident.accepted)


def _show(console: Console, found: JsonObject) -> None:
    level = str(found["level"])
    if found["line"] is not None:
        where = f"{found['file']}:{found['line']}"
    else:
        where = str(found["file"] or "")
    console.print(
        _safe_text(f"{where}: ")
        + Text(level, style=f"bold {_COLOURS.get(level, 'white')}")
        + _safe_text(f": {found['message']} [{found['rule']}]")
    )
    about = f"{found['check']}, {found['operation']}, blame {found['blame']}, seen {found['seen']}, id {found['id']}"
    console.print(_safe_text(f"  {about}" + (f", at {found['instance']}" if found["instance"] else "")))
    others = operations[1:] if isinstance(operations := found["operations"], list) else []
    _show_others(console, [str(operation) for operation in others])
    if level == "unknown":
        return
    before = found["before"]
    for exchange in [*(before if isinstance(before, list) else []), found["exchange"]]:
        for line in iter_exchange(exchange):
            console.print(_safe_text(f"    {line}"), style="dim")
    for line in str(found["curl"]).split("\n"):
        console.print(_safe_text(f"  {line}"))
    console.print()


def _show_others(console: Console, operations: Sequence[str]) -> None:
    """Name the operations of which the same is said as of the one before."""
    if not operations:
        return
    more = f" and {len(operations) - _MOST_NAMED} more" if len(operations) > _MOST_NAMED else ""
    console.print(_safe_text(f"  also: {', '.join(operations[:_MOST_NAMED])}{more}"))


def _safe_text(text: str) -> Text:
    """Make a text of rich that is shown as it is: no markup, nothing that a terminal obeys."""
    return Text(printable_lines(printable(text)))


def iter_exchange(exchange: JsonValue) -> Iterator[str]:
    """Write both sides of an exchange, described by a `ReportContext`, as lines."""
    if not isinstance(exchange, dict):
        return
    request, response = exchange["request"], exchange["response"]
    if isinstance(request, dict):
        yield f"> {request['method']} {request['url']}"
        yield from _message(request, ">", {"content-type"})
    if isinstance(response, dict):
        yield f"< {response['status']} ({exchange['milliseconds']} ms)"
        yield from _message(response, "<", {"content-type", "location", "retry-after"})
    else:
        yield f"< {exchange['fault']}"


def _message(message: JsonObject, lead: str, names: set[str]) -> Iterator[str]:
    fields = message["headers"]
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, list) and str(field[0]) in names:
            yield f"{lead} {field[0]}: {field[1]}"
    body = str(message.get("body") or message.get("body_base64") or "")
    if body:
        if len(body) <= _MOST_SHOWN:
            shown = body
        else:
            shown = f"{body[:_MOST_SHOWN]} … ({len(body):,} characters)"
        lines = shown.splitlines()
        for line in lines[:_MOST_LINES]:
            yield f"{lead} {line}"
        if len(lines) > _MOST_LINES:
            yield f"{lead} … {len(body):,} characters"


def summarise(report: Report, frame: ReportContext) -> None:
    """Print what there is to say of the whole run to standard error."""
    levels = {level: sum(i.finding.level is level for i in _certain(report)) for level in reversed(Level)}
    words = ", ".join(
        count_noun(count, level.name.lower()) for level, count in levels.items() if level is not Level.NOTE
    )
    doubtful, accepted = sum(1 for _ in _doubtful(report)), sum(incident.accepted for incident in report.incidents)
    words += f", {doubtful} unknown" + (f", {accepted} accepted by the baseline" if accepted else "")
    reached, there = report.depth
    counts = f"reached {reached} of {count_noun(there, 'operation')}, {count_noun(report.sent, 'request')}"
    share = f"{report.exercised.percent:.0f} % of the contract exercised"
    say(f"{counts} in {report.seconds:.1f} s, {share}, seed {frame.seed}: {words}", to=sys.stderr)
    if report.skipped:
        named = ", ".join(entry.title for entry in report.skipped[:_MOST_NAMED])
        say(f"not sent without --mutating: {named}{' …' if len(report.skipped) > _MOST_NAMED else ''}", to=sys.stderr)
    for operation, why in report.untestable.items():
        say(f"not tested: {operation}: {why}", to=sys.stderr)
    if report.limited:
        say(f"the API asked {report.limited} times to come back later, and was obeyed", to=sys.stderr)
    deleted, created = report.cleaned
    if created:
        say(f"{created} things were created, {deleted} of them are deleted or gone", to=sys.stderr)
    _show_left(report, frame)
    for fault in report.faults:
        say(f"error: {fault.operation}: {fault.message} [{fault.rule}]", to=sys.stderr)
    if report.barred and not report.unreached:
        say(f"not tested: {report.barred}", to=sys.stderr)
    if report.unreached:
        say(f"nothing was tested: {report.unreached}", to=sys.stderr)
    if report.interrupted:
        say(f"{report.interrupted}: this is what was found until then", to=sys.stderr)


def _show_left(report: Report, frame: ReportContext) -> None:
    """Print what the run created and could not delete, with the requests that would."""
    for left in report.left[:_MOST_NAMED]:
        removal = "the document has no DELETE for it"
        if left.request is not None:
            removal = frame.write_request(left.request)
        say(f"left behind: {frame.mask.text(left.path)}: {removal}", to=sys.stderr)
    if len(report.left) > _MOST_NAMED:
        say(f"left behind: {len(report.left) - _MOST_NAMED} more, which --report ndjson lists", to=sys.stderr)
