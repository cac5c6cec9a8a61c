"""Reading the request of an ASGI call, within bounds."""

from typing import Final

from mock_server.errors import MalformedContent
from mock_server.exchange import problem
from mock_server.exchange.content_coding import TooLarge, decode_request
from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer, RawField, problem_answer
from mock_server.server.backend import Message, Receive, Scope

_LONGEST_NUMBER: Final = 18  # digits of a length


class ClientLeft(Exception):
    """The client closed the connection within its request."""


def path_of(scope: Scope) -> bytes:
    """Return the path of a request, percent-encoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0]


async def read_request(scope: Scope, receive: Receive, path: bytes, limit: int) -> Request | Answer:
    """
    Read a request.

    Args:
        scope: ASGI's, of a request.
        receive: Where its body comes from.
        path: Percent-encoded.
        limit: How many bytes the body may have.

    Returns:
        The request, its content coding undone where that can be done, or 413 where the body is too large.

    Raises:
        ClientLeft: the client closed the connection before all of it came.
    """
    fields: list[RawField] = scope["headers"]
    has_body = False
    for name, value in fields:
        if name == b"content-length":
            has_body = True
            if value.isdigit() and (len(value) > _LONGEST_NUMBER or int(value) > limit):
                return _too_large(limit)
        elif name == b"transfer-encoding":
            has_body = True
    body: bytes | None = b""
    if has_body:
        message = await _receive_body(receive)
        body = message.get("body", b"")
        if message.get("more_body", False) or len(body) > limit:
            body = await _read_rest(body, receive, limit)
    if body is None:
        return _too_large(limit)
    request = Request(scope["method"], path, scope["query_string"], fields, body)
    try:
        return decode_request(request, limit)
    except TooLarge:
        return _too_large(limit)
    except MalformedContent:
        return request  # the operation that it is for says what is wrong, in the document's words


async def _receive_body(receive: Receive) -> Message:
    """Receive a part of a body. A half of one must not pass for all of it."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return message


async def _read_rest(first: bytes, receive: Receive, limit: int) -> bytes | None:
    """Read the rest of a body; None where it is too large."""
    chunks = bytearray(first)
    more = True
    while more and len(chunks) <= limit:
        message = await _receive_body(receive)
        chunks += message.get("body", b"")
        more = message.get("more_body", False)
    if len(chunks) <= limit:
        return bytes(chunks)
    return None


def _too_large(limit: int) -> Answer:
    detail = f"the body has more than {limit:,} bytes; --max-body sets the limit"
    return problem_answer(problem.CONTENT_TOO_LARGE, detail, fields=[(b"connection", b"close")])
