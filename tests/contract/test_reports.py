"""Reports: each can be read by a reader of its own, shows what was found, and no secret."""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from playwright.sync_api import Browser

from mock_server.cli.test import app as command
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.model import Exchanged, Incident, Incidents, Intent, Probe, Verdict
from mock_server.contract.plan import Exercised
from mock_server.contract.reports.formats import (
    REPORTS,
    iter_har,
    iter_lines,
    record_run,
    render_ctrf,
    render_markdown,
    render_report,
)
from mock_server.contract.reports.history import note_run, read_history
from mock_server.contract.reports.html import render_page
from mock_server.contract.reports.junit import render_junit
from mock_server.contract.reports.merge import RecordedRun
from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.reports.sarif import render_sarif
from mock_server.contract.reports.wfc import render_wfc
from mock_server.contract.runner import Exercise, Report
from mock_server.contract.transport.http import Received
from mock_server.document.positions import Position
from mock_server.exchange.message import Request, Response
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding, Place

EVIL = "<script>alert('s3cret')</script> | `x` \x00 ]]> \u2028"
FRAME = ReportContext(
    "T",
    "openapi.yaml",
    "http://x",
    7,
    Mask(("s3cret",)),
    {Place("openapi.yaml", ("a",)): Position("openapi.yaml", ("a",), 12)},
    "2026-11-23T00:00:00Z",
)


def report() -> Report:
    request = Request(
        "POST", b"/a", b"key=s3cret", ((b"authorization", b"Bearer zzz"), (b"x", b"s3cret")), EVIL.encode()
    )
    received = Received(Response(500, ((b"content-type", b"text/html"),), EVIL.encode() + b"\xff"), seconds=0.25)
    exchanged = Exchanged(Probe("op", request, Intent.CONFORMING, "coverage", EVIL), received, 1)
    finding = Finding(
        rule="response-server-error",
        message=EVIL,
        place=Place("openapi.yaml", ("a",)),
        instance=("body", "n"),
        operation="op",
    )
    ledger = Incidents()
    ledger.add(Verdict("not_a_server_error", finding), exchanged)
    ledger.add(
        Verdict("coherence", Finding(rule="response-value-incoherent", message="m", operation="op"), doubtful=True),
        exchanged,
    )
    return Report(
        tuple(ledger.incidents()), (Exercise("op", "POST /a", 1, 0, {500: 1}),), (), {}, (), Exercised(), (exchanged,), 1.5, 1, 0
    )  # fmt: skip


