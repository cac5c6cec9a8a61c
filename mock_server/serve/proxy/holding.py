"""
Holding an answer back for a moment.

What is short enough, and comes soon enough, is held until it is whole: then its header can say what is wrong with it. A
quarter of a second is noticed by nobody who waits for all of it, and a stream is not held at all.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

_HELD: Final = 256 * 1024  # bytes
_PATIENCE: Final = 0.25  # seconds


class Holding:
    """The body of an answer while it comes; a bounded copy of it is kept."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], limit: int) -> None:
        self.kept = bytearray()
        self.is_cut = False
        self._chunks = chunks
        self._limit = limit
        self._waiting: list[bytes] = []  # held back
        self._next: asyncio.Task[bytes | None] | None = None

    async def is_short(self, length: int | None, *, whole: bool) -> bool:
        """Hold the body back for a moment, or until it is whole; gives whether all of it came."""
        most = self._limit if whole else min(_HELD, self._limit)
        if length is not None and length > most:
            return False
        loop = asyncio.get_running_loop()
        ends, size = loop.time() + _PATIENCE, 0
        while size <= most:
            self._next = self._next or asyncio.ensure_future(anext(self._chunks, None))
            done, _ = await asyncio.wait((self._next,), timeout=None if whole else max(ends - loop.time(), 0))
            if not done:
                return False
            chunk, self._next = self._next.result(), None
            if chunk is None:
                return True
            size += len(chunk)
            self._keep(chunk)
            self._waiting.append(chunk)
        return False

    async def chunks(self) -> AsyncIterator[bytes]:
        """What was held back, then the rest as it comes."""
        for chunk in self._waiting:
            yield chunk
        self._waiting.clear()
        if self._next is not None:
            late, self._next = await self._next, None
            if late is None:
                return
            self._keep(late)
            yield late
        async for chunk in self._chunks:
            self._keep(chunk)
            yield chunk

    async def close(self) -> None:
        """Stop waiting for more."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait((self._next,))
        await self._chunks.aclose()

    def _keep(self, chunk: bytes) -> None:
        room = max(self._limit - len(self.kept), 0)
        self.is_cut = self.is_cut or len(chunk) > room
        self.kept += chunk[:room]
