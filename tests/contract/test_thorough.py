"""`test --thorough` goes on with what a full request does not hold: alternatives, entries of maps, deeper levels."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.cli.main import main
from tests.support.mocks import minimal

TEXT = {"type": "string", "minLength": 1}
METHODS = {
    "card": {
        "type": "object",
        "required": ["number"],
        "properties": {"number": TEXT, "limit": {"type": "integer", "minimum": 0}},
        "additionalProperties": False,
    },
    "bank": {
        "type": "object",
        "required": ["iban"],
        "properties": {"iban": TEXT, "days": {"type": "integer", "maximum": 30}},
        "additionalProperties": False,
    },
}
OPERATION = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": list(METHODS.values())}}},
    },
    "responses": {"200": {"description": "Paid."}, "400": {"description": "Refused."}},
}
# It refuses what breaks the document, but takes any number for a limit or days: whichever alternative is drawn by the seed,
# the other one is held by no full request.
APP = """
import json

SEEN = []


def is_right(body):
    if not isinstance(body, dict):
        return False
    for name, number in (("number", "limit"), ("iban", "days")):
        if isinstance(body.get(name), str) and body[name] and not body.keys() - {name, number}:
            return isinstance(body.get(number, 1), int) and not isinstance(body.get(number, 1), bool)
    return False


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    try:
        SEEN.append(json.loads(body))
        right = is_right(SEEN[-1]) and b"application/json" in dict(scope["headers"]).get(b"content-type", b"")
    except ValueError:
        right = False
    await send({"type": "http.response.start", "status": 200 if right else 400, "headers": []})
    await send({"type": "http.response.body", "body": b""})
"""


@pytest.fixture
def findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., set[str]]:
    """Test the application above; gives the messages of what was found."""
    monkeypatch.chdir(tmp_path)
    name = f"paying_{tmp_path.name.replace('-', '_')}"
    (tmp_path / "openapi.json").write_text(json.dumps(minimal({"/payments": {"post": OPERATION}})))
    (tmp_path / f"{name}.py").write_text(APP)

    def call(*flags: str) -> set[str]:
        main(["test", "--app", f"{name}:app", "openapi.json", "--mutating", "--format", "json", *flags])
        return {row["message"] for row in json.loads(capfd.readouterr().out)["findings"]}

    return call


def test_a_fault_in_the_other_alternative_is_found(findings: Callable[..., set[str]]) -> None:
    usual = findings("--phases", "coverage")
    thorough = findings("--phases", "coverage", "--thorough")

    def of(messages: set[str]) -> set[str]:
        return {word for word in ("limit", "days") if any(word in message for message in messages)}

    assert len(of(usual)) == 1
    assert of(thorough) == {"limit", "days"}


def test_it_sends_no_more_than_the_budget(
    findings: Callable[..., set[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings("--phases", "coverage", "--max-cases", "20", "--thorough")
    monkeypatch.syspath_prepend(tmp_path)
    seen = __import__(f"paying_{tmp_path.name.replace('-', '_')}").SEEN

    assert 0 < len(seen) <= 20
