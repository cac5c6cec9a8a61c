"""The access log says what was found in requests, as long as that does not keep others waiting."""

import logging
import time
from collections.abc import Callable

import pytest

from mock_server.exchange.message import Request
from mock_server.server import access_log
from mock_server.server.access_log import AccessLog
from mock_server.server.backend import Backend
from tests.support.mocks import Mock, minimal

PET = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}, "password": {"type": "string"}}}
BODY = {"required": True, "content": {"application/json": {"schema": PET}}}
DOCUMENT = minimal({"/pets": {"post": {"requestBody": BODY, "responses": {"204": {"description": ""}}}}})
REFUSED = b'{"name":"hunter2hunter2","password":"hunter2hunter2"}'


@pytest.fixture
def log(mock: Callable[..., Mock], caplog: pytest.LogCaptureFixture) -> Callable[[bytes], str]:
    """Gives what is logged of a POST."""
    backend = Backend.of(mock(DOCUMENT).responder)
    noted = AccessLog(backend)
    fields = ((b"host", b"localhost"), (b"content-type", b"application/json"))
    caplog.set_level(logging.INFO, "mock_server.access")

    def note(body: bytes) -> str:
        request = Request("POST", b"/pets", b"", fields, body)
        answer = backend.mounts[0].responder.respond(request)
        caplog.clear()
        noted.note(request, answer, backend.worlds.everybody, time.perf_counter())
        return "\n".join(record.getMessage() for record in caplog.records)

    return note


def test_what_is_found_is_logged_without_secrets(log: Callable[[bytes], str]) -> None:
    said = log(b'{"name":"too long"}')
    assert '"too long" is longer than 5 characters' in said
    assert "POST /pets 422" in said
    assert "hunter2" not in log(REFUSED)


def test_where_many_are_refused_the_log_says_how_much_was_found_and_no_value(
    log: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "_SHARE", 0.0)
    large = b'{"name":"too long","list":[' + b",".join([b'"a text"'] * 5_000) + b"]}"
    said = [log(large) for _ in range(100)]

    assert '"too long"' in said[0]
    assert said[-1].splitlines()[1:] == [
        "  request-body-schema: 1 findings; so many requests are refused that only the journal has the messages"
    ]


def test_what_may_be_said_comes_back_with_time(log: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "_MOST_SECONDS", 0.0)
    log(b'{"name":"too long"}')
    assert "only the journal" in log(b'{"name":"too long"}')
    monkeypatch.setattr(access_log, "_MOST_SECONDS", 1.0)
    monkeypatch.setattr(access_log, "_SHARE", 1e9)
    assert '"too long"' in log(b'{"name":"too long"}')
