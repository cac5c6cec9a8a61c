"""
Answers without a task.

ASGI gives each request a task, two messages and a second look at each field, which costs more than answering from what
is known. So who answers ordinary requests is asked as soon as one is read, and the answer is sent there and then.
Every other request goes the usual way, and so do all of them where uvicorn has changed what this leans on, or runs on
h11.

The head of an answer as it is sent.

A server checks each field of each answer. Most fields come again and again, so here each is checked and written once.
"""

import asyncio
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final, Protocol

from mock_server.cache import BoundedCache
from mock_server.respond.answer import RawField
from mock_server.server.backend import Asgi, Scope
from mock_server.server.send import BufferedTransport

_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_MOST: Final = 65_536  # bytes of a body that is waited for; uvicorn stops reading when there are more


class Ordinary(Protocol):
    """Answers ordinary requests."""

    def reads_first(self) -> bool:
        """Return whether requests are read whole before they are answered."""

    def at_once(self, scope: Scope, body: bytes, first: list[tuple[bytes, bytes]]) -> bytes | None:
        """
        Answer an ordinary request.

        Args:
            scope: ASGI's, of the request.
            body: All of it.
            first: Fields that the server sends before the answer's own.

        Returns:
            The answer, head and body; None for a request that goes the usual way.
        """


class Instant(asyncio.Protocol):
    """
    Answers ordinary requests as soon as they are read.

    Mixed into uvicorn's `HttpToolsProtocol`, lending, whose names these are.
    """

    ordinary: Ordinary
    app: Asgi
    cycle: Any  # the exchange whose request is being read, or was the last
    flow: Any
    transport: BufferedTransport
    server_state: Any
    _awaiting: Any = None  # the exchange whose body is waited for

    def _start_asgi_task(self, cycle: Any, app: Asgi) -> None:  # noqa: ANN401 - of a module without types
        """Begin to answer: its head is read, and the answer before it is sent."""
        if app is not self.app or not self._answers(cycle):
            super()._start_asgi_task(cycle, app)  # type: ignore[misc]

    def on_message_complete(self) -> None:
        """Begin to answer a request that had to be read whole."""
        super().on_message_complete()  # type: ignore[misc]
        cycle, self._awaiting = self._awaiting, None
        if cycle is not None:
            self._start_asgi_task(cycle, self.app)

    def _answers(self, cycle: Any) -> bool:  # noqa: ANN401
        """Answer, or wait for the body; False where the request goes the usual way."""
        # Requests that waited for others go that way, too: they begin when the answer before is written, but not yet
        # kept in the
        # journal, and answering many would be many calls deep.
        if cycle is not self.cycle or self.transport.is_keeping or not cycle.keep_alive or self.flow.write_paused:
            return False
        scope, body = cycle.scope, b""
        if scope["method"] in _WITH_BODY:
            if cycle.more_body:
                is_awaited = _is_short(scope) and not cycle.waiting_for_100_continue and self.ordinary.reads_first()
                self._awaiting = cycle if is_awaited else None
                return is_awaited
            body = bytes(cycle.body)
        try:
            written = self.ordinary.at_once(scope, body, self.server_state.default_headers)
        except Exception:  # noqa: BLE001 - what fails here fails again the usual way, where uvicorn logs it and answers with 500
            return False
        if written is None:
            return False
        cycle.response_started = cycle.response_complete = True
        self.transport.write(written)
        cycle.on_response()
        return True


def _is_short(scope: Scope) -> bool:
    """Return whether a body is said to be so short that it can be waited for."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value.isdigit() and int(value) <= _MOST
    return False


def answering(base: type[asyncio.Protocol], ordinary: Ordinary) -> type[asyncio.Protocol]:
    """Return a protocol of uvicorn that answers ordinary requests without a task."""
    return type(f"Instant{base.__name__}", (Instant, base), {"ordinary": ordinary})


PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}

_MOST_LINES: Final = 4_096  # fields that are kept
_LONGEST: Final = 256  # bytes of one: longer ones are mostly about one request
# RFC 9110, sections 5.1 and 5.5: what can't be in a field, and would begin another one.
_NO_NAME: Final = re.compile(rb"[^!#$%&'*+.^_`|~0-9a-z-]")
_NO_VALUE: Final = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))
_OF_THE_CONNECTION: Final = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"))
_STATUS_LINES: Final = {status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in PHRASES.items()}

_lines: BoundedCache[RawField, bytes | None] = BoundedCache(_MOST_LINES)


def write_head(status: int, first: Iterable[RawField], fields: Iterable[RawField]) -> bytes | None:
    """
    Write the head of an answer with a body whose length is among the fields. RFC 9112, section 2.1.

    Args:
        status: Of the answer.
        first: Fields of the server.
        fields: Of the answer.

    Returns:
        The head; None where the server has to look at it: where a field is about the connection, or can't be sent.
    """
    line = _STATUS_LINES.get(status)
    if line is None:
        return None
    pieces = [line]
    for fields_ in (first, fields):
        for field in fields_:
            written = _lines.get(field, b"")
            if written == b"":
                written = _remember(field)
            if written is None:
                return None
            pieces.append(written)
    pieces.append(b"\r\n")
    return b"".join(pieces)


def _remember(field: RawField) -> bytes | None:
    name, value = field
    usable = (
        name
        and not _NO_NAME.search(name)
        and value == value.translate(None, _NO_VALUE)
        and name not in _OF_THE_CONNECTION
    )
    written = b"%b: %b\r\n" % field if usable else None
    if len(name) + len(value) <= _LONGEST:
        _lines[field] = written
    return written
