"""A file of findings that came with a repository, and `test --replay`: what is sent, where, and with whose credentials."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mock_server.cli.main import main
from tests.support.mocks import minimal
from tests.support.proxying import RealServer, answer

KEY = "Zq8xv1kP0d3s"
DOCUMENT = minimal(
    {
        "/things": {
            "get": {"operationId": "list", "security": [{"key": []}], "responses": {"200": {"description": ""}}}
        },
        "/other": {
            "post": {
                "operationId": "other",
                "servers": [{"url": "/elsewhere"}],
                "responses": {"200": {"description": ""}},
            },
        },
    },
    components={"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
)
GOOD = {"method": "GET", "path": "/v1/things", "query": "", "headers": [["x-key", "[masked]"]], "body_base64": ""}


@pytest.fixture(scope="module")
def real() -> Iterator[RealServer]:
    server = RealServer(answer(b"1"))
    yield server
    server.close()


@pytest.fixture
def replay(real: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replay a finding with some requests; gives the exit code and what was heard."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_bytes(orjson.dumps(DOCUMENT))
    (tmp_path / ".mock-server").mkdir()

    def run(*requests: object, flags: tuple[str, ...] = ()) -> tuple[int, list[bytes]]:
        kept = {
            "id": "abc", "check": "status_code_conformance", "message": "m", "operation": "list", "status": 500, "intent": "conforming",
            "requests": list(requests),
        }  # fmt: skip
        (tmp_path / ".mock-server" / "findings.ndjson").write_bytes(orjson.dumps(kept) + b"\n")
        real.heard.clear()
        code = main(["test", f"{real.url}/v1", "openapi.json", "--auth", f"key={KEY}", "--replay", "abc", *flags])
        return code, [heard.head for heard in real.heard]

    return run


def test_what_was_found_is_sent_again_with_the_users_credentials(replay: Any) -> None:
    code, heard = replay(GOOD, {**GOOD, "query": "a=1"})

    assert code == 0
    assert [head.split(b"\r\n")[0] for head in heard] == [b"GET /v1/things HTTP/1.1", b"GET /v1/things?a=1 HTTP/1.1"]
    assert all(KEY.encode() in head for head in heard)


REFUSED = {
    "deletes": {"method": "DELETE"},
    "posts": {"method": "POST", "body_base64": base64.b64encode(b"{}").decode()},
    "puts in small letters": {"method": "put"},
    "a method of its own": {"method": "PURGE"},
    "a method with a request in it": {"method": "GET /v1/things HTTP/1.1\r\nHost: evil.test\r\n\r\nDELETE"},
    "no method": {"method": ""},
    "another application of the host": {"path": "/admin/users"},
    "a neighbour of the base path": {"path": "/v1evil/things"},
    "a step up": {"path": "/v1/../admin"},
    "a step up, encoded": {"path": "/v1/%2e%2e/admin"},
    "a step up, encoded twice": {"path": "/v1/%252e%252e/admin"},
    "a step up by a backslash": {"path": "/v1/%5c..%5c..%5cadmin"},
    "another host": {"path": "http://evil.test/v1/things"},
    "another host without a scheme": {"path": "//evil.test/v1/things"},
    "userinfo": {"path": "@evil.test/v1/things"},
    "no path": {"path": ""},
    "a space in the path": {"path": "/v1/things HTTP/1.1\r\nX-A: b"},
    "a line in the query": {"query": "a=b HTTP/1.1\r\nHost: evil.test"},
    "a line in a field": {"headers": [["x-a", "b\r\nDELETE /v1/things HTTP/1.1"]]},
    "a line in the name of a field": {"headers": [["x-a: b\r\nx-key", "[masked]"]]},
    "a body that is none": {"body_base64": "%"},
}  # fmt: skip


@pytest.mark.parametrize("attack", REFUSED.values(), ids=REFUSED)
def test_nothing_is_sent_where_a_request_may_not_be(
    replay: Any, attack: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    code, heard = replay(GOOD, {**GOOD, **attack})

    assert (code, heard) == (2, [])
    assert KEY not in "".join(capsys.readouterr())


def test_a_hundred_requests_are_enough(replay: Any) -> None:
    assert replay(*[GOOD] * 101) == (2, [])


def test_a_large_file_is_none_of_findings(replay: Any, tmp_path: Path) -> None:
    replay(GOOD)
    with (tmp_path / ".mock-server" / "findings.ndjson").open("r+b") as file:
        file.truncate(2**40)

    assert main(["test", "http://127.0.0.1:9/v1", "openapi.json", "--replay", "abc"]) == 2


CONNECTION = [
    "Host",
    "host",
    "Connection",
    "Transfer-Encoding",
    "Content-Length",
    "Upgrade",
    "Expect",
    "Proxy-Authorization",
    "TE",
    "Trailer",
]


@pytest.mark.parametrize("name", CONNECTION)
def test_fields_of_the_connection_are_the_senders(replay: Any, real: RealServer, name: str) -> None:
    """A Host of somebody else on the same servers would get the credentials."""
    code, heard = replay({**GOOD, "headers": [[name, "evil.test"], *GOOD["headers"]]})  # type: ignore[misc]

    assert code == 0
    assert b"evil.test" not in heard[0]
    assert f"Host: {real.url.removeprefix('http://')}".lower().encode() in heard[0].lower()


def test_what_changes_something_is_sent_where_the_user_says_so(replay: Any) -> None:
    code, heard = replay(
        {**GOOD, "method": "POST"}, {**GOOD, "method": "POST", "path": "/elsewhere/other"}, flags=("--mutating",)
    )

    assert code == 0
    assert [head.split(b" ")[1] for head in heard] == [b"/v1/things", b"/elsewhere/other"]
