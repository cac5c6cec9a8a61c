"""The package under test, served in this process: the only module of gold that imports it."""

import asyncio
import contextlib
import gc
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.admin.access import Guard
from mock_server.cli.main import COMMANDS, main
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app, install_admin, install_console
from mock_server.generate.request import example_request
from mock_server.respond.open import open_responder
from mock_server.settings import Settings

__all__ = ["COMMANDS", "Ask", "Draft", "Mock", "run_command", "tested"]
Fields = Sequence[tuple[bytes, bytes]]
_HOST = b"127.0.0.1:4010"
_MOST_PIECES = 20  # of a stream that does not end
_LOOP = asyncio.new_event_loop()


@dataclass(frozen=True)
class Ask:
    """A request."""

    method: str
    path: bytes  # percent-encoded
    query: bytes = b""
    fields: Fields = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """The path with the query."""
        return (self.path + (b"?" + self.query if self.query else b"")).decode("latin-1")

    def without(self, *names: bytes) -> list[tuple[bytes, bytes]]:
        """List the header fields but for some."""
        return [(name, value) for name, value in self.fields if name not in names]


@dataclass(frozen=True)
class Draft:
    """A request that the package drafted for an operation, and what the operation documents."""

    title: str  # `GET /pets/{petId}`
    id: str
    ask: Ask
    curl: str
    statuses: tuple[int, ...]
    media_types: tuple[str, ...]
    examples: tuple[str, ...]  # their keys
    has_body: bool


class Mock:
    """One document, served as the command `serve` does, without a socket."""

    def __init__(self, where: str, **settings: Any) -> None:
        chosen = Settings(**settings)
        opened = open_responder(where, chosen, judge_fixtures=False)
        backend = assemble([opened], chosen)
        coverage = install_admin(backend, Guard())
        install_console(backend, Guard(), coverage)
        self.responder = opened.responder
        self.app = deferred_app(backend)

    def drafts(self, cap: int) -> Iterator[Draft]:
        """Draft a request for so many operations, in the order of the document, by a fixed stride."""
        document = self.responder.document
        entries = document.entries
        for entry in entries[:: max(-(-len(entries) // cap), 1)]:
            operation = document.operation(entry)
            case = example_request(self.responder.kit, operation, self.responder.base_paths(entry)[0])
            method, path, query, fields, body = case.request
            media = [media for response in operation.responses for media in response.content]
            yield Draft(
                title=entry.title,
                id=entry.id,
                ask=Ask(method, path, query, tuple(fields), body),
                curl=case.curl("http://127.0.0.1:4010"),
                statuses=tuple(int(response.status) for response in operation.responses if response.status.isdigit()),
                media_types=tuple(dict.fromkeys(each.name for each in media)),
                examples=tuple(
                    dict.fromkeys(example.key for each in media for example in each.examples if example.key)
                ),
                has_body=operation.request_body is not None,
            )

    def answer(self, ask: Ask) -> str:
        """Send a request, and write the answer as text."""
        return _LOOP.run_until_complete(_exchange(self.app, ask))


def run_command(*args: str) -> str:
    """Run a command in this process, and write its exit code and both of its streams as text."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(args))
    gc.unfreeze()  # a command freezes what is there, since its process ends with it; this one goes on
    gc.collect()
    said, complained = (stream.buffer.getvalue().decode("utf-8", "backslashreplace") for stream in (out, err))  # type: ignore[attr-defined]
    return f"exit {code}\n{said}--- standard error\n{complained}"


def tested() -> Any:
    """Make the application that `test --app` tests: the mock of the document in the working folder."""
    return Mock("document.yaml", stateful=True).app


async def _exchange(app: Any, ask: Ask) -> str:
    names = {name for name, _ in ask.fields}
    fields = [*([] if b"host" in names else [(b"host", _HOST)]), *ask.fields]
    if ask.body and b"content-length" not in names:
        fields.append((b"content-length", b"%d" % len(ask.body)))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": ask.method, "path": ask.path.decode("latin-1"),
        "raw_path": ask.path, "query_string": ask.query, "scheme": "http", "server": ("127.0.0.1", 4010), "headers": fields,
        "client": ("127.0.0.1", 1), "root_path": "", "extensions": {}, "state": {},
    }  # fmt: skip
    bodies = iter(({"type": "http.request", "body": ask.body, "more_body": False},))
    pieces: list[dict[str, Any]] = []
    enough = asyncio.Event()

    async def receive() -> dict[str, Any]:
        message = next(bodies, None)
        if message is None:
            await asyncio.Event().wait()
        return message or {}

    async def send(message: dict[str, Any]) -> None:
        if len(pieces) < _MOST_PIECES:
            pieces.append(message)
        if len(pieces) >= _MOST_PIECES or (message["type"] == "http.response.body" and not message.get("more_body")):
            enough.set()

    call = asyncio.ensure_future(app(scope, receive, send))
    waiter = asyncio.ensure_future(enough.wait())
    await asyncio.wait({call, waiter}, return_when=asyncio.FIRST_COMPLETED)
    if not call.done():
        await asyncio.wait({call}, timeout=0.2)  # what it does after the answer
        call.cancel()
    waiter.cancel()
    await asyncio.gather(call, waiter, return_exceptions=True)
    if not pieces:
        raise RuntimeError(f"no answer to {ask.method} {ask.target}") from (
            None if call.cancelled() else call.exception()
        )
    lines = [f"{pieces[0]['status']}"]
    lines += [
        f"{name.decode('latin-1')}: {value.decode('latin-1')}"
        for name, value in pieces[0].get("headers", ())
        if name != b"date"
    ]
    body = b"".join(piece.get("body", b"") for piece in pieces[1:])
    return "\n".join(lines) + "\n\n" + body.decode("utf-8", "backslashreplace")
