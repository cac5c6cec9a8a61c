"""`mock-server report`: the reports of several runs become one."""

import sys
from pathlib import Path

import typer

from mock_server.cli.terminal import count_noun, say
from mock_server.cli.work.test import read_reports, write_report
from mock_server.contract.reports.formats import render_report
from mock_server.contract.reports.merge import merge_runs, read_run
from mock_server.contract.reports.report import is_red, list_objects
from mock_server.errors import UsageError
from mock_server.printable import printable


def report(*, action: str, files: list[Path], report_: list[str] | None) -> None:
    """Do what the command says; the arguments are its flags."""
    if action != "merge":
        raise UsageError(f"mock-server report merge FILES --report NAME=PATH; there is no {action!r}")
    merged = merge_runs([read_run(path) for path in files])
    for name, path in read_reports(report_ or []).items():
        write_report(path, render_report(name, merged))
    findings = list_objects(merged.digest["findings"])
    red = [found for found in findings if is_red(found)]
    for found in red:
        say(printable(f"{found['operation']}: {found['message']} [{found['rule']}] id {found['id']}"))
    operations = count_noun(len(list_objects(merged.digest["operations"])), "operation")
    shards = f"{count_noun(len(files), 'shard')}, {operations}, {merged.digest['requests']} requests"
    say(f"{shards}: {count_noun(len(red), 'error')}", to=sys.stderr)
    why = merged.digest["unreached"] or (None if red else merged.digest["barred"])
    if why or merged.digest["faults"]:
        why = why or "mock-server itself failed at an operation"
        say(printable(f"not everything was tested: {why}"), to=sys.stderr)
        raise typer.Exit(2)
    if red:
        raise typer.Exit(1)
