"""Speaks ASGI to an application in this process, as a client of it."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass
class Said:
    """What was answered."""

    status: int
    fields: dict[str, str]
    body: bytes
    pairs: tuple[tuple[bytes, bytes], ...] = ()  # the fields as they were sent, those that came twice as well

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class AsgiClient:
    """Asks an application; it needs no lifespan for what our own middleware answers."""

    def __init__(self, app: Any, host: str = "127.0.0.1:4010") -> None:
        self.app = app
        self.host = host

    def ask(
        self,
        target: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        json: object = None,
        body: bytes = b"",
    ) -> Said:
        """Send a request; `target` is a path with its query."""
        return asyncio.run(self.ask_soon(target, method, headers=headers, json=json, body=body))

    async def ask_soon(
        self,
        target: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        json: object = None,
        body: bytes = b"",
    ) -> Said:
        path, _, query = target.partition("?")
        given = {"host": self.host, **{name.lower(): value for name, value in (headers or {}).items()}}
        if json is not None:
            body = orjson.dumps(json)
            given.setdefault("content-type", "application/json")
        if body:
            given["content-length"] = str(len(body))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http", "server": ("127.0.0.1", 4010),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value],
            "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        sent: list[dict] = []
        asked = False

        async def receive() -> dict:
            nonlocal asked
            if asked:
                await asyncio.sleep(3600)
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        fields = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Said(
            sent[0]["status"],
            fields,
            b"".join(message.get("body", b"") for message in sent[1:]),
            tuple(sent[0]["headers"]),
        )
