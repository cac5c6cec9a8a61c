"""Log lines in batches: all of them, in their order, at once where nobody would write them later."""

import asyncio
import io
import logging
import signal
import sys
import urllib.parse
from http.client import HTTPConnection

import pytest

from mock_server.cli.logs import _JsonFormatter, _TextFormatter
from mock_server.server import log_lines
from mock_server.server.access_log import _handle
from mock_server.server.log_lines import ExchangeLine, LineHandler, find_line_handler
from tests.support.servers import start_server


class Stream(io.StringIO):
    """Counts how often it is written to."""

    times = 0

    def write(self, text: str) -> int:
        self.times += 1
        return super().write(text)


def said(number: int = 0, findings: tuple[tuple[str, str], ...] = ()) -> ExchangeLine:
    return ExchangeLine(1_700_000_000.25, "GET", f"/{number}", 200, "generated", "read", 0.0012, None, findings)


def note(handler: LineHandler, line: ExchangeLine) -> None:
    handler.note(lambda seen: seen, line, 100)


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def handler(stream: Stream) -> LineHandler:
    return LineHandler(stream, _TextFormatter())


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("mock_server.other", logging.WARNING, "", 0, text, None, None)


def test_lines_of_a_moment_are_written_together_and_in_their_order(handler: LineHandler, stream: Stream) -> None:
    async def run() -> None:
        for number in range(40):
            note(handler, said(number))
            handler.emit(record(f"after {number}"))
        assert stream.times == 0
        await asyncio.sleep(log_lines._MOMENT * 4)

    asyncio.run(run())

    lines = stream.getvalue().splitlines()
    assert stream.times == 1
    assert lines == [
        text for number in range(40) for text in (f"GET /{number} 200 generated 1.2 ms", f"after {number}")
    ]


def test_a_line_without_a_loop_is_written_at_once(handler: LineHandler, stream: Stream) -> None:
    note(handler, said())

    assert stream.getvalue() == "GET /0 200 generated 1.2 ms\n"


def test_lines_of_a_loop_that_ended_are_written_by_the_next_one(handler: LineHandler, stream: Stream) -> None:
    async def run(number: int, seconds: float) -> None:
        note(handler, said(number))
        await asyncio.sleep(seconds)

    asyncio.run(run(1, 0))
    asyncio.run(run(2, log_lines._MOMENT * 4))

    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["/1", "/2"]


def test_much_is_written_before_a_moment_is_over(handler: LineHandler, stream: Stream) -> None:
    async def run() -> None:
        for number in range(10_000):
            note(handler, said(number))
        assert stream.times > 1

    asyncio.run(run())
    handler.flush()

    assert len(stream.getvalue().splitlines()) == 10_000


def test_exchanges_with_large_bodies_do_not_wait(handler: LineHandler, stream: Stream) -> None:
    async def run() -> None:
        handler.note(lambda seen: seen, said(), log_lines._MOST_BYTES + 1)
        assert stream.times == 1

    asyncio.run(run())


@pytest.mark.parametrize("formatter", [_TextFormatter(), _JsonFormatter()])
def test_an_exchange_is_written_as_its_records_are(
    formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.25)
    exchange = said(findings=(("request-body-schema", 'the body at /a: "x" is not one of "y"'), ("a-rule", "more")))
    together, apart = io.StringIO(), io.StringIO()
    log = logging.getLogger("mock_server.access")
    handler = logging.StreamHandler(apart)
    handler.setFormatter(formatter)
    monkeypatch.setattr(log, "propagate", False)
    monkeypatch.setattr(log, "handlers", [handler])
    monkeypatch.setattr(log, "level", logging.INFO)

    note(LineHandler(together, formatter), exchange)  # type: ignore[arg-type]
    _handle(exchange)

    assert together.getvalue() == apart.getvalue()


def test_a_handler_of_lines_is_used_where_nobody_else_listens(handler: LineHandler) -> None:
    log = logging.Logger("alone")  # noqa: LOG001 - pytest listens to those that it knows
    assert find_line_handler(log) is None
    log.addHandler(handler)
    assert find_line_handler(log) is handler
    log.addHandler(logging.NullHandler())
    assert find_line_handler(log) is None


class FullStream(io.StringIO):
    """Takes nothing, as a disk without room."""

    def write(self, text: str) -> int:
        raise OSError("no space left on device")


def closed_stream() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [FullStream(), closed_stream(), None], ids=["full", "closed", "none"])
def test_lines_that_nobody_takes_disturb_nobody(
    stream: io.StringIO | None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handler = LineHandler(stream, _TextFormatter())

    async def run() -> None:
        note(handler, said())
        await asyncio.sleep(log_lines._MOMENT * 4)

    asyncio.run(run())
    note(handler, said())
    handler.emit(record("more"))

    assert (capsys.readouterr().err, caplog.records, handler._waiting) == ("", [], [])


_PATIENT = (
    "from mock_server.server import log_lines; log_lines._MOMENT = 3600\nfrom mock_server.cli.main import main; main()"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("more", [(), ("--workers", "2")])
def test_a_signal_that_ends_the_server_loses_no_line(number: signal.Signals, more: tuple[str, ...]) -> None:
    server = start_server(*more, command=(sys.executable, "-c", _PATIENT))
    try:
        connection = HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=15)
        connection.request("GET", "/api/charger/1/users?code=c&clientId=c")
        connection.getresponse().read()
        connection.close()
    finally:
        server.process.send_signal(number)
        _, err = server.process.communicate(timeout=15)

    assert "GET /api/charger/1/users 200 " in err