FORMATS: dict[str, Callable[[Report], str]] = {
    "junit": lambda r: render_junit(digest(r, FRAME)),
    "ctrf": lambda r: render_ctrf(digest(r, FRAME)).decode(),
    "sarif": lambda r: render_sarif(digest(r, FRAME)).decode(),
    "har": lambda r: b"".join(iter_har(record_run(r, FRAME, frozenset()))).decode(),
    "ndjson": lambda r: b"".join(iter_lines(map(FRAME.exchange, r.exchanges), digest(r, FRAME))).decode(),
    "markdown": lambda r: render_markdown(digest(r, FRAME)),
    "html": lambda r: render_page(digest(r, FRAME), map(FRAME.exchange, r.exchanges), len(r.exchanges)),
    "wfc": lambda r: render_wfc(RecordedRun(digest(r, FRAME), [*map(FRAME.exchange, r.exchanges)], 1)).decode(),
    "json": lambda r: json.dumps(digest(r, FRAME)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_shows_a_secret(name: str) -> None:
    text = FORMATS[name](report())

    assert "s3cret" not in text
    assert "Bearer zzz" not in text
    assert "[masked]" in text or name == "wfc"  # which has no messages


def test_several_reports_of_one_run_have_all_exchanges() -> None:
    given = record_run(report(), FRAME, frozenset())
    once = render_report("ndjson", given)
    render_report("html", given)

    assert render_report("ndjson", given) == once
    assert once.count(b'"type":"exchange"') == 1


def test_the_report_of_web_fuzzing_commons_has_categories_and_statuses() -> None:
    found = json.loads(FORMATS["wfc"](report()))

    assert [fault["faultCategories"][0]["code"] for fault in found["faults"]["foundFaults"]] == [100]
    assert found["problemDetails"]["rest"]["endpointIds"] == ["POST:/a"]
    assert found["problemDetails"]["rest"]["coveredHttpStatus"][0]["httpStatus"] == [500]
    assert found["totalTests"] == len(found["testCases"]) == found["faults"]["totalNumber"]


def test_junit_has_a_case_for_each_operation_and_check() -> None:
    root = ET.fromstring(FORMATS["junit"](report()))  # noqa: S314 - our own output
    cases = {case.get("name"): case for case in root.iter("testcase")}

    assert cases.keys() == CHECKS.keys()
    assert [name for name, case in cases.items() if case.find("failure") is not None] == ["not_a_server_error"]
    assert cases["coherence"].find("system-out") is not None
    assert root.get("failures") == "1"


def test_ctrf_counts() -> None:
    summary = json.loads(FORMATS["ctrf"](report()))["results"]["summary"]

    # one found something for certain, one something doubtful; the others had nothing to look at
    assert (summary["tests"], summary["failed"], summary["passed"]) == (len(CHECKS), 1, 1)
    assert summary["skipped"] == len(CHECKS) - 2
    assert summary["stop"] - summary["start"] == 1500


def test_har_is_json_with_both_sides() -> None:
    entry = json.loads(FORMATS["har"](report()))["log"]["entries"][0]

    assert (entry["request"]["method"], entry["response"]["status"]) == ("POST", 500)
    assert entry["response"]["content"]["encoding"] == "base64"


def test_ndjson_is_exchanges_then_findings_then_the_run() -> None:
    types = [json.loads(line)["type"] for line in FORMATS["ndjson"](report()).split("\n") if line]

    assert types == ["exchange", "finding", "finding", "run"]


def test_the_page_runs_nothing_and_asks_nobody() -> None:
    page = FORMATS["html"](report())

    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    digest_ = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert page.count("<script") == 1
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest_}'" in page
    assert re.findall(r'(?:src|href)="', page) == []
    assert "&lt;script&gt;" in page


def test_markdown_stays_a_table() -> None:
    rows = [line for line in FORMATS["markdown"](report()).splitlines() if line.startswith("| error")]

    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 7


def test_a_baseline_accepts_what_it_names() -> None:
    incident: Incident = report().incidents[0]
    ledger = Incidents(frozenset((incident.id,)))
    ledger.absorb(incident)

    assert [known.is_red for known in ledger.incidents()] == [False]
    assert incident.is_red


def test_sarif_has_the_findings_at_their_lines_with_doubtful_ones_as_notes() -> None:
    results = json.loads(FORMATS["sarif"](report()))["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results]

    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("response-server-error", "error"),
        ("response-value-incoherent", "note"),
    ]
    assert [(each["artifactLocation"]["uri"], each["region"]["startLine"]) for each in places] == [
        ("openapi.yaml", 12),
        ("openapi.yaml", 1),
    ]
    assert {each["properties"]["check"] for each in results} == {"not_a_server_error", "coherence"}


def test_the_help_of_test_names_every_report() -> None:
    flag = next(param for param in typer.main.get_command(command).params if param.name == "report")

    assert f"of {', '.join(REPORTS)}." in flag.help


def test_the_history_says_what_is_new_and_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    path.write_text('{"id": 1}\nnot json\n' + "[" * 5_000 + "\n")
    now = report()
    note_run(path, replace(now, incidents=()), "T", "2026-01-01T00:00:00Z")
    note_run(path, now, "another document", "2026-01-02T00:00:00Z")
    runs = note_run(path, now, "T", "2026-01-03T00:00:00Z")
    page = render_page(digest(now, replace(FRAME, history=runs)), [], 0)

    assert [run["red"] for run in runs] == [0, 1]
    assert len(read_history(path)) == 3
    assert '<span class="new">new</span>' in page
    fixed = note_run(path, replace(now, incidents=()), "T", "2026-01-04T00:00:00Z")
    page = render_page(digest(replace(now, incidents=()), replace(FRAME, history=fixed)), [], 0)
    assert f"No longer found since the last run: {now.red[0].id}" in page


@pytest.mark.browser
def test_the_page_filters_and_groups(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(FORMATS["html"](report()))
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"file://{tmp_path}/page.html")

    assert page.locator("#findings > details > summary").all_text_contents() == ["op (2)"]
    page.select_option("select[name=by]", "check")
    assert page.locator("#findings > details > summary").count() == 2
    page.fill("input[name=text]", "incoherent")
    assert page.locator("#shown").text_content() == "1 of 2 shown"
    page.select_option("select[name=level]", "error")
    assert page.locator("#shown").text_content() == "0 of 2 shown"
    assert said == []
    page.close()
