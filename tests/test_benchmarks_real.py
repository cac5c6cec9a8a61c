"""The benchmark on real applications: what it reads off archives and outputs, and how findings are judged. None is started."""

import json
from pathlib import Path

import pytest

from benchmarks.real.applications import APPLICATIONS
from benchmarks.real.tools import reached, read_archive, read_failures
from benchmarks.real.verdicts import VERDICTS, Row, judge, read_rows
from mock_server import load

DOCUMENT = """
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /pets: {get: {responses: {"200": {description: Pets}}}, post: {responses: {"201": {description: Made}}}}
  /pets/{id}: {get: {responses: {"200": {description: A pet}}}}
"""


def test_an_operation_is_reached_by_any_2xx_below_the_base(tmp_path: Path) -> None:
    (tmp_path / "pets.yaml").write_text(DOCUMENT)
    asked = [
        ("GET", "/v1/pets", 200),
        ("POST", "/v1/pets", 422),
        ("GET", "/v1/pets/a%20b", 204),
        ("GET", "/pets", 200),
        ("DELETE", "/v1/pets", 200),
    ]

    assert reached(load(tmp_path / "pets.yaml"), "http://127.0.0.1:1/v1", asked) == ["GET /pets", "GET /pets/{id}"]


@pytest.mark.parametrize("text", ["", "{", "{}", None])
def test_an_archive_that_was_cut_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run.har").write_text(text)

    assert read_archive(tmp_path / "run.har") == []


def test_an_archive_is_read(tmp_path: Path) -> None:
    request = {"method": "GET", "url": "http://127.0.0.1:1/v1/pets?a=b"}
    (tmp_path / "run.har").write_text(
        json.dumps({"log": {"entries": [{"request": request, "response": {"status": 200}}]}})
    )

    assert read_archive(tmp_path / "run.har") == [("GET", "/v1/pets", 200)]


def test_failures_of_the_peer_are_one_for_each_operation_and_check() -> None:
    output = (
        "____ GET /pets ____\n1. Test Case ID\n- Server error\n- Server error\n____ POST /pets ____\n- Server error\n"
    )

    assert read_failures(output) == [
        {"operation": "GET /pets", "check": "Server error"},
        {"operation": "POST /pets", "check": "Server error"},
    ]


def test_a_finding_without_a_row_is_said_and_unknown_ones_are_not_counted() -> None:
    findings = [
        {"rule": "a", "operation": "x", "message": "the first", "level": "error"},
        {"rule": "b", "operation": "x", "message": "the second", "level": "warning"},
        {"rule": "b", "operation": "x", "message": "the third", "level": "unknown"},
    ]
    counts, open_ = judge([Row("a", "true", "it is", message="*first")], findings)

    assert counts == {"true": 1, "not judged": 1}
    assert open_ == ["b x: the second"]


def test_each_judgement_is_of_a_known_application_and_has_a_reason() -> None:
    rows = read_rows()

    assert rows.keys() <= APPLICATIONS.keys()
    assert all(row.verdict in VERDICTS[:3] and row.why.endswith(".") for each in rows.values() for row in each)
