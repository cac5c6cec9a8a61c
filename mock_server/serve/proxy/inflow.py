"""What a client sends: read once, passed on as it comes, with a bounded copy for who judges."""

import asyncio
from collections.abc import AsyncIterator

from mock_server.exchange.message import RawFields, find_field
from mock_server.serve.backend import Message, Receive
from mock_server.serve.proxy.upstream import ClientGone


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
        """What is kept of it."""
        return bytes(self._kept)

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come, and is kept."""
        return self._is_read and self._size == len(self._kept)

    async def chunks(self) -> AsyncIterator[bytes]:
        """
        The body as it comes.

        Raises:
            ClientGone: the client closed the connection.
        """
        while not self._is_read:
            chunk = self._take(await self._receive())
            if chunk:
                yield chunk

    async def read_rest(self) -> None:
        """
        Read what has not been read, for who answers instead.

        Raises:
            ClientGone: the client closed the connection.
        """
        while not self._is_read:
            self._take(await self._receive())

    def release(self) -> None:
        """Say that nobody reads the body any more; from then on `gone` does."""
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
