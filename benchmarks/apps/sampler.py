"""
A bare ASGI application that calls the compiled sampler: the ceiling of generated answers.

No routing, no reading of the request but for the seed, no negotiation: the path's checksum is the seed, its second
segment is what the answer repeats. What the sampler guarantees, it guarantees here too.

Usage: python -m benchmarks.apps.sampler PORT DOCUMENT
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from zlib import crc32

from benchmarks.apps.listen import listen
from mock_server.exchange.negotiate import choose_success
from mock_server.generate.engine import name_of_operation
from mock_server.generate.producer import SampleOptions
from mock_server.respond.open import open_responder
from mock_server.settings import Settings

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


def make_body(path: str) -> Callable[[str, int], bytes]:
    """Compile the sampler of the first operation of a document; it takes what to repeat and a seed, and gives JSON."""
    kit = open_responder(path, Settings()).responder.kit
    operation = kit.document.operation(kit.document.entries[0])
    chosen = choose_success(operation)
    schema = chosen.response.content[0].schema if chosen is not None else None
    if schema is None:
        sys.exit(f"{path}: {operation.entry.title} has no schema to draw from")
    producer = kit.producer(schema, operation, name=name_of_operation(operation))
    name = operation.parameters[0].name

    def body(variable: str, seed: int) -> bytes:
        return producer.write(SampleOptions(seed, echo={name: variable}))

    return body


def make_app(path: str) -> Callable[[Message, object, Send], Awaitable[None]]:
    """Make the application."""
    make = make_body(path)

    async def app(scope: Message, receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        target: bytes = scope["raw_path"]
        body = make(target.split(b"/", 3)[2].decode(), crc32(target))
        fields = [
            (b"content-type", b"application/json"),
            (b"x-mock-source", b"generated"),
            (b"x-mock-seed", b"0"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    listen(make_app(sys.argv[2]), int(sys.argv[1]))
