"""
What state, journal and findings cost reads in memory: the same requests, in process, without and with them.

    python -m benchmarks.state_reads

Answers per second of CPU of the middleware alone, called as an ASGI server would call it, without a log: in turns of 4,000
requests each, the better of three. What a server's own work adds makes the differences smaller.
"""

import asyncio
import json
import logging
import time
from pathlib import Path

from mock_server.compose.backend import configure_sources
from mock_server.exchange.message import Request
from mock_server.respond.open import open_responder
from mock_server.server.backend import Backend
from mock_server.server.middleware import MockMiddleware
from mock_server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
CASES = {
    "a generated thing": ("benchmarks/documents/counters.yaml", "/counters/{id}"),
    "a generated list": ("tests/state/todos.yaml", "/todos"),
    "a list, filtered": ("tests/state/todos.yaml", "/todos?done=false&limit=5"),
    "a fixture or an example": ("benchmarks/documents/pinned.yaml", "/pins"),
}
_TURN = 4_000


async def _nobody(*_: object) -> None:
    """What stands behind, and who hears what is sent."""


async def _receive() -> dict[str, object]:
    return {"type": "http.request", "body": b""}


class _App(MockMiddleware):
    """Our middleware, with its inside at hand."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(_nobody, backend)
        self.backend = backend


def _app(path: Path, **changes: object) -> _App:
    settings = Settings(base_path=("/",), security=False, **changes)  # type: ignore[arg-type]
    responder = open_responder(str(path), settings, judge_fixtures=False).responder
    backend = Backend.of(responder)
    configure_sources(backend, backend.mounts, settings)
    return _App(backend)


def _scope(target: str) -> dict[str, object]:
    path, _, query = target.partition("?")
    fields = [(b"host", b"127.0.0.1:4010"), (b"user-agent", b"wrk"), (b"accept", b"*/*")]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": fields,
    }


async def _rate(app: MockMiddleware, target: str, count: int) -> float:
    scope = _scope(target)
    started = time.process_time()
    for _ in range(count):
        await app(scope, _receive, _nobody)
    return count / (time.process_time() - started)


def _filled(target: str, app: _App) -> str:
    """A target with the key of something that there is."""
    path = target.removesuffix("/{id}")
    if path == target:
        return target
    listed = app.backend.mounts[0].responder.respond(Request("GET", path.encode(), b"", (), b""))
    return f"{path}/{json.loads(listed.body)[0]['id']}"


async def main() -> None:
    """Measure, and print a table."""
    logging.getLogger("mock_server.access").setLevel(logging.CRITICAL)
    print("| read | stateless, no journal | stateful, journal | ratio |\n| --- | --- | --- | --- |")
    for name, (document, template) in CASES.items():
        apps = [_app(ROOT / document, journal=0), _app(ROOT / document, stateful=True)]
        rates = [0.0, 0.0]
        target = _filled(template, apps[1])
        for app in apps:
            await _rate(app, target, 500)
        for _ in range(3):
            for index, app in enumerate(apps):
                rates[index] = max(rates[index], await _rate(app, target, _TURN))
        print(f"| {name} | {rates[0]:,.0f} | {rates[1]:,.0f} | {rates[1] / rates[0]:.2f} |")


if __name__ == "__main__":
    asyncio.run(main())
