"""
What it costs to be looked at: the journal, and the listeners that count coverage and metrics.

    python -m benchmarks.listening

Asks the application in this process, as a server would: microseconds of CPU for each answer, the least of seven rounds that
take turns. The heap is frozen first, as the command line does.
"""

import asyncio
import gc
import logging
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from mock_server.admin.access import Guard
from mock_server.admin.app import install_admin
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.respond.open import open_responder
from mock_server.settings import Settings

DOCUMENT = Path(__file__).resolve().parent.parent / "openapi.yaml"
ROUNDS, ANSWERS = 7, 3_000
SERVERS = {"neither": (0, False), "journal": (1_000, False), "listeners": (0, True), "both": (1_000, True)}


def make(journal: int, *, listens: bool) -> Any:
    """Make an application with or without a journal and listeners."""
    settings = Settings(journal=journal)
    backend = assemble([open_responder(str(DOCUMENT), settings)], settings)
    if listens:
        install_admin(backend, Guard())
    app = create_app(backend)
    if not listens:
        backend.listeners.clear()
    return app


def scope(number: int) -> dict[str, Any]:
    """A request for the drivers of one charger."""
    path = f"/api/charger/EMABLER_Charger{number}/users"
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"code=k&clientId=c", "scheme": "http", "server": ("127.0.0.1", 4010), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1:4010"), (b"accept", b"*/*"), (b"user-agent", b"x")], "root_path": "",
    }  # fmt: skip


async def ask(app: Any, *, vary: bool) -> float:
    """Ask many times; gives microseconds of CPU for each answer."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        return None

    started = time.process_time()
    for number in range(ANSWERS):
        await app(scope(number if vary else 12345), receive, send)
    return (time.process_time() - started) / ANSWERS * 1e6


def main() -> None:
    """Print the figures."""
    logging.disable()
    for vary, what in ((False, "one stored answer"), (True, f"{ANSWERS:,} different generated answers")):
        apps = {name: make(journal, listens=listens) for name, (journal, listens) in SERVERS.items()}
        gc.collect()
        gc.freeze()
        found: dict[str, list[float]] = {name: [] for name in apps}
        for _ in range(ROUNDS):
            for name, app in apps.items():
                found[name].append(asyncio.run(ask(app, vary=vary)))
        print(f"{what}: " + ", ".join(f"{name} {min(each):.1f}" for name, each in found.items()))


if __name__ == "__main__":
    main()
