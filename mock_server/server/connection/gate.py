"""
The gate in front of uvicorn's parser: framing, limits and timeouts of a connection.

Each message is framed here (`framing`), so that only what can be read in one way goes on, and one request is answered
before the next one is read. What can't be read is refused in words, and so is who takes more than there is
(`connections`).
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any, Final

from mock_server.cache import BoundedCache, weigh_text
from mock_server.exchange import problem
from mock_server.respond.answer import RawField, problem_answer
from mock_server.server.backend import Asgi
from mock_server.server.browser import CONTENT_FIELDS
from mock_server.server.connection.connections import Connections, PendingWait, Wait
from mock_server.server.connection.framing import Framer, Head, Refusal, read_head
from mock_server.server.connection.immediate import write_head
from mock_server.server.connection.raw import reset_connection

_HELD_BACK: Final = 65_536  # bytes of requests that wait for the answer before them; then reading pauses
_LINGER: Final = 2.0  # seconds
_END: Final = b"\r\n\r\n"
_PROBLEMS: Final = {
    kind.status: kind
    for kind in (
        problem.TOO_SLOW,
        problem.HEADER_TOO_LARGE,
        problem.TARGET_TOO_LONG,
        problem.NO_SUCH_VERSION,
        problem.NOT_SPOKEN,
        problem.NO_ROOM,
    )
}
_log = logging.getLogger("mock_server.connections")

# What clients send again and again: the fields of a request in origin form, with the length of its body; -1 where that
# is to be
# looked at anew.
_LINE: Final = re.compile(rb"(?!CONNECT )[A-Z]+ /[\x21-\x7e]* HTTP/1\.1\r\n")
_plain: BoundedCache[bytes, int] = BoundedCache(2 << 20, weigh_text)
_LONGEST: Final = 2_048  # bytes of a head that is remembered


class Gate(asyncio.Protocol):
    """
    Frames messages.

    Mixed into one of uvicorn's protocols, whose names `app`, `cycle`, `flow`, `transport` and `loop` are.
    """

    gates: Connections
    app: Asgi
    cycle: Any  # the exchange whose request is being read, or was the last
    flow: Any
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    server_state: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse to."""
        self.waiting = PendingWait(since=asyncio.get_running_loop().time())
        self._framer = Framer()
        self._arrived = self._messages = self._held = 0
        self._is_over = False  # nothing that comes is read any more
        self._is_admitted = self.gates.admit(self)
        if self._is_admitted:
            super().connection_made(transport)
            return
        self.transport = transport  # type: ignore[assignment]
        most = self.gates.limits.connections
        self._refuse(
            Refusal(503, f"{most:,} connections are open, and no more are taken; --max-connections sets the limit")
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.gates.discard(self)
        self._release()
        if self._is_admitted:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._is_over:
            return
        self._arrived += len(data)
        framer = self._framer
        if framer.waiting or (framer.is_between and (self._is_busy() or not self._read_whole(data))):
            framer.take(data)
        elif not framer.is_between:
            if framer.pass_by(len(data)):
                self._pass_body(data)
                return
            framer.take(data)
        else:
            return
        self._read_on()

    def on_response_complete(self) -> None:
        """Go on with the bytes that waited for the end of an answer."""
        if self._held:
            self._release()
        super().on_response_complete()  # type: ignore[misc]
        if self._framer.waiting:
            self.loop.call_soon(self._read_on)

    def send_400_response(self, msg: str) -> None:
        """Refuse a message that only the parser finds malformed; called by uvicorn."""
        self._refuse(
            Refusal(
                501, "its method is none that this server knows, or its target can't be read; RFC 9110, section 9.1"
            )
        )

    def find_wait(self) -> tuple[Wait, int]:
        """See `Connection`."""
        if self._is_over:
            return Wait.ANSWER, 0
        unsent = self.count_unsent()
        if unsent:
            return Wait.READER, unsent
        if not self._framer.is_between:
            is_ours = self.flow.read_paused or (self.cycle is not None and self.cycle.waiting_for_100_continue)
            return (Wait.ANSWER if is_ours else Wait.BODY), self._arrived
        if self._is_busy():
            return Wait.ANSWER, self._messages
        if self._framer.waiting or not self._messages:
            return Wait.HEAD, self._messages
        return Wait.REQUEST, self._messages

    def count_unsent(self) -> int:
        """See `Connection`."""
        if self.transport.is_closing():
            return 0
        return self.transport.get_write_buffer_size()

    def give_up(self, wait: Wait) -> None:
        """See `Connection`."""
        if wait is Wait.READER:
            self.abort()
        elif wait is Wait.BODY or self._framer.waiting:
            self._refuse(Refusal(408, f"waited too long for {wait.value}"))
        else:
            self.transport.close()

    def abort(self) -> None:
        """See `Connection`."""
        reset_connection(self.transport)

    def _is_busy(self) -> bool:
        """Return whether the answer to what was read is still to be sent."""
        return self.cycle is not None and not self.cycle.response_complete

    def _read_whole(self, data: bytes) -> bool:
        """
        Give the parser a whole message that came in one piece, the usual case.

        False where it has to be looked at.
        """
        line = _LINE.match(data)
        if line is None:
            return False
        end = data.find(_END, line.end() - 2) + 4
        if not 4 <= end <= _LONGEST:  # noqa: PLR2004 - 3 where it was not found
            return False
        fields = data[line.end() : end]
        length = _plain.get(fields)
        if length is None:
            length = _plain[fields] = _length_of(data[:end])
        return length == len(data) - end and self._pass_head(data)

    def _pass_head(self, data: bytes) -> bool:
        self._messages += 1
        super().data_received(data)
        return True

    def _pass_body(self, data: bytes) -> None:
        """Give the parser a part of a body, if there is room for it."""
        if self._is_busy():
            size = min(len(data), max(self.gates.limits.body - self._held, 0))
            if not self.gates.hold(size):
                most = self.gates.limits.in_flight
                self._refuse(
                    Refusal(
                        503, f"more than {most:,} bytes of requests wait for their answers; --in-flight sets the limit"
                    )
                )
                return
            self._held += size
        super().data_received(data)

    def _read_on(self) -> None:
        """Feed the parser."""
        framer = self._framer
        while not self._is_over and not self.transport.is_closing() and not (framer.is_between and self._is_busy()):
            piece = framer.read()
            if piece is None:
                return
            if isinstance(piece, Refusal):
                self._refuse(piece)
            elif piece.is_head:
                self._pass_head(piece.data)
            else:
                self._pass_body(piece.data)
        if framer.waiting > _HELD_BACK and not self.transport.is_closing():
            self.flow.pause_reading()

    def _release(self) -> None:
        held, self._held = self._held, 0
        self.gates.release(held)

    def _refuse(self, refusal: Refusal) -> None:
        """
        Say why the connection ends here, unless an answer has begun, and end it.

        What the client still sends is read for a moment and dropped: closing over it would reset the connection, and
        take the words away with it. RFC 9112, section 9.6.
        """
        transport, cycle = self.transport, self.cycle
        if self._is_over or transport.is_closing():
            return
        self._is_over = True
        _log.warning("refused a client: %d %s", refusal.status, refusal.detail)
        if self._is_admitted and self._is_busy():
            cycle.disconnected = True  # as for a client that left, so that nobody answers as well
            cycle.message_event.set()
        if not self._is_admitted or cycle is None or cycle.response_complete or not cycle.response_started:
            transport.write(_write(refusal, self.server_state.default_headers))
        if not transport.can_write_eof():  # TLS
            transport.close()
            return
        transport.write_eof()
        self.loop.call_later(_LINGER, transport.abort)


class Untimed(asyncio.Protocol):
    """
    Sets no timer after each answer, as uvicorn's `HttpToolsProtocol` does.

    `Connections` looks after those that wait.
    """

    flow: Any
    pipeline: Any
    transport: asyncio.Transport
    server_state: Any

    def on_response_complete(self) -> None:
        """Be ready for the next request."""
        if self.pipeline:
            super().on_response_complete()  # type: ignore[misc]
            return
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()


def _length_of(raw: bytes) -> int:
    """Return the length of the body after a head that is passed on unchanged; -1 for any other head."""
    head = read_head(raw)
    if isinstance(head, Head) and head.raw is raw and not head.is_chunked:
        return head.length
    return -1


def _write(refusal: Refusal, first: Sequence[RawField]) -> bytes:
    """Write the last answer of a connection."""
    kind = _PROBLEMS.get(refusal.status, problem.MALFORMED_MESSAGE)
    answer = problem_answer(kind, refusal.detail)
    head = write_head(
        refusal.status, first, [*CONTENT_FIELDS, *answer.fields, (b"content-length", b"%d" % len(answer.body))]
    )
    return (head or b"")[:-2] + b"connection: close\r\n\r\n" + answer.body


def gated(base: type[asyncio.Protocol], gates: Connections) -> type[asyncio.Protocol]:
    """Return one of uvicorn's HTTP protocols, behind a gate."""
    mixed = (Gate, Untimed, base) if hasattr(base, "on_headers_complete") else (Gate, base)
    return type(f"Gated{base.__name__}", mixed, {"gates": gates})
