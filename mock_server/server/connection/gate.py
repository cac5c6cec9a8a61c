"""
The gate in front of uvicorn's parser: framing, limits and timeouts of a connection.

Each message is framed here (`framing`), so that only what can be read in one way goes on, and one request is answered
before the next one is read. What can't be read is refused in words, and so is who takes more than there is
(`connections`).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl

from mock_server.exchange import problem
from mock_server.exchange.message import Request
from mock_server.respond.answer import RawField, problem_answer
from mock_server.server.backend import Asgi
from mock_server.server.browser import CONTENT_FIELDS
from mock_server.server.connection.connections import Connections, PendingWait, Wait
from mock_server.server.connection.door import WAITED_FOR, Door, WholeHead, find_head, read_plain
from mock_server.server.connection.framing import Framer, Refusal
from mock_server.server.connection.heads import write_head
from mock_server.server.connection.raw import count_unacknowledged, reset_connection

_HELD_BACK: Final = 65_536  # bytes of requests that wait for the answer before them; then reading pauses
_LINGER: Final = 2.0  # seconds
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


class HoldingFlow(FlowControl):
    """Reading and writing of a connection; while reading is held, no answer and no body resumes it."""

    is_held = False

    def hold(self) -> None:
        """Stop reading until it is let go."""
        self.is_held = True
        self.pause_reading()

    def let_go(self) -> None:
        """Read on, if reading was held."""
        if self.is_held:
            self.is_held = False
            self.resume_reading()

    def resume_reading(self) -> None:
        """Read on, unless reading is held."""
        if not self.is_held:
            super().resume_reading()


class Gate(asyncio.Protocol):
    """
    Frames messages.

    Mixed into one of uvicorn's protocols, whose names `app`, `cycle`, `flow`, `transport` and `loop` are.
    """

    gates: Connections
    door: Door | None
    app: Asgi
    cycle: Any  # the exchange whose request is being read, or was the last
    flow: HoldingFlow
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    server_state: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse to."""
        self.waiting = PendingWait(since=asyncio.get_running_loop().time())
        self._framer = Framer()
        self._arrived = self._messages = self._held = 0
        self._begun = bytearray()  # of a request that is waited for, to be shown at the door
        self._wanted = 0  # bytes of it
        self._port: int | None = None
        self._is_over = False  # nothing that comes is read any more
        self._is_admitted = self.gates.admit(self)
        if self._is_admitted:
            super().connection_made(transport)
            self.flow = HoldingFlow(self.transport)
            address = transport.get_extra_info("sockname")
            self._port = address[1] if isinstance(address, tuple) else None
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
        if self._begun:
            self._wait_on(data)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Take bytes of whatever comes next."""
        framer = self._framer
        if framer.waiting or (framer.is_between and (self._is_busy() or not self._take_message(data))):
            framer.take(data)
        elif not framer.is_between:
            if framer.pass_by(len(data)):
                self._pass_body(data)
                return
            framer.take(data)
        else:
            return
        self._read_on()

    def _take_message(self, data: bytes) -> bool:
        """
        Take a message that came in one piece, the usual case, or the beginning of one that is waited for.

        False where it has to be framed.
        """
        head = find_head(data)
        if head is None:
            return False
        wanted = head.size + head.fields.length
        if wanted == len(data):
            self._pass_whole(data, head)
            return True
        is_waited_for = (
            len(data) < wanted
            and head.fields.length <= WAITED_FOR
            and head.fields.plain is not None
            and self.door is not None
            and self.door.waits_for_bodies()
        )
        if is_waited_for and self._hold(len(data)):
            self._begun += data
            self._wanted = wanted
        return is_waited_for

    def _wait_on(self, data: bytes) -> None:
        """Take more of a message that is waited for, then the bytes after it."""
        size = min(self._wanted - len(self._begun), len(data))
        if not self._hold(size):
            return
        self._begun += data[:size]
        if len(self._begun) < self._wanted:
            return
        message = self._end_waiting()
        head = find_head(message)
        if head is not None:  # as it was before
            self._pass_whole(message, head)
        if size < len(data):
            self._take(data[size:])

    def _end_waiting(self) -> bytes:
        """Return the message that was waited for, as far as it came."""
        message = bytes(self._begun)
        self._begun.clear()
        self._release()
        return message

    def shutdown(self) -> None:
        """Finish the message that was begun, since the server stops."""
        if self._begun:
            self._framer.take(self._end_waiting())
            self._read_on()
        super().shutdown()  # type: ignore[misc]

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
            return Wait.READER, unsent + count_unacknowledged(self.transport)
        if self._begun:
            return Wait.BODY, self._arrived
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

    def _pass_whole(self, data: bytes, head: WholeHead) -> None:
        """Answer a whole message at the door, or give it to the parser."""
        request = read_plain(data, head) if self.door is not None else None
        if request is None or not self._answer(request):
            self._pass_head(data)

    def _answer(self, request: Request) -> bool:
        """Answer an ordinary request; return whether it was one."""
        if self.door is None or self.flow.write_paused:
            return False
        try:
            written = self.door.answer(request, self._port, self.server_state.default_headers)
        except Exception:  # noqa: BLE001 - whatever it is, the usual way answers; the log says that something is wrong
            _log.exception("an ordinary request could not be answered as one")
            return False
        if written is None:
            return False
        self._messages += 1
        self.server_state.total_requests += 1
        self.transport.write(written)
        return True

    def _pass_head(self, data: bytes) -> None:
        self._messages += 1
        super().data_received(data)

    def _pass_body(self, data: bytes) -> None:
        """Give the parser a part of a body, if there is room for it."""
        if self._is_busy() and not self._hold(min(len(data), max(self.gates.limits.body - self._held, 0))):
            return
        super().data_received(data)

    def _hold(self, size: int) -> bool:
        """Count bytes of a request that wait for its answer, if there is room for them."""
        if self.gates.hold(size):
            self._held += size
            return True
        most = self.gates.limits.in_flight
        self._refuse(
            Refusal(503, f"more than {most:,} bytes of requests wait for their answers; --in-flight sets the limit")
        )
        return False

    def _read_on(self) -> None:
        """Feed the parser."""
        framer = self._framer
        while not self._is_over and not self.transport.is_closing() and not (framer.is_between and self._is_busy()):
            piece = framer.read()
            if piece is None:
                break
            if isinstance(piece, Refusal):
                self._refuse(piece)
            elif piece.is_head:
                self._pass_head(piece.data)
            else:
                self._pass_body(piece.data)
        if self._is_over or self.transport.is_closing():
            return
        if framer.waiting > _HELD_BACK and framer.is_between:
            self.flow.hold()
        else:
            self.flow.let_go()

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


def _write(refusal: Refusal, first: Sequence[RawField]) -> bytes:
    """Write the last answer of a connection."""
    kind = _PROBLEMS.get(refusal.status, problem.MALFORMED_MESSAGE)
    answer = problem_answer(kind, refusal.detail)
    head = write_head(
        refusal.status, first, [*CONTENT_FIELDS, *answer.fields, (b"content-length", b"%d" % len(answer.body))]
    )
    return (head or b"")[:-2] + b"connection: close\r\n\r\n" + answer.body


def gated(base: type[asyncio.Protocol], gates: Connections, door: Door | None = None) -> type[asyncio.Protocol]:
    """
    Return one of uvicorn's HTTP protocols, behind a gate.

    Args:
        base: The protocol.
        gates: Count its connections.
        door: Answers ordinary requests.
    """
    if not hasattr(base, "on_headers_complete"):  # h11's sets a timer after each answer, which an answer here leaves
        return type(f"Gated{base.__name__}", (Gate, base), {"gates": gates, "door": None})
    return type(f"Gated{base.__name__}", (Gate, Untimed, base), {"gates": gates, "door": door})
