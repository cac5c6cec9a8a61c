"""Raw requests that are nearly right, and what three servers make of them: ours, uvicorn's ordinary one, and h11."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import h11
import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app
from mock_server.respond.open import open_responder
from mock_server.server.connection.raw import lending
from mock_server.server.listen import make_config
from mock_server.settings import Settings
from tests.support.conversing import Way
from tests.support.mocks import minimal, operation

_TEXT = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
_DONE = {"description": "", "content": {"application/json": {"schema": {"type": "object"}, "example": {}}}}
_DOCUMENT = minimal(
    {
        "/a": {
            "get": operation({"type": "string"}, operationId="read"),
            "post": {"operationId": "make", "requestBody": _TEXT, "responses": {"200": _DONE}},
        }
    }
)
_PATIENCE = 0.01  # seconds without an answer, after which a server waits for more
_POST = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n"
_GET = b"GET /a?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"
SEEDS: Final = (
    _GET,
    _POST + b"Content-Length: 5\r\n\r\nhello",
    _POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
    _POST
    + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
    b"OPTIONS /a HTTP/1.1\r\nHost: h:80\r\n\r\n",
    b"GET /a HTTP/1.0\r\nHost: h\r\n\r\n",
    b"DELETE /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    _POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
)
_WORDS: Final = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b"\0", b";", b",", b"\x0b", b"\x7f", b"\xe4", b"%00", b"0", b"5", b"-1", b"+5",
    b"0x5", b"5, 5", b"Content-Length: 5\r\n", b"content-length:3\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding:\tchunked\r\n", b"Host: i\r\n",
    b"Connection: close\r\n", b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b" folded\r\n", b"0\r\n\r\n",
    b"1\r\nx\r\n", b';ext="a"', b"Trailer: x\r\n", b"http://h", b"*", b"//", b"#", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"CONNECT ",
    b"PRI ", b"_", b'"', b"X" * 300, _GET,
)  # fmt: skip


class Message(NamedTuple):
    """One request that was read to its end."""

    method: str
    target: str  # path and query
    body: bytes


@dataclass
class Outcome:
    """What a server made of what it got."""

    messages: list[Message]
    is_refused: bool
    why: str = ""


def mutate(random: Random) -> bytes:
    """Write two or three requests, and spoil them a little."""
    sent = bytearray(b"".join(random.choice(SEEDS) for _ in range(random.randint(1, 3))))
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        at = random.randrange(len(sent) + 1)
        end = min(at + random.choice((1, 1, 2, 5, 20)), len(sent))
        match random.randrange(6):
            case 0:
                sent[at:at] = random.choice(_WORDS)
            case 1:
                del sent[at:end]
            case 2:
                sent[at:end] = random.choice(_WORDS)
            case 3 if at < len(sent):
                sent[at] = random.randrange(256)
            case 4:
                lines = bytes(sent).split(b"\r\n")
                line = random.choice(lines)
                lines.insert(random.randrange(len(lines) + 1), line)
                sent = bytearray(b"\r\n".join(lines))
            case _:
                start = bytes(sent).find(b"\r\n", at)
                if start >= 0:
                    sent[start + 2 : start + 2] = random.choice(_WORDS)
    return bytes(sent) + b"\r\n\r\n"  # so that nobody waits for the rest of a header


def cut(sent: bytes, random: Random) -> list[bytes]:
    """Cut what is sent into pieces, as networks do."""
    places = sorted({0, len(sent), *(random.randrange(len(sent) + 1) for _ in range(random.choice((0, 0, 1, 3))))})
    return [sent[start:end] for start, end in pairwise(places)]


class Server:
    """A server whose application writes down what it gets."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def outcome(self, pieces: list[bytes]) -> Outcome:
        """What it makes of what is sent."""
        written = self._way.converse(pieces)
        kept = [
            Message(r.request.method, _target(r.request.path, r.request.query), r.request.body)
            for r in self._way.backend.worlds.everybody.journal
        ]
        refusals = re.findall(
            rb"problem:(?:malformed-message|no-such-version|not-spoken)\r\n.*?\r\n\r\n(\{.*\})", written, re.DOTALL
        )
        is_refused = bool(refusals) or b"Invalid HTTP request received." in written
        return Outcome(kept, is_refused, orjson.loads(refusals[0])["detail"] if refusals else "")


def _target(path: bytes, query: bytes) -> str:
    return (path + (b"?" + query if query else b"")).decode("latin-1")


@contextmanager
def open_servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Ours, and uvicorn's with the same application."""
    logging.getLogger("mock_server").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    yield _open(folder, is_ours=True), _open(folder, is_ours=False)
    logging.getLogger("mock_server").setLevel(logging.NOTSET)
    logging.getLogger("uvicorn").setLevel(logging.NOTSET)


def _open(folder: Path, *, is_ours: bool) -> Server:
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(_DOCUMENT))
    settings = Settings()
    backend = assemble([open_responder(str(path), settings)], settings)
    app = deferred_app(backend)
    if is_ours:
        config = make_config(app, settings)
    else:
        config = uvicorn.Config(app, http=lending(HttpToolsProtocol), ws="none", log_config=None, access_log=False)
    config.lifespan = "off"
    config.load()
    way = Way(backend, config)
    for seed in SEEDS:  # what is compiled when it is first asked for
        way.converse([seed])
    way.patience = _PATIENCE
    return Server(way)


def read_with_h11(sent: bytes) -> Outcome:
    """What h11 makes of what is sent, answering each request."""
    connection, found = h11.Connection(h11.SERVER, 1 << 20), []
    connection.receive_data(sent)
    asked: h11.Request | None = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            return Outcome(found, is_refused=True, why=str(error))
        match event:
            case h11.Request():
                asked, body = event, b""
            case h11.Data():
                body += bytes(event.data)
            case h11.EndOfMessage() if asked is not None:
                found.append(Message(asked.method.decode(), _origin_form(asked.target), body))
                connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is h11.MUST_CLOSE:
                    return Outcome(found, is_refused=False)
                connection.start_next_cycle()
            case h11.PAUSED if asked is not None and connection.our_state is h11.SEND_RESPONSE:
                connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
            case _:
                return Outcome(found, is_refused=False)


def _origin_form(target: bytes) -> str:
    text, absolute = target.decode("latin-1"), re.compile(r"https?://[^/?#]*", re.IGNORECASE)
    path = absolute.sub("", text, count=1) if absolute.match(text) else text
    return re.sub(
        r"#.*", "", path if path.startswith("/") or path == "*" else f"/{path}" if absolute.match(text) else path
    )
