"""Webhooks that reach the listener of a test are judged by the document."""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.cli.main import main

DOCUMENT = """
openapi: 3.1.0
info: {title: Ping, version: "1"}
paths:
  /ping:
    get:
      operationId: ping
      responses: {"200": {description: pong, content: {application/json: {schema: {type: object}}}}}
webhooks:
  chargingStopped:
    post:
      operationId: chargingStopped
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}}}}}
      responses: {"204": {description: thanks}}
"""
APP = """
import json, os, threading, urllib.request

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    url, body, method = os.environ["HOOK_URL"], os.environ["HOOK_BODY"], os.environ.get("HOOK_METHOD", "POST")
    def tell():
        request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"}, method=method)
        urllib.request.urlopen(request, timeout=5).close()
    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "hooking.py").write_text(APP)
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("hooking", None)


@pytest.mark.parametrize(
    ("path", "method", "body", "found"),
    [
        ("/webhooks/chargingStopped", "POST", {"id": 1}, []),
        ("/anywhere", "POST", {"id": 1}, []),
        ("/webhooks/chargingStopped", "POST", {"id": "one"}, ['the webhook \'chargingStopped\': the body at /id: "one" is not of type "integer"']),
        ("/anywhere", "POST", {}, ["the webhook 'chargingStopped': the body: \"id\" is a required property"]),
        ("/webhooks/chargingStopped", "PUT", {"id": 1}, ["the webhook 'chargingStopped': it came as PUT; documented is POST"]),
    ],
)  # fmt: skip
def test_a_webhook_is_judged(
    folder: Path,
    path: str,
    method: str,
    body: object,
    found: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{port}{path}")
    monkeypatch.setenv("HOOK_BODY", json.dumps(body))
    monkeypatch.setenv("HOOK_METHOD", method)
    code = main(
        [
            "test",
            "--app",
            "hooking:app",
            "openapi.yaml",
            "--phases",
            "examples",
            "--listen",
            f"127.0.0.1:{port}",
            "--format",
            "json",
        ]
    )
    said = [finding for finding in json.loads(capsys.readouterr().out)["findings"] if finding["check"] == "callbacks"]

    assert [finding["message"] for finding in said] == found
    assert code == (1 if found else 0)


def test_a_port_that_is_taken_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]

        assert main(["test", "--app", "hooking:app", "openapi.yaml", "--listen", f"127.0.0.1:{port}"]) == 2
    assert f"can't listen for callbacks on 127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--listen", "nine"], ["--listen-url", "http://me.example"]])
def test_a_wrong_address_is_said(folder: Path, flags: list[str]) -> None:
    assert main(["test", "--app", "hooking:app", "openapi.yaml", *flags]) == 2
