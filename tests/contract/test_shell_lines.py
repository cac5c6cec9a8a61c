"""The curl lines of findings run as they are: with variables for secrets, and with what the finding needs created before."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mock_server.cli.main import main
from mock_server.contract.reports.shell import find_stand_ins

THING = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
JSON = {"content": {"application/json": {"schema": THING}}, "description": "It"}
ERROR = {"description": "No"}
KEY = {"name": "thingId", "in": "path", "required": True, "schema": {"type": "integer"}}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "security": [{"basic": []}, {"token": []}, {"key": []}],
    "paths": {
        "/things": {
            "post": {
                "operationId": "create",
                "requestBody": {"required": True, "content": {"application/json": {"schema": THING}}},
                "responses": {"201": JSON, "default": ERROR},
            }
        },
        "/things/{thingId}": {
            "parameters": [KEY],
            "get": {"operationId": "read", "responses": {"200": JSON, "default": ERROR}},
            "delete": {"operationId": "delete", "responses": {"204": ERROR, "default": ERROR}},
        },
    },
    "components": {
        "securitySchemes": {
            "basic": {"type": "http", "scheme": "basic"},
            "token": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "query", "name": "api_key"},
        }
    },
}
WANTED = {"Basic YWRhOjE4MTUtOC1zZWNyZXQ=", "Bearer 1815-8-secret"}


class Things(BaseHTTPRequestHandler):
    """Things with ids that it chooses; each has a name that is a number, when it is read."""

    things: dict[str, object]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status: int, value: object = None, **fields: str) -> None:
        body = json.dumps(value).encode() if value is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, text in {"Content-Type": "application/json", **fields}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        key = path.rpartition("/")[2]
        if self.headers.get("authorization") not in WANTED and "api_key=1815-8-secret" not in query:
            self.answer(401)
        elif self.command == "POST" and path == "/things":
            new = str(1000 + 7 * len(self.things) + os.getpid() % 7)
            self.things[new] = json.loads(body)
            if "show" in self.things:
                self.answer(201, {"id": int(new)})
            else:
                self.answer(201, Location=f"/things/{new}")
        elif key not in self.things:
            self.answer(404)
        elif self.command == "DELETE":
            self.things[key] = None
            del self.things[key]
            self.things[f"gone-{key}"] = True
            self.answer(204)
        elif self.command == "GET":
            self.answer(200, {"id": int(key), "name": 7})
        else:
            self.answer(405)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_any  # noqa: N815 - its names

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASSWORD", "1815-8-secret")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    Path("openapi.json").write_text(json.dumps(DOCUMENT))
    Path("secret.txt").write_text("1815-8-secret\n")
    Things.things = {"show": True} if request.param == "body" else {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Things) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("url", ["body", "location"], indirect=True)
@pytest.mark.parametrize(
    "auth",
    [
        ["--auth", "ada:${PASSWORD}"],
        ["--auth", "token=${PASSWORD}"],
        ["--auth", "key=${PASSWORD}"],
        ["--header", "Authorization: Bearer ${file:secret.txt}"],
    ],
    ids=["basic", "bearer", "query", "file"],
)
def test_the_lines_of_a_finding_run(url: str, auth: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The thing that was read is deleted by then: the lines create another one, and read that."""
    flags = ["--mutating", "--phases", "examples,stateful", "--format", "json", *auth]
    assert main(["test", url, "openapi.json", *flags]) == 1
    text = capsys.readouterr().out
    found = next(item for item in json.loads(text)["findings"] if item["rule"] == "response-body-schema")
    lines = found["curl"].split("\n")

    assert "1815-8-secret" not in text
    assert len(lines) == 2
    assert lines[0].startswith("id=$(curl")
    done = subprocess.run(["bash", "-ec", found["curl"]], capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(done.stdout)["name"] == 7


@pytest.mark.parametrize("url", ["body"], indirect=True)
def test_made_up_credentials_are_shown_as_they_are(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    forged = "Basic Zm9yZ2VkLTAwMDA6Zm9yZ2Vk"
    WANTED.add(forged)
    try:
        flags = ["--mutating", "--phases", "examples,coverage", "--format", "json", "--auth", "token=${PASSWORD}"]
        assert main(["test", url, "openapi.json", *flags]) == 1
    finally:
        WANTED.discard(forged)
    found = [item for item in json.loads(capsys.readouterr().out)["findings"] if item["check"] == "ignored_auth"]

    assert found
    assert all(f"authorization: {forged}" in item["curl"] for item in found)


@pytest.mark.parametrize("template", ["${A}", 'x$y`z"${A}\\', "${A}${A}", "'${A}'", "a b ${A}"])
def test_a_template_is_written_for_a_shell(template: str) -> None:
    environment = {"A": "v$a\"l`u\\e '1"}
    ((secret, written), (_, encoded)) = find_stand_ins([template], environment).items()
    done = subprocess.run(
        ["bash", "-c", f'printf "%s|" "{written}" "{encoded}"'],
        capture_output=True, text=True, env={**os.environ, **environment}, check=True, timeout=20,
    )  # fmt: skip

    assert done.stdout.split("|")[0] == secret
    assert done.stdout.split("|")[1] in find_stand_ins([template], environment)
