"""
How long requests hold the event loop: each operation of a document asked for everything that it documents, for the first time.

The measure is the CPU time of the process between two turns of a task that wants one each millisecond, so that a busy machine
does not count.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.exchange.message import RawFields, Request
from mock_server.generate.request import example_request
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.server.backend import Asgi, Message
from mock_server.settings import Settings

_TICK = 0.001  # seconds
_WISHES = (b"", b"profile=extreme", b"profile=boundary", b"profile=invalid")


class Hold(NamedTuple):
    """How long a request held the loop."""

    seconds: float  # of CPU, at most in one go
    whole: float  # of CPU, for the answer
    title: str


@dataclass
class Ticker:
    """Wants a turn each millisecond, and keeps how long it had to wait at most."""

    longest: float = 0.0
    last: float = 0.0

    def begin(self) -> None:
        """Begin to measure."""
        self.longest, self.last = 0.0, time.process_time()

    def end(self) -> float:
        """The longest wait, in seconds of CPU."""
        return max(self.longest, time.process_time() - self.last)

    async def run(self) -> None:
        """Tick until it is cancelled."""
        while True:
            now = time.process_time()
            self.longest, self.last = max(self.longest, now - self.last), now
            await asyncio.sleep(_TICK)


def find_holds(path: Path, cap: int) -> list[Hold]:
    """Ask for operations of a document, with state, and measure how long each request holds the loop; the longest first."""
    settings = Settings(stateful=True)
    opened = open_responder(str(path), settings, judge_fixtures=False)
    app = deferred_app(assemble([opened], settings))
    holds = asyncio.run(_measure(app, list(_iter_requests(opened.responder, cap))))
    return sorted(holds, reverse=True)


def _iter_requests(responder: Responder, cap: int) -> Iterator[tuple[str, Request]]:
    entries = responder.document.entries
    for entry in entries[:: max(len(entries) // cap, 1)][:cap]:
        request = example_request(
            responder.kit, responder.document.operation(entry), responder.base_paths(entry)[0]
        ).request
        for wish in _WISHES:
            fields: RawFields = [*request.fields, (b"prefer", wish)] if wish else request.fields
            yield f"{entry.title} [{wish.decode()}]", request._replace(fields=fields)


async def _measure(app: Asgi, requests: Sequence[tuple[str, Request]]) -> list[Hold]:
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    holds = []
    for title, request in requests:
        await asyncio.sleep(2 * _TICK)
        ticker.begin()
        started = time.process_time()
        await _ask(app, request)
        holds.append(Hold(ticker.end(), time.process_time() - started, title))
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    return holds


async def _ask(app: Asgi, request: Request) -> None:
    path, length = request.path.decode("latin-1"), (b"content-length", b"%d" % len(request.body))
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": request.method, "path": unquote(path),
        "raw_path": request.path, "query_string": request.query, "root_path": "", "server": ("127.0.0.1", 4010),
        "client": ("127.0.0.1", 1), "headers": [(b"host", b"127.0.0.1:4010"), *request.fields, *([length] if request.body else [])],
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        pass

    await app(scope, receive, send)
