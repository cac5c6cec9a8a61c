"""
Our middleware: the first of the application, so that an ordinary request meets no other layer.

It reads the body, asks the responder, and sends. What the responder does not know it hands on: Swagger UI, lifespan,
web sockets.
"""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mock_server.exchange import problem
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.path import Unmatched
from mock_server.serve.answer import Answer, RawField, problem_answer
from mock_server.serve.express import Express
from mock_server.serve.pages import Pages
from mock_server.serve.respond import Responder

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = logging.getLogger("mock_server.access")
_UI = b"/ui"


class MockMiddleware:
    """Answers what the document describes; see the module."""

    def __init__(self, app: Asgi, responder: Responder, pages: Pages, *, through: bool = False) -> None:
        """
        Wrap the rest of the application.

        Args:
            app: What comes next.
            responder: Who answers.
            pages: The documents and the health page.
            through: Hand API requests on instead of answering them: then Connexion's stack asks the same responder.
        """
        self._app = app
        self._responder = responder
        self._pages = pages
        self._through = through
        self._settings = responder.kit.settings
        self._express = Express(responder)
        self._ready: dict[int, tuple[Answer, Message, Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._through and not _log.isEnabledFor(logging.INFO):
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            stored = self._express.find(scope["method"], raw.decode("latin-1"), scope["query_string"], scope["headers"])
            if stored is not None:
                start, body = self._messages(stored)
                await send(start)
                await send(body)
                return
        started = time.perf_counter()
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = path.partition(b"?")[0]
        if self._is_elsewhere(scope["method"], path):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope, receive, path)
        if answer is None:
            await self._app(scope, receive, send)
            return
        await self._send(answer, scope, send)
        if _log.isEnabledFor(logging.INFO):
            _log_answer(scope["method"], path, answer, time.perf_counter() - started)

    def _messages(self, stored: Answer) -> tuple[Message, Message]:
        """The messages of a stored answer, made once."""
        ready = self._ready.get(id(stored))
        if ready is None:
            fields = _framed(stored)
            start: Message = {"type": "http.response.start", "status": stored.status, "headers": fields}
            ready = self._ready[id(stored)] = (stored, start, {"type": "http.response.body", "body": stored.body})
        return ready[1], ready[2]

    def _is_elsewhere(self, method: str, path: bytes) -> bool:
        """Whether the rest of the application has the page: Swagger UI, unless the document has such a path."""
        if not (path == _UI or path.startswith(_UI + b"/")):
            return False
        return isinstance(self._responder.router.match(method, path.decode("latin-1")), Unmatched)

    async def _answer(self, scope: Scope, receive: Receive, path: bytes) -> Answer | None:
        fields: list[RawField] = scope["headers"]
        if scope["method"] == "OPTIONS" and self._settings.cors:
            preflight = _preflight(fields)
            if preflight is not None:
                return preflight
        page = self._pages.find(scope["method"], path, self._responder.router)
        if page is not None:
            return await page()
        if self._through:
            return None
        request = await read_request(scope, receive, path, self._settings.max_body)
        if isinstance(request, Answer):
            return request
        return self._responder.respond(request)

    async def _send(self, answer: Answer, scope: Scope, send: Send) -> None:
        body = b"" if scope["method"] == "HEAD" else answer.body
        fields = _framed(answer)
        if self._settings.cors:
            fields.extend(_cors(scope["headers"]))
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": body})


def _framed(answer: Answer) -> list[RawField]:
    """The fields of an answer, with its length."""
    fields = list(answer.fields)
    if answer.status >= 200 and answer.status not in {204, 304}:  # noqa: PLR2004 - RFC 9110, section 8.6
        fields.append((b"content-length", b"%d" % len(answer.body)))
    if answer.entry is not None and answer.entry.deprecated:
        fields.append((b"deprecation", b"true"))
    return fields


async def read_request(scope: Scope, receive: Receive, path: bytes, limit: int) -> Request | Answer:
    """
    Read a request.

    Args:
        scope: ASGI's, of a request.
        receive: Where its body comes from.
        path: Percent-encoded.
        limit: How many bytes the body may have.

    Returns:
        The request, or 413 where the body is too large.
    """
    fields: list[RawField] = scope["headers"]
    body = b""
    if any(name in {b"content-length", b"transfer-encoding"} for name, _ in fields):
        length = find_field(fields, b"content-length")
        if length is not None and length.isdigit() and int(length) > limit:
            return _too_large(limit)
        chunks = bytearray()
        more = True
        while more:
            message = await receive()
            chunks += message.get("body", b"")
            more = message.get("more_body", False)
            if len(chunks) > limit:
                return _too_large(limit)
        body = bytes(chunks)
    return Request(scope["method"], path, scope["query_string"], fields, body)


def _too_large(limit: int) -> Answer:
    detail = f"the body has more than {limit:,} bytes; --max-body sets the limit"
    return problem_answer(problem.CONTENT_TOO_LARGE, detail, fields=[(b"connection", b"close")])


def _preflight(fields: list[RawField]) -> Answer | None:
    """Answer a CORS preflight. Fetch Standard, section 3.3."""
    method, origin = find_field(fields, b"access-control-request-method"), find_field(fields, b"origin")
    if method is None or origin is None:
        return None
    asked = find_field(fields, b"access-control-request-headers") or "*"
    head = [(b"access-control-allow-methods", method.encode("latin-1")), (b"access-control-allow-headers", asked.encode("latin-1"))]
    return Answer(204, [*head, (b"access-control-max-age", b"600"), (b"vary", b"Origin")], b"", "preflight")


def _cors(fields: list[RawField]) -> list[RawField]:
    """Let any page read the answer, as Prism does: the origin is echoed, so that credentials may be sent."""
    origin = next((value for name, value in fields if name == b"origin"), None)
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"*"),
    ]


def _log_answer(method: str, path: bytes, answer: Answer, seconds: float) -> None:
    _log.info(
        "%s %s %d %s %.1f ms",
        method,
        path.decode("latin-1"),
        answer.status,
        answer.source,
        seconds * 1000,
        extra={
            "method": method,
            "path": path.decode("latin-1"),
            "status": answer.status,
            "source": answer.source,
            "operation": answer.entry.id if answer.entry is not None else None,
            "milliseconds": round(seconds * 1000, 2),
            "findings": [finding.message for finding in answer.findings],
        },
    )
    for finding in answer.findings:
        _log.warning("  %s: %s", finding.rule, finding.message)
