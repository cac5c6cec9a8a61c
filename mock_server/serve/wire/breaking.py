"""What each fault does to an answer on its way out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from mock_server.fault import Fault, FaultKind
from mock_server.serve.answer import RawField
from mock_server.serve.backend import Message, Send
from mock_server.serve.wire.head import PHRASES
from mock_server.serve.wire.line import Line

_PIECES: Final = 20  # of a dribble
_GARBAGE: Final = (64, 512)  # bytes, from and to
NO_BODY: Final = "the answer has no body"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer on its way out."""

    start: Message
    body: Message
    send: Send
    wait: Callable[[float], Awaitable[None]]  # seconds; ends early where nobody waits any more
    random: Random

    @property
    def content(self) -> bytes:
        """The body."""
        content: bytes = self.body["body"]
        return content

    async def deliver(self) -> None:
        """Send it as it is."""
        await self.send(self.start)
        await self.send(self.body)


async def dribble(out: Outgoing, fault: Fault) -> None:
    """Send the body a few bytes at a time; the first ones at once, the last ones at the end of the time."""
    content = out.content
    size = max(-(-len(content) // _PIECES), 1)
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    await out.send(out.start)
    for index, piece in enumerate(pieces):
        if index:
            await out.wait(fault.milliseconds / 1000 / (len(pieces) - 1))
        await out.send({**out.body, "body": piece, "more_body": index < len(pieces) - 1})
    if not pieces:
        await out.send(out.body)


def empty(out: Outgoing, line: Line) -> None:
    """Close the connection without a byte."""
    line.close()


def reset(out: Outgoing, line: Line) -> None:
    """Reset the connection without a byte."""
    line.reset()


def garbage(out: Outgoing, line: Line) -> None:
    """Send bytes that are no HTTP, and close."""
    # the first byte is no character of a method or a version, so that no client takes the rest for HTTP
    line.write(b"\x00" + out.random.randbytes(out.random.randint(*_GARBAGE)))
    line.close()


def malformed_chunk(out: Outgoing, line: Line) -> None:
    """Send a chunk that is one, then bytes that are none, and close."""
    half = out.content[: (len(out.content) + 1) // 2]
    chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
    fields = [*_without_length(out), (b"transfer-encoding", b"chunked")]
    # what stands for the size of the next chunk is no hexadecimal number
    line.write(_head(out, fields) + chunk + b"no chunk\r\n" + out.random.randbytes(out.random.randint(*_GARBAGE)))
    line.close()


def truncate(out: Outgoing, line: Line) -> None:
    """Send the first half of the body under the length of the whole, and close."""
    length = b"%d" % max(len(out.content), 1)
    line.write(_head(out, [*_without_length(out), (b"content-length", length)]) + out.content[: len(out.content) // 2])
    line.close()


# What is done to the connection; it needs our own protocol.
ON_THE_LINE: Final[Mapping[FaultKind, Callable[[Outgoing, Line], None]]] = {
    FaultKind.EMPTY: empty,
    FaultKind.RESET: reset,
    FaultKind.GARBAGE: garbage,
    FaultKind.MALFORMED_CHUNK: malformed_chunk,
    FaultKind.TRUNCATE: truncate,
}
NEEDS_BODY: Final = frozenset((FaultKind.MALFORMED_CHUNK, FaultKind.TRUNCATE, FaultKind.DRIBBLE))


def _without_length(out: Outgoing) -> list[RawField]:
    return [field for field in out.start["headers"] if field[0] != b"content-length"]


def _head(out: Outgoing, fields: list[RawField]) -> bytes:
    """The status line and the header section of an answer that is the last one of its connection. RFC 9112, section 2.1."""
    status = out.start["status"]
    written = [b"HTTP/1.1 %d %b\r\n" % (status, PHRASES.get(status, "").encode())]
    # what a server refuses to write must not be written here either: it would end the field or the whole section
    written += [b"%b: %b\r\n" % (name, value.translate(None, b"\r\n\0")) for name, value in [*fields, (b"connection", b"close")]]
    return b"".join([*written, b"\r\n"])
