"""
Holding an answer back for a moment.

What is short enough, and comes soon enough, is held until it is whole: then its header can say what is wrong with it. A
quarter of a second is noticed by nobody who waits for all of it, and a stream is not held at all.

What a client sends: read once, passed on as it comes, with a bounded copy for who judges.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from mock_server.exchange.message import RawFields, find_field
from mock_server.proxy.upstream import ClientGone
from mock_server.server.backend import Message, Receive

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
        """Hold the body back for a moment, or until it is whole; return True if it is."""
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
        """Yield what was held back, then the rest as it comes."""
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


class Inflow:
    """The body of one request."""

    def __init__(self, fields: RawFields, receive: Receive, limit: int) -> None:
        """
        Prepare to read it.

        Args:
            fields: Of the request.
            receive: ASGI's.
            limit: How many bytes are kept.
        """
        length = find_field(fields, b"content-length")
        self.is_chunked = find_field(fields, b"transfer-encoding") is not None
        self.is_expected = self.is_chunked or (length is not None and length != "0")
        self._receive = receive
        self._limit = limit
        self._kept = bytearray()
        self._size = 0
        self._over = asyncio.Event()  # nobody reads the body any more
        if not self.is_expected:
            self._over.set()
        self._is_read = not self.is_expected

    @property
    def kept(self) -> bytes:
        """The part that is kept."""
        return bytes(self._kept)

    @property
    def is_whole(self) -> bool:
        """True if the body is whole and kept."""
        return self._is_read and self._size == len(self._kept)

    async def chunks(self) -> AsyncIterator[bytes]:
        """
        Yield the body as it comes.

        Raises:
            ClientGone: the client closed the connection.
        """
        while not self._is_read:
            chunk = self._take(await self._receive())
            if chunk:
                yield chunk

    async def read_rest(self) -> None:
        """
        Read the rest of the body, for an answer by the mock.

        Raises:
            ClientGone: the client closed the connection.
        """
        while not self._is_read:
            self._take(await self._receive())

    def release(self) -> None:
        """End the reading of the body; `gone` reads from then on."""
        self._over.set()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        await self._over.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _take(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        self._kept += chunk[: max(self._limit - len(self._kept), 0)]
        if not message.get("more_body", False):
            self._is_read = True
            self._over.set()
        return chunk
