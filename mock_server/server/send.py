"""
Whole answers in one piece.

A server writes the head of an answer, then its body: two system calls, and two segments on the way to the client. What
is complete before anything is sent can go at once.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from mock_server.server.backend import Message, Scope, Send

EXTENSION: Final = "mock_server.gathering"


class BufferedTransport:
    """A transport that buffers writes until it is flushed."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """
        Write to a transport.

        Args:
            transport: Of a connection.
        """
        self._transport = transport
        self._kept: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, now or with the rest."""
        if self._kept is None:
            self._transport.write(data)
        else:
            self._kept.append(data)

    def writelines(self, list_of_data: Sequence[bytes]) -> None:
        """Write several pieces, now or with the rest."""
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        """Close when everything is written."""
        self.release()
        self._transport.close()

    def keep(self) -> None:
        """Buffer writes from now on."""
        self._kept = []

    def release(self) -> None:
        """Write the buffer."""
        kept, self._kept = self._kept, None
        if kept:
            self._transport.writelines(kept)


async def send_whole(scope: Scope, send: Send, start: Message, body: Message) -> None:
    """
    Send an answer that is complete.

    Args:
        scope: ASGI's, of the request.
        send: The server's own.
        start: The message that begins the answer.
        body: The message with all of its body.
    """
    gathering: BufferedTransport | None = scope.get("extensions", {}).get(EXTENSION)
    if gathering is None:
        await send(start)
        await send(body)
        return
    gathering.keep()
    try:
        await send(start)
        await send(body)
    finally:
        gathering.release()
