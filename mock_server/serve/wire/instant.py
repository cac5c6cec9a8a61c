"""
Answers without a task.

ASGI gives each request a task, two messages and a second look at each field, which costs more than answering from what is
known. So who answers ordinary requests is asked as soon as one is read, and the answer is sent there and then. Every other
request goes the usual way, and so do all of them where uvicorn has changed what this leans on, or runs on h11.
"""

import asyncio
from typing import Any, Final, Protocol

from mock_server.serve.backend import Asgi, Scope
from mock_server.serve.gather import Gathering

_WITH_BODY: Final = frozenset(("POST", "PUT", "PATCH"))
_MOST: Final = 65_536  # bytes of a body that is waited for; uvicorn stops reading when there are more


class Ordinary(Protocol):
    """Who answers ordinary requests."""

    def reads_first(self) -> bool:
        """Whether requests are read whole before they are answered."""

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
    """Asks who answers ordinary requests first; mixed into uvicorn's `HttpToolsProtocol`, lending, whose names these are."""

    ordinary: Ordinary
    app: Asgi
    cycle: Any  # the exchange whose request is being read, or was the last
    flow: Any
    transport: Gathering
    server_state: Any
    _awaiting: Any = None  # the exchange whose body is waited for

    def _start_asgi_task(self, cycle: Any, app: Asgi) -> None:  # noqa: ANN401 - of a module without types
        """Begin to answer: its head is read, and the answer before it is sent."""
        if app is not self.app or not self._answers(cycle):
            super()._start_asgi_task(cycle, app)  # type: ignore[misc]

    def on_message_complete(self) -> None:
        """Begin to answer what had to be read whole."""
        super().on_message_complete()  # type: ignore[misc]
        cycle, self._awaiting = self._awaiting, None
        if cycle is not None:
            self._start_asgi_task(cycle, self.app)

    def _answers(self, cycle: Any) -> bool:  # noqa: ANN401
        """Answer, or wait for the body; False where the request goes the usual way."""
        # Requests that waited for others go that way, too: they begin when the answer before is written, but not yet kept in the
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
    """Whether a body is said to be so short that it can be waited for."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value.isdigit() and int(value) <= _MOST
    return False


def answering(base: type[asyncio.Protocol], ordinary: Ordinary) -> type[asyncio.Protocol]:
    """One of uvicorn's HTTP protocols, lending its connections, that asks first who answers ordinary requests."""
    return type(f"Instant{base.__name__}", (Instant, base), {"ordinary": ordinary})
