"""Watching folders for changes: the door of watchfiles."""

import asyncio
from contextlib import aclosing

from watchfiles import awatch

from mock_server.compose.reload import Reloader

_QUIET = 50  # milliseconds without another change, before somebody looks
_PATIENCE = 400  # milliseconds at most
_ROUND = 1_000  # milliseconds after which the folders are counted again: references are read when they are needed


async def watch(reloader: Reloader) -> None:
    """Look whenever something changes, until it is cancelled."""
    while True:
        folders = reloader.folders()
        if not folders:
            await asyncio.sleep(_ROUND / 1000)
            await reloader.look()
            continue
        changes = awatch(
            *folders,
            recursive=False,
            watch_filter=None,
            step=_QUIET,
            debounce=_PATIENCE,
            rust_timeout=_ROUND,
            yield_on_timeout=True,
        )
        async with aclosing(changes):
            await reloader.look()  # something may have changed before the system was asked
            async for _ in changes:
                await reloader.look()
                if reloader.folders() != folders:
                    break
