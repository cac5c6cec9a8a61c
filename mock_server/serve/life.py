"""What belongs to a server while it runs: who disturbs, who sends callbacks, and what runs beside it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mock_server.serve.backend import Backend
from mock_server.serve.callbacks.outbox import Outbox
from mock_server.serve.wire.disturb import SeededDisturber

_log = logging.getLogger(__name__)


def settle(backend: Backend) -> None:
    """Give a backend who disturbs and who sends callbacks, where it has nobody yet."""
    if backend.disturber is None:
        backend.disturber = SeededDisturber(backend.settings.disturbances, str(backend.settings.seed))
    if backend.outbox is None:
        backend.outbox = Outbox(backend)
        backend.outbox.attend()


@asynccontextmanager
async def beside(backend: Backend) -> AsyncIterator[None]:
    """Run what runs while the server does."""
    running = [asyncio.ensure_future(task()) for task in backend.tasks]
    for each in running:
        each.add_done_callback(_say_end)
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _say_end(task: asyncio.Future[None]) -> None:
    """Say so where something that runs beside the server fails; the server goes on without it."""
    if not task.cancelled() and task.exception() is not None:
        _log.error("something that ran beside the server failed: %s", task.exception(), exc_info=task.exception())
