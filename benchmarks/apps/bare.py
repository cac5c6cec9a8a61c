"""
A bare ASGI application that gives one recorded answer: the ceiling of what Python serves with uvicorn.

Usage: python -m benchmarks.apps.bare PORT FOLDER
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from benchmarks.apps.listen import listen
from benchmarks.apps.recorded import Recorded, load_recorded

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def make_app(recorded: Recorded) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """Make the application; a body is read, and not looked at."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in recorded.fields]
    start = {"type": "http.response.start", "status": recorded.status, "headers": fields}
    end = {"type": "http.response.body", "body": recorded.body}

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "POST":
            while (await receive()).get("more_body", False):
                pass
        await send(start)
        await send(end)

    return app


if __name__ == "__main__":
    listen(make_app(load_recorded(Path(sys.argv[2]))), int(sys.argv[1]))
