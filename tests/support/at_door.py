"""An application whose ordinary requests are answered at the door, as a socket of ours shows them there."""

from typing import Any

from mock_server.exchange.message import Request
from mock_server.server.middleware import MockMiddleware


class AtDoor:
    """Shows requests at the door, and hands on what is not answered there."""

    def __init__(self, app: MockMiddleware) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        fields = tuple(scope["headers"])
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], fields, message.get("body", b""))
        assert self.app.ordinary is not None
        written = self.app.ordinary.answer(request, 4010, [])
        if written is not None:
            head, _, body = written.partition(b"\r\n\r\n")
            line, *lines = head.split(b"\r\n")
            headers = [tuple(each.split(b": ", 1)) for each in lines]
            await send({"type": "http.response.start", "status": int(line.split()[1]), "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        waiting = [message]

        async def again() -> Any:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, again, send)
