"""Connections without sockets: what our protocols write when bytes are read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from mock_server.server.backend import Backend


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += b"" if self.closed else data

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Tests write when they want to."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""


async def finish(protocol: Any, patience: float = 20.0) -> None:
    """Wait until everything that was read is answered, or waits for what does not come."""
    while protocol.tasks:
        done, _ = await asyncio.wait(protocol.tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return
        await asyncio.gather(*done)
        await asyncio.sleep(0)


@dataclass
class Way:
    """A server that answers in one of the two ways."""

    backend: Backend
    config: uvicorn.Config
    tasks: int = 0  # that were made
    patience: float = 20.0  # seconds without an answer, after which none is expected

    def connect(self, wire: Wire) -> Any:
        """A connection; in a running loop."""
        state = ServerState()
        state.default_headers = [(b"date", b"Mon, 23 Nov 2026 21:58:00 GMT")]
        protocol = self.config.http_protocol_class(config=self.config, server_state=state, app_state={})  # type: ignore[call-arg]
        protocol.connection_made(wire)
        return protocol

    def converse(self, pieces: Sequence[bytes]) -> bytes:
        """What is written when these pieces are read."""

        async def run() -> bytes:
            wire = Wire()
            protocol: Any = self.connect(wire)
            for piece in pieces:
                if wire.closed:
                    break
                protocol.data_received(piece)
                await asyncio.sleep(0)
            self.tasks = len(protocol.tasks)
            await finish(protocol, self.patience)
            protocol.connection_lost(None)
            await asyncio.gather(*protocol.tasks)
            return bytes(wire.written)

        self.backend.worlds.everybody.journal.clear()
        return asyncio.run(run())

    def journal(self) -> list[tuple[bytes, bytes, int]]:
        """What was kept of the exchanges."""
        return [
            (each.request.path, each.request.body, each.answer.status) for each in self.backend.worlds.everybody.journal
        ]
