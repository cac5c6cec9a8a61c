"""
From a finding to something to work with.

Its answer as a fixture, so that the mock can give it to a frontend; its requests in a pytest module, which fails as
long as the finding is there.
"""

import base64
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from mock_server.contract.checks.table import CHECKS
from mock_server.contract.model import Incident
from mock_server.contract.replay import keep
from mock_server.document.yaml import encode_yaml
from mock_server.errors import MalformedContent, SchemaError
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import folder_name, make_folder_within, write_file
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.response import ResponseJudge

FINDINGS: Final = "findings.ndjson"
TESTS: Final = "test_findings.py"
# What belongs to a connection or a moment, not to an answer.
_PASSING: Final = frozenset(
    (
        b"connection", b"content-length", b"content-encoding", b"date", b"keep-alive", b"server",
        b"set-cookie", b"transfer-encoding",
        b"via", b"x-mock-source", b"x-mock-seed", b"x-mock-payload", b"preference-applied",
    )
)  # fmt: skip
_MODULE: Final = '''"""
Findings of `mock-server test`, looked for again: a test fails as long as its finding is there.

What shows in one exchange is sent again; for the rest the check runs anew. CONTRACT_TEST_URL names another API than the
one in which they were found.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
URL = os.environ.get("CONTRACT_TEST_URL", {url!r})
TARGET = [URL] if URL.startswith("http") else ["--app", URL]
DOCUMENT = {document!r}
FLAGS = {flags!r}
FOUND = {found}


@pytest.mark.parametrize("finding", FOUND)
def test_it_is_gone(finding: str) -> None:
    check, is_sent_again, message = FOUND[finding]
    again = ["--replay", finding, "--findings", str(HERE / "{findings}")]
    anew = ["--checks", check, "--format", "json"]
    command = [sys.executable, "-P", "-m", "mock_server", "test", *TARGET, DOCUMENT, *FLAGS, *(again if is_sent_again else anew)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    said = f"{{message}}\\n{{ended.stdout}}{{ended.stderr}}"

    assert ended.returncode in (0, 1), said
    if is_sent_again:
        assert ended.returncode == 0, said
    else:
        assert finding not in [found["id"] for found in json.loads(ended.stdout)["findings"]], said
'''


def save_fixtures(folder: Path, incidents: Iterable[Incident], judges: "dict[str, ResponseJudge]", mask: Mask) -> int:
    """
    Write the answer of each finding as a fixture that says which rules it breaks.

    Args:
        folder: Of fixtures; made if need be.
        incidents: What was found.
        judges: Of responses, by operationId.
        mask: Hides secrets.

    Returns:
        How many were written: where no whole answer of the operation came, there is none.
    """
    count = 0
    for incident in chain.from_iterable(each.members for each in incidents):
        response, operation = incident.exchanged.received.response, incident.finding.operation
        if (
            response is None
            or operation not in judges
            or not 200 <= response.status <= 599  # noqa: PLR2004
            or incident.exchanged.received.cut
        ):
            continue
        if incident.exchanged.probe.request.method != judges[operation].operation.method:
            continue  # HEAD in place of GET, or a method that is not documented
        own = make_folder_within(folder, folder_name(operation))
        fixture = _fixture(response, incident.mask(mask), incident.finding.rule, judges[operation])
        text = f"# {_line(incident.message(mask))}\n{encode_yaml(fixture)}"
        write_file(own / f"{incident.check}-{incident.id}.yaml", text.encode())
        count += 1
    return count


def save_tests(
    folder: Path, incidents: Sequence[Incident], mask: Mask, url: str, document: str, flags: Sequence[str]
) -> None:
    """
    Write a pytest module that sends the requests of the findings again, and the file that it reads them from.

    Args:
        folder: Where to.
        incidents: What was found.
        mask: Hides secrets.
        url: Of the API, or an application as `module:attribute`.
        document: As the command line names it.
        flags: Of the command line, without secrets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keep(folder / FINDINGS, incidents, mask)
    found = "".join(
        f"    {incident.id!r}: ({incident.check!r}, {_is_replayable(incident.check)}, {_line(incident.message(mask))!r}),\n"
        for incident in incidents
    )
    shown = mask.url(url) if "://" in url else url
    module = _MODULE.format(url=shown, document=document, flags=list(flags), found=f"{{\n{found}}}", findings=FINDINGS)
    write_file(folder / TESTS, module.encode())


def _fixture(answered: Response, mask: Mask, rule: str, judge: ResponseJudge) -> JsonObject:
    """
    Write an answer.

    Where a word in the place of a secret would break other rules than the answer does, its form is kept.
    """
    response = mask.response(answered)
    if _broken(response, judge) != _broken(answered, judge):
        response = mask.veiled().response(answered)
    fields: JsonObject = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in response.fields
        if name not in _PASSING and value.isascii()
    }
    breaks: list[JsonValue] = [*sorted(_broken(response, judge) or {rule})]
    written: JsonObject = {"status": response.status, "headers": fields, "breaks": breaks}
    return {**written, **_body(response)}


def _broken(response: Response, judge: ResponseJudge) -> set[str]:
    try:
        return {finding.rule for finding in judge.judge(response)}
    except SchemaError:
        return set()


def _body(response: Response) -> JsonObject:
    """Return the body as a value where it is one that is written back to the same, else as text or bytes."""
    if not response.body:
        return {}
    media_type = parse_media_type(find_field(response.fields, b"content-type") or "")
    try:
        if is_json(media_type):
            return {"body": read_json(response.body)}
        text = response.body.decode("utf-8")
        if text.isprintable():
            return {"body": text}
        return {"base64": base64.b64encode(response.body).decode()}
    except (MalformedContent, UnicodeDecodeError):
        return {"base64": base64.b64encode(response.body).decode()}


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _is_replayable(check: str) -> bool:
    return check in CHECKS and CHECKS[check].replayable  # those of the user need their module
