"""Findings as SARIF: of the form that the standard gives it, with fingerprints that stay when lines move."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.findings import RULES, Level
from mock_server.sarif import SarifResult, write_sarif

TEXT = {"type": "string", "minLength": 1}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = closed({"text": TEXT})
URI = {"type": "string", "pattern": r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*$"}
# What the standard says of the members that are written (sections 3.13, 3.14, 3.19, 3.27 to 3.33, 3.35, 3.49).
LOG = closed(
    {
        "$schema": TEXT,
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": closed(
                {
                    "tool": closed(
                        {
                            "driver": closed(
                                {
                                    "name": TEXT,
                                    "version": TEXT,
                                    "semanticVersion": TEXT,
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": closed(
                                            {
                                                "id": TEXT,
                                                "shortDescription": MESSAGE,
                                                "defaultConfiguration": closed({"level": LEVEL}),
                                                "properties": closed({"tags": many(TEXT)}),
                                            }
                                        ),
                                    },
                                }
                            )
                        }
                    ),
                    "automationDetails": closed({"id": TEXT}),
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": closed(
                            {
                                "ruleId": TEXT,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "message": MESSAGE,
                                "locations": many(
                                    closed(
                                        {
                                            "physicalLocation": closed(
                                                {
                                                    "artifactLocation": closed({"uri": URI}),
                                                    "region": closed({"startLine": {"type": "integer", "minimum": 1}}),
                                                }
                                            )
                                        },
                                        {
                                            "logicalLocations": many(
                                                closed({"fullyQualifiedName": TEXT, "kind": TEXT}, {"name": {}})
                                            )
                                        },
                                    )
                                ),
                                "partialFingerprints": {"type": "object", "additionalProperties": TEXT},
                            },
                            {
                                "properties": {"type": "object"},
                                "suppressions": many(
                                    closed(
                                        {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {"enum": ["accepted", "underReview", "rejected"]},
                                            "justification": TEXT,
                                        }
                                    )
                                ),
                            },
                        ),
                    },
                }
            ),
        },
    }
)

RESULTS = st.builds(
    SarifResult,
    rule=st.sampled_from(sorted(RULES)),
    level=st.sampled_from(Level),
    message=st.text(min_size=1),
    file=st.sampled_from(["openapi.yaml", "a b/ä#?.yaml", "/tmp/x.yaml", "https://a.test/o.yaml", "<stdin>"]),  # noqa: S108
    pointer=st.lists(st.sampled_from(["paths", "/a", "get"]), max_size=3).map(tuple),
    line=st.none() | st.integers(1, 99),
    operation=st.none() | st.just("op"),
    identity=st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    is_accepted=st.booleans(),
)


def fingerprints(log: Any) -> list[str]:
    return [each["partialFingerprints"]["primaryLocationLineHash"] for each in log["runs"][0]["results"]]


@given(st.lists(RESULTS, max_size=8))
def test_every_log_has_the_form_of_the_standard(results: list[SarifResult]) -> None:
    log: Any = json.loads(json.dumps(write_sarif(results, "check")))
    run = log["runs"][0]

    jsonschema.Draft202012Validator(LOG).validate(log)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in run["results"]] == [each.rule for each in results]
    assert len(set(fingerprints(log))) == len(results)


@given(st.lists(RESULTS, max_size=8), st.integers(1, 50))
def test_fingerprints_stay_when_lines_move(results: list[SarifResult], lines: int) -> None:
    moved = [replace(each, line=(each.line or 0) + lines) for each in results]

    assert fingerprints(write_sarif(moved, "check")) == fingerprints(write_sarif(results, "check"))


DOCUMENT = """\
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Nothing'}}}}
"""


@pytest.mark.parametrize(
    ("words", "rules", "line"),
    [
        (["check", "openapi.yaml"], {"document-reference-unresolvable", "document-lint-incomplete"}, 8),
        (["validate", "traffic.ndjson", "--document", "openapi.yaml"], {"response-status-undocumented"}, 5),
        (["diff", "old.yaml", "openapi.yaml"], {"diff-operation-removed", "diff-version-not-raised"}, 1),
    ],
)
def test_commands_write_it(words: list[str], rules: set[str], line: int, tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "old.yaml").write_text(
        DOCUMENT + "  /b: {get: {operationId: b, responses: {'200': {description: ok}}}}\n"
    )
    exchange = {"request": {"method": "GET", "url": "http://x/a"}, "response": {"status": 404}}
    (tmp_path / "traffic.ndjson").write_text(json.dumps(exchange))
    command = [sys.executable, "-m", "mock_server", *words, "--format", "sarif"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    log = json.loads(done.stdout)
    results = log["runs"][0]["results"]

    jsonschema.Draft202012Validator(LOG).validate(log)
    assert done.returncode == 1
    assert {each["ruleId"] for each in results} == rules
    assert line in {each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in results}
    assert log["runs"][0]["automationDetails"] == {"id": f"mock-server/{words[0]}/"}
